# SPDX-License-Identifier: GPL-2.0-or-later
"""Drawn regions: an ordinary layer with QGIS's editing and undo, a live card for each, two of them
compared.
"""

from __future__ import annotations

import re
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from qgis import utils
from qgis.core import (
    NULL,
    Qgis,
    QgsApplication,
    QgsCoordinateReferenceSystem,
    QgsFeature,
    QgsField,
    QgsGeometry,
    QgsProject,
    QgsRectangle,
    QgsVectorLayer,
)
from qgis.gui import QgsMessageBar
from qgis.PyQt.QtCore import QMetaType
from qgis.PyQt.QtTest import QTest
from qgis.PyQt.QtWidgets import QDialog, QDialogButtonBox, QFileDialog, QLabel, QPushButton

from .tabs import HOME, draw, people, read
from .waiting import until

CITY = HOME.buffered(0.05)  # where all twelve invented people are
FAR = QgsRectangle(116.3, 39.8, 116.31, 39.81)  # nobody was there


def settled(tab: Any) -> bool:
    """Whether no job runs, and all regions are scored."""
    QgsApplication.processEvents()
    return tab.session.job is None and all(region.view is not None for region in tab.shown)


def said(widget: Any) -> list[str]:
    return [label.text() for label in widget.findChildren(QLabel)]


def figures_of(layer: QgsVectorLayer, name: str = "n_users") -> list[Any]:
    return [feature[name] or None for feature in layer.getFeatures()]


def test_a_region_that_is_drawn_is_scored_and_listed_and_stored(regions: Any) -> None:
    draw(regions, CITY)
    assert people(regions) == [12] and any("12 people" in words for words in said(regions.card))
    layer = regions.regions.layer
    assert layer.isEditable() and regions.iface.activeLayer() is layer
    assert figures_of(layer) == [12] and figures_of(layer, "name") == ["Region 1"]
    hidden = draw(regions, FAR)
    assert hidden.view.suppressed and figures_of(layer) == [12, None]
    assert "Fewer than 2 people" in " ".join(said(regions.card)) and hidden.name == "Region 2"
    assert [regions.list.item(at).text() for at in (0, 1)] == [
        "Region 1 · 12 people",
        "Region 2 · –",
    ]
    assert layer.name() == "Drawn regions" and len(layer.renderer().rootRule().children()) >= 2


def test_qgis_undoes_drawings_and_removals(regions: Any) -> None:
    draw(regions, CITY), draw(regions, CITY.buffered(0.01))
    layer = regions.regions.layer
    regions.list.clearSelection()
    regions.list.setCurrentRow(0)
    assert layer.selectedFeatureCount() == 1, "QGIS's own tools work on the chosen region"
    assert (
        layer.selectionProperties().selectionRenderingMode()
        == Qgis.SelectionRenderingMode.CustomColor
    )
    regions.list.selectAll()
    regions.remove_chosen()
    until(lambda: not regions.shown)
    for names in (["Region 2", "Region 1"], ["Region 1"], []):  # one step for both removals
        layer.undoStack().undo()
        until(lambda names=names: sorted(region.name for region in regions.shown) == sorted(names))
    layer.undoStack().redo()
    until(lambda: people(regions) == [12])
    assert layer.commitChanges() and figures_of(layer) == [12]


@pytest.mark.parametrize("editing", [True, False])
def test_edits_of_the_layer_are_scored(regions: Any, editing: bool) -> None:
    """Edited shapes and names, deleted and added features, and the user's own fields."""
    draw(regions, FAR), draw(regions, CITY)
    layer = regions.regions.layer
    layer.addAttribute(QgsField("note", QMetaType.Type.QString))
    assert layer.commitChanges()
    first, second = sorted(layer.allFeatureIds())
    until(lambda: settled(regions) and people(regions) == [None, 12])
    area = regions.shown[1].view.area_km2
    layer.startEditing()
    layer.changeGeometry(second, QgsGeometry.fromRect(CITY.buffered(0.5)))
    layer.changeAttributeValue(second, layer.fields().lookupField("name"), "Centre")
    layer.changeAttributeValue(second, layer.fields().lookupField("note"), "mine")
    layer.deleteFeature(first)
    new = QgsFeature(layer.fields())
    new.setGeometry(QgsGeometry.fromRect(CITY))
    layer.addFeature(new)
    if not editing:
        assert layer.commitChanges()
    until(lambda: len(regions.shown) == 2 and settled(regions))
    assert sorted(region.name for region in regions.shown) == ["", "Centre"] and people(
        regions
    ) == [12, 12]
    assert max(region.view.area_km2 for region in regions.shown) > 50 * area
    assert figures_of(layer) == [12, 12] and "mine" in figures_of(layer, "note")
    layer.rollBack() if editing else None


def test_the_minimum_of_people_is_one_setting(regions: Any) -> None:
    """A number counts when it is typed to its end; all regions follow."""
    from raw_qgis_plugin.gui.settings import settings

    draw(regions, CITY), draw(regions, CITY.buffered(0.02))
    regions.min_users.setValue(13)
    until(lambda: settled(regions) and people(regions) == [None, None])
    assert settings().min_users.value() == 13 and figures_of(regions.regions.layer) == [None, None]
    regions.min_users.setValue(12)
    until(lambda: settled(regions) and people(regions) == [12, 12])


def test_figures_wait_for_the_running_job_and_a_cancelled_scoring_is_not_begun_again(
    regions: Any,
) -> None:
    draw(regions, CITY)
    going: list[str] = []
    regions.session.run("other work", lambda progress: wait_for(going), lambda _: None)
    regions.min_users.setValue(13)
    assert people(regions) == [None] and "not scored this region yet" in " ".join(
        said(regions.card)
    )
    assert not regions.buttons["selected"].isEnabled()
    going.append("end")
    until(lambda: settled(regions))
    assert regions.shown[0].view.suppressed
    regions.min_users.setValue(2)
    regions.session.cancel()
    QTest.qWait(50)
    assert regions.session.job is None and regions.shown[0].view is None
    draw(regions, HOME)
    assert people(regions) == [None, 6]


def wait_for(going: list[str]) -> None:
    while not going:
        time.sleep(0.005)


def test_selected_polygons_become_regions(regions: Any) -> None:
    layer = QgsVectorLayer("Polygon?crs=EPSG:4326&field=name:string", "tracts", "memory")
    for name, box in (("Centre", CITY), ("Edge", FAR)):
        feature = QgsFeature(layer.fields())
        feature.setAttributes([name])
        feature.setGeometry(QgsGeometry.fromRect(box))
        layer.dataProvider().addFeature(feature)
    QgsProject.instance().addMapLayer(layer)
    regions.use_selected()
    assert regions.hint.text().startswith("Select polygons")
    layer.selectAll()
    regions.use_selected()
    until(lambda: len(regions.shown) == 2 and settled(regions))
    assert {region.name: n for region, n in zip(regions.shown, people(regions))} == {
        "Centre": 12,
        "Edge": None,
    }
    regions.regions.layer.undoStack().undo()
    until(lambda: not regions.shown)


def test_what_cannot_be_scored_is_said(regions: Any) -> None:
    canvas = regions.iface.mapCanvas()
    crs = canvas.mapSettings().destinationCrs()
    canvas.setDestinationCrs(QgsCoordinateReferenceSystem("ESRI:54030"))
    regions.take_drawn(QgsGeometry.fromWkt("Polygon ((3e7 3e7, 4e7 3e7, 4e7 4e7, 3e7 3e7))"))
    assert "lies outside" in regions.hint.text() and not regions.shown
    canvas.setDestinationCrs(crs)
    regions.show()
    regions.show_session()
    assert regions.hint.isVisible() and "Draw a region" in regions.hint.text()
    draw(regions, CITY)
    assert not regions.hint.isVisible()


def test_a_project_reopens_with_its_regions(
    regions: Any, make: Any, fixes: Any, tmp_path: Path
) -> None:
    """The layer is in the project's GeoPackage, with shapes, names, figures, edits and the user's
    style.
    """
    from raw_qgis_plugin.gui.results import KeptResults

    project, session = QgsProject.instance(), regions.session
    session.set_layer(None)
    project.clear()
    read(session, make(fixes, "EPSG:4326", tmp_path / "fixes.gpkg"))
    draw(regions, CITY), draw(regions, FAR)
    layer = regions.regions.layer
    layer.changeAttributeValue(regions.shown[0].id, layer.fields().lookupField("name"), "Hafen <ü>")
    layer.setName("My areas")
    kept = KeptResults(regions.iface)
    assert project.write(str(tmp_path / "project.qgz")) and layer.providerType() == "ogr"
    until(lambda: settled(regions) and len(regions.shown) == 2)
    draw(regions, CITY.buffered(0.01))  # goes on in the file
    assert layer.commitChanges() and project.write()
    kept.close()
    session.set_layer(None)
    project.clear()
    assert project.read(str(tmp_path / "project.qgz"))
    tracks = next(each for each in project.mapLayers().values() if each.name() == "fixes")
    session.set_layer(tracks)
    until(lambda: session.city is not None and len(regions.shown) == 3 and settled(regions))
    assert [region.name for region in regions.shown] == ["Hafen <ü>", "Region 2", "Region 3"]
    assert people(regions) == [12, None, 12] and regions.regions.layer.name() == "My areas"
    assert not project.isDirty() or figures_of(regions.regions.layer) == [12, None, 12]


def test_what_becomes_withheld_leaves_no_figure_in_the_layer(
    session: Any, make: Any, fixes: Any
) -> None:
    """Nor of a head, and the user's own fields stay."""
    from raw_qgis_plugin.core.regions.view import RegionView
    from raw_qgis_plugin.gui.layer_group import LayerGroup
    from raw_qgis_plugin.gui.regions.layer import RegionLayer

    tracks = QgsProject.instance().addMapLayer(make(fixes))
    regions, heads = RegionLayer(tracks, LayerGroup("RAW")), [{"name": "shops", "kind": "number"}]
    figures = {
        "n_users": 12.0,
        "shops": 2.5,
        "shops_low": np.float32(1),
        "shops_high": 4.0,
    }
    shapes = [QgsGeometry.fromRect(HOME), QgsGeometry.fromRect(FAR)]
    layer = regions.add([("", shape, RegionView(4.2, False, figures)) for shape in shapes], heads)
    assert figures_of(layer, "name") == ["Region 1", "Region 2"] and figures_of(layer, "shops") == [
        2.5,
        2.5,
    ]
    layer.addAttribute(QgsField("note", QMetaType.Type.QString))
    first = regions.features()[0].id()
    layer.changeAttributeValue(first, layer.fields().lookupField("note"), "mine")
    regions.write({first: RegionView(4.2, True)}, heads)
    kept = {
        name: value
        for name, value in regions.features()[0].attributeMap().items()
        if value not in (None, NULL)
    }
    assert kept == {"name": "Region 1", "area_km2": 4.2, "suppressed": True, "note": "mine"}
    regions.close()


# ---- two regions beside each other
# ----------------------------------------------------------------------------------


def table_of(dialog: Any) -> dict[str, list[str]]:
    rows = [re.findall("<td[^>]*>(.*?)</td>", row) for row in dialog.head.text().split("</tr>")]
    return {title: cells for title, *cells in rows[1:-1]}


def compared(regions: Any, *changes: dict[str, Any]) -> Any:
    for region, change in zip(regions.shown, changes):
        region.view.figures.update(change)
    regions.list.selectAll()
    return regions.show_comparison()


def test_two_regions_are_compared_by_what_may_be_shown(
    regions: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small, large = draw(regions, CITY), draw(regions, CITY.buffered(0.01))
    a, b = small.view.figures, large.view.figures
    dialog = compared(regions)
    found = table_of(dialog)
    assert list(found)[:6] == [
        "People",
        "Fixes",
        "Visits",
        "Median visit, minutes",
        "Area, km²",
        "People per km²",
    ]
    assert found["People"] == ["12", "12", "0"]
    assert found["Fixes"] == ["1,406", "1,440", "−34"] and (a["n_points"], b["n_points"]) == (
        1406,
        1440,
    )
    weeks = [words for words in said(dialog) if "Sun 23:00-24:00" in words]
    scale = f"full colour is {max(int(x.view.week.max()) for x in regions.shown)} people"
    assert len(weeks) == 2 and sum(scale in words for words in said(dialog)) == 2
    page = tmp_path / "both.html"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(page), ""))
    bar = QgsMessageBar()
    monkeypatch.setattr(utils, "iface", SimpleNamespace(messageBar=lambda: bar))
    dialog.findChild(QPushButton, "raw_compare_save").click()
    html = page.read_text("utf-8")
    assert (
        "Region 1 and Region 2" in html
        and html.count("12 people") >= 2
        and "<a" not in html
        and "can be subtracted" in html
    )
    page = tmp_path / "both.csv"
    dialog.findChild(QPushButton, "raw_compare_table").click()
    first, people_row, fixes_row, *_ = page.read_text("utf-8-sig").splitlines()
    assert first.startswith(",Region 1,Region 2,") and people_row == "People,12,12,0"
    assert fixes_row == 'Fixes,"1,406","1,440",−34' and "<" not in page.read_text("utf-8-sig")
    box = dialog.findChild(QDialogButtonBox)
    box.button(box.StandardButton.Help).click()
    (help_window,) = dialog.findChildren(QDialog, "raw_help")
    assert "scoreregions" in help_window.browser.source().toString()


def test_a_comparison_says_what_differs_and_withholds_as_the_cards_do(regions: Any) -> None:
    draw(regions, CITY), draw(regions, CITY.buffered(0.01))
    low = {"residents": 1.0, "residents_low": 0.0, "residents_high": 4.5, "share_rail": 0.5}
    low |= {"share_rail_low": 0.4, "share_rail_high": 0.6}
    shares = {"share_rail": 0.1, "share_rail_low": 0.0, "share_rail_high": 0.2}
    for bounds, words in (((0.0, 13.0), "not distinguishable"), ((9.0, 13.0), "−11")):
        high = {"residents": 12.0, "residents_low": bounds[0], "residents_high": bounds[1]} | shares
        found = table_of(compared(regions, low, high))
        assert (
            words in found["Residents"][2]
            and found["Share of trips: rail"][2] == "+0.4, at least 0.2"
        )
    draw(regions, FAR)
    regions.list.clearSelection()
    regions.list.selectAll()
    hidden = regions._cards(regions.shown[1:], *regions.shown[1:])
    from raw_qgis_plugin.gui.regions.compare import differences

    rows = {title: cells for title, *cells in differences(*hidden)}
    assert all(
        rows[title][1:] == ["withheld", ""]
        for title in ("People", "Fixes", "Visits", "People per km²")
    )


def test_a_card_shows_people_and_hours(regions: Any) -> None:
    region = draw(regions, CITY)
    region.view.figures.update({"workers": 10.0, "workers_low": 9.0, "workers_high": 11.0})
    region.view.week[:] = np.where(region.view.week == -2, -1, region.view.week)
    regions.list.clearSelection()
    regions.list.setCurrentRow(0)
    regions._show_card()
    words = " ".join(said(regions.card))
    assert "Workers" in words and "(9 – 11)" in words
    assert words.count("00: fewer than 2 people") > 100 and "no data<" not in words
