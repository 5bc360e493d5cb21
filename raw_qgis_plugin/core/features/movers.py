# SPDX-License-Identifier: GPL-2.0-or-later
"""Who moves unlike people on land: ships, boats, birds and aircraft, by their movement alone.

Streets, rails and stations change the velocity of people within minutes; on water and in the air it
stays the same. Where fixes are too rare to see that, ways of many hours without a stop tell.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..arrays import Array, Groups, run_starts, runs
from ..errors import translated
from ..times import DAY_MS
from ..tracks import Tracks

STEADY = "moves like a ship, boat or bird: steady speeds on straight ways"
FAST = "moves like an aircraft: faster than cars, steady and straight on"
ROAMS = "moves like a boat or an animal: hours on the way without a stop, day after day"


@dataclass(frozen=True)
class MoverSettings:
    """Far from what people and vehicles on roads do (docs/evidence/people.md)."""

    step_s: float = 180.0  # movement is seen in steps of this time, or as rarely as there are fixes
    silent_s: float = 7200.0  # a longer silence is unknown time
    frequent_s: float = 480.0  # in a longer step streets and stations hide
    moving_m_s: float = 0.8  # who is slower rests or drifts
    # A steady step is frequent, and its velocity is that of the step before but for this share
    steady: float = 0.15
    steady_h: float = 1.5  # at least, on a day with movement
    # Ships, boats and birds: such a share of the time on the way in steady steps at these speeds
    ship_share: float = 0.3
    walk_m_s: float = 1.8
    ship_m_s: float = 20.0
    # Aircraft: such a share in steady steps that are faster than cars
    plane_share: float = 0.5
    car_m_s: float = 40.0
    # Boats and animals with rare fixes: so many hours a day, and such a share of the time, in ways
    # of so many hours without a stop; and such a share with a velocity that differs by less than
    # half from that of the step before. People travel like that for a day
    way_h: float = 3.0
    way_share: float = 0.75
    hours_a_day: float = 3.0
    onward: float = 0.5
    onward_share: float = 0.33
    min_days: int = 2


DEFAULT = MoverSettings()


@dataclass(frozen=True)
class _Steps:
    """k steps, in order."""

    track: Groups
    day: Array
    hours: Array
    pace: Array  # m/s along the bee-line
    out: Array  # bool, no stop and no silence
    # Of the velocity since the step before, as a share of the greater one; infinite after a stop
    change: Array

    def time(self, some: Array) -> Array:
        """(n_tracks,) hours of some steps (k,)."""
        return self.track.sum(self.hours * some)

    def days(self, some: Array) -> Array:
        """(n_tracks,) days on which some steps (k,) begin."""
        track = self.track.of[some]
        day = self.day[some]
        new = run_starts(track, day)
        days = Groups(track[new], self.track.n)
        return days.count()

    def in_long_ways(self, least_h: float) -> Array:
        """(k,) bool: whether each step is part of a way of so many hours without a stop."""
        first, last = runs(self.track.of, self.out)
        number = np.repeat(np.arange(len(first)), last - first + 1)
        way = Groups(number, len(first))
        way_h = way.sum(self.hours)
        long = way_h >= least_h
        long &= self.out[first]
        return long[way.of]


def unlike_people(thin: Tracks, xy: Array, stopped: Array, s: MoverSettings = DEFAULT) -> Array:
    """(n_tracks,) why the one who moves is no person on land, or ''.

    thin: m rows. xy: (m, 2) metres. stopped: (m,) bool, whether the step to the next row lies in a
    stop.
    """
    steps = _steps(thin, xy, stopped, s)

    # Time on the way, and whether fixes are too rare to see streets
    pace = steps.pace
    moving = steps.out & (pace > s.moving_m_s)
    moving_h = steps.time(moving)
    frequent = moving & (steps.hours <= s.frequent_s / 3600)
    rare = steps.time(frequent) < moving_h / 2

    # Time at steady speeds on straight ways
    steady = frequent & (steps.change < s.steady)
    flies = pace >= s.car_m_s
    sails = pace >= s.walk_m_s
    sails &= pace < s.ship_m_s
    plane_h = steps.time(steady & flies)
    ship_h = steps.time(steady & sails)

    # Who has more of it than people
    least_h = s.steady_h * np.maximum(steps.days(moving), 1)
    is_plane = plane_h >= np.maximum(s.plane_share * moving_h, least_h)
    is_ship = ship_h >= np.maximum(s.ship_share * moving_h, least_h)

    why = np.full(thin.n_tracks, "", object)
    why[rare & _roams(steps, s)] = translated(ROAMS)
    why[is_ship] = translated(STEADY)
    why[is_plane] = translated(FAST)
    return why


def _steps(thin: Tracks, xy: Array, stopped: Array, s: MoverSettings) -> _Steps:
    """Steps from a row to the first one of the track that follows in another step_s."""
    clock = thin.t // (1000 * s.step_s)
    row = np.flatnonzero(run_starts(thin.track, clock))
    first = np.flatnonzero(np.diff(thin.track[row]) == 0)
    begin = row[first]
    end = row[first + 1]
    seconds = (thin.t[end] - thin.t[begin]) / 1000

    # Out where no stop has begun or ended since, nor a silence
    stops = np.append(0, np.cumsum(stopped))
    no_stop = stops[begin] == stops[end]
    out = no_stop & (seconds <= s.silent_s)

    velocity = (xy[end] - xy[begin]) / seconds[:, None]
    goes_on = out[:-1] & (begin[1:] == end[:-1])
    return _Steps(
        track=Groups(thin.track[begin], thin.n_tracks),
        day=thin.t[begin] // DAY_MS,
        hours=seconds / 3600,
        pace=np.hypot(*velocity.T),
        out=out,
        change=_changes(velocity, goes_on),
    )


def _changes(velocity: Array, goes_on: Array) -> Array:
    """(k,) changes of velocity (k, 2) since the step before, as a share of the greater one.

    goes_on: (k - 1,) bool; elsewhere infinite.
    """
    change = np.full(len(velocity), np.inf)
    before = velocity[:-1][goes_on]
    after = velocity[1:][goes_on]

    pace_before = np.hypot(*before.T)
    pace_after = np.hypot(*after.T)
    turned = np.hypot(*(after - before).T)
    greater = np.maximum(pace_before, pace_after)
    change[1:][goes_on] = turned / np.maximum(greater, 1e-9)
    return change


def _roams(steps: _Steps, s: MoverSettings) -> Array:
    """(n_tracks,) bool: who is on the way for hours, day after day, and goes on and on."""
    out_h = steps.time(steps.out)

    # Hours in long ways
    long_h = steps.time(steps.in_long_ways(s.way_h))
    n_days = steps.days(steps.out)
    least_h = np.maximum(s.way_share * out_h, s.hours_a_day * n_days)
    for_hours = long_h >= least_h

    # Hours in much the same direction
    onward = steps.out & (steps.change < s.onward)
    goes_on = steps.time(onward) >= s.onward_share * out_h
    return for_hours & goes_on & (n_days >= s.min_days)
