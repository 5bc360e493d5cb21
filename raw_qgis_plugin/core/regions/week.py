# SPDX-License-Identifier: GPL-2.0-or-later
"""When people are in regions, by the hour of the week: from where they stay, also while their phones are silent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..arrays import expand_ranges, flattened, run_starts, sparse_counts
from ..errors import Progress, no_progress
from ..specs import MIN_USERS
from ..times import HOUR_MS, find_zone, wall_clock
from ..tracks import Tracks
from .disclosure import withheld
from .geometry import fixes_inside, usable_polygons
from .noise import noise_keys

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

HOURS = 7 * 24
EACH = np.arange(HOURS)
MAX_SILENCE_H = 12  # a longer one between two fixes in a region is not taken for a stay
BOUNDS = (0, 6, 10, 16, 20, 24)  # of the parts of a day, in hours
TOO_FEW, NO_DATA = -1, -2  # instead of people in an hour


def presence(users: Tracks, inside: Sequence[np.ndarray], hour: np.ndarray, part: np.ndarray = EACH) -> csr_matrix:
    """Sparse (n_regions × n_parts, n_users), above 0: who is in a region in which part of the week.

    Somebody is there in all hours from one fix to the next, if both lie inside and at most MAX_SILENCE_H are between
    them. users: one track a user. inside: of `fixes_inside`. hour: of `local_hours`. part: (HOURS,) the part that each
    hour of the week belongs to.
    """
    n_parts = int(part.max()) + 1
    region, rows = flattened(inside)
    last = np.append(run_starts(region, users.user[rows])[1:] | (np.diff(rows) != 1), True)[: len(rows)]
    until = np.where(last, hour[rows], hour[np.minimum(rows + 1, len(hour) - 1)])
    silent = (until - hour[rows] > MAX_SILENCE_H) | (until < hour[rows])
    size = np.where(silent, 1, until - hour[rows] + 1)
    slot = part[expand_ranges(hour[rows], size) % HOURS]
    shape = (len(inside) * n_parts, users.n_users)
    return sparse_counts(np.repeat(region, size) * n_parts + slot, np.repeat(users.user[rows], size), shape)


def people_by_part(there: csr_matrix, anywhere: csr_matrix, min_users: int) -> np.ndarray:
    """(n_regions × n_parts,) int: people in regions; TOO_FEW, or NO_DATA where too few of a region's people were
    recorded anywhere then. there, anywhere: of `presence`, in regions and in the whole world as one region.
    """
    n_parts, (row, user) = anywhere.shape[0], there.nonzero()
    visitors = sparse_counts(row // n_parts, user, (there.shape[0] // n_parts, there.shape[1]))
    recorded = ((visitors > 0).astype(int) @ (anywhere > 0).astype(int).T).toarray().ravel()
    few = np.where(recorded < min_users, NO_DATA, TOO_FEW)
    return np.where(withheld(min_users, there.sign()), few, np.diff(there.indptr))


def week_of_regions(
    tracks: Tracks, polygons: Sequence[Any] | np.ndarray, min_users: int = MIN_USERS, progress: Progress = no_progress,
    secret: bytes = b"",
) -> dict[str, np.ndarray]:  # fmt: skip
    """People in regions by weekday and part of the day: (n_regions × 35,) each, one row a region and part.

    Columns: region, its number from 0; weekday, 1 for Monday; hour_from and hour_to of mean solar time; n_users, people
    who are there then (`presence`), nan for fewer than min_users; no_data, as NO_DATA; suppressed; with a secret
    noise_key (see `noise_keys`).
    """
    users, n_day = tracks.by_user(), len(BOUNDS) - 1
    inside, hour = fixes_inside(users, polygons, progress), local_hours(users)
    part = EACH // 24 * n_day + np.searchsorted(BOUNDS, EACH % 24, "right") - 1
    there = presence(users, inside, hour, part)
    people = people_by_part(there, presence(users, [np.arange(len(users))], hour, part), min_users)
    region, slot = np.divmod(np.arange(len(people)), 7 * n_day)
    shown = np.flatnonzero(people >= 0)
    columns = {
        "region": region, "weekday": slot // n_day + 1, "hour_from": np.array(BOUNDS)[slot % n_day],
        "hour_to": np.array(BOUNDS)[slot % n_day + 1], "n_users": np.where(people < 0, np.nan, people),
        "no_data": people == NO_DATA, "suppressed": people < 0,
    }  # fmt: skip
    if secret:
        columns["noise_key"] = np.full(len(people), None, object)
        shapes = usable_polygons(polygons)[region[shown]]
        columns["noise_key"][shown] = noise_keys(secret, shapes, there[shown], users.user_ids, slot[shown])
    return columns


def local_hours(tracks: Tracks, zone: str = "") -> np.ndarray:
    """(n,) int64: each fix's hour, from a Monday on. zone: an IANA name, '' for mean solar time."""
    monday = 3 * 24  # 1970-01-01 was a Thursday
    solar = tracks.t + np.round(tracks.lon / 15 * HOUR_MS).astype(np.int64)
    return (wall_clock(tracks.t, find_zone(zone)) if zone else solar) // HOUR_MS + monday
