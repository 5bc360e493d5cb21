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

from model.synthetic.city.highway import path_out
from model.synthetic.city.layout import City, nearest
from model.synthetic.city.movement import ROAD_MODES, Trip, pace_walker, simulate
from model.synthetic.city.rail import run_metro
from model.synthetic.population.people import Population
from model.synthetic.population.plans import DAY_S, HOUR_S, MODE_CODES, REGIONAL, Trips
from model.synthetic.sumo import Trajectory, say


class Leg(NamedTuple):
    """A path over the streets to be simulated."""

    mode: str
    start: int  # edges
    end: int
    vehicle_type: str
    peak: bool  # at a peak hour; of cars alone, as nobody else queues


Directed = tuple[Leg, bool]  # True: from the end to the start


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
    city = population.city
    legs = {int(trip): _legs(trip, population, trips) for trip in np.flatnonzero(np.isin(trips.person, observed))}
    unique = sorted({leg for some in legs.values() for leg, _ in some if leg.start != leg.end})
    say(f"{len(legs):,} trips of {len(observed):,} observed people; {len(unique):,} legs to simulate")
    batches = _batches(unique, np.random.default_rng([seed, 44]))
    paths: dict[Leg, Trajectory] = {}
    rides: dict[str, list[Trajectory]] = defaultdict(list)
    with ProcessPoolExecutor(max(1, min(processes, len(batches))), get_context("spawn")) as pool:
        jobs = [pool.submit(_simulate, city, batch, folder, seed, n, len(batches)) for n, batch in enumerate(batches)]
        trains = run_metro(city.metro, city.lines[0].name, folder, np.random.default_rng([seed, 41]))
        for name, path in _compact(trains):
            rides[name.split(".")[0]].append(path)
        for n, (job, batch) in enumerate(zip(jobs, batches, strict=True)):
            for name, path in job.result():
                kind, which = name.split("-")
                if kind == "line":
                    rides[which.split(".")[0]].append(path)
                else:
                    paths[batch[int(which)]] = path
            say(f"simulated {n + 1} of {len(jobs)} batches, {len(paths):,} legs")
    joiner = Joiner(population, trips, paths, rides)
    for person in map(int, observed):
        first, end = np.searchsorted(trips.person, [person, person + 1])
        own = {trip: legs[trip] for trip in range(first, end)}
        yield person, joiner.journeys(own, np.random.default_rng([seed, 42, person]))


def _legs(trip: int, population: Population, trips: Trips) -> list[Directed]:
    """The legs of a trip that SUMO must simulate: one, or the walks to and from a ride.

    A leg's end out of town is the edge at which its road leaves the city.
    """
    person, inside = population.people[trips.person[trip]], population.chooser.inside
    a, b = int(trips.origin[trip]), int(trips.destination[trip])
    mode, line, depart = MODE_CODES[trips.mode[trip]], int(trips.line[trip]), float(trips.depart[trip])
    if mode in ("bus", "rail"):
        gate, mode = population.city.lines[0 if line == REGIONAL else line].gate, "walk"
        edges = population.sites.edges[mode]
        ends = [(edges[a], gate[trips.board[trip]])] if inside[a] else []
        ends += [(gate[trips.alight[trip]], edges[b])] if inside[b] else []
    else:
        edges = population.sites.edges[mode]
        ends = [(edges[a], edges[b])]
    weekday, hour = depart // DAY_S % 7 < 5, depart % DAY_S / HOUR_S
    peak = mode == "car" and weekday and (7.0 <= hour < 9.5 or 16.0 <= hour < 18.7)
    legs = []
    for start, end in ends:
        back = mode == "walk" and bool(start > end)  # a walk back is the walk there
        start, end = (end, start) if back else (start, end)
        legs.append((Leg(mode, int(start), int(end), person.vehicle_types[mode], peak), back))
    return legs


def _batches(legs: list[Leg], rng: np.random.Generator) -> list[list[Leg]]:
    """Legs by simulation, up to 4,000 each: those of the peaks apart, walks and rides mixed among the drives."""
    batches = []
    for peak in (False, True):
        some = [leg for leg in legs if leg.peak == peak]
        order = rng.permutation(len(some))
        batches += [[some[i] for i in part] for part in np.array_split(order, -(-len(some) // 4000))] if some else []
    return batches or [[]]


def _simulate(
    city: City, legs: list[Leg], folder: Path, seed: int, number: int, count: int
) -> list[tuple[str, Trajectory]]:
    """Simulation `number` of `count`: paths <mode>-<index> of many legs, and line-<line>.<run> of some of the buses."""
    rng = np.random.default_rng([seed, 43, number])
    peak = bool(legs) and legs[0].peak
    cars_a_second = city.streets.length[city.streets.open_to("car")].sum() / 1000 * (0.008 if peak else 0.004)
    window_s = max(1500.0, sum(leg.mode == "car" for leg in legs) / max(cars_a_second, 0.05))
    depart = np.sort(rng.uniform(0, window_s, len(legs)))
    trips = []
    for i, at in zip(rng.permutation(len(legs)), depart, strict=True):
        leg = legs[i]
        trips.append(Trip(f"{leg.mode}-{i}", leg.mode, leg.vehicle_type, float(at), [leg.start, leg.end], []))
    runs = range(number, max(8, count), count)  # eight buses a line over all simulations
    buses = "".join(xml for _, xml in sorted(_buses_xml(city, window_s, runs, rng)))
    return _compact(simulate(city.streets, trips, folder, f"batch{number}", rng, doors=True, buses=buses))


def _compact(paths: dict[str, Trajectory]) -> list[tuple[str, Trajectory]]:
    """Names and paths of three rows or more, in half of the memory; seconds count from 0."""
    paced = [(name, pace_walker(path) if name.startswith("walk") else path) for name, path in paths.items()]
    return [
        (name, Trajectory((path.seconds - path.seconds[0]).astype(np.int32), *(c.astype(np.float32) for c in path[1:])))
        for name, path in paced
        if len(path.x) > 2
    ]


def _buses_xml(city: City, window_s: float, runs: range, rng: np.random.Generator) -> Iterator[tuple[float, str]]:
    """Departures and <vehicle> elements 'line-<line>.<run>' of every bus line."""
    streets, types = city.streets, ROAD_MODES["bus"].types
    for line in city.lines:
        for run in runs if line.mode == "bus" else ():
            stops = "".join(
                f'<stop lane="{streets.edges[e]}_{streets.lane[e]}" endPos="{0.5 * streets.length[e]:.1f}" '
                f'duration="{rng.uniform(8, 40):.0f}"/>'
                for e in line.stop_edges
            )
            at = rng.random() * 0.6 * window_s
            route = f'<route edges="{" ".join(streets.edges[e] for e in line.edges)}"/>'
            head = f'<vehicle id="line-{line.name}.{run}" type="bus{rng.integers(types)}" depart="{at:.0f}">'
            yield at, f"{head}{route}{stops}</vehicle>"


class Joiner:
    """Joins simulated legs, waits and rides into journeys. rides: the paths of vehicles by line, trains by line and
    direction ('+' or '-').
    """

    def __init__(
        self, population: Population, trips: Trips, paths: dict[Leg, Trajectory], rides: dict[str, list[Trajectory]]
    ) -> None:
        self.city, self.sites, self.inside = population.city, population.sites, population.chooser.inside
        self.trips, self.paths, self.rides = trips, paths, rides

    def journeys(self, legs: dict[int, list[Directed]], rng: np.random.Generator) -> list[Journey]:
        """One person's journeys, from the legs of each trip; a late arrival delays the next departure."""
        journeys, free_from = [], -np.inf
        travelled: set[Leg] = set()
        for trip, some in legs.items():
            parts = self._parts(trip, some, travelled, rng)
            depart = max(float(self.trips.depart[trip]), free_from)
            journey = self._join(trip, parts, depart) if parts is not None else None
            if journey is not None:
                journeys.append(journey)
                free_from = journey.t[-1] + 60
        return journeys

    def _parts(
        self, trip: int, legs: list[Directed], travelled: set[Leg], rng: np.random.Generator
    ) -> list[Part] | None:
        """The trip's parts in order; None where SUMO found no path for a leg, or no vehicle for a ride.

        travelled: the legs that this person has travelled before; this trip's are added.
        """
        if any(leg.start != leg.end and leg not in self.paths for leg, _ in legs):
            return None
        trips, mode = self.trips, MODE_CODES[self.trips.mode[trip]]
        a, b = int(trips.origin[trip]), int(trips.destination[trip])
        parts = []
        for leg, back in legs:
            if leg in self.paths:
                seconds, x, y = self.paths[leg]
                if back:
                    seconds, x, y = seconds[-1] - seconds[::-1], x[::-1], y[::-1]
                if leg in travelled:
                    seconds = _another_day(seconds, rng)
                parts.append(Part(Trajectory(seconds, x, y), leg.mode))
                travelled.add(leg)
        main: Trajectory | None
        if not (self.inside[a] and self.inside[b]):
            main = self._out_of_town(trip, parts, rng)
        elif mode in ("bus", "rail"):
            main = self._ride(trip, rng)
        else:
            return parts
        if main is None:
            return None
        if mode in ("bus", "rail"):
            wait_s = float(rng.uniform(20, self.city.lines[max(0, int(trips.line[trip]))].headway_s))
            metro = trips.line[trip] == 0
            below = self.city.underground[nearest(self.city.metro.stations, main.x, main.y)] if metro else False
            parts.insert(int(self.inside[a] and legs[0][0] in self.paths), Part(main, mode, wait_s, below))
        else:
            parts.insert(len(parts) if self.inside[a] else 0, Part(main, mode))
        return parts

    def _out_of_town(self, trip: int, parts: list[Part], rng: np.random.Generator) -> Trajectory:
        """Between a place out of town and a station, or the street at which the road leaves the city."""
        trips, mode, line = self.trips, MODE_CODES[self.trips.mode[trip]], self.city.lines[0]
        ends, in_town = self._ends(trip), 0 if self.inside[trips.origin[trip]] else 1
        if mode == "rail":
            stop = (trips.board, trips.alight)[in_town][trip]
            ends[in_town] = np.array([line.x[stop], line.y[stop]])
        elif parts:
            row = in_town - 1  # the last when leaving the city, the first when coming
            ends[in_town] = np.array([parts[0].path.x[row], parts[0].path.y[row]])
        town = int(np.hypot(*(self.city.towns - ends[1 - in_town]).T).argmin())
        return path_out(ends[0], ends[1], mode, town, rng)

    def _ends(self, trip: int) -> list[np.ndarray]:
        """Origin and destination of a trip, (2,) metres each."""
        places = (self.trips.origin[trip], self.trips.destination[trip])
        return [np.array([self.sites.x[place], self.sites.y[place]]) for place in places]

    def _ride(self, trip: int, rng: np.random.Generator) -> Trajectory | None:
        """A stretch of some vehicle's path: from where it is nearest to a stop to where it is nearest to the other."""
        line = self.city.lines[self.trips.line[trip]]
        stops = int(self.trips.board[trip]), int(self.trips.alight[trip])
        direction = ("+" if stops[1] > stops[0] else "-") if line.mode == "rail" else ""
        runs = self.rides.get(line.name + direction, [])
        for n in rng.permutation(len(runs)):
            second, x, y = runs[n]
            far = [np.hypot(x - line.x[s], y - line.y[s]) for s in stops]
            on, off = (int(metres.argmin()) for metres in far)
            if off > on and max(far[0][on], far[1][off]) < 150:
                rows = slice(on, off + 1)
                return Trajectory(second[rows] - second[on], x[rows], y[rows])
        return None

    def _join(self, trip: int, parts: list[Part], depart: float) -> Journey | None:
        """One trip, every second from `depart` on, with straight walks to, between and from its parts."""
        at, end = self._ends(trip)
        walked: list[Part] = []
        for part in parts:
            x, y = part.path.x, part.path.y
            walked += [_straight_walk(at, np.array([x[0], y[0]])), part]
            at = np.array([x[-1], y[-1]])
        walked.append(_straight_walk(at, end))
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
        if not pieces:
            return None
        t = np.concatenate(seconds)
        even = np.arange(np.ceil(t[0]), t[-1] + 1)
        if len(even) < 2:
            return None
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


def _another_day(seconds: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The seconds of a repeated path: some of it faster, some slower."""
    knots = np.linspace(0, seconds[-1], max(2, int(seconds[-1] / 90)))
    pace = np.exp(rng.normal(0, 0.07) + rng.normal(0, 0.09, len(knots) - 1))
    return np.interp(seconds, knots, np.concatenate([[0.0], np.cumsum(np.diff(knots) * np.clip(pace, 0.75, 1.4))]))
