# SPDX-License-Identifier: GPL-2.0-or-later
"""Motion features of a track without coordinates: speeds, accelerations, turns, stops, length and
hours.

They stand in the embedding beside the states of the network, on scales that suit a linear head.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..arrays import Array, Columns, group_quantile, stacked
from ..geodesy import length, way_between
from ..tracks import Tracks
from .sequences import solar_hour


@dataclass(frozen=True)
class Settings:
    """Quantiles that are features, and thresholds.

    Heads are trained with these values. Others make other embeddings.
    """

    speed: tuple[float, ...] = (0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 1.0)
    smooth_speed: tuple[float, ...] = (0.1, 0.5, 0.75, 0.9, 1.0)
    acceleration: tuple[float, ...] = (0.5, 0.9, 0.95)
    turn: tuple[float, ...] = (0.25, 0.5, 0.75, 0.9)
    stopped_m_s: float = 0.5  # m/s, a slower step is a stop: noise of GPS moves so fast
    smooth_ms: int = 30_000  # ms, speed over this time is less noisy than from fix to fix
    silent_s: float = 60.0  # s, a longer step is a silence
    min_turn_m: float = 2.0  # m, shorter steps have no direction
    min_step_s: float = 0.5  # s, no step counts as shorter, so that none is too fast


MOTION = (
    *(
        f"{name}_{q:g}"
        for name in ("speed", "smooth_speed", "acceleration", "turn")
        for q in getattr(Settings, name)
    ),
    "length",
    "duration",
    "fixes",
    "stopped",
    "stops_a_km",
    "mean_speed",
    "straightness",
    "interval",
    "silent",
    "hour_sin",
    "hour_cos",
)


@dataclass(frozen=True)
class Steps:
    """Steps from a fix to the next of its track, in columns.

    n: tracks. row: (k,) of the first fix. of: (k,) the track. seconds, metres, speed (m/s),
    direction (radians): (k,). pair: (j,) steps that another one follows at once.
    """

    n: int
    row: Array
    of: Array
    seconds: Array
    metres: Array
    speed: Array
    direction: Array
    pair: Array

    def total(self, values: Array) -> Array:
        """(n,) sums of values (k,) over the steps of each track."""
        return np.bincount(self.of, values, self.n)


def motion(tracks: Tracks) -> Array:
    """(n_tracks, len(MOTION)) float32: logarithms and shares of about one; 0 if too short."""
    if not len(tracks):
        return np.zeros((tracks.n_tracks, len(MOTION)), np.float32)
    steps = _steps(tracks)
    columns = _quantiles(tracks, steps) | _totals(steps) | _whole(tracks, steps)
    return np.nan_to_num(stacked(columns, MOTION))


def _steps(tracks: Tracks) -> Steps:
    row = tracks.steps()
    of = tracks.track[row]
    seconds = _seconds(tracks, row, row + 1)

    way = way_between(tracks, row, row + 1)
    metres = length(way)
    pair = np.flatnonzero(row[1:] == row[:-1] + 1)  # so they are of one track

    east, north = way.T
    direction = np.arctan2(north, east)

    return Steps(tracks.n_tracks, row, of, seconds, metres, metres / seconds, direction, pair)


def _seconds(tracks: Tracks, row: Array, later: Array) -> Array:
    return np.maximum(tracks.seconds(row, later), Settings.min_step_s)


def _quantiles(tracks: Tracks, steps: Steps) -> Columns:
    """Quantiles of speeds, accelerations and turns."""
    after = steps.pair + 1
    change = np.abs(steps.speed[after] - steps.speed[steps.pair])

    of_pair = steps.of[steps.pair]
    smooth, smooth_of = _smooth_speed(tracks)

    turn, turn_of = _turns(steps)
    samples = {}

    samples["speed"] = (np.log1p(steps.speed) / 2, steps.of)
    samples["smooth_speed"] = (np.log1p(smooth) / 2, smooth_of)

    samples["acceleration"] = (np.log1p(change / steps.seconds[after]), of_pair)
    samples["turn"] = (turn, turn_of)

    columns = {}
    for name, (values, of) in samples.items():
        for q in getattr(Settings, name):
            columns[f"{name}_{q:g}"] = group_quantile(values, of, steps.n, q)

    return columns


def _turns(steps: Steps) -> tuple[Array, Array]:
    """(k,) radians between steps that are long enough to have a direction, and their tracks."""
    after = steps.pair + 1
    turned = steps.direction[after] - steps.direction[steps.pair]

    turned = (turned + np.pi) % (2 * np.pi)
    turn = np.abs(turned - np.pi)

    shorter = np.minimum(steps.metres[steps.pair], steps.metres[after])
    real = shorter > Settings.min_turn_m

    return turn[real], steps.of[steps.pair[real]]


def _smooth_speed(tracks: Tracks) -> tuple[Array, Array]:
    """(k,) m/s from fixes to the first one smooth_ms later, or the last, and their tracks (k,)."""
    later = tracks.before(tracks.track, tracks.t + Settings.smooth_ms)
    later = np.minimum(later, tracks.last_row)

    row = np.flatnonzero(later > np.arange(len(tracks)))
    later = later[row]

    metres = length(way_between(tracks, row, later))

    return metres / _seconds(tracks, row, later), tracks.track[row]


def _totals(steps: Steps) -> Columns:
    """Sums over the steps of a track, and shares of them."""
    metres = steps.total(steps.metres)
    seconds = steps.total(steps.seconds)

    metre = np.maximum(metres, 1.0)
    second = np.maximum(seconds, 1.0)

    stopped = steps.speed < Settings.stopped_m_s
    stops = _stops(steps, stopped)

    silent = steps.seconds > Settings.silent_s
    interval = group_quantile(steps.seconds, steps.of, steps.n)

    columns = {}
    columns["length"] = np.log1p(metres / 100) / 4

    columns["duration"] = np.log1p(seconds / 60) / 4
    columns["stopped"] = steps.total(steps.seconds * stopped) / second

    columns["stops_a_km"] = np.log1p(1000 * stops / (metres + 100))
    columns["mean_speed"] = np.log1p(metres / second) / 2

    columns["interval"] = np.log1p(interval) / 4
    columns["silent"] = steps.total(steps.metres * silent) / metre

    return columns


def _stops(steps: Steps, stopped: Array) -> Array:
    """(n,) how often a track stops."""
    after = steps.pair + 1
    stops = after[stopped[after] & ~stopped[steps.pair]]
    return np.bincount(steps.of[stops], minlength=steps.n)


def _whole(tracks: Tracks, steps: Steps) -> Columns:
    """How many fixes a track has, how straight it is, and at what hours."""
    fixes = np.diff(tracks.track_offsets)
    count = np.maximum(fixes, 1)

    first = np.minimum(tracks.track_offsets[:-1], len(tracks) - 1)
    last = np.maximum(tracks.track_offsets[1:] - 1, 0)

    beeline = length(way_between(tracks, first, last))
    beeline[fixes == 0] = 0.0  # these fixes are of other tracks
    metres = steps.total(steps.metres)

    angle = solar_hour(tracks.t, tracks.lon) * (2 * np.pi / 24)
    sin = np.bincount(tracks.track, np.sin(angle), steps.n)
    cos = np.bincount(tracks.track, np.cos(angle), steps.n)

    columns = {}
    columns["fixes"] = np.log1p(count) / 6

    columns["straightness"] = beeline / np.maximum(metres, 1.0)
    columns["hour_sin"] = sin / count
    columns["hour_cos"] = cos / count

    return columns
