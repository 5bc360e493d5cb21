# SPDX-License-Identifier: GPL-2.0-or-later
"""Diaries of a million fixes: printed, never asserted."""

import time
import tracemalloc

import numpy as np

from raw_qgis_plugin.core.cleaning import build_tracks
from raw_qgis_plugin.core.mobility.diary import find_diary
from raw_qgis_plugin.core.tracks import Tracks

from .test_bench import tell

USERS, DAYS, CADENCE_S = 70, 5, 30  # a million fixes
# hours, km east of home
DAY = [0, 8, 8.4, 12, 12.2, 12.8, 13, 17.8, 18.1, 24], [0, 0, 9, 9, 8.4, 8.4, 9, 9, 0, 0]


def commuters() -> Tracks:
    """People who drive to work and walk to lunch."""
    rng, hours = np.random.default_rng(0), np.arange(0, 24 * DAYS, CADENCE_S / 3600)
    km = np.interp((hours + rng.uniform(-1, 1, (USERS, 1))) % 24, *DAY) + rng.normal(
        0, 0.008, (USERS, len(hours))
    )
    t = np.broadcast_to(1_599_436_800_000 + np.rint(hours * 3_600_000).astype(np.int64), km.shape)
    lat = np.repeat(np.arange(USERS) / 100, len(hours)) + rng.normal(0, 8 / 111_000, km.size)
    return build_tracks(
        np.repeat(np.arange(USERS), len(hours)), None, t.ravel(), km.ravel() / 111.3, lat
    )[0]


def peak_mb(tracks: Tracks) -> float:
    tracemalloc.start()
    find_diary(tracks, None)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak / 1e6


def test_diary_of_a_million_fixes() -> None:
    tracks = commuters()
    began = time.process_time()
    find_diary(tracks, None)
    ours = time.process_time() - began
    half, whole = (peak_mb(some) for some in (tracks.take(tracks.user < USERS // 2), tracks))
    tell(f"stops and trips of {len(tracks):,} fixes", f"{ours:.2f} s of processor time")
    tell("peak memory beside them", f"{half:.0f} MB for half of the users, {whole:.0f} MB for all")
