# SPDX-License-Identifier: GPL-2.0-or-later
"""Drawn regions in a project that is saved and opened: QGIS itself saves memory layers without their features."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from qgis.core import (
    NULL,
    QgsExpression,
    QgsExpressionContext,
    QgsExpressionContextUtils,
    QgsField,
    QgsPalLayerSettings,
    QgsProject,
    QgsVectorLayer,
    QgsVectorLayerSimpleLabeling,
)
from qgis.PyQt.QtCore import QDate, QDateTime, QMetaType, Qt, QTime

HEADS = [{"name": "shops", "kind": "number", "unit": "region", "title": "Shops", "unit_of_measure": "per km²"}]
BUNDLE = SimpleNamespace(heads=lambda unit, every=False: HEADS if unit == "region" else [])


@pytest.fixture
def tracks(make: Callable[..., Any], fixes: Any, tmp_path: Path) -> Iterator[QgsVectorLayer]:
    """A layer of tracks in a project of its own."""
    project = QgsProject.instance()
    project.clear()
    yield project.addMapLayer(make(fixes, "EPSG:3857", tmp_path / "fixes.gpkg"))
    project.clear()


@pytest.fixture
def saved_regions(staged: None) -> Iterator[Any]:
    """The object that the plugin has while it is loaded."""
    from raw_qgis_plugin.gui.regions.saved import SavedRegions

    saved = SavedRegions()
    yield saved
    saved.close()


def make_book(tracks: QgsVectorLayer) -> Any:
    from raw_qgis_plugin.gui.layer_group import LayerGroup
    from raw_qgis_plugin.gui.regions.book import RegionBook

    return RegionBook(tracks, LayerGroup(tracks), lambda: None)


def draw(book: Any, name: str, west: float, users: int | None) -> Any:
    import shapely

    from raw_qgis_plugin.core.regions.view import RegionView
    from raw_qgis_plugin.gui.map_tools.shapes import in_crs
    from raw_qgis_plugin.gui.regions.card import Region

    polygon = shapely.box(west, 39.9, west + 0.02, 39.93)
    columns = {} if users is None else {"shops": 2.5 + users, "shops_low": 1.25, "shops_high": np.float32(30.1)}
    view = RegionView(4.2, users is None, np.arange(users or 1), users, users and 10 * users, columns, in_domain=True)
    region = Region(name, polygon, view, BUNDLE, None, -1)
    book.add(region, in_crs(polygon, book.crs))
    return region


def test_a_card_lists_the_heads_that_need_stretches_of_tracks(tracks: QgsVectorLayer) -> None:
    from qgis.PyQt.QtWidgets import QLabel

    from raw_qgis_plugin.gui.regions.card import RegionCard

    stretches = {**HEADS[0], "name": "rides", "title": "Rides", "hours": 0.5}
    region = draw(make_book(tracks), "Centre", 116.3, 20)
    for heads in ([stretches, *HEADS], [stretches]):
        region.bundle = SimpleNamespace(heads=lambda unit, every=False, heads=heads: heads if unit == "region" else [])
        card = RegionCard(region, [region], None, 10)
        said = [label.text() for label in card.findChildren(QLabel)]
        assert any("Score regions" in words and words.endswith(": Rides.") for words in said)
        assert any("per km²" in words for words in said) == (len(heads) > 1)


def test_the_map_tip_gives_no_wrong_reason(tracks: QgsVectorLayer) -> None:
    """A withheld region may have many people: of these, one may make up most fixes."""
    book = make_book(tracks)
    for at, users in enumerate((12, None, 15)):
        draw(book, "A", 116.38 + at, users)
    late = book.regions[2]
    late.view = replace(late.view, n_users=None)
    book.rename(late, "B")
    tips = []
    for feature in book.layer.getFeatures():
        context = QgsExpressionContext(QgsExpressionContextUtils.globalProjectLayerScopes(book.layer))
        context.setFeature(feature)
        tips.append(QgsExpression.replaceExpressionText(book.layer.mapTipTemplate(), context))
    assert tips == ["<b>A</b><br>People: 12", "<b>A</b><br>People: withheld", "<b>B</b><br>People: not scored yet"]
    book.close()


def test_the_same_polygon_twice_is_two_regions(tracks: QgsVectorLayer) -> None:
    from raw_qgis_plugin.gui.regions.card import RegionCard

    book = make_book(tracks)
    first, second = (draw(book, "A", 116.38, 12) for _ in range(2))
    RegionCard(second, book.regions, None, 10)
    book.remove([second])
    assert book.regions == [first] and book.layer.featureCount() == 1
    book.close()


def rows(layer: QgsVectorLayer) -> list[dict[str, Any]]:
    return [
        {name: "" if value in (None, NULL) else str(value) for name, value in f.attributeMap().items()}
        for f in layer.getFeatures()
    ]


def reopen(path: Path) -> QgsVectorLayer:
    """Save the project, open it again, and return its layer of tracks."""
    project = QgsProject.instance()
    assert project.write(str(path))
    project.clear()
    assert not project.mapLayers()
    assert project.read(str(path))
    return next(layer for layer in project.mapLayers().values() if layer.providerType() == "ogr")


@pytest.mark.parametrize("suffix", ["qgz", "qgs"])
def test_regions_come_back_with_shape_figures_and_style(
    tracks: QgsVectorLayer, saved_regions: Any, tmp_path: Path, suffix: str
) -> None:
    from raw_qgis_plugin.gui.regions.saved import layers_of_regions

    book = make_book(tracks)
    book.min_users = 12
    draw(book, 'A "quarter" <& more> ü', 116.38, 12)
    draw(book, book.next_name(), 116.40, None)
    book.restyle()
    before, shapes = rows(book.layer), [f.geometry().asWkt(9) for f in book.layer.getFeatures()]
    legend, opacity = [i.label() for i in book.layer.renderer().legendSymbolItems()], book.layer.opacity()
    assert before[0]["shops"] == "14.5" and before[1]["suppressed"] == "True" and len(legend) >= 2
    assert QgsProject.instance().isDirty()
    book.close()

    tracks = reopen(tmp_path / f"project.{suffix}")
    (layer,) = layers_of_regions()
    assert rows(layer) == before and [f.geometry().asWkt(9) for f in layer.getFeatures()] == shapes
    assert [i.label() for i in layer.renderer().legendSymbolItems()] == legend and layer.opacity() == opacity
    assert not QgsProject.instance().isDirty()

    book = make_book(tracks)
    assert book.layer is layer and book.min_users == 12 and not book.regions
    found = book.drawn_before()
    assert [name for name, _, _ in found] == [row["name"] for row in before]
    assert [shape.asWkt(9) for _, shape, _ in found] == shapes
    assert book.next_name() == "Region 2"
    book.close()


def test_dates_and_times_of_the_users_own_fields_come_back(
    tracks: QgsVectorLayer, saved_regions: Any, tmp_path: Path
) -> None:
    from raw_qgis_plugin.gui.regions.saved import layers_of_regions

    book = make_book(tracks)
    region = draw(book, "A", 116.38, 12)
    draw(book, "B", 116.40, 20)
    kind, day, clock = QMetaType.Type, QDate(2024, 5, 1), QTime(12, 30, 1, 250)
    values = {
        kind.QDate: day, kind.QTime: clock, kind.QDateTime: QDateTime(day, clock, Qt.TimeSpec.UTC),
        kind.QString: "seen", kind.Int: 3,
    }  # fmt: skip
    first = book.layer.fields().count()
    book.layer.startEditing()
    for number, (each, value) in enumerate(values.items()):
        assert book.layer.addAttribute(QgsField(f"own_{number}", each))
        assert book.layer.changeAttributeValue(region.feature, first + number, value)
    assert book.layer.commitChanges()
    book.close()
    reopen(tmp_path / "project.qgz")
    (layer,) = layers_of_regions()
    one, other = layer.getFeatures()
    assert one.attributes()[first:] == list(values.values())
    assert other["name"] == "B" and all(value in (None, NULL) for value in other.attributes()[first:])


def test_a_value_that_no_field_can_have_loses_no_region(tracks: QgsVectorLayer, saved_regions: Any) -> None:
    """As old versions wrote dates."""
    from raw_qgis_plugin.gui.regions.saved import FEATURES, OF

    layer = QgsVectorLayer("Polygon?crs=EPSG:4326&field=name:string&field=seen:date", "regions", "memory")
    layer.setCustomProperty(OF, tracks.id())
    QgsProject.instance().addMapLayer(layer)
    shape, once = "POLYGON((0 0, 1 0, 1 1, 0 0))", "PyQt5.QtCore.QDate(2024, 5, 1)"
    given = [
        {"shape": shape, "values": {"name": "A", "seen": once}},
        {"shape": "POINT(0 0)", "values": {"name": "no region"}},
        {"shape": shape, "values": {"name": "B", "seen": "2024-05-01"}},
    ]
    layer.setCustomProperty(FEATURES, json.dumps(given))
    saved_regions.read()
    assert [row["name"] for row in rows(layer)] == ["A", "B"]
    assert [feature["seen"] for feature in layer.getFeatures()] == [NULL, QDate(2024, 5, 1)]


def test_regions_that_a_filter_hides_are_saved(tracks: QgsVectorLayer, saved_regions: Any, tmp_path: Path) -> None:
    from raw_qgis_plugin.gui.regions.saved import layers_of_regions

    book = make_book(tracks)
    for name, west in (("A", 116.38), ("B", 116.40), ("C", 116.42)):
        draw(book, name, west, 12)
    layer = book.layer
    book.close()
    for shown, hiding in (("B", "name = 'B'"), ("", "name = 'none'")):
        assert layer.setSubsetString(hiding)
        changes: list[None] = []
        layer.subsetStringChanged.connect(lambda changes=changes: changes.append(None))
        layer.dataChanged.connect(lambda changes=changes: changes.append(None))
        saved_regions.write()
        saved_regions.read()  # as the plugin does when it is loaded again
        assert not changes and layer.subsetString() == hiding
        assert [row["name"] for row in rows(layer)] == list(shown)
        reopen(tmp_path / "project.qgz")
        (layer,) = layers_of_regions()
        assert [row["name"] for row in rows(layer)] == ["A", "B", "C"]


def test_removing_what_a_filter_shows_leaves_what_it_hides(tracks: QgsVectorLayer) -> None:
    from raw_qgis_plugin.gui.regions.saved import all_features

    book = make_book(tracks)
    for name, west in (("A", 116.38), ("B", 116.40)):
        draw(book, name, west, 12)
    layer = book.layer
    assert layer.setSubsetString("name = 'B'")
    book.regions = book.regions[1:]
    book.remove(book.regions)
    assert book.layer is layer and layer.id() in QgsProject.instance().mapLayers()
    assert [feature["name"] for feature in all_features(layer)] == ["A"]


def test_regions_are_saved_after_the_plugin_was_unloaded(tracks: QgsVectorLayer, tmp_path: Path) -> None:
    from raw_qgis_plugin.gui.regions.saved import SavedRegions, layers_of_regions

    saved, book = SavedRegions(), make_book(tracks)
    draw(book, "A", 116.38, 12)
    book.close()
    saved.close()
    reopen(tmp_path / "project.qgz")
    SavedRegions().close()
    (layer,) = layers_of_regions()
    assert [row["name"] for row in rows(layer)] == ["A"]


def test_the_users_style_of_the_layer_is_kept(tracks: QgsVectorLayer) -> None:
    """Its name, labels and map tip stay when the legend is made again."""
    book = make_book(tracks)
    draw(book, "A", 116.38, 12)
    book.restyle()
    layer = book.layer
    assert layer.name() == "Drawn regions: Shops" and "n_users" in layer.mapTipTemplate() and layer.opacity() < 1
    layer.setName("My areas")
    layer.setMapTipTemplate("[% name %]")
    layer.setLabeling(QgsVectorLayerSimpleLabeling(QgsPalLayerSettings()))
    layer.setLabelsEnabled(True)
    layer.setOpacity(0.4)
    draw(book, "B", 116.40, 80)
    book.restyle()
    assert (layer.name(), layer.mapTipTemplate(), layer.opacity()) == ("My areas", "[% name %]", 0.4)
    assert layer.labelsEnabled()
    rules = layer.renderer().rootRule().children()
    assert rules[0].label() == "14 to 82 per km²: not distinguishable", "the intervals of 14.5 and 82.5 overlap"
    book.close()


def test_without_the_plugin_regions_are_lost(tracks: QgsVectorLayer, tmp_path: Path) -> None:
    """The reason for `SavedRegions`: it can go when QGIS saves the features of memory layers."""
    from raw_qgis_plugin.gui.regions.saved import layers_of_regions

    book = make_book(tracks)
    draw(book, "A", 116.38, 12)
    book.close()
    reopen(tmp_path / "project.qgz")
    (layer,) = layers_of_regions()
    assert layer.featureCount() == 0


def test_a_layer_that_was_made_a_file_still_works(
    tracks: QgsVectorLayer, saved_regions: Any, saved: Callable[..., Any], tmp_path: Path
) -> None:
    """As by the mark beside its name. The features get other ids, and the file stores them."""
    from raw_qgis_plugin.gui.regions.saved import FEATURES

    book = make_book(tracks)
    first, second = draw(book, "A", 116.38, 12), draw(book, "B", 116.40, 20)
    book.remove([first])
    file = saved(book.layer, tmp_path / "regions.gpkg")
    book.layer.setDataSource(file.source(), book.layer.name(), "ogr")
    book.rename(second, "Harbour")
    third = draw(book, "C", 116.42, 30)
    assert [row["name"] for row in rows(book.layer)] == ["Harbour", "C"] and third.feature != second.feature
    book.close()
    tracks = reopen(tmp_path / "project.qgz")
    tracks = next(x for x in QgsProject.instance().mapLayers().values() if x.name() == "fixes")
    book = make_book(tracks)
    assert [name for name, _, _ in book.drawn_before()] == ["Harbour", "C"]
    assert not book.layer.customProperty(FEATURES)
    book.close()


def test_properties_of_another_form_do_no_harm(tracks: QgsVectorLayer, saved_regions: Any) -> None:
    from raw_qgis_plugin.gui.regions.saved import FEATURES, OF

    layer = QgsVectorLayer("Polygon?crs=EPSG:4326&field=name:string", "odd", "memory")
    layer.setCustomProperty(OF, tracks.id())
    QgsProject.instance().addMapLayer(layer)
    for text in ("no JSON", '{"shape": 1}', '[{"shape": "POLYGON((", "values": {}}]', "[1]"):
        layer.setCustomProperty(FEATURES, text)
        saved_regions.read()
    assert layer.featureCount() == 0
