# SPDX-License-Identifier: GPL-2.0-or-later
"""From a seed to a city's tables."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from model.synthetic.city.layout import City, build_city
from model.synthetic.city.streets import make_streets, osm_streets
from model.synthetic.laws import JUMP_EXPONENT, fit_jumps, jumps_km, write_laws
from model.synthetic.population.days import Fixes, render_days
from model.synthetic.population.people import Population, populate
from model.synthetic.population.plans import DAY, HOUR, Trips, plan_weeks
from model.synthetic.population.recording import record
from model.synthetic.population.travel import Journey, move
from model.synthetic.population.truth import TripTables, write_layers, write_regions, write_users
from model.synthetic.report import report_if_possible
from model.synthetic.sumo import SyntheticError, say

FIRST_MONDAY_MS = 1_678_060_800_000  # 2023-03-06T00:00Z
ROW_GROUP = 500_000
TRIAL_PEOPLE = 400


@dataclass(frozen=True)
class Request:
    """What to generate."""

    people: int
    weeks: int
    seed: int
    observed: float = 0.1
    across_km: float = 12.0
    osm: Path | None = None
    processes: int = 2

    def facts(self) -> dict[str, Any]:
        """What tells one city from another."""
        streets = self.osm.name if self.osm else "made from the seed"
        across = 0.0 if self.osm else self.across_km
        return {"people": self.people, "weeks": self.weeks, "seed": self.seed, "across_km": across, "streets": streets}

    def check(self) -> None:
        """Raise SyntheticError where the request makes no sense."""
        if self.people < 10:
            raise SyntheticError(f"--people must be 10 or more, not {self.people}")
        if self.weeks < 1:
            raise SyntheticError(f"--weeks must be 1 or more, not {self.weeks}")
        if not 0 < self.observed <= 1:
            raise SyntheticError(f"--observed is a share over 0 and up to 1, not {self.observed}")
        if not 1.5 <= self.across_km <= 40:
            raise SyntheticError(f"--across must lie between 1.5 and 40 km, not {self.across_km}")


def generate(request: Request, output: Path) -> dict[str, int]:
    """Write a city's tables and layers to a folder. Returns how many of each."""
    request.check()
    output.mkdir(parents=True, exist_ok=True)
    scratch = output / ".simulation"
    rng = np.random.default_rng([request.seed, 31])
    city, population, trips = plan(request, scratch, rng)
    count = max(2, round(request.observed * request.people))
    observed = np.sort(rng.choice(request.people, count, replace=False))
    ids = {int(person): f"u{person:05d}" for person in observed}
    midnight = midnight_ms(city)
    write_layers(output, city)
    write_users(output / "truth_users.csv", population, trips, observed, ids, request.weeks)
    write_laws(output / "laws.json", request.facts(), trips, population, request.weeks)
    write_regions(output / "truth_regions.csv", city, population, trips, request.weeks)
    moved = move(city, population, trips, observed, scratch, request.seed, request.processes)
    with TripTables(output, trips, ids, midnight) as tables:
        fixes = _write_tracks(request, city, population, trips, moved, tables, output / "tracks.parquet")
    shutil.rmtree(scratch, ignore_errors=True)
    report_if_possible(output)
    return {"people": request.people, "observed": count, "trips": tables.count, "fixes": fixes}


def plan(request: Request, scratch: Path, rng: np.random.Generator) -> tuple[City, Population, Trips]:
    """The city, its people and their weeks; the same whether or not anybody is simulated."""
    if request.osm:
        streets = osm_streets(request.osm, scratch)
    else:
        kind = str(rng.choice(["random", "random", "grid"]))
        streets = make_streets(kind, 1000 * request.across_km, request.seed, scratch, town=True)
    say(f"{len(streets.edges):,} streets")
    city = build_city(streets, request.people, scratch, rng)
    local = find_local(city, request.seed)
    population = populate(city, request.people, rng, local)
    trips = plan_weeks(city, population, request.weeks, rng)
    say(f"{request.people:,} people plan {len(trips):,} trips")
    return city, population, trips


def find_local(city: City, seed: int) -> float:
    """How near people of this city look for places, so that jump lengths follow their law whatever its layout."""

    def miss(log_local: float) -> float:
        rng = np.random.default_rng([seed, 34])
        people = populate(city, TRIAL_PEOPLE, rng, float(np.exp(log_local)))
        return fit_jumps(jumps_km(plan_weeks(city, people, 1, rng), people)) - JUMP_EXPONENT

    low, high = np.log(0.3), np.log(4.0)  # the nearer, the steeper
    for _ in range(4):
        middle = 0.5 * (low + high)
        low, high = (low, middle) if miss(middle) > 0 else (middle, high)
    return float(np.exp(0.5 * (low + high)))


def generate_days(request: Request, output: Path) -> dict[str, int]:
    """Write days.parquet, everybody's fixes from the plans alone, and truth_users.csv. Returns how many of each."""
    request.check()
    output.mkdir(parents=True, exist_ok=True)
    scratch = output / ".simulation"
    city, population, trips = plan(request, scratch, np.random.default_rng([request.seed, 31]))
    fixes = render_days(city, population, trips, request.weeks, np.random.default_rng([request.seed, 33]))
    everybody = np.arange(request.people)
    ids = {i: f"u{i:05d}" for i in everybody.tolist()}
    write_users(output / "truth_users.csv", population, trips, everybody, ids, request.weeks)
    write_laws(output / "laws.json", request.facts(), trips, population, request.weeks)
    _write_days(output / "days.parquet", city, fixes, list(ids.values()))
    shutil.rmtree(scratch, ignore_errors=True)
    return {"people": request.people, "trips": len(trips), "fixes": len(fixes.t)}


def _write_days(path: Path, city: City, fixes: Fixes, ids: list[str]) -> None:
    """days.parquet: user_id, t (epoch ms UTC), lon, lat."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    lon, lat = city.streets.place.lonlat(fixes.x, fixes.y)
    table = pa.table({
        "user_id": pa.DictionaryArray.from_arrays(fixes.person, pa.array(ids)),
        "t": midnight_ms(city) + 1000 * fixes.t.astype(np.int64), "lon": lon.round(7), "lat": lat.round(7),
    })  # fmt: skip
    pq.write_table(table, path, compression="zstd")


def midnight_ms(city: City) -> int:
    """Epoch ms at which the first Monday begins in the city, by mean solar time."""
    lon = float(city.streets.place.lonlat(np.median(city.streets.x), np.median(city.streets.y))[0])
    return FIRST_MONDAY_MS - round(lon / 15 * HOUR * 1000)


def _write_tracks(
    request: Request, city: City, population: Population, trips: Trips, moved: Iterable[tuple[int, list[Journey]]],
    tables: TripTables, path: Path,
) -> int:  # fmt: skip
    """tracks.parquet: user_id, track_id (the local day), t (epoch ms UTC), lon, lat; person by person."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    first = np.datetime64(FIRST_MONDAY_MS, "ms").astype("datetime64[D]")
    schema = pa.schema([(name, pa.string()) for name in ("user_id", "track_id")]
                       + [("t", pa.int64()), ("lon", pa.float64()), ("lat", pa.float64())])  # fmt: skip
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        fixes, waiting = 0, []
        for person, journeys in moved:
            tables.add(journeys)
            rng = np.random.default_rng([request.seed, 32, person])
            home = population.people[person].home
            t, x, y = record(journeys, trips, home, population.sites, 7 * DAY * request.weeks, rng)
            lon, lat = city.streets.place.lonlat(x, y)
            day = ((t // DAY).astype("timedelta64[D]") + first).astype(str)
            times = tables.midnight + np.rint(1000 * t).astype(np.int64)
            columns = ([tables.ids[person]] * len(t), day, times, lon.round(7), lat.round(7))
            waiting.append(pa.table(dict(zip(schema.names, columns, strict=True)), schema=schema))
            fixes += len(t)
            if sum(part.num_rows for part in waiting) > ROW_GROUP:
                writer.write_table(pa.concat_tables(waiting))
                waiting = []
        if waiting:
            writer.write_table(pa.concat_tables(waiting))
    return fixes
