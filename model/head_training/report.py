# SPDX-License-Identifier: GPL-2.0-or-later
"""The page about a head: the verdict, the scores, and where it is right and wrong."""

from __future__ import annotations

from sklearn.metrics import confusion_matrix

from model.head_training.fit import Task
from model.head_training.verdict import Predictions
from raw_qgis_plugin.core.embedding.applicability import limits_in_words
from raw_qgis_plugin.core.errors import translated
from raw_qgis_plugin.core.evaluation.report import Page
from raw_qgis_plugin.core.labels import CardData

MOST_TIMES = 1000  # a greater ratio is infinite: in some draws the simple method made no error


def report_page(task: Task, p: Predictions, card: CardData) -> Page:
    """A page about a head: the verdict, the scores, with how many labels, and where it is right and
    wrong.
    """
    of_each = translated("One answer a {unit}.", unit=translated(card["unit"]))
    page = Page(translated("The label {name}", name=card["title"]), of_each)
    page.sentence(card["verdict"], "key")
    _beside_simple(page, card)

    if card.get("few_labels"):
        _with_fewer(page, task, card)

    if task.classes:
        _right_and_wrong(page, task, p, card)

    page.heading(translated("Where it holds"))
    words = "Answers are marked, and not to be relied on, where there are: {reasons}."
    reasons = "; ".join(limits_in_words(card["domain"]).values())
    page.sentence(translated(words, reasons=reasons))

    return page


def _error_name(card: CardData) -> str:
    """What the error of a number is called."""
    name = translated("mean absolute error")
    unit = card.get("unit_of_measure")
    return f"{name} ({unit})" if unit else name


def _beside_simple(page: Page, card: CardData) -> None:
    """The scores of the head and of the simple method."""
    page.heading(translated("Beside a simple method"))
    words = translated(
        "Units of one person (regions: of one block) are never in both training and test."
    )
    simple = translated("The simple method is {}.").format(translated(card["baseline"]))
    page.sentence(f"{words} {simple}")
    names = {
        "accuracy": translated("share of right answers"),
        "macro_f1": "macro-F1",
        "mae": _error_name(card),
        "r2": "R²",
    }
    metrics = card["metrics"]
    rows = []

    for name, value in metrics["head"].items():
        rows.append([names[name], f"{value:.3f}", f"{metrics['baseline'][name]:.3f}"])

    page.table(["", *translated("model | simple method").split(" | ")], rows)
    ratio, low, high = metrics["ratio"]
    most = f"{high:.2f}" if high < MOST_TIMES else "∞"
    page.sentence(
        translated(
            "The model makes {times:.2f} times the simple method's error (95 % interval {low:.2f} "
            "to {most}; {units:,} units in {groups:,} groups, drawn whole).",
            times=ratio,
            low=low,
            most=most,
            **metrics,
        )
    )


def _with_fewer(page: Page, task: Task, card: CardData) -> None:
    """The scores with some of the labels."""
    page.heading(translated("With fewer labels"))
    page.sentence(
        translated(
            "Labels were left out at random, ten times, and the model was tested on other people "
            "or places."
        )
    )
    score = translated("share of right answers") if task.classes else _error_name(card)
    rows = [[count, f"{value:.3f}"] for count, value in card["few_labels"].items()]
    page.table([translated("labels"), score], rows)


def _right_and_wrong(page: Page, task: Task, p: Predictions, card: CardData) -> None:
    """Which classes were taken for which."""
    page.heading(translated("Right and wrong"))
    counts = confusion_matrix(p.truth, p.head, labels=range(len(task.classes)))
    first, last = translated("truth \\ answer | right").split(" | ")
    rows = []

    for i, word in enumerate(task.classes):
        row = counts[i]
        share = row[i] / max(row.sum(), 1)
        rows.append([word, *map(int, row), f"{share:.0%}"])

    page.table([first, *task.classes, last], rows)
    words = "A label less sure than {share:.0%} is given as 'unknown'."
    page.sentence(translated(words, share=card["threshold"]))
