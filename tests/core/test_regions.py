# SPDX-License-Identifier: GPL-2.0-or-later
"""Regions are who visits them, and few people are withheld, region by region."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

shapely = pytest.importorskip("shapely")
pytest.importorskip("scipy")

from raw_qgis_plugin.core.cleaning import build_tracks  # noqa: E402
from raw_qgis_plugin.core.disclosure.contributions import bounded_sums  # noqa: E402
from raw_qgis_plugin.core.errors import InputError  # noqa: E402
from raw_qgis_plugin.core.mobility.people import PeopleLabels  # noqa: E402
from raw_qgis_plugin.core.mobility.tables import Places  # noqa: E402
from raw_qgis_plugin.core.regions.geometry import FixIndex, area_km2, fixes_inside  # noqa: E402
from raw_qgis_plugin.core.regions.heads import count_users, pool_users, region_inputs  # noqa: E402
from raw_qgis_plugin.core.regions.ids import doubtful_ids  # noqa: E402
from raw_qgis_plugin.core.regions.publishing import VISITS, regions_to_publish  # noqa: E402
from raw_qgis_plugin.core.regions.scores import score_regions  # noqa: E402
from raw_qgis_plugin.core.regions.view import NO_DATA, TOO_FEW, prepare, summarise_region  # noqa: E402

HOUR, MONDAY = 3_600_000, 1_699_833_600_000
POI = {
    "name": "poi",
    "unit": "region",
    "kind": "number",
    "halfwidth": {"low": -1, "high": 2},
    "transform": "log1p",
}
DEGREE = shapely.box(0, 0, 1, 1)
EVERYWHERE = shapely.box(-180, -90, 180, 90)


def fixes(lon, lat, user=None):
    return build_tracks(user, None, np.arange(len(lon)) * HOUR, lon, lat)[0]


def seen(*groups):
    """Tracks of groups (name, people, longitude, hours after Monday): everybody has a fix at each
    of the hours.
    """
    rows = [
        (f"{name}{k}", MONDAY + hour * HOUR, lon)
        for name, n, lon, hours in groups
        for k in range(n)
        for hour in hours
    ]
    user, t, lon = zip(*rows, strict=True)
    return build_tracks(user, None, np.array(t, np.int64), list(lon), [0.5] * len(rows))[0]


def ones(tracks, _):
    """Embeddings."""
    return np.ones((tracks.n_tracks, 300), np.float32)


def embedded(tracks, model, **options):
    users = tracks.by_user()
    return prepare(users, ones(users, None), model, **options)


# ---- which fixes are in a region
# ------------------------------------------------------------------------------------


def counts(tracks, regions):
    told = []
    found = count_users(tracks, fixes_inside(tracks, regions, told.append)).toarray().tolist()
    assert told == [(k + 1) / len(regions) for k in range(len(regions))]
    return found


def test_counts_of_fixes_by_region_and_user():
    tracks = fixes([0.5, 0.6, 1.5, 0.5, 9.0], [0.5] * 5, ["a", "a", "a", "b", "b"])
    ring = shapely.box(-1, -1, 3, 3) - shapely.box(0.4, 0, 1, 1)  # a hole around the first two
    both = shapely.MultiPolygon([DEGREE, shapely.box(8, 0, 10, 1)])
    assert counts(tracks, [DEGREE, ring, both, None, shapely.Polygon()]) == [
        [2, 1],
        [1, 0],
        [2, 2],
        [0, 0],
        [0, 0],
    ]


@pytest.mark.parametrize("seed", range(3))
def test_agrees_with_shapely_on_any_polygon(seed):
    rng = np.random.default_rng(seed)
    # a crowd, and some far away
    lon = np.concatenate([rng.normal(10, 0.02, 2000), rng.uniform(-170, 170, 20)])
    lat = np.concatenate([rng.normal(50, 0.02, 2000), rng.uniform(-80, 80, 20)])
    index, points = FixIndex(lon, lat), shapely.points(lon, lat)
    hulls = [
        shapely.convex_hull(shapely.multipoints(rng.normal([10, 50], 0.03, (6, 2))))
        for _ in range(20)
    ]
    # which holds some fixes on both its ends
    for region in [*hulls, shapely.box(-190, -90, 190, 90)]:
        assert (
            index.inside(region).tolist()
            == np.flatnonzero(shapely.intersects(region, points)).tolist()
        )


def test_broken_polygons_are_mended_and_parts_that_overlap_are_one_area():
    tie = shapely.Polygon([(0, 0), (2, 2), (2, 0), (0, 2)])
    overlap = shapely.MultiPolygon([shapely.box(0, 0, 2, 2), shapely.box(1, 1, 3, 3)])
    within = shapely.MultiPolygon([shapely.box(0, 0, 3, 3), shapely.box(1, 1, 2, 2)])
    # its gaps are filled by the other part
    ties = shapely.MultiPolygon([tie, shapely.box(0.5, 0, 1.5, 2)])
    holed = shapely.MultiPolygon(
        [shapely.box(0, 0, 3, 3) - shapely.box(1, 1, 2, 2), shapely.box(2.5, 0, 4, 3)]
    )
    tracks = fixes([1.5, 1.0, 0.1], [1.5, 0.1, 0.5])
    assert np.ravel(counts(tracks, [overlap, within, ties, tie, holed])).tolist() == [3, 3, 3, 2, 2]
    assert area_km2([DEGREE])[0] == pytest.approx(12_309, rel=1e-3)
    assert area_km2([overlap, within, ties, holed]) / 12_309 == pytest.approx(
        [7, 9, 3.5, 11], rel=0.01
    )
    # the caller's stays as it was
    assert tie.equals(shapely.Polygon([(0, 0), (2, 2), (2, 0), (0, 2)]))
    with pytest.raises(InputError, match="Region 1 is a Point"):
        counts(tracks, [shapely.Point(0, 0)])


def test_round_the_world():
    tracks = fixes([179.5, -179.5, 0.0], [0.0] * 3)
    halves = shapely.MultiPolygon([shapely.box(179, -1, 180, 1), shapely.box(-180, -1, -179, 1)])
    around = [shapely.box(179, -1, 181, 1), shapely.box(-181, -1, -179, 1), halves]
    assert counts(tracks, [*around, shapely.box(-90, -1, 90, 1)]) == [[2], [2], [2], [1]]
    with pytest.raises(InputError, match="Region 2 is drawn across the antimeridian"):
        counts(tracks, [DEGREE, shapely.box(-179, -1, 179, 1)])


# ---- figures, and what is withheld
# ----------------------------------------------------------------------------------


def test_under_ten_users_nothing_is_told(people, invented_model):
    regions = [EVERYWHERE, shapely.box(9.995, 40, 10.005, 60), shapely.box(100, 0, 101, 1), None]
    model = invented_model({**POI, "domain": {"cadence_s": [1, 300]}})
    scores = score_regions(people, regions, model).columns
    assert scores["suppressed"].tolist() == [False, True, True, True]
    assert scores["n_users"][0] == 12 and scores["n_points"][0] == len(people)
    for name in ("n_users", "n_points", "poi", "poi_low", "poi_high", "n_visits", "dwell_min"):
        assert np.isnan(scores[name][1:]).all() and not np.isnan(scores[name][0])
    assert scores["in_domain"].tolist() == [True, False, False, False]
    assert scores["poi_low"][0] <= scores["poi"][0] <= scores["poi_high"][0]
    assert model.asked["poi"].shape[0] == 1  # a withheld region is not even scored
    other = invented_model({**POI, "domain": {"cadence_s": [1000, 9000]}})
    drawn = summarise_region(embedded(people, other), other, EVERYWHERE)
    assert (
        not drawn.figures["in_domain"] and drawn.why == "fixes too close or too far apart in time"
    )
    with pytest.raises(InputError, match="at least 1"):
        score_regions(people, regions, model, min_users=0)


def test_the_minimum_counts_people_not_tracks(people, invented_model):
    trips = np.arange(len(people)) // 10
    tracks, _ = build_tracks(people.user, trips, people.t, people.lon, people.lat)
    region = [shapely.box(9.995, 40, 10.005, 60)]
    for least, hidden in ((10, True), (1, False)):
        assert (
            score_regions(tracks, region, invented_model(), min_users=least).columns["suppressed"][
                0
            ]
            == hidden
        )


def test_what_is_withheld_depends_on_no_other_region(invented_model):
    """Alone, beside any others and in any order: figures, and what is withheld, are
    the same.
    """
    rng = np.random.default_rng(0)
    user = np.repeat(np.arange(60), 20)
    xy = rng.uniform(0, 1, (60, 2))[user] + rng.normal(0, 0.05, (1200, 2))
    xy[:300] = [0.5, 0.5]  # fifteen people stay in one place
    xy[300:310], user[300:310] = [0.9, 0.1], 0
    tracks, _ = build_tracks(
        user, None, MONDAY + np.arange(1200) * 600_000, *xy.T, drop_spikes=False
    )
    nested = [shapely.box(0.5 - w, 0.5 - w, 0.5 + w, 0.5 + w) for w in (0.01, 0.05, 0.1, 0.2, 0.5)]
    drawn = [
        shapely.box(*c, *(c + rng.uniform(0.05, 0.5, 2))) for c in rng.uniform(0, 0.8, (40, 2))
    ]
    regions = np.array([*nested, *drawn, *nested])
    together = score_regions(tracks, regions, invented_model()).columns
    assert 5 < together["suppressed"].sum() < 40
    for row in range(len(regions)):
        other = rng.permutation(len(regions))[: rng.integers(1, 10)]
        some = np.append(other, row)
        for name, values in score_regions(tracks, regions[some], invented_model()).columns.items():
            np.testing.assert_array_equal(values[-1:], together[name][row : row + 1], name)


def test_one_person_does_not_make_a_figure(invented_model):
    few = ("u", 9, 0.5, (0, 1))
    tracks = seen(few, ("boss", 1, 0.5, np.arange(200) / 60))
    scores = score_regions(tracks, [DEGREE], invented_model(POI)).columns
    # one person counts once in it
    assert scores["n_users"][0] == 10 and not scores["suppressed"][0]
    assert np.isnan([scores[name][0] for name in ("n_points", "poi", "dwell_min")]).sum() == 2
    model = invented_model(POI)
    drawn = summarise_region(embedded(tracks.by_user(), model), model, DEGREE).figures
    assert not drawn["in_domain"] and not scores["in_domain"][0] and "poi" not in drawn
    assert (
        score_regions(tracks, [DEGREE], invented_model(), min_users=1).columns["n_points"][0] == 218
    )
    # a hundred visits, at 0.5 and elsewhere by turns
    often = np.append(np.arange(0, 400, 4), np.arange(2, 400, 4))
    away = [("guest", 1, lon, hours) for lon, hours in ((0.5, often[:100]), (5.0, often[100:]))]
    many = score_regions(seen(("u", 12, 0.5, range(15)), *away), [DEGREE], invented_model()).columns
    assert np.isnan(many["n_visits"][0]) and many["n_points"][0] == 280 and many["n_users"][0] == 13


def test_visits_and_dwell(invented_model):
    """Three nights at 0.5, and two hours of each day at 1.5; b passes 1.5 once."""
    hours = [
        (24 * day + h, 0.5 if h < 4 else 1.5) for day in range(3) for h in (1, 2, 3, 12, 13, 14)
    ]
    t = [MONDAY + h * HOUR for h, _ in hours] + [MONDAY + 12 * HOUR, MONDAY + 13 * HOUR]
    lon = [x for _, x in hours] + [1.5, 5.0]
    tracks, _ = build_tracks(["a"] * 18 + ["b"] * 2, None, t, lon, [0.5] * 20)
    regions = [DEGREE, shapely.box(1, 0, 2, 1), shapely.box(7, 7, 8, 8)]
    figures = score_regions(tracks, regions, invented_model(), min_users=1).columns
    assert figures["n_visits"][:2].tolist() == [3, 4] and figures["dwell_min"][:2].tolist() == [
        120,
        120,
    ]
    assert np.isnan([figures["n_visits"][2], figures["dwell_min"][2]]).all()
    often = seen(("a", 1, 0.5, range(0, 80, 4)), ("b", 1, 0.5, [0]))
    table = regions_to_publish(often, np.array([DEGREE]), {"name": np.array(["1"])})
    assert bounded_sums(table.contributions, VISITS, 1, 1) == 6
    rows = [
        ("v", 9, 0.5, (0, 10 / 60)),
        ("r", 1, 0.5, [4 * k + m for k in range(60) for m in (0, 0.5)]),
    ]
    # of the visits that last, one person makes most
    passing = [("v", 9, 0.5, 24 * np.arange(1, 9))]
    figures = score_regions(seen(*rows, *passing), [DEGREE], invented_model()).columns
    assert np.isnan(figures["dwell_min"][0]) and figures["n_visits"][0] == 60 + 81


def test_ids_that_look_alike_and_ids_of_a_day_are_warned_of():
    assert doubtful_ids(seen(("u", 5, 0.5, range(0, 200, 8))).by_user()) == []
    alike = seen(("u", 2, 0.5, [0]), (" U", 2, 0.5, [0]), ("u\u200b", 1, 0.5, [1])).by_user()
    assert doubtful_ids(alike)[0].startswith("3 of 5 ids differ from others by case, blanks")
    turns = [(f"id {k} ", 1, 0.5, (k, k + 0.4)) for k in range(9)]
    # as of a phone that changes its id each hour
    assert "within a day" in doubtful_ids(seen(*turns).by_user())[0]
    days = seen(*((f"day {day} ", 3, 0.5, (24 * day, 24 * day + 9)) for day in range(5))).by_user()
    assert ["within a day" in words for words in doubtful_ids(days)] == [True]


# ---- who they are
# ---------------------------------------------------------------------------------------------------


def label(commuter_p, modes, places):
    """A function that labels people so: probabilities, (n, 4) shares of modes, and (user, kind, p,
    lon) of places.
    """

    def made(users, _):
        n, row = users.n_users, {name: k for k, name in enumerate(users.user_ids)}
        p = np.array([commuter_p[name] for name in users.user_ids], float)
        known = np.where(np.isnan(p), "unknown", np.where(p > 0.5, "yes", "no")).astype(object)
        shares = {
            f"share_{m}": np.full(n, x) for m, x in zip(("walk", "bike", "motor", "rail"), modes)
        }
        some = [(row[name], *rest) for name, *rest in places if name in row]
        user, kind, chance, lon = zip(*some, strict=True)
        none = np.zeros(len(user), int)
        lat = np.full(len(user), 0.5)
        kind, chance = np.array(kind, object), np.array(chance)
        of_kind = (np.where(kind == name, chance, 0.0) for name in ("home", "work"))
        there = Places(
            np.array(user), np.array(lon), lat, none, none, none, kind, kind, chance, *of_kind
        )
        days = np.full(n, 20)
        columns = {"commuter": known, "commuter_p": p, "n_days_seen": days, **shares}
        return PeopleLabels(columns, SimpleNamespace(places=there))

    return made


def test_figures_of_people_are_sums_over_visitors(invented_model):
    tracks = seen(("u", 20, 0.5, (0, 1)), ("far", 9, 5.0, (0, 1)))
    p = {f"u{k}": 0.9 if k < 12 else 0.2 for k in range(20)} | {f"far{k}": 0.9 for k in range(9)}
    p["u19"] = np.nan
    # of two homes one counts
    places = [(f"u{k}", "home", 0.9, 0.5) for k in range(15)] + [("u0", "home", 0.9, 0.6)]
    places += [("u1", "work", 0.8, 0.5), ("far0", "home", 1.0, 0.5)]  # who was never seen there
    of = label(p, (0.5, 0.25, 0.25, 0.0), places)
    found = score_regions(
        tracks, [DEGREE, shapely.box(4, 0, 6, 1)], invented_model(), label=of
    ).columns
    assert found["residents"][0] == pytest.approx(14 * 0.9 + 1)
    assert found["residents_low"][0] == pytest.approx(13.6 - 1.2816 * 1.26**0.5), (
        "of the errors of fourteen"
    )
    assert np.isnan(found["workers"][0])  # one person
    for least, told in ((19, True), (20, False)):
        some = score_regions(tracks, [DEGREE], invented_model(), min_users=least, label=of).columns[
            "n_labelled"
        ]
        assert (some == [19.0]).all() == told
    assert found["share_commuters"][0] == pytest.approx((12 * 0.9 + 7 * 0.2) / 19)
    assert (
        0
        < found["share_commuters_low"][0]
        < found["share_commuters"][0]
        < found["share_commuters_high"][0]
        < 1
    )
    off = 1.2816 * (0.018 + 0.15 / 20)  # everybody moves alike, but all shares may be off
    for end, more in (("", 0.0), ("_low", -off), ("_high", off)):
        shares = [found[f"share_{mode}{end}"][0] for mode in ("walk", "bike", "motor", "rail")]
        assert shares == pytest.approx(np.maximum(np.array([0.5, 0.25, 0.25, 0]) + more, 0))
    # nine people
    assert np.isnan(
        [found[name][1] for name in ("residents", "share_commuters", "n_labelled")]
    ).all()
    nobody = score_regions(tracks, [shapely.box(7, 7, 8, 8)], invented_model(), label=of).columns
    assert (
        nobody["suppressed"].all()
        and nobody.keys() == found.keys()
        and np.isnan(nobody["residents"]).all()
    )


def test_a_drawn_region_says_what_the_table_says(people, invented_model):
    """And the classes of labels, the hours, and nothing of few people."""
    model = invented_model(POI)
    p = {name: 0.9 if k < 11 else 0.1 for k, name in enumerate(people.user_ids)}
    of = label(p, (1, 0, 0, 0), [(name, "home", 1.0, 10.05) for name in people.user_ids])
    index = embedded(people, model, labels=of(people, None))
    region = shapely.box(9, 40, 11, 60)

    table = score_regions(people, [region], model, cached=ones, label=of).columns
    view = summarise_region(index, model, region)
    assert {name: view.figures[name] for name in view.figures} == pytest.approx(
        {name: values[0] for name, values in table.items() if name in view.figures}, nan_ok=True
    )
    assert view.figures.keys() >= table.keys() - {"suppressed"} and not view.suppressed
    few = summarise_region(index, model, shapely.box(9.995, 40, 10.005, 60))
    assert few.suppressed and not few.figures and few.week is None


def test_hours_of_a_region_are_those_of_stays(invented_model):
    """Who is seen at 9 and at 12 was there all the time; who is silent for longer was not; nobody
    is not no data.
    """
    model = invented_model()
    stay, later = ("p", 12, 0.001, (9, 12)), ("p", 12, 0.001, (40,))
    elsewhere = ("p", 12, 5.0, (60, 62))
    view = summarise_region(
        embedded(seen(stay, later, elsewhere, ("q", 3, 0.001, (9,))), model), model, DEGREE
    )
    assert view.week[0, 9:13].tolist() == [15, 12, 12, 12]
    assert view.week[1, 16] == 12  # 40 hours after Monday
    hours = view.week.ravel()
    assert hours[60] == TOO_FEW and hours[100] == hours[20] == NO_DATA
    assert (hours > 0).sum() == 5


def test_who_was_elsewhere_in_between_did_not_stay(invented_model):
    """And a silence of twelve hours is still a stay."""
    there, away = ("p", 12, 0.001, (80, 82, 100, 112)), ("p", 12, 1.5, (81,))
    view = summarise_region(embedded(seen(there, away), invented_model()), invented_model(), DEGREE)
    hours = view.week.ravel()
    assert hours[80] == hours[82] == 12 and hours[81] <= 0
    assert (hours[100:113] == 12).all() and (hours > 0).sum() == 15


def test_two_ids_in_turn_or_half_of_them_may_be_persons():
    turns = [(f"{name}", 1, 0.0, (5 * k, 5 * k + 1)) for k, name in enumerate("abc")]
    assert not doubtful_ids(seen(*turns[:2])) and len(doubtful_ids(seen(*turns))) == 1
    some = [("long", 2, 0.0, (0, 96)), ("short", 2, 0.0, (0, 1))]
    assert not doubtful_ids(seen(*some)) and len(doubtful_ids(seen(*some, turns[0]))) == 1


# ---- heads
# ----------------------------------------------------------------------------------------------------------


def test_pooling():
    from scipy.sparse import csr_matrix

    visits = csr_matrix(np.array([[1, 3, 0], [0, 0, 0], [0, 0, 2]]))
    embeddings = np.array([[1.0, 0], [3, 4], [np.nan, np.nan]], np.float32)
    for pooling, first in (("sum", [4, 4]), ("mean", [2, 2]), ("share", [2.5, 3])):
        assert pool_users(embeddings, visits, pooling).tolist() == [first, [0, 0], [0, 0]]
    inputs = region_inputs(embeddings, visits, np.array([1.0, 2, np.e]), np.full((3, 1), 9.0))
    assert inputs.dtype == np.float32 and inputs.shape == (3, 8)
    assert inputs[0] == pytest.approx([4, 4, 2, 2, np.log(3), np.log(5), 0, 9])


def test_embeddings_may_come_from_elsewhere(people, invented_model):
    asked = []

    def cached(tracks, progress):
        asked.append(tracks.n_users)
        return np.full((tracks.n_tracks, 8), 0.5, np.float32)

    half = [shapely.box(9, 40, 10.055, 60)]
    scores = score_regions(
        people, half, invented_model({**POI, "transform": ""}), min_users=3, cached=cached
    )
    # of those who were there alone
    assert asked == [scores.columns["n_users"][0]] and 3 <= asked[0] < 12
    assert scores.columns["poi"][0] == 0.5 * asked[0]


def test_no_head_no_region_no_fix(people, invented_model):
    assert score_regions(people, [EVERYWHERE], invented_model()).columns["n_users"].tolist() == [12]
    assert len(score_regions(people, [], invented_model(POI)).columns["poi"]) == 0
    nobody = people.take(np.zeros(len(people), bool))
    assert score_regions(nobody, [EVERYWHERE], invented_model(POI)).columns[
        "suppressed"
    ].tolist() == [True]
    with pytest.raises(
        InputError, match="no label 'shops' for a region. There are: residents, .*poi"
    ):
        score_regions(people, [EVERYWHERE], invented_model(POI), ["shops"])
