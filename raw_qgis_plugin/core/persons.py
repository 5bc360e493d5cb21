# SPDX-License-Identifier: GPL-2.0-or-later
"""Which ids are one person: other spellings of an id, copies of a track, and a device that changed its id.

Figures of few people are withheld by persons, so an id more must not make a person more. Two strangers who are taken
for one person only make RAW withhold a little more.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, replace

import numpy as np

from .arrays import connected, run_starts, stable_order
from .geodesy import metres_between, on_sphere
from .tracks import Tracks


@dataclass(frozen=True)
class PersonSettings:
    """When two ids are one person."""

    run: int = 8  # fixes in a row, or all fixes of an id, that another id has too
    moves: int = 3  # so many of which move: two people who sleep in one grid cell are two
    apart_ms: int = 1  # a copy may be shifted by so much
    apart_m: float = 1.5  # a metre to the east and one to the north
    reach: int = 3  # fixes of a second, by longitude, among which the copy of a fix is sought
    handover_ms: int = 30 * 60_000  # an id begins so soon after another one ended,
    handover_m: float = 100.0  # so near, and no third id begins or ends there then
    short_days: float = 1.0  # ids that most of a layer are, seen for less, may be those of devices that change them,
    long_days: float = 3.0  # if the layer goes on for more


SETTINGS = PersonSettings()


def by_person(tracks: Tracks, by_fixes: bool = True) -> Tracks:
    """One track a person, as `Tracks.by_user`, under the person's id with the most fixes. by_fixes: of `persons_of`."""
    users = tracks.by_user()
    return merged(users, persons_of(users, by_fixes))


def merged(users: Tracks, person: np.ndarray) -> Tracks:
    """`by_person` of one track a user, where the persons are known. person: of `persons_of`."""
    if (person == np.arange(len(person))).all():
        return users
    own, number = np.unique(person, return_inverse=True)
    return replace(users, user_ids=users.user_ids[own], track_user=number.astype(np.int32)).by_user()


def persons_of(users: Tracks, by_fixes: bool = True) -> np.ndarray:
    """(n_users,) the row of the id that stands for each id's person: the one with the most fixes.

    users: one track a user, of one fix or more (`Tracks.by_user`). by_fixes: whether fixes too make two ids one person,
    and not their names alone. With the fixes, another person's presence can decide whether two ids are one person.
    """
    n = users.n_users
    if n < 2:
        return np.arange(n)
    pairs = [_same_names(users.user_ids), *([_shared_runs(users), _handed_over(users)] if by_fixes else [])]
    one, other = np.hstack(pairs)
    person = connected(one, other, n)
    order = np.lexsort((-np.diff(users.user_offsets), person))
    return order[run_starts(person[order])][person]


def may_change(users: Tracks) -> bool:
    """Whether most ids are seen so shortly that devices may change their ids, so that persons cannot be counted."""
    day_s = 86_400
    if not len(users) or users.t.max() - users.t.min() < SETTINGS.long_days * day_s * 1000:
        return False
    return bool((users.span_s < SETTINGS.short_days * day_s).mean() > 0.5)


def normal_name(name: str) -> str:
    """An id without what does not show: case, blanks around it or doubled, the normal form, invisible characters."""
    if not name.isascii():
        name = unicodedata.normalize("NFKC", "".join(c for c in name if unicodedata.category(c) != "Cf"))
    return " ".join(name.casefold().split())


def _same_names(ids: np.ndarray) -> np.ndarray:
    """(2, m) rows of ids of one normal name."""
    first: dict[str, int] = {}
    same = np.array([first.setdefault(normal_name(str(name)), row) for row, name in enumerate(ids)], np.int64)
    rows = np.flatnonzero(same != np.arange(len(ids)))
    return np.stack([rows, same[rows]])


def _shared_runs(users: Tracks) -> np.ndarray:
    """(2, m) users who share a run of fixes."""
    row, other = _shared_fixes(users)
    order = stable_order(other, row)
    row, other = row[order], other[order]
    moved = np.cumsum(np.append(0, (np.diff(users.lon) != 0) | (np.diff(users.lat) != 0)))
    size = np.minimum(np.diff(users.user_offsets), SETTINGS.run)[users.user[row]]
    last = np.minimum(np.arange(len(row)) + size - 1, len(row) - 1)
    run = (other[last] == other) & (row[last] - row == size - 1) & (users.user[row[last]] == users.user[row])
    run &= moved[row[last]] - moved[row] >= SETTINGS.moves
    return np.stack([users.user[row[run]].astype(np.int64), other[run]])


def _shared_fixes(users: Tracks) -> tuple[np.ndarray, np.ndarray]:
    """Fixes that another user has too: their rows (m,) and the other user (m,), each pair once."""
    second = (users.t + 500) // 1000
    order = stable_order(second, np.round(users.lon * 1e5).astype(np.int64))
    second, t, user, lon, lat = (column[order] for column in (second, users.t, users.user, users.lon, users.lat))
    near_deg = SETTINGS.apart_m / 110_000.0  # of latitude, which leaves few for the exact test
    found = [np.zeros((2, 0), np.int64)]
    for step in range(1, min(SETTINGS.reach + 1, len(t))):
        near = (np.abs(lat[step:] - lat[:-step]) <= near_deg) & (second[step:] == second[:-step])
        at = np.flatnonzero(near & (user[step:] != user[:-step]))
        metres = metres_between(lon[at], lat[at], lon[at + step], lat[at + step])
        at = at[(metres <= SETTINGS.apart_m) & (np.abs(t[at + step] - t[at]) <= SETTINGS.apart_ms)]
        found += [np.stack([order[one], user[other]]) for one, other in ((at, at + step), (at + step, at))]
    row, other = np.concatenate(found, axis=1)
    pairs = np.unique(row * users.n_users + other)
    return pairs // users.n_users, pairs % users.n_users


def _handed_over(users: Tracks) -> np.ndarray:
    """(2, m) ids of which one begins where and soon after the other, and no third one, has ended."""
    from scipy.spatial import cKDTree

    half_ms = SETTINGS.handover_ms / 2

    def ends(rows: np.ndarray, later_ms: float) -> np.ndarray:
        """(n_users, 4) places on the globe and times, such that 1 is as far as a handover reaches."""
        globe = on_sphere(users.lon[rows], users.lat[rows])
        return np.column_stack([globe / SETTINGS.handover_m, (users.t[rows] + later_ms) / half_ms])

    first, last = ends(users.user_offsets[:-1], 0), ends(users.user_offsets[1:] - 1, half_ms)

    def only(asked: np.ndarray, among: np.ndarray) -> np.ndarray:
        """(n_users,) the one row within reach; the number of rows for none or several."""
        far, row = cKDTree(among).query(asked, 2, p=np.inf, distance_upper_bound=1.0)
        return np.where(np.isinf(far[:, 1]), row[:, 0], len(among))

    after = only(last, first)
    rows = np.flatnonzero(after < len(after))
    before = only(first[after[rows]], last)
    return np.stack([rows, after[rows]])[:, before == rows]
