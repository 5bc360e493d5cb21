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
from torch.utils.tensorboard import SummaryWriter

from model.batches import Batch, Batches
from model.calibrate import calibrate
from model.checkpoint import load, load_network, optimizer_tensors, restore_optimizer, save
from model.cli import Parser, run
from model.config import PRESETS
from model.corpus import Source
from model.corpus import load as load_source
from model.export import export
from model.objective import losses, validate
from model.raw import Raw
from raw_qgis_plugin.core.bundle import open_bundle
from raw_qgis_plugin.core.errors import InputError

WARM_UP = 0.02  # share of the budget


def rate(share: float) -> float:
    """Learning rate as a share of its peak, at a share of the budget: linear warm-up, cosine to a hundredth."""
    if share < WARM_UP:
        return max(share, 1e-4) / WARM_UP
    return 0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * min((share - WARM_UP) / (1 - WARM_UP), 1.0)))


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


def train(run: Run, corpus: Batches, validation: Batches | None, args: argparse.Namespace) -> dict:
    """Train until the budget of minutes (or --steps) is spent; returns the last validation."""
    logs, metrics, recent = SummaryWriter(run.folder / "logs"), {}, []
    budget, before, began = 60.0 * args.minutes, run.seconds, time.monotonic()
    points_before = run.points
    for batch in corpus.each(first=run.step):
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
    validation = Batches(unseen, args.points, seed=1) if unseen else None
    metrics = train(training, Batches(sources, args.points, args.seed), validation, args)
    calibration = calibrate(averaged(training).cpu(), validation) if validation else {}
    training.save(args, metrics, calibration)
    export(args.output, args.output / "bundle")
    print(json.dumps({"bundle": str(args.output / "bundle"), **metrics}), flush=True)


if __name__ == "__main__":
    sys.exit(run(main))
