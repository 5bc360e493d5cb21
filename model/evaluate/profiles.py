# SPDX-License-Identifier: GPL-2.0-or-later
"""Test a head on unseen labels, beside a simple method: python -m model.evaluate profiles

The simple method is the same answer for all or, with the tracks and labels of --baseline (such as
those that taught the head), gradient boosting on their features that need no network.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from sklearn.metrics import confusion_matrix

from model.cli import pair, positive
from model.data.join import Labelled, label_units
from model.data.labels import label_words, read_table, usable
from model.evaluate import check, make_parser, write_report
from model.head_training.examples import BASELINE, SAME_FOR_ALL
from model.head_training.fit import Task, boosting
from model.head_training.train import Predictions, compare, verdict
from model.training.card import write_card
from raw_qgis_plugin.core.arrays import softmax
from raw_qgis_plugin.core.bundle.bundle import open_bundle
from raw_qgis_plugin.core.bundle.runtime import Model
from raw_qgis_plugin.core.embedding.applicability import unit_stats
from raw_qgis_plugin.core.embedding.embed import embed, track_features
from raw_qgis_plugin.core.embedding.profiles import head_columns, head_inputs
from raw_qgis_plugin.core.sources.readers import read
from raw_qgis_plugin.core.tracks import Tracks


def labelled(
    path: str, labels: str | Path, args: argparse.Namespace, head: dict
) -> tuple[Tracks, Labelled, np.ndarray]:
    """The labelled units, and their true values: indices into the head's classes, or numbers."""
    rename, classes = dict(args.rename), head.get("classes")
    few = {"classes": classes, "per_class": args.per_class, "seed": args.seed}
    table = usable(read_table(labels), head["unit"], args.field, rename, **few)
    tracks, found = label_units(read(path)[0], table, head["unit"], args.field, rename)
    if not classes:
        return tracks, found, found.value.astype(float)
    place = {word.casefold(): i for i, word in enumerate(classes)}
    return (
        tracks,
        found,
        np.array([place[word.casefold()] for word in label_words(found.value, rename)]),
    )


def evaluate_head(args: argparse.Namespace, model: Model) -> dict:
    """A head beside the baseline. Classes: also the confusion (rows: truth), the accuracy of the
    most frequent class, how often the head is sure, and its accuracy then. Numbers: also the
    coverage of the interval, and the correlation.
    """
    head = model.bundle.head(args.task)
    task = Task(head["kind"], tuple(head.get("classes", ())))
    tracks, found, truth = labelled(args.tracks, args.labels, args, head)
    x, stats = head_inputs(embed(tracks, model), tracks, head["unit"]), unit_stats(tracks)
    known = ~np.isnan(x).any(axis=1)
    simple = np.full(len(truth), np.bincount(truth).argmax() if task.classes else np.median(truth))
    if args.baseline:
        theirs, _, learned = labelled(args.baseline[0], args.baseline[1], args, head)
        taught, asked = (
            head_inputs(track_features(some), some, head["unit"]) for some in (theirs, tracks)
        )
        simple = boosting(taught, learned, task, args.seed).predict(asked)
    x, truth, simple, group = (a[known] for a in (x, truth, simple, found.group))
    more: dict = {
        "people": len(np.unique(group)),
        "baseline_is": BASELINE if args.baseline else SAME_FOR_ALL,
    }
    if task.classes:
        p = softmax(model.run_head(args.task, x).astype(np.float64))
        answer, sure = p.argmax(axis=1), p.max(axis=1) >= head["threshold"]
        right = answer == truth
        more |= {
            "most_frequent": float(np.bincount(truth).max() / len(truth)),
            "sure": float(sure.mean()),
            "accuracy_where_sure": float(right[sure].mean()) if sure.any() else None,
            "classes": head["classes"],
            "confusion": confusion_matrix(truth, answer, labels=range(len(task.classes))).tolist(),
        }
    else:
        columns = head_columns(
            {**head, "domain": {}}, model, x, {name: each[known] for name, each in stats.items()}
        )
        answer, low, high = (columns[args.task + part] for part in ("", "_low", "_high"))
        varies = np.ptp(answer) > 0 and np.ptp(truth) > 0
        more |= {"inside": float(((truth >= low) & (truth <= high)).mean())}
        more |= {"correlation": float(np.corrcoef(answer, truth)[0, 1]) if varies else None}
    predictions = Predictions(answer, simple.astype(truth.dtype), truth, group)
    figures = compare(predictions, task, args.seed)
    return {**figures, **figures["head"], **more}


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command."""
    p = make_parser("profiles", __doc__, record=True)
    p.add_argument("--labels", type=Path, required=True, metavar="L", help="as for model.finetune")
    p.add_argument("--field", required=True, metavar="F", help="column of the labels")
    p.add_argument("--task", required=True, metavar="NAME", help="the head")
    p.add_argument(
        "--rename", nargs="+", type=pair, default=[], metavar="FROM=TO", help="labels to rename"
    )
    p.add_argument(
        "--per-class", type=positive, metavar="N", help="at most N labels a class, drawn at random"
    )
    p.add_argument(
        "--baseline", nargs=2, metavar=("T", "L"), help="tracks and labels that trees learn from"
    )
    args = p.parse_args(argv)
    check(args)
    bundle = open_bundle(args.bundle)
    results = evaluate_head(args, Model(bundle))
    print(json.dumps(results))
    print(verdict(results))
    head = bundle.head(args.task)
    write_report(args, results)
    if args.record:
        head["elsewhere"] = head.get("elsewhere", {}) | {args.record: results}
        write_card(Path(args.bundle), bundle.card)
