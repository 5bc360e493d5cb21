# SPDX-License-Identifier: GPL-2.0-or-later
"""A training from the menu, with real clicks: run as `qgis --code`, twice in one profile;
$RAW_PHASE is which.

begin: the training page opens raw:pretrain, which trains raw-nano on the tracks of $RAW_TRACKS; it
is paused on the page. resume: another QGIS finds it, resumes it to its end, and uses the model.
"""

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(os.environ["RAW_SCRIPTS"])))

from driving import (
    LONG,
    add,
    cut_off,
    find,
    main,
    menu,
    picture,
    press,
    press_and_say_yes,
    until,
    wait,
    whole_screen,
)
from qgis.core import QgsProject
from qgis.PyQt.QtCore import QTimer
from qgis.utils import iface, plugins

report = {"errors": [], "cut": []}


def look(page, name):
    """A picture, and whether its words have room."""
    wait(0.3)
    report["cut"] += cut_off(page)
    picture(page, f"training_{name}")


def begin():
    whole_screen()
    tracks = add(os.environ["RAW_TRACKS"], "Tracks")
    iface.setActiveLayer(tracks)
    page = menu("train")
    look(page, "empty")
    press(page, "raw_training_pretrain")
    wait(1)
    dialog = plugins["raw_qgis_plugin"].menu.windows[-1]
    values = dialog.createProcessingParameters()
    report["bundle"] = values["BUNDLE"]
    dialog.setParameters({**values, "PRESET": 0, "MINUTES": 0.4, "INIT": "none"})
    dialog.runButton().click()
    until(
        lambda: page.last.get("stage") == "training" and "seconds_left" in page.last,
        LONG,
        "the first steps",
    )
    look(page, "running")
    report["running"] = [
        find(page, "raw_training_status").text(),
        page.log.toPlainText(),
        page.bar.value(),
    ]
    press(page, "raw_training_pause")
    until(lambda: "Paused" in find(page, "raw_training_status").text(), 60, "the pause")
    report["paused"], report["left"] = (
        find(page, "raw_training_status").text(),
        str(page.child.folder),
    )


def resume():
    whole_screen()
    page = menu("train")
    report["found"] = str(page.child.folder)
    press(page, "raw_training_resume")
    until(lambda: page.status in ("failed", "finished"), LONG, "the end of the training")
    wait(0.5)
    result = page.child.folder / "result"
    report["finished"] = [
        page.status, find(page, "raw_training_status").text(), (result / "report.html").exists(),
    ]  # fmt: skip
    look(page, "finished")
    report["tracks left"] = (page.child.folder / "tracks.parquet").exists()
    report["asked"] = press_and_say_yes(page, "raw_training_use")
    until(
        lambda: "among your models" in find(page, "raw_training_status").text(),
        60,
        "the model kept",
    )
    report["of the project"] = QgsProject.instance().readEntry("raw", "model", "")[0]
    page.delete(ask=False)
    until(lambda: not Path(report["found"]).exists(), 60, "the run deleted")


QTimer.singleShot(
    1500, lambda: main({"begin": begin, "resume": resume}[os.environ["RAW_PHASE"]], report)
)
