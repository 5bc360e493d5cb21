# SPDX-License-Identifier: GPL-2.0-or-later
"""A copy of a layer's state, which another thread can read while QGIS stays responsive."""

from __future__ import annotations

from typing import Any

from qgis.core import QgsCoordinateReferenceSystem, QgsProject, QgsVectorLayer, QgsVectorLayerFeatureSource

from .reading import FieldChoice, ReadPlan, plan_reading


class Snapshot(QgsVectorLayerFeatureSource):
    """A layer's features for any thread, with the methods of QgsProcessingFeatureSource that `reading` uses."""

    def __init__(self, layer: QgsVectorLayer) -> None:
        super().__init__(layer)
        self._shape, self._count = layer.wkbType(), layer.featureCount()

    def wkbType(self) -> Any:  # noqa: N802 - QGIS's name
        """The type of the geometries."""
        return self._shape

    def sourceCrs(self) -> QgsCoordinateReferenceSystem:  # noqa: N802 - QGIS's name
        """The layer's CRS."""
        return self.crs()

    def featureCount(self) -> int:  # noqa: N802 - QGIS's name
        """The number of features, -1 if unknown."""
        return self._count


def snapshot(layer: QgsVectorLayer, fields: FieldChoice, timezone: str) -> ReadPlan:
    """A plan to read a layer in another thread. Call it on the main thread."""
    return plan_reading(Snapshot(layer), layer, None, fields, timezone, QgsProject.instance().transformContext())
