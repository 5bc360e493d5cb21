# SPDX-License-Identifier: GPL-2.0-or-later
"""Regions from a file, without QGIS: ids and polygons in longitude and latitude."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ..arrays import object_column
from ..errors import InputError, require
from ..geodesy import near_lon
from .schema import ID_FIELDS


class Polygons(NamedTuple):
    """The regions of a file."""

    id_name: str  # the field of the ids, or 'region'
    ids: np.ndarray  # (n,) object array; numbers from 1 without a field
    shapes: np.ndarray  # (n,) object array of shapely geometries in lon/lat, or None


def guess_id(names: Sequence[str], column: Callable[[str], list[str]]) -> str:
    """The field that is taken for the ids of regions: the first usual one whose values all differ;
    '' for none.

    names: the fields. column: the ids in a field.
    """
    found = {name.lower(): name for name in reversed(names)}
    usual = [found[name] for name in ID_FIELDS["region"] if name in found]
    return next((name for name in usual if len(set(ids := column(name))) == len(ids)), "")


def read_polygons(source: str | Path, id_field: str | None = None, guess: bool = False) -> Polygons:
    """Read regions from a file that GDAL reads ('file.gpkg|layername=NAME' where it has several
    layers).

    guess: whether to look for the ids if no `id_field` is given.
    Raises InputError if the file, the layer or the field is missing or the file cannot be read.
    """
    require("shapely", "pyproj", "pyarrow")
    import shapely
    from pyproj import CRS, Transformer

    from .ogr import opened

    name, _, layer_name = str(source).partition("|layername=")
    path = Path(name).expanduser()
    if not path.is_file():
        raise InputError("There is no file '{path}'.", path=path)
    with opened(path) as dataset:
        layers = {
            layer.GetName(): layer
            for layer in map(dataset.GetLayer, range(dataset.GetLayerCount()))
        }
        if layer_name not in layers and len(layers) != 1:
            listed = ", ".join(layers) or "none"
            file = path.name
            raise InputError(
                "Name a layer of {file} as '{file}|layername=NAME'. It has: {all}.",
                file=file,
                all=listed,
            )
        layer = layers.get(layer_name) or next(iter(layers.values()))
        fields, fid, rows, wkb = (
            [each.GetName() for each in layer.schema],
            layer.GetFIDColumn(),
            [],
            [],
        )
        for feature in layer:
            row = {name: feature.GetField(k) for k, name in enumerate(fields)}
            rows.append({**row, fid: feature.GetFID()} if fid else row)
            geometry = feature.GetGeometryRef()
            wkb.append(
                None if geometry is None else bytes(geometry.GetLinearGeometry().ExportToIsoWkb())
            )
        crs = layer.GetSpatialRef()
        wkt = crs.ExportToWkt() if crs is not None else "OGC:CRS84"
    fields += [fid] * bool(fid)
    if guess and not id_field:
        id_field = guess_id(fields, lambda name: [str(row[name]) for row in rows])
    if id_field and id_field not in fields:
        known = ", ".join(fields) or "–"
        raise InputError(
            "The regions have no field '{field}'. They have: {known}.", field=id_field, known=known
        )
    ids = (
        object_column(row[id_field] for row in rows)
        if id_field
        else np.arange(1, len(rows) + 1).astype(object)
    )
    shapes = np.array(shapely.from_wkb(wkb, on_invalid="ignore"), object).reshape(-1)
    if not (of := CRS.from_user_input(wkt)).equals(
        world := CRS.from_epsg(4326), ignore_axis_order=True
    ):
        transformer = Transformer.from_crs(of, world, always_xy=True)
        shapes = transform_shapes(
            shapes, lambda xy: np.column_stack(transformer.transform(*xy.T)), not of.is_geographic
        )
    return Polygons(id_field or "region", ids, shapes)


def transform_shapes(
    shapes: np.ndarray, transform: Callable[[np.ndarray], np.ndarray], beyond: bool = False
) -> np.ndarray:
    """(n,) transformed shapely polygons, None for one with a corner that cannot be transformed.

    transform: of (m, 2) coordinates. beyond: the result is degrees, and the longitudes of a shape
    go on beyond ±180 from the middle of its extent.
    """
    import shapely

    xy, of = shapely.get_coordinates(shapes, return_index=True)
    if not len(xy):
        return shapes
    west, south, east, north = shapely.bounds(shapes).T
    both = transform(np.vstack([xy, np.column_stack([(west + east) / 2, (south + north) / 2])]))
    made, middle, moved = both[: len(xy)], both[len(xy) :, 0], shapes.copy()
    if beyond:
        with np.errstate(invalid="ignore"):  # of what cannot be transformed
            made[:, 0] = near_lon(made[:, 0], np.where(np.isfinite(middle), middle, 0.0)[of])
    lost = np.isin(np.arange(len(shapes)), of[~np.isfinite(made).all(axis=1)])
    moved[lost] = None
    return shapely.set_coordinates(moved, made[~lost[of]])
