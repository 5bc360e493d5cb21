# SPDX-License-Identifier: GPL-2.0-or-later
"""Columns of an Arrow table, of any types, to the columns from which tracks are built."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ..arrays import object_column
from ..errors import InputError, require
from ..times import NO_TIME, TEXT_WIDTH, parse_times
from ..tracks import Coded, Skipped
from .fields import Guess

NUMBER = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$"
CLOCK = r"^\s*\d{1,2}:\d\d"
HHMMSS = r"^\s*\d{1,6}([.,]\d*)?\s*$"  # without zeros in front, too
COMPACT_DATE = r"^\s*(\d{4})(\d\d)(\d\d)\s*$"


def fixes_of(table: pa.Table, guess: Guess, skipped: Skipped) -> pa.Table:
    """The columns user, track (numbers or a dictionary, or absent), t (int64 ms), lon and lat (float64 degrees).

    Rows marked as not visible are dropped and counted. Points are in the CRS of the GeoParquet metadata, or in
    the CRS of the guess where there is none.
    """
    if guess.visible:
        hidden = pc.fill_null(pc.equal(pc.utf8_lower(_text(table[guess.visible])), "false"), False)
        skipped.add("marked as not visible", pc.sum(hidden).as_py() or 0)
        table = table.filter(pc.invert(hidden))
    crs = guess.crs
    if guess.geometry:
        lon, lat = _points(table[guess.geometry])
        crs = _crs_of(table.schema, guess.geometry) or crs
    else:
        lon, lat = (_numbers(table[str(name)]) * guess.scale for name in (guess.lon, guess.lat))
    if crs:
        lon, lat = _lonlat(lon, lat, crs)
    columns = {"t": read_times(table, guess, refuse_short=False), "lon": lon, "lat": lat}
    ids = {role: _coded(table, role, name) for role, name in (("user", guess.user), ("track", guess.track)) if name}
    return pa.table({**ids, **columns})


def _coded(table: pa.Table, role: str, name: str) -> pa.ChunkedArray:
    """A column of ids: whole numbers as they are, others as a dictionary."""
    column = table[name]
    if pa.types.is_integer(column.type) or pa.types.is_dictionary(column.type):
        return column
    try:
        return column.dictionary_encode()
    except pa.ArrowNotImplementedError:  # lists, structures and other things that Arrow cannot compare
        raise InputError(f"The {role} column '{name}' holds {column.type}, not ids.") from None


def join_fixes(tables: list[pa.Table]) -> pa.Table:
    """One table of the tables of `fixes_of`; ids of different types become text."""
    for role in ("user", "track"):
        types = {table[role].type for table in tables if role in table.column_names}
        if len(types) > 1:
            tables = [_with_text(table, role) for table in tables]
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


def _with_text(table: pa.Table, role: str) -> pa.Table:
    if role not in table.column_names:
        return table
    return table.set_column(table.column_names.index(role), role, _text(table[role]))


def _text(column: pa.ChunkedArray) -> pa.ChunkedArray:
    return plain_column(column).cast(pa.string())


def plain_column(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """A column without dictionary encoding."""
    return column.cast(column.type.value_type) if pa.types.is_dictionary(column.type) else column


def is_text(kind: pa.DataType) -> bool:
    """Whether a column is text, or a dictionary of it."""
    kind = kind.value_type if pa.types.is_dictionary(kind) else kind
    return pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind)


def _is_number(kind: pa.DataType) -> bool:
    return pa.types.is_integer(kind) or pa.types.is_floating(kind)


def _numbers(column: pa.ChunkedArray) -> np.ndarray:
    """(n,) float64, nan for anything but a number; text may have a decimal comma."""
    column = plain_column(column)
    try:
        return column.cast(pa.float64()).to_numpy(zero_copy_only=False)
    except pa.ArrowInvalid:  # text with other things than numbers
        text = pc.replace_substring(pc.utf8_trim_whitespace(column), ",", ".")
        column = pc.if_else(pc.match_substring_regex(text, NUMBER), text, None)
    return column.cast(pa.float64()).to_numpy(zero_copy_only=False)


def _crs_of(schema: pa.Schema, name: str) -> Any:
    """The CRS of a column of geometries as PROJJSON; None without metadata."""
    try:
        return json.loads((schema.metadata or {})[b"geo"])["columns"][name].get("crs")
    except (KeyError, ValueError, AttributeError, TypeError):
        return None


def _points(column: pa.ChunkedArray) -> tuple[np.ndarray, np.ndarray]:
    """Coordinates of points as WKB; nan for other geometries."""
    require("shapely")
    import shapely

    if not pa.types.is_binary(column.type) and not pa.types.is_large_binary(column.type):
        raise InputError("The geometry column holds no WKB points, and there are no longitude and latitude columns.")
    points = shapely.from_wkb(column.to_numpy(zero_copy_only=False), on_invalid="ignore")
    return shapely.get_x(points), shapely.get_y(points)


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


def time_column(table: pa.Table, guess: Guess, refuse_short: bool = True) -> pa.ChunkedArray:
    """The column of time; times of day are text, and come with the day of the date column if there is one.

    refuse_short: raise InputError if times of day are written as digits and none has five: 1005 could be 10:05 or
    00:10:05. Not for later parts of a file: the hour after midnight has only short ones.
    """
    column = plain_column(table[str(guess.time)])
    hhmmss = guess.date and _is_number(column.type) and (pc.max(column).as_py() or 0) < 1_000_000
    if hhmmss or pa.types.is_time(column.type):
        column = column.cast(pa.string())
    if guess.date and is_text(column.type):
        column = _with_colons(_text(column), str(guess.time), refuse_short)
        day = pc.replace_substring_regex(_text(table[guess.date]), COMPACT_DATE, r"\1-\2-\3")
        dated = pc.binary_join_element_wise(day, column, " ")
        column = pc.if_else(pc.match_substring_regex(column, CLOCK), dated, column)
    return column


def _with_colons(column: pa.ChunkedArray, name: str, refuse_short: bool) -> pa.ChunkedArray:
    """Text with times of day written as hhmmss changed to hh:mm:ss. Errors are those of `time_column`."""
    digits = pc.match_substring_regex(column, HHMMSS)
    if not pc.any(digits).as_py():
        return column
    if refuse_short and not pc.any(pc.match_substring_regex(column, r"^\s*\d{5}")).as_py():
        example = column.filter(digits)[0].as_py()
        raise InputError(
            f"Times of day in the column '{name}', such as {example}, may be hours and minutes or minutes and seconds. "
            "Write them as 10:05 or 10:05:00."
        )
    padded = pc.binary_join_element_wise("00000", pc.utf8_trim_whitespace(column), "")
    return pc.if_else(digits, pc.replace_substring_regex(padded, r"^\d*(\d\d)(\d\d)(\d\d)", r"\1:\2:\3"), column)


def read_times(table: pa.Table, guess: Guess, refuse_short: bool = True) -> np.ndarray:
    """(n,) int64 epoch ms of the column of `time_column`, with its argument and error."""
    column = time_column(table, guess, refuse_short)
    kind = column.type
    if pa.types.is_timestamp(kind):
        values = column.cast(pa.timestamp(kind.unit)) if kind.tz else column  # Arrow keeps zoned times in UTC
        return parse_times(values.to_numpy(zero_copy_only=False), "UTC" if kind.tz else guess.timezone)
    if not is_text(kind):
        if not (_is_number(kind) or pa.types.is_date(kind)):
            raise InputError(f"The time column '{guess.time}' holds {kind}, not times.")
        if pa.types.is_integer(kind) and column.null_count:  # as floats, epochs in µs would lose their last digits
            values = pc.fill_null(column, 0).to_numpy()
            return np.where(column.is_null().to_numpy(), NO_TIME, parse_times(values, guess.timezone))
        return parse_times(column.to_numpy(zero_copy_only=False), guess.timezone)
    for zone in (None, "UTC"):  # Arrow reads plain ISO text in a tenth of the time
        moments = _iso_times(column, zone)
        if moments is not None:
            return parse_times(moments, zone or guess.timezone)
    return parse_times(fixed_bytes(column), guess.timezone, guess.date_order)


def _iso_times(column: pa.ChunkedArray, zone: str | None) -> np.ndarray | None:
    """(n,) datetime64 of text YYYY-MM-DD HH:MM[:SS[.fff]], or, of a zone, of text with seconds and 'Z' or an offset.

    None where any is written otherwise.
    """
    shortest = pc.min(pc.binary_length(column)).as_py()
    if shortest is None or shortest < (20 if zone else 16):  # Arrow reads an hour without minutes, `parse_times` not
        return None
    try:
        return column.cast(pa.timestamp("ms", zone)).to_numpy(zero_copy_only=False)
    except pa.ArrowInvalid:
        return None


def fixed_bytes(column: pa.ChunkedArray) -> np.ndarray:
    """(n,) S40 of a text column, without a Python object a row; missing text is empty, longer text is cut."""
    chunks = [_chunk_bytes(chunk) for chunk in column.chunks]
    return np.concatenate(chunks) if chunks else np.zeros(0, f"S{TEXT_WIDTH}")


def _chunk_bytes(chunk: Any) -> np.ndarray:
    chunk = pc.fill_null(chunk.cast(pa.string()), "")
    _, offsets, data = chunk.buffers()
    if not len(chunk) or data is None or not data.size:
        return np.zeros(len(chunk), f"S{TEXT_WIDTH}")
    ends = np.frombuffer(offsets, np.int32)[chunk.offset : chunk.offset + len(chunk) + 1]
    sizes = np.diff(ends)
    width = min(int(sizes.max()), TEXT_WIDTH)
    if width and sizes.min() == sizes.max() == width:  # as times mostly are
        return np.frombuffer(data, f"S{width}", len(chunk), int(ends[0])).astype(f"S{TEXT_WIDTH}")
    at = ends[:-1, None] + np.arange(width, dtype=np.int32)
    letters = np.frombuffer(data, np.uint8)[np.minimum(at, data.size - 1)]
    letters[at >= ends[1:, None]] = 0
    return letters.view(f"S{width}").reshape(-1).astype(f"S{TEXT_WIDTH}") if width else np.zeros(len(chunk), "S40")
