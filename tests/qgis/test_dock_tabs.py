# SPDX-License-Identifier: GPL-2.0-or-later
"""The tabs of the dock on layers of many kinds."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsFeature,
    QgsProject,
    QgsRectangle,
    QgsTemporalNavigationObject,
    QgsVectorLayer,
)
from qgis.PyQt.QtWidgets import QLabel

from .conftest import utc
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
    users.show()
    layer.select(next(layer.getFeatures()).id())
    assert users.name.text() == fixes.user_id[0]
    assert layer.extent().contains(users.bands[0].asGeometry().boundingBox())
    for each in (tab, users):
        each.remove()
    settings().min_users.remove()


def test_colours_of_a_labelled_layer_are_chosen(
    session: Any, menu: Any, make: Callable[..., Any], fixes: Any
) -> None:
    from raw_qgis_plugin.gui.dock.users_tab import UsersTab
    from raw_qgis_plugin.gui.results import RUN

    users = UsersTab(session, menu)
    read(session, make(fixes))
    assert users.colours.isHidden()
    users.unit.setCurrentIndex(users.unit.findData("track"))
    users.run()
    until(lambda: session.job is None)
    layer = users._newest()
    assert [users.shown.itemText(n) for n in range(users.shown.count())] == ["Transport mode"]
    users.shown.activated.emit(0)
    assert {"Walk", "Unknown: not sure"} & {
        rule.label() for rule in layer.renderer().rootRule().children()
    }
    run = json.loads(layer.customProperty(RUN))
    run["values"]["MODEL"] = "/another/model"
    layer.setCustomProperty(RUN, json.dumps(run))
    users._list_labels()
    assert not users.shown.count(), "the card of its heads is not in the dock"
    users.remove()


def test_a_marked_track_crosses_180_degrees(
    session: Any, menu: Any, make: Callable[..., Any], fixes: Any
) -> None:
    """With the user's usual places, in one part of the map."""
    from raw_qgis_plugin.gui.dock.users_tab import UsersTab

    menu.iface.mapCanvas().setDestinationCrs(QgsCoordinateReferenceSystem("EPSG:4326"))
    users = UsersTab(session, menu)
    lon = [east + 63.6 - 360 * (east + 63.6 > 180) for east in fixes.lon]
    read(session, make(type(fixes)(fixes.user_id, fixes.t, lon, fixes.lat, {})))
    for row in range(12):
        users.show_user(row)
        box = users.bands[0].asGeometry().boundingBox()
        for band in users.bands[1:]:
            box.combineExtentWith(band.asGeometry().boundingBox())
        assert len(users.bands) > 1 and box.width() < 1
    users.remove()


def test_a_selected_fix_shows_its_user_while_the_tab_is_in_sight(
    session: Any, menu: Any, make: Callable[..., Any], fixes: Any
) -> None:
    """A fix of nobody opens nobody's card, and a layer that is removed takes the card with it."""
    from raw_qgis_plugin.gui.dock.users_tab import UsersTab

    users, layer = UsersTab(session, menu), make(fixes)
    read(session, layer)
    first, *_, last = layer.getFeatures()
    layer.selectByIds([first.id()])
    assert users.card is None, "another tab is in sight"
    users.show()
    layer.selectByIds([last.id()])
    shown = users.card
    assert shown is not None and users.name.text() == str(last[session.fields.user])
    layer.dataProvider().changeAttributeValues(
        {first.id(): {layer.fields().lookupField("user_id"): None}}
    )
    layer.selectByIds([first.id()])
    assert users.card is shown
    layer.startEditing()
    layer.renameAttribute(layer.fields().lookupField("user_id"), "who")
    layer.selectByIds([last.id()])  # read under the other name
    layer.rollBack()
    assert users.card is shown
    QgsProject.instance().removeMapLayer(layer)
    assert users.card is None
    users.remove()


def test_a_forecast_of_somebody_at_rest_leaves_the_streets_in_sight(
    session: Any, menu: Any, make: Callable[..., Any], fixes: Any
) -> None:
    from raw_qgis_plugin.gui.dock.forecast_tab import NEAREST_SCALE, ForecastTab

    canvas, layer = menu.iface.mapCanvas(), make(fixes)
    canvas.setDestinationCrs(layer.crs())
    canvas.setTemporalController(QgsTemporalNavigationObject(canvas))
    tab, spot = ForecastTab(session, menu), HOME.center()
    wide, narrow = (QgsRectangle.fromCenterAndSize(spot, size, size) for size in (0.1, 0.00002))
    tab._areas = layer
    for box in (QgsRectangle(), wide, narrow):
        tab.track.addItem("", (fixes.t[0], fixes.t[119], box))
    tab.show_track(1)
    assert canvas.scale() > 2 * NEAREST_SCALE and canvas.extent().contains(wide)
    tab.show_track(2)
    assert canvas.scale() == pytest.approx(NEAREST_SCALE, rel=0.01) and canvas.extent().contains(
        narrow
    )


def test_forecasts_step_no_finer_than_the_tracks_have_fixes(
    session: Any, menu: Any, make: Any, fixes: Any
) -> None:
    from raw_qgis_plugin.gui.dock.forecast_tab import ForecastTab

    tab, found = ForecastTab(session, menu), []
    for factor in (1, 62):
        session.set_layer(
            make(fixes, times=lambda ms, k=factor: utc(int(fixes.t[0] + k * (ms - fixes.t[0]))))
        )
        until(lambda: session.tracks is not None)
        found.append((tab.form.values()["STEP"], tab.form.values()["HORIZON"]))
    assert found[0] == (5, 30) and found[1] == (62, 124)


def test_a_users_name_goes_with_its_layer(
    session: Any, menu: Any, make: Callable[..., Any], fixes: Any
) -> None:
    """And an empty name is no question."""
    from raw_qgis_plugin.gui.dock.users_tab import UsersTab

    users = UsersTab(session, menu)
    menu.iface.mapCanvas().setDestinationCrs(make(fixes).crs())
    read(session, make(fixes))
    users.show_user(3)
    assert len(users.bands) == 1 + len(users.card.places.share) > 1
    users.name.setText(" ")
    users.name.returnPressed.emit()
    assert not users.words.text() and users.card is not None
    users.name.setText("u03")
    read(session, make(fixes))
    assert not users.name.text() and not users.bands
    users.remove()


def test_labels_of_people_are_counted_and_shown_with_their_evidence(
    session: Any, menu: Any, make: Callable[..., Any], fixes: Any
) -> None:
    from raw_qgis_plugin.gui.dock.people import describe_people, describe_person
    from raw_qgis_plugin.gui.dock.users_tab import UsersTab

    names = ["user_id:string", "commuter:string", "main_mode:string", "share_walk:double", "share_rail:double",
             "why:string"]  # fmt: skip
    layer = QgsVectorLayer(
        "Point?crs=EPSG:4326&" + "&".join(f"field={name}" for name in names), "People", "memory"
    )
    for row in (["u03", "yes", "rail", 0.25, 0.75, None], ["u04", "no", "walk", 1.0, 0.0, None],
                ["u05", "unknown", "unknown", None, None, "fixes on 2 days"]):  # fmt: skip
        feature = QgsFeature(layer.fields())
        feature.setAttributes(row)
        layer.dataProvider().addFeature(feature)
    words = " ".join(describe_people(layer))
    assert "Commuters: yes 1, no 1, unknown 1." in words and "fixes on 2 days (1)" in words
    assert "walk 62%, rail 38%" in words
    seen, nan = "at work on 41 of 63 weekdays with fixes", float("nan")
    one = {"commuter": "yes", "commuter_p": 0.92, "main_mode": "rail", "share_walk": 0.25, "share_bike": 0.0,
           "share_motor": 0.0, "share_rail": 0.75, "rail_trips": 4.2, "rail_trips_low": 3.1, "rail_trips_high": 5.0,
           "trips_a_day": nan, "trips_a_day_low": nan, "trips_a_day_high": nan, "evidence": seen, "why": "",
           "n_days_seen": 80, "coverage": 0.4}  # fmt: skip
    for part in (
        "<b>yes</b> 92%",
        seen,
        "<b>rail</b>",
        "walk 25%, rail 75%",
        "<b>4.2</b> (3.1 – 5.0)",
        "80; 40%",
    ):
        assert part in " ".join(describe_person(one)), part
    assert "<b>no</b> 90%" in describe_person({**one, "commuter": "no", "commuter_p": 0.1})[0]
    assert "Unknown: two days" in " ".join(
        describe_person({**one, "commuter": "unknown", "why": "two days"})
    )
    users = UsersTab(session, menu)
    read(session, make(fixes))
    users.show_named("u03")
    texts = [label.text() for label in users.card.findChildren(QLabel)]
    assert any(text.startswith("Commuter: <b>") for text in texts) and any(
        "Days recorded" in text for text in texts
    )
    users.remove()
