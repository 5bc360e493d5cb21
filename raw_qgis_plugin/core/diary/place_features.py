# SPDX-License-Identifier: GPL-2.0-or-later
"""Features of places: when a user was there, how regularly, and how the record was made. Positions are none of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..arrays import expand_ranges, group_quantile, run_ends, run_starts, take_rows
from ..times import DAY_MS, HOUR_MS, solar_ms
from ..tracks import Tracks
from .stops import within

# Another value of these makes other inputs of the place head. Hours are of mean solar time
SILENCE_H = 2.0  # a longer silence is unknown time, at a place too
WAY_H = 1 / 3  # a longer step between two places is no evidence of being on the way all the time
THERE_H = 0.5  # between two hours of a day, that the day counts
WEEKDAY, WEEKEND = (0, 5, 7, 9, 11, 14, 17, 20, 22), (0, 6, 12, 18)  # hours at which classes of time begin
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

    x: (n,) float32 each, by name: the inputs of the place head. owner: (n,) the user of each place. of_place, of_user:
    (n,) and (n_users,) each, by name: 'nights' and 'weekdays' there or seen anywhere, 'hours' there, 'stayed_a_day' …
    """

    x: dict[str, np.ndarray]
    owner: np.ndarray
    of_place: dict[str, np.ndarray]
    of_user: dict[str, np.ndarray]

    def matrix(self) -> np.ndarray:
        """(n, inputs) float32."""
        return np.stack(list(self.x.values()), axis=1)


@dataclass(frozen=True)
class _Hours:
    """Time cut at full hours: its group, day since 1970, hour of the day, and length (h)."""

    group: np.ndarray
    day: np.ndarray
    hour: np.ndarray
    length: np.ndarray

    @classmethod
    def of(cls, group: np.ndarray, begin: np.ndarray, end: np.ndarray) -> _Hours:
        """Of stretches of solar time (ms)."""
        first = begin // HOUR_MS
        count = np.maximum(-(-end // HOUR_MS) - first, 0)
        hour, row = expand_ranges(first, count), np.repeat(np.arange(len(group)), count)
        length = np.minimum(end[row], (hour + 1) * HOUR_MS) - np.maximum(begin[row], hour * HOUR_MS)
        return cls(group[row], hour // 24, hour % 24, length / HOUR_MS)

    @property
    def weekday(self) -> np.ndarray:
        """From 0 for Monday; 1970-01-01 was a Thursday."""
        return (self.day + 3) % 7

    def by_time(self, n: int) -> np.ndarray:
        """(n, TIMES) hours of each group."""
        cell = self.group * len(TIMES) + TIME_OF[self.weekday, self.hour]
        return np.bincount(cell, self.length, n * len(TIMES)).reshape(n, len(TIMES))

    def days(self, begin: int, end: int, weekdays: range) -> tuple[np.ndarray, np.ndarray]:
        """Groups and days (m,) with enough time between two hours of such weekdays."""
        some = (self.hour >= begin) & (self.hour < end) & np.isin(self.weekday, weekdays)
        key, row = np.unique(_key(self.group[some], self.day[some]), return_inverse=True)
        return _pair(key[np.bincount(row, self.length[some], len(key)) >= THERE_H])


def _key(group: np.ndarray, day: np.ndarray) -> np.ndarray:
    return group.astype(np.int64) << 32 | (day.astype(np.int64) + 2**20)  # days before 1970 are negative


def _pair(key: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return key >> 32, (key & (2**32 - 1)) - 2**20


def _joined(row: np.ndarray, t: np.ndarray, *keys: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Steps from the fixes `row` to the next ones, joined where one follows another with the same keys: their first
    ones (into `row`), begin and end.
    """
    head = np.flatnonzero(run_starts(*keys, row - np.arange(len(row))))
    return head, t[row[head]], t[row[run_ends(head, len(row))] + 1]


def _share(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """Parts of hours, of a quarter at least."""
    return part / np.maximum(whole, 0.25)


def _rank(user: np.ndarray, *scores: np.ndarray) -> np.ndarray:
    """(n,) rank of each place among those of its user, from 0 for the greatest scores."""
    order = np.lexsort((*(-score for score in reversed(scores)), user))
    head = np.flatnonzero(run_starts(user[order]))
    rank = np.empty(len(user), np.int64)
    rank[order] = np.arange(len(user)) - np.repeat(head, np.diff(np.append(head, len(user))))
    return rank


def place_facts(users: Tracks, first: np.ndarray, last: np.ndarray, place: np.ndarray) -> PlaceFacts:
    """The facts of places. users: one track a user. first, last, place: (k,) the fixes at the ends of each stop, in
    order, and its place, numbered from 0.
    """
    n_users, n, silence = users.n_users, int(place.max(initial=-1)) + 1, SILENCE_H * HOUR_MS
    owner = np.zeros(n, np.int64)
    owner[place] = users.user[first]
    lon = group_quantile(users.lon, users.user, n_users)
    t = solar_ms(users.t, lon[users.user])
    step = users.steps()
    gap = t[step + 1] - t[step]
    row = step[gap <= silence]
    head, begin, end = _joined(row, t, users.user[row])
    anywhere = _Hours.of(users.user[row[head]], begin, end)
    row, stop = expand_ranges(first, last - first), np.repeat(np.arange(len(first)), last - first)
    seen = t[row + 1] - t[row] <= silence
    head, begin, end = _joined(row, t, stop, seen)
    there = _Hours.of(head, begin, end)
    on_record, there = seen[there.group], _Hours(place[stop[there.group]], there.day, there.hour, there.length)

    at, with_silence, of_user = take_rows(there, on_record).by_time(n), there.by_time(n), anywhere.by_time(n_users)
    hours, hours_seen, working = with_silence.sum(axis=1), at.sum(axis=1), with_silence[:, WORKING].sum(axis=1)
    facts = {"hours": hours}
    user_facts: dict[str, np.ndarray] = {}
    for name, when in DAYS.items():
        facts[name], user_facts[name] = (
            np.bincount(each.days(*when)[0], minlength=m) for each, m in ((there, n), (anywhere, n_users))
        )
    weeks, in_use, n_weeks = _weeks(there, anywhere, owner, n_users)

    x = {f"of_place_{name}": _share(at[:, k], hours_seen) for k, name in enumerate(TIMES)}
    x |= {f"of_weeks_{name}": _share(at[:, k], in_use[:, k]) for k, name in enumerate(TIMES)}
    for k, name in enumerate(DAYS):
        count = facts[name]
        x |= {
            f"{name}_rate": count / np.maximum(in_use[:, len(TIMES) + k], np.maximum(count, 1)),
            f"{name}_share": count / np.maximum(user_facts[name][owner], 1),
            f"{name}_a_week": count / np.maximum(weeks, 1), f"{name}_log": np.log1p(count),
        }  # fmt: skip
    n_days = np.maximum(np.bincount(users.user[run_starts(users.user, t // DAY_MS)], minlength=n_users), 1)
    days, x_days, nights = _ends_of_days(there, owner, n_users)
    x |= x_days
    home_rank = _rank(owner, with_silence[:, NIGHT].sum(axis=1) + nights, hours)
    x |= _visits(users, t, first, last, place, owner, home_rank)
    home = np.zeros(n_users, np.int64)
    home[owner[home_rank == 0]] = np.flatnonzero(home_rank == 0)
    mine, away = home[owner], home_rank > 0
    x |= {
        "of_user_night": _share(at[:, 0], of_user[owner, 0]), "of_user": _share(hours_seen, of_user[owner].sum(axis=1)),
        "of_user_work": _share(at[:, WORKING].sum(axis=1), of_user[owner][:, WORKING].sum(axis=1)),
        "hours": np.log1p(hours), "hours_a_week": np.log1p(hours_seen / np.maximum(weeks, 1)),
        "work_hours": np.log1p(working), "work_hours_a_week": np.log1p(working / np.maximum(weeks, 1)),
        "silent": 1 - _share(hours_seen, hours), "weeks": np.log1p(weeks), "days": np.log1p(days),
        "weeks_share": weeks / np.maximum(n_weeks[owner], 1),
        "night_to_home": _share(with_silence[:, NIGHT].sum(axis=1), with_silence[mine][:, NIGHT].sum(axis=1)),
        "work_to_home": _share(working, working[mine]), "hours_to_home": _share(hours, hours[mine]),
        "rank_night": np.log1p(home_rank), "rank_hours": np.log1p(_rank(owner, hours)),
        "rank_work": np.log1p(_rank(owner, np.where(away, working, -1))),
        "rank_weekdays": np.log1p(_rank(owner, np.where(away, facts["weekdays"], -1), working)),
    }  # fmt: skip
    moves = ~within(first, last, len(t))[step] & (gap <= WAY_H * HOUR_MS)
    on_way = np.bincount(users.user[step[moves]], gap[moves] / HOUR_MS, n_users)
    stayed, span_h = np.bincount(owner, hours_seen, n_users), np.maximum(np.nan_to_num(users.span_s) / 3600, 1.0)
    seen_h = of_user.sum(axis=1)
    user_facts |= {
        "n_days": n_days, "stayed_a_day": stayed / n_days, "moved_a_day": np.maximum(seen_h - stayed, 0) / n_days,
        "stayed": _share(stayed, seen_h), "hours": seen_h, "coverage": seen_h / span_h, "on_way_a_day": on_way / n_days,
        "at_places": _share(stayed, stayed + on_way),
    }  # fmt: skip
    record = {name: user_facts[name] for name in ("stayed_a_day", "moved_a_day", "stayed", "coverage")} | {
        "n_days": np.log1p(n_days), "span": np.log(span_h), "night": of_user[:, 0] / n_days,
        "work": of_user[:, WORKING].sum(axis=1) / n_days, "nights": np.log1p(user_facts["nights"]),
        "weekdays": np.log1p(user_facts["weekdays"]),
        "cadence": np.log(np.maximum(group_quantile(gap / 1000, users.user[step], n_users), 1.0)),
        "silent_a_day": np.bincount(owner, hours - hours_seen, n_users) / n_days,
        "places": np.log1p(np.bincount(owner, minlength=n_users)),
        "places_a_day": np.bincount(owner, minlength=n_users) / n_days,
        "visits_a_day": np.bincount(owner, np.expm1(x["visits"]), n_users) / n_days,
        "work_at_home": _share(*(np.bincount(owner, each, n_users) for each in (working * ~away, working))),
    }  # fmt: skip
    x |= {f"record_{name}": values[owner] for name, values in record.items()}
    facts["nights"] = np.maximum(facts["nights"], nights)  # as evidence, also those of a phone that is off
    user_facts["nights"] = np.maximum(user_facts["nights"], np.bincount(owner, nights, n_users).astype(int))
    x = {name: np.where(np.isfinite(values), values, -1).astype(np.float32) for name, values in x.items()}
    return PlaceFacts(x, owner, facts, user_facts)


def _weeks(
    there: _Hours, anywhere: _Hours, owner: np.ndarray, n_users: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The weeks in which places were used (n,), what was seen of their users in these weeks (n, TIMES and days): hours
    and days, and the weeks of users (n_users,).
    """
    n = len(owner)
    key, row = np.unique(_key(anywhere.group, (anywhere.day + 3) // 7), return_inverse=True)
    seen = [_Hours(row, anywhere.day, anywhere.hour, anywhere.length).by_time(len(key))]
    for when in DAYS.values():
        user, day = anywhere.days(*when)
        seen.append(np.bincount(np.searchsorted(key, _key(user, (day + 3) // 7)), minlength=len(key))[:, None])
    table, in_use = np.concatenate(seen, axis=1), np.zeros((n, len(TIMES) + len(DAYS)))
    used, week = _pair(np.unique(_key(there.group, (there.day + 3) // 7)))
    wanted = _key(owner[used], week)
    found = np.searchsorted(key, wanted)
    known = np.isin(wanted, key)
    np.add.at(in_use, used[known], table[found[known]])
    return np.bincount(used, minlength=n), in_use, np.bincount(_pair(key)[0], minlength=n_users)


def _ends_of_days(
    there: _Hours, owner: np.ndarray, n_users: int
) -> tuple[np.ndarray, dict[str, np.ndarray], np.ndarray]:
    """Days at places (n,), features of the first and last place of a day, and of hours of weekdays; and the nights (n,)
    between a day that ends and one that begins at the place, which may be without a fix.
    """
    n = len(owner)
    who, order = owner[there.group], np.lexsort((there.hour, there.day, owner[there.group]))
    who, what, day = who[order], there.group[order], there.day[order]
    head = np.flatnonzero(run_starts(who, day))
    tail = run_ends(head, len(who))
    next_day = (who[head[1:]] == who[head[:-1]]) & (day[head[1:]] == day[head[:-1]] + 1)
    stayed = np.bincount(what[head[1:]][next_day & (what[head[1:]] == what[tail[:-1]])], minlength=n)
    days = np.bincount(_pair(np.unique(_key(what, day)))[0], minlength=n)
    of_user, pairs = (np.maximum(np.bincount(who[row], minlength=n_users), 1) for row in (head, head[1:][next_day]))
    x: dict[str, np.ndarray] = {}
    for name, count, of in (
        ("first", np.bincount(what[head], minlength=n), of_user),
        ("last", np.bincount(what[tail], minlength=n), of_user), ("overnight", stayed, pairs),
    ):  # fmt: skip
        x |= {f"{name}_share": count / of[owner], f"{name}_rate": count / np.maximum(days, 1)}
    some = there.weekday < 5
    key, row = np.unique(_key(there.group[some], there.day[some]), return_inverse=True)
    ends = np.full((2, len(key)), 24)
    for end, hour in zip(ends, (there.hour[some], 23 - there.hour[some])):
        np.minimum.at(end, row, hour)
    place, count = key >> 32, np.bincount(key >> 32, minlength=n)
    with np.errstate(invalid="ignore", divide="ignore"):
        for name, hour in zip(("from", "until"), ends):
            mean = np.bincount(place, hour, n) / count
            spread = np.sqrt(np.bincount(place, (hour - mean[place]) ** 2, n) / count)
            x |= {f"{name}_hour": mean, f"{name}_spread": spread}
    return days, x, stayed


def _visits(
    users: Tracks, t: np.ndarray, first: np.ndarray, last: np.ndarray, place: np.ndarray, owner: np.ndarray,
    home_rank: np.ndarray,
) -> dict[str, np.ndarray]:  # fmt: skip
    """Features of visits: stops at one place that follow each other are one."""
    n, head = len(owner), np.flatnonzero(run_starts(users.user[first], place))
    where, arrive, leave = place[head], t[first[head]], t[last[run_ends(head, len(place))]]
    visits = np.maximum(np.bincount(where, minlength=n), 1)
    near = (owner[where[1:]] == owner[where[:-1]]) & (arrive[1:] - leave[:-1] < DAY_MS)
    before, after = home_rank[where[:-1]] == 0, home_rank[where[1:]] == 0
    length = (leave - arrive) / HOUR_MS
    return {
        "visits": np.log1p(visits), "from_home": np.bincount(where[1:], near & before, n) / visits,
        "to_home": np.bincount(where[:-1], near & after, n) / visits,
        **{f"stay_{q:g}": np.log1p(group_quantile(length, where, n, q)) for q in (0.5, 0.9)},
    }  # fmt: skip
