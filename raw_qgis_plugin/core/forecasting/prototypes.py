# SPDX-License-Identifier: GPL-2.0-or-later
"""Prototypes: means of several people's continuations in the places that a model was trained on.

They are a second source of continuations for trips (neighbours.py), so that a layer profits from streets that the
model's training has seen. Each is the mean over several people (microaggregation, model/retrieval/prototypes.py).
"""

from __future__ import annotations

import numpy as np

from ..bundle.contract import PROTOTYPE_LAGS
from .neighbours import COLUMNS, REACH, WEIGHT, Kernel, coordinates


class Prototypes:
    """The prototypes of a model. There is one k-d tree for each pace, built when it is first needed."""

    def __init__(self, table: np.ndarray) -> None:
        """table: (n,) records of PROTOTYPE."""
        self._table = table
        self._trees: dict[int, tuple] = {}

    def continuations(self, pace: int, at: np.ndarray, horizon_s: np.ndarray) -> np.ndarray:
        """COLUMNS (m, h, k, 12) of the nearest prototypes of a pace to the coordinates `at` (m, 7), over horizon_s
        (m, h): their displacements and weights, and zero in the other columns.
        """
        kernel = Kernel.of_trips(pace)
        tree, offsets = self._tree(pace)
        k = min(kernel.count, len(offsets))
        result = np.zeros((*horizon_s.shape, k, len(COLUMNS)))
        if not k:
            return result
        away, found = tree.query(at, k=np.arange(1, k + 1), distance_upper_bound=REACH)
        found = np.minimum(found, len(offsets) - 1)  # of a neighbour beyond the reach, whose weight is zero
        lags = horizon_s / kernel.lag_s
        knots = np.append(0, PROTOTYPE_LAGS)
        knot = np.clip(np.searchsorted(knots, lags, side="left"), 1, len(knots) - 1)
        part = ((lags - knots[knot - 1]) / (knots[knot] - knots[knot - 1]))[..., None, None]
        low, high = (offsets[found[:, None], n[..., None]] for n in (knot - 1, knot))  # (m, h, k, 2)
        displacement = low + part * (high - low)
        known = np.isfinite(displacement).all(axis=-1) & (lags <= knots[-1])[..., None]
        result[..., :2] = np.where(known[..., None], displacement, 0.0)
        result[..., WEIGHT] = np.exp(-0.5 * np.square(away))[:, None] * known
        return result

    def _tree(self, pace: int) -> tuple:
        """The k-d tree of a pace, and the offsets (n, 1 + lags, 2) from its starts after each of PROTOTYPE_LAGS."""
        if pace not in self._trees:
            from scipy.spatial import cKDTree

            own = self._table[self._table["pace"] == pace]
            lon, lat = own["lon_e6"] / 1e6, own["lat_e6"] / 1e6
            velocity = own["velocity_ms"].astype(np.float64)
            at = coordinates(Kernel.of_trips(pace), np.zeros(len(own), np.int64), lon, lat, velocity)
            offsets = np.concatenate([np.zeros((len(own), 1, 2)), own["offset_m"].astype(np.float64)], axis=1)
            self._trees[pace] = cKDTree(at, balanced_tree=False), offsets
        return self._trees[pace]
