# SPDX-License-Identifier: GPL-2.0-or-later
"""How well found trips agree with those of synthetic cities: python docs/scripts/cpc.py CITY ...

CITY: a folder of `python -m model.synthetic`. Prints the common part of commuters (twice the trips common to the matrix
found and the true one, over the trips of both) between its hexagons of 700 m, of all true trips and of those that are
recorded, with all fixes and with one in ten minutes.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from pyarrow import csv, parquet

from raw_qgis_plugin.core.arrays import run_starts
from raw_qgis_plugin.core.diary.diary import find_diary
from raw_qgis_plugin.core.flows.flows import flows
from raw_qgis_plugin.core.flows.trips import Trips, trips_of
from raw_qgis_plugin.core.flows.zones import Zones, read_zones
from raw_qgis_plugin.core.sources.polygons import read_polygons
from raw_qgis_plugin.core.specs import FlowSpec
from raw_qgis_plugin.core.tracks import Tracks, build_tracks

TEN_MINUTES_MS = 600_000


def read_fixes(city: Path, every_ms: int) -> Tracks:
    """The fixes of a city, at most one in so many ms."""
    table = parquet.read_table(city / "tracks.parquet")
    user, t, lon, lat = (table[name].to_numpy() for name in ("user_id", "t", "lon", "lat"))
    first = run_starts(user, t // every_ms)
    return build_tracks(user[first], None, t[first], lon[first], lat[first])[0]


def true_trips(city: Path) -> tuple[Trips, Trips]:
    """The true trips of a city: all, and those whose ends are recorded."""
    table = csv.read_csv(city / "truth_tracks.csv")
    found = []
    for some in (table, table.filter(table["recorded"])):
        truth = {name: np.array(values) for name, values in some.to_pydict().items()}
        ids, user = np.unique(truth["user_id"], return_inverse=True)
        ends = (np.column_stack([truth[f"lon_{end}"], truth[f"lat_{end}"]]) for end in ("start", "end"))
        rest = np.ones(len(user)), np.zeros((len(user), 4)), np.ones(len(user), bool)
        found.append(Trips(ids.astype(object), user, truth["t_start"], truth["t_end"], *ends, *rest))
    return found[0], found[1]


def matrix(trips: Trips, zones: Zones) -> dict[tuple[str, str], float]:
    """How many trips go from zone to zone."""
    found = flows(trips, zones, FlowSpec(min_users=1)).matrix
    return {(a, b): n for a, b, n in zip(found["from_zone"], found["to_zone"], found["n_trips"])}


def common_part(one: dict[tuple[str, str], float], other: dict[tuple[str, str], float]) -> float:
    """The common part of commuters of two matrices."""
    return 2 * sum(min(n, other.get(pair, 0)) for pair, n in one.items()) / (sum(one.values()) + sum(other.values()))


if __name__ == "__main__":
    for city in map(Path, sys.argv[1:]):
        zones, truths = read_zones(read_polygons(city / "regions.geojson").shapes, None), true_trips(city)
        for words, every_ms in (("all fixes", 1), ("one in ten minutes", TEN_MINUTES_MS)):
            found = matrix(trips_of(find_diary(read_fixes(city, every_ms), None)), zones)
            every, recorded = (common_part(found, matrix(true, zones)) for true in truths)
            print(f"{city}: {words}: {every:.3f} of all true trips, {recorded:.3f} of those recorded")
