# SPDX-License-Identifier: GPL-2.0-or-later
"""Forecast windows in columns: contexts, queries and truths, the same for every method."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..geodesy import haversine_m
from ..tracks import Tracks


@dataclass(frozen=True)
class Windows:
    """Contexts of different lengths, padded on the left, with the queries of each."""

    family: str  # 'backtest', or a family of model/evaluate/forecast.py
    user: np.ndarray  # (w,) int, ascending
    t: np.ndarray  # (w, c) epoch ms, on padding that of the oldest fix
    lon: np.ndarray  # (w, c) degrees, oldest first, nan on padding
    lat: np.ndarray
    horizon_s: np.ndarray  # (h,) the nominal horizons
    query_t: np.ndarray  # (w, h) epoch ms, the true times
    true_lon: np.ndarray  # (w, h) degrees, nan if there is no truth
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
        """Each context as a track of its own of its user, in the order of the windows."""
        ids = np.array([f"{i:07d}" for i in range(len(self))], dtype=object)
        users, user = np.unique(self.user, return_inverse=True)
        users = users.astype(str).astype(object)
        user = user.astype(np.int32)
        real = ~np.isnan(self.lon)
        track = np.nonzero(real)[0].astype(np.int32)
        t = self.t[real]

        return Tracks(users, ids, user, track, t, self.lon[real], self.lat[real])


def draw(group: np.ndarray, limit: int, per_group: int, seed: int) -> np.ndarray:
    """Ascending indexes into group (n,), at random: `per_group` a group and `limit` in all."""
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(group))
    order = order[np.argsort(group[order], kind="stable")]
    ordered = group[order]
    rank = np.arange(len(order)) - np.searchsorted(ordered, ordered)
    drawn = rng.permutation(order[rank < per_group])

    return np.sort(drawn[:limit])


def errors_m(w: Windows, forecast: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
    """Metres (w, h) on the sphere from forecasts lon, lat (w, h) to the truth, nan without one."""
    return haversine_m(*forecast, w.true_lon, w.true_lat)


def spread(w: Windows, values: np.ndarray) -> np.ndarray:
    """Values in the order of `w.known` as (w, h), nan elsewhere."""
    result = np.full(w.known.shape, np.nan)
    result[w.known] = values
    return result
