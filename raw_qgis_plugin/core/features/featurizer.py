# SPDX-License-Identifier: GPL-2.0-or-later
"""The featurizer of fixes, used in training and in inference.

Features hold no coordinates. A fix is described by displacements from earlier fixes of its
sequence, in metres on the ellipsoid and in a frame whose x axis is the heading of the last
movement, so turning or shifting the whole track changes nothing. Clock features use mean solar time
(t + lon / 15 h). A row only depends on fixes up to its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from .. import geodesy
from ..arrays import nearest_row, run_starts
from ..geodesy import offset_m
from ..times import DAY_MS, HOUR_MS

FEATURE_VERSION = 1


class Settings:
    """What the features of a fix are made of. Another value needs another FEATURE_VERSION and newly
    trained models.
    """

    lags: tuple[int, ...] = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32)  # fixes back, of displacements
    near_m: float = 5.0  # scale below which displacements are linear, above it logarithmic
    # velocity fades with this time constant in the baseline that the model corrects
    fade_s: float = 900.0
    # a fix within this time of 24 h before is 'the same time yesterday'
    same_time_ms: int = 30 * 60_000
    key_bits: int = 43  # of a key for the milliseconds of a sequence, 278 years


def solar_hour(t: np.ndarray, lon: np.ndarray) -> np.ndarray:
    """Hours of mean solar time since Monday 00:00, in [0, 168), of times `t` (epoch ms, UTC)."""
    monday = 4 * 24.0  # 1970-01-01 was a Thursday: Monday was three days before, four days ahead
    return (np.asarray(t, np.float64) / HOUR_MS + np.asarray(lon) / 15.0 - monday) % 168.0


@dataclass(frozen=True)
class Features:
    """Features of the fixes of sequences, flat: row i is one fix.

    x: (n, N_FEATURES) float32. clock: (n,) seconds since the first fix of the sequence. first: (n,)
    row of that fix. heading: (n, 2) unit vector (east, north), the x axis of the frame. velocity:
    (n, 2) m/s of the last step, in the frame. speed: (n,) m/s, root mean square over several lags.
    key: (n,) ascending numbers of sequence and time. centroid: (n, 2) metres in the frame from the
    fix to the mean of its sequence so far.
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
    """Queries for the position dt seconds after some fixes.

    x: (m, N_QUERY) float32. base: (m, 2) metres in the frame of the fix, the position by fading
    velocity. scale: (m,) metres, the unit of the model's correction of the base.
    """

    x: np.ndarray
    base: np.ndarray
    scale: np.ndarray


def _squash(v: np.ndarray, unit: float) -> np.ndarray:
    """Signed-log scaling: linear under `unit` metres, logarithmic above, about one at 100 km."""
    return np.arcsinh(v / unit) / 8.0


def unsquashed(x: np.ndarray) -> np.ndarray:
    """Metres of the displacement columns."""
    return Settings.near_m * np.sinh(8.0 * x)


def into_frame(v: np.ndarray, heading: np.ndarray) -> np.ndarray:
    """East-north vectors (…, 2) in the frame whose x axis is `heading` (…, 2)."""
    x = v[..., 0] * heading[..., 0] + v[..., 1] * heading[..., 1]
    y = v[..., 1] * heading[..., 0] - v[..., 0] * heading[..., 1]
    return np.stack([x, y], axis=-1)


def _clock_columns(hours: np.ndarray) -> list[np.ndarray]:
    day, week = hours * (2 * np.pi / 24), hours * (2 * np.pi / 168)
    return [
        np.sin(day),
        np.cos(day),
        np.sin(2 * day),
        np.cos(2 * day),
        np.sin(week),
        np.cos(week),
        hours >= 120.0,
    ]


def _running_mean(
    v: np.ndarray, chosen: np.ndarray, first: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Mean of the `chosen` rows of `v` (n, 2) from each sequence's first fix up to each row, and
    their count.

    Each sequence is summed on its own: the last digits of one sum over all would depend on the
    other sequences.
    """
    number = np.arange(len(v)) - first
    shape = 3, np.count_nonzero(number == 0), int(number.max(initial=0)) + 1
    cell = (np.cumsum(number == 0) - 1) * shape[2] + number
    total = np.zeros(shape)
    for sums, values in zip(total.reshape(3, -1), (*v.T, 1.0), strict=True):
        sums[cell] = values * chosen
    np.cumsum(total, axis=2, out=total)
    east, north, count = total.reshape(3, -1)[:, cell]
    return np.stack([east, north], axis=1) / np.maximum(count, 1.0)[:, None], count


def at_key(
    key: np.ndarray, first: np.ndarray, last: np.ndarray, wanted: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Rows in [first, last] whose key is nearest to `wanted`, and whether it lies within
    same_time_ms.
    """
    row = nearest_row(key, wanted, first, last)
    return row, np.abs(key[row] - wanted) <= Settings.same_time_ms


def featurize(
    sequence: np.ndarray,
    t: np.ndarray,
    lon: np.ndarray,
    lat: np.ndarray,
    only: np.ndarray | None = None,
) -> Features:
    """Features of fixes, computed in columns over all sequences at once.

    sequence: (n,) int, equal along one sequence, non-decreasing. t: (n,) epoch ms, increasing
    within a sequence. lon, lat: (n,) degrees. only: the rows to describe, all by default; x,
    velocity, speed and centroid of other rows stay zero.
    """
    n = len(t)
    every = np.arange(n)
    start = run_starts(sequence)
    first = np.maximum.accumulate(np.where(start, every, 0))
    longest_ms = 2**Settings.key_bits - 366 * DAY_MS  # leaves a year for horizons
    key = (np.cumsum(start).astype(np.int64) << Settings.key_bits) + np.minimum(
        t - t[first], longest_ms
    )
    elapsed = (t - t[first]) / 1000.0
    hours = solar_hour(t, lon)
    step = offset_m(lon, lat, lon[np.maximum(every - 1, first)], lat[np.maximum(every - 1, first)])
    length = np.hypot(step[:, 0], step[:, 1])
    moved = np.maximum.accumulate(np.where((length >= 0.5) | start, every, 0))
    heading = np.where(
        (length[moved] > 0)[:, None],
        step[moved] / np.maximum(length[moved], 1e-9)[:, None],
        [1.0, 0.0],
    )
    from_first = offset_m(lon, lat, lon[first], lat[first])
    of_day = hours % 24
    chosen = (
        np.ones(n, bool),
        (of_day >= 22) | (of_day < 7),
        (hours < 120) & (of_day >= 9) & (of_day < 17),
    )
    means = [_running_mean(from_first, c, first) for c in chosen]
    square, _ = _running_mean(from_first**2, chosen[0], first)

    row = every if only is None else only
    turn = heading[row]
    j = np.maximum(row - np.array(Settings.lags)[:, None], first[row])  # (lags, m)
    v = into_frame(offset_m(lon[row], lat[row], lon[j], lat[j]), turn)
    dt = np.maximum((t[row] - t[j]) / 1000.0, 0.5)
    speeds = np.hypot(v[..., 0], v[..., 1])[[0, 1, 3, 5]] / dt[[0, 1, 3, 5]]
    speed = np.sqrt(np.mean(np.square(speeds), axis=0))
    reach = speed * dt + Settings.near_m
    far = (
        _squash(v[..., 0], Settings.near_m),
        _squash(v[..., 1], Settings.near_m),
        np.log1p(dt) / 8.0,
    )
    columns = [
        c for lag in zip(*far, v[..., 0] / reach, v[..., 1] / reach, strict=True) for c in lag
    ]
    columns += [
        np.log1p(speeds[0]) / 2.0,
        np.log1p(speed) / 2.0,
        np.log((speeds[0] + 0.3) / (speed + 0.3)),
    ]
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

    x = _clipped(columns, len(row))
    velocity, centroid = v[0] / dt[0][:, None], toward[0]
    if only is not None:
        parts = [np.zeros((n, *a.shape[1:]), a.dtype) for a in (x, velocity, speed, centroid)]
        for whole, some in zip(parts, (x, velocity, speed, centroid), strict=True):
            whole[only] = some
        x, velocity, speed, centroid = parts
    return Features(
        x, elapsed.astype(np.float32), first, heading, velocity, speed, t, lon, lat, key, centroid
    )


def _same_time(
    key: np.ndarray,
    first: np.ndarray,
    row: np.ndarray,
    wanted: np.ndarray,
    lon: np.ndarray,
    lat: np.ndarray,
    heading: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Displacements (m, 2) from the fixes `row` to the fixes of their sequences at the keys
    `wanted`, and whether there are such fixes. Most sequences are shorter than a day, so only those
    that reach back far enough are searched.
    """
    way, known = np.zeros((len(row), 2)), np.zeros(len(row), bool)
    at = np.flatnonzero(wanted >= key[first[row]] - Settings.same_time_ms)
    if len(at):
        last = row[at]
        j, known[at] = at_key(key, first[last], last, wanted[at])
        way[at] = into_frame(offset_m(lon[j], lat[j], lon[last], lat[last]), heading[at])
    return way, known


def _clipped(columns: list[np.ndarray], n: int) -> np.ndarray:
    """Columns (n,) as one array (n, len(columns)) float32 within ±8."""
    x = np.empty((n, len(columns)), np.float32)
    for c, column in enumerate(columns):
        x[:, c] = column
    return np.clip(x, -8.0, 8.0, out=x)


def ask(f: Features, row: np.ndarray, dt_s: np.ndarray) -> Query:
    """Queries for the positions `dt_s` (m,) seconds after the fixes `row` (m,)."""
    dt = np.maximum(np.asarray(dt_s, np.float64), 0.5)
    fade = Settings.fade_s * -np.expm1(-dt / Settings.fade_s)
    base = f.velocity[row] * fade[:, None]
    scale = np.sqrt(10.0**2 + (f.speed[row] * dt) ** 2 + (0.3 * dt) ** 2)
    t = f.t[row] + (dt * 1000).astype(np.int64)
    previous = np.maximum(row - 1, f.first[row])
    last_dt = np.maximum((f.t[row] - f.t[previous]) / 1000.0, 0.5)

    columns = [
        np.log(dt) / 4.0 - 1.0,
        dt / (dt + Settings.fade_s),
        np.log(dt / last_dt) / 4.0,
        np.log(scale / dt) / 2.0,
    ]
    columns += [base[:, 0] / scale, base[:, 1] / scale, *_clock_columns(solar_hour(t, f.lon[row]))]
    targets = [(f.centroid[row], np.ones(len(row), bool))]
    for back in (DAY_MS, 7 * DAY_MS):
        wanted = f.key[row] + (dt * 1000).astype(np.int64) - back
        targets.append(_same_time(f.key, f.first, row, wanted, f.lon, f.lat, f.heading[row]))
    for v, known in targets:
        columns += [_squash(v[:, 0], 50.0) * known, _squash(v[:, 1], 50.0) * known]
        columns += [
            np.clip(v[:, 0] / scale, -4, 4) * known,
            np.clip(v[:, 1] / scale, -4, 4) * known,
            known,
        ]
    return Query(_clipped(columns, len(row)), base, scale)


def displacement(f: Features, row: np.ndarray, lon: np.ndarray, lat: np.ndarray) -> np.ndarray:
    """Metres (m, 2) from the fixes `row` to (lon, lat), in the frames of the fixes."""
    return into_frame(offset_m(lon, lat, f.lon[row], f.lat[row]), f.heading[row])


def destination(f: Any, row: np.ndarray, xy: np.ndarray) -> tuple[np.ndarray, ...]:
    """Degrees lon, lat at displacements `xy` (m, 2) from the fixes `row`, metres in the frames of
    the fixes.

    f: has lon, lat (n,) and heading (n, 2), as Features have.
    """
    h = f.heading[row]
    east = xy[:, 0] * h[:, 0] - xy[:, 1] * h[:, 1]
    north = xy[:, 0] * h[:, 1] + xy[:, 1] * h[:, 0]
    return geodesy.destination(f.lon[row], f.lat[row], east, north)


# Widths of Features.x and Query.x, and their columns that change sign when a track is mirrored
# (lateral components).
_LAGGED = 5 * len(Settings.lags)
# the own places come after speed (3), clock (7), age (2), flags (3) and radius (1)
_PLACES = _LAGGED + 16
N_FEATURES = _PLACES + 11
LATERAL_FEATURES = [
    *range(1, _LAGGED, 5),
    *range(4, _LAGGED, 5),
    _PLACES + 1,
    _PLACES + 3,
    _PLACES + 5,
    _PLACES + 9,
]
N_QUERY = 28
LATERAL_QUERY = [5, 14, 16, 19, 21, 24, 26]
