# SPDX-License-Identifier: GPL-2.0-or-later
"""Scores of a head and its baseline on the same units, with intervals by group, a verdict and a report page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.metrics import accuracy_score, confusion_matrix, f1_score, mean_absolute_error, r2_score

from model.head_training.fit import Task
from raw_qgis_plugin.core.bundle.bundle import worth
from raw_qgis_plugin.core.evaluation.metrics import by_group, limits
from raw_qgis_plugin.core.evaluation.report import Page

FEW = 30  # units or groups, of which a verdict warns


@dataclass(frozen=True)
class Predictions:
    """Predictions for unseen units, (n,) each, as numbers of classes or as numbers in their own unit: the head's, the
    baseline's, and the true values. group: (n,) int, units of one group are drawn together.
    """

    head: np.ndarray
    baseline: np.ndarray
    truth: np.ndarray
    group: np.ndarray


def scores(answer: np.ndarray, truth: np.ndarray, task: Task) -> dict[str, float]:
    """Accuracy and macro-F1 of classes (n,), or mean absolute error and R² of numbers (n,) in their own unit."""
    if task.classes:
        return {"accuracy": accuracy_score(truth, answer), "macro_f1": f1_score(truth, answer, average="macro")}
    return {"mae": mean_absolute_error(truth, answer), "r2": r2_score(truth, answer)}


def compare(p: Predictions, task: Task, seed: int = 0) -> dict[str, Any]:
    """A head beside its baseline: the numbers of units and groups, the scores of both, and the error of the head.

    The error is one minus accuracy, or the mean absolute error. error: of the head, with its 95 % interval. ratio: of
    the head's error to the baseline's, with its interval; the same groups are drawn for both.
    """
    both, truth = np.stack([p.head, p.baseline], axis=1), p.truth[:, None]
    error = (both != truth).astype(float) if task.classes else np.abs(both - truth)
    drawn, groups = by_group(error, p.group, seed), len(np.unique(p.group))
    mean, (low, high) = error.mean(axis=0), limits(drawn[:, 0])
    if task.classes and mean[0] in (0, 1):  # then all draws are equal: use Clopper and Pearson's bound
        far = 1 - 0.025 ** (1 / groups)
        low, high = max(low - far, 0.0), min(high + far, 1.0)
    ratio = (drawn[:, 0] + 1e-9) / (drawn[:, 1] + 1e-9)
    return {
        "units": len(p.truth), "groups": groups,
        "head": scores(p.head, p.truth, task), "baseline": scores(p.baseline, p.truth, task),
        "error": [float(mean[0]), low, high],
        "ratio": [float((mean[0] + 1e-9) / (mean[1] + 1e-9)), *limits(ratio)],
    }  # fmt: skip


def verdict(metrics: dict[str, Any]) -> str:
    """One sentence on whether the head is worth using, and a caution where the labels are few."""
    ours, simple = metrics["head"], metrics["baseline"]
    tried = f"{metrics['units']:,} cases that it had not learned from"
    if "accuracy" in ours:
        _, low, high = metrics["error"]
        chance = f"{max(1 - high, 0):.0%} to {min(1 - low, 1):.0%} allowing for chance"
        against = f"right in {ours['accuracy']:.0%} of {tried} ({chance}), a simple method in {simple['accuracy']:.0%}"
    else:
        against = f"off by {ours['mae']:.3g} on average in {tried}, a simple method by {simple['mae']:.3g}"
    text = f"{worth(metrics).value}: {against}."
    if metrics["units"] < FEW:
        text += f" {metrics['units']} labels say little: label more before you rely on it."
    elif metrics["groups"] < FEW:
        text += f" They are of {metrics['groups']} people or places alone: label more before you rely on it."
    return text


def report_page(name: str, task: Task, p: Predictions, card: dict[str, Any]) -> Page:
    """A page about a head: the verdict, the scores, with how many labels, and where it is right and wrong."""
    page = Page(f"Head {name}", f"One answer a {card['unit']}, on the labels '{card['task']}'.")
    page.sentence(card["verdict"], "key")
    metrics, unit = card["metrics"], f" ({card['unit_of_measure']})" if card.get("unit_of_measure") else ""
    page.heading("Beside the baseline")
    page.sentence(
        "Units of one person (regions: of one block) are never in both training and test. "
        f"The baseline is {card['baseline']}."
    )
    names = {"accuracy": "accuracy", "macro_f1": "macro-F1", "mae": f"mean absolute error{unit}", "r2": "R²"}
    rows = [[names[k], f"{v:.3f}", f"{metrics['baseline'][k]:.3f}"] for k, v in metrics["head"].items()]
    page.table(["", "head", "baseline"], rows)
    ratio, low, high = metrics["ratio"]
    page.sentence(
        f"The head makes {ratio:.2f} times the baseline's error (95 % interval {low:.2f} to {high:.2f}; "
        f"{metrics['units']:,} units in {metrics['groups']:,} groups, drawn whole)."
    )
    if card.get("few_labels"):
        page.heading("With fewer labels")
        measure = "accuracy" if task.classes else names["mae"]
        page.sentence("Labels were left out at random, ten times, and the head was tested on other people or places.")
        page.table(["labels", measure], [[n, f"{value:.3f}"] for n, value in card["few_labels"].items()])
    if task.classes:
        page.heading("Right and wrong")
        counts = confusion_matrix(p.truth, p.head, labels=range(len(task.classes)))
        page.table(["truth \\ answer", *task.classes, "right"], [
            [word, *map(int, row), f"{row[i] / max(row.sum(), 1):.0%}"]
            for i, (word, row) in enumerate(zip(task.classes, counts, strict=True))
        ])  # fmt: skip
        page.sentence(f"A label less sure than {card['threshold']:.0%} is given as 'unknown'.")
    page.heading("Where it holds")
    page.table(["", "from", "to"], [[k, *v] for k, v in card["domain"].items()])
    return page
