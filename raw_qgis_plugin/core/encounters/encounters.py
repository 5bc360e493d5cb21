# SPDX-License-Identifier: GPL-2.0-or-later
"""Encounters: pairs of users who were, or may have been, within a distance of each other at the same time."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ..arrays import join_rows, run_ends, run_starts, take_rows
from ..errors import Progress, no_progress
from ..gaps.fill import Filler
from ..specs import EncounterSpec
from ..tracks import Tracks
from .clock import positions
from .pairs import likely_pairs


@dataclass(frozen=True)
class EncounterSettings:
    """How runs of times become encounters."""

    tick_s: float = 30.0  # between the times that are looked at, at most,
    per_minimum: int = 2  # and so many or more in the least length of an encounter
    most_missing: int = 1  # times in between without the pair
    lasting: float = 0.2  # probability of all times of an encounter, of which one has the probability that is asked for
    at_once: int = 500_000  # runs of times that wait to be joined with those before them, or as many as these are


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
    users: Tracks, spec: EncounterSpec, progress: Progress = no_progress, *, infer: bool = True
) -> Encounters:
    """The encounters of users, by user and time.

    They are sought at times half a minute apart, or less: one that is hardly longer than the minimum may fall between
    these. An encounter lasts while its probability is 0.2 or more. users: one track a user. infer: fill gaps; otherwise
    positions in gaps lie on the line of two fixes, which is the simple method.
    """
    min_s = 60.0 * spec.min_minutes
    s = SETTINGS
    least_ticks = max(s.per_minimum, int(np.ceil(min_s / s.tick_s)))
    tick_s = min_s / least_ticks
    filler = Filler(users) if infer and len(users) else None
    none = np.zeros(0)
    nobody = Encounters(*(none.astype(kind) for kind in (int, int, int, int, float, bool, float, float)))
    e, new, n = nobody, [], 0
    for share, p in positions(users, tick_s, 60.0 * spec.max_gap_min):
        progress(share)
        for q in likely_pairs(users, p, filler, spec.distance_m, min(spec.min_probability, s.lasting)):
            new.append(_runs(Encounters(q.one, q.other, q.tick, q.tick, q.probability, q.observed, q.lon, q.lat)))
            n += len(new[-1].one)
            if n > max(len(e.one), s.at_once):
                e, new, n = _runs(join_rows([e, *new])), [], 0
    progress(1.0)
    e = _runs(join_rows([e, *new]))
    e = take_rows(e, (e.t_end - e.t_start >= least_ticks) & (e.probability >= spec.min_probability))
    tick_ms = round(1000 * tick_s)
    return replace(e, t_start=e.t_start * tick_ms, t_end=e.t_end * tick_ms)


def _runs(e: Encounters) -> Encounters:
    """Encounters of the same pair, joined where few times are between them. t_start, t_end: numbers of times.

    They do not overlap: one pair of people is one pair of positions at a time.
    """
    e = take_rows(e, np.lexsort((e.t_start, e.other, e.one)))
    starts = run_starts(e.one, e.other)
    starts[1:] |= e.t_start[1:] - e.t_end[:-1] > 1 + SETTINGS.most_missing
    first = np.flatnonzero(starts)
    last = run_ends(first, len(starts))
    run = np.cumsum(starts) - 1
    best = np.lexsort((-e.probability, run))[first] if len(first) else first  # the likeliest time, the first of several
    return replace(take_rows(e, best), t_start=e.t_start[first], t_end=e.t_end[last])
