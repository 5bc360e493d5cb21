# SPDX-License-Identifier: GPL-2.0-or-later
"""Lines: tracks without vague fixes, thinned to the mean of each ten seconds, smoothed, in metres.

Stops and legs are found in lines.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..arrays import Groups, expand_groups, run_ends, steps_within
from ..features.ride import averaged
from ..geodesy import offset_m
from ..tracks import Tracks
from .tables import Column, Stops


@dataclass(frozen=True)
class LineSettings:
    """Which fixes a line is made from. Chosen with the settings of stops."""

    exact_m: float = 80.0  # half the box of a stop: a position known to more is vague
    useless_m: float = 200.0  # a position known to more is no evidence of a stop or a way
    # Vague fixes are left out between two exact ones so near in time, the longest silence of a stop
    between_s: float = 24 * 3600.0
    # Between exact ones so near each other the user stayed, and rather vague fixes are left out too
    stayed_m: float = 300.0
    # A fix farther off than stayed_m and so many times its accuracy shows that somebody was away
    away_accuracies: float = 4.0
    median_fixes: int = 9  # of the running median that smooths
    # A median over a longer time would cut corners, so such fixes stay as they are
    median_ms: int = 180_000


DEFAULT = LineSettings()


@dataclass(frozen=True)
class Line:
    """A thinned track each user. m rows; a row stands for the fixes first to last of `fixes`."""

    fixes: Tracks
    # Mean times in ms since the track's first fix; lon and lat are metres of `metres_along`
    thin: Tracks
    xy: Column  # (m, 2) smoothed metres
    first: Column  # (m,) rows of `fixes`
    last: Column  # (m,) rows of `fixes`

    @property
    def t(self) -> Column:
        """(m,) mean times in ms since the track's first fix."""
        return self.thin.t

    @property
    def track(self) -> Column:
        """(m,) tracks, which are users."""
        return self.thin.track

    @property
    def step_ms(self) -> Column:
        """(m - 1,) ms from each row to the next."""
        return np.diff(self.t)

    @property
    def step_m(self) -> Column:
        """(m - 1,) metres from each row to the next."""
        return np.hypot(*np.diff(self.xy, axis=0).T)

    @property
    def same_track(self) -> Column:
        """(m - 1,) bool: whether the next row is of the same track."""
        return self.track[1:] == self.track[:-1]

    def ms(self, one: Column, other: Column) -> Column:
        """(k,) ms from rows one (k,) to rows other (k,)."""
        return self.t[other] - self.t[one]

    def ms_between(self, spans: Spans) -> Column:
        """(k - 1,) ms from each span to the next, infinite between two tracks."""
        same_track = self.track[spans.left] == self.track[spans.back]
        return np.where(same_track, self.ms(spans.left, spans.back), np.inf)

    def stays(self, stops: Stops) -> Stays:
        """The rows and steps of stops, whose first and last fixes begin and end rows."""
        begin = np.searchsorted(self.first, stops.arrive)
        end = np.searchsorted(self.last, stops.leave)
        return Stays(begin, end, stops.place, steps_within(begin, end, len(self.t)))


@dataclass(frozen=True)
class Spans:
    """k stays or ways in order: the rows begin to end (k,) of a line, both included."""

    begin: Column
    end: Column

    def __len__(self) -> int:
        return len(self.begin)

    @property
    def left(self) -> Column:
        """(k - 1,) where each span but the last ends."""
        return self.end[:-1]

    @property
    def back(self) -> Column:
        """(k - 1,) where each span but the first begins."""
        return self.begin[1:]

    def none_between(self, rows: Column) -> Column:
        """(k - 1,) bool: whether none of some rows, ascending, lies between a span and the next."""
        left = np.searchsorted(rows, self.left)
        back = np.searchsorted(rows, self.back)
        return left == back

    def take(self, some: Column) -> Spans:
        """Some of the spans, by a mask or by numbers."""
        return Spans(self.begin[some], self.end[some])

    def rows(self) -> tuple[Column, Groups]:
        """All rows, one span after the other, and the spans as groups of them."""
        return expand_groups(self.begin, self.end - self.begin + 1)

    def join(self, apart: Column) -> tuple[Spans, Groups]:
        """Join each span with the next but where they are apart (k - 1,), and group them so."""
        begins = np.append(True, apart)[: len(self)]
        ends = np.append(apart, True)[: len(self)]

        number = np.cumsum(begins) - 1
        joined = Spans(self.begin[begins], self.end[ends])
        return joined, Groups(number, len(joined))


@dataclass(frozen=True)
class Stays(Spans):
    """The stops of a line of m rows."""

    place: Column  # (k,) row of Places
    stopped: Column  # (m,) bool: whether the step from a row to the next lies in a stop


def without_vague_fixes(tracks: Tracks, s: LineSettings = DEFAULT) -> Tracks:
    """Leave out vague fixes between two exact ones that show where the user was.

    Where a record begins or ends with vague fixes, the one exact neighbour counts as both. Very
    vague fixes go whether the user stayed or moved on, rather vague ones where the user stayed.
    """
    if tracks.accuracy is None:
        return tracks

    # Only vague fixes between exact ones that are near in time may go
    vague = tracks.accuracy > s.exact_m  # nan is exact
    before, after, known = _neighbours(tracks, ~vague)
    last = np.maximum(tracks.t[after], tracks.t)
    first = np.minimum(tracks.t[before], tracks.t)
    known &= last - first <= 1000 * s.between_s

    # A vague fix that is too far off shows that the user was away
    off_m = tracks.metres_apart(before, np.arange(len(tracks)))
    away = off_m >= s.stayed_m + s.away_accuracies * tracks.accuracy

    # Where the user moved on, only very vague fixes are no evidence of the way
    stayed = tracks.metres_apart(before, after) < s.stayed_m
    no_evidence = (tracks.accuracy > s.useless_m) | stayed
    wrong = vague & known & ~away & no_evidence
    return tracks.take(~wrong) if wrong.any() else tracks


def _neighbours(tracks: Tracks, some: Column) -> tuple[Column, Column, Column]:
    """The user's fixes of a mask (n,) before and after each fix, and whether there is any.

    Of a user with such fixes to one side only, this one is on both sides.
    """
    rows = np.append(np.flatnonzero(some), -1)
    rank = np.searchsorted(rows[:-1], np.arange(len(tracks)))

    # The fixes of the mask before and after each fix, also of other users
    before = rows[rank - 1]
    after = rows[rank]

    # Those of the user; one of them stands for both where there is no other
    has_before = (before >= 0) & (tracks.user[before] == tracks.user)
    has_after = (after >= 0) & (tracks.user[after] == tracks.user)
    left = np.where(has_before, before, after)
    right = np.where(has_after, after, before)
    return left, right, has_before | has_after


def make_line(fixes: Tracks, s: LineSettings = DEFAULT) -> Line:
    """Thin and smooth tracks."""
    thin, first = averaged(fixes, metres_along(fixes))
    return Line(fixes, thin, _smoothed(thin, s), first, run_ends(first, len(fixes)))


def _smoothed(thin: Tracks, s: LineSettings) -> Column:
    """(m, 2) running medians of positions, where all of their fixes are near in time."""
    xy = np.stack([thin.lon, thin.lat], axis=1)
    if len(xy) <= s.median_fixes:
        return xy
    # Not at the top: the dock of a QGIS without SciPy says what is missing
    from scipy.ndimage import median_filter

    # A median is taken where the first and the last of its fixes are near in time
    half = s.median_fixes // 2
    reach = 2 * half
    same_track = thin.track[:-reach] == thin.track[reach:]
    soon = thin.t[reach:] - thin.t[:-reach] <= s.median_ms
    some = half + np.flatnonzero(same_track & soon)

    for column in xy.T:
        column[some] = median_filter(column, s.median_fixes)[some]
    return xy


def metres_along(tracks: Tracks) -> Column:
    """(n, 2) metres east and north of the track's first fix, summed from fix to fix.

    So places near each other are as far apart as on the ground, however far from the first fix they
    lie.
    """
    step = tracks.steps()
    ways = offset_m(*tracks.at(step + 1), *tracks.at(step))

    mm = np.zeros((len(tracks), 2), np.int64)  # whole numbers: sums depend on no other track
    mm[step + 1] = np.rint(1000 * ways)

    # The way from the first fix of the track
    total = np.cumsum(mm, axis=0)
    first = tracks.track_offsets[:-1][tracks.track]
    return (total - total[first]) / 1000
