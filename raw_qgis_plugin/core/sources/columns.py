# SPDX-License-Identifier: GPL-2.0-or-later
"""An Arrow table of any file or layer to the columns from which tracks are built."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ..arrays import object_column
from ..errors import InputError, require, translated
from ..times import as_numbers, parse_times
from ..tracks import Coded
from .schema import Schema

CLOCK = r"^\s*\d{1,2}:\d\d"
DIGITS = r"^\s*\d{1,6}([.,]\d*)?\s*$"  # which may be hhmmss, hhmm or mmss
COMPACT_DATE = r"^\s*(\d{4})(\d\d)(\d\d)\s*$"


def fixes_of(table: pa.Table, schema: Schema) -> pa.Table:
    """The columns user, track (dictionaries of text), t (int64 ms), lon, lat (float64 °), accuracy
    (float32 m).

    Without such a column in the schema user, track or accuracy is absent. Points are in the CRS of
    the GeoParquet metadata, or in that of the schema where there is none. Ends of rows follow their
    starts.
    """
    columns = {
        role: _ids(table[name], role)
        for role in ("user", "track")
        if (name := getattr(schema, role))
    }
    columns["t"] = read_times(table, schema)
    crs = schema.crs
    if schema.geometry:
        lon, lat = _points_of(table[schema.geometry])
        crs = _crs_of(table.schema, schema.geometry) or crs
    else:
        lon, lat = (_numbers(table[str(name)]) * schema.scale for name in (schema.lon, schema.lat))
    columns["lon"], columns["lat"] = _lonlat(lon, lat, crs) if crs else (lon, lat)
    if schema.accuracy:
        columns["accuracy"] = _numbers(table[schema.accuracy]).astype(np.float32)
    if schema.end_time:
        at = schema.end_lon or schema.lon, schema.end_lat or schema.lat
        ends = fixes_of(
            table, replace(schema, time=schema.end_time, end_time=None, lon=at[0], lat=at[1])
        )
        return pa.concat_tables([pa.table(columns), ends])
    return pa.table(columns)


def _ids(column: pa.ChunkedArray, role: str) -> pa.ChunkedArray:
    """A column of ids as a dictionary of text. A moment is written as 2024-07-01 08:30:00, the
    number 7.0 as 7.
    """
    column = plain_column(column)
    for is_kind, seconds in (
        (pa.types.is_timestamp, pa.timestamp("s")),
        (pa.types.is_time, pa.time32("s")),
    ):
        column = column.cast(seconds, safe=False) if is_kind(column.type) else column
    if pa.types.is_floating(column.type):  # Arrow writes 491701234567.0 as 4.91701234567e+11
        whole = pc.and_(pc.equal(pc.round(column), column), pc.less(pc.abs(column), 2.0**53))
        column = pc.if_else(
            whole, column.cast(pa.int64(), safe=False).cast(pa.string()), column.cast(pa.string())
        )
    try:
        return column.cast(pa.string()).dictionary_encode()
    except (
        pa.ArrowNotImplementedError,
        pa.ArrowInvalid,
    ):  # lists and structures, bytes that are no text
        raise InputError(
            "The {role} column holds {kind}, not ids.", role=translated(role), kind=column.type
        ) from None


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


def _numbers(column: pa.ChunkedArray) -> np.ndarray:
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


def _points_of(column: pa.ChunkedArray) -> tuple[np.ndarray, np.ndarray]:
    """Coordinates of points, or of multipoints with one part, as WKB; nan for other geometries."""
    if not pa.types.is_binary(column.type) and not pa.types.is_large_binary(column.type):
        raise InputError(
            "The geometry column holds no WKB points, and there are no longitude and latitude columns."
        )
    xy, at = np.full((2, len(column)), np.nan), 0
    for chunk in column.chunks:
        _put_points(chunk, xy[:, at : at + len(chunk)])
        at += len(chunk)
    return xy[0], xy[1]


def _put_points(chunk: Any, xy: np.ndarray) -> None:
    """Put the coordinates of a chunk into xy, (2, n) nan."""
    _, offsets, data = chunk.buffers()
    numbers = np.int64 if pa.types.is_large_binary(chunk.type) else np.int32
    ends = np.frombuffer(offsets, numbers)[chunk.offset : chunk.offset + len(chunk) + 1]
    there, sizes = chunk.is_valid().to_numpy(zero_copy_only=False), np.diff(ends)
    size = int(sizes.max(initial=0))
    if size == 21 and (sizes == size * there).all():  # plain points alone, as they mostly are
        layout = np.dtype([("order", "u1"), ("kind", "<u4"), ("x", "<f8"), ("y", "<f8")])
        points = np.frombuffer(data, layout, int(there.sum()), int(ends[0]))
        if (points["order"] == 1).all() and (points["kind"] == 1).all():
            np.place(xy[0], there, points["x"])
            np.place(xy[1], there, points["y"])
            return
    require("shapely")
    import shapely

    shapes = shapely.from_wkb(chunk.to_numpy(zero_copy_only=False), on_invalid="ignore")
    one = (shapely.get_type_id(shapes) == 4) & (shapely.get_num_geometries(shapes) == 1)
    shapes[one] = shapely.get_geometry(shapes[one], 0)
    shapes[shapely.is_empty(shapes)] = None
    xy[:] = shapely.get_x(shapes), shapely.get_y(shapes)


def _lonlat(x: np.ndarray, y: np.ndarray, crs: Any) -> tuple[np.ndarray, np.ndarray]:
    """Coordinates in a CRS as longitudes and latitudes, nan where they cannot be transformed."""
    require("pyproj")
    import pyproj

    try:
        transformer = pyproj.Transformer.from_crs(
            pyproj.CRS.from_user_input(crs), "OGC:CRS84", always_xy=True
        )
    except pyproj.exceptions.ProjError as error:
        raise InputError("The CRS of the positions cannot be read: {error}", error=error) from error
    lon, lat = transformer.transform(x, y)
    return np.where(np.isfinite(lon), lon, np.nan), np.where(np.isfinite(lat), lat, np.nan)


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


def read_times(table: pa.Table, schema: Schema) -> np.ndarray:
    """(n,) int64 epoch ms of the column of time, NO_TIME where it cannot be read."""
    return parse_times(time_column(table, schema), schema.zone, schema.date_order)
