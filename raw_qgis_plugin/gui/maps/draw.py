# SPDX-License-Identifier: GPL-2.0-or-later
"""Drawing a region on the map, by corners as QGIS digitizes, and its shape in WGS84."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from qgis.core import QgsCoordinateReferenceSystem, QgsGeometry, QgsProject, QgsVectorLayer
from qgis.gui import QgsMapToolCapture, QgsMapToolDigitizeFeature
from qgis.PyQt import sip
from qgis.PyQt.QtCore import QObject, pyqtSignal

from ...core.errors import InputError
from ...layers import writing
from ...layers.coordinates import from_wgs84, lonlat_shapes, transform_polygons
from ...processing.words import tr


class Drawing(QObject):
    """Signals `drawn`, with a geometry in the map's CRS, when a region is closed, and `ended` with
    the tool.
    """

    drawn = pyqtSignal(QgsGeometry)
    ended = pyqtSignal()

    def __init__(self, iface: Any, crs: Callable[[], QgsCoordinateReferenceSystem]) -> None:
        """crs: returns the map's CRS."""
        super().__init__()
        self.iface = iface
        self.canvas = iface.mapCanvas()
        self._crs = crs
        self.tool: Any = None
        self._before: Any = None

    def polygon(self) -> None:
        """Draw by corners: right click closes, Esc stops, Backspace or undo takes back a corner."""
        scratch = QgsVectorLayer(
            f"Polygon?crs={self._crs().toWkt()}", tr("Region being drawn"), "memory"
        )
        scratch.setCrs(self._crs())
        scratch.startEditing()
        mode = QgsMapToolCapture.CaptureMode.CapturePolygon
        tool = QgsMapToolDigitizeFeature(self.canvas, self.iface.cadDockWidget(), mode)
        tool.setLayer(scratch)
        scratch.setParent(tool)  # deleted together: a layer owned by Python could outlive QGIS
        tool.digitizingCompleted.connect(
            lambda feature: self._emit(QgsGeometry(feature.geometry()))
        )
        tool.digitizingCanceled.connect(self.stop)
        self.stop()
        self.tool = tool
        self._before = self.canvas.mapTool()
        self.canvas.setMapTool(tool)
        tool.deactivated.connect(self._drop)  # another tool was chosen

    def _emit(self, geometry: QgsGeometry) -> None:
        self.stop()
        self.drawn.emit(geometry)

    def stop(self) -> None:
        """Give the map back to the tool that had it before."""
        tool = self.tool
        before = self._before
        if tool is not None:
            self._drop()
            if before is None or before is tool or sip.isdeleted(before):  # after its use
                self.canvas.unsetMapTool(tool)
            else:
                self.canvas.setMapTool(before)

    def _drop(self) -> None:
        tool = self.tool
        self.tool = None
        self._before = None
        if tool is not None:
            tool.deleteLater()
            self.ended.emit()


def lonlat(geometry: QgsGeometry, crs: QgsCoordinateReferenceSystem) -> Any:
    """A geometry in WGS84, as shapely has it. InputError where it lies outside the CRS."""
    (shape,) = lonlat_shapes([geometry], crs, QgsProject.instance().transformContext())
    if shape is None or shape.bounds[1] < -90 or shape.bounds[3] > 90:
        raise InputError(
            "The region lies outside what the map's CRS can express. Draw it elsewhere."
        )
    return shape


def in_crs(polygon: Any, crs: QgsCoordinateReferenceSystem) -> QgsGeometry | None:
    """A shapely polygon in WGS84 as a multipolygon in a CRS; None where it cannot express the
    polygon.
    """
    transform = from_wgs84(crs, QgsProject.instance().transformContext())
    return writing.multipolygons(transform_polygons(np.array([polygon]), transform))[0]
