# SPDX-License-Identifier: GPL-2.0-or-later
"""Pretrain RAW to predict where tracks go: python -m model.pretrain --preset raw-small --corpus PATH … --output RUN

Progress comes as JSON lines on standard output, one a validation, and as TensorBoard logs in RUN/logs.
RUN/state.safetensors is the checkpoint (--resume goes on from it) and RUN/bundle the finished model bundle. Cabs and
devices held apart for reports (model/heldout.py) and a fiftieth of the users, for validation, are not trained on.
"""

from __future__ import annotations

import argparse
import json
import math
import re
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.utils.tensorboard import SummaryWriter

from model.calibrate import calibrate
from model.checkpoint import load, load_network, optimizer_tensors, restore_optimizer, save
from model.cli import Parser, run
from model.config import PRESETS
from model.data import Batch, Corpus, Source
from model.data import load as load_source
from model.export import export
from model.raw import Raw, forecast_loss
from raw_qgis_plugin.core.bundle import open_bundle
from raw_qgis_plugin.core.errors import InputError

WARM_UP = 0.02  # share of the budget
VALIDATED_S = (5, 15, 60, 900)  # cadences, seconds


def losses(network: Raw, batch: Batch, device: torch.device) -> tuple[Tensor, Tensor, Tensor]:
    """Loss of a batch, and the point's and the baseline's distances in metres (B, L, Q), NaN where not asked."""
    x, clock, query, base, target, scale, speed, asked = (
        torch.from_numpy(a).to(device, non_blocking=True)
        for a in (batch.x, batch.clock, batch.query, batch.base, batch.target, batch.scale, batch.speed, batch.asked)
    )
    with torch.autocast(device.type, torch.bfloat16, enabled=_bf16(device)):
        states, _, _ = network.encode(x, clock)
        parameters = network.answer(states[:, :, None], query)
    distance, surprise = forecast_loss(parameters, target, base)
    count = asked.sum().clamp(min=1)
    weight = asked * speed.clamp(0.3, 40.0).sqrt()  # metres matter more where things move fast
    point = (distance.clamp(max=20.0) * weight).sum() / weight.sum().clamp(min=1e-6)
    mixture = (surprise * asked).sum() / count
    nothing = torch.full_like(distance, torch.nan)
    metres = torch.where(asked, distance * scale, nothing)
    baseline = torch.where(asked, torch.linalg.vector_norm(base - target, dim=-1) * scale, nothing)
    return 2.0 * point + 0.5 * mixture, metres.detach(), baseline


def _bf16(device: torch.device) -> bool:
    return (
        torch.cuda.is_bf16_supported() if device.type == "cuda" else torch.backends.cpu.get_cpu_capability() == "AVX512"
    )


def rate(share: float) -> float:
    """Learning rate as a share of its peak, at a share of the budget: linear warm-up, cosine to a hundredth."""
    if share < WARM_UP:
        return max(share, 1e-4) / WARM_UP
    return 0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * min((share - WARM_UP) / (1 - WARM_UP), 1.0)))


@torch.no_grad()
def validate(network: Raw, corpus: Corpus, device: torch.device, batches: int = 6) -> dict[str, float]:
    """Mean error over the baseline's on people unseen, one to five fixes ahead, by cadence."""
    result = {}
    for cadence in VALIDATED_S:
        if cadence not in corpus.cadences:
            continue
        ours, simple = 0.0, 0.0
        for n in range(batches):
            _, metres, baseline = losses(network, corpus.batch(n, cadence), device)
            ours += float(metres[..., :3].nansum())
            simple += float(baseline[..., :3].nansum())
        result[f"ratio_{cadence}s"] = round(ours / max(simple, 1e-9), 4)
    return result


class Run:
    """A training run in its folder: network, moving average, optimizer, and how far it is."""

    def __init__(self, args: argparse.Namespace, device: torch.device) -> None:
        self.folder, self.device, self.state = args.output, device, args.output / "state.safetensors"
        self.step, self.seconds, self.points = 0, 0.0, 0
        torch.manual_seed(args.seed)
        self.before = None  # what the card of the bundle says that this run goes on from
        if args.init:
            bundle = open_bundle(args.init)
            self.network, self.before = (
                load_network(bundle.path / "weights.safetensors")[0].train(),
                bundle.card["training"],
            )
        else:
            self.network = Raw(PRESETS[args.preset])
        self.network.to(device)
        decayed = [p for p in self.network.parameters() if p.ndim >= 2]
        plain = [p for p in self.network.parameters() if p.ndim < 2]
        groups = [{"params": decayed, "weight_decay": 0.05}, {"params": plain, "weight_decay": 0.0}]
        self.optimizer = torch.optim.AdamW(groups, lr=args.lr, betas=(0.9, 0.98), fused=True)
        self.average = {k: v.detach().clone() for k, v in self.network.state_dict().items()}

    def save(self, args: argparse.Namespace, metrics: dict, calibration: dict | None = None) -> None:
        """Write the checkpoint."""
        tensors = {f"network.{k}": v for k, v in self.network.state_dict().items()}
        tensors |= {f"average.{k}": v for k, v in self.average.items()} | optimizer_tensors(self.optimizer)
        about = {
            "config": self.network.config.to_dict(), "step": self.step, "seconds": self.seconds, "points": self.points,
            "seed": args.seed, "minutes": args.minutes, "corpus": [source_name(s) for s in args.corpus],
            "device": device_name(self.device),
            "metrics": metrics, "before": self.before, "calibration": calibration or {},
        }  # fmt: skip
        save(self.state, tensors, about)

    def resume(self) -> None:
        """Go on from the checkpoint."""
        tensors, about = load(self.state)
        self.network.load_state_dict(
            {k.removeprefix("network."): v for k, v in tensors.items() if k.startswith("network.")}
        )
        self.average = {k.removeprefix("average."): v for k, v in tensors.items() if k.startswith("average.")}
        restore_optimizer(self.optimizer, tensors)
        self.step, self.seconds, self.points = about["step"], about["seconds"], about["points"]

    def train_on(self, batch: Batch, lr: float) -> float:
        """One step; returns the loss."""
        loss, _, _ = losses(self.network, batch, self.device)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
        for group in self.optimizer.param_groups:
            group["lr"] = lr
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        self.step += 1
        self.points += batch.points
        keep = min(0.999, self.step / (self.step + 10))
        with torch.no_grad():
            for name, value in self.network.state_dict().items():
                self.average[name].lerp_(value, 1 - keep)
        return float(loss.detach())


def device_name(device: torch.device) -> str:
    """What a card says of the device."""
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    return f"CPU, {torch.get_num_threads()} threads"


def source_name(spec: str) -> str:
    """A corpus source as a card names it: weight, kind and the end of the path, without the folders of one machine."""
    kind = re.match(r"([\d.]+\*)?(\w+:)?", spec)
    prefix = kind.group() if kind else ""
    return prefix + "/".join(Path(spec.removeprefix(prefix)).parts[-2:])


def averaged(run: Run) -> Raw:
    """The moving average of a run's network, for validation and export."""
    network = Raw(run.network.config)
    network.load_state_dict(run.average)
    return network.to(run.device).eval()


def train(run: Run, corpus: Corpus, validation: Corpus | None, args: argparse.Namespace) -> dict:
    """Train until the budget of minutes (or --steps) is spent; returns the last validation."""
    logs, metrics, recent = SummaryWriter(run.folder / "logs"), {}, []
    budget, before, began = 60.0 * args.minutes, run.seconds, time.monotonic()
    points_before = run.points
    for batch in corpus.batches(first=run.step):
        share = run.step / args.steps if args.steps else run.seconds / budget
        if share >= 1 or run.step == args.stop_after:
            break
        lr = args.lr * rate(share)
        recent.append(run.train_on(batch, lr))
        run.seconds = before + time.monotonic() - began
        if not math.isfinite(recent[-1]):
            raise InputError(
                f"The loss is not a number at step {run.step}: lower --lr and --resume from the checkpoint."
            )
        if run.step % args.validate_every == 0:
            if validation:
                metrics = validate(averaged(run), validation, run.device)
            speed = (run.points - points_before) / (run.seconds - before)
            left = run.seconds * (1 - share) / max(share, 1e-9)
            report(logs, run.step, loss=float(np.mean(recent)), lr=lr, points_per_s=speed, seconds_left=left, **metrics)
            recent.clear()
            run.save(args, metrics)
    if validation:
        metrics = validate(averaged(run), validation, run.device)
    run.save(args, metrics)
    return metrics


def report(logs: SummaryWriter, step: int, **values: float) -> None:
    """One JSON line, and the same for TensorBoard."""
    print(json.dumps({"step": step} | {k: float(f"{v:.5g}") for k, v in values.items()}), flush=True)
    for name, value in values.items():
        logs.add_scalar(name, value, step)


def parser() -> argparse.ArgumentParser:
    """The command's arguments."""
    p = Parser("python -m model.pretrain", description=__doc__.split("\n")[0])
    p.add_argument("--preset", choices=PRESETS, default="raw-small", help="size of the network (default: %(default)s)")
    p.add_argument(
        "--corpus",
        nargs="+",
        required=True,
        metavar="SOURCE",
        help="[WEIGHT*][exact:]PATH; exact: simulated positions without recording error",
    )
    p.add_argument("--init", metavar="BUNDLE", help="start from this bundle's weights ('shipped' for the shipped one)")
    p.add_argument(
        "--minutes", type=float, default=30.0, help="budget that the learning rate follows (default: %(default)s)"
    )
    p.add_argument("--steps", type=int, help="train this many steps instead")
    p.add_argument("--stop-after", type=int, metavar="STEP", help="stop early, to be resumed; the schedule stays")
    p.add_argument(
        "--validate-every", type=int, default=100, metavar="STEPS", help="and checkpoint (default: %(default)s)"
    )
    p.add_argument("--points", type=int, default=4096, help="fixes a batch (default: %(default)s)")
    p.add_argument("--lr", type=float, default=2e-3, help="peak learning rate (default: %(default)s)")
    p.add_argument("--seed", type=int, default=0)
    p.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    p.add_argument("--resume", action="store_true", help="go on from the checkpoint in RUN")
    p.add_argument("--output", type=Path, required=True, metavar="RUN", help="folder of the run")
    return p


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command."""
    args = parser().parse_args(argv)
    args.output.mkdir(parents=True, exist_ok=True)
    device = torch.device(args.device)
    training = Run(args, device)
    if args.resume:
        training.resume()
    sources: list[Source] = [load_source(s) for s in args.corpus]
    unseen = []
    for s in args.corpus:
        try:
            unseen.append(load_source(s, validation=True))
        except InputError:  # a small corpus may have nobody to spare
            continue
    validation = Corpus(unseen, args.points, seed=1) if unseen else None
    metrics = train(training, Corpus(sources, args.points, args.seed), validation, args)
    calibration = calibrate(averaged(training).cpu(), validation) if validation else {}
    training.save(args, metrics, calibration)
    export(args.output, args.output / "bundle")
    print(json.dumps({"bundle": str(args.output / "bundle"), **metrics}), flush=True)


if __name__ == "__main__":
    sys.exit(run(main))
