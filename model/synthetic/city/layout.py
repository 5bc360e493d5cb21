# SPDX-License-Identifier: GPL-2.0-or-later
"""One city over a street plan: homes and jobs by density, points of interest, a metro line, bus stops, region cells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from model.synthetic.city.rail import METRO, Line, smooth_line
from model.synthetic.city.streets import Streets
from model.synthetic.sumo import SyntheticError

CELL_M = 700.0  # across the flats of a region's hexagon
# Points of interest: how many a thousand people, and how far they cluster at the centres (0: like homes, 1: like jobs)
CATEGORIES = {
    "food": (14.0, 0.6), "shop": (16.0, 0.5), "school": (1.6, 0.15), "health": (2.4, 0.4), "leisure": (5.0, 0.4),
    "park": (1.6, 0.0), "worship": (1.0, 0.2), "service": (6.0, 0.7),
}  # fmt: skip


@dataclass(frozen=True)
class Sites:
    """Buildings: x, y (n,) metres in the net's frame; the nearest edge (n,) of 'walk', 'bike' and 'car'."""

    x: np.ndarray
    y: np.ndarray
    edges: dict[str, np.ndarray]

    def __len__(self) -> int:
        return len(self.x)

    @staticmethod
    def concatenate(parts: Sequence[Sites]) -> Sites:
        """The buildings of all parts, in their order."""
        edges = {mode: np.concatenate([part.edges[mode] for part in parts]) for mode in parts[0].edges}
        return Sites(np.concatenate([part.x for part in parts]), np.concatenate([part.y for part in parts]), edges)


@dataclass(frozen=True)
class City:
    """A city without its people."""

    streets: Streets
    jobs: np.ndarray  # (n_edges,) density of jobs
    homes: np.ndarray  # (n_edges,) density of homes
    far: np.ndarray  # (n_edges,) distance from the main centre in extents of the city
    poi: Sites  # points of interest
    category: np.ndarray  # (n_poi,) text
    metro: Line
    minutes: np.ndarray  # (stations,) from the first one, by the timetable
    underground: np.ndarray  # (stations,) bool
    stops: np.ndarray  # (k,) edges with a bus stop
    cells: np.ndarray  # (r, 2) the regions' middles


def build_city(streets: Streets, people: int, rng: np.random.Generator) -> City:
    """Lay a city for so many people over the streets."""
    for mode, users in (("car", "cars"), ("walk", "walkers"), ("bike", "bicycles")):
        if streets.open_to(mode).sum() < 20:
            raise SyntheticError(f"{streets.net.name} has fewer than 20 streets for {users}: choose another extract.")
    at = np.column_stack([streets.x, streets.y])
    turn, off = (
        rng.uniform(0, 2 * np.pi, 4),
        streets.extent * rng.uniform([0, 0.25, 0.25, 0.25], [0.1, 0.55, 0.55, 0.55]),
    )
    centres = streets.middle + np.column_stack([off * np.cos(turn), off * np.sin(turn)])  # the main one first
    far = np.linalg.norm(at[:, None] - centres, axis=2) / streets.extent  # (n_edges, centres)
    metro = _metro(streets, centres[0], rng)
    to_station = cKDTree(metro.stations).query(at)[0]
    walkable = streets.length * streets.walk * (1 + 2.5 * np.exp(-((to_station / 600) ** 2)))  # dense near stations
    jobs = walkable * (0.08 + np.exp(-far / 0.13) @ [1.0, 0.45, 0.45, 0.45])
    main = far[:, 0]
    homes = walkable * np.exp(-1.6 * main) * (1 - 0.6 * np.exp(-((main / 0.12) ** 2)))  # few at the very centre
    cells = _hexagons(streets)
    # Some quarters are livelier: cells as far from the centre differ several times over.
    lively = np.exp(rng.normal(0, 0.9, len(cells)))[nearest(cells, streets.x, streets.y)]
    parts = []
    for per_thousand, central in CATEGORIES.values():
        weight = (central * jobs / jobs.sum() + (1 - central) * homes / homes.sum()) * lively
        parts.append(place_sites(streets, weight, max(3, rng.poisson(per_thousand * max(people, 3000) / 1000)), rng))
    category = np.repeat(list(CATEGORIES), [len(part) for part in parts])
    count = len(metro.stations)
    minutes = np.concatenate([[0.0], np.cumsum(metro.lengths / metro.speed / 60 + 1.0)])
    underground = np.abs(np.arange(count) - (count - 1) / 2) < 0.2 * count
    roads = streets.trees["car"][0]
    stops = rng.choice(roads, max(8, len(roads) // 12), replace=False)
    return City(
        streets, jobs, homes, main, Sites.concatenate(parts), category, metro, minutes, underground, stops, cells
    )


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


def _metro(streets: Streets, centre: np.ndarray, rng: np.random.Generator) -> Line:
    """A line across the centre: 8 to 12 stations 0.8 to 1.4 km apart where the city is large enough."""
    count = int(np.clip(1.5 * streets.extent / 1100, 4, rng.integers(8, 13)))
    gap = min(1100.0, 1.5 * streets.extent / count)
    turn, bend = rng.uniform(0, 2 * np.pi), rng.normal(0, 0.12)
    along = (np.arange(count) - (count - 1) / 2 + rng.uniform(-0.15, 0.15, count)) * gap
    angle = turn + bend * along / gap
    return smooth_line(METRO, centre + np.column_stack([along * np.cos(angle), along * np.sin(angle)]), rng)
