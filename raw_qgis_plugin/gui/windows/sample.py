# SPDX-License-Identifier: GPL-2.0-or-later
"""The sample project: tracks of ten phones in Aracaju and hexagons, styled and with time, and a short tour.

The files are copied into the user's folder first, so that edits leave the plugin's own files as they are.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsFillSymbol,
    QgsMapLayer,
    QgsProject,
    QgsRectangle,
    QgsSingleSymbolRenderer,
    QgsVectorLayer,
)
from qgis.PyQt.QtGui import QColor

from ...core.errors import InputError
from ...core.paths import RESOURCES
from ...environment.folders import user_folder
from ...layers.styling import Fixes
from ...processing.words import tr
from ..desktop import Desktop
from ..maps.fit import times_of
from .tour import Tour

TRACKS, REGIONS = "aracaju_tracks.gpkg", "aracaju_regions.gpkg"
CRS = "EPSG:31984"  # SIRGAS 2000 / UTM 24S, in metres
OUTLINE = {"color": "0,0,0,0", "outline_color": "#6b7280", "outline_width": "0.4", "outline_style": "dash"}


def open_sample(desktop: Desktop) -> Tour | None:
    """Open the sample as a new project, and make the tour; None where the user keeps the project that is open."""
    if not desktop.iface.newProject(True):
        return None
    fill_project(QgsProject.instance(), copy_of_sample(user_folder() / "sample"))
    desktop.iface.layerTreeCanvasBridge().setCanvasLayers()  # sets the project's CRS, so ours comes after
    QgsProject.instance().setCrs(QgsCoordinateReferenceSystem(CRS))
    QgsProject.instance().setDirty(False)
    layers = {layer.name(): layer for layer in QgsProject.instance().mapLayers().values()}
    desktop.iface.setActiveLayer(layers[tr("Tracks of ten phones")])
    canvas = desktop.iface.mapCanvas()
    extent = QgsRectangle()
    for layer in layers.values():
        extent.combineExtentWith(canvas.mapSettings().layerExtentToOutputExtent(layer, layer.extent()))
    extent.scale(1.05)
    canvas.setExtent(extent)
    canvas.refresh()
    if desktop.dock is not None:  # else it takes the current layer when it is first shown
        desktop.dock.choose_layer(layers[tr("Tracks of ten phones")])
    return Tour(desktop)


def copy_of_sample(folder: Path) -> Path:
    """Copy the sample's files into a folder, except those that are there. Returns the folder."""
    folder.mkdir(exist_ok=True)
    for name in (TRACKS, REGIONS, "README.md"):
        if not (folder / name).exists():
            shutil.copyfile(RESOURCES / "sample" / name, folder / name)
    return folder


def fill_project(project: QgsProject, folder: Path) -> None:
    """Add the layers, styled and with time, to an empty project."""
    project.setTitle(title())
    regions = load(folder / REGIONS)
    regions.setRenderer(QgsSingleSymbolRenderer(QgsFillSymbol.createSimple(OUTLINE)))
    regions.setName(tr("Hexagons"))
    tracks = load(folder / TRACKS)
    Fixes().apply(tracks)
    tracks.renderer().symbol().setColor(QColor("#3b8ed6"))
    tracks.renderer().symbol().setSize(1.2)
    tracks.setName(tr("Tracks of ten phones"))
    for layer in (regions, tracks):
        project.addMapLayer(layer)
    project.timeSettings().setTemporalRange(times_of(tracks, "t"))


def title() -> str:
    """The title of the sample's project."""
    return tr("RAW: the sample, ten phones in Aracaju")


def is_of_sample(layer: QgsMapLayer) -> bool:
    """Whether a layer reads one of the sample's files."""
    return Path(layer.source().partition("|")[0]).name in (TRACKS, REGIONS)


def load(path: Path) -> QgsVectorLayer:
    """Open a layer of the sample. Raises InputError where it cannot be opened."""
    layer = QgsVectorLayer(str(path), path.stem, "ogr")
    if not layer.isValid():
        raise InputError(f"The sample's {path.name} cannot be opened. Delete the folder {path.parent} and try again.")
    return layer
