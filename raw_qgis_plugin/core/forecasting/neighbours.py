# SPDX-License-Identifier: GPL-2.0-or-later
"""Where tracks of the layer went on from here: forecasts by their nearest neighbours in the layer's past.

A fix is the more like another the nearer it lies and the more alike it moved, of days also the nearer the hour of the
day; its own track's and those of other tracks count alike. Streets, stops and turns that a network without coordinates
cannot know come in so, and where a fleet heads. A track only knows of ways that had ended by its own last fix. A model
may bring typical ways of its own (prototypes.py); they count as fixes of the layer do. What is made of the
likest fixes a small network has learned: of trips by model/ways.py, of days, where a model has one, by
model/neighbours.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..features.featurizer import into_frame, solar_hour
from ..geodesy import offset_m
from ..times import DAY_MS
from ..tracks import Tracks

if TYPE_CHECKING:
    from .prototypes import TypicalWays

NEIGHBOURS = 32
LOOKED_AT = (128, 512, 2048)  # likest fixes: of many the ways had not ended, so that it is looked farther
UNLIKE = 3.0  # times the distance of Likeness and farther, a fix says nothing
PACES = 4  # times as long between fixes of trips is another tree
LAID_OUT = 1_000_000  # ways at once
STARTS = 1_000_000  # fixes to go on from, at most; of more an even share
SILENCE = 3.0  # times the way's length: a longer gap hides where the track was
WEEKEND_H = 120.0  # hours of the week before Saturday
_EARTH_M = 6_371_008.8


@dataclass(frozen=True)
class Likeness:
    """Fixes `lag_s` after the ones before them are alike by exp(-1/2) where they lie `near_m` apart, where their
    velocities differ by `alike_ms`, or their hours of the day by `hours`. A gap of more than `silence_s` hides where a
    track was, however long its way. The `count` likest are looked for.
    """

    lag_s: float
    near_m: float
    alike_ms: float
    hours: float = np.inf
    silence_s: float = np.inf
    count: int = NEIGHBOURS

    @classmethod
    def of_trips(cls, pace: int) -> Likeness:
        """Of fixes about PACES**pace s apart."""
        lag_s = float(PACES**pace)
        return cls(lag_s, 100.0 * np.sqrt(lag_s / 60.0), 3.0)


DAYS = Likeness(lag_s=900.0, near_m=1500.0, alike_ms=2.2, hours=2.0, silence_s=2700.0, count=64)
# What a model that weighs the likest fixes of days is told of each, metres and metres a second: its way, where it lies
# beside the asking track's last fix, how its velocity differs from that one's, how alike it is, by how many hours of
# the day it differs, how many days ago it was; whether it is the same user's, as much of the working week or the
# weekend, and whether its velocity is known.
NEIGHBOUR = (
    "way_x", "way_y", "off_x", "off_y", "velocity_x", "velocity_y", "alike", "hours", "days_ago", "own", "week", "came",
)  # fmt: skip
# And of each of trips: its way, metres; where it lies and how its velocity differs, in units of Likeness; how alike it
# is, by how many hours of the day it differs, whether it is the same user's, and as much of the week.
WAY = ("way_x", "way_y", "off_x", "off_y", "velocity_x", "velocity_y", "alike", "hours", "own", "week")
VECTORS = 3  # of both, which begin with them: east and north, or in a frame
WEIGHED_S = 10_000.0  # so far ahead a model learns to weigh them
ALIKE, LEAST_ALIKE = NEIGHBOUR.index("alike"), 1e-3  # less alike than that is no neighbour


class Retrieval:
    """The past of tracks and a model's typical ways, asked by track. A tree is laid out once for each likeness."""

    def __init__(self, tracks: Tracks, typical: TypicalWays | None = None) -> None:
        self._tracks, self._typical = tracks, typical
        self._trees: dict[Likeness, tuple] = {}

    def ways(self, rows: np.ndarray, valid: np.ndarray, horizon_s: np.ndarray) -> np.ndarray:
        """Of trips, rows (m, L) of which some are valid, asked `horizon_s` (m, h) ahead: the likest fixes, the likest
        first, and typical ways among them, as columns of WAY (m, h, NEIGHBOURS, 10), float32, east and north. Those
        that are alike by nothing are none.
        """
        tracks, (last, before) = self._tracks, _ends(rows, valid)
        found = np.zeros((*horizon_s.shape, NEIGHBOURS, len(WAY)), np.float32)
        lag_s = (tracks.t[last] - tracks.t[before]) / 1000.0
        pace = np.round(np.log(np.maximum(lag_s, 1.0)) / np.log(PACES)).astype(int)
        for p in np.unique(pace[lag_s > 0]):
            some = np.flatnonzero((pace == p) & (lag_s > 0))
            likeness, asked = Likeness.of_trips(p), horizon_s[some]
            way, off, velocity, alike, hours, own, week, *_ = self._beside(likeness, last[some], before[some], asked)
            vectors = way, off / likeness.near_m, velocity / likeness.alike_ms
            near = np.concatenate([*vectors, np.stack([alike, hours, own, week], axis=-1)], axis=-1)
            if self._typical is not None:
                typical = np.zeros_like(near)
                at = self._at(likeness, last[some], before[some])
                typical[..., :2], typical[..., ALIKE] = self._typical.ways(p, at, asked)
                near = np.concatenate([near, typical], axis=2)
                likest = np.argsort(-near[..., ALIKE], axis=2, kind="stable")[:, :, :NEIGHBOURS]
                near = np.take_along_axis(near, likest[..., None], 2)
            found[some] = near
        return found

    def neighbours(self, rows: np.ndarray, valid: np.ndarray, horizon_s: np.ndarray) -> np.ndarray:
        """Of days, rows (m, L) of which some are valid, asked `horizon_s` (m, h) ahead: the likest fixes, the likest
        first, as columns of NEIGHBOUR (m, h, DAYS.count, 12), float32, east and north. Those that are alike by nothing
        are none.
        """
        tracks, (last, before) = self._tracks, _ends(rows, valid)
        *vectors, alike, hours, own, week, known, start = self._beside(DAYS, last, before, horizon_s)
        days_ago = np.maximum(tracks.t[last][:, None, None] - tracks.t[start], 0) / DAY_MS
        facts = alike, hours, days_ago, own, week, known
        return np.concatenate([*vectors, np.stack(facts, axis=-1)], axis=-1).astype(np.float32)

    def _beside(
        self, likeness: Likeness, last: np.ndarray, before: np.ndarray, horizon_s: np.ndarray
    ) -> tuple[np.ndarray, ...]:
        """The likest fixes (m, h, count) and how they lie beside the fixes `last` (m,): ways, offsets and differences
        of velocity (…, 2), how alike they are, by how many hours of the day they differ, whether they are of the same
        user, and of as much of the working week or the weekend, whether their velocity is known, and their rows.
        """
        tracks = self._tracks
        ways, alike, start = self._ways(likeness, last, before, horizon_s)
        off, (velocity, clock) = self._off(start, last), self._moved(last, before)
        came, known = ways_from(tracks, start, np.full(start.shape, -likeness.lag_s), likeness.silence_s)
        hour, clock = solar_hour(tracks.t[start], tracks.lon[start]), clock[:, None, None]
        own = tracks.user[start] == tracks.user[last][:, None, None]
        week = (hour >= WEEKEND_H) == (clock >= WEEKEND_H)
        velocity = -came / likeness.lag_s - velocity[:, None, None]
        return ways, off, velocity, alike, (hour - clock + 12) % 24 - 12, own, week, known, start

    def _off(self, start: np.ndarray, last: np.ndarray) -> np.ndarray:
        """Where the fixes `start` (m, …) lie, metres east and north of the fixes `last` (m,)."""
        lon, lat, last = self._tracks.lon, self._tracks.lat, last.reshape(-1, *[1] * (start.ndim - 1))
        return offset_m(lon[start], lat[start], lon[last], lat[last])

    def _ways(
        self, likeness: Likeness, last: np.ndarray, before: np.ndarray, horizon_s: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """As `ways`, but as many as the likeness's count, and the fixes where they begin."""
        shape = (*horizon_s.shape, likeness.count)
        ways, alike = np.zeros((*shape, 2)), np.zeros(shape)
        begin = np.broadcast_to(last[:, None, None], shape).copy()
        tree, starts = self._tree(likeness)
        if not len(starts):
            return ways, alike, begin
        tracks, at = self._tracks, self._at(likeness, last, before)
        asking: np.ndarray = np.arange(len(last))
        for k in LOOKED_AT:
            crowded = np.zeros(len(last), bool)
            for some in np.array_split(asking, -(-len(asking) * k // LAID_OUT) or 1):
                away, found = tree.query(at[some], k=np.arange(1, min(k, len(starts)) + 1))
                start, near = starts[found], np.exp(-0.5 * np.square(away))
                for h in range(horizon_s.shape[1]):
                    ahead = np.broadcast_to(horizon_s[some, h, None], start.shape)
                    until = tracks.t[last[some]]
                    went, known = ways_from(tracks, start, ahead, likeness.silence_s, until)
                    likest = np.argsort(~known, axis=1, kind="stable")[:, : likeness.count]
                    into = some[:, None], h, np.arange(likest.shape[1])
                    ways[into] = np.take_along_axis(went, likest[..., None], 1)
                    alike[into] = np.take_along_axis(near * known, likest, 1)
                    begin[into] = np.take_along_axis(start, likest, 1)
                    crowded[some] |= (known.sum(axis=1) < likeness.count) & (away[:, -1] < UNLIKE)
            asking = np.flatnonzero(crowded)
            if k >= len(starts) or not len(asking):
                break
        return ways, alike, begin

    def _tree(self, likeness: Likeness) -> tuple:
        """The k-d tree of fixes by where, when and how they came, and their rows."""
        if likeness not in self._trees:
            from scipy.spatial import cKDTree

            tracks, lag_s = self._tracks, likeness.lag_s
            rows = starts(tracks, likeness)
            rows = rows[:: -(-len(rows) // STARTS) or 1]
            ends = tracks.t[tracks.track_offsets[1:] - 1][tracks.track[rows]]
            rows = rows[np.lexsort((-ends, tracks.lat[rows], tracks.lon[rows], tracks.t[rows]))]
            fix = np.stack([tracks.t[rows], tracks.lon[rows], tracks.lat[rows]])
            rows = rows[np.diff(fix, axis=1, prepend=np.nan).any(axis=0)]  # of a fix in several tracks, the longest
            came, known = ways_from(tracks, rows, np.full(len(rows), -lag_s), likeness.silence_s)
            if likeness != DAYS:
                rows, came = rows[known], came[known]
            at = coordinates(likeness, tracks.t[rows], tracks.lon[rows], tracks.lat[rows], -came / lag_s)
            self._trees[likeness] = cKDTree(at, balanced_tree=False), rows
        return self._trees[likeness]

    def _at(self, likeness: Likeness, last: np.ndarray, before: np.ndarray) -> np.ndarray:
        """The coordinates (m, 7) of the fixes `last` (m,), to which their tracks came from the fixes `before` (m,)."""
        tracks, (velocity, _) = self._tracks, self._moved(last, before)
        return coordinates(likeness, tracks.t[last], tracks.lon[last], tracks.lat[last], velocity)

    def _moved(self, last: np.ndarray, before: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The velocities (m, 2), m/s east and north, at which tracks came to the fixes `last` (m,) from those before
        them, and the hours of the week (m,).
        """
        tracks = self._tracks
        seconds = np.maximum((tracks.t[last] - tracks.t[before]) / 1000.0, 1.0)
        came = offset_m(tracks.lon[last], tracks.lat[last], tracks.lon[before], tracks.lat[before])
        return came / seconds[:, None], solar_hour(tracks.t[last], tracks.lon[last])


def in_frame(neighbours: np.ndarray, heading: np.ndarray) -> np.ndarray:
    """Columns of NEIGHBOUR (m, n, 12) with their vectors in the frames of fixes, by the headings (m, 2) of these."""
    vectors = neighbours[..., : 2 * VECTORS].reshape(*neighbours.shape[:-1], VECTORS, 2)
    turned = into_frame(vectors, heading[:, None, None]).reshape(*neighbours.shape[:-1], 2 * VECTORS)
    return np.concatenate([turned, neighbours[..., 2 * VECTORS :]], axis=-1).astype(np.float32)


def leads_to(neighbours: np.ndarray) -> np.ndarray:
    """Where columns of NEIGHBOUR (…, 12) lead, (…, 2) metres beside the asking track's last fix."""
    return np.asarray(neighbours[..., :2] + neighbours[..., 2:4])


def coordinates(
    likeness: Likeness, t: np.ndarray, lon: np.ndarray, lat: np.ndarray, velocity: np.ndarray
) -> np.ndarray:
    """Coordinates (n, 7) of fixes between which distances say how unlike they are: three of place, two of velocity, m/s
    east and north (n, 2), two of the hour.
    """
    east, north = np.radians(lon), np.radians(lat)
    on_earth = _EARTH_M * np.stack([np.cos(north) * np.cos(east), np.cos(north) * np.sin(east), np.sin(north)], axis=-1)
    turn = solar_hour(t, lon) * (2 * np.pi / 24)
    clock = np.stack([np.cos(turn), np.sin(turn)], axis=-1) * (24 / (2 * np.pi))
    return np.concatenate([on_earth / likeness.near_m, velocity / likeness.alike_ms, clock / likeness.hours], axis=-1)


def starts(tracks: Tracks, likeness: Likeness) -> np.ndarray:
    """Rows of the fixes from which ways are told: the first of each half a lag."""
    spell = tracks.t // max(int(500 * likeness.lag_s), 1)
    begins = np.ones(len(tracks), bool)
    begins[1:] = (spell[1:] != spell[:-1]) | (tracks.track[1:] != tracks.track[:-1])
    return np.flatnonzero(begins)


def ways_from(
    tracks: Tracks, start: np.ndarray, seconds: np.ndarray, silence_s: float, until: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """The ways (…, 2) in metres from the fixes `start` (…) to where their tracks were `seconds` (…) later, in a
    straight line between two fixes, zero where that is not known, by `until` (first axis) epoch ms if given, and
    whether it is.
    """
    t = tracks.t
    wanted = t[start] + (1000 * seconds).astype(np.int64)
    after = np.minimum(tracks.time_index.before(tracks.track[start], wanted), len(t) - 1)
    first = np.maximum(after - 1, 0)
    own = tracks.track
    known = (own[after] == own[start]) & (own[first] == own[start]) & (t[after] >= wanted)
    gap = t[after] - t[first]
    known &= gap <= 1000 * np.minimum(SILENCE * np.abs(seconds), silence_s)
    if until is not None:
        known &= t[after] <= until.reshape(-1, *[1] * (start.ndim - 1))
    part = np.where(known, (wanted - t[first]) / np.maximum(gap, 1), 0.0)[..., None]
    lon, lat = tracks.lon, tracks.lat
    ends = [offset_m(lon[row], lat[row], lon[start], lat[start]) for row in (first, after)]
    return np.where(known[..., None], ends[0] + part * (ends[1] - ends[0]), 0.0), known


def _ends(rows: np.ndarray, valid: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The last of the valid rows (m, L), and the ones before them; the same where there is none."""
    last = rows[:, -1]
    return last, np.where(valid[:, -2], rows[:, -2], last) if rows.shape[1] > 1 else last
