# SPDX-License-Identifier: GPL-2.0-or-later
"""Train a head on labelled examples: cross-validate it beside simple methods, calibrate it, add it to a bundle."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

from model.cli import Report, print_line
from model.head_training.blend import Shares, answers_of, blended, choose, fit_parts, head_of
from model.head_training.examples import Examples, without_lone_classes
from model.head_training.fit import as_others_choose, boosting, encode, folds, interval, recalibrate, temperature
from model.head_training.scoring import Predictions, by_source, compare, least_sure, reliability
from model.heads import Calibrated, Task, arrays_of, pack
from model.training.card import without_heads, write_card
from raw_qgis_plugin.core.arrays import softmax
from raw_qgis_plugin.core.bundle import library
from raw_qgis_plugin.core.bundle.bundle import Bundle
from raw_qgis_plugin.core.bundle.contract import HEADS
from raw_qgis_plugin.core.errors import InputError
from raw_qgis_plugin.core.scratch import Scratch

SAME_FOR_ALL = "the same answer for all, the most frequent or the middle one: nearer than gradient boosting here"
Splits = list[tuple[np.ndarray, np.ndarray]]  # training and test rows of each fold


def train(
    e: Examples,
    rename: dict[str, str],
    seed: int,
    minutes: float,
    report: Report = print_line,
    splits: Splits | None = None,
    names: Sequence[str] = (),
) -> tuple[Calibrated, Task, dict, Predictions]:  # fmt: skip
    """Cross-validate, calibrate and fit a head. splits: five folds unless given. names: of the sources of the examples.

    Returns the head, its task, its entries for the card, and the predictions of the cross-validation.
    """
    e = without_lone_classes(e, rename, lambda text: report({"warning": text})) if splits is None else e
    task, y = encode(e.label, rename)
    if e.states and not task.classes:
        raise InputError("--states is for classes, and these labels are numbers.")
    if task.classes and len(task.classes) < 2:
        raise InputError("All labels are equal: there is nothing to learn.")
    splits = folds(y, e.group, task, seed) if splits is None else splits
    answers, simple, fold = cross_validate(e, y, task, seed, minutes, report, splits)
    tested = ~np.isnan(simple[0])
    if not tested.any():
        raise InputError(
            "The labels are too few or in too few groups for a cross-validation, so the head could not be evaluated."
        )
    best_simple = int(np.argmin([np.abs(_error(p[tested], y[tested], task)).mean() for p in simple]))
    source = None if e.source is None else e.source[tested]
    weight = None if source is None else 1 / np.bincount(source)[source]  # sources weigh alike
    out, shares = _blend(answers, y, task, fold, tested, e.group, weight, e.states)
    baseline, truth, group = simple[best_simple, tested], y[tested], e.group[tested]
    card = {"kind": task.kind, "inputs": e.x.shape[1], "domain": e.domain}
    if best_simple == 0:
        card["baseline"] = SAME_FOR_ALL
    if task.classes:
        gain, shift = 1 / temperature(out[tested], truth, weight), 0.0
        predictions = Predictions(out[tested].argmax(axis=1), baseline.astype(y.dtype), truth, group)
        p = softmax(gain * out[tested]).max(axis=1)
        threshold = 0.6 if task.kind == "binary" else least_sure(p, weight)
        card |= {"classes": list(task.classes), "threshold": threshold, "reliability": reliability(p, predictions)}
        if source is not None:
            card["sources"] = by_source(predictions, task, p >= threshold, [names[s] for s in source])
    else:
        known = ~np.isnan(out[:, 0])  # intervals are calibrated on parts of units too: they hold less evidence
        gain, shift = recalibrate(out[known, 0], y[known], task)
        calibrated = np.full(len(y), np.nan)
        calibrated[known] = as_others_choose(out[known, 0], y[known], task, fold[known])
        ours, theirs, true = map(task.in_unit, (calibrated[tested], baseline, truth))
        predictions = Predictions(ours, theirs, true, group)
        halfwidth = interval(y[known] - calibrated[known], e.evidence[known])
        card |= {"transform": task.transform, "halfwidth": halfwidth, "count": task.count}
    card["metrics"] = compare(predictions, task, seed)
    head = head_of(fit_parts(e, np.arange(len(y)), y, task, seed, shares), shares)
    return Calibrated(head, gain, shift).eval(), task, card, predictions


def cross_validate(
    e: Examples, y: np.ndarray, task: Task, seed: int, minutes: float, report: Report, splits: Splits
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Predictions for each unit by heads that were not trained on its group, NaN where `minutes` were over before.

    Returns the outputs of the parts of heads, (3, n, outputs) as of `answers_of`; what heads have to beat, for whole
    units in the task's scale, (2 or 3, n): the same answer for all, gradient boosting on all examples and, where some
    units are parts of others, on whole ones alone; and the number (n,) of the split in which a unit was tested, or -1.
    """
    answers = np.full((3, len(y), task.outputs), np.nan)
    simple = np.full((2 if e.whole.all() else 3, len(y)), np.nan)
    fold, began = np.full(len(y), -1), time.monotonic()
    until = began + 60 * minutes
    for n, (learn, test) in enumerate(splits):
        answers[:, test] = answers_of(fit_parts(e, learn, y, task, seed + n, None, until), e.x[test], task)
        fold[test] = n
        test, whole = test[e.whole[test]], learn[e.whole[learn]]
        simple[0, test] = np.bincount(y[whole]).argmax() if task.classes else np.median(y[whole])
        for answer, rows in zip(simple[1:], (learn, whole)):
            answer[test] = boosting(e.hand[rows], y[rows], task, seed).predict(e.hand[test])
        report({"fold": n + 1, "of": len(splits), "seconds": round(time.monotonic() - began, 1)})
        if time.monotonic() > until:
            break
    return answers, simple, fold


def _blend(
    answers: np.ndarray, y: np.ndarray, task: Task, fold: np.ndarray, tested: np.ndarray, group: np.ndarray,
    weight: np.ndarray | None = None, states: bool = False,
) -> tuple[np.ndarray, Shares]:  # fmt: skip
    """The outputs (n, outputs) of heads whose parts have the shares that the other folds choose, and those that all
    folds choose. weight: of the tested units.
    """
    rows, out = np.flatnonzero(tested), np.full(answers.shape[1:], np.nan)

    def best(some: np.ndarray) -> Shares:
        some = some if some.any() else np.ones(len(rows), bool)  # where there is one fold
        these = rows[some]
        return choose(answers[:, these], y[these], task, group[these], states, None if weight is None else weight[some])

    for n in np.unique(fold[rows]):
        out[fold == n] = blended(answers[:, fold == n], best(fold[rows] != n))
    return out, best(np.ones(len(rows), bool))


def _error(answer: np.ndarray, y: np.ndarray, task: Task) -> np.ndarray:
    """Errors (n,) of predictions: wrong or not, or the difference in the task's own unit."""
    return answer != y if task.classes else task.in_unit(answer) - task.in_unit(y)


def add_head(bundle: Bundle, output: Path, name: str, head: Calibrated, card: dict) -> None:
    """Write a copy of the bundle with the head, which replaces one of the same name; all of it or nothing."""
    with Scratch("raw-head-") as beside:
        fresh = Path(beside) / "fresh"
        library.copy_files(bundle, fresh)
        (fresh / HEADS).mkdir(exist_ok=True)
        head.apply(pack)
        kept = without_heads(fresh, bundle.card, [name])
        save_file(arrays_of(head), fresh / HEADS / f"{name}.safetensors")
        write_card(fresh, kept | {"heads": [*kept["heads"], {"name": name, **card}]})
        library.copy(fresh, output)
