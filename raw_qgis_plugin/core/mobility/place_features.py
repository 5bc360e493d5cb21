# SPDX-License-Identifier: GPL-2.0-or-later
"""Features of places: when a user was there, how regularly, and how the record was made. Positions
are none of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from ..arrays import expand_ranges, group_quantile, rank_within, run_ends, run_starts
from ..times import DAY_MS, HOUR_MS, solar_ms
from ..tracks import Tracks
from .stops import within

# Another value of these makes other inputs of the place head. Hours are of mean solar time
SILENCE_H = 2.0  # a longer silence is unknown time, here at a place too
LONGEST_H = 12.0  # a silence at a place that is longer is no evidence
# no more of a silence counts in how long a record is: some begin with a day a year before the
# others
PAUSE_H = 48.0
WAY_H = 1 / 3  # a longer step between two places is no evidence of being on the way all the time
THERE_H = 0.5  # between two hours of a day, that the day counts
# hours at which classes of time begin
WEEKDAY, WEEKEND = (0, 5, 7, 9, 11, 14, 17, 20, 22), (0, 6, 12, 18)
TIMES = (*(f"weekday_{h}" for h in WEEKDAY), *(f"weekend_{h}" for h in WEEKEND))
TIME_OF = np.array(  # (7, 24), from Monday
    [np.searchsorted(WEEKDAY, np.arange(24), "right") - 1] * 5
    + [np.searchsorted(WEEKEND, np.arange(24), "right") - 1 + len(WEEKDAY)] * 2
)
NIGHT, WORKING = [0, len(WEEKDAY)], [3, 4, 5]  # of TIMES: from 0, and weekdays from 9 to 17 h
# Days at a place: the hours and the weekdays that count
DAYS = {"nights": (0, 5, range(7)), "weekdays": (8, 18, range(5)), "weekends": (8, 18, range(5, 7))}


@dataclass(frozen=True)
class PlaceFacts:
    """Features of n places of n_users users, and what of them is evidence in words.

    x: (n,) float32 each, by name: the inputs of the place head. owner: (n,) the user of each place.
    of_place, of_user: (n,) and (n_users,) each, by name: 'nights' and 'weekdays' there or seen
    anywhere, 'hours' there, 'stayed_a_day' …
    """

    x: dict[str, np.ndarray]
    owner: np.ndarray
    of_place: dict[str, np.ndarray]
    of_user: dict[str, np.ndarray]

    def matrix(self) -> np.ndarray:
        """(n, inputs) float32."""
        return np.stack(list(self.x.values()), axis=1)


class _Hours(NamedTuple):
    """Time cut at full hours: its group (a place or a user), day since 1970, week and day of the
    week from Monday, hour of the day, and length (h).
    """

    group: np.ndarray
    day: np.ndarray
    week: np.ndarray
    weekday: np.ndarray
    hour: np.ndarray
    length: np.ndarray

    @classmethod
    def of(cls, group: np.ndarray, t: np.ndarray, step: np.ndarray) -> _Hours:
        """From the fixes in rows `step` (k,), ascending, to the next ones. group: (k,). t: of all
        fixes, solar ms.
        """
        begin, end = t[step], t[step + 1]
        first = begin // HOUR_MS
        count = np.maximum(-(-end // HOUR_MS) - first, 0)
        hour, row = expand_ranges(first, count), np.repeat(np.arange(len(step)), count)
        length = np.minimum(end[row], (hour + 1) * HOUR_MS) - np.maximum(begin[row], hour * HOUR_MS)
        new = run_starts(group[row], hour)  # short steps within an hour are one
        total = np.bincount(np.cumsum(new) - 1, length) / HOUR_MS
        day = hour[new] // 24
        week, weekday = np.divmod(day + 3, 7)  # 1970-01-01 was a Thursday
        return cls(group[row][new], day, week, weekday, hour[new] % 24, total)

    def by_time(self, group: np.ndarray, n: int) -> np.ndarray:
        """(n, TIMES) hours of each group."""
        cell = group * len(TIMES) + TIME_OF[self.weekday, self.hour]
        return np.bincount(cell, self.length, n * len(TIMES)).reshape(n, len(TIMES))

    def days(self, begin: int, end: int, weekdays: range) -> tuple[np.ndarray, np.ndarray]:
        """Groups and weeks (m,) of the days with enough time between two hours of such weekdays."""
        some = (self.hour >= begin) & (self.hour < end) & np.isin(self.weekday, weekdays)
        key, row = np.unique(_key(self.group[some], self.day[some]), return_inverse=True)
        group, day = _pair(key[np.bincount(row, self.length[some], len(key)) >= THERE_H])
        return group, (day + 3) // 7


def _key(group: np.ndarray, day: np.ndarray) -> np.ndarray:
    # days before 1970 are negative
    return group.astype(np.int64) << 32 | (day.astype(np.int64) + 2**20)


def _pair(key: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return key >> 32, (key & (2**32 - 1)) - 2**20


def _share(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """Parts of hours, of a quarter at least."""
    return part / np.maximum(whole, 0.25)


def place_facts(
    users: Tracks, first: np.ndarray, last: np.ndarray, place: np.ndarray
) -> PlaceFacts:
    """The facts of places. users: one track a user. first, last, place: (k,) the fixes at the ends
    of each stop, in order, and its place, numbered from 0.
    """
    n_users, n = users.n_users, int(place.max(initial=-1)) + 1
    owner = np.zeros(n, np.int64)
    owner[place] = users.user[first]
    lon = group_quantile(users.lon, users.user, n_users)
    t, step = solar_ms(users.t, lon[users.user]), users.steps()
    gap_h = np.diff(t, append=t[-1:]) / HOUR_MS
    row = step[gap_h[step] <= SILENCE_H]
    anywhere = _Hours.of(users.user[row], t, row)
    row, where = expand_ranges(first, last - first), np.repeat(place, last - first)
    known = gap_h[row] <= LONGEST_H
    row, where = row[known], where[known]
    there, seen = _Hours.of(where, t, row), gap_h[row] <= SILENCE_H
    on_record = _Hours.of(where[seen], t, row[seen])

    with_silence, at = there.by_time(there.group, n), on_record.by_time(on_record.group, n)
    of_user = anywhere.by_time(anywhere.group, n_users)
    days, nights_off, nights_on = _overnight(there, owner, n_users)
    hours, hours_seen, night = (
        with_silence.sum(axis=1),
        at.sum(axis=1),
        with_silence[:, NIGHT].sum(axis=1),
    )
    working, seen_h = with_silence[:, WORKING].sum(axis=1), of_user.sum(axis=1)
    facts, user_facts = {"hours": hours}, {}
    weeks, n_weeks, hours_in_use, days_in_use = _weeks(there, anywhere, owner, n_users)
    home_rank = rank_within(owner, night + nights_off, hours)
    away, home = home_rank > 0, np.zeros(n_users, np.int64)
    home[owner[~away]] = np.flatnonzero(~away)
    mine = home[owner]

    x = {f"of_place_{name}": _share(at[:, k], hours_seen) for k, name in enumerate(TIMES)}
    x |= {f"of_weeks_{name}": _share(at[:, k], hours_in_use[:, k]) for k, name in enumerate(TIMES)}
    for name, when in DAYS.items():
        count, of = (
            np.bincount(each.days(*when)[0], minlength=m)
            for each, m in ((there, n), (anywhere, n_users))
        )
        facts[name], user_facts[name] = count, of
        x |= {
            f"{name}_rate": count / np.maximum(days_in_use[name], np.maximum(count, 1)),
            f"{name}_share": count / np.maximum(of[owner], 1),
            f"{name}_a_week": count / np.maximum(weeks, 1),
            f"{name}_log": np.log1p(count),
        }
    x |= {
        "overnight_share": nights_off / np.maximum(nights_on[owner], 1),
        "overnight_rate": nights_off / np.maximum(days, 1),
        "of_user_night": _share(at[:, 0], of_user[owner, 0]),
        "of_user": _share(hours_seen, seen_h[owner]),
        "of_user_work": _share(at[:, WORKING].sum(axis=1), of_user[owner][:, WORKING].sum(axis=1)),
        "hours": np.log1p(hours),
        "hours_a_week": np.log1p(hours_seen / np.maximum(weeks, 1)),
        "work_hours": np.log1p(working),
        "work_hours_a_week": np.log1p(working / np.maximum(weeks, 1)),
        "silent": 1 - _share(hours_seen, hours),
        "weeks": np.log1p(weeks),
        "days": np.log1p(days),
        "weeks_share": weeks / np.maximum(n_weeks[owner], 1),
        "night_to_home": _share(night, night[mine]),
        "work_to_home": _share(working, working[mine]),
        "hours_to_home": _share(hours, hours[mine]),
        "rank_night": np.log1p(home_rank),
        "rank_hours": np.log1p(rank_within(owner, hours)),
        "rank_work": np.log1p(rank_within(owner, np.where(away, working, -1))),
        "rank_weekdays": np.log1p(
            rank_within(owner, np.where(away, facts["weekdays"], -1), working)
        ),
    }
    moves = step[~within(first, last, len(t))[step] & (gap_h[step] <= WAY_H)]
    n_days = np.maximum(
        np.bincount(users.user[run_starts(users.user, t // DAY_MS)], minlength=n_users), 1
    )
    on_way, stayed = (
        np.bincount(users.user[moves], gap_h[moves], n_users),
        np.bincount(owner, hours_seen, n_users),
    )
    span_h, places = (
        np.maximum(np.nan_to_num(users.span_s) / 3600, 1.0),
        np.bincount(owner, minlength=n_users),
    )
    record_h = np.bincount(users.user[step], np.minimum(gap_h[step], PAUSE_H), n_users)
    user_facts |= {
        "n_days": n_days,
        "stayed_a_day": stayed / n_days,
        "moved_a_day": np.maximum(seen_h - stayed, 0) / n_days,
        "stayed": _share(stayed, seen_h),
        "hours": seen_h,
        "coverage": seen_h / span_h,
        "on_way_a_day": on_way / n_days,
        "at_places": _share(stayed, stayed + on_way),
    }
    record = {name: user_facts[name] for name in ("stayed_a_day", "moved_a_day", "stayed")} | {
        "n_days": np.log1p(n_days),
        "span": np.log(np.maximum(record_h, 1.0)),
        "night": of_user[:, 0] / n_days,
        "work": of_user[:, WORKING].sum(axis=1) / n_days,
        "nights": np.log1p(user_facts["nights"]),
        "weekdays": np.log1p(user_facts["weekdays"]),
        "cadence": np.log(
            np.maximum(group_quantile(3600 * gap_h[step], users.user[step], n_users), 1.0)
        ),
        "silent_a_day": np.bincount(owner, hours - hours_seen, n_users) / n_days,
        "places": np.log1p(places),
        "places_a_day": places / n_days,
        "work_at_home": _share(
            *(np.bincount(owner, each, n_users) for each in (working * ~away, working))
        ),
    }
    x |= {f"record_{name}": values[owner] for name, values in record.items()}
    # as evidence, also those of a phone that is off
    facts["nights"] = np.maximum(facts["nights"], nights_off)
    user_facts["nights"] = np.maximum(
        user_facts["nights"], np.bincount(owner, nights_off, n_users).astype(int)
    )
    x = {
        name: np.where(np.isfinite(values), values, -1).astype(np.float32)
        for name, values in x.items()
    }
    return PlaceFacts(x, owner, facts, user_facts)


def _weeks(
    there: _Hours, anywhere: _Hours, owner: np.ndarray, n_users: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray, dict[str, np.ndarray]]:
    """The weeks in which places were used (n,), the weeks of users (n_users,), and what was seen of
    the users in the weeks of use: hours (n, TIMES), and days (n,) of each of DAYS.
    """
    n, used = len(owner), np.unique(_key(there.group, there.week))
    place, week = _pair(used)
    key = np.unique(np.append(_key(anywhere.group, anywhere.week), _key(owner[place], week)))
    of = np.searchsorted(key, _key(owner[place], week))
    table = anywhere.by_time(np.searchsorted(key, _key(anywhere.group, anywhere.week)), len(key))
    hours = np.zeros((n, len(TIMES)))
    np.add.at(hours, place, table[of])
    days = {}
    for name, when in DAYS.items():
        count = np.bincount(np.searchsorted(key, _key(*anywhere.days(*when))), minlength=len(key))
        days[name] = np.bincount(place, count[of], n)
    of_user = np.bincount(
        _pair(np.unique(_key(anywhere.group, anywhere.week)))[0], minlength=n_users
    )
    return np.bincount(place, minlength=n), of_user, hours, days


def _overnight(
    there: _Hours, owner: np.ndarray, n_users: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Days at places (n,), the nights (n,) between a day that ends and one that begins at the
    place, which may be without a fix, and the nights (n_users,) between two days with fixes.
    """
    n, order = len(owner), np.lexsort((there.hour, there.day, owner[there.group]))
    who, what, day = owner[there.group][order], there.group[order], there.day[order]
    head = np.flatnonzero(run_starts(who, day))
    tail, next_day = (
        run_ends(head, len(who)),
        np.flatnonzero((np.diff(who[head]) == 0) & (np.diff(day[head]) == 1)) + 1,
    )
    nights = np.bincount(
        what[head[next_day]][what[head[next_day]] == what[tail[next_day - 1]]], minlength=n
    )
    days = np.bincount(np.unique(_key(what, day)) >> 32, minlength=n)
    return days, nights, np.bincount(who[head[next_day]], minlength=n_users)
