# SPDX-License-Identifier: GPL-2.0-or-later
"""Files of several batches of OGR's stream, and lines whose M values are times."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from qgis.core import QgsFeature, QgsGeometry, QgsVectorLayer

from .test_reading import plan, read, used_columns

BATCH = 65_536  # rows that it gives at once


@pytest.fixture(scope="module")
def many(make: Any, invented: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A GeoPackage of three batches, in which half the rows come a second and a third time under
    other ids.
    """
    path = tmp_path_factory.mktemp("many") / "many.gpkg"
    make(invented(users=10, fixes=1000), path=path)
    with sqlite3.connect(path) as base:
        base.execute("CREATE TEMP TABLE n AS SELECT value AS n FROM (WITH RECURSIVE c(value) AS (SELECT 1 UNION ALL "
                     "SELECT value + 1 FROM c WHERE value < 15) SELECT value FROM c)")  # fmt: skip
        base.execute(
            "INSERT INTO fixes (geom, user_id, t) SELECT geom, user_id || '-' || n, t FROM fixes, n"
        )
    return path


def opened(path: Path) -> QgsVectorLayer:
    layer = QgsVectorLayer(f"{path}|layername=fixes", "fixes", "ogr")
    assert layer.isValid()
    return layer


def test_a_filter_over_several_batches_neither_hangs_nor_reads_features(
    many: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """GDAL's own stream of a filtered GeoPackage does, beyond one batch."""
    for _ in range(3):
        layer = opened(many)
        assert layer.featureCount() == 160_000 > 2 * BATCH
        assert layer.setSubsetString("\"user_id\" <> 'u03' -- the one who was not there")
        assert used_columns(monkeypatch, layer)
        tracks, skipped = read(plan(layer))
        assert (len(tracks), tracks.n_users, skipped) == (159_000, 159, {})


def test_odd_times_of_a_geopackage_are_read_by_columns_too(
    many: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of three batches one has no odd time, one a time without a zone, and one an offset and a
    NULL.
    """
    path = tmp_path / "odd.gpkg"
    path.write_bytes(many.read_bytes())
    odd = {70_000: "2024-07-01T12:00:00", 150_000: "2024-07-01T12:00:00.25+04:00", 150_001: None}
    with sqlite3.connect(path) as base:
        base.executemany(
            "UPDATE fixes SET t = ? WHERE fid = ?", [(text, fid) for fid, text in odd.items()]
        )
    layer = opened(path)
    assert used_columns(monkeypatch, layer)
    tracks, skipped = read(plan(layer, timezone="Asia/Shanghai"))
    assert sorted(tracks.t[tracks.t > 1_700_000_000_000].tolist()) == [1719806400000, 1719820800250]
    assert skipped == {"no time that can be read": 1}


# ---- lines
# ------------------------------------------------------------------------------------------------------


def lines(fixes: Any, kind: str) -> QgsVectorLayer:
    layer = QgsVectorLayer(f"{kind}?crs=EPSG:4326&field=user_id:string", "lines", "memory")
    features = []
    for start in range(0, len(fixes.t), 120):
        rows = zip(
            fixes.lon[start : start + 120],
            fixes.lat[start : start + 120],
            fixes.t[start : start + 120],
        )
        z = " 5" if "Z" in kind else ""
        text = ", ".join(f"{x!r} {y!r}{z} {t / 1000!r}" for x, y, t in rows)
        feature = QgsFeature(layer.fields())
        feature.setAttributes([fixes.user_id[start]])
        name = kind.replace("LineString", "LineString ")
        feature.setGeometry(
            QgsGeometry.fromWkt(f"{name}(({text}))" if "Multi" in kind else f"{name}({text})")
        )
        features.append(feature)
    features.append(QgsFeature(layer.fields()))
    layer.dataProvider().addFeatures(features)
    return layer


@pytest.mark.parametrize(
    "kind", ["LineStringM", "LineStringZM", "MultiLineStringM", "MultiLineStringZM"]
)
def test_lines_with_m_are_fixes(
    fixes: Any, make: Any, tmp_path: Path, kind: str, saved: Any
) -> None:
    plain, _ = read(plan(make(fixes)))
    for layer in (lines(fixes, kind), saved(lines(fixes, kind), tmp_path / "a.gpkg")):
        made = plan(layer)
        assert made.has_lines
        tracks, skipped = read(made)
        assert not skipped and tracks.n_users == 12 and tracks.n_tracks == 12
        assert np.array_equal(tracks.t, plain.t) and np.array_equal(tracks.lon, plain.lon)
