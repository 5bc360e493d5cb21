# SPDX-License-Identifier: GPL-2.0-or-later
"""How far heads get with few labels, and the value of pretraining: python -m model.evaluate probes --tracks T …

Heads learn from all units of a few labelled tracks, and are tested on those of other tracks (--split track) or of other
people (--split person). Beside them: the same head on random weights, gradient boosting on hand features and, with
--tune-minutes, the network whose last layers were tuned on the same labels. --window cuts labelled tracks into windows
of so many fixes, which are then the units.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from model.cli import over_zero, pair, positive, print_line
from model.data.labels import Labelled, label_units, read_table
from model.evaluate import check_report, make_parser, write_report
from model.head_training.examples import strength_of
from model.head_training.fit import SETTINGS as FIT
from model.head_training.fit import Task, boosting, encode, fit_parts, join_parts, predict
from model.head_training.hand_features import hand_features
from model.head_training.scoring import by_group, limits
from model.head_training.tune import tune
from model.head_training.untrained import model_with, untrained
from model.training.checkpoint import network_of
from raw_qgis_plugin.core.bundle.bundle import open_bundle
from raw_qgis_plugin.core.bundle.runtime import Model
from raw_qgis_plugin.core.embedding.embed import embed
from raw_qgis_plugin.core.embedding.profiles import head_inputs
from raw_qgis_plugin.core.errors import InputError
from raw_qgis_plugin.core.evaluation.report import Page
from raw_qgis_plugin.core.scratch import Scratch
from raw_qgis_plugin.core.sources.readers import read
from raw_qgis_plugin.core.tracks import Tracks

PRETRAINED, RANDOM, TUNED, HAND = "pretrained", "random weights", "pretrained, last layers tuned", "boosting by hand"


@dataclass(frozen=True)
class Settings:
    """max_windows: of a labelled track. tests: most units that are tested. layers, rate: of the network that are tuned,
    and how fast.
    """

    max_windows: int = 4
    tests: int = 2000
    layers: int = 2
    rate: float = 1e-4


SETTINGS = Settings()


def windows_of(tracks: Tracks, found: Labelled, size: int, seed: int) -> tuple[Tracks, Labelled, np.ndarray]:
    """Windows of `size` fixes of labelled tracks, at most max_windows of each, their labels, and their tracks (n,)."""
    since = np.arange(len(tracks)) - tracks.track_offsets[tracks.track]
    count = np.diff(tracks.track_offsets) // size
    start = np.concatenate([[0], np.cumsum(count)])
    window = start[tracks.track] + since // size
    rng, number = np.random.default_rng(seed), np.arange(start[-1])
    track = np.repeat(np.arange(tracks.n_tracks), count)
    order = np.lexsort((rng.random(len(track)), track))
    chosen = np.sort(order[number - start[track[order]] < SETTINGS.max_windows])
    row = np.flatnonzero((since < (count * size)[tracks.track]) & np.isin(window, chosen))
    code = np.searchsorted(chosen, window[row]).astype(np.int32)
    track = track[chosen]
    ids, who = number[: len(chosen)].astype(str).astype(object), tracks.track_user[track]
    cut = Tracks(tracks.user_ids, ids, who, code, tracks.t[row], tracks.lon[row], tracks.lat[row])
    return cut, Labelled(np.arange(len(chosen)), found.value[track], found.group[track]), track


def few_labels(
    inputs: dict[str, np.ndarray], strength: np.ndarray, hand: np.ndarray, y: np.ndarray, task: Task,
    track: np.ndarray, group: np.ndarray, labelled: int, draws: int, seed: int,
    tuned: Callable[[np.ndarray], np.ndarray] | None = None,
) -> dict[str, list[float]]:  # fmt: skip
    """The accuracy of heads from so many labelled tracks, drawn at random from half of the groups and tested on the
    other half: the mean over draws, with its 95 % interval.

    inputs: (n, d) of each method's head. track, group: (n,) of the units. tuned: from the rows of the labelled units to
    inputs of all, by a network tuned on them.
    """
    rng, right, truth = np.random.default_rng(seed), {}, y  # type: ignore[var-annotated]
    for _ in range(50 * draws):  # not every draw has all classes, and people to test on
        half = rng.permutation(np.unique(group))[::2]
        inside = np.isin(group, half)
        learn = np.flatnonzero(np.isin(track, rng.permutation(np.unique(track[inside]))[:labelled]))
        test = rng.permutation(np.flatnonzero(~inside))[: SETTINGS.tests]
        if not len(test) or len(np.unique(y[learn])) < len(task.classes):
            continue
        every = inputs | ({TUNED: tuned(learn)} if tuned else {})
        for name, x in every.items():
            parts = fit_parts(x[learn], y[learn], task, strength, seed, with_forest=len(learn) >= FIT.enough)
            answer = predict(join_parts(parts), x[test], task).argmax(axis=1)
            right.setdefault(name, []).append(float((answer == truth[test]).mean()))
        answer = boosting(hand[learn], y[learn], task, seed).predict(hand[test])
        right.setdefault(HAND, []).append(float((answer == truth[test]).mean()))
        if len(right[HAND]) == draws:
            gains = {f"{PRETRAINED} minus {name}": np.subtract(right[PRETRAINED], a) for name, a in right.items()}
            del gains[f"{PRETRAINED} minus {PRETRAINED}"]
            return {
                name: [float(np.mean(a)), *limits(by_group(np.array(a), np.arange(draws), seed))]
                for name, a in (right | gains).items()
            }
    raise InputError(
        f"{labelled} labels drawn at random seldom have all of {len(task.classes)} classes and leave people to ask "
        "about: merge classes, or label more people."
    )


def evaluate(model: Model, blank: Model, args: argparse.Namespace, page: Page) -> dict:
    """Heads from few labels, by what is tested and their number. blank: the model with random weights."""
    rename, tracks = dict(args.rename), read(args.tracks)[0]
    units, found = label_units(tracks, read_table(args.labels), args.unit, args.field, rename)
    track = np.arange(units.n_tracks)
    if args.window:
        units, found, track = windows_of(units, found, args.window, args.seed)
    whole = head_inputs(embed(units, model), units, args.unit)
    known = ~np.isnan(whole).any(axis=1)
    units, track, whole, group = units.take(known[units.track]), track[known], whole[known], found.group[known]
    task, y = encode(found.value[known], rename)
    if not task.classes:
        raise InputError("Few labels are tried with classes: these labels are numbers.")
    network = network_of(model.bundle)

    def inputs_of(model: Model) -> np.ndarray:
        return head_inputs(embed(units, model), units, args.unit)

    def tuned(learn: np.ndarray) -> np.ndarray:
        learn = np.sort(learn)
        own = tune(
            deepcopy(network), units.take(np.isin(units.track, learn)), y[learn], task, whole[learn], strength,
            args.tune_minutes, print_line, args.seed, SETTINGS.layers, SETTINGS.rate,
        )  # fmt: skip
        with Scratch("raw-tuned-") as beside:
            return inputs_of(model_with(own, model.bundle, Path(beside) / "b"))

    strength, hand = strength_of(whole.shape[1], model), hand_features(units)
    inputs = {PRETRAINED: whole, RANDOM: inputs_of(blank)}
    results: dict[str, dict] = {}
    for split in args.split:
        for labelled in args.few:
            results[f"{labelled} by {split}"] = r = few_labels(
                inputs, strength, hand, y, task, track, group if split == "person" else track, labelled, args.draws,
                args.seed, tuned if args.tune_minutes else None,
            )  # fmt: skip
            print_line({"labelled": labelled, "split": split, **r})
    names = list(next(iter(results.values())))
    rows = [[what, *("{:.3f} [{:.3f}, {:.3f}]".format(*r[name]) for name in names)] for what, r in results.items()]
    page.sentence(f"Accuracy: mean of {args.draws} draws of labelled tracks, with its 95 % interval.")
    page.table(["labelled tracks", *names], rows)
    return results


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command."""
    p = make_parser("probes", __doc__)
    p.add_argument("--labels", type=Path, required=True, metavar="L", help="as for model.finetune")
    p.add_argument("--field", required=True, metavar="F", help="column of the labels")
    p.add_argument("--unit", choices=("user", "track", "day"), default="track")
    p.add_argument("--rename", nargs="+", type=pair, default=[], metavar="FROM=TO", help="labels to rename")
    p.add_argument("--few", type=positive, nargs="+", default=[20], metavar="N", help="labelled tracks (default: 20)")
    p.add_argument("--draws", type=positive, default=20, metavar="N", help="of labelled tracks (default: 20)")
    p.add_argument("--split", nargs="+", choices=("person", "track"), default=["person"], help="what is left out")
    p.add_argument("--window", type=positive, metavar="N", help="cut labelled tracks into windows of N fixes")
    p.add_argument("--tune-minutes", type=over_zero, metavar="M", help="also tune the network, for so long a draw")
    args = p.parse_args(argv)
    check_report(args)
    model = Model(open_bundle(args.bundle))
    page = Page(
        f"{args.field} from few labels", f"Heads on the model {model.card['name']}, and what stands beside them."
    )
    with Scratch("raw-untrained-") as beside:
        blank = untrained(model.bundle, Path(beside) / "b", args.seed)
        results = evaluate(model, blank, args, page)
    if args.output:
        write_report(args.output, results, page)
