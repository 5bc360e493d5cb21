# SPDX-License-Identifier: GPL-2.0-or-later
"""Road movement: types of vehicle, trips over a street plan, their stops, and one simulated scenario."""

from __future__ import annotations

import xml.etree.ElementTree as ET  # nosec B405 - files written by SUMO a moment ago
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from model.synthetic.city.rail import Range
from model.synthetic.city.streets import Streets
from model.synthetic.sumo import SyntheticError, Trajectory, run_sumo, simulate_traffic


@dataclass(frozen=True)
class RoadMode:
    """What drivers, riders or walkers of a mode are like."""

    types: int  # vehicle types of a city's people
    more_types: int  # and of the movement corpus alone: fast cars, motorcycles, slow vehicles; e-bikes; runners
    pace: float  # m/s door to door where 14 m/s are allowed, to estimate how long a trip takes


ROAD_MODES = {
    "car": RoadMode(30, 12, 7.5),
    "bus": RoadMode(6, 0, 5.0),
    "bike": RoadMode(14, 5, 3.9),
    "walk": RoadMode(16, 5, 1.15),
}
MOTORWAY_TYPES = 4  # the first of the corpus's own cars


def vehicle_types_xml(rng: np.random.Generator) -> str:
    """<vType> elements car0, …, bus0, …, bike0, …, walk0, …: drivers and riders who differ."""
    return "\n".join(
        _vehicle_type(mode, i, i - traits.types, rng)
        for mode, traits in ROAD_MODES.items()
        for i in range(traits.types + traits.more_types)
    )


def _vehicle_type(mode: str, i: int, more: int, rng: np.random.Generator) -> str:
    """Type i of a mode; more: counted from the first of the movement corpus alone."""
    if mode == "bus":
        return (
            f'<vType id="bus{i}" vClass="bus" accel="{rng.uniform(0.8, 1.6):.2f}" decel="{rng.uniform(2, 4):.2f}" '
            f'sigma="{rng.uniform(0.2, 0.7):.2f}" maxSpeed="{rng.uniform(17, 28):.1f}" length="12" '
            f'speedFactor="normc({rng.uniform(0.8, 1.05):.3f},0.05,0.6,1.2)"/>'
        )
    if mode == "bike":
        speed = rng.uniform(3.0, 7.5) if more < 0 else rng.uniform(6.2, 12.0)
        return (
            f'<vType id="bike{i}" vClass="bicycle" accel="{rng.uniform(0.5, 1.5 if more < 0 else 2.2):.2f}" '
            f'decel="{rng.uniform(1.5, 3.5):.2f}" sigma="{rng.uniform(0.3, 0.9):.2f}" '
            f'maxSpeed="{speed:.2f}" desiredMaxSpeed="{speed:.2f}" speedFactor="normc(1,0.1,0.7,1.3)"/>'
        )
    if mode == "walk":
        speed = rng.uniform(0.8, 1.9) if i else 3.0  # the first type runs
        if more >= 0:
            speed = rng.uniform(2.0, 4.4)
        return (
            f'<vType id="walk{i}" vClass="pedestrian" maxSpeed="{1.4 * speed:.2f}" desiredMaxSpeed="{speed:.2f}" '
            'speedFactor="normc(1,0.08,0.7,1.3)"/>'
        )
    if more < 0:
        return _motor(i, "passenger", (28, 60), (0.8, 1.25), (1.0, 4.0), rng)
    if more < MOTORWAY_TYPES:
        return _motor(i, "passenger", (55, 75), (1.1, 1.45), (2.0, 5.0), rng)
    if more < 9:  # mopeds, then motorcycles
        return _motor(i, "motorcycle", (12.5, 13.5) if more < 7 else (35, 70), (0.9, 1.4), (1.5, 6), rng)
    return _motor(i, "passenger", (4, 12), (0.7, 1.0), (0.5, 1.2), rng)


def _motor(i: int, what: str, top: Range, obeys: Range, accel: Range, rng: np.random.Generator) -> str:
    """One type of driver. top: m/s that the vehicle can do; obeys: times the speed allowed; accel: m/s²."""
    return (
        f'<vType id="car{i}" vClass="{what}" accel="{rng.uniform(*accel):.2f}" '
        f'decel="{rng.uniform(3, 6):.2f}" sigma="{rng.uniform(0.1, 0.9):.2f}" '
        f'tau="{rng.uniform(0.8, 2.0):.2f}" maxSpeed="{rng.uniform(*top):.1f}" '
        f'speedFactor="normc({rng.uniform(*obeys):.3f},0.07,0.6,1.5)" '
        f'impatience="{rng.uniform(0, 0.8):.2f}" lcSpeedGain="{rng.uniform(0.2, 2):.2f}"/>'
    )


@dataclass(frozen=True)
class Trip:
    """One vehicle or person of the demand: edges to visit in order, pauses at those between."""

    name: str
    mode: str
    vehicle_type: str
    depart_s: float
    edges: list[int]  # two or more
    pauses_s: list[float]  # at each edge between, 0: drive through


def draw_trips(streets: Streets, seconds: dict[str, float], window_s: float, rng: np.random.Generator) -> list[Trip]:
    """Trips until each mode's estimated seconds of movement are used up; departures over window_s seconds."""
    trips: list[Trip] = []
    allowed = np.average(streets.speed, weights=streets.length * streets.open_to("car"))
    roads = max(1.0, allowed / 28.0)  # motorways: faster, straighter and for longer trips
    for mode, budget in seconds.items():
        if mode not in streets.trees:
            continue
        edges = streets.trees[mode][0]
        weight = streets.length[edges] / streets.length[edges].sum()
        traits = ROAD_MODES[mode]
        pace = traits.pace
        if mode in ("car", "bus"):
            pace = pace * allowed / 14.0 * roads if mode == "car" else pace * (allowed / 14.0) ** 0.7
        types = traits.types + (traits.more_types if roads == 1 else MOTORWAY_TYPES)
        spent, count = 0.0, 0
        while spent < budget:
            visited, pauses = [int(rng.choice(edges, p=weight))], [0.0]
            for _ in range(_leg_count(mode, rng)):
                far, turn = _distance_m(mode, streets.extent, roads, rng), rng.uniform(0, 2 * np.pi)
                here = visited[-1]
                target = streets.x[here] + far * np.cos(turn), streets.y[here] + far * np.sin(turn)
                there = int(streets.nearest(mode, target))
                if there == here:
                    continue
                # 1.5 metres of route a metre as the crow flies, at duarouter's random factor of 1.7
                crow = np.hypot(streets.x[there] - streets.x[here], streets.y[there] - streets.y[here])
                spent += 1.5 * crow / pace
                visited.append(there)
                pauses.append(_pause_s(mode, rng))
                spent += pauses[-1]
            if len(visited) > 1:
                vehicle, depart = f"{mode}{rng.integers(types)}", rng.uniform(0, window_s)
                trips.append(Trip(f"{mode}-{count}", mode, vehicle, depart, visited, pauses[1:-1]))
                count += 1
    return sorted(trips, key=lambda trip: trip.depart_s)


def _leg_count(mode: str, rng: np.random.Generator) -> int:
    if mode == "bus":
        return int(rng.choice([1, 2, 3], p=[0.3, 0.4, 0.3]))
    return int(rng.choice([1, 2, 3, 4, 7], p=[0.55, 0.2, 0.13, 0.08, 0.04]))


def _distance_m(mode: str, extent: float, roads: float, rng: np.random.Generator) -> float:
    car, bus = min(0.55 * extent, 12e3 * roads**2), min(0.7 * extent, 8e3)
    median = {"car": car, "bus": bus, "bike": 2200, "walk": 800}[mode]
    return float(np.clip(median * np.exp(rng.normal(0, 0.6)), 150, 2 * extent))


def _pause_s(mode: str, rng: np.random.Generator) -> float:
    """Seconds stopped at an edge on the way; buses stop by distance instead."""
    if mode == "bus" or rng.random() < 0.35:
        return 0.0
    return float(np.clip(np.exp(rng.normal(np.log(70), 0.9)), 8, 900))


def _trips_xml(trips: list[Trip], streets: Streets, doors: bool, rng: np.random.Generator) -> str:
    """The demand as duarouter reads it. doors: start and end in the middle of an edge, where its buildings are."""
    lines = []
    for trip in trips:
        names, middle = streets.edges[trip.edges], [f"{0.5 * streets.length[edge]:.1f}" for edge in trip.edges]
        if trip.mode == "walk":
            lines.append(f'<person id="{trip.name}" type="{trip.vehicle_type}" depart="{trip.depart_s:.0f}">')
            start = f' departPos="{middle[0]}"' if doors else ""
            for a, b, at, pause in zip(names[:-1], names[1:], middle[1:], [*trip.pauses_s, 0.0], strict=True):
                lines.append(f'<walk from="{a}" to="{b}"{start} arrivalPos="{at}"/>')
                start = ""
                if pause:
                    lines.append(f'<stop edge="{b}" endPos="{at}" duration="{pause:.0f}"/>')
            lines.append("</person>")
            continue
        via = f' via="{" ".join(names[1:-1])}"' if len(names) > 2 else ""
        start, end = ("random_free" if rng.random() < 0.5 else "base"), "random"
        if doors:
            start, end = middle[0], middle[-1]
        lines.append(
            f'<trip id="{trip.name}" type="{trip.vehicle_type}" depart="{trip.depart_s:.0f}" from="{names[0]}" '
            f'to="{names[-1]}"{via} departLane="best" departPos="{start}" arrivalPos="{end}"/>'
        )
    return "\n".join(lines)


def _add_stops(routes: Path, trips: list[Trip], streets: Streets, rng: np.random.Generator) -> int:
    """Put the stops of cars, bikes and buses into duarouter's routes, in place. Returns how many trips it routed."""
    index = {edge: i for i, edge in enumerate(streets.edges)}
    by_name = {trip.name: trip for trip in trips}
    tree = ET.parse(routes)  # nosec B314
    for vehicle in tree.getroot().iter("vehicle"):
        trip = by_name[vehicle.get("id", "")]
        route = vehicle.find("route")
        path = [index[e] for e in route.get("edges", "").split()] if route is not None else []
        lanes = streets.bike_lane if trip.mode == "bike" else streets.lane
        for edge, at, seconds, parked in _stops(trip, path, streets, rng):
            lane, parking = f"{streets.edges[edge]}_{lanes[edge]}", str(parked).lower()
            ET.SubElement(vehicle, "stop", lane=lane, endPos=f"{at:.1f}", duration=f"{seconds:.0f}", parking=parking)
    tree.write(routes)
    return len(tree.getroot())


def _stops(
    trip: Trip, path: list[int], streets: Streets, rng: np.random.Generator
) -> Iterator[tuple[int, float, float, bool]]:
    """Edge, metres along it, seconds, and whether beside the lane: a bus's stops every 250 to 700 m, others' pauses."""
    if trip.mode == "bus":
        every = rng.uniform(250, 700)
        left = every * rng.random()
        for edge in path[1:-1]:
            left -= streets.length[edge]
            if left < 0 and streets.length[edge] > 40 and streets.lane[edge] >= 0:
                yield edge, streets.length[edge] * rng.uniform(0.5, 0.9), rng.uniform(8, 40), False
                left = every * rng.uniform(0.8, 1.2)
        return
    passed = 0
    for edge, pause in zip(trip.edges[1:-1], trip.pauses_s, strict=True):
        if edge in path[passed:]:
            passed = path.index(edge, passed)
            if pause and 0 < passed < len(path) - 1:
                yield edge, streets.length[edge] * 0.7, pause, pause > 25


def simulate(
    streets: Streets, trips: list[Trip], folder: Path, name: str, rng: np.random.Generator, *, doors: bool = False,
    buses: str = "",
) -> dict[str, Trajectory]:  # fmt: skip
    """Route the trips, and simulate them at steps of one second. Returns the paths by the trips' names.

    doors: trips start and end in the middle of an edge. buses: more <vehicle> elements with their routes and stops,
    in order of departure.
    """
    seed = int(rng.integers(2**31 - 1))
    ends = ("kinds.xml", "trips.xml", "rou.xml", "lines.xml", "used.xml", "alt.xml")
    files = types, demand, routes, public, used, alternatives = [folder / f"{name}.{end}" for end in ends]
    types.write_text(f"<additional>{vehicle_types_xml(rng)}</additional>")
    demand.write_text(f"<routes>{_trips_xml(trips, streets, doors, rng)}</routes>")
    public.write_text(f"<routes>{buses}</routes>")
    run_sumo(
        "duarouter", "-n", streets.net, "-a", types, "-r", demand, "-o", routes, "--vtype-output", used,
        "--alternatives-output", alternatives, "--ignore-errors", "--weights.random-factor", 1.7, "--seed", seed,
    )  # fmt: skip
    if not _add_stops(routes, trips, streets, rng):
        raise SyntheticError(f"No trip of {name} can be routed over {streets.net.name}.")
    paths = simulate_traffic(
        streets.net, f"{routes},{public}", folder / f"{name}.parquet", seed, int(trips[-1].depart_s) + 9000,
        "-a", types, "--pedestrian.model", "nonInteracting", "--time-to-teleport", 240, "--time-to-teleport.remove",
    )  # fmt: skip
    for file in files:
        file.unlink(missing_ok=True)
    return paths


def pace_walker(path: Trajectory) -> Trajectory:
    """One walker's path with the leaps across junctions walked instead (SUMO's non-interacting walkers leap there).

    A step longer than the walker's usual one takes as many seconds as it needs. Where SUMO leaps over 60 m (it
    could not place the walker) the longest piece without such a leap is kept.
    """
    step = np.hypot(np.diff(path.x), np.diff(path.y))
    ends = np.concatenate([[0], np.flatnonzero(step > 60) + 1, [len(step) + 1]])
    piece = int(np.argmax(np.diff(ends)))
    first, end = ends[piece], ends[piece + 1]
    second, x, y = (column[first:end] for column in path)
    if len(x) < 3:
        return Trajectory(second, x, y)
    step = step[first : end - 1]
    moving = step[step > 0.2]
    usual = np.median(moving) if len(moving) else 1.0
    clock = np.concatenate([[0.0], np.cumsum(np.maximum(np.diff(second), step / (1.25 * usual)))])
    even = np.arange(int(clock[-1]) + 1)
    return Trajectory(second[0] + even, np.interp(even, clock, x), np.interp(even, clock, y))
