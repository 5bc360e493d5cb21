# SPDX-License-Identifier: GPL-2.0-or-later
"""From a seed to a city's tables."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from model.shipped.synthetic.city.layout import CELL_M, City, build_city
from model.shipped.synthetic.city.streets import Place, Streets, make_streets, osm_streets
from model.shipped.synthetic.population.people import (
    DAY_S,
    EMPLOYED,
    HOUR_S,
    MODE_CODES,
    Population,
    populate,
)
from model.shipped.synthetic.population.plans import Trips, plan_weeks
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
from raw_qgis_plugin.core.arrays import Array
from raw_qgis_plugin.core.options import Spec, option

Facts = Mapping[str, Sequence[str | int]]  # of features, by field
FIRST_MONDAY = np.datetime64("2023-03-06")
SCRATCH = ".simulation"  # folder in the output


class Settings:
    """How tables are written."""

    rows_at_a_time: int = 500_000  # of fixes that are written
    shortest_s: int = 45  # of a segment: a shorter leg leads from the door to the street


FIX_TYPES = {
    "user_id": pa.string(),
    "track_id": pa.string(),
    "t": pa.int64(),
    "lon": pa.float64(),
    "lat": pa.float64(),
}


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


@dataclass(frozen=True)
class Truth:
    """The rows of truth_tracks.csv and truth_segments.csv."""

    trips: list[list]
    segments: list[list]

    def add(
        self,
        journeys: list[Journey],
        trips: Trips,
        user: str,
        midnight_ms: int,
        doors: Array,
        seen: Array,
    ) -> None:
        """Add the journeys of a user. doors: (j + 1, 2) longitude and latitude of where the user
        stays before, between and after them. seen: (j + 1,) bool, whether a fix was recorded there.
        """
        recorded = seen[:-1] & seen[1:]
        for k, journey in enumerate(journeys):
            trip = trip_row(journey, trips, user, midnight_ms)
            ends = [*doors[k], *doors[k + 1]]
            self.trips.append([*trip, *ends, recorded[k]])
            self.segments.extend(segment_rows(journey, user, midnight_ms))


def generate(spec: CitySpec, output: Path) -> dict[str, int]:
    """Write a city's tables and layers to a folder. Returns how many of each."""
    population, trips = plan_city(spec, output / SCRATCH)
    rng = np.random.default_rng([spec.seed, 31])
    count = max(2, round(spec.observed * spec.people))
    observed = np.sort(rng.choice(spec.people, count, replace=False))
    write_users(output / "truth_users.csv", population, trips, observed, spec.weeks)
    write_layers(output, population.city)

    truth = Truth([], [])
    recorded = record_city(spec, population, trips, observed, output / SCRATCH, truth)
    fixes = write_fixes(output / "tracks.parquet", recorded, population.city, days=True)

    header = ["user_id", "trip_id", "t_start", "t_end", "mode"]
    ends = ["lon_start", "lat_start", "lon_end", "lat_end", "recorded"]
    write_csv(output / "truth_tracks.csv", [*header, "purpose", *ends], truth.trips)
    write_csv(output / "truth_segments.csv", header, truth.segments)
    shutil.rmtree(output / SCRATCH, ignore_errors=True)

    return {"people": spec.people, "observed": count, "trips": len(truth.trips), "fixes": fixes}


def record_city(
    spec: CitySpec,
    population: Population,
    trips: Trips,
    observed: Array,
    scratch: Path,
    truth: Truth,
) -> Iterator[tuple[int, Fixes]]:
    """Every observed person, and what the device records of the simulated trips, whose truth is
    added.
    """
    sites = population.sites
    place = population.city.streets.place
    midnight = midnight_ms(population.city)
    moved = move(population, trips, observed, scratch, spec.seed, spec.processes)

    for person, journeys in moved:
        rng = np.random.default_rng([spec.seed, 32, person])
        line = simulated(person, journeys, population, trips)
        device = logger(rng)

        if spec.complete:
            device = replace(device, indoors=1.0, nights=1.0, on_h=1e6, off_h=1e-9)

        fixes = record(line, device, sites, spec.end, rng)
        seen = places_seen(line, fixes, sites)
        lon, lat = place.lonlat(sites.x[line.place], sites.y[line.place])
        doors = np.column_stack([lon, lat]).round(7)
        truth.add(journeys, trips, user_id(person), midnight, doors, seen)
        yield person, fixes


def generate_days(spec: CitySpec, output: Path) -> dict[str, int]:
    """Write days.parquet (user_id, t in epoch ms UTC, lon, lat), everybody's fixes from the plans
    alone, and truth_users.csv. Returns how many of each.
    """
    population, trips = plan_city(spec, output / SCRATCH)
    everybody = np.arange(spec.people)
    write_users(output / "truth_users.csv", population, trips, everybody, spec.weeks)

    recorded = record_plans(spec, population, trips)
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

    city = build_city(streets, spec.people, rng)
    population = populate(city, spec.people, rng)
    trips = plan_weeks(population, spec.weeks, rng)
    say(f"{spec.people:,} people plan {len(trips):,} trips")

    return population, trips


def record_plans(
    spec: CitySpec, population: Population, trips: Trips
) -> Iterator[tuple[int, Fixes]]:
    """Every person, and what a phone records of that person's plans."""
    for person in range(spec.people):
        rng = np.random.default_rng([spec.seed, 33, person])
        line = planned(person, population, trips, rng)
        device = phone(rng)
        yield person, record(line, device, population.sites, spec.end, rng)


def user_id(person: int) -> str:
    """The id of a person in the tables."""
    return f"u{person:05d}"


def midnight_ms(city: City) -> int:
    """Epoch ms at which the first Monday begins in the city, by mean solar time."""
    streets = city.streets
    lon, _ = streets.place.lonlat(*streets.middle)
    monday_ms = int(FIRST_MONDAY.astype("datetime64[ms]").astype(np.int64))
    later_h = float(lon) / 15  # than in Greenwich

    return monday_ms - round(later_h * HOUR_S * 1000)


def write_fixes(file: Path, recorded: Iterable[tuple[int, Fixes]], city: City, days: bool) -> int:
    """Write user_id, t (epoch ms UTC), lon, lat, person by person; days: also track_id, the local
    day. Returns how many fixes there are.
    """
    names = [name for name in FIX_TYPES if days or name != "track_id"]
    schema = pa.schema({name: FIX_TYPES[name] for name in names})
    midnight = midnight_ms(city)
    count = 0
    waiting: list[pa.Table] = []

    with pq.ParquetWriter(file, schema, compression="zstd") as writer:
        for person, fixes in recorded:
            lon, lat = city.streets.place.lonlat(fixes.x, fixes.y)
            day = (fixes.t // DAY_S).astype("timedelta64[D]")
            columns = {
                "user_id": [user_id(person)] * len(lon),
                "track_id": (day + FIRST_MONDAY).astype(str),
                "t": midnight + np.rint(1000 * fixes.t).astype(np.int64),
                "lon": lon.round(7),
                "lat": lat.round(7),
            }
            waiting.append(pa.table({name: columns[name] for name in names}, schema=schema))
            count += len(lon)

            if sum(map(len, waiting)) > Settings.rows_at_a_time:
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
            texts = [str(v).lower() if isinstance(v, bool | np.bool_) else v for v in row]
            writer.writerow(texts)


def write_layers(output: Path, city: City) -> None:
    """regions, stations and streets as GeoJSON."""
    write_regions(output / "regions.geojson", city)
    write_stations(output / "stations.geojson", city)
    write_streets(output / "streets.geojson", city.streets)


def write_regions(file: Path, city: City) -> None:
    """The hexagons in which there are streets."""
    turns = np.radians(np.arange(30, 390, 60))
    directions = np.column_stack([np.cos(turns), np.sin(turns)])
    corners = CELL_M / np.sqrt(3) * directions
    shapes = []
    ids = []

    for number, cell in enumerate(city.cells):
        ring = degrees(cell + corners, city.streets.place)
        shapes.append([[*ring, ring[0]]])
        ids.append(f"r{number:03d}")

    write_layer(file, "Polygon", shapes, {"region_id": ids})


def write_stations(file: Path, city: City) -> None:
    """The stations of the metro, in order."""
    points = degrees(city.metro.stations, city.streets.place)
    ids = [f"s{number:02d}" for number in range(len(points))]
    lines = ["M1"] * len(points)
    write_layer(file, "Point", points, {"station_id": ids, "line": lines})


def write_streets(file: Path, streets: Streets) -> None:
    """The streets for cars or walkers."""
    used = np.flatnonzero(streets.open_to("car") | streets.walk)
    shapes = [degrees(streets.shapes[i], streets.place) for i in used]

    ids = list(map(str, streets.edges[used]))
    speeds = [round(3.6 * speed) for speed in streets.speed[used]]
    facts: Facts = {"street_id": ids, "speed_kmh": speeds}
    write_layer(file, "LineString", shapes, facts)


def degrees(xy: Array, place: Place) -> list:
    """Points (k, 2) in metres as lists of longitude and latitude."""
    lon, lat = place.lonlat(*xy.T)
    return np.column_stack([lon, lat]).round(7).tolist()


def write_layer(file: Path, kind: str, shapes: list, facts: Facts) -> None:
    """One GeoJSON layer. kind: of geometry. shapes: their coordinates. facts: by field."""
    features = []
    for i, shape in enumerate(shapes):
        properties = {name: values[i] for name, values in facts.items()}
        geometry = {"type": kind, "coordinates": shape}
        feature = {"type": "Feature", "properties": properties, "geometry": geometry}
        features.append(feature)

    layer = {"type": "FeatureCollection", "features": features}
    text = json.dumps(layer)
    file.write_text(text, encoding="utf-8")


def write_users(path: Path, population: Population, trips: Trips, who: Array, weeks: int) -> None:
    """truth_users.csv: the facts of some people (k,), from their plans."""
    count = len(population.people)
    rides = trips.mode == MODE_CODES.index("rail")
    by_metro = trips.person[rides]
    metro = np.bincount(by_metro, minlength=count) / weeks
    a_day = np.bincount(trips.person, minlength=count) / (7 * weeks)
    rows = []

    for i in map(int, who):
        person = population.people[i]
        row = {
            "user_id": user_id(i),
            "employed": person.occupation in EMPLOYED,
            "commuter": person.commuter,
            "metro_user": metro[i] >= 1,
            "metro_trips_a_week": metro[i].round(2),
            "trips_a_day": a_day[i].round(3),
            "car_owner": person.car,
            "kind": person.occupation,
        }
        rows.append(row)

    write_csv(path, list(rows[0]), [row.values() for row in rows])


def trip_row(journey: Journey, trips: Trips, user: str, midnight_ms: int) -> list:
    """A trip's row of truth_tracks.csv, without its ends.

    midnight_ms: epoch ms at which the first Monday begins, in mean solar time.
    """
    end = len(journey.t)
    mode = trips.mode[journey.trip]
    whole = span_row(journey, user, midnight_ms, 0, end, mode)

    return [*whole, trips.purpose[journey.trip]]


def segment_rows(journey: Journey, user: str, midnight_ms: int) -> list[list]:
    """A trip's rows of truth_segments.csv: a ride's walks are segments of their own."""
    changes = np.flatnonzero(np.diff(journey.mode)) + 1
    cuts = [0, *changes, len(journey.mode)]
    rows = []

    for begin, end in pairwise(cuts):
        if end - begin >= Settings.shortest_s:
            mode = journey.mode[begin]
            rows.append(span_row(journey, user, midnight_ms, begin, end, mode))

    return rows


def span_row(
    journey: Journey, user: str, midnight_ms: int, begin: int, end: int, mode: int
) -> list:
    """The facts of some seconds of a journey, from begin until before end."""
    first_s = float(journey.t[begin])
    last_s = float(journey.t[end - 1])

    start_ms = midnight_ms + round(1000 * first_s)
    end_ms = midnight_ms + round(1000 * last_s)
    trip = f"{user}-{journey.trip}"

    return [user, trip, start_ms, end_ms, MODE_CODES[mode]]
