# SPDX-License-Identifier: GPL-2.0-or-later
"""The observed people's trips as SUMO simulates them: walks, rides and drives joined into one
second-by-second path.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.random import Generator

from model.shipped.synthetic.city.layout import City, nearest
from model.shipped.synthetic.city.movement import Trip, simulate
from model.shipped.synthetic.city.rail import run_trains
from model.shipped.synthetic.city.streets import Streets
from model.shipped.synthetic.population.people import MODE_CODES, Population
from model.shipped.synthetic.population.plans import Trips
from model.shipped.synthetic.sumo import Trajectory, say
from raw_qgis_plugin.core.arrays import Array


class Settings:
    """How trips are simulated."""

    batch: int = 4000  # legs of one simulation
    train_s: float = 25_000.0  # of the metro's movement, some fifty runs
    walk_ms: float = 1.2  # between a door and the street
    at_station_m: int = 150  # so near a train passes a station where it stops
    shortest_s: int = 3  # of a journey


class Leg(NamedTuple):
    """A path over the streets to be simulated, from edge to edge."""

    mode: str
    start: int
    end: int
    vehicle_type: str


class Part(NamedTuple):
    """A part of a journey."""

    path: Trajectory
    mode: str
    wait_s: float = 0.0  # before it, standing at its start
    underground: Array | bool = False  # (n,) bool, or of all of it


@dataclass(frozen=True)
class Journey:
    """One trip as simulated. Arrays have one entry a second."""

    trip: int  # into Trips
    t: Array  # seconds from the first Monday, local solar time
    x: Array
    y: Array
    mode: Array  # int8 into MODE_CODES: a bus trip walks, rides, walks
    underground: Array  # bool


@dataclass(frozen=True)
class Simulated:
    """What SUMO moved: the paths of legs, each travelled by all who need it, and trains."""

    paths: dict[Leg, Trajectory]
    trains: list[Trajectory]


def move(
    population: Population,
    trips: Trips,
    observed: Array,
    folder: Path,
    seed: int,
    processes: int = 2,
) -> Iterator[tuple[int, list[Journey]]]:
    """Simulate the trips of the observed people (indices, ascending): each person and that person's
    journeys, by time.

    Every leg is simulated once, and travelled each time at another pace. A trip that no street
    allows is left out.
    """
    of_observed = np.isin(trips.person, observed)
    wanted = map(int, np.flatnonzero(of_observed))
    legs = {trip: _legs(trip, population, trips) for trip in wanted}
    unique = sorted({leg for some in legs.values() for leg in some if leg.start != leg.end})
    say(f"{len(legs):,} trips of {len(observed):,} people; {len(unique):,} legs to simulate")
    simulated = _simulate_all(unique, population.city, folder, seed, processes)

    for person in map(int, observed):
        first, end = np.searchsorted(trips.person, [person, person + 1])
        own = {trip: legs[trip] for trip in range(first, end)}
        rng = np.random.default_rng([seed, 42, person])
        yield person, _journeys(own, simulated, population, trips, rng)


def _simulate_all(
    legs: list[Leg], city: City, folder: Path, seed: int, processes: int
) -> Simulated:
    """All legs in batches, and the trains."""
    rng = np.random.default_rng([seed, 44])
    count = max(1, -(-len(legs) // Settings.batch))
    parts = np.array_split(rng.permutation(len(legs)), count)
    batches = [[legs[i] for i in part] for part in parts]
    paths: dict[Leg, Trajectory] = {}

    with ProcessPoolExecutor(min(processes, count), get_context("spawn")) as pool:
        jobs = [
            pool.submit(_simulate, city.streets, batch, folder, seed, number)
            for number, batch in enumerate(batches)
        ]
        trains = run_trains([city.metro], Settings.train_s, folder, "metro", rng)

        for number, job in enumerate(jobs):
            paths |= job.result()
            say(f"simulated {number + 1} of {count} batches, {len(paths):,} legs")

    return Simulated(paths, list(trains.values()))


def _legs(trip: int, population: Population, trips: Trips) -> list[Leg]:
    """The legs of a trip that SUMO must simulate: one, the walks to and from the metro, or those
    and a bus's path.
    """
    mode = MODE_CODES[trips.mode[trip]]
    edges = population.sites.edges
    a = trips.origin[trip]
    b = trips.destination[trip]
    vehicles = population.people[trips.person[trip]].vehicle_types
    on = int(trips.board[trip])
    off = int(trips.alight[trip])

    if on < 0:
        return [Leg(mode, int(edges[mode][a]), int(edges[mode][b]), vehicles[mode])]

    city = population.city
    stops = city.metro.stations if mode == "rail" else city.streets.middles
    enter, leave = map(int, city.streets.nearest("walk", stops[[on, off]]))
    doors = edges["walk"]
    there = Leg("walk", int(doors[a]), enter, vehicles["walk"])
    away = Leg("walk", leave, int(doors[b]), vehicles["walk"])

    if mode == "rail":
        return [there, away]

    return [there, Leg("bus", on, off, "bus0"), away]


def _simulate(
    streets: Streets, legs: list[Leg], folder: Path, seed: int, number: int
) -> dict[Leg, Trajectory]:
    """Paths of many legs in simulation `number`."""
    rng = np.random.default_rng([seed, 43, number])
    roads = streets.open_to("car")
    road_km = streets.length[roads].sum() / 1000
    cars_a_second = road_km * rng.uniform(0.002, 0.006)
    cars = sum(leg.mode == "car" for leg in legs)
    window_s = max(1500.0, cars / max(cars_a_second, 0.05))
    departs = np.sort(rng.uniform(0, window_s, len(legs)))
    trips = []
    by_name = {}

    for i, leg in enumerate(legs):
        name = f"{leg.mode}-{i}"
        by_name[name] = leg
        depart = float(departs[i])
        trips.append(Trip(name, leg.mode, leg.vehicle_type, depart, leg.start, leg.end))

    paths = simulate(streets, trips, folder, f"batch{number}", rng)

    return {by_name[name]: path for name, path in paths.items()}


def _journeys(
    legs: dict[int, list[Leg]],
    simulated: Simulated,
    population: Population,
    trips: Trips,
    rng: Generator,
) -> list[Journey]:
    """One person's journeys from the legs of each trip; who arrives late departs late again."""
    journeys: list[Journey] = []
    free_from = -np.inf

    for trip, some in legs.items():
        parts = _parts(trip, some, simulated, population.city, trips, rng)
        if parts is None:
            continue

        start = population.sites.at(trips.origin[trip])
        goal = population.sites.at(trips.destination[trip])
        walked = _with_walks(parts, start, goal)
        journey = _join(trip, walked, max(float(trips.depart[trip]), free_from))

        if journey is not None:
            journeys.append(journey)
            free_from = journey.t[-1] + 60

    return journeys


def _parts(
    trip: int,
    legs: list[Leg],
    simulated: Simulated,
    city: City,
    trips: Trips,
    rng: Generator,
) -> list[Part] | None:
    """What a trip is made of, or None if a part could not be simulated."""
    paths = simulated.paths
    if any(leg.start != leg.end and leg not in paths for leg in legs):
        return None

    parts = []

    for leg in legs:
        if leg in paths:
            wait_s = float(rng.uniform(20, 600)) if leg.mode == "bus" else 0.0
            seconds, x, y = paths[leg]
            parts.append(Part(Trajectory(_paced(seconds, rng), x, y), leg.mode, wait_s))

    if MODE_CODES[trips.mode[trip]] == "rail":
        ends = city.metro.stations[[trips.board[trip], trips.alight[trip]]]
        ride = _ride(city, ends, simulated.trains, rng)

        if ride is None:
            return None

        parts.insert(int(legs[0] in paths), ride)

    return parts


def _ride(city: City, ends: Array, trains: list[Trajectory], rng: Generator) -> Part | None:
    """A stretch of some train's path, from where it is nearest to a station to where it is nearest
    to the other. ends: (2, 2) metres, the stations.
    """
    for n in rng.permutation(len(trains)):
        second, x, y = trains[n]
        from_m, to_m = np.hypot(x - ends[:, :1], y - ends[:, 1:])
        first = int(from_m.argmin())
        last = int(to_m.argmin())

        if last > first and max(from_m[first], to_m[last]) < Settings.at_station_m:
            rows = slice(first, last + 1)
            path = Trajectory(second[rows] - second[first], x[rows], y[rows])
            below = city.underground[nearest(city.metro.stations, path.x, path.y)]

            return Part(path, "rail", float(rng.uniform(20, 240)), below)
    return None


def _with_walks(parts: list[Part], start: Array, goal: Array) -> list[Part]:
    """Parts with straight walks to, between and from them. start, goal: (2,) metres."""
    walked: list[Part] = []
    at = start

    for part in parts:
        x = part.path.x
        y = part.path.y
        walked += [_straight_walk(at, np.array([x[0], y[0]])), part]
        at = np.array([x[-1], y[-1]])

    return [*walked, _straight_walk(at, goal)]


def _join(trip: int, parts: list[Part], depart: float) -> Journey | None:
    """One trip, every second from `depart` on; None if it takes no time."""
    clock = depart
    pieces: list[Part] = []
    seconds: list[Array] = []

    for part in parts:
        if part.wait_s:
            standing = Trajectory(*(column[:1] for column in part.path))
            pieces.append(Part(standing, "walk"))
            seconds.append(np.array([clock]))
            clock += part.wait_s
        if len(part.path.seconds):
            pieces.append(part)
            seconds.append(clock + part.path.seconds)
            clock += part.path.seconds[-1] + 1

    if clock - depart < Settings.shortest_s:
        return None

    return _every_second(trip, pieces, np.concatenate(seconds))


def _every_second(trip: int, pieces: list[Part], t: Array) -> Journey:
    """One trip from pieces whose rows are at times t (n,)."""
    even = np.arange(np.ceil(t[0]), t[-1] + 1)
    x = np.concatenate([piece.path.x for piece in pieces])
    y = np.concatenate([piece.path.y for piece in pieces])
    sizes = [len(piece.path.x) for piece in pieces]
    number = np.repeat(np.arange(len(pieces)), sizes)
    modes = np.array([MODE_CODES.index(piece.mode) for piece in pieces], np.int8)
    below = [np.broadcast_to(piece.underground, len(piece.path.x)) for piece in pieces]

    row = np.searchsorted(t, even, side="right") - 1
    row = row.clip(0, len(t) - 1)
    x = np.interp(even, t, x)
    y = np.interp(even, t, y)

    return Journey(trip, even, x, y, modes[number[row]], np.concatenate(below)[row])


def _straight_walk(a: Array, b: Array) -> Part:
    """A walk between a door and the street, or a gate and the platform, (2,) metres each."""
    way = b - a
    count = int(np.hypot(*way) / Settings.walk_ms)
    seconds = np.arange(count)
    share = seconds / max(count, 1)
    x, y = a[:, None] + share * way[:, None]

    return Part(Trajectory(seconds, x, y), "walk")


def _paced(seconds: Array, rng: Generator) -> Array:
    """The seconds of a path travelled anew: some of it faster, some slower."""
    knots = np.linspace(0, seconds[-1], max(2, int(seconds[-1] / 90)))
    today = rng.normal(0, 0.07)
    changes = rng.normal(0, 0.09, len(knots) - 1)
    pace = np.exp(today + changes).clip(0.75, 1.4)
    took_s = np.diff(knots) * pace
    clock = np.concatenate([[0.0], np.cumsum(took_s)])

    return np.interp(seconds, knots, clock)
