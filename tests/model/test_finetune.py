# SPDX-License-Identifier: GPL-2.0-or-later
"""Heads: taught on labelled units, judged beside a baseline, kept in a copy of the bundle, and used through ONNX."""

import csv
import json

import numpy as np
import pytest
import torch

from model.finetune import add_head, interval
from model.finetune import main as finetune
from model.heads import Head, Task, encode, fit, folds, predict, scores, temperature
from model.labels import cut_intervals, join, thin
from raw_qgis_plugin.core.bundle import open_bundle
from raw_qgis_plugin.core.errors import BundleError, InputError
from raw_qgis_plugin.core.profiles import profile
from raw_qgis_plugin.core.runtime import Model
from raw_qgis_plugin.core.sources import read
from raw_qgis_plugin.core.tracks import build_tracks


def write_csv(path, rows):
    with path.open("w", newline="") as f:
        writer = csv.DictWriter(f, rows[0].keys())
        writer.writeheader()
        writer.writerows(rows)
    return path


@pytest.fixture(scope="module")
def labels_file(tmp_path_factory):
    """Odd users drive, even ones walk (conftest.write_tracks)."""
    rows = [
        {"user_id": f"u{i}", "way": "drives" if i % 2 else "walks", "speed": 12.0 if i % 2 else 1.3} for i in range(120)
    ]
    return write_csv(tmp_path_factory.mktemp("labels") / "labels.csv", rows)


@pytest.fixture(scope="module")
def taught(nano_run, tracks_file, labels_file, tmp_path_factory):
    """A copy of the nano bundle with a head of classes and one of numbers."""
    output = tmp_path_factory.mktemp("taught") / "bundle"
    common = ["--tracks", str(tracks_file), "--labels", str(labels_file), "--unit", "user", "--output", str(output)]
    finetune([*common, "--bundle", str(nano_run / "bundle"), "--field", "way", "--task-name", "way"])
    finetune([*common, "--bundle", str(output), "--field", "speed", "--task-name", "speed", "--unit-of-measure", "m/s"])
    return output


def test_a_head_learns_what_the_tracks_show(taught):
    way, speed = open_bundle(taught).heads("user")
    assert way["kind"] == "binary" and way["classes"] == ["drives", "walks"]
    assert way["metrics"]["head"]["accuracy"] > 0.95 and "baseline" in way["metrics"] and way["verdict"]
    assert speed["kind"] == "number" or speed["classes"]  # two values of a number are two classes


def test_the_original_bundle_is_untouched(nano_run, taught):
    assert open_bundle(nano_run / "bundle").card["heads"] == []
    for name in ("backbone.onnx", "weights.safetensors"):
        assert (taught / name).read_bytes() == (nano_run / "bundle" / name).read_bytes()


def test_profiles_use_the_new_head(taught, tracks_file):
    tracks, _, _ = read(str(tracks_file))
    answers = profile(tracks.by_user(), Model(open_bundle(taught), "cpu"), "user", ["way"])
    number = np.array([int(str(u)[1:]) for u in answers.columns["user_id"]])
    sure = answers.columns["way"] != "unknown"
    assert sure.mean() > 0.8
    assert (answers.columns["way"][sure] == np.where(number % 2, "drives", "walks")[sure]).mean() > 0.97
    assert answers.columns["in_domain"].mean() > 0.8


def test_onnx_head_equals_torch(nano_run, tmp_path):
    torch.manual_seed(0)
    head = Head(8, 3).eval()
    metrics = {"units": 9, "head": {"accuracy": 0.5}, "baseline": {"accuracy": 0.4}}
    card = {"kind": "classes", "unit": "user", "classes": ["a", "b", "c"], "metrics": metrics}
    card |= {"experimental": False, "trained_on": "nothing"}
    add_head(open_bundle(nano_run / "bundle"), tmp_path / "bundle", "abc", head, 2.0, card)
    model = Model(open_bundle(tmp_path / "bundle"), "cpu")
    x = np.random.default_rng(0).normal(size=(7, 8)).astype(np.float32)
    np.testing.assert_allclose(model.run_head("abc", x), predict(head, x) / 2, atol=1e-5)
    with pytest.raises(BundleError, match="another backbone"):
        model.run_head("abc", x[:, :5])


def test_regions_are_taught_on_who_crossed_them(nano_run, tracks_file, tmp_path):
    squares, rows = [], []
    for i in range(100):
        west, south = 9.98 + 0.014 * (i % 10), 49.98 + 0.014 * (i // 10)
        ring = [
            [west, south],
            [west + 0.014, south],
            [west + 0.014, south + 0.014],
            [west, south + 0.014],
            [west, south],
        ]
        shape = {"type": "Polygon", "coordinates": [ring]}
        squares.append({"type": "Feature", "properties": {"region_id": f"r{i}"}, "geometry": shape})
        rows.append({"region_id": f"r{i}", "density": float((i % 10) * 3 + i // 10)})
    (tmp_path / "r.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": squares}))
    labels = write_csv(tmp_path / "l.csv", rows)
    arguments = ["--tracks", str(tracks_file), "--labels", str(labels), "--field", "density", "--unit", "region"]
    arguments += ["--regions", str(tmp_path / "r.geojson"), "--id", "region_id", "--task-name", "density"]
    finetune([*arguments, "--bundle", str(nano_run / "bundle"), "--output", str(tmp_path / "bundle")])
    (head,) = open_bundle(tmp_path / "bundle").heads("region")
    assert head["kind"] == "number" and head["halfwidth"]["low"] < 0 < head["halfwidth"]["high"]
    assert head["domain"]["n_users"][0] == 10 and set(head["metrics"]["head"]) == {"mae", "r2"}


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--field", "bogus"], "no column 'bogus'"),
        (["--task-name", "Ü ber"], "no name for a head"),
        (["--unit", "region"], "needs --regions"),
        (["--unit", "track"], "no id of the track"),
    ],
)
def test_a_wrong_argument_is_a_clear_line(nano_run, tracks_file, labels_file, tmp_path, more, said):
    base = [
        "--tracks",
        str(tracks_file),
        "--labels",
        str(labels_file),
        "--unit",
        "user",
        "--field",
        "way",
        "--task-name",
        "x",
    ]
    with pytest.raises(InputError, match=said):
        finetune([*base, "--bundle", str(nano_run / "bundle"), "--output", str(tmp_path / "b"), *more])


def test_too_few_labels_are_said():
    with pytest.raises(InputError, match="Only 2 users"):
        table = {"user_id": np.array(["a", "b"], object), "y": np.array([1, 2], object)}
        join(np.array(["a", "b", "c"], object), np.arange(3), table, "user", "y")


def test_thinning_keeps_the_rare_class_whole():
    table = {"y": np.array(["a"] * 50 + ["b"] * 30 + ["c"] * 3, object), "n": np.arange(83)}
    kept = thin(table, "y", {"b": "a"}, 10, 0)
    assert (kept["y"] == "c").sum() == 3 and len(kept["y"]) == 13 and (np.diff(kept["n"]) > 0).all()


def test_intervals_become_tracks():
    t = np.arange(100) * 10_000
    tracks, _ = build_tracks(["a"] * 100, None, t, np.linspace(0, 0.1, 100), np.zeros(100))
    table = {
        "user_id": np.array(["a", "a", "a", "b"], object),
        "start": np.array([0, 500_000, 900_000, 0], "datetime64[ms]"),
        "end": np.array([200_000, 800_000, 940_000, 900_000], "datetime64[ms]"),
    }
    cut, row = cut_intervals(tracks, table)
    assert row.tolist() == [0, 1] and np.diff(cut.track_offsets).tolist() == [21, 31]
    assert cut.t[0] == 0 and cut.t[21] == 500_000 and cut.user_ids[cut.track_user].tolist() == ["a", "a"]


@pytest.mark.parametrize(
    ("values", "kind", "classes"),
    [
        ([True, False, True], "binary", ("no", "yes")),
        (["bus", "walk", "car"], "classes", ("bus", "car", "walk")),
        ([1.5, 2.5, 3.5], "number", ()),
        ([0, 1, 1, 0], "binary", ("no", "yes")),
    ],
)
def test_the_kind_of_a_label_is_told(values, kind, classes):
    task, y = encode(np.array(values, object))
    assert (task.kind, task.classes) == (kind, classes) and len(y) == len(values)


def test_skewed_counts_are_learned_on_a_logarithmic_scale():
    task, y = encode(np.array([0.0, 1, 1, 2, 2, 300], object))
    assert task.transform == "log1p" and y[-1] == pytest.approx(np.log1p(300))


def test_people_never_stand_on_both_sides():
    group = np.repeat(np.arange(30), 4)
    y = np.tile([0, 1], 60)
    for learn, test in folds(y, group, Task("binary", ("no", "yes"))):
        assert not set(group[learn]) & set(group[test])


def test_a_head_fits_and_its_temperature_calibrates():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(600, 5)).astype(np.float32)
    y = (x[:, 0] + rng.normal(0, 0.3, 600) > 0).astype(int)
    head = fit(x, y, np.arange(600), Task("binary", ("no", "yes")))
    assert scores(predict(head, x).argmax(axis=1), y, Task("binary", ("no", "yes")))["accuracy"] > 0.85
    over = predict(head, x) * 8
    assert temperature(over, y) > 2.5


def test_the_interval_holds_eighty_percent():
    residual = np.random.default_rng(0).standard_t(3, 5000)
    offsets = interval(residual)
    fresh = np.random.default_rng(1).standard_t(3, 5000)
    assert ((fresh > offsets["low"]) & (fresh < offsets["high"])).mean() == pytest.approx(0.8, abs=0.02)
