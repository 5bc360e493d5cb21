# SPDX-License-Identifier: GPL-2.0-or-later
"""Stops: where a line stays within a small box for some minutes, or falls silent and is again where
it was.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..arrays import Groups, expand_groups, runs, steps_within, true_runs
from ..geodesy import near_lon
from ..tracks import Tracks
from .line import Line, Spans
from .places import number_places
from .tables import Column, Stops


@dataclass(frozen=True)
class StopSettings:
    """Chosen by F1 at an overlap of half against labelled diaries (docs/evidence/diary.md)."""

    usual_s: float = 600.0  # the duration of a stop for which box_m was chosen
    box_m: float = 160.0  # diagonal of the box that a stop's fixes lie in
    core_m: float = 40.0  # a stop begins and ends so near its centre
    # A silence of at least silent_s whose ends are within silent_m is spent where it began
    silent_s: float = 420.0
    silent_m: float = 500.0
    # Loggers stop recording at rest, so in tracks with a longer median time between fixes than
    # sparse_s the ends of a silence must be within sparse_m
    sparse_s: float = 180.0
    sparse_m: float = 100.0
    max_silent_s: float = 24 * 3600.0  # longer silences are unknown time
    # A device may sleep until its owner is well away. So the end of a silence that no other follows
    # may be off by slow_m_s for the time that it is longer than usual, and by left_m at most
    slow_m_s: float = 0.5
    left_m: float = 1500.0
    # Stays so near in time and place are one
    merge_s: float = 120.0
    merge_m: float = 80.0
    # A stay shorter than wait_s is a wait, not a stop, if it has no silence of on_record_s and the
    # way of way_s before it goes on ahead after it
    wait_s: float = 1800.0
    on_record_s: float = 900.0
    way_s: float = 180.0

    def box_for(self, min_s: float) -> float:
        """Diagonal in m of the box of stops of at least min_s seconds.

        The box of shorter stops is smaller in proportion, down to its core, so that the slowest
        pace that is no stop stays the same. The box of longer stops is not larger: a place does not
        grow with time.
        """
        in_proportion = self.box_m * min_s / self.usual_s
        return float(np.clip(in_proportion, 2 * self.core_m, self.box_m))


DEFAULT = StopSettings()


def find_stops(
    line: Line, min_s: float = DEFAULT.usual_s, settings: StopSettings = DEFAULT
) -> Stops:
    """The stops of at least min_s seconds. A user's stops depend on the user's own fixes alone."""
    # Stays, from the first to the last fix near their centre
    silent = _silent_at_a_spot(line, settings)
    still = _within_a_box(line, min_s, settings)
    stays = Spans(*true_runs(silent | still))
    centre = _centres(line, stays)
    stays = _without_edges(line, stays, centre, silent, settings)
    stays = _merged(line, stays, centre, settings)

    # Stays that are long enough and no waits on the way
    t_arrive = line.fixes.t[line.first[stays.begin]]
    t_leave = line.fixes.t[line.last[stays.end]]
    long_enough = t_leave - t_arrive >= 1000 * min_s
    is_wait = _is_wait(line, stays, settings)
    return _locate(line, stays.take(long_enough & ~is_wait))


def _silent_at_a_spot(line: Line, s: StopSettings) -> Column:
    """(m - 1,) bool: whether nothing is heard between a row and the next, and the user stayed."""
    seconds = line.step_ms / 1000
    metres = line.step_m
    usual_s = _cadence_s(line.fixes)[line.track[:-1]]

    # Silences of a length that is no gap between two fixes and no unknown time
    long = seconds >= s.silent_s
    known = seconds <= s.max_silent_s
    silent = line.same_track & long & known

    # The user is back at the spot, or the device slept until its owner was off
    back = silent & (metres < _one_spot_m(line, usual_s, s))
    asleep_m = s.slow_m_s * (seconds - usual_s)
    asleep = silent & (metres < np.minimum(asleep_m, s.left_m))

    # A silence that another one follows was not slept through
    followed = np.append((back | asleep)[1:], False)
    return back | (asleep & ~followed[: len(asleep)])


def _cadence_s(fixes: Tracks) -> Column:
    """(n_users,) median seconds between fixes."""
    step = fixes.steps()
    seconds = fixes.ms_to_next(step) / 1000
    return fixes.users_of(step).median(seconds)


def _one_spot_m(line: Line, usual_s: Column, s: StopSettings) -> Column:
    """(m - 1,) metres within which the ends of a silence are one spot: more for vague positions."""
    near_m = np.where(usual_s > s.sparse_s, s.sparse_m, s.silent_m)
    if line.fixes.accuracy is None:
        return near_m

    # What may be one spot is one
    accuracy = np.nan_to_num(line.fixes.accuracy)
    both = accuracy[line.last[:-1]] + accuracy[line.first[1:]]
    return np.minimum(both + near_m, s.silent_m)


def _within_a_box(line: Line, min_s: float, s: StopSettings) -> Column:
    """(m - 1,) bool: whether the step to the next row is part of min_s seconds in a small box."""
    m = len(line.t)

    # The row min_s after each row, where there is one and time is known until then
    until = line.thin.before(line.track, line.t + int(1000 * min_s))
    beyond = line.thin.track_offsets[1:][line.track]
    row = np.flatnonzero(until < beyond)
    known = line.ms(row, until[row]) <= 1000 * s.max_silent_s
    row = row[known]

    # The box of the rows in between
    last = until[row]
    east_north = _greatest(line.xy, row, last)
    west_south = _greatest(-line.xy, row, last)
    diagonal_m = np.hypot(*(east_north + west_south).T)

    still = diagonal_m < s.box_for(min_s)
    return steps_within(row[still], last[still], m)[:-1]


def _greatest(values: Column, first: Column, last: Column) -> Column:
    """(k, 2) greatest values (m, 2) of the rows first to last (k,).

    Any range is covered by two spans of 1, 2, 4, ... rows, whose greatest values are computed once.
    """
    power = np.frexp(last - first + 1)[1] - 1
    result = np.empty((len(first), 2))

    size = 1
    for k in range(power.max(initial=-1) + 1):
        some = np.flatnonzero(power == k)

        # A range is covered by the span from its first row and the one to its last row
        from_first = values[first[some]]
        to_last = values[last[some] + 1 - size]
        result[some] = np.maximum(from_first, to_last)

        # Spans of twice the size
        values = np.maximum(values[:-size], values[size:])
        size *= 2
    return result


def _centres(line: Line, stays: Spans) -> Column:
    """(k, 2) medians of positions in stays, in metres of the line."""
    row, stay = stays.rows()
    x = stay.median(line.xy[row, 0])
    y = stay.median(line.xy[row, 1])
    return np.stack([x, y], axis=1)


def _without_edges(
    line: Line, stays: Spans, centre: Column, silent: Column, s: StopSettings
) -> Spans:
    """Stays from the first to the last row near their centre, or beside a silence.

    A stay without such a row remains as it is.
    """
    row, stay = stays.rows()

    # Rows near the centre, and those where somebody falls silent or is heard again
    x, y = (line.xy[row] - centre[stay.of]).T
    near = np.hypot(x, y) < s.core_m

    before_silence = np.append(silent, False)
    after_silence = np.append(False, silent)
    inside = near | before_silence[row] | after_silence[row]

    # The first and the last of these rows of each stay
    row = row[inside]
    of = stay.of[inside]
    first, last = runs(of)

    begin = stays.begin.copy()
    end = stays.end.copy()
    begin[of[first]] = row[first]
    end[of[last]] = row[last]
    return Spans(begin, end)


def _merged(line: Line, stays: Spans, centre: Column, s: StopSettings) -> Spans:
    """Stays of which those that follow each other at one spot are one."""
    x, y = np.diff(centre, axis=0).T
    near = np.hypot(x, y) < s.merge_m
    soon = line.ms_between(stays) < 1000 * s.merge_s
    merged, _ = stays.join(~(soon & near))
    return merged


def _is_wait(line: Line, stays: Spans, s: StopSettings) -> Column:
    """(k,) bool: whether a stay is a wait on the way: in a jam, at a platform, for a rest."""
    begin = stays.begin
    end = stays.end
    way_ms = int(1000 * s.way_s)
    track = line.track[begin]
    first = line.thin.track_offsets[:-1][track]
    last = line.thin.track_offsets[1:][track] - 1

    # The way to the stay and the way on from it, within the track
    before = line.thin.before(track, line.t[begin] - way_ms) - 1
    after = line.thin.before(track, line.t[end] + way_ms)

    way_there = line.xy[begin] - line.xy[np.maximum(before, first)]
    way_on = line.xy[np.minimum(after, last)] - line.xy[end]
    ahead = (way_there * way_on).sum(axis=1) > 0

    # A stay without a long silence
    silence = line.step_ms >= 1000 * s.on_record_s
    silences = np.append(0, np.cumsum(silence))
    on_record = silences[begin] == silences[end]
    short = line.ms(begin, end) < 1000 * s.wait_s
    return ahead & on_record & short


def _locate(line: Line, stays: Spans) -> Stops:
    """Stays as stops, each with its position and its place."""
    fixes = line.fixes
    arrive = line.first[stays.begin]
    leave = line.last[stays.end]
    user = fixes.user[arrive]

    lon, lat = _positions(fixes, arrive, leave)
    return Stops(
        user=user,
        arrive=arrive,
        leave=leave,
        t_arrive=fixes.t[arrive],
        t_leave=fixes.t[leave],
        lon=lon,
        lat=lat,
        place=number_places(user, lon, lat),
    )


def _positions(fixes: Tracks, first: Column, last: Column) -> tuple[Column, Column]:
    """Lon and lat (k,) in degrees of the fixes first to last (k,): their medians over time."""
    row, stop = expand_groups(first, last - first + 1)
    # Half of a silence is spent where it begins, half where it ends
    since = np.maximum(row - 1, first[stop.of])
    until = np.minimum(row + 1, last[stop.of])
    ms = fixes.t[until] - fixes.t[since]

    # Degrees from the first fix, so that no median crosses the antimeridian
    lon0, lat0 = fixes.at(first)
    lon, lat = fixes.at(row)
    east = near_lon(lon - lon0[stop.of], 0.0)
    north = lat - lat0[stop.of]
    lon = lon0 + _weighted_medians(east, ms, stop)
    lat = lat0 + _weighted_medians(north, ms, stop)
    return near_lon(lon, 0.0), lat


def _weighted_medians(values: Column, weights: Column, group: Groups) -> Column:
    """(n,) weighted median of each group; groups ascend, and none is empty. weights: integers."""
    order = np.lexsort((values, group.of))
    offsets = np.searchsorted(group.of, np.arange(group.n + 1))

    # The weight of the rows up to each row, in the order of groups and values
    total = np.cumsum(np.append(0, weights[order]))
    before = total[offsets]

    # The row that holds the middle of its group's weight
    half_twice = before[:-1] + before[1:]
    row = np.searchsorted(2 * total, half_twice) - 1
    # Where no row has any weight, none is half of it
    row = np.maximum(row, offsets[:-1])
    return values[order][row]
