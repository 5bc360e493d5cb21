# SPDX-License-Identifier: GPL-2.0-or-later
"""Simple forecasting methods as baselines.

Each takes windows and returns forecasts lon, lat (w, h) in degrees; lon goes beyond 180 across the antimeridian. What
lies too far back for a method leaves its forecast at the last fix, which is always real.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ..arrays import nearest_row
from ..geodesy import haversine_m, metres_per_degree, near_lon, offset_m
from ..times import DAY_MS, HOUR_MS
from .windows import Windows

Forecast = tuple[np.ndarray, np.ndarray]
CELL_M = 250.0  # of places


def persistence(w: Windows) -> Forecast:
    """The last fix."""
    return np.broadcast_to(w.lon[:, -1:], w.query_t.shape), np.broadcast_to(w.lat[:, -1:], w.query_t.shape)


def constant_velocity(w: Windows, steps: int = 1, fade_s: float | None = None) -> Forecast:
    """Constant mean velocity of the last `steps` steps, damped over `fade_s`."""
    if w.t.shape[1] <= steps:
        return persistence(w)
    v = offset_m(w.lon[:, -1], w.lat[:, -1], w.lon[:, -1 - steps], w.lat[:, -1 - steps])
    v = np.nan_to_num(v / np.maximum((w.t[:, -1] - w.t[:, -1 - steps]) / 1000.0, 0.5)[:, None])
    dt = (w.query_t - w.t[:, -1:]) / 1000.0
    reach = dt if fade_s is None else fade_s * -np.expm1(-dt / fade_s)
    kx, ky = metres_per_degree(w.lat[:, -1:])
    return w.lon[:, -1:] + v[:, :1] * reach / kx, w.lat[:, -1:] + v[:, 1:] * reach / ky


def toward_median(w: Windows, pull: float | np.ndarray) -> Forecast:
    """The point at the share `pull`, a number or (w, h), of the way from the last fix to the median place."""
    to = (np.nanmedian(a, axis=1, keepdims=True) for a in (near_lon(w.lon, w.lon[:, -1:]), w.lat))
    lon, lat = (a[:, -1:] + pull * (median - a[:, -1:]) for a, median in zip((w.lon, w.lat), to))
    return np.broadcast_to(lon, w.query_t.shape), np.broadcast_to(lat, w.query_t.shape)


def cross_fitted_pull(w: Windows, group: np.ndarray, seed: int = 0) -> np.ndarray:
    """The pulls (w, h) of `toward_median` with the least mean error at each horizon, by groups (w,), such as people:
    each half of the groups is fitted on the other.
    """
    groups, code = np.unique(group, return_inverse=True)
    half = (np.random.default_rng(seed).permutation(len(groups)) % 2)[code]
    pull, pulls, errors = np.zeros(w.query_t.shape), np.linspace(0.0, 1.0, 21), []
    (lon, to_lon), (lat, to_lat) = zip(persistence(w), toward_median(w, 1.0), strict=True)
    for p in pulls:
        errors.append(haversine_m(lon + p * (to_lon - lon), lat + p * (to_lat - lat), w.true_lon, w.true_lat))
    for part in (0, 1):
        pull[half == part] = pulls[np.nansum(np.array(errors)[:, half != part], axis=1).argmin(axis=0)]
    return pull


def same_time_before(w: Windows) -> Forecast:
    """The fix nearest to that time on the latest earlier day with one within 30 min."""

    def rows(t: np.ndarray, _place: np.ndarray, query_t: np.ndarray) -> list[np.ndarray]:
        wanted = query_t[:, None] - DAY_MS * np.arange(1, 3 + np.ptp(t) // DAY_MS)
        row = _nearest(t, wanted)
        hit = np.abs(t[row] - wanted) <= HOUR_MS // 2
        return [r[ok][:1] for r, ok in zip(row, hit)]

    return _most_frequent(w, rows)


def usual_place(w: Windows) -> Forecast:
    """The most frequent place within half an hour of that time of day."""

    def rows(t: np.ndarray, _place: np.ndarray, query_t: np.ndarray) -> list[np.ndarray]:
        apart = (t - query_t[:, None] + DAY_MS // 2) % DAY_MS - DAY_MS // 2
        return [np.flatnonzero(near) for near in np.abs(apart) <= HOUR_MS // 2]

    return _most_frequent(w, rows)


def markov_chain(w: Windows) -> Forecast:
    """The most frequent place one horizon after fixes at the present place.

    This is one step of a Markov chain whose states are places and whose step is the horizon.
    """

    def rows(t: np.ndarray, place: np.ndarray, query_t: np.ndarray) -> list[np.ndarray]:
        ahead, here = query_t[:, None] - t[-1], place == place[-1]
        row = _nearest(t, t + ahead)
        near = np.abs(t[row] - t - ahead) <= ahead / 4
        return [np.unique(r[ok & here]) for r, ok in zip(row, near)]

    return _most_frequent(w, rows)


def _nearest(t: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    return nearest_row(t, wanted, np.zeros_like(wanted), np.full_like(wanted, len(t) - 1))


def _most_frequent(w: Windows, rows: Callable[[np.ndarray, np.ndarray, np.ndarray], list[np.ndarray]]) -> Forecast:
    """Mean position at the most frequent place among some fixes, of equal ones the lower; else the last fix.

    rows: function of the times and places (c,) of a context and of its query times (h,) that returns the fixes of each
    query. Places are cells of a grid around the last fix.
    """
    to_lon, to_lat = (a.copy() for a in persistence(w))
    for k, known in enumerate(~np.isnan(w.lon)):  # a loop over contexts, not over fixes
        x, y = near_lon(w.lon[k, known], w.lon[k, -1]), w.lat[k, known]
        cell = np.round(offset_m(x, y, x[-1], y[-1]) / CELL_M).astype(np.int64)
        place = np.unique((cell[:, 0] << 24) + cell[:, 1], return_inverse=True)[1]
        for h, some in enumerate(rows(w.t[k, known], place, w.query_t[k])):
            if len(some):
                best = some[place[some] == np.bincount(place[some]).argmax()]
                to_lon[k, h], to_lat[k, h] = x[best].mean(), y[best].mean()
    return to_lon, to_lat


def simple_methods(w: Windows, group: np.ndarray, seed: int = 0) -> dict[str, Forecast]:
    """The forecasts of all simple methods by name. group: (w,) of `cross_fitted_pull`."""
    methods = {
        "persistence": persistence(w),
        "same time before": same_time_before(w),
        "most frequent place at that hour": usual_place(w),
        "Markov chain over places": markov_chain(w),
        "toward the median place": toward_median(w, cross_fitted_pull(w, group, seed)),
    }
    for steps, which in ((1, "last step"), (3, "last 3 steps")):
        methods[f"constant velocity, {which}"] = constant_velocity(w, steps)
        for fade_s in (60.0, 300.0, 900.0):
            name = f"constant velocity, {which}, fading over {fade_s:.0f} s"
            methods[name] = constant_velocity(w, steps, fade_s)
    return methods
