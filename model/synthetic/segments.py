# SPDX-License-Identifier: GPL-2.0-or-later
"""Rides and walks as phones record them, and their mode: python -m model.synthetic.segments --movement DIR --output OUT

The movement of --movement-only, cut into pieces of a minute and a half to an hour, slower or faster and larger or
smaller than simulated, with recording errors, at a cadence of 1 to 60 s, some of them recorded in bursts. Written are
tracks.parquet and labels.csv (user_id, track_id, mode), from which a head of transport mode learns beside the legs of a
city. All pieces of one simulated trip belong to one user.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
from pyarrow import parquet

from model.cli import Parser, from_zero, positive, run
from model.data.batches import noise, pace
from model.synthetic.generate import write_csv
from model.synthetic.sumo import SyntheticError, say
from raw_qgis_plugin.core.geodesy import metres_per_degree
from raw_qgis_plugin.core.times import DAY_MS, HOUR_MS

# mode: how many times larger than simulated at most, and the speed in m/s that no piece exceeds thereby
MODES = {
    "walk": (1.2, 3.0), "bike": (1.3, 11.0), "car": (1.6, 40.0), "bus": (1.3, 28.0), "tram": (1.3, 20.0),
    "rail": (3.0, 70.0),
}  # fmt: skip


@dataclass(frozen=True)
class PieceSettings:
    """How pieces differ from the movement that they are cut from."""

    smallest: float = 0.8  # times as large as simulated
    shortest_s: float = 90.0
    longest_s: float = 3600.0
    min_fixes: int = 10


SETTINGS = PieceSettings()


def pieces(folder: Path, each: int, seed: int) -> tuple[pa.Table, list[tuple[str, str, str]]]:
    """Tracks, and the user, track and mode of each. each: pieces drawn a mode. SyntheticError without movement."""
    rng = np.random.default_rng(seed)
    trips: dict[str, dict[int, list[tuple[int, int]]]] = {mode: {} for mode in MODES}  # mode -> file -> rows
    files, wanted = [], ["mode", "track_id", "t", "lon", "lat"]
    movement = (file for file in sorted(folder.glob("*.parquet")) if {*wanted} <= {*parquet.read_schema(file).names})
    for number, file in enumerate(movement):  # not a city's tracks
        table = parquet.read_table(file, columns=wanted)
        mode, track = (table[name].combine_chunks() for name in ("mode", "track_id"))
        words, code, trip = mode.dictionary.to_pylist(), mode.indices.to_numpy(), track.indices.to_numpy()
        begin = np.flatnonzero(np.append(True, (np.diff(trip) != 0) | (np.diff(code) != 0)))
        for a, b in zip(begin, np.append(begin[1:], len(trip)), strict=True):
            if words[code[a]] in MODES and b - a >= SETTINGS.shortest_s:
                trips[words[code[a]]].setdefault(number, []).append((a, b))
        files.append(tuple(table[name].to_numpy() for name in ("t", "lon", "lat")))
    if not any(trips.values()):
        raise SyntheticError(f"{folder} has no movement: write it with python -m model.synthetic --movement-only")
    found: list[tuple[np.ndarray, ...]] = []
    labels: list[tuple[str, str, str]] = []
    for mode, by_file in trips.items():
        for n in range(each if by_file else 0):
            number = int(rng.choice(list(by_file)))
            a, b = by_file[number][int(rng.integers(len(by_file[number])))]
            t, lon, lat = _recorded(rng, mode, *(column[a:b] for column in files[number]))
            if len(t) >= SETTINGS.min_fixes:
                found.append((np.full(len(t), len(labels)), t, lon, lat))
                labels.append((f"{number}-{a}", f"{mode}-{n}", mode))
    at, t, lon, lat = (np.concatenate(columns) for columns in zip(*found, strict=True))
    user, track = (np.array([row[k] for row in labels], object)[at] for k in (0, 1))
    times = pa.array(t, pa.timestamp("ms", tz="UTC"))
    return pa.table({"user_id": user, "track_id": track, "t": times, "lon": lon, "lat": lat}), labels


def _recorded(
    rng: np.random.Generator, mode: str, t: np.ndarray, lon: np.ndarray, lat: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A piece of one simulated trip as it might have been recorded: epoch ms, degrees."""
    stretch = rng.uniform(0.75, 1.35) * (pace(rng, t[None])[0] if rng.random() < 0.3 else np.ones(len(t)))
    t = np.cumsum(np.diff(t, prepend=t[0]) * stretch)
    length = 1000 * np.exp(rng.uniform(np.log(SETTINGS.shortest_s), np.log(SETTINGS.longest_s)))
    begin = rng.uniform(0, max(t[-1] - length, 0))
    inside = (t >= begin) & (t <= begin + length)
    t, lon, lat = t[inside], lon[inside], lat[inside]
    if len(t) < SETTINGS.min_fixes:
        return t, lon, lat
    kx, ky = metres_per_degree(lat[:1])
    x, y = (lon - lon[0]) * kx, (lat - lat[0]) * ky
    largest, fastest = MODES[mode]
    speed = np.hypot(np.diff(x), np.diff(y)) / np.maximum(np.diff(t) / 1000.0, 0.5)
    factor = min(np.exp(rng.uniform(np.log(SETTINGS.smallest), np.log(largest))), fastest / max(speed.max(), 1.0))
    cadence_ms = 1000 * rng.choice((1, 2, 3, 5, 10, 15, 30, 60), p=(0.15, 0.2, 0.15, 0.2, 0.1, 0.1, 0.05, 0.05))
    at = np.flatnonzero(np.append(True, np.diff(t // cadence_ms) != 0))
    at = at[_kept(rng, t[at])]
    t = np.rint(t[at]).astype(np.int64)
    error = noise(rng, t[None])[0] if len(t) else np.zeros((0, 2))
    monday_ms = int(np.datetime64("2023-11-20", "ms").astype(np.int64))
    start = monday_ms + int(rng.integers(7)) * DAY_MS + int(rng.uniform(6, 22) * HOUR_MS - lon[0] / 15 * HOUR_MS)
    return start + t - t[:1], lon[0] + (factor * x[at] + error[:, 0]) / kx, lat[0] + (factor * y[at] + error[:, 1]) / ky


def _kept(rng: np.random.Generator, t: np.ndarray) -> np.ndarray:
    """Which fixes at times t ms are recorded, (n,) bool: in bursts, or all but a share lost at random, or all."""
    seconds = (t - t[0]) / 1000.0
    if rng.random() < 0.3:
        burst_s, silence_s = 60.0, 120.0  # means
        spells = rng.exponential(np.tile([burst_s, silence_s], int(seconds[-1] / burst_s) + 8))
        since = rng.uniform(0, burst_s + silence_s)
        return np.searchsorted(np.cumsum(spells), since + seconds) % 2 == 0
    return rng.random(len(t)) >= (rng.uniform(0, 0.4) if rng.random() < 0.3 else 0.0)


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command."""
    p = Parser("python -m model.synthetic.segments", description=__doc__, allow_abbrev=False)
    p.add_argument("--movement", type=Path, required=True, metavar="DIR", help="of --movement-only: its *.parquet")
    p.add_argument(
        "--per-mode", type=positive, default=1000, metavar="N", help="pieces drawn a mode (default %(default)s)"
    )
    p.add_argument(
        "--seed", type=from_zero, default=1, metavar="S", help="same seed, same tables (default %(default)s)"
    )
    p.add_argument("--output", type=Path, required=True, metavar="OUT", help="folder to write to")
    args: argparse.Namespace = p.parse_args(argv)
    if (args.output / "tracks.parquet").exists() and not (args.output / "labels.csv").exists():
        raise SyntheticError(f"{args.output} holds other tracks; choose another --output.")
    table, labels = pieces(args.movement, args.per_mode, args.seed)
    args.output.mkdir(parents=True, exist_ok=True)
    parquet.write_table(table, args.output / "tracks.parquet")
    write_csv(args.output / "labels.csv", ["user_id", "track_id", "mode"], labels)
    say(f"{len(labels):,} pieces and {table.num_rows:,} fixes in {args.output}")


if __name__ == "__main__":
    sys.exit(run(main))
