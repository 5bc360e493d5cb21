# SPDX-License-Identifier: GPL-2.0-or-later
"""Train a head on labelled examples: cross-validate it beside simple methods, calibrate it, and add
it to a bundle.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from safetensors.numpy import save_file
from sklearn.metrics import log_loss

from model.cli import Report, print_line
from model.head_training import fit
from model.head_training.examples import SAME_FOR_ALL_NEARER, Examples, without_lone_classes
from model.head_training.fit import Arrays, Task
from model.head_training.verdict import Predictions, compare
from model.training.card import write_card
from raw_qgis_plugin.core.arrays import Array, softmax
from raw_qgis_plugin.core.bundle import library
from raw_qgis_plugin.core.bundle.bundle import Bundle
from raw_qgis_plugin.core.bundle.contract import HEADS
from raw_qgis_plugin.core.errors import InputError
from raw_qgis_plugin.core.scratch import Scratch

CURVE = (10, 20, 50)  # labels with which a head is tried
SHARES = (0.0, 0.25, 0.5, 0.75)  # of the forest, from which cross-validation chooses


class Settings:
    """How the answers of a head are given."""

    unknown: float = 0.04  # share of unseen units whose answer is 'unknown'
    thresholds: tuple[float, float] = (0.4, 0.6)  # from … to, of the probability of an answer
    draws: int = 10  # of some labels, for each point of the learning curve


class Trained(NamedTuple):
    """A head's arrays, its task, its entries for the card, and the predictions of the
    cross-validation.
    """

    arrays: Arrays
    task: Task
    card: dict
    predictions: Predictions


@dataclass(frozen=True)
class Answers:
    """What was said in cross-validation of k whole units by heads that had not learned from their
    group, and what such heads have to beat, in the task's scale.
    """

    rows: Array  # (k,) of the examples, ascending
    parts: Array  # (parts, k, outputs) of the parts of heads
    usual: Array  # (k,) the same for all
    boosting: Array  # (k,)


def train(
    e: Examples,
    rename: dict[str, str],
    seed: int,
    minutes: float,
    report: Report = print_line,
) -> Trained:
    """Cross-validate, calibrate and fit a head."""
    e = without_lone_classes(e, rename, lambda text: report({"warning": text}))
    task, y = fit.encode(e.label, rename)

    if task.classes and len(task.classes) < 2:
        raise InputError("All labels are equal: there is nothing to learn.")

    answers = cross_validate(e, y, task, seed, minutes, report)
    truth = y[answers.rows]
    share = best_share(answers.parts, truth, task)
    out = mixed(answers.parts, share)
    gain = 1 / fit.temperature(out, truth) if task.classes else 1.0
    boosting_wins = _error(answers.boosting, truth, task) < _error(answers.usual, truth, task)
    simple = answers.boosting if boosting_wins else answers.usual
    predictions = predictions_of(out, simple, truth, e.group[answers.rows], task)
    card = {"kind": task.kind, "inputs": e.x.shape[1], "domain": e.domain}

    if not boosting_wins:
        card["baseline"] = SAME_FOR_ALL_NEARER

    if task.classes:
        card["classes"] = list(task.classes)
        card["threshold"] = threshold(gain * out, task)
    else:
        card["transform"] = task.transform
        card["halfwidth"] = fit.interval(truth - out[:, 0])

    card["metrics"] = compare(predictions, task, seed)
    card["few_labels"] = learning_curve(e, y, task, seed)
    parts = _fit(e, np.arange(len(y)), y, task, seed)

    return Trained(fit.join_parts(parts, share, gain), task, card, predictions)


def predictions_of(
    out: Array, simple: Array, truth: Array, group: Array, task: Task
) -> Predictions:
    """Outputs (k, outputs) of heads and answers (k,) of a simple method beside the truth (k,)."""
    if task.classes:
        return Predictions(out.argmax(axis=1), simple.astype(truth.dtype), truth, group)

    ours = task.in_unit(out[:, 0])
    theirs = task.in_unit(simple)

    return Predictions(ours, theirs, task.in_unit(truth), group)


def threshold(logits: Array, task: Task) -> float:
    """The probability below which an answer is 'unknown', from calibrated logits (n, classes)."""
    if task.kind == "binary":
        return Settings.thresholds[1]

    sure = softmax(logits).max(axis=1)
    least = float(np.quantile(sure, Settings.unknown))

    return round(float(np.clip(least, *Settings.thresholds)), 3)


def _fit(
    e: Examples, rows: Array, y: Array, task: Task, seed: int, with_forest: bool = True
) -> list[Arrays]:
    """The parts of a head on some rows of examples. y: (n,) labels of all rows."""
    enough = int(e.whole.sum()) >= fit.Settings.enough
    forest_too = with_forest and enough
    return fit.fit_parts(e.x[rows], y[rows], task, e.strength, seed, forest_too, e.weight[rows])


def mixed(answers: Array, share: float) -> Array:
    """The output (n, outputs) of heads whose parts have the outputs (parts, n, outputs). share: of
    the forest.
    """
    if len(answers) == 1:
        return answers[0]
    linear, forest = answers
    return (1 - share) * linear + share * forest


def best_share(answers: Array, y: Array, task: Task) -> float:
    """The forest's share with the least log loss, or absolute error, of outputs (parts, n, outputs)
    for labels (n,).
    """
    if len(answers) == 1:
        return 0.0

    losses = []

    for share in SHARES:
        out = mixed(answers, share)
        if task.classes:
            probability = softmax(out / fit.temperature(out, y))
            loss = log_loss(y, probability, labels=range(task.outputs))
        else:
            loss = _error(out[:, 0], y, task)

        losses.append(loss)

    return SHARES[int(np.argmin(losses))]


def cross_validate(
    e: Examples,
    y: Array,
    task: Task,
    seed: int,
    minutes: float,
    report: Report,
) -> Answers:
    """The answers for the folds that there is time for. Raises InputError without folds."""
    splits = fit.folds(y, e.group, task, seed)
    if not splits:
        raise InputError(
            "The labels are too few or in too few groups for a cross-validation, so the head could "
            "not be evaluated."
        )

    began = time.monotonic()
    found = []

    for number, (learn, test) in enumerate(splits):
        found.append(_answers(e, y, task, seed, learn, test[e.whole[test]]))
        seconds = time.monotonic() - began
        report({"fold": number + 1, "of": len(splits), "seconds": round(seconds, 1)})

        if seconds > 60 * minutes:
            break

    rows = np.concatenate([each.rows for each in found])
    order = np.argsort(rows)
    parts = np.concatenate([each.parts for each in found], axis=1)
    usual = np.concatenate([each.usual for each in found])
    boosting = np.concatenate([each.boosting for each in found])

    return Answers(rows[order], parts[:, order], usual[order], boosting[order])


def _answers(e: Examples, y: Array, task: Task, seed: int, learn: Array, test: Array) -> Answers:
    """The answers for test rows of what learned from others."""
    outputs = []
    for part in _fit(e, learn, y, task, seed):
        outputs.append(fit.predict(fit.join_parts([part]), e.x[test], task))

    answer = np.bincount(y[learn]).argmax() if task.classes else np.median(y[learn])
    trees = fit.boosting(e.x[learn][:, e.simple], y[learn], task, seed)
    boosted = trees.predict(e.x[test][:, e.simple])
    usual = np.full(len(test), answer, float)

    return Answers(test, np.stack(outputs), usual, boosted.astype(float))


def learning_curve(e: Examples, y: Array, task: Task, seed: int) -> dict[str, float]:
    """How far a head gets with some of the labels, tested on the units of other groups: by the
    number of labels its accuracy, or its mean absolute error in the task's own unit.
    """
    rng = np.random.default_rng(seed)
    whole = np.flatnonzero(e.whole)
    curve = {}

    for count in CURVE:
        if 2 * count > len(whole):
            continue

        found = []

        for _ in range(Settings.draws):
            learn = rng.permutation(whole)[:count]
            test = whole[~np.isin(e.group[whole], e.group[learn])]
            some_missing = task.classes and len(np.unique(y[learn])) < len(task.classes)

            if len(test) and not some_missing:
                error = _error_of_few(e, y, task, seed, learn, test)
                found.append(1 - error if task.classes else error)

        if found:
            curve[str(count)] = round(float(np.mean(found)), 4)

    return curve


def _error_of_few(e: Examples, y: Array, task: Task, seed: int, learn: Array, test: Array) -> float:
    """The error for test rows of a linear head that learned from few others."""
    parts = _fit(e, learn, y, task, seed, with_forest=False)
    out = fit.predict(fit.join_parts(parts), e.x[test], task)
    answer = out.argmax(axis=1) if task.classes else out[:, 0]
    return _error(answer, y[test], task)


def _error(answer: Array, y: Array, task: Task) -> float:
    """The share of wrong answers (n,), or the mean absolute error in the task's own unit."""
    if task.classes:
        return float((answer != y).mean())
    return float(np.abs(task.in_unit(answer) - task.in_unit(y)).mean())


def add_head(bundle: Bundle, output: Path, name: str, head: Arrays, card: dict) -> None:
    """Write a copy of the bundle with the head, which replaces one of the same name; all of it or
    nothing.
    """
    with Scratch("raw-head-") as beside:
        fresh = Path(beside) / "fresh"
        library.copy_files(bundle, fresh)
        (fresh / HEADS).mkdir(exist_ok=True)
        save_file(head, fresh / HEADS / f"{name}.safetensors")
        kept = [other for other in bundle.card["heads"] if other["name"] != name]
        write_card(fresh, bundle.card | {"heads": [*kept, {"name": name, **card}]})
        library.copy(fresh, output)
