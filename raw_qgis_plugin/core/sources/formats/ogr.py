# SPDX-License-Identifier: GPL-2.0-or-later
"""Files that GDAL opens, and the points of those, such as the track points of GPX."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa

from ...errors import InputError, Progress, require


@contextmanager
def opened(file: Path) -> Iterator[Any]:
    """GDAL's data set of a file. What GDAL cannot read raises InputError."""
    require("osgeo")
    from osgeo import gdal, ogr

    modules = [module for module in (gdal, ogr) if not module.GetUseExceptions()]  # GDAL 3.6 has no ExceptionMgr
    for module in modules:
        module.UseExceptions()
    try:
        yield gdal.OpenEx(str(file), gdal.OF_VECTOR | gdal.OF_READONLY)
    except RuntimeError as error:  # of GDAL
        raise InputError(f"{file.name} cannot be read: {error}".replace(str(file), file.name)) from error
    finally:
        for module in modules:
            module.DontUseExceptions()


def field_names(layer: Any) -> list[str]:
    """The fields of one of GDAL's layers."""
    definition = layer.GetLayerDefn()
    return [definition.GetFieldDefn(k).GetName() for k in range(definition.GetFieldCount())]


def ogr_tables(file: Path, progress: Progress, rows_a_table: int = 1 << 16) -> Iterator[pa.Table]:
    """The fields as text, and the column geometry (WKB, its CRS in the metadata), some features at a time.

    Of GPX the track points, with the column track: a segment is a track, named by numbers from 1. Of other files the
    first layer of points. Raises InputError if the file is broken or has no points.
    """
    with opened(file) as dataset:
        from osgeo import ogr

        is_gpx = dataset.GetDriver().ShortName == "GPX"
        layers = [dataset.GetLayer(k) for k in range(dataset.GetLayerCount())]
        points = [layer for layer in layers if ogr.GT_Flatten(layer.GetGeomType()) == ogr.wkbPoint]
        points = [layer for layer in points if not is_gpx or layer.GetName() == "track_points"]
        if not points:
            raise InputError(f"{file.name} holds no layer of points.")
        crs = points[0].GetSpatialRef()
        plain = crs is None or (crs.IsGeographic() and crs.GetAuthorityCode(None) == "4326")
        metadata = {"geo": json.dumps({"columns": {"geometry": {"crs": None if plain else crs.ExportToWkt()}}})}
        features, done, total = iter(points[0]), 0, points[0].GetFeatureCount(0)  # -1 if counting would read the file
        while some := list(islice(features, rows_a_table)):
            yield _table(some, field_names(points[0]), is_gpx).replace_schema_metadata(metadata)
            done += len(some)
            progress(done / total if total > 0 else 0.0)


def _table(features: list[Any], names: list[str], is_gpx: bool) -> pa.Table:
    shapes = (feature.GetGeometryRef() for feature in features)
    geometry = pa.array([None if each is None else bytes(each.ExportToWkb()) for each in shapes], pa.binary())
    texts = {
        name: [each.GetFieldAsString(k) if each.IsFieldSetAndNotNull(k) else None for each in features]
        for k, name in enumerate(names) if not is_gpx or name in ("track_fid", "track_seg_id", "time")
    }  # fmt: skip
    if is_gpx:
        ids = zip(texts.pop("track_fid"), texts.pop("track_seg_id"))
        texts["track"] = [f"{int(track or 0) + 1}.{int(segment or 0) + 1}" for track, segment in ids]
    return pa.table({**{name: pa.array(values, pa.string()) for name, values in texts.items()}, "geometry": geometry})
