# SPDX-License-Identifier: GPL-2.0-or-later
"""Data in, with real events: run as `qgis --code`.

The table $RAW_DAY_FIRST is chosen, and goes through the preview to a layer. A layer of lines
without a user field is one user's until a field is chosen.
"""

import os
import sys
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, os.environ["RAW_SCRIPTS"])

from driving import LEFT, Heart, find, main, picture, press, until, wait
from qgis.core import (
    QgsDateTimeRange,
    QgsFeature,
    QgsGeometry,
    QgsLineString,
    QgsPoint,
    QgsProject,
    QgsVectorLayer,
)
from qgis.PyQt import sip
from qgis.PyQt.QtCore import QDateTime, QPoint, Qt, QTimer
from qgis.PyQt.QtTest import QTest
from qgis.PyQt.QtWidgets import QComboBox, QLabel, QTableWidget
from qgis.utils import iface, plugins

from raw_qgis_plugin.gui.maps.fit import set_clock

report = {"errors": [], "cut": []}
NONE = Qt.KeyboardModifier.NoModifier


def choose(parent, name, words):
    """Click a box, and type the begin of an entry."""
    box = find(parent, name, QComboBox)
    QTest.mouseClick(box, LEFT, NONE, QPoint(8, box.height() // 2))
    wait(0.2)
    QTest.keyClicks(box.view(), words)
    QTest.keyClick(box.view(), Qt.Key.Key_Return)
    wait(0.1)
    assert box.currentText().startswith(words), (name, box.currentText())


def cells(table):
    heads = [table.horizontalHeaderItem(column).text() for column in range(table.columnCount())]
    return [
        heads,
        *([table.item(row, column).text() for column in range(len(heads))] for row in range(2)),
    ]


def work():
    window = iface.mainWindow()
    window.setGeometry(window.screen().geometry())
    menu = plugins["raw_qgis_plugin"].menu
    dock = menu.show_dock()
    wait(0.5)
    heart = Heart()
    day_first(menu, dock)
    lines(dock)
    heart.end()
    sample(menu, dock)
    report["blocks"] = [block for block in heart.blocks if block["ours"]]


def day_first(menu, dock):
    menu.import_tracks().choose(os.environ["RAW_DAY_FIRST"])
    until(
        lambda: any(each.objectName() == "raw_import_dialog" for each in menu.windows),
        20,
        "the window",
    )
    dialog = menu.windows[-1]
    until(
        lambda: find(dialog, "raw_import_rows", QTableWidget).columnCount() == 4,
        30,
        "the first rows",
    )
    report["no columns known"] = find(dialog, "raw_import_state", QLabel).text()
    picture(dialog, "import_no_columns")
    dialog.choose(str(Path(os.environ["RAW_DAY_FIRST"]).with_name("none.csv")))
    until(
        lambda: find(dialog, "raw_import_rows", QTableWidget).columnCount() == 0,
        30,
        "the headings to go",
    )
    dialog.choose(os.environ["RAW_DAY_FIRST"])
    until(
        lambda: find(dialog, "raw_import_rows", QTableWidget).columnCount() == 4,
        30,
        "the first rows again",
    )
    for name, words in (("time", "Moment"), ("lon", "Ost"), ("lat", "Nord")):
        choose(dialog, f"raw_import_{name}", words)
    question = find(dialog, "raw_import_question", QLabel)
    until(lambda: question.isVisible(), 30, "a question")
    report["order"] = question.text(), find(dialog, "raw_import_start").isEnabled()
    picture(dialog, "import_order_of_dates")
    choose(dialog, "raw_import_order", "day")
    until(lambda: "names the users" in question.text(), 30, "the question for users")
    report["users"] = question.text()
    picture(dialog, "import_users")
    choose(dialog, "raw_import_user", "Wagen")
    until(lambda: not question.isVisible(), 30, "the answer")
    choose_zone(dialog)
    report["cells"] = cells(find(dialog, "raw_import_rows", QTableWidget))
    report["state"] = find(dialog, "raw_import_state", QLabel).text()
    picture(dialog, "import_preview")
    look_for_cuts(dialog)
    press(dialog, "raw_import_start")
    until(lambda: dialog.running is None, 60, "the import")
    report["imported"] = find(dialog, "raw_import_state", QLabel).text()
    (layer,) = QgsProject.instance().mapLayers().values()
    report["layer"] = (
        layer.name(),
        layer.featureCount(),
        layer.providerType(),
        layer.fields().names(),
    )
    extent = layer.extent()
    report["extent"] = extent.width(), extent.height()
    until(lambda: dock.session.tracks is not None and dock.session.job is None, 120, "the dock")
    report["dock"] = dock.session.summary
    report["zone"] = dock.session.timezone, find(dock, "raw_timezone", QComboBox).currentText()
    report["crs"] = QgsProject.instance().crs().authid()
    canvas = iface.mapCanvas()
    report["on the map"] = canvas.extent().contains(
        canvas.mapSettings().layerExtentToOutputExtent(layer, extent)
    )
    year = QDateTime.fromString("2001-01-01T00:00:00Z", Qt.DateFormat.ISODate)
    set_clock(canvas, QgsDateTimeRange(year, year.addDays(1)), 3600)
    wait(0.3)
    report["clock"] = [canvas.temporalRange().isInfinite()]
    menu.use_layer(layer)
    report["clock"].append(canvas.temporalRange().isInfinite())
    picture(iface.mainWindow(), "import_map")
    picture(dialog, "import_done")
    QTest.keyClick(dialog, Qt.Key.Key_Escape)
    wait(0.3)
    report["closed"] = sip.isdeleted(dialog)


def choose_zone(dialog):
    """Click into the box, type a part of a name, and take what is offered."""
    zone, rows = (
        find(dialog, "raw_import_zone", QComboBox),
        find(dialog, "raw_import_rows", QTableWidget),
    )
    dialog.activateWindow()
    until(dialog.isActiveWindow, 10, "the window")
    QTest.mouseClick(zone.lineEdit(), LEFT)
    until(zone.lineEdit().hasSelectedText, 10, "the name to be selected")
    QTest.keyClicks(zone.lineEdit(), "maceio")
    wait(0.2)
    picture(zone.completer().popup(), "import_zones")
    offered = zone.completer().popup()
    QTest.keyClick(offered, Qt.Key.Key_Down)
    QTest.keyClick(offered, Qt.Key.Key_Return)
    until(
        lambda: rows.item(0, 1) is not None and "11:00:00" in rows.item(0, 1).text(),
        30,
        "the times",
    )


def lines(dock):
    """Twelve cabs, two lines each, whose field no tool calls a user."""
    layer = QgsVectorLayer(
        "LineStringM?crs=EPSG:4326&field=cab:string&field=note:string", "Lines", "memory"
    )
    for k in range(24):
        feature = QgsFeature(layer.fields())
        feature.setAttributes([f"cab {k % 12}", "a note"])
        points = [
            QgsPoint(9 + k / 1e3 + i / 1e4, 46 + i / 1e4, m=1.7e9 + 1e5 * k + 60 * i)
            for i in range(20)
        ]
        feature.setGeometry(
            QgsGeometry(QgsLineString([QgsPoint(p.x(), p.y(), m=p.m()) for p in points]))
        )
        layer.dataProvider().addFeature(feature)
    QgsProject.instance().addMapLayer(layer)
    box = find(dock, "raw_layer", QComboBox)
    report["offered"] = [box.itemText(n) for n in range(box.count())]
    choose(dock, "raw_layer", "Lines")
    until(lambda: dock.session.tracks is not None and dock.session.job is None, 120, "the lines")
    report["one user"] = find(dock, "raw_summary", QLabel).text()
    dock.session.set_fields(replace(dock.session.fields, user="cab"), "UTC")
    until(
        lambda: dock.session.tracks is not None and dock.session.job is None, 120, "the lines again"
    )
    report["cabs"] = dock.session.tracks.n_users
    picture(iface.mainWindow(), "import_lines_read")


def sample(menu, dock):
    """The sample while the dock is open."""
    project = QgsProject.instance()
    project.removeAllMapLayers()  # else QGIS asks what to do with the temporary ones
    wait(0.5)
    project.setDirty(False)
    menu.open_window("sample").close()
    report["sample"] = dock.session.layer.name(), project.crs().authid()
    until(lambda: dock.session.tracks is not None and dock.session.job is None, 120, "the sample")


def look_for_cuts(dialog):
    for label in dialog.findChildren(QLabel):
        tall = (
            label.heightForWidth(label.width())
            if label.wordWrap()
            else label.minimumSizeHint().height()
        )
        if label.isVisible() and label.text() and label.height() < tall:
            report["cut"].append(label.text())


QTimer.singleShot(1500, lambda: main(work, report))
