# SPDX-License-Identifier: GPL-2.0-or-later
"""Batches for pretraining: tracks of a weighted mix of sources at many cadences, with queries."""

from __future__ import annotations

import os
import signal
from collections import deque
from collections.abc import Callable, Generator
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import count
from multiprocessing import get_context
from typing import Any

import numpy as np

from model.data.augment import Rows, vary
from model.data.augment import Settings as Variation
from model.data.corpus import COARSE_S, SHORTEST, Source, View
from raw_qgis_plugin.core.arrays import Array, join_rows
from raw_qgis_plugin.core.errors import InputError
from raw_qgis_plugin.core.features import featurizer as feat
from raw_qgis_plugin.core.forecasting.candidates import LATERAL_CANDIDATE, candidates

# Cadences in seconds, and their weights in training. The weights follow real loggers: phones and
# trackers record every second to minute, operators every quarter of an hour.
CADENCES = {
    1: 3,
    2: 5,
    3: 5,
    5: 14,
    8: 5,
    10: 7,
    15: 14,
    20: 5,
    30: 8,
    45: 6,
    60: 40,
    120: 6,
    300: 3,
    900: 36,
    1800: 4,
}
FILLED_S = 900  # the cadence of days that are filled round the clock


class Settings:
    """How batches are drawn."""

    pieces: int = 4  # tracks in a row, at most
    context: int = 4  # fixes before a query about days
    query_every: int = 24  # of days, one fix in so many has queries
    farthest_s: float = 32 * FILLED_S  # horizon across a silence: no track shows where a night ends
    max_target: float = 200.0  # query scales; a target that is farther is a jump
    # fixes in a row, and how often
    trip_lengths: dict[int, float] = {64: 0.8, 128: 0.15, 256: 0.05}
    day_lengths: dict[int, float] = {128: 0.5, 512: 0.4, 960: 0.1}


@dataclass(frozen=True)
class Batch:
    """B rows of L fixes, and Q queries for R fixes of each row.

    x: (B, L, features). clock: (B, L). piece: (B, L) int, equal along one track of a row, or None
    where a row is one track. row: (B, R) the fixes that have queries. query: (B, R, Q, query).
    candidate: (B, R, Q, K, candidate) and place: (B, R, Q, K, 2) in units of the scale, or None
    without candidates. base, target: (B, R, Q, 2) in units of the scale. scale: (B, R, Q) metres.
    speed: (B, R, Q) scale over dt, m/s. known: (B, R, Q) bool, where there is a target. points:
    fixes that are not padding.
    """

    x: Array
    clock: Array
    piece: Array | None
    row: Array
    query: Array
    candidate: Array | None
    place: Array | None
    base: Array
    target: Array
    scale: Array
    speed: Array
    known: Array
    points: int


def _offsets(rng: np.random.Generator, shape: tuple[int, ...], coarse: bool) -> Array:
    """How many fixes ahead queries are, (…, 4): the next one, and three that are farther."""
    some = rng.integers(4, 11 if coarse else 6, shape)
    far = np.exp(rng.uniform(np.log(6), np.log(33), shape)).astype(int)
    second = rng.integers(2, 4, shape)

    return np.stack([np.ones(shape, int), second, some, far], axis=-1)


def _draw(
    rng: np.random.Generator, s: Source, v: View, cadence: int, count: int, length: int
) -> Rows:
    """`count` rows of `length` fixes from one source; short runs share a row with others."""
    # rows of the view
    at = np.zeros((count, length), np.int64)
    piece = np.full((count, length), -1)
    used = np.zeros(count, int)
    step = np.arange(length)

    for number in range(Settings.pieces):
        free = np.flatnonzero(length - used >= SHORTEST)
        if not len(free):
            break

        run = np.searchsorted(v.share, rng.random(len(free)))
        run = np.minimum(run, len(v.start) - 1)
        begin = rng.random(len(free)) * np.maximum(v.length[run] - 0.8 * length, 1)
        inside = begin.astype(int)[:, None] + _steps(rng, len(free), length, v.slot is not None)
        fits = inside < v.length[run][:, None]
        fits &= step < (length - used[free])[:, None]

        row, column = np.nonzero(fits)
        goal = (free[row], used[free[row]] + column)
        at[goal] = v.start[run[row]] + inside[fits]
        piece[goal] = number
        used[free] += fits.sum(axis=1)

    rows = v.rows[at]
    t = s.t[rows] if v.slot is None else v.slot[at].astype(np.int64) * (1000 * cadence)
    return Rows(t, s.lon[rows], s.lat[rows], piece)


def _steps(rng: np.random.Generator, count: int, length: int, filled: bool) -> Array:
    """Numbers (count, length) of the fixes of runs that are read; a few are left out of some."""
    missing = 0.0 if filled else rng.choice([0.0, 0.0, 0.05, 0.15], (count, 1))
    left_out = rng.random((count, length)) < missing
    return np.cumsum(1 + left_out, axis=1) - 1


def _hold_padding(rows: Rows) -> Rows:
    """Rows whose padding stays in place while time passes."""
    step = np.arange(rows.t.shape[1])
    padding = rows.piece < 0
    last = np.maximum.accumulate(np.where(padding, 0, step), axis=1)
    waited_s = np.where(padding, step - last, 0)

    return replace(
        rows,
        t=np.take_along_axis(rows.t, last, 1) + waited_s * 1000,
        lon=np.take_along_axis(rows.lon, last, 1),
        lat=np.take_along_axis(rows.lat, last, 1),
    )


@dataclass(frozen=True)
class Pairs:
    """Queries and their goals. origin: (B, R) the fixes of each row that have queries.

    row, goal: (B, R, Q) fixes of all rows in one sequence. known: (B, R, Q), whether the goal is in
    the same track; else it is the fix itself.
    """

    origin: Array
    row: Array
    goal: Array
    known: Array


def _pairs(rng: np.random.Generator, sequence: Array, real: Array, coarse: bool) -> Pairs:
    """Queries about fixes. sequence: (B, L), equal along a track. real: (B, L), no padding."""
    b, length = sequence.shape
    if coarse:  # fewer queries, each with candidate places
        count = max(length // Settings.query_every, 1)
        origin = np.sort(rng.integers(Settings.context, length - 1, (b, count)), axis=1)
        ahead = _offsets(rng, origin.shape, coarse)
    else:
        origin = np.broadcast_to(np.arange(length), (b, length))
        ahead = _offsets(rng, (b,), coarse)[:, None, :]

    # (B, R, Q)
    place = origin[..., None] + ahead
    begin = np.arange(b)[:, None, None] * length
    row = np.broadcast_to(begin + origin[..., None], place.shape)
    known = place < length
    goal = np.where(known, begin + place, row)
    known &= sequence.ravel()[goal] == sequence.ravel()[row]
    known &= real.ravel()[row]

    return Pairs(origin, row, np.where(known, goal, row), known)


def _featurize(rng: np.random.Generator, rows: Rows, cadence: int) -> Batch:
    """The batch of rows, with queries at random."""
    b, length = rows.t.shape
    real = rows.piece >= 0
    pieces = Settings.pieces + 1
    # padding is a sequence of its own
    sequence = np.arange(b)[:, None] * pieces + rows.piece % pieces
    held = _hold_padding(rows)
    f = feat.featurize(sequence.ravel(), held.t.ravel(), held.lon.ravel(), held.lat.ravel())

    coarse = cadence >= COARSE_S
    pairs = _pairs(rng, sequence, real, coarse)
    batch = Batch(
        x=f.x.reshape(b, length, -1),
        clock=f.clock.reshape(b, length),
        piece=sequence if (rows.piece != 0).any() else None,
        row=pairs.origin,
        points=int(real.sum()),
        **_queries(f, pairs, coarse),
    )
    _flip(rng, batch)

    return batch


def _queries(f: feat.Features, pairs: Pairs, coarse: bool) -> dict[str, Any]:
    """The columns of a batch from query to known. coarse: queries have candidates."""
    shape = pairs.row.shape
    row = pairs.row.ravel()
    goal = pairs.goal.ravel()

    dt = np.maximum((f.t[goal] - f.t[row]) / 1000.0, Variation.min_step_s)
    q = feat.ask(f, row, dt)
    unit = q.scale[:, None]
    target = feat.displacement(f, row, f.lon[goal], f.lat[goal]) / unit
    usable = np.abs(target).max(axis=1) < Settings.max_target
    usable &= dt <= Settings.farthest_s

    candidate = None
    place = None
    if coarse:
        found = candidates(f, row, dt, q)
        candidate = found.x.reshape(*shape, *found.x.shape[1:])
        place = _float32(found.xy / unit[..., None]).reshape(*shape, -1, 2)

    return {
        "query": q.x.reshape(*shape, -1),
        "candidate": candidate,
        "place": place,
        "base": _float32(q.base / unit).reshape(*shape, 2),
        "target": _float32(target).reshape(*shape, 2),
        "scale": _float32(q.scale).reshape(shape),
        "speed": _float32(q.scale / dt).reshape(shape),
        "known": pairs.known & usable.reshape(shape),
    }


def _float32(a: Array) -> Array:
    """A copy in single precision."""
    return a.astype(np.float32)


def _flip(rng: np.random.Generator, batch: Batch) -> None:
    """Mirror half of the rows in place: left turns become right turns."""
    flip = np.where(rng.random(len(batch.x)) < 0.5, -1.0, 1.0).astype(np.float32)
    flip = flip[:, None, None]

    batch.x[..., feat.LATERAL_FEATURES] *= flip
    batch.query[..., feat.LATERAL_QUERY] *= flip[..., None]
    batch.target[..., 1] *= flip
    batch.base[..., 1] *= flip
    if batch.candidate is not None and batch.place is not None:
        batch.candidate[..., LATERAL_CANDIDATE] *= flip[..., None, None]
        batch.place[..., 1] *= flip[..., None]


class Batches:
    """A weighted mix of sources as batches; batch `n` of a seed is always the same."""

    def __init__(self, sources: list[Source], points: int = 4096, seed: int = 0) -> None:
        self.sources = sources
        # fixes a batch
        self.points = points
        self.seed = seed
        self.cadences = {c: w for c, w in CADENCES.items() if any(s.view(c) for s in sources)}
        if not self.cadences:
            raise InputError("The corpus has no run of eight fixes at any cadence.")

    def batch(self, number: int, cadence: int | None = None, filled: bool | None = None) -> Batch:
        """Batch `number`.

        By default the cadence is drawn from CADENCES, and half of those at FILLED_S are filled.
        """
        rng = np.random.default_rng([self.seed, number])
        weights = np.array(list(self.cadences.values()), float)
        cadence = cadence or int(rng.choice(list(self.cadences), p=weights / weights.sum()))
        if filled is None:
            filled = cadence == FILLED_S and rng.random() < 0.5

        return _featurize(rng, self._rows(rng, cadence, filled), cadence)

    def _rows(self, rng: np.random.Generator, cadence: int, filled: bool) -> Rows:
        """Tracks of the sources that have this cadence, by their weights."""
        lengths = Settings.trip_lengths if cadence < COARSE_S else Settings.day_lengths
        length = int(rng.choice(list(lengths), p=list(lengths.values())))
        count = max(self.points // length, 1)
        having = [s for s in self.sources if s.view(cadence, filled)]
        share = np.array([s.weight for s in having])
        parts = rng.multinomial(count, share / share.sum())
        drawn = []

        for source, part in zip(having, parts, strict=True):
            view = source.view(cadence, filled)
            if view and part:
                rows = _draw(rng, source, view, cadence, part, length)
                drawn.append(vary(rng, rows, source.exact, cadence))

        return join_rows(drawn)


_corpus: list[Batches] = []  # of a process that makes batches


def _begin(corpus: Batches) -> None:
    """Let a process make batches. Ctrl+C reaches it too, but the step under way needs them."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _corpus.append(corpus)


def _make(number: int) -> Batch:
    return _corpus[0].batch(number)


def feed(
    corpus: Batches, first: int, stride: int = 1, on_gpu: bool = False, ahead: int = 4
) -> Generator[Batch]:
    """Batches first, first + stride, … made ahead of their use.

    on_gpu: processes make them, else a thread. ahead: batches of each that are kept ready.
    """
    numbers = count(first, stride)
    workers = 1
    make: Callable[[int], Batch] = corpus.batch
    pool: Executor = ThreadPoolExecutor(1)
    if on_gpu:
        workers = _processes()
        make = _make
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


def _processes() -> int:
    """How many processes make batches: the cores of this process's share, but one; at most 12."""
    share = (os.cpu_count() or 1) // int(os.environ.get("LOCAL_WORLD_SIZE", 1))
    return min(max(share - 1, 1), 12)
