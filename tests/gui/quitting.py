# SPDX-License-Identifier: GPL-2.0-or-later
"""QGIS is closed while RAW installs, forecasts and embeds for the dock, after another run has
failed.

Run as `qgis --code`.
"""

import json
import os
import sys
import traceback
from pathlib import Path

sys.path.insert(0, os.environ["RAW_SCRIPTS"])

from driving import add, until, wait
from qgis.core import (
    QgsApplication,
    QgsProcessingAlgRunnerTask,
    QgsProcessingContext,
    QgsProcessingFeedback,
    QgsProject,
)
from qgis.PyQt.QtCore import QTimer
from qgis.PyQt.QtWidgets import QApplication, QMessageBox
from qgis.utils import iface, plugins

report = {"errors": [], "failed": []}
kept = []


def begin():
    """Start three jobs that run for long."""
    packages = plugins["raw_qgis_plugin"].menu.open_window("environment")
    packages.with_training.setChecked(True)
    packages.install()
    until(lambda: packages.installer.child, 60, "the installation to begin")
    report["child"] = packages.installer.child.pid
    tracks = add(os.environ["RAW_TRACKS"], "Tracks")
    fail(tracks)
    plugins["raw_qgis_plugin"].menu.show_dock()
    context, feedback = QgsProcessingContext(), QgsProcessingFeedback()
    context.setProject(QgsProject.instance())
    algorithm = QgsApplication.processingRegistry().createAlgorithmById("raw:forecasttracks")
    values = {"INPUT": tracks.id(), "HORIZON": 900, "STEP": 1, "OUTPUT": "TEMPORARY_OUTPUT"}
    task = QgsProcessingAlgRunnerTask(algorithm, values, context, feedback)
    kept.extend((context, feedback, task))
    QgsApplication.taskManager().addTask(task)
    until(lambda: QgsApplication.taskManager().countActiveTasks() >= 2, 10, "two tasks at work")
    wait(0.2)
    report["tasks"] = QgsApplication.taskManager().countActiveTasks()


def fail(tracks):
    """Let an algorithm fail. QGIS keeps its error, with the traceback, until QGIS itself ends."""
    from raw_qgis_plugin.tasks.job import AlgorithmJob

    values = {"INPUT": tracks.id(), "MODEL": "/there/is/no/model"}
    AlgorithmJob(
        "raw:profileusers",
        values,
        ["OUTPUT"],
        "fails",
        lambda *_: None,
        lambda *_: None,
        report["failed"].append,
    ).start()
    until(lambda: report["failed"], 60, "the run to fail")


def leave():
    """Close QGIS. It offers to cancel running tasks, and must be closed again after that."""
    box = QApplication.activeModalWidget()
    if isinstance(box, QMessageBox):
        box.button(QMessageBox.StandardButton.Yes).click()
    elif box is None:
        QgsProject.instance().setDirty(False)
        # a timer waits for its own slot, so not in there
        QTimer.singleShot(0, iface.actionExit().trigger)


def work():
    try:
        begin()
    except BaseException:
        report["errors"].append(traceback.format_exc())
    Path(os.environ["RAW_REPORT"]).write_text(json.dumps(report))
    timer = QTimer(iface.mainWindow())
    timer.timeout.connect(leave)
    timer.start(300)


QTimer.singleShot(1500, work)
