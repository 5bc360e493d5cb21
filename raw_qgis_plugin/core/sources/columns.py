# SPDX-License-Identifier: GPL-2.0-or-later
"""An Arrow table of any file or layer to the columns from which tracks are built."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ..arrays import object_column
from ..errors import InputError, require
from ..times import as_numbers, parse_times
from ..tracks import Coded, Skipped
from .schema import Schema

CLOCK = r"^\s*\d{1,2}:\d\d"
DIGITS = r"^\s*\d{1,6}([.,]\d*)?\s*$"  # which may be hhmmss, hhmm or mmss
COMPACT_DATE = r"^\s*(\d{4})(\d\d)(\d\d)\s*$"


def fixes_of(table: pa.Table, schema: Schema, skipped: Skipped) -> pa.Table:
    """The columns user, track (numbers or dictionaries), t (int64 ms), lon, lat (float64 °), accuracy (float32 m).

    Without such a column in the schema user, track or accuracy is absent. Rows marked as not visible are dropped and
    counted. Points are in the CRS of the GeoParquet metadata, or in that of the schema where there is none.
    """
    if schema.visible:
        hidden = pc.fill_null(pc.equal(pc.utf8_lower(_text(table[schema.visible])), "false"), False)
        skipped.add("marked as not visible", pc.sum(hidden).as_py() or 0)
        table = table.filter(pc.invert(hidden))
    columns = {role: _ids(table[name], role) for role in ("user", "track") if (name := getattr(schema, role))}
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
    return pa.table(columns)


def _ids(column: pa.ChunkedArray, role: str) -> pa.ChunkedArray:
    """A column of ids: whole numbers as they are, others as a dictionary."""
    if pa.types.is_timestamp(column.type):
        column = column.cast(pa.timestamp("s"), safe=False).cast(pa.string())  # 2024-07-01 08:30:00
    if pa.types.is_integer(column.type) or pa.types.is_dictionary(column.type):
        return column
    try:
        return column.dictionary_encode()
    except pa.ArrowNotImplementedError:  # lists, structures and other things that Arrow cannot compare
        raise InputError(f"The {role} column holds {column.type}, not ids.") from None


def join_fixes(tables: list[pa.Table]) -> pa.Table:
    """One table of the tables of `fixes_of`; ids of different types become text."""
    for role in ("user", "track"):
        if len({table[role].type for table in tables if role in table.column_names}) > 1:
            tables = [table.set_column(table.column_names.index(role), role, _text(table[role]))
                      if role in table.column_names else table for table in tables]  # fmt: skip
    return pa.concat_tables(tables, promote_options="default")


def ids_of(table: pa.Table, role: str) -> np.ndarray | Coded | None:
    """The ids of users or tracks, for `build_tracks`."""
    if role not in table.column_names:
        return None
    column = table[role]
    if pa.types.is_integer(column.type) and not column.null_count:
        return column.to_numpy()
    if not pa.types.is_dictionary(column.type):
        column = column.dictionary_encode()
    column = pa.chunked_array(column.unify_dictionaries())
    if not column.num_chunks:
        return Coded(np.zeros(0, np.int64), np.zeros(0, object))
    codes = [pc.fill_null(chunk.indices, -1).to_numpy(zero_copy_only=False) for chunk in column.chunks]
    names = column.chunk(0).dictionary.to_pylist()
    return Coded(np.concatenate(codes), object_column(names))


def _text(column: pa.ChunkedArray) -> pa.ChunkedArray:
    return plain_column(column).cast(pa.string())


def plain_column(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """A column without dictionary encoding."""
    return column.cast(column.type.value_type) if pa.types.is_dictionary(column.type) else column


def is_text(kind: pa.DataType) -> bool:
    """Whether a column is text, or a dictionary of it."""
    kind = kind.value_type if pa.types.is_dictionary(kind) else kind
    return pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind)


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
        raise InputError("The geometry column holds no WKB points, and there are no longitude and latitude columns.")
    xy = np.hstack([np.zeros((2, 0)), *(_points(chunk) for chunk in column.chunks)])
    return xy[0], xy[1]


def _points(chunk: Any) -> np.ndarray:
    """(2, n) coordinates of a chunk."""
    _, offsets, data = chunk.buffers()
    numbers = np.int64 if pa.types.is_large_binary(chunk.type) else np.int32
    ends = np.frombuffer(offsets, numbers)[chunk.offset : chunk.offset + len(chunk) + 1]
    there, sizes = chunk.is_valid().to_numpy(zero_copy_only=False), np.diff(ends)
    size, xy = int(sizes.max(initial=0)), np.full((2, len(chunk)), np.nan)
    if size in (21, 29, 37) and (sizes == size * there).all():  # x and y, z, m: points all alike, as they mostly are
        rest = [("z and m", f"V{size - 21}")] * (size > 21)
        layout = np.dtype([("order", "u1"), ("kind", "<u4"), ("x", "<f8"), ("y", "<f8"), *rest])
        points = np.frombuffer(data, layout, int(there.sum()), int(ends[0]))
        if (points["order"] == 1).all() and ((points["kind"] & 0xFFFF) % 1000 == 1).all():
            xy[:, there] = points["x"], points["y"]
            return xy
    require("shapely")
    import shapely

    shapes = shapely.from_wkb(chunk.to_numpy(zero_copy_only=False), on_invalid="ignore")
    one = (shapely.get_type_id(shapes) == 4) & (shapely.get_num_geometries(shapes) == 1)
    shapes[one] = shapely.get_geometry(shapes[one], 0)
    shapes[shapely.is_empty(shapes)] = None
    return np.array([shapely.get_x(shapes), shapely.get_y(shapes)])


def _lonlat(x: np.ndarray, y: np.ndarray, crs: Any) -> tuple[np.ndarray, np.ndarray]:
    """Coordinates in a CRS as longitudes and latitudes, nan where they cannot be transformed."""
    require("pyproj")
    import pyproj

    try:
        transformer = pyproj.Transformer.from_crs(pyproj.CRS.from_user_input(crs), "OGC:CRS84", always_xy=True)
    except pyproj.exceptions.ProjError as error:
        raise InputError(f"The CRS of the positions cannot be read: {error}") from error
    lon, lat = transformer.transform(x, y)
    return np.where(np.isfinite(lon), lon, np.nan), np.where(np.isfinite(lat), lat, np.nan)


def time_column(table: pa.Table, schema: Schema) -> pa.ChunkedArray:
    """The column of time. Beside a column of the date, a time of day has its date, and one without colons is NULL."""
    column = plain_column(table[str(schema.time)])
    if schema.date and not pa.types.is_timestamp(column.type):
        clock = column.cast(pa.string())
        day = pc.replace_substring_regex(_text(table[schema.date]), COMPACT_DATE, r"\1-\2-\3")
        dated = pc.binary_join_element_wise(day, clock, " ")
        clock = pc.if_else(pc.match_substring_regex(clock, DIGITS), pa.scalar(None, pa.string()), clock)
        column = pc.if_else(pc.match_substring_regex(clock, CLOCK), dated, clock)
    return column


def read_times(table: pa.Table, schema: Schema) -> np.ndarray:
    """(n,) int64 epoch ms of the column of time, NO_TIME where it cannot be read."""
    return parse_times(time_column(table, schema), schema.zone, schema.date_order)
