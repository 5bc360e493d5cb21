# SPDX-License-Identifier: GPL-2.0-or-later
"""A city over a street plan: homes, jobs, points of interest, a metro."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from scipy.spatial import cKDTree

from model.shipped.synthetic.city.rail import METRO, Line, smooth_line
from model.shipped.synthetic.city.streets import MODES, Streets
from model.shipped.synthetic.sumo import SyntheticError
from raw_qgis_plugin.core.arrays import Array, Columns

CELL_M = 700.0  # across the flats of a region's hexagon
# Points of interest: how many a thousand people, and how far they cluster at the centres (0: like
# homes, 1: like jobs)
CATEGORIES = {
    "food": (14.0, 0.6),
    "shop": (16.0, 0.5),
    "school": (1.6, 0.15),
    "health": (2.4, 0.4),
    "leisure": (5.0, 0.4),
    "park": (1.6, 0.0),
    "worship": (1.0, 0.2),
    "service": (6.0, 0.7),
}


class Settings:
    """What a city is like."""

    fewest_streets: int = 20  # of each mode, below which there is no city
    station_m: float = 1100.0  # between stations of the metro


CENTRES = (1.0, 0.45, 0.45, 0.45)  # their jobs, of the main one first
USERS = {"car": "cars", "walk": "walkers", "bike": "bicycles"}


@dataclass(frozen=True)
class Sites:
    """Buildings: x, y (n,) metres in the net's frame; the nearest edge (n,) of 'walk', 'bike' and
    'car'.
    """

    x: Array
    y: Array
    edges: Columns

    def __len__(self) -> int:
        return len(self.x)

    def at(self, site: int) -> Array:
        """(2,) metres of a building."""
        return np.array([self.x[site], self.y[site]])

    def metres(self, sites: int | Array, near: int) -> Array:
        """How far buildings are from one of them, as the crow flies."""
        return np.hypot(self.x[sites] - self.x[near], self.y[sites] - self.y[near])

    @staticmethod
    def concatenate(parts: Sequence[Sites]) -> Sites:
        """The buildings of all parts, in their order."""
        x = np.concatenate([part.x for part in parts])
        y = np.concatenate([part.y for part in parts])
        edges = {mode: np.concatenate([part.edges[mode] for part in parts]) for mode in MODES}
        return Sites(x, y, edges)


@dataclass(frozen=True)
class City:
    """A city without its people."""

    streets: Streets
    jobs: Array  # (n_edges,) density of jobs
    homes: Array  # (n_edges,) density of homes
    far: Array  # (n_edges,) distance from the main centre in extents of the city
    poi: Sites  # points of interest
    category: Array  # (n_poi,) text
    metro: Line
    minutes: Array  # (stations,) from the first one, by the timetable
    underground: Array  # (stations,) bool
    stops: Array  # (k,) edges with a bus stop
    cells: Array  # (r, 2) the regions' middles


def build_city(streets: Streets, people: int, rng: Generator) -> City:
    """Lay a city for so many people over the streets."""
    fewest = Settings.fewest_streets
    for mode, users in USERS.items():
        if streets.open_to(mode).sum() < fewest:
            few = f"{streets.net.name} has fewer than {fewest} streets for {users}"
            raise SyntheticError(f"{few}: choose another extract.")

    centres = _centres(streets, rng)
    metro = _metro(streets, centres[0], rng)
    far = np.linalg.norm(streets.middles[:, None] - centres, axis=2) / streets.extent
    jobs, homes = _densities(streets, far, metro)
    cells = _hexagons(streets)
    poi = _points_of_interest(streets, homes, jobs, cells, people, rng)
    category = np.repeat(list(CATEGORIES), [len(part) for part in poi])

    roads = streets.trees["car"][0]
    stops = rng.choice(roads, max(8, len(roads) // 12), replace=False)

    return City(
        streets,
        jobs,
        homes,
        far[:, 0],
        Sites.concatenate(poi),
        category,
        metro,
        _timetable(metro),
        _underground(len(metro.stations)),
        stops,
        cells,
    )


def _timetable(metro: Line) -> Array:
    """(stations,) minutes from the first station; a train waits one minute at each."""
    rides_min = metro.lengths / metro.speed / 60
    return np.concatenate([[0.0], np.cumsum(rides_min + 1.0)])


def _underground(stations: int) -> Array:
    """(stations,) bool: the two fifths in the middle."""
    number = np.arange(stations)
    return np.abs(number - number.mean()) < 0.2 * stations


def _densities(streets: Streets, far: Array, metro: Line) -> tuple[Array, Array]:
    """(n_edges,) densities of jobs and of homes: dense near stations; few live at the very centre.

    far: (n_edges, centres) in extents of the city.
    """
    to_station_m = cKDTree(metro.stations).query(streets.middles)[0]
    near_station = np.exp(-((to_station_m / 600) ** 2))
    walkable = streets.length * streets.walk * (1 + 2.5 * near_station)
    near_centres = np.exp(-far / 0.13) @ CENTRES
    main = far[:, 0]
    downtown = np.exp(-((main / 0.12) ** 2))
    jobs = walkable * (0.08 + near_centres)
    homes = walkable * np.exp(-1.6 * main) * (1 - 0.6 * downtown)

    return jobs, homes


def _centres(streets: Streets, rng: Generator) -> Array:
    """(4, 2) metres of the centres, the main one first."""
    turn = rng.uniform(0, 2 * np.pi, 4)
    share = rng.uniform([0, 0.25, 0.25, 0.25], [0.1, 0.55, 0.55, 0.55])
    off = streets.extent * share
    away = np.column_stack([off * np.cos(turn), off * np.sin(turn)])

    return streets.middle + away


def _points_of_interest(
    streets: Streets,
    homes: Array,
    jobs: Array,
    cells: Array,
    people: int,
    rng: Generator,
) -> list[Sites]:
    """The points of each of CATEGORIES. homes, jobs: (n_edges,) densities.

    Some quarters are livelier: cells as far from the centre differ several times over.
    """
    lively = np.exp(rng.normal(0, 0.9, len(cells)))[nearest(cells, streets.x, streets.y)]
    thousands = max(people, 3000) / 1000
    found = []

    for per_thousand, central in CATEGORIES.values():
        share = central * jobs / jobs.sum() + (1 - central) * homes / homes.sum()
        count = max(3, rng.poisson(per_thousand * thousands))
        found.append(place_sites(streets, share * lively, count, rng))

    return found


def _hexagons(streets: Streets) -> Array:
    """(r, 2) middles of the hexagons in which a street's middle lies."""
    step_x = CELL_M
    step_y = CELL_M * np.sqrt(3) / 2
    columns = np.arange(streets.x.min() - step_x, streets.x.max() + step_x, step_x)
    rows = np.arange(streets.y.min() - step_y, streets.y.max() + step_y, step_y)
    x, y = np.meshgrid(columns, rows)
    x[1::2] += step_x / 2
    grid = np.column_stack([x.ravel(), y.ravel()])

    return grid[np.unique(nearest(grid, streets.x, streets.y))]


def nearest(points: Array, x: Array, y: Array) -> Array:
    """Index of the nearest of points (r, 2) to each x, y: a hexagon holds what lies nearest to its
    middle.
    """
    return cKDTree(points).query(np.column_stack([x, y]))[1]


def place_sites(streets: Streets, weight: Array, count: int, rng: Generator) -> Sites:
    """Buildings drawn by a weight an edge (n_edges,), 12 to 40 m beside it."""
    edge = rng.choice(len(weight), count, p=weight / weight.sum())
    turn = rng.uniform(0, 2 * np.pi, count)
    off = rng.uniform(12, 40, count)
    x = streets.x[edge] + off * np.cos(turn)
    y = streets.y[edge] + off * np.sin(turn)
    at = np.column_stack([x, y])

    return Sites(x, y, {mode: streets.nearest(mode, at) for mode in MODES})


def _metro(streets: Streets, centre: Array, rng: Generator) -> Line:
    """A line across the centre: 8 to 12 stations 0.8 to 1.4 km apart where the city is large
    enough.
    """
    length_m = 1.5 * streets.extent
    count = int(np.clip(length_m / Settings.station_m, 4, rng.integers(8, 13)))
    gap_m = min(Settings.station_m, length_m / count)
    turn = rng.uniform(0, 2 * np.pi)
    bend = rng.normal(0, 0.12)
    number = np.arange(count) - (count - 1) / 2
    along = (number + rng.uniform(-0.15, 0.15, count)) * gap_m
    angle = turn + bend * along / gap_m
    off = np.column_stack([along * np.cos(angle), along * np.sin(angle)])

    return smooth_line(METRO, centre + off, rng)
