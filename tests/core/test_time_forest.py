# SPDX-License-Identifier: GPL-2.0-or-later
"""Nearest neighbours of the past: those of a plain search, whatever comes later."""

from __future__ import annotations

import numpy as np
import pytest

from raw_qgis_plugin.core.forecasting import nearest
from raw_qgis_plugin.core.forecasting.nearest import TimeForest


def plain(points, at, before, k, most):
    """The same by comparing everything."""
    away, row = np.full((len(at), k), np.inf), np.zeros((len(at), k), int)
    for i, (query, end) in enumerate(zip(at, before, strict=True)):
        distance = np.linalg.norm(points[:end] - query, axis=1)
        nearest = np.argsort(distance, kind="stable")[:k]
        nearest = nearest[distance[nearest] <= most]
        away[i, : len(nearest)], row[i, : len(nearest)] = distance[nearest], nearest
    return away, row


@pytest.mark.parametrize("n", [0, 1, 7, 100, 1000])
def test_neighbours_are_those_of_a_plain_search(n, monkeypatch):
    monkeypatch.setattr(nearest, "SMALLEST_BLOCK", 8)
    monkeypatch.setattr(nearest, "FAN_OUT", 4)
    rng = np.random.default_rng(n)
    points, at = rng.normal(size=(n, 3)), rng.normal(size=(50, 3))
    before = rng.integers(0, n + 1, 50)
    away, row = TimeForest(points).nearest(at, before, 5, 1.5)
    expected = plain(points, at, before, 5, 1.5)
    np.testing.assert_allclose(away, expected[0])
    known = np.isfinite(away)
    np.testing.assert_array_equal(row[known], expected[1][known])
