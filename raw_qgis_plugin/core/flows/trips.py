# SPDX-License-Identifier: GPL-2.0-or-later
"""Trips: from stop to stop, from the legs of a diary, or as the layer's tracks are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..arrays import expand_ranges, join_rows, run_ends, run_starts, take_rows
from ..diary.diary import Diary
from ..diary.modes import SHORT_MODES
from ..geodesy import metres_between, on_sphere

if TYPE_CHECKING:
    from ..tracks import Tracks

MINUTE = 60_000
SILENT_MS = 20 * MINUTE  # a longer silence ends a trip ...
NEAR_M = 500.0  # ... at the stop after it, if that is so near ...
REACH_MS, REACH_M_S = 180 * MINUTE, 8.0  # ... or where the next fix is, if one travels as far from fix to fix
PLACE_M, HALT_M = 100.0, 60.0  # who ends a trip, or halts, so near a place of their own is there
HALT_MS = 4 * MINUTE  # of a halt, with half of the time to the fixes before and after it
HALT_PLACE_MIN = 60.0  # stayed at a place where halts count: a platform where somebody waited once is none
LOOP_M = 150.0  # a way back to where it began has been to its farthest point, if that is farther


@dataclass(frozen=True)
class Trips:
    """n trips. user: (n,) row of user_ids. t_start, t_end: (n,) epoch ms. begin, end: (n, 2) lon and lat, degrees.
    metres: (n,). mode_p: (n, 4) probabilities of SHORT_MODES; what is missing to 1 is not known. complete: (n,) bool,
    whether the record shows where a trip begins and ends.
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


class _Places:
    """Places of people. of_stop: (k,) the place of each stop. xy: (p, 2) lon and lat of the longest stop of each."""

    def __init__(self, diary: Diary, user: np.ndarray) -> None:
        stay, key = diary.stops["duration_min"], user << 32 | diary.stops["place"]
        order = np.argsort(-stay, kind="stable")
        keys, longest = np.unique(key[order], return_index=True)
        self.of_stop, self.user = np.searchsorted(keys, key), keys >> 32
        self.xy = np.column_stack([diary.stop_lon, diary.stop_lat])[order][longest]
        self.stay_min = np.bincount(self.of_stop, stay, len(keys))

    def near(self, xy: np.ndarray, user: np.ndarray, metres: float, min_stay_min: float = 0.0) -> np.ndarray:
        """(n,) the place of the person that is nearest to each point (n, 2); -1 where none is within some metres."""
        from scipy.spatial import cKDTree

        some = np.flatnonzero(self.stay_min >= min_stay_min)
        here, points = (
            np.column_stack([on_sphere(*at.T), who * 1e8])  # people in layers that never meet
            for at, who in ((self.xy[some], self.user[some]), (xy, user))
        )
        return np.append(some, -1)[cKDTree(here).query(points, distance_upper_bound=metres)[1]]


@dataclass(frozen=True)
class _Anchors:
    """Where trips begin, halt and end. arrive, leave: rows of fixes. place: -1 for none. xy: (k, 2)."""

    trip: np.ndarray
    arrive: np.ndarray
    leave: np.ndarray
    place: np.ndarray
    xy: np.ndarray
    known: np.ndarray  # bool: on record


def trips_of(diary: Diary) -> Trips:
    """The trips of a diary: from each stop of a person to the next one, by one or several modes.

    A trip begins and ends at its stops. A long silence ends a trip too: at a place of the person that is near, else
    where the person is seen next, if that is no farther than one travels from fix to fix; else at its last fix, if one
    travels no farther than NEAR_M from fix to fix, or nobody knows where. A halt at a place where the person stays at
    other times is a stop. A way back to where it began is two trips, there and back, as travel surveys count, or none
    if it leads nowhere. Modes are those of the legs, weighted by length.
    """
    stops, legs, ways, ids = diary.stops, diary.trips, diary.trip_fixes, diary.users["user_id"]
    user = np.append(diary.stop_user, ways.track_user).astype(np.int64)  # rows of ids
    n, n_stops = len(user), len(stops["user_id"])
    t0, t1 = (np.append(stops[a], legs[b]) for a, b in (("t_arrive", "t_start"), ("t_leave", "t_end")))
    places, fixes = _Places(diary, user[:n_stops]), np.column_stack([ways.lon, ways.lat])
    sides = []
    for row in (ways.track_offsets[:-1], ways.track_offsets[1:] - 1):
        place = np.append(places.of_stop, places.near(fixes[row], user[n_stops:], PLACE_M))
        xy = np.append(places.xy[places.of_stop], fixes[row], axis=0)
        xy[place >= 0] = places.xy[place[place >= 0]]
        sides += [xy, place]
    is_leg = np.arange(n) >= n_stops
    order = np.lexsort((is_leg, t0, user))  # stops and legs in one row of time
    user, t0, t1, xy0, place0, xy1, place1, is_leg = (v[order] for v in (user, t0, t1, *sides, is_leg))
    same = np.concatenate([[False], user[1:] == user[:-1], [False]])  # row k: from what comes before k to k
    silence = np.concatenate([[0], t0[1:] - t1[:-1], [0]])
    on = same[1:-1] & (silence[1:-1] <= SILENT_MS) & is_leg[1:] & is_leg[:-1]
    first, last = (np.flatnonzero(is_leg & ~also[:n]) for also in (np.append(False, on), np.append(on, False)))
    row0, row1 = ways.track_offsets[order[first] - n_stops], ways.track_offsets[order[last] - n_stops + 1] - 1
    reach = NEAR_M + REACH_M_S * (t1[last] - t0[first]) / 1000 / np.maximum(row1 - row0, 1)

    def ends(own: np.ndarray, row: np.ndarray, step: int, at: tuple, beside: tuple) -> _Anchors:
        """One end of each trip. own: its leg. step: 1 to what comes next on record, -1 to what was before."""
        other, gap = (own + step) % n, own + (step > 0)
        near = metres_between(*at[0][own].T, *beside[0][other].T)
        at_stop = same[gap] & ~is_leg[other] & ((silence[gap] <= SILENT_MS) | (near < NEAR_M))
        at_place = ~at_stop & (at[1][own] >= 0)
        seen = same[gap] & (near < reach) & (silence[gap] <= REACH_MS) & ~at_place & (is_leg[other] | (step > 0))
        moved = at_stop | (seen & (step > 0))
        place, xy = (
            np.where(moved, beside[1][other], at[1][own]),
            np.where(moved[:, None], beside[0][other], at[0][own]),
        )
        known = at_stop | at_place | seen | (same[gap] & (reach < 2 * NEAR_M))
        return _Anchors(np.arange(len(own)), row, row, place, xy, known)

    trip = np.searchsorted(first, np.flatnonzero(is_leg), side="right") - 1  # of each leg
    begin, end = ends(first, row0, -1, (xy0, place0), (xy1, place1)), ends(last, row1, 1, (xy1, place1), (xy0, place0))
    anchors = _sorted([begin, _halts(ways, trip[ways.track], places, user[first], row0, row1), end])
    anchors = _sorted([anchors, _turns(anchors, fixes)])
    a = np.flatnonzero(~run_starts(anchors.trip)) - 1
    a = a[(anchors.place[a] < 0) | (anchors.place[a] != anchors.place[a + 1])]
    leave, arrive, step = anchors.leave[a], anchors.arrive[a + 1], ways.steps()
    piece = np.searchsorted(leave, step, side="right") - 1
    on_way = step < np.append(arrive, 0)[piece]
    piece, step = piece[on_way], step[on_way]
    metres = ways.metres_to_next(step)
    total = np.bincount(piece, metres, len(a))
    share = metres / np.maximum(total[piece], 1e-9)
    by_mode = np.nan_to_num(diary.mode_p)[ways.track[step]].T
    mode_p = np.column_stack([np.bincount(piece, share * p, len(a)) for p in by_mode])
    who, known = user[first][anchors.trip[a]], anchors.known[a] & anchors.known[a + 1]
    begins, ends_at = anchors.xy[a], anchors.xy[a + 1]
    total = np.maximum(total, metres_between(*begins.T, *ends_at.T))  # the last fix may be far from where a trip ends
    return Trips(ids, who, ways.t[leave], ways.t[arrive], begins, ends_at, total, mode_p, known)


def _sorted(parts: list[_Anchors]) -> _Anchors:
    anchors = join_rows(parts)
    return take_rows(anchors, np.lexsort((anchors.arrive, anchors.trip)))


def _halts(
    ways: Tracks, trip: np.ndarray, places: _Places, user: np.ndarray, row0: np.ndarray, row1: np.ndarray
) -> _Anchors:
    """Halts of trips at places. trip: of each fix. user, row0, row1: of each trip, and the rows of its fixes."""
    t = ways.t
    place = places.near(np.column_stack([ways.lon, ways.lat]), user[trip], HALT_M, HALT_PLACE_MIN)
    first = np.flatnonzero(run_starts(trip, place))
    last = run_ends(first, len(place))
    inner = (place[first] >= 0) & (first > row0[trip[first]]) & (last < row1[trip[first]])
    first, last = first[inner], last[inner]
    stay = (t[last] - t[first] + t[last + 1] - t[first - 1]) / 2
    first, last = first[stay >= HALT_MS], last[stay >= HALT_MS]
    return _Anchors(trip[first], first, last, place[first], places.xy[place[first]], np.ones(len(first), bool))


def _turns(anchors: _Anchors, fixes: np.ndarray) -> _Anchors:
    """The farthest fix of each way that comes back to the place where it began."""
    a = np.flatnonzero(~run_starts(anchors.trip, anchors.place)) - 1
    a = a[anchors.place[a] >= 0]
    size = anchors.arrive[a + 1] - anchors.leave[a] + 1
    row, way = expand_ranges(anchors.leave[a], size), np.repeat(np.arange(len(a)), size)
    far = metres_between(*fixes[row].T, *anchors.xy[a][way].T)
    order = np.lexsort((far, way))[np.cumsum(size) - 1]
    row, trip = row[order][far[order] > LOOP_M], anchors.trip[a][far[order] > LOOP_M]
    return _Anchors(trip, row, row, np.full(len(row), -1), fixes[row], np.ones(len(row), bool))


def trips_of_tracks(tracks: Tracks) -> Trips:
    """Each track as a trip of unknown mode, from its first fix to its last one."""
    first, last = tracks.track_offsets[:-1], tracks.track_offsets[1:] - 1
    begin, end = (np.column_stack([tracks.lon[row], tracks.lat[row]]) for row in (first, last))
    step, n = tracks.steps(), tracks.n_tracks
    metres = np.bincount(tracks.track[step], tracks.metres_to_next(step), n)
    columns = metres, np.zeros((n, len(SHORT_MODES))), np.ones(n, bool)
    return Trips(tracks.user_ids, tracks.track_user, tracks.t[first], tracks.t[last], begin, end, *columns)
