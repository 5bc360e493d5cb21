# SPDX-License-Identifier: GPL-2.0-or-later
"""The place head: which places of a user are home and work, and whether the user has a place of
work at all.

Randomised trees judge each place by its features; a linear head judges the user by the likeliest
places and by how the record was made. Both are plain arrays, which `python -m
model.shipped.places` writes.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from ..arrays import run_starts
from ..bundle.heads import Head
from ..errors import translated
from ..paths import RESOURCES
from .place_features import PlaceFacts
from .tables import HOME, KINDS, OTHER, WORK

FILE = RESOURCES / "places" / "head.npz"
# Features of the likeliest place of work that the head of users takes, beside those of the record
OF_WORK = (
    "weekdays_rate",
    "weekdays_a_week",
    "weekdays_log",
    "work_to_home",
    "of_weeks_weekday_9",
    "of_weeks_weekday_11",
    "of_weeks_weekday_14",
    "hours_a_week",
    "weeks",
)


class Settings:
    """Chosen on people left out, and on taxis, buses and couriers (docs/evidence/people.md)."""

    min_days: int = 3  # with fixes
    min_hours: float = 6.0  # on record, at places or on the way
    min_weekdays: int = 2  # there, for a place of work that is not likely by itself
    max_way_h: float = 6.0  # a day; who is on the way for longer is a vehicle, as is who ...
    vehicle_way_h: float = 1.2  # ... is on the way for so long a day, ...
    vehicle_at_places: float = 0.2  # ... and spends so little of the time on record at places
    min_p: float = 0.5  # of home or work, for further places of the kind
    min_home_p: float = 0.2  # of the likeliest home
    # that the user has a place of work, for the likeliest one: kind_p tells how likely
    min_work_p: float = 0.18


@dataclass(frozen=True)
class Kinds:
    """kind, p: (n,) home, work or other of each place and its probability, None and nan where `why`
    is not empty. commuter_p: (n_users,) that the user has a place of work. why: (n_users,) why
    nothing is said of the user, or ''.
    """

    kind: np.ndarray
    p: np.ndarray
    commuter_p: np.ndarray
    why: np.ndarray


def kind_logits(x: np.ndarray, head: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Logits (n,) of home and of work, by the trees of a head, for inputs (n, f)."""
    p = np.exp(Head(head, x.shape[1], len(KINDS))(x).astype(float)).T
    return {name: np.log(p[k] / (1 - p[k])) for k, name in enumerate(KINDS[:2])}


def user_inputs(
    facts: PlaceFacts, work: np.ndarray, home: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Inputs (m, d) of the head of users, and the likeliest place of work (m,) of the users with
    places, in order.

    work, home: (n,) logits of places.
    """
    from scipy.special import expit

    order = np.lexsort((-work, facts.owner))
    head = np.flatnonzero(run_starts(facts.owner[order]))
    size = np.diff(np.append(head, len(order)))
    best, second = order[head], order[np.minimum(head + 1, len(order) - 1)]
    none = -np.logaddexp(0, work)  # logarithms of the probability that a place is not work
    taken = [facts.x[name][best] for name in facts.x if name.startswith("record_")]
    seen = facts.x["record_n_days"][best]
    likeliest, no_work = work[best], np.add.reduceat(none[order], head)
    inputs = [
        likeliest,
        likeliest * seen,
        likeliest * np.abs(likeliest),
        np.maximum(likeliest, 0),
        expit(likeliest),
        no_work,
        np.exp(no_work),
        np.where(size > 1, work[second], -9.0),
        np.maximum.reduceat(home[order], head),
        size > 1,
        size > 2,
    ]
    return np.column_stack([*inputs, *(facts.x[name][best] for name in OF_WORK), *taken]), best


@cache
def load_head() -> dict[str, np.ndarray]:
    """The arrays of the head that ships."""
    with np.load(FILE, allow_pickle=False) as file:
        return dict(file)


def judge_places(facts: PlaceFacts, head: dict[str, np.ndarray] | None = None) -> Kinds:
    """The kinds of places. head: arrays such as those of `load_head`, the default."""
    head = load_head() if head is None else head
    return choose_kinds(facts, kind_logits(facts.matrix(), head), head)


def choose_kinds(
    facts: PlaceFacts, logit: dict[str, np.ndarray], head: dict[str, np.ndarray]
) -> Kinds:
    """The kinds of places by the logits of trees for home and work (n,)."""
    from scipy.special import expit

    why, n = _why(facts), len(facts.owner)
    commuter_p, kind, p = np.full(len(why), np.nan), np.full(n, None, object), np.full(n, np.nan)
    if not n:
        return Kinds(kind, p, commuter_p, why)
    home, work = (head[f"{name}_calibration"] @ [logit[name], np.ones(n)] for name in (HOME, WORK))
    x, best = user_inputs(facts, work, home)
    user = facts.owner[best]
    commuter_p[user] = expit(
        (x - head["user_mean"]) / head["user_scale"] @ head["user_weight"] + head["user_offset"]
    )
    commuter_p[why != ""] = np.nan
    home_p, work_p = expit(home), expit(work)
    order = np.lexsort((-home_p, facts.owner))
    first = order[run_starts(facts.owner[order])]
    at_home, at_work = home_p >= Settings.min_p, work_p >= Settings.min_p
    at_home[first] |= home_p[first] >= Settings.min_home_p
    again = facts.of_place["weekdays"][best] >= Settings.min_weekdays
    at_work[best] |= again & (commuter_p[user] >= Settings.min_work_p)
    at_home &= ~at_work | (home_p >= work_p)
    known = why[facts.owner] == ""
    kind[known] = np.where(at_home, HOME, np.where(at_work, WORK, OTHER))[known]
    p[known] = np.where(at_home, home_p, np.where(at_work, work_p, 1 - np.maximum(home_p, work_p)))[
        known
    ]
    return Kinds(kind, p, commuter_p, why)


def _why(facts: PlaceFacts) -> np.ndarray:
    """(n_users,) why nothing is said of a user, or ''."""
    s, of = Settings, facts.of_user
    vehicle = of["on_way_a_day"] > s.max_way_h
    vehicle |= (of["on_way_a_day"] > s.vehicle_way_h) & (of["at_places"] < s.vehicle_at_places)
    why = np.full(len(vehicle), "", object)
    for words, wrong in (
        (translated("no stop on record"), np.bincount(facts.owner, minlength=len(why)) == 0),
        (translated("less than {n:g} hours on record", n=s.min_hours), of["hours"] < s.min_hours),
        (translated("on the way for most of the time on record, as vehicles are"), vehicle),
        (translated("fixes on fewer than {n} days", n=s.min_days), of["n_days"] < s.min_days),
    ):
        why[wrong] = words
    return why
