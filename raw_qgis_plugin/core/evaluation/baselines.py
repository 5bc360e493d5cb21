# SPDX-License-Identifier: GPL-2.0-or-later
"""The simple methods that a forecast has to beat, in columns.

Each takes contexts, t, lon, lat (w, c) with the oldest fix first, and the asked times (w, h) in epoch ms, and returns
forecasts lon, lat (w, h) in degrees, across the antimeridian lon beyond 180. Contexts may be padded on the left: lon
and lat are nan there, t is that of the oldest fix. The last fix is always real.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ..geodesy import haversine_m, metres_per_degree, near_lon, offset_m
from ..times import DAY_MS, HOUR_MS

FADES_S = (60.0, 300.0, 900.0)
PULLS = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
FITTED_PULLS = np.linspace(0.0, 1.0, 21)
PLACE_M = 250.0  # a place is a cell of a grid of this width around the last fix
BLOCK = 256  # contexts laid out at once
Forecast = tuple[np.ndarray, np.ndarray]


def persistence(t: np.ndarray, lon: np.ndarray, lat: np.ndarray, asked: np.ndarray) -> Forecast:
    """Nobody moves: the last fix."""
    return np.broadcast_to(lon[:, -1:], asked.shape), np.broadcast_to(lat[:, -1:], asked.shape)


def constant_velocity(
    t: np.ndarray, lon: np.ndarray, lat: np.ndarray, asked: np.ndarray, *, steps: int = 1, fade_s: float | None = None
) -> Forecast:
    """On with the mean velocity of the last `steps` steps, fading over `fade_s`; staying where there are too few."""
    if t.shape[1] <= steps:
        return persistence(t, lon, lat, asked)
    v = offset_m(lon[:, -1], lat[:, -1], lon[:, -1 - steps], lat[:, -1 - steps])
    v = np.nan_to_num(v / np.maximum((t[:, -1] - t[:, -1 - steps]) / 1000.0, 0.5)[:, None])
    dt = (asked - t[:, -1:]) / 1000.0
    reach = dt if fade_s is None else fade_s * -np.expm1(-dt / fade_s)
    kx, ky = metres_per_degree(lat[:, -1:])
    return lon[:, -1:] + v[:, :1] * reach / kx, lat[:, -1:] + v[:, 1:] * reach / ky


def same_time_before(t: np.ndarray, lon: np.ndarray, lat: np.ndarray, asked: np.ndarray) -> Forecast:
    """The place at that time of day on the latest earlier day with a fix within 30 min of it; else the last fix."""
    at = np.full(asked.shape, t.shape[1] - 1)
    found = np.zeros(asked.shape, bool)
    for day in range(1, 2 + int(np.ptp(t, axis=1).max(initial=0) // DAY_MS) + 1):
        row, gap = _nearest(t, lon, asked - day * DAY_MS)
        hit = ~found & (gap <= HOUR_MS // 2)
        at[hit], found = row[hit], found | hit
    return np.take_along_axis(lon, at, 1), np.take_along_axis(lat, at, 1)


def toward_median(
    t: np.ndarray, lon: np.ndarray, lat: np.ndarray, asked: np.ndarray, *, pull: float | np.ndarray
) -> Forecast:
    """From the last fix the share `pull`, one number or one a horizon, of the way to the context's median place."""
    return _toward(lon, lat, _median(near_lon(lon, lon[:, -1:])), _median(lat), asked.shape, pull)


def _toward(
    lon: np.ndarray, lat: np.ndarray, to_lon: np.ndarray, to_lat: np.ndarray, shape: tuple[int, ...],
    pull: float | np.ndarray,
) -> Forecast:  # fmt: skip
    return (
        np.broadcast_to(lon[:, -1:] + pull * (to_lon - lon[:, -1:]), shape),
        np.broadcast_to(lat[:, -1:] + pull * (to_lat - lat[:, -1:]), shape),
    )


def _median(values: np.ndarray) -> np.ndarray:
    """Median of the real columns (w, 1) of values padded on the left; np.nanmedian takes a row at a time."""
    ordered = np.sort(values, axis=1)  # nan comes last
    real = values.shape[1] - np.isnan(values).sum(axis=1, keepdims=True)
    low, high = (np.take_along_axis(ordered, at, 1) for at in ((real - 1) // 2, real // 2))
    return (low + high) / 2


def fit_pull(
    t: np.ndarray, lon: np.ndarray, lat: np.ndarray, asked: np.ndarray, true_lon: np.ndarray, true_lat: np.ndarray
) -> np.ndarray:
    """The pull (h,) of `toward_median` with the least mean error at each horizon; 0 where there is no truth."""
    errors = []
    to_lon, to_lat = _median(near_lon(lon, lon[:, -1:])), _median(lat)
    for pull in FITTED_PULLS:
        e = haversine_m(*_toward(lon, lat, to_lon, to_lat, asked.shape, pull), true_lon, true_lat)
        errors.append(np.where(np.isnan(e), 0.0, e).sum(axis=0))
    return FITTED_PULLS[np.argmin(errors, axis=0)]


def cross_fitted_pull(
    t: np.ndarray, lon: np.ndarray, lat: np.ndarray, asked: np.ndarray, true_lon: np.ndarray, true_lat: np.ndarray,
    group: np.ndarray, seed: int = 0,
) -> np.ndarray:  # fmt: skip
    """`fit_pull` (w, h) for windows by groups (w,), such as people, each half of them fitted on the other half."""
    groups, code = np.unique(group, return_inverse=True)
    half = (np.random.default_rng(seed).permutation(len(groups)) % 2)[code]
    pull = np.zeros(asked.shape)
    for part in (0, 1):
        other = half != part
        pull[~other] = fit_pull(*(a[other] for a in (t, lon, lat, asked, true_lon, true_lat)))
    return pull


def usual_place(t: np.ndarray, lon: np.ndarray, lat: np.ndarray, asked: np.ndarray) -> Forecast:
    """The most frequent place at that hour of the day, within half an hour of it; else the last fix."""
    place = places(lon, lat)
    return _most_frequent(lon, lat, place, asked.shape, lambda some: _same_hour(t[some], asked[some]))


def markov_chain(t: np.ndarray, lon: np.ndarray, lat: np.ndarray, asked: np.ndarray) -> Forecast:
    """A Markov chain over places: where the user mostly was the asked time after having been at the present place.

    The first step of a chain whose states are places and whose step is the asked time ahead; the last fix where the
    present place is new.
    """
    place = places(lon, lat)

    def after_being_here(some: slice) -> np.ndarray:
        now, when = place[some], t[some]
        chosen = np.zeros((len(now), asked.shape[1], now.shape[1]), bool)
        here = (now == now[:, -1:]) & ~np.isnan(lon[some])
        for h in range(asked.shape[1]):
            ahead = asked[some, h] - when[:, -1]
            row, gap = _nearest(when, lon[some], when + ahead[:, None])
            w, c = np.nonzero(here & (gap <= ahead[:, None] / 4))
            chosen[w, h, row[w, c]] = True
        return chosen

    return _most_frequent(lon, lat, place, asked.shape, after_being_here)


def places(lon: np.ndarray, lat: np.ndarray) -> np.ndarray:
    """The place of each fix as a number (w, c), equal where two fixes of a context lie in one cell; -1 on padding."""
    metres = offset_m(lon, lat, lon[:, -1:], lat[:, -1:])
    cell = np.round(np.nan_to_num(metres) / PLACE_M).astype(np.int64)
    key = np.where(np.isnan(lon), np.iinfo(np.int64).max, (cell[..., 0] << 24) + cell[..., 1])
    order = np.argsort(key, axis=1, kind="stable")
    rank = np.cumsum(np.diff(np.take_along_axis(key, order, 1), axis=1, prepend=key.min(axis=1)[:, None]) != 0, axis=1)
    place = np.empty_like(key)
    np.put_along_axis(place, order, rank, 1)
    return np.where(np.isnan(lon), -1, place)


def _same_hour(t: np.ndarray, asked: np.ndarray) -> np.ndarray:
    """(w, h, c) bool: fixes within half an hour of the asked time of day."""
    apart = (t[:, None, :] - asked[:, :, None] + DAY_MS // 2) % DAY_MS - DAY_MS // 2
    return np.abs(apart) <= HOUR_MS // 2


def _most_frequent(
    lon: np.ndarray, lat: np.ndarray, place: np.ndarray, shape: tuple[int, ...], choose: Callable[[slice], np.ndarray]
) -> Forecast:
    """Mean position at the most frequent place among the chosen fixes, of equals the lower; else the last fix.

    choose: a slice of windows -> (w, h, c) bool.
    """
    to_lon, to_lat = np.repeat(lon[:, -1:], shape[1], axis=1), np.repeat(lat[:, -1:], shape[1], axis=1)
    count, near = place.shape[1], near_lon(lon, lon[:, -1:])
    for begin in range(0, shape[0], BLOCK):
        some = slice(begin, begin + BLOCK)
        w, h, c = np.nonzero(choose(some) & (place[some] >= 0)[:, None, :])
        size = len(place[some]) * shape[1]
        at = (w * shape[1] + h) * count + place[some][w, c]
        visits, x, y = (np.bincount(at, v, size * count).reshape(-1, count)
                        for v in (None, near[some][w, c], lat[some][w, c]))  # fmt: skip
        best = visits.argmax(axis=1)
        most = visits[np.arange(size), best]
        known = (most > 0).reshape(-1, shape[1])
        for to, total in ((to_lon, x), (to_lat, y)):
            mean = (total[np.arange(size), best] / np.maximum(most, 1)).reshape(-1, shape[1])
            to[some] = np.where(known, mean, to[some])
    return to_lon, to_lat


def _nearest(t: np.ndarray, lon: np.ndarray, wanted: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """For each of `wanted` (w, k) ms the row of its context's nearest real fix, the earlier of equals, and how far.

    t: (w, c) in order. Padding, which repeats the oldest fix's time on its left, is never the nearest.
    """
    w, c = t.shape
    low, high = min(t.min(initial=0), wanted.min(initial=0)), max(t.max(initial=0), wanted.max(initial=0))
    start = np.arange(w)[:, None]
    span = int(high - low) + 1
    flat = (start * span + t - low).ravel()
    right = np.searchsorted(flat, (start * span + wanted - low).ravel()).reshape(wanted.shape) - start * c
    oldest = np.isnan(lon).sum(axis=1)[:, None]
    right = np.clip(right, oldest, c - 1)
    left = np.clip(right - 1, oldest, c - 1)
    before, after = (np.abs(np.take_along_axis(t, at, 1) - wanted) for at in (left, right))
    return np.where(before <= after, left, right), np.minimum(before, after)


def simple_methods(
    t: np.ndarray, lon: np.ndarray, lat: np.ndarray, asked: np.ndarray, pull: np.ndarray | None = None
) -> dict[str, Forecast]:
    """Every simple method's forecast by its name. pull: (w, h) as fitted on other units, or the steps of PULLS."""
    window = (t, lon, lat, asked)
    methods = {
        "persistence": persistence(*window),
        "same time before": same_time_before(*window),
        "most frequent place at that hour": usual_place(*window),
        "Markov chain over places": markov_chain(*window),
    }
    for steps in (1, 3):
        which = "last step" if steps == 1 else f"last {steps} steps"
        methods[f"constant velocity, {which}"] = constant_velocity(*window, steps=steps)
        for fade in FADES_S:
            methods[f"constant velocity, {which}, fading over {fade:.0f} s"] = constant_velocity(
                *window, steps=steps, fade_s=fade
            )
    if pull is not None:
        methods["toward the median place"] = toward_median(*window, pull=pull)
    else:
        for share in PULLS[1:]:
            methods[f"{share:.0%} of the way to the median place"] = toward_median(*window, pull=share)
    return methods
