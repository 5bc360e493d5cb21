# SPDX-License-Identifier: GPL-2.0-or-later
"""Test a head on unseen labels, beside trees on hand features: python -m model.evaluate profiles

The trees are trained on --baseline-tracks and --baseline-labels (such as those that taught the head) or else, with an
advantage over the head, on the test labels themselves, cross-validated over people.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from sklearn.metrics import confusion_matrix

from model.cli import pair, positive, warn
from model.data.labels import Labelled, is_one_of, label_units, label_words, read_table, thin
from model.evaluate import add_record, check_record, check_report, make_parser, write_report
from model.head_training.examples import BASELINE
from model.head_training.fit import Task, boosting, folds
from model.head_training.hand_features import hand_features
from model.head_training.scoring import Predictions, compare, correlation, verdict
from model.training.card import write_card
from raw_qgis_plugin.core.arrays import softmax
from raw_qgis_plugin.core.bundle.bundle import open_bundle
from raw_qgis_plugin.core.bundle.runtime import Model
from raw_qgis_plugin.core.embedding.applicability import unit_stats
from raw_qgis_plugin.core.embedding.embed import embed
from raw_qgis_plugin.core.embedding.profiles import head_columns, head_inputs
from raw_qgis_plugin.core.errors import InputError
from raw_qgis_plugin.core.evaluation.report import Page
from raw_qgis_plugin.core.sources.readers import read
from raw_qgis_plugin.core.tracks import Tracks


def labelled(path: str, labels: Path, args: argparse.Namespace, head: dict) -> tuple[Tracks, Labelled, np.ndarray]:
    """The labelled units, and their true values: indices into the head's classes, or numbers."""
    rename, table = dict(args.rename), read_table(labels)
    if args.field not in table:
        raise InputError(f"The labels have no column '{args.field}'. They have: {', '.join(table)}.")
    if head["kind"] != "number":
        words = label_words(table[args.field], rename)
        chosen = is_one_of(words, head["classes"])
        if not chosen.any():
            raise InputError(f"No label is one of the head's classes: {', '.join(head['classes'])}.")
        if others := {word for word in words[~chosen] if word is not None}:
            warn(f"Labels that are none of the head's classes were left out: {', '.join(sorted(others))}.")
        table = {k: v[chosen] for k, v in table.items()}
    if args.per_class:
        table = thin(table, args.field, rename, args.per_class, args.seed)
    tracks, found = label_units(read(path)[0], table, head["unit"], args.field, rename)
    if head["kind"] == "number":
        return tracks, found, found.value.astype(float)
    place = {word.casefold(): i for i, word in enumerate(head["classes"])}
    return tracks, found, np.array([place[word.casefold()] for word in label_words(found.value, rename)])


def by_hand(
    hand: np.ndarray, truth: np.ndarray, group: np.ndarray, task: Task, args: argparse.Namespace, head: dict
) -> np.ndarray:
    """Answers (n,) of trees on hand features (n, f); nan for units that no fold tests."""
    if args.baseline_tracks:
        files = zip(args.baseline_tracks, args.baseline_labels, strict=True)
        theirs, _, learned = zip(*(labelled(path, labels, args, head) for path, labels in files))
        known = np.concatenate([hand_features(tracks) for tracks in theirs])
        return boosting(known, np.concatenate(learned), task, args.seed).predict(hand)
    answer = np.full(len(truth), np.nan)
    for learn, test in folds(truth, group, task, args.seed):
        answer[test] = boosting(hand[learn], truth[learn], task, args.seed).predict(hand[test])
    return answer


def evaluate_head(args: argparse.Namespace, model: Model) -> tuple[dict, Task]:
    """A head beside the baseline. Classes: also the confusion (rows: truth), the accuracy of the most frequent class,
    how often the head is sure, and its accuracy then. Numbers: also the coverage of the interval.
    """
    head = model.bundle.head(args.task)
    task = Task(head["kind"], tuple(head.get("classes", ())))
    tracks, found, truth = labelled(args.tracks, args.labels, args, head)
    x, group, stats = head_inputs(embed(tracks, model), tracks, head["unit"]), found.group, unit_stats(tracks)
    simple = by_hand(hand_features(tracks), truth, group, task, args, head)
    known = ~np.isnan(x).any(axis=1) & ~np.isnan(simple)
    if not known.any():
        raise InputError(
            "The labels are too few, or lack one of the head's classes, to train trees: give --baseline-tracks and "
            "--baseline-labels."
        )
    x, truth, group, simple = x[known], truth[known], group[known], simple[known]
    more: dict = {"people": len(np.unique(group)), "baseline_is": BASELINE}
    if task.classes:
        p = softmax(model.run_head(args.task, x).astype(np.float64))
        answer, sure = p.argmax(axis=1), p.max(axis=1) >= head["threshold"]
        right = answer == truth
        more |= {
            "most_frequent": float(np.bincount(truth).max() / len(truth)), "sure": float(sure.mean()),
            "accuracy_where_sure": float(right[sure].mean()) if sure.any() else None, "classes": head["classes"],
            "confusion": confusion_matrix(truth, answer, labels=range(len(task.classes))).tolist(),
        }  # fmt: skip
    else:
        of_known = {name: values[known] for name, values in stats.items()}
        columns = head_columns({**head, "domain": {}}, model, x, of_known)
        answer, low, high = (columns[args.task + part] for part in ("", "_low", "_high"))
        more |= {"inside": float(((truth >= low) & (truth <= high)).mean()), "correlation": correlation(answer, truth)}
    figures = compare(Predictions(answer, simple.astype(truth.dtype), truth, group), task, args.seed)
    return {**figures, **figures["head"], **more}, task


def page_of(args: argparse.Namespace, r: dict, task: Task) -> Page:
    """The page about the figures."""
    page = Page(f"Head {args.task} on {args.field}", f"{r['units']} units of {r['people']} people, all unseen.")
    page.sentence(verdict(r), "key")
    where = ", ".join(args.baseline_tracks or ["the test labels themselves, cross-validated"])
    page.sentence(f"The baseline is {r['baseline_is']}, trained on {where}.")
    page.table(["", "head", "baseline"], [[k, f"{v:.3f}", f"{r['baseline'][k]:.3f}"] for k, v in r["head"].items()])
    page.sentence("Error over the baseline's: {:.2f} [{:.2f}, {:.2f}].".format(*r["ratio"]))
    if task.classes:
        counts = [[word, *row] for word, row in zip(task.classes, r["confusion"], strict=True)]
        page.table(["truth \\ answer", *task.classes], counts)
        right = r["accuracy_where_sure"] or 0.0
        page.sentence(f"The head is sure of {r['sure']:.0%} of them, and right in {right:.1%} of these.")
    else:
        page.sentence(f"The 80 % interval holds {r['inside']:.0%} of the truths.")
    return page


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command."""
    p = make_parser("profiles", __doc__)
    add_record(p)
    p.add_argument("--labels", type=Path, required=True, metavar="L", help="as for model.finetune")
    p.add_argument("--field", required=True, metavar="F", help="column of the labels")
    p.add_argument("--task", required=True, metavar="NAME", help="the head")
    p.add_argument("--rename", nargs="+", type=pair, default=[], metavar="FROM=TO", help="labels to rename")
    p.add_argument("--per-class", type=positive, metavar="N", help="at most N labels a class, drawn at random")
    p.add_argument("--baseline-tracks", nargs="+", metavar="T", help="what the baseline learns from")
    p.add_argument("--baseline-labels", nargs="+", type=Path, metavar="L", help="and the labels of each")
    args = p.parse_args(argv)
    check_report(args)
    if len(args.baseline_tracks or ()) != len(args.baseline_labels or ()):
        raise InputError("--baseline-tracks and --baseline-labels go together, one file of labels for each of tracks.")
    check_record(args)
    bundle = open_bundle(args.bundle)
    results, task = evaluate_head(args, Model(bundle))
    print(json.dumps(results))
    print(verdict(results))
    if args.output:
        write_report(args.output, results, page_of(args, results, task))
    if args.record:
        head = bundle.head(args.task)
        head["elsewhere"] = head.get("elsewhere", {}) | {args.record: results}
        write_card(Path(args.bundle), bundle.card)
