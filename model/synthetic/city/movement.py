# SPDX-License-Identifier: GPL-2.0-or-later
"""Road movement: kinds of vehicle, trips over a street plan, their stops, and one simulated scenario."""

from __future__ import annotations

import xml.etree.ElementTree as ET  # nosec B405 - files written by SUMO a moment ago
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.spatial import cKDTree

from model.synthetic.city.streets import Streets
from model.synthetic.sumo import Moves, SyntheticError, read_fcd, run_sumo

KINDS = {"car": 30, "bus": 6, "bike": 14, "walk": 16}  # kinds of each mode that a city's people are of
# and kinds of the movement corpus alone: fast cars, motorcycles and mopeds, slow vehicles; e-bikes; runners
MORE = {"car": 12, "bus": 0, "bike": 5, "walk": 5}
FAST = 4  # the first of them, on motorways
PACE = {
    "car": 7.5,
    "bus": 5.0,
    "bike": 3.9,
    "walk": 1.15,
}  # m/s door to door, on streets where 14 m/s are allowed: budgets trips before they are driven
DETOUR = 1.5  # metres of route a metre as the crow flies, at random factor 1.7


def kinds_xml(rng: np.random.Generator) -> str:
    """<vType> elements car0..., bus0..., bike0..., walk0...: drivers and riders who differ."""
    lines = []
    for i in range(KINDS["car"]):
        lines.append(_motor(f"car{i}", "passenger", (28, 60), (0.8, 1.25), (1.0, 4.0), rng))
    for i in range(MORE["car"]):
        of = KINDS["car"] + i
        if i < FAST:
            lines.append(_motor(f"car{of}", "passenger", (55, 75), (1.1, 1.45), (2.0, 5.0), rng))
        elif i < 9:
            lines.append(
                _motor(f"car{of}", "motorcycle", (12.5, 13.5) if i < 7 else (35, 70), (0.9, 1.4), (1.5, 6), rng)
            )
        else:
            lines.append(_motor(f"car{of}", "passenger", (4, 12), (0.7, 1.0), (0.5, 1.2), rng))
    for i in range(KINDS["bus"]):
        lines.append(
            f'<vType id="bus{i}" vClass="bus" accel="{rng.uniform(0.8, 1.6):.2f}" decel="{rng.uniform(2, 4):.2f}" '
            f'sigma="{rng.uniform(0.2, 0.7):.2f}" maxSpeed="{rng.uniform(17, 28):.1f}" length="12" '
            f'speedFactor="normc({rng.uniform(0.8, 1.05):.3f},0.05,0.6,1.2)"/>'
        )
    for i in range(KINDS["bike"] + MORE["bike"]):
        own = i < KINDS["bike"]
        fast = rng.uniform(3.0, 7.5) if own else rng.uniform(6.2, 12.0)
        lines.append(
            f'<vType id="bike{i}" vClass="bicycle" accel="{rng.uniform(0.5, 1.5 if own else 2.2):.2f}" '
            f'decel="{rng.uniform(1.5, 3.5):.2f}" sigma="{rng.uniform(0.3, 0.9):.2f}" '
            f'maxSpeed="{fast:.2f}" desiredMaxSpeed="{fast:.2f}" speedFactor="normc(1,0.1,0.7,1.3)"/>'
        )
    for i in range(KINDS["walk"] + MORE["walk"]):
        fast = rng.uniform(0.8, 1.9) if i else 3.0  # the first kind runs
        if i >= KINDS["walk"]:
            fast = rng.uniform(2.0, 4.4)
        lines.append(
            f'<vType id="walk{i}" vClass="pedestrian" maxSpeed="{1.4 * fast:.2f}" desiredMaxSpeed="{fast:.2f}" '
            'speedFactor="normc(1,0.08,0.7,1.3)"/>'
        )
    return "\n".join(lines)


Range = tuple[float, float]


def _motor(name: str, what: str, top: Range, obeys: Range, accel: Range, rng: np.random.Generator) -> str:
    """One kind of driver. top: m/s that the vehicle can do; obeys: times the speed allowed."""
    return (
        f'<vType id="{name}" vClass="{what}" accel="{rng.uniform(*accel):.2f}" '
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
    kind: str
    depart: float  # seconds
    legs: list[int]  # indices of edges, two or more
    pauses: list[float]  # seconds at each edge between, 0: drive through


class Finder:
    """The edge of a mode nearest to a point."""

    def __init__(self, streets: Streets) -> None:
        self.streets = streets
        self.by_mode = {}
        for mode, usable in (("car", streets.drive), ("bike", streets.bike), ("walk", streets.walk)):
            edges = np.flatnonzero(usable & (streets.length > (30 if mode == "car" else 12)))
            if len(edges):
                self.by_mode[mode] = (edges, cKDTree(np.column_stack([streets.x[edges], streets.y[edges]])))
        if "car" in self.by_mode:
            self.by_mode["bus"] = self.by_mode["car"]

    def near(self, mode: str, x: float, y: float) -> int:
        """Index of the edge."""
        edges, tree = self.by_mode[mode]
        return int(edges[tree.query((x, y))[1]])


def draw_trips(streets: Streets, seconds: dict[str, float], window_s: float, rng: np.random.Generator) -> list[Trip]:
    """Trips until each mode's estimated seconds of movement are used up; departures over window_s seconds."""
    finder = Finder(streets)
    trips: list[Trip] = []
    allowed = np.average(streets.speed, weights=streets.length * streets.drive)
    roads = max(1.0, allowed / 28.0)  # motorways: faster, straighter and for longer ways
    pace = {**PACE, "car": PACE["car"] * allowed / 14.0 * roads, "bus": PACE["bus"] * (allowed / 14.0) ** 0.7}
    for mode, budget in seconds.items():
        if mode not in finder.by_mode:
            continue
        edges = finder.by_mode[mode][0]
        weight = streets.length[edges] / streets.length[edges].sum()
        spent, count = 0.0, 0
        while spent < budget:
            legs, pauses = [int(rng.choice(edges, p=weight))], [0.0]
            for _ in range(1 + _more_legs(mode, rng)):
                far, turn = _distance(mode, streets.extent, roads, rng), rng.uniform(0, 2 * np.pi)
                here = legs[-1]
                there = finder.near(mode, streets.x[here] + far * np.cos(turn), streets.y[here] + far * np.sin(turn))
                if there == here:
                    continue
                crow = np.hypot(streets.x[there] - streets.x[here], streets.y[there] - streets.y[here])
                spent += DETOUR * crow / pace[mode]
                legs.append(there)
                pauses.append(_pause(mode, rng))
                spent += pauses[-1]
            if len(legs) > 1:
                kind = f"{mode}{rng.integers(KINDS[mode] + (MORE[mode] if roads == 1 else FAST))}"
                depart = rng.uniform(0, window_s)
                trips.append(Trip(f"{mode}-{count}", mode, kind, depart, legs, pauses[1:-1]))
                count += 1
    return sorted(trips, key=lambda trip: trip.depart)


def _more_legs(mode: str, rng: np.random.Generator) -> int:
    if mode == "bus":
        return int(rng.choice([0, 1, 2], p=[0.3, 0.4, 0.3]))
    return int(rng.choice([0, 1, 2, 3, 6], p=[0.55, 0.2, 0.13, 0.08, 0.04]))


def _distance(mode: str, extent: float, roads: float, rng: np.random.Generator) -> float:
    median = {"car": min(0.55 * extent, 12e3 * roads**2), "bus": min(0.7 * extent, 8e3), "bike": 2200, "walk": 800}[
        mode
    ]
    return float(np.clip(median * np.exp(rng.normal(0, 0.6)), 150, 2 * extent))


def _pause(mode: str, rng: np.random.Generator) -> float:
    """Seconds stopped at an edge on the way; buses stop by distance instead."""
    if mode == "bus" or rng.random() < 0.35:
        return 0.0
    return float(np.clip(np.exp(rng.normal(np.log(70), 0.9)), 8, 900))


def trips_xml(trips: list[Trip], streets: Streets, doors: bool, rng: np.random.Generator) -> str:
    """The demand as duarouter reads it. doors: start and end in the middle of an edge, where its buildings are."""
    lines = ["<routes>"]
    for trip in trips:
        names = [streets.edges[i] for i in trip.legs]
        if trip.mode == "walk":
            lines.append(f'<person id="{trip.name}" type="{trip.kind}" depart="{trip.depart:.0f}">')
            start = f' departPos="{0.5 * streets.length[trip.legs[0]]:.1f}"' if doors else ""
            for a, b, edge, pause in zip(names[:-1], names[1:], trip.legs[1:], [*trip.pauses, 0.0], strict=True):
                at = 0.5 * streets.length[edge]
                lines.append(f'<walk from="{a}" to="{b}"{start} arrivalPos="{at:.1f}"/>')
                start = ""
                if pause:
                    lines.append(f'<stop edge="{b}" endPos="{at:.1f}" duration="{pause:.0f}"/>')
            lines.append("</person>")
            continue
        via = f' via="{" ".join(names[1:-1])}"' if len(names) > 2 else ""
        start, end = ("random_free" if rng.random() < 0.5 else "base"), "random"
        if doors:
            start, end = (f"{0.5 * streets.length[edge]:.1f}" for edge in (trip.legs[0], trip.legs[-1]))
        lines.append(
            f'<trip id="{trip.name}" type="{trip.kind}" depart="{trip.depart:.0f}" from="{names[0]}" to="{names[-1]}"'
            f'{via} departLane="best" departPos="{start}" arrivalPos="{end}"/>'
        )
    return "\n".join([*lines, "</routes>"])


def add_stops(routes: Path, trips: list[Trip], streets: Streets, rng: np.random.Generator) -> int:
    """Put the stops of cars, bikes and buses into duarouter's routes, in place. Returns how many trips it routed."""
    index = {edge: i for i, edge in enumerate(streets.edges)}
    by_name = {trip.name: trip for trip in trips}
    tree = ET.parse(routes)  # nosec B314
    for vehicle in tree.getroot().iter("vehicle"):
        trip = by_name[vehicle.get("id", "")]
        route = vehicle.find("route")
        path = [index[e] for e in route.get("edges", "").split()] if route is not None else []
        for edge, at, duration, parked in _stops(trip, path, streets, rng):
            lane = f"{streets.edges[edge]}_{(streets.bike_lane if trip.mode == 'bike' else streets.lane)[edge]}"
            ET.SubElement(
                vehicle, "stop", lane=lane, endPos=f"{at:.1f}", duration=f"{duration:.0f}", parking=str(parked).lower()
            )
    tree.write(routes)
    return sum(1 for _ in tree.getroot())


def _stops(
    trip: Trip, path: list[int], streets: Streets, rng: np.random.Generator
) -> list[tuple[int, float, float, bool]]:
    """(edge, metres along, seconds, parked) in order of the path."""
    stops = []
    if trip.mode == "bus":
        every = rng.uniform(250, 700)
        left = every * rng.random()
        for edge in path[1:-1]:
            left -= streets.length[edge]
            if left < 0 and streets.length[edge] > 40 and streets.lane[edge] >= 0:
                stops.append((edge, streets.length[edge] * rng.uniform(0.5, 0.9), rng.uniform(8, 40), False))
                left = every * rng.uniform(0.8, 1.2)
        return stops
    passed = 0
    for edge, pause in zip(trip.legs[1:-1], trip.pauses, strict=True):
        try:
            passed = path.index(edge, passed)
        except ValueError:
            continue
        if pause and 0 < passed < len(path) - 1:
            stops.append((edge, streets.length[edge] * 0.7, pause, pause > 25))
    return stops


def simulate(
    streets: Streets, trips: list[Trip], folder: Path, name: str, rng: np.random.Generator, *, doors: bool = False,
    lines: str = "",
) -> Moves:  # fmt: skip
    """Route the trips, drive and walk them at steps of one second, and read every second back.

    doors: trips start and end in the middle of an edge. lines: more <vehicle> elements that know their route and
    stops, in order of departure.
    """
    seed = int(rng.integers(2**31 - 1))
    ends = ("kinds.xml", "trips.xml", "rou.xml", "lines.xml", "used.xml", "alt.xml", "parquet")
    files = kinds, demand, routes, public, used, alternatives, fcd = [folder / f"{name}.{end}" for end in ends]
    kinds.write_text(f"<additional>{kinds_xml(rng)}</additional>")
    demand.write_text(trips_xml(trips, streets, doors, rng))
    public.write_text(f"<routes>{lines}</routes>")
    run_sumo(
        "duarouter", "-n", streets.net, "-a", kinds, "-r", demand, "-o", routes, "--vtype-output", used,
        "--alternatives-output", alternatives, "--ignore-errors", "--weights.random-factor", 1.7, "--seed", seed,
    )  # fmt: skip
    if not add_stops(routes, trips, streets, rng):
        raise SyntheticError(f"no trip of {name} can be routed over {streets.net.name}")
    run_sumo(
        "sumo", "-n", streets.net, "-a", kinds, "-r", f"{routes},{public}", "--fcd-output", fcd,
        "--fcd-output.attributes", "x,y", "--pedestrian.model", "nonInteracting", "--seed", seed,
        "--end", int(trips[-1].depart) + 9000, "--no-step-log", "--time-to-teleport", 240,
        "--time-to-teleport.remove", "--collision.action", "none",
    )  # fmt: skip
    moves = read_fcd(fcd)
    for file in files:
        file.unlink(missing_ok=True)
    return moves


def pace_walkers(second: np.ndarray, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """One walker's rows with the leaps across junctions walked instead (SUMO's non-interacting walkers leap there).

    A step longer than the walker's usual one takes as many seconds as it needs. Where SUMO leaps over 60 m (it
    could not place the walker) the longest piece without such a leap is kept.
    """
    step = np.hypot(np.diff(x), np.diff(y))
    ends = np.concatenate([[0], np.flatnonzero(step > 60) + 1, [len(x)]])
    piece = int(np.argmax(np.diff(ends)))
    keep = slice(ends[piece], ends[piece + 1])
    second, x, y, step = second[keep], x[keep], y[keep], step[ends[piece] : ends[piece + 1] - 1]
    if len(x) < 3:
        return second, x, y
    moving = step[step > 0.2]
    usual = np.median(moving) if len(moving) else 1.0
    clock = np.concatenate([[0.0], np.cumsum(np.maximum(np.diff(second), step / (1.25 * usual)))])
    even = np.arange(int(clock[-1]) + 1)
    return second[0] + even, np.interp(even, clock, x), np.interp(even, clock, y)
