# SPDX-License-Identifier: GPL-2.0-or-later
"""Railway lines with stations, ferries, and their movement."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.random import Generator
from scipy.interpolate import CubicSpline

from model.shipped.synthetic.sumo import (
    Range,
    Trajectory,
    element,
    run_sumo,
    simulate_traffic,
)
from raw_qgis_plugin.core.arrays import Array


class Settings:
    """How lines are laid and trains run."""

    point_m: int = 120  # between points of a track
    shorter: float = 0.58  # times the estimate takes a train, as measured: it brakes less


@dataclass(frozen=True)
class LineKind:
    """What lines of a kind are like, and the trains or boats on them."""

    stations: tuple[int, int]
    gap_m: Range  # between stations
    bend: float  # radians of change in direction at a station, standard deviation
    speed: Range  # m/s
    mode: str = "rail"
    accel: Range = (0.4, 1.3)  # m/s², of setting off and of braking
    dwell_s: Range = (15, 50)  # at a station
    length_m: int = 80
    lights: float = 0.0  # share of the sections where it also waits between stations


METRO = LineKind((14, 34), (900, 2100), 0.4, (17, 30))
TRAM = LineKind((12, 30), (250, 800), 0.6, (7, 15), "tram", (0.5, 1.2), (10, 35), 30, 0.4)
KINDS = (
    METRO,
    TRAM,
    METRO,
    LineKind((6, 14), (6e3, 25e3), 0.25, (28, 64)),  # fast
    LineKind((3, 7), (25e3, 70e3), 0.12, (55, 84)),  # express
    TRAM,
    LineKind((2, 7), (1500, 14e3), 0.3, (3.5, 12), "ferry", (0.04, 0.15), (240, 900), 60),
)


@dataclass(frozen=True)
class Line:
    """A railway: its stations in order (s, 2) metres, the track between them, s - 1 arrays (k, 2),
    and the speed on it, (s - 1,) m/s.
    """

    kind: LineKind
    stations: Array
    sections: list[Array]
    speed: Array

    @property
    def lengths(self) -> Array:
        """(s - 1,) metres of the sections."""
        steps = [np.diff(section, axis=0) for section in self.sections]
        return np.array([np.hypot(*step.T).sum() for step in steps])


def draw_line(rng: Generator, kind: LineKind) -> Line:
    """A winding line."""
    count = int(rng.integers(*kind.stations))
    gaps_m = rng.uniform(*kind.gap_m, count - 1)
    bends = rng.normal(0, kind.bend, count - 1)
    turns = np.cumsum(bends) + rng.uniform(0, 2 * np.pi)
    steps = gaps_m[:, None] * np.column_stack([np.cos(turns), np.sin(turns)])
    stations = np.vstack([[0.0, 0.0], np.cumsum(steps, axis=0)])

    return smooth_line(kind, stations, rng)


def smooth_line(kind: LineKind, stations: Array, rng: Generator) -> Line:
    """A smooth track through stations (s, 2)."""
    gaps_m = np.hypot(*np.diff(stations, axis=0).T)
    along = np.concatenate([[0.0], np.cumsum(gaps_m)])
    curve = CubicSpline(along, stations)
    sections = []

    for a, b in pairwise(along):
        points = max(3, int((b - a) / Settings.point_m))
        sections.append(curve(np.linspace(a, b, points)))

    usual = rng.uniform(*kind.speed)
    speed = usual * rng.uniform(0.65, 1.1, len(sections))

    return Line(kind, stations, sections, np.clip(speed, 3, 1.03 * kind.speed[1]))


def run_trains(
    lines: Sequence[Line], seconds: float, folder: Path, name: str, rng: Generator
) -> dict[str, Trajectory]:
    """Trains and ferries on lines, about so many seconds of movement: paths MODE-N by name."""
    folder.mkdir(parents=True, exist_ok=True)
    trains: list[Train] = []
    clock = np.zeros((len(lines), 2))  # of each line and direction
    spent_s = 0.0

    while spent_s < seconds:
        n = int(rng.integers(len(lines)))
        back = int(rng.integers(2))
        rarer = 6 if lines[n].kind.mode == "ferry" else 1
        clock[n, back] += rng.uniform(150, 500) * rarer
        train = _run(lines[n], n, bool(back), len(trains), clock[n, back], rng)
        trains.append(train)
        spent_s += Settings.shorter * train.seconds

    seed = int(rng.integers(2**31 - 1))
    in_order = sorted(trains, key=lambda train: train.depart_s)
    types = [train.type_xml for train in trains]
    vehicles = [train.vehicle_xml for train in in_order]
    routes = folder / f"{name}.rou.xml"
    routes.write_text(element("routes", {}, *types, *vehicles))
    net = _net(lines, folder, name)
    fcd = folder / f"{name}.parquet"

    return simulate_traffic(net, routes, fcd, seed, clock.max() + 9000, "--time-to-teleport", -1)


def _train_type(name: str, kind: LineKind, rng: Generator) -> str:
    """A <vType> of one train or ferry."""
    accel = rng.uniform(*kind.accel)
    decel = rng.uniform(*kind.accel) + 0.05
    ability = {
        "id": name,
        "vClass": "rail",
        "carFollowModel": "Krauss",
        "accel": f"{accel:.2f}",
        "decel": f"{decel:.2f}",
        "sigma": f"{rng.uniform(0, 0.3):.2f}",
        "maxSpeed": "90",
        "length": kind.length_m,
        "speedFactor": "normc(0.95,0.07,0.7,1.1)",
    }
    return element("vType", ability)


def _net(lines: Sequence[Line], folder: Path, name: str) -> Path:
    """A net of railway lines alone, with their coordinates; edges are named r<line>.<section>,
    those back with a b.
    """
    nodes: list[str] = []
    edges: list[str] = []

    for n, line in enumerate(lines):
        for s, (x, y) in enumerate(line.stations):
            at = {"id": f"r{n}.{s}", "x": f"{x:.2f}", "y": f"{y:.2f}", "type": "priority"}
            nodes.append(element("node", at))
        for s, section in enumerate(line.sections):
            here = f"r{n}.{s}"
            there = f"r{n}.{s + 1}"
            edges.append(_track(here, here, there, section, line.speed[s]))
            edges.append(_track(f"{here}b", there, here, section[::-1], line.speed[s]))

    node_file = folder / f"{name}.nod.xml"
    edge_file = folder / f"{name}.edg.xml"
    net = folder / f"{name}.net.xml"
    node_file.write_text(element("nodes", {}, *nodes))
    edge_file.write_text(element("edges", {}, *edges))
    keep = "--offset.disable-normalization"
    run_sumo("netconvert", "-n", node_file, "-e", edge_file, "-o", net, keep)

    return net


def _track(name: str, start: str, end: str, points: Array, speed: float) -> str:
    """An <edge> of a railway line through points (k, 2)."""
    track = {
        "id": name,
        "from": start,
        "to": end,
        "numLanes": 1,
        "speed": f"{speed:.2f}",
        "allow": "rail",
        "spreadType": "center",
        "shape": " ".join(f"{x:.2f},{y:.2f}" for x, y in points),
    }
    return element("edge", track)


class Train(NamedTuple):
    """One train or ferry over part of a line."""

    depart_s: float
    seconds: float  # that it takes, by estimate
    type_xml: str
    vehicle_xml: str


def _run(
    line: Line, of_line: int, back: bool, number: int, depart_s: float, rng: Generator
) -> Train:
    """Train `number` over part of line `of_line`; back: from its end."""
    kind = line.kind
    sections = _part_of(line, back, rng)
    edges = [f"r{of_line}.{section}" + ("b" if back else "") for section in sections]
    dwell_s = rng.uniform(*kind.dwell_s)
    took_s = 0.0
    stops: list[str] = []

    for section, edge in zip(sections, edges, strict=True):
        length = line.lengths[section]
        took_s += length / line.speed[section] + dwell_s + 40

        if rng.random() < kind.lights:
            took_s += 30
            at = length * rng.uniform(0.4, 0.8)
            stops.append(_halt(edge, rng.uniform(4, 50), {"endPos": f"{at:.1f}"}))

        wait_s = dwell_s * rng.uniform(0.6, 1.6) * (6 if rng.random() < 0.02 else 1)
        platform = {"endPos": f"{length - 5:.1f}", "startPos": f"{length - 90:.1f}"}
        stops.append(_halt(edge, wait_s, platform))

    vehicle = {
        "id": f"{kind.mode}-{number}",
        "type": f"k{number}",
        "depart": f"{depart_s:.0f}",
        "departPos": "base",
    }
    route = element("route", {"edges": " ".join(edges)})
    type_xml = _train_type(f"k{number}", kind, rng)

    return Train(depart_s, took_s, type_xml, element("vehicle", vehicle, route, *stops))


def _part_of(line: Line, back: bool, rng: Generator) -> list[int]:
    """The sections of a run: at least a third of a line, in their order."""
    count = len(line.sections)
    first = int(rng.integers(0, count // 3 + 1))
    last = count - int(rng.integers(0, count // 3 + 1))
    sections = list(range(first, last))

    return sections[::-1] if back else sections


def _halt(edge: str, seconds: float, where: dict[str, str]) -> str:
    """A <stop> on an edge."""
    return element("stop", {"lane": f"{edge}_0", "duration": f"{seconds:.0f}"} | where)
