# SPDX-License-Identifier: GPL-2.0-or-later
"""Noise that is fixed: a figure of a region always gets the same noise, so that repeated runs
average to nothing.

Noise is Gaussian, in proportion to 1 / epsilon, and is rounded with its figure. Whatever figures of
a row one person is in, the row with the person and without differ by at most epsilon standard
deviations of its noise: zero-concentrated differential privacy with rho = epsilon² / 2 (Bun and
Steinke 2016). So somebody who knows all about everybody else and sees all figures of k rows guesses
right whether the person is in them in Phi(sqrt(k) epsilon / 2) of cases at most.

It is drawn from a keyed hash of the region's shape, of its persons with what they did there, of the
figure and of epsilon; the key is a secret of the user's profile. Were the noise the same for two
regions with the same persons, equal figures would tell that nobody is in one of them alone.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from math import ceil, sqrt
from statistics import NormalDist
from typing import TYPE_CHECKING, Any

import numpy as np

from ..arrays import group_quantile

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

PERSONS = 2.0  # standard deviation of the noise in numbers of persons, for an epsilon of 1
OTHERS = 2.5  # in other figures, to which one person adds at most one
# share of the variance that all figures of a row have in common, which hides who is in all of them
COMMON = 0.15
MEDIAN = 0.5  # epsilon of the choice of a median, whatever the epsilon of the row
# medians are rounded to these
STEPS = np.append(0, np.outer(10.0 ** np.arange(6), np.arange(1, 10, 0.5)).ravel())


def noise_keys(
    secret: bytes,
    shapes: np.ndarray,
    visits: csr_matrix,
    ids: np.ndarray,
    part: Sequence[str | int] = (),
) -> np.ndarray:
    """(n,) object: for each region a text that depends on its shape and on who visited it how
    often.

    shapes: (n,) shapely, in degrees; coordinates count to 1e-5 degrees, their order and direction
    do not, and a multipolygon of one part is that part. visits: sparse (n, n_users). ids:
    (n_users,) of the users. part: (n,) of each region, such as an hour.
    """
    import shapely

    one = np.where(shapely.get_num_geometries(shapes) == 1, shapely.get_geometry(shapes, 0), shapes)
    plain = shapely.normalize(shapely.transform(one, lambda xy: np.round(xy, 5) + 0.0))  # no -0
    keys = np.empty(len(shapes), object)
    for row, shape in enumerate(shapely.to_wkb(plain)):
        some = slice(visits.indptr[row], visits.indptr[row + 1])
        people = sorted(zip(ids[visits.indices[some]], visits.data[some].tolist()))
        keys[row] = _digest(secret, shape, people, part[row] if part else 0).hex()[:32]
    return keys


def noise(secret: bytes, key: str, figure: str, epsilon: float, spread: float) -> float:
    """The noise of a figure. key: of `noise_keys`. spread: its standard deviation for an epsilon of
    1.
    """
    drawn = (
        int.from_bytes(_digest(secret, key, name, float(epsilon))[:6], "big")
        for name in (figure, "")
    )
    own, common = (NormalDist().inv_cdf((number + 0.5) / 2**48) for number in drawn)
    return (sqrt(1 - COMMON) * own + sqrt(COMMON) * common) * spread / epsilon


def deviation(epsilon: float, spread: float = PERSONS, share: float = 0.95) -> int:
    """The whole number that the noise, rounded, stays within in a share of cases."""
    return max(ceil(NormalDist(0, spread / epsilon).inv_cdf((1 + share) / 2) - 0.5), 0)


def noisy_medians(
    secret: bytes,
    keys: np.ndarray,
    figure: str,
    values: np.ndarray,
    row: np.ndarray,
    person: np.ndarray,
) -> np.ndarray:
    """(n,) a step near the median of each row's persons, by the exponential mechanism; nan for rows
    without a key.

    values: (m,), of which a person's median counts, once a row. row, person: (m,).
    """
    cells, cell = np.unique(row * (int(person.max(initial=0)) + 1) + person, return_inverse=True)
    step = np.searchsorted((STEPS[1:] + STEPS[:-1]) / 2, group_quantile(values, cell, len(cells)))
    of = cells // (int(person.max(initial=0)) + 1)
    found, every = np.full(len(keys), np.nan), np.arange(len(STEPS))
    for at in np.flatnonzero([bool(key) for key in keys]):
        mine = np.sort(step[slice(*np.searchsorted(of, [at, at + 1]))])
        below, above = (
            np.searchsorted(mine, every),
            len(mine) - np.searchsorted(mine, every, "right"),
        )
        off = np.maximum(np.maximum(below, above) - len(mine) / 2, 0)
        drawn = np.frombuffer(
            hashlib.shake_256(_digest(secret, keys[at], figure)).digest(4 * len(STEPS)), "<u4"
        )
        found[at] = STEPS[np.argmax(-MEDIAN * off - np.log(-np.log((drawn + 0.5) / 2**32)))]
    return found


def _digest(secret: bytes, *parts: Any) -> bytes:
    return hmac.digest(secret, repr(parts).encode(), "sha256")
