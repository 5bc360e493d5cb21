# SPDX-License-Identifier: GPL-2.0-or-later
"""Test heads on unseen labels, beside trees on hand features: python -m model.evaluate profiles

The trees are trained on --baseline-tracks and --baseline-labels (such as the city on which the head was trained) or
else, with an advantage over the head, on the test labels themselves, cross-validated over people. --days N uses each
user's first N days alone. Without labels, --rule commuting tests a yes-or-no head on the earlier half of each user's
time against a rule on the later half: at one place at least 500 m from home on half of the weekdays seen. That is a
rule, not the truth.
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
from model.data.persons import linked_users
from model.evaluate import add_record, check_record, check_report, make_parser, write_report
from model.head_training.examples import BASELINE, unit_inputs
from model.head_training.fit import boosting, folds
from model.head_training.hand_features import hand_features
from model.head_training.scoring import Predictions, compare, correlation, scatter, verdict
from model.heads import Task
from model.training.card import write_card
from raw_qgis_plugin.core.applicability import unit_stats
from raw_qgis_plugin.core.arrays import softmax
from raw_qgis_plugin.core.bundle.bundle import open_bundle
from raw_qgis_plugin.core.bundle.runtime import Model
from raw_qgis_plugin.core.embedding.profiles import head_columns
from raw_qgis_plugin.core.errors import InputError
from raw_qgis_plugin.core.evaluation.report import Page
from raw_qgis_plugin.core.features.activity import ACTIVITY, activity
from raw_qgis_plugin.core.sources.readers import read
from raw_qgis_plugin.core.tracks import Tracks, solar_day

SIMPLE = (BASELINE, f"{BASELINE}, in the head's scale", "the same answer for all")


def first_days(tracks: Tracks, days: int) -> Tracks:
    """The first so many days of each user, from the second day on, which is a whole one."""
    users = tracks.by_user()
    day = solar_day(users)
    since = day - day[users.user_offsets[:-1]][users.user]
    return users.take((since >= 1) & (since <= days))


def by_rule(tracks: Tracks) -> tuple[Tracks, Labelled]:
    """The earlier halves of the users' times, and whether the users commute in the later halves by the rule."""
    fewest_days = 4  # weekdays with fixes in each half
    users = tracks.by_user()
    day = solar_day(users)
    middle = np.array([np.median(np.unique(d)) for d in np.split(day, users.user_offsets[1:-1])])
    later = day > middle[users.user]
    halves = [users.take(~later), users.take(later)]
    facts = [dict(zip(ACTIVITY, activity(half).T, strict=True)) for half in halves]
    enough = [set(half.user_ids[f["days_seen"] * 10 >= fewest_days]) for half, f in zip(halves, facts, strict=True)]
    both = enough[0] & enough[1]
    far = np.log1p(500.0 / 100) / 4  # 500 m, as core/features/activity.py scales distances
    commutes = (facts[1]["anchor_days"] >= 0.5) & (facts[1]["anchor_far"] >= far)
    answer = dict(zip(halves[1].user_ids, np.where(commutes, "yes", "no"), strict=True))
    first = halves[0].take(np.isin(halves[0].user_ids, list(both))[halves[0].user])
    if first.n_users < 10:
        raise InputError(f"Only {first.n_users} users are seen on {fewest_days} weekdays of each half of their time.")
    person = dict(zip(users.user_ids, linked_users(users), strict=True))
    value, group = (np.array([of[user] for user in first.user_ids]) for of in (answer, person))
    return first, Labelled(np.arange(first.n_users), value.astype(object), group)


def labelled(
    path: str, labels: Path | None, args: argparse.Namespace, head: dict, days: int | None
) -> tuple[Tracks, Labelled, np.ndarray]:
    """The labelled units, and their true values: indices into the head's classes, or numbers."""
    if args.rule:
        tracks, found = by_rule(read(path)[0])
        return tracks, found, np.searchsorted(head["classes"], found.value.astype(str))
    if labels is None or args.field is None:
        raise InputError("What is the truth? Give --labels and --field, or --rule commuting.")
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
    tracks = read(path)[0]
    unit = args.unit or head["unit"]
    tracks, found = label_units(first_days(tracks, days) if days else tracks, table, unit, args.field, rename)
    if head["kind"] == "number":
        return tracks, found, found.value.astype(float)
    place = {word.casefold(): i for i, word in enumerate(head["classes"])}
    return tracks, found, np.array([place[word.casefold()] for word in label_words(found.value, rename)])


def simple_answers(hand: np.ndarray, y: np.ndarray, test: np.ndarray, task: Task, seed: int) -> np.ndarray:
    """Predictions (SIMPLE, m) of the simple methods for features test (m, f), trained on hand (n, f) and y (n,)."""
    trees = boosting(hand, y, task, seed).predict(test)
    if task.classes:
        return np.stack([trees, trees, np.full(len(test), np.bincount(y).argmax())]).astype(float)
    scaled = np.log1p(np.maximum(y, 0.0)) if task.transform == "log1p" else y
    in_scale = task.in_unit(boosting(hand, scaled, task, seed).predict(test))
    return np.stack([trees, in_scale, np.full(len(test), np.median(y))])


def evaluate_head(args: argparse.Namespace, model: Model, days: int | None = None) -> tuple[dict, Predictions, Task]:
    """A head beside the baseline. Classes: also the confusion (rows: truth), the accuracy of the most frequent class,
    how often the head is sure, and its accuracy then. Numbers: also the coverage of the interval.
    """
    head = model.bundle.head(args.task)
    task = Task(head["kind"], tuple(head.get("classes", ())), head.get("transform", "identity"))
    tracks, found, truth = labelled(args.tracks, args.labels, args, head, days)
    x = unit_inputs(tracks, head["unit"], model)
    known = ~np.isnan(x).any(axis=1)
    hand, x, truth, group = hand_features(tracks)[known], x[known], truth[known], found.group[known]
    stats = {name: values[known] for name, values in unit_stats(tracks).items()}
    if args.baseline_tracks:
        files = zip(args.baseline_tracks, args.baseline_labels, strict=True)
        theirs, _, learned = zip(*(labelled(path, labels, args, head, days) for path, labels in files))
        known_hand = np.concatenate([hand_features(tracks) for tracks in theirs])
        simple = simple_answers(known_hand, np.concatenate(learned), hand, task, args.seed)
    else:
        simple = np.full((len(SIMPLE), len(truth)), np.nan)
        for learn, test in folds(truth, group, Task(task.kind, task.classes), args.seed):
            simple[:, test] = simple_answers(hand[learn], truth[learn], hand[test], task, args.seed)
        tested = ~np.isnan(simple[0])
        if not tested.any():
            raise InputError(
                "The labels are too few, or lack one of the head's classes, to train trees: give "
                "--baseline-tracks and --baseline-labels."
            )
        x, truth, group, simple = x[tested], truth[tested], group[tested], simple[:, tested]
        stats = {name: values[tested] for name, values in stats.items()}
    error = simple != truth if task.classes else np.abs(simple - truth)
    best = int(error.mean(axis=1).argmin())
    more: dict = {"people": len(np.unique(group)), "baseline_is": SIMPLE[best]}
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
        columns = head_columns({**head, "domain": {}}, model, x, stats)
        answer, low, high = (columns[args.task + part] for part in ("", "_low", "_high"))
        more["inside"] = float(((truth >= low) & (truth <= high)).mean())
        more["correlation"] = correlation(answer, truth)
    predictions = Predictions(answer, simple[best].astype(truth.dtype), truth, group)
    figures = compare(predictions, task, args.seed)
    return {**figures, **figures["head"], **more}, predictions, task


def page_of(
    args: argparse.Namespace, results: dict[str, dict], predictions: Predictions, task: Task, card: dict
) -> Page:
    """The page about the figures."""
    last = list(results.values())[-1]
    page = Page(
        f"Head {args.task} on {args.rule or args.field}",
        f"{last['units']} units of {last['people']} people, all unseen.",
    )
    page.sentence(verdict(last), "key")
    where = ", ".join(args.baseline_tracks or ["the test labels themselves, cross-validated"])
    page.sentence(f"The baseline is {last['baseline_is']}, trained on {where}.")
    keys = list(last["head"])
    rows = [
        [name, *(f"{r['head'][k]:.3f}" for k in keys), *(f"{r['baseline'][k]:.3f}" for k in keys),
         "{:.2f} [{:.2f}, {:.2f}]".format(*r["ratio"])] for name, r in results.items()
    ]  # fmt: skip
    names = [f"{who}: {k}" for who in ("head", "baseline") for k in keys]
    page.table(["tracks", *names, "error over baseline's"], rows)
    if task.classes:
        counts = [[word, *row] for word, row in zip(task.classes, last["confusion"], strict=True)]
        page.table(["truth \\ answer", *task.classes], counts)
        sure, right = last["sure"], last["accuracy_where_sure"] or 0.0
        page.sentence(f"The head is sure of {sure:.0%} of them, and right in {right:.1%} of these.")
    else:
        inside, alike = last["inside"], "not known" if last["correlation"] is None else f"{last['correlation']:.2f}"
        page.sentence(f"The 80 % interval holds {inside:.0%} of the truths; correlation {alike}.")
        page.figure(scatter(predictions, card), "Each point is a unit; on the line answer and truth are equal.")
    return page


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command."""
    p = make_parser("profiles", __doc__)
    add_record(p)
    p.add_argument("--labels", type=Path, metavar="L", help="as for model.finetune")
    p.add_argument("--field", metavar="F", help="column of the labels")
    p.add_argument("--rule", choices=("commuting",), help="instead of labels: compare with this rule")
    p.add_argument("--unit", choices=("user", "track", "day"), help="what labels are of (default: the head's own unit)")
    p.add_argument("--task", required=True, metavar="NAME", help="the head")
    p.add_argument("--rename", nargs="+", type=pair, default=[], metavar="FROM=TO", help="labels to rename")
    p.add_argument("--per-class", type=positive, metavar="N", help="at most N labels a class, drawn at random")
    p.add_argument("--days", type=positive, nargs="+", metavar="N", help="use only so many days")
    p.add_argument("--baseline-tracks", nargs="+", metavar="T", help="what the baseline learns from")
    p.add_argument("--baseline-labels", nargs="+", type=Path, metavar="L", help="and the labels of each")
    args = p.parse_args(argv)
    check_report(args)
    if len(args.baseline_tracks or ()) != len(args.baseline_labels or ()):
        raise InputError("--baseline-tracks and --baseline-labels go together, one file of labels for each of tracks.")
    if args.rule and (args.days or args.unit or args.per_class):
        raise InputError("--days, --unit and --per-class are for labels: leave them out with --rule.")
    check_record(args)
    bundle = open_bundle(args.bundle)
    if args.rule and bundle.head(args.task).get("classes") != ["no", "yes"]:
        raise InputError(f"--rule asks for yes or no, which the head {args.task} does not answer.")
    model, results = Model(bundle), {}
    for days in args.days or [None]:
        name = f"{days} days" if days else "all"
        results[name], predictions, task = evaluate_head(args, model, days)
        print(name, json.dumps(results[name]))
        print(verdict(results[name]))
    if args.output:
        write_report(args.output, results, page_of(args, results, predictions, task, bundle.head(args.task)))
    if args.record:
        head = bundle.head(args.task)
        more = {args.record if name == "all" else f"{args.record}, {name}": r for name, r in results.items()}
        head["elsewhere"] = head.get("elsewhere", {}) | more
        write_card(Path(args.bundle), bundle.card)
