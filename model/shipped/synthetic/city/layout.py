# SPDX-License-Identifier: GPL-2.0-or-later
"""Street plans, from a seed or from OpenStreetMap, and a city over one: homes, jobs, points of
interest, a metro.
"""

from __future__ import annotations

import gzip
import shutil
import xml.etree.ElementTree as ET  # nosec B405 - files written by SUMO a moment ago
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike
from scipy.spatial import cKDTree

from model.shipped.synthetic.city.rail import METRO, Line, smooth_line
from model.shipped.synthetic.sumo import SyntheticError, run_sumo, sumo_home

# Latitude and longitude of invented plans: inland points of mixed latitude.
ANCHORS = (
    (-34.6, -63.4),
    (-23.3, -51.2),
    (-12.6, 27.9),
    (-1.3, 36.8),
    (9.1, 7.4),
    (19.4, -98.1),
    (28.6, 77.1),
    (34.7, 113.6),
    (37.4, -5.6),
    (40.2, 116.1),
    (41.9, -87.9),
    (45.2, 9.3),
    (48.4, 10.9),
    (50.6, 19.1),
    (52.1, 8.7),
    (55.8, 37.4),
    (59.4, 18.2),
)
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


@dataclass(frozen=True)
class Place:
    """A net's metres on the earth: subtract the offset, turn by `turn` radians, invert the map
    projection.
    """

    projection: str
    offset: tuple[float, ...]
    turn: float = 0.0

    def lonlat(self, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """x, y: metres in the net's frame. Returns degrees WGS84."""
        from pyproj import Proj

        dx, dy = np.asarray(x) - self.offset[0], np.asarray(y) - self.offset[1]
        cos, sin = np.cos(self.turn), np.sin(self.turn)
        return Proj(self.projection)(dx * cos - dy * sin, dx * sin + dy * cos, inverse=True)


@dataclass(frozen=True)
class Streets:
    """A street plan. Arrays have one entry an edge (a one-way street between two junctions)."""

    net: Path
    place: Place
    shapes: list[np.ndarray]  # (k, 2) metres each
    edges: np.ndarray  # (n,) text ids
    x: np.ndarray  # (n,) metres, the edge's middle
    y: np.ndarray
    length: np.ndarray  # (n,) metres
    speed: np.ndarray  # (n,) m/s allowed
    lane: np.ndarray  # (n,) index of the lane at the kerb that cars use, -1 without one
    bike_lane: np.ndarray  # (n,) likewise for bicycles
    walk: np.ndarray  # (n,) bool: open to walkers

    def open_to(self, mode: str) -> np.ndarray:
        """(n,) bool: the edges that a mode may use: 'walk', 'bike' or 'car' (buses use those of
        cars).
        """
        return (
            self.walk if mode == "walk" else (self.bike_lane if mode == "bike" else self.lane) >= 0
        )

    @cached_property
    def trees(self) -> dict[str, tuple[np.ndarray, cKDTree]]:
        """By mode: the edges that are not too short, and a tree of their middles."""
        found = {}
        for mode in ("car", "bike", "walk"):
            edges = np.flatnonzero(
                self.open_to(mode) & (self.length > (30 if mode == "car" else 12))
            )
            if len(edges):
                found[mode] = (edges, cKDTree(np.column_stack([self.x[edges], self.y[edges]])))
        return found | ({"bus": found["car"]} if "car" in found else {})

    def nearest(self, mode: str, at: ArrayLike) -> np.ndarray:
        """Indices of the edges (...) of a mode nearest to points (..., 2)."""
        edges, tree = self.trees[mode]
        return edges[tree.query(at)[1]]

    @property
    def middle(self) -> np.ndarray:
        """(2,) metres: the median of the edges."""
        return np.array([np.median(self.x), np.median(self.y)])

    @property
    def extent(self) -> float:
        """Metres: half the diagonal of the streets' bounding box."""
        return 0.5 * float(np.hypot(np.ptp(self.x), np.ptp(self.y)))


def make_streets(kind: str, size_m: float, seed: int, folder: Path, town: bool = False) -> Streets:
    """Make a street plan from a seed, size_m across. kind: 'random', 'grid' (450 m blocks, three
    lanes) or 'motorway' (junctions every 2 to 8 km, 110 to 190 km/h).

    town: 35 to 47 km/h and more traffic lights, else 40 to 70 km/h.
    """
    rng = np.random.default_rng([seed, 11])
    folder.mkdir(parents=True, exist_ok=True)
    net = folder / f"{kind}-{seed}.net.xml"
    lights = str(rng.choice(["static", "actuated"]))
    speed = rng.uniform(9.5, 13) if town else rng.uniform(12.5, 19.5)
    if kind == "random":
        longest = rng.uniform(220, 380)
        # netgenerate's random net grows to about 0.6 edges of the mean length squared an iteration.
        rounds = int(0.72 * (size_m / (0.5 * (80 + longest))) ** 2)
        shape = [
            "--rand",
            "--rand.iterations",
            rounds,
            "--rand.min-distance",
            80,
            "--rand.max-distance",
            longest,
        ]
        shape += ["--rand.connectivity", 0.95, "--random-lanenumber", "-L", 2, "-S", speed * 0.85]
    elif kind == "grid":
        shape = [
            "--grid",
            "--grid.number",
            max(3, round(size_m / 450) + 1),
            "--grid.length",
            450,
            "-L",
            3,
        ]
        shape += ["-S", speed]
    else:
        rounds = int(0.72 * (size_m / 5000) ** 2)
        shape = ["--rand", "--rand.iterations", max(12, rounds), "--rand.min-distance", 2000]
        shape += [
            "--rand.max-distance",
            8000,
            "--rand.connectivity",
            0.95,
            "-L",
            3,
            "-S",
            rng.uniform(31, 53),
        ]
    run_sumo(
        "netgenerate",
        *shape,
        "--seed",
        seed,
        "--sidewalks.guess",
        "--sidewalks.guess.max-speed",
        30,
        "--crossings.guess",
        "--tls.guess",
        "--tls.guess.threshold",
        60 if town else 80,
        "-o",
        net,
        "--tls.default-type",
        lights,
    )
    lat, lon = ANCHORS[int(rng.integers(len(ANCHORS)))]
    lat, lon = lat + rng.uniform(-0.4, 0.4), lon + rng.uniform(-0.4, 0.4)
    projection = f"+proj=tmerc +lat_0={lat:.5f} +lon_0={lon:.5f} +datum=WGS84 +units=m"
    return _read_streets(net, projection, float(rng.uniform(0, 2 * np.pi)))


def osm_streets(file: Path, folder: Path) -> Streets:
    """Read a real street plan from an OpenStreetMap extract (.osm, .osm.gz)."""
    if not file.is_file():
        raise SyntheticError(f"--osm: there is no file {file}")
    folder.mkdir(parents=True, exist_ok=True)
    name = file.name.split(".")[0]
    plain, net = folder / f"{name}.osm", folder / f"{name}.net.xml"
    with (
        (gzip.open if file.suffix == ".gz" else open)(file, "rb") as source,
        plain.open("wb") as target,
    ):
        shutil.copyfileobj(source, target)
    known = sumo_home() / "data" / "typemap"
    types = ",".join(
        f"{known}/osmNetconvert{part}.typ.xml" for part in ("", "Pedestrians", "Bicycle")
    )
    run_sumo(
        "netconvert",
        "--osm-files",
        plain,
        "-o",
        net,
        "-t",
        types,
        "--sidewalks.guess",
        "--crossings.guess",
        "--geometry.remove",
        "--ramps.guess",
        "--junctions.join",
        "--tls.guess-signals",
        "--tls.discard-simple",
        "--tls.join",
        "--tls.default-type",
        "actuated",
        "--remove-edges.isolated",
    )
    plain.unlink()
    return _read_streets(net)


def _read_streets(net: Path, projection: str = "", turn: float = 0.0) -> Streets:
    """Read a net. Without a projection it is the net's own, which netconvert wrote."""
    place: Place | None = None
    rows: list[tuple] = []
    for _, node in ET.iterparse(net, events=("end",)):  # nosec B314
        if node.tag == "location":
            x0, y0, x1, y1 = map(float, node.get("convBoundary", "0,0,0,0").split(","))
            offset = tuple(map(float, node.get("netOffset", "0,0").split(",")))
            place = Place(node.get("projParameter", ""), offset)
            if projection:
                place = Place(projection, (0.5 * (x0 + x1), 0.5 * (y0 + y1)), turn)
        elif node.tag == "edge" and node.get("function") is None:
            rows.append(_edge(node))
        if node.tag not in ("lane", "param"):
            node.clear()
    if place is None or not rows:
        raise SyntheticError(f"{net.name} holds no streets")
    *columns, shapes = zip(*rows, strict=True)
    return Streets(net, place, list(shapes), *map(np.array, columns))


def _edge(node: ET.Element) -> tuple:
    """One edge's values in the order of the fields of Streets."""

    def allows(lane: ET.Element, kind: str) -> bool:
        allow, disallow = lane.get("allow"), lane.get("disallow", "")
        return (
            kind in allow.split()
            if allow is not None
            else kind not in disallow.split() and disallow != "all"
        )

    lanes = node.findall("lane")
    cars = [i for i, lane in enumerate(lanes) if allows(lane, "passenger") and allows(lane, "bus")]
    bikes = [i for i, lane in enumerate(lanes) if allows(lane, "bicycle")]
    main = lanes[cars[0] if cars else 0]
    shape = np.array([p.split(",")[:2] for p in main.get("shape", "").split()], dtype=float)
    middle = shape[len(shape) // 2] if len(shape) > 2 else shape.mean(axis=0)
    return (
        node.get("id"),
        middle[0],
        middle[1],
        float(main.get("length", 0)),
        float(main.get("speed", 0)),
        cars[0] if cars else -1,
        bikes[0] if bikes else -1,
        any(allows(lane, "pedestrian") for lane in lanes),
        shape,
    )


@dataclass(frozen=True)
class Sites:
    """Buildings: x, y (n,) metres in the net's frame; the nearest edge (n,) of 'walk', 'bike' and
    'car'.
    """

    x: np.ndarray
    y: np.ndarray
    edges: dict[str, np.ndarray]

    def __len__(self) -> int:
        return len(self.x)

    @staticmethod
    def concatenate(parts: Sequence[Sites]) -> Sites:
        """The buildings of all parts, in their order."""
        edges = {
            mode: np.concatenate([part.edges[mode] for part in parts]) for mode in parts[0].edges
        }
        return Sites(
            np.concatenate([part.x for part in parts]),
            np.concatenate([part.y for part in parts]),
            edges,
        )


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
            raise SyntheticError(
                f"{streets.net.name} has fewer than 20 streets for {users}: choose another extract."
            )
    at = np.column_stack([streets.x, streets.y])
    turn = rng.uniform(0, 2 * np.pi, 4)
    off = streets.extent * rng.uniform([0, 0.25, 0.25, 0.25], [0.1, 0.55, 0.55, 0.55])
    # the main one first
    centres = streets.middle + np.column_stack([off * np.cos(turn), off * np.sin(turn)])
    far = np.linalg.norm(at[:, None] - centres, axis=2) / streets.extent  # (n_edges, centres)
    metro = _metro(streets, centres[0], rng)
    to_station = cKDTree(metro.stations).query(at)[0]
    # dense near stations
    walkable = streets.length * streets.walk * (1 + 2.5 * np.exp(-((to_station / 600) ** 2)))
    jobs = walkable * (0.08 + np.exp(-far / 0.13) @ [1.0, 0.45, 0.45, 0.45])
    main = far[:, 0]
    # few at the very centre
    homes = walkable * np.exp(-1.6 * main) * (1 - 0.6 * np.exp(-((main / 0.12) ** 2)))
    cells = _hexagons(streets)
    # Some quarters are livelier: cells as far from the centre differ several times over.
    lively = np.exp(rng.normal(0, 0.9, len(cells)))[nearest(cells, streets.x, streets.y)]
    parts = []
    for per_thousand, central in CATEGORIES.values():
        weight = (central * jobs / jobs.sum() + (1 - central) * homes / homes.sum()) * lively
        parts.append(
            place_sites(
                streets, weight, max(3, rng.poisson(per_thousand * max(people, 3000) / 1000)), rng
            )
        )
    category = np.repeat(list(CATEGORIES), [len(part) for part in parts])
    count = len(metro.stations)
    minutes = np.concatenate([[0.0], np.cumsum(metro.lengths / metro.speed / 60 + 1.0)])
    underground = np.abs(np.arange(count) - (count - 1) / 2) < 0.2 * count
    roads = streets.trees["car"][0]
    stops = rng.choice(roads, max(8, len(roads) // 12), replace=False)
    return City(
        streets,
        jobs,
        homes,
        main,
        Sites.concatenate(parts),
        category,
        metro,
        minutes,
        underground,
        stops,
        cells,
    )


def _hexagons(streets: Streets) -> np.ndarray:
    """(r, 2) middles of the hexagons in which a street's middle lies."""
    step_x, step_y = CELL_M, CELL_M * np.sqrt(3) / 2
    columns = np.arange(streets.x.min() - step_x, streets.x.max() + step_x, step_x)
    rows = np.arange(streets.y.min() - step_y, streets.y.max() + step_y, step_y)
    grid = np.array(
        [(x + (step_x / 2 if r % 2 else 0), y) for r, y in enumerate(rows) for x in columns]
    )
    return grid[np.unique(nearest(grid, streets.x, streets.y))]


def nearest(points: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Index of the nearest of points (r, 2) to each x, y: a hexagon holds what lies nearest to its
    middle.
    """
    return cKDTree(points).query(np.column_stack([x, y]))[1]


def place_sites(
    streets: Streets, weight: np.ndarray, count: int, rng: np.random.Generator
) -> Sites:
    """Buildings drawn by a weight an edge (n_edges,), 12 to 40 m beside it."""
    edge = rng.choice(len(weight), count, p=weight / weight.sum())
    turn, off = rng.uniform(0, 2 * np.pi, count), rng.uniform(12, 40, count)
    x, y = streets.x[edge] + off * np.cos(turn), streets.y[edge] + off * np.sin(turn)
    return Sites(
        x,
        y,
        {mode: streets.nearest(mode, np.column_stack([x, y])) for mode in ("walk", "bike", "car")},
    )


def _metro(streets: Streets, centre: np.ndarray, rng: np.random.Generator) -> Line:
    """A line across the centre: 8 to 12 stations 0.8 to 1.4 km apart where the city is large
    enough.
    """
    count = int(np.clip(1.5 * streets.extent / 1100, 4, rng.integers(8, 13)))
    gap = min(1100.0, 1.5 * streets.extent / count)
    turn, bend = rng.uniform(0, 2 * np.pi), rng.normal(0, 0.12)
    along = (np.arange(count) - (count - 1) / 2 + rng.uniform(-0.15, 0.15, count)) * gap
    angle = turn + bend * along / gap
    return smooth_line(
        METRO, centre + np.column_stack([along * np.cos(angle), along * np.sin(angle)]), rng
    )
