# SPDX-License-Identifier: GPL-2.0-or-later
"""The tables of what is true, and the map layers of a city."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from model.synthetic.city.layout import CELL_M, City, nearest
from model.synthetic.population.people import Population
from model.synthetic.population.plans import MODE_CODES, REGIONAL, Trips
from model.synthetic.population.travel import Journey

LAYERS = ("regions", "stations", "streets", "pois")
TRIP_TABLES = ("tracks", "segments")
LEAST_SEGMENT_S = 45  # a shorter leg (from the door to the street) is no segment of its own


def write_csv(path: Path, header: list[str], rows: Iterable[Iterable]) -> None:
    """A comma-separated table; booleans as true and false."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        for row in rows:
            writer.writerow([str(v).lower() if isinstance(v, bool | np.bool_) else v for v in row])


def write_geojson(path: Path, kind: str, shapes: list[list], fields: dict[str, Iterable]) -> None:
    """A layer in WGS84. shapes: GeoJSON coordinates of each feature."""
    columns = {name: list(values) for name, values in fields.items()}
    features = [
        {
            "type": "Feature",
            "properties": {name: values[i] for name, values in columns.items()},
            "geometry": {"type": kind, "coordinates": shape},
        }
        for i, shape in enumerate(shapes)
    ]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}), encoding="utf-8")


def write_layers(output: Path, city: City) -> None:
    """regions, stations, streets and pois as GeoJSON, and together as GeoPackage."""
    turns = np.radians(np.arange(30, 390, 60))
    radius = CELL_M / np.sqrt(3)
    shapes = []
    for x, y in city.cells:
        ring = _degrees(city, x + radius * np.cos(turns), y + radius * np.sin(turns))
        shapes.append([[*ring, ring[0]]])
    write_geojson(output / "regions.geojson", "Polygon", shapes, {"region_id": region_ids(city)})
    stations = city.metro.stations
    write_geojson(
        output / "stations.geojson", "Point", _degrees(city, stations[:, 0], stations[:, 1]),
        {"station_id": [f"s{i:02d}" for i in range(len(stations))], "line": ["M1"] * len(stations)},
    )  # fmt: skip
    write_geojson(
        output / "pois.geojson", "Point", _degrees(city, city.poi.x, city.poi.y),
        {"poi_id": [f"p{i:04d}" for i in range(len(city.poi))], "category": city.category.tolist()},
    )  # fmt: skip
    streets = city.streets
    used = [i for i in range(len(streets.edges)) if streets.drive[i] or streets.walk[i]]
    shapes = [_degrees(city, streets.shapes[i][:, 0], streets.shapes[i][:, 1]) for i in used]
    write_geojson(
        output / "streets.geojson", "LineString", shapes,
        {"street_id": streets.edges[used].tolist(), "speed_kmh": [round(3.6 * s) for s in streets.speed[used]]},
    )  # fmt: skip
    write_geopackage(output)


def write_geopackage(output: Path) -> None:
    """city.gpkg: the same layers in one file, where GDAL's Python is at hand (QGIS brings it)."""
    try:
        from osgeo import gdal
    except ImportError:
        return
    gdal.UseExceptions()
    target = output / "city.gpkg"
    target.unlink(missing_ok=True)
    with gdal.config_options({"OGR_CURRENT_DATE": "2023-01-01T00:00:00Z"}):  # or no two files would be equal
        for n, name in enumerate(LAYERS):
            how = gdal.VectorTranslateOptions(format="GPKG", layerName=name, accessMode="append" if n else None)
            done = gdal.VectorTranslate(str(target), str(output / f"{name}.geojson"), options=how)
            del done  # closes the file


def region_ids(city: City) -> list[str]:
    """One id a region."""
    return [f"r{i:03d}" for i in range(len(city.cells))]


def _degrees(city: City, x: np.ndarray, y: np.ndarray) -> list:
    lon, lat = city.streets.place.lonlat(x, y)
    return np.column_stack([lon, lat]).round(7).tolist()


def write_users(
    path: Path, population: Population, trips: Trips, observed: np.ndarray, ids: dict[int, str], weeks: int
) -> None:
    """truth_users.csv: the observed people's facts, from their plans."""
    metro = (trips.mode == MODE_CODES.index("rail")) & (trips.line != REGIONAL)
    away = trips.purpose == "away"
    rail, away = (np.bincount(trips.person[kind], minlength=len(population.people)) / weeks for kind in (metro, away))
    every = np.bincount(trips.person, minlength=len(population.people)) / (7 * weeks)
    rows = []
    for i in observed:
        person = population.people[i]
        rows.append([
            ids[i], person.employed, person.commuter, bool(rail[i] >= 1), round(float(rail[i]), 2),
            round(float(every[i]), 3), person.car, person.life, round(float(away[i]), 2),
        ])  # fmt: skip
    header = ["user_id", "employed", "commuter", "metro_user", "metro_trips_a_week", "trips_a_day", "car_owner", "kind",
              "journeys_away_a_week"]  # fmt: skip
    write_csv(path, header, rows)


def write_regions(path: Path, city: City, population: Population, trips: Trips, weeks: int) -> None:
    """truth_regions.csv: what is in each region and what the whole population does there in a week."""
    count = len(city.cells)
    pois = np.bincount(nearest(city.cells, city.poi.x, city.poi.y), minlength=count)
    area = CELL_M**2 * np.sqrt(3) / 2 / 1e6
    goal = trips.goal[(trips.purpose != "home") & population.chooser.inside[trips.goal]]
    sites = population.sites
    visits = np.bincount(nearest(city.cells, sites.x[goal], sites.y[goal]), minlength=count) / weeks
    boardings, metro = np.zeros(count), np.zeros(count)
    for n, line in enumerate(city.lines):
        cells = nearest(city.cells, line.x, line.y)
        stops = np.bincount(trips.board[trips.line == n], minlength=len(line.x)) / weeks
        boards = trips.board[(trips.line == REGIONAL) & (trips.board >= 0)] if n == 0 else np.empty(0, int)
        regional = np.bincount(boards, minlength=len(line.x)) / weeks  # trains out of town call at the stations too
        np.add.at(boardings, cells, regional)
        np.add.at(boardings, cells, stops)
        if line.mode == "rail":
            np.add.at(metro, cells, stops)
    header = ["region_id", "pois", "poi_density_km2", "boardings", "metro_boardings", "visits"]
    columns = (region_ids(city), pois, (pois / area).round(3), boardings.round(2), metro.round(2), visits.round(2))
    write_csv(path, header, zip(*columns, strict=True))


class TripTables:
    """truth_tracks.csv, a row a trip, and truth_segments.csv, a row a leg: a ride's walks stand apart.

    midnight: epoch ms at which the first Monday begins, in mean solar time.
    """

    def __init__(self, output: Path, trips: Trips, ids: dict[int, str], midnight: int) -> None:
        self.output, self.trips, self.ids, self.midnight, self.count = output, trips, ids, midnight, 0

    def __enter__(self) -> TripTables:
        """Open both tables."""
        head = ["user_id", "trip_id", "t_start", "t_end", "mode"]
        files = [(self.output / f"truth_{name}.csv").open("w", newline="", encoding="utf-8") for name in TRIP_TABLES]
        self.files = files
        self.rows, self.legs = (csv.writer(file, lineterminator="\n") for file in files)
        self.rows.writerow([*head, "purpose"])
        self.legs.writerow(head)
        return self

    def __exit__(self, *error: object) -> None:
        """Close them."""
        for file in self.files:
            file.close()

    def add(self, journeys: list[Journey]) -> None:
        """One person's journeys."""
        trips = self.trips
        for journey in journeys:
            i = journey.trip
            user, trip_id = self.ids[int(trips.person[i])], f"{self.ids[int(trips.person[i])]}-{i}"
            ms = [self.midnight + round(1000 * float(journey.t[k])) for k in (0, -1)]
            self.rows.writerow([user, trip_id, *ms, MODE_CODES[trips.mode[i]], trips.purpose[i]])
            cuts = np.flatnonzero(np.diff(journey.mode)) + 1
            for a, b in zip([0, *cuts], [*cuts, len(journey.mode)], strict=True):
                if b - a >= LEAST_SEGMENT_S:
                    ms = [self.midnight + round(1000 * float(journey.t[k])) for k in (a, b - 1)]
                    self.legs.writerow([user, trip_id, *ms, MODE_CODES[journey.mode[a]]])
            self.count += 1
