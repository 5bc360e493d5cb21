# SPDX-License-Identifier: GPL-2.0-or-later
"""Simple forecasting methods as baselines.

Each takes contexts t, lon, lat (w, c) with the oldest fix first, and query times (w, h) in epoch ms. It returns
forecasts lon, lat (w, h) in degrees; lon goes beyond 180 across the antimeridian. Contexts are padded on the left: lon
and lat are nan there, t is that of the oldest fix. The last fix is always real.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ..arrays import nearest_row
from ..geodesy import haversine_m, metres_per_degree, near_lon, offset_m
from ..times import DAY_MS, HOUR_MS

Forecast = tuple[np.ndarray, np.ndarray]
CELL_M = 250.0  # of places


def persistence(t: np.ndarray, lon: np.ndarray, lat: np.ndarray, query_t: np.ndarray) -> Forecast:
    """The last fix."""
    return np.broadcast_to(lon[:, -1:], query_t.shape), np.broadcast_to(lat[:, -1:], query_t.shape)


def constant_velocity(
    t: np.ndarray, lon: np.ndarray, lat: np.ndarray, query_t: np.ndarray, *, steps: int = 1, fade_s: float | None = None
) -> Forecast:
    """Constant mean velocity of the last `steps` steps, damped over `fade_s`; the last fix if there are too few."""
    if t.shape[1] <= steps:
        return persistence(t, lon, lat, query_t)
    v = offset_m(lon[:, -1], lat[:, -1], lon[:, -1 - steps], lat[:, -1 - steps])
    v = np.nan_to_num(v / np.maximum((t[:, -1] - t[:, -1 - steps]) / 1000.0, 0.5)[:, None])
    dt = (query_t - t[:, -1:]) / 1000.0
    reach = dt if fade_s is None else fade_s * -np.expm1(-dt / fade_s)
    kx, ky = metres_per_degree(lat[:, -1:])
    return lon[:, -1:] + v[:, :1] * reach / kx, lat[:, -1:] + v[:, 1:] * reach / ky


def toward_median(
    t: np.ndarray, lon: np.ndarray, lat: np.ndarray, query_t: np.ndarray, *, pull: float | np.ndarray
) -> Forecast:
    """The point at the share `pull`, a number or (w, h), of the way from the last fix to the median place."""
    to = (np.nanmedian(a, axis=1, keepdims=True) for a in (near_lon(lon, lon[:, -1:]), lat))
    lon, lat = (a[:, -1:] + pull * (median - a[:, -1:]) for a, median in zip((lon, lat), to))
    return np.broadcast_to(lon, query_t.shape), np.broadcast_to(lat, query_t.shape)


def fit_pull(
    t: np.ndarray, lon: np.ndarray, lat: np.ndarray, query_t: np.ndarray, true_lon: np.ndarray, true_lat: np.ndarray
) -> np.ndarray:
    """The pull (h,) of `toward_median` with the least mean error at each horizon; 0 without truths."""
    pulls, (to_lon, to_lat) = np.linspace(0.0, 1.0, 21), toward_median(t, lon, lat, query_t, pull=1.0)
    errors = []
    for pull in pulls:
        at = lon[:, -1:] + pull * (to_lon - lon[:, -1:]), lat[:, -1:] + pull * (to_lat - lat[:, -1:])
        errors.append(np.nansum(haversine_m(*at, true_lon, true_lat), axis=0))
    return pulls[np.argmin(errors, axis=0)]


def cross_fitted_pull(
    t: np.ndarray, lon: np.ndarray, lat: np.ndarray, query_t: np.ndarray, true_lon: np.ndarray, true_lat: np.ndarray,
    group: np.ndarray, seed: int = 0,
) -> np.ndarray:  # fmt: skip
    """`fit_pull` (w, h) for windows by groups (w,), such as people: each half of the groups is fitted on the other."""
    groups, code = np.unique(group, return_inverse=True)
    half = (np.random.default_rng(seed).permutation(len(groups)) % 2)[code]
    pull = np.zeros(query_t.shape)
    for part in (0, 1):
        other = half != part
        pull[~other] = fit_pull(*(a[other] for a in (t, lon, lat, query_t, true_lon, true_lat)))
    return pull


def same_time_before(t: np.ndarray, lon: np.ndarray, lat: np.ndarray, query_t: np.ndarray) -> Forecast:
    """The fix nearest to that time on the latest earlier day with one within 30 min; else the last fix."""

    def rows(t: np.ndarray, _place: np.ndarray, query_t: np.ndarray) -> list[np.ndarray]:
        wanted = query_t[:, None] - DAY_MS * np.arange(1, 3 + np.ptp(t) // DAY_MS)
        row = _nearest(t, wanted)
        hit = np.abs(t[row] - wanted) <= HOUR_MS // 2
        return [r[ok][:1] for r, ok in zip(row, hit)]

    return _most_frequent(t, lon, lat, query_t, rows)


def usual_place(t: np.ndarray, lon: np.ndarray, lat: np.ndarray, query_t: np.ndarray) -> Forecast:
    """The most frequent place within half an hour of that time of day; else the last fix."""

    def rows(t: np.ndarray, _place: np.ndarray, query_t: np.ndarray) -> list[np.ndarray]:
        apart = (t - query_t[:, None] + DAY_MS // 2) % DAY_MS - DAY_MS // 2
        return [np.flatnonzero(near) for near in np.abs(apart) <= HOUR_MS // 2]

    return _most_frequent(t, lon, lat, query_t, rows)


def markov_chain(t: np.ndarray, lon: np.ndarray, lat: np.ndarray, query_t: np.ndarray) -> Forecast:
    """The most frequent place one horizon after fixes at the present place; the last fix if that place is new.

    This is one step of a Markov chain whose states are places and whose step is the horizon.
    """

    def rows(t: np.ndarray, place: np.ndarray, query_t: np.ndarray) -> list[np.ndarray]:
        ahead, here = query_t[:, None] - t[-1], place == place[-1]
        row = _nearest(t, t + ahead)
        near = np.abs(t[row] - t - ahead) <= ahead / 4
        return [np.unique(r[ok & here]) for r, ok in zip(row, near)]

    return _most_frequent(t, lon, lat, query_t, rows)


def _nearest(t: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Rows of the fixes nearest to times. t: (c,) in order."""
    return nearest_row(t, wanted, np.zeros_like(wanted), np.full_like(wanted, len(t) - 1))


def _most_frequent(
    t: np.ndarray, lon: np.ndarray, lat: np.ndarray, query_t: np.ndarray,
    rows: Callable[[np.ndarray, np.ndarray, np.ndarray], list[np.ndarray]],
) -> Forecast:  # fmt: skip
    """Mean position at the most frequent place among some fixes, of equal ones the lower; else the last fix.

    rows: function of the times and places (c,) of a context and of its query times (h,) that returns the fixes of each
    query. Places are cells of a grid around the last fix.
    """
    to_lon, to_lat = (np.repeat(a[:, -1:], query_t.shape[1], axis=1) for a in (lon, lat))
    for w, known in enumerate(~np.isnan(lon)):  # a loop over contexts, not over fixes
        x, y = near_lon(lon[w, known], lon[w, -1]), lat[w, known]
        cell = np.round(offset_m(x, y, x[-1], y[-1]) / CELL_M).astype(np.int64)
        place = np.unique((cell[:, 0] << 24) + cell[:, 1], return_inverse=True)[1]
        for h, some in enumerate(rows(t[w, known], place, query_t[w])):
            if len(some):
                best = some[place[some] == np.bincount(place[some]).argmax()]
                to_lon[w, h], to_lat[w, h] = x[best].mean(), y[best].mean()
    return to_lon, to_lat


def simple_methods(
    t: np.ndarray, lon: np.ndarray, lat: np.ndarray, query_t: np.ndarray, pull: np.ndarray
) -> dict[str, Forecast]:
    """The forecasts of all simple methods by name. pull: (w, h) as fitted on other units."""
    window = (t, lon, lat, query_t)
    methods = {
        "persistence": persistence(*window),
        "same time before": same_time_before(*window),
        "most frequent place at that hour": usual_place(*window),
        "Markov chain over places": markov_chain(*window),
    }
    for steps, which in ((1, "last step"), (3, "last 3 steps")):
        name = f"constant velocity, {which}"
        methods[name] = constant_velocity(*window, steps=steps)
        for fade_s in (60.0, 300.0, 900.0):
            faded = constant_velocity(*window, steps=steps, fade_s=fade_s)
            methods[f"{name}, fading over {fade_s:.0f} s"] = faded
    return methods | {"toward the median place": toward_median(*window, pull=pull)}
