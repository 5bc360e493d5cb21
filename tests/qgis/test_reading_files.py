# SPDX-License-Identifier: GPL-2.0-or-later
"""Files of many points: read by columns, whatever their times, filters and batches are like."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from qgis.core import QgsProcessingFeatureSourceDefinition, QgsVectorLayer
from qgis.PyQt.QtCore import QDateTime, Qt

from .test_reading import assert_both_ways, plan, read, used_columns

BATCH = 65_536  # rows that OGR's stream gives at once


@pytest.fixture(scope="module")
def many(make: Any, invented: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A GeoPackage of three batches, in which half the rows come a second and a third time under other ids."""
    path = tmp_path_factory.mktemp("many") / "many.gpkg"
    make(invented(users=10, fixes=1000), path=path)
    with sqlite3.connect(path) as base:
        base.execute("CREATE TEMP TABLE n AS SELECT value AS n FROM (WITH RECURSIVE c(value) AS (SELECT 1 UNION ALL "
                     "SELECT value + 1 FROM c WHERE value < 15) SELECT value FROM c)")  # fmt: skip
        base.execute("INSERT INTO fixes (geom, user_id, t) SELECT geom, user_id || '-' || n, t FROM fixes, n")
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


def test_batches_share_their_ids(many: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with sqlite3.connect(many) as base:
        expected = dict(base.execute("SELECT user_id, min(t) FROM fixes GROUP BY user_id"))
    tracks, _ = read(plan(opened(many)))
    assert tracks.user_ids.tolist() == sorted(expected) and set(np.diff(tracks.user_offsets)) == {1000}
    first = np.datetime_as_string(tracks.t[tracks.user_offsets[:-1]].astype("datetime64[ms]"))
    assert [f"{text}Z" for text in first] == [expected[name] for name in tracks.user_ids]


def test_a_limit_ends_in_a_later_batch(many: Path) -> None:
    layer = opened(many)
    limited = QgsProcessingFeatureSourceDefinition(layer.id(), False, BATCH + 7)
    assert len(assert_both_ways(layer, limited)[0]) == BATCH + 7


def test_odd_times_of_a_geopackage_are_read_by_columns_too(
    many: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of three batches one has no odd time, one a time without a zone, and one an offset and a NULL."""
    path = tmp_path / "odd.gpkg"
    path.write_bytes(many.read_bytes())
    odd = {70_000: "2024-07-01T12:00:00", 150_000: "2024-07-01T12:00:00.25+04:00", 150_001: None}
    with sqlite3.connect(path) as base:
        base.executemany("UPDATE fixes SET t = ? WHERE fid = ?", [(text, fid) for fid, text in odd.items()])
    layer = opened(path)
    assert used_columns(monkeypatch, layer)
    tracks, skipped = read(plan(layer, timezone="Asia/Shanghai"))
    assert sorted(tracks.t[tracks.t > 1_700_000_000_000].tolist()) == [1719806400000, 1719820800250]
    assert skipped == {"no time that can be read": 1}


@pytest.mark.parametrize("suffix", [".fgb", ".geojson"])
def test_times_whose_zone_the_format_does_not_promise_are_read_by_columns(
    fixes: Any, make: Any, tmp_path: Path, suffix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    zones = (Qt.TimeSpec.UTC, Qt.TimeSpec.LocalTime)

    def moment(ms: int) -> QDateTime:
        utc = QDateTime.fromMSecsSinceEpoch(ms + 250, Qt.TimeSpec.UTC)
        return QDateTime(utc.date(), utc.time(), zones[ms // 60_000 % 2])

    layer = make(fixes, path=tmp_path / f"a{suffix}", times=moment)
    assert used_columns(monkeypatch, layer)
    tracks, skipped = assert_both_ways(layer, timezone="Asia/Shanghai")
    local = np.array(fixes.t[:120]) // 60_000 % 2 == 1
    expected = np.array(fixes.t[:120]) + 250 - 8 * 3_600_000 * local
    assert not skipped and set(tracks.t[tracks.user == 0]) == set(expected)

    layer.selectByIds([f.id() for f in layer.getFeatures()][100:200])
    selected = QgsProcessingFeatureSourceDefinition(layer.id(), selectedFeaturesOnly=True, featureLimit=70)
    assert len(assert_both_ways(layer, selected)[0]) == 70
    assert layer.setSubsetString("user_id IN ('u01', 'u03')")
    assert len(assert_both_ways(layer)[0]) == 240
