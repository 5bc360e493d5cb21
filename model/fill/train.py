# SPDX-License-Identifier: GPL-2.0-or-later
"""Train the gap imputer, which predicts where tracks were in gaps: python -m model.fill.train --corpus S … --output DIR

The files that it writes, bridge.onnx and card.json, belong in resources/bridge.
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
from torch import Tensor, nn

from model.cli import Parser, check_folder, from_zero, positive, print_line, run
from model.data.corpus import load_both, source_name
from model.fill.examples import Examples, collect
from model.network.raw import Mixture, nll, spatial_median
from model.retrieval.averaged import AveragedTraining, train_averaged
from model.training.calibrate import table
from model.training.onnx_export import export_graph, largest_difference, run_file
from raw_qgis_plugin.core.arrays import take_rows
from raw_qgis_plugin.core.forecasting import mixture as arrays
from raw_qgis_plugin.core.forecasting.areas import nonconformity
from raw_qgis_plugin.core.gaps.fill import SETTINGS as FILL
from raw_qgis_plugin.core.gaps.imputer import SIMPLE
from raw_qgis_plugin.core.paths import IMPUTER, IMPUTER_CARD


@dataclass(frozen=True)
class ImputerTraining(AveragedTraining):
    """The network, and how it is trained."""

    width: int = 64
    free: int = 3  # free components
    offset: float = 0.15  # in units, by which a candidate may be moved in the middle of the gap
    log_scale: tuple[float, float] = (-2.5, -1.5)  # of candidates and of free components, in units, untrained
    log_scales: tuple[float, float] = (-7.0, 1.5)  # limits
    gate: float = 2.0  # logit of the share by which movements are moved onto the ends, untrained
    batch: int = 512
    learning_rate: float = 2e-3


SETTINGS = ImputerTraining()


class Imputer(nn.Module):
    """The features of core/gaps/imputer.py in, the mixture in units out."""

    def __init__(self, n_gap: int, n_each: int) -> None:
        super().__init__()
        width = SETTINGS.width

        def two(outputs: int) -> nn.Sequential:
            return nn.Sequential(nn.SiLU(), nn.Linear(width, width), nn.SiLU(), nn.Linear(width, outputs))

        self.gap = nn.Sequential(nn.Linear(n_gap, width), nn.SiLU(), nn.Linear(width, width))
        self.each, self.out, self.free = nn.Linear(n_each, width), two(6), two(4 * SETTINGS.free)
        nn.init.zeros_(self.out[-1].weight)  # type: ignore[arg-type]
        nn.init.zeros_(self.out[-1].bias)  # type: ignore[arg-type]

    def forward(self, gap: Tensor, centre: Tensor, warp: Tensor, each: Tensor, exists: Tensor, bump: Tensor) -> Mixture:
        """The mixtures of described queries, in units."""
        query, s, bump = self.gap(gap), SETTINGS, bump[:, None]
        out = self.out(self.each(each) + query[:, None])
        free = self.free(query).unflatten(-1, (s.free, 4))
        gate = torch.sigmoid(out[..., 2:4] + s.gate)
        moved = centre + (gate[..., None] * warp).sum(-2) + s.offset * bump[..., None] * torch.tanh(out[..., 4:6])
        places = torch.cat([moved, centre[:, :1] + bump[..., None] * free[..., :2]], 1)
        log_scale = torch.cat([out[..., 1] + s.log_scale[0], free[..., 2] + s.log_scale[1]], 1)
        logit = torch.cat([out[..., 0].masked_fill(~exists, -1e4), free[..., 3]], 1)
        return Mixture(places, log_scale.clamp(*s.log_scales) + bump.log(), torch.log_softmax(logit, -1))


def train(examples: Examples, epochs: int, seed: int) -> Imputer:
    """Train an imputer."""
    torch.manual_seed(seed)
    s, rng = SETTINGS, np.random.default_rng(seed)
    imputer = Imputer(examples.described.gap.shape[1], examples.described.each.shape[2])

    def loss_of(rows: np.ndarray) -> Tensor:
        some = take_rows(examples, rows)
        if rng.random() < s.alone:
            some.described.exists[:, len(SIMPLE) :] = False
        mix, target = imputer(**inputs_of(some)), torch.from_numpy(some.target)
        off = torch.linalg.vector_norm(spatial_median(mix) - target + 1e-6, dim=-1)
        return (off * torch.from_numpy(some.unit_m * some.weight)).mean() + s.likelihood * nll(mix, target).mean()

    train_averaged(imputer, len(examples), epochs, s, rng, loss_of, print_line)
    return imputer.eval()


def inputs_of(some: Examples) -> dict[str, Tensor]:
    """The inputs of the network."""
    return {name: torch.from_numpy(values) for name, values in vars(some.described).items()}


@torch.no_grad()
def evaluate(imputer: Imputer, unseen: Examples) -> tuple[float, dict[str, list[float]]]:
    """Of gaps of people unseen: the mean error over that of the best simple method of each layer and length, and the
    factors of radii and the levels of areas at which they hold 50 and 80 %, by length.
    """
    mix = imputer(**inputs_of(unseen))
    off = torch.linalg.vector_norm(spatial_median(mix) - torch.from_numpy(unseen.target), dim=-1).numpy()
    centre, log_scale, log_weight = (a.numpy().astype(np.float64) for a in mix)
    m = arrays.Mixture(centre, np.exp(log_scale), np.exp(log_weight))
    point = arrays.spatial_median(m, 1e-5)
    ratio, level = nonconformity(m.condensed(FILL.components), point, unseen.target)
    found = table(unseen.seconds, ratio.T, level, np.ones(len(unseen), bool))
    return float((off * unseen.unit_m * unseen.weight).mean()), {"seconds": found.pop("horizon_s"), **found}


def export(imputer: Imputer, some: Examples, path: Path) -> None:
    """Write the imputer as ONNX and compare it with PyTorch on some examples. RawError where they differ."""
    inputs, queries = inputs_of(some), torch.export.Dim("m", min=1)
    candidates = torch.export.Dim("c", min=1)
    dynamic: dict = {name: {0: queries} for name in inputs}
    dynamic |= {name: {0: queries, 1: candidates} for name in ("centre", "warp", "each", "exists")}
    export_graph(imputer, inputs, path, ["places", "log_scale", "log_weight"], dynamic)
    largest_difference(imputer, run_file(path), inputs)


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command."""
    p = Parser("python -m model.fill.train", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--corpus", required=True, nargs="+", metavar="S", help="tracks to learn from, as of model.pretrain")
    p.add_argument("--examples", type=positive, default=120_000, metavar="N", help="hidden gaps (default %(default)s)")
    p.add_argument("--epochs", type=positive, default=10, metavar="N", help="passes over them (default %(default)s)")
    p.add_argument("--seed", type=from_zero, default=0, metavar="S", help="of what is drawn (default %(default)s)")
    p.add_argument("--output", required=True, type=Path, metavar="DIR", help=f"folder for {IMPUTER.name} and card.json")
    args = p.parse_args(argv)
    check_folder(args.output, IMPUTER.name)
    training, held_out = load_both(args.corpus)
    unseen = collect(held_out, args.examples // 5, args.seed, print_line)  # first: perhaps nobody is held out
    examples = collect(training, args.examples, args.seed, print_line)
    imputer = train(examples, args.epochs, args.seed)
    args.output.mkdir(parents=True, exist_ok=True)
    export(imputer, take_rows(unseen, np.arange(min(len(unseen), 50))), args.output / IMPUTER.name)
    error, tables = evaluate(imputer, unseen)
    card = {
        "corpus": [source_name(spec) for spec in args.corpus], "examples": len(examples), "epochs": args.epochs,
        "seed": args.seed, "unseen": len(unseen), "error over the best simple one": error, "calibration": tables,
    }  # fmt: skip
    (args.output / IMPUTER_CARD.name).write_text(json.dumps(card, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    sys.exit(run(main))
