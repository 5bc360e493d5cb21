# SPDX-License-Identifier: GPL-2.0-or-later
"""Trips: from stop to stop, from the legs of a diary, or as the layer's tracks are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..arrays import expand_ranges, join_rows, run_ends, run_starts, take_rows
from ..diary.diary import Diary
from ..diary.legs import Settings as LegSettings
from ..diary.modes import SHORT_MODES
from ..geodesy import metres_between, near_lon, on_sphere

if TYPE_CHECKING:
    from ..tracks import Tracks

SILENT_MS = 20 * 60_000  # a longer silence ends a trip ...
NEAR_M, REACH_M_S = 500.0, 8.0  # ... where the person is next, if that is so near, or as near as from fix to fix
PLACE_M, HALT_M = 100.0, 60.0  # who ends a trip, or halts, so near a place of their own is there
HALT_MS = 4 * 60_000  # of a halt, with half of the time to the fixes before and after it
HALT_PLACE_MIN = 60.0  # stayed at a place where halts count: a platform where somebody waited once is none
A_TIME = 1 << 18  # fixes
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

    @property
    def minutes(self) -> np.ndarray:
        """(n,) minutes that each takes."""
        return (self.t_end - self.t_start) / 60_000


class _Places:
    """Places of people. of_stop: (k,) the place of each stop. xy: (p, 2) lon and lat, the mean of its stops by time."""

    def __init__(self, diary: Diary, user: np.ndarray) -> None:
        stay, key = diary.stops["duration_min"], user << 32 | diary.stops["place"]
        keys, first, self.of_stop = np.unique(key, return_index=True, return_inverse=True)
        self.user, self.stay_min = keys >> 32, np.bincount(self.of_stop, stay, len(keys))
        at = near_lon(diary.stop_lon, diary.stop_lon[first][self.of_stop]), diary.stop_lat
        lon, lat = (np.bincount(self.of_stop, stay * each, len(keys)) / self.stay_min for each in at)
        self.xy = np.column_stack([near_lon(lon, 0.0), lat])

    def near(self, xy: np.ndarray, user: np.ndarray, metres: float, min_stay_min: float = 0.0) -> np.ndarray:
        """(n,) the place of the person that is nearest to each point (n, 2); -1 where none is within some metres."""
        from scipy.spatial import cKDTree

        def layered(xy: np.ndarray, user: np.ndarray) -> np.ndarray:  # people in layers that never meet
            return np.column_stack([on_sphere(*xy.T), user * 1e8])

        some = np.flatnonzero(self.stay_min >= min_stay_min)
        tree, result = cKDTree(layered(self.xy[some], self.user[some])), np.empty(len(xy), np.int64)
        for first in range(0, len(xy), A_TIME):  # so that no array grows beyond what the memory's caches hold
            part = slice(first, first + A_TIME)
            result[part] = tree.query(layered(xy[part], user[part]), distance_upper_bound=metres)[1]
        return np.append(some, -1)[result]


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

    A trip begins and ends at its stops, and with a long silence: at a place of the person that is near, else where the
    person is seen next, if that is no farther than one travels from fix to fix; else at its last fix, if one travels no
    farther than NEAR_M from fix to fix, or nobody knows where. A halt at a place where the person stays at other times
    is a stop. A way back to where it began is two trips, there and back, as travel surveys count, or none if it leads
    nowhere. Modes are those of the legs, weighted by length.
    """
    stops, legs, ways = diary.stops, diary.trips, diary.trip_fixes
    user = np.append(diary.stop_user, ways.track_user).astype(np.int64)  # rows of ids
    n, n_stops, ends = len(user), len(stops["user_id"]), (ways.track_offsets[:-1], ways.track_offsets[1:] - 1)
    places, fixes, sides = _Places(diary, user[:n_stops]), np.column_stack([ways.lon, ways.lat]), []
    for row, of_stop, of_leg in zip(ends, ("t_arrive", "t_leave"), ("t_start", "t_end")):
        place = np.append(places.of_stop, places.near(fixes[row], user[n_stops:], PLACE_M))
        xy = np.append(places.xy[places.of_stop], fixes[row], axis=0)
        xy[place >= 0] = places.xy[place[place >= 0]]
        sides.append((np.append(stops[of_stop], legs[of_leg]), place, xy))
    order = np.lexsort((np.arange(n) >= n_stops, sides[0][0], user))  # stops and legs in one row of time
    user, is_leg = user[order], order >= n_stops
    t, place, xy = (np.stack(pair)[:, order] for pair in zip(*sides))  # (2, n), (2, n, 2): begin and end of each
    same = np.concatenate([[False], user[1:] == user[:-1], [False]])  # row k: from what comes before k to k
    silence = np.concatenate([[0], t[0, 1:] - t[1, :-1], [0]])
    on = same & (silence <= SILENT_MS) & np.append(is_leg, False) & np.append(False, is_leg)
    own = [np.flatnonzero(is_leg & ~also) for also in (on[:-1], on[1:])]  # the first and last leg of each trip
    rows = [row[order[leg] - n_stops] for row, leg in zip(ends, own)]
    reach = NEAR_M + REACH_M_S * (t[1, own[1]] - t[0, own[0]]) / 1000 / np.maximum(rows[1] - rows[0], 1)

    def end(side: int) -> _Anchors:
        """One end of each trip: 0 where it begins, beside what was before, or 1, beside what comes next."""
        leg = own[side]
        gap, other = leg + side, (leg + 2 * side - 1) % n
        near = metres_between(*xy[side, leg].T, *xy[1 - side, other].T) < reach
        seen = near & (silence[gap] <= 1000 * LegSettings.max_unseen_s)
        seen = same[gap] & (seen | (~is_leg[other] & (silence[gap] <= SILENT_MS)))
        moved = seen & (place[side, leg] < 0) & (~is_leg[other] | (side == 1))
        where = np.where(moved, 1 - side, side), np.where(moved, other, leg)
        known = (place[side, leg] >= 0) | seen | (same[gap] & (reach < 2 * NEAR_M))
        return _Anchors(np.arange(len(leg)), rows[side], rows[side], place[where], xy[where], known)

    trip = np.searchsorted(own[0], np.flatnonzero(is_leg), side="right") - 1  # of each leg
    anchors = _sorted([end(0), _halts(ways, trip[ways.track], places, user[own[0]], *rows), end(1)])
    anchors = _sorted([anchors, _turns(anchors, fixes)])
    a = np.flatnonzero(~run_starts(anchors.trip)) - 1
    a = a[(anchors.place[a] < 0) | (anchors.place[a] != anchors.place[a + 1])]
    leave, arrive, step = anchors.leave[a], anchors.arrive[a + 1], ways.steps()
    metres = np.zeros(len(ways))
    metres[step] = ways.metres_to_next(step)
    parts = (metres * p[ways.track] for p in (np.ones(ways.n_tracks), *np.nan_to_num(diary.mode_p).T))
    total, *by_mode = (run[arrive] - run[leave] for run in (np.append(0, np.cumsum(each)) for each in parts))
    mode_p = np.column_stack(by_mode) / np.maximum(total, 1e-9)[:, None]
    begins, ends_at = anchors.xy[a], anchors.xy[a + 1]
    total = np.maximum(total, metres_between(*begins.T, *ends_at.T))  # the last fix may be far from where a trip ends
    who, known = user[own[0]][anchors.trip[a]], anchors.known[a] & anchors.known[a + 1]
    return Trips(diary.users["user_id"], who, ways.t[leave], ways.t[arrive], begins, ends_at, total, mode_p, known)


def _sorted(parts: list[_Anchors]) -> _Anchors:
    anchors = join_rows(parts)
    return take_rows(anchors, np.lexsort((anchors.arrive, anchors.trip)))


def _halts(
    ways: Tracks, trip: np.ndarray, places: _Places, user: np.ndarray, row0: np.ndarray, row1: np.ndarray
) -> _Anchors:
    """Halts of trips at places. trip: of each fix. user, row0, row1: of each trip, and the rows of its fixes."""
    place = places.near(np.column_stack([ways.lon, ways.lat]), user[trip], HALT_M, HALT_PLACE_MIN)
    first = np.flatnonzero(run_starts(trip, place))
    last = run_ends(first, len(place))
    inner = (place[first] >= 0) & (first > row0[trip[first]]) & (last < row1[trip[first]])
    first, last = first[inner], last[inner]
    stays = (ways.t[last] - ways.t[first] + ways.t[last + 1] - ways.t[first - 1]) / 2 >= HALT_MS
    first, last = first[stays], last[stays]
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
