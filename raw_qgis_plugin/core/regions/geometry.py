# SPDX-License-Identifier: GPL-2.0-or-later
"""Polygons that can be used, their areas, and the fixes inside them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..arrays import Array
from ..errors import InputError, Progress, no_progress, require
from ..tracks import Tracks


def usable_polygons(polygons: Sequence[Any] | Array) -> Array:
    """(n,) prepared, valid polygons; empty ones for None. Raises InputError that names the row of
    an unusable one.
    """
    import shapely

    # a copy: the caller's are not to be prepared
    regions = np.array(polygons, dtype=object).reshape(-1)
    regions[shapely.is_missing(regions)] = shapely.Polygon()
    kind = shapely.get_type_id(regions)
    wrong = np.flatnonzero((kind != 3) & (kind != 6) & ~shapely.is_empty(regions))
    if len(wrong):
        kind = regions[wrong[0]].geom_type
        raise InputError(
            "Region {n} is a {kind}. Regions must be polygons.", n=wrong[0] + 1, kind=kind
        )
    points, of = shapely.get_coordinates(regions, return_index=True)
    _, ring = shapely.get_coordinates(
        shapely.get_rings(shapely.get_parts(regions)), return_index=True
    )
    # A ring closes, so a step over half the world is the date line. Only along a pole, on maps of
    # Antarctica, a ring goes all the way round.
    far = (
        (np.abs(np.diff(points[:, 0])) > 180)
        & (np.abs(points[1:, 1]) < 89)
        & (ring[1:] == ring[:-1])
    )
    if far.any():
        raise InputError(
            "Region {number} is drawn across the antimeridian the long way round the world. Cut it "
            "at 180°, or write its longitudes beyond 180 (such as 170 to 190).",
            number=of[1:][far][0] + 1,
        )
    broken = ~shapely.is_valid(regions)
    regions[broken] = [_mended(region) for region in regions[broken]]
    shapely.prepare(regions)
    return regions


def rounded(polygons: Array, decimals: int = 6) -> Array:
    """(n,) polygons with rounded coordinates: 6 decimals of a degree are a tenth of a metre."""
    import shapely

    return shapely.transform(polygons, lambda xy: np.round(xy, decimals) + 0.0)  # no -0


def _mended(region: Any) -> Any:
    """A valid polygon of the areas that maps fill: every other field of a part that crosses itself,
    and all parts.

    make_valid of the whole would make a hole where two parts overlap; its method without this flaw
    needs shapely 2.1.
    """
    import shapely

    parts = shapely.get_parts(shapely.get_parts(shapely.make_valid(shapely.get_parts([region]))))
    # lines and points have no inside
    return shapely.union_all(parts[shapely.get_type_id(parts) == 3])


def area_km2(polygons: Sequence[Any] | Array) -> Array:
    """(n,) km² on the WGS84 ellipsoid of polygons in lon/lat."""
    require("pyproj", "shapely")
    import shapely
    from pyproj import Geod

    geod = Geod(ellps="WGS84")
    # holes wind the other way, which subtracts them
    regions = shapely.normalize(usable_polygons(polygons))
    return np.array(
        [abs(geod.geometry_area_perimeter(region)[0]) / 1e6 for region in regions], np.float64
    )


def fixes_inside(
    tracks: Tracks, polygons: Sequence[Any] | Array, progress: Progress = no_progress
) -> list[Array]:
    """The rows of the fixes in each region, its edge included, ascending.

    polygons: (n_regions,) shapely polygons or multipolygons in lon/lat; None and empty ones hold
    nothing. Invalid ones are mended. Longitudes may be beyond ±180. Raises InputError for other
    geometries and for polygons drawn across the antimeridian the long way round.
    """
    require("scipy", "shapely")
    regions = usable_polygons(polygons)
    index = FixIndex(tracks.lon, tracks.lat)
    result = []
    for region in regions:
        result.append(index.inside(region))
        progress(len(result) / len(regions))
    return result


def points_inside(polygons: Array, lon: Array, lat: Array) -> tuple[Array, Array]:
    """(m,) pairs of a polygon and a point in it. polygons: of `usable_polygons`; they may lie
    beyond ±180.
    """
    import shapely

    found = [
        shapely.STRtree(shapely.points(lon + turn, lat)).query(polygons, "intersects")
        for turn in (0, 360, -360)
    ]
    region, point = np.concatenate(found, axis=1)
    return region, point


class FixIndex:
    """Fixes by their longitude, so that few are looked at for a region."""

    def __init__(self, lon: Array, lat: Array) -> None:
        """lon, lat: (n,) degrees."""
        self.order = np.argsort(lon, kind="stable")
        self.lon = lon[self.order]
        self.lat = lat[self.order]

    def inside(self, region: Any) -> Array:
        """The rows of the fixes in a region, its edge included, ascending. region: a polygon of
        `usable_polygons`.
        """
        import shapely

        if region.is_empty:
            return np.zeros(0, np.int64)
        west, south, east, north = region.bounds
        found = []
        for turn in (0.0, 360.0, -360.0):  # a region may lie beyond ±180
            begin = np.searchsorted(self.lon, west - turn)
            end = np.searchsorted(self.lon, east - turn, "right")
            lat = self.lat[begin:end]
            in_box = (lat >= south) & (lat <= north)

            row = begin + np.flatnonzero(in_box)
            lon = self.lon[row] + turn
            inside = shapely.intersects_xy(region, lon, self.lat[row])
            found.append(self.order[row[inside]])
        return np.unique(np.concatenate(found))
