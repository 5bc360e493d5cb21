# SPDX-License-Identifier: GPL-2.0-or-later
"""The tables of true labels, and the map layers of a city."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np

from model.synthetic.city.layout import CELL_M, City, nearest
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
    """regions, stations, streets and pois as GeoJSON, and together as GeoPackage."""

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
    write("regions", "Polygon", [[[*ring, ring[0]]] for ring in rings], {"region_id": _region_ids(city)})
    stations, poi, streets = city.metro.stations, city.poi, city.streets
    names = [f"s{i:02d}" for i in range(len(stations))]
    lines = {"station_id": names, "line": ["M1"] * len(names)}
    write("stations", "Point", degrees(stations[:, 0], stations[:, 1]), lines)
    categories = {"poi_id": [f"p{i:04d}" for i in range(len(poi))], "category": list(map(str, city.category))}
    write("pois", "Point", degrees(poi.x, poi.y), categories)
    used = np.flatnonzero(streets.open_to("car") | streets.walk)
    shapes = [degrees(*streets.shapes[i].T) for i in used]
    speeds = [round(3.6 * speed) for speed in streets.speed[used]]
    write("streets", "LineString", shapes, {"street_id": list(map(str, streets.edges[used])), "speed_kmh": speeds})
    _write_geopackage(output)


def _write_geopackage(output: Path) -> None:
    """city.gpkg: the same layers in one file, where GDAL's Python is installed (QGIS brings it)."""
    try:
        from osgeo import gdal
    except ImportError:
        return
    gdal.UseExceptions()
    target = output / "city.gpkg"
    target.unlink(missing_ok=True)
    with gdal.config_options({"OGR_CURRENT_DATE": "2023-01-01T00:00:00Z"}):  # or no two files would be equal
        for n, name in enumerate(("regions", "stations", "streets", "pois")):
            how = gdal.VectorTranslateOptions(format="GPKG", layerName=name, accessMode="append" if n else None)
            done = gdal.VectorTranslate(str(target), str(output / f"{name}.geojson"), options=how)
            del done  # closes the file


def _region_ids(city: City) -> list[str]:
    return [f"r{i:03d}" for i in range(len(city.cells))]


def write_users(
    path: Path, population: Population, trips: Trips, observed: np.ndarray, ids: dict[int, str], weeks: int
) -> None:
    """truth_users.csv: the observed people's facts, from their plans."""
    metro = (trips.mode == MODE_CODES.index("rail")) & (trips.line != REGIONAL)
    rail, away, trips_a_day = (
        np.bincount(trips.person[some], minlength=len(population.people)) / span
        for some, span in ((metro, weeks), (trips.purpose == "away", weeks), (slice(None), 7 * weeks))
    )
    rows = []
    for i in observed:
        person = population.people[i]
        rows.append([
            ids[i], person.occupation in EMPLOYED, person.commuter, bool(rail[i] >= 1), round(float(rail[i]), 2),
            round(float(trips_a_day[i]), 3), person.car, person.occupation, round(float(away[i]), 2),
        ])  # fmt: skip
    header = ["user_id", "employed", "commuter", "metro_user", "metro_trips_a_week", "trips_a_day", "car_owner", "kind",
              "journeys_away_a_week"]  # fmt: skip
    write_csv(path, header, rows)


def write_regions(path: Path, population: Population, trips: Trips, weeks: int) -> None:
    """truth_regions.csv: what is in each region, and the whole population's visits and boardings in a week."""
    city, sites = population.city, population.sites
    count = len(city.cells)
    pois = np.bincount(nearest(city.cells, city.poi.x, city.poi.y), minlength=count)
    area_km2 = CELL_M**2 * np.sqrt(3) / 2 / 1e6
    arrived = trips.destination[(trips.purpose != "home") & population.chooser.inside[trips.destination]]
    visits = np.bincount(nearest(city.cells, sites.x[arrived], sites.y[arrived]), minlength=count) / weeks
    boardings, metro = np.zeros(count), np.zeros(count)
    for n, line in enumerate(city.lines):
        cells = nearest(city.cells, line.x, line.y)
        boards = np.bincount(trips.board[trips.line == n], minlength=len(line.x)) / weeks
        if n == 0:  # trains out of town stop at the metro's stations too
            regional = trips.board[(trips.line == REGIONAL) & (trips.board >= 0)]
            np.add.at(boardings, cells, np.bincount(regional, minlength=len(line.x)) / weeks)
            np.add.at(metro, cells, boards)
        np.add.at(boardings, cells, boards)
    header = ["region_id", "pois", "poi_density_km2", "boardings", "metro_boardings", "visits"]
    densities = (pois / area_km2).round(3)
    columns = (_region_ids(city), pois, densities, boardings.round(2), metro.round(2), visits.round(2))
    write_csv(path, header, zip(*columns, strict=True))


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
