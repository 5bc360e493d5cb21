# SPDX-License-Identifier: GPL-2.0-or-later
"""The actions of a person, done by QGIS itself: run as `qgis --code`. The report goes to $RAW_REPORT.

Loads the tracks of $RAW_TRACKS and the regions of $RAW_REGIONS, opens every dialog from the toolbar, runs the three
algorithms with their outputs loaded, takes pictures into $RAW_PICTURES, unloads the plugin and loads it again.
"""

import json
import os
import time
import traceback
from pathlib import Path

from qgis.core import QgsApplication, QgsProject, QgsVectorLayer
from qgis.PyQt.QtCore import Qt, QTimer
from qgis.PyQt.QtGui import QColor
from qgis.PyQt.QtWidgets import QApplication, QDockWidget, QTextBrowser, QToolBar
from qgis.utils import iface, loadPlugin, plugins, startPlugin, unloadPlugin

from raw_qgis_plugin.processing.provider import ALGORITHMS

NAME = "raw_qgis_plugin"
PICTURES = Path(os.environ["RAW_PICTURES"])
report = {"errors": [], "dialogs": {}, "beside the dock": {}, "order": [algorithm.ID for algorithm in ALGORITHMS]}


def wait(seconds=0.3):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        QApplication.processEvents()
        time.sleep(0.02)


def registered():
    """The parts of the plugin that QGIS shows now."""
    provider = QgsApplication.processingRegistry().providerById("raw")
    bars = [bar for bar in iface.mainWindow().findChildren(QToolBar) if bar.objectName() == "RawToolbar"]
    menu = [action.text() for action in iface.pluginMenu().actions()]
    return {
        "algorithms": sorted(a.id() for a in provider.algorithms()) if provider else [],
        "toolbars": len(bars),
        "actions": [action.objectName() for bar in bars for action in bar.actions()],
        "menu": "RAW" in menu,
    }


def picture(widget, name):
    wait()
    widget.grab().save(str(PICTURES / f"{name}.png"))


def add(path, name):
    layer = QgsVectorLayer(path, name, "ogr")
    assert layer.isValid(), path
    return QgsProject.instance().addMapLayer(layer)


def open_dialogs(tracks, regions):
    """Open every action of the toolbar, with the layer that it should start with."""
    names = {f"raw_{algorithm.ID}" for algorithm in ALGORITHMS}
    for action in [a for a in plugins[NAME].menu.actions if a.objectName() in names]:
        iface.setActiveLayer(regions if "scoreregions" in action.objectName() else tracks)
        action.trigger()
        wait(0.6)
        dialog = next(w for w in QApplication.topLevelWidgets() if w.isVisible() and hasattr(w, "algorithm"))
        wrappers = dialog.mainWidget().wrappers if hasattr(dialog, "mainWidget") else {}  # not of the import
        report["dialogs"][action.objectName()] = {
            name: str(wrappers[name].parameterValue()) for name in ("INPUT", "REGIONS") if name in wrappers
        }
        dialog.resize(1000, 760)
        picture(dialog, action.objectName())
        dialog.close()
        wait()


def open_beside_the_dock(tracks):
    """Open dialogs while the dock has one layer and another is the current one."""
    menu = plugins[NAME].menu
    menu.show_dock().choose_layer(tracks)
    other = add(os.environ["RAW_TRACKS"], "Stops")
    iface.setActiveLayer(other)
    for name, shown in (("trainhead", True), ("profileusers", False)):
        menu.show_dock(shown)
        dialog = menu.open_dialog(name)
        chosen = dialog.mainWidget().wrappers["INPUT"].parameterValue()
        report["beside the dock"][name] = QgsProject.instance().mapLayer(chosen).name()
        dialog.close()
    QgsProject.instance().removeMapLayer(other)
    wait()


def run_algorithms(tracks, regions):
    import processing

    common = {"INPUT": tracks, "MODEL": os.environ.get("RAW_TEST_BUNDLE", ""), "OUTPUT": "TEMPORARY_OUTPUT"}
    processing.runAndLoadResults("raw:scoreregions", {**common, "REGIONS": regions, "MIN_USERS": 3})
    processing.runAndLoadResults("raw:profileusers", common)
    run_by_hand("forecasttracks", {**common, "INPUT": tracks.id(), "HORIZON": 3, "STEP": 1})


def run_by_hand(name, parameters):
    """Press Run in the dialog. The algorithm runs in another thread."""
    dialog = plugins[NAME].menu.open_dialog(name)
    dialog.setParameters(parameters)
    dialog.resize(1000, 760)
    dialog.runButton().click()
    end = time.monotonic() + 60
    while not dialog.wasExecuted() and time.monotonic() < end:
        wait(0.2)
    assert dialog.wasExecuted()
    picture(dialog, f"{name}_log")
    report["log"] = dialog.findChild(QTextBrowser, "txtLog").toPlainText()
    dialog.close()


def layers():
    root = QgsProject.instance().layerTreeRoot()
    return [
        {
            "name": node.layer().name(),
            "group": node.parent().name(),
            "temporal": node.layer().temporalProperties().isActive(),
            "legend": [item.label() for item in node.layer().renderer().legendSymbolItems()],
            "features": node.layer().featureCount(),
        }
        for node in root.findLayers()
    ]


def save_and_open():
    """Save the project and open it again. Returns the number of features by layer."""
    file, project = PICTURES / "desktop.qgz", QgsProject.instance()
    file.with_name("desktop_raw.gpkg").unlink(missing_ok=True)
    assert project.write(str(file))
    project.clear()
    assert project.read(str(file))
    return {each["name"]: each["features"] for each in layers()}


def work():
    tracks = add(os.environ["RAW_TRACKS"], "Tracks")
    regions = add(os.environ["RAW_REGIONS"], "Regions")
    report["loaded"] = registered()
    window = iface.mainWindow()
    window.resize(1560, 960)
    window.findChild(QDockWidget, "Browser").hide()
    window.resizeDocks([window.findChild(QDockWidget, "Layers")], [540], Qt.Orientation.Horizontal)
    iface.messageBar().clearWidgets()
    open_dialogs(tracks, regions)
    open_beside_the_dock(tracks)
    run_algorithms(tracks, regions)
    report["layers"] = layers()
    QgsProject.instance().layerTreeRoot().findLayer(regions).setItemVisibilityChecked(False)
    group = QgsProject.instance().layerTreeRoot().findGroup("RAW")
    tracks_node = QgsProject.instance().layerTreeRoot().findLayer(tracks)
    group.insertChildNode(len(group.children()) - 1, tracks_node.clone())  # above the regions
    tracks_node.parent().removeChildNode(tracks_node)
    tracks.renderer().symbol().setColor(QColor("#6b7280"))
    tracks.renderer().symbol().setSize(0.8)
    canvas = iface.mapCanvas()
    canvas.setExtent(canvas.mapSettings().layerExtentToOutputExtent(regions, regions.extent()))
    canvas.refresh()
    canvas.waitWhileRendering()
    iface.messageBar().clearWidgets()  # QGIS's own 'Task complete'
    picture(iface.mainWindow(), "desktop")
    report["opened"] = save_and_open()
    assert unloadPlugin(NAME)
    wait()
    report["unloaded"] = registered()
    assert loadPlugin(NAME) and startPlugin(NAME)
    wait()
    report["loaded again"] = registered()


def main():
    try:
        work()
    except Exception:
        report["errors"].append(traceback.format_exc())
    finally:
        Path(os.environ["RAW_REPORT"]).write_text(json.dumps(report, indent=1))
        QgsProject.instance().setDirty(False)
        os._exit(0)  # no question about unsaved layers


QTimer.singleShot(1500, main)
