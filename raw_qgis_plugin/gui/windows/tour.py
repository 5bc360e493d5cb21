# SPDX-License-Identifier: GPL-2.0-or-later
"""A short tour: a small window that says what to try, one step at a time, and frames what it speaks of."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from qgis.PyQt import sip
from qgis.PyQt.QtCore import QPoint, QRect, Qt, QTimer
from qgis.PyQt.QtGui import QCloseEvent
from qgis.PyQt.QtWidgets import (
    QDialog,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QTabWidget,
    QToolBar,
    QVBoxLayout,
    QWidget,
)

from ...processing.base import icon
from ...processing.words import tr

if TYPE_CHECKING:
    from ..menu import RawMenu

WIDTH = 340
FOLLOW_MS = 200


class Step(NamedTuple):
    """One step. target: the widget to frame, or None; it may open what it frames."""

    title: str
    text: str
    target: Callable[[RawMenu], QWidget | None]


def steps() -> list[Step]:
    """In the order of the tour; translated when it begins."""
    return [
        Step(
            tr("The sample"),
            tr("Ten phones in Aracaju, Brazil: trips by car and bus as points with a time, and hexagons over the city. "
               "It is your own copy, and nothing leaves this machine."),
            lambda menu: menu.iface.mapCanvas(),
        ),
        Step(
            tr("The RAW dock"),
            tr("Choose the layer of tracks at the top. The fields for user, track and time are guessed; what was read "
               "is shown: how many users, from when to when, how often."),
            lambda menu: menu.show_dock(),
        ),
        Step(
            tr("Draw a region"),
            tr("On Regions, draw around a part of town: click corner by corner, right click closes, Esc gives up. Its "
               "scores appear at once. With ten people in all, lower the fewest people to 3 first."),
            lambda menu: tab(menu, 0),
        ),
        Step(
            tr("Look at users"),
            tr("On Users, click a track: its labels with their probabilities, usual places blurred to a grid, and who "
               "moves alike. 'unknown' means that the model is not sure."),
            lambda menu: tab(menu, 1),
        ),
        Step(
            tr("Forecast"),
            tr("On Forecast, ask where a track may be in the next minutes. The inner area holds it in half of all "
               "cases, the outer one in four of five. Play it with the Temporal Controller."),
            lambda menu: tab(menu, 2),
        ),
        Step(
            tr("Your own data"),
            tr("The same is in the toolbar and in the Processing toolbox, for layers of your own, in batches and in "
               "models. Import tracks reads folders and files. Help is in every window."),
            lambda menu: menu.iface.mainWindow().findChild(QToolBar, "RawToolbar"),
        ),
    ]  # fmt: skip


def tab(menu: RawMenu, index: int) -> QWidget | None:
    """A tab of the dock, in front; the dock as long as it has none."""
    dock = menu.show_dock()
    tabs = dock.findChild(QTabWidget, "raw_tabs")
    if tabs is None or index >= tabs.count():
        return dock
    tabs.setCurrentIndex(index)
    return tabs


class Tour(QDialog):
    """The window; closing it takes the frame away."""

    def __init__(self, menu: RawMenu) -> None:
        super().__init__(menu.iface.mainWindow(), Qt.WindowType.Tool)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setObjectName("RawTour")
        self.setWindowTitle(tr("RAW: a short tour"))
        self.setWindowIcon(icon("raw"))
        self.menu, self.steps, self.index = menu, steps(), 0
        self.target: QWidget | None = None
        self.frame = QFrame(menu.iface.mainWindow())
        self.frame.setObjectName("RawTourFrame")
        self.frame.setStyleSheet("#RawTourFrame { border: 3px solid #e8843c; border-radius: 4px; }")
        self.frame.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.timer = QTimer(self)  # what is framed moves and changes its size
        self.timer.timeout.connect(self._put_frame)
        self.timer.start(FOLLOW_MS)
        self.title, self.text, self.count = QLabel(), QLabel(), QLabel()
        self.text.setWordWrap(True)
        self.text.setFixedWidth(WIDTH)
        self.back = QPushButton(tr("Back"))
        self.back.clicked.connect(lambda: self.go(self.index - 1))
        self.next = QPushButton(tr("Next"))
        self.next.setDefault(True)
        self.next.clicked.connect(lambda: self.go(self.index + 1))
        row = QHBoxLayout()
        row.addWidget(self.count)
        row.addStretch()
        row.addWidget(self.back)
        row.addWidget(self.next)
        layout = QVBoxLayout(self)
        layout.addWidget(self.title)
        layout.addWidget(self.text)
        layout.addLayout(row)
        layout.setSizeConstraint(layout.SizeConstraint.SetFixedSize)
        self.go(0)
        self._move_to_corner()

    def go(self, index: int) -> None:
        """Show a step; past the last one the window closes."""
        if index >= len(self.steps):
            self.close()
            return
        self.index = index
        step = self.steps[index]
        self.title.setText(f"<b>{step.title}</b>")
        self.text.setText(step.text)
        self.count.setText(f"{index + 1} / {len(self.steps)}")
        self.back.setEnabled(index > 0)
        self.next.setText(tr("Close") if index == len(self.steps) - 1 else tr("Next"))
        self.target = step.target(self.menu)
        self._put_frame()

    def _put_frame(self) -> None:
        """Frame the step's widget, wherever it is now."""
        window, target = self.menu.iface.mainWindow(), self.target
        shown = target is not None and not sip.isdeleted(target) and target.isVisible() and target.window() is window
        self.frame.setVisible(shown)
        if shown and target is not None:
            self.frame.setGeometry(QRect(target.mapTo(window, QPoint(0, 0)), target.size()))
            self.frame.raise_()

    def _move_to_corner(self) -> None:
        """The lower left of the map, away from the dock."""
        canvas = self.menu.iface.mapCanvas()
        self.adjustSize()
        self.move(canvas.mapToGlobal(QPoint(16, max(16, canvas.height() - self.sizeHint().height() - 48))))

    def done(self, result: int) -> None:
        """Esc and the like: as closing."""
        self._take_frame_away()
        super().done(result)

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: N802
        """Take the frame away."""
        self._take_frame_away()
        super().closeEvent(event)

    def _take_frame_away(self) -> None:
        self.timer.stop()
        if not sip.isdeleted(self.frame):
            self.frame.setParent(None)
            self.frame.deleteLater()
