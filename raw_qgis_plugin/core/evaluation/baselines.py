# SPDX-License-Identifier: GPL-2.0-or-later
"""Simple forecasting methods as baselines.

Each takes windows and returns forecasts lon, lat (w, h) in degrees; lon goes beyond 180 across the
antimeridian. What lies too far back for a method leaves its forecast at the last fix, which is
always real.
"""

from __future__ import annotations

import numpy as np

from ..arrays import Array, nearest_row
from ..geodesy import metres_per_degree, near_lon, offset_m
from ..times import DAY_MS, HOUR_MS
from .windows import Windows, errors_m

Forecast = tuple[np.ndarray, np.ndarray]


def persistence(w: Windows) -> Forecast:
    """The last fix."""
    shape = w.query_t.shape
    lon = np.broadcast_to(w.lon[:, -1:], shape)
    lat = np.broadcast_to(w.lat[:, -1:], shape)

    return lon, lat


def constant_velocity(w: Windows, steps: int = 1, fade_s: float | None = None) -> Forecast:
    """Constant mean velocity of the last `steps` steps, damped over `fade_s`."""
    if w.t.shape[1] <= steps:
        return persistence(w)

    t = w.t[:, -1:]
    lon = w.lon[:, -1:]
    lat = w.lat[:, -1:]
    before = w.t.shape[1] - 1 - steps
    way = offset_m(lon[:, 0], lat[:, 0], w.lon[:, before], w.lat[:, before])
    seconds = (t - w.t[:, before, None]) / 1000.0
    velocity = np.nan_to_num(way / np.maximum(seconds, 0.5))
    reach = (w.query_t - t) / 1000.0

    if fade_s is not None:
        reach = fade_s * -np.expm1(-reach / fade_s)

    kx, ky = metres_per_degree(lat)
    lon = lon + velocity[:, :1] * reach / kx
    lat = lat + velocity[:, 1:] * reach / ky

    return lon, lat


def toward_median(w: Windows, pull: float | Array) -> Forecast:
    """The point at a share of the way from the last fix to the median place.

    pull: the share, a number or (w, h).
    """
    last_lon, last_lat = persistence(w)
    around = near_lon(w.lon, w.lon[:, -1:])
    to_lon = np.nanmedian(around, axis=1, keepdims=True)
    to_lat = np.nanmedian(w.lat, axis=1, keepdims=True)
    lon = last_lon + pull * (to_lon - last_lon)
    lat = last_lat + pull * (to_lat - last_lat)

    return lon, lat


def cross_fitted_pull(w: Windows, group: Array, seed: int = 0) -> Array:
    """The pulls (w, h) of `toward_median` with the least mean error at each horizon.

    Each half of the groups (w,), such as people, is fitted on the other.
    """
    groups, code = np.unique(group, return_inverse=True)
    half = np.random.default_rng(seed).permutation(len(groups)) % 2
    half = half[code]
    lon, lat = persistence(w)
    to_lon, to_lat = toward_median(w, 1.0)
    pulls = np.linspace(0.0, 1.0, 21)
    errors = [errors_m(w, (lon + p * (to_lon - lon), lat + p * (to_lat - lat))) for p in pulls]
    table = np.stack(errors)  # (pulls, w, h)
    pull = np.zeros(w.query_t.shape)

    for part in (0, 1):
        total = np.nansum(table[:, half != part], axis=1)
        pull[half == part] = pulls[total.argmin(axis=0)]

    return pull


def same_time_before(w: Windows) -> Forecast:
    """The fix nearest to that time on the latest earlier day with one within 30 min."""
    to_lon, to_lat = map(np.array, persistence(w))
    for k, known in enumerate(~np.isnan(w.lon)):  # a loop over contexts, not over fixes
        t = w.t[k, known]
        lon = near_lon(w.lon[k, known], w.lon[k, -1])
        lat = w.lat[k, known]
        days = np.arange(1, 3 + np.ptp(t) // DAY_MS)
        wanted = w.query_t[k][:, None] - DAY_MS * days
        row = nearest_row(t, wanted, np.array(0), np.array(len(t) - 1))
        hit = np.abs(t[row] - wanted) <= HOUR_MS // 2
        found = hit.any(axis=1)
        first = hit[found].argmax(axis=1)
        latest = row[found, first]
        to_lon[k, found] = lon[latest]
        to_lat[k, found] = lat[latest]

    return to_lon, to_lat


def simple_methods(w: Windows, group: Array, seed: int = 0) -> dict[str, Forecast]:
    """The forecasts of all simple methods by name. group: (w,) of `cross_fitted_pull`."""
    methods = {
        "persistence": persistence(w),
        "same time before": same_time_before(w),
        "toward the median place": toward_median(w, cross_fitted_pull(w, group, seed)),
    }
    for steps, which in ((1, "last step"), (3, "last 3 steps")):
        name = f"constant velocity, {which}"
        methods[name] = constant_velocity(w, steps)

        for fade_s in (60.0, 300.0, 900.0):
            damped = constant_velocity(w, steps, fade_s)
            methods[f"{name}, fading over {fade_s:.0f} s"] = damped

    return methods
