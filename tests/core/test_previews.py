# SPDX-License-Identifier: GPL-2.0-or-later
"""Previews of tables: the first rows as they are written and as they would be read."""

from __future__ import annotations

import gzip
from dataclasses import replace
from datetime import datetime, timezone

import numpy as np
import pytest

pa = pytest.importorskip("pyarrow")
from pyarrow import parquet  # noqa: E402

from raw_qgis_plugin.core.errors import InputError  # noqa: E402
from raw_qgis_plugin.core.sources.fields import Layout  # noqa: E402
from raw_qgis_plugin.core.sources.preview import preview  # noqa: E402
from raw_qgis_plugin.core.times import find_zone  # noqa: E402

TEN = int(datetime(2020, 1, 1, 10, tzinfo=timezone.utc).timestamp() * 1000)


def points(**columns):
    base = {"t": pa.array([TEN, TEN + 60_000], pa.timestamp("ms", tz="UTC")), "lon": [1.0, 2.0], "lat": [3.0, 4.0]}
    return pa.table({**base, **columns})


def test_a_preview_of_a_file_sorted_by_user_finds_who_may_be_the_user(tmp_path):
    rows = [f"{n // 3000},{n % 3000 // 100},2014-07-01T08:00:{n % 60:02}Z,-37.0,-10.9" for n in range(9000)]
    (tmp_path / "a.csv").write_text("\n".join(["cab,day,time,lon,lat", *rows]))
    found = preview(tmp_path / "a.csv")
    assert found.raw.num_rows == 1000 and found.candidates == {"cab": 3, "day": 30}


def test_a_preview_shows_first_rows_as_written_and_as_read(tmp_path):
    path = tmp_path / "cabs.csv"
    rows = [f"{7 + i % 2};0{1 + i // 60}/07/2014 08:{i % 60:02};-10,9;-37,{i:03};5,{i}" for i in range(200)]
    path.write_text("\n".join(["Nummer;Moment;Nord;\u00d6st;v", *rows, "8;bald;1;x;1"]), "latin-1")
    nothing = preview(path)
    assert nothing.fixes is None and "No time and no position column" in nothing.problem
    assert (nothing.delimiter, nothing.encoding, len(nothing.raw)) == (";", "latin-1", 201)
    assert nothing.total == pytest.approx(202, abs=5)
    layout = Layout(time="Moment", lon="\u00d6st", lat="Nord")
    unknown = preview(path, layout=layout)
    assert unknown.guess.date_order == "unknown" and unknown.candidates == {"Nummer": 2}
    found = preview(path, layout=replace(layout, user="Nummer", date_order="day"), rows=201)
    assert found.fixes["user"].to_pylist()[:2] == ["7", "8"] and found.fixes["lon"].to_pylist()[1] == -37.001
    assert str(np.datetime64(found.fixes["t"].to_pylist()[60], "ms")).startswith("2014-07-02T08:00")
    assert found.skipped == {"no time that can be read": 1} and found.raw["Nummer"].to_pylist()[0] == "7"


@pytest.mark.parametrize(
    ("ends", "zone"),
    [
        (["+03:00"], "UTC+03:00"), (["-0330", ""], ""), (["-0330"], "UTC-03:30"), ([".25 +03"], "UTC+03:00"),
        (["+02:00", "+03:00"], ""), (["Z"], ""), (["+00:00"], ""), ([""], ""),
    ],
)  # fmt: skip
def test_the_offset_that_all_times_carry_is_their_zone(tmp_path, ends, zone):
    path = tmp_path / "a.csv"
    rows = [f"a,2024-06-01T10:{i:02}:00{ends[i % len(ends)]},60.{i},25" for i in range(20)]
    path.write_text("\n".join(["user,time,lat,lon", *rows, "a,,60,25"]))
    assert preview(path).zone == zone
    assert not zone or str(find_zone(zone)) == zone


def test_a_preview_of_parquet(tmp_path):
    parquet.write_table(points(user=["a", "b"]), tmp_path / "c.parquet")
    found = preview(tmp_path / "c.parquet")
    assert found.kind == "parquet" and not found.problem and found.fixes["t"].to_pylist()[0] == TEN
    with pytest.raises(InputError, match="cannot be read"):
        (tmp_path / "d.parquet").write_bytes(b"PAR1 and no more")
        preview(tmp_path / "d.parquet")


def test_a_preview_of_a_folder_of_parquet_shows_the_first_file_with_fixes(tmp_path):
    parquet.write_table(pa.table({"user_id": ["a"], "label": [1]}), tmp_path / "a labels.parquet")
    (tmp_path / "user_id=7").mkdir()
    parquet.write_table(points(), tmp_path / "user_id=7" / "b.parquet")
    found = preview(tmp_path)
    assert not found.problem and found.total == 2 and found.fixes["user"].to_pylist() == [7, 7]
    (tmp_path / "c.parquet").write_bytes(b"PAR1 and no more")
    with pytest.raises(InputError, match=r"c\.parquet cannot be read as Parquet"):
        (tmp_path / "user_id=7" / "b.parquet").unlink()
        preview(tmp_path)


def test_a_preview_estimates_the_rows_of_a_packed_file(tmp_path):
    rows = np.random.default_rng(0).normal(7, 0.1, 50_000)
    text = "\n".join(["t,lon,lat", *(f"{TEN + 1000 * i},{lon:.5f},46.5" for i, lon in enumerate(rows))]).encode()
    (tmp_path / "a.csv").write_bytes(text)
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress(text))
    for name in ("a.csv", "a.csv.gz"):
        assert preview(tmp_path / name).total == pytest.approx(50_000, rel=0.1)
