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
from qgis.PyQt.QtCore import QPoint, Qt
from qgis.PyQt.QtGui import QColor

from ...core.errors import InputError
from ...core.paths import RESOURCES
from ...environment.folders import user_folder, why_not_writable
from ...layers.styling import Fixes
from ...processing.words import tr
from ..desktop import Desktop
from ..maps.fit import times_of
from ..widgets.dialog import RawDialog
from ..widgets.layout import column, wrapped

TRACKS, REGIONS = "aracaju_tracks.gpkg", "aracaju_regions.gpkg"
CRS = "EPSG:31984"  # SIRGAS 2000 / UTM 24S, in metres
OUTLINE = {"color": "0,0,0,0", "outline_color": "#6b7280", "outline_width": "0.4", "outline_style": "dash"}


def open_sample(desktop: Desktop) -> Tour | None:
    """Open the sample as a new project, and make the tour; None where the project that is open stays."""
    if problem := why_not_writable():
        desktop.iface.messageBar().pushWarning("RAW", problem)
        return None
    if not desktop.iface.newProject(True):
        return None
    project, canvas, folder = QgsProject.instance(), desktop.iface.mapCanvas(), user_folder() / "sample"
    folder.mkdir(exist_ok=True)
    for name in (TRACKS, REGIONS, "README.md"):
        if not (folder / name).exists():
            shutil.copyfile(RESOURCES / "sample" / name, folder / name)
    project.setTitle(tr("Ten phones in Aracaju"))
    regions, tracks = load(folder / REGIONS, tr("Hexagons")), load(folder / TRACKS, tr("Tracks of ten phones"))
    regions.setRenderer(QgsSingleSymbolRenderer(QgsFillSymbol.createSimple(OUTLINE)))
    name = tracks.name()
    Fixes().apply(tracks)
    tracks.setName(name)
    tracks.renderer().symbol().setColor(QColor("#3b8ed6"))
    tracks.renderer().symbol().setSize(1.2)
    project.addMapLayers([tracks, regions])
    project.timeSettings().setTemporalRange(times_of(tracks, "t"))
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
    if desktop.session is not None:
        desktop.dock.source.choose_layer(tracks)
    else:
        desktop.show_dock()  # it takes the current layer
    return Tour(desktop)


def load(path: Path, name: str) -> QgsVectorLayer:
    """Open a layer of the sample. Raises InputError where it cannot be opened."""
    layer = QgsVectorLayer(str(path), name, "ogr")
    if not layer.isValid():
        raise InputError(f"The sample's {path.name} cannot be opened. Delete the folder {path.parent} and try again.")
    return layer


def steps() -> list[tuple[str, str]]:
    """Title and text of each step of the tour."""
    return [
        (tr("The sample"),
         tr("Ten phones in Aracaju, Brazil: trips by car and bus as points with a time, and hexagons over the city. It "
            "is your own copy, and nothing leaves this machine.")),
        (tr("The RAW dock"),
         tr("The layer of tracks is chosen at the top. The fields for user, track and time are guessed. Below is what "
            "was read: how many users, from when to when, how often.")),
        (tr("Draw a region"),
         tr("On Regions, draw around a part of town: click corner by corner, right click closes. Its people and their "
            "hours appear. The sample has ten people in all, so set the minimum users to 3 first.")),
        (tr("Look at users"),
         tr("On Users, press Label: every user gets labels of what the tracks show, 'unknown' with a reason where they "
            "show too little. Click a track: its user's usual places, blurred to a grid, day, and similar users.")),
        (tr("Stops and trips"),
         tr("Choose 'stops and trips' beside Label: where people stopped and how long, home and work, and the trips "
            "between with the mode of transport. Wrong modes are corrected in the table.")),
        (tr("Forecast"),
         tr("On Forecast, see where a track may be in the next minutes. The inner area holds it in half of all cases, "
            "the outer one in four of five.")),
        (tr("Your own data"),
         tr("Import tracks in the toolbar reads folders and files. The functions are in the Processing toolbox, too.")),
    ]  # fmt: skip


class Tour(RawDialog):
    """A small window beside the dock with all steps, to be kept open."""

    def __init__(self, desktop: Desktop) -> None:
        super().__init__(desktop.iface.mainWindow(), "RawTour", tr("A short tour"))
        self.setWindowFlag(Qt.WindowType.Tool)
        words = "".join(f"<p><b>{n}. {title}.</b> {text}</p>" for n, (title, text) in enumerate(steps(), 1))
        self.text = wrapped(words)
        self.setLayout(column(self.text, self.buttons(page="index")))
        self.setFixedWidth(380)
        self.adjustSize()
        canvas = desktop.iface.mapCanvas()  # its lower left, away from the dock
        self.move(canvas.mapToGlobal(QPoint(16, max(16, canvas.height() - self.sizeHint().height() - 48))))
