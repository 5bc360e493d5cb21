# SPDX-License-Identifier: GPL-2.0-or-later
"""Helpers of the scripts in this folder: waiting, pictures, mouse and keys, and a watch on the event loop.

A script is run by QGIS with --code, so it puts this folder on sys.path itself.
"""

import json
import os
import sys
import threading
import time
import traceback
from pathlib import Path

from qgis.core import QgsProject, QgsVectorLayer
from qgis.PyQt.QtCore import QEvent, QPoint, Qt, QTimer
from qgis.PyQt.QtTest import QTest
from qgis.PyQt.QtWidgets import QApplication, QMessageBox, QWidget
from qgis.utils import iface

PICTURES = Path(os.environ["RAW_PICTURES"])
BEAT_MS = 20
LEFT, RIGHT = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton


def wait(seconds=0.3):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        QApplication.processEvents()
        time.sleep(0.01)
    # A script runs inside one event, so that nothing would be deleted before its end
    QApplication.sendPostedEvents(None, int(QEvent.Type.DeferredDelete))


def until(condition, seconds=60, what="it"):
    """Let QGIS run until a condition holds."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"waited {seconds} s for {what}"
        QApplication.processEvents()
        time.sleep(0.01)


def picture(widget, name):
    wait()
    widget.grab().save(str(PICTURES / f"{name}.png"))


def add(path, name):
    layer = QgsVectorLayer(str(path), name, "ogr")
    assert layer.isValid(), path
    return QgsProject.instance().addMapLayer(layer)


def find(parent, name, kind=QWidget):
    found = parent.findChild(kind, name)
    assert found is not None, f"there is no {name}"
    return found


def press(parent, name):
    """A real click on a button."""
    button = find(parent, name)
    assert button.isEnabled() and button.isVisible(), f"{name} cannot be pressed"
    QTest.mouseClick(button, LEFT)


def press_and_say_yes(parent, name):
    """Press a button, and Yes in the question that may follow. Returns the question, '' where none came."""
    asked = []

    def answer():
        box = QApplication.activeModalWidget()
        if isinstance(box, QMessageBox):
            asked.append(box.text())
            box.grab().save(str(PICTURES / f"question_{name}.png"))
            QTest.mouseClick(box.button(QMessageBox.StandardButton.Yes), LEFT)

    QTimer.singleShot(800, answer)
    press(parent, name)
    wait(1)
    return "".join(asked)


def on_map(x, y):
    """The place on the canvas of a point in the map's CRS."""
    at = iface.mapCanvas().getCoordinateTransform().transform(x, y)
    return QPoint(round(at.x()), round(at.y()))


def click_map(x, y, button=LEFT):
    viewport = iface.mapCanvas().viewport()
    QTest.mouseMove(viewport, on_map(x, y))
    wait(0.05)
    QTest.mouseClick(viewport, button, Qt.KeyboardModifier.NoModifier, on_map(x, y))
    wait(0.1)


def key(code, modifier=Qt.KeyboardModifier.NoModifier):
    canvas = iface.mapCanvas()
    canvas.setFocus()
    QTest.keyClick(canvas, code, modifier)
    wait(0.1)


def embedded(dock):
    """Wait for the users' embeddings. Where the estimate is long, press the button that starts them."""
    until(lambda: dock.session.users is not None or dock.session.problem, 120, "the layer to be read")
    wait(0.3)
    if dock.session.city is None and dock.session.job is None:
        press(dock, "raw_prepare")
    until(lambda: dock.session.city is not None, 200, "the users to be embedded")


def show_tab(dock, number):
    bar = find(dock, "raw_tabs").tabBar()
    QTest.mouseClick(bar, LEFT, Qt.KeyboardModifier.NoModifier, bar.tabRect(number).center())
    wait(0.3)


def groups():
    root = QgsProject.instance().layerTreeRoot()
    return {g.name(): [node.layer().name() for node in g.findLayers()] for g in root.findGroups()}


class Heart:
    """Measures how long the event loop is blocked. `blocks`: over `limit` seconds, with the line of the plugin.

    cpu: what the main thread itself computed in that time; the rest it waited, mostly for a busy machine.
    """

    def __init__(self, limit=0.2):
        self.limit, self.blocks, self.longest = limit, [], 0.0
        self.last, self.cpu = time.monotonic(), time.thread_time()
        self.main = threading.get_ident()
        self.stop = threading.Event()
        self.timer = QTimer()
        self.timer.setInterval(BEAT_MS)
        self.timer.timeout.connect(self.beat)
        self.timer.start()
        self.seen = []  # stacks sampled since the last beat, when it was late
        threading.Thread(target=self.watch, daemon=True).start()

    def beat(self):
        now, cpu = time.monotonic(), time.thread_time()
        late = now - self.last
        self.longest = max(self.longest, late)
        if late > self.limit:
            ours = [line for line in self.seen if line]
            used = round(cpu - self.cpu, 3)
            self.blocks.append({"seconds": round(late, 3), "cpu": used, "ours": ours[-1] if ours else ""})
        self.last, self.cpu, self.seen = now, cpu, []

    def watch(self):
        while not self.stop.wait(0.05):
            if time.monotonic() - self.last > self.limit / 2:
                frame, found = sys._current_frames().get(self.main), ""
                while frame is not None:
                    name = frame.f_code.co_filename
                    if "raw_qgis_plugin" in name:
                        found = f"{Path(name).name}:{frame.f_lineno} {frame.f_code.co_name}"
                        break
                    frame = frame.f_back
                self.seen.append(found)

    def end(self):
        self.stop.set()
        self.timer.stop()


def main(work, report):
    """Run `work`, write what it found, and end QGIS without a question about unsaved layers."""
    try:
        work()
    except BaseException:
        report["errors"].append(traceback.format_exc())
        iface.mainWindow().grab().save(str(PICTURES / "error.png"))
    finally:
        Path(os.environ["RAW_REPORT"]).write_text(json.dumps(report, indent=1))
        QgsProject.instance().setDirty(False)
        os._exit(0)
