# SPDX-License-Identifier: GPL-2.0-or-later
"""The tables of how people move: each a frozen dataclass of columns, a row each at the same index.

A *stop* is where somebody stays, a *place* the stops at one spot, a *leg* a way by one mode, a
*journey* the way from where somebody stays to where they stay next. Published fields say 'trip'.

The verbs on tables are `arrays.take_rows`, `concat` and `arrays.Groups`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

import numpy as np

from ..arrays import expand_groups, join_rows
from ..errors import Progress
from ..labels import MODES, UNKNOWN
from ..tracks import Tracks

KINDS = HOME, WORK, OTHER = "home", "work", "other"  # of places

Column = np.ndarray  # (n,) of the n rows of a table, or (n, k)
Table = TypeVar("Table")

# The columns that hold rows of other tables, which `concat` renumbers
ROWS_OF = {
    "user": "users",
    "arrive": "fixes",
    "leave": "fixes",
    "begin": "fixes",
    "end": "fixes",
    "place": "places",
    "stop_before": "stops",
    "stop_after": "stops",
}


@dataclass(frozen=True)
class Stops:
    """Where people stay. k rows, by user and time."""

    user: Column  # row of the users
    arrive: Column  # the first fix there
    leave: Column  # the last fix there
    t_arrive: Column  # epoch ms
    t_leave: Column  # epoch ms
    lon: Column  # degrees, the median over time
    lat: Column
    place: Column  # row of Places


@dataclass(frozen=True)
class Places:
    """Where people stopped, once or often. n rows, by user and first visit."""

    user: Column  # row of the users
    lon: Column  # degrees, of the first visit
    lat: Column
    n_visits: Column
    nights: Column  # there, as evidence
    weekdays: Column  # there, as evidence
    kind: Column  # home, work, other or unknown; None where nothing is said of the user
    kind_guess: Column  # home, work or other, the likeliest; None where nothing is said of the user
    kind_p: Column  # the probability of the guess; nan where it is None
    home_p: Column  # that it is a home; 0 where nothing is said of the user
    work_p: Column


@dataclass(frozen=True)
class Modes:
    """Modes of k legs."""

    mode: Column  # (k,) of the head's classes; 'unknown' where `why` is not empty
    mode_p: Column  # (k,) probability of the likeliest mode
    in_domain: Column  # (k,) bool, whether the model may answer
    why: Column  # (k,) the mode is unknown; ''
    # (k, MODES) probabilities; nan where the model cannot know or much of the way lies in gaps
    p: Column


JudgeModes = Callable[[Tracks, Column, Progress], Modes]
"""What names the modes of legs, one track each; the column says why nothing is said of a leg."""


@dataclass(frozen=True)
class Legs:
    """Ways between stops, by one mode each. m rows, by user and time."""

    user: Column  # row of the users
    begin: Column  # the first fix of the way
    end: Column  # the last fix of the way
    t_begin: Column  # epoch ms
    t_end: Column  # epoch ms
    metres: Column  # from fix to fix
    stop_before: Column  # row of Stops, -1 for none
    stop_after: Column  # row of Stops, -1 for none
    observed: Column  # bool; False where only the stops at both ends are on record
    mode: Column  # of MODES; 'unknown' where `why` is not empty
    mode_p: Column  # the probability of the mode
    p: Column  # (m, MODES) for sums over legs; nan where nobody can know
    in_domain: Column  # bool, whether the model may answer
    why: Column  # the mode is unknown; ''


@dataclass(frozen=True)
class Journeys:
    """Ways from where people stay to where they stay next, by one or several modes. n rows."""

    user_ids: Column  # (n_users,)
    user: Column  # row of user_ids
    t_start: Column  # epoch ms
    t_end: Column  # epoch ms
    begin: Column  # (n, 2) lon and lat, degrees
    end: Column  # (n, 2) lon and lat, degrees
    metres: Column
    mode_p: Column  # (n, SHORT_MODES) probabilities; what is missing to 1 is not known
    complete: Column  # bool, whether the record shows where the journey begins and ends

    @property
    def minutes(self) -> Column:
        """(n,) minutes that each takes."""
        return (self.t_end - self.t_start) / 60_000


@dataclass(frozen=True)
class Record:
    """How much of people is on record. n_users rows; hours are of time whose place is known."""

    n_days: Column  # with fixes
    nights: Column  # seen anywhere
    weekdays: Column  # seen anywhere by day
    hours: Column
    stayed_a_day: Column  # hours at places
    on_way_a_day: Column  # hours between places
    at_places: Column  # share of the time at places or on the way
    coverage: Column  # hours as a share of the time from the first to the last fix


@dataclass(frozen=True)
class People:
    """What stops, places and legs say of people. n_users rows."""

    user_id: Column
    record: Record
    commuter_p: Column  # probability of a place of work; nan where `why` is not empty
    why: Column  # nothing is said of home and work; ''
    home_nights: Column
    work_days: Column
    good_days: Column  # recorded well enough to count legs
    good_legs: Column  # that begin on these days


@dataclass(frozen=True)
class Diary:
    """The tables of some people."""

    fixes: Tracks  # without vague ones, a track each user
    stops: Stops
    places: Places
    legs: Legs
    people: People

    @cached_property
    def leg_fixes(self) -> Tracks:
        """The fixes of legs, a track each."""
        return fixes_of(self.fixes, self.legs.begin, self.legs.end)


def concat(parts: Sequence[Diary], fixes: Tracks) -> Diary:
    """The diary of everybody, from those of people who follow one another. fixes: of everybody."""
    begin = dict.fromkeys(("users", "fixes", "stops", "places"), 0)
    moved = []
    for part in parts:
        stops = _renumbered(part.stops, begin)
        places = _renumbered(part.places, begin)
        legs = _renumbered(part.legs, begin)
        moved.append((stops, places, legs, part.people))

        begin["users"] += part.fixes.n_users
        begin["fixes"] += len(part.fixes)
        begin["stops"] += len(part.stops.user)
        begin["places"] += len(part.places.user)
    return Diary(fixes, *(join_rows(tables) for tables in zip(*moved)))


def _renumbered(table: Table, begin: Mapping[str, int]) -> Table:
    """A table whose columns of rows count from the rows where the other tables begin."""
    columns = dict(vars(table))
    for name in columns.keys() & ROWS_OF.keys():
        rows = columns[name]
        moved = rows + begin[ROWS_OF[name]]
        columns[name] = np.where(rows < 0, rows, moved)
    return type(table)(**columns)


def fixes_of(tracks: Tracks, first: Column, last: Column) -> Tracks:
    """The fixes first to last (m,) of each way as a track of its user, named by a number."""
    row, way = expand_groups(first, last - first + 1)
    names = np.arange(way.n).astype(str).astype(object)
    track = way.of.astype(np.int32)
    return Tracks(tracks.user_ids, names, tracks.user[first], track, *tracks.rows(row))


def no_modes(n: int, why: str) -> Modes:
    """The modes of n legs that nobody can know."""
    return Modes(
        mode=np.full(n, UNKNOWN, object),
        mode_p=np.full(n, np.nan),
        in_domain=np.zeros(n, bool),
        why=np.full(n, why, object),
        p=np.full((n, len(MODES)), np.nan),
    )
