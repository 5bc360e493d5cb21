# SPDX-License-Identifier: GPL-2.0-or-later
"""150,000 fixes of 61 people whom the model has never seen. The data is not part of the project."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

GEOLIFE = Path(__file__).parents[3] / "shared" / "data" / "geolife" / "points.parquet"
PEOPLE, FIXES = 61, 150_000
FIELDS = {"USER_FIELD": "user_id", "TIME_FIELD": "t"}


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The first fixes of 61 people, as a GeoPackage in UTM zone 50 N."""
    if not GEOLIFE.exists():
        pytest.skip(f"{GEOLIFE} is not there")
    from pyarrow import csv, parquet

    table = parquet.read_table(GEOLIFE, columns=["user_id", "t", "lon_e6", "lat_e6"])
    codes = table["user_id"].combine_chunks().dictionary_encode().indices.to_numpy()
    each = -(-FIXES // PEOPLE)
    enough = np.flatnonzero(np.bincount(codes) >= each)[:PEOPLE]
    table = table.take(
        np.concatenate([np.flatnonzero(codes == user)[:each] for user in enough])[:FIXES]
    )
    for name in ("lon", "lat"):
        table = table.append_column(name, [table[f"{name}_e6"].to_numpy() / 1e6])
    folder = tmp_path_factory.mktemp("geolife")
    csv.write_csv(table, folder / "people.csv")
    places = [
        "-oo",
        "X_POSSIBLE_NAMES=lon",
        "-oo",
        "Y_POSSIBLE_NAMES=lat",
        "-oo",
        "AUTODETECT_TYPE=YES",
    ]
    target = [str(folder / "people.gpkg"), str(folder / "people.csv")]
    subprocess.run(
        ["ogr2ogr", "-s_srs", "EPSG:4326", "-t_srs", "EPSG:32650", *places, *target], check=True
    )
    return target[0]


def test_everybody_is_forecast(run: Callable, people: str, bundle: str) -> None:
    outputs = {"OUTPUT_TRACKS": "TEMPORARY_OUTPUT", "OUTPUT_AREAS": "TEMPORARY_OUTPUT"}
    done = run(
        "raw:forecasttracks", INPUT=people, MODEL=bundle, HORIZON=10, STEP=1, **FIELDS, **outputs
    )
    assert done.values["N_USERS"] == PEOPLE
    assert done.values["N_POINTS"] + done.values["N_SKIPPED"] == FIXES
    assert [done.layer(name).featureCount() for name in ("OUTPUT", *outputs)] == [610, 3 * 61, 1220]
    assert {
        layer.crs().authid() for layer in (done.layer(name) for name in ("OUTPUT", *outputs))
    } == {"EPSG:32650"}


def test_everybody_is_profiled(run: Callable, people: str, bundle: str) -> None:
    done = run("raw:profileusers", INPUT=people, MODEL=bundle, **FIELDS)
    assert done.layer().featureCount() == PEOPLE and done.values["N_USERS"] == PEOPLE
