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
from raw_qgis_plugin.core.bundle.bundle import open_bundle
from raw_qgis_plugin.core.bundle.runtime import Model
from raw_qgis_plugin.core.embedding.embed import embed
from raw_qgis_plugin.core.embedding.profiles import head_inputs
from raw_qgis_plugin.core.errors import InputError
from raw_qgis_plugin.core.evaluation.metrics import by_group, limits
from raw_qgis_plugin.core.scratch import Scratch
from raw_qgis_plugin.core.sources.readers import read

PRETRAINED, RANDOM, BOOSTING = "pretrained", "random weights", "boosting without a network"


def few_labels(
    inputs: dict[str, np.ndarray],
    model: Model,
    y: np.ndarray,
    task: Task,
    group: np.ndarray,
    labelled: int,
    args: argparse.Namespace,
) -> dict[str, list[float]]:
    """The accuracy of heads from so many labelled units, drawn at random from half of the groups
    (n,) and tested on the other half: the mean over draws, with its 95 % interval.

    inputs: (n, d) of each method's head; boosting gets the features of the first.
    """
    rng, draws = np.random.default_rng(args.seed), list[dict[str, float]]()
    features, strength = (
        inputs[PRETRAINED][:, features_of(model)],
        strength_of(inputs[PRETRAINED].shape[1], model),
    )
    for _ in range(50 * args.draws):  # not every draw has all classes, and people to test on
        inside = np.isin(group, rng.permutation(np.unique(group))[::2])
        learn = rng.permutation(np.flatnonzero(inside))[:labelled]
        test = np.flatnonzero(~inside)
        if not len(test) or len(np.unique(y[learn])) < len(task.classes):
            continue
        answers = {
            BOOSTING: boosting(features[learn], y[learn], task, args.seed).predict(features[test])
        }
        for name, x in inputs.items():
            parts = fit_parts(
                x[learn], y[learn], task, strength, args.seed, with_forest=len(learn) >= Fit.enough
            )
            answers[name] = predict(join_parts(parts), x[test], task).argmax(axis=1)
        right = {name: float((answer == y[test]).mean()) for name, answer in answers.items()}
        gains = {
            f"{PRETRAINED} minus {name}": right[PRETRAINED] - right[name]
            for name in (RANDOM, BOOSTING)
        }
        draws.append(right | gains)
        if len(draws) == args.draws:
            found = {name: np.array([draw[name] for draw in draws]) for name in draws[0]}
            number = np.arange(args.draws)
            return {
                k: [float(a.mean()), *limits(by_group(a, number, args.seed))]
                for k, a in found.items()
            }
    raise InputError(
        f"{labelled} labels drawn at random seldom have all of {len(task.classes)} classes and leave people to ask "
        "about: merge classes, or label more people."
    )


def evaluate(model: Model, blank: Model, args: argparse.Namespace) -> dict:
    """Heads from few labels, by what is tested and their number. blank: the model with random
    weights.
    """
    rename = dict(args.rename)
    few = {"classes": args.classes, "per_class": args.per_class, "seed": args.seed}
    table = usable(read_table(args.labels), args.unit, args.field, rename, **few)
    units, found = label_units(read(args.tracks)[0], table, args.unit, args.field, rename)
    models = {PRETRAINED: model, RANDOM: blank}
    inputs = {
        name: head_inputs(embed(units, each), units, args.unit) for name, each in models.items()
    }
    known = ~np.isnan(inputs[PRETRAINED]).any(axis=1)
    inputs, group = {k: x[known] for k, x in inputs.items()}, found.group[known]
    task, y = encode(found.value[known], rename)
    if not task.classes:
        raise InputError("Few labels are tried with classes: these labels are numbers.")
    print(f"{len(y):,} units of {len(np.unique(group)):,} people")
    results: dict[str, dict] = {}
    for split, labelled in product(args.split, args.few):
        apart = group if split == "person" else np.arange(len(y))
        results[f"{labelled} by {split}"] = r = few_labels(
            inputs, model, y, task, apart, labelled, args
        )
        print_line({"labelled": labelled, "split": split, **r})
    return results


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command."""
    p = make_parser("probes", __doc__)
    p.add_argument("--labels", type=Path, required=True, metavar="L", help="as for model.finetune")
    p.add_argument("--field", required=True, metavar="F", help="column of the labels")
    p.add_argument("--unit", choices=("user", "track", "day"), default="track")
    p.add_argument(
        "--rename", nargs="+", type=pair, default=[], metavar="FROM=TO", help="labels to rename"
    )
    p.add_argument("--classes", nargs="+", metavar="C", help="only these labels (after renaming)")
    p.add_argument(
        "--per-class", type=positive, metavar="N", help="at most N labels a class, drawn at random"
    )
    p.add_argument(
        "--few",
        type=positive,
        nargs="+",
        default=[20],
        metavar="N",
        help="labelled units (default: 20)",
    )
    p.add_argument(
        "--draws", type=positive, default=20, metavar="N", help="of labelled units (default: 20)"
    )
    p.add_argument(
        "--split",
        nargs="+",
        choices=("person", "unit"),
        default=["person"],
        help="what is left out",
    )
    args = p.parse_args(argv)
    check(args)
    model = Model(open_bundle(args.bundle))
    with Scratch("raw-untrained-") as beside:
        results = evaluate(model, untrained(model.bundle, Path(beside) / "b", args.seed), args)
    write_report(args, results)
