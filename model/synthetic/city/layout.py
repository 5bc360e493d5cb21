# SPDX-License-Identifier: GPL-2.0-or-later
"""One city over a street plan: homes and jobs by density, points of interest, a metro line, bus lines, region cells."""

from __future__ import annotations

import xml.etree.ElementTree as ET  # nosec B405 - files written by SUMO a moment ago
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.spatial import cKDTree

from model.synthetic.city.movement import bus_stops
from model.synthetic.city.rail import METRO, Line, smooth_line
from model.synthetic.city.streets import Streets
from model.synthetic.sumo import SyntheticError, run_sumo

CELL_M = 700.0  # across the flats of a region's hexagon


@dataclass(frozen=True)
class Sites:
    """Buildings. One entry each."""

    x: np.ndarray  # (n,) metres in the net's frame
    y: np.ndarray
    edges: dict[str, np.ndarray]  # by mode 'walk', 'bike', 'car': (n,) the nearest edge of that mode

    def __len__(self) -> int:
        return len(self.x)

    @staticmethod
    def concatenate(parts: Sequence[Sites]) -> Sites:
        """The buildings of all parts, in their order."""
        edges = {mode: np.concatenate([part.edges[mode] for part in parts]) for mode in parts[0].edges}
        return Sites(np.concatenate([part.x for part in parts]), np.concatenate([part.y for part in parts]), edges)


@dataclass(frozen=True)
class Transit:
    """One public line. Arrays have one entry a stop, in order of travel; the metro runs both ways, bus lines one."""

    name: str
    mode: str  # 'bus' or 'rail'
    x: np.ndarray  # (s,) metres
    y: np.ndarray
    gate: np.ndarray  # (s,) the edge at which one walks in or out
    minutes: np.ndarray  # (s,) from the first stop, by the timetable
    headway_s: float
    edges: tuple[int, ...] = ()  # buses: the route
    stop_edges: tuple[int, ...] = ()  # buses: the stops' edges along it


@dataclass(frozen=True)
class City:
    """A city without its people."""

    streets: Streets
    centres: np.ndarray  # (c, 2) metres, the main one first
    poi: Sites  # points of interest
    category: np.ndarray  # (n_poi,) text
    pull: np.ndarray  # (n_poi,) how much it attracts
    metro: Line
    lines: list[Transit]  # the metro first
    underground: np.ndarray  # (stations,) bool
    cells: np.ndarray  # (r, 2) the regions' middles


def build_city(streets: Streets, people: int, folder: Path, rng: np.random.Generator) -> City:
    """Lay a city for so many people over the streets."""
    for mode, users in (("car", "cars"), ("walk", "walkers"), ("bike", "bicycles")):
        if streets.open_to(mode).sum() < 20:
            raise SyntheticError(f"{streets.net.name} has fewer than 20 streets for {users}: choose another extract.")
    spots = [streets.middle + rng.normal(0, 0.08 * streets.extent, 2)]
    for _ in range(3):
        turn, far = rng.uniform(0, 2 * np.pi), streets.extent * rng.uniform(0.25, 0.55)
        spots.append(streets.middle + far * np.array([np.cos(turn), np.sin(turn)]))
    centres = np.array(spots)
    cells = _hexagons(streets)
    # Some quarters are livelier: cells as far from the centre differ several times over.
    lively = np.exp(rng.normal(0, 0.9, len(cells)))[nearest(cells, streets.x, streets.y)]
    poi, category = _points_of_interest(streets, centres, lively, people, rng)
    metro, rail = _metro(streets, centres[0], rng)
    count = len(metro.stations)
    underground = np.abs(np.arange(count) - (count - 1) / 2) < 0.2 * count
    lines = [rail, *_buses(streets, centres, folder, rng)]
    pull = np.exp(rng.normal(0, 0.9, len(poi)))
    return City(streets, centres, poi, category, pull, metro, lines, underground, cells)


def _hexagons(streets: Streets) -> np.ndarray:
    """(r, 2) middles of the hexagons in which a street's middle lies."""
    step_x, step_y = CELL_M, CELL_M * np.sqrt(3) / 2
    columns = np.arange(streets.x.min() - step_x, streets.x.max() + step_x, step_x)
    rows = np.arange(streets.y.min() - step_y, streets.y.max() + step_y, step_y)
    grid = np.array([(x + (step_x / 2 if r % 2 else 0), y) for r, y in enumerate(rows) for x in columns])
    return grid[np.unique(nearest(grid, streets.x, streets.y))]


def nearest(points: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Index of the nearest of points (r, 2) to each x, y: a hexagon holds what lies nearest to its middle."""
    return cKDTree(points).query(np.column_stack([x, y]))[1]


def place_sites(streets: Streets, weight: np.ndarray, count: int, rng: np.random.Generator) -> Sites:
    """Buildings drawn by a weight an edge (n_edges,), 12 to 40 m beside it."""
    edge = rng.choice(len(weight), count, p=weight / weight.sum())
    turn, off = rng.uniform(0, 2 * np.pi, count), rng.uniform(12, 40, count)
    x, y = streets.x[edge] + off * np.cos(turn), streets.y[edge] + off * np.sin(turn)
    return Sites(x, y, {mode: streets.nearest(mode, np.column_stack([x, y])) for mode in ("walk", "bike", "car")})


def _centrality(streets: Streets, centres: np.ndarray) -> np.ndarray:
    """(n_edges,) distance from the main centre in extents of the city."""
    return np.hypot(streets.x - centres[0][0], streets.y - centres[0][1]) / streets.extent


def near_stations(city: City) -> np.ndarray:
    """(n_edges,) how much denser homes and jobs stand near a station."""
    far = cKDTree(city.metro.stations).query(np.column_stack([city.streets.x, city.streets.y]))[0]
    return 1 + 2.5 * np.exp(-((far / 600) ** 2))


def home_weight(city: City) -> np.ndarray:
    """(n_edges,) density of homes: high inside and at stations, low outside and at the very centre."""
    streets, far = city.streets, _centrality(city.streets, city.centres)
    ring = np.exp(-1.6 * far) * (1 - 0.6 * np.exp(-((far / 0.12) ** 2)))
    return streets.length * streets.walk * ring * near_stations(city)


def job_weight(streets: Streets, centres: np.ndarray) -> np.ndarray:
    """(n_edges,) density of jobs: high around the centres, the main one most, low elsewhere."""
    weight = np.full(len(streets.x), 0.08)
    for i, (x, y) in enumerate(centres):
        far = np.hypot(streets.x - x, streets.y - y) / streets.extent
        weight += (1.0 if i == 0 else 0.45) * np.exp(-far / 0.13)
    return weight * streets.length * streets.walk


def _points_of_interest(
    streets: Streets, centres: np.ndarray, lively: np.ndarray, people: int, rng: np.random.Generator
) -> tuple[Sites, np.ndarray]:
    """Points of interest and their categories (n,). lively: (n_edges,) how many more a quarter has than others."""
    # How many a thousand people, and how far they cluster at the centres (0: like homes, 1: like jobs).
    categories = {
        "food": (14.0, 0.6), "shop": (16.0, 0.5), "school": (1.6, 0.15), "health": (2.4, 0.4), "leisure": (5.0, 0.4),
        "park": (1.6, 0.0), "worship": (1.0, 0.2), "service": (6.0, 0.7),
    }  # fmt: skip
    homes = streets.length * streets.walk * np.exp(-1.6 * _centrality(streets, centres))
    jobs = job_weight(streets, centres)
    parts: list[Sites] = []
    for per_thousand, central in categories.values():
        count = max(3, int(rng.poisson(per_thousand * max(people, 3000) / 1000)))
        weight = (central * jobs / jobs.sum() + (1 - central) * homes / homes.sum()) * lively
        parts.append(place_sites(streets, weight, count, rng))
    return Sites.concatenate(parts), np.repeat(list(categories), [len(part) for part in parts])


def _metro(streets: Streets, centre: np.ndarray, rng: np.random.Generator) -> tuple[Line, Transit]:
    """A line across the centre: 8 to 12 stations 0.8 to 1.4 km apart where the city is large enough."""
    count = int(np.clip(1.5 * streets.extent / 1100, 4, rng.integers(8, 13)))
    gap = min(1100.0, 1.5 * streets.extent / count)
    turn, bend = rng.uniform(0, 2 * np.pi), rng.normal(0, 0.12)
    along = (np.arange(count) - (count - 1) / 2 + rng.uniform(-0.15, 0.15, count)) * gap
    angle = turn + bend * along / gap
    stations = centre + np.column_stack([along * np.cos(angle), along * np.sin(angle)])
    line = smooth_line(METRO, stations, rng)
    minutes = np.concatenate([[0.0], np.cumsum(line.lengths / line.speed / 60 + 1.0)])
    gate = streets.nearest("walk", stations)
    return line, Transit("M1", "rail", stations[:, 0], stations[:, 1], gate, minutes, 240.0)


def _buses(streets: Streets, centres: np.ndarray, folder: Path, rng: np.random.Generator) -> list[Transit]:
    """A dozen pairs of lines between opposite edges of the city, past its centres."""
    middle, trips = centres[0], []
    for n in range(12):
        turn = 2 * np.pi * (n / 12 + rng.uniform(-0.03, 0.03))
        out = np.array([np.cos(turn), np.sin(turn)]) * streets.extent * 0.65
        over = centres[1 + n % (len(centres) - 1)]
        ends = [middle + out, over if n % 2 else middle + rng.normal(0, 200, 2), middle - out * rng.uniform(0.5, 1)]
        edges = streets.edges[streets.nearest("car", np.array(ends))]
        for name, (a, b, c) in ((f"B{n + 1}", edges), (f"B{n + 1}r", edges[::-1])):
            if len({a, b, c}) == 3:
                trips.append(f'<trip id="{name}" depart="0" from="{a}" via="{b}" to="{c}"/>')
    demand, routes = folder / "lines.trips.xml", folder / "lines.rou.xml"
    demand.write_text("<routes>" + "\n".join(trips) + "</routes>")
    run_sumo("duarouter", "-n", streets.net, "-r", demand, "-o", routes, "--ignore-errors")
    index = {edge: i for i, edge in enumerate(streets.edges)}
    lines = []
    for vehicle in ET.parse(routes).getroot().iter("vehicle"):  # nosec B314
        path = [index[e] for e in vehicle.find("route").get("edges", "").split()]  # type: ignore[union-attr]
        lines.append(_bus_line(vehicle.get("id", ""), path, streets, rng))
    return [line for line in lines if line is not None]


def _bus_line(name: str, path: list[int], streets: Streets, rng: np.random.Generator) -> Transit | None:
    """A line along a path of edges; None with fewer than four stops."""
    stops = bus_stops(path, streets, rng)
    if len(stops) < 4:
        return None
    minutes = dict(zip(path, np.cumsum(streets.length[path]) / 5.5 / 60))
    x, y = streets.x[stops], streets.y[stops]
    gate, clock = streets.nearest("walk", np.column_stack([x, y])), np.array([minutes[edge] for edge in stops])
    return Transit(
        name, "bus", x, y, gate, clock,
        float(rng.choice([480, 600, 900])), tuple(path), tuple(stops),
    )  # fmt: skip
