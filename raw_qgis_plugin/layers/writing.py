# SPDX-License-Identifier: GPL-2.0-or-later
"""Columns -> features of a sink: field types, NULLs, UTC times and geometries."""

from __future__ import annotations

import os
import sqlite3
import struct
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from qgis.core import (
    NULL,
    Qgis,
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransformContext,
    QgsFeature,
    QgsFeatureSink,
    QgsField,
    QgsFields,
    QgsGeometry,
    QgsLineString,
    QgsPolygon,
    QgsVectorFileWriter,
    QgsVectorLayer,
)
from qgis.PyQt.QtCore import QDateTime, QMetaType, Qt, QVariant

from ..core.errors import InputError, Progress, no_progress
from ..core.sqlite_pages import Block, Column, PageFile
from ..core.times import DAY_MS, NO_TIME
from ..core.tracks import Tracks
from .coordinates import line_wkb

TIMES = ("t", "t_first", "t_last", "t_start", "t_end", "t_arrive", "t_leave")

if Qgis.versionInt() >= 33800:
    _T = QMetaType.Type
    TYPES = {
        "text": _T.QString, "int": _T.LongLong, "number": _T.Double, "bool": _T.Bool, "time": _T.QDateTime,
    }  # fmt: skip
else:
    TYPES = {
        "text": QVariant.String, "int": QVariant.LongLong, "number": QVariant.Double, "bool": QVariant.Bool,
        "time": QVariant.DateTime,
    }  # fmt: skip


def make_fields(kinds: Mapping[str, str]) -> QgsFields:
    """Fields in the mapping's order. kinds: name -> 'text', 'int', 'number', 'bool' or 'time' (UTC)."""
    fields = QgsFields()
    for name, kind in kinds.items():
        fields.append(QgsField(name, TYPES[kind]))
    return fields


def kinds_of(columns: Mapping[str, np.ndarray]) -> dict[str, str]:
    """The kind of every column by its NumPy type; those of TIMES hold epoch milliseconds."""
    by_type = {"b": "bool", "i": "int", "u": "int", "f": "number"}
    return {
        name: "time" if name in TIMES else by_type.get(np.ma.getdata(values).dtype.kind, "text")
        for name, values in columns.items()
    }


def attribute_values(values: np.ndarray, kind: str) -> list[Any]:
    """A column as QGIS's own values: NaN, None, NO_TIME and masked entries become NULL."""
    missing = np.ma.getmaskarray(values)
    items = np.ma.getdata(values).tolist()
    if kind == "time":
        return [NULL if gone or ms == NO_TIME else utc(ms) for ms, gone in zip(items, missing)]
    make = {"text": str, "int": int, "number": float, "bool": bool}[kind]
    return [NULL if gone or item is None or item != item else make(item) for item, gone in zip(items, missing)]


def utc(ms: int) -> QDateTime:
    """Epoch milliseconds -> QDateTime in UTC."""
    return QDateTime.fromMSecsSinceEpoch(ms, Qt.TimeSpec.UTC)


def write(
    sink: QgsFeatureSink,
    fields: QgsFields,
    attributes: Sequence[Sequence[Any]],
    geometries: Sequence[QgsGeometry | None],
    progress: Progress = no_progress,
    batch_size: int = 5000,
) -> None:
    """Add features in batches. attributes: for each field a sequence with one value a feature."""
    n = len(geometries)
    for start in range(0, n, batch_size):
        progress(start / n)
        batch = []
        for i in range(start, min(n, start + batch_size)):
            feature = QgsFeature(fields)
            feature.setAttributes([column[i] for column in attributes])
            if geometries[i] is not None:
                feature.setGeometry(geometries[i])
            batch.append(feature)
        if not sink.addFeatures(batch, QgsFeatureSink.Flag.FastInsert):
            raise OSError(f"The output could not be written: {sink.lastError()}")
    progress(1.0)


def points_layer(name: str, lonlat: np.ndarray, t: np.ndarray) -> QgsVectorLayer:
    """A temporary layer of points, (k, 2) degrees, with their times, (k,) epoch ms."""
    layer = QgsVectorLayer("Point?crs=EPSG:4326", name, "memory")
    layer.dataProvider().addAttributes(make_fields({"t": "time"}))
    layer.updateFields()
    write(layer.dataProvider(), layer.fields(), [attribute_values(t, "time")], points(lonlat))
    layer.updateExtents()
    return layer


@dataclass(frozen=True)
class Parts:
    """An output that is written part by part. kinds: of its columns."""

    kinds: dict[str, str]
    sink: QgsFeatureSink
    destination: str

    def add(self, columns: Mapping[str, np.ndarray], geometries: Sequence[QgsGeometry | None]) -> None:
        """Add columns and geometries, one feature a row."""
        values = [attribute_values(columns[name], kind) for name, kind in self.kinds.items()]
        write(self.sink, make_fields(self.kinds), values, geometries)


def points(xy: np.ndarray) -> list[QgsGeometry | None]:
    """(n, 2) coordinates -> n points; None where one is not finite."""
    header = np.frombuffer(struct.pack("<BI", 1, 1), np.uint8)  # WKB: byte order, type
    numbers = np.ascontiguousarray(xy, "<f8").reshape(-1, 2).view(np.uint8)
    wkb = np.hstack([np.tile(header, (len(xy), 1)), numbers])
    return [_geometry(row.tobytes()) if good else None for row, good in zip(wkb, _finite(xy))]


def lines(xy: np.ndarray, offsets: np.ndarray) -> list[QgsGeometry | None]:
    """For every k the line through the rows offsets[k] to offsets[k + 1] of xy; None with fewer than two points.

    xy: (n, 2), or (n, 3) with M values.
    """
    result: list[QgsGeometry | None] = []
    for start, stop in zip(offsets[:-1], offsets[1:]):
        line = xy[start:stop]
        line = line[_finite(line)]
        result.append(_geometry(line_wkb(line)) if len(line) > 1 else None)
    return result


def cut_lines(xy: np.ndarray, offsets: np.ndarray, begins: np.ndarray) -> list[QgsGeometry | None]:
    """For every k the rows offsets[k] to offsets[k + 1] of xy (n, 2) as a MultiLineString; None where no part has two.

    begins: (n,) bool, rows to which no line leads, such as those after a gap.
    """
    cuts = np.union1d(np.flatnonzero(begins), offsets)
    parts = np.array(lines(xy, cuts), object)
    of_each = np.split(parts, np.searchsorted(cuts, offsets[1:-1]))[: len(offsets) - 1]  # one more than it is cut at
    there = [[part for part in of_one if part is not None] for of_one in of_each]
    return [QgsGeometry.collectGeometry(line) if line else None for line in there]


def polygons(rings: np.ndarray) -> list[QgsGeometry | None]:
    """(n, k, 2) closed rings -> n polygons; None where a ring is not finite."""
    return [QgsGeometry(QgsPolygon(QgsLineString(*ring.T.tolist()))) if _finite(ring).all() else None for ring in rings]


def multipolygons(shapes: np.ndarray) -> list[QgsGeometry | None]:
    """(n,) shapely polygons or multipolygons -> n multipolygons; None for a missing, empty or infinite shape."""
    import shapely

    result: list[QgsGeometry | None] = []
    for wkb, finite in zip(shapely.to_wkb(shapes), _finite(shapely.bounds(shapes))):
        geometry = None
        if finite:
            geometry = _geometry(wkb)
            geometry.convertToMultiType()
        result.append(geometry)
    return result


def _finite(xy: np.ndarray) -> np.ndarray:
    return np.isfinite(xy).all(axis=1)


def _geometry(wkb: bytes) -> QgsGeometry:
    geometry = QgsGeometry()
    geometry.fromWkb(wkb)
    return geometry


def write_geopackage(path: Path, tracks: Tracks, progress: Progress = no_progress) -> None:
    """Write fixes as a GeoPackage of one layer with spatial index, named as the file: millions in seconds.

    The file gets its name when it is complete; one of this name is replaced. OSError where it cannot be written.
    """
    if Path(f"{path}-wal").exists():
        raise InputError(f"{path.name} is open in QGIS. Remove its layer from the project, or choose another name.")
    part = path.with_name(f"{path.stem}.partial.gpkg")
    try:
        table, nodes, rows, parents = _empty_geopackage(part, path.stem)
        file = PageFile(part)
        try:
            with ThreadPoolExecutor(1) as pool:
                index = pool.submit(lambda: file.fill_rtree(nodes, rows, parents, tracks.lon, tracks.lat))
                try:
                    file.fill_table(table, _rows(tracks, progress))
                except BaseException:
                    file.cancel()
                    raise
                index.result()
        finally:
            file.close()
        with closing(sqlite3.connect(part)) as database, database:
            database.execute("PRAGMA synchronous = OFF")  # it would wait until a gigabyte is on the disk
            box = [float(limit) for xy in (tracks.lon, tracks.lat) for limit in (xy.min(), xy.max())]
            database.execute("UPDATE gpkg_contents SET min_x = ?, max_x = ?, min_y = ?, max_y = ?", box)
            database.execute("UPDATE gpkg_ogr_contents SET feature_count = ?", [len(tracks)])
            database.execute("INSERT INTO sqlite_sequence VALUES (?, ?)", [path.stem, len(tracks)])
        progress(1.0)
        os.replace(part, path)
    finally:
        for leftover in (part, Path(f"{part}-journal")):
            leftover.unlink(missing_ok=True)


def _empty_geopackage(path: Path, name: str) -> list[int]:
    """Make the file. Returns the first pages of the layer's table and of the nodes, rows and parents of its R-tree."""
    path.unlink(missing_ok=True)
    options = QgsVectorFileWriter.SaveVectorOptions()
    options.driverName, options.layerName = "GPKG", name
    options.layerOptions = ["SPATIAL_INDEX=YES", "GEOMETRY_NAME=geom"]
    fields = make_fields({"user_id": "text", "track_id": "text", "t": "time"})
    world, context = QgsCoordinateReferenceSystem("EPSG:4326"), QgsCoordinateTransformContext()
    writer = QgsVectorFileWriter.create(str(path), fields, Qgis.WkbType.Point, world, context, options)
    if writer.hasError() != QgsVectorFileWriter.WriterError.NoError:
        raise OSError(f"{path} cannot be written: {writer.errorMessage()}")
    del writer  # which closes the file
    with closing(sqlite3.connect(path)) as database:
        roots = dict(database.execute("SELECT name, rootpage FROM sqlite_master"))
    return [roots[name], *(roots[f"rtree_{name}_geom_{table}"] for table in ("node", "rowid", "parent"))]


def _rows(tracks: Tracks, progress: Progress, rows_a_block: int = 1 << 16) -> Iterator[Block]:
    """The rows of the layer's table: geometry, user, track, time."""
    point = [("start", "S2"), ("version", "u1"), ("flags", "u1"), ("srs", "<i4"), ("order", "u1"), ("kind", "<u4")]
    users, trips = _texts(tracks.user_ids), _texts(tracks.track_ids)
    block = np.zeros(min(rows_a_block, len(tracks)), [*point, ("x", "<f8"), ("y", "<f8")])
    for name, value in (("start", b"GP"), ("flags", 1), ("srs", 4326), ("order", 1), ("kind", 1)):
        block[name] = value
    for start in range(0, len(tracks), rows_a_block):
        progress(start / len(tracks))
        some = slice(start, min(start + rows_a_block, len(tracks)))
        geometry = block[: some.stop - start]  # again: the block before is in its pages
        geometry["x"], geometry["y"] = tracks.lon[some], tracks.lat[some]
        columns = [Column("blob", geometry.view(np.uint8).reshape(len(geometry), -1), np.int64(geometry.itemsize))]
        for (letters, sizes), codes in ((users, tracks.user[some]), (trips, tracks.track[some])):
            columns.append(Column("text", letters.take(codes, axis=0), sizes[codes]))
        moments = _iso(tracks.t[some])
        columns.append(Column("text", moments, np.int64(moments.shape[1])))
        yield np.arange(start + 1, some.stop + 1), columns


def _texts(ids: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Texts as (k, width) bytes, and the size of each."""
    words = [str(name).encode() for name in ids]
    width = max(map(len, words), default=0)
    if width > 1000:
        raise InputError(f"An id has {width:,} letters: '{max(words, key=len)[:50].decode(errors='replace')}…'.")
    letters = np.frombuffer(b"".join(word.ljust(width, b"\0") for word in words), np.uint8)
    return letters.reshape(len(words), width), np.array([len(word) for word in words], np.int64)


def _iso(t: np.ndarray) -> np.ndarray:
    """(n, 24) letters of times, (n,) epoch ms, as GeoPackage writes them: 2024-07-01T08:30:00.000Z."""
    day = t // DAY_MS
    ms = (t - day * DAY_MS).astype(np.int32)
    minute = ms // 60_000
    first = int(day.min())
    days = np.datetime_as_string(np.arange(first, int(day.max()) + 1).astype("datetime64[D]")).astype("S10")
    minutes, rests = _clock()
    out = np.empty(len(t), [("day", "S10"), ("T", "S1"), ("minute", "S6"), ("rest", "S6"), ("zone", "S1")])
    out["day"], out["minute"], out["rest"] = (
        days.take(day - first),
        minutes.take(minute),
        rests.take(ms - 60_000 * minute),
    )
    out["T"], out["zone"] = b"T", b"Z"
    return out.view(np.uint8).reshape(-1, 24)


@cache
def _clock() -> tuple[np.ndarray, np.ndarray]:
    """The minutes of a day as '08:30:', and the milliseconds of a minute as '05.000'."""
    minutes = [f"{minute // 60:02}:{minute % 60:02}:" for minute in range(24 * 60)]
    return np.array(minutes, "S6"), np.array([f"{ms // 1000:02}.{ms % 1000:03}" for ms in range(60_000)], "S6")
