# SPDX-License-Identifier: GPL-2.0-or-later
"""Counts with noise: epsilon-differential privacy of persons, by the discrete Laplace mechanism.

Whoever sees the counts, and all else in the world, learns hardly more of a person than from counts without the person:
no answer gets likelier by more than a factor of exp(epsilon). So that the noise is bounded, a person counts in few
regions, those with most of the person's fixes (Ghosh, Roughgarden and Sundararajan 2012, for the mechanism). A person
here is an id and its other spellings: joining ids by their fixes would let one person change how others are counted.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..errors import InputError

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix


@dataclass(frozen=True)
class NoiseSettings:
    """How much a person adds to counts at most."""

    regions: int = 4  # in which the person is counted
    visits: int = 5  # in each of them
    slices: int = 8  # of a region's week, all regions together


SETTINGS = NoiseSettings()


def check_epsilon(epsilon: float) -> None:
    """Raise InputError for an epsilon that is no positive number, or 0 for no noise."""
    if not 0 <= epsilon < np.inf:
        raise InputError("Epsilon must be a positive number, such as 1, or 0 for counts without noise.")


def noisy_totals(given: csr_matrix, most_rows: int, most_each: int, epsilon: float) -> np.ndarray:
    """(n,) whole numbers: the sums of what users add, bounded, with noise.

    given: sparse (n, n_users), what each user adds to each sum. most_rows: sums to which a user adds, the largest ones.
    most_each: what a user adds to a sum at most. Each call spends epsilon: answers to two calls tell as much as one
    answer with the sum of their epsilons.
    """
    total = np.asarray(bounded(given, most_rows, most_each).sum(axis=1), np.int64).ravel()
    # From the operating system, so that nobody can draw the noise again
    random = np.random.default_rng(int.from_bytes(os.urandom(32), "little"))
    stop = -np.expm1(-epsilon / (most_rows * most_each))
    return total + random.geometric(stop, len(total)) - random.geometric(stop, len(total))


def bounded(given: csr_matrix, most_rows: int, most_each: int) -> csr_matrix:
    """What users add to sums, in most_rows sums a user at most, and most_each in each. given: sparse (n, n_users)."""
    from scipy.sparse import csr_matrix

    entries = given.tocoo()
    order = np.lexsort((entries.row, -entries.data, entries.col))
    row, user, data = entries.row[order], entries.col[order], entries.data[order]
    kept = np.arange(len(user)) - np.searchsorted(user, user) < most_rows
    return csr_matrix((np.minimum(data, most_each)[kept], (row[kept], user[kept])), shape=given.shape)
