# SPDX-License-Identifier: GPL-2.0-or-later
"""How well found trips agree with those of synthetic cities: python docs/scripts/cpc.py CITY ...

CITY: a folder of `python -m model.synthetic`. Prints the common part of commuters (twice the trips
common to the matrix found and the true one, over the trips of both) between its hexagons of 700 m,
of all true trips and of those that are recorded, with all fixes and with one in ten minutes; and in
brackets that of somebody who knows which of the true places each fix is at, and joins the places
seen one after the other.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from pyarrow import csv, parquet

from raw_qgis_plugin.core.arrays import run_starts
from raw_qgis_plugin.core.cleaning import build_tracks
from raw_qgis_plugin.core.flows.flows import flows
from raw_qgis_plugin.core.flows.zones import Zones, read_zones
from raw_qgis_plugin.core.geodesy import metres_between
from raw_qgis_plugin.core.mobility.diary import find_diary
from raw_qgis_plugin.core.mobility.journeys import find_journeys
from raw_qgis_plugin.core.mobility.tables import Journeys
from raw_qgis_plugin.core.sources.polygons import read_polygons
from raw_qgis_plugin.core.specs import FlowSpec
from raw_qgis_plugin.core.tracks import Tracks

TEN_MINUTES_MS = 600_000
NEAR_M = 200.0  # as in the column `recorded`


def read_fixes(city: Path, every_ms: int) -> Tracks:
    """The fixes of a city, at most one in so many ms."""
    table = parquet.read_table(city / "tracks.parquet")
    user, t, lon, lat = (table[name].to_numpy() for name in ("user_id", "t", "lon", "lat"))
    first = run_starts(user, t // every_ms)
    return build_tracks(user[first], None, t[first], lon[first], lat[first])[0]


def true_trips(city: Path, tracks: Tracks) -> tuple[Journeys, Journeys, Journeys]:
    """The true trips of a city: all, those whose ends are recorded, and those between the places
    seen in tracks.
    """
    truth = csv.read_csv(city / "truth_tracks.csv").sort_by(
        [("user_id", "ascending"), ("t_start", "ascending")]
    )
    t, recorded = np.stack([truth["t_start"], truth["t_end"]]), np.array(truth["recorded"])
    ids, user = np.unique(truth["user_id"], return_inverse=True)
    ends = [np.column_stack([truth[f"lon_{end}"], truth[f"lat_{end}"]]) for end in ("start", "end")]
    of_fix, seen = ids.searchsorted(tracks.user_ids.astype(str))[tracks.user], []
    for who in range(user[-1] + 1):
        trips, fixes = np.flatnonzero(user == who), np.flatnonzero(of_fix == who)
        places = np.append(ends[0][trips[:1]], ends[1][trips], axis=0)
        at = np.searchsorted(t[:, trips].mean(axis=0), tracks.t[fixes])
        near = metres_between(tracks.lon[fixes], tracks.lat[fixes], *places[at].T) < NEAR_M
        at = np.unique(at[near])
        moved = (places[at[1:]] != places[at[:-1]]).any(axis=1)
        seen.append((places[at[:-1]][moved], places[at[1:]][moved]))
    between = (*map(np.concatenate, zip(*seen)),)
    return _trips(*ends), _trips(*(end[recorded] for end in ends)), _trips(*between)


def _trips(begin: np.ndarray, end: np.ndarray) -> Journeys:
    none = np.zeros(len(begin), np.int64)
    return Journeys(
        np.array(["1"], object),
        none,
        none,
        none,
        begin,
        end,
        none,
        np.zeros((len(none), 4)),
        none == 0,
    )


def matrix(trips: Journeys, zones: Zones) -> dict[tuple[str, str], float]:
    """How many trips go from zone to zone."""
    found = flows(trips, zones, FlowSpec(min_users=1)).matrix
    return {(a, b): n for a, b, n in zip(found["from_zone"], found["to_zone"], found["n_trips"])}


def common_part(one: dict[tuple[str, str], float], other: dict[tuple[str, str], float]) -> float:
    """The common part of commuters of two matrices."""
    return (
        2
        * sum(min(n, other.get(pair, 0)) for pair, n in one.items())
        / (sum(one.values()) + sum(other.values()))
    )


if __name__ == "__main__":
    for city in map(Path, sys.argv[1:]):
        zones = read_zones(read_polygons(city / "regions.geojson").shapes, None)
        for words, every_ms in (("all fixes", 1), ("one in ten minutes", TEN_MINUTES_MS)):
            tracks = read_fixes(city, every_ms)
            every, recorded, best = (matrix(trips, zones) for trips in true_trips(city, tracks))
            found = matrix(find_journeys(find_diary(tracks, None)), zones)
            figures = (
                f"{common_part(found, true):.3f} ({common_part(best, true):.3f})"
                for true in (every, recorded)
            )
            print(
                f"{city}: {words}: {{}} of all true trips, {{}} of those recorded".format(*figures)
            )
