# SPDX-License-Identifier: GPL-2.0-or-later
"""Lines of transport: what files hold them, and what they say of a leg."""

import zipfile
from pathlib import Path

import numpy as np
import pytest
import shapely

from raw_qgis_plugin.core.errors import Cancelled, InputError
from raw_qgis_plugin.core.lines.near import CARRIERS, LineIndex
from raw_qgis_plugin.core.lines.read import read_lines
from raw_qgis_plugin.core.lines.tables import Lines, lines_of
from raw_qgis_plugin.core.tracks import Tracks

HERE = 13.4, 52.5
DEGREE_M = 111_195.0

FEED = {
    "routes": "route_id,route_type,route_short_name,route_long_name\n"
    "r1,0,4,Market - Castro\nr2,3,,Airport bus\nr3,99,x,Balloon\nr4,401,U2,\n",
    "trips": "route_id,service_id,trip_id,shape_id\n"
    "r1,a,t1,s1\nr1,a,t2,s1\nr2,a,t3,s2\nr3,a,t4,s1\nr4,a,t5,s3\n",
    "shapes": "shape_id,shape_pt_lat,shape_pt_lon,shape_pt_sequence\n"
    "s1,52.5,13.42,2\ns1,52.5,13.40,1\ns2,52.51,13.40,1\ns2,52.52,13.40,2\n"
    "s2,not a number,13.40,3\ns3,52.50,13.40,1\ns3,52.49,13.40,2\n",
    "stops": "stop_id,stop_name,stop_lat,stop_lon\n"
    "p1,Market St,52.5,13.40\np2,Castro,52.5,13.42\np3,Nowhere,0,0\n",
    "stop_times": "trip_id,arrival_time,stop_id,stop_sequence\n"
    "t1,25:10:00,p2,20\nt1,25:00:00,p1,3\nt2,1:00:00,p1,1\nt2,1:10:00,p2,2\nt3,1:00:00,p9,1\n",
}


def feed(folder: Path, **changed: str | None) -> Path:
    folder.mkdir(parents=True)
    for table, text in {**FEED, **changed}.items():
        if text is not None:
            (folder / f"{table}.txt").write_text(text, encoding="utf-8-sig")
    return folder


def rows_of(lines: Lines) -> list[tuple[str, str]]:
    return sorted(zip(lines.kind, lines.name))


def test_gtfs_is_read_from_a_folder_and_a_zip(tmp_path: Path) -> None:
    folder = feed(tmp_path / "feed")
    lines, skipped = read_lines([folder])
    assert rows_of(lines) == [
        ("bus", "Airport bus"),
        ("stop", "Castro"),
        ("stop", "Market St"),
        ("subway", "U2"),
        ("tram", "4"),
    ]
    assert skipped == {
        "routes of unknown types": 1,
        "points of shapes without a place": 1,
        "stops without a place": 1,
    }
    tram = lines.shape[list(lines.name).index("4")]
    assert shapely.get_coordinates(tram).tolist() == [[13.40, 52.5], [13.42, 52.5]]
    with zipfile.ZipFile(tmp_path / "feed.zip", "w") as archive:
        for file in folder.glob("*.txt"):
            archive.write(file, f"inner/{file.name}")
    assert rows_of(read_lines([tmp_path / "feed.zip"])[0]) == rows_of(lines)


def test_gtfs_without_shapes_goes_straight_from_stop_to_stop(tmp_path: Path) -> None:
    lines, skipped = read_lines([feed(tmp_path / "feed", shapes=None)])
    trams = lines.shape[lines.kind == "tram"]
    assert len(trams) == 1  # two trips of one pattern
    assert shapely.get_coordinates(trams[0]).tolist() == [[13.40, 52.5], [13.42, 52.5]]
    assert skipped["stop times without a place"] == 1


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"routes": None}, "no routes.txt"),
        ({"routes": "route_id,route_type\nr1,77\n"}, "no route whose way is known"),
        ({"routes": 'route_id,route_type\n"r1,0\n'}, "routes.txt of feed cannot be read|no route"),
        ({"stops": ""}, "stops.txt of feed cannot be read"),
    ],
)
def test_broken_feeds_end_in_words(tmp_path: Path, changed: dict, words: str) -> None:
    with pytest.raises(InputError, match=words):
        read_lines([feed(tmp_path / "feed", **changed)])


def test_what_is_no_archive_ends_in_words(tmp_path: Path) -> None:
    (tmp_path / "feed.zip").write_bytes(b"no archive")
    with pytest.raises(InputError, match=r"feed\.zip cannot be read"):
        read_lines([tmp_path / "feed.zip"])
    with pytest.raises(InputError, match="no file"):
        read_lines([tmp_path / "absent.zip"])


OSM = """<osm version="0.6">
<node id="3" lat="52.5" lon="13.40"><tag k="railway" v="tram_stop"/><tag k="name" v="Market"/></node>
<node id="1" lat="52.5" lon="13.41"/><node id="2" lat="52.5" lon="13.42"/>
<way id="10"><nd ref="3"/><nd ref="1"/><tag k="railway" v="tram"/></way>
<way id="11"><nd ref="1"/><nd ref="2"/><tag k="railway" v="light_rail"/></way>
<way id="12"><nd ref="1"/><nd ref="2"/><tag k="railway" v="rail"/><tag k="service" v="yard"/></way>
<way id="13"><nd ref="1"/><nd ref="2"/><tag k="highway" v="residential"/></way>
<relation id="20"><member type="way" ref="10" role=""/><member type="way" ref="11" role=""/>
<tag k="type" v="route"/><tag k="route" v="tram"/><tag k="ref" v="4"/>
<tag k="name" v="Tram 4: Market =&gt; Castro"/></relation></osm>"""


def test_openstreetmap_gives_routes_rails_and_stops(tmp_path: Path) -> None:
    (tmp_path / "city.osm").write_text(OSM)
    lines, _ = read_lines([tmp_path / "city.osm"])
    assert set(rows_of(lines)) == {("stop", "Market"), ("tram", ""), ("tram", "4")}


def test_a_broken_extract_ends_in_words(tmp_path: Path) -> None:
    (tmp_path / "city.osm").write_text(OSM[:400])
    (tmp_path / "city.osm.pbf").write_bytes(b"\x00\x00\x00\x0dno blob at all")
    for name in ("city.osm", "city.osm.pbf"):
        with pytest.raises(InputError, match="city"):
            read_lines([tmp_path / name])


def write_geojson(file: Path, *features: tuple[dict, list]) -> Path:
    import json

    found = [
        {
            "type": "Feature",
            "properties": properties,
            "geometry": {"type": "LineString", "coordinates": xy},
        }
        for properties, xy in features
    ]
    file.write_text(json.dumps({"type": "FeatureCollection", "features": found}))
    return file


WAY = [[13.40, 52.5], [13.42, 52.5]]


def test_layers_have_a_field_or_one_kind(tmp_path: Path) -> None:
    file = write_geojson(
        tmp_path / "lines.geojson",
        ({"Kind": "Light rail", "line": 4, "opened": "1999-05-01"}, WAY),
        ({"Kind": "canal", "line": 5, "opened": None}, WAY),
    )
    lines, skipped = read_lines([file])
    assert rows_of(lines) == [("tram", "4")]
    assert lines.opened[0] == np.datetime64("1999-05-01")
    assert skipped == {"lines of other kinds": 1}
    assert rows_of(read_lines([file], kind="bus")[0]) == [("bus", "4"), ("bus", "5")]
    other = write_geojson(tmp_path / "other.geojson", ({"colour": "red"}, WAY))
    with pytest.raises(InputError, match="Fields: colour"):
        read_lines([other])
    with pytest.raises(InputError, match="no field 'mode'"):
        read_lines([other], kind_field="mode")


def test_what_was_read_is_kept_by_content(tmp_path: Path) -> None:
    file = write_geojson(tmp_path / "lines.geojson", ({"kind": "tram", "line": "4"}, WAY))
    first, _ = read_lines([file], cache=tmp_path / "kept")
    kept = list((tmp_path / "kept").iterdir())
    assert len(kept) == 1
    again, _ = read_lines([file], cache=tmp_path / "kept")
    assert rows_of(again) == rows_of(first)
    assert shapely.equals(again.shape, first.shape).all()
    kept[0].write_bytes(b"damaged")
    assert rows_of(read_lines([file], cache=tmp_path / "kept")[0]) == rows_of(first)
    write_geojson(file, ({"kind": "bus", "line": "4"}, WAY))
    assert rows_of(read_lines([file], cache=tmp_path / "kept")[0]) == [("bus", "4")]


def test_reading_can_be_stopped(tmp_path: Path) -> None:
    def stop(share: float) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        read_lines([feed(tmp_path / "feed")], progress=stop)


def leg(*ways: np.ndarray, t: str = "2024-05-01T08:00") -> Tracks:
    """Legs through metres (k, 2) from HERE, a fix every ten seconds."""
    size = [len(way) for way in ways]
    xy = np.concatenate(ways)
    track = np.repeat(np.arange(len(ways), dtype=np.int32), size)
    ms = np.datetime64(t, "ms").astype(np.int64) + 10_000 * np.arange(len(xy))
    ids = np.array([str(k) for k in range(len(ways))], object)
    lon = HERE[0] + xy[:, 0] / DEGREE_M / np.cos(np.radians(HERE[1]))
    user = np.zeros(len(ways), np.int32)
    names = np.array(["u"], object)
    return Tracks(names, ids, user, track, ms, lon, HERE[1] + xy[:, 1] / DEGREE_M)


def line(xy: list, kind: str = "tram", name: str = "4", opened: str = "NaT") -> Lines:
    metres = np.array(xy, float)
    lon = HERE[0] + metres[:, 0] / DEGREE_M / np.cos(np.radians(HERE[1]))
    shape = shapely.linestrings(np.column_stack([lon, HERE[1] + metres[:, 1] / DEGREE_M]))
    return lines_of([kind], [name], [shape], np.array([opened], "datetime64[D]"))


def straight(north: float, n: int = 40, length: float = 2000.0) -> np.ndarray:
    return np.column_stack([np.linspace(0, length, n), np.full(n, north)])


TRAM = CARRIERS.index("tram")


def test_a_leg_on_a_line_has_its_name_and_one_beside_it_none() -> None:
    index = LineIndex(line([[0, 0], [2000, 0]]))
    found = index.ask(leg(straight(20.0), straight(200.0)))
    assert found.share[0, TRAM] == pytest.approx(1)
    assert found.share[1].tolist() == [0] * len(CARRIERS)
    assert list(found.line) == ["4", ""]
    assert found.line_share[0] == pytest.approx(1)
    assert found.chance[0, TRAM] < 0.5  # only copies along the line are on it


def test_half_of_a_way_counts_half() -> None:
    found = LineIndex(line([[0, 0], [1000, 0]])).ask(leg(straight(0.0, n=400)))
    assert found.share[0, TRAM] == pytest.approx(0.5, abs=0.07)


def test_a_line_that_had_not_opened_says_nothing() -> None:
    index = LineIndex(line([[0, 0], [2000, 0]], opened="2024-06-01"))
    assert index.ask(leg(straight(0.0))).share[0, TRAM] == 0
    assert index.ask(leg(straight(0.0), t="2024-06-01T12:00")).share[0, TRAM] == pytest.approx(1)


def test_a_tunnel_from_exit_to_exit_is_on_the_line() -> None:
    index = LineIndex(line([[0, 0], [2000, 0]], "subway", "U2"))
    ends = np.array([[0.0, 150.0], [2000.0, 150.0]])
    found = index.ask(leg(ends))
    assert found.share[0, CARRIERS.index("subway")] == pytest.approx(1)
    assert found.line[0] == "U2"


def test_the_line_with_the_longest_part_is_named() -> None:
    both = line([[0, 0], [2000, 0]]), line([[0, 10], [900, 10]], name="5")
    columns = zip(*(vars(each).values() for each in both))
    lines = Lines(*(np.concatenate(column) for column in columns))
    assert LineIndex(lines).ask(leg(straight(0.0))).line[0] == "4"


def test_stops_at_the_ends_have_names() -> None:
    stop = lines_of(["stop"], ["Market St"], [shapely.Point(*HERE)])
    rail = line([[0, 0], [2000, 0]])
    lines = Lines(*(np.concatenate(pair) for pair in zip(vars(rail).values(), vars(stop).values())))
    found = LineIndex(lines).ask(leg(straight(0.0)))
    assert (found.first_stop[0], found.last_stop[0]) == ("Market St", "")


def test_no_legs_and_no_lines_are_no_error() -> None:
    nothing = LineIndex(lines_of([], [], [])).ask(leg(straight(0.0)))
    assert nothing.share.sum() == 0
    assert list(nothing.line) == [""]
    none = leg(straight(0.0)).take_tracks(np.zeros(0, int))
    assert len(LineIndex(line([[0, 0], [1, 0]])).ask(none).share) == 0
