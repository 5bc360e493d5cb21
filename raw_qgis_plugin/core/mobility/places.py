# SPDX-License-Identifier: GPL-2.0-or-later
"""Places: which stops of a user are at the same place, and what each place is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..arrays import Groups, chained
from ..geodesy import near_lon, on_sphere
from ..tracks import Tracks
from .tables import Column, Places, Stops

if TYPE_CHECKING:
    from .place_features import PlaceFacts
    from .place_head import Judgement

NEAR_M = 100.0  # from stop to stop of a place, so that a large building is one place
CELL_M = NEAR_M / 4
# Users lie in layers so far apart that nobody's place is near somebody else's
LAYER_M = 1e8


def number_places(user: Column, lon: Column, lat: Column) -> Column:
    """(k,) the place of each stop, from 0 in the order of first visits.

    A place is a chain of one user's stops that are within NEAR_M of each other. user: (k,). lon,
    lat: (k,) degrees.
    """
    if not len(user):
        return np.zeros(0, np.int64)
    # Stops in one cell of a fine grid are one point of a chain: few points for many stops
    cell = np.floor(on_sphere(lon, lat) / CELL_M)
    cells = np.column_stack([user, cell]).astype(np.int64)
    _, first, number = np.unique(cells, axis=0, return_index=True, return_inverse=True)

    points = layered(user[first], lon[first], lat[first])
    chain = chained(points, NEAR_M)
    return _in_order_of_first(chain[number.ravel()])


def layered(user: Column, lon: Column, lat: Column) -> Column:
    """(k, 4) points in metres, those of different users far apart. lon, lat: (k,) degrees."""
    return np.column_stack([on_sphere(lon, lat), user * LAYER_M])


def _in_order_of_first(labels: Column) -> Column:
    """(k,) labels as numbers from 0, in the order in which they first occur."""
    _, first, number = np.unique(labels, return_index=True, return_inverse=True)
    return np.argsort(np.argsort(first))[number]


def name_places(stops: Stops, facts: PlaceFacts, judged: Judgement) -> Places:
    """The places of stops, from what is known of each and what the place head says of it."""
    _, first_visit = np.unique(stops.place, return_index=True)
    visits = Groups(stops.place, len(facts.user))
    return Places(
        user=facts.user,
        lon=stops.lon[first_visit],
        lat=stops.lat[first_visit],
        n_visits=visits.count(),
        nights=facts.nights,
        weekdays=facts.weekdays,
        kind=judged.kind,
        kind_guess=judged.kind_guess,
        kind_p=judged.kind_p,
        home_p=judged.home_p,
        work_p=judged.work_p,
    )


@dataclass(frozen=True)
class OwnPlaces:
    """Places of people, p rows; position -1 is nan."""

    user: Column  # (p,)
    stay_min: Column  # (p,) minutes there
    lon: Column  # (p + 1,) degrees, means of stops over time
    lat: Column

    @classmethod
    def of(cls, stops: Stops) -> tuple[OwnPlaces, Column]:
        """The places of stops, and the place (k,) of each stop."""
        _, first, number = np.unique(stops.place, return_index=True, return_inverse=True)
        by_place = Groups(number, len(first))
        minutes = (stops.t_leave - stops.t_arrive) / 60_000
        stay_min = by_place.sum(minutes)

        # Mean positions, near that of the first stop
        lon = near_lon(stops.lon, stops.lon[first][number])
        lon = by_place.sum(minutes * lon) / stay_min
        lat = by_place.sum(minutes * stops.lat) / stay_min

        lon = np.append(near_lon(lon, 0.0), np.nan)
        lat = np.append(lat, np.nan)
        return cls(stops.user[first], stay_min, lon, lat), number

    def nearest(
        self, fixes: Tracks, row: Column, metres: float, min_stay_min: float = 0.0
    ) -> Column:
        """(k,) the user's place that is nearest to the fixes in rows (k,); -1 where none is within
        some metres.
        """
        from scipy.spatial import cKDTree

        some = np.flatnonzero(self.stay_min >= min_stay_min)
        places = layered(self.user[some], self.lon[some], self.lat[some])

        points = layered(fixes.user[row], *fixes.at(row))
        _, nearest = cKDTree(places).query(points, distance_upper_bound=metres)
        return np.append(some, -1)[nearest]
