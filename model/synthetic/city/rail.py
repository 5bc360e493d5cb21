# SPDX-License-Identifier: GPL-2.0-or-later
"""Railway lines with stations, ferries, and their movement."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.interpolate import CubicSpline

from model.synthetic.sumo import Trajectory, run_sumo, simulate_traffic

Range = tuple[float, float]


@dataclass(frozen=True)
class Line:
    """A railway: its stations in order, the track between them and the speed on each section."""

    stations: np.ndarray  # (s, 2) metres
    sections: list[np.ndarray]  # s - 1 arrays (k, 2), metres, from station to station
    speed: np.ndarray  # (s - 1,) m/s


@dataclass(frozen=True)
class LineKind:
    """What lines of a kind are like, and the trains or boats on them."""

    stations: tuple[int, int]
    gap_m: Range  # between stations
    bend: float  # radians of change in direction at a station, standard deviation
    speed: Range  # m/s
    top_speed: float
    mode: str = "rail"
    accel: Range = (0.4, 1.3)  # m/s², of setting off and of braking
    dwell_s: Range = (15, 50)  # at a station
    length_m: int = 80
    lights: float = 0.0  # share of the sections where it also waits between stations, as at traffic lights


KINDS = {
    "metro": LineKind((14, 34), (900, 2100), 0.4, (17, 30), 32),
    "fast": LineKind((6, 14), (6e3, 25e3), 0.25, (28, 64), 66),
    "express": LineKind((3, 7), (25e3, 70e3), 0.12, (55, 84), 86),
    "tram": LineKind((12, 30), (250, 800), 0.6, (7, 15), 17, "tram", (0.5, 1.2), (10, 35), 30, 0.4),
    "ferry": LineKind((2, 7), (1500, 14e3), 0.3, (3.5, 12), 13, "ferry", (0.04, 0.15), (240, 900), 60),
}


def draw_line(rng: np.random.Generator, kind: LineKind) -> Line:
    """A winding line."""
    count = int(rng.integers(*kind.stations))
    gaps = rng.uniform(*kind.gap_m, count - 1)
    turns = np.cumsum(rng.normal(0, kind.bend, count - 1)) + rng.uniform(0, 2 * np.pi)
    steps = gaps[:, None] * np.column_stack([np.cos(turns), np.sin(turns)])
    speed = rng.uniform(*kind.speed) * rng.uniform(0.65, 1.1, count - 1)
    return smooth_line(np.vstack([[0.0, 0.0], np.cumsum(steps, axis=0)]), np.clip(speed, 3, kind.top_speed))


def smooth_line(stations: np.ndarray, speed: np.ndarray) -> Line:
    """A smooth track through stations (s, 2) with speed (s - 1,) m/s."""
    along = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(stations, axis=0).T))])
    curve = CubicSpline(along, stations)
    ends = zip(along[:-1], along[1:], strict=True)
    return Line(stations, [curve(np.linspace(a, b, max(3, int((b - a) / 120)))) for a, b in ends], speed)


def rail_net(lines: list[Line], folder: Path, name: str) -> Path:
    """A net of railway lines alone, with their coordinates; edges are named r<line>.<section>, those back with a b."""
    nodes, edges = [], []
    for n, line in enumerate(lines):
        for s, (x, y) in enumerate(line.stations):
            nodes.append(f'<node id="r{n}.{s}" x="{x:.2f}" y="{y:.2f}" type="priority"/>')
        for s, (section, speed) in enumerate(zip(line.sections, line.speed, strict=True)):
            for back, a, b, points in (("", s, s + 1, section), ("b", s + 1, s, section[::-1])):
                shape = " ".join(f"{x:.2f},{y:.2f}" for x, y in points)
                edges.append(
                    f'<edge id="r{n}.{s}{back}" from="r{n}.{a}" to="r{n}.{b}" numLanes="1" speed="{speed:.2f}" '
                    f'allow="rail" spreadType="center" shape="{shape}"/>'
                )
    node_file, edge_file, net = (folder / f"{name}.{end}.xml" for end in ("nod", "edg", "net"))
    node_file.write_text("\n".join(["<nodes>", *nodes, "</nodes>"]))
    edge_file.write_text("\n".join(["<edges>", *edges, "</edges>"]))
    run_sumo("netconvert", "-n", node_file, "-e", edge_file, "-o", net, "--offset.disable-normalization")
    return net


def run_trains(seconds: float, folder: Path, name: str, rng: np.random.Generator) -> dict[str, Trajectory]:
    """Trains and ferries on new lines, about so many seconds of movement."""
    folder.mkdir(parents=True, exist_ok=True)
    kinds = [KINDS[kind] for kind in ["metro", "tram", "fast", "metro", "express", "tram", "ferry"] * 3]
    lines = [draw_line(rng, kind) for kind in kinds]
    trains: list[tuple[float, str]] = []
    types, spent_s = [], 0.0
    clock = np.zeros((len(lines), 2))
    while spent_s < seconds:
        n, back = int(rng.integers(len(lines))), int(rng.integers(2))
        kind, count = kinds[n], len(trains)
        clock[n, back] += rng.uniform(150, 500) * (6 if kind.mode == "ferry" else 1)
        route, took_s = _run(lines[n], n, back, kind, rng)
        accel, decel, sigma = rng.uniform(*kind.accel), rng.uniform(*kind.accel) + 0.05, rng.uniform(0, 0.3)
        types.append(_train_type(f"k{count}", accel, decel, sigma, 90, kind.length_m, "normc(0.95,0.07,0.7,1.1)"))
        head = f'<vehicle id="{kind.mode}-{count}" type="k{count}" depart="{clock[n, back]:.0f}" departPos="base">'
        trains.append((clock[n, back], f"{head}{route}</vehicle>"))
        spent_s += 0.58 * took_s  # measured: trains brake less than the estimate
    body = "\n".join(xml for _, xml in sorted(trains, key=lambda train: train[0]))
    return _simulate(rail_net(lines, folder, name), "\n".join(types) + body, folder, name, clock.max() + 9000, rng)


def run_metro(line: Line, name: str, folder: Path, rng: np.random.Generator) -> dict[str, Trajectory]:
    """Trains from end to end of one line: ids NAME+.0, NAME+.1, … one way and NAME-.0, … the other."""
    xml = []
    for run in range(14):
        for back, sign in enumerate("+-"):
            sections = range(len(line.sections))[:: -1 if back else 1]
            edges = [f"r0.{section}{'b' * back}" for section in sections]
            stops = "".join(f'<stop lane="{e}_0" endPos="-5" duration="{rng.uniform(18, 45):.0f}"/>' for e in edges)
            accel, decel, factor = rng.uniform(0.7, 1.3), rng.uniform(0.8, 1.3), rng.uniform(0.85, 1.0)
            xml.append(
                f"{_train_type(f't{run}{sign}', accel, decel, 0.1, 35, 80, f'{factor:.2f}')}"
                f'<vehicle id="{name}{sign}.{run}" type="t{run}{sign}" depart="{300 * run}" departPos="base">'
                f'<route edges="{" ".join(edges)}"/>{stops}</vehicle>'
            )
    return _simulate(rail_net([line], folder, "metro"), "".join(xml), folder, "metro", 12000, rng)


def _train_type(
    name: str, accel: float, decel: float, sigma: float, top_speed: int, length_m: int, speed_factor: str
) -> str:
    return (
        f'<vType id="{name}" vClass="rail" carFollowModel="Krauss" accel="{accel:.2f}" decel="{decel:.2f}" '
        f'sigma="{sigma:.2f}" maxSpeed="{top_speed}" length="{length_m}" speedFactor="{speed_factor}"/>'
    )


def _simulate(
    net: Path, xml: str, folder: Path, name: str, end_s: float, rng: np.random.Generator
) -> dict[str, Trajectory]:
    routes = folder / f"{name}.rou.xml"
    routes.write_text(f"<routes>{xml}</routes>")
    seed = int(rng.integers(2**31 - 1))
    return simulate_traffic(net, str(routes), folder / f"{name}.parquet", seed, end_s, "--time-to-teleport", -1)


def _run(line: Line, number: int, back: int, kind: LineKind, rng: np.random.Generator) -> tuple[str, float]:
    """The route of one train or ferry over part of a line, where it may skip stations.

    Returns XML, and about how many seconds the run takes.
    """
    count = len(line.sections)
    first, last = int(rng.integers(0, count // 3 + 1)), count - int(rng.integers(0, count // 3 + 1))
    sections = range(first, last)[:: -1 if back else 1]
    edges = [f"r{number}.{section}{'b' * back}" for section in sections]
    skip, dwell_s = rng.choice([0.0, 0.0, 0.3]), rng.uniform(*kind.dwell_s)
    took_s, stops = 0.0, []
    for section, edge in zip(sections, edges, strict=True):
        length = np.hypot(*np.diff(line.sections[section], axis=0).T).sum()
        calls, light = rng.random() >= skip, kind.lights and rng.random() < kind.lights
        took_s += length / line.speed[section] + (dwell_s + 40 if calls else 0) + (30 if light else 0)
        if light:
            at = length * rng.uniform(0.4, 0.8)
            stops.append(f'<stop lane="{edge}_0" endPos="{at:.1f}" duration="{rng.uniform(4, 50):.0f}"/>')
        if calls:
            wait = dwell_s * rng.uniform(0.6, 1.6) * (6 if rng.random() < 0.02 else 1)
            stops.append(
                f'<stop lane="{edge}_0" endPos="{length - 5:.1f}" startPos="{length - 90:.1f}" duration="{wait:.0f}"/>'
            )
    return f'<route edges="{" ".join(edges)}"/>{"".join(stops)}', took_s
