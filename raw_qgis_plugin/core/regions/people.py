# SPDX-License-Identifier: GPL-2.0-or-later
"""What is known of the people who visit regions: sums over visitors of the labels of people."""

from __future__ import annotations

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

    residents, workers: visitors whose home or place of work is in the region, as sums of
    probabilities. n_labelled: visitors of known labels. share_commuters, share_walk, share_bike,
    share_motor, share_rail: their means over these. All but n_labelled with _low and _high, 80 %
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
    shares = shares_of(labels)
    is_known = ~np.isnan(shares[:, 0])
    people = (visits > 0).multiply(is_known).tocsr()
    people.eliminate_zeros()
    n = np.diff(people.indptr)
    enough = ~is_few(n, min_users)
    columns = {"n_labelled": np.where(enough, n, np.nan)}

    # means over people, and how far they may be off
    of_known = np.nan_to_num(shares)
    divisor = np.maximum(n, 1)[:, None]
    mean = people @ of_known / divisor
    variance = people @ of_known**2 / divisor - mean**2
    variance[:, 0] = mean[:, 0] * (1 - mean[:, 0])  # who commutes is itself uncertain
    error = np.sqrt(np.maximum(variance, 0) / divisor)
    for k, name in enumerate(SHARES):
        columns |= _interval(name, mean[:, k], error[:, k], enough, 1.0)
    return columns


def shares_of(labels: PeopleLabels) -> Array:
    """(n_users, 5) of each person SHARES, nan where labels are unknown."""
    columns = [labels.columns[name] for name in ("commuter_p", *SHARES[1:])]
    shares = np.stack(columns, axis=1)

    no_label = labels.columns["commuter"] == UNKNOWN
    unknown = np.isnan(shares).any(axis=1) | no_label
    shares[unknown] = np.nan
    return shares


def at_places(labels: PeopleLabels, kind: str, visits: csr_matrix, polygons: Array) -> csr_matrix:
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


def _interval(name: str, value: Array, error: Array, shown: Array, most: float) -> Columns:
    """A figure with its 80 % interval, within 0 and the most that it can be."""
    columns = {
        name: value,
        f"{name}_low": np.maximum(value - Z * error, 0),
        f"{name}_high": np.minimum(value + Z * error, most),
    }
    return {name: np.where(shown, values, np.nan) for name, values in columns.items()}
