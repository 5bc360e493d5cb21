# SPDX-License-Identifier: GPL-2.0-or-later
"""What lets a new layer be seen on the map: the map's clock, and the project's coordinate system."""

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

OURS = "raw_times"  # property of the map's clock: the times to which RAW has set it
OFF = QgsTemporalNavigationObject.NavigationMode.NavigationOff
ANIMATED = QgsTemporalNavigationObject.NavigationMode.Animated  # its name before 3.36 too

# ---- the clock --------------------------------------------------------------------------------------------------


def set_clock(canvas: QgsMapCanvas, times: QgsDateTimeRange, step_s: float, frame: int = 0) -> None:
    """Let the map show these times alone, a step at a time."""
    controller = canvas.temporalController()
    controller.setNavigationMode(ANIMATED)
    controller.setTemporalExtents(times)
    controller.setFrameDuration(QgsInterval(step_s))
    controller.setCurrentFrameNumber(frame)
    controller.setProperty(OURS, _key(controller))


def switch_clock_off(canvas: QgsMapCanvas, of_raw: bool = False) -> None:
    """Let the map show all times. of_raw: unless somebody else has set the clock."""
    controller = canvas.temporalController()
    if controller is not None and (not of_raw or controller.property(OURS) == _key(controller)):
        controller.setNavigationMode(OFF)


def show_all_of_a_stopped_clock(canvas: QgsMapCanvas) -> None:
    """Let the map show all times where its clock is off: QGIS 3.40 sets times when it opens a project, off or not."""
    clock = None if sip.isdeleted(canvas) else canvas.temporalController()
    if clock is not None and clock.navigationMode() == OFF:
        canvas.setTemporalRange(QgsDateTimeRange(QDateTime(), QDateTime()))


def show_in_time(iface: Any, layer: QgsVectorLayer, times: QgsDateTimeRange | None = None) -> None:
    """Where the map's clock hides the whole layer: switch it off if RAW has set it, else say so in a message.

    times: of the layer, where they are known; else the layer is searched for them, if the clock is on.
    """
    shown, properties = iface.mapCanvas().temporalRange(), layer.temporalProperties()
    if shown.isInfinite() or not properties.isActive():
        return
    times = times or times_of(layer, properties.startField())
    if times.isInfinite() or shown.overlaps(times):
        return
    switch_clock_off(iface.mapCanvas(), of_raw=True)
    if not iface.mapCanvas().temporalRange().isInfinite():
        words = tr("The map's clock, at {begin} UTC, hides {layer}. Switch it off in the Temporal Controller.")
        begin = shown.begin().toUTC().toString("yyyy-MM-dd HH:mm")
        iface.messageBar().pushWarning("RAW", escaped(words.format(begin=begin, layer=layer.name())))


def times_of(layer: QgsVectorLayer, field: str) -> QgsDateTimeRange:
    """From the first to the last time in a field; infinite where there is none."""
    ends = layer.minimumAndMaximumValue(layer.fields().lookupField(field))
    iso = Qt.DateFormat.ISODateWithMs
    return QgsDateTimeRange(*(x if isinstance(x, QDateTime) else QDateTime.fromString(str(x), iso) for x in ends))


def _key(controller: QgsTemporalNavigationObject) -> str:
    """The times of the clock, to the second, as the Temporal Controller shows them."""
    times = controller.temporalExtents()
    return f"{times.begin().toSecsSinceEpoch()} {times.end().toSecsSinceEpoch()}"


def show_controller(iface: Any) -> None:
    """Show QGIS's temporal controller, no higher than its three rows need."""
    dock = iface.mainWindow().findChild(QDockWidget, "Temporal Controller")
    if dock is not None:
        dock.setVisible(True)
        iface.mainWindow().resizeDocks([dock], [9 * dock.fontMetrics().height()], Qt.Orientation.Vertical)


# ---- the coordinate system ----------------------------------------------------------------------------------------


def show_in_shape(iface: Any, layer: QgsVectorLayer) -> None:
    """Let the project have a CRS in which the layer is not turned or stretched, if it is the project's first layer."""
    project, own = QgsProject.instance(), layer.crs()
    if any(each.isSpatial() and each is not layer for each in project.mapLayers().values()):
        return
    there = QgsCoordinateTransform(own, QgsCoordinateReferenceSystem("EPSG:4326"), project)
    try:
        place = QgsRectangle() if layer.extent().isNull() else there.transformBoundingBox(layer.extent())
    except QgsCsException:
        return
    suited = own.isValid() and not own.isGeographic() and own.authid() != "EPSG:3857"  # its own is made for its place
    best = own if suited else utm_zone(place)
    if best is None:
        return
    crs, area = project.crs(), project.crs().bounds()
    suits = not crs.isValid() or area.isEmpty() or area.contains(place.center())
    if not suits or not crs.isValid() or crs.isGeographic():
        iface.layerTreeCanvasBridge().setCanvasLayers()  # it sets a CRS of its own at the first layer, and only then
        project.setCrs(best if own.isGeographic() else own, True)


def utm_zone(place: QgsRectangle, max_width: float = 18.0) -> QgsCoordinateReferenceSystem | None:
    """The zone of WGS 84 / UTM at the centre of a place in degrees, near the poles a polar CRS.

    None where the place is nowhere, or wider than max_width degrees.
    """
    lon, lat = place.center().x(), place.center().y()
    if place.isNull() or not (abs(lon) <= 180 and abs(lat) <= 90) or place.width() > max_width:
        return None
    zone = min(60, 1 + int((lon + 180) // 6))
    code = 3995 if lat > 84 else 3031 if lat < -80 else (32600 if lat >= 0 else 32700) + zone
    return QgsCoordinateReferenceSystem(f"EPSG:{code}")
