# SPDX-License-Identifier: GPL-2.0-or-later
"""Shapes drawn over the map, such as the chosen region, and the move of the map to them."""

from __future__ import annotations

from qgis.core import Qgis, QgsGeometry
from qgis.gui import QgsMapCanvas, QgsRubberBand
from qgis.PyQt import sip
from qgis.PyQt.QtCore import QEvent, QObject
from qgis.PyQt.QtGui import QColor
from qgis.PyQt.QtWidgets import QWidget


class Marks(QObject):
    """The marks of a tab, hidden while the tab is."""

    def __init__(self, canvas: QgsMapCanvas, tab: QWidget) -> None:
        super().__init__(tab)
        self.canvas = canvas
        self.bands: list[QgsRubberBand] = []
        tab.installEventFilter(self)

    def add(self, geometry: QgsGeometry | None, colour: str, fill: float = 0.25, width_px: int = 2) -> None:
        """Mark a line or polygon in the map's CRS; None marks nothing. fill: opacity of a polygon's inside."""
        if geometry is None:
            return
        band = QgsRubberBand(self.canvas, geometry.type())
        outline, inside = QColor(colour), QColor(colour)
        outline.setAlphaF(0.8)
        inside.setAlphaF(fill)
        band.setStrokeColor(outline)
        band.setFillColor(inside)
        band.setWidth(width_px)
        band.setToGeometry(geometry)
        self.bands.append(band)

    def clear(self) -> None:
        """Remove all marks."""
        for band in self.bands:
            if not sip.isdeleted(band):
                band.reset(Qgis.GeometryType.Line)
                self.canvas.scene().removeItem(band)
        self.bands = []

    def zoom(self) -> None:
        """Move the map to the marks."""
        boxes = [band.asGeometry().boundingBox() for band in self.bands]
        if boxes:
            for box in boxes[1:]:
                boxes[0].combineExtentWith(box)
            self.canvas.zoomToFeatureExtent(boxes[0])

    def eventFilter(self, _tab: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """Show and hide the marks with their tab: the map belongs to the tab that is shown."""
        if event.type() in (QEvent.Type.Show, QEvent.Type.Hide):
            for band in self.bands:
                if not sip.isdeleted(band):
                    band.setVisible(event.type() == QEvent.Type.Show)
        return False
