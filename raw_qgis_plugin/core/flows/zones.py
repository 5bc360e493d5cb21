# SPDX-License-Identifier: GPL-2.0-or-later
"""Zones of flows: polygons that the analyst brings, or hexagons of a grid of the earth."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..arrays import Array
from ..geodesy import metres_per_degree, near_lon
from ..regions.geometry import points_inside, usable_polygons


@dataclass(frozen=True)
class Zones:
    """names: (z,) unique. shapes: (z,) shapely polygons in degrees. Where zones overlap, the first
    one counts.
    """

    names: Array
    shapes: Array

    @property
    def centres(self) -> Array:
        """(z, 2) lon and lat of a point inside each zone; nan for empty ones."""
        import shapely

        inside = shapely.point_on_surface(self.shapes)
        empty = shapely.is_empty(inside)
        inside[empty] = None  # whose coordinates some versions of GEOS refuse
        lon = shapely.get_x(inside)
        lat = shapely.get_y(inside)
        return np.column_stack([lon, lat])

    def find(self, lon: Array, lat: Array) -> Array:
        """(n,) the first zone that holds each point, edges included; -1 for none. lon, lat: (n,)
        degrees.
        """
        none = len(self.shapes)
        zone = np.full(len(lon), none)
        polygons = usable_polygons(self.shapes)
        found, point = points_inside(polygons, lon, lat)
        np.minimum.at(zone, point, found)

        zone[zone == none] = -1
        return zone


@dataclass(frozen=True)
class HexagonSettings:
    """The grid of hexagons. It is fixed to the earth, so that its places tell of no data."""

    # Degrees of latitude of a band: within it all hexagons have as many degrees of longitude, so
    # that their widths differ by 5 % at 50 degrees. At the edge of a band they are cut.
    band_deg: float = 5.0

    def middle(self, band: Array) -> Array:
        """The latitude of the middle of bands, in degrees."""
        return (band + 0.5) * self.band_deg


def hexagons(
    lon: Array, lat: Array, size_m: float, s: HexagonSettings = HexagonSettings()
) -> tuple[Zones, Array]:
    """Hexagons of a width over points, and the hexagon of each point (n,). lon, lat: (n,) degrees.

    Each band of latitude has a grid of its own. Hexagons are named by band, column and row.
    """
    if not len(lon):
        nothing = np.zeros(0, object)
        return Zones(nothing, nothing), np.zeros(0, np.int64)

    # where points are in the grid of their band
    below_pole = np.minimum(lat, 90 - 1e-9)
    band = np.floor(below_pole / s.band_deg).astype(np.int64)
    middle = s.middle(band)
    degrees = np.column_stack([near_lon(lon, 0.0), lat - middle])
    xy = degrees * metres_a_degree(middle)

    cell = np.column_stack([band, nearest_hexagon(xy, size_m)])
    number = numbers_of_cells(cell)
    _, first, zone = np.unique(number, return_index=True, return_inverse=True)
    used = cell[first]

    names = ["/".join(map(str, each)) for each in used.tolist()]
    shapes = hexagon_shapes(used, size_m, s)
    return Zones(np.array(names, object), shapes), zone.ravel()


def numbers_of_cells(cell: Array) -> Array:
    """(n,) int64 one number a cell, in the order of cells: it sorts faster. cell: (n, 3),
    each within 2^20 of 0, as hexagons of 50 m and more are.
    """
    band, column, row = (cell + 2**20).T
    return (band << 42) + (column << 21) + row


def metres_a_degree(lat: Array) -> Array:
    """(n, 2) metres of a degree of longitude and of latitude."""
    return np.column_stack(metres_per_degree(lat))


def hexagon_steps(size_m: float) -> Array:
    """(2,) metres from a column to the next, and from a row to the next."""
    return size_m * np.array([0.5, np.sqrt(3) / 2])


def nearest_hexagon(xy: Array, size_m: float) -> Array:
    """(n, 2) int64 column and row of the hexagon that holds each point. xy: (n, 2) metres.

    Both are even in one half of the hexagons, and both are odd in the other half.
    """
    step = hexagon_steps(size_m)
    in_steps = xy / step

    # the nearest of each half
    even = 2 * np.rint(in_steps / 2)
    odd = 2 * np.rint((in_steps - 1) / 2) + 1
    to_even = xy - even * step
    to_odd = xy - odd * step

    is_even = np.hypot(*to_even.T) <= np.hypot(*to_odd.T)
    return np.where(is_even[:, None], even, odd).astype(np.int64)


def hexagon_shapes(cells: Array, size_m: float, s: HexagonSettings) -> Array:
    """(k,) polygons in degrees. cells: (k, 3) band, column and row."""
    import shapely

    angle = np.radians(60 * np.arange(6) + 30)
    circle = np.column_stack([np.cos(angle), np.sin(angle)])
    around = size_m / np.sqrt(3) * circle

    band = cells[:, 0]
    middle = s.middle(band)
    centre = cells[:, 1:] * hexagon_steps(size_m)
    corners = centre[:, None, :] + around

    degrees = corners / metres_a_degree(middle)[:, None, :]
    degrees[..., 1] += middle[:, None]

    south = band * s.band_deg
    whole_band = shapely.box(-360, south, 360, south + s.band_deg)
    return shapely.intersection(shapely.polygons(degrees), whole_band)


def read_zones(shapes: Any, names: Iterable[Any] | None) -> Zones:
    """Zones of polygons in degrees. A zone without a name has its number, which a name that is
    taken gets too.
    """
    shapes = np.array(shapes, dtype=object).reshape(-1)
    given = [None] * len(shapes) if names is None else names
    used = dict[str, None]()
    for number, name in enumerate(given, 1):
        word = str(name)
        if word in ("None", "NULL", ""):  # NULL is QGIS's None
            word = str(number)

        while word in used:
            word = f"{word} ({number})"
        used[word] = None
    return Zones(np.array([*used], object), shapes)
