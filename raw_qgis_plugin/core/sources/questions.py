# SPDX-License-Identifier: GPL-2.0-or-later
"""Wrong worlds, which are asked about: coordinates that no CRS has, users without a name.

What is asked is an InputError in words that says what to choose.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..arrays import Array, run_starts
from ..errors import InputError
from ..geodesy import metres_between, near_lon

# Neighbouring zones of UTM are used for one another; ten degrees further nobody uses a projection.
AREA_MARGIN = 10.0
SMALLEST_WORLD_M = 1.0  # GPS scatters further, even at rest
FEWEST_PLACES = 10  # that differ, in the smallest world
APART_M = 1000.0  # one person is not in two places this far apart at once
SHARE_APART = 0.02  # of the times, which clocks and rounding explain


def check_projection(x: Array, y: Array, lon: Array, lat: Array, crs: Any) -> None:
    """Raise InputError where coordinates cannot be in a projected CRS.

    x, y: (n,) in it. lon, lat: (n,) the same in degrees, nan where they have none. crs: of pyproj.
    """
    there = np.isfinite(x) & np.isfinite(y)
    if not crs.is_projected or not there.any():
        return
    east = np.abs(x[there])
    north = np.abs(y[there])
    nowhere = east.max() == 0 and north.max() == 0  # devices write 0, 0 without a signal
    if east.max() <= 360 and north.max() <= 90 and not nowhere:
        raise InputError(
            "The coordinates look like degrees, but {crs} is a projection in metres. Choose the "
            "coordinate system that they are in, such as EPSG:4326.",
            crs=crs.name,
        )
    if crs.area_of_use is not None:
        off = _is_off(lon[there], lat[there], crs.area_of_use)
        if off.mean() > 0.5:
            raise InputError(
                "The coordinates lie far outside of {area}, for which {crs} is made. Choose the "
                "coordinate system that they are in.",
                area=crs.area_of_use.name.split(":")[0].rstrip("."),
                crs=crs.name,
            )


def _is_off(lon: Array, lat: Array, area: Any) -> Array:
    """(n,) bool: whether positions lie far outside of an area of pyproj; nan does."""
    width = (area.east - area.west) % 360 or 360
    centre = area.west + width / 2
    inside_lon = np.abs(near_lon(lon, centre) - centre) <= width / 2 + AREA_MARGIN
    inside_lat = (lat >= area.south - AREA_MARGIN) & (lat <= area.north + AREA_MARGIN)
    return ~(inside_lon & inside_lat)


def check_extent(lon: Array, lat: Array) -> None:
    """Raise InputError where many different positions (n,) lie within a metre: nobody moves so."""
    if len(lon) < FEWEST_PLACES:
        return
    size_m = metres_between(lon.min(), lat.min(), lon.max(), lat.max())
    if size_m < SMALLEST_WORLD_M and len(np.unique(lon + 1j * lat)) >= FEWEST_PLACES:
        raise InputError(
            "All positions lie within a metre, so their coordinate system is wrong: degrees that "
            "are read as metres, for example. Set the coordinate system of the layer or file."
        )


def check_users(track: Array, t: Array, lon: Array, lat: Array) -> None:
    """Raise InputError where fixes (n,) without users are in several places at the same time.

    track: codes of tracks.
    """
    order = np.lexsort((t, track))
    first = np.flatnonzero(run_starts(track[order], t[order]))
    if len(first) == len(t):
        return
    lon = lon[order]
    lat = lat[order]
    west = np.fmin.reduceat(lon, first)
    east = np.fmax.reduceat(lon, first)
    south = np.fmin.reduceat(lat, first)
    north = np.fmax.reduceat(lat, first)
    with np.errstate(invalid="ignore"):
        apart = np.count_nonzero(metres_between(west, south, east, north) > APART_M)
    if apart > max(2, SHARE_APART * len(first)):
        raise InputError(
            "At {n:,} times there are fixes more than a kilometre apart, so they are of several "
            "people, but no column of users was recognised. Choose it (USER_FIELD), or write "
            "'none' if they are one person's.",
            n=apart,
        )
