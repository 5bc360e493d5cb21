# SPDX-License-Identifier: GPL-2.0-or-later
"""The method as published (arXiv 2311.10471), to compare with: python -m model.raw_paper --corpus SOURCE … --output RUN

Points are scaled into a box that is fitted to the corpus. Positions are learned, time is no input, the loss is the mean
squared error of the next point, and forecasts are rollouts. One half of the 15-minute sequences has fixes alone, the
other is filled round the clock. Layers and width are a preset's of RAW, so that only the method differs.
`python -m model.evaluate forecast --raw-paper RUN` compares it with RAW on the same windows.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from model.cli import Parser, from_zero, over_zero, positive, print_line
from model.config import PRESETS, Config
from model.data import corpus
from model.raw import Layer, Norm
from model.training import checkpoint
from model.training.loop import learning_rate
from model.training.loss import bf16
from model.training.run import step as take_step
from raw_qgis_plugin.core.bundle.runtime import batches
from raw_qgis_plugin.core.errors import InputError
from raw_qgis_plugin.core.evaluation.baselines import Forecast
from raw_qgis_plugin.core.evaluation.windows import BIN_MS, CONTEXT_BINS, Windows

LENGTH = CONTEXT_BINS + 16  # points of a training sequence: ten days of context, and what a rollout adds
FILE = "raw-paper.safetensors"


class Paper(nn.Module):
    """Predicts next points in a box. box: (2, 2), its lower and upper corner in degrees."""

    def __init__(self, c: Config, box: np.ndarray) -> None:
        super().__init__()
        self.config = c
        self.register_buffer("box", torch.tensor(box, dtype=torch.float64))
        self.encoder = nn.Sequential(nn.Linear(2, 2 * c.width), nn.SiLU(), nn.Linear(2 * c.width, c.width))
        self.positions = nn.Embedding(LENGTH, c.width)
        self.layers = nn.ModuleList(Layer(c) for _ in range(c.layers))
        self.norm = Norm(c.width)
        self.head = nn.Linear(c.width, 2)
        nn.init.normal_(self.positions.weight, std=0.02)
        nn.init.zeros_(self.head.weight)  # it starts at the middle of the box

    def forward(
        self, x: Tensor, at: Tensor, mask: Tensor | None = None, past: list[tuple[Tensor, Tensor]] | None = None
    ) -> tuple[Tensor, list[tuple[Tensor, Tensor]]]:
        """x: (B, T, 2) in the box. at: (B, T) positions. mask: (B, 1, T, P + T), None for causal. past: keys and values
        a layer. Returns the next points (B, T, 2), and keys and values of P + T points a layer.
        """
        h = self.encoder(x) + self.positions(at)
        nowhere = x.new_zeros(1, 1, 1, self.config.width // self.config.heads // 2)  # rotary positions turned off
        kept = []
        with torch.autocast("cpu", torch.bfloat16, enabled=self.training and bf16(x.device)):  # as RAW is
            for n, layer in enumerate(self.layers):
                h, k, v = layer(h, nowhere, mask, None if past is None else past[n])
                kept.append((k, v))
        return self.head(self.norm(h.float())), kept

    def scaled(self, lon: np.ndarray, lat: np.ndarray) -> Tensor:
        """Degrees (…) to the box (…, 2), -1 to 1."""
        low, high = self.box.numpy()
        return torch.from_numpy((np.stack([lon, lat], -1) - low) / (high - low) * 2 - 1).float()

    def degrees(self, x: Tensor) -> np.ndarray:
        """The box (…, 2) to degrees."""
        low, high = self.box.numpy()
        return (x.double().numpy() + 1) / 2 * (high - low) + low


def fit_box(sources: list[corpus.Source]) -> np.ndarray:
    """The corners (2, 2) of the box that holds all but a thousandth of the corpus on each side."""
    share = [0.001, 0.999]
    sides = []
    for s in sources:
        every = max(len(s.lon) // 200_000, 1)
        sides.append([np.quantile(a[::every], share) for a in (s.lon, s.lat)])
    low, high = np.min(sides, axis=0)[:, 0], np.max(sides, axis=0)[:, 1]
    return np.stack([low, np.maximum(high, low + 1e-3)])


def draw(rng: np.random.Generator, sources: list[corpus.Source], count: int) -> tuple[np.ndarray, ...]:
    """lon, lat, valid (count, LENGTH) of 15-minute sequences; not valid after the end of a run."""
    filled = bool(rng.random() < 0.5)
    views = [(s, v) for s in sources if (v := s.view(BIN_MS // 1000, filled))]
    weight = np.array([s.weight for s, _ in views])
    step = np.arange(LENGTH)
    parts = []
    for n in rng.choice(len(views), count, p=weight / weight.sum()):
        s, v = views[n]
        r = min(int(np.searchsorted(v.share, rng.random())), len(v.start) - 1)
        begin = int(rng.random() * max(v.length[r] - LENGTH + 1, 1))
        valid = step < v.length[r] - begin
        rows = v.rows[v.start[r] + begin + np.minimum(step, v.length[r] - begin - 1)]
        parts.append((s.lon[rows], s.lat[rows], valid))
    lon, lat, valid = (np.stack(a) for a in zip(*parts, strict=True))
    return lon, lat, valid


def train(network: Paper, sources: list[corpus.Source], args: argparse.Namespace) -> dict:
    """Train for `--minutes` (or `--steps`). Returns the entries of the checkpoint."""
    rng = np.random.default_rng(args.seed)
    optimizer = torch.optim.AdamW(network.parameters(), lr=args.lr, betas=(0.9, 0.98), weight_decay=0.05)
    at = torch.arange(LENGTH)[None]
    count = max(args.points // LENGTH, 1)
    began, step, points, recent = time.monotonic(), 0, 0, []
    while (share := step / args.steps if args.steps else (time.monotonic() - began) / (60 * args.minutes)) < 1:
        lon, lat, valid = draw(rng, sources, count)
        x, known = network.scaled(lon, lat), torch.from_numpy(valid)
        guess, _ = network(x, at.expand(count, -1))
        error = (guess[:, :-1] - x[:, 1:]).square().sum(-1)
        loss = error[known[:, 1:]].mean()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        take_step([optimizer], args.lr * learning_rate(share))
        step, points = step + 1, points + int(valid.sum())
        recent.append(float(loss.detach()))
        if step % args.tell_every == 0:
            loss_mean = float(f"{np.mean(recent):.4g}")
            print_line({"step": step, "loss": loss_mean, "points": points, "share": round(share, 3)})
            recent.clear()
    seconds = round(time.monotonic() - began, 1)
    return {"config": network.config.to_dict(), "step": step, "points": points, "seconds": seconds, "seed": args.seed}


def load(folder: Path) -> Paper:
    """The network of a run. InputError where there is none."""
    if not (folder / FILE).is_file():
        raise InputError(f"{folder} is no run of model.raw_paper: it has no {FILE}.")
    tensors, about = checkpoint.load(folder / FILE)
    network = Paper(Config(**about["config"]), tensors["box"].numpy())
    network.load_state_dict(tensors)
    return network.eval()


@torch.no_grad()
def forecast_windows(network: Paper, w: Windows) -> Forecast:
    """Forecasts (w, h) by rollout, a step a quarter of an hour; horizons are whole numbers of them."""
    steps = np.round(w.horizon_s * 1000 / BIN_MS).astype(int)
    result = np.empty((len(w), len(steps), 2))
    length = (~np.isnan(w.lon)).sum(axis=1)
    for some in batches(length):
        longest = int(length[some].max())
        x = network.scaled(*(np.nan_to_num(a[some, -longest:]) for a in (w.lon, w.lat)))
        valid = torch.from_numpy(~np.isnan(w.lon[some, -longest:]))  # padded on the left
        at = (valid.cumsum(1) - 1).clamp(min=0)
        places = _rollout(network, x, at, valid, int(steps.max()))
        result[some] = network.degrees(places[:, steps - 1])
    return result[..., 0], result[..., 1]


def _rollout(network: Paper, x: Tensor, at: Tensor, valid: Tensor, steps: int) -> Tensor:
    """The next `steps` points (B, steps, 2) after x (B, T, 2), keys and values kept."""
    t = x.shape[1]
    causal = torch.ones(t, t, dtype=torch.bool).tril() & valid[:, None, None, :]
    causal |= torch.eye(t, dtype=torch.bool)  # padding attends to itself: no division by zero
    guess, past = network(x, at, causal)
    places = [guess[:, -1:]]
    mask = valid[:, None, None, :]
    while len(places) < steps:
        at = at[:, -1:] + 1
        mask = F.pad(mask, (0, 1), value=True)
        guess, past = network(places[-1], at, mask, past)
        places.append(guess)
    return torch.cat(places, dim=1)


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command."""
    p = Parser("python -m model.raw_paper", description=__doc__.split("\n")[0])
    p.add_argument("--corpus", nargs="+", required=True, metavar="SOURCE", help="as for model.pretrain")
    p.add_argument("--preset", choices=PRESETS, default="raw-small", help="its layers and width (default: %(default)s)")
    p.add_argument("--minutes", type=over_zero, default=30.0, help="default: %(default)s")
    p.add_argument("--steps", type=positive, help="train this many steps instead")
    p.add_argument("--points", type=positive, default=4096, help="points a batch (default: %(default)s)")
    p.add_argument("--lr", type=float, default=1e-3, help="peak learning rate (default: %(default)s)")
    p.add_argument("--seed", type=from_zero, default=0, metavar="S", help="of what is drawn (default %(default)s)")
    p.add_argument("--tell-every", type=positive, default=50, metavar="STEPS")
    p.add_argument("--output", type=Path, required=True, metavar="RUN", help="folder of the run")
    args = p.parse_args(argv)
    if (args.output / FILE).exists():
        raise InputError(f"{args.output} holds a run already: choose another --output.")
    sources = [corpus.load(s) for s in args.corpus]
    if not any(s.view(BIN_MS // 1000, filled) for s in sources for filled in (False, True)):
        raise InputError("The corpus has no 15-minute sequence of some hours.")
    args.output.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(args.seed)
    network = Paper(PRESETS[args.preset], fit_box(sources))
    about = train(network.train(), sources, args)
    checkpoint.save(args.output / FILE, network.state_dict(), about)
    print_line({"run": str(args.output), **{k: about[k] for k in ("step", "points", "seconds")}})
