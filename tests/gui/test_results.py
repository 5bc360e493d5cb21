# SPDX-License-Identifier: GPL-2.0-or-later
"""Results that stay with the project, and forecasts that are read, in the desktop QGIS: results.py."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
PICTURES = HERE.parents[1] / "build" / "gui"
Drive = Callable[..., dict[str, Any]]
RESULTS = {"Backtest", "Forecast: areas", "Forecast: points", "Forecast: tracks", "Forecast: recent tracks"}


@pytest.fixture(scope="module")
def report(drive: Drive, sample: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The report of results.py, on a machine whose clock is three hours behind UTC."""
    tracks = shutil.copy(sample / "aracaju_tracks.gpkg", tmp_path_factory.mktemp("sample"))  # QGIS writes into it
    found = drive(HERE / "results.py", "1366x768", RAW_TRACKS=tracks, TZ="America/Maceio")
    assert found["offset"] == -3 * 3600
    return found


def test_a_forecast_a_user_with_the_recent_track_at_every_step(report: dict[str, Any]) -> None:
    assert report["unit"] == "user" and report["listed"] == 10 and "Forecasts of 10 users" in report["forecast"]
    assert all(recent > 20 and areas > 1000 for recent, areas in report["steps"])
    assert [areas for _, areas in report["steps"]] == sorted(areas for _, areas in report["steps"])
    assert "labels of other times are hidden." in report["clock right"]
    assert report["chosen"] == "24" and report["variable"] == report["next"] != "24"


def test_a_clock_that_is_off_or_at_another_time_is_warned_of(report: dict[str, Any]) -> None:
    assert "16:13 to" in report["clock shifted"] and "forecasts are of 2015-06-22 13:13" in report["clock shifted"]
    assert "is off" in report["clock off"] and report["off"][1] > 1000


def test_the_verdict_is_a_line_with_its_table(report: dict[str, Any]) -> None:
    assert report["verdict"].startswith("5 min: ") and ". " not in report["verdict"]
    assert "mean error" in report["verdict"] and report["rows"] == 6
    assert report["table"].startswith("Backtest — Features Total: ")


def test_a_saved_project_has_all_its_results_when_it_is_opened(report: dict[str, Any]) -> None:
    own = {name: source for name, source in report["sources"].items() if name != "Tracks"}
    assert set(own) >= RESULTS and all("week_raw.gpkg|layername=" in source for source in own.values())
    assert len(report["tables"]) == len(own) + 1 and len(report["styles"]) == len(own)
    assert not report["dirty"] and not report["messages"] and report["empty"] == ["", False]
    before, after = report["counts"]
    assert after == before and all(after.values())
    assert set(report["groups"]["RAW: Tracks"]) == set(own)


def test_the_dock_shows_them_again(report: dict[str, Any]) -> None:
    again = report["reopened"]
    assert (again["forecast"], again["verdict"]) == (report["forecast"], report["verdict"])
    assert again["chosen"] == report["next"] and "67 labelled on " in again["users"] and again["horizon"] == 30
    assert report["diary"].split("\n")[0] in again["users"] and "lies in gaps. Those labels are" in again["users"]


def test_runs_are_groups_and_are_repeated_on_the_layer_as_it_is(report: dict[str, Any]) -> None:
    runs = [name.split(",")[0].split(" ", 1)[1] for name in report["runs"]]  # after the time
    assert runs == ["Backtest", "Forecast", "Diary", "Labels of every track"]
    assert all("raw-small, 2" in name for name in report["runs"])
    assert "Forecasts of 4 users" in report["again"][0] and report["again"][1] == 5


def test_pictures_were_taken() -> None:
    for name in ("step2", "shifted", "clock_off", "backtest", "table", "reopened", "reopened_users", "again"):
        assert (PICTURES / f"results_{name}.png").stat().st_size > 10_000
