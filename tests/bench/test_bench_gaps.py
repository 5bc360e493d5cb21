# SPDX-License-Identifier: GPL-2.0-or-later
"""Filled gaps of a million fixes, and encounters: time, and memory that goes by the layer and not by its gaps."""

import time
import tracemalloc

import numpy as np

from raw_qgis_plugin.core.encounters.encounters import find_encounters
from raw_qgis_plugin.core.gaps.fill import Filler, Questions
from raw_qgis_plugin.core.specs import EncounterSpec
from raw_qgis_plugin.core.tracks import Tracks, build_tracks

VEHICLES, FIXES, CADENCE_S, GAPS = 1000, 2000, 30, 100  # half of the fixes lie in gaps
BLOCK_M, BLOCKS = 250.0, 60
MOST_MB = 400.0


def vehicles() -> Tracks:
    """Vehicles that drive through a grid of streets for a day, a block in a fix, with gaps of five minutes."""
    rng = np.random.default_rng(0)
    heading = np.cumsum(rng.choice([0, 0, 0, 1, 3], (VEHICLES, FIXES)), axis=1) % 4
    step = np.array([[1, 0], [0, 1], [-1, 0], [0, -1]])[heading]
    place = np.abs((np.cumsum(step, axis=1) + rng.integers(0, BLOCKS, (VEHICLES, 1, 2))) % (2 * BLOCKS) - BLOCKS)
    metres = BLOCK_M * place + rng.normal(0, 4, place.shape)
    shown = np.ones((VEHICLES, FIXES), bool)
    for begin in range(5, FIXES - 20, FIXES // GAPS):
        shown[:, begin : begin + 10] = False
    t = np.broadcast_to(1_599_436_800_000 + 1000 * CADENCE_S * np.arange(FIXES), shown.shape)
    user = np.broadcast_to(np.arange(VEHICLES)[:, None], shown.shape)
    lon, lat = 10 + metres[..., 0] / 71_700, 50 + metres[..., 1] / 111_230
    return build_tracks(user[shown], None, t[shown], lon[shown], lat[shown])[0]


def peak_mb(filler: Filler, questions: Questions) -> float:
    tracemalloc.start()
    for _ in filler.fill(questions):
        pass
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak / 1e6


def test_a_hundred_thousand_gaps_of_a_million_fixes() -> None:
    tracks = vehicles()
    filler, questions = Filler(tracks), Questions.every(tracks, 60.0, 3600.0)
    few = np.searchsorted(questions.before, np.unique(questions.before)[5000])
    some = Questions(questions.before[:few], questions.t[:few], 0)
    peaks = peak_mb(filler, some), peak_mb(filler, questions)
    begin = time.process_time()
    for _ in filler.fill(some):
        pass
    each_ms = 1000 * (time.process_time() - begin) / len(some.t)
    n_gaps = len(np.unique(questions.before))
    print(
        f"\n    {len(questions.t):,} positions in {n_gaps:,} gaps of {len(tracks):,} fixes: {each_ms:.2f} ms each",
        end="",
    )
    print(f"; peak memory beside tracks and index {peaks[0]:.0f} MB for 5,000 gaps, {peaks[1]:.0f} MB for all", end="")
    assert n_gaps > 95_000 and len(tracks) > 900_000
    assert peaks[1] < min(1.3 * peaks[0], MOST_MB)


def test_encounters_of_a_fleet_with_half_of_its_time_in_gaps() -> None:
    tracks = vehicles()
    tracks = tracks.take(tracks.user < VEHICLES // 5)
    begin = time.process_time()
    found = find_encounters(tracks, EncounterSpec())
    seconds = time.process_time() - begin
    simple = time.process_time()
    find_encounters(tracks, EncounterSpec(), infer=False)
    simple = time.process_time() - simple
    print(f"\n    {len(found.one):,} encounters in {len(tracks):,} fixes: {seconds:.0f} s of one core", end="")
    print(f"; without inference {simple:.0f} s", end="")
