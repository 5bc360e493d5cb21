# SPDX-License-Identifier: GPL-2.0-or-later
"""Flows in QGIS: lines, zones and matrix of the synthetic city, with zones of an analyst, and awkward ones."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.compute as pc
import pytest
from pyarrow import parquet
from qgis.core import NULL, QgsFeature, QgsGeometry, QgsVectorLayer

SAMPLE = Path(__file__).parents[2] / "resources" / "sample"
OUTPUTS = {"OUTPUT_ZONES": "TEMPORARY_OUTPUT", "OUTPUT_MATRIX": "TEMPORARY_OUTPUT"}


@pytest.fixture(scope="module")
def city(processing: Any, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Fifteen users of the sample city."""
    folder = tmp_path_factory.mktemp("city")
    table = parquet.read_table(SAMPLE / "city_tracks.parquet")
    users = table["user_id"].cast("string")
    parquet.write_table(table.filter(pc.is_in(users, pc.unique(users)[:15])), folder / "city.parquet")
    path = str(folder / "city.gpkg")
    processing.run("raw:importtracks", {"SOURCE": str(folder / "city.parquet"), "OUTPUT": path})
    return path


def test_flows_of_the_sample_city_in_its_regions(run: Callable, city: str) -> None:
    regions = str(SAMPLE / "city_regions.gpkg")
    done = run("raw:flows", INPUT=city, ZONES=regions, MIN_USERS=2, **OUTPUTS)
    lines, matrix, zones = done.rows(), done.rows("OUTPUT_MATRIX"), done.rows("OUTPUT_ZONES")
    assert lines and len(zones) == QgsVectorLayer(regions, "", "ogr").featureCount()
    names = {row["zone"] for row in zones}
    assert all({row["from_zone"], row["to_zone"]} <= names and row["from_zone"] != row["to_zone"] for row in lines)
    assert all(row["n_users"] >= 2 for row in lines)
    assert lines[-1]["rank"] == 1, "the strongest is drawn last"
    [other] = [row for row in matrix if row["from_zone"] == NULL]
    shown = [row for row in matrix if row["from_zone"] != NULL]
    for row in matrix:
        assert sum(row[f"trips_{m}"] for m in ("walk", "bike", "motor", "rail", "unknown")) == pytest.approx(
            row["n_trips"]
        )
    total = sum(row["n_trips"] for row in matrix)
    slices = run("raw:flows", INPUT=city, ZONES=regions, MIN_USERS=2, SLICE="weekend", **OUTPUTS).rows("OUTPUT_MATRIX")
    assert sum(row["n_trips"] for row in slices if row["n_trips"] != NULL) == total and len(shown) and other["n_trips"]
    layer = done.layer()
    assert layer.crs().authid() == "EPSG:4326"

    from raw_qgis_plugin.layers.flows import FlowLines, FlowZones

    FlowLines().apply(layer)
    legend = [rule.label() for rule in layer.renderer().rootRule().children()]
    assert legend and {"On foot", "By bike", "Motor vehicle", "By rail", "Mode unknown"} >= set(legend)
    FlowZones().apply(done.layer("OUTPUT_ZONES"))
    assert "circle" in done.layer("OUTPUT_ZONES").renderer().rootRule().children()[0].label()


def test_few_people_have_no_line(run: Callable, city: str) -> None:
    done = run("raw:flows", INPUT=city, SIZE=500, MIN_USERS=41, **OUTPUTS)
    assert not done.rows() and any("No pair of zones" in words for words in done.feedback.warnings)
    assert [row["n_trips"] for row in done.rows("OUTPUT_MATRIX")] == [NULL]


def test_awkward_zones(run: Callable, city: str) -> None:
    """Nothing, a zone that crosses itself, and one that holds all, in another CRS; then no zone at all."""
    layer = QgsVectorLayer("Polygon?crs=EPSG:3857&field=name:string", "zones", "memory")
    bow = "Polygon ((-20000000 -9000000, 20000000 9000000, 20000000 -9000000, -20000000 9000000, -20000000 -9000000))"
    whole = "Polygon ((-20000000 -9000000, 20000000 -9000000, 20000000 9000000, -20000000 9000000, -20000000 -9000000))"
    for wkt in ("", bow, whole):
        feature = QgsFeature(layer.fields())
        feature.setAttributes(["same"])
        if wkt:
            feature.setGeometry(QgsGeometry.fromWkt(wkt))
        layer.dataProvider().addFeature(feature)
    done = run("raw:flows", INPUT=city, ZONES=layer, ZONE_FIELD="name", MIN_USERS=1, **OUTPUTS)
    assert [row["zone"] for row in done.rows("OUTPUT_ZONES")] == ["same", "same (2)", "same (3)"]
    assert sum(row["n_trips"] for row in done.rows("OUTPUT_MATRIX")) > 100
    nothing = QgsVectorLayer("Polygon?crs=EPSG:4326", "none", "memory")
    assert not run("raw:flows", INPUT=city, ZONES=nothing, **OUTPUTS).rows("OUTPUT_MATRIX")


def test_flows_are_published_with_noise(run: Callable, city: str) -> None:
    done = run("raw:flows", INPUT=city, SIZE=4000, MIN_USERS=2, SLICE="weekend", **OUTPUTS)  # pairs of several people
    desk = done.rows("OUTPUT_MATRIX")
    rows = run("raw:publish", INPUT=done.layer("OUTPUT_MATRIX"), MIN_USERS=1, EPSILON=2).rows()
    names = {
        "from_zone",
        "to_zone",
        "slice",
        "n_users",
        "n_trips",
        *(f"trips_{m}" for m in ("walk", "bike", "motor", "rail")),
    }
    assert set(rows[0]) == names | {"minutes", "metres", "suppressed", "epsilon", "within_95"}
    from raw_qgis_plugin.layers.publishing import describe

    assert describe(done.layer()).startswith("Figures as on the desk")
    keys = [(row["slice"], row["from_zone"], row["to_zone"]) for row in rows]
    assert keys == sorted(keys) and not any(row["suppressed"] for row in rows), "no row tells of a pair without figures"
    before = {(row["slice"], row["from_zone"], row["to_zone"]): row for row in desk}
    figures = ("n_users", "n_trips", "trips_walk", "trips_bike", "trips_motor")
    assert any(row[name] not in (NULL, before[key][name]) for key, row in zip(keys, rows) for name in figures)
