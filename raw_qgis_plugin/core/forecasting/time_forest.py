# SPDX-License-Identifier: GPL-2.0-or-later
"""Nearest neighbours among the points of the past: k-d trees over spans of time.

A query at some time must find the same neighbours whether or not later points exist. So points are ordered by time and
cut into blocks of several sizes, each a power of `FAN_OUT` times the smallest; the points before a time are then a few
whole blocks, each with a tree of its own, and a rest that is compared point by point.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from scipy.spatial import cKDTree

FAN_OUT = 8
SMALLEST_BLOCK = 2048  # points; fewer are compared one by one
MOST_PAIRS = 2_000_000  # queries times points that are compared at once


class TimeForest:
    """Points in some dimensions, ordered by time. A tree is built when a query first needs it."""

    def __init__(self, points: np.ndarray) -> None:
        """points: (n, d), ordered by time."""
        self.points = points
        self._trees: dict[tuple[int, int], cKDTree] = {}

    def nearest(self, at: np.ndarray, before: np.ndarray, k: int, most: float) -> tuple[np.ndarray, np.ndarray]:
        """The k nearest of the first `before` (m,) points to each of `at` (m, d), the nearest first.

        Returns distances (m, k), infinite where there are fewer points within the distance `most`, and rows (m, k).
        """
        away, row = np.full((len(at), k), np.inf), np.zeros((len(at), k), np.int64)
        begin = np.zeros(len(at), np.int64)
        size = SMALLEST_BLOCK
        while size * FAN_OUT <= len(self.points):
            size *= FAN_OUT
        while size >= SMALLEST_BLOCK:
            first, beyond = begin // size, np.maximum(before, begin) // size  # blocks of each query
            count = [np.bincount(blocks, minlength=int(beyond.max(initial=0)) + 1) for blocks in (first, beyond)]
            for block in np.flatnonzero(np.cumsum(count[0] - count[1])):
                inside = np.flatnonzero((first <= block) & (block < beyond))
                found = self._tree(block, size).query(at[inside], k=np.arange(1, k + 1), distance_upper_bound=most)
                _merge(away, row, inside, found[0], found[1] + block * size)
            begin = beyond * size
            size //= FAN_OUT
        self._compare_rest(at, begin, before, most, away, row)
        return away, row

    def _tree(self, block: int, size: int) -> cKDTree:
        if (block, size) not in self._trees:
            from scipy.spatial import cKDTree

            points = self.points[block * size : (block + 1) * size]
            self._trees[block, size] = cKDTree(points, balanced_tree=False, compact_nodes=False)
        return self._trees[block, size]

    def _compare_rest(
        self, at: np.ndarray, begin: np.ndarray, before: np.ndarray, most: float, away: np.ndarray, row: np.ndarray
    ) -> None:
        """Merge in the points begin … before (m,), fewer than SMALLEST_BLOCK each."""
        from scipy.spatial.distance import cdist

        for start in np.unique(begin[before > begin]):
            queries = np.flatnonzero((begin == start) & (before > start))
            points = self.points[start : int(before[queries].max())]
            for some in np.array_split(queries, -(-len(queries) * len(points) // MOST_PAIRS)):
                distance = cdist(at[some], points)
                distance[(start + np.arange(len(points)) >= before[some, None]) | (distance > most)] = np.inf
                distance += 1e-13 * np.arange(len(points))  # of equally near points the earliest
                few = min(away.shape[1], len(points))
                nearest = np.argpartition(distance, few - 1, axis=1)[:, :few]
                _merge(away, row, some, np.take_along_axis(distance, nearest, 1), nearest + start)


def _merge(away: np.ndarray, row: np.ndarray, queries: np.ndarray, distance: np.ndarray, found: np.ndarray) -> None:
    """Keep the nearest of what is known of the queries and what was found, ties in the order of time."""
    both, rows = np.concatenate([away[queries], distance], axis=1), np.concatenate([row[queries], found], axis=1)
    order = np.argsort(both, axis=1, kind="stable")[:, : away.shape[1]]
    away[queries] = np.take_along_axis(both, order, 1)
    row[queries] = np.where(np.isfinite(away[queries]), np.take_along_axis(rows, order, 1), 0)
