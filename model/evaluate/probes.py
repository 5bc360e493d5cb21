# SPDX-License-Identifier: GPL-2.0-or-later
"""Measure what embeddings hold, and the value of pretraining: python -m model.evaluate probes --tracks T [--labels L …]

Linear probes predict the hour, the speed and the distance from home from single states, cross-validated over people,
beside the same network with random weights and the input itself. With labels of tracks or of intervals of them: heads
from few labelled tracks (--few), tested on the others' (--split track) or on other people's (--split person), with the
same head on random weights and gradient boosting on hand features beside it and, with --tune-minutes, the network whose
last layers were tuned on the same few labels. --window cuts labelled tracks into windows of so many fixes, which are
then the units; a head gets the windows of so many tracks.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from sklearn.linear_model import RidgeCV

from model.cli import over_zero, pair, positive, print_line
from model.data.labels import Labelled, label_units, read_table
from model.evaluate import check_report, make_parser, write_report
from model.head_training.examples import strength_of
from model.head_training.fit import SETTINGS as FIT
from model.head_training.fit import Task, boosting, encode, fit_parts, folds, join_parts, predict
from model.head_training.hand_features import hand_features
from model.head_training.scoring import limits
from model.head_training.tune import tune
from model.head_training.untrained import model_with, untrained
from model.training.checkpoint import network_of
from raw_qgis_plugin.core.bundle.bundle import open_bundle
from raw_qgis_plugin.core.bundle.runtime import Model, batches, featurize_padded, pad_left
from raw_qgis_plugin.core.embedding.embed import embed, fine_windows
from raw_qgis_plugin.core.embedding.profiles import head_inputs, most_visited
from raw_qgis_plugin.core.errors import InputError
from raw_qgis_plugin.core.evaluation.report import Page
from raw_qgis_plugin.core.features.featurizer import solar_hour
from raw_qgis_plugin.core.geodesy import metres_between
from raw_qgis_plugin.core.scratch import Scratch
from raw_qgis_plugin.core.sources.readers import read
from raw_qgis_plugin.core.tracks import Tracks

PRETRAINED, RANDOM, TUNED, HAND = "pretrained", "random weights", "pretrained, last layers tuned", "boosting by hand"


@dataclass(frozen=True)
class Settings:
    """windows, states: probed, and of each window. max_windows: of a labelled track. tests: most units that are tested.
    layers, rate: of the network that are tuned, and how fast.
    """

    windows: int = 400
    states: int = 8
    max_windows: int = 4
    tests: int = 2000
    layers: int = 2
    rate: float = 1e-4


SETTINGS = Settings()


def draw_states(tracks: Tracks, model: Model, seed: int) -> tuple[np.ndarray, ...]:
    """States (n, D) from the later halves of windows of the tracks as recorded, the inputs (n, …) at these fixes, and
    their rows (n,) of the tracks.
    """
    rng = np.random.default_rng(seed)
    rows, begin, length, _ = fine_windows(tracks)
    chosen = np.sort(rng.permutation(np.flatnonzero(length >= 16))[: SETTINGS.windows])
    if len(chosen) < 20:
        raise InputError("The tracks hold fewer than 20 windows of 16 fixes: too few to probe.")
    found: list[tuple[np.ndarray, ...]] = []
    for part in batches(length[chosen]):
        window = chosen[part]
        inside, valid = pad_left(rows, begin[window], length[window])
        _, x, clock = featurize_padded(tracks, inside, valid)
        (states,) = model.backbone(x, clock, valid, outputs=("states",))
        back = (rng.random((len(window), SETTINGS.states)) * (length[window][:, None] // 2)).astype(np.int64)
        at = np.arange(len(window))[:, None], inside.shape[1] - 1 - back
        found.append((states[at].reshape(-1, states.shape[-1]), x[at].reshape(-1, x.shape[-1]), inside[at].ravel()))
    return tuple(np.concatenate(parts) for parts in zip(*found, strict=True))


def targets(tracks: Tracks, rows: np.ndarray) -> dict[str, np.ndarray]:
    """The targets (n, …) of probes at rows (n,) of tracks, by name."""
    angle = solar_hour(tracks.t, tracks.lon)[rows] * (2 * np.pi / 24)
    before = np.maximum(rows - 1, 0)
    seconds = np.maximum((tracks.t[rows] - tracks.t[before]) / 1000.0, 1.0)
    metres = metres_between(tracks.lon[before], tracks.lat[before], tracks.lon[rows], tracks.lat[rows])
    speed = np.where(tracks.track[before] == tracks.track[rows], metres / seconds, 0.0)
    home, user = most_visited(tracks.by_user()), tracks.user[rows]
    away = metres_between(home[0][user], home[1][user], tracks.lon[rows], tracks.lat[rows])
    return {
        "hour of the day": np.stack([np.sin(angle), np.cos(angle)], axis=1),
        "speed (logarithm)": np.log1p(speed)[:, None], "distance from home (logarithm)": np.log1p(away)[:, None],
    }  # fmt: skip


def probe(x: np.ndarray, y: np.ndarray, user: np.ndarray, seed: int) -> float:
    """R² of a linear regression from x (n, d) to y (n, k), cross-validated over people."""
    answer = np.full(y.shape, np.nan)
    for learn, test in folds(y[:, 0], user, Task("number"), seed):
        mean, spread = x[learn].mean(axis=0), x[learn].std(axis=0) + 1e-6
        line = RidgeCV(np.logspace(0, 4, 5)).fit((x[learn] - mean) / spread, y[learn])
        answer[test] = line.predict((x[test] - mean) / spread).reshape(len(test), -1)
    known = ~np.isnan(answer[:, 0])
    return float(1 - np.square(answer - y)[known].sum() / np.square(y - y.mean(axis=0))[known].sum())


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
    """The accuracy of heads from so many labelled tracks, drawn at random: its mean over draws, and the middle 95 %.

    inputs: (n, d) of each method's head. track: (n,) of the units. group: (n,): units of the groups of the labelled
    tracks are not tested. tuned: from the rows of the labelled units to inputs of all, by a network tuned on them.
    """
    rng, right, truth = np.random.default_rng(seed), {}, y  # type: ignore[var-annotated]
    for _ in range(50 * draws):  # not every draw has all classes, and people to test on
        some = rng.permutation(np.unique(track))[:labelled]
        learn = np.flatnonzero(np.isin(track, some))
        test = rng.permutation(np.flatnonzero(~np.isin(group, group[learn])))[: SETTINGS.tests]
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
            found = {name: [float(np.mean(a)), *limits(np.array(a))] for name, a in right.items()}
            for name in found.keys() - {PRETRAINED}:
                gain = np.array(right[PRETRAINED]) - right[name]
                found[f"{PRETRAINED} minus {name}"] = [float(gain.mean()), *limits(gain)]
            return found
    raise InputError(
        f"{labelled} labels drawn at random seldom have all of {len(task.classes)} classes and leave people to ask "
        "about: merge classes, or label more people."
    )


def with_labels(tracks: Tracks, model: Model, blank: Model, args: argparse.Namespace, page: Page) -> dict:
    """Heads from few labels, by their number and what is tested. blank: the model with random weights."""
    rename = dict(args.rename)
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
    page.heading(f"{args.field} from few labels")
    for split in args.split:
        for labelled in args.few:
            results[f"{labelled} by {split}"] = r = few_labels(
                inputs, strength, hand, y, task, track, group if split == "person" else track, labelled, args.draws,
                args.seed, tuned if args.tune_minutes else None,
            )  # fmt: skip
            print_line({"labelled": labelled, "split": split, **r})
    names = list(next(iter(results.values())))
    rows = [[what, *("{:.3f} [{:.3f}, {:.3f}]".format(*r[name]) for name in names)] for what, r in results.items()]
    page.sentence(f"Accuracy: mean of {args.draws} draws, and the middle 95 % of them.")
    page.table(["labelled tracks", *names], rows)
    return results


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command."""
    p = make_parser("probes", __doc__)
    p.add_argument("--labels", type=Path, metavar="L", help="as for model.finetune")
    p.add_argument("--field", metavar="F", help="column of the labels")
    p.add_argument("--unit", choices=("user", "track", "day"), default="track")
    p.add_argument("--rename", nargs="+", type=pair, default=[], metavar="FROM=TO", help="labels to rename")
    p.add_argument("--few", type=positive, nargs="+", default=[20], metavar="N", help="labelled tracks (default: 20)")
    p.add_argument("--draws", type=positive, default=20, metavar="N", help="of labelled tracks (default: 20)")
    p.add_argument("--split", nargs="+", choices=("person", "track"), default=["person"], help="what is left out")
    p.add_argument("--window", type=positive, metavar="N", help="cut labelled tracks into windows of N fixes")
    p.add_argument("--tune-minutes", type=over_zero, metavar="M", help="also tune the network, for so long a draw")
    args = p.parse_args(argv)
    check_report(args)
    if args.labels and not args.field:
        raise InputError("--labels needs --field, the column of the labels.")
    model, tracks = Model(open_bundle(args.bundle)), read(args.tracks)[0]
    page = Page("Probes", f"What the model {model.card['name']} holds of {tracks.n_users} users' tracks.")
    scratch = Scratch("raw-untrained-")
    blank = untrained(model.bundle, Path(scratch.name) / "b", args.seed)
    state, inputs, rows = draw_states(tracks, model, args.seed)
    probed = {"model": state, "random": draw_states(tracks, blank, args.seed)[0], "input": inputs}
    results = {"states": {
        name: {which: probe(x, y, tracks.user[rows], args.seed) for which, x in probed.items()}
        for name, y in targets(tracks, rows).items()
    }}  # fmt: skip
    page.heading("What a single state knows")
    page.sentence("R² of a linear regression on unseen people. The input is the network's input at that fix.")
    table = [[name, *(f"{r[which]:.3f}" for which in probed)] for name, r in results["states"].items()]
    page.table(["", "model", "random weights", "input"], table)
    for name, r in results["states"].items():
        print(f"{name}: R² {r['model']:.3f}, random weights {r['random']:.3f}, input {r['input']:.3f}")
    if args.labels:
        results["few_labels"] = with_labels(tracks, model, blank, args, page)
    if args.output:
        write_report(args.output, results, page)
