# SPDX-License-Identifier: GPL-2.0-or-later
"""The publish check still names homes, times and tracks once the ids of people are gone, and leaves figures alone."""

from __future__ import annotations

from typing import Any

import pytest
from qgis.core import QgsFeature, QgsGeometry, QgsProject, QgsVectorLayer

pytestmark = pytest.mark.usefixtures("processing")

WKT = {
    "Point": "POINT(13 52)", "LineString": "LINESTRING(13 52,13 53)",
    "LineStringM": "LINESTRING M(13 52 1700000000,13 53 1700000100)", "Polygon": "POLYGON((13 52,14 52,14 53,13 52))",
}  # fmt: skip


def found(kind: str, **values: Any) -> str:
    """The findings in a layer of one feature. values: by the field's name and type, such as t__datetime."""
    from raw_qgis_plugin.layers.publishing import check_layer

    fields = "".join(f"&field={name.replace('__', ':')}" for name in values)
    layer = QgsVectorLayer(f"{kind}?crs=EPSG:4326{fields}", "x", "memory")
    feature = QgsFeature(layer.fields())
    feature.setAttributes(list(values.values()))
    feature.setGeometry(QgsGeometry.fromWkt(WKT[kind]))
    assert layer.dataProvider().addFeatures([feature])[0]
    return " ".join(check_layer(layer, QgsProject.instance().transformContext(), 10))


def test_stops_without_users_are_homes_with_times() -> None:
    when = "2024-05-06T08:00:00Z"
    stop = {"t_arrive__datetime": when, "kind__string": "home"}
    words = found("Point", stop_id__string="u0-s1", **stop)
    assert words.startswith("Homes and places of work: 1 (field kind).")
    assert "1 places with their times (field t_arrive)" in words and "(field stop_id)" in words
    assert "Homes" in found("Point", kind__string="work") and "Homes" not in found("Point", kind__string="other")


def test_trips_without_users_have_times_and_ids() -> None:
    assert "1 tracks with their times (field t_start)" in found("LineString", t_start__string="2024-05-06 08:00:00")
    assert "1 tracks with their times (field seen)" in found("LineString", seen__datetime="2024-05-06T08:00:00Z")
    assert "1 tracks with their times (M values)" in found("LineStringM", mode__string="car")
    words = found("LineString", trip_id__string="u0-t1")
    assert "tracks of single people" in words and "Ids of tracks, trips or stops: 1 (field trip_id)" in words


def test_points_and_lines_may_be_of_single_people() -> None:
    assert "unknown whether these points are of single people" in found("Point", commuter__string="yes")
    assert "unknown whether these lines are of single people" in found("LineString", name__string="a", seen__date=None)


def test_figures_of_many_people_stay_clean() -> None:
    day = {"n_users__integer": 40, "day__date": "2024-05-06", "kind__string": "other"}
    assert [found(kind, **day) for kind in WKT] == [""] * len(WKT)
