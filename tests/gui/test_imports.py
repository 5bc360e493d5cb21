# SPDX-License-Identifier: GPL-2.0-or-later
"""Data in, in the desktop QGIS on a small screen: imports.py."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
PICTURES = HERE.parents[1] / "build" / "gui"


def day_first(path: Path) -> Path:
    """Two cabs in Aracaju, in a table as an office writes it: no number of a date is over twelve."""
    rows = [
        f"{cab};0{1 + i // 60}/07/2014 08:{i % 60:02}:00;{-10.9 - i / 1e4:.5f};{-37.05 - cab / 1e3:.5f}".replace(
            ".", ","
        )
        for cab in (7, 8)
        for i in range(200)
    ]
    path.write_text(
        "\n".join(["Wagen Nr;Moment;Nord;Ost", *rows, "8;bald;-10,9;-37", "8;05/07/2014 09:00;0;0"])
    )
    return path


@pytest.fixture(scope="module")
def report(
    drive: Callable[..., dict[str, Any]], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("imports")
    return drive(HERE / "imports.py", "1366x768", RAW_DAY_FIRST=day_first(folder / "cabs.csv"))


def test_a_table_with_odd_columns_is_asked_about(report: dict[str, Any]) -> None:
    assert "No column of time or position" in report["no columns known"]
    words, startable = report["order"]
    assert (
        words.startswith("01/07/2014 08:00:00 may begin with the day or with the month")
        and not startable
    )
    assert "No column names the users" in report["users"]


def test_the_preview_shows_rows_as_written_and_as_read(report: dict[str, Any]) -> None:
    heads, first, _ = report["cells"]
    assert heads == [
        "User",
        "Time, UTC",
        "Longitude",
        "Latitude",
        "Wagen Nr",
        "Moment",
        "Ost",
        "Nord",
    ]
    assert first == ["7", "2014-07-01 11:00:00", "-37.05700", "-10.90000", "7", "01/07/2014 08:00:00", "-37,05700",
                     "-10,90000"]  # fmt: skip
    assert "1 fix skipped: no time that can be read" in report["state"]


def test_the_import_makes_a_layer_that_the_dock_reads(report: dict[str, Any]) -> None:
    assert report["imported"].startswith("Imported: 400 fixes of 2 users. 2 fixes skipped:")
    assert report["layer"] == ["cabs", 400, "memory", ["user_id", "track_id", "t"]]
    assert max(report["extent"]) < 0.1  # the fix at 0, 0 is gone
    assert (
        report["dock"].startswith("2 users, 400 fixes") and "No fix was skipped." in report["dock"]
    )
    assert report["closed"]


def test_the_import_can_be_seen_and_keeps_its_zone(report: dict[str, Any]) -> None:
    assert report["zone"] == ["America/Maceio"] * 2 and "(America/Maceio)" in report["dock"]
    assert report["crs"] == "EPSG:32724"  # of the map's place, in metres
    assert report["on the map"]
    assert report["clock"] == [False, True]  # a clock of another year is switched off


def test_the_sample_is_chosen_in_the_dock(report: dict[str, Any]) -> None:
    assert report["sample"] == ["Tracks of ten phones", "EPSG:31984"]


def test_lines_without_a_user_field_are_said_to_be_one_user_s(report: dict[str, Any]) -> None:
    assert "Lines" in report["offered"]  # added while the dock was open
    assert "No field names the users" in report["one user"] and report["cabs"] == 12


def test_nothing_is_cut_off_and_the_desktop_is_not_blocked(report: dict[str, Any]) -> None:
    assert report["cut"] == []
    # libraries are loaded once, on the main thread alone, and a cold disk counts as work
    blocks = [block for block in report["blocks"] if "load_libraries" not in block["ours"]]
    assert not [block for block in blocks if block["cpu"] > 0.5]
    for name in ("order_of_dates", "users", "preview", "done", "map"):
        assert (PICTURES / f"import_{name}.png").stat().st_size > 10_000
