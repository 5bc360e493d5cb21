# SPDX-License-Identifier: GPL-2.0-or-later
"""A session with the dock, with real mouse and key events: run as `qgis --code`.

Opens the tracks of $RAW_TRACKS, draws regions, takes those of $RAW_REGIONS, looks at a user, labels
all, forecasts, steps the map's clock, shows the basemap of $RAW_TILES, makes a map, saves the
project, loads the plugin anew and opens the project again.
"""

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(os.environ["RAW_SCRIPTS"])))

from driving import (
    LEFT,
    Heart,
    add,
    around,
    click_map,
    cut_off,
    draw,
    embedded,
    find,
    groups,
    idle,
    key,
    main,
    menu,
    open_dock,
    picture,
    press,
    show_tab,
    until,
    wait,
    whole_screen,
    words,
)
from qgis.core import QgsApplication, QgsLayoutExporter, QgsProject, QgsSettings
from qgis.gui import QgsRubberBand
from qgis.PyQt.QtCore import Qt, QTimer
from qgis.PyQt.QtTest import QTest
from qgis.PyQt.QtWidgets import QApplication, QDialogButtonBox, QDockWidget
from qgis.utils import iface, loadPlugin, plugins, startPlugin, unloadPlugin

NAME, ONE = "raw_qgis_plugin", Qt.KeyboardModifier.NoModifier
OUT = Path(os.environ["RAW_REPORT"]).parent
report = {"errors": [], "cut": []}


def show(name):
    iface.messageBar().clearWidgets()
    picture(iface.mainWindow(), f"session_{name}")


def bands():
    return sum(isinstance(item, QgsRubberBand) for item in iface.mapCanvas().scene().items())


def names(dock):
    return [region.name for region in dock.regions.shown]


def regions(dock, polygons):
    canvas = iface.mapCanvas()
    find(dock, "raw_min_users").setValue(3)
    before = canvas.mapTool()
    draw(dock, around(0.5, 0.5, 0.3))
    assert canvas.mapTool() is before
    show("region")
    report["card"] = words(find(dock, "raw_region_card"))
    report["cut"] += cut_off(dock)
    draw(dock, around(0.55, 0.5, 0.24))
    press(dock, "raw_region_polygon")
    click_map(*around(0.5, 0.5, 0.1)[0])
    key(Qt.Key.Key_Escape)
    report["after Esc"] = len(dock.regions.shown), find(dock, "raw_region_polygon").isChecked()
    draw(dock, around(0.5, 0.5, 0.02))
    report["few"] = words(find(dock, "raw_region_card"))
    polygons.selectAll()
    press(dock, "raw_region_selected")
    until(
        lambda: len(dock.regions.shown) == 3 + polygons.featureCount(), 60, "the selected polygons"
    )
    polygons.removeSelection()
    listed = find(dock, "raw_region_list")
    listed.clearSelection()
    for at in (0, 1):
        listed.item(at).setSelected(True)
    press(dock, "raw_region_compare")
    wait(0.5)
    dialog = find(iface.mainWindow(), "raw_compare")
    report["compared"] = words(dialog)
    picture(dialog, "session_compare")
    dialog.close()
    dialog = dock.regions.show_publish()
    report["spent"] = find(dock, "raw_regions").hint.text()
    show("publish")
    dialog.close()
    report["regions"] = names(dock)


def users(dock, tracks):
    show_tab(dock, 1)
    tracks.select(next(tracks.getFeatures()).id())
    until(lambda: dock.users.card is not None, 10, "the user's card")
    report["user"] = words(find(dock, "raw_user_card"))
    report["unit"] = dock.users.unit.currentData()
    for unit in ("user", "diary", "track"):
        dock.users.unit.setCurrentIndex(dock.users.unit.findData(unit))
        press(dock, "raw_user_profile")
        idle(dock)
        report[f"labelled {unit}"] = dock.users.words.text()
    name = find(dock, "raw_user_name")
    name.setFocus()
    name.clear()
    QTest.keyClicks(name, "4")
    QTest.keyClick(name, Qt.Key.Key_Return)
    wait(0.5)
    report["card of 4"] = words(find(dock, "raw_user_card"))
    show("user")
    report["cut"] += cut_off(dock)


def forecast(dock):
    show_tab(dock, 2)
    press(dock, "raw_backtest_button")
    idle(dock)
    report["verdict"] = find(dock, "raw_verdict").text()
    find(dock, "raw_horizon_min").setValue(5)
    find(dock, "raw_step_min").setValue(1)
    press(dock, "raw_go")
    idle(dock)
    wait(1)
    report["forecast"], report["clock words"] = (
        dock.forecast.words.text(),
        dock.forecast.clock_words.text(),
    )
    report["track in sight"] = not find(dock, "raw_track").visibleRegion().isEmpty()
    report["frame"] = iface.mapCanvas().temporalController().currentFrameNumber()
    press(dock, "raw_play")
    wait(0.5)
    report["controller"] = (
        iface.mainWindow().findChild(QDockWidget, "Temporal Controller").isVisible()
    )
    report["cut"] += cut_off(dock)
    show("forecast")
    press(dock, "raw_clock_off")
    report["clock off"] = iface.mapCanvas().temporalRange().isInfinite()


def base_map():
    """Asked for and declined, then agreed to. How many tiles the server was asked for stands in a
    file.
    """
    asked = Path(os.environ["RAW_ASKED"])
    QgsSettings().setValue(
        "connections/xyz/items/Tiles/url", os.environ["RAW_TILES"] + "/{z}/{x}/{y}.png"
    )

    def answer(name):
        question = QApplication.activeModalWidget()
        report["proposed"], report["question"] = question.textValue(), question.labelText()
        question.setTextValue(
            next(each for each in question.comboBoxItems() if each.startswith("Tiles "))
        )
        report["server"] = question.textValue()
        box = question.findChild(QDialogButtonBox)
        QTest.mouseClick(box.button(getattr(QDialogButtonBox.StandardButton, name)), LEFT)

    for reply in ("Cancel", "Ok"):
        QTimer.singleShot(500, lambda reply=reply: answer(reply))
        menu("basemap")
        wait(1.5)
        report[f"asked after {reply}"] = len(asked.read_text().splitlines())
    layer = QgsProject.instance().layerTreeRoot().children()[-1].layer()
    report["bottom"] = layer.name()
    QgsProject.instance().removeMapLayer(layer)


def make_map():
    menu("map")
    wait(2)
    (layout,) = QgsProject.instance().layoutManager().layouts()
    designer = next(
        w
        for w in QApplication.topLevelWidgets()
        if "QgsLayoutDesignerDialog" in w.metaObject().className()
    )
    picture(designer, "session_map")
    report["notes"] = layout.itemById("notes").text()
    exporter = QgsLayoutExporter(layout)
    report["exported"] = (
        exporter.exportToPdf(str(OUT / "map.pdf"), exporter.PdfExportSettings()) == exporter.Success
    )
    exporter.exportToImage(str(OUT / "map.png"), exporter.ImageExportSettings())
    designer.close()


def save_reload_and_open(dock):
    """Save the project, load the plugin anew, begin a new project, and open what was saved."""
    file, project = str(OUT / "week.qgz"), QgsProject.instance()
    project.setFileName(file)
    iface.actionSaveProject().trigger()
    idle(dock)
    report["dirty"] = project.isDirty()
    before = counts()
    assert unloadPlugin(NAME)
    wait(0.5)
    tasks = [task.description() for task in QgsApplication.taskManager().tasks()]
    docks = [
        d.objectName()
        for d in iface.mainWindow().findChildren(QDockWidget)
        if "Raw" in d.objectName()
    ]
    report["left over"] = (
        docks + [each for each in tasks if each.startswith("RAW")],
        bands() - report["bands"],
    )
    assert loadPlugin(NAME) and startPlugin(NAME)
    iface.newProject(False)
    wait(0.5)
    iface.addProject(file)
    again = plugins[NAME].menu.show_dock()
    embedded(again)
    report["counts"] = before, counts()
    show_tab(again, 0)
    until(lambda: again.regions.shown, 60, "the regions")
    idle(again)
    report["regions again"] = names(again), find(again, "raw_min_users").value()
    report["again"] = (
        again.forecast.words.text(),
        again.users.words.text(),
        find(again, "raw_verdict").text(),
    )
    show("reopened")
    show_tab(again, 2)
    press(again, "raw_go")
    idle(again)
    report["groups"] = list(groups())


def counts():
    return {
        layer.name(): layer.featureCount() for layer in QgsProject.instance().mapLayers().values()
    }


def work():
    window = whole_screen()
    report["bands"] = bands()
    tracks, polygons = (
        add(os.environ["RAW_TRACKS"], "Tracks"),
        add(os.environ["RAW_REGIONS"], "Regions"),
    )
    iface.setActiveLayer(tracks)
    iface.zoomToActiveLayer()
    dock = open_dock()
    report["summary"], report["device"] = (
        find(dock, "raw_summary").text(),
        find(dock, "raw_device").text(),
    )
    picture(window, "session_open")
    heart = Heart()
    regions(dock, polygons)
    users(dock, tracks)
    forecast(dock)
    heart.end()
    report["blocks"] = [block for block in heart.blocks if block["ours"]]
    base_map()
    make_map()
    save_reload_and_open(dock)


QTimer.singleShot(1500, lambda: main(work, report))
