# SPDX-License-Identifier: GPL-2.0-or-later
"""A corpus of movement alone: many street plans, levels of congestion and kinds of traveller, every
second of it.
"""

from __future__ import annotations

import shutil
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.random import Generator

from model.shipped.synthetic.city.movement import draw_trips, simulate
from model.shipped.synthetic.city.rail import KINDS, draw_line, run_trains
from model.shipped.synthetic.city.streets import (
    ANCHORS,
    Place,
    make_streets,
    map_projection,
    osm_streets,
)
from model.shipped.synthetic.sumo import SyntheticError, Trajectory, say
from raw_qgis_plugin.core.arrays import Array
from raw_qgis_plugin.core.times import HOUR_MS

# Kinds of street plan, and metres across
PLANS = (
    ("random", 9000),
    ("grid", 11000),
    ("random", 6500),
    ("grid", 8000),
    ("random", 12000),
    ("grid", 7000),
    ("motorway", 60000),
    ("random", 8000),
    ("random", 14000),
    ("random", 5000),
    ("grid", 15000),
    ("motorway", 90000),
)


class Settings:
    """How much is simulated."""

    rail_share: float = 0.13  # of the fixes, with trams and ferries
    routed: float = 1.2  # times as many fixes are asked for, since some trips cannot be routed
    most_fixes: float = 1.3e6  # of one simulation
    fewest_fixes: float = 2e4
    shortest: int = 60  # seconds of a path that is kept


STREET_SHARES = {"car": 0.52, "bus": 0.17, "bike": 0.14, "walk": 0.17}
# How many of a day's trips start in each hour: few at night, with two peaks.
BY_HOUR = "4 2 1 1 2 8 25 55 60 40 38 42 46 45 46 52 62 70 60 45 32 24 16 9"


Moved = tuple[dict[str, Trajectory], Place]  # paths by name, and where they are


class SumoRun(NamedTuple):
    """One simulation of the corpus."""

    name: str
    plan: str  # a street plan's kind, 'rail', or a file of OpenStreetMap
    size_m: float  # 0 for a file
    seed: int
    fixes: float
    window_s: float  # over which trips depart: the shorter, the more congested


def plan_runs(seed: int, fixes: float, osm: list[Path]) -> list[SumoRun]:
    """The simulations that yield about so many fixes."""
    rng = np.random.default_rng([seed, 21])
    plans = [*((str(file), 0.0) for file in osm), *PLANS]

    each = min(Settings.most_fixes, max(fixes / len(plans), Settings.fewest_fixes))
    on_rails = Settings.rail_share * fixes
    on_streets = (1 - Settings.rail_share) * fixes
    rails = max(1, round(on_rails / each))
    streets = max(len(plans), round(on_streets / each))

    runs = []

    for i in range(streets + rails):
        plan, size_m = plans[i % len(plans)] if i < streets else ("rail", 0.0)
        share = on_streets / streets if i < streets else on_rails / rails
        name = f"{i:02d}-{Path(plan).name.split('.')[0]}"
        window_s = float(rng.choice([7200, 3600, 2000]))

        runs.append(SumoRun(name, plan, size_m, seed * 1000 + i, share, window_s))

    return runs


def write_corpus(
    output: Path, seed: int, fixes: float, osm: list[Path], processes: int = 2
) -> Counter[str]:
    """Simulate and write output/movement/*.parquet. Returns fixes by mode."""
    if not 1e4 <= fixes <= 1e10:
        raise SyntheticError(f"--fixes must lie between 1e4 and 1e10, not {fixes:g}")

    target = output / "movement"
    scratch = output / ".simulation"
    target.mkdir(parents=True, exist_ok=True)
    runs = plan_runs(seed, fixes, osm)
    total: Counter[str] = Counter()

    with ProcessPoolExecutor(min(processes, len(runs)), get_context("spawn")) as pool:
        jobs = [pool.submit(_run, run, target, scratch) for run in runs]
        for run, job in zip(runs, jobs, strict=True):
            counts = job.result()
            total.update(counts)
            done = f"{sum(counts.values()):,} fixes, {sum(total.values()):,} of about {fixes:,.0f}"
            say(f"{run.name}: {done}")

    shutil.rmtree(scratch, ignore_errors=True)

    return total


def _run(run: SumoRun, target: Path, scratch: Path) -> Counter[str]:
    """Simulate one run and write its table. Returns fixes by mode."""
    rng = np.random.default_rng([run.seed, 22])
    folder = scratch / run.name
    simulated = _on_rails if run.plan == "rail" else _on_streets
    paths, place = simulated(run, folder, rng)
    shutil.rmtree(folder, ignore_errors=True)
    kept = {name: path for name, path in paths.items() if len(path.x) >= Settings.shortest}

    return _write(kept, place, run.name, target, rng)


def _on_rails(run: SumoRun, folder: Path, rng: Generator) -> Moved:
    """Trains, trams and ferries somewhere."""
    lines = [draw_line(rng, kind) for kind in KINDS * 3]
    paths = run_trains(lines, run.fixes, folder, run.name, rng)
    anchor = int(rng.integers(len(ANCHORS)))
    projection = map_projection(*ANCHORS[anchor])

    return paths, Place(projection, (0.0, 0.0))


def _on_streets(run: SumoRun, folder: Path, rng: Generator) -> Moved:
    """Everybody on the streets of a plan."""
    if run.size_m > 0:
        streets = make_streets(run.plan, run.size_m, run.seed, folder)
    else:
        streets = osm_streets(Path(run.plan), folder)

    shares = {"car": 1.0} if run.plan == "motorway" else STREET_SHARES
    demand = {mode: Settings.routed * run.fixes * share for mode, share in shares.items()}

    trips = draw_trips(streets, demand, run.window_s, rng)

    return simulate(streets, trips, folder, run.name, rng), streets.place


def _write(
    paths: dict[str, Trajectory], place: Place, run: str, folder: Path, rng: Generator
) -> Counter[str]:
    """One table: user_id, track_id, mode, t (epoch ms), lon, lat; one user and one random start a
    trip. Returns fixes by mode.
    """
    x = np.concatenate([path.x for path in paths.values()])
    y = np.concatenate([path.y for path in paths.values()])
    seconds = np.concatenate([path.seconds for path in paths.values()]).astype(np.int64)
    lon, lat = place.lonlat(x, y)

    start = draw_starts(len(paths), float(np.median(lon)), rng)
    sizes = [len(path.x) for path in paths.values()]
    modes = [name.split("-")[0] for name in paths]

    track = _repeated([f"{run}-{name}" for name in paths], sizes, np.int32)
    columns = {
        "user_id": track,
        "track_id": track,
        "mode": _repeated(modes, sizes, np.int8),
        "t": np.repeat(start, sizes) + 1000 * seconds,
        "lon": lon.round(7),
        "lat": lat.round(7),
    }
    table = pa.table(columns)
    file = folder / f"{run}.parquet"
    pq.write_table(table, file, compression="zstd", row_group_size=1 << 19)

    return sum_by(modes, sizes)


def sum_by(words: list[str], sizes: list[int]) -> Counter[str]:
    """The sum of the sizes of each word."""
    counts: Counter[str] = Counter()
    for word, size in zip(words, sizes, strict=True):
        counts[word] += size

    return counts


def _repeated(words: list[str], sizes: list[int], kind: type) -> pa.DictionaryArray:
    """Each word as often as its size says. kind: integers of the dictionary."""
    known, code = np.unique(words, return_inverse=True)
    rows: Array = np.repeat(code.astype(kind), sizes)
    return pa.DictionaryArray.from_arrays(rows, pa.array(known))


def draw_starts(count: int, lon: float, rng: Generator) -> Array:
    """(count,) int64 epoch ms: any day of 2023, the hour by mean solar time."""
    trips = np.array(BY_HOUR.split(), float)

    day = rng.integers(0, 365, count)
    hour = rng.choice(24, count, p=trips / trips.sum()) + rng.random(count)

    begin = np.datetime64("2023-01-01", "ms").astype(np.int64)

    return (begin + (day * 24 + hour - lon / 15) * HOUR_MS).astype(np.int64)
