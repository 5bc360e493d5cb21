# SPDX-License-Identifier: GPL-2.0-or-later
"""Heads by themselves: their parts, calibration, intervals, weights, few labels."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.ensemble import ExtraTreesClassifier, ExtraTreesRegressor

from model.head_training.examples import Examples, without_lone_classes
from model.head_training.fit import (
    Scale,
    Settings,
    Task,
    fit_parts,
    forest,
    interval,
    join_parts,
    linear,
    predict,
    row_weights,
    temperature,
)
from model.head_training.train import best_share, mixed, train
from model.head_training.verdict import Predictions, compare, verdict
from raw_qgis_plugin.core.errors import InputError

YES_NO, ABC = Task("binary", ("no", "yes")), Task("classes", ("a", "b", "c"))


def drawn(task, n=600, seed=0):
    """Inputs of which the first are states and the last ten features; both show the label."""
    x = np.random.default_rng(seed).normal(size=(n, 30)).astype(np.float32)
    y = (x[:, 0] > 0).astype(int) + (0 if task is YES_NO else (x[:, 25] > 0.5))
    return x, y if task.classes else 3.0 * x[:, 0] + 2 * np.abs(x[:, 25]) + 10


STRENGTH = np.r_[np.full(20, 0.5), np.ones(10)]


def noise(label, seed, people=0):
    """Units whose columns say nothing of their labels; as many people, or one a unit."""
    n = len(label)
    x, group = (
        np.random.default_rng(seed).normal(size=(n, 40)).astype(np.float32),
        np.arange(n) % (people or n),
    )
    return examples(x, np.array(label, object), group)


def examples(x, label, group, whole=None, strength=None):
    n, d = x.shape
    whole, strength = (
        np.ones(n, bool) if whole is None else whole,
        np.ones(d) if strength is None else strength,
    )
    return Examples(x, label, group, whole, strength, slice(-8, None), {}, np.ones(n))


@pytest.mark.parametrize("task", [ABC, Task("number")])
def test_a_forest_answers_as_scikit_learn_does(task):
    """Thresholds of scaled columns are told in the columns' own units; long tails spoil no
    division.
    """
    x, y = drawn(task)
    x = 1000 + 300 * x**3
    weight = row_weights(y, task) if task.classes else np.linspace(0.1, 3, len(y))
    arrays = forest(x, y, task, np.arange(20, 30), 0, weight)
    s, scale = Settings, Scale.of(x[:, 20:])
    kind = ExtraTreesClassifier if task.classes else ExtraTreesRegressor
    own = kind(
        s.trees, max_depth=s.depth, min_samples_leaf=s.leaf, max_features=s.columns, random_state=0
    )
    own.fit(scale(x[:, 20:]), y, weight)
    ours = predict(join_parts([arrays]), x, task)
    if task.classes:
        theirs = (
            own.predict_proba(scale(x[:, 20:])) * (1 - 3 * s.min_probability) + s.min_probability
        )
        np.testing.assert_allclose(np.exp(ours), theirs, atol=1e-5)
    else:
        np.testing.assert_allclose(ours[:, 0], own.predict(scale(x[:, 20:])), atol=1e-3)


def test_with_few_labels_the_states_step_back_where_the_features_tell():
    rng = np.random.default_rng(0)
    x, strength = (
        rng.normal(size=(30, 200)).astype(np.float32),
        np.r_[np.full(190, 0.5), np.ones(10)],
    )
    told = {
        "features": (x[:, 195] > 0).astype(int),
        "states": (x[:, :190].sum(axis=1) > 0).astype(int),
    }
    slopes = {name: np.abs(linear(x, y, YES_NO, strength)["weight"][0]) for name, y in told.items()}
    share = {name: slope[:190].sum() / slope[190:].sum() for name, slope in slopes.items()}
    assert share["features"] < 0.7 * share["states"]
    # of several sources
    [line] = fit_parts(x, told["states"], YES_NO, strength, weight=np.linspace(1.0, 2.0, 30))
    assert not line["weight"][:, 190:].any() and line["weight"][:, :190].any()


def test_the_forest_has_the_share_that_does_best():
    y = np.tile([0, 1], 200)
    right = 4.0 * (2 * np.eye(2)[y] - 1)
    for answers, wanted in (([right, -right], 0.0), ([-right, right], 0.75)):
        assert best_share(np.stack(answers), y, YES_NO) == wanted
    assert np.array_equal(mixed(np.stack([right, -right]), 0.25), 0.5 * right)
    assert best_share(right[None], y, YES_NO) == 0.0


def test_the_temperature_calibrates():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(600, 5)).astype(np.float32)
    y = (x[:, 0] + rng.normal(0, 0.3, 600) > 0).astype(int)
    out = predict(join_parts([linear(x, y, YES_NO, np.ones(5))]), x, YES_NO)
    assert temperature(3 * out, y) == pytest.approx(3 * temperature(out, y), rel=0.05)
    # so few cannot show that a head is underconfident
    assert temperature(out[:12] / 100, y[:12]) >= 1


def test_intervals_hold_eighty_percent_of_units_alone():
    rng = np.random.default_rng(0)
    offsets, fresh = interval(rng.standard_t(3, 5000)), rng.standard_t(3, 5000)
    assert ((fresh > offsets["low"]) & (fresh < offsets["high"])).mean() == pytest.approx(
        0.8, abs=0.02
    )
    few = interval(np.arange(-5.0, 5.0))
    assert few["low"] < -4.5 and few["high"] > 3.5  # all of ten residuals but the outermost bits
    # of parts nothing can be told
    x, whole = rng.normal(size=(240, 3)).astype(np.float32), np.arange(240) < 120
    label = (x[:, 0] + np.where(whole, 0.0, rng.normal(size=240) * 5)).astype(object)
    _, _, card, _ = train(examples(x, label, np.arange(240) % 120, whole), {}, 0, 10.0)
    assert (
        card["halfwidth"]["high"] - card["halfwidth"]["low"] < 4 and card["metrics"]["units"] == 120
    )


def test_classes_are_balanced_up_to_a_limit():
    y = np.repeat([0, 1, 2], [900, 100, 2])
    weights = row_weights(y, ABC)
    assert weights[y == 0].sum() == pytest.approx(weights[y == 1].sum())
    assert weights[y == 2][0] == pytest.approx(10 * weights[y == 1][0] / (334 / 100))
    y = np.repeat([0, 1], [90, 10])
    plain = row_weights(y, YES_NO)  # half-way
    assert plain[y == 0].sum() == pytest.approx(3 * plain[y == 1].sum())
    assert row_weights(y, Task("number")) is None and row_weights(
        y, Task("number"), 2.0 + y
    ).mean() == pytest.approx(1)


def test_examples_beside_teach_and_are_not_tested():
    ours, others = noise(["a"] * 40, 0), noise(["b"] * 10, 0)
    both = ours.beside(others)
    assert (
        both.whole.tolist() == [True] * 40 + [False] * 10
        and both.label.tolist() == ["a"] * 40 + ["b"] * 10
    )
    assert both.weight.tolist() == [1.0] * 40 + [0.5] * 10
    assert len(np.unique(both.group)) == 50


def test_a_class_of_one_person_is_left_out_and_said():
    label = ["walk"] * 30 + ["bus"] * 30 + ["bike"] * 30
    e = noise(label, 0)
    e = replace(e, group=np.where(np.array(label) == "bike", 99, np.arange(90)))
    told: list[str] = []
    kept = without_lone_classes(e, {}, told.append)
    assert (
        set(kept.label) == {"walk", "bus"}
        and len(kept.x) == len(kept.whole) == 60
        and "bike" in told[0]
    )
    assert (
        without_lone_classes(noise(label, 0), {}, told.append).label.tolist() == label
        and len(told) == 1
    )
    with pytest.raises(InputError, match="one person or place alone"):
        without_lone_classes(replace(e, group=np.zeros(90, int)), {}, told.append)


def test_what_cannot_be_learned_is_never_worth_using():
    """Neither where most labels are the same nor where few are."""
    rng = np.random.default_rng(1)
    for n, share in ((20, 0.8), (90, 0.9), (60, 0.5)):
        for seed in range(2):
            label = np.where(rng.random(n) < share, "yes", "no").tolist()
            _, task, card, told = train(noise(label, seed), {}, seed, 10.0)
            most = np.bincount(told.truth).max() / n
            assert card["metrics"]["baseline"]["accuracy"] >= most - 0.05 and task.kind == "binary"
            assert "Worth using" not in verdict(card["metrics"])


@pytest.mark.parametrize(
    "label", [[1.5, 2.5, 4.25, 8.0, 9.5, 11.0, 12.5, 14.0, 16.5, 18.0], list("aaaabbbccc")]
)
def test_ten_labels_are_enough_for_an_answer(label):
    head, _, card, _ = train(noise(label, 0), {}, 0, 10.0)
    assert card["metrics"]["units"] == 10 and "10 labels say little" in verdict(card["metrics"])
    assert head["shares"].tolist() == [1.0] and card["few_labels"] == {}


def test_it_says_how_far_fewer_labels_get():
    x, y = drawn(YES_NO, 110)
    label = np.array(["no", "yes"], object)[y]
    head, _, card, _ = train(examples(x, label, np.arange(110), strength=STRENGTH), {}, 0, 10.0)
    curve = card["few_labels"]
    assert (
        list(curve) == ["10", "20", "50"]
        and 0.5 < curve["10"] < curve["50"] < 1
        and len(head["shares"]) == 2
    )


def test_labels_of_few_people_prove_nothing():
    right = np.ones(400, int)
    metrics = compare(Predictions(right, right * 0, right, np.arange(400) % 2), YES_NO)
    assert "Worth using" not in verdict(metrics) and "2 people or places alone" in verdict(metrics)
    many = compare(Predictions(right, right * 0, right, np.arange(400) % 50), YES_NO)
    assert verdict(many).startswith("Worth using") and "alone" not in verdict(many)
    assert compare(Predictions(right, right, right, np.arange(400)), YES_NO)["ratio"] == [1, 1, 1]
