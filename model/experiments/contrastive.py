# SPDX-License-Identifier: GPL-2.0-or-later
"""Contrastive pretraining instead of predicting the next fix, for comparison.

    python -m model.contrastive --corpus SOURCE … --minutes M --output RUN
    python -m model.evaluate probes --tracks T --labels L --field F --contrastive RUN --output REPORT

The mean and spread of the states of a track's half, which embeddings hold too, are to distinguish its other half from
halves of other tracks (InfoNCE, arXiv 1807.03748; crops as in SimCLR, arXiv 2002.05709). Network, corpora, cadences and
variations are those of model.pretrain; each half has features of its own and may be mirrored.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from model.cli import Parser, from_zero, over_zero, positive, print_line
from model.config import PRESETS
from model.data.batches import Batches, Rows
from model.data.corpus import load
from model.raw import Raw
from model.training.checkpoint import save
from model.training.loop import PEAK_LR, learning_rate
from model.training.loss import bf16
from model.training.run import optimizers, step
from raw_qgis_plugin.core.errors import InputError
from raw_qgis_plugin.core.features import featurizer as feat


@dataclass(frozen=True)
class Settings:
    """width, temperature: of the comparison. fewest: tracks of a batch. patience: batches in a row with fewer tracks
    before the run ends. report_every: steps between lines of progress.
    """

    width: int = 128
    temperature: float = 0.1
    fewest: int = 8
    patience: int = 200
    report_every: int = 100


SETTINGS = Settings()


class Contrast(nn.Module):
    """The network, with a projection of its pooled states that only training uses."""

    def __init__(self, network: Raw) -> None:
        super().__init__()
        d = network.config.width
        self.network = network
        self.project = nn.Sequential(nn.Linear(2 * d, 2 * d), nn.SiLU(), nn.Linear(2 * d, SETTINGS.width))

    def forward(self, x: Tensor, clock: Tensor) -> Tensor:
        """The loss of tracks that are halves: x (2, B, T, features), clock (2, B, T)."""
        with torch.autocast("cpu", torch.bfloat16, enabled=bf16(torch.device("cpu"))):
            states, _, _ = self.network.encode(x.flatten(0, 1), clock.flatten(0, 1))
        pooled = torch.cat([states.float().mean(1), states.float().std(1)], dim=-1)
        one, other = F.normalize(self.project(pooled), dim=-1).unflatten(0, (2, -1))
        similarity, own = one @ other.T / SETTINGS.temperature, torch.arange(len(one))
        return 0.5 * (F.cross_entropy(similarity, own) + F.cross_entropy(similarity.T, own))


def halves(rows: Rows, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Features x (2, B, L / 2, features) and clock (2, B, L / 2) of both halves of rows (B, L) that are one track."""
    whole = (rows.piece == 0).all(axis=1)
    half = rows.t.shape[1] // 2
    # First all first halves, then all second ones
    t, lon, lat = (np.concatenate([a[whole][:, :half], a[whole][:, -half:]]) for a in (rows.t, rows.lon, rows.lat))
    f = feat.featurize(np.repeat(np.arange(len(t)), half), t.ravel(), lon.ravel(), lat.ravel())
    x = f.x.reshape(len(t), half, -1)
    x[..., feat.LATERAL_FEATURES] *= rng.choice(np.array([-1.0, 1.0], np.float32), len(t))[:, None, None]
    return x.reshape(2, -1, *x.shape[1:]), f.clock.reshape(2, -1, half)


def draw(corpus: Batches) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Batches without end, but those with too few whole tracks. Raises InputError where all have too few."""
    last = 0
    for number in count():
        rows, _, rng = corpus.rows(number)
        if (rows.piece == 0).all(axis=1).sum() >= SETTINGS.fewest:
            last = number
            yield halves(rows, rng)
        if number - last >= SETTINGS.patience:
            raise InputError(
                f"None of {SETTINGS.patience} batches had {SETTINGS.fewest} rows of one track each: the tracks are too "
                "short to be halved, or --points is too small."
            )


def train(corpus: Batches, preset: str, minutes: float, seed: int) -> tuple[Raw, dict]:
    """Train a network from random weights. Returns it with the entries of its checkpoint."""
    torch.manual_seed(seed)
    model = Contrast(Raw(PRESETS[preset])).train()
    project = torch.optim.AdamW(model.project.parameters(), lr=PEAK_LR, weight_decay=0.05, betas=(0.9, 0.98))
    both = [*optimizers(model.network, PEAK_LR), project]
    began, recent, steps = time.monotonic(), [], 0
    for x, clock in draw(corpus):
        share = (time.monotonic() - began) / (60 * minutes)
        if share >= 1:
            break
        loss = model(torch.from_numpy(x), torch.from_numpy(clock))
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        step(both, PEAK_LR * learning_rate(share))
        recent.append(loss.item())
        steps += 1
        if steps % SETTINGS.report_every == 0:
            left = 60 * minutes * (1 - share)
            print_line({"step": steps, "loss": round(float(np.mean(recent)), 4), "seconds_left": round(left)})
            recent.clear()
    if not steps:
        raise InputError(f"In {minutes:g} minutes there was no time for a single step.")
    return model.network.eval(), {"step": steps, "minutes": minutes, "seed": seed}


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command."""
    p = Parser("python -m model.contrastive", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--corpus", nargs="+", required=True, metavar="SOURCE", help="as for model.pretrain")
    p.add_argument("--preset", choices=PRESETS, default="raw-small", help="size of the network (%(default)s)")
    p.add_argument("--minutes", type=over_zero, default=30.0, help="budget of the learning rate (%(default)s)")
    p.add_argument("--points", type=positive, default=4096, help="fixes a batch (%(default)s)")
    p.add_argument("--seed", type=from_zero, default=0, help="of the first weights and of the batches (%(default)s)")
    p.add_argument("--cache", type=Path, metavar="DIR", help="of the tokenised corpora (in your cache folder)")
    p.add_argument("--output", type=Path, required=True, metavar="RUN", help="folder of the run")
    args = p.parse_args(argv)
    state = args.output / "state.safetensors"
    if state.exists():
        raise InputError(f"{args.output} holds a run already: choose another --output.")
    args.output.mkdir(parents=True, exist_ok=True)
    corpus = Batches([load(s, cache=args.cache) for s in args.corpus], args.points, args.seed)
    network, about = train(corpus, args.preset, args.minutes, args.seed)
    tensors = {f"average.{name}": tensor for name, tensor in network.named_parameters()}
    save(state, tensors, {"config": network.config.to_dict(), **about})
