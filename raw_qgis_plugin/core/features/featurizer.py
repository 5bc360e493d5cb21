# SPDX-License-Identifier: GPL-2.0-or-later
"""What the model sees of a track: the one featurizer, used in training and in inference.

Everything is place-free. A fix is described from where the track came from (displacements from
earlier fixes of the same sequence), in metres on the ellipsoid and in a frame whose x axis is the
heading of the last movement, so turning or shifting the whole track changes nothing. Clock
features use mean solar time (t + lon / 15 h). A row only depends on fixes up to its own.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..geodesy import metres_per_degree, offset_m
from ..times import DAY_MS, HOUR_MS

FEATURE_VERSION = 1
LAGS = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32)
NEAR_M = 5.0  # nearer than this displacements are told apart less
FADE_S = 900.0  # velocity fades with this time constant in the baseline that the model corrects
_SAME_TIME_MS = 30 * 60_000  # 'the same time yesterday' is a fix within half an hour of it
KEY_BITS = 43  # milliseconds of a sequence, 278 years …
LONGEST_MS = 2**KEY_BITS - 366 * DAY_MS  # … of which the last one is for what is asked ahead


def solar_hour(t: np.ndarray, lon: np.ndarray) -> np.ndarray:
    """Hours of mean solar time since Monday 00:00, in [0, 168), of times `t` (epoch ms, UTC)."""
    monday = 4 * 24.0  # 1970-01-01 was a Thursday: Monday was three days before, four days ahead
    return (np.asarray(t, np.float64) / HOUR_MS + np.asarray(lon) / 15.0 - monday) % 168.0


@dataclass(frozen=True)
class Features:
    """Sequences of fixes as the model sees them, flat: row i is one fix.

    x: (n, N_FEATURES) float32. clock: (n,) seconds since the sequence's first fix. first: (n,) row of that fix.
    heading: (n, 2) unit vector (east, north), the frame's x axis. velocity: (n, 2) m/s of the last step, in the
    frame. speed: (n,) m/s, root mean square over several lags.
    """

    x: np.ndarray
    clock: np.ndarray
    first: np.ndarray
    heading: np.ndarray
    velocity: np.ndarray
    speed: np.ndarray
    t: np.ndarray
    lon: np.ndarray
    lat: np.ndarray
    key: np.ndarray
    centroid: np.ndarray


@dataclass(frozen=True)
class Query:
    """Questions 'where at t + dt?' asked of some fixes.

    x: (m, N_QUERY) float32. base: (m, 2) metres in the fix's frame, where fading velocity leads. scale: (m,)
    metres, the unit of the model's correction to it.
    """

    x: np.ndarray
    base: np.ndarray
    scale: np.ndarray


def _squash(v: np.ndarray, unit: float) -> np.ndarray:
    """Signed-log scaling: linear under `unit` metres, logarithmic above, about one at 100 km."""
    return np.arcsinh(v / unit) / 8.0


def unsquashed(x: np.ndarray) -> np.ndarray:
    """Metres of the columns that say how far it is from earlier fixes."""
    return NEAR_M * np.sinh(8.0 * x)


def into_frame(v: np.ndarray, heading: np.ndarray) -> np.ndarray:
    """East-north vectors (…, 2) into the frame whose x axis is `heading` (…, 2)."""
    x = v[..., 0] * heading[..., 0] + v[..., 1] * heading[..., 1]
    y = v[..., 1] * heading[..., 0] - v[..., 0] * heading[..., 1]
    return np.stack([x, y], axis=-1)


def _clock_columns(hours: np.ndarray) -> list[np.ndarray]:
    day, week = hours * (2 * np.pi / 24), hours * (2 * np.pi / 168)
    return [np.sin(day), np.cos(day), np.sin(2 * day), np.cos(2 * day), np.sin(week), np.cos(week), hours >= 120.0]


def _running_mean(v: np.ndarray, chosen: np.ndarray, first: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean of the `chosen` rows of `v` (n, 2) from each sequence's first fix up to each row, and their count."""
    total = np.zeros((len(v) + 1, 3))
    np.cumsum(np.column_stack([v, np.ones(len(v))]) * chosen[:, None], axis=0, out=total[1:])
    total = total[1:] - total[first]
    count = total[:, 2]
    return total[:, :2] / np.maximum(count, 1.0)[:, None], count


def at_key(key: np.ndarray, first: np.ndarray, last: np.ndarray, wanted: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rows in [first, last] whose key is nearest to `wanted`, and whether it lies within half an hour."""
    right = np.clip(np.searchsorted(key, wanted), first, last)
    left = np.clip(right - 1, first, last)
    row = np.where(np.abs(key[left] - wanted) <= np.abs(key[right] - wanted), left, right)
    return row, np.abs(key[row] - wanted) <= _SAME_TIME_MS


def featurize(
    sequence: np.ndarray, t: np.ndarray, lon: np.ndarray, lat: np.ndarray, only: np.ndarray | None = None
) -> Features:
    """Describe fixes. sequence: (n,) int, equal along one sequence, non-decreasing. t: (n,) epoch ms, increasing
    within a sequence. lon, lat: (n,) degrees. Work is in columns over all sequences at once.

    only: the rows to describe, all by default; the others' x, velocity, speed and centroid stay zero.
    """
    n = len(t)
    every = np.arange(n)
    start = np.ones(n, bool)
    start[1:] = sequence[1:] != sequence[:-1]
    first = np.maximum.accumulate(np.where(start, every, 0))
    key = (np.cumsum(start).astype(np.int64) << KEY_BITS) + np.minimum(t - t[first], LONGEST_MS)
    elapsed = (t - t[first]) / 1000.0
    hours = solar_hour(t, lon)
    step = offset_m(lon, lat, lon[np.maximum(every - 1, first)], lat[np.maximum(every - 1, first)])
    length = np.hypot(step[:, 0], step[:, 1])
    moved = np.maximum.accumulate(np.where((length >= 0.5) | start, every, 0))
    heading = np.where((length[moved] > 0)[:, None], step[moved] / np.maximum(length[moved], 1e-9)[:, None], [1.0, 0.0])
    from_first = offset_m(lon, lat, lon[first], lat[first])
    of_day = hours % 24
    chosen = np.ones(n, bool), (of_day >= 22) | (of_day < 7), (hours < 120) & (of_day >= 9) & (of_day < 17)
    means = [_running_mean(from_first, c, first) for c in chosen]
    square, _ = _running_mean(from_first**2, chosen[0], first)

    row = every if only is None else only
    turn = heading[row]
    j = np.maximum(row - np.array(LAGS)[:, None], first[row])  # (lags, m)
    v = into_frame(offset_m(lon[row], lat[row], lon[j], lat[j]), turn)
    dt = np.maximum((t[row] - t[j]) / 1000.0, 0.5)
    speeds = np.hypot(v[..., 0], v[..., 1])[[0, 1, 3, 5]] / dt[[0, 1, 3, 5]]
    speed = np.sqrt(np.mean(np.square(speeds), axis=0))
    reach = speed * dt + NEAR_M
    far = _squash(v[..., 0], NEAR_M), _squash(v[..., 1], NEAR_M), np.log1p(dt) / 8.0
    columns = [c for lag in zip(*far, v[..., 0] / reach, v[..., 1] / reach, strict=True) for c in lag]
    columns += [np.log1p(speeds[0]) / 2.0, np.log1p(speed) / 2.0, np.log((speeds[0] + 0.3) / (speed + 0.3))]
    columns += _clock_columns(hours[row])
    columns += [np.log1p(row - first[row]) / 6.0, np.log1p(elapsed[row]) / 12.0]
    columns += [start[row], (length[row] < 50.0) & (dt[0] >= 300.0), dt[0] > 1800.0]
    radius = np.sqrt(np.maximum(square[row] - means[0][0][row] ** 2, 0.0).sum(axis=1))
    columns += [np.log1p(radius) / 10.0]
    toward = [into_frame(mean[row] - from_first[row], turn) for mean, _ in means]
    for way, known in zip(toward, (1.0, means[1][1][row] > 0, means[2][1][row] > 0), strict=True):
        columns += [_squash(way[:, 0], 50.0) * known, _squash(way[:, 1], 50.0) * known]
    columns += [np.log1p(count[row]) / 6.0 for _, count in means[1:]]
    back, known = _same_time(key, first, row, key[row] - DAY_MS, lon, lat, turn)
    columns += [_squash(back[:, 0], 50.0) * known, _squash(back[:, 1], 50.0) * known, known]

    x = np.empty((len(row), len(columns)), np.float32)
    for c, column in enumerate(columns):
        x[:, c] = column
    np.clip(x, -8.0, 8.0, out=x)
    velocity, centroid = v[0] / dt[0][:, None], toward[0]
    if only is not None:
        x, velocity, speed, centroid = (_scatter(a, only, n) for a in (x, velocity, speed, centroid))
    return Features(x, elapsed.astype(np.float32), first, heading, velocity, speed, t, lon, lat, key, centroid)


def _same_time(
    key: np.ndarray, first: np.ndarray, row: np.ndarray, wanted: np.ndarray, lon: np.ndarray, lat: np.ndarray,
    heading: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    """The way (m, 2) from the fixes `row` to where their sequences were at the keys `wanted`, and whether that is known
    to half an hour. Most sequences are shorter than a day: only those that reach back so far are looked into.
    """
    way, known = np.zeros((len(row), 2)), np.zeros(len(row), bool)
    at = np.flatnonzero(wanted >= key[first[row]] - _SAME_TIME_MS)
    if len(at):
        asker = row[at]
        j, known[at] = at_key(key, first[asker], asker, wanted[at])
        way[at] = into_frame(offset_m(lon[j], lat[j], lon[asker], lat[asker]), heading[at])
    return way, known


def _scatter(values: np.ndarray, rows: np.ndarray, n: int) -> np.ndarray:
    whole = np.zeros((n, *values.shape[1:]), values.dtype)
    whole[rows] = values
    return whole


def ask(f: Features, row: np.ndarray, dt_s: np.ndarray) -> Query:
    """Ask of the fixes `row` (m,) where their track will be `dt_s` (m,) seconds later."""
    dt = np.maximum(np.asarray(dt_s, np.float64), 0.5)
    fade = FADE_S * -np.expm1(-dt / FADE_S)
    base = f.velocity[row] * fade[:, None]
    scale = np.sqrt(10.0**2 + (f.speed[row] * dt) ** 2 + (0.3 * dt) ** 2)
    t = f.t[row] + (dt * 1000).astype(np.int64)
    previous = np.maximum(row - 1, f.first[row])
    last_dt = np.maximum((f.t[row] - f.t[previous]) / 1000.0, 0.5)

    columns = [np.log(dt) / 4.0 - 1.0, dt / (dt + FADE_S), np.log(dt / last_dt) / 4.0, np.log(scale / dt) / 2.0]
    columns += [base[:, 0] / scale, base[:, 1] / scale, *_clock_columns(solar_hour(t, f.lon[row]))]
    targets = [(f.centroid[row], np.ones(len(row), bool))]
    for back in (DAY_MS, 7 * DAY_MS):
        wanted = f.key[row] + (dt * 1000).astype(np.int64) - back
        targets.append(_same_time(f.key, f.first, row, wanted, f.lon, f.lat, f.heading[row]))
    for v, known in targets:
        columns += [_squash(v[:, 0], 50.0) * known, _squash(v[:, 1], 50.0) * known]
        columns += [np.clip(v[:, 0] / scale, -4, 4) * known, np.clip(v[:, 1] / scale, -4, 4) * known, known]
    x = np.empty((len(row), len(columns)), np.float32)
    for c, column in enumerate(columns):
        x[:, c] = column
    np.clip(x, -8.0, 8.0, out=x)
    return Query(x, base, scale)


def displacement(f: Features, row: np.ndarray, lon: np.ndarray, lat: np.ndarray) -> np.ndarray:
    """Metres (m, 2) from the fixes `row` to (lon, lat), in each fix's frame."""
    return into_frame(offset_m(lon, lat, f.lon[row], f.lat[row]), f.heading[row])


def destination(f: Features, row: np.ndarray, xy: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where a displacement `xy` (m, 2), metres in the fix's frame, leads from the fixes `row`: lon, lat in degrees."""
    h = f.heading[row]
    east = xy[:, 0] * h[:, 0] - xy[:, 1] * h[:, 1]
    north = xy[:, 0] * h[:, 1] + xy[:, 1] * h[:, 0]
    _, ky = metres_per_degree(f.lat[row])
    lat = np.clip(f.lat[row] + north / ky, -90.0, 90.0)
    kx, _ = metres_per_degree(0.5 * (lat + f.lat[row]))
    return (f.lon[row] + east / kx + 180.0) % 360.0 - 180.0, lat


# Widths of the two tables, and the columns that change sign when a track is mirrored (the lateral components).
_LAGGED = 5 * len(LAGS)
_PLACES = _LAGGED + 16  # the own places come after speed (3), clock (7), age (2), flags (3) and radius (1)
N_FEATURES = _PLACES + 11
LATERAL_FEATURES = [*range(1, _LAGGED, 5), *range(4, _LAGGED, 5), _PLACES + 1, _PLACES + 3, _PLACES + 5, _PLACES + 9]
N_QUERY = 28
LATERAL_QUERY = [5, 14, 16, 19, 21, 24, 26]
