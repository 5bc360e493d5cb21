# SPDX-License-Identifier: GPL-2.0-or-later
"""Places: which stops of a user are at the same place, and which places are home and work."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..arrays import chained, expand_ranges, object_column, run_starts
from ..geodesy import on_sphere
from ..times import DAY_MS, HOUR_MS


@dataclass(frozen=True)
class PlaceSettings:
    """How near stops of one place are, and what evidence a home and a place of work need."""

    near_m: float = 120.0  # from stop to stop of a place
    night: tuple[int, int] = (22, 31)  # hours of mean solar time, from the day before
    daytime: tuple[int, int] = (8, 18)
    least_h: float = 3.0  # of a night or a weekday at a place, that it counts
    least_nights: int = 2  # for a home
    least_weekdays: int = 3  # for a place of work
    weekday_share: float = 0.3  # of the weekdays with stops that are spent at work, at least


SETTINGS = PlaceSettings()
HOME, WORK, OTHER = "home", "work", "other"
NO_HOME = "no place with two nights"


@dataclass(frozen=True)
class Places:
    """Of each stop (k,): the number of its place, from 0; the stops there; its kind, None if not known; the evidence
    for home and work in words, else ''.
    """

    place: np.ndarray
    n_visits: np.ndarray
    kind: np.ndarray
    evidence: np.ndarray


def find_places(user: np.ndarray, lon: np.ndarray, lat: np.ndarray, arrive: np.ndarray, leave: np.ndarray) -> Places:
    """Places of stops (k,), sorted by user and time. lon, lat: degrees. arrive, leave: epoch ms.

    Home is where a user spends the most nights, work where else the most weekdays; both need `PlaceSettings`.
    """
    s, place = SETTINGS, _together(user, lon, lat)
    n_places = place.max(initial=-1) + 1
    of_user = np.zeros(n_places, user.dtype)
    of_user[place] = user
    solar = np.rint(lon / 15 * HOUR_MS).astype(np.int64)
    nights = np.bincount(_days(place, arrive + solar, leave + solar, s.night)[0], minlength=n_places)
    there, day = _days(place, arrive + solar, leave + solar, s.daytime)
    there, day = (column[(day + 3) % 7 < 5] for column in (there, day))  # 1970-01-01 was a Thursday
    weekdays = np.bincount(there, minlength=n_places)
    known = np.unique(np.stack([of_user[there], day]), axis=1)[0]
    seen = np.bincount(known, minlength=of_user.max(initial=-1) + 1)[of_user]
    home = _most(of_user, nights) & (nights >= s.least_nights)
    work = _most(of_user, np.where(home, 0, weekdays)) & (weekdays >= s.least_weekdays) & ~home
    work &= weekdays >= s.weekday_share * seen
    settled = np.isin(of_user, of_user[home])
    kind = np.full(n_places, None, object)
    for name, there in ((OTHER, settled), (WORK, work), (HOME, home)):
        kind[there] = name
    words = [
        f"{night} nights" if at_home else f"{day} weekdays" if at_work else ""
        for at_home, at_work, night, day in zip(home, work, nights, weekdays)
    ]
    evidence = object_column(words)
    return Places(place, np.bincount(place, minlength=n_places)[place], kind[place], evidence[place])


def _together(user: np.ndarray, lon: np.ndarray, lat: np.ndarray) -> np.ndarray:
    """(k,) number of the place of each stop: chains of stops that are near each other, in the order of first visits."""
    if not len(user):
        return np.zeros(0, np.int64)
    near, apart = SETTINGS.near_m, user * 1e8  # users are in layers that never meet
    cell = np.column_stack([user, np.floor(on_sphere(lon, lat) / (near / 4))]).astype(np.int64)
    _, first, cell_of = np.unique(cell, axis=0, return_index=True, return_inverse=True)
    points = np.column_stack([on_sphere(lon[first], lat[first]), apart[first]])
    label = chained(points, near)[cell_of.ravel()]
    _, begin, found = np.unique(label, return_index=True, return_inverse=True)
    return np.argsort(np.argsort(begin))[found]


def _days(
    place: np.ndarray, begin: np.ndarray, end: np.ndarray, hours: tuple[int, int]
) -> tuple[np.ndarray, np.ndarray]:
    """The places and days (m,) of which `least_h` within the hours are spent at the place. begin, end: ms of mean solar
    time of stops.
    """
    first, last = begin // DAY_MS - 1, end // DAY_MS
    day, stop = expand_ranges(first, last - first + 1), np.repeat(np.arange(len(place)), last - first + 1)
    low, high = (day * DAY_MS + hour * HOUR_MS for hour in hours)
    inside = np.clip(np.minimum(end[stop], high) - np.maximum(begin[stop], low), 0, None)
    some = inside > 0
    key, row = np.unique(np.stack([place[stop[some]], day[some]]), axis=1, return_inverse=True)
    enough = np.bincount(row.ravel(), inside[some], key.shape[1]) >= SETTINGS.least_h * HOUR_MS
    return key[0][enough], key[1][enough]


def _most(user: np.ndarray, count: np.ndarray) -> np.ndarray:
    """(n,) bool: the place with the greatest count of each user, the first of equal ones."""
    order = np.lexsort((np.arange(len(user)), -count, user))
    best = np.zeros(len(user), bool)
    best[order[run_starts(user[order])]] = True
    return best & (count > 0)
