# SPDX-License-Identifier: GPL-2.0-or-later
"""The training loop: steps, validations, progress lines and checkpoints until the budget is spent."""

from __future__ import annotations

import argparse
import math
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import torch
from torch.utils.tensorboard import SummaryWriter

from model.cli import print_line
from model.data.batches import Batch, Batches
from model.training.distributed import World
from model.training.loss import validate
from model.training.run import TrainingRun
from raw_qgis_plugin.core.errors import InputError

PEAK_LR, PEAK_LR_TRAINED = 2e-3, 1.2e-3  # peak learning rates from random and from trained weights


def learning_rate(share: float, warm_up: float = 0.02) -> float:
    """Learning rate over its peak, at a share of the budget: linear warm-up, then a cosine down to a hundredth."""
    if share < warm_up:
        return max(share, 1e-4) / warm_up
    return 0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * min((share - warm_up) / (1 - warm_up), 1.0)))


class Reporter:
    """The progress of a run, from its first process: JSON lines, and the same figures for TensorBoard.

    losses: of the validations so far. metrics: of the last one.
    """

    def __init__(self, folder: Path, first: bool, metrics: dict[str, float], losses: list[float]) -> None:
        self.first, self.metrics, self.losses = first, metrics, losses
        self.logs = SummaryWriter(folder / "logs") if first else None

    def validated(self, step: int, loss: float, metrics: dict[str, float], **more: float) -> None:
        """Report a validation."""
        self.metrics = metrics
        if "validation_loss" in metrics:
            self.losses.append(metrics["validation_loss"])
        if self.logs:
            values = {"loss": loss, **more, **metrics}
            print_line({"step": step} | {k: float(f"{v:.5g}") for k, v in values.items()})
            for name, value in values.items():
                self.logs.add_scalar(name, value, step)

    def print(self, line: dict) -> None:
        """Report one line of progress."""
        if self.first:
            print_line(line)

    def without_gain(self) -> int:
        """How many validations have come since the best one."""
        return len(self.losses) - 1 - min(range(len(self.losses)), key=self.losses.__getitem__) if self.losses else 0

    def close(self) -> None:
        """Flush TensorBoard's logs."""
        if self.logs:
            self.logs.close()


@contextmanager
def stop_requests(world: World) -> Iterator[Callable[[], bool]]:
    """Whether SIGTERM (the plugin's Pause) or SIGINT (Ctrl+C) came; a step under way is finished. A second signal ends
    the process. Several processes would each receive it at another step: there a signal ends them at once.
    """
    received: list[int] = []

    def note(number: int, _: object) -> None:
        if received:
            raise KeyboardInterrupt
        received.append(number)

    signals = (signal.SIGTERM, signal.SIGINT) if world.size == 1 else ()
    before = {number: signal.signal(number, note) for number in signals}
    try:
        yield lambda: bool(received)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def train(
    run: TrainingRun, batches: Iterator[Batch], validation: Batches | None, args: argparse.Namespace,
    reporter: Reporter, stop: Callable[[], bool], about: Callable[[], dict],
) -> None:  # fmt: skip
    """Train until the budget of args.minutes (or args.steps) is spent, or nothing improves. All processes decide alike.

    stop: whether to stop after a step; then a checkpoint is written and KeyboardInterrupt raised. about: the entries of
    a checkpoint beside the run's own.
    """
    world, seconds_before, began = run.world, run.seconds, time.monotonic()
    saved, shown, recent = began, 0.0, []
    trained_s, points = 0.0, 0  # seconds of steps since the last line, and fixes in them

    def spent() -> tuple[float, float]:
        """Seconds of training, and the share of the budget that is spent."""
        seconds = seconds_before + time.monotonic() - began
        return seconds, min(run.step / args.steps if args.steps else seconds / (60.0 * args.minutes), 1.0)

    while True:
        now = time.monotonic()
        seconds, share = spent()
        done = bool(args.patience) and reporter.without_gain() >= args.patience
        late = now - saved >= args.checkpoint_every
        share, run.seconds, late, done = world.broadcast([share, seconds, late, done])
        if share >= 1 or done:
            break
        lr, points_before = args.lr * learning_rate(share), run.points
        recent.append(run.train_on(batches, lr))
        if world.device.type == "cpu":  # on other devices reading the number would wait for them
            check_loss(float(recent[-1]), run)
        trained_s, points = trained_s + time.monotonic() - now, points + run.points - points_before
        left = seconds_left(*spent(), 0.0 if args.steps else args.minutes)
        if run.step % args.validate_every == 0:
            loss = float(torch.stack(recent).mean())
            check_loss(loss, run)
            speed = {"lr": lr, "points_per_s": points / trained_s, "seconds_left": left}
            reporter.validated(run.step, loss, validate_average(run, validation), **speed)
            recent.clear()
            trained_s, points, late = 0.0, 0, True
        elif now - shown >= 2.0:  # from the first step on; reading the loss waits for a graphics card
            shown, mean = now, float(torch.stack(recent).mean())
            reporter.print({"step": run.step, "step_loss": round(mean, 4), "seconds_left": round(left, 1)})
        stopping = stop()
        if late or stopping:
            if recent:
                check_loss(float(recent[-1]), run)  # no checkpoint without finite weights
            run.save(about())
            saved = time.monotonic()
        if stopping:
            raise KeyboardInterrupt


def seconds_left(seconds: float, share: float, minutes: float) -> float:
    """How long the training goes on after a share of it took so many seconds. minutes: its budget, 0 if in steps."""
    return (1 - share) * 60.0 * minutes if minutes else seconds * (1 - share) / max(share, 1e-9)


def check_loss(loss: float, run: TrainingRun) -> None:
    """Raise InputError for a loss that is not finite."""
    if not math.isfinite(loss):
        raise InputError(f"The loss is not a number at step {run.step}: lower --lr and --resume from the checkpoint.")


def validate_average(run: TrainingRun, validation: Batches | None) -> dict[str, float]:
    """The validation of the moving average, in the first process; empty in the others."""
    average = run.averaged() if validation else None
    return validate(average, validation, run.world.device) if average and validation else {}
