# SPDX-License-Identifier: GPL-2.0-or-later
"""Small charts, drawn with the palette of the theme, dark or light."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import numpy as np
from qgis.PyQt.QtCore import QBuffer, QEvent, QIODevice, QPointF, QRectF, Qt
from qgis.PyQt.QtGui import QBrush, QColor, QFontMetricsF, QImage, QPainter, QPalette, QPen, QPolygonF
from qgis.PyQt.QtWidgets import QToolTip, QWidget

from ...core.evaluation.words import metres_words
from ...layers.legends import CLASS_COLOURS
from ...layers.words import count_people
from ...processing.words import tr

BLUE = "#2f7fc4"
GREY = "#8a8f98"
COLOURS = (BLUE, "#e08a1e", "#3a9d5d", "#b0499b", GREY)
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


class Chart(QWidget):
    """A drawing with a tooltip that depends on the place under the mouse."""

    def __init__(self, height_px: int, grows: bool = False) -> None:
        """grows: whether height_px is a minimum."""
        super().__init__(minimumWidth=160, minimumHeight=height_px)
        if not grows:
            self.setMaximumHeight(height_px)

    def event(self, event: QEvent) -> bool:
        """Show the tooltip."""
        if event.type() == QEvent.Type.ToolTip:
            words = self.tooltip_at(event.pos().x(), event.pos().y())
            QToolTip.showText(event.globalPos(), words, self) if words else QToolTip.hideText()
            return True
        return super().event(event)

    def tooltip_at(self, x: float, y: float) -> str:
        """The tooltip at a pixel."""
        return ""

    def paintEvent(self, _event: QEvent) -> None:  # noqa: N802 - Qt's name
        """Called by Qt."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        font = self.font()
        font.setPointSizeF(max(7.0, font.pointSizeF() * 0.85))
        painter.setFont(font)
        self.draw(painter)
        painter.end()

    def png(self, scale: int = 2) -> str:
        """The chart as base64 of a PNG, in the colours of white paper. scale: dots of the picture a pixel."""
        theme = self.palette()
        self.setPalette(QPalette(QColor("#ffffff")))
        picture = QImage(scale * self.size(), QImage.Format.Format_RGB32)
        picture.setDevicePixelRatio(scale)
        picture.fill(QColor("#ffffff"))
        self.render(picture)
        self.setPalette(theme)
        data = QBuffer()
        data.open(QIODevice.OpenModeFlag.WriteOnly)
        picture.save(data, "PNG")
        return bytes(data.data().toBase64()).decode("ascii")

    def draw(self, painter: QPainter) -> None:
        """Draw the chart, in a font a little smaller than the window's."""

    def ink(self, share: float = 1.0) -> QColor:
        """The colour of text. share: of its opacity."""
        colour = QColor(self.palette().color(QPalette.ColorRole.WindowText))
        colour.setAlphaF(share)
        return colour

    def hatch(self) -> QBrush:
        """The pattern for figures that are withheld or unknown."""
        return QBrush(self.ink(0.3), Qt.BrushStyle.BDiagPattern)

    def write(self, painter: QPainter, box: QRectF, text: str, where: Qt.AlignmentFlag) -> None:
        """Write text into a box. An ellipsis replaces what does not fit."""
        painter.setPen(self.ink(0.85))
        short = QFontMetricsF(painter.font()).elidedText(text, Qt.TextElideMode.ElideRight, box.width())
        painter.drawText(box, where | Qt.AlignmentFlag.AlignVCenter, short)

    def write_hours(self, painter: QPainter, left: float, top: float, cell: float, height: float) -> None:
        """Write four hours under a row of 24 cells, each `cell` wide."""
        for hour in range(0, 24, 6):
            box = QRectF(left + hour * cell, top, 6 * cell, height)
            self.write(painter, box, f"{hour}:00", Qt.AlignmentFlag.AlignLeft)

    def write_legend(
        self, painter: QPainter, x: float, y: float, entries: Iterable[tuple[str, QBrush | QColor]]
    ) -> None:  # fmt: skip
        """Write names side by side, each behind a square of its colour. x, y: upper left of the first."""
        metrics = QFontMetricsF(painter.font())
        for name, brush in entries:
            painter.fillRect(QRectF(x, y + 3, 10, 10), brush)
            room = metrics.horizontalAdvance(name) + 2
            self.write(painter, QRectF(x + 14, y, room, metrics.height() + 2), name, Qt.AlignmentFlag.AlignLeft)
            x += room + 26


class WeekStrip(Chart):
    """People by weekday and hour, darker where they are more, hatched where they are too few to show."""

    left, bottom = 34.0, 16.0

    def __init__(self, week: np.ndarray, min_users: int, most: int = 0) -> None:
        """week: (7, 24) people; -1 where they are fewer than min_users, -2 where there are no data of so many.
        most: people of the full colour, if not its.
        """
        super().__init__(height_px=128)
        self.week, self.min_users, self.most = week, min_users, max(1, most, int(week.max()))

    def _cell(self) -> tuple[float, float]:
        return (self.width() - self.left - 2) / 24, (self.height() - self.bottom) / 7

    def tooltip_at(self, x: float, y: float) -> str:
        """Day, hour and people."""
        wide, high = self._cell()
        hour, day = int((x - self.left) // wide), int(y // high)
        if not (0 <= hour < 24 and 0 <= day < 7):
            return ""
        people = int(self.week[day, hour])
        words = tr("fewer than {n} people").format(n=self.min_users) if people == -1 else tr("no data")
        if people >= 0:
            words = count_people(people)
        return f"{tr(DAYS[day])} {hour:02d}:00-{hour + 1:02d}:00: {words}"

    def draw(self, painter: QPainter) -> None:
        """Draw a cell per hour."""
        wide, high = self._cell()
        for day in range(7):
            self.write(painter, QRectF(0, day * high, self.left - 4, high), tr(DAYS[day]), Qt.AlignmentFlag.AlignRight)
            for hour in range(24):
                box = QRectF(self.left + hour * wide, day * high, wide - 1, high - 1)
                people = int(self.week[day, hour])
                colour = QColor(BLUE)
                colour.setAlphaF(0.12 + 0.88 * max(people, 0) / self.most)
                if people > -2:
                    painter.fillRect(box, self.hatch() if people < 0 else colour)
        self.write_hours(painter, self.left, 7 * high, wide, self.bottom)


class DayPlot(Chart):
    """A user's whereabouts by hour of the day: stacked shares of the usual places, elsewhere, unknown."""

    bottom, legend = 15.0, 17.0

    def __init__(self, day: np.ndarray, names: Sequence[str]) -> None:
        """day: (24, k) shares of each hour. names: (k,) words; the last two are elsewhere and unknown."""
        super().__init__(height_px=130)
        self.day, self.names = day, list(names)
        usual = [QBrush(QColor(colour)) for colour in CLASS_COLOURS[: len(names) - 2]]
        self.brushes = [*usual, QBrush(QColor(GREY)), self.hatch()]

    def tooltip_at(self, x: float, y: float) -> str:
        """The hour's shares."""
        hour = min(23, max(0, int(24 * x / max(self.width(), 1))))
        words = [f"{name} {share:.0%}" for name, share in zip(self.names, self.day[hour]) if share >= 0.005]
        return f"{hour:02d}:00-{hour + 1:02d}:00: " + (", ".join(words) or tr("nothing known"))

    def draw(self, painter: QPainter) -> None:
        """Draw stacked bars, the hours below, and the legend."""
        wide = self.width() / 24
        high = self.height() - self.bottom - self.legend
        for hour in range(24):
            y = high
            for share, brush in zip(self.day[hour], self.brushes):
                painter.fillRect(QRectF(hour * wide, y - share * high, wide - 1, share * high), brush)
                y -= share * high
        self.write_hours(painter, 0, high, wide, self.bottom)
        self.write_legend(painter, 0, self.height() - self.legend, zip(self.names, self.brushes))


class LineChart(Chart):
    """Named lines over a common axis from 0, with a legend, or filled down to the axis with names at their ends."""

    left, top = 52.0, 18.0

    def __init__(
        self, title: str, x_title: str, shown_as: Callable[[float], str], from_zero: bool = True, filled: bool = False,
        level: tuple[float, str] | None = None, waiting: str = "", grows: bool = False,
    ) -> None:  # fmt: skip
        """title, x_title: of the axes. shown_as: a value in words. filled: the greatest line first. level: a dashed
        line to compare with, and its words. waiting: words while there is no line.
        """
        super().__init__(176, grows)
        self.title, self.x_title, self.shown_as, self.from_zero = title, x_title, shown_as, from_zero
        self.filled, self.level, self.waiting, self.bottom = filled, level, waiting, 32.0 if filled else 48.0
        self.lines: dict[str, list[tuple[float, float]]] = {}
        self.colours: dict[str, str] = {}
        self.bars: list[tuple[float, float, float]] = []  # of the last line: x, low and high

    def add(self, name: str, x: float, y: float, max_points: int = 2000) -> None:
        """Add a point to a line; not-a-number is left out. A line of more than max_points is thinned."""
        if np.isfinite(x) and np.isfinite(y):
            line = self.lines.setdefault(name, [])
            self.colours.setdefault(name, COLOURS[(len(self.lines) - 1) % len(COLOURS)])
            while line and line[-1][0] >= x:  # a training resumed from an older checkpoint
                line.pop()
            line.append((x, y))
            if len(line) > max_points:
                del line[1:-1:2]
            self.update()

    def clear(self) -> None:
        """Remove all lines."""
        self.lines = {}
        self.update()

    def tooltip_at(self, x: float, y: float) -> str:
        """The last value of each line."""
        return "\n".join(f"{name}: {self.shown_as(line[-1][1])}" for name, line in self.lines.items())

    def _heights(self) -> tuple[float, float]:
        """The ends of the axis of values."""
        ys = [y for line in self.lines.values() for _, y in line] + [high for *_, high in self.bars]
        ys += [self.level[0]] if self.level is not None else []
        room = 0.08 * (max(ys) - min(ys)) or 0.1 * abs(max(ys)) or 1.0
        return (0.0, nice_top(max(ys))) if self.from_zero else (min(ys) - room, max(ys) + room)

    def draw(self, painter: QPainter) -> None:
        """Draw the axes and the lines."""
        box = QRectF(self.left, self.top, self.width() - self.left - 12, self.height() - self.top - self.bottom)
        align = Qt.AlignmentFlag
        self.write(painter, QRectF(0, 0, self.width(), 14), self.title, align.AlignLeft)
        if not self.lines:
            painter.setPen(self.ink(0.5))
            painter.drawText(box, align.AlignCenter | Qt.TextFlag.TextWordWrap, self.waiting)
            return
        low, high = self._heights()
        right = max(x for line in self.lines.values() for x, _ in line) or 1.0

        def place(x: float, y: float) -> QPointF:
            return QPointF(box.left() + x / right * box.width(), box.bottom() - (y - low) / (high - low) * box.height())

        levels = [(y, self.shown_as(y), Qt.PenStyle.SolidLine) for y in (low, (low + high) / 2, high)]
        for y, words, style in levels + ([(*self.level, Qt.PenStyle.DashLine)] if self.level is not None else []):
            painter.setPen(QPen(self.ink(0.2 if style == Qt.PenStyle.SolidLine else 0.5), 1, style))
            painter.drawLine(place(0, y), place(right, y))
            inside = QRectF(box.left() + 4, place(0, y).y() - 16, box.width(), 16)
            beside = QRectF(0, place(0, y).y() - 8, self.left - 5, 16)
            solid = style == Qt.PenStyle.SolidLine
            self.write(painter, beside if solid else inside, words, align.AlignRight if solid else align.AlignLeft)
        for name, line in self.lines.items():
            colour, points = QColor(self.colours[name]), [place(x, y) for x, y in line]
            if self.filled:
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(QColor(colour.red(), colour.green(), colour.blue(), 64))
                painter.drawPolygon(QPolygonF([*points, place(line[-1][0], low)]))
                self.write(painter, QRectF(points[-1].x() - 44, points[-1].y() - 17, 44, 16), name, align.AlignRight)
            painter.setPen(QPen(colour, 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawPolyline(QPolygonF(points))
            for point in points if len(points) <= 40 else points[-1:]:
                painter.drawEllipse(point, 1.5, 1.5)
        for x, least, most in self.bars:  # in the last line's colour
            painter.drawLine(place(x, least), place(x, most))
            for end in (place(x, least), place(x, most)):
                painter.drawLine(end - QPointF(3, 0), end + QPointF(3, 0))
        xs = [x for x, _ in line]
        for at in np.unique(np.linspace(0, len(xs) - 1, min(6, len(xs))).astype(int)):
            label = QRectF(place(xs[at], low).x() - 30, box.bottom(), 60, 15)
            self.write(painter, label, f"{xs[at]:g}", align.AlignHCenter)
        self.write(painter, QRectF(box.left(), box.bottom() + 14, box.width(), 16), self.x_title, align.AlignHCenter)
        if not self.filled:
            entries = ((name, QColor(self.colours[name])) for name in self.lines)
            self.write_legend(painter, 0, self.height() - 17, entries)


class HorizonChart(LineChart):
    """Distances by horizon, a line each: radii that hold a share of the cases, or errors of methods."""

    def __init__(
        self, minutes: np.ndarray, lines: Sequence[tuple[str, str, np.ndarray]], words: str, filled: bool = False,
        bars: np.ndarray | None = None, title: str = "",
    ) -> None:  # fmt: skip
        """minutes: (h,) horizons, ascending. lines: name, colour and (h,) metres of each. words: the tooltip, with {m}
        for the horizon and {0}, {1} … for the lines. bars: (2, h) ends of an interval of the last line, nan for none.
        """
        super().__init__(title, tr("minutes ahead"), metres_words, filled=filled)
        self.minutes, self.values, self.words = minutes, [values for _, _, values in lines], words
        for name, colour, values in lines:
            self.colours[name] = colour
            if filled:
                self.add(name, 0.0, 0.0)  # nothing is off at once
            for m, value in zip(minutes, values):
                self.add(name, float(m), float(value))
        if bars is not None:
            self.bars = [(x, low, high) for x, low, high in zip(minutes, *bars) if np.isfinite(low + high)]

    def tooltip_at(self, x: float, y: float) -> str:
        """The values at the nearest horizon."""
        share = (x - self.left) / max(self.width() - self.left - 12, 1)
        at = int(np.argmin(np.abs(self.minutes - share * self.minutes.max())))
        return self.words.format(*(metres_words(values[at]) for values in self.values), m=f"{self.minutes[at]:g}")


def nice_top(value: float) -> float:
    """The next round number from a value upwards, for the end of an axis."""
    size = 10.0 ** np.floor(np.log10(value)) if value > 0 else 1.0
    return float(next(step * size for step in (1, 2, 4, 6, 8, 10) if step * size >= value))
