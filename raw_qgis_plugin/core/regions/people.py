# SPDX-License-Identifier: GPL-2.0-or-later
"""What is known of the people who visit regions: sums over visitors of the labels of people."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..arrays import Array, Columns
from ..disclosure.thresholds import is_few, withheld
from ..labels import OF_REGIONS, SHORT_MODES, UNKNOWN
from ..mobility.tables import HOME, WORK
from .geometry import points_inside

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

    from ..mobility.people import PeopleLabels

PEOPLE_FIGURES = ("n_labelled", *(name for label in OF_REGIONS for name in label.every_column))
SHARES = ("share_commuters", *(f"share_{mode}" for mode in SHORT_MODES))
Z = 1.2816  # standard deviations of an 80 % interval


def people_figures(
    labels: PeopleLabels, visits: csr_matrix, polygons: Array, min_users: int
) -> Columns:
    """Figures of regions (n,) float64 each, nan where fewer than min_users people are behind one.

    They are expected values over all visitors who can be judged, whether their own label is clear
    or not. residents, workers: visitors whose home or place of work is in the region. n_labelled:
    visitors of whom it is clear whether they commute. share_commuters, share_walk, share_bike,
    share_motor, share_rail: means over visitors. All but n_labelled with _low and _high, 80 %
    intervals. visits: sparse (n, n_users), in the order of the labels.
    """
    columns: Columns = {}
    for name, kind in (("residents", HOME), ("workers", WORK)):
        there = at_places(labels, kind, visits, polygons)
        total = np.asarray(there.sum(axis=1)).ravel()
        squares = np.asarray(there.multiply(there).sum(axis=1)).ravel()

        error = np.sqrt(np.maximum(total - squares, 0))
        shown = ~withheld(min_users, there)
        columns |= _interval(name, total, error, shown, np.inf)
    return columns | share_figures(labels, visits, min_users)


def share_figures(labels: PeopleLabels, visits: csr_matrix, min_users: int) -> Columns:
    """n_labelled and SHARES of regions with their intervals. visits: of `people_figures`."""
    is_clear = labels.columns["commuter"] != UNKNOWN
    clear = (visits > 0) @ is_clear.astype(float)
    columns = {"n_labelled": np.where(is_few(clear, min_users), np.nan, clear)}
    days = labels.columns["n_days_seen"]
    for name, p in zip(SHARES, shares_of(labels).T):
        share = expected_share(visits, p, days, own_doubt=name == SHARES[0])
        shown = ~is_few(share.n, min_users)
        columns |= _interval(name, share.mean, share.error, shown, 1.0)
    return columns


@dataclass(frozen=True)
class ShareSettings:
    """How far shares may be off (standard deviations). Chosen on three cities that no figure of
    docs/evidence/regions.md is of.

    off: of what all probabilities are off by alike. off_days: of the same, over the days that
    people are seen on: a first week may be no usual one. unjudged: of the share of those who cannot
    be judged, beside the share of the others.
    """

    off: float = 0.018
    off_days: float = 0.15
    unjudged: float = 0.25


DEFAULT = ShareSettings()


@dataclass(frozen=True)
class ExpectedShare:
    """Shares of the visitors of regions. mean, error (a standard deviation), n (who are judged):
    (n,) each.
    """

    mean: Array
    error: Array
    n: Array


def expected_share(
    visits: csr_matrix, p: Array, days: Array, own_doubt: bool, s: ShareSettings = DEFAULT
) -> ExpectedShare:
    """The share of visitors that a probability or share of each of them (n_users,) makes, nan where
    nobody can know.

    days: (n_users,) with fixes. own_doubt: p are probabilities of yes, so the error is the doubt
    about each visitor; else it is that of the mean of people who differ. visits: sparse (n,
    n_users).
    """
    there = visits > 0
    judged = np.isfinite(p).astype(float)
    everybody = there @ np.ones(len(p))
    n = there @ judged
    divisor = np.maximum(n, 1)

    known = np.nan_to_num(p)
    mean = there @ known / divisor
    squares = there @ known**2 / divisor
    variance = mean - squares if own_doubt else squares - mean**2

    off_alike = s.off + s.off_days / np.maximum(days, 1)
    off = there @ (off_alike * judged) / divisor
    unjudged = s.unjudged * (1 - n / np.maximum(everybody, 1))
    error = np.sqrt(np.maximum(variance, 0) / divisor + off**2 + unjudged**2)
    return ExpectedShare(mean, error, n)


def shares_of(labels: PeopleLabels) -> Array:
    """(n_users, 5) of each person SHARES, nan where nobody can know."""
    columns = [labels.columns[name] for name in ("commuter_p", *SHARES[1:])]
    return np.stack(columns, axis=1)


def at_places(labels: PeopleLabels, kind: str, visits: csr_matrix, polygons: Array) -> csr_matrix:
    """Sparse (n, n_users): the probability that a visitor has a place of a kind in a region."""
    from scipy.sparse import csr_matrix

    places = labels.diary.places
    p = places.home_p if kind == HOME else places.work_p
    some = np.flatnonzero(p > 0)
    region, at = points_inside(polygons, places.lon[some], places.lat[some])
    place = some[at]
    there = csr_matrix((p[place], (region, places.user[place])), shape=visits.shape)
    there.data = np.minimum(there.data, 1.0)  # of several places in one region
    there = there.multiply(visits > 0).tocsr()
    there.eliminate_zeros()
    return there


def _interval(name: str, value: Array, error: Array, shown: Array, most: float) -> Columns:
    """A figure with its 80 % interval, within 0 and the most that it can be."""
    columns = {
        name: value,
        f"{name}_low": np.maximum(value - Z * error, 0),
        f"{name}_high": np.minimum(value + Z * error, most),
    }
    return {name: np.where(shown, values, np.nan) for name, values in columns.items()}
