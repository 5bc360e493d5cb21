# SPDX-License-Identifier: GPL-2.0-or-later
"""Train the scorers that serve every bundle: python -m model.retrieval.train --corpus S … --output DIR

A scorer weighs the network's own mixture and continuations of the layer against each other. The files that the
command writes, trips.onnx, days.onnx and card.json, belong in resources/scorer.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence

import numpy as np
import torch

from model.cli import Report, print_line, run
from model.data.corpus import Source, load_both, source_name
from model.network.raw import Mixture
from model.retrieval.averaged import AveragedTraining, Examples, export, judge, parse, train_averaged
from model.retrieval.examples import DAYS, TRIPS, collect, mirrored
from model.retrieval.scorer import Scorer
from model.training.calibrate import table
from raw_qgis_plugin.core.arrays import take_rows
from raw_qgis_plugin.core.bundle.bundle import open_bundle
from raw_qgis_plugin.core.bundle.contract import CALIBRATION_COLUMNS, SCORER_OUTPUTS
from raw_qgis_plugin.core.bundle.runtime import Model
from raw_qgis_plugin.core.errors import InputError
from raw_qgis_plugin.core.forecasting.context import ContextKind
from raw_qgis_plugin.core.forecasting.neighbours import WEIGHT
from raw_qgis_plugin.core.forecasting.predict import for_areas
from raw_qgis_plugin.core.paths import SCORER_CARD, SCORERS

SETTINGS = AveragedTraining()
MIN_EXAMPLES = 200
COMPONENTS = dict.fromkeys(("centre", "scale", "log_weight"), "c") | {"continuations": "n"}  # axes of the inputs


def collect_both(sources: list[Source], model: Model, most: int, seed: int, report: Report) -> dict[str, Examples]:
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
        if rng.random() < SETTINGS.alone:
            some.inputs["continuations"][..., WEIGHT] = 0.0
        return some

    train_averaged(scorer, lambda some: mixture_of(scorer, some), part, epochs, SETTINGS, rng, change, report)
    return scorer


def mixture_of(scorer: Scorer, some: Examples) -> Mixture:
    """The mixtures of examples, in units of the error that the network expects."""
    inputs, unit = some.tensors(), torch.from_numpy(some.unit_m)
    log_weights, scales, leads_to = scorer(**inputs)
    centre = torch.cat([inputs["centre"], leads_to], dim=1) / unit[:, None, None]
    return Mixture(centre, torch.log(scales / unit[:, None]), log_weights)


def evaluate(scorer: Scorer, unseen: Examples) -> tuple[dict[str, float], dict[str, dict[str, list[float]]]]:
    """What a card says of examples that trained nothing: the mean error of the points over the network's typical error
    and the negative log likelihood; and calibration tables (model/training/calibrate.py) by kind of context. Held
    records count there where they moved.

    A table from some people's trips did not hold for others, so areas of trips start at the mixture's own levels.
    """
    share, nll, ratio, level = judge(lambda some: mixture_of(scorer, some), unseen, for_areas, SETTINGS.batch)
    errors = {"error": round(float(share.mean()), 4), "nll": round(float(nll.mean()), 4)}
    if scorer.is_for_trips:
        plain = dict(zip(CALIBRATION_COLUMNS, ([1.0], [1.0], [0.5], [0.8]), strict=True))
        return errors, {ContextKind.TRIP.card_name: {"horizon_s": [60.0], **plain}}
    counted = (np.hypot(*unseen.target_m.T) > 1.0) | (unseen.kind != ContextKind.FLEET_HELD_DAY)
    columns = unseen.seconds[counted], ratio[counted], level[counted]
    tables = {ContextKind(k).card_name: table(*columns, unseen.kind[counted] == k) for k in np.unique(unseen.kind)}
    return errors, {name: own for name, own in tables.items() if own["horizon_s"]}


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command."""
    bundle = "--bundle the model whose answers it scores (default: the shipped one)"
    args = parse("model.retrieval.train", __doc__, argv, SCORERS["days"].name, 200_000, 6, bundle)
    training, held_out = load_both(args.corpus)
    model = Model(open_bundle(args.bundle), "cpu")
    parts = collect_both(training, model, args.examples, args.seed, print_line)
    if not parts:
        raise InputError("The corpus has too few trips and days of fleets to learn from.")
    unseen = collect_both(held_out, model, args.examples // 10, args.seed, print_line)
    args.output.mkdir(parents=True, exist_ok=True)
    card = {
        "corpus": [source_name(spec) for spec in args.corpus], "epochs": args.epochs, "seed": args.seed,
        "model": model.card["name"], "examples": {name: len(part) for name, part in parts.items()}, "calibration": {},
    }  # fmt: skip
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
