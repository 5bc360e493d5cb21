# SPDX-License-Identifier: GPL-2.0-or-later
"""A new layer can be seen on the map: the clock does not hide it, and the project's CRS does not
turn it.
"""

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
from qgis.gui import QgsMapCanvas

from .conftest import T0, utc

HOUR_MS = 3_600_000


@pytest.fixture
def iface(qgis_app: Any, staged: None) -> Iterator[Any]:
    """A canvas with a clock. Messages are in `said`."""
    QgsProject.instance().clear()
    canvas, said = QgsMapCanvas(), []
    canvas.setTemporalController(QgsTemporalNavigationObject(canvas))
    bar = SimpleNamespace(pushInfo=lambda title, words: said.append(words))
    yield SimpleNamespace(
        mapCanvas=lambda: canvas, messageBar=lambda: bar, said=said,
        layerTreeCanvasBridge=lambda: SimpleNamespace(setCanvasLayers=lambda: None),
    )  # fmt: skip
    QgsProject.instance().clear()


@pytest.fixture
def layer(make: Callable[..., Any], fixes: Any, staged: None) -> QgsVectorLayer:
    """Fixes of two hours, with time."""
    from raw_qgis_plugin.layers.styling import Fixes

    made = make(fixes)
    Fixes().apply(made)
    return made


def times(first: int, last: int) -> QgsDateTimeRange:
    return QgsDateTimeRange(utc(first), utc(last))


def test_a_clock_that_hides_a_whole_new_layer_is_switched_off(
    iface: Any, layer: QgsVectorLayer
) -> None:
    from raw_qgis_plugin.gui.maps import fit

    layer.setName("aged <18")  # no markup
    canvas = iface.mapCanvas()
    fit.set_clock(canvas, times(T0, T0 + HOUR_MS), 300, frame=1)
    fit.show_in_time(iface, layer)
    assert not canvas.temporalRange().isInfinite()  # the layer is of that time
    fit.set_clock(canvas, times(T0 - 100 * HOUR_MS, T0 - 99 * HOUR_MS), 300, frame=1)
    fit.show_in_time(iface, layer)
    assert canvas.temporalRange().isInfinite() and "hid all of aged &lt;18." in iface.said[0]


@pytest.mark.parametrize(
    ("lon", "lat", "zone"),
    [(12.4, 51.3, 32633), (-37.1, -10.9, 32724), (179.99, 10, 32660), (-180, -1, 32701)],
)
def test_the_zone_of_a_place(staged: None, lon: float, lat: float, zone: int) -> None:
    from raw_qgis_plugin.gui.maps.fit import utm_zone

    assert utm_zone(QgsRectangle(lon, lat, lon, lat)).authid() == f"EPSG:{zone}"
    for nowhere in (QgsRectangle(-60, 0, 60, 10), QgsRectangle(20, 85, 21, 86), QgsRectangle()):
        assert utm_zone(nowhere) is None  # no zone fits half the world, or a pole


def test_the_first_layer_gives_the_project_its_own_crs_or_one_in_metres(
    iface: Any, layer: QgsVectorLayer, make: Callable[..., Any], fixes: Any
) -> None:
    from raw_qgis_plugin.gui.maps import fit

    project = QgsProject.instance()
    for before, after in (("EPSG:4326", "EPSG:32650"), ("EPSG:3857", "EPSG:3857")):
        project.setCrs(QgsCoordinateReferenceSystem(before))
        project.addMapLayer(layer)
        fit.show_in_shape(iface, layer)
        assert project.crs().authid() == after
        project.takeMapLayer(layer)
    project.setCrs(QgsCoordinateReferenceSystem("EPSG:4326"))
    own = project.addMapLayer(make(fixes, "EPSG:32649"))
    fit.show_in_shape(iface, own)
    assert project.crs().authid() == "EPSG:32649"  # the neighbouring zone is the layer's own
