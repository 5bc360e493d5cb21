# SPDX-License-Identifier: GPL-2.0-or-later
"""The observed people's trips as SUMO moves them: walks, rides and drives joined into one second-by-second path."""

from __future__ import annotations

from collections import defaultdict
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import numpy as np

from model.synthetic.city import City, Transit
from model.synthetic.movement import KINDS, Trip, pace_walkers, simulate
from model.synthetic.people import Population
from model.synthetic.plans import DAY, HOUR, MODE_CODES, Trips
from model.synthetic.rail import rail_net
from model.synthetic.sumo import Moves, read_fcd, run_sumo, say

STROLL = 1.2  # m/s between a door and the street, a gate and the platform
BUS_RUNS = 5  # buses a line in a simulation
PEAKS = ((7.0, 9.5), (16.0, 18.7))  # hours of weekdays when the streets are fuller

Leg = tuple[str, int, int, str, bool]  # mode, edge, edge, kind, at a peak hour (cars alone: nobody else queues)
Path3 = tuple[np.ndarray, np.ndarray, np.ndarray]  # seconds from 0, x, y


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

    def of(self, trip: int) -> list[Leg]:
        """The legs of a trip that SUMO must move: one, or the walks to and from a ride."""
        trips, person = self.trips, self.people[self.trips.person[trip]]
        a, b = trips.origin[trip], trips.goal[trip]
        mode, peak = MODE_CODES[trips.mode[trip]], at_peak(trips.depart[trip])
        if mode in ("bus", "rail"):
            line = self.city.lines[trips.line[trip]]
            walks = self.sites.edges["walk"]
            ends = [(walks[a], line.gate[trips.board[trip]]), (line.gate[trips.alight[trip]], walks[b])]
            return [self._leg("walk", int(p), int(q), person.kinds["walk"], peak) for p, q in ends]
        edges = self.sites.edges[mode]
        return [self._leg(mode, int(edges[a]), int(edges[b]), person.kinds[mode], peak)]

    def _leg(self, mode: str, a: int, b: int, kind: str, peak: bool) -> Leg:
        return (mode, a, b, kind, peak and mode == "car")


def at_peak(depart: float) -> bool:
    """Whether a departure (seconds from a Monday) lies in a weekday's peak."""
    hour = depart % DAY / HOUR
    return depart // DAY % 7 < 5 and any(a <= hour < b for a, b in PEAKS)


def move(
    city: City, population: Population, trips: Trips, observed: np.ndarray, folder: Path, seed: int, processes: int = 2
) -> list[Journey]:
    """Simulate the trips of the observed people (indices). A trip that no street allows is left out."""
    legs = Legs(city, population, trips)
    chosen = np.flatnonzero(np.isin(trips.person, observed))
    wanted = {int(trip): legs.of(int(trip)) for trip in chosen}
    unique = sorted({leg for many in wanted.values() for leg in many if leg[1] != leg[2]})
    batches = [[leg for leg in unique if leg[4] == peak] for peak in (False, True)]
    say(f"{len(chosen):,} trips of {len(observed):,} observed people; {len(unique):,} ways to simulate")
    with ProcessPoolExecutor(max(1, min(processes, 2)), get_context("spawn")) as pool:
        jobs = [pool.submit(_simulate, city, batch, folder, seed, peak) for peak, batch in enumerate(batches) if batch]
        trains = _trains(city, folder, np.random.default_rng([seed, 41]))
        paths: dict[Leg, Path3] = {}
        buses: dict[str, list[Path3]] = defaultdict(list)
        for job in jobs:
            some, rides = job.result()
            paths.update(some)
            for line, runs in rides.items():
                buses[line] += runs
    rng = np.random.default_rng([seed, 42])
    joiner = Joiner(city, population, trips, paths, {**buses, **trains})
    journeys, person, free_from = [], -1, 0.0
    for trip, needed in wanted.items():
        if trips.person[trip] != person:
            person, free_from = trips.person[trip], -np.inf
        depart = max(float(trips.depart[trip]), free_from)
        journey = joiner.join(trip, needed, depart, rng)
        if journey is not None:
            journeys.append(journey)
            free_from = journey.t[-1] + 60
    return journeys


def _simulate(city: City, legs: list[Leg], folder: Path, seed: int, peak: int) -> tuple[dict[Leg, Path3], dict]:
    """One simulation of many legs, and of buses among them."""
    rng = np.random.default_rng([seed, 43, peak])
    driven = sum(leg[0] == "car" for leg in legs)
    roomy = (
        city.streets.length[city.streets.drive].sum() / 1000 * (0.008 if peak else 0.004)
    )  # cars that set off a second
    window = max(1500.0, driven / max(roomy, 0.05))
    depart = np.sort(rng.uniform(0, window, len(legs)))
    order = rng.permutation(len(legs))
    trips = []
    for i, at in zip(order, depart, strict=True):
        mode, a, b, kind, _ = legs[i]
        trips.append(Trip(f"{mode}-{i}", mode, kind, float(at), [a, b], []))
    vehicles = sorted(_bus_xml(city, window, rng))
    lines = "".join(xml for _, xml in vehicles)
    moves = simulate(city.streets, trips, folder, f"peak{peak}", rng, doors=True, lines=lines)
    say(f"{'peak' if peak else 'other'} hours: {len(legs):,} ways, {len(moves.x):,} seconds of movement")
    paths, rides = {}, defaultdict(list)
    for name, path in _paths(moves):
        what, number = name.split("-")
        if what == "line":
            rides[number.split(".")[0]].append(path)
        else:
            paths[legs[int(number)]] = path
    return paths, dict(rides)


def _paths(moves: Moves) -> list[tuple[str, Path3]]:
    offsets, found = moves.offsets, []
    for i, name in enumerate(moves.names):
        rows = slice(offsets[i], offsets[i + 1])
        second, x, y = moves.second[rows], moves.x[rows], moves.y[rows]
        if name.startswith("walk") and len(x) > 2:
            second, x, y = pace_walkers(second, x, y)
        if len(x) > 2:
            found.append((str(name), (second - second[0], x, y)))
    return found


def _bus_xml(city: City, window: float, rng: np.random.Generator) -> list[tuple[float, str]]:
    streets, vehicles = city.streets, []
    for line in city.lines:
        if line.mode != "bus":
            continue
        for run in range(BUS_RUNS):
            stops = "".join(
                f'<stop lane="{streets.edges[e]}_{streets.lane[e]}" endPos="{0.5 * streets.length[e]:.1f}" '
                f'duration="{rng.uniform(8, 40):.0f}"/>'
                for e in line.stop_edges
            )
            at = (run + rng.random()) * 0.6 * window / BUS_RUNS
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

    def join(self, trip: int, legs: list[Leg], depart: float, rng: np.random.Generator) -> Journey | None:
        """One trip, leaving at `depart`; None where SUMO found no way for one of its legs."""
        trips, sites = self.trips, self.sites
        a, b = trips.origin[trip], trips.goal[trip]
        mode = MODE_CODES[trips.mode[trip]]
        parts: list[tuple[Path3 | None, str, bool]]
        if any(leg[1] != leg[2] and leg not in self.paths for leg in legs):
            return None
        if mode in ("bus", "rail"):
            line = self.city.lines[trips.line[trip]]
            ride = self._ride(line, int(trips.board[trip]), int(trips.alight[trip]), rng)
            if ride is None:
                return None
            wait = rng.uniform(20, line.headway_s)
            walks = [self.paths.get(leg) for leg in legs]
            parts = [(walks[0], "walk", False), (ride, mode, mode == "rail"), (walks[1], "walk", False)]
        else:
            wait = 0.0
            parts = [(self.paths.get(legs[0]), mode, False)]
        here = (sites.x[a], sites.y[a])
        clock = depart
        pieces: list[tuple] = []
        for path, by, rides in parts:
            if path is not None:
                clock = _stroll(pieces, clock, here, (path[1][0], path[2][0]))
                if by in ("bus", "rail"):
                    pieces.append((np.array([clock]), path[1][:1], path[2][:1], "walk", np.zeros(1, bool)))
                    clock += wait  # stands at the stop
                below = self._below(path) if rides else np.zeros(len(path[0]), bool)
                pieces.append((clock + path[0], path[1], path[2], by, below))
                clock += path[0][-1] + 1
                here = (path[1][-1], path[2][-1])
        _stroll(pieces, clock, here, (sites.x[b], sites.y[b]))
        return _journey(trip, pieces)

    def _ride(self, line: Transit, board: int, alight: int, rng: np.random.Generator) -> Path3 | None:
        """A stretch of some vehicle's path: from where it stands nearest to a stop to where it stands at the other."""
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
    x, y = (np.interp(even, t, np.concatenate([piece[k] for piece in pieces])) for k in (1, 2))
    last = np.clip(np.searchsorted(t, even, side="right") - 1, 0, len(t) - 1)
    mode = np.concatenate([np.full(len(piece[0]), MODE_CODES.index(piece[3]), np.int8) for piece in pieces])[last]
    below = np.concatenate([piece[4] for piece in pieces])[last]
    return Journey(trip, even, x, y, mode, below)
