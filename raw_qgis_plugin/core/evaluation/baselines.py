# SPDX-License-Identifier: GPL-2.0-or-later
"""Simple forecasting methods as baselines.

Each takes windows and returns forecasts lon, lat (w, h) in degrees; lon goes beyond 180 across the
antimeridian. What lies too far back for a method leaves its forecast at the last fix, which is
always real.
"""

from __future__ import annotations

import numpy as np

from ..arrays import nearest_row
from ..geodesy import haversine_m, metres_per_degree, near_lon, offset_m
from ..times import DAY_MS, HOUR_MS
from .windows import Windows

Forecast = tuple[np.ndarray, np.ndarray]


def persistence(w: Windows) -> Forecast:
    """The last fix."""
    return np.broadcast_to(w.lon[:, -1:], w.query_t.shape), np.broadcast_to(
        w.lat[:, -1:], w.query_t.shape
    )


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
    """The point at the share `pull`, a number or (w, h), of the way from the last fix to the median
    place.
    """
    to = (np.nanmedian(a, axis=1, keepdims=True) for a in (near_lon(w.lon, w.lon[:, -1:]), w.lat))
    lon, lat = (a[:, -1:] + pull * (median - a[:, -1:]) for a, median in zip((w.lon, w.lat), to))
    return np.broadcast_to(lon, w.query_t.shape), np.broadcast_to(lat, w.query_t.shape)


def cross_fitted_pull(w: Windows, group: np.ndarray, seed: int = 0) -> np.ndarray:
    """The pulls (w, h) of `toward_median` with the least mean error at each horizon, by groups
    (w,), such as people: each half of the groups is fitted on the other.
    """
    groups, code = np.unique(group, return_inverse=True)
    half = (np.random.default_rng(seed).permutation(len(groups)) % 2)[code]
    pull, pulls, errors = np.zeros(w.query_t.shape), np.linspace(0.0, 1.0, 21), []
    (lon, to_lon), (lat, to_lat) = zip(persistence(w), toward_median(w, 1.0), strict=True)
    for p in pulls:
        errors.append(
            haversine_m(lon + p * (to_lon - lon), lat + p * (to_lat - lat), w.true_lon, w.true_lat)
        )
    for part in (0, 1):
        pull[half == part] = pulls[
            np.nansum(np.array(errors)[:, half != part], axis=1).argmin(axis=0)
        ]
    return pull


def same_time_before(w: Windows) -> Forecast:
    """The fix nearest to that time on the latest earlier day with one within 30 min."""
    to_lon, to_lat = (a.copy() for a in persistence(w))
    for k, known in enumerate(~np.isnan(w.lon)):  # a loop over contexts, not over fixes
        t = w.t[k, known]
        wanted = w.query_t[k][:, None] - DAY_MS * np.arange(1, 3 + np.ptp(t) // DAY_MS)
        row = nearest_row(t, wanted, np.zeros_like(wanted), np.full_like(wanted, len(t) - 1))
        hit = np.abs(t[row] - wanted) <= HOUR_MS // 2
        found, first = hit.any(axis=1), row[np.arange(len(row)), hit.argmax(axis=1)]
        to_lon[k, found] = near_lon(w.lon[k, known], w.lon[k, -1])[first[found]]
        to_lat[k, found] = w.lat[k, known][first[found]]
    return to_lon, to_lat


def simple_methods(w: Windows, group: np.ndarray, seed: int = 0) -> dict[str, Forecast]:
    """The forecasts of all simple methods by name. group: (w,) of `cross_fitted_pull`."""
    methods = {
        "persistence": persistence(w),
        "same time before": same_time_before(w),
        "toward the median place": toward_median(w, cross_fitted_pull(w, group, seed)),
    }
    for steps, which in ((1, "last step"), (3, "last 3 steps")):
        methods[f"constant velocity, {which}"] = constant_velocity(w, steps)
        for fade_s in (60.0, 300.0, 900.0):
            name = f"constant velocity, {which}, fading over {fade_s:.0f} s"
            methods[name] = constant_velocity(w, steps, fade_s)
    return methods
