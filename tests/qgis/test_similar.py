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


@pytest.fixture
def regions() -> Callable[..., QgsVectorLayer]:
    """Six strips over the town where the invented people live, named Strip 1 to 6, and one far
    away.
    """

    def strips(crs: str = "EPSG:4326") -> QgsVectorLayer:
        layer = QgsVectorLayer(
            f"Polygon?crs={crs}&field=name:string&field=kind:string", "strips", "memory"
        )
        there = QgsCoordinateTransform(
            QgsCoordinateReferenceSystem("EPSG:4326"),
            QgsCoordinateReferenceSystem(crs),
            QgsProject.instance(),
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
def test_embed(
    run: Callable, make: Callable, fixes: Any, bundle: str, cache: Path, unit: str, ids: list[str]
) -> None:
    done = run("raw:embedtracks", INPUT=make(fixes), MODEL=bundle, UNIT=unit)
    layer, rows = done.layer(), done.rows()
    assert layer.wkbType() == QgsWkbTypes.Type.NoGeometry
    names = layer.fields().names()
    assert names[: len(ids) + 2] == [*ids, "e000", "e001"] and len(names) > 100
    assert len({row["user_id"] for row in rows}) == done.values["N_USERS"] == 12
    figures = np.array([[row[name] for name in names[len(ids) :]] for row in rows], float)
    assert np.isfinite(figures).all() and figures.std(axis=0).max() > 0
    kept = (
        sqlite3.connect(cache / "embeddings.sqlite")
        .execute("SELECT count(*) FROM units")
        .fetchone()
    )
    assert kept == (len(rows),)
    # from the cache
    assert run("raw:embedtracks", INPUT=make(fixes), MODEL=bundle, UNIT=unit).rows() == rows


def test_a_twin_is_the_most_similar_user(
    run: Callable, make: Callable, fixes: Any, bundle: str
) -> None:
    columns = {name: list(getattr(fixes, name)) for name in ("user_id", "t", "lon", "lat")}
    mine = [i for i, user in enumerate(columns["user_id"]) if user == "u03"]
    for name, change in {"user_id": "twin", "t": 0, "lon": 1e-6, "lat": 0}.items():
        columns[name] += [change if name == "user_id" else columns[name][i] + change for i in mine]
    twins, found = type(fixes)(**columns), []
    for crs in ("EPSG:4326", "EPSG:32650"):
        done = run("raw:similarusers", INPUT=make(twins, crs), MODEL=bundle, TARGET="u03", K=4)
        rows = done.rows()
        assert done.layer().fields().names() == ["id", "rank", "similarity", "reasons"]
        assert [row["rank"] for row in rows] == [1, 2, 3, 4] and done.layer().crs().authid() == crs
        assert (
            rows[0]["id"] == "twin"
            and rows[0]["similarity"] > 0.99
            and "u03" not in [row["id"] for row in rows]
        )
        assert "both" in rows[0]["reasons"] and all(row["reasons"] for row in rows)
        found.append([row["id"] for row in rows])
    assert found[0] == found[1]
    from raw_qgis_plugin.layers import styling

    users = done.layer()
    styling.Similar("u03").apply(users)
    assert (
        users.name() == "Similar users: similarity to u03"
        and users.renderer().rootRule().children()
    )
    done = run("raw:similarusers", INPUT=make(fixes), MODEL=bundle, TARGET="u00", K=50)
    assert len(done.rows()) == 11


@pytest.mark.parametrize(("crs", "target"), [
    ("EPSG:4326", "Strip 3"), ("EPSG:32650", "'Strip 3'"), ("EPSG:3857", "\"name\" = 'Strip 3'"),
    ("EPSG:4326", "$id = 3"),
])  # fmt: skip
def test_similar_regions(
    run: Callable, make: Callable, fixes: Any, bundle: str, regions: Callable, crs: str, target: str
) -> None:
    """Regions that Score regions withholds are neither target nor answer."""
    asked = {"INPUT": make(fixes), "REGIONS": regions(crs), "MODEL": bundle, "MIN_USERS": 3}
    done = run("raw:similarregions", **asked, TARGET=target)
    rows = done.rows()
    assert [row["rank"] for row in rows] == list(range(1, len(rows) + 1)) and len(rows) >= 2
    scored = run("raw:scoreregions", **asked, LABELS=False).rows()
    shown = {row["name"] for row in scored if not row["suppressed"]}
    assert {row["id"] for row in rows} == shown - {"Strip 3"} and 1 < len(shown) < 7
    assert done.layer().crs().authid() == crs
    assert all(not f.geometry().isNull() and f["reasons"] for f in done.layer().getFeatures())
    assert "The regions' ids are from the field name." in done.feedback.infos
    assert f"{7 - len(shown)} of 7 regions are left out: fewer than 3 users." in done.feedback.infos


@pytest.mark.parametrize(("algorithm", "change", "words"), [
    ("similarusers", {"TARGET": "nobody"}, "There is no user 'nobody' with two usable fixes. The ids are: u00, u01, "),
    ("similarusers", {"TARGET": " "}, "TARGET is empty"),
    ("similarregions", {"TARGET": " "}, "fits 0 regions"),
    ("similarregions", {"TARGET": "Strip 7"}, "The target region has fewer than 10 users"),
    ("similarregions", {"TARGET": "Strip 99"}, "fits 0 regions. Give one id, such as Strip 1, Strip 2"),
    ("similarregions", {"TARGET": "\"kind\" = 'strip'"}, "fits 7 regions"),
])  # fmt: skip
def test_wrong_targets_are_answered_in_a_sentence(
    run: Callable,
    make: Callable,
    fixes: Any,
    bundle: str,
    regions: Callable,
    algorithm: str,
    change: Any,
    words: str,
) -> None:
    more = {"REGIONS": regions()} if algorithm == "similarregions" else {}
    with pytest.raises(QgsProcessingException) as raised:
        run(f"raw:{algorithm}", INPUT=make(fixes), MODEL=bundle, **more, **change)
    assert words in str(raised.value)
