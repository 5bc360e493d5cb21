# SPDX-License-Identifier: GPL-2.0-or-later
"""Regions in layers of curve polygons and multisurfaces."""

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
        ("CurvePolygon", "CurvePolygon ((116 39, 117 39, 117 40, 116 40, 116 39))"),
        ("MultiSurface", "MultiSurface (((116 39, 117 39, 117 40, 116 40, 116 39)))"),
        ("MultiSurface", f"MultiSurface ({CIRCLE}, ((1 1, 2 1, 2 2, 1 1)))"),
    ],
)
@pytest.mark.parametrize("crs", ["EPSG:4326", "EPSG:32650"])
def test_regions_may_have_curves(
    run: Callable, make: Callable, fixes: Any, bundle: str, kind: str, wkt: str, crs: str
) -> None:
    regions = QgsVectorLayer(f"{kind}?crs={crs}", "regions", "memory")
    there = QgsCoordinateTransform(QgsCoordinateReferenceSystem("EPSG:4326"), regions.crs(), QgsProject.instance())
    feature, shape = QgsFeature(), QgsGeometry.fromWkt(wkt)
    shape.transform(there)
    feature.setGeometry(shape)
    regions.dataProvider().addFeatures([feature, QgsFeature()])
    done = run("raw:scoreregions", INPUT=make(fixes), REGIONS=regions, MODEL=bundle)
    assert [row["n_users"] for row in done.rows()] == [12, NULL]
    assert done.layer().wkbType() == regions.wkbType()  # and the shapes are written as they were
    assert next(done.layer().getFeatures()).geometry().equals(shape)


def test_a_region_is_as_round_as_it_is_drawn() -> None:
    from raw_qgis_plugin.core.regions import area_km2
    from raw_qgis_plugin.gui.map_shapes import lonlat
    from raw_qgis_plugin.processing.score_regions import to_lonlat

    layer = QgsVectorLayer("CurvePolygon?crs=EPSG:32650", "regions", "memory")
    feature, ring = QgsFeature(), "CircularString (500000 4400000, 502000 4400000, 500000 4400000)"
    feature.setGeometry(QgsGeometry.fromWkt(f"CurvePolygon ({ring})"))
    layer.dataProvider().addFeatures([feature])
    [circle] = to_lonlat(layer.getFeatures(), layer, QgsProcessingContext())
    assert lonlat(feature.geometry(), layer.crs()).equals(circle)  # the dock reads them in the same way
    assert area_km2([circle])[0] == pytest.approx(np.pi, rel=2e-3)
