# SPDX-License-Identifier: GPL-2.0-or-later
"""raw:publish: figures with fixed noise and by an allow-list, and what layers say that they are."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from qgis.core import (
    NULL,
    QgsFeature,
    QgsGeometry,
    QgsProcessingException,
    QgsRectangle,
    QgsVectorLayer,
)


@pytest.fixture
def tracts(make: Callable[..., Any], fixes: Any) -> tuple[QgsVectorLayer, QgsVectorLayer]:
    """Tracks of 122 people who each visit one of three tracts, 60, 40 and 22 of them; and the
    tracts, and a desert.
    """
    places = np.repeat([0, 1, 2], [60, 40, 22])
    user, t, lon, lat = [], [], [], []
    for person, place in enumerate(places):
        for k in range(6):
            user.append(f"p{person:03d}")
            t.append(1_600_000_000_000 + (k * 600 + person) * 1000)
            lon.append(10 + 0.02 * place + 0.001 * (person % 5))
            lat.append(50 + 0.001 * (k % 2))
    layer = QgsVectorLayer(
        "Polygon?crs=EPSG:4326&field=name:string&field=n_users_2:integer&field=secret:string&field=n_points:integer",
        "tracts", "memory",
    )  # fmt: skip
    for number in range(4):
        feature, west = QgsFeature(layer.fields()), 9.995 + 0.02 * number
        feature.setAttributes([f"Tract {number}", 3, "anna", 77])
        feature.setGeometry(QgsGeometry.fromRect(QgsRectangle(west, 49.9, west + 0.015, 50.1)))
        layer.dataProvider().addFeature(feature)
    return make(type(fixes)(user, t, lon, lat)), layer


def test_what_leaves_the_desk(
    run: Callable, tracts: Any, bundle: str, tmp_path: Path, monkeypatch: Any
) -> None:
    from raw_qgis_plugin.core.disclosure.noise import deviation
    from raw_qgis_plugin.layers.publishing import Published, describe

    monkeypatch.setattr(
        "raw_qgis_plugin.environment.folders.publish_secret", lambda: b"one draw of the noise"
    )
    tracks, regions = tracts
    scored = run("raw:scoreregions", INPUT=tracks, REGIONS=regions, MODEL=bundle)
    desk = scored.rows()
    assert (
        [row["n_users"] for row in desk] == [60, 40, 22, NULL]
        and "secret" in desk[0]
        and "n_users_2" not in desk[0]
    )
    done = run("raw:publish", INPUT=scored.layer())
    rows, names = done.rows(), done.layer().fields().names()
    allowed = {
        "name",
        "n_users",
        "n_visits",
        "residents",
        "workers",
        "dwell_min",
        "suppressed",
        "epsilon",
        "within_95",
    }
    allowed |= {f"share_{x}" for x in ("commuters", "walk", "bike", "motor", "rail")}
    assert set(names) == allowed and [row["name"] for row in rows] == [
        f"Tract {k}" for k in range(4)
    ]
    said = " ".join(done.feedback.infos)
    assert "Fields left out: secret, n_points" in said and all(
        x in said for x in ("noise_key", "n_labelled")
    )
    noise = [
        row["n_users"] - before["n_users"]
        for row, before in zip(rows, desk)
        if row["n_users"] != NULL
    ]
    assert len(noise) == 3 and all(isinstance(each, int) and abs(each) < 12 for each in noise)
    assert (
        rows[3]["suppressed"]
        and rows[3]["n_users"] == rows[3]["n_visits"] == rows[2]["dwell_min"] == NULL
    )
    assert {(row["epsilon"], row["within_95"]) for row in rows} == {(1.0, deviation(1.0))}
    for again in (
        scored.layer(),
        run("raw:scoreregions", INPUT=tracks, REGIONS=regions, MODEL=bundle).layer(),
    ):
        assert run("raw:publish", INPUT=again).rows() == rows  # the noise is fixed
    other = run("raw:publish", INPUT=scored.layer(), EPSILON=0.25, MIN_USERS=1)
    assert other.rows()[0]["within_95"] > 10
    published = run("raw:publish", INPUT=scored.layer(), OUTPUT=str(tmp_path / "out.gpkg")).layer()
    Published([]).apply(published)
    assert "epsilon of 1 a row" in published.metadata().abstract() == describe(published)
    assert published.renderer().rootRule().children()


def test_wrong_questions_are_answered_in_a_sentence(
    run: Callable, tracts: Any, bundle: str
) -> None:
    tracks, regions = tracts
    with pytest.raises(
        QgsProcessingException, match="no fields noise_key and n_users: score the regions again"
    ):
        run("raw:publish", INPUT=regions)
    scored = run(
        "raw:scoreregions", INPUT=tracks, REGIONS=regions, MODEL=bundle, LABELS=False
    ).layer()
    with pytest.raises(QgsProcessingException, match="Epsilon must be one of 0.25, 0.5, 1, 2"):
        run("raw:publish", INPUT=scored, EPSILON=0.7)
    with pytest.raises(QgsProcessingException, match="EPSILON"):
        run("raw:publish", INPUT=scored, EPSILON=100)


def test_layers_say_what_they_are(
    run: Callable, tracts: Any, make: Callable, fixes: Any, bundle: str
) -> None:
    from raw_qgis_plugin.layers.publishing import describe

    tracks, regions = tracts
    scored = run(
        "raw:scoreregions", INPUT=tracks, REGIONS=regions, MODEL=bundle, LABELS=False
    ).layer()
    assert describe(scored).startswith("Figures as on the desk") and "subtracted" in describe(
        scored
    )
    assert describe(run("raw:publish", INPUT=scored).layer()).startswith(
        "Published figures: counts and medians have fixed"
    )
    assert "single people" in describe(tracks) and describe(regions) == ""
    pairs = QgsVectorLayer(
        "Point?crs=EPSG:4326&field=user_a:string&field=user_b:string", "p", "memory"
    )
    assert "who was near whom" in describe(pairs)


def test_the_key_of_the_noise_is_made_once_and_private(
    run: Callable, staged: None, tmp_path: Path, monkeypatch: Any
) -> None:
    from raw_qgis_plugin.environment import folders

    monkeypatch.setattr(folders, "user_folder", lambda: tmp_path)
    first = folders.publish_secret()
    assert len(first) == 32 and folders.publish_secret() == first
    assert (tmp_path / "publish.key").stat().st_mode & 0o077 == 0


def test_where_no_key_can_be_kept_figures_are_for_the_desk(
    run: Callable, tracts: Any, bundle: str, monkeypatch: Any
) -> None:
    def refuse() -> Path:
        raise PermissionError(13, "Permission denied", "/profile/raw")

    monkeypatch.setattr("raw_qgis_plugin.environment.folders.user_folder", refuse)
    tracks, regions = tracts
    done = run("raw:scoreregions", INPUT=tracks, REGIONS=regions, MODEL=bundle, LABELS=False)
    assert "noise_key" not in done.layer().fields().names() and done.rows()[0]["n_users"] == 60
    assert any("cannot be published" in words for words in done.feedback.warnings)
    done.feedback.warnings.clear()
