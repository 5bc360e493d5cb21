# SPDX-License-Identifier: GPL-2.0-or-later
"""Train the scorers that serve every bundle.

    python -m model.shipped.retrieval.train --corpus S … --output DIR

A scorer weighs the network's own mixture and continuations of the layer against each other. It
learns from queries about tracks of a corpus, whose people are parted into layers and recorded in
several ways. The engine itself (core/forecasting/scoring.py) describes queries, so that training
and forecasts have the same inputs. The files that the command writes, trips.onnx, days.onnx and
card.json, belong in resources/scorer.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import chain, product
from typing import NamedTuple

import numpy as np
import torch

from model.cli import Report, print_line, run
from model.data.corpus import Source, load_both, source_name
from model.network.raw import Mixture
from model.shipped.retrieval.averaged import (
    Examples,
    Training,
    export,
    judge,
    layers_of,
    parse,
    train_averaged,
)
from model.shipped.retrieval.scorer import Scorer
from model.training.calibrate import table
from raw_qgis_plugin.core.arrays import expand_ranges, join_rows, take_rows
from raw_qgis_plugin.core.bundle.bundle import open_bundle
from raw_qgis_plugin.core.bundle.contract import CALIBRATION_COLUMNS, SCORER_OUTPUTS
from raw_qgis_plugin.core.bundle.runtime import Model
from raw_qgis_plugin.core.cleaning import build_tracks
from raw_qgis_plugin.core.errors import InputError, no_progress
from raw_qgis_plugin.core.features.featurizer import LATERAL_QUERY, displacement
from raw_qgis_plugin.core.forecasting.areas import for_areas
from raw_qgis_plugin.core.forecasting.context import ContextKind, ContextQueries, kinds_from_shares
from raw_qgis_plugin.core.forecasting.context import Settings as Context
from raw_qgis_plugin.core.forecasting.neighbours import N_VECTORS, WEIGHT, Neighbours
from raw_qgis_plugin.core.forecasting.scoring import describe, scorer_inputs
from raw_qgis_plugin.core.paths import SCORER_CARD, SCORERS
from raw_qgis_plugin.core.tracks import Tracks

MIN_EXAMPLES = 200
# axes of the inputs
COMPONENTS = dict.fromkeys(("centre", "scale", "log_weight"), "c") | {"continuations": "n"}


class Recording(NamedTuple):
    """How people are recorded: one fix in each `cadence_s`. share: of the examples, relative to
    other recordings of trips or of days. filled: the last fix is held round the clock. under_way:
    fixes at rest are left out.
    """

    cadence_s: int
    share: float = 1.0
    filled: bool = False
    under_way: bool = False


TRIPS = (Recording(5, 2.0), Recording(15, 2.0), Recording(30), Recording(60, 3.0))
DAYS = (Recording(900), Recording(900, filled=True), Recording(900, under_way=True))
# of the cadence, of trips and of days
STEPS_AHEAD = {True: (1, 2, 3, 4, 5, 8, 16, 32), False: (1, 2, 4, 6, 8, 10, 16)}


class Settings:
    """How examples are drawn."""

    layer: tuple[int, int] = (15, 120)  # people in one, from … to
    min_kept: float = 0.03  # of the runs of a layer of trips: sparse layers count too
    warm_up: int = 8  # fixes before the first query
    contexts: int = 1024  # most of a layer
    passes: int = 6  # most over the people of a source, each in other layers
    horizons: int = 4  # of a context
    under_way_m: float = 150.0  # between quarter hours: less is at rest


def mirrored(some: Examples) -> Examples:
    """The same, left and right exchanged."""
    inputs = {k: v.copy() for k, v in some.inputs.items()}
    inputs["query"][:, LATERAL_QUERY] *= -1
    inputs["centre"][..., 1] *= -1
    inputs["continuations"][..., 1 : 2 * N_VECTORS : 2] *= -1
    return replace(some, inputs=inputs, target_m=some.target_m * np.array([1, -1], np.float32))


def collect(
    sources: list[Source],
    model: Model,
    recordings: tuple[Recording, ...],
    most: int,
    seed: int,
    report: Report,
) -> Examples | None:
    """About `most` examples of sources, by the sources' weights and the recordings' shares; None
    where nobody moves.
    """
    found: list[Examples] = []
    total = sum(s.weight for s in sources) * sum(r.share for r in recordings)
    for (number, s), r in product(enumerate(sources), recordings):
        rng = np.random.default_rng([seed, number, r.cadence_s, r.filled, r.under_way])
        own: list[Examples] = []
        wanted, count = int(most * s.weight * r.share / total), 0
        for layer, able in chain.from_iterable(_layers(s, r, rng) for _ in range(Settings.passes)):
            if count >= wanted:
                break
            own += _of_layer(layer, able, model, r, wanted - count, rng)
            count = sum(map(len, own))
        report({"source": s.name, **r._asdict(), "examples": min(count, wanted)})
        if count:
            some = take_rows(join_rows(own), np.sort(rng.permutation(count)[:wanted]))
            # Typical is the network's mean error in the same source and recording, about as far
            # ahead
            octave = np.maximum(np.round(np.log2(some.seconds / r.cadence_s)), 0).astype(int)
            mean = np.bincount(octave, some.inputs["expected"]) / np.maximum(np.bincount(octave), 1)
            found.append(replace(some, typical_m=np.maximum(mean[octave], 1.0)))
    return join_rows(found) if found else None


def _of_layer(
    layer: Tracks, able: np.ndarray, model: Model, r: Recording, most: int, rng: np.random.Generator
) -> Iterator[Examples]:
    """Examples of some of the rows of a layer that have queries."""
    able = np.sort(rng.permutation(able)[: min(Settings.contexts, -(-most // Settings.horizons))])
    steps = rng.permuted(np.tile(STEPS_AHEAD[r in TRIPS], (len(able), 1)), axis=1)[
        :, : Settings.horizons
    ]
    wanted = layer.t[able, None] + 1000 * r.cadence_s * steps
    goal = layer.before(np.broadcast_to(layer.track[able, None], steps.shape), wanted + 1) - 1
    context, column = np.nonzero(
        (goal > able[:, None]) & (wanted - layer.t[goal] < 500 * r.cadence_s)
    )
    used, context = np.unique(context, return_inverse=True)
    goal, last = goal[used[context], column], able[used]
    horizon_s = (layer.t[goal] - layer.t[last[context]]) / 1000.0
    queries = ContextQueries(layer.track_offsets[layer.track[last]], last + 1, context, horizon_s)
    seen = np.zeros(len(goal), bool)
    for number, d in describe(layer, model, queries, Neighbours(layer), no_progress):
        rows = np.unique(number, return_index=True)[1]  # a batch may repeat queries
        rows = rows[
            (d.kind[rows] == ContextKind.TRIP) if r in TRIPS else ContextKind.is_fleet(d.kind[rows])
        ]
        rows = rows[~seen[number[rows]]]
        if not len(rows):
            continue
        few = number[rows]
        seen[few] = True
        target = displacement(d.f, d.last[rows], layer.lon[goal[few]], layer.lat[goal[few]]).astype(
            np.float32
        )
        inputs = {k: v.astype(np.float32) for k, v in scorer_inputs(d, rows).items()}
        inputs["continuations"] = inputs["continuations"].clip(-6e4, 6e4).astype(np.float16)
        unit_m = inputs["expected"] + 5.0
        yield Examples(inputs, target, unit_m, np.ones_like(unit_m), horizon_s[few], d.kind[rows])


def _layers(
    s: Source, r: Recording, rng: np.random.Generator
) -> Iterator[tuple[Tracks, np.ndarray]]:
    """Layers of some people of a source as recorded, and rows of the fixes that have queries: with
    a past and a future, and of days those of fleets.
    """
    view = (Source(s.name, s.weight, s.exact, s.shards.folder, None) if s.validation else s).view(
        r.cadence_s, r.filled
    )
    if view is None:
        return
    user = s.shards.user[view.rows[view.start]]
    for some in layers_of(np.unique(user), Settings.layer, rng):
        kept = np.exp(rng.uniform(np.log(Settings.min_kept), 0)) if r in TRIPS else 1.0
        runs = np.flatnonzero(np.isin(user, some) & (rng.random(len(user)) < kept))
        at, run = (
            expand_ranges(view.start[runs], view.length[runs]),
            np.repeat(runs, view.length[runs]),
        )
        rows = view.rows[at]
        t = s.t[rows] if view.slot is None else view.slot[at].astype(np.int64) * 1000 * r.cadence_s
        layer = build_tracks(s.shards.user[rows], run, t, s.lon[rows], s.lat[rows])[0]
        if r.under_way:
            moved = _steps_m(layer) > Settings.under_way_m
            layer = layer.take(moved | np.append(moved[1:], False)[: len(moved)])
        if not len(layer):
            continue
        row, begin = np.arange(len(layer)), layer.track_offsets[layer.track]
        able = (row - begin >= Settings.warm_up) & (row < layer.track_offsets[layer.track + 1] - 1)
        if r not in TRIPS:
            metres, first = _steps_m(layer), np.maximum(begin, row - Context.day_fixes + 1)
            shares = (np.cumsum(steps) for steps in (metres > Context.roam_m, metres == 0))
            shares = ((steps[row] - steps[first]) / np.maximum(row - first, 1) for steps in shares)
            able &= ContextKind.is_fleet(kinds_from_shares(*shares))
        if s.validation:
            able &= s.shards.unseen[layer.user_ids.astype(int)][layer.user]
        yield layer, np.flatnonzero(able)


def _steps_m(layer: Tracks) -> np.ndarray:
    """(n,) metres from the fix before, zero where a track begins."""
    metres, step = np.zeros(len(layer)), layer.steps()
    metres[step + 1] = layer.metres_to_next(step)
    return metres


def collect_both(
    sources: list[Source], model: Model, most: int, seed: int, report: Report
) -> dict[str, Examples]:
    """Examples of trips and of days, where the sources have enough."""
    found = {}
    for name, recordings in (("trips", TRIPS), ("days", DAYS)):
        part = collect(sources, model, recordings, most // 2, seed, report)
        if part is not None and len(part) >= MIN_EXAMPLES:
            found[name] = part
    return found


def train(part: Examples, epochs: int, seed: int, report: Report) -> Scorer:
    """Train a scorer on examples of trips, or of days."""
    torch.manual_seed(seed)
    scorer, rng = Scorer(trips=part.kind[0] == ContextKind.TRIP), np.random.default_rng(seed)

    def change(some: Examples) -> Examples:
        some = mirrored(some) if rng.random() < 0.5 else some
        if rng.random() < Training.alone:
            some.inputs["continuations"][..., WEIGHT] = 0.0
        return some

    train_averaged(
        scorer, lambda some: mixture_of(scorer, some), part, epochs, Training, rng, change, report
    )
    return scorer


def mixture_of(scorer: Scorer, some: Examples) -> Mixture:
    """The mixtures of examples, in units of the error that the network expects."""
    inputs, unit = some.tensors(), torch.from_numpy(some.unit_m)
    log_weights, scales, leads_to = scorer(**inputs)
    centre = torch.cat([inputs["centre"], leads_to], dim=1) / unit[:, None, None]
    return Mixture(centre, torch.log(scales / unit[:, None]), log_weights)


def evaluate(
    scorer: Scorer, unseen: Examples
) -> tuple[dict[str, float], dict[str, dict[str, list[float]]]]:
    """What a card says of examples that trained nothing: the mean error of the points over the
    network's typical error and the negative log likelihood; and calibration tables
    (model/training/calibrate.py) by kind of context. Held records count there where they moved.

    A table from some people's trips did not hold for others, so areas of trips start at the
    mixture's own levels.
    """
    share, nll, ratio, level = judge(
        lambda some: mixture_of(scorer, some), unseen, for_areas, Training.batch
    )
    errors = {"error": round(float(share.mean()), 4), "nll": round(float(nll.mean()), 4)}
    if scorer.is_for_trips:
        plain = dict(zip(CALIBRATION_COLUMNS, ([1.0], [1.0], [0.5], [0.8]), strict=True))
        return errors, {ContextKind.TRIP.card_name: {"horizon_s": [60.0], **plain}}
    counted = (np.hypot(*unseen.target_m.T) > 1.0) | (unseen.kind != ContextKind.FLEET_HELD_DAY)
    columns = unseen.seconds[counted], ratio[counted], level[counted]
    tables = {
        ContextKind(k).card_name: table(*columns, unseen.kind[counted] == k)
        for k in np.unique(unseen.kind)
    }
    return errors, {name: own for name, own in tables.items() if own["horizon_s"]}


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command."""
    bundle = "--bundle the model whose answers it scores (default: the shipped one)"
    args = parse(
        "model.shipped.retrieval.train", __doc__, argv, SCORERS["days"].name, 200_000, 6, bundle
    )
    training, held_out = load_both(args.corpus)
    model = Model(open_bundle(args.bundle), "cpu")
    parts = collect_both(training, model, args.examples, args.seed, print_line)
    if not parts:
        raise InputError("The corpus has too few trips and days of fleets to learn from.")
    unseen = collect_both(held_out, model, args.examples // 10, args.seed, print_line)
    args.output.mkdir(parents=True, exist_ok=True)
    card = {
        "corpus": [source_name(spec) for spec in args.corpus],
        "epochs": args.epochs,
        "seed": args.seed,
        "model": model.card["name"],
        "examples": {name: len(part) for name, part in parts.items()},
        "calibration": {},
    }
    for name, part in parts.items():
        scorer = train(part, args.epochs, args.seed, print_line)
        some = take_rows(part, np.arange(min(len(part), 50)))
        export(scorer, some, args.output / SCORERS[name].name, SCORER_OUTPUTS, COMPONENTS)
        if name in unseen:
            card[name], tables = evaluate(scorer, unseen[name])
            card["calibration"] |= tables
    (args.output / SCORER_CARD.name).write_text(json.dumps(card, indent=1), "utf-8")


if __name__ == "__main__":
    sys.exit(run(main))
