# SPDX-License-Identifier: GPL-2.0-or-later
"""What training takes on this machine, printed beside the limits that we set ourselves, never
asserted.
"""

import time

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch

from model.data.batches import Batches, feed
from model.data.corpus import load
from model.network.config import PRESETS
from model.network.raw import Raw
from model.pretrain import arguments
from model.training import loss as objective
from model.training.loss import losses
from model.training.run import TrainingRun, World, optimizers, step

from .test_bench import tell, wanderers

CPU = torch.device("cpu")
BLOCK, BLOCKS = 48, 3  # steps, and how often each way of training has its turn


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    folder = tmp_path_factory.mktemp("corpus")
    columns = wanderers(200, 10_000)  # of two days each
    pq.write_table(pa.table(columns), folder / "tracks.parquet")
    return Batches([load(str(folder / "tracks.parquet"), cache=folder / "cache")])


class Bare:
    """The smallest loop over a network: ready-made batches, the same optimizers, nothing else."""

    def __init__(self):
        self.network = Raw(PRESETS["raw-small"])
        self.optimizers = optimizers(self.network)

    def train_on(self, batch):
        loss, _, _ = losses(self.network, batch, CPU)
        loss.backward()
        step(self.optimizers, 1e-3)


def seconds_of(work):
    began = time.monotonic()
    work()
    return time.monotonic() - began


def test_training_against_a_bare_loop(corpus, tmp_path):
    """The same batches in turns: made while training runs, and ready-made. A new feed each turn
    starts from nothing.
    """
    words = [
        "--preset",
        "raw-small",
        "--lr",
        "1e-3",
        "--no-compile",
        "--corpus",
        "made",
        "--output",
        str(tmp_path),
    ]
    run, bare = TrainingRun(arguments(words), World(0, 1, CPU)), Bare()
    ready = [corpus.batch(n) for n in range(BLOCK)]
    bare.train_on(ready[0])  # to warm up
    ours = simple = 0.0

    def train():
        batches = feed(corpus, 0)
        for _ in range(BLOCK):
            run.train_on(batches, 1e-3)
        batches.close()

    for _ in range(BLOCKS):
        ours += seconds_of(train)
        simple += seconds_of(lambda: [bare.train_on(batch) for batch in ready])
    points = BLOCKS * sum(batch.points for batch in ready)
    tell(
        f"training raw-small on {torch.get_num_threads()} threads",
        f"{points / ours:,.0f} fixes/s, {simple / ours:.2f} of a bare loop's {points / simple:,.0f}", "0.9 or more",
    )  # fmt: skip
    begun = time.process_time()
    for n in range(10):
        corpus.batch(n)
    tell(
        "making a batch of 4,096 fixes", f"{(time.process_time() - begun) * 100:.0f} ms of one core"
    )
    filled = [(b.points, b.x.shape[0] * b.x.shape[1]) for b in map(corpus.batch, range(100))]
    tell(
        "padding in batches",
        f"{1 - sum(p for p, _ in filled) / sum(s for _, s in filled):.1%}",
        "under 5 %",
    )


def test_bf16_against_fp32(corpus, monkeypatch):
    if not objective.bf16(CPU):
        pytest.skip("This CPU has no instructions for bf16 (AMX or AVX512-BF16).")
    bare, ready = Bare(), [corpus.batch(n) for n in range(8)]
    spent = {True: 0.0, False: 0.0}
    for turn in range(4):
        for half in spent:
            monkeypatch.setattr(objective, "bf16", lambda device, half=half: half)
            seconds = seconds_of(lambda: [bare.train_on(batch) for batch in ready])
            spent[half] += seconds if turn else 0.0  # the first turn warms up
    tell(
        "training raw-small in bf16 against fp32",
        f"{spent[False] / spent[True]:.2f} times as fast",
        "1.5 or more",
    )
