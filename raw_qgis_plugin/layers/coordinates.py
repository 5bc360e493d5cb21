# SPDX-License-Identifier: GPL-2.0-or-later
"""Coordinates between a layer's CRS and WGS84, whole arrays at once and by QGIS's own transforms."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence

import numpy as np
from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsCoordinateTransformContext,
    QgsCsException,
    QgsGeometry,
    QgsWkbTypes,
)

from ..core.errors import InputError
from ..core.sources.polygons import leap, short_way

WGS84 = "EPSG:4326"
STEPS = 15  # points between two corners: a sixteenth of the world's width from one to the next
_LINE_HEADER = 9  # WKB: byte order, type, number of points


def to_wgs84(crs: QgsCoordinateReferenceSystem, context: QgsCoordinateTransformContext) -> QgsCoordinateTransform:
    """The transform from a layer's CRS to WGS84 that the project prescribes. An unset CRS is taken for WGS84."""
    world = QgsCoordinateReferenceSystem(WGS84)
    return QgsCoordinateTransform(crs if crs.isValid() else world, world, context)


def from_wgs84(crs: QgsCoordinateReferenceSystem, context: QgsCoordinateTransformContext) -> QgsCoordinateTransform:
    """The transform from WGS84 to a layer's CRS that the project prescribes. An unset CRS is taken for WGS84."""
    world = QgsCoordinateReferenceSystem(WGS84)
    return QgsCoordinateTransform(world, crs if crs.isValid() else world, context)


def check(transform: QgsCoordinateTransform) -> None:
    """InputError where there is no way between two CRSs: QGIS would leave coordinates as they are."""
    if not transform.isValid():
        a, b = (crs.userFriendlyIdentifier() for crs in (transform.sourceCrs(), transform.destinationCrs()))
        raise InputError(f"There is no way from {a} to {b}. Choose a layer in another CRS, or set the right one.")


def straight(geometry: QgsGeometry) -> QgsGeometry:
    """A geometry with its curves as chords of a degree each: shapely knows no kind of curve, even without one in it."""
    curved = QgsWkbTypes.isCurvedType(geometry.wkbType())
    return QgsGeometry(geometry.constGet().segmentize()) if curved else QgsGeometry(geometry)


def lonlat_shapes(
    geometries: Sequence[QgsGeometry], crs: QgsCoordinateReferenceSystem, context: QgsCoordinateTransformContext
) -> np.ndarray:
    """(n,) polygons as shapely geometries in WGS84, curves as chords of a degree each.

    In degrees a polygon is as it is written. In other coordinates its edges go the way that they go on the map, over
    ±180 too: longitudes go on beyond. None where one is NULL or can't be transformed. InputError where
    there is no way between the CRSs.
    """
    transform = to_wgs84(crs, context)
    check(transform)
    shapes = _transformed([straight(each) for each in geometries], transform)
    if crs.isValid() and not crs.isGeographic():
        at = np.flatnonzero(leap(shapes))
        steps = [straight(geometries[i]).densifyByCount(STEPS) for i in at]  # which tell the way between two corners
        shapes[at] = [short_way(shape) for shape in _transformed(steps, transform)]
    return shapes


def _transformed(geometries: Iterable[QgsGeometry], transform: QgsCoordinateTransform) -> np.ndarray:
    """(n,) transformed, which changes what is given, as shapely geometries; None where one can't be."""
    import shapely

    wkb: list[bytes | None] = []
    for geometry in geometries:
        try:
            usable = not geometry.isNull() and geometry.transform(transform) == 0
        except QgsCsException:
            usable = False
        wkb.append(geometry.asWkb().data() if usable else None)
    shapes = np.asarray(shapely.from_wkb(wkb, on_invalid="ignore"), object).reshape(-1)
    shapes[~np.isfinite(shapely.bounds(shapes)).all(axis=1)] = None  # QGIS does not refuse all that is out of reach
    return shapes


def transform_xy(xy: np.ndarray, transform: QgsCoordinateTransform) -> np.ndarray:
    """Transform points in one call, exactly as QGIS transforms each.

    xy: (n, 2) float64. Returns (n, 2) float64, NaN where a point is missing or outside what the CRS can express.
    InputError where there is no way between the CRSs.
    """
    check(transform)
    if not len(xy) or transform.isShortCircuited():
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
