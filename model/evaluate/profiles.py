# SPDX-License-Identifier: GPL-2.0-or-later
"""Test a head on unseen labels, beside a simple method: python -m model.evaluate profiles

The simple method is the same answer for all or, with the tracks and labels of --baseline (such as
those that taught the head), gradient boosting on their features that need no network.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from sklearn.metrics import confusion_matrix

from model.cli import Argv, pair, positive
from model.data.join import label_units
from model.data.labels import label_words, read_table, usable
from model.evaluate import check, make_parser, write_report
from model.head_training.examples import BASELINE, SAME_FOR_ALL
from model.head_training.fit import Task, boosting
from model.head_training.verdict import Predictions, compare, verdict
from model.training.card import write_card
from raw_qgis_plugin.core.arrays import Array, Columns, softmax
from raw_qgis_plugin.core.bundle.bundle import open_bundle
from raw_qgis_plugin.core.bundle.runtime import Model
from raw_qgis_plugin.core.embedding.applicability import unit_stats
from raw_qgis_plugin.core.embedding.embed import embed, track_features
from raw_qgis_plugin.core.embedding.profiles import head_columns, head_inputs
from raw_qgis_plugin.core.sources.readers import read
from raw_qgis_plugin.core.tracks import Tracks


@dataclass(frozen=True)
class Units:
    """Labelled units: the people `group` (n,), and the true indices of classes or numbers (n,)."""

    tracks: Tracks
    group: Array
    truth: Array


def labelled(path: str, labels: str | Path, args: argparse.Namespace, head: dict) -> Units:
    """The labelled units of a file of tracks, with the head's unit and classes."""
    rename = dict(args.rename)
    classes = head.get("classes")
    few = {"classes": classes, "per_class": args.per_class, "seed": args.seed}
    table = usable(read_table(labels), head["unit"], args.field, rename, **few)
    tracks, found = label_units(read(path)[0], table, head["unit"], args.field, rename)
    if not classes:
        return Units(tracks, found.group, found.value.astype(float))

    number = {word.casefold(): i for i, word in enumerate(classes)}
    words = label_words(found.value, rename)
    truth = np.array([number[word.casefold()] for word in words])
    return Units(tracks, found.group, truth)


def evaluate_head(args: argparse.Namespace, model: Model) -> dict:
    """A head beside the baseline: figures of both, and more of the head.

    Classes: also the confusion (rows: truth), the accuracy of the most frequent class, how often
    the head is sure, and its accuracy then. Numbers: also the coverage of the interval, and the
    correlation.
    """
    head = model.bundle.head(args.task)
    task = Task(head["kind"], tuple(head.get("classes", ())))
    units = labelled(args.tracks, args.labels, args, head)
    x = head_inputs(embed(units.tracks, model), units.tracks, head["unit"])
    known = ~np.isnan(x).any(axis=1)
    simple = predict_simply(units, task, head, args)
    simple = simple[known]
    truth = units.truth[known]
    group = units.group[known]
    if task.classes:
        answer, more = answer_classes(head, model, x[known], truth)
    else:
        stats = {name: each[known] for name, each in unit_stats(units.tracks).items()}
        answer, more = answer_numbers(head, model, x[known], stats, truth)

    predictions = Predictions(answer, simple.astype(truth.dtype), truth, group)
    figures = compare(predictions, task, args.seed)
    more["people"] = len(np.unique(group))
    more["baseline_is"] = BASELINE if args.baseline else SAME_FOR_ALL

    return {**figures, **figures["head"], **more}


def predict_simply(units: Units, task: Task, head: dict, args: argparse.Namespace) -> Array:
    """The simple method's answers (n,): trees with --baseline, else the same one for all."""
    if not args.baseline:
        truth = units.truth
        same = np.bincount(truth).argmax() if task.classes else np.median(truth)
        return np.full(len(truth), same)

    path, labels = args.baseline
    theirs = labelled(path, labels, args, head)
    taught = head_inputs(track_features(theirs.tracks), theirs.tracks, head["unit"])
    asked = head_inputs(track_features(units.tracks), units.tracks, head["unit"])

    return boosting(taught, theirs.truth, task, args.seed).predict(asked)


def answer_classes(head: dict, model: Model, x: Array, truth: Array) -> tuple[Array, dict]:
    """The head's classes (n,) for its inputs x (n, d), and figures of them."""
    p = softmax(model.run_head(head["name"], x).astype(np.float64))
    answer = p.argmax(axis=1)
    right = answer == truth
    sure = p.max(axis=1) >= head["threshold"]
    classes = head["classes"]
    confusion = confusion_matrix(truth, answer, labels=range(len(classes)))
    usual = np.bincount(truth).max()
    figures = {
        "most_frequent": float(usual / len(truth)),
        "sure": float(sure.mean()),
        "accuracy_where_sure": float(right[sure].mean()) if sure.any() else None,
        "classes": classes,
        "confusion": confusion.tolist(),
    }

    return answer, figures


def answer_numbers(
    head: dict, model: Model, x: Array, stats: Columns, truth: Array
) -> tuple[Array, dict]:
    """The head's numbers (n,) for its inputs x (n, d), and figures of them."""
    columns = head_columns({**head, "domain": {}}, model, x, stats)
    name = head["name"]
    answer = columns[name]
    low = columns[f"{name}_low"]
    high = columns[f"{name}_high"]
    inside = (truth >= low) & (truth <= high)
    varies = np.ptp(answer) > 0 and np.ptp(truth) > 0
    correlation = float(np.corrcoef(answer, truth)[0, 1]) if varies else None

    return answer, {"inside": float(inside.mean()), "correlation": correlation}


def parser() -> argparse.ArgumentParser:
    """The command's arguments."""
    p = make_parser("profiles", __doc__, record=True)
    add = p.add_argument
    add("--labels", type=Path, required=True, metavar="L", help="as for model.finetune")
    add("--field", required=True, metavar="F", help="column of the labels")
    add("--task", required=True, metavar="NAME", help="the head")
    rename = "labels to rename"
    add("--rename", nargs="+", type=pair, default=[], metavar="FROM=TO", help=rename)
    most = "at most N labels a class, drawn at random"
    add("--per-class", type=positive, metavar="N", help=most)
    trees = "tracks and labels that trees learn from"
    add("--baseline", nargs=2, metavar=("T", "L"), help=trees)

    return p


def main(argv: Argv = None) -> None:
    """Run the command."""
    args = parser().parse_args(argv)
    check(args)
    bundle = open_bundle(args.bundle)
    results = evaluate_head(args, Model(bundle))
    print(json.dumps(results))
    print(verdict(results))
    write_report(args, results)
    if args.record:
        head = bundle.head(args.task)
        head["elsewhere"] = head.get("elsewhere", {}) | {args.record: results}
        write_card(Path(args.bundle), bundle.card)
