# SPDX-License-Identifier: GPL-2.0-or-later
"""Motion features of a track without coordinates: speeds, accelerations, turns, stops, length and
hours.

They stand in the embedding beside the states of the network, on scales that suit a linear head.
"""

from __future__ import annotations

import numpy as np

from ..arrays import group_quantile
from ..geodesy import metres_between, offset_m
from ..tracks import Tracks
from .featurizer import solar_hour


class Settings:
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


def motion(tracks: Tracks) -> np.ndarray:
    """(n_tracks, len(MOTION)) float32: logarithms and shares of about one; 0 if a track is too
    short.
    """
    if not len(tracks):
        return np.zeros((tracks.n_tracks, len(MOTION)), np.float32)
    n, step = tracks.n_tracks, tracks.steps()
    of = tracks.track[step]
    seconds = np.maximum((tracks.t[step + 1] - tracks.t[step]) / 1000.0, Settings.min_step_s)
    way = offset_m(tracks.lon[step + 1], tracks.lat[step + 1], tracks.lon[step], tracks.lat[step])
    metres = np.hypot(way[:, 0], way[:, 1])
    speed = metres / seconds
    pair = np.flatnonzero((of[1:] == of[:-1]) & (step[1:] == step[:-1] + 1))
    acceleration = np.abs(speed[pair + 1] - speed[pair]) / seconds[pair + 1]
    heading = np.arctan2(way[:, 1], way[:, 0])
    turn = np.abs((heading[pair + 1] - heading[pair] + np.pi) % (2 * np.pi) - np.pi)
    real = np.minimum(metres[pair], metres[pair + 1]) > Settings.min_turn_m
    # Smooth speeds are those from each fix to the first one smooth_ms later, or the last of the
    # track
    later = tracks.before(tracks.track, tracks.t + Settings.smooth_ms)
    later = np.minimum(later, tracks.track_offsets[1:][tracks.track] - 1)
    row = np.flatnonzero(later > np.arange(len(tracks)))
    there, smooth_of = later[row], tracks.track[row]
    smooth = metres_between(tracks.lon[row], tracks.lat[row], tracks.lon[there], tracks.lat[there])
    smooth /= np.maximum((tracks.t[there] - tracks.t[row]) / 1000.0, Settings.min_step_s)
    samples = {
        "speed": (np.log1p(speed) / 2, of),
        "smooth_speed": (np.log1p(smooth) / 2, smooth_of),
        "acceleration": (np.log1p(acceleration), of[pair]),
        "turn": (turn[real], of[pair][real]),
    }
    columns = [
        group_quantile(*sample, n, q)
        for name, sample in samples.items()
        for q in getattr(Settings, name)
    ]
    length, duration = np.bincount(of, metres, n), np.bincount(of, seconds, n)
    stopped = speed < Settings.stopped_m_s
    stops = np.bincount(of[pair + 1][stopped[pair + 1] & ~stopped[pair]], minlength=n)
    first, last = tracks.track_offsets[:-1], np.maximum(tracks.track_offsets[1:] - 1, 0)
    first = np.minimum(first, len(tracks) - 1)
    angle, fixes = (
        solar_hour(tracks.t, tracks.lon) * (2 * np.pi / 24),
        np.diff(tracks.track_offsets),
    )
    beeline = metres_between(
        tracks.lon[first], tracks.lat[first], tracks.lon[last], tracks.lat[last]
    )
    beeline[fixes == 0] = 0.0  # these fixes are of other tracks
    metre, second = np.maximum(length, 1.0), np.maximum(duration, 1.0)
    columns += [
        np.log1p(length / 100) / 4,
        np.log1p(duration / 60) / 4,
        np.log1p(np.maximum(fixes, 1)) / 6,
        np.bincount(of, seconds * stopped, n) / second,
        np.log1p(1000 * stops / (length + 100)),
        np.log1p(length / second) / 2,
        beeline / metre,
        np.log1p(group_quantile(seconds, of, n)) / 4,
        np.bincount(of, metres * (seconds > Settings.silent_s), n) / metre,
        *(np.bincount(tracks.track, f(angle), n) / np.maximum(fixes, 1) for f in (np.sin, np.cos)),
    ]
    return np.nan_to_num(np.clip(np.stack(columns, axis=1), -8.0, 8.0)).astype(np.float32)
