# SPDX-License-Identifier: GPL-2.0-or-later
"""What each person adds to each row of a publication, and the one place where it is bounded."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ..arrays import Array, run_starts


@dataclass(frozen=True)
class Figure:
    """Figures that are bounded together, and have noise of one size.

    cap: the most that a person adds to one of the figures in a row. bound: the length, at most, of
    the vector of all these figures that a person adds to a row. share: of the price, beside the
    shares of the other figures. whole: whether people add whole numbers. of_first: whether the
    figures are published as shares of the first one, which itself is not.
    """

    names: tuple[str, ...]
    cap: float
    bound: float
    share: float
    whole: bool = True
    of_first: bool = False


@dataclass(frozen=True)
class Contributions:
    """What people add to rows, in m pairs of a row and a person; no pair twice.

    row, person: (m,). values: (m,) each, by figure, 0 or more.
    """

    row: Array
    person: Array
    values: Mapping[str, Array]


@dataclass(frozen=True)
class Bounded:
    """Contributions of which no person has more than max_rows.

    beyond: how many people had more.
    """

    kept: Contributions
    beyond: int


def bound_rows(given: Contributions, max_rows: int) -> Bounded:
    """Keep at most so many rows of each person, chosen at random."""
    chance = np.frombuffer(os.urandom(8 * len(given.row)), np.uint64)
    order = np.lexsort((chance, given.person))
    person = given.person[order]

    first = np.flatnonzero(run_starts(person))
    size = np.diff(np.append(first, len(person)))
    rank = np.arange(len(person)) - np.repeat(first, size)

    kept = np.sort(order[rank < max_rows])
    values = {name: column[kept] for name, column in given.values.items()}
    beyond = np.sum(size > max_rows)
    some = Contributions(given.row[kept], given.person[kept], values)
    return Bounded(some, int(beyond))


def bounded_sums(given: Contributions, figure: Figure, units: int, n_rows: int) -> Array:
    """(figures, n_rows) int64: sums of what people add, in units, a number of which is one.

    This is where a person is bounded within a row: what is above the cap, or longer than the bound,
    is made smaller by one factor. Then each value is rounded down to a unit.
    """
    each = np.stack([given.values[name] for name in figure.names])
    each = each.astype(np.float64)
    greatest = np.maximum(each.max(axis=0), 1e-9)
    length = np.maximum(np.sqrt(np.sum(each**2, axis=0)), 1e-9)

    cut = np.minimum(figure.cap / greatest, figure.bound / length)
    bounded = each * np.minimum(cut, 1.0)
    # a whole number that floating point makes a hair too small is not one less
    in_units = np.floor(bounded * units * (1 + 1e-12))

    # sums of whole numbers are exact in float64
    sums = [np.bincount(given.row, values, n_rows) for values in in_units]
    return np.array(sums).astype(np.int64)
