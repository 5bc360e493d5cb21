# SPDX-License-Identifier: GPL-2.0-or-later
"""Rows in are rows out and rows told by reason; what cannot be true is asked about."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pa = pytest.importorskip("pyarrow")
from pyarrow import parquet  # noqa: E402

from raw_qgis_plugin.core.errors import InputError  # noqa: E402
from raw_qgis_plugin.core.skipped import (  # noqa: E402
    OTHER_LAYER,
    QUOTED,
    RAW_SIGNAL,
    UNREADABLE,
    WAYPOINT,
    Rows,
)
from raw_qgis_plugin.core.sources.preview import preview  # noqa: E402
from raw_qgis_plugin.core.sources.readers import read  # noqa: E402
from raw_qgis_plugin.core.sources.schema import Schema, find_columns  # noqa: E402

N = 100
TEN = int(datetime(2020, 1, 1, 10, tzinfo=timezone.utc).timestamp())


def moment(i: int) -> str:
    return datetime.fromtimestamp(TEN + 60 * i, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def item(i: int) -> dict[str, Any]:
    return {"user": f"u{i % 3}", "t": moment(i), "lon": 7 + i / 1e4, "lat": 46 + i / 1e4}


ITEMS = [item(i) for i in range(N)]
LINES = [json.dumps(each) for each in ITEMS]
LIST = json.dumps(ITEMS)
SEGMENT = {"startTime": moment(0), "timelinePath": [{"point": "46°, 7°", "time": moment(0)}]}
CSV = ["user,t,lon,lat,note", *(",".join(map(str, [*each.values(), "ok"])) for each in ITEMS)]
KML = '<kml xmlns="http://www.opengis.net/kml/2.2"><Document>{}</Document></kml>'
PLACE = "<Placemark><TimeStamp><when>{}</when></TimeStamp><Point><coordinates>7,46</coordinates></Point></Placemark>"


def quoted(opened: int, closed: int | None) -> str:
    lines = list(CSV)
    lines[opened] = lines[opened].replace(",ok", ',"bus')
    if closed:
        lines[closed] = lines[closed].replace(",ok", ',home"')
    return "\n".join(lines)


def folders(names: str) -> str:
    return "".join(
        f"<Folder><name>{name}</name>{''.join(PLACE.format(moment(i)) for i in range(50))}</Folder>"
        for name in names
    )


def gpx(waypoints: int) -> str:
    ways = "".join(
        f'<wpt lat="46" lon="7"><time>{moment(i)}</time></wpt>' for i in range(waypoints)
    )
    points = "".join(
        f'<trkpt lat="46" lon="{7 + i / 1e4}"><time>{moment(i)}</time></trkpt>' for i in range(50)
    )
    space = 'version="1.1" creator="x" xmlns="http://www.topografix.com/GPX/1/1"'
    return f"<gpx {space}>{ways}<trk><trkseg>{points}</trkseg></trk></gpx>"


# File, its text, the rows that it holds, and the reason that is told beside others
FILES: dict[str, tuple[str, str, int, str]] = {
    "a list that is cut": (".json", LIST[: len(LIST) - 20], N, UNREADABLE),
    "a list without its end": (".json", LIST[:-1], N, ""),
    "two lists": (".json", LIST + LIST.replace("u", "v").replace("vser", "user"), 2 * N, ""),
    "two objects a line": (".jsonl", "\n".join(a + b for a, b in zip(LINES[::2], LINES[1::2])), N, ""),
    "lists of two": (".jsonl", "\n".join(f"[{a},{b}]" for a, b in zip(LINES[::2], LINES[1::2])), N, ""),
    "records of RFC 7464": (".jsonl", "".join(f"\x1e{line}\n" for line in LINES), N, ""),
    "nulls among objects": (".json", json.dumps([x for each in ITEMS for x in (each, None)]), 2 * N, UNREADABLE),
    "a broken line": (".jsonl", "\n".join([*LINES[:50], '{"t": ', *LINES[51:]]), N, UNREADABLE),
    "lines of text": (".jsonl", "\n".join([*LINES, "the end", ""]), N + 1, UNREADABLE),
    "users after a thousand objects": (".json", json.dumps([
        {name: value for name, value in item(i).items() if name != "user" or i > 1500} for i in range(2000)
    ]), 2000, "no user"),
    "raw signals": (".json", json.dumps({
        "semanticSegments": [SEGMENT], "rawSignals": [{"position": {"LatLng": "46°, 7°"}}, {"wifiScan": {}}]
    }), 2, RAW_SIGNAL),
    "positions among segments": (".json", json.dumps([SEGMENT, *ITEMS]), N + 1, UNREADABLE),
    "a cut export": (".json", json.dumps({"semanticSegments": [SEGMENT] * 3})[:-30], 3, UNREADABLE),
    "a quote over rows": (".csv", quoted(10, 60), N, QUOTED),
    "a quote that never ends": (".csv", quoted(10, None), N, QUOTED),
    "two lines in a note": (".csv", "\n".join(CSV).replace(",ok", ',"two\nlines"'), N, ""),
    "empty lines": (".csv", "\n\n".join(CSV), N, ""),
    "short rows": (".csv", "\n".join([*CSV, "u1,2020-01-01"]), N + 1, UNREADABLE),
    "old line ends": (".csv", "\r".join(CSV), N, ""),
    "rows alone": (".plt", "\n".join(["x"] * 5 + [f"46,7.{i},0,0,0,2020-01-01,10:{i}:00" for i in range(10, 50)]), 40, ""),
    "waypoints": (".gpx", gpx(30), 80, WAYPOINT),
    "two folders": (".kml", KML.format(folders("ab")), 100, OTHER_LAYER),
}  # fmt: skip


@pytest.mark.parametrize("name", FILES)
def test_every_row_is_read_or_told(tmp_path: Path, name: str) -> None:
    ending, words, held, reason = FILES[name]
    path = tmp_path / f"a{ending}"
    path.write_text(words, "utf-8", newline="")
    tracks, skipped, _ = read(path)
    assert len(tracks) + skipped.total == held
    assert not reason or reason in skipped
    assert reason or not set(skipped) & {UNREADABLE, QUOTED, RAW_SIGNAL, WAYPOINT, OTHER_LAYER}


def test_what_a_reader_loses_is_told() -> None:
    """Whatever its format: a reader that holds more than it gives or skips."""
    rows = Rows()
    rows.held = 5
    rows.skip(QUOTED, 2)
    assert [len(part) for part in rows.balanced(iter([[1, 2], [3]]))] == [2, 1]
    assert rows.skipped == {QUOTED: 2, UNREADABLE: 2}


def test_a_second_layer_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.kml").write_text(KML.format(folders("ab")))
    assert read(tmp_path / "a.kml")[1].files == ["a.kml|layername=b"]


def write_csv(path: Path, columns: dict[str, Callable[[int], object]], n: int = N) -> Path:
    lines = [",".join(str(value(i)) for value in columns.values()) for i in range(n)]
    path.write_text("\n".join([",".join(columns), *lines]))
    return path


PLACES: dict[str, Callable[[int], object]] = {
    "lon": lambda i: 7 + i / 1e3,
    "lat": lambda i: 46 + i / 1e3,
}


@pytest.mark.parametrize("epoch", [25_569, 40_587, 2_440_587.5])
@pytest.mark.parametrize("text", [True, False])
def test_times_that_are_numbers_of_days(tmp_path: Path, epoch: float, text: bool) -> None:
    days = [TEN / 86_400 + i / 1440 + epoch for i in range(N)]
    if text:
        path = write_csv(
            tmp_path / "a.csv", {"user": lambda i: 1, "t": lambda i: days[i], **PLACES}
        )
    else:
        path = tmp_path / "a.parquet"
        table = {name: [value(i) for i in range(N)] for name, value in PLACES.items()}
        parquet.write_table(pa.table({"user": [1] * N, "t": days, **table}), path)
    tracks, skipped, _ = read(path)
    assert len(tracks) == N and not skipped
    assert np.abs(tracks.t - 1000 * (TEN + 60 * np.arange(N))).max() <= 1
    assert preview(path).fixes["t"].to_numpy()[0] == pytest.approx(TEN * 1000, abs=1)
    elsewhere = read(path, schema=Schema(zone="+01:00"))[0]
    assert elsewhere.t[0] == pytest.approx(1000 * (TEN - 3600), abs=1)


def test_days_or_seconds_are_asked_about(tmp_path: Path) -> None:
    day = write_csv(
        tmp_path / "a.csv", {"user": lambda i: 1, "t": lambda i: 36_000 + 60 * i, **PLACES}
    )
    with pytest.raises(InputError, match="may be days"):
        read(day)
    assert "may be days" in preview(day).problem
    small = write_csv(tmp_path / "b.csv", {"user": lambda i: 1, "t": lambda i: 60 * i, **PLACES})
    assert len(read(small)[0]) == N


@pytest.mark.parametrize(
    ("names", "user"),
    [
        (["bird_id", "t", "lon", "lat"], "bird_id"),
        (["tracker", "t", "lon", "lat"], "tracker"),
        (["MMSI", "t", "lon", "lat"], "MMSI"),
        (["ship", "ship_id", "t", "lon", "lat"], "ship_id"),
        (["bus", "t", "lon", "lat"], None),
    ],
)
def test_columns_of_users_by_their_names(names: list[str], user: str | None) -> None:
    assert find_columns(names).user == user


@pytest.mark.parametrize("name", ["ID", "colony_id", "platformID"])
def test_ids_that_repeat_are_users(tmp_path: Path, name: str) -> None:
    path = write_csv(tmp_path / "a.csv", {name: lambda i: i % 4, "t": moment, **PLACES})
    tracks, _, schema = read(path)
    assert schema.user == name and tracks.n_users == 4 and "guessed" in str(schema)
    assert preview(path).schema.user == name


@pytest.mark.parametrize("name", ["ID", "event_id", "trip_id"])
def test_ids_that_number_rows_or_trips_are_none(tmp_path: Path, name: str) -> None:
    path = write_csv(tmp_path / "a.csv", {name: lambda i: i, "t": moment, **PLACES})
    assert read(path)[2].user is None


def test_users_that_nobody_names_are_asked_about(tmp_path: Path) -> None:
    columns = {
        "who": lambda i: i % 5,
        "t": lambda i: moment(i // 5),
        "lon": lambda i: 7 + i % 5,
        "lat": lambda i: 46,
    }
    path = write_csv(tmp_path / "a.csv", columns)
    with pytest.raises(InputError, match="no column of users was recognised"):
        read(path)
    assert read(path, schema=Schema("who"))[0].n_users == 5
    assert read(path, schema=Schema("none"))[0].n_users == 1
    one = {"t": lambda i: moment(i // 5), "lon": lambda i: 7 + i / 1e5, "lat": lambda i: 46}
    assert read(write_csv(tmp_path / "b.csv", one))[0].n_users == 1


@pytest.mark.parametrize(
    ("day", "clock"),
    [
        ("date", "time"),
        ("UTC_date", "UTC_time"),
        ("gps_date", "gps_time"),
        ("Date", "clock"),
        ("Datum", "Uhrzeit"),
    ],
)
def test_date_and_time_in_two_columns(tmp_path: Path, day: str, clock: str) -> None:
    columns = {
        day: lambda i: "2020-01-01",
        clock: lambda i: f"10:{i % 60:02}:{i // 60:02}",
        "user": lambda i: 1,
    }
    tracks, _, schema = read(write_csv(tmp_path / "a.csv", {**columns, **PLACES}))
    assert (schema.date, schema.time) == (day, clock) and tracks.t[0] == TEN * 1000


@pytest.mark.parametrize(
    ("crs", "x", "y", "words"),
    [
        ("EPSG:32723", 0.0, 0.0, "look like degrees"),
        ("EPSG:27700", 3_000_000.0, -2_000_000.0, "far outside of"),
        ("EPSG:32632", 1e9, 1e9, "far outside of"),
    ],
)
def test_coordinates_that_their_system_cannot_have(
    tmp_path: Path, crs: str, x: float, y: float, words: str
) -> None:
    columns = {
        "user": lambda i: 1,
        "t": moment,
        "lon": lambda i: x + 7 + i / 1e3,
        "lat": lambda i: y + 46,
    }
    path = write_csv(tmp_path / "a.csv", columns)
    with pytest.raises(InputError, match=words):
        read(path, schema=Schema(crs=crs))
    assert words in preview(path, schema=Schema(crs=crs)).problem


def test_coordinates_in_their_own_or_a_neighbouring_system_are_read(tmp_path: Path) -> None:
    columns = {
        "user": lambda i: 1,
        "t": moment,
        "lon": lambda i: 700_000 + i,
        "lat": lambda i: 5_150_000,
    }
    path = write_csv(tmp_path / "a.csv", columns)
    for crs in ("EPSG:32632", "EPSG:32633", "EPSG:25832", "EPSG:3857"):
        assert len(read(path, schema=Schema(crs=crs))[0]) == N


def test_a_world_of_a_metre_is_asked_about(tmp_path: Path) -> None:
    columns = {"user": lambda i: 1, "t": moment, "lon": lambda i: 7 + i / 1e9, "lat": lambda i: 46}
    with pytest.raises(InputError, match="within a metre"):
        read(write_csv(tmp_path / "a.csv", columns))
    still = {**columns, "lon": lambda i: 7}
    assert len(read(write_csv(tmp_path / "b.csv", still))[0]) == N


def test_compressed_files_have_a_limit_that_can_be_raised(tmp_path: Path) -> None:
    path = tmp_path / "a.csv.gz"
    path.write_bytes(gzip.compress("\n".join(CSV).encode()))
    assert len(read(path, schema=Schema(max_rows=200))[0]) == N
    with pytest.raises(InputError, match="more than 50 rows"):
        read(path, schema=Schema(max_rows=50))
    long = "\n".join([*CSV, f"u1,{moment(200)},7,46,{'x' * 50_000}"])
    path.write_bytes(gzip.compress(long.encode()))
    with pytest.raises(InputError, match="MAX_ROWS"):
        read(path, schema=Schema(max_rows=200))
    path.with_suffix("").write_bytes(path.read_bytes())  # whatever it is called
    assert len(read(path.with_suffix(""))[0]) == N + 1


VRT = """<OGRVRTDataSource><OGRVRTLayer name="x"><SrcDataSource>{}</SrcDataSource>
<GeometryType>wkbPoint</GeometryType><GeometryField encoding="PointFromColumns" x="lon" y="lat"/>
</OGRVRTLayer></OGRVRTDataSource>"""


@pytest.mark.parametrize("ending", [".kml", ".gpkg", ".gpx", ".geojson", ".shp", ".fgb", ".sqlite"])
def test_a_file_is_only_what_its_ending_says(tmp_path: Path, ending: str) -> None:
    """A VRT would open other files, and hosts."""
    pytest.importorskip("osgeo")
    (tmp_path / "x.csv").write_text("\n".join(CSV))
    path = tmp_path / f"a{ending}"
    path.write_text(VRT.format(tmp_path / "x.csv"))
    for function in (read, preview):
        with pytest.raises(InputError, match="cannot be read"):
            function(path)


@pytest.mark.parametrize(
    ("columns", "encoding", "words"),
    [
        (["user", "t", "lon", "lat", "t"], "", "several columns called 't'"),
        (["user", "t", "lon", "lat", "lon"], "", "several columns called 'lon'"),
        (None, "rot13", "rot13"),
    ],
)
def test_errors_are_sentences(
    tmp_path: Path, columns: list[str] | None, encoding: str, words: str
) -> None:
    if columns is None:
        path = tmp_path / "a.csv"
        path.write_text("\n".join(CSV))
    else:
        path = tmp_path / "a.parquet"
        values = [["a"], [TEN], [7.0], [46.0], [TEN]]
        parquet.write_table(pa.Table.from_arrays([pa.array(v) for v in values], columns), path)
    with pytest.raises(InputError, match=words):
        read(path, schema=Schema(encoding=encoding))
