# SPDX-License-Identifier: GPL-2.0-or-later
"""The five tasks of docs/tour, as a new user does them: run as `qgis --code`, one task ($RAW_TASK) a QGIS.

What is done, what QGIS answers and the pictures go into the report; test_tour.py makes the page of it.
"""

import csv
import os
import re
import shutil
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(os.environ["RAW_SCRIPTS"])))

from driving import PICTURES, RIGHT, add, click_map, find, main, press, press_and_say_yes, until, wait
from qgis.core import QgsProject
from qgis.PyQt.QtCore import Qt, QTimer
from qgis.PyQt.QtGui import QColor
from qgis.PyQt.QtTest import QTest
from qgis.PyQt.QtWidgets import (
    QApplication,
    QComboBox,
    QDockWidget,
    QDoubleSpinBox,
    QLabel,
    QTextBrowser,
    QToolBar,
    QWidget,
)
from qgis.utils import iface, plugins

SAMPLE = Path(os.environ["RAW_SAMPLE"])
OWN = Path(tempfile.mkdtemp(prefix="tour-"))  # a folder of the user's
LONG = 500  # seconds that a busy machine may take
EXAMPLES = 24  # labelled users
steps = []
report = {"errors": [], "steps": steps}


# ---- the transcript -------------------------------------------------------------------------------------------------


def do(words):
    """A step: what the user does, in the words of the page."""
    steps.append({"does": words, "says": [], "pictures": []})


def says(*answers):
    """What QGIS says back to it, as plain text."""
    for answer in answers:
        for line in re.sub(r"<br\s*/?>|</p>|</h3>", "\n", answer).split("\n"):
            line = re.sub(r"<[^>]+>", "", line).strip().replace("&lt;", "<").replace("&nbsp;", " ")
            if line:
                steps[-1]["says"].append(line.replace(str(OWN), "…").replace(str(SAMPLE), "resources/sample"))


def show(name, caption):
    """A picture of the whole screen."""
    iface.messageBar().clearWidgets()  # QGIS's own 'Task complete'
    wait(1)
    QApplication.primaryScreen().grabWindow(0).save(str(PICTURES / f"{name}.png"))
    steps[-1]["pictures"].append([f"{name}.png", caption])


# ---- what several tasks do ------------------------------------------------------------------------------------------


def labels_in(widget):
    """The words of a card, with those that are painted below their heading."""
    words = []
    for child in widget.findChildren(QWidget):
        if isinstance(child, QLabel) and child.text():
            words.append(child.text())
        words += [child._line(n) for n in range(len(child.parts))] if hasattr(child, "parts") else []
    return words


def menu(name):
    """Plugins → RAW → an entry."""
    next(action for action in plugins["raw_qgis_plugin"].menu.actions if action.objectName() == f"raw_{name}").trigger()
    wait(0.5)


def open_dock():
    do("In the dock (the RAW icon of the toolbar opens it) the layer of tracks is chosen.")
    bar = next(bar for bar in iface.mainWindow().findChildren(QToolBar) if bar.objectName() == "RawToolbar")
    action = next(action for action in bar.actions() if action.objectName() == "raw_dock")
    if not action.isChecked():  # the tour opens it
        QTest.mouseClick(bar.widgetForAction(action), Qt.MouseButton.LeftButton)
    dock = find(iface.mainWindow(), "RawDock")
    until(lambda: dock.session.users is not None or dock.session.problem, LONG, "the layer")
    wait(0.5)
    says(find(dock, "raw_summary").text())
    if dock.session.city is None and dock.session.job is None:
        do("Press the button below it.")
        says(find(dock, "raw_prepare").text())
        press(dock, "raw_prepare")
    until(lambda: dock.session.city is not None, LONG, "the model to read the users")
    wait(0.5)
    return dock


def tab(dock, number):
    bar = find(dock, "raw_tabs").tabBar()
    QTest.mouseClick(bar, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, bar.tabRect(number).center())
    wait(0.3)


def run(name, picture="", caption="", **values):
    """Fill in an algorithm's dialog, press Run, wait for its end; its log without QGIS's own lines."""
    if not any(getattr(w, "algorithm", None) and w.isVisible() for w in QApplication.topLevelWidgets()):
        menu(name)
    dialog = next(w for w in QApplication.topLevelWidgets() if w.isVisible() and hasattr(w, "algorithm"))
    dialog.resize(1000, 680)
    dialog.move(180, 40)
    dialog.setParameters({**dialog.createProcessingParameters(), **values})
    QTest.mouseClick(dialog.runButton(), Qt.MouseButton.LeftButton)
    until(dialog.wasExecuted, LONG, name)
    log = dialog.findChild(QTextBrowser, "txtLog").toPlainText().splitlines()
    begin = next((n for n, line in enumerate(log) if line.startswith("{")), -1) + 1
    end = next((n for n, line in enumerate(log) if line.startswith("Execution")), len(log))
    says(*[line for line in log[begin:end] if str(OWN) not in line and not re.search(r"…$|%, about", line)])
    if picture:
        show(picture, caption)
    dialog.close()
    wait(0.3)


def import_city():
    do("*Import tracks*: choose `resources/sample/city_tracks.parquet`, press *Import*, close.")
    menu("importtracks")
    dialog = plugins["raw_qgis_plugin"].menu.windows[-1]
    dialog.choose(str(SAMPLE / "city_tracks.parquet"))
    until(find(dialog, "raw_import_start").isEnabled, LONG, "the first rows")
    press(dialog, "raw_import_start")
    until(lambda: dialog.running is None, LONG, "the import")
    says(find(dialog, "raw_import_state").text())
    dialog.close()
    (tracks,) = [layer for layer in QgsProject.instance().mapLayers().values() if "user_id" in layer.fields().names()]
    iface.setActiveLayer(tracks)
    iface.zoomToActiveLayer()
    wait(1)
    return tracks


def open_sample():
    do("*Plugins → RAW → Open the sample project*. A small window leads through the dock; read it, and close it.")
    menu("sample")
    tour = find(iface.mainWindow(), "RawTour")
    for _ in tour.steps:
        says(f"{tour.title.text()}: {tour.text.text()}")
        QTest.mouseClick(tour.next, Qt.MouseButton.LeftButton)
        wait(0.2)


# ---- the tasks ------------------------------------------------------------------------------------------------------


def first_map():
    open_sample()
    dock = open_dock()
    do("On *Users*, press *Label* (every track).")
    tab(dock, 1)
    press(dock, "raw_user_profile")
    until(lambda: dock.session.job is None, LONG, "the labels")
    wait(0.5)
    says(dock.users.words.text())
    show("first_map", "Every track with its mode of transport, in a layer of its own")
    do("Type the id of a user into the field and press Enter.")
    name = find(dock, "raw_user_name")
    name.setFocus()
    QTest.keyClicks(name, "4")
    QTest.keyClick(name, Qt.Key.Key_Return)
    until(lambda: dock.users.card is not None, 20, "the card")
    says(*labels_in(find(dock, "raw_user_card")))
    show("first_map_user", "One user: usual places, day, and who is most alike")


def around(share_x, share_y, size):
    box = iface.mapCanvas().extent()
    x, y = box.xMinimum() + share_x * box.width(), box.yMinimum() + share_y * box.height()
    w, h = size * box.height(), size * box.height()
    return [(x - w, y - h), (x + w, y - 0.8 * h), (x + 0.9 * w, y + h), (x - 0.7 * w, y + 0.9 * h)]


def draw(dock, corners):
    count = len(dock.regions.shown)
    press(dock, "raw_region_polygon")
    for x, y in corners:
        click_map(x, y)
    click_map(*corners[-1], RIGHT)
    until(lambda: len(dock.regions.shown) > count, 20, "the region")
    wait(0.5)
    says(*labels_in(find(dock, "raw_region_card")))


def drawn_region():

    tracks = import_city()
    do("Make the points small and grey, and add `resources/sample/city_streets.gpkg`: the map is easier to read.")
    tracks.renderer().symbol().setColor(QColor("#8b929c"))
    tracks.renderer().symbol().setSize(0.6)
    streets = add(f"{SAMPLE / 'city_streets.gpkg'}|layername=streets", "Streets")
    streets.renderer().symbol().setColor(QColor("#d5d9e0"))
    root = QgsProject.instance().layerTreeRoot()
    root.addChildNode(root.findLayer(streets).clone())  # to the bottom
    root.removeChildNode(root.findLayer(streets))
    iface.setActiveLayer(tracks)
    dock = open_dock()
    iface.mapCanvas().zoomScale(iface.mapCanvas().scale() * 0.8)
    wait(1)
    do("*Regions*, *Draw*: click around a quarter of the town, close it with a right click.")
    draw(dock, around(0.45, 0.5, 0.26))
    do("Set *from 5 people*: forty people are few.")
    find(dock, "raw_min_users").setValue(5)
    until(lambda: dock.session.job is None, LONG, "the regions")
    wait(0.5)
    says(*labels_in(find(dock, "raw_region_card")))
    show("drawn_region", "The region: a figure with its interval, people by hour of the week, labels")
    do("Draw three more, to compare.")
    for place in ((0.2, 0.3, 0.13), (0.75, 0.6, 0.14), (0.7, 0.25, 0.13)):
        draw(dock, around(*place))
    find(dock, "raw_tabs").currentWidget().verticalScrollBar().setValue(10_000)
    show("drawn_regions", "The last of four, with its rank and the regions most similar")


def label_by_example():
    tracks = import_city()
    do(f"Write a table of {EXAMPLES} people of whom you know whether they own a car, and drag it into QGIS:")
    table = OWN / "car_owners.csv"
    with open(SAMPLE / "city_truth_users.csv", encoding="utf-8") as file:
        rows = [(row["user_id"], {"true": "yes", "false": "no"}[row["car_owner"]]) for row in csv.DictReader(file)]
    lines = ["user_id,owns_car", *(",".join(row) for row in rows[:EXAMPLES])]
    table.write_text("\n".join(lines) + "\n")
    says(*lines[:5], "…")
    labels = add(table, "Car owners")
    iface.setActiveLayer(tracks)
    do("*Teach a label*: these labels, the field `owns_car`, the name `owns_car`, a folder for the new model. Run.")
    bundle = OWN / "car-model"
    run(
        "trainhead", "label_teach", "The new label, and how good it is on people it has not seen",
        INPUT=tracks.id(), LABELS=labels.id(), LABEL_FIELD="owns_car", TASK_NAME="owns_car", UNIT="user",
        BUNDLE=str(bundle), REPORT=str(OWN / "report.html"), MINUTES=3,
    )  # fmt: skip
    do("*Profile users* with the new model: everybody gets the label, also who had none.")
    iface.setActiveLayer(tracks)
    run("profileusers", INPUT=tracks.id(), MODEL=str(bundle))
    profiles = [x for x in QgsProject.instance().mapLayers().values() if "owns_car" in x.fields().names()]
    profiles = next(x for x in profiles if x is not labels)
    found = [feature["owns_car"] for feature in profiles.getFeatures()]
    do("Look at the layer's field `owns_car`.")
    says(*[f"{value}: {found.count(value)}" for value in sorted(set(map(str, found)))])
    report["found"] = [str(value) for value in found]
    iface.setActiveLayer(profiles)
    iface.zoomToActiveLayer()
    next(d for d in iface.mainWindow().findChildren(QDockWidget) if d.windowTitle() == "Results Viewer").close()
    tracks.renderer().symbol().setColor(QColor("#c9d3de"))
    tracks.renderer().symbol().setSize(0.6)
    tracks.triggerRepaint()
    show("label_map", "All forty, with the new label")


def forecast():
    open_sample()
    dock = open_dock()
    do("On *Forecast*, leave 30 minutes ahead, one every 5, and press *Forecast*.")
    tab(dock, 2)
    press(dock, "raw_go")
    until(lambda: dock.session.job is None and dock.forecast.chart is not None, LONG, "the forecasts")
    wait(1)
    says(dock.forecast.words.text())
    do("Step ahead twice with the arrow.")
    for _ in range(2):
        press(dock, "raw_ahead")
    controller = iface.mapCanvas().temporalController()
    at = controller.dateTimeRangeForFrameNumber(controller.currentFrameNumber()).begin()
    says(f"The map's clock: {at.toString(Qt.DateFormat.ISODate)}")
    show("forecast", "The areas that hold it in 50 and 80 % of cases, and how they grow")
    do("*Backtest*: would such forecasts have been right? Point at the verdict for a sentence a horizon.")
    press(dock, "raw_backtest_button")
    until(lambda: dock.session.job is None and dock.forecast.tested.count(), LONG, "the backtest")
    verdict = find(dock, "raw_verdict", QLabel)
    says(verdict.text(), verdict.toolTip())
    find(dock, "raw_tabs").currentWidget().ensureWidgetVisible(find(dock, "raw_backtest_table"))
    show("forecast_backtest", "A verdict and the errors by horizon")


def go_on_training():
    import_city()
    do("*Plugins → RAW → Models → Train a model…*: the layer is chosen. *Next*.")
    menu("train")
    dialog = plugins["raw_qgis_plugin"].menu.windows[-1]
    dialog.move(250, 90)
    says(dialog.data.note.text())
    press(dialog, "raw_training_next")
    do("*Continue training on my tracks* is chosen. *Next*.")
    press(dialog, "raw_training_next")
    do("To see how it works: begin with nothing, the size raw-nano, half a minute. *Next*.")
    begin = find(dialog, "raw_training_init", QComboBox)
    begin.setCurrentIndex(begin.findData("none"))
    find(dialog, "raw_training_preset", QComboBox).setCurrentText("raw-nano")
    find(dialog, "raw_training_minutes", QDoubleSpinBox).setValue(0.5)
    says(dialog.model.note.text())
    press(dialog, "raw_training_next")
    do("Look at the devices found, and press *Start training*.")
    until(lambda: dialog.hardware.found is not None or dialog.hardware.trouble, LONG, "the hardware")
    says(*labels_in(dialog.hardware))
    press(dialog, "raw_training_start")
    until(lambda: dialog.run.status in ("running", "failed"), LONG, "the process")
    until(lambda: sum(map(len, dialog.run.loss.lines.values())) > 1 or dialog.run.status != "running", LONG, "curves")
    says(find(dialog, "raw_training_status").text())
    show("training", "It is a process of its own: the window and QGIS may be closed")
    do("Wait for its end.")
    until(lambda: dialog.run.status in ("finished", "failed"), LONG, "the end")
    wait(1)
    says(find(dialog, "raw_training_status").text())
    report["status"] = dialog.run.status
    show("training_done", "The answer; Report shows what it rests on")
    do("*Use this model*.")
    press_and_say_yes(dialog, "raw_training_use")
    until(lambda: "among your models" in find(dialog, "raw_training_status").text(), LONG, "the model kept")
    says(find(dialog, "raw_training_status").text())
    dialog.close()


def work():
    window = iface.mainWindow()
    window.setGeometry(window.screen().geometry())  # there is no window manager to maximise it
    window.findChild(QDockWidget, "Browser").hide()
    try:
        globals()[os.environ["RAW_TASK"]]()
    finally:
        shutil.rmtree(OWN)


QTimer.singleShot(1500, lambda: main(work, report))
