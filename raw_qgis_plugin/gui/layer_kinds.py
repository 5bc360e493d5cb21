# SPDX-License-Identifier: GPL-2.0-or-later
"""Which layers can hold tracks, and which regions."""

from __future__ import annotations

from qgis.core import Qgis, QgsMapLayer, QgsVectorLayer, QgsWkbTypes

from ..layers.words import MADE

REGIONS_OF = "raw/regions_of"  # property of a layer of drawn regions: the id of its layer of tracks


def has_fixes(layer: QgsMapLayer | None) -> bool:
    """Whether a layer has points, or lines with M values. Of RAW's results only imported and filled
    tracks.
    """
    if not isinstance(layer, QgsVectorLayer):
        return False
    names = layer.fields().names()
    if layer.customProperty(MADE) and ("t" not in names or "horizon_min" in names):
        return False
    lines = layer.geometryType() == Qgis.GeometryType.Line and QgsWkbTypes.hasM(layer.wkbType())
    return lines or layer.geometryType() == Qgis.GeometryType.Point


def has_areas(layer: QgsMapLayer | None) -> bool:
    """Whether a layer has polygons."""
    return isinstance(layer, QgsVectorLayer) and layer.geometryType() == Qgis.GeometryType.Polygon


def is_own_table(layer: QgsMapLayer | None) -> bool:
    """Whether a layer is a table without geometry that RAW did not write."""
    return (
        isinstance(layer, QgsVectorLayer)
        and not layer.isSpatial()
        and not layer.customProperty(MADE)
    )
