# SPDX-License-Identifier: GPL-2.0-or-later
"""The publish check of a QGIS layer."""

from __future__ import annotations

from typing import Any

import numpy as np
from qgis.core import NULL, Qgis, QgsCoordinateTransformContext, QgsWkbTypes

from ..core.regions.publish_check import findings
from .coordinates import lonlat_shapes

SHAPES = {
    Qgis.GeometryType.Point: "point", Qgis.GeometryType.Line: "line", Qgis.GeometryType.Polygon: "polygon",
}  # fmt: skip


def check_layer(layer: Any, context: QgsCoordinateTransformContext, min_users: int) -> list[str]:
    """What in a layer could name somebody (`findings`). layer: a layer, or the source of an algorithm."""
    crs = layer.sourceCrs() if hasattr(layer, "sourceCrs") else layer.crs()
    shape = SHAPES.get(QgsWkbTypes.geometryType(layer.wkbType()), "")
    rows, geometries = [], []
    for feature in layer.getFeatures():
        rows.append([None if value == NULL else value for value in feature.attributes()])
        if shape == "polygon":
            geometries.append(feature.geometry())
    names = layer.fields().names()
    columns = {name: [row[at] for row in rows] for at, name in enumerate(names)}
    polygons = lonlat_shapes(geometries, crs, context) if geometries else np.zeros(0, object)
    dated = [field.name() for field in layer.fields() if field.isDateOrTime()]
    return findings(columns, shape, polygons, min_users, dated, QgsWkbTypes.hasM(layer.wkbType()))
