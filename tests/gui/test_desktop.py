# SPDX-License-Identifier: GPL-2.0-or-later
"""The plugin comes and goes without a trace, quits in the middle of its work, and installs what it
lacks.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from raw_qgis_plugin.environment.locks import Pin

HERE = Path(__file__).parent
Drive = Callable[..., dict[str, Any]]
EMPTY = ("menu", "algorithms", "settings", "path", "modules", "windows")


@pytest.fixture(scope="module")
def report(drive: Drive, sample: Path) -> dict[str, Any]:
    """The report of desktop.py."""
    tracks, regions = sample / "aracaju_tracks.gpkg", sample / "aracaju_regions.gpkg"
    return drive(HERE / "desktop.py", RAW_TRACKS=tracks, RAW_REGIONS=regions, timeout=600)


def test_it_registers_what_it_should(report: dict[str, Any]) -> None:
    for found in report["with"]:
        assert found["menu"] == ["RAW"] and found["algorithms"] == sorted(report["order"])
        assert found["handlers"] == 1
        assert found["objects"]["QToolBar RawToolbar"] == 1


def test_unloading_leaves_nothing_of_what_was_used(report: dict[str, Any]) -> None:
    for found in report["without"]:
        assert {name: found[name] for name in EMPTY} == dict.fromkeys(EMPTY, [])
        assert found["objects"] == {} and found["handlers"] == 0 and found["tasks"] == 0
    assert report["without"][1] == report["without"][2] and report["with"][0] == report["with"][1]


def test_the_sample_project_and_a_setting(report: dict[str, Any]) -> None:
    assert report["sample"] == ["Ten phones in Aracaju", "EPSG:31984"] and int(report["set"]) == 12


def test_dialogs_open_with_the_layer_that_fits(report: dict[str, Any]) -> None:
    assert list(report["dialogs"]) == report["order"]
    for name in ("profileusers", "forecasttracks", "scoreregions"):
        assert report["dialogs"][name]["INPUT"].startswith("Tracks_")
    assert report["dialogs"]["scoreregions"]["REGIONS"].startswith("Regions_")


def test_a_run_by_hand_says_what_it_read_and_groups_its_results(report: dict[str, Any]) -> None:
    assert "Read 9,262 fixes of 10 users" in report["log"] and "(guessed)" in report["log"]
    made = {
        name: layer for name, layer in report["layers"].items() if name.startswith("Forecast: ")
    }
    assert set(made) >= {"Forecast: points", "Forecast: tracks", "Forecast: areas"}
    assert all(group == "RAW: Tracks" and n for group, n in made.values())


@pytest.fixture(scope="module")
def bare(drive: Drive, stage: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The report of bare.py: a QGIS without our packages installs imitations of them from a folder
    of wheels.
    """
    from wheels import make_wheel

    asked = ["/usr/bin/python3", "-c", "import onnxruntime"]
    if subprocess.run(asked, capture_output=True, check=False).returncode == 0:
        pytest.skip("the system's Python has onnxruntime")
    wheels, pins = tmp_path_factory.mktemp("wheels"), []
    for line in (stage / "requirements/runtime.txt").read_text().splitlines():
        if found := re.match(r"([a-z-]+)>=([0-9.]+)", line):  # one line has no lowest version
            wheel = make_wheel(
                wheels,
                found[1].replace("-", "_"),
                "",
                found[2],
                module=found[1].removesuffix("-gpu"),
            )
            pins.append(
                Pin(
                    found[1], found[2], "", (sha256(wheel.read_bytes()).hexdigest(),), ("runtime",)
                ).line()
            )
    (wheels / "wheels.lock").write_text("\n".join(pins))
    return drive(HERE / "bare.py", "1366x768", "Night Mapping", libraries=False, RAW_WHEELS=wheels)


def test_without_its_packages_it_loads_fast_and_explains_what_to_do(bare: dict[str, Any]) -> None:
    """The plugin loads in about twice the time of QGIS's own Processing. QGIS measures both in the
    same start.
    """
    assert bare["there"] == [] and bare["seconds"] < 3 * bare["processing"]
    lacking = {name: reason for name, (ready, reason) in bare["can"].items() if not ready}
    assert set(bare["can"]) - set(lacking) <= {"raw:publish"} and bare["message"].endswith(".")
    names = bare["before"].partition("it lacks ")[2].partition(". ")[0]
    assert names.count(", ") >= 2 and "onnxruntime" in names
    for words in (bare["message"], bare["dock"], *lacking.values()):
        assert f"lacks: {names}" in words  # and what training needs


def test_the_window_installs_from_a_folder_of_wheels(bare: dict[str, Any]) -> None:
    assert "cannot run the model yet" in bare["before"] and " MB" in bare["before"]
    assert "has all that it needs to run the model" in bare["after"], bare["log"]
    assert bare["usable"] and "raw/venv" in bare["last on the path"]  # appended
    assert "raw/venv" not in bare["numpy"]


def test_quitting_in_the_middle_of_everything_does_not_crash(drive: Drive, sample: Path) -> None:
    found = drive(HERE / "quitting.py", timeout=180, RAW_TRACKS=sample / "aracaju_tracks.gpkg")
    assert found["tasks"] >= 2  # they really ran
    assert len(found["failed"]) == 1 and "no model" in found["failed"][0]
    assert found["returncode"] == 0
    assert not Path(f"/proc/{found['child']}").exists()  # it went with QGIS
