# SPDX-License-Identifier: GPL-2.0-or-later
"""What the labels of a unit rest on, in words and figures: read from the inputs of its heads."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..features.activity import ACTIVITY
from ..features.motion import MOTION

if TYPE_CHECKING:
    from ..bundle.runtime import Model

FEATURES = (*ACTIVITY, *MOTION)


def evidence_in_words(x: np.ndarray, unit: str, model: Model) -> np.ndarray:
    """(n,) texts about units with embeddings x (n, d) or inputs of heads; '' where nothing is known."""
    width = model.card["width"]
    known = ~np.isnan(x).any(axis=1)
    f = dict(zip(FEATURES, x[known, 4 * width :].astype(np.float64).T))
    words = np.full(len(x), "", object)
    words[known] = _ways(f) if unit == "track" else _weeks(f)
    return words


def _ways(f: dict[str, np.ndarray]) -> list[str]:
    """How a track moved."""
    km, minutes = np.expm1(4 * f["length"]) / 10, np.expm1(4 * f["duration"])
    mean, fast = (3.6 * np.expm1(2 * f[name]) for name in ("mean_speed", "smooth_speed_0.9"))
    stops = np.expm1(f["stops_a_km"]) * (km + 0.1)
    return [
        f"{a:.1f} km in {b:,.0f} min, {c:.0f} km/h on average, over {d:.0f} km/h for a tenth of it, {_count(e, 'halt')}"
        for a, b, c, d, e in zip(km, minutes, mean, fast, stops)
    ]


def _weeks(f: dict[str, np.ndarray]) -> list[str]:
    """Where a user or a day was by day, and how often it travelled."""
    seen = np.rint(10 * f["days_seen"])
    there = np.rint(f["anchor_days"] * seen)
    # A trip leads from one stay to the next. A record of the ways alone has no stays, and shows no number of trips.
    trips = 4 * f["trips_a_day"]
    trips = np.where((trips < 0.05) & (f["runs"] > 0), np.nan, trips)
    parts = [
        (
            f"by day at a second place on {a:.0f} of {_count(b, 'weekday')}, from about {_clock(c)} solar time"
            if a else "",
            f"{d:.1f} trips a day" if d == d else "",
        )
        for a, b, c, d in zip(there, seen, 12 * f["anchor_start"], trips)
    ]  # fmt: skip
    return ["; ".join(filter(None, words)) for words in parts]


def _clock(hours: float) -> str:
    """'8:40' of hours of mean solar time, to ten minutes."""
    tens = int(round(6 * hours))
    return f"{tens // 6}:{tens % 6}0"


def _count(n: float, one: str) -> str:
    """'1 halt', '3 halts'."""
    return f"{n:,.0f} {one}{'' if round(n) == 1 else 's'}"
