# SPDX-License-Identifier: GPL-2.0-or-later
"""The tabs of the dock on layers of many kinds."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from qgis.core import (
    Qgis,
    QgsCoordinateReferenceSystem,
    QgsPointXY,
    QgsRectangle,
    QgsTemporalNavigationObject,
)
from qgis.gui import QgsMapToolPan
from qgis.PyQt import sip

from .tabs import HOME, draw, people, read
from .waiting import until


def test_a_project_without_a_crs_shows_the_layers_own_coordinates(
    session: Any, menu: Any, make: Callable[..., Any], fixes: Any
) -> None:
    """Metres, which must not be taken for degrees."""
    from raw_qgis_plugin.gui.dock.users_tab import UsersTab
    from raw_qgis_plugin.gui.regions.tab import RegionsTab
    from raw_qgis_plugin.gui.settings import settings

    layer = make(fixes, "EPSG:3857")
    menu.iface.mapCanvas().setDestinationCrs(QgsCoordinateReferenceSystem())
    tab, users = RegionsTab(session, menu), UsersTab(session, menu)
    read(session, layer)
    tab.min_users.setValue(2)
    draw(tab, layer.extent())
    assert people(tab) == [12]
    users.pick(next(layer.getFeatures()).geometry().asPoint())
    assert users.name.text() in fixes.user_id
    assert layer.extent().contains(users.marks.bands[0].asGeometry().boundingBox())
    for each in (tab, users):
        each.remove()
    settings().min_users.remove()


def test_the_user_of_the_nearest_fix_in_metres_is_shown(
    session: Any, menu: Any, make: Callable[..., Any], fixes: Any
) -> None:
    """At 60 degrees north, where a degree of longitude is half as long as one of latitude."""
    from raw_qgis_plugin.gui.dock.users_tab import UsersTab

    canvas = menu.iface.mapCanvas()
    canvas.setDestinationCrs(QgsCoordinateReferenceSystem("EPSG:4326"))
    canvas.setExtent(QgsRectangle(10.4, 59.9, 10.6, 60.1))
    places = {"east": (10.5015, 60.0), "north": (10.5, 60.001)}
    columns = [[name, fixes.t[k], *xy] for name, xy in places.items() for k in range(5)]
    users = UsersTab(session, menu)
    read(session, make(type(fixes)(*map(list, zip(*columns)), {})))
    users.pick(QgsPointXY(10.5, 60.0), reach_px=0.002 / canvas.mapUnitsPerPixel())
    assert users.name.text() == "east"
    users.remove()


def test_users_whose_ids_have_outer_blanks_are_found(
    session: Any, menu: Any, make: Callable[..., Any], fixes: Any
) -> None:
    from raw_qgis_plugin.gui.dock.users_tab import UsersTab

    users = UsersTab(session, menu)
    ids = [name + " " if name == "u00" else name for name in fixes.user_id]
    layer = make(type(fixes)(ids, fixes.t, fixes.lon, fixes.lat, {}))
    read(session, layer)
    layer.selectByIds([1])
    users.use_selected()
    assert users.name.text() == "u00 " and not users.words.text()
    users.show_named(" u01 ")
    assert users.name.text() == "u01"
    users.remove()


def test_colours_are_of_the_model_that_made_the_labels(
    session: Any, menu: Any, make: Callable[..., Any], fixes: Any, bundle: str, tmp_path: Path
) -> None:
    """Another model, chosen since, has other names of the classes."""
    from raw_qgis_plugin.core.bundle.bundle import open_bundle, write_sums
    from raw_qgis_plugin.gui.dock.users_tab import UsersTab, labelled_layer

    other = Path(shutil.copytree(open_bundle(bundle).path, tmp_path / "other"))
    card = (other / "card.json").read_text("utf-8")
    (other / "card.json").write_text(card.replace('"walk"', '"on foot"'), "utf-8")
    write_sums(other)
    users = UsersTab(session, menu)
    read(session, make(fixes))
    users.unit.setCurrentIndex(users.unit.findData("track"))
    users.run()
    until(lambda: session.job is None)
    layer = labelled_layer()
    before = [rule.label() for rule in layer.renderer().rootRule().children()]
    session.set_model(str(other))
    until(lambda: session.model is not None)
    users.shown.activated.emit(users.shown.currentIndex())
    assert users.shown.currentData() == "transport_mode"
    assert [rule.label() for rule in layer.renderer().rootRule().children()] == before
    users.remove()


@pytest.mark.parametrize(("crs", "width"), [("EPSG:4326", 1), ("EPSG:3857", 111_320)])
def test_a_marked_track_crosses_180_degrees(
    session: Any, menu: Any, make: Callable[..., Any], fixes: Any, crs: str, width: float
) -> None:
    """With the user's usual places, in one part of the map."""
    from raw_qgis_plugin.gui.dock.users_tab import UsersTab

    menu.iface.mapCanvas().setDestinationCrs(QgsCoordinateReferenceSystem(crs))
    users = UsersTab(session, menu)
    lon = [east + 63.6 - 360 * (east + 63.6 > 180) for east in fixes.lon]
    read(session, make(type(fixes)(fixes.user_id, fixes.t, lon, fixes.lat, {})))
    for row in range(12):
        users.show_user(row)
        box = users.marks.bands[0].asGeometry().boundingBox()
        for band in users.marks.bands[1:]:
            box.combineExtentWith(band.asGeometry().boundingBox())
        assert len(users.marks.bands) > 1 and box.width() < width
    users.remove()


def test_the_map_is_given_back_where_the_earlier_tool_is_deleted(session: Any, menu: Any) -> None:
    """Such as the tool that was drawing a region when Click one was pressed."""
    from raw_qgis_plugin.gui.dock.users_tab import UsersTab
    from raw_qgis_plugin.gui.map_tools.draw import Drawing

    canvas, users = menu.iface.mapCanvas(), UsersTab(session, menu)
    drawing = Drawing(menu.iface, session.map_crs)
    for begin, end in (
        (lambda: users._take_tool(True), lambda: users._take_tool(False)),
        (drawing.box, drawing.stop),
    ):
        before = QgsMapToolPan(canvas)
        canvas.setMapTool(before)
        begin()
        ours = canvas.mapTool()
        assert ours is not before
        sip.delete(before)
        end()
        assert canvas.mapTool() is not ours
    users.remove()


def test_the_clock_is_set_in_the_oldest_qgis(
    session: Any, menu: Any, make: Callable[..., Any], fixes: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """3.34 has no Qgis.TemporalNavigationMode."""
    from raw_qgis_plugin.gui.dock.forecast_tab import ForecastTab

    monkeypatch.delattr(Qgis, "TemporalNavigationMode")
    canvas = menu.iface.mapCanvas()
    clock = QgsTemporalNavigationObject(canvas)
    canvas.setTemporalController(clock)
    tab = ForecastTab(session, menu)
    tab._areas, tab._ends = make(fixes), [(fixes.t[0], fixes.t[119], HOME)]
    tab.show_track(0)
    assert clock.navigationMode() == QgsTemporalNavigationObject.Animated and clock.currentFrameNumber() == 1


def test_a_forecast_of_somebody_at_rest_leaves_the_streets_in_sight(
    session: Any, menu: Any, make: Callable[..., Any], fixes: Any
) -> None:
    from raw_qgis_plugin.gui.dock.forecast_tab import NEAREST_SCALE, ForecastTab

    canvas, layer = menu.iface.mapCanvas(), make(fixes)
    canvas.setDestinationCrs(layer.crs())
    canvas.setTemporalController(QgsTemporalNavigationObject(canvas))
    tab, spot = ForecastTab(session, menu), HOME.center()
    wide, narrow = (QgsRectangle.fromCenterAndSize(spot, size, size) for size in (0.1, 0.00002))
    tab._areas, tab._ends = layer, [(fixes.t[0], fixes.t[119], box) for box in (wide, narrow)]
    tab.show_track(0)
    assert canvas.scale() > 2 * NEAREST_SCALE and canvas.extent().contains(wide)
    tab.show_track(1)
    assert canvas.scale() == pytest.approx(NEAREST_SCALE, rel=0.01) and canvas.extent().contains(narrow)


@pytest.mark.parametrize("moved", [False, True])
def test_after_forecasts_the_map_of_before_comes_back_with_labels(
    session: Any, menu: Any, make: Callable[..., Any], fixes: Any, moved: bool
) -> None:
    """Two tracks are looked at in turn. A map that was moved by hand stays."""
    from raw_qgis_plugin.gui.dock.forecast_tab import ForecastTab
    from raw_qgis_plugin.gui.dock.users_tab import UsersTab

    canvas, layer = menu.iface.mapCanvas(), make(fixes)
    canvas.setDestinationCrs(layer.crs())
    canvas.setTemporalController(QgsTemporalNavigationObject(canvas))
    forecasts, users = ForecastTab(session, menu), UsersTab(session, menu)
    forecasts._areas, forecasts._ends = layer, [(fixes.t[0], fixes.t[119], HOME)] * 2
    canvas.setExtent(layer.extent())
    before = canvas.scale(), canvas.center()
    forecasts.show_track(0)
    forecasts.show_track(1)
    assert canvas.scale() < 0.6 * before[0] and not canvas.temporalRange().isInfinite()
    if moved:
        canvas.zoomScale(0.4 * canvas.scale())
    users._written({}, {}, [])
    assert (canvas.scale() == pytest.approx(before[0], rel=0.01)) != moved
    assert (canvas.center().distance(before[1]) < 1e-6) or moved
    assert canvas.temporalController().navigationMode() == QgsTemporalNavigationObject.NavigationMode.NavigationOff


def test_a_read_only_profile_works_without_a_cache(
    session: Any, menu: Any, make: Callable[..., Any], fixes: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from raw_qgis_plugin.environment import folders
    from raw_qgis_plugin.gui.options import RawOptionsPage

    def refuse() -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(folders, "cache_folder", refuse)
    read(session, make(fixes))
    page = RawOptionsPage(menu)
    page._forget()
    assert "no folder" in page.cache.text() and not page.forget.isEnabled()


def test_a_users_name_goes_with_its_layer(session: Any, menu: Any, make: Callable[..., Any], fixes: Any) -> None:
    """And an empty name is no question."""
    from raw_qgis_plugin.gui.dock.users_tab import UsersTab

    users = UsersTab(session, menu)
    menu.iface.mapCanvas().setDestinationCrs(make(fixes).crs())
    read(session, make(fixes))
    users.show_user(3)
    letters = [name.words for name in users.marks.names]
    assert letters and letters == ["A", "B", "C"][: len(users.card.places.share)]
    assert [name.point for name in users.marks.names] == [
        band.asGeometry().centroid().asPoint() for band in users.marks.bands[1:]
    ]
    users.name.setText(" ")
    users.name.returnPressed.emit()
    assert not users.words.text() and users.card is not None
    users.name.setText("u03")
    read(session, make(fixes))
    assert not users.name.text() and not users.marks.names
    users.remove()
