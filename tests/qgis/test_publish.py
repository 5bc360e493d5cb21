# SPDX-License-Identifier: GPL-2.0-or-later
"""raw:publish: figures with noise, a ledger of them, and what layers say that they are."""

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


@pytest.fixture
def profile(tmp_path: Path, monkeypatch: Any) -> Path:
    """A folder for the ledger of this test."""
    folder = tmp_path / "publications"
    monkeypatch.setattr("raw_qgis_plugin.environment.folders.ledger_folder", lambda: folder)
    return folder


ALLOWED = {"name", "n_users", "n_visits", "suppressed", "rho", "epsilon", "within_95"}
LABELS = {
    "residents",
    "workers",
    *(f"share_{x}" for x in ("commuters", "walk", "bike", "motor", "rail")),
}


def test_what_leaves_the_desk(
    run: Callable, tracts: Any, bundle: str, profile: Path, tmp_path: Path
) -> None:
    from raw_qgis_plugin.layers.publishing import Published, describe

    # Where a person counts in one row the noise of a number of people has a standard deviation of
    # 1: nobody is shown as 10 people, or 22 as less than that, in one of 10^21 draws
    tracks, regions = tracts
    common = {"INPUT": tracks, "REGIONS": regions, "MODEL": bundle, "ROWS": 1}
    done = run("raw:publish", **common)
    rows = done.rows()
    assert set(done.layer().fields().names()) == ALLOWED
    assert [row["name"] for row in rows] == [f"Tract {k}" for k in range(4)]
    noise = [row["n_users"] - n for row, n in zip(rows, (60, 40, 22))]
    assert all(isinstance(each, int) and abs(each) < 10 for each in noise)
    assert rows[3]["suppressed"] and rows[3]["n_users"] == NULL
    said = " ".join(done.feedback.infos)
    assert "0 publications of this profile" in said and "in 76% of cases at most" in said
    assert "costs a ρ of 1: an ε of 8.0" in said
    [file] = profile.glob("*.npz")
    assert file.stat().st_mode & 0o077 == 0
    assert {p.name for p in profile.iterdir()} == {file.name, ".lock"}, "nothing else is left"

    assert run("raw:publish", **common).rows() == rows, "the same again costs nothing"
    assert run("raw:publish", **common, MAX_RHO=1).rows() == rows
    assert len(list(profile.glob("*.npz"))) == 1
    labelled = run("raw:publish", **common, LABELS=True, RHO=2)
    assert set(labelled.layer().fields().names()) == ALLOWED | LABELS
    with pytest.raises(
        QgsProcessingException, match="in 2 publications already, which cost a ρ of 3"
    ):
        run("raw:publish", **{**common, "ROWS": 40})
    more = {**common, "ROWS": 40, "MAX_RHO": 9, "OUTPUT": str(tmp_path / "out.gpkg")}
    other = run("raw:publish", **more)
    assert other.rows()[0]["within_95"] > rows[0]["within_95"]
    published = other.layer()
    Published([]).apply(published)
    assert "ρ of 1 (ε 7.96" in published.metadata().abstract() == describe(published)
    assert published.renderer().rootRule().children()
    assert published.crs().authid() == "EPSG:4326"


def test_a_new_night_and_a_person_less_are_added_up(
    run: Callable, tracts: Any, bundle: str, profile: Path
) -> None:
    """The ledger knows people by their ids, so that another layer of the same people is no new one."""
    tracks, regions = tracts
    run("raw:publish", INPUT=tracks, REGIONS=regions, MODEL=bundle, RHO=2)
    tracks.dataProvider().deleteFeatures([next(tracks.getFeatures()).id()])
    with pytest.raises(QgsProcessingException, match="in 1 publications already"):
        run("raw:publish", INPUT=tracks, REGIONS=regions, MODEL=bundle, RHO=2)


def test_wrong_questions_are_answered_in_a_sentence(
    run: Callable, tracts: Any, bundle: str, profile: Path
) -> None:
    tracks, regions = tracts
    with pytest.raises(QgsProcessingException, match="choose a layer for REGIONS"):
        run("raw:publish", INPUT=tracks)
    with pytest.raises(QgsProcessingException, match="RHO"):
        run("raw:publish", INPUT=tracks, REGIONS=regions, RHO=100)


def test_layers_say_what_they_are(
    run: Callable, tracts: Any, make: Callable, fixes: Any, bundle: str, profile: Path
) -> None:
    from raw_qgis_plugin.layers.publishing import describe

    tracks, regions = tracts
    scored = run(
        "raw:scoreregions", INPUT=tracks, REGIONS=regions, MODEL=bundle, LABELS=False
    ).layer()
    assert describe(scored).startswith("Figures as on the desk") and "subtracted" in describe(
        scored
    )
    assert describe(
        run("raw:publish", INPUT=tracks, REGIONS=regions, MODEL=bundle).layer()
    ).startswith("Published figures: each person counts in few rows")
    assert "single people" in describe(tracks) and describe(regions) == ""
    pairs = QgsVectorLayer(
        "Point?crs=EPSG:4326&field=user_a:string&field=user_b:string", "p", "memory"
    )
    assert "who was near whom" in describe(pairs)


@pytest.mark.parametrize("harm", ["read-only", "a damaged file"])
def test_without_a_ledger_nothing_is_published(
    harm: str, run: Callable, tracts: Any, bundle: str, profile: Path, monkeypatch: Any
) -> None:
    tracks, regions = tracts
    if harm == "read-only":  # also for root
        profile.write_text("a file, where a folder has to be")
    else:
        profile.mkdir()
        (profile / "cut.npz").write_bytes(b"")
    with pytest.raises(QgsProcessingException, match="Nothing can be published, because"):
        run("raw:publish", INPUT=tracks, REGIONS=regions, MODEL=bundle)
