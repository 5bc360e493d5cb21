# SPDX-License-Identifier: GPL-2.0-or-later
"""Hand-made features of tracks: the baseline that a head has to beat."""

from __future__ import annotations

import numpy as np

from raw_qgis_plugin.core.arrays import group_quantile
from raw_qgis_plugin.core.features.featurizer import solar_hour
from raw_qgis_plugin.core.features.motion import raw_motion
from raw_qgis_plugin.core.geodesy import offset_m
from raw_qgis_plugin.core.times import HOUR_MS
from raw_qgis_plugin.core.tracks import Tracks


def hand_features(tracks: Tracks) -> np.ndarray:
    """Speeds, accelerations, turns, length, duration, hours and places of each track: (n_tracks, 31) float64, NaN where
    a track is too short.
    """
    n, track = tracks.n_tracks, tracks.track
    motion = raw_motion(tracks)
    quantiles = [v for name, v in motion.items() if name.startswith(("speed", "acceleration", "turn"))]
    straightness = np.where(motion["fixes"] > 0, motion["straightness"], np.nan)
    moves = [motion[name] for name in ("length", "duration", "stopped", "mean_speed")]

    hours = solar_hour(tracks.t, tracks.lon)  # of the week
    weekday, hour = hours < 120, hours % 24
    working, night = weekday & (hour >= 9) & (hour < 17), (hour >= 22) | (hour < 7)
    first = tracks.track_offsets[:-1][track]
    xy = offset_m(tracks.lon, tracks.lat, tracks.lon[first], tracks.lat[first])

    def median(chosen: np.ndarray) -> np.ndarray:
        return np.column_stack([group_quantile(xy[chosen, c], track[chosen], n) for c in (0, 1)])

    spread = np.hypot(*(xy - median(np.ones(len(track), bool))[track]).T)
    home, work = median(night), median(working)
    away = working & (np.hypot(*(xy - home[track]).T) > 500.0)
    count = np.maximum(np.bincount(track, minlength=n), 1)
    span = (tracks.t[tracks.track_offsets[1:] - 1] - tracks.t[tracks.track_offsets[:-1]]) / HOUR_MS
    return np.column_stack([
        *quantiles, *moves, straightness, motion["interval"], motion["fixes"],
        group_quantile(spread, track, n), group_quantile(spread, track, n, 0.9), np.hypot(*(work - home).T), span,
        *(np.bincount(track, chosen, n) / count for chosen in (working, ~weekday, hour < 7, away)),
        motion["hour_sin"], motion["hour_cos"],
    ])  # fmt: skip
