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

from model.shipped.synthetic.city.layout import Streets
from model.shipped.synthetic.sumo import (
    Range,
    SyntheticError,
    Trajectory,
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


def vehicle_types_xml(rng: np.random.Generator) -> str:
    """<vType> elements car0, …, bus0, …, bike0, …, walk0, …: drivers and riders who differ."""
    lines, done = [], dict.fromkeys(CITY_TYPES, 0)
    for kind in (each for each in KINDS for _ in range(each.count)):
        speed, likes = rng.uniform(*kind.speed), kind.what in ("bicycle", "pedestrian")
        values = {
            name: f"{rng.uniform(*getattr(kind, name)):.2f}" for name in ("accel", "decel", "sigma")
        }
        values["speedFactor"] = f"normc({rng.uniform(*kind.obeys):.3f},0.07,0.6,1.5)"
        values["maxSpeed"] = f"{1.4 * speed if likes else speed:.2f}"
        if likes:
            values["desiredMaxSpeed"] = f"{speed:.2f}"
        words = " ".join(f'{name}="{value}"' for name, value in values.items())
        lines.append(f'<vType id="{kind.mode}{done[kind.mode]}" vClass="{kind.what}" {words}/>')
        done[kind.mode] += 1
    return "\n".join(lines)


class Trip(NamedTuple):
    """One vehicle or person of the demand, from edge to edge."""

    name: str
    mode: str
    vehicle_type: str
    depart_s: float
    start: int
    end: int


def draw_trips(
    streets: Streets, seconds: dict[str, float], window_s: float, rng: np.random.Generator
) -> list[Trip]:
    """Trips until each mode's estimated seconds of movement are used up; departures over window_s
    seconds.
    """
    trips: list[Trip] = []
    allowed = np.average(streets.speed, weights=streets.length * streets.open_to("car"))
    roads = max(1.0, allowed / 28.0)  # motorways: faster, straighter and for longer trips
    pace = PACE | {
        "car": PACE["car"] * allowed / 14.0 * roads,
        "bus": PACE["bus"] * (allowed / 14.0) ** 0.7,
    }
    median_m = {
        "car": min(0.55 * streets.extent, 12e3 * roads**2),
        "bus": min(0.7 * streets.extent, 8e3),
        "bike": 2200,
        "walk": 800,
    }
    for mode, budget in seconds.items():
        if mode not in streets.trees:
            continue
        edges = streets.trees[mode][0]
        weight = streets.length[edges] / streets.length[edges].sum()
        types = ALL_TYPES[mode] if roads == 1 else MOTORWAY_CARS
        spent, count = 0.0, 0
        while spent < budget:
            here, turn = int(rng.choice(edges, p=weight)), rng.uniform(0, 2 * np.pi)
            far = np.clip(
                1.5 * median_m[mode] * np.exp(rng.normal(0, 0.75)), 150, 2 * streets.extent
            )
            there = int(
                streets.nearest(
                    mode,
                    [streets.x[here] + far * np.cos(turn), streets.y[here] + far * np.sin(turn)],
                )
            )
            if there == here:
                continue
            # 1.5 metres of route a metre as the crow flies, at duarouter's random factor of 1.7
            crow = np.hypot(streets.x[there] - streets.x[here], streets.y[there] - streets.y[here])
            spent += 1.5 * crow / pace[mode]
            vehicle, depart = f"{mode}{rng.integers(types)}", rng.uniform(0, window_s)
            trips.append(Trip(f"{mode}-{count}", mode, vehicle, depart, here, there))
            count += 1
    return sorted(trips, key=lambda trip: trip.depart_s)


def _trips_xml(trips: list[Trip], streets: Streets) -> str:
    """The demand as duarouter reads it. Trips start and end in the middle of an edge, where its
    buildings are.
    """
    lines = []
    for trip in trips:
        head = f'id="{trip.name}" type="{trip.vehicle_type}" depart="{trip.depart_s:.0f}"'
        ends = f'from="{streets.edges[trip.start]}" to="{streets.edges[trip.end]}"'
        ends += f' departPos="{0.5 * streets.length[trip.start]:.1f}" arrivalPos="{0.5 * streets.length[trip.end]:.1f}"'
        walks = f"<person {head}><walk {ends}/></person>"
        lines.append(walks if trip.mode == "walk" else f'<trip {head} {ends} departLane="best"/>')
    return "\n".join(lines)


def _add_stops(routes: Path, streets: Streets, rng: np.random.Generator) -> int:
    """Put stops into duarouter's routes, in place: those of buses every 250 to 700 m, and pauses of
    some others.

    Returns how many trips it routed.
    """
    index = {edge: i for i, edge in enumerate(streets.edges)}
    tree = ET.parse(routes)  # nosec B314
    for vehicle in tree.getroot().iter("vehicle"):
        mode, route = vehicle.get("id", "").split("-")[0], vehicle.find("route")
        path = [index[e] for e in route.get("edges", "").split()] if route is not None else []
        lanes = streets.bike_lane if mode == "bike" else streets.lane
        every = (
            rng.uniform(250, 700)
            if mode == "bus"
            else rng.exponential(12e3 if mode == "car" else 3e3)
        )
        left = every * rng.random()
        for edge in path[1:-1]:
            left -= streets.length[edge]
            if left < 0 and streets.length[edge] > 40 and lanes[edge] >= 0:
                pause = (
                    rng.uniform(8, 40)
                    if mode == "bus"
                    else np.clip(np.exp(rng.normal(np.log(70), 0.9)), 8, 900)
                )
                ET.SubElement(
                    vehicle,
                    "stop",
                    lane=f"{streets.edges[edge]}_{lanes[edge]}",
                    duration=f"{pause:.0f}",
                    endPos=f"{streets.length[edge] * 0.7:.1f}",
                    parking=str(mode != "bus" and pause > 25).lower(),
                )
                left = every * rng.uniform(0.8, 1.2)
    tree.write(routes)
    return len(tree.getroot())


def simulate(
    streets: Streets, trips: list[Trip], folder: Path, name: str, rng: np.random.Generator
) -> dict[str, Trajectory]:
    """Route the trips, and simulate them at steps of one second. Returns the paths by the trips'
    names; seconds count from each one's first, and walkers walk over junctions.
    """
    seed = int(rng.integers(2**31 - 1))
    ends = ("kinds.xml", "trips.xml", "rou.xml", "used.xml", "alt.xml")
    files = types, demand, routes, used, alternatives = [folder / f"{name}.{end}" for end in ends]
    types.write_text(f"<additional>{vehicle_types_xml(rng)}</additional>")
    demand.write_text(f"<routes>{_trips_xml(trips, streets)}</routes>")
    run_sumo(
        "duarouter",
        "-n",
        streets.net,
        "-a",
        types,
        "-r",
        demand,
        "-o",
        routes,
        "--vtype-output",
        used,
        "--alternatives-output",
        alternatives,
        "--ignore-errors",
        "--weights.random-factor",
        1.7,
        "--seed",
        seed,
    )
    if not _add_stops(routes, streets, rng):
        raise SyntheticError(f"No trip of {name} can be routed over {streets.net.name}.")
    paths = simulate_traffic(
        streets.net,
        str(routes),
        folder / f"{name}.parquet",
        seed,
        int(trips[-1].depart_s) + 9000,
        "-a",
        types,
        "--pedestrian.model",
        "nonInteracting",
        "--time-to-teleport",
        240,
        "--time-to-teleport.remove",
    )
    for file in files:
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
    ends = np.concatenate([[0], np.flatnonzero(step > 60) + 1, [len(step) + 1]])
    piece = int(np.argmax(np.diff(ends)))
    first, end = ends[piece], ends[piece + 1]
    second, x, y = (column[first:end] for column in path)
    step = step[first : end - 1]
    moving = step[step > 0.2]
    usual = np.median(moving) if len(moving) else 1.0
    clock = np.concatenate([[0.0], np.cumsum(np.maximum(np.diff(second), step / (1.25 * usual)))])
    even = np.arange(int(clock[-1]) + 1)
    return Trajectory(even, np.interp(even, clock, x), np.interp(even, clock, y))
