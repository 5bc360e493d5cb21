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

from model.shipped.synthetic.city.layout import City, Streets, nearest
from model.shipped.synthetic.city.movement import Trip, simulate
from model.shipped.synthetic.city.rail import run_trains
from model.shipped.synthetic.population.people import MODE_CODES, Population, Trips
from model.shipped.synthetic.sumo import Trajectory, say

BATCH = 4000  # legs of one simulation
TRAIN_S = 25_000.0  # of the metro's movement, some fifty runs


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
    underground: np.ndarray | bool = False  # (n,) bool, or of all of it


@dataclass(frozen=True)
class Journey:
    """One trip as simulated. Arrays have one entry a second."""

    trip: int  # into Trips
    t: np.ndarray  # seconds from the first Monday, local solar time
    x: np.ndarray
    y: np.ndarray
    mode: np.ndarray  # int8 into MODE_CODES: a bus trip walks, rides, walks
    underground: np.ndarray  # bool


def move(
    population: Population,
    trips: Trips,
    observed: np.ndarray,
    folder: Path,
    seed: int,
    processes: int = 2,
) -> Iterator[tuple[int, list[Journey]]]:
    """Simulate the trips of the observed people (indices, ascending): each person and that person's
    journeys, by time.

    Every leg is simulated once, and travelled each time at another pace. A trip that no street
    allows is left out.
    """
    city, rng = population.city, np.random.default_rng([seed, 44])
    legs = {
        int(trip): _legs(trip, population, trips)
        for trip in np.flatnonzero(np.isin(trips.person, observed))
    }
    unique = sorted({leg for some in legs.values() for leg in some if leg.start != leg.end})
    say(
        f"{len(legs):,} trips of {len(observed):,} observed people; {len(unique):,} legs to simulate"
    )
    parts = np.array_split(rng.permutation(len(unique)), max(1, -(-len(unique) // BATCH)))
    batches = [[unique[i] for i in part] for part in parts]
    paths: dict[Leg, Trajectory] = {}
    with ProcessPoolExecutor(max(1, min(processes, len(batches))), get_context("spawn")) as pool:
        jobs = [
            pool.submit(_simulate, city.streets, batch, folder, seed, n)
            for n, batch in enumerate(batches)
        ]
        trains = list(run_trains([city.metro], TRAIN_S, folder, "metro", rng).values())
        for n, (job, batch) in enumerate(zip(jobs, batches, strict=True)):
            paths |= {batch[int(name.split("-")[1])]: path for name, path in job.result().items()}
            say(f"simulated {n + 1} of {len(jobs)} batches, {len(paths):,} legs")
    for person in map(int, observed):
        first, end = np.searchsorted(trips.person, [person, person + 1])
        own = {trip: legs[trip] for trip in range(first, end)}
        yield (
            person,
            _journeys(
                own, paths, trains, population, trips, np.random.default_rng([seed, 42, person])
            ),
        )


def _legs(trip: int, population: Population, trips: Trips) -> list[Leg]:
    """The legs of a trip that SUMO must simulate: one, the walks to and from the metro, or those
    and a bus's path.
    """
    mode, a, b = MODE_CODES[trips.mode[trip]], trips.origin[trip], trips.destination[trip]
    on, off, streets = trips.board[trip], trips.alight[trip], population.city.streets
    edges, vehicles = population.sites.edges, population.people[trips.person[trip]].vehicle_types
    if on < 0:
        return [Leg(mode, int(edges[mode][a]), int(edges[mode][b]), vehicles[mode])]
    at = (
        population.city.metro.stations
        if mode == "rail"
        else np.column_stack([streets.x, streets.y])
    )
    gates, doors = streets.nearest("walk", at[[on, off]]), edges["walk"]
    ride = [Leg("bus", int(on), int(off), "bus0")] if mode == "bus" else []
    there, away = (
        Leg("walk", int(doors[a]), int(gates[0]), vehicles["walk"]),
        (int(gates[1]), int(doors[b])),
    )
    return [there, *ride, Leg("walk", *away, vehicles["walk"])]


def _simulate(
    streets: Streets, legs: list[Leg], folder: Path, seed: int, number: int
) -> dict[str, Trajectory]:
    """Paths <mode>-<index> of many legs in simulation `number`."""
    rng = np.random.default_rng([seed, 43, number])
    cars_a_second = streets.length[streets.open_to("car")].sum() / 1000 * rng.uniform(0.002, 0.006)
    window_s = max(1500.0, sum(leg.mode == "car" for leg in legs) / max(cars_a_second, 0.05))
    departs = np.sort(rng.uniform(0, window_s, len(legs)))
    trips = [
        Trip(f"{leg.mode}-{i}", leg.mode, leg.vehicle_type, float(depart), leg.start, leg.end)
        for i, (leg, depart) in enumerate(zip(legs, departs, strict=True))
    ]
    return simulate(streets, trips, folder, f"batch{number}", rng)


def _journeys(
    legs: dict[int, list[Leg]],
    paths: dict[Leg, Trajectory],
    trains: list[Trajectory],
    population: Population,
    trips: Trips,
    rng: np.random.Generator,
) -> list[Journey]:
    """One person's journeys, from the legs of each trip; a late arrival delays the next departure."""
    journeys, free_from = [], -np.inf
    sites = population.sites
    for trip, some in legs.items():
        if any(leg.start != leg.end and leg not in paths for leg in some):
            continue
        parts = []
        for leg in (leg for leg in some if leg in paths):
            seconds, x, y = paths[leg]
            wait_s = float(rng.uniform(20, 600)) if leg.mode == "bus" else 0.0
            parts.append(Part(Trajectory(_paced(seconds, rng), x, y), leg.mode, wait_s))
        if MODE_CODES[trips.mode[trip]] == "rail":
            ride = _ride(population.city, trips.board[trip], trips.alight[trip], trains, rng)
            if ride is None:
                continue
            parts.insert(int(some[0] in paths), ride)
        ends = [
            np.array([sites.x[place], sites.y[place]])
            for place in (trips.origin[trip], trips.destination[trip])
        ]
        journey = _join(trip, parts, ends, max(float(trips.depart[trip]), free_from))
        if journey is not None:
            journeys.append(journey)
            free_from = journey.t[-1] + 60
    return journeys


def _ride(
    city: City, on: int, off: int, trains: list[Trajectory], rng: np.random.Generator
) -> Part | None:
    """A stretch of some train's path, from where it is nearest to a station to where it is nearest
    to the other.
    """
    ends = city.metro.stations[[on, off]]
    for n in rng.permutation(len(trains)):
        second, x, y = trains[n]
        far = [np.hypot(x - station[0], y - station[1]) for station in ends]
        first, last = (int(metres.argmin()) for metres in far)
        if last > first and max(far[0][first], far[1][last]) < 150:
            rows = slice(first, last + 1)
            below = city.underground[nearest(city.metro.stations, x[rows], y[rows])]
            path = Trajectory(second[rows] - second[first], x[rows], y[rows])
            return Part(path, "rail", float(rng.uniform(20, 240)), below)
    return None


def _join(trip: int, parts: list[Part], ends: list[np.ndarray], depart: float) -> Journey | None:
    """One trip, every second from `depart` on, with straight walks to, between and from its parts."""
    at, walked = ends[0], list[Part]()
    for part in parts:
        x, y = part.path.x, part.path.y
        walked += [_straight_walk(at, np.array([x[0], y[0]])), part]
        at = np.array([x[-1], y[-1]])
    walked.append(_straight_walk(at, ends[1]))
    clock, seconds, pieces = depart, [], []
    for part in walked:
        if part.wait_s:
            seconds.append(np.array([clock]))
            pieces.append(Part(Trajectory(*(column[:1] for column in part.path)), "walk"))
            clock += part.wait_s
        if len(part.path.seconds):
            seconds.append(clock + part.path.seconds)
            pieces.append(part)
            clock += part.path.seconds[-1] + 1
    if clock - depart < 3:
        return None
    t = np.concatenate(seconds)
    even = np.arange(np.ceil(t[0]), t[-1] + 1)
    x, y = (np.interp(even, t, np.concatenate([piece.path[k] for piece in pieces])) for k in (1, 2))
    sizes = [len(piece.path.x) for piece in pieces]
    last = np.clip(np.searchsorted(t, even, side="right") - 1, 0, len(t) - 1)
    mode = np.repeat(np.array([MODE_CODES.index(piece.mode) for piece in pieces], np.int8), sizes)[
        last
    ]
    below = np.concatenate(
        [np.broadcast_to(p.underground, n) for p, n in zip(pieces, sizes, strict=True)]
    )[last]
    return Journey(trip, even, x, y, mode, below)


def _straight_walk(a: np.ndarray, b: np.ndarray) -> Part:
    """A walk between a door and the street, or a gate and the platform, (2,) metres each, at 1.2
    m/s.
    """
    count = int(np.hypot(b[0] - a[0], b[1] - a[1]) / 1.2)
    share = np.arange(count) / max(count, 1)
    return Part(
        Trajectory(np.arange(count), a[0] + share * (b[0] - a[0]), a[1] + share * (b[1] - a[1])),
        "walk",
    )


def _paced(seconds: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The seconds of a path travelled anew: some of it faster, some slower."""
    knots = np.linspace(0, seconds[-1], max(2, int(seconds[-1] / 90)))
    pace = np.exp(rng.normal(0, 0.07) + rng.normal(0, 0.09, len(knots) - 1))
    return np.interp(
        seconds,
        knots,
        np.concatenate([[0.0], np.cumsum(np.diff(knots) * np.clip(pace, 0.75, 1.4))]),
    )
