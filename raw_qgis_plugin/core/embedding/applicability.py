# SPDX-License-Identifier: GPL-2.0-or-later
"""Whether a head may answer about tracks: whether they are like its training data and show enough,
and if not, why.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

import numpy as np

from ..arrays import group_quantile, run_starts
from ..errors import translated
from ..tracks import Tracks, solar_day

# The quantities that the 'domain' of a head in the card may limit, and what is said of units
# outside
LIMITS = {
    "cadence_s": "fixes too close or too far apart in time",
    "span_h": "too short a time from first to last fix",
    "n_fixes": "too few fixes",
    "speed_ms": "speeds too high",
    "n_users": "too few or too many people",
    "horizon_s": "too far ahead",
    "days": "fixes on too few days",
    "observed": "too much of the way lies in gaps",
}
UNITS = {"s": " s", "h": " h", "ms": " m/s"}  # of measure, by the ends of the names
UNLIMITED = 1e9  # an upper limit from here on is none

# A silence is a gap in a track, in which nobody saw the movement, from both of these on
GAP_INTERVALS = 5.0  # times the track's median time between fixes
GAP_S = 120.0


def unit_stats(tracks: Tracks) -> dict[str, np.ndarray]:
    """The quantities of tracks that a domain limits: (n_tracks,) float64 each.

    cadence_s: median time between fixes. span_h: first to last fix. n_fixes. speed_ms: 90 %
    quantile of the steps, m/s. days: with fixes, of mean solar time. observed: share of the way
    outside gaps, 1 for a track that does not move. A track of one fix has no cadence and speed
    (nan); a track without fixes no span either.
    """
    step, seconds, cadence, seen = _steps(tracks)
    metres, track, n = tracks.metres_to_next(step), tracks.track[step], tracks.n_tracks
    way, way_seen = np.bincount(track, metres, n), np.bincount(track, metres * seen, n)
    return {
        "cadence_s": cadence,
        "span_h": tracks.span_s / 3600,
        "n_fixes": np.diff(tracks.track_offsets).astype(np.float64),
        "speed_ms": group_quantile(metres / seconds, track, n, 0.9),
        "days": np.bincount(
            tracks.track[run_starts(solar_day(tracks), tracks.track)], minlength=n
        ).astype(np.float64),
        "observed": np.divide(way_seen, way, where=way > 0, out=np.ones(n)),
    }


def _steps(tracks: Tracks) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Of the steps within tracks: the fix before (k,), seconds (k,), and whether it is no gap (k,);
    third, the cadence (n_tracks,) of the tracks in s.
    """
    step = tracks.steps()
    seconds, track = (tracks.t[step + 1] - tracks.t[step]) / 1000, tracks.track[step]
    cadence = group_quantile(seconds, track, tracks.n_tracks)
    return step, seconds, cadence, seconds <= np.maximum(GAP_INTERVALS * cadence[track], GAP_S)


def after_gap(tracks: Tracks) -> np.ndarray:
    """(n,) bool: fixes before which nobody saw the movement: the first of each track, and those
    after a gap.
    """
    step, _, _, seen = _steps(tracks)
    result = np.ones(len(tracks), bool)
    result[step[seen] + 1] = False
    return result


def limits_in_words(domain: Mapping[str, list[float]]) -> dict[str, str]:
    """What lies outside a domain, with its limits, by the names of LIMITS: 'too few fixes (≥ 20)'."""
    words = {}
    for name in (name for name in LIMITS if name in domain):
        (least, most), unit = domain[name], UNITS.get(name.rpartition("_")[2], "")
        if unit == " h" and most >= UNLIMITED and least < 0.1:  # few can read 0.00185 h
            least, unit = 3600 * least, " s"
        limits = f"{least:,g} – {most:,g}" if most < UNLIMITED else f"≥ {least:,g}"
        words[name] = f"{translated(LIMITS[name])} ({limits}{unit})"
    return words


def outside(
    stats: Mapping[str, np.ndarray], domain: Mapping[str, list[float]], mask: np.ndarray
) -> dict[str, np.ndarray]:
    """Which units lie outside the domain of a head, and why: a reason -> (n,) bool, False outside
    the mask.

    stats: (n,) each, of `unit_stats`. domain: name -> [least, most], names of LIMITS; other
    quantities are not limited. mask: (n,) bool, the units to test. Reasons are those of
    `limits_in_words` that concern a unit.
    """
    reasons = {}
    for name, reason in limits_in_words(domain).items():
        if name in stats:
            reasons[reason] = mask & ~(
                (stats[name] >= domain[name][0]) & (stats[name] <= domain[name][1])
            )
    return {reason: wrong for reason, wrong in reasons.items() if wrong.any()}


def any_of(reasons: Mapping[str, np.ndarray], n: int) -> np.ndarray:
    """(n,) bool: the units that any of the reasons of `outside` concerns."""
    return np.logical_or.reduce(list(reasons.values()) or [np.zeros(n, bool)])


def format_reasons(remarks: Iterable[str]) -> str:
    """Remarks in one line, the reasons of `outside` and `in_words` among them without their limits."""
    return "; ".join(re.sub(r" \([≥\d-][^()]*\)$", "", each).rstrip(".") for each in remarks)


def in_words(reasons: Mapping[str, np.ndarray], mask: np.ndarray, units: str) -> list[str]:
    """Sentences such as '12 of 61 users: too few fixes (≥ 20)'. mask: (n,) bool, the units that
    were tested.

    units: the word for them, plural.
    """
    words, (total, units) = (
        "{n:,} of {total:,} {units}: {reason}",
        (np.count_nonzero(mask), translated(units)),
    )
    counts = ((reason, np.count_nonzero(wrong)) for reason, wrong in reasons.items())
    return [translated(words, n=n, total=total, units=units, reason=reason) for reason, n in counts]
