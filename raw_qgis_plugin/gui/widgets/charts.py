# SPDX-License-Identifier: GPL-2.0-or-later
"""Small charts, drawn with the palette of the theme, dark or light."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from qgis.PyQt.QtCore import QBuffer, QEvent, QIODevice, QPointF, QRectF, Qt
from qgis.PyQt.QtGui import QBrush, QColor, QFontMetricsF, QImage, QPainter, QPalette, QPen, QPolygonF
from qgis.PyQt.QtWidgets import QToolTip, QWidget

from ...core.evaluation.plots import metres_words
from ...layers.legends import CLASS_COLOURS
from ...layers.words import count_people
from ...processing.words import tr

BLUE = "#2f7fc4"
GREY = "#8a8f98"
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
            words = self.words_at(event.pos().x(), event.pos().y())
            QToolTip.showText(event.globalPos(), words, self) if words else QToolTip.hideText()
            return True
        return super().event(event)

    def words_at(self, x: float, y: float) -> str:
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

    def words_at(self, x: float, y: float) -> str:
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


class MixBar(Chart):
    """Shares as one bar with its legend below. A part without a number is hatched, as withheld."""

    bar = 14.0
    line = 17.0

    def __init__(
        self, parts: Sequence[tuple[str, int | None]], total: int, few: str, colours: Mapping[str, str]
    ) -> None:
        """parts: words and people, None: withheld. few: words for all withheld. colours: by words, else grey."""
        shown = [(words, people) for words, people in parts if people is not None]
        rest = total - sum(people for _, people in shown)
        lines = len(shown) + (len(shown) < len(parts))
        super().__init__(height_px=int(self.bar + 4 + self.line * lines))
        self.total = max(total, 1)
        self.parts: list[tuple[str, int, QBrush]] = [
            (words, people, QBrush(QColor(colours.get(words, GREY)))) for words, people in shown
        ]
        if len(shown) < len(parts):
            self.parts.append((few, rest, self.hatch()))

    def words_at(self, x: float, y: float) -> str:
        """The part and its share."""
        share = np.cumsum([people for _, people, _ in self.parts]) / self.total
        at = int(np.searchsorted(share, x / max(self.width(), 1)))
        return self._line(at) if y <= self.bar and at < len(self.parts) else ""

    def _line(self, at: int) -> str:
        words, people, _ = self.parts[at]
        return f"{words}: {people / self.total:.0%}" if people else words

    def draw(self, painter: QPainter) -> None:
        """Draw the bar, and a line of the legend per part."""
        x = 0.0
        for i, (_, people, brush) in enumerate(self.parts):
            wide = self.width() * people / self.total
            painter.fillRect(QRectF(x, 0, max(wide - 1, 0), self.bar), brush)
            x += wide
            y = self.bar + 4 + i * self.line
            painter.fillRect(QRectF(2, y + 3, 10, 10), brush)
            self.write(painter, QRectF(18, y, self.width() - 18, self.line), self._line(i), Qt.AlignmentFlag.AlignLeft)


class DayPlot(Chart):
    """A user's whereabouts by hour of the day: stacked shares of the usual places, elsewhere, unknown."""

    bottom, legend = 15.0, 17.0

    def __init__(self, day: np.ndarray, names: Sequence[str]) -> None:
        """day: (24, k) shares of each hour. names: (k,) words; the last two are elsewhere and unknown."""
        super().__init__(height_px=130)
        self.day, self.names = day, list(names)
        usual = [QBrush(QColor(colour)) for colour in CLASS_COLOURS[: len(names) - 2]]
        self.brushes = [*usual, QBrush(QColor(GREY)), self.hatch()]

    def words_at(self, x: float, y: float) -> str:
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


class HorizonChart(Chart):
    """Distances by horizon, a line each: radii that hold a share of the cases, or errors of methods."""

    left, bottom, top = 52.0, 32.0, 18.0

    def __init__(
        self, minutes: np.ndarray, lines: Sequence[tuple[str, str, np.ndarray]], words: str, filled: bool = False,
        bars: np.ndarray | None = None, title: str = "",
    ) -> None:  # fmt: skip
        """minutes: (h,) horizons, ascending. lines: name, colour and (h,) metres of each, the greatest first if they
        are filled down to the axis. words: the tooltip, with {m} for the horizon and {0}, {1} … for the lines.
        bars: (2, h) ends of an interval of the last line, nan for none. title: of the axis of metres.
        """
        super().__init__(height_px=170 if filled else 186)
        self.minutes, self.lines, self.words, self.filled = minutes, lines, words, filled
        self.bars, self.title = np.full((2, len(minutes)), np.nan) if bars is None else bars, title
        if not filled:
            self.bottom += 16.0  # for the legend

    def _x(self, minutes: np.ndarray) -> np.ndarray:
        return self.left + (self.width() - self.left - 12) * minutes / max(float(self.minutes.max()), 1e-9)

    def words_at(self, x: float, y: float) -> str:
        """The radii of the nearest horizon."""
        at = int(np.argmin(np.abs(self._x(self.minutes) - x)))
        return self.words.format(*(metres_words(values[at]) for _, _, values in self.lines), m=f"{self.minutes[at]:g}")

    def draw(self, painter: QPainter) -> None:
        """Draw the axes and the lines, with their names at their ends or in a legend."""
        base, room = self.height() - self.bottom, self.height() - self.bottom - self.top
        drawn = [*(values for _, _, values in self.lines), self.bars]
        most = nice_top(max(float(np.nanmax(values, initial=0.0)) for values in drawn))
        self.write(painter, QRectF(0, 0, self.width(), 14), self.title, Qt.AlignmentFlag.AlignLeft)
        for step in range(3):
            y = base - room * step / 2
            painter.setPen(QPen(self.ink(0.2), 1))
            painter.drawLine(QPointF(self.left, y), QPointF(self.width() - 12, y))
            box = QRectF(0, y - 8, self.left - 5, 16)
            self.write(painter, box, metres_words(most * step / 2), Qt.AlignmentFlag.AlignRight)
        for name, colour, values in self.lines:
            known, start = np.isfinite(values), [0.0] * self.filled  # nothing is off at once
            x = self._x(np.append(start, self.minutes[known]))
            y = base - room * np.append(start, values[known]) / most
            points = [QPointF(a, b) for a, b in zip(x, y)]
            if self.filled:
                fill = QColor(colour)
                fill.setAlphaF(0.25)
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(fill)
                painter.drawPolygon(QPolygonF([*points, QPointF(x[-1], base)]))
                self.write(painter, QRectF(x[-1] - 44, y[-1] - 17, 44, 16), name, Qt.AlignmentFlag.AlignRight)
            painter.setPen(QPen(QColor(colour), 2))
            painter.drawPolyline(QPolygonF(points))
            painter.setBrush(QColor(colour))
            for point in points if not self.filled else ():
                painter.drawEllipse(point, 1.5, 1.5)
        self._draw_bars(painter, base, room / most)
        if not self.filled:
            entries = ((name, QColor(colour)) for name, colour, _ in self.lines)
            self.write_legend(painter, 0, self.height() - 17, entries)
        shown = self.minutes[np.unique(np.linspace(0, len(self.minutes) - 1, min(6, len(self.minutes))).astype(int))]
        for minutes, x in zip(shown, self._x(shown)):
            self.write(painter, QRectF(x - 24, base, 48, 15), f"{minutes:g}", Qt.AlignmentFlag.AlignHCenter)
        box = QRectF(self.left, base + 14, self.width() - self.left - 12, 16)
        self.write(painter, box, tr("minutes ahead"), Qt.AlignmentFlag.AlignHCenter)

    def _draw_bars(self, painter: QPainter, base: float, px_m: float) -> None:
        """Draw the interval of the last line at each horizon. px_m: pixels a metre."""
        painter.setPen(QPen(QColor(self.lines[-1][1]), 1.5))
        for x, low, high in zip(self._x(self.minutes), *(base - px_m * self.bars)):
            if np.isfinite(low) and np.isfinite(high):
                painter.drawLine(QPointF(x, low), QPointF(x, high))
                for y in (low, high):
                    painter.drawLine(QPointF(x - 3, y), QPointF(x + 3, y))


def nice_top(value: float) -> float:
    """The next round number from a value upwards, for the end of an axis."""
    if value <= 0:
        return 1.0
    size = 10.0 ** np.floor(np.log10(value))
    return float(next(step * size for step in (1, 2, 4, 6, 8, 10) if step * size >= value))
