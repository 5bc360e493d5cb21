# SPDX-License-Identifier: GPL-2.0-or-later
"""Labels say how sure they are, and where they do not hold."""

from __future__ import annotations

import numpy as np
import pytest

from raw_qgis_plugin.core.cleaning import build_tracks
from raw_qgis_plugin.core.embedding.applicability import (
    GAP_INTERVALS,
    GAP_S,
    LIMITS,
    UNLIMITED,
    after_gap,
    any_of,
    format_reasons,
    in_words,
    outside,
    unit_stats,
)
from raw_qgis_plugin.core.embedding.embed import embedding_width
from raw_qgis_plugin.core.embedding.places import most_visited, snap
from raw_qgis_plugin.core.embedding.profiles import profile
from raw_qgis_plugin.core.errors import InputError
from raw_qgis_plugin.core.geodesy import metres_between

HOUR = 3_600_000
COMMUTER = {"name": "commuter", "unit": "user", "kind": "binary", "classes": ["no", "yes"]}
TRIPS = {"name": "trips", "unit": "user", "kind": "number", "halfwidth": {"low": -0.5, "high": 1}}
MODE = {"name": "mode", "unit": "track", "kind": "classes", "classes": ["walk", "bike", "car"]}


def test_columns_of_users_in_order(people, invented_model):
    answer = profile(people, invented_model(COMMUTER, MODE, TRIPS))
    assert list(answer.columns) == [
        "user_id", "n_points", "n_days", "t_first", "t_last", "trips", "trips_low", "trips_high", "commuter",
        "commuter_p", "commuter_guess", "in_domain", "why", "evidence",
    ]  # fmt: skip
    assert all(len(column) == people.n_users for column in answer.columns.values())
    assert (
        answer.columns["n_points"].tolist() == [120] * 12
        and answer.columns["n_days"].tolist() == [1] * 12
    )
    assert answer.columns["in_domain"].all() and not answer.reasons


def test_unsure_labels_are_unknown(people, invented_model):
    model = invented_model({**COMMUTER, "threshold": 1.1})
    answer = profile(people, model).columns
    assert set(answer["commuter"]) == {"unknown"} and (answer["commuter_p"] >= 0.5).all()
    assert set(answer["commuter_guess"]) == {"yes"}, "the best guess stands beside"
    said = model.run_head
    model.run_head = lambda name, x: -said(name, x)  # as sure of the other word
    no = profile(people, model).columns
    assert no["commuter_p"] == pytest.approx(1 - answer["commuter_p"]), "the probability of yes"
    even = profile(
        people, invented_model({**COMMUTER, "threshold": 0.5}),
        cached=lambda tracks, _: np.zeros((tracks.n_tracks, embedding_width(4)), np.float32),
    )  # fmt: skip
    assert set(even.columns["commuter"]) == {"no"}, "as sure as the threshold is sure enough"
    model.bundle.card["heads"][0]["classes"] = ["b", "c"]
    assert profile(people, model).columns["commuter_p"] == pytest.approx(answer["commuter_p"]), (
        "of the likeliest word"
    )


def test_intervals_in_the_unit_of_measure(people, invented_model):
    plain = profile(people, invented_model(TRIPS)).columns
    assert plain["trips_low"] == pytest.approx(plain["trips"] - 0.5)
    assert plain["trips_high"] == pytest.approx(plain["trips"] + 1)
    logs = profile(people, invented_model({**TRIPS, "transform": "log1p"})).columns
    assert logs["trips"] == pytest.approx(np.expm1(np.maximum(plain["trips"], 0)), rel=1e-6)
    assert (logs["trips_low"] >= 0).all()


def test_units_that_are_too_short(invented_model):
    tracks, _ = build_tracks(["a", "b", "b"], None, [0, 0, HOUR], [0, 0, 0.1], [0, 0, 0])
    answer = profile(tracks, invented_model(COMMUTER, TRIPS))
    assert answer.columns["commuter"][0] == "unknown" and np.isnan(answer.columns["trips"][0])
    assert answer.columns["in_domain"].tolist() == [False, True]
    assert answer.columns["why"].tolist() == ["fewer than two fixes", ""]
    assert answer.reasons == ["1 of 2 users: fewer than two fixes"]


def test_out_of_domain_is_counted_by_reason(people, invented_model):
    model = invented_model(
        {**COMMUTER, "domain": {"cadence_s": [1, 30]}}, {**TRIPS, "domain": {"n_fixes": [200, 900]}}
    )
    answer = profile(people, model)
    assert not answer.columns["in_domain"].any()
    assert (answer.columns["commuter"] == "unknown").all() and np.isnan(
        answer.columns["trips"]
    ).all()
    few, apart = "too few fixes (200 – 900)", "fixes too close or too far apart in time (1 – 30 s)"
    assert set(answer.columns["why"]) == {f"{few}; {apart}"}
    assert answer.reasons == [f"trips: 12 of 12 users: {few}", f"commuter: 12 of 12 users: {apart}"]
    alone = [f"12 of 12 users: {few}"]
    assert profile(people, model, tasks=["trips"]).reasons == alone, (
        "the reasons of all heads name none"
    )


def test_a_label_that_is_not_likely_enough_says_so(people, invented_model):
    answer = profile(people, invented_model({**COMMUTER, "threshold": 1.1}, TRIPS)).columns
    assert (answer["commuter"] == "unknown").all() and answer["in_domain"].all()
    assert set(answer["why"]) == {"commuter: no label is likely enough"}
    alone = profile(people, invented_model({**COMMUTER, "threshold": 1.1})).columns
    assert set(alone["why"]) == {"no label is likely enough"}


def test_wrong_task_or_unit_is_refused(people, invented_model):
    with pytest.raises(InputError, match="no label 'mode' for a user. There are: commuter"):
        profile(people, invented_model(COMMUTER, MODE), tasks=["mode"])
    with pytest.raises(InputError, match="no unit 'household'"):
        profile(people, invented_model(COMMUTER), "household")


def test_embeddings_may_come_from_elsewhere(people, invented_model):
    model, shares = invented_model(TRIPS), []

    def cached(tracks, progress):
        progress(1.0)
        return np.full((tracks.n_tracks, embedding_width(model.card["width"])), 5.0, np.float32)

    assert (
        profile(people, model, progress=shares.append, cached=cached).columns["trips"] == 5
    ).all()
    assert shares == [0.95, 1.0]


def test_most_visited_is_where_time_is_spent_not_where_fixes_are():
    t = np.concatenate([np.arange(60) * 60_000, [HOUR, 9 * HOUR, 10 * HOUR]])
    lon = np.concatenate([np.linspace(0.5, 0.501, 60), [0.9, 0.9, 0.2]])
    tracks, _ = build_tracks(None, None, t, lon, np.zeros(len(t)))
    assert (
        metres_between(most_visited(tracks)[0], np.zeros(1), np.array([0.9]), np.zeros(1))[0] < 400
    )
    alone, _ = build_tracks(["a", "b"], None, [0, 0], [1, 2], [0, 0])
    assert np.round(most_visited(alone)[0]).tolist() == [1, 2]


def test_the_grid_hides_where_exactly():
    rng = np.random.default_rng(0)
    lon, lat = rng.uniform(-180, 180, 5000), rng.uniform(-89.9, 89.9, 5000)
    x, y, cell = snap(lon, lat)
    assert metres_between(lon, lat, x, y).max() < 361  # half the diagonal of 500 m, and rounding
    again = snap(x, y)
    assert (again[2] == cell).all() and np.allclose(again[0], x)
    assert len(np.unique(cell)) == len({(a, b) for a, b in zip(x.round(9), y.round(9))})


def test_outside_asks_only_whom_it_is_asked_of_and_limits_are_inside():
    asked = np.array([True, True, True, True, True, False])
    stats = {"span_h": np.array([1.9, 2.0, 100, 101, np.nan, np.nan])}
    doubts = outside(stats, {"span_h": [2, 100], "n_users": [1, 2]}, asked)
    words = "too short a time from first to last fix (2 – 100 h)"
    assert {w: wrong.tolist() for w, wrong in doubts.items()} == {
        words: [True, False, False, True, True, False]
    }
    assert in_words(doubts, asked, "days") == [f"3 of 5 days: {words}"]
    assert any_of(doubts, 6).sum() == 3 and not any_of({}, 3).any()


def test_reasons_have_plain_words():
    """Every quantity, with a limit on both sides and with one."""
    stats = {name: np.array([-1.0]) for name in LIMITS}
    for most in (2e5, UNLIMITED):
        reasons = outside(stats, {name: [0.667, most] for name in LIMITS}, np.ones(1, bool))
        first, *others = in_words(reasons, np.ones(1, bool), "users")
        assert format_reasons(reasons) == "; ".join(LIMITS.values())
        assert (
            format_reasons([first, "few."]) == f"1 of 1 users: {LIMITS['cadence_s']}; few"
            and len(others) == 7
        )
    stats = {"span_h": np.array([0.001]), "observed": np.array([0.5])}
    short, gaps = outside(
        stats, {"span_h": [6.66 / 3600, UNLIMITED], "observed": [0.7, 1]}, np.ones(1, bool)
    )
    assert short == f"{LIMITS['span_h']} (≥ 6.66 s)" and format_reasons([short]) == LIMITS["span_h"]
    assert gaps == "too much of the way lies in gaps (0.7 – 1)"


def test_a_way_in_gaps_is_not_observed():
    """Ten fixes a second apart and 90 m, then one 9 km on after an hour: a tenth of the way was
    seen.
    """
    t = [*(np.arange(11) * 1000), HOUR]
    lon = [*(np.arange(11) * 9e-4), 10 * 9e-4 * 10]
    tracks, _ = build_tracks(None, None, t, lon, np.zeros(12), drop_spikes=False)
    assert unit_stats(tracks)["observed"][0] == pytest.approx(0.1, rel=1e-3)
    assert unit_stats(tracks.take(np.arange(12) < 11))["observed"][0] == 1


def test_figures_of_a_track_by_hand():
    """A fix every ten seconds and 100 m, for ten minutes before midnight by the sun and ten after
    it.
    """
    k = np.arange(-60, 61)
    stats = unit_stats(
        build_tracks(None, None, 86_400_000 + 10_000 * k, k * 100 / 111_319.5, np.zeros(121))[0]
    )
    wanted = {
        "cadence_s": 10,
        "span_h": 1 / 3,
        "n_fixes": 121,
        "speed_ms": 10,
        "days": 2,
        "observed": 1,
    }
    assert {name: stats[name].tolist() for name in wanted} == {
        name: pytest.approx([v]) for name, v in wanted.items()
    }


def test_evidence_says_what_labels_of_tracks_rest_on(invented_model):
    model = invented_model(COMMUTER, MODE)
    way = np.arange(61) * 0.001
    halts = np.interp(
        np.arange(61), [0, 15, 25, 35, 45, 60], [0, 0.002, 0.002, 0.0033, 0.0033, 0.0053]
    )
    user, t = np.repeat(["a", "b"], 61), np.tile(np.arange(61) * 10_000, 2)
    lines, _ = build_tracks(user, None, t, np.append(way, halts), np.zeros(122))
    assert profile(lines, model, "track").columns["evidence"].tolist() == [
        "6.7 km in 10 min, 40 km/h on average, over 40 km/h for a tenth of it, halts: 0",
        "0.6 km in 10 min, 4 km/h on average, over 5 km/h for a tenth of it, halts: 2",
    ]
    alone, _ = build_tracks(["a", "b", "b"], ["x", "y", "y"], [0, 0, HOUR], [0, 0, 0.1], [0, 0, 0])
    assert profile(alone, model, "track").columns["evidence"][0] == ""


def test_a_line_is_cut_at_gaps_and_trips() -> None:
    longest = max(GAP_S / 60, GAP_INTERVALS)  # in minutes, that is no gap
    # every minute but for a gap; others every ten
    minutes = np.array([0, 1, 2, 30, 31, 32, 32 + longest, 0, 10, 20])
    user, track = np.array(["a"] * 10, object), np.array(["x"] * 7 + ["y"] * 3, object)
    t = minutes * 60_000 + np.repeat([0, 90_000_000], [7, 3])
    tracks, _ = build_tracks(user, track, t, np.linspace(0, 0.01, 10), np.zeros(10))
    assert np.flatnonzero(after_gap(tracks)).tolist() == [0, 3, 7]
