# SPDX-License-Identifier: GPL-2.0-or-later
"""Rides and walks of --movement-only as phones record them, for a head of transport mode (model/data/labelled.py).

Pieces of a minute and a half to an hour, at a cadence of 1 s to a minute, some of them in bursts.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
from pyarrow import parquet

from model.synthetic.city.layout import Sites
from model.synthetic.population.recording import Timeline, logger, record
from model.synthetic.sumo import SyntheticError
from raw_qgis_plugin.core.arrays import run_starts
from raw_qgis_plugin.core.geodesy import metres_per_degree
from raw_qgis_plugin.core.times import DAY_MS, HOUR_MS
from raw_qgis_plugin.core.tracks import Tracks, build_tracks

MODES = ("walk", "bike", "car", "bus", "tram", "rail")
SHORTEST_S, LONGEST_S, MIN_FIXES = 90, 3600, 10
MONDAY_MS = 1_700_438_400_000  # 2023-11-20


def pieces(folder: Path, each: int, seed: int) -> tuple[Tracks, np.ndarray, np.ndarray]:
    """Tracks, and the trip and mode of each, (n_tracks,). folder: of movement. each: pieces drawn a mode."""
    rng = np.random.default_rng(seed)
    trips: dict[str, list[tuple[int, int, int]]] = defaultdict(list)  # mode: file, rows
    files: list[list[np.ndarray]] = []
    for file in sorted(folder.glob("*.parquet")):
        if "mode" not in parquet.read_schema(file).names:  # a city's tracks
            continue
        table = parquet.read_table(file, columns=["mode", "track_id", "t", "lon", "lat"])
        mode, track = (table[name].combine_chunks() for name in ("mode", "track_id"))
        words, code = mode.dictionary.to_pylist(), mode.indices.to_numpy()
        begin = np.flatnonzero(run_starts(track.indices.to_numpy(), code))
        for a, b in pairwise([*begin, len(code)]):
            if words[code[a]] in MODES and b - a >= SHORTEST_S:
                trips[words[code[a]]].append((len(files), a, b))
        files.append([table[name].to_numpy() for name in ("t", "lon", "lat")])
    if not trips:
        raise SyntheticError(f"{folder} has no movement: write it with python -m model.synthetic --movement-only")
    found, labels = list[tuple[np.ndarray, ...]](), list[tuple[str, str]]()
    for mode in sorted(trips):
        for _ in range(each):
            number, a, b = trips[mode][int(rng.integers(len(trips[mode])))]
            t, lon, lat = _recorded(rng, *(column[a:b] for column in files[number]))
            if len(t) >= MIN_FIXES:
                found.append((np.full(len(t), len(labels)), t, lon, lat))
                labels.append((f"{number}-{a}", mode))
    track, t, lon, lat = (np.concatenate(columns) for columns in zip(*found, strict=True))
    trip, modes = np.array(labels, object).T
    tracks, _ = build_tracks(trip[track], track, t, lon, lat, drop_spikes=False)
    return tracks, trip[order := tracks.track_ids.astype(int)], modes[order]


def _recorded(rng: np.random.Generator, t: np.ndarray, lon: np.ndarray, lat: np.ndarray) -> tuple[np.ndarray, ...]:
    """A piece of one simulated trip as a device records it, faster or slower: epoch ms, degrees."""
    length = int(np.exp(rng.uniform(np.log(SHORTEST_S), np.log(LONGEST_S))))  # a fix a second
    begin = int(rng.integers(max(len(t) - length, 0) + 1))
    t, lon, lat = (column[begin : begin + length] for column in (t, lon, lat))
    seconds = (t - t[0]) / 1000 * rng.uniform(0.75, 1.35)
    kx, ky = metres_per_degree(lat[:1])
    x, y, whole = (lon - lon[0]) * kx, (lat - lat[0]) * ky, np.array([seconds[-1]])
    line = Timeline(seconds, x, y, np.zeros(len(t), bool), np.zeros(1), whole, np.zeros(2, int))
    on_s, off_s = (60, 120) if rng.random() < 0.3 else (36_000, 1)  # in bursts
    cadence_s = float(rng.choice((1, 2, 3, 5, 10, 15, 30, 60), p=(0.15, 0.2, 0.15, 0.2, 0.1, 0.1, 0.05, 0.05)))
    device = replace(logger(rng), moving_s=cadence_s, on_h=on_s / 3600, off_h=off_s / 3600)
    fixes = record(line, device, Sites(np.zeros(1), np.zeros(1), {}), seconds[-1] + 1, rng)
    start = MONDAY_MS + int(rng.integers(7)) * DAY_MS + int(rng.uniform(6, 22) * HOUR_MS - lon[0] / 15 * HOUR_MS)
    return start + 1000 * fixes.t.astype(np.int64), lon[0] + fixes.x / kx, lat[0] + fixes.y / ky
