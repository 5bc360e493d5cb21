# SPDX-License-Identifier: GPL-2.0-or-later
"""Parquet as people have it is read: partitions, times of every type, geometries in any CRS."""

from __future__ import annotations

import json

import numpy as np
import pytest

pa = pytest.importorskip("pyarrow")
from pyarrow import dataset, parquet  # noqa: E402

from raw_qgis_plugin.core.errors import InputError  # noqa: E402
from raw_qgis_plugin.core.sources.fields import Layout  # noqa: E402
from raw_qgis_plugin.core.sources.readers import read  # noqa: E402

from .test_sources import TEN  # noqa: E402


def points(**columns):
    base = {"t": pa.array([TEN, TEN + 60_000], pa.timestamp("ms", tz="UTC")), "lon": [1.0, 2.0], "lat": [3.0, 4.0]}
    return pa.table({**base, **columns})


def test_parquet_with_partitions_and_other_tables_beside(tmp_path):
    partitioning = dataset.partitioning(pa.schema([("user_id", pa.string())]), flavor="hive")
    dataset.write_dataset(points(user_id=["a", "b"]), tmp_path, format="parquet", partitioning=partitioning)
    parquet.write_table(pa.table({"user_id": ["a"], "label": [1]}), tmp_path / "labels.parquet")
    (tmp_path / "_SUCCESS").touch()
    tracks, _, guess = read(tmp_path)
    assert tracks.user_ids.tolist() == ["a", "b"] and tracks.lon.tolist() == [1, 2] and guess.user == "user_id"


def test_parquet_whose_time_is_in_the_names_of_folders(tmp_path):
    for day in (1, 2):
        (tmp_path / f"date=2020-01-0{day}").mkdir()
        parquet.write_table(
            points().drop_columns("t").slice(day - 1, 1), tmp_path / f"date=2020-01-0{day}" / "a.parquet"
        )
    assert read(tmp_path)[0].t.tolist() == [TEN - 10 * 3_600_000, TEN + 14 * 3_600_000]


@pytest.mark.parametrize(
    "times",
    [
        pa.array([TEN, TEN + 60_000], pa.timestamp("ms", tz="Asia/Tokyo")),
        pa.array([TEN * 1000, TEN * 1000 + 60_000_000], pa.timestamp("us")),
        pa.array([TEN * 1000, TEN * 1000 + 60_000_000]),
        pa.array([TEN / 1000, TEN / 1000 + 60]),
        pa.array(["2020-01-01T10:00:00Z", "2020-01-01T10:01:00Z"]).dictionary_encode(),
    ],
)
def test_parquet_times_of_every_type(tmp_path, times):
    parquet.write_table(points(t=times, user_id=[5, 5]), tmp_path / "a.parquet")
    tracks, _, _ = read(tmp_path / "a.parquet")
    assert tracks.t.tolist() == [TEN, TEN + 60_000] and tracks.user_ids.tolist() == ["5"]


def test_dates_as_numbers_are_of_the_zone(tmp_path):
    table = pa.table({"t": pa.array([20200101110000, None]), "lon": [7.1, 7.1], "lat": [46.5, 46.5]})
    parquet.write_table(table, tmp_path / "t.parquet")
    assert read(tmp_path / "t.parquet", layout=Layout(timezone="Europe/Berlin"))[0].t.tolist() == [TEN]


def test_parquet_with_gaps_and_geometry(tmp_path):
    shapely = pytest.importorskip("shapely")
    wkb = shapely.to_wkb(np.array([shapely.Point(1, 3), shapely.LineString([(0, 0), (1, 1)]), shapely.Point(2, 4)]))
    table = pa.table({"user_id": [1, 1, None], "t": [TEN, TEN, None], "geometry": wkb})
    parquet.write_table(table, tmp_path / "a.parquet")
    tracks, skipped, _ = read(tmp_path / "a.parquet")
    assert tracks.lon.tolist() == [1] and skipped == {"no position": 1, "no user": 1}


@pytest.mark.parametrize(("epsg", "x", "y"), [(3857, 1113194.908, 5621521.486), (4326, 10.0, 45.0), (None, 10.0, 45.0)])
def test_points_of_geoparquet_are_in_its_crs(tmp_path, epsg, x, y):
    shapely, pyproj = pytest.importorskip("shapely"), pytest.importorskip("pyproj")
    shapes = [shapely.Point(x, y), shapely.LineString([(0, 0), (1, 1)])]
    table = pa.table({"t": [TEN, TEN + 1], "geometry": shapely.to_wkb(shapes)})
    column = {"encoding": "WKB", "geometry_types": ["Point"]}
    column |= {"crs": pyproj.CRS.from_epsg(epsg).to_json_dict()} if epsg else {}
    geo = {"version": "1.1.0", "primary_column": "geometry", "columns": {"geometry": column}}
    parquet.write_table(table.replace_schema_metadata({"geo": json.dumps(geo)}), tmp_path / "a.parquet")
    tracks, skipped, _ = read(tmp_path / "a.parquet")
    assert tracks.lon == pytest.approx([10]) and tracks.lat == pytest.approx([45]) and skipped == {"no position": 1}
    column["crs"] = {"type": "no such thing"}
    parquet.write_table(table.replace_schema_metadata({"geo": json.dumps(geo)}), tmp_path / "a.parquet")
    with pytest.raises(InputError, match="CRS of the positions"):
        read(tmp_path / "a.parquet")


def test_a_folder_of_parquet_without_users_is_a_user_a_file(tmp_path, monkeypatch):
    for name in ("a", "b", "empty"):
        (tmp_path / "day=1").mkdir(exist_ok=True)
        parquet.write_table(points().slice(2 * (name == "empty")), tmp_path / "day=1" / f"{name}.parquet")
    monkeypatch.chdir(tmp_path)
    for folder in (tmp_path, "day=1"):
        tracks, skipped, _ = read(folder)
        assert tracks.user_ids.tolist() == ["a", "b"] and len(tracks) == 4 and not skipped
    (tmp_path / "day=2").mkdir()
    parquet.write_table(points(lon=[3.0, 4.0]), tmp_path / "day=2" / "a.parquet")
    assert read(tmp_path)[0].user_ids.tolist() == ["day=1/a", "day=1/b", "day=2/a"]
    assert read(tmp_path / "day=1" / "a.parquet")[0].user_ids.tolist() == ["all"]


def test_a_chosen_crs_is_that_of_points_without_one(tmp_path):
    shapely = pytest.importorskip("shapely")
    wkb = shapely.to_wkb([shapely.Point(500_000, 5_150_000)] * 2)
    table = pa.table({"t": [TEN, TEN + 60_000], "geometry": wkb})
    parquet.write_table(table, tmp_path / "a.parquet")
    tracks = read(tmp_path / "a.parquet", layout=Layout(crs="EPSG:32632"))[0]
    assert tracks.lon == pytest.approx([9, 9]) and tracks.lat == pytest.approx([46.5, 46.5], abs=0.01)
