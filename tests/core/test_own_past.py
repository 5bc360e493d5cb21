# SPDX-License-Identifier: GPL-2.0-or-later
"""What the tracks' own past teaches forecasts: only what was known, the way back to the baseline, areas that fit."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from raw_qgis_plugin.core.forecasting import adaptation as own_past
from raw_qgis_plugin.core.forecasting.adaptation import (
    BASELINES,
    SUPPORTS,
    THRESHOLDS,
    UNTRIED,
    Lessons,
    Marks,
    learn,
    past_questions,
    shrink,
    toward,
)
from raw_qgis_plugin.core.forecasting.mixture import Mixture
from raw_qgis_plugin.core.tracks import build_tracks

START = 1_600_000_000_000


@pytest.fixture
def tracks():
    t = START + np.arange(200) * 10_000
    ids = np.repeat(["a", "b"], 200)
    return build_tracks(ids, None, np.tile(t, 2), np.tile(10 + np.arange(200) * 1e-3, 2), np.repeat([50.0, 51.0], 200))[
        0
    ]


def test_questions_are_of_the_past_and_their_answers_are_true(tracks):
    begin, end = np.array([0, 200]), np.array([150, 400])
    past = past_questions(tracks, begin, end, np.array([0, 0, 1]), np.array([20.0, 60.0, 60.0]))
    assert len(past.context) > 20 and set(past.begin) == {0, 200} and set(past.horizon_s) == {20.0, 60.0}
    cut = past.end[past.context]
    assert (cut > past.begin[past.context] + own_past.LEAST // 2).all()
    limit = np.where(past.begin[past.context] == 0, tracks.t[149], tracks.t[399])
    assert (past.t <= limit).all() and (past.t == tracks.t[cut - 1] + 1000 * past.horizon_s).all()
    row = cut - 1 + (past.horizon_s / 10).astype(int)
    np.testing.assert_array_equal(tracks.lon[row], past.lon)
    again = past_questions(tracks, begin, end, np.array([0, 0, 1]), np.array([20.0, 60.0, 60.0]))
    np.testing.assert_array_equal(past.end, again.end)


def test_short_contexts_have_no_past(tracks):
    past = past_questions(tracks, np.array([0]), np.array([6]), np.array([0]), np.array([20.0]))
    assert len(past.end) == len(past.context) == 0
    past = past_questions(tracks, np.array([0]), np.array([50]), np.array([0]), np.array([86_400.0]))
    assert len(past.end) == 0


def test_a_point_shrinks_to_the_baseline_the_less_gain_is_expected():
    centre = np.array([[[100.0, 0.0], [0.0, 0.0]]] * 2)
    m = Mixture(centre, np.full((2, 2), 1.0), np.array([[0.99, 0.01], [0.55, 0.45]]))
    point, base = np.array([[100.0, 0.0]] * 2), np.zeros((2, 2))
    ways = shrink(m, point, base, np.tile([0.0, 0.5, np.inf], (2, 1)))
    np.testing.assert_allclose(ways[:, 0], point)
    np.testing.assert_allclose(ways[:, 2], base)
    assert ways[0, 1, 0] == 100.0 and 20 < ways[1, 1, 0] < 60  # sure, and in two minds


def test_a_point_leans_toward_retrieved_ways_the_more_the_more_speaks_for_them():
    point, went = np.zeros((3, 1, 2)), np.array([[100.0, 0.0]] * 3)
    leant = toward(point, went, np.array([0.0, 5.0, 495.0]), np.array([[5.0, np.inf]]))
    np.testing.assert_allclose(leant[:, 0, 0, 0], [0, 50, 99])
    np.testing.assert_allclose(leant[:, 0, 1], 0.0)


def marks(error, known=200, **more):
    error = np.asarray(error)
    error = error[..., None] if error.ndim < 3 else error
    named = {
        "group": np.full(known, "held"),
        "error_m": np.broadcast_to(error, (known, BASELINES, len(THRESHOLDS), len(SUPPORTS))),
        "over_radius": np.full((known, 2), 2.0), "depth": np.linspace(0.2, 1, known),
        "calibrated": np.tile([[1.0], [1.0], [0.5], [0.8]], known), "moved": np.ones(known, bool),
    }  # fmt: skip
    return Marks(**{**named, **more})


def test_who_gained_nothing_goes_back_to_the_baseline_and_who_did_stays():
    worse = np.linspace(120, 100, len(THRESHOLDS))
    every = np.ones(200, bool)
    row, threshold, equal = learn(marks(worse), every).trust["held"]
    assert row == 0 and np.isinf(threshold) and equal == UNTRIED
    assert learn(marks(worse[::-1]), every).trust["held"] == (0, 0.0, UNTRIED)
    other = np.stack([np.full(len(THRESHOLDS), 100.0), np.linspace(100, 50, len(THRESHOLDS))])
    assert learn(marks(other), every).trust["held"][0] == 1
    right = marks(np.append(np.full(len(THRESHOLDS) - 1, 100.0), 0.0))  # who stood exactly still a few times
    assert "held" not in learn(right, np.arange(200) < 30).trust and np.isinf(learn(right, every).trust["held"][1])
    assert learn(marks(worse), ~every).trust == {}
    for trips in ("trips 0", "weighed trips 0"):
        resting = marks(other, group=np.full(200, trips))
        assert learn(resting, every).trust[trips][0] == 0  # nobody stops on the way because others rest


def test_who_did_not_go_where_others_went_leans_there_no_more():
    error = np.broadcast_to(np.linspace(200, 100, len(SUPPORTS)), (BASELINES, len(THRESHOLDS), len(SUPPORTS)))
    assert learn(marks(error), np.ones(200, bool)).trust["held"][2] == np.inf
    assert learn(marks(error), np.arange(200) < 50).trust["held"][2] == UNTRIED


def test_areas_grow_where_they_held_too_little():
    lessons = learn(marks(np.zeros(len(THRESHOLDS))), np.ones(200, bool))
    table = lessons.areas(np.array(["held", "trips 0"]), np.array([[1.0, 1], [1.0, 1], [0.5, 0.5], [0.8, 0.8]]))
    assert (table[:2, 0] > 1.2).all() and table[2, 0] > 0.51 and 0.8 < table[3, 0] < 1
    np.testing.assert_allclose(table[:, 1], [1, 1, 0.5, 0.8])


def test_areas_that_held_their_share_but_for_chance_stay_as_they_are():
    depth, over = np.linspace(0.02, 1.02, 200), np.repeat(np.linspace(0.45, 1.55, 200)[:, None], 2, axis=1)
    fair = marks(np.zeros(len(THRESHOLDS)), depth=depth, over_radius=over + [[0.0, -0.36]])
    lessons = learn(fair, np.ones(200, bool))
    np.testing.assert_array_equal(lessons.factor["held"], 1.0)
    np.testing.assert_array_equal(lessons.shift["held"], 0.0)
    assert "held" not in learn(marks(np.zeros(len(THRESHOLDS))), np.arange(200) < 30).factor  # few say nothing


def test_areas_of_days_are_for_who_moves():
    still = np.arange(400) < 200
    over = np.repeat(np.where(still, 0.0, 2.0)[:, None], 2, axis=1)
    depth = np.where(still, 0.0, np.linspace(0.2, 1, 400))
    error, calibrated = np.zeros(len(THRESHOLDS)), np.tile([[1.0], [1.0], [0.5], [0.8]], 400)
    for kind, wider in (("roaming", True), ("roaming held", True), ("trips 0", False)):
        some = marks(error, 400, group=np.full(400, kind), over_radius=over, depth=depth, calibrated=calibrated)
        lessons = learn(replace(some, moved=~still), np.ones(400, bool))
        assert (lessons.factor[kind][0] > 1.2) == wider and (lessons.shift[kind][0] > 0) == wider


def test_nothing_known_leaves_the_default_way():
    m = Mixture(np.zeros((1, 1, 2)), np.ones((1, 1)), np.ones((1, 1)))
    bases = np.array([[[50.0, 0.0], [0.0, 0.0]]])
    point = Lessons().point(np.array(["trips 0"]), m, np.zeros((1, 2)), bases, bases[:, 0], np.zeros(1))
    np.testing.assert_allclose(point, 0.0)  # the mixture is sure of it
