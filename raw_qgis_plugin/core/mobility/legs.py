# SPDX-License-Identifier: GPL-2.0-or-later
"""Legs: the ways between stops, cut at silences and where walking turns into riding."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ..arrays import (
    expand_groups,
    join_rows,
    run_starts,
    runs,
    take_rows,
    true_runs,
)
from ..errors import Progress, no_progress, translated
from ..labels import MODES, UNKNOWN
from .line import Line, Spans, Stays
from .tables import (
    Column,
    JudgeModes,
    Legs,
    Modes,
    fixes_of,
    no_modes,
)

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
    stays: Stays,
    strange: Column,
    judge: JudgeModes,
    progress: Progress = no_progress,
    settings: LegSettings = DEFAULT,
) -> Legs:
    """The legs between stops with their modes, also those that only the stops at both ends show.

    strange: (n_users,) of `unlike_people`; their legs have no mode.
    """
    # Ways that fixes show, with their modes
    ways = _cut(line, stays, settings)
    begin, end = _fixes(line, ways)
    fixes = fixes_of(line.fixes, begin, end)
    modes = judge(fixes, strange[fixes.track_user], progress)
    ways, modes = _join(line, stays, ways, modes, settings)

    # Moves that only the stops at both ends show
    hidden = _find_hidden(line, stays, ways, settings)
    no_mode = no_modes(len(hidden), translated(UNSEEN))

    # Both in order
    every = join_rows([ways, hidden])
    order = np.argsort(every.begin, kind="stable")
    modes = take_rows(join_rows([modes, no_mode]), order)
    return _tabulate(line, stays, every.take(order), modes, order < len(ways))


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
        end = self.row[last] + 1
        ms = self.line.ms(self.row[first], end)

        # A part that is the whole way stays as it is
        begins_way = run_starts(self.way[first])
        ends_way = np.append(begins_way[1:], True)[: len(first)]
        whole_way = begins_way & ends_way

        right_kind = self.riding[first] == ride
        short = right_kind & (ms < 1000 * min_s) & ~whole_way
        flipped = np.repeat(short, last - first + 1)
        return replace(self, riding=self.riding ^ flipped)


def _cut(line: Line, stays: Stays, s: LegSettings) -> Spans:
    """Ways between stays, each walked or ridden; those that follow at once share a row."""
    heard = line.step_ms <= 1000 * s.gap_s
    moving = line.same_track & heard & ~stays.stopped[:-1]

    # Walks and rides, without the short ones
    steps = _steps_of(line, Spans(*true_runs(moving)), s)
    steps = steps.without_short(ride=True, min_s=s.min_ride_s)
    steps = steps.without_short(ride=False, min_s=s.min_walk_s)

    first, last = runs(steps.way, steps.riding)
    ways = Spans(steps.row[first], steps.row[last] + 1)

    mm = np.rint(1000 * line.step_m).astype(np.int64)  # sums depend on no other track
    total_mm = np.append(0, np.cumsum(mm))
    way_mm = total_mm[ways.end] - total_mm[ways.begin]
    far = way_mm >= 1000 * s.min_m
    long = line.ms(ways.begin, ways.end) >= 1000 * s.min_s
    return ways.take(far & long)


def _steps_of(line: Line, ways: Spans, s: LegSettings) -> _Steps:
    """The steps of ways, and whether they are faster than people walk."""
    row, group = ways.rows()
    way = group.of
    pace = _pace(line, row, way, s)

    # A step is as fast as its two ends on average
    step = np.flatnonzero(way[1:] == way[:-1])
    pace_of_step = (pace[step] + pace[step + 1]) / 2
    return _Steps(line, row[step], way[step], pace_of_step > s.riding_m_s)


def _pace(line: Line, row: Column, way: Column, s: LegSettings) -> Column:
    """(k,) m/s along the bee-line over the time window around each row, within its way."""
    t = line.t[row]
    half_ms = int(500 * s.window_s)
    here = np.arange(len(row))

    # The first and the last row of the way of each row
    first = np.searchsorted(way, way)
    last = np.searchsorted(way, way, side="right") - 1

    # Rows within half of the window before and after, at least one to each side
    since = t - t[first]
    longest = int(since.max(initial=0))
    key = way * (longest + 2 * half_ms + 2) + since  # no window reaches into another way
    begin = np.searchsorted(key, key - half_ms)
    begin = np.minimum(begin, here - 1)
    begin = np.maximum(begin, first)

    end = np.searchsorted(key, key + half_ms, side="right") - 1
    end = np.maximum(end, here + 1)
    end = np.minimum(end, last)

    xy = line.xy[row]
    east, north = (xy[end] - xy[begin]).T
    seconds = (t[end] - t[begin]) / 1000
    metres = np.hypot(east, north)
    return metres / np.maximum(seconds, 1.0)


def _join(
    line: Line, stays: Spans, ways: Spans, modes: Modes, s: LegSettings
) -> tuple[Spans, Modes]:
    """Join ways of one mode that no stop and no silence parts: what a jam has cut is one leg.

    Their probabilities are means over time.
    """
    apart = _is_apart(line, stays, ways, modes, s)
    joined, leg = ways.join(apart)

    # Means over time
    ms = line.ms(ways.begin, ways.end)
    total_ms = leg.sum(ms)
    mode_p = leg.sum(modes.mode_p * ms) / total_ms
    p = np.empty((leg.n, len(MODES)))
    for k, column in enumerate(modes.p.T):
        p[:, k] = leg.sum(column * ms) / total_ms

    first = run_starts(leg.of)
    modes = replace(take_rows(modes, first), mode_p=mode_p, p=p)
    return joined, modes


def _is_apart(line: Line, stays: Spans, ways: Spans, modes: Modes, s: LegSettings) -> Column:
    """(k - 1,) bool: whether each way and the next are two legs."""
    heard = line.ms_between(ways) <= 1000 * s.gap_s
    no_stop = ways.none_between(stays.begin)

    # Both have the same mode, and the model is sure of it
    sure = modes.mode_p >= s.min_p
    both_sure = sure[1:] & sure[:-1]
    mode = modes.mode[1:]
    same_mode = mode == modes.mode[:-1]
    known = mode != UNKNOWN
    return ~(heard & no_stop & same_mode & known & both_sure)


def _find_hidden(line: Line, stays: Stays, ways: Spans, s: LegSettings) -> Spans:
    """Moves between stays at two places that no way was seen between."""
    soon = line.ms_between(stays) <= 1000 * s.max_unseen_s
    elsewhere = stays.place[1:] != stays.place[:-1]
    no_way = stays.none_between(ways.begin)
    hidden = soon & elsewhere & no_way
    return Spans(stays.left[hidden], stays.back[hidden])


def _tabulate(line: Line, stays: Spans, ways: Spans, modes: Modes, observed: Column) -> Legs:
    """The columns of legs. observed: (m,) bool, whether there are fixes on the way."""
    fixes = line.fixes
    begin, end = _fixes(line, ways)
    step, leg = expand_groups(begin, end - begin)
    metres = leg.sum(fixes.metres_to_next(step))

    # The stops before and after each leg, if they are the user's
    user = fixes.user[begin]
    stop_after = np.searchsorted(stays.begin, ways.begin, side="right")
    # Of stop -1, and of the one after the last, nobody
    user_of_stop = np.append(line.track[stays.begin], -1)
    own_before = _own_stop(stop_after - 1, user_of_stop, user)
    own_after = _own_stop(stop_after, user_of_stop, user)
    return Legs(
        user=user,
        begin=begin,
        end=end,
        t_begin=fixes.t[begin],
        t_end=fixes.t[end],
        metres=metres,
        stop_before=own_before,
        stop_after=own_after,
        observed=observed,
        mode=modes.mode,
        mode_p=modes.mode_p,
        p=as_frequent(modes.p),
        in_domain=modes.in_domain,
        why=modes.why,
    )


def _own_stop(stop: Column, user_of_stop: Column, user: Column) -> Column:
    """(m,) stops, -1 where there is no such stop or it is another user's. user: of each leg."""
    return np.where(user_of_stop[stop] == user, stop, -1)


def as_frequent(p: Column, rail_odds: float = 0.15) -> Column:
    """Probabilities (k, MODES) where rail is as rare as among people's legs, so that their sums
    count legs.

    rail_odds: heads learn as if all modes were equally frequent, but some 5 of 100 legs are by
    rail.
    """
    odds = np.ones(len(MODES))
    odds[MODES.index("rail")] = rail_odds
    p = p * odds
    return p / p.sum(axis=1, keepdims=True)
