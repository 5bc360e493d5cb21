# SPDX-License-Identifier: GPL-2.0-or-later
"""Helpers of the scripts in this folder: waiting, pictures, mouse and keys, and a watch on the
event loop.

A script is run by QGIS with --code, so it puts this folder on sys.path itself.
"""

import json
import os
import sys
import threading
import time
import traceback
import warnings
from pathlib import Path

from qgis.core import QgsProject, QgsVectorLayer
from qgis.PyQt.QtCore import QEvent, QPoint, Qt, QTimer
from qgis.PyQt.QtTest import QTest
from qgis.PyQt.QtWidgets import (
    QAbstractButton,
    QApplication,
    QDockWidget,
    QLabel,
    QMessageBox,
    QScrollArea,
    QWidget,
)
from qgis.utils import iface, plugins

# As in the other tests: what QGIS and Qt deprecate is an error where the plugin calls it.
warnings.filterwarnings("error", category=DeprecationWarning, module="raw_qgis_plugin")

PICTURES = Path(os.environ["RAW_PICTURES"])
BEAT_MS = 20
LONG = 500  # seconds that a busy machine may take
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
    """Press a button, and Yes in the question that may follow. Returns the question, '' where none
    came.
    """
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
    """Wait for the users' embeddings. Where the estimate is long, press the button that starts
    them.
    """
    until(
        lambda: dock.session.users is not None or dock.session.problem, LONG, "the layer to be read"
    )
    wait(0.3)
    if dock.session.city is None and dock.session.job is None:
        press(dock, "raw_prepare")
    until(lambda: dock.session.city is not None, LONG, "the users to be embedded")
    wait(0.5)


def idle(dock):
    until(lambda: dock.session.job is None, LONG, "the job")
    wait(0.5)


def whole_screen():
    """As large as the screen: there is no window manager to maximise it. Without the Browser."""
    window = iface.mainWindow()
    window.setGeometry(window.screen().geometry())
    window.findChild(QDockWidget, "Browser").hide()
    return window


def open_dock():
    """Press the first icon of RAW's toolbar, and wait until the model has read the users."""
    bar = find(iface.mainWindow(), "RawToolbar")
    action = bar.actions()[0]
    if not action.isChecked():
        QTest.mouseClick(bar.widgetForAction(action), LEFT)
    dock = find(iface.mainWindow(), "RawDock")
    embedded(dock)
    iface.messageBar().clearWidgets()
    return dock


def menu(name):
    """An entry of Plugins → RAW. Returns the newest window."""
    raw = plugins["raw_qgis_plugin"].menu
    raw.actions[name].trigger()
    wait(0.4)
    return raw.windows[-1] if raw.windows else None


def show_tab(dock, number):
    bar = find(dock, "raw_tabs").tabBar()
    QTest.mouseClick(bar, LEFT, Qt.KeyboardModifier.NoModifier, bar.tabRect(number).center())
    wait(0.3)


def words(widget):
    return [label.text() for label in widget.findChildren(QLabel) if label.text()]


def around(share_x, share_y, size):
    """The corners of a region on the canvas."""
    box = iface.mapCanvas().extent()
    x, y = box.xMinimum() + share_x * box.width(), box.yMinimum() + share_y * box.height()
    w = h = size * box.height()
    return [(x - w, y - h), (x + w, y - 0.8 * h), (x + 0.9 * w, y + h), (x - 0.7 * w, y + 0.9 * h)]


def draw(dock, corners):
    """Click the corners of a region, and close it with a right click."""
    count = len(dock.regions.shown)
    press(dock, "raw_region_polygon")
    for x, y in corners:
        click_map(x, y)
    click_map(*corners[-1], RIGHT)
    until(lambda: len(dock.regions.shown) > count, 20, "the region")
    idle(dock)


def groups():
    root = QgsProject.instance().layerTreeRoot()
    return {
        g.name(): [node.layer().name() for node in g.findLayers()] for g in root.findGroups(True)
    }


def cut_off(parent):
    """Labels, buttons and boxes without room for their words, and pages that scroll sideways."""
    found = []
    for widget in parent.findChildren((QLabel, QAbstractButton)):
        least = widget.minimumSizeHint()
        cut = widget.width() < least.width() or widget.height() < least.height()
        if isinstance(widget, QLabel) and widget.wordWrap():
            cut = widget.height() < widget.heightForWidth(widget.width())
        if widget.isVisible() and widget.text() and cut:
            found.append([type(widget).__name__, widget.objectName(), widget.text()])
    for area in parent.findChildren(QScrollArea):
        if area.isVisible() and area.horizontalScrollBar().maximum() > 0:
            found.append(["QScrollArea", area.objectName(), "scrolls sideways"])
    return found


class Heart:
    """Measures how long the event loop is blocked. `blocks`: over `limit` seconds, with the line of
    the plugin.

    cpu: what the main thread itself computed in that time; the rest it waited, mostly for a busy
    machine.
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
            self.blocks.append(
                {"seconds": round(late, 3), "cpu": used, "ours": ours[-1] if ours else ""}
            )
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
    # What fails in a slot would open a window of QGIS's, which waits for somebody
    sys.excepthook = lambda *error: report["errors"].append(
        "".join(traceback.format_exception(*error))
    )
    try:
        work()
    except BaseException:
        report["errors"].append(traceback.format_exc())
        iface.mainWindow().grab().save(str(PICTURES / "error.png"))
    finally:
        Path(os.environ["RAW_REPORT"]).write_text(json.dumps(report, indent=1))
        QgsProject.instance().setDirty(False)
        os._exit(0)
