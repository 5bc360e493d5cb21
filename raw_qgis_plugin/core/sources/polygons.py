# SPDX-License-Identifier: GPL-2.0-or-later
"""Regions from a file, without QGIS: ids and polygons in longitude and latitude."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ..arrays import Array, object_column
from ..errors import InputError, require
from ..geodesy import near_lon
from .schema import ID_FIELDS


class Polygons(NamedTuple):
    """The regions of a file."""

    id_name: str  # the field of the ids, or 'region'
    ids: Array  # (n,) object array; numbers from 1 without a field
    shapes: Array  # (n,) object array of shapely geometries in lon/lat, or None


def guess_id(names: Sequence[str], column: Callable[[str], list[str]]) -> str:
    """The field that is taken for the ids of regions: the first usual one whose values all differ;
    '' for none.

    names: the fields. column: the ids in a field.
    """
    found = {name.lower(): name for name in reversed(names)}
    for usual in ID_FIELDS["region"]:
        if usual in found:
            ids = column(found[usual])
            if len(set(ids)) == len(ids):
                return found[usual]
    return ""


@dataclass(frozen=True)
class _Features:
    """The features of a layer as they are in the file."""

    fields: list[str]
    rows: list[dict[str, Any]]  # the values of a feature by field
    wkb: list[bytes | None]
    crs: str  # as pyproj reads it


def read_polygons(source: str | Path, id_field: str | None = None, guess: bool = False) -> Polygons:
    """Read regions from a file that GDAL reads ('file.gpkg|layername=NAME' where it has several
    layers).

    guess: whether to look for the ids if no `id_field` is given.
    Raises InputError if the file, the layer or the field is missing or the file cannot be read.
    """
    require("shapely", "pyproj", "pyarrow")
    import shapely

    from .ogr import opened

    name, _, layer_name = str(source).partition("|layername=")
    path = Path(name).expanduser()
    if not path.is_file():
        raise InputError("There is no file '{path}'.", path=path)
    with opened(path) as dataset:
        found = _features_of(_choose_layer(path, dataset, layer_name))
    if guess and not id_field:
        id_field = guess_id(found.fields, lambda name: [str(row[name]) for row in found.rows])
    ids = _ids_of(found, id_field)
    shapes = np.array(shapely.from_wkb(found.wkb, on_invalid="ignore"), object).reshape(-1)
    return Polygons(id_field or "region", ids, _in_degrees(shapes, found.crs))


def _choose_layer(path: Path, dataset: Any, wanted: str) -> Any:
    """GDAL's layer of a name, or the only one there is."""
    found = [dataset.GetLayer(number) for number in range(dataset.GetLayerCount())]
    layers = {layer.GetName(): layer for layer in found}
    if wanted in layers:
        return layers[wanted]
    if len(layers) == 1:
        return next(iter(layers.values()))
    raise InputError(
        "Name a layer of {file} as '{file}|layername=NAME'. It has: {all}.",
        file=path.name,
        all=", ".join(layers) or "none",
    )


def _features_of(layer: Any) -> _Features:
    """All features of one of GDAL's layers, those of a number in the file among the fields."""
    names = [each.GetName() for each in layer.schema]
    fid = layer.GetFIDColumn()
    rows = []
    wkb = []
    for feature in layer:
        row = {name: feature.GetField(k) for k, name in enumerate(names)}
        if fid:
            row[fid] = feature.GetFID()
        rows.append(row)
        shape = feature.GetGeometryRef()
        wkb.append(None if shape is None else bytes(shape.GetLinearGeometry().ExportToIsoWkb()))
    crs = layer.GetSpatialRef()
    fields = [*names, fid] if fid else names
    return _Features(fields, rows, wkb, "OGC:CRS84" if crs is None else crs.ExportToWkt())


def _ids_of(found: _Features, field: str | None) -> Array:
    """(n,) object: the ids in a field, or numbers from 1 without one."""
    if not field:
        return np.arange(1, len(found.rows) + 1).astype(object)
    if field not in found.fields:
        known = ", ".join(found.fields) or "–"
        words = "The regions have no field '{field}'. They have: {known}."
        raise InputError(words, field=field, known=known)
    return object_column(row[field] for row in found.rows)


def _in_degrees(shapes: Array, crs: str) -> Array:
    """(n,) shapes in longitude and latitude."""
    from pyproj import CRS, Transformer

    own = CRS.from_user_input(crs)
    world = CRS.from_epsg(4326)
    if own.equals(world, ignore_axis_order=True):
        return shapes
    transformer = Transformer.from_crs(own, world, always_xy=True)

    def to_world(xy: Array) -> Array:
        return np.column_stack(transformer.transform(*xy.T))

    return transform_shapes(shapes, to_world, not own.is_geographic)


def transform_shapes(
    shapes: Array, transform: Callable[[Array], Array], beyond: bool = False
) -> Array:
    """(n,) transformed shapely polygons, None for one with a corner that cannot be transformed.

    transform: of (m, 2) coordinates. beyond: the result is degrees, and the longitudes of a shape
    go on beyond ±180 from the middle of its extent.
    """
    import shapely

    xy, of = shapely.get_coordinates(shapes, return_index=True)
    if not len(xy):
        return shapes
    west, south, east, north = shapely.bounds(shapes).T
    centres = np.column_stack([(west + east) / 2, (south + north) / 2])
    both = transform(np.vstack([xy, centres]))
    made = both[: len(xy)]
    if beyond:
        middle = both[len(xy) :, 0]
        middle = np.where(np.isfinite(middle), middle, 0.0)
        with np.errstate(invalid="ignore"):  # of what cannot be transformed
            made[:, 0] = near_lon(made[:, 0], middle[of])
    lost = np.isin(np.arange(len(shapes)), of[~np.isfinite(made).all(axis=1)])
    moved = shapes.copy()
    moved[lost] = None
    return shapely.set_coordinates(moved, made[~lost[of]])
