# SPDX-License-Identifier: GPL-2.0-or-later
"""Shapes between the map, the layers and what the model is asked about."""

from __future__ import annotations

from typing import Any

from qgis.core import QgsCoordinateReferenceSystem, QgsCsException, QgsGeometry, QgsProject

from ..core.errors import InputError
from ..layers.coordinates import from_wgs84, straight, to_wgs84
from ..processing.words import tr


def lonlat(geometry: QgsGeometry, crs: QgsCoordinateReferenceSystem) -> Any:
    """A geometry as shapely's in WGS84. InputError where the CRS can't say where it is."""
    import shapely

    there = straight(geometry)
    try:
        there.transform(to_wgs84(crs, QgsProject.instance().transformContext()))
    except QgsCsException as error:
        raise InputError(tr("The region lies outside what the map's CRS can express. Draw it elsewhere.")) from error
    return shapely.from_wkb(there.asWkb().data())


def in_crs(polygon: Any, crs: QgsCoordinateReferenceSystem) -> QgsGeometry:
    """A shapely polygon in WGS84 as a multipolygon in another CRS."""
    geometry = QgsGeometry()
    geometry.fromWkb(polygon.wkb)
    geometry.transform(from_wgs84(crs, QgsProject.instance().transformContext()))
    geometry.convertToMultiType()
    return geometry
