# SPDX-License-Identifier: GPL-2.0-or-later
"""The RAW toolbar and menu: one action an algorithm, which opens its dialog with the current layer filled in."""

from __future__ import annotations

from functools import partial
from typing import Any

from qgis.core import QgsApplication, QgsMapLayer, QgsVectorLayer, QgsWkbTypes
from qgis.PyQt import sip
from qgis.PyQt.QtGui import QAction

from ..processing.provider import ALGORITHMS, PROVIDER_ID

MENU = "RAW"


class RawMenu:
    """The actions in the toolbar and in the Plugins menu."""

    def __init__(self, iface: Any) -> None:
        self.iface = iface
        self.toolbar = iface.addToolBar(MENU)
        self.toolbar.setObjectName("RawToolbar")
        self.actions: list[QAction] = []
        for algorithm in ALGORITHMS:
            action = QAction(algorithm.icon(), f"{algorithm.TITLE}…", iface.mainWindow())
            action.setObjectName(f"raw_{algorithm.ID}")
            action.setToolTip(f"<b>{algorithm.TITLE}</b><br>{algorithm.SUMMARY}")
            action.triggered.connect(partial(self.open_dialog, algorithm.ID))
            self.toolbar.addAction(action)
            iface.addPluginToMenu(MENU, action)
            self.actions.append(action)

    def open_dialog(self, algorithm_id: str, _checked: bool = False) -> Any:
        """Open an algorithm's dialog beside the map, or say why it can't run."""
        import processing

        algorithm = QgsApplication.processingRegistry().createAlgorithmById(f"{PROVIDER_ID}:{algorithm_id}")
        ready, reason = algorithm.canExecute()
        if not ready:
            self.iface.messageBar().pushWarning(MENU, reason)
            return None
        dialog = processing.createAlgorithmDialog(algorithm, current_layer_as(algorithm, self.iface.activeLayer()))
        dialog.show()
        return dialog

    def remove(self) -> None:
        """Take back the actions, the menu and the toolbar."""
        for action in self.actions:
            if not sip.isdeleted(action):
                self.iface.removePluginMenu(MENU, action)
                action.deleteLater()
        self.actions = []
        if not sip.isdeleted(self.toolbar):
            self.iface.mainWindow().removeToolBar(self.toolbar)
            self.toolbar.deleteLater()


def current_layer_as(algorithm: Any, layer: QgsMapLayer | None) -> dict[str, str]:
    """The parameter that the current layer can fill: INPUT for points and lines, REGIONS for polygons."""
    if not isinstance(layer, QgsVectorLayer):
        return {}
    is_area = layer.geometryType() == QgsWkbTypes.PolygonGeometry
    name = "REGIONS" if is_area else "INPUT"
    fits = layer.isSpatial() and algorithm.parameterDefinition(name) is not None
    return {name: layer.id()} if fits else {}
