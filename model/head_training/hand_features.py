# SPDX-License-Identifier: GPL-2.0-or-later
"""Hand-made features of tracks: what a head on the embedding has to beat."""

from __future__ import annotations

import numpy as np

from raw_qgis_plugin.core.arrays import group_quantile
from raw_qgis_plugin.core.features.featurizer import solar_hour
from raw_qgis_plugin.core.geodesy import offset_m
from raw_qgis_plugin.core.tracks import Tracks

STOPPED_MS = 0.5


def hand_features(tracks: Tracks) -> np.ndarray:
    """Speed, acceleration, turning, length, duration, hours and places of each track: (n_tracks, 31) float64, NaN
    where a track is too short to say.
    """
    n, track = tracks.n_tracks, tracks.track
    step = np.flatnonzero(track[1:] == track[:-1])
    of = track[step]
    seconds = np.maximum((tracks.t[step + 1] - tracks.t[step]) / 1000.0, 0.5)
    v = offset_m(tracks.lon[step + 1], tracks.lat[step + 1], tracks.lon[step], tracks.lat[step])
    metres = np.hypot(v[:, 0], v[:, 1])
    speed = metres / seconds
    pair = np.flatnonzero((of[1:] == of[:-1]) & (step[1:] == step[:-1] + 1))
    acceleration = np.abs(speed[pair + 1] - speed[pair]) / seconds[pair + 1]
    heading = np.arctan2(v[:, 1], v[:, 0])
    turn = np.abs((heading[pair + 1] - heading[pair] + np.pi) % (2 * np.pi) - np.pi)
    turn[np.minimum(metres[pair], metres[pair + 1]) < 2.0] = np.nan

    columns = [group_quantile(speed, of, n, q) for q in (0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 1.0)]
    columns += [group_quantile(acceleration, of[pair], n, q) for q in (0.5, 0.9, 0.95)]
    real = ~np.isnan(turn)
    columns += [group_quantile(turn[real], of[pair][real], n, q) for q in (0.25, 0.5, 0.75, 0.9)]
    length, duration = np.bincount(of, metres, n), np.bincount(of, seconds, n)
    stopped = np.bincount(of, seconds * (speed < STOPPED_MS), n) / np.maximum(duration, 1.0)
    first, last = tracks.track_offsets[:-1], tracks.track_offsets[1:] - 1
    some = last >= first
    beeline = np.full(n, np.nan)
    across = offset_m(*(a[i[some]] for i in (last, first) for a in (tracks.lon, tracks.lat)))
    beeline[some] = np.hypot(across[:, 0], across[:, 1])
    columns += [length, duration, stopped, length / np.maximum(duration, 1.0), beeline / np.maximum(length, 1.0)]
    columns += [group_quantile(seconds, of, n, 0.5), np.diff(tracks.track_offsets)]
    return np.column_stack([*columns, *_places(tracks)])


def _places(tracks: Tracks) -> list[np.ndarray]:
    """When and where: hours, spread, and how far working hours lie from nights."""
    n, track = tracks.n_tracks, tracks.track
    hours = solar_hour(tracks.t, tracks.lon)
    weekday, hour = hours < 120, hours % 24
    count = np.maximum(np.bincount(track, minlength=n), 1)
    first = tracks.track_offsets[:-1][track]
    xy = offset_m(tracks.lon, tracks.lat, tracks.lon[first], tracks.lat[first])

    def middle(chosen: np.ndarray) -> np.ndarray:
        return np.column_stack([group_quantile(xy[chosen, c], track[chosen], n, 0.5) for c in (0, 1)])

    everywhere = middle(np.ones(len(track), bool))
    spread = np.hypot(*(xy - everywhere[track]).T)
    night = middle((hour >= 22) | (hour < 7))
    work = middle(weekday & (hour >= 9) & (hour < 17))
    away = np.hypot(*(xy - night[track]).T) > 500.0
    working = weekday & (hour >= 9) & (hour < 17)
    span = (tracks.t[tracks.track_offsets[1:] - 1] - tracks.t[tracks.track_offsets[:-1]]) / 3_600_000
    shares = [np.bincount(track, chosen, n) / count for chosen in (working, ~weekday, hour < 7, working & away)]
    angle = hour * (2 * np.pi / 24)
    return [
        group_quantile(spread, track, n, 0.5),
        group_quantile(spread, track, n, 0.9),
        np.hypot(*(work - night).T),
        span,
        *shares,
        np.bincount(track, np.sin(angle), n) / count,
        np.bincount(track, np.cos(angle), n) / count,
    ]
