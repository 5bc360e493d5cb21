# SPDX-License-Identifier: GPL-2.0-or-later
"""The dock in a QGIS without the model's libraries: run as `qgis --code`."""

import os
import sys

sys.path.insert(0, os.environ["RAW_SCRIPTS"])

from driving import find, main, picture, wait
from qgis.PyQt.QtCore import QTimer
from qgis.PyQt.QtWidgets import QTabWidget
from qgis.utils import iface, plugins

report = {"errors": []}


def work():
    window = iface.mainWindow()
    window.setGeometry(window.screen().geometry())
    dock = plugins["raw_qgis_plugin"].menu.show_dock()
    wait(0.5)
    report["words"] = find(dock, "raw_missing").text()
    report["tabs"] = len(dock.findChildren(QTabWidget))
    picture(window, "dock_missing")


QTimer.singleShot(1500, lambda: main(work, report))
