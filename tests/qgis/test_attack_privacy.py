# SPDX-License-Identifier: GPL-2.0-or-later
"""What ids, titles and project files of others may do in QGIS, and what logs and layers tell of people."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from qgis.core import (
    QgsApplication,
    QgsExpression,
    QgsExpressionContext,
    QgsExpressionContextUtils,
    QgsFeature,
    QgsGeometry,
    QgsProcessingException,
    QgsProcessingFeatureSourceDefinition,
    QgsProject,
    QgsVectorLayer,
)
from qgis.PyQt.QtWidgets import QLabel

HOSTILE = [
    "<img src='http://127.0.0.1:9/x'>", "<script>alert(1)</script>", "[% env('HOME') %]", "a & b < c",
    "' || \"x\" || '", "</b><h1>", "%]<i>", "&lt;img src=x&gt;",
]  # fmt: skip
COORDINATES = re.compile(r"\b(10[.,]65|50[.,]12)")  # where the people of the test are


def shown(layer: QgsVectorLayer, feature: QgsFeature) -> str:
    """A map tip as QGIS makes it."""
    context = QgsExpressionContext(QgsExpressionContextUtils.globalProjectLayerScopes(layer))
    context.setFeature(feature)
    return QgsExpression.replaceExpressionText(layer.mapTipTemplate(), context)


def text_of(html: str) -> str:
    from html import unescape

    return unescape(re.sub("<[^>]*>", "", html))


def points(fields: str, rows: list[list[Any]]) -> QgsVectorLayer:
    layer = QgsVectorLayer(f"Point?crs=EPSG:4326{fields}", "points", "memory")
    features = []
    for row in rows:
        feature = QgsFeature(layer.fields())
        feature.setAttributes(row)
        feature.setGeometry(QgsGeometry.fromWkt("Point (116.4 39.9)"))
        features.append(feature)
    layer.dataProvider().addFeatures(features)
    return layer


def test_map_tips_show_ids_and_titles_as_text(staged: None, monkeypatch: pytest.MonkeyPatch) -> None:
    from raw_qgis_plugin.layers.styling import Profiles, Similar

    monkeypatch.setenv("HOME", "/home/secret")
    tried = 0
    for title in HOSTILE:
        heads = [{"name": name, "title": title} for name in ("home", "a %] b")]
        layer = points(
            "&field=user_id:string&field=home:string&field=home_p:double&field=n_points:integer&field=a %] b:string",
            [[words, words, 0.9, 5, "x"] for words in HOSTILE],
        )
        Profiles(heads).tip(layer)
        for feature, words in zip(layer.getFeatures(), HOSTILE, strict=True):
            tip = shown(layer, feature)
            assert set(re.findall("<[^>]*>", tip)) <= {"<b>", "</b>", "<br>"} and "/home/secret" not in tip
            said = text_of(tip)
            assert said.startswith(words) and said.endswith("5 fixes") and f": {words} (90 %)" in said
            assert said[len(words) :].lower().startswith(title.lower())
            tried += 1
    layer = points("&field=rank:integer&field=id:string&field=similarity:double&field=reasons:string",
                   [[k, words, 0.5, words] for k, words in enumerate(HOSTILE)])  # fmt: skip
    Similar("u").tip(layer)
    for feature, words in zip(layer.getFeatures(), HOSTILE, strict=True):
        assert text_of(shown(layer, feature)) == f"{feature['rank']}. {words}{words}"
        tried += 1


@pytest.fixture
def tracks(make: Callable[..., Any], fixes: Any) -> Iterator[QgsVectorLayer]:
    project = QgsProject.instance()
    project.clear()
    yield project.addMapLayer(make(fixes))
    project.clear()


def test_cards_show_names_and_titles_as_text(tracks: QgsVectorLayer) -> None:
    from raw_qgis_plugin.core.regions.view import RegionView
    from raw_qgis_plugin.gui.regions.card import Region, RegionCard

    tried = 0
    for words in HOSTILE:
        number = {"name": "n", "kind": "number", "title": words, "unit_of_measure": words, "verdict": words}
        label = {"name": "c", "kind": "class", "title": words, "classes": [words], "verdict": words}
        shown = {"region": [number, label]}
        bundle = SimpleNamespace(heads=lambda unit, every=False, shown=shown: shown.get(unit, []))
        columns = {"n": 1.0, "n_low": 0.5, "n_high": 2.0, "c": words, "c_p": 0.9}
        view = RegionView(1.0, False, np.arange(20), 20, 200, columns, in_domain=False, reasons=[words])
        card = RegionCard(region := Region(words, None, view, bundle, None, -1), [region], None, 10)
        for widget in card.findChildren(QLabel):
            for html in (widget.text(), widget.toolTip()):
                ours = {"<b>", "</b>", "<i>", "</i>", "<br>", "<small>", "</small>", "<span>", "</span>"}
                assert set(re.findall("<[^>]*>", html)) <= ours, html
                tried += 1


@pytest.mark.parametrize("least", ["1", "0", "-5", "x", "", None, "1e3", "3", "10" * 40, 2.5])
def test_a_project_cannot_lower_the_fewest_people(tracks: QgsVectorLayer, least: Any) -> None:
    book = opened(tracks, least=least)
    assert book.min_users == 10
    book.close()


def opened(tracks: QgsVectorLayer, **properties: Any) -> Any:
    """The book of a layer of regions that a project brings."""
    from raw_qgis_plugin.gui.layer_group import LayerGroup
    from raw_qgis_plugin.gui.regions import book as module
    from raw_qgis_plugin.gui.regions.saved import FEATURES, OF, put_back

    keys = {"made": module.MADE, "least": module.LEAST, "fields": module.FIELDS, "features": FEATURES}
    layer = QgsVectorLayer("MultiPolygon?crs=EPSG:4326&field=name:string&field=n_users:integer", "Drawn", "memory")
    layer.setCustomProperty(OF, tracks.id())
    for name, value in properties.items():
        layer.setCustomProperty(keys[name], value)
    QgsProject.instance().addMapLayer(layer)
    if "features" in properties:
        put_back(layer, properties["features"])
    return module.RegionBook(tracks, LayerGroup(tracks), lambda: None)


RING = "POLYGON((0 0,1 0,1 1,0 0))"
BROKEN = [
    {"made": "x"}, {"made": 10**30}, {"fields": 7}, {"features": "["}, {"features": "[" * 100_000},
    {"features": '[{"shape": 5, "values": {}}]'}, {"features": '{"a": 1}'}, {"features": "7"}, {"features": "null"},
    {"features": f'[{{"shape": "{RING}", "values": {{"n_users": "x", "name": {{"a": 1}}}}}}]'},
    {"features": f'[{{"shape": "{RING}", "values": [1]}}]'}, {"features": f'[{{"shape": "{RING}", "values": 1e999}}]'},
]  # fmt: skip


def test_a_broken_project_breaks_nothing(tracks: QgsVectorLayer) -> None:
    for properties in BROKEN:
        book = opened(tracks, **properties)
        assert book.next_name().startswith("Region ") and book.min_users == 10
        assert all(name for name, _, _ in book.drawn_before())
        layer = book.layer
        book.close()
        QgsProject.instance().removeMapLayer(layer.id())


def test_logs_hold_no_coordinates(run: Callable, make: Callable, fixes: Any, bundle: str, tmp_path: Any) -> None:
    said: list[str] = []
    log = QgsApplication.messageLog()
    log.messageReceived.connect(keep := lambda words, tag, level: said.append(words))
    rows = [(f"anna {k}", 1_700_000_000_000 + 60_000 * i) for k in range(3) for i in range(200)]
    g = np.random.default_rng(0)
    lon, lat = 10.654 + g.normal(0, 2e-5, len(rows)), 50.123 + g.normal(0, 2e-5, len(rows))
    user, t = (list(column) for column in zip(*rows, strict=True))
    alone = make(type(fixes)(user, t, lon.tolist(), lat.tolist()))
    regions = QgsVectorLayer("Polygon?crs=EPSG:4326&field=name:string", "r", "memory")
    feature = QgsFeature(regions.fields())
    feature.setGeometry(QgsGeometry.fromWkt("POLYGON((20 20,21 20,21 21,20 21,20 20))"))
    regions.dataProvider().addFeatures([feature])
    report = tmp_path / "backtest.html"
    asked = [
        ("forecasttracks", {}), ("profileusers", {}), ("scoreregions", {"REGIONS": regions}), ("embedtracks", {}),
        ("scoreregions", {"REGIONS": regions, "EPSILON": 1.0}), ("similarusers", {"TARGET": "anna 0"}),
        ("similarusers", {"TARGET": "nobody"}), ("similarregions", {"REGIONS": regions, "TARGET": "$id = 1"}),
        ("backtest", {"HORIZON": 10, "STEP": 5, "REPORT": str(report)}), ("publishcheck", {}),
        ("diary", {"OUTPUT_STOPS": "TEMPORARY_OUTPUT", "OUTPUT_TRIPS": "TEMPORARY_OUTPUT"}),
        ("fillgaps", {"OUTPUT_AREAS": "TEMPORARY_OUTPUT"}), ("encounters", {}),
    ]  # fmt: skip
    for name, parameters in asked:
        model = {} if name in ("publishcheck", "fillgaps", "encounters") else {"MODEL": bundle}
        try:
            feedback = run(f"raw:{name}", INPUT=alone, **model, **parameters).feedback
            said += feedback.infos + feedback.warnings + feedback.errors
        except QgsProcessingException as error:
            said.append(str(error))
    log.messageReceived.disconnect(keep)
    assert len(said) > 30 and report.exists()
    assert not [words for words in said if COORDINATES.search(words)]
    assert not re.search(r"\b(10\.65|50\.12)\d", report.read_text("utf-8")) and "anna" not in report.read_text("utf-8")


def test_noise_is_spent_by_every_run(run: Callable, make: Callable, fixes: Any, bundle: str) -> None:
    regions = QgsVectorLayer("Polygon?crs=EPSG:4326&field=name:string", "r", "memory")
    feature = QgsFeature(regions.fields())
    feature.setGeometry(QgsGeometry.fromWkt("POLYGON((116 39,117 39,117 41,116 41,116 39))"))
    regions.dataProvider().addFeatures([feature])
    layer, counts = make(fixes), []
    layer.setCustomProperty("raw/epsilon_spent", "not a number")
    for spent in (2, 4):
        done = run("raw:scoreregions", INPUT=layer, REGIONS=regions, MODEL=bundle, MIN_USERS=1, EPSILON=2.0,
                   OUTPUT_WEEK="TEMPORARY_OUTPUT")  # fmt: skip
        (row,) = done.rows()
        assert row["epsilon"] == 2 and done.layer().fields().names()[-1] == "epsilon"
        assert any(f"epsilon of 2, and this layer {spent} in this project" in words for words in done.feedback.infos)
        counts.append((row["n_users"], row["n_visits"], *(each["n_users"] for each in done.rows("OUTPUT_WEEK"))))
        assert all(row[name] in (None, "") or str(row[name]) == "NULL" for name in ("n_points", "home_share"))
    assert counts[0] != counts[1]
    warnings = done.feedback.warnings
    assert sum("the epsilon of earlier runs is not added" in words for words in warnings) == 2
    QgsProject.instance().addMapLayer(layer)
    some = QgsProcessingFeatureSourceDefinition(layer.id(), featureLimit=500)
    done = run("raw:scoreregions", INPUT=some, REGIONS=regions, MODEL=bundle, MIN_USERS=1, EPSILON=2.0)
    assert any("epsilon of 2, and this layer 6 in this project" in words for words in done.feedback.infos)
    assert sum("the epsilon of earlier runs is not added" in words for words in warnings) == 2
    QgsProject.instance().removeMapLayer(layer.id())


def test_the_publish_check_finds_what_names_somebody(
    run: Callable, make: Callable, fixes: Any, bundle: str, tmp_path: Any
) -> None:
    def found(layer: Any, **options: Any) -> str:
        done = run("raw:publishcheck", INPUT=layer, **options)
        words, done.feedback.warnings[:] = list(done.feedback.warnings), []
        assert done.values["N_FINDINGS"] == len(words)
        return " ".join(words)

    tracks, page = make(fixes), tmp_path / "page.html"
    words = found(tracks, REPORT=str(page))
    assert "1,440 fixes with their times" in words and "Ids of people in the clear: 12" in words
    assert "Ids of people in the clear: 12" in page.read_text("utf-8") and page.read_text("utf-8").count("<li>") == 2
    assert found(QgsVectorLayer("Point?crs=EPSG:4326&field=user_id:string&field=t:datetime", "empty", "memory")) == ""
    homes = run("raw:profileusers", INPUT=tracks, MODEL=bundle)
    homes.feedback.warnings.clear()
    assert "places of single people" in found(homes.layer()) and "Ids of people" in found(homes.layer())
    vectors = run("raw:embedtracks", INPUT=tracks, MODEL=bundle)
    vectors.feedback.warnings.clear()
    assert "Embeddings" in found(vectors.layer())
    regions = QgsVectorLayer("Polygon?crs=EPSG:4326&field=name:string&field=n_users:integer&field=n_points:integer",
                             "r <b>", "memory")  # fmt: skip
    boxes = [(0, 20, 60, 90), (0, 15, 55, 80), (5, 9, 3, 10), (7, 9, None, 8)]  # west, east, people, fixes
    for west, east, people, count in boxes:
        feature = QgsFeature(regions.fields())
        feature.setAttributes(["a", people, count])
        feature.setGeometry(QgsGeometry.fromWkt(f"POLYGON(({west} 0,{east} 0,{east} 9,{west} 9,{west} 0))"))
        regions.dataProvider().addFeatures([feature])
    words = found(regions)
    assert "Rows of fewer than 10 people: 1 of 4" in words and "differ by fewer than 10 people: 1." in words
    assert "Rows with figures but no number of people (field n_users): 1." in words
    done = run("raw:scoreregions", INPUT=tracks, REGIONS=regions, MODEL=bundle)
    done.feedback.warnings.clear()
    assert not [each for each in found(done.layer()).split(". ") if "n_users_2" not in each and each]


def test_the_dock_withholds_what_drawn_regions_would_reveal(
    session: Any, menu: Any, make: Callable[..., Any], fixes: Any
) -> None:
    """A region drawn around another one, or removed, changes what may be shown of both."""
    from qgis.core import QgsRectangle

    from raw_qgis_plugin.gui.regions.card import RegionCard
    from raw_qgis_plugin.gui.regions.tab import RegionsTab

    from .waiting import until

    tab = RegionsTab(session, menu)
    menu.iface.mapCanvas().setDestinationCrs(make(fixes).crs())
    session.set_layer(QgsProject.instance().addMapLayer(make(fixes)))
    until(lambda: session.city is not None or session.problem)
    tab.least.setValue(5)
    lon, user = np.array(fixes.lon), np.array(fixes.user_id)
    west = np.sort([lon[user == each].min() for each in np.unique(user)])

    def draw(east: float) -> None:
        tab.take_drawn(QgsGeometry.fromRect(QgsRectangle(lon.min(), 39, east, 41)))

    draw(west[6] + 1e-9)
    draw(west[8] + 1e-9)  # two people more
    people = [region.view.n_users for region in tab.book.regions]
    assert people == [None, 9] and [f["n_users"] or None for f in tab.book.layer.getFeatures()][1] == 9
    assert [f["suppressed"] for f in tab.book.layer.getFeatures()] == [True, False]
    card = RegionCard(tab.book.regions[0], tab.book.regions, session.city, 5)
    assert any("would reveal fewer than 5 people" in label.text() for label in card.findChildren(QLabel))
    tab.least.setValue(2)
    until(lambda: session.job is None and tab.book.min_users == 2)
    assert [region.view.n_users for region in tab.book.regions] == [7, 9]
    tab.book.min_users = 5
    tab.book.protect(session.city)
    tab.table.selectRow(1)
    tab.remove_chosen()
    assert [region.view.n_users for region in tab.book.regions] == [7]
    tab.book.layer.dataProvider().changeAttributeValues(
        {tab.book.regions[0].feature: {tab.book.layer.fields().lookupField("n_users"): 1}}
    )
    (words,) = (label.text() for label in tab.show_check().findChildren(QLabel))
    assert words.startswith("Rows of fewer than 2 people: 1 of 1")
    tab.remove()
