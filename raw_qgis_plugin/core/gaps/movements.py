# SPDX-License-Identifier: GPL-2.0-or-later
"""Movements of the layer that led from near the one end of a gap to near the other.

A movement is found whole. It passed both ends, in this order or in the other, and took about as
long as the gap. It is moved and stretched onto the ends of the gap later (imputer.py). Beside these
there are movements that passed one end: those that came nearest to the other end after the time of
the gap, or before it. A movement at the time of the gap itself does not count: it may be a copy of
the same track under another id, which the gap should hide too.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from ..arrays import content_hash, expand_ranges, rank_within, run_starts
from ..geodesy import metres_per_degree, near_lon, offset_m, on_sphere, unwrapped
from ..tracks import Tracks
from .ends import Gaps


class How(IntEnum):
    """How a movement was found."""

    PAIR = 0  # from the first end to the second
    REVERSED = 1  # from the second end to the first
    AFTER = 2  # from the first end on
    BEFORE = 3  # up to the second end


class Settings:
    """How movements are sought. The imputer was trained on it."""

    cell_m: float = 60.0  # of the fixes in a row in a cell of this size the first counts,
    stay_ms: int = 120_000  # and also the last if they last longer than this
    # a longer step between two fixes has positions in between, so far apart,
    between_m: float = 150.0
    between_s: float = 240.0  # if it took no longer than this
    max_between: int = 20  # positions in one step
    max_gap_s: float = 300.0  # a longer silence hides where a movement was
    max_positions: int = 2_000_000  # in the index; of more an even share, chosen by content
    near: int = 192  # positions nearest to an end that are looked at,
    reach: float = 0.3  # within this share of the distance of the ends,
    min_reach_m: float = 150.0  # but no nearer and no farther than this
    max_reach_m: float = 600.0
    # a movement took at most so many times as long as the gap, or one of so many parts
    stretch: float = 2.0
    stretch_scale: float = 0.3  # of the logarithm, in the kernel
    pairs: int = 12  # movements from end to end that are kept
    others: int = 12  # and of those after the first end, and before the second, so many each


@dataclass(frozen=True)
class Found:
    """Movements for g gaps, k each. track: (g, k) their tracks. begin: (g, k) epoch ms, when they
    were at the gap's first end; seconds: (g, k) from there to its second end, negative for reversed
    ones. off_first, off_second: (g, k, 2) metres east and north from the gap's ends to the
    movement. how: (g, k) of How. weight: (g, k) of the kernel, 0 where there are fewer movements.
    """

    track: np.ndarray
    begin: np.ndarray
    seconds: np.ndarray
    off_first: np.ndarray
    off_second: np.ndarray
    how: np.ndarray
    weight: np.ndarray


class Movements:
    """The layer's positions, searched for movements."""

    def __init__(self, tracks: Tracks) -> None:
        """tracks: of one fix or more."""
        from scipy.spatial import cKDTree

        self.tracks = tracks
        silent = np.diff(tracks.t) > 1000 * Settings.max_gap_s
        # has no silence inside
        self._spell = np.concatenate([[0], np.cumsum(silent | (np.diff(tracks.track) != 0))])
        self._t, self._lon, self._lat, self._track = _positions(tracks)
        self._spell_of = self._spell[tracks.before(self._track, self._t + 1) - 1]
        self._tree = cKDTree(
            on_sphere(self._lon, self._lat), balanced_tree=False, compact_nodes=False
        )

    def at(self, track: np.ndarray, t: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """lon, lat (…) of tracks at times (…) in epoch ms, between two fixes without a silence; and
        which are known.
        """
        own = self.tracks
        before = np.maximum(own.before(track, t + 1) - 1, 0)
        after = np.minimum(before + 1, len(own) - 1)
        after = np.where(own.t[before] == t, before, after)
        known = (
            (own.track[before] == track)
            & (self._spell[before] == self._spell[after])
            & (own.t[before] <= t)
        )
        part = (t - own.t[before]) / np.maximum(own.t[after] - own.t[before], 1)
        lon = own.lon[before] + part * (near_lon(own.lon[after], own.lon[before]) - own.lon[before])
        lat = own.lat[before] + part * (own.lat[after] - own.lat[before])
        return lon, lat, known & (own.t[after] >= t)

    def between(self, gaps: Gaps) -> Found:
        """The movements for gaps of the same tracks, the nearest of each kind first."""
        reach_m = Settings.reach * np.hypot(*gaps.across_m.T)
        reach_m = np.clip(reach_m, Settings.min_reach_m, Settings.max_reach_m)
        near = [self._near(gaps.tracks, row, reach_m) for row in (gaps.before, gaps.after)]
        parts = [self._pairs(gaps, near, reach_m)]
        parts += [self._from_one(gaps, how, near, reach_m) for how in (How.AFTER, How.BEFORE)]
        return Found(*(np.concatenate(columns, axis=1) for columns in zip(*parts, strict=True)))

    def _near(
        self, tracks: Tracks, row: np.ndarray, reach_m: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Rows (g, near) of the positions nearest to the fixes `row` (g,) of tracks, and which
        there are.
        """
        k = np.arange(1, min(Settings.near, len(self._t)) + 1)
        at = on_sphere(tracks.lon[row], tracks.lat[row])
        away, found = self._tree.query(at, k, distance_upper_bound=Settings.max_reach_m)
        there = away <= reach_m[:, None]
        return np.where(there, found, 0), there

    def _pairs(
        self, gaps: Gaps, near: list[tuple[np.ndarray, np.ndarray]], reach_m: np.ndarray
    ) -> tuple:
        """Movements that passed both ends."""
        s, ((first, there_first), (second, there_second)) = Settings, near
        same = self._spell_of[first][:, :, None] == self._spell_of[second][:, None]
        g, i, j = np.nonzero(same & there_first[:, :, None] & there_second[:, None])
        one, other = first[g, i], second[g, j]
        took_s = (self._t[other] - self._t[one]) / 1000.0
        stretch = np.log(np.maximum(np.abs(took_s), 1.0) / gaps.seconds[g])
        kept = (np.abs(stretch) < np.log(s.stretch)) & ~_in_gap(
            gaps, g, self._t[one], self._t[other]
        )
        g, one, other, took_s, stretch = (a[kept] for a in (g, one, other, took_s, stretch))
        offs = _offs(
            gaps, g, (self._lon[one], self._lat[one]), (self._lon[other], self._lat[other])
        )
        square = np.square(np.concatenate(offs, axis=1)).sum(axis=1) / (0.5 * reach_m[g]) ** 2
        backwards = np.signbit(took_s)
        square += (stretch / s.stretch_scale) ** 2 + backwards
        how = np.where(backwards, int(How.REVERSED), int(How.PAIR))
        return self._nearest(
            gaps, g, one, square, s.pairs, (self._track[one], self._t[one], took_s, *offs, how)
        )

    def _from_one(
        self, gaps: Gaps, how: How, near: list[tuple[np.ndarray, np.ndarray]], reach_m: np.ndarray
    ) -> tuple:
        """Movements that passed one end, followed for the time of the gap."""
        end, sign = (0, 1) if how == How.AFTER else (1, -1)
        g, i = np.nonzero(near[end][1])
        row = near[end][0][g, i]
        span = sign * np.rint(1000 * gaps.seconds[g]).astype(np.int64)
        there = self._t[row] + span
        lon, lat, known = self.at(self._track[row], there)
        known &= self.at(self._track[row], self._t[row] + span // 2)[2] & ~_in_gap(
            gaps, g, self._t[row], there
        )
        g, row, there, lon, lat = (a[known] for a in (g, row, there, lon, lat))
        offs = _offs(gaps, g, *((self._lon[row], self._lat[row]), (lon, lat))[::sign])
        square = np.square(offs[end]).sum(axis=1) / (0.5 * reach_m[g]) ** 2
        square += np.square(offs[1 - end]).sum(axis=1) / (2 * reach_m[g]) ** 2
        begin = self._t[row] if how == How.AFTER else there
        columns = self._track[row], begin, gaps.seconds[g], *offs, np.full(len(g), int(how))
        return self._nearest(gaps, g, row, square, Settings.others, columns)

    def _nearest(
        self,
        gaps: Gaps,
        g: np.ndarray,
        row: np.ndarray,
        square: np.ndarray,
        count: int,
        columns: tuple,
    ) -> tuple[np.ndarray, ...]:
        """The columns of Found (gaps, count) from those (n,) of the gaps g (n,), one for each
        passage, the nearest.
        """
        passage = (self._t[row] / (500.0 * gaps.seconds[g])).astype(np.int64)
        order = np.lexsort((square, passage, self._spell_of[row], g))
        order = order[run_starts(g[order], self._spell_of[row[order]], passage[order])]
        rank = rank_within(g[order], -square[order])
        order, rank = order[rank < count], rank[rank < count]
        result = []
        for values in (*columns, np.exp(-0.5 * np.minimum(square, 50.0))):
            whole = np.zeros((len(gaps.before), count, *values.shape[1:]), values.dtype)
            whole[g[order], rank] = values[order]
            result.append(whole)
        return tuple(result)


def _offs(gaps: Gaps, g: np.ndarray, *places: tuple[np.ndarray, np.ndarray]) -> list[np.ndarray]:
    """Metres (n, 2) from both ends of the gaps g (n,) to places lon, lat (n,)."""
    lon, lat = gaps.tracks.lon, gaps.tracks.lat
    return [
        offset_m(*place, lon[row[g]], lat[row[g]])
        for place, row in zip(places, (gaps.before, gaps.after))
    ]


def _in_gap(gaps: Gaps, g: np.ndarray, t: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Which movements (n,) from t to `other` overlap with the time of the gaps g (n,)."""
    first, last = gaps.tracks.t[gaps.before[g]], gaps.tracks.t[gaps.after[g]]
    return (np.minimum(t, other) < last) & (np.maximum(t, other) > first)


def _positions(tracks: Tracks) -> tuple[np.ndarray, ...]:
    """t, lon, lat and track of thinned fixes, and of positions between those that are far apart."""
    s = Settings
    (kx, _), (_, ky) = metres_per_degree(np.round(tracks.lat, 1)), metres_per_degree(tracks.lat)
    enters = run_starts(
        tracks.track, np.floor(tracks.lon * kx / s.cell_m), np.floor(tracks.lat * ky / s.cell_m)
    )
    first, last = np.flatnonzero(enters), np.flatnonzero(np.append(enters[1:], True))
    row = np.concatenate([first, last[tracks.t[last] - tracks.t[first] > s.stay_ms]])

    step_s = np.where(np.diff(tracks.track) == 0, np.diff(tracks.t) / 1000.0, np.inf)
    step = np.flatnonzero(step_s <= s.between_s)
    way = offset_m(tracks.lon[step + 1], tracks.lat[step + 1], tracks.lon[step], tracks.lat[step])
    more = np.minimum(np.hypot(*way.T) // s.between_m, s.max_between).astype(int)
    at, count = np.repeat(step, more), np.repeat(more, more)
    part = expand_ranges(np.ones_like(more), more) / (count + 1)
    t, lon, lat = (
        np.concatenate(
            [axis[row], (axis[at] + part * (axis[at + 1] - axis[at])).astype(axis.dtype)]
        )
        for axis in (tracks.t, unwrapped(tracks.lon, tracks.track_offsets), tracks.lat)
    )
    columns = t, lon, lat, np.concatenate([tracks.track[row], tracks.track[at]])
    share = np.uint64(-(-len(t) // s.max_positions) or 1)
    kept = content_hash(t, lon, lat) % share == 0 if share > 1 else slice(None)
    return tuple(column[kept] for column in columns)
