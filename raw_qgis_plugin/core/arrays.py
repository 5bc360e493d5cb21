# SPDX-License-Identifier: GPL-2.0-or-later
"""Operations on columns: some of their rows, runs of equal values, ranges, chains, nearest rows,
quantiles by group.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

Array = np.ndarray
Columns = dict[str, Array]  # by name, (n,) or (n, k) each
T = TypeVar("T")


def take_rows(columns: T, rows: Array) -> T:
    """A dataclass of columns (n, …), or of dicts or dataclasses of columns, with some of its rows,
    or some twice.
    """
    return _each(lambda parts: parts[0][rows], [columns])


def join_rows(parts: Sequence[T]) -> T:
    """The rows of several such dataclasses, one after the other."""
    return _each(np.concatenate, parts)


def _each(make: Callable[[Sequence[Any]], Array], parts: Sequence[Any]) -> Any:
    first = parts[0]
    if isinstance(first, dict):
        return {name: _each(make, [part[name] for part in parts]) for name in first}
    if is_dataclass(first):
        kind: Any = type(first)
        return kind(
            *(_each(make, [getattr(part, field.name) for part in parts]) for field in fields(first))
        )
    return make(parts)


def stacked(columns: Mapping[str, Array], names: Sequence[str], limit: float = 8.0) -> Array:
    """(…, len(names)) float32: the columns (…) in the order of the names, clipped to ±limit."""
    shape = columns[names[0]].shape
    result = np.empty((*shape, len(names)), np.float32)
    for number, name in enumerate(names):
        result[..., number] = columns[name]

    return np.clip(result, -limit, limit, out=result)


def run_starts(*columns: Array) -> Array:
    """(n,) bool: whether a row differs from the row before it in any column. The first row does."""
    starts = np.ones(len(columns[0]), bool)
    if len(starts) > 1:
        starts[1:] = np.logical_or.reduce([column[1:] != column[:-1] for column in columns])
    return starts


def run_ends(first: Array, n: int) -> Array:
    """(k,) the last rows of runs that begin at the rows `first` (k,), ascending, of n rows."""
    return np.append(first[1:], n)[: len(first)] - 1


def expand_ranges(start: Array, size: Array) -> Array:
    """(sum of sizes,) the rows start[k] to start[k] + size[k] of all ranges k, one range after the
    other.
    """
    return np.repeat(start - np.cumsum(size) + size, size) + np.arange(size.sum())


def flattened(parts: Sequence[Array]) -> tuple[Array, Array]:
    """Arrays of rows as two columns (m,): the number of the array, ascending, and the row."""
    return np.repeat(np.arange(len(parts)), list(map(len, parts))), np.concatenate(
        [np.zeros(0, np.int64), *parts]
    )


def group_offsets(group: Array, n_groups: int) -> Array:
    """(n_groups + 1,) int64: group k of a sorted column begins at offsets[k], ends at the next."""
    return np.concatenate([[0], np.cumsum(np.bincount(group, minlength=n_groups))]).astype(np.int64)


def renumber(codes: Array, n: int) -> tuple[Array, Array]:
    """The codes below n that occur, ascending, and the column of codes as indices into them
    (int32).
    """
    used = np.bincount(codes, minlength=n) > 0
    return np.flatnonzero(used), (np.cumsum(used) - 1).astype(np.int32)[codes]


def sparse_counts(row: Array, column: Array, shape: tuple[int, int]) -> csr_matrix:
    """Sparse int64: how often each of the pairs (m,) of a row and a column occurs."""
    from scipy.sparse import csr_matrix

    return csr_matrix((np.ones(len(row), np.int64), (row, column)), shape=shape)


def connected(one: Array, other: Array, n: int) -> Array:
    """The component (n,) int of each of n nodes, by edges between nodes one (m,) and other (m,)."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    edges = coo_matrix((np.ones(len(one), bool), (one, other)), shape=(n, n))
    return connected_components(edges, directed=False)[1]


def chained(points: Array, reach: float) -> Array:
    """The chain (n,) int of each of the points (n, d): points within the reach of each other are in
    one.
    """
    from scipy.spatial import cKDTree

    pairs = cKDTree(points).query_pairs(reach, output_type="ndarray")
    return connected(pairs[:, 0], pairs[:, 1], len(points))


def nearest_row(key: Array, wanted: Array, first: Array, last: Array) -> Array:
    """Rows from first to last (inclusive) whose key is nearest to `wanted`; of two equally near
    rows the earlier.

    key: (n,) ascending. wanted, first, last: integers whose shapes broadcast.
    """
    right = np.clip(np.searchsorted(key, wanted), first, last)
    left = np.clip(right - 1, first, last)
    before = np.abs(key[left] - wanted)
    after = np.abs(key[right] - wanted)
    return np.where(before <= after, left, right)


def stable_order(first: Array, second: Array) -> Array:
    """Stable order of rows by two columns of integers. Rows that are in order already are not
    sorted.
    """
    later = first[1:] > first[:-1]
    same = first[1:] == first[:-1]
    if (later | (same & (second[1:] >= second[:-1]))).all():
        return np.arange(len(first))
    least = int(second.min())
    span = int(second.max()) - least + 1
    n_first = int(first.max()) + 1
    most = n_first * span
    if int(first.min()) < 0 or most >= 2**62:
        return np.lexsort((second, first))
    key = first.astype(np.int64)
    key *= span
    key += second - least
    bits = len(key).bit_length()
    if most >= 2 ** (62 - bits):
        return np.argsort(key, kind="stable")  # one column sorts in a third of the time
    key <<= bits  # and with its rows in half of that
    key |= np.arange(len(key))
    key.sort()
    return key & ((1 << bits) - 1)


def object_column(values: Iterable[Any]) -> Array:
    """(n,) object: the values as they are, sequences too, which NumPy would unpack."""
    return np.array([*values, None], object)[:-1]


def group_quantile(values: Array, group: Array, n_groups: int, share: float = 0.5) -> Array:
    """(n_groups,) float64 quantile (the lower of two values) of each group, to float32's precision.

    values: (n,) without infinities; nan is ignored. group: (n,) integers below n_groups, in any
    order. share: 0 to 1; 0.5 is the median. Returns nan for a group without values.
    """
    good = ~np.isnan(values)
    group = group[good]
    bits = _sortable(values[good].astype(np.float32).view(np.int32))
    # One sort of plain integers, group above value, is about five times faster than np.lexsort
    key = group.astype(np.int64) << 32
    key += bits.astype(np.int64) + 2**31
    key.sort()

    counts = np.bincount(group, minlength=n_groups)
    first = np.cumsum(counts) - counts
    at = first + np.floor((counts - 1) * share).astype(np.int64)
    there = counts > 0
    found = key[at[there]]

    bits = (found & 0xFFFFFFFF) - 2**31
    out = np.full(n_groups, np.nan)
    out[there] = _sortable(bits.astype(np.int32)).view(np.float32)
    return out


def _sortable(bits: Array) -> Array:
    """Bits (n,) int32 of float32 as integers that sort as the numbers do, and those as bits."""
    return np.where(bits < 0, bits ^ 0x7FFFFFFF, bits)


def softmax(logits: Array) -> Array:
    """Probabilities (n, classes) of logits."""
    odds = np.exp(logits - logits.max(axis=1, keepdims=True))
    return odds / odds.sum(axis=1, keepdims=True)


def content_hash(*parts: Array) -> Array:
    """A number (…) uint64 that depends on the content of the parts alone (the finaliser of
    SplitMix64).
    """
    result: Array = np.zeros((), np.uint64)
    with np.errstate(over="ignore"):
        for part in map(np.asarray, parts):
            whole = part
            if part.dtype.kind == "f":
                whole = np.round(part * 1e7).astype(np.int64)
            result = result ^ whole.astype(np.uint64)
            result = result + np.uint64(0x9E3779B97F4A7C15)
            result = result ^ (result >> np.uint64(30))
            result = result * np.uint64(0xBF58476D1CE4E5B9)
            result = result ^ (result >> np.uint64(27))
            result = result * np.uint64(0x94D049BB133111EB)
            result = result ^ (result >> np.uint64(31))
    return result


def rank_within(group: Array, *scores: Array) -> Array:
    """(n,) rank of each row among those of its group, from 0 for the greatest scores. group,
    scores: (n,).
    """
    order = np.lexsort((*(-score for score in reversed(scores)), group))
    rank = np.empty(len(group), np.int64)
    ordered = group[order]
    first = np.searchsorted(ordered, ordered)
    rank[order] = np.arange(len(group)) - first
    return rank


@dataclass(frozen=True)
class Groups:
    """Rows in groups, as 'group by' has them: `Groups(user, n_users).sum(hours)`."""

    of: Array  # (rows,) the group of each row, from 0
    n: int  # groups, of which some may have no row

    def count(self) -> Array:
        """(n,) int: how many rows each group has."""
        return np.bincount(self.of, minlength=self.n)

    def sum(self, values: Array) -> Array:
        """(n,) sums of values (rows,), 0 for a group without rows."""
        return np.bincount(self.of, values, self.n)

    def median(self, values: Array) -> Array:
        """(n,) medians of values (rows,), as `group_quantile` has them."""
        return group_quantile(values, self.of, self.n)

    def rank(self, *scores: Array) -> Array:
        """(rows,) rank of each row within its group, from 0 for the greatest scores (rows,)."""
        return rank_within(self.of, *scores)

    def greatest(self, score: Array) -> Array:
        """The row of the greatest score (rows,) of each group that has rows, in order of groups."""
        order = np.lexsort((-score, self.of))
        first = run_starts(self.of[order])
        return order[first]


def expand_groups(start: Array, size: Array) -> tuple[Array, Groups]:
    """The rows of ranges, as `expand_ranges` has them, and the ranges as groups of these rows."""
    number = np.repeat(np.arange(len(start)), size)
    return expand_ranges(start, size), Groups(number, len(start))


def runs(*columns: Array) -> tuple[Array, Array]:
    """The first and the last row of each run of rows that are alike in all columns (rows,)."""
    first = np.flatnonzero(run_starts(*columns))
    return first, run_ends(first, len(columns[0]))


def true_runs(mask: Array) -> tuple[Array, Array]:
    """The first row of each run of True in a mask (n,), and the row after its last one."""
    differs = np.diff(mask, prepend=False, append=False)
    change = np.flatnonzero(differs)
    return change[::2], change[1::2]


def steps_within(first: Array, last: Array, n: int) -> Array:
    """(n,) bool: whether the step from a row to the next lies in a range of rows first to last."""
    begun = np.bincount(first, minlength=n)
    ended = np.bincount(last, minlength=n)
    return np.cumsum(begun - ended) > 0
