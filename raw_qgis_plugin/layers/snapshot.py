# SPDX-License-Identifier: GPL-2.0-or-later
"""A layer as it is now, to be read in another thread while the desktop goes on."""

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
    """What `reading` wants of a source: a QgsVectorLayer itself must not be touched away from the main thread."""

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
        """Features, or -1 where nobody has counted them."""
        return self._count

    def getFeatures(self, request: QgsFeatureRequest | None = None) -> Any:  # noqa: N802 - QGIS's name
        """Its features, in any thread."""
        return self._source.getFeatures(request or QgsFeatureRequest())


def snapshot(layer: QgsVectorLayer, fields: FieldChoice, timezone: str) -> ReadPlan:
    """All it takes to read a layer elsewhere. Call it on the main thread."""
    return plan_reading(Snapshot(layer), layer, None, fields, timezone, QgsProject.instance().transformContext())
