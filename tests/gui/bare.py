# SPDX-License-Identifier: GPL-2.0-or-later
"""A QGIS without the model's libraries: the plugin explains what is missing, and installs it. Run
as `qgis --code`.
"""

import os
import sys
from importlib.util import find_spec
from pathlib import Path

sys.path.insert(0, os.environ["RAW_SCRIPTS"])

from driving import find, main, picture, until, wait
from qgis.core import QgsApplication
from qgis.PyQt.QtCore import QTimer
from qgis.PyQt.QtWidgets import QApplication
from qgis.utils import iface, plugin_times, plugins

from raw_qgis_plugin.environment import locks

NAME = "raw_qgis_plugin"
report = {"errors": []}


def work():
    window = iface.mainWindow()
    window.setGeometry(window.screen().geometry())
    menu = plugins[NAME].menu
    report["seconds"], report["processing"] = (
        float(plugin_times[p].removesuffix("s")) for p in (NAME, "processing")
    )
    report["there"] = [name for name in ("onnxruntime", "shapely", "torch") if find_spec(name)]
    provider = QgsApplication.processingRegistry().providerById("raw")
    report["can"] = {a.id(): a.canExecute() for a in provider.algorithms()}
    dock = menu.show_dock()
    wait(0.5)
    report["dock"] = find(dock, "raw_missing").text()
    iface.messageBar().clearWidgets()
    menu.open_dialog("scoreregions")
    wait(0.5)
    picture(window, "bare_message")
    report["message"] = iface.messageBar().currentItem().text()
    dialog = next(w for w in QApplication.topLevelWidgets() if w.objectName() == "RawEnvironment")
    until(lambda: dialog.gpus is not None, 60, "the look at the hardware")
    report["before"] = dialog.summary.text()
    picture(dialog, "environment_missing")

    dialog.wheels.setFilePath(os.environ["RAW_WHEELS"])
    locks.find = lambda folder: Path(os.environ["RAW_WHEELS"], "wheels.lock")  # of the imitations
    dialog.install_button.click()
    until(lambda: not dialog.bar.isVisible(), 180, "the installation")
    report["after"] = dialog.summary.text()
    report["log"] = dialog.log.toPlainText()[-2000:]
    report["last on the path"] = sys.path[-1]
    report["usable"] = find_spec("onnxruntime") is not None
    import numpy

    report["numpy"] = numpy.__file__
    until(lambda: dialog.gpus is not None, 60, "the second look")
    picture(dialog, "environment_installed")


QTimer.singleShot(1500, lambda: main(work, report))
