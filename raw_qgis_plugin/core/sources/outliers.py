# SPDX-License-Identifier: GPL-2.0-or-later
"""Fixes that are skipped: where they are, and those that make the map of an imported layer show half the world."""

from __future__ import annotations

import numpy as np

from ..geodesy import metres_between
from ..tracks import Skipped, Tracks


def without_outliers(tracks: Tracks, skipped: Skipped, max_speed_m_s: float = 100.0) -> Tracks:
    """Tracks without positions at 0, 0, and without first and last fixes that only a jump reaches; both are counted.

    `spikes` finds jumps away and back, from the fixes before alone, as forecasts need it.
    """
    nowhere = (tracks.lon == 0) & (tracks.lat == 0)
    skipped.add("position 0, 0, which devices write without a signal", np.count_nonzero(nowhere))
    tracks = tracks.take(~nowhere) if nowhere.any() else tracks
    start, stop = tracks.track_offsets[:-1], tracks.track_offsets[1:]
    start, last = start[stop - start > 2], stop[stop - start > 2] - 1
    jump = np.zeros(len(tracks), bool)
    for end, step, next_step in ((start, start, start + 1), (last, last - 1, last - 2)):
        fast, next_fast = (_speeds_m_s(tracks, at) > max_speed_m_s for at in (step, next_step))
        jump[end[fast & ~next_fast]] = True
    skipped.add("impossible jump", np.count_nonzero(jump))
    return tracks.take(~jump) if jump.any() else tracks


def _speeds_m_s(tracks: Tracks, at: np.ndarray) -> np.ndarray:
    """The speeds from the fixes `at` to the next ones."""
    lon, lat, t = tracks.lon, tracks.lat, tracks.t
    return metres_between(lon[at], lat[at], lon[at + 1], lat[at + 1]) * 1000 / (t[at + 1] - t[at])
