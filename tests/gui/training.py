# SPDX-License-Identifier: GPL-2.0-or-later
"""A training from the menu, with real clicks: run as `qgis --code`; what it does is in $RAW_PHASE.

teach: teaches a label from the table $RAW_LABELS, uses the model, and labels everybody with it in the dock.
begin and resume, twice in one profile. begin: describes a training of raw-nano on the tracks of $RAW_TRACKS, starts
it, watches its curves grow, pauses it, goes on, and quits QGIS in the middle. resume: finds it, goes on to its end,
uses the model, looks at the models.
"""

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(os.environ["RAW_SCRIPTS"])))

from driving import LEFT, Heart, add, find, main, picture, press, press_and_say_yes, until, wait
from qgis.core import QgsProject
from qgis.PyQt.QtCore import QPoint, Qt, QTimer
from qgis.PyQt.QtTest import QTest
from qgis.PyQt.QtWidgets import (
    QAbstractButton,
    QApplication,
    QComboBox,
    QDockWidget,
    QDoubleSpinBox,
    QLabel,
    QLineEdit,
    QListWidget,
    QPushButton,
    QScrollArea,
    QToolBar,
)
from qgis.utils import iface, plugins

NAME = "raw_qgis_plugin"
SUFFIX = os.environ.get("RAW_SUFFIX", "")
PHASE = os.environ["RAW_PHASE"]
LONG = 400  # seconds that a busy machine may take to start PyTorch
report = {"errors": [], "phase": PHASE, "cut": []}


def open_window(name):
    """Open a window by its action in the menu."""
    menu = plugins[NAME].menu
    next(action for action in menu.actions if action.objectName() == f"raw_{name}").trigger()
    wait(0.3)
    return menu.windows[-1]


def text(parent, name):
    return find(parent, name).text()


def choose(parent, name, words):
    box = find(parent, name, QComboBox)
    at = box.findText(words, Qt.MatchFlag.MatchContains)
    assert at >= 0, f"{name} has no {words}: {[box.itemText(n) for n in range(box.count())]}"
    box.setCurrentIndex(at)
    wait(0.1)


def look_for_cuts(dialog):
    """Report labels, buttons and boxes without room for their words, and pages that are too wide."""
    for widget in dialog.findChildren((QLabel, QAbstractButton)):
        least = widget.minimumSizeHint()
        cut = widget.width() < least.width() or widget.height() < least.height()
        if isinstance(widget, QLabel) and widget.wordWrap():
            cut = widget.height() < widget.heightForWidth(widget.width())
        if widget.isVisible() and widget.text() and cut:
            report["cut"].append([type(widget).__name__, widget.objectName(), widget.text()])
    for box in dialog.findChildren(QComboBox):
        if box.isVisible() and box.fontMetrics().horizontalAdvance(box.currentText()) > box.width() - 20:  # the arrow
            report["cut"].append(["QComboBox", box.objectName(), box.currentText()])
    for area in dialog.findChildren(QScrollArea):
        if area.isVisible() and area.horizontalScrollBar().maximum() > 0:
            report["cut"].append(["QScrollArea", area.objectName(), "scrolls sideways"])


def look(dialog, name):
    """A picture, and whether its words have room."""
    wait(0.2)
    look_for_cuts(dialog)
    picture(dialog, f"training_{name}{SUFFIX}")


def write(widget, words):
    """Replace what is in a field, with keys."""
    widget.setFocus()
    widget.selectAll()
    QTest.keyClicks(widget, words)
    QTest.keyClick(widget, Qt.Key.Key_Tab)


def teach():
    """Teach a label from examples, use the model, and label all users with it."""
    window = iface.mainWindow()
    window.setGeometry(window.screen().geometry())
    window.findChild(QDockWidget, "Browser").hide()
    add(os.environ["RAW_LABELS"], "Labels")
    tracks = add(os.environ["RAW_TRACKS"], "Tracks")
    iface.setActiveLayer(tracks)
    dialog = open_window("train")
    describe_teaching(dialog)
    press(dialog, "raw_training_start")
    until(lambda: dialog.run.status in ("running", "failed", "finished"), LONG, "the process")
    until(lambda: dialog.run.bar.value() > 0 or dialog.run.status != "running", LONG, "its first words")
    look(dialog, "teaching")
    until(lambda: dialog.run.status in ("failed", "finished"), LONG, "the label to be learned")
    wait(0.5)
    look(dialog, "taught")
    report["taught"] = [dialog.run.status, text(dialog, "raw_training_status"), dialog.run.report().exists()]
    report["log"] = find(dialog, "raw_training_log").toPlainText()
    report["asked"] = press_and_say_yes(dialog, "raw_training_use")
    until(lambda: "among your models" in text(dialog, "raw_training_status"), 60, "the model kept")
    QTest.keyClick(dialog, Qt.Key.Key_Escape)
    iface.messageBar().clearWidgets()
    label_everybody(tracks)


def describe_teaching(dialog):
    """The first four pages, with clicks and keys alone."""
    report["data"] = [find(dialog, "raw_training_layer", QComboBox).currentText(), dialog.data.note.text()]
    look(dialog, "data")
    press(dialog, "raw_training_next")
    radio = dialog.question.finetune
    QTest.mouseClick(radio, LEFT, Qt.KeyboardModifier.NoModifier, QPoint(8, radio.height() // 2))
    table = find(dialog, "raw_training_table", QComboBox)
    table.setFocus()
    QTest.keyClicks(table, "Labels")
    until(lambda: dialog.question.labels is not None, 30, "the labels")
    report["labels"] = dialog.question.note.text()
    report["guessed"] = [dialog.question.key.currentField(), dialog.question.label.currentField()]
    report["guessed"].append(text(dialog, "raw_training_name"))
    look(dialog, "question")
    press(dialog, "raw_training_next")
    write(find(dialog, "raw_training_minutes", QDoubleSpinBox), "0.5")
    write(find(dialog, "raw_training_model_name", QLineEdit), "Bus or car")
    look(dialog, "model")
    press(dialog, "raw_training_next")
    until(lambda: dialog.hardware.found is not None or dialog.hardware.trouble, LONG, "the hardware")
    look(dialog, "hardware")


def label_everybody(tracks):
    """The dock has the new model: label all, and look at one."""
    bar = next(bar for bar in iface.mainWindow().findChildren(QToolBar) if bar.objectName() == "RawToolbar")
    action = next(action for action in bar.actions() if action.objectName() == "raw_dock")
    QTest.mouseClick(bar.widgetForAction(action), LEFT)
    dock = find(iface.mainWindow(), "RawDock")
    until(lambda: dock.session.users is not None or dock.session.problem, LONG, "the layer")
    wait(0.3)
    if dock.session.city is None and dock.session.job is None:
        press(dock, "raw_prepare")
    until(lambda: dock.session.city is not None, LONG, "the users")
    report["model in the dock"] = find(dock, "raw_model", QComboBox).currentText()
    tabs = find(dock, "raw_tabs").tabBar()
    QTest.mouseClick(tabs, LEFT, Qt.KeyboardModifier.NoModifier, tabs.tabRect(1).center())
    press(dock, "raw_user_profile")
    until(lambda: dock.session.job is None, LONG, "the labels")
    wait(0.5)
    name = find(dock, "raw_user_name")
    name.setFocus()
    QTest.keyClicks(name, "4")
    QTest.keyClick(name, Qt.Key.Key_Return)
    until(lambda: dock.users.card is not None, 20, "the card")
    report["card"] = [label.text() for label in find(dock, "raw_user_card").findChildren(QLabel)]
    layer = next(x for x in QgsProject.instance().mapLayers().values() if x.name().startswith("Profiles"))
    report["profiles"] = [layer.name(), [item.label() for item in layer.renderer().legendSymbolItems()]]
    report["answers"] = [str(feature["travels_by"]) for feature in layer.getFeatures()]
    report["joined"] = [name for name in tracks.fields().names() if name.startswith("raw_")]
    picture(iface.mainWindow(), f"dock_taught{SUFFIX}")


def describe(dialog):
    """The first four pages."""
    report["data"] = [find(dialog, "raw_training_layer", QComboBox).currentText(), dialog.data.note.text()]
    picture(dialog, f"training_data{SUFFIX}")
    press(dialog, "raw_training_next")
    picture(dialog, f"training_question{SUFFIX}")
    press(dialog, "raw_training_next")
    choose(dialog, "raw_training_init", "random")
    choose(dialog, "raw_training_preset", "raw-nano")
    find(dialog, "raw_training_minutes", QDoubleSpinBox).setValue(float(os.environ.get("RAW_MINUTES", "1")))
    name = find(dialog, "raw_training_model_name", QLineEdit)
    name.selectAll()
    QTest.keyClicks(name, "Aracaju nano")
    picture(dialog, f"training_model{SUFFIX}")
    press(dialog, "raw_training_next")
    until(lambda: dialog.hardware.found is not None or dialog.hardware.trouble, LONG, "the hardware")
    press(dialog, "raw_training_measure")
    told = ("fixes a second", "could not")
    until(lambda: any(w in text(dialog, "raw_training_estimate") for w in told), LONG, "the measured second")
    report["estimate"] = text(dialog, "raw_training_estimate")
    wait(0.3)
    report["devices"] = [dialog.hardware.device.itemText(n) for n in range(dialog.hardware.device.count())]
    look_for_cuts(dialog)
    picture(dialog, f"training_hardware{SUFFIX}")


def points(dialog):
    return sum(len(line) for line in dialog.run.loss.lines.values())


def begin():
    heart = Heart()
    window = iface.mainWindow()
    window.setGeometry(window.screen().geometry())
    iface.setActiveLayer(add(os.environ["RAW_TRACKS"], "Tracks"))
    dialog = open_window("train")
    describe(dialog)
    press(dialog, "raw_training_start")
    until(lambda: dialog.run.child is not None, LONG, "the process")
    until(lambda: points(dialog) or dialog.run.status in ("failed", "finished"), LONG, "the first step")
    report["first point"] = dialog.run.loss.lines["loss"][0][0]
    until(lambda: dialog.run.unseen.lines or dialog.run.status in ("failed", "finished"), LONG, "the curves")
    assert dialog.run.status == "running", text(dialog, "raw_training_status")
    wait(0.5)
    look_for_cuts(dialog)
    picture(dialog, f"training_running{SUFFIX}")
    report["running"] = [text(dialog, "raw_training_status"), points(dialog), list(dialog.run.unseen.lines)]
    press(dialog, "raw_training_pause")
    until(lambda: dialog.run.status == "stopped", 60, "the pause")
    report["paused"] = text(dialog, "raw_training_status")
    picture(dialog, f"training_paused{SUFFIX}")
    press(dialog, "raw_training_resume")
    until(lambda: dialog.run.status == "running", 60, "it to go on")
    wait(1)
    report["left"] = str(dialog.run.child.folder)
    dialog.close()
    heart.end()
    report["blocks"] = [block for block in heart.blocks if block["ours"] and block["cpu"] > 0.2]


def resume():
    heart = Heart()
    dialog = open_window("train")
    report["page"] = find(dialog, "raw_training_steps", QListWidget).currentRow()
    report["found"] = str(dialog.run.child.folder)
    report["found status"] = dialog.run.status
    if dialog.run.status != "running" and dialog.run.buttons["resume"].isVisible():
        press(dialog, "raw_training_resume")
    until(lambda: dialog.run.status == "running", 60, "the run")
    QTest.keyClick(dialog, Qt.Key.Key_Escape)
    bar = iface.messageBar()
    until(lambda: bar.findChild(QPushButton, "raw_training_ended"), 600, "the message at the end")
    report["message"] = [item.text() for item in bar.items()]
    picture(iface.mainWindow(), f"training_message{SUFFIX}")
    press(bar, "raw_training_ended")
    wait(1)
    dialog = plugins[NAME].menu.windows[-1]
    report["reopened"] = [find(dialog, "raw_training_steps", QListWidget).currentRow(), str(dialog.run.child.folder)]
    report["reopened"] += [dialog.run.buttons["report"].isVisible(), find(dialog, "raw_training_new").isVisible()]
    picture(dialog, f"training_finished{SUFFIX}")
    report["finished"] = [dialog.run.status, text(dialog, "raw_training_status"), dialog.run.report().exists()]
    report["log"] = find(dialog, "raw_training_log").toPlainText()
    report["html"] = str(dialog.run.report())
    report["tracks left"] = (dialog.run.child.folder / "tracks.parquet").exists()
    report["asked"] = press_and_say_yes(dialog, "raw_training_use")
    until(lambda: "among your models" in text(dialog, "raw_training_status"), 60, "the model kept")
    from raw_qgis_plugin.gui.settings import settings

    report["default"] = settings().model.value()
    report["of the project"] = QgsProject.instance().readEntry("raw", "model", "")[0]
    look_at_models()
    dialog.run.delete(ask=False)
    until(lambda: not Path(report["found"]).exists(), 60, "the run deleted")
    heart.end()
    report["blocks"] = [block for block in heart.blocks if block["ours"] and block["cpu"] > 0.2]


def look_at_models():
    dialog = open_window("models")
    until(lambda: len(dialog.entries) == 2, 60, "the models")
    report["models"] = [entry.name for entry in dialog.entries]
    picture(dialog, f"models_card{SUFFIX}")
    dialog.list.setCurrentRow(1)
    choose(dialog, "raw_models_other", "raw-small")
    report["compared"] = dialog.card.toPlainText()
    look_for_cuts(dialog)
    picture(dialog, f"models_compare{SUFFIX}")
    archive = Path(report["of the project"]).parents[1] / "out.zip"
    dialog.export(str(archive))
    until(lambda: "Written" in dialog.note.text(), 60, "the export")
    dialog.take(str(archive))
    until(lambda: len(dialog.entries) == 3, 60, "the import")
    archive.write_bytes(archive.read_bytes()[:5000])
    dialog.take(str(archive))
    until(lambda: "zip" in dialog.note.text() and "Checking" not in dialog.note.text(), 60, "the refusal")
    report["refusal"] = dialog.note.text()
    dialog.list.setCurrentRow(2)
    dialog.remove(ask=False)
    until(lambda: len(dialog.entries) == 2, 60, "the removal")
    dialog.list.setCurrentRow(0)
    press(dialog, "raw_models_default")
    from raw_qgis_plugin.gui.settings import settings

    report["default again"] = settings().model.value()
    dialog.close()
    QApplication.processEvents()


QTimer.singleShot(1500, lambda: main({"teach": teach, "begin": begin, "resume": resume}[PHASE], report))
