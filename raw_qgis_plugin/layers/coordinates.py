# SPDX-License-Identifier: GPL-2.0-or-later
"""Coordinates between a layer's CRS and WGS84: whole arrays at once, with QGIS's own transforms."""

from __future__ import annotations

import struct
from collections.abc import Sequence

import numpy as np
from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsCoordinateTransformContext,
    QgsCsException,
    QgsGeometry,
    QgsWkbTypes,
)

from ..core.arrays import Array
from ..core.errors import InputError
from ..core.sources.polygons import transform_shapes

WGS84 = "EPSG:4326"
_LINE_HEADER = 9  # bytes of WKB: byte order, type, number of points


def to_wgs84(
    crs: QgsCoordinateReferenceSystem, context: QgsCoordinateTransformContext
) -> QgsCoordinateTransform:
    """The transform from a layer's CRS to WGS84 that the project prescribes. An unset CRS is taken
    for WGS84.
    """
    world = QgsCoordinateReferenceSystem(WGS84)
    return QgsCoordinateTransform(crs if crs.isValid() else world, world, context)


def from_wgs84(
    crs: QgsCoordinateReferenceSystem, context: QgsCoordinateTransformContext
) -> QgsCoordinateTransform:
    """The transform from WGS84 to a layer's CRS that the project prescribes. An unset CRS is taken
    for WGS84.
    """
    world = QgsCoordinateReferenceSystem(WGS84)
    return QgsCoordinateTransform(world, crs if crs.isValid() else world, context)


def check(transform: QgsCoordinateTransform) -> None:
    """InputError where QGIS has no transform between two CRSs: it would return the coordinates
    unchanged.
    """
    if not transform.isValid():
        a, b = (
            crs.userFriendlyIdentifier()
            for crs in (transform.sourceCrs(), transform.destinationCrs())
        )
        raise InputError(
            "QGIS cannot transform {a} to {b}. Use another CRS, or set the right one.", a=a, b=b
        )


def lonlat_shapes(
    geometries: Sequence[QgsGeometry],
    crs: QgsCoordinateReferenceSystem,
    context: QgsCoordinateTransformContext,
) -> Array:
    """(n,) polygons as shapely geometries in WGS84, curves cut into chords of one degree.

    In a geographic CRS a polygon keeps its coordinates; in others its longitudes may go on beyond
    180. None for a polygon that is NULL or cannot be transformed. InputError where QGIS has no
    transform.
    """
    import shapely

    transform = to_wgs84(crs, context)
    wkb = []
    for geometry in geometries:
        curved = QgsWkbTypes.isCurvedType(geometry.wkbType())
        straight = QgsGeometry(geometry.constGet().segmentize()) if curved else geometry
        wkb.append(None if geometry.isNull() else straight.asWkb().data())
    shapes = np.asarray(shapely.from_wkb(wkb, on_invalid="ignore"), object).reshape(-1)
    beyond = crs.isValid() and not crs.isGeographic()
    shapes = transform_shapes(shapes, lambda xy: transform_xy(xy, transform), beyond)
    shapes[~np.isfinite(shapely.bounds(shapes)).all(axis=1)] = None
    return shapes


def transform_xy(xy: Array, transform: QgsCoordinateTransform) -> Array:
    """Transform points all at once, with the same result as one by one.

    xy: (n, 2) float64. Returns (n, 2) float64, NaN where a point is missing or the CRS cannot
    express it. InputError where QGIS has no transform.
    """
    check(transform)
    if not len(xy) or transform.isShortCircuited():
        return xy
    result = np.full(xy.shape, np.nan)
    good = np.isfinite(xy).all(axis=1)
    result[good] = _transform_finite(xy[good], transform)
    result[~np.isfinite(result).all(axis=1)] = np.nan
    return result


def transform_polygons(shapes: Array, transform: QgsCoordinateTransform) -> Array:
    """(n,) shapely polygons transformed; None where the CRS cannot express one."""
    return transform_shapes(shapes, lambda xy: transform_xy(xy, transform))


def _transform_finite(xy: Array, transform: QgsCoordinateTransform) -> Array:
    """Transform one line through all points. If PROJ refuses the line, transform its halves."""
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
        return np.vstack(
            [_transform_finite(xy[:half], transform), _transform_finite(xy[half:], transform)]
        )
    return np.frombuffer(line.asWkb().data(), "<f8", offset=_LINE_HEADER).reshape(-1, 2)


def line_wkb(xy: Array) -> bytes:
    """(n, 2) coordinates, or (n, 3) with M values, as the WKB of one LineString."""
    return (
        struct.pack("<BII", 1, 2 if xy.shape[1] == 2 else 2002, len(xy))
        + np.ascontiguousarray(xy, "<f8").tobytes()
    )
