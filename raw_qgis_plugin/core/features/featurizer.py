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
from ..arrays import Array, Columns, nearest_row, stacked
from ..geodesy import length, offset_m, way_between
from ..times import DAY_MS
from .sequences import (
    Fixes,
    fixes_of,
    into_frame,
    running_mean,
    seconds_between,
    solar_hour,
)

FEATURE_VERSION = 1


@dataclass(frozen=True)
class Settings:
    """What the features of a fix are made of.

    Models are trained with these values. Others need another FEATURE_VERSION and new models.
    """

    # Displacements are taken from fixes so many rows back: dense for speed, far for the way.
    lags: tuple[int, ...] = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32)
    speed_lags: tuple[int, ...] = (0, 1, 3, 5)  # indices into lags whose speeds are averaged
    near_m: float = 5.0  # m, displacements are linear below it and logarithmic above: noise of GPS
    place_m: float = 50.0  # m, the same for the way to places, which are known less exactly
    fade_s: float = 900.0  # s, velocity fades with this time constant in the baseline
    same_time_ms: int = 30 * 60_000  # ms, a fix so near to 24 h before is of 'the same time'
    still_m: float = 50.0  # m, a shorter step
    still_s: float = 300.0  # s, that took so long is no movement
    silent_s: float = 1800.0  # s, a longer step is a silence
    min_scale_m: float = 10.0  # m, the model's unit of correction is at least this
    min_scale_m_s: float = 0.3  # m/s, and grows at least so fast


CLOCK = (
    *("day_sin", "day_cos", "half_day_sin", "half_day_cos"),
    *("week_sin", "week_cos", "weekend"),
)
BACK_MS = {"yesterday": DAY_MS, "week_ago": 7 * DAY_MS}  # the same times that queries look at

# The columns of Features.x and Query.x in their order. Those that begin with 'left' change their
# sign when a track is mirrored.
FEATURES = (
    *(
        f"{name}_{lag}"
        for lag in Settings.lags
        for name in ("ahead", "left", "seconds", "ahead_share", "left_share")
    ),
    *("last_speed", "speed", "acceleration", *CLOCK, "number", "elapsed"),
    *("first", "stayed", "silent", "radius"),
    *(f"{name}_{place}" for place in ("centre", "night", "work") for name in ("ahead", "left")),
    *("fixes_night", "fixes_work", "ahead_yesterday", "left_yesterday", "known_yesterday"),
)
QUERY = (
    *("horizon", "horizon_share", "horizon_steps", "pace", "ahead_base", "left_base", *CLOCK),
    *(
        f"{name}_{place}"
        for place in ("centre", *BACK_MS)
        for name in ("ahead", "left", "ahead_share", "left_share", "known")
    ),
)
N_FEATURES = len(FEATURES)
N_QUERY = len(QUERY)


LATERAL_FEATURES = [number for number, name in enumerate(FEATURES) if name.startswith("left")]
LATERAL_QUERY = [number for number, name in enumerate(QUERY) if name.startswith("left")]


@dataclass(frozen=True)
class Features(Fixes):
    """Fixes and their features.

    x: (n, N_FEATURES) float32. velocity: (n, 2) m/s of the last step, in the frame. speed: (n,)
    m/s, root mean square over several lags. centroid: (n, 2) metres in the frame from the fix to
    the mean of its sequence so far.
    """

    x: Array
    velocity: Array
    speed: Array
    centroid: Array


@dataclass(frozen=True)
class Query:
    """Queries for the position dt seconds after some fixes.

    x: (m, N_QUERY) float32. base: (m, 2) metres in the frame of the fix, the position by fading
    velocity. scale: (m,) metres, the unit of the model's correction of the base.
    """

    x: Array
    base: Array
    scale: Array


def _squash(v: Array, unit: float) -> Array:
    """Signed-log scaling: linear under `unit` metres, logarithmic above, about one at 100 km."""
    return np.arcsinh(v / unit) / 8.0


def unsquashed(x: Array) -> Array:
    """Metres of the displacement columns."""
    return Settings.near_m * np.sinh(8.0 * x)


def featurize(
    sequence: Array,
    t: Array,
    lon: Array,
    lat: Array,
    only: Array | None = None,
) -> Features:
    """Features of fixes, computed in columns over all sequences at once.

    sequence: (n,) int, equal along one sequence, non-decreasing. t: (n,) epoch ms, increasing
    within a sequence. lon, lat: (n,) degrees. only: the rows to describe, all by default; x,
    velocity, speed and centroid of other rows stay zero.
    """
    f = fixes_of(sequence, t, lon, lat)
    row = np.arange(len(t)) if only is None else only
    way, dt = _look_back(f, row)

    some = list(Settings.speed_lags)
    speeds = length(way[some]) / dt[some]
    speed = np.sqrt(np.mean(np.square(speeds), axis=0))

    columns, centroid = _own_places(f, row)
    columns |= _lag_columns(way, dt, speed)

    columns |= _speed_columns(speeds[0], speed)
    columns |= _progress_columns(f, row, dt[0])
    columns |= _clock_columns(solar_hour(t[row], lon[row]))

    yesterday, known = _same_time(f, row, f.key[row] - DAY_MS)
    columns |= _toward("yesterday", yesterday, known)
    columns["known_yesterday"] = known

    parts = {"speed": speed, "centroid": centroid}
    parts["x"] = stacked(columns, FEATURES)
    parts["velocity"] = way[0] / dt[0, :, None]
    if only is not None:
        for name, values in parts.items():
            parts[name] = _spread(values, only, len(t))

    return Features(**vars(f), **parts)


def _spread(values: Array, rows: Array, n: int) -> Array:
    """(n, …) the values (m, …) at the rows (m,), zeros elsewhere."""
    result = np.zeros((n, *values.shape[1:]), values.dtype)
    result[rows] = values
    return result


def _look_back(f: Fixes, row: Array) -> tuple[Array, Array]:
    """Metres (lags, m, 2) and seconds to the fixes `row` from those some lags before."""
    back = np.array(Settings.lags)[:, None]
    earlier = np.maximum(row - back, f.first[row])
    way = into_frame(way_between(f, earlier, row), f.heading[row])
    return way, seconds_between(f, earlier, row)


def _lag_columns(way: Array, dt: Array, speed: Array) -> Columns:
    """Displacements and times of all lags."""
    reach = speed * dt + Settings.near_m
    squashed = _squash(way, Settings.near_m)
    share = way / reach[..., None]
    seconds = np.log1p(dt) / 8.0

    columns = {}
    for number, lag in enumerate(Settings.lags):
        columns[f"ahead_{lag}"] = squashed[number, :, 0]
        columns[f"left_{lag}"] = squashed[number, :, 1]

        columns[f"seconds_{lag}"] = seconds[number]
        columns[f"ahead_share_{lag}"] = share[number, :, 0]
        columns[f"left_share_{lag}"] = share[number, :, 1]

    return columns


def _speed_columns(last: Array, speed: Array) -> Columns:
    columns = {}
    columns["last_speed"] = np.log1p(last) / 2.0

    columns["speed"] = np.log1p(speed) / 2.0
    columns["acceleration"] = np.log((last + 0.3) / (speed + 0.3))
    return columns


def _progress_columns(f: Fixes, row: Array, dt: Array) -> Columns:
    """How far along its sequence a fix is, and how it was reached in the last dt (m,) seconds."""
    number = row - f.first[row]
    since = f.t[row] - f.t[f.first[row]]

    still = f.step_m[row] < Settings.still_m
    columns: Columns = {}

    columns["number"] = np.log1p(number) / 6.0
    columns["elapsed"] = np.log1p(since / 1000.0) / 12.0

    columns["first"] = number == 0
    columns["stayed"] = still & (dt >= Settings.still_s)
    columns["silent"] = dt > Settings.silent_s

    return columns


def _clock_columns(hours: Array) -> Columns:
    """CLOCK of hours since Monday."""
    day = hours * (2 * np.pi / 24)
    week = hours * (2 * np.pi / 168)

    columns: Columns = {}
    columns["day_sin"] = np.sin(day)
    columns["day_cos"] = np.cos(day)
    columns["half_day_sin"] = np.sin(2 * day)

    columns["half_day_cos"] = np.cos(2 * day)
    columns["week_sin"] = np.sin(week)
    columns["week_cos"] = np.cos(week)
    columns["weekend"] = hours >= 120.0

    return columns


def _own_places(f: Fixes, row: Array) -> tuple[Columns, Array]:
    """Columns of the ways to the means of a sequence so far, and the way (m, 2) to that of all."""
    from_first = way_between(f, f.first, slice(None))
    heading = f.heading[row]
    columns: Columns = {}
    means = {}

    ways = {}
    for place, chosen in _times_of_places(f).items():
        mean, count = running_mean(from_first, chosen, f.first)
        seen = count[row]

        means[place] = mean[row]
        ways[place] = into_frame(mean[row] - from_first[row], heading)
        columns[f"fixes_{place}"] = np.log1p(seen) / 6.0
        columns |= _toward(place, ways[place], seen > 0)

    every = np.ones(len(f.t), bool)
    square = running_mean(from_first**2, every, f.first)[0]

    variance = np.maximum(square[row] - means["centre"] ** 2, 0.0)
    radius = np.sqrt(variance.sum(axis=1))
    columns["radius"] = np.log1p(radius) / 10.0

    return columns, ways["centre"]


def _times_of_places(f: Fixes) -> Columns:
    """(n,) bool: at which times a fix counts for the mean of a place."""
    hours = solar_hour(f.t, f.lon)
    hour = hours % 24
    weekday = hours < 120

    return {
        "centre": np.ones(len(hours), bool),
        "night": (hour >= 22) | (hour < 7),
        "work": weekday & (hour >= 9) & (hour < 17),
    }


def _toward(place: str, way: Array, known: Array) -> Columns:
    """Columns of the way (m, 2) to a place, zero where it is not known."""
    squashed = _squash(way, Settings.place_m) * known[:, None]
    return {f"ahead_{place}": squashed[:, 0], f"left_{place}": squashed[:, 1]}


def at_key(key: Array, first: Array, last: Array, wanted: Array) -> tuple[Array, Array]:
    """Rows in [first, last] whose key is nearest to `wanted`, and whether within same_time_ms."""
    row = nearest_row(key, wanted, first, last)
    return row, np.abs(key[row] - wanted) <= Settings.same_time_ms


def _same_time(f: Fixes, row: Array, wanted: Array) -> tuple[Array, Array]:
    """Displacements (m, 2) from fixes to those of their sequences at keys, and which there are.

    Most sequences are shorter than a day, so only those that reach back far enough are searched.
    """
    way = np.zeros((len(row), 2))
    known = np.zeros(len(row), bool)
    begin = f.key[f.first[row]]
    at = np.flatnonzero(wanted >= begin - Settings.same_time_ms)

    if len(at):
        last = row[at]
        first = f.first[last]

        found, near = at_key(f.key, first, last, wanted[at])
        known[at] = near
        way[at] = into_frame(way_between(f, last, found), f.heading[last])

    return way, known


def ask(f: Features, row: Array, dt_s: Array) -> Query:
    """Queries for the positions `dt_s` (m,) seconds after the fixes `row` (m,)."""
    dt = np.maximum(np.asarray(dt_s, np.float64), 0.5)
    ms = (dt * 1000).astype(np.int64)

    fade = Settings.fade_s * -np.expm1(-dt / Settings.fade_s)
    base = f.velocity[row] * fade[:, None]

    scale = _scale(f, row, dt)
    columns = _horizon_columns(f, row, dt)

    columns["pace"] = np.log(scale / dt) / 2.0
    columns["ahead_base"] = base[:, 0] / scale
    columns["left_base"] = base[:, 1] / scale

    hours = solar_hour(f.t[row] + ms, f.lon[row])
    columns |= _clock_columns(hours)
    always = np.ones(len(row), bool)
    columns |= _target("centre", f.centroid[row], always, scale)

    for place, back_ms in BACK_MS.items():
        wanted = f.key[row] + ms - back_ms
        way, known = _same_time(f, row, wanted)
        columns |= _target(place, way, known, scale)

    return Query(stacked(columns, QUERY), base, scale)


def _scale(f: Features, row: Array, dt: Array) -> Array:
    """(m,) metres, the unit of the model's correction after dt (m,) seconds."""
    s = Settings
    covered = f.speed[row] * dt
    slowest = s.min_scale_m_s * dt
    return np.sqrt(s.min_scale_m**2 + covered**2 + slowest**2)


def _horizon_columns(f: Features, row: Array, dt: Array) -> Columns:
    """How far ahead dt (m,) seconds are, also beside the last step."""
    before = np.maximum(row - 1, f.first[row])
    steps = dt / seconds_between(f, before, row)
    columns = {"horizon": np.log(dt) / 4.0 - 1.0}
    columns["horizon_share"] = dt / (dt + Settings.fade_s)
    columns["horizon_steps"] = np.log(steps) / 4.0
    return columns


def _target(place: str, way: Array, known: Array, scale: Array) -> Columns:
    """Columns of a place where the track may go: the way (m, 2), also in units of scale (m,)."""
    columns = _toward(place, way, known)
    share = np.clip(way / scale[:, None], -4, 4)

    columns[f"ahead_share_{place}"] = share[:, 0] * known
    columns[f"left_share_{place}"] = share[:, 1] * known
    columns[f"known_{place}"] = known

    return columns


def displacement(f: Fixes, row: Array, lon: Array, lat: Array) -> Array:
    """Metres (m, 2) from the fixes `row` to (lon, lat), in the frames of the fixes."""
    way = offset_m(lon, lat, f.lon[row], f.lat[row])
    return into_frame(way, f.heading[row])


def destination(f: Any, row: Array, xy: Array) -> tuple[Array, ...]:
    """Degrees lon, lat at displacements `xy` (m, 2) in the frames of the fixes `row`, in metres.

    f: has lon, lat (n,) and heading (n, 2), as Fixes have.
    """
    ahead, left = xy.T
    cos, sin = f.heading[row].T
    east = ahead * cos - left * sin
    north = ahead * sin + left * cos
    return geodesy.destination(f.lon[row], f.lat[row], east, north)
