# SPDX-License-Identifier: GPL-2.0-or-later
"""Simple forecasting methods as baselines, computed in columns.

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


def same_time_before(t: np.ndarray, lon: np.ndarray, lat: np.ndarray, query_t: np.ndarray) -> Forecast:
    """The fix nearest to that time on the latest earlier day with one within 30 min; else the last fix."""
    at = np.full(query_t.shape, t.shape[1] - 1)
    found = np.zeros(query_t.shape, bool)
    for day in range(1, 2 + int(np.ptp(t, axis=1).max(initial=0) // DAY_MS) + 1):
        row, gap = _nearest(t, lon, query_t - day * DAY_MS)
        hit = ~found & (gap <= HOUR_MS // 2)
        at[hit], found = row[hit], found | hit
    return np.take_along_axis(lon, at, 1), np.take_along_axis(lat, at, 1)


def toward_median(
    t: np.ndarray, lon: np.ndarray, lat: np.ndarray, query_t: np.ndarray, *, pull: float | np.ndarray
) -> Forecast:
    """The point at the share `pull`, a number or (w, h), of the way from the last fix to the median place."""
    to_lon, to_lat = _median_place(lon, lat)
    lon, lat = lon[:, -1:] + pull * (to_lon - lon[:, -1:]), lat[:, -1:] + pull * (to_lat - lat[:, -1:])
    return np.broadcast_to(lon, query_t.shape), np.broadcast_to(lat, query_t.shape)


def _median_place(lon: np.ndarray, lat: np.ndarray) -> list[np.ndarray]:
    """Medians (w, 1) of the real columns of lon and lat; np.nanmedian would take a row at a time."""
    count = lon.shape[1] - np.isnan(lon).sum(axis=1, keepdims=True)
    medians = []
    for values in (near_lon(lon, lon[:, -1:]), lat):
        ordered = np.sort(values, axis=1)  # nan comes last
        low, high = (np.take_along_axis(ordered, at, 1) for at in ((count - 1) // 2, count // 2))
        medians.append((low + high) / 2)
    return medians


def fit_pull(
    t: np.ndarray, lon: np.ndarray, lat: np.ndarray, query_t: np.ndarray, true_lon: np.ndarray, true_lat: np.ndarray
) -> np.ndarray:
    """The pull (h,) of `toward_median` with the least mean error at each horizon; 0 without truths."""
    to_lon, to_lat = _median_place(lon, lat)
    pulls, errors = np.linspace(0.0, 1.0, 21), []
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


def usual_place(t: np.ndarray, lon: np.ndarray, lat: np.ndarray, query_t: np.ndarray) -> Forecast:
    """The most frequent place within half an hour of that time of day; else the last fix."""

    def at_that_hour(some: slice) -> np.ndarray:
        apart = (t[some, None, :] - query_t[some, :, None] + DAY_MS // 2) % DAY_MS - DAY_MS // 2
        return np.abs(apart) <= HOUR_MS // 2

    return _most_frequent(lon, lat, query_t.shape, at_that_hour)


def markov_chain(t: np.ndarray, lon: np.ndarray, lat: np.ndarray, query_t: np.ndarray) -> Forecast:
    """The most frequent place one horizon after fixes at the present place; the last fix if that place is new.

    This is one step of a Markov chain whose states are places and whose step is the horizon.
    """
    place = places(lon, lat)

    def after_being_here(some: slice) -> np.ndarray:
        now, when = place[some], t[some]
        mask = np.zeros((len(now), query_t.shape[1], now.shape[1]), bool)
        here = (now == now[:, -1:]) & ~np.isnan(lon[some])
        for h in range(query_t.shape[1]):
            ahead = query_t[some, h] - when[:, -1]
            row, gap = _nearest(when, lon[some], when + ahead[:, None])
            w, c = np.nonzero(here & (gap <= ahead[:, None] / 4))
            mask[w, h, row[w, c]] = True
        return mask

    return _most_frequent(lon, lat, query_t.shape, after_being_here)


def places(lon: np.ndarray, lat: np.ndarray, cell_m: float = 250.0) -> np.ndarray:
    """The place of each fix as a number (w, c), equal for fixes of a context in the same cell of a grid; -1 on padding.

    The grid of each context is centred on its last fix.
    """
    metres = offset_m(lon, lat, lon[:, -1:], lat[:, -1:])
    cell = np.round(np.nan_to_num(metres) / cell_m).astype(np.int64)
    key = np.where(np.isnan(lon), np.iinfo(np.int64).max, (cell[..., 0] << 24) + cell[..., 1])
    order = np.argsort(key, axis=1, kind="stable")
    rank = np.cumsum(np.diff(np.take_along_axis(key, order, 1), axis=1, prepend=key.min(axis=1)[:, None]) != 0, axis=1)
    place = np.empty_like(key)
    np.put_along_axis(place, order, rank, 1)
    return np.where(np.isnan(lon), -1, place)


def _most_frequent(
    lon: np.ndarray, lat: np.ndarray, shape: tuple[int, ...], mask_of: Callable[[slice], np.ndarray], block: int = 256
) -> Forecast:
    """Mean position at the most frequent place among the masked fixes, of equal ones the lower; else the last fix.

    mask_of: function of a slice of windows that returns (w, h, c) bool. block: windows at once.
    """
    to_lon, to_lat = np.repeat(lon[:, -1:], shape[1], axis=1), np.repeat(lat[:, -1:], shape[1], axis=1)
    place, near = places(lon, lat), near_lon(lon, lon[:, -1:])
    count = place.shape[1]
    for begin in range(0, shape[0], block):
        some = slice(begin, begin + block)
        w, h, c = np.nonzero(mask_of(some) & (place[some] >= 0)[:, None, :])
        size = len(place[some]) * shape[1]
        at = (w * shape[1] + h) * count + place[some][w, c]
        visits, x, y = (
            np.bincount(at, v, size * count).reshape(-1, count) for v in (None, near[some][w, c], lat[some][w, c])
        )
        best = visits.argmax(axis=1)
        most = visits[np.arange(size), best]
        known = (most > 0).reshape(-1, shape[1])
        for to, total in ((to_lon, x), (to_lat, y)):
            mean = (total[np.arange(size), best] / np.maximum(most, 1)).reshape(-1, shape[1])
            to[some] = np.where(known, mean, to[some])
    return to_lon, to_lat


def _nearest(t: np.ndarray, lon: np.ndarray, wanted: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Columns (w, k) of the real fixes nearest to times `wanted` (w, k), and how far they are. t: (w, c) in order."""
    w, c = t.shape
    low, high = min(t.min(initial=0), wanted.min(initial=0)), max(t.max(initial=0), wanted.max(initial=0))
    window, span = np.arange(w)[:, None], int(high - low) + 1
    oldest = np.isnan(lon).sum(axis=1)[:, None]
    key = (window * span + t - low).ravel()
    row = nearest_row(key, window * span + wanted - low, window * c + oldest, window * c + c - 1) - window * c
    return row, np.abs(np.take_along_axis(t, row, 1) - wanted)


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
