# SPDX-License-Identifier: GPL-2.0-or-later
"""Heads that are taught on labelled units, judged beside a baseline, kept in a copy of the bundle,
and used.
"""

import json
from decimal import Decimal
from html import escape

import numpy as np
import pytest

from model.data.labels import clean
from model.finetune import main as finetune
from model.head_training.fit import Task, encode, fit_parts, folds, join_parts, predict
from model.head_training.train import add_head
from model.head_training.verdict import Predictions, compare, verdict
from raw_qgis_plugin.core.bundle.bundle import open_bundle
from raw_qgis_plugin.core.bundle.runtime import Model
from raw_qgis_plugin.core.embedding.profiles import profile
from raw_qgis_plugin.core.errors import BundleError, InputError
from raw_qgis_plugin.core.sources.readers import read

from .conftest import write_csv


@pytest.fixture(scope="module")
def labels_file(tmp_path_factory):
    """Odd users drive, even ones walk (conftest.write_tracks)."""
    rows = [
        {
            "user_id": f"u{i}",
            "way": "drives" if i % 2 else "walks",
            "speed": (12.0 if i % 2 else 1.3) + i / 1000,
        }
        for i in range(120)
    ]
    return write_csv(tmp_path_factory.mktemp("labels") / "labels.csv", rows)


@pytest.fixture(scope="module")
def command(nano_run, tracks_file, labels_file):
    """The command's arguments for a bundle at a path, with others."""
    base = [
        "--tracks",
        str(tracks_file),
        "--labels",
        str(labels_file),
        "--unit",
        "user",
        "--field",
        "way",
    ]
    base += ["--task-name", "way", "--bundle", str(nano_run / "bundle")]
    return lambda output, *more: [*base, "--output", str(output), *map(str, more)]


@pytest.fixture(scope="module")
def taught(command, tmp_path_factory):
    """A copy of the nano bundle with a head of classes and one of numbers."""
    output = tmp_path_factory.mktemp("taught") / "bundle"
    finetune(command(output, "--report", output.with_suffix(".html")))
    numbers = (
        "--bundle",
        output,
        "--field",
        "speed",
        "--task-name",
        "speed",
        "--unit-of-measure",
        "m/s",
    )
    finetune(command(output, *numbers))
    return output


def test_a_head_learns_what_the_tracks_show(taught, tracks_file):
    speed, way = open_bundle(taught).heads("user")  # the latest first
    assert way["kind"] == "binary" and way["classes"] == ["drives", "walks"]
    assert way["metrics"]["head"]["accuracy"] > 0.95 and list(way["few_labels"]) == [
        "10",
        "20",
        "50",
    ]
    assert speed["kind"] == "number" and speed["metrics"]["head"]["r2"] > 0.9
    page = taught.with_suffix(".html").read_text("utf-8")
    assert (
        escape(way["verdict"]) in page and "With fewer labels" in page and "Right and wrong" in page
    )
    tracks, _, _ = read(str(tracks_file))
    answers = profile(tracks.by_user(), Model(open_bundle(taught), "cpu"), "user", ["way"])
    number = np.array([int(str(u)[1:]) for u in answers.columns["user_id"]])
    sure = answers.columns["way"] != "unknown"
    assert sure.mean() > 0.8 and answers.columns["in_domain"].mean() > 0.8
    assert (
        answers.columns["way"][sure] == np.where(number % 2, "drives", "walks")[sure]
    ).mean() > 0.97


def test_a_head_in_a_bundle_answers_as_it_was_trained(nano_run, tmp_path):
    rng, task = np.random.default_rng(0), Task("classes", ("a", "b", "c"))
    x, y = rng.normal(size=(200, 8)).astype(np.float32), rng.integers(0, 3, 200)
    head = join_parts(fit_parts(x, y, task, np.ones(8), with_forest=True), 0.4, 0.5)
    metrics = {"units": 9, "head": {"accuracy": 0.5}, "baseline": {"accuracy": 0.4}}
    card = {
        "kind": "classes",
        "unit": "user",
        "classes": ["a", "b", "c"],
        "metrics": metrics,
        "inputs": 8,
    }
    add_head(
        open_bundle(nano_run / "bundle"),
        tmp_path / "bundle",
        "abc",
        head,
        card | {"trained_on": "nothing"},
    )
    model = Model(open_bundle(tmp_path / "bundle"), "cpu")
    np.testing.assert_allclose(model.run_head("abc", x), predict(head, x, task), atol=1e-6)
    # columns of later versions
    more = np.concatenate([x, np.full((200, 7), 99.0, np.float32)], axis=1)
    assert np.array_equal(model.run_head("abc", x), model.run_head("abc", more))
    with pytest.raises(BundleError, match="another backbone|inputs"):
        model.run_head("abc", x[:, :5])


def test_regions_are_taught_on_who_crossed_them(command, tmp_path):
    squares, rows = [], []
    for i in range(100):
        west, south = 9.98 + 0.014 * (i % 10), 49.98 + 0.014 * (i // 10)
        ring = [
            [west + 0.014 * a, south + 0.014 * b]
            for a, b in ((0, 0), (1, 0), (1, 1), (0, 1), (0, 0))
        ]
        shape = {"type": "Polygon", "coordinates": [ring]}
        squares.append({"type": "Feature", "properties": {"region_id": f"r{i}"}, "geometry": shape})
        rows.append({"region_id": f"r{i}", "density": float((i % 10) * 3 + i // 10)})
    (tmp_path / "r.geojson").write_text(
        json.dumps({"type": "FeatureCollection", "features": squares})
    )
    labels = write_csv(tmp_path / "l.csv", rows)
    regions = (
        "--unit",
        "region",
        "--regions",
        tmp_path / "r.geojson",
        "--id",
        "region_id",
        "--field",
        "density",
    )
    finetune(command(tmp_path / "bundle", "--labels", labels, *regions, "--task-name", "density"))
    (head,) = open_bundle(tmp_path / "bundle").heads("region")
    assert head["kind"] == "number" and head["halfwidth"]["low"] < 0 < head["halfwidth"]["high"]
    assert head["domain"]["n_users"][0] == 3 and set(head["metrics"]["head"]) == {"mae", "r2"}


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--field", "bogus"], "no column 'bogus'"),
        (["--task-name", "Ü ber"], "no name for a head"),
        (["--unit", "region"], "needs --regions"),
        (["--unit", "track"], "no id of the track"),
        (["--classes", "walks"], "All labels are equal"),
        (["--classes", "flies"], "there are: drives, walks"),
    ],
)
def test_a_wrong_argument_is_a_clear_line(command, tmp_path, more, said):
    with pytest.raises(InputError, match=said):
        finetune(command(tmp_path / "b", *more))


def test_embeddings_are_kept(command, tmp_path, monkeypatch):
    finetune(command(tmp_path / "one", "--cache", tmp_path / "cache"))

    def refuse(*_):
        raise AssertionError("nothing was to be embedded again")

    monkeypatch.setattr("raw_qgis_plugin.core.embedding.cache.embed", refuse)
    finetune(command(tmp_path / "two", "--cache", tmp_path / "cache"))
    one, two = (open_bundle(tmp_path / name).head("way")["metrics"] for name in ("one", "two"))
    assert one == two
    with pytest.raises(AssertionError, match="embedded again"):
        finetune(command(tmp_path / "three"))


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
    assert task.transform == "log1p" and y[-1] == pytest.approx(np.log1p(300))
    assert encode(np.array([1.5, 2.5, 3.5], object))[0].transform == "identity"


def test_people_never_stand_on_both_sides():
    group, y = np.repeat(np.arange(30), 4), np.tile([0, 1], 60)
    for learn, test in folds(y, group, Task("binary", ("no", "yes"))):
        assert not set(group[learn]) & set(group[test])


@pytest.mark.parametrize("wrong", [0, 1])
def test_an_interval_has_a_width_where_all_is_right_or_wrong(wrong):
    truth, group = np.zeros(28, int), np.repeat(np.arange(14), 2)
    metrics = compare(Predictions(truth + wrong, truth, truth, group), Task("binary", ("a", "b")))
    low, high = metrics["error"][1:]
    # 14 of 14 people
    assert (low, high) == pytest.approx((0.768, 1) if wrong else (0, 0.232), abs=1e-3)
    assert f"({'0% to 23' if wrong else '77% to 100'}% allowing for chance)" in verdict(metrics)


def metrics_of(ours, simple, ratio, units=500):
    both = ({"accuracy": value, "macro_f1": value} for value in (ours, simple))
    figures = {"error": [0.2, 0.1, 0.3], "ratio": ratio, "units": units, "groups": units}
    return dict(zip(("head", "baseline"), both, strict=True)) | figures


def numbers_of(ours, simple, r2):
    ratio = ours / simple
    figures = {
        "error": [0, 0, 0],
        "ratio": [ratio, ratio - 0.1, ratio + 0.1],
        "units": 500,
        "groups": 500,
    }
    return {"head": {"mae": ours, "r2": r2}, "baseline": {"mae": simple, "r2": r2 - 0.1}} | figures


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
    assert said in words and not any(
        jargon in words for jargon in ("accuracy", "R²", "baseline", "interval", "head")
    )
