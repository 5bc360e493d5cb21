# SPDX-License-Identifier: GPL-2.0-or-later
"""Noise that is fixed: a figure of a region always gets the same noise, so that repeated runs average to nothing.

The noise is discrete Laplace (Ghosh, Roughgarden and Sundararajan 2012): with and without one person, who adds at most
`bound` to a figure, the odds of any published number differ by a factor of at most exp(epsilon). It is drawn from a
keyed hash of the region's shape, of its persons with what they did there, of the figure and of epsilon. Without the
key, a secret of the user's profile, it looks random. Another shape or other persons get other noise: were the noise
the same for two regions with the same persons, equal figures would tell that nobody is in one of them alone.
"""

from __future__ import annotations

import hmac
from math import ceil, exp, floor, log
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix


def noise_keys(
    secret: bytes, shapes: np.ndarray, visits: csr_matrix, ids: np.ndarray, part: np.ndarray | None = None
) -> np.ndarray:
    """(n,) object: for each region a text that depends on its shape and on who visited it how often.

    shapes: (n,) shapely, in degrees; coordinates count to 1e-5 degrees, their order and direction do not. visits:
    sparse (n, n_users). ids: (n_users,) of the users. part: (n,) of each region, such as an hour.
    """
    import shapely

    plain = shapely.normalize(shapely.transform(shapes, lambda xy: np.round(xy, 5) + 0.0))  # no -0
    parts = np.zeros(len(shapes), int) if part is None else part
    keys = np.empty(len(shapes), object)
    for row, shape in enumerate(shapely.to_wkb(plain)):
        some = slice(visits.indptr[row], visits.indptr[row + 1])
        people = sorted(zip(ids[visits.indices[some]], visits.data[some].tolist()))
        keys[row] = _digest(secret, shape, people, int(parts[row])).hex()[:32]
    return keys


def noise(secret: bytes, key: str, figure: str, epsilon: float, bound: int = 1) -> int:
    """The noise of a figure. key: of `noise_keys`. bound: what one person adds at most."""
    digest = _digest(secret, key, figure, float(epsilon))
    one, other = (int.from_bytes(half, "big") for half in (digest[:16], digest[16:]))
    return _geometric(one, epsilon / bound) - _geometric(other, epsilon / bound)


def deviation(epsilon: float, bound: int = 1, share: float = 0.95) -> int:
    """The whole number that the noise stays within in a share of cases."""
    alpha = exp(-epsilon / bound)
    return max(ceil(log((1 - share) * (1 + alpha) / 2) / log(alpha)) - 1, 0)


def _geometric(number: int, rate: float) -> int:
    """A whole number from 0, by the inverse of its distribution: k or more with the probability exp(-k rate)."""
    return floor(-log((number + 1) / 2**128) / rate)


def _digest(secret: bytes, *parts: Any) -> bytes:
    return hmac.digest(secret, repr(parts).encode(), "sha256")
