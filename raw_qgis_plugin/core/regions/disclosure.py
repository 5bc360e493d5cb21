# SPDX-License-Identifier: GPL-2.0-or-later
"""Disclosure control on the desk: which figures may be shown. All that shows figures of regions asks `withheld`.

A figure is withheld if fewer than min_users persons are behind it, or if one person makes up most of it. Nothing else
counts, above all no other region: what is withheld because of another region tells of that region. So figures of
regions that overlap can be subtracted from each other, and `publish` is for figures that leave the desk.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..errors import InputError

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

MAX_SHARE = 0.85  # of one person in a sum: the (n, k) rule of official statistics with n = 1
FEW, DOMINATED, SHOWN = "few people", "one person", ""  # why figures are withheld


def withheld(min_users: int, *given: csr_matrix) -> np.ndarray:
    """(n,) object: why each figure, or each region with several, is withheld: FEW or DOMINATED; SHOWN if not.

    given: sparse (n, n_users), what each person adds, for each figure of a region; the first one decides how many
    persons there are. With min_users = 1 nobody is protected. Raises InputError if min_users is not positive.
    """
    if min_users < 1:
        raise InputError("The minimum of users per region must be at least 1.")
    why = np.full(given[0].shape[0], SHOWN, object)
    for sums in given if min_users > 1 and min(given[0].shape) else ():
        why[sums.max(axis=1).toarray().ravel() > MAX_SHARE * np.asarray(sums.sum(axis=1)).ravel()] = DOMINATED
    why[np.diff(given[0].indptr) < min_users] = FEW
    return why
