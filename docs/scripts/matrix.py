# SPDX-License-Identifier: GPL-2.0-or-later
"""Which locked wheels each system, Python and QGIS would get, and their megabytes. Asks the package
index; installs nothing. Ends with 1 where something that runs the model has no wheel.
"""

from __future__ import annotations

import json
import os
import sys
import urllib.request
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from packaging.markers import Marker
from packaging.tags import Tag, compatible_tags, cpython_tags, mac_platforms
from packaging.utils import parse_wheel_filename
from pip._internal.models.index import PyPI

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))
from raw_qgis_plugin.environment.locks import HELD, Pin, read  # noqa: E402

LINUX = [
    f"{kind}_{{}}"
    for kind in (*(f"manylinux_2_{k}" for k in range(40, 4, -1)), "manylinux2014", "linux")
]
SYSTEMS = {  # name -> platform tags, sys_platform and platform_machine of markers
    "Windows x86-64": (["win_amd64"], "win32", "AMD64"),
    "macOS 14 arm64": (list(mac_platforms((14, 0), "arm64")), "darwin", "arm64"),
    "macOS 13 x86-64": (list(mac_platforms((13, 0), "x86_64")), "darwin", "x86_64"),
    "Linux x86-64": ([each.format("x86_64") for each in LINUX], "linux", "x86_64"),
    "Linux arm64": ([each.format("aarch64") for each in LINUX], "linux", "aarch64"),
}
CELLS = (  # system, Python, NumPy's major version, where analysts meet it
    ("Windows x86-64", (3, 12), 1, "QGIS 3.34 and 3.36, OSGeo4W"),
    ("Windows x86-64", (3, 12), 2, "QGIS 3.40 and 3.44, OSGeo4W"),
    ("Windows x86-64", (3, 13), 2, "conda-forge"),
    ("Windows x86-64", (3, 14), 2, "conda-forge"),
    ("macOS 14 arm64", (3, 10), 1, "MacPorts, QGIS 3.34"),
    ("macOS 14 arm64", (3, 12), 2, "QGIS 3.44"),
    ("macOS 14 arm64", (3, 13), 2, "conda-forge"),
    ("macOS 14 arm64", (3, 14), 2, "conda-forge"),
    ("macOS 13 x86-64", (3, 10), 1, "MacPorts, QGIS 3.34"),
    ("macOS 13 x86-64", (3, 12), 2, "QGIS 3.44"),
    ("Linux x86-64", (3, 10), 1, "Ubuntu 22.04"),
    ("Linux x86-64", (3, 11), 1, "Debian 12"),
    ("Linux x86-64", (3, 12), 1, "Ubuntu 24.04"),
    ("Linux x86-64", (3, 13), 2, "Debian 13, QGIS 3.40"),
    ("Linux x86-64", (3, 14), 2, "Debian sid, Fedora 43, Arch"),
    ("Linux arm64", (3, 13), 2, "Debian 13"),
)
GROUPS = ("runtime", "train", "cuda")


@cache
def files(name: str) -> list[dict]:
    """The files of a package in the index, with sizes and sums."""
    index = os.environ.get("PIP_INDEX_URL", PyPI.simple_url).rstrip("/")
    request = urllib.request.Request(
        f"{index}/{name}/", headers={"Accept": "application/vnd.pypi.simple.v1+json"}
    )
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)["files"]


def tags(python: tuple[int, int], platforms: list[str]) -> set[Tag]:
    """What pip accepts there."""
    return {
        *cpython_tags(python, platforms=platforms),
        *compatible_tags(python, f"cp3{python[1]}", platforms),
    }


def wanted(
    pins: list[Pin], group: str, python: tuple[int, int], system: str, machine: str
) -> Iterator[Pin]:
    """The pins of a group there, without those that QGIS brings."""
    version = ".".join(map(str, python))
    where = {"python_version": version, "python_full_version": f"{version}.0", "sys_platform": system,
             "platform_machine": machine, "platform_system": system, "implementation_name": "cpython"}  # fmt: skip
    for pin in pins:
        if (
            group in pin.groups
            and pin.name not in HELD
            and (not pin.marker or Marker(pin.marker).evaluate(where))
        ):
            yield pin


def size(pin: Pin, accepted: set[Tag]) -> int | None:
    """Bytes of the wheel that pip would take; None where the lock has none for it."""
    for file in files(pin.name):
        if (
            file["hashes"].get("sha256") in pin.hashes
            and parse_wheel_filename(file["filename"])[3] & accepted
        ):
            return file["size"]
    return None


def main() -> int:
    """Print a row a cell."""
    failed = 0
    print(f"{'system':16} Python NumPy {'':32}" + "".join(f"{group:>12}" for group in GROUPS))
    for name, python, numpy, where in CELLS:
        platforms, system, machine = SYSTEMS[name]
        pins, accepted, row = (
            read(ROOT / "resources/locks" / f"numpy{numpy}.lock"),
            tags(python, platforms),
            "",
        )
        for group in GROUPS:
            sizes = {
                pin.name: size(pin, accepted)
                for pin in wanted(pins, group, python, system, machine)
            }
            missing = [each for each, found in sizes.items() if found is None]
            failed += bool(missing) and group == "runtime"
            # type: ignore[arg-type]
            row += (
                f"{'no ' + missing[0] if missing else f'{sum(sizes.values()) / 1e6:,.0f} MB':>12}"
            )
        print(f"{name:16} 3.{python[1]:<5} {numpy:<5} {where:32}{row}")
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
