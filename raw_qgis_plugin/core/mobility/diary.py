# SPDX-License-Identifier: GPL-2.0-or-later
"""A diary: where people stopped, how they got from stop to stop, and who they are by that."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..arrays import object_column, run_starts, take_rows
from ..errors import Progress, no_progress, part_of, translated
from ..features.movers import unlike_people
from ..specs import DiarySpec
from ..tracks import Tracks
from .legs import find_legs
from .line import make_line, without_vague_fixes
from .modes import judge_of
from .people import PeopleLabels, describe_people, label_people
from .place_features import describe_places
from .place_head import judge_places
from .places import name_places
from .stops import find_stops
from .tables import HOME, WORK, Column, Diary, JudgeModes, Stops, concat

if TYPE_CHECKING:
    from ..bundle.runtime import Model

DEFAULT = DiarySpec()
LEGS_FROM = 0.1  # the share of the work that is done before legs are found


def find_diary(
    tracks: Tracks, model: Model | None, spec: DiarySpec = DEFAULT, progress: Progress = no_progress
) -> Diary:
    """The diary of tracks. What is said of a user depends on the user's own fixes alone.

    Without a model, and for one without the head of modes, every mode is 'unknown'.
    """
    fixes = without_vague_fixes(tracks.by_user())
    diaries = []
    for which, some in fixes.parts():
        n = max(fixes.n_users, 1)
        part = part_of(progress, which.start / n, which.stop / n)
        diaries.append(_find(some, judge_of(model), 60.0 * spec.min_stop_min, part))
    return concat(diaries, fixes)


def _find(fixes: Tracks, judge: JudgeModes, min_stop_s: float, progress: Progress) -> Diary:
    """The diary of some users."""
    line = make_line(fixes)
    stops = find_stops(line, min_stop_s)
    facts = describe_places(fixes, stops)
    stays = line.stays(stops)
    strange = unlike_people(line.thin, line.xy, stays.stopped)
    judged = judge_places(facts, silent=strange)
    places = name_places(stops, facts, judged)
    progress(LEGS_FROM)
    legs = find_legs(line, stays, strange, judge, part_of(progress, LEGS_FROM, 1.0))
    people = describe_people(fixes, stops, places, legs, facts.record, judged)
    progress(1.0)
    return Diary(fixes, stops, places, legs, people)


def label_users(
    tracks: Tracks, model: Model | None, progress: Progress = no_progress
) -> PeopleLabels:
    """Label the users of tracks, by their diary."""
    return label_people(find_diary(tracks, model, progress=progress))


def stop_columns(diary: Diary) -> dict[str, Column]:
    """The published fields of stops (k,)."""
    stops = diary.stops
    places = take_rows(diary.places, stops.place)
    user_id = diary.people.user_id
    user = stops.user
    arrive = stops.t_arrive
    leave = stops.t_leave
    why = diary.people.why[user]
    number = np.arange(len(user))
    evidence = _evidence(diary)
    return {
        "user_id": user_id[user],
        "stop_id": _ids(user_id, user, "s", number),
        "t_arrive": arrive,
        "t_leave": leave,
        "duration_min": (leave - arrive) / 60_000,
        "n_visits": places.n_visits,
        "kind": places.kind,
        "kind_guess": places.kind_guess,
        "kind_p": places.kind_p,
        "in_domain": why == "",
        "why": why,
        "place": _numbers_of_places(stops),
        "evidence": evidence[stops.place],
    }


def trip_columns(diary: Diary) -> dict[str, Column]:
    """The published fields of legs (m,), which users know as trips."""
    legs = diary.legs
    user = legs.user
    begin = legs.t_begin
    end = legs.t_end
    user_id = diary.people.user_id
    number = np.arange(len(user))
    before = legs.stop_before
    after = legs.stop_after
    journey = np.cumsum(run_starts(user, before, after))
    # For stop -1, none
    places = np.append(_numbers_of_places(diary.stops), 0)
    kinds = object_column([*diary.places.kind[diary.stops.place], None])
    return {
        "user_id": user_id[user],
        "trip_id": _ids(user_id, user, "t", number),
        "t_start": begin,
        "t_end": end,
        "mode": legs.mode,
        "mode_p": legs.mode_p,
        "distance_m": legs.metres,
        "duration_min": (end - begin) / 60_000,
        "observed": legs.observed,
        "in_domain": legs.in_domain,
        "why": legs.why,
        "journey_id": _ids(user_id, user, "j", journey),
        "from_place": places[before],
        "from_kind": kinds[before],
        "to_place": places[after],
        "to_kind": kinds[after],
    }


def _within_user(user: Column, number: Column) -> Column:
    """(k,) numbers from 1 for the user's first row. user: (k,) ascending."""
    first = np.searchsorted(user, user)
    return number - number[first] + 1


def _numbers_of_places(stops: Stops) -> Column:
    """(k,) the number of the place of each stop among those of its user."""
    return _within_user(stops.user, stops.place)


def _ids(user_id: Column, user: Column, letter: str, number: Column) -> Column:
    """(k,) ids such as '7-s1': the user and a number, from 1 for the user's first row."""
    own = _within_user(user, number)
    return object_column(f"{name}-{letter}{k}" for name, k in zip(user_id[user], own))


def _evidence(diary: Diary) -> Column:
    """(n,) texts on which days homes and places of work were visited; '' for other places."""
    places = diary.places
    record = take_rows(diary.people.record, places.user)
    at_home = translated("on {k} of {of} nights with fixes")
    at_work = translated("on {k} of {of} weekdays with fixes")
    words = np.full(len(places.user), "", object)
    for row in np.flatnonzero(places.kind_guess == HOME):
        words[row] = at_home.format(k=places.nights[row], of=record.nights[row])
    for row in np.flatnonzero(places.kind_guess == WORK):
        words[row] = at_work.format(k=places.weekdays[row], of=record.weekdays[row])
    return words
