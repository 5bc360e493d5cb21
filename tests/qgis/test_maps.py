# SPDX-License-Identifier: GPL-2.0-or-later
"""A printed map: the template filled with title, legend and notes; and the notes themselves."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from qgis.core import (
    Qgis,
    QgsDateTimeRange,
    QgsFeature,
    QgsGeometry,
    QgsLayoutExporter,
    QgsProject,
    QgsRectangle,
    QgsVectorLayer,
)
from qgis.PyQt.QtCore import QDateTime
from qgis.PyQt.QtGui import QImage

from .conftest import T0, utc

TEAM = {
    "name": "team",
    "unit": "user",
    "kind": "classes",
    "classes": ["weekdays", "weekend", "nights"],
    "metrics": {},
}


@pytest.fixture
def own(bundle: str, tmp_path: Path) -> Path:
    """A copy of the shipped model with a name of its own. Its card has the old name."""
    from raw_qgis_plugin.core.bundle.bundle import open_bundle

    return Path(shutil.copytree(open_bundle(bundle).path, tmp_path / "my model"))


def labelled(head: str, answers: list[str]) -> QgsVectorLayer:
    """A layer of points 10° apart, the first at 10° east, with a label each."""
    layer = QgsVectorLayer(
        f"Point?crs=EPSG:4326&field=user_id:string&field={head}:string&field=t:datetime",
        "Teams",
        "memory",
    )
    for at, answer in enumerate(answers):
        feature = QgsFeature(layer.fields())
        feature.setAttributes([f"u{at}", answer, utc(T0)])
        feature.setGeometry(QgsGeometry.fromWkt(f"Point({10 + 10 * at} 50)"))
        layer.dataProvider().addFeatures([feature])
    return QgsProject.instance().addMapLayer(layer)


def show(menu: Any, *layers: QgsVectorLayer, extent: tuple[float, ...] = (5, 40, 60, 60)) -> Any:
    canvas = menu.iface.mapCanvas()
    canvas.setTemporalRange(QgsDateTimeRange(QDateTime(), QDateTime()))
    canvas.setDestinationCrs(layers[0].crs())
    canvas.setLayers(list(layers))
    canvas.setExtent(QgsRectangle(*extent))
    return canvas


def notes_of(menu: Any, session: Any, *layers: QgsVectorLayer) -> list[str]:
    from raw_qgis_plugin.gui.maps.notes import notes

    return notes(show(menu, *layers), list(layers), session)


def test_the_notes_name_the_model_that_made_the_layer(
    menu: Any, session: Any, own: Path, bundle: str
) -> None:
    """Not that of the dock; and its name is left where it was deleted."""
    from raw_qgis_plugin.core.bundle.bundle import open_bundle
    from raw_qgis_plugin.layers import styling
    from raw_qgis_plugin.layers.words import MADE_BY

    shipped = open_bundle(bundle)
    layer = labelled("transport_mode", ["walk"])
    styling.Profiles(shipped.heads("track"), "user").apply(layer)
    layer.setCustomProperty(MADE_BY, "")
    assert f"Model: {shipped.card['name']}." in notes_of(menu, session, layer)[0]
    layer.setCustomProperty(MADE_BY, str(own))
    first, of_mode, *_ = notes_of(menu, session, layer)
    assert "Model: my model." in first and of_mode.startswith("Transport mode: ")
    shutil.rmtree(own)
    assert "Model: my model." in notes_of(menu, session, layer)[0]


def test_the_notes_describe_the_data_that_the_layers_are_made_of(
    session: Any, menu: Any, make: Callable[..., Any], fixes: Any
) -> None:
    from .tabs import read

    twice = type(fixes)(
        *(list(column) * 2 for column in (fixes.user_id, fixes.t, fixes.lon, fixes.lat)), {}
    )
    layer = make(twice)
    read(session, layer)
    assert "Data: fixes: 12 users, 1,440 fixes" in notes_of(menu, session, layer)[0]
    other = labelled("team", ["nights"])
    assert "Data: " not in notes_of(menu, session, other)[0], "they are not on the map"
    other.setCustomProperty("raw/made_of", layer.name())
    assert "Data: fixes: " in notes_of(menu, session, other)[0]


def test_the_notes_list_what_is_personal_and_what_was_not_published(
    menu: Any, session: Any
) -> None:
    people = labelled("team", ["nights"])
    fields = "field=n_users:int&field=commuter_low:double&field=suppressed:bool"
    figures = QgsProject.instance().addMapLayer(
        QgsVectorLayer(f"Polygon?crs=EPSG:4326&{fields}", "Wards", "memory")
    )
    words = notes_of(menu, session, people, figures)
    assert any(each.startswith("Teams: Places or tracks of single people.") for each in words)
    assert any(each.startswith("Wards: Figures as on the desk") for each in words)
    assert any("80 % of cases" in each for each in words) and any(
        "withheld" in each for each in words
    )
    for people_seen, withheld, warned in ((4, True, False), (12, False, False), (4, False, True)):
        region = QgsFeature(figures.fields())
        region.setAttributes([people_seen, 0.5, withheld])
        figures.dataProvider().addFeature(region)
        assert (
            any("of 4 people only" in each for each in notes_of(menu, session, figures)) == warned
        )
    assert not any("are withheld" in each for each in notes_of(menu, session, figures))
    assert not [each for each in notes_of(menu, session, figures) if "single people" in each]


def test_the_page_is_filled_and_its_legend_lists_what_is_on_the_map(
    menu: Any, session: Any, tmp_path: Path
) -> None:
    from raw_qgis_plugin.gui.maps.page import make_layout
    from raw_qgis_plugin.layers import styling

    layer, elsewhere = (
        labelled("team", ["weekend", "unknown", "nights"]),
        labelled("team", ["weekend"]),
    )
    styling.Profiles([TEAM], "user").apply(layer)
    layer.setName("Teams of all the people who were seen here, by themselves")
    layer.renderer().rootRule().children()[1].setLabel("Weekend, or another day that most have off")
    elsewhere.dataProvider().changeGeometryValues({1: QgsGeometry.fromWkt("Point(-37 -11)")})
    elsewhere.updateExtents()
    layer.temporalProperties().setMode(Qgis.VectorTemporalMode.FeatureDateTimeInstantFromField)
    layer.temporalProperties().setStartField("t")
    layer.temporalProperties().setIsActive(True)
    canvas = show(menu, layer, elsewhere, extent=(8, 48, 22, 52))  # without the third
    layout = make_layout(canvas, "Where teams are", ["One.", "Two. " * 100])
    assert (
        layout.itemById("title").text() == "Where teams are"
        and "Two." in layout.itemById("notes").text()
    )
    area, foot = layout.itemById("map"), layout.itemById("notes")
    assert (
        area.extent().contains(canvas.extent())
        and area.pos().y() + area.rect().height() <= foot.pos().y()
    )
    assert foot.pos().y() + foot.rect().height() <= 205  # of 210 mm
    exporter = QgsLayoutExporter(layout)
    assert (
        exporter.exportToImage(str(tmp_path / "map.png"), exporter.ImageExportSettings())
        == exporter.Success
    )
    colours = QImage(str(tmp_path / "map.png"))
    shown = {
        colours.pixel(x, y)
        for x in range(0, colours.width() * 2 // 3, 9)
        for y in range(300, 1800, 9)
    }
    assert len(shown) > 2, "features with times are drawn where the map's clock is off"
    model = layout.itemById("legend").model()
    (node,) = model.rootGroup().findLayers()
    assert node.layer() is layer and "\n" in node.customProperty("legend/title-label")
    words = [each.data(0) for each in model.layerLegendNodes(node)]
    assert "Weekend, or another day that most\nhave off" in words and not {
        "Nights",
        "Weekdays",
    } & set(words)
