# SPDX-License-Identifier: GPL-2.0-or-later
"""Areas of mixtures: highest-density sets that hold a share of the probability, and radii around a
point.

The density of a mixture is taken to be that of its densest component, so that a highest-density set
is a union of discs: two likely places are two discs.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ..arrays import take_rows
from ..features import featurizer as feat
from ..geodesy import destination, near_lon
from .mixture import TAIL, Mixture

NOMINAL_LEVELS = (0.5, 0.8)
# circumradius of the 16-gon that is as large as a disc
SIXTEEN_GON = float(np.sqrt(np.pi / (8 * np.sin(np.pi / 8))))
# of the 16-gon, closed
CORNERS = np.column_stack([f(np.arange(17) * (-2 * np.pi / 16)) for f in (np.cos, np.sin)])


class Settings:
    """How areas are worked out."""

    trip_components: int = 6  # of each mixture the heaviest, and the rest as one
    day_components: int = 10  # the same of days, whose places lie far apart
    rings: int = 12  # equally likely distances at which a component is laid out
    directions: int = 4  # points on each of these rings
    # of the radii: an area reaches so far around its forecast's point in any case
    point_share: float = 0.1
    at_once: int = 1024  # mixtures


def ring_points(rings: int, directions: int) -> np.ndarray:
    """Equally likely points (rings * directions, 2) of a component of scale one, on rings around
    its centre.
    """
    u = (np.arange(rings) + 0.5) / rings
    reach = np.sqrt(TAIL * ((1 - u) ** (-2 / TAIL) - 1))  # quantiles of the distance, in scales
    turn = (np.arange(directions) + 0.5 * (np.arange(rings) % 2)[:, None]) * (
        2 * np.pi / directions
    )
    return (reach[:, None, None] * np.stack([np.cos(turn), np.sin(turn)], axis=-1)).reshape(-1, 2)


def _laid_out(m: Mixture) -> Iterator[tuple[np.ndarray, Mixture, np.ndarray, np.ndarray]]:
    """Some rows of the mixtures at a time: the rows (k,), their mixtures, equally likely points of
    each component (k, n, 2) in metres, and the probability (k, n) that each stands for.
    """
    grid = ring_points(Settings.rings, Settings.directions)
    for part in np.array_split(
        np.arange(len(m.weight)), -(-len(m.weight) // Settings.at_once) or 1
    ):
        some = take_rows(m, part)
        points = some.centre[:, :, None] + some.scale[:, :, None, None] * grid
        yield (
            part,
            some,
            points.reshape(len(part), -1, 2),
            np.repeat(some.weight, len(grid), axis=1) / len(grid),
        )


def _density(m: Mixture, points: np.ndarray) -> np.ndarray:
    """The density per m² of the densest component at points (m, n, 2): (m, n)."""
    best = np.zeros(points.shape[:2])
    x, y = points[..., 0], points[..., 1]
    for c in range(m.weight.shape[1]):  # a loop over components, not over queries
        square = (x - m.centre[:, c, None, 0]) ** 2 + (y - m.centre[:, c, None, 1]) ** 2
        height = m.weight[:, c] / (2 * np.pi * m.scale[:, c] ** 2)
        relative = 1 + square / (TAIL * m.scale[:, c, None] ** 2)
        # to the TAIL / 2 + 1
        np.maximum(best, height[:, None] / (relative * relative * np.sqrt(relative)), out=best)
    return best


def _threshold(values: np.ndarray, mass: np.ndarray, levels: np.ndarray) -> np.ndarray:
    """The values (2, m) up to which the masses (m, n) of the smallest values (m, n) add up to the
    levels (2, m).
    """
    order, row = np.argsort(values, axis=1), np.arange(len(values))
    total = np.cumsum(np.take_along_axis(mass, order, 1), axis=1)
    at = (np.minimum((total < level[:, None]).sum(axis=1), values.shape[1] - 1) for level in levels)
    return np.stack([values[row, order[row, column]] for column in at])


def disc_radii(m: Mixture, levels: np.ndarray) -> np.ndarray:
    """Radii (2, m, C) in metres of the discs, zero for none, whose union holds the levels (2, m) of
    the probability.
    """
    result = np.zeros((len(levels), *m.weight.shape))
    for part, some, points, mass in _laid_out(m):
        density = -_threshold(-_density(some, points), mass, levels[:, part])
        peak = some.weight / (2 * np.pi * some.scale**2 * density[..., None])
        result[:, part] = some.scale * np.sqrt(
            TAIL * np.maximum(peak ** (1 / (TAIL / 2 + 1)) - 1, 0.0)
        )
    return result


def hpd_level(m: Mixture, position: np.ndarray) -> np.ndarray:
    """The level (m,) of the smallest highest-density set that holds the positions (m, 2)."""
    result = np.empty(len(position))
    for part, some, points, mass in _laid_out(m):
        there = _density(some, position[part, None])
        result[part] = (mass * (_density(some, points) > there)).sum(axis=1)
    return result


def radii_m(m: Mixture, point: np.ndarray, levels: ArrayLike = NOMINAL_LEVELS) -> np.ndarray:
    """Radii (2, m) in metres around the points (m, 2) that hold the levels (2, m), or (2,) for all."""
    result = np.empty((2, len(point)))
    levels = np.broadcast_to(np.reshape(levels, (2, -1)), result.shape)
    for part, _, points, mass in _laid_out(m):
        distance = np.hypot(*np.moveaxis(points - point[part][:, None], -1, 0))
        result[:, part] = _threshold(distance, mass, levels[:, part])
    return result


def nonconformity(
    m: Mixture, point: np.ndarray, truth: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The scores that areas are calibrated by: distances of true positions (m, 2) from the points
    (m, 2) over radii of NOMINAL_LEVELS, (2, m), and the levels (m,) of the smallest areas that hold
    them.
    """
    off = np.linalg.norm(point - truth, axis=1) / np.maximum(radii_m(m, point), 1e-9)
    return off, hpd_level(m, truth)


def polygons(
    f: Any, row: np.ndarray, m: Mixture, levels: np.ndarray, point: np.ndarray, around_m: np.ndarray
) -> np.ndarray:
    """Highest-density sets of the levels (2, m) as polygons (m, 2) in degrees. f, row: the frames
    (m,) of the mixtures. around_m: (2, m), so far an area reaches around its point (m, 2), which
    may lie between two likely places.
    """
    import shapely

    result = np.full((len(row), len(levels)), None)
    centre = np.concatenate([m.centre, point[:, None]], axis=1)
    kept = np.zeros(centre.shape[:2], bool)
    for column, radius in enumerate(disc_radii(m, levels)):
        radius = np.concatenate([radius, around_m[column, :, None]], axis=1)
        # what the smaller level keeps the larger one keeps too: areas nest
        kept |= _not_inside_another(centre, radius)
        apart = np.hypot(*np.moveaxis(centre - point[:, None], -1, 0))
        # by the disc within the 16-gon
        covered = kept & (apart < radius * SIXTEEN_GON * np.cos(np.pi / 16))
        kept[:, -1] |= (radius[:, -1] > 0) & ~covered.any(axis=1)
        corners = centre[kept][:, None] + SIXTEEN_GON * radius[kept][:, None, None] * CORNERS
        disc, first = np.arange(len(corners) + 1), np.append(0, np.cumsum(kept.sum(axis=1)))
        offsets = (len(CORNERS) * disc, disc, first)
        together = shapely.from_ragged_array(
            shapely.GeometryType.MULTIPOLYGON, corners.reshape(-1, 2), offsets
        )
        union = shapely.buffer(together, 0)  # their union, in half the time of union_all
        xy, of = shapely.get_coordinates(union, return_index=True)
        lon, lat = feat.destination(f, row[of], xy)
        lon = near_lon(lon, f.lon[row[of]])  # one ring across the antimeridian
        result[:, column] = shapely.set_coordinates(union, np.column_stack([lon, lat]))
    return result


def _not_inside_another(centre: np.ndarray, radius: np.ndarray) -> np.ndarray:
    """Which discs (m, C) lie in no larger one, give or take a fifth of its radius: others change
    the union little.
    """
    apart = np.hypot(*np.moveaxis(centre[:, :, None] - centre[:, None], -1, 0))
    larger = (radius[:, None] > radius[:, :, None]) & (
        apart + radius[:, :, None] <= 1.2 * radius[:, None]
    )
    return (radius > 0) & ~larger.any(axis=2)


def discs(lon: np.ndarray, lat: np.ndarray, radius_m: np.ndarray) -> np.ndarray:
    """Discs around positions (m,) as polygons (m, k) in degrees, None where radius_m (k, m) is nan."""
    import shapely

    result = np.full(radius_m.T.shape, None)
    for column, radius in enumerate(radius_m):
        at, corners = np.flatnonzero(np.isfinite(radius)), SIXTEEN_GON * CORNERS[..., None]
        x, y = destination(lon[at], lat[at], *(corners.swapaxes(0, 1) * radius[at]))
        result[at, column] = shapely.polygons(
            np.stack([near_lon(x, lon[at]), y], axis=-1).swapaxes(0, 1)
        )
    return result
