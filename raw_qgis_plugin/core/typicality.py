# SPDX-License-Identifier: GPL-2.0-or-later
"""Whether tracks are like those that a head was trained on, and if not, why."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from .arrays import group_quantile
from .geodesy import metres_between
from .tracks import Tracks

# What a head's 'domain' in the card may limit, and the words for it
LIMITS = {
    "cadence_s": ("cadence", " s"),
    "span_h": ("time from first to last fix", " h"),
    "n_fixes": ("number of fixes", ""),
    "speed_ms": ("speed", " m/s"),
    "n_users": ("number of users", ""),
    "horizon_s": ("horizon", " s"),
}
UNLIMITED = 1e9  # a greatest value from here on limits nothing
LEAST_EVIDENCE = 1e-3  # hours or users: logarithms are taken of it


def evidence(unit: str) -> str:
    """Which of LIMITS says how much is known of a unit, so how sure an answer about it can be."""
    return "n_users" if unit == "region" else "span_h"


def unit_stats(tracks: Tracks) -> dict[str, np.ndarray]:
    """What a head's domain limits, by track: cadence_s, span_h, n_fixes, speed_ms, each (n_tracks,) float64.

    cadence_s: median time between fixes. span_h: first to last fix. speed_ms: that which a tenth of the steps
    exceed. A track of one fix has no cadence and speed (nan); one of none no span either.
    """
    n = np.diff(tracks.track_offsets)
    some = n > 0
    span = np.full(tracks.n_tracks, np.nan)
    first, last = tracks.track_offsets[:-1][some], tracks.track_offsets[1:][some] - 1
    span[some] = (tracks.t[last] - tracks.t[first]) / 3_600_000
    step = np.flatnonzero(tracks.track[1:] == tracks.track[:-1])
    seconds = (tracks.t[step + 1] - tracks.t[step]) / 1000
    metres = metres_between(tracks.lon[step], tracks.lat[step], tracks.lon[step + 1], tracks.lat[step + 1])
    track = tracks.track[step]
    return {
        "cadence_s": group_quantile(seconds, track, tracks.n_tracks),
        "span_h": span,
        "n_fixes": n.astype(np.float64),
        "speed_ms": group_quantile(metres / seconds, track, tracks.n_tracks, 0.9),
    }


def outside(
    stats: Mapping[str, np.ndarray], domain: Mapping[str, list[float]], asked: np.ndarray, units: str
) -> tuple[np.ndarray, list[str]]:
    """Which units lie outside a head's domain, and why.

    stats: of unit_stats, (n,) each. domain: name -> [least, most], of LIMITS; what it does not name is not limited.
    asked: (n,) bool, the units in question. units: the word for them, plural.
    Returns (n,) bool, False where not asked, and sentences such as '12 of 61 users: cadence outside 1 to 300 s'.
    """
    wrong = np.zeros(len(asked), bool)
    reasons = []
    for name, (words, unit) in LIMITS.items():
        if name not in domain or name not in stats:
            continue
        least, most = domain[name]
        out = asked & ~((stats[name] >= least) & (stats[name] <= most))
        if out.any():
            count, total = np.count_nonzero(out), np.count_nonzero(asked)
            limits = f"outside {least:,g} to {most:,g}" if most < UNLIMITED else f"under {least:,g}"
            reasons.append(f"{count:,} of {total:,} {units}: {words} {limits}{unit}")
        wrong |= out
    return wrong, reasons
