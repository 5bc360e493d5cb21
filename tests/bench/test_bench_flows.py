# SPDX-License-Identifier: GPL-2.0-or-later
"""Flows: the trips of a synthetic city that the matrix found and the true one share, and seconds beyond the diary."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest
from pyarrow import csv, parquet

from raw_qgis_plugin.core.diary.diary import find_diary
from raw_qgis_plugin.core.flows.flows import flows
from raw_qgis_plugin.core.flows.trips import Trips, trips_of
from raw_qgis_plugin.core.flows.zones import Zones, read_zones
from raw_qgis_plugin.core.sources.polygons import read_polygons
from raw_qgis_plugin.core.specs import FlowSpec
from raw_qgis_plugin.core.tracks import Tracks, build_tracks

SEEDS = (21, 22)


@pytest.fixture(scope="module", params=SEEDS)
def city(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """As `python -m model.synthetic --small --complete --seed SEED`."""
    from model.synthetic.generate import CitySpec, generate

    folder = tmp_path_factory.mktemp("city")
    generate(CitySpec(people=400, weeks=1, complete=True, seed=request.param), folder)
    return folder


def read_city(folder: Path, every_ms: int = 1) -> tuple[Tracks, Trips, Zones]:
    """The fixes of a city, one in so many ms, its true trips, and its hexagons of 700 m."""
    table = parquet.read_table(folder / "tracks.parquet")
    user, t, lon, lat = (table[name].to_numpy() for name in ("user_id", "t", "lon", "lat"))
    new = np.append(True, (user[1:] != user[:-1]) | (t[1:] // every_ms != t[:-1] // every_ms))
    tracks, _ = build_tracks(user[new], None, t[new], lon[new], lat[new])
    truth = {name: np.array(values) for name, values in csv.read_csv(folder / "truth_tracks.csv").to_pydict().items()}
    ids, who = np.unique(truth["user_id"], return_inverse=True)
    ends = (np.column_stack([truth[f"lon_{end}"], truth[f"lat_{end}"]]) for end in ("start", "end"))
    n = len(who)
    columns = truth["t_start"], truth["t_end"], *ends, np.ones(n), np.zeros((n, 4)), np.ones(n, bool)
    true = Trips(ids.astype(object), who, *columns)
    return tracks, true, read_zones(read_polygons(folder / "regions.geojson").shapes, None)


def common_part(one: Trips, other: Trips, zones: Zones) -> float:
    """The common part of commuters: twice the trips common to two matrices over the trips of both."""
    found = [flows(trips, zones, FlowSpec(min_users=1)).pairs for trips in (one, other)]
    one_by, other_by = ({(a, b): n for a, b, n in zip(each["from"], each["to"], each["n_trips"])} for each in found)
    common = sum(min(n, other_by.get(pair, 0)) for pair, n in one_by.items())
    return 2 * common / (sum(one_by.values()) + sum(other_by.values()))


@pytest.mark.parametrize(("minutes", "least"), [(0, 0.94), (10, 0.9)])
def test_the_trips_found_are_those_that_were_made(city: Path, minutes: int, least: float) -> None:
    tracks, true, zones = read_city(city, max(1, 60_000 * minutes))
    share = common_part(trips_of(find_diary(tracks, None)), true, zones)
    print(f"\ncommon part of commuters {share:.3f}, one fix in {minutes} minutes")
    assert share > least


def test_flows_take_as_long_as_there_are_fixes(city: Path) -> None:
    tracks, _, zones = read_city(city)
    side = np.random.default_rng(1).choice(len(zones.names), 200, replace=False)
    zones, seconds = Zones(zones.names[side], zones.shapes[side]), []
    for copies in (1_000_000 // len(tracks), 10_000_000 // len(tracks)):
        user = np.repeat(np.arange(copies) * tracks.n_users, len(tracks)) + np.tile(tracks.user, copies)
        many, _ = build_tracks(user, None, *(np.tile(column, copies) for column in (tracks.t, tracks.lon, tracks.lat)))
        diary = find_diary(many, None)
        began = time.process_time()
        found = flows(trips_of(diary), zones, FlowSpec())
        seconds.append((time.process_time() - began) / len(many) * 1e6)
        print(f"\n{len(many):,} fixes, {found.n_trips:,} trips: {seconds[-1]:.2f} s a million beyond the diary")
    assert seconds[0] < 3 and seconds[1] < 1.5 * seconds[0]
