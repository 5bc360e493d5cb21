# SPDX-License-Identifier: GPL-2.0-or-later
"""What the labels of a track rest on, in words and figures: read from the inputs of its heads."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..features.activity import ACTIVITY
from ..features.motion import MOTION

if TYPE_CHECKING:
    from ..bundle.runtime import Model

FEATURES = (*ACTIVITY, *MOTION)


def evidence_in_words(x: np.ndarray, unit: str, model: Model) -> np.ndarray:
    """(n,) texts about how tracks with inputs of heads x (n, d) moved; '' where it is unknown and of other units."""
    words, known = np.full(len(x), "", object), ~np.isnan(x).any(axis=1)
    if unit != "track":
        return words
    f = dict(zip(FEATURES, x[known, 4 * model.card["width"] :].astype(np.float64).T))
    km, minutes = np.expm1(4 * f["length"]) / 10, np.expm1(4 * f["duration"])
    mean, fast = (3.6 * np.expm1(2 * f[name]) for name in ("mean_speed", "smooth_speed_0.9"))
    stops = np.expm1(f["stops_a_km"]) * (km + 0.1)
    words[known] = [
        f"{a:.1f} km in {b:,.0f} min, {c:.0f} km/h on average, over {d:.0f} km/h for a tenth of it, {e:,.0f} "
        f"halt{'' if round(e) == 1 else 's'}"
        for a, b, c, d, e in zip(km, minutes, mean, fast, stops)
    ]
    return words
