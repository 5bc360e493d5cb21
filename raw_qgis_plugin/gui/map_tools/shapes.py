# SPDX-License-Identifier: GPL-2.0-or-later
"""Shapes between the CRS of maps and layers, and WGS84."""

from __future__ import annotations

from typing import Any

import numpy as np
from qgis.core import QgsCoordinateReferenceSystem, QgsGeometry, QgsProject

from ...core.errors import InputError
from ...layers import writing
from ...layers.coordinates import from_wgs84, lonlat_shapes, transform_polygons
from ...processing.words import tr


def lonlat(geometry: QgsGeometry, crs: QgsCoordinateReferenceSystem) -> Any:
    """A geometry in a CRS as a shapely geometry in WGS84. InputError where it lies outside the CRS."""
    (shape,) = lonlat_shapes([geometry], crs, QgsProject.instance().transformContext())
    if shape is None:
        raise InputError(tr("The region lies outside what the map's CRS can express. Draw it elsewhere."))
    return shape


def in_crs(polygon: Any, crs: QgsCoordinateReferenceSystem) -> QgsGeometry | None:
    """A shapely polygon in WGS84 as a multipolygon in a CRS; None where it cannot express the polygon."""
    transform = from_wgs84(crs, QgsProject.instance().transformContext())
    return writing.multipolygons(transform_polygons(np.array([polygon]), transform))[0]
