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
from ..skipped import OTHER_LAYER, WAYPOINT, Rows

TZFLAG_UTC = 100  # of GDAL
GPX_POINTS = "track_points"
OTHER_POINTS = ("waypoints", "route_points")  # of GPX
# GDAL's drivers by the endings of files
DRIVERS = {
    ".gpx": ["GPX"],
    ".geojson": ["GeoJSON", "GeoJSONSeq"],
    ".json": ["GeoJSON", "GeoJSONSeq"],
    ".gpkg": ["GPKG"],
    ".shp": ["ESRI Shapefile"],
    ".fgb": ["FlatGeobuf"],
    ".kml": ["LIBKML", "KML"],
    ".sqlite": ["SQLite"],
}


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


def drivers_of(file: Path) -> list[str]:
    """GDAL's drivers of a file's ending: no other one may open it, whatever it holds.

    A VRT, for example, would open other files, and hosts. Raises InputError for another ending.
    """
    drivers = DRIVERS.get(file.suffix.lower())
    if drivers is None or str(file).startswith("/vsi"):
        words = "{file} is of no kind that RAW reads: {known}. Open it in QGIS as a layer."
        raise InputError(words, file=file.name, known=", ".join(DRIVERS))
    return drivers


@contextmanager
def opened(file: Path, options: Sequence[str] = ()) -> Iterator[Any]:
    """GDAL's data set of a file, within `reading`. options: to open it."""
    drivers = drivers_of(file)
    with reading(file):
        yield open_dataset(file, drivers, options)


def open_dataset(file: Path, drivers: list[str], options: Sequence[str] = ()) -> Any:
    """GDAL's data set of a file, by one of the drivers."""
    from osgeo import gdal

    flags = gdal.OF_VECTOR | gdal.OF_READONLY
    return gdal.OpenEx(str(file), flags, allowed_drivers=drivers, open_options=list(options))


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
        kind = "TEXT" if is_geopackage else "CHARACTER(40)"
        text = f"CAST({_quoted(name)} AS {kind}) AS {_quoted(name)}"
        moments = name in times and field[name].GetType() == ogr.OFTDateTime
        unsure = moments and (is_geopackage or field[name].GetTZFlag() != TZFLAG_UTC)
        used.append(text if unsure else _quoted(name))
    condition = f" WHERE ({where}\n)" if where else ""
    columns = ", ".join(dict.fromkeys(used)) or "*"
    return f"SELECT {columns} FROM {_quoted(layer.GetName())}{condition}"  # nosec B608: quoted


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def ogr_tables(file: Path, rows: Rows, progress: Progress) -> Iterator[pa.Table]:
    """The fields and the column geometry, its CRS in the metadata, some rows at a time.

    Of GPX the time and the track of its track points: a segment is a track, named by numbers from
    1. Of other files the first layer of points, else of any shapes. What other layers hold is
    skipped. Raises InputError if the file is broken or has no points.
    """
    drivers = drivers_of(file)
    tables: Iterator[pa.Table | None] = _tables(file, drivers, rows)
    while True:
        try:
            with reading(file):
                table = next(tables, None)
        except (KeyError, SystemError, pa.ArrowException) as error:  # a stream lacks a column
            words = "{file} cannot be read: {error}"
            raise InputError(words, file=file.name, error=error) from error
        if table is None:
            return
        yield table
        progress(0.5)


def _tables(file: Path, drivers: list[str], rows: Rows) -> Iterator[pa.Table]:
    from osgeo import ogr

    dataset = open_dataset(file, drivers)
    is_gpx = dataset.GetDriver().ShortName == "GPX"
    layers = [dataset.GetLayer(k) for k in range(dataset.GetLayerCount())]
    points = [layer for layer in layers if _has_fixes(layer, is_gpx)]
    points.sort(key=lambda layer: ogr.GT_Flatten(layer.GetGeomType()) != ogr.wkbPoint)
    if not points:
        raise InputError("{file} holds no layer of points.", file=file.name)
    layer = points[0]
    _skip_others(file, dataset, layer, rows)
    held = _count(dataset, layer)
    rows.held += max(held, 0)
    metadata = {"geo": json.dumps({"columns": {"geometry": {"crs": _crs_of(layer)}}})}
    names = [each.GetName() for each in layer.schema]
    if is_gpx:
        names = ["time", "track_fid", "track_seg_id"]
    for table in read_layer(dataset, layer, names, names):
        if held < 0:
            rows.held += len(table)
        whole = _with_track(table) if is_gpx else table
        yield whole.replace_schema_metadata(metadata)


def _count(dataset: Any, layer: Any) -> int:
    """The features of a layer, -1 where a database had to compute them, perhaps without end."""
    if dataset.GetDriver().ShortName in ("GPKG", "SQLite"):
        name = layer.GetName().replace("'", "''")
        tables = "SELECT 1 FROM sqlite_master WHERE type = 'table'"
        query = f"{tables} AND name = '{name}'"  # nosec B608: quoted
        found = dataset.ExecuteSQL(query)
        is_table = found is not None and found.GetNextFeature() is not None
        dataset.ReleaseResultSet(found)
        if not is_table:
            return -1
    return int(layer.GetFeatureCount())


def _has_fixes(layer: Any, is_gpx: bool) -> bool:
    """Whether a layer may hold points that are fixes."""
    from osgeo import ogr

    kinds = (ogr.wkbPoint, ogr.wkbMultiPoint, ogr.wkbUnknown)  # KML does not know its kind
    is_points = ogr.GT_Flatten(layer.GetGeomType()) in kinds
    return is_points and (not is_gpx or layer.GetName() == GPX_POINTS)


def _skip_others(file: Path, dataset: Any, layer: Any, rows: Rows) -> None:
    """Count what the other layers hold, and name these. GPX has layers of the tracks themselves."""
    is_gpx = layer.GetName() == GPX_POINTS
    for number in range(dataset.GetLayerCount()):
        other = dataset.GetLayer(number)
        name = other.GetName()
        if name == layer.GetName() or (is_gpx and name not in OTHER_POINTS):
            continue
        count = _count(dataset, other)
        if count:
            rows.skip(WAYPOINT if is_gpx else OTHER_LAYER, max(count, 0))
            rows.skipped.files = [*rows.skipped.files, f"{file.name}|layername={name}"]


def _crs_of(layer: Any) -> str | None:
    """The CRS of a layer as WKT; None for degrees of WGS84, and where it has none."""
    crs = layer.GetSpatialRef()
    if crs is None or (crs.IsGeographic() and crs.GetAuthorityCode(None) == "4326"):
        return None
    return str(crs.ExportToWkt())


def _with_track(table: pa.Table) -> pa.Table:
    """A table of GPX with the column track, in place of the numbers of tracks and segments."""
    numbers = [pc.add(table[name], 1) for name in ("track_fid", "track_seg_id")]
    texts = [number.cast(pa.string()) for number in numbers]
    track = pc.binary_join_element_wise(*texts, ".")
    return table.drop(["track_fid", "track_seg_id"]).append_column("track", track)
