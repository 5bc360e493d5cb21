# SPDX-License-Identifier: GPL-2.0-or-later
"""Disclosure control: the least number of users behind a shown figure, and figures whose difference has fewer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain
from typing import TYPE_CHECKING

import numpy as np

from ..arrays import run_starts
from ..errors import InputError

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

MIN_USERS = 10


def check_min_users(min_users: int) -> None:
    """Raise InputError if the least number of users is not positive."""
    if min_users < 1:
        raise InputError("The fewest users of a region that is shown must be at least 1.")


def difference_warnings(
    user: np.ndarray, inside: Sequence[np.ndarray], from_fixes: np.ndarray, visits: csr_matrix, polygons: np.ndarray,
    min_users: int,
) -> list[str]:  # fmt: skip
    """Sentences on figures that should not be published together, because their difference has few users behind it.

    user: (n,) of each fix, ascending. The rest is of the shown regions, (n_regions,) each. inside: of `fixes_inside`.
    from_fixes: bool, whether figures from fixes are shown too. visits: sparse (n_regions, n_users), the counted users.
    polygons: valid, in lon/lat.
    """
    words = []
    if count := _count_revealing(user, inside, from_fixes, visits, polygons, min_users):
        few = f"leave fewer than {min_users} users when shown ones inside them are subtracted: do not publish both"
        words.append(f"{count} of {len(inside)} regions {few}")
    # Only fixes are subtracted from all tracks. A user who never visits a region that nearly everybody visits may be
    # anywhere, and the users of a fleet would be warned of on every layer.
    left = _users_left(user, np.arange(len(user)), [inside[i] for i in np.flatnonzero(from_fixes)])
    if any(0 < users < min_users for users in left):
        few = f"leave fixes of fewer than {min_users} users when shown regions are subtracted"
        words.append(f"all tracks together {few}: do not publish their totals too")
    return words


def _count_revealing(
    user: np.ndarray, inside: Sequence[np.ndarray], from_fixes: np.ndarray, visits: csr_matrix, polygons: np.ndarray,
    min_users: int,
) -> int:  # fmt: skip
    """The number of regions that leave fewer than min_users users without the regions inside them, each or all.

    Left are users with fixes in the rest of the region, or without visits to the regions inside it.
    """
    n_users, count = np.diff(visits.indptr), 0
    for whole, parts in enumerate(_regions_inside(inside, from_fixes, polygons)):
        fewer = parts[n_users[parts] < n_users[whole]]
        together = len(np.unique(visits[fewer].indices)) if len(fewer) else 0
        more = n_users[whole] - np.append(n_users[fewer], together)
        less = [inside[i] for i in parts[from_fixes[parts]] if len(inside[i]) < len(inside[whole])]
        count += any(0 < users < min_users for users in chain(more, _users_left(user, inside[whole], less)))
    return count


def _regions_inside(inside: Sequence[np.ndarray], from_fixes: np.ndarray, polygons: np.ndarray) -> Iterator[np.ndarray]:
    """The numbers of the regions inside each region: all their fixes lie in it or, with few fixes, it covers them."""
    known, covered = np.flatnonzero(from_fixes), _covered(polygons, np.flatnonzero(~from_fixes))
    first, last = (np.array([inside[i][at] for i in known], np.int64) for at in (0, -1))
    for whole, rows in enumerate(inside):
        near = known[_holds(rows, first) & _holds(rows, last)] if from_fixes[whole] else []  # few of thousands are left
        parts = [i for i in near if i != whole and _holds(rows, inside[i]).all()]
        yield np.concatenate([np.array(parts, np.int64), covered[whole]])


def _covered(polygons: np.ndarray, subset: np.ndarray) -> list[np.ndarray]:
    """The numbers of the polygons of a subset that lie in each polygon, including itself."""
    if not len(subset):
        return [subset] * len(polygons)
    import shapely

    metre_deg = 1e-5  # the border of a tract seldom has exactly the coordinates of its district's
    tree = shapely.STRtree(shapely.buffer(polygons[subset], -metre_deg))
    whole, part = tree.query(polygons, predicate="covers")
    return np.split(subset[part], np.searchsorted(whole, np.arange(1, len(polygons))))


def _users_left(user: np.ndarray, whole: np.ndarray, parts: Sequence[np.ndarray]) -> Iterator[int]:
    """The number of users with fixes in the whole outside each part, and outside all parts. whole, parts: rows."""
    if not parts:
        return
    fixes, taken = np.bincount(user[whole]), np.zeros(len(user), bool)
    for rows in parts:
        taken[rows] = True
    for rows in (*parts, np.flatnonzero(taken)):
        first = np.flatnonzero(run_starts(user[rows]))
        here = np.diff(np.append(first, len(rows)))
        yield np.count_nonzero(fixes) - np.count_nonzero(here == fixes[user[rows[first]]])


def _holds(rows: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """(m,) bool: whether each wanted row is among rows. rows: ascending, not empty."""
    return rows[np.minimum(np.searchsorted(rows, wanted), len(rows) - 1)] == wanted
