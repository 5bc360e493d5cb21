# SPDX-License-Identifier: GPL-2.0-or-later
"""What people add to flows and to zones that are published."""

from __future__ import annotations

import numpy as np

from ..disclosure.contributions import Contributions, Figure
from ..disclosure.publish import CAP, PEOPLE, Table
from ..labels import SHORT_MODES
from ..mobility.tables import Journeys
from ..specs import TripSpec
from .flows import (
    BY_MODE,
    cells_of_trips,
    names_of_cells,
    people_of_zones,
    trips_in_zones,
    ways,
)
from .zones import Zones

KNOWN_MODES = BY_MODE[: len(SHORT_MODES)]
# Trips by mode are at most as many as trips
TRIPS = Figure(("n_trips", *KNOWN_MODES), CAP, CAP * np.sqrt(2), 0.2, whole=False)
ENDS = Figure(("n_trips",), CAP, CAP, 0.2)


def flows_to_publish(trips: Journeys, zones: Zones | None, spec: TripSpec) -> Table:
    """Pairs of zones by slices of time. zones: None for hexagons of the world."""
    import shapely

    zoned = trips_in_zones(trips, zones, spec)
    cells = cells_of_trips(zoned)
    lines = np.full(len(cells.part), None)
    between = cells.begin != cells.end
    lines[between] = shapely.linestrings(ways(zoned, cells)[between])

    # a person in a cell is a pair
    pair = cells.cell * zoned.n_users + zoned.trips.user
    pairs, row = np.unique(pair, return_inverse=True)
    n = len(pairs)

    values = {"n_users": np.ones(n), "n_trips": np.bincount(row, minlength=n)}
    for name, p in zip(KNOWN_MODES, zoned.trips.mode_p.T):
        values[name] = np.bincount(row, p, n)

    given = Contributions(pairs // zoned.n_users, pairs % zoned.n_users, values)
    names = names_of_cells(zoned, cells)
    return Table(names, lines, given, (PEOPLE, TRIPS), known=False)


def zones_to_publish(trips: Journeys, zones: Zones | None, spec: TripSpec) -> Table:
    """Zones by who begins or ends a trip there. zones: None for hexagons of the world."""
    zoned = trips_in_zones(trips, zones, spec)
    visits = people_of_zones(zoned)["n_trips"].tocoo()

    values = {"n_users": np.ones(visits.nnz), "n_trips": visits.data}
    given = Contributions(visits.row, visits.col, values)
    names = {"zone": zoned.zones.names}
    known = zones is not None
    return Table(names, zoned.zones.shapes, given, (PEOPLE, ENDS), known)
