# SPDX-License-Identifier: GPL-2.0-or-later
"""Whether a head may answer about tracks: they are like its training data and show enough."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from ..arrays import Array, Columns, group_quantile, run_starts
from ..errors import translated
from ..tracks import Tracks, solar_day

# The quantities that the 'domain' of a head in the card may limit, and the reason outside of it
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


def unit_stats(tracks: Tracks) -> Columns:
    """The quantities of tracks that a domain limits: (n_tracks,) float64 each.

    cadence_s: median time between fixes. span_h: first to last fix. n_fixes. speed_ms: 90 %
    quantile of the steps, m/s. days: with fixes, of mean solar time. observed: share of the way
    outside gaps, 1 for a track that does not move. A track of one fix has no cadence and speed
    (nan); a track without fixes no span either.
    """
    n = tracks.n_tracks
    steps = _steps(tracks)

    metres = tracks.metres_to_next(steps.row)
    way = np.bincount(steps.track, metres, n)
    way_seen = np.bincount(steps.track, metres * steps.seen, n)

    new_day = run_starts(solar_day(tracks), tracks.track)
    days = np.bincount(tracks.track[new_day], minlength=n)

    return {
        "cadence_s": steps.cadence_s,
        "span_h": tracks.span_s / 3600,
        "n_fixes": np.diff(tracks.track_offsets).astype(np.float64),
        "speed_ms": group_quantile(metres / steps.seconds, steps.track, n, 0.9),
        "days": days.astype(np.float64),
        "observed": np.divide(way_seen, way, where=way > 0, out=np.ones(n)),
    }


@dataclass(frozen=True)
class Steps:
    """Steps from a fix to the next of its track.

    row: (k,) of the first fix. track, seconds: (k,). seen: (k,) bool, no gap. cadence_s:
    (n_tracks,) median time of the steps of a track.
    """

    row: Array
    track: Array
    seconds: Array
    seen: Array
    cadence_s: Array


def _steps(tracks: Tracks) -> Steps:
    row = tracks.steps()
    track = tracks.track[row]

    seconds = (tracks.t[row + 1] - tracks.t[row]) / 1000
    cadence_s = group_quantile(seconds, track, tracks.n_tracks)
    longest_s = np.maximum(GAP_INTERVALS * cadence_s[track], GAP_S)

    return Steps(row, track, seconds, seconds <= longest_s, cadence_s)


def after_gap(tracks: Tracks) -> Array:
    """(n,) bool: fixes before which nobody saw the movement.

    They are the first of each track, and those after a gap.
    """
    steps = _steps(tracks)
    result = np.ones(len(tracks), bool)
    result[steps.row[steps.seen] + 1] = False
    return result


def limits_in_words(domain: Mapping[str, list[float]]) -> dict[str, str]:
    """What lies outside a domain, by the names of LIMITS: 'too few fixes (≥ 20)'."""
    words = {}
    for name in LIMITS:
        if name in domain:
            words[name] = f"{translated(LIMITS[name])} ({_range_in_words(name, *domain[name])})"
    return words


def _range_in_words(name: str, least: float, most: float) -> str:
    """A range with its unit: '≥ 20' or '5 – 60 s'."""
    unit = UNITS.get(name.rpartition("_")[2], "")
    if most < UNLIMITED:
        return f"{least:,g} – {most:,g}{unit}"

    if unit == " h" and least < 0.1:  # few can read 0.00185 h
        return f"≥ {3600 * least:,g} s"

    return f"≥ {least:,g}{unit}"


def outside(stats: Mapping[str, Array], domain: Mapping[str, list[float]], mask: Array) -> Columns:
    """Which units lie outside the domain of a head, and why.

    stats: (n,) each, of `unit_stats`. domain: name -> [least, most], names of LIMITS; other
    quantities are not limited. mask: (n,) bool, the units to test. Returns a reason -> (n,) bool,
    False outside the mask, for those of `limits_in_words` that concern a unit.
    """
    reasons = {}
    for name, reason in limits_in_words(domain).items():
        if name in stats:
            least, most = domain[name]
            inside = (stats[name] >= least) & (stats[name] <= most)
            if (wrong := mask & ~inside).any():
                reasons[reason] = wrong

    return reasons


def any_of(reasons: Mapping[str, Array], n: int) -> Array:
    """(n,) bool: the units that any of the reasons of `outside` concerns."""
    return np.logical_or.reduce(list(reasons.values()) or [np.zeros(n, bool)])


def format_reasons(remarks: Iterable[str]) -> str:
    """Remarks in one line, the reasons of `outside` and `in_words` among them without limits."""
    return "; ".join(re.sub(r" \([≥\d-][^()]*\)$", "", each).rstrip(".") for each in remarks)


def in_words(reasons: Mapping[str, Array], mask: Array, units: str) -> list[str]:
    """Sentences such as '12 of 61 users: too few fixes (≥ 20)'.

    mask: (n,) bool, the units that were tested. units: the word for them, plural.
    """
    total = np.count_nonzero(mask)

    words = []
    for reason, wrong in reasons.items():
        sentence = translated(
            "{n:,} of {total:,} {units}: {reason}",
            n=np.count_nonzero(wrong),
            total=total,
            units=translated(units),
            reason=reason,
        )
        words.append(sentence)

    return words
