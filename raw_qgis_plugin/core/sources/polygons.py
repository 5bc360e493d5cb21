# SPDX-License-Identifier: GPL-2.0-or-later
"""Regions from a file, without QGIS: ids and polygons in longitude and latitude."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ..arrays import object_column
from ..errors import InputError, exceptions_of, require
from ..geodesy import unwrapped

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
    """Read regions from a file that GDAL reads ('file.gpkg|layername=NAME' where it has several layers).

    guess: whether to look for the ids if no `id_field` is given.
    Raises InputError if the file, the layer or the field is missing or the file cannot be read.
    """
    require("shapely", "osgeo")
    from osgeo import gdal, ogr

    name, _, layer_name = str(source).partition("|layername=")
    path = Path(name).expanduser()
    if not path.is_file():
        raise InputError(f"There is no file '{path}'.")
    try:
        with exceptions_of(gdal, ogr):
            dataset = gdal.OpenEx(str(path), gdal.OF_VECTOR | gdal.OF_READONLY)
            names = [dataset.GetLayer(k).GetName() for k in range(dataset.GetLayerCount())]
            if layer_name not in names and len(names) != 1:
                listed = ", ".join(names) or "none"
                raise InputError(f"Name a layer of {path.name} as '{path.name}|layername=NAME'. It has: {listed}.")
            layer = dataset.GetLayerByName(layer_name) if layer_name in names else dataset.GetLayer(0)
            fields, rows, shapes = _features(layer)
            crs = layer.GetSpatialRef()
            wkt = crs.ExportToWkt() if crs is not None else None
    except RuntimeError as error:  # of GDAL
        raise InputError(f"{path.name} cannot be read: {error}".replace(str(path), path.name)) from error
    if guess and not id_field:
        id_field = guess_id(fields, lambda name: [str(row[name]) for row in rows])
    if id_field and id_field not in fields:
        raise InputError(f"The regions have no field '{id_field}'. They have: {', '.join(fields) or 'none'}.")
    ids = object_column(row[id_field] for row in rows) if id_field else np.arange(1, len(rows) + 1).astype(object)
    return Polygons(id_field or "region", ids, _to_lonlat(shapes, wkt))


def _features(layer: Any) -> tuple[list[str], list[dict[str, Any]], np.ndarray]:
    """The names of the fields, the values of each feature, and (n,) shapely geometries, or None."""
    import shapely

    definition = layer.GetLayerDefn()
    fields = [definition.GetFieldDefn(k).GetName() for k in range(definition.GetFieldCount())]
    rows, wkb = [], []
    for feature in layer:
        row = {name: feature.GetField(k) for k, name in enumerate(fields)}
        rows.append({**row, layer.GetFIDColumn(): feature.GetFID()} if layer.GetFIDColumn() else row)
        geometry = feature.GetGeometryRef()
        wkb.append(None if geometry is None else bytes(geometry.GetLinearGeometry().ExportToIsoWkb()))
    fields += [layer.GetFIDColumn()] * bool(layer.GetFIDColumn())
    return fields, rows, np.array(shapely.from_wkb(wkb, on_invalid="ignore"), object).reshape(-1)


def _to_lonlat(shapes: np.ndarray, wkt: str | None) -> np.ndarray:
    require("pyproj")
    from pyproj import CRS, Transformer

    of = CRS.from_user_input(wkt or "OGC:CRS84")
    if of.is_geographic and of.equals(CRS.from_epsg(4326), ignore_axis_order=True):
        return shapes
    transformer = Transformer.from_crs(of, "EPSG:4326", always_xy=True)
    return to_lonlat(shapes, lambda xy: np.column_stack(transformer.transform(*xy.T)), of.is_geographic)


def to_lonlat(shapes: np.ndarray, transform: Callable[[np.ndarray], np.ndarray], is_geographic: bool) -> np.ndarray:
    """(n,) shapely polygons in longitude and latitude, None for one with a corner that has none.

    transform: of (m, 2) coordinates to degrees.
    In a projected CRS an edge that crosses ±180 on the map also crosses it here: its longitudes go on beyond 180.
    """
    import shapely

    xy, of = shapely.get_coordinates(shapes, return_index=True)
    xy, moved = transform(xy), shapes.copy()
    lost = np.isin(np.arange(len(shapes)), of[~np.isfinite(xy).all(axis=1)])
    moved[lost] = None
    moved = shapely.set_coordinates(moved, xy[~lost[of]])
    if not is_geographic:
        at = np.flatnonzero(leap(moved))
        # With 64 points around a shape its longitudes show on which side of the world an edge runs
        steps = shapely.transform(shapely.segmentize(shapes[at], shapely.length(shapes[at]) / 64), transform)
        moved[at] = [short_way(shape) for shape in steps]
    return moved


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
