# SPDX-License-Identifier: GPL-2.0-or-later
"""People with known homes and places of work, recorded in several ways, and the features of their
places.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from model.shipped.synthetic.generate import CitySpec, midnight_ms, plan_city, record_plans
from model.shipped.synthetic.population.people import EMPLOYED
from model.shipped.synthetic.population.recording import Fixes
from raw_qgis_plugin.core.arrays import Array, Groups, expand_ranges, join_rows, run_starts
from raw_qgis_plugin.core.cleaning import build_tracks
from raw_qgis_plugin.core.mobility.line import make_line
from raw_qgis_plugin.core.mobility.place_features import PlaceFacts, describe_places
from raw_qgis_plugin.core.mobility.stops import find_stops
from raw_qgis_plugin.core.mobility.tables import KINDS, WORK
from raw_qgis_plugin.core.times import DAY_MS, HOUR_MS
from raw_qgis_plugin.core.tracks import Tracks

MIN_HOURS = 1.0
STAYING_MS = 31 * 60_000  # fixes of HoWDe within a stop are nearer in time


@dataclass(frozen=True)
class People:
    """Tracks, one a user; kind (n,) into KINDS of each fix; commuter (n_users,) whether some place
    is work.
    """

    tracks: Tracks
    kind: Array
    commuter: Array

    def take(self, fixes: Array) -> People:
        """Some of the fixes (n,) bool."""
        left = np.unique(self.tracks.user[fixes])
        return People(
            tracks=self.tracks.take(fixes),
            kind=self.kind[fixes],
            commuter=self.commuter[left],
        )


@dataclass(frozen=True)
class Places:
    """Places of people, who are other users in each recording. kind: (n,) into KINDS of each place.
    recording (such as 'howde: first 7'), person, commuter: (n_users,).
    """

    facts: PlaceFacts
    kind: Array
    recording: Array
    person: Array
    commuter: Array

    @property
    def source(self) -> Array:
        """(n_users,) the recordings up to the colon."""
        return np.array([name.split(":")[0] for name in self.recording])


def read_howde(folder: Path) -> People:
    """Real people with annotated homes and places of work."""
    import pyarrow.parquet as pq

    fixes = pq.read_table(folder / "points.parquet").to_pandas()
    places = pq.read_table(folder / "places.parquet").to_pandas()
    kind_of = places.set_index(["user_id", "place"])["type"].map(KINDS.index)
    place_of_fix = list(zip(fixes["user_id"], fixes["place"]))
    kind = kind_of.loc[place_of_fix].to_numpy()
    ms = fixes["t"].dt.as_unit("ms").astype("int64").to_numpy()
    user = fixes["user_id"].to_numpy()
    lon = fixes["lon"].to_numpy()
    lat = fixes["lat"].to_numpy()
    is_work = places["type"] == WORK
    workers = places["user_id"][is_work].to_numpy()

    return _people(ms, kind, workers, user, lon, lat)


def plan_people(seed: int, people: int, weeks: int) -> People:
    """People of a synthetic city, from their plans alone, by several kinds of phones and loggers;
    without students, volunteers and carers, whose days at school are neither work nor other.
    """
    spec = CitySpec(people=people, weeks=weeks, seed=seed)
    with tempfile.TemporaryDirectory() as scratch:
        population, trips = plan_city(spec, Path(scratch))

    recorded = [each for _, each in record_plans(spec, population, trips)]
    person = np.repeat(np.arange(people), [len(each.t) for each in recorded])
    fixes = Fixes(*map(np.concatenate, zip(*recorded, strict=True)))

    kind, employed, clear = _truth(population.people, fixes.place, person)

    lon, lat = population.city.streets.place.lonlat(fixes.x[clear], fixes.y[clear])
    ms = midnight_ms(population.city) + 1000 * fixes.t[clear].astype(np.int64)

    return _people(
        t=ms,
        kind=kind[clear],
        commuters=np.flatnonzero(employed),
        user=person[clear],
        lon=lon,
        lat=lat,
    )


def _truth(people: Sequence[Any], place: Array, person: Array) -> tuple[Array, Array, Array]:
    """The kind (n,) of each fix: at home 0, at work 1, elsewhere 2; who is employed (people,); and
    the fixes (n,) of those whose places are clear. place, person: (n,) of the fixes.
    """
    home = np.array([each.home for each in people])
    work = np.array([each.anchor for each in people])
    jobs = EMPLOYED - {"home"}
    employed = np.array([each.occupation in jobs for each in people])

    at_home = place == home[person]
    at_work = (place == work[person]) & employed[person]
    kind = np.where(at_work, 1, 2)
    kind = np.where(at_home, 0, kind)
    no_other_place = work == home
    clear = (employed | no_other_place)[person]

    return kind, employed, clear


def _people(
    t: Array,
    kind: Array,
    commuters: Array,
    user: Array,
    lon: Array,
    lat: Array,
) -> People:
    """People of fixes (n,) of which each has a kind. user: numbers."""
    tracks = build_tracks(user, None, t, lon, lat)[0]
    ids = tracks.user_ids.astype(np.int64)

    # Clean tracks have fewer fixes
    order = np.lexsort((t, user))
    user = user[order].astype(np.int64)
    key = user << 42 | t[order]
    kept = ids[tracks.user] << 42 | tracks.t
    row = order[np.searchsorted(key, kept)]

    of_fix = kind[row].astype(np.int8)

    return People(tracks, of_fix, np.isin(ids, commuters))


def windows(
    source: str, people: People, seed: int, days: tuple[int, ...]
) -> list[tuple[str, People]]:
    """Recordings with their names: the people, their first days with fixes, as many days from a day
    drawn by chance and with the clock up to three hours early (as mean solar time is by law in many
    countries), and both ends of each stay alone, as loggers record.
    """
    rng = np.random.default_rng(seed)
    tracks = people.tracks
    day = np.cumsum(run_starts(tracks.user, tracks.t // DAY_MS))
    first_day = day[tracks.track_offsets[:-1]]
    number = day - first_day[tracks.track]
    last = tracks.track_offsets[1:] - 1
    count = number[last] + 1

    found = [(f"{source}: whole", people)]

    for n in days:
        found.append((f"{source}: first {n}", people.take(number < n)))

        drawn = rng.random(len(count)) * np.maximum(count - n + 1, 1)
        begin = drawn.astype(int)[tracks.track]
        inside = (number >= begin) & (number < begin + n)
        early_ms = rng.integers(0, 4, len(count)) * HOUR_MS
        shifted = replace(tracks, t=tracks.t - early_ms[tracks.track])
        part = replace(people, tracks=shifted).take(inside)
        found.append((f"{source}: any {n}", part))

    part = people.take(~within_stays(people))
    found.append((f"{source}: ends of stays", part))

    return found


def within_stays(people: People) -> Array:
    """(n,) bool: fixes with another one of the same stay before and after them."""
    tracks = people.tracks
    soon = np.diff(tracks.t) < STAYING_MS
    same_kind = people.kind[1:] == people.kind[:-1]
    same_track = tracks.track[1:] == tracks.track[:-1]
    near = soon & same_kind & same_track

    return np.append(False, near) & np.append(near, False)


def places_of(recordings: Sequence[tuple[str, People]]) -> Places:
    """The places of people by their diaries, each of the kind of most of its fixes; without those
    of few hours.
    """
    parts = []
    n_users = 0

    for name, people in recordings:
        tracks = people.tracks
        stops = find_stops(make_line(tracks))
        facts = describe_places(tracks, stops)
        size = stops.leave - stops.arrive + 1
        kind_of_fix = people.kind[expand_ranges(stops.arrive, size)]
        cell = np.repeat(stops.place, size) * len(KINDS) + kind_of_fix
        count = Groups(cell, len(facts.user) * len(KINDS)).count()
        kind = count.reshape(-1, len(KINDS)).argmax(axis=1)

        kept = facts.hours >= MIN_HOURS
        facts = facts.take(kept)
        facts = replace(facts, user=facts.user + n_users)
        n_users += tracks.n_users
        recording = np.full(tracks.n_users, name, object)
        parts.append(Places(facts, kind[kept], recording, tracks.user_ids, people.commuter))

    return join_rows(parts)
