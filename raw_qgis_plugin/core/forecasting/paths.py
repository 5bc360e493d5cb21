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

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from ..arrays import Array, content_hash, rank_within, run_starts
from ..features.sequences import into_frame
from .candidates import KINDS
from .clusters import Movements, Settings, cluster
from .context import ContextKind
from .mixture import Mixture
from .neighbours import DISPLACEMENT, MIN_WEIGHT, POSITION, WEIGHT
from .scoring import Described


class Components:
    """The components of the mixtures of queries, each with a key that all horizons share."""

    def __init__(self, m: int) -> None:
        """Nothing yet of m queries."""
        self.values = Movements.unknown(m, Settings.stored)
        self.key = np.zeros((m, Settings.stored), np.uint64)
        self.point = np.zeros((m, 2))  # metres, the forecasts

    def add(self, number: Array, d: Described, mixture: Mixture, point: Array) -> None:
        """Keep the heaviest components of queries, by their numbers (n,), and their points (n, 2).

        They come in the frames of the fixes.
        """
        heading = d.f.heading[d.last] * [1.0, -1.0]  # mirrored, it leads out of its frame

        # The heaviest components of each query
        order = np.argsort(-mixture.weight, axis=1, kind="stable")
        heaviest = order[:, : Settings.stored]
        at = np.arange(len(number))[:, None], heaviest
        into = number[:, None], np.arange(heaviest.shape[1])

        # Out of the frames of the fixes, east and north
        self.point[number] = into_frame(point, heading)
        heading = heading[:, None]
        lines = _lines(d, mixture)
        new = Movements(mixture.centre, lines, mixture.scale, mixture.weight).take(*at)
        centre = into_frame(new.centre, heading)
        line = into_frame(new.line, heading)
        self.values.put(into, replace(new, centre=centre, line=line))

        # Keys by which other horizons find them
        self.key[into] = _keys(d, mixture)[at]

    def paths(self, context: Array, horizon_s: Array, count: int) -> tuple[Array, Array]:
        """Up to `count` paths through the queries (m,) of each context, the most likely first.

        Returns the path's positions at each query (m, count, 2) in metres east and north of the
        last fix, and the probabilities of the paths (m, count), equal along a context; nan where
        there are fewer.
        """
        rank = self._ranks(context)
        result = np.full((len(context), count, 2), np.nan)
        probability = np.full((len(context), count), np.nan)

        for queries in _together(context, horizon_s):
            movements = self._followed(queries, rank[queries])
            n_clusters = max(count, Settings.clusters)
            point = self.point[queries]
            found, share = cluster(movements, point, horizon_s[queries], n_clusters)
            result[queries] = np.moveaxis(found[:count], 0, 2)
            share = share[:count]
            probability[queries] = share.T[:, None]

        return result, probability

    def _ranks(self, context: Array) -> Array:
        """(m, c) the rank of components within their context, by weight over all horizons."""
        of = np.repeat(context, Settings.stored)
        key = content_hash(self.key.ravel(), of)
        _, one, number = np.unique(key, return_index=True, return_inverse=True)
        weight = np.bincount(number, self.values.weight.ravel())

        return rank_within(of[one], weight)[number].reshape(self.key.shape)

    def _followed(self, queries: Array, rank: Array) -> Movements:
        """The components (n, h, C) of queries (n, h), each in one column through the horizons."""
        result = Movements.unknown(*queries.shape, Settings.components)
        followed = (rank < Settings.components) & (self.values.weight[queries] > 0)
        n, h, c = np.nonzero(followed)
        components = self.values.take(queries[n, h], c)
        column = rank[n, h, c]
        result.put((n, h, column), components)

        return result


def _together(context: Array, horizon_s: Array) -> Iterator[Array]:
    """Numbers of queries (n, h): contexts with equally many horizons, in the order of these."""
    s = Settings
    order = np.lexsort((horizon_s, context))
    first = np.flatnonzero(run_starts(context[order]))
    size = np.diff(np.append(first, len(order)))

    for h in np.unique(size):
        begin = first[size == h][:, None]
        queries = order[begin + np.arange(h)]
        points = h * s.components * s.rings * s.directions
        at_once = max(s.at_once // points, 1)

        for row in range(0, len(queries), at_once):
            yield queries[row : row + at_once]


def _lines(d: Described, mixture: Mixture) -> Array:
    """Where the continuations of trips went themselves, (n, C, 2); nan for other components."""
    result = np.full(mixture.centre.shape, np.nan)
    near = d.continuations
    there = near[..., DISPLACEMENT] + near[..., POSITION]

    # Those without weight and those of days have no line
    counts = near[..., WEIGHT] > MIN_WEIGHT
    counts &= (d.kind == ContextKind.TRIP)[:, None]
    there[~counts] = np.nan

    # They stand behind the components of the network
    first = d.mixture.weight.shape[1]
    n = min(near.shape[1], result.shape[1] - first)
    result[:, first : first + n] = there[:, :n]

    return result


def _keys(d: Described, m: Mixture) -> Array:
    """Keys (n, C) of the components of mixtures.

    Those of places are made of where they are, those of continuations of what they start from.
    Several mixtures of the same components may have been joined.
    """
    near = d.continuations
    start = near[..., POSITION]
    n_outputs = d.mixture.weight.shape[1]
    places = np.zeros((len(near), 0), np.uint64)

    if d.places is not None:
        places = content_hash(d.places.xy[..., 0], d.places.xy[..., 1])
        places[:, : len(KINDS) - 1] = np.arange(1, len(KINDS))
        n_outputs -= places.shape[1]

    # Outputs of the network are known by their number
    outputs = np.broadcast_to(np.arange(n_outputs), (len(near), n_outputs))
    continuations = content_hash(start[..., 0], start[..., 1], near[..., WEIGHT])
    one = _numbered([outputs, places, continuations])

    # Mixtures that were joined have the same components, one after the other
    width = m.weight.shape[1]
    n_joined = -(-width // one.shape[1])
    keys = _numbered([one] * n_joined)

    return keys[:, :width]


def _numbered(parts: list[Array]) -> Array:
    """Keys side by side, which differ from part to part."""
    return np.hstack([content_hash(np.array(i), part) for i, part in enumerate(parts)])
