# SPDX-License-Identifier: GPL-2.0-or-later
"""Polygons that can be used, their areas, and the fixes inside them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
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
    result = []
    for rows in FixIndex(tracks.lon, tracks.lat).inside_each(regions):
        result.append(rows)
        progress(len(result) / len(regions))
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
        return next(self.inside_each(np.array([region], object)))

    def inside_each(self, regions: np.ndarray, at_once: int = 200_000) -> Iterator[np.ndarray]:
        """The fixes in each of the regions, one after the other.

        at_once: cells and fixes that are looked at together, those of a single region aside: memory goes by them.
        """
        import shapely

        owner, shapes = self._shapes(regions)
        west, south, east, north = shapely.bounds(shapes).T
        left, right = (np.searchsorted(self.x, edge, "right") for edge in (west, east))
        low, high = (np.searchsorted(self.y, edge, "right") for edge in (south, north))
        cells = (right - left + 1) * (high - low + 1)
        before = np.pad(np.diff(self.start).reshape(len(self.y) + 1, -1).cumsum(0).cumsum(1), ((1, 0), (1, 0)))
        fixes = before[high + 1, right + 1] - before[low, right + 1] - before[high + 1, left] + before[low, left]
        first = np.searchsorted(owner, np.arange(len(regions) + 1))
        work = np.concatenate([[0], np.cumsum(cells + fixes)])[first]
        done = 0
        while done < len(regions):
            until = max(int(np.searchsorted(work, work[done] + at_once, "right")) - 1, done + 1)
            some = slice(first[done], first[until])
            of = np.repeat(np.arange(some.start, some.stop), cells[some])
            row, column = np.divmod(expand_ranges(np.zeros_like(cells[some]), cells[some]), (right - left + 1)[of])
            found, inside = self._test(shapes, of, left[of] + column, low[of] + row)
            key = np.unique((owner[found] - done) * len(self.lon) + inside)
            bounds = list(np.searchsorted(key, np.arange(until - done + 1) * len(self.lon)))
            yield from (key[a:b] - n * len(self.lon) for n, (a, b) in enumerate(pairwise(bounds)))
            done = until

    def _shapes(self, regions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The prepared shapes that may hold fixes, and the region of each, ascending: one may lie beyond ±180."""
        import shapely

        west, south, east, north = shapely.bounds(regions).reshape(-1, 4).T  # nan for an empty one
        owners: list[np.ndarray] = []
        shapes: list[np.ndarray] = []
        for turn in (0.0, 360.0, -360.0):
            near = (west - turn <= self.bounds[2]) & (east - turn >= self.bounds[0])
            owners.append(np.flatnonzero(near & (south <= self.bounds[3]) & (north >= self.bounds[1])))
            some = regions[owners[-1]]
            shapes.append(shapely.transform(some, lambda xy, turn=turn: xy - [turn, 0.0]) if turn else some)
        owner = np.concatenate(owners)
        order = np.argsort(owner, kind="stable")
        ordered = np.concatenate(shapes)[order]
        shapely.prepare(ordered)
        return owner[order], ordered

    def _test(
        self, shapes: np.ndarray, of: np.ndarray, column: np.ndarray, row: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Shapes and the fixes in them, among those of cells. Only fixes of cells on a border are tested one by one."""
        import shapely

        cell = row * (len(self.x) + 1) + column
        some = self.start[cell + 1] > self.start[cell]
        of, cell, column, row = of[some], cell[some], column[some], row[some]
        x = np.concatenate([[self.bounds[0]], self.x, [self.bounds[2]]])
        y = np.concatenate([[self.bounds[1]], self.y, [self.bounds[3]]])
        boxes = shapely.box(x[column], y[row], x[column + 1], y[row + 1])
        whole = shapely.contains(shapes[of], boxes)
        edge = ~whole
        edge[edge] = shapely.intersects(shapes[of[edge]], boxes[edge])
        (near_of, near), (sure_of, sure) = (
            (np.repeat(of[k], self._count(cell[k])), self._fixes(cell[k])) for k in (edge, whole)
        )
        tested = shapely.intersects_xy(shapes[near_of], self.lon[near], self.lat[near])
        return np.concatenate([sure_of, near_of[tested]]), np.concatenate([sure, near[tested]])

    def _count(self, cells: np.ndarray) -> np.ndarray:
        return self.start[cells + 1] - self.start[cells]

    def _fixes(self, cells: np.ndarray) -> np.ndarray:
        return self.order[expand_ranges(self.start[cells], self._count(cells))]
