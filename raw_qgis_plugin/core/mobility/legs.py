# SPDX-License-Identifier: GPL-2.0-or-later
"""Legs: the ways between stops, cut at silences and where walking turns into riding."""

from __future__ import annotations

import numpy as np

from ..arrays import expand_ranges, run_starts
from ..tracks import Tracks
from .line import Line, Ranges
from .stops import within


class Settings:
    """Chosen with those of `stops`."""

    gap_s: float = 1200.0  # a longer silence ends a leg
    window_s: float = 180.0  # over which the pace is measured
    riding_m_s: float = 1.8
    min_ride_s: float = 240.0  # a shorter ride between walks is walking
    min_walk_s: float = 420.0  # a shorter walk between rides is riding
    min_s: float = 120.0  # of a leg
    min_m: float = 400.0
    max_unseen_s: float = 12 * 3600.0  # of a move between two stops of which nothing is on record
    min_p: float = 0.7  # of the modes of two legs, that they are joined


def cut_legs(line: Line, stops: Ranges) -> Ranges:
    """The legs between stops; legs that follow each other at once share a row."""
    s, stopped = Settings, within(stops.begin, stops.end, len(line.t))[:-1]
    moving = (np.diff(line.t) <= 1000 * s.gap_s) & (line.track[1:] == line.track[:-1]) & ~stopped
    change = np.flatnonzero(np.diff(moving, prepend=False, append=False))
    begin, end = change[::2], change[1::2]
    run, row = (
        np.repeat(np.arange(len(begin)), end - begin + 1),
        expand_ranges(begin, end - begin + 1),
    )
    step = np.flatnonzero(run[1:] == run[:-1])
    pace = _pace(line, run, row)
    riding = (pace[step] + pace[step + 1]) / 2 > s.riding_m_s
    run, row = run[step], row[step]
    for ride, least in ((True, s.min_ride_s), (False, s.min_walk_s)):
        head = np.flatnonzero(run_starts(run, riding))
        size = np.diff(np.append(head, len(row)))
        short = line.t[row[head] + size] - line.t[row[head]] < 1000 * least
        alone = run_starts(run[head]) & np.append(run_starts(run[head])[1:], True)[: len(head)]
        riding ^= np.repeat((riding[head] == ride) & short & ~alone, size)
    head = np.flatnonzero(run_starts(run, riding))
    begin, end = row[head], row[head] + np.diff(np.append(head, len(row)))
    # sums depend on no other track
    mm = np.rint(1000 * np.hypot(*np.diff(line.xy, axis=0).T)).astype(np.int64)
    way = np.append(0, np.cumsum(mm))
    long = (line.t[end] - line.t[begin] >= 1000 * s.min_s) & (
        way[end] - way[begin] >= 1000 * s.min_m
    )
    return Ranges(begin[long], end[long])


def _pace(line: Line, run: np.ndarray, row: np.ndarray) -> np.ndarray:
    """(k,) m/s along the bee-line over the time window around each row, within its run."""
    t, half, here = line.t[row], int(500 * Settings.window_s), np.arange(len(row))
    first, last = np.searchsorted(run, run), np.searchsorted(run, run, side="right") - 1
    since = t - t[first]
    # no window reaches into another run
    key = run * (int(since.max(initial=0)) + 2 * half + 2) + since
    before = np.maximum(np.minimum(np.searchsorted(key, key - half), here - 1), first)
    after = np.minimum(
        np.maximum(np.searchsorted(key, key + half, side="right") - 1, here + 1), last
    )
    way = line.xy[row[after]] - line.xy[row[before]]
    return np.hypot(*way.T) / np.maximum((t[after] - t[before]) / 1000, 1.0)


def join_legs(line: Line, stops: Ranges, legs: Ranges, mode: np.ndarray, p: np.ndarray) -> Ranges:
    """Join legs of one mode that no stop and no silence parts: what a jam has cut is one trip.

    mode, p: (k,) of each leg, with its probability, nan where the mode is not known.
    """
    begin, end = legs.begin[1:], legs.end[:-1]
    follows = (line.track[begin] == line.track[end]) & (
        line.t[begin] - line.t[end] <= 1000 * Settings.gap_s
    )
    follows &= np.searchsorted(stops.begin, end) == np.searchsorted(stops.begin, begin)
    apart = ~follows | (mode[1:] != mode[:-1]) | ~(np.minimum(p[1:], p[:-1]) >= Settings.min_p)
    n = len(legs.begin)
    return Ranges(legs.begin[np.append(True, apart)[:n]], legs.end[np.append(apart, True)[:n]])


def unseen_legs(
    line: Line, stops: Ranges, legs: Ranges, place: np.ndarray
) -> tuple[Ranges, np.ndarray]:
    """All legs in order, with those between stops at two places that no leg was seen between; and
    which were seen (k,).

    place: of each stop. A longer pause than a stop's longest silence is unknown time.
    """
    left, back = stops.end[:-1], stops.begin[1:]
    pause = line.t[back] - line.t[left]
    moved = (
        (line.track[left] == line.track[back])
        & (place[1:] != place[:-1])
        & (pause <= Settings.max_unseen_s * 1000)
    )
    moved &= np.searchsorted(legs.begin, left) == np.searchsorted(legs.begin, back)
    begin, end = np.append(legs.begin, left[moved]), np.append(legs.end, back[moved])
    order = np.argsort(begin, kind="stable")
    return Ranges(begin[order], end[order]), (np.arange(len(begin)) < len(legs.begin))[order]


def tracks_of(tracks: Tracks, first: np.ndarray, last: np.ndarray) -> Tracks:
    """The fixes first to last of each leg (k,) as a track of its user. track_ids are running
    numbers.
    """
    rows, number = expand_ranges(first, last - first + 1), np.arange(len(first), dtype=np.int32)
    ids, track = number.astype(str).astype(object), np.repeat(number, last - first + 1)
    return Tracks(tracks.user_ids, ids, tracks.user[first], track, *tracks.rows(rows))
