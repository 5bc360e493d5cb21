# SPDX-License-Identifier: GPL-2.0-or-later
"""The sample project, tracks of ten phones in Aracaju and hexagons, and a short tour of the dock.

The files are copied into the user's folder first, so that edits leave the plugin's own files as they are.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsFillSymbol,
    QgsProject,
    QgsRectangle,
    QgsSingleSymbolRenderer,
    QgsVectorLayer,
)
from qgis.PyQt import sip
from qgis.PyQt.QtCore import QPoint, QRect, Qt, QTimer
from qgis.PyQt.QtGui import QColor
from qgis.PyQt.QtWidgets import QFrame, QLabel, QPushButton, QTabWidget, QToolBar, QWidget

from ...core.errors import InputError
from ...core.paths import RESOURCES
from ...environment.folders import user_folder
from ...layers.styling import Fixes
from ...processing.words import tr
from ..desktop import Desktop
from ..maps.fit import times_of
from ..widgets.dialog import RawDialog
from ..widgets.layout import column, delete, row

TRACKS, REGIONS = "aracaju_tracks.gpkg", "aracaju_regions.gpkg"
CRS = "EPSG:31984"  # SIRGAS 2000 / UTM 24S, in metres
OUTLINE = {"color": "0,0,0,0", "outline_color": "#6b7280", "outline_width": "0.4", "outline_style": "dash"}
TEXT_PX = 340  # wide


def open_sample(desktop: Desktop) -> Tour | None:
    """Open the sample as a new project, and make the tour; None where the user keeps the project that is open."""
    if not desktop.iface.newProject(True):
        return None
    project, canvas = QgsProject.instance(), desktop.iface.mapCanvas()
    regions, tracks = fill_project(project, copy_of_sample(user_folder() / "sample"))
    desktop.iface.layerTreeCanvasBridge().setCanvasLayers()  # sets the project's CRS, so ours comes after
    project.setCrs(QgsCoordinateReferenceSystem(CRS))
    project.setDirty(False)
    desktop.iface.setActiveLayer(tracks)
    extent = QgsRectangle()
    for layer in (regions, tracks):
        extent.combineExtentWith(canvas.mapSettings().layerExtentToOutputExtent(layer, layer.extent()))
    extent.scale(1.05)
    canvas.setExtent(extent)
    canvas.refresh()
    if desktop.dock is not None:  # else it takes the current layer when it is first shown
        desktop.dock.choose_layer(tracks)
    return Tour(desktop)


def copy_of_sample(folder: Path) -> Path:
    """Copy the sample's files into a folder, except those that are there. Returns the folder."""
    folder.mkdir(exist_ok=True)
    for name in (TRACKS, REGIONS, "README.md"):
        if not (folder / name).exists():
            shutil.copyfile(RESOURCES / "sample" / name, folder / name)
    return folder


def fill_project(project: QgsProject, folder: Path) -> tuple[QgsVectorLayer, QgsVectorLayer]:
    """Add the layers, styled and with time, to an empty project. Returns the regions and the tracks."""
    project.setTitle(tr("Ten phones in Aracaju"))
    regions, tracks = load(folder / REGIONS), load(folder / TRACKS)
    regions.setRenderer(QgsSingleSymbolRenderer(QgsFillSymbol.createSimple(OUTLINE)))
    regions.setName(tr("Hexagons"))
    Fixes().apply(tracks)
    tracks.renderer().symbol().setColor(QColor("#3b8ed6"))
    tracks.renderer().symbol().setSize(1.2)
    tracks.setName(tr("Tracks of ten phones"))
    project.addMapLayers([tracks, regions])
    project.timeSettings().setTemporalRange(times_of(tracks, "t"))
    return regions, tracks


def load(path: Path) -> QgsVectorLayer:
    """Open a layer of the sample. Raises InputError where it cannot be opened."""
    layer = QgsVectorLayer(str(path), path.stem, "ogr")
    if not layer.isValid():
        raise InputError(f"The sample's {path.name} cannot be opened. Delete the folder {path.parent} and try again.")
    return layer


def steps() -> list[tuple[str, str, int | str | None]]:
    """Title and text of each step, and what it frames: a tab of the dock, 'dock', 'toolbar', or None for the map."""
    return [
        (tr("The sample"),
         tr("Ten phones in Aracaju, Brazil: trips by car and bus as points with a time, and hexagons over the city. It "
            "is your own copy, and nothing leaves this machine."), None),
        (tr("The RAW dock"),
         tr("Choose the layer of tracks at the top. The fields for user, track and time are guessed. Below is what was "
            "read: how many users, from when to when, how often."), "dock"),
        (tr("Draw a region"),
         tr("On Regions, draw around a part of town: click corner by corner, right click closes, Esc cancels. Its "
            "people and their hours appear at once. The sample has ten people in all, so set the minimum users to 3 "
            "first."), 0),
        (tr("Look at users"),
         tr("On Users, press Label: every user gets labels of what the tracks show, 'unknown' with a reason where they "
            "show too little. Click a track: its user's usual places, blurred to a grid, day, and similar users."), 1),
        (tr("Stops and trips"),
         tr("Choose 'stops and trips' beside Label: where people stopped and how long, home and work, and the trips "
            "between with the mode of transport. Wrong modes are corrected in the table."), 1),
        (tr("Forecast"),
         tr("On Forecast, see where a track may be in the next minutes. The inner area holds it in half of all cases, "
            "the outer one in four of five. The Temporal Controller plays it."), 2),
        (tr("Your own data"),
         tr("The same is in the toolbar and in the Processing toolbox, for layers of your own, in batches and in "
            "models. Import tracks reads folders and files. Help is in every window."), "toolbar"),
    ]  # fmt: skip


class Tour(RawDialog):
    """A small window that explains one step at a time, and frames the part of QGIS it is about."""

    def __init__(self, desktop: Desktop) -> None:
        super().__init__(desktop.iface.mainWindow(), "RawTour", tr("A short tour"), delete_on_close=True)
        self.setWindowFlag(Qt.WindowType.Tool)
        self.desktop, self.steps, self.index = desktop, steps(), 0
        self.target: QWidget | None = None
        self.frame = QFrame(desktop.iface.mainWindow(), objectName="RawTourFrame")
        self.frame.setStyleSheet("#RawTourFrame { border: 3px solid #e8843c; border-radius: 4px; }")
        self.frame.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.timer = QTimer(self, timeout=self._put_frame)  # the framed widget moves and changes its size
        self.timer.start(200)
        self.text = QLabel(wordWrap=True)
        self.text.setFixedWidth(TEXT_PX)
        heights = []
        for title, words, _ in self.steps:
            self.text.setText(f"<b>{title}</b><p>{words}</p>")
            heights.append(self.text.heightForWidth(TEXT_PX))
        self.text.setFixedHeight(max(heights))  # so that the buttons stay under the mouse
        self.text.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.count = QLabel()
        self.back = QPushButton(tr("Back"), clicked=lambda: self.go(self.index - 1))
        self.next = QPushButton(tr("Next"), default=True, clicked=lambda: self.go(self.index + 1))
        layout = column(self.text, row(self.count, None, self.back, self.next), self.buttons(page="index"))
        layout.setSizeConstraint(layout.SizeConstraint.SetFixedSize)
        self.setLayout(layout)
        self.go(0)
        canvas = desktop.iface.mapCanvas()  # its lower left, away from the dock
        self.adjustSize()
        self.move(canvas.mapToGlobal(QPoint(16, max(16, canvas.height() - self.sizeHint().height() - 48))))

    def go(self, index: int) -> None:
        """Show a step. After the last one the window closes."""
        if index >= len(self.steps):
            self.close()
            return
        self.index = index
        title, words, target = self.steps[index]
        self.text.setText(f"<b>{title}</b><p>{words}</p>")
        self.count.setText(f"{index + 1} / {len(self.steps)}")
        self.back.setEnabled(index > 0)
        self.next.setEnabled(index < len(self.steps) - 1)
        if target is None:
            self.target = self.desktop.iface.mapCanvas()
        elif target == "toolbar":
            self.target = self.desktop.iface.mainWindow().findChild(QToolBar, "RawToolbar")
        else:
            self.target = dock = self.desktop.show_dock()
            if isinstance(target, int) and (tabs := dock.findChild(QTabWidget, "raw_tabs")) is not None:
                tabs.setCurrentIndex(target)
                self.target = tabs
        self._put_frame()

    def _put_frame(self) -> None:
        """Frame the step's widget, wherever it is now."""
        window, target = self.desktop.iface.mainWindow(), self.target
        shown = target is not None and not sip.isdeleted(target) and target.isVisible() and target.window() is window
        self.frame.setVisible(shown)
        if shown and target is not None:
            self.frame.setGeometry(QRect(target.mapTo(window, QPoint(0, 0)), target.size()))
            self.frame.raise_()

    def closing(self) -> None:
        """Remove the frame."""
        self.timer.stop()
        if not sip.isdeleted(self.frame):
            delete(self.frame)
