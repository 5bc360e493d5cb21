# SPDX-License-Identifier: GPL-2.0-or-later
"""Features of places: when a user was there, how regularly, and how the record was made.

Positions are none of them. Hours and days are of mean solar time.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ..arrays import Groups, expand_ranges, run_starts, runs, steps_within, take_rows
from ..hours import (
    DAYS,
    TIMES,
    WEEKDAY_NIGHT,
    Hours,
    cut_at_hours,
    day_of,
    group_of,
    pair_up,
    week_of,
)
from ..times import DAY_MS, HOUR_MS
from ..tracks import Tracks
from .tables import Column, Record, Stops


@dataclass(frozen=True)
class FeatureSettings:
    """How time is counted. Other values make other inputs of the place head, so train it again."""

    silence_h: float = 2.0  # a longer silence is unknown time, also at a place
    longest_h: float = 12.0  # a longer silence at a place is no evidence
    # Of a silence no more counts as recorded: some records begin with a day a year before the rest
    pause_h: float = 48.0
    # A longer step between two places is no evidence of being on the way all the time
    way_h: float = 1 / 3
    there_h: float = 0.5  # a day counts with so much time between two hours of it


DEFAULT = FeatureSettings()


@dataclass(frozen=True)
class PlaceFacts:
    """What is known of n places of n_users users."""

    x: dict[str, Column]  # (n,) float32 each: the inputs of the place head by name
    user: Column  # (n,) the user of each place
    hours: Column  # (n,) there
    nights: Column  # (n,) there, as evidence
    weekdays: Column  # (n,) there, as evidence
    record: Record  # of the users

    def matrix(self) -> Column:
        """(n, inputs) float32."""
        return np.stack(list(self.x.values()), axis=1)

    def take(self, places: Column) -> PlaceFacts:
        """Some of the places, with all users."""
        columns = {name: values for name, values in vars(self).items() if name != "record"}
        return PlaceFacts(**take_rows(columns, places), record=self.record)


@dataclass(frozen=True)
class _Seen:
    """What a record says of n_users users and their n places."""

    fixes: Tracks
    # Of the steps from a fix to the user's next one
    gap_h: Column  # hours
    user: Groups
    in_stop: Column  # bool
    owner: Groups  # (n,) the user of each place
    users: Hours  # of users anywhere, without silences
    there: Hours  # of places, with silences up to longest_h
    heard: Hours  # of places, without silences

    @cached_property
    def home_rank(self) -> Column:
        """(n,) rank of each place of a user by its nights: the likeliest home is 0."""
        nights = self.there.night + self.nights.there
        return self.owner.rank(nights, self.there.total)

    @cached_property
    def nights(self) -> _Nights:
        """Days and nights by the places where days begin and end."""
        there = self.there
        place = there.group.of
        user = self.owner.of[place]

        # The pieces of time of each user in order
        order = np.lexsort((there.hour, there.day, user))
        user = user[order]
        place = place[order]
        day = there.day[order]

        # The places where each day begins and ends
        begin, end = runs(user, day)
        first_place = place[begin]

        # The night before such a day was spent at a place if the day before ended there
        same_user = np.diff(user[begin]) == 0
        day_after = np.diff(day[begin]) == 1
        morning = np.flatnonzero(same_user & day_after) + 1
        stayed = first_place[morning] == place[end[morning - 1]]

        nights_there = Groups(first_place[morning[stayed]], there.group.n)
        nights_seen = Groups(user[begin[morning]], self.owner.n)
        n_days = there.count(np.unique(pair_up(place, day)))
        return _Nights(n_days, nights_there.count(), nights_seen.count())


@dataclass(frozen=True)
class _Nights:
    """Nights between two days in a row."""

    n_days: Column  # (n,) days at a place
    # (n,) nights between a day that ends and one that begins there, which may be without a fix
    there: Column
    seen: Column  # (n_users,) nights between two days with fixes


def describe_places(fixes: Tracks, stops: Stops, s: FeatureSettings = DEFAULT) -> PlaceFacts:
    """The facts of the places of stops. fixes: one track a user."""
    seen = _look(fixes, stops, s)
    record = _record(seen, s)

    # The order of the features is that of the head's inputs
    columns = _shares_by_time(seen)
    columns |= _numbers_of_days(seen)
    columns |= _amounts(seen)
    columns |= _beside_home(seen)
    columns |= _how_recorded(seen, record, s)

    x = {name: _finite(values) for name, values in columns.items()}
    # As evidence nights count also where the device was off
    nights = np.maximum(seen.there.n_days("nights"), seen.nights.there)
    weekdays = seen.there.n_days("weekdays")
    return PlaceFacts(x, seen.owner.of, seen.there.total, nights, weekdays, record)


def _finite(values: Column) -> Column:
    """(n,) float32, -1 where a value is not known."""
    known = np.isfinite(values)
    return np.where(known, values, -1).astype(np.float32)


def _look(fixes: Tracks, stops: Stops, s: FeatureSettings) -> _Seen:
    """Cut the time of users and of places into hours."""
    t = fixes.solar_t
    gap_h = np.diff(t, append=t[-1:]) / HOUR_MS
    owner = _owners(stops, fixes.n_users)
    step = fixes.steps()
    user = fixes.users_of(step)
    in_stop = steps_within(stops.arrive, stops.leave, len(t))[step]
    heard = gap_h[step] <= s.silence_h
    users = _cut(t, step[heard], user.of[heard], fixes.n_users, s)
    there, heard_there = _time_at_places(t, gap_h, stops, len(owner.of), s)
    return _Seen(fixes, gap_h[step], user, in_stop, owner, users, there, heard_there)


def _time_at_places(
    t: Column, gap_h: Column, stops: Stops, n: int, s: FeatureSettings
) -> tuple[Hours, Hours]:
    """The time at n places with silences up to longest_h, and without silences."""
    size = stops.leave - stops.arrive
    step = expand_ranges(stops.arrive, size)
    place = np.repeat(stops.place, size)
    known = gap_h[step] <= s.longest_h
    step = step[known]
    place = place[known]
    there = _cut(t, step, place, n, s)

    heard = gap_h[step] <= s.silence_h
    return there, _cut(t, step[heard], place[heard], n, s)


def _cut(t: Column, step: Column, group: Column, n: int, s: FeatureSettings) -> Hours:
    """The hours from the fixes in rows `step` to the next ones. group: (k,) of n groups."""
    return cut_at_hours(t[step], t[step + 1], Groups(group, n), s.there_h)


def _owners(stops: Stops, n_users: int) -> Groups:
    """The user of each place."""
    n = int(stops.place.max(initial=-1)) + 1
    user = np.zeros(n, np.int64)
    user[stops.place] = stops.user
    return Groups(user, n_users)


def _record(seen: _Seen, s: FeatureSettings) -> Record:
    """How much of users is on record."""
    fixes = seen.fixes
    users = seen.users

    # Hours on the way and at places
    moving = ~seen.in_stop & (seen.gap_h <= s.way_h)
    moved_h = seen.user.sum(seen.gap_h * moving)
    stayed_h = seen.owner.sum(seen.heard.total)

    # Days with fixes, and the time from the first to the last
    new_day = run_starts(fixes.user, fixes.solar_t // DAY_MS)
    n_days = np.maximum(fixes.users_of(new_day).count(), 1)
    span_h = np.nan_to_num(fixes.span_s) / 3600
    # As evidence nights count also where the device was off
    nights = seen.owner.sum(seen.nights.there).astype(int)
    return Record(
        n_days=n_days,
        nights=np.maximum(users.n_days("nights"), nights),
        weekdays=users.n_days("weekdays"),
        hours=users.total,
        stayed_a_day=stayed_h / n_days,
        on_way_a_day=moved_h / n_days,
        at_places=_share(stayed_h, stayed_h + moved_h),
        coverage=users.total / np.maximum(span_h, 1.0),
    )


def _share(part: Column, whole: Column) -> Column:
    """Shares of hours; of a quarter of an hour at least."""
    return part / np.maximum(whole, 0.25)


def _weeks_of_use(seen: _Seen) -> tuple[Column, Column, Groups]:
    """All weeks of users as pairs, and of each week in which a place was used its row among these
    and the place.
    """
    used = np.unique(seen.there.week)
    place = group_of(used)
    own = pair_up(seen.owner.of[place], day_of(used))

    # A week of use may be one in which the user was not heard
    known = np.unique(np.append(seen.users.week, own))
    row = np.searchsorted(known, own)
    return known, row, Groups(place, len(seen.owner.of))


def _shares_by_time(seen: _Seen) -> dict[str, Column]:
    """Each time of the day: its share in the time there, and the share of what was seen of the user
    in the weeks of use that was there.
    """
    known, row, place = _weeks_of_use(seen)
    week = Groups(np.searchsorted(known, seen.users.week), len(known))
    hours_of_week = seen.users.by_time(week)

    # What was seen of the user in the weeks of use, summed over these weeks
    heard = seen.heard.hours
    in_use = np.zeros_like(heard)
    np.add.at(in_use, place.of, hours_of_week[row])

    of_place = _share(heard, seen.heard.total[:, None]).T
    of_weeks = _share(heard, in_use).T

    columns = {f"of_place_{name}": share for name, share in zip(TIMES, of_place)}
    columns |= {f"of_weeks_{name}": share for name, share in zip(TIMES, of_weeks)}
    return columns


def _numbers_of_days(seen: _Seen) -> dict[str, Column]:
    """Nights, weekdays and weekends there, and the nights between two days there."""
    known, row, place = _weeks_of_use(seen)
    owner = seen.owner.of
    weeks = np.maximum(seen.there.n_weeks, 1)

    columns = {}
    for name in DAYS:
        # Days on which the user was seen anywhere, in the weeks of use and in all
        days = seen.users.days[name]
        week = pair_up(group_of(days), week_of(day_of(days)))
        by_week = Groups(np.searchsorted(known, week), len(known))
        in_use = place.sum(by_week.count()[row])

        of_user = seen.users.n_days(name)[owner]
        count = seen.there.n_days(name)
        in_use = np.maximum(in_use, count)

        columns[f"{name}_rate"] = count / np.maximum(in_use, 1)
        columns[f"{name}_share"] = count / np.maximum(of_user, 1)
        columns[f"{name}_a_week"] = count / weeks
        columns[f"{name}_log"] = np.log1p(count)

    # Nights between two days
    nights = seen.nights
    of_user = nights.seen[owner]
    columns["overnight_share"] = nights.there / np.maximum(of_user, 1)
    columns["overnight_rate"] = nights.there / np.maximum(nights.n_days, 1)
    return columns


def _amounts(seen: _Seen) -> dict[str, Column]:
    """Hours, days and weeks there, also as shares of those of the user."""
    owner = seen.owner.of
    users = seen.users
    there = seen.there
    heard = seen.heard

    # At night, on weekdays
    night = heard.hours[:, WEEKDAY_NIGHT]
    night_of_user = users.hours[owner, WEEKDAY_NIGHT]

    weeks = np.maximum(there.n_weeks, 1)
    weeks_of_user = np.maximum(users.n_weeks[owner], 1)

    # Shares of the user's time
    x = {}
    x["of_user_night"] = _share(night, night_of_user)
    x["of_user"] = _share(heard.total, users.total[owner])
    x["of_user_work"] = _share(heard.working, users.working[owner])

    # Amounts, as logarithms
    x["hours"] = np.log1p(there.total)
    x["hours_a_week"] = np.log1p(heard.total / weeks)
    x["work_hours"] = np.log1p(there.working)
    x["work_hours_a_week"] = np.log1p(there.working / weeks)
    x["silent"] = 1 - _share(heard.total, there.total)
    x["weeks"] = np.log1p(there.n_weeks)
    x["days"] = np.log1p(seen.nights.n_days)
    x["weeks_share"] = there.n_weeks / weeks_of_user
    return x


def _beside_home(seen: _Seen) -> dict[str, Column]:
    """The time there beside that at the likeliest home, and ranks among the user's places."""
    there = seen.there
    owner = seen.owner
    away = seen.home_rank > 0

    # The likeliest home of each place's user
    home_of_user = np.zeros(owner.n, np.int64)
    home_of_user[owner.of[~away]] = np.flatnonzero(~away)
    home = home_of_user[owner.of]

    # Ranks among the places that are not the likeliest home
    work_away = np.where(away, there.working, -1)
    weekdays_away = np.where(away, there.n_days("weekdays"), -1)

    x = {}
    x["night_to_home"] = _share(there.night, there.night[home])
    x["work_to_home"] = _share(there.working, there.working[home])
    x["hours_to_home"] = _share(there.total, there.total[home])

    x["rank_night"] = np.log1p(seen.home_rank)
    x["rank_hours"] = np.log1p(owner.rank(there.total))
    x["rank_work"] = np.log1p(owner.rank(work_away))
    x["rank_weekdays"] = np.log1p(owner.rank(weekdays_away, there.working))
    return x


def _how_recorded(seen: _Seen, record: Record, s: FeatureSettings) -> dict[str, Column]:
    """How the record of each place's user was made."""
    users = seen.users
    owner = seen.owner
    n_days = record.n_days
    n_places = owner.count()

    # Hours of users at places
    stayed_h = owner.sum(seen.heard.total)
    silent_h = owner.sum(seen.there.total - seen.heard.total)

    at_home = seen.home_rank == 0
    work_h = owner.sum(seen.there.working)
    work_at_home_h = owner.sum(seen.there.working * at_home)

    # How much and how often is recorded
    recorded_h = seen.user.sum(np.minimum(seen.gap_h, s.pause_h))
    cadence_s = seen.user.median(3600 * seen.gap_h)

    x = {}
    x["stayed_a_day"] = record.stayed_a_day
    x["moved_a_day"] = np.maximum(users.total - stayed_h, 0) / n_days
    x["stayed"] = _share(stayed_h, users.total)
    x["n_days"] = np.log1p(n_days)

    x["span"] = np.log(np.maximum(recorded_h, 1.0))
    x["night"] = users.hours[:, WEEKDAY_NIGHT] / n_days
    x["work"] = users.working / n_days

    x["nights"] = np.log1p(users.n_days("nights"))
    x["weekdays"] = np.log1p(users.n_days("weekdays"))
    x["cadence"] = np.log(np.maximum(cadence_s, 1.0))

    x["silent_a_day"] = silent_h / n_days
    x["places"] = np.log1p(n_places)
    x["places_a_day"] = n_places / n_days
    x["work_at_home"] = _share(work_at_home_h, work_h)
    return {f"record_{name}": values[owner.of] for name, values in x.items()}
