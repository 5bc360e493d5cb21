# SPDX-License-Identifier: GPL-2.0-or-later
"""What shown regions would tell of few people when they are subtracted: withheld."""

from __future__ import annotations

import numpy as np
import pytest

shapely = pytest.importorskip("shapely")
pytest.importorskip("scipy")

from raw_qgis_plugin.core.regions.geometry import fixes_inside  # noqa: E402
from raw_qgis_plugin.core.regions.scores import count_users, publish_regions, score_regions  # noqa: E402
from raw_qgis_plugin.core.tracks import build_tracks  # noqa: E402

POI = {"name": "poi", "unit": "region", "kind": "number", "halfwidth": {"low": -1, "high": 2}, "transform": "log1p"}
MONDAY, MINUTE = 1_699_833_600_000, 60_000
WEST, EAST = shapely.box(0, 0, 0.01, 0.01), shapely.box(0.01, 0, 0.02, 0.01)
BOTH = shapely.box(0, 0, 0.02, 0.01)
IN_WEST, IN_EAST, FAR = 0.005, 0.015, 0.5
BETWEEN = "withheld, as subtracting shown regions from each other would leave fewer than 10 users"
TOTALS = (
    "all tracks together leave fixes of fewer than 10 users when shown regions are subtracted: do not publish their "
    "totals too"
)


def people(n, *lon, name):
    """Rows of user, t and lon: n people who are at these longitudes, a minute after each other."""
    return [(f"{name}{k}", MONDAY + at * MINUTE, x) for k in range(n) for at, x in enumerate(lon)]


def scored(model, rows, regions, by="fixes"):
    """n_users of each region, 0 for a withheld one, and what is said of it."""
    user, t, lon = zip(*rows, strict=True)
    tracks, _ = build_tracks(user, None, np.array(t), list(lon), [0.005] * len(rows))
    scores = score_regions(tracks, regions, model, by=by)
    figures = [scores.columns[name] for name in ("n_points", "poi", "dwell_min") if name in scores.columns]
    assert all(np.isnan(values[scores.columns["suppressed"]]).all() for values in figures)
    return np.nan_to_num(scores.columns["n_users"]).tolist(), scores.reasons


@pytest.mark.parametrize("by", ["fixes", "segments"])
@pytest.mark.parametrize(("alone", "withheld"), [(0, False), (1, True), (9, True), (10, False)])
def test_who_never_enters_the_tract_is_not_alone(invented_model, by, alone, withheld):
    """Everybody has fixes outside the tract, so that those outside alone show in the numbers of users only."""
    rows = people(12, IN_WEST, IN_EAST, name="both") + people(alone, IN_EAST, IN_EAST, name="east")
    counts, reasons = scored(invented_model(POI), rows, [BOTH, WEST], by)
    assert counts == [12 + alone, 12 * (not withheld)] and reasons == [f"1 of 2 regions: {BETWEEN}"] * withheld


def test_regions_of_which_only_the_users_are_shown_are_subtracted_too(invented_model):
    """One person makes up most fixes of the right region. Neither of the two lies in the other."""
    left, right = shapely.box(0, 0, 0.012, 0.01), shapely.box(0.001, 0, 0.02, 0.01)
    rows = people(12, IN_WEST, IN_WEST, name="both") + people(1, *[IN_EAST] * 200, name="east")
    counts, reasons = scored(invented_model(POI), rows, [left, right])
    assert counts == [0, 13] and f"1 of 2 regions: {BETWEEN}" in reasons
    counts, _ = scored(invented_model(POI), rows + people(9, IN_EAST, name="more"), [left, right])
    assert counts == [12, 22]
    rows = people(12, IN_WEST, IN_WEST, name="both") + people(1, IN_WEST, *[IN_EAST] * 200, name="both")
    assert scored(invented_model(POI), rows, [left, right])[0] == [12, 12]  # the same users: nobody is between


def test_who_enters_none_of_the_tracts_is_not_alone(invented_model):
    middle, yard = shapely.box(0.0101, 0, 0.02, 0.01), 0.01005
    rows = people(12, IN_WEST, yard, name="w") + people(12, IN_EAST, yard, name="e") + people(1, yard, yard, name="y")
    counts, reasons = scored(invented_model(POI), rows, [BOTH, shapely.box(0, 0, 0.01, 0.01), middle])
    assert counts == [25, 12, 0] and reasons == [f"1 of 3 regions: {BETWEEN}"]  # each less leaves thirteen


def test_regions_that_are_only_passed_are_subtracted_too(invented_model):
    """Nobody has a fix in the tract, so that it lies in the district by its border, drawn a centimetre beyond."""
    tract, district = shapely.box(0, -1e-7, 0.01, 0.01), shapely.box(-0.02, 0, 0.03, 0.01)
    rows = people(12, -0.01, 0.015, name="passing") + people(1, 0.025, 0.026, name="beside")
    counts, reasons = scored(invented_model(POI), rows, [tract, district], "segments")
    assert counts == [0, 13] and f"1 of 2 regions: {BETWEEN}" in reasons
    _, reasons = scored(invented_model(POI), rows + people(9, 0.025, 0.026, name="more"), [tract, district], "segments")
    assert not any(BETWEEN in reason for reason in reasons)


def test_neighbours_along_a_road_do_not_lie_in_one_another(invented_model):
    rows = people(12, -0.001, 0.021, name="passing") + people(1, IN_EAST, 0.021, name="from_east")
    counts, reasons = scored(invented_model(POI), rows, [WEST, EAST], "segments")
    assert counts == [12, 13] and len(reasons) == 1 and "fewer than 10 users have a fix inside" in reasons[0]


@pytest.mark.parametrize("n_across", [0, 1, 2])
def test_a_remainder_is_private_however_other_regions_cut_it(invented_model, n_across):
    """District less two tracts: fixes of four people. Other regions hold a part of these, and more."""
    tracts = [shapely.box(west, 0, east, 0.01) for west, east in ((0, 0.01), (0.01, 0.02))]
    across = [shapely.box(west, 0, east, 0.01) for west, east in ((0.025, 0.05), (0.028, 0.07))][:n_across]
    regions = [shapely.box(0, 0, 0.03, 0.01), *tracts, *across]
    crowds = people(15, IN_WEST, name="w") + people(14, IN_EAST, name="e")
    crowds += people(20, 0.04, name="beyond") + people(20, 0.06, name="farther")
    few, many = (people(n, IN_WEST, 0.022, 0.026, name="r") + people(n, IN_WEST, 0.029, name="s") for n in (2, 10))
    counts, reasons = scored(invented_model(POI), crowds + few, regions)
    assert counts == [33, 19, 0, 24, 42][: 3 + n_across] and f"1 of {len(regions)} regions: {BETWEEN}" in reasons
    assert 0 not in scored(invented_model(POI), crowds + many, regions)[0]


def test_two_parts_are_private_if_only_their_sum_is_known(invented_model):
    """Two regions beside each other less a third one over both leave their outer ends, together and not each alone."""
    regions = [WEST, EAST, shapely.box(0.001, 0, 0.019, 0.01)]
    crowds = people(12, IN_WEST, name="w") + people(11, IN_EAST, name="e")
    few, many = (people(n, IN_WEST, 0.0005, name="s") + people(n, IN_EAST, 0.0195, name="t") for n in (3, 10))
    assert scored(invented_model(POI), crowds + few, regions)[0] == [15, 0, 29]
    assert scored(invented_model(POI), crowds + many, regions)[0] == [22, 21, 43]


@pytest.mark.parametrize(("leave", "warned"), [(0, False), (1, True), (9, True), (10, False)])
def test_all_tracks_less_a_region_are_those_of_few(invented_model, leave, warned):
    rows = people(12, *[IN_WEST] * 4, name="here") + people(leave, FAR, FAR, FAR, name="elsewhere")
    assert scored(invented_model(POI), rows, [WEST]) == ([12], [TOTALS] * warned)
    halves = rows + people(12, IN_EAST, IN_EAST, name="east")
    assert scored(invented_model(POI), halves, [WEST, EAST])[1] == [TOTALS] * warned  # both of them taken away


def test_a_place_that_nearly_everybody_visits_is_nothing_to_warn_of(invented_model):
    rows = people(40, IN_WEST, FAR, name="cab") + people(1, FAR, FAR, name="elsewhere")
    assert scored(invented_model(POI), rows, [WEST]) == ([40], [])


def test_of_a_crowd_of_regions_those_without_common_fixes_are_shown():
    """1,500 squares drawn at random over one another: equations would take minutes, and hardly any square is safe."""
    n, rng = 20_000, np.random.default_rng(0)
    lon, lat = 116 + rng.random(n) / 2, 39 + rng.random(n) / 2
    users = build_tracks(np.arange(n) % 50, None, np.arange(n) * 1000, lon, lat, drop_spikes=False)[0].by_user()
    west, south = 116 + rng.random(1500) / 2, 39 + rng.random(1500) / 2
    squares = shapely.box(west, south, west + 0.02, south + 0.02)
    inside = fixes_inside(users, squares)
    found = publish_regions(users, squares, inside, 10, count_users(users, inside))
    taken = np.concatenate([inside[row] for row in np.flatnonzero(found.shown)])
    assert 100 < found.shown.sum() < 500 and len(np.unique(taken)) == len(taken)
