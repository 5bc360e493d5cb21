# SPDX-License-Identifier: GPL-2.0-or-later
"""The observed people's trips as SUMO simulates them: walks, rides and drives joined into one second-by-second path."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import NamedTuple

import numpy as np

from model.synthetic.city.layout import City, nearest
from model.synthetic.city.movement import Trip, simulate
from model.synthetic.city.rail import run_trains
from model.synthetic.population.people import Population
from model.synthetic.population.plans import MODE_CODES, Trips
from model.synthetic.sumo import Trajectory, say

BATCH = 4000  # legs of one simulation
TRAIN_S = 15_000.0  # of the metro's movement, some twenty runs


class Leg(NamedTuple):
    """A path over the streets to be simulated, from edge to edge."""

    mode: str
    start: int
    end: int
    vehicle_type: str


Directed = tuple[Leg, bool]  # True: from the end to the start
Rides = dict[str, list[Trajectory]]  # paths of vehicles by line, of trains by direction too


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
    population: Population, trips: Trips, observed: np.ndarray, folder: Path, seed: int, processes: int = 2
) -> Iterator[tuple[int, list[Journey]]]:
    """Simulate the trips of the observed people (indices, ascending): each person and that person's journeys, by time.

    Every leg is simulated once; a person who repeats it does so at another pace. A trip that no street allows is left
    out.
    """
    city, rng = population.city, np.random.default_rng([seed, 44])
    legs = {int(trip): _legs(trip, population, trips) for trip in np.flatnonzero(np.isin(trips.person, observed))}
    unique = sorted({leg for some in legs.values() for leg, _ in some if leg.start != leg.end})
    say(f"{len(legs):,} trips of {len(observed):,} observed people; {len(unique):,} legs to simulate")
    parts = np.array_split(rng.permutation(len(unique)), max(1, -(-len(unique) // BATCH)))
    batches = [[unique[i] for i in part] for part in parts]
    paths: dict[Leg, Trajectory] = {}
    rides: Rides = defaultdict(list)
    with ProcessPoolExecutor(max(1, min(processes, len(batches))), get_context("spawn")) as pool:
        jobs = [pool.submit(_simulate, city, batch, folder, seed, n, len(batches)) for n, batch in enumerate(batches)]
        for name, path in run_trains([city.metro], TRAIN_S, folder, "metro", rng, whole=True).items():
            rides[name.split(".")[0]].append(path)
        for n, (job, batch) in enumerate(zip(jobs, batches, strict=True)):
            for name, path in job.result().items():
                if name.startswith("line-"):
                    rides[name.split(".")[0]].append(path)
                else:
                    paths[batch[int(name.split("-")[1])]] = path
            say(f"simulated {n + 1} of {len(jobs)} batches, {len(paths):,} legs")
    for person in map(int, observed):
        first, end = np.searchsorted(trips.person, [person, person + 1])
        own = {trip: legs[trip] for trip in range(first, end)}
        yield person, _journeys(own, paths, rides, population, trips, np.random.default_rng([seed, 42, person]))


def _legs(trip: int, population: Population, trips: Trips) -> list[Directed]:
    """The legs of a trip that SUMO must simulate: one, or the walks to and from a ride."""
    mode, a, b = MODE_CODES[trips.mode[trip]], int(trips.origin[trip]), int(trips.destination[trip])
    rides = mode in ("bus", "rail")
    mode = "walk" if rides else mode
    edges = population.sites.edges[mode]
    ends = [(edges[a], edges[b])]
    if rides:
        gate = population.city.lines[trips.line[trip]].gate
        ends = [(edges[a], gate[trips.board[trip]]), (gate[trips.alight[trip]], edges[b])]
    vehicle, legs = population.people[trips.person[trip]].vehicle_types[mode], []
    for start, end in ends:
        back = mode == "walk" and bool(start > end)  # a walk back is the walk there
        start, end = (end, start) if back else (start, end)
        legs.append((Leg(mode, int(start), int(end), vehicle), back))
    return legs


def _simulate(
    city: City, legs: list[Leg], folder: Path, seed: int, number: int, count: int
) -> dict[str, Trajectory]:  # fmt: skip
    """Simulation `number` of `count`: paths <mode>-<index> of many legs, and line-<line>.<run> of some of the buses."""
    rng = np.random.default_rng([seed, 43, number])
    cars_a_second = city.streets.length[city.streets.open_to("car")].sum() / 1000 * rng.uniform(0.003, 0.009)
    window_s = max(1500.0, sum(leg.mode == "car" for leg in legs) / max(cars_a_second, 0.05))
    departs = np.sort(rng.uniform(0, window_s, len(legs)))
    trips = [
        Trip(f"{leg.mode}-{i}", leg.mode, leg.vehicle_type, float(depart), [leg.start, leg.end], [])
        for i, (leg, depart) in enumerate(zip(legs, departs, strict=True))
    ]
    runs = range(number, max(8, count), count)  # eight buses a line over all simulations
    buses = "".join(xml for _, xml in sorted(_buses_xml(city, window_s, runs, rng)))
    return simulate(city.streets, trips, folder, f"batch{number}", rng, doors=True, buses=buses)


def _buses_xml(city: City, window_s: float, runs: range, rng: np.random.Generator) -> Iterator[tuple[float, str]]:
    """Departures and <vehicle> elements 'line-<line>.<run>' of every bus line."""
    streets = city.streets
    for line in city.lines:
        for run in runs if line.mode == "bus" else ():
            stops = "".join(
                f'<stop lane="{streets.edges[e]}_{streets.lane[e]}" endPos="{0.5 * streets.length[e]:.1f}" '
                f'duration="{rng.uniform(8, 40):.0f}"/>'
                for e in line.stop_edges
            )
            at = rng.random() * 0.6 * window_s
            route = f'<route edges="{" ".join(streets.edges[e] for e in line.edges)}"/>'
            head = f'<vehicle id="line-{line.name}.{run}" type="bus{rng.integers(6)}" depart="{at:.0f}">'
            yield at, f"{head}{route}{stops}</vehicle>"


def _journeys(
    legs: dict[int, list[Directed]], paths: dict[Leg, Trajectory], rides: Rides, population: Population, trips: Trips,
    rng: np.random.Generator,
) -> list[Journey]:  # fmt: skip
    """One person's journeys, from the legs of each trip; a late arrival delays the next departure."""
    journeys, free_from = [], -np.inf
    travelled: set[Leg] = set()
    sites = population.sites
    for trip, some in legs.items():
        if any(leg.start != leg.end and leg not in paths for leg, _ in some):
            continue
        parts = []
        for leg, back in some:
            if leg in paths:
                seconds, x, y = paths[leg]
                if back:
                    seconds, x, y = seconds[-1] - seconds[::-1], x[::-1], y[::-1]
                parts.append(Part(Trajectory(_paced(seconds, rng) if leg in travelled else seconds, x, y), leg.mode))
                travelled.add(leg)
        if trips.line[trip] >= 0:
            ride = _ride(trip, population.city, trips, rides, rng)
            if ride is None:
                continue
            parts.insert(int(some[0][0] in paths), ride)
        ends = [np.array([sites.x[place], sites.y[place]]) for place in (trips.origin[trip], trips.destination[trip])]
        journey = _join(trip, parts, ends, max(float(trips.depart[trip]), free_from))
        if journey is not None:
            journeys.append(journey)
            free_from = journey.t[-1] + 60
    return journeys


def _ride(trip: int, city: City, trips: Trips, rides: Rides, rng: np.random.Generator) -> Part | None:
    """A stretch of some vehicle's path, from where it is nearest to a stop to where it is nearest to the other."""
    line, stops = city.lines[trips.line[trip]], (int(trips.board[trip]), int(trips.alight[trip]))
    back = stops[1] < stops[0]
    runs = rides.get(f"rail-0{'+-'[back]}" if line.mode == "rail" else f"line-{line.name}", [])
    for n in rng.permutation(len(runs)):
        second, x, y = runs[n]
        far = [np.hypot(x - line.x[s], y - line.y[s]) for s in stops]
        on, off = (int(metres.argmin()) for metres in far)
        if off > on and max(far[0][on], far[1][off]) < 150:
            rows = slice(on, off + 1)
            below = city.underground[nearest(city.metro.stations, x[rows], y[rows])] if line.mode == "rail" else False
            path = Trajectory(second[rows] - second[on], x[rows], y[rows])
            return Part(path, line.mode, float(rng.uniform(20, line.headway_s)), below)
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
    mode = np.repeat(np.array([MODE_CODES.index(piece.mode) for piece in pieces], np.int8), sizes)[last]
    below = np.concatenate([np.broadcast_to(p.underground, n) for p, n in zip(pieces, sizes, strict=True)])[last]
    return Journey(trip, even, x, y, mode, below)


def _straight_walk(a: np.ndarray, b: np.ndarray) -> Part:
    """A walk between a door and the street, or a gate and the platform, (2,) metres each, at 1.2 m/s."""
    count = int(np.hypot(b[0] - a[0], b[1] - a[1]) / 1.2)
    share = np.arange(count) / max(count, 1)
    return Part(Trajectory(np.arange(count), a[0] + share * (b[0] - a[0]), a[1] + share * (b[1] - a[1])), "walk")


def _paced(seconds: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The seconds of a repeated path: some of it faster, some slower."""
    knots = np.linspace(0, seconds[-1], max(2, int(seconds[-1] / 90)))
    pace = np.exp(rng.normal(0, 0.07) + rng.normal(0, 0.09, len(knots) - 1))
    return np.interp(seconds, knots, np.concatenate([[0.0], np.cumsum(np.diff(knots) * np.clip(pace, 0.75, 1.4))]))
