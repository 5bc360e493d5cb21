# SPDX-License-Identifier: GPL-2.0-or-later
"""Labels of people: who commutes, by which modes, how often, and where home and work are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..arrays import object_column, run_starts
from ..diary.diary import Diary, find_diary
from ..diary.modes import MODES, SHORT_MODES
from ..diary.places import HOME, WORK
from ..embedding.profiles import UNKNOWN
from ..errors import Progress, no_progress
from ..times import HOUR_MS
from ..tracks import Tracks, solar_day

if TYPE_CHECKING:
    from ..bundle.runtime import Model

YES, NO = "yes", "no"
THIN = "too little of the time at places is on record"
FEW_TRIPS = "fewer than {} trips of a known mode"
UNCLEAR = "the places do not show clearly whether one is work"
NUMBERS = (
    "share_walk", "share_bike", "share_motor", "share_rail", "rail_trips", "rail_trips_low", "rail_trips_high",
    "trips_a_day", "trips_a_day_low", "trips_a_day_high",
)  # fmt: skip


@dataclass(frozen=True)
class PeopleSettings:
    """Chosen on people left out (docs/evidence/people.md)."""

    min_stayed_h: float = 2.0  # a day at places and on record, for the label of commuters
    unclear: tuple[float, float] = (0.32, 0.68)  # probabilities between which the label is unknown
    silence_h: float = 2.0  # a longer silence outside a stop is unknown time
    day_h: float = 10.0  # of known time, for a day on which trips are counted
    min_trips: int = 5  # of a known mode, for shares of modes and users of rail
    rail_share: float = 0.05  # of trips, for a user of rail; a trip at least is expected
    deviations: float = 1.2816  # of an interval of 80 %


SETTINGS = PeopleSettings()


@dataclass(frozen=True)
class PeopleLabels:
    """Labels of users, their homes and places of work, and the diary that both were built from.

    columns: (n_users,) each, in the order of `tracks.user_ids`: commuter ('yes', 'no', 'unknown'), commuter_p (of yes,
    also where unknown), work_days (weekdays at work), weekdays_seen, share_walk, share_bike, share_motor, share_rail
    (of trips), main_mode, rail_user, rail_trips (a week) with _low and _high, trips_a_day with _low and _high (on days
    that were recorded well), n_days_seen, coverage (share of the time from the first to the last fix), evidence, why
    (what is unknown). Numbers are nan where nothing is known. Intervals are 80 %.
    places: (k,) each, homes and places of work: user (row of `columns`), kind, p (its probability), lon, lat (degrees).
    """

    columns: dict[str, np.ndarray]
    places: dict[str, np.ndarray]
    diary: Diary


def label_people(tracks: Tracks, model: Model | None, progress: Progress = no_progress) -> PeopleLabels:
    """Label the users of tracks. What is said of a user depends on the user's own fixes alone."""
    users = tracks.by_user()
    diary = find_diary(users, model, progress=progress)
    seen = diary.users
    columns = _commuters(seen) | _trips(users, diary)
    columns |= {"n_days_seen": seen["n_days"], "coverage": seen["coverage"]}
    nobody = seen["why"] != ""
    for name in NUMBERS:
        columns[name][nobody] = np.nan
    for name in ("main_mode", "rail_user"):
        columns[name][nobody] = UNKNOWN
    at_work = columns["commuter"] == YES
    counts = np.where(at_work, [columns["work_days"], seen["weekdays"]], [seen["home_nights"], seen["nights"]])
    columns["evidence"] = object_column(
        f"at work on {k} of {of} weekdays with fixes"
        if works
        else f"at home on {k} of {of} nights with fixes"
        if k
        else ""
        for works, k, of in zip(at_work, *counts.astype(int))
    )
    why = columns.pop("why")
    unseen = np.isnan(columns["share_rail"]) & ~nobody
    why[unseen] = [f"{words}, {FEW_TRIPS.format(SETTINGS.min_trips)}".removeprefix(", ") for words in why[unseen]]
    columns["why"] = why
    return PeopleLabels(columns, _places(users, diary), diary)


def _commuters(seen: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Who has a place of work."""
    s, p, why = SETTINGS, seen["commuter_p"], seen["why"].copy()
    label, known = np.where(p > 0.5, YES, NO).astype(object), why == ""
    why[known & (p > s.unclear[0]) & (p < s.unclear[1])] = UNCLEAR
    why[known & (seen["stayed_a_day"] < s.min_stayed_h)] = THIN
    label[why != ""] = UNKNOWN
    return {
        "commuter": label, "commuter_p": p, "work_days": seen["work_days"], "weekdays_seen": seen["weekdays"],
        "why": why,
    }  # fmt: skip


def _places(users: Tracks, diary: Diary) -> dict[str, np.ndarray]:
    """Homes and places of work, a row each."""
    stops, user = diary.stops, _row(users, diary.stops["user_id"])
    row = np.flatnonzero((stops["kind"] == HOME) | (stops["kind"] == WORK))
    order = row[np.lexsort((stops["place"][row], user[row]))]
    row = order[run_starts(user[order], stops["place"][order])]
    return {
        "user": user[row], "kind": stops["kind"][row], "p": stops["kind_p"][row], "lon": diary.stop_lon[row],
        "lat": diary.stop_lat[row],
    }  # fmt: skip


def _row(users: Tracks, ids: np.ndarray) -> np.ndarray:
    """The row of each user id."""
    row = {name: k for k, name in enumerate(users.user_ids)}
    return np.array([row[name] for name in ids], np.int64)


def _trips(users: Tracks, diary: Diary) -> dict[str, np.ndarray]:
    """Modes and numbers of trips. Probabilities are summed, not labels."""
    s, n, user = SETTINGS, users.n_users, _row(users, diary.trips["user_id"])
    known = ~np.isnan(diary.mode_p).any(axis=1)
    p, who = diary.mode_p[known], user[known]
    sums = np.stack([np.bincount(who, column, n) for column in p.T], axis=1)
    rail, count = sums[:, MODES.index("rail")], np.bincount(who, minlength=n)
    some, enough = count > 0, count >= s.min_trips
    with np.errstate(invalid="ignore", divide="ignore"):
        share = np.where(enough[:, None], sums / sums.sum(axis=1, keepdims=True), np.nan)
        columns = {f"share_{name}": share[:, k] for k, name in enumerate(SHORT_MODES)}
        columns["main_mode"] = np.where(some, np.array(MODES, object)[sums.argmax(axis=1)], UNKNOWN).astype(object)
        uses = (rail >= 1) & (share[:, MODES.index("rail")] >= s.rail_share)
        columns["rail_user"] = np.where(enough, np.where(uses, YES, NO), UNKNOWN).astype(object)
        doubt = np.bincount(who, p[:, MODES.index("rail")] * (1 - p[:, MODES.index("rail")]), n)
        weeks = np.where(some, diary.users["n_days"] / 7, np.nan)
        trips, days = _on_good_days(users, diary, user)
        for name, count, variance, of in (
            ("rail_trips", rail, rail + doubt, weeks), ("trips_a_day", trips, np.maximum(trips, 1), days)
        ):  # fmt: skip
            half = s.deviations * np.sqrt(variance)
            columns |= {
                name: count / of,
                f"{name}_low": np.maximum(count - half, 0) / of,
                f"{name}_high": (count + half) / of,
            }
    return columns


def _on_good_days(users: Tracks, diary: Diary, user: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(n_users,) trips that begin on days with enough known time, and these days; nan without one."""
    s, n, step, day = SETTINGS, users.n_users, users.steps(), solar_day(users)
    stops = diary.stops
    at = users.user.astype(np.int64) * 2**43 + users.t
    owner = _row(users, stops["user_id"])
    arrive = owner * 2**43 + stops["t_arrive"]
    stop = np.searchsorted(arrive, at[step], side="right") - 1
    gap = users.t[step + 1] - users.t[step]
    inside = np.zeros(len(step), bool)
    if len(arrive):
        inside = (stop >= 0) & (owner[stop] == users.user[step]) & (users.t[step + 1] <= stops["t_leave"][stop])
    known = inside | (gap <= s.silence_h * HOUR_MS)
    number = np.cumsum(run_starts(users.user, day)) - 1
    hours = np.bincount(number[step[known]], gap[known], number[-1] + 1 if len(number) else 0) / HOUR_MS
    first = np.flatnonzero(run_starts(users.user, day))
    good = hours >= s.day_h
    begin = number[np.searchsorted(at, user * 2**43 + diary.trips["t_start"])]
    trips = np.bincount(user[good[begin]], minlength=n)
    days = np.bincount(users.user[first[good]], minlength=n).astype(float)
    return trips, np.where(days > 0, days, np.nan)
