# SPDX-License-Identifier: GPL-2.0-or-later
"""Regions are who crosses them, and few people are withheld."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

shapely = pytest.importorskip("shapely")
pytest.importorskip("scipy")

from raw_qgis_plugin.core.arrays import sparse_counts  # noqa: E402
from raw_qgis_plugin.core.errors import InputError  # noqa: E402
from raw_qgis_plugin.core.features.region_activity import REGION_ACTIVITY  # noqa: E402
from raw_qgis_plugin.core.geodesy import metres_between  # noqa: E402
from raw_qgis_plugin.core.regions.geometry import area_km2, fixes_inside  # noqa: E402
from raw_qgis_plugin.core.regions.scores import (  # noqa: E402
    count_users,
    homes,
    pool_users,
    region_inputs,
    score_regions,
    stays,
    ways_across,
)
from raw_qgis_plugin.core.regions.week import week_of_regions  # noqa: E402
from raw_qgis_plugin.core.tracks import build_tracks  # noqa: E402

POI = {"name": "poi", "unit": "region", "kind": "number", "halfwidth": {"low": -1, "high": 2}, "transform": "log1p"}
DEGREE = shapely.box(0, 0, 1, 1)
EVERYWHERE = shapely.box(-180, -90, 180, 90)


def crossing(tracks, regions):
    """(n_regions, n_users) counts of fixes."""
    return count_users(tracks, fixes_inside(tracks, regions))


def fixes(lon, lat, user=None):
    return build_tracks(user, None, np.arange(len(lon)) * 3_600_000, lon, lat)[0]


def test_counts_of_fixes_by_region_and_user():
    tracks = fixes([0.5, 0.6, 1.5, 0.5, 9.0], [0.5] * 5, ["a", "a", "a", "b", "b"])
    ring = shapely.box(-1, -1, 3, 3) - shapely.box(0.4, 0, 1, 1)  # a hole around the first two
    both = shapely.MultiPolygon([shapely.box(0, 0, 1, 1), shapely.box(8, 0, 10, 1)])
    counts = crossing(tracks, [shapely.box(0, 0, 1, 1), ring, both, None, shapely.Polygon()]).toarray()
    assert counts.tolist() == [[2, 1], [1, 0], [2, 2], [0, 0], [0, 0]]


def test_agrees_with_shapely_on_any_polygon():
    rng = np.random.default_rng(0)
    tracks = fixes(rng.uniform(-1, 1, 3000), rng.uniform(-1, 1, 3000), rng.integers(0, 7, 3000))
    regions = shapely.buffer(shapely.points(rng.uniform(-1, 1, (20, 2))), rng.uniform(0.01, 0.5, 20), quad_segs=3)
    points = shapely.points(tracks.lon, tracks.lat)
    truth = [np.bincount(tracks.user[shapely.intersects(region, points)], minlength=7) for region in regions]
    assert crossing(tracks, regions).toarray().tolist() == np.array(truth).tolist()


def test_invalid_polygons_are_mended():
    bow_tie = shapely.Polygon([(0, 0), (2, 2), (2, 0), (0, 2)])
    assert crossing(fixes([0.2, 1.0], [1.0, 0.1]), [bow_tie]).toarray().tolist() == [[1]]
    assert bow_tie.equals(shapely.Polygon([(0, 0), (2, 2), (2, 0), (0, 2)]))  # the caller's stays as it was


def test_parts_that_overlap_are_one_area():
    overlap = shapely.MultiPolygon([shapely.box(0, 0, 2, 2), shapely.box(1, 1, 3, 3)])
    within = shapely.MultiPolygon([shapely.box(0, 0, 3, 3), shapely.box(1, 1, 2, 2)])
    tie = shapely.Polygon([(0, 0), (2, 2), (2, 0), (0, 2)])
    ties = shapely.MultiPolygon([tie, shapely.box(0.5, 0, 1.5, 2)])  # its gaps are filled by the other part
    tracks = fixes([1.5, 1.0, 0.1], [1.5, 0.1, 0.5])
    assert crossing(tracks, [overlap, within, ties, tie]).toarray().ravel().tolist() == [3, 3, 3, 2]
    areas = area_km2([overlap, within, ties]) / area_km2([DEGREE])
    assert areas == pytest.approx([7, 9, 3.5], rel=0.01)
    holed = shapely.MultiPolygon([shapely.box(0, 0, 3, 3) - shapely.box(1, 1, 2, 2), shapely.box(2.5, 0, 4, 3)])
    assert crossing(tracks, [holed]).toarray().tolist() == [[2]]  # a true hole stays one


def test_round_the_world():
    tracks = fixes([179.5, -179.5, 0.0], [0.0] * 3)
    assert crossing(tracks, [shapely.box(179, -1, 181, 1)]).toarray().tolist() == [[2]]
    assert crossing(tracks, [shapely.box(-181, -1, -179, 1)]).toarray().tolist() == [[2]]
    halves = shapely.MultiPolygon([shapely.box(179, -1, 180, 1), shapely.box(-180, -1, -179, 1)])
    assert crossing(tracks, [halves]).toarray().tolist() == [[2]]
    with pytest.raises(InputError, match="Region 2 is drawn across the antimeridian"):
        crossing(tracks, [EVERYWHERE.intersection(shapely.box(0, 0, 1, 1)), shapely.box(-179, -1, 179, 1)])


def test_only_polygons_are_regions():
    with pytest.raises(InputError, match="Region 1 is a Point"):
        crossing(fixes([0.0], [0.0]), [shapely.Point(0, 0)])


def test_area_on_the_ellipsoid():
    box = shapely.box(0, 0, 1, 1)
    assert area_km2([box])[0] == pytest.approx(12_309, rel=1e-3)
    assert area_km2([box - shapely.box(0.25, 0.25, 0.75, 0.75)])[0] == pytest.approx(12_309 * 0.75, rel=1e-2)


def test_pooling():
    from scipy.sparse import csr_matrix

    visits = csr_matrix(np.array([[1, 3, 0], [0, 0, 0], [0, 0, 2]]))
    embeddings = np.array([[1.0, 0], [3, 4], [np.nan, np.nan]], np.float32)
    assert pool_users(embeddings, visits).tolist() == [[4, 4], [0, 0], [0, 0]]
    assert pool_users(embeddings, visits, "mean").tolist() == [[2, 2], [0, 0], [0, 0]]
    assert pool_users(embeddings, visits, "share").tolist() == [[2.5, 3], [0, 0], [0, 0]]
    inputs = region_inputs(embeddings, visits, np.array([1.0, 2, np.e]), np.full((3, 1), 9.0))
    assert inputs.dtype == np.float32 and inputs.shape == (3, 8)
    assert inputs[0] == pytest.approx([4, 4, 2, 2, np.log(3), np.log(5), 0, 9])
    with pytest.raises(InputError, match="no pooling 'max'"):
        pool_users(embeddings, visits, "max")


def test_under_ten_users_nothing_is_told(people, invented_model):
    regions = [EVERYWHERE, shapely.box(9.995, 40, 10.005, 60), shapely.box(100, 0, 101, 1), None]
    model = invented_model({**POI, "domain": {"cadence_s": [1, 300]}})
    scores = score_regions(people, regions, model).columns
    assert list(scores) == [
        "n_users", "n_points", "poi", "poi_low", "poi_high", "n_visits", "dwell_min", "home_share", "suppressed",
        "in_domain",
    ]  # fmt: skip
    assert scores["suppressed"].tolist() == [False, True, True, True]
    assert scores["n_users"][0] == 12 and scores["n_points"][0] == len(people)
    for name in ("n_users", "n_points", "poi", "poi_low", "poi_high", "n_visits", "dwell_min"):
        assert np.isnan(scores[name][1:]).all() and not np.isnan(scores[name][0])
    assert np.isnan(scores["home_share"]).all()  # two hours of a day show nobody's home
    assert scores["in_domain"].tolist() == [True, False, False, False]
    assert scores["poi_low"][0] <= scores["poi"][0] <= scores["poi_high"][0]
    assert model.asked["poi"].shape[0] == 1  # a withheld region is not even scored


def test_fewest_users_counts_people_not_tracks(people, invented_model):
    trips = np.arange(len(people)) // 10
    tracks, _ = build_tracks(people.user, trips, people.t, people.lon, people.lat)
    region = [shapely.box(9.995, 40, 10.005, 60)]
    assert score_regions(tracks, region, invented_model(POI)).columns["suppressed"].tolist() == [True]
    assert score_regions(tracks, region, invented_model(POI), min_users=1).columns["suppressed"].tolist() == [False]
    with pytest.raises(InputError, match="at least 1"):
        score_regions(tracks, region, invented_model(POI), min_users=0)


def test_a_way_between_fixes_crosses_too():
    minute = 60_000
    t = [0, minute, 2 * minute, 0, 20 * minute, 0, minute]
    lon = [-0.01, 0.02, 0.02, -0.01, 0.02, 5.0, 5.0]  # b's way takes too long to be straight; c is elsewhere
    tracks, _ = build_tracks(list("aaabbcc"), None, t, lon, [0.005] * 5 + [0, 1e-4])
    regions = [shapely.box(0, 0, 0.01, 0.01), shapely.box(0.015, 0, 0.03, 0.01), None]
    visits = crossing(tracks, regions)
    assert visits.toarray().tolist() == [[0, 0, 0], [2, 1, 0], [0, 0, 0]]
    assert ways_across(tracks, regions, visits).toarray().tolist() == [[1, 0, 0], [0, 0, 0], [0, 0, 0]]


def test_ways_round_the_world():
    lon = [-175.01, -174.99, 179.99, -179.99]  # a along the street, b over the date line
    tracks, _ = build_tracks(list("aabb"), None, np.array([0, 1, 0, 1]) * 60_000, lon, [0.0] * 4)
    street, line = shapely.box(-175.001, -1, -174.999, 1), shapely.box(179.999, -1, 180.001, 1)
    east, west = shapely.box(184.999, -1, 185.001, 1), shapely.box(-180.001, -1, -179.999, 1)
    regions = [street, east, line, west, shapely.box(179.999, -1, 180, 1), shapely.box(-180, -1, -179.999, 1)]
    nobody = crossing(tracks, regions)
    assert nobody.nnz == 0
    assert ways_across(tracks, regions, nobody).toarray().tolist() == [[1, 0]] * 2 + [[0, 1]] * 4


def test_lines_are_made_of_steps_near_regions_alone(monkeypatch):
    rng = np.random.default_rng(0)
    lon, lat = rng.uniform(0, 1, (2, 1000, 10))  # people who go about a degree in steps of a kilometre or so
    lon, lat = (x[:, :1] + np.cumsum(rng.normal(0, 0.01, x.shape), axis=1) for x in (lon, lat))
    t = np.tile(np.arange(10) * 60_000, 1000)
    tracks, _ = build_tracks(np.repeat(np.arange(1000), 10), None, t, lon.ravel(), lat.ravel())
    regions = [shapely.box(x, 0.5, x + 0.2, 0.505) for x in (0.2, 0.4, 0.6)]
    made, linestrings = [], shapely.linestrings
    monkeypatch.setattr(shapely, "linestrings", lambda ends: made.append(len(ends)) or linestrings(ends))
    whole = ways_across(tracks, regions, crossing(tracks, regions))
    assert whole.sum() > 3 and sum(made) < 0.1 * len(tracks)
    assert (ways_across(tracks, regions, crossing(tracks, regions), steps_at_once=1000) != whole).nnz == 0


def test_scores_by_the_way(people, invented_model):
    beside = [shapely.box(9.9, 40, 9.95, 60)]
    by_fixes = score_regions(people, beside, invented_model(), min_users=1)
    assert by_fixes.columns["suppressed"].tolist() == [True]
    assert score_regions(people, [EVERYWHERE], invented_model(), by="segments").columns["n_users"].tolist() == [12]
    with pytest.raises(InputError, match="no crossing by 'foot'"):
        score_regions(people, beside, invented_model(), by="foot")


def test_visits_dwell_and_homes():
    hour = 3_600_000
    monday = 1_699_833_600_000
    # a sleeps at 0.5 for three nights and visits 1.5 for two hours each day; b passes 1.5 with one fix, home unknown
    days = [monday + d * 24 * hour for d in range(3)]
    t = [d + h * hour for d in days for h in (1, 2, 3, 12, 13, 14)] + [monday + 12 * hour, monday + 13 * hour]
    lon = [0.5, 0.5, 0.5, 1.5, 1.5, 1.5] * 3 + [1.5, 5.0]
    tracks, _ = build_tracks(["a"] * 18 + ["b"] * 2, None, t, lon, [0.5] * 20)
    regions = [DEGREE, shapely.box(1, 0, 2, 1), shapely.box(7, 7, 8, 8)]
    inside = fixes_inside(tracks, regions)
    figures = stays(tracks, regions, inside, count_users(tracks, inside))
    assert figures["n_visits"].tolist() == [3, 4, 0]
    assert figures["dwell_min"][:2].tolist() == [120, 120] and np.isnan(figures["dwell_min"][2])
    assert figures["home_share"][:2].tolist() == [1, 0] and np.isnan(figures["home_share"][2])
    lon, lat = homes(tracks)
    assert metres_between(lon[:1], lat[:1], np.array([0.5]), np.array([0.5]))[0] < 110 and np.isnan(lon[1])


def test_a_home_is_where_nights_are_spent_not_where_one_is_last_seen_before_seven():
    # at home 18:00 to 6:40, by the station 6:50 to 6:55, at work from 7:30: no night fix follows until the evening
    minutes = np.array([m for m in range(0, 1440, 5) if m < 400 or 410 <= m < 420 or 450 <= m < 1020 or m >= 1080])
    lon = np.select([(minutes < 400) | (minutes >= 1080), minutes < 420], [0.0, 0.04], 0.11)
    t = MONDAY + np.add.outer(np.arange(10) * 24 * HOUR, minutes * 60_000).ravel()
    tracks, _ = build_tracks(None, None, t, np.tile(lon, 10), np.full(len(t), 50.0))
    assert metres_between(*homes(tracks), np.zeros(1), np.full(1, 50.0))[0] < 110


HOUR, MONDAY = 3_600_000, 1_699_833_600_000
BLOCK = shapely.box(0, 0, 0.01, 0.01)


def resident(user, days=4):
    """Rows of user, t, lon: two hours there every night, and two hours every afternoon."""
    hours = [1, 2, 3, 14, 15, 16]
    return [(user, MONDAY + (24 * day + hour) * HOUR, 0.005) for day in range(days) for hour in hours]


def of_rows(rows):
    user, t, lon = zip(*rows, strict=True)
    return build_tracks(user, None, np.array(t), list(lon), [0.005] * len(rows))[0]


def scored(rows, model, **options):
    scores = score_regions(of_rows(rows), [BLOCK], model, **options)
    return {name: values[0] for name, values in scores.columns.items()}, scores.reasons


def test_one_resident_is_not_told_among_people_who_pass(invented_model):
    passers = [(f"p{k}", MONDAY + m * 60_000, lon) for k in range(9) for m, lon in ((0, -0.01), (1, 0.02))]
    figures, reasons = scored(resident("r") + passers, invented_model(POI), by="segments")
    assert figures["n_users"] == 10 and not figures["suppressed"] and not figures["in_domain"]
    private = ("n_points", "n_visits", "dwell_min", "home_share", "poi", "poi_low", "poi_high")
    assert all(np.isnan(figures[name]) for name in private)
    assert reasons[0] == "1 of 1 regions: fewer than 10 users have a fix inside, so figures from fixes are withheld"
    assert len(reasons) == 2 and reasons[1].startswith("most ids are seen within a day")  # those who pass
    ten = [row for k in range(10) for row in resident(f"r{k}")]
    figures, reasons = scored(ten + passers, invented_model(POI), by="segments")
    assert figures["n_users"] == 19 and figures["n_points"] == 240 and figures["in_domain"]
    assert len(reasons) == 1 and reasons[0].startswith("all tracks together")  # fixes elsewhere are of the nine
    assert not any(np.isnan(figures[name]) for name in private)


def test_one_resident_is_not_told_among_people_with_a_fix(invented_model):
    visitors = [(f"v{k}", MONDAY + 12 * HOUR + m * 60_000, lon) for k in range(9) for m, lon in ((0, 0.005), (9, 0.03))]
    figures, reasons = scored(resident("r") + visitors, invented_model(POI))
    assert (figures["n_users"], figures["n_points"], figures["n_visits"]) == (10, 33, 17)
    assert reasons[0].startswith("all tracks together")  # fixes elsewhere are of the nine
    assert figures["poi"] > 0 and figures["in_domain"]
    assert np.isnan(figures["dwell_min"]) and np.isnan(figures["home_share"])
    figures, _ = scored(resident("r") + visitors, invented_model(POI), min_users=1)
    assert figures["dwell_min"] == 120 and figures["home_share"] == 1


@pytest.mark.parametrize(("visits", "withheld"), [(50, False), (60, True)])
def test_a_dwell_time_is_not_that_of_one_person_who_often_stays(visits, withheld):
    """Nine others stay for ten minutes once; that many more pass with one fix each time changes nothing."""
    rows = [(f"v{k}", MONDAY + m * 60_000, 0.005) for k in range(9) for m in (0, 10)]
    rows += [(f"v{k}", MONDAY + day * 24 * HOUR, 0.005) for k in range(9) for day in range(1, 9)]
    rows += [("r", MONDAY + 4 * visit * HOUR + m * 60_000, 0.005) for visit in range(visits) for m in (0, 33)]
    tracks = of_rows(rows)
    inside = fixes_inside(tracks, [BLOCK])
    figures = stays(tracks, [BLOCK], inside, count_users(tracks, inside), 10)
    assert np.isnan(figures["dwell_min"][0]) == withheld and figures["n_visits"][0] == 81 + visits


@pytest.mark.parametrize(("alone", "withheld"), [(0, True), (8, True), (None, False), (10, False)])
def test_a_district_less_its_tracts_is_withheld(invented_model, alone, withheld):
    rows = [(f"{tract}-{k}", MONDAY + m * 60_000, tract / 100 + 0.005)
            for tract, people in enumerate((20, 20, alone or 0)) for k in range(people) for m in (0, 9)]  # fmt: skip
    rows += [("0-0", MONDAY + HOUR, 0.025)] * (alone is not None)  # one of the first tract's people counts there too
    regions = [shapely.box(tract / 100, 0, (tract + 1) / 100 - 1e-6, 0.01) for tract in range(3)]
    district = shapely.box(0, 0, 0.03, 0.01)
    same = shapely.box(0.01, 0, 0.0199, 0.01)  # as the second tract: nobody is between
    scores = score_regions(of_rows(rows), [*regions, district, same], invented_model())
    shown = ~scores.columns["suppressed"]
    assert shown.tolist() == [not withheld, True, alone == 10, True, True]  # the third tract is one of few
    assert any("would leave fewer than 10 users" in reason for reason in scores.reasons) == withheld


@pytest.mark.parametrize(
    ("here", "elsewhere", "min_users", "share"),
    [(0, 3, 3, 0), (3, 0, 3, 1), (3, 3, 3, 0.5), (2, 0, 3, None), (1, 5, 3, None), (5, 2, 3, None), (1, 5, 1, 1 / 6)],
)
def test_a_home_share_tells_of_nobody_alone(here, elsewhere, min_users, share):
    rows = [row for k in range(here) for row in resident(f"h{k}")]
    for k in range(elsewhere):
        rows += [(f"e{k}", t, 0.5) for _, t, _ in resident("")] + [(f"e{k}", MONDAY + 12 * HOUR, 0.005)]
    tracks = of_rows(rows)
    inside = fixes_inside(tracks, [BLOCK])
    told = stays(tracks, [BLOCK], inside, count_users(tracks, inside), min_users)["home_share"][0]
    assert np.isnan(told) if share is None else told == share


def test_the_week_counts_people_and_hides_few_in_every_slice():
    hour, monday = 3_600_000, 1_699_833_600_000
    # a, b and c on Monday at 7 and 8 and on Saturday at 21; d on Monday at 7 alone; all at the meridian
    t = [monday + h * hour for h in (7, 8, 5 * 24 + 21)]
    lon = [0.5, 0.5, 0.5]
    tracks, _ = build_tracks(list("aaabbbcccd"), None, [*t, *t, *t, t[0]], [*lon, *lon, *lon, 0.1], [0.5] * 10)
    week = week_of_regions(tracks, [DEGREE, None], 3)
    assert {len(column) for column in week.values()} == {2 * 7 * 5}
    told = {
        (region, day, begin): (users, visits)
        for region, day, begin, users, visits in zip(*(week[k] for k in
        ("region", "weekday", "hour_from", "n_users", "n_visits")), strict=True) if users == users
    }  # fmt: skip
    assert told == {(0, 1, 6): (4, 4), (0, 6, 20): (3, 3)}
    assert (week["suppressed"] == np.isnan(week["n_users"])).all() and np.isnan(week["n_visits"]).sum() == 68
    assert (week["hour_to"] > week["hour_from"]).all() and week["weekday"].tolist()[:6] == [1, 1, 1, 1, 1, 2]
    assert week_of_regions(tracks, [DEGREE], 4)["suppressed"].all()  # the total less Monday would tell of Saturday
    assert week_of_regions(tracks, [DEGREE], 3, shown=np.zeros(1, bool))["suppressed"].all()
    with pytest.raises(InputError, match="at least 1"):
        week_of_regions(tracks, [DEGREE], 0)


def test_people_by_slot_takes_no_room_for_those_who_are_elsewhere():
    user, slot = np.array([7, 30_000_000, 7, 7], np.int32), np.array([0, 2, 0, 2], np.uint8)
    tracemalloc.start()
    try:
        assert np.diff(sparse_counts(slot, user, (168, 30_000_001)).indptr)[:4].tolist() == [1, 0, 2, 0]
        assert tracemalloc.get_traced_memory()[1] < 1e6
    finally:
        tracemalloc.stop()


def test_a_visit_is_in_every_slice_that_it_is_seen_in():
    hour, monday = 3_600_000, 1_699_833_600_000
    t = [monday + h * hour for h in (9, 11, 12, 15.5, 17)]  # one visit, then after three hours and a half another
    tracks, _ = build_tracks(None, None, np.array(t, np.int64), [0.5] * 5, [0.5] * 5)
    week = week_of_regions(tracks, [DEGREE], 1)
    assert [(b, v) for b, v in zip(week["hour_from"], week["n_visits"], strict=True) if v == v] == [
        (6, 1), (10, 2), (16, 1),
    ]  # fmt: skip


def test_out_of_domain_says_why(people, invented_model):
    model = invented_model({**POI, "domain": {"cadence_s": [1, 30], "n_users": [1, 100]}})
    scores = score_regions(people, [EVERYWHERE], model)
    assert not scores.columns["in_domain"][0]
    assert scores.reasons == ["1 of 1 regions: cadence outside 1 to 30 s"]
    scores = score_regions(people, [EVERYWHERE], invented_model(POI), pooling="mean")
    assert scores.reasons == ["poi was trained with pooling 'sum'"] and not scores.columns["in_domain"][0]


def test_embeddings_may_come_from_elsewhere(people, invented_model):
    asked = []

    def cached(tracks, progress):
        asked.append(tracks.n_users)
        return np.full((tracks.n_tracks, 8), 0.5, np.float32)

    half = [shapely.box(9, 40, 10.055, 60)]
    scores = score_regions(people, half, invented_model({**POI, "transform": ""}), min_users=3, cached=cached)
    assert asked == [scores.columns["n_users"][0]] and 3 <= asked[0] < 12  # of those who were there alone
    assert scores.columns["poi"][0] == 0.5 * asked[0]


@pytest.mark.parametrize("by", ["fixes", "segments"])
def test_a_head_may_count_stretches_of_tracks_as_users(people, invented_model, by):
    """Nobody else does: few people stay hidden, however many stretches they have."""
    model = invented_model({**POI, "name": "whole"}, {**POI, "hours": 0.5, "domain": {"n_users": [20, 90]}})
    some = [EVERYWHERE, shapely.box(9.995, 40, 10.005, 60)]
    scores = score_regions(people, some, model, by=by)
    assert scores.columns["suppressed"].tolist() == [False, True] and np.isnan(scores.columns["poi"][1])
    parts = people.by_hours(0.5)
    assert model.asked["whole"][0, -len(REGION_ACTIVITY) - 3] == pytest.approx(np.log1p(12))
    assert (
        model.asked["poi"][0, -len(REGION_ACTIVITY) - 3] == pytest.approx(np.log1p(parts.n_users))
        and parts.n_users == 60
    )
    assert scores.columns["n_users"][0] == 12 and scores.columns["in_domain"].tolist() == [True, False]


def test_no_head_no_region_no_fix(people, invented_model):
    scores = score_regions(people, [EVERYWHERE], invented_model())
    assert "counts alone" in scores.reasons[0] and scores.columns["n_users"].tolist() == [12]
    assert len(score_regions(people, [], invented_model(POI)).columns["poi"]) == 0
    nobody = people.take(np.zeros(len(people), bool))
    assert score_regions(nobody, [EVERYWHERE], invented_model(POI)).columns["suppressed"].tolist() == [True]
    with pytest.raises(InputError, match="no head 'shops' for a region. It has: poi"):
        score_regions(people, [EVERYWHERE], invented_model(POI), ["shops"])
