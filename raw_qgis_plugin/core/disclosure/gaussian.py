# SPDX-License-Identifier: GPL-2.0-or-later
"""The discrete Gaussian of Canonne, Kamath and Steinke (2020), drawn exactly.

Only whole numbers and the randomness of the operating system are used. So no rounding of floating
point numbers changes a probability, and nobody can foresee a draw.
"""

from __future__ import annotations

import os
from math import isqrt

import numpy as np

from ..arrays import Array

MAX_INT = np.iinfo(np.int64).max


def discrete_gaussian(variance: int, n: int) -> Array:
    """(n,) int64 draws of whole numbers k, each with a probability in proportion to
    exp(-k² / (2 variance)). variance: from 1 to 10^8, beyond which int64 could overflow.
    """
    scale = isqrt(variance) + 1
    found = np.zeros(n, np.int64)
    left = np.arange(n)
    while len(left):
        proposed = discrete_laplace(scale, len(left))

        # Of those, as many are accepted as make the shape a bell
        off = np.abs(proposed) * scale - variance
        accepted = happens_exp(off**2, 2 * variance * scale**2)
        found[left[accepted]] = proposed[accepted]
        left = left[~accepted]
    return found


def discrete_laplace(scale: int, n: int) -> Array:
    """(n,) int64 draws, each with a probability in proportion to exp(-|k| / scale)."""
    found = np.zeros(n, np.int64)
    left = np.arange(n)
    while len(left):
        rest = below(np.full(len(left), scale))
        size = rest + scale * runs_of_successes(len(left))
        negative = below(np.full(len(left), 2)) == 1

        # zero would be drawn with both signs
        accepted = happens_exp(rest, scale) & ~(negative & (size == 0))
        found[left[accepted]] = np.where(negative, -size, size)[accepted]
        left = left[~accepted]
    return found


def runs_of_successes(n: int) -> Array:
    """(n,) int64: how often something of the probability 1/e happens before it first does not."""
    count = np.zeros(n, np.int64)
    going = np.arange(n)
    while len(going):
        going = going[happens_exp(np.ones(len(going), np.int64), 1)]
        count[going] += 1
    return count


def happens_exp(numerator: Array, denominator: int) -> Array:
    """(n,) bool: true with the probability exp(-numerator / denominator). numerator: (n,) int64."""
    whole = numerator // denominator
    happens = _happens_exp_of_part(numerator % denominator, denominator)
    step = 0
    going = np.flatnonzero(happens & (whole > step))
    while len(going):
        once = _happens_exp_of_part(np.ones(len(going), np.int64), 1)
        happens[going[~once]] = False
        step += 1
        going = np.flatnonzero(happens & (whole > step))
    return happens


def _happens_exp_of_part(numerator: Array, denominator: int) -> Array:
    """As `happens_exp`, for fractions from 0 to 1: by von Neumann's series of coins."""
    draws = np.ones(len(numerator), np.int64)
    going = np.arange(len(numerator))
    while len(going):
        once = below(denominator * draws[going]) < numerator[going]
        going = going[once]
        draws[going] += 1
    return draws % 2 == 1


def below(limits: Array) -> Array:
    """(n,) int64: a whole number from 0 to below each limit, all equally likely."""
    found = np.zeros(len(limits), np.int64)
    left = np.arange(len(limits))
    while len(left):
        limit = limits[left]
        drawn = np.frombuffer(os.urandom(8 * len(left)), np.int64) & MAX_INT

        # the last part of the range is shorter than the others, so it is drawn again
        even = drawn < MAX_INT // limit * limit
        rest = drawn % limit
        found[left[even]] = rest[even]
        left = left[~even]
    return found
