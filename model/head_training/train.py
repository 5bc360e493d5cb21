# SPDX-License-Identifier: GPL-2.0-or-later
"""Train a head on labelled examples: cross-validate it beside simple methods, calibrate it, say in
a sentence and on a page whether it is worth using, and add it to a bundle.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import save_file
from sklearn.metrics import (
    accuracy_score,
    confusion_matrix,
    f1_score,
    log_loss,
    mean_absolute_error,
    r2_score,
)

from model.cli import Report, print_line
from model.head_training import fit
from model.head_training.examples import SAME_FOR_ALL_NEARER, Examples, without_lone_classes
from model.head_training.fit import Arrays, Task
from model.training.card import without_heads, write_card
from raw_qgis_plugin.core.arrays import softmax
from raw_qgis_plugin.core.bundle import library
from raw_qgis_plugin.core.bundle.bundle import Bundle, worth
from raw_qgis_plugin.core.bundle.contract import HEADS
from raw_qgis_plugin.core.embedding.applicability import limits_in_words
from raw_qgis_plugin.core.errors import InputError, translated
from raw_qgis_plugin.core.evaluation.metrics import by_group, limits
from raw_qgis_plugin.core.evaluation.report import Page
from raw_qgis_plugin.core.scratch import Scratch

CURVE = (10, 20, 50)  # labels with which a head is tried
SHARES = (0.0, 0.25, 0.5, 0.75)  # of the forest, from which cross-validation chooses
FEW = 30  # units or groups, of which a verdict warns
Splits = list[tuple[np.ndarray, np.ndarray]]  # training and test rows of each fold


@dataclass(frozen=True)
class Predictions:
    """Predictions for unseen units, (n,) each, as numbers of classes or as numbers in their own
    unit: the head's, the baseline's, and the true values. group: (n,) int, units of one group are
    drawn together.
    """

    head: np.ndarray
    baseline: np.ndarray
    truth: np.ndarray
    group: np.ndarray


def train(
    e: Examples,
    rename: dict[str, str],
    seed: int,
    minutes: float,
    report: Report = print_line,
    splits: Splits | None = None,
) -> tuple[Arrays, Task, dict, Predictions]:
    """Cross-validate, calibrate and fit a head. splits: five folds unless given.

    Returns the head's arrays, its task, its entries for the card, and the predictions of the
    cross-validation.
    """
    if splits is None:
        e = without_lone_classes(e, rename, lambda text: report({"warning": text}))
    task, y = fit.encode(e.label, rename)
    if task.classes and len(task.classes) < 2:
        raise InputError("All labels are equal: there is nothing to learn.")
    splits = fit.folds(y, e.group, task, seed) if splits is None else splits
    answers, simple = cross_validate(e, y, task, seed, minutes, report, splits)
    tested = ~np.isnan(simple[0])
    if not tested.any():
        raise InputError(
            "The labels are too few or in too few groups for a cross-validation, so the head could not be evaluated."
        )
    truth, answers, simple = y[tested], answers[:, tested], simple[:, tested]
    share, gain = best_share(answers, truth, task), 1.0
    out, best = (
        mixed(answers, share),
        int(np.argmin([_errors(each, truth, task).mean() for each in simple])),
    )
    card = {"kind": task.kind, "inputs": e.x.shape[1], "domain": e.domain}
    card |= {} if best else {"baseline": SAME_FOR_ALL_NEARER}
    if task.classes:
        gain = 1 / fit.temperature(out, truth)
        predictions = Predictions(
            out.argmax(axis=1), simple[best].astype(y.dtype), truth, e.group[tested]
        )
        # 4 % of unseen units are 'unknown'
        least = float(np.quantile(softmax(gain * out).max(axis=1), 0.04))
        threshold = 0.6 if task.kind == "binary" else round(min(max(least, 0.4), 0.6), 3)
        card |= {"classes": list(task.classes), "threshold": threshold}
    else:
        card |= {"transform": task.transform, "halfwidth": fit.interval(truth - out[:, 0])}
        ours, theirs, true = map(task.in_unit, (out[:, 0], simple[best], truth))
        predictions = Predictions(ours, theirs, true, e.group[tested])
    card |= {
        "metrics": compare(predictions, task, seed),
        "few_labels": learning_curve(e, y, task, seed),
    }
    parts = _fit(e, np.arange(len(y)), y, task, seed)
    return fit.join_parts(parts, share, gain), task, card, predictions


def _fit(
    e: Examples, rows: np.ndarray, y: np.ndarray, task: Task, seed: int, with_forest: bool = True
) -> list[Arrays]:
    """The parts of a head on some rows of examples. y: (n,) labels of all rows."""
    with_forest &= int(e.whole.sum()) >= fit.Settings.enough
    return fit.fit_parts(e.x[rows], y[rows], task, e.strength, seed, with_forest, e.weight[rows])


def mixed(answers: np.ndarray, share: float) -> np.ndarray:
    """The output (n, outputs) of heads whose parts have the outputs (parts, n, outputs). share: of
    the forest.
    """
    return answers[0] if len(answers) == 1 else (1 - share) * answers[0] + share * answers[1]


def best_share(answers: np.ndarray, y: np.ndarray, task: Task) -> float:
    """The forest's share with the least log loss, or absolute error, of outputs (parts, n, outputs)
    for labels (n,).
    """
    losses = []
    for share in SHARES if len(answers) > 1 else SHARES[:1]:
        out = mixed(answers, share)
        if task.classes:
            losses.append(
                log_loss(y, softmax(out / fit.temperature(out, y)), labels=range(task.outputs))
            )
        else:
            losses.append(float(_errors(out[:, 0], y, task).mean()))
    return SHARES[int(np.argmin(losses))]


def cross_validate(
    e: Examples,
    y: np.ndarray,
    task: Task,
    seed: int,
    minutes: float,
    report: Report,
    splits: Splits,
) -> tuple[np.ndarray, np.ndarray]:
    """Outputs (parts, n, outputs) for whole units of heads that were not trained on their group,
    nan where `minutes` were over before; and what heads have to beat, in the task's scale, (2, n):
    the same answer for all, and gradient boosting on the same examples.
    """
    answers, simple, began = (
        np.zeros((1, len(y), task.outputs)),
        np.full((2, len(y)), np.nan),
        time.monotonic(),
    )
    for n, (learn, test) in enumerate(splits):
        parts, test = _fit(e, learn, y, task, seed), test[e.whole[test]]
        if n == 0:
            answers = np.full((len(parts), len(y), task.outputs), np.nan)
        answers[:, test] = [fit.predict(fit.join_parts([part]), e.x[test], task) for part in parts]
        simple[0, test] = np.bincount(y[learn]).argmax() if task.classes else np.median(y[learn])
        simple[1, test] = fit.boosting(e.x[learn][:, e.simple], y[learn], task, seed).predict(
            e.x[test][:, e.simple]
        )
        report({"fold": n + 1, "of": len(splits), "seconds": round(time.monotonic() - began, 1)})
        if time.monotonic() - began > 60 * minutes:
            break
    return answers, simple


def learning_curve(
    e: Examples, y: np.ndarray, task: Task, seed: int, draws: int = 10
) -> dict[str, float]:
    """How far a head gets with some of the labels, tested on the units of other groups: by the
    number of labels its accuracy, or its mean absolute error in the task's own unit.
    """
    rng, whole, curve = np.random.default_rng(seed), np.flatnonzero(e.whole), {}
    for n in (n for n in CURVE if 2 * n <= len(whole)):
        found = []
        for _ in range(draws):
            learn = rng.permutation(whole)[:n]
            test = whole[~np.isin(e.group[whole], e.group[learn])]
            if not len(test) or (task.classes and len(np.unique(y[learn])) < len(task.classes)):
                continue
            out = fit.predict(
                fit.join_parts(_fit(e, learn, y, task, seed, with_forest=False)), e.x[test], task
            )
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
    """Write a copy of the bundle with the head, which replaces one of the same name; all of it or
    nothing.
    """
    with Scratch("raw-head-") as beside:
        fresh = Path(beside) / "fresh"
        library.copy_files(bundle, fresh)
        (fresh / HEADS).mkdir(exist_ok=True)
        kept = without_heads(fresh, bundle.card, [name])
        save_file(head, fresh / HEADS / f"{name}.safetensors")
        write_card(fresh, kept | {"heads": [*kept["heads"], {"name": name, **card}]})
        library.copy(fresh, output)


def scores(answer: np.ndarray, truth: np.ndarray, task: Task) -> dict[str, float]:
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
    both, truth = np.stack([p.head, p.baseline], axis=1), p.truth[:, None]
    error = (both != truth).astype(float) if task.classes else np.abs(both - truth)
    drawn, groups = by_group(error, p.group, seed), len(np.unique(p.group))
    mean, (low, high) = error.mean(axis=0), limits(drawn[:, 0])
    # then all draws are equal: use Clopper and Pearson's bound
    if task.classes and mean[0] in (0, 1):
        far = 1 - 0.025 ** (1 / groups)
        low, high = max(low - far, 0.0), min(high + far, 1.0)
    ratio = (drawn[:, 0] + 1e-9) / (drawn[:, 1] + 1e-9)
    return {
        "units": len(p.truth),
        "groups": groups,
        "head": scores(p.head, p.truth, task),
        "baseline": scores(p.baseline, p.truth, task),
        "error": [float(mean[0]), low, high],
        "ratio": [float((mean[0] + 1e-9) / (mean[1] + 1e-9)), *limits(ratio)],
    }


def verdict(metrics: dict[str, Any]) -> str:
    """One sentence on whether the head is worth using, and a caution where the labels are few."""
    ours, simple = metrics["head"], metrics["baseline"]
    found, n, few = translated(worth(metrics).value), metrics["units"], ""
    if n < FEW:
        few = translated("{n} labels say little: label more before you rely on it.", n=n)
    elif metrics["groups"] < FEW:
        few = translated(
            "They are of {n} people or places alone: label more before you rely on it.",
            n=metrics["groups"],
        )
    if "accuracy" not in ours:
        words = "{found}: off by {a:.3g} on average in {n:,} cases that it had not learned from, a simple method {b:.3g}."
        return (
            f"{translated(words, found=found, a=ours['mae'], n=n, b=simple['mae'])} {few}".rstrip()
        )
    _, low, high = metrics["error"]
    words = translated(
        "{found}: right in {a:.0%} of {n:,} cases that it had not learned from ({low:.0%} to {high:.0%} allowing for "
        "chance), a simple method in {b:.0%}.",
        found=found,
        a=ours["accuracy"],
        n=n,
        low=max(1 - high, 0),
        high=min(1 - low, 1),
        b=simple["accuracy"],
    )
    return f"{words} {few}".rstrip()


def report_page(task: Task, p: Predictions, card: dict[str, Any]) -> Page:
    """A page about a head: the verdict, the scores, with how many labels, and where it is right and
    wrong.
    """
    of_each = translated("One answer a {unit}.", unit=translated(card["unit"]))
    page = Page(translated("The label {name}", name=card["title"]), of_each)
    page.sentence(card["verdict"], "key")
    page.heading(translated("Beside a simple method"))
    words = "Units of one person (regions: of one block) are never in both training and test."
    page.sentence(
        f"{translated(words)} {translated('The simple method is {}.').format(translated(card['baseline']))}"
    )
    metrics, right, error = (
        card["metrics"],
        translated("share of right answers"),
        translated("mean absolute error"),
    )
    error += f" ({card['unit_of_measure']})" if card.get("unit_of_measure") else ""
    names = {"accuracy": right, "macro_f1": "macro-F1", "mae": error, "r2": "R²"}
    rows = [
        [names[k], f"{v:.3f}", f"{metrics['baseline'][k]:.3f}"] for k, v in metrics["head"].items()
    ]
    page.table(["", *translated("model | simple method").split(" | ")], rows)
    ratio, low, high = metrics["ratio"]
    most = f"{high:.2f}" if high < 1000 else "∞"  # in some draws the simple method made no error
    page.sentence(
        translated(
            "The model makes {times:.2f} times the simple method's error (95 % interval {low:.2f} to {most}; {units:,} "
            "units in {groups:,} groups, drawn whole).",
            times=ratio,
            low=low,
            most=most,
            **metrics,
        )
    )
    if card.get("few_labels"):
        page.heading(translated("With fewer labels"))
        words = "Labels were left out at random, ten times, and the model was tested on other people or places."
        page.sentence(translated(words))
        columns = [translated("labels"), right if task.classes else error]
        page.table(columns, [[n, f"{value:.3f}"] for n, value in card["few_labels"].items()])
    if task.classes:
        page.heading(translated("Right and wrong"))
        counts, heads = (
            confusion_matrix(p.truth, p.head, labels=range(len(task.classes))),
            "truth \\ answer | right",
        )
        first, last = translated(heads).split(" | ")
        page.table(
            [first, *task.classes, last],
            [
                [word, *map(int, row), f"{row[i] / max(row.sum(), 1):.0%}"]
                for i, (word, row) in enumerate(zip(task.classes, counts, strict=True))
            ],
        )
        words = "A label less sure than {share:.0%} is given as 'unknown'."
        page.sentence(translated(words, share=card["threshold"]))
    page.heading(translated("Where it holds"))
    words = "Answers are marked, and not to be relied on, where there are: {reasons}."
    page.sentence(translated(words, reasons="; ".join(limits_in_words(card["domain"]).values())))
    return page
