# SPDX-License-Identifier: GPL-2.0-or-later
"""Heads by themselves: lines and networks, calibration, intervals, few labels."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from model.evaluate.probes import few_labels
from model.head_training.blend import USUAL, Shares, blended, choose
from model.head_training.examples import Examples, without_lone_classes
from model.head_training.fit import (
    _linear,
    as_others_choose,
    interval,
    linear,
    networks,
    recalibrate,
    ridge,
    temperature,
)
from model.head_training.scoring import Predictions, compare, scores, verdict
from model.head_training.train import _blend, train
from model.head_training.trees import FOREST, Forest
from model.heads import Task, predict
from raw_qgis_plugin.core.errors import InputError


def test_intervals_speak_for_parts_of_units_too():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(240, 3)).astype(np.float32)
    whole = np.arange(240) < 120  # of parts nothing can be told
    label = (x[:, 0] + np.where(whole, 0.0, rng.normal(size=240) * 5)).astype(object)
    e = Examples(x, x[:, 1:].astype(float), label, np.arange(240) % 120, whole, np.ones(240), np.ones(3), {})
    _, _, card, _ = train(e, {}, 0, 10.0)
    assert card["halfwidth"]["high"] - card["halfwidth"]["low"] > 4 and card["metrics"]["units"] == 120


def test_a_head_fits_and_its_temperature_calibrates():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(600, 5)).astype(np.float32)
    y = (x[:, 0] + rng.normal(0, 0.3, 600) > 0).astype(int)
    head = linear(x, y, Task("binary", ("no", "yes")), np.ones(5))
    assert scores(predict(head, x).argmax(axis=1), y, Task("binary", ("no", "yes")))["accuracy"] > 0.85
    over = predict(head, x) * 8
    assert temperature(over, y) > 2.5


def test_the_interval_holds_eighty_percent():
    residual = np.random.default_rng(0).standard_t(3, 5000)
    offsets = interval(residual, np.ones(5000))
    fresh = np.random.default_rng(1).standard_t(3, 5000)
    assert ((fresh > offsets["low"]) & (fresh < offsets["high"])).mean() == pytest.approx(0.8, abs=0.02)


def test_intervals_are_wider_where_less_is_known():
    rng = np.random.default_rng(0)
    known = rng.choice([3.0, 14.0, 28.0], 1800)
    offsets = interval(rng.normal(size=1800) * 30 / known, known)
    assert offsets["at"] == [3.0, 14.0, 28.0]
    for days in (3.0, 14.0, 28.0):
        fresh = rng.normal(size=5000) * 30 / days
        low, high = (np.interp(np.log(days), np.log(offsets["at"]), offsets[side]) for side in ("low", "high"))
        assert ((fresh > low) & (fresh < high)).mean() == pytest.approx(0.8, abs=0.04)


def test_a_class_of_one_person_is_left_out_and_said():
    label = ["walk"] * 30 + ["bus"] * 30 + ["bike"] * 30
    e = noise(label, 0)
    e = replace(e, group=np.where(np.array(label) == "bike", 99, np.arange(90)))
    told: list[str] = []
    kept = without_lone_classes(e, {}, told.append)
    assert set(kept.label) == {"walk", "bus"} and len(kept.x) == len(kept.evidence) == 60 and "bike" in told[0]
    assert without_lone_classes(noise(label, 0), {}, told.append).label.tolist() == label and len(told) == 1
    with pytest.raises(InputError, match="one person or place alone"):
        without_lone_classes(replace(e, group=np.zeros(90, int)), {}, told.append)


def test_a_few_odd_units_have_no_interval_of_their_own():
    rng = np.random.default_rng(0)
    known = np.where(np.arange(1200) < 3, 10.0, 23.0)
    assert set(interval(rng.normal(size=1200), known)) == {"low", "high"}
    known[200:800] = 5.0
    assert interval(rng.normal(size=1200), known)["at"] == [5.0, 23.0]


@pytest.mark.parametrize("classes", [("no", "yes"), ("bike", "rail", "walk")])
def test_a_head_of_states_sees_no_other_column(classes: tuple[str, ...]):
    rng, n = np.random.default_rng(0), 600
    y = rng.integers(0, len(classes), n)
    shown = np.eye(len(classes))[y]
    states, features = (rng.normal(0, s, (n, 8)) for s in (1.0, 0.1))  # the features are the plainer sign
    states[:, : len(classes)] += 2 * shown
    features[:, : len(classes)] += shown
    x = np.hstack([states, features]).astype(np.float32)
    task, strength = Task("binary" if len(classes) == 2 else "classes", classes), np.repeat([0.4, 1.0], 8)
    head = linear(x, y, task, strength, states=True)
    blind = x.copy()
    blind[:, 8:] = 0.0
    assert np.array_equal(predict(head, x), predict(head, blind))
    assert scores(predict(head, x).argmax(axis=1), y, task)["accuracy"] > 0.8
    with pytest.raises(InputError, match="numbers"):
        train(replace(noise([0.5, 1.5, 2.25, 8.0], 0), states=True), {}, 0, 10.0)


def test_a_forest_divides_as_it_was_grown():
    """Thresholds of squashed columns are told in the columns' own units; long tails spoil no division."""
    rng = np.random.default_rng(0)
    x = 1000 + 300 * (rng.normal(size=(900, 2)) ** 3).astype(np.float32)
    y = (x[:, 0] > 1000) * 1 + (x[:, 1] > 1300)
    forest = Forest(x, y, Task("classes", ("a", "b", "c")), 0, None)
    p = np.exp(predict(forest, x))
    assert np.allclose(p.sum(axis=1), 1) and p.min() >= FOREST.least - 1e-6
    assert (p.argmax(axis=1) == y).mean() > 0.75  # in the wrong units: under 0.5
    leaves = forest.leaves(torch.from_numpy(x)).numpy()
    assert min(np.unique(tree, return_counts=True)[1].min() for tree in leaves.T) >= FOREST.leaf


def test_few_labels_get_a_line_and_a_wide_answer():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(12, 40)).astype(np.float32)
    y = (x[:, 0] > 0).astype(int)
    task = Task("binary", ("no", "yes"))
    assert temperature(predict(ridge(x, y, task, np.ones(40)), x) * 9, y) >= 1
    metrics = compare(Predictions(y, 1 - y, y, np.arange(12)), task)
    assert metrics["ratio"][0] == pytest.approx(0, abs=1e-6) and "label more" in verdict(metrics)
    assert compare(Predictions(y, y, y, np.arange(12)), task)["ratio"] == [1, 1, 1]
    number = interval(np.arange(-5.0, 5.0), np.arange(10.0))
    assert number["low"] < -4.5 and number["high"] > 3.5  # all of ten residuals but the outermost bits


def noise(label: list, seed: int, people: int = 0) -> Examples:
    """Units whose columns say nothing of their labels; as many people, or one a unit."""
    rng, n = np.random.default_rng(seed), len(label)
    x, hand = rng.normal(size=(n, 40)).astype(np.float32), rng.normal(size=(n, 8))
    group = np.arange(n) % (people or n)
    return Examples(x, hand, np.array(label, object), group, np.ones(n, bool), np.ones(n), np.ones(40), {})


def test_what_cannot_be_learned_is_never_worth_using():
    """Neither where most labels are the same nor where few are."""
    rng = np.random.default_rng(1)
    for n, share in ((20, 0.8), (30, 0.8), (90, 0.9), (60, 0.5)):
        for seed in range(3):
            label = np.where(rng.random(n) < share, "yes", "no").tolist()
            _, task, card, told = train(noise(label, seed), {}, seed, 10.0)
            most = np.bincount(told.truth).max() / n
            assert card["metrics"]["baseline"]["accuracy"] >= most - 1e-9 and task.kind == "binary"
            assert "Worth using" not in verdict(card["metrics"])


@pytest.mark.parametrize("label", [[1.5, 2.5, 4.25, 8.0, 9.5, 11.0, 12.5, 14.0, 16.5, 18.0], list("aaaabbbccc")])
def test_ten_labels_are_enough_for_an_answer(label: list):
    head, _, card, _ = train(noise(label, 0), {}, 0, 10.0)
    assert card["metrics"]["units"] == 10 and "10 labels say little" in verdict(card["metrics"])
    assert head.head.inputs == 40


def test_networks_and_trees_come_with_a_hundred_whole_units(monkeypatch: pytest.MonkeyPatch):
    """Thinned copies do not count, and the folds are taught in the same way as the head that is kept."""
    taught = []
    monkeypatch.setattr(
        "model.head_training.blend.networks", lambda x, *more, **named: taught.append(len(x)) or networks(x, *more)
    )
    for n, copies in ((30, 5), (105, 1)):
        label = np.random.default_rng(0).normal(size=n).tolist()
        e = noise(label * copies, 0, people=n)
        train(replace(e, whole=np.arange(n * copies) < n), {}, 0, 10.0)
        assert len(taught) >= (5 if n > 100 else 0) and min(taught, default=99) > 80


def test_a_fold_is_answered_with_the_shares_that_do_best_in_the_others():
    """In one fold the linear part is right alone, in the others the trees: the fold's answers are mostly the trees'."""
    y, fold = np.tile([0, 1], 200), np.repeat(np.arange(4), 100)
    right = 4.0 * (2 * np.eye(2)[y] - 1)
    answers = np.stack([np.where(fold[:, None] == 0, right, -2 * right), np.zeros_like(right), right])
    answers[2, fold == 0] *= -1
    task, tested = Task("binary", ("no", "yes")), np.ones(400, bool)
    group = np.arange(400)
    out, shares = _blend(answers, y, task, fold, tested, group)
    assert shares == Shares(0, 0.4, 0.6)
    assert np.array_equal(out[fold == 0], blended(answers, shares)[fold == 0])
    first = fold == 0
    assert choose(answers[:, first], y[first], task, group[first]) == Shares(1, 0, 0)
    assert choose(answers[:, first], y[first], task, group[first] // 25) == USUAL["binary"], "four people prove nothing"


def test_labels_of_few_people_prove_nothing():
    right = np.ones(400, int)
    metrics = compare(Predictions(right, right * 0, right, np.arange(400) % 2), Task("binary", ("no", "yes")))
    assert "Worth using" not in verdict(metrics) and "2 people or places alone" in verdict(metrics)
    many = compare(Predictions(right, right * 0, right, np.arange(400) % 50), Task("binary", ("no", "yes")))
    assert verdict(many).startswith("Worth using") and "alone" not in verdict(many)


def test_with_few_labels_the_states_step_back_where_the_facts_tell():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(430, 200)).astype(np.float32)
    strength, y = np.r_[np.full(190, 0.5), np.ones(10)], (x[:, 195] > 0).astype(int)
    task, told = Task("binary", ("no", "yes")), ("facts", "states")
    labels = dict(zip(told, (y, (x[:, :190].sum(axis=1) > 0).astype(int)), strict=True))
    by = {name: ridge(x[:30], labels[name][:30], task, strength) for name in told}
    plain = {name: _linear(x[:30], labels[name][:30], task, strength)[0] for name in told}
    share = {name: states_say(by[name]) / states_say(plain[name]) for name in told}
    assert share["facts"] < 0.6 < share["states"]


def states_say(head):
    """What the first 190 columns say beside the last ten."""
    weight = (head.second.weight * head.strength)[0].detach().abs()
    return float(weight[:190].sum() / weight[190:].sum())


def test_a_line_is_found_among_many_columns():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(300, 200)).astype(np.float32)
    y = 3 * x[:, 0] + 10
    head = ridge(x, y, Task("number"), np.ones(200))
    assert np.abs(predict(head, x)[:, 0] - y).mean() < 1.0


def test_numbers_that_are_mostly_nothing_are_answered_so():
    rng = np.random.default_rng(0)
    task = Task("number", transform="log1p")
    y = np.where(rng.random(400) < 0.7, 0.0, np.log1p(5.0))
    unsure = 0.3 * y + 0.4 + rng.normal(0, 0.05, 400)
    gain, shift = recalibrate(unsure, y, task)
    before, after = (np.abs(task.in_unit(a) - task.in_unit(y)).mean() for a in (unsure, gain * unsure + shift))
    assert after < 0.9 * before
    assert recalibrate(unsure[:50], y[:50], task) == (1.0, 0.0)
    assert recalibrate(y, y, task)[0] == pytest.approx(1, abs=0.06)


def test_no_number_is_recalibrated_by_its_own_fold():
    rng, task = np.random.default_rng(0), Task("number", ())
    y, fold = rng.normal(size=600), np.arange(600) % 5
    out = 0.5 * y + rng.normal(size=600)
    before, other = as_others_choose(out, y, task, fold), np.where(fold == 2, -3 * y, y)
    after = as_others_choose(out, other, task, fold)
    assert (before[fold == 2] == after[fold == 2]).all() and (before[fold != 2] != after[fold != 2]).all()
    gain, shift = recalibrate(out, y, task)
    np.testing.assert_array_equal(as_others_choose(out, y, task, np.zeros(600)), gain * out + shift)  # one fold


def test_twenty_labels_that_leave_nobody_to_ask_about_are_drawn_again():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(60, 3)).astype(np.float32)
    y, inputs, task = rng.normal(size=60), {"x": (x, np.ones(3))}, Task("number")
    group = np.append(np.zeros(58, int), [1, 1])  # in four of nine draws there is one of the second person's units
    assert np.isfinite(few_labels(inputs, x.astype(float), y, task, group, 0)["x"]).all()
    with pytest.raises(InputError, match="leave people to ask about: label more"):
        few_labels(inputs, x.astype(float), y, task, np.zeros(60, int), 0)
