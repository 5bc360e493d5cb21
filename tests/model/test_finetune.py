# SPDX-License-Identifier: GPL-2.0-or-later
"""Heads: taught on labelled units, judged beside a baseline, kept in a copy of the bundle, and used through ONNX."""

import json
from decimal import Decimal
from html import escape

import numpy as np
import pytest
import torch

from model.data.labels import Labelled, clean, cut_intervals, join, read_table, thin
from model.finetune import main as finetune
from model.head_training.examples import some_days
from model.head_training.fit import encode, folds
from model.head_training.scoring import Predictions, compare, verdict, write_report
from model.head_training.train import add_head
from model.heads import Calibrated, Ensemble, Head, Task, predict
from raw_qgis_plugin.core.bundle.bundle import Worth, open_bundle
from raw_qgis_plugin.core.bundle.runtime import Model
from raw_qgis_plugin.core.embedding.profiles import profile
from raw_qgis_plugin.core.errors import BundleError, InputError
from raw_qgis_plugin.core.sources.readers import read
from raw_qgis_plugin.core.tracks import build_tracks

from .conftest import write_csv


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
    report = ["--report", str(output.with_suffix(".html"))]
    finetune([*common, "--bundle", str(nano_run / "bundle"), "--field", "way", "--task-name", "way", *report])
    finetune([*common, "--bundle", str(output), "--field", "speed", "--task-name", "speed", "--unit-of-measure", "m/s"])
    return output


def test_a_head_learns_what_the_tracks_show(taught):
    speed, way = open_bundle(taught).heads("user")  # the latest first
    assert way["kind"] == "binary" and way["classes"] == ["drives", "walks"]
    assert way["metrics"]["head"]["accuracy"] > 0.95 and "baseline" in way["metrics"] and way["verdict"]
    assert speed["kind"] == "number" or speed["classes"]  # two values of a number are two classes
    assert escape(way["verdict"]) in taught.with_suffix(".html").read_text("utf-8")


def test_the_original_bundle_is_untouched(nano_run, taught):
    assert open_bundle(nano_run / "bundle").card["heads"] == []
    name = "weights.safetensors"
    assert (taught / name).read_bytes() == (nano_run / "bundle" / name).read_bytes()


def test_profiles_use_the_new_head(taught, tracks_file):
    tracks, _, _ = read(str(tracks_file))
    answers = profile(tracks.by_user(), Model(open_bundle(taught), "cpu"), "user", ["way"])
    number = np.array([int(str(u)[1:]) for u in answers.columns["user_id"]])
    sure = answers.columns["way"] != "unknown"
    assert sure.mean() > 0.8
    assert (answers.columns["way"][sure] == np.where(number % 2, "drives", "walks")[sure]).mean() > 0.97
    assert answers.columns["in_domain"].mean() > 0.8


def test_a_head_in_a_bundle_answers_as_in_torch(nano_run, tmp_path):
    torch.manual_seed(0)
    members = [Head(8, 3, hidden=0), Head(8, 3), Head(8, 3)]
    head = Calibrated(Ensemble(members, [0.6, 0.2, 0.2]), 0.5, 0.1).eval()
    x = np.random.default_rng(0).normal(size=(7, 8)).astype(np.float32)
    exact = predict(head, x)
    line, one, two = (predict(member, x) for member in members)
    np.testing.assert_allclose(exact, 0.5 * (0.6 * line + 0.2 * one + 0.2 * two) + 0.1, atol=1e-6)
    metrics = {"units": 9, "head": {"accuracy": 0.5}, "baseline": {"accuracy": 0.4}}
    card = {"kind": "classes", "unit": "user", "classes": ["a", "b", "c"], "metrics": metrics}
    card |= {"trained_on": "nothing", "inputs": 8}
    add_head(open_bundle(nano_run / "bundle"), tmp_path / "bundle", "abc", head, card)
    model = Model(open_bundle(tmp_path / "bundle"), "cpu")
    np.testing.assert_allclose(model.run_head("abc", x), predict(head, x), atol=1e-5)
    np.testing.assert_allclose(model.run_head("abc", x), exact, atol=1e-3)  # weights are kept in half precision
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
    reach = head["halfwidth"]  # by the number of users, for there are thinned copies of each region
    assert head["kind"] == "number" and np.max(reach["low"]) < 0 < np.min(reach["high"])
    assert len(reach["at"]) > 1 and (np.diff(reach["at"]) > 0).all()
    assert head["domain"]["n_users"][0] == 3 and set(head["metrics"]["head"]) == {"mae", "r2"} and "hours" not in head
    arguments += ["--bundle", str(tmp_path / "bundle"), "--output", str(tmp_path / "bundle"), "--hours", "0.25"]
    finetune(arguments)
    (by_parts,) = open_bundle(tmp_path / "bundle").heads("region")
    assert by_parts["hours"] == 0.25 and by_parts["domain"]["n_users"][1] > head["domain"]["n_users"][1]


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--field", "bogus"], "no column 'bogus'"),
        (["--task-name", "Ü ber"], "no name for a head"),
        (["--unit", "region"], "needs --regions"),
        (["--hours", "2"], "--hours is for --unit region"),
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


@pytest.mark.parametrize("more", [["--rename", "x"], ["--also-days", "0"], ["--per-class", "-1"], ["--hours", "0"]])
def test_an_argument_of_a_wrong_kind_is_said_before_anything_is_read(more, capsys):
    with pytest.raises(SystemExit):
        finetune(["--tracks", "t", "--labels", "l", "--field", "f", "--unit", "user", "--task-name", "x", *more])
    assert f"'{more[1]}'" in capsys.readouterr().err


def test_too_few_labels_are_said():
    with pytest.raises(InputError, match="Only 2 users"):
        table = {"user_id": np.array(["a", "b"], object), "y": np.array([1, 2], object)}
        join(np.array(["a", "b", "c"], object), np.arange(3), table, "user", "y")


def test_ids_keep_their_leading_zeros(tmp_path):
    (tmp_path / "tracts.csv").write_text("region_id,shops\n061000,7\n980501,6\n")
    table = read_table(tmp_path / "tracts.csv")
    assert table["region_id"].tolist() == ["061000", "980501"] and table["shops"].tolist() == [7, 6]


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
        (clean([Decimal("1.50"), Decimal("2"), Decimal("3.5")]), "number", ()),
        ([0, 1, 1, 0], "binary", ("no", "yes")),
    ],
)
def test_the_kind_of_a_label_is_told(values, kind, classes):
    task, y = encode(np.array(values, object))
    assert (task.kind, task.classes) == (kind, classes) and len(y) == len(values)


def test_skewed_counts_are_learned_on_a_logarithmic_scale():
    task, y = encode(np.array([0.0, 1, 1, 2, 2, 300], object))
    assert task.transform == "log1p" and y[-1] == pytest.approx(np.log1p(300)) and task.count
    assert not encode(np.array([0.5, 1, 1, 2, 2, 300], object))[0].count


def test_people_never_stand_on_both_sides():
    group = np.repeat(np.arange(30), 4)
    y = np.tile([0, 1], 60)
    for learn, test in folds(y, group, Task("binary", ("no", "yes"))):
        assert not set(group[learn]) & set(group[test])


@pytest.mark.parametrize("wrong", [0, 1])
def test_an_interval_has_a_width_where_all_is_right_or_wrong(wrong):
    truth, group = np.zeros(28, int), np.repeat(np.arange(14), 2)
    metrics = compare(Predictions(truth + wrong, truth, truth, group), Task("binary", ("a", "b")))
    low, high = metrics["error"][1:]
    assert (low, high) == pytest.approx((0.768, 1) if wrong else (0, 0.232), abs=1e-3)  # 14 of 14 people
    assert f"({'0% to 23' if wrong else '77% to 100'}% allowing for chance)" in verdict(metrics)


def test_paired_intervals_draw_whole_groups():
    group = np.repeat(np.arange(40), 10)
    rng = np.random.default_rng(0)
    good = np.repeat(rng.random(40) < 0.8, 10)  # all of a person's units are right, or none
    truth = np.zeros(400, int)
    answer, simple = np.where(good, 0, 1), np.where(good, 0, 1)
    wide = compare(Predictions(answer, simple, truth, group), Task("binary", ("a", "b")))
    narrow = compare(Predictions(answer, simple, truth, np.arange(400)), Task("binary", ("a", "b")))
    assert wide["ratio"] == pytest.approx([1, 1, 1])
    assert wide["error"][2] - wide["error"][1] > 2 * (narrow["error"][2] - narrow["error"][1])


def metrics_of(ours, simple, ratio, units=500):
    scores_of = {"accuracy": ours, "macro_f1": ours}, {"accuracy": simple, "macro_f1": simple}
    both = {"head": scores_of[0], "baseline": scores_of[1], "error": [0.2, 0.1, 0.3], "ratio": ratio}
    return both | {"units": units, "groups": units}


def numbers_of(ours, simple, r2):
    ratio = ours / simple
    scores_of = {"mae": ours, "r2": r2}, {"mae": simple, "r2": r2 - 0.1}
    ratios = [ratio, ratio - 0.1, ratio + 0.1]
    both = {"head": scores_of[0], "baseline": scores_of[1], "error": [0, 0, 0], "ratio": ratios}
    return both | {"units": 500, "groups": 500}


@pytest.mark.parametrize(
    ("metrics", "said"),
    [
        (metrics_of(0.9, 0.8, [0.5, 0.4, 0.7]), "Worth using: right in 90% of 500 cases"),
        (metrics_of(0.81, 0.8, [0.95, 0.8, 1.1]), "do not prove it"),
        (metrics_of(0.7, 0.8, [1.5, 1.2, 1.7]), "simple method does as well"),
        (numbers_of(0.5, 0.8, 0.6), "Worth using: off by 0.5 on average in 500 cases"),
        (numbers_of(0.75, 0.8, 0.05), "says little more than the same number for all"),
        (metrics_of(0.9, 0.8, [0.5, 0.4, 0.7], 12), "label more"),
    ],
)
def test_the_verdict_says_what_the_interval_proves(metrics, said):
    words = verdict(metrics)
    assert said in words and not any(jargon in words for jargon in ("accuracy", "R²", "baseline", "interval", "head"))


@pytest.mark.parametrize("kind", ["classes", "number"])
def test_the_report_shows_right_and_wrong(tmp_path, kind):
    rng = np.random.default_rng(0)
    task = Task("classes", ("bus", "<walk>")) if kind == "classes" else Task("number")
    truth = rng.integers(0, 2, 50) if kind == "classes" else rng.normal(size=50)
    told = Predictions(truth, truth, truth, np.arange(50))
    card = {"unit": "track", "task": "mode", "baseline": "trees", "domain": {"cadence_s": [1, 2]}, "threshold": 0.5}
    card["metrics"] = compare(told, task)
    card["verdict"] = verdict(card["metrics"])
    write_report(tmp_path / "r.html", "mode", task, told, card)
    text = (tmp_path / "r.html").read_text("utf-8")
    assert escape(card["verdict"]) in text and ("&lt;walk&gt;" in text if kind == "classes" else "<svg" in text)


def test_the_network_is_tuned_and_judged_on_people_left_out(nano_run, tracks_file, labels_file, tmp_path, lines):
    arguments = ["--tracks", str(tracks_file), "--labels", str(labels_file), "--field", "way", "--unit", "user"]
    arguments += ["--task-name", "way", "--backbone", "tuned", "--minutes", "0.1"]
    finetune([*arguments, "--bundle", str(nano_run / "bundle"), "--output", str(tmp_path / "bundle")])
    told = lines()
    assert any("tuning" in line for line in told)
    assert told[-1]["use"] == (Worth(told[-1]["advice"]) in (Worth.PROVEN, Worth.UNPROVEN))
    assert told[-1]["verdict"].startswith(f"{told[-1]['advice']}: ")
    bundle = open_bundle(tmp_path / "bundle")
    name = "weights.safetensors"
    assert (bundle.path / name).read_bytes() != (nano_run / "bundle" / name).read_bytes()
    (head,) = bundle.card["heads"]
    assert 20 <= head["metrics"]["units"] <= 28 and head["metrics"]["head"]["accuracy"] > 0.9
    assert "tuned on the labels" in bundle.card["data"] and bundle.card["onnx_difference"] < 1e-3
    answers = profile(read(str(tracks_file))[0].by_user(), Model(bundle, "cpu"), "user", ["way"]).columns
    assert (answers["way"] != "unknown").mean() > 0.8


def test_only_some_classes_are_learned(nano_run, tracks_file, labels_file, tmp_path):
    arguments = ["--tracks", str(tracks_file), "--labels", str(labels_file), "--field", "way", "--unit", "user"]
    arguments += ["--task-name", "way", "--bundle", str(nano_run / "bundle"), "--output", str(tmp_path / "b")]
    with pytest.raises(InputError, match="All labels are equal"):
        finetune([*arguments, "--classes", "walks"])
    with pytest.raises(InputError, match="there are: drives, walks"):
        finetune([*arguments, "--classes", "flies"])


def test_two_sources_and_a_few_days_are_learned_together(nano_run, tracks_file, labels_file, tmp_path, lines):
    arguments = ["--tracks", *[str(tracks_file)] * 2, "--labels", *[str(labels_file)] * 2, "--field", "way"]
    arguments += ["--unit", "user", "--task-name", "way", "--also-days", "1", "--bundle", str(nano_run / "bundle")]
    finetune([*arguments, "--output", str(tmp_path / "b")])
    bundle = open_bundle(tmp_path / "b")
    (head,) = bundle.heads("user")
    assert head["metrics"]["units"] == 240 and head["metrics"]["groups"] == 120  # the same people in both sources
    assert any("240 people or places are 120" in line.get("warning", "") for line in lines())
    with pytest.raises(InputError, match="as many --labels"):
        finetune([*arguments[:2], *arguments[3:], "--output", str(tmp_path / "c")])


def test_some_days_stay_with_their_person(nano_run):
    minutes = np.arange(0, 10 * 1440, 30)
    tracks, _ = build_tracks(
        np.repeat(["a", "b"], len(minutes)), None, np.tile(minutes * 60_000, 2), np.zeros(2 * len(minutes)),
        np.zeros(2 * len(minutes)),
    )  # fmt: skip
    found = Labelled(np.arange(2), np.array(["x", "y"], object), np.array([4, 7]))
    few = some_days(tracks, found, Model(open_bundle(nano_run / "bundle"), "cpu"), [2, 5], 0)
    assert few.label.tolist() == ["x", "y"] * 2 and few.group.tolist() == [4, 7] * 2 and not few.whole.any()
    assert few.domain["n_fixes"][0] == pytest.approx(96 / 1.5, rel=0.02)  # two days of 48 fixes


def test_another_folder_is_not_taken_for_the_output(nano_run, tracks_file, labels_file, tmp_path):
    (tmp_path / "thesis.txt").write_text("years of work")
    common = ["--tracks", str(tracks_file), "--labels", str(labels_file), "--unit", "user", "--output", str(tmp_path)]
    with pytest.raises(InputError, match="is no model bundle"):
        finetune([*common, "--bundle", str(nano_run / "bundle"), "--field", "way", "--task-name", "way"])
    assert (tmp_path / "thesis.txt").read_text() == "years of work"
