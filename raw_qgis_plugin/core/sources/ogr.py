# SPDX-License-Identifier: GPL-2.0-or-later
"""Files that GDAL opens, read by its Arrow stream: GPX, GeoJSON, GeoPackage and others."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from ..errors import InputError, Progress, require

TZFLAG_UTC = 100  # of GDAL


@contextmanager
def raising() -> Iterator[None]:
    """GDAL's errors are RuntimeErrors within it. No generator is to yield in it: who has it go on
    may expect others.
    """
    require("osgeo")
    from osgeo import gdal, ogr, osr

    with ExitStack() as stack:
        for module in (gdal, ogr, osr):
            if hasattr(module, "ExceptionMgr"):  # since GDAL 3.7, and of this thread alone
                stack.enter_context(module.ExceptionMgr())
            elif not module.GetUseExceptions():
                module.UseExceptions()
                stack.callback(module.DontUseExceptions)
        yield


@contextmanager
def reading(file: Path) -> Iterator[None]:
    """What GDAL cannot read raises InputError within it. See `raising`."""
    with raising():
        try:
            yield
        except RuntimeError as error:  # of GDAL
            words = str(error).replace(str(file), file.name)
            raise InputError(
                "{file} cannot be read: {error}", file=file.name, error=words
            ) from error


@contextmanager
def opened(file: Path, options: Sequence[str] = ()) -> Iterator[Any]:
    """GDAL's data set of a file, within `reading`. options: to open it."""
    with reading(file):
        from osgeo import gdal

        yield gdal.OpenEx(str(file), gdal.OF_VECTOR | gdal.OF_READONLY, open_options=list(options))


def read_layer(
    dataset: Any, layer: Any, fields: Sequence[str], times: Collection[str], where: str = ""
) -> Iterator[pa.Table]:
    """The fields of one of GDAL's layers and the column geometry (WKB), some ten thousand rows at a
    time.

    times: fields that are text where the zone of their times is not known. where: a filter in the
    data set's SQL.
    """
    is_geopackage = dataset.GetDriver().ShortName == "GPKG"
    query = _query(layer, fields, times, where, is_geopackage)
    if not hasattr(layer, "GetArrowStreamAsPyArrow"):
        raise InputError(
            "RAW needs GDAL 3.6 or newer to read this file: open it in QGIS as a layer."
        )
    result = dataset.ExecuteSQL(query, dialect="" if is_geopackage else "OGRSQL")
    try:
        names = {
            **{name: name for name in fields},
            "geometry": result.GetGeometryColumn() or "wkb_geometry",
        }
        with result.GetArrowStreamAsPyArrow() as stream:
            for batch in stream:
                yield pa.table({name: batch.field(column) for name, column in names.items()})
    finally:
        dataset.ReleaseResultSet(result)


def _query(
    layer: Any, fields: Sequence[str], times: Collection[str], where: str, is_geopackage: bool
) -> str:
    """The stream does not mark times without a zone: the same layer may hold both.

    The streams of a layer itself hang or fail for a filtered GeoPackage, and confuse the rows of
    FlatGeobuf (GDAL 3.10); those of queries do not.
    """
    from osgeo import ogr

    field = {each.GetName(): each for each in layer.schema}
    used = [_quoted(layer.GetGeometryColumn())] * is_geopackage
    for name in fields:
        text = f"CAST({_quoted(name)} AS {'TEXT' if is_geopackage else 'CHARACTER(40)'}) AS {_quoted(name)}"
        moments = name in times and field[name].GetType() == ogr.OFTDateTime
        unsure = moments and (is_geopackage or field[name].GetTZFlag() != TZFLAG_UTC)
        used.append(text if unsure else _quoted(name))
    condition = f" WHERE ({where}\n)" if where else ""
    return (
        f"SELECT {', '.join(dict.fromkeys(used)) or '*'} FROM {_quoted(layer.GetName())}{condition}"  # nosec B608: quoted
    )


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def ogr_tables(file: Path, progress: Progress) -> Iterator[pa.Table]:
    """The fields and the column geometry, its CRS in the metadata, some rows at a time.

    Of GPX the time and the track of its track points: a segment is a track, named by numbers from
    1. Of other files the first layer of points. Raises InputError if the file is broken or has no
    points.
    """
    tables: Iterator[pa.Table | None] = _tables(file)
    while True:
        with reading(file):
            table = next(tables, None)
        if table is None:
            return
        yield table
        progress(0.5)


def _tables(file: Path) -> Iterator[pa.Table]:
    from osgeo import gdal, ogr

    dataset = gdal.OpenEx(str(file), gdal.OF_VECTOR | gdal.OF_READONLY)
    is_gpx = dataset.GetDriver().ShortName == "GPX"
    layers = [dataset.GetLayer(k) for k in range(dataset.GetLayerCount())]
    points = [layer for layer in layers if ogr.GT_Flatten(layer.GetGeomType()) == ogr.wkbPoint]
    points = [layer for layer in points if not is_gpx or layer.GetName() == "track_points"]
    if not points:
        raise InputError("{file} holds no layer of points.", file=file.name)
    crs = points[0].GetSpatialRef()
    plain = crs is None or (crs.IsGeographic() and crs.GetAuthorityCode(None) == "4326")
    metadata = {
        "geo": json.dumps({"columns": {"geometry": {"crs": None if plain else crs.ExportToWkt()}}})
    }
    names = (
        ["time", "track_fid", "track_seg_id"]
        if is_gpx
        else [each.GetName() for each in points[0].schema]
    )
    for table in read_layer(dataset, points[0], names, names):
        if is_gpx:
            ids = (pc.add(table[name], 1).cast(pa.string()) for name in names[1:])
            table = table.drop(names[1:]).append_column(
                "track", pc.binary_join_element_wise(*ids, ".")
            )
        yield table.replace_schema_metadata(metadata)
