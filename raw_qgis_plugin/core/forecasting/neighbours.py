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

import numpy as np

from ..arrays import Array, Columns, run_starts
from ..features.sequences import into_frame, solar_hour
from ..times import DAY_MS
from ..tracks import Tracks
from .context import offset_of
from .nearest import DAY_KERNEL, PACE_BASE, Kernel, TimeForest, coordinates

# The columns of a continuation. Vectors are east and north, or along and across the frame of the
# query's fix.
COLUMNS = (
    "displacement_x",  # of the continuation over the horizon, metres
    "displacement_y",
    "position_x",  # of its start beside the query's fix, metres
    "position_y",
    "velocity_x",  # at its start, less that at the query's fix, m/s
    "velocity_y",
    "weight",  # of the kernel
    "hours",  # difference of the hour of the day
    "age_days",
    "same_user",
    "same_week_part",  # working days or weekend
    "known_velocity",
)
N_VECTORS = 3  # the columns begin with three vectors
DISPLACEMENT = slice(0, 2)
POSITION = slice(2, 4)
WEIGHT = COLUMNS.index("weight")
MIN_WEIGHT = 1e-3  # a neighbour of a smaller kernel weight does not count
WEEKEND_H = 120.0  # hours of the week before Saturday


class Search:
    """How the neighbours of a layer are searched."""

    # times the kernel's count: many neighbours may have no known continuation
    searched: tuple[int, ...] = (2, 8, 32)
    crowded: float = 3.0  # search on while the farthest of those looked at is nearer than this
    max_gap: float = 3.0  # times the horizon: a longer gap between fixes hides where the track was
    at_once: int = 65_536  # continuations laid out at once: more leave the processor's cache


REACH = float(np.sqrt(-2 * np.log(MIN_WEIGHT)))  # the distance d beyond which weights do not count


@dataclass(frozen=True)
class Starts:
    """The fixes from which continuations of a kernel start, in order of time."""

    row: Array  # (n,) of the tracks
    t: Array  # (n,) epoch ms
    forest: TimeForest


@dataclass(frozen=True)
class Continuations:
    """How neighbours of m fixes continued over h horizons, the heaviest first."""

    columns: Array  # (m, h, count, 12) float32, COLUMNS; of weight zero where there are fewer
    other_users: Array  # (m, h) of how many other users they are
    near: Array  # (m, 2) near_m and near_ms of the kernels

    @classmethod
    def none(cls, horizon_s: Array, count: int = 0) -> Continuations:
        """No continuations over horizon_s (m, h), but room for some."""
        columns = np.zeros((*horizon_s.shape, count, len(COLUMNS)), np.float32)
        other_users = np.zeros(horizon_s.shape, int)
        near = np.ones((len(horizon_s), 2))

        return cls(columns, other_users, near)

    def put(self, rows: Array, found: Continuations) -> None:
        """Replace the rows."""
        self.columns[rows] = found.columns
        self.other_users[rows] = found.other_users
        self.near[rows] = found.near


@dataclass(frozen=True)
class _Found:
    """The neighbours (m, h, count) of fixes, the nearest first."""

    start: Array  # rows of the tracks where they start
    weight: Array  # of the kernel, zero where there are fewer
    displacement: Array  # (m, h, count, 2) metres over the horizon


class Neighbours:
    """The fixes of a layer, among which the neighbours of a query's fix are searched.

    A neighbour counts only if its continuation had ended by the query's fix.
    """

    def __init__(self, tracks: Tracks) -> None:
        self._tracks = tracks
        self._starts: dict[Kernel, Starts] = {}

    def continuations(
        self, last: Array, before: Array, horizon_s: Array, days: bool = False
    ) -> Continuations:
        """Continuations for the rows `last` (m,), reached from the rows `before` (m,), over
        horizon_s (m, h), in metres east and north.
        """
        if days:
            return self._of_layer(DAY_KERNEL, last, before, horizon_s)

        result = Continuations.none(horizon_s, Kernel.count)
        t = self._tracks.t
        lag_s = (t[last] - t[before]) / 1000.0
        moved = lag_s > 0
        pace = np.log(np.maximum(lag_s, 1.0)) / np.log(PACE_BASE)
        pace = np.round(pace).astype(int)

        for p in np.unique(pace[moved]):
            some = moved & (pace == p)
            kernel = Kernel.of_trips(p)
            found = self._of_layer(kernel, last[some], before[some], horizon_s[some])
            result.put(some, found)

        return result

    def _of_layer(
        self, kernel: Kernel, last: Array, before: Array, horizon_s: Array
    ) -> Continuations:
        tracks = self._tracks
        t = tracks.t[last]

        # How the query moves decides who is near
        seconds = np.maximum((t - tracks.t[before]) / 1000.0, 1.0)
        velocity = offset_of(tracks, last, before) / seconds[:, None]
        at = coordinates(kernel, t, tracks.lon[last], tracks.lat[last], velocity)

        # The neighbours, and how their tracks went on
        found = self._search(kernel, last, at, horizon_s)
        columns = self._columns(kernel, last[:, None, None], velocity[:, None, None], found)

        # One table in the order of COLUMNS, empty where there is no neighbour
        table = np.stack([columns[name] for name in COLUMNS], axis=-1)
        table = table.astype(np.float32)
        table[found.weight == 0] = 0.0

        # How many other people they are, which decides whether one could be seen
        others = (found.weight > MIN_WEIGHT) & ~columns["same_user"]
        near = np.tile([kernel.near_m, kernel.near_ms], (len(last), 1))
        user = np.where(others, tracks.user[found.start], -1)

        return Continuations(table, _count_users(user), near)

    def _columns(self, kernel: Kernel, last: Array, velocity: Array, found: _Found) -> Columns:
        """COLUMNS by name, (m, h, count) each."""
        tracks = self._tracks
        start = found.start
        position = offset_of(tracks, start, last)
        lag_s = np.full(start.shape, -kernel.lag_s)
        back, known = displacements(tracks, start, lag_s, kernel.max_gap_s)
        change = -back / kernel.lag_s - velocity
        t = tracks.t
        lon = tracks.lon
        hour = solar_hour(t[start], lon[start])
        own_hour = solar_hour(t[last], lon[last])
        age_ms = np.maximum(t[last] - t[start], 0)
        hours = (hour - own_hour + 12) % 24 - 12
        at_weekend = hour >= WEEKEND_H
        own_user = tracks.user[last]

        return {
            "displacement_x": found.displacement[..., 0],
            "displacement_y": found.displacement[..., 1],
            "position_x": position[..., 0],
            "position_y": position[..., 1],
            "velocity_x": change[..., 0],
            "velocity_y": change[..., 1],
            "weight": found.weight,
            "hours": hours,
            "age_days": age_ms / DAY_MS,
            "same_user": tracks.user[start] == own_user,
            "same_week_part": at_weekend == (own_hour >= WEEKEND_H),
            "known_velocity": known,
        }

    def _search(self, kernel: Kernel, last: Array, at: Array, horizon_s: Array) -> _Found:
        """The neighbours nearest to the coordinates `at` (m, d) of the rows `last` (m,).

        Their continuation was known at the query's fix.
        """
        shape = (*horizon_s.shape, kernel.count)
        start = np.broadcast_to(last[:, None, None], shape).copy()
        result = _Found(start, np.zeros(shape), np.zeros((*shape, 2)))
        starts = self._starts_of(kernel)
        least_ms = (1000 * horizon_s.min(axis=1)).astype(np.int64)
        past = np.searchsorted(starts.t, self._tracks.t[last] - least_ms, side="right")
        open_queries: Array = np.arange(len(last))

        for times in Search.searched:
            k = min(times * kernel.count, len(starts.row))
            if not k or not len(open_queries):
                break

            crowded = np.zeros(len(last), bool)

            for some in np.array_split(open_queries, -(-len(open_queries) * k // Search.at_once)):
                away, found = starts.forest.nearest(at[some], past[some], k, REACH)
                found = starts.row[found]
                n_known = self._fill(result, kernel, some, last, horizon_s, found, away)
                many_near = away[:, -1] < Search.crowded
                crowded[some] = many_near & (n_known < kernel.count)

            if k == len(starts.row):
                break

            open_queries = np.flatnonzero(crowded)

        return result

    def _fill(
        self,
        result: _Found,
        kernel: Kernel,
        some: Array,
        last: Array,
        horizon_s: Array,
        neighbour: Array,
        away: Array,
    ) -> Array:
        """Keep those neighbours (s, k) of some queries (s,) whose continuation is known.

        away: (s, k) the distances d. Returns how many are known (s,), at the horizon with least.
        """
        weight = np.exp(-0.5 * np.square(away))
        until = self._tracks.t[last[some]]
        fewest = np.full(len(some), kernel.count)

        for h in range(horizon_s.shape[1]):
            seconds = np.broadcast_to(horizon_s[some, h, None], neighbour.shape)
            moved, known = displacements(
                self._tracks, neighbour, seconds, kernel.max_gap_s, until, wanted=weight > 0
            )

            # The nearest known ones come first
            nearest = np.argsort(~known, axis=1, kind="stable")[:, : kernel.count]
            into = some[:, None], h, np.arange(nearest.shape[1])
            row = np.arange(len(some))[:, None]
            at = row, nearest
            result.start[into] = neighbour[at]
            result.weight[into] = (weight * known)[at]
            result.displacement[into] = moved[at]

            # Where few are known at some horizon, more are looked at
            fewest = np.minimum(fewest, known.sum(axis=1))

        return fewest

    def _starts_of(self, kernel: Kernel) -> Starts:
        if kernel not in self._starts:
            self._starts[kernel] = _find_starts(self._tracks, kernel)

        return self._starts[kernel]


def _find_starts(tracks: Tracks, kernel: Kernel) -> Starts:
    """The first fix of each half lag of a track, unless the same fix is in another track, too."""
    half_lag_ms = max(int(500 * kernel.lag_s), 1)
    part = tracks.t // half_lag_ms
    rows = np.flatnonzero(run_starts(part, tracks.track))
    lag_s = np.full(len(rows), -kernel.lag_s)
    back, known = displacements(tracks, rows, lag_s, kernel.max_gap_s)

    # Where a vehicle goes within minutes depends on how it came; days can do without
    if kernel != DAY_KERNEL:
        rows = rows[known]
        back = back[known]

    # A fix in several tracks counts once, in the track that begins last: its future is the longest
    t = tracks.t[rows]
    lon = tracks.lon[rows]
    lat = tracks.lat[rows]
    begin = tracks.t[tracks.track_offsets[tracks.track[rows]]]
    order = np.lexsort((-begin, lat, lon, t))
    new = run_starts(t[order], lon[order], lat[order])
    kept = order[new]
    velocity = -back[kept] / kernel.lag_s
    points = coordinates(kernel, t[kept], lon[kept], lat[kept], velocity)

    return Starts(rows[kept], t[kept], TimeForest(points))


def _count_users(user: Array) -> Array:
    """How many users (…) there are among those of (…, n), but for -1."""
    ordered = np.sort(user, axis=-1)
    new = np.diff(ordered, axis=-1, prepend=-1) != 0
    return new.sum(axis=-1)


def in_frame(continuations: Array, heading: Array) -> Array:
    """COLUMNS (m, n, 12) with their vectors turned into the frames of fixes.

    heading: (m, 2) of these fixes.
    """
    result = continuations.copy()
    for x in range(0, 2 * N_VECTORS, 2):
        vector = continuations[..., x : x + 2]
        result[..., x : x + 2] = into_frame(vector, heading[:, None])

    return result


def displacements(
    tracks: Tracks,
    start: Array,
    seconds: Array,
    max_gap_s: float,
    until: Array | None = None,
    wanted: Array | None = None,
) -> tuple[Array, Array]:
    """How far tracks moved within `seconds` (…) after the rows `start` (…), between two fixes.

    until: (first axis) epoch ms, fixes later than that are not used. wanted: (…) bool, others are
    not looked at. Returns metres east and north (…, 2), zero where unknown, and which are known
    (…).
    """
    result = np.zeros((*start.shape, 2))
    known = np.zeros(start.shape, bool)

    if wanted is None:
        wanted = np.ones(start.shape, bool)

    chosen = np.nonzero(wanted)

    for begin in range(0, len(chosen[0]), Search.at_once):
        at = tuple(axis[begin : begin + Search.at_once] for axis in chosen)
        latest = None if until is None else until[at[0]]
        ok, moved = _moved(tracks, start[at], seconds[at], max_gap_s, latest)
        at = tuple(axis[ok] for axis in at)
        result[at] = moved
        known[at] = True

    return result, known


def _moved(
    tracks: Tracks,
    row: Array,
    seconds: Array,
    max_gap_s: float,
    until: Array | None,
) -> tuple[Array, Array]:
    """Which displacements are known (n,) bool, and those that are, metres (k, 2)."""
    t = tracks.t
    track = tracks.track
    goal = t[row] + (1000 * seconds).astype(np.int64)
    after = np.minimum(tracks.before(track[row], goal), len(t) - 1)
    before = np.maximum(after - 1, 0)
    gap = t[after] - t[before]
    longest_s = np.minimum(Search.max_gap * np.abs(seconds), max_gap_s)
    ok = gap <= 1000 * longest_s
    ok &= track[before] == track[row]
    ok &= track[after] == track[row]
    ok &= before < after
    ok &= t[after] >= goal

    if until is not None:
        ok &= t[after] <= until

    row = row[ok]
    before = before[ok]
    past = goal[ok] - t[before]

    # Between two fixes the track goes straight on
    low = offset_of(tracks, before, row)
    high = offset_of(tracks, after[ok], row)
    part = past / np.maximum(gap[ok], 1)

    return ok, low + part[:, None] * (high - low)
