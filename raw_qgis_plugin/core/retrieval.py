# SPDX-License-Identifier: GPL-2.0-or-later
"""Where tracks of the layer went on from here: forecasts of trips by their nearest neighbours in the layer's past.

A fix is the more like another the nearer it lies and the more alike it moved. The way that a track will have gone is
the spatial median of the ways of its likest fixes, itself and the other tracks alike. Streets, stops and turns that a
network without coordinates cannot know come in so. A track only knows of ways that had ended by its own last fix.
"""

from __future__ import annotations

import numpy as np

from .geodesy import offset_m
from .tracks import Tracks

NEIGHBOURS = 32
NEAR_M, ALIKE_MS = 100.0, 3.0  # fixes a minute apart that lie so near, or whose velocities do, are alike by exp(-1/2)
PACES = 4  # times as long between fixes is another tree
LOOKED_AT = 4  # times as many, since some are of ways that had not ended
STARTS = 1_000_000  # fixes to go on from, at most; of more an even share
SILENCE = 3.0  # times the way's length: a longer gap between two fixes hides where the track was
MEDIAN_STEPS, SMOOTH_M = 12, 5.0
ROUGH_M = 5.0  # ways that differ by less are as sure as others
_EARTH_M = 6_371_008.8


class Retrieval:
    """The past of tracks, to be asked by track. A tree is laid out once for each pace of fixes."""

    def __init__(self, tracks: Tracks) -> None:
        self._tracks = tracks
        self._trees: dict[float, tuple] = {}

    def leads(
        self, rows: np.ndarray, valid: np.ndarray, horizon_s: np.ndarray, error_m: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """`ways` (m, h, 2) from contexts, rows (m, L) of which some are valid, and how much speaks for them (m, h): the
        more the less they differ, beside the error (m, h) that is expected of a forecast without them.
        """
        last = rows[:, -1]
        before = np.where(valid[:, -2], rows[:, -2], last) if rows.shape[1] > 1 else last
        way, support, spread = self.ways(last, before, horizon_s)
        return way, support * (error_m + ROUGH_M) / (spread + ROUGH_M)

    def ways(self, last: np.ndarray, before: np.ndarray, horizon_s: np.ndarray) -> tuple[np.ndarray, ...]:
        """Where tracks will have gone from their fixes `last` (m,), rows of the tracks, `horizon_s` (m, h) later.

        before: (m,) rows of the fixes before them, from which they came; equal to `last` where there is none.
        Returns ways (m, h, 2), metres east and north; their support (m, h), how many fixes speak for each, the less
        alike the less, zero where none does; and their spread (m, h), mean metres from it.
        """
        way, support, spread = np.zeros((*horizon_s.shape, 2)), np.zeros(horizon_s.shape), np.zeros(horizon_s.shape)
        lag_s = (self._tracks.t[last] - self._tracks.t[before]) / 1000.0
        pace = np.round(np.log(np.maximum(lag_s, 1.0)) / np.log(PACES)).astype(int)
        for p in np.unique(pace[lag_s > 0]):
            some = np.flatnonzero((pace == p) & (lag_s > 0))
            found = self._ways(float(PACES**p), last[some], before[some], horizon_s[some])
            way[some], support[some], spread[some] = found
        return way, support, spread

    def _ways(
        self, lag_s: float, last: np.ndarray, before: np.ndarray, horizon_s: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        tree, starts = self._tree(lag_s)
        way, support, spread = np.zeros((*horizon_s.shape, 2)), np.zeros(horizon_s.shape), np.zeros(horizon_s.shape)
        if not len(starts):
            return way, support, spread
        tracks = self._tracks
        seconds = (tracks.t[last] - tracks.t[before]) / 1000.0
        came = offset_m(tracks.lon[last], tracks.lat[last], tracks.lon[before], tracks.lat[before])
        likeness = self._likeness(lag_s, last, came / seconds[:, None])
        away, found = tree.query(likeness, k=np.arange(1, min(LOOKED_AT * NEIGHBOURS, len(starts)) + 1))
        start, alike = starts[found], np.exp(-0.5 * np.square(away))
        for h in range(horizon_s.shape[1]):
            went, known = self._went(start, np.broadcast_to(horizon_s[:, h, None], start.shape), tracks.t[last])
            weight = alike * known * (np.cumsum(known, axis=1) <= NEIGHBOURS)
            way[:, h], support[:, h] = _spatial_median(went, weight), weight.sum(axis=1)
            off = np.hypot(*np.moveaxis(went - way[:, h, None], -1, 0))
            spread[:, h] = (weight * off).sum(axis=1) / np.maximum(support[:, h], 1e-12)
        return way, support, spread

    def _tree(self, lag_s: float) -> tuple:
        """The k-d tree of fixes by where and how they came from `lag_s` before, and their rows."""
        if lag_s not in self._trees:
            from scipy.spatial import cKDTree

            tracks = self._tracks
            spell = tracks.t // max(int(500 * lag_s), 1)
            begins = np.ones(len(tracks), bool)
            begins[1:] = (spell[1:] != spell[:-1]) | (tracks.track[1:] != tracks.track[:-1])
            rows = np.flatnonzero(begins)
            rows = rows[:: -(-len(rows) // STARTS) or 1]
            ends = tracks.t[tracks.track_offsets[1:] - 1][tracks.track[rows]]
            rows = rows[np.lexsort((-ends, tracks.lat[rows], tracks.lon[rows], tracks.t[rows]))]
            fix = np.stack([tracks.t[rows], tracks.lon[rows], tracks.lat[rows]])
            rows = rows[np.diff(fix, axis=1, prepend=np.nan).any(axis=0)]  # of a fix in several tracks, the longest
            came, known = self._went(rows, np.full(len(rows), -lag_s))
            rows, came = rows[known], came[known]
            tree = cKDTree(self._likeness(lag_s, rows, -came / lag_s), balanced_tree=False)
            self._trees[lag_s] = tree, rows
        return self._trees[lag_s]

    def _likeness(self, lag_s: float, row: np.ndarray, velocity: np.ndarray) -> np.ndarray:
        """Coordinates (n, 5) of fixes between which distances say how unlike they are."""
        lon, lat = np.radians(self._tracks.lon[row]), np.radians(self._tracks.lat[row])
        on_earth = _EARTH_M * np.stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)], axis=-1)
        near = NEAR_M * np.sqrt(lag_s / 60.0)
        return np.concatenate([on_earth / near, velocity / ALIKE_MS], axis=-1)

    def _went(
        self, start: np.ndarray, seconds: np.ndarray, until: np.ndarray | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """The ways (…, 2) in metres from the fixes `start` (…) to where their tracks were `seconds` (…) later, in a
        straight line between two fixes, and whether that is known, by `until` (first axis) epoch ms if given.
        """
        t = self._tracks.t
        wanted = t[start] + (1000 * seconds).astype(np.int64)
        after = np.minimum(self._tracks.time_index.before(self._tracks.track[start], wanted), len(t) - 1)
        first = np.maximum(after - 1, 0)
        own = self._tracks.track
        known = (own[after] == own[start]) & (own[first] == own[start]) & (t[after] >= wanted)
        gap = t[after] - t[first]
        known &= gap <= 1000 * SILENCE * np.abs(seconds)
        if until is not None:
            known &= t[after] <= until.reshape(-1, *[1] * (start.ndim - 1))
        part = np.where(known, (wanted - t[first]) / np.maximum(gap, 1), 0.0)[..., None]
        lon, lat = self._tracks.lon, self._tracks.lat
        ends = [offset_m(lon[row], lat[row], lon[start], lat[start]) for row in (first, after)]
        return ends[0] + part * (ends[1] - ends[0]), known


def _spatial_median(points: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """The points (m, 2) of least weighted distance from points (m, n, 2), by Weiszfeld's algorithm; zero where nothing
    has weight.
    """
    x = (weight[..., None] * points).sum(axis=1) / np.maximum(weight.sum(axis=1), 1e-12)[:, None]
    smooth = (SMOOTH_M + 0.1 * np.hypot(*x.T))[:, None]
    for _ in range(MEDIAN_STEPS):
        pull = weight / np.hypot(np.hypot(*np.moveaxis(points - x[:, None], -1, 0)), smooth)
        x = (pull[..., None] * points).sum(axis=1) / np.maximum(pull.sum(axis=1), 1e-12)[:, None]
    return x
