# SPDX-License-Identifier: GPL-2.0-or-later
"""Batches for pretraining: tracks drawn from a weighted mix of sources at many cadences, with
queries.
"""

from __future__ import annotations

import os
import signal
from collections import deque
from collections.abc import Callable, Generator
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import count
from multiprocessing import get_context

import numpy as np

from model.data.corpus import COARSE_S, SHORTEST, Source, View
from raw_qgis_plugin.core.arrays import join_rows
from raw_qgis_plugin.core.errors import InputError
from raw_qgis_plugin.core.features import featurizer as feat
from raw_qgis_plugin.core.forecasting.candidates import LATERAL_CANDIDATE, candidates
from raw_qgis_plugin.core.geodesy import metres_per_degree

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
    fastest_m_s: float = 70.0  # of simulated movement that is enlarged
    context: int = 4  # fixes before a query about days
    query_every: int = 24  # of days, one fix in so many has queries
    # horizon across a silence, since no track shows where a night ends
    farthest_s: float = 32 * FILLED_S


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

    x: np.ndarray
    clock: np.ndarray
    piece: np.ndarray | None
    row: np.ndarray
    query: np.ndarray
    candidate: np.ndarray | None
    place: np.ndarray | None
    base: np.ndarray
    target: np.ndarray
    scale: np.ndarray
    speed: np.ndarray
    known: np.ndarray
    points: int


def pace(rng: np.random.Generator, t: np.ndarray) -> np.ndarray:
    """Factors (B, L) on the durations of the steps of simulated rows t (B, L) ms, which vary along
    the track.
    """
    tau = np.exp(rng.uniform(np.log(30), np.log(200), (len(t), 1)))
    return np.exp(0.3 * _wander(rng, np.exp(-np.abs(np.diff(t, axis=1)) / 1000.0 / tau))[..., 0])


def _wander(rng: np.random.Generator, keep: np.ndarray) -> np.ndarray:
    """Standard normal pairs (B, L, 2), correlated with the pairs before them by keep (B, L - 1)."""
    walk = rng.normal(size=(len(keep), keep.shape[1] + 1, 2))
    fresh = np.sqrt(1 - keep**2)
    for i in range(1, walk.shape[1]):
        walk[:, i] = keep[:, i - 1, None] * walk[:, i - 1] + fresh[:, i - 1, None] * walk[:, i]
    return walk


def noise(rng: np.random.Generator, t: np.ndarray) -> np.ndarray:
    """Recording errors (B, L, 2) in metres for rows t (B, L) ms: autocorrelated and white noise."""
    b, length = t.shape
    sigma, tau, white = (
        np.exp(rng.uniform(np.log(lo), np.log(hi), (b, 1)))
        for lo, hi in ((0.7, 9), (10, 200), (0.3, 3))
    )
    error = sigma[..., None] * _wander(rng, np.exp(-np.abs(np.diff(t, axis=1)) / 1000.0 / tau))
    return error + rng.normal(size=(b, length, 2)) * white[..., None]


def first_fixes(piece: np.ndarray) -> np.ndarray:
    """The place in the row (B, L) of the first fix of each fix's own track. piece: (B, L), equal
    along a track.
    """
    begins = np.diff(piece, axis=1, prepend=-2) != 0
    return np.maximum.accumulate(np.where(begins, np.arange(piece.shape[1]), 0), axis=1)


def _enlarge(
    rng: np.random.Generator, piece: np.ndarray, t: np.ndarray, lon: np.ndarray, lat: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Half of the simulated rows (B, L), scaled about the first fix of each track: streets become
    motorways and railways, which are rare in simulations. No track gets faster than fastest_m_s.
    """
    first = first_fixes(piece)
    lon0, lat0 = np.take_along_axis(lon, first, 1), np.take_along_axis(lat, first, 1)
    kx, ky = metres_per_degree(lat0)
    x, y = (lon - lon0) * kx, (lat - lat0) * ky
    seconds = np.maximum(np.diff(t, axis=1) / 1000.0, 0.5)
    speed = np.hypot(np.diff(x, axis=1), np.diff(y, axis=1)) / seconds
    fastest = np.where(np.diff(piece, axis=1) == 0, speed, 0.0).max(axis=1, keepdims=True)
    factor = np.exp(rng.uniform(np.log(0.7), np.log(4.0), (len(t), 1)))
    factor = np.where(
        rng.random((len(t), 1)) < 0.5,
        np.minimum(factor, Settings.fastest_m_s / np.maximum(fastest, 1.0)),
        1.0,
    )
    return lon0 + x * factor / kx, lat0 + y * factor / ky


def _offsets(rng: np.random.Generator, shape: tuple[int, ...], coarse: bool) -> np.ndarray:
    """How many fixes ahead queries are, (…, 4): the next, one of the two after it, one of some
    more, one farther.
    """
    some = rng.integers(4, 11 if coarse else 6, shape)
    far = np.exp(rng.uniform(np.log(6), np.log(33), shape)).astype(int)
    return np.stack([np.ones(shape, int), rng.integers(2, 4, shape), some, far], axis=-1)


@dataclass(frozen=True)
class Rows:
    """Tracks in rows: t ms, lon, lat (B, L), and piece (B, L) int, the track in the row, -1 for
    padding.
    """

    t: np.ndarray
    lon: np.ndarray
    lat: np.ndarray
    piece: np.ndarray


def _draw(
    rng: np.random.Generator, s: Source, v: View, cadence: int, count: int, length: int
) -> Rows:
    """`count` rows of `length` fixes from one source; shorter runs are followed by others in their
    row.
    """
    at = np.zeros((count, length), np.int64)  # rows of the view
    piece = np.full((count, length), -1)
    used = np.zeros(count, int)
    step = np.arange(length)
    for number in range(Settings.pieces):
        free = np.flatnonzero(length - used >= SHORTEST)
        if not len(free):
            break
        run = np.minimum(np.searchsorted(v.share, rng.random(len(free))), len(v.start) - 1)
        begin = (rng.random(len(free)) * np.maximum(v.length[run] - 0.8 * length, 1)).astype(int)
        missing = 0.0 if v.slot is not None else rng.choice([0.0, 0.0, 0.05, 0.15], (len(free), 1))
        inside = (
            begin[:, None] + np.cumsum(1 + (rng.random((len(free), length)) < missing), axis=1) - 1
        )
        fits = (inside < v.length[run][:, None]) & (step < (length - used[free])[:, None])
        goal = np.broadcast_to(free[:, None], fits.shape)[fits], (used[free][:, None] + step)[fits]
        at[goal], piece[goal] = (v.start[run][:, None] + inside)[fits], number
        used[free] += fits.sum(axis=1)
    rows = v.rows[at]
    t = s.t[rows] if v.slot is None else v.slot[at].astype(np.int64) * (1000 * cadence)
    return Rows(t, s.lon[rows], s.lat[rows], piece)


def _vary(rng: np.random.Generator, rows: Rows, exact: bool, cadence: int) -> Rows:
    """Rows with varied durations and, where positions are exact, varied scale and recording errors."""
    t, lon, lat = rows.t, rows.lon, rows.lat
    if cadence < COARSE_S:
        stretch = rng.uniform(*((0.75, 1.35) if exact else (0.92, 1.08)), (len(t), 1))
        if exact:
            stretch = stretch * np.where(rng.random((len(t), 1)) < 0.25, pace(rng, t), 1.0)
        t = t[:, :1] + np.cumsum(np.diff(t, axis=1, prepend=t[:, :1]) * stretch, axis=1).astype(
            np.int64
        )
    if exact:
        lon, lat = _enlarge(rng, rows.piece, t, lon, lat)
        kx, ky = metres_per_degree(lat)
        error = noise(rng, t)
        lon, lat = lon + error[..., 0] / kx, lat + error[..., 1] / ky
    return Rows(t, lon, lat, rows.piece)


def _featurize(rng: np.random.Generator, rows: Rows, cadence: int) -> Batch:
    b, length = rows.t.shape
    coarse = cadence >= COARSE_S
    pieces = Settings.pieces + 1
    # padding is a sequence of its own
    sequence = np.arange(b)[:, None] * pieces + rows.piece % pieces
    # Padding stays in place while time passes.
    last = np.maximum.accumulate(np.where(rows.piece >= 0, np.arange(length), 0), axis=1)
    t, lon, lat = (np.take_along_axis(a, last, 1) for a in (rows.t, rows.lon, rows.lat))
    t = t + np.where(rows.piece < 0, np.arange(length) - last, 0) * 1000
    f = feat.featurize(sequence.ravel(), t.ravel(), lon.ravel(), lat.ravel())
    if coarse:  # fewer queries, each with candidate places
        count = max(length // Settings.query_every, 1)
        origin = np.sort(rng.integers(Settings.context, length - 1, (b, count)), axis=1)
        ahead = _offsets(rng, origin.shape, coarse)
    else:
        origin = np.broadcast_to(np.arange(length), (b, length))
        ahead = np.broadcast_to(_offsets(rng, (b,), coarse)[:, None, :], (b, length, 4))
    place = origin[..., None] + ahead  # (B, R, Q)
    known = place < length
    base_row = np.arange(b)[:, None, None] * length
    row = np.broadcast_to(base_row + origin[..., None], place.shape)
    goal = np.where(known, base_row + place, row)
    known &= (sequence.ravel()[goal] == sequence.ravel()[row]) & (rows.piece.ravel()[row] >= 0)
    goal = np.where(known, goal, row)
    shape, row, goal = place.shape, row.ravel(), goal.ravel()
    dt = np.maximum((f.t[goal] - f.t[row]) / 1000.0, 0.5)
    q = feat.ask(f, row, dt)
    unit = q.scale[:, None]
    target, base = feat.displacement(f, row, f.lon[goal], f.lat[goal]) / unit, q.base / unit
    known &= (np.abs(target).max(axis=1) < 200).reshape(shape)  # no jumps
    known &= (dt <= Settings.farthest_s).reshape(shape)
    x, query = f.x.reshape(b, length, -1), q.x.reshape(*shape, -1)
    candidate = candidate_xy = None
    if coarse:
        found = candidates(f, row, dt, q)
        candidate = found.x.reshape(*shape, *found.x.shape[1:])
        candidate_xy = (found.xy / unit[..., None]).astype(np.float32).reshape(*shape, -1, 2)
    target, base = target.reshape(*shape, 2), base.reshape(*shape, 2)
    flip = np.where(rng.random(b) < 0.5, -1.0, 1.0).astype(np.float32)
    x[..., feat.LATERAL_FEATURES] *= flip[:, None, None]
    query[..., feat.LATERAL_QUERY] *= flip[:, None, None, None]
    for xy in (target, base):
        xy[..., 1] *= flip[:, None, None]
    if candidate is not None and candidate_xy is not None:
        candidate[..., LATERAL_CANDIDATE] *= flip[:, None, None, None, None]
        candidate_xy[..., 1] *= flip[:, None, None, None]
    return Batch(
        x,
        f.clock.reshape(b, length),
        sequence if (rows.piece != 0).any() else None,
        origin,
        query,
        candidate,
        candidate_xy,
        base.astype(np.float32),
        target.astype(np.float32),
        q.scale.reshape(shape).astype(np.float32),
        (q.scale / dt).reshape(shape).astype(np.float32),
        known,
        int((rows.piece >= 0).sum()),
    )


class Batches:
    """A weighted mix of sources as batches; batch `n` of a seed is always the same."""

    def __init__(self, sources: list[Source], points: int = 4096, seed: int = 0) -> None:
        self.sources, self.points, self.seed = sources, points, seed
        self.cadences = {c: w for c, w in CADENCES.items() if any(s.view(c) for s in sources)}
        if not self.cadences:
            raise InputError("The corpus has no run of eight fixes at any cadence.")

    def batch(self, number: int, cadence: int | None = None, filled: bool | None = None) -> Batch:
        """Batch `number`. By default the cadence is drawn from CADENCES, and half of those at
        FILLED_S are filled.
        """
        rows, cadence, rng = self.rows(number, cadence, filled)
        return _featurize(rng, rows, cadence)

    def rows(
        self, number: int, cadence: int | None = None, filled: bool | None = None, length: int = 0
    ) -> tuple[Rows, int, np.random.Generator]:
        """The tracks of batch `number`, the cadence in seconds, and the generator that drew them.
        length: of the rows; drawn if 0.
        """
        rng = np.random.default_rng([self.seed, number])
        weights = np.array(list(self.cadences.values()), float)
        cadence = cadence or int(rng.choice(list(self.cadences), p=weights / weights.sum()))
        if filled is None:
            filled = cadence == FILLED_S and rng.random() < 0.5
        lengths, shares = (
            ([64, 128, 256], [0.8, 0.15, 0.05])
            if cadence < COARSE_S
            else ([128, 512, 960], [0.5, 0.4, 0.1])
        )
        length = length or int(rng.choice(lengths, p=shares))
        count = max(self.points // length, 1)
        having = [(s, v) for s in self.sources if (v := s.view(cadence, filled))]
        share = np.array([s.weight for s, _ in having])
        parts = rng.multinomial(count, share / share.sum())
        drawn = [
            _vary(rng, _draw(rng, s, v, cadence, k, length), s.exact, cadence)
            for (s, v), k in zip(having, parts, strict=True)
            if k
        ]
        return join_rows(drawn), cadence, rng


_corpus: list[Batches] = []  # of a process that makes batches


def _begin(corpus: Batches) -> None:
    """Ctrl+C reaches these processes too, but the step under way still needs their batches; the run
    then ends them.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _corpus.append(corpus)


def _make(number: int) -> Batch:
    return _corpus[0].batch(number)


def feed(
    corpus: Batches, first: int, stride: int = 1, on_gpu: bool = False, ahead: int = 4
) -> Generator[Batch]:
    """Batches first, first + stride, … on_gpu: processes make them, else a thread. ahead: of each,
    in store.
    """
    numbers, workers = count(first, stride), 1
    make: Callable[[int], Batch] = corpus.batch
    pool: Executor = ThreadPoolExecutor(1)
    if on_gpu:
        # of the machine's cores
        share = (os.cpu_count() or 1) // int(os.environ.get("LOCAL_WORLD_SIZE", 1))
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
