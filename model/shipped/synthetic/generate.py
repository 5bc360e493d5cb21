# SPDX-License-Identifier: GPL-2.0-or-later
"""From a seed to a city's tables."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from model.shipped.synthetic.city.layout import CELL_M, City, build_city, make_streets, osm_streets
from model.shipped.synthetic.population import people as plans
from model.shipped.synthetic.population.people import DAY_S, EMPLOYED, MODE_CODES, Population, Trips
from model.shipped.synthetic.population.recording import (
    Fixes,
    logger,
    phone,
    places_seen,
    planned,
    record,
    simulated,
)
from model.shipped.synthetic.population.travel import Journey, move
from model.shipped.synthetic.sumo import say
from raw_qgis_plugin.core.specs import Spec, option

FIRST_MONDAY = np.datetime64("2023-03-06")
SCRATCH = ".simulation"  # folder in the output


@dataclass(frozen=True)
class CitySpec(Spec):
    """A city to generate."""

    people: int = option(6000, "Population", minimum=10)
    weeks: int = option(2, "Weeks", minimum=1)
    observed: float = option(0.1, "Share of the people who are recorded", minimum=1e-4, maximum=1)
    across_km: float = option(12.0, "Size of a made city", unit="km", minimum=1.5, maximum=40)
    complete: bool = option(False, "Devices that are never off, nor silent indoors")
    seed: int = 1
    osm: Path | None = None
    processes: int = 2

    @property
    def end(self) -> float:
        """The second at which the last week ends."""
        return 7 * DAY_S * self.weeks


def generate(spec: CitySpec, output: Path) -> dict[str, int]:
    """Write a city's tables and layers to a folder. Returns how many of each."""
    population, trips = plan_city(spec, output / SCRATCH)
    rng = np.random.default_rng([spec.seed, 31])
    observed = np.sort(
        rng.choice(spec.people, max(2, round(spec.observed * spec.people)), replace=False)
    )
    ids = {int(person): f"u{person:05d}" for person in observed}
    write_users(output / "truth_users.csv", population, trips, ids, spec.weeks)
    write_layers(output, population.city)
    rows, legs = list[list](), list[list]()

    def recorded() -> Iterator[tuple[str, Fixes]]:
        midnight = midnight_ms(population.city)
        for person, journeys in move(
            population, trips, observed, output / SCRATCH, spec.seed, spec.processes
        ):
            rng = np.random.default_rng([spec.seed, 32, person])
            line, device = simulated(person, journeys, population, trips), logger(rng)
            if spec.complete:
                device = replace(device, indoors=1.0, nights=1.0, on_h=1e6, off_h=1e-9)
            fixes = record(line, device, population.sites, spec.end, rng)
            seen = places_seen(line, fixes, population.sites)
            doors = np.column_stack(
                population.city.streets.place.lonlat(
                    population.sites.x[line.place], population.sites.y[line.place]
                )
            ).round(7)
            for k, journey in enumerate(journeys):
                row, more = trip_rows(journey, trips, ids[person], midnight)
                rows.append([*row, *doors[k], *doors[k + 1], seen[k] and seen[k + 1]])
                legs.extend(more)
            yield ids[person], fixes

    fixes = write_fixes(output / "tracks.parquet", recorded(), population.city, days=True)
    header = ["user_id", "trip_id", "t_start", "t_end", "mode"]
    ends = ["lon_start", "lat_start", "lon_end", "lat_end", "recorded"]
    write_csv(output / "truth_tracks.csv", [*header, "purpose", *ends], rows)
    write_csv(output / "truth_segments.csv", header, legs)
    shutil.rmtree(output / SCRATCH, ignore_errors=True)
    return {"people": spec.people, "observed": len(observed), "trips": len(rows), "fixes": fixes}


def generate_days(spec: CitySpec, output: Path) -> dict[str, int]:
    """Write days.parquet (user_id, t in epoch ms UTC, lon, lat), everybody's fixes from the plans
    alone, and truth_users.csv. Returns how many of each.
    """
    population, trips = plan_city(spec, output / SCRATCH)
    ids = {person: f"u{person:05d}" for person in range(spec.people)}
    write_users(output / "truth_users.csv", population, trips, ids, spec.weeks)
    recorded = ((ids[person], fixes) for person, fixes in record_plans(spec, population, trips))
    fixes = write_fixes(output / "days.parquet", recorded, population.city, days=False)
    shutil.rmtree(output / SCRATCH, ignore_errors=True)
    return {"people": spec.people, "trips": len(trips), "fixes": fixes}


def plan_city(spec: CitySpec, scratch: Path) -> tuple[Population, Trips]:
    """The people of a city and their weeks; the same with or without simulation."""
    rng = np.random.default_rng([spec.seed, 30])
    if spec.osm:
        streets = osm_streets(spec.osm, scratch)
    else:
        kind = str(rng.choice(["random", "random", "grid"]))
        streets = make_streets(kind, 1000 * spec.across_km, spec.seed, scratch, town=True)
    say(f"{len(streets.edges):,} streets")
    population = plans.populate(build_city(streets, spec.people, rng), spec.people, rng)
    trips = plans.plan_weeks(population, spec.weeks, rng)
    say(f"{spec.people:,} people plan {len(trips):,} trips")
    return population, trips


def record_plans(
    spec: CitySpec, population: Population, trips: Trips
) -> Iterator[tuple[int, Fixes]]:
    """Every person, and what a phone records of that person's plans."""
    for person in range(spec.people):
        rng = np.random.default_rng([spec.seed, 33, person])
        yield (
            person,
            record(
                planned(person, population, trips, rng), phone(rng), population.sites, spec.end, rng
            ),
        )


def midnight_ms(city: City) -> int:
    """Epoch ms at which the first Monday begins in the city, by mean solar time."""
    lon = float(city.streets.place.lonlat(*city.streets.middle)[0])
    return int(FIRST_MONDAY.astype("datetime64[ms]").astype(np.int64)) - round(
        lon / 15 * plans.HOUR_S * 1000
    )


def write_fixes(file: Path, recorded: Iterable[tuple[str, Fixes]], city: City, days: bool) -> int:
    """Write user_id, t (epoch ms UTC), lon, lat, person by person; days: also track_id, the local
    day. Returns how many fixes there are.
    """
    text, number, midnight = pa.string(), pa.float64(), midnight_ms(city)
    types = {"user_id": text, "track_id": text, "t": pa.int64(), "lon": number, "lat": number}
    schema = pa.schema({name: kind for name, kind in types.items() if days or name != "track_id"})
    count, waiting = 0, list[pa.Table]()
    with pq.ParquetWriter(file, schema, compression="zstd") as writer:
        for user, fixes in recorded:
            lon, lat = city.streets.place.lonlat(fixes.x, fixes.y)
            columns = {
                "user_id": [user] * len(lon),
                "t": midnight + np.rint(1000 * fixes.t).astype(np.int64),
            }
            columns |= {"lon": lon.round(7), "lat": lat.round(7)}
            columns["track_id"] = (
                (fixes.t // DAY_S).astype("timedelta64[D]") + FIRST_MONDAY
            ).astype(str)
            waiting.append(pa.table({name: columns[name] for name in schema.names}, schema=schema))
            count += len(lon)
            if sum(map(len, waiting)) > 500_000:
                writer.write_table(pa.concat_tables(waiting))
                waiting.clear()
        writer.write_table(pa.concat_tables([*waiting, schema.empty_table()]))
    return count


def write_csv(path: Path, header: Sequence[str], rows: Iterable[Iterable]) -> None:
    """A comma-separated table; booleans as true and false."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        for row in rows:
            writer.writerow([str(v).lower() if isinstance(v, bool | np.bool_) else v for v in row])


def write_layers(output: Path, city: City) -> None:
    """regions, stations and streets as GeoJSON."""

    def degrees(x: np.ndarray, y: np.ndarray) -> list:
        return np.column_stack(city.streets.place.lonlat(x, y)).round(7).tolist()

    def write(
        name: str, kind: str, shapes: list, fields: Mapping[str, Sequence[str | int]]
    ) -> None:
        features = [
            {
                "type": "Feature",
                "properties": dict(zip(fields, values, strict=True)),
                "geometry": {"type": kind, "coordinates": shape},
            }
            for shape, *values in zip(shapes, *fields.values(), strict=True)
        ]
        text = json.dumps({"type": "FeatureCollection", "features": features})
        (output / f"{name}.geojson").write_text(text, encoding="utf-8")

    turns, radius = np.radians(np.arange(30, 390, 60)), CELL_M / np.sqrt(3)
    rings = [degrees(x + radius * np.cos(turns), y + radius * np.sin(turns)) for x, y in city.cells]
    ids = [f"r{i:03d}" for i in range(len(rings))]
    write("regions", "Polygon", [[[*ring, ring[0]]] for ring in rings], {"region_id": ids})
    stations, streets = city.metro.stations, city.streets
    names = [f"s{i:02d}" for i in range(len(stations))]
    lines = {"station_id": names, "line": ["M1"] * len(names)}
    write("stations", "Point", degrees(stations[:, 0], stations[:, 1]), lines)
    used = np.flatnonzero(streets.open_to("car") | streets.walk)
    shapes = [degrees(*streets.shapes[i].T) for i in used]
    speeds = [round(3.6 * speed) for speed in streets.speed[used]]
    write(
        "streets",
        "LineString",
        shapes,
        {"street_id": list(map(str, streets.edges[used])), "speed_kmh": speeds},
    )


def write_users(
    path: Path, population: Population, trips: Trips, ids: dict[int, str], weeks: int
) -> None:
    """truth_users.csv: the facts of the people with ids, from their plans."""
    rail, trips_a_day = (
        np.bincount(trips.person[some], minlength=len(population.people)) / span
        for some, span in (
            (trips.mode == MODE_CODES.index("rail"), weeks),
            (slice(None), 7 * weeks),
        )
    )
    header = [
        "user_id",
        "employed",
        "commuter",
        "metro_user",
        "metro_trips_a_week",
        "trips_a_day",
        "car_owner",
        "kind",
    ]
    write_csv(
        path,
        header,
        (
            [
                name,
                person.occupation in EMPLOYED,
                person.commuter,
                rail[i] >= 1,
                round(float(rail[i]), 2),
                round(float(trips_a_day[i]), 3),
                person.car,
                person.occupation,
            ]
            for i, name in ids.items()
            for person in [population.people[i]]
        ),
    )


def trip_rows(
    journey: Journey, trips: Trips, user: str, midnight_ms: int
) -> tuple[list, list[list]]:
    """A trip's row of truth_tracks.csv, and its rows of truth_segments.csv: a ride's walks are
    segments of their own.

    midnight_ms: epoch ms at which the first Monday begins, in mean solar time.
    """

    def row(a: int, b: int, mode: int) -> list:
        ms = [midnight_ms + round(1000 * float(journey.t[second])) for second in (a, b - 1)]
        return [user, f"{user}-{journey.trip}", *ms, MODE_CODES[mode]]

    cuts = [0, *np.flatnonzero(np.diff(journey.mode)) + 1, len(journey.mode)]
    # A leg of less than 45 s, from the door to the street, is no segment of its own.
    legs = [
        row(a, b, journey.mode[a]) for a, b in zip(cuts[:-1], cuts[1:], strict=True) if b - a >= 45
    ]
    return [*row(0, 0, trips.mode[journey.trip]), trips.purpose[journey.trip]], legs
