# SPDX-License-Identifier: GPL-2.0-or-later
"""Polygons from files: GeoJSON and GeoPackage in any CRS, and what cannot be read."""

from __future__ import annotations

import json

import pytest

shapely = pytest.importorskip("shapely")

from raw_qgis_plugin.core.errors import InputError  # noqa: E402
from raw_qgis_plugin.core.regions.geometry import area_km2  # noqa: E402
from raw_qgis_plugin.core.sources.polygons import read_polygons  # noqa: E402

DEGREE = shapely.box(0, 0, 1, 1)


def write_geojson(path, crs=None, shapes=(DEGREE,)):
    features = [
        {
            "type": "Feature",
            "properties": {"name": f"r{k}"},
            "geometry": json.loads(shapely.to_geojson(shape)),
        }
        for k, shape in enumerate(shapes)
    ]
    features.append({"type": "Feature", "properties": None, "geometry": None})
    member = {"crs": {"type": "name", "properties": {"name": crs}}} if crs else {}
    path.write_text(json.dumps({"type": "FeatureCollection", **member, "features": features}))


def test_geojson(tmp_path):
    write_geojson(tmp_path / "r.geojson")
    regions = read_polygons(tmp_path / "r.geojson", "name")
    assert regions.ids.tolist() == ["r0", None] and regions.shapes[0].equals(
        shapely.box(0, 0, 1, 1)
    )
    assert regions.shapes[1] is None
    assert read_polygons(tmp_path / "r.geojson").ids.tolist() == [1, 2]
    write_geojson(tmp_path / "m.geojson", "EPSG:3857", [shapely.box(0, 0, 111_319.49, 111_325.14)])
    assert read_polygons(tmp_path / "m.geojson").shapes[0].bounds == pytest.approx(
        (0, 0, 1, 1), abs=1e-5
    )


@pytest.mark.parametrize("wkt", [shapely.box(0, 0, 111_319.49, 111_325.14).wkt, "POLYGON EMPTY", None,
                                 "CURVEPOLYGON(CIRCULARSTRING(0 0,0 111325,111319 111325,111319 0,0 0))"])  # fmt: skip
def test_geopackage(tmp_path, wkt):
    """Of several layers one has to be named; curves are cut into chords."""
    ogr, osr = pytest.importorskip("osgeo.ogr"), pytest.importorskip("osgeo.osr")
    with ogr.GetDriverByName("GPKG").CreateDataSource(str(tmp_path / "two.gpkg")) as dataset:
        crs = osr.SpatialReference()
        crs.SetFromUserInput("EPSG:3857")
        for name in ("a b", "c"):
            layer = dataset.CreateLayer(name, crs)
            layer.CreateField(ogr.FieldDefn("code", ogr.OFTString))
            feature = ogr.Feature(layer.GetLayerDefn())
            feature.SetField("code", name)
            feature.SetGeometry(ogr.CreateGeometryFromWkt(wkt) if wkt else None)
            layer.CreateFeature(feature)
        del layer, feature
    with pytest.raises(InputError, match="a b, c"):
        read_polygons(tmp_path / "two.gpkg")
    regions = read_polygons(f"{tmp_path / 'two.gpkg'}|layername=a b", guess=True)
    assert (regions.id_name, regions.ids.tolist()) == ("code", ["a b"])
    if wkt is None or "EMPTY" in wkt:
        assert regions.shapes[0] is None or regions.shapes[0].is_empty
    else:
        assert regions.shapes[0].centroid.coords[0] == pytest.approx((0.5, 0.5), abs=0.01)


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
    assert (west + 360, east + 360) == pytest.approx((172.46, 203.9), abs=0.01) and shape.is_valid
    assert len(shape.interiors) == holed and shape.covers(shapely.Point(-180, -17))


@pytest.mark.parametrize(
    ("name", "text", "field", "words"),
    [
        ("r.geojson", "{}", None, "r.geojson cannot be read: "),
        ("r.gpkg", "no database", None, "r.gpkg cannot be read: "),
        ("r.geojson", '{"type": "FeatureCollection", "features": [{"type": "Feature", "properties": {"a": 1}}]}', "b",
         "no field 'b'. They have: a"),
    ],
)  # fmt: skip
def test_regions_that_cannot_be_read(tmp_path, name, text, field, words):
    (tmp_path / name).write_text(text)
    with pytest.raises(InputError, match=words):
        read_polygons(tmp_path / name, field)


def test_real_regions(data):
    tracts = read_polygons(data / "regions" / "sf_tracts_2010.geojson")
    assert area_km2(tracts.shapes).sum() == pytest.approx(121, abs=2)  # San Francisco's land, km²
