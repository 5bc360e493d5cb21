# SPDX-License-Identifier: GPL-2.0-or-later
"""Flows are the trips that one counts by hand, less those of few people."""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path
from statistics import median_low

import numpy as np
import pytest
import shapely

from raw_qgis_plugin.core.cleaning import build_tracks
from raw_qgis_plugin.core.disclosure.contributions import bounded_sums
from raw_qgis_plugin.core.disclosure.publish import publish
from raw_qgis_plugin.core.disclosure.spec import PublishSpec
from raw_qgis_plugin.core.errors import InputError
from raw_qgis_plugin.core.flows.flows import BY_MODE, Flows, find_flows, flows, slices
from raw_qgis_plugin.core.flows.publishing import TRIPS, flows_to_publish, zones_to_publish
from raw_qgis_plugin.core.flows.zones import Zones, hexagons, read_zones
from raw_qgis_plugin.core.geodesy import metres_per_degree
from raw_qgis_plugin.core.labels import SHORT_MODES
from raw_qgis_plugin.core.mobility.diary import find_diary
from raw_qgis_plugin.core.mobility.journeys import find_journeys
from raw_qgis_plugin.core.mobility.tables import Journeys
from raw_qgis_plugin.core.sources.polygons import read_polygons
from raw_qgis_plugin.core.specs import FlowSpec, TripSpec
from raw_qgis_plugin.core.times import local_ms, parse_times, solar_ms
from raw_qgis_plugin.core.tracks import by_unit

FIGURES = ("n_trips", *BY_MODE)


def some_trips(n: int = 4000, n_users: int = 60, seed: int = 1) -> Journeys:
    """Trips among points of a town, some without a mode, some that begin where nothing is recorded."""
    rng = np.random.default_rng(seed)
    p = rng.dirichlet(np.ones(5), n)[:, :4]
    p[rng.random(n) < 0.1] = 0.0
    start = 1_600_000_000_000 + rng.integers(0, 60 * 86_400_000, n)
    ends = (10 + rng.normal(0, 0.02, (n, 2)) for _ in range(2))
    metres, last = rng.uniform(100, 9000, n), start + rng.integers(60_000, 3_600_000, n)
    ids = np.arange(n_users).astype(str).astype(object)
    return Journeys(
        ids, rng.integers(0, n_users, n), start, last, *ends, metres, p, rng.random(n) > 0.1
    )


def grid(n: int = 5) -> Zones:
    side = np.linspace(9.95, 10.05, n + 1)
    return read_zones(shapely.box(side[:-1, None], side[:-1], side[1:, None], side[1:]), None)


def between(user: np.ndarray, begin: np.ndarray, end: np.ndarray) -> tuple[Journeys, Zones]:
    """Trips from one longitude to another, and the two zones to the west and to the east of 10
    degrees.
    """
    n, t = len(user), 1000 * np.arange(len(user))
    ends, ids = (
        (np.column_stack([lon, np.full(n, 10.0)]) for lon in (begin, end)),
        np.unique(user).astype(str),
    )
    trips = Journeys(
        ids.astype(object), user, t, t + 1, *ends, np.ones(n), np.zeros((n, 4)), np.ones(n, bool)
    )
    return trips, read_zones([shapely.box(9, 9, 10, 11), shapely.box(10, 9, 11, 11)], None)


def ask(trips: Journeys, zones: Zones, **options: object) -> Flows:
    return flows(trips, zones, FlowSpec(**options))  # type: ignore[arg-type]


@pytest.mark.parametrize("part", ["all", "hour", "daypart", "weekend", "month"])
def test_every_pair_has_the_trips_that_one_counts(part: str) -> None:
    trips, zones = some_trips(20_000 if part == "hour" else 4000), grid(3)
    found = ask(trips, zones, slice=part, min_users=10).matrix
    number, words = slices(solar_ms(trips.t_start, trips.begin[:, 0]), part)
    begin, end = zones.find(*trips.begin.T), zones.find(*trips.end.T)
    cells = defaultdict(list)
    for i in np.flatnonzero(trips.complete & (begin >= 0) & (end >= 0)):
        cells[words[number[i]], begin[i], end[i]].append(i)
    shown = {cell: rows for cell, rows in cells.items() if len(set(trips.user[rows])) >= 10}
    rest = sum((rows for cell, rows in cells.items() if cell not in shown), [])
    other = np.equal(found["from_zone"], None)
    rows = enumerate(zip(found["slice"], found["from_zone"], found["to_zone"]))
    have = {(s, int(b) - 1, int(e) - 1): i for i, (s, b, e) in rows if b is not None}
    assert have.keys() == shown.keys() and len(have) > 20
    for cell, rows in shown.items():
        i = have[cell]
        assert found["n_trips"][i] == len(rows) and found["n_users"][i] == len(
            set(trips.user[rows])
        )
        assert found["trips_walk"][i] == pytest.approx(trips.mode_p[rows, 0].sum())
        assert found["metres"][i] == pytest.approx(median_low(trips.metres[rows]), rel=1e-6)
    assert found["n_trips"][other].sum() == len(rest)
    assert sum(found[name].sum() for name in FIGURES[1:]) == pytest.approx(found["n_trips"].sum())
    ranked = found["rank"][~other & (found["slice"] == found["slice"][0])]
    assert list(ranked[~np.isnan(ranked)]) == list(range(1, (~np.isnan(ranked)).sum() + 1))


def test_a_saturday_is_at_the_weekend_and_a_friday_is_not() -> None:
    friday, saturday, sunday, monday = 1_599_782_400_000 + 86_400_000 * np.arange(4) + 43_200_000
    t = np.array([friday, saturday, sunday, monday])
    number, words = slices(t, "weekend")
    assert [str(words[k]) for k in number] == ["weekday", "weekend", "weekend", "weekday"]


def test_nothing_stands_on_few_people() -> None:
    trips = some_trips(300)
    found = ask(trips, grid(), slice="hour", min_users=10)
    assert (found.matrix["n_users"][~np.isnan(found.matrix["n_users"])] >= 10).all()
    nobody = ask(some_trips(300, n_users=9), grid(), min_users=10)
    for name in (*FIGURES, "minutes", "metres", "n_users"):
        assert np.isnan(nobody.matrix[name]).all() and len(nobody.matrix[name])
    assert set(nobody.matrix["main_mode"]) == {None}
    assert not len(flows(some_trips(300, n_users=9), None, FlowSpec()).shapes), (
        "hexagons show where people were"
    )
    assert len(nobody.of_zones.pop("zone")) and np.isnan([*nobody.of_zones.values()]).all()


def test_one_person_who_dominates_hides_a_pair() -> None:
    user = np.append(np.arange(12), np.zeros(100, int))
    trips, zones = between(user, np.full(112, 9.5), np.full(112, 10.5))
    found = ask(trips, zones)
    pairs, of_zones = found.matrix, found.of_zones
    assert pairs["from_zone"].tolist() == ["1", None] and pairs["n_users"].tolist()[0] == 12
    assert of_zones["n_users"].tolist() == [12, 12] and np.isnan(of_zones["n_out"]).all()
    assert np.isnan(pairs["n_trips"]).all() and np.isnan(pairs["metres"]).all()
    assert ask(trips, zones, min_users=1).matrix["n_trips"].tolist() == [112]


def test_zones_count_what_leaves_and_what_comes() -> None:
    trips, zones = some_trips(), grid()
    found = ask(trips, zones, min_users=1)
    begin, end = zones.find(*trips.begin.T), zones.find(*trips.end.T)
    good = trips.complete & (begin >= 0) & (end >= 0)
    for name, at, same in (
        ("n_out", begin, False),
        ("n_in", end, False),
        ("n_within", begin, True),
    ):
        counted = [
            np.sum(good & (at == z) & ((begin == end) == same)) for z in range(len(zones.names))
        ]
        assert np.nan_to_num(found.of_zones[name]).tolist() == counted
    more_come = found.of_zones["n_in"] - found.of_zones["n_out"]
    np.testing.assert_array_equal(found.of_zones["balance"], more_come)
    assert np.nanmax(more_come) > 0
    left = (~trips.complete).sum(), (trips.complete & ((begin < 0) | (end < 0))).sum()
    assert tuple(map(int, re.findall(r"[0-9]+", found.words.replace(",", "")))) == (
        len(begin),
        *left,
    )


def test_only_trips_of_some_modes_count() -> None:
    trips = some_trips()
    each = [ask(trips, grid(), modes=mode, min_users=1) for mode in SHORT_MODES]
    n, a, b = np.array(
        [re.findall(r"[0-9]+", found.words.replace(",", "")) for found in each], int
    ).T
    known = trips.mode_p.max(axis=1) > 1 - trips.mode_p.sum(axis=1)
    ends = [grid().find(*at.T) >= 0 for at in (trips.begin, trips.end)]
    assert [found.matrix["n_trips"].sum() for found in each] == (n - a - b).tolist(), (
        "the log adds up"
    )
    assert sum(n - a - b) == np.sum(known & trips.complete & ends[0] & ends[1])
    with pytest.raises(InputError, match="no mode 'fly'"):
        ask(trips, grid(), modes="fly")


@pytest.mark.parametrize("lon0", [10.0, 180.0])
def test_hexagons_hold_their_points_and_are_as_wide_as_asked(lon0: float) -> None:
    rng = np.random.default_rng(2)
    lon, lat = lon0 + rng.normal(0, 0.05, 2000), 51.5 + rng.normal(0, 0.03, 2000)
    lon = (lon + 180) % 360 - 180
    zones, zone = hexagons(lon, lat, 700.0)
    turned = shapely.points(lon + 360 * np.rint((zones.centres[zone, 0] - lon) / 360), lat)
    assert shapely.covers(shapely.buffer(zones.shapes[zone], 1e-9), turned).all()
    west, _, east, _ = shapely.bounds(zones.shapes).T
    wide_m = (east - west) * metres_per_degree(zones.centres[:, 1])[0]
    assert np.abs(wide_m / 700 - 1).max() < 0.05
    assert np.ptp(shapely.area(zones.shapes)) < 1e-12


def test_where_zones_overlap_the_first_counts_and_equal_names_differ() -> None:
    zones = read_zones(
        [shapely.box(0, 0, 2, 1), None, shapely.box(1, 0, 3, 1)], np.array(["a", "NULL", "a"])
    )
    assert zones.names.tolist() == ["a", "2", "a (3)"]
    assert zones.find(np.array([1.5, 2.5, 4.0]), np.full(3, 0.5)).tolist() == [0, 2, -1]
    assert read_zones([None] * 3, ["a", "a", "a (2)"]).names.tolist() == ["a", "a (2)", "a (2) (3)"]
    assert read_zones([None] * 50_000, ["a"] * 50_000).names[-1] == "a (50000)"  # in no time
    assert np.isnan(zones.centres[1]).all() and read_zones([None], [None]).names.tolist() == ["1"]
    assert np.isnan(read_zones([shapely.Polygon()], None).centres).all()


def test_what_people_add_to_flows_and_zones_that_are_published() -> None:
    user = np.append(np.arange(12), np.zeros(100, int))
    trips, zones = between(user, np.full(112, 9.5), np.full(112, 10.5))
    table = flows_to_publish(trips, zones, TripSpec())
    assert {name: list(values) for name, values in table.names.items()} == {
        "from_zone": ["1"],
        "to_zone": ["2"],
        "slice": ["all"],
    }
    given = table.contributions
    assert sorted(given.person) == list(range(12)) and not table.known
    assert given.values["n_trips"][given.person == 0] == 101
    assert bounded_sums(given, TRIPS, 1, 1)[0] == 5 + 11, "nobody counts more than five times"
    both = zones_to_publish(trips, zones, TripSpec())
    assert both.known and not zones_to_publish(trips, None, TripSpec()).known
    assert np.bincount(both.contributions.row, both.contributions.values["n_trips"]).tolist() == [
        112,
        112,
    ]
    nothing = zones_to_publish(trips, read_zones([shapely.box(50, 0, 51, 1)], None), TripSpec())
    assert publish(nothing, PublishSpec(kind="zones")).columns["suppressed"].shape == (1,)


@pytest.mark.parametrize("lat", [50.0, 47.3, -32.6])
def test_hexagons_are_those_of_the_world(lat: float) -> None:
    """Whoever else is in the data, a point is in the same hexagon; at the edge of a band too."""
    rng = np.random.default_rng(4)
    lon, lat_of = 10 + rng.normal(0, 0.03, 500), lat + rng.normal(0, 0.03, 500)
    zones, zone = hexagons(lon, lat_of, 900.0)
    some, of_some = hexagons(lon[:40], lat_of[:40], 900.0)
    assert (some.names[of_some] == zones.names[zone[:40]]).all()
    known = dict(zip(zones.names, shapely.to_wkb(zones.shapes)))
    assert [known[name] for name in some.names] == list(shapely.to_wkb(some.shapes))
    assert shapely.area(zones.shapes).sum() == pytest.approx(
        shapely.area(shapely.union_all(zones.shapes)), rel=1e-9
    ), "they do not overlap"


@pytest.mark.parametrize("names", [["1", "2", "10", "33"], ["a", "b", "c", "d"]])
def test_trips_of_a_diary_are_each_person_s(names: list[str]) -> None:
    """From home to work and back, a day; ids that are numbers have another order than as text."""
    minute = np.arange(0, 2 * 1440)
    away = np.clip((minute % 1440 - 480) / 30, 0, 1) * np.clip((1050 - minute % 1440) / 30, 0, 1)
    t, lon = np.tile(1_600_041_600_000 + 60_000 * minute, 4), np.tile(10 + 0.2 * away, 4)
    tracks, _ = build_tracks(
        np.repeat(names, len(minute)), None, t, lon, np.repeat(50 + np.arange(4.0), len(minute))
    )
    found = find_journeys(find_diary(tracks, None))
    assert list(np.bincount(found.user)) == [4] * 4 and found.complete.all()
    assert (found.t_end - found.t_start < 3_600_000).all()
    assert np.allclose(found.begin[:, 1], 50 + found.user, atol=0.01)
    nothing = find_journeys(find_diary(tracks.take(np.arange(1)), None))
    assert not len(nothing.user)


def test_rides_of_taxis_between_neighbourhoods_are_those_that_pandas_counts(data: Path) -> None:
    pd = pytest.importorskip("pandas")
    fixes = pd.read_parquet(data / "cabspotting" / "points.parquet", filters=[("cab_id", "<", 40)])
    fixes = fixes.sort_values(["cab_id", "t"], kind="stable")
    ride = (
        fixes.occupied.ne(fixes.occupied.shift()) | fixes.cab_id.ne(fixes.cab_id.shift())
    ).cumsum()
    fixes = fixes.assign(ride=ride.astype(str), lon=fixes.lon_e6 / 1e6, lat=fixes.lat_e6 / 1e6)[
        fixes.occupied == 1
    ]
    given = read_polygons(data / "regions" / "sf_neighborhoods.geojson", None, guess=True)
    t = fixes.t.to_numpy().astype("datetime64[ms]").astype(np.int64)
    read, _ = build_tracks(
        *(fixes[name].to_numpy() for name in ("cab_id", "ride")),
        t,
        fixes.lon.to_numpy(),
        fixes.lat.to_numpy(),
    )
    tracks, _ = by_unit(read, "track")
    zones = read_zones(given.shapes, given.ids)
    found = find_flows(tracks, None, zones, FlowSpec(trips="tracks")).matrix
    rows = pd.DataFrame(
        {"ride": tracks.track, "cab": tracks.user, "x": tracks.lon, "y": tracks.lat}
    ).groupby("ride")
    ends, tree = (rows.first(), rows.last()), shapely.STRtree(zones.shapes)
    table = ends[0][["cab"]].copy()
    for name, end in zip(("a", "b"), ends):
        point, zone = tree.query(shapely.points(end.x, end.y), predicate="intersects")
        inside = pd.Series(zone, end.index[point])
        table[name] = inside[~inside.index.duplicated()]
    pairs = table.dropna().groupby(["a", "b"]).cab
    most = pairs.agg(lambda cabs: cabs.value_counts().iloc[0] / len(cabs))
    counted, cabs = pairs.size(), pairs.nunique()
    shown = counted[(cabs >= 10) & (most <= 0.85)]
    have = {
        (a, b): n
        for a, b, n in zip(found["from_zone"], found["to_zone"], found["n_trips"])
        if a is not None
    }
    there = {tuple(zones.names[np.array(pair, int)]): float(n) for pair, n in shown.items()}
    assert have == there and len(have) > 100
    assert found["n_trips"][np.equal(found["from_zone"], None)].sum() == counted.sum() - shown.sum()


HOME = (0, 8, 0, 0)


@pytest.mark.parametrize(
    ("ways", "every_s", "wanted"),
    [
        ([HOME, (8, 8.2, 0, 5), (8.2, 9.2, 5, 5), (9.2, 9.4, 5, 0), (9.4, 9.5, 0, 0), (9.5, 9.7, 0, -4),
          (9.7, 11, -4, -4)], 15, [(0, 5, True), (5, 0, True), (0, -4, True)]),
        ([HOME, (8, 8.5, 0, 3), (8.5, 9, 3, 0), (9, 12, 0, 0)], 15, [(0, 3, True), (3, 0, True)]),
        ([HOME, (8, 8.1, 0, 4), (10, 10.1, 9, 13), (10.1, 12, 13, 13)], 15, [(0, 4, False), (9, 13, False)]),
        ([HOME, (8, 8.4, 0, 6), (14, 15, 30, 48), (15, 18, 48, 48)], 600, [(0, 6, False), (30, 48, False)]),
        ([HOME, (8, 8.4, 0, 6), (9.4, 10, 8, 18), (10, 12, 18, 18)], 600, [(0, 8, True), (8, 18, True)]),
        ([HOME, (8, 8.3, 0, 9), (8.3, 10, 9, 9), (10, 10.5, 9, 0)], 15, [(0, 9, True), (9, 0, True)]),
        ([HOME, (8, 8.3, 0, 9)], 15, [(0, 9, False)]),
        ([HOME, (8, 8.1, 0, 4), (8.6, 8.7, 14, 18), (8.7, 11, 18, 18)], 15, [(0, 18, True)]),
    ],
    ids=["a halt at home", "there and back", "moving when last seen", "seldom a fix: nobody knows", "or seen again",
         "the record ends at home", "or away", "under ground"],
)  # fmt: skip
def test_where_trips_begin_and_end(ways: list, every_s: float, wanted: list) -> None:
    """ways: from hour to hour, from km to km."""
    t, km = [], []
    for begin, end, here, there in ways:
        t.append(np.arange(begin * 3_600_000, end * 3_600_000, every_s * 1000))
        km.append(np.interp(t[-1], [begin * 3_600_000, end * 3_600_000], [here, there]))
    when, x = 1_599_436_800_000 + np.concatenate(t).astype(np.int64), np.concatenate(km)
    tracks, _ = build_tracks(None, None, when, x / 111.32, np.zeros(len(x)))
    found = find_journeys(find_diary(tracks, None))
    ends = np.column_stack([found.begin[:, 0], found.end[:, 0]]) * 111.32
    assert found.complete.tolist() == [known for *_, known in wanted]
    far = 2.0 if every_s > 60 else 0.3
    assert np.abs(ends - [(a, b) for a, b, _ in wanted]).max() < far, ends
    assert (found.metres > 990 * np.abs(np.diff(ends)[:, 0])).all()  # also of what no fix shows
    assert found.metres.sum() == pytest.approx(
        1000 * sum(abs(b - a) for a, b, _ in wanted), rel=far / 4
    )


@pytest.mark.parametrize(
    ("hours", "km", "wanted"),
    [
        (
            np.append(np.arange(0, 8, 0.1), [*np.arange(10, 12, 0.1), *np.arange(40, 42, 0.1)]),
            [0, 9, 0],
            [(0, 9)],
        ),
        (np.arange(0, 24, 1.0), [0, 20, 40], [(0, 40)]),
        (np.append(np.arange(0, 8, 0.1), np.arange(22, 30, 0.1)), [0, 0, 9], [(0, 9)]),
    ],
    ids=[
        "a silence hides a trip, a long one nobody knows what",
        "once an hour, once on the way",
        "off over night",
    ],
)
def test_trips_that_are_not_seen(hours: np.ndarray, km: list, wanted: list) -> None:
    x = np.select([hours < 8.5, hours < (9.5 if len(hours) == 24 else 20)], km[:2], km[2])
    when = 1_599_436_800_000 + (hours * 3_600_000).astype(np.int64)
    found = find_journeys(
        find_diary(build_tracks(None, None, when, x / 111.32, np.zeros(len(x)))[0], None)
    )
    assert len(found.user) == len(wanted), "nothing is close to anything"
    assert np.allclose(
        np.column_stack([found.begin[:, 0], found.end[:, 0]]) * 111.32, wanted, atol=0.01
    )
    assert (
        found.complete.all()
        and not found.mode_p.any()
        and np.allclose(found.metres, 1000 * wanted[0][1], rtol=0.01)
    )


@pytest.mark.parametrize(
    ("local", "zone", "lon"),
    [
        ("2024-07-03 06:30", "America/Toronto", -79.4),
        ("2024-01-03 06:30", "America/Toronto", -79.4),
        ("2024-07-03 09:45", "Europe/Berlin", 13.4),
        ("2018-12-03 06:05", "America/Sao_Paulo", -46.6),
    ],
)
def test_slices_are_of_the_local_clock(local: str, zone: str, lon: float) -> None:
    t = parse_times([local], zone)
    part, names = slices(local_ms(t, np.array([lon]), zone), "daypart")
    assert names[part].tolist() == ["06:00-09:59"]


def test_the_zone_changes_the_slices_of_flows() -> None:
    trips, zones = some_trips(), grid(3)
    spec = FlowSpec(slice="hour", min_users=1)
    solar = flows(trips, zones, spec).matrix
    local = flows(trips, zones, spec, "Asia/Kolkata").matrix
    assert solar["n_trips"].sum() == local["n_trips"].sum()
    assert not np.array_equal(solar["n_trips"], local["n_trips"])
