# SPDX-License-Identifier: GPL-2.0-or-later
"""Times in the columns of sources: dates and times of day in two columns, and numbers."""

from __future__ import annotations

from datetime import time

import pytest

pa = pytest.importorskip("pyarrow")
from pyarrow import parquet  # noqa: E402

from raw_qgis_plugin.core.errors import InputError  # noqa: E402
from raw_qgis_plugin.core.sources import text as text_tables  # noqa: E402
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
