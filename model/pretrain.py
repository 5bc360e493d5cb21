# SPDX-License-Identifier: GPL-2.0-or-later
"""Pretrain RAW to predict where tracks go: python -m model.pretrain --preset raw-small --corpus PATH … --output RUN

The same command trains on a laptop, on one graphics card and, under torchrun, on many. Progress comes as JSON lines on
standard output, one a validation, and as TensorBoard logs in RUN/logs. RUN/state.safetensors is the checkpoint
(--resume goes on from it) and RUN/bundle the finished model bundle. Cabs and devices held apart for reports
(model/data/heldout.py) and a fiftieth of the people, for validation, are not trained on.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np
import torch
from torch.utils.tensorboard import SummaryWriter

from model.cli import Parser, from_zero, over_zero, positive, run
from model.config import PRESETS
from model.data.batches import Batch, Batches
from model.data.corpus import Source, forget, parse, source_name
from model.data.corpus import load as load_source
from model.data.feed import feed
from model.data.labels import read_table, usable
from model.export import check_output, export
from model.neighbours import add as add_neighbours
from model.retrieval.prototypes import typical_ways
from model.training.calibrate import between, calibrate
from model.training.distributed import World, find_device, open_world
from model.training.loop import FRESH, GOING_ON, Run, rate
from model.training.loss import validate
from model.training.monitor import Watch, profile_accuracy, score
from raw_qgis_plugin.core.bundle.contract import PROTOTYPES_FILE
from raw_qgis_plugin.core.errors import InputError
from raw_qgis_plugin.core.sources.readers import find_source

LESSONS, LESSON_EPOCHS = 60_000, 4  # of what model.neighbours teaches in the end
LARGEST_GRAPH = 2**31  # bytes of an ONNX file
EPILOG = """\
examples:
  python -m model.pretrain --corpus tracks.parquet --minutes 60 --output run
  python -m model.pretrain --init shipped --corpus tracks.parquet --minutes 30 --output mine
  python -m model.pretrain --resume --corpus tracks.parquet --minutes 60 --output run
  torchrun --nproc-per-node 8 -m model.pretrain --preset raw-base --points 32768 --corpus A 2*B --output run
docs/guide/training-at-scale.md has a command for each preset and machine.
"""


class Teller:
    """What the first process says: JSON lines, the same for TensorBoard, and warnings."""

    def __init__(self, folder: Path, world: World, watch: Watch) -> None:
        self.speaks, self.watch = world.first, watch
        self.metrics: dict[str, float] = {}
        self.logs = SummaryWriter(folder / "logs") if world.first else None

    def validated(self, step: int, share: float, loss: float, metrics: dict[str, float], **more: float) -> None:
        """A line after a validation, and what is to be warned of."""
        self.metrics = metrics
        if self.logs:
            values = {"loss": loss, **more, **metrics}
            self.say({"step": step} | {k: float(f"{v:.5g}") for k, v in values.items()})
            for name, value in values.items():
                self.logs.add_scalar(name, value, step)
            for warning in self.watch.look(step, share, loss, score(metrics)):
                self.say({"step": step, "warning": warning})

    def say(self, line: dict) -> None:
        """Print one JSON line."""
        if self.speaks:
            print(json.dumps(line), flush=True)

    def close(self) -> None:
        """Write what TensorBoard has not yet been given."""
        if self.logs:
            self.logs.close()


@contextmanager
def asked_to_end(world: World) -> Iterator[Callable[[], bool]]:
    """Whether SIGTERM came, as by Pause, which then breaks off no step; a second one ends the process at once.

    Of many processes each would hear it at another step, so there it ends them at once as well.
    """
    if world.size > 1:
        yield lambda: False
        return
    came: list[int] = []
    before = signal.getsignal(signal.SIGTERM)

    def note(number: int, _: object) -> None:
        came.append(number)
        signal.signal(signal.SIGTERM, before)

    signal.signal(signal.SIGTERM, note)
    try:
        yield lambda: bool(came)
    finally:
        signal.signal(signal.SIGTERM, before)


def train(
    run: Run, batches: Iterator[Batch], validation: Batches | None, args: argparse.Namespace, tell: Teller,
    ending: Callable[[], bool],
) -> None:  # fmt: skip
    """Train until the budget of minutes (or --steps) is spent, or nothing gets better. All processes decide alike.

    KeyboardInterrupt, with a checkpoint of that moment, where `ending` says so after a step.
    """
    world, before, began = run.world, run.seconds, time.monotonic()
    saved, recent = began, []
    trained, points = 0.0, 0  # seconds of steps since the last line, and what they saw
    while True:
        now = time.monotonic()
        seconds = before + now - began
        share = run.step / args.steps if args.steps else seconds / (60.0 * args.minutes)
        late = now - saved >= args.checkpoint_every
        share, run.seconds, late, done = world.tell([share, seconds, late, tell.watch.done])
        if share >= 1 or run.step == args.stop_after or done:
            break
        lr, seen = args.lr * rate(share), run.points
        recent.append(run.train_on(batches, lr))
        if run.device.type == "cpu":  # elsewhere asking for the number would stop the device
            check_loss(float(recent[-1]), run)
        trained, points = trained + time.monotonic() - now, points + run.points - seen
        if run.step % args.validate_every == 0:
            loss = world.mean(float(torch.stack(recent).mean()))
            check_loss(loss, run)
            left = run.seconds * (1 - share) / max(share, 1e-9)
            speed = {"lr": lr, "points_per_s": points / trained, "seconds_left": left}
            tell.validated(run.step, share, loss, judge(run, validation), **speed)
            recent.clear()
            trained, points, late = 0.0, 0, True
        end = ending()
        if late or end:
            if recent:
                check_loss(world.mean(float(recent[-1])), run)  # a checkpoint holds numbers
            run.save(said(args, tell.metrics, tell.watch))
            saved = time.monotonic()
        if end:
            raise KeyboardInterrupt


def check_loss(loss: float, run: Run) -> None:
    """InputError for a loss that is no number."""
    if not math.isfinite(loss):
        raise InputError(f"The loss is not a number at step {run.step}: lower --lr and --resume from the checkpoint.")


def judge(run: Run, validation: Batches | None) -> dict[str, float]:
    """The validation of the moving average, by the first process; nothing in the others."""
    average = run.averaged() if validation else None
    return validate(average, validation, run.device) if average and validation else {}


def said(args: argparse.Namespace, metrics: dict, watch: Watch) -> dict:
    """What a checkpoint, and so the card, says of the command, and what a resumed run has to know."""
    return {
        "seed": args.seed, "minutes": args.minutes, "corpus": [source_name(s) for s in [*args.corpus, *args.keep]],
        "command": command(args), "metrics": metrics, "watch": watch.to_dict(), "typical_ways": args.typical_ways,
        "neighbours": args.neighbours, "lr": args.lr,
    }  # fmt: skip


def command(args: argparse.Namespace) -> str:
    """The command as a card gives it: what differs from the defaults, without the folders of one machine."""
    size, nodes = int(os.environ.get("WORLD_SIZE", 1)), int(os.environ.get("GROUP_WORLD_SIZE", 1))
    start = "python -m model.pretrain" if size == 1 else (
        f"torchrun{f' --nnodes {nodes}' * (nodes > 1)} --nproc-per-node {size // nodes} -m model.pretrain"
    )  # fmt: skip
    known, words = parser(), [start]
    names = {name: [source_name(s) for s in getattr(args, name)] for name in ("corpus", "keep")}
    told = vars(args) | names | {"output": args.output.name}
    for name, value in told.items():
        flag = "--" + name.replace("_", "-")
        if value == known.get_default(name) or name in ("resume", "cache", "forget", "stop_after"):
            continue
        if isinstance(value, bool):
            words.append(flag if value else flag.replace("--", "--no-", 1))
        elif name in ("init", "profiles"):
            words.append(" ".join([flag, *(Path(v).name for v in (value if name == "profiles" else [value]))]))
        else:
            words.append(f"{flag} {' '.join(value) if isinstance(value, list) else value}")
    return " ".join(words)


def parser() -> argparse.ArgumentParser:
    """The command's arguments."""
    p = Parser(
        "python -m model.pretrain", description=(__doc__ or "").split(":")[0] + ".", epilog=EPILOG, allow_abbrev=False,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    # fmt: off
    what = p.add_argument_group("what is trained, on what").add_argument
    what("--preset", choices=PRESETS, help="size of the network (raw-small, or what --init is)")
    what("--corpus", nargs="+", required=True, metavar="SOURCE",
         help="[WEIGHT*][exact:|kind:]PATH, a file or folder; exact: simulated positions without recording error")
    what("--init", metavar="BUNDLE", help="start from this bundle's weights ('shipped' for the shipped ones)")
    what("--output", type=Path, required=True, metavar="RUN", help="folder of the run")
    what("--resume", action="store_true", help="go on from the checkpoint in RUN")
    long = p.add_argument_group("how long").add_argument
    long("--minutes", type=over_zero, default=30.0, help="budget that the learning rate follows (%(default)s)")
    long("--steps", type=positive, help="train this many steps instead")
    long("--stop-after", type=positive, metavar="STEP", help="stop early, to be resumed; the schedule stays")
    long("--patience", type=positive, default=0, metavar="N", help="stop when N validations got no better (never)")
    long("--validate-every", type=positive, default=100, metavar="STEPS", help="and checkpoint (%(default)s)")
    long("--checkpoint-every", type=over_zero, default=300.0, metavar="SECONDS", help="(%(default)s)")
    how = p.add_argument_group("how").add_argument
    how("--points", type=positive, default=4096, help="fixes a batch (%(default)s)")
    how("--accumulate", type=positive, default=1, metavar="N", help="batches a step and process (%(default)s)")
    how("--keep", nargs="+", default=[], metavar="SOURCE",
        help="more to learn from, so that what was learnt elsewhere is not forgotten; its people are not asked about")
    how("--lr", type=over_zero, help=f"peak learning rate ({FRESH}, with --init {GOING_ON})")
    how("--seed", type=from_zero, default=0, help="of the first weights and of the batches (%(default)s)")
    how("--device", default="auto", help="auto, cpu, cuda or cuda:N (%(default)s)")
    how("--parallel", choices=("ddp", "fsdp"), help="under torchrun (fsdp for raw-large and raw-1b, else ddp)")
    how("--checkpointing", action=argparse.BooleanOptionalAction,
        help="compute layers twice to save memory (on for raw-large and raw-1b)")
    how("--compile", action=argparse.BooleanOptionalAction, help="torch.compile (on where there is a GPU)")
    how("--profiles", nargs=3, metavar=("TRACKS", "LABELS", "FIELD"),
        help="at the end, tell users' labels from embeddings, and warn where that is right in under 60 %%")
    how("--workers", type=int, metavar="N", help="processes that make batches, 0 for a thread (by the device)")
    how("--typical-ways", action=argparse.BooleanOptionalAction,
        help="give the bundle typical ways of where --corpus is, each of three or more people (on with --init)")
    how("--neighbours", action=argparse.BooleanOptionalAction,
        help="teach the bundle to weigh where a fleet's tracks went on before (on with --init)")
    how("--cache", type=Path, metavar="DIR", help="of the tokenised corpora, private (in your cache folder)")
    how("--forget", action="store_true", help="delete the tokenised corpora when the run ends")
    # fmt: on
    return p


def check(args: argparse.Namespace) -> None:
    """Refuse, before any work, what cannot be right. InputError."""
    for spec in [*args.corpus, *args.keep]:
        parse(spec)
    if args.points < 64:
        raise InputError(f"--points {args.points} is less than one row of 64 fixes.")
    if args.workers is not None and args.workers < 0:
        raise InputError("--workers must be 0 or more.")
    state = args.output / "state.safetensors"
    if args.output.exists() and not args.output.is_dir():
        raise InputError(f"--output {args.output} is a file; a run needs a folder.")
    if args.resume and not state.is_file():
        raise InputError(f"There is no checkpoint {state}: start the run without --resume.")
    if state.is_file() and not args.resume:
        raise InputError(f"{args.output} holds a run already: go on with --resume, or choose another --output.")
    check_output(args.output / "bundle")
    if args.profiles:
        tracks, labels, field = args.profiles
        find_source(tracks)
        usable(read_table(labels), "user", field, tell=lambda _: None)  # it is told at the end
    if args.device != "auto":
        find_device(args.device)


def fill_in(args: argparse.Namespace, world: World) -> None:
    """The arguments that depend on the device and on where the weights come from, where they were not given."""
    if args.lr is None:
        args.lr = GOING_ON if args.init else FRESH
    on_gpu = world.device.type == "cuda"
    if args.compile is None:
        args.compile = on_gpu
    if args.workers is None:
        cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        share = cores // int(os.environ.get("LOCAL_WORLD_SIZE", 1))
        args.workers = min(max(share - 1, 1), 12) if on_gpu else 0


def open_corpus(args: argparse.Namespace, world: World) -> tuple[Batches, Batches | None]:
    """The batches to train on and those of people unseen, tokenised by the first process."""
    with world.first_alone():
        sources: list[Source] = [load_source(s, cache=args.cache) for s in [*args.corpus, *args.keep]]
        corpus, unseen, validation = Batches(sources, args.points, args.seed), [], None
        for s in args.corpus:
            with suppress(InputError):  # a small corpus may have nobody to spare
                unseen.append(load_source(s, validation=True, cache=args.cache))
        with suppress(InputError):  # or nobody whose track is long enough to judge by
            validation = Batches(unseen, min(args.points, 8192), seed=1) if unseen else None
    return corpus, validation


def people(corpus: Batches) -> int:
    """How many people have tracks long enough to be asked about."""
    count = 0
    for s in corpus.sources:
        rows = [np.zeros(0, np.int64), *(v.rows for c in corpus.cadences if (v := s.view(c)))]
        count += len(np.unique(s.shards.person[s.shards.user[np.concatenate(rows)]]))
    return count


def finish(run: Run, corpus: Batches, validation: Batches | None, args: argparse.Namespace, tell: Teller) -> None:
    """Validate, calibrate and save for the last time, and make the bundle."""
    metrics, average = judge(run, validation), run.averaged()
    seen = [*corpus.cadences, *run.domain.get("cadence_s", ())]
    run.domain = {"cadence_s": [min(seen), max(seen)]}
    if average is not None:
        found = calibrate(average.cpu(), validation) if validation else {}
        many = people(validation) if validation else 0
        run.calibration = run.calibration | between(run.calibration_before, found, many)
        if not found:
            rest = "stay as they were" if run.calibration else "hold what the network means, which nothing has checked"
            tell.say({"warning": f"Too few people to hold some apart: the 50 and 80 % areas {rest}."})
    run.save(said(args, metrics, tell.watch))
    if average is not None:
        (run.folder / PROTOTYPES_FILE).unlink(missing_ok=True)
        if args.typical_ways:
            tell.say({"stage": "ways"})
            beside = run.folder / f"{PROTOTYPES_FILE}.partial"
            typical_ways(corpus.sources[: len(args.corpus)], args.seed).tofile(beside)
            beside.replace(run.folder / PROTOTYPES_FILE)
        counts = [s.seen for s in corpus.sources]
        tell.say({"samples": [
            {"source": source_name(spec), "shards": len(n), "shards_seen": int((n > 0).sum()), "samples": int(n.sum())}
            for spec, n in zip([*args.corpus, *args.keep], counts)
        ]})  # fmt: skip
        if sum(p.numel() for p in average.parameters()) * 4 < LARGEST_GRAPH:
            export(args.output, args.output / "bundle")
            if args.neighbours:
                tell.say({"stage": "neighbours"})
                sources, unseen = corpus.sources[: len(args.corpus)], validation.sources if validation else []
                names = [source_name(s) for s in args.corpus]
                lessons = LESSONS, LESSON_EPOCHS, args.seed
                add_neighbours(args.output / "bundle", sources, unseen, names, *lessons, tell.say)
            if args.profiles:
                accuracy = profile_accuracy(args.output / "bundle", *args.profiles)
                tell.say({"profile_accuracy": round(accuracy, 4)})
                for warning in tell.watch.profiles(accuracy):
                    tell.say({"warning": warning})
            tell.say({"bundle": str(args.output / "bundle"), **metrics})
        else:
            tell.say({"warning": f"No bundle: an ONNX file holds 2 GB at most. The weights are in {run.state}."})


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command."""
    args = parser().parse_args(argv)
    check(args)
    world = open_world(args.device)
    args.output.mkdir(parents=True, exist_ok=True)
    given = args.lr
    fill_in(args, world)
    training = Run(args, world)
    about = training.resume() if args.resume else {}
    args.lr = given or about.get("lr", args.lr)
    for name in ("typical_ways", "neighbours"):
        if getattr(args, name) is None:
            setattr(args, name, about.get(name, bool(args.init)))
    corpus, validation = open_corpus(args, world)
    tell = Teller(args.output, world, Watch.going_on(args.patience, about.get("watch", {})))
    together = world.size * args.accumulate
    batches = feed(corpus, training.step * together + world.rank, world.size, args.workers)
    with asked_to_end(world) as ending:
        train(training, batches, validation, args, tell, ending)
    batches.close()
    try:
        finish(training, corpus, validation, args, tell)
    finally:
        if args.forget and world.first:
            forget(corpus.sources)
    tell.close()
    world.leave()


if __name__ == "__main__":
    sys.exit(run(main))
