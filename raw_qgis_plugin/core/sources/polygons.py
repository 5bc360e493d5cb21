# SPDX-License-Identifier: GPL-2.0-or-later
"""Regions from a GeoJSON or GeoPackage file, without QGIS: ids and polygons in longitude and latitude."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ..arrays import object_column
from ..errors import InputError, require
from ..geodesy import unwrapped

LONLAT = (None, "EPSG:4326", "OGC:CRS84", "urn:ogc:def:crs:OGC:1.3:CRS84", "urn:ogc:def:crs:EPSG::4326")

# Fields that are taken for the ids of regions if none is named: the first whose values all differ
ID_NAMES = ("region_id", "id", "code", "name", "fid")


class Polygons(NamedTuple):
    """The regions of a file."""

    id_name: str  # the field of the ids, or 'region'
    ids: np.ndarray  # (n,) object array; numbers from 1 without a field
    shapes: np.ndarray  # (n,) object array of shapely geometries in lon/lat, or None


def guess_id(names: Sequence[str], column: Callable[[str], list[str]]) -> str:
    """The field that is taken for the ids of regions, '' for none. names: the fields. column: the ids in a field."""
    found = {name.lower(): name for name in reversed(names)}
    usual = [found[name] for name in ID_NAMES if name in found]
    return next((name for name in usual if len(set(ids := column(name))) == len(ids)), "")


def read_polygons(source: str | Path, id_field: str | None = None, guess: bool = False) -> Polygons:
    """Read regions from a .geojson, .json or .gpkg file ('file.gpkg|layername=NAME' where it has several layers).

    guess: whether to look for the ids if no `id_field` is given.
    Raises InputError if the file, the layer or the field is missing, or for another kind of file.
    """
    require("shapely")
    name, _, layer = str(source).partition("|layername=")
    path = Path(name).expanduser()
    if not path.is_file():
        raise InputError(f"There is no file '{path}'.")
    if path.suffix.lower() in (".geojson", ".json"):
        shapes, rows, crs = _geojson(path)
    elif path.suffix.lower() == ".gpkg":
        try:
            with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as database:
                shapes, rows, crs = _geopackage(database, path, layer)
        except sqlite3.Error as error:
            raise InputError(f"{path.name} cannot be read as a GeoPackage: {error}.") from error
    else:
        raise InputError(f"Regions are read from .geojson, .json or .gpkg, not from {path.name}.")
    if guess and not id_field:
        fields = list(dict.fromkeys(name for row in rows for name in row))
        id_field = guess_id(fields, lambda name: [str(row.get(name)) for row in rows])
    if not id_field:
        return Polygons("region", np.arange(1, len(rows) + 1).astype(object), _to_lonlat(shapes, crs))
    if rows and not any(id_field in row for row in rows):
        names = ", ".join(dict.fromkeys(name for row in rows for name in row)) or "none"
        raise InputError(f"The regions have no field '{id_field}'. They have: {names}.")
    ids = object_column(row.get(id_field) for row in rows)
    return Polygons(id_field, ids, _to_lonlat(shapes, crs))


def _geojson(path: Path) -> tuple[np.ndarray, list[dict[str, Any]], str | None]:
    import shapely

    try:
        data = json.loads(path.read_text("utf-8-sig"))
        features = data["features"] if data["type"] == "FeatureCollection" else [data]
        geometries = [feature.get("geometry") for feature in features]
        shapes = shapely.from_geojson([json.dumps(g) if g else None for g in geometries])
        rows = [feature.get("properties") or {} for feature in features]
        crs = (data.get("crs") or {}).get("properties", {}).get("name")  # of GeoJSON before 2016
    except (ValueError, KeyError, TypeError, AttributeError, shapely.errors.GEOSException) as error:
        raise InputError(f"{path.name} cannot be read as GeoJSON: {error}.") from error
    return np.array(shapes, object).reshape(-1), rows, crs


def _geopackage(
    database: sqlite3.Connection, path: Path, layer: str
) -> tuple[np.ndarray, list[dict[str, Any]], str | None]:
    import shapely

    layers = dict(database.execute("SELECT table_name, column_name FROM gpkg_geometry_columns").fetchall())
    if len(layers) != 1 and layer not in layers:
        names = ", ".join(layers) or "none"
        raise InputError(f"Name a layer of {path.name} as '{path.name}|layername=NAME'. It has: {names}.")
    layer = layer if layer in layers else next(iter(layers))
    crs = database.execute(
        "SELECT s.organization || ':' || s.organization_coordsys_id FROM gpkg_geometry_columns g "
        "JOIN gpkg_spatial_ref_sys s ON s.srs_id = g.srs_id WHERE g.table_name = ?", (layer,)
    ).fetchone()  # fmt: skip
    database.row_factory = sqlite3.Row
    table = '"' + layer.replace('"', '""') + '"'  # SQL takes no parameter for a table's name
    rows = [dict(row) for row in database.execute(f"SELECT * FROM {table}")]  # nosec B608
    wkb = [_wkb(row.pop(layers[layer])) for row in rows]
    try:
        shapes = np.array(shapely.from_wkb(wkb, on_invalid="ignore"), object).reshape(-1)
    except NotImplementedError as error:
        way = "ogr2ogr -nlt CONVERT_TO_LINEAR"
        raise InputError(f"{path.name} has curves. Write it anew with straight edges: {way}.") from error
    return shapes, rows, crs[0] if crs else None


def _wkb(blob: Any) -> bytes | None:
    """The WKB in a GeoPackage geometry, which follows 8 bytes and an envelope whose size has a code in the flags.

    None for anything else: SQLite keeps values of any kind in any column.
    """
    if not isinstance(blob, bytes) or blob[:2] != b"GP" or len(blob) < 8:
        return None
    envelope_bytes = (0, 32, 48, 48, 64)[min(blob[3] >> 1 & 7, 4)]
    return blob[8 + envelope_bytes :]


def _to_lonlat(shapes: np.ndarray, crs: str | None) -> np.ndarray:
    if crs in LONLAT:
        return shapes
    require("pyproj")
    import shapely
    from pyproj import CRS, Transformer
    from pyproj.exceptions import ProjError

    try:
        of = CRS.from_user_input(crs)
        to_lonlat = Transformer.from_crs(of, "EPSG:4326", always_xy=True)
    except ProjError as error:
        raise InputError(f"The regions' coordinate system '{crs}' is unknown.") from error

    def transformed(some: np.ndarray) -> np.ndarray:
        return shapely.transform(some, lambda xy: np.column_stack(to_lonlat.transform(*xy.T)))

    shapes, given = transformed(shapes), shapes
    if not of.is_geographic:
        at = np.flatnonzero(leap(shapes))
        steps = transformed(shapely.segmentize(given[at], shapely.length(given[at]) / 64))  # under half the world each
        shapes[at] = [short_way(shape) for shape in steps]
    return shapes


def leap(shapes: np.ndarray) -> np.ndarray:
    """(n,) bool: whether a shape has neighbouring corners more than half the world apart."""
    import shapely

    xy, of = shapely.get_coordinates(shapes, return_index=True)
    far = (np.abs(np.diff(xy[:, 0])) > 180) & (of[1:] == of[:-1])
    return np.isin(np.arange(len(shapes)), of[1:][far])


def short_way(shape: Any) -> Any:
    """Polygons whose rings go the short way from corner to corner; a polygon around a pole stays as it is."""
    import shapely

    parts = [_short_way(part) for part in shapely.get_parts(shape)]
    return parts[0] if len(parts) == 1 else shapely.multipolygons(parts)


def _short_way(polygon: Any) -> Any:
    import shapely

    rings: list[Any] = []
    for ring in shapely.get_rings(polygon):
        xy = shapely.get_coordinates(ring)
        xy[:, 0] = unwrapped(xy[:, 0], np.array([0, len(xy)]))
        if xy[0, 0] != xy[-1, 0]:
            return polygon
        if rings:  # a hole lies inside the outer ring
            west, _, east, _ = rings[0].bounds
            xy[:, 0] -= 360.0 * np.round((xy[:, 0].mean() - (west + east) / 2) / 360.0)
        rings.append(shapely.LinearRing(xy))
    return shapely.Polygon(rings[0], rings[1:]) if rings else polygon
