# SPDX-License-Identifier: GPL-2.0-or-later
"""A bundle learns to weigh where the layer's tracks went on before, and nothing else of it changes."""

from __future__ import annotations

import filecmp
import shutil

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch

from model import neighbours
from model import pretrain as pretraining
from model.data.corpus import load
from model.neighbours import answers, main, teach
from model.raw import spatial_median
from model.retrieval.examples import AGAIN, BESIDE_M, RECORDED, _layers, _rounds, lessons
from model.training.checkpoint import load_network
from raw_qgis_plugin.core.bundle.bundle import open_bundle, write_sums
from raw_qgis_plugin.core.bundle.contract import NEIGHBOURS_FILE
from raw_qgis_plugin.core.bundle.runtime import Model
from raw_qgis_plugin.core.errors import BundleError
from raw_qgis_plugin.core.forecasting.neighbours import ALIKE, NEIGHBOUR
from raw_qgis_plugin.core.forecasting.predict import forecast_at
from raw_qgis_plugin.core.geodesy import offset_m
from raw_qgis_plugin.core.sources.readers import read
from raw_qgis_plugin.core.tracks import build_tracks

from .conftest import nano_arguments

PLACES, VEHICLES, FIXES, A_DAY = 60, 300, 40, 25


@pytest.fixture(scope="module")
def fleet_file(tmp_path_factory):
    """Vehicles that mostly go on from a place to the one that comes after it, which no track says by itself: ten hours
    each, a day after others.
    """
    rng = np.random.default_rng(0)
    place = rng.uniform(0, 20_000, (PLACES, 2))
    after = np.roll(rng.permutation(PLACES), 1)
    at = np.zeros((VEHICLES, FIXES), int)
    at[:, 0] = rng.integers(0, PLACES, VEHICLES)
    for i in range(1, FIXES):
        at[:, i] = np.where(rng.random(VEHICLES) < 0.8, after[at[:, i - 1]], rng.integers(0, PLACES, VEHICLES))
    xy = place[at] + rng.normal(0, 40, (VEHICLES, FIXES, 2))
    t = (np.arange(VEHICLES) // A_DAY)[:, None] * 86_400 + np.arange(FIXES) * 900 + 28_800
    path = tmp_path_factory.mktemp("fleet") / "fleet.parquet"
    columns = {
        "user_id": np.repeat([f"v{i}" for i in range(VEHICLES)], FIXES), "t": (1_700_006_400 + t.ravel()) * 1000,
        "lon": 10 + xy[..., 0].ravel() / 111_320, "lat": xy[..., 1].ravel() / 110_574,
    }  # fmt: skip
    pq.write_table(pa.table(columns), path)
    return path


@pytest.fixture(scope="module")
def taught(tmp_path_factory, nano_run, fleet_file):
    output = tmp_path_factory.mktemp("taught") / "bundle"
    few = ["--lessons", "6000", "--epochs", "12"]
    main(["--bundle", str(nano_run / "bundle"), "--corpus", str(fleet_file), "--output", str(output), *few])
    return output


def test_who_heads_where_others_went_is_forecast_better(taught, nano_run, fleet_file):
    tracks = read(str(fleet_file))[0]
    last = tracks.t[tracks.track_offsets[1:] - 1]
    late = np.flatnonzero(last > np.median(last))
    row = tracks.track_offsets[1:][late] - 2
    off = {}
    for name, path in (("weighing", taught), ("before", nano_run / "bundle")):
        f = forecast_at(tracks, Model(open_bundle(path), "cpu"), late, tracks.t[row + 1], with_areas=True)
        x, y = (f.lon - tracks.lon[row + 1]) * 111_320, (f.lat - tracks.lat[row + 1]) * 110_574
        off[name] = np.hypot(x, y)
        assert np.isfinite(f.radius80_m).all() and all(a.is_valid for a in f.areas.ravel())
    assert off["weighing"].mean() < 0.9 * off["before"].mean()
    near = {name: (metres < 500).mean() for name, metres in off.items()}
    assert near["weighing"] > 2 * near["before"]
    card = open_bundle(taught).card["neighbours"]
    assert card["metres"] < card["metres_without"] and card["lessons"] > 3000


def test_only_what_a_fleet_is_forecast_changes(taught, nano_run, tracks_file):
    before = nano_run / "bundle"
    assert filecmp.cmp(taught / "backbone.onnx", before / "backbone.onnx", shallow=False)
    assert (taught / NEIGHBOURS_FILE).is_file() and not (before / NEIGHBOURS_FILE).exists()
    tracks = read(str(tracks_file))[0]
    track = np.arange(tracks.n_tracks)
    t = tracks.t[tracks.track_offsets[1:] - 1] - 100_000
    one, other = (forecast_at(tracks, Model(open_bundle(b), "cpu"), track, t) for b in (taught, before))
    np.testing.assert_array_equal(one.lon, other.lon)  # trips
    assert "likest" in (taught / "README.md").read_text("utf-8")


def test_the_runtime_says_what_was_taught(nano_run, fleet_file, taught):
    network, _ = load_network(nano_run / "bundle" / "weights.safetensors")
    some = lessons(load(str(fleet_file), validation=None), network, "quarter hours", 200)
    names = ("states", "query", "scale", "candidates", "places", "neighbours")
    parameters, options, leads = Model(open_bundle(taught), "cpu").neighbours(*(getattr(some, n) for n in names))
    m, places, found = len(some.kind), some.places.shape[1], some.neighbours.shape[1]
    assert parameters.shape[0] == m and options.shape == (m, places + found, 2) and leads.shape == (m, found, 2)
    torch.manual_seed(0)
    head = teach(network, some, None, 1, 0, print)
    mix, target = answers(head, some)
    assert torch.isfinite(spatial_median(mix)).all() and target.shape == (m, 2)


def test_lessons_are_of_who_roams_and_know_nothing_later(nano_run, fleet_file, days_file):
    network, _ = load_network(nano_run / "bundle" / "weights.safetensors")
    some = lessons(load(str(fleet_file), validation=None), network, "quarter hours", 500)
    assert len(some.kind) > 300 and set(some.kind) == {"roaming"}
    assert some.neighbours.shape[2] == len(NEIGHBOUR) and (some.neighbours[..., ALIKE] > 0.5).any()
    ago = some.neighbours[..., NEIGHBOUR.index("days_ago")].astype(float) * 86_400
    real = some.neighbours[..., ALIKE] > 0
    late = np.broadcast_to(some.horizon[:, None], real.shape)[real] - ago[real]
    assert late.max() < 120  # ways had ended by the last fix; half precision


@pytest.mark.parametrize("recorded", RECORDED)
def test_who_is_held_out_is_asked_among_all(fleet_file, recorded):
    source, rng = load(str(fleet_file), validation=True), np.random.default_rng(0)
    asked, users = set(), 0
    for layer, asker in _layers(source, recorded, rng):
        asked |= set(layer.user_ids[layer.user[asker]])
        users += layer.n_users
    assert asked == {str(u) for u in np.flatnonzero(source.shards.unseen)} and 2 <= len(asked) < 30
    assert users > 0.9 * VEHICLES
    learning = load(str(fleet_file), validation=False)
    for layer, _ in _layers(learning, recorded, rng):
        rounds = layer.n_users > len(np.unique(layer.user_ids.astype(int) % VEHICLES))
        assert rounds or not asked & set(layer.user_ids)


def test_in_some_layers_others_drive_the_same_rounds(fleet_file):
    layer = read(str(fleet_file))[0]
    for seed in range(5):
        rounds = _rounds(layer, np.random.default_rng(seed))
        again = int(np.random.default_rng(seed).integers(AGAIN[0], AGAIN[1] + 1))
        first = rounds.n_users // again
        assert 0.5 < rounds.n_users / layer.n_users < 1.2 and rounds.n_users == rounds.n_tracks
        t, lon, lat = (a.reshape(again, first, -1) for a in (rounds.t, rounds.lon, rounds.lat))
        assert (np.diff(t, axis=0) % 86_400_000 == 0).all() and (np.diff(t, axis=0) > 0).all()
        beside = np.hypot(*offset_m(lon[1:], lat[1:], lon[:1], lat[:1]).reshape(-1, 2).T)
        assert 0 < beside.max() < 10 * BESIDE_M[1]


def test_rounds_hold_a_position_that_is_held():
    n = 60
    place = np.arange(n) - np.arange(n) % 6 // 4  # every sixth one is held for two quarter hours more
    t = 1_700_000_000_000 + np.arange(n) * 900_000
    user = np.repeat(np.arange(4), n)
    layer = build_tracks(user, None, np.tile(t, 4), np.tile(10 + 0.01 * place, 4), np.full(4 * n, 50.0))[0]
    rounds = _rounds(layer, np.random.default_rng(1))
    held = (np.diff(rounds.lon) == 0) & (np.diff(rounds.track) == 0)
    assert rounds.n_users >= AGAIN[0] and held.sum() == rounds.n_tracks * (np.diff(place) == 0).sum() > 0


def test_who_stays_at_places_teaches_nothing(nano_run, tmp_path, capsys):
    n = 400
    t = 1_700_000_000_000 + np.arange(n) * 900_000
    rng = np.random.default_rng(0)
    columns = {"user_id": np.repeat([f"u{i}" for i in range(30)], n), "t": np.tile(t, 30)}
    lon, lat = 10 + rng.normal(0, 1e-4, 30 * n), 50 + rng.normal(0, 1e-4, 30 * n)
    pq.write_table(pa.table(columns | {"lon": lon, "lat": lat}), tmp_path / "home.parquet")
    arguments = ["--bundle", str(nano_run / "bundle"), "--corpus", str(tmp_path / "home.parquet")]
    with pytest.raises(Exception, match="nobody who roams"):
        main([*arguments, "--output", str(tmp_path / "out")])
    assert not (tmp_path / "out").exists()


def test_a_full_disk_leaves_the_bundle_before(nano_run, fleet_file, tmp_path, monkeypatch):
    bundle = shutil.copytree(nano_run / "bundle", tmp_path / "bundle")
    copytree = shutil.copytree

    def fill_up(source, target, *how, **more):
        if source.name == "fresh":
            raise OSError("No space left on device")
        return copytree(source, target, *how, **more)

    monkeypatch.setattr(neighbours, "add", lambda *_: True)
    monkeypatch.setattr(shutil, "copytree", fill_up)
    with pytest.raises(OSError, match="No space"):
        main(["--bundle", str(bundle), "--corpus", str(fleet_file), "--output", str(bundle)])
    assert open_bundle(bundle).card and list(tmp_path.iterdir()) == [bundle]


def test_who_goes_on_training_has_the_bundle_taught(nano_run, fleet_file, tmp_path, monkeypatch):
    monkeypatch.setattr(pretraining, "LESSONS", 1500)
    monkeypatch.setattr(pretraining, "LESSON_EPOCHS", 1)
    going_on = nano_arguments(fleet_file, tmp_path / "run", "--init", str(nano_run / "bundle"), "--steps", "2")
    pretraining.main(going_on)
    bundle = open_bundle(tmp_path / "run" / "bundle")
    assert (
        bundle.card["neighbours"]["corpus"][0].endswith("/fleet.parquet") and (bundle.path / NEIGHBOURS_FILE).is_file()
    )
    assert Model(bundle, "cpu").weighs_neighbours
    pretraining.main([*nano_arguments(fleet_file, tmp_path / "run", "--steps", "2"), "--resume", "--no-neighbours"])
    assert "neighbours" not in open_bundle(tmp_path / "run" / "bundle").card
    assert not Model(open_bundle(tmp_path / "run" / "bundle"), "cpu").weighs_neighbours


def test_a_hostile_graph_is_refused(taught, tmp_path):
    bundle = shutil.copytree(taught, tmp_path / "bundle")
    (bundle / NEIGHBOURS_FILE).write_bytes((taught / NEIGHBOURS_FILE).read_bytes()[:-100])
    write_sums(bundle)
    with pytest.raises(BundleError, match="neighbours"):
        open_bundle(bundle)
