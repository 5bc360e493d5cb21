# SPDX-License-Identifier: GPL-2.0-or-later
"""What a publication costs: ρ of zero-concentrated differential privacy (Bun and Steinke 2016), and
what it means.

What is protected is a person in a whole publication. Prices of publications add up.
"""

from __future__ import annotations

from math import ceil, sqrt
from statistics import NormalDist

import numpy as np

NORMAL = NormalDist()
DELTA = 1e-6  # the probability, in a publication, that ε does not hold
EMPTY_SHOWN = 0.02  # the probability that a region in which nobody was is shown as if there were


def guess_bound(rho: float) -> float:
    """The share of right guesses, at most, of whether a person is in the data at all.

    So good is the best test of somebody who knows all about everybody else, before whom it is a
    coin: the noise is Gaussian, and a person moves all figures together by sqrt(2 ρ) standard
    deviations at most.
    """
    return NORMAL.cdf(sqrt(rho / 2)) + DELTA


def epsilon_of(rho: float) -> float:
    """The ε that a price means at half of DELTA: Canonne, Kamath and Steinke 2020, proposition 12.

    The other half of DELTA is for rows that are there because of one person.
    """
    above_one = np.logspace(-4, 4, 4000)
    order = 1 + above_one  # of Rényi's divergence
    chance = -np.log(DELTA / 2 * order) / above_one

    # every order gives a bound, and the least one counts
    epsilon = rho * order + chance + np.log1p(-1 / order)
    return max(float(epsilon.min()), 0.0)


def within(deviation: float) -> int:
    """The whole number that noise of a standard deviation is within in 95 % of cases."""
    return max(ceil(1.96 * deviation - 0.5), 0)


def least_shown(deviation: float, max_rows: int, known: bool) -> int:
    """The least noisy number of people of a row that is shown.

    A known row, which is there whoever is in the data, and empty is shown with the probability
    EMPTY_SHOWN at most. Other rows exist only where somebody was: that one of a person's, of at
    most max_rows, is shown although nobody else is in it has the probability DELTA / 2 at most.
    """
    chance = EMPTY_SHOWN if known else DELTA / 2 / max_rows
    deviations = NORMAL.inv_cdf(1 - chance)
    return 1 + ceil(deviation * deviations)
