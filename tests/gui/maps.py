# SPDX-License-Identifier: GPL-2.0-or-later
"""From drawn regions to a map as PDF, with real mouse and key events: run as `qgis --code`.

Imports the synthetic city of $RAW_SAMPLE, draws regions, removes one by its key and takes that back, compares two,
labels the users, switches a basemap of $RAW_TILES on, and makes a map.
"""

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(os.environ["RAW_SCRIPTS"])))

from driving import LEFT, PICTURES, RIGHT, add, click_map, find, main, on_map, press, until, wait
from qgis.core import QgsProject, QgsSettings, QgsTemporalNavigationObject
from qgis.gui import QgsGui
from qgis.PyQt.QtCore import Qt, QTimer
from qgis.PyQt.QtGui import QColor, QKeySequence
from qgis.PyQt.QtTest import QTest
from qgis.PyQt.QtWidgets import QApplication, QComboBox, QDialogButtonBox, QDockWidget, QLabel, QTableWidget
from qgis.utils import iface, plugins

SAMPLE, OUT = Path(os.environ["RAW_SAMPLE"]), Path(os.environ["RAW_OUT"])
report = {"errors": []}


def show(name):
    iface.messageBar().clearWidgets()
    wait(0.4)
    QApplication.primaryScreen().grabWindow(0).save(str(PICTURES / f"{name}.png"))


def words(widget):
    return [label.text() for label in widget.findChildren(QLabel) if label.text()]


def menu(name):
    """An entry of Plugins → RAW."""
    next(action for action in plugins["raw_qgis_plugin"].menu.actions if action.objectName() == f"raw_{name}").trigger()
    wait(0.4)


def type_key(code, modifier=Qt.KeyboardModifier.NoModifier):
    """A key for the widget that has the focus, as after the user's last click."""
    QTest.keyClick(iface.mainWindow().focusWidget(), code, modifier)
    wait(0.3)


def labelled_layer():
    from raw_qgis_plugin.gui.dock.users_tab import labelled_layer

    return labelled_layer()


def open_city():
    import processing

    tracks = processing.runAndLoadResults("raw:importtracks", {
        "SOURCE": str(SAMPLE / "city_tracks.parquet"), "OUTPUT": str(OUT / "tracks.gpkg")})  # fmt: skip
    del tracks
    (layer,) = QgsProject.instance().mapLayers().values()
    layer.renderer().symbol().setColor(QColor("#8b929c"))
    layer.renderer().symbol().setSize(0.5)
    streets = add(f"{SAMPLE / 'city_streets.gpkg'}|layername=streets", "Streets")
    streets.renderer().symbol().setColor(QColor("#d5d9e0"))
    root = QgsProject.instance().layerTreeRoot()
    root.addChildNode(root.findLayer(streets).clone())
    root.removeChildNode(root.findLayer(streets))
    iface.setActiveLayer(layer)
    iface.zoomToActiveLayer()
    menu("draw")  # opens the dock
    dock = find(iface.mainWindow(), "RawDock")
    until(lambda: dock.session.users is not None, 60, "the layer")
    wait(0.5)
    if dock.session.city is None and dock.session.job is None:
        press(dock, "raw_prepare")
    until(lambda: dock.session.city is not None, 300, "the users")
    wait(0.5)
    return dock


def around(share_x, share_y, size):
    box = iface.mapCanvas().extent()
    x, y = box.xMinimum() + share_x * box.width(), box.yMinimum() + share_y * box.height()
    w = h = size * box.height()
    return [(x - w, y - h), (x + w, y - 0.8 * h), (x + 0.9 * w, y + h), (x - 0.7 * w, y + 0.9 * h)]


def draw(dock, corners):
    """By the menu's entry, which has a shortcut."""
    count = len(dock.regions.shown)
    menu("draw")
    for x, y in corners:
        click_map(x, y)
    click_map(*corners[-1], RIGHT)
    until(lambda: len(dock.regions.shown) > count, 20, "the region")
    wait(0.4)


def names(dock):
    return [region.name for region in dock.regions.shown]


def regions(dock):
    find(dock, "raw_min_users").setValue(5)
    for place in ((0.42, 0.5, 0.2), (0.6, 0.55, 0.2), (0.3, 0.3, 0.12)):
        draw(dock, around(*place))
    report["drawn"] = names(dock)
    wait(1)
    layer = dock.regions.regions.layer
    last = layer.getFeature(dock.regions.shown[-1].id).geometry().boundingBox()
    box = iface.mapCanvas().mapSettings().layerToMapCoordinates(layer, last)
    inside = on_map(box.xMinimum() + 0.3 * box.width(), box.yMinimum() + 0.1 * box.height())
    report["painted"] = iface.mapCanvas().grab().toImage().pixelColor(inside).name()
    table = find(dock, "raw_region_list", QTableWidget)
    iface.actionDeleteSelected().trigger()
    wait(0.3)
    report["after Delete"] = names(dock)
    dock.regions.regions.layer.undoStack().undo()
    until(lambda: dock.session.job is None and len(names(dock)) == 3, 30, "the region again")
    report["after Undo"] = names(dock)
    before = iface.mapCanvas().extent()
    QTest.mouseClick(
        table.viewport(), LEFT, Qt.KeyboardModifier.NoModifier, table.visualItemRect(table.item(0, 0)).center()
    )
    wait(0.5)
    report["zoomed"] = iface.mapCanvas().extent().width() < before.width()
    show("maps_region")
    QTest.mouseClick(
        table.viewport(), LEFT, Qt.KeyboardModifier.ControlModifier, table.visualItemRect(table.item(1, 0)).center()
    )
    QTest.mouseClick(dock.regions.compare, LEFT)
    wait(0.5)
    dialog = find(iface.mainWindow(), "raw_compare")
    report["compared"] = words(dialog)
    dock.regions.card.page().write(OUT / "region.html")
    report["legend"] = [item.label() for item in dock.regions.regions.layer.renderer().legendSymbolItems()]
    show("maps_compare")
    dialog.close()


def answer(name):
    """Press Yes or No in the question about the basemap, and note what it said."""
    question = find(iface.mainWindow(), "raw_basemap_question")
    report["question"] = words(question)
    show("maps_basemap_question")
    box = question.findChild(QDialogButtonBox)
    QTest.mouseClick(box.button(getattr(QDialogButtonBox.StandardButton, name)), LEFT)


def asked():
    """How many tiles the server was asked for."""
    return len(Path(os.environ["RAW_ASKED"]).read_text().splitlines())


def base_map():
    settings = QgsSettings()
    for name in ("OpenStreetMap", "Mapzen Global Terrain"):
        settings.remove(f"connections/xyz/items/{name}")
    settings.setValue("connections/xyz/items/Tiles/url", os.environ["RAW_TILES"] + "/{z}/{x}/{y}.png")
    for reply in ("No", "Yes"):
        QTimer.singleShot(500, lambda reply=reply: answer(reply))
        menu("basemap")
        wait(1.5)
        report[f"asked after {reply}"] = asked()
    root = QgsProject.instance().layerTreeRoot()
    report["bottom"] = root.children()[-1].name()
    show("maps_basemap")
    menu("basemap")
    report["layers without the basemap"] = [layer.name() for layer in QgsProject.instance().mapLayers().values()]


def people(dock):
    bar = find(dock, "raw_tabs").tabBar()
    QTest.mouseClick(bar, LEFT, Qt.KeyboardModifier.NoModifier, bar.tabRect(1).center())
    dock.users.unit.setCurrentIndex(dock.users.unit.findData("user"))
    press(dock, "raw_user_profile")
    until(lambda: dock.session.job is None, 120, "the labels")
    wait(0.5)
    shown = find(dock, "raw_user_shown", QComboBox)
    report["labels"] = [shown.itemText(at) for at in range(shown.count())]
    show("maps_people")
    shown.setFocus()
    for _ in range(shown.count()):
        QTest.keyClick(shown, Qt.Key.Key_Down)
    wait(0.5)
    report["colours"] = [item.label() for item in labelled_layer().renderer().legendSymbolItems()]
    before = iface.mapCanvas().extent()
    name = find(dock, "raw_user_name")
    name.setFocus()
    QTest.keyClicks(name, dock.session.city.users.user_ids[3])
    QTest.keyClick(name, Qt.Key.Key_Return)
    until(lambda: dock.users.card is not None, 20, "the card")
    wait(0.5)
    report["zoomed to a user"] = iface.mapCanvas().extent() != before
    report["pieces"] = len(dock.users.marks.bands[0].asGeometry().asMultiPolyline())
    show("maps_user")
    dock.users.card.page().write(OUT / "user.html")
    iface.mapCanvas().setExtent(before)


def animate():
    """QGIS's own window, which is closed again, and the clock switched off."""
    menu("animation")
    wait(1)
    (window,) = [
        w for w in QApplication.topLevelWidgets() if w.isVisible() and w.windowTitle() == "Export Map Animation"
    ]
    show("maps_animation")
    window.close()
    report["animated"] = iface.mapCanvas().mapSettings().isTemporal()
    iface.mapCanvas().temporalController().setNavigationMode(QgsTemporalNavigationObject.NavigationOff)
    iface.mainWindow().findChild(QDockWidget, "Temporal Controller").hide()
    wait(1)


def make_map():
    iface.mapCanvas().zoomScale(iface.mapCanvas().scale() * 1.6)
    wait(1)
    menu("map")
    dialog = plugins["raw_qgis_plugin"].menu.windows[-1]
    title = find(dialog, "raw_map_title")
    title.selectAll()
    QTest.keyClicks(title, "People of the synthetic city")
    report["notes"] = dialog.notes.toPlainText()
    report["warnings"] = find(dialog, "raw_map_warnings").text()
    show("maps_make")
    for suffix in ("pdf", "png"):
        dialog.write(OUT / f"map.{suffix}")
        report[suffix] = dialog.done_words.text()
    dialog.edit()
    wait(2)
    report["layouts"] = [layout.name() for layout in QgsProject.instance().layoutManager().layouts()]
    show("maps_designer")
    dialog.close()


def work():
    from raw_qgis_plugin.gui.settings import settings

    window = iface.mainWindow()
    window.setGeometry(window.screen().geometry())  # there is no window manager to maximise it
    window.findChild(QDockWidget, "Browser").hide()
    settings().min_users.setValue(5)
    for key in ("Ctrl+Alt+K", "Ctrl+Alt+D", "Ctrl+Alt+B"):
        report[key] = QgsGui.shortcutsManager().actionForSequence(QKeySequence(key)).objectName()
    dock = open_city()
    regions(dock)
    base_map()
    people(dock)
    animate()
    make_map()


QTimer.singleShot(1500, lambda: main(work, report))
