# SPDX-License-Identifier: GPL-2.0-or-later
"""Candidate places for a query of days: here, onward along the way, or one of the mover's own
places.

Each carries the share of the mover's time near it: in all, at this hour of the day and of the week,
after having been where the mover is now, and of late, from the fixes up to the query's own, without
coordinates. The network weighs them. The columns were trained: they are a format.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..arrays import rank_within
from ..features import featurizer as feat
from ..geodesy import offset_m
from ..times import DAY_MS, HOUR_MS

KINDS = ("stay", "onward", "median place", "a day before", "a week before", "own place")
N_OWN_PLACES = 8
N_CANDIDATES = len(KINDS) - 1 + N_OWN_PLACES
NEAR_M = (200.0, 1000.0)  # time within these distances counts as time at a candidate
N_WEIGHTS = 6  # ways to weigh the fixes of a context, see `_weights`
N_CANDIDATE_COLUMNS = len(KINDS) + 4 + N_WEIGHTS * len(NEAR_M) + N_WEIGHTS  # columns of a candidate
LATERAL_CANDIDATE = [len(KINDS) + 3]  # the column that changes sign when a track is mirrored


@dataclass(frozen=True)
class Candidates:
    """Candidate places of m queries. xy: (m, K, 2) metres in the fix's frame. x: (m, K,
    N_CANDIDATE_COLUMNS) float32, zero where there is no such candidate.
    """

    xy: np.ndarray
    x: np.ndarray

    @property
    def known(self) -> np.ndarray:
        """(m, K) bool: which candidates exist."""
        return np.asarray(self.x[..., : len(KINDS)].any(axis=-1))


def candidates(
    f: feat.Features, row: np.ndarray, dt_s: np.ndarray, query: feat.Query
) -> Candidates:
    """Lay out the candidates of queries that ask the fixes `row` (m,) where they will be `dt_s`
    (m,) seconds later.
    """
    m, pairs_at_once = len(row), 1_500_000  # queries × fixes
    xy, x = (
        np.zeros((m, N_CANDIDATES, 2)),
        np.zeros((m, N_CANDIDATES, N_CANDIDATE_COLUMNS), np.float32),
    )
    length = row - f.first[row] + 1
    order = np.argsort(length, kind="stable")
    at = 0
    while at < m:
        some = order[at : at + max(pairs_at_once // int(length[order[min(at + 512, m - 1)]]), 1)][
            :512
        ]
        xy[some], x[some] = _lay_out(
            f, row[some], np.asarray(dt_s, np.float64)[some], query.base[some]
        )
        at += len(some)
    found, distance = Candidates(xy, x), np.hypot(xy[..., 0], xy[..., 1])
    reach = distance + query.scale[:, None]
    columns = (
        np.log1p(distance / 50.0) / 8.0,
        distance / reach,
        xy[..., 0] / reach,
        xy[..., 1] / reach,
    )
    x[..., len(KINDS) : len(KINDS) + len(columns)] = (
        np.stack(columns, axis=-1) * found.known[..., None]
    )
    return found


def _lay_out(
    f: feat.Features, row: np.ndarray, dt: np.ndarray, base: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Places (m, K, 2) and all of their columns but the distances, for queries of contexts about
    equally long.
    """
    m, first = len(row), f.first[row]
    longest = int((row - first).max()) + 1
    at = row[:, None] - np.arange(longest - 1, -1, -1)
    valid = at >= first[:, None]
    at = np.maximum(at, first[:, None])
    # (m, L)
    east, north = np.moveaxis(
        offset_m(f.lon[at], f.lat[at], f.lon[row, None], f.lat[row, None]), -1, 0
    )
    hx, hy = f.heading[row].T[..., None]
    position = np.stack([east * hx + north * hy, north * hx - east * hy], axis=-1)  # in the frame
    weights = _weights(f, row, dt, at, valid, np.hypot(position[..., 0], position[..., 1]))

    xy = np.zeros((m, N_CANDIDATES, 2))
    known = np.zeros((m, N_CANDIDATES), bool)
    known[:, :3] = True
    xy[:, 1] = base
    ordered = np.sort(np.where(valid[..., None], position, np.inf), axis=1)
    count, query = valid.sum(axis=1), np.arange(m)
    # the median, by coordinate
    xy[:, 2] = 0.5 * (ordered[query, (count - 1) // 2] + ordered[query, count // 2])
    for c, back in ((3, DAY_MS), (4, 7 * DAY_MS)):
        j, known[:, c] = feat.at_key(
            f.key, first, row, f.key[row] + (dt * 1000).astype(np.int64) - back
        )
        xy[:, c] = feat.displacement(f, row, f.lon[j], f.lat[j])
    xy[:, 5:], known[:, 5:] = _own_places(position, valid, weights)
    xy[~known] = 0.0

    total = weights.sum(axis=1)  # (m, weights) hours
    share = (weights / np.maximum(total, 1e-6)[:, None]).astype(np.float32)
    spot, point = xy.astype(np.float32), position.astype(np.float32)
    square = (
        (spot**2).sum(-1)[:, :, None]
        + (point**2).sum(-1)[:, None, :]
        - 2 * spot @ point.transpose(0, 2, 1)
    )
    x = np.zeros((m, N_CANDIDATES, N_CANDIDATE_COLUMNS), np.float32)
    kind = np.minimum(np.arange(N_CANDIDATES), len(KINDS) - 1)
    x[:, np.arange(N_CANDIDATES), kind] = 1.0
    begin = len(KINDS) + 4
    for radius in NEAR_M:
        x[..., begin : begin + N_WEIGHTS] = (square < radius**2).astype(np.float32) @ share
        begin += N_WEIGHTS
    x[..., begin:] = np.log1p(total)[:, None] / 5.0
    x[~known] = 0.0
    return xy, x


def _weights(
    f: feat.Features,
    row: np.ndarray,
    dt: np.ndarray,
    at: np.ndarray,
    valid: np.ndarray,
    away_m: np.ndarray,
) -> np.ndarray:
    """Hours that each fix of the contexts (m, L) stands for: in all, at the query's hour of the
    day, at its hour of the week, after having been near here, the same at this hour of the day, and
    of late: (m, L, N_WEIGHTS).
    """
    m, longest = at.shape
    day_spread_h, week_spread_h, recent_h = 1.0, 1.5, 6.0
    # A fix counts until the next one, for half an hour at most, and the last one for five minutes.
    until_next = np.minimum(np.diff(f.t, append=f.t[-1:]), HOUR_MS / 2)
    hours = np.where(valid, until_next[at], 0.0)
    hours[:, -1] = HOUR_MS / 12
    hours /= HOUR_MS
    ago_h = (f.t[row][:, None] - f.t[at]) / HOUR_MS
    by_day = _bell(ago_h + dt[:, None] / 3600, 24.0, day_spread_h)
    by_week = _bell(ago_h + dt[:, None] / 3600, 168.0, week_spread_h)
    # Where the mover was dt after each earlier time near here: the fix that held then.
    here = hours * (away_m < NEAR_M[0]) * (ago_h * 3600 >= dt[:, None])
    later = (
        np.searchsorted(f.key, f.key[at] + (dt * 1000).astype(np.int64)[:, None], side="right") - 1
    )
    column = np.clip(later - (row[:, None] - longest + 1), 0, longest - 1)
    cell = (np.arange(m)[:, None] * longest + column).ravel()
    after, after_at_hour = (
        np.bincount(cell, w.ravel(), m * longest).reshape(m, longest)
        for w in (here, here * _bell(ago_h, 24.0, week_spread_h))
    )
    of_late = hours * np.exp(-ago_h / recent_h)
    return np.stack(
        [hours, hours * by_day, hours * by_week, after, after_at_hour, of_late], axis=-1
    )


def _bell(hours: np.ndarray, period: float, spread: float) -> np.ndarray:
    """The weight of a time lag `hours` that is a multiple of the period, give or take `spread`
    hours.
    """
    phase = (hours / period + 0.5) % 1.0 - 0.5
    return np.exp(-0.5 * np.square(phase * (period / spread)))


def _own_places(
    position: np.ndarray, valid: np.ndarray, weights: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The mover's own places (m, N_OWN_PLACES, 2), best first, and which exist: of the cells of a
    grid around the last fix those with most of the weights, all counted alike, at the mean position
    of their fixes.
    """
    m, cell_m, half = len(position), 250.0, 2**19
    score = (weights / np.maximum(weights.sum(axis=1, keepdims=True), 1e-6)).sum(axis=-1)
    query = np.broadcast_to(np.arange(m)[:, None], valid.shape)[valid]
    cell = (
        np.clip(np.floor(position[valid] / cell_m + 0.5), -half, half - 1).astype(np.int64) + half
    )
    key, member = np.unique(
        (query.astype(np.int64) << 40) + (cell[:, 0] << 20) + cell[:, 1], return_inverse=True
    )
    points, hours = position[valid], weights[..., 0][valid] + 1e-9
    total = np.bincount(member, hours)
    centre = np.stack([np.bincount(member, hours * points[:, c]) / total for c in (0, 1)], axis=-1)
    owner, sums = key >> 40, np.bincount(member, score[valid])
    rank = rank_within(owner, sums)
    best = np.flatnonzero(rank < N_OWN_PLACES)
    xy, known = np.zeros((m, N_OWN_PLACES, 2)), np.zeros((m, N_OWN_PLACES), bool)
    xy[owner[best], rank[best]] = centre[best]
    known[owner[best], rank[best]] = True
    return xy, known
