# SPDX-License-Identifier: GPL-2.0-or-later
"""The plugin comes and goes without a trace, quits in the middle of its work, and installs what it lacks."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
Drive = Callable[..., dict[str, Any]]
EMPTY = ("menu", "providers", "functions", "settings", "path", "modules")


@pytest.fixture(scope="module")
def life(drive: Drive) -> dict[str, Any]:
    """The report of life.py."""
    return drive(HERE / "life.py")


def test_it_registers_what_it_should(life: dict[str, Any]) -> None:
    for found in life["with"]:
        assert found["menu"] == ["RAW"] and found["providers"] == ["raw"]
        assert found["functions"] == ["raw_label", "raw_similarity"]
        assert found["handlers"] == 1
        assert found["objects"]["QToolBar RawToolbar"] == 1


def test_unloading_leaves_nothing(life: dict[str, Any]) -> None:
    for found in life["without"]:
        assert {name: found[name] for name in EMPTY} == dict.fromkeys(EMPTY, [])
        assert found["objects"] == {} and found["handlers"] == 0 and found["tasks"] == 0


def test_used_windows_leave_nothing_either(life: dict[str, Any]) -> None:
    first, second, third = life["without"]
    assert first == second == third
    assert life["with"][0] == life["with"][1]


def test_the_sample_project_and_the_options(life: dict[str, Any]) -> None:
    assert life["title"].startswith("RAW") and len(life["layers"]) == 2 and life["crs"] == "EPSG:31984"
    assert int(life["set"]) == 12


@pytest.fixture(scope="module")
def bare(drive: Drive, stage: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The report of bare.py: a QGIS without our packages installs imitations of them from a folder of wheels."""
    from wheels import make_wheel

    if (
        subprocess.run(["/usr/bin/python3", "-c", "import onnxruntime"], capture_output=True, check=False).returncode
        == 0
    ):
        pytest.skip("the system's Python has onnxruntime")
    wheels = tmp_path_factory.mktemp("wheels")
    for line in (stage / "requirements/runtime.txt").read_text().splitlines():
        name, version = re.match(r"([a-z-]+)>=([0-9.]+)", line).groups()  # type: ignore[union-attr]
        make_wheel(wheels, name.replace("-", "_"), "", version, module=name.removesuffix("-gpu"))
    return drive(HERE / "bare.py", "1366x768", "Night Mapping", libraries=False, RAW_WHEELS=wheels)


def test_without_its_packages_it_loads_fast_and_explains_what_to_do(bare: dict[str, Any]) -> None:
    """The plugin loads in about twice the time of QGIS's own Processing. QGIS measures both in the same start."""
    print("loaded in {:.0f} ms, Processing in {:.0f} ms".format(1000 * bare["seconds"], 1000 * bare["processing"]))
    assert bare["there"] == []
    assert bare["seconds"] < 3 * bare["processing"]
    assert {"raw:importtracks", "raw:profileusers", "raw:scoreregions", "raw:forecasttracks"} <= set(bare["can"])
    assert not any(ready for ready, _ in bare["can"].values())
    assert all("Packages" in reason for _, reason in bare["can"].values())
    assert "onnxruntime" in bare["message"] and bare["message"].endswith(".")


def test_message_dock_and_window_name_the_same_packages(bare: dict[str, Any]) -> None:
    names = bare["before"].partition("it lacks ")[2].partition(". ")[0]
    assert names.count(", ") >= 2 and "pyarrow" in names
    assert f"packages {names} in QGIS" in bare["message"]
    assert f"packages {names} in QGIS" in bare["dock"] and f" {names.replace(',', '')}, then" in bare["dock"]
    assert all(f"packages {names} in QGIS" in reason for _, reason in bare["can"].values())


def test_the_window_installs_from_a_folder_of_wheels_and_removes(bare: dict[str, Any]) -> None:
    assert "cannot run the model yet" in bare["before"] and " MB" in bare["before"]
    assert "has all that it needs to run the model" in bare["after"], bare["log"]
    assert bare["usable"] and "raw/venv" in bare["last on the path"]  # appended
    assert "raw/venv" not in bare["numpy"]
    assert "QGIS and other plugins keep theirs" in bare["question"]
    assert "cannot run the model yet" in bare["removed"] and not bare["venv"]


def test_quitting_in_the_middle_of_everything_does_not_crash(drive: Drive, sample: Path) -> None:
    found = drive(HERE / "quitting.py", timeout=180, RAW_TRACKS=sample / "aracaju_tracks.gpkg")
    assert found["tasks"] >= 2  # they really ran
    assert len(found["failed"]) == 1 and "no model" in found["failed"][0]
    assert found["returncode"] == 0
    assert not Path(f"/proc/{found['child']}").exists()  # it went with QGIS
