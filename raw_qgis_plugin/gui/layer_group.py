# SPDX-License-Identifier: GPL-2.0-or-later
"""The group in the layer tree for all results of one layer of tracks."""

from __future__ import annotations

from typing import Any

from qgis.core import QgsLayerTreeGroup, QgsProject, QgsVectorLayer

NAME = "raw/group"
ORDER = "raw/order"


class LayerGroup:
    """'RAW: LAYERNAME', made with the first result. It keeps its name when the layer of tracks is renamed."""

    def __init__(self, layer: QgsVectorLayer | None = None) -> None:
        known = layer.customProperty(NAME) if layer is not None else None
        self.name = known or f"RAW: {layer.name() if layer is not None else ''}"
        if layer is not None and not known:
            layer.setCustomProperty(NAME, self.name)

    def add(self, layer: QgsVectorLayer, order: int = 0) -> QgsVectorLayer:
        """Put a layer into the project and the group. order: greater is drawn above."""
        layer.setCustomProperty(ORDER, order)
        QgsProject.instance().addMapLayer(layer, False)
        root = QgsProject.instance().layerTreeRoot()
        group: QgsLayerTreeGroup = root.findGroup(self.name) or root.insertGroup(0, self.name)
        group.insertLayer(sum(_order(node) > order for node in group.findLayers()), layer).setExpanded(False)
        return layer


def _order(node: Any) -> int:
    return int(node.layer().customProperty(ORDER, 0) or 0) if node.layer() is not None else 0
