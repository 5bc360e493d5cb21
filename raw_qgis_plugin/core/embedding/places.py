# SPDX-License-Identifier: GPL-2.0-or-later
"""Where users spend their time, on a grid of 500 m, so coarse that no home is shown."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..arrays import Array, run_starts, stable_order
from ..geodesy import metres_between
from ..times import HOUR_MS, solar_ms
from ..tracks import Tracks

GRID_M = 500.0  # side of a cell
ROW_HEIGHT = GRID_M / 111_132.0  # degrees
MAX_STAY_MS = 12 * HOUR_MS  # a fix stands for no more time than this: loggers are silent indoors
SAMPLE_MS = 600_000  # of the day in usual places


@dataclass(frozen=True)
class UsualPlaces:
    """A user's usual places: cells of the grid, the most time first.

    lon, lat: (k,) degrees, the cells' centres. share: (k,) of the known time. day: (24, k + 2)
    shares of each hour of the day in each of them, elsewhere, and unknown.
    """

    lon: Array
    lat: Array
    share: Array
    day: Array


def usual_places(users: Tracks, row: int, most: int = 3, min_share: float = 0.03) -> UsualPlaces:
    """Up to `most` places of user `row` of `users` (one track a user).

    Each has min_share of the known time. The hours are of mean solar time.
    """
    fixes = slice(*users.user_offsets[row : row + 2])
    last, known, hour = _every_ten_minutes(users.t[fixes], users.lon[fixes])

    x, y, cell = snap(users.lon[fixes], users.lat[fixes])
    _, first, which = np.unique(cell, return_index=True, return_inverse=True)

    where = which[last]
    share = _shares(where[known], len(first))

    best = np.argsort(-share, kind="stable")[:most]
    best = best[share[best] >= min_share]

    day = _day(hour, where, known, best)
    at_best = first[best]

    return UsualPlaces(x[at_best], y[at_best], share[best], day)


def _every_ten_minutes(t: Array, lon: Array) -> tuple[Array, Array, Array]:
    """Times from the first fix to the last: the last fix, whether it still stands, solar hour."""
    at = np.arange(t[0], t[-1], SAMPLE_MS)
    last = np.searchsorted(t, at, "right") - 1

    known = at - t[last] < MAX_STAY_MS
    return last, known, solar_ms(at, lon[last]) // HOUR_MS % 24


def _shares(where: Array, n: int) -> Array:
    """(n,) share of the times at each of n places. where: (m,) their numbers."""
    return np.bincount(where, minlength=n) / max(len(where), 1)


def _day(hour: Array, where: Array, known: Array, best: Array) -> Array:
    """(24, k + 2) share of each hour of the day in the k best places, elsewhere, and unknown.

    hour, where, known: (m,) of times, where: the number of a place.
    """
    k = len(best)
    column = np.full(len(where), k)  # elsewhere
    for number, place in enumerate(best):
        column[where == place] = number

    column[~known] = k + 1
    cell = hour * (k + 2) + column

    count = np.bincount(cell, minlength=24 * (k + 2))
    day = count.reshape(24, k + 2)

    return day / np.maximum(day.sum(axis=1, keepdims=True), 1)


def stay_ms(tracks: Tracks) -> Array:
    """(n,) ms until the next fix of the track, MAX_STAY_MS at most."""
    stay = np.zeros(len(tracks))
    row = tracks.steps()

    lasts = tracks.t[row + 1] - tracks.t[row]
    stay[row] = np.minimum(lasts, MAX_STAY_MS)
    return stay


def most_visited(tracks: Tracks) -> tuple[Array, Array]:
    """(n_tracks,) lon and lat of the cell of the grid where each track spends most of its time."""
    lon, lat, cell = snap(tracks.lon, tracks.lat)
    order = stable_order(tracks.track, cell)

    track = tracks.track[order]
    head = np.flatnonzero(run_starts(track, cell[order]))
    total: Array = np.zeros(0)
    if len(head):
        total = np.add.reduceat(stay_ms(tracks)[order], head)

    best = head[np.lexsort((-total, track[head]))]
    best = best[run_starts(track[best])]  # the cell with the most time of each track

    out: Array = np.full((2, tracks.n_tracks), np.nan)
    out[0, track[best]] = lon[order[best]]
    out[1, track[best]] = lat[order[best]]

    return out[0], out[1]


def snap(lon: Array, lat: Array) -> tuple[Array, Array, Array]:
    """Centres (lon, lat) of the cells of the grid, and the numbers of the cells (int64)."""
    row, middle, across = _rows(lat)
    column = np.floor((lon + 180) / 360 * across)
    column = np.minimum(column, across - 1).astype(np.int64)

    centre = (column + 0.5) * 360 / across - 180
    return centre, middle, row * 1_000_000 + column


def _rows(lat: Array) -> tuple[Array, Array, Array]:
    """The rows of the grid: numbers, middles (degrees), and how many cells go round the earth.

    Rows have the same height in latitude; the cells of a row have the right width at its middle.
    """
    row = np.floor((lat + 90) / ROW_HEIGHT).astype(np.int64)
    middle = np.clip((row + 0.5) * ROW_HEIGHT - 90, -90, 90)

    degree_m = metres_between(np.zeros_like(middle), middle, np.ones_like(middle), middle)
    return row, middle, np.maximum(np.floor(360 * degree_m / GRID_M), 1)


def grid_cell(lon: float, lat: float) -> Array:
    """(5, 2) closed ring in degrees of the cell of `snap` with this centre."""
    *_, [across] = _rows(np.array([lat]))
    corners = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1], [-1, -1]]) / 2
    return np.array([lon, lat]) + corners * [360 / across, ROW_HEIGHT]
