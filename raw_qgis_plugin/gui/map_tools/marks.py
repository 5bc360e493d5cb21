# SPDX-License-Identifier: GPL-2.0-or-later
"""Shapes drawn over the map, such as the chosen region, and the move of the map to them."""

from __future__ import annotations

from typing import Any

from qgis.core import Qgis, QgsGeometry, QgsPointXY
from qgis.gui import QgsMapCanvas, QgsMapCanvasItem, QgsRubberBand
from qgis.PyQt import sip
from qgis.PyQt.QtCore import QEvent, QObject, QRectF
from qgis.PyQt.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPainterPath, QPen
from qgis.PyQt.QtWidgets import QWidget


class Name(QgsMapCanvasItem):
    """Words at a place of the map, with a white rim."""

    def __init__(self, canvas: QgsMapCanvas, point: QgsPointXY, words: str) -> None:
        super().__init__(canvas)
        self.point, self.words = point, words
        self.font = QFont(canvas.font())
        self.font.setBold(True)
        self.updatePosition()

    def updatePosition(self) -> None:  # noqa: N802 - Qt's name
        """Called by the map when it moves."""
        self.setPos(self.toCanvasCoordinates(self.point))

    def boundingRect(self) -> QRectF:  # noqa: N802 - Qt's name
        """Around the place, in pixels."""
        size = QFontMetricsF(self.font).size(0, self.words)
        return QRectF(-size.width() / 2 - 3, -size.height() / 2 - 3, size.width() + 6, size.height() + 6)

    def paint(self, painter: Any, *_: Any) -> None:
        """Draw the words."""
        box, metrics = self.boundingRect(), QFontMetricsF(self.font)
        path = QPainterPath()
        path.addText(box.left() + 3, box.top() + 3 + metrics.ascent(), self.font, self.words)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.strokePath(path, QPen(QColor("white"), 3))
        painter.fillPath(path, QColor("#222222"))


class Marks(QObject):
    """The marks of a tab, hidden while the tab is."""

    def __init__(self, canvas: QgsMapCanvas, tab: QWidget) -> None:
        super().__init__(tab)
        self.canvas = canvas
        self.bands: list[QgsRubberBand] = []
        self.names: list[Name] = []
        tab.installEventFilter(self)

    def add(self, geometry: QgsGeometry | None, colour: str) -> None:
        """Mark a line or polygon in the map's CRS; None marks nothing."""
        if geometry is None:
            return
        band = QgsRubberBand(self.canvas, geometry.type())
        outline, inside = QColor(colour), QColor(colour)
        outline.setAlphaF(0.8)
        inside.setAlphaF(0.25)
        band.setStrokeColor(outline)
        band.setFillColor(inside)
        band.setWidth(2)
        band.setToGeometry(geometry)
        self.bands.append(band)

    def name(self, geometry: QgsGeometry, words: str) -> None:
        """Write a word or a letter at the middle of a polygon in the map's CRS."""
        self.names.append(Name(self.canvas, geometry.centroid().asPoint(), words))

    def clear(self) -> None:
        """Remove all marks."""
        for band in self.bands:
            if not sip.isdeleted(band):
                band.reset(Qgis.GeometryType.Line)
        for item in self._items():
            self.canvas.scene().removeItem(item)
        self.bands, self.names = [], []

    def _items(self) -> list[QgsMapCanvasItem]:
        return [item for item in (*self.bands, *self.names) if not sip.isdeleted(item)]

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
            for item in self._items():
                item.setVisible(event.type() == QEvent.Type.Show)
        return False
