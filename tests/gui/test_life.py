# SPDX-License-Identifier: GPL-2.0-or-later
"""The plugin comes and goes without a trace, quits in the middle of its work, and installs what it lacks."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
Drive = Callable[..., dict[str, Any]]
EMPTY = ("menu", "providers", "functions", "settings", "path", "modules")


@pytest.fixture(scope="module")
def life(drive: Drive) -> dict[str, Any]:
    """What life.py found."""
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


def test_what_was_used_in_between_leaves_nothing_either(life: dict[str, Any]) -> None:
    first, second, third = life["without"]
    assert first == second == third
    assert life["with"][0] == life["with"][1]


def test_the_sample_project_and_the_options(life: dict[str, Any]) -> None:
    assert life["title"].startswith("RAW") and len(life["layers"]) == 2 and life["crs"] == "EPSG:31984"
    assert int(life["set"]) == 12


def test_quitting_in_the_middle_of_everything_does_not_crash(drive: Drive, sample: Path) -> None:
    found = drive(HERE / "quitting.py", timeout=180, RAW_TRACKS=sample / "aracaju_tracks.gpkg")
    assert found["tasks"] >= 2  # they really ran
    assert found["returncode"] == 0
    assert not Path(f"/proc/{found['pip']}").exists()  # pip went with QGIS
