# SPDX-License-Identifier: GPL-2.0-or-later
"""A diary of tracks: a table of stops and a table of trips with their modes of transport."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..arrays import join_rows, object_column, run_starts, take_rows
from ..embedding.profiles import UNKNOWN
from ..errors import Progress, no_progress, part_of
from ..specs import DiarySpec
from ..tracks import Tracks
from .legs import Legs, cut_legs, join_legs, tracks_of, unseen_legs
from .line import Line, thinned
from .modes import VAGUE_M, Modes, as_frequent, find_modes, no_modes
from .place_features import PlaceFacts, place_facts
from .place_head import Kinds, judge_places
from .places import HOME, WORK, find_places
from .stops import SETTINGS, Stops, find_stops

if TYPE_CHECKING:
    from ..bundle.runtime import Model

DEFAULT = DiarySpec()
UNSEEN = "no fixes on the way"


@dataclass(frozen=True)
class Diary:
    """Columns of stops and of trips, a row each, by user and time. Times are epoch ms.

    stops: user_id, stop_id, t_arrive, t_leave, duration_min, n_visits (stops at the same place), kind (home, work,
    other, None), kind_p, in_domain, why, place (numbered by user), evidence. trips: user_id, trip_id, journey_id (trips
    from one stop to the next), t_start, t_end, mode, mode_p, distance_m, duration_min, from_place, to_place (0: none),
    from_kind, to_kind, observed (False: known by the stops at both ends alone), in_domain, why.
    """

    stops: dict[str, np.ndarray]
    stop_lon: np.ndarray  # degrees
    stop_lat: np.ndarray
    trips: dict[str, np.ndarray]
    trip_fixes: Tracks  # the fixes of the trips, a track each
    mode_p: np.ndarray  # (trips, modes.MODES) `as_frequent`, for sums; nan where the model cannot know
    # user_id, commuter_p, why (no kinds), home_nights, work_days, and `PlaceFacts.of_user`
    users: dict[str, np.ndarray]


def find_diary(
    tracks: Tracks, model: Model | None, spec: DiarySpec = DEFAULT, progress: Progress = no_progress
) -> Diary:
    """The diary of tracks. What is said of a user depends on the user's own fixes alone.

    Without a model, and for one without the head of modes, every mode is 'unknown'.
    """
    everybody, parts = tracks.by_user(), []
    for which, some in everybody.parts():
        share = (end / max(everybody.n_users, 1) for end in (which.start, which.stop))
        parts.append(_diary(some, model, spec, part_of(progress, *share)))
    ways = [part.trip_fixes for part in parts]
    tables = join_rows([{k: v for k, v in vars(part).items() if k != "trip_fixes"} for part in parts])
    n_users, n_tracks = (np.cumsum([0, *sizes]) for sizes in ([w.n_users for w in ways], [w.n_tracks for w in ways]))
    whole = Tracks(
        np.concatenate([w.user_ids for w in ways]), np.concatenate([w.track_ids for w in ways]),
        np.concatenate([w.track_user + np.int32(k) for w, k in zip(ways, n_users)]),
        np.concatenate([w.track + np.int32(k) for w, k in zip(ways, n_tracks)]),
        *(np.concatenate([getattr(w, name) for w in ways]) for name in ("t", "lon", "lat")),
    )  # fmt: skip
    return Diary(trip_fixes=whole, **tables)


def _diary(tracks: Tracks, model: Model | None, spec: DiarySpec, progress: Progress) -> Diary:
    exact = _exact(tracks)
    line = thinned(exact)
    stops = find_stops(line, SETTINGS.lasting(60.0 * spec.min_stop_min))
    first, last = line.first[stops.begin], line.last[stops.end]
    place, lon, lat = find_places(exact, first, last)
    facts = place_facts(exact, first, last, place)
    kinds = judge_places(facts)
    legs = cut_legs(line, stops)
    progress(0.1)
    modes = find_modes(tracks_of(line, legs), model, part_of(progress, 0.1, 1.0))
    joined = join_legs(line, stops, legs, modes.mode, np.where(modes.mode == UNKNOWN, np.nan, modes.mode_p))
    modes = _joined_modes(line, legs, joined, modes)
    legs, seen = unseen_legs(line, stops, joined, place)
    every = no_modes(len(seen), UNSEEN)
    for name, values in vars(modes).items():
        getattr(every, name)[seen] = values
    table = _stop_columns(exact, first, last, place, facts, kinds)
    ways = tracks_of(line, legs)
    at_home, at_work = (
        np.bincount(facts.owner[kinds.kind == kind], facts.of_place[name][kinds.kind == kind], tracks.n_users)
        for kind, name in ((HOME, "nights"), (WORK, "weekdays"))
    )
    users = {
        "user_id": tracks.user_ids, "commuter_p": kinds.commuter_p, "why": kinds.why,
        "home_nights": np.minimum(at_home, facts.of_user["nights"]),
        "work_days": np.minimum(at_work, facts.of_user["weekdays"]), **facts.of_user,
    }  # fmt: skip
    trips = _trip_columns(ways, every, seen) | _ends(line, stops, legs, table)
    progress(1.0)
    return Diary(table, lon, lat, trips, ways, as_frequent(every.p), users)


def _exact(tracks: Tracks) -> Tracks:
    """The fixes whose positions are known well enough; of users who have hardly any, none is left out."""
    if tracks.accuracy is None:
        return tracks
    vague = tracks.accuracy > VAGUE_M  # nan is not
    share = np.bincount(tracks.user, vague, tracks.n_users) / np.bincount(tracks.user, minlength=tracks.n_users)
    kept = ~vague | (share > 0.5)[tracks.user]
    return tracks if kept.all() else tracks.take(kept)


def _joined_modes(line: Line, legs: Legs, joined: Legs, modes: Modes) -> Modes:
    """The modes of joined legs, which agree: their probabilities are means over time."""
    first = np.searchsorted(legs.begin, joined.begin)
    result, seconds = take_rows(modes, first), line.t[legs.end] - line.t[legs.begin]
    if len(first):
        result.p[:] = np.add.reduceat(modes.p * seconds[:, None], first) / np.add.reduceat(seconds, first)[:, None]
        result.mode_p[:] = np.add.reduceat(modes.mode_p * seconds, first) / np.add.reduceat(seconds, first)
    return result


def _stop_columns(
    tracks: Tracks, first: np.ndarray, last: np.ndarray, place: np.ndarray, facts: PlaceFacts, kinds: Kinds
) -> dict[str, np.ndarray]:
    """The table of stops."""
    user, arrive, leave = tracks.user[first], tracks.t[first], tracks.t[last]
    seen = facts.of_user
    evidence = object_column(
        f"on {night} of {seen['nights'][who]} nights with fixes" if kind == HOME
        else f"on {day} of {seen['weekdays'][who]} weekdays with fixes" if kind == WORK else ""
        for kind, night, day, who in zip(kinds.kind, facts.of_place["nights"], facts.of_place["weekdays"], facts.owner)
    )  # fmt: skip
    return {
        "user_id": tracks.user_ids[user], "stop_id": _numbered(tracks.user_ids, user, "s"), "t_arrive": arrive,
        "t_leave": leave, "duration_min": (leave - arrive) / 60_000,
        "n_visits": np.bincount(place, minlength=1)[place], "kind": kinds.kind[place], "kind_p": kinds.p[place],
        "in_domain": kinds.why[user] == "", "why": kinds.why[user], "place": place - _firsts(place, user) + 1,
        "evidence": evidence[place],
    }  # fmt: skip


def _firsts(values: np.ndarray, user: np.ndarray) -> np.ndarray:
    """(k,) the smallest value of each row's user. Rows are sorted by user."""
    head = np.flatnonzero(run_starts(user))
    least = np.minimum.reduceat(values, head) if len(head) else values
    return np.repeat(least, np.diff(np.append(head, len(user))))


def _numbered(user_ids: np.ndarray, user: np.ndarray, letter: str, number: np.ndarray | None = None) -> np.ndarray:
    """(k,) ids such as '7-s1': the user and a running number, of each row or of each `number`, ascending."""
    row = np.arange(len(user)) if number is None else np.cumsum(run_starts(number)) - 1
    return object_column(f"{name}-{letter}{k}" for name, k in zip(user_ids[user], row - _firsts(row, user) + 1))


def _trip_columns(ways: Tracks, modes: Modes, seen: np.ndarray) -> dict[str, np.ndarray]:
    """The table of trips, without their ends."""
    start, end = ways.t[ways.track_offsets[:-1]], ways.t[ways.track_offsets[1:] - 1]
    step = ways.steps()
    metres = np.bincount(ways.track[step], ways.metres_to_next(step), ways.n_tracks)
    return {
        "user_id": ways.user_ids[ways.track_user], "trip_id": _numbered(ways.user_ids, ways.track_user, "t"),
        "t_start": start, "t_end": end, "mode": modes.mode, "mode_p": modes.mode_p,
        "distance_m": metres, "duration_min": (end - start) / 60_000,
        "observed": seen, "in_domain": modes.in_domain, "why": modes.why,
    }  # fmt: skip


def _ends(line: Line, stops: Stops, legs: Legs, table: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The journeys of trips, and the places that these lead from and to."""
    user = line.track[legs.begin]
    after = np.searchsorted(stops.begin, legs.begin, side="right")  # the stop after the trip; the one before is its
    columns = {"journey_id": _numbered(line.tracks.user_ids, user, "j", np.stack([user, after], 1) @ [2**32, 1])}
    for name, stop in (("from", after - 1), ("to", after)):
        some = (stop >= 0) & (stop < len(stops.begin))
        some[some] = line.track[stops.begin[stop[some]]] == user[some]
        for what, empty in (("place", 0), ("kind", None)):
            values = np.full(len(user), empty, table[what].dtype)
            values[some] = table[what][stop[some]]
            columns[f"{name}_{what}"] = values
    return columns
