# SPDX-License-Identifier: GPL-2.0-or-later
"""Styles: legends in words that cover every feature, and temporal settings."""

from __future__ import annotations

from typing import Any

import pytest
from qgis.core import (
    QgsExpression,
    QgsExpressionContext,
    QgsExpressionContextScope,
    QgsFeature,
    QgsGeometry,
    QgsSymbolLayer,
    QgsUnitTypes,
    QgsVectorLayer,
)
from qgis.PyQt.QtCore import QDateTime

COMMUTER = {
    "name": "commuter",
    "unit": "user",
    "kind": "binary",
    "classes": ["no", "yes"],
    "title": "commuter",
}
MODE = {
    "name": "mode",
    "unit": "track",
    "kind": "classes",
    "classes": ["walk", "motor vehicle", "driver's seat"],
}
DENSITY = {
    "name": "poi",
    "kind": "number",
    "unit": "region",
    "title": "Points of interest",
    "unit_of_measure": "per km²",
}
WKT = {
    "Point": "Point (1 2)",
    "LineString": "LineString (1 2, 3 4)",
    "Polygon": "Polygon ((0 0, 1 0, 1 1, 0 0))",
}


def layer_of(shape: str, fields: str, rows: list[list[Any]]) -> QgsVectorLayer:
    layer = QgsVectorLayer(f"{shape}?crs=EPSG:4326{fields}", "bare", "memory")
    features = []
    for row in rows:
        feature = QgsFeature(layer.fields())
        feature.setAttributes(row)
        feature.setGeometry(QgsGeometry.fromWkt(WKT[shape]))
        features.append(feature)
    layer.dataProvider().addFeatures(features)
    return layer


def legend_of(layer: QgsVectorLayer, clock: bool = True) -> list[list[str]]:
    """For every feature the words of the rules that draw it. clock: whether the map's clock is on."""
    scope = QgsExpressionContextScope()
    scope.setVariable("map_start_time", QDateTime(2020, 1, 1, 0, 0) if clock else None)
    context = QgsExpressionContext([scope])
    found = []
    for feature in layer.getFeatures():
        context.setFeature(feature)
        rules = layer.renderer().rootRule().children()
        found.append(
            [
                r.label()
                for r in rules
                if QgsExpression(r.filterExpression() or "TRUE").evaluate(context)
            ]
        )
    return found


def test_classes_are_words() -> None:
    from raw_qgis_plugin.layers import styling

    fields = (
        "&field=t_first:datetime&field=t_last:datetime&field=commuter:string&field=in_domain:bool"
    )
    rows = [
        [None, None, word, inside]
        for word, inside in (("yes", True), ("no", True), ("unknown", False))
    ]
    layer = layer_of("Point", fields, rows)
    styling.Profiles([MODE, COMMUTER], "user").apply(layer)
    assert layer.name() == "Users: Commuter"
    assert legend_of(layer) == [
        ["Commuter: yes"],
        ["Commuter: no"],
        ["Unknown: not sure", "Unlike the training data"],
    ]
    temporal = layer.temporalProperties()
    assert temporal.isActive() and (temporal.startField(), temporal.endField()) == (
        "t_first",
        "t_last",
    )


TWO = "&field=team:string&field=team_p:double&field=trips:double&field=in_domain:bool"
TEAM = {"name": "team", "unit": "user", "kind": "classes", "classes": ["weekdays", "weekend"]}
TRIPS = {"name": "trips", "unit": "user", "kind": "number"}


def test_the_mark_is_of_the_label_that_is_shown() -> None:
    """in_domain counts the reasons of all labels; the colours show one of them."""
    from raw_qgis_plugin.layers import styling

    rows = [
        ["weekend", 1.0, None, False],
        ["unknown", 0.4, 2.0, True],
        ["unknown", None, 2.0, False],
    ]
    layer = layer_of("Point", TWO, rows)
    styling.Profiles([TEAM, TRIPS], "user").apply(layer)
    unsure, outside = "Unknown: not sure", "Unlike the training data"
    assert legend_of(layer) == [["Weekend"], [unsure], [unsure, outside]]
    styling.Profiles([TEAM, TRIPS], "user", "trips").apply(layer)
    assert [outside in words for words in legend_of(layer)] == [True, False, False]
    styling.Profiles([], "user").apply(layer)
    assert [outside in words for words in legend_of(layer)] == [True, False, True]


@pytest.mark.parametrize(
    "values", [[0.5, 3, 40, 250, 1000, 12, 7, 7, 7, 90], [5.0] * 10, [1, 2] * 5]
)
def test_figures_come_in_steps_that_leave_none_out(values: list[float]) -> None:
    from raw_qgis_plugin.layers import styling

    fields = "&field=n_users:integer&field=poi:double&field=suppressed:bool&field=in_domain:bool"
    rows = [[20, value, False, True] for value in values]
    rows += [[None, None, True, False], [20, None, False, True]]
    layer = layer_of("Polygon", fields, rows)
    styling.RegionScores([DENSITY]).apply(layer)
    assert layer.name() == "Regions: Points of interest"
    words = legend_of(layer)
    assert all(len(each) == 1 for each in words[:12]) and all(
        each[0].endswith(" per km²") for each in words[:10]
    )
    assert words[10] == ["Withheld to protect people"] and words[11] == ["No figure"]
    assert not layer.temporalProperties().isActive()


def test_forecasts_are_named_so_and_say_how_far_ahead() -> None:
    from raw_qgis_plugin.layers import styling

    layer = layer_of(
        "Point",
        "&field=t:datetime&field=horizon_min:double",
        [[None, m] for m in (2.5, 5, 7.5, 10)],
    )
    styling.ForecastPoints().apply(layer)
    assert layer.name() == "Forecast: points"
    words = ["2.5 min ahead", "5 min ahead", "7.5 min ahead", "10 min ahead"]
    assert legend_of(layer) == [[each] for each in words]
    assert legend_of(layer, clock=False) == [[], [], [], ["10 min ahead"]], (
        "without the map's clock the last horizon alone"
    )
    assert layer.temporalProperties().isActive() and layer.temporalProperties().startField() == "t"
    layer = layer_of(
        "Point", "&field=t:datetime&field=horizon_min:double", [[None, m] for m in range(1, 31)]
    )
    styling.ForecastPoints().apply(layer)
    assert all(legend_of(layer)) and legend_of(layer)[5] == ["1 to 6 min ahead"]
    layer = layer_of(
        "Point", "&field=t:datetime&field=horizon_min:double", [[None, m / 3] for m in range(1, 10)]
    )
    styling.ForecastPoints().apply(layer)
    assert all(legend_of(layer)), "also where horizons are fractions"
    empty = layer_of("Point", "&field=t:datetime&field=horizon_min:double", [])
    styling.ForecastPoints().apply(empty)
    for style, shape in (
        (styling.ForecastLines(), "LineString"),
        (styling.ForecastAreas(), "Polygon"),
    ):
        layer = layer_of(
            shape,
            "&field=t:datetime&field=t_first:datetime&field=t_last:datetime&field=level:int",
            [],
        )
        style.apply(layer)
        assert layer.name().startswith("Forecast: ") and layer.temporalProperties().isActive()


PEOPLE = "&field=user_id:string&field=n_points:integer&field=mode:string&field=commuter:string&field=in_domain:bool"


def test_the_colours_show_another_label() -> None:
    from raw_qgis_plugin.layers import styling

    layer = layer_of("Point", PEOPLE, [[user, 9, "walk", "yes", True] for user in ("a", "b")])
    styling.Profiles([MODE, COMMUTER], "user", "commuter").apply(layer)
    assert layer.name() == "Users: Commuter" and legend_of(layer)[0][0] == "Commuter: yes"


def test_points_of_one_cell_lie_side_by_side_within_it() -> None:
    from raw_qgis_plugin.layers import styling

    layer = layer_of("Point", PEOPLE, [[f"u{n}", 9, "walk", "yes", n > 0] for n in range(30)])
    styling.Profiles([MODE], "user").apply(layer)
    by_rule = []
    for rule in layer.renderer().rootRule().children():
        for part in rule.symbol().symbolLayers():
            assert part.offsetUnit() == QgsUnitTypes.RenderMetersInMapUnits
            property_of = part.dataDefinedProperties().property(
                QgsSymbolLayer.Property.PropertyOffset
            )
            context, places = QgsExpressionContext(), []
            assert property_of.value(context)[0] == [0, 0], "in the legend no dot is moved"
            for feature in layer.getFeatures():
                context.setFeature(feature)
                places.append(property_of.value(context)[0])
            by_rule.append(places)
    assert all(places == by_rule[0] for places in by_rule), "the mark lies on its dot"
    assert len(set(map(tuple, by_rule[0]))) == 30 and all(
        abs(m) <= 200 for place in by_rule[0] for m in place
    )


def test_the_most_likely_path_is_strong_and_drawn_last() -> None:
    from raw_qgis_plugin.layers import styling

    layer = layer_of(
        "LineString", "&field=path:int&field=in_domain:bool", [[1, True], [2, True], [3, False]]
    )
    styling.ForecastLines().apply(layer)
    rules = layer.renderer().rootRule().children()
    assert [rule.label() for rule in rules] == [
        "Most likely path",
        "Other likely paths",
        "Unlike the training data",
    ]
    assert rules[0].symbol().opacity() == 1.0 and rules[1].symbol().opacity() < 0.5
    (by,) = layer.renderer().orderBy().list()
    assert (
        layer.renderer().orderByEnabled()
        and by.expression().expression() == '"path"'
        and not by.ascending()
    )


@pytest.mark.parametrize("shape", WKT)
def test_forecasts_that_are_not_to_be_relied_on_are_marked(shape: str) -> None:
    from raw_qgis_plugin.layers import styling

    style = {
        "Point": styling.ForecastPoints,
        "LineString": styling.ForecastLines,
        "Polygon": styling.ForecastAreas,
    }
    fields = "&field=horizon_min:double&field=level:int&field=in_domain:bool&field=path:int"
    layer = layer_of(shape, fields, [[5, 50, True, 1], [10, 80, False, 1]])
    style[shape]().apply(layer)
    plain, marked = legend_of(layer)
    assert len(plain) == 1 and len(marked) == 2 and marked[1] == "Unlike the training data"
    assert all(plain + marked), "every symbol of the legend has its words"
    layer = layer_of(shape, fields, [[5, 50, True, 1]])
    style[shape]().apply(layer)
    assert "Unlike the training data" not in [
        item.label() for item in layer.renderer().legendSymbolItems()
    ]
