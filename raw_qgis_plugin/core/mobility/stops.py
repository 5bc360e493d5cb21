# SPDX-License-Identifier: GPL-2.0-or-later
"""Stops: where a track stays within a small box for some minutes, or falls silent and goes on where
it was.
"""

from __future__ import annotations

import numpy as np

from ..arrays import expand_ranges, group_quantile, run_starts
from .line import Line, Ranges


class Settings:
    """Chosen by F1 at an overlap of half against labelled diaries (docs/evidence/diary.md)."""

    box_m: float = 160.0  # diagonal of the box that a stop's fixes lie in
    min_s: float = 600.0  # of a stop
    silent_s: float = 420.0  # a silence of this length ...
    silent_m: float = 500.0  # ... whose ends are this near is spent there ...
    # ... but in tracks with a longer time between fixes (median), which see what loggers see
    sparse_s: float = 180.0
    sparse_m: float = 100.0  # when they begin again, only if the ends are this near
    max_silent_s: float = 24 * 3600.0  # longer silences are unknown time
    # a device may sleep until its owner is well away: after a silence that is longer than usual
    slow_m_s: float = 0.5
    # by no more than slow_m_s of the time that it is longer, and left_m, if no other follows
    left_m: float = 1500.0
    # half a box: a position known to more is left out between better ones ...
    exact_m: float = 80.0
    again_m: float = 300.0  # ... that are so near each other ...
    # ... unless it is further from them than that and so many times what it is known to: away
    wrong: float = 4.0
    core_m: float = 40.0  # a stop begins and ends so near its centre
    merge_s: float = 120.0  # stops this near in time ...
    merge_m: float = 80.0  # ... and place are one
    wait_s: float = 1800.0  # a shorter stay from which the way goes on ahead ...
    on_record_s: float = 900.0  # ... and which has no silence of this length is a wait, not a stop
    way_s: float = 180.0  # before and after a stay: where the way comes from and where it goes


def find_stops(line: Line, min_s: float = Settings.min_s) -> Ranges:
    """The stops of tracks, of at least min_s seconds. A track's stops depend on its own fixes
    alone.

    The box of shorter stops is smaller in proportion, down to its core, so that the slowest pace
    that is no stop stays the same. The box of longer stops is not larger: a place does not grow
    with time.
    """
    s, (silent, left) = Settings, _silent(line)
    box_m = float(np.clip(s.box_m * min_s / s.min_s, 2 * s.core_m, s.box_m))
    silent |= left & ~np.append((silent | left)[1:], False)
    change = np.flatnonzero(
        np.diff(silent | _still(line, min_s, box_m), prepend=False, append=False)
    )
    begin, end = change[::2], change[1::2]
    size = end - begin + 1
    stop, row = np.repeat(np.arange(len(begin)), size), expand_ranges(begin, size)
    centre = np.stack(
        [group_quantile(column[row], stop, len(begin)) for column in line.xy.T], axis=1
    )
    near = np.hypot(*(line.xy[row] - centre[stop]).T) < s.core_m
    near |= np.append(silent, False)[row] | np.append(False, silent)[row]
    some = np.bincount(stop[near], minlength=len(begin)) > 0
    begin[some], end[some] = (
        row[near][run_starts(stop[near])],
        row[near][run_starts(stop[near][::-1])[::-1]],
    )
    pause, apart = line.t[begin[1:]] - line.t[end[:-1]], np.hypot(*np.diff(centre, axis=0).T)
    again = (
        (line.track[begin[1:]] == line.track[end[:-1]])
        & (pause < 1000 * s.merge_s)
        & (apart < s.merge_m)
    )
    begin, end = (
        begin[np.append(True, ~again)[: len(begin)]],
        end[np.append(~again, True)[: len(end)]],
    )
    lasts = line.tracks.t[line.last[end]] - line.tracks.t[line.first[begin]] >= 1000 * min_s
    lasts &= ~_waits(line, begin, end)
    return Ranges(begin[lasts], end[lasts])


def within(first: np.ndarray, last: np.ndarray, n: int) -> np.ndarray:
    """(n,) bool: whether the step from a row to the next one is in some of the ranges of rows first
    to last (k,).
    """
    return np.cumsum(np.bincount(first, minlength=n) - np.bincount(last, minlength=n)) > 0


def _waits(line: Line, begin: np.ndarray, end: np.ndarray) -> np.ndarray:
    """(k,) bool: whether a stay is a wait on the way: in a jam, at a platform, for a rest."""
    track, way, index = line.track[begin], int(1000 * Settings.way_s), line.thin
    first, last = line.thin.track_offsets[:-1][track], line.thin.track_offsets[1:][track] - 1
    before = np.maximum(index.before(track, line.t[begin] - way) - 1, first)
    after = np.minimum(index.before(track, line.t[end] + way), last)
    ahead = ((line.xy[begin] - line.xy[before]) * (line.xy[after] - line.xy[end])).sum(axis=1) > 0
    silences = np.append(0, np.cumsum(np.diff(line.t) >= 1000 * Settings.on_record_s))
    on_record = silences[begin] == silences[end]
    return ahead & on_record & (line.t[end] - line.t[begin] < 1000 * Settings.wait_s)


def _still(line: Line, min_s: float, box_m: float) -> np.ndarray:
    """(m - 1,) bool: whether the step from a row to the next one is part of some minutes within a
    small box.
    """
    until = line.thin.before(line.track, line.t + int(1000 * min_s))
    row = np.flatnonzero(until < line.thin.track_offsets[1:][line.track])
    row = row[line.t[until[row]] - line.t[row] <= 1000 * Settings.max_silent_s]
    low, high = (_greatest(sign * line.xy, row, until[row]) for sign in (-1, 1))
    still = row[np.hypot(*(low + high).T) < box_m]  # diagonals of boxes
    return within(still, until[still], len(line.t))[:-1]


def _silent(line: Line) -> tuple[np.ndarray, np.ndarray]:
    """(m - 1,) bool each: whether nothing is heard between a row and the next one, which lies near
    it; or not far.
    """
    s, seconds, metres = Settings, np.diff(line.t) / 1000, np.hypot(*np.diff(line.xy, axis=0).T)
    tracks, step, of = line.tracks, line.tracks.steps(), line.track[:-1]
    cadence_s = group_quantile(
        (tracks.t[step + 1] - tracks.t[step]) / 1000, tracks.track[step], tracks.n_tracks
    )[of]
    found = (seconds >= s.silent_s) & (seconds <= s.max_silent_s) & (line.track[1:] == of)
    near_m = np.where(cadence_s > s.sparse_s, s.sparse_m, s.silent_m)
    if tracks.accuracy is not None:  # what may be one place is
        about_m = np.nan_to_num(tracks.accuracy)
        near_m = np.clip(
            about_m[line.last[:-1]] + about_m[line.first[1:]] + near_m, None, s.silent_m
        )
    return found & (metres < near_m), found & (
        metres < np.minimum(s.slow_m_s * (seconds - cadence_s), s.left_m)
    )


def _greatest(values: np.ndarray, first: np.ndarray, last: np.ndarray) -> np.ndarray:
    """(k, 2) greatest values (m, 2) of the rows first to last, from those of spans of 1, 2, 4, ...
    rows.
    """
    power, result = np.frexp(last - first + 1)[1] - 1, np.empty((len(first), 2))
    for k in range(power.max(initial=-1) + 1):
        at = np.flatnonzero(power == k)
        result[at] = np.maximum(values[first[at]], values[last[at] + 1 - 2**k])
        values = np.maximum(values[: -(2**k)], values[2**k :])
    return result
