# SPDX-License-Identifier: GPL-2.0-or-later
"""Trips: from where people stay to where they stay next, by a diary and its fixes, or as the
layer's tracks are.
"""

from __future__ import annotations

import numpy as np

from ..arrays import expand_ranges, group_quantile, run_ends, run_starts
from ..geodesy import metres_between, near_lon, on_sphere
from ..tracks import Tracks
from .diary import Diary
from .stops import within
from .tables import SHORT_MODES, Journeys

# longer silences, also than so many times the usual one, end a trip ...
SILENT_MS, USUAL = 20 * 60_000, 1.2
# ... or hide one between two places, if no longer than this: the rest is unknown time
UNSEEN_MS = 18 * 3_600_000
# who begins or ends a trip, or halts, so near a place of their own is there
NEAR_M, HALT_M = 150.0, 60.0
# either side of a silence, places so near, or fixes so near for the time between fixes,
SAME_M, REACH_M_S = 500.0, 6.0
REST_MS, REST_M = 30_000, 100.0  # are one; who then moves no farther in this time is at rest ...
ON_M_S = 1.5  # ... unless the other side is so far that there was no time for it
HALT_MS = 4 * 60_000  # of a halt, with half of the time to the fixes before and after it
# stayed at a place where halts count: a platform where somebody waited once is none
HALT_PLACE_MIN = 60.0
STAY_M = 100.0  # a silence that begins or ends a stop farther from it is none of it
LOOP_M = 200.0  # a way back to where it began has been to its farthest point, if that is farther
SIDES = np.array([[0], [1]])  # before and after a silence


class _Places:
    """p places of people. of_stop: (k,) of each stop. xy: (p + 1, 2) lon and lat, means of stops by
    time; then nan.
    """

    def __init__(self, diary: Diary, some: np.ndarray) -> None:
        stay, lon, lat = (
            diary.stops["duration_min"][some],
            diary.stop_lon[some],
            diary.stop_lat[some],
        )
        key = diary.stop_user[some].astype(np.int64) << 32 | diary.stops["place"][some]
        keys, first, self.of_stop = np.unique(key, return_index=True, return_inverse=True)
        self.user, self.stay_min = keys >> 32, np.bincount(self.of_stop, stay, len(keys))
        at = near_lon(lon, lon[first][self.of_stop]), lat
        lon, lat = (
            np.bincount(self.of_stop, stay * each, len(keys)) / self.stay_min for each in at
        )
        self.xy = np.append(np.column_stack([near_lon(lon, 0.0), lat]), [[np.nan, np.nan]], axis=0)

    def near(
        self, xy: np.ndarray, user: np.ndarray, metres: float, min_stay_min: float = 0.0
    ) -> np.ndarray:
        """(n,) the place of the person that is nearest to each point (n, 2); -1 where none is
        within some metres.
        """
        from scipy.spatial import cKDTree

        # people in layers that never meet
        def layered(xy: np.ndarray, user: np.ndarray) -> np.ndarray:
            return np.column_stack([on_sphere(*xy.T), user * 1e8])

        some = np.flatnonzero(self.stay_min >= min_stay_min)
        tree = cKDTree(layered(self.xy[some], self.user[some]))
        return np.append(some, -1)[tree.query(layered(xy, user), distance_upper_bound=metres)[1]]


class _Ways:
    """The n fixes of a diary. moving, stopped: (n + 1,) bool, whether the step to each is on the
    way, or in a stop.

    Anchors, between trips: (k, 4) int, the fixes that arrive and leave, the place or -1, and
    whether it is on record.
    """

    def __init__(self, diary: Diary) -> None:
        self.fixes, self.t, n = diary.fixes, diary.fixes.t, len(diary.fixes)
        self.user, self.xy = (
            self.fixes.user.astype(np.int64),
            np.column_stack([self.fixes.lon, self.fixes.lat]),
        )
        row = np.stack(
            [
                self.fixes.before(diary.stop_user, diary.stops[name])
                for name in ("t_arrive", "t_leave")
            ]
        )
        away = (
            metres_between(self.xy[row, 0], self.xy[row, 1], diary.stop_lon, diary.stop_lat)
            > STAY_M
        )
        away &= np.abs(self.t[row + 1 - 2 * SIDES] - self.t[row]) > SILENT_MS
        begin, end = row + (1 - 2 * SIDES) * away  # less silences that end elsewhere
        some = np.flatnonzero(begin < end)
        self.places = _Places(diary, some)
        self.stops = np.column_stack(
            [begin[some], end[some], self.places.of_stop, np.ones(len(some), int)]
        )
        self.stopped = np.append(False, within(begin[some], end[some], n))
        self.same = np.concatenate([[False], self.user[1:] == self.user[:-1], [False]])
        step = np.flatnonzero(self.same)
        silence, user = self.t[step] - self.t[step - 1], self.user[step]
        usual = group_quantile(silence / 1.0, user, self.fixes.n_users)
        self.moving = self.same & ~self.stopped
        self.moving[step] &= silence <= np.maximum(SILENT_MS, USUAL * usual[user])

    def ends(self) -> np.ndarray:
        """Anchors before and after silences, and where records begin and end."""
        n, place = len(self.t), np.full(len(self.t), -1)
        cut = np.flatnonzero(~self.moving & ~self.stopped)[: 2 * n]  # none where there is no fix
        row, two = np.clip(cut - 1 + SIDES, 0, n - 1), self.same[cut]  # (2, k)
        place[self.stops[:, :2]] = self.stops[:, [2]]
        stop, place, user = place[row] >= 0, place[row], self.user[row]
        place[~stop] = self.places.near(self.xy[row[~stop]], user[~stop], NEAR_M)
        here, step = place >= 0, np.flatnonzero(self.moving)
        pace = group_quantile(
            (self.t[step] - self.t[step - 1]) / 1000, self.user[step], self.fixes.n_users
        )
        reach = NEAR_M + REACH_M_S * np.nan_to_num(pace)[user[0]]
        before, after = self.at(row, place)
        silence, far = self.t[row[1]] - self.t[row[0]], metres_between(*before.T, *after.T)
        near = two & (silence <= UNSEEN_MS) & (far < np.where(here.all(axis=0), SAME_M, reach))
        on = two & ~near & ~here & (far >= ON_M_S * silence / 1000)
        first = np.flatnonzero(~self.moving[:-1])
        way, last = np.cumsum(~self.moving[:-1])[row] - 1, run_ends(first, n)
        then = (
            self.fixes.before(user, self.t[row] + np.where(SIDES, REST_MS, 1 - REST_MS)) - 1 + SIDES
        )
        rest = (
            metres_between(*self.xy[row].T, *self.xy[np.clip(then, first[way], last[way])].T).T
            < REST_M
        )
        rank = here + 2 * stop
        kept = ~stop & ~on & ~(near & (rank[::-1] + 1 - SIDES > rank))
        return np.stack([row, row, place, here | near | (rest & two)], axis=-1)[kept]

    def at(self, row: np.ndarray, place: np.ndarray) -> np.ndarray:
        """(…, 2) lon and lat of places, or of fixes where there is none."""
        return np.where(place[..., None] >= 0, self.places.xy[place], self.xy[row])

    def halts(self) -> np.ndarray:
        """Anchors on the way, at places."""
        inner, place = np.flatnonzero(self.moving[:-1] & self.moving[1:]), np.full(len(self.t), -1)
        place[inner] = self.places.near(self.xy[inner], self.user[inner], HALT_M, HALT_PLACE_MIN)
        first = np.flatnonzero(run_starts(place))
        first, last = np.stack([first, run_ends(first, len(place))])[:, place[first] >= 0]
        stays = self.t[last] - self.t[first] + self.t[last + 1] - self.t[first - 1] >= 2 * HALT_MS
        return np.column_stack([first, last, place[first], stays])[stays]

    def turns(self, anchors: np.ndarray) -> np.ndarray:
        """The farthest fix of each way that comes back to the place where it began."""
        arrive, leave, place, _ = anchors.T
        a = np.flatnonzero(~run_starts(self.user[arrive], place)[1:] & (place[:-1] >= 0))
        size = arrive[a + 1] - leave[a] + 1
        row, way = expand_ranges(leave[a], size), np.repeat(np.arange(len(a)), size)
        far = metres_between(*self.xy[row].T, *self.places.xy[place[a]][way].T)
        order = np.lexsort((far, way))[np.cumsum(size) - 1]
        row = row[order][far[order] > LOOP_M]
        return np.stack([row, row, np.full(len(row), -1), np.ones(len(row), int)], axis=1)


def find_journeys(diary: Diary) -> Journeys:
    """The trips of a diary: of each person, from where they stay to where they stay next, by one or
    several modes.

    They stay at stops; and where a long silence begins and ends, near a place of their own, near
    the other end of the silence, or at rest; nobody knows where others are then. Two places either
    side of a silence are a trip of which nothing is seen. A halt at a place where the person stays
    at other times is a stop. A way back to where it began is two trips, there and back, as travel
    surveys count, or none if it leads nowhere. Modes are those of the legs, weighted by length.
    """
    ways, fixes, t = _Ways(diary), diary.fixes, diary.fixes.t
    anchors = np.concatenate([ways.stops, ways.ends(), ways.halts()])
    anchors = anchors[np.argsort(anchors[:, 0], kind="stable")]
    anchors = np.concatenate([anchors, ways.turns(anchors)])
    arrive, leave, place, known = anchors[np.argsort(anchors[:, 0], kind="stable")].T
    b = np.flatnonzero(~run_starts(ways.user[arrive]))
    b = b[(arrive[b] > leave[b - 1]) & ((place[b] < 0) | (place[b] != place[b - 1]))]
    begins, ends = ways.at(leave, place)[b - 1], ways.at(arrive, place)[b]
    leave, arrive, known, step = (
        leave[b - 1],
        arrive[b],
        (known[b - 1] & known[b]) > 0,
        np.flatnonzero(ways.moving),
    )
    first, last = np.searchsorted(step, [leave, arrive], side="right")
    seen, steps = first < last, np.append(step, 0)
    t_start, t_end = (
        t[np.where(seen, steps[first] - 1, leave)],
        t[np.where(seen, steps[last - 1], arrive)],
    )
    metres, p = np.zeros(len(t) + 1), np.zeros((len(t) + 1, len(SHORT_MODES)))
    metres[step] = fixes.metres_to_next(step - 1)
    begin, end = (
        fixes.before(diary.trip_fixes.track_user, diary.trips[name])
        for name in ("t_start", "t_end")
    )
    p[expand_ranges(begin + 1, end - begin)] = np.repeat(
        np.nan_to_num(diary.mode_p), end - begin, axis=0
    )
    total, *by_mode = (
        run[arrive] - run[leave] for run in (np.cumsum(metres * of) for of in (1.0, *p.T))
    )
    mode_p = np.column_stack(by_mode) / np.maximum(total, 1e-9)[:, None]
    # the last fix may be far from where a trip ends
    total = np.maximum(total, metres_between(*begins.T, *ends.T))
    kept = seen | (known & (t_end - t_start <= UNSEEN_MS))
    columns = ways.user[leave], t_start, t_end, begins, ends, total, mode_p, known
    return Journeys(diary.users["user_id"], *(column[kept] for column in columns))


def tracks_as_journeys(tracks: Tracks) -> Journeys:
    """Each track as a trip of unknown mode, from its first fix to its last one."""
    first, last = tracks.track_offsets[:-1], tracks.track_offsets[1:] - 1
    begin, end = (np.column_stack([tracks.lon[row], tracks.lat[row]]) for row in (first, last))
    step, n = tracks.steps(), tracks.n_tracks
    metres = np.bincount(tracks.track[step], tracks.metres_to_next(step), n)
    columns = metres, np.zeros((n, len(SHORT_MODES))), np.ones(n, bool)
    return Journeys(
        tracks.user_ids, tracks.track_user, tracks.t[first], tracks.t[last], begin, end, *columns
    )
