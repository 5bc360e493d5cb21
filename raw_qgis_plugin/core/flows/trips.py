# SPDX-License-Identifier: GPL-2.0-or-later
"""Trips: from stop to stop, from the legs of a diary, or as the layer's tracks are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..diary.diary import Diary
from ..diary.modes import SHORT_MODES
from ..geodesy import metres_between

if TYPE_CHECKING:
    from ..tracks import Tracks

SILENT_MIN, NEAR_M = 20.0, 500.0  # a longer silence ends a trip; after it, a stop this near is where it began


@dataclass(frozen=True)
class Trips:
    """n trips. user: (n,) row of user_ids. t_start, t_end: (n,) epoch ms. begin, end: (n, 2) lon and lat, degrees.
    metres: (n,). mode_p: (n, 4) probabilities of SHORT_MODES; what is missing to 1 is not known. complete: (n,) bool,
    whether something of the person is on record before and after a trip.
    """

    user_ids: np.ndarray
    user: np.ndarray
    t_start: np.ndarray
    t_end: np.ndarray
    begin: np.ndarray
    end: np.ndarray
    metres: np.ndarray
    mode_p: np.ndarray
    complete: np.ndarray


def trips_of(diary: Diary) -> Trips:
    """The trips of a diary: from each stop of a person to the next one, by one or several modes.

    A trip begins and ends at its stops. A long silence ends a trip too, where the person was last seen: in the
    synthetic city that is within 200 m of the true end in 90 % of cases, as after a stop. Modes are those of the legs,
    weighted by their length.
    """
    stops, legs, ways, ids = diary.stops, diary.trips, diary.trip_fixes, diary.users["user_id"]
    row_of = {name: row for row, name in enumerate(ids)}  # the tables have this order
    user = np.array([row_of[name] for table in (stops, legs) for name in table["user_id"]], np.int64)
    n, n_stops = len(user), len(stops["user_id"])
    t0, t1 = (np.append(stops[a], legs[b]) for a, b in (("t_arrive", "t_start"), ("t_leave", "t_end")))
    places = np.column_stack([diary.stop_lon, diary.stop_lat])
    xy0, xy1 = (
        np.append(places, np.column_stack([ways.lon[row], ways.lat[row]]), axis=0)
        for row in (ways.track_offsets[:-1], ways.track_offsets[1:] - 1)
    )
    order = np.lexsort((np.arange(n) >= n_stops, t0, user))  # stops and legs in one row of time
    user, t0, t1, xy0, xy1, is_leg = (values[order] for values in (user, t0, t1, xy0, xy1, np.arange(n) >= n_stops))
    same, soon = user[1:] == user[:-1], t0[1:] - t1[:-1] <= 60_000 * SILENT_MIN
    there = same & (soon | (metres_between(*xy1[:-1].T, *xy0[1:].T) < NEAR_M))  # what comes next is at the same place
    apart = ~(same & soon & is_leg[1:] & is_leg[:-1])
    first, last = (np.flatnonzero(is_leg & end) for end in (np.append(True, apart)[:n], np.append(apart, True)[:n]))
    before, after = np.maximum(first - 1, 0), np.minimum(last + 1, n - 1)
    at_stop, to_stop = np.append(False, there)[first] & ~is_leg[before], np.append(there, False)[last] & ~is_leg[after]
    begin, end = np.where(at_stop[:, None], xy1[before], xy0[first]), np.where(to_stop[:, None], xy0[after], xy1[last])
    complete = np.append(False, same)[first] & np.append(same, False)[last]
    trip, leg = np.searchsorted(first, np.flatnonzero(is_leg), side="right") - 1, order[is_leg] - n_stops
    metres = np.bincount(trip, legs["distance_m"][leg], len(first))
    share = legs["distance_m"][leg] / np.maximum(metres[trip], 1e-9)
    mode_p = np.column_stack([np.bincount(trip, share * p, len(first)) for p in np.nan_to_num(diary.mode_p[leg]).T])
    return Trips(ids, user[first], t0[first], t1[last], begin, end, metres, mode_p, complete)


def trips_of_tracks(tracks: Tracks) -> Trips:
    """Each track as a trip of unknown mode, from its first fix to its last one."""
    first, last = tracks.track_offsets[:-1], tracks.track_offsets[1:] - 1
    begin, end = (np.column_stack([tracks.lon[row], tracks.lat[row]]) for row in (first, last))
    step, n = tracks.steps(), tracks.n_tracks
    metres = np.bincount(tracks.track[step], tracks.metres_to_next(step), n)
    columns = metres, np.zeros((n, len(SHORT_MODES))), np.ones(n, bool)
    return Trips(tracks.user_ids, tracks.track_user, tracks.t[first], tracks.t[last], begin, end, *columns)
