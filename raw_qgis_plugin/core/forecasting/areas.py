# SPDX-License-Identifier: GPL-2.0-or-later
"""Areas of mixtures: highest-density sets that hold a share of the probability, and radii.

The density of a mixture is taken to be that of its densest component. So a highest-density set is a
union of discs: two likely places are two discs.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ..arrays import Array, take_rows
from ..features import featurizer as feat
from ..geodesy import destination, length, near_lon
from .context import ContextKind
from .mixture import TAIL, Mixture

NOMINAL_LEVELS = (0.5, 0.8)
# The circumradius of the 16-gon that is as large as a disc, and its corners, closed
SIXTEEN_GON = float(np.sqrt(np.pi / (8 * np.sin(np.pi / 8))))
CORNERS = np.column_stack([f(np.arange(17) * (-2 * np.pi / 16)) for f in (np.cos, np.sin)])


class Settings:
    """How areas are worked out."""

    trip_components: int = 6  # of a trip's mixture that areas are made of, one of them the rest
    day_components: int = 10  # the same of days, whose places lie far apart
    rings: int = 12  # equally likely distances at which a component is laid out
    directions: int = 4  # points on each of these rings
    point_share: float = 0.1  # of the radius: so far an area reaches around its point in any case
    at_once: int = 1024  # mixtures laid out at once: more leave the processor's cache


def for_areas(kind: Array, m: Mixture) -> Mixture:
    """The mixtures from which areas are made: condensed, and of days the components that move.

    kind: (m,) ContextKind, all trips or none.
    """
    if (kind == ContextKind.TRIP).all():
        return m.condensed(Settings.trip_components)

    return m.condensed(Settings.day_components).moving()


def ring_points(rings: int, directions: int) -> Array:
    """Equally likely points (rings * directions, 2) of a component of scale one, on rings."""
    share = (np.arange(rings) + 0.5) / rings
    square = (1 - share) ** (-2 / TAIL) - 1
    reach = np.sqrt(TAIL * square)[:, None]  # quantiles of the distance, in scales

    # Every second ring is turned by half a step
    half_turned = 0.5 * (np.arange(rings) % 2)  # every second ring
    turn = np.arange(directions) + half_turned[:, None]
    angle = turn * (2 * np.pi / directions)
    x = reach * np.cos(angle)
    y = reach * np.sin(angle)

    return np.column_stack([x.ravel(), y.ravel()])


@dataclass(frozen=True)
class _Sample:
    """Equally likely points of each component of some mixtures."""

    rows: Array  # (k,) of the mixtures
    mixture: Mixture
    points: Array  # (k, n, 2) metres
    mass: Array  # (k, n), the probability that a point stands for


def _samples(m: Mixture) -> Iterator[_Sample]:
    grid = ring_points(Settings.rings, Settings.directions)
    for begin in range(0, len(m.weight), Settings.at_once):
        rows = np.arange(begin, min(begin + Settings.at_once, len(m.weight)))
        some = take_rows(m, rows)
        offset = some.scale[..., None, None] * grid
        points = some.centre[:, :, None] + offset

        # All points of a component stand for as much of its weight
        mass = np.repeat(some.weight, len(grid), axis=1) / len(grid)
        points = points.reshape(*mass.shape, 2)
        yield _Sample(rows, some, points, mass)


def _peak(m: Mixture) -> Array:
    """The density (m, C) per m² of the components at their centres."""
    return m.weight / (2 * np.pi * m.scale**2)


def _density(m: Mixture, points: Array) -> Array:
    """The density (m, n) per m² of the densest component at points (m, n, 2)."""
    result = np.zeros(points.shape[:2])
    peak = _peak(m)
    unit = TAIL * m.scale**2
    x = points[..., 0]
    y = points[..., 1]

    for c in range(m.weight.shape[1]):  # a loop over components, not over queries
        square = (x - m.centre[:, c, :1]) ** 2
        square += (y - m.centre[:, c, 1:]) ** 2
        fall = 1 + square / unit[:, c, None]
        fall *= fall * np.sqrt(fall)  # to the TAIL / 2 + 1
        np.maximum(result, peak[:, c, None] / fall, out=result)

    return result


def _threshold(values: Array, mass: Array, levels: Array) -> Array:
    """The values (2, m) up to which the masses of the smallest values (m, n) add up to the levels.

    mass: (m, n). levels: (2, m).
    """
    order = np.argsort(values, axis=1)
    total = np.cumsum(np.take_along_axis(mass, order, 1), axis=1)
    below = (total < levels[..., None]).sum(axis=2)
    rank = np.minimum(below, values.shape[1] - 1)
    row = np.arange(len(values))
    column = order[row, rank]

    return values[row, column]


def disc_radii(m: Mixture, levels: Array) -> Array:
    """Radii (2, m, C) in metres of the discs whose union holds the levels (2, m); zero: none."""
    result = np.zeros((len(levels), *m.weight.shape))
    for s in _samples(m):
        density = _density(s.mixture, s.points)
        least = -_threshold(-density, s.mass, levels[:, s.rows])

        # A disc ends where its component is as dense as the least that is kept
        times_denser = _peak(s.mixture) / least[..., None]
        square = times_denser ** (1 / (TAIL / 2 + 1)) - 1
        reach = np.sqrt(TAIL * np.maximum(square, 0.0))
        result[:, s.rows] = s.mixture.scale * reach

    return result


def hpd_level(m: Mixture, position: Array) -> Array:
    """The level (m,) of the smallest highest-density set that holds the positions (m, 2)."""
    result = np.empty(len(position))
    for s in _samples(m):
        there = _density(s.mixture, position[s.rows, None])
        denser = _density(s.mixture, s.points) > there
        result[s.rows] = (s.mass * denser).sum(axis=1)

    return result


def radii_m(m: Mixture, point: Array, levels: ArrayLike = NOMINAL_LEVELS) -> Array:
    """Radii (2, m) in metres around the points (m, 2) that hold the levels (2, m), or (2,)."""
    result = np.empty((2, len(point)))
    levels = np.broadcast_to(np.reshape(levels, (2, -1)), result.shape)

    for s in _samples(m):
        distance = length(s.points - point[s.rows, None])
        result[:, s.rows] = _threshold(distance, s.mass, levels[:, s.rows])

    return result


def nonconformity(m: Mixture, point: Array, truth: Array) -> tuple[Array, Array]:
    """The scores that areas are calibrated by, of points (m, 2) and true positions (m, 2).

    Returns the distances between them over the radii of NOMINAL_LEVELS, (2, m), and the levels (m,)
    of the smallest areas that hold the truths.
    """
    radius = np.maximum(radii_m(m, point), 1e-9)
    ratio = length(point - truth) / radius
    return ratio, hpd_level(m, truth)


def polygons(f: Any, row: Array, m: Mixture, levels: Array, point: Array, around_m: Array) -> Array:
    """Highest-density sets of the levels (2, m) as polygons (m, 2) in degrees.

    f, row: the frames (m,) of the mixtures. around_m: (2, m), so far an area reaches around its
    point (m, 2), which may lie between two likely places.
    """
    result = np.full((len(row), len(levels)), None)
    radii = disc_radii(m, levels)
    centre = np.hstack([m.centre, point[:, None]])  # the last disc is the point's
    kept = np.zeros(centre.shape[:2], bool)

    for column, around in enumerate(around_m):
        radius = np.column_stack([radii[column], around])
        # What the smaller level keeps the larger one keeps too: areas nest
        kept |= _not_inside_another(centre, radius)
        kept[:, -1] |= _last_uncovered(centre, radius, kept)
        result[:, column] = _unions(f, row, centre, radius, kept)

    return result


def _not_inside_another(centre: Array, radius: Array) -> Array:
    """Which discs (m, C) lie in no larger one, give or take a fifth of its radius.

    The others change the union little.
    """
    apart = length(centre[:, :, None] - centre[:, None])
    exists = radius > 0
    other = radius[:, None]
    radius = radius[:, :, None]
    holds = apart + radius <= 1.2 * other
    holds &= other > radius

    return exists & ~holds.any(axis=2)


def _last_uncovered(centre: Array, radius: Array, kept: Array) -> Array:
    """(m,) bool: whether the centre of the last disc (m, C) lies in the 16-gon of no kept disc."""
    apart = length(centre - centre[:, -1:])
    incircle = radius * SIXTEEN_GON * np.cos(np.pi / 16)
    covered = kept & (apart < incircle)
    exists = radius[:, -1] > 0

    return exists & ~covered.any(axis=1)


def _unions(f: Any, row: Array, centre: Array, radius: Array, kept: Array) -> Array:
    """The unions (m,) in degrees of the discs (m, C) kept, as 16-gons; f, row: their frames."""
    import shapely

    reach = SIXTEEN_GON * radius[kept][:, None, None]
    corners = centre[kept][:, None] + reach * CORNERS

    # All discs of a query are one multipolygon
    disc = np.arange(len(corners) + 1)
    first = np.append(0, np.cumsum(kept.sum(axis=1)))
    offsets = len(CORNERS) * disc, disc, first
    kind = shapely.GeometryType.MULTIPOLYGON
    together = shapely.from_ragged_array(kind, corners.reshape(-1, 2), offsets)
    union = shapely.buffer(together, 0)  # their union, in half the time of union_all

    # From metres in the frames to degrees
    xy, of = shapely.get_coordinates(union, return_index=True)
    frame = row[of]
    lon, lat = feat.destination(f, frame, xy)
    lon = near_lon(lon, f.lon[frame])  # one ring across the antimeridian

    return shapely.set_coordinates(union, np.column_stack([lon, lat]))


def discs(lon: Array, lat: Array, radius_m: Array) -> Array:
    """Discs around positions (m,) as polygons (m, k) in degrees, None where the radius is nan.

    radius_m: (k, m).
    """
    import shapely

    result = np.full(radius_m.T.shape, None)
    east, north = SIXTEEN_GON * CORNERS.T

    for column, radius in enumerate(radius_m):
        at = np.flatnonzero(np.isfinite(radius))
        reach = radius[at, None]
        x0 = lon[at, None]
        x, y = destination(x0, lat[at, None], east * reach, north * reach)
        x = near_lon(x, x0)
        result[at, column] = shapely.polygons(np.stack([x, y], axis=-1))

    return result
