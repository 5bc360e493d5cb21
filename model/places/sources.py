# SPDX-License-Identifier: GPL-2.0-or-later
"""People with known homes and places of work, recorded in several ways, as tables of the features of their places."""

from __future__ import annotations

import csv
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from model.synthetic.generate import CitySpec, midnight_ms, plan_city, record_plans
from model.synthetic.population.people import EMPLOYED
from raw_qgis_plugin.core.arrays import expand_ranges, run_starts
from raw_qgis_plugin.core.diary.line import thinned
from raw_qgis_plugin.core.diary.place_features import PlaceFacts, place_facts
from raw_qgis_plugin.core.diary.places import find_places
from raw_qgis_plugin.core.diary.stops import find_stops
from raw_qgis_plugin.core.sources.readers import read
from raw_qgis_plugin.core.times import DAY_MS, HOUR_MS
from raw_qgis_plugin.core.tracks import Tracks, build_tracks

KINDS = ("home", "work", "other")
MIN_HOURS = 1.0
STAYING_MS = 31 * 60_000  # fixes of HoWDe within a stop are nearer in time


@dataclass(frozen=True)
class People:
    """Tracks, one a user; kind (n,) into KINDS of each fix; commuter (n_users,) whether some place is work."""

    tracks: Tracks
    kind: np.ndarray
    commuter: np.ndarray

    def take(self, fixes: np.ndarray) -> People:
        """Some of the fixes (n,) bool."""
        left = np.isin(self.tracks.user_ids, self.tracks.user_ids[np.unique(self.tracks.user[fixes])])
        return People(self.tracks.take(fixes), self.kind[fixes], self.commuter[left])


@dataclass(frozen=True)
class Table:
    """Places of people as they were recorded in one way. facts of n places; kind: (n,) into KINDS. user_ids, commuter:
    (n_users,).
    """

    name: str
    facts: PlaceFacts
    kind: np.ndarray
    user_ids: np.ndarray
    commuter: np.ndarray

    @property
    def source(self) -> str:
        """The source: the name up to the colon."""
        return self.name.split(":")[0]


def read_howde(folder: Path) -> People:
    """Real people with annotated homes and places of work."""
    import pyarrow.parquet as pq

    tracks = read(folder / "points.parquet")[0].by_user()
    places = pq.read_table(folder / "places.parquet").to_pydict()
    kind_of = {(str(u), p): KINDS.index(k) for u, p, k in zip(places["user_id"], places["place"], places["type"])}
    points = pq.read_table(folder / "points.parquet", columns=["user_id", "t", "place"])
    user, place = (points[name].to_numpy() for name in ("user_id", "place"))
    names, number = np.unique(user, return_inverse=True)
    row = {name: k for k, name in enumerate(tracks.user_ids)}
    at = np.array([row.get(str(name), -1) for name in names])[number]
    t = points["t"].to_numpy().astype("datetime64[ms]").astype(np.int64)
    good = np.flatnonzero(at >= 0)
    found = good[np.lexsort((t[good], at[good]))]
    found = found[np.searchsorted(_key(at[found], t[found]), _key(tracks.user, tracks.t))]
    kind = np.array([kind_of[str(u), p] for u, p in zip(user[found], place[found])], np.int8)
    work = {str(u) for u, k in zip(places["user_id"], places["type"]) if k == "work"}
    return People(tracks, kind, np.isin(tracks.user_ids, list(work)))


def _key(user: np.ndarray, t: np.ndarray) -> np.ndarray:
    """One number for a user's row and a time (ms)."""
    return user.astype(np.int64) << 42 | t


def plan_people(seed: int, people: int, weeks: int) -> People:
    """People of a synthetic city, from their plans alone, by several kinds of phones and loggers; without students,
    volunteers and carers, whose days at school are neither work nor other.
    """
    with tempfile.TemporaryDirectory() as scratch:
        spec = CitySpec(people=people, weeks=weeks, seed=seed)
        population, trips = plan_city(spec, Path(scratch))
    recorded = [fixes for _, fixes in record_plans(spec, population, trips)]
    t, x, y, place = map(np.concatenate, zip(*recorded))
    person = np.repeat(np.arange(people), [len(fixes.t) for fixes in recorded])
    home, work = population.homes(), np.array([each.anchor for each in population.people])
    employed = np.array([each.occupation in EMPLOYED - {"home"} for each in population.people])
    clear = employed | (work == home)
    at_work = (place == work[person]) & employed[person]
    kind = np.where(place == home[person], 0, np.where(at_work, 1, 2)).astype(np.int8)
    lon, lat = population.city.streets.place.lonlat(x, y)
    ms = midnight_ms(population.city) + 1000 * t.astype(np.int64)
    some = clear[person]
    tracks = build_tracks(person[some], None, ms[some], lon[some], lat[some], drop_spikes=False)[0]
    ids = tracks.user_ids.astype(int)
    kind = kind[np.searchsorted(_key(person, ms), _key(ids[tracks.user], tracks.t))]
    return People(tracks, kind, employed[ids])


def read_city(folder: Path) -> People:
    """The recorded people of a city of `python -m model.synthetic`; which places are which is not known."""
    with (folder / "truth_users.csv").open(encoding="utf-8") as file:
        commuter = {row["user_id"]: row["commuter"] == "true" for row in csv.DictReader(file)}
    tracks = read(folder / "tracks.parquet")[0].by_user()
    kind = np.full(len(tracks), KINDS.index("other"), np.int8)
    return People(tracks, kind, np.array([commuter[user] for user in tracks.user_ids]))


def windows(people: People, seed: int, days: tuple[int, ...]) -> list[tuple[str, People]]:
    """The people, their first days with fixes, as many days from a day drawn by chance and with the clock up to three
    hours early (as mean solar time is by law in many countries), and both ends of each stay alone, as loggers record.
    """
    rng, tracks = np.random.default_rng(seed), people.tracks
    day = np.cumsum(run_starts(tracks.user, tracks.t // DAY_MS))
    first = tracks.track_offsets[:-1]
    number = day - day[first][tracks.track]
    count = number[tracks.track_offsets[1:] - 1] + 1
    found = [("whole", people)]
    for n in days:
        found.append((f"first {n}", people.take(number < n)))
        begin = (rng.random(len(count)) * np.maximum(count - n + 1, 1)).astype(int)[tracks.track]
        early = rng.integers(0, 4, len(count))[tracks.track] * HOUR_MS
        shifted = replace(people, tracks=replace(tracks, t=tracks.t - early))
        found.append((f"any {n}", shifted.take((number >= begin) & (number < begin + n))))
    near = (np.diff(tracks.t) < STAYING_MS) & (people.kind[1:] == people.kind[:-1])
    near &= tracks.track[1:] == tracks.track[:-1]
    inside = np.append(False, near) & np.append(near, False)
    found.append(("ends of stays", people.take(~inside)))
    return found


def places_of(name: str, people: People) -> Table:
    """The places of people by their diaries, each of the kind of most of its fixes; without those of few hours."""
    tracks = people.tracks
    line = thinned(tracks)
    stops = find_stops(line)
    first, last = line.first[stops.begin], line.last[stops.end]
    place = find_places(tracks, first, last)[0]
    facts = place_facts(tracks, first, last, place)
    size = last - first + 1
    cell = np.repeat(place, size) * len(KINDS) + people.kind[expand_ranges(first, size)]
    kind = np.bincount(cell, minlength=len(facts.owner) * len(KINDS)).reshape(-1, len(KINDS)).argmax(axis=1)
    kept = facts.of_place["hours"] >= MIN_HOURS
    facts = replace(
        facts, x=facts.x[kept], owner=facts.owner[kept], of_place={k: v[kept] for k, v in facts.of_place.items()}
    )
    return Table(name, facts, kind[kept], tracks.user_ids, people.commuter)
