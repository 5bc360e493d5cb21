# SPDX-License-Identifier: GPL-2.0-or-later
"""Labels of people: who commutes, by which modes, how often, and where home and work are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..arrays import join_rows, object_column, run_starts
from ..diary.diary import Diary, find_diaries
from ..diary.modes import MODES
from ..diary.places import HOME, WORK
from ..embedding.profiles import UNKNOWN
from ..errors import Progress, no_progress
from ..times import DAY_MS, HOUR_MS
from ..tracks import Tracks, solar_day

if TYPE_CHECKING:
    from ..bundle.runtime import Model

YES, NO = "yes", "no"


@dataclass(frozen=True)
class PeopleSettings:
    """How much of a person has to be seen."""

    min_days: int = 3  # with fixes, for any label of a person
    silence_h: float = 2.0  # a longer silence is unknown time
    day_h: float = 8.0  # of known time, for a day that trips are counted on
    level: float = 1.2816  # standard deviations of an 80 % interval


SETTINGS = PeopleSettings()


@dataclass(frozen=True)
class PeopleLabels:
    """Labels of users, places of home and work, and the diary that they were built from.

    columns: (n_users,) each, in the order of `tracks.user_ids`: commuter ('yes', 'no', 'unknown'), commuter_p (of yes,
    also where unknown), work_days (weekdays spent at work), weekdays_seen, share_walk, share_bike, share_motor,
    share_rail (of trips), main_mode, rail_user, rail_trips (a week) with _low and _high, trips_a_day with _low and
    _high, n_days_seen, coverage (share of the time from the first to the last fix), evidence, why (unknown). Numbers
    are nan where nothing is known. Intervals are 80 %.
    places: (k,) each, homes and places of work: user (row of `columns`), kind, p (its probability), lon, lat (degrees).
    """

    columns: dict[str, np.ndarray]
    places: dict[str, np.ndarray]
    diary: Diary


def label_people(tracks: Tracks, model: Model | None, progress: Progress = no_progress) -> PeopleLabels:
    """Label the users of tracks. What is said of a user depends on the user's own fixes alone."""
    users = tracks.by_user()
    diary = _whole(list(find_diaries(users, model, progress=progress)))
    seen = _record(users)
    columns, places = _work(users, diary, seen)
    columns |= _trips(users, diary, seen) | {"n_days_seen": seen["n_days"], "coverage": seen["coverage"]}
    few = seen["n_days"] < SETTINGS.min_days
    why = np.where(few, f"fixes on fewer than {SETTINGS.min_days} days", "").astype(object)
    for name, values in columns.items():
        if name not in ("n_days_seen", "coverage", "weekdays_seen"):
            values[few] = UNKNOWN if values.dtype == object else np.nan
    columns["evidence"] = object_column(
        f"at work on {work:.0f} of {all_:.0f} weekdays with fixes" if work > 0 else ""
        for work, all_ in zip(columns["work_days"], columns["weekdays_seen"])
    )
    return PeopleLabels(columns | {"why": why}, places, diary)


def _whole(parts: list[Diary]) -> Diary:
    """The diary of all users; `ways` are those of the first users alone."""
    tables = [
        {name: getattr(part, name) for name in ("stops", "stop_lon", "stop_lat", "trips", "mode_p")} for part in parts
    ]
    whole = join_rows(tables)
    return Diary(whole["stops"], whole["stop_lon"], whole["stop_lat"], whole["trips"], parts[0].ways, whole["mode_p"])


def _row(users: Tracks, ids: np.ndarray) -> np.ndarray:
    """The row of each user id."""
    row = {name: k for k, name in enumerate(users.user_ids)}
    return np.array([row[name] for name in ids], np.int64)


def _record(users: Tracks) -> dict[str, np.ndarray]:
    """How users were recorded: days and weekdays with fixes, coverage, and days seen for hours."""
    n, day, step = users.n_users, solar_day(users), users.steps()
    new = np.flatnonzero(run_starts(users.user, day))
    silence = users.t[step + 1] - users.t[step]
    known = silence <= SETTINGS.silence_h * HOUR_MS
    ms = np.bincount(users.user[step[known]], silence[known], n)
    of_day = np.cumsum(run_starts(users.user, day)) - 1
    hours = np.bincount(of_day[step[known]], silence[known], len(new)) / HOUR_MS
    with np.errstate(invalid="ignore", divide="ignore"):
        coverage = ms / (1000 * users.span_s)
    return {
        "n_days": np.bincount(users.user[new], minlength=n).astype(float), "coverage": np.nan_to_num(coverage),
        "weekdays": np.bincount(users.user[new], (day[new] + 3) % 7 < 5, n),
        "good_user": users.user[new[hours >= SETTINGS.day_h]], "good_day": day[new[hours >= SETTINGS.day_h]],
    }  # fmt: skip


def _work(
    users: Tracks, diary: Diary, seen: dict[str, np.ndarray]
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """The labels of commuters, and the places of home and work."""
    stops, n = diary.stops, users.n_users
    user = _row(users, stops["user_id"])
    kind = stops["kind"]
    at_work, at_home = kind == WORK, kind == HOME
    days = np.unique(np.stack([user[at_work], stops["t_arrive"][at_work] // DAY_MS]), axis=1)
    work_days = np.bincount(days[0], minlength=n).astype(float)
    settled = np.bincount(user[at_home], minlength=n) > 0
    p = (work_days + 1) / (seen["weekdays"] + 2)
    p = np.where(work_days > 0, np.maximum(p, 0.6), np.minimum(p, 0.4))
    label = np.where(~settled, UNKNOWN, np.where(work_days > 0, YES, NO)).astype(object)
    first = np.flatnonzero(at_work | at_home)
    key = np.stack([user[first], stops["place"][first]])
    first = first[np.unique(key, axis=1, return_index=True)[1]]
    places = {
        "user": user[first], "kind": kind[first], "p": np.ones(len(first)), "lon": diary.stop_lon[first],
        "lat": diary.stop_lat[first],
    }  # fmt: skip
    return {
        "commuter": label, "commuter_p": p, "work_days": work_days, "weekdays_seen": seen["weekdays"]
    }, places  # fmt: skip


def _trips(users: Tracks, diary: Diary, seen: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Modes and numbers of trips. Probabilities are summed, not labels."""
    n, z, user = users.n_users, SETTINGS.level, _row(users, diary.trips["user_id"])
    known = ~np.isnan(diary.mode_p).any(axis=1)
    sums = np.stack([np.bincount(user[known], p[known], n) for p in diary.mode_p.T], axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        share = sums / sums.sum(axis=1, keepdims=True)
        main = np.where(np.isnan(share[:, 0]), UNKNOWN, np.array(MODES, object)[np.nan_to_num(share).argmax(axis=1)])
        weeks = seen["n_days"] / 7
        rail = sums[:, MODES.index("rail")]
        spread = z * np.sqrt(
            rail + np.bincount(user[known], (diary.mode_p[:, -1] * (1 - diary.mode_p[:, -1]))[known], n)
        )
        day = (diary.trips["t_start"] + np.int64(0)) // DAY_MS
        key = seen["good_user"] * 100_000 + seen["good_day"]
        trips = np.bincount(user[np.isin(user * 100_000 + day, key)], minlength=n)
        days = np.bincount(seen["good_user"], minlength=n)
        rate, error = trips / days, z * np.sqrt(trips + 1) / days
        columns = {f"share_{name}": share[:, k] for k, name in enumerate(("walk", "bike", "motor", "rail"))}
        columns |= {
            "main_mode": main.astype(object),
            "rail_user": np.where(np.isnan(share[:, 0]), UNKNOWN, np.where(rail >= 1, YES, NO)).astype(object),
        }
        for name, value, half in (("rail_trips", rail / weeks, spread / weeks), ("trips_a_day", rate, error)):
            columns |= {name: value, f"{name}_low": np.maximum(value - half, 0), f"{name}_high": value + half}
    return columns
