# SPDX-License-Identifier: GPL-2.0-or-later
"""GTFS feeds -> lines: the ways of routes and the stops that they serve (https://gtfs.org)."""

from __future__ import annotations

import io
import zipfile
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from ..arrays import run_starts
from ..errors import InputError, Progress
from .tables import Lines, concat, lines_of

MAX_TABLE_MB = 4096  # of one unpacked table: no city's is larger, and a bomb ends in words
# Kinds of https://gtfs.org/schedule/reference/#routestxt, and the hundreds of the extended types
KIND_OF_TYPE = {
    0: "tram",
    1: "subway",
    2: "train",
    3: "bus",
    4: "ferry",
    5: "tram",
    7: "train",
    11: "bus",
    12: "subway",
    405: "subway",
    1400: "train",
}
KIND_OF_HUNDRED = {
    1: "train",
    2: "bus",
    3: "train",
    4: "subway",
    5: "subway",
    6: "subway",
    7: "bus",
    8: "bus",
    9: "tram",
    10: "ferry",
    12: "ferry",
}
COLUMNS = {
    "routes": ("route_id", "route_type", "route_short_name", "route_long_name"),
    "trips": ("route_id", "trip_id", "shape_id"),
    "shapes": ("shape_id", "shape_pt_lat", "shape_pt_lon", "shape_pt_sequence"),
    "stops": ("stop_id", "stop_name", "stop_lat", "stop_lon"),
    "stop_times": ("trip_id", "stop_id", "stop_sequence"),
}
NUMBERS = ("shape_pt_lat", "shape_pt_lon", "stop_lat", "stop_lon")
ORDERS = ("shape_pt_sequence", "stop_sequence")


class Feed:
    """The tables of a feed, read when they are asked for. skipped: rows by reason."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.skipped = Counter[str]()
        self._members = dict(_members(path))

    def __contains__(self, table: str) -> bool:
        return table in self._members

    def read(self, table: str) -> pa.Table:
        """Some columns of a table as text, numbers where they are; null where a column is absent.

        InputError where the table is absent or broken.
        """
        if table not in self._members:
            raise InputError(
                "{file} has no {table}.txt, so it is no GTFS feed.",
                file=self.path.name,
                table=table,
            )
        names = COLUMNS[table]
        options = csv.ConvertOptions(
            include_columns=names,
            include_missing_columns=True,
            column_types={name: pa.string() for name in names},
            strings_can_be_null=True,
        )
        try:
            with self._open(table) as file:
                found = csv.read_csv(file, convert_options=options)
        except (pa.ArrowException, OSError, zipfile.BadZipFile, UnicodeDecodeError) as error:
            raise InputError(
                "{table}.txt of {file} cannot be read: {error}",
                table=table,
                file=self.path.name,
                error=error,
            ) from error
        for name in names:
            if name in NUMBERS or name in ORDERS:
                column = _numbers(found[name])
                found = found.set_column(found.column_names.index(name), name, column)
        return found

    def _open(self, table: str) -> io.BufferedIOBase:
        member = self._members[table]
        if isinstance(member, Path):
            return member.open("rb")
        archive = zipfile.ZipFile(self.path)
        size = archive.getinfo(member).file_size
        if size > MAX_TABLE_MB << 20:
            raise InputError(
                "{table}.txt of {file} has {size:,} MB: too large for a feed.",
                table=table,
                file=self.path.name,
                size=size >> 20,
            )
        return archive.open(member)  # type: ignore[return-value] # reads bytes like a file


def _members(path: Path) -> Sequence[tuple[str, Path | str]]:
    """The tables of a folder or zip, by name. In a zip they may lie in one folder."""
    if path.is_dir():
        return [(file.stem.lower(), file) for file in path.glob("*.txt")]
    try:
        names = zipfile.ZipFile(path).namelist()
    except (OSError, zipfile.BadZipFile) as error:
        raise InputError("{file} cannot be read: {error}", file=path.name, error=error) from error
    return [(Path(name).stem.lower(), name) for name in names if name.endswith(".txt")]


def _numbers(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Text -> float64, null where it is no number."""
    text = pc.utf8_trim_whitespace(column)
    is_number = pc.match_substring_regex(text, r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$")
    return pc.cast(pc.if_else(is_number, text, pa.scalar(None, pa.string())), pa.float64())


def read_gtfs(path: Path, progress: Progress) -> tuple[Lines, Counter[str]]:
    """The lines and stops of a feed in a folder or zip, and the rows left out, by reason.

    A line is one way of a route: its shape, or straight lines from stop to stop where the feed has
    no shapes. InputError where this is no feed.
    """
    feed = Feed(path)
    routes = feed.read("routes")
    trips = feed.read("trips")
    stops = feed.read("stops")
    kind_of_route = _kinds(routes, feed.skipped)
    name_of_route = _names(routes)
    progress(0.1)
    with_shapes = "shapes" in feed and trips["shape_id"].null_count < len(trips)
    ways = _shapes(feed) if with_shapes else {}
    progress(0.5)
    column = "shape_id"
    if not ways:
        column = "pattern"
        trips, ways = _patterns(feed, trips, stops)
    progress(0.9)
    lines = _lines(trips, column, ways, kind_of_route, name_of_route)
    found = concat([lines, _stops(stops, feed.skipped)])
    progress(1.0)
    if not len(lines):
        raise InputError("{file} has no route whose way is known.", file=path.name)
    return found, feed.skipped


def _kinds(routes: pa.Table, skipped: Counter[str]) -> dict[str, str]:
    """The kind of each route; routes of unknown types are left out."""
    kinds = {}
    for route, number in zip(routes["route_id"].to_pylist(), routes["route_type"].to_pylist()):
        text = (number or "").strip()
        code = int(text) if text.isdigit() else -1
        kind = KIND_OF_TYPE.get(code, KIND_OF_HUNDRED.get(code // 100 if code >= 100 else -1))
        if kind is None:
            skipped["routes of unknown types"] += 1
        else:
            kinds[route] = kind
    return kinds


def _names(routes: pa.Table) -> dict[str, str]:
    """What passengers call each route: its short name, else its long one."""
    short = routes["route_short_name"].to_pylist()
    long = routes["route_long_name"].to_pylist()
    pairs = zip(routes["route_id"].to_pylist(), short, long)
    return {route: (a or b or "").strip() for route, a, b in pairs}


def _shapes(feed: Feed) -> dict[str, np.ndarray]:
    """The vertices (k, 2) of each shape, in its order, degrees."""
    shapes = feed.read("shapes")
    xy = np.column_stack([_array(shapes["shape_pt_lon"]), _array(shapes["shape_pt_lat"])])
    order = _array(shapes["shape_pt_sequence"])
    good = _on_earth(xy) & np.isfinite(order) & ~_array_of_nulls(shapes["shape_id"])
    feed.skipped["points of shapes without a place"] += int((~good).sum())
    ids = shapes["shape_id"].filter(pa.array(good)).combine_chunks().dictionary_encode()
    return _grouped(np.asarray(ids.indices), ids.dictionary.to_pylist(), order[good], xy[good])


def _grouped(
    group: np.ndarray, names: Sequence[str], order: np.ndarray, xy: np.ndarray
) -> dict[str, np.ndarray]:
    """The rows of xy (n, 2) of each group, in its order. group: (n,) numbers of names."""
    rows = np.lexsort((order, group))
    begins = np.flatnonzero(run_starts(group[rows]))
    parts = np.split(xy[rows], begins[1:])
    return {names[group[rows[begin]]]: part for begin, part in zip(begins, parts) if len(part) > 1}


def _patterns(
    feed: Feed, trips: pa.Table, stops: pa.Table
) -> tuple[pa.Table, dict[str, np.ndarray]]:
    """Trips with the column pattern, and the places (k, 2) of the stops of each pattern.

    A pattern is a sequence of stops, which many trips share.
    """
    times = feed.read("stop_times")
    place = _places(stops)
    known = pc.is_in(times["stop_id"], value_set=pa.array([*place], pa.string()))
    usable = pc.and_(known, pc.is_valid(times["stop_sequence"]))
    n_times = len(times)
    times = times.filter(usable)
    feed.skipped["stop times without a place"] += n_times - len(times)
    sequences, names = _sequences(times)
    pattern_of = {trip_id: each[:, 0].tobytes().hex() for trip_id, each in sequences.items()}
    ways = {
        pattern_of[trip_id]: np.array([place[names[int(each)]] for each in sequence[:, 0]])
        for trip_id, sequence in sequences.items()
    }
    patterns = [pattern_of.get(trip_id) for trip_id in trips["trip_id"].to_pylist()]
    return trips.append_column("pattern", pa.array(patterns, pa.string())), ways


def _sequences(times: pa.Table) -> tuple[dict[str, np.ndarray], list[str]]:
    """The numbers (k, 1) of the stops of each trip, in its order, and the ids of stops."""
    trip = times["trip_id"].combine_chunks().dictionary_encode()
    stop = times["stop_id"].combine_chunks().dictionary_encode()
    number = np.asarray(stop.indices).astype(float)[:, None]
    order = _array(times["stop_sequence"])
    of_trip = _grouped(np.asarray(trip.indices), trip.dictionary.to_pylist(), order, number)
    return of_trip, stop.dictionary.to_pylist()


def _places(stops: pa.Table) -> dict[str, tuple[float, float]]:
    """Longitude and latitude of the stops that have a place."""
    columns = (stops[name].to_pylist() for name in ("stop_id", "stop_lon", "stop_lat"))
    return {
        stop: (lon, lat) for stop, lon, lat in zip(*columns) if lon is not None and lat is not None
    }


def _lines(
    trips: pa.Table,
    column: str,
    ways: Mapping[str, np.ndarray],
    kind_of_route: Mapping[str, str],
    name_of_route: Mapping[str, str],
) -> Lines:
    """A line for each route and each way of its trips. column: of trips, the id of the way."""
    import shapely

    pairs = trips.select(["route_id", column]).group_by(["route_id", column]).aggregate([])
    routes = pairs["route_id"].to_pylist()
    known = [
        (route, way)
        for route, way in zip(routes, pairs[column].to_pylist())
        if route in kind_of_route and way in ways
    ]
    return lines_of(
        [kind_of_route[route] for route, _ in known],
        [name_of_route.get(route, "") for route, _ in known],
        [shapely.linestrings(ways[way]) for _, way in known],
    )


def _stops(stops: pa.Table, skipped: Counter[str]) -> Lines:
    import shapely

    xy = np.column_stack([_array(stops["stop_lon"]), _array(stops["stop_lat"])])
    good = _on_earth(xy)
    skipped["stops without a place"] += int((~good).sum())
    names = [name or "" for name in stops["stop_name"].to_pylist()]
    kept = [name for name, is_good in zip(names, good) if is_good]
    return lines_of(["stop"] * len(kept), kept, shapely.points(xy[good]))


def _array(column: pa.ChunkedArray) -> np.ndarray:
    """(n,) float64, nan for null."""
    return np.asarray(column.combine_chunks().to_numpy(zero_copy_only=False), float)


def _array_of_nulls(column: pa.ChunkedArray) -> np.ndarray:
    return np.asarray(pc.is_null(column).combine_chunks().to_numpy(zero_copy_only=False), bool)


def _on_earth(xy: np.ndarray) -> np.ndarray:
    """(n,) bool: whether degrees (n, 2) lie on the earth. 0, 0 stands for no place."""
    inside = (np.abs(xy[:, 0]) <= 180) & (np.abs(xy[:, 1]) <= 90)
    return inside & (xy != 0).any(axis=1)
