# SPDX-License-Identifier: GPL-2.0-or-later
"""Metres on the earth, in columns."""

from __future__ import annotations

from typing import Any

import numpy as np

from .arrays import Array

_WGS84_A = 6378137.0
_WGS84_E2 = 0.0066943799901413165
EARTH_RADIUS_M = 6_371_008.8  # mean radius


def metres_per_degree(lat: Array) -> tuple[Array, Array]:
    """Lengths of one degree of longitude and of latitude on the WGS84 ellipsoid, in metres, at
    `lat` (degrees).
    """
    cos = np.cos(np.radians(lat))
    w2 = 1.0 - _WGS84_E2 + _WGS84_E2 * cos * cos  # 1 - e² sin²
    prime_vertical = _WGS84_A * np.pi / 180.0 / np.sqrt(w2)
    meridian = prime_vertical * (1.0 - _WGS84_E2) / w2
    return prime_vertical * np.maximum(cos, 1e-6), meridian


def near_lon(lon: Array, lon0: Array | float) -> Array:
    """Longitudes within 180 degrees of lon0, beyond ±180 if necessary. Those that are there stay
    exactly the same.
    """
    return lon - 360.0 * np.round((lon - lon0) / 360.0)


def unwrapped(lon: Array, offsets: Array) -> Array:
    """(n,) longitudes without jumps along lines, beyond ±180 if necessary.

    Line k is the rows offsets[k] to offsets[k + 1]; its first longitude stays.
    """
    jumps = np.round(np.diff(lon) / 360.0)
    turns = np.concatenate([[0.0], np.cumsum(jumps)])
    at_first = np.repeat(turns[offsets[:-1]], np.diff(offsets))
    return lon - 360.0 * (turns - at_first)


def offset_m(lon: Array, lat: Array, lon0: Array, lat0: Array) -> Array:
    """East and north offset in metres of (lon, lat) from (lon0, lat0), the short way round: (n, 2)
    float64.
    """
    kx, ky = metres_per_degree(0.5 * (lat + lat0))
    degrees_east = (lon - lon0 + 180.0) % 360.0 - 180.0
    return np.stack([degrees_east * kx, (lat - lat0) * ky], axis=-1)


def way_between(places: Any, start: Array | slice, end: Array | slice) -> Array:
    """(…, 2) metres east and north between rows of places, which have lon and lat in degrees."""
    lon = places.lon
    lat = places.lat
    return offset_m(lon[end], lat[end], lon[start], lat[start])


def destination(lon: Array, lat: Array, east_m: Array, north_m: Array) -> tuple[Array, ...]:
    """Degrees lon, lat that lie east_m and north_m of (lon, lat)."""
    _, ky = metres_per_degree(lat)
    there = np.clip(lat + north_m / ky, -90.0, 90.0)
    kx, _ = metres_per_degree(0.5 * (there + lat))
    turned = lon + east_m / kx + 180.0
    return turned % 360.0 - 180.0, there


def metres_between(lon1: Array, lat1: Array, lon2: Array, lat2: Array) -> Array:
    """Distances on the WGS84 ellipsoid in metres by the local radii: within 0.1 % up to some 100
    km.
    """
    return length(offset_m(lon2, lat2, lon1, lat1))


def length(vector: Array) -> Array:
    """Lengths (…) of vectors (…, 2)."""
    return np.hypot(vector[..., 0], vector[..., 1])


def on_sphere(lon: Array, lat: Array) -> Array:
    """Points (…, 3) in metres from the centre of the earth, as far from each other as on it where
    that is not far.
    """
    x = np.radians(lon)
    y = np.radians(lat)
    ring = np.cos(y)  # the radius of a circle of latitude
    unit = [ring * np.cos(x), ring * np.sin(x), np.sin(y)]
    return EARTH_RADIUS_M * np.stack(unit, axis=-1)


def haversine_m(lon1: Array, lat1: Array, lon2: Array, lat2: Array) -> Array:
    """Great-circle distance in metres on the sphere."""
    a1 = np.radians(lat1)
    a2 = np.radians(lat2)
    turn = np.radians(lon2 - lon1)

    of_lat = np.sin((a2 - a1) / 2) ** 2
    of_lon = np.cos(a1) * np.cos(a2) * np.sin(turn / 2) ** 2
    h = np.clip(of_lat + of_lon, 0.0, 1.0)
    angle = 2 * np.arcsin(np.sqrt(h))
    return EARTH_RADIUS_M * angle
