# SPDX-License-Identifier: GPL-2.0-or-later
"""Times in the columns of sources: dates and times of day in two columns, and numbers."""

from __future__ import annotations

from datetime import date, time

import pytest

pa = pytest.importorskip("pyarrow")
from pyarrow import parquet  # noqa: E402

from raw_qgis_plugin.core.errors import InputError  # noqa: E402
from raw_qgis_plugin.core.sources import readers  # noqa: E402
from raw_qgis_plugin.core.sources import text as text_tables  # noqa: E402
from raw_qgis_plugin.core.sources.fields import Layout  # noqa: E402
from raw_qgis_plugin.core.sources.preview import preview  # noqa: E402
from raw_qgis_plugin.core.sources.readers import read  # noqa: E402

from .test_sources import TEN, read_text  # noqa: E402


@pytest.fixture
def small_blocks(monkeypatch):
    monkeypatch.setattr(text_tables, "SETTINGS", text_tables.TextSettings(block_bytes=1000))


def test_the_order_of_dates_in_a_column_of_their_own_is_found_in_the_whole_file(tmp_path, small_blocks):
    rows = [f"{1 + i // 60:02}.04.2020;{10 + i // 30 % 2}:{i % 30:02};7,0{i % 60:02};46" for i in range(1800)]
    tracks, skipped, guess = read_text(tmp_path, "\n".join(["Datum;Uhrzeit;lon;lat", *rows]), drop_spikes=False)
    assert guess.date_order == "day" and len(tracks) == 1800 and not skipped
    assert set(tracks.t.astype("datetime64[ms]").astype("datetime64[M]").astype(str)) == {"2020-04"}


@pytest.mark.parametrize("times", [["10:00:00", "10:01:00"], [time(10), time(10, 1)]])
def test_an_unknown_order_of_dates_in_a_column_of_their_own_is_asked_for(tmp_path, times):
    table = pa.table({"date": ["03/04/2020"] * 2, "time": times, "lon": [7.0, 7.1], "lat": [46.0, 46.0]})
    parquet.write_table(table, tmp_path / "a.parquet")
    with pytest.raises(InputError, match=r"dates in the column 'date' of a\.parquet .* no number in them decides"):
        read(tmp_path / "a.parquet")
    assert preview(tmp_path / "a.parquet").guess.date_order == "unknown"


def test_times_of_day_have_their_date_also_behind_a_thousand_rows_without_one(tmp_path):
    rows = ["2020-01-01,,1,2"] * 1500 + ["2020-01-01,10:00:00,1,2", "2020-01-01,2020-01-01 10:00:01,1,2"]
    tracks, skipped, _ = read_text(tmp_path, "\n".join(["date,time,lat,lon", *rows]))
    assert tracks.t.tolist() == [TEN, TEN + 1000] and skipped == {"no time that can be read": 1500}


CLOCKS = [
    ["100000", "000005", "235959"], ["100000", "5", "235959"], ["100000.00", "000005.00", "235959,0"],
    ["10:00:00", "5", "235959"], [100000, 5, 235959], [100000.0, 5.0, 235959.0], ["10:00", "00:00:05", "23:59:59"],
]  # fmt: skip


@pytest.mark.parametrize("days", [["2020-01-01"] * 4, ["20200101"] * 4, [20200101] * 4, [date(2020, 1, 1)] * 4])
@pytest.mark.parametrize("clocks", CLOCKS)
def test_times_of_day_as_digits_have_their_date(tmp_path, days, clocks):
    table = pa.table({"date": days, "time": pa.array([*clocks, None]), "lon": [7.0] * 4, "lat": [46.0] * 4})
    parquet.write_table(table, tmp_path / "a.parquet")
    tracks, skipped, _ = read(tmp_path / "a.parquet")
    assert tracks.t.tolist() == [TEN - 36_000_000 + 5000, TEN, TEN + 14 * 3_600_000 - 1000]
    assert skipped == {"no time that can be read": 1}


@pytest.mark.parametrize("clocks", [["1005", "0"], [1005, 930], ["10.05", "9.30"]])
def test_hours_and_minutes_as_digits_are_refused(tmp_path, clocks):
    """They could be minutes and seconds."""
    table = pa.table({"date": ["2020-01-01"] * 2, "time": clocks, "lon": [7, 7], "lat": [46, 46]})
    parquet.write_table(table, tmp_path / "a.parquet")
    with pytest.raises(InputError, match="column 'time', such as .* Write them as 10:05 or 10:05:00"):
        read(tmp_path / "a.parquet")
    assert "Write them as" in preview(tmp_path / "a.parquet").problem


def test_whole_times_beside_a_date_are_what_they_are(tmp_path):
    for times in ([TEN, TEN + 5], [TEN // 1000, TEN // 1000 + 5], ["20200101100000", "20200101100005"]):
        table = pa.table({"date": ["2019-01-01"] * 2, "time": times, "lon": [7, 7], "lat": [46, 46]})
        parquet.write_table(table, tmp_path / "a.parquet")
        assert read(tmp_path / "a.parquet")[0].t[0] == TEN


@pytest.mark.parametrize("order", ["", "day"])
def test_digits_behind_the_first_part_of_a_file_may_be_short(tmp_path, small_blocks, monkeypatch, order):
    """In the hour after midnight times without zeros in front have four places at most."""
    monkeypatch.setattr(readers, "SETTINGS", readers.ReadSettings(parquet_rows=100))
    days = [1] * 200 + [2] * 600
    clocks = [235600 + i // 60 * 100 + i % 60 for i in range(200)] + [i // 60 * 100 + i % 60 for i in range(600)]
    rows = [f"2020010{day},{clock},7,46" for day, clock in zip(days, clocks)]
    layout = Layout(date_order=order)
    tracks, skipped, _ = read_text(tmp_path, "\n".join(["date,time,lon,lat", *rows]), layout=layout)
    assert len(tracks) == 800 and not skipped and tracks.t[-1] - tracks.t[200] == 599_000
    table = pa.table(
        {"date": [date(2020, 1, day) for day in days], "time": clocks, "lon": [7] * 800, "lat": [46] * 800}
    )
    parquet.write_table(table, tmp_path / "a.parquet")
    assert read(tmp_path / "a.parquet", layout=layout)[0].t.tolist() == tracks.t.tolist()
    parquet.write_table(table.slice(200), tmp_path / "a.parquet")
    with pytest.raises(InputError, match="Write them as"):
        read(tmp_path / "a.parquet", layout=layout)
