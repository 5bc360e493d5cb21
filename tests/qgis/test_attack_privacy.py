# SPDX-License-Identifier: GPL-2.0-or-later
"""What ids, titles and project files of others may do in QGIS, and what logs and layers tell of people."""

from __future__ import annotations

import re
from collections.abc import Callable
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


def test_cards_show_names_and_titles_as_text(staged: None) -> None:
    from raw_qgis_plugin.core.regions.view import RegionView
    from raw_qgis_plugin.gui.regions.card import Region, RegionCard

    tried = 0
    for words in HOSTILE:
        number = {"name": "n", "kind": "number", "title": words, "unit_of_measure": words, "verdict": words}
        label = {"name": "c", "kind": "class", "title": words, "classes": [words], "verdict": words}
        shown = {"region": [number, label]}
        bundle = SimpleNamespace(heads=lambda unit, shown=shown: shown.get(unit, []), name="m")
        figures = {"n": 1.0, "n_low": 0.5, "n_high": 2.0, "c": words, "c_p": 0.9, "in_domain": False}
        view = RegionView(1.0, False, figures | {"n_users": 20, "n_points": 200})
        card = RegionCard(Region(1, words, view), bundle, 10)
        for widget in card.findChildren(QLabel):
            for html in (widget.text(), widget.toolTip()):
                ours = {"<b>", "</b>", "<i>", "</i>", "<br>", "<small>", "</small>", "<span>", "</span>"}
                assert set(re.findall("<[^>]*>", html)) <= ours, html
                tried += 1


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
        ("scoreregions", {"REGIONS": regions, "MIN_USERS": 1}), ("similarusers", {"TARGET": "anna 0"}),
        ("similarusers", {"TARGET": "nobody"}), ("similarregions", {"REGIONS": regions, "TARGET": "$id = 1"}),
        ("backtest", {"HORIZON": 10, "STEP": 5, "REPORT": str(report)}),
        ("diary", {"OUTPUT_STOPS": "TEMPORARY_OUTPUT", "OUTPUT_TRIPS": "TEMPORARY_OUTPUT"}),
        ("fillgaps", {"OUTPUT_AREAS": "TEMPORARY_OUTPUT"}), ("encounters", {}),
    ]  # fmt: skip
    for name, parameters in asked:
        model = {} if name in ("fillgaps", "encounters") else {"MODEL": bundle}
        try:
            feedback = run(f"raw:{name}", INPUT=alone, **model, **parameters).feedback
            said += feedback.infos + feedback.warnings + feedback.errors
        except QgsProcessingException as error:
            said.append(str(error))
    log.messageReceived.disconnect(keep)
    assert len(said) > 30 and report.exists()
    assert not [words for words in said if COORDINATES.search(words)]
    assert not re.search(r"\b(10\.65|50\.12)\d", report.read_text("utf-8")) and "anna" not in report.read_text("utf-8")
