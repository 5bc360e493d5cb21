# SPDX-License-Identifier: GPL-2.0-or-later
"""Legs: the ways between stops, cut at silences and where walking turns into riding."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from ..arrays import (
    Groups,
    expand_ranges,
    join_rows,
    run_starts,
    runs,
    steps_within,
    take_rows,
    true_runs,
)
from ..embedding.profiles import UNKNOWN
from ..errors import Progress, no_progress, translated
from .line import Line, Spans
from .modes import Modes, as_frequent, find_modes, no_modes
from .tables import Column, Legs, Stops, fixes_of

if TYPE_CHECKING:
    from ..bundle.runtime import Model

UNSEEN = "no fixes on the way"


@dataclass(frozen=True)
class LegSettings:
    """Chosen with the settings of stops."""

    gap_s: float = 1200.0  # a longer silence ends a leg
    window_s: float = 180.0  # over which the pace is measured
    riding_m_s: float = 1.8  # who is faster rides
    min_ride_s: float = 240.0  # a shorter ride between walks is walking
    min_walk_s: float = 420.0  # a shorter walk between rides is riding
    # Shorter legs are left out
    min_s: float = 120.0
    min_m: float = 400.0
    min_p: float = 0.7  # of the modes of two legs, that they are joined
    # A longer move between two stops of which nothing is on record is unknown time
    max_unseen_s: float = 12 * 3600.0


DEFAULT = LegSettings()


def find_legs(
    line: Line,
    stops: Stops,
    model: Model | None,
    progress: Progress = no_progress,
    settings: LegSettings = DEFAULT,
) -> Legs:
    """The legs between stops with their modes, also those that only the stops at both ends show."""
    stays = line.spans(stops.arrive, stops.leave)
    ways = _cut(line, stays, settings)
    modes = find_modes(fixes_of(line.fixes, *_fixes(line, ways)), model, progress)
    ways, modes = _join(line, stays, ways, modes, settings)
    hidden = _find_hidden(line, stays, stops.place, ways, settings)

    begin = np.append(ways.begin, hidden.begin)
    order = np.argsort(begin, kind="stable")
    every = Spans(begin, np.append(ways.end, hidden.end)).take(order)
    of_hidden = no_modes(len(hidden), translated(UNSEEN))
    modes = take_rows(join_rows([modes, of_hidden]), order)
    return _tabulate(line, stays, every, modes, order < len(ways))


def _fixes(line: Line, ways: Spans) -> tuple[Column, Column]:
    """The first and the last fix of each way."""
    return line.first[ways.begin], line.first[ways.end]


@dataclass(frozen=True)
class _Steps:
    """The steps of ways, in order."""

    line: Line
    row: Column  # (k,) of the line, from which each step leads to the next row
    way: Column  # (k,) number of the way
    riding: Column  # (k,) bool

    def without_short(self, ride: bool, min_s: float) -> _Steps:
        """Short rides become walks, or short walks rides, unless one is the whole way."""
        first, last = runs(self.way, self.riding)
        ms = self.line.t[self.row[last] + 1] - self.line.t[self.row[first]]
        begins_way = run_starts(self.way[first])
        ends_way = np.append(begins_way[1:], True)[: len(first)]
        part_of_way = ~(begins_way & ends_way)
        short = (self.riding[first] == ride) & (ms < 1000 * min_s) & part_of_way
        flipped = np.repeat(short, last - first + 1)
        return replace(self, riding=self.riding ^ flipped)


def _cut(line: Line, stays: Spans, s: LegSettings) -> Spans:
    """Ways between stays, each walked or ridden; those that follow at once share a row."""
    stopped = steps_within(stays.begin, stays.end, len(line.t))[:-1]
    heard = line.step_ms <= 1000 * s.gap_s
    begin, end = true_runs(line.same_track & heard & ~stopped)
    steps = _steps_of(line, Spans(begin, end), s)
    steps = steps.without_short(ride=True, min_s=s.min_ride_s)
    steps = steps.without_short(ride=False, min_s=s.min_walk_s)
    first, last = runs(steps.way, steps.riding)
    ways = Spans(steps.row[first], steps.row[last] + 1)

    # Whole numbers: sums depend on no other track
    mm = np.append(0, np.cumsum(np.rint(1000 * line.step_m).astype(np.int64)))
    far = mm[ways.end] - mm[ways.begin] >= 1000 * s.min_m
    long = line.t[ways.end] - line.t[ways.begin] >= 1000 * s.min_s
    return ways.take(far & long)


def _steps_of(line: Line, ways: Spans, s: LegSettings) -> _Steps:
    """The steps of ways, and whether they are faster than people walk."""
    size = ways.end - ways.begin + 1
    row = expand_ranges(ways.begin, size)
    way = np.repeat(np.arange(len(ways)), size)
    pace = _pace(line, row, way, s)
    step = np.flatnonzero(way[1:] == way[:-1])
    riding = (pace[step] + pace[step + 1]) / 2 > s.riding_m_s
    return _Steps(line, row[step], way[step], riding)


def _pace(line: Line, row: Column, way: Column, s: LegSettings) -> Column:
    """(k,) m/s along the bee-line over the time window around each row, within its way."""
    t = line.t[row]
    half_ms = int(500 * s.window_s)
    here = np.arange(len(row))
    first = np.searchsorted(way, way)
    last = np.searchsorted(way, way, side="right") - 1
    since = t - t[first]
    # No window reaches into another way
    key = way * (int(since.max(initial=0)) + 2 * half_ms + 2) + since
    window_begin = np.searchsorted(key, key - half_ms)
    window_end = np.searchsorted(key, key + half_ms, side="right") - 1
    before = np.maximum(np.minimum(window_begin, here - 1), first)
    after = np.minimum(np.maximum(window_end, here + 1), last)
    metres = np.hypot(*(line.xy[row[after]] - line.xy[row[before]]).T)
    return metres / np.maximum((t[after] - t[before]) / 1000, 1.0)


def _join(
    line: Line, stays: Spans, ways: Spans, modes: Modes, s: LegSettings
) -> tuple[Spans, Modes]:
    """Join ways of one mode that no stop and no silence parts: what a jam has cut is one leg.

    Their probabilities are means over time.
    """
    apart = _is_apart(line, stays, ways, modes, s)
    begins = np.append(True, apart)[: len(ways)]
    ends = np.append(apart, True)[: len(ways)]
    leg = Groups(np.cumsum(begins) - 1, np.count_nonzero(begins))
    ms = line.t[ways.end] - line.t[ways.begin]
    mode_p = leg.sum(modes.mode_p * ms) / leg.sum(ms)
    p = [leg.sum(column * ms) / leg.sum(ms) for column in modes.p.T]
    joined = replace(take_rows(modes, begins), mode_p=mode_p, p=np.stack(p, axis=1))
    return Spans(ways.begin[begins], ways.end[ends]), joined


def _is_apart(line: Line, stays: Spans, ways: Spans, modes: Modes, s: LegSettings) -> Column:
    """(k - 1,) bool: whether each way and the next are two legs."""
    left = ways.end[:-1]
    back = ways.begin[1:]
    same_track = line.track[back] == line.track[left]
    heard = line.t[back] - line.t[left] <= 1000 * s.gap_s
    no_stop = np.searchsorted(stays.begin, left) == np.searchsorted(stays.begin, back)
    same_mode = (modes.mode[1:] == modes.mode[:-1]) & (modes.mode[1:] != UNKNOWN)
    sure = np.minimum(modes.mode_p[1:], modes.mode_p[:-1]) >= s.min_p
    return ~(same_track & heard & no_stop & same_mode & sure)


def _find_hidden(line: Line, stays: Spans, place: Column, ways: Spans, s: LegSettings) -> Spans:
    """Moves between stays at two places that no way was seen between. place: of each stay."""
    left = stays.end[:-1]
    back = stays.begin[1:]
    same_track = line.track[left] == line.track[back]
    soon = line.t[back] - line.t[left] <= 1000 * s.max_unseen_s
    elsewhere = place[1:] != place[:-1]
    no_way = np.searchsorted(ways.begin, left) == np.searchsorted(ways.begin, back)
    hidden = same_track & soon & elsewhere & no_way
    return Spans(left[hidden], back[hidden])


def _tabulate(line: Line, stays: Spans, ways: Spans, modes: Modes, observed: Column) -> Legs:
    """The columns of legs. observed: (m,) bool, whether there are fixes on the way."""
    fixes = line.fixes
    begin, end = _fixes(line, ways)
    user = fixes.user[begin]
    row = expand_ranges(begin, end - begin)
    leg = Groups(np.repeat(np.arange(len(ways)), end - begin), len(ways))
    after = np.searchsorted(stays.begin, ways.begin, side="right")
    stop_user = line.track[stays.begin]
    return Legs(
        user=user,
        begin=begin,
        end=end,
        t_begin=fixes.t[begin],
        t_end=fixes.t[end],
        metres=leg.sum(fixes.metres_to_next(row)),
        stop_before=_own_stop(after - 1, stop_user, user),
        stop_after=_own_stop(after, stop_user, user),
        observed=observed,
        mode=modes.mode,
        mode_p=modes.mode_p,
        p=as_frequent(modes.p),
        in_domain=modes.in_domain,
        why=modes.why,
    )


def _own_stop(stop: Column, stop_user: Column, user: Column) -> Column:
    """(m,) stops, -1 where there is no such stop or it is another user's. user: of each leg."""
    user_of = np.append(stop_user, -1)  # of stop -1, and of the one after the last
    return np.where(user_of[stop] == user, stop, -1)
