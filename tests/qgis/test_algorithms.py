# SPDX-License-Identifier: GPL-2.0-or-later
"""Every algorithm through processing.run: outputs, CRSs, progress, cancel."""

from __future__ import annotations

import gc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from qgis.core import (
    NULL,
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsFeature,
    QgsGeometry,
    QgsProcessingException,
    QgsProject,
    QgsVectorLayer,
    QgsWkbTypes,
)
from qgis.PyQt.QtCore import Qt

CRSS = ["EPSG:4326", "EPSG:32650"]
COUNTS = {"N_USERS", "N_POINTS", "N_SKIPPED", "PROVIDER"}
OUTPUTS = {"OUTPUT_TRACKS": "TEMPORARY_OUTPUT", "OUTPUT_AREAS": "TEMPORARY_OUTPUT"}


def heads(bundle: str, unit: str) -> list[dict[str, Any]]:
    from raw_qgis_plugin.core.bundle.bundle import open_bundle

    return open_bundle(bundle or None).heads(unit)


def columns_of(head: dict[str, Any]) -> list[str]:
    name = head["name"]
    return (
        [name, f"{name}_low", f"{name}_high"] if head["kind"] == "number" else [name, f"{name}_p"]
    )


def squares(
    crs: str, side: float, more: str = "&field=name:string", values: tuple[Any, ...] = ("a",)
) -> QgsVectorLayer:
    """Nine squares over the invented people, the last one empty of them; the tenth is a NULL."""
    layer = QgsVectorLayer(f"Polygon?crs={crs}{more}", "regions", "memory")
    there = QgsCoordinateTransform(
        QgsCoordinateReferenceSystem("EPSG:4326"),
        QgsCoordinateReferenceSystem(crs),
        QgsProject.instance(),
    )
    features = []
    for i in range(10):
        feature = QgsFeature(layer.fields())
        feature.setAttributes(list(values))
        x, y = 116.4 + (i % 3 - 1.5) * side, 39.9 + (i // 3 - 1.5) * side
        if i == 8:
            x += 10
        ring = f"{x} {y}, {x + side} {y}, {x + side} {y + side}, {x} {y + side}, {x} {y}"
        geometry = QgsGeometry.fromWkt(f"Polygon (({ring}))")
        geometry.transform(there)
        if i < 9:
            feature.setGeometry(geometry)
        features.append(feature)
    layer.dataProvider().addFeatures(features)
    return layer


def in_degrees(layer: QgsVectorLayer) -> list[Any]:
    back = QgsCoordinateTransform(
        layer.crs(), QgsCoordinateReferenceSystem("EPSG:4326"), QgsProject.instance()
    )
    found = []
    for feature in layer.getFeatures():
        geometry = feature.geometry()
        geometry.transform(back)
        found.append(geometry)
    return found


@pytest.mark.parametrize("crs", CRSS)
def test_forecasts_in_any_crs(
    run: Callable, make: Callable, fixes: Any, bundle: str, crs: str
) -> None:
    done = run(
        "raw:forecasttracks", INPUT=make(fixes, crs), MODEL=bundle, HORIZON=10, STEP=2.5, **OUTPUTS
    )
    assert (
        done.values["N_USERS"] == 12
        and done.values["N_POINTS"] == 1440
        and done.values["N_SKIPPED"] == 0
    )
    assert done.values["PROVIDER"] in ("CPU", "CUDA")
    points, lines, areas = (
        done.layer(name) for name in ("OUTPUT", "OUTPUT_TRACKS", "OUTPUT_AREAS")
    )
    likeliest = sum(line["path"] == 1 for line in done.rows("OUTPUT_TRACKS"))
    assert (points.featureCount(), likeliest, areas.featureCount()) == (48, 12, 96)
    assert {layer.crs().authid() for layer in (points, lines, areas)} == {crs}
    assert points.fields().names() == [
        "user_id", "track_id", "t", "horizon_min", "radius50_m", "radius80_m", "in_domain",
    ]  # fmt: skip
    rows = done.rows()
    assert sorted({row["horizon_min"] for row in rows}) == [2.5, 5.0, 7.5, 10.0]
    first = rows[0]
    assert first["t"].timeSpec() == Qt.TimeSpec.UTC
    assert first["t"].toMSecsSinceEpoch() == fixes.t[119] + 150_000
    assert all(0 < row["radius50_m"] <= row["radius80_m"] for row in rows)
    spots = [geometry.asPoint() for geometry in in_degrees(points)]
    assert all(abs(p.x() - 116.4) < 0.5 and abs(p.y() - 39.9) < 0.5 for p in spots)

    line = in_degrees(lines)[0].asPolyline()
    assert len(line) == 5
    assert np.allclose([line[0].x(), line[0].y()], [fixes.lon[119], fixes.lat[119]], atol=1e-7)
    assert np.allclose([line[1].x(), line[1].y()], [spots[0].x(), spots[0].y()], atol=1e-2)


def test_forecast_areas_lie_around_the_forecast_and_in_each_other(
    run: Callable, make: Callable, fixes: Any, bundle: str
) -> None:
    done = run(
        "raw:forecasttracks",
        INPUT=make(fixes, "EPSG:3857"),
        MODEL=bundle,
        HORIZON=10,
        STEP=10,
        **OUTPUTS,
    )
    spots, areas = in_degrees(done.layer()), in_degrees(done.layer("OUTPUT_AREAS"))
    assert [row["level"] for row in done.rows("OUTPUT_AREAS")] == [80] * 12 + [50] * 12
    for spot, large, small in zip(spots, areas[:12], areas[12:]):
        assert large.isGeosValid() and small.isGeosValid()
        assert (
            large.contains(spot)
            and large.contains(small.buffer(-1e-7, 5))
            and large.area() > small.area()
        )


def test_unit_of_forecasts(run: Callable, make: Callable, fixes: Any, bundle: str) -> None:
    trips = type(fixes)(
        fixes.user_id,
        fixes.t,
        fixes.lon,
        fixes.lat,
        {"trip": [i // 60 for i in range(len(fixes.t))]},
    )
    common = {"INPUT": make(trips), "MODEL": bundle, "HORIZON": 5, "STEP": 5}
    # a guessed track field asks for nothing
    assert len(run("raw:forecasttracks", **common).rows()) == 12
    assert len(run("raw:forecasttracks", **common, TRACK_FIELD="trip").rows()) == 24
    assert len(run("raw:forecasttracks", **common, TRACK_FIELD="trip", UNIT="user").rows()) == 12
    assert len(run("raw:forecasttracks", **common, UNIT="track").rows()) == 24


@pytest.mark.parametrize("crs", CRSS)
def test_profiles_of_users(
    run: Callable, make: Callable, fixes: Any, bundle: str, crs: str
) -> None:
    done = run("raw:profileusers", INPUT=make(fixes, crs), MODEL=bundle)
    layer = done.layer()
    assert (
        layer.crs().authid() == crs
        and layer.wkbType() == QgsWkbTypes.Point
        and layer.featureCount() == 12
    )
    wanted = [
        "user_id", "n_points", "n_days", "t_first", "t_last", "commuter", "commuter_p", "work_days", "weekdays_seen",
        "share_walk", "share_bike", "share_motor", "share_rail", "main_mode", "rail_user", "rail_p", "rail_trips",
        "rail_trips_low", "rail_trips_high", "trips_a_day", "trips_a_day_low", "trips_a_day_high",
        "n_days_seen", "coverage",
    ]  # fmt: skip
    wanted += [name for head in heads(bundle, "user") for name in columns_of(head)]
    wanted += ["in_domain", "why", "evidence"]
    assert layer.fields().names() == wanted
    row = done.rows()[0]
    assert row["user_id"] == "u00" and row["n_points"] == 120 and row["n_days"] == 1
    assert row["t_last"].toMSecsSinceEpoch() == fixes.t[119]
    spots = [g.asPoint() for g in in_degrees(layer)]
    assert all(abs(p.x() - 116.4) < 0.2 and abs(p.y() - 39.9) < 0.2 for p in spots)
    for head in heads(bundle, "user"):
        if head["kind"] != "number":
            assert {r[head["name"]] for r in done.rows()} <= {*head["classes"], "unknown"}
            assert all(0 <= r[f"{head['name']}_p"] <= 1 for r in done.rows())


@pytest.mark.parametrize("crs", CRSS)
def test_profiles_of_tracks_and_days(
    run: Callable, make: Callable, fixes: Any, bundle: str, crs: str
) -> None:
    trips = type(fixes)(
        fixes.user_id,
        fixes.t,
        fixes.lon,
        fixes.lat,
        {"trip": [i // 60 for i in range(len(fixes.t))]},
    )
    layer = make(trips, crs)
    done = run("raw:profileusers", INPUT=layer, MODEL=bundle, UNIT="track", TRACK_FIELD="trip")
    assert (
        done.layer().wkbType() == QgsWkbTypes.MultiLineString and done.layer().crs().authid() == crs
    )
    assert len(done.rows()) == 24 and done.layer().fields().names()[:2] == ["user_id", "track_id"]
    [line] = in_degrees(done.layer())[0].asMultiPolyline()
    assert np.allclose(
        [[p.x(), p.y()] for p in line], np.column_stack([fixes.lon, fixes.lat])[:60], atol=1e-7
    )
    days = run("raw:profileusers", INPUT=layer, MODEL=bundle, UNIT="day")
    assert days.layer().fields().names()[:2] == ["user_id", "day"]
    assert {row["day"] for row in days.rows()} == {"2020-09-13"}


def test_no_line_is_drawn_over_a_gap(
    run: Callable, make: Callable, fixes: Any, bundle: str
) -> None:
    """What nobody saw is not drawn as a straight way. A fix with a gap on both sides is no line."""
    later = [3_600_000 * ((i % 120 >= 50) + (i % 120 >= 51)) for i in range(len(fixes.t))]
    holed = type(fixes)(
        fixes.user_id, [t + s for t, s in zip(fixes.t, later)], fixes.lon, fixes.lat, {}
    )
    layer = run("raw:profileusers", INPUT=make(holed), MODEL=bundle, UNIT="track").layer()
    parts = in_degrees(layer)[0].asMultiPolyline()
    assert [len(part) for part in parts] == [50, 69]
    assert np.allclose(parts[1], np.column_stack([fixes.lon, fixes.lat])[51:120], atol=1e-7)


def test_tasks_are_chosen_by_name_and_no_model_stays(
    run: Callable, make: Callable, fixes: Any, bundle: str
) -> None:
    """QGIS keeps frames of failed runs for good, and what Python's collector frees in another
    thread crashes it.
    """
    from raw_qgis_plugin.core.bundle.runtime import Model

    def models() -> int:
        return sum(type(each) is Model for each in gc.get_objects())

    gc.collect()
    name, before = heads(bundle, "track")[0]["name"], models()
    for tasks in (name, [name], f" {name} ,"):
        done = run("raw:profileusers", INPUT=make(fixes), MODEL=bundle, UNIT="track", TASKS=tasks)
        assert name in done.layer().fields().names() and models() == before
    with pytest.raises(QgsProcessingException, match="no label 'shoe_size' for a track"):
        run("raw:profileusers", INPUT=make(fixes), MODEL=bundle, UNIT="track", TASKS="shoe_size")
    assert models() == before


@pytest.mark.parametrize("crs", CRSS)
def test_scores_of_regions(
    run: Callable, make: Callable, fixes: Any, bundle: str, crs: str
) -> None:
    regions = squares(crs, 0.02)
    common = {
        "INPUT": make(fixes, "EPSG:32650"),
        "REGIONS": regions,
        "MODEL": bundle,
        "MIN_USERS": 4,
    }
    done = run("raw:scoreregions", **common)
    layer, names = done.layer(), done.layer().fields().names()
    assert names[:5] == ["name", "n_users", "n_points", "n_visits", "dwell_min"]
    people = ["residents", "workers", "n_labelled", "share_commuters", "share_rail_high"]
    assert {*people, "suppressed", "in_domain"} <= set(names)
    assert not [name for name in names if "nois" in name or "capped" in name]
    assert layer.crs().authid() == crs and layer.wkbType() == QgsWkbTypes.Polygon
    for feature, own in zip(layer.getFeatures(), regions.getFeatures()):
        assert feature.geometry().equals(own.geometry()) or not own.hasGeometry()
    rows = done.rows()
    assert len(rows) == 10 and all(row["name"] == "a" for row in rows)
    shown = [row for row in rows if not row["suppressed"]]
    assert shown and all(row["n_users"] >= 4 and row["n_points"] >= row["n_users"] for row in shown)
    assert all(row["n_visits"] >= row["n_users"] for row in shown)
    for row in rows:
        if row["suppressed"]:
            assert all(row[name] == NULL for name in ("n_users", "n_points", *people))
    assert rows[8]["suppressed"] and rows[9]["suppressed"]
    assert any(
        "they would show figures of fewer than 4 users" in text for text in done.feedback.infos
    )
    assert (
        "residents" not in run("raw:scoreregions", **common, LABELS=False).layer().fields().names()
    )
    from raw_qgis_plugin.layers.styling import RegionScores

    assert layer.startEditing() and layer.renameAttribute(0, "region_id") and layer.commitChanges()
    RegionScores([]).apply(layer)
    assert layer.displayField() == "region_id", "QGIS would name regions by n_labelled"


@pytest.mark.parametrize(("field", "kept"), [
    ("fid:string", False), ("fid:integer", False), ("geom:string", False), ("n_users_2:integer", False),
    ("N_Users:integer", False), ("suppressed:string", False), ("my_n_users:integer", True),
    ("residents_2020:integer", True),
])  # fmt: skip
def test_fields_of_an_earlier_run_and_of_geopackages_are_replaced(
    run: Callable, make: Callable, fixes: Any, bundle: str, tmp_path: Path, field: str, kept: bool
) -> None:
    """An old number of users beside a figure that is withheld would tell it."""
    name, kind = field.split(":")
    regions = squares(
        "EPSG:4326",
        0.02,
        f"&field={field}&field=name:string",
        ("a" if kind == "string" else 1, "x"),
    )
    done = run(
        "raw:scoreregions",
        INPUT=make(fixes),
        REGIONS=regions,
        MODEL=bundle,
        OUTPUT=str(tmp_path / "a.gpkg"),
    )
    names = done.layer().fields().names()
    assert (name in names and name not in ("fid", "suppressed")) == kept and "name" in names
    assert any(f"are not taken over: {name}." in words for words in done.feedback.infos) == (
        not kept
    )
    again = run(
        "raw:scoreregions",
        INPUT=make(fixes),
        REGIONS=str(tmp_path / "a.gpkg"),
        MODEL=bundle,
        MIN_USERS=1,
    )
    assert set(again.layer().fields().names()) == set(names)


def test_users_of_regions_are_counted_exactly(
    run: Callable, make: Callable, fixes: Any, bundle: str
) -> None:
    regions = squares("EPSG:4326", 0.02)
    done = run("raw:scoreregions", INPUT=make(fixes), REGIONS=regions, MODEL=bundle, MIN_USERS=1)
    lon, lat, user = np.array(fixes.lon), np.array(fixes.lat), np.array(fixes.user_id)
    for row, feature in zip(done.rows(), list(regions.getFeatures())[:9]):
        box = feature.geometry().boundingBox()
        inside = (
            (lon >= box.xMinimum())
            & (lon <= box.xMaximum())
            & (lat >= box.yMinimum())
            & (lat <= box.yMaximum())
        )
        n = len(set(user[inside]))
        assert (row["n_users"], row["n_points"]) == ((n, inside.sum()) if n else (NULL, NULL))


def test_no_regions_at_all_are_said(run: Callable, make: Callable, fixes: Any, bundle: str) -> None:
    nowhere = QgsVectorLayer("Polygon?crs=EPSG:4326", "regions", "memory")
    done = run("raw:scoreregions", INPUT=make(fixes), REGIONS=nowhere, MODEL=bundle)
    assert not done.rows() and any(
        "REGIONS has no polygon with an area" in words for words in done.feedback.warnings
    )


def test_multipolygons_stay_multipolygons(
    run: Callable, make: Callable, fixes: Any, bundle: str
) -> None:
    regions = QgsVectorLayer("MultiPolygon?crs=EPSG:4326", "regions", "memory")
    feature = QgsFeature()
    feature.setGeometry(
        QgsGeometry.fromWkt("MultiPolygon (((116 39, 117 39, 117 40, 116 40, 116 39)))")
    )
    regions.dataProvider().addFeatures([feature])
    done = run("raw:scoreregions", INPUT=make(fixes), REGIONS=regions, MODEL=bundle)
    assert done.layer().wkbType() == QgsWkbTypes.MultiPolygon and done.rows()[0]["n_users"] == 12


def test_cancel_stops_the_work(
    run: Callable, make: Callable, fixes: Any, bundle: str, feedback: Any
) -> None:
    feedback.progressChanged.connect(lambda share: feedback.cancel() if share > 15 else None)
    done = run("raw:profileusers", INPUT=make(fixes), MODEL=bundle)
    assert done.values.get("OUTPUT") is None
    assert not feedback.errors


def test_progress_runs_forward_and_guesses_are_said(
    run: Callable, make: Callable, fixes: Any, bundle: str
) -> None:
    done = run("raw:forecasttracks", INPUT=make(fixes), MODEL=bundle, **OUTPUTS)
    assert done.feedback.shares == sorted(done.feedback.shares) and done.feedback.shares[-1] == 100
    infos = "\n".join(done.feedback.infos)
    assert "user = user_id (guessed)" in infos
    assert (
        "Read 1,440 fixes of 12 users in 12 tracks, from 2020-09-13 12:26 to 2020-09-13 14:25 UTC."
        in infos
    )
    assert "The model is " in infos
