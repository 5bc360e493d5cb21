# SPDX-License-Identifier: GPL-2.0-or-later
"""Forecast windows in columns: contexts, queries and truths, the same for every method."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..geodesy import haversine_m
from ..tracks import Tracks


@dataclass(frozen=True)
class Windows:
    """Contexts of different lengths, padded on the left, with the queries of each.

    user: (w,) int, ascending. t: (w, c) epoch ms, on padding that of the oldest fix. lon, lat: (w,
    c) degrees, oldest first, nan on padding. horizon_s: (h,) the nominal horizons. query_t: (w, h)
    epoch ms, the true times. true_lon, true_lat: (w, h) degrees, nan if there is no truth.
    """

    family: str
    user: np.ndarray
    t: np.ndarray
    lon: np.ndarray
    lat: np.ndarray
    horizon_s: np.ndarray
    query_t: np.ndarray
    true_lon: np.ndarray
    true_lat: np.ndarray

    def __len__(self) -> int:
        return len(self.user)

    @property
    def known(self) -> np.ndarray:
        """(w, h) bool: whether there is a truth."""
        return ~np.isnan(self.true_lon)

    @property
    def at(self) -> np.ndarray:
        """(m,) the window of each query that has a truth."""
        return np.nonzero(self.known)[0]

    def contexts(self) -> Tracks:
        """Each context as a track of its own of its user, in the order of the windows, without the
        truth.
        """
        ids = np.array([f"{i:07d}" for i in range(len(self))], dtype=object)
        users, user = np.unique(self.user, return_inverse=True)
        real = ~np.isnan(self.lon)
        track = np.nonzero(real)[0].astype(np.int32)
        columns = self.t[real], self.lon[real], self.lat[real]
        return Tracks(users.astype(str).astype(object), ids, user.astype(np.int32), track, *columns)


def draw(group: np.ndarray, limit: int, per_group: int, seed: int) -> np.ndarray:
    """Ascending indexes into group (n,), at most `per_group` a group and `limit` in all, at random."""
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(group))
    order = order[np.argsort(group[order], kind="stable")]
    rank = np.arange(len(order)) - np.searchsorted(group[order], group[order])
    return np.sort(rng.permutation(order[rank < per_group])[:limit])


def errors_m(w: Windows, forecast: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
    """Distances (w, h) of forecasts lon, lat (w, h) from the truth in metres on the sphere, nan
    without a truth.
    """
    return haversine_m(*forecast, w.true_lon, w.true_lat)


def spread(w: Windows, values: np.ndarray) -> np.ndarray:
    """Values in the order of `w.known` as (w, h), nan elsewhere."""
    result = np.full(w.known.shape, np.nan)
    result[w.known] = values
    return result
