# SPDX-License-Identifier: GPL-2.0-or-later
"""Pretraining on invented tracks: the loss falls, a run resumes where it stopped, and the bundle forecasts."""

import json
import os

import numpy as np
import pytest
from safetensors import safe_open

from model.batches import CADENCES, Batches
from model.corpus import load
from model.export import main as export
from model.heldout import HELD_OUT_DEVICES, held_out_cab
from model.pretrain import main as pretrain
from raw_qgis_plugin.core.bundle import open_bundle
from raw_qgis_plugin.core.errors import InputError

from .conftest import nano_arguments, write_tracks


def test_the_loss_falls_and_beats_the_baseline(tmp_path, tracks_file, lines):
    pretrain(nano_arguments(tracks_file, tmp_path / "run"))
    told = lines()
    steps = [x for x in told if "loss" in x]
    assert [x["step"] for x in steps] == [40, 80, 120]
    assert steps[-1]["loss"] < 0.9 * steps[0]["loss"]
    assert told[-1]["ratio_15s"] < 0.95  # people unseen, against constant velocity
    assert {"points_per_s", "seconds_left", "lr"} <= steps[0].keys()
    assert any((tmp_path / "run" / "logs").iterdir())


def test_the_bundle_is_whole_and_says_how_it_was_made(nano_run):
    card = open_bundle(nano_run / "bundle").card
    assert card["name"] == "raw-nano" and card["training"]["step"] == 120 and card["onnx_difference"] < 1e-4
    known = card["calibration"]["trips"]
    assert known["horizon_s"] and all(f > 0 for f in known["factor80"])
    with safe_open(nano_run / "bundle" / "weights.safetensors", "np") as f:
        assert sum(f.get_tensor(k).size for k in f.keys()) == card["parameters"]  # noqa: SIM118


def test_a_run_stopped_and_resumed_equals_an_unbroken_one(tmp_path, tracks_file, nano_run):
    broken = tmp_path / "run"
    state = broken / "state.safetensors"
    stopped = nano_arguments(tracks_file, broken, "--stop-after", "40")
    pretrain(stopped)
    with safe_open(state, "np") as f:
        assert json.loads(f.metadata()["about"])["step"] == 40
    pretrain(nano_arguments(tracks_file, broken, "--resume"))
    with safe_open(state, "np") as a, safe_open(nano_run / "state.safetensors", "np") as b:
        for name in b.keys():  # noqa: SIM118
            np.testing.assert_allclose(a.get_tensor(name), b.get_tensor(name), rtol=1e-3, atol=1e-4, err_msg=name)


def test_a_corpus_with_nobody_to_hold_apart_keeps_the_areas_and_says_so(tmp_path, nano_run, lines):
    one, before = write_tracks(tmp_path / "one.parquet", users=1), open_bundle(nano_run / "bundle").card
    few = ["--steps", "2", "--points", "512", "--device", "cpu"]
    few += ["--corpus", str(one), "--init", str(nano_run / "bundle")]
    pretrain([*few, "--output", str(tmp_path / "run")])
    assert any("areas stay as they were" in x.get("warning", "") for x in lines())
    card = open_bundle(tmp_path / "run" / "bundle").card
    assert card["calibration"] == before["calibration"] and card["domain"] == before["domain"]
    least, most = before["domain"]["cadence_s"]
    assert 5 <= least <= 10 and most == 120  # a fix every ten seconds for half an hour: nothing finer or coarser
    with pytest.raises(InputError, match="--init is a raw-nano"):
        pretrain([*few, "--preset", "raw-small", "--output", str(tmp_path / "other")])


def test_export_takes_no_other_folder_s_place(tmp_path, nano_run):
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(InputError, match="is no model bundle"):
        export(["--run", str(nano_run), "--output", str(tmp_path)])
    assert (tmp_path / "thesis.txt").read_text() == "years of work"


def test_export_needs_a_run(tmp_path):
    with pytest.raises(InputError, match="no run"):
        export(["--run", str(tmp_path), "--output", str(tmp_path / "bundle")])


def test_batches_are_those_of_their_seed_and_number(tracks_file):
    source = load(str(tracks_file))
    one, two, other = Batches([source], 1024, 5), Batches([source], 1024, 5), Batches([source], 1024, 6)
    for a, b in ((one.batch(3), two.batch(3)),):
        np.testing.assert_array_equal(a.x, b.x)
        np.testing.assert_array_equal(a.target, b.target)
    a, b = one.batch(3, 10), other.batch(3, 10)
    assert not np.array_equal(a.x, b.x)


def test_targets_lie_where_the_track_went(tracks_file):
    batch = Batches([load(str(tracks_file))], 1024).batch(0, 10)
    assert batch.asked.mean() > 0.5 and set(np.unique(np.isfinite(batch.x))) == {True}
    metres = np.linalg.norm(batch.target, axis=-1) * batch.scale
    dt = batch.scale / batch.speed
    speed = (metres / dt)[batch.asked]
    assert np.quantile(speed, 0.05) > 0.3 and np.quantile(speed, 0.95) < 18  # walkers and drivers


def test_who_is_held_apart_never_trains(tmp_path):
    import pyarrow as pa
    import pyarrow.parquet as pq

    cabs = [str(i) for i in range(200)]
    n = 50
    table = {
        "cab_id": np.repeat(cabs, n),
        "t": np.tile(1_700_000_000_000 + np.arange(n) * 60_000, len(cabs)),
        "lon": np.tile(np.linspace(-122.5, -122.4, n), len(cabs)),
        "lat": np.full(n * len(cabs), 37.7),
    }
    pq.write_table(pa.table(table), tmp_path / "cabs.parquet")
    kept = load(str(tmp_path / "cabs.parquet"), validation=None)
    held = sum(held_out_cab(c) for c in cabs)
    assert 10 < held < 40 and len(kept.t) == n * (len(cabs) - held)


def test_the_sample_devices_never_train():
    data = os.path.join(os.path.dirname(__file__), "..", "..", "..", "shared", "data", "gotrack")
    if not os.path.isdir(data):
        pytest.skip("There is no ../shared/data with GoTrack here.")
    from raw_qgis_plugin.core.sources import read

    everyone, _, _ = read(f"gotrack:{data}")
    sample = np.isin(everyone.user_ids.astype(str), HELD_OUT_DEVICES)[everyone.user]
    assert sample.any()
    others = everyone.take(~sample).by_user()
    read_back = load(f"gotrack:{data}", validation=None)  # users in another order; of fixes at one time any one
    np.testing.assert_array_equal(np.sort(np.array(read_back.t)), np.sort(others.t))
    fixes, held = ({*zip(np.array(a.t), np.array(a.lon).round(7))} for a in (read_back, everyone.take(sample)))
    assert not fixes & held


def test_every_cadence_has_a_share():
    assert min(CADENCES) == 1 and max(CADENCES) == 1800 and all(w > 0 for w in CADENCES.values())
