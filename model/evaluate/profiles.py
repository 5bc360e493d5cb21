# SPDX-License-Identifier: GPL-2.0-or-later
"""Heads on labels that they never saw: python -m model.evaluate profiles."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from model.card import write_card
from model.evaluate import make_parser, write_report
from model.heads import Task, label_words, scores
from model.labels import label_units, read_table, thin
from raw_qgis_plugin.core.bundle import open_bundle
from raw_qgis_plugin.core.embed import embed
from raw_qgis_plugin.core.profiles import softmax
from raw_qgis_plugin.core.runtime import Model
from raw_qgis_plugin.core.sources import read
from raw_qgis_plugin.core.tracks import Tracks


def evaluate_labels(tracks: Tracks, labels: Path, args: argparse.Namespace, model: Model) -> dict:
    """A head of classes on labels that it never saw: accuracy and macro-F1 over all, accuracy of the most frequent
    class, how often the head is sure and right then, and the confusion of classes (rows: truth).
    """
    rename = dict(r.split("=", 1) for r in args.rename)
    head = model.bundle.head(args.task)
    table = read_table(labels)
    words = label_words(table[args.field], rename)
    chosen = np.isin(words, head["classes"])
    table = {k: v[chosen] for k, v in table.items()}
    if args.per_class:
        table = thin(table, args.field, rename, args.per_class, args.seed)
    units, found = label_units(tracks, table, args.unit, args.field)
    x = embed(units, model)
    known = ~np.isnan(x).any(axis=1)
    p = softmax(model.run_head(args.task, x[known]).astype(np.float64))
    classes, guess, sure = head["classes"], p.argmax(axis=1), p.max(axis=1) >= head["threshold"]
    y = np.array([classes.index(w) for w in label_words(found.value[known], rename)])
    return {
        "units": len(y),
        "people": len(np.unique(found.group[known])),
        **scores(guess, y, Task("classes", tuple(classes))),
        "most_frequent": float(np.bincount(y).max() / len(y)),
        "sure": float(sure.mean()),
        "accuracy_where_sure": float((guess == y)[sure].mean()) if sure.any() else None,
        "classes": classes,
        "confusion": np.histogram2d(y, guess, bins=np.arange(len(classes) + 1))[0].astype(int).tolist(),
    }


def parser() -> argparse.ArgumentParser:
    """The command's arguments."""
    p = make_parser("profiles", __doc__.split("\n")[0])
    p.add_argument("--labels", required=True, type=Path, metavar="L", help="as for model.finetune")
    p.add_argument("--field", required=True, metavar="F", help="column of the labels")
    p.add_argument("--unit", choices=("user", "track", "day"), default="track")
    p.add_argument("--task", required=True, metavar="NAME", help="the head")
    p.add_argument("--rename", nargs="+", default=[], metavar="FROM=TO", help="labels to call by the head's names")
    p.add_argument("--per-class", type=int, metavar="N", help="at most N labels a class, drawn at random")
    return p


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command."""
    args = parser().parse_args(argv)
    tracks, _, _ = read(args.tracks)
    bundle = open_bundle(args.bundle)
    results = evaluate_labels(tracks, args.labels, args, Model(bundle))
    print(json.dumps(results, indent=1))
    if args.record:
        head = bundle.head(args.task)
        head["elsewhere"] = head.get("elsewhere", {}) | {args.record: results}
        write_card(Path(args.bundle), bundle.card)
    if args.output:
        write_report(args.output, results)
