# SPDX-License-Identifier: GPL-2.0-or-later
"""Forecast windows in columns: contexts, queries and truths, the same for every method."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..arrays import Array, nearest_row
from ..bundle.runtime import padded
from ..errors import InputError
from ..forecasting.context import select_rows
from ..geodesy import haversine_m
from ..tracks import Tracks
from .verdicts import horizon_words

MAX_WINDOWS = 2000
MAX_PER_USER = 40  # windows
CANDIDATES = 8  # fixes tried for each window, since not every fix has a truth
MIN_FIXES = 3  # of a context: they show how something moves


@dataclass(frozen=True)
class Windows:
    """Contexts of different lengths, padded on the left, with the queries of each."""

    family: str  # 'backtest', or a family of model/evaluate/forecast.py
    user: Array  # (w,) int, ascending
    t: Array  # (w, c) epoch ms, on padding that of the oldest fix
    lon: Array  # (w, c) degrees, oldest first, nan on padding
    lat: Array
    horizon_s: Array  # (h,) the nominal horizons
    query_t: Array  # (w, h) epoch ms, the true times
    true_lon: Array  # (w, h) degrees, nan if there is no truth
    true_lat: Array

    def __len__(self) -> int:
        return len(self.user)

    @property
    def known(self) -> Array:
        """(w, h) bool: whether there is a truth."""
        return ~np.isnan(self.true_lon)

    @property
    def at(self) -> Array:
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


def draw(group: Array, limit: int, per_group: int, seed: int = 0) -> Array:
    """Ascending indexes into group (n,), at random: `per_group` a group and `limit` in all."""
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(group))
    order = order[np.argsort(group[order], kind="stable")]
    ordered = group[order]
    rank = np.arange(len(order)) - np.searchsorted(ordered, ordered)
    drawn = rng.permutation(order[rank < per_group])

    return np.sort(drawn[:limit])


def errors_m(w: Windows, forecast: tuple[Array, Array]) -> Array:
    """Metres (w, h) on the sphere from forecasts lon, lat (w, h) to the truth, nan without one."""
    return haversine_m(*forecast, w.true_lon, w.true_lat)


def spread(w: Windows, values: Array) -> Array:
    """Values in the order of `w.known` as (w, h), nan elsewhere."""
    result = np.full(w.known.shape, np.nan)
    result[w.known] = values
    return result


def cut_windows(
    tracks: Tracks,
    horizons_s: Array,
    folds: int,
    also: Sequence[int] | Array = (),
) -> tuple[Windows, Array, Array]:
    """Windows of users' tracks, their time folds (w,), and the rows (w,) of their last fixes.

    Every fold and user has about the same number of windows. also: rows of last fixes of more
    windows, which come behind the others and have no truth.
    """
    fold: Array = np.zeros(len(tracks), np.int64)
    if len(tracks):
        shares = np.linspace(0, 1, folds + 1)
        edges = np.quantile(tracks.t, shares[1:-1])
        fold = np.searchsorted(edges, tracks.t, side="right")

    drawn = _draw_fixes(tracks, fold, folds, horizons_s)
    end = np.concatenate([drawn, also]).astype(np.int64)
    truth = find_truths(tracks, end, horizons_s)
    truth[len(drawn) :] = -1

    return _windows(tracks, end, truth, horizons_s), fold[end], end


def _windows(tracks: Tracks, end: Array, truth: Array, horizons_s: Array) -> Windows:
    """The windows that end with the rows `end` (w,), with truths in rows (w, h), -1 for none."""
    at, real = padded(_contexts(tracks, end, horizons_s))  # padded with the oldest fix
    lon = np.where(real, tracks.lon[at], np.nan)
    lat = np.where(real, tracks.lat[at], np.nan)
    known = truth >= 0
    true_lon = np.where(known, tracks.lon[truth], np.nan)
    true_lat = np.where(known, tracks.lat[truth], np.nan)
    asked_t = tracks.t[end, None] + (1000 * horizons_s).astype(np.int64)
    query_t = np.where(known, tracks.t[truth], asked_t)
    user = tracks.user[end].astype(np.int64)
    t = tracks.t[at]

    return Windows("backtest", user, t, lon, lat, horizons_s, query_t, true_lon, true_lat)


def _draw_fixes(tracks: Tracks, fold: Array, folds: int, horizons_s: Array) -> Array:
    """Rows (w,) of fixes with a truth at some horizon, about as many of each user and fold."""
    user = tracks.user.astype(np.int64)
    group = user * folds + fold
    n_groups = max(len(np.unique(group)), 1)
    each = max(min(MAX_WINDOWS // n_groups, MAX_PER_USER // folds), 1)
    number = np.arange(len(user)) - tracks.user_offsets[user]
    row = np.flatnonzero(number >= MIN_FIXES - 1)
    row = row[draw(group[row], CANDIDATES * MAX_WINDOWS, CANDIDATES * each)]
    has_truth = (find_truths(tracks, row, horizons_s) >= 0).any(axis=1)
    row = row[has_truth]

    if not len(row):
        spans = " – ".join(dict.fromkeys(horizon_words(s) for s in horizons_s[[0, -1]]))
        words = (
            "No fix has another one of its user {spans} later: choose HORIZON and STEP as the "
            "tracks have fixes."
        )
        raise InputError(words, spans=spans)

    return row[draw(group[row], MAX_WINDOWS, each)]


def _contexts(tracks: Tracks, end: Array, horizons_s: Array) -> list[Array]:
    """The rows of each context that ends with a row of `end`, all that forecasts may use."""
    nearest = horizons_s[0]
    farthest = horizons_s[-1]
    result = []

    for last, begin in zip(end, tracks.user_offsets[tracks.user[end]], strict=True):
        # one context at a time, not one fix
        rows = [
            select_rows(tracks.t, begin, last + 1, horizon_s, days)[0]
            for horizon_s in (nearest, farthest)
            for days in (False, True)
        ]
        result.append(np.unique(np.concatenate(rows)))

    return result


def find_truths(tracks: Tracks, end: Array, horizons_s: Array) -> Array:
    """Rows (m, h) of the user's fixes nearest to each horizon after the fixes `end` (m,).

    It is -1 where there is none within half a step between horizons, so that no fix is the truth of
    two horizons.
    """
    t = tracks.t
    last = tracks.user_offsets[tracks.user[end] + 1, None] - 1
    end = end[:, None]
    wanted = t[end] + (1000 * horizons_s).astype(np.int64)
    low = int(t.min())
    high = int(wanted.max(initial=int(t.max())))
    # a number of user and time that ascends along the rows
    begin = tracks.user.astype(np.int64) * (high - low + 1) - low
    truth = nearest_row(begin + t, begin[end] + wanted, end, last)
    near_ms = 500 * np.diff(horizons_s, prepend=0.0).min()
    near = np.abs(t[truth] - wanted) < near_ms
    near &= truth > end

    return np.where(near, truth, -1)
