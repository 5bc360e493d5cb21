# SPDX-License-Identifier: GPL-2.0-or-later
"""The sample project: tracks of ten phones in Aracaju, and hexagons.

The files are copied into the user's folder first, so that edits leave the plugin's own files as
they are.
"""

from __future__ import annotations

import shutil

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsFillSymbol,
    QgsProject,
    QgsSingleSymbolRenderer,
    QgsVectorLayer,
)

from ...core.paths import RESOURCES
from ...core.scratch import complete
from ...environment.folders import user_folder, why_not_writable
from ...layers.styling import Fixes
from ...processing.words import tr
from ..desktop import Desktop
from ..maps.fit import times_of
from ..widgets.dialog import HelpWindow

TRACKS = "aracaju_tracks.gpkg"
REGIONS = "aracaju_regions.gpkg"
OUTLINE = {
    "color": "0,0,0,0",
    "outline_color": "#6b7280",
    "outline_width": "0.4",
    "outline_style": "dash",
}


def open_sample(desktop: Desktop) -> HelpWindow | None:
    """Open the sample as a new project, and make the first page of the help; None where the open
    project stays.
    """
    if problem := why_not_writable():
        desktop.iface.messageBar().pushWarning("RAW", problem)
        return None
    if not desktop.iface.newProject(True):
        return None
    project = QgsProject.instance()
    canvas = desktop.iface.mapCanvas()
    folder = user_folder() / "sample"
    folder.mkdir(exist_ok=True)
    for name in (TRACKS, REGIONS, "README.md"):
        if not (folder / name).exists():
            with complete(folder / name) as beside:  # on a full disk no half of it stays
                shutil.copyfile(RESOURCES / "sample" / name, beside)
    project.setTitle(tr("Ten phones in Aracaju"))
    regions = QgsVectorLayer(str(folder / REGIONS), tr("Hexagons"), "ogr")
    tracks = QgsVectorLayer(str(folder / TRACKS), "", "ogr")
    regions.setRenderer(QgsSingleSymbolRenderer(QgsFillSymbol.createSimple(OUTLINE)))
    Fixes().apply(tracks)
    tracks.setName(tr("Tracks of ten phones"))
    project.addMapLayers([tracks, regions])
    project.timeSettings().setTemporalRange(times_of(tracks, "t"))
    # sets a CRS, so SIRGAS 2000 / UTM 24S comes after
    desktop.iface.layerTreeCanvasBridge().setCanvasLayers()
    project.setCrs(QgsCoordinateReferenceSystem("EPSG:31984"))
    project.setDirty(False)
    desktop.iface.setActiveLayer(tracks)
    canvas.setExtent(canvas.mapSettings().layerExtentToOutputExtent(regions, regions.extent()))
    if desktop.session is not None:
        desktop.dock.source.choose_layer(tracks)
    else:
        desktop.show_dock()  # it takes the current layer
    return HelpWindow("index", desktop.iface.mainWindow())
