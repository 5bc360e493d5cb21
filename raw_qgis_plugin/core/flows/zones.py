# SPDX-License-Identifier: GPL-2.0-or-later
"""Zones of flows: polygons that the analyst brings, or hexagons over the ends of trips."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..geodesy import metres_per_degree, near_lon
from ..regions.geometry import points_inside, usable_polygons


@dataclass(frozen=True)
class Zones:
    """names: (z,) unique. shapes: (z,) shapely polygons in degrees. Where zones overlap, the first
    one counts.
    """

    names: np.ndarray
    shapes: np.ndarray

    @property
    def centres(self) -> np.ndarray:
        """(z, 2) lon and lat of a point inside each zone; nan for empty ones."""
        import shapely

        inside = shapely.point_on_surface(self.shapes)
        inside[shapely.is_empty(inside)] = None  # whose coordinates some versions of GEOS refuse
        return np.column_stack([shapely.get_x(inside), shapely.get_y(inside)])

    def find(self, lon: np.ndarray, lat: np.ndarray) -> np.ndarray:
        """(n,) the first zone that holds each point, edges included; -1 for none. lon, lat: (n,)
        degrees.
        """
        zone = np.full(len(lon), len(self.shapes))
        found, point = points_inside(usable_polygons(self.shapes), lon, lat)
        np.minimum.at(zone, point, found)
        return np.where(zone < len(self.shapes), zone, -1)


def hexagons(lon: np.ndarray, lat: np.ndarray, size_m: float) -> tuple[Zones, np.ndarray]:
    """Hexagons of a width over points, and the hexagon of each point (n,). lon, lat: (n,) degrees.

    The grid lies flat about the median point, so it suits a city or a country. Zones are named by
    column and row.
    """
    import shapely

    if not len(lon):
        return Zones(np.zeros(0, object), np.zeros(0, object)), np.zeros(0, np.int64)
    east, north = np.median(near_lon(lon, lon[0])), np.median(lat)
    scale = metres_per_degree(north)
    xy = np.column_stack([near_lon(lon, east) - east, lat - north]) * scale
    # centres are where column and row are both even or both odd
    step = size_m * np.array([0.5, np.sqrt(3) / 2])
    even, odd = (2 * np.rint((xy / step - shift) / 2) + shift for shift in (0, 1))
    far_even, far_odd = (np.hypot(*(xy - cell * step).T) for cell in (even, odd))
    cell = np.where((far_even <= far_odd)[:, None], even, odd).astype(np.int64)
    used, zone = np.unique(cell, axis=0, return_inverse=True)
    angle = np.radians(60 * np.arange(6) + 30)
    corners = (used * step)[:, None, :] + size_m / np.sqrt(3) * np.column_stack(
        [np.cos(angle), np.sin(angle)]
    )
    shapes = shapely.polygons(corners / scale + (east, north))
    return Zones(
        np.array([f"{column}/{row}" for column, row in used], object), shapes
    ), zone.ravel()


def read_zones(shapes: Any, names: Iterable[Any] | None) -> Zones:
    """Zones of polygons in degrees. A zone without a name has its number, which a name that is
    taken gets too.
    """
    shapes = np.array(shapes, dtype=object).reshape(-1)
    used = dict[str, None]()
    for number, name in enumerate([None] * len(shapes) if names is None else names, 1):
        word = str(number if str(name) in ("None", "NULL", "") else name)  # NULL is QGIS's None
        while word in used:
            word = f"{word} ({number})"
        used[word] = None
    return Zones(np.array([*used], object), shapes)
