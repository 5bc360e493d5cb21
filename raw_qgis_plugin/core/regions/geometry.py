# SPDX-License-Identifier: GPL-2.0-or-later
"""Polygons that can be used, their areas, and the fixes inside them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..arrays import expand_ranges
from ..errors import InputError, Progress, no_progress, require
from ..tracks import Tracks


def usable_polygons(polygons: Sequence[Any] | np.ndarray) -> np.ndarray:
    """(n,) prepared, valid polygons; empty ones for None. Raises InputError that names the row of an unusable one."""
    import shapely

    regions = np.array(polygons, dtype=object).reshape(-1)  # a copy: the caller's are not to be prepared
    regions[shapely.is_missing(regions)] = shapely.Polygon()
    kind = shapely.get_type_id(regions)
    wrong = np.flatnonzero((kind != 3) & (kind != 6) & ~shapely.is_empty(regions))
    if len(wrong):
        raise InputError(f"Region {wrong[0] + 1} is a {regions[wrong[0]].geom_type}. Regions must be polygons.")
    points, of = shapely.get_coordinates(regions, return_index=True)
    _, ring = shapely.get_coordinates(shapely.get_rings(shapely.get_parts(regions)), return_index=True)
    # A ring closes, so a step over half the world is the date line. Only along a pole, on maps of Antarctica, a ring
    # goes all the way round.
    far = (np.abs(np.diff(points[:, 0])) > 180) & (np.abs(points[1:, 1]) < 89) & (ring[1:] == ring[:-1])
    if far.any():
        raise InputError(
            f"Region {of[1:][far][0] + 1} is drawn across the antimeridian the long way round the world. Cut it at "
            "180°, or write its longitudes beyond 180 (such as 170 to 190)."
        )
    broken = ~shapely.is_valid(regions)
    regions[broken] = [_mended(region) for region in regions[broken]]
    shapely.prepare(regions)
    return regions


def _mended(region: Any) -> Any:
    """A valid polygon of the areas that maps fill: every other field of a part that crosses itself, and all parts.

    make_valid of the whole would make a hole where two parts overlap; its method without this flaw needs shapely 2.1.
    """
    import shapely

    parts = shapely.get_parts(shapely.get_parts(shapely.make_valid(shapely.get_parts([region]))))
    return shapely.union_all(parts[shapely.get_type_id(parts) == 3])  # lines and points have no inside


def area_km2(polygons: Sequence[Any] | np.ndarray) -> np.ndarray:
    """(n,) km² on the WGS84 ellipsoid of polygons in lon/lat."""
    require("pyproj", "shapely")
    import shapely
    from pyproj import Geod

    geod = Geod(ellps="WGS84")
    regions = shapely.normalize(usable_polygons(polygons))  # holes wind the other way, which subtracts them
    return np.array([abs(geod.geometry_area_perimeter(region)[0]) / 1e6 for region in regions], np.float64)


def fixes_inside(
    tracks: Tracks, polygons: Sequence[Any] | np.ndarray, progress: Progress = no_progress
) -> list[np.ndarray]:
    """The rows of the fixes in each region, its edge included, ascending.

    polygons: (n_regions,) shapely polygons or multipolygons in lon/lat; None and empty ones hold nothing. Invalid ones
    are mended. Longitudes may be beyond ±180. Raises InputError for other geometries and for polygons drawn across the
    antimeridian the long way round.
    """
    require("scipy", "shapely")
    regions = usable_polygons(polygons)
    index = FixIndex(tracks.lon, tracks.lat)
    result = []
    for number, region in enumerate(regions):
        result.append(index.inside(region))
        progress((number + 1) / len(regions))
    return result


class FixIndex:
    """Fixes by the cells of a grid whose lines are closer where there are more fixes."""

    def __init__(self, lon: np.ndarray, lat: np.ndarray, n_cells: int = 128) -> None:
        """lon, lat: (n,) degrees. n_cells: in each direction."""
        self.lon, self.lat = lon, lat
        share = np.linspace(0, 1, n_cells + 1)[1:-1]
        self.x = np.unique(np.quantile(lon, share)) if len(lon) else np.zeros(0)
        self.y = np.unique(np.quantile(lat, share)) if len(lat) else np.zeros(0)
        row, column = np.searchsorted(self.y, lat, "right"), np.searchsorted(self.x, lon, "right")
        cell = row * (len(self.x) + 1) + column
        self.order = np.argsort(cell, kind="stable")
        count = np.bincount(cell, minlength=(len(self.y) + 1) * (len(self.x) + 1))
        self.start = np.concatenate([[0], np.cumsum(count)])
        self.bounds = (lon.min(), lat.min(), lon.max(), lat.max()) if len(lon) else (0.0, 0.0, 0.0, 0.0)

    def inside(self, region: Any) -> np.ndarray:
        """The fixes in a region, its edge included, ascending. region: a polygon of `usable_polygons`."""
        import shapely

        found = [np.zeros(0, np.int64)]
        west, south, east, north = region.bounds if not region.is_empty else (1.0, 1.0, 0.0, 0.0)
        for turn in (0.0, 360.0, -360.0):  # a region may be drawn beyond ±180
            if west - turn <= self.bounds[2] and east - turn >= self.bounds[0] and south <= north:
                shifted = shapely.transform(region, lambda xy, turn=turn: xy - [turn, 0.0]) if turn else region
                found.append(self._inside(shifted))
        return np.unique(np.concatenate(found))

    def _inside(self, region: Any) -> np.ndarray:
        """Only the fixes of cells on the border of the region are tested one by one."""
        import shapely

        shapely.prepare(region)
        west, south, east, north = region.bounds
        x = np.concatenate([[self.bounds[0]], self.x, [self.bounds[2]]])
        y = np.concatenate([[self.bounds[1]], self.y, [self.bounds[3]]])
        columns = np.arange(np.searchsorted(self.x, west, "right"), np.searchsorted(self.x, east, "right") + 1)
        rows = np.arange(np.searchsorted(self.y, south, "right"), np.searchsorted(self.y, north, "right") + 1)
        column, row = (part.ravel() for part in np.meshgrid(columns, rows))
        cell = row * (len(self.x) + 1) + column
        some = self.start[cell + 1] > self.start[cell]
        cell, column, row = cell[some], column[some], row[some]
        boxes = shapely.box(x[column], y[row], x[column + 1], y[row + 1])
        whole = shapely.contains(region, boxes)
        near = self._fixes(cell[~whole & shapely.intersects(region, boxes)])
        tested = near[shapely.intersects_xy(region, self.lon[near], self.lat[near])]
        return np.concatenate([self._fixes(cell[whole]), tested])

    def _fixes(self, cells: np.ndarray) -> np.ndarray:
        return self.order[expand_ranges(self.start[cells], self.start[cells + 1] - self.start[cells])]
