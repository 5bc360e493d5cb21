# SPDX-License-Identifier: GPL-2.0-or-later
"""The locks: every group has its packages on every system that QGIS runs on, each with a licence
that fits RAW's.
"""

from __future__ import annotations

import runpy
import subprocess
import sys
from importlib.metadata import distribution, requires
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from raw_qgis_plugin.environment.locks import PYTHONS, Pin, find, lacking, members, read
from raw_qgis_plugin.environment.packages import HELD, numbers, parse, version_of

ROOT = Path(__file__).parent.parent
LOCKS = ROOT / "resources" / "locks"
SYSTEMS = (
    ("linux", "x86_64"),
    ("linux", "aarch64"),
    ("darwin", "arm64"),
    ("darwin", "x86_64"),
    ("win32", "AMD64"),
)
SHIPPED = ("runtime", "train", "installer")
GROUPS = {1: SHIPPED, 2: (*SHIPPED, "dev", "scale", "synthetic")}


@pytest.fixture(scope="module")
def script() -> dict[str, Any]:
    return runpy.run_path(str(ROOT / "docs" / "scripts" / "dependencies.py"))


def machine(system: str, processor: str, python: tuple[int, int]) -> dict[str, str]:
    return {
        "sys_platform": system, "platform_machine": processor, "python_full_version": f"{python[0]}.{python[1]}.0",
        "platform_python_implementation": "CPython", "implementation_name": "cpython",
    }  # fmt: skip


def applies(marker: str, machine: dict[str, str]) -> bool:
    """As pip decides."""
    return not marker or Marker(marker).evaluate(machine)


def pythons(numpy: int) -> list[tuple[int, int]]:
    (major, first), (_, last) = PYTHONS[numpy]
    return [(major, minor) for minor in range(first, last + 1)]


@pytest.mark.parametrize("numpy", PYTHONS)
def test_every_group_is_locked_on_every_system(numpy: int, script: dict[str, Any]) -> None:
    pins, groups = read(LOCKS / f"numpy{numpy}.lock"), script["groups"]()
    seen = 0
    for (system, python), group in product(product(SYSTEMS, pythons(numpy)), GROUPS[numpy]):
        here = machine(*system, python)
        for line in groups[group]:
            wanted, marker = parse(line), line.partition(";")[2].strip()
            if wanted.name == "numpy" or not applies(marker, here):
                continue
            mine = [pin for pin in pins if pin.name == wanted.name and group in pin.groups]
            found = [pin for pin in mine if applies(pin.marker, here)]
            assert len(found) == 1, f"{wanted.name} for {here}"
            assert wanted.lowest <= numbers(found[0].version) and (
                not wanted.below or numbers(found[0].version) < wanted.below
            ), f"{found[0].name} {found[0].version}: run `make lock`"
            seen += 1
    assert seen > 150


@pytest.mark.parametrize("numpy", PYTHONS)
def test_every_pin_has_its_sums(numpy: int) -> None:
    pins = read(LOCKS / f"numpy{numpy}.lock")
    assert len({(pin.name, pin.version) for pin in pins}) == len(pins) > 50
    for pin in pins:
        assert pin.hashes and all(len(each) == 64 and int(each, 16) >= 0 for each in pin.hashes), (
            pin.name
        )
        assert pin.line() in (LOCKS / f"numpy{numpy}.lock").read_text("utf-8")


def test_what_the_system_has_stays(tmp_path: Path) -> None:
    """A direct requirement in its range, and what QGIS needs itself; not what is too old, nor what a
    requirement wants.
    """
    digest = "0" * 64
    pins = [
        Pin(name, "99.0", "", (digest,), ("g",), "MIT")
        for name in ("numpy", "pyproj", "pytest", "rawabsent")
    ]
    (tmp_path / "numpy.lock").write_text("\n".join(pin.line() for pin in pins))

    def names(ranges: str) -> set[str]:
        (tmp_path / "g.txt").write_text(ranges)
        lock = tmp_path / "numpy.lock"
        return {pin.name for pin in lacking(lock, ["g"], tmp_path / "venv", tmp_path)}

    assert version_of("pytest") and version_of("numpy") and version_of("pyproj")
    assert names("numpy>=1,<3\npytest>=1") == {"rawabsent"}
    assert names("numpy>=1,<3\npytest>=98") == {"pytest", "rawabsent"}
    assert names("numpy>=1,<3") == {"pytest", "rawabsent"}


@pytest.mark.parametrize("group", ["runtime", "train", "dev", "scale", "synthetic"])
def test_the_set_up_needs_no_package_of_the_system_but_those_of_qgis(group: str) -> None:
    """All that a package of a group wants is locked in that group, so that a system without it gets
    it, and one with another version of it too.
    """
    lock = find(LOCKS)
    locked = {canonicalize_name(pin.name): pin.version for pin in members(lock, group)}
    own = {name: version_of(name) for name in HELD}
    asked = 0
    for name in locked:
        if version_of(name) != locked[name]:
            continue  # for another system, or of a group that is not installed
        wants = requires(name) or []
        for line in map(Requirement, wants):
            if line.marker and not line.marker.evaluate({"extra": ""}):
                continue
            found = {**locked, **own}.get(canonicalize_name(line.name), "")
            assert found, f"{name} wants {line}, which is in no group of the lock"
            assert line.specifier.contains(found, prereleases=True), f"{name} wants {line}"
            asked += 1
    assert asked


def test_the_set_up_lists_the_same_whatever_the_system_has(tmp_path: Path) -> None:
    """The Python that lists them sees QGIS's NumPy, and nothing else of the system."""
    found = distribution("numpy").locate_file("numpy").parent
    (tmp_path / "numpy").symlink_to(found / "numpy")
    for about in found.glob("numpy-*-info"):
        (tmp_path / about.name).symlink_to(about)
    code = f"import sys; sys.path[:0] = {[str(ROOT), str(tmp_path)]}; import runpy; sys.argv[1:] = {[str(LOCKS), 'dev']}; "
    code += (
        "runpy.run_module('raw_qgis_plugin.environment.locks', run_name='__main__', alter_sys=True)"
    )
    bare = [sys.executable, "-I", "-S", "-c", code]
    printed = subprocess.run(bare, capture_output=True, text=True, check=True).stdout.splitlines()
    assert printed == [pin.requirement() for pin in members(find(LOCKS), "dev")]


def test_licences_may_be_combined_with_ours(script: dict[str, Any]) -> None:
    pins = script["all_pins"]()
    apart = {pin.name for pin in pins if pin.licence == script["APART"]}
    wrong = {pin.name: pin.licence for pin in pins if not script["is_compatible"](pin.licence)}
    assert set(wrong) == apart, "unknown or incompatible"
    assert all(name.startswith(("nvidia-", "cuda-")) for name in apart)
    assert not script["is_compatible"]("") and not script["is_compatible"]("MIT AND Proprietary")


def test_the_page_of_dependencies_is_up_to_date(script: dict[str, Any]) -> None:
    assert script["page"]() == (ROOT / "docs/reference/dependencies.md").read_text("utf-8"), (
        "run `make lock`"
    )


def test_the_bill_of_materials_names_every_package_of_the_installer(script: dict[str, Any]) -> None:
    bill = script["sbom"]()
    named = {(each["name"], each["version"]) for each in bill["components"]}
    assert {
        (p.name, p.version) for p in script["all_pins"]() if script["SHIPPED"] & set(p.groups)
    } == named
    refs = [each["bom-ref"] for each in bill["components"]]
    assert len(refs) == len(set(refs)) and bill["dependencies"] == [
        {"ref": "raw", "dependsOn": refs}
    ]
    assert all(
        each["licenses"][0]["expression"] and each["purl"].startswith("pkg:pypi/")
        for each in bill["components"]
    )
