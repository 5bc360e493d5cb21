# SPDX-License-Identifier: GPL-2.0-or-later
"""Journeys: from where people stay to where they stay next, by a diary, or as the layer's tracks
are. They are what flows count.

Where somebody is known to be between two journeys is an *anchor*: a stop, the end of a silence, a
halt at a place, or the farthest point of a way back to where it began.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ..arrays import (
    Groups,
    expand_groups,
    join_rows,
    run_ends,
    run_starts,
    runs,
    steps_within,
    take_rows,
)
from ..geodesy import metres_between
from ..labels import SHORT_MODES
from ..tracks import Tracks
from .places import OwnPlaces
from .tables import Column, Diary, Journeys, Legs, Stops


@dataclass(frozen=True)
class JourneySettings:
    """What ends a journey. Chosen by the flows of synthetic cities (docs/evidence/diary.md)."""

    # A silence ends a journey if it is longer than silent_ms and than usual_times the median time
    # between the user's fixes
    silent_ms: int = 20 * 60_000
    usual_times: float = 1.2
    # A silence between two places hides a journey if no longer than this: the rest is unknown time
    unseen_ms: int = 18 * 3_600_000
    # A silence within a stop that begins or ends farther from the stop is none of it
    stay_m: float = 100.0
    # Who falls silent or is seen again so near a place of their own is there
    near_m: float = 150.0
    # Either side of a silence is one spot if places are so near, or other fixes within near_m and
    # reach_m_s for the median time between fixes on the way
    same_m: float = 500.0
    reach_m_s: float = 6.0
    # Who moves no farther than rest_m in rest_ms beside a silence is at rest
    rest_ms: int = 30_000
    rest_m: float = 100.0
    # Who covers a silence at such a pace had no time to stay at either side
    on_the_way_m_s: float = 1.5
    # A halt within halt_m of a place lasts so long, with half of the time to the fixes beside it. A
    # platform where somebody waited once is no such place: the user stayed there for longer
    halt_m: float = 60.0
    halt_ms: int = 4 * 60_000
    halt_place_min: float = 60.0
    # A way back to where it began has been to its farthest point, if that is farther
    loop_m: float = 200.0


DEFAULT = JourneySettings()


@dataclass(frozen=True)
class Anchors:
    """Where people are known to be between two journeys. k rows."""

    arrive: Column  # the fix that arrives there
    leave: Column  # the fix that leaves again
    place: Column  # of `OwnPlaces`, -1 for none
    on_record: Column  # bool, whether the record shows that somebody stayed

    def in_order(self) -> Anchors:
        """By the fix that arrives."""
        return take_rows(self, np.argsort(self.arrive, kind="stable"))


@dataclass(frozen=True)
class _Trace:
    """The n fixes of people, and the steps that lead to each. Step n leads out of the record."""

    fixes: Tracks
    places: OwnPlaces
    same_user: Column  # (n + 1,) bool: from a fix of the same user
    stopped: Column  # (n + 1,) bool: within a stop
    moving: Column  # (n + 1,) bool: on the way

    def positions(self, row: Column, place: Column) -> tuple[Column, Column]:
        """Lon and lat (k,) of places, or of the fixes in rows (k,) where there is none."""
        lon, lat = self.fixes.at(row)
        at_place = place >= 0
        lon = np.where(at_place, self.places.lon[place], lon)
        lat = np.where(at_place, self.places.lat[place], lat)
        return lon, lat


@dataclass(frozen=True)
class _Side:
    """One side of each of k silences, or of where a record begins or ends."""

    row: Column  # (k,) the fix
    place: Column  # (k,) of `OwnPlaces`, -1 for none
    lon: Column  # (k,) degrees, of the place or the fix
    lat: Column
    in_stop: Column  # (k,) bool: a stop begins or ends here
    at_rest: Column  # (k,) bool: somebody hardly moved before or after the silence

    @property
    def at_place(self) -> Column:
        """(k,) bool."""
        return self.place >= 0

    @property
    def rank(self) -> Column:
        """(k,) how well is known that somebody stayed here: a stop is better than a place."""
        return self.at_place + 2 * self.in_stop

    def anchors(self, silences: _Silences, worse: Column) -> Anchors:
        """The sides where somebody stays. worse: (k,) bool, the other side is known better.

        No anchor is a side that lies in a stop already, the worse side of one spot, and a side at
        no place if there was no time to stay.
        """
        no_stay = silences.no_time & ~self.at_place
        double = silences.one_spot & worse
        some = ~self.in_stop & ~no_stay & ~double
        rests = silences.inside & self.at_rest
        on_record = self.at_place | silences.one_spot | rests
        row = self.row[some]
        return Anchors(row, row, self.place[some], on_record[some])


@dataclass(frozen=True)
class _Silences:
    """What k silences, or the begin or end of a record, mean. (k,) bool each."""

    inside: Column  # between two fixes of one user
    one_spot: Column  # both sides are the same spot
    no_time: Column  # the user must have gone on moving


def find_journeys(diary: Diary, s: JourneySettings = DEFAULT) -> Journeys:
    """The journeys of a diary.

    People stay at stops; and where a long silence begins and ends, near a place of their own, near
    the other end of the silence, or at rest; nobody knows where others are then. Two places either
    side of a silence are a journey of which nothing is seen. A halt at a place where the user stays
    at other times is a stop. A way back to where it began is two journeys, there and back, as
    travel surveys count, or none if it leads nowhere. Modes are those of the legs, weighted by
    length.
    """
    stops = _without_far_silences(diary.fixes, diary.stops, s)
    places, place_of_stop = OwnPlaces.of(stops)
    trace = _trace(diary.fixes, stops, places, s)
    known = np.ones(len(stops.user), bool)
    of_stops = Anchors(stops.arrive, stops.leave, place_of_stop, known)

    silences = _anchors_of_silences(trace, of_stops, s)
    halts = _anchors_of_halts(trace, s)
    anchors = join_rows([of_stops, silences, halts]).in_order()
    returns = _anchors_of_returns(trace, anchors, s)
    anchors = join_rows([anchors, returns]).in_order()
    return _between(trace, anchors, diary.legs, s)


def _without_far_silences(fixes: Tracks, stops: Stops, s: JourneySettings) -> Stops:
    """Stops without the silences that begin or end them, where these end elsewhere."""

    def beside_far_silence(row: Column, next_row: Column) -> Column:
        metres = metres_between(*fixes.at(row), stops.lon, stops.lat)
        ms = np.abs(fixes.t[next_row] - fixes.t[row])
        return (metres > s.stay_m) & (ms > s.silent_ms)

    arrive = stops.arrive + beside_far_silence(stops.arrive, stops.arrive + 1)
    leave = stops.leave - beside_far_silence(stops.leave, stops.leave - 1)
    shorter = replace(stops, arrive=arrive, leave=leave)
    return take_rows(shorter, arrive < leave)


def _trace(fixes: Tracks, stops: Stops, places: OwnPlaces, s: JourneySettings) -> _Trace:
    """The steps between fixes: within stops, on the way, or silences."""
    n = len(fixes)
    step = fixes.steps() + 1
    same_user = np.zeros(n + 1, bool)
    same_user[step] = True
    in_stop = steps_within(stops.arrive, stops.leave, n)
    stopped = np.append(False, in_stop)

    ms = fixes.ms_to_next(step - 1)
    by_user = fixes.users_of(step)
    usual_ms = by_user.median(ms.astype(float))[by_user.of]
    longest_ms = np.maximum(s.silent_ms, s.usual_times * usual_ms)
    moving = same_user & ~stopped
    moving[step] &= ms <= longest_ms
    return _Trace(fixes, places, same_user, stopped, moving)


def _anchors_of_silences(trace: _Trace, of_stops: Anchors, s: JourneySettings) -> Anchors:
    """Who falls silent stays where the silence begins and where it ends, if that is not one spot.

    Where a record begins or ends, nobody knows more. Of two sides that are known alike the later
    one stays.
    """
    t = trace.fixes.t
    cut = np.flatnonzero(~trace.moving & ~trace.stopped)
    cut = cut[: 2 * len(t)]  # none without fixes
    before = _side(trace, of_stops, np.maximum(cut - 1, 0), -1, s)
    after = _side(trace, of_stops, np.minimum(cut, len(t) - 1), 1, s)

    inside = trace.same_user[cut]
    silent_ms = t[after.row] - t[before.row]
    apart_m = metres_between(before.lon, before.lat, after.lon, after.lat)
    reach_m = _reach_m(trace, s)[trace.fixes.user[before.row]]
    both_at_places = before.at_place & after.at_place
    near = apart_m < np.where(both_at_places, s.same_m, reach_m)
    one_spot = inside & near & (silent_ms <= s.unseen_ms)
    fast = apart_m >= s.on_the_way_m_s * silent_ms / 1000
    silences = _Silences(inside, one_spot, inside & fast & ~one_spot)
    from_before = before.anchors(silences, after.rank >= before.rank)
    from_after = after.anchors(silences, before.rank > after.rank)
    return join_rows([from_before, from_after])


def _reach_m(trace: _Trace, s: JourneySettings) -> Column:
    """(n_users,) metres within which two fixes of a user either side of a silence are one spot."""
    step = np.flatnonzero(trace.moving)
    seconds = trace.fixes.ms_to_next(step - 1) / 1000
    usual_s = trace.fixes.users_of(step).median(seconds)
    return s.near_m + s.reach_m_s * np.nan_to_num(usual_s)


def _side(trace: _Trace, of_stops: Anchors, row: Column, way: int, s: JourneySettings) -> _Side:
    """Where people are at fixes beside silences. way: -1 before the silence, 1 after it."""
    place_of_fix = np.full(len(trace.fixes), -1)
    place_of_fix[of_stops.arrive] = of_stops.place
    place_of_fix[of_stops.leave] = of_stops.place
    place = place_of_fix[row]
    in_stop = place >= 0
    nearest = trace.places.nearest(trace.fixes, row[~in_stop], s.near_m)
    place[~in_stop] = nearest
    lon, lat = trace.positions(row, place)
    return _Side(row, place, lon, lat, in_stop, _is_at_rest(trace, row, way, s))


def _is_at_rest(trace: _Trace, row: Column, way: int, s: JourneySettings) -> Column:
    """(k,) bool: whether somebody hardly moves for a while before (way -1) or after (1) fixes."""
    fixes = trace.fixes
    user = fixes.user[row]
    t = fixes.t[row]
    if way < 0:
        then = fixes.before(user, t - s.rest_ms + 1) - 1
    else:
        then = fixes.before(user, t + s.rest_ms)
    begins = ~trace.moving[:-1]
    run = np.cumsum(begins)[row] - 1
    first = np.flatnonzero(begins)
    last = run_ends(first, len(fixes))
    then = np.clip(then, first[run], last[run])
    return fixes.metres_apart(row, then) < s.rest_m


def _anchors_of_halts(trace: _Trace, s: JourneySettings) -> Anchors:
    """Halts on the way at places where the user stays at other times."""
    fixes = trace.fixes
    to_here = trace.moving[:-1]
    from_here = trace.moving[1:]
    on_way = np.flatnonzero(to_here & from_here)
    place = np.full(len(fixes), -1)
    place[on_way] = trace.places.nearest(fixes, on_way, s.halt_m, s.halt_place_min)
    first, last = runs(place)
    at_place = place[first] >= 0
    first = first[at_place]
    last = last[at_place]

    inside_ms = fixes.t[last] - fixes.t[first]
    around_ms = fixes.t[last + 1] - fixes.t[first - 1]
    long = (inside_ms + around_ms) / 2 >= s.halt_ms
    first = first[long]
    return Anchors(first, last[long], place[first], np.ones_like(first, bool))


def _anchors_of_returns(trace: _Trace, anchors: Anchors, s: JourneySettings) -> Anchors:
    """The farthest fix of each way that comes back to the place where it began."""
    fixes = trace.fixes
    same = ~run_starts(fixes.user[anchors.arrive], anchors.place)[1:]
    begin = np.flatnonzero(same & (anchors.place[:-1] >= 0))
    first = anchors.leave[begin]
    last = anchors.arrive[begin + 1]
    row, way = expand_groups(first, last - first + 1)
    place = anchors.place[begin][way.of]
    lon = trace.places.lon[place]
    lat = trace.places.lat[place]
    far_m = metres_between(*fixes.at(row), lon, lat)

    order = np.lexsort((far_m, way.of))
    _, end = runs(way.of[order])
    farthest = order[end]
    farthest = farthest[far_m[farthest] > s.loop_m]
    row = row[farthest]
    return Anchors(row, row, np.full_like(row, -1), np.ones_like(row, bool))


def _between(trace: _Trace, anchors: Anchors, legs: Legs, s: JourneySettings) -> Journeys:
    """The journeys from each anchor to the user's next one, if that is elsewhere."""
    fixes = trace.fixes
    begin, end = _pairs(fixes, anchors)
    seen, t_start, t_end = _times(trace, begin.leave, end.arrive)
    short = t_end - t_start <= s.unseen_ms
    begin_xy = np.column_stack(trace.positions(begin.leave, begin.place))
    end_xy = np.column_stack(trace.positions(end.arrive, end.place))
    metres, mode_p = _lengths(trace, legs, begin.leave, end.arrive)
    # The last fix may be far from where a journey ends
    metres = np.maximum(metres, metres_between(*begin_xy.T, *end_xy.T))
    complete = begin.on_record & end.on_record
    columns = {
        "user": fixes.user[begin.leave],
        "t_start": t_start,
        "t_end": t_end,
        "begin": begin_xy,
        "end": end_xy,
        "metres": metres,
        "mode_p": mode_p,
        "complete": complete,
    }
    known = seen | (complete & short)
    return Journeys(fixes.user_ids, **take_rows(columns, known))


def _pairs(fixes: Tracks, anchors: Anchors) -> tuple[Anchors, Anchors]:
    """Each anchor and the user's next one, where something lies between that leads elsewhere."""
    following = np.flatnonzero(~run_starts(fixes.user[anchors.arrive]))
    begin = take_rows(anchors, following - 1)
    end = take_rows(anchors, following)
    elsewhere = (end.place < 0) | (end.place != begin.place)
    some = (end.arrive > begin.leave) & elsewhere
    return take_rows(begin, some), take_rows(end, some)


def _times(trace: _Trace, leave: Column, arrive: Column) -> tuple[Column, Column, Column]:
    """Whether any step on the way is seen between two fixes (n,), and from when to when."""
    t = trace.fixes.t
    moving = np.flatnonzero(trace.moving)
    first = np.searchsorted(moving, leave, side="right")
    last = np.searchsorted(moving, arrive, side="right")
    seen = first < last
    step = np.append(moving, 0)
    start = np.where(seen, step[first] - 1, leave)
    stop = np.where(seen, step[last - 1], arrive)
    return seen, t[start], t[stop]


def _lengths(trace: _Trace, legs: Legs, leave: Column, arrive: Column) -> tuple[Column, Column]:
    """Metres on the way between two fixes (n,), and shares (n, SHORT_MODES) of modes in them."""

    def between(values: Column) -> Column:
        total = np.cumsum(values)
        return total[arrive] - total[leave]

    step = np.flatnonzero(trace.moving)
    step_m = np.zeros(len(trace.moving))
    step_m[step] = trace.fixes.metres_to_next(step - 1)
    metres = between(step_m)
    way_m = np.maximum(metres, 1e-9)
    row, leg = expand_groups(legs.begin + 1, legs.end - legs.begin)
    mode_p = np.zeros((len(leave), len(SHORT_MODES)))
    for k, p in enumerate(np.nan_to_num(legs.p).T):
        share = np.zeros_like(step_m)
        share[row] = p[leg.of]
        mode_p[:, k] = between(step_m * share) / way_m
    return metres, mode_p


def tracks_as_journeys(tracks: Tracks) -> Journeys:
    """Each track as a journey of unknown mode, from its first fix to its last one."""
    n = tracks.n_tracks
    first = tracks.track_offsets[:-1]
    last = tracks.track_offsets[1:] - 1
    step = tracks.steps()
    track = Groups(tracks.track[step], n)
    return Journeys(
        user_ids=tracks.user_ids,
        user=tracks.track_user,
        t_start=tracks.t[first],
        t_end=tracks.t[last],
        begin=np.column_stack(tracks.at(first)),
        end=np.column_stack(tracks.at(last)),
        metres=track.sum(tracks.metres_to_next(step)),
        mode_p=np.zeros((n, len(SHORT_MODES))),
        complete=np.ones(n, bool),
    )
