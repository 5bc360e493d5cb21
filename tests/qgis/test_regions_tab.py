# SPDX-License-Identifier: GPL-2.0-or-later
"""The tab of regions on a layer, with real tasks: its state while other jobs run."""

from __future__ import annotations

import json
import shutil
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from qgis.core import (
    QgsApplication,
    QgsCoordinateReferenceSystem,
    QgsFeature,
    QgsField,
    QgsGeometry,
    QgsProject,
    QgsRectangle,
    QgsRenderContext,
    QgsVectorLayer,
)
from qgis.PyQt.QtCore import QItemSelectionModel, QMetaType, Qt
from qgis.PyQt.QtTest import QTest
from qgis.PyQt.QtWidgets import QLabel

from .tabs import HOME, draw, people, read
from .waiting import until


def settled(tab: Any) -> bool:
    """Whether no job runs, and the figures agree with the box of the fewest people."""
    QgsApplication.processEvents()
    return tab.session.job is None and tab.book.min_users == tab.least.value()


def test_a_typed_number_counts_as_a_whole(regions: Any) -> None:
    """Not 1 on the way to 13, which would show what has to be withheld."""
    draw(regions)
    assert people(regions) != [None]
    regions.least.selectAll()
    QTest.keyClicks(regions.least, "13")
    QTest.keyClick(regions.least, Qt.Key.Key_Return)
    assert regions.least.value() == 13
    until(lambda: settled(regions))
    assert people(regions) == [None] and regions.book.min_users == 13


def test_the_fewest_people_apply_after_the_running_job(regions: Any) -> None:
    draw(regions)
    going = []
    regions.session.run("other work", lambda progress: wait_for(going), lambda _: None)
    regions.least.setValue(13)
    assert regions.book.min_users == 2 and people(regions) != [None]
    assert not regions.buttons["selected"].isEnabled()
    draw(regions)  # by the number that the other is shown by
    assert regions.book.min_users == 2
    going.append("end")
    until(lambda: settled(regions))
    assert people(regions) == [None, None] and regions.buttons["selected"].isEnabled()


def test_fewest_people_raised_in_the_options_apply_at_once(regions: Any) -> None:
    """A number that was lowered in the dock stays where other options change."""
    from raw_qgis_plugin.gui.settings import settings

    n_users, own = draw(regions).view.n_users, settings().min_users
    try:
        for raised, shown in ((own.value(), n_users), (13, None)):
            own.setValue(raised)
            regions.session.take_settings()
            until(lambda: settled(regions))
            assert people(regions) == [shown] and regions.least.value() == (2 if shown else raised)
    finally:
        own.remove()


def test_another_number_of_people_keeps_the_chosen_regions(regions: Any) -> None:
    draw(regions), draw(regions, HOME.buffered(0.01)), draw(regions, HOME.buffered(0.02))
    regions.table.selectRow(0)
    also = QItemSelectionModel.SelectionFlag.Select | QItemSelectionModel.SelectionFlag.Rows
    regions.table.selectionModel().select(regions.table.model().index(2, 0), also)
    chosen = [index.row() for index in regions.table.selectionModel().selectedRows()]
    assert sorted(chosen) == [0, 2]
    regions.least.setValue(13)
    until(lambda: settled(regions))
    assert sorted(index.row() for index in regions.table.selectionModel().selectedRows()) == [0, 2]


def test_undo_takes_back_drawings_and_removals(regions: Any) -> None:
    """With the user's own fields, and by the fewest people set meanwhile."""
    first, second = draw(regions), draw(regions, HOME.buffered(0.01))
    layer = regions.book.layer
    layer.dataProvider().addAttributes([QgsField("note", QMetaType.Type.QString)])
    layer.updateFields()
    note = layer.fields().lookupField("note")
    layer.dataProvider().changeAttributeValues({first.feature: {note: "mine"}})
    regions.table.selectRow(0)
    QTest.keyClick(regions.table, Qt.Key.Key_Delete)
    assert regions.book.regions == [second] and layer.featureCount() == 1
    regions.least.setValue(13)
    until(lambda: settled(regions))
    regions.back.click()
    until(lambda: settled(regions) and len(regions.book.regions) == 2)
    assert regions.book.regions == [second, first] and people(regions) == [None, None]
    assert sorted(str(feature["note"]) for feature in layer.getFeatures()) == ["None", "mine"]
    regions.undo()
    assert regions.book.regions == [first]
    regions.undo()
    assert not regions.book.regions and regions.book.layer is None and not regions.back.isEnabled()


def test_the_dock_shows_what_a_layer_that_cannot_be_written_has(regions: Any, tmp_path: Path) -> None:
    draw(regions), draw(regions, HOME.buffered(0.01))
    book, shape = regions.book, HOME.asWktPolygon()
    (tmp_path / "regions.csv").write_text(f'name,shape\nRegion 1,"{shape}"\nRegion 2,"{shape}"\n')
    uri = f"file://{tmp_path}/regions.csv?wktField=shape&crs=EPSG:4326"
    book.layer.setDataSource(uri, book.layer.name(), "delimitedtext")

    def names() -> list[str]:
        assert "cannot be written" in regions.hint.text() and "draw the regions again" in regions.hint.text()
        shown = [regions.table.item(row, 0).text() for row in range(regions.table.rowCount())]
        assert shown == [region.name for region in book.regions] == [each["name"] for each in book.layer.getFeatures()]
        return shown

    draw(regions, HOME.buffered(0.02))
    assert names() == ["Region 1", "Region 2"]
    regions.table.item(0, 0).setText("Harbour")
    assert names() == ["Region 1", "Region 2"]
    regions.table.selectRow(0)
    regions.remove_chosen()
    assert names() == ["Region 1", "Region 2"]
    regions.undo()  # what was not removed is not added again
    until(lambda: settled(regions))
    assert names() == ["Region 1", "Region 2"]


def test_the_chosen_region_is_marked_and_zoomed_to(regions: Any) -> None:
    canvas = regions.iface.mapCanvas()
    canvas.setExtent(QgsRectangle(0, 0, 10, 10))
    draw(regions, QgsRectangle(116.3, 39.8, 116.31, 39.81))
    draw(regions)
    assert canvas.extent().xMaximum() < 100, "a drawing does not move the map"
    (band,) = regions.marks.bands
    assert band.asGeometry().boundingBox().contains(HOME)
    regions.table.clearSelection()
    regions.table.selectRow(0)
    (band,) = regions.marks.bands
    assert canvas.extent().contains(band.asGeometry().boundingBox()) and canvas.extent().width() < 1
    regions.remove_chosen()
    assert len(regions.marks.bands) == 1
    regions.remove_chosen()
    assert not regions.marks.bands


def test_fewest_people_of_one_layer_do_not_follow_to_another(regions: Any, make: Any, fixes: Any) -> None:
    regions.least.setValue(3)
    read(regions.session, make(fixes))
    assert regions.least.value() == 10


def test_the_week_of_a_region_has_the_hours_of_the_zone_that_is_chosen(regions: Any) -> None:
    draw(regions)
    assert any("Solar time" in label.text() for label in regions.card.findChildren(QLabel))
    session = regions.session
    session.set_fields(session.fields, "Asia/Shanghai")
    until(lambda: session.city is not None and settled(regions) and not regions._due)
    assert any("Time of Asia/Shanghai" in label.text() for label in regions.card.findChildren(QLabel))


def test_a_region_without_a_score_has_an_outline_and_the_layer_its_name(regions: Any) -> None:
    from raw_qgis_plugin.gui.maps.notes import title_of_layer
    from raw_qgis_plugin.layers.legends import title_of

    region = draw(regions)
    layer, heads = regions.book.layer, regions._bundle().heads("region")
    name = heads[0]["name"]
    region.view.columns.update({name: np.nan, f"{name}_low": np.nan, f"{name}_high": np.nan})
    regions.book._write([region])
    regions.book.restyle()
    assert layer.name() == f"Drawn regions: {title_of(heads[0])}"
    assert title_of_layer(layer) == f"{title_of(heads[0])} of each region", "on a map to show"
    (feature,) = layer.getFeatures()
    context = layer.createExpressionContext()
    context.setFeature(feature)
    render = QgsRenderContext()
    render.setExpressionContext(context)
    renderer = layer.renderer().clone()
    renderer.startRender(render, layer.fields())
    (symbol,) = renderer.symbolsForFeature(feature, render)
    line = symbol.symbolLayer(0)
    assert line.strokeWidth() >= 0.4 and line.strokeColor().alpha() == 255 and line.fillColor().alpha() > 0
    renderer.stopRender(render)
    regions.book.heads = []
    regions.book.restyle()
    assert layer.name() == "Drawn regions: Users"


def test_a_lower_number_of_the_project_is_not_taken_and_the_tab_says_so(regions: Any) -> None:
    draw(regions)
    session, layer = regions.session, regions.session.layer
    regions.score_again()
    until(lambda: settled(regions))
    session.set_layer(None)
    session.set_layer(layer)
    until(lambda: session.city is not None and settled(regions) and bool(regions.book.regions))
    assert regions.least.value() == 10 and "'from 2 people'" in regions.hint.text() and "10" in regions.hint.text()
    regions.least.setValue(2)
    until(lambda: settled(regions))
    regions._show_hint()
    assert "from 2 people" not in regions.hint.text()


def wait_for(going: list[str]) -> None:
    while not going:
        time.sleep(0.005)


def test_after_a_cancelled_scoring_the_box_agrees_with_the_figures(regions: Any) -> None:
    draw(regions)
    shown = people(regions)
    regions.least.setValue(13)
    regions.session.cancel()
    until(lambda: settled(regions))
    assert regions.least.value() == 2 and people(regions) == shown


def test_an_error_is_gone_when_later_work_begins(regions: Any) -> None:
    session, layer = regions.session, QgsVectorLayer("Polygon?crs=EPSG:4326", "regions", "memory")
    project = QgsProject.instance()
    project.addMapLayer(layer)
    for ring, problem in (("179 0, -179 0, -179 1, 179 0", True), ("116 39, 117 39, 117 40, 116 39", False)):
        feature = QgsFeature()
        feature.setGeometry(QgsGeometry.fromWkt(f"Polygon (({ring}))"))
        layer.dataProvider().truncate()
        layer.dataProvider().addFeature(feature)
        layer.selectAll()
        regions.use_selected()
        until(lambda: session.job is None)
        assert bool(session.problem) == problem
    assert len(regions.book.regions) == 1


def test_a_selected_polygon_outside_the_earth_is_reported(regions: Any) -> None:
    layer, feature = QgsVectorLayer("Polygon?crs=ESRI:54030", "regions", "memory"), QgsFeature()
    feature.setGeometry(QgsGeometry.fromWkt("Polygon ((3e7 3e7, 4e7 3e7, 4e7 4e7, 3e7 3e7))"))
    layer.dataProvider().addFeature(feature)
    QgsProject.instance().addMapLayer(layer)
    layer.selectAll()
    regions.use_selected()
    assert "lies outside" in regions.hint.text() and not regions.book.regions


def test_edits_of_the_drawn_layer_are_scored(regions: Any) -> None:
    """Edited shapes and names, deleted and added features."""
    far = QgsRectangle(116.3, 39.8, 116.31, 39.81)
    for box in (far, HOME):
        draw(regions, box)
    layer = regions.book.layer
    (first, second), area = sorted(layer.allFeatureIds()), regions.book.regions[1].view.area_km2
    assert people(regions)[0] is None and people(regions)[1]
    layer.startEditing()
    layer.changeGeometry(second, QgsGeometry.fromRect(HOME.buffered(0.05)))
    layer.changeAttributeValue(second, layer.fields().lookupField("name"), "Centre")
    layer.deleteFeature(first)
    new = QgsFeature(layer.fields())
    new.setGeometry(QgsGeometry.fromRect(HOME))
    layer.addFeature(new)
    assert layer.commitChanges()
    until(lambda: len(regions.book.regions) == 2 and settled(regions))
    assert [region.name for region in regions.book.regions] == ["Centre", "Region 3"]
    assert people(regions)[0] == 12 and people(regions)[1] < 12
    assert regions.book.regions[0].view.area_km2 > 50 * area
    assert sorted(feature["n_users"] for feature in layer.getFeatures()) == sorted(people(regions))
    assert regions.table.rowCount() == 2 and regions.table.item(0, 0).text() == "Centre"


def other_model(bundle: str, folder: Path, head: str) -> str:
    """Copy a model, and rename its first head of regions."""
    from raw_qgis_plugin.core.bundle.bundle import open_bundle, write_sums

    first = open_bundle(bundle)
    own = Path(shutil.copytree(first.path, folder))
    name = first.heads("region")[0]["name"]
    card = json.loads((own / "card.json").read_text("utf-8"))
    next(each for each in card["heads"] if each["name"] == name)["name"] = head
    (own / "card.json").write_text(json.dumps(card), "utf-8")
    (own / "heads" / f"{name}.onnx").rename(own / "heads" / f"{head}.onnx")
    write_sums(own)
    return str(own)


def waits(card: Any) -> bool:
    """Whether a card explains that its region is not scored yet; then it has no figures."""
    labels = card.findChildren(QLabel)
    answered = any("per km²" in label.text() for label in labels)
    waiting = card.findChild(QLabel, "raw_not_scored") is not None
    assert waiting != answered == any("people ·" in label.text() for label in labels)
    return waiting


@pytest.mark.parametrize("same", [False, True])
def test_regions_wait_for_the_scores_of_another_model(regions: Any, bundle: str, tmp_path: Path, same: bool) -> None:
    from raw_qgis_plugin.core.bundle.bundle import open_bundle
    from raw_qgis_plugin.gui.regions.card import RegionCard

    session, table = regions.session, regions.table
    for box in (HOME, HOME.buffered(0.01)):
        draw(regions, box)
    assert not waits(regions.card) and "–" not in [table.item(row, 2).text() for row in range(2)]
    assert any(label.text().endswith(" of 2") for label in regions.card.findChildren(QLabel)), "a rank"
    name = open_bundle(bundle).heads("region")[0]["name"] if same else "other"
    session.set_model(other_model(bundle, tmp_path / "own", name))
    for ready in (lambda: session.model is None, lambda: session.model is not None):  # opening; reading the users
        until(ready)
        assert session.city is None and waits(regions.card)
        table.clearSelection()
        table.selectRow(0)
        table.item(0, 0).setText("Centre")
        assert waits(regions.card) and regions.card.region.name == "Centre"
        table.selectAll()
        assert all(waits(card) for card in regions.show_comparison().findChildren(RegionCard))
        assert table.item(0, 1).text() == table.item(0, 2).text() == "–"
        assert not any(feature["n_users"] for feature in regions.book.layer.getFeatures())
    until(lambda: session.city is not None and settled(regions))
    assert not waits(regions.card) and "–" not in [table.item(row, 2).text() for row in range(2)]
    assert all(name in region.view.columns for region in regions.book.regions)


def test_after_a_cancelled_scoring_the_next_region_scores_all(regions: Any, bundle: str, tmp_path: Path) -> None:
    session = regions.session
    draw(regions)
    session.changed.connect(lambda: session.cancel() if session.city is not None else None)
    session.set_model(other_model(bundle, tmp_path / "own", "other"))
    until(lambda: session.city is not None and settled(regions))
    assert waits(regions.card) and "other" not in regions.book.layer.fields().names()
    draw(regions, HOME.buffered(0.01))
    assert not waits(regions.card)  # and has no rank among figures of another model
    until(lambda: settled(regions) and not regions._due)
    regions.table.selectRow(0)
    assert not waits(regions.card)
    assert all(feature["other"] > 0 for feature in regions.book.layer.getFeatures())


def test_figures_of_an_earlier_reading_are_not_shown(regions: Any) -> None:
    """The scoring after saved edits was cancelled: neither a card nor the layer shows the figures of before."""
    session, tracks = regions.session, regions.session.layer
    for box in (HOME, HOME.buffered(0.01)):
        draw(regions, box)
    session.changed.connect(lambda: session.cancel() if session.city is not None else None)
    tracks.startEditing()
    tracks.deleteFeatures([each.id() for each in tracks.getFeatures() if each["user_id"] > "u04"])
    assert tracks.commitChanges()
    until(lambda: session.city is not None and settled(regions))
    assert waits(regions.card) and people(regions) == [None, None]
    assert not any(feature["n_users"] for feature in regions.book.layer.getFeatures())
    draw(regions, HOME.buffered(0.02))  # beside regions of other rows of users
    until(lambda: settled(regions) and not regions._due)
    assert people(regions) == [None, None, session.users.n_users]  # the differences are of few people


def test_hints_are_visible_beside_a_region(regions: Any) -> None:
    """Until they no longer apply."""
    regions.show()
    hint, canvas = regions.hint, regions.iface.mapCanvas()
    assert hint.isVisible() and "Draw a region" in hint.text()
    draw(regions)
    assert not hint.isVisible()
    regions.buttons["box"].click()
    assert hint.isVisible() and hint.text().startswith("Drag a box")
    regions.use_selected()
    assert hint.isVisible() and hint.text().startswith("Select polygons")
    regions.table.clearSelection()
    regions.table.selectRow(0)
    assert hint.isVisible() and hint.text().startswith("Drag a box")
    regions.buttons["box"].click()
    assert not hint.isVisible()
    crs = canvas.mapSettings().destinationCrs()
    canvas.setDestinationCrs(QgsCoordinateReferenceSystem("ESRI:54030"))
    regions.take_drawn(QgsGeometry.fromWkt("Polygon ((3e7 3e7, 4e7 3e7, 4e7 4e7, 3e7 3e7))"))
    regions.session.worked.emit()  # as while something else runs
    assert hint.isVisible() and "lies outside" in hint.text()
    canvas.setDestinationCrs(crs)
    draw(regions)
    assert not hint.isVisible()
    regions.table.selectAll()
    regions.remove_chosen()
    assert hint.isVisible() and "Draw a region" in hint.text()
