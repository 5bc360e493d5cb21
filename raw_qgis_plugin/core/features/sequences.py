# SPDX-License-Identifier: GPL-2.0-or-later
"""Fixes of sequences, and the frame of each fix: its x axis is the heading of the last movement."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..arrays import Array, run_starts
from ..geodesy import length, offset_m
from ..times import DAY_MS, HOUR_MS

KEY_BITS = 43  # bits of a key for the milliseconds of a sequence: 278 years
MOVED_M = 0.5  # m, a shorter step gives no new heading: it is noise


@dataclass(frozen=True)
class Fixes:
    """Fixes of sequences, flat: row i is one fix.

    t: (n,) epoch ms. lon, lat: (n,) degrees. first: (n,) row of the first fix of the sequence.
    clock: (n,) seconds since that fix. key: (n,) ascending numbers of sequence and time. step_m:
    (n,) metres from the fix before, 0 for a first fix. heading: (n, 2) unit vector (east, north)
    of the last movement, the x axis of the frame.
    """

    t: Array
    lon: Array
    lat: Array
    first: Array
    clock: Array
    key: Array
    step_m: Array
    heading: Array


def solar_hour(t: Array, lon: Array) -> Array:
    """Hours of mean solar time since Monday 00:00, in [0, 168), of times `t` (epoch ms, UTC)."""
    monday = 4 * 24.0  # 1970-01-01 was a Thursday: Monday was three days before, four days ahead
    utc = np.asarray(t, np.float64) / HOUR_MS

    solar = utc + np.asarray(lon) / 15.0
    return (solar - monday) % 168.0


def into_frame(v: Array, heading: Array) -> Array:
    """East-north vectors (…, 2) in the frame whose x axis is `heading` (…, 2)."""
    east = v[..., 0]
    north = v[..., 1]

    cos = heading[..., 0]
    sin = heading[..., 1]

    ahead = east * cos + north * sin
    left = north * cos - east * sin

    return np.stack([ahead, left], axis=-1)


def fixes_of(sequence: Array, t: Array, lon: Array, lat: Array) -> Fixes:
    """Fixes of sequences.

    sequence: (n,) int, equal along one sequence, non-decreasing. t: (n,) epoch ms, increasing
    within a sequence. lon, lat: (n,) degrees.
    """
    row = np.arange(len(t))
    start = run_starts(sequence)

    first = np.maximum.accumulate(np.where(start, row, 0))
    since = t - t[first]

    longest_ms = 2**KEY_BITS - 366 * DAY_MS  # leaves a year for horizons
    number = np.cumsum(start).astype(np.int64)

    key = (number << KEY_BITS) + np.minimum(since, longest_ms)
    before = np.maximum(row - 1, first)

    step = offset_m(lon, lat, lon[before], lat[before])
    step_m = length(step)

    moved = np.maximum.accumulate(np.where((step_m >= MOVED_M) | start, row, 0))
    moved_m = step_m[moved, None]

    direction = step[moved] / np.maximum(moved_m, 1e-9)
    heading = np.where(moved_m > 0, direction, [1.0, 0.0])

    clock = (since / 1000.0).astype(np.float32)

    return Fixes(t, lon, lat, first, clock, key, step_m, heading)


def seconds_between(f: Fixes, earlier: Array, row: Array) -> Array:
    """Seconds from fixes to later ones, half a second at least."""
    return np.maximum((f.t[row] - f.t[earlier]) / 1000.0, 0.5)


def running_mean(v: Array, chosen: Array, first: Array) -> tuple[Array, Array]:
    """Mean of the `chosen` rows of `v` (n, 2) from a sequence's first fix to each row; their count.

    Each sequence is summed on its own: the last digits of one sum over all would depend on the
    other sequences.
    """
    number = np.arange(len(v)) - first
    begins = number == 0

    longest = int(number.max(initial=0)) + 1
    cell = (np.cumsum(begins) - 1) * longest + number
    total = np.zeros((3, np.count_nonzero(begins), longest))

    flat = total.reshape(3, -1)  # a view
    flat[0, cell] = v[:, 0] * chosen

    flat[1, cell] = v[:, 1] * chosen
    flat[2, cell] = chosen

    np.cumsum(total, axis=2, out=total)
    sums = flat[:, cell]
    count = sums[2]

    return sums[:2].T / np.maximum(count, 1.0)[:, None], count
