# SPDX-License-Identifier: GPL-2.0-or-later
"""When people are in regions, by the hour of the week: from where they stay, also while their phones are silent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..arrays import expand_ranges, flattened, run_starts, sparse_counts
from ..errors import Progress, no_progress
from ..times import HOUR_MS, find_zone, wall_clock
from ..tracks import Tracks
from .disclosure import MIN_USERS, SHOWN, withheld
from .geometry import fixes_inside, usable_polygons
from .noise import noise_keys

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

HOURS = 7 * 24
MAX_SILENCE_H = 12  # a longer one between two fixes in a region is not taken for a stay
BOUNDS = (0, 6, 10, 16, 20, 24)  # of the parts of a day, in hours
TOO_FEW, NO_DATA = -1, -2  # instead of people in an hour


def presence(
    users: Tracks, inside: Sequence[np.ndarray], hour: np.ndarray, part: np.ndarray | None = None
) -> csr_matrix:
    """Sparse (n_regions × n_parts, n_users), above 0: who is in a region in which part of the week.

    Somebody is there in all hours from one fix to the next, if both lie inside and at most MAX_SILENCE_H are between
    them. users: one track a user. inside: of `fixes_inside`. hour: of `local_hours`. part: (HOURS,) the part that each
    hour of the week belongs to; by default itself.
    """
    part = np.arange(HOURS) if part is None else part
    n_parts = int(part.max()) + 1
    region, rows = flattened(inside)
    last = np.append(run_starts(region, users.user[rows])[1:] | (np.diff(rows) != 1), True)[: len(rows)]
    until = np.where(last, hour[rows], hour[np.minimum(rows + 1, len(hour) - 1)])
    silent = (until - hour[rows] > MAX_SILENCE_H) | (until < hour[rows])
    size = np.where(silent, 1, until - hour[rows] + 1)
    slot = part[expand_ranges(hour[rows], size) % HOURS]
    shape = (len(inside) * n_parts, users.n_users)
    return sparse_counts(np.repeat(region, size) * n_parts + slot, np.repeat(users.user[rows], size), shape)


def recorded(there: csr_matrix, anywhere: csr_matrix, n_parts: int) -> np.ndarray:
    """(n_regions, n_parts) how many of those who are ever in a region were recorded anywhere in each part.

    there, anywhere: of `presence`, in regions and in the whole world as one region.
    """
    n_regions, n_users = there.shape[0] // n_parts, there.shape[1]
    row, user = there.nonzero()
    visitors = sparse_counts(row // n_parts, user, (n_regions, n_users)) > 0
    return np.asarray((visitors.astype(int) @ (anywhere > 0).astype(int).T).todense())


def week_of_regions(
    tracks: Tracks, polygons: Sequence[Any] | np.ndarray, min_users: int = MIN_USERS, progress: Progress = no_progress,
    secret: bytes = b"",
) -> dict[str, np.ndarray]:  # fmt: skip
    """People in regions by weekday and part of the day: (n_regions × 35,) each, one row a region and part.

    Columns: region, its number from 0; weekday, 1 for Monday; hour_from and hour_to of mean solar time; n_users, people
    who are there then (`presence`); n_recorded, people of the region of whom anything is known then; suppressed; with a
    secret noise_key (see `noise_keys`). Figures of fewer than min_users people are nan.
    """
    users = tracks.by_user()
    inside = fixes_inside(users, polygons, progress)
    hour, n_parts = local_hours(users), 7 * (len(BOUNDS) - 1)
    of_day = np.searchsorted(BOUNDS, np.arange(HOURS) % 24, "right") - 1
    part = np.arange(HOURS) // 24 * (len(BOUNDS) - 1) + of_day
    there = presence(users, inside, hour, part)
    known = recorded(there, presence(users, [np.arange(len(users))], hour, part), n_parts).ravel()
    shown = withheld(min_users, there) == SHOWN
    columns = {
        "region": np.repeat(np.arange(len(inside)), n_parts),
        "weekday": np.tile(np.repeat(np.arange(1, 8), len(BOUNDS) - 1), len(inside)),
        "hour_from": np.tile(BOUNDS[:-1], 7 * len(inside)), "hour_to": np.tile(BOUNDS[1:], 7 * len(inside)),
        "n_users": np.where(shown, np.diff(there.indptr), np.nan),
        "n_recorded": np.where(known >= min_users, known, np.nan), "suppressed": ~shown,
    }  # fmt: skip
    if secret:
        rows = np.flatnonzero(shown)
        columns["noise_key"] = np.full(len(shown), None, object)
        shapes, parts = usable_polygons(polygons)[rows // n_parts], rows % n_parts
        columns["noise_key"][rows] = noise_keys(secret, shapes, there[rows], users.user_ids, parts)
    return columns


def week_of_region(there: csr_matrix, anywhere: csr_matrix, min_users: int) -> np.ndarray:
    """(7, 24) int: people in one region by weekday and hour; TOO_FEW or NO_DATA where there are not enough of them.

    there, anywhere: of `presence` by the hour.
    """
    week = np.where(withheld(min_users, there) == SHOWN, np.diff(there.indptr), TOO_FEW)
    week[(week == TOO_FEW) & (recorded(there, anywhere, HOURS)[0] < min_users)] = NO_DATA
    return week.reshape(7, 24)


def local_hours(tracks: Tracks, zone: str = "") -> np.ndarray:
    """(n,) int64: each fix's hour, from a Monday on. zone: an IANA name, '' for mean solar time."""
    monday = 3 * 24  # 1970-01-01 was a Thursday
    solar = tracks.t + np.round(tracks.lon / 15 * HOUR_MS).astype(np.int64)
    return (wall_clock(tracks.t, find_zone(zone)) if zone else solar) // HOUR_MS + monday
