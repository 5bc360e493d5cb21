# SPDX-License-Identifier: GPL-2.0-or-later
"""The observed people's trips as SUMO moves them: walks, rides and drives joined into one second-by-second path."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import numpy as np

from model.synthetic.city.highway import Path3, way_out
from model.synthetic.city.layout import City
from model.synthetic.city.movement import KINDS, Trip, pace_walkers, simulate
from model.synthetic.city.rail import rail_net
from model.synthetic.population.people import Population
from model.synthetic.population.plans import DAY, HOUR, MODE_CODES, REGIONAL, Trips
from model.synthetic.sumo import Moves, read_fcd, run_sumo, say

STROLL = 1.2  # m/s between a door and the street, a gate and the platform
BUS_RUNS = 8  # buses a line over all simulations
BATCH = 4000  # ways in a simulation
PEAKS = ((7.0, 9.5), (16.0, 18.7))  # hours of weekdays when the streets are fuller

Leg = tuple[str, int, int, str, bool]  # mode, edge, edge, kind, at a peak hour (cars alone: nobody else queues)
Turned = tuple[Leg, bool]  # gone backwards
Part = tuple[Path3, str, float, np.ndarray]  # mode, seconds waited before it, (n,) bool under ground


@dataclass(frozen=True)
class Journey:
    """One trip as it went. Arrays have one entry a second."""

    trip: int  # into Trips
    t: np.ndarray  # seconds from the first Monday, local solar time
    x: np.ndarray
    y: np.ndarray
    mode: np.ndarray  # int8 into MODE_CODES: a bus trip walks, rides, walks
    underground: np.ndarray  # bool


class Legs:
    """Which ways are to be simulated, each person's by its own kind of driver or walker."""

    def __init__(self, city: City, population: Population, trips: Trips) -> None:
        self.city, self.people, self.sites, self.trips = city, population.people, population.sites, trips
        self.inside = population.chooser.inside

    def of(self, trip: int) -> list[Turned]:
        """The legs of a trip that SUMO must move: one, or the walks to and from a ride; and whether each is turned.

        A leg's end out of town is the edge at which its road leaves the city.
        """
        trips, person = self.trips, self.people[self.trips.person[trip]]
        a, b = int(trips.origin[trip]), int(trips.goal[trip])
        mode, line = MODE_CODES[trips.mode[trip]], int(trips.line[trip])
        if mode in ("bus", "rail"):
            stops = self.city.lines[0 if line == REGIONAL else line]
            walks, ends = self.sites.edges["walk"], []
            if self.inside[a]:
                ends.append((walks[a], stops.gate[trips.board[trip]]))
            if self.inside[b]:
                ends.append((stops.gate[trips.alight[trip]], walks[b]))
            return [self._leg("walk", int(p), int(q), person.kinds["walk"], False) for p, q in ends]
        edges = self.sites.edges[mode]
        return [self._leg(mode, int(edges[a]), int(edges[b]), person.kinds[mode], at_peak(trips.depart[trip]))]

    def _leg(self, mode: str, a: int, b: int, kind: str, peak: bool) -> tuple[Leg, bool]:
        turned = mode == "walk" and a > b  # a walk back is the walk there
        return (mode, b if turned else a, a if turned else b, kind, peak and mode == "car"), turned


def at_peak(depart: float) -> bool:
    """Whether a departure (seconds from a Monday) lies in a weekday's peak."""
    hour = depart % DAY / HOUR
    return depart // DAY % 7 < 5 and any(a <= hour < b for a, b in PEAKS)


def move(
    city: City, population: Population, trips: Trips, observed: np.ndarray, folder: Path, seed: int, processes: int = 2
) -> Iterator[tuple[int, list[Journey]]]:
    """Simulate the trips of the observed people (indices, ascending): each person with the journeys, by time.

    Every way is simulated once; a person who goes it again goes it at another pace. A trip that no street allows is
    left out.
    """
    legs = Legs(city, population, trips)
    chosen = np.flatnonzero(np.isin(trips.person, observed))
    wanted = {int(trip): legs.of(int(trip)) for trip in chosen}
    unique = sorted({leg for many in wanted.values() for leg, _ in many if leg[1] != leg[2]})
    say(f"{len(chosen):,} trips of {len(observed):,} observed people; {len(unique):,} ways to simulate")
    batches = _batches(unique, np.random.default_rng([seed, 44]))
    paths: dict[Leg, Path3] = {}
    rides: dict[str, list[Path3]] = defaultdict(list)
    with ProcessPoolExecutor(max(1, min(processes, len(batches))), get_context("spawn")) as pool:
        jobs = [pool.submit(_simulate, city, batch, folder, seed, n, len(batches)) for n, batch in enumerate(batches)]
        rides.update(_trains(city, folder, np.random.default_rng([seed, 41])))
        for n, job in enumerate(jobs):
            some, buses = job.result()
            paths.update(some)
            for line, runs in buses.items():
                rides[line] += runs
            say(f"simulated {n + 1} of {len(jobs)} batches, {len(paths):,} ways")
    joiner = Joiner(city, population, trips, paths, rides)
    of: dict[int, list[int]] = defaultdict(list)
    for trip in wanted:
        of[int(trips.person[trip])].append(trip)
    for person in map(int, observed):
        yield person, joiner.person(of[person], wanted, np.random.default_rng([seed, 42, person]))


def _batches(legs: list[Leg], rng: np.random.Generator) -> list[list[Leg]]:
    """Simulations of like size: those of the peaks apart, walks and rides mixed among the drives."""
    batches = []
    for peak in (False, True):
        some = [leg for leg in legs if leg[4] == peak]
        order = rng.permutation(len(some))
        batches += [[some[i] for i in part] for part in np.array_split(order, -(-len(some) // BATCH))] if some else []
    return batches or [[]]


def _simulate(
    city: City, legs: list[Leg], folder: Path, seed: int, number: int, of: int
) -> tuple[dict[Leg, Path3], dict[str, list[Path3]]]:
    """One simulation of many legs, and of some of the buses among them."""
    rng = np.random.default_rng([seed, 43, number])
    peak = bool(legs) and legs[0][4]
    driven = sum(leg[0] == "car" for leg in legs)
    # cars that set off a second
    roomy = city.streets.length[city.streets.drive].sum() / 1000 * (0.008 if peak else 0.004)
    window = max(1500.0, driven / max(roomy, 0.05))
    depart = np.sort(rng.uniform(0, window, len(legs)))
    order = rng.permutation(len(legs))
    trips = []
    for i, at in zip(order, depart, strict=True):
        mode, a, b, kind, _ = legs[i]
        trips.append(Trip(f"{mode}-{i}", mode, kind, float(at), [a, b], []))
    runs = [run for run in range(max(BUS_RUNS, of)) if run % of == number]
    vehicles = sorted(_bus_xml(city, window, runs, rng))
    lines = "".join(xml for _, xml in vehicles)
    moves = simulate(city.streets, trips, folder, f"batch{number}", rng, doors=True, lines=lines)
    paths, rides = {}, defaultdict(list)
    for name, path in _paths(moves):
        what, which = name.split("-")
        if what == "line":
            rides[which.split(".")[0]].append(path)
        else:
            paths[legs[int(which)]] = path
    return paths, dict(rides)


def _paths(moves: Moves) -> list[tuple[str, Path3]]:
    offsets, found = moves.offsets, []
    for i, name in enumerate(moves.names):
        rows = slice(offsets[i], offsets[i + 1])
        second, x, y = moves.second[rows], moves.x[rows], moves.y[rows]
        if name.startswith("walk") and len(x) > 2:
            second, x, y = pace_walkers(second, x, y)
        if len(x) > 2:
            compact = (second - second[0]).astype(np.int32), x.astype(np.float32), y.astype(np.float32)
            found.append((str(name), compact))
    return found


def _bus_xml(city: City, window: float, runs: list[int], rng: np.random.Generator) -> list[tuple[float, str]]:
    streets, vehicles = city.streets, []
    for line in city.lines:
        if line.mode != "bus":
            continue
        for run in runs:
            stops = "".join(
                f'<stop lane="{streets.edges[e]}_{streets.lane[e]}" endPos="{0.5 * streets.length[e]:.1f}" '
                f'duration="{rng.uniform(8, 40):.0f}"/>'
                for e in line.stop_edges
            )
            at = rng.random() * 0.6 * window
            route = f'<route edges="{" ".join(streets.edges[e] for e in line.edges)}"/>'
            head = f'<vehicle id="line-{line.name}.{run}" type="bus{rng.integers(KINDS["bus"])}" depart="{at:.0f}">'
            vehicles.append((at, f"{head}{route}{stops}</vehicle>"))
    return vehicles


def _trains(city: City, folder: Path, rng: np.random.Generator) -> dict[str, list[Path3]]:
    """Trains both ways over the metro: by line name with '+' or '-' for the direction."""
    name, line = city.lines[0].name, city.metro
    net = rail_net([line], folder, "metro")
    xml, count = [], len(line.sections)
    for run in range(14):
        for sign in "+-":
            sections = range(count) if sign == "+" else range(count - 1, -1, -1)
            edges = [f"r0.{s}{'' if sign == '+' else 'b'}" for s in sections]
            stops = "".join(
                f'<stop lane="{edge}_0" endPos="-5" duration="{rng.uniform(18, 45):.0f}"/>' for edge in edges
            )
            kind = f"t{run}{sign}"
            xml.append(
                f'<vType id="{kind}" vClass="rail" carFollowModel="Krauss" accel="{rng.uniform(0.7, 1.3):.2f}" '
                f'decel="{rng.uniform(0.8, 1.3):.2f}" sigma="0.1" maxSpeed="35" length="80" '
                f'speedFactor="{rng.uniform(0.85, 1.0):.2f}"/>'
                f'<vehicle id="{name}{sign}.{run}" type="{kind}" depart="{300 * run}" departPos="base">'
                f'<route edges="{" ".join(edges)}"/>{stops}</vehicle>'
            )
    routes, fcd = folder / "metro.rou.xml", folder / "metro.parquet"
    routes.write_text(f"<routes>{''.join(xml)}</routes>")
    run_sumo(
        "sumo", "-n", net, "-r", routes, "--fcd-output", fcd, "--fcd-output.attributes", "x,y", "--no-step-log",
        "--seed", int(rng.integers(2**31 - 1)), "--end", 12000, "--time-to-teleport", -1, "--collision.action", "none",
    )  # fmt: skip
    trains: dict[str, list[Path3]] = defaultdict(list)
    for train, path in _paths(read_fcd(fcd)):
        trains[train.split(".")[0]].append(path)
    return dict(trains)


class Joiner:
    """Joins simulated legs, waits and rides into journeys."""

    def __init__(
        self, city: City, population: Population, trips: Trips, paths: dict[Leg, Path3], rides: dict[str, list[Path3]]
    ) -> None:
        self.city, self.sites, self.trips, self.paths, self.rides = city, population.sites, trips, paths, rides
        self.inside = population.chooser.inside

    def person(self, trips: list[int], wanted: dict[int, list[Turned]], rng: np.random.Generator) -> list[Journey]:
        """One person's journeys; who is late sets out late."""
        journeys, free_from = [], -np.inf
        self.gone: set[Leg] = set()
        for trip in trips:
            journey = self.join(trip, wanted[trip], max(float(self.trips.depart[trip]), free_from), rng)
            if journey is not None:
                journeys.append(journey)
                free_from = journey.t[-1] + 60
        return journeys

    def join(self, trip: int, legs: list[Turned], depart: float, rng: np.random.Generator) -> Journey | None:
        """One trip, leaving at `depart`; None where SUMO found no way for one of its legs."""
        trips, sites = self.trips, self.sites
        a, b = int(trips.origin[trip]), int(trips.goal[trip])
        here, there = (np.array([sites.x[place], sites.y[place]]) for place in (a, b))
        if any(leg[1] != leg[2] and leg not in self.paths for leg, _ in legs):
            return None
        parts = self._parts(trip, legs, here, there, rng)
        if parts is None:
            return None
        clock, at = depart, tuple(here)
        pieces: list[tuple] = []
        for path, by, wait, below in parts:
            clock = _stroll(pieces, clock, at, (path[1][0], path[2][0]))
            if wait:
                pieces.append((np.array([clock]), path[1][:1], path[2][:1], "walk", np.zeros(1, bool)))
                clock += wait  # stands at the stop
            pieces.append((clock + path[0], path[1], path[2], by, below))
            clock += path[0][-1] + 1
            at = (path[1][-1], path[2][-1])
        _stroll(pieces, clock, at, (sites.x[b], sites.y[b]))
        return _journey(trip, pieces)

    def _parts(
        self, trip: int, legs: list[Turned], here: np.ndarray, there: np.ndarray, rng: np.random.Generator
    ) -> list[Part] | None:
        """The trip's pieces in order; None where no ride goes."""
        trips, mode = self.trips, MODE_CODES[self.trips.mode[trip]]
        inside = bool(self.inside[trips.origin[trip]]), bool(self.inside[trips.goal[trip]])
        ways = [(self._way(leg, turned, rng), leg[0]) for leg, turned in legs]
        parts: list[Part] = [(path, by, 0.0, _nowhere(path)) for path, by in ways if path is not None]
        if mode in ("bus", "rail"):
            ride = self._ride_out(trip, here, there, rng) if not all(inside) else self._ride(trip, rng)
            if ride is None:
                return None
            wait = float(rng.uniform(20, self.city.lines[max(0, int(trips.line[trip]))].headway_s))
            below = self._below(ride) if mode == "rail" and all(inside) else _nowhere(ride)
            parts.insert(int(inside[0] and ways[0][0] is not None), (ride, mode, wait, below))
        elif not all(inside):
            ends = [here, there]
            if parts:  # from where the street leaves the city, or to it
                last = -1 if inside[0] else 0
                ends[0 if inside[0] else 1] = np.array([parts[0][0][1][last], parts[0][0][2][last]])
            road = self._out(ends[0], ends[1], mode, inside[0], rng)
            parts.insert(len(parts) if inside[0] else 0, (road, mode, 0.0, _nowhere(road)))
        return parts

    def _way(self, leg: Leg, turned: bool, rng: np.random.Generator) -> Path3 | None:
        """A simulated leg; at another pace when this person has gone it before."""
        path = self.paths.get(leg)
        if path is None:
            return None
        seconds, x, y = path
        if turned:
            seconds, x, y = seconds[-1] - seconds[::-1], x[::-1], y[::-1]
        if leg in self.gone:
            seconds = _again(seconds, rng)
        self.gone.add(leg)
        return seconds, x, y

    def _out(self, a: np.ndarray, b: np.ndarray, mode: str, outward: bool, rng: np.random.Generator) -> Path3:
        """The way between the city and a town, from a (2,) to b (2,)."""
        town = int(np.hypot(*(self.city.towns - (b if outward else a)).T).argmin())
        return way_out(a, b, mode, town, rng)

    def _ride_out(self, trip: int, here: np.ndarray, there: np.ndarray, rng: np.random.Generator) -> Path3:
        """A train between a station of the city and a place out of town."""
        line, stops = self.city.lines[0], (int(self.trips.board[trip]), int(self.trips.alight[trip]))
        a, b = (
            np.array([line.x[s], line.y[s]]) if s >= 0 else end for s, end in zip(stops, (here, there), strict=True)
        )
        return self._out(a, b, "rail", stops[0] >= 0, rng)

    def _ride(self, trip: int, rng: np.random.Generator) -> Path3 | None:
        """A stretch of some vehicle's path: from where it stands nearest to a stop to where it stands at the other."""
        line = self.city.lines[self.trips.line[trip]]
        board, alight = int(self.trips.board[trip]), int(self.trips.alight[trip])
        runs = self.rides.get(line.name + ("+" if alight > board else "-") if line.both_ways else line.name, [])
        for n in rng.permutation(len(runs)):
            second, x, y = runs[n]
            ends = [int(np.hypot(x - line.x[s], y - line.y[s]).argmin()) for s in (board, alight)]
            close = [np.hypot(x[k] - line.x[s], y[k] - line.y[s]) for k, s in zip(ends, (board, alight), strict=True)]
            if ends[1] > ends[0] and max(close) < 150:
                rows = slice(ends[0], ends[1] + 1)
                return second[rows] - second[ends[0]], x[rows], y[rows]
        return None

    def _below(self, path: Path3) -> np.ndarray:
        stations = self.city.metro.stations
        near = np.hypot(path[1][:, None] - stations[:, 0], path[2][:, None] - stations[:, 1]).argmin(axis=1)
        return self.city.underground[near]


def _nowhere(path: Path3) -> np.ndarray:
    """(n,) bool: no second of it is under ground."""
    return np.zeros(len(path[0]), bool)


def _again(seconds: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The seconds of the same way on another day: some of it faster, some slower."""
    knots = np.linspace(0, seconds[-1], max(2, int(seconds[-1] / 90)))
    pace = np.exp(rng.normal(0, 0.07) + rng.normal(0, 0.09, len(knots) - 1))
    return np.interp(seconds, knots, np.concatenate([[0.0], np.cumsum(np.diff(knots) * np.clip(pace, 0.75, 1.4))]))


def _stroll(pieces: list, clock: float, here: tuple[float, float], there: tuple[float, float]) -> float:
    """Append a straight walk; returns when it ends."""
    seconds = int(np.hypot(there[0] - here[0], there[1] - here[1]) / STROLL)
    if seconds:
        share = np.arange(seconds) / seconds
        x, y = here[0] + share * (there[0] - here[0]), here[1] + share * (there[1] - here[1])
        pieces.append((clock + np.arange(seconds), x, y, "walk", np.zeros(seconds, bool)))
    return clock + seconds


def _journey(trip: int, pieces: list) -> Journey | None:
    if not pieces:
        return None
    t = np.concatenate([piece[0] for piece in pieces])
    even = np.arange(np.ceil(t[0]), t[-1] + 1)
    if len(even) < 2:
        return None
    x, y = (np.interp(even, t, np.concatenate([piece[k] for piece in pieces])) for k in (1, 2))
    last = np.clip(np.searchsorted(t, even, side="right") - 1, 0, len(t) - 1)
    mode = np.concatenate([np.full(len(piece[0]), MODE_CODES.index(piece[3]), np.int8) for piece in pieces])[last]
    below = np.concatenate([piece[4] for piece in pieces])[last]
    return Journey(trip, even, x, y, mode, below)
