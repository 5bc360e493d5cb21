# SPDX-License-Identifier: GPL-2.0-or-later
"""What is known of the people who visit regions: sums over visitors of the labels of people."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..disclosure.publish import SHARES
from ..disclosure.thresholds import is_few, withheld
from ..labels import OF_REGIONS, UNKNOWN
from ..mobility.tables import HOME, WORK
from .geometry import points_inside

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

    from ..mobility.people import PeopleLabels

PEOPLE_FIGURES = ("n_labelled", *(name for label in OF_REGIONS for name in label.every_column))
Z = 1.2816  # standard deviations of an 80 % interval


def people_figures(
    labels: PeopleLabels, visits: csr_matrix, polygons: np.ndarray, min_users: int
) -> dict[str, np.ndarray]:
    """Figures of regions (n,) float64 each, nan where fewer than min_users people are behind one.

    residents, workers: visitors whose home or place of work is in the region, as sums of
    probabilities. n_labelled: visitors of known labels. share_commuters, share_walk, share_bike,
    share_motor, share_rail: their means over these. All but n_labelled with _low and _high, 80 %
    intervals. visits: sparse (n, n_users), in the order of the labels.
    """
    columns: dict[str, np.ndarray] = {}
    for name, kind in (("residents", HOME), ("workers", WORK)):
        there = _at_places(labels, kind, visits, polygons)
        total, squares = (
            np.asarray(each.sum(axis=1)).ravel() for each in (there, there.multiply(there))
        )
        error, shown = np.sqrt(np.maximum(total - squares, 0)), ~withheld(min_users, there)
        columns |= _interval(name, total, error, shown, np.inf)
    shares = np.stack(
        [labels.columns["commuter_p"], *(labels.columns[name] for name in SHARES[1:])], axis=1
    )
    known = ~np.isnan(shares).any(axis=1) & (labels.columns["commuter"] != UNKNOWN)
    people = (visits > 0).multiply(known).tocsr()
    people.eliminate_zeros()
    n = np.diff(people.indptr)
    enough = ~is_few(n, min_users)
    columns["n_labelled"] = np.where(enough, n, np.nan)
    n = np.maximum(n, 1)
    mean = people @ np.nan_to_num(shares) / n[:, None]
    spread = people @ np.nan_to_num(shares) ** 2 / n[:, None] - mean**2
    spread[:, 0] = mean[:, 0] * (1 - mean[:, 0])  # who commutes is itself uncertain
    for k, name in enumerate(SHARES):
        columns |= _interval(
            name, mean[:, k], np.sqrt(np.maximum(spread[:, k], 0) / n), enough, 1.0
        )
    return columns


def _interval(
    name: str, value: np.ndarray, error: np.ndarray, shown: np.ndarray, most: float
) -> dict[str, np.ndarray]:
    """A figure with its 80 % interval, within 0 and the most that it can be."""
    ends = np.maximum(value - Z * error, 0), np.minimum(value + Z * error, most)
    return {
        name + end: np.where(shown, x, np.nan)
        for end, x in zip(("", "_low", "_high"), (value, *ends))
    }


def _at_places(
    labels: PeopleLabels, kind: str, visits: csr_matrix, polygons: np.ndarray
) -> csr_matrix:
    """Sparse (n, n_users): the probability that a visitor has a place of a kind in a region."""
    from scipy.sparse import csr_matrix

    places = labels.places
    some = np.flatnonzero(places.kind == kind)
    region, at = points_inside(polygons, places.lon[some], places.lat[some])
    place = some[at]
    there = csr_matrix(
        (places.kind_p[place].astype(float), (region, places.user[place])), shape=visits.shape
    )
    there.data = np.minimum(there.data, 1.0)  # of several places in one region
    there = there.multiply(visits > 0).tocsr()
    there.eliminate_zeros()
    return there
