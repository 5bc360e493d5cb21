# SPDX-License-Identifier: GPL-2.0-or-later
"""What near means (Kernel), and a search for the nearest points of the past (TimeForest)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..arrays import Array
from ..features.sequences import solar_hour
from ..geodesy import on_sphere

FAN_OUT = 8
SMALLEST_BLOCK = 2048  # points; fewer are compared one by one
MOST_PAIRS = 2_000_000  # queries times points that are compared at once
PACE_BASE = 4.0  # continuations of trips of pace p start at fixes about 4**p seconds apart


@dataclass(frozen=True)
class Kernel:
    """How near neighbours are.

    The weight is exp(-d²/2), where d² is the sum of the squares of distance / near_m, of velocity
    difference / near_ms and of the difference of hours / near_hours.
    """

    lag_s: float  # velocities are measured over it; one fix in half of it starts a continuation
    near_m: float
    near_ms: float
    near_hours: float = np.inf
    max_gap_s: float = np.inf  # a longer gap between fixes hides where a track was
    count: int = 16  # neighbours that are used

    @classmethod
    def of_trips(cls, pace: int) -> Kernel:
        """The kernel of fixes about PACE_BASE**pace seconds apart."""
        lag_s = float(PACE_BASE**pace)
        return cls(lag_s, 100.0 * np.sqrt(lag_s / 60.0), 3.0)


DAY_KERNEL = Kernel(
    lag_s=900.0, near_m=1500.0, near_ms=2.2, near_hours=2.0, max_gap_s=2700.0, count=64
)


def coordinates(kernel: Kernel, t: Array, lon: Array, lat: Array, velocity: Array) -> Array:
    """Coordinates (n, 5) of fixes, or (n, 7) where the hour counts, as far apart as the kernel's d.

    velocity: (n, 2) m/s east and north.
    """
    place = on_sphere(lon, lat) / kernel.near_m
    way = velocity / kernel.near_ms

    if np.isinf(kernel.near_hours):
        return np.hstack([place, way])

    hour = 2 * np.pi / 24  # of a day, as an angle
    angle = hour * solar_hour(t, lon)
    clock = np.column_stack([np.cos(angle), np.sin(angle)])

    return np.hstack([place, way, clock / (hour * kernel.near_hours)])


class TimeForest:
    """Points in some dimensions, ordered by time, among which those of the past are searched.

    A query at some time must find the same neighbours whether or not later points exist. So points
    are cut into blocks of several sizes, each a power of `FAN_OUT` times the smallest; the points
    before a time are then a few whole blocks, each with a tree that is built when a query first
    needs it, and a rest that is compared point by point.
    """

    def __init__(self, points: Array) -> None:
        """points: (n, d), ordered by time."""
        self.points = points
        self._trees: dict[tuple[int, int], Any] = {}

    def _tree(self, block: int, size: int) -> Any:
        """The tree of a block of so many points."""
        from scipy.spatial import cKDTree

        if (block, size) not in self._trees:
            points = self.points[block * size : (block + 1) * size]
            tree = cKDTree(points, balanced_tree=False, compact_nodes=False)
            self._trees[block, size] = tree

        return self._trees[block, size]

    def nearest(self, at: Array, before: Array, k: int, most: float) -> tuple[Array, Array]:
        """The k nearest of the first `before` (m,) points to each of `at` (m, d), nearest first.

        Returns distances (m, k), infinite where there are fewer points within the distance `most`,
        and rows (m, k).
        """
        shape = len(at), k
        found = _Nearest(np.full(shape, np.inf), np.zeros(shape, np.int64))
        begin = np.zeros(len(at), np.int64)
        size = SMALLEST_BLOCK

        while size * FAN_OUT <= len(self.points):
            size *= FAN_OUT

        while size >= SMALLEST_BLOCK:
            first = begin // size  # blocks of each query
            beyond = np.maximum(before, begin) // size

            for block in range(first.min(initial=0), beyond.max(initial=0)):
                inside = np.flatnonzero((first <= block) & (block < beyond))
                if not len(inside):
                    continue

                tree = self._tree(block, size)
                away, row = tree.query(at[inside], np.arange(1, k + 1), distance_upper_bound=most)
                found.merge(inside, away, row + block * size)

            begin = beyond * size
            size //= FAN_OUT

        self._compare_rest(found, at, begin, before, most)

        return found.away, found.row

    def _compare_rest(
        self, found: _Nearest, at: Array, begin: Array, before: Array, most: float
    ) -> None:
        """Merge in the points begin … before (m,), fewer than SMALLEST_BLOCK each."""
        from scipy.spatial.distance import cdist

        for start in np.unique(begin[before > begin]):
            queries = np.flatnonzero((begin == start) & (before > start))
            points = self.points[start : before[queries].max()]
            number = np.arange(len(points))
            few = min(found.away.shape[1], len(points))
            n_parts = -(-len(queries) * len(points) // MOST_PAIRS)

            for some in np.array_split(queries, n_parts):
                away = cdist(at[some], points)

                # Points after the time of the query, and far ones, do not count
                later = start + number >= before[some, None]
                away[later | (away > most)] = np.inf
                away += 1e-13 * number  # of equally near points the earliest

                # Only the nearest few are sorted
                nearest = np.argpartition(away, few - 1, axis=1)[:, :few]
                found.merge(some, np.take_along_axis(away, nearest, 1), nearest + start)


@dataclass(frozen=True)
class _Nearest:
    """The k nearest points of m queries that are known so far, the nearest first."""

    away: Array  # (m, k) distances, infinite where there are fewer
    row: Array  # (m, k)

    def merge(self, queries: Array, away: Array, row: Array) -> None:
        """Keep the nearest of what is known and what was found, ties in the order of time."""
        aways = np.hstack([self.away[queries], away])

        # The rows go with their distances
        rows = np.hstack([self.row[queries], row])
        nearest = np.argsort(aways, axis=1, kind="stable")[:, : self.away.shape[1]]
        aways = np.take_along_axis(aways, nearest, 1)
        rows = np.take_along_axis(rows, nearest, 1)

        # No row where there are fewer
        rows[np.isinf(aways)] = 0
        self.away[queries] = aways
        self.row[queries] = rows
