# SPDX-License-Identifier: GPL-2.0-or-later
"""A copy of a layer's state, which another thread can read while QGIS stays responsive."""

from __future__ import annotations

from typing import Any

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsFeatureRequest,
    QgsFields,
    QgsProject,
    QgsVectorLayer,
    QgsVectorLayerFeatureSource,
)

from .reading import FieldChoice, ReadPlan, plan_reading


class Snapshot:
    """The part of QgsProcessingFeatureSource that `reading` uses: only the main thread may touch a QgsVectorLayer."""

    def __init__(self, layer: QgsVectorLayer) -> None:
        self._source = QgsVectorLayerFeatureSource(layer)
        self._fields, self._shape = QgsFields(layer.fields()), layer.wkbType()
        self._crs, self._count = QgsCoordinateReferenceSystem(layer.crs()), layer.featureCount()

    def fields(self) -> QgsFields:
        """The layer's fields."""
        return self._fields

    def wkbType(self) -> Any:  # noqa: N802 - QGIS's name
        """The kind of its geometries."""
        return self._shape

    def sourceCrs(self) -> QgsCoordinateReferenceSystem:  # noqa: N802 - QGIS's name
        """The layer's CRS."""
        return self._crs

    def featureCount(self) -> int:  # noqa: N802 - QGIS's name
        """The number of features, -1 if unknown."""
        return self._count

    def getFeatures(self, request: QgsFeatureRequest | None = None) -> Any:  # noqa: N802 - QGIS's name
        """The features; callable in any thread."""
        return self._source.getFeatures(request or QgsFeatureRequest())


def snapshot(layer: QgsVectorLayer, fields: FieldChoice, timezone: str) -> ReadPlan:
    """A plan to read a layer in another thread. Call it on the main thread."""
    return plan_reading(Snapshot(layer), layer, None, fields, timezone, QgsProject.instance().transformContext())
