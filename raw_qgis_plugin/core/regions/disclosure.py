# SPDX-License-Identifier: GPL-2.0-or-later
"""What figures that are shown tell of few people when they are subtracted: a district less its tracts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

MARGIN_DEG = 1e-5  # a metre: a border that a tract shares with its district is seldom the same to the last digit


def few_told(
    user: np.ndarray, inside: Sequence[np.ndarray], told: np.ndarray, visits: csr_matrix, polygons: np.ndarray,
    min_users: int,
) -> list[str]:  # fmt: skip
    """What is not to be published together, in words: of regions that lie in one another, and of all tracks.

    user: (n,) of each fix, ascending. The others are of the regions that are shown, (n_regions,) each. inside: of
    regions.fixes_inside. told: bool, whether the fixes are shown too, as of min_users users or more. visits: sparse
    (n_regions, n_users), who is counted. polygons: valid, in lon/lat.
    """
    words = []
    if between := few_between(user, inside, told, visits, polygons, min_users):
        few = f"leave fewer than {min_users} users when shown ones inside them are subtracted: do not publish both"
        words.append(f"{between} of {len(inside)} regions {few}")
    # From all there is fixes alone are subtracted: who never comes to where nearly everybody comes may be anywhere, and
    # fleets would be warned of on every layer (28 of San Francisco's 194 tracts, by the taxis; by fixes none).
    left = _users_left(user, np.arange(len(user)), [inside[i] for i in np.flatnonzero(told)])
    if any(0 < users < min_users for users in left):
        few = f"leave fixes of fewer than {min_users} users when shown regions are subtracted"
        words.append(f"all tracks together {few}: do not publish their totals too")
    return words


def few_between(
    user: np.ndarray, inside: Sequence[np.ndarray], told: np.ndarray, visits: csr_matrix, polygons: np.ndarray,
    min_users: int,
) -> int:  # fmt: skip
    """How many regions leave fewer than min_users users when those inside them, each or all, are taken away: users who
    have fixes in what is left, or who were nowhere else in the region. Arguments are as of `few_told`.
    """
    n_users, found = np.diff(visits.indptr), 0
    for whole, parts in enumerate(_regions_inside(inside, told, polygons)):
        fewer = parts[n_users[parts] < n_users[whole]]
        together = len(np.unique(visits[fewer].indices)) if len(fewer) else 0
        more = n_users[whole] - np.append(n_users[fewer], together)
        less = [inside[i] for i in parts[told[parts]] if len(inside[i]) < len(inside[whole])]
        found += any(0 < users < min_users for users in chain(more, _users_left(user, inside[whole], less)))
    return found


def _regions_inside(inside: Sequence[np.ndarray], told: np.ndarray, polygons: np.ndarray) -> Iterator[np.ndarray]:
    """Of each region the numbers of those inside it: whose fixes all lie in it or, of too few fixes to tell, that it
    covers.
    """
    known, covered = np.flatnonzero(told), _covered(polygons, np.flatnonzero(~told))
    first, last = (np.array([inside[i][at] for i in known], np.int64) for at in (0, -1))
    for whole, rows in enumerate(inside):
        near = known[_holds(rows, first) & _holds(rows, last)] if told[whole] else []  # of thousands few are left
        parts = [i for i in near if i != whole and _holds(rows, inside[i]).all()]
        yield np.concatenate([np.array(parts, np.int64), covered[whole]])


def _covered(polygons: np.ndarray, asked: np.ndarray) -> list[np.ndarray]:
    """Of each polygon those of the asked ones that lie in it, itself among them."""
    if not len(asked):
        return [asked] * len(polygons)
    import shapely

    tree = shapely.STRtree(shapely.buffer(polygons[asked], -MARGIN_DEG))
    whole, part = tree.query(polygons, predicate="covers")
    return np.split(asked[part], np.searchsorted(whole, np.arange(1, len(polygons))))


def _users_left(user: np.ndarray, whole: np.ndarray, parts: Sequence[np.ndarray]) -> Iterator[int]:
    """How many users have fixes in the whole that are in none of the parts, of each and of all. whole, parts: rows."""
    if not parts:
        return
    fixes, taken = np.bincount(user[whole]), np.zeros(len(user), bool)
    for rows in parts:
        taken[rows] = True
    for rows in (*parts, np.flatnonzero(taken)):
        first = np.flatnonzero(np.append(True, np.diff(user[rows]) != 0))
        here = np.diff(np.append(first, len(rows)))
        yield np.count_nonzero(fixes) - np.count_nonzero(here == fixes[user[rows[first]]])


def _holds(rows: np.ndarray, asked: np.ndarray) -> np.ndarray:
    """(m,) bool: is each of asked among rows? rows: ascending, not empty."""
    return rows[np.minimum(np.searchsorted(rows, asked), len(rows) - 1)] == asked
