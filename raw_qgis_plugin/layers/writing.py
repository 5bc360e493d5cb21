# SPDX-License-Identifier: GPL-2.0-or-later
"""Columns -> features of a sink: field types, NULLs, UTC times and geometries."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from qgis.core import (
    NULL,
    Qgis,
    QgsFeature,
    QgsFeatureSink,
    QgsField,
    QgsFields,
    QgsGeometry,
    QgsLineString,
    QgsPolygon,
)
from qgis.PyQt.QtCore import QDateTime, QMetaType, Qt, QVariant

from ..core.errors import Progress, no_progress
from ..core.times import NO_TIME
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


def polygons(rings: np.ndarray) -> list[QgsGeometry | None]:
    """(n, k, 2) closed rings -> n polygons; None where a ring is not finite."""
    return [QgsGeometry(QgsPolygon(QgsLineString(*ring.T.tolist()))) if _finite(ring).all() else None for ring in rings]


def multipolygons(shapes: np.ndarray) -> list[QgsGeometry | None]:
    """(n,) shapely polygons or multipolygons -> n multipolygons; None for a missing or infinite shape."""
    import shapely

    result: list[QgsGeometry | None] = []
    for wkb, bounds in zip(shapely.to_wkb(shapes), shapely.bounds(shapes)):
        geometry = None
        if wkb is not None and np.isfinite(bounds).all():
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
