# SPDX-License-Identifier: GPL-2.0-or-later
"""A training from the menu, with real clicks: run as `qgis --code`; what it does is in $RAW_PHASE.

teach: teaches a label from the table $RAW_LABELS, uses the model, and labels everybody with it in the dock.
begin and resume, twice in one profile. begin: starts a training of raw-nano on the tracks of $RAW_TRACKS, watches its
curves grow, pauses it, goes on, and quits QGIS in the middle. resume: finds it, goes on to its end, uses the model.
"""

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(os.environ["RAW_SCRIPTS"])))

from driving import (
    LEFT,
    LONG,
    add,
    cut_off,
    find,
    idle,
    main,
    menu,
    open_dock,
    picture,
    press,
    press_and_say_yes,
    show_tab,
    until,
    wait,
    whole_screen,
    words,
)
from qgis.core import QgsProject
from qgis.PyQt.QtCore import QPoint, Qt, QTimer
from qgis.PyQt.QtTest import QTest
from qgis.PyQt.QtWidgets import QComboBox, QPushButton
from qgis.utils import iface

PHASE = os.environ["RAW_PHASE"]
ENDS = ("failed", "finished")
report = {"errors": [], "cut": []}


def text(parent, name):
    return find(parent, name).text()


def look(dialog, name):
    """A picture, and whether its words have room."""
    wait(0.3)
    report["cut"] += cut_off(dialog)
    picture(dialog, f"training_{name}")


def ended(dialog):
    """Wait for the end of the run. Returns its status, its verdict, and whether it has a report."""
    until(lambda: dialog.run.status in ENDS, LONG, "the end of the training")
    wait(0.5)
    return [dialog.run.status, text(dialog, "raw_training_status"), dialog.run.report().exists()]


def use(dialog):
    report["asked"] = press_and_say_yes(dialog, "raw_training_use")
    until(lambda: "among your models" in text(dialog, "raw_training_status"), 60, "the model kept")


def teach():
    whole_screen()
    add(os.environ["RAW_LABELS"], "Labels")
    iface.setActiveLayer(add(os.environ["RAW_TRACKS"], "Tracks"))
    dialog = menu("train")
    radio = dialog.teach
    QTest.mouseClick(radio, LEFT, Qt.KeyboardModifier.NoModifier, QPoint(8, radio.height() // 2))
    until(lambda: dialog.labels.labels is not None, 30, "the labels")
    report["guessed"] = [
        dialog.layer.currentText(),
        dialog.labels.key.currentField(),
        dialog.labels.label.currentField(),
    ]
    report["labels"] = dialog.labels.note.text()
    dialog.minutes.setValue(0.5)
    dialog.name.setText("Bus or car")
    look(dialog, "teach")
    press(dialog, "raw_training_start")
    report["taught"] = ended(dialog)
    look(dialog, "taught")
    use(dialog)
    QTest.keyClick(dialog, Qt.Key.Key_Escape)
    dock = open_dock()
    report["model"] = find(dock, "raw_model", QComboBox).currentText()
    show_tab(dock, 1)
    press(dock, "raw_user_profile")
    idle(dock)
    dock.users.show_named("4")
    wait(0.5)
    report["card"] = words(find(dock, "raw_user_card"))
    labelled = next(x for x in QgsProject.instance().mapLayers().values() if x.name().startswith("Users"))
    report["fields"] = labelled.fields().names()
    picture(iface.mainWindow(), "training_labelled")


def points(dialog):
    return sum(len(line) for line in dialog.run.loss.lines.values())


def begin():
    whole_screen()
    iface.setActiveLayer(add(os.environ["RAW_TRACKS"], "Tracks"))
    dialog = menu("train")
    dialog.init.setCurrentIndex(dialog.init.findData("none"))
    dialog.preset.setCurrentIndex(dialog.preset.findData("raw-nano"))
    dialog.minutes.setValue(1)
    dialog.name.setText("Aracaju nano")
    look(dialog, "form")
    press(dialog, "raw_training_start")
    until(lambda: dialog.run.unseen.lines or dialog.run.status in ENDS, LONG, "the curves")
    look(dialog, "running")
    report["running"] = [text(dialog, "raw_training_status"), points(dialog), list(dialog.run.unseen.lines)]
    press(dialog, "raw_training_pause")
    until(lambda: dialog.run.status == "stopped", 60, "the pause")
    report["paused"] = text(dialog, "raw_training_status")
    press(dialog, "raw_training_resume")
    until(lambda: dialog.run.status == "running", 60, "it to go on")
    wait(1)
    report["left"] = str(dialog.run.child.folder)
    dialog.close()


def resume():
    whole_screen()
    dialog = menu("train")
    report["found"] = str(dialog.run.child.folder)
    if dialog.run.status != "running":
        press(dialog, "raw_training_resume")
    QTest.keyClick(dialog, Qt.Key.Key_Escape)
    bar = iface.messageBar()
    until(lambda: bar.findChild(QPushButton, "raw_training_ended"), LONG, "the message at the end")
    report["message"] = [item.text() for item in bar.items()]
    press(bar, "raw_training_ended")
    wait(1)
    dialog = menu("train")
    report["finished"] = ended(dialog)
    look(dialog, "finished")
    report["tracks left"] = (dialog.run.child.folder / "tracks.parquet").exists()
    use(dialog)
    report["of the project"] = QgsProject.instance().readEntry("raw", "model", "")[0]
    dialog.run.delete(ask=False)
    until(lambda: not Path(report["found"]).exists(), 60, "the run deleted")


QTimer.singleShot(1500, lambda: main({"teach": teach, "begin": begin, "resume": resume}[PHASE], report))
