# SPDX-License-Identifier: GPL-2.0-or-later
"""The tables of true labels, and the map layers of a city."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np

from model.synthetic.city.layout import CELL_M, City
from model.synthetic.population.people import EMPLOYED, Population
from model.synthetic.population.plans import MODE_CODES, REGIONAL, Trips
from model.synthetic.population.travel import Journey


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

    def write(name: str, kind: str, shapes: list, fields: Mapping[str, Sequence[str | int]]) -> None:
        features = [
            {"type": "Feature", "properties": dict(zip(fields, values, strict=True)),
             "geometry": {"type": kind, "coordinates": shape}}
            for shape, *values in zip(shapes, *fields.values(), strict=True)
        ]  # fmt: skip
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
    write("streets", "LineString", shapes, {"street_id": list(map(str, streets.edges[used])), "speed_kmh": speeds})


def write_users(path: Path, population: Population, trips: Trips, ids: dict[int, str], weeks: int) -> None:
    """truth_users.csv: the facts of the people with ids, from their plans."""
    metro = (trips.mode == MODE_CODES.index("rail")) & (trips.line != REGIONAL)
    rail, away, trips_a_day = (
        np.bincount(trips.person[some], minlength=len(population.people)) / span
        for some, span in ((metro, weeks), (trips.purpose == "away", weeks), (slice(None), 7 * weeks))
    )
    rows = []
    for i, name in ids.items():
        person = population.people[i]
        rows.append([
            name, person.occupation in EMPLOYED, person.commuter, bool(rail[i] >= 1), round(float(rail[i]), 2),
            round(float(trips_a_day[i]), 3), person.car, person.occupation, round(float(away[i]), 2),
        ])  # fmt: skip
    header = ["user_id", "employed", "commuter", "metro_user", "metro_trips_a_week", "trips_a_day", "car_owner", "kind",
              "journeys_away_a_week"]  # fmt: skip
    write_csv(path, header, rows)


def trip_rows(journey: Journey, trips: Trips, user: str, midnight_ms: int) -> tuple[list, list[list]]:
    """A trip's row of truth_tracks.csv, and its rows of truth_segments.csv: a ride's walks are segments of their own.

    midnight_ms: epoch ms at which the first Monday begins, in mean solar time.
    """

    def row(a: int, b: int, mode: int) -> list:
        ms = [midnight_ms + round(1000 * float(journey.t[second])) for second in (a, b - 1)]
        return [user, f"{user}-{journey.trip}", *ms, MODE_CODES[mode]]

    cuts = [0, *np.flatnonzero(np.diff(journey.mode)) + 1, len(journey.mode)]
    # A leg of less than 45 s, from the door to the street, is no segment of its own.
    legs = [row(a, b, journey.mode[a]) for a, b in zip(cuts[:-1], cuts[1:], strict=True) if b - a >= 45]
    return [*row(0, 0, trips.mode[journey.trip]), trips.purpose[journey.trip]], legs
