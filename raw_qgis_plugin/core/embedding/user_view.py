# SPDX-License-Identifier: GPL-2.0-or-later
"""What one user's tracks say: the usual places on a coarse grid, and the hours of the day spent there."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..times import HOUR_MS
from ..tracks import Tracks
from .profiles import GRID_M, LONGEST_STAY_MS, snap

PLACES = 3
LEAST_SHARE = 0.03  # of the time known: less is on the way


@dataclass(frozen=True)
class Places:
    """A user's usual places: cells of a 500 m grid, the most time first.

    lon, lat: (k,) degrees, the cells' centres. share: (k,) of the time known. day: (24, k + 2) share of each hour of
    the day (mean solar time) in each of them, elsewhere, and unknown.
    """

    lon: np.ndarray
    lat: np.ndarray
    share: np.ndarray
    day: np.ndarray


def usual_places(users: Tracks, row: int, places: int = PLACES) -> Places:
    """The places of user `row` of `users` (one track a user). A fix holds until the next, for 12 h at the most."""
    fixes = slice(users.user_offsets[row], users.user_offsets[row + 1])
    t, lon, lat = users.t[fixes], users.lon[fixes], users.lat[fixes]
    x, y, cell = snap(lon, lat)
    stay = np.minimum(np.diff(t), LONGEST_STAY_MS)
    cells, first, which = np.unique(cell[:-1], return_index=True, return_inverse=True)
    total = np.bincount(which, stay, len(cells)) if len(cells) else np.zeros(0)
    share = total / max(float(total.sum()), 1.0)
    best = [k for k in np.argsort(-share, kind="stable")[:places] if share[k] >= LEAST_SHARE]
    slot = np.full(len(cells), len(best))
    slot[best] = np.arange(len(best))
    solar = t[:-1] + np.round(lon[:-1] / 15 * HOUR_MS).astype(np.int64)
    day = _hours(solar, stay, slot[which], len(best) + 1)
    observed = np.maximum(_hours_between(solar, t), day.sum(axis=1))
    unknown = np.maximum(observed - day.sum(axis=1), 0.0)
    table = np.column_stack([day, unknown])
    table /= np.maximum(table.sum(axis=1, keepdims=True), 1e-9)
    return Places(x[first[best]], y[first[best]], share[best], table)


def _hours(start: np.ndarray, stay: np.ndarray, slot: np.ndarray, slots: int) -> np.ndarray:
    """(24, slots) ms spent in each slot by hour of the day: every stay cut at the full hours."""
    result = np.zeros((24, slots))
    left, at = stay.astype(np.int64).copy(), start.copy()
    while len(at):  # at the most 13 rounds: a stay is no longer than 12 h
        step = np.minimum(HOUR_MS - at % HOUR_MS, left)
        np.add.at(result, (at // HOUR_MS % 24, slot), step)
        at, left = at + step, left - step
        some = left > 0
        at, left, slot = at[some], left[some], slot[some]
    return result


def _hours_between(solar: np.ndarray, t: np.ndarray) -> np.ndarray:
    """(24,) ms of each hour of the day from the first fix to the last."""
    if len(t) < 2:
        return np.zeros(24)
    first, last = int(solar[0]), int(solar[0] + t[-1] - t[0])
    hour = np.arange(24) * HOUR_MS
    days = (np.array([last, first])[:, None] - hour[None, :]) / (24 * HOUR_MS)
    whole, part = np.floor(days), np.minimum((days % 1) * 24, 1.0)
    spent = (whole + part) * HOUR_MS
    return spent[0] - spent[1]


def grid_cell(lon: float, lat: float) -> np.ndarray:
    """(5, 2) closed ring in degrees of the cell with this centre."""
    height = GRID_M / 111_132.0
    width = height / max(np.cos(np.radians(lat)), 1e-6)
    corners = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1], [-1, -1]]) / 2
    return np.array([lon, lat]) + corners * [width, height]
