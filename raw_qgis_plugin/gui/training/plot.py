# SPDX-License-Identifier: GPL-2.0-or-later
"""A plot whose lines grow while a model trains."""

from __future__ import annotations

import math

from qgis.PyQt.QtCore import QPointF, QRectF, Qt
from qgis.PyQt.QtGui import QColor, QPainter, QPen, QPolygonF
from qgis.PyQt.QtWidgets import QSizePolicy

from ..widgets.charts import Chart

COLOURS = ("#2f7fc4", "#e08a1e", "#3a9d5d", "#b0499b", "#8a8f98")


class LinePlot(Chart):
    """Named lines over the step."""

    def __init__(self, title: str, waiting: str, level: float | None = None, level_words: str = "") -> None:
        """waiting: words while there is no line. level: of a dashed line to compare with, called level_words."""
        super().__init__(height_px=170, grows=True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.title, self.waiting, self.level, self.level_words = title, waiting, level, level_words
        self.lines: dict[str, list[tuple[float, float]]] = {}

    def add(self, name: str, x: float, y: float, max_points: int = 2000) -> None:
        """Add a point to a line; not-a-number is left out. A line of more than max_points is thinned."""
        if not (math.isfinite(x) and math.isfinite(y)):
            return
        line = self.lines.setdefault(name, [])
        while line and line[-1][0] >= x:  # resumed from an older checkpoint
            line.pop()
        line.append((x, y))
        if len(line) > max_points:
            del line[1:-1:2]
        self.update()

    def clear(self) -> None:
        """Remove all lines."""
        self.lines = {}
        self.update()

    def _bounds(self) -> tuple[float, float, float, float]:
        """Minimum and maximum of x, then of y with room below and above."""
        xs = [x for line in self.lines.values() for x, _ in line]
        ys = [y for line in self.lines.values() for _, y in line]
        if self.level is not None:
            ys.append(self.level)
        low, high = min(ys), max(ys)
        room = 0.08 * (high - low) or 0.1 * abs(high) or 1.0
        return min(0.0, *xs), max(max(xs), 1.0), low - room, high + room

    def words_at(self, x: float, y: float) -> str:
        """The last value of each line."""
        return "\n".join(f"{name}: {line[-1][1]:.4g}" for name, line in self.lines.items())

    def draw(self, painter: QPainter) -> None:
        """Draw the title, the axes, the lines and the legend."""
        line_px = painter.fontMetrics().height() + 2
        self.write(painter, QRectF(0, 0, self.width(), line_px), self.title, Qt.AlignmentFlag.AlignLeft)
        box = QRectF(44, line_px + 4, self.width() - 54, self.height() - 3 * line_px - 8)
        painter.setPen(QPen(self.ink(0.25), 1))
        painter.drawLine(box.bottomLeft(), box.bottomRight())
        painter.drawLine(box.topLeft(), box.bottomLeft())
        if not self.lines:
            painter.setPen(self.ink(0.5))
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, self.waiting)
            return
        x0, x1, y0, y1 = self._bounds()
        self._axes(painter, box, line_px, (x0, x1, y0, y1))

        def place(x: float, y: float) -> QPointF:
            return QPointF(
                box.left() + (x - x0) / (x1 - x0) * box.width(), box.bottom() - (y - y0) / (y1 - y0) * box.height()
            )

        if self.level is not None:
            painter.setPen(QPen(self.ink(0.45), 1, Qt.PenStyle.DashLine))
            painter.drawLine(place(x0, self.level), place(x1, self.level))
            above = QRectF(box.left() + 4, place(x0, self.level).y() - line_px, box.width() - 8, line_px)
            self.write(painter, above, self.level_words, Qt.AlignmentFlag.AlignLeft)
        for (_, line), colour in zip(self.lines.items(), COLOURS * 3):
            painter.setPen(QPen(QColor(colour), 1.8))
            painter.drawPolyline(QPolygonF([place(x, y) for x, y in line]))
            painter.setBrush(QColor(colour))
            painter.drawEllipse(place(*line[-1]), 2.5, 2.5)
            painter.setBrush(Qt.BrushStyle.NoBrush)
        if list(self.lines) != [self.title]:
            colours = (QColor(colour) for colour in COLOURS * 3)
            self.write_legend(painter, box.left(), self.height() - line_px, zip(self.lines, colours))

    def _axes(self, painter: QPainter, box: QRectF, line_px: float, bounds: tuple[float, float, float, float]) -> None:
        x0, x1, y0, y1 = bounds
        for value, at in ((y1, box.top()), (y0, box.bottom() - line_px)):
            self.write(painter, QRectF(0, at, 40, line_px), f"{value:.3g}", Qt.AlignmentFlag.AlignRight)
        below = QRectF(box.left(), box.bottom() + 1, box.width(), line_px)
        self.write(painter, below, f"{x0:,.0f}", Qt.AlignmentFlag.AlignLeft)
        self.write(painter, below, f"{x1:,.0f}", Qt.AlignmentFlag.AlignRight)
