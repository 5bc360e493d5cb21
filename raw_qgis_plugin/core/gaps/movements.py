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

from ..arrays import (
    Array,
    Columns,
    content_hash,
    expand_ranges,
    join_rows,
    rank_within,
    run_starts,
    take_rows,
)
from ..geodesy import (
    length,
    metres_per_degree,
    near_lon,
    offset_m,
    on_sphere,
    unwrapped,
    way_between,
)
from ..tracks import Tracks
from .ends import Gaps


class How(IntEnum):
    """How a movement was found."""

    PAIR = 0  # from the first end to the second
    REVERSED = 1  # from the second end to the first
    AFTER = 2  # from the first end on
    BEFORE = 3  # up to the second end


@dataclass(frozen=True)
class Settings:
    """How movements are sought. The imputer was trained with these values."""

    # Of the fixes in a row in a cell the first counts, and the last if they last over stay_ms.
    cell_m: float = 60.0  # m, side of a cell
    stay_ms: int = 120_000
    # Positions between_m apart are put between two fixes no more than between_s apart in time.
    between_m: float = 150.0
    between_s: float = 240.0
    max_between: int = 20  # positions in one step, which bounds memory
    max_gap_s: float = 300.0  # s, a longer silence hides where a movement was
    max_positions: int = 2_000_000  # in the index; of more an even share, chosen by content
    # Of the positions near an end the nearest are looked at: those within a share (reach) of the
    # distance of the ends, but no nearer than min_reach_m and no farther than max_reach_m.
    near: int = 192
    reach: float = 0.3
    min_reach_m: float = 150.0
    max_reach_m: float = 600.0
    stretch: float = 2.0  # times longer or shorter than the gap a movement took at most
    stretch_scale: float = 0.3  # of the logarithm of that, in the kernel
    pairs: int = 12  # movements from end to end that are kept
    others: int = 12  # movements after the first end that are kept, and as many before the second


@dataclass(frozen=True)
class Found:
    """Movements for g gaps, k each.

    track: (g, k) their tracks. begin: (g, k) epoch ms, when they were at the gap's first end.
    seconds: (g, k) from there to its second end, negative for reversed ones. off_first, off_second:
    (g, k, 2) metres east and north from the gap's ends to the movement. how: (g, k) of How. weight:
    (g, k) of the kernel, 0 where there are fewer movements.
    """

    track: Array
    begin: Array
    seconds: Array
    off_first: Array
    off_second: Array
    how: Array
    weight: Array


@dataclass(frozen=True)
class Positions:
    """Places where tracks were, (n,) each: track, t (epoch ms), lon, lat (degrees)."""

    track: Array
    t: Array
    lon: Array
    lat: Array


@dataclass(frozen=True)
class Near:
    """Positions near one end of g gaps: their rows (g, near), and which there are."""

    row: Array
    there: Array


class Movements:
    """The layer's positions, searched for movements."""

    def __init__(self, tracks: Tracks) -> None:
        """tracks: of one fix or more."""
        from scipy.spatial import cKDTree

        self.tracks = tracks
        silent = np.diff(tracks.t) > 1000 * Settings.max_gap_s

        ends = silent | (np.diff(tracks.track) != 0)
        self._spell = np.append(0, np.cumsum(ends))  # has no silence inside

        self._at = at = _positions(tracks)
        before = tracks.before(at.track, at.t + 1) - 1
        self._spell_of = self._spell[before]

        places = on_sphere(at.lon, at.lat)
        self._tree = cKDTree(places, balanced_tree=False, compact_nodes=False)

    def at(self, track: Array, t: Array) -> tuple[Array, Array, Array]:
        """lon, lat (…) of tracks at times (…) in epoch ms, and which are known.

        A position is known between two fixes without a silence.
        """
        own = self.tracks
        before = np.maximum(own.before(track, t + 1) - 1, 0)

        begin = own.t[before]
        after = np.minimum(before + 1, len(own) - 1)
        after = np.where(begin == t, before, after)

        end = own.t[after]
        part = (t - begin) / np.maximum(end - begin, 1)

        lon = own.lon[before]
        lat = own.lat[before]

        east = near_lon(own.lon[after], lon) - lon
        north = own.lat[after] - lat

        same = own.track[before] == track
        heard = self._spell[before] == self._spell[after]
        known = same & heard & (begin <= t) & (end >= t)

        return lon + part * east, lat + part * north, known

    def between(self, gaps: Gaps) -> Found:
        """The movements for gaps of the same tracks, the nearest of each kind first."""
        reach_m = Settings.reach * length(gaps.across_m)
        reach_m = np.clip(reach_m, Settings.min_reach_m, Settings.max_reach_m)

        first = self._near(gaps.tracks, gaps.before, reach_m)
        second = self._near(gaps.tracks, gaps.after, reach_m)

        pairs = self._pairs(gaps, first, second, reach_m)
        after = self._from_one(gaps, How.AFTER, first, reach_m)
        before = self._from_one(gaps, How.BEFORE, second, reach_m)

        columns = {}
        for name in Found.__annotations__:
            parts = [getattr(found, name) for found in (pairs, after, before)]
            columns[name] = np.concatenate(parts, axis=1)

        return Found(**columns)

    def _near(self, tracks: Tracks, row: Array, reach_m: Array) -> Near:
        """The positions nearest to the fixes `row` (g,) of tracks."""
        count = min(Settings.near, len(self._at.t))
        k = np.arange(1, count + 1)
        place = on_sphere(tracks.lon[row], tracks.lat[row])

        away_m, found = self._tree.query(place, k, distance_upper_bound=Settings.max_reach_m)
        there = away_m <= reach_m[:, None]

        return Near(np.where(there, found, 0), there)

    def _pairs(self, gaps: Gaps, first: Near, second: Near, reach_m: Array) -> Found:
        """Movements that passed both ends."""
        g, one, other = self._same_spell(first, second)
        stretch = self._stretch(gaps, g, one, other)

        fits = np.abs(stretch) < np.log(Settings.stretch)
        overlaps = _in_gap(gaps, g, self._at.t[one], self._at.t[other])

        fits &= ~overlaps
        g = g[fits]

        one = one[fits]
        begin = take_rows(self._at, one)
        end = take_rows(self._at, other[fits])

        off_first = _off(gaps.tracks, gaps.before[g], begin)
        off_second = _off(gaps.tracks, gaps.after[g], end)

        took_s = (end.t - begin.t) / 1000.0
        backwards = np.signbit(took_s)

        square = _square(off_first) + _square(off_second)
        square /= (0.5 * reach_m[g]) ** 2
        square += (stretch[fits] / Settings.stretch_scale) ** 2 + backwards

        columns = {"track": begin.track, "begin": begin.t, "seconds": took_s}
        columns["off_first"] = off_first

        columns["off_second"] = off_second
        columns["how"] = np.where(backwards, int(How.REVERSED), int(How.PAIR))

        return self._nearest(gaps, g, one, square, Settings.pairs, columns)

    def _same_spell(self, first: Near, second: Near) -> tuple[Array, Array, Array]:
        """The gaps (n,) and pairs of positions near their ends that no silence parts."""
        spell = self._spell_of[first.row]
        other_spell = self._spell_of[second.row]

        same = spell[:, :, None] == other_spell[:, None]
        same &= first.there[:, :, None]

        same &= second.there[:, None]
        g, i, j = np.nonzero(same)

        return g, first.row[g, i], second.row[g, j]

    def _stretch(self, gaps: Gaps, g: Array, one: Array, other: Array) -> Array:
        """Logarithm of how many times longer than a gap a movement between positions took."""
        took_ms = self._at.t[other] - self._at.t[one]
        took_s = np.abs(took_ms / 1000.0)
        return np.log(np.maximum(took_s, 1.0) / gaps.seconds[g])

    def _from_one(self, gaps: Gaps, how: How, near: Near, reach_m: Array) -> Found:
        """Movements that passed one end, followed for the time of the gap."""
        is_after = how == How.AFTER
        g, i = np.nonzero(near.there)
        row = near.row[g, i]

        here = take_rows(self._at, row)
        sign = 1 if is_after else -1

        there, known = self._follow(here, sign * gaps.seconds[g])
        known &= ~_in_gap(gaps, g, here.t, there.t)

        g = g[known]
        row = row[known]

        ends = [take_rows(here, known), take_rows(there, known)][::sign]
        off_first = _off(gaps.tracks, gaps.before[g], ends[0])
        off_second = _off(gaps.tracks, gaps.after[g], ends[1])

        # the end that the movement passed, and the other one
        near_off, far_off = [off_first, off_second][::sign]
        square = _square(near_off) / (0.5 * reach_m[g]) ** 2
        square += _square(far_off) / (2 * reach_m[g]) ** 2

        columns = {"track": ends[0].track, "begin": ends[0].t, "seconds": gaps.seconds[g]}
        columns["off_first"] = off_first

        columns["off_second"] = off_second
        columns["how"] = np.full(len(g), int(how))

        return self._nearest(gaps, g, row, square, Settings.others, columns)

    def _follow(self, here: Positions, seconds: Array) -> tuple[Positions, Array]:
        """Where tracks were some seconds after positions (n,), and which are known all the time."""
        span_ms = np.rint(1000 * seconds).astype(np.int64)
        lon, lat, known = self.at(here.track, here.t + span_ms)

        half_ms = span_ms // 2
        known &= self.at(here.track, here.t + half_ms)[2]
        return Positions(here.track, here.t + span_ms, lon, lat), known

    def _nearest(
        self,
        gaps: Gaps,
        g: Array,
        row: Array,
        square: Array,
        count: int,
        columns: Columns,
    ) -> Found:
        """Of movements (n,) of the gaps g (n,) the `count` nearest of each, one for each passage.

        columns: those of Found but the weight, (n, …) each.
        """
        spell = self._spell_of[row]
        half_ms = 500.0 * gaps.seconds[g]

        passage = (self._at.t[row] / half_ms).astype(np.int64)
        order = np.lexsort((square, passage, spell, g))

        best = run_starts(g[order], spell[order], passage[order])
        order = order[best]

        rank = rank_within(g[order], -square[order])
        order = order[rank < count]

        rank = rank[rank < count]
        columns["weight"] = np.exp(-0.5 * np.minimum(square, 50.0))

        found = {}
        shape = (len(gaps.before), count)

        for name, values in columns.items():
            whole = np.zeros((*shape, *values.shape[1:]), values.dtype)
            whole[g[order], rank] = values[order]
            found[name] = whole

        return Found(**found)


def _square(v: Array) -> Array:
    """Squared lengths (n,) of vectors (n, 2)."""
    return np.square(v).sum(axis=1)


def _off(tracks: Tracks, row: Array, there: Positions) -> Array:
    """Metres (n, 2) from fixes `row` to positions."""
    return offset_m(there.lon, there.lat, tracks.lon[row], tracks.lat[row])


def _in_gap(gaps: Gaps, g: Array, t: Array, other: Array) -> Array:
    """Which movements (n,) from t to `other` overlap with the time of the gaps g (n,)."""
    first = gaps.tracks.t[gaps.before[g]]
    last = gaps.tracks.t[gaps.after[g]]

    begin = np.minimum(t, other)
    end = np.maximum(t, other)
    return (begin < last) & (end > first)


def _positions(tracks: Tracks) -> Positions:
    """Thinned fixes, and positions between those that are far apart; of too many a share."""
    lon = unwrapped(tracks.lon, tracks.track_offsets)
    fixes = Positions(tracks.track, tracks.t, lon, tracks.lat)

    thinned = take_rows(fixes, _thinned(tracks))
    every = join_rows([thinned, _on_the_way(fixes)])
    n = len(every.t)
    if n <= Settings.max_positions:
        return every

    share = np.uint64(-(-n // Settings.max_positions))
    drawn = content_hash(every.t, every.lon, every.lat)

    return take_rows(every, drawn % share == 0)


def _thinned(tracks: Tracks) -> Array:
    """Rows of the first fix in a row in each cell, and of the last after a stay."""
    kx = metres_per_degree(np.round(tracks.lat, 1))[0]
    ky = metres_per_degree(tracks.lat)[1]

    column = np.floor(tracks.lon * kx / Settings.cell_m)
    row = np.floor(tracks.lat * ky / Settings.cell_m)
    enters = run_starts(tracks.track, column, row)

    first = np.flatnonzero(enters)
    last = np.flatnonzero(np.append(enters[1:], True))

    lasts_ms = tracks.t[last] - tracks.t[first]
    stays = lasts_ms > Settings.stay_ms

    return np.concatenate([first, last[stays]])


def _on_the_way(fixes: Positions) -> Positions:
    """Positions between fixes that are far apart in place and not in time."""
    s = Settings
    same = np.diff(fixes.track) == 0

    soon = np.diff(fixes.t) / 1000.0 <= s.between_s
    step = np.flatnonzero(same & soon)

    metres = length(way_between(fixes, step, step + 1))
    more = np.minimum(metres // s.between_m, s.max_between).astype(int)
    row = np.repeat(step, more)

    number = expand_ranges(np.ones_like(more), more)
    part = number / (np.repeat(more, more) + 1)

    def between(axis: Array) -> Array:
        begin = axis[row]
        way = axis[row + 1] - begin
        return (begin + part * way).astype(axis.dtype)

    lon = between(fixes.lon)

    return Positions(fixes.track[row], between(fixes.t), lon, between(fixes.lat))
