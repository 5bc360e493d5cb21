# SPDX-License-Identifier: GPL-2.0-or-later
"""Street plans: made by netgenerate from a seed, or real ones from OpenStreetMap; and where on earth they lie."""

from __future__ import annotations

import gzip
import shutil
import xml.etree.ElementTree as ET  # nosec B405 - files written by SUMO a moment ago
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from model.synthetic.sumo import SyntheticError, run_sumo, sumo_home

# Where made-up plans are put: inland points of mixed latitude, far from nothing and named by nobody.
ANCHORS = (
    (-34.6, -63.4), (-23.3, -51.2), (-12.6, 27.9), (-1.3, 36.8), (9.1, 7.4), (19.4, -98.1), (28.6, 77.1), (34.7, 113.6),
    (37.4, -5.6), (40.2, 116.1), (41.9, -87.9), (45.2, 9.3), (48.4, 10.9), (50.6, 19.1), (52.1, 8.7), (55.8, 37.4),
    (59.4, 18.2),
)  # fmt: skip


@dataclass(frozen=True)
class Place:
    """A net's metres on the earth: minus the offset, turned, then a map projection backwards."""

    projection: str
    offset: tuple[float, float]
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
    edges: np.ndarray  # (n,) text ids
    x: np.ndarray  # (n,) metres, the edge's middle
    y: np.ndarray
    length: np.ndarray  # (n,) metres
    speed: np.ndarray  # (n,) m/s allowed
    lane: np.ndarray  # (n,) index of the lane at the kerb that cars use, -1 without one
    bike_lane: np.ndarray  # (n,) likewise for bicycles
    drive: np.ndarray  # (n,) bool: cars and buses
    bike: np.ndarray
    walk: np.ndarray
    shapes: list[np.ndarray]  # (k, 2) metres each

    @property
    def extent(self) -> float:
        """Metres: half the diagonal of the streets' bounding box."""
        return 0.5 * float(np.hypot(np.ptp(self.x), np.ptp(self.y)))


def make_streets(kind: str, size_m: float, seed: int, folder: Path, town: bool = False) -> Streets:
    """A street plan from a seed. kind: 'random', 'grid' (450 m blocks, three lanes), 'spider', 'motorway' (junctions
    every 2 to 8 km, 110 to 190 km/h). size_m: across.

    town: 35 to 47 km/h and more traffic lights, else 40 to 70 km/h.
    """
    rng = np.random.default_rng([seed, 11])
    folder.mkdir(parents=True, exist_ok=True)
    net = folder / f"{kind}-{seed}.net.xml"
    common = ["--seed", seed, "--sidewalks.guess", "--sidewalks.guess.max-speed", 30]
    common += ["--crossings.guess", "--tls.guess", "--tls.guess.threshold", 60 if town else 80, "-o", net]
    common += ["--tls.default-type", str(rng.choice(["static", "actuated"]))]
    speed = rng.uniform(9.5, 13) if town else rng.uniform(12.5, 19.5)
    if kind == "random":
        longest = rng.uniform(220, 380)
        # netgenerate's random net grows to about 0.6 edges of the mean length squared an iteration.
        rounds = int(0.72 * (size_m / (0.5 * (80 + longest))) ** 2)
        shape = ["--rand", "--rand.iterations", rounds, "--rand.min-distance", 80, "--rand.max-distance", longest]
        shape += ["--rand.connectivity", 0.95, "--random-lanenumber", "-L", 2, "-S", speed * 0.85]
    elif kind == "grid":
        shape = ["--grid", "--grid.number", max(3, round(size_m / 450) + 1), "--grid.length", 450, "-L", 3]
        shape += ["-S", speed]
    elif kind == "spider":
        circles = max(3, round(size_m / 2 / 400))
        shape = ["--spider", "--spider.arm-number", int(rng.integers(7, 12)), "--spider.circle-number", circles]
        shape += ["--spider.space-radius", 400, "--spider.omit-center", "-L", 2, "-S", speed]
    elif kind == "motorway":
        rounds = int(0.72 * (size_m / 5000) ** 2)
        shape = ["--rand", "--rand.iterations", max(12, rounds), "--rand.min-distance", 2000]
        shape += ["--rand.max-distance", 8000, "--rand.connectivity", 0.95, "-L", 3, "-S", rng.uniform(31, 53)]
    else:
        raise SyntheticError(f"no street plan of the kind '{kind}': random, grid, spider or motorway")
    run_sumo("netgenerate", *shape, *common)
    lat, lon = ANCHORS[int(rng.integers(len(ANCHORS)))]
    lat, lon = lat + rng.uniform(-0.4, 0.4), lon + rng.uniform(-0.4, 0.4)
    projection = f"+proj=tmerc +lat_0={lat:.5f} +lon_0={lon:.5f} +datum=WGS84 +units=m"
    return read_streets(net, projection, float(rng.uniform(0, 2 * np.pi)))


def osm_streets(file: Path, folder: Path) -> Streets:
    """A real street plan from an OpenStreetMap extract (.osm, .osm.gz)."""
    if not file.is_file():
        raise SyntheticError(f"--osm: there is no file {file}")
    folder.mkdir(parents=True, exist_ok=True)
    name = file.name.split(".")[0]
    plain = folder / f"{name}.osm"
    with (gzip.open if file.suffix == ".gz" else open)(file, "rb") as source, plain.open("wb") as target:
        shutil.copyfileobj(source, target)
    net = folder / f"{name}.net.xml"
    _convert(plain, net, ())
    streets = read_streets(net)
    if streets.extent < 15e3:  # a town: streets without a signposted limit have the urban one
        _convert(plain, net, ("UrbanDe",))
        streets = read_streets(net)
    plain.unlink()
    return streets


def _convert(plain: Path, net: Path, more: tuple[str, ...]) -> None:
    maps = sumo_home() / "data" / "typemap"
    types = [maps / f"osmNetconvert{part}.typ.xml" for part in ("", *more, "Pedestrians", "Bicycle")]
    run_sumo(
        "netconvert", "--osm-files", plain, "-o", net, "-t", ",".join(map(str, types)), "--sidewalks.guess",
        "--crossings.guess", "--geometry.remove", "--ramps.guess", "--junctions.join", "--tls.guess-signals",
        "--tls.discard-simple", "--tls.join", "--tls.default-type", "actuated", "--remove-edges.isolated",
    )  # fmt: skip


def read_streets(net: Path, projection: str = "", turn: float = 0.0) -> Streets:
    """Read a net. Without a projection it is the net's own (a net made from OpenStreetMap knows it)."""
    place: Place | None = None
    rows: list[tuple] = []
    shapes: list[np.ndarray] = []
    for _, node in ET.iterparse(net, events=("end",)):  # nosec B314
        if node.tag == "location":
            x0, y0, x1, y1 = map(float, node.get("convBoundary", "0,0,0,0").split(","))
            own = tuple(map(float, node.get("netOffset", "0,0").split(",")))
            centre = (0.5 * (x0 + x1), 0.5 * (y0 + y1))
            place = Place(projection, centre, turn) if projection else Place(node.get("projParameter", ""), own)  # type: ignore[arg-type]
        elif node.tag == "edge":
            if node.get("function") is None:
                row, shape = _edge(node)
                rows.append(row)
                shapes.append(shape)
            node.clear()
        elif node.tag not in ("lane", "param"):
            node.clear()
    if place is None or not rows:
        raise SyntheticError(f"{net.name} holds no streets")
    ids, x, y, length, speed, lane, bike_lane, drive, bike, walk = zip(*rows, strict=True)
    return Streets(
        net, place, np.array(ids), np.array(x), np.array(y), np.array(length), np.array(speed), np.array(lane),
        np.array(bike_lane), np.array(drive), np.array(bike), np.array(walk), shapes,
    )  # fmt: skip


def _allows(lane: ET.Element, kind: str) -> bool:
    allow, disallow = lane.get("allow"), lane.get("disallow", "")
    return kind in allow.split() if allow is not None else kind not in disallow.split() and disallow != "all"


def _edge(node: ET.Element) -> tuple[tuple, np.ndarray]:
    lanes = node.findall("lane")
    cars = [i for i, lane in enumerate(lanes) if _allows(lane, "passenger") and _allows(lane, "bus")]
    bikes = [i for i, lane in enumerate(lanes) if _allows(lane, "bicycle")]
    main = lanes[cars[0] if cars else 0]
    shape = np.array([p.split(",")[:2] for p in main.get("shape", "").split()], dtype=float)
    middle = shape[len(shape) // 2] if len(shape) > 2 else shape.mean(axis=0)
    row = (
        node.get("id"), middle[0], middle[1], float(main.get("length", 0)), float(main.get("speed", 0)),
        cars[0] if cars else -1, bikes[0] if bikes else -1, bool(cars), bool(bikes),
        any(_allows(lane, "pedestrian") for lane in lanes),
    )  # fmt: skip
    return row, shape
