# SPDX-License-Identifier: GPL-2.0-or-later
"""Adaptation: backtests ask about the past alone, and areas come to hold their share."""

from __future__ import annotations

import numpy as np
import pytest

from raw_qgis_plugin.core.cleaning import build_tracks
from raw_qgis_plugin.core.forecasting.adaptation import (
    BacktestErrors,
    Settings,
    backtest_queries,
    fit,
    localities_of,
    logit,
    shifted,
)
from raw_qgis_plugin.core.forecasting.context import ContextKind, ContextQueries

START = 1_600_000_000_000
# horizons of each of two contexts
SIX_EACH = np.arange(12) % 2, np.repeat(np.arange(20.0, 80.0, 10.0), 2)
HELD, TRIP = int(ContextKind.FLEET_HELD_DAY), int(ContextKind.TRIP)


@pytest.fixture
def tracks():
    t = np.tile(START + np.arange(400) * 10_000, 2)
    lon, lat = np.tile(10 + np.arange(400) * 1e-3, 2), np.repeat([50.0, 51.0], 400)
    return build_tracks(np.repeat(["a", "b"], 400), None, t, lon, lat)[0]


def queries_of(begin, end, context, horizon_s):
    return ContextQueries(*(np.array(a) for a in (begin, end, context)), np.array(horizon_s, float))


def test_queries_are_of_the_past_and_their_answers_are_true(tracks):
    past = backtest_queries(tracks, queries_of([0, 400], [350, 800], *SIX_EACH))
    q = past.queries
    begin, end, context, horizon_s = q.begin, q.end, q.context, q.horizon_s
    assert len(context) > 10 and set(begin) == {0, 400} and set(horizon_s) == {*SIX_EACH[1]}
    cut = end[context]
    assert (cut - begin[context] > Settings.min_fixes // 2).all()
    limit = np.where(begin[context] == 0, tracks.t[349], tracks.t[799])
    assert (past.t <= limit).all() and (past.t == tracks.t[cut - 1] + 1000 * horizon_s).all()
    row = cut - 1 + (horizon_s / 10).astype(int)
    np.testing.assert_array_equal([tracks.lon[row], tracks.lat[row]], [past.lon, past.lat])
    assert len(np.unique(past.locality)) == 2  # a degree apart


def test_short_tracks_and_far_horizons_have_no_past(tracks):
    assert not len(backtest_queries(tracks, queries_of([0], [6], [0], [20])).t)
    assert not len(backtest_queries(tracks, queries_of([0], [50], [0], [86_400])).t)


def test_places_are_apart_where_nobody_is_between_them():
    lon = np.array([10.0, 10.05, 10.3, 11.5, -179.99, 179.99])
    locality = localities_of(lon, np.array([50.0, 50, 50, 50, 0, 0]))
    assert (
        len({*locality[:3]}) == 1
        and len({locality[0], locality[3], locality[4]}) == 3
        and locality[4] == locality[5]
    )


def past(n=200, gain=0.0, **more):
    """A backtest in which areas held too little, by known times. gain: share of the error that the
    layer's past alone takes away.
    """
    level = np.linspace(0.2, 1, n)
    excess = logit(level) - logit(np.repeat([[0.5], [0.8]], n, axis=1))
    named = {
        "kind": np.full(n, HELD), "for_areas": np.ones(n, bool), "excess": np.stack([excess, excess + 1]),
        "error_m": np.outer([100, 100 * (1 - gain)], np.ones(n)), "t": START + np.arange(n),
        "locality": np.zeros(n, int),
    }  # fmt: skip
    return BacktestErrors(**{**named, **more})


def adapted_at(backtest, t, locality):
    return fit(backtest, np.array(locality), START + np.array(t))


def shifts_at(backtest, t, locality):
    return adapted_at(backtest, t, locality).shift


def test_areas_grow_where_they_held_too_little():
    (shift,) = shifts_at(past(), [300], [0])
    levels = shifted(np.array([[0.5, 0.5], [0.8, 0.8]]), shift[[HELD, TRIP]].T)
    assert 0.56 < levels[0, 0] < 0.61 and 0.82 < levels[1, 0] < 0.85
    np.testing.assert_allclose(levels[:, 1], [0.5, 0.8])


def test_the_more_queries_there_are_the_more_they_count():
    few, some, many = (
        shifts_at(past(n), [5000], [0])[0, HELD] for n in (Settings.min_queries - 1, 60, 2000)
    )
    assert not few.any() and (some > 0).all() and (some < 0.7 * many).all()


def test_the_past_alone_counts_as_far_as_it_comes_nearer():
    worse, little, much = (
        adapted_at(past(2000, gain), [5000], [0]).past_share for gain in (-0.1, 0.02, 0.2)
    )
    assert not worse.any() and not much[0, TRIP] and much[0, HELD] == 1
    assert 0.35 < little[0, HELD] < 0.45


def test_cases_that_did_not_move_count_for_points_alone():
    of_movers = np.arange(400) % 2 == 0
    still = past(400, gain=0.2, for_areas=of_movers)
    still.error_m[1, ~of_movers] = 120.0  # repeated positions: nearer with the network
    changes = adapted_at(still, [5000], [0])
    assert not changes.past_share[0, HELD], "as much is lost as is won"
    np.testing.assert_allclose(
        changes.shift[0, HELD], shifts_at(past(400, for_areas=of_movers), [5000], [0])[0, HELD]
    )


def test_queries_learn_from_their_place_and_from_what_was_known():
    both = past(locality=np.repeat([0, 1], 100))
    shift = shifts_at(both, [0, 300, 600, 300], [0, 0, 0, 2])[:, HELD]
    assert not shift[0].any() and shift[1].any() and not shift[3].any()
