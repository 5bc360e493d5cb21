# SPDX-License-Identifier: GPL-2.0-or-later
"""The scorer: it learns where continuations lead, and its examples know nothing later."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from model.data.corpus import load
from model.shipped.retrieval import train as fitting
from model.shipped.retrieval.layers import DAYS, TRIPS, layers_with_queries
from model.shipped.retrieval.train import collect, mirrored
from model.shipped.retrieval.train import main as train_scorer
from raw_qgis_plugin.core.arrays import take_rows
from raw_qgis_plugin.core.bundle import runtime
from raw_qgis_plugin.core.bundle.bundle import open_bundle
from raw_qgis_plugin.core.bundle.runtime import Model
from raw_qgis_plugin.core.errors import InputError
from raw_qgis_plugin.core.forecasting.context import ContextKind
from raw_qgis_plugin.core.forecasting.neighbours import COLUMNS, WEIGHT

from .conftest import write_tracks

FEW = ["--examples", "4000", "--epochs", "4"]


@pytest.fixture(scope="module")
def streets(tmp_path_factory):
    """Drivers, a fix each 15 s, who turn where everybody turns: right, left and so on, every 300 m
    on average.
    """
    rng, drivers, trips, fixes = np.random.default_rng(0), 30, 6, 60
    heading = np.cumsum(np.append(0, rng.permutation(np.tile([-1, 1], 20)))) * np.pi / 2
    corners = np.cumsum(np.stack([np.cos(heading), np.sin(heading)], axis=1) * 300.0, axis=0)
    along = np.append(0, np.cumsum(np.hypot(*np.diff(corners, axis=0).T)))
    begin, speed = (
        rng.uniform(0, 2000, (drivers, trips, 1)),
        rng.uniform(8, 12, (drivers, trips, 1)),
    )
    way = begin + speed * 15 * np.arange(fixes)
    x, y = (np.interp(way, along, corners[:, c]) + rng.normal(0, 4, way.shape) for c in (0, 1))
    t = 1_700_000_000_000 + np.arange(trips)[:, None] * 86_400_000 + np.arange(fixes) * 15_000
    t = np.broadcast_to(t, way.shape) + np.arange(drivers)[:, None, None] * 600_000
    columns = {
        "user_id": np.repeat([f"u{i}" for i in range(drivers)], trips * fixes), "t": t.ravel(),
        "lon": 10 + x.ravel() / 111_320, "lat": y.ravel() / 110_574,
    }  # fmt: skip
    path = tmp_path_factory.mktemp("streets") / "streets.parquet"
    pq.write_table(pa.table(columns), path)
    return path


@pytest.fixture(scope="module")
def fleet_file(tmp_path_factory):
    """Vehicles that mostly go on from a place to the one after it, which no track says by itself:
    ten hours each.
    """
    rng, places, vehicles, fixes, a_day = np.random.default_rng(0), 60, 300, 40, 25
    place, after = rng.uniform(0, 20_000, (places, 2)), np.roll(rng.permutation(places), 1)
    at = np.zeros((vehicles, fixes), int)
    at[:, 0] = rng.integers(0, places, vehicles)
    for i in range(1, fixes):
        at[:, i] = np.where(
            rng.random(vehicles) < 0.8, after[at[:, i - 1]], rng.integers(0, places, vehicles)
        )
    xy = place[at] + rng.normal(0, 40, (vehicles, fixes, 2))
    t = (np.arange(vehicles) // a_day)[:, None] * 86_400 + np.arange(fixes) * 900 + 28_800
    columns = {
        "user_id": np.repeat([f"v{i}" for i in range(vehicles)], fixes), "t": (1_700_006_400 + t.ravel()) * 1000,
        "lon": 10 + xy[..., 0].ravel() / 111_320, "lat": xy[..., 1].ravel() / 110_574,
    }  # fmt: skip
    path = tmp_path_factory.mktemp("fleet") / "fleet.parquet"
    pq.write_table(pa.table(columns), path)
    return path


@pytest.fixture(scope="module")
def turns(streets):
    source = load(str(streets), validation=None)
    return collect([source], Model(open_bundle(), "cpu"), TRIPS[1:2], 3000, 0, lambda _: None)


def test_turns_of_others_are_learned(turns):
    assert (
        len(turns) > 1000
        and (turns.inputs["continuations"][..., WEIGHT].max(axis=1) > 0).mean() > 0.9
    )
    order = np.random.default_rng(0).permutation(len(turns))
    rest, apart = take_rows(turns, order[500:]), take_rows(turns, order[:500])
    reported: list[dict] = []
    scorer = fitting.train(rest, 12, 0, reported.append)
    alone = replace(
        apart, inputs=apart.inputs | {"continuations": np.zeros_like(apart.inputs["continuations"])}
    )
    with_others, without = (fitting.evaluate(scorer, some)[0]["error"] for some in (apart, alone))
    assert with_others < 0.75 * without and reported[-1]["loss"] < reported[0]["loss"]


def test_left_and_right_are_exchanged(turns):
    some = take_rows(turns, np.arange(50))
    other = mirrored(some)
    np.testing.assert_allclose(np.hypot(*other.target_m.T), np.hypot(*some.target_m.T))
    for name, values in mirrored(other).inputs.items():
        np.testing.assert_array_equal(values, some.inputs[name])
    assert (other.inputs["continuations"][..., 1] == -some.inputs["continuations"][..., 1]).all()
    assert (other.inputs["continuations"][..., 0] == some.inputs["continuations"][..., 0]).all()


def test_examples_of_days_are_of_fleets_and_know_nothing_later(nano_run, fleet_file):
    source = load(str(fleet_file), validation=None)
    some = collect(
        [source], Model(open_bundle(nano_run / "bundle"), "cpu"), DAYS[:1], 500, 0, lambda _: None
    )
    assert some is not None and len(some) > 300 and set(some.kind) == {ContextKind.FLEET_DAY}
    continuations = some.inputs["continuations"].astype(float)
    real = continuations[..., WEIGHT] > 0
    ago_s = continuations[..., COLUMNS.index("age_days")] * 86_400
    late_s = np.broadcast_to(some.seconds[:, None], real.shape)[real] - ago_s[real]
    # continuations had ended by the last fix; half precision
    assert real.any() and late_s.max() < 120


def test_people_held_out_are_asked_among_all(fleet_file):
    source, rng = load(str(fleet_file), validation=True), np.random.default_rng(0)
    asked, users = set(), 0
    for layer, able in layers_with_queries(source, DAYS[0], rng):
        asked |= set(layer.user_ids[layer.user[able]])
        users += layer.n_users
    assert asked == {str(u) for u in np.flatnonzero(source.shards.unseen)} and 2 <= len(asked) < 30
    assert users > 270


def test_the_command_leaves_a_scorer_that_serves_any_model(
    streets, turns, tmp_path, monkeypatch, lines
):
    train_scorer(["--corpus", str(streets), "--output", str(tmp_path / "scorer"), *FEW])
    card = json.loads((tmp_path / "scorer" / "card.json").read_text())
    assert card["examples"]["trips"] > 200 and card["corpus"][0].endswith("/streets.parquet")
    assert lines()[-1]["epochs"] == 4
    monkeypatch.setitem(runtime.SCORERS, "trips", tmp_path / "scorer" / "trips.onnx")
    some = take_rows(turns, np.arange(30))
    log_weights, scales, leads_to = Model(open_bundle(), "cpu").score("trips", some.inputs)
    components = some.inputs["scale"].shape[1] + some.inputs["continuations"].shape[1]
    assert log_weights.shape == scales.shape == (30, components) and leads_to.shape[2] == 2
    np.testing.assert_allclose(np.exp(log_weights).sum(axis=1), 1, rtol=1e-4)


def test_a_lone_track_teaches_nothing(tmp_path):
    one = write_tracks(tmp_path / "one.parquet", users=1, fixes=8)
    with pytest.raises(InputError, match=r"too few trips|no tracks"):
        train_scorer(["--corpus", str(one), "--output", str(tmp_path / "w")])
    with pytest.raises(InputError, match="is a file"):
        train_scorer(["--corpus", "nothing", "--output", str(one)])
