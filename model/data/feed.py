# SPDX-License-Identifier: GPL-2.0-or-later
"""Batches made ahead of the training, in a thread or in processes, always in the same order."""

from __future__ import annotations

import os
import signal
from collections import deque
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from typing import Any

from torch.utils.data import DataLoader, Dataset

from model.data.batches import Batch, Batches


class _Numbered(Dataset):
    """Batches by number."""

    def __init__(self, corpus: Batches) -> None:
        self.corpus = corpus

    def __getitem__(self, number: int) -> Batch:
        return self.corpus.batch(number)


def feed(corpus: Batches, first: int, stride: int = 1, on_gpu: bool = False, ahead: int = 4) -> Generator[Batch]:
    """Batches first, first + stride, … on_gpu: processes make them, else a thread. ahead: batches in store."""
    numbers = count(first, stride)
    if on_gpu:
        share = (os.cpu_count() or 1) // int(os.environ.get("LOCAL_WORLD_SIZE", 1))  # of the machine's cores
        yield from DataLoader(
            _Numbered(corpus), batch_size=None, sampler=numbers, num_workers=min(max(share - 1, 1), 12),
            collate_fn=_unchanged, prefetch_factor=ahead, worker_init_fn=_ignore_ctrl_c,
            multiprocessing_context="forkserver" if os.name == "posix" else "spawn",
        )  # fmt: skip
    with ThreadPoolExecutor(1) as pool:
        ready = deque(pool.submit(corpus.batch, next(numbers)) for _ in range(ahead))
        try:
            while True:
                batch = ready.popleft().result()
                ready.append(pool.submit(corpus.batch, next(numbers)))
                yield batch
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def _ignore_ctrl_c(_: int) -> None:
    """Ctrl+C reaches these processes too, but the step under way still needs their batches; the run then ends them."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _unchanged(made: Any) -> Any:
    return made
