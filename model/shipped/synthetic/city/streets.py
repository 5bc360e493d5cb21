# SPDX-License-Identifier: GPL-2.0-or-later
"""Street plans, from a seed or from OpenStreetMap."""

from __future__ import annotations

import gzip
import shutil
import xml.etree.ElementTree as ET  # nosec B405 - files written by SUMO a moment ago
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.random import Generator
from numpy.typing import ArrayLike
from scipy.spatial import cKDTree

from model.shipped.synthetic.sumo import SyntheticError, run_sumo, sumo_home
from raw_qgis_plugin.core.arrays import Array

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
BLOCK_M = 450  # of a grid
MODES = ("car", "bike", "walk")  # buses use the streets of cars
# What netconvert makes of OpenStreetMap: sidewalks, crossings, ramps and lights where they are
# likely, and junctions of several nodes as one.
FROM_OSM = [
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
]


@dataclass(frozen=True)
class Place:
    """A net's metres on the earth: subtract the offset, turn by `turn` radians, invert the map
    projection.
    """

    projection: str
    offset: tuple[float, ...]
    turn: float = 0.0

    def lonlat(self, x: Array, y: Array) -> tuple[Array, Array]:
        """x, y: metres in the net's frame. Returns degrees WGS84."""
        from pyproj import Proj

        dx = np.asarray(x) - self.offset[0]
        dy = np.asarray(y) - self.offset[1]
        cos = np.cos(self.turn)
        sin = np.sin(self.turn)

        return Proj(self.projection)(dx * cos - dy * sin, dx * sin + dy * cos, inverse=True)


def map_projection(lat: float, lon: float) -> str:
    """Metres about a point, for PROJ."""
    return f"+proj=tmerc +lat_0={lat:.5f} +lon_0={lon:.5f} +datum=WGS84 +units=m"


@dataclass(frozen=True)
class Streets:
    """A street plan. Arrays have one entry an edge (a one-way street between two junctions)."""

    net: Path
    place: Place
    shapes: list[Array]  # (k, 2) metres each
    edges: Array  # (n,) text ids
    x: Array  # (n,) metres, the edge's middle
    y: Array
    length: Array  # (n,) metres
    speed: Array  # (n,) m/s allowed
    lane: Array  # (n,) index of the lane at the kerb that cars use, -1 without one
    bike_lane: Array  # (n,) likewise for bicycles
    walk: Array  # (n,) bool: open to walkers

    def open_to(self, mode: str) -> Array:
        """(n,) bool: the edges that a mode may use: 'walk', 'bike' or 'car' (buses use those of
        cars).
        """
        if mode == "walk":
            return self.walk
        lane = self.bike_lane if mode == "bike" else self.lane
        return lane >= 0

    @cached_property
    def middles(self) -> Array:
        """(n, 2) metres, the edges' middles."""
        return np.column_stack([self.x, self.y])

    @cached_property
    def trees(self) -> dict[str, tuple[Array, cKDTree]]:
        """By mode: the edges that are not too short, and a tree of their middles."""
        found = {}
        for mode in MODES:
            shortest_m = 30 if mode == "car" else 12
            edges = np.flatnonzero(self.open_to(mode) & (self.length > shortest_m))

            if len(edges):
                found[mode] = (edges, cKDTree(self.middles[edges]))

        if "car" in found:
            found["bus"] = found["car"]

        return found

    def nearest(self, mode: str, at: ArrayLike) -> Array:
        """Indices of the edges (...) of a mode nearest to points (..., 2)."""
        edges, tree = self.trees[mode]
        return edges[tree.query(at)[1]]

    @property
    def middle(self) -> Array:
        """(2,) metres: the median of the edges."""
        return np.median(self.middles, axis=0)

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
    light_from = 60 if town else 80  # km/h of the streets that meet, together
    speed = rng.uniform(9.5, 13) if town else rng.uniform(12.5, 19.5)
    shape = _shape(kind, size_m, speed, rng)
    words = (
        f"{shape} --seed {seed} --sidewalks.guess --sidewalks.guess.max-speed 30 --crossings.guess "
        f"--tls.guess --tls.guess.threshold {light_from} --tls.default-type {lights}"
    )
    run_sumo("netgenerate", *words.split(), "-o", net)
    lat, lon = ANCHORS[int(rng.integers(len(ANCHORS)))]
    projection = map_projection(lat + rng.uniform(-0.4, 0.4), lon + rng.uniform(-0.4, 0.4))

    return _read_streets(net, projection, float(rng.uniform(0, 2 * np.pi)))


def _shape(kind: str, size_m: float, speed: float, rng: Generator) -> str:
    """Netgenerate's options for a kind of plan, whose streets allow so many m/s."""
    if kind == "grid":
        across = max(3, round(size_m / BLOCK_M) + 1)
        return f"--grid --grid.number {across} --grid.length {BLOCK_M} -L 3 -S {speed}"

    if kind == "random":
        shortest = 80
        longest = rng.uniform(220, 380)
        more = f"--random-lanenumber -L 2 -S {speed * 0.85}"
        least = 0
    else:
        shortest = 2000
        longest = 8000
        more = f"-L 3 -S {rng.uniform(31, 53)}"
        least = 12

    # netgenerate's random net grows to about 0.6 edges of the mean length squared an iteration.
    edges_across = size_m / (0.5 * (shortest + longest))
    rounds = max(least, int(0.72 * edges_across**2))
    ends = f"--rand.min-distance {shortest} --rand.max-distance {longest}"

    return f"--rand --rand.iterations {rounds} {ends} --rand.connectivity 0.95 {more}"


def osm_streets(file: Path, folder: Path) -> Streets:
    """Read a real street plan from an OpenStreetMap extract (.osm, .osm.gz)."""
    if not file.is_file():
        raise SyntheticError(f"--osm: there is no file {file}")

    folder.mkdir(parents=True, exist_ok=True)
    name = file.name.split(".")[0]
    plain = folder / f"{name}.osm"
    net = folder / f"{name}.net.xml"
    unpack = gzip.open if file.suffix == ".gz" else open

    with unpack(file, "rb") as source, plain.open("wb") as target:
        shutil.copyfileobj(source, target)

    known = sumo_home() / "data" / "typemap"
    parts = ("", "Pedestrians", "Bicycle")
    types = ",".join(f"{known}/osmNetconvert{part}.typ.xml" for part in parts)
    run_sumo("netconvert", "--osm-files", plain, "-o", net, "-t", types, *FROM_OSM)
    plain.unlink()

    return _read_streets(net)


def _read_streets(net: Path, projection: str = "", turn: float = 0.0) -> Streets:
    """Read a net. Without a projection it is the net's own, which netconvert wrote."""
    place: Place | None = None
    rows: list[dict] = []

    for _, node in ET.iterparse(net, events=("end",)):  # nosec B314
        if node.tag == "location" and projection:
            bounds = np.array(_numbers(node, "convBoundary"))
            middle = 0.5 * (bounds[:2] + bounds[2:])
            place = Place(projection, tuple(middle.tolist()), turn)
        elif node.tag == "location":
            place = Place(node.get("projParameter", ""), tuple(_numbers(node, "netOffset")))
        elif node.tag == "edge" and node.get("function") is None:
            rows.append(_edge(node))
        if node.tag not in ("lane", "param"):
            node.clear()

    if place is None or not rows:
        raise SyntheticError(f"{net.name} holds no streets")

    shapes = [row.pop("shape") for row in rows]
    columns = {name: np.array([row[name] for row in rows]) for name in rows[0]}

    return Streets(net, place, shapes, **columns)


def _numbers(node: ET.Element, name: str) -> list[float]:
    """The numbers of an attribute, which commas part."""
    return [float(number) for number in node.get(name, "0,0,0,0").split(",")]


def _edge(node: ET.Element) -> dict:
    """One edge's entries in the arrays of Streets, and its shape."""
    lanes = node.findall("lane")
    car_lane = -1
    bike_lane = -1

    for number, lane in reversed(list(enumerate(lanes))):
        if _allows(lane, "passenger") and _allows(lane, "bus"):
            car_lane = number
        if _allows(lane, "bicycle"):
            bike_lane = number

    main = lanes[max(car_lane, 0)]
    points = [point.split(",")[:2] for point in main.get("shape", "").split()]
    shape = np.array(points, dtype=float)
    middle = shape[len(shape) // 2] if len(shape) > 2 else shape.mean(axis=0)

    return {
        "edges": node.get("id"),
        "x": middle[0],
        "y": middle[1],
        "length": float(main.get("length", 0)),
        "speed": float(main.get("speed", 0)),
        "lane": car_lane,
        "bike_lane": bike_lane,
        "walk": any(_allows(lane, "pedestrian") for lane in lanes),
        "shape": shape,
    }


def _allows(lane: ET.Element, kind: str) -> bool:
    """Whether a kind of vehicle may use a lane."""
    allowed = lane.get("allow")
    if allowed is not None:
        return kind in allowed.split()

    forbidden = lane.get("disallow", "")

    return forbidden != "all" and kind not in forbidden.split()
