# SPDX-License-Identifier: GPL-2.0-or-later
"""Lines whose M values are times are fixes; broken ones are skipped, or refused where that was asked."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from qgis.core import (
    QgsFeature,
    QgsFeatureRequest,
    QgsGeometry,
    QgsProcessingFeatureSourceDefinition,
    QgsVectorLayer,
)

from .test_reading import assert_both_ways, plan, read


def lines(fixes: Any, kind: str) -> QgsVectorLayer:
    layer = QgsVectorLayer(f"{kind}?crs=EPSG:4326&field=user_id:string", "lines", "memory")
    features = []
    for start in range(0, len(fixes.t), 120):
        rows = zip(fixes.lon[start : start + 120], fixes.lat[start : start + 120], fixes.t[start : start + 120])
        z = " 5" if "Z" in kind else ""
        text = ", ".join(f"{x!r} {y!r}{z} {t / 1000!r}" for x, y, t in rows)
        feature = QgsFeature(layer.fields())
        feature.setAttributes([fixes.user_id[start]])
        name = kind.replace("LineString", "LineString ")
        feature.setGeometry(QgsGeometry.fromWkt(f"{name}(({text}))" if "Multi" in kind else f"{name}({text})"))
        features.append(feature)
    features.append(QgsFeature(layer.fields()))
    layer.dataProvider().addFeatures(features)
    return layer


@pytest.mark.parametrize("kind", ["LineStringM", "LineStringZM", "MultiLineStringM", "MultiLineStringZM"])
def test_lines_with_m_are_fixes(fixes: Any, make: Any, tmp_path: Path, kind: str, saved: Any) -> None:
    plain, _ = read(plan(make(fixes)))
    for layer in (lines(fixes, kind), saved(lines(fixes, kind), tmp_path / "a.gpkg")):
        made = plan(layer)
        assert made.has_lines
        tracks, skipped = read(made)
        assert not skipped and tracks.n_users == 12 and tracks.n_tracks == 12
        assert np.array_equal(tracks.t, plain.t) and np.array_equal(tracks.lon, plain.lon)


def test_invalid_geometries_are_skipped_or_refused_where_asked(fixes: Any, make: Any, tmp_path: Path) -> None:
    layer = lines(fixes, "LineStringM")
    spot = QgsGeometry.fromWkt(f"LineStringM (116 39 {fixes.t[0] / 1000}, 116 39 {fixes.t[1] / 1000})")
    layer.dataProvider().changeGeometryValues({1: spot})
    points = make(fixes, path=tmp_path / "a.gpkg")
    found = []
    for check in (QgsFeatureRequest.GeometryNoCheck, QgsFeatureRequest.GeometrySkipInvalid):
        flag = QgsProcessingFeatureSourceDefinition.Flag.FlagOverrideDefaultGeometryCheck
        wanted = [
            QgsProcessingFeatureSourceDefinition(source.id(), flags=flag, geometryCheck=check)
            for source in (layer, points)
        ]
        found.append(len(read(plan(layer, wanted[0]))[0]))
        assert len(assert_both_ways(points, wanted[1])[0]) == 1440
    assert found == [1440 - 118, 1440 - 120]


@pytest.mark.parametrize("wkt", ["LineString (1 1, 2 2)", "LineStringZ (1 1 5, 2 2 5)", "MultiLineString ((1 1, 2 2))"])
def test_a_line_without_m_in_a_layer_of_lines_with_m_has_no_times(wkt: str) -> None:
    from raw_qgis_plugin.layers.reading import _vertices

    np.testing.assert_array_equal(_vertices(QgsGeometry.fromWkt(wkt)), [[1, 1, np.nan], [2, 2, np.nan]])
