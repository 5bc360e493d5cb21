# SPDX-License-Identifier: GPL-2.0-or-later
"""Load, unload, load: lists the parts of the plugin in QGIS each time. Run as `qgis --code`."""

import logging
import os
import sys
import threading
from collections import Counter

sys.path.insert(0, os.environ["RAW_SCRIPTS"])

from driving import main, picture, until, wait
from qgis.core import QgsApplication, QgsExpression, QgsProject, QgsSettings, QgsSettingsTree
from qgis.PyQt.QtCore import QEvent, QObject, QTimer
from qgis.PyQt.QtWidgets import QApplication
from qgis.utils import iface, loadPlugin, plugins, startPlugin, unloadPlugin

NAME = "raw_qgis_plugin"
IN_MENU = ("sample", "train", "models", "environment", "diagnostics", "help")
report = {"errors": [], "with": [], "without": []}


def settle():
    """Wait until objects with deleteLater are deleted."""
    wait(0.5)
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    wait(0.3)


def is_ours(thing):
    name = thing.objectName().lower()
    return name.startswith("raw") or type(thing).__module__.startswith(NAME)


def is_empty(module):
    """Whether a module is a package. QGIS unloads a plugin's modules, but not its packages, which hold nothing."""
    return (getattr(module, "__file__", "") or "").endswith("__init__.py")


def registered():
    """Everything of the plugin that is registered in QGIS, counted or named."""
    window = iface.mainWindow()
    ours = Counter(f"{type(o).__name__} {o.objectName()}" for o in window.findChildren(QObject) if is_ours(o))
    tops = [type(w).__name__ for w in QApplication.topLevelWidgets() if is_ours(w) and w is not window]
    scene = iface.mapCanvas().scene().items()
    tree = QgsSettingsTree.node("plugins")
    return {
        "objects": dict(ours),
        "windows": sorted(set(tops)),
        "menu": [a.text() for a in iface.pluginMenu().actions() if a.text() == "RAW"],
        "providers": [p.id() for p in QgsApplication.processingRegistry().providers() if p.id() == "raw"],
        "functions": sorted(f.name() for f in QgsExpression.Functions() if f.name().startswith("raw_")),
        "handlers": len(logging.getLogger(NAME).handlers),
        "on the canvas": sorted(Counter(type(item).__name__ for item in scene).items()),
        "threads": sorted(t.name for t in threading.enumerate() if t is not threading.main_thread()),
        "settings": [n.key() for n in tree.childrenNodes() if n.key() == "raw"] if tree else [],
        "path": [p for p in sys.path if "raw" + os.sep + "venv" in p],
        "tasks": len(QgsApplication.taskManager().activeTasks()),
        "modules": sorted(name for name, m in sys.modules.items() if name.startswith(NAME) and not is_empty(m)),
    }


def use():
    """Open every window, the tour with the dock, and the options. They are open when the plugin is unloaded."""
    menu = plugins[NAME].menu
    for name in IN_MENU:
        QgsProject.instance().setDirty(False)
        next(action for action in menu.actions if action.objectName() == f"raw_{name}").trigger()
        wait(0.4)
    tour = next(w for w in QApplication.topLevelWidgets() if w.objectName() == "RawTour")
    report["title"] = QgsProject.instance().title()
    report["layers"] = sorted(layer.name() for layer in QgsProject.instance().mapLayers().values())
    report["crs"] = QgsProject.instance().crs().authid()
    for step in range(len(tour.steps)):
        tour.go(step)
        wait(0.3)
        picture(iface.mainWindow(), f"tour_{step}")
    page = plugins[NAME].options.createWidget(iface.mainWindow())
    page.min_users.setValue(12)
    page.apply()
    report["set"] = QgsSettingsTree.node("plugins").childNode("raw").childSetting("min-users").valueAsVariant()
    page.min_users.setValue(10)
    page.apply()
    page.deleteLater()


def work():
    window = iface.mainWindow()
    window.setGeometry(window.screen().geometry())
    assert unloadPlugin(NAME)
    settle()
    report["without"].append(registered())
    for _ in range(2):
        assert loadPlugin(NAME) and startPlugin(NAME)
        wait(0.5)
        report["with"].append(registered())
        use()
        QgsProject.instance().setDirty(False)
        QgsProject.instance().clear()
        assert unloadPlugin(NAME)
        QgsSettings().remove("raw/dock_open")  # else the dock comes back, as it should
        settle()
        until(lambda: QgsApplication.taskManager().countActiveTasks() == 0, 60, "tasks to end")
        settle()
        report["without"].append(registered())


QTimer.singleShot(1500, lambda: main(work, report))
