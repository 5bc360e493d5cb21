# SPDX-License-Identifier: GPL-2.0-or-later
"""What people add to regions that are published."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from ..arrays import Array, Columns, flattened, sparse_counts
from ..disclosure.contributions import Contributions, Figure
from ..disclosure.publish import CAP, PEOPLE, Table
from ..errors import Progress, no_progress, part_of
from ..features.region_activity import visits_of
from ..mobility.tables import HOME, WORK
from ..tracks import Tracks
from .geometry import fixes_inside, usable_polygons
from .heads import count_users
from .people import SHARES, at_places, shares_of

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

    from ..mobility.people import PeopleLabels
    from .scores import Label

VISITS = Figure(("n_visits",), CAP, CAP, 0.2)
PLACES = Figure(("residents", "workers"), 1, np.sqrt(2), 0.1, whole=False)
# One for a person of known labels, at most one for commuting, and at most one for all modes
LABELS = Figure(("n_labelled", *SHARES), 1, np.sqrt(3), 0.1, whole=False, of_first=True)


def regions_to_publish(
    tracks: Tracks,
    polygons: Array,
    names: Mapping[str, Array],
    label: Label | None = None,
    progress: Progress = no_progress,
) -> Table:
    """Regions by who has a fix inside.

    polygons: (n,) shapely in lon/lat. names: (n,) text by field. label: labels people, for
    residents, workers and shares; None without these.
    """
    users = tracks.by_user()
    regions = usable_polygons(polygons)
    inside = fixes_inside(users, regions, part_of(progress, 0.0, 0.3))
    fixes = count_users(users, inside)
    region, first, _ = visits_of(users, *flattened(inside))
    visits = sparse_counts(region, users.user[first], fixes.shape)

    pairs = fixes.tocoo()
    row = pairs.row
    person = pairs.col
    values = {"n_users": np.ones(len(row)), "n_visits": values_at(visits, row, person)}
    figures: tuple[Figure, ...] = (PEOPLE, VISITS)
    if label is not None:
        labels = label(users, part_of(progress, 0.3, 1.0))
        values |= label_values(labels, fixes, regions, row, person)
        figures = (PEOPLE, VISITS, PLACES, LABELS)
    progress(1.0)
    return Table(names, polygons, Contributions(row, person, values), figures, known=True)


def label_values(
    labels: PeopleLabels,
    fixes: csr_matrix,
    regions: Array,
    row: Array,
    person: Array,
) -> Columns:
    """(m,) what the labels of people add. row, person: (m,) pairs of a region and a visitor."""
    shares = shares_of(labels)[person]
    values = {
        "residents": values_at(at_places(labels, HOME, fixes, regions), row, person),
        "workers": values_at(at_places(labels, WORK, fixes, regions), row, person),
        "n_labelled": (~np.isnan(shares).any(axis=1)).astype(np.float64),
    }
    shares[np.isnan(shares).any(axis=1)] = 0.0
    for name, share in zip(SHARES, shares.T):
        values[name] = share
    return values


def values_at(matrix: csr_matrix, row: Array, column: Array) -> Array:
    """(m,) the values of a sparse matrix at pairs of a row and a column."""
    if not len(row):
        return np.zeros(0)
    return np.asarray(matrix[row, column]).ravel().astype(np.float64)
