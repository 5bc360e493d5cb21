# SPDX-License-Identifier: GPL-2.0-or-later
"""Train the scorers that serve every bundle: python -m model.retrieval.train --corpus S … --output DIR

A scorer weighs the network's own mixture and continuations of the layer against each other. The files that the
command writes, trips.onnx, days.onnx and card.json, belong in resources/scorer.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from model.cli import Parser, Report, check_folder, from_zero, positive, print_line, run
from model.data.corpus import Source, load_both, source_name
from model.network.raw import Mixture, nll, spatial_median
from model.retrieval.averaged import AveragedTraining, train_averaged
from model.retrieval.examples import DAYS, TRIPS, Examples, collect
from model.retrieval.scorer import Scorer, scored_mixture
from model.training.calibrate import table
from model.training.onnx_export import export_graph, largest_difference, run_file
from raw_qgis_plugin.core.arrays import take_rows
from raw_qgis_plugin.core.bundle.bundle import open_bundle
from raw_qgis_plugin.core.bundle.contract import CALIBRATION_COLUMNS, SCORER_INPUTS, SCORER_OUTPUTS
from raw_qgis_plugin.core.bundle.runtime import Model
from raw_qgis_plugin.core.errors import InputError
from raw_qgis_plugin.core.features.featurizer import N_QUERY
from raw_qgis_plugin.core.forecasting import mixture as arrays
from raw_qgis_plugin.core.forecasting.areas import nonconformity
from raw_qgis_plugin.core.forecasting.context import ContextKind
from raw_qgis_plugin.core.forecasting.neighbours import WEIGHT
from raw_qgis_plugin.core.forecasting.predict import for_areas
from raw_qgis_plugin.core.paths import SCORER_CARD, SCORERS


@dataclass(frozen=True)
class ScorerTraining(AveragedTraining):
    """How the scorer is trained."""

    min_examples: int = 200
    trips: float = 0.5  # share of the examples


SETTINGS = ScorerTraining()


def collect_both(sources: list[Source], model: Model, most: int, seed: int, report: Report) -> dict[str, Examples]:
    """Examples of trips and of days, where the sources have enough."""
    found = {}
    for name, recordings, share in (("trips", TRIPS, SETTINGS.trips), ("days", DAYS, 1 - SETTINGS.trips)):
        part = collect(sources, model, recordings, int(most * share), seed, report)
        if part is not None and len(part) >= SETTINGS.min_examples:
            found[name] = part
    return found


def train(part: Examples, epochs: int, seed: int, report: Report) -> Scorer:
    """Train a scorer on examples of trips, or of days."""
    torch.manual_seed(seed)
    scorer, rng = Scorer(part.trips), np.random.default_rng(seed)

    def loss_of(rows: np.ndarray) -> Tensor:
        some = take_rows(part, rows)
        some = some.mirrored() if rng.random() < 0.5 else some
        if rng.random() < SETTINGS.alone:
            some.inputs["continuations"][..., WEIGHT] = 0.0
        mix, target, unit = _mixture(scorer, some)
        off = torch.linalg.vector_norm(spatial_median(mix) - target + 1e-6, dim=-1) * unit
        return (off / torch.from_numpy(some.typical_m)).mean() + SETTINGS.likelihood * nll(mix, target).mean()

    train_averaged(scorer, len(part), epochs, SETTINGS, rng, loss_of, report)
    return scorer.eval()


def _mixture(scorer: Scorer, some: Examples) -> tuple[Mixture, Tensor, Tensor]:
    """The mixtures of examples and where the tracks were, in units (m,) of the error that the network expects."""
    inputs = {name: torch.from_numpy(np.asarray(some.inputs[name], np.float32)) for name in SCORER_INPUTS}
    unit = inputs["expected"] + 5.0
    return scored_mixture(inputs, scorer(**inputs), unit), torch.from_numpy(some.target_m) / unit[:, None], unit


@torch.no_grad()
def evaluate(scorer: Scorer, unseen: Examples) -> tuple[dict[str, float], dict[str, dict[str, list[float]]]]:
    """What a card says of examples that trained nothing: the mean error of the points over the network's typical error
    and the negative log likelihood; and calibration tables (model/training/calibrate.py) by kind of context. Held
    records count there where they moved.

    A table from some people's trips did not hold for others, so areas of trips start at the mixture's own levels.
    """
    found = []
    for rows in np.array_split(np.arange(len(unseen)), -(-len(unseen) // SETTINGS.batch)):
        some = take_rows(unseen, rows)
        mix, target, unit = _mixture(scorer, some)
        off = torch.linalg.vector_norm(spatial_median(mix) - target, dim=-1) * unit
        unit_m = unit.numpy().astype(np.float64)
        centre, logit = mix.centre.numpy() * unit_m[:, None, None], mix.log_weight.numpy().astype(np.float64)
        mixture = arrays.from_logits(centre, mix.log_scale.numpy(), logit, unit_m)
        ratio, level = nonconformity(for_areas(some.kind, mixture), arrays.spatial_median(mixture), some.target_m)
        found.append((off.numpy() / some.typical_m, nll(mix, target).numpy(), ratio.T, level))
    share, likelihood, ratio, level = (np.concatenate(columns) for columns in zip(*found, strict=True))
    errors = {"error": round(float(share.mean()), 4), "nll": round(float(likelihood.mean()), 4)}
    if unseen.trips:
        plain = dict(zip(CALIBRATION_COLUMNS, ([1.0], [1.0], [0.5], [0.8]), strict=True))
        return errors, {ContextKind.TRIP.card_name: {"horizon_s": [60.0], **plain}}
    counted = (np.hypot(*unseen.target_m.T) > 1.0) | (unseen.kind != ContextKind.FLEET_HELD_DAY)
    tables = {}
    for kind in np.unique(unseen.kind):
        own = table(unseen.horizon_s[counted], ratio[counted], level[counted], unseen.kind[counted] == kind)
        if own["horizon_s"]:
            tables[ContextKind(kind).card_name] = own
    return errors, tables


def export(scorer: Scorer, path: Path) -> None:
    """Write the scorer as ONNX and compare it with PyTorch's answers. RawError where they differ."""
    g = torch.Generator().manual_seed(0)
    m, c, n = 3, 7, 5
    inputs = {
        "query": torch.randn(m, N_QUERY, generator=g),
        "centre": 100 * torch.randn(m, c, 2, generator=g), "scale": 50 * torch.rand(m, c, generator=g) + 1,
        "log_weight": torch.log_softmax(torch.randn(m, c, generator=g), -1),
        "expected": 100 * torch.rand(m, generator=g),
        "continuations": torch.rand(m, n, 12, generator=g), "near": 100 * torch.rand(m, 2, generator=g) + 1,
    }  # fmt: skip
    queries, components, continuations = (torch.export.Dim(name, min=1) for name in ("m", "c", "n"))
    dynamic: dict = {name: {0: queries} for name in inputs}
    dynamic |= {name: {0: queries, 1: components} for name in ("centre", "scale", "log_weight")}
    dynamic["continuations"] = {0: queries, 1: continuations}
    export_graph(scorer, inputs, path, list(SCORER_OUTPUTS), dynamic)
    largest_difference(scorer, run_file(path), inputs)


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command."""
    p = Parser(
        "python -m model.retrieval.train", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    p.add_argument("--bundle", metavar="B", help="the model whose answers it scores (default: the shipped one)")
    p.add_argument("--corpus", required=True, nargs="+", metavar="S", help="tracks to learn from, as of model.pretrain")
    p.add_argument("--output", required=True, type=Path, metavar="DIR", help="folder for the scorers and card.json")
    p.add_argument("--examples", type=positive, default=200_000, metavar="N", help="4 kB of memory each (200000)")
    p.add_argument("--epochs", type=positive, default=6, metavar="N", help="passes over the examples (default 6)")
    p.add_argument("--seed", type=from_zero, default=0, metavar="S", help="of what is drawn (default %(default)s)")
    args = p.parse_args(argv)
    check_folder(args.output, SCORERS["days"].name)
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
        export(scorer, args.output / SCORERS[name].name)
        if name in unseen:
            errors, tables = evaluate(scorer, unseen[name])
            card[name] = errors
            card["calibration"] |= tables
    (args.output / SCORER_CARD.name).write_text(json.dumps(card, indent=1), "utf-8")


if __name__ == "__main__":
    sys.exit(run(main))
