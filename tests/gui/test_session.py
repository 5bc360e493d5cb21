# SPDX-License-Identifier: GPL-2.0-or-later
"""The dock in the desktop QGIS, used as a person does on a small dark screen: session.py."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

HERE = Path(__file__).parent
PICTURES = HERE.parents[1] / "build" / "gui"
Drive = Callable[..., dict[str, Any]]
RESULTS = {"Backtest", "Forecast: areas", "Forecast: points", "Forecast: tracks"}


@pytest.fixture(scope="module")
def tiles(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """A server of tiles on this machine, and the file in which it notes what it is asked."""
    asked = tmp_path_factory.mktemp("tiles") / "asked"

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            with asked.open("a") as file:
                file.write(self.path + "\n")
            self.send_error(404)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", asked
    server.shutdown()


@pytest.fixture(scope="module")
def report(
    drive: Drive, sample: Path, tiles: tuple[str, Path], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Any]:
    """The report of session.py."""
    tiles[1].write_text("")
    # QGIS writes into it
    tracks = shutil.copy(sample / "aracaju_tracks.gpkg", tmp_path_factory.mktemp("sample"))
    return drive(
        HERE / "session.py", "1366x768", "Night Mapping", RAW_TRACKS=tracks, RAW_TILES=tiles[0],
        RAW_REGIONS=sample / "aracaju_regions.gpkg", RAW_ASKED=tiles[1], timeout=900,
    )  # fmt: skip


def test_the_summary_matches_the_layer(report: dict[str, Any]) -> None:
    assert (
        report["summary"].startswith("10 users, 7,005 fixes, 2014-09-13 to ")
        and "one every" in report["summary"]
    )
    assert "2,257 fixes skipped: " in report["summary"] and report["device"] in (
        "<b>CPU</b>",
        "<b>CUDA</b>",
    )


def test_regions_have_people_and_hours_and_few_people_show_nothing(report: dict[str, Any]) -> None:
    card = report["card"]
    assert (
        card[0] == "<b>Region 1</b>"
        and "people" in card[1]
        and any("hour of the week" in each for each in card)
    )
    assert not any("nan" in each for each in card) and "Fewer than 3 people" in " ".join(
        report["few"]
    )
    assert "in 0 publications of this profile" in report["spent"], "before the form opens"
    assert report["after Esc"] == [2, False] and report["regions"][:2] == ["Region 1", "Region 2"]
    assert any("Region 1" in each for each in report["compared"]) and any(
        "People" in each for each in report["compared"]
    )


def test_users_have_cards_labels_and_diaries(report: dict[str, Any]) -> None:
    assert report["user"][0].startswith("<b>User ") and any(
        "Usual places" in each for each in report["user"]
    )
    assert report["unit"] == "user", "labels of people are the first thing that is offered"
    assert "Commuters: " in report["labelled user"] and "Unknown: " in report["labelled user"]
    assert (
        "Stops: " in report["labelled diary"]
        and "67 labelled: Tracks: Transport mode" in report["labelled track"]
    )
    assert any(each.startswith("Commuter: <b>unknown</b>") for each in report["card of 4"]), report[
        "card of 4"
    ]
    assert any(each.startswith("Unknown: ") for each in report["card of 4"])


def test_forecasts_come_with_the_clock_at_their_time_and_a_verdict(report: dict[str, Any]) -> None:
    assert "5 min ahead" in report["forecast"] and report["frame"] == 1 and report["controller"]
    assert "labels of other times are hidden" in report["clock words"] and report["clock off"]
    assert " min: " in report["verdict"] and report["track in sight"]


def test_a_basemap_asks_nobody_before_the_user_agrees(report: dict[str, Any]) -> None:
    assert "address" in report["question"] and report["server"] == "Tiles (127.0.0.1)"
    assert report["proposed"].startswith("OpenStreetMap ("), "not the terrain"
    assert (
        report["asked after Cancel"] == 0 < report["asked after Ok"] and report["bottom"] == "Tiles"
    )


def test_a_map_names_model_data_and_what_is_personal(report: dict[str, Any]) -> None:
    # regions from 3 people
    for part in ("raw-small", "10 users", "single people", "do not publish this map"):
        assert part in report["notes"]
    out = Path(report["profile"]).parents[1]
    assert report["exported"] and (out / "map.png").stat().st_size > 100_000
    assert (out / "map.pdf").stat().st_size > 10_000


def test_unloading_leaves_nothing(report: dict[str, Any]) -> None:
    assert report["left over"] == [[], 0]


def test_a_project_opens_as_it_was_saved(report: dict[str, Any]) -> None:
    before, after = report["counts"]
    assert after == before and all(after.values()) and set(after) >= RESULTS and not report["dirty"]
    assert report["regions again"] == [report["regions"], 3]
    forecast, users, verdict = report["again"]
    assert (forecast, verdict) == (
        report["forecast"],
        report["verdict"],
    ) and "67 labelled: " in users


def test_groups_are_named_after_the_layer_and_the_result(report: dict[str, Any]) -> None:
    assert report["groups"][0] == "RAW: Tracks"
    assert {"Labels of every user", "Diary", "Forecast, 5 min every 1"} <= set(report["groups"])
    assert "Forecast, 5 min every 1 (2)" in report["groups"], "the repeated run"


def test_the_desktop_is_not_blocked_and_nothing_is_cut_off(report: dict[str, Any]) -> None:
    print(
        "\n    blocks over 0.2 s in our lines:",
        [(b["seconds"], b["cpu"], b["ours"]) for b in report["blocks"]],
    )
    # the rest is the machine, which may be busy
    # libraries are loaded once, on the main thread alone, and a cold disk counts as work
    blocks = [block for block in report["blocks"] if "load_libraries" not in block["ours"]]
    assert not [block for block in blocks if block["cpu"] > 0.5]
    assert report["cut"] == []
    for name in ("open", "region", "compare", "user", "forecast", "map", "reopened"):
        assert (PICTURES / f"session_{name}.png").stat().st_size > 10_000
