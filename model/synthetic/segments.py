# SPDX-License-Identifier: GPL-2.0-or-later
"""Rides and walks as phones record them, and their mode: python -m model.synthetic.segments --movement DIR --output OUT

The movement of --movement-only, cut into pieces of a minute and a half to an hour, as devices with a cadence of 1 s to
a minute record them, some of them in bursts. Written are tracks.parquet and labels.csv (user_id, track_id, mode), from
which a head of transport mode learns. All pieces of one simulated trip belong to one user.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa
from pyarrow import parquet

from model.cli import Parser, from_zero, positive, run
from model.synthetic.city.layout import Sites
from model.synthetic.generate import write_csv
from model.synthetic.population.recording import Timeline, logger, record
from model.synthetic.sumo import SyntheticError, say
from raw_qgis_plugin.core.arrays import run_starts
from raw_qgis_plugin.core.geodesy import metres_per_degree
from raw_qgis_plugin.core.times import DAY_MS, HOUR_MS

MODES = ("walk", "bike", "car", "bus", "tram", "rail")
SHORTEST_S, LONGEST_S, MIN_FIXES = 90, 3600, 10
MONDAY_MS = 1_700_438_400_000  # 2023-11-20


def pieces(folder: Path, each: int, seed: int) -> tuple[pa.Table, list[tuple[str, str, str]]]:
    """Tracks, and the user, track and mode of each. each: pieces drawn a mode. SyntheticError without movement."""
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
    found, labels = list[tuple[np.ndarray, ...]](), list[tuple[str, str, str]]()
    for mode in sorted(trips):
        for n in range(each):
            number, a, b = trips[mode][int(rng.integers(len(trips[mode])))]
            t, lon, lat = _recorded(rng, *(column[a:b] for column in files[number]))
            if len(t) >= MIN_FIXES:
                found.append((np.full(len(t), len(labels)), t, lon, lat))
                labels.append((f"{number}-{a}", f"{mode}-{n}", mode))
    at, t, lon, lat = (np.concatenate(columns) for columns in zip(*found, strict=True))
    user, track = (np.array([row[k] for row in labels], object)[at] for k in (0, 1))
    times = pa.array(t, pa.timestamp("ms", tz="UTC"))
    return pa.table({"user_id": user, "track_id": track, "t": times, "lon": lon, "lat": lat}), labels


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


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command."""
    p = Parser("python -m model.synthetic.segments", description=__doc__, allow_abbrev=False)
    p.add_argument("--movement", type=Path, required=True, metavar="DIR", help="of --movement-only: its *.parquet")
    p.add_argument("--per-mode", type=positive, default=1000, metavar="N", help="pieces a mode (default %(default)s)")
    p.add_argument("--seed", type=from_zero, default=1, metavar="S", help="same seed, same tables (default 1)")
    p.add_argument("--output", type=Path, required=True, metavar="OUT", help="folder to write to")
    args = p.parse_args(argv)
    if (args.output / "tracks.parquet").exists() and not (args.output / "labels.csv").exists():
        raise SyntheticError(f"{args.output} holds other tracks; choose another --output.")
    table, labels = pieces(args.movement, args.per_mode, args.seed)
    args.output.mkdir(parents=True, exist_ok=True)
    parquet.write_table(table, args.output / "tracks.parquet")
    write_csv(args.output / "labels.csv", ["user_id", "track_id", "mode"], labels)
    say(f"{len(labels):,} pieces and {table.num_rows:,} fixes in {args.output}")


if __name__ == "__main__":
    sys.exit(run(main))
