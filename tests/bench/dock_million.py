# SPDX-License-Identifier: GPL-2.0-or-later
"""The dock with a million fixes: run as `qgis --code`. Reads the CSV $RAW_TRACKS, draws regions, and times them.

The embeddings are drawn at random, as they would come from the cache.
"""

import os
import sys
import time

sys.path.insert(0, os.environ["RAW_SCRIPTS"])

import numpy as np
from driving import RIGHT, Heart, add, click_map, main, on_map, press, until, wait
from osgeo import gdal
from qgis.PyQt.QtCore import Qt, QTimer
from qgis.PyQt.QtTest import QTest
from qgis.PyQt.QtWidgets import QApplication
from qgis.utils import iface, plugins

REGIONS = 15
report = {"errors": [], "shown_s": [], "computed_s": []}


def from_cache(users, model, folder, progress=None, warn=None):
    width = model.card["embedding"]["width"]
    return np.random.default_rng(0).normal(size=(users.n_users, width)).astype(np.float32)


def work():
    csv = os.environ["RAW_TRACKS"]
    path = csv.replace(".csv", ".gpkg")
    columns = ["X_POSSIBLE_NAMES=lon", "Y_POSSIBLE_NAMES=lat", "AUTODETECT_TYPE=YES"]
    source = gdal.OpenEx(csv, gdal.OF_VECTOR, open_options=columns)
    gdal.VectorTranslate(path, source, options="-f GPKG -lco SPATIAL_INDEX=NO -a_srs EPSG:4326 -nln fixes")
    window = iface.mainWindow()
    window.setGeometry(window.screen().geometry())
    dock = plugins["raw_qgis_plugin"].menu.show_dock()
    from raw_qgis_plugin.gui import session as dock_session

    dock_session.embed_cached = from_cache
    heart = Heart()
    began = time.monotonic()
    layer = add(path, "Million")
    canvas = iface.mapCanvas()
    iface.layerTreeView().setCurrentLayer(layer)
    canvas.setRenderFlag(False)  # a million points take QGIS seconds to draw, which is not ours
    canvas.setExtent(layer.extent())
    dock.source.layer.setLayer(layer)
    dock.session.set_layer(layer)
    until(lambda: dock.session.users is not None, 300, "the layer")
    dock.session.prepare()
    until(lambda: dock.session.city is not None, 300, "the city")
    report["read_s"] = time.monotonic() - began
    report["fixes"], report["users"] = len(dock.session.tracks), dock.session.tracks.n_users
    rng = np.random.default_rng(1)
    box = canvas.extent()
    for number in range(REGIONS):
        centre = np.array([box.xMinimum(), box.yMinimum()]) + rng.uniform(0.3, 0.7, 2) * [box.width(), box.height()]
        reach = rng.uniform(0.02, 0.2) * min(box.width(), box.height())
        turn = np.linspace(0, 2 * np.pi, 8)[:-1]
        corners = centre + reach * np.column_stack([np.cos(turn), np.sin(turn)])
        press(dock, "raw_region_polygon")
        for x, y in corners:
            click_map(x, y)
        began, computed = time.monotonic(), time.thread_time()
        close(corners[-1], dock, number + 1)
        report["shown_s"].append(time.monotonic() - began)
        report["computed_s"].append(time.thread_time() - computed)
        wait(0.3)
    heart.end()
    report["longest_s"] = heart.longest
    report["blocks"] = [block for block in heart.blocks if block["ours"]]


def close(at, dock, count):
    """Right click, and let QGIS paint what comes of it."""
    viewport = iface.mapCanvas().viewport()
    QTest.mouseClick(viewport, RIGHT, Qt.KeyboardModifier.NoModifier, on_map(*at))
    while len(dock.regions.shown) < count or dock.regions.card is None:
        QApplication.processEvents()
    dock.regions.card.repaint()


QTimer.singleShot(1500, lambda: main(work, report))
