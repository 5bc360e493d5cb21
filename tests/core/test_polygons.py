# SPDX-License-Identifier: GPL-2.0-or-later
"""Polygons from files: GeoJSON and GeoPackage in any CRS, and what cannot be read."""

from __future__ import annotations

import json
import sqlite3
import struct

import pytest

shapely = pytest.importorskip("shapely")

from raw_qgis_plugin.core.errors import InputError  # noqa: E402
from raw_qgis_plugin.core.regions.geometry import area_km2  # noqa: E402
from raw_qgis_plugin.core.sources.polygons import read_polygons  # noqa: E402

DEGREE = shapely.box(0, 0, 1, 1)


def write_geojson(path, crs=None, shapes=(DEGREE,)):
    features = [
        {"type": "Feature", "properties": {"name": f"r{k}"}, "geometry": json.loads(shapely.to_geojson(shape))}
        for k, shape in enumerate(shapes)
    ]
    features.append({"type": "Feature", "properties": None, "geometry": None})
    member = {"crs": {"type": "name", "properties": {"name": crs}}} if crs else {}
    path.write_text(json.dumps({"type": "FeatureCollection", **member, "features": features}))


def test_geojson(tmp_path):
    write_geojson(tmp_path / "r.geojson")
    regions = read_polygons(tmp_path / "r.geojson", "name")
    assert regions.ids.tolist() == ["r0", None] and regions.shapes[0].equals(shapely.box(0, 0, 1, 1))
    assert regions.shapes[1] is None
    assert read_polygons(tmp_path / "r.geojson").ids.tolist() == [1, 2]
    write_geojson(tmp_path / "m.geojson", "EPSG:3857", [shapely.box(0, 0, 111_319.49, 111_325.14)])
    assert read_polygons(tmp_path / "m.geojson").shapes[0].bounds == pytest.approx((0, 0, 1, 1), abs=1e-5)


def write_geopackage(path, layers=("areas",)):
    database = sqlite3.connect(path)
    database.executescript(
        "CREATE TABLE gpkg_geometry_columns (table_name TEXT, column_name TEXT, srs_id INT);"
        "CREATE TABLE gpkg_spatial_ref_sys (srs_id INT, organization TEXT, organization_coordsys_id INT);"
        "INSERT INTO gpkg_spatial_ref_sys VALUES (1, 'EPSG', 3857);"
    )
    blob = b"GP\x00\x03" + b"\x00" * 36 + shapely.to_wkb(shapely.box(0, 0, 111_319.49, 111_325.14))
    for layer in layers:
        database.execute("INSERT INTO gpkg_geometry_columns VALUES (?, 'geom', 1)", (layer,))
        database.execute(f'CREATE TABLE "{layer}" (fid INTEGER, geom BLOB, code TEXT)')
        database.execute(f'INSERT INTO "{layer}" VALUES (1, ?, ?)', (blob, layer))
    database.commit()
    database.close()


def test_geopackage(tmp_path):
    write_geopackage(tmp_path / "r.gpkg")
    regions = read_polygons(tmp_path / "r.gpkg", "code")
    assert regions.ids.tolist() == ["areas"]
    assert regions.shapes[0].bounds == pytest.approx((0, 0, 1, 1), abs=1e-5)
    write_geopackage(tmp_path / "two.gpkg", ("a b", "c"))
    with pytest.raises(InputError, match="a b, c"):
        read_polygons(tmp_path / "two.gpkg")
    assert read_polygons(f"{tmp_path / 'two.gpkg'}|layername=a b", "code").ids.tolist() == ["a b"]


@pytest.mark.parametrize("holed", [False, True])
def test_edges_over_180_degrees_go_the_way_that_they_go_on_the_map(tmp_path, holed):
    box, hole = ([[w, s], [e, s], [e, n], [w, n], [w, s]] for w, s, e, n in (
        (2_500_000, -2e6, 6_000_000, -1_800_000), (3_500_000, -1.95e6, 3_600_000, -1.9e6)
    ))  # fmt: skip
    crs = {"type": "name", "properties": {"name": "EPSG:3832"}}  # Mercator about 150° east
    rings = {"type": "Polygon", "coordinates": [box, hole] if holed else [box]}
    (tmp_path / "r.geojson").write_text(json.dumps({"type": "FeatureCollection", "crs": crs, "features": [
        {"type": "Feature", "properties": {}, "geometry": rings}
    ]}))  # fmt: skip
    (shape,) = read_polygons(tmp_path / "r.geojson").shapes
    west, _, east, _ = shape.bounds
    assert (west, east) == pytest.approx((172.46, 203.9), abs=0.01) and shape.is_valid
    assert len(shape.interiors) == holed and shape.covers(shapely.Point(180, -17))


def test_curves_are_no_regions_here(tmp_path):
    write_geopackage(tmp_path / "c.gpkg")
    with sqlite3.connect(tmp_path / "c.gpkg") as database:
        curves = struct.pack("<BIIBII6d", 1, 10, 1, 1, 8, 3, 0, 0, 1, 1, 0, 0)  # a curve polygon of one arc
        database.execute("UPDATE areas SET geom = ?", (b"GP\x00\x01" + b"\x00" * 4 + curves,))
    database.close()
    with pytest.raises(InputError, match="c.gpkg has curves.*CONVERT_TO_LINEAR"):
        read_polygons(tmp_path / "c.gpkg")


@pytest.mark.parametrize("blob", [b"GP", b"GP\0", b"GP\0\1", b"GP\0\1" + b"\0" * 4, b"", b"\1", "GP..", 5, None])
def test_what_is_no_geometry_in_a_geopackage_is_no_region(tmp_path, blob):
    write_geopackage(tmp_path / "c.gpkg")
    with sqlite3.connect(tmp_path / "c.gpkg") as database:
        database.execute("UPDATE areas SET geom = ?", (blob,))
    database.close()
    assert read_polygons(tmp_path / "c.gpkg").shapes.tolist() == [None]


@pytest.mark.parametrize(
    ("name", "text", "field", "words"),
    [
        ("r.geojson", "{}", None, "cannot be read as GeoJSON"),
        ("r.gpkg", "no database", None, "cannot be read as a GeoPackage"),
        ("r.shp", "", None, "not from r.shp"),
        ("r.geojson", '{"type": "FeatureCollection", "features": [{"properties": {"a": 1}}]}', "b", "no field 'b'"),
    ],
)
def test_regions_that_cannot_be_read(tmp_path, name, text, field, words):
    (tmp_path / name).write_text(text)
    with pytest.raises(InputError, match=words):
        read_polygons(tmp_path / name, field)


def test_real_regions(data):
    tracts = read_polygons(data / "regions" / "sf_tracts_2010.geojson")
    assert area_km2(tracts.shapes).sum() == pytest.approx(121, abs=2)  # San Francisco's land, km²
