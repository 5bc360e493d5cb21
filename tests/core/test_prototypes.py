# SPDX-License-Identifier: GPL-2.0-or-later
"""Typical ways that a model brings: where they lead, how alike they are, and files that hold none."""

from __future__ import annotations

import shutil

import numpy as np
import pytest

from raw_qgis_plugin.core.bundle.bundle import open_bundle, write_sums
from raw_qgis_plugin.core.bundle.contract import PROTOTYPE, PROTOTYPE_LAGS, PROTOTYPES_FILE, read_prototypes
from raw_qgis_plugin.core.bundle.runtime import Model
from raw_qgis_plugin.core.errors import BundleError
from raw_qgis_plugin.core.forecasting.neighbours import WEIGHT, Kernel, Neighbours, Prototypes
from raw_qgis_plugin.core.forecasting.predict import Queries, predict
from raw_qgis_plugin.core.tracks import build_tracks

LAG_S, SPEED_MS = 16, 10.0  # of pace 2
DEGREE_M = 111_320
NOTHING = 1e-3  # the track's own past says so much of where it has never been


def turning_north(lon0: float = 13.0, n: int = 40, known: int = len(PROTOTYPE_LAGS)) -> np.ndarray:
    """Ways that come from the west to (lon0, 0) and go on north, all from the same place."""
    table = np.zeros(n, PROTOTYPE)
    table["pace"], table["lon_e6"] = 2, round(1e6 * ((lon0 + 180) % 360 - 180))
    table["velocity_ms"] = SPEED_MS, 0
    table["offset_m"][:, :, 1] = SPEED_MS * LAG_S * PROTOTYPE_LAGS
    table["offset_m"][:, known:] = np.nan
    return table


def from_the_west(lon0: float = 13.0, steps: int = 20):
    """A track that has just come to (lon0, 0)."""
    step = np.arange(steps)
    lon = lon0 - (steps - 1 - step) * SPEED_MS * LAG_S / DEGREE_M
    t = 1_600_000_000_000 + step * LAG_S * 1000
    return build_tracks(np.zeros(steps, int), None, t, (lon + 180) % 360 - 180, np.zeros(steps))[0]


def asked(tracks, table, horizon_s):
    return ways_of(Neighbours(tracks, Prototypes(table)), len(tracks) - 1, horizon_s)


def ways_of(neighbours, last, horizon_s):
    """The ways (1, h, Kernel.count, 2) of the trip that ends with a row, and how alike they are."""
    found, _ = neighbours.of_trips(np.array([last]), np.array([last - 1]), np.array([horizon_s]))
    return found[..., :2], found[..., WEIGHT]


def forecast(tracks, model, horizons_s):
    return predict(tracks, model, Queries.ahead(tracks, horizons_s))


@pytest.mark.parametrize("lon0", [13.0, 180.0])
def test_they_lead_where_movement_goes_on(lon0):
    ways, alike = asked(from_the_west(lon0), turning_north(lon0), [8.0, 32.0, 96.0])
    assert ways.shape == (1, 3, Kernel.count, 2) and (alike > 0.99).all()
    np.testing.assert_allclose(ways[0, :, 0], [[0, 80], [0, 320], [0, 960]], atol=1)


def test_nothing_is_told_beyond_what_is_known():
    _, alike = asked(from_the_west(), turning_north(known=3), [64.0, 65.0])
    assert (alike[0, 0] > 0.99).all() and alike[0, 1].max() < NOTHING
    _, alike = asked(from_the_west(), turning_north(), [LAG_S * PROTOTYPE_LAGS[-1], LAG_S * PROTOTYPE_LAGS[-1] + 1])
    assert (alike[0, 0] > 0.99).all() and alike[0, 1].max() < NOTHING


def test_the_farther_or_the_less_alike_the_less_they_count():
    near, there = turning_north(), from_the_west()
    for column, change in (("lon_e6", 1000), ("velocity_ms", -4.0)):
        away = near.copy()
        away[column] += np.array(change, away[column].dtype)
        _, alike = asked(there, away, [32.0])
        assert (alike > 0.01).all() and (alike < 0.7).all()
    other = near.copy()
    other["pace"] = 3  # movement seen every minute says nothing of seconds
    assert asked(there, other, [32.0])[1].max() < NOTHING
    assert asked(there, near[:0], [32.0])[1].max() < NOTHING


def test_the_likest_of_the_layer_and_of_the_model_count():
    tracks = from_the_west(steps=60)  # the layer's own past goes straight on
    own, alike = ways_of(Neighbours(tracks), 30, [32.0])
    table = turning_north(float(tracks.lon[30]), n=3)
    both, known = ways_of(Neighbours(tracks, Prototypes(table)), 30, [32.0])
    np.testing.assert_allclose(both[0, 0, :3], [[0, 320]] * 3, atol=1)
    np.testing.assert_allclose(both[0, 0, 3:], own[0, 0, :-3])
    assert known.sum() == pytest.approx(alike.sum() + 3, abs=0.01)


@pytest.fixture(scope="module")
def knowing(tmp_path_factory):
    """The shipped bundle with ways that turn north."""
    folder = tmp_path_factory.mktemp("models") / "knowing"
    shutil.copytree(open_bundle().path, folder)
    turning_north().tofile(folder / PROTOTYPES_FILE)
    write_sums(folder)
    return folder


def test_forecasts_lean_toward_the_ways_of_their_model(knowing, tmp_path):
    horizons = np.array([64.0, 96.0])
    shipped, model = Model(open_bundle(), "cpu"), Model(open_bundle(knowing), "cpu")
    assert shipped.prototypes is None
    here, there = from_the_west(), from_the_west(20.0)
    plain, leaning = forecast(here, shipped, horizons), forecast(here, model, horizons)
    assert (leaning.lat > plain.lat + 100 / DEGREE_M).all() and (leaning.lon < plain.lon).all()
    for name in ("lon", "lat", "radius80_m"):
        np.testing.assert_array_equal(
            getattr(forecast(there, shipped, horizons), name), getattr(forecast(there, model, horizons), name)
        )
    archive = shutil.make_archive(str(tmp_path / "packed"), "zip", knowing)
    np.testing.assert_array_equal(forecast(here, Model(open_bundle(archive), "cpu"), horizons).lat, leaning.lat)


def broken(column: str, value: float) -> np.ndarray:
    table = turning_north()
    table[column] = value
    return table


@pytest.mark.parametrize("table", [
    np.zeros(3, np.uint8), broken("lat_e6", 90_000_001), broken("lon_e6", -(2**31)), broken("velocity_ms", np.nan),
    broken("offset_m", np.inf),
])  # fmt: skip
def test_a_file_without_proper_ways_is_refused(tmp_path, table):
    table.tofile(tmp_path / PROTOTYPES_FILE)
    with pytest.raises(BundleError, match="typical_ways"):
        read_prototypes(tmp_path / PROTOTYPES_FILE)


def test_more_ways_than_any_corpus_gives_are_refused_unread(tmp_path):
    with (tmp_path / PROTOTYPES_FILE).open("wb") as file:
        file.truncate(2_000_001 * PROTOTYPE.itemsize)
    with pytest.raises(BundleError, match="typical_ways"):
        read_prototypes(tmp_path / PROTOTYPES_FILE)


def test_a_file_that_ends_too_soon_is_refused(knowing, tmp_path):
    folder = shutil.copytree(knowing, tmp_path / "cut")
    (folder / PROTOTYPES_FILE).write_bytes((folder / PROTOTYPES_FILE).read_bytes()[:-10])
    write_sums(folder)
    with pytest.raises(BundleError, match="typical_ways"):
        open_bundle(folder)
