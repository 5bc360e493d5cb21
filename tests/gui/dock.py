# SPDX-License-Identifier: GPL-2.0-or-later
"""A session with the dock, done with real mouse and key events: run as `qgis --code`.

Opens the tracks of $RAW_TRACKS, draws regions, takes the selected ones of $RAW_REGIONS, looks at a user, labels all,
forecasts, steps the map's clock, reloads the plugin, saves the project and opens it again. Names of pictures end in
$RAW_SUFFIX.
"""

import os
import shutil
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(os.environ["RAW_SCRIPTS"])))

from driving import (
    RIGHT,
    Heart,
    add,
    click_map,
    embedded,
    find,
    groups,
    key,
    main,
    on_map,
    picture,
    press,
    show_tab,
    until,
    wait,
)
from qgis.core import QgsApplication, QgsProject
from qgis.gui import QgsRubberBand
from qgis.PyQt import sip
from qgis.PyQt.QtCore import Qt, QTimer
from qgis.PyQt.QtTest import QTest
from qgis.PyQt.QtWidgets import QAbstractButton, QApplication, QDockWidget, QLabel, QScrollBar, QToolBar, QWidget
from qgis.utils import iface, loadPlugin, plugins, startPlugin, unloadPlugin

NAME = "raw_qgis_plugin"
SUFFIX = os.environ.get("RAW_SUFFIX", "")
report = {"errors": [], "regions": [], "cards": [], "corners": [], "cut": []}


def words(widget):
    return [label.text() for label in widget.findChildren(QLabel) if label.text()]


def cut_off(dock):
    """Labels, buttons and boxes of the dock that get less width than their text needs, or lie outside their page."""
    page = dock.widget()
    for widget in page.findChildren(QWidget):
        if not widget.isVisible() or isinstance(widget, QScrollBar) or widget.objectName().startswith("qt_"):
            continue
        right = widget.mapTo(page, widget.rect().topRight()).x()
        words = widget.text() if isinstance(widget, (QLabel, QAbstractButton)) else ""
        wraps = isinstance(widget, QLabel) and widget.wordWrap()
        narrow = bool(words) and not wraps and widget.width() < widget.minimumSizeHint().width()
        if right > page.width() or narrow:
            report["cut"].append([type(widget).__name__, widget.objectName(), words])


def rubber_bands():
    return sum(isinstance(item, QgsRubberBand) for item in iface.mapCanvas().scene().items())


def open_sample():
    window = iface.mainWindow()
    report["bands before"] = rubber_bands()
    window.setGeometry(window.screen().geometry())  # there is no window manager to maximise it
    window.findChild(QDockWidget, "Browser").hide()
    tracks = add(os.environ["RAW_TRACKS"], "Tracks")
    regions = add(os.environ["RAW_REGIONS"], "Regions")
    iface.setActiveLayer(tracks)
    canvas = iface.mapCanvas()
    canvas.setExtent(canvas.mapSettings().layerExtentToOutputExtent(tracks, tracks.extent()))
    canvas.refresh()
    bar = next(bar for bar in window.findChildren(QToolBar) if bar.objectName() == "RawToolbar")
    action = next(action for action in bar.actions() if action.objectName() == "raw_dock")
    QTest.mouseClick(bar.widgetForAction(action), Qt.MouseButton.LeftButton)
    dock = find(window, "RawDock")
    embedded(dock)
    wait(0.5)
    report["summary"] = find(dock, "raw_summary").text()
    report["device"] = find(dock, "raw_device").text()
    iface.messageBar().clearWidgets()
    picture(window, f"dock_open{SUFFIX}")
    return dock, tracks, regions


def draw(dock, corners, undo=False):
    """Press Draw, click the corners, and close with a right click."""
    canvas = iface.mapCanvas()
    before = canvas.mapTool()
    count = len(dock.regions.shown)
    press(dock, "raw_region_polygon")
    wait(0.2)
    for x, y in corners:
        click_map(x, y)
    if undo:
        click_map(corners[0][0] + 0.3, corners[0][1] + 0.3)  # a corner too many
        key(Qt.Key.Key_Backspace)
    click_map(*corners[-1], RIGHT)
    until(lambda: len(dock.regions.shown) > count, 5, "the region")
    wait(0.3)
    shape = dock.regions.regions.layer.getFeature(dock.regions.shown[-1].id).geometry()
    report["corners"].append(shape.constGet().nCoordinates() - 1)
    assert canvas.mapTool() is before


def corners_around(canvas, share_x, share_y, size):
    box = canvas.extent()
    x, y = box.xMinimum() + share_x * box.width(), box.yMinimum() + share_y * box.height()
    w, h = size * box.width(), size * box.height()
    return [(x - w, y - h), (x + w, y - 0.8 * h), (x + 0.9 * w, y + h), (x - 0.7 * w, y + 0.9 * h)]


def regions(dock, polygons):
    canvas = iface.mapCanvas()
    find(dock, "raw_min_users").setValue(int(os.environ["RAW_LEAST"]))
    draw(dock, corners_around(canvas, 0.5, 0.5, 0.3))
    picture(iface.mainWindow(), f"dock_region{SUFFIX}")
    cut_off(dock)
    report["cards"].append(words(find(dock, "raw_region_card")))
    draw(dock, corners_around(canvas, 0.52, 0.5, 0.24), undo=True)
    report["cards"].append(words(find(dock, "raw_region_card")))
    # Esc gives up
    press(dock, "raw_region_polygon")
    click_map(*corners_around(canvas, 0.5, 0.5, 0.1)[0])
    key(Qt.Key.Key_Escape)
    wait(0.2)
    report["after Esc"] = len(dock.regions.shown)
    report["drawing after Esc"] = find(dock, "raw_region_polygon").isChecked()
    if report["drawing after Esc"]:
        press(dock, "raw_region_polygon")
    # a box by dragging
    press(dock, "raw_region_box")
    box = corners_around(canvas, 0.5, 0.5, 0.02)
    viewport, left = canvas.viewport(), Qt.MouseButton.LeftButton
    QTest.mousePress(viewport, left, Qt.KeyboardModifier.NoModifier, on_map(*box[0]))
    for share in (0.3, 0.6, 1.0):
        at = [a + share * (b - a) for a, b in zip(box[0], box[2])]
        QTest.mouseMove(viewport, on_map(*at))
        wait(0.05)
    QTest.mouseRelease(viewport, left, Qt.KeyboardModifier.NoModifier, on_map(*box[2]))
    until(lambda: len(dock.regions.shown) == 3, 5, "the box")
    wait(0.3)
    report["cards"].append(words(find(dock, "raw_region_card")))
    polygons.selectAll()
    press(dock, "raw_region_selected")
    until(lambda: len(dock.regions.shown) == 3 + polygons.featureCount(), 60, "the selected polygons")
    polygons.removeSelection()
    table = find(dock, "raw_region_list")
    table.selectRow(0)
    wait(0.3)
    picture(iface.mainWindow(), f"dock_regions{SUFFIX}")
    layer = dock.regions.regions.layer
    layer.changeAttributeValue(dock.regions.shown[0].id, layer.fields().lookupField("name"), "Centre")
    wait(0.3)
    dialog = compare(dock, table)
    picture(dialog, f"dock_compare{SUFFIX}")
    dialog.close()
    table.clearSelection()
    table.selectRow(1)
    QTest.mouseClick(dock.regions.away, Qt.MouseButton.LeftButton)
    wait(0.3)
    report["regions"] = rows(layer)
    report["region layer"] = [layer.name(), QgsProject.instance().layerTreeRoot().findLayer(layer).parent().name()]


def compare(dock, table):
    table.selectRow(0)
    table.setSelectionMode(table.SelectionMode.MultiSelection)
    table.selectRow(1)
    table.setSelectionMode(table.SelectionMode.ExtendedSelection)
    QTest.mouseClick(dock.regions.compare, Qt.MouseButton.LeftButton)
    wait(0.3)
    return find(iface.mainWindow(), "raw_compare")


def rows(layer):
    return [dict(zip(layer.fields().names(), map(plain, f.attributes()))) for f in layer.getFeatures()]


def plain(value):
    return value if isinstance(value, (str, int, float, bool)) else None


def users(dock, tracks):
    show_tab(dock, 1)
    canvas = iface.mapCanvas()
    feature = next(tracks.getFeatures())
    at = canvas.mapSettings().layerToMapCoordinates(tracks, feature.geometry().asPoint())
    press(dock, "raw_user_click")
    click_map(at.x(), at.y())
    until(lambda: dock.users.card is not None, 10, "the user's card")
    report["user"] = words(find(dock, "raw_user_card"))
    picture(iface.mainWindow(), f"dock_user{SUFFIX}")
    cut_off(dock)
    press(dock, "raw_user_click")
    report["unit"] = dock.users.unit.currentData()  # that of the shipped label
    for unit in ("user", "diary", "track"):
        dock.users.unit.setCurrentIndex(dock.users.unit.findData(unit))
        press(dock, "raw_user_profile")
        until(lambda: dock.session.job is None, 120, "the labels")
        wait(0.5)
        report[f"labelled {unit}"] = dock.users.words.text()
    picture(iface.mainWindow(), f"dock_labelled{SUFFIX}")
    report["joined"] = [name for name in tracks.fields().names() if name.startswith("raw_")]


def forecast(dock, tracks):
    show_tab(dock, 2)
    press(dock, "raw_backtest_button")
    until(lambda: dock.session.job is None, 120, "the backtest")
    wait(0.5)
    find(dock, "raw_horizon_min").setValue(5)
    find(dock, "raw_step_min").setValue(1)
    QApplication.setActiveWindow(iface.mainWindow())  # Xvfb has no window manager
    go = find(dock, "raw_go")
    go.setFocus()
    bar = find(dock, "raw_tabs").currentWidget().verticalScrollBar()
    bar.setValue(go.y())
    press(dock, "raw_go")  # Qt moves the focus on, to the backtest's table, and the page with it
    report["scrolled"] = bar.value()
    until(lambda: dock.session.job is None, 120, "the forecasts")
    until(lambda: dock.forecast.chart is not None, 5, "the chart")
    wait(1.5)
    report["track in sight"] = not find(dock, "raw_track").visibleRegion().isEmpty()
    report["forecast"] = dock.forecast.words.text()
    report["controller"] = iface.mainWindow().findChild(QDockWidget, "Temporal Controller").isVisible()
    report["map height"], report["clock words"] = iface.mapCanvas().height(), dock.forecast.clock_words.text()
    controller = iface.mapCanvas().temporalController()
    frames = [controller.currentFrameNumber()]
    for _ in range(2):
        press(dock, "raw_ahead")
        wait(0.2)
        frames.append(controller.currentFrameNumber())
    report["frames"] = frames
    report["clock"] = controller.dateTimeRangeForFrameNumber(2).begin().toString(Qt.DateFormat.ISODate)
    cut_off(dock)
    wait(1.0)
    picture(iface.mainWindow(), f"dock_forecast{SUFFIX}")


def reload(dock):
    assert unloadPlugin(NAME)
    wait(0.5)
    tasks = [task.description() for task in QgsApplication.taskManager().tasks()]
    report["left over"] = {
        "docks": [d.objectName() for d in iface.mainWindow().findChildren(QDockWidget) if "Raw" in d.objectName()],
        "bands": rubber_bands(),
        "tasks": [words for words in tasks if words.startswith("RAW")],
    }
    assert loadPlugin(NAME) and startPlugin(NAME)
    wait(0.5)
    again = plugins[NAME].menu.show_dock()
    embedded(again)
    report["again"] = find(again, "raw_summary").text()
    report["time zone"] = find(again, "raw_timezone").currentText()
    return again


def regions_again(dock):
    """The regions that the dock and the project restored."""
    until(lambda: dock.regions.shown and dock.session.job is None, 60, "the regions")
    wait(0.5)
    layer, table = dock.regions.regions.layer, find(dock, "raw_region_list")
    return {
        "rows": rows(layer),
        "list": [[table.item(row, column).text() for column in (0, 1)] for row in range(table.rowCount())],
        "legend": [item.label() for item in layer.renderer().legendSymbolItems()],
        "layers": len([x for x in QgsProject.instance().mapLayers().values() if "Drawn" in x.name()]),
        "least": find(dock, "raw_min_users").value(),
    }


def reopen(dock):
    """Save, begin a new project, and open what was saved."""
    project = QgsProject.instance()
    project.setFileName(str(Path(os.environ["RAW_REPORT"]).with_name("regions.qgz")))
    iface.actionSaveProject().trigger()
    wait(0.5)
    report["dirty after saving"] = project.isDirty()
    report["layer remembered"] = project.readEntry("raw", "layer")[0] == dock.session.layer.id()
    iface.newProject(False)
    until(lambda: dock.session.layer is None, 10, "an empty project")
    iface.addProject(str(Path(os.environ["RAW_REPORT"]).with_name("regions.qgz")))
    embedded(dock)
    show_tab(dock, 0)
    report["reopened"] = regions_again(dock)
    draw(dock, corners_around(iface.mapCanvas(), 0.5, 0.5, 0.2))
    report["next"] = dock.regions.shown[-1].name
    picture(iface.mainWindow(), f"dock_reopened{SUFFIX}")


def cancel_and_repeat(dock):
    """Embed without the cache, press Cancel, and embed again."""
    from raw_qgis_plugin.environment.folders import cache_folder

    shutil.rmtree(cache_folder(), ignore_errors=True)
    dock.session.city = None
    dock.session.prepare()
    job = dock.session.job
    until(lambda: job.share > 0, 60, "the first batch")
    began = time.monotonic()
    press(dock, "raw_cancel")
    report["cancel shown"] = dock.session.job is None
    until(lambda: sip.isdeleted(job) or not job.isActive(), 60, "the task to stop")
    report["cancelled after"] = round(time.monotonic() - began, 2)
    report["city after cancel"] = dock.session.city is not None
    wait(0.3)
    report["estimate"] = find(dock, "raw_prepare").text()
    press(dock, "raw_prepare")
    until(lambda: dock.session.city is not None, 120, "the users to be embedded")


def work():
    dock, tracks, polygons = open_sample()
    heart = Heart()
    regions(dock, polygons)
    users(dock, tracks)
    forecast(dock, tracks)
    heart.end()
    report["heart"] = {"longest": round(heart.longest, 3), "blocks": heart.blocks}
    report["groups"] = groups()
    card = dock.source.show_card()
    picture(card, f"dock_card{SUFFIX}")
    card.close()
    cancel_and_repeat(dock)
    find(dock, "raw_timezone").choose("America/Maceio")
    embedded(dock)
    again = reload(dock)
    report["reloaded"] = regions_again(again)
    reopen(again)


QTimer.singleShot(1500, lambda: main(work, report))
