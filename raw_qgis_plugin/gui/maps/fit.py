# SPDX-License-Identifier: GPL-2.0-or-later
"""What lets a new layer be seen: the map's clock, and the project's coordinate system."""

from __future__ import annotations

from typing import Any

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsCsException,
    QgsDateTimeRange,
    QgsInterval,
    QgsProject,
    QgsRectangle,
    QgsTemporalNavigationObject,
    QgsVectorLayer,
)
from qgis.gui import QgsMapCanvas
from qgis.PyQt import sip
from qgis.PyQt.QtCore import QDateTime, Qt
from qgis.PyQt.QtWidgets import QDockWidget

from ...processing.words import tr
from ..widgets.layout import escaped

OFF = QgsTemporalNavigationObject.NavigationMode.NavigationOff
ANIMATED = QgsTemporalNavigationObject.NavigationMode.Animated  # its name before 3.36 too

# ---- the clock


def set_clock(canvas: QgsMapCanvas, times: QgsDateTimeRange, step_s: float, frame: int = 0) -> None:
    """Let the map show these times alone, a step at a time."""
    controller = canvas.temporalController()
    controller.setNavigationMode(ANIMATED)
    controller.setTemporalExtents(times)
    controller.setFrameDuration(QgsInterval(step_s))
    controller.setCurrentFrameNumber(frame)


def switch_clock_off(canvas: QgsMapCanvas) -> None:
    """Let the map show all times."""
    if canvas.temporalController() is not None:
        canvas.temporalController().setNavigationMode(OFF)


def show_all_of_a_stopped_clock(canvas: QgsMapCanvas) -> None:
    """Let the map show all times where its clock is off: QGIS 3.40 sets times when it opens a
    project, off or not.
    """
    clock = None if sip.isdeleted(canvas) else canvas.temporalController()
    if clock is not None and clock.navigationMode() == OFF:
        canvas.setTemporalRange(QgsDateTimeRange(QDateTime(), QDateTime()))


def show_in_time(iface: Any, layer: QgsVectorLayer, times: QgsDateTimeRange | None = None) -> None:
    """Switch the map's clock off where it hides the whole layer, and say so.

    times: of the layer, where they are known; else the layer is searched for them, if the clock is
    on.
    """
    shown = iface.mapCanvas().temporalRange()
    properties = layer.temporalProperties()
    if shown.isInfinite() or not properties.isActive():
        return
    times = times or times_of(layer, properties.startField())
    if not times.isInfinite() and not shown.overlaps(times):
        switch_clock_off(iface.mapCanvas())
        words = tr("The map's clock was switched off: it hid all of {layer}.").format(
            layer=layer.name()
        )
        iface.messageBar().pushInfo("RAW", escaped(words))


def times_of(layer: QgsVectorLayer, field: str) -> QgsDateTimeRange:
    """From the first to the last time in a field; infinite where there is none."""
    ends = layer.minimumAndMaximumValue(layer.fields().lookupField(field))
    iso = Qt.DateFormat.ISODateWithMs
    return QgsDateTimeRange(
        *(x if isinstance(x, QDateTime) else QDateTime.fromString(str(x), iso) for x in ends)
    )


def show_controller(iface: Any) -> None:
    """Show QGIS's temporal controller, no higher than its three rows need."""
    dock = iface.mainWindow().findChild(QDockWidget, "Temporal Controller")
    if dock is not None:
        dock.setVisible(True)
        iface.mainWindow().resizeDocks(
            [dock], [9 * dock.fontMetrics().height()], Qt.Orientation.Vertical
        )


# ---- the coordinate system


def show_in_shape(iface: Any, layer: QgsVectorLayer) -> None:
    """Give a project in degrees the CRS of its first layer, where that is a plane's, else the UTM
    zone of its place.
    """
    project = QgsProject.instance()
    best = layer.crs()
    if any(each.isSpatial() and each is not layer for each in project.mapLayers().values()):
        return
    if not best.isValid() or best.isGeographic():
        there = QgsCoordinateTransform(best, QgsCoordinateReferenceSystem("EPSG:4326"), project)
        try:
            best = utm_zone(there.transformBoundingBox(layer.extent()))
        except QgsCsException:
            return
    if best is not None and (not project.crs().isValid() or project.crs().isGeographic()):
        # it sets a CRS of its own at the first layer, and only then
        iface.layerTreeCanvasBridge().setCanvasLayers()
        project.setCrs(best, True)


def utm_zone(place: QgsRectangle, max_width: float = 18.0) -> QgsCoordinateReferenceSystem | None:
    """The zone of WGS 84 / UTM at the centre of a place in degrees.

    None where UTM has no zone, and where the place is nowhere or wider than max_width degrees.
    """
    lon = place.center().x()
    lat = place.center().y()
    if place.isNull() or not (abs(lon) <= 180 and -80 <= lat <= 84) or place.width() > max_width:
        return None
    return QgsCoordinateReferenceSystem(
        f"EPSG:{(32600 if lat >= 0 else 32700) + min(60, 1 + int((lon + 180) // 6))}"
    )
