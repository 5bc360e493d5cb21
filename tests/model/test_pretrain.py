# SPDX-License-Identifier: GPL-2.0-or-later
"""Pretraining on invented tracks: the loss falls, a run resumes where it stopped, and the bundle
forecasts.
"""

import os
import pickle
import shutil
import subprocess
import sys
from argparse import Namespace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
import torch
from safetensors import safe_open

from model.data.batches import Batches, feed
from model.data.corpus import load
from model.data.heldout import HELD_OUT_DEVICES, held_out_cab
from model.data.shards import unseen
from model.export import main as export
from model.pretrain import main as pretrain
from model.training import calibrate as calibration
from model.training.calibrate import between, calibrate
from model.training.checkpoint import load_network, network_of
from model.training.onnx_export import backbone_difference
from raw_qgis_plugin.core.bundle.bundle import open_bundle
from raw_qgis_plugin.core.bundle.contract import CALIBRATION_COLUMNS
from raw_qgis_plugin.core.errors import InputError, RawError
from raw_qgis_plugin.core.sources.readers import read

from .conftest import nano_arguments, pretrain_until, write_tracks


def test_the_loss_falls_and_the_bundle_is_whole(tmp_path, tracks_file, lines):
    pretrain(nano_arguments(tracks_file, tmp_path / "run"))
    told = lines()
    steps = [x for x in told if "loss" in x]
    assert [x["step"] for x in steps] == [40, 80, 120]
    assert steps[-1]["loss"] < 0.9 * steps[0]["loss"]
    assert told[-1]["ratio_15s"] < 0.95  # people unseen, against constant velocity
    assert {"points_per_s", "seconds_left", "lr"} <= steps[0].keys()
    card = open_bundle(tmp_path / "run" / "bundle").card
    assert (
        card["name"] == "raw-nano"
        and card["training"]["step"] == 120
        and card["onnx_difference"] < 1e-4
    )
    assert (
        card["calibration"]["trips"]["horizon_s"]
        and min(card["calibration"]["trips"]["factor80"]) > 0
    )
    with safe_open(tmp_path / "run" / "bundle" / "weights.safetensors", "np") as f:
        assert sum(f.get_tensor(k).size for k in f.keys()) == card["parameters"]  # noqa: SIM118


def test_a_run_stopped_and_resumed_equals_an_unbroken_one(tmp_path, tracks_file, nano_run, quick):
    broken = tmp_path / "run"
    state = broken / "state.safetensors"
    pretrain_until(40, nano_arguments(tracks_file, broken))
    assert not (broken / ".shards").exists(), "they are personal"
    pretrain(nano_arguments(tracks_file, broken, "--resume"))
    with safe_open(state, "np") as a, safe_open(nano_run / "state.safetensors", "np") as b:
        for name in b.keys():  # noqa: SIM118
            np.testing.assert_allclose(
                a.get_tensor(name), b.get_tensor(name), rtol=1e-3, atol=1e-4, err_msg=name
            )


# ---- forecast areas
# -----------------------------------------------------------------------------------------------


def test_a_corpus_with_nobody_to_hold_out_keeps_the_areas(tmp_path, nano_run, tracks_file, lines):
    """One person goes on from a calibrated model, with a city kept: the city's people calibrate
    nothing.
    """
    one, before = (
        write_tracks(tmp_path / "one.parquet", users=1),
        open_bundle(nano_run / "bundle").card,
    )
    few = ["--steps", "2", "--points", "512", "--device", "cpu", "--keep", str(tracks_file)]
    few += ["--corpus", str(one), "--init", str(nano_run / "bundle")]
    pretrain([*few, "--output", str(tmp_path / "run")])
    told = lines()
    assert any("areas stay as they were" in x.get("warning", "") for x in told)
    assert not any("validation_loss" in x for x in told)
    card = open_bundle(tmp_path / "run" / "bundle").card
    assert card["calibration"] == before["calibration"] and card["domain"] == before["domain"]
    assert len(card["training"]["corpus"]) == 2 and "--keep" in card["training"]["command"]
    with pytest.raises(InputError, match="--init is a raw-nano"):
        pretrain([*few, "--preset", "raw-small", "--output", str(tmp_path / "other")])


def test_people_held_out_may_have_too_short_tracks(tmp_path, lines, quick):
    ids = [f"u{i}" for i in range(20)]
    held = {name for name, out in zip(ids, unseen(ids), strict=True) if out}
    assert len(held) == 4
    rows = []
    for fixes, who in ((200, set(ids) - held), (5, held)):
        table = pq.read_table(write_tracks(tmp_path / "some.parquet", users=20, fixes=fixes))
        rows.append(table.filter(pc.is_in(table["user_id"], pa.array(sorted(who)))))
    pq.write_table(pa.concat_tables(rows), tmp_path / "tracks.parquet")
    pretrain(nano_arguments(tmp_path / "tracks.parquet", tmp_path / "run", "--steps", "2"))
    assert any("Too few people to hold some apart" in line.get("warning", "") for line in lines())


def tables(horizons, *values):
    return {"horizon_s": horizons} | {name: list(values) for name in CALIBRATION_COLUMNS}


def test_areas_calibrated_on_few_people_lie_near_those_before(tracks_file):
    before, found = (
        {"trips": tables([1.0, 10.0, 100.0], 1.0, 1.0, 1.0), "days": tables([900.0], 0.9)},
        {},
    )
    found["trips"] = tables([5.0, 20.0], 2.0, 2.0)
    few = Batches([load(str(tracks_file), validation=True)])
    persons = int(few.sources[0].shards.unseen.sum())
    both = between(before, found, few)
    assert both["days"] == before["days"] and both["trips"]["horizon_s"] == [1.0, 10.0, 100.0]
    share = persons / (persons + calibration.Settings.prior_people)
    assert (
        both["trips"]["factor80"] == pytest.approx([1.0, 1 + share, 1.0], abs=1e-3)
        and 0.3 < share < 0.7
    )
    assert between({}, found, few) == found and between(before, {}, None) == before


def test_areas_are_calibrated_on_fixes_with_a_past_of_their_own_track(nano_run, tmp_path):
    """A row of a batch holds up to four tracks. One of fourteen fixes shows too little, wherever in
    the row it lies.
    """
    network = network_of(open_bundle(nano_run / "bundle"))
    for fixes, calibrated in ((14, False), (60, True)):
        tracks = write_tracks(tmp_path / f"{fixes}.parquet", users=200, fixes=fixes)
        assert (
            "trips" in calibrate(network, Batches([load(str(tracks))]), batches=4)
        ) == calibrated
    # cadences that areas are not made for
    assert calibrate(None, Namespace(cadences=(300, 1800))) == {}


def test_export_prints_no_warning_of_libraries(tmp_path, nano_run):
    command = [
        sys.executable,
        "-m",
        "model.export",
        "--run",
        str(nano_run),
        "--output",
        str(tmp_path / "mine"),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert not done.stderr and open_bundle(tmp_path / "mine")
    with pytest.raises(InputError, match="no run"):
        export(["--run", str(tmp_path), "--output", str(tmp_path / "bundle")])


def test_a_bundle_takes_no_other_folder_s_place(tmp_path, nano_run, tracks_file):
    (tmp_path / "run" / "bundle").mkdir(parents=True)
    thesis = tmp_path / "run" / "bundle" / "thesis.txt"
    thesis.write_text("years of work")
    with pytest.raises(InputError, match="no model bundle"):
        export(["--run", str(nano_run), "--output", str(thesis.parent)])
    with pytest.raises(InputError, match="no model bundle"):
        pretrain(nano_arguments(tracks_file, tmp_path / "run"))
    assert thesis.read_text() == "years of work"


def test_a_bundle_with_heads_is_not_replaced_by_one_without(tmp_path, nano_run, tracks_file):
    run = shutil.copytree(nano_run, tmp_path / "run")
    shutil.rmtree(run / "bundle")
    shutil.copytree(open_bundle().path, run / "bundle")  # trained since
    with pytest.raises(InputError, match=r"has heads .*transport_mode"):
        export(["--run", str(run), "--output", str(run / "bundle")])
    with pytest.raises(InputError, match="has heads"):
        pretrain(nano_arguments(tracks_file, run, "--resume", "--steps", "130"))
    assert open_bundle(run / "bundle").card == open_bundle().card


def test_a_network_that_diverged_is_not_exported_and_the_bundle_before_stays(
    nano_run, tmp_path, monkeypatch
):
    network, _ = load_network(nano_run / "state.safetensors")
    with torch.no_grad():
        next(network.parameters()).fill_(float("nan"))
    with pytest.raises(RawError, match="diverged"):
        backbone_difference(network)
    before = shutil.copytree(nano_run / "bundle", tmp_path / "before")
    monkeypatch.setattr(
        "model.export.load_network", lambda _: (network, {"config": network.config.to_dict()})
    )
    for name in ("before", "new"):
        with pytest.raises(RawError, match="diverged"):
            export(["--run", str(nano_run), "--output", str(tmp_path / name)])
    assert open_bundle(before).card == open_bundle(nano_run / "bundle").card and list(
        tmp_path.iterdir()
    ) == [before]


def test_a_run_resumed_with_another_corpus_names_both(tmp_path, tracks_file):
    run, other = tmp_path / "run", write_tracks(tmp_path / "other.parquet", users=4, fixes=400)
    pretrain_until(2, nano_arguments(tracks_file, run, "--steps", "4"))
    pretrain(nano_arguments(other, run, "--steps", "4", "--resume"))
    named = [
        name.rpartition("/")[2] for name in open_bundle(run / "bundle").card["training"]["corpus"]
    ]
    assert named == [tracks_file.name, "other.parquet"]


# ---- batches and people held out
# ----------------------------------------------------------------------------------


def test_batches_are_those_of_their_seed_and_number(tracks_file):
    source = load(str(tracks_file))
    one, two, other = (
        Batches([source], 1024, 5),
        Batches([source], 1024, 5),
        Batches([source], 1024, 6),
    )
    np.testing.assert_array_equal(one.batch(3).x, two.batch(3).x)
    np.testing.assert_array_equal(one.batch(3).target, two.batch(3).target)
    assert not np.array_equal(one.batch(3, 10).x, other.batch(3, 10).x)
    batch = one.batch(0, 10)  # targets lie where the tracks went
    assert batch.known.mean() > 0.5 and np.isfinite(batch.x).all()
    speed = (np.linalg.norm(batch.target, axis=-1) * batch.speed)[batch.known]
    assert np.quantile(speed, 0.05) > 0.3 and np.quantile(speed, 0.95) < 18  # walkers and drivers


@pytest.mark.parametrize("on_gpu", [False, True])
def test_batches_come_in_order_whoever_makes_them(on_gpu, tracks_file):
    corpus, again = (Batches([load(str(tracks_file))], 512, 7) for _ in range(2))
    batches = feed(corpus, 3, 2, on_gpu)
    for number in (3, 5, 7, 9):
        np.testing.assert_array_equal(next(batches).x, again.batch(number).x)
    batches.close()
    sent = pickle.dumps(corpus)  # a corpus travels to other processes by its files
    assert len(sent) < 2000
    np.testing.assert_array_equal(pickle.loads(sent).batch(5).x, corpus.batch(5).x)


def test_an_error_while_batches_are_made_is_raised(tracks_file, monkeypatch):
    corpus = Batches([load(str(tracks_file))], 512, 7)

    def broken(number):
        raise InputError("The disk is gone.")

    monkeypatch.setattr(corpus, "batch", broken)
    with pytest.raises(InputError, match="The disk is gone"):
        next(feed(corpus, 0))


@pytest.mark.parametrize("n", [1, 4, 5, 7, 24, 100])
def test_up_to_six_of_a_few_are_held_out_and_no_more_than_a_fifth(n):
    for k in range(40):
        out = unseen([f"{k}-{i}" for i in range(n)]).sum()
        assert min(6, n // 5) <= out <= max(6, n // 10) and out <= n // 5


def test_cabs_held_out_never_train(tmp_path):
    cabs, n = [str(i) for i in range(200)], 50
    table = {
        "cab_id": np.repeat(cabs, n), "t": np.tile(1_700_000_000_000 + np.arange(n) * 60_000, len(cabs)),
        "lon": np.tile(np.linspace(-122.5, -122.4, n), len(cabs)), "lat": np.full(n * len(cabs), 37.7),
    }  # fmt: skip
    pq.write_table(pa.table(table), tmp_path / "cabs.parquet")
    kept = load(str(tmp_path / "cabs.parquet"), validation=None)
    held = sum(held_out_cab(c) for c in cabs)
    assert 10 < held < 40 and len(kept.t) == n * (len(cabs) - held)


def test_the_sample_devices_never_train():
    data = os.path.join(os.path.dirname(__file__), "..", "..", "..", "shared", "data", "gotrack")
    if not os.path.isdir(data):
        pytest.skip("There is no ../shared/data with GoTrack here.")
    everyone, _, _ = read(f"gotrack:{data}")
    sample = np.isin(everyone.user_ids.astype(str), HELD_OUT_DEVICES)[everyone.user]
    assert sample.any()
    # users in another order; of fixes at one time any one
    read_back = load(f"gotrack:{data}", validation=None)
    np.testing.assert_array_equal(
        np.sort(np.array(read_back.t)), np.sort(everyone.take(~sample).by_user().t)
    )
    fixes, held = (
        {*zip(np.array(a.t), np.array(a.lon).round(7))} for a in (read_back, everyone.take(sample))
    )
    assert not fixes & held
