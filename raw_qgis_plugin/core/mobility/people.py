# SPDX-License-Identifier: GPL-2.0-or-later
"""Labels of people: who commutes, by which modes, how often, and where home and work are."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ..arrays import object_column
from ..embedding.profiles import UNKNOWN, Profiles, profile
from ..errors import Progress, no_progress, part_of, translated
from .diary import Diary, find_diary
from .tables import HOME, MODES, SHORT_MODES, WORK

if TYPE_CHECKING:
    from ..bundle.runtime import Model
    from ..embedding.profiles import Embed
    from ..tracks import Tracks

YES, NO = "yes", "no"
NUMBERS = (
    *(f"share_{mode}" for mode in SHORT_MODES),
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
        {"name": name, "kind": "number", "title": f"Share of trips: {name[6:]}"}
        for name in NUMBERS[:4]
    ),
)


class Settings:
    """Chosen on people left out (docs/evidence/people.md)."""

    min_stayed_h: float = 2.0  # a day at places and on record, for the label of commuters
    unclear: tuple[float, float] = (0.32, 0.68)  # probabilities between which the label is unknown
    min_trips: int = 5  # of a known mode, for shares of modes and users of rail
    rail_share: float = 0.05  # of trips, for a user of rail; a trip at least is expected
    deviations: float = 1.2816  # of an interval of 80 %


@dataclass(frozen=True)
class PeopleLabels:
    """Labels of users, their homes and places of work, and the diary that both were built from.

    columns: (n_users,) each, in the order of `tracks.user_ids`: commuter ('yes', 'no', 'unknown'),
    commuter_p (of yes, also where unknown), work_days (weekdays at work), weekdays_seen,
    share_walk, share_bike, share_motor, share_rail (of trips), main_mode, rail_user, rail_p (that a
    trip at least was by rail), rail_trips (a week) with _low and _high, trips_a_day with _low and
    _high (on days that were recorded well), n_days_seen, coverage (share of the time from the first
    to the last fix), evidence, why (what is unknown). Numbers are nan where unknown, intervals 80
    %. places: (k,) each, homes and places of work: user (row of `columns`), kind, p (its
    probability), lon, lat (degrees).
    """

    columns: dict[str, np.ndarray]
    places: dict[str, np.ndarray]
    diary: Diary


def label_people(
    tracks: Tracks, model: Model | None, progress: Progress = no_progress
) -> PeopleLabels:
    """Label the users of tracks. What is said of a user depends on the user's own fixes alone."""
    diary = find_diary(tracks, model, progress=progress)
    seen, s = diary.users, Settings
    p, why, nobody = seen["commuter_p"], seen["why"].copy(), seen["why"] != ""
    for words, wrong in (
        (
            translated("the places do not show clearly whether one is work"),
            (p > s.unclear[0]) & (p < s.unclear[1]),
        ),
        (
            translated("too little of the time at places is on record"),
            seen["stayed_a_day"] < s.min_stayed_h,
        ),
    ):
        why[~nobody & wrong] = words
    commuter = np.where(why != "", UNKNOWN, np.where(p > 0.5, YES, NO)).astype(object)
    columns = {
        "commuter": commuter,
        "commuter_p": p,
        "work_days": seen["work_days"],
        "weekdays_seen": seen["weekdays"],
    }
    columns |= _trips(diary) | {"n_days_seen": seen["n_days"], "coverage": seen["coverage"]}
    for name in (*NUMBERS, "main_mode", "rail_user"):
        columns[name][nobody] = np.nan if name in NUMBERS else UNKNOWN
    works = commuter == YES
    days = np.where(
        works, [seen["work_days"], seen["weekdays"]], [seen["home_nights"], seen["nights"]]
    ).astype(int)
    at_work = translated("at work on {k} of {of} weekdays with fixes")
    at_home = translated("at home on {k} of {of} nights with fixes")
    columns["evidence"] = object_column(
        (at_work if works else at_home).format(k=k, of=of) if k else ""
        for works, k, of in zip(works, *days)
    )
    unseen = np.isnan(columns["share_rail"]) & ~nobody
    few = translated("fewer than {n} trips of a known mode", n=s.min_trips)
    why[unseen] = [f"{words}, {few}".removeprefix(", ") for words in why[unseen]]
    return PeopleLabels(columns | {"why": why}, _places(diary), diary)


def _places(diary: Diary) -> dict[str, np.ndarray]:
    """Homes and places of work, a row each."""
    user, stops = diary.stop_user, diary.stops
    row = np.unique(np.stack([user, stops["place"]], axis=1), axis=0, return_index=True)[1]
    row = row[(stops["kind"][row] == HOME) | (stops["kind"][row] == WORK)]
    return {
        "user": user[row],
        "kind": stops["kind"][row],
        "p": stops["kind_p"][row],
        "lon": diary.stop_lon[row],
        "lat": diary.stop_lat[row],
    }


def _trips(diary: Diary) -> dict[str, np.ndarray]:
    """Modes and numbers of trips. Probabilities are summed, not labels."""
    s, seen, rail_column = Settings, diary.users, MODES.index("rail")
    known = ~np.isnan(diary.mode_p).any(axis=1)
    p, who, n = diary.mode_p[known], diary.trip_fixes.track_user[known], len(seen["user_id"])
    sums = np.stack([np.bincount(who, column, n) for column in p.T], axis=1)
    rail, count = sums[:, rail_column], np.bincount(who, minlength=n)
    enough, days = count >= s.min_trips, seen["good_days"]
    with np.errstate(invalid="ignore", divide="ignore"):
        share = np.where(enough[:, None], sums / sums.sum(axis=1, keepdims=True), np.nan)
        columns = {f"share_{name}": share[:, k] for k, name in enumerate(SHORT_MODES)}
        columns["main_mode"] = np.where(
            count > 0, np.array(MODES, object)[sums.argmax(axis=1)], UNKNOWN
        ).astype(object)
        uses = (rail >= 1) & (share[:, rail_column] >= s.rail_share)
        columns["rail_user"] = np.where(enough, np.where(uses, YES, NO), UNKNOWN).astype(object)
        columns["rail_p"] = np.where(
            count > 0, 1 - np.exp(np.bincount(who, np.log1p(-p[:, rail_column]), n)), np.nan
        )
        doubt = np.bincount(who, p[:, rail_column] * (1 - p[:, rail_column]), n)
        for name, total, variance, of in (
            ("rail_trips", rail, rail + doubt, np.where(count > 0, seen["n_days"] / 7, np.nan)),
            (
                "trips_a_day",
                seen["good_trips"],
                np.maximum(seen["good_trips"], 1),
                np.where(days > 0, days, np.nan),
            ),
        ):
            half = s.deviations * np.sqrt(variance)
            low, high = np.maximum(total - half, 0) / of, (total + half) / of
            columns |= {name: total / of, f"{name}_low": low, f"{name}_high": high}
    return columns


def profile_people(
    users: Tracks, model: Model, progress: Progress = no_progress, cached: Embed | None = None
) -> Profiles:
    """The columns of `profile` for users, with those of `PeopleLabels` before the answers of other
    heads.
    """
    labels = dict(label_people(users, model, part_of(progress, 0.0, 0.6)).columns)
    found = profile(users, model, "user", None, part_of(progress, 0.6, 1.0), cached)
    columns = found.columns
    both = zip(labels.pop("why"), columns["why"])
    last = {
        "in_domain": columns["in_domain"] & np.isfinite(labels["commuter_p"]),
        "why": object_column(", ".join(dict.fromkeys(filter(None, words))) for words in both),
        "evidence": labels.pop("evidence"),
    }
    return replace(found, columns={name: columns[name] for name in FIRST} | labels | columns | last)
