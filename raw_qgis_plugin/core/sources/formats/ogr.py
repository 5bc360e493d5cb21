# SPDX-License-Identifier: GPL-2.0-or-later
"""Points of files that GDAL reads, such as the track points of GPX."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa

from ...errors import InputError, Progress, exceptions_of, require


def ogr_tables(file: Path, progress: Progress, rows_a_table: int = 1 << 16) -> Iterator[pa.Table]:
    """The fields as text, and the column geometry (WKB, its CRS in the metadata), some features at a time.

    Of GPX the track points, with the column track: a segment is a track, named by numbers from 1. Of other files the
    first layer of points. Raises InputError if the file is broken or has no points.
    """
    require("osgeo")
    from osgeo import gdal, ogr

    try:
        with exceptions_of(gdal, ogr):
            dataset = gdal.OpenEx(str(file), gdal.OF_VECTOR | gdal.OF_READONLY)
            layers = [dataset.GetLayer(k) for k in range(dataset.GetLayerCount())]
            is_gpx = dataset.GetDriver().ShortName == "GPX"
            points = [layer for layer in layers if ogr.GT_Flatten(layer.GetGeomType()) == ogr.wkbPoint]
            points = [layer for layer in points if not is_gpx or layer.GetName() == "track_points"]
            if not points:
                raise InputError(f"{file.name} holds no layer of points.")
            yield from _tables(points[0], is_gpx, rows_a_table, progress)
    except RuntimeError as error:  # of GDAL
        raise InputError(f"{file.name} cannot be read: {error}".replace(str(file), file.name)) from error


def _tables(layer: Any, is_gpx: bool, rows_a_table: int, progress: Progress) -> Iterator[pa.Table]:
    crs = layer.GetSpatialRef()
    definition = layer.GetLayerDefn()
    names = [definition.GetFieldDefn(k).GetName() for k in range(definition.GetFieldCount())]
    wkt = None if crs is None or (crs.IsGeographic() and crs.GetAuthorityCode(None) == "4326") else crs.ExportToWkt()
    metadata = {"geo": json.dumps({"columns": {"geometry": {"crs": wkt}}})}
    if is_gpx:
        names = [name for name in names if name in ("track_fid", "track_seg_id", "time")]
    at, features, done = [definition.GetFieldIndex(name) for name in names], iter(layer), 0
    total = layer.GetFeatureCount(0)  # -1 where counting would read the file
    while some := list(islice(features, rows_a_table)):
        shapes = (feature.GetGeometryRef() for feature in some)
        geometry = pa.array([None if each is None else bytes(each.ExportToWkb()) for each in shapes], pa.binary())
        texts = {name: [each.GetFieldAsString(k) if each.IsFieldSetAndNotNull(k) else None for each in some]
                 for name, k in zip(names, at)}  # fmt: skip
        if is_gpx:
            ids = zip(texts.pop("track_fid"), texts.pop("track_seg_id"))
            texts["track"] = [f"{int(track or 0) + 1}.{int(segment or 0) + 1}" for track, segment in ids]
        columns = {name: pa.array(values, pa.string()) for name, values in texts.items()}
        yield pa.table({**columns, "geometry": geometry}).replace_schema_metadata(metadata)
        done += len(some)
        progress(done / total if total > 0 else 0.0)
