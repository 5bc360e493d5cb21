# SPDX-License-Identifier: GPL-2.0-or-later
"""Regions that overlap or lie in one another: which must be withheld, so that no difference is a figure of few people.

The shown regions cut the fixes into parts: the fixes that lie in the same regions. A part, or a sum of parts, is known
if it follows from the numbers of fixes of regions by linear equations, as the rest of a district does from its tracts.
What is known of few people, or of one who makes up most of it, is private; `_known` says which sums are tested. So are
the people by whom two regions differ that share most of the smaller one's fixes, and those of a region who are in none
of the regions inside it, if these hardly share people.
Where a thousand regions overlap in a chain, only such as share no fixes are shown.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..arrays import connected, content_hash, flattened, sparse_counts

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix


@dataclass(frozen=True)
class DifferenceSettings:
    """When regions can be subtracted."""

    overlap: float = 0.5  # of the smaller region's fixes: two regions that share so many differ by a figure
    certain: float = 1e-6  # a sum of parts is known if equations give it to within this
    most: int = 1000  # regions that overlap in a chain and are taken apart by equations, which take seconds
    border_deg: float = 1e-5  # a metre: the border of a tract seldom has exactly the coordinates of its district's


SETTINGS = DifferenceSettings()


def differing(
    inside: Sequence[np.ndarray], user: np.ndarray, visits: csr_matrix, polygons: np.ndarray | None,
    shown: np.ndarray, from_fixes: np.ndarray, min_users: int, is_private: Callable[[csr_matrix], np.ndarray],
    given: Sequence[csr_matrix] = (),
) -> np.ndarray:  # fmt: skip
    """(n_regions,) bool: shown regions that must be withheld. Of two regions the one with fewer users is.

    inside, user, visits, polygons: as in `publish`; polygons is None if everybody counted has a fix inside. shown,
    from_fixes: bool, the regions of which the users, and of these also figures from fixes, would be shown. is_private:
    which sums (n, n_users) must not be known, (n,) bool. given: sparse like visits, what each person adds to figures
    other than the numbers of users and fixes; these are subtracted pair by pair.
    """
    hidden = np.zeros(len(inside), bool)
    if min_users == 1 or np.count_nonzero(shown) < 2:
        return hidden
    n_users, n_fixes = np.diff(visits.indptr), np.array(list(map(len, inside)))
    rank = np.empty(len(inside), np.int64)  # the first are given up first
    rank[np.lexsort((-np.arange(len(inside)), n_fixes, n_users))] = np.arange(len(inside))
    cut = _Cut(inside, user, shown, visits.shape[1])
    users_alone = shown & ~from_fixes
    bordered = np.zeros((2, 0), np.int64) if polygons is None else _covered(polygons, shown, users_alone)
    people = (visits > 0).astype(np.int64)
    hidden[_crowded(cut.parts, rank)] = True
    while True:
        parts = cut.without(hidden)
        summed = cut.without(hidden | users_alone) if users_alone.any() else parts
        wrong = _known(summed, cut.keys, rank, is_private)
        if not len(wrong):  # one kind after the other, as what one withholds may do for the next
            one, other, within = _overlaps(parts, bordered[:, ~hidden[bordered].any(axis=0)])
            few = _differ_by_few(one, other, people, summed, min_users)
            nested = np.flatnonzero(within & from_fixes[one] & from_fixes[other])
            for sums in given:
                left = abs(sums[one[nested]] - sums[other[nested]]).tocsr()
                few[nested] |= (np.diff(left.indptr) > 0) & is_private(left)
            wrong = np.where(rank[one] < rank[other], one, other)[few]
        if not len(wrong):
            fewer = within & (n_users[other] < n_users[one])
            wrong = _leaving_few(one[fewer], other[fewer], people, min_users, rank)
        if not len(wrong):
            return hidden
        hidden[wrong] = True


@dataclass(frozen=True)
class _Parts:
    """The parts of the fixes. marks: (n_parts,) uint64. of: sparse (n_regions, n_parts), 1 where a region has the part.
    users: sparse (n_parts, n_users), the fixes of each user.
    """

    marks: np.ndarray
    of: csr_matrix
    users: csr_matrix


class _Cut:
    """Cuts the fixes into parts. The mark of a part is the sum, bit by bit without carry, of its regions' keys."""

    def __init__(self, inside: Sequence[np.ndarray], user: np.ndarray, cutting: np.ndarray, n_users: int) -> None:
        self.keys = content_hash(np.arange(1, len(inside) + 1))
        some = np.flatnonzero(cutting)
        mark = np.zeros(len(user), np.uint64)
        for region in some:
            mark[inside[region]] ^= self.keys[region]
        rows = np.flatnonzero(mark)
        marks, part = np.unique(mark[rows], return_inverse=True)
        number = np.zeros(len(user), np.int64)
        number[rows] = part
        region, fixes = flattened([inside[region] for region in some])
        of = sparse_counts(some[region], number[fixes], (len(inside), len(marks)))
        of.data[:] = 1
        users = sparse_counts(part, user[rows], (len(marks), n_users))
        self.parts = _Parts(marks, of, users)

    def without(self, hidden: np.ndarray) -> _Parts:
        """The parts if some regions, (n_regions,) bool, are not shown."""
        from scipy.sparse import diags

        marks = self.parts.marks.copy()
        region, part = self.parts.of[hidden].nonzero()
        np.bitwise_xor.at(marks, part, self.keys[hidden][region])
        left, number = np.unique(marks, return_inverse=True)
        joined = sparse_counts(number, np.arange(len(marks)), (len(left), len(marks)))
        inner = np.flatnonzero(left)  # the mark 0 is outside of all
        of = (diags((~hidden).astype(np.int64)) @ self.parts.of @ joined[inner].T).tocsr()
        of.eliminate_zeros()
        of.data[:] = 1
        return _Parts(left[inner], of, (joined[inner] @ self.parts.users).tocsr())


def _crowded(parts: _Parts, rank: np.ndarray) -> np.ndarray:
    """The regions to give up where more than `most` overlap in a chain: all but some that share no fixes."""
    n, n_parts = parts.of.shape
    region, part = parts.of.nonzero()
    chain = connected(region, n + part, n + n_parts)[:n]
    many = np.flatnonzero(np.bincount(chain)[chain] > SETTINGS.most)
    taken, wrong = np.zeros(n_parts, bool), []
    for each in many[np.argsort(-rank[many])]:
        own = parts.of.indices[parts.of.indptr[each] : parts.of.indptr[each + 1]]
        if taken[own].any():
            wrong.append(each)
        else:
            taken[own] = True
    return np.array(wrong, np.int64)


def _overlaps(parts: _Parts, bordered: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Pairs of regions (m,) and (m,) that share most of the smaller one, and whether the second lies in the first.

    bordered: (2, k), known to lie in one another by their borders.
    """
    from scipy.sparse import diags

    fixes = np.asarray(parts.users.sum(axis=1), np.int64).ravel()
    shared = (parts.of @ diags(fixes) @ parts.of.T).tocoo()
    size, pair = shared.diagonal(), shared.row != shared.col
    one, other, both = shared.row[pair], shared.col[pair], shared.data[pair]
    most = both >= SETTINGS.overlap * np.minimum(size[one], size[other])
    one, other, within = one[most], other[most], (both == size[other])[most]
    one, other = np.concatenate([one, bordered[0]]), np.concatenate([other, bordered[1]])
    return one, other, np.concatenate([within, np.ones(bordered.shape[1], bool)])


def _known(
    parts: _Parts, keys: np.ndarray, rank: np.ndarray, is_private: Callable[[csr_matrix], np.ndarray]
) -> np.ndarray:
    """The regions to give up, so that no private sum of parts follows from the numbers of fixes of regions.

    All single parts are tested, then all pairs of parts, then what is left of each region without the regions that lie
    in it, however many parts other regions cut these into. Other sums of three parts or more are not: there are
    exponentially many of them.
    """
    from scipy.sparse import identity

    unknown = _unknown(parts.of)
    for sums in (identity(len(parts.marks), np.int64, "csr"), _pairs(unknown), _remainders(parts.of, keys)):
        known = sums[np.abs(sums @ unknown).max(axis=1, initial=0) < SETTINGS.certain]
        private = known[is_private((known @ parts.users).tocsr())]
        if private.shape[0]:
            return _cutting(private, parts, keys, rank)
    return np.zeros(0, np.int64)


def _unknown(of: csr_matrix) -> np.ndarray:
    """(n_parts, 4): a sum of parts follows from the regions' numbers of fixes if its rows here add up to 0.

    These are random numbers less all that follows from regions: their projection on the null space of `of`, with which
    other sums add up to 0 by hardly a chance.
    """
    from scipy.sparse import identity
    from scipy.sparse.linalg import splu

    of = of[np.flatnonzero(np.diff(of.indptr))].astype(np.float64)
    left = np.random.default_rng(0).standard_normal((of.shape[1], 4))
    if of.shape[0]:
        gram = (of @ of.T + SETTINGS.certain / 1000 * identity(of.shape[0])).tocsc()  # symmetric, positive definite
        options = {"SymmetricMode": True}
        solve = splu(gram, permc_spec="MMD_AT_PLUS_A", diag_pivot_thresh=0.0, options=options).solve
        for _ in range(2):  # the second time takes what the small diagonal left
            left -= of.T @ solve(of @ left)
    return left


def _pairs(unknown: np.ndarray) -> csr_matrix:
    """Sparse (m, n_parts): 1 for both parts of each pair of which the sum is known, and not both parts alone."""
    from scipy.spatial import cKDTree

    alone = np.flatnonzero(np.abs(unknown).max(axis=1, initial=0) >= SETTINGS.certain)
    tree, opposite = cKDTree(unknown[alone]), cKDTree(-unknown[alone])
    found = tree.sparse_distance_matrix(opposite, SETTINGS.certain, output_type="ndarray")
    pairs = alone[np.stack([found["i"], found["j"]])[:, found["i"] < found["j"]]]
    n = pairs.shape[1]
    return sparse_counts(np.tile(np.arange(n), 2), pairs.ravel(), (n, len(unknown)))


def _remainders(of: csr_matrix, keys: np.ndarray) -> csr_matrix:
    """Sparse (m, n_parts): 1 for the parts of a region that are in the same ones of the regions that lie in it."""
    shared = (of @ of.T).tocoo()
    within = shared.data == np.diff(of.indptr)[shared.col]
    whole, part = shared.row[within], shared.col[within]
    inner = sparse_counts(whole, part, shared.shape)
    inner.data = keys[inner.indices]
    inner = inner[np.flatnonzero(np.diff(inner.indptr) > 1)]  # each region lies in itself
    marks = (inner @ of.astype(np.uint64)).tocoo()  # the sums of keys, without carry beyond 64 bits
    _, group = np.unique(np.stack([marks.row.astype(np.uint64), marks.data]), axis=1, return_inverse=True)
    return sparse_counts(group.ravel(), marks.col, (int(group.max(initial=-1)) + 1, of.shape[1]))


def _cutting(sums: csr_matrix, parts: _Parts, keys: np.ndarray, rank: np.ndarray) -> np.ndarray:
    """For each sum of parts, sparse (m, n_parts), the region to give up so that the sum is not known.

    It is one whose border cuts a part of the sum from another part or from the outside: without the region nothing
    tells the two apart. If there is none, it is one that has a part of the sum.
    """
    region, part = parts.of.nonzero()
    beside = parts.marks[part] ^ keys[region]  # the part across the border of the region
    other = np.minimum(np.searchsorted(parts.marks, beside), len(parts.marks) - 1)
    is_part = parts.marks[other] == beside
    borders = np.flatnonzero(is_part | (beside == 0))  # the mark 0 is outside of all
    inward, shape = np.flatnonzero(is_part[borders]), (len(parts.marks), len(borders))
    across = sparse_counts(part[borders], np.arange(len(borders)), shape)
    across -= sparse_counts(other[borders[inward]], inward, shape)  # 1 and -1 on the two sides of a border
    least = np.full(sums.shape[0], len(rank))
    which, border = (sums @ across).nonzero()
    np.minimum.at(least, which, rank[region[borders[border]]])
    which, having = (sums @ parts.of.T).nonzero()
    uncut = least[which] == len(rank)
    np.minimum.at(least, which[uncut], rank[having[uncut]])
    return np.argsort(rank)[least]


def _differ_by_few(one: np.ndarray, other: np.ndarray, people: csr_matrix, parts: _Parts, min_users: int) -> np.ndarray:
    """(m,) bool: whether few users are in one region alone of a pair or, of the same users, have fixes in one alone.

    parts: of the regions with figures from fixes. Of others equal numbers of users tell of nobody.
    """
    n_users = np.diff(people.indptr)
    apart = np.abs(n_users[one] - n_users[other])  # or more
    near = np.flatnonzero(apart < min_users)
    both = np.asarray(people[one[near]].multiply(people[other[near]]).sum(axis=1), np.int64).ravel()
    apart[near] = n_users[one[near]] + n_users[other[near]] - 2 * both
    same = np.flatnonzero(apart == 0)
    apart[same] = np.diff((abs(parts.of[one[same]] - parts.of[other[same]]) @ parts.users).tocsr().indptr)
    return (apart > 0) & (apart < min_users)


def _leaving_few(
    whole: np.ndarray, part: np.ndarray, people: csr_matrix, min_users: int, rank: np.ndarray
) -> np.ndarray:
    """The smallest part of each region of which few people are in none of its parts, if these have few in common.

    whole, part: (m,) regions.
    """
    n, n_users = people.shape[0], np.diff(people.indptr)
    inner = sparse_counts(whole, part, (n, n))
    inner.data[:] = 1  # a pair may be found by fixes and by borders
    together = np.diff((inner @ people).tocsr().indptr)
    counted_again = inner @ n_users - together  # if many are in several parts, numbers of users do not add up
    left = n_users - together
    wrong = np.flatnonzero((together > 0) & (left > 0) & (left < min_users) & (counted_again < min_users))
    return np.array([parts[rank[parts].argmin()] for parts in (inner[i].indices for i in wrong)], np.int64)


def _covered(polygons: np.ndarray, shown: np.ndarray, subset: np.ndarray) -> np.ndarray:
    """(2, m): shown regions, and regions of a subset that lie in them by their borders. Both masks."""
    import shapely

    whole, part = np.flatnonzero(shown), np.flatnonzero(subset)
    tree = shapely.STRtree(shapely.buffer(polygons[part], -SETTINGS.border_deg))
    found = tree.query(polygons[whole], predicate="covers")
    pairs = np.stack([whole[found[0]], part[found[1]]])
    return pairs[:, pairs[0] != pairs[1]]
