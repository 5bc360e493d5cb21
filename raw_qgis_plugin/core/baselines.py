# SPDX-License-Identifier: GPL-2.0-or-later
"""The simple methods that a forecast has to beat, in columns.

Each takes windows, t, lon, lat (w, c) with the oldest fix first, and the asked times (w, h) in epoch ms, and returns
forecasts lon, lat (w, h) in degrees.
"""

from __future__ import annotations

import numpy as np

from .geodesy import metres_per_degree, offset_m
from .times import DAY_MS

FADES_S = (60.0, 300.0, 900.0)
PULLS = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
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
    v = v / np.maximum((t[:, -1] - t[:, -1 - steps]) / 1000.0, 0.5)[:, None]
    dt = (asked - t[:, -1:]) / 1000.0
    reach = dt if fade_s is None else fade_s * -np.expm1(-dt / fade_s)
    kx, ky = metres_per_degree(lat[:, -1:])
    return lon[:, -1:] + v[:, :1] * reach / kx, lat[:, -1:] + v[:, 1:] * reach / ky


def same_time_before(t: np.ndarray, lon: np.ndarray, lat: np.ndarray, asked: np.ndarray) -> Forecast:
    """The place at that time of day on the latest earlier day with a fix within 30 min of it; else the last fix."""
    at = np.full(asked.shape, t.shape[1] - 1)
    found = np.zeros(asked.shape, bool)
    for day in range(1, 1 + max(int(np.ptp(t, axis=1).max(initial=0) // DAY_MS) + 1, 1)):
        gap = np.abs(t[:, None, :] - (asked[:, :, None] - day * DAY_MS))  # (w, h, c)
        nearest = gap.argmin(axis=2)
        hit = ~found & (np.take_along_axis(gap, nearest[..., None], 2)[..., 0] <= 30 * 60_000)
        at[hit], found = nearest[hit], found | hit
    return np.take_along_axis(lon, at, 1), np.take_along_axis(lat, at, 1)


def toward_median(t: np.ndarray, lon: np.ndarray, lat: np.ndarray, asked: np.ndarray, *, pull: float) -> Forecast:
    """From the last fix the share `pull` of the way to the median place of the context."""
    to_lon, to_lat = np.nanmedian(lon, axis=1)[:, None], np.nanmedian(lat, axis=1)[:, None]
    return (
        np.broadcast_to(lon[:, -1:] + pull * (to_lon - lon[:, -1:]), asked.shape),
        np.broadcast_to(lat[:, -1:] + pull * (to_lat - lat[:, -1:]), asked.shape),
    )


def simple_methods(t: np.ndarray, lon: np.ndarray, lat: np.ndarray, asked: np.ndarray) -> dict[str, Forecast]:
    """Every simple method's forecast by its name."""
    window = (t, lon, lat, asked)
    methods = {"persistence": persistence(*window), "same time before": same_time_before(*window)}
    for steps in (1, 3):
        which = "last step" if steps == 1 else f"last {steps} steps"
        methods[f"constant velocity, {which}"] = constant_velocity(*window, steps=steps)
        for fade in FADES_S:
            methods[f"constant velocity, {which}, fading over {fade:.0f} s"] = constant_velocity(
                *window, steps=steps, fade_s=fade
            )
    for pull in PULLS[1:]:
        methods[f"{pull:.0%} of the way to the median place"] = toward_median(*window, pull=pull)
    return methods
