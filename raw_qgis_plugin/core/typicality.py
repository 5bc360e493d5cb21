# SPDX-License-Identifier: GPL-2.0-or-later
"""Whether tracks are like the training data of a head, and if not, why."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from .arrays import group_quantile
from .geodesy import metres_between
from .tracks import Tracks

# The quantities that the 'domain' of a head in the card may limit: words and unit of measure
LIMITS = {
    "cadence_s": ("cadence", " s"),
    "span_h": ("time from first to last fix", " h"),
    "n_fixes": ("number of fixes", ""),
    "speed_ms": ("speed", " m/s"),
    "n_users": ("number of users", ""),
    "horizon_s": ("horizon", " s"),
}
UNLIMITED = 1e9  # an upper limit from here on is none
MIN_EVIDENCE = 1e-3  # hours or users; logarithms are taken of evidence


def evidence(unit: str) -> str:
    """The key of LIMITS for the amount of evidence about a unit, on which interval widths depend."""
    return "n_users" if unit == "region" else "span_h"


def unit_stats(tracks: Tracks) -> dict[str, np.ndarray]:
    """The quantities of tracks that a domain limits: cadence_s, span_h, n_fixes, speed_ms, (n_tracks,) float64 each.

    cadence_s: median time between fixes. span_h: first to last fix. speed_ms: 90 % quantile of the steps, m/s. A track
    of one fix has no cadence and speed (nan); a track without fixes no span either.
    """
    step = np.flatnonzero(tracks.track[1:] == tracks.track[:-1])
    seconds = (tracks.t[step + 1] - tracks.t[step]) / 1000
    metres = metres_between(tracks.lon[step], tracks.lat[step], tracks.lon[step + 1], tracks.lat[step + 1])
    track = tracks.track[step]
    return {
        "cadence_s": group_quantile(seconds, track, tracks.n_tracks),
        "span_h": tracks.span_s / 3600,
        "n_fixes": np.diff(tracks.track_offsets).astype(np.float64),
        "speed_ms": group_quantile(metres / seconds, track, tracks.n_tracks, 0.9),
    }


def outside(
    stats: Mapping[str, np.ndarray], domain: Mapping[str, list[float]], mask: np.ndarray, units: str
) -> tuple[np.ndarray, list[str]]:
    """Which units lie outside the domain of a head, and why.

    stats: (n,) each, of `unit_stats`. domain: name -> [least, most], names of LIMITS; other quantities are not limited.
    mask: (n,) bool, the units to test. units: the word for them, plural.
    Returns (n,) bool, False outside the mask, and sentences such as '12 of 61 users: cadence outside 1 to 300 s'.
    """
    wrong = np.zeros(len(mask), bool)
    reasons = []
    for name, (words, unit) in LIMITS.items():
        if name not in domain or name not in stats:
            continue
        least, most = domain[name]
        out = mask & ~((stats[name] >= least) & (stats[name] <= most))
        if out.any():
            count, total = np.count_nonzero(out), np.count_nonzero(mask)
            limits = f"outside {least:,g} to {most:,g}" if most < UNLIMITED else f"under {least:,g}"
            reasons.append(f"{count:,} of {total:,} {units}: {words} {limits}{unit}")
        wrong |= out
    return wrong, reasons
