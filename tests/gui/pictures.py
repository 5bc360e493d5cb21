# SPDX-License-Identifier: GPL-2.0-or-later
"""The pictures of README and guide, taken in the desktop QGIS: run as `qgis --code`. They go into
$RAW_PICTURES.
"""

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(os.environ["RAW_SCRIPTS"])))

from driving import (
    PICTURES,
    add,
    around,
    draw,
    find,
    idle,
    main,
    menu,
    open_dock,
    press,
    show_tab,
    wait,
    whole_screen,
)
from qgis.core import QgsLayoutExporter, QgsProject
from qgis.PyQt.QtCore import QTimer
from qgis.PyQt.QtGui import QColor
from qgis.PyQt.QtWidgets import QApplication, QDockWidget
from qgis.utils import iface, plugins

SAMPLE = Path(os.environ["RAW_SAMPLE"])
OUT = Path(os.environ["RAW_REPORT"]).parent
report = {"errors": [], "names": []}


def show(name):
    """The whole screen, without QGIS's messages."""
    iface.messageBar().clearWidgets()
    wait(1)
    QApplication.primaryScreen().grabWindow(0).save(str(PICTURES / f"{name}.png"))
    report["names"].append(name)


def sample():
    """Ten phones in Aracaju: forecasts and their backtest."""
    menu("sample").close()
    dock = open_dock()
    show_tab(dock, 2)
    press(dock, "raw_go")
    idle(dock)
    press(dock, "raw_play")
    for _ in range(2):
        iface.mapCanvas().temporalController().next()
    show("forecast")
    press(dock, "raw_backtest_button")
    idle(dock)
    find(dock, "raw_tabs").currentWidget().verticalScrollBar().setValue(10_000)
    show("forecast_backtest")
    iface.mainWindow().findChild(QDockWidget, "Temporal Controller").hide()


def show_whole(layer):
    canvas = iface.mapCanvas()
    canvas.setExtent(canvas.mapSettings().layerExtentToOutputExtent(layer, layer.extent()))
    canvas.refresh()
    wait(1)


def city():
    """Forty invented people: who commutes, and four regions."""
    import processing

    QgsProject.instance().clear()  # QGIS's own action asks what to do with temporary layers
    wait(0.5)
    tracks = {"SOURCE": str(SAMPLE / "city_tracks.parquet"), "OUTPUT": str(OUT / "city.gpkg")}
    processing.runAndLoadResults("raw:importtracks", tracks)
    (layer,) = QgsProject.instance().mapLayers().values()
    layer.setName("The synthetic city")
    layer.renderer().symbol().setColor(QColor("#8b929c"))
    layer.renderer().symbol().setSize(0.6)
    streets = add(f"{SAMPLE / 'city_streets.gpkg'}|layername=streets", "Streets")
    streets.renderer().symbol().setColor(QColor("#d5d9e0"))
    root = QgsProject.instance().layerTreeRoot()
    root.addChildNode(root.findLayer(streets).clone())  # to the bottom
    root.removeChildNode(root.findLayer(streets))
    wait(1)
    project = QgsProject.instance()
    project.setCrs(layer.crs())
    # the map stays readable below a selected region
    project.setSelectionColor(QColor(255, 215, 0, 70))
    plugins["raw_qgis_plugin"].menu.use_layer(layer)
    dock = open_dock()
    show_tab(dock, 0)
    show_whole(layer)
    iface.mapCanvas().zoomScale(iface.mapCanvas().scale() * 0.8)
    find(dock, "raw_min_users").setValue(5)
    draw(dock, around(0.45, 0.5, 0.26))
    show("drawn_region")
    for place in ((0.2, 0.3, 0.13), (0.75, 0.6, 0.14), (0.7, 0.25, 0.13)):
        show_whole(layer)  # a region that was drawn fills the map
        draw(dock, around(*place))
    show_whole(layer)
    find(dock, "raw_tabs").currentWidget().verticalScrollBar().setValue(10_000)
    outputs = dict.fromkeys(("OUTPUT", "OUTPUT_ZONES"), "TEMPORARY_OUTPUT")
    processing.runAndLoadResults(
        "raw:flows", {"INPUT": layer, "SIZE": 1500, "MIN_USERS": 3, **outputs}
    )
    root.findLayer(layer).setItemVisibilityChecked(False)
    root.findLayer(dock.regions.regions.layer).setItemVisibilityChecked(False)
    flows = {
        x.name()[:5]: x
        for x in QgsProject.instance().mapLayers().values()
        if x.name()[:5] in ("Flows", "Zones")
    }
    show_whole(flows["Flows"])
    iface.mapCanvas().zoomScale(iface.mapCanvas().scale() * 1.5)
    press(dock, "raw_region_flows")
    window = plugins["raw_qgis_plugin"].menu.opened("raw_flows")
    window.setGeometry(4, 400, 500, 340)
    wait(2)
    show("flows")
    window.close()
    for made in flows.values():
        root.findLayer(made).setItemVisibilityChecked(False)
    root.findLayer(layer).setItemVisibilityChecked(True)
    show_whole(layer)
    show_tab(dock, 1)
    press(dock, "raw_user_profile")
    idle(dock)
    labelled = next(
        x for x in QgsProject.instance().mapLayers().values() if x.name().startswith("Users")
    )
    seen = {
        each["user_id"]: each["n_points"]
        for each in labelled.getFeatures()
        if each["commuter"] == "yes"
    }
    commuter = max(seen, key=seen.get)
    dock.users.show_user(dock.session.city.users.user_ids.tolist().index(commuter), zoom=False)
    show("people")
    menu("map")
    wait(2)
    (layout,) = QgsProject.instance().layoutManager().layouts()
    QgsLayoutExporter(layout).renderPageToImage(0, dpi=110).save(str(PICTURES / "map.png"))
    report["names"].append("map")
    next(
        w for w in QApplication.topLevelWidgets() if "LayoutDesigner" in w.metaObject().className()
    ).close()


def work():
    whole_screen()
    sample()
    city()


QTimer.singleShot(1500, lambda: main(work, report))
