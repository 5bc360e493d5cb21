# SPDX-License-Identifier: GPL-2.0-or-later
"""A diary of tracks: a table of stops and a table of trips with their modes of transport."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ..arrays import group_quantile, join_rows, object_column, run_starts, take_rows
from ..embedding.profiles import UNKNOWN
from ..errors import Progress, no_progress, part_of, translated
from ..geodesy import metres_between
from ..specs import DiarySpec
from ..times import DAY_MS, HOUR_MS, solar_ms
from ..tracks import Tracks
from .legs import cut_legs, join_legs, tracks_of, unseen_legs
from .line import Line, Ranges, thinned
from .modes import VAGUE_M, Modes, as_frequent, find_modes, no_modes
from .place_features import SILENCE_H, PlaceFacts, place_facts
from .place_head import Kinds, judge_places
from .places import find_places
from .stops import Settings, find_stops, within
from .tables import HOME, WORK

if TYPE_CHECKING:
    from ..bundle.runtime import Model

DEFAULT = DiarySpec()
UNSEEN = "no fixes on the way"
GOOD_DAY_H = 10.0  # of known time, for a day on which trips are counted


@dataclass(frozen=True)
class Diary:
    """Columns of stops and of trips, a row each, by user and time. Times are epoch ms.

    stops: user_id, stop_id, t_arrive, t_leave, duration_min, n_visits (stops at the same place),
    kind (home, work, other, None), kind_p, in_domain, why, place (numbered by user), evidence.
    trips: user_id, trip_id, journey_id (trips from one stop to the next), t_start, t_end, mode,
    mode_p, distance_m, duration_min, from_place, to_place (0: none), from_kind, to_kind, observed
    (False: known by the stops at both ends alone), in_domain, why.
    """

    stops: dict[str, np.ndarray]
    stop_user: np.ndarray  # row of `users`
    stop_lon: np.ndarray  # degrees
    stop_lat: np.ndarray
    trips: dict[str, np.ndarray]
    fixes: Tracks  # that it is found in, a track each user
    trip_fixes: Tracks  # the fixes of the trips, a track each
    # (trips, modes.MODES) `as_frequent`, for sums; nan where the model cannot know
    mode_p: np.ndarray
    # user_id, commuter_p, why (no kinds), home_nights, work_days, good_days (that were recorded
    # well), good_trips (that begin on these), and `PlaceFacts.of_user`
    users: dict[str, np.ndarray]


def find_diary(
    tracks: Tracks, model: Model | None, spec: DiarySpec = DEFAULT, progress: Progress = no_progress
) -> Diary:
    """The diary of tracks. What is said of a user depends on the user's own fixes alone.

    Without a model, and for one without the head of modes, every mode is 'unknown'.
    """
    everybody, parts = _exact(tracks.by_user()), []
    for which, some in everybody.parts():
        share = (end / max(everybody.n_users, 1) for end in (which.start, which.stop))
        part = _diary(some, model, spec, part_of(progress, *share))
        part["stop_user"] += which.start
        part["rows"] += everybody.track_offsets[which.start]
        parts.append(part)
    tables = join_rows(parts)
    ways = tracks_of(everybody, *tables.pop("rows").T)
    return Diary(
        fixes=everybody, trip_fixes=ways, **tables | {"trips": _trip_columns(ways, tables["trips"])}
    )


def _exact(tracks: Tracks) -> Tracks:
    """The fixes whose positions are known well enough. Between two of these that are as near in
    time as the ends of a stop's silence, vague ones near them are left out; rather vague ones only
    where a user was before and after.
    """
    if tracks.accuracy is None:
        return tracks
    vague, user, (t, lon, lat, accuracy) = (
        tracks.accuracy > Settings.exact_m,
        tracks.user,
        tracks.rows(slice(None)),
    )
    exact = np.append(np.flatnonzero(~vague), -1)  # nan is exact
    after = np.searchsorted(exact[:-1], np.arange(len(tracks)))
    near = exact[np.stack([after - 1, after])]
    mine = (near >= 0) & (user[near] == user)
    # where a record begins or ends, the one that there is
    before, after = np.where(mine, near, near[::-1])
    between = mine.any(axis=0) & (
        np.maximum(t[after], t) - np.minimum(t[before], t) <= 1000 * Settings.max_silent_s
    )
    apart_m = metres_between(lon[before], lat[before], lon[after], lat[after])
    beside = (
        metres_between(lon[before], lat[before], lon, lat)
        < Settings.again_m + Settings.wrong * accuracy
    )
    kept = ~(vague & between & beside & ((accuracy > VAGUE_M) | (apart_m < Settings.again_m)))
    return tracks if kept.all() else tracks.take(kept)


def _diary(
    tracks: Tracks, model: Model | None, spec: DiarySpec, progress: Progress
) -> dict[str, Any]:
    """The fields of `Diary`, but for what `_trip_columns` adds; rows: (trips, 2) first and last
    fixes of the trips.
    """
    line = thinned(tracks)
    stops = find_stops(line, 60.0 * spec.min_stop_min)
    first, last = line.first[stops.begin], line.last[stops.end]
    place, lon, lat = find_places(tracks, first, last)
    facts = place_facts(tracks, first, last, place)
    kinds = judge_places(facts)
    legs = cut_legs(line, stops)
    progress(0.1)
    found = find_modes(tracks_of(tracks, *_fixes(line, legs)), model, part_of(progress, 0.1, 1.0))
    joined = join_legs(
        line, stops, legs, found.mode, np.where(found.mode == UNKNOWN, np.nan, found.mode_p)
    )
    found = _joined_modes(line, legs, joined, found)
    legs, seen = unseen_legs(line, stops, joined, place)
    modes = no_modes(len(seen), translated(UNSEEN))
    for name, values in vars(found).items():
        getattr(modes, name)[seen] = values
    table, rows = (
        _stop_columns(tracks, first, last, place, facts, kinds),
        np.stack(_fixes(line, legs), axis=1),
    )
    trips = {
        "mode": modes.mode,
        "mode_p": modes.mode_p,
        "observed": seen,
        "in_domain": modes.in_domain,
        "why": modes.why,
        **_ends(line, stops, legs, table),
    }
    users = {
        "user_id": tracks.user_ids,
        "commuter_p": kinds.commuter_p,
        "why": kinds.why,
        **facts.of_user,
    }
    for name, kind, days in (("home_nights", HOME, "nights"), ("work_days", WORK, "weekdays")):
        there = np.bincount(
            facts.owner, facts.of_place[days] * (kinds.kind == kind), tracks.n_users
        )
        users[name] = np.minimum(there, facts.of_user[days])
    users |= _good_days(tracks, first, last, rows[:, 0])
    progress(1.0)
    return {
        "stops": table,
        "stop_user": tracks.user[first],
        "stop_lon": lon,
        "stop_lat": lat,
        "trips": trips,
        "mode_p": as_frequent(modes.p),
        "users": users,
        "rows": rows,
    }


def _fixes(line: Line, legs: Ranges) -> tuple[np.ndarray, np.ndarray]:
    """The first and last fixes of legs."""
    return line.first[legs.begin], line.first[legs.end]


def _joined_modes(line: Line, legs: Ranges, joined: Ranges, modes: Modes) -> Modes:
    """The modes of joined legs, which agree: their probabilities are means over time."""
    first = np.searchsorted(legs.begin, joined.begin)
    result, seconds = take_rows(modes, first), line.t[legs.end] - line.t[legs.begin]
    if len(first):
        result.p[:] = (
            np.add.reduceat(modes.p * seconds[:, None], first)
            / np.add.reduceat(seconds, first)[:, None]
        )
        result.mode_p[:] = np.add.reduceat(modes.mode_p * seconds, first) / np.add.reduceat(
            seconds, first
        )
    return result


def _good_days(
    tracks: Tracks, first: np.ndarray, last: np.ndarray, begin: np.ndarray
) -> dict[str, np.ndarray]:
    """Days of users with enough known time, and trips that begin on these. first, last: fixes at
    the ends of stops; begin: the first fixes of trips.
    """
    n, step = tracks.n_users, tracks.steps()
    t = solar_ms(tracks.t, group_quantile(tracks.lon, tracks.user, n)[tracks.user])
    new = run_starts(tracks.user, t // DAY_MS)
    day, n_days = np.cumsum(new) - 1, np.count_nonzero(new)
    step = step[within(first, last, len(t))[step] | (t[step + 1] - t[step] <= SILENCE_H * HOUR_MS)]
    # stops hold no silence of over a day
    midnight = np.maximum(t[step + 1] // DAY_MS * DAY_MS, t[step])
    known = np.append(midnight - t[step], t[step + 1] - midnight)
    good = np.bincount(day[np.append(step, step + 1)], known, n_days) >= GOOD_DAY_H * HOUR_MS
    trips = np.bincount(tracks.user[begin], good[day[begin]], n)
    return {"good_days": np.bincount(tracks.user[new], good, n), "good_trips": trips}


def _stop_columns(
    tracks: Tracks,
    first: np.ndarray,
    last: np.ndarray,
    place: np.ndarray,
    facts: PlaceFacts,
    kinds: Kinds,
) -> dict[str, np.ndarray]:
    user, arrive, leave = tracks.user[first], tracks.t[first], tracks.t[last]
    seen = facts.of_user
    at_home, at_work = (
        translated("on {k} of {of} nights with fixes"),
        translated("on {k} of {of} weekdays with fixes"),
    )
    evidence = object_column(
        at_home.format(k=night, of=seen["nights"][who])
        if kind == HOME
        else at_work.format(k=day, of=seen["weekdays"][who])
        if kind == WORK
        else ""
        for kind, night, day, who in zip(
            kinds.kind, facts.of_place["nights"], facts.of_place["weekdays"], facts.owner
        )
    )
    return {
        "user_id": tracks.user_ids[user],
        "stop_id": _numbered(tracks.user_ids, user, "s"),
        "t_arrive": arrive,
        "t_leave": leave,
        "duration_min": (leave - arrive) / 60_000,
        "n_visits": np.bincount(place, minlength=1)[place],
        "kind": kinds.kind[place],
        "kind_p": kinds.p[place],
        "in_domain": kinds.why[user] == "",
        "why": kinds.why[user],
        "place": place - place[np.searchsorted(user, user)] + 1,
        "evidence": evidence[place],
    }


def _numbered(
    user_ids: np.ndarray, user: np.ndarray, letter: str, number: np.ndarray | None = None
) -> np.ndarray:
    """(k,) ids such as '7-s1': the user and a running number, of rows or of the runs of rows that
    `number` counts.
    """
    row = np.arange(len(user)) if number is None else number
    own = row - row[np.searchsorted(user, user)] + 1
    return object_column(f"{name}-{letter}{k}" for name, k in zip(user_ids[user], own))


def _trip_columns(ways: Tracks, trips: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The table of trips, from their fixes and their other columns."""
    start, end = ways.t[ways.track_offsets[:-1]], ways.t[ways.track_offsets[1:] - 1]
    step = ways.steps()
    metres = np.bincount(ways.track[step], ways.metres_to_next(step), ways.n_tracks)
    return {
        "user_id": ways.user_ids[ways.track_user],
        "trip_id": _numbered(ways.user_ids, ways.track_user, "t"),
        "t_start": start,
        "t_end": end,
        "mode": trips["mode"],
        "mode_p": trips["mode_p"],
        "distance_m": metres,
        "duration_min": (end - start) / 60_000,
        **trips,
    }


def _ends(
    line: Line, stops: Ranges, legs: Ranges, table: dict[str, np.ndarray]
) -> dict[str, np.ndarray]:
    """The journeys of trips, and the places that these lead from and to."""
    user = line.track[legs.begin]
    # the stop after the trip; the one before is its
    after = np.searchsorted(stops.begin, legs.begin, side="right")
    columns = {
        "journey_id": _numbered(
            line.tracks.user_ids, user, "j", np.cumsum(run_starts(user, after)) - 1
        )
    }
    for name, stop in (("from", after - 1), ("to", after)):
        some = (stop >= 0) & (stop < len(stops.begin))
        some[some] = line.track[stops.begin[stop[some]]] == user[some]
        for what, empty in (("place", 0), ("kind", None)):
            values = np.full(len(user), empty, table[what].dtype)
            values[some] = table[what][stop[some]]
            columns[f"{name}_{what}"] = values
    return columns
