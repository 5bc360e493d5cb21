# SPDX-License-Identifier: GPL-2.0-or-later
"""Batches made ahead of the training that takes them, in a thread or in processes, always in the same order."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count

from torch.utils.data import DataLoader, Dataset

from model.batches import Batch, Batches

AHEAD = 4  # batches


class _Numbered(Dataset):
    def __init__(self, corpus: Batches) -> None:
        self.corpus = corpus

    def __getitem__(self, number: int) -> Batch:
        return self.corpus.batch(number)


def feed(corpus: Batches, first: int, stride: int = 1, workers: int = 0) -> Iterator[Batch]:
    """The batches first, first + stride, … workers: processes that make them; 0 for one thread beside the training."""
    if workers:
        yield from DataLoader(
            _Numbered(corpus), batch_size=None, sampler=count(first, stride), num_workers=workers,
            collate_fn=_as_it_is, prefetch_factor=AHEAD,
        )  # fmt: skip
    pool = ThreadPoolExecutor(1)
    try:
        numbers = count(first, stride)
        ahead = deque(pool.submit(corpus.batch, next(numbers)) for _ in range(AHEAD))
        while True:
            batch = ahead.popleft().result()
            ahead.append(pool.submit(corpus.batch, next(numbers)))
            yield batch
    finally:
        pool.shutdown(cancel_futures=True)


def _as_it_is(batch: Batch) -> Batch:
    return batch
