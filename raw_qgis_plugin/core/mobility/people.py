# SPDX-License-Identifier: GPL-2.0-or-later
"""People: who commutes, by which modes, how often, and where home and work are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from ..arrays import Groups, object_column, run_starts, steps_within
from ..embedding.profiles import Profiles
from ..errors import translated
from ..labels import MODES, NO, OF_USERS, SHORT_MODES, UNKNOWN, YES, Label, columns_of
from ..times import DAY_MS, HOUR_MS
from ..tracks import Tracks
from .tables import (
    HOME,
    WORK,
    Column,
    Diary,
    Legs,
    People,
    Places,
    Record,
    Stops,
)

if TYPE_CHECKING:
    from .place_head import Judgement

SHARES = tuple(f"share_{mode}" for mode in SHORT_MODES)
RAIL = SHORT_MODES.index("rail")
NUMBERS = (
    *SHARES,
    "rail_p",
    "rail_trips",
    "rail_trips_low",
    "rail_trips_high",
    "trips_a_day",
    "trips_a_day_low",
    "trips_a_day_high",
)
FIRST = ("user_id", "n_points", "n_days", "t_first", "t_last")


@dataclass(frozen=True)
class PeopleSettings:
    """When people are labelled. Chosen on people left out (docs/evidence/people.md)."""

    # Known time of a day on which legs are counted, with silences up to silence_h
    good_day_h: float = 10.0
    silence_h: float = 2.0
    min_stayed_h: float = 2.0  # a day at places and on record, for the label of commuters
    # Between these probabilities a label of yes or no is unknown
    min_unclear: float = 0.32
    max_unclear: float = 0.68
    min_legs: int = 5  # of a known mode, for shares of modes and users of rail
    # A user of rail goes by rail at least once, and with such a share of the legs at least
    rail_share: float = 0.05
    deviations: float = 1.2816  # of an interval of 80 %


DEFAULT = PeopleSettings()


@dataclass(frozen=True)
class PeopleLabels:
    """Labels of users, and the diary that they were built from.

    columns: (n_users,) each, in the order of the users: commuter ('yes', 'no', 'unknown'),
    commuter_p (of yes, also where unknown), work_days (weekdays at work), weekdays_seen,
    share_walk, share_bike, share_motor, share_rail (of legs), main_mode, rail_user, rail_p (of
    yes), rail_trips (legs a week) with _low and _high, trips_a_day (legs) with
    _low and _high (on days that were recorded well), n_days_seen, coverage (share of the time from
    the first to the last fix), evidence, why (what is unknown). Numbers are nan where unknown,
    intervals 80 %.
    """

    columns: dict[str, Column]
    diary: Diary


def describe_people(
    fixes: Tracks, stops: Stops, places: Places, legs: Legs, record: Record, judged: Judgement
) -> People:
    """What stops, places and legs say of the users of fixes. judged: by the place head."""
    place = Groups(places.user, fixes.n_users)
    home_nights = place.sum(places.nights * (places.kind == HOME))
    work_days = place.sum(places.weekdays * (places.kind == WORK))

    # Legs are counted on days that were recorded well
    day, is_good = _good_days(fixes, stops, DEFAULT)
    first_of_day = run_starts(day)
    good_days = fixes.users_of(first_of_day).sum(is_good)
    good_legs = fixes.users_of(legs.begin).sum(is_good[day[legs.begin]])
    return People(
        user_id=fixes.user_ids,
        record=record,
        commuter_p=judged.commuter_p,
        why=judged.why,
        home_nights=np.minimum(home_nights, record.nights),
        work_days=np.minimum(work_days, record.weekdays),
        good_days=good_days,
        good_legs=good_legs,
    )


def _good_days(fixes: Tracks, stops: Stops, s: PeopleSettings) -> tuple[Column, Column]:
    """The day of each fix (n,), numbered from 0 over all users, and whether enough of each day's
    time is known.
    """
    t = fixes.solar_t
    new = run_starts(fixes.user, t // DAY_MS)
    day = np.cumsum(new) - 1

    step = fixes.steps()
    in_stop = steps_within(stops.arrive, stops.leave, len(fixes))[step]
    heard = fixes.ms_to_next(step) <= s.silence_h * HOUR_MS
    step = step[in_stop | heard]
    begin = t[step]
    end = t[step + 1]
    # A stop holds no silence of over a day, so a step has at most one midnight
    midnight = np.maximum(end // DAY_MS * DAY_MS, begin)

    n_days = np.count_nonzero(new)
    known_ms = Groups(day[step], n_days).sum(midnight - begin)
    known_ms += Groups(day[step + 1], n_days).sum(end - midnight)
    return day, known_ms >= s.good_day_h * HOUR_MS


def label_people(diary: Diary, s: PeopleSettings = DEFAULT) -> PeopleLabels:
    """Label the people of a diary."""
    people = diary.people
    record = people.record

    # Who commutes
    why = _reasons_for_silence(people, s)
    commuter = np.where(why == "", yes_or_no(people.commuter_p, s), UNKNOWN)

    # Modes and numbers of legs
    modes = _legs_by_mode(diary, s)
    too_few = np.isnan(modes["share_rail"])
    columns = {
        "commuter": commuter,
        "commuter_p": people.commuter_p,
        "work_days": people.work_days,
        "weekdays_seen": record.weekdays,
        **modes,
        **_legs_a_day(people, s),
        "n_days_seen": record.n_days,
        "coverage": record.coverage,
        "evidence": _evidence(people, commuter == YES),
        "why": _with_modes(why, too_few & (people.why == ""), s),
    }
    _silence(columns, people.why != "")
    return PeopleLabels(columns, diary)


def yes_or_no(p: Column, s: PeopleSettings) -> Column:
    """(n,) the one rule of labels of yes or no: unknown where neither is likely enough."""
    return np.select([p >= s.max_unclear, p <= s.min_unclear], [YES, NO], UNKNOWN).astype(object)


def _silence(columns: dict[str, Column], nobody: Column) -> None:
    """Make labels of people unknown. nobody: (n_users,) bool."""
    for name in NUMBERS:
        columns[name] = np.where(nobody, np.nan, columns[name])
    for name in ("main_mode", "rail_user"):
        columns[name] = np.where(nobody, UNKNOWN, columns[name])


def _reasons_for_silence(people: People, s: PeopleSettings) -> Column:
    """(n_users,) why it is unknown whether somebody commutes, or ''."""
    p = people.commuter_p
    why = people.why.copy()
    judged = why == ""
    unclear = (p > s.min_unclear) & (p < s.max_unclear)
    away = people.record.stayed_a_day < s.min_stayed_h
    why[judged & unclear] = translated("the places do not show clearly whether one is work")
    why[judged & away] = translated("too little of the time at places is on record")
    return why


def _with_modes(why: Column, too_few: Column, s: PeopleSettings) -> Column:
    """(n_users,) reasons, also that nothing is said of modes. too_few: (n_users,) bool."""
    few = translated("fewer than {n} trips of a known mode", n=s.min_legs)
    why = why.copy()
    for row in np.flatnonzero(too_few):
        why[row] = f"{why[row]}, {few}".removeprefix(", ")
    return why


def _evidence(people: People, works: Column) -> Column:
    """(n_users,) texts on days at work (works: bool) or nights at home; '' without any."""
    record = people.record
    at_work = translated("at work on {k} of {of} weekdays with fixes")
    at_home = translated("at home on {k} of {of} nights with fixes")
    words = np.where(works, at_work, at_home)
    days = np.where(works, people.work_days, people.home_nights).astype(int)
    seen = np.where(works, record.weekdays, record.nights).astype(int)
    result = np.full(len(works), "", object)
    for row in np.flatnonzero(days):
        result[row] = words[row].format(k=days[row], of=seen[row])
    return result


def _legs_by_mode(diary: Diary, s: PeopleSettings) -> dict[str, Column]:
    """Shares and numbers of legs by mode. Probabilities are summed, not labels."""
    legs = diary.legs
    known = ~np.isnan(legs.p).any(axis=1)
    p = legs.p[known].T
    user = Groups(legs.user[known], len(diary.people.user_id))
    count = user.count()

    # Expected numbers of legs
    sums = np.stack([user.sum(column) for column in p])
    share = sums / np.where(count >= s.min_legs, sums.sum(axis=0), np.nan)

    main = np.array(MODES, object)[sums.argmax(axis=0)]
    columns = dict(zip(SHARES, share))
    columns["main_mode"] = np.where(count >= s.min_legs, main, UNKNOWN)
    return columns | _legs_by_rail(p[RAIL], user, diary.people, s)


def _legs_by_rail(p: Column, user: Groups, people: People, s: PeopleSettings) -> dict[str, Column]:
    """Whether people use rail, and how often. p: (k,) that a leg was by rail. user: of the legs."""
    from scipy.special import ndtr

    count = user.count()
    n = user.sum(p)
    doubt = user.sum(p * (1 - p))

    # The probability of one leg by rail at least, and of so many as make somebody a user: their
    # number is nearly normal
    with np.errstate(divide="ignore"):
        one_p = 1 - np.exp(user.sum(np.log1p(-p)))
    least = np.ceil(s.rail_share * count)
    off = (n - least + 0.5) / np.sqrt(np.maximum(doubt, 1e-9))
    rail_p = np.where(least > 1, np.minimum(ndtr(off), one_p), one_p)
    rail_p[count < s.min_legs] = np.nan

    # Numbers of legs vary as Poisson's, and each leg is itself uncertain
    weeks = np.where(count > 0, people.record.n_days / 7, np.nan)
    columns = {"rail_user": yes_or_no(rail_p, s), "rail_p": rail_p}
    return columns | _rate("rail_trips", n, n + doubt, weeks, s)


def _legs_a_day(people: People, s: PeopleSettings) -> dict[str, Column]:
    """Legs a day, of days that were recorded well."""
    n = people.good_legs
    days = np.where(people.good_days > 0, people.good_days, np.nan)
    return _rate("trips_a_day", n, np.maximum(n, 1), days, s)


def _rate(
    name: str, total: Column, variance: Column, time: Column, s: PeopleSettings
) -> dict[str, Column]:
    """A number a day or week with its 80 % interval. time: days or weeks."""
    half = s.deviations * np.sqrt(variance)
    low = np.maximum(total - half, 0)
    high = total + half
    return {name: total / time, f"{name}_low": low / time, f"{name}_high": high / time}


def add_labels(
    profiles: Profiles, labels: Mapping[str, Column], chosen: Sequence[Label] = OF_USERS
) -> Profiles:
    """Profiles of users with their labels before the answers of other heads.

    labels: `PeopleLabels.columns`, of the same users. chosen: the labels that are added.
    """
    known = profiles.columns
    columns = {name: known[name] for name in FIRST}
    columns |= columns_of(chosen, labels, "user")
    for name in ("why", "evidence"):
        del columns[name]

    columns |= known

    # Reasons of both, each once
    why = []
    for reasons in zip(labels["why"], known["why"]):
        why.append(", ".join(dict.fromkeys(filter(None, reasons))))

    columns["in_domain"] = known["in_domain"] & np.isfinite(labels["commuter_p"])
    columns["why"] = object_column(why)
    columns["evidence"] = labels["evidence"]
    return replace(profiles, columns=columns)
