# SPDX-License-Identifier: GPL-2.0-or-later
"""An animation of tracks and forecasts: QGIS's own exporter, with a clock that is set."""

from __future__ import annotations

from qgis.core import QgsProject, QgsTemporalNavigationObject, QgsTemporalUtils
from qgis.PyQt.QtWidgets import QAbstractButton

from ...processing.words import tr
from ..desktop import Desktop
from .fit import controller_panel, set_clock


def export(desktop: Desktop) -> None:
    """Open QGIS's window for the export of animations. Where the map's clock is off, it gets the layers' time."""
    canvas = desktop.iface.mapCanvas()
    if canvas.temporalController().navigationMode() != QgsTemporalNavigationObject.NavigationMode.Animated:
        times = QgsTemporalUtils.calculateTemporalRangeForProject(QgsProject.instance())
        if times.isInfinite():
            desktop.iface.messageBar().pushInfo("RAW", tr("No layer has times. Label or forecast tracks first."))
            return
        set_clock(canvas, times)
    dock = controller_panel(desktop.iface)
    button = dock.findChild(QAbstractButton, "mExportAnimationButton") if dock is not None else None
    if dock is not None and button is not None:
        dock.show()  # the map shows one step now: here it can be changed
        button.click()
