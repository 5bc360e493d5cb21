# SPDX-License-Identifier: GPL-2.0-or-later
"""An Arrow table of any file or layer to the columns from which tracks are built."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ..arrays import Array, object_column
from ..cleaning import Coded
from ..day_numbers import days_to_ms, find_day_epoch
from ..errors import InputError, require, translated
from ..times import as_numbers, find_date_order, is_text, parse_times
from .questions import check_projection
from .schema import Schema

CLOCK = r"^\s*\d{1,2}:\d\d"
DIGITS = r"^\s*\d{1,6}([.,]\d*)?\s*$"  # which may be hhmmss, hhmm or mmss
WKB_POINT = np.dtype([("order", "u1"), ("kind", "<u4"), ("x", "<f8"), ("y", "<f8")])
COMPACT_DATE = r"^\s*(\d{4})(\d\d)(\d\d)\s*$"


def fixes_of(table: pa.Table, schema: Schema) -> pa.Table:
    """The columns user, track (dictionaries of text), t (int64 ms), lon, lat (float64 °), accuracy
    (float32 m).

    Without such a column in the schema user, track or accuracy is absent. Points are in the CRS of
    the GeoParquet metadata, or in that of the schema where there is none. Ends of rows follow their
    starts. Raises InputError where the positions cannot be in their CRS.
    """
    columns = {
        role: _ids(table[name], role)
        for role in ("user", "track")
        if (name := getattr(schema, role))
    }
    columns["t"] = read_times(table, schema)
    columns["lon"], columns["lat"] = _positions(table, schema)
    if schema.accuracy:
        columns["accuracy"] = _numbers(table[schema.accuracy]).astype(np.float32)
    fixes = pa.table(columns)
    if not schema.end_time:
        return fixes
    ends = replace(
        schema,
        time=schema.end_time,
        end_time=None,
        lon=schema.end_lon or schema.lon,
        lat=schema.end_lat or schema.lat,
    )
    return pa.concat_tables([fixes, fixes_of(table, ends)])


def _positions(table: pa.Table, schema: Schema) -> tuple[Array, Array]:
    """(n,) longitudes and latitudes, nan where there are none."""
    crs = schema.crs
    if schema.geometry:
        x, y = _points_of(table[schema.geometry])
        crs = _crs_of(table.schema, schema.geometry) or crs
    else:
        x = _numbers(table[str(schema.lon)]) * schema.scale
        y = _numbers(table[str(schema.lat)]) * schema.scale
    return _lonlat(x, y, crs) if crs else (x, y)


def _ids(column: pa.ChunkedArray, role: str) -> pa.ChunkedArray:
    """A column of ids as a dictionary of text. A moment is written as 2024-07-01 08:30:00, the
    number 7.0 as 7.
    """
    column = plain_column(column)
    if pa.types.is_timestamp(column.type):
        column = column.cast(pa.timestamp("s"), safe=False)
    elif pa.types.is_time(column.type):
        column = column.cast(pa.time32("s"), safe=False)
    elif pa.types.is_floating(column.type):  # Arrow writes 491701234567.0 as 4.91701234567e+11
        whole = pc.and_(pc.equal(pc.round(column), column), pc.less(pc.abs(column), 2.0**53))
        as_integers = column.cast(pa.int64(), safe=False).cast(pa.string())
        column = pc.if_else(whole, as_integers, column.cast(pa.string()))
    try:
        return column.cast(pa.string()).dictionary_encode()
    # lists and structures, bytes that are no text
    except (pa.ArrowNotImplementedError, pa.ArrowInvalid):
        words = "The {role} column holds {kind}, not ids."
        raise InputError(words, role=translated(role), kind=column.type) from None


def ids_of(column: pa.ChunkedArray) -> Coded:
    """A column of ids for `build_tracks`."""
    if not pa.types.is_dictionary(column.type):
        column = column.dictionary_encode()
    column = pa.chunked_array(column.unify_dictionaries())
    codes = [
        pc.fill_null(chunk.indices, -1).to_numpy(zero_copy_only=False) for chunk in column.chunks
    ]
    names = column.chunk(0).dictionary.to_pylist() if codes else []
    return Coded(np.concatenate([np.zeros(0, np.int32), *codes]), object_column(names))


def plain_column(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """A column without dictionary encoding."""
    return column.cast(column.type.value_type) if pa.types.is_dictionary(column.type) else column


def _numbers(column: pa.ChunkedArray) -> Array:
    """(n,) float64, nan for anything but a number; text may have a decimal comma."""
    column = plain_column(column)
    try:
        return column.cast(pa.float64()).to_numpy(zero_copy_only=False)
    except pa.ArrowInvalid:  # text with other things than numbers
        return as_numbers(column)


def _crs_of(schema: pa.Schema, name: str) -> Any:
    """The CRS of a column of geometries as PROJJSON; None without metadata."""
    try:
        return json.loads((schema.metadata or {})[b"geo"])["columns"][name].get("crs")
    except (KeyError, ValueError, AttributeError, TypeError):
        return None


def _points_of(column: pa.ChunkedArray) -> tuple[Array, Array]:
    """Coordinates of points, or of multipoints with one part, as WKB; nan for other geometries."""
    if not pa.types.is_binary(column.type) and not pa.types.is_large_binary(column.type):
        raise InputError(
            "The geometry column holds no WKB points, and there are no longitude and latitude "
            "columns."
        )
    xy = np.full((2, len(column)), np.nan)
    at = 0
    for chunk in column.chunks:
        _put_points(chunk, xy[:, at : at + len(chunk)])
        at += len(chunk)
    return xy[0], xy[1]


def _put_points(chunk: Any, xy: Array) -> None:
    """Put the coordinates of a chunk into xy, (2, n) nan."""
    there = chunk.is_valid().to_numpy(zero_copy_only=False)
    points = _plain_points(chunk, there)
    if points is not None:
        np.place(xy[0], there, points["x"])
        np.place(xy[1], there, points["y"])
        return
    require("shapely")
    import shapely

    shapes = shapely.from_wkb(chunk.to_numpy(zero_copy_only=False), on_invalid="ignore")
    one = (shapely.get_type_id(shapes) == 4) & (shapely.get_num_geometries(shapes) == 1)
    shapes[one] = shapely.get_geometry(shapes[one], 0)
    shapes[shapely.is_empty(shapes)] = None
    xy[0] = shapely.get_x(shapes)
    xy[1] = shapely.get_y(shapes)


def _plain_points(chunk: Any, there: Array) -> Array | None:
    """The points that are there, x and y; None where a chunk holds more than plain points."""
    _, offsets, data = chunk.buffers()
    numbers = np.int64 if pa.types.is_large_binary(chunk.type) else np.int32
    ends = np.frombuffer(offsets, numbers)[chunk.offset : chunk.offset + len(chunk) + 1]
    sizes = np.diff(ends)
    size = WKB_POINT.itemsize
    if not there.any() or not (sizes == size * there).all():
        return None
    points = np.frombuffer(data, WKB_POINT, int(there.sum()), int(ends[0]))
    plain = (points["order"] == 1) & (points["kind"] == 1)
    return points if plain.all() else None


def _lonlat(x: Array, y: Array, crs: Any) -> tuple[Array, Array]:
    """Coordinates in a CRS as longitudes and latitudes, nan where they cannot be transformed.

    Raises InputError for a CRS that cannot be read, or that these cannot be in.
    """
    require("pyproj")
    import pyproj

    try:
        own = pyproj.CRS.from_user_input(crs)
        transformer = pyproj.Transformer.from_crs(own, "OGC:CRS84", always_xy=True)
    except pyproj.exceptions.ProjError as error:
        raise InputError("The CRS of the positions cannot be read: {error}", error=error) from error
    lon, lat = transformer.transform(x, y)
    lon = np.where(np.isfinite(lon), lon, np.nan)
    lat = np.where(np.isfinite(lat), lat, np.nan)
    check_projection(x, y, lon, lat, own)
    return lon, lat


def time_column(table: pa.Table, schema: Schema) -> pa.ChunkedArray:
    """The column of time. Beside a column of the date, a time of day has its date, and one without
    colons is NULL.
    """
    column = plain_column(table[str(schema.time)])
    if schema.date and not pa.types.is_timestamp(column.type):
        clock = column.cast(pa.string())
        day = pc.replace_substring_regex(
            plain_column(table[schema.date]).cast(pa.string()), COMPACT_DATE, r"\1-\2-\3"
        )
        dated = pc.binary_join_element_wise(day, clock, " ")
        clock = pc.if_else(
            pc.match_substring_regex(clock, DIGITS), pa.scalar(None, pa.string()), clock
        )
        column = pc.if_else(pc.match_substring_regex(clock, CLOCK), dated, clock)
    return column


def with_days(schema: Schema, table: pa.Table) -> Schema:
    """The schema that knows whether the times are numbers of days, as the first rows show it.

    Raises InputError where they may be days or seconds.
    """
    if schema.date is not None or schema.time is None:
        return schema
    return replace(schema, days_from=find_day_epoch(plain_column(table[schema.time])))


def with_date_order(schema: Schema, tables: Iterable[pa.Table]) -> Schema:
    """The schema with the order of dates that the columns of time and date show; 'unknown' where
    they show none.
    """
    order = schema.date_order
    if order:
        return schema
    for table in tables:
        column = time_column(table, schema)
        if is_text(column.type):
            order = find_date_order(column) or order
        if order != "unknown":
            break
    return replace(schema, date_order=order)


def read_times(table: pa.Table, schema: Schema) -> Array:
    """(n,) int64 epoch ms of the column of time, NO_TIME where it cannot be read."""
    column = time_column(table, schema)
    if schema.days_from is not None:
        local = days_to_ms(column, schema.days_from)
        column = pa.array(local.astype("datetime64[ms]"))  # NO_TIME is a null
    return parse_times(column, schema.zone, schema.date_order)
