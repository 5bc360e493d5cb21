# SPDX-License-Identifier: GPL-2.0-or-later
"""When people are in regions, by the hour of the week: from where they stay, also while their phones are silent."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..arrays import expand_ranges, run_starts, sparse_counts
from ..times import HOUR_MS, solar_ms
from ..tracks import Tracks
from .disclosure import withheld

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

HOURS = 7 * 24
MAX_SILENCE_H = 12  # a longer one between two fixes in a region is not taken for a stay
TOO_FEW, NO_DATA = -1, -2  # instead of people in an hour


def presence(users: Tracks, inside: np.ndarray, hour: np.ndarray) -> csr_matrix:
    """Sparse (HOURS, n_users), above 0: who is in a region in which hour of the week.

    Somebody is there in all hours from one fix to the next, if both lie inside and at most MAX_SILENCE_H are between
    them. users: one track a user. inside: rows of the fixes in the region, ascending. hour: of `solar_hours`.
    """
    last = np.append(run_starts(users.user[inside])[1:] | (np.diff(inside) != 1), True)[: len(inside)]
    begin = hour[inside]
    until = np.where(last, begin, hour[np.minimum(inside + 1, len(hour) - 1)])
    size = np.where((until - begin > MAX_SILENCE_H) | (until < begin), 1, until - begin + 1)
    user = np.repeat(users.user[inside], size)
    return sparse_counts(expand_ranges(begin, size) % HOURS, user, (HOURS, users.n_users))


def people_by_hour(there: csr_matrix, anywhere: csr_matrix, min_users: int) -> np.ndarray:
    """(HOURS,) int: people in a region; TOO_FEW, or NO_DATA where too few of its people were recorded anywhere then.

    there, anywhere: of `presence`, in the region and in the whole world.
    """
    visitors = (there.getnnz(axis=0) > 0).astype(int)
    recorded = (anywhere > 0).astype(int) @ visitors
    few = np.where(recorded < min_users, NO_DATA, TOO_FEW)
    return np.where(withheld(min_users, there.sign()), few, np.diff(there.indptr))


def solar_hours(tracks: Tracks) -> np.ndarray:
    """(n,) int64: each fix's hour of mean solar time, from a Monday on."""
    monday = 3 * 24  # 1970-01-01 was a Thursday
    return solar_ms(tracks.t, tracks.lon) // HOUR_MS + monday
