# SPDX-License-Identifier: GPL-2.0-or-later
"""Train the gap imputer, which predicts where tracks were in gaps: python -m model.fill.train --corpus S … --output DIR

The files that it writes, bridge.onnx and card.json, belong in resources/bridge.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from model.cli import print_line, run
from model.data.corpus import load_both, source_name
from model.fill.examples import collect
from model.network.raw import Mixture
from model.retrieval.averaged import AveragedTraining, Examples, export, judge, parse, train_averaged
from model.training.calibrate import table
from raw_qgis_plugin.core.arrays import take_rows
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
    rng = np.random.default_rng(seed)
    imputer = Imputer(examples.inputs["gap"].shape[1], examples.inputs["each"].shape[2])

    def change(some: Examples) -> Examples:
        if rng.random() < SETTINGS.alone:
            some.inputs["exists"][:, len(SIMPLE) :] = False
        return some

    train_averaged(imputer, lambda some: imputer(**some.tensors()), examples, epochs, SETTINGS, rng, change, print_line)
    return imputer


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command."""
    args = parse("model.fill.train", __doc__, argv, IMPUTER.name, 120_000, 10)
    training, held_out = load_both(args.corpus)
    unseen = collect(held_out, args.examples // 5, args.seed, print_line)  # first: perhaps nobody is held out
    examples = collect(training, args.examples, args.seed, print_line)
    imputer = train(examples, args.epochs, args.seed)
    args.output.mkdir(parents=True, exist_ok=True)
    some, outputs = take_rows(unseen, np.arange(min(len(unseen), 50))), ("places", "log_scale", "log_weight")
    export(imputer, some, args.output / IMPUTER.name, outputs, dict.fromkeys(("centre", "warp", "each", "exists"), "c"))
    # The error over that of the best simple method of each layer and length, and at what levels areas hold their share
    error, _, ratio, level = judge(
        lambda some: imputer(**some.tensors()), unseen, lambda _, m: m.condensed(FILL.components), SETTINGS.batch
    )
    found = table(unseen.seconds, ratio, level, np.ones(len(unseen), bool))
    card = {
        "corpus": [source_name(spec) for spec in args.corpus], "examples": len(examples), "epochs": args.epochs,
        "seed": args.seed, "unseen": len(unseen), "error over the best simple one": float(error.mean()),
        "calibration": {"seconds": found.pop("horizon_s"), **found},
    }  # fmt: skip
    (args.output / IMPUTER_CARD.name).write_text(json.dumps(card, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    sys.exit(run(main))
