# SPDX-License-Identifier: GPL-2.0-or-later
"""What lets a new layer be seen on the map: the project's coordinate system, and the map's clock."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from qgis.core import (
    Qgis,
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsCsException,
    QgsDateTimeRange,
    QgsInterval,
    QgsMapLayer,
    QgsPointXY,
    QgsProject,
    QgsRectangle,
    QgsTemporalNavigationObject,
    QgsVectorLayer,
)
from qgis.gui import QgsMapCanvas, QgsMessageBarItem
from qgis.PyQt import sip
from qgis.PyQt.QtCore import QDateTime, Qt, QTimer
from qgis.PyQt.QtWidgets import QDockWidget, QPushButton

from ...processing.words import tr
from ..widgets.layout import escaped

OURS = "raw_times"  # property of the map's clock: the times to which RAW has set it
LOOKED, BEFORE = "raw_looked", "raw_before"  # properties of the map: scale, x and y that RAW chose, and those before
WORLD = "EPSG:4326"
ISO = Qt.DateFormat.ISODateWithMs


# ---- the clock --------------------------------------------------------------------------------------------------


def set_clock(canvas: QgsMapCanvas, times: QgsDateTimeRange, step_s: float | None = None, frame: int = 0) -> None:
    """Let the map show these times alone, a step at a time. step_s: None for the clock's own."""
    controller = canvas.temporalController()
    controller.setNavigationMode(QgsTemporalNavigationObject.NavigationMode.Animated)  # its name before 3.36 too
    controller.setTemporalExtents(times)
    if step_s is not None:
        controller.setFrameDuration(QgsInterval(step_s))
    controller.setCurrentFrameNumber(frame)
    controller.setProperty(OURS, _key(controller))


def switch_clock_off(canvas: QgsMapCanvas) -> None:
    """Let the map show all times."""
    canvas.temporalController().setNavigationMode(QgsTemporalNavigationObject.NavigationMode.NavigationOff)


def show_all_of_a_stopped_clock(canvas: QgsMapCanvas) -> None:
    """Let the map show all times where its clock is off: QGIS 3.40 sets times when it opens a project, off or not."""
    clock = None if sip.isdeleted(canvas) else canvas.temporalController()
    if clock is not None and clock.navigationMode() == QgsTemporalNavigationObject.NavigationMode.NavigationOff:
        canvas.setTemporalRange(QgsDateTimeRange(QDateTime(), QDateTime()))


def show_in_time(iface: Any, layer: QgsVectorLayer, times: QgsDateTimeRange | None = None) -> None:
    """Where the map's clock hides the whole layer: switch it off if RAW has set it, else offer that in a message.

    times: of the layer, where they are known; else the layer is searched for them, if the clock is on.
    """
    canvas = iface.mapCanvas()
    shown, properties = canvas.temporalRange(), layer.temporalProperties()
    if shown.isInfinite() or not properties.isActive():
        return
    times = times or times_of(layer, properties.startField())
    if times.isInfinite() or shown.overlaps(times):
        return
    controller = canvas.temporalController()
    if controller.property(OURS) == _key(controller):
        switch_clock_off(canvas)
        return
    words = tr("The map's clock, at {begin} UTC, hides {layer}.")  # the message bar has room for a line
    words = words.format(begin=shown.begin().toUTC().toString("yyyy-MM-dd HH:mm"), layer=layer.name())
    _offer(iface, "raw_clock_hides", words, tr("Switch the clock off"), lambda: switch_clock_off(canvas))


def controller_panel(iface: Any) -> QDockWidget | None:
    """QGIS's temporal controller."""
    return iface.mainWindow().findChild(QDockWidget, "Temporal Controller")


def show_controller(iface: Any, least_map_px: int = 500) -> None:
    """Show QGIS's temporal controller, no higher than it needs, where it leaves the map that much height."""
    window, dock = iface.mainWindow(), controller_panel(iface)
    if dock is None or dock.isVisible():
        return
    needed = 9 * dock.fontMetrics().height()  # its three rows
    if iface.mapCanvas().height() - needed >= least_map_px:
        dock.setVisible(True)
        window.resizeDocks([dock], [needed], Qt.Orientation.Vertical)


def times_of(layer: QgsVectorLayer, field: str) -> QgsDateTimeRange:
    """From the first to the last time in a field; infinite where there is none."""
    ends = layer.minimumAndMaximumValue(layer.fields().lookupField(field))
    ends = [end if isinstance(end, QDateTime) else QDateTime.fromString(str(end), ISO) for end in ends]
    return QgsDateTimeRange(*ends)


def _key(controller: QgsTemporalNavigationObject) -> str:
    """The times of the clock, to the second, as the Temporal Controller shows them."""
    times = controller.temporalExtents()
    return f"{times.begin().toSecsSinceEpoch()} {times.end().toSecsSinceEpoch()}"


# ---- the part of the map that is shown ----------------------------------------------------------------------------


def look_at(canvas: QgsMapCanvas, extent: QgsRectangle, nearest_scale: float) -> None:
    """Zoom to a track, not nearer than a scale, until `look_back`."""
    before = canvas.property(BEFORE) if _still_there(canvas) else _view(canvas)
    canvas.setExtent(extent)
    if canvas.scale() < nearest_scale:
        canvas.zoomScale(nearest_scale)
    canvas.setProperty(BEFORE, before)
    canvas.setProperty(LOOKED, _view(canvas))
    canvas.refresh()


def look_back(canvas: QgsMapCanvas) -> None:
    """Show what the map showed before a forecast, and all times, unless somebody has moved it or set the clock."""
    controller = canvas.temporalController()
    if controller is not None and controller.property(OURS) == _key(controller):
        switch_clock_off(canvas)
    if _still_there(canvas):
        scale, *place = canvas.property(BEFORE)
        canvas.setProperty(LOOKED, None)
        canvas.setCenter(QgsPointXY(*place))
        canvas.zoomScale(scale)


def in_sight(canvas: QgsMapCanvas, extent: QgsRectangle | None = None) -> list[QgsMapLayer]:
    """The layers of a map that may have something in what it shows, or in another extent. The uppermost comes first."""
    shown = canvas.mapSettings()
    boxes = ((layer, shown.layerExtentToOutputExtent(layer, layer.extent())) for layer in canvas.layers())
    return [layer for layer, box in boxes if box.isNull() or box.intersects(extent or canvas.extent())]


def _still_there(canvas: QgsMapCanvas, share: float = 0.1) -> bool:
    """Whether the map shows what `look_at` chose; a window that opens beside it changes that a little."""
    scale, x, y = canvas.property(LOOKED) or (0.0, 0.0, 0.0)
    near = share * canvas.extent().width()
    scale_now, x_now, y_now = _view(canvas)
    return abs(scale_now - scale) < 0.5 * scale and abs(x_now - x) < near and abs(y_now - y) < near


def _view(canvas: QgsMapCanvas) -> list[float]:
    """The scale of the map, and its centre."""
    return [canvas.scale(), canvas.center().x(), canvas.center().y()]


# ---- the coordinate system --------------------------------------------------------------------------------------


def show_in_shape(iface: Any, layer: QgsVectorLayer) -> None:
    """Let the project have a CRS in which the layer is not turned or stretched.

    The first layer of a project decides; where there are others, and the CRS is not made for the layer's place, a
    message offers the other one.
    """
    project = QgsProject.instance()
    place = _in_degrees(layer)
    own = layer.crs()
    suited = own.isValid() and not own.isGeographic() and own.authid() != "EPSG:3857"  # its own is made for its place
    best = own if suited else utm_zone(place)
    if best is None:
        return
    others = [each for each in project.mapLayers().values() if each.isSpatial() and each is not layer]
    area = project.crs().bounds()
    suits = not project.crs().isValid() or area.isEmpty() or area.contains(place.center())
    if not others and (not suits or not project.crs().isValid() or project.crs().isGeographic()):
        iface.layerTreeCanvasBridge().setCanvasLayers()  # it sets a CRS of its own at the first layer, and only then
        project.setCrs(best, True)
    elif others and not suits:
        words = tr("{crs} turns and stretches the map of {layer}.")
        words = words.format(crs=project.crs().authid() or project.crs().description(), layer=layer.name())
        name = best.description().removeprefix("WGS 84 / ")

        def use() -> None:
            project.setCrs(best, True)
            iface.setActiveLayer(layer)
            iface.zoomToActiveLayer()

        _offer(iface, "raw_crs_far", words, tr("Use {crs}").format(crs=name), use)


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


def _in_degrees(layer: QgsVectorLayer) -> QgsRectangle:
    """The extent of a layer in degrees; null where it has none."""
    there = QgsCoordinateTransform(layer.crs(), QgsCoordinateReferenceSystem(WORLD), QgsProject.instance())
    try:
        return QgsRectangle() if layer.extent().isNull() else there.transformBoundingBox(layer.extent())
    except QgsCsException:
        return QgsRectangle()


def _offer(iface: Any, name: str, words: str, title: str, action: Callable[[], None]) -> None:
    """Show a message with a button, once at a time."""
    if _messages(iface, name):
        return
    item = iface.messageBar().createMessage("RAW", escaped(words))  # QGIS shows it as rich text
    item.setObjectName(name)

    def act() -> None:  # looks for its message: what held its own button would be garbage before the click, and crash
        for message in _messages(iface, name):
            iface.messageBar().popWidget(message)
        action()

    item.layout().addWidget(QPushButton(title, objectName=f"{name}_button", clicked=lambda: QTimer.singleShot(0, act)))
    iface.messageBar().pushWidget(item, Qgis.MessageLevel.Warning)


def _messages(iface: Any, name: str) -> list[QgsMessageBarItem]:
    return [item for item in iface.messageBar().items() if item.objectName() == name]
