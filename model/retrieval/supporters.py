# SPDX-License-Identifier: GPL-2.0-or-later
"""Who supports a prototype: the users of a source, the persons behind them, and the usual places of each.

Ids are no persons: a provider may give one person a new id each day, and copies of a track may differ by a metre. So
ids that may be one person count once. Two ids may be one person if they share a usual place and the record of one
begins in the week after that of the other ended, or if they moved as one for minutes. That errs on the side of too few
persons.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

import numpy as np
from scipy.spatial import cKDTree

from model.data.corpus import SHORTEST, Source, parts
from model.data.persons import MOST_HASHES, hash_runs, sharing
from raw_qgis_plugin.core.arrays import connected, content_hash, run_starts
from raw_qgis_plugin.core.features.activity import SETTINGS as ACTIVITY
from raw_qgis_plugin.core.features.activity import Fixes, Slots
from raw_qgis_plugin.core.geodesy import metres_per_degree, on_sphere
from raw_qgis_plugin.core.times import HOUR_MS
from raw_qgis_plugin.core.tracks import Tracks


@dataclass(frozen=True)
class SupporterSettings:
    """What a usual place is, and when two ids may be one person."""

    near_m: float = 250.0  # from a usual place
    least_share: float = 0.02  # of a user's stays are at a usual place
    silence_ms: int = HOUR_MS // 2  # both ends of a longer one are stays
    silent_slots: float = 3.0  # slots of ten minutes that an end of such a silence counts
    pause_s: int = 7 * 86_400  # from the end of an id's record to the next id of the same person
    copied_ms: int = 60_000  # of copies one fix in this time is compared,
    copied_degrees: float = 1e-4  # rounded to this (some 10 m)


SETTINGS = SupporterSettings()
_APART_M = 1e8  # between users in the tree of places: farther than any two points on the earth


def tracks_of(s: Source) -> Iterator[tuple[np.ndarray, Tracks]]:
    """The people of a source, a shard at a time: their users (k,) and a track of each."""
    for part in parts(s):
        users, track = np.unique(part.user, return_inverse=True)
        ids, number = users.astype(str).astype(object), np.arange(len(users), dtype=np.int32)
        yield users, Tracks(ids, ids, number, track.astype(np.int32), part.t, s.lon[part.row], s.lat[part.row])


class Supporters:
    """The users of a source. person: (n_users,) int, equal for ids that may be one person."""

    def __init__(self, s: Source) -> None:
        n, every = len(s.shards.person), len(s.t) // MOST_HASHES + 1
        begin, end = np.zeros((2, n), np.int64)
        user, at, runs, whose = [np.zeros(0, np.int64)], [np.zeros((0, 3))], [], []
        for users, tracks in tracks_of(s):
            first = tracks.track_offsets[:-1]
            begin[users], end[users] = tracks.t[first] // 1000, tracks.t[tracks.track_offsets[1:] - 1] // 1000
            track, places = usual_places(tracks)
            enough = np.diff(tracks.track_offsets)[track] >= SHORTEST  # shorter records make no prototype
            user.append(users[track[enough]])
            at.append(places[enough])
            found = _rounded_runs(tracks, every)
            runs.append(found[0])
            whose.append(users[found[1]])
        self._user, self._at = np.concatenate(user), np.concatenate(at)
        edges = [
            (np.arange(n), np.unique(s.shards.person, return_index=True)[1][s.shards.person]),  # copies
            sharing(np.concatenate([np.zeros(0, np.uint64), *runs]), np.concatenate([user[0], *whose])),
            *_in_turn(self._user, self._at, begin, end),
        ]
        one, other = (np.concatenate(side) for side in zip(*edges, strict=True))
        self.person = connected(one, other, n)
        self._tree = cKDTree(self._points(self._at, self._user))

    def until_place(self, user: np.ndarray, lon: np.ndarray, lat: np.ndarray, path: np.ndarray) -> np.ndarray:
        """Paths (n, k, 2), metres from lon, lat (n,), unknown (nan) from the first point on that is near a usual place
        of the users (n,).
        """
        kx, ky = metres_per_degree(lat[:, None])
        known = np.isfinite(path).all(axis=-1)
        at = on_sphere(lon[:, None] + path[..., 0] / kx, lat[:, None] + path[..., 1] / ky)[known]
        near = np.zeros(known.shape, bool)
        points = self._points(at, np.broadcast_to(user[:, None], known.shape)[known])
        near[known] = np.isfinite(self._tree.query(points, distance_upper_bound=SETTINGS.near_m)[0])
        return np.where(np.logical_or.accumulate(near, axis=1)[..., None], np.nan, path)

    @staticmethod
    def _points(at: np.ndarray, user: np.ndarray) -> np.ndarray:
        return np.column_stack([at, user * _APART_M])


def usual_places(tracks: Tracks) -> tuple[np.ndarray, np.ndarray]:
    """Where tracks stay, and where they begin, end, fall silent and come back: track (m,) and point (m, 3) of each
    place that has its share of a track's stays.
    """
    fixes = Fixes(tracks)
    slots = Slots(fixes)
    head = slots.head[slots.still]
    stays = tracks.time_index.before(fixes.track[head], fixes.t[head])  # the row of a slot's first fix
    first = run_starts(tracks.track)
    first[1:] |= np.diff(tracks.t) > SETTINGS.silence_ms
    ends = np.flatnonzero(np.append(first[1:], True))
    row = np.concatenate([stays, np.flatnonzero(first), ends])
    time = np.append(slots.length[slots.still], np.full(2 * len(ends), SETTINGS.silent_slots))
    at, track = on_sphere(tracks.lon[row], tracks.lat[row]), tracks.track[row]
    place = np.unique(cells(at / SETTINGS.near_m, track), return_inverse=True)[1]
    there = np.bincount(place, time)
    centre = np.stack([np.bincount(place, time * axis) for axis in at.T], axis=1) / there[:, None]
    whose = np.zeros(len(there), np.int64)
    whose[place] = track
    usual = there >= SETTINGS.least_share * np.bincount(track, time, tracks.n_tracks)[whose]
    return whose[usual], centre[usual]


def still_fixes(tracks: Tracks) -> np.ndarray:
    """(n,) bool: fixes in slots of ten minutes in which a track stayed within a place (core/features/activity.py)."""
    slots = Slots(Fixes(tracks))
    still = cells(np.column_stack([slots.track, slots.number])[slots.still])
    return np.isin(cells(np.column_stack([tracks.track, tracks.t // ACTIVITY.slot_ms])), still)


def cells(at: np.ndarray, *more: np.ndarray) -> np.ndarray:
    """Hashes (n,) uint64 of the unit cells that hold the coordinates (n, d), and of more columns."""
    return content_hash(*np.floor(at).astype(np.int64).T, *more)


def _rounded_runs(tracks: Tracks, every: int) -> tuple[np.ndarray, np.ndarray]:
    """Hashes of runs of rounded fixes, and their tracks: most are equal for tracks that differ by a metre."""
    minute = (tracks.t + 500) // SETTINGS.copied_ms  # fixes at whole seconds may differ by some milliseconds
    row = np.flatnonzero(run_starts(minute, tracks.track))
    lon, lat = (SETTINGS.copied_degrees * np.round(a[row] / SETTINGS.copied_degrees) for a in (tracks.lon, tracks.lat))
    return hash_runs(tracks.track[row], minute[row], lon, lat, every)


def _in_turn(
    user: np.ndarray, at: np.ndarray, begin: np.ndarray, end: np.ndarray
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Edges between users who share a place, if the record of one begins within `pause_s` after the other's end.

    user, at: of the places (m,). begin, end: (n_users,) epoch s. Cells of twice the reach, shifted by half, hold each
    pair of places within reach at least once.
    """
    long = int(np.ptp(np.concatenate([begin, end]))) + SETTINGS.pause_s + 1
    for shift in product((0.0, 0.5), repeat=3):
        cell = np.unique(cells(at / (2 * SETTINGS.near_m) + shift), return_inverse=True)[1]
        order = np.lexsort((begin[user], cell))
        who, base = user[order], cell[order] * long - begin.min(initial=0)
        key = base + begin[who]
        first = np.searchsorted(key, base + end[who])
        beyond = np.searchsorted(key, base + end[who] + SETTINGS.pause_s, side="right")
        some = beyond > first
        yield who[some], who[first[some]]
        within = np.bincount(first[some], minlength=len(who)) - np.bincount(beyond[some] - 1, minlength=len(who))
        follow = np.flatnonzero(np.cumsum(within) > 0)  # it and the next one may both follow one user
        yield who[follow], who[follow + 1]
