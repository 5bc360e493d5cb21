# SPDX-License-Identifier: GPL-2.0-or-later
"""Clusters of movements: weighted k-medians of all horizons together.

A cluster's spatial median at each horizon is a path, its share of the weight the probability of it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..arrays import Array
from ..geodesy import length
from .areas import ring_points


class Settings:
    """How paths are found."""

    clusters: int = 3  # that are looked for in any case: the first path is then always the same
    stored: int = 32  # components of a query that are kept, the heaviest
    components: int = 24  # of a track that are followed, the heaviest over all horizons
    rings: int = 2  # equally likely distances at which a component is laid out
    directions: int = 4  # points on each of these rings
    seeds: int = 8  # components, the heaviest, of which clusters may begin
    rounds: int = 6  # of k-medians
    link: float = 0.3  # weight in a cluster of what a component must have done before it is known
    extra_error: float = 1.02  # most expected error of the first path, times that of the points
    turn_m: float = 300.0  # legs longer than this turn back visibly
    on_line: float = 0.3  # times the expected error: paths so near to a line are moved onto it
    apart_m: float = 1.0  # paths nearer than this at every horizon are one
    min_probability: float = 0.02  # of a path
    at_once: int = 60_000  # points laid out at once: more leave the processor's cache


@dataclass(frozen=True)
class Movements:
    """Components of mixtures, in metres east and north of the last fix; of weight zero: unknown."""

    centre: Array  # (…, 2)
    line: Array  # (…, 2) where the continuation itself went; nan for other components
    scale: Array  # (…)
    weight: Array  # (…)

    @classmethod
    def unknown(cls, *shape: int) -> Movements:
        """Nothing yet."""
        centre = np.zeros((*shape, 2), np.float32)
        scale = np.ones(shape, np.float32)
        return cls(centre, np.full_like(centre, np.nan), scale, np.zeros_like(scale))

    def take(self, *at: Array) -> Movements:
        """Some of them."""
        centre = self.centre[at]
        line = self.line[at]
        return Movements(centre, line, self.scale[at], self.weight[at])

    def put(self, at: tuple[Array, ...], new: Movements) -> None:
        """Replace some of them."""
        self.centre[at] = new.centre
        self.line[at] = new.line
        self.scale[at] = new.scale
        self.weight[at] = new.weight


@dataclass(frozen=True)
class _Spots:
    """Equally likely points p of movements, at each of h horizons."""

    xy: Array  # (n, h, p, 2) metres
    weight: Array  # (n, h, p), of sum one at a horizon
    linked: Array  # (n, h, p) with a weight before the horizon at which they are first known

    @classmethod
    def of(cls, m: Movements, horizon_s: Array) -> _Spots:
        grid = ring_points(Settings.rings, Settings.directions).astype(np.float32)

        # Points on rings around each component
        offset = m.scale[..., None, None] * grid
        spots = m.centre[:, :, :, None] + offset

        # Weights of sum one at each horizon
        total = m.weight.sum(axis=2, keepdims=True)  # zero where nothing is known
        total = np.maximum(total, np.finfo(np.float32).tiny)
        share = m.weight / (len(grid) * total)
        weight = np.repeat(share, len(grid), axis=2)
        spots = spots.reshape(*weight.shape, 2)
        xy, linked = _linked(spots, weight, horizon_s)

        return cls(xy, weight, linked)

    def away(self, path: Array) -> Array:
        """Metres (n, h, p) from a path (n, h, 2), one at least."""
        square = np.square(self.xy[..., 0] - path[..., :1])
        square += np.square(self.xy[..., 1] - path[..., 1:])
        square += 1.0

        return np.sqrt(square, out=square)

    def expected_m(self, path: Array) -> Array:
        """The expected distance (n, h) of a path (n, h, 2) from the truth."""
        return (self.weight * self.away(path)).sum(axis=2)

    def cost(self, away: Array) -> Array:
        """The weighted metres (n, p) of all horizons, from those at each (n, h, p)."""
        return (self.linked * away).sum(axis=1)

    def shares(self, nearest: Array, count: int) -> Array:
        """The shares (count, n) of the weight by the nearest path (n, p)."""
        weight = self.weight.sum(axis=1, dtype=float)
        share = np.zeros((count, len(weight)))

        for k in range(count):
            share[k] = (weight * (nearest == k)).sum(axis=1)

        return share / share.sum(axis=0)


def cluster(
    movements: Movements, point: Array, horizon_s: Array, count: int
) -> tuple[Array, Array]:
    """The paths (count, n, h, 2) of movements (n, h, C), and their probabilities (count, n).

    The most likely comes first; nan where there are fewer. point: (n, h, 2) metres. horizon_s:
    (n, h).
    """
    spots = _Spots.of(movements, horizon_s.astype(np.float32))
    point = point.astype(np.float32)
    paths = _seeds(spots, point, count)
    nearest = _k_medians(spots, paths)

    # The most likely path costs little more than the points do
    first = spots.shares(nearest, count).argmax(axis=0), np.arange(len(point))
    paths[first] = _toward(paths[first], point, spots)

    # Paths near a line of a continuation lie on it
    near_m = Settings.on_line * spots.expected_m(point)
    paths = _onto_lines(paths, movements.line, near_m)
    nearest = np.argmin([spots.cost(spots.away(path)) for path in paths], axis=0)

    return _sorted(paths, spots.shares(nearest, count))


def _linked(xy: Array, weight: Array, horizon_s: Array) -> tuple[Array, Array]:
    """Positions (n, h, p, 2) and weights (n, h, p), on their way before they are first known.

    Contexts of far horizons do not know the near ones.
    """
    xy = xy.copy()
    weight = weight.copy()

    for h in range(xy.shape[1] - 2, -1, -1):
        n, p = np.nonzero(weight[:, h] == 0)
        on_its_way = horizon_s[n, h] / horizon_s[n, h + 1]

        # It is on its way to where it will be known
        later = xy[n, h + 1, p]
        xy[n, h, p] = on_its_way[:, None] * later
        later_weight = weight[n, h + 1, p]
        weight[n, h, p] = Settings.link * later_weight

    return xy, weight


def _seeds(spots: _Spots, point: Array, count: int) -> Array:
    """Paths (count, n, h, 2) with which k-medians begins.

    They are the points, and of the movements those that lower the cost most.
    """
    s = Settings
    n = np.arange(len(point))
    of_components = spots.xy[:, :, :: s.rings * s.directions]
    heaviest = of_components[:, :, : s.seeds]
    candidates = np.moveaxis(heaviest, 2, 0)  # (seeds, n, h, 2)
    costs = np.stack([spots.cost(spots.away(path)) for path in candidates])  # (seeds, n, p)
    paths = [point]
    least = spots.cost(spots.away(point))

    for _ in range(count - 1):
        best = np.minimum(costs, least).sum(axis=2).argmin(axis=0)
        paths.append(candidates[best, n])
        least = np.minimum(least, costs[best, n])

    return np.stack(paths)


def _k_medians(spots: _Spots, paths: Array) -> Array:
    """Move paths (k, n, h, 2) to the medians of the spots nearest to them; the nearest (n, p)."""
    mean = spots.linked.mean(axis=1, keepdims=True)
    steady = np.where(spots.linked > 0, mean, 0.0)

    for _ in range(Settings.rounds):
        away = [spots.away(path) for path in paths]
        nearest = np.argmin([spots.cost(each) for each in away], axis=0)

        for k, metres in enumerate(away):
            pull = steady * (nearest == k)[:, None]
            pull /= metres
            total = pull.sum(axis=2)[..., None]
            east = (pull * spots.xy[..., 0]).sum(axis=2)
            north = (pull * spots.xy[..., 1]).sum(axis=2)
            way = np.stack([east, north], axis=-1)
            median = way / np.maximum(total, 1e-12)
            paths[k] = np.where(total > 0, median, paths[k])

    return nearest


def _toward(path: Array, point: Array, spots: _Spots) -> Array:
    """Paths (n, h, 2) moved toward the points (n, h, 2) until their expected error is allowed.

    A path stays where that turns back more often, as points do that jump between two places.
    """
    most = Settings.extra_error * spots.expected_m(point)
    result = point

    for part in (0.25, 0.5, 0.75, 1.0):
        moved = point + np.float32(part) * (path - point)
        allowed = np.all(spots.expected_m(moved) <= most, axis=1)
        result = np.where(allowed[:, None, None], moved, result)

    turns = turns_back(result).sum(axis=1)
    worse = turns > turns_back(path).sum(axis=1)

    return np.where(worse[:, None, None], path, result)


def turns_back(path: Array) -> Array:
    """Where paths (n, h, 2) turn by over 120 degrees between long legs, (n, h - 1) bool."""
    legs = np.diff(path, axis=1, prepend=0.0)
    leg = legs[:, 1:]
    before = legs[:, :-1]
    leg_m = length(leg)
    before_m = length(before)
    dot = (leg * before).sum(axis=-1)
    back = dot < -0.5 * leg_m * before_m
    long = np.minimum(leg_m, before_m) > Settings.turn_m

    return np.logical_and(back, long)


def _onto_lines(paths: Array, line: Array, max_m: Array) -> Array:
    """Paths (k, n, h, 2) moved to the nearest line (n, h, C, 2) of a continuation within max_m.

    max_m: (n, h). A line is looked at from two legs before the horizon to one after it.
    """
    result = paths.copy()
    best = np.broadcast_to(max_m, paths.shape[:3]).copy()
    h: Array = np.arange(line.shape[1])

    for back in (2, 1, 0, -1):
        at = h[(h >= back) & (h - back + 1 < len(h))]
        leg = at - back
        begin = line[:, leg]
        end = line[:, leg + 1]
        spot, metres = _nearest_spot(paths[:, :, at, None], begin, end)

        # Keep it where it is nearer than the lines before
        nearest = best[:, :, at]
        best[:, :, at] = np.minimum(metres, nearest)
        nearer = (metres <= nearest)[..., None]
        result[:, :, at] = np.where(nearer, spot, result[:, :, at])

    return result


def _nearest_spot(at: Array, begin: Array, end: Array) -> tuple[Array, Array]:
    """The spots (k, n, h, 2) on legs (n, h, C, 2) nearest to positions (k, n, h, 1, 2).

    Returns the metres (k, n, h), too.
    """
    along = end - begin

    # How far along the leg the nearest spot lies
    length_square = np.square(along).sum(axis=-1)
    dot = ((at - begin) * along).sum(axis=-1)
    part = dot / np.maximum(length_square, 1e-6)
    part = np.clip(part, 0.0, 1.0)
    spots = begin + part[..., None] * along

    # Of all lines the nearest
    square = np.square(spots - at).sum(axis=-1)
    square = np.nan_to_num(square, nan=np.inf)
    nearest = square.argmin(axis=-1)[..., None]
    spot = np.take_along_axis(spots, nearest[..., None], -2)
    metres = np.sqrt(np.take_along_axis(square, nearest, -1))

    return spot[..., 0, :], metres[..., 0]


def _sorted(paths: Array, share: Array) -> tuple[Array, Array]:
    """Paths (k, n, h, 2) and probabilities (k, n), the most likely first.

    Repeated paths and hardly likely ones are nan.
    """
    for k in range(1, len(share)):
        for j in range(k):
            apart = length(paths[k] - paths[j]).max(axis=1)
            same = (apart < Settings.apart_m) & (share[j] > 0)
            share[j, same] += share[k, same]
            share[k, same] = 0.0

    order = np.argsort(-share, axis=0, kind="stable")
    row = np.arange(share.shape[1])
    share = share[order, row]
    paths = paths[order, row]
    unlikely = ~(share >= Settings.min_probability)
    share[unlikely] = np.nan
    paths[unlikely] = np.nan

    return paths, share
