# SPDX-License-Identifier: GPL-2.0-or-later
"""Everybody's positions at the same times."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ..arrays import expand_ranges
from ..geodesy import metres_between, near_lon
from ..tracks import Tracks


@dataclass(frozen=True)
class ClockSettings:
    """How positions are taken, and how far from the line of two fixes somebody may have been."""

    observed_s: float = 61.0  # between two fixes no farther apart in time a position counts as observed
    reach: float = 0.25  # in gaps: share of the distance of the ends,
    reach_ms: float = 0.1  # and m/s of the time to the nearer end,
    reach_m: float = 30.0  # and metres, within which the others are looked for
    at_once: int = 100_000  # positions


SETTINGS = ClockSettings()


@dataclass(frozen=True)
class Positions:
    """n positions at some times. tick: (n,) number of the time. before: (n,) row of the fix before, or at, that time.
    t: (n,) epoch ms. lon, lat: (n,) degrees, on the line of two fixes. observed: (n,). reach_m: (n,) zero if observed.
    """

    tick: np.ndarray
    before: np.ndarray
    t: np.ndarray
    lon: np.ndarray
    lat: np.ndarray
    observed: np.ndarray
    reach_m: np.ndarray


def positions(tracks: Tracks, tick_s: float, longest_s: float) -> Iterator[tuple[float, Positions]]:
    """Positions of tracks at every multiple of `tick_s` seconds, some times together, and the share that is done.

    A time before a track's first fix, after its last, or in a gap longer than `longest_s` has none.
    """
    tick_ms = round(1000 * tick_s)
    step = np.flatnonzero((np.diff(tracks.track) == 0) & (np.diff(tracks.t) <= 1000 * longest_s))
    first = -(-tracks.t[step] // tick_ms)  # the first tick at or after each fix
    until = tracks.t[step + 1] + ~np.isin(step + 1, step)  # a step that no other follows has the time of its end too
    count = np.maximum(-(-until // tick_ms) - first, 0)
    step, first, count = (a[count > 0] for a in (step, first, count))
    if not len(step):
        return
    edges = np.unique(np.concatenate([first, first + count]))
    # How many positions come before each edge: the ticks since each step began, without those since it ended.
    begun, ended = (_ticks_before(np.sort(a), edges) for a in (first, first + count))
    had = begun - ended
    n_parts = int(had[-1] // SETTINGS.at_once) + 1
    cuts = np.interp(np.linspace(0, had[-1], n_parts + 1), had, edges).astype(np.int64)
    for number, (low, high) in enumerate(zip(cuts[:-1], cuts[1:])):
        inside = np.flatnonzero((first < high) & (first + count > low))
        begin, end = np.maximum(first[inside], low), np.minimum(first[inside] + count[inside], high)
        tick = expand_ranges(begin, end - begin)
        yield number / n_parts, _at(tracks, np.repeat(step[inside], end - begin), tick, tick_ms)


def _at(tracks: Tracks, before: np.ndarray, tick: np.ndarray, tick_ms: int) -> Positions:
    s, after, t = SETTINGS, before + 1, tick * tick_ms
    took = tracks.t[after] - tracks.t[before]
    part = (t - tracks.t[before]) / took
    lon0, lat0 = tracks.lon[before], tracks.lat[before]
    lon = lon0 + part * (near_lon(tracks.lon[after], lon0) - lon0)
    lat = lat0 + part * (tracks.lat[after] - lat0)
    observed = (took <= 1000 * s.observed_s) | (part == 0) | (part == 1)
    nearer_s = np.minimum(part, 1 - part) * took / 1000.0
    apart_m = metres_between(lon0, lat0, tracks.lon[after], tracks.lat[after])
    reach = s.reach * apart_m * 2 * np.sqrt(part * (1 - part)) + s.reach_ms * nearer_s + s.reach_m
    return Positions(tick, before, t, lon, lat, observed, np.where(observed, 0.0, reach))


def _ticks_before(starts: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """The ticks (n,) from all of the sorted starts up to each of the edges (n,), of starts before it."""
    n = np.searchsorted(starts, edges)
    return n * edges - np.concatenate([[0], np.cumsum(starts)])[n]
