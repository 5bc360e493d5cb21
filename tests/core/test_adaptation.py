# SPDX-License-Identifier: GPL-2.0-or-later
"""Adaptation: backtests ask about the past alone, points go back to the baseline, areas come to hold their share."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from raw_qgis_plugin.core.arrays import content_hash
from raw_qgis_plugin.core.forecasting.adaptation import (
    SETTINGS,
    Adjustments,
    BacktestErrors,
    adjustments_by_locality,
    backtest_queries,
    fit,
    groups,
    localities_of,
    shrunk,
)
from raw_qgis_plugin.core.forecasting.context import ContextKind, ContextQueries
from raw_qgis_plugin.core.forecasting.mixture import Mixture
from raw_qgis_plugin.core.tracks import build_tracks

START = 1_600_000_000_000
HELD, TRIP = (int(groups(np.array(kind), np.array(10.0))) for kind in (ContextKind.FLEET_HELD_DAY, ContextKind.TRIP))
EVERY = np.ones(200, bool)


@pytest.fixture
def tracks():
    t = np.tile(START + np.arange(200) * 10_000, 2)
    lon, lat = np.tile(10 + np.arange(200) * 1e-3, 2), np.repeat([50.0, 51.0], 200)
    return build_tracks(np.repeat(["a", "b"], 200), None, t, lon, lat)[0]


def asked(begin, end, context, horizon_s):
    return ContextQueries(*(np.array(a) for a in (begin, end, context)), np.array(horizon_s, float))


def test_queries_are_of_the_past_and_their_answers_are_true(tracks):
    queries = asked([0, 200], [150, 400], [0, 0, 1], [20, 60, 60])
    past = backtest_queries(tracks, queries)
    begin, end, context, horizon_s = past.queries
    assert len(context) > 10 and set(begin) == {0, 200} and set(horizon_s) == {20.0, 60.0}
    cut = end[context]
    assert (cut - begin[context] > SETTINGS.least_fixes // 2).all()
    limit = np.where(begin[context] == 0, tracks.t[149], tracks.t[399])
    assert (past.t <= limit).all() and (past.t == tracks.t[cut - 1] + 1000 * horizon_s).all()
    row = cut - 1 + (horizon_s / 10).astype(int)
    np.testing.assert_array_equal([tracks.lon[row], tracks.lat[row]], [past.lon, past.lat])
    assert len(np.unique(past.locality)) == 2  # a degree apart


def test_short_tracks_and_far_horizons_have_no_past(tracks):
    assert not len(backtest_queries(tracks, asked([0], [6], [0], [20])).t)
    assert not len(backtest_queries(tracks, asked([0], [50], [0], [86_400])).t)


def test_the_draw_depends_on_fixes_alone(tracks):
    queries = asked([0, 200], [150, 400], [0, 0, 1], [20, 60, 60])
    past = backtest_queries(tracks, queries)
    renamed = build_tracks(np.repeat(["z", "b"], 200), None, tracks.t, tracks.lon, tracks.lat)[0]  # b comes first now
    again = backtest_queries(renamed, asked([200, 0], [350, 200], [1, 0, 0], [60, 60, 20]))
    drawn, redrawn = (sorted(zip(p.t, p.lon, p.lat, p.queries.horizon_s, strict=True)) for p in (past, again))
    assert len(drawn) > 10
    other = sorted(row for row in redrawn if row[2] == 51.0)
    assert other == [row for row in drawn if row[2] == 51.0]


def test_places_are_apart_where_nobody_is_between_them():
    lon = np.array([10.0, 10.05, 10.3, 11.5, -179.99, 179.99])
    locality = localities_of(lon, np.array([50.0, 50, 50, 50, 0, 0]))
    assert (
        len({*locality[:3]}) == 1 and len({locality[0], locality[3], locality[4]}) == 3 and locality[4] == locality[5]
    )


def test_a_point_shrinks_to_the_baseline_the_less_gain_is_expected():
    centre = np.array([[[100.0, 0.0], [0.0, 0.0]]] * 2)
    m = Mixture(centre, np.full((2, 2), 1.0), np.array([[0.99, 0.01], [0.55, 0.45]]))
    point, base = np.array([[100.0, 0.0]] * 2), np.zeros((2, 2))
    points = shrunk(m, point, base, np.tile([0.0, 0.5, 1e9], (2, 1)))
    np.testing.assert_allclose(points[:, 0], point)
    np.testing.assert_allclose(points[:, 2], base, atol=1e-3)
    assert points[0, 1, 0] == 100.0 and 20 < points[1, 1, 0] < 60  # sure, and in two minds
    near_zero = shrunk(m, point, base, np.full(2, 1e-6))
    np.testing.assert_allclose(near_zero, points[:, 0])  # nothing jumps at a threshold of zero


def errors(error_m, n=200, **more):
    named = {
        "group": np.full(n, HELD), "error_m": np.broadcast_to(error_m, (n, len(SETTINGS.thresholds))),
        "level": np.linspace(0.2, 1, n), "calibrated": np.repeat([[0.5], [0.8]], n, axis=1),
        "moved": np.ones(n, bool), "t": START + np.arange(n), "locality": np.zeros(n, int),
    }  # fmt: skip
    return BacktestErrors(**{**named, **more})


def test_forecasts_that_gained_nothing_go_back_to_the_baseline():
    worse = np.linspace(200, 100, len(SETTINGS.thresholds))
    assert fit(errors(worse), EVERY).threshold[HELD] == SETTINGS.thresholds[-1]
    assert fit(errors(worse[::-1]), EVERY).threshold[HELD] == 0.0
    assert HELD not in fit(errors(worse), np.arange(200) < 30).threshold  # a few queries prove nothing
    assert not fit(errors(worse), ~EVERY).threshold
    few = np.append(np.full(len(SETTINGS.thresholds) - 1, 100.0), 80.0)
    assert fit(errors(few), np.arange(200) < 50).threshold[HELD] == 0.0
    assert fit(errors(few), EVERY).threshold[HELD] > 0.0


def test_areas_grow_where_they_held_too_little():
    adjustments = fit(errors(np.zeros(len(SETTINGS.thresholds))), EVERY)
    levels = adjustments.levels(np.array([HELD, TRIP]), np.array([[0.5, 0.5], [0.8, 0.8]]))
    assert levels[0, 0] > 0.53 and 0.82 < levels[1, 0] < 1
    np.testing.assert_allclose(levels[:, 1], [0.5, 0.8])


def test_areas_that_held_their_share_but_for_chance_stay_as_they_are():
    nothing = np.zeros(len(SETTINGS.thresholds))
    assert fit(errors(nothing, level=np.linspace(0.02, 1.02, 200)), EVERY).shift[HELD] == 0.0
    assert HELD not in fit(errors(nothing), np.arange(200) < 30).shift


def test_areas_of_days_are_for_the_cases_that_move():
    still = np.arange(400) < 200
    level = np.where(still, 0.0, np.linspace(0.2, 1, 400))
    for group, wider in ((HELD, True), (TRIP, False)):
        some = errors(np.zeros(len(SETTINGS.thresholds)), 400, group=np.full(400, group), level=level)
        shift = fit(replace(some, moved=~still), np.ones(400, bool)).shift[group]
        assert (shift > 0) == wider


def test_nothing_known_changes_nothing():
    group, calibrated = np.array([HELD, TRIP]), np.array([[0.4, 0.5], [0.7, 0.8]])
    assert not Adjustments().thresholds(group).any()
    np.testing.assert_allclose(Adjustments().levels(group, calibrated), calibrated)


def test_queries_learn_from_their_place_and_from_what_was_known():
    worse = np.linspace(200, 100, len(SETTINGS.thresholds))
    both = errors(worse, locality=np.repeat([0, 1], 100))
    t, locality = START + np.array([0, 300, 600, 300]), np.array([0, 0, 0, 2])
    found = {int(row): a for rows, a in adjustments_by_locality(both, locality, t) for row in rows}
    assert not found[0].threshold and found[1].threshold and not found[3].threshold


def test_numbers_drawn_by_content_look_random():
    drawn = content_hash(np.arange(10_000), np.full(10_000, 13.5))
    assert len(np.unique(drawn)) == 10_000 and abs((drawn % np.uint64(7)).mean() - 3) < 0.1
