# SPDX-License-Identifier: GPL-2.0-or-later
"""Candidate places for a query of days: here, onward along the way, or one of the mover's places.

Each carries the share of the mover's time near it: in all, at this hour of the day and of the week,
after having been where the mover is now, and of late, from the fixes up to the query's own, without
coordinates. The network weighs them. The columns were trained: they are a format.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..arrays import Array, rank_within
from ..features import featurizer as feat
from ..geodesy import length
from ..times import DAY_MS, HOUR_MS

KINDS = ("stay", "onward", "median place", "a day before", "a week before", "own place")
N_OWN_PLACES = 8
FIRST_OWN = len(KINDS) - 1  # one candidate of each other kind comes before the own places
N_CANDIDATES = FIRST_OWN + N_OWN_PLACES
NEAR_M = (200.0, 1000.0)  # time within these distances counts as time at a candidate
WEIGHTS = ("all", "hour of day", "hour of week", "after here", "after here at that hour", "of late")
# The columns of a candidate: its kind, its distance (4), shares of time within NEAR_M by WEIGHTS,
# and hours in all by WEIGHTS
FIRST_SHARE = len(KINDS) + 4
FIRST_HOURS = FIRST_SHARE + len(WEIGHTS) * len(NEAR_M)
N_CANDIDATE_COLUMNS = FIRST_HOURS + len(WEIGHTS)
LATERAL_CANDIDATE = [len(KINDS) + 3]  # the column that changes sign when a track is mirrored


class Settings:
    """How time at places is weighed, and how the work is cut."""

    day_spread_h: float = 1.0  # hours of the day that count as the same
    week_spread_h: float = 1.5  # hours of the week that count as the same
    recent_h: float = 6.0  # of late: a fix so long ago counts 1/e
    cell_m: float = 250.0  # own places are found in cells of this size
    queries_at_once: int = 512
    pairs_at_once: int = 1_500_000  # queries × fixes


@dataclass(frozen=True)
class Candidates:
    """Candidate places of m queries."""

    xy: Array  # (m, K, 2) metres in the fix's frame
    x: Array  # (m, K, N_CANDIDATE_COLUMNS) float32, zero where there is no such candidate

    @property
    def known(self) -> Array:
        """(m, K) bool: which candidates exist."""
        kind = self.x[..., : len(KINDS)]
        return np.asarray(kind.any(axis=-1))


def candidates(f: feat.Features, row: Array, dt_s: Array, query: feat.Query) -> Candidates:
    """Lay out the candidates of queries that ask the fixes `row` (m,) where they will be `dt_s`
    (m,) seconds later.
    """
    s = Settings
    xy = np.zeros((len(row), N_CANDIDATES, 2))
    x = np.zeros((len(row), N_CANDIDATES, N_CANDIDATE_COLUMNS), np.float32)
    dt_ms = (np.asarray(dt_s, np.float64) * 1000).astype(np.int64)
    fixes = row - f.first[row] + 1
    order = np.argsort(fixes, kind="stable")
    at = 0

    while at < len(row):
        some = order[at : at + s.queries_at_once]

        # Fewer at once where contexts are long
        n = max(s.pairs_at_once // int(fixes[some[-1]]), 1)
        some = some[:n]
        context = _Context.of(f, row[some], dt_ms[some])
        xy[some], x[some] = _lay_out(context, query.base[some])
        at += len(some)

    found = Candidates(xy, x)

    # Distances are the same for all kinds
    columns = _distance_columns(xy, query.scale)
    x[..., len(KINDS) : FIRST_SHARE] = columns * found.known[..., None]

    return found


def _distance_columns(xy: Array, scale: Array) -> Array:
    """How far places (m, K, 2) are, and relative to the scale (m,) of their query: (m, K, 4)."""
    distance = length(xy)
    reach = distance + scale[:, None]
    far = np.log1p(distance / 50.0) / 8.0
    of_reach = distance / reach
    along = xy[..., 0] / reach
    across = xy[..., 1] / reach

    return np.stack([far, of_reach, along, across], axis=-1)


@dataclass(frozen=True)
class _Context:
    """The fixes of contexts of m queries, padded on the left to the longest of them, L."""

    f: feat.Features
    row: Array  # (m,) the last fixes
    dt_ms: Array  # (m,) from there to the time of the query
    at: Array  # (m, L) rows of the fixes
    valid: Array  # (m, L) bool, False on padding
    position: Array  # (m, L, 2) metres in the frame of the last fix

    @classmethod
    def of(cls, f: feat.Features, row: Array, dt_ms: Array) -> _Context:
        here = row[:, None]
        first = f.first[here]
        longest = (here - first).max()
        back = np.arange(longest, -1, -1)
        at = here - back
        valid = at >= first
        at = np.maximum(at, first)
        position = feat.displacement(f, here, f.lon[at], f.lat[at])

        return cls(f, row, dt_ms, at, valid, position)


def _lay_out(c: _Context, onward: Array) -> tuple[Array, Array]:
    """Places (m, K, 2) and all of their columns but the distances. onward: (m, 2) of the way."""
    m = len(c.row)
    weights = _weights(c)
    xy = np.zeros((m, N_CANDIDATES, 2))
    known = np.ones((m, N_CANDIDATES), bool)

    # One place of each kind, in the order of KINDS; here is at zero
    xy[:, 1] = onward
    xy[:, 2] = _median_place(c)
    xy[:, 3], known[:, 3] = _place_before(c, DAY_MS)
    xy[:, 4], known[:, 4] = _place_before(c, 7 * DAY_MS)
    xy[:, FIRST_OWN:], known[:, FIRST_OWN:] = _own_places(c, weights)
    xy[~known] = 0.0

    x = np.zeros((m, N_CANDIDATES, N_CANDIDATE_COLUMNS), np.float32)

    # Which kind a candidate is
    x[:, range(FIRST_OWN), range(FIRST_OWN)] = 1.0
    x[:, FIRST_OWN:, FIRST_OWN] = 1.0

    # How much of the time was spent near it
    total = weights.sum(axis=1)
    share = weights / np.maximum(total, 1e-6)[:, None]
    share = share.astype(np.float32)
    x[..., FIRST_SHARE:FIRST_HOURS] = _shares_nearby(xy, c.position, share)
    x[..., FIRST_HOURS:] = np.log1p(total)[:, None] / 5.0
    x[~known] = 0.0

    return xy, x


def _median_place(c: _Context) -> Array:
    """The median (m, 2) of each coordinate of the fixes."""
    position = np.where(c.valid[..., None], c.position, np.inf)
    ordered = np.sort(position, axis=1)
    count = c.valid.sum(axis=1)
    query = np.arange(len(count))
    low = ordered[query, (count - 1) // 2]
    high = ordered[query, count // 2]

    return 0.5 * (low + high)


def _place_before(c: _Context, back_ms: int) -> tuple[Array, Array]:
    """Where the mover was so long before the time of the query (m, 2), and where that is known."""
    f = c.f
    row = c.row
    wanted = f.key[row] + c.dt_ms - back_ms
    at, known = feat.at_key(f.key, f.first[row], row, wanted)
    xy = feat.displacement(f, row, f.lon[at], f.lat[at])

    return xy, known


def _shares_nearby(xy: Array, position: Array, share: Array) -> Array:
    """Shares (m, K, NEAR_M × WEIGHTS) of the weights of fixes that lie near places (m, K, 2).

    position: (m, L, 2) metres. share: (m, L, WEIGHTS) float32.
    """
    spot = xy.astype(np.float32)
    point = position.astype(np.float32)
    square = -2 * spot @ point.swapaxes(1, 2)
    square += np.square(spot).sum(axis=-1)[..., None]
    square += np.square(point).sum(axis=-1)[:, None]
    shares = []

    for radius in NEAR_M:
        near = square < radius**2
        shares.append(near.astype(np.float32) @ share)

    return np.concatenate(shares, axis=-1)


def _weights(c: _Context) -> Array:
    """Hours that each fix of the contexts stands for by WEIGHTS: (m, L, 6)."""
    s = Settings
    f = c.f
    # A fix counts until the next one, for half an hour at most, and the last one for five minutes
    until_next_h = np.diff(f.t, append=f.t[-1:]) / HOUR_MS
    until_next_h = np.minimum(until_next_h, 0.5)
    hours = np.where(c.valid, until_next_h[c.at], 0.0)
    hours[:, -1] = 1 / 12
    ago_h = (f.t[c.row, None] - f.t[c.at]) / HOUR_MS
    dt_h = c.dt_ms[:, None] / HOUR_MS
    apart_h = ago_h + dt_h
    was_here = length(c.position) < NEAR_M[0]
    was_here &= ago_h >= dt_h
    here = np.where(was_here, hours, 0.0)
    here_at_hour = here * _bell(ago_h, 24.0, s.week_spread_h)
    same_hour = _bell(apart_h, 24.0, s.day_spread_h)
    same_hour_of_week = _bell(apart_h, 168.0, s.week_spread_h)
    columns = {
        "all": hours,
        "hour of day": hours * same_hour,
        "hour of week": hours * same_hour_of_week,
        "after here": _moved_on(c, here),
        "after here at that hour": _moved_on(c, here_at_hour),
        "of late": hours * np.exp(-ago_h / s.recent_h),
    }

    return np.stack([columns[name] for name in WEIGHTS], axis=-1)


def _moved_on(c: _Context, hours: Array) -> Array:
    """The hours (m, L) of fixes, moved to the fixes that held dt_s later."""
    wanted = c.f.key[c.at] + c.dt_ms[:, None]
    later = np.searchsorted(c.f.key, wanted, side="right") - 1

    # What comes before the context counts at its first fix, what comes after it at its last
    width = hours.shape[1]
    first = c.row[:, None] - width + 1
    column = np.clip(later - first, 0, width - 1)

    # Hours that lead to the same fix add up
    query = np.arange(len(hours))[:, None]
    cell = query * width + column
    moved = np.bincount(cell.ravel(), hours.ravel(), hours.size)

    return moved.reshape(hours.shape)


def _bell(hours: Array, period: float, spread: float) -> Array:
    """The weight of a time lag `hours`: one at multiples of the period, give or take `spread`."""
    phase = (hours / period + 0.5) % 1.0 - 0.5
    off = phase * (period / spread)
    return np.exp(-0.5 * np.square(off))


def _own_places(c: _Context, weights: Array) -> tuple[Array, Array]:
    """The mover's own places (m, N_OWN_PLACES, 2), best first, and which exist.

    Of the cells of a grid around the last fix they are those with most of the weights, all counted
    alike, at the mean position of their fixes.
    """
    total = weights.sum(axis=1, keepdims=True)
    share = weights / np.maximum(total, 1e-6)
    score = share.sum(axis=-1)[c.valid]

    # Fixes are gathered by the cells in which they lie
    hours = weights[c.valid, 0] + 1e-9
    x, y = c.position[c.valid].T
    key, cell = np.unique(_cell_keys(c), return_inverse=True)
    of_cell = np.bincount(cell, hours)
    x = np.bincount(cell, hours * x) / of_cell
    y = np.bincount(cell, hours * y) / of_cell

    # The best cells of each query, by the sum of all weights
    query = key >> 40
    rank = rank_within(query, np.bincount(cell, score))
    best = rank < N_OWN_PLACES
    at = query[best], rank[best]

    # Where a query has fewer cells, there is no place
    xy = np.full((len(weights), N_OWN_PLACES, 2), np.nan)
    xy[at] = np.column_stack([x[best], y[best]])

    return xy, np.isfinite(xy[..., 0])


def _cell_keys(c: _Context) -> Array:
    """A number for the query and the cell of each fix: query, column and row, by 20 bits."""
    half = 2**19
    query, _ = np.nonzero(c.valid)
    cell = np.floor(c.position[c.valid] / Settings.cell_m + 0.5)

    # Far cells share the one at the edge
    cell = np.clip(cell, -half, half - 1) + half
    column, row = cell.astype(np.int64).T

    return (query << 40) + (column << 20) + row
