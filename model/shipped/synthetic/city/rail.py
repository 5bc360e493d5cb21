# SPDX-License-Identifier: GPL-2.0-or-later
"""Railway lines with stations, ferries, and their movement."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.interpolate import CubicSpline

from model.shipped.synthetic.sumo import Range, Trajectory, run_sumo, simulate_traffic


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
    stations: np.ndarray
    sections: list[np.ndarray]
    speed: np.ndarray

    @property
    def lengths(self) -> np.ndarray:
        """(s - 1,) metres of the sections."""
        return np.array([np.hypot(*np.diff(section, axis=0).T).sum() for section in self.sections])


def draw_line(rng: np.random.Generator, kind: LineKind) -> Line:
    """A winding line."""
    count = int(rng.integers(*kind.stations))
    gaps = rng.uniform(*kind.gap_m, count - 1)
    turns = np.cumsum(rng.normal(0, kind.bend, count - 1)) + rng.uniform(0, 2 * np.pi)
    steps = gaps[:, None] * np.column_stack([np.cos(turns), np.sin(turns)])
    return smooth_line(kind, np.vstack([[0.0, 0.0], np.cumsum(steps, axis=0)]), rng)


def smooth_line(kind: LineKind, stations: np.ndarray, rng: np.random.Generator) -> Line:
    """A smooth track through stations (s, 2)."""
    along = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(stations, axis=0).T))])
    curve = CubicSpline(along, stations)
    ends = zip(along[:-1], along[1:], strict=True)
    speed = rng.uniform(*kind.speed) * rng.uniform(0.65, 1.1, len(stations) - 1)
    sections = [curve(np.linspace(a, b, max(3, int((b - a) / 120)))) for a, b in ends]
    return Line(kind, stations, sections, np.clip(speed, 3, 1.03 * kind.speed[1]))


def run_trains(
    lines: Sequence[Line], seconds: float, folder: Path, name: str, rng: np.random.Generator
) -> dict[str, Trajectory]:
    """Trains and ferries on lines, about so many seconds of movement: paths MODE-N by name."""
    folder.mkdir(parents=True, exist_ok=True)
    trains: list[tuple[float, str]] = []
    types, spent_s, clock = [], 0.0, np.zeros((len(lines), 2))
    while spent_s < seconds:
        n, back = int(rng.integers(len(lines))), int(rng.integers(2))
        line, kind = lines[n], lines[n].kind
        clock[n, back] += rng.uniform(150, 500) * (6 if kind.mode == "ferry" else 1)
        route, took_s = _run(line, n, back, rng)
        accel, decel = rng.uniform(*kind.accel), rng.uniform(*kind.accel) + 0.05
        types.append(
            f'<vType id="k{len(trains)}" vClass="rail" carFollowModel="Krauss" accel="{accel:.2f}" decel="{decel:.2f}" '
            f'sigma="{rng.uniform(0, 0.3):.2f}" maxSpeed="90" length="{kind.length_m}" '
            'speedFactor="normc(0.95,0.07,0.7,1.1)"/>'
        )
        head = f'<vehicle id="{kind.mode}-{len(trains)}" type="k{len(trains)}" depart="{clock[n, back]:.0f}"'
        trains.append((clock[n, back], f'{head} departPos="base">{route}</vehicle>'))
        spent_s += 0.58 * took_s  # measured: trains brake less than the estimate
    routes, seed = folder / f"{name}.rou.xml", int(rng.integers(2**31 - 1))
    body = "\n".join(xml for _, xml in sorted(trains, key=lambda train: train[0]))
    routes.write_text(f"<routes>{''.join(types)}{body}</routes>")
    net, end_s = _net(lines, folder, name), clock.max() + 9000
    return simulate_traffic(
        net, str(routes), folder / f"{name}.parquet", seed, end_s, "--time-to-teleport", -1
    )


def _net(lines: Sequence[Line], folder: Path, name: str) -> Path:
    """A net of railway lines alone, with their coordinates; edges are named r<line>.<section>,
    those back with a b.
    """
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
    run_sumo(
        "netconvert", "-n", node_file, "-e", edge_file, "-o", net, "--offset.disable-normalization"
    )
    return net


def _run(line: Line, number: int, back: int, rng: np.random.Generator) -> tuple[str, float]:
    """The route of one train or ferry over part of a line, as XML, and about how many seconds it
    takes.
    """
    kind, count, lengths = line.kind, len(line.sections), line.lengths
    first, last = int(rng.integers(0, count // 3 + 1)), count - int(rng.integers(0, count // 3 + 1))
    dwell_s, took_s, edges, stops = rng.uniform(*kind.dwell_s), 0.0, [], []
    for section in range(first, last)[:: -1 if back else 1]:
        edge, length = f"r{number}.{section}{'b' * back}", lengths[section]
        light = rng.random() < kind.lights
        took_s += length / line.speed[section] + dwell_s + 40 + (30 if light else 0)
        edges.append(edge)
        if light:
            at = length * rng.uniform(0.4, 0.8)
            stops.append(
                f'<stop lane="{edge}_0" endPos="{at:.1f}" duration="{rng.uniform(4, 50):.0f}"/>'
            )
        wait = dwell_s * rng.uniform(0.6, 1.6) * (6 if rng.random() < 0.02 else 1)
        stops.append(
            f'<stop lane="{edge}_0" endPos="{length - 5:.1f}" startPos="{length - 90:.1f}" duration="{wait:.0f}"/>'
        )
    return f'<route edges="{" ".join(edges)}"/>{"".join(stops)}', took_s
