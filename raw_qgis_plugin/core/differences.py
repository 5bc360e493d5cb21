# SPDX-License-Identifier: GPL-2.0-or-later
"""What regions that are shown together tell of few people: a district less its tracts."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def few_between(user: np.ndarray, inside: Sequence[np.ndarray], min_users: int) -> int:
    """How many regions leave fixes of fewer than min_users users when those inside them, each or all, are taken away.

    user: (n,) of each fix. inside: of regions.fixes_inside, of the regions that are shown: none is empty. Inside is a
    region whose fixes all lie in the other one, so that its counts can be subtracted.
    """
    first, last = (np.array([rows[at] for rows in inside], np.int64) for at in (0, -1))
    found = 0
    for whole in inside:
        near = np.flatnonzero(_holds(whole, first) & _holds(whole, last))  # cheap; of thousands few are left
        parts = [p for p in (inside[i] for i in near) if len(p) < len(whole) and _holds(whole, p).all()]
        if parts:
            fixes = np.bincount(user[whole])
            taken = (_all_of(user[rows], fixes) for rows in (*parts, np.unique(np.concatenate(parts))))
            found += any(0 < np.count_nonzero(fixes) - users < min_users for users in taken)
    return found


def _all_of(user: np.ndarray, fixes: np.ndarray) -> int:
    """How many users have all their fixes here. user: of each fix here. fixes: of each user in all."""
    who, here = np.unique(user, return_counts=True)
    return np.count_nonzero(here == fixes[who])


def _holds(rows: np.ndarray, asked: np.ndarray) -> np.ndarray:
    """(m,) bool: is each of asked among rows? rows: ascending, not empty."""
    return rows[np.minimum(np.searchsorted(rows, asked), len(rows) - 1)] == asked
