# SPDX-License-Identifier: GPL-2.0-or-later
"""People: who commutes, by which modes, how often, and where home and work are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ..arrays import Groups, object_column, run_starts, steps_within, take_rows
from ..embedding.profiles import UNKNOWN, Profiles
from ..errors import translated
from ..times import DAY_MS, HOUR_MS
from ..tracks import Tracks
from .tables import (
    HOME,
    MODES,
    SHORT_MODES,
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

YES, NO = "yes", "no"
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
# What legends, cards and expressions need to know of the labels, as of a head
CARDS: tuple[dict[str, Any], ...] = (
    {"name": "commuter", "kind": "binary", "classes": [NO, YES], "title": "Commuter"},
    {
        "name": "main_mode",
        "kind": "classes",
        "classes": list(MODES),
        "title": "Main mode of transport",
    },
    {"name": "rail_user", "kind": "binary", "classes": [NO, YES], "title": "Rail user"},
    {"name": "trips_a_day", "kind": "number", "title": "Trips a day", "unit_of_measure": "per day"},
    {"name": "rail_trips", "kind": "number", "title": "Trips by rail", "unit_of_measure": "a week"},
    *(
        {"name": f"share_{mode}", "kind": "number", "title": f"Share of trips: {mode}"}
        for mode in SHORT_MODES
    ),
)


@dataclass(frozen=True)
class PeopleSettings:
    """When people are labelled. Chosen on people left out (docs/evidence/people.md)."""

    # Known time of a day on which legs are counted, with silences up to silence_h
    good_day_h: float = 10.0
    silence_h: float = 2.0
    min_stayed_h: float = 2.0  # a day at places and on record, for the label of commuters
    # Between these probabilities nobody is labelled a commuter or not
    min_unclear: float = 0.32
    max_unclear: float = 0.68
    min_legs: int = 5  # of a known mode, for shares of modes and users of rail
    # A user of rail goes by rail at least once, and with such a share of the legs
    rail_share: float = 0.05
    deviations: float = 1.2816  # of an interval of 80 %


DEFAULT = PeopleSettings()


@dataclass(frozen=True)
class PeopleLabels:
    """Labels of users, their homes and places of work, and the diary that both were built from.

    columns: (n_users,) each, in the order of the users: commuter ('yes', 'no', 'unknown'),
    commuter_p (of yes, also where unknown), work_days (weekdays at work), weekdays_seen,
    share_walk, share_bike, share_motor, share_rail (of legs), main_mode, rail_user, rail_p (that a
    leg at least was by rail), rail_trips (legs a week) with _low and _high, trips_a_day (legs) with
    _low and _high (on days that were recorded well), n_days_seen, coverage (share of the time from
    the first to the last fix), evidence, why (what is unknown). Numbers are nan where unknown,
    intervals 80 %.
    """

    columns: dict[str, Column]
    places: Places  # homes and places of work
    diary: Diary


def describe_people(
    fixes: Tracks, stops: Stops, places: Places, legs: Legs, record: Record, judged: Judgement
) -> People:
    """What stops, places and legs say of the users of fixes. judged: by the place head."""
    day, good = _good_days(fixes, stops, DEFAULT)
    by_user = Groups(places.user, fixes.n_users)
    home_nights = by_user.sum(places.nights * (places.kind == HOME))
    work_days = by_user.sum(places.weekdays * (places.kind == WORK))
    first_of_day = np.flatnonzero(run_starts(day))
    return People(
        user_id=fixes.user_ids,
        record=record,
        commuter_p=judged.commuter_p,
        why=judged.why,
        home_nights=np.minimum(home_nights, record.nights),
        work_days=np.minimum(work_days, record.weekdays),
        good_days=Groups(fixes.user[first_of_day], fixes.n_users).sum(good),
        good_legs=Groups(legs.user, fixes.n_users).sum(good[day[legs.begin]]),
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
    heard = t[step + 1] - t[step] <= s.silence_h * HOUR_MS
    step = step[in_stop | heard]
    # A stop holds no silence of over a day, so a step has at most one midnight
    midnight = np.maximum(t[step + 1] // DAY_MS * DAY_MS, t[step])
    days = Groups(np.append(day[step], day[step + 1]), np.count_nonzero(new))
    known_ms = days.sum(np.append(midnight - t[step], t[step + 1] - midnight))
    return day, known_ms >= s.good_day_h * HOUR_MS


def label_people(diary: Diary, s: PeopleSettings = DEFAULT) -> PeopleLabels:
    """Label the people of a diary."""
    people = diary.people
    nobody = people.why != ""
    why = _reasons_for_silence(people, s)
    commuter = np.where(people.commuter_p > 0.5, YES, NO).astype(object)
    commuter[why != ""] = UNKNOWN
    columns = {
        "commuter": commuter,
        "commuter_p": people.commuter_p,
        "work_days": people.work_days,
        "weekdays_seen": people.record.weekdays,
        **_modes_of_people(diary, s),
        "n_days_seen": people.record.n_days,
        "coverage": people.record.coverage,
        "evidence": _evidence(people, commuter == YES),
    }
    for name in ("main_mode", "rail_user"):
        columns[name] = np.where(nobody, UNKNOWN, columns[name])
    for name in NUMBERS:
        columns[name] = np.where(nobody, np.nan, columns[name])
    few = translated("fewer than {n} trips of a known mode", n=s.min_legs)
    for row in np.flatnonzero(np.isnan(columns["share_rail"]) & ~nobody):
        why[row] = f"{why[row]}, {few}" if why[row] else few
    homes_and_works = (diary.places.kind == HOME) | (diary.places.kind == WORK)
    places = take_rows(diary.places, homes_and_works)
    return PeopleLabels(columns | {"why": why}, places, diary)


def _reasons_for_silence(people: People, s: PeopleSettings) -> Column:
    """(n_users,) why it is unknown whether somebody commutes, or ''."""
    why = people.why.copy()
    judged = why == ""
    unclear = (people.commuter_p > s.min_unclear) & (people.commuter_p < s.max_unclear)
    away = people.record.stayed_a_day < s.min_stayed_h
    words = translated("the places do not show clearly whether one is work")
    why[judged & unclear] = words
    why[judged & away] = translated("too little of the time at places is on record")
    return why


def _evidence(people: People, works: Column) -> Column:
    """(n_users,) texts on days at work (works: bool) or nights at home; '' without any."""
    at_work = translated("at work on {k} of {of} weekdays with fixes")
    at_home = translated("at home on {k} of {of} nights with fixes")
    days = np.where(works, people.work_days, people.home_nights).astype(int)
    seen = np.where(works, people.record.weekdays, people.record.nights).astype(int)
    return object_column(
        (at_work if at else at_home).format(k=k, of=of) if k else ""
        for at, k, of in zip(works, days, seen)
    )


def _modes_of_people(diary: Diary, s: PeopleSettings) -> dict[str, Column]:
    """Shares and numbers of legs by mode. Probabilities are summed, not labels."""
    legs = diary.legs
    n_users = len(diary.people.user_id)
    known = ~np.isnan(legs.p).any(axis=1)
    p = legs.p[known]
    by_user = Groups(legs.user[known], n_users)
    sums = np.stack([by_user.sum(column) for column in p.T], axis=1)
    count = by_user.count()
    enough = count >= s.min_legs
    with np.errstate(invalid="ignore", divide="ignore"):
        share = np.where(enough[:, None], sums / sums.sum(axis=1, keepdims=True), np.nan)
        no_rail = np.exp(by_user.sum(np.log1p(-p[:, RAIL])))
    main = np.array(MODES, object)[sums.argmax(axis=1)]
    by_rail = (sums[:, RAIL] >= 1) & (share[:, RAIL] >= s.rail_share)
    doubt = by_user.sum(p[:, RAIL] * (1 - p[:, RAIL]))
    weeks = np.where(count > 0, diary.people.record.n_days / 7, np.nan)
    return {
        **dict(zip(SHARES, share.T)),
        "main_mode": np.where(count > 0, main, UNKNOWN),
        "rail_user": np.where(enough, np.where(by_rail, YES, NO), UNKNOWN).astype(object),
        "rail_p": np.where(count > 0, 1 - no_rail, np.nan),
        **_rate("rail_trips", sums[:, RAIL], sums[:, RAIL] + doubt, weeks, s),
        **_legs_a_day(diary.people, s),
    }


def _legs_a_day(people: People, s: PeopleSettings) -> dict[str, Column]:
    """Legs a day, of days that were recorded well."""
    days = np.where(people.good_days > 0, people.good_days, np.nan)
    return _rate("trips_a_day", people.good_legs, np.maximum(people.good_legs, 1), days, s)


def _rate(
    name: str, total: Column, variance: Column, time: Column, s: PeopleSettings
) -> dict[str, Column]:
    """A number a day or week with its 80 % interval. time: days or weeks."""
    half = s.deviations * np.sqrt(variance)
    return {
        name: total / time,
        f"{name}_low": np.maximum(total - half, 0) / time,
        f"{name}_high": (total + half) / time,
    }


def add_labels(profiles: Profiles, labels: Mapping[str, Column]) -> Profiles:
    """Profiles of users with their labels before the answers of other heads.

    labels: `PeopleLabels.columns`, of the same users.
    """
    columns = profiles.columns
    both = zip(labels["why"], columns["why"])
    first = {name: columns[name] for name in FIRST}
    middle = {name: values for name, values in labels.items() if name not in ("why", "evidence")}
    last = {
        "in_domain": columns["in_domain"] & np.isfinite(labels["commuter_p"]),
        "why": object_column(", ".join(dict.fromkeys(filter(None, words))) for words in both),
        "evidence": labels["evidence"],
    }
    return replace(profiles, columns=first | middle | columns | last)
