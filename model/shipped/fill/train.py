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
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
import torch
from torch import Tensor, nn

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
from model.training.calibrate import table
from raw_qgis_plugin.core.arrays import expand_ranges, join_rows, run_starts, take_rows
from raw_qgis_plugin.core.cleaning import build_tracks
from raw_qgis_plugin.core.errors import InputError
from raw_qgis_plugin.core.evaluation.windows import draw
from raw_qgis_plugin.core.features.sequences import into_frame
from raw_qgis_plugin.core.gaps.ends import Gaps, ends_of
from raw_qgis_plugin.core.gaps.fill import Settings as Fill
from raw_qgis_plugin.core.gaps.imputer import describe
from raw_qgis_plugin.core.gaps.movements import Movements
from raw_qgis_plugin.core.gaps.simple import SIMPLE
from raw_qgis_plugin.core.geodesy import metres_between, offset_m
from raw_qgis_plugin.core.paths import IMPUTER, IMPUTER_CARD
from raw_qgis_plugin.core.tracks import Tracks

# methods that errors are compared with
BASELINES = [SIMPLE.index(name) for name in ("line", "curve", "first end")]


class Settings:
    """How examples are drawn: gaps are hidden in layers of people of a source, as they were
    recorded or thinned.
    """

    lengths_s: tuple[float, ...] = (150.0, 300.0, 600.0, 1200.0, 1800.0, 3600.0)  # varied
    vary: float = 0.25  # of the logarithm, to both sides
    cadences_s: tuple[int, ...] = (1, 1, 1, 1, 1, 120, 300)  # to which a layer is thinned
    layer: tuple[int, int] = (15, 80)  # people in one, from … to
    per_user: int = 40  # gaps of one length
    anywhere: float = 0.4  # share of the examples whose query is not the middle
    passes: int = 6  # most over the people of a source, each in other layers
    longer: float = 1.1  # the most of the wanted length that a gap may have
    # a hidden step that seems faster is a fault of the device, or a flight
    fastest_m_s: float = 70.0
    middle: float = 0.05  # of the length, within which a fix shows where the middle was
    apart: float = 3.0  # times the length: of one user one gap begins in each such time


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


@dataclass(frozen=True)
class Hidden:
    """Gaps that were hidden in tracks, and a fix (g,) of each, with t in epoch ms and degrees."""

    gaps: Gaps
    t: np.ndarray
    lon: np.ndarray
    lat: np.ndarray

    @property
    def share(self) -> np.ndarray:
        """(g,) of the gaps' time, when the fixes were."""
        return (self.t - self.gaps.tracks.t[self.gaps.before]) / 1000.0 / self.gaps.seconds


def hide(
    users: Tracks, seconds: float, per_user: int, limit: int, seed: int, anywhere: float = 0.0
) -> Hidden:
    """Hide gaps of about `seconds` in tracks, at most `per_user` of each and `limit` in all, drawn
    at random.

    A gap has no step that is too fast, and a fix near its middle, the query; of the share
    `anywhere` any hidden fix. users: one track a user.
    """
    s, t, user, rng = Settings, users.t, users.user, np.random.default_rng(seed)
    end = np.minimum(users.before(user, t + int(1000 * seconds)), len(users) - 1)
    half = (t + t[end]) // 2
    middle = users.before(user, half)
    middle -= half - t[middle - 1] < t[np.minimum(middle, len(t) - 1)] - half
    step_m = metres_between(users.lon[:-1], users.lat[:-1], users.lon[1:], users.lat[1:])
    fast = np.concatenate(
        [[0], np.cumsum(step_m > s.fastest_m_s * np.maximum(np.diff(t) / 1000.0, 0.5))]
    )
    possible = (
        (user[end] == user)
        & (t[end] - t >= 1000 * seconds)
        & (t[end] - t <= 1000 * s.longer * seconds)
    )
    possible &= (fast == fast[end]) & (middle > np.arange(len(t))) & (middle < end)
    possible &= np.abs(t[np.minimum(middle, len(t) - 1)] - half) <= 1000 * s.middle * seconds
    begin = rng.permutation(np.flatnonzero(possible))
    spell = (t[begin] / (1000 * s.apart * seconds)).astype(np.int64)
    order = np.lexsort((spell, user[begin]))
    # the first of each spell, at random
    begin = begin[order][run_starts(user[begin[order]], spell[order])]
    begin = begin[np.append(True, begin[1:] >= end[begin[:-1]])[: len(begin)]]
    begin = begin[draw(user[begin], limit, per_user, seed)]
    end, query = end[begin], middle[begin]
    if len(begin):
        query = np.where(rng.random(len(begin)) < anywhere, rng.integers(begin + 1, end), query)
    shown = np.ones(len(users), bool)
    shown[expand_ranges(begin + 1, end - begin - 1)] = False
    before = (np.cumsum(shown) - 1)[begin]
    return Hidden(
        Gaps(users.take(shown), before, before + 1), t[query], users.lon[query], users.lat[query]
    )


def examples_of(hidden: Hidden) -> Examples:
    """Examples whose errors count so that those of the best simple method average one."""
    ends, movements = ends_of(hidden.gaps), Movements(hidden.gaps.tracks)
    inputs = describe(hidden.gaps, ends, movements, movements.between(hidden.gaps), hidden.share)
    target = into_frame(offset_m(hidden.lon, hidden.lat, ends.lon, ends.lat), ends.heading)
    simple = np.linalg.norm(
        inputs["centre"][:, BASELINES] * ends.unit_m[:, None, None] - target[:, None], axis=-1
    )
    typical = np.full(len(target), max(simple.mean(axis=0).min(), 1.0))
    return Examples(
        inputs,
        target,
        ends.unit_m.astype(np.float32),
        typical,
        ends.seconds,
        np.zeros(len(target), int),
    )


def collect(sources: list[Source], most: int, seed: int, report: Report) -> Examples:
    """About `most` examples of sources, by the sources' weights. Raises InputError if there are
    none.
    """
    found: list[Examples] = []
    total = sum(s.weight for s in sources)
    for number, s in enumerate(sources):
        rng = np.random.default_rng([seed, number])
        wanted, own = int(most * s.weight / total), []
        for layer in _layers(s, rng):
            for seconds in Settings.lengths_s:
                seconds *= np.exp(rng.uniform(-Settings.vary, Settings.vary))
                hidden = hide(
                    layer,
                    seconds,
                    Settings.per_user,
                    wanted,
                    int(rng.integers(2**31)),
                    Settings.anywhere,
                )
                own += [examples_of(hidden)] if len(hidden.t) else []
            if sum(map(len, own)) >= wanted:
                break
        count = sum(map(len, own))
        if own:  # the last layer may have brought too many; some of each length are dropped
            found.append(take_rows(join_rows(own), np.sort(rng.permutation(count)[:wanted])))
        report({"source": s.name, "examples": min(count, wanted)})
    if not found:
        people = "to learn from" if any(not s.validation for s in sources) else "held apart"
        lengths = f"{min(Settings.lengths_s) / 60:g} to {max(Settings.lengths_s) / 60:g} minutes"
        raise InputError(
            f"The corpus has no fixes of people {people} in which gaps of {lengths} could be hidden."
        )
    return join_rows(found)


def _layers(s: Source, rng: np.random.Generator) -> Iterator[Tracks]:
    """Layers of some people of a source, one track each, as recorded or thinned."""
    wanted = np.flatnonzero(s.shards.unseen == s.validation)
    for some in chain.from_iterable(
        layers_of(wanted, Settings.layer, rng) for _ in range(Settings.passes)
    ):
        rows = np.flatnonzero(np.isin(s.shards.user, some))
        layer = build_tracks(s.shards.user[rows], None, s.t[rows], s.lon[rows], s.lat[rows])[0]
        cadence_s = int(rng.choice(Settings.cadences_s))
        layer = layer.take(run_starts(layer.track, layer.t // (1000 * cadence_s)))
        if len(layer) > 1:
            yield layer


class Imputer(nn.Module):
    """The features of core/gaps/imputer.py in, the mixture in units out."""

    def __init__(self, n_gap: int, n_each: int) -> None:
        super().__init__()
        width = ImputerTraining.width

        def two(outputs: int) -> nn.Sequential:
            return nn.Sequential(
                nn.SiLU(), nn.Linear(width, width), nn.SiLU(), nn.Linear(width, outputs)
            )

        self.gap = nn.Sequential(nn.Linear(n_gap, width), nn.SiLU(), nn.Linear(width, width))
        self.each, self.out, self.free = (
            nn.Linear(n_each, width),
            two(6),
            two(4 * ImputerTraining.free),
        )
        nn.init.zeros_(self.out[-1].weight)  # type: ignore[arg-type]
        nn.init.zeros_(self.out[-1].bias)  # type: ignore[arg-type]

    def forward(
        self, gap: Tensor, centre: Tensor, warp: Tensor, each: Tensor, exists: Tensor, bump: Tensor
    ) -> Mixture:
        """The mixtures of described queries, in units."""
        query, s, bump = self.gap(gap), ImputerTraining, bump[:, None]
        out = self.out(self.each(each) + query[:, None])
        free = self.free(query).unflatten(-1, (s.free, 4))
        gate = torch.sigmoid(out[..., 2:4] + s.gate)
        moved = (
            centre
            + (gate[..., None] * warp).sum(-2)
            + s.offset * bump[..., None] * torch.tanh(out[..., 4:6])
        )
        places = torch.cat([moved, centre[:, :1] + bump[..., None] * free[..., :2]], 1)
        log_scale = torch.cat([out[..., 1] + s.log_scale[0], free[..., 2] + s.log_scale[1]], 1)
        logit = torch.cat([out[..., 0].masked_fill(~exists, -1e4), free[..., 3]], 1)
        return Mixture(
            places, log_scale.clamp(*s.log_scales) + bump.log(), torch.log_softmax(logit, -1)
        )


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


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command."""
    args = parse("model.shipped.fill.train", __doc__, argv, IMPUTER.name, 120_000, 10)
    training, held_out = load_both(args.corpus)
    # first: perhaps nobody is held out
    unseen = collect(held_out, args.examples // 5, args.seed, print_line)
    examples = collect(training, args.examples, args.seed, print_line)
    imputer = train(examples, args.epochs, args.seed)
    args.output.mkdir(parents=True, exist_ok=True)
    some, outputs = (
        take_rows(unseen, np.arange(min(len(unseen), 50))),
        ("places", "log_scale", "log_weight"),
    )
    export(
        imputer,
        some,
        args.output / IMPUTER.name,
        outputs,
        dict.fromkeys(("centre", "warp", "each", "exists"), "c"),
    )
    # The error over that of the best simple method of each layer and length, and at what levels
    # areas hold their share
    error, _, ratio, level = judge(
        lambda some: imputer(**some.tensors()),
        unseen,
        lambda _, m: m.condensed(Fill.components),
        ImputerTraining.batch,
    )
    found = table(unseen.seconds, ratio, level, np.ones(len(unseen), bool))
    card = {
        "corpus": [source_name(spec) for spec in args.corpus],
        "examples": len(examples),
        "epochs": args.epochs,
        "seed": args.seed,
        "unseen": len(unseen),
        "error over the best simple one": float(error.mean()),
        "calibration": {"seconds": found.pop("horizon_s"), **found},
    }
    (args.output / IMPUTER_CARD.name).write_text(json.dumps(card, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    sys.exit(run(main))
