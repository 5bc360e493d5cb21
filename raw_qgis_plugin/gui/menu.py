# SPDX-License-Identifier: GPL-2.0-or-later
"""The RAW toolbar and menu: one action an algorithm, which opens its dialog with the current layer filled in."""

from __future__ import annotations

from functools import partial
from typing import Any

from qgis.core import QgsApplication, QgsMapLayer, QgsProject, QgsVectorLayer, QgsWkbTypes
from qgis.PyQt import sip

try:
    from qgis.PyQt.QtGui import QAction
except ImportError:  # older QGIS with Qt 5
    from qgis.PyQt.QtWidgets import QAction

from ..processing.provider import ALGORITHMS, PROVIDER_ID

MENU = "RAW"


class RawMenu:
    """The actions in the toolbar and in the Plugins menu."""

    def __init__(self, iface: Any) -> None:
        self.iface = iface
        self.toolbar = iface.addToolBar(MENU)
        self.toolbar.setObjectName("RawToolbar")
        self.actions: list[QAction] = []
        self.dialogs: list[Any] = []  # Qt does not keep the Python half of an open dialog alive
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
        dialog = processing.createAlgorithmDialog(algorithm, fill_in(algorithm, self.iface.activeLayer()))
        self.dialogs = [each for each in self.dialogs if not sip.isdeleted(each) and each.isVisible()] + [dialog]
        dialog.show()
        return dialog

    def remove(self) -> None:
        """Take back the dialogs, the actions, the menu and the toolbar."""
        for dialog in self.dialogs:
            if not sip.isdeleted(dialog):
                dialog.close()
        self.dialogs = []
        for action in self.actions:
            if not sip.isdeleted(action):
                self.iface.removePluginMenu(MENU, action)
                action.deleteLater()
        self.actions = []
        if not sip.isdeleted(self.toolbar):
            self.iface.mainWindow().removeToolBar(self.toolbar)
            self.toolbar.setParent(None)
            self.toolbar.deleteLater()


def fill_in(algorithm: Any, current: Any) -> dict[str, str]:
    """Layers for INPUT and REGIONS: the current one where it fits, else the only one of the project that does."""
    layers = list(QgsProject.instance().mapLayers().values())
    found: dict[str, str] = {}
    for name, fits in (("INPUT", has_fixes), ("REGIONS", has_areas)):
        fitting = [current] if fits(current) else [layer for layer in layers if fits(layer)]
        if algorithm.parameterDefinition(name) is not None and len(fitting) == 1:
            found[name] = fitting[0].id()
    return found


def has_fixes(layer: QgsMapLayer | None) -> bool:
    """Points, or lines with M values."""
    if not isinstance(layer, QgsVectorLayer):
        return False
    shape = layer.geometryType()
    return shape == QgsWkbTypes.PointGeometry or (
        shape == QgsWkbTypes.LineGeometry and QgsWkbTypes.hasM(layer.wkbType())
    )


def has_areas(layer: QgsMapLayer | None) -> bool:
    """Polygons."""
    return isinstance(layer, QgsVectorLayer) and layer.geometryType() == QgsWkbTypes.PolygonGeometry
