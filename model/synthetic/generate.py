# SPDX-License-Identifier: GPL-2.0-or-later
"""From a seed to a city's tables."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from model.synthetic.city.layout import City, build_city
from model.synthetic.city.streets import make_streets, osm_streets
from model.synthetic.laws import JUMP_LAW, fit_jumps, jumps_km
from model.synthetic.population.days import render_days
from model.synthetic.population.people import Population, populate
from model.synthetic.population.plans import DAY_S, HOUR_S, Trips, plan_weeks
from model.synthetic.population.recording import record
from model.synthetic.population.travel import Journey, move
from model.synthetic.population.truth import trip_rows, write_csv, write_layers, write_users
from model.synthetic.sumo import SyntheticError, say

FIRST_MONDAY = np.datetime64("2023-03-06")
SCRATCH = ".simulation"  # folder in the output


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

    def check(self) -> None:
        """Raise SyntheticError where a value is out of its range."""
        for option, value, fits, wanted in (
            ("people", self.people, self.people >= 10, "be 10 or more"),
            ("weeks", self.weeks, self.weeks >= 1, "be 1 or more"),
            ("observed", self.observed, 0 < self.observed <= 1, "be a share over 0 and up to 1"),
            ("across", self.across_km, 1.5 <= self.across_km <= 40, "lie between 1.5 and 40 km"),
        ):
            if not fits:
                raise SyntheticError(f"--{option} must {wanted}, not {value}")


def generate(request: Request, output: Path) -> dict[str, int]:
    """Write a city's tables and layers to a folder. Returns how many of each."""
    rng = np.random.default_rng([request.seed, 31])
    population, trips = _plan(request, output / SCRATCH, rng)
    observed = np.sort(rng.choice(request.people, max(2, round(request.observed * request.people)), replace=False))
    ids = _write_people(request, population, trips, observed, output)
    write_layers(output, population.city)
    moved = move(population, trips, observed, output / SCRATCH, request.seed, request.processes)
    trip_count, fixes = _write_trips(request, population, trips, moved, ids, output)
    shutil.rmtree(output / SCRATCH, ignore_errors=True)
    return {"people": request.people, "observed": len(observed), "trips": trip_count, "fixes": fixes}


def generate_days(request: Request, output: Path) -> dict[str, int]:
    """Write days.parquet (user_id, t in epoch ms UTC, lon, lat), everybody's fixes from the plans alone, and
    truth_users.csv. Returns how many of each.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    population, trips = _plan(request, output / SCRATCH, np.random.default_rng([request.seed, 31]))
    ids = _write_people(request, population, trips, np.arange(request.people), output)
    person, t, x, y = render_days(population, trips, request.weeks, np.random.default_rng([request.seed, 33]))
    lon, lat = population.city.streets.place.lonlat(x, y)
    table = pa.table({
        "user_id": pa.DictionaryArray.from_arrays(person, pa.array(list(ids.values()))),
        "t": _midnight_ms(population.city) + 1000 * t.astype(np.int64), "lon": lon.round(7), "lat": lat.round(7),
    })  # fmt: skip
    pq.write_table(table, output / "days.parquet", compression="zstd")
    shutil.rmtree(output / SCRATCH, ignore_errors=True)
    return {"people": request.people, "trips": len(trips), "fixes": len(t)}


def _plan(request: Request, scratch: Path, rng: np.random.Generator) -> tuple[Population, Trips]:
    """The people of the city and their weeks; the same with or without simulation."""
    request.check()
    if request.osm:
        streets = osm_streets(request.osm, scratch)
    else:
        kind = str(rng.choice(["random", "random", "grid"]))
        streets = make_streets(kind, 1000 * request.across_km, request.seed, scratch, town=True)
    say(f"{len(streets.edges):,} streets")
    city = build_city(streets, request.people, scratch, rng)
    population = populate(city, request.people, rng, find_local(city, request.seed))
    trips = plan_weeks(population, request.weeks, rng)
    say(f"{request.people:,} people plan {len(trips):,} trips")
    return population, trips


def find_local(city: City, seed: int, trial_people: int = 400) -> float:
    """The `local` of `populate` with which jump lengths of a trial population follow their law in this layout."""
    low, high = np.log(0.3), np.log(4.0)
    for _ in range(4):
        middle = 0.5 * (low + high)
        rng = np.random.default_rng([seed, 34])
        people = populate(city, trial_people, rng, float(np.exp(middle)))
        exponent = fit_jumps(jumps_km(plan_weeks(people, 1, rng), people))
        low, high = (low, middle) if exponent > JUMP_LAW.exponent else (middle, high)  # the nearer, the steeper
    return float(np.exp(0.5 * (low + high)))


def _write_people(
    request: Request, population: Population, trips: Trips, observed: np.ndarray, output: Path
) -> dict[int, str]:
    """Write truth_users.csv. Returns the observed people's ids."""
    ids = {int(person): f"u{person:05d}" for person in observed}
    write_users(output / "truth_users.csv", population, trips, observed, ids, request.weeks)
    return ids


def _midnight_ms(city: City) -> int:
    """Epoch ms at which the first Monday begins in the city, by mean solar time."""
    lon = float(city.streets.place.lonlat(*city.streets.middle)[0])
    return int(FIRST_MONDAY.astype("datetime64[ms]").astype(np.int64)) - round(lon / 15 * HOUR_S * 1000)


def _write_trips(
    request: Request, population: Population, trips: Trips, moved: Iterable[tuple[int, list[Journey]]],
    ids: dict[int, str], output: Path,
) -> tuple[int, int]:  # fmt: skip
    """tracks.parquet: user_id, track_id (the local day), t (epoch ms UTC), lon, lat, person by person;
    truth_tracks.csv and truth_segments.csv. Returns how many trips and fixes.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    text, number, midnight_ms = pa.string(), pa.float64(), _midnight_ms(population.city)
    schema = pa.schema({"user_id": text, "track_id": text, "t": pa.int64(), "lon": number, "lat": number})
    fixes, rows, legs, waiting = 0, [], [], []
    with pq.ParquetWriter(output / "tracks.parquet", schema, compression="zstd") as writer:
        for person, journeys in moved:
            for journey in journeys:
                row, more = trip_rows(journey, trips, ids[person], midnight_ms)
                rows.append(row)
                legs += more
            rng = np.random.default_rng([request.seed, 32, person])
            home, end = population.people[person].home, 7 * DAY_S * request.weeks
            t, x, y = record(journeys, trips, home, population.sites, end, rng)
            lon, lat = population.city.streets.place.lonlat(x, y)
            day = ((t // DAY_S).astype("timedelta64[D]") + FIRST_MONDAY).astype(str)
            times = midnight_ms + np.rint(1000 * t).astype(np.int64)
            columns = ([ids[person]] * len(t), day, times, lon.round(7), lat.round(7))
            waiting.append(pa.table(dict(zip(schema.names, columns, strict=True)), schema=schema))
            fixes += len(t)
            if sum(part.num_rows for part in waiting) > 500_000:
                writer.write_table(pa.concat_tables(waiting))
                waiting = []
        if waiting:
            writer.write_table(pa.concat_tables(waiting))
    header = ["user_id", "trip_id", "t_start", "t_end", "mode"]
    write_csv(output / "truth_tracks.csv", [*header, "purpose"], rows)
    write_csv(output / "truth_segments.csv", header, legs)
    return len(rows), fixes
