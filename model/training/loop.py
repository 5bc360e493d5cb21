# SPDX-License-Identifier: GPL-2.0-or-later
"""The training loop: steps, validations, progress lines and checkpoints until the budget is spent."""

from __future__ import annotations

import math
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
from torch import Tensor

from model.cli import print_line
from model.data.batches import Batch, Batches
from model.training.distributed import World
from model.training.run import TrainingRun
from raw_qgis_plugin.core.errors import InputError


def learning_rate(share: float, warm_up: float = 0.02) -> float:
    """Learning rate over its peak, at a share of the budget: linear warm-up, then a cosine down to a hundredth."""
    if share < warm_up:
        return max(share, 1e-4) / warm_up
    return 0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * min((share - warm_up) / (1 - warm_up), 1.0)))


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


def train(run: TrainingRun, batches: Iterator[Batch], validation: Batches | None, stop: Callable[[], bool]) -> None:
    """Train until the budget of --minutes (or --steps) is spent. All processes decide alike.

    stop: whether to stop after a step; then a checkpoint is written and KeyboardInterrupt raised.
    """
    args, world, seconds_before, began = run.args, run.world, run.seconds, time.monotonic()
    saved, shown, recent = began, 0.0, list[Tensor]()  # losses since the last validation

    def spent() -> tuple[float, float]:
        """Seconds of training, and the share of the budget that is spent."""
        seconds = seconds_before + time.monotonic() - began
        return seconds, min(run.step / args.steps if args.steps else seconds / (60.0 * args.minutes), 1.0)

    while True:
        now = time.monotonic()
        seconds, share = spent()
        share, run.seconds, late = world.broadcast([share, seconds, now - saved >= args.checkpoint_every])
        if share >= 1:
            break
        lr = run.lr * learning_rate(share)
        recent.append(run.train_on(batches, lr))
        validating, stopping = run.step % args.validate_every == 0, stop()
        late = late or validating or stopping
        # No checkpoint has weights that are not finite. Reading the number waits for a graphics card.
        if (late or world.device.type == "cpu") and not math.isfinite(recent[-1]):
            raise InputError(
                f"The loss is not a number at step {run.step}: lower --lr and --resume from the checkpoint."
            )
        seconds, share = spent()
        left = seconds_left(seconds, share, 0.0 if args.steps else args.minutes)
        if validating:
            line = {"loss": float(torch.stack(recent).mean()), "lr": lr, "points_per_s": run.points / seconds,
                    "seconds_left": left, **run.validate(validation)}  # fmt: skip
            report(run, {k: float(f"{v:.5g}") for k, v in line.items()})
            recent.clear()
        elif now - shown >= 2.0:  # from the first step on
            shown, mean = now, float(torch.stack(recent).mean())
            report(run, {"step_loss": round(mean, 4), "seconds_left": round(left, 1)})
        if late:
            run.save()
            saved = time.monotonic()
        if stopping:
            raise KeyboardInterrupt


def report(run: TrainingRun, line: dict) -> None:
    """Print one line of progress, in the first process."""
    if run.world.first:
        print_line({"step": run.step} | line)


def seconds_left(seconds: float, share: float, minutes: float) -> float:
    """How long the training goes on after a share of it took so many seconds. minutes: its budget, 0 if in steps."""
    return (1 - share) * 60.0 * minutes if minutes else seconds * (1 - share) / max(share, 1e-9)
