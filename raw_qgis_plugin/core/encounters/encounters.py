# SPDX-License-Identifier: GPL-2.0-or-later
"""Encounters: pairs of users who were, or may have been, within a distance of each other at the same time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..arrays import join_rows, run_ends, run_starts, take_rows
from ..errors import Progress, no_progress
from ..gaps.fill import Filler
from ..tracks import Tracks
from .clock import positions
from .pairs import Pairs, likely_pairs


@dataclass(frozen=True)
class EncounterSettings:
    """How runs of times become encounters."""

    tick_s: float = 30.0  # between the times that are looked at, at most,
    per_minimum: int = 2  # and so many in the least length of an encounter
    least_tick_s: float = 5.0
    most_missing: int = 1  # times in between without the pair


SETTINGS = EncounterSettings()


@dataclass(frozen=True)
class Encounters:
    """n encounters. one, other: (n,) users, one < other. t_start, t_end: (n,) epoch ms. probability: (n,) that both
    were within the distance at the likeliest time. observed: (n,) whether both had fixes then, no more than a minute
    apart. lon, lat: (n,) degrees, where.
    """

    one: np.ndarray
    other: np.ndarray
    t_start: np.ndarray
    t_end: np.ndarray
    probability: np.ndarray
    observed: np.ndarray
    lon: np.ndarray
    lat: np.ndarray


def find_encounters(
    users: Tracks, distance_m: float, min_s: float, longest_s: float, least: float,
    progress: Progress = no_progress, *, infer: bool = True,
) -> Encounters:  # fmt: skip
    """The encounters of users, by user and time: within distance_m for min_s seconds or longer.

    users: one track a user. longest_s: nothing is known in longer gaps. least: probability from which an encounter
    counts. infer: fill gaps; otherwise positions in gaps lie on the line of two fixes, which is the simple method.
    """
    s = SETTINGS
    tick_s = float(np.clip(min_s / s.per_minimum, s.least_tick_s, s.tick_s))
    filler = Filler(users) if infer and len(users) else None
    parts = []
    for share, p in positions(users, tick_s, longest_s):
        progress(share)
        parts.append(likely_pairs(users, p, filler, distance_m, least))
    progress(1.0)
    none = np.zeros(0)
    empty = Pairs(*(none.astype(kind) for kind in (int, int, int, float, bool, float, float)))
    return _runs(join_rows([empty, *parts]), tick_s, min_s)


def _runs(pairs: Pairs, tick_s: float, min_s: float) -> Encounters:
    """Runs of times of the same pair."""
    order = np.lexsort((pairs.tick, pairs.other, pairs.one))
    p = take_rows(pairs, order)
    starts = run_starts(p.one, p.other)
    starts[1:] |= np.diff(p.tick) > 1 + SETTINGS.most_missing
    first = np.flatnonzero(starts)
    last = run_ends(first, len(starts))
    run = np.cumsum(starts) - 1
    best = np.lexsort((-p.probability, run))[first] if len(first) else first  # the likeliest time, the first of several
    long = (p.tick[last] - p.tick[first]) * tick_s >= min_s
    first, last, best = first[long], last[long], best[long]
    tick_ms = int(1000 * tick_s)
    return Encounters(
        p.one[first], p.other[first], p.tick[first] * tick_ms, p.tick[last] * tick_ms, p.probability[best],
        p.observed[best], p.lon[best], p.lat[best],
    )  # fmt: skip
