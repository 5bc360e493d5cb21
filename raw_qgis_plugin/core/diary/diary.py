# SPDX-License-Identifier: GPL-2.0-or-later
"""A diary of tracks: a table of stops and a table of trips with their modes of transport."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..arrays import expand_ranges, group_quantile, object_column, run_starts, take_rows
from ..embedding.profiles import UNKNOWN
from ..errors import Progress, no_progress, part_of
from ..geodesy import metres_between, near_lon
from ..tracks import Tracks
from .legs import Legs, cut_legs, join_legs, tracks_of
from .line import Line, thinned
from .modes import Modes, find_modes
from .places import NO_HOME, find_places
from .stops import SETTINGS, Stops, StopSettings, find_stops

if TYPE_CHECKING:
    from ..bundle.runtime import Model


@dataclass(frozen=True)
class Diary:
    """Columns of stops and of trips, a row each, by user and time. Times are epoch ms.

    stops: user_id, stop_id, t_arrive, t_leave, duration_min, n_visits (stops at the same place), kind (home, work,
    other, None), in_domain, why, place (numbered by user), evidence. trips: user_id, trip_id, t_start, t_end, mode,
    mode_p, distance_m, duration_min, in_domain, why.
    """

    stops: dict[str, np.ndarray]
    stop_lon: np.ndarray  # degrees
    stop_lat: np.ndarray
    trips: dict[str, np.ndarray]
    ways: Tracks  # the fixes of the trips, a track each
    mode_p: np.ndarray  # (trips, modes.MODES) the probability of every mode, nan where the model cannot know


def find_diaries(
    tracks: Tracks, model: Model | None, least_min: float = 10.0, progress: Progress = no_progress
) -> Iterator[Diary]:
    """The diaries of tracks, of some users at a time. What is said of a user depends on the user's own fixes alone.

    least_min: minutes of a stop, at least. Without a model, and for one without the head, every mode is 'unknown'.
    """
    settings = SETTINGS.lasting(60.0 * least_min)
    users = tracks.by_user()
    for which, some in users.parts():
        share = (end / max(users.n_users, 1) for end in (which.start, which.stop))
        yield _diary(some, model, settings, part_of(progress, *share))


def _diary(tracks: Tracks, model: Model | None, settings: StopSettings, progress: Progress) -> Diary:
    line = thinned(tracks)
    stops = find_stops(line, settings)
    legs = cut_legs(line, stops)
    progress(0.1)
    modes = find_modes(tracks_of(line, legs), model, part_of(progress, 0.1, 0.8))
    sure = np.where(modes.mode == UNKNOWN, np.nan, modes.mode_p)
    joined = join_legs(line, stops, legs, modes.mode, sure)
    ways = tracks_of(line, joined)
    modes = _joined_modes(legs, joined, modes, ways, model, part_of(progress, 0.8, 1.0))
    columns, lon, lat = _stop_columns(line, stops)
    progress(1.0)
    return Diary(columns, lon, lat, _trip_columns(ways, modes), ways, modes.p)


def _joined_modes(
    legs: Legs, joined: Legs, modes: Modes, ways: Tracks, model: Model | None, progress: Progress
) -> Modes:
    """The modes of joined legs: those that were joined are asked again, the others keep theirs."""
    before = np.searchsorted(legs.begin, joined.begin)
    new = legs.end[before] != joined.end
    kept = take_rows(modes, before)
    again = find_modes(ways.take(new[ways.track]), model, progress)
    for name in ("mode", "mode_p", "in_domain", "why", "p"):
        getattr(kept, name)[new] = getattr(again, name)
    return kept


def _stop_columns(line: Line, stops: Stops) -> tuple[dict[str, np.ndarray], np.ndarray, np.ndarray]:
    """The table of stops, and their lon and lat."""
    tracks, first, last = line.tracks, line.first[stops.begin], line.last[stops.end]
    user, arrive, leave = tracks.user[first], tracks.t[first], tracks.t[last]
    lon, lat = _positions(tracks, first, last)
    found = find_places(user, lon, lat, arrive, leave)
    known = np.array([kind is not None for kind in found.kind], bool)
    columns = {
        "user_id": tracks.user_ids[user], "stop_id": _numbered(tracks.user_ids, user, "s"), "t_arrive": arrive,
        "t_leave": leave, "duration_min": (leave - arrive) / 60_000, "n_visits": found.n_visits, "kind": found.kind,
        "in_domain": known, "why": np.where(known, "", NO_HOME).astype(object),
        "place": found.place - _firsts(found.place, user) + 1, "evidence": found.evidence,
    }  # fmt: skip
    return columns, lon, lat


def _positions(tracks: Tracks, first: np.ndarray, last: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Medians of the fixes first to last, (k,) degrees."""
    size = last - first + 1
    row, stop = expand_ranges(first, size), np.repeat(np.arange(len(first)), size)
    east = near_lon(tracks.lon[row] - tracks.lon[first][stop], np.zeros(len(row)))
    lon = tracks.lon[first] + group_quantile(east, stop, len(first))
    lat = tracks.lat[first] + group_quantile(tracks.lat[row] - tracks.lat[first][stop], stop, len(first))
    return (lon + 180) % 360 - 180, lat


def _firsts(values: np.ndarray, user: np.ndarray) -> np.ndarray:
    """(k,) the smallest value of each row's user. Rows are sorted by user."""
    head = np.flatnonzero(run_starts(user))
    least = np.minimum.reduceat(values, head) if len(head) else values
    return np.repeat(least, np.diff(np.append(head, len(user))))


def _numbered(user_ids: np.ndarray, user: np.ndarray, letter: str) -> np.ndarray:
    """(k,) ids such as '7-s1': the user and a running number."""
    row = np.arange(len(user))
    number = row - _firsts(row, user) + 1
    return object_column(f"{name}-{letter}{k}" for name, k in zip(user_ids[user], number))


def _trip_columns(ways: Tracks, modes: Modes) -> dict[str, np.ndarray]:
    """The table of trips."""
    start, end = ways.t[ways.track_offsets[:-1]], ways.t[ways.track_offsets[1:] - 1]
    step = ways.steps()
    metres = metres_between(ways.lon[step], ways.lat[step], ways.lon[step + 1], ways.lat[step + 1])
    return {
        "user_id": ways.user_ids[ways.track_user], "trip_id": _numbered(ways.user_ids, ways.track_user, "t"),
        "t_start": start, "t_end": end, "mode": modes.mode, "mode_p": modes.mode_p,
        "distance_m": np.bincount(ways.track[step], metres, ways.n_tracks), "duration_min": (end - start) / 60_000,
        "in_domain": modes.in_domain, "why": modes.why,
    }  # fmt: skip
