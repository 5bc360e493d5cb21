# SPDX-License-Identifier: GPL-2.0-or-later
"""The dock in the desktop QGIS, used as a person does: dock.py, on a large light screen and on a small dark one."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
PICTURES = HERE.parents[1] / "build" / "gui"
Drive = Callable[..., dict[str, Any]]
LOOKS = {"light": ("1600x1000", ""), "dark": ("1366x768", "Night Mapping")}


@pytest.fixture(scope="module", params=LOOKS)
def look(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def report(look: str, drive: Drive, sample: Path) -> dict[str, Any]:
    """The report of dock.py."""
    screen, theme = LOOKS[look]
    return drive(
        HERE / "dock.py", screen, theme, RAW_TRACKS=sample / "aracaju_tracks.gpkg", RAW_SUFFIX=f"_{look}",
        RAW_REGIONS=sample / "aracaju_regions.gpkg", RAW_LEAST=3,
    )  # fmt: skip


def test_the_summary_matches_the_layer(report: dict[str, Any]) -> None:
    assert report["summary"].startswith("10 users, 7,005 fixes, 2014-09-13 to ") and "one every" in report["summary"]
    words = "2,257 of 9,262 fixes were skipped: at the time of another fix of the same user."
    assert report["summary"].endswith(words) and "left out" not in report["summary"]
    assert report["device"] in ("<b>CPU</b>", "<b>CUDA</b>")
    # After the zone was chosen, and the plugin was unloaded and loaded
    assert report["again"] == report["summary"].replace("11-24 UTC", "11-23 America/Maceio")


def test_the_card_of_a_region_has_people_and_hours(report: dict[str, Any]) -> None:
    first = report["cards"][0]
    assert first[0] == "<b>Region 1</b>" and "people" in first[1] and "km²" in first[1]
    assert any("hour of the week" in words for words in first)
    assert not any("⚠" in words for words in first)
    assert not any("nan" in words for card in report["cards"] for words in card)


def test_regions_of_few_people_show_nothing(report: dict[str, Any]) -> None:
    assert "Fewer than 3 people" in report["cards"][2][1] and len(report["cards"][2]) == 2
    withheld = [row for row in report["regions"] if row["suppressed"]]
    assert withheld
    figures = [row[name] for row in withheld for name in row if name.startswith("n_")]
    assert figures and all(value is None for value in figures)


def test_esc_stops_and_backspace_removes_a_corner(report: dict[str, Any]) -> None:
    assert report["after Esc"] == 2 and not report["drawing after Esc"]
    assert report["corners"] == [4, 4, 4]


def test_regions_are_stored_renamed_and_removed(report: dict[str, Any]) -> None:
    names = [row["name"] for row in report["regions"]]
    assert names[0] == "Centre" and "Region 2" not in names and "A2" in names
    assert report["region layer"][0] == "Drawn regions" and report["region layer"][1] == "RAW: Tracks"


@pytest.mark.parametrize("when", ["reloaded", "reopened"])
def test_regions_are_restored(report: dict[str, Any], when: str) -> None:
    """After the plugin was loaded again, and after the project was saved and opened."""
    again = report[when]
    known = ("name", "n_users", "n_points", "suppressed")
    assert [[row[x] for x in known] for row in again["rows"]] == [[row[x] for x in known] for row in report["regions"]]
    assert [name for name, _ in again["list"]] == [row["name"] for row in report["regions"]]
    assert any(people.isdecimal() for _, people in again["list"])
    assert "Withheld to protect people" in again["legend"] and again["least"] == 3
    assert again["layers"] == 1


def test_a_saved_project_is_clean_and_regions_go_on(report: dict[str, Any]) -> None:
    assert not report["dirty after saving"] and report["layer remembered"]
    assert report["next"].startswith("Region ")


def test_a_click_on_a_track_shows_its_user(report: dict[str, Any]) -> None:
    assert report["user"][0].startswith("<b>User ")
    assert any("Usual places" in words for words in report["user"])
    assert any("Most similar users" in words for words in report["user"])
    assert any("switches them on" in words for words in report["user"])
    assert "raw_n_points" in report["joined"] and "the fields raw_…" in report["labelled user"]
    assert "There are counts and places alone" in report["labelled user"]
    assert not any("0.0 trips" in words for words in report["user"])  # ways alone were recorded
    assert re.match(r"Stops: \d+, trips: \d+\. To review doubtful trips, sort ", report["labelled diary"])
    assert report["unit"] == "track" and "labelled: Tracks: Transport mode" in report["labelled track"]


def test_forecasts_come_with_the_clock_at_their_time(report: dict[str, Any]) -> None:
    assert "5 min ahead" in report["forecast"]
    assert report["frames"] == [1, 2, 3]
    assert report["clock"].startswith("2015-11-24")
    (names,) = [names for group, names in report["groups"].items() if group == "RAW: Tracks"]
    names = [name for name in names if name.startswith("Forecast")]
    assert names == ["Forecast: points", "Forecast: tracks", "Forecast: areas", "Forecast: recent tracks"]


def test_fields_and_time_zone_are_remembered(report: dict[str, Any]) -> None:
    assert report["time zone"] == "America/Maceio"


def test_after_a_cancel_embedding_can_start_again(report: dict[str, Any]) -> None:
    assert report["cancel shown"] and not report["city after cancel"]
    assert report["estimate"].startswith("Let the model read 10 users: about ")
    print("\n    seconds from Cancel to the end of the task:", report["cancelled after"])
    assert report["cancelled after"] < 60  # a batch, on a machine that may be busy


def test_unloading_leaves_nothing(report: dict[str, Any]) -> None:
    left = report["left over"]
    assert left["docks"] == []
    assert left["bands"] == report["bands before"]
    assert left["tasks"] == []


def test_the_desktop_is_not_blocked(report: dict[str, Any]) -> None:
    blocks = [block for block in report["heart"]["blocks"] if block["ours"]]
    print(
        "\n    blocks over 0.2 s in our lines (s, of them computing):",
        [(b["seconds"], b["cpu"], b["ours"]) for b in blocks],
    )
    assert not [block for block in blocks if block["cpu"] > 0.5]  # the rest is the machine, which may be busy


def test_on_a_small_screen_the_map_keeps_its_height(report: dict[str, Any], look: str) -> None:
    assert report["map height"] >= 500
    assert report["controller"] == (look == "light")
    assert ("plays the forecast" in report["clock words"]) == (look == "dark")


def test_after_a_forecast_the_choice_of_a_track_is_in_sight(report: dict[str, Any], look: str) -> None:
    assert report["scrolled"] > 100 or look == "light"
    assert report["track in sight"]


def test_nothing_is_cut_off_and_pictures_were_taken(report: dict[str, Any], look: str) -> None:
    assert report["cut"] == []
    for name in ("open", "region", "regions", "compare", "user", "labelled", "forecast", "card"):
        assert (PICTURES / f"dock_{name}_{look}.png").stat().st_size > 10_000


def test_without_the_libraries_the_dock_lists_what_to_install(drive: Drive) -> None:
    found = drive(HERE / "dock_missing.py", libraries=False)
    assert "onnxruntime" in found["words"] and "pip install" in found["words"]
    assert found["tabs"] == 0
