# SPDX-License-Identifier: GPL-2.0-or-later
"""Continuations: how tracks of the layer continued from fixes like the last one of a query.

A fix is a near neighbour of another if it lies close to it and moved similarly; of days also if the
hour of the day is close. Its continuation is the displacement of its own track from there over the
horizon. The network has no coordinates and cannot know streets, stops and turns; continuations
bring them in (retrieval-augmented forecasting). Only what had happened by the last fix of the query
is used; the track's own past counts too.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from ..arrays import run_starts
from ..features.featurizer import into_frame, solar_hour
from ..geodesy import offset_m, on_sphere
from ..times import DAY_MS
from ..tracks import Tracks

# The columns of a continuation. Displacement over the horizon, position beside the query's fix, and
# difference of the velocities, each east and north (or along and across the frame of the query's
# fix), metres and m/s; kernel weight; difference of the hour of the day; age in days; flags: same
# user, same part of the week (working days or weekend), known velocity.
COLUMNS = (
    "displacement_x",
    "displacement_y",
    "position_x",
    "position_y",
    "velocity_x",
    "velocity_y",
    "weight",
    "hours",
    "age_days",
    "same_user",
    "same_week_part",
    "known_velocity",
)
N_VECTORS = 3  # the columns begin with three vectors
WEIGHT = COLUMNS.index("weight")
MIN_WEIGHT = 1e-3  # a neighbour of a smaller kernel weight does not count
FAN_OUT = 8
SMALLEST_BLOCK = 2048  # points; fewer are compared one by one
MOST_PAIRS = 2_000_000  # queries times points that are compared at once
PACE_BASE = 4.0  # continuations of trips of pace p start at fixes about 4**p seconds apart


@dataclass(frozen=True)
class Kernel:
    """How near neighbours are: the weight is exp(-d²/2), d² the sum of the squares of distance /
    near_m, of velocity difference / near_ms and of the difference of hours / near_hours.

    lag_s: velocities are measured over this time, and one fix in half of it starts a continuation.
    max_gap_s: a longer gap hides where a track was. count: neighbours that are used.
    """

    lag_s: float
    near_m: float
    near_ms: float
    near_hours: float = np.inf
    max_gap_s: float = np.inf
    count: int = 16

    @classmethod
    def of_trips(cls, pace: int) -> Kernel:
        """The kernel of fixes about PACE_BASE**pace seconds apart."""
        lag_s = float(PACE_BASE**pace)
        return cls(lag_s, 100.0 * np.sqrt(lag_s / 60.0), 3.0)


DAY_KERNEL = Kernel(
    lag_s=900.0, near_m=1500.0, near_ms=2.2, near_hours=2.0, max_gap_s=2700.0, count=64
)


class Search:
    """How the neighbours of a layer are searched."""

    # times the kernel's count: many neighbours may have no known continuation
    searched: tuple[int, ...] = (2, 8, 32)
    crowded: float = 3.0  # search on while the farthest of those looked at is nearer than this
    max_gap: float = 3.0  # times the horizon: a longer gap between fixes hides where the track was
    at_once: int = 65_536  # continuations laid out at once: more leave the processor's cache


REACH = float(np.sqrt(-2 * np.log(MIN_WEIGHT)))  # the distance d beyond which weights do not count


class Neighbours:
    """The layer's fixes, searched for neighbours of fixes whose continuation had ended by the last
    fix of the query.
    """

    def __init__(self, tracks: Tracks) -> None:
        self._tracks = tracks
        self._indexes: dict[Kernel, tuple[TimeForest, np.ndarray, np.ndarray]] = {}

    def continuations(
        self, last: np.ndarray, before: np.ndarray, horizon_s: np.ndarray, days: bool = False
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Continuations for the rows `last` (m,), reached from the rows `before` (m,), over
        horizon_s (m, h).

        Returns COLUMNS (m, h, count, 12) float32 in metres east and north, the heaviest first, of
        weight zero where there are fewer; of how many other users they are (m, h); and near_m and
        near_ms of the kernels (m, 2).
        """
        lag_s = (self._tracks.t[last] - self._tracks.t[before]) / 1000.0
        pace = np.round(np.log(np.maximum(lag_s, 1.0)) / np.log(PACE_BASE)).astype(int)
        groups = [
            (Kernel.of_trips(p), (pace == p) & (lag_s > 0)) for p in np.unique(pace[lag_s > 0])
        ]
        if days:
            groups = [(DAY_KERNEL, np.ones(len(last), bool))]
        found = np.zeros(
            (*horizon_s.shape, (DAY_KERNEL if days else Kernel).count, len(COLUMNS)), np.float32
        )
        near, other_users = np.ones((len(last), 2)), np.zeros(horizon_s.shape, int)
        for kernel, some in groups:
            near[some] = kernel.near_m, kernel.near_ms
            found[some], other_users[some] = self._of_layer(
                kernel, last[some], before[some], horizon_s[some]
            )
        return found, other_users, near

    def _of_layer(
        self, kernel: Kernel, last: np.ndarray, before: np.ndarray, horizon_s: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Continuations: COLUMNS (m, h, count, 12), and of how many other users they are (m, h)."""
        t, lon, lat, user = self._tracks.t, self._tracks.lon, self._tracks.lat, self._tracks.user
        seconds = np.maximum((t[last] - t[before]) / 1000.0, 1.0)[:, None]
        own_velocity = offset_m(lon[last], lat[last], lon[before], lat[before]) / seconds
        at = coordinates(kernel, t[last], lon[last], lat[last], own_velocity)
        displacement, weight, start = self._search(kernel, last, at, horizon_s)
        query = last[:, None, None]
        position = offset_m(lon[start], lat[start], lon[query], lat[query])
        back, known = displacements(
            self._tracks, start, np.full(start.shape, -kernel.lag_s), kernel.max_gap_s
        )
        velocity = -back / kernel.lag_s - own_velocity[:, None, None]
        hour, own_hour = (
            solar_hour(t[start], lon[start]),
            solar_hour(t[last], lon[last])[:, None, None],
        )
        weekend = 120.0  # hours of the week before Saturday
        same_user = user[start] == user[query]
        others = np.sort(np.where((weight > MIN_WEIGHT) & ~same_user, user[start], -1), axis=-1)
        facts = (
            weight,
            (hour - own_hour + 12) % 24 - 12,
            np.maximum(t[query] - t[start], 0) / DAY_MS,
            same_user,
            (hour >= weekend) == (own_hour >= weekend),
            known,
        )
        columns = np.concatenate(
            [displacement, position, velocity, np.stack(facts, axis=-1)], axis=-1
        )
        columns = np.where(weight[..., None] > 0, columns, 0.0).astype(np.float32)
        return columns, (np.diff(others, axis=-1, prepend=-1) != 0).sum(axis=-1)

    def _search(
        self, kernel: Kernel, last: np.ndarray, at: np.ndarray, horizon_s: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Displacements (m, h, count, 2), kernel weights, zero where there are fewer, and starts
        (m, h, count) of the neighbours nearest to the coordinates `at` (m, d) whose continuation
        was known at the query's fix.
        """
        shape = (*horizon_s.shape, kernel.count)
        displacement, weight = np.zeros((*shape, 2)), np.zeros(shape)
        start = np.broadcast_to(last[:, None, None], shape).copy()
        tracks, (forest, rows, t_start) = self._tracks, self._index(kernel)
        past = np.searchsorted(
            t_start, tracks.t[last] - (1000 * horizon_s.min(axis=1)).astype(np.int64), side="right"
        )
        open_queries: np.ndarray = np.arange(len(last))
        for times in Search.searched:
            k = min(times * kernel.count, len(rows))
            if not k or not len(open_queries):
                break
            crowded = np.zeros(len(last), bool)
            for some in np.array_split(open_queries, -(-len(open_queries) * k // Search.at_once)):
                away, found = forest.nearest(at[some], past[some], k, REACH)
                neighbour, near = rows[found], np.exp(-0.5 * np.square(away))
                for h in range(horizon_s.shape[1]):
                    seconds = np.broadcast_to(horizon_s[some, h, None], neighbour.shape)
                    moved, known = displacements(
                        tracks,
                        neighbour,
                        seconds,
                        kernel.max_gap_s,
                        tracks.t[last[some]],
                        wanted=near > 0,
                    )
                    nearest = np.argsort(~known, axis=1, kind="stable")[:, : kernel.count]
                    into = some[:, None], h, np.arange(nearest.shape[1])
                    displacement[into] = np.take_along_axis(moved, nearest[..., None], 1)
                    weight[into] = np.take_along_axis(near * known, nearest, 1)
                    start[into] = np.take_along_axis(neighbour, nearest, 1)
                    crowded[some] |= (known.sum(axis=1) < kernel.count) & (
                        away[:, -1] < Search.crowded
                    )
            open_queries = np.flatnonzero(crowded & (k < len(rows)))
        return displacement, weight, start

    def _index(self, kernel: Kernel) -> tuple[TimeForest, np.ndarray, np.ndarray]:
        """The fixes that start continuations: a forest of their coordinates, their rows, and their
        times in order.
        """
        if kernel not in self._indexes:
            tracks = self._tracks
            half_lag_ms = max(int(500 * kernel.lag_s), 1)
            # the first fix of each half lag
            rows = np.flatnonzero(run_starts(tracks.t // half_lag_ms, tracks.track))
            back, known = displacements(
                tracks, rows, np.full(len(rows), -kernel.lag_s), kernel.max_gap_s
            )
            # where a vehicle goes within minutes depends on how it came; days can do without
            if kernel != DAY_KERNEL:
                rows, back = rows[known], back[known]
            # A fix in several tracks counts once, in the track that begins last: its future is the
            # longest of windows.
            begin = tracks.t[tracks.track_offsets[:-1]][tracks.track[rows]]
            order = np.lexsort((-begin, tracks.lat[rows], tracks.lon[rows], tracks.t[rows]))
            rows, back = rows[order], back[order]
            new = run_starts(tracks.t[rows], tracks.lon[rows], tracks.lat[rows])
            rows, back = rows[new], back[new]
            t, lon, lat = tracks.t[rows], tracks.lon[rows], tracks.lat[rows]
            self._indexes[kernel] = (
                TimeForest(coordinates(kernel, t, lon, lat, -back / kernel.lag_s)),
                rows,
                t,
            )
        return self._indexes[kernel]


def in_frame(continuations: np.ndarray, heading: np.ndarray) -> np.ndarray:
    """COLUMNS (m, n, 12) with their vectors turned into the frames of fixes, given the headings (m,
    2) of these.
    """
    n = 2 * N_VECTORS
    vectors = continuations[..., :n].reshape(*continuations.shape[:-1], N_VECTORS, 2)
    turned = into_frame(vectors, heading[:, None, None]).reshape(*continuations.shape[:-1], n)
    return np.concatenate([turned, continuations[..., n:]], axis=-1).astype(np.float32)


def coordinates(
    kernel: Kernel, t: np.ndarray, lon: np.ndarray, lat: np.ndarray, velocity: np.ndarray
) -> np.ndarray:
    """Coordinates (n, 5) of fixes, or (n, 7) where the hour counts, whose Euclidean distance is the
    kernel's d. velocity: (n, 2) m/s east and north.
    """
    place_and_way = np.concatenate(
        [on_sphere(lon, lat) / kernel.near_m, velocity / kernel.near_ms], axis=-1
    )
    if np.isinf(kernel.near_hours):
        return place_and_way
    turn = solar_hour(t, lon) * (2 * np.pi / 24)
    clock = np.stack([np.cos(turn), np.sin(turn)], axis=-1) * (24 / (2 * np.pi))
    return np.concatenate([place_and_way, clock / kernel.near_hours], axis=-1)


def displacements(
    tracks: Tracks,
    start: np.ndarray,
    seconds: np.ndarray,
    max_gap_s: float,
    until: np.ndarray | None = None,
    wanted: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """How far tracks moved within `seconds` (…) after the rows `start` (…), interpolated between
    two fixes.

    until: (first axis) epoch ms, fixes later than that are not used. wanted: (…) bool, others are
    not looked at. Returns metres east and north (…, 2), zero where unknown, and which are known
    (…).
    """
    t, track, lon, lat = tracks.t, tracks.track, tracks.lon, tracks.lat
    result, known = np.zeros((*start.shape, 2)), np.zeros(start.shape, bool)
    chosen = np.nonzero(np.ones(start.shape, bool) if wanted is None else wanted)
    for begin in range(0, len(chosen[0]), Search.at_once):
        at = tuple(axis[begin : begin + Search.at_once] for axis in chosen)
        row, ahead_s = start[at], seconds[at]
        goal = t[row] + (1000 * ahead_s).astype(np.int64)
        after = np.minimum(tracks.before(track[row], goal), len(t) - 1)
        first = np.maximum(after - 1, 0)
        gap = t[after] - t[first]
        ok = (
            (first < after)
            & (track[after] == track[row])
            & (track[first] == track[row])
            & (t[after] >= goal)
        )
        ok &= gap <= 1000 * np.minimum(Search.max_gap * np.abs(ahead_s), max_gap_s)
        if until is not None:
            ok &= t[after] <= until[at[0]]
        row, first, after, gap, goal = (a[ok] for a in (row, first, after, gap, goal))
        part = ((goal - t[first]) / np.maximum(gap, 1))[:, None]
        low, high = (offset_m(lon[end], lat[end], lon[row], lat[row]) for end in (first, after))
        at = tuple(axis[ok] for axis in at)
        result[at], known[at] = low + part * (high - low), True
    return result, known


class TimeForest:
    """Points in some dimensions, ordered by time, among which those of the past are searched.

    A query at some time must find the same neighbours whether or not later points exist. So points
    are cut into blocks of several sizes, each a power of `FAN_OUT` times the smallest; the points
    before a time are then a few whole blocks, each with a tree that is built when a query first
    needs it, and a rest that is compared point by point.
    """

    def __init__(self, points: np.ndarray) -> None:
        """points: (n, d), ordered by time."""
        from scipy.spatial import cKDTree

        def tree(block: int, size: int) -> cKDTree:
            return cKDTree(
                points[block * size : (block + 1) * size], balanced_tree=False, compact_nodes=False
            )

        self.points, self._tree = points, cache(tree)

    def nearest(
        self, at: np.ndarray, before: np.ndarray, k: int, most: float
    ) -> tuple[np.ndarray, np.ndarray]:
        """The k nearest of the first `before` (m,) points to each of `at` (m, d), the nearest
        first.

        Returns distances (m, k), infinite where there are fewer points within the distance `most`,
        and rows (m, k).
        """
        away, row = np.full((len(at), k), np.inf), np.zeros((len(at), k), np.int64)
        begin = np.zeros(len(at), np.int64)
        size = SMALLEST_BLOCK
        while size * FAN_OUT <= len(self.points):
            size *= FAN_OUT
        while size >= SMALLEST_BLOCK:
            first, beyond = begin // size, np.maximum(before, begin) // size  # blocks of each query
            count = [
                np.bincount(blocks, minlength=int(beyond.max(initial=0)) + 1)
                for blocks in (first, beyond)
            ]
            for block in np.flatnonzero(np.cumsum(count[0] - count[1])):
                inside = np.flatnonzero((first <= block) & (block < beyond))
                found = self._tree(block, size).query(
                    at[inside], k=np.arange(1, k + 1), distance_upper_bound=most
                )
                _merge(away, row, inside, found[0], found[1] + block * size)
            begin = beyond * size
            size //= FAN_OUT
        self._compare_rest(at, begin, before, most, away, row)
        return away, row

    def _compare_rest(
        self,
        at: np.ndarray,
        begin: np.ndarray,
        before: np.ndarray,
        most: float,
        away: np.ndarray,
        row: np.ndarray,
    ) -> None:
        """Merge in the points begin … before (m,), fewer than SMALLEST_BLOCK each."""
        from scipy.spatial.distance import cdist

        for start in np.unique(begin[before > begin]):
            queries = np.flatnonzero((begin == start) & (before > start))
            points = self.points[start : int(before[queries].max())]
            for some in np.array_split(queries, -(-len(queries) * len(points) // MOST_PAIRS)):
                distance = cdist(at[some], points)
                distance[
                    (start + np.arange(len(points)) >= before[some, None]) | (distance > most)
                ] = np.inf
                distance += 1e-13 * np.arange(len(points))  # of equally near points the earliest
                few = min(away.shape[1], len(points))
                nearest = np.argpartition(distance, few - 1, axis=1)[:, :few]
                _merge(away, row, some, np.take_along_axis(distance, nearest, 1), nearest + start)


def _merge(
    away: np.ndarray, row: np.ndarray, queries: np.ndarray, distance: np.ndarray, found: np.ndarray
) -> None:
    """Keep the nearest of what is known of the queries and what was found, ties in the order of
    time.
    """
    both, rows = (
        np.concatenate([away[queries], distance], axis=1),
        np.concatenate([row[queries], found], axis=1),
    )
    order = np.argsort(both, axis=1, kind="stable")[:, : away.shape[1]]
    away[queries] = np.take_along_axis(both, order, 1)
    row[queries] = np.where(np.isfinite(away[queries]), np.take_along_axis(rows, order, 1), 0)
