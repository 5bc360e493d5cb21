# SPDX-License-Identifier: GPL-2.0-or-later
"""Is a head worth using? Its figures beside a simple method's, and what they mean in a sentence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.metrics import accuracy_score, f1_score, mean_absolute_error, r2_score

from model.head_training.fit import Task
from raw_qgis_plugin.core.arrays import Array
from raw_qgis_plugin.core.bundle.bundle import worth
from raw_qgis_plugin.core.errors import translated
from raw_qgis_plugin.core.evaluation.metrics import by_group, limits

FEW = 30  # units or groups, of which a verdict warns
NO_ERROR = 1e-9  # added to errors, whose ratio is asked


@dataclass(frozen=True)
class Predictions:
    """Predictions for unseen units, (n,) each, as numbers of classes or as numbers in their own
    unit: the head's, the baseline's, and the true values. group: (n,) int, units of one group are
    drawn together.
    """

    head: Array
    baseline: Array
    truth: Array
    group: Array


def scores(answer: Array, truth: Array, task: Task) -> dict[str, float]:
    """Accuracy and macro-F1 of classes (n,), or mean absolute error and R² of numbers (n,) in their
    own unit.
    """
    if task.classes:
        return {
            "accuracy": accuracy_score(truth, answer),
            "macro_f1": f1_score(truth, answer, average="macro"),
        }
    return {"mae": mean_absolute_error(truth, answer), "r2": r2_score(truth, answer)}


def compare(p: Predictions, task: Task, seed: int = 0) -> dict[str, Any]:
    """A head beside its baseline: the numbers of units and groups, the scores of both, and the
    error of the head.

    The error is one minus accuracy, or the mean absolute error. error: of the head, with its 95 %
    interval. ratio: of the head's error to the baseline's, with its interval; the same groups are
    drawn for both.
    """
    both = np.stack([p.head, p.baseline], axis=1)
    truth = p.truth[:, None]
    errors = (both != truth).astype(float) if task.classes else np.abs(both - truth)
    groups = len(np.unique(p.group))
    drawn = by_group(errors, p.group, seed)
    error, simple = errors.mean(axis=0)
    low, high = limits(drawn[:, 0])

    # then all draws are equal: use Clopper and Pearson's bound
    if task.classes and error in (0, 1):
        far = 1 - 0.025 ** (1 / groups)
        low = max(low - far, 0.0)
        high = min(high + far, 1.0)

    ratios = (drawn[:, 0] + NO_ERROR) / (drawn[:, 1] + NO_ERROR)
    ratio = (error + NO_ERROR) / (simple + NO_ERROR)

    return {
        "units": len(p.truth),
        "groups": groups,
        "head": scores(p.head, p.truth, task),
        "baseline": scores(p.baseline, p.truth, task),
        "error": [float(error), low, high],
        "ratio": [float(ratio), *limits(ratios)],
    }


def verdict(metrics: dict[str, Any]) -> str:
    """One sentence on whether the head is worth using, and a caution where the labels are few."""
    ours = metrics["head"]
    simple = metrics["baseline"]
    found = translated(worth(metrics).value)
    n = metrics["units"]

    if "accuracy" in ours:
        _, low, high = metrics["error"]
        sentence = translated(
            "{found}: right in {a:.0%} of {n:,} cases that it had not learned from ({low:.0%} to "
            "{high:.0%} allowing for chance), a simple method in {b:.0%}.",
            found=found,
            a=ours["accuracy"],
            n=n,
            low=max(1 - high, 0),
            high=min(1 - low, 1),
            b=simple["accuracy"],
        )
    else:
        sentence = translated(
            "{found}: off by {a:.3g} on average in {n:,} cases that it had not learned from, a "
            "simple method {b:.3g}.",
            found=found,
            a=ours["mae"],
            n=n,
            b=simple["mae"],
        )

    return f"{sentence} {caution(n, metrics['groups'])}".rstrip()


def caution(units: int, groups: int) -> str:
    """A sentence where the labels are few, or of few people or places."""
    if units < FEW:
        return translated("{n} labels say little: label more before you rely on it.", n=units)
    if groups < FEW:
        return translated(
            "They are of {n} people or places alone: label more before you rely on it.", n=groups
        )

    return ""
