# SPDX-License-Identifier: GPL-2.0-or-later
"""Measure what embeddings hold, and the value of pretraining: python -m model.evaluate probes --tracks T [--labels L …]

Linear probes predict the hour, the speed and the distance from home from single states, cross-validated over people,
beside the same network with random weights and the input itself. With labels of users or tracks: accuracy by the input
of a head (states, other features, both), beside random weights and hand features; the mean of 20 draws of 20 labelled
units; nearest neighbours; a map in two dimensions.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.linear_model import RidgeCV
from sklearn.manifold import TSNE

from model.cli import pair, positive, print_line
from model.data.labels import label_units, read_table, thin
from model.evaluate import check_report, make_parser, write_report
from model.head_training.examples import strength_of
from model.head_training.fit import boosting, encode, folds, ridge
from model.head_training.hand_features import hand_features
from model.head_training.scoring import Predictions, compare, limits
from model.head_training.tune import tune
from model.head_training.untrained import TorchModel, random_network, untrained
from model.heads import Head, Task, predict
from raw_qgis_plugin.core.bundle.bundle import open_bundle
from raw_qgis_plugin.core.bundle.runtime import Model, batches, featurize_padded, pad_left
from raw_qgis_plugin.core.embedding.embed import embed, fine_windows
from raw_qgis_plugin.core.embedding.profiles import most_visited
from raw_qgis_plugin.core.errors import InputError
from raw_qgis_plugin.core.evaluation.report import Page
from raw_qgis_plugin.core.features.featurizer import solar_hour
from raw_qgis_plugin.core.geodesy import metres_between
from raw_qgis_plugin.core.sources.readers import read
from raw_qgis_plugin.core.tracks import Tracks

if TYPE_CHECKING:
    from matplotlib.figure import Figure

HAND = "hand features"
Input = tuple[np.ndarray, np.ndarray]  # x (n, d), strength (d,)


@dataclass(frozen=True)
class Settings:
    """How much is probed: windows and states of each; draws of so many labels; nearest neighbours; units on the map."""

    windows: int = 400
    states: int = 8
    draws: int = 20
    labels: int = 20
    neighbours: int = 5
    on_map: int = 1500


SETTINGS = Settings()


@dataclass(frozen=True)
class States:
    """Single states drawn from windows. state, inputs: (n, …). rows: (n,) of the tracks. user: (n,)."""

    state: np.ndarray
    inputs: np.ndarray
    rows: np.ndarray
    user: np.ndarray


def draw_states(tracks: Tracks, model: Model | TorchModel, seed: int) -> States:
    """States from the later halves of windows of the tracks as recorded."""
    rng = np.random.default_rng(seed)
    rows, begin, length, track = fine_windows(tracks)
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
        user = np.repeat(tracks.track_user[track[window]], SETTINGS.states)
        found.append(
            (states[at].reshape(-1, states.shape[-1]), x[at].reshape(-1, x.shape[-1]), inside[at].ravel(), user)
        )
    return States(*(np.concatenate(parts) for parts in zip(*found, strict=True)))


def targets(tracks: Tracks, s: States) -> dict[str, np.ndarray]:
    """The targets (n, …) of probes, by name."""
    angle = solar_hour(tracks.t, tracks.lon)[s.rows] * (2 * np.pi / 24)
    before = np.maximum(s.rows - 1, 0)
    seconds = np.maximum((tracks.t[s.rows] - tracks.t[before]) / 1000.0, 1.0)
    metres = metres_between(tracks.lon[before], tracks.lat[before], tracks.lon[s.rows], tracks.lat[s.rows])
    speed = np.where(tracks.track[before] == tracks.track[s.rows], metres / seconds, 0.0)
    home, user = most_visited(tracks.by_user()), tracks.user[s.rows]
    away = metres_between(home[0][user], home[1][user], tracks.lon[s.rows], tracks.lat[s.rows])
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


def answer_of(head: Head, x: np.ndarray, task: Task) -> np.ndarray:
    """(n,) classes as numbers, or numbers in their unit."""
    out = predict(head, x)
    return out.argmax(axis=1).astype(float) if task.classes else task.in_unit(out[:, 0])


def heads_by_input(inputs: dict[str, Input], hand: np.ndarray, y: np.ndarray, task: Task,
                   group: np.ndarray, seed: int) -> dict[str, dict]:  # fmt: skip
    """A linear head on each input, beside trees on hand features, cross-validated over people."""
    simple, answers = np.full(len(y), np.nan), {name: np.full(len(y), np.nan) for name in inputs}
    for learn, test in folds(y, group, task, seed):
        simple[test] = task.in_unit(boosting(hand[learn], y[learn], task, seed).predict(hand[test]))
        for name, (x, strength) in inputs.items():
            answers[name][test] = answer_of(ridge(x[learn], y[learn], task, strength), x[test], task)
    known = ~np.isnan(simple)
    rest = simple[known], task.in_unit(y).astype(float)[known], group[known]
    return {name: compare(Predictions(answer[known], *rest), task, seed) for name, answer in answers.items()}


def few_labels(
    inputs: dict[str, Input], hand: np.ndarray, y: np.ndarray, task: Task, group: np.ndarray,
    seed: int, train: Callable[[np.ndarray], np.ndarray] | None = None,
) -> dict[str, list[float]]:  # fmt: skip
    """The error (one minus accuracy, or mean absolute) of heads from few labelled units, on all other people's units:
    its mean over draws, and the middle 95 % of them. train: from the rows of labelled units to embeddings of all units
    by a network that was trained on these labels alone.
    """
    rng, labels, draws = np.random.default_rng(seed), SETTINGS.labels, SETTINGS.draws
    errors: dict[str, list[float]] = {}
    truth, done = task.in_unit(y), 0
    strength = next(iter(inputs.values()))[1]
    for _ in range(50 * draws):  # not every draw has all classes, and people to test on
        learn = rng.permutation(len(y))[:labels]
        test = np.flatnonzero(~np.isin(group, group[learn]))
        if not len(test) or (task.classes and len(np.unique(y[learn])) < len(task.classes)):
            continue
        every = inputs | ({"random weights, trained on these labels": (train(learn), strength)} if train else {})
        found = {
            name: answer_of(ridge(x[learn], y[learn], task, weight), x[test], task)
            for name, (x, weight) in every.items()
        }
        found[HAND] = task.in_unit(boosting(hand[learn], y[learn], task, seed).predict(hand[test]))
        for name, answer in found.items():
            wrong = answer != truth[test] if task.classes else np.abs(answer - truth[test])
            errors.setdefault(name, []).append(float(wrong.mean()))
        done += 1
        if done == draws:
            return {name: [float(np.mean(e)), *limits(np.array(e))] for name, e in errors.items()}
    whole = f"have all of {len(task.classes)} classes and " if task.classes else ""
    cure = "merge classes, or label more people" if task.classes else "label more people"
    raise InputError(f"{labels} labels drawn at random seldom {whole}leave people to ask about: {cure}.")


def neighbours(x: np.ndarray, y: np.ndarray, group: np.ndarray, block: int = 512) -> tuple[float, float]:
    """Share of the nearest units (cosine, standardised, of other people) with the same class; and by chance."""
    n = SETTINGS.neighbours
    z = (x - x.mean(axis=0)) / (x.std(axis=0) + 1e-6)
    z /= np.linalg.norm(z, axis=1, keepdims=True) + 1e-9
    near = np.zeros((len(z), n), np.int64)
    for start in range(0, len(z), block):
        some = slice(start, start + block)
        apart = -z[some] @ z.T
        apart[group[some, None] == group[None, :]] = np.inf
        near[some] = np.argpartition(apart, n, axis=1)[:, :n]
    return float((y[near] == y[:, None]).mean()), float(np.square(np.bincount(y) / len(y)).sum())


def run_all(args: argparse.Namespace) -> tuple[dict, Page]:
    """The figures, and the page about them."""
    model, tracks = Model(open_bundle(args.bundle)), read(args.tracks)[0]
    random = untrained(model, args.seed)
    page = Page("Probes", f"What the model {model.card['name']} holds of {tracks.n_users} users' tracks.")
    ours, theirs = draw_states(tracks, model, args.seed), draw_states(tracks, random, args.seed)
    probed = {"model": ours.state, "random": theirs.state, "input": ours.inputs}
    results: dict[str, Any] = {"states": {
        name: {which: probe(x, y, ours.user, args.seed) for which, x in probed.items()}
        for name, y in targets(tracks, ours).items()
    }}  # fmt: skip
    page.heading("What a single state knows")
    page.sentence("R² of a linear regression on unseen people. The input is the network's input at that fix.")
    rows = [[name, *(f"{r[which]:.3f}" for which in probed)] for name, r in results["states"].items()]
    page.table(["", "model", "random weights", "input"], rows)
    if args.labels:
        results |= with_labels(tracks, model, random, args, page)
    return results, page


def with_labels(tracks: Tracks, model: Model, random: TorchModel, args: argparse.Namespace, page: Page) -> dict:
    """Heads by their input, heads from few labels, nearest neighbours, and the map."""
    rename, table = dict(args.rename), read_table(args.labels)
    table = thin(table, args.field, rename, args.per_class, args.seed) if args.per_class else table
    units, found = label_units(tracks, table, args.unit, args.field, rename)
    whole = embed(units, model)
    known = ~np.isnan(whole).any(axis=1)
    units, whole, group = units.take(known[units.track]), whole[known], found.group[known]
    task, y = encode(found.value[known], rename)
    states, strength = 4 * model.card["width"], strength_of(whole.shape[1], model)

    def embed_by(network: TorchModel) -> np.ndarray:
        return embed(units, network)  # type: ignore[arg-type]

    def both(name: str, x: np.ndarray) -> dict[str, Input]:
        return {name: (x, strength), f"{name}, states alone": (x[:, :states], np.ones(states))}

    blank, inputs = embed_by(random), both("RAW", whole)
    if whole.shape[1] > states:
        inputs["activity features alone"] = whole[:, states:], np.ones(whole.shape[1] - states)
    inputs |= both("random weights", blank)

    def train(learn: np.ndarray) -> np.ndarray:
        learn = np.sort(learn)
        network = tune(
            model.bundle, units.take(np.isin(units.track, learn)), y[learn], task, blank[learn], strength,
            args.trained_minutes, print_line, args.seed, random_network(model, args.seed),
        )  # fmt: skip
        return embed_by(TorchModel(network, model.card))

    hand = hand_features(units)
    every = heads_by_input(inputs, hand, y, task, group, args.seed)
    few = few_labels(inputs, hand, y, task, group, args.seed, train if args.trained_minutes > 0 else None)
    results: dict[str, Any] = {"heads": every, "few_labels": few}
    error = "wrong" if task.classes else "mean error"
    page.heading(f"{args.field}, all labels")
    page.sentence("A linear head on each input, people unseen, over trees on hand features: under 1 it is better.")
    rows = [[k, f"{m['error'][0]:.3f}", "{:.2f} [{:.2f}, {:.2f}]".format(*m["ratio"])] for k, m in every.items()]
    page.table(["input of the head", error, f"over {HAND}"], rows)
    page.heading(f"{args.field}, {SETTINGS.labels} labels")
    rows = [[name, "{:.3f} [{:.3f}, {:.3f}]".format(*e)] for name, e in few.items()]
    page.table([f"mean of {SETTINGS.draws} draws", error], rows)
    if task.classes and len(np.unique(group)) > SETTINGS.neighbours:
        same, chance = neighbours(whole, y, group)
        results["neighbours"] = {"same": same, "chance": chance}
        page.heading("Nearest neighbours and a map")
        page.sentence(f"Of the {SETTINGS.neighbours} nearest units of other people, {same:.0%} have the same label; by "
                      f"chance {chance:.0%}.")  # fmt: skip
        page.figure(map_of(whole, y, task, args.seed), "Each point is a unit; near ones have like embeddings (t-SNE).")
    return results


def map_of(x: np.ndarray, y: np.ndarray, task: Task, seed: int) -> Figure:
    """Units in two dimensions, coloured by class."""
    from matplotlib.figure import Figure

    chosen = np.random.default_rng(seed).permutation(len(x))[: SETTINGS.on_map]
    z = (x[chosen] - x[chosen].mean(axis=0)) / (x[chosen].std(axis=0) + 1e-6)
    xy = TSNE(perplexity=min(30.0, (len(chosen) - 1) / 4), random_state=seed, init="pca").fit_transform(z)
    figure = Figure(figsize=(6, 5))
    axes = figure.subplots()
    for k, word in enumerate(task.classes):
        east, north = xy[y[chosen] == k].T
        axes.scatter(east, north, s=10, alpha=0.6, label=word, color=f"C{k}", edgecolors="none")
    axes.set_axis_off()
    axes.legend(frameon=False)
    return figure


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command."""
    p = make_parser("probes", __doc__)
    p.add_argument("--labels", type=Path, metavar="L", help="as for model.finetune")
    p.add_argument("--field", metavar="F", help="column of the labels")
    p.add_argument("--unit", choices=("user", "track", "day"), default="user")
    p.add_argument("--rename", nargs="+", type=pair, default=[], metavar="FROM=TO", help="labels to rename")
    p.add_argument("--per-class", type=positive, metavar="N", help="at most N labels a class, drawn at random")
    p.add_argument("--trained-minutes", type=float, default=0.0, metavar="M", help="also train the network from random "
                   "weights on each draw of labels, for so long (default: not)")  # fmt: skip
    args = p.parse_args(argv)
    check_report(args)
    if args.labels and not args.field:
        raise InputError("--labels needs --field, the column of the labels.")
    results, page = run_all(args)
    for name, r in results["states"].items():
        print(f"{name}: R² {r['model']:.3f}, random weights {r['random']:.3f}, input {r['input']:.3f}")
    for name, m in results.get("heads", {}).items():
        print("{}: error {:.3f}, {:.2f} [{:.2f}, {:.2f}] of hand features'".format(name, m["error"][0], *m["ratio"]))
    for name, e in results.get("few_labels", {}).items():
        print("{} labels, {}: error {:.3f} [{:.3f}, {:.3f}]".format(SETTINGS.labels, name, *e))
    if args.output:
        write_report(args.output, results, page)
