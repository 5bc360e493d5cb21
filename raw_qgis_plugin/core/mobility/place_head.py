# SPDX-License-Identifier: GPL-2.0-or-later
"""The place head: which places of a user are home and work, and whether the user has a place of
work at all.

Randomised trees judge each place by its features; a linear head judges the user by the likeliest
places and by how the record was made. Both are plain arrays, which `python -m model.shipped.places`
writes.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from ..arrays import Groups
from ..bundle.heads import Head
from ..errors import translated
from ..labels import UNKNOWN
from ..paths import RESOURCES
from .place_features import PlaceFacts
from .tables import HOME, KINDS, OTHER, WORK, Column

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
NO_LOGIT = -9.0  # of work, for a second place where a user has only one


@dataclass(frozen=True)
class HeadSettings:
    """Chosen on people left out, and on taxis, buses and couriers (docs/evidence/people.md)."""

    # Nothing is said of users with fewer days with fixes, or fewer hours on record
    min_days: int = 3
    min_hours: float = 6.0
    # Who is on the way for more hours a day is a vehicle, and so is who is on the way for
    # vehicle_way_h a day and spends a smaller share of the time at places
    max_way_h: float = 6.0
    vehicle_way_h: float = 1.2
    vehicle_at_places: float = 0.2
    # A place is home or work with such a probability, work of those alone who commute so likely
    min_p: float = 0.5
    # It may be guessed: the user's likeliest home from min_home_p on; the likeliest place of work
    # from min_weekdays there on, if the probability that the user has one is min_work_p
    min_home_p: float = 0.2
    min_work_p: float = 0.18
    min_weekdays: int = 2


DEFAULT = HeadSettings()


@dataclass(frozen=True)
class Judgement:
    """What the head says of n places and n_users users."""

    kind: Column  # (n,) home, work, other or unknown; None where `why` is not empty
    kind_guess: Column  # (n,) home, work or other, the likeliest; None where `why` is not empty
    kind_p: Column  # (n,) the probability of the guess; nan where it is None
    home_p: Column  # (n,) that it is a home; 0 where nothing is said of the user
    work_p: Column
    commuter_p: Column  # (n_users,) that the user has a place of work
    why: Column  # (n_users,) nothing is said of the user; ''


@cache
def load_head() -> dict[str, Column]:
    """The arrays of the head that ships."""
    with np.load(FILE, allow_pickle=False) as file:
        return dict(file)


def judge_places(
    facts: PlaceFacts, head: dict[str, Column] | None = None, silent: Column | str = ""
) -> Judgement:
    """The kinds of places.

    head: arrays such as those of `load_head`, the default. silent: (n_users,) why nothing is said
    of a user, or ''.
    """
    head = load_head() if head is None else head
    return choose_kinds(facts, kind_logits(facts.matrix(), head), head, silent=silent)


def kind_logits(x: Column, head: dict[str, Column]) -> dict[str, Column]:
    """Logits (n,) of home and of work, by the trees of a head, for inputs (n, f)."""
    trees = Head(head, x.shape[1], len(KINDS))
    p = np.exp(trees(x).astype(float))
    logit = dict(zip(KINDS, np.log(p / (1 - p)).T))
    return {HOME: logit[HOME], WORK: logit[WORK]}


def choose_kinds(
    facts: PlaceFacts,
    logit: dict[str, Column],
    head: dict[str, Column],
    s: HeadSettings = DEFAULT,
    silent: Column | str = "",
) -> Judgement:
    """The kinds of places by the logits of trees for home and work (n,)."""
    from scipy.special import expit

    why = np.where(silent == "", _reasons_for_silence(facts, s), silent)

    home = _calibrated(logit, head, HOME)
    work = _calibrated(logit, head, WORK)
    commuter_p = np.where(why == "", _commuter_p(facts, work, home, head), np.nan)
    home_p = expit(home)
    work_p = expit(work)
    at_home = home_p >= s.min_p
    at_work = work_p >= s.min_p

    by_user = Groups(facts.user, len(why))
    best = by_user.greatest(home_p)
    at_home[best] |= home_p[best] >= s.min_home_p
    best = by_user.greatest(work)
    has_work = commuter_p[facts.user[best]] >= s.min_work_p
    at_work[best] |= has_work & (facts.weekdays[best] >= s.min_weekdays)
    at_home &= ~at_work | (home_p >= work_p)

    guess = np.select([at_home, at_work], [HOME, WORK], OTHER).astype(object)
    return _named(facts.user, guess, home_p, work_p, commuter_p, why, s)


def _named(
    user: Column,
    guess: Column,
    home_p: Column,
    work_p: Column,
    commuter_p: Column,
    why: Column,
    s: HeadSettings,
) -> Judgement:
    """What is said of places, each of a user: their kinds where these are likely enough."""
    likeliest_p = np.where(guess == HOME, home_p, work_p)
    neither_p = 1 - np.maximum(home_p, work_p)
    kind_p = np.where(guess == OTHER, neither_p, likeliest_p)
    unclear = kind_p < s.min_p
    unclear |= (guess == WORK) & (commuter_p[user] < s.min_p)
    kind = np.where(unclear, UNKNOWN, guess)

    # Nothing is said of the places of some users
    silenced = why[user] != ""
    kind[silenced] = None
    guess[silenced] = None
    kind_p[silenced] = np.nan
    home_p[silenced] = 0.0
    work_p[silenced] = 0.0
    return Judgement(kind, guess, kind_p, home_p, work_p, commuter_p, why)


def _calibrated(logit: dict[str, Column], head: dict[str, Column], name: str) -> Column:
    """(n,) logits of a kind whose probabilities hold."""
    slope, offset = head[f"{name}_calibration"]
    return slope * logit[name] + offset


def _commuter_p(facts: PlaceFacts, work: Column, home: Column, head: dict[str, Column]) -> Column:
    """(n_users,) the probability that a user has a place of work; nan without any place."""
    from scipy.special import expit

    p = np.full(len(facts.record.n_days), np.nan)
    x, best = user_inputs(facts, work, home)
    scaled = (x - head["user_mean"]) / head["user_scale"]
    p[facts.user[best]] = expit(scaled @ head["user_weight"] + head["user_offset"])
    return p


def user_inputs(facts: PlaceFacts, work: Column, home: Column) -> tuple[Column, Column]:
    """Inputs (m, d) of the head of users, and the likeliest place of work (m,) of the users with
    places, in order.

    work, home: (n,) logits of places.
    """
    from scipy.special import expit

    by_user = Groups(facts.user, len(facts.record.n_days))
    best = by_user.greatest(work)
    user = facts.user[best]
    n_places = by_user.count()[user]

    # The second place of work, if there is one
    second = np.full(by_user.n, NO_LOGIT)
    is_second = by_user.rank(work) == 1
    second[facts.user[is_second]] = work[is_second]

    # The logarithm of the probability that no place of the user is work
    no_work = by_user.sum(-np.logaddexp(0, work))[user]
    likeliest = work[best]

    x = {}
    x["work"] = likeliest
    x["work_by_days"] = likeliest * facts.x["record_n_days"][best]
    x["work_squared"] = likeliest * np.abs(likeliest)
    x["work_if_likely"] = np.maximum(likeliest, 0)
    x["work_p"] = expit(likeliest)

    x["no_work"] = no_work
    x["no_work_p"] = np.exp(no_work)
    x["second_work"] = second[user]
    x["home"] = home[by_user.greatest(home)]

    x["two_places"] = n_places > 1
    x["three_places"] = n_places > 2
    of_record = (name for name in facts.x if name.startswith("record_"))
    for name in (*OF_WORK, *of_record):
        x[name] = facts.x[name][best]
    return np.column_stack(list(x.values())), best


def _reasons_for_silence(facts: PlaceFacts, s: HeadSettings) -> Column:
    """(n_users,) why nothing is said of a user, or ''. Of several reasons the last counts."""
    record = facts.record
    no_stop = Groups(facts.user, len(record.n_days)).count() == 0

    # Vehicles are on the way for long, or seldom at places
    seldom_at_places = record.at_places < s.vehicle_at_places
    is_vehicle = record.on_way_a_day > s.max_way_h
    is_vehicle |= (record.on_way_a_day > s.vehicle_way_h) & seldom_at_places

    why = np.full(len(record.n_days), "", object)
    why[no_stop] = translated("no stop on record")
    few_hours = translated("less than {n:g} hours on record", n=s.min_hours)
    why[record.hours < s.min_hours] = few_hours
    why[is_vehicle] = translated("on the way for most of the time on record, as vehicles are")
    why[record.n_days < s.min_days] = translated("fixes on fewer than {n} days", n=s.min_days)
    return why
