# SPDX-License-Identifier: GPL-2.0-or-later
"""Which figures may be shown on the desk. All that compares a number of people with a limit asks.

A figure is withheld if fewer than min_users persons are behind it, or if one person makes up most
of it. Nothing else counts, above all no other region: what is withheld because of another region
tells of that region. So figures of regions that overlap can be subtracted from each other, and
`publish` is for figures that leave the desk.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..arrays import Array
from ..errors import InputError

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

MAX_SHARE = 0.85  # of one person in a sum: the (n, k) rule of official statistics with n = 1


def is_few(n_people: Any, min_users: int) -> Any:
    """Whether too few people are behind a figure. n_people: their number, or (n,) of these."""
    return n_people < min_users


def dominated(sums: csr_matrix) -> Array:
    """(n,) bool: whether one person makes up most of each sum. sums: of `withheld`."""
    if not min(sums.shape):
        return np.zeros(sums.shape[0], bool)
    greatest = sums.max(axis=1).toarray().ravel()
    return greatest > MAX_SHARE * np.asarray(sums.sum(axis=1)).ravel()


def withheld(min_users: int, sums: csr_matrix) -> Array:
    """(n,) bool: whether each figure is withheld. With min_users = 1 nobody is protected.

    sums: sparse (n, n_users), what each person adds to each figure: ones for numbers of persons.
    Raises InputError if min_users is not positive.
    """
    if min_users < 1:
        raise InputError("The minimum of users per region must be at least 1.")
    few = is_few(np.diff(sums.indptr), min_users)
    return few if min_users == 1 else few | dominated(sums)
