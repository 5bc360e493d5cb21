# SPDX-License-Identifier: GPL-2.0-or-later
"""The group in the layer tree for all results of one layer of tracks."""

from __future__ import annotations

from qgis.core import QgsLayerTreeGroup, QgsProject, QgsVectorLayer


class LayerGroup:
    """A group at the top of the layer tree, made with the first result. It has a group for each
    run.
    """

    def __init__(self, name: str) -> None:
        self.name = name

    def add(self, layer: QgsVectorLayer, run: str = "") -> QgsVectorLayer:
        """Put a layer on top of the group `run` in this group, or below all runs."""
        QgsProject.instance().addMapLayer(layer, False)
        group = self._group() or QgsProject.instance().layerTreeRoot().insertGroup(0, self.name)
        if run:
            group = group.findGroup(run) or group.insertGroup(0, run)
        group.insertLayer(0 if run else -1, layer).setExpanded(False)
        return layer

    def free_name(self, run: str) -> str:
        """A name for the group of a run: of its result, with a number where an earlier run has the
        same.
        """
        group = self._group()
        taken = {each.name() for each in group.findGroups()} if group is not None else set()
        return next(
            name
            for n in range(1, len(taken) + 2)
            if (name := f"{run} ({n})" if n > 1 else run) not in taken
        )

    def _group(self) -> QgsLayerTreeGroup | None:
        return QgsProject.instance().layerTreeRoot().findGroup(self.name)
