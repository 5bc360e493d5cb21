# SPDX-License-Identifier: GPL-2.0-or-later
"""A short tour: a small window that explains one step at a time, and frames the part of QGIS it is about."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from qgis.PyQt import sip
from qgis.PyQt.QtCore import QPoint, QRect, Qt, QTimer
from qgis.PyQt.QtWidgets import QFrame, QLabel, QPushButton, QTabWidget, QToolBar, QWidget

from ...processing.words import tr
from ..desktop import Desktop
from ..widgets.dialog import RawDialog
from ..widgets.layout import column, delete, row


class Step(NamedTuple):
    """One step. target: opens, where need be, and returns the widget to frame, or None."""

    title: str
    text: str
    target: Callable[[Desktop], QWidget | None]


def steps() -> list[Step]:
    """The steps in order, translated."""
    return [
        Step(
            tr("The sample"),
            tr("Ten phones in Aracaju, Brazil: trips by car and bus as points with a time, and hexagons over the city. "
               "It is your own copy, and nothing leaves this machine."),
            lambda desktop: desktop.iface.mapCanvas(),
        ),
        Step(
            tr("The RAW dock"),
            tr("Choose the layer of tracks at the top. The fields for user, track and time are guessed; what was read "
               "is shown: how many users, from when to when, how often."),
            lambda desktop: desktop.show_dock(),
        ),
        Step(
            tr("Draw a region"),
            tr("On Regions, draw around a part of town: click corner by corner, right click closes, Esc gives up. Its "
               "people and their hours appear at once. The sample has ten people in all, so lower the fewest people "
               "to 3 first."),
            lambda desktop: tab(desktop, 0),
        ),
        Step(
            tr("Look at users"),
            tr("On Users, press Label: every track gets its mode of transport, 'unknown' where the model is not sure. "
               "Click a track: its user's usual places, blurred to a grid, day, and similar users."),
            lambda desktop: tab(desktop, 1),
        ),
        Step(
            tr("Forecast"),
            tr("On Forecast, see where a track may be in the next minutes. The inner area holds it in half of all "
               "cases, the outer one in four of five. Play it with the Temporal Controller."),
            lambda desktop: tab(desktop, 2),
        ),
        Step(
            tr("Your own data"),
            tr("The same is in the toolbar and in the Processing toolbox, for layers of your own, in batches and in "
               "models. Import tracks reads folders and files. Help is in every window."),
            lambda desktop: desktop.iface.mainWindow().findChild(QToolBar, "RawToolbar"),
        ),
    ]  # fmt: skip


def tab(desktop: Desktop, index: int) -> QWidget | None:
    """Bring a tab of the dock to the front, and return the tabs; the dock where it has none."""
    dock = desktop.show_dock()
    tabs = dock.findChild(QTabWidget, "raw_tabs")
    if tabs is None or index >= tabs.count():
        return dock
    tabs.setCurrentIndex(index)
    return tabs


class Tour(RawDialog):
    """The window. Closing it removes the frame."""

    def __init__(self, desktop: Desktop) -> None:
        super().__init__(desktop.iface.mainWindow(), "RawTour", tr("RAW: a short tour"), delete_on_close=True)
        self.setWindowFlag(Qt.WindowType.Tool)
        self.desktop, self.steps, self.index = desktop, steps(), 0
        self.target: QWidget | None = None
        self.frame = QFrame(desktop.iface.mainWindow(), objectName="RawTourFrame")
        self.frame.setStyleSheet("#RawTourFrame { border: 3px solid #e8843c; border-radius: 4px; }")
        self.frame.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.timer = QTimer(self, timeout=self._put_frame)  # the framed widget moves and changes its size
        self.timer.start(200)
        self.title, self.text, self.count = QLabel(), QLabel(wordWrap=True), QLabel()
        self.text.setFixedWidth(340)
        heights = []
        for step in self.steps:
            self.text.setText(step.text)
            heights.append(self.text.heightForWidth(340))
        self.text.setFixedHeight(max(heights))  # so that the buttons stay under the mouse
        self.text.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.back = QPushButton(tr("Back"), clicked=lambda: self.go(self.index - 1))
        self.next = QPushButton(tr("Next"), default=True, clicked=lambda: self.go(self.index + 1))
        layout = column(self.title, self.text, row(self.count, None, self.back, self.next))
        layout.setSizeConstraint(layout.SizeConstraint.SetFixedSize)
        self.setLayout(layout)
        self.go(0)
        self._move_to_corner()

    def go(self, index: int) -> None:
        """Show a step. After the last one the window closes."""
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
        self.target = step.target(self.desktop)
        self._put_frame()

    def _put_frame(self) -> None:
        """Frame the step's widget, wherever it is now."""
        window, target = self.desktop.iface.mainWindow(), self.target
        shown = target is not None and not sip.isdeleted(target) and target.isVisible() and target.window() is window
        self.frame.setVisible(shown)
        if shown and target is not None:
            self.frame.setGeometry(QRect(target.mapTo(window, QPoint(0, 0)), target.size()))
            self.frame.raise_()

    def _move_to_corner(self) -> None:
        """Move to the lower left of the map, away from the dock."""
        canvas = self.desktop.iface.mapCanvas()
        self.adjustSize()
        self.move(canvas.mapToGlobal(QPoint(16, max(16, canvas.height() - self.sizeHint().height() - 48))))

    def closing(self) -> None:
        """Remove the frame."""
        self.timer.stop()
        if not sip.isdeleted(self.frame):
            delete(self.frame)
