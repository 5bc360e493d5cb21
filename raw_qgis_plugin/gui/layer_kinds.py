# SPDX-License-Identifier: GPL-2.0-or-later
"""Which layers can hold tracks, and which regions."""

from __future__ import annotations

from qgis.core import Qgis, QgsMapLayer, QgsVectorLayer, QgsWkbTypes


def has_fixes(layer: QgsMapLayer | None) -> bool:
    """Whether a layer has points, or lines with M values."""
    if not isinstance(layer, QgsVectorLayer) or is_line_without_times(layer):
        return False
    return layer.geometryType() in (Qgis.GeometryType.Point, Qgis.GeometryType.Line)


def is_line_without_times(layer: QgsMapLayer) -> bool:
    """Whether a layer has lines without M values."""
    is_line = isinstance(layer, QgsVectorLayer) and layer.geometryType() == Qgis.GeometryType.Line
    return is_line and not QgsWkbTypes.hasM(layer.wkbType())


def has_figures(layer: QgsMapLayer | None) -> bool:
    """Whether a layer has figures that can be published."""
    return isinstance(layer, QgsVectorLayer) and layer.fields().lookupField("noise_key") >= 0


def has_areas(layer: QgsMapLayer | None) -> bool:
    """Whether a layer has polygons."""
    return isinstance(layer, QgsVectorLayer) and layer.geometryType() == Qgis.GeometryType.Polygon
