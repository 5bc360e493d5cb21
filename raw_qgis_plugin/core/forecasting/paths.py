# SPDX-License-Identifier: GPL-2.0-or-later
"""Likely paths: whole movements over the horizons of a track, with probabilities.

One continuation, candidate place or output of the network is a component of the mixtures of all
horizons: followed through them it is a movement. These movements, weighted as in the mixtures, are
clustered (weighted k-medians). A cluster's spatial median at each horizon is a path, its share of
the weight the probability that the truth lies nearer to it than to the others. The most likely path
costs little more expected error than the points do. Paths of trips lie on the lines of
continuations where these are near: streets come out without a street map.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ..arrays import content_hash, rank_within, run_starts
from ..features.featurizer import into_frame
from .areas import ring_points
from .candidates import KINDS
from .context import ContextKind
from .mixture import Mixture
from .neighbours import COLUMNS, MIN_WEIGHT, WEIGHT
from .scoring import Described


class Settings:
    """How paths are found."""

    # paths that are looked for, however few are wanted: the first does not depend on that
    clusters: int = 3
    stored: int = 32  # components of a query that are kept, the heaviest
    components: int = 24  # of a track that are followed, the heaviest over all horizons
    rings: int = 2  # equally likely distances at which a component is laid out
    directions: int = 4  # points on each of these rings
    seeds: int = 8  # components, the heaviest, of which clusters may begin
    rounds: int = 6  # of k-medians
    link: float = 0.3  # weight in a cluster of what a component must have done before it is known
    extra_error: float = 1.02  # most expected error of the first path, times that of the points
    turn_m: float = 300.0  # legs longer than this turn back visibly
    # times the expected error: a path so near to the line of a continuation is moved onto it
    on_line: float = 0.3
    apart_m: float = 1.0  # paths nearer than this at every horizon are one
    min_probability: float = 0.02  # of a path
    at_once: int = 60_000  # points of components laid out at once: more leave the processor's cache


UNKNOWN = np.array([0, 0, np.nan, np.nan, 1, 0], np.float32)  # a component that is not there
KEY_COLUMNS = [COLUMNS.index(name) for name in ("position_x", "position_y", "weight")]


class Components:
    """The components of the mixtures of queries, each with a key by which horizons find it again.

    values: (m, c, 6) metres east and north of the last fix: where a component is, where the
    continuation itself went (nan for other components); its scale and its weight. key: (m, c)
    uint64. point: (m, 2) metres, the forecasts.
    """

    def __init__(self, m: int) -> None:
        """Nothing yet of m queries."""
        self.values = np.tile(UNKNOWN, (m, Settings.stored, 1))
        self.key, self.point = np.zeros((m, Settings.stored), np.uint64), np.zeros((m, 2))

    def add(self, number: np.ndarray, d: Described, mixture: Mixture, point: np.ndarray) -> None:
        """Keep the heaviest components of queries, by their numbers (n,), and their points (n, 2)
        in their frames.
        """
        own, near, line = (
            d.mixture.weight.shape[1],
            d.continuations,
            np.full(mixture.centre.shape, np.nan),
        )
        on_line = (near[..., WEIGHT] > MIN_WEIGHT) & (d.kind == ContextKind.TRIP)[:, None]
        # displacement and position
        there = np.where(on_line[..., None], near[..., :2] + near[..., 2:4], np.nan)
        line[:, own : own + near.shape[1]] = there[:, : line.shape[1] - own]
        mirrored = d.f.heading[d.last] * [1.0, -1.0]  # into its frame: out of that of the heading
        vectors = (into_frame(v, mirrored[:, None]) for v in (mixture.centre, line))
        values = np.concatenate(
            [*vectors, mixture.scale[..., None], mixture.weight[..., None]], axis=2
        )
        heaviest = np.argsort(-mixture.weight, axis=1, kind="stable")[:, : Settings.stored]
        into = np.s_[number, : heaviest.shape[1]]
        self.values[into] = np.take_along_axis(values, heaviest[..., None], 1)
        self.key[into] = np.take_along_axis(_keys(d, mixture), heaviest, 1)
        self.point[number] = into_frame(point, mirrored)

    def paths(
        self, context: np.ndarray, horizon_s: np.ndarray, count: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """Up to `count` paths through the queries (m,) of each context, the most likely first.

        Returns the path's positions at each query (m, count, 2) in metres east and north of the
        last fix, and the probabilities of the paths (m, count), equal along a context; nan where
        there are fewer.
        """
        order = np.lexsort((horizon_s, context))
        first = np.flatnonzero(run_starts(context[order]))
        size = np.diff(np.append(first, len(order)))
        of = np.repeat(context, Settings.stored)
        _, one, number = np.unique(
            content_hash(self.key.ravel(), of), return_index=True, return_inverse=True
        )
        weight = np.bincount(number, self.values[..., 5].ravel())
        # (m, c) the rank of each component among those of its context, the heaviest over all
        # horizons first
        column = rank_within(of[one], weight)[number].reshape(self.key.shape)
        result, probability = (
            np.full((len(context), count, 2), np.nan),
            np.full((len(context), count), np.nan),
        )
        s = Settings
        for h in np.unique(size):
            rows = order[first[size == h][:, None] + np.arange(h)]  # (n, h) queries
            at_once = max(s.at_once // (h * s.components * s.rings * s.directions), 1)
            for some in np.array_split(rows, -(-len(rows) // at_once)):
                # The values (n, h, C, 6) of components, followed through the horizons, of weight
                # zero where unknown
                movements, of = np.tile(UNKNOWN, (*some.shape, s.components, 1)), column[some]
                at = np.nonzero((of < s.components) & (self.values[some, :, 5] > 0))
                movements[at[0], at[1], of[at]] = self.values[some[at[:2]], at[2]]
                found, share = cluster(
                    movements, self.point[some], horizon_s[some], max(count, s.clusters)
                )
                n = min(count, share.shape[1])
                result[some, :n] = np.swapaxes(found, 1, 2)[:, :, :n]
                probability[some, :n] = share[:, None, :n]
        return result, probability


def cluster(
    movements: np.ndarray, point: np.ndarray, horizon_s: np.ndarray, count: int
) -> tuple[np.ndarray, np.ndarray]:
    """The paths (n, count, h, 2) of movements, and their probabilities (n, count), descending; nan
    where there are fewer. movements: (n, h, C, 6), values of components. point: (n, h, 2) metres.
    horizon_s: (n, h).
    """
    s, xy, line = Settings, movements[..., :2], movements[..., 2:4]
    scale, weight = np.moveaxis(movements[..., 4:], -1, 0)
    grid = ring_points(s.rings, s.directions).astype(np.float32)
    spots = (xy[:, :, :, None] + scale[..., None, None] * grid).reshape(*xy.shape[:2], -1, 2)
    # zero where nothing is known
    total = np.maximum(weight.sum(axis=2, keepdims=True), np.finfo(np.float32).tiny)
    weight = np.repeat(weight / (len(grid) * total), len(grid), axis=2)
    spots, linked = _linked(spots, weight, horizon_s.astype(np.float32))
    steady = np.where(linked > 0, linked.mean(axis=1, keepdims=True), 0.0)
    x, y = np.moveaxis(spots, -1, 0)
    point = point.astype(np.float32)

    def away(path: np.ndarray) -> np.ndarray:
        # (n, h, spots)
        return np.sqrt(
            np.square(x - path[:, :, None, 0]) + np.square(y - path[:, :, None, 1]) + 1.0
        )

    def expected(path: np.ndarray) -> np.ndarray:
        return (weight * away(path)).sum(axis=2)  # (n, h)

    paths = _seeds(point, spots[:, :, :: len(grid)], linked, away, count)
    for _ in range(s.rounds):
        distance = [away(path) for path in paths]
        nearest = np.argmin([(linked * a).sum(axis=1) for a in distance], axis=0)
        for k, a in enumerate(distance):
            pull = steady * (nearest == k)[:, None] / a
            total = pull.sum(axis=2)
            median = np.stack([(pull * x).sum(axis=2), (pull * y).sum(axis=2)], axis=-1)
            paths[k] = np.where(
                total[..., None] > 0, median / np.maximum(total, 1e-12)[..., None], paths[k]
            )
    likeliest = _shares(weight, nearest, count).argmax(axis=1)
    n = np.arange(len(likeliest))
    stacked = np.stack(paths, axis=1)
    stacked[n, likeliest] = _toward(stacked[n, likeliest], point, expected)
    stacked = _onto_lines(stacked, line, s.on_line * expected(point))
    nearest = np.argmin([(linked * away(stacked[:, k])).sum(axis=1) for k in range(count)], axis=0)
    return _sorted(stacked, _shares(weight, nearest, count))


def _shares(weight: np.ndarray, nearest: np.ndarray, count: int) -> np.ndarray:
    """The shares (n, count) of the weight (n, h, spots) by the nearest path (n, spots), of sum one."""
    share = np.stack(
        [(weight * (nearest == k)[:, None]).sum(axis=(1, 2), dtype=float) for k in range(count)],
        axis=1,
    )
    return share / share.sum(axis=1, keepdims=True)


def _linked(
    xy: np.ndarray, weight: np.ndarray, horizon_s: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Positions (n, h, p, 2) and weights (n, h, p) of components, which are on their way before the
    horizon at which they are first known: contexts of far horizons do not know the near ones.
    """
    xy, weight = xy.copy(), weight.copy()
    steps = xy.shape[1]
    for h in range(steps - 2, -1, -1):
        unknown = weight[:, h] == 0
        on_its_way = (horizon_s[:, h] / horizon_s[:, h + 1])[:, None, None]
        xy[:, h] = np.where(unknown[..., None], xy[:, h + 1] * on_its_way, xy[:, h])
        weight[:, h] = np.where(unknown, Settings.link * weight[:, h + 1], weight[:, h])
    return xy, weight


def _seeds(
    point: np.ndarray,
    xy: np.ndarray,
    weight: np.ndarray,
    away: Callable[[np.ndarray], np.ndarray],
    count: int,
) -> list[np.ndarray]:
    """Paths (n, h, 2) with which k-medians begins: the points, and of the movements those that
    lower the cost most.
    """
    n = np.arange(len(point))
    candidates = np.moveaxis(xy[:, :, : Settings.seeds], 2, 0)  # (candidates, n, h, 2)
    # (n, candidates, spots)
    costs = np.stack([(weight * away(c)).sum(axis=1) for c in candidates], axis=1)
    paths, least = [point], (weight * away(point)).sum(axis=1)
    for _ in range(count - 1):
        best = np.minimum(costs, least[:, None]).sum(axis=2).argmin(axis=1)
        paths.append(candidates[best, n])
        least = np.minimum(least, costs[n, best])
    return paths


def _toward(
    path: np.ndarray, point: np.ndarray, expected: Callable[[np.ndarray], np.ndarray]
) -> np.ndarray:
    """Paths (n, h, 2) moved toward the points (n, h, 2) until their expected error is allowed, but
    where that turns back more often, as points do that jump between two places.
    """
    most = Settings.extra_error * expected(point)
    result = point
    for part in (0.25, 0.5, 0.75, 1.0):
        moved = point + np.float32(part) * (path - point)
        result = np.where(np.all(expected(moved) <= most, axis=1)[:, None, None], moved, result)
    worse = turns_back(result).sum(axis=1) > turns_back(path).sum(axis=1)
    return np.where(worse[:, None, None], path, result)


def turns_back(path: np.ndarray) -> np.ndarray:
    """Where paths (n, h, 2) turn by more than 120 degrees between two legs of some length, (n, h -
    1) bool.
    """
    leg = np.diff(path, axis=1, prepend=0.0)
    length = np.hypot(leg[..., 0], leg[..., 1])
    dot = (leg[:, 1:] * leg[:, :-1]).sum(axis=-1)
    long = length > Settings.turn_m
    return np.asarray(long[:, 1:] & long[:, :-1] & (dot < -0.5 * length[:, 1:] * length[:, :-1]))


def _onto_lines(paths: np.ndarray, line: np.ndarray, max_m: np.ndarray) -> np.ndarray:
    """Paths (n, k, h, 2) moved to the nearest line (n, h, C, 2) of a continuation, at about that
    time, within max_m.
    """
    result, best = paths.copy(), np.broadcast_to(max_m[:, None], paths.shape[:3]).copy()
    steps = line.shape[1]
    h: np.ndarray = np.arange(steps)
    for back in (2, 1, 0, -1):
        leg = h - back
        ok = np.flatnonzero((leg >= 0) & (leg + 1 < steps))
        begin, end = (line[:, leg[ok] + i][:, None] for i in (0, 1))  # (n, 1, h, C, 2)
        at = paths[:, :, ok, None]
        along = end - begin
        part = ((at - begin) * along).sum(axis=-1) / np.maximum(np.square(along).sum(axis=-1), 1e-6)
        spot = begin + np.clip(part, 0.0, 1.0)[..., None] * along
        square = np.nan_to_num(np.square(spot - at).sum(axis=-1), nan=np.inf)
        nearest = square.argmin(axis=-1)[..., None]
        near_m = np.sqrt(np.take_along_axis(square, nearest, -1)[..., 0])
        spot = np.take_along_axis(spot, nearest[..., None], -2)[..., 0, :]
        nearer = near_m <= best[:, :, ok]
        result[:, :, ok] = np.where(nearer[..., None], spot, result[:, :, ok])
        best[:, :, ok] = np.where(nearer, near_m, best[:, :, ok])
    return result


def _sorted(paths: np.ndarray, share: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Paths (n, k, h, 2) and probabilities (n, k), the most likely first, nan for repeated and
    hardly likely ones.
    """
    for k in range(1, share.shape[1]):
        for j in range(k):
            apart = np.hypot(*np.moveaxis(paths[:, k] - paths[:, j], -1, 0)).max(axis=1)
            same = (apart < Settings.apart_m) & (share[:, j] > 0)
            share[:, j] += np.where(same, share[:, k], 0.0)
            share[:, k] = np.where(same, 0.0, share[:, k])
    order = np.argsort(-share, axis=1, kind="stable")
    share, paths = (
        np.take_along_axis(share, order, 1),
        np.take_along_axis(paths, order[..., None, None], 1),
    )
    kept = share >= Settings.min_probability
    return np.where(kept[..., None, None], paths, np.nan), np.where(kept, share, np.nan)


def _keys(d: Described, m: Mixture) -> np.ndarray:
    """Keys (n, C) of the components of mixtures: of places where they are, of continuations what
    they start from.
    """
    near = content_hash(*np.moveaxis(d.continuations[..., KEY_COLUMNS], -1, 0))
    places = np.zeros((len(near), 0), np.uint64)
    if d.places is not None:
        places = content_hash(d.places.xy[..., 0], d.places.xy[..., 1])
        places[:, : len(KINDS) - 1] = np.arange(1, len(KINDS))

    def of_mixture(number: int, components: int) -> np.ndarray:
        outputs = components - places.shape[1]
        network = np.broadcast_to(np.arange(outputs, dtype=np.uint64), (len(near), outputs))
        parts = [
            content_hash(np.array(3 * number + kind), a)
            for kind, a in enumerate((network, places, near))
        ]
        return np.concatenate(parts, axis=1)

    own, width = d.mixture.weight.shape[1], m.weight.shape[1]
    mixtures = -(-width // (own + near.shape[1]))  # that were joined, of the same components
    return np.concatenate([of_mixture(number, own) for number in range(mixtures)], axis=1)[
        :, :width
    ]
