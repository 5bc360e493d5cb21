# SPDX-License-Identifier: GPL-2.0-or-later
"""Batches made ahead of the training, in a thread or in processes, always in the same order."""

from __future__ import annotations

import os
import signal
from collections import deque
from collections.abc import Callable, Generator
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from itertools import count
from multiprocessing import get_context

from model.data.batches import Batch, Batches

_corpus: list[Batches] = []  # of a process that makes batches


def _begin(corpus: Batches) -> None:
    """Ctrl+C reaches these processes too, but the step under way still needs their batches; the run then ends them."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _corpus.append(corpus)


def _make(number: int) -> Batch:
    return _corpus[0].batch(number)


def feed(corpus: Batches, first: int, stride: int = 1, on_gpu: bool = False, ahead: int = 4) -> Generator[Batch]:
    """Batches first, first + stride, … on_gpu: processes make them, else a thread. ahead: of each, in store."""
    numbers, workers = count(first, stride), 1
    make: Callable[[int], Batch] = corpus.batch
    pool: Executor = ThreadPoolExecutor(1)
    if on_gpu:
        share = (os.cpu_count() or 1) // int(os.environ.get("LOCAL_WORLD_SIZE", 1))  # of the machine's cores
        workers, make = min(max(share - 1, 1), 12), _make
        context = get_context("forkserver" if os.name == "posix" else "spawn")
        pool = ProcessPoolExecutor(workers, context, _begin, (corpus,))
    try:
        ready = deque(pool.submit(make, next(numbers)) for _ in range(ahead * workers))
        while True:
            batch = ready.popleft().result()
            ready.append(pool.submit(make, next(numbers)))
            yield batch
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
