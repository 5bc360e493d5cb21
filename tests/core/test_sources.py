# SPDX-License-Identifier: GPL-2.0-or-later
"""Tables and folders as people have them are read; what cannot be is refused in a sentence."""

from __future__ import annotations

import gzip
from datetime import datetime, timezone
from itertools import product

import numpy as np
import pytest

pa = pytest.importorskip("pyarrow")
from pyarrow import parquet  # noqa: E402

from raw_qgis_plugin.core.errors import InputError  # noqa: E402
from raw_qgis_plugin.core.sources import columns  # noqa: E402
from raw_qgis_plugin.core.sources import readers as sources  # noqa: E402
from raw_qgis_plugin.core.sources import text as text_tables  # noqa: E402
from raw_qgis_plugin.core.sources.columns import read_times  # noqa: E402
from raw_qgis_plugin.core.sources.fields import Guess, Layout, guess_fields, user_candidates  # noqa: E402
from raw_qgis_plugin.core.sources.outliers import are_skipped, without_outliers  # noqa: E402
from raw_qgis_plugin.core.sources.readers import find_source, read, read_table  # noqa: E402
from raw_qgis_plugin.core.times import parse_times  # noqa: E402
from raw_qgis_plugin.core.tracks import Skipped  # noqa: E402

TEN = int(datetime(2020, 1, 1, 10, tzinfo=timezone.utc).timestamp() * 1000)


def read_text(tmp_path, text, name="table.csv", encoding="utf8", **options):
    path = tmp_path / name
    path.write_bytes(text.encode(encoding))
    return read(path, **options)


TABLES = {
    "trackintel": "user_id;tracked_at;latitude;longitude;elevation;accuracy\n1;2020-01-01T10:00:00Z;46,5;7,1;;\n",
    "scikit-mobility": "uid,lat,lng,datetime,leaving_datetime\n1,46.5,7.1,2020-01-01 10:00:00,\n",
    "trajectools": "trajectory_id,t,lon,lat\n1,2020-01-01 10:00:00,7.1,46.5\n",
    "movebank": "event-id,visible,timestamp,location-long,location-lat,individual-local-identifier\n"
    "1,true,2020-01-01 10:00:00.000,7.1,46.5,1\n2,false,2020-01-01 10:00:01.000,7.1,46.5,1\n",
    "ais": "MMSI,BaseDateTime,LAT,LON\n1,2020-01-01T10:00:00,46.5,7.1\n",
    "cabs": "cab_id,t,occupied,lon_e6,lat_e6\n1,1577872800000,1,7100000,46500000\n",
    "timeline": "user,timestampMs,latitudeE7,longitudeE7\n1,1577872800000,465000000,71000000\n",
    "owntracks": "tst\tlat\tlon\tacc\ttid\n1577872800\t46.5\t7.1\t9\t1\n",
    "date and time": "user,lat,lon,date,time\n1,46.5,7.1,2020-01-01,10:00:00\n",
    "quoted": '"User ID","Time","Latitude","Longitude"\n"1","2020-01-01 10:00:00","46.5","7.1"\n',
    "blanks": "lat lon time user\n46.5 7.1 1577872800 1\n",
}


@pytest.mark.parametrize("name", TABLES)
@pytest.mark.parametrize("encoding", ["utf8", "utf-8-sig", "utf-16"])
def test_tables_of_other_tools(tmp_path, name, encoding):
    tracks, skipped, guess = read_text(tmp_path, TABLES[name], encoding=encoding)
    assert tracks.t.tolist() == [TEN]
    assert tracks.lon[0] == pytest.approx(7.1) and tracks.lat[0] == pytest.approx(46.5)
    assert tracks.track_ids.tolist() in (["1"], ["all"])
    assert skipped == ({"marked as not visible": 1} if name == "movebank" else {})
    assert "time = " in str(guess)


def test_bad_rows_are_counted_by_reason(tmp_path):
    text = "user,time,lat,lon\na,2020-01-01,1,2\na,NULL,1,2\n,2020-01-02,1,2\na,2020-01-03,x,2\na,2020-01-04\n"
    tracks, skipped, _ = read_text(tmp_path, text)
    assert len(tracks) == 1
    assert skipped == {"no time that can be read": 1, "no user": 1, "no position": 1, "unreadable row": 1}


def test_numbers_with_a_plus_sign_stay_numbers_beside_what_is_none(tmp_path):
    for first, other in (("+2", "-"), ("+2,0", "+2,5"), ("+2e0", "--2")):
        text = f"user;time;lon;lat\na;2020-01-01;{first};+1\na;2020-01-02;{other};x\n"
        tracks, skipped, _ = read_text(tmp_path, text)
        assert tracks.lon.tolist() == [2] and tracks.lat.tolist() == [1] and skipped == {"no position": 1}


def test_text_comes_a_part_at_a_time(tmp_path, monkeypatch):
    rows = [f"u{i % 7},{1577872800 + i},{7 + i / 1e5},46.5" + ",extra" * (i == 900) for i in range(1000)]
    path = tmp_path / "long.csv"
    path.write_text("\n".join(["user,time,lon,lat", *rows]))
    whole, dropped, _ = read(path)
    monkeypatch.setattr(text_tables, "SETTINGS", text_tables.TextSettings(block_bytes=1000))
    skipped = Skipped()
    tables = sources.stream(path, skipped=skipped)[1]
    assert 0 < len(next(tables)) < 100 and not skipped  # nothing behind it was read
    assert sum(map(len, tables)) > 900 and dict(skipped.items()) == {"unreadable row": 1}
    again, dropped_again, _ = read(path)
    assert dict(dropped.items()) == dict(dropped_again.items()) and again.user_ids.tolist() == whole.user_ids.tolist()
    for name in ("track", "t", "lon", "lat"):
        np.testing.assert_array_equal(getattr(again, name), getattr(whole, name))


@pytest.mark.parametrize("ahead", [True, False])
def test_line_breaks_in_quotes_may_be_anywhere(tmp_path, monkeypatch, ahead):
    """Also behind the head, and where blocks of the file end."""
    monkeypatch.setattr(text_tables, "SETTINGS", text_tables.TextSettings(block_bytes=1000))
    note = "one, and\ntwo"
    rows = [f'u,{1577872800 + i},7,46,"{"a" * (i % 37)}{note[9 * (i < 50) :]}"' for i in range(1000)]
    (tmp_path / "a.csv").write_text("\n".join(["user,time,lon,lat,note", *rows]))
    skipped, head = Skipped(), text_tables.read_head(tmp_path / "a.csv")
    parts = text_tables.text_tables(tmp_path / "a.csv", head, ["time"], skipped, sources.no_progress, ahead)
    assert sum(map(len, parts)) == 1000 and not skipped


@pytest.mark.parametrize(
    ("above", "sign"),
    [("sep=;", ";"), ('"sep=|"', "|"), ("\ufeffsep=,", ","), ("# phone 17\n# exported in May", ","), ("sep=\t", "\t")],
)
def test_lines_above_the_header_are_left_out(tmp_path, above, sign):
    """That of Excel, and comments."""
    rows = [["user", "time", "lat", "lon", "note"], ["x", "2020-01-01 10:00", "1", "2", "a,b;c" if sign == "|" else ""]]
    tracks, skipped, _ = read_text(tmp_path, "\n".join([above, *map(sign.join, rows)]))
    assert tracks.t.tolist() == [TEN] and not skipped


def test_a_header_may_begin_like_a_comment(tmp_path):
    """As of Denmark's ships."""
    text = "# Timestamp,MMSI,Latitude,Longitude\n01/13/2020 10:00:00,7,1,2\n"
    tracks, _, guess = read_text(tmp_path, text, layout=Layout(time="# Timestamp"))
    assert guess.user == "MMSI" and len(tracks) == 1


def test_latin_1_and_gzip(tmp_path):
    tracks, _, _ = read_text(tmp_path, "user,time,lat,lon\nStörch,2020-01-01,1,2\n", encoding="latin-1")
    assert tracks.user_ids.tolist() == ["Störch"]
    path = tmp_path / "t.csv.gz"
    path.write_bytes(gzip.compress(TABLES["ais"].encode()))
    assert read(path)[0].t.tolist() == [TEN]


def test_latin_1_behind_a_head_of_ascii(tmp_path):
    """A word of UTF-8 beside it stays what it is."""
    head = [f"a,{TEN + i},1,2,," for i in range(5000)]
    text = "\n".join(["user,t,lat,lon,note,", *head, f"St\u00f6rch,{TEN},1,2,\u00e4,", f",{TEN},1,2,,"])
    data = text.encode("latin-1") + f"\nM\u00fcller,{TEN},1,2,,\n".encode()
    (tmp_path / "t.csv").write_bytes(data)
    tracks, skipped, _ = read(tmp_path / "t.csv")
    assert tracks.user_ids.tolist() == ["Müller", "Störch", "a"] and skipped == {"no user": 1}
    assert read_table(tmp_path / "t.csv")["user"].to_pylist()[-3:] == ["Störch", None, "Müller"]


def test_named_fields_and_time_zone(tmp_path):
    tracks, _, guess = read_text(
        tmp_path, "a,b,lat,lon\nx,2020-01-01 11:00,1,2\n", layout=Layout("A", time="b", timezone="Europe/Berlin")
    )
    assert guess.user == "a" and tracks.user_ids.tolist() == ["x"] and tracks.t.tolist() == [TEN]


@pytest.mark.parametrize(
    ("text", "options", "words"),
    [
        ("", {}, "none"),
        ("1,2020-01-01,3,4\n", {}, "No time and no position column"),
        ("user,time,lat,lon\n", {}, "no usable fix"),
        ("user,time,lat,lon\nx,40/02/2020,1,2\n", {}, "1 fix skipped: no time that can be read"),
        ("user,time,lat,lon\nx,03/02/2020,1,2\n", {}, "Choose the order of dates"),
        ("user,time,lat,lon\nx,2020-01-01,1,2\n", {"layout": Layout("who")}, "no user column 'who'"),
        ("user,time,lat,lon\nx,2020-01-01,1,2\n", {"format": "xml"}, "no format 'xml'"),
        ("user,time,lat,lon\nx,2020-01-01,1,2\n", {"layout": Layout(timezone="Mars")}, "Unknown time zone"),
        ("PAR1 but no more", {}, "cannot be read as Parquet"),
        ("PNG\x02\n\x01\x02;\x03\n", {}, "another kind, such as a picture"),
        (
            "PK\x03\x04plain.csvuser,time,lat,lon\nx,2020-01-01,1,2\n",
            {},
            "is a ZIP archive or a spreadsheet: unpack it",
        ),
    ],
)
def test_what_cannot_be_read_is_refused_in_a_sentence(tmp_path, text, options, words):
    with pytest.raises(InputError, match=words):
        read_text(tmp_path, text, **options)


def test_a_damaged_file_of_a_folder_is_named(tmp_path):
    table = pa.table({"user": ["a"] * 2, "t": [1, 2], "lon": [1.0, 1], "lat": [2.0, 2]})
    parquet.write_table(table, tmp_path / "a.parquet")
    (tmp_path / "b.parquet").write_bytes((tmp_path / "a.parquet").read_bytes()[:-9])
    with pytest.raises(InputError, match=r"b\.parquet cannot be read as Parquet"):
        read(tmp_path)


def test_missing_files_and_layers(tmp_path):
    with pytest.raises(InputError, match="no file or folder"):
        read(tmp_path / "nowhere")
    with pytest.raises(InputError, match="holds no"):
        read(tmp_path)
    with pytest.raises(InputError, match="open it in QGIS"):
        read_text(tmp_path, "<gpx/>", "a.geojson")


def test_a_kind_before_the_path(tmp_path):
    (tmp_path / "a.csv").write_text("x")
    assert find_source(f"csv:{tmp_path / 'a.csv'}") == (tmp_path / "a.csv", "csv")


def test_a_folder_of_csv_files_is_a_user_a_file(tmp_path):
    for name in "ab":
        (tmp_path / f"{name}.csv").write_text("time,lat,lon\n2020-01-01,1,2\n")
    (tmp_path / "labels.csv").write_text("user,label\na,1\n")
    assert read(tmp_path)[0].user_ids.tolist() == ["a", "b"]


def test_files_of_one_name_in_several_folders_are_several_users(tmp_path):
    for name in ("anna", "bob"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "2020-01.csv").write_text("time,lat,lon\n2020-01-01,1,2\n")
    tracks, skipped, _ = read(tmp_path)
    assert tracks.user_ids.tolist() == ["anna/2020-01", "bob/2020-01"] and not skipped


def test_no_file_of_a_folder_is_left_out_for_the_case_of_a_named_column(tmp_path):
    for name in "ab":
        (tmp_path / f"{name}.csv").write_text("Moment,E,N\n2020-01-01,1,2\n")
    options = {"layout": Layout(time="moment", lon="e", lat="n")}
    assert read(tmp_path, **options)[0].user_ids.tolist() == ["a", "b"]
    (tmp_path / "c.csv").write_text("Moment,lon,lat\n2020-01-01,1,2\n")
    with pytest.raises(InputError, match="no lon column 'e'"):
        read(tmp_path, **options)


def test_read_table_gives_a_csv_file_as_text(tmp_path):
    (tmp_path / "q.csv").write_text("track_id,t\n007,2020-01-01\n")
    assert read_table(tmp_path / "q.csv").to_pylist() == [{"track_id": "007", "t": "2020-01-01"}]
    (tmp_path / "q.csv").write_text("track_id,t\n7\n")
    with pytest.raises(InputError, match="2 columns"):
        read_table(tmp_path / "q.csv")


@pytest.mark.parametrize(
    ("names", "guess"),
    [
        (["fid", "track_fid", "track_seg_id", "time"], Guess(track="track_fid", time="time")),
        (["User ID", "Timestamp", "X", "Y"], Guess("User ID", time="Timestamp", lon="X", lat="Y")),
        (["msisdn", "call_datetime", "cell_id"], Guess("msisdn", time="call_datetime")),
        (["tag_local_identifier", "individual_local_identifier"], Guess("individual_local_identifier")),
        (["id", "when", "lon", "lat"], Guess(time="when", lon="lon", lat="lat")),
        (["Datum", "Zeit"], Guess(time="Zeit", date="Datum")),
        (["fecha", "Hora", "longitud", "latitud"], Guess(time="Hora", date="fecha", lon="longitud", lat="latitud")),
        (["date", "time"], Guess(time="time", date="date")),
        (["Fahrzeug", "wann", "Laenge", "Breite"], Guess("Fahrzeug", time="wann", lon="Laenge", lat="Breite")),
        (["usuário", "viagem", "horodatage"], Guess("usuário", "viagem", "horodatage")),
        (["用户", "时间", "经度", "纬度"], Guess("用户", time="时间", lon="经度", lat="纬度")),
        (["t", "laenge"], Guess(time="t")),
        (["fecha"], Guess(time="fecha")),
        (["id", "name"], Guess()),
    ],
)
def test_guesses(names, guess):
    assert guess_fields(names) == guess


def test_real_data(data):
    tracks, skipped, guess = read(data / "gotrack")
    assert (tracks.n_users, tracks.n_tracks, len(tracks) + skipped.total) == (28, 163, 18_107)
    assert str(tracks.t.min().astype("datetime64[ms]"))[:16] == "2014-09-13T10:24"  # 07:24 in Aracaju
    tracks, _, _ = read(data / "geolife_raw_sample")
    assert tracks.user_ids.tolist() == ["058", "170"] and tracks.n_tracks > 20


def test_a_layout_names_what_is_not_guessed(tmp_path):
    text = "who|when|E|N\n1|01/02/2020 10:00|500000|5150000\n1|01/02/2020 10:05|500100|5150000\n"
    columns = {"user": "who", "time": "when", "lon": "E", "lat": "N"}
    layout = Layout(**columns, crs="EPSG:32632", date_order="day", delimiter="|", encoding="latin-1")
    tracks, _, guess = read_text(tmp_path, text, layout=layout)
    assert guess.user == "who" and np.datetime64(int(tracks.t[0]), "ms") == np.datetime64("2020-02-01T10:00")
    np.testing.assert_allclose([tracks.lon[0], tracks.lat[0]], [9.0, 46.5], atol=0.01)
    with pytest.raises(InputError, match="no lon column 'X'"):
        read_text(tmp_path, text, layout=Layout(lon="X", lat="N"))
    with pytest.raises(InputError, match="unknown encoding"):
        read_text(tmp_path, text, layout=Layout(encoding="klingon"))
    with pytest.raises(InputError, match="CRS of the positions"):
        read_text(tmp_path, text, layout=Layout(time="when", lon="E", lat="N", crs="nonsense", date_order="day"))


def test_the_order_of_dates_is_found_in_the_whole_file(tmp_path, monkeypatch):
    monkeypatch.setattr(text_tables, "SETTINGS", text_tables.TextSettings(block_bytes=1000))
    rows = [f"{1 + i // 100:02}/07/2020 {i % 24:02}:00,{7 + i / 1e5},46" for i in range(2000)]
    tracks, _, guess = read_text(tmp_path, "\n".join(["time,lon,lat", *rows]))
    assert guess.date_order == "day" and np.datetime64(int(tracks.t[-1]), "ms") > np.datetime64("2020-07-20")


@pytest.mark.parametrize("kind", ["csv", "parquet", "dictionary"])
def test_the_files_of_a_folder_show_the_order_of_dates_together(tmp_path, kind):
    """Dates of 3 to 5 April decide nothing; in another file, which comes before or after, days go to 15."""

    def write(name, *days):
        times = pa.array(f"{day} 10:00" for day in days)
        if kind == "csv":
            (tmp_path / f"{name}.csv").write_text("\n".join(["time,lon,lat", *(f"{t},7,46" for t in times)]))
            return
        times = times.dictionary_encode() if kind == "dictionary" else times
        places = {"lon": [7.0] * len(days), "lat": [46.0] * len(days)}
        parquet.write_table(pa.table({"time": times, **places}), tmp_path / f"{name}.parquet")

    write("b", "03/04/2020", "04/04/2020", "05/04/2020")
    with pytest.raises(InputError, match=r"column 'time' of b\..* no number in them decides"):
        read(tmp_path)
    for name, other, order in (("a", "14/04/2020", "day"), ("c", "04/14/2020", "month")):
        write(name, other)
        tracks, _, guess = read(tmp_path)
        assert guess.date_order == order and len(tracks) == 4 + (name == "c")
        months = set(tracks.t.astype("datetime64[ms]").astype("datetime64[M]").astype(str).tolist())
        assert months == ({"2020-04"} if order == "day" else {"2020-03", "2020-04", "2020-05"})
        if name == "a":
            write("a", "2020-04-15")
    write("a", "14/04/2020")
    with pytest.raises(InputError, match=r"with the day in a\..* and with the month in c\."):
        read(tmp_path)
    assert len(read(tmp_path, layout=Layout(date_order="day"), drop_spikes=False)[0]) == 4


def test_box_and_dates(tmp_path):
    rows = [f"a,2020-01-0{day} 10:00,{lon},46" for day in (1, 2, 3) for lon in (7, 8, 178, -178)]
    text = "\n".join(["user,time,lon,lat", *rows, "a,soon,7,46", "a,2020-01-02 10:00,x,46"])
    tracks, skipped, _ = read_text(
        tmp_path, text, layout=Layout(box=(6, 45, 7.5, 47), period=(TEN + 1, TEN + 2 * 86_400_000))
    )
    assert len(tracks) == 1 and tracks.t[0] == TEN + 86_400_000
    assert skipped == {"outside the box": 9, "outside the dates": 2, "no time that can be read": 1, "no position": 1}
    point = read_text(tmp_path, text, layout=Layout(box=(8, 46, 8, 46)), drop_spikes=False)[0]
    assert point.lon.tolist() == [8, 8, 8], "the edges are inside"
    across = read_text(tmp_path, text, layout=Layout(box=(170, 45, -170, 47)), drop_spikes=False)[0]
    assert {round(lon) for lon in across.lon} <= {178, -178}


def test_longitudes_up_to_360_are_in_a_box_and_not_skipped(tmp_path):
    text = "time,lon,lat\n2020-01-01,243.5,37\n2020-01-02,-116.5,37\n2020-01-03,243.5,95\n2020-01-04,24,37"
    tracks, skipped, _ = read_text(tmp_path, text, layout=Layout(box=(-120, 30, -110, 100)))
    assert tracks.lon.tolist() == [-116.5, -116.5] and skipped.total == 2 and skipped["outside the box"] == 1
    t, lon = np.append(tracks.t, TEN), np.array([243.5, 243.5, 243.5])
    assert are_skipped(tracks, t, lon, np.full(3, 37.0)).tolist() == [False, False, True]


def test_columns_that_may_name_users():
    columns = {"cab": ["a", "b", "a", "b"], "speed": ["1.5", "2.5", "1.5", "2.5"], "n": [1, 2, 3, 4], "one": [1] * 4,
               "driver": [5, 6, 5, None], "level": [1.5, 2.5, 1.5, 2.5], "empty": [None] * 4}  # fmt: skip
    assert user_candidates(columns) == {"cab": 2}
    assert user_candidates(columns, lines=True) == {"cab": 2, "n": 4, "driver": 2}


def test_jumps_that_ruin_the_extent_are_dropped(tmp_path):
    rows = [f"a,{1_577_872_800 + 60 * i},{7 + i / 1e4},46" for i in range(50)]
    for at, place in ((0, "120,40"), (20, "0,0"), (21, "0,0"), (22, "0,0"), (49, "7,-46")):
        rows[at] = f"a,{1_577_872_800 + 60 * at},{place}"
    tracks, skipped, _ = read_text(tmp_path, "\n".join(["user,time,lon,lat", *rows]))
    clean = without_outliers(tracks, skipped)
    assert len(clean) + skipped.total == 50 and np.ptp(clean.lon) < 0.01 and np.ptp(clean.lat) < 0.01
    plane = [f"a,{1_577_872_800 + 60 * i},{7 + i / 4},46" for i in range(50)]  # 320 m/s all along
    tracks, skipped, _ = read_text(tmp_path, "\n".join(["user,time,lon,lat", *plane]))
    assert len(without_outliers(tracks, skipped)) == 50 and not skipped


MOMENTS = [
    "2020-03-29 02:30:00", "2020-03-29T10:00", "2020-03-29 10:00:00.25", "2020-03-29T10:00:00Z", "0900-03-29 10:00:00",
    "2020-03-29T10:00:00.125-03:30", "2020-03-29T10:00:00+0100", "2020-03-29T10:00:00+01", "2020-03-29T10Z",
    "2020-03-29T10+01:00", "2020-03-29 10", "2020-03-29", "2020-02-30 10:00:00", "2020-03-29 24:00:00", "soon", None,
]  # fmt: skip


def test_what_arrow_reads_quickly_is_what_it_was():
    """Columns of one layout, which Arrow reads, and of two have the same times as text that NumPy reads."""
    for pair in product(MOMENTS, MOMENTS):
        table = pa.table({"t": pa.array([*pair, None], pa.string())})
        plain = parse_times(np.array([*((text or "").encode() for text in pair), b""], "S40"), "Europe/Berlin")
        np.testing.assert_array_equal(read_times(table, Guess(time="t", timezone="Europe/Berlin")), plain, str(pair))
    assert columns._iso_times(pa.chunked_array([["2020-03-29 02:30:00", None]]), None) is not None
    assert columns._iso_times(pa.chunked_array([["2020-03-29T10:00:00Z"]]), "UTC") is not None
