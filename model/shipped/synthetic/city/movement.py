# SPDX-License-Identifier: GPL-2.0-or-later
"""Road movement: types of vehicle, trips over a street plan, their stops, and one simulated
scenario.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET  # nosec B405 - files written by SUMO a moment ago
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.random import Generator

from model.shipped.synthetic.city.streets import Streets
from model.shipped.synthetic.sumo import (
    Range,
    SyntheticError,
    Trajectory,
    element,
    run_sumo,
    simulate_traffic,
)


@dataclass(frozen=True)
class Kind:
    """Types of vehicle that are alike: each draws its values from these ranges, m/s and m/s²."""

    mode: str
    count: int
    what: str
    speed: Range  # what it can do, of bicycles and walkers what they like
    accel: Range = (1.0, 4.0)
    decel: Range = (3.0, 6.0)
    sigma: Range = (0.1, 0.9)
    obeys: Range = (0.8, 1.25)  # times the speed allowed
    in_city: bool = True  # of a city's people, not of the movement corpus alone


KINDS = (
    Kind("car", 30, "passenger", (28, 60)),
    # fast ones, on motorways too
    Kind("car", 4, "passenger", (55, 75), (2.0, 5.0), obeys=(1.1, 1.45), in_city=False),
    # mopeds
    Kind("car", 3, "motorcycle", (12.5, 13.5), (1.5, 6.0), obeys=(0.9, 1.4), in_city=False),
    Kind("car", 2, "motorcycle", (35, 70), (1.5, 6.0), obeys=(0.9, 1.4), in_city=False),
    # slow vehicles
    Kind("car", 3, "passenger", (4, 12), (0.5, 1.2), obeys=(0.7, 1.0), in_city=False),
    Kind("bus", 6, "bus", (17, 28), (0.8, 1.6), (2.0, 4.0), (0.2, 0.7), (0.8, 1.05)),
    Kind("bike", 14, "bicycle", (3.0, 7.5), (0.5, 1.5), (1.5, 3.5), (0.3, 0.9), (1, 1)),
    # e-bikes
    Kind(
        "bike", 5, "bicycle", (6.2, 12.0), (0.5, 2.2), (1.5, 3.5), (0.3, 0.9), (1, 1), in_city=False
    ),
    Kind("walk", 16, "pedestrian", (0.8, 1.9), obeys=(1, 1)),
    Kind("walk", 5, "pedestrian", (2.0, 4.4), obeys=(1, 1), in_city=False),  # runners
)
# of each mode; the first ones
CITY_TYPES = {kind.mode: kind.count for kind in KINDS if kind.in_city}
ALL_TYPES = {mode: sum(kind.count for kind in KINDS if kind.mode == mode) for mode in CITY_TYPES}
MOTORWAY_CARS = CITY_TYPES["car"] + 4
# m/s door to door where 14 m/s are allowed
PACE = {"car": 7.5, "bus": 5.0, "bike": 3.9, "walk": 1.15}


LIKING = ("bicycle", "pedestrian")  # they go at the speed that they like


class Settings:
    """How movement is simulated."""

    extra_m: float = 1.5  # of route a metre as the crow flies, at duarouter's random factor of 1.7
    leap_m: int = 60  # SUMO could not place a walker who moves so far in a second
    standing_m: float = 0.2  # a second, of a walker


def vehicle_types_xml(rng: Generator) -> str:
    """<vType> elements car0, …, bus0, …, bike0, …, walk0, …, who all differ."""
    words = []
    done = dict.fromkeys(CITY_TYPES, 0)

    for kind in KINDS:
        for _ in range(kind.count):
            name = f"{kind.mode}{done[kind.mode]}"
            words.append(
                element("vType", {"id": name, "vClass": kind.what, **_abilities(kind, rng)})
            )
            done[kind.mode] += 1

    return "\n".join(words)


def _abilities(kind: Kind, rng: Generator) -> dict[str, str]:
    """What one type of vehicle can do, as attributes of a <vType>."""
    speed = rng.uniform(*kind.speed)
    ability = {
        "accel": f"{rng.uniform(*kind.accel):.2f}",
        "decel": f"{rng.uniform(*kind.decel):.2f}",
        "sigma": f"{rng.uniform(*kind.sigma):.2f}",
        "speedFactor": f"normc({rng.uniform(*kind.obeys):.3f},0.07,0.6,1.5)",
        "maxSpeed": f"{speed:.2f}",
    }

    if kind.what in LIKING:
        ability["maxSpeed"] = f"{1.4 * speed:.2f}"
        ability["desiredMaxSpeed"] = f"{speed:.2f}"

    return ability


class Trip(NamedTuple):
    """One vehicle or person of the demand, from edge to edge."""

    name: str
    mode: str
    vehicle_type: str
    depart_s: float
    start: int
    end: int


@dataclass(frozen=True)
class Demand:
    """What trips of a mode are like on a street plan."""

    mode: str
    median_m: float  # as the crow flies
    pace: float  # m/s door to door
    types: int  # of vehicles, the first ones


def draw_trips(
    streets: Streets, seconds: dict[str, float], window_s: float, rng: Generator
) -> list[Trip]:
    """Trips until each mode's estimated seconds of movement are used up; departures over window_s
    seconds.
    """
    trips: list[Trip] = []
    for demand in _demands(streets):
        if demand.mode in seconds and demand.mode in streets.trees:
            trips += _trips_of(demand, streets, seconds[demand.mode], window_s, rng)

    return sorted(trips, key=lambda trip: trip.depart_s)


def _demands(streets: Streets) -> list[Demand]:
    """What trips of each mode are like: on motorways faster, straighter and longer."""
    road_m = streets.length * streets.open_to("car")
    allowed = np.average(streets.speed, weights=road_m)
    roads = max(1.0, allowed / 28.0)
    car_m = min(0.55 * streets.extent, 12e3 * roads**2)
    car_pace = PACE["car"] * allowed / 14.0 * roads
    bus_m = min(0.7 * streets.extent, 8e3)
    bus_pace = PACE["bus"] * (allowed / 14.0) ** 0.7
    types = ALL_TYPES if roads == 1 else dict.fromkeys(ALL_TYPES, MOTORWAY_CARS)

    return [
        Demand("car", car_m, car_pace, types["car"]),
        Demand("bus", bus_m, bus_pace, types["bus"]),
        Demand("bike", 2200, PACE["bike"], types["bike"]),
        Demand("walk", 800, PACE["walk"], types["walk"]),
    ]


def _trips_of(
    demand: Demand, streets: Streets, seconds: float, window_s: float, rng: Generator
) -> list[Trip]:
    """Trips of a mode until its estimated seconds are used up."""
    mode = demand.mode
    edges = streets.trees[mode][0]
    weight = streets.length[edges] / streets.length[edges].sum()
    trips: list[Trip] = []
    spent_s = 0.0

    while spent_s < seconds:
        here = int(rng.choice(edges, p=weight))
        turn = rng.uniform(0, 2 * np.pi)
        wanted_m = 1.5 * demand.median_m * np.exp(rng.normal(0, 0.75))
        far_m = np.clip(wanted_m, 150, 2 * streets.extent)
        goal = streets.middles[here] + far_m * np.array([np.cos(turn), np.sin(turn)])
        there = int(streets.nearest(mode, goal))

        if there == here:
            continue

        crow_m = np.hypot(*(streets.middles[there] - streets.middles[here]))
        spent_s += Settings.extra_m * crow_m / demand.pace
        vehicle = f"{mode}{rng.integers(demand.types)}"
        depart_s = rng.uniform(0, window_s)
        trips.append(Trip(f"{mode}-{len(trips)}", mode, vehicle, depart_s, here, there))

    return trips


def _trips_xml(trips: list[Trip], streets: Streets) -> str:
    """The demand as duarouter reads it. Trips start and end in the middle of an edge, where its
    buildings are.
    """
    words = []
    for trip in trips:
        who = {"id": trip.name, "type": trip.vehicle_type, "depart": f"{trip.depart_s:.0f}"}
        way = {
            "from": streets.edges[trip.start],
            "to": streets.edges[trip.end],
            "departPos": f"{0.5 * streets.length[trip.start]:.1f}",
            "arrivalPos": f"{0.5 * streets.length[trip.end]:.1f}",
        }

        if trip.mode == "walk":
            words.append(element("person", who, element("walk", way)))
        else:
            words.append(element("trip", {**who, **way, "departLane": "best"}))

    return "\n".join(words)


def _add_stops(routes: Path, streets: Streets, rng: Generator) -> int:
    """Put stops into duarouter's routes, in place: those of buses every 250 to 700 m, and pauses of
    some others.

    Returns how many trips it routed.
    """
    index = {edge: i for i, edge in enumerate(streets.edges)}
    tree = ET.parse(routes)  # nosec B314

    for vehicle in tree.getroot().iter("vehicle"):
        mode = vehicle.get("id", "").split("-")[0]
        lanes = streets.bike_lane if mode == "bike" else streets.lane
        route = vehicle.find("route")
        names = route.get("edges", "").split() if route is not None else []
        every_m = _every_m(mode, rng)
        left_m = every_m * rng.random()

        for name in names[1:-1]:
            edge = index[name]
            length = streets.length[edge]
            left_m -= length

            if left_m < 0 and length > 40 and lanes[edge] >= 0:
                pause = _pause(mode, rng)
                pause["lane"] = f"{name}_{lanes[edge]}"
                pause["endPos"] = f"{length * 0.7:.1f}"
                ET.SubElement(vehicle, "stop", pause)
                left_m = every_m * rng.uniform(0.8, 1.2)

    tree.write(routes)

    return len(tree.getroot())


def _every_m(mode: str, rng: Generator) -> float:
    """The metres between two stops of one vehicle."""
    if mode == "bus":
        return rng.uniform(250, 700)
    return rng.exponential(12e3 if mode == "car" else 3e3)


def _pause(mode: str, rng: Generator) -> dict[str, str]:
    """How long a vehicle stops, and whether beside the lane, as attributes of a <stop>."""
    if mode == "bus":
        seconds = rng.uniform(8, 40)
        beside = False
    else:
        seconds = np.exp(rng.normal(np.log(70), 0.9)).clip(8, 900)
        beside = seconds > 25
    return {"duration": f"{seconds:.0f}", "parking": str(bool(beside)).lower()}


def simulate(
    streets: Streets, trips: list[Trip], folder: Path, name: str, rng: Generator
) -> dict[str, Trajectory]:
    """Route the trips, and simulate them at steps of one second. Returns the paths by the trips'
    names; seconds count from each one's first, and walkers walk over junctions.
    """
    seed = int(rng.integers(2**31 - 1))
    types = folder / f"{name}.kinds.xml"
    demand = folder / f"{name}.trips.xml"
    routes = folder / f"{name}.rou.xml"
    used = folder / f"{name}.used.xml"
    alternatives = folder / f"{name}.alt.xml"
    types.write_text(element("additional", {}, vehicle_types_xml(rng)))
    demand.write_text(element("routes", {}, _trips_xml(trips, streets)))
    files = ["-n", streets.net, "-a", types, "-r", demand, "-o", routes]
    files += ["--vtype-output", used, "--alternatives-output", alternatives]
    words = f"--ignore-errors --weights.random-factor 1.7 --seed {seed}"
    run_sumo("duarouter", *files, *words.split())

    if not _add_stops(routes, streets, rng):
        raise SyntheticError(f"No trip of {name} can be routed over {streets.net.name}.")

    end_s = int(trips[-1].depart_s) + 9000
    fcd = folder / f"{name}.parquet"
    words = "--pedestrian.model nonInteracting --time-to-teleport 240 --time-to-teleport.remove"
    paths = simulate_traffic(streets.net, routes, fcd, seed, end_s, "-a", types, *words.split())

    for file in (types, demand, routes, used, alternatives):
        file.unlink(missing_ok=True)

    return {
        name: pace_walker(path) if name.startswith("walk") else path for name, path in paths.items()
    }


def pace_walker(path: Trajectory) -> Trajectory:
    """One walker's path with the leaps across junctions walked instead (SUMO's non-interacting
    walkers leap there).

    A step longer than the walker's usual one takes as many seconds as it needs. Where SUMO leaps
    over 60 m (it could not place the walker) the longest piece without such a leap is kept.
    """
    step = np.hypot(np.diff(path.x), np.diff(path.y))
    after_leaps = np.flatnonzero(step > Settings.leap_m) + 1
    ends = np.concatenate([[0], after_leaps, [len(step) + 1]])
    piece = int(np.argmax(np.diff(ends)))
    first = ends[piece]
    end = ends[piece + 1]
    second, x, y = (column[first:end] for column in path)
    step = step[first : end - 1]
    moving = step[step > Settings.standing_m]
    usual = np.median(moving) if len(moving) else 1.0
    took_s = np.maximum(np.diff(second), step / (1.25 * usual))
    clock = np.concatenate([[0.0], np.cumsum(took_s)])
    even = np.arange(int(clock[-1]) + 1)

    x = np.interp(even, clock, x)
    y = np.interp(even, clock, y)

    return Trajectory(even, x, y)
