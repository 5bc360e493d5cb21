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
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import product

import numpy as np
import torch
from numpy.random import Generator

from model.cli import Argv, Report, print_line, run
from model.data.corpus import Source, load_both, source_name
from model.network.raw import Mixture
from model.shipped.retrieval.averaged import (
    Examples,
    Training,
    export,
    judge,
    parse,
    train_averaged,
)
from model.shipped.retrieval.layers import (
    DAYS,
    STEPS_AHEAD,
    TRIPS,
    Recording,
    Settings,
    layers_with_queries,
)
from model.shipped.retrieval.scorer import Scorer
from model.training.calibrate import table
from raw_qgis_plugin.core.arrays import Array, join_rows, take_rows
from raw_qgis_plugin.core.bundle.bundle import open_bundle
from raw_qgis_plugin.core.bundle.contract import CALIBRATION_COLUMNS, SCORER_OUTPUTS
from raw_qgis_plugin.core.bundle.runtime import Model
from raw_qgis_plugin.core.errors import InputError, no_progress
from raw_qgis_plugin.core.features.featurizer import LATERAL_QUERY, displacement
from raw_qgis_plugin.core.forecasting.areas import for_areas
from raw_qgis_plugin.core.forecasting.context import ContextKind, ContextQueries
from raw_qgis_plugin.core.forecasting.neighbours import N_VECTORS, WEIGHT, Neighbours
from raw_qgis_plugin.core.forecasting.scoring import Described, describe, scorer_inputs
from raw_qgis_plugin.core.paths import SCORER_CARD, SCORERS
from raw_qgis_plugin.core.tracks import Tracks

MIN_EXAMPLES = 200
# axes of the inputs
COMPONENTS = dict.fromkeys(("centre", "scale", "log_weight"), "c") | {"continuations": "n"}


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
        wanted = int(most * s.weight * r.share / total)
        own = _of_source(s, r, model, wanted, rng)

        count = sum(map(len, own))
        report({"source": s.name, **r._asdict(), "examples": min(count, wanted)})

        if count:
            kept = np.sort(rng.permutation(count)[:wanted])
            some = take_rows(join_rows(own), kept)
            found.append(replace(some, typical_m=_typical_m(some, r.cadence_s)))

    return join_rows(found) if found else None


def _of_source(
    s: Source, r: Recording, model: Model, wanted: int, rng: Generator
) -> list[Examples]:
    """The wanted number of examples of a source or some more, in several passes over its people."""
    own: list[Examples] = []
    count = 0

    for _ in range(Settings.passes):
        for layer, able in layers_with_queries(s, r, rng):
            if count >= wanted:
                return own

            own += _of_layer(layer, able, model, r, wanted - count, rng)
            count = sum(map(len, own))

    return own


def _typical_m(some: Examples, cadence_s: int) -> Array:
    """(m,) the network's mean error in the same source and recording, about as far ahead."""
    steps = some.seconds / cadence_s
    octave = np.maximum(np.round(np.log2(steps)), 0).astype(int)
    total = np.bincount(octave, some.inputs["expected"])
    mean = total / np.maximum(np.bincount(octave), 1)

    return np.maximum(mean[octave], 1.0)


@dataclass(frozen=True)
class Asked:
    """Queries about a layer, and where the tracks were then."""

    queries: ContextQueries
    goal: Array  # (q,) rows of the layer


def _ask(layer: Tracks, last: Array, r: Recording, rng: Generator) -> Asked:
    """Queries after fixes (k,) of a layer, some steps ahead, where there is a fix at about that
    time.
    """
    every = np.tile(STEPS_AHEAD[r in TRIPS], (len(last), 1))
    steps = rng.permuted(every, axis=1)[:, : Settings.horizons]
    wanted = layer.t[last, None] + 1000 * r.cadence_s * steps
    track = np.broadcast_to(layer.track[last, None], steps.shape)
    goal = layer.before(track, wanted + 1) - 1
    near = wanted - layer.t[goal] < 500 * r.cadence_s
    row, column = np.nonzero(near & (goal > last[:, None]))
    goal = goal[row, column]

    used, context = np.unique(row, return_inverse=True)
    last = last[used]
    horizon_ms = layer.t[goal] - layer.t[last[context]]
    begin = layer.track_offsets[layer.track[last]]

    queries = ContextQueries(begin, last + 1, context, horizon_ms / 1000.0)
    return Asked(queries, goal)


def _of_layer(
    layer: Tracks, able: Array, model: Model, r: Recording, most: int, rng: Generator
) -> Iterator[Examples]:
    """Examples of some of the rows of a layer that have queries."""
    contexts = min(Settings.contexts, -(-most // Settings.horizons))
    last = np.sort(rng.permutation(able)[:contexts])
    asked = _ask(layer, last, r, rng)
    seen = np.zeros(len(asked.goal), bool)

    for number, d in describe(layer, model, asked.queries, Neighbours(layer), no_progress):
        rows = np.unique(number, return_index=True)[1]  # a batch may repeat queries
        kind = d.kind[rows]
        wanted = kind == ContextKind.TRIP if r in TRIPS else ContextKind.is_fleet(kind)
        rows = rows[wanted & ~seen[number[rows]]]

        if len(rows):
            few = number[rows]
            seen[few] = True
            goal = asked.goal[few]
            yield _examples(d, rows, layer, goal, asked.queries.horizon_s[few])


def _examples(d: Described, rows: Array, layer: Tracks, goal: Array, horizon_s: Array) -> Examples:
    """Examples of described queries, rows (k,), whose truth lies in rows goal (k,) of a layer."""
    inputs = {name: v.astype(np.float32) for name, v in scorer_inputs(d, rows).items()}
    continuations = inputs["continuations"].clip(-6e4, 6e4)
    inputs["continuations"] = continuations.astype(np.float16)
    target = displacement(d.f, d.last[rows], layer.lon[goal], layer.lat[goal])
    target = target.astype(np.float32)

    unit_m = inputs["expected"] + 5.0
    one = np.ones_like(unit_m)

    return Examples(inputs, target, unit_m, one, horizon_s, d.kind[rows])


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
    scorer = Scorer(trips=part.kind[0] == ContextKind.TRIP)
    rng = np.random.default_rng(seed)

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
    inputs = some.tensors()
    unit = torch.from_numpy(some.unit_m)
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
    judged = judge(lambda some: mixture_of(scorer, some), unseen, for_areas, Training.batch)
    errors = {
        "error": round(float(judged.error.mean()), 4),
        "nll": round(float(judged.nll.mean()), 4),
    }

    if scorer.is_for_trips:
        plain = dict(zip(CALIBRATION_COLUMNS, ([1.0], [1.0], [0.5], [0.8]), strict=True))
        return errors, {ContextKind.TRIP.card_name: {"horizon_s": [60.0], **plain}}

    moved = np.hypot(*unseen.target_m.T) > 1.0
    counted = moved | (unseen.kind != ContextKind.FLEET_HELD_DAY)
    tables = {}

    for kind in np.unique(unseen.kind):
        of_kind = unseen.kind[counted] == kind
        own = table(unseen.seconds[counted], judged.ratio[counted], judged.level[counted], of_kind)

        if own["horizon_s"]:
            tables[ContextKind(kind).card_name] = own

    return errors, tables


def main(argv: Argv = None) -> None:
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
