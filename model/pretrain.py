# SPDX-License-Identifier: GPL-2.0-or-later
"""Pretrain RAW to predict where tracks go: python -m model.pretrain --corpus PATH … --output RUN

The same command trains on a laptop, on one graphics card and, under torchrun, on many. It prints
progress as JSON lines. RUN/state.safetensors is the checkpoint (--resume continues from it) and
RUN/bundle the finished model bundle. Cabs and devices held out for reports (model/data/heldout.py)
and, for validation, a fiftieth of the people are not trained on.
"""

from __future__ import annotations

import argparse
import math
import os
import shutil
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import torch
from torch import Tensor

from model.cli import Argv, Parser, from_zero, over_zero, positive, print_line, run
from model.data.batches import CADENCES, Batch, Batches, feed
from model.data.corpus import load_both, parse, source_name
from model.export import check_output, export
from model.network.config import PRESETS
from model.training.calibrate import between, calibrate
from model.training.run import PEAK_LR, PEAK_LR_TRAINED, TrainingRun, World, find_device, open_world
from raw_qgis_plugin.core.errors import InputError

EPILOG = """\
examples:
  python -m model.pretrain --corpus tracks.parquet --minutes 60 --output run
  python -m model.pretrain --init shipped --corpus tracks.parquet --minutes 30 --output mine
  python -m model.pretrain --resume --corpus tracks.parquet --minutes 60 --output run
  torchrun --nproc-per-node 8 -m model.pretrain --preset raw-base --points 32768 \\
      --corpus A 2*B --output run
docs/guide/training-at-scale.md has a command for each preset and machine.
"""


WARM_UP = 0.02  # share of the budget in which the learning rate rises


def command(words: Sequence[str]) -> str:
    """The command as a card records it, from its arguments: without folders of this machine."""
    size = int(os.environ.get("WORLD_SIZE", 1))
    start = f"torchrun --nproc-per-node {size}" if size > 1 else "python"
    named = [source_name(w) if "/" in w or "\\" in w else w for w in words]
    return " ".join([start, "-m model.pretrain", *named])


def parser() -> argparse.ArgumentParser:
    """The command's arguments."""
    p = Parser(
        "python -m model.pretrain",
        description=(__doc__ or "").split(":")[0] + ".",
        epilog=EPILOG,
        allow_abbrev=False,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_what(p.add_argument_group("what is trained, on what").add_argument)
    add_how_long(p.add_argument_group("how long").add_argument)
    add_how(p.add_argument_group("how").add_argument)
    return p


def add_what(add: Callable) -> None:
    """Arguments: what is trained, on what."""
    add("--preset", choices=PRESETS, help="size of the network (raw-small, or what --init is)")
    source = "[WEIGHT*][exact:|kind:]PATH, a file or folder; exact: simulated positions without "
    source += "recording error"
    add("--corpus", nargs="+", required=True, metavar="SOURCE", help=source)
    start = "start from this bundle's weights ('shipped' for the shipped ones)"
    add("--init", metavar="BUNDLE", help=start)
    add("--output", type=Path, required=True, metavar="RUN", help="folder of the run")
    add("--resume", action="store_true", help="continue from the checkpoint in RUN")


def add_how_long(add: Callable) -> None:
    """Arguments: how long is trained."""
    budget = "budget that the learning rate follows (%(default)s)"
    add("--minutes", type=over_zero, default=30.0, help=budget)
    add("--steps", type=positive, help="train this many steps instead")
    every = "and checkpoint (%(default)s)"
    add("--validate-every", type=positive, default=100, metavar="STEPS", help=every)
    seconds = "(%(default)s)"
    add("--checkpoint-every", type=over_zero, default=300.0, metavar="SECONDS", help=seconds)


def add_how(add: Callable) -> None:
    """Arguments: how is trained."""
    add("--points", type=positive, default=4096, help="fixes a batch (%(default)s)")
    each = "batches a step and process (%(default)s)"
    add("--accumulate", type=positive, default=1, metavar="N", help=each)
    more = "more to train on, so that earlier training is not forgotten; not used for validation"
    add("--keep", nargs="+", default=[], metavar="SOURCE", help=more)
    peak = f"peak learning rate ({PEAK_LR}, with --init {PEAK_LR_TRAINED})"
    add("--lr", type=over_zero, help=peak)
    seed = "of the first weights and of the batches (%(default)s)"
    add("--seed", type=from_zero, default=0, help=seed)
    add("--device", default="auto", help="auto, cpu, cuda or cuda:N (%(default)s)")
    twice = "compute layers twice to save memory (on for raw-large and raw-1b)"
    add("--checkpointing", action=argparse.BooleanOptionalAction, help=twice)
    compiled = "torch.compile (on where there is a GPU)"
    add("--compile", action=argparse.BooleanOptionalAction, help=compiled)


def arguments(words: Sequence[str]) -> argparse.Namespace:
    """The arguments in the words of a command, and the `command` itself."""
    return argparse.Namespace(**vars(parser().parse_args(words)), command=command(words))


def check(args: argparse.Namespace) -> None:
    """Raise InputError for arguments that cannot be right, before any work."""
    for spec in [*args.corpus, *args.keep]:
        parse(spec)
    if args.points < 64:
        raise InputError(f"--points {args.points} is less than one row of 64 fixes.")
    state = args.output / "state.safetensors"
    if state.is_file() and not args.resume:
        raise InputError(
            f"{args.output} holds a run already: "
            "continue with --resume, or choose another --output."
        )
    check_output(args.output / "bundle")
    if args.device != "auto":
        find_device(args.device)


def open_corpus(training: TrainingRun, folder: Path) -> tuple[Batches, Batches | None]:
    """The batches to train on and those of unseen people, tokenised by the first process."""
    args = training.args
    with training.world.first_alone():
        sources, held_out = load_both(args.corpus, folder)
        sources += load_both(args.keep, folder)[0]
    long_enough = any(s.view(cadence) for s in held_out for cadence in CADENCES)
    validation = Batches(held_out, min(args.points, 8192), seed=1) if long_enough else None
    return Batches(sources, args.points, training.progress.seed), validation


def learning_rate(share: float) -> float:
    """Learning rate over its peak, at a share of the budget.

    A linear warm-up comes first, then a cosine down to a hundredth.
    """
    if share < WARM_UP:
        return max(share, 1e-4) / WARM_UP
    rest = min((share - WARM_UP) / (1 - WARM_UP), 1.0)
    return 0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * rest))


@contextmanager
def stop_requests(world: World) -> Iterator[Callable[[], bool]]:
    """Whether SIGTERM (the plugin's Pause) or SIGINT (Ctrl+C) came; a step under way is finished.

    A second signal ends the process. Several processes would each receive it at another step: there
    a signal ends them at once.
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


class Clock:
    """How much of the budget of --minutes (or --steps) a run has spent."""

    def __init__(self, run: TrainingRun) -> None:
        self.run = run
        self.seconds_before = run.progress.seconds
        self.began = time.monotonic()
        self.saved = self.began
        self.shown = 0.0  # so that a line is shown from the first step on

    def seconds(self) -> float:
        """Seconds of training, those before a pause too."""
        return self.seconds_before + time.monotonic() - self.began

    def share(self, seconds: float) -> float:
        """The share of the budget that is spent after so many seconds."""
        args = self.run.args
        if args.steps:
            return min(self.run.progress.step / args.steps, 1.0)
        return min(seconds / (60.0 * args.minutes), 1.0)

    def left(self) -> float:
        """Seconds that are left."""
        seconds = self.seconds()
        share = self.share(seconds)
        whole = 60.0 * self.run.args.minutes
        if self.run.args.steps:
            whole = seconds / max(share, 1e-9)
        return (1 - share) * whole

    def save_is_due(self) -> bool:
        """Is the last checkpoint older than --checkpoint-every?"""
        return time.monotonic() - self.saved >= self.run.args.checkpoint_every

    def line_is_due(self) -> bool:
        """Was the last line shown two seconds ago or more? Then one is shown now."""
        now = time.monotonic()
        due = now - self.shown >= 2.0
        if due:
            self.shown = now
        return due


def train(
    run: TrainingRun, batches: Iterator[Batch], validation: Batches | None, stop: Callable[[], bool]
) -> None:
    """Train until the budget of --minutes (or --steps) is spent. All processes decide alike.

    stop: whether to stop after a step; then a checkpoint is written and KeyboardInterrupt raised.
    """
    clock = Clock(run)
    recent: list[Tensor] = []  # losses since the last validation
    while True:
        seconds = clock.seconds()
        spent = [clock.share(seconds), seconds, clock.save_is_due()]
        share, run.progress.seconds, late = run.world.broadcast(spent)
        if share >= 1:
            return
        lr = run.progress.lr * learning_rate(share)
        recent.append(run.train_on(batches, lr))
        validating = run.progress.step % run.args.validate_every == 0
        stopping = stop()
        saving = bool(late) or validating or stopping
        # Reading the number waits for a graphics card.
        if saving or run.world.device.type == "cpu":
            check_finite(run, recent[-1])
        if validating:
            report_validation(run, clock, recent, lr, validation)
            recent.clear()
        elif clock.line_is_due():
            mean = float(torch.stack(recent).mean())
            report(run, {"step_loss": round(mean, 4), "seconds_left": round(clock.left(), 1)})
        if saving:
            run.save()
            clock.saved = time.monotonic()
        if stopping:
            raise KeyboardInterrupt


def check_finite(run: TrainingRun, loss: Tensor) -> None:
    """Raise InputError for a loss that is not finite: no checkpoint has such weights."""
    if not math.isfinite(loss):
        raise InputError(
            f"The loss is not a number at step {run.progress.step}: "
            "lower --lr and --resume from the checkpoint."
        )


def report_validation(
    run: TrainingRun, clock: Clock, recent: list[Tensor], lr: float, validation: Batches | None
) -> None:
    """Print the mean loss since the last validation, the speed, and a new validation."""
    line = {
        "loss": float(torch.stack(recent).mean()),
        "lr": lr,
        "points_per_s": run.progress.points / clock.seconds(),
        "seconds_left": clock.left(),
    }
    line |= run.validate(validation)
    report(run, {k: float(f"{v:.5g}") for k, v in line.items()})


def report(run: TrainingRun, line: dict) -> None:
    """Print one line of progress, in the first process."""
    if run.world.first:
        print_line({"step": run.progress.step} | line)


def finish(training: TrainingRun, corpus: Batches, validation: Batches | None) -> None:
    """Validate, calibrate and save for the last time, and make the bundle."""
    progress = training.progress
    training.validate(validation)
    cadences = [*corpus.cadences, *progress.domain.get("cadence_s", ())]
    progress.domain = {"cadence_s": [min(cadences), max(cadences)]}
    training.save()  # to calibrate takes minutes, and may be broken off
    if not training.world.first:
        return
    print_line({"stage": "calibrating"})
    found = calibrate(training.averaged().cpu(), validation) if validation else {}
    progress.calibration |= between(progress.calibration_before, found, validation)
    if not found:
        rest = "are the network's own, which no data has confirmed"
        if progress.calibration:
            rest = "stay as they were"
        print_line({"warning": f"Too few people to hold some apart: the 50 and 80 % areas {rest}."})
    training.save()
    bundle = training.folder / "bundle"
    export(training.folder, bundle)
    print_line({"bundle": str(bundle), **progress.metrics})


def pretrain(args: argparse.Namespace) -> None:
    """Train a run and make its bundle. args: of `arguments`."""
    check(args)
    world = open_world(args.device)
    args.output.mkdir(parents=True, exist_ok=True)
    if args.compile is None:
        args.compile = world.device.type == "cuda"
    training = TrainingRun(args, world)
    if args.resume:
        training.resume()
    folder = args.output / ".shards"  # of the tokenised corpus, which is personal
    with ExitStack() as last:
        if world.first:
            shutil.rmtree(folder, ignore_errors=True)  # what a killed run left
            last.callback(shutil.rmtree, folder, ignore_errors=True)
        corpus, validation = open_corpus(training, folder)
        on_gpu = world.device.type == "cuda"
        first = training.progress.batches + world.rank
        batches = feed(corpus, first, world.size, on_gpu=on_gpu)
        with stop_requests(world) as stop:
            train(training, batches, validation, stop)
        batches.close()
        finish(training, corpus, validation)
    world.leave()


def main(argv: Argv = None) -> None:
    """Run the command."""
    pretrain(arguments(sys.argv[1:] if argv is None else argv))


if __name__ == "__main__":
    sys.exit(run(main))
