# SPDX-License-Identifier: GPL-2.0-or-later
"""Ride features of a track: what tells rail, roads and bikes apart. Bends, stops and the ways
between them.

The fixes of each ten seconds are averaged first, so that the cadence matters less.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ..arrays import group_quantile, run_starts, stacked
from ..geodesy import offset_m
from ..tracks import Tracks
from .sequences import length


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


def ride(tracks: Tracks) -> np.ndarray:
    """(n_tracks, len(RIDE)) float32: logarithms, shares, radians; about one, -1 if unknown."""
    n = tracks.n_tracks
    line = averaged(tracks)[0]
    moves = np.isin(np.arange(n), line.track[line.steps()])  # one fix alone has no ride
    columns = dict.fromkeys(RIDE, np.full(n, np.nan))
    if moves.any():
        steps = _steps(line)
        columns |= _speeds(line) | _changes(steps) | _bends(line, steps) | _stops(steps)
        columns |= _shares(steps)
    x = stacked(columns, RIDE)
    x[~np.isfinite(x) | ~moves[:, None]] = -1.0
    return x


def averaged(tracks: Tracks, xy: np.ndarray | None = None) -> tuple[Tracks, np.ndarray]:
    """The mean fix of each ten seconds of tracks, and the rows of the first fixes they stand for.

    t is in ms since the track's first fix; lon and lat are xy (n, 2), by default metres east and
    north of that fix.
    """
    if not len(tracks):
        return tracks, np.zeros(0, np.int64)
    first = tracks.track_offsets[:-1][tracks.track]
    if xy is None:
        xy = offset_m(tracks.lon, tracks.lat, tracks.lon[first], tracks.lat[first])
    since = tracks.t - tracks.t[first]
    start = np.flatnonzero(run_starts(tracks.track, since // Settings.bin_ms))
    count = np.diff(np.append(start, len(tracks)))
    x = np.add.reduceat(xy[:, 0], start) / count
    y = np.add.reduceat(xy[:, 1], start) / count
    t = np.add.reduceat(since, start) / count
    mean = replace(tracks, track=tracks.track[start], t=t.astype(np.int64), lon=x, lat=y)
    return mean, start


@dataclass(frozen=True)
class Steps:
    """Steps from a row of the averaged tracks to the next.

    n: tracks. row: (k,) where a step begins. of: (k,) its track. way: (k, 2) metres. seconds,
    metres: (k,). speed: (k,) m/s. moving: (k,) bool, faster than in a stop.
    """

    n: int
    row: np.ndarray
    of: np.ndarray
    way: np.ndarray
    seconds: np.ndarray
    metres: np.ndarray
    speed: np.ndarray
    moving: np.ndarray

    def total(self, values: np.ndarray) -> np.ndarray:
        """(n,) sums of values (k,) over the steps of each track."""
        return np.bincount(self.of, values, self.n)


def _steps(line: Tracks) -> Steps:
    row = line.steps()
    way = _places(line, row + 1) - _places(line, row)
    metres = length(way)
    seconds = np.maximum((line.t[row + 1] - line.t[row]) / 1000.0, 1.0)
    speed = metres / seconds
    moving = speed >= Settings.stopped_m_s
    return Steps(line.n_tracks, row, line.track[row], way, seconds, metres, speed, moving)


def _places(line: Tracks, row: np.ndarray) -> np.ndarray:
    """(k, 2) metres: where averaged tracks are at some rows."""
    return np.stack([line.lon[row], line.lat[row]], axis=1)


def _quantiles(
    name: str, values: np.ndarray, of: np.ndarray, n: int, shares: tuple[float, ...]
) -> dict[str, np.ndarray]:
    """The quantiles of the values (k,) of tracks, by name: 'bend_0.5' and so on."""
    return {f"{name}_{q:g}": group_quantile(values, of, n, q) for q in shares}


def _speeds(line: Tracks) -> dict[str, np.ndarray]:
    """Speeds over a minute and three."""
    last = line.track_offsets[1:][line.track] - 1
    columns = {}
    for window in Settings.window_s:
        later = line.before(line.track, line.t + 1000 * window)
        later = np.minimum(later, last)
        seconds = (line.t[later] - line.t) / 1000.0
        row = np.flatnonzero(seconds >= window / 2)
        way = _places(line, later[row]) - _places(line, row)
        speed = np.log1p(length(way) / seconds[row]) / 2
        columns |= _quantiles(
            f"speed_{window}s", speed, line.track[row], line.n_tracks, Settings.window_speed
        )
    return columns


def _changes(steps: Steps) -> dict[str, np.ndarray]:
    """How speeds and directions change from a step to the next, in m/s²."""
    pair = np.flatnonzero(steps.row[1:] == steps.row[:-1] + 1)
    after = pair + 1
    seconds = (steps.seconds[pair] + steps.seconds[after]) / 2
    change = (steps.speed[after] - steps.speed[pair]) / seconds
    slower = np.minimum(steps.speed[pair], steps.speed[after])
    sideways = _angle(steps.way[pair], steps.way[after]) * slower / seconds
    kinds = {
        "faster": np.where(change > 0, change, np.nan),
        "slower": np.where(change < 0, -change, np.nan),
        "sideways": np.where(slower > Settings.turning_m_s, sideways, np.nan),
    }
    columns = {}
    for name, values in kinds.items():
        columns |= _quantiles(name, np.log1p(values), steps.of[pair], steps.n, Settings.change)
    return columns


def _angle(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """(k,) radians between vectors (k, 2)."""
    cross = one[:, 0] * other[:, 1] - one[:, 1] * other[:, 0]
    dot = (one * other).sum(axis=1)
    return np.abs(np.arctan2(cross, dot))


def _bends(line: Tracks, steps: Steps) -> dict[str, np.ndarray]:
    """How crooked the way is: how much longer than the bee-line, and by what angle it bends."""
    # whole millimetres: sums do not depend on the tracks before
    each = np.zeros(len(line), np.int64)
    each[steps.row + 1] = np.rint(1000 * steps.metres * steps.moving)
    moved = np.cumsum(each)
    columns: dict[str, np.ndarray] = {}
    for scale in Settings.scale_m:
        columns |= _bends_at(line, moved, scale)
    return columns


def _bends_at(line: Tracks, moved: np.ndarray, scale: float) -> dict[str, np.ndarray]:
    """Bends over `scale` metres. moved: (n,) whole millimetres up to each row."""
    n = line.n_tracks
    last = line.track_offsets[1:][line.track] - 1
    ahead = np.searchsorted(moved, moved + int(1000 * scale))
    inside = ahead <= last
    ahead = np.minimum(ahead, last)
    gone = moved[ahead] - moved
    near = inside & (gone <= 2000 * scale)  # not one long step

    one = np.flatnonzero(near)
    chord = _places(line, ahead[one]) - _places(line, one)
    beeline = np.maximum(1000 * length(chord), 1000.0)
    longer = np.log(np.maximum(gone[one], 1.0) / beeline)

    two = one[near[ahead[one]]]
    middle = ahead[two]
    before = _places(line, middle) - _places(line, two)
    after = _places(line, ahead[middle]) - _places(line, middle)
    bend = _angle(before, after)
    of = line.track[two]

    columns = _quantiles(f"detour_{scale:g}m", longer, line.track[one], n, Settings.bend)
    columns |= _quantiles(f"bend_{scale:g}m", bend, of, n, Settings.bend)
    corners = np.bincount(of, bend > Settings.corner, n)
    with np.errstate(invalid="ignore"):
        columns[f"corners_{scale:g}m"] = corners / np.bincount(of, minlength=n)
    return columns


def _stops(steps: Steps) -> dict[str, np.ndarray]:
    """Stops between two rides, and the rides between stops: how long, how far, how fast."""
    n = steps.n
    start = np.flatnonzero(run_starts(steps.of, steps.moving))
    of = steps.of[start]
    rides = steps.moving[start]
    seconds = np.add.reduceat(steps.seconds, start)
    metres = np.add.reduceat(steps.metres, start)
    fastest = np.maximum.reduceat(steps.speed, start)
    begins = run_starts(of)
    ends = np.append(begins[1:], True)
    stop = ~rides & ~begins & ~ends
    dwell = np.log1p(seconds / 10) / 2
    spacing = np.log1p(metres / 100) / 2
    peak = np.log1p(fastest) / 2
    columns = _quantiles("dwell", dwell[stop], of[stop], n, Settings.between)
    columns |= _quantiles("spacing", spacing[rides], of[rides], n, Settings.between)
    columns |= _quantiles("peak", peak[rides], of[rides], n, Settings.between)
    stops = np.bincount(of[stop], minlength=n)
    long_stops = np.bincount(of[stop], seconds[stop] > Settings.long_stop_s, n)
    a_km = 1000 * stops / (steps.total(steps.metres) + 100)
    an_hour = 3600 * stops / (steps.total(steps.seconds) + 60)
    columns["stops_a_km"] = np.log1p(a_km)
    columns["stops_an_hour"] = np.log1p(an_hour) / 2
    with np.errstate(invalid="ignore"):
        columns["long_stops"] = long_stops / stops
    return columns


def _shares(steps: Steps) -> dict[str, np.ndarray]:
    """How much of the time a track moves, and how evenly."""
    moving = steps.moving
    speed = steps.speed[moving]
    of = steps.of[moving]
    high = group_quantile(speed, of, steps.n, 0.9)
    low = group_quantile(speed, of, steps.n, 0.25)
    cruising = _cruises(steps) & (steps.speed > 0.7 * high[steps.of])
    seconds = steps.total(steps.seconds * moving)
    metres = steps.total(steps.metres * moving)
    columns = {}
    with np.errstate(invalid="ignore", divide="ignore"):
        columns["stopped"] = 1 - seconds / steps.total(steps.seconds)
        columns["moving_speed"] = np.log1p(metres / seconds) / 2
        columns["cruising"] = steps.total(steps.seconds * cruising) / seconds
        columns["uneven"] = np.log(high / low)
    return columns


def _cruises(steps: Steps) -> np.ndarray:
    """(k,) bool: steps that the next one of the track follows at nearly the same speed."""
    change = np.abs(np.diff(steps.speed))
    level = change < 0.1 * steps.speed[:-1]
    same = steps.of[1:] == steps.of[:-1]
    return np.append(level & same, False)
