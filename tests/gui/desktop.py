# SPDX-License-Identifier: GPL-2.0-or-later
"""Load, unload, load; every dialog and window; an algorithm run by hand: run as `qgis --code`.

Lists the parts of the plugin that QGIS has with it and without it.
"""

import logging
import os
import sys
import threading
from collections import Counter

sys.path.insert(0, os.environ["RAW_SCRIPTS"])

from driving import LONG, add, find, main, picture, until, wait, whole_screen
from qgis.core import QgsApplication, QgsProject, QgsSettingsTree
from qgis.PyQt.QtCore import QEvent, QObject, QTimer
from qgis.PyQt.QtWidgets import QApplication, QTextBrowser
from qgis.utils import iface, loadPlugin, plugins, startPlugin, unloadPlugin

from raw_qgis_plugin.processing.provider import ALGORITHMS

NAME = "raw_qgis_plugin"
WINDOWS = ("sample", "train", "models", "environment", "help")
report = {
    "errors": [],
    "dialogs": {},
    "with": [],
    "without": [],
    "order": [each.ID for each in ALGORITHMS],
}


def is_ours(thing):
    return thing.objectName().lower().startswith("raw") or type(thing).__module__.startswith(NAME)


def is_empty(module):
    """Whether a module is a package. QGIS unloads a plugin's modules, but not its packages, which
    hold nothing.
    """
    return (getattr(module, "__file__", "") or "").endswith("__init__.py")


def registered():
    """Everything of the plugin that is registered in QGIS, counted or named."""
    window = iface.mainWindow()
    tree = QgsSettingsTree.node("plugins")
    provider = QgsApplication.processingRegistry().providerById("raw")
    scene = iface.mapCanvas().scene().items()
    return {
        "objects": dict(
            Counter(
                f"{type(o).__name__} {o.objectName()}"
                for o in window.findChildren(QObject)
                if is_ours(o)
            )
        ),
        "windows": sorted(
            {
                type(w).__name__
                for w in QApplication.topLevelWidgets()
                if is_ours(w) and w is not window
            }
        ),
        "menu": [a.text() for a in iface.pluginMenu().actions() if a.text() == "RAW"],
        "algorithms": sorted(each.name() for each in provider.algorithms()) if provider else [],
        "handlers": len(logging.getLogger(NAME).handlers),
        "on the canvas": sorted(Counter(type(item).__name__ for item in scene).items()),
        "threads": sorted(
            t.name for t in threading.enumerate() if t is not threading.main_thread()
        ),
        "settings": [n.key() for n in tree.childrenNodes() if n.key() == "raw"] if tree else [],
        "path": [p for p in sys.path if "raw" + os.sep + "venv" in p],
        "tasks": len(QgsApplication.taskManager().activeTasks()),
        "modules": sorted(
            name for name, m in sys.modules.items() if name.startswith(NAME) and not is_empty(m)
        ),
    }


def settle():
    """Wait until objects with deleteLater are deleted."""
    wait(0.5)
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    until(lambda: QgsApplication.taskManager().countActiveTasks() == 0, 60, "tasks to end")
    wait(0.3)


def use_windows():
    """Open every window, and the dock. They are open when the plugin is unloaded."""
    menu = plugins[NAME].menu
    for name in WINDOWS:
        QgsProject.instance().setDirty(False)
        menu.actions[name].trigger()
        wait(0.4)
    report["sample"] = [QgsProject.instance().title(), QgsProject.instance().crs().authid()]
    box = find(menu.dock, "raw_min_users")
    box.setValue(12)
    report["set"] = (
        QgsSettingsTree.node("plugins").childNode("raw").childSetting("min-users").valueAsVariant()
    )
    box.setValue(10)


def open_dialogs(tracks, regions):
    """Open the dialog of every algorithm, with the layer that it should start with."""
    menu = plugins[NAME].menu
    for name in report["order"]:
        iface.setActiveLayer(regions if name == "scoreregions" else tracks)
        menu.actions[name].trigger()
        wait(0.6)
        dialog = next(
            w for w in QApplication.topLevelWidgets() if w.isVisible() and hasattr(w, "algorithm")
        )
        # not of the import
        wrappers = dialog.mainWidget().wrappers if hasattr(dialog, "mainWidget") else {}
        report["dialogs"][name] = {
            each: str(wrappers[each].parameterValue())
            for each in ("INPUT", "REGIONS")
            if each in wrappers
        }
        dialog.resize(1000, 760)
        picture(dialog, f"dialog_{name}")
        dialog.close()
        wait()


def run_by_hand(tracks):
    """Press Run in a dialog. The algorithm runs in another thread."""
    dialog = plugins[NAME].menu.open_dialog("forecasttracks")
    dialog.setParameters(
        {"INPUT": tracks.id(), "HORIZON": 3, "STEP": 1, "OUTPUT": "TEMPORARY_OUTPUT"}
    )
    dialog.runButton().click()
    until(dialog.wasExecuted, LONG, "the forecasts")
    report["log"] = dialog.findChild(QTextBrowser, "txtLog").toPlainText()
    dialog.close()
    nodes = QgsProject.instance().layerTreeRoot().findLayers()
    report["layers"] = {
        node.layer().name(): [node.parent().name(), node.layer().featureCount()] for node in nodes
    }


def work():
    whole_screen()
    tracks, regions = (
        add(os.environ["RAW_TRACKS"], "Tracks"),
        add(os.environ["RAW_REGIONS"], "Regions"),
    )
    open_dialogs(tracks, regions)
    run_by_hand(tracks)
    QgsProject.instance().setDirty(False)
    QgsProject.instance().clear()
    assert unloadPlugin(NAME)
    settle()
    report["without"].append(registered())
    for _ in range(2):
        assert loadPlugin(NAME) and startPlugin(NAME)
        wait(0.5)
        report["with"].append(registered())
        use_windows()
        QgsProject.instance().setDirty(False)
        QgsProject.instance().clear()
        assert unloadPlugin(NAME)
        settle()
        report["without"].append(registered())


QTimer.singleShot(1500, lambda: main(work, report))
