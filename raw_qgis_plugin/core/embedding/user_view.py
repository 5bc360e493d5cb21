# SPDX-License-Identifier: GPL-2.0-or-later
"""The usual places of one user on a coarse grid, and the hours of the day spent there."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..times import DAY_MS, HOUR_MS, find_zone, wall_clock
from ..tracks import Tracks
from .profiles import MAX_STAY_MS, grid_rows, snap


@dataclass(frozen=True)
class UsualPlaces:
    """A user's usual places: cells of a 500 m grid, the most time first.

    lon, lat: (k,) degrees, the cells' centres. share: (k,) of the known time. day: (24, k + 2) shares of each hour of
    the day in each of them, elsewhere, and unknown.
    """

    lon: np.ndarray
    lat: np.ndarray
    share: np.ndarray
    day: np.ndarray


def usual_places(users: Tracks, row: int, zone: str = "", most: int = 3, min_share: float = 0.03) -> UsualPlaces:
    """Up to `most` places of user `row` of `users` (one track a user), each with min_share of the known time.

    A fix stands for the time until the next fix, 12 h at most. zone: of the hours, an IANA name; '': mean solar time.
    """
    fixes = slice(users.user_offsets[row], users.user_offsets[row + 1])
    t, lon, lat = users.t[fixes], users.lon[fixes], users.lat[fixes]
    x, y, cell = snap(lon, lat)
    stay = np.minimum(np.diff(t), MAX_STAY_MS)
    cells, first, which = np.unique(cell[:-1], return_index=True, return_inverse=True)
    total = np.bincount(which, stay, len(cells)) if len(cells) else np.zeros(0)
    share = total / max(float(total.sum()), 1.0)
    best = [k for k in np.argsort(-share, kind="stable")[:most] if share[k] >= min_share]
    slot = np.full(len(cells), len(best))
    slot[best] = np.arange(len(best))
    local = wall_clock(t, find_zone(zone)) if zone else t + np.round(lon / 15 * HOUR_MS).astype(np.int64)
    n_slots, begin = len(best) + 1, local[:-1]
    day = np.array([
        np.bincount(slot[which], _ms_in_hour(begin + stay, hour) - _ms_in_hour(begin, hour), n_slots)
        for hour in range(24)
    ])  # fmt: skip
    observed = np.zeros(24)
    if len(t) > 1:
        last = local[0] + t[-1] - t[0]
        observed = np.array([_ms_in_hour(last, hour) - _ms_in_hour(local[0], hour) for hour in range(24)])
    known = day.sum(axis=1)
    table = np.column_stack([day, np.maximum(observed - known, 0.0)])
    table /= np.maximum(table.sum(axis=1, keepdims=True), 1e-9)
    return UsualPlaces(x[first[best]], y[first[best]], share[best], table)


def _ms_in_hour(local: np.ndarray, hour: int) -> np.ndarray:
    """Ms that lie in one hour of the day, of all days from 1970 to local times (ms)."""
    day, clock = np.divmod(local, DAY_MS)
    return day * HOUR_MS + np.clip(clock - hour * HOUR_MS, 0, HOUR_MS)


def grid_cell(lon: float, lat: float) -> np.ndarray:
    """(5, 2) closed ring in degrees of the cell of `snap` with this centre."""
    *_, [across], height = grid_rows(np.array([lat]))
    corners = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1], [-1, -1]]) / 2
    return np.array([lon, lat]) + corners * [360 / across, height]
