# SPDX-License-Identifier: GPL-2.0-or-later
"""Tables and folders as people have them are read; what cannot be is refused in a sentence."""

from __future__ import annotations

import gzip
import json
from dataclasses import replace
from datetime import date, datetime, time, timezone

import numpy as np
import pytest

pa = pytest.importorskip("pyarrow")
from pyarrow import parquet  # noqa: E402

from raw_qgis_plugin.core.cleaning import without_outliers  # noqa: E402
from raw_qgis_plugin.core.errors import InputError  # noqa: E402
from raw_qgis_plugin.core.sources import files, text  # noqa: E402
from raw_qgis_plugin.core.sources.files import read_table  # noqa: E402
from raw_qgis_plugin.core.sources.preview import preview  # noqa: E402
from raw_qgis_plugin.core.sources.readers import read, stream  # noqa: E402
from raw_qgis_plugin.core.sources.schema import Schema, find_columns  # noqa: E402

TEN = int(datetime(2020, 1, 1, 10, tzinfo=timezone.utc).timestamp() * 1000)
HOUR = 3_600_000


def read_text(tmp_path, words, name="table.csv", encoding="utf8", **options):
    path = tmp_path / name
    path.write_bytes(words.encode(encoding))
    return read(path, **options)


def read_columns(tmp_path, **columns):
    parquet.write_table(pa.table(columns), tmp_path / "a.parquet")
    return read(tmp_path / "a.parquet")


TABLES = {
    "trackintel": "user_id;tracked_at;latitude;longitude;elevation;accuracy\n1;2020-01-01T10:00:00Z;46,5;7,1;;\n",
    "scikit-mobility": "uid,lat,lng,datetime,leaving_datetime\n1,46.5,7.1,2020-01-01 10:00:00,\n",
    "trajectools": "trajectory_id,t,lon,lat\n1,2020-01-01 10:00:00,7.1,46.5\n",
    "ais": "MMSI,BaseDateTime,LAT,LON\n1,2020-01-01T10:00:00,46.5,7.1\n",
    "cabs": "cab_id,t,occupied,lon_e6,lat_e6\n1,1577872800000,1,7100000,46500000\n",
    "timeline": "user,timestampMs,latitudeE7,longitudeE7\n1,1577872800000,465000000,71000000\n",
    "owntracks": "tst\tlat\tlon\tacc\ttid\n1577872800\t46.5\t7.1\t9\t1\n",
    "date and time": "user,lat,lon,date,time\n1,46.5,7.1,2020-01-01,10:00:00\n",
    "quoted": '"User ID","Time","Latitude","Longitude"\n"1","2020-01-01 10:00:00","46.5","7.1"\n',
    "bus feed": "RecordedAtTime,VehicleRef,JourneyRef,Longitude,Latitude\n2020-01-01T10:00:00+00:00,1,1,7.1,46.5\n",
    "survey": "respondent;tijdstip;lat;lon\n1;2020-01-01 10:00:00;46,5;7,1\n",
    "blanks": "lat lon time user\n46.5 7.1 1577872800 1\n",
    "excel": "sep=;\nuser;time;lat;lon\n1;2020-01-01 10:00;46,5;7,1\n",
    "comments": "# phone 17\n# exported in May\nuser,time,lat,lon\n1,2020-01-01 10:00,46.5,7.1\n",
}


@pytest.mark.parametrize("name", TABLES)
@pytest.mark.parametrize("encoding", ["utf8", "utf-8-sig", "utf-16"])
def test_tables_of_other_tools(tmp_path, name, encoding):
    tracks, skipped, schema = read_text(tmp_path, TABLES[name], encoding=encoding)
    assert tracks.t.tolist() == [TEN] and (tracks.lon[0], tracks.lat[0]) == pytest.approx(
        (7.1, 46.5)
    )
    assert tracks.track_ids.tolist() in (["1"], ["all"])
    assert not skipped
    assert "time = " in str(schema) and "(guessed)" in str(schema)
    accuracy = {"owntracks": [9.0], "trackintel": [None]}.get(name)
    assert (tracks.accuracy is None) == (accuracy is None)
    assert accuracy is None or [None if np.isnan(a) else a for a in tracks.accuracy] == accuracy


def test_a_table_without_a_header_loses_no_row(tmp_path):
    """Its columns have to be chosen."""
    rows = [f"7,16.3,2020-01-01 10:00:{i:02},39.{900 + i},5" for i in range(20)]
    for name in ("a.csv", "b.csv"):
        (tmp_path / name).write_text("\n".join(rows))
    (tmp_path / "notes.txt").write_text("some notes\n")
    with pytest.raises(
        InputError, match=r"No column of time or position .* columns are: column 1, column 2, col"
    ):
        read(tmp_path)
    tracks, skipped, _ = read(
        tmp_path, schema=Schema(time="column 3", lon="column 2", lat="column 4")
    )
    assert len(tracks) == 40 and tracks.user_ids.tolist() == ["a", "b"] and tracks.lat[0] == 39.9
    assert skipped.files == ["notes.txt"] and "notes.txt" in str(skipped)


def test_bad_rows_are_counted_by_reason(tmp_path):
    words = "user;time;lat;lon\na;2020-01-01;+1,0;2\na;NULL;1;2\n;2020-01-02;1;2\na;2020-01-03;x;2\na;2020-01-04\n"
    tracks, skipped, _ = read_text(tmp_path, words)
    assert len(tracks) == 1 and tracks.lat[0] == 1
    assert skipped == {
        "no time that can be read": 1,
        "no user": 1,
        "no position": 1,
        "unreadable row": 1,
    }


@pytest.mark.parametrize("ending", [".csv", ".parquet"])
def test_a_source_comes_a_part_at_a_time(tmp_path, monkeypatch, ending):
    note = 'one, and\ntwo"'
    rows = [
        f'u{i % 7},{1577872800 + i},{7 + i / 1e5},46.5,"{"a" * (i % 37)}{note if i > 50 else note[-1]}'
        for i in range(1000)
    ]
    path = tmp_path / "long.csv"
    path.write_text("\n".join(["user,time,lon,lat,note", *rows]))
    if ending == ".parquet":
        parquet.write_table(read_table(path), tmp_path / "long.parquet")
    whole, _, _ = read(path.with_suffix(ending))
    monkeypatch.setattr(text, "BLOCK_BYTES", 2000)
    monkeypatch.setattr(files, "PARQUET_ROWS", 50)
    tables = stream(path.with_suffix(ending))[1]
    assert 0 < len(next(tables)) < 100 and sum(map(len, tables)) > 900
    again, skipped, _ = read(path.with_suffix(ending))
    assert not skipped and len(whole) == 1000
    for name in ("track", "t", "lon", "lat"):
        np.testing.assert_array_equal(getattr(again, name), getattr(whole, name))


def test_latin_1_and_gzip(tmp_path):
    data = f"user,t,lat,lon\nSt\u00f6rch,{TEN},1,2\n".encode("latin-1")
    (tmp_path / "t.csv.gz").write_bytes(gzip.compress(data))
    assert read(tmp_path / "t.csv.gz")[0].user_ids.tolist() == ["Störch"]


@pytest.mark.parametrize(
    ("words", "options", "message"),
    [
        ("", {}, "holds no position"),
        ("1,2020-01-01\n", {}, "No column of time or position"),
        ("user,time,lat,lon\n", {}, "no usable fix"),
        ("user,time,lat,lon\nx,40/02/2020,1,2\n", {}, "1 fix skipped: no time that can be read"),
        ("user,time,lat,lon\nx,03/02/2020,1,2\n", {}, "Choose the order of dates"),
        (
            "user,time,lat,lon\nx,2020-01-01,1,2\n",
            {"schema": Schema("who")},
            "no user column 'who'",
        ),
        ("user,time,lat,lon\nx,2020-01-01,1,2\n", {"format": "xml"}, "no format 'xml'"),
        (
            "user,time,lat,lon\nx,2020-01-01,1,2\n",
            {"schema": Schema(zone="Mars")},
            "Unknown time zone",
        ),
        (
            "user,time,lat,lon\nx,2020-01-01,1,2\n",
            {"schema": Schema(encoding="klingon")},
            "unknown encoding",
        ),
        (
            "user,time,x,y\nx,2020-01-01,1,2\n",
            {"schema": Schema(crs="nonsense")},
            "CRS of the positions",
        ),
        (f"user,time,lat,lon\n{'x' * 1001},2020-01-01,1,2\n", {}, "An id has 1,001 letters"),
        (
            "PK\x03\x04plain.csvuser,time,lat,lon\n",
            {},
            "is a ZIP archive or a spreadsheet: unpack it",
        ),
        ("a" * 200_000, {}, "cannot be read as a table of text: field larger"),
    ],
)
def test_what_cannot_be_read_is_refused_in_a_sentence(tmp_path, words, options, message):
    with pytest.raises(InputError, match=message):
        read_text(tmp_path, words, **options)


@pytest.mark.parametrize("ids", [[["a"]], [{"a": 1}], [b"\xff"]])
def test_what_no_id_can_be_is_refused_in_a_sentence(tmp_path, ids):
    parquet.write_table(
        pa.table({"user": ids, "t": [1], "lon": [1.0], "lat": [2.0]}), tmp_path / "a.parquet"
    )
    with pytest.raises(InputError, match="The user column holds .*, not ids"):
        read(tmp_path / "a.parquet")


def test_sources_that_are_not_there(tmp_path):
    with pytest.raises(InputError, match="no file or folder"):
        read(tmp_path / "nowhere")
    with pytest.raises(InputError, match="holds no"):
        read(tmp_path)
    for name in ("a", "b"):
        parquet.write_table(
            pa.table({"user": ["a"], "t": [1], "lon": [1.0], "lat": [2.0]}),
            tmp_path / f"{name}.parquet",
        )
    (tmp_path / "b.parquet").write_bytes((tmp_path / "a.parquet").read_bytes()[:-9])
    with pytest.raises(InputError, match=r"b\.parquet cannot be read as Parquet"):
        read(tmp_path)
    assert len(read(f"parquet:{tmp_path / 'a.parquet'}")[0]) == 1


def test_files_of_a_folder_are_users(tmp_path):
    for name in ("anna/2020-01", "bob/2020-01"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / f"{name}.csv").write_text("Moment,E,N\n2020-01-01,1,2\n")
    (tmp_path / "labels.csv").write_text("user,label\na,1\n")
    schema = Schema(time="moment", lon="e", lat="n")
    (tmp_path / "track.gpx").write_text("")  # most files are tables
    tracks, skipped, _ = read(tmp_path, schema=schema)
    assert tracks.user_ids.tolist() == ["anna/2020-01", "bob/2020-01"] and skipped.files == [
        "track.gpx",
        "labels.csv",
    ]
    assert read(tmp_path, schema=replace(schema, user="none"))[0].n_users == 1
    (tmp_path / "c.csv").write_text("Moment,lon,lat\n2020-01-01,1,2\n")
    with pytest.raises(InputError, match="no lon column 'e'"):
        read(tmp_path, schema=schema)


def test_read_table_gives_a_csv_file_as_text(tmp_path):
    (tmp_path / "q.csv").write_text("track_id,t\n007,2020-01-01\n")
    assert read_table(tmp_path / "q.csv").to_pylist() == [{"track_id": "007", "t": "2020-01-01"}]
    (tmp_path / "q.csv").write_text("region,2020,2021\na,1,2\n")
    assert read_table(tmp_path / "q.csv").column_names == ["region", "2020", "2021"]
    (tmp_path / "q.csv").write_text("track_id,t\n7\n")
    with pytest.raises(InputError, match="2 columns"):
        read_table(tmp_path / "q.csv")


@pytest.mark.parametrize(
    ("names", "found"),
    [
        (["fid", "track_fid", "track_seg_id", "time"], Schema(track="track_fid", time="time")),
        (["User ID", "Timestamp", "X", "Y"], Schema("User ID", time="Timestamp", lon="X", lat="Y")),
        (
            ["msisdn", "call_datetime", "loc_error"],
            Schema("msisdn", time="call_datetime", accuracy="loc_error"),
        ),
        # 'device' may be a kind
        (["device", "device_id", "trip_no", "trip"], Schema("device_id", "trip_no")),
        (
            ["tag_local_identifier", "individual_local_identifier"],
            Schema("individual_local_identifier"),
        ),
        (["uuid", "when", "X", "Y", "geometry"], Schema("uuid", time="when", geometry="geometry")),
        (["id_personne", "fecha", "Hora", "X"], Schema("id_personne", time="Hora", date="fecha")),
        (["Gerät-Nr.", "Datum/Uhrzeit", "Breite (°)"], Schema("Gerät-Nr.", time="Datum/Uhrzeit")),
        (["用户", "时间", "经度", "纬度"], Schema("用户", time="时间", lon="经度", lat="纬度")),
        # which of them has to be chosen
        (["start", "end", "lon", "lat"], Schema(lon="lon", lat="lat")),
        (["id", "name"], Schema()),
    ],
)
def test_guesses(names, found):
    assert replace(find_columns(names), guessed=frozenset()) == found


def test_real_data(data):
    tracks, skipped, _ = read(data / "gotrack")
    assert (tracks.n_users, tracks.n_tracks, len(tracks) + skipped.total) == (28, 163, 18_107)
    # 07:24 in Aracaju
    assert str(tracks.t.min().astype("datetime64[ms]"))[:16] == "2014-09-13T10:24"


def test_gotrack_without_a_column_is_said(tmp_path):
    for name, words in (("trackspoints", "id,latitude\n1,2\n"), ("tracks", "id,id_android\n1,0\n")):
        (tmp_path / f"go_track_{name}.csv").write_text(words)
    with pytest.raises(InputError, match="cannot be read as a table: .*track_id"):
        read(tmp_path)


def test_a_schema_names_what_is_not_guessed(tmp_path):
    words = "who|when|E|N\n1|01/02/2020 10:00|500000|5150000\n1|01/02/2020 10:05|500100|5150000\n"
    columns = {"user": "WHO", "time": "when", "lon": "E", "lat": "N", "zone": "Europe/Berlin"}
    schema = Schema(**columns, crs="EPSG:32632", date_order="day", encoding="latin-1")
    tracks, _, found = read_text(tmp_path, words, schema=schema)
    assert found.user == "who" and np.datetime64(int(tracks.t[0]), "ms") == np.datetime64(
        "2020-02-01T09:00"
    )
    np.testing.assert_allclose([tracks.lon[0], tracks.lat[0]], [9.0, 46.5], atol=0.01)


def test_the_order_of_dates_is_found_in_the_whole_file(tmp_path, monkeypatch):
    monkeypatch.setattr(text, "BLOCK_BYTES", 1000)
    rows = [
        f"{1 + i // 60:02}.04.2020;{10 + i // 30 % 2}:{i % 30:02};7,0{i % 60:02};46"
        for i in range(1800)
    ]
    tracks, skipped, schema = read_text(
        tmp_path, "\n".join(["Datum;Uhrzeit;lon;lat", *rows]), drop_spikes=False
    )
    assert schema.date_order == "day" and len(tracks) == 1800 and not skipped
    assert set(tracks.t.astype("datetime64[ms]").astype("datetime64[M]").astype(str)) == {"2020-04"}
    times = pa.array(["04/14/2020 10:00", "04/03/2020 10:00"]).dictionary_encode()
    assert read_columns(tmp_path, t=times, lon=[7, 7], lat=[46, 46])[2].date_order == "month"
    with pytest.raises(InputError, match=r"column 't' of a\.parquet .* no number in them decides"):
        read_columns(tmp_path, t=["03/04/2020 10:00"], lon=[7], lat=[46])


@pytest.mark.parametrize("days", [["2020-01-01"], ["20200101"], [20200101], [date(2020, 1, 1)]])
@pytest.mark.parametrize(
    "clocks", [["10:00", "00:00:05", "23:59:59"], [time(10), time(0, 0, 5), time(23, 59, 59)]]
)
def test_a_date_and_a_time_of_day_are_one_time(tmp_path, days, clocks):
    """A time of day in digits could be hours and minutes, or minutes and seconds: it cannot be
    read.
    """
    table = {
        "date": days * 4,
        "time": pa.array([*clocks, None]),
        "lon": [7.0] * 4,
        "lat": [46.0] * 4,
    }
    tracks, skipped, _ = read_columns(tmp_path, **table)
    assert tracks.t.tolist() == [TEN - 10 * HOUR + 5000, TEN, TEN + 14 * HOUR - 1000]
    assert skipped == {"no time that can be read": 1}
    with pytest.raises(InputError, match="make one field of both"):
        read_columns(tmp_path, date=days * 2, time=["100500", "5"], lon=[7, 7], lat=[46, 46])
    for whole in ([TEN], [TEN // 1000], ["20200101100000"]):
        assert (
            read_columns(tmp_path, date=["2019-01-01"], time=whole, lon=[7], lat=[46])[0].t[0]
            == TEN
        )


TIMES = [
    pa.array([TEN, TEN + 60_000], pa.timestamp("ms", tz="Asia/Tokyo")),
    pa.array([TEN * 1000, TEN * 1000 + 60_000_000], pa.timestamp("us")),
    pa.array([TEN * 1000, TEN * 1000 + 60_000_000]),
    pa.array([TEN / 1000, TEN / 1000 + 60]),
    pa.array(["2020-01-01T10:00:00Z", "2020-01-01T10:01:00Z"]).dictionary_encode(),
]  # fmt: skip


@pytest.mark.parametrize("times", TIMES)
def test_parquet_times_of_every_type(tmp_path, times):
    tracks, _, _ = read_columns(
        tmp_path, t=times, x=[1, 1], y=[2, 2], geom=["POINT (1 2)", None], user_id=[5, 5]
    )
    assert tracks.t.tolist() == [TEN, TEN + 60_000] and tracks.user_ids.tolist() == ["5"]


@pytest.mark.parametrize(
    ("epsg", "x", "y"), [(3857, 1113194.908, 5621521.486), (4326, 10.0, 45.0), (None, 10.0, 45.0)]
)
@pytest.mark.parametrize("odd", [False, True])
def test_points_of_geoparquet_are_in_its_crs(tmp_path, epsg, x, y, odd):
    shapely, pyproj = pytest.importorskip("shapely"), pytest.importorskip("pyproj")
    none = [shapely.LineString([(0, 0), (1, 1)]), shapely.from_wkt("MULTIPOINT (EMPTY)")]
    shapes = [shapely.Point(x, y), None, *(none if odd else [shapely.Point(x, y)] * 2)]
    t = [TEN, TEN + 1, TEN + 60_000, TEN + 120_000]
    table = pa.table({"t": t, "geometry": pa.array(shapely.to_wkb(shapes), pa.binary())})
    column = {"crs": pyproj.CRS.from_epsg(epsg).to_json_dict()} if epsg else {}
    geo = {"version": "1.1.0", "primary_column": "geometry", "columns": {"geometry": column}}
    parquet.write_table(
        table.replace_schema_metadata({"geo": json.dumps(geo)}), tmp_path / "a.parquet"
    )
    tracks, skipped, _ = read(tmp_path / "a.parquet")
    assert tracks.lon == pytest.approx(10) and tracks.lat == pytest.approx(45)
    assert skipped == {"no position": 1 + 2 * odd}
    parquet.write_table(table.replace_schema_metadata(None), tmp_path / "a.parquet")
    chosen = read(tmp_path / "a.parquet", schema=Schema(crs=f"EPSG:{epsg or 4326}"))[0]
    assert chosen.lon == pytest.approx(10)


def test_vague_positions_of_a_phone_are_skipped(tmp_path):
    """But not those of somebody whose fixes are all by cells of kilometres."""
    metres = {"phone": [10, 30, -1, 900, 1100], "cells": [1500, 2000, 3000, 1500, 4000]}
    rows = [
        f"{user},{TEN + 60_000 * i},7,46,{a}"
        for user, values in metres.items()
        for i, a in enumerate(values)
    ]
    tracks, skipped, _ = read_text(tmp_path, "\n".join(["user,t,lon,lat,accuracy_m", *rows]))
    assert skipped == {"position known to over a kilometre only": 1} and len(tracks) == 9
    assert (
        tracks.accuracy.dtype == np.float32
        and np.isnan(tracks.accuracy[7])
        and tracks.accuracy[5] == 10
    )
    assert len(tracks.by_day().accuracy) == len(tracks.by_user().accuracy) == 9


def test_jumps_that_ruin_the_extent_are_dropped(tmp_path):
    rows = [f"a,{TEN + 60_000 * i},{7 + i / 1e4},46" for i in range(50)]
    for at, place in ((0, "120,40"), (20, "0,0"), (21, "0,0"), (22, "0,0"), (49, "7,-46")):
        rows[at] = f"a,{TEN + 60_000 * at},{place}"
    tracks, skipped, _ = read_text(tmp_path, "\n".join(["user,time,lon,lat", *rows]))
    clean = without_outliers(tracks, skipped)
    assert (
        len(clean) + skipped.total == 50 and np.ptp(clean.lon) < 0.01 and np.ptp(clean.lat) < 0.01
    )
    plane = [f"a,{TEN + 60_000 * i},{7 + i / 4},46" for i in range(50)]  # 320 m/s all along
    tracks, skipped, _ = read_text(tmp_path, "\n".join(["user,time,lon,lat", *plane]))
    assert len(without_outliers(tracks, skipped)) == 50 and not skipped


# ---- previews
# ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "time", "zone", "no_zone"),
    [("time", "2020-01-01 10:00", "UTC", True), ("time", "2020-01-01 10:00", "Asia/Tokyo", False),
     ("time", "2020-01-01T10:00Z", "UTC", False), ("time", "1577872800", "UTC", False),
     ("time_utc", "2020-01-01 10:00", "UTC", False)],
)  # fmt: skip
def test_a_preview_knows_times_that_may_be_local(tmp_path, name, time, zone, no_zone):
    (tmp_path / "a.csv").write_text(f"user,{name},lat,lon\n1,{time},46.5,7.1\n1,,46.5,7.1\n")
    assert preview(tmp_path / "a.csv", schema=Schema(zone=zone)).no_zone is no_zone


def test_a_preview_shows_first_rows_as_written_and_as_read(tmp_path):
    path = tmp_path / "cabs.csv"
    rows = [
        f"{7 + i % 2};0{1 + i // 60}/07/2014 08:{i % 60:02};-10,9;-37,{i:03};5,{i}"
        for i in range(200)
    ]
    path.write_text("\n".join(["Nummer;Moment;Nord;\u00d6st;v", *rows, "8;bald;1;x;1"]), "latin-1")
    nothing = preview(path)
    assert nothing.fixes is None and "No column of time or position" in nothing.problem
    assert len(nothing.raw) == 201
    schema = Schema(time="Moment", lon="\u00d6st", lat="Nord")
    unknown = preview(path, schema=schema)
    assert unknown.schema.date_order == "unknown"
    found = preview(path, schema=replace(schema, user="Nummer", date_order="day"))
    assert (
        found.fixes["user"].to_pylist()[:2] == ["7", "8"]
        and found.fixes["lon"].to_pylist()[1] == -37.001
    )
    assert str(np.datetime64(found.fixes["t"].to_pylist()[60], "ms")).startswith("2014-07-02T08:00")
    assert (
        found.skipped == {"no time that can be read": 1}
        and found.raw["Nummer"].to_pylist()[0] == "7"
    )


def test_a_preview_of_a_folder_shows_the_first_file_with_fixes(tmp_path):
    parquet.write_table(pa.table({"user_id": ["a"], "label": [1]}), tmp_path / "a labels.parquet")
    table = pa.table(
        {
            "t": pa.array([TEN], pa.timestamp("ms")),
            "lon": [1.0],
            "lat": [3.0],
            "user": [491701234567.0],
        }
    )
    parquet.write_table(table, tmp_path / "b.parquet")
    found = preview(tmp_path)
    assert not found.problem and found.fixes["user"].to_pylist() == ["491701234567"]
    (tmp_path / "c.parquet").write_bytes(b"PAR1 and no more")
    assert not preview(tmp_path).problem
    (tmp_path / "b.parquet").unlink()
    with pytest.raises(InputError, match=r"c\.parquet cannot be read as Parquet"):
        preview(tmp_path)


TRIPS = "ride id,started_at,ended_at,start_lat,start_lng,end_lat,end_lng\n"
TRIPS += "a,2024-07-01 08:00,2024-07-01 08:10,46,7,46.1,7.2\nb,2024-07-01 08:05,,46,7,,\n"
STAYS = "user,t_start,t_end,lon,lat\na,2024-07-01 08:00,2024-07-01 08:10,7,46\n"


@pytest.mark.parametrize(("words", "lon"), [(TRIPS, [7, 7.2, 7]), (STAYS, [7, 7])])
def test_a_row_with_a_start_and_an_end_is_two_fixes(tmp_path, words, lon):
    """Of trips in two places, of stays in one. Whoever chooses another time has a fix a row."""
    tracks, skipped, schema = read_text(tmp_path, words)
    rows = words.count("\n") - 1
    assert (
        tracks.lon.tolist() == lon
        and tracks.t[1] - tracks.t[0] == 600_000
        and tracks.n_tracks == rows
    )
    assert (
        skipped.total == 2 * rows - len(lon)
        and len(preview(tmp_path / "table.csv").fixes) == 2 * rows
    )
    chosen, _, other = read_text(tmp_path, words, schema=Schema(time=schema.end_time))
    assert other.end_time is None and chosen.t.tolist() == [tracks.t[1]]
