# SPDX-License-Identifier: GPL-2.0-or-later
"""Train the gap imputer, which predicts where tracks were in gaps.

    python -m model.shipped.fill.train --corpus S … --output DIR

Gaps are hidden in tracks. The core itself finds movements and describes the queries, so that the
imputer is trained on what it will be given. The files that the command writes, bridge.onnx and
card.json, belong in resources/bridge.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator

import numpy as np
import torch
from numpy.random import Generator
from torch import Tensor, nn

from model.cli import Argv, Report, print_line, run
from model.data.corpus import Source, load_both, source_name
from model.network.raw import Mixture
from model.shipped.fill.hidden import Hidden, Settings, hide
from model.shipped.retrieval.averaged import (
    Examples,
    Training,
    export,
    judge,
    layers_of,
    parse,
    train_averaged,
)
from model.training.calibrate import table
from raw_qgis_plugin.core.arrays import join_rows, run_starts, take_rows
from raw_qgis_plugin.core.cleaning import build_tracks
from raw_qgis_plugin.core.errors import InputError
from raw_qgis_plugin.core.features.sequences import into_frame
from raw_qgis_plugin.core.gaps.ends import ends_of
from raw_qgis_plugin.core.gaps.fill import Settings as Fill
from raw_qgis_plugin.core.gaps.imputer import describe
from raw_qgis_plugin.core.gaps.movements import Movements
from raw_qgis_plugin.core.gaps.simple import SIMPLE
from raw_qgis_plugin.core.geodesy import offset_m
from raw_qgis_plugin.core.paths import IMPUTER, IMPUTER_CARD
from raw_qgis_plugin.core.tracks import Tracks

# methods that errors are compared with
BASELINES = [SIMPLE.index(name) for name in ("line", "curve", "first end")]


class ImputerTraining(Training):
    """The network, and how it is trained."""

    width: int = 64
    free: int = 3  # free components
    offset: float = 0.15  # in units, by which a candidate may be moved in the middle of the gap
    # of candidates and of free components, in units, untrained
    log_scale: tuple[float, float] = (-2.5, -1.5)
    log_scales: tuple[float, float] = (-7.0, 1.5)  # limits
    gate: float = 2.0  # logit of the share by which movements are moved onto the ends, untrained
    batch: int = 512
    learning_rate: float = 2e-3


def examples_of(hidden: Hidden) -> Examples:
    """Examples whose errors count so that those of the best simple method average one."""
    ends = ends_of(hidden.gaps)
    movements = Movements(hidden.gaps.tracks)
    between = movements.between(hidden.gaps)
    inputs = describe(hidden.gaps, ends, movements, between, hidden.share)

    offset = offset_m(hidden.lon, hidden.lat, ends.lon, ends.lat)
    target = into_frame(offset, ends.heading)

    # The answers of simple methods
    answers_m = inputs["centre"][:, BASELINES] * ends.unit_m[:, None, None]
    off_m = answers_m - target[:, None]
    mean_m = np.linalg.norm(off_m, axis=-1).mean(axis=0)
    best_m = max(mean_m.min(), 1.0)

    n = len(target)
    unit_m = ends.unit_m.astype(np.float32)
    typical_m = np.full(n, best_m)

    return Examples(inputs, target, unit_m, typical_m, ends.seconds, kind=np.zeros(n, int))


def collect(sources: list[Source], most: int, seed: int, report: Report) -> Examples:
    """About `most` examples of sources, by the sources' weights. Raises InputError if there are
    none.
    """
    found: list[Examples] = []
    total = sum(s.weight for s in sources)

    for number, s in enumerate(sources):
        rng = np.random.default_rng([seed, number])
        wanted = int(most * s.weight / total)
        own = _of_source(s, wanted, rng)
        count = sum(map(len, own))
        report({"source": s.name, "examples": min(count, wanted)})

        if own:  # the last layer may have brought too many; some of each length are dropped
            kept = np.sort(rng.permutation(count)[:wanted])
            found.append(take_rows(join_rows(own), kept))

    if not found:
        people = "to learn from" if any(not s.validation for s in sources) else "held apart"
        minutes = [seconds / 60 for seconds in Settings.lengths_s]
        lengths = f"{min(minutes):g} to {max(minutes):g} minutes"
        raise InputError(
            f"The corpus has no fixes of people {people} in which gaps of {lengths} could be "
            "hidden."
        )

    return join_rows(found)


def _of_source(s: Source, wanted: int, rng: Generator) -> list[Examples]:
    """The wanted number of examples of a source, or some more."""
    own: list[Examples] = []
    for layer in _layers(s, rng):
        for length_s in Settings.lengths_s:
            seconds = length_s * np.exp(rng.uniform(-Settings.vary, Settings.vary))
            drawn = int(rng.integers(2**31))
            hidden = hide(layer, seconds, Settings.per_user, wanted, drawn, Settings.anywhere)

            if len(hidden.t):
                own.append(examples_of(hidden))

        if sum(map(len, own)) >= wanted:
            break

    return own


def _layers(s: Source, rng: Generator) -> Iterator[Tracks]:
    """Layers of some people of a source, one track each, as recorded or thinned."""
    wanted = np.flatnonzero(s.shards.unseen == s.validation)
    for _ in range(Settings.passes):
        for some in layers_of(wanted, Settings.layer, rng):
            rows = np.flatnonzero(np.isin(s.shards.user, some))
            user = s.shards.user[rows]
            layer = build_tracks(user, None, s.t[rows], s.lon[rows], s.lat[rows])[0]
            cadence_s = int(rng.choice(Settings.cadences_s))
            bins = layer.t // (1000 * cadence_s)
            layer = layer.take(run_starts(layer.track, bins))

            if len(layer) > 1:
                yield layer


def _two(width: int, outputs: int) -> nn.Sequential:
    """Two layers after an activation."""
    return nn.Sequential(nn.SiLU(), nn.Linear(width, width), nn.SiLU(), nn.Linear(width, outputs))


class Imputer(nn.Module):
    """The features of core/gaps/imputer.py in, the mixture in units out."""

    def __init__(self, n_gap: int, n_each: int) -> None:
        super().__init__()
        width = ImputerTraining.width
        self.gap = nn.Sequential(nn.Linear(n_gap, width), nn.SiLU(), nn.Linear(width, width))
        self.each = nn.Linear(n_each, width)
        self.out = _two(width, 6)
        self.free = _two(width, 4 * ImputerTraining.free)
        nn.init.zeros_(self.out[-1].weight)  # type: ignore[arg-type]
        nn.init.zeros_(self.out[-1].bias)  # type: ignore[arg-type]

    def forward(
        self, gap: Tensor, centre: Tensor, warp: Tensor, each: Tensor, exists: Tensor, bump: Tensor
    ) -> Mixture:
        """The mixtures of described queries, in units."""
        s = ImputerTraining
        bump = bump[:, None]
        query = self.gap(gap)
        out = self.out(self.each(each) + query[:, None])
        free = self.free(query)
        free = free.unflatten(-1, (s.free, 4))

        gate = torch.sigmoid(out[..., 2:4] + s.gate)
        turn = torch.tanh(out[..., 4:6])
        offset = s.offset * bump[..., None] * turn
        moved = centre + (gate[..., None] * warp).sum(-2) + offset
        anywhere = centre[:, :1] + bump[..., None] * free[..., :2]
        places = torch.cat([moved, anywhere], 1)

        each_scale, free_scale = s.log_scale
        log_scale = torch.cat([out[..., 1] + each_scale, free[..., 2] + free_scale], 1)
        log_scale = log_scale.clamp(*s.log_scales)
        log_scale = log_scale + bump.log()

        logit = out[..., 0].masked_fill(~exists, -1e4)
        logit = torch.cat([logit, free[..., 3]], 1)

        return Mixture(places, log_scale, torch.log_softmax(logit, -1))


def train(examples: Examples, epochs: int, seed: int) -> Imputer:
    """Train an imputer."""
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    imputer = Imputer(examples.inputs["gap"].shape[1], examples.inputs["each"].shape[2])

    def change(some: Examples) -> Examples:
        if rng.random() < ImputerTraining.alone:
            some.inputs["exists"][:, len(SIMPLE) :] = False
        return some

    train_averaged(
        imputer,
        lambda some: imputer(**some.tensors()),
        examples,
        epochs,
        ImputerTraining,
        rng,
        change,
        print_line,
    )

    return imputer


def main(argv: Argv = None) -> None:
    """Run the command."""
    args = parse("model.shipped.fill.train", __doc__, argv, IMPUTER.name, 120_000, 10)
    training, held_out = load_both(args.corpus)
    # first: perhaps nobody is held out
    unseen = collect(held_out, args.examples // 5, args.seed, print_line)
    examples = collect(training, args.examples, args.seed, print_line)
    imputer = train(examples, args.epochs, args.seed)

    args.output.mkdir(parents=True, exist_ok=True)
    some = take_rows(unseen, np.arange(min(len(unseen), 50)))
    outputs = ("places", "log_scale", "log_weight")
    axes = dict.fromkeys(("centre", "warp", "each", "exists"), "c")
    export(imputer, some, args.output / IMPUTER.name, outputs, axes)

    # The error over that of the best simple method of each layer and length, and at what levels
    # areas hold their share
    judged = judge(
        lambda some: imputer(**some.tensors()),
        unseen,
        lambda _, m: m.condensed(Fill.components),
        ImputerTraining.batch,
    )
    everything = np.ones(len(unseen), bool)
    found = table(unseen.seconds, judged.ratio, judged.level, everything)
    found = {"seconds": found.pop("horizon_s"), **found}
    card = {
        "corpus": [source_name(spec) for spec in args.corpus],
        "examples": len(examples),
        "epochs": args.epochs,
        "seed": args.seed,
        "unseen": len(unseen),
        "error over the best simple one": float(judged.error.mean()),
        "calibration": found,
    }
    text = json.dumps(card, indent=1) + "\n"
    (args.output / IMPUTER_CARD.name).write_text(text, "utf-8")


if __name__ == "__main__":
    sys.exit(run(main))
