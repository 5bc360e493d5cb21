# SPDX-License-Identifier: GPL-2.0-or-later
"""Paths out of town along a motorway or a main line; they need no street plan."""

from __future__ import annotations

import numpy as np
from scipy.interpolate import CubicSpline

from model.synthetic.city.rail import Range
from model.synthetic.sumo import Trajectory


def path_out(start: np.ndarray, end: np.ndarray, mode: str, road: int, rng: np.random.Generator) -> Trajectory:
    """Every second from start to end, (2,) metres each. road: the same number is the same road, in both directions."""
    shape = _road(start, end, np.random.default_rng([road, 51, mode == "rail"]))
    along = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(shape, axis=0).T))])
    if mode == "rail":
        at = _drive(along[-1], (30.0, 66.0), 0.5, 0.6, (7e3, 30e3), rng)
    else:
        at = _drive(along[-1], (22.0, 38.0), 1.2, 1.5, None, rng)
    return Trajectory(np.arange(len(at)), np.interp(at, along, shape[:, 0]), np.interp(at, along, shape[:, 1]))


def _road(start: np.ndarray, end: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """(k, 2) metres: a curve about the straight line with a bend every 4 km, the same from either end."""
    knot_m = 4000.0
    turned = tuple(start) > tuple(end)
    a, b = (end, start) if turned else (start, end)
    length = float(np.hypot(*(b - a)))
    off = np.zeros(max(1, round(length / knot_m)) + 1)
    if len(off) > 2:
        off[1:-1] = np.cumsum(rng.normal(0, 0.13, len(off) - 2))
        off -= np.linspace(0, off[-2], len(off))
        off[-1] = 0.0
    across = np.array([a[1] - b[1], b[0] - a[0]]) / max(length, 1.0)
    knots = a + np.linspace(0, 1, len(off))[:, None] * (b - a) + off[:, None] * across * knot_m
    if len(knots) > 2:
        fine = np.linspace(0, len(knots) - 1, max(3, int(length / 100)))
        knots = CubicSpline(np.arange(len(knots)), knots)(fine)
    return knots[::-1] if turned else knots


def _drive(
    metres: float, speeds: Range, accel: float, decel: float, station_gap_m: Range | None, rng: np.random.Generator
) -> np.ndarray:
    """Metres along the path at every second, at rest at both ends and at stations.

    speeds: m/s of the fastest stretches; accel, decel: m/s². Each stretch has its speed, within what these allow.
    """
    usual = rng.uniform(*speeds) if metres > 15e3 else rng.uniform(speeds[0] * 0.6, speeds[0] * 1.1)
    grid = np.arange(0.0, metres + 10, 10.0)
    stretch = np.cumsum(rng.random(len(grid)) < 10 / 2500)
    allowed = np.minimum(usual * np.clip(rng.normal(1, 0.1, stretch[-1] + 1), 0.5, 1.15)[stretch], 1.1 * speeds[1])
    allowed[[0, -1]] = 0.5
    stops = np.zeros(len(grid))
    if station_gap_m:
        at = np.cumsum(rng.uniform(*station_gap_m, int(metres / station_gap_m[0]) + 1))
        stops[(at[at < metres - 3000] / 10).astype(int)] = rng.uniform(40, 150)
        allowed[stops > 0] = 0.5
    squares = allowed**2
    lines = 20.0 * np.arange(len(grid))  # v² grows by 2 a metres
    up = np.minimum.accumulate(squares - accel * lines) + accel * lines
    back = np.minimum.accumulate((squares + decel * lines)[::-1])[::-1] - decel * lines
    speed = np.sqrt(np.maximum(np.minimum(up, back), 0.25))
    wobble = np.exp(np.convolve(rng.normal(0, 0.25, len(grid) + 60), np.ones(61) / 61, "valid"))
    clock = np.concatenate([[0.0], np.cumsum(10.0 / (0.5 * (speed[1:] + speed[:-1]) * wobble[1:]))])
    leaves = clock + np.cumsum(stops)
    times = np.column_stack([leaves - stops, leaves]).ravel()
    seconds = np.arange(int(times[-1]) + 1)
    return np.minimum(np.interp(seconds, times, np.repeat(grid, 2)), metres)
