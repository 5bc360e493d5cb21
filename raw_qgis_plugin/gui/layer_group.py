# SPDX-License-Identifier: GPL-2.0-or-later
"""The group in the layer tree for all results of one layer of tracks."""

from __future__ import annotations

from qgis.core import QgsLayerTreeGroup, QgsProject, QgsVectorLayer

NAME = "raw/group"


class LayerGroup:
    """'RAW: LAYERNAME', made with the first result. It keeps its name when the layer of tracks is renamed."""

    def __init__(self, layer: QgsVectorLayer | None = None) -> None:
        known = layer.customProperty(NAME) if layer is not None else None
        self.name = known or f"RAW: {layer.name() if layer is not None else ''}"
        if layer is not None and not known:
            layer.setCustomProperty(NAME, self.name)

    def add(self, layer: QgsVectorLayer, run: str = "") -> QgsVectorLayer:
        """Put a layer into the project: on top of the group `run` in this group, or below all runs."""
        QgsProject.instance().addMapLayer(layer, False)
        group = self._group() or QgsProject.instance().layerTreeRoot().insertGroup(0, self.name)
        if run:
            group = group.findGroup(run) or group.insertGroup(0, run)
        group.insertLayer(0 if run else -1, layer).setExpanded(False)
        return layer

    def free_name(self, run: str) -> str:
        """A name for the group of a run: of its result, with a number where an earlier run has the same."""
        group = self._group()
        taken = {each.name() for each in group.findGroups()} if group is not None else set()
        return next(name for n in range(1, len(taken) + 2) if (name := f"{run} ({n})" if n > 1 else run) not in taken)

    def _group(self) -> QgsLayerTreeGroup | None:
        return QgsProject.instance().layerTreeRoot().findGroup(self.name)
