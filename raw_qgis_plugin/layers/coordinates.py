# SPDX-License-Identifier: GPL-2.0-or-later
"""Coordinates between a layer's CRS and WGS84, whole arrays at once and by QGIS's own transforms."""

from __future__ import annotations

import struct

import numpy as np
from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsCoordinateTransformContext,
    QgsCsException,
    QgsGeometry,
    QgsWkbTypes,
)

WGS84 = "EPSG:4326"
_LINE_HEADER = 9  # WKB: byte order, type, number of points


def to_wgs84(crs: QgsCoordinateReferenceSystem, context: QgsCoordinateTransformContext) -> QgsCoordinateTransform:
    """The transform from a layer's CRS to WGS84 that the project prescribes. An unset CRS is taken for WGS84."""
    world = QgsCoordinateReferenceSystem(WGS84)
    return QgsCoordinateTransform(crs if crs.isValid() else world, world, context)


def from_wgs84(crs: QgsCoordinateReferenceSystem, context: QgsCoordinateTransformContext) -> QgsCoordinateTransform:
    """The transform from WGS84 to a layer's CRS that the project prescribes. An unset CRS is taken for WGS84."""
    world = QgsCoordinateReferenceSystem(WGS84)
    return QgsCoordinateTransform(world, crs if crs.isValid() else world, context)


def straight(geometry: QgsGeometry) -> QgsGeometry:
    """A geometry with its curves as chords of a degree each: shapely knows no kind of curve, even without one in it."""
    curved = QgsWkbTypes.isCurvedType(geometry.wkbType())
    return QgsGeometry(geometry.constGet().segmentize()) if curved else QgsGeometry(geometry)


def transform_xy(xy: np.ndarray, transform: QgsCoordinateTransform) -> np.ndarray:
    """Transform points in one call, exactly as QGIS transforms each.

    xy: (n, 2) float64. Returns (n, 2) float64, NaN where a point is missing or outside what the CRS can express.
    """
    if not len(xy) or not transform.isValid() or transform.isShortCircuited():
        return xy
    good = np.isfinite(xy).all(axis=1)
    result = np.full(xy.shape, np.nan)
    result[good] = _transform_finite(xy[good], transform)
    result[~np.isfinite(result).all(axis=1)] = np.nan
    return result


def _transform_finite(xy: np.ndarray, transform: QgsCoordinateTransform) -> np.ndarray:
    """One line through all the points goes through C++; where PROJ refuses the line, halves of it until it doesn't."""
    if not len(xy):
        return xy
    line = QgsGeometry()
    line.fromWkb(line_wkb(xy))
    try:
        line.transform(transform)
    except QgsCsException:
        if len(xy) == 1:
            return np.full((1, 2), np.nan)
        half = len(xy) // 2
        return np.vstack([_transform_finite(xy[:half], transform), _transform_finite(xy[half:], transform)])
    return np.frombuffer(line.asWkb().data(), "<f8", offset=_LINE_HEADER).reshape(-1, 2)


def line_wkb(xy: np.ndarray) -> bytes:
    """(n, 2) coordinates as the WKB of one LineString."""
    return struct.pack("<BII", 1, 2, len(xy)) + np.ascontiguousarray(xy, "<f8").tobytes()


def polygon_wkb(ring: np.ndarray) -> bytes:
    """(n, 2) coordinates of a closed ring as the WKB of one Polygon."""
    return struct.pack("<BIII", 1, 3, 1, len(ring)) + np.ascontiguousarray(ring, "<f8").tobytes()


def point_wkb(xy: np.ndarray) -> bytes:
    """(2,) coordinates as the WKB of one Point."""
    return struct.pack("<BI", 1, 1) + np.ascontiguousarray(xy, "<f8").tobytes()
