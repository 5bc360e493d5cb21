# SPDX-License-Identifier: GPL-2.0-or-later
"""Typical ways: how movement goes on in the places that a model was trained on.

A network without coordinates cannot know streets; a model that was trained on tracks of a city may. Each way is the
mean of some fixes of several people that lay near each other, moved alike and went on alike (microaggregation; made by
prototypes.py), so that it is nobody's own. Trips lean toward ways like these as toward where the layer's own
tracks went (core/forecasting/neighbours.py).
"""

from __future__ import annotations

import numpy as np

from ..bundle.contract import PROTOTYPE_LAGS
from .neighbours import NEIGHBOURS, Likeness, coordinates


class TypicalWays:
    """Ways of a model, to be asked. A tree is laid out once for each pace."""

    def __init__(self, table: np.ndarray) -> None:
        """table: (n,) of PROTOTYPE (core/bundle/contract.py)."""
        self._table = table
        self._trees: dict[int, tuple] = {}

    def ways(self, pace: int, at: np.ndarray, horizon_s: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The ways (m, h, NEIGHBOURS, 2), metres east and north after horizon_s (m, h), of the likest starts to the
        coordinates `at` (m, 7) of neighbours.py, and how alike they are (m, h, NEIGHBOURS): zero where that is
        not known.
        """
        shape = (*horizon_s.shape, NEIGHBOURS)
        ways, alike = np.zeros((*shape, 2)), np.zeros(shape)
        tree, offsets = self._tree(pace)
        if not len(offsets):
            return ways, alike
        k = min(NEIGHBOURS, len(offsets))
        away, found = tree.query(at, k=np.arange(1, k + 1))
        after = horizon_s / Likeness.of_trips(pace).lag_s
        knots = np.append(0, PROTOTYPE_LAGS)
        into = np.clip(np.searchsorted(knots, after, side="left"), 1, len(knots) - 1)
        part = ((after - knots[into - 1]) / (knots[into] - knots[into - 1]))[..., None, None]
        first, then = (offsets[found[:, None], knot[..., None]] for knot in (into - 1, into))  # (m, h, k, 2)
        went = first + part * (then - first)
        known = np.isfinite(went).all(axis=-1) & (after <= knots[-1])[..., None]
        ways[:, :, :k] = np.where(known[..., None], went, 0.0)
        alike[:, :, :k] = np.exp(-0.5 * np.square(away))[:, None] * known
        return ways, alike

    def _tree(self, pace: int) -> tuple:
        """The k-d tree of the starts of a pace, and where each was at its start and after each of PROTOTYPE_LAGS."""
        if pace not in self._trees:
            from scipy.spatial import cKDTree

            own = self._table[self._table["pace"] == pace]
            lon, lat = own["lon_e6"] / 1e6, own["lat_e6"] / 1e6
            velocity = own["velocity_ms"].astype(np.float64)
            at = coordinates(Likeness.of_trips(pace), np.zeros(len(own), np.int64), lon, lat, velocity)
            offsets = np.concatenate([np.zeros((len(own), 1, 2)), own["offset_m"].astype(np.float64)], axis=1)
            self._trees[pace] = cKDTree(at, balanced_tree=False), offsets
        return self._trees[pace]
