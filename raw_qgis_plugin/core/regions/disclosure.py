# SPDX-License-Identifier: GPL-2.0-or-later
"""Disclosure control: which figures of regions may be shown. Every output of figures of regions asks `publish`.

A figure is withheld if fewer than min_users persons are behind it, if one person makes up most of it, or if
subtracting shown figures would leave such a figure (complementary suppression). Persons, not ids: `core/persons.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from ..arrays import flattened, run_starts
from ..errors import InputError
from .differences import differing

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

MIN_USERS = 10
FEW, DOMINATED, DIFFERENCE = "few people", "one person", "difference"  # why figures are withheld


@dataclass(frozen=True)
class DisclosureSettings:
    """Rules beside the least number of persons."""

    # The (n, k) rule of official statistics with n = 1: a sum is withheld if one giver makes up more than this share
    dominance: float = 0.85


SETTINGS = DisclosureSettings()


@dataclass(frozen=True)
class Published:
    """What may be shown of regions, (n_regions,) each."""

    shown: np.ndarray  # bool: whether anything may be shown
    from_fixes: np.ndarray  # bool: whether figures from fixes may be shown too, and not the number of users alone
    why: np.ndarray  # object: FEW, DOMINATED or DIFFERENCE; None if nothing is withheld for such a reason
    reasons: list[str] = field(default_factory=list)  # in words, with counts


def check_min_users(min_users: int) -> None:
    """Raise InputError if the least number of users is not positive."""
    if min_users < 1:
        raise InputError("The fewest users of a region that is shown must be at least 1.")


def publish(
    user: np.ndarray, inside: Sequence[np.ndarray], visits: csr_matrix, polygons: np.ndarray, min_users: int,
    given: Sequence[csr_matrix] = (),
) -> Published:  # fmt: skip
    """Decide for all regions of one output together.

    user: (n,) the person of each fix, ascending. inside: of `fixes_inside`. visits: sparse (n_regions, n_users), the
    persons counted in each region. polygons: valid, in lon/lat. given: sparse like visits, what each person adds to the
    figures from fixes: the fixes first, then other figures, such as visits. Without it, visits counts the fixes.
    """
    fixes, *others = given or (visits,)
    enough, alone = np.diff(fixes.indptr) >= min_users, np.zeros(len(inside), bool)
    for sums in (fixes, *others):
        alone |= enough & dominated(sums, min_users)
    from_fixes, shown = enough & ~alone, np.diff(visits.indptr) >= min_users
    subtracted = differing(
        inside, user, visits, polygons, shown, from_fixes, min_users, lambda sums: _private(sums, min_users), others
    )
    why = np.select([~shown, subtracted, alone], [FEW, DIFFERENCE, DOMINATED], "").astype(object)
    why[why == ""] = None
    reasons = []
    if passed := np.count_nonzero(shown & ~enough):
        few = f"fewer than {min_users} users have a fix inside, so figures from fixes are withheld"
        reasons.append(f"{passed} of {shown.sum()} regions: {few}")
    if count := np.count_nonzero(why == DOMINATED):
        most = f"more than {SETTINGS.dominance:.0%}".replace("%", " %")
        words = f"one person makes up {most} of the fixes or visits, so figures from fixes are withheld"
        reasons.append(f"{count} of {shown.sum()} regions: {words}")
    if count := np.count_nonzero(why == DIFFERENCE):
        words = f"withheld, as subtracting shown regions from each other would leave fewer than {min_users} users"
        reasons.append(f"{count} of {shown.sum()} regions: {words}")
    shown, from_fixes = shown & ~subtracted, from_fixes & ~subtracted
    # Only fixes are subtracted from all tracks. A user who never visits a region that nearly everybody visits may be
    # anywhere, and the users of a fleet would be warned of on every layer.
    left = _users_left(user, [inside[i] for i in np.flatnonzero(from_fixes)])
    if any(0 < users < min_users for users in left):
        few = f"leave fixes of fewer than {min_users} users when shown regions are subtracted"
        reasons.append(f"all tracks together {few}: do not publish their totals too")
    return Published(shown, from_fixes, why, reasons)


def differing_people(
    user: np.ndarray, inside: Sequence[np.ndarray], people: csr_matrix, shown: np.ndarray, min_users: int
) -> np.ndarray:  # fmt: skip
    """(n_regions,) bool: of which shown regions a number of people must be withheld, so that no difference is of few.

    user, inside: as in `publish`. people: sparse (n_regions, n_users), above 0 for who is counted in a region.
    """
    from_fixes = np.zeros(len(inside), bool)
    return differing(inside, user, people, None, shown, from_fixes, min_users, lambda sums: _private(sums, min_users))


def _private(sums: csr_matrix, min_users: int) -> np.ndarray:
    """(n,) bool: which sums few people or one make up. sums: as in `dominated`."""
    return (np.diff(sums.indptr) < min_users) | dominated(sums, min_users)


def dominated(sums: csr_matrix, min_users: int) -> np.ndarray:
    """(n,) bool: whether one giver makes up most of a sum. sums: sparse (n, n_users), what each user adds to each.

    With min_users = 1 nobody is protected.
    """
    if min(sums.shape) == 0 or min_users == 1:
        return np.zeros(sums.shape[0], bool)
    most, total = sums.max(axis=1).toarray().ravel(), np.asarray(sums.sum(axis=1)).ravel()
    return most > SETTINGS.dominance * total


def publish_slices(
    user: np.ndarray, inside: Sequence[np.ndarray], part: np.ndarray, seen: csr_matrix, n_slices: int, min_users: int,
    sums: bool,
) -> np.ndarray:  # fmt: skip
    """(n_regions, n_slices) bool: which slices, such as hours, of shown regions may be shown, all of them together.

    user, inside: as in `publish`. part: (n,) the slice of each fix. seen: sparse (n_regions × n_slices, n_users), what
    each person adds to each slice of each region. sums: whether sums of it are shown, and not the numbers of users
    alone. Slices are withheld that few or one person make up, that follow from a region's totals (`_beside_totals`),
    and that leave a figure of few when the same slice of other regions is subtracted (`differing`).
    """
    shown = np.diff(seen.indptr) >= min_users
    if sums:
        shown &= ~dominated(seen, min_users)
    fixes = _overlapping_slices(inside, part, n_slices)
    overlap = np.array(list(map(len, fixes)), np.int64) > 0
    regions: np.ndarray = np.arange(len(inside))
    while len(regions):
        for region in regions:
            rows = slice(region * n_slices, (region + 1) * n_slices)
            shown[rows] = _beside_totals(seen[rows], shown[rows], min_users, sums)
        compared = shown & overlap
        subtracted = differing(
            fixes, user, seen, None, compared, compared & sums, min_users, lambda left: _private(left, min_users),
            [seen] * sums,
        )  # fmt: skip
        shown &= ~subtracted
        regions = np.unique(np.flatnonzero(subtracted) // n_slices)
    return shown.reshape(-1, n_slices)


def _overlapping_slices(inside: Sequence[np.ndarray], part: np.ndarray, n_slices: int) -> list[np.ndarray]:
    """The rows in each slice of each region, n_regions × n_slices; none for regions that share no fixes with others."""
    region, rows = flattened(inside)
    shared = np.bincount(rows, minlength=len(part)) > 1
    some = (np.bincount(region, shared[rows], len(inside)) > 0)[region]
    number, rows = region[some] * n_slices + part[rows[some]], rows[some]
    ends = np.cumsum(np.bincount(number, minlength=len(inside) * n_slices))
    return np.split(rows[np.argsort(number, kind="stable")], ends)[:-1]


def _beside_totals(seen: csr_matrix, shown: np.ndarray, min_users: int, sums: bool) -> np.ndarray:
    """(n_slices,) bool: which of the slices of a region that might be shown may be shown beside its totals.

    seen: sparse (n_slices, n_users). The persons in the slices withheld are none or min_users or more, and so are those
    who are in these slices alone: the total less what is shown must not be a figure of few, nor a sum that one
    dominates.
    """
    from scipy.sparse import csr_matrix

    people, everybody = np.diff(seen.indptr), len(np.unique(seen.indices))
    shown = shown.copy()
    while shown.any():
        left = seen[~shown]
        hidden, alone = len(np.unique(left.indices)), everybody - len(np.unique(seen[shown].indices))
        one = sums and dominated(csr_matrix(left.sum(axis=0)), min_users)[0]
        if not (0 < hidden < min_users or 0 < alone < min_users or one):
            break
        shown[np.flatnonzero(shown)[people[shown].argmin()]] = False
    return shown


def _users_left(user: np.ndarray, parts: Sequence[np.ndarray]) -> Iterator[int]:
    """The number of users with fixes outside each part, and outside all parts. parts: rows."""
    if not parts:
        return
    fixes, taken = np.bincount(user), np.zeros(len(user), bool)
    for rows in parts:
        taken[rows] = True
    for rows in (*parts, np.flatnonzero(taken)):
        first = np.flatnonzero(run_starts(user[rows]))
        here = np.diff(np.append(first, len(rows)))
        yield np.count_nonzero(fixes) - np.count_nonzero(here == fixes[user[rows[first]]])
