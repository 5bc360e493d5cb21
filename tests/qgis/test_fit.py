# SPDX-License-Identifier: GPL-2.0-or-later
"""A new layer can be seen on the map: the clock does not hide it, and the project's CRS does not turn it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsDateTimeRange,
    QgsProject,
    QgsRectangle,
    QgsTemporalNavigationObject,
    QgsVectorLayer,
)
from qgis.gui import QgsMapCanvas, QgsMessageBar
from qgis.PyQt.QtWidgets import QPushButton, QTextBrowser

from .conftest import T0, utc
from .waiting import until

HOUR_MS = 3_600_000


@pytest.fixture
def iface(qgis_app: Any, staged: None) -> Iterator[Any]:
    """A canvas with a clock, and QGIS's own message bar."""
    QgsProject.instance().clear()
    canvas, bar = QgsMapCanvas(), QgsMessageBar()
    clock = QgsTemporalNavigationObject(canvas)
    canvas.setTemporalController(clock)
    zoomed: list[Any] = []
    yield SimpleNamespace(
        mapCanvas=lambda: canvas, messageBar=lambda: bar, setActiveLayer=zoomed.append, zoomed=zoomed,
        zoomToActiveLayer=lambda: None, layerTreeCanvasBridge=lambda: SimpleNamespace(setCanvasLayers=lambda: None),
    )  # fmt: skip
    QgsProject.instance().clear()


@pytest.fixture
def layer(make: Callable[..., Any], fixes: Any, staged: None) -> QgsVectorLayer:
    """Fixes of two hours, with time."""
    from raw_qgis_plugin.layers.styling import Fixes

    made = make(fixes)
    Fixes().apply(made)
    assert made.temporalProperties().isActive()
    return made


def times(first: int, last: int) -> QgsDateTimeRange:
    return QgsDateTimeRange(utc(first), utc(last))


def button(iface: Any) -> QPushButton | None:
    return iface.messageBar().findChild(QPushButton)


def test_a_clock_of_ours_that_hides_a_new_layer_is_switched_off(iface: Any, layer: QgsVectorLayer) -> None:
    from raw_qgis_plugin.gui.maps import fit

    canvas = iface.mapCanvas()
    fit.set_clock(canvas, times(T0, T0 + HOUR_MS), 300, frame=1)
    fit.show_in_time(iface, layer)
    assert not canvas.temporalRange().isInfinite()  # the layer is of that time
    fit.set_clock(canvas, times(T0 - 100 * HOUR_MS, T0 - 99 * HOUR_MS), 300, frame=1)
    fit.show_in_time(iface, layer)
    assert canvas.temporalRange().isInfinite() and button(iface) is None


def test_a_clock_of_the_user_is_switched_off_by_a_button(iface: Any, layer: QgsVectorLayer) -> None:
    from raw_qgis_plugin.gui.maps import fit

    layer.setName("aged <18")  # no markup
    canvas = iface.mapCanvas()
    clock = canvas.temporalController()
    fit.set_clock(canvas, times(T0, T0 + HOUR_MS), 300)
    clock.setTemporalExtents(times(T0 - 100 * HOUR_MS, T0 - 99 * HOUR_MS))  # as in the Temporal Controller
    for _ in range(2):
        fit.show_in_time(iface, layer, times(T0, T0 + HOUR_MS))
    assert not canvas.temporalRange().isInfinite() and len(iface.messageBar().items()) == 1
    shown = iface.messageBar().items()[0].findChild(QTextBrowser).toPlainText()
    assert "2020-09-09" in shown and shown.endswith("hides aged <18.")
    button(iface).click()
    until(lambda: not iface.messageBar().items())
    assert canvas.temporalRange().isInfinite()


@pytest.mark.parametrize(
    ("lon", "lat", "zone"),
    [
        (12.4, 51.3, 32633), (-37.1, -10.9, 32724), (179.99, 10, 32660), (-180, -1, 32701), (20, 85, 3995),
        (20, -85, 3031),
    ],
)  # fmt: skip
def test_the_zone_of_a_place(staged: None, lon: float, lat: float, zone: int) -> None:
    from raw_qgis_plugin.gui.maps.fit import utm_zone

    assert utm_zone(QgsRectangle(lon, lat, lon, lat)).authid() == f"EPSG:{zone}"
    assert utm_zone(QgsRectangle(-60, 0, 60, 10)) is None  # no zone fits half the world
    assert utm_zone(QgsRectangle()) is None


def test_the_first_layer_gives_the_project_a_crs_in_metres(iface: Any, layer: QgsVectorLayer) -> None:
    from raw_qgis_plugin.gui.maps import fit

    project = QgsProject.instance()
    for before, after in (("EPSG:4326", "EPSG:32650"), ("EPSG:31984", "EPSG:32650"), ("EPSG:3857", "EPSG:3857")):
        project.setCrs(QgsCoordinateReferenceSystem(before))
        project.addMapLayer(layer)
        fit.show_in_shape(iface, layer)
        assert project.crs().authid() == after
        project.takeMapLayer(layer)


def test_a_crs_that_is_far_off_is_kept_until_the_button_is_pressed(
    iface: Any, layer: QgsVectorLayer, make: Callable[..., Any], fixes: Any
) -> None:
    from raw_qgis_plugin.gui.maps import fit

    project = QgsProject.instance()
    project.addMapLayers([layer, make(fixes)])
    for crs in ("EPSG:4326", "EPSG:32650"):
        project.setCrs(QgsCoordinateReferenceSystem(crs))
        fit.show_in_shape(iface, layer)
        assert project.crs().authid() == crs and button(iface) is None
    project.setCrs(QgsCoordinateReferenceSystem("EPSG:31984"))
    fit.show_in_shape(iface, layer)
    assert project.crs().authid() == "EPSG:31984" and button(iface).text() == "Use UTM zone 50N"
    button(iface).click()
    until(lambda: iface.zoomed)
    assert project.crs().authid() == "EPSG:32650" and iface.zoomed == [layer]
