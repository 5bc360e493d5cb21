# SPDX-License-Identifier: GPL-2.0-or-later
"""A corpus of movement alone: many street plans, levels of congestion and kinds of traveller, every second of it."""

from __future__ import annotations

import shutil
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import numpy as np

from model.synthetic.city.movement import draw_trips, pace_walkers, simulate
from model.synthetic.city.rail import run_trains
from model.synthetic.city.streets import ANCHORS, Place, make_streets, osm_streets
from model.synthetic.sumo import Moves, SyntheticError, say

SHARE = {"car": 0.45, "bus": 0.15, "bike": 0.12, "walk": 0.15}  # of the fixes; the rest is rail and ferries
RAIL_SHARE = 0.13
# Of a day's trips starting in each hour (any plausible day: a night's low, two peaks).
HOURS = np.array([4, 2, 1, 1, 2, 8, 25, 55, 60, 40, 38, 42, 46, 45, 46, 52, 62, 70, 60, 45, 32, 24, 16, 9], dtype=float)
YEAR_START_MS = 1_672_531_200_000  # 2023-01-01T00:00Z, a Sunday
PLANS = (
    ("random", 9000), ("grid", 11000), ("random", 6500), ("spider", 10000), ("random", 12000), ("grid", 7000),
    ("motorway", 60000), ("random", 8000), ("spider", 14000), ("random", 5000), ("grid", 15000), ("motorway", 90000),
)  # fmt: skip
WINDOWS = (7200, 3600, 2000)  # seconds over which a run's trips depart: the shorter, the more congested


@dataclass(frozen=True)
class Run:
    """One simulation of the corpus."""

    name: str
    kind: str  # a street plan's kind, 'rail', or a file of OpenStreetMap
    size_m: float
    seed: int
    fixes: float
    window_s: float


def plan_runs(seed: int, fixes: float, osm: list[Path]) -> list[Run]:
    """The simulations that make up about so many fixes."""
    rng = np.random.default_rng([seed, 21])
    plans = [*((str(file), 0.0) for file in osm), *PLANS]
    each = min(1.3e6, max(fixes / len(plans), 2e4))
    rails = max(1, round(RAIL_SHARE * fixes / each))
    streets = max(len(plans), round((1 - RAIL_SHARE) * fixes / each))
    runs = []
    for i in range(streets):
        kind, size = plans[i % len(plans)]
        share = (1 - RAIL_SHARE) * fixes / streets
        label = Path(kind).name.split(".")[0]
        window = WINDOWS[int(rng.integers(len(WINDOWS)))]
        runs.append(Run(f"{i:02d}-{label}", kind, size, seed * 1000 + i, share, window))
    for i in range(rails):
        runs.append(Run(f"{streets + i:02d}-rail", "rail", 0.0, seed * 1000 + 500 + i, RAIL_SHARE * fixes / rails, 0.0))
    return runs


def write_corpus(output: Path, seed: int, fixes: float, osm: list[Path], processes: int = 2) -> dict[str, int]:
    """Simulate and write output/movement/*.parquet. Returns fixes by mode."""
    for file in osm:
        if not file.is_file():
            raise SyntheticError(f"--osm: there is no file {file}")
    target, scratch = output / "movement", output / ".simulation"
    target.mkdir(parents=True, exist_ok=True)
    runs = plan_runs(seed, fixes, osm)
    total: dict[str, int] = {}
    with ProcessPoolExecutor(min(processes, len(runs)), get_context("spawn")) as pool:
        for run, counts in zip(runs, pool.map(_run, runs, [target] * len(runs), [scratch] * len(runs)), strict=True):
            for mode, count in counts.items():
                total[mode] = total.get(mode, 0) + count
            say(f"{run.name}: {sum(counts.values()):,} fixes, {sum(total.values()):,} of about {fixes:,.0f}")
    shutil.rmtree(scratch, ignore_errors=True)
    return total


def _run(run: Run, target: Path, scratch: Path) -> dict[str, int]:
    rng = np.random.default_rng([run.seed, 22])
    folder = scratch / run.name
    if run.kind == "rail":
        moves = run_trains(run.fixes, folder, run.name, rng)
        lat, lon = ANCHORS[int(rng.integers(len(ANCHORS)))]
        place = Place(f"+proj=tmerc +lat_0={lat} +lon_0={lon} +datum=WGS84 +units=m", (0.0, 0.0))
        limits = {"rail": 2 * run.fixes, "ferry": 0.15 * run.fixes}
    else:
        known = any(run.kind == kind for kind, _ in PLANS)
        streets = make_streets(run.kind, run.size_m, run.seed, folder) if known else osm_streets(Path(run.kind), folder)
        shares = {"car": 1.0 - RAIL_SHARE} if run.kind == "motorway" else SHARE
        wanted = {mode: run.fixes * share / (1 - RAIL_SHARE) for mode, share in shares.items()}
        asked = {mode: 1.45 * count for mode, count in wanted.items()}  # some trips cannot be routed
        moves = simulate(streets, draw_trips(streets, asked, run.window_s, rng), folder, run.name, rng)
        place, limits = streets.place, wanted
    shutil.rmtree(folder, ignore_errors=True)
    return _write(moves, place, limits, run.name, target / f"{run.name}.parquet", rng)


def _write(
    moves: Moves, place: Place, limits: dict[str, float], name: str, path: Path, rng: np.random.Generator
) -> dict[str, int]:
    """One table: user_id, track_id, mode, t (epoch ms), lon, lat; one user and one random start a trip."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    offsets, counts = moves.offsets, dict.fromkeys(limits, 0)
    names, modes, sizes, seconds, xs, ys = [], [], [], [], [], []
    for thing in rng.permutation(len(moves.names)):
        mode = str(moves.names[thing]).split("-")[0]
        rows = slice(offsets[thing], offsets[thing + 1])
        second, x, y = moves.second[rows], moves.x[rows], moves.y[rows]
        if mode == "walk":
            second, x, y = pace_walkers(second, x, y)
        if len(x) < 60 or counts[mode] > limits[mode]:
            continue
        counts[mode] += len(x)
        names.append(f"{name}-{moves.names[thing]}")
        modes.append(mode)
        sizes.append(len(x))
        seconds.append(second - second[0])
        xs.append(x)
        ys.append(y)
    lon, lat = place.lonlat(np.concatenate(xs), np.concatenate(ys))
    start = draw_starts(len(names), float(np.median(lon)), rng)
    t = np.repeat(start, sizes) + 1000 * np.concatenate(seconds)
    track = pa.DictionaryArray.from_arrays(np.repeat(np.arange(len(names), dtype=np.int32), sizes), pa.array(names))
    mode_names = sorted(counts)
    mode = pa.DictionaryArray.from_arrays(
        np.repeat(np.array([mode_names.index(m) for m in modes], dtype=np.int8), sizes), pa.array(mode_names)
    )
    table = pa.table(
        {"user_id": track, "track_id": track, "mode": mode, "t": t, "lon": lon.round(7), "lat": lat.round(7)}
    )
    pq.write_table(table, path, compression="zstd", row_group_size=1 << 19)
    return counts


def draw_starts(count: int, lon: float, rng: np.random.Generator) -> np.ndarray:
    """(count,) int64 epoch ms: any day of a year, the hour by mean solar time."""
    day = rng.integers(0, 365, count)
    hour = rng.choice(24, count, p=HOURS / HOURS.sum()) + rng.random(count)
    return (YEAR_START_MS + (day * 24 + hour - lon / 15) * 3_600_000).astype(np.int64)
