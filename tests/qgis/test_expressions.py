# SPDX-License-Identifier: GPL-2.0-or-later
"""raw_label reads the results of the project, and says what is missing."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from qgis.core import NULL, QgsExpression, QgsFeature, QgsProject, QgsVectorLayer


@pytest.fixture
def functions(staged: None, qgis_new_project: None) -> Iterator[Any]:
    """The functions, in an empty project."""
    from raw_qgis_plugin.expressions import Registered

    registered = Registered()
    yield registered
    registered.close()


def table(name: str, fields: str, rows: list[list[Any]]) -> QgsVectorLayer:
    layer = QgsVectorLayer(f"NoGeometry?{fields}", name, "memory")
    features = []
    for row in rows:
        feature = QgsFeature(layer.fields())
        feature.setAttributes(row)
        features.append(feature)
    layer.dataProvider().addFeatures(features)
    return layer


def profiles(name: str = "Profiles", answer: str = "yes") -> QgsVectorLayer:
    fields = "field=user_id:string&field=n_points:integer&field=commuter:string&field=commuter_p:double"
    return table(name, fields, [["a", 10, answer, 0.9], ["b", 12, "unknown", 0.55]])


def evaluate(text: str) -> tuple[Any, str]:
    expression = QgsExpression(text)
    assert not expression.hasParserError(), expression.parserErrorString()
    return expression.evaluate(), expression.evalErrorString()


def test_without_results_they_are_null_and_name_what_to_run(functions: Any) -> None:
    value, error = evaluate("raw_label('a', 'commuter')")
    assert value in (None, NULL) and "Run RAW → People → Profile users" in error


def test_label_of_the_newest_profiles_or_of_those_named(functions: Any) -> None:
    project = QgsProject.instance()
    older, newer = profiles("Older", "no"), profiles()
    project.addMapLayers([older])
    project.addMapLayers([newer])
    assert evaluate("raw_label('a', 'commuter')") == ("yes", "")
    assert evaluate("raw_label('b', 'commuter_p')") == (0.55, "")
    assert evaluate("raw_label('a', 'commuter', 'Older')") == ("no", "")
    assert evaluate(f"raw_label('a', 'commuter', '{older.id()}')") == ("no", "")
    assert evaluate("raw_label('nobody', 'commuter')")[0] in (None, NULL)
    assert evaluate("raw_label('nobody', 'commuter')")[1] == ""
    assert "'age'" in evaluate("raw_label('a', 'age')")[1]
    assert "'Roads'" in evaluate("raw_label('a', 'commuter', 'Roads')")[1]
    older.setName("Last year")
    assert evaluate("raw_label('a', 'commuter', 'Last year')") == ("no", "")
    project.removeMapLayer(newer.id())
    assert evaluate("raw_label('a', 'commuter')") == ("no", "")


def test_layers_that_left_the_project_are_let_go(functions: Any) -> None:
    project = QgsProject.instance()
    for _ in range(3):
        layer = project.addMapLayer(profiles())
        assert set(functions.results._undo) == {"", layer.id()}
        project.removeMapLayer(layer.id())
    assert set(functions.results._undo) == {""}


@pytest.mark.parametrize("kind", ["string", "integer", "double"])
def test_ids_that_are_numbers_match_in_every_kind_of_field(functions: Any, kind: str) -> None:
    fields = "field=n_points:integer&field=commuter:string"
    QgsProject.instance().addMapLayer(table("p", f"field=user_id:{kind}&{fields}", [[7, 3, "yes"], [8, 3, "no"]]))
    for user in ("7", "7.0", "'7'", "to_real(7)"):
        assert evaluate(f"raw_label({user}, 'commuter')") == ("yes", "")


def test_an_edit_is_read(functions: Any) -> None:
    layer = profiles()
    QgsProject.instance().addMapLayer(layer)
    assert evaluate("raw_label('a', 'commuter')")[0] == "yes"
    layer.startEditing()
    layer.changeAttributeValue(1, layer.fields().lookupField("commuter"), "no")
    assert layer.commitChanges()
    assert evaluate("raw_label('a', 'commuter')")[0] == "no"


def test_a_project_opened_before_is_read(staged: None, qgis_new_project: None) -> None:
    from raw_qgis_plugin.expressions import Registered

    QgsProject.instance().addMapLayer(profiles())
    registered = Registered()
    try:
        assert evaluate("raw_label('a', 'commuter')")[0] == "yes"
    finally:
        registered.close()
    assert QgsExpression("raw_label('a', 'commuter')").hasParserError()  # taken back


def test_layers_of_tracks_or_days_are_not_profiles_of_users(functions: Any) -> None:
    fields = "field=user_id:string&field=n_points:integer&field=commuter:string"
    QgsProject.instance().addMapLayer(table("days", f"{fields}&field=day:string", [["a", 3, "yes", "2020-01-01"]]))
    QgsProject.instance().addMapLayer(table("fixes", "field=user_id:string&field=t:string", [["a", "now"]]))
    assert "no labelled users" in evaluate("raw_label('a', 'commuter')")[1]


def test_they_work_in_the_threads_of_a_renderer(functions: Any) -> None:
    QgsProject.instance().addMapLayer(profiles())
    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(lambda _: evaluate("raw_label('a', 'commuter')")[0], range(40)))
    assert answers == ["yes"] * 40
