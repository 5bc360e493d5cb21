# SPDX-License-Identifier: GPL-2.0-or-later
"""Shapes that are not plain: curves and multisurfaces as regions, regions and tracks across 180
degrees.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from qgis.core import (
    NULL,
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsFeature,
    QgsGeometry,
    QgsProcessingContext,
    QgsProject,
    QgsVectorLayer,
)

CIRCLE = "CurvePolygon (CircularString (116 39, 117 40, 116 39))"


@pytest.mark.parametrize(
    ("kind", "wkt"),
    [
        ("CurvePolygon", CIRCLE),
        ("MultiSurface", f"MultiSurface ({CIRCLE}, ((1 1, 2 1, 2 2, 1 1)))"),
    ],
)
@pytest.mark.parametrize("crs", ["EPSG:4326", "EPSG:32650"])
def test_regions_may_have_curves(
    run: Callable, make: Callable, fixes: Any, bundle: str, kind: str, wkt: str, crs: str
) -> None:
    regions = QgsVectorLayer(f"{kind}?crs={crs}", "regions", "memory")
    there = QgsCoordinateTransform(
        QgsCoordinateReferenceSystem("EPSG:4326"), regions.crs(), QgsProject.instance()
    )
    feature, shape = QgsFeature(), QgsGeometry.fromWkt(wkt)
    shape.transform(there)
    feature.setGeometry(shape)
    regions.dataProvider().addFeatures([feature, QgsFeature()])
    done = run("raw:scoreregions", INPUT=make(fixes), REGIONS=regions, MODEL=bundle)
    assert [row["n_users"] for row in done.rows()] == [12, NULL]
    assert done.layer().wkbType() == regions.wkbType()  # and the shapes are written as they were
    assert next(done.layer().getFeatures()).geometry().equals(shape)


def test_the_fixes_of_curves_are_the_points_that_were_drawn(run: Callable) -> None:
    """Not those that QGIS puts between them to draw an arc: nobody was seen there."""
    layer, feature = (
        QgsVectorLayer("CompoundCurveM?crs=EPSG:4326", "curves", "memory"),
        QgsFeature(),
    )
    arc = "CircularString M (116 39 1600000000, 116.001 39.001 1600000060, 116.002 39 1600000120)"
    feature.setGeometry(
        QgsGeometry.fromWkt(
            f"CompoundCurve M ({arc}, (116.002 39 1600000120, 116.003 39 1600000180))"
        )
    )
    assert (
        layer.dataProvider().addFeature(feature)
        and run("raw:fillgaps", INPUT=layer).values["N_POINTS"] == 4
    )


FIJI = "EPSG:3460"  # metres, 180 degrees in the middle
RING = "177 -18, 179 -18, -179 -18, -179 -17, 177 -17, 177 -18"
HOLE = "-179.6 -17.6, -179.4 -17.6, -179.4 -17.4, -179.6 -17.4, -179.6 -17.6"


def shapes_in(crs: str, *texts: str) -> tuple[Any, QgsVectorLayer]:
    """Polygons that are written in degrees, in another CRS: as shapely's, and the layer."""
    from raw_qgis_plugin.processing.regions.algorithms import polygons_in_wgs84

    layer = QgsVectorLayer(f"Polygon?crs={crs}", "regions", "memory")
    there = QgsCoordinateTransform(
        QgsCoordinateReferenceSystem("EPSG:4326"), layer.crs(), QgsProject.instance()
    )
    for text in texts:
        feature, shape = QgsFeature(), QgsGeometry.fromWkt(text)
        shape.transform(there)
        feature.setGeometry(shape)
        layer.dataProvider().addFeatures([feature])
    return polygons_in_wgs84(layer.getFeatures(), layer, QgsProcessingContext()), layer


def test_regions_in_metres_go_over_180_degrees() -> None:
    from raw_qgis_plugin.core.regions.geometry import area_km2, usable_polygons
    from raw_qgis_plugin.gui.maps.draw import lonlat

    shapes, layer = shapes_in(
        FIJI, f"Polygon (({RING}), ({HOLE}))", "Polygon ((-179 -18, 179 -18, 179 -17, -179 -18))"
    )
    east, west = usable_polygons(shapes)
    assert east.bounds == pytest.approx((177, -18, 181, -17), abs=0.01) and len(east.interiors) == 1
    assert west.bounds == pytest.approx((179, -18, 181, -17), abs=0.01)
    plane = [feature.geometry().area() / 1e6 for feature in layer.getFeatures()]
    assert area_km2(shapes) == pytest.approx(plane, rel=0.01)
    # the dock draws there too
    assert lonlat(next(layer.getFeatures()).geometry(), layer.crs()).equals(shapes[0])


@pytest.mark.parametrize("crs", ["EPSG:4326", FIJI])
def test_the_dock_stores_a_region_as_it_was_drawn_over_180_degrees(crs: str) -> None:
    from raw_qgis_plugin.gui.maps.draw import in_crs, lonlat

    _, layer = shapes_in(crs, "Polygon ((175 -18, 179 -18, 179 -17, 175 -17, 175 -18))")
    drawn = next(layer.getFeatures()).geometry()
    drawn.translate(drawn.boundingBox().width() / 2, 0)
    stored = in_crs(lonlat(drawn, layer.crs()), layer.crs())
    assert stored.symDifference(drawn).area() < 1e-6 * drawn.area()


def test_tracks_go_over_180_degrees(run: Callable, make: Callable, fixes: Any, bundle: str) -> None:
    """A line a track, from where it begins and on beyond 180."""
    lon = (np.array(fixes.lon) + 63.6 + 180) % 360 - 180  # the invented people's home is at 180
    over = type(fixes)(fixes.user_id, fixes.t, lon.tolist(), fixes.lat, {})
    done = run("raw:profileusers", INPUT=make(over), MODEL=bundle, UNIT="track")
    boxes = [feature.geometry().boundingBox() for feature in done.layer().getFeatures()]
    assert any(box.xMaximum() > 180 or box.xMinimum() < -180 for box in boxes)
    assert all(box.width() < 1 for box in boxes)
    firsts = [feature.geometry().vertexAt(0).x() for feature in done.layer().getFeatures()]
    assert firsts == pytest.approx(lon[::120].tolist(), abs=1e-9)
