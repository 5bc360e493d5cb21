# SPDX-License-Identifier: GPL-2.0-or-later
"""How far heads get with few labels, and the value of pretraining: python -m model.evaluate probes
--tracks T …

Heads learn from a few labelled units, and are tested on others (--split unit) or on those of other
people (--split person). Beside them: the same head on random weights, and gradient boosting on the
features that need no network.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path

import numpy as np

from model.cli import pair, positive, print_line
from model.data.join import label_units
from model.data.labels import read_table, usable
from model.evaluate import check, make_parser, write_report
from model.head_training.examples import features_of, strength_of
from model.head_training.fit import Settings as Fit
from model.head_training.fit import Task, boosting, encode, fit_parts, join_parts, predict
from model.head_training.tune import untrained
from raw_qgis_plugin.core.arrays import Array, Columns
from raw_qgis_plugin.core.bundle.bundle import open_bundle
from raw_qgis_plugin.core.bundle.runtime import Model
from raw_qgis_plugin.core.embedding.embed import embed
from raw_qgis_plugin.core.embedding.profiles import head_inputs
from raw_qgis_plugin.core.errors import InputError
from raw_qgis_plugin.core.evaluation.metrics import by_group, limits
from raw_qgis_plugin.core.scratch import Scratch
from raw_qgis_plugin.core.sources.readers import read

PRETRAINED = "pretrained"
RANDOM = "random weights"
BOOSTING = "boosting without a network"
MAX_TRIES = 50  # for each draw: not every one has all classes, and people to test on


@dataclass(frozen=True)
class Units:
    """Labelled units: inputs (n, d) of each method's head, indices y (n,) of classes, groups."""

    inputs: Columns
    y: Array
    group: Array
    task: Task


def few_labels(
    units: Units, model: Model, labelled: int, args: argparse.Namespace
) -> dict[str, list[float]]:
    """The accuracy of heads from so many labelled units: the mean over draws, with its 95 % limits.

    Units are drawn from half of the groups, and the other half is tested on.
    """
    rng = np.random.default_rng(args.seed)
    draws: list[dict[str, float]] = []

    for _ in range(MAX_TRIES * args.draws):
        groups = rng.permutation(np.unique(units.group))[::2]
        inside = np.isin(units.group, groups)
        learn = rng.permutation(np.flatnonzero(inside))[:labelled]
        test = np.flatnonzero(~inside)
        if not len(test) or len(np.unique(units.y[learn])) < len(units.task.classes):
            continue

        draws.append(accuracies(units, model, learn, test, args.seed))
        if len(draws) == args.draws:
            return summary(draws, args.seed)

    raise InputError(
        f"{labelled} labels drawn at random seldom have all of {len(units.task.classes)} classes "
        "and leave people to ask about: merge classes, or label more people."
    )


def accuracies(
    units: Units, model: Model, learn: Array, test: Array, seed: int
) -> dict[str, float]:
    """The accuracy on the rows `test` of each method that learned from the rows `learn`.

    Boosting gets the features that need no network. The gains of pretraining are beside them.
    """
    y = units.y
    pretrained = units.inputs[PRETRAINED]
    strength = strength_of(pretrained.shape[1], model)
    features = pretrained[:, features_of(model)]
    trees = boosting(features[learn], y[learn], units.task, seed)
    answer = trees.predict(features[test])
    right = {BOOSTING: float((answer == y[test]).mean())}
    forest = len(learn) >= Fit.enough

    for name, x in units.inputs.items():
        parts = fit_parts(x[learn], y[learn], units.task, strength, seed, with_forest=forest)
        answer = predict(join_parts(parts), x[test], units.task).argmax(axis=1)
        right[name] = float((answer == y[test]).mean())

    for name in (RANDOM, BOOSTING):
        right[f"{PRETRAINED} minus {name}"] = right[PRETRAINED] - right[name]

    return right


def summary(draws: list[dict[str, float]], seed: int) -> dict[str, list[float]]:
    """The mean of each figure over draws, with its 95 % interval."""
    number = np.arange(len(draws))
    found = {}

    for name in draws[0]:
        values = np.array([draw[name] for draw in draws])
        found[name] = [float(values.mean()), *limits(by_group(values, number, seed))]

    return found


def evaluate(model: Model, blank: Model, args: argparse.Namespace) -> dict:
    """Heads from few labels, by what is tested and their number.

    blank: the model with random weights.
    """
    units = read_units(model, blank, args)
    if not units.task.classes:
        raise InputError("Few labels are tried with classes: these labels are numbers.")

    print(f"{len(units.y):,} units of {len(np.unique(units.group)):,} people")
    results: dict[str, dict] = {}
    for split, labelled in product(args.split, args.few):
        apart = units
        if split == "unit":
            apart = replace(units, group=np.arange(len(units.y)))

        figures = few_labels(apart, model, labelled, args)
        results[f"{labelled} by {split}"] = figures
        print_line({"labelled": labelled, "split": split, **figures})

    return results


def read_units(model: Model, blank: Model, args: argparse.Namespace) -> Units:
    """The labelled units that can be embedded."""
    rename = dict(args.rename)
    few = {"classes": args.classes, "per_class": args.per_class, "seed": args.seed}
    table = usable(read_table(args.labels), args.unit, args.field, rename, **few)
    tracks, found = label_units(read(args.tracks)[0], table, args.unit, args.field, rename)
    inputs = {}

    for name, each in ((PRETRAINED, model), (RANDOM, blank)):
        inputs[name] = head_inputs(embed(tracks, each), tracks, args.unit)

    known = ~np.isnan(inputs[PRETRAINED]).any(axis=1)
    inputs = {name: x[known] for name, x in inputs.items()}
    task, y = encode(found.value[known], rename)
    return Units(inputs, y, found.group[known], task)


def parser() -> argparse.ArgumentParser:
    """The command's arguments."""
    p = make_parser("probes", __doc__)
    add = p.add_argument
    add("--labels", type=Path, required=True, metavar="L", help="as for model.finetune")
    add("--field", required=True, metavar="F", help="column of the labels")
    add("--unit", choices=("user", "track", "day"), default="track")
    rename = "labels to rename"
    add("--rename", nargs="+", type=pair, default=[], metavar="FROM=TO", help=rename)
    add("--classes", nargs="+", metavar="C", help="only these labels (after renaming)")
    most = "at most N labels a class, drawn at random"
    add("--per-class", type=positive, metavar="N", help=most)
    few = "labelled units (default: 20)"
    add("--few", type=positive, nargs="+", default=[20], metavar="N", help=few)
    draws = "of labelled units (default: 20)"
    add("--draws", type=positive, default=20, metavar="N", help=draws)
    split = ("person", "unit")
    add("--split", nargs="+", choices=split, default=["person"], help="what is left out")

    return p


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command."""
    args = parser().parse_args(argv)
    check(args)
    model = Model(open_bundle(args.bundle))

    with Scratch("raw-untrained-") as beside:
        blank = untrained(model.bundle, Path(beside) / "b", args.seed)
        results = evaluate(model, blank, args)

    write_report(args, results)
