# SPDX-License-Identifier: GPL-2.0-or-later
"""Disclosure control on the desk: which figures may be shown. All that shows figures of regions asks `withheld`.

A figure is withheld if fewer than min_users persons are behind it, or if one person makes up most of it. Nothing else
counts, above all no other region: what is withheld because of another region tells of that region. So figures of
regions that overlap can be subtracted from each other, and `publish` is for figures that leave the desk.
"""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

import numpy as np

from ..errors import InputError
from ..times import DAY_MS
from ..tracks import Tracks

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


def doubtful_ids(users: Tracks, short_days: float = 1.0, long_days: float = 3.0) -> list[str]:
    """Why ids may not be persons, a sentence each.

    users: one track a user. short_days, long_days: ids seen for less may be those of devices that change them, where
    they are most of the ids of a layer that goes on for longer.
    """
    found = []
    if alike := users.n_users - len({_plain(str(name)) for name in users.user_ids}):
        words = "differ from others by case, blanks or invisible characters alone: if they are one person, join them"
        found.append(f"{alike:,} of {users.n_users:,} ids {words}")
    if len(users) and np.ptp(users.t) >= long_days * DAY_MS and (users.span_s < short_days * 86_400).mean() > 0.5:
        words = "if devices change their ids, one person counts several times and fewer may be behind figures"
        found.append(f"most ids are seen within a day: {words}")
    return found


def _plain(name: str) -> str:
    """An id without what does not show: case, blanks around it or doubled, the normal form, invisible characters."""
    if not name.isascii():
        name = unicodedata.normalize("NFKC", "".join(c for c in name if unicodedata.category(c) != "Cf"))
    return " ".join(name.casefold().split())
