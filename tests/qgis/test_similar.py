# SPDX-License-Identifier: GPL-2.0-or-later
"""raw:embedtracks, raw:similarusers and raw:similarregions in real QGIS."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsFeature,
    QgsGeometry,
    QgsProcessingException,
    QgsProject,
    QgsVectorLayer,
    QgsWkbTypes,
)

TEMPORARY = "TEMPORARY_OUTPUT"


@pytest.fixture
def regions() -> Callable[..., QgsVectorLayer]:
    """Six strips over the town where the invented people live, named Strip 1 to 6, and one far away."""

    def strips(crs: str = "EPSG:4326") -> QgsVectorLayer:
        layer = QgsVectorLayer(f"Polygon?crs={crs}&field=name:string&field=kind:string", "strips", "memory")
        there = QgsCoordinateTransform(
            QgsCoordinateReferenceSystem("EPSG:4326"), QgsCoordinateReferenceSystem(crs), QgsProject.instance()
        )
        features = []
        for number in range(7):
            west = 116.37 + 0.01 * number if number < 6 else 10.0
            shape = QgsGeometry.fromWkt(f"Polygon (({west} 39.8, {west + 0.01} 39.8, {west + 0.01} 40, {west} 40, "
                                        f"{west} 39.8))")  # fmt: skip
            shape.transform(there)
            feature = QgsFeature(layer.fields())
            feature.setAttributes([f"Strip {number + 1}", "strip"])
            feature.setGeometry(shape)
            features.append(feature)
        layer.dataProvider().addFeatures(features)
        return layer

    return strips


@pytest.mark.parametrize(("unit", "ids"), [("user", ["user_id"]), ("day", ["user_id", "day"])])
def test_embed(run: Callable, make: Callable, fixes: Any, bundle: str, cache: Path, unit: str, ids: list[str]) -> None:
    done = run("raw:embedtracks", INPUT=make(fixes), MODEL=bundle, UNIT=unit)
    layer, rows = done.layer(), done.rows()
    assert layer.wkbType() == QgsWkbTypes.Type.NoGeometry
    names = layer.fields().names()
    assert names[: len(ids) + 2] == [*ids, "e000", "e001"] and len(names) > 100
    assert len({row["user_id"] for row in rows}) == done.values["N_USERS"] == 12
    figures = np.array([[row[name] for name in names[len(ids) :]] for row in rows], float)
    assert np.isfinite(figures).all() and figures.std(axis=0).max() > 0
    kept = sqlite3.connect(cache / "embeddings.sqlite").execute("SELECT count(*) FROM units").fetchone()
    assert kept == (len(rows),)
    again = run("raw:embedtracks", INPUT=make(fixes), MODEL=bundle, UNIT=unit)
    assert again.rows() == rows and not again.feedback.warnings


def test_what_one_algorithm_embedded_the_others_find(
    run: Callable, make: Callable, fixes: Any, bundle: str, regions: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    layer, everywhere = make(fixes), {"REGIONS": regions(), "MIN_USERS": 1}
    first = run("raw:profileusers", INPUT=layer, MODEL=bundle).rows()
    scores = run("raw:scoreregions", INPUT=layer, MODEL=bundle, **everywhere).rows()

    def refuse(*_: Any) -> None:
        raise AssertionError("nothing was to be embedded again")

    monkeypatch.setattr("raw_qgis_plugin.core.embedding.cache.embed", refuse)
    assert run("raw:profileusers", INPUT=layer, MODEL=bundle).rows() == first
    assert run("raw:scoreregions", INPUT=layer, MODEL=bundle, **everywhere).rows() == scores
    assert len(run("raw:similarusers", INPUT=layer, MODEL=bundle, TARGET="u03", K=4).rows()) == 4


def test_a_twin_is_the_most_similar_user(run: Callable, make: Callable, fixes: Any, bundle: str) -> None:
    columns = {name: list(getattr(fixes, name)) for name in ("user_id", "t", "lon", "lat")}
    mine = [i for i, user in enumerate(columns["user_id"]) if user == "u03"]
    for name, change in {"user_id": "twin", "t": 0, "lon": 1e-6, "lat": 0}.items():
        columns[name] += [change if name == "user_id" else columns[name][i] + change for i in mine]
    twins = type(fixes)(**columns)
    results = {}
    for crs in ("EPSG:4326", "EPSG:32650"):
        done = run("raw:similarusers", INPUT=make(twins, crs), MODEL=bundle, TARGET="u03", K=4)
        rows = results[crs] = done.rows()
        assert done.layer().fields().names() == ["id", "rank", "similarity", "reasons"]
        assert [row["rank"] for row in rows] == [1, 2, 3, 4]
        assert rows[0]["id"] == "twin" and rows[0]["similarity"] > 0.99 and "u03" not in [row["id"] for row in rows]
        assert [row["similarity"] for row in rows] == sorted((row["similarity"] for row in rows), reverse=True)
        assert "both" in rows[0]["reasons"] and all(row["reasons"] for row in rows)
        assert done.layer().crs().authid() == crs
        assert all(f.geometry().asPoint().x() for f in done.layer().getFeatures())
    assert [row["id"] for row in results["EPSG:4326"]] == [row["id"] for row in results["EPSG:32650"]]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"TARGET": "nobody"}, "There is no user 'nobody' with two usable fixes. The ids are: u00, u01, "),
        ({"TARGET": " "}, "TARGET is empty"),
    ],
)  # fmt: skip
def test_a_wrong_user_is_answered_in_a_sentence(
    run: Callable, make: Callable, fixes: Any, bundle: str, change: dict[str, str], words: str
) -> None:
    with pytest.raises(QgsProcessingException) as raised:
        run("raw:similarusers", INPUT=make(fixes), MODEL=bundle, **change)
    assert words in str(raised.value)


def test_fewer_than_asked_for_are_told(run: Callable, make: Callable, fixes: Any, bundle: str) -> None:
    done = run("raw:similarusers", INPUT=make(fixes), MODEL=bundle, TARGET="u00", K=50)
    assert len(done.rows()) == 11
    assert "K is 50, but there are only 11 others to compare with." in done.feedback.infos


@pytest.mark.parametrize(
    ("crs", "target"),
    [
        ("EPSG:4326", "Strip 3"),
        ("EPSG:32650", "'Strip 3'"),
        ("EPSG:3857", "\"name\" = 'Strip 3'"),
        ("EPSG:4326", "$id = 3"),
    ],
)
def test_similar_regions(
    run: Callable, make: Callable, fixes: Any, bundle: str, regions: Callable, crs: str, target: str
) -> None:
    done = run("raw:similarregions", INPUT=make(fixes), REGIONS=regions(crs), MODEL=bundle, TARGET=target, MIN_USERS=3)
    rows = done.rows()
    assert [row["rank"] for row in rows] == list(range(1, len(rows) + 1)) and len(rows) >= 2
    ids = [row["id"] for row in rows]
    assert "Strip 3" not in ids and "Strip 7" not in ids and set(ids) <= {f"Strip {n}" for n in range(1, 7)}
    assert done.layer().crs().authid() == crs
    assert all(not f.geometry().isNull() and f["reasons"] for f in done.layer().getFeatures())
    assert "The regions' ids are from the field name." in done.feedback.infos


def test_withheld_regions_are_neither_target_nor_answer(
    run: Callable, make: Callable, fixes: Any, bundle: str, regions: Callable
) -> None:
    with pytest.raises(QgsProcessingException, match="The target region has fewer than 10 users"):
        run("raw:similarregions", INPUT=make(fixes), REGIONS=regions(), MODEL=bundle, TARGET="Strip 7")
    scored = run("raw:scoreregions", INPUT=make(fixes), REGIONS=regions(), MODEL=bundle, MIN_USERS=5)
    shown = {row["name"] for row in scored.rows() if not row["suppressed"]}
    assert 1 < len(shown) < 7
    target = sorted(shown)[0]
    done = run("raw:similarregions", INPUT=make(fixes), REGIONS=regions(), MODEL=bundle, TARGET=target, MIN_USERS=5)
    assert {row["id"] for row in done.rows()} == shown - {target}
    assert f"{7 - len(shown)} of 7 regions are left out: fewer than 5 users." in done.feedback.infos


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"TARGET": "Strip 99"}, "TARGET Strip 99 fits no region. Give a value of name, such as Strip 1, Strip 2"),
        ({"TARGET": "\"kind\" = 'strip'"}, "fits 7 regions"),
        ({"TARGET": "Strip 1", "ID_FIELD": "nope"}, "REGIONS has no field 'nope'. Its fields: name, kind."),
    ],
)
def test_a_wrong_region_is_answered_in_a_sentence(
    run: Callable, make: Callable, fixes: Any, bundle: str, regions: Callable, change: dict[str, str], words: str
) -> None:
    with pytest.raises(QgsProcessingException) as raised:
        run("raw:similarregions", INPUT=make(fixes), REGIONS=regions(), MODEL=bundle, **change)
    assert words in str(raised.value)


def test_results_are_drawn_by_similarity(
    run: Callable, make: Callable, fixes: Any, bundle: str, regions: Callable
) -> None:
    from raw_qgis_plugin.layers import styling

    users = run("raw:similarusers", INPUT=make(fixes), MODEL=bundle, TARGET="u00").layer()
    styling.Similar("u00").apply(users)
    assert users.name() == "Similar users: similarity to u00" and len(users.renderer().rootRule().children()) in (4, 5)
    places = run(
        "raw:similarregions", INPUT=make(fixes), REGIONS=regions(), MODEL=bundle, TARGET="Strip 3", MIN_USERS=3
    ).layer()
    styling.SimilarPlaces("Strip 3").apply(places)
    assert places.name() == "Similar regions: similarity to Strip 3" and places.renderer().rootRule().children()
    table = run("raw:embedtracks", INPUT=make(fixes), MODEL=bundle).layer()
    styling.Table("Embeddings").apply(table)
    assert table.name() == "Embeddings"
