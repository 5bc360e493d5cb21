# SPDX-License-Identifier: GPL-2.0-or-later
"""Ride features of a track: what tells rail, roads and bikes apart. Bends, stops and the ways
between them.

The fixes of each ten seconds are averaged first, so that the cadence matters less.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ..arrays import Array, Columns, group_quantile, run_starts, stacked, take_rows
from ..geodesy import length, way_between
from ..tracks import Tracks


@dataclass(frozen=True)
class Settings:
    """Scales, quantiles and thresholds.

    Heads of tracks are trained with these values. Others make other inputs.
    """

    bin_ms: int = 10_000  # ms, fixes within this time are one
    window_s: tuple[int, ...] = (60, 180)  # s, over which a speed is measured along the bee-line
    window_speed: tuple[float, ...] = (0.1, 0.5, 0.75, 0.9, 1.0)  # quantiles
    change: tuple[float, ...] = (0.5, 0.9)  # quantiles of speeding up, braking and turning
    scale_m: tuple[float, ...] = (100.0, 300.0, 1000.0)  # m, of bends: streets, roads, railways
    bend: tuple[float, ...] = (0.5, 0.75, 0.9)  # quantiles of bends
    between: tuple[float, ...] = (0.25, 0.5, 0.75)  # quantiles of stops and the rides between
    corner: float = np.pi / 4  # radians, a greater bend is a corner
    turning_m_s: float = 5.0  # m/s, slower, the direction from fix to fix is noise
    stopped_m_s: float = 1.0  # m/s, a slower step is part of a stop
    long_stop_s: float = 45.0  # s, stations and crossings take longer than traffic lights


RIDE = (
    *(f"speed_{w}s_{q:g}" for w in Settings.window_s for q in Settings.window_speed),
    *(f"{name}_{q:g}" for name in ("faster", "slower", "sideways") for q in Settings.change),
    *(
        f"{name}_{m:g}m_{q:g}"
        for name in ("detour", "bend")
        for m in Settings.scale_m
        for q in Settings.bend
    ),
    *(f"corners_{m:g}m" for m in Settings.scale_m),
    *(f"{name}_{q:g}" for name in ("dwell", "spacing", "peak") for q in Settings.between),
    "stops_a_km",
    "stops_an_hour",
    "long_stops",
    "stopped",
    "moving_speed",
    "cruising",
    "uneven",
)


def ride(tracks: Tracks) -> Array:
    """(n_tracks, len(RIDE)) float32: logarithms, shares, radians; about one, -1 if unknown."""
    n = tracks.n_tracks
    line = averaged(tracks)[0]
    moves = np.isin(np.arange(n), line.track[line.steps()])  # one fix alone has no ride
    columns = dict.fromkeys(RIDE, np.full(n, np.nan))

    if moves.any():
        steps = _steps(line)
        columns |= _speeds(line)
        columns |= _changes(steps, n)

        columns |= _bends(line, steps)
        columns |= _stops(steps, n)
        columns |= _shares(steps, n)

    x = stacked(columns, RIDE)
    x[~np.isfinite(x)] = -1.0
    x[~moves] = -1.0

    return x


def averaged(tracks: Tracks, xy: Array | None = None) -> tuple[Tracks, Array]:
    """The mean fix of each ten seconds of tracks, and the rows of the first fixes they stand for.

    t is in ms since the track's first fix; lon and lat are xy (n, 2), by default metres east and
    north of that fix.
    """
    if not len(tracks):
        return tracks, np.zeros(0, np.int64)

    first = tracks.first_row
    if xy is None:
        xy = way_between(tracks, first, slice(None))

    since = tracks.t - tracks.t[first]
    start = np.flatnonzero(run_starts(tracks.track, since // Settings.bin_ms))
    count = np.diff(np.append(start, len(tracks)))

    x = np.add.reduceat(xy[:, 0], start) / count
    y = np.add.reduceat(xy[:, 1], start) / count
    t = np.add.reduceat(since, start) / count
    t = t.astype(np.int64)

    return replace(tracks, track=tracks.track[start], t=t, lon=x, lat=y), start


@dataclass(frozen=True)
class Steps:
    """Steps from a row of the averaged tracks to the next.

    row: (k,) where a step begins. of: (k,) its track. way: (k, 2) metres. seconds, metres: (k,).
    speed: (k,) m/s. moving: (k,) bool, faster than in a stop.
    """

    row: Array
    of: Array
    way: Array
    seconds: Array
    metres: Array
    speed: Array
    moving: Array

    def total(self, values: Array, n: int) -> Array:
        """(n,) sums of values (k,) over the steps of each track."""
        return np.bincount(self.of, values, n)


def _steps(line: Tracks) -> Steps:
    row = line.steps()
    way = _places(line, row + 1) - _places(line, row)
    metres = length(way)

    seconds = np.maximum(line.seconds(row, row + 1), 1.0)
    speed = metres / seconds
    moving = speed >= Settings.stopped_m_s

    return Steps(row, line.track[row], way, seconds, metres, speed, moving)


def _places(line: Tracks, row: Array) -> Array:
    """(k, 2) metres: where averaged tracks are at some rows."""
    return np.stack([line.lon[row], line.lat[row]], axis=1)


def _quantiles(name: str, values: Array, of: Array, n: int, shares: tuple[float, ...]) -> Columns:
    """The quantiles of the values (k,) of tracks, by name: 'bend_0.5' and so on."""
    return {f"{name}_{q:g}": group_quantile(values, of, n, q) for q in shares}


def _speeds(line: Tracks) -> Columns:
    """Speeds over a minute and three."""
    last = line.last_row

    columns: Columns = {}
    for window in Settings.window_s:
        later = line.before(line.track, line.t + 1000 * window)
        later = np.minimum(later, last)
        seconds = (line.t[later] - line.t) / 1000.0
        row = np.flatnonzero(seconds >= window / 2)

        way = _places(line, later[row]) - _places(line, row)
        speed = length(way) / seconds[row]
        columns |= _quantiles(
            f"speed_{window}s",
            np.log1p(speed) / 2,
            line.track[row],
            line.n_tracks,
            Settings.window_speed,
        )

    return columns


def _changes(steps: Steps, n: int) -> Columns:
    """How speeds and directions change from a step to the next, in m/s²."""
    pair = np.flatnonzero(steps.row[1:] == steps.row[:-1] + 1)
    before = take_rows(steps, pair)
    after = take_rows(steps, pair + 1)

    seconds = (before.seconds + after.seconds) / 2
    change = (after.speed - before.speed) / seconds
    slower = np.minimum(before.speed, after.speed)
    sideways = _angle(before.way, after.way) * slower / seconds

    kinds = {}
    kinds["faster"] = np.where(change > 0, change, np.nan)

    kinds["slower"] = np.where(change < 0, -change, np.nan)
    kinds["sideways"] = np.where(slower > Settings.turning_m_s, sideways, np.nan)
    columns: Columns = {}
    for name, values in kinds.items():
        columns |= _quantiles(name, np.log1p(values), before.of, n, Settings.change)

    return columns


def _angle(one: Array, other: Array) -> Array:
    """(k,) radians between vectors (k, 2)."""
    x, y = one.T
    other_x, other_y = other.T
    cross = x * other_y - y * other_x

    dot = (one * other).sum(axis=1)
    return np.abs(np.arctan2(cross, dot))


def _bends(line: Tracks, steps: Steps) -> Columns:
    """How crooked the way is: how much longer than the bee-line, and by what angle it bends."""
    # whole millimetres: sums do not depend on the tracks before
    each = np.zeros(len(line), np.int64)
    millimetres = np.rint(1000 * steps.metres)
    each[steps.row + 1] = millimetres * steps.moving

    moved = np.cumsum(each)
    columns: Columns = {}
    for scale in Settings.scale_m:
        columns |= _bends_at(line, moved, scale)

    return columns


def _bends_at(line: Tracks, moved: Array, scale: float) -> Columns:
    """Bends over `scale` metres. moved: (n,) whole millimetres up to each row."""
    n = line.n_tracks
    last = line.last_row

    ahead = np.searchsorted(moved, moved + int(1000 * scale))
    inside = ahead <= last

    ahead = np.minimum(ahead, last)
    gone = moved[ahead] - moved
    near = inside & (gone <= 2000 * scale)  # not one long step

    one = np.flatnonzero(near)
    longer = _longer(line, one, ahead[one], gone[one])
    two = one[near[ahead[one]]]

    bend = _bend(line, two, ahead)
    of = line.track[two]
    corners = np.bincount(of, bend > Settings.corner, n)

    columns = _quantiles(f"detour_{scale:g}m", longer, line.track[one], n, Settings.bend)
    columns |= _quantiles(f"bend_{scale:g}m", bend, of, n, Settings.bend)
    with np.errstate(invalid="ignore"):
        columns[f"corners_{scale:g}m"] = corners / np.bincount(of, minlength=n)

    return columns


def _longer(line: Tracks, row: Array, ahead: Array, gone: Array) -> Array:
    """(k,) logarithm of how much longer the way (k,) in millimetres is than the bee-line."""
    chord = _places(line, ahead) - _places(line, row)
    beeline = np.maximum(1000 * length(chord), 1000.0)
    return np.log(np.maximum(gone, 1.0) / beeline)


def _bend(line: Tracks, row: Array, ahead: Array) -> Array:
    """(k,) radians between the chord to the row ahead, and the one from there on."""
    middle = ahead[row]
    before = _places(line, middle) - _places(line, row)
    after = _places(line, ahead[middle]) - _places(line, middle)
    return _angle(before, after)


def _stops(steps: Steps, n: int) -> Columns:
    """Stops between two rides, and the rides between stops: how long, how far, how fast."""
    start = np.flatnonzero(run_starts(steps.of, steps.moving))
    of = steps.of[start]
    rides = steps.moving[start]

    begins = run_starts(of)
    ends = np.append(begins[1:], True)
    stop = ~rides & ~begins & ~ends

    seconds = np.add.reduceat(steps.seconds, start)
    metres = np.add.reduceat(steps.metres, start)[rides]
    fastest = np.maximum.reduceat(steps.speed, start)[rides]

    columns = _how_often(steps, of[stop], seconds[stop], n)
    dwell = np.log1p(seconds[stop] / 10) / 2
    columns |= _quantiles("dwell", dwell, of[stop], n, Settings.between)

    spacing = np.log1p(metres / 100) / 2
    columns |= _quantiles("spacing", spacing, of[rides], n, Settings.between)
    peak = np.log1p(fastest) / 2

    return columns | _quantiles("peak", peak, of[rides], n, Settings.between)


def _how_often(steps: Steps, of: Array, seconds: Array, n: int) -> Columns:
    """How often a track stops. of, seconds: (k,) the track and the length of each stop."""
    stops = np.bincount(of, minlength=n)
    long_stops = np.bincount(of, seconds > Settings.long_stop_s, n)
    a_km = 1000 * stops / (steps.total(steps.metres, n) + 100)
    an_hour = 3600 * stops / (steps.total(steps.seconds, n) + 60)

    columns = {}
    columns["stops_a_km"] = np.log1p(a_km)
    columns["stops_an_hour"] = np.log1p(an_hour) / 2
    with np.errstate(invalid="ignore"):
        columns["long_stops"] = long_stops / stops

    return columns


def _shares(steps: Steps, n: int) -> Columns:
    """How much of the time a track moves, and how evenly."""
    moving = steps.moving
    speed = steps.speed[moving]
    of = steps.of[moving]

    high = group_quantile(speed, of, n, 0.9)
    low = group_quantile(speed, of, n, 0.25)
    cruising = _cruises(steps) & (steps.speed > 0.7 * high[steps.of])

    every = steps.total(steps.seconds, n)
    seconds = steps.total(steps.seconds * moving, n)
    metres = steps.total(steps.metres * moving, n)
    level = steps.total(steps.seconds * cruising, n)

    columns = {}
    with np.errstate(invalid="ignore", divide="ignore"):
        columns["stopped"] = 1 - seconds / every
        columns["moving_speed"] = np.log1p(metres / seconds) / 2
        columns["cruising"] = level / seconds
        columns["uneven"] = np.log(high / low)

    return columns


def _cruises(steps: Steps) -> Array:
    """(k,) bool: steps that the next one of the track follows at nearly the same speed."""
    change = np.abs(np.diff(steps.speed))
    level = change < 0.1 * steps.speed[:-1]
    same = steps.of[1:] == steps.of[:-1]
    return np.append(level & same, False)
