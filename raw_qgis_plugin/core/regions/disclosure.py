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
from ..tracks import Tracks

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

_ALIKE = str.maketrans("аеорсухіјѕ", "aeopcyxijs")  # Cyrillic
MAX_SHARE = 0.85  # of one person in a sum: the (n, k) rule of official statistics with n = 1


def withheld(min_users: int, sums: csr_matrix) -> np.ndarray:
    """(n,) bool: whether each figure is withheld. With min_users = 1 nobody is protected.

    sums: sparse (n, n_users), what each person adds to each figure: ones for numbers of persons. Raises InputError if
    min_users is not positive.
    """
    if min_users < 1:
        raise InputError("The minimum of users per region must be at least 1.")
    few = np.diff(sums.indptr) < min_users
    if min_users == 1 or not min(sums.shape):
        return few
    return few | (sums.max(axis=1).toarray().ravel() > MAX_SHARE * np.asarray(sums.sum(axis=1)).ravel())


def doubtful_ids(users: Tracks, short_days: float = 1.0, long_days: float = 3.0) -> list[str]:
    """Why ids may not be persons, a sentence each.

    users: one track a user. short_days, long_days: ids seen for less may be those of devices that change them, where
    they are most of the ids of a layer that goes on for longer, or follow one another.
    """
    found = []
    if alike := users.n_users - len({_plain(str(name)) for name in users.user_ids}):
        words = (
            "differ from others by case, blanks, accents or letters that look alike: if they are one person, join them"
        )
        found.append(f"{alike:,} of {users.n_users:,} ids {words}")
    span_s = np.ptp(users.t) / 1000 if len(users) else 0
    in_turns = users.n_users > 2 and users.span_s.sum() <= span_s  # as of one device that changes its id
    if (in_turns or span_s >= long_days * 86_400) and (users.span_s < short_days * 86_400).mean() > 0.5:
        words = "if devices change their ids, one person counts several times and fewer may be behind figures"
        found.append(f"most ids are seen within a day: {words}")
    return found


def _plain(name: str) -> str:
    """An id without what hardly shows: case, blanks around it or doubled, accents, invisible and Cyrillic letters."""
    if not name.isascii():
        whole = unicodedata.normalize("NFKD", name.casefold()).translate(_ALIKE)
        name = "".join(c for c in whole if unicodedata.category(c) not in ("Cf", "Mn"))
    return " ".join(name.casefold().split())
