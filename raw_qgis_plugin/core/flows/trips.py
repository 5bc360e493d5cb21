# SPDX-License-Identifier: GPL-2.0-or-later
"""Trips: from stop to stop, from the legs of a diary, or as the layer's tracks are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..arrays import run_ends
from ..diary.diary import Diary
from ..diary.modes import find_modes
from ..errors import Progress
from ..geodesy import metres_between

if TYPE_CHECKING:
    from ..bundle.runtime import Model
    from ..tracks import Tracks

MODES = ("walk", "bike", "motor", "rail")  # in the order of diary.modes.MODES


@dataclass(frozen=True)
class Trips:
    """n trips. user: (n,) row of user_ids. t_start, t_end: (n,) epoch ms. begin, end: (n, 2) lon and lat, degrees.
    metres: (n,). mode_p: (n, 4) probabilities of MODES; what is missing to 1 is not known. complete: (n,) bool, whether
    a trip begins and ends at a stop, and not where the recording begins or ends.
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

    A trip begins and ends where its stops are. Its modes are those of its legs, weighted by their length. Legs before
    the first stop or after the last one make trips that are not complete.
    """
    stops, legs = diary.stops, diary.trips
    ids = diary.users["user_id"]  # in the order of the diary's tables
    row_of = {name: row for row, name in enumerate(ids)}
    stop_user, leg_user = (np.array([row_of[name] for name in table["user_id"]], np.int64) for table in (stops, legs))
    times = [stops["t_arrive"], stops["t_leave"], legs["t_start"], legs["t_end"]]
    first_ms = min((int(t.min()) for t in times if len(t)), default=0)
    span = max((int(t.max()) for t in times if len(t)), default=0) - first_ms + 2
    key = stop_user * span + stops["t_arrive"] - first_ms
    before = np.searchsorted(key, leg_user * span + legs["t_start"] - first_ms, side="right") - 1
    trip_key, first, trip = np.unique(leg_user * (len(key) + 1) + before + 1, return_index=True, return_inverse=True)
    n, who, stop = len(trip_key), leg_user[first], before[first]
    owner = np.append(stop_user, -1)  # the last is nobody's: the stop before the first one, or after the last
    has_begin, has_end = owner[stop] == who, owner[stop + 1] == who
    has_begin &= stop >= 0
    metres = np.bincount(trip, legs["distance_m"], n)
    share = legs["distance_m"] / np.maximum(metres[trip], 1e-9)
    mode_p = np.column_stack([np.bincount(trip, share * p, n) for p in np.nan_to_num(diary.mode_p).T])
    ways, last = diary.trip_fixes, run_ends(first, len(leg_user))
    begin, end = (
        np.column_stack([ways.lon[row], ways.lat[row]])
        for row in (ways.track_offsets[first], ways.track_offsets[last + 1] - 1)
    )
    places = np.column_stack([diary.stop_lon, diary.stop_lat])
    begin[has_begin], end[has_end] = places[stop[has_begin]], places[stop[has_end] + 1]
    t_start = np.where(has_begin, np.append(stops["t_leave"], 0)[stop], legs["t_start"][first])
    t_end = np.where(has_end, np.append(stops["t_arrive"], 0)[stop + 1], legs["t_end"][last])
    return Trips(ids, who, t_start, t_end, begin, end, metres, mode_p, has_begin & has_end)


def trips_of_tracks(tracks: Tracks, model: Model | None, progress: Progress) -> Trips:
    """Each track as a trip, from its first fix to its last one."""
    first, last = tracks.track_offsets[:-1], tracks.track_offsets[1:] - 1
    begin, end = (np.column_stack([tracks.lon[row], tracks.lat[row]]) for row in (first, last))
    a, n = tracks.steps(), tracks.n_tracks
    steps_m = metres_between(tracks.lon[a], tracks.lat[a], tracks.lon[a + 1], tracks.lat[a + 1])
    metres, mode_p = np.bincount(tracks.track[a], steps_m, n), np.nan_to_num(find_modes(tracks, model, progress).p)
    times = tracks.t[first], tracks.t[last]
    return Trips(tracks.user_ids, tracks.track_user, *times, begin, end, metres, mode_p, np.ones(n, bool))
