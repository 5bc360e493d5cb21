# SPDX-License-Identifier: GPL-2.0-or-later
"""Batches for pretraining: tracks drawn from a weighted mix of sources, seen at many cadences, with questions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from queue import Queue
from threading import Thread

import numpy as np

from model.corpus import COARSE_S, Source, View
from raw_qgis_plugin.core import features as feat
from raw_qgis_plugin.core.errors import InputError
from raw_qgis_plugin.core.geodesy import metres_per_degree

# Cadences in seconds and how often a training batch has them. The shares follow what loggers do: phones and
# trackers at seconds to a minute, operators' records at a quarter of an hour.
CADENCES = {1: 3, 2: 5, 3: 5, 5: 14, 8: 5, 10: 7, 15: 14, 20: 5, 30: 8, 45: 4, 60: 16, 120: 4, 300: 2, 900: 6, 1800: 2}
FASTEST_MS = 70.0  # of simulated movement that is enlarged


@dataclass(frozen=True)
class Batch:
    """B sequences of L fixes with Q questions each.

    x: (B, L, features). clock: (B, L). query: (B, L, Q, query). base, target: (B, L, Q, 2) in units of the scale.
    scale: (B, L, Q) metres. speed: (B, L, Q) scale over dt, m/s. asked: (B, L, Q) bool, where there is a true answer.
    points: fixes that are not padding.
    """

    x: np.ndarray
    clock: np.ndarray
    query: np.ndarray
    base: np.ndarray
    target: np.ndarray
    scale: np.ndarray
    speed: np.ndarray
    asked: np.ndarray
    points: int
    cadence: int


def _noise(rng: np.random.Generator, t: np.ndarray) -> np.ndarray:
    """Recording error in metres for sequences t (B, L) ms: (B, L, 2), an autocorrelated part and white noise."""
    b, length = t.shape
    sigma, tau, white = (
        np.exp(rng.uniform(np.log(lo), np.log(hi), (b, 1))) for lo, hi in ((0.7, 9), (10, 200), (0.3, 3))
    )
    keep = np.exp(-np.diff(t, axis=1) / 1000.0 / tau)  # (B, L-1)
    fresh = rng.normal(size=(b, length, 2)) * sigma[..., None]
    error = fresh.copy()
    for i in range(1, length):
        a = keep[:, i - 1, None]
        error[:, i] = a * error[:, i - 1] + np.sqrt(1 - a**2) * fresh[:, i]
    return error + rng.normal(size=(b, length, 2)) * white[..., None]


def _enlarge(
    rng: np.random.Generator, t: np.ndarray, lon: np.ndarray, lat: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Half of the simulated sequences (B, L) made larger or smaller about their first fix: streets become motorways
    and railways, which simulations have too few of. Nobody goes faster than FASTEST_MS for that.
    """
    kx, ky = metres_per_degree(lat[:, :1])
    x, y = (lon - lon[:, :1]) * kx, (lat - lat[:, :1]) * ky
    seconds = np.maximum(np.diff(t, axis=1) / 1000.0, 0.5)
    fastest = (np.hypot(np.diff(x, axis=1), np.diff(y, axis=1)) / seconds).max(axis=1, keepdims=True)
    factor = np.exp(rng.uniform(np.log(0.7), np.log(4.0), (len(t), 1)))
    factor = np.where(rng.random((len(t), 1)) < 0.5, np.minimum(factor, FASTEST_MS / np.maximum(fastest, 1.0)), 1.0)
    return lon[:, :1] + x * factor / kx, lat[:, :1] + y * factor / ky


def _offsets(rng: np.random.Generator, b: int) -> np.ndarray:
    """How many fixes ahead to ask, (B, 4): the next, one of the two after, the fourth or fifth, and one farther."""
    far = np.exp(rng.uniform(np.log(6), np.log(33), b)).astype(int)
    return np.stack([np.ones(b, int), rng.integers(2, 4, b), rng.integers(4, 6, b), far], axis=1)


def _draw(rng: np.random.Generator, s: Source, v: View, cadence: int, count: int, length: int) -> tuple:
    """`count` sequences of `length` fixes from one source: t, lon, lat (count, length) and which are real."""
    run = np.minimum(np.searchsorted(v.share, rng.random(count)), len(v.start) - 1)
    begin = rng.random(count) * np.maximum(v.length[run] - 0.8 * length, 1)
    skips = rng.random((count, length)) < rng.choice([0.0, 0.0, 0.05, 0.15], (count, 1))
    at = begin.astype(int)[:, None] + np.cumsum(1 + skips, axis=1) - 1
    valid = at < v.length[run][:, None]
    rows = v.rows[v.start[run][:, None] + np.minimum(at, v.length[run][:, None] - 1)]
    t, lon, lat = s.t[rows], s.lon[rows], s.lat[rows]
    t = t + np.cumsum(~valid, axis=1) * 1000  # padding goes on in time, in place
    stretch = rng.uniform(*((0.75, 1.35) if s.exact else (0.92, 1.08)), (count, 1))
    if cadence < COARSE_S:
        t = t[:, :1] + ((t - t[:, :1]) * stretch).astype(np.int64)
    if s.exact:
        lon, lat = _enlarge(rng, t, lon, lat)
        kx, ky = metres_per_degree(lat)
        error = _noise(rng, t)
        lon, lat = lon + error[..., 0] / kx, lat + error[..., 1] / ky
    return t, lon, lat, valid


def _featurize(
    rng: np.random.Generator, t: np.ndarray, lon: np.ndarray, lat: np.ndarray, valid: np.ndarray, cadence: int
) -> Batch:
    b, length = t.shape
    f = feat.featurize(np.repeat(np.arange(b), length), t.ravel(), lon.ravel(), lat.ravel())
    ahead = _offsets(rng, b)  # (B, Q)
    row = np.arange(b * length).reshape(b, length, 1)
    place = np.arange(length)[None, :, None] + ahead[:, None, :]  # (B, L, Q)
    asked = place < length
    goal = np.where(asked, row + ahead[:, None, :], row)
    asked &= valid.ravel()[goal] & valid[:, :, None]
    asker, goal = np.broadcast_to(row, goal.shape).ravel(), goal.ravel()
    dt = np.maximum((f.t[goal] - f.t[asker]) / 1000.0, 0.5)
    q = feat.ask(f, asker, dt)
    shape = (b, length, ahead.shape[1])
    unit = q.scale[:, None]
    target = feat.displacement(f, asker, f.lon[goal], f.lat[goal]) / unit
    base = q.base / unit
    asked &= (np.abs(target).max(axis=1) < 200).reshape(shape)  # teleports
    x, query = f.x.reshape(b, length, -1), q.x.reshape(*shape, -1)
    flip = rng.random(b) < 0.5
    x[np.ix_(flip, np.arange(length), np.array(feat.LATERAL_FEATURES))] *= -1
    query[np.ix_(flip, np.arange(length), np.arange(shape[2]), np.array(feat.LATERAL_QUERY))] *= -1
    target, base = target.reshape(*shape, 2), base.reshape(*shape, 2)
    target[flip, ..., 1] *= -1
    base[flip, ..., 1] *= -1
    return Batch(
        x, f.clock.reshape(b, length), query, base.astype(np.float32), target.astype(np.float32),
        q.scale.reshape(shape).astype(np.float32), (q.scale / dt).reshape(shape).astype(np.float32),
        asked, int(valid.sum()), cadence,
    )  # fmt: skip


class Batches:
    """A weighted mix of sources that gives batches; batch `n` of a seed is always the same."""

    def __init__(self, sources: list[Source], points: int = 4096, seed: int = 0) -> None:
        self.sources, self.points, self.seed = sources, points, seed
        self.cadences = {c: w for c, w in CADENCES.items() if any(s.view(c) for s in sources)}
        if not self.cadences:
            raise InputError("The corpus has no run of eight fixes at any cadence.")

    def batch(self, number: int, cadence: int | None = None) -> Batch:
        """Batch `number`, at a cadence drawn from CADENCES unless one is given."""
        rng = np.random.default_rng([self.seed, number])
        weights = np.array(list(self.cadences.values()), float)
        cadence = cadence or int(rng.choice(list(self.cadences), p=weights / weights.sum()))
        if cadence < COARSE_S:
            length = int(rng.choice([64, 128, 256], p=[0.8, 0.15, 0.05]))
        else:
            length = int(rng.choice([128, 512], p=[0.5, 0.5]))
        count = max(self.points // length, 1)
        having = [(s, v) for s in self.sources if (v := s.view(cadence))]
        share = np.array([s.weight for s, _ in having])
        parts = rng.multinomial(count, share / share.sum())
        drawn = [_draw(rng, s, v, cadence, k, length) for (s, v), k in zip(having, parts, strict=True) if k]
        t, lon, lat, valid = (np.concatenate(a) for a in zip(*drawn, strict=True))
        return _featurize(rng, t, lon, lat, valid, cadence)

    def each(self, first: int = 0) -> Iterator[Batch]:
        """Batches from number `first` on, made ahead in a thread."""
        ready: Queue[Batch] = Queue(maxsize=4)

        def make() -> None:
            n = first
            while True:
                ready.put(self.batch(n))
                n += 1

        Thread(target=make, daemon=True).start()
        while True:
            yield ready.get()
