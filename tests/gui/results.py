# SPDX-License-Identifier: GPL-2.0-or-later
"""Results that stay, and a forecast that is read: run as `qgis --code`, with real mouse and key events.

Opens the tracks of $RAW_TRACKS, labels, forecasts, steps the map's clock, chooses a track, switches the clock off and
sets it to another time, tests the forecasts, saves the project, opens it again, and repeats the last run.
"""

import os
import sqlite3
import sys
from pathlib import Path

sys.path.insert(0, str(Path(os.environ["RAW_SCRIPTS"])))

from driving import LEFT, add, embedded, find, groups, main, picture, press, show_tab, until, wait
from qgis.core import QgsDateTimeRange, QgsExpressionContextUtils, QgsProject, QgsTemporalNavigationObject
from qgis.PyQt.QtCore import QDateTime, Qt, QTimer
from qgis.PyQt.QtTest import QTest
from qgis.PyQt.QtWidgets import QApplication, QComboBox, QDockWidget, QLabel, QTableWidget, QToolBar
from qgis.utils import iface

PROJECT = Path(os.environ["RAW_REPORT"]).with_name("week.qgz")
RECENT = "#24425c"  # the colour of recent tracks
report = {"errors": [], "offset": QDateTime.currentDateTime().offsetFromUtc()}


def open_dock():
    window = iface.mainWindow()
    window.setGeometry(window.screen().geometry())
    window.findChild(QDockWidget, "Browser").hide()
    tracks = add(os.environ["RAW_TRACKS"], "Tracks")
    iface.setActiveLayer(tracks)
    bar = next(bar for bar in window.findChildren(QToolBar) if bar.objectName() == "RawToolbar")
    action = next(action for action in bar.actions() if action.objectName() == "raw_dock")
    QTest.mouseClick(bar.widgetForAction(action), LEFT)
    dock = find(window, "RawDock")
    embedded(dock)
    iface.messageBar().clearWidgets()
    return dock, tracks


def drawn(name):
    """How many pixels of the map have the colour of recent tracks, or of areas, after a picture of the window."""
    iface.messageBar().clearWidgets()
    canvas = iface.mapCanvas()
    canvas.waitWhileRendering()
    wait(1)
    picture(iface.mainWindow(), name)
    image = canvas.grab().toImage()
    colours = [image.pixelColor(x, y) for x in range(0, image.width(), 2) for y in range(0, image.height(), 2)]
    recent = sum(abs(c.red() - 0x24) + abs(c.green() - 0x42) + abs(c.blue() - 0x5C) < 40 for c in colours)
    areas = sum(c.red() > c.blue() + 8 for c in colours)
    return [recent, areas]


def idle(dock):
    until(lambda: dock.session.job is None, 200, "the job")
    wait(0.5)


def forecast(dock):
    show_tab(dock, 2)
    report["unit"] = find(dock, "raw_unit", QComboBox).currentData()
    press(dock, "raw_go")
    idle(dock)
    report["forecast"] = dock.forecast.words.text()
    assert find(dock, "raw_again_backtest").isHidden()
    report["listed"] = find(dock, "raw_track", QComboBox).count() - 1
    report["chosen"] = find(dock, "raw_track", QComboBox).currentText()
    report["steps"] = [drawn("results_step1")]
    for number in (2, 3):
        press(dock, "raw_ahead")
        report["steps"].append(drawn(f"results_step{number}"))
    report["clock right"] = find(dock, "raw_clock_words", QLabel).text()
    box = find(dock, "raw_track", QComboBox)
    box.setFocus()
    QTest.keyClick(box, Qt.Key.Key_Down)
    wait(0.5)
    report["next"] = box.currentText()
    areas = next(x for x in QgsProject.instance().mapLayers().values() if x.name() == "Forecast: areas")
    report["variable"] = QgsExpressionContextUtils.layerScope(areas).variable("raw_track")
    controller = iface.mapCanvas().temporalController()
    before = controller.temporalExtents()
    hours = 3 * 3600
    controller.setTemporalExtents(QgsDateTimeRange(before.begin().addSecs(hours), before.end().addSecs(hours)))
    wait(0.3)
    report["clock shifted"] = find(dock, "raw_clock_words", QLabel).text()
    picture(iface.mainWindow(), "results_shifted")
    controller.setNavigationMode(QgsTemporalNavigationObject.NavigationOff)
    wait(0.3)
    report["clock off"] = find(dock, "raw_clock_words", QLabel).text()
    report["off"] = drawn("results_clock_off")


def test_forecasts(dock):
    press(dock, "raw_backtest_button")
    idle(dock)
    area = find(dock, "raw_tabs").currentWidget()
    area.ensureWidgetVisible(find(dock, "raw_backtest_table"))
    picture(iface.mainWindow(), "results_backtest")
    report["verdict"] = find(dock, "raw_verdict", QLabel).text()
    press(dock, "raw_backtest_table")
    wait(0.5)
    rows = next(x for x in QApplication.topLevelWidgets() if x.isVisible() and x.objectName() == "raw_backtest_rows")
    report["rows"] = find(rows, "raw_backtest_list", QTableWidget).rowCount()
    picture(rows, "results_rows")
    press(rows, "raw_backtest_all")
    wait(1)
    table = next(x for x in QApplication.topLevelWidgets() if x.isVisible() and "Backtest — " in x.windowTitle())
    report["table"] = table.windowTitle().strip()
    picture(table, "results_table")
    table.close()
    rows.close()


def save_and_open(dock):
    project = QgsProject.instance()
    project.setFileName(str(PROJECT))
    iface.actionSaveProject().trigger()
    wait(1)
    report["messages"] = [item.text() for item in iface.messageBar().items() if "RAW" in item.title()]
    report["dirty"] = project.isDirty()
    report["sources"] = {layer.name(): layer.source() for layer in project.mapLayers().values()}
    with sqlite3.connect(PROJECT.with_name("week_raw.gpkg")) as tables:
        report["tables"] = [name for (name,) in tables.execute("SELECT table_name FROM gpkg_contents")]
        report["styles"] = [name for (name,) in tables.execute("SELECT f_table_name FROM layer_styles")]
    before = counts()
    iface.newProject(False)
    until(lambda: dock.session.layer is None, 10, "an empty project")
    report["empty"] = [dock.forecast.words.text(), dock.forecast.again.isVisible()]
    iface.addProject(str(PROJECT))
    embedded(dock)
    wait(1)
    report["counts"] = [before, counts()]
    report["groups"] = groups()
    report["reopened"] = {
        "forecast": dock.forecast.words.text(), "verdict": find(dock, "raw_verdict", QLabel).text(),
        "chosen": find(dock, "raw_track", QComboBox).currentText(), "users": dock.users.words.text(),
        "horizon": dock.forecast.horizon.value(),
    }  # fmt: skip
    iface.messageBar().clearWidgets()
    picture(iface.mainWindow(), "results_reopened")
    show_tab(dock, 1)
    picture(iface.mainWindow(), "results_reopened_users")


def counts():
    return {x.name(): x.featureCount() for x in QgsProject.instance().mapLayers().values()}


def run_again(dock, tracks):
    """The layer has fewer users now."""
    show_tab(dock, 2)
    tracks = dock.session.layer
    tracks.setSubsetString("user_id IN ('0', '4', '8', '9')")
    embedded(dock)
    press(dock, "raw_again_forecasttracks")
    idle(dock)
    report["again"] = [dock.forecast.words.text(), len(groups_of_runs())]
    picture(iface.mainWindow(), "results_again")


def groups_of_runs():
    (group,) = QgsProject.instance().layerTreeRoot().findGroups()
    return [each.name() for each in group.findGroups()]


def work():
    dock, tracks = open_dock()
    show_tab(dock, 1)
    press(dock, "raw_user_profile")
    idle(dock)
    report["labels"] = dock.users.words.text()
    dock.users.unit.setCurrentIndex(dock.users.unit.findData("diary"))
    press(dock, "raw_user_profile")
    idle(dock)
    report["diary"] = dock.users.words.text()
    forecast(dock)
    test_forecasts(dock)
    report["runs"] = groups_of_runs()
    save_and_open(dock)
    run_again(dock, tracks)


QTimer.singleShot(1500, lambda: main(work, report))
