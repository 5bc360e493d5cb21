# SPDX-License-Identifier: GPL-2.0-or-later
"""Simple places where a track may have been in a gap, from the movement at its ends alone."""

from __future__ import annotations

import numpy as np

from ..arrays import Array
from ..geodesy import length
from .ends import Ends

FADE_S = 300.0  # s, constant velocity is damped over this time; the imputer was trained with it
SIMPLE = (
    "line",
    "curve",
    "first end",
    "second end",
    "leaves at once",
    "arrives at last",
    "on from first",
    "back from second",
)


def simple_places(ends: Ends, share: Array) -> Array:
    """SIMPLE (m, 8, 2) metres from the first end, in the frames of gaps, at shares (m,) of time."""
    s = share[:, None]
    across = ends.across

    first = _shortest_velocity(ends, 0)
    second = _shortest_velocity(ends, 1)

    distance = length(across)[:, None]
    along = across / np.maximum(distance, 1.0)

    gone = _steady(first, s, ends, distance)
    to_go = _steady(second, 1 - s, ends, distance)

    places = {"line": s * across, "first end": 0.0 * across, "second end": across}
    places["curve"] = _curve(first, second, s, ends)
    places["leaves at once"] = along * gone

    places["arrives at last"] = across - along * to_go
    places["on from first"] = _fading(first, s, ends)
    places["back from second"] = across - _fading(second, 1 - s, ends)

    return np.stack([places[name] for name in SIMPLE], axis=1)


def _shortest_velocity(ends: Ends, end: int) -> Array:
    """(m, 2) m/s at an end, over the shortest time for which it is known."""
    lag = ends.known[:, end].argmax(axis=1)
    return ends.velocity[np.arange(len(lag)), end, lag]


def _curve(first: Array, second: Array, s: Array, ends: Ends) -> Array:
    """(m, 2) on the cubic that leaves and arrives with the velocities of the ends (Hermite)."""
    leave = (s**3 - 2 * s**2 + s) * first
    arrive = (s**3 - s**2) * second

    on = 3 * s**2 - 2 * s**3
    bends = ends.seconds[:, None] * (leave + arrive)
    return bends + on * ends.across


def _steady(v: Array, part: Array, ends: Ends, distance: Array) -> Array:
    """(m, 1) metres at the speed of an end for a part of the time, no less than the line has."""
    speed = length(v)[:, None]
    metres = speed * part * ends.seconds[:, None]
    return np.clip(metres, part * distance, distance)


def _fading(v: Array, part: Array, ends: Ends) -> Array:
    """(m, 2) metres by the velocity of an end, which fades, for a part of the time."""
    seconds = part * ends.seconds[:, None]
    fade = -np.expm1(-seconds / FADE_S)
    return v * FADE_S * fade
