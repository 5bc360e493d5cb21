# SPDX-License-Identifier: GPL-2.0-or-later
"""Railway lines with stations, and trains on them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.interpolate import CubicSpline

from model.synthetic.sumo import Moves, read_fcd, run_sumo


@dataclass(frozen=True)
class Line:
    """A railway: its stations in order, the track between them and the speed on each section."""

    stations: np.ndarray  # (s, 2) metres
    sections: list[np.ndarray]  # s - 1 arrays (k, 2), metres, from station to station
    speed: np.ndarray  # (s - 1,) m/s


# stations from, to; metres between them; wish to turn; m/s usual; m/s at most
LINES = {
    "metro": ((14, 34), (900, 2100), 0.4, (17, 30), 32), "fast": ((6, 14), (6e3, 25e3), 0.25, (28, 64), 66),
    "express": ((3, 7), (25e3, 70e3), 0.12, (55, 84), 86), "ferry": ((2, 7), (1500, 14e3), 0.3, (3.5, 12), 13),
}  # fmt: skip
# m/s² from, to; seconds at a station from, to; length of a train or boat
RIDES = {"rail": ((0.4, 1.3), (15, 50), 80), "ferry": ((0.04, 0.15), (240, 900), 60)}


def draw_line(rng: np.random.Generator, kind: str) -> Line:
    """A winding line of one of the kinds of LINES."""
    stations, apart, bend, usual, most = LINES[kind]
    count = int(rng.integers(*stations))
    gaps = rng.uniform(*apart, count - 1)
    turns = np.cumsum(rng.normal(0, bend, count - 1)) + rng.uniform(0, 2 * np.pi)
    steps = gaps[:, None] * np.column_stack([np.cos(turns), np.sin(turns)])
    speed = rng.uniform(*usual) * rng.uniform(0.65, 1.1, count - 1)
    return smooth_line(np.vstack([[0.0, 0.0], np.cumsum(steps, axis=0)]), np.clip(speed, 3, most))


def smooth_line(stations: np.ndarray, speed: np.ndarray) -> Line:
    """A smooth track through stations (s, 2), speed (s - 1,) m/s."""
    along = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(stations, axis=0).T))])
    curve = CubicSpline(along, stations)
    sections = [
        curve(np.linspace(a, b, max(3, int((b - a) / 120)))) for a, b in zip(along[:-1], along[1:], strict=True)
    ]
    return Line(stations, sections, speed)


def rail_plain_xml(lines: list[Line], kind: str = "rail") -> tuple[str, str]:
    """Nodes and edges for netconvert: edge 'r<line>.<section>' outward and 'r<line>.<section>b' back."""
    nodes, edges = ["<nodes>"], ["<edges>"]
    for n, line in enumerate(lines):
        for s, (x, y) in enumerate(line.stations):
            nodes.append(f'<node id="r{n}.{s}" x="{x:.2f}" y="{y:.2f}" type="priority"/>')
        for s, (section, speed) in enumerate(zip(line.sections, line.speed, strict=True)):
            for back in ("", "b"):
                a, b = (s, s + 1) if not back else (s + 1, s)
                points = section if not back else section[::-1]
                shape = " ".join(f"{x:.2f},{y:.2f}" for x, y in points)
                edges.append(
                    f'<edge id="r{n}.{s}{back}" from="r{n}.{a}" to="r{n}.{b}" numLanes="1" speed="{speed:.2f}" '
                    f'allow="{kind}" spreadType="center" shape="{shape}"/>'
                )
    return "\n".join([*nodes, "</nodes>"]), "\n".join([*edges, "</edges>"])


def rail_net(lines: list[Line], folder: Path, name: str) -> Path:
    """A net of railway lines alone; its metres are the lines' own."""
    nodes, edges = rail_plain_xml(lines)
    files = [folder / f"{name}.{end}.xml" for end in ("nod", "edg", "net")]
    files[0].write_text(nodes)
    files[1].write_text(edges)
    run_sumo("netconvert", "-n", files[0], "-e", files[1], "-o", files[2], "--offset.disable-normalization")
    return files[2]


def run_trains(seconds: float, folder: Path, name: str, rng: np.random.Generator) -> Moves:
    """Trains on new lines until about that many seconds of movement; every second of each."""
    folder.mkdir(parents=True, exist_ok=True)
    drawn = ["metro", "metro", "fast", "metro", "express", "fast", "ferry"] * 3
    lines = [draw_line(rng, kind) for kind in drawn]
    net = rail_net(lines, folder, name)
    trains, kinds, spent, count = [], [], 0.0, 0
    clock = np.zeros((len(lines), 2))
    while spent < seconds:
        n, back = int(rng.integers(len(lines))), int(rng.integers(2))
        mode = "ferry" if drawn[n] == "ferry" else "rail"
        changes, _, length = RIDES[mode]
        clock[n, back] += rng.uniform(150, 500) * (6 if mode == "ferry" else 1)
        text, took = _train(lines[n], n, back, mode, count, rng)
        kinds.append(
            f'<vType id="k{count}" vClass="rail" carFollowModel="Krauss" accel="{rng.uniform(*changes):.2f}" '
            f'decel="{rng.uniform(*changes) + 0.05:.2f}" sigma="{rng.uniform(0, 0.3):.2f}" maxSpeed="90" '
            f'length="{length}" speedFactor="normc(0.95,0.07,0.7,1.1)"/>'
        )
        trains.append((clock[n, back], text.format(depart=f"{clock[n, back]:.0f}")))
        spent += 0.58 * took  # measured: trains brake less than the estimate
        count += 1
    routes, fcd = folder / f"{name}.rou.xml", folder / f"{name}.parquet"
    body = "\n".join(text for _, text in sorted(trains, key=lambda train: train[0]))
    routes.write_text("<routes>" + "\n".join(kinds) + body + "</routes>")
    run_sumo(
        "sumo", "-n", net, "-r", routes, "--fcd-output", fcd, "--fcd-output.attributes", "x,y", "--no-step-log",
        "--seed", int(rng.integers(2**31 - 1)), "--end", int(clock.max()) + 9000,
        "--time-to-teleport", -1, "--collision.action", "none",
    )  # fmt: skip
    moves = read_fcd(fcd)
    fcd.unlink()
    return moves


def _train(line: Line, n: int, back: int, mode: str, count: int, rng: np.random.Generator) -> tuple[str, float]:
    """One train or ferry over part of a line; it may skip stations. Returns its XML and about how long it takes (s)."""
    sections = list(range(len(line.sections)))
    some = slice(
        int(rng.integers(0, len(sections) // 3 + 1)), len(sections) - int(rng.integers(0, len(sections) // 3 + 1))
    )
    sections = sections[some] if not back else sections[some][::-1]
    edges = [f"r{n}.{s}{'b' if back else ''}" for s in sections]
    skip, dwell = rng.choice([0.0, 0.0, 0.3]), rng.uniform(*RIDES[mode][1])
    took, stops = 0.0, []
    for s, edge in zip(sections, edges, strict=True):
        length = np.hypot(*np.diff(line.sections[s], axis=0).T).sum()
        stop = rng.random() >= skip
        took += length / line.speed[s] + (dwell + 40 if stop else 0)
        if stop:
            wait = dwell * rng.uniform(0.6, 1.6) * (6 if rng.random() < 0.02 else 1)
            stops.append(
                f'<stop lane="{edge}_0" endPos="{length - 5:.1f}" startPos="{length - 90:.1f}" duration="{wait:.0f}"/>'
            )
    text = f'<vehicle id="{mode}-{count}" type="k{count}" depart="{{depart}}" departPos="base">'
    return text + f'<route edges="{" ".join(edges)}"/>' + "".join(stops) + "</vehicle>", took
