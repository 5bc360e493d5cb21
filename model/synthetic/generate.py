# SPDX-License-Identifier: GPL-2.0-or-later
"""From a seed to a city's tables."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.optimize import minimize_scalar

from model.synthetic.city.layout import City, build_city
from model.synthetic.city.streets import make_streets, osm_streets
from model.synthetic.population.days import render_days
from model.synthetic.population.people import Population, populate
from model.synthetic.population.plans import DAY_S, HOUR_S, Trips, plan_weeks
from model.synthetic.population.recording import record
from model.synthetic.population.travel import Journey, move
from model.synthetic.population.truth import trip_rows, write_csv, write_layers, write_users
from model.synthetic.sumo import say
from raw_qgis_plugin.core.options import Spec, option

FIRST_MONDAY = np.datetime64("2023-03-06")
SCRATCH = ".simulation"  # folder in the output


@dataclass(frozen=True)
class JumpLaw:
    """p(r) ∝ (r + offset)^-exponent exp(-r / cut), of phones whose place was asked every two hours (González, Hidalgo,
    Barabási 2008, Nature 453, doi:10.1038/nature06958).
    """

    exponent: float = 1.75
    offset_km: float = 1.5
    cut_km: float = 80.0
    low_km: float = 0.5  # lengths fitted, from and to
    high_km: float = 100.0


JUMP_LAW = JumpLaw()


@dataclass(frozen=True)
class CitySpec(Spec):
    """A city to generate."""

    people: int = option(6000, "Population", minimum=10)
    weeks: int = option(2, "Weeks", minimum=1)
    observed: float = option(0.1, "Share of the people who are recorded", minimum=1e-4, maximum=1)
    across_km: float = option(12.0, "Size of a made city", unit="km", minimum=1.5, maximum=40)
    seed: int = 1
    osm: Path | None = None
    processes: int = 2


def generate(spec: CitySpec, output: Path) -> dict[str, int]:
    """Write a city's tables and layers to a folder. Returns how many of each."""
    rng = np.random.default_rng([spec.seed, 31])
    population, trips = _plan(spec, output / SCRATCH, rng)
    observed = np.sort(rng.choice(spec.people, max(2, round(spec.observed * spec.people)), replace=False))
    ids = {int(person): f"u{person:05d}" for person in observed}
    write_users(output / "truth_users.csv", population, trips, ids, spec.weeks)
    write_layers(output, population.city)
    moved = move(population, trips, observed, output / SCRATCH, spec.seed, spec.processes)
    trip_count, fixes = _write_trips(spec, population, trips, moved, ids, output)
    shutil.rmtree(output / SCRATCH, ignore_errors=True)
    return {"people": spec.people, "observed": len(observed), "trips": trip_count, "fixes": fixes}


def generate_days(spec: CitySpec, output: Path) -> dict[str, int]:
    """Write days.parquet (user_id, t in epoch ms UTC, lon, lat), everybody's fixes from the plans alone, and
    truth_users.csv. Returns how many of each.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    population, trips = _plan(spec, output / SCRATCH, np.random.default_rng([spec.seed, 31]))
    ids = {person: f"u{person:05d}" for person in range(spec.people)}
    write_users(output / "truth_users.csv", population, trips, ids, spec.weeks)
    person, t, x, y = render_days(population, trips, spec.weeks, np.random.default_rng([spec.seed, 33]))
    lon, lat = population.city.streets.place.lonlat(x, y)
    table = pa.table({
        "user_id": pa.DictionaryArray.from_arrays(person, pa.array(list(ids.values()))),
        "t": _midnight_ms(population.city) + 1000 * t.astype(np.int64), "lon": lon.round(7), "lat": lat.round(7),
    })  # fmt: skip
    pq.write_table(table, output / "days.parquet", compression="zstd")
    shutil.rmtree(output / SCRATCH, ignore_errors=True)
    return {"people": spec.people, "trips": len(trips), "fixes": len(t)}


def _plan(spec: CitySpec, scratch: Path, rng: np.random.Generator) -> tuple[Population, Trips]:
    """The people of the city and their weeks; the same with or without simulation."""
    if spec.osm:
        streets = osm_streets(spec.osm, scratch)
    else:
        kind = str(rng.choice(["random", "random", "grid"]))
        streets = make_streets(kind, 1000 * spec.across_km, spec.seed, scratch, town=True)
    say(f"{len(streets.edges):,} streets")
    city = build_city(streets, spec.people, scratch, rng)
    population = populate(city, spec.people, rng, find_local(city, spec.seed))
    trips = plan_weeks(population, spec.weeks, rng)
    say(f"{spec.people:,} people plan {len(trips):,} trips")
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


def jumps_km(trips: Trips, population: Population) -> np.ndarray:
    """Kilometres as the crow flies from origin to destination, (n,), of people's own trips."""
    sites = population.sites
    own = ~np.isin(trips.person, np.unique(trips.person[trips.purpose == "round"]))  # not of couriers and taxi drivers
    a, b = trips.origin[own], trips.destination[own]
    return np.hypot(sites.x[a] - sites.x[b], sites.y[a] - sites.y[b]) / 1000


def fit_jumps(km: np.ndarray, law: JumpLaw = JUMP_LAW) -> float:
    """The exponent of the law by maximum likelihood; nan for fewer than 20 lengths in its range."""
    r = km[(km >= law.low_km) & (km <= law.high_km)]
    if len(r) < 20:
        return float("nan")
    grid = np.exp(np.linspace(np.log(law.low_km), np.log(law.high_km), 2000))
    mean_log, cut = np.log(r + law.offset_km).mean(), np.exp(-grid / law.cut_km)

    def cost(exponent: float) -> float:
        total = np.trapezoid((grid + law.offset_km) ** -exponent * cut, grid)
        return float(exponent * mean_log + np.log(total))

    return float(minimize_scalar(cost, bounds=(0.0, 5.0), method="bounded").x)


def _midnight_ms(city: City) -> int:
    """Epoch ms at which the first Monday begins in the city, by mean solar time."""
    lon = float(city.streets.place.lonlat(*city.streets.middle)[0])
    return int(FIRST_MONDAY.astype("datetime64[ms]").astype(np.int64)) - round(lon / 15 * HOUR_S * 1000)


def _write_trips(
    spec: CitySpec, population: Population, trips: Trips, moved: Iterable[tuple[int, list[Journey]]],
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
            rng = np.random.default_rng([spec.seed, 32, person])
            home, end = population.people[person].home, 7 * DAY_S * spec.weeks
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
