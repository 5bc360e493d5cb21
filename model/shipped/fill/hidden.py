# SPDX-License-Identifier: GPL-2.0-or-later
"""Gaps that are hidden in tracks, so that the truth is known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from raw_qgis_plugin.core.arrays import Array, expand_ranges, run_starts
from raw_qgis_plugin.core.evaluation.windows import draw
from raw_qgis_plugin.core.gaps.ends import Gaps
from raw_qgis_plugin.core.tracks import Tracks


class Settings:
    """How examples are drawn: gaps are hidden in layers of people of a source, as they were
    recorded or thinned.
    """

    lengths_s: tuple[float, ...] = (150.0, 300.0, 600.0, 1200.0, 1800.0, 3600.0)  # varied
    vary: float = 0.25  # of the logarithm, to both sides
    cadences_s: tuple[int, ...] = (1, 1, 1, 1, 1, 120, 300)  # to which a layer is thinned
    layer: tuple[int, int] = (15, 80)  # people in one, from … to
    per_user: int = 40  # gaps of one length
    anywhere: float = 0.4  # share of the examples whose query is not the middle
    passes: int = 6  # most over the people of a source, each in other layers
    longer: float = 1.1  # the most of the wanted length that a gap may have
    # a hidden step that seems faster is a fault of the device, or a flight
    fastest_m_s: float = 70.0
    middle: float = 0.05  # of the length, within which a fix shows where the middle was
    apart: float = 3.0  # times the length: of one user one gap begins in each such time


@dataclass(frozen=True)
class Hidden:
    """Gaps that were hidden in tracks, and a fix (g,) of each, with t in epoch ms and degrees."""

    gaps: Gaps
    t: Array
    lon: Array
    lat: Array

    @property
    def share(self) -> Array:
        """(g,) of the gaps' time, when the fixes were."""
        return (self.t - self.gaps.tracks.t[self.gaps.before]) / 1000.0 / self.gaps.seconds


def hide(
    users: Tracks, seconds: float, per_user: int, limit: int, seed: int, anywhere: float = 0.0
) -> Hidden:
    """Hide gaps of about `seconds` in tracks, at most `per_user` of each and `limit` in all, drawn
    at random.

    A gap has no step that is too fast, and a fix near its middle, the query; of the share
    `anywhere` any hidden fix. users: one track a user.
    """
    rng = np.random.default_rng(seed)
    spans = spans_of(users, seconds)
    possible = np.flatnonzero(can_be_hidden(users, spans, seconds))
    begin = apart(users, rng.permutation(possible), spans.end, seconds)
    drawn = draw(users.user[begin], limit, per_user, seed)
    begin = begin[drawn]
    end = spans.end[begin]
    query = spans.middle[begin]

    if len(begin):
        any_fix = rng.random(len(begin)) < anywhere
        query = np.where(any_fix, rng.integers(begin + 1, end), query)

    shown = np.ones(len(users), bool)
    shown[expand_ranges(begin + 1, end - begin - 1)] = False
    before = (np.cumsum(shown) - 1)[begin]
    gaps = Gaps(users.take(shown), before, before + 1)

    return Hidden(gaps, users.t[query], users.lon[query], users.lat[query])


@dataclass(frozen=True)
class Spans:
    """Spans from each fix (n,) on: rows of the fix where it ends, and of the one nearest to its
    middle, which is at half (n,) epoch ms.
    """

    end: Array
    middle: Array
    half: Array


def spans_of(users: Tracks, seconds: float) -> Spans:
    """Spans of at least so many seconds, as far as the tracks go."""
    t = users.t
    last = len(t) - 1
    later = users.before(users.user, t + int(1000 * seconds))
    end = np.minimum(later, last)
    half = (t + t[end]) // 2

    middle = users.before(users.user, half)
    since_ms = half - t[middle - 1]
    until_ms = t[np.minimum(middle, last)] - half
    earlier_is_nearer = since_ms < until_ms

    return Spans(end, middle - earlier_is_nearer, half)


def can_be_hidden(users: Tracks, spans: Spans, seconds: float) -> Array:
    """(n,) bool: the spans in one track, of about so many seconds, without a step that is too fast,
    and with a fix near the middle.
    """
    t = users.t
    end = spans.end
    one_user = users.user[end] == users.user

    row = np.arange(len(t))
    n_fast = _fast_steps_before(users)
    slow = n_fast == n_fast[end]

    length_ms = t[end] - t
    long_enough = length_ms >= 1000 * seconds
    not_longer = length_ms <= 1000 * Settings.longer * seconds

    middle = spans.middle
    inside = (middle > row) & (middle < end)
    last = len(t) - 1
    off_ms = np.abs(t[np.minimum(middle, last)] - spans.half)
    near_middle = off_ms <= 1000 * Settings.middle * seconds

    return one_user & long_enough & not_longer & slow & inside & near_middle


def _fast_steps_before(users: Tracks) -> Array:
    """(n,) number of steps before each fix that are too fast."""
    row = np.arange(len(users))
    step_m = users.metres_apart(row[:-1], row[1:])
    step_s = np.maximum(np.diff(users.t) / 1000.0, 0.5)
    too_fast = step_m > Settings.fastest_m_s * step_s

    return np.insert(np.cumsum(too_fast), 0, 0)


def apart(users: Tracks, begin: Array, end: Array, seconds: float) -> Array:
    """Of spans that begin at rows in random order, the first of each spell of a user, in order,
    without those that begin before the one before has ended. end: (n,) of all spans.
    """
    spell_ms = 1000 * Settings.apart * seconds
    spell = (users.t[begin] / spell_ms).astype(np.int64)
    order = np.lexsort((spell, users.user[begin]))
    begin = begin[order]
    first = run_starts(users.user[begin], spell[order])
    begin = begin[first]

    ended = begin[1:] >= end[begin[:-1]]
    free = np.append(True, ended)

    return begin[free[: len(begin)]]
