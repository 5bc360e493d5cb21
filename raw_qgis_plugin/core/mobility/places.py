# SPDX-License-Identifier: GPL-2.0-or-later
"""Places: which stops of a user are at the same place."""

from __future__ import annotations

import numpy as np

from ..arrays import chained, expand_ranges
from ..geodesy import near_lon, on_sphere
from ..tracks import Tracks

NEAR_M = 100.0  # from stop to stop of a place


def find_places(
    tracks: Tracks, first: np.ndarray, last: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The places of stops, which are the fixes first to last (k,) of users, one track each.

    Returns the number of each stop's place, from 0 in the order of first visits, and the stops' lon
    and lat (degrees): (k,) each. A place is a chain of stops that are near each other.
    """
    size = last - first + 1
    row, stop, user = (
        expand_ranges(first, size),
        np.repeat(np.arange(len(first)), size),
        tracks.user[first],
    )
    east = near_lon(tracks.lon[row] - tracks.lon[first][stop], 0.0)
    since, until = np.maximum(row - 1, first[stop]), np.minimum(row + 1, last[stop])
    # half of a silence is spent where it begins, half where it ends
    time = tracks.t[until] - tracks.t[since]
    lon = near_lon(tracks.lon[first] + _medians(east, time, stop, len(first)), 0.0)
    lat = tracks.lat[first] + _medians(
        tracks.lat[row] - tracks.lat[first][stop], time, stop, len(first)
    )
    if not len(first):
        return np.zeros(0, np.int64), lon, lat
    cell = np.column_stack([user, np.floor(on_sphere(lon, lat) / (NEAR_M / 4))]).astype(np.int64)
    _, head, cell_of = np.unique(cell, axis=0, return_index=True, return_inverse=True)
    # users in layers that never meet
    points = np.column_stack([on_sphere(lon[head], lat[head]), user[head] * 1e8])
    _, begin, found = np.unique(
        chained(points, NEAR_M)[cell_of.ravel()], return_index=True, return_inverse=True
    )
    return np.argsort(np.argsort(begin))[found], lon, lat


def _medians(values: np.ndarray, weights: np.ndarray, group: np.ndarray, n: int) -> np.ndarray:
    """(n,) weighted median of each group; groups ascend, and none is empty. weights: integers."""
    order, ends = np.lexsort((values, group)), np.searchsorted(group, np.arange(n + 1))
    total = np.cumsum(np.append(0, weights[order]))
    row = np.searchsorted(2 * total, total[ends[:-1]] + total[ends[1:]]) - 1
    return values[order][np.maximum(row, ends[:-1])]  # without any weight none is half of it
