# SPDX-License-Identifier: GPL-2.0-or-later
"""Files that are no tables: GPX, exports of phones and GeoLife's folders."""

from __future__ import annotations

import json
from datetime import datetime, timezone

import numpy as np
import pytest

pytest.importorskip("pyarrow")

from raw_qgis_plugin.core.errors import InputError
from raw_qgis_plugin.core.skipped import Rows
from raw_qgis_plugin.core.sources.ogr import ogr_tables
from raw_qgis_plugin.core.sources.readers import read
from raw_qgis_plugin.core.sources.schema import NONE, Schema

TEN = int(datetime(2020, 1, 1, 10, tzinfo=timezone.utc).timestamp() * 1000)
PLT_HEADER = "Geolife trajectory\nWGS 84\nAltitude is in Feet\nReserved 3\n0,2,255,My Track,0,0,2,8421376\n0\n"


def read_text(tmp_path, text, name, **options):
    path = tmp_path / name
    path.write_bytes(text.encode())
    return read(path, **options)


def write_plt(folder, name, rows):
    folder.mkdir(parents=True, exist_ok=True)
    lines = [f"{lat},{lon},0,-777,0,{day},{clock}" for lat, lon, day, clock in rows]
    (folder / name).write_text(PLT_HEADER + "\r\n".join(lines) + "\r\n")


@pytest.fixture
def geolife(tmp_path):
    """GeoLife's schema with two invented people."""
    for user, lon in (("000", 7.1), ("017", 7.2)):
        rows = [
            (46.5, lon, "2020-01-01", "10:00:00"),
            (46.5, lon + 0.001, "2020-01-01", "10:01:00"),
        ]
        write_plt(tmp_path / "Data" / user / "Trajectory", "20200101100000.plt", rows)
    write_plt(
        tmp_path / "Data" / "017" / "Trajectory",
        "20200102100000.plt",
        [(400.2, 7, "2020-01-02", "10:00:00")],
    )
    write_plt(tmp_path / "Data" / "017" / "Trajectory", "20200103100000.plt", [])
    (tmp_path / "Data" / "017" / "labels.txt").write_text(
        "Start Time\tEnd Time\tTransportation Mode\n"
    )
    return tmp_path


def test_geolife_from_any_of_its_folders(geolife):
    hidden = "._20200101100000.plt"  # as macOS writes them on drives of other systems
    write_plt(
        geolife / "Data" / "017" / "Trajectory", hidden, [(46.5, 9, "2020-01-09", "10:00:00")]
    )
    # its times are UTC all the same
    tracks, skipped, _ = read(geolife, schema=Schema(zone="Asia/Shanghai"))
    assert (
        tracks.user_ids.tolist() == ["000", "017"] and tracks.t.tolist() == [TEN, TEN + 60_000] * 2
    )
    assert tracks.track_ids.tolist() == ["20200101100000"] * 2
    assert skipped == {"position outside the world": 1}
    for inner in (
        "Data",
        "Data/017",
        "Data/017/Trajectory",
        "Data/017/Trajectory/20200101100000.plt",
    ):
        assert "017" in read(geolife / inner)[0].user_ids.tolist()


GPX = """<?xml version="1.0"?>
<gpx xmlns="http://www.topografix.com/GPX/1/1" creator="x"><metadata><time>2000-01-01T00:00:00Z</time></metadata>
<wpt lat="1" lon="1"><time>2020-01-01T10:00:00Z</time></wpt>
<trk><name>one</name><trkseg><trkpt lat="46.5" lon="7.1"><ele>5</ele><time>2020-01-01T10:00:00Z</time></trkpt>
<trkpt lon='7.2' lat='46.5'><time>2020-01-01T10:09:00Z</time></trkpt></trkseg>
<trkseg><trkpt lat="46.5" lon="7.3"><time>2020-01-01T11:00:00Z</time></trkpt>
<trkpt lat="46" lon="7"/></trkseg></trk></gpx>
"""


def test_gpx(tmp_path):
    tracks, skipped, guess = read_text(tmp_path, GPX, "morning.gpx")
    assert (
        tracks.lon.tolist() == [7.1, 7.2, 7.3]
        and tracks.t[0] == TEN
        and tracks.track_ids.tolist() == ["1.1", "1.2"]
    )
    assert skipped == {
        "no time that can be read": 1,
        "waypoint or point of a route": 1,
    }
    assert guess.user is None
    (tmp_path / "evening.gpx").write_text(GPX.replace("2020", "2021"))
    for name in ("README.txt", "LICENSE.txt", "COPYING.txt"):  # more than tracks, and no positions
        (tmp_path / name).write_text("GPS\n")
    assert read(tmp_path)[0].user_ids.tolist() == ["evening", "morning"]
    assert read(tmp_path, schema=Schema(user=NONE, track=NONE))[0].track_ids.tolist() == ["all"]


TIMELINES = {
    "Records.json": {"locations": [
        {"latitudeE7": 465000000, "longitudeE7": 71000000, "accuracy": 9, "timestampMs": "1577872800000",
         "activity": [{"timestampMs": "1577872800000"}]},
        {"latitudeE7": 465000000, "longitudeE7": 72000000, "timestampMs": "1577872860000"}]},
    "Timeline.json": {"semanticSegments": [
        {"startTime": "2020-01-01T12:00:00.000+02:00", "endTime": "2020-01-01T14:00:00.000+02:00", "timelinePath": [
            {"point": "46.5000000°, 7.1000000°", "time": "2020-01-01T12:00:00.000+02:00"},
            {"point": "46.5°, 7.2°", "time": "2020-01-01T12:01:00.000+02:00"}]},
        {"startTime": "2020-01-01T14:00:00.000+02:00", "timelineMemory": {}}], "rawSignals": [{"position": {}}]},
    "location-history.json": [
        {"startTime": "2020-01-01T12:00:00.000+02:00", "endTime": "2020-01-01T14:00:00.000+02:00", "timelinePath": [
            {"point": "geo:46.500000,7.100000", "durationMinutesOffsetFromStartTime": "0"},
            {"point": "geo:46.500000,7.200000", "durationMinutesOffsetFromStartTime": "1"}]}],
    "visit.json": [
        {"startTime": "2020-01-01T10:00:00Z", "endTime": "2020-01-01T10:00:00Z",
         "visit": {"topCandidate": {"placeLocation": {"latLng": "46.5°, 7.1°"}}}},
        {"startTime": "2020-01-01T10:01:00Z", "endTime": "2020-01-01T10:01:00Z",
         "activity": {"start": "geo:46.5,7.2", "end": "geo:46.5,7.2"}}],
    "owntracks.json": {"count": 2, "data": [
        {"_type": "location", "tid": "an", "topic": "own/anna", "lat": 46.5, "lon": 7.1, "tst": 1577872800, "t": "p"},
        {"_type": "lwt", "tst": 1577872801},
        {"_type": "location", "tid": "an", "topic": "own/anna", "lat": 46.5, "lon": 7.2, "tst": 1577872860}]},
}  # fmt: skip


@pytest.mark.parametrize("name", TIMELINES)
def test_positions_in_json(tmp_path, name):
    tracks, skipped, _ = read_text(tmp_path, json.dumps(TIMELINES[name], ensure_ascii=False), name)
    assert tracks.t.tolist() == [TEN, TEN + 60_000] and set(skipped) <= {"duplicate"}
    np.testing.assert_allclose([tracks.lon, tracks.lat], [[7.1, 7.2], [46.5, 46.5]])
    assert name != "Records.json" or tracks.accuracy[0] == 9
    assert tracks.user_ids.tolist() == [
        "own/anna" if "owntracks" in name else (tmp_path / name).stem
    ]


def test_owntracks_recorder_and_a_file_that_breaks_off(tmp_path):
    items = TIMELINES["owntracks.json"]["data"]
    lines = "".join(
        f"2020-01-01T10:00:00Z\t*                 \t{json.dumps(item)}\n" for item in items
    )
    assert read_text(tmp_path, lines, "2020-01.rec")[0].lon.tolist() == [7.1, 7.2]
    assert read_text(tmp_path, lines.replace('"topic"', '"_"'), "2020-02.rec")[
        0
    ].user_ids.tolist() == ["an"]
    tracks, skipped, _ = read_text(tmp_path, lines[:-30], "short.rec")
    assert tracks.lon.tolist() == [7.1] and skipped == {"unreadable row": 1}


def test_a_line_that_breaks_off_loses_no_other_one(tmp_path):
    items = [{"lat": 46.5, "lon": 7 + i / 1e5, "tst": TEN // 1000 + i} for i in range(200)]
    lines = [f"{json.dumps(item)}\n" for item in items]
    lines[12] = lines[12][:20] + "\n"
    tracks, skipped, _ = read_text(tmp_path, "".join(lines), "a.jsonl")
    assert len(tracks) == 199 and skipped == {"unreadable row": 1}
    # of a list
    tracks, skipped, _ = read_text(tmp_path, "[" + ",".join(lines[13:])[:-20], "a.json")
    assert len(tracks) == 186 and skipped == {"unreadable row": 1}


def test_gdal_raises_only_while_it_reads(tmp_path):
    gdal = pytest.importorskip("osgeo.gdal")
    (tmp_path / "a.gpx").write_text(GPX)
    tables = ogr_tables(tmp_path / "a.gpx", Rows(), float)
    assert len(next(tables)) and not gdal.GetUseExceptions()  # others go on in the meantime
    assert next(tables, None) is None and not gdal.GetUseExceptions()


def test_points_of_geojson_are_fixes(tmp_path):
    points = [
        {"type": "Feature", "properties": {"time": f"2020-01-01T10:0{i}:00Z", "user": "a"},
         "geometry": {"type": "Point", "coordinates": [7 + i / 1e3, 46.5]}} for i in range(2)
    ]  # fmt: skip
    words = json.dumps({"type": "FeatureCollection", "features": points})
    bare = {
        "type": "FeatureCollection",
        "features": [{**point, "properties": {}} for point in points],
    }
    with pytest.raises(InputError, match="No column of time was recognised in bare.geojson"):
        read_text(tmp_path, json.dumps(bare), "bare.geojson")
    (tmp_path / "bare.geojson").unlink()
    for name in ("a.geojson", "a.json"):
        tracks, skipped, _ = read_text(tmp_path, words, name)
        assert (
            tracks.t.tolist() == [TEN, TEN + 60_000]
            and tracks.lon.tolist() == [7, 7.001]
            and not skipped
        )


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("a.gpx", GPX[:300], "a.gpx cannot be read: "),
        (
            "a.gpx",
            GPX.replace('"1.0"', '"1.0" encoding="x-nonsense"'),
            "a.gpx cannot be read: .*unknown encoding",
        ),
        (
            "a.gpx",
            '<!DOCTYPE g [<!ENTITY a "aa"><!ENTITY b "&a;&a;">]><gpx>&b;</gpx>',
            "cannot be read|holds no",
        ),
        ("a.gpx", "", "a.gpx cannot be read: "),
        ("a.json", "", "holds no list of positions"),
        ("a.json", '{"a": 1}', "No column of time or position"),
        ("a.json", '{"type": "FeatureCollection", "features": []}', "holds no position"),
        ("a.json", '{"a":' * 200_000, "nested too deep"),
        (
            "a.json",
            '{"semanticSegments": [{"startTime": 1, "timelinePath": 7, "visit": [], "activity": 3}]}',
            "no usable",
        ),
        ("a.json", '[{"lat": 1e999, "lon": [1], "t": {}}]', "No column"),
    ],
)
def test_hostile_and_broken_files_give_a_sentence(tmp_path, name, text, words):
    with pytest.raises(InputError, match=words):
        read_text(tmp_path, text, name)
