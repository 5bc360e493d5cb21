# SPDX-License-Identifier: GPL-2.0-or-later
"""Features of the places of people: when they were there, how regularly, and how the record was made. No positions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..arrays import expand_ranges, group_quantile, run_starts
from ..times import DAY_MS, HOUR_MS
from ..tracks import Tracks


@dataclass(frozen=True)
class FeatureSettings:
    """Hours are of mean solar time. Another value makes other inputs of the place head."""

    silence_h: float = 2.0  # a longer silence is unknown time, at a place too
    weekday: tuple[int, ...] = (0, 5, 7, 9, 11, 14, 17, 20, 22)  # hours at which the classes of time begin
    weekend: tuple[int, ...] = (0, 6, 12, 18)
    night: tuple[int, int] = (0, 5)
    daytime: tuple[int, int] = (8, 18)
    there_h: float = 0.5  # of the night or daytime, for a night or day at a place


SETTINGS = FeatureSettings()
TIMES = (*(f"weekday_{h}" for h in SETTINGS.weekday), *(f"weekend_{h}" for h in SETTINGS.weekend))
_of_hour = [np.searchsorted(begin, np.arange(24), "right") - 1 for begin in (SETTINGS.weekday, SETTINGS.weekend)]
TIME_OF = np.array([_of_hour[0]] * 5 + [_of_hour[1] + len(SETTINGS.weekday)] * 2)  # (7, 24), from Monday
WORKING = slice(3, 6)  # TIMES from 9 to 17 h of weekdays


@dataclass(frozen=True)
class PlaceFacts:
    """Features of n places, and counts that are evidence in words.

    x: (n, f) float32. names: of its columns. nights, weekdays, weekends: (n,) days with so much time there.
    nights_seen, weekdays_seen: (n_users,) days on which users were seen anywhere. home_like: (n,) bool, the place with
    most nights of each user.
    """

    x: np.ndarray
    names: tuple[str, ...]
    nights: np.ndarray
    weekdays: np.ndarray
    nights_seen: np.ndarray
    weekdays_seen: np.ndarray
    hours: np.ndarray


@dataclass(frozen=True)
class _Pieces:
    """Time cut at full hours: group, day since 1970, hour of the day, length in hours."""

    group: np.ndarray
    day: np.ndarray
    hour: np.ndarray
    hours: np.ndarray

    @property
    def time(self) -> np.ndarray:
        return TIME_OF[(self.day + 3) % 7, self.hour]  # 1970-01-01 was a Thursday

    def take(self, mask: np.ndarray) -> _Pieces:
        return _Pieces(self.group[mask], self.day[mask], self.hour[mask], self.hours[mask])


def _cut(group: np.ndarray, begin: np.ndarray, end: np.ndarray) -> _Pieces:
    """Stretches of solar time (ms), cut at full hours."""
    first = begin // HOUR_MS
    count = np.maximum(-(-end // HOUR_MS) - first, 0)
    hour, of = expand_ranges(first, count), np.repeat(np.arange(len(group)), count)
    length = np.minimum(end[of], (hour + 1) * HOUR_MS) - np.maximum(begin[of], hour * HOUR_MS)
    return _Pieces(group[of], hour // 24, hour % 24, length / HOUR_MS)


def _runs(t: np.ndarray, row: np.ndarray, *keys: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Steps at `row` that follow each other with the same keys, as one: the first of each, begin and end."""
    head = np.flatnonzero(run_starts(*keys) | (np.diff(row, prepend=-2) != 1)) if len(row) else row
    tail = np.append(head[1:], len(row))[: len(head)] - 1
    return head, t[row[head]], t[row[tail] + 1]


def _count(group: np.ndarray, day: np.ndarray, n: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Distinct days of groups: counts (n,), and the groups and days."""
    key = np.unique(np.stack([group, day]), axis=1) if len(group) else np.zeros((2, 0), np.int64)
    return np.bincount(key[0], minlength=n), key[0], key[1]


def _days(pieces: _Pieces, hours: tuple[int, int], n: int) -> tuple[np.ndarray, np.ndarray]:
    """The groups and days (m,) with enough time between two hours."""
    some = pieces.take((pieces.hour >= hours[0]) & (pieces.hour < hours[1]))
    if not len(some.group):
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    key, row = np.unique(some.group * 2**32 + some.day, return_inverse=True)
    enough = np.bincount(row, some.hours) >= SETTINGS.there_h
    return key[enough] >> 32, key[enough] & (2**32 - 1)


def _mean(values: np.ndarray, group: np.ndarray, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Means and standard deviations of groups, nan without a value."""
    with np.errstate(invalid="ignore", divide="ignore"):
        count = np.bincount(group, minlength=n)
        mean = np.bincount(group, values, n) / count
        return mean, np.sqrt(np.maximum(np.bincount(group, values**2, n) / count - mean**2, 0))


def _best(user: np.ndarray, *scores: np.ndarray) -> np.ndarray:
    """(n,) the rank of each place among those of its user, from 0, the greatest scores first."""
    order = np.lexsort((*(-score for score in reversed(scores)), user))
    start = np.flatnonzero(run_starts(user[order])) if len(user) else user
    rank = np.empty(len(user), np.int64)
    rank[order] = np.arange(len(user)) - np.repeat(start, np.diff(np.append(start, len(user))))
    return rank


def place_facts(users: Tracks, first: np.ndarray, last: np.ndarray, place: np.ndarray) -> PlaceFacts:
    """The facts of places. users: one track a user. first, last, place: (k,) rows of the first and last fix of each
    stop, in order, and its place, numbered from 0 in the order of users.
    """
    s, n_users, n = SETTINGS, users.n_users, int(place.max(initial=-1)) + 1
    owner = np.zeros(n, np.int64)
    owner[place] = users.user[first]
    lon = group_quantile(users.lon, users.user, n_users)
    t = users.t + np.rint(lon / 15 * HOUR_MS).astype(np.int64)[users.user]
    step = users.steps()
    gap = t[step + 1] - t[step]
    known = gap <= s.silence_h * HOUR_MS
    head, begin, end = _runs(t, step[known], users.user[step[known]])
    anywhere = _cut(users.user[step[known]][head].astype(np.int64), begin, end)
    row, stop = expand_ranges(first, last - first), np.repeat(np.arange(len(first)), last - first)
    seen = t[row + 1] - t[row] <= s.silence_h * HOUR_MS
    head, begin, end = _runs(t, row, stop, seen)
    there = _cut(np.arange(len(head)), begin, end)
    was_seen, stop_of = seen[head][there.group], stop[head][there.group]
    there = _Pieces(place[stop_of], there.day, there.hour, there.hours)
    seen_there = there.take(was_seen)

    def by_time(pieces: _Pieces, groups: int) -> np.ndarray:
        return np.bincount(pieces.group * len(TIMES) + pieces.time, pieces.hours, groups * len(TIMES)).reshape(groups, -1)

    at, filled, user_at = by_time(seen_there, n), by_time(there, n), by_time(anywhere, n_users)
    total, all_filled = at.sum(axis=1), filled.sum(axis=1)
    # the weeks in which a place was used, and what was seen of its user in them
    week = (there.day + 3) // 7
    weeks, of_place, which = _count(there.group, week, n)
    key, index = np.unique(anywhere.group * 2**32 + (anywhere.day + 3) // 7, return_inverse=True)
    by_week = np.bincount(index * len(TIMES) + anywhere.time, anywhere.hours, len(key) * len(TIMES)).reshape(len(key), -1)
    found = np.minimum(np.searchsorted(key, owner[of_place] * 2**32 + which), max(len(key) - 1, 0))
    valid = key[found] == owner[of_place] * 2**32 + which if len(key) else np.zeros(len(found), bool)
    in_weeks = np.zeros((n, len(TIMES)))
    np.add.at(in_weeks, of_place[valid], by_week[found[valid]])

    # days, weekdays and nights there, and those on which the user was seen, in all and in the weeks of use
    facts: dict[str, np.ndarray] = {}
    columns: dict[str, np.ndarray] = {}
    for name, hours, wanted in (
        ("nights", s.night, None), ("weekdays", s.daytime, True), ("weekends", s.daytime, False)
    ):  # fmt: skip
        counts = []
        for pieces, groups in ((there, n), (anywhere, n_users)):
            group, day = _days(pieces, hours, groups)
            if wanted is not None:
                chosen = ((day + 3) % 7 < 5) == wanted
                group, day = group[chosen], day[chosen]
            counts.append((np.bincount(group, minlength=groups), group, day))
        facts[name], facts[f"{name}_seen"] = counts[0][0], counts[1][0]
        _, group, day = counts[1]
        user_week, place_week = group * 2**32 + (day + 3) // 7, owner[of_place] * 2**32 + which
        values, number = np.unique(user_week, return_counts=True)
        at_week = np.minimum(np.searchsorted(values, place_week), max(len(values) - 1, 0))
        in_use = np.where(values[at_week] == place_week, number[at_week], 0) if len(values) else np.zeros(len(place_week))
        seen_in_use = np.bincount(of_place, in_use, n)
        columns[f"{name}_rate"] = (facts[name] + 0.0) / np.maximum(np.maximum(seen_in_use, facts[name]), 1)
        columns[f"{name}_share"] = facts[name] / np.maximum(facts[f"{name}_seen"][owner], 1)
        columns[f"{name}_a_week"] = facts[name] / np.maximum(weeks, 1)
        columns[f"{name}_log"] = np.log1p(facts[name])
    # first and last place of a day
    order = np.lexsort((there.hour, there.day, owner[there.group]))
    who, what, day = owner[there.group][order], there.group[order], there.day[order]
    head = np.flatnonzero(run_starts(who, day)) if len(who) else order
    tail = np.append(head[1:], len(who))[: len(head)] - 1
    follows = (who[head[1:]] == who[head[:-1]]) & (day[head[1:]] == day[head[:-1]] + 1)
    over = what[tail[:-1]][follows & (what[head[1:]] == what[tail[:-1]])]
    days_of = np.bincount(who[head], minlength=n_users)
    over_nights, overs_seen = np.bincount(over, minlength=n), np.bincount(who[head[1:]][follows], minlength=n_users)
    days_there = _count(there.group, there.day, n)[0]
    for name, count, of in (
        ("first_of_day", np.bincount(what[head], minlength=n), days_of),
        ("last_of_day", np.bincount(what[tail], minlength=n), days_of), ("over_night", over_nights, overs_seen),
    ):  # fmt: skip
        columns[f"{name}_share"] = count / np.maximum(of[owner], 1)
        columns[f"{name}_rate"] = count / np.maximum(days_there, 1)
    night_hours = filled[:, [0, len(s.weekday)]].sum(axis=1) + over_nights
    home_rank = _best(owner, night_hours, all_filled)
    home = np.zeros(n_users, np.int64)
    home[owner[home_rank == 0]] = np.flatnonzero(home_rank == 0)
    mine = home[owner]
    working = filled[:, WORKING].sum(axis=1)
    # visits
    new = run_starts(users.user[first], place) if len(place) else np.zeros(0, bool)
    visit = np.flatnonzero(new)
    v_place = place[visit]
    arrive, leave = t[first[visit]], t[last[np.append(visit[1:], len(place))[: len(visit)] - 1]]
    length = (leave - arrive) / HOUR_MS
    visits = np.bincount(v_place, minlength=n)
    near = (owner[v_place[1:]] == owner[v_place[:-1]]) & (arrive[1:] - leave[:-1] < DAY_MS)
    from_home = np.bincount(v_place[1:], near & (v_place[:-1] == mine[v_place[1:]]), n)
    to_home = np.bincount(v_place[:-1], near & (v_place[1:] == mine[v_place[1:]]), n)
    weekday_piece = (there.day + 3) % 7 < 5
    first_key, first_at = np.unique(there.group[weekday_piece] * 2**32 + there.day[weekday_piece], return_inverse=True)
    early, late = np.full(len(first_key), 24.0), np.zeros(len(first_key))
    np.minimum.at(early, first_at, there.hour[weekday_piece])
    np.maximum.at(late, first_at, there.hour[weekday_piece])
    early_mean, early_std = _mean(early, first_key >> 32, n)
    late_mean, late_std = _mean(late, first_key >> 32, n)
    span = np.zeros(n)
    low, high = np.full(n, 2**40), np.zeros(n, np.int64)
    np.minimum.at(low, there.group, there.day)
    np.maximum.at(high, there.group, there.day)
    span = np.where(high >= low, high - low + 1, 0)
    user_low = np.full(n_users, 2**40)
    user_high = np.zeros(n_users, np.int64)
    np.minimum.at(user_low, owner, low)
    np.maximum.at(user_high, owner, high)
    user_span = np.maximum(user_high - user_low + 1, 1)[owner]

    def ratio(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        return a / np.maximum(b, 0.25)

    columns |= {f"of_place_{name}": at[:, k] / np.maximum(total, 0.25) for k, name in enumerate(TIMES)}
    columns |= {f"of_weeks_{name}": ratio(at[:, k], in_weeks[:, k]) for k, name in enumerate(TIMES)}
    columns |= {
        "of_user_night": ratio(at[:, 0], user_at[owner][:, 0]),
        "of_user_work": ratio(at[:, WORKING].sum(axis=1), user_at[owner][:, WORKING].sum(axis=1)),
        "of_user": ratio(total, user_at[owner].sum(axis=1)),
        "hours": np.log1p(total), "hours_filled": np.log1p(all_filled), "hours_a_week": np.log1p(total / np.maximum(weeks, 1)),
        "work_hours": np.log1p(working), "work_hours_a_week": np.log1p(working / np.maximum(weeks, 1)),
        "silent": 1 - total / np.maximum(all_filled, 0.25), "weeks": np.log1p(weeks), "weeks_share": weeks / np.maximum(-(-user_span // 7), 1),
        "span_share": span / user_span, "used_last": (user_high[owner] - high) / user_span, "used_first": (low - user_low[owner]) / user_span,
        "visits": np.log1p(visits), "visits_a_week": np.log1p(visits / np.maximum(weeks, 1)), "visits_a_day": visits / np.maximum(days_there, 1),
        "days": np.log1p(days_there), "from_home": from_home / np.maximum(visits, 1), "to_home": to_home / np.maximum(visits, 1),
        "stay_50": np.log1p(group_quantile(length, v_place, n, 0.5)), "stay_90": np.log1p(group_quantile(length, v_place, n, 0.9)),
        "early": early_mean, "early_std": early_std, "late": late_mean, "late_std": late_std,
        "night_to_home": ratio(night_hours, night_hours[mine]), "work_to_home": ratio(working, working[mine]), "hours_to_home": ratio(all_filled, all_filled[mine]),
        "rank_night": np.log1p(home_rank), "rank_hours": np.log1p(_best(owner, all_filled)),
        "rank_work": np.log1p(_best(owner, working)), "rank_work_away": np.log1p(_best(owner, np.where(home_rank == 0, -1, working))),
        "rank_weekdays_away": np.log1p(_best(owner, np.where(home_rank == 0, -1, facts["weekdays"]), working)),
        "is_top_night": home_rank == 0,
    }  # fmt: skip
    # how the record was made
    n_days = np.bincount(users.user[run_starts(users.user, t // DAY_MS)], minlength=n_users)
    n_places = np.bincount(owner, minlength=n_users)
    user_hours, user_span_h = user_at.sum(axis=1), np.maximum(np.nan_to_num(users.span_s) / 3600, 1.0)
    stayed = np.bincount(owner, total, n_users)
    bridged = np.bincount(owner, all_filled - total, n_users)
    moved = np.maximum(user_hours - stayed, 0)
    record = {
        "r_days": np.log1p(n_days), "r_span": np.log(user_span_h), "r_coverage": user_hours / user_span_h,
        "r_night": user_at[:, 0] / user_span_h / (5 * 5 / 168), "r_work": user_at[:, WORKING].sum(axis=1) / user_span_h / (40 / 168),
        "r_cadence": np.log(np.maximum(group_quantile(gap / 1000, users.user[step], n_users), 1.0)),
        "r_stayed": stayed / np.maximum(user_hours, 0.25), "r_moved_a_day": moved / np.maximum(n_days, 1),
        "r_stayed_a_day": stayed / np.maximum(n_days, 1), "r_bridged_a_day": bridged / np.maximum(n_days, 1),
        "r_places": np.log1p(n_places), "r_places_a_day": n_places / np.maximum(n_days, 1),
        "r_visits_a_day": np.bincount(owner[v_place], minlength=n_users) / np.maximum(n_days, 1),
        "r_weekdays": np.log1p(facts["weekdays_seen"]), "r_nights": np.log1p(facts["nights_seen"]),
        "r_home_work": user_filled_share(working, mine, n_users, owner),
    }  # fmt: skip
    columns |= {name: values[owner] for name, values in record.items()}
    x = np.stack([np.asarray(values, np.float32) for values in columns.values()], axis=1) if n else np.zeros((0, len(columns)), np.float32)
    return PlaceFacts(
        np.where(np.isfinite(x), x, -1), tuple(columns), facts["nights"] + 0, facts["weekdays"], facts["nights_seen"], facts["weekdays_seen"], all_filled
    )


def user_filled_share(working: np.ndarray, mine: np.ndarray, n_users: int, owner: np.ndarray) -> np.ndarray:
    total = np.bincount(owner, working, n_users)
    home = np.zeros(n_users)
    home[owner] = working[mine]
    return home / np.maximum(total, 0.25)
