# SPDX-License-Identifier: GPL-2.0-or-later
"""Ride features of a track: what tells rail, roads and bikes apart. Bends, stops and the ways
between them.

The fixes of each ten seconds are averaged first, so that the cadence matters less.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..arrays import group_quantile, run_starts
from ..geodesy import offset_m
from ..tracks import Tracks


class Settings:
    """Scales, quantiles and thresholds. Another value makes other inputs of the heads of tracks."""

    bin_ms: int = 10_000
    window_s: tuple[int, ...] = (60, 180)  # over which a speed is measured, along the bee-line
    window_speed: tuple[float, ...] = (0.1, 0.5, 0.75, 0.9, 1.0)
    change: tuple[float, ...] = (0.5, 0.9)  # of speeding up, braking and turning
    scale_m: tuple[float, ...] = (100.0, 300.0, 1000.0)  # of bends
    bend: tuple[float, ...] = (0.5, 0.75, 0.9)
    between: tuple[float, ...] = (0.25, 0.5, 0.75)  # of stops and of the ways between them
    corner: float = np.pi / 4
    turning_m_s: float = 5.0  # slower, the direction from fix to fix is noise
    stopped_m_s: float = 1.0
    long_stop_s: float = 45.0


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
    """(n_tracks, len(RIDE)) float32: logarithms, shares and radians of about one; -1 where there is
    no such thing.
    """
    n = tracks.n_tracks
    found, line = {}, averaged(tracks)[0]
    moves = np.isin(np.arange(n), line.track[line.steps()])  # one fix alone has no ride
    if moves.any():
        found = _speeds(line) | _bends(line) | _stops(line)
    columns = np.stack([np.broadcast_to(found.get(name, np.nan), n) for name in RIDE], axis=1)
    return np.where(
        np.isfinite(columns) & moves[:, None], np.clip(columns, -8.0, 8.0), -1.0
    ).astype(np.float32)


def averaged(tracks: Tracks, xy: np.ndarray | None = None) -> tuple[Tracks, np.ndarray]:
    """The mean fix of each ten seconds of tracks, and the rows of the first fixes that they stand
    for.

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
    t, x, y = (np.add.reduceat(column, start) / count for column in (since, *xy.T))
    return replace(tracks, track=tracks.track[start], t=t.astype(np.int64), lon=x, lat=y), start


def _steps(line: Tracks) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The rows (k,) that begin a step, and the steps' seconds and (k, 2) metres."""
    row = line.steps()
    way = np.stack([line.lon[row + 1] - line.lon[row], line.lat[row + 1] - line.lat[row]], axis=1)
    return row, np.maximum((line.t[row + 1] - line.t[row]) / 1000.0, 1.0), way


def _speeds(line: Tracks) -> dict[str, np.ndarray]:
    """Speeds over a minute and three, and how speeds and directions change."""
    n, last = line.n_tracks, line.track_offsets[1:][line.track] - 1
    found: dict[str, np.ndarray] = {}
    for w in Settings.window_s:
        there = np.minimum(line.before(line.track, line.t + 1000 * w), last)
        seconds = (line.t[there] - line.t) / 1000.0
        row = np.flatnonzero(seconds >= w / 2)
        there = there[row]
        speed = (
            np.hypot(line.lon[there] - line.lon[row], line.lat[there] - line.lat[row])
            / seconds[row]
        )
        for q in Settings.window_speed:
            found[f"speed_{w}s_{q:g}"] = np.log1p(group_quantile(speed, line.track[row], n, q)) / 2
    row, seconds, way = _steps(line)
    speed, of = np.hypot(*way.T) / seconds, line.track[row]
    pair = np.flatnonzero(row[1:] == row[:-1] + 1)
    middle = (seconds[pair] + seconds[pair + 1]) / 2
    change = (speed[pair + 1] - speed[pair]) / middle
    slower = np.minimum(speed[pair], speed[pair + 1])
    sideways = np.where(
        slower > Settings.turning_m_s, _angle(way[pair], way[pair + 1]) * slower / middle, np.nan
    )
    parts = {
        "faster": np.where(change > 0, change, np.nan),
        "slower": np.where(change < 0, -change, np.nan),
    }
    for name, values in (parts | {"sideways": sideways}).items():
        for q in Settings.change:
            found[f"{name}_{q:g}"] = np.log1p(group_quantile(values, of[pair], n, q))
    return found


def _angle(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """(k,) radians between vectors (k, 2)."""
    cross = one[:, 0] * other[:, 1] - one[:, 1] * other[:, 0]
    return np.abs(np.arctan2(cross, (one * other).sum(axis=1)))


def _bends(line: Tracks) -> dict[str, np.ndarray]:
    """How crooked the way is at several scales: how much longer than the bee-line, and by what
    angle it bends.
    """
    n, last = line.n_tracks, line.track_offsets[1:][line.track] - 1
    row, seconds, way = _steps(line)
    metres = np.hypot(*way.T)
    # whole millimetres: sums do not depend on the tracks before
    each = np.zeros(len(line), np.int64)
    each[row + 1] = np.rint(1000 * metres * (metres >= Settings.stopped_m_s * seconds)).astype(
        np.int64
    )
    moved, xy = np.cumsum(each), np.stack([line.lon, line.lat], axis=1)
    found = {}
    for scale in Settings.scale_m:
        there = np.searchsorted(moved, moved + int(1000 * scale))
        # not one long step
        near = (there <= last) & (moved[np.minimum(there, last)] - moved <= 2000 * scale)
        one = np.flatnonzero(near)
        two = one[near[there[one]]]
        chord = np.hypot(*(xy[there[one]] - xy[one]).T)
        longer = np.log(
            np.maximum(moved[there[one]] - moved[one], 1.0) / np.maximum(1000 * chord, 1000.0)
        )
        bend = _angle(xy[there[two]] - xy[two], xy[there[there[two]]] - xy[there[two]])
        for q in Settings.bend:
            found[f"detour_{scale:g}m_{q:g}"] = group_quantile(longer, line.track[one], n, q)
            found[f"bend_{scale:g}m_{q:g}"] = group_quantile(bend, line.track[two], n, q)
        corners, tried = (
            np.bincount(line.track[two], w, n) for w in (bend > Settings.corner, None)
        )
        with np.errstate(invalid="ignore"):
            found[f"corners_{scale:g}m"] = corners / tried
    return found


def _stops(line: Tracks) -> dict[str, np.ndarray]:
    """Stops between two rides, and the rides between stops: how long, how far, how fast."""
    n = line.n_tracks
    row, seconds, way = _steps(line)
    metres, of = np.hypot(*way.T), line.track[row]
    speed = metres / seconds
    moving = speed >= Settings.stopped_m_s
    length, duration, moved = (np.bincount(of, w, n) for w in (metres, seconds, seconds * moving))
    start = np.flatnonzero(run_starts(of, moving))
    run, rides = of[start], moving[start]
    time, far = (np.add.reduceat(values, start) for values in (seconds, metres))
    peak = np.maximum.reduceat(speed, start)
    begins = run_starts(run)
    stop = ~rides & ~begins & ~np.append(begins[1:], True)
    stops = np.bincount(run[stop], minlength=n)
    found = {"dwell": (np.log1p(time / 10) / 2, stop), "spacing": (np.log1p(far / 100) / 2, rides)}
    found |= {"peak": (np.log1p(peak) / 2, rides)}
    result = {
        f"{name}_{q:g}": group_quantile(values[chosen], run[chosen], n, q)
        for name, (values, chosen) in found.items()
        for q in Settings.between
    }
    high, low = (group_quantile(speed[moving], of[moving], n, q) for q in (0.9, 0.25))
    level = np.append((np.abs(np.diff(speed)) < 0.1 * speed[:-1]) & (of[1:] == of[:-1]), False)
    level &= speed > 0.7 * high[of]
    with np.errstate(invalid="ignore", divide="ignore"):
        return result | {
            "stops_a_km": np.log1p(1000 * stops / (length + 100)),
            "stops_an_hour": np.log1p(3600 * stops / (duration + 60)) / 2,
            "long_stops": np.bincount(run[stop], time[stop] > Settings.long_stop_s, n) / stops,
            "stopped": 1 - moved / duration,
            "moving_speed": np.log1p(np.bincount(of, metres * moving, n) / moved) / 2,
            "cruising": np.bincount(of, seconds * level, n) / moved,
            "uneven": np.log(high / low),
        }
