# SPDX-License-Identifier: GPL-2.0-or-later
"""The desktop QGIS under Xvfb, with the staged plugin in a profile of its own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
PICTURES = ROOT / "build" / "gui"
SCRIPT = Path(__file__).with_name("desktop.py")
Drive = Callable[..., dict[str, Any]]
IDS = ["importtracks", "profileusers", "scoreregions", "forecasttracks"]


@pytest.fixture(scope="module")
def report(drive: Drive, sample: Path) -> dict[str, Any]:
    """The report of desktop.py."""
    tracks, regions = sample / "aracaju_tracks.gpkg", sample / "aracaju_regions.gpkg"
    return drive(SCRIPT, RAW_TRACKS=tracks, RAW_REGIONS=regions)


def test_toolbar_and_menu_are_there(report: dict[str, Any]) -> None:
    loaded = report["loaded"]
    assert set(IDS) <= set(report["order"])
    assert loaded["algorithms"] == sorted(f"raw:{name}" for name in report["order"])
    assert loaded["toolbars"] == 1 and loaded["menu"]
    assert loaded["actions"] == ["raw_dock", *(f"raw_{name}" for name in report["order"])]


def test_dialogs_open_with_the_current_layer(report: dict[str, Any]) -> None:
    dialogs = report["dialogs"]
    assert list(dialogs) == [f"raw_{name}" for name in report["order"]]
    for name in ("raw_profileusers", "raw_forecasttracks", "raw_scoreregions"):
        assert dialogs[name]["INPUT"].startswith("Tracks_")
    assert dialogs["raw_scoreregions"]["REGIONS"].startswith("Regions_")


def test_tracks_are_those_of_the_dock_while_it_is_shown(report: dict[str, Any]) -> None:
    assert report["beside the dock"] == {"trainhead": "Tracks", "profileusers": "Stops"}


def test_results_come_named_grouped_styled_and_temporal(report: dict[str, Any]) -> None:
    results = [layer for layer in report["layers"] if layer["group"] == "RAW"]
    assert len(results) == 5
    names = [layer["name"] for layer in results]
    assert names[:3] == ["Forecast: points", "Forecast: tracks", "Forecast: areas"]
    assert names[3].startswith("Profiles") and names[4].startswith("Regions: ")
    assert all(layer["temporal"] for layer in results[:4])
    assert all(layer["features"] for layer in results)
    areas = next(layer for layer in results if layer["name"] == "Forecast: areas")
    assert any("80 %" in words for words in areas["legend"])
    assert any("Withheld" in words for words in results[4]["legend"])


def test_results_of_the_toolbox_are_there_when_the_project_is_opened_again(report: dict[str, Any]) -> None:
    before = {layer["name"]: layer["features"] for layer in report["layers"]}
    assert len(before) == 7 and report["opened"] == before


def test_the_log_lists_what_was_read(report: dict[str, Any]) -> None:
    assert "Read 9,262 fixes of 10 users" in report["log"]
    assert "(guessed)" in report["log"] and "The model is " in report["log"]


def test_unloading_removes_everything_and_loading_again_restores_it(report: dict[str, Any]) -> None:
    gone = report["unloaded"]
    assert gone == {"algorithms": [], "toolbars": 0, "actions": [], "menu": False}
    assert report["loaded again"] == report["loaded"]


def test_pictures_were_taken(report: dict[str, Any]) -> None:
    for name in ("desktop", *(f"raw_{name}" for name in IDS)):
        assert (PICTURES / f"{name}.png").stat().st_size > 10_000
