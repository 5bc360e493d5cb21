# SPDX-License-Identifier: GPL-2.0-or-later
"""Two small charts of 24 hours, drawn with the palette of the theme, dark or light."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from qgis.PyQt.QtCore import QBuffer, QEvent, QIODevice, QRectF, Qt
from qgis.PyQt.QtGui import QBrush, QColor, QFontMetricsF, QImage, QPainter, QPalette
from qgis.PyQt.QtWidgets import QToolTip, QWidget

from ...layers.legends import CLASS_COLOURS
from ...layers.words import count_people
from ...processing.words import tr

BLUE, GREY = "#2f7fc4", "#8a8f98"
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


class Chart(QWidget):
    """Columns of the hours with the hours below, and a tooltip that depends on the place under the mouse."""

    left, bottom = 0.0, 16.0

    def __init__(self) -> None:
        super().__init__(minimumWidth=160, minimumHeight=130, maximumHeight=130)

    def event(self, event: QEvent) -> bool:
        """Show the tooltip."""
        if event.type() != QEvent.Type.ToolTip:
            return super().event(event)
        words = self.tooltip_at(event.pos().x(), event.pos().y())
        QToolTip.showText(event.globalPos(), words, self) if words else QToolTip.hideText()
        return True

    def tooltip_at(self, x: float, y: float) -> str:
        """The tooltip at a pixel."""
        return ""

    def paintEvent(self, _event: QEvent) -> None:  # noqa: N802 - Qt's name
        """Called by Qt. The font is a little smaller than the window's."""
        painter = QPainter(self)
        font = self.font()
        font.setPointSizeF(max(7.0, font.pointSizeF() * 0.85))
        painter.setFont(font)
        high = self.draw(painter)
        for hour in range(0, 24, 6):
            box = QRectF(self.left + hour * self.wide(), high, 6 * self.wide(), self.bottom)
            self.write(painter, box, f"{hour}:00", Qt.AlignmentFlag.AlignLeft)
        painter.end()

    def draw(self, painter: QPainter) -> float:
        """Draw the columns. Returns their height."""
        raise NotImplementedError

    def wide(self) -> float:
        """The width of an hour."""
        return (self.width() - self.left) / 24

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

    def ink(self, share: float) -> QColor:
        """The colour of text. share: of its opacity."""
        colour = QColor(self.palette().color(QPalette.ColorRole.WindowText))
        colour.setAlphaF(share)
        return colour

    def hatch(self) -> QBrush:
        """The pattern for figures that are withheld or unknown."""
        return QBrush(self.ink(0.3), Qt.BrushStyle.BDiagPattern)

    def write(self, painter: QPainter, box: QRectF, text: str, where: Qt.AlignmentFlag) -> None:
        """Write text into a box."""
        painter.setPen(self.ink(0.85))
        painter.drawText(box, where | Qt.AlignmentFlag.AlignVCenter, text)


class WeekStrip(Chart):
    """People by weekday and hour, darker where they are more, hatched where they are too few to show."""

    left = 34.0

    def __init__(self, week: np.ndarray, min_users: int, most: int = 0) -> None:
        """week: (7, 24) people; -1 where they are fewer than min_users, -2 where there are no data of so many.
        most: people of the full colour, if not its.
        """
        super().__init__()
        self.week, self.min_users, self.most = week, min_users, max(1, most, int(week.max()))

    def tooltip_at(self, x: float, y: float) -> str:
        """Day, hour and people."""
        hour, day = int((x - self.left) // self.wide()), int(y // ((self.height() - self.bottom) / 7))
        if not (0 <= hour < 24 and 0 <= day < 7):
            return ""
        people = int(self.week[day, hour])
        words = tr("fewer than {n} people").format(n=self.min_users) if people == -1 else tr("no data")
        if people >= 0:
            words = count_people(people)
        return f"{tr(DAYS[day])} {hour:02d}:00-{hour + 1:02d}:00: {words}"

    def draw(self, painter: QPainter) -> float:
        """A cell per hour."""
        wide, high = self.wide(), (self.height() - self.bottom) / 7
        for day in range(7):
            self.write(painter, QRectF(0, day * high, self.left - 4, high), tr(DAYS[day]), Qt.AlignmentFlag.AlignRight)
            for hour in range(24):
                people, colour = int(self.week[day, hour]), QColor(BLUE)
                colour.setAlphaF(0.12 + 0.88 * max(people, 0) / self.most)
                if people > -2:
                    box = QRectF(self.left + hour * wide, day * high, wide - 1, high - 1)
                    painter.fillRect(box, self.hatch() if people < 0 else colour)
        return 7 * high


class DayPlot(Chart):
    """A user's whereabouts by hour of the day: stacked shares of the usual places, elsewhere, unknown."""

    def __init__(self, day: np.ndarray, names: Sequence[str]) -> None:
        """day: (24, k) shares of each hour. names: (k,) words; the last two are elsewhere and unknown."""
        super().__init__()
        self.day, self.names = day, list(names)

    def tooltip_at(self, x: float, y: float) -> str:
        """The hour's shares."""
        hour = min(23, max(0, int(x // max(self.wide(), 1e-9))))
        words = [f"{name} {share:.0%}" for name, share in zip(self.names, self.day[hour]) if share >= 0.005]
        return f"{hour:02d}:00-{hour + 1:02d}:00: " + (", ".join(words) or tr("nothing known"))

    def draw(self, painter: QPainter) -> float:
        """Stacked columns, and at the bottom the names, each behind a square of its colour."""
        metrics, x = QFontMetricsF(painter.font()), 0.0
        high, wide = self.height() - self.bottom - metrics.height() - 2, self.wide()
        usual = [QBrush(QColor(colour)) for colour in CLASS_COLOURS[: len(self.names) - 2]]
        for at, (name, brush) in enumerate(zip(self.names, [*usual, QBrush(QColor(GREY)), self.hatch()])):
            below, shares = self.day[:, :at].sum(axis=1), self.day[:, at]
            for hour in range(24):
                y = high * (1 - below[hour] - shares[hour])
                painter.fillRect(QRectF(hour * wide, y, wide - 1, shares[hour] * high), brush)
            painter.fillRect(QRectF(x, self.height() - metrics.height() + 1, 10, 10), brush)
            room = metrics.horizontalAdvance(name) + 2
            box = QRectF(x + 14, self.height() - metrics.height() - 2, room, metrics.height() + 2)
            self.write(painter, box, name, Qt.AlignmentFlag.AlignLeft)
            x += room + 24
        return high
