# SPDX-License-Identifier: GPL-2.0-or-later
"""Train a head on labelled examples: cross-validate it beside simple methods, calibrate it, add it to a bundle."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file
from sklearn.metrics import log_loss

from model.cli import Report, print_line
from model.head_training.examples import SAME_FOR_ALL, Examples, without_lone_classes
from model.head_training.fit import (
    SETTINGS,
    Arrays,
    Task,
    boosting,
    encode,
    fit_parts,
    folds,
    interval,
    join_parts,
    predict,
    temperature,
)
from model.head_training.scoring import Predictions, compare
from model.training.card import without_heads, write_card
from raw_qgis_plugin.core.arrays import softmax
from raw_qgis_plugin.core.bundle import library
from raw_qgis_plugin.core.bundle.bundle import Bundle
from raw_qgis_plugin.core.bundle.contract import HEADS
from raw_qgis_plugin.core.errors import InputError
from raw_qgis_plugin.core.scratch import Scratch

CURVE = (10, 20, 50)  # labels with which a head is tried
SHARES = (0.0, 0.25, 0.5, 0.75)  # of the forest, from which cross-validation chooses
Splits = list[tuple[np.ndarray, np.ndarray]]  # training and test rows of each fold


def train(
    e: Examples, rename: dict[str, str], seed: int, minutes: float, report: Report = print_line,
    splits: Splits | None = None,
) -> tuple[Arrays, Task, dict, Predictions]:  # fmt: skip
    """Cross-validate, calibrate and fit a head. splits: five folds unless given.

    Returns the head's arrays, its task, its entries for the card, and the predictions of the cross-validation.
    """
    if splits is None:
        e = without_lone_classes(e, rename, lambda text: report({"warning": text}))
    task, y = encode(e.label, rename)
    if task.classes and len(task.classes) < 2:
        raise InputError("All labels are equal: there is nothing to learn.")
    splits = folds(y, e.group, task, seed) if splits is None else splits
    answers, simple = cross_validate(e, y, task, seed, minutes, report, splits)
    tested = ~np.isnan(simple[0])
    if not tested.any():
        raise InputError(
            "The labels are too few or in too few groups for a cross-validation, so the head could not be evaluated."
        )
    truth, answers, simple = y[tested], answers[:, tested], simple[:, tested]
    share, gain = best_share(answers, truth, task), 1.0
    out, best = mixed(answers, share), int(np.argmin([_errors(each, truth, task).mean() for each in simple]))
    card = {"kind": task.kind, "inputs": e.x.shape[1], "domain": e.domain} | (
        {} if best else {"baseline": f"{SAME_FOR_ALL}: nearer than gradient boosting here"}
    )
    if task.classes:
        gain = 1 / temperature(out, truth)
        predictions = Predictions(out.argmax(axis=1), simple[best].astype(y.dtype), truth, e.group[tested])
        least = float(np.quantile(softmax(gain * out).max(axis=1), 0.04))  # 4 % of unseen units are 'unknown'
        threshold = 0.6 if task.kind == "binary" else round(min(max(least, 0.4), 0.6), 3)
        card |= {"classes": list(task.classes), "threshold": threshold}
    else:
        card |= {"transform": task.transform, "halfwidth": interval(truth - out[:, 0])}
        ours, theirs, true = map(task.in_unit, (out[:, 0], simple[best], truth))
        predictions = Predictions(ours, theirs, true, e.group[tested])
    card |= {"metrics": compare(predictions, task, seed), "few_labels": learning_curve(e, y, task, seed)}
    parts = _fit(e, np.arange(len(y)), y, task, seed)
    return join_parts(parts, share, gain), task, card, predictions


def _fit(e: Examples, rows: np.ndarray, y: np.ndarray, task: Task, seed: int, with_forest: bool = True) -> list[Arrays]:
    """The parts of a head on some rows of examples. y: (n,) labels of all rows."""
    with_forest &= int(e.whole.sum()) >= SETTINGS.enough
    return fit_parts(e.x[rows], y[rows], task, e.strength, seed, with_forest)


def mixed(answers: np.ndarray, share: float) -> np.ndarray:
    """The output (n, outputs) of heads whose parts have the outputs (parts, n, outputs). share: of the forest."""
    return answers[0] if len(answers) == 1 else (1 - share) * answers[0] + share * answers[1]


def best_share(answers: np.ndarray, y: np.ndarray, task: Task) -> float:
    """The forest's share with the least log loss, or absolute error, of outputs (parts, n, outputs) for labels (n,)."""
    losses = []
    for share in SHARES if len(answers) > 1 else SHARES[:1]:
        out = mixed(answers, share)
        if task.classes:
            losses.append(log_loss(y, softmax(out / temperature(out, y)), labels=range(task.outputs)))
        else:
            losses.append(float(_errors(out[:, 0], y, task).mean()))
    return SHARES[int(np.argmin(losses))]


def cross_validate(
    e: Examples, y: np.ndarray, task: Task, seed: int, minutes: float, report: Report, splits: Splits
) -> tuple[np.ndarray, np.ndarray]:
    """Outputs (parts, n, outputs) for whole units of heads that were not trained on their group, nan where `minutes`
    were over before; and what heads have to beat, in the task's scale, (2, n): the same answer for all, and gradient
    boosting on the same examples.
    """
    answers, simple, began = np.zeros((1, len(y), task.outputs)), np.full((2, len(y)), np.nan), time.monotonic()
    for n, (learn, test) in enumerate(splits):
        parts, test = _fit(e, learn, y, task, seed), test[e.whole[test]]
        if n == 0:
            answers = np.full((len(parts), len(y), task.outputs), np.nan)
        answers[:, test] = [predict(join_parts([part]), e.x[test], task) for part in parts]
        simple[0, test] = np.bincount(y[learn]).argmax() if task.classes else np.median(y[learn])
        simple[1, test] = boosting(e.x[learn][:, e.simple], y[learn], task, seed).predict(e.x[test][:, e.simple])
        report({"fold": n + 1, "of": len(splits), "seconds": round(time.monotonic() - began, 1)})
        if time.monotonic() - began > 60 * minutes:
            break
    return answers, simple


def learning_curve(e: Examples, y: np.ndarray, task: Task, seed: int, draws: int = 10) -> dict[str, float]:
    """How far a head gets with some of the labels, tested on the units of other groups: by the number of labels its
    accuracy, or its mean absolute error in the task's own unit.
    """
    rng, whole, curve = np.random.default_rng(seed), np.flatnonzero(e.whole), {}
    for n in (n for n in CURVE if 2 * n <= len(whole)):
        found = []
        for _ in range(draws):
            learn = rng.permutation(whole)[:n]
            test = whole[~np.isin(e.group[whole], e.group[learn])]
            if not len(test) or (task.classes and len(np.unique(y[learn])) < len(task.classes)):
                continue
            out = predict(join_parts(_fit(e, learn, y, task, seed, with_forest=False)), e.x[test], task)
            answer = out.argmax(axis=1) if task.classes else out[:, 0]
            wrong = float(_errors(answer, y[test], task).mean())
            found.append(1 - wrong if task.classes else wrong)
        if found:
            curve[str(n)] = round(float(np.mean(found)), 4)
    return curve


def _errors(answer: np.ndarray, y: np.ndarray, task: Task) -> np.ndarray:
    """Errors (n,) of predictions: wrong or not, or the absolute difference in the task's own unit."""
    return answer != y if task.classes else np.abs(task.in_unit(answer) - task.in_unit(y))


def add_head(bundle: Bundle, output: Path, name: str, head: Arrays, card: dict) -> None:
    """Write a copy of the bundle with the head, which replaces one of the same name; all of it or nothing."""
    with Scratch("raw-head-") as beside:
        fresh = Path(beside) / "fresh"
        library.copy_files(bundle, fresh)
        (fresh / HEADS).mkdir(exist_ok=True)
        kept = without_heads(fresh, bundle.card, [name])
        save_file(head, fresh / HEADS / f"{name}.safetensors")
        write_card(fresh, kept | {"heads": [*kept["heads"], {"name": name, **card}]})
        library.copy(fresh, output)
