# SPDX-License-Identifier: GPL-2.0-or-later
"""Time cut at full hours of mean solar time, and its sums by times of the day, days and weeks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from .arrays import Array, Columns, Groups, expand_ranges, run_starts
from .times import HOUR_MS

# Hours at which classes of time begin
WEEKDAY = (0, 5, 7, 9, 11, 14, 17, 20, 22)
WEEKEND = (0, 6, 12, 18)
TIMES = (*(f"weekday_{h}" for h in WEEKDAY), *(f"weekend_{h}" for h in WEEKEND))
TIME_OF = np.array(  # (7, 24), from Monday
    [np.searchsorted(WEEKDAY, np.arange(24), "right") - 1] * 5
    + [np.searchsorted(WEEKEND, np.arange(24), "right") - 1 + len(WEEKDAY)] * 2
)
WEEKDAY_NIGHT = 0  # of TIMES
NIGHT = [WEEKDAY_NIGHT, len(WEEKDAY)]  # of TIMES, from 0 h
WORKING = [3, 4, 5]  # of TIMES: weekdays from 9 to 17 h


@dataclass(frozen=True)
class DayKind:
    """Days that count as days at a place: with time between two hours, on some weekdays."""

    begin: int  # hour
    end: int
    weekdays: Sequence[int]  # from Monday, 0


DAYS = {
    "nights": DayKind(0, 5, range(7)),
    "weekdays": DayKind(8, 18, range(5)),
    "weekends": DayKind(8, 18, range(5, 7)),
}


@dataclass(frozen=True)
class Hours:
    """Time cut at full hours, a row a piece, and its sums for n groups: places or users."""

    group: Groups
    day: Array  # since 1970
    hour: Array  # of the day
    length: Array  # h
    min_day_h: float  # of a day that counts

    def by_time(self, group: Groups) -> Array:
        """(groups, TIMES) hours of any groups of the pieces."""
        n_times = len(TIMES)
        time = TIME_OF[self.weekday, self.hour]
        cell = Groups(group.of * n_times + time, group.n * n_times)
        hours = cell.sum(self.length)
        return hours.reshape(group.n, n_times)

    @cached_property
    def weekday(self) -> Array:
        """From Monday, 0. 1970-01-01 was a Thursday."""
        return (self.day + 3) % 7

    @cached_property
    def hours(self) -> Array:
        """(n, TIMES)."""
        return self.by_time(self.group)

    @cached_property
    def total(self) -> Array:
        """(n,) hours."""
        return self.hours.sum(axis=1)

    @cached_property
    def working(self) -> Array:
        """(n,) hours while others work."""
        return self.hours[:, WORKING].sum(axis=1)

    @cached_property
    def night(self) -> Array:
        """(n,) hours by night."""
        return self.hours[:, NIGHT].sum(axis=1)

    @cached_property
    def week(self) -> Array:
        """The group and the week of each piece, as pairs."""
        return pair_up(self.group.of, week_of(self.day))

    @cached_property
    def n_weeks(self) -> Array:
        """(n,) weeks."""
        return self.count(np.unique(self.week))

    @cached_property
    def days(self) -> Columns:
        """The group and the day (m,), as pairs, of each of DAYS with enough time."""
        return {name: self._days(kind) for name, kind in DAYS.items()}

    def _days(self, kind: DayKind) -> Array:
        begun = self.hour >= kind.begin
        not_over = self.hour < kind.end
        some = begun & not_over & np.isin(self.weekday, kind.weekdays)
        group = self.group.of[some]
        day = self.day[some]
        length = self.length[some]

        pair, row = np.unique(pair_up(group, day), return_inverse=True)
        hours = Groups(row, len(pair)).sum(length)
        return pair[hours >= self.min_day_h]

    def n_days(self, name: str) -> Array:
        """(n,) days of one of DAYS."""
        return self.count(self.days[name])

    def count(self, pairs: Array) -> Array:
        """(n,) how many pairs each group has."""
        return Groups(group_of(pairs), self.group.n).count()


def week_of(day: Array) -> Array:
    """Weeks since 1970, from Monday, of days since 1970."""
    return (day + 3) // 7


def pair_up(group: Array, day: Array) -> Array:
    """Pairs of a group and a day or week as one number, in the order of both; days may be < 0."""
    return group.astype(np.int64) << 32 | (day.astype(np.int64) + 2**20)


def group_of(pair: Array) -> Array:
    """The groups of pairs."""
    return pair >> 32


def day_of(pair: Array) -> Array:
    """The days or weeks of pairs."""
    return (pair & (2**32 - 1)) - 2**20


def cut_at_hours(begin: Array, end: Array, group: Groups, min_day_h: float) -> Hours:
    """Cut spans of time at full hours.

    begin, end: (k,) ms of mean solar time. group: of the spans, whose hours ascend within a run of
    one group. min_day_h: hours of a day that counts.
    """
    first = begin // HOUR_MS
    count = np.maximum(-(-end // HOUR_MS) - first, 0)

    # Each piece lies within one hour
    hour = expand_ranges(first, count)
    row = np.repeat(np.arange(len(begin)), count)
    length = np.minimum(end[row], (hour + 1) * HOUR_MS)
    length -= np.maximum(begin[row], hour * HOUR_MS)

    # Short steps within an hour are one piece
    of = group.of[row]
    new = run_starts(of, hour)
    number = np.cumsum(new) - 1
    piece = Groups(number, np.count_nonzero(new))
    hours = piece.sum(length) / HOUR_MS

    day, hour_of_day = np.divmod(hour[new], 24)
    return Hours(Groups(of[new], group.n), day, hour_of_day, hours, min_day_h)
