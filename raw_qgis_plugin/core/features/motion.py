# SPDX-License-Identifier: GPL-2.0-or-later
"""Motion features of a track without coordinates: speeds, accelerations, turns, stops, length and hours.

Decision trees on such features are a strong baseline, above all for short trips. So the features stand in the
embedding beside the states of the network (core/embedding/embed.py), on scales that suit a linear head.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..arrays import group_quantile
from ..geodesy import metres_between, offset_m
from ..tracks import Tracks
from .featurizer import solar_hour


@dataclass(frozen=True)
class MotionSettings:
    """Quantiles that are features, and thresholds. Another value makes other embeddings."""

    speed: tuple[float, ...] = (0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 1.0)
    smooth_speed: tuple[float, ...] = (0.1, 0.5, 0.75, 0.9, 1.0)
    acceleration: tuple[float, ...] = (0.5, 0.9, 0.95)
    turn: tuple[float, ...] = (0.25, 0.5, 0.75, 0.9)
    stopped_m_s: float = 0.5
    smooth_ms: int = 30_000  # speed over this time is less noisy than from fix to fix
    silent_s: float = 60.0
    min_turn_m: float = 2.0  # shorter steps have no direction
    min_step_s: float = 0.5


SETTINGS = MotionSettings()
MOTION = (
    *(f"{name}_{q:g}" for name in ("speed", "smooth_speed", "acceleration", "turn") for q in getattr(SETTINGS, name)),
    "length", "duration", "fixes", "stopped", "stops_a_km", "mean_speed", "straightness", "interval", "silent",
    "hour_sin", "hour_cos",
)  # fmt: skip


def motion(tracks: Tracks) -> np.ndarray:
    """(n_tracks, len(MOTION)) float32: logarithms and shares of about one; 0 if a track is too short."""
    if not len(tracks):
        return np.zeros((tracks.n_tracks, len(MOTION)), np.float32)
    f = raw_motion(tracks)
    log = {name: np.log1p(values) for name, values in f.items()}
    columns = [
        *(log[f"speed_{q:g}"] / 2 for q in SETTINGS.speed),
        *(log[f"smooth_speed_{q:g}"] / 2 for q in SETTINGS.smooth_speed),
        *(log[f"acceleration_{q:g}"] for q in SETTINGS.acceleration),
        *(f[f"turn_{q:g}"] for q in SETTINGS.turn),
        np.log1p(f["length"] / 100) / 4, np.log1p(f["duration"] / 60) / 4, np.log1p(np.maximum(f["fixes"], 1)) / 6,
        f["stopped"], np.log1p(1000 * f["stops"] / (f["length"] + 100)), log["mean_speed"] / 2, f["straightness"],
        log["interval"] / 4, f["silent"], f["hour_sin"], f["hour_cos"],
    ]  # fmt: skip
    return np.nan_to_num(np.clip(np.stack(columns, axis=1), -8.0, 8.0)).astype(np.float32)


def raw_motion(tracks: Tracks) -> dict[str, np.ndarray]:
    """The features (n_tracks,) of MOTION by name, in metres, seconds and radians; stops are counted, not per km."""
    n = tracks.n_tracks
    step = tracks.steps()
    of = tracks.track[step]
    seconds = np.maximum((tracks.t[step + 1] - tracks.t[step]) / 1000.0, SETTINGS.min_step_s)
    way = offset_m(tracks.lon[step + 1], tracks.lat[step + 1], tracks.lon[step], tracks.lat[step])
    metres = np.hypot(way[:, 0], way[:, 1])
    speed = metres / seconds
    pair = np.flatnonzero((of[1:] == of[:-1]) & (step[1:] == step[:-1] + 1))
    acceleration = np.abs(speed[pair + 1] - speed[pair]) / seconds[pair + 1]
    heading = np.arctan2(way[:, 1], way[:, 0])
    turn = np.abs((heading[pair + 1] - heading[pair] + np.pi) % (2 * np.pi) - np.pi)
    real = np.minimum(metres[pair], metres[pair + 1]) > SETTINGS.min_turn_m
    samples = {
        "speed": (speed, of), "smooth_speed": _smooth_speed(tracks), "acceleration": (acceleration, of[pair]),
        "turn": (turn[real], of[pair][real]),
    }  # fmt: skip
    features = {
        f"{name}_{q:g}": group_quantile(values, group, n, q)
        for name, (values, group) in samples.items()
        for q in getattr(SETTINGS, name)
    }
    length, duration = np.bincount(of, metres, n), np.bincount(of, seconds, n)
    stopped = speed < SETTINGS.stopped_m_s
    first, last = tracks.track_offsets[:-1], np.maximum(tracks.track_offsets[1:] - 1, 0)
    first = np.minimum(first, len(tracks) - 1)
    angle, fixes = solar_hour(tracks.t, tracks.lon) * (2 * np.pi / 24), np.diff(tracks.track_offsets)
    beeline = metres_between(tracks.lon[first], tracks.lat[first], tracks.lon[last], tracks.lat[last])
    beeline[fixes == 0] = 0.0  # these fixes are of other tracks
    sin, cos = (np.bincount(tracks.track, f(angle), n) / np.maximum(fixes, 1) for f in (np.sin, np.cos))
    return features | {
        "length": length, "duration": duration, "fixes": fixes,
        "stopped": np.bincount(of, seconds * stopped, n) / np.maximum(duration, 1.0),
        "stops": np.bincount(of[pair + 1][stopped[pair + 1] & ~stopped[pair]], minlength=n),
        "mean_speed": length / np.maximum(duration, 1.0), "straightness": beeline / np.maximum(length, 1.0),
        "interval": group_quantile(seconds, of, n),
        "silent": np.bincount(of, metres * (seconds > SETTINGS.silent_s), n) / np.maximum(length, 1.0),
        "hour_sin": sin, "hour_cos": cos,
    }  # fmt: skip


def _smooth_speed(tracks: Tracks) -> tuple[np.ndarray, np.ndarray]:
    """Speeds (m/s) from each fix to the first one smooth_ms later (or the last of the track), and their tracks."""
    last = tracks.track_offsets[1:][tracks.track] - 1
    there = np.minimum(tracks.time_index.before(tracks.track, tracks.t + SETTINGS.smooth_ms), last)
    row = np.flatnonzero(there > np.arange(len(tracks)))
    there = there[row]
    metres = metres_between(tracks.lon[row], tracks.lat[row], tracks.lon[there], tracks.lat[there])
    seconds = np.maximum((tracks.t[there] - tracks.t[row]) / 1000.0, SETTINGS.min_step_s)
    return metres / seconds, tracks.track[row]
