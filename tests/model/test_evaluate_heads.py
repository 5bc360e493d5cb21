# SPDX-License-Identifier: GPL-2.0-or-later
"""Heads, regions and probes measured beside simple methods: the figures are what they say they are."""

import csv
import json
from argparse import Namespace

import numpy as np
import pytest
import shapely

from model.evaluate import main as evaluate
from model.evaluate import profiles, regions
from model.finetune import main as finetune
from raw_qgis_plugin.core.bundle.bundle import open_bundle
from raw_qgis_plugin.core.errors import InputError


@pytest.fixture(scope="module")
def labels_file(tmp_path_factory):
    path = tmp_path_factory.mktemp("labels") / "labels.csv"
    with path.open("w", newline="") as f:
        writer = csv.writer(f)
        writer.writerow(["user_id", "way", "speed"])
        writer.writerows(
            [f"u{i}", "drives" if i % 2 else "walks", (12.0 if i % 2 else 1.3) + i / 100]
            for i in range(120)
        )
    return path


@pytest.fixture(scope="module")
def taught(nano_run, tracks_file, labels_file, tmp_path_factory):
    output = tmp_path_factory.mktemp("taught") / "bundle"
    common = [
        "--tracks",
        str(tracks_file),
        "--labels",
        str(labels_file),
        "--unit",
        "user",
        "--output",
        str(output),
    ]
    finetune(
        [*common, "--bundle", str(nano_run / "bundle"), "--field", "way", "--task-name", "way"]
    )
    finetune(
        [
            *common,
            "--bundle",
            str(output),
            "--field",
            "speed",
            "--task-name",
            "speed",
            "--unit-of-measure",
            "m/s",
        ]
    )
    return output


@pytest.mark.parametrize("field", ["way", "speed"])
def test_a_head_on_labels_beside_a_simple_method(taught, tracks_file, labels_file, tmp_path, field):
    arguments = [
        "profiles",
        "--tracks",
        str(tracks_file),
        "--labels",
        str(labels_file),
        "--field",
        field,
    ]
    arguments += [
        "--task",
        field,
        "--bundle",
        str(taught),
        "--output",
        str(tmp_path / "r"),
        "--record",
        "here",
    ]
    with pytest.raises(InputError, match="give its folder as --bundle"):
        evaluate([*arguments, "--bundle", "shipped"])
    evaluate(
        arguments
        if field == "way"
        else [*arguments, "--baseline", str(tracks_file), str(labels_file)]
    )
    figures = json.loads((tmp_path / "r.json").read_text())
    assert figures["units"] == figures["people"] == 120 and len(figures["ratio"]) == 3
    if field == "way":
        assert (
            np.trace(figures["confusion"]) / 120 == pytest.approx(figures["accuracy"])
            and figures["accuracy"] > 0.95
        )
    else:
        assert (
            figures["mae"] < 1.5 and 0.6 < figures["inside"] <= 1 and figures["correlation"] > 0.9
        )
    assert "here" in open_bundle(taught).head(field)["elsewhere"]
    assert f"{field} on here" in (taught / "README.md").read_text()


def test_labels_in_other_words_and_cases_leave_nobody_out(tracks_file, labels_file):
    args = Namespace(field="way", rename=[("walks", "Strolls")], per_class=None, seed=0)
    for classes, n in ((["DRIVES", "strolls"], 120), (["DRIVES", "swims"], 60)):
        head = {"kind": "classes", "classes": classes, "unit": "user"}
        units = profiles.labelled(str(tracks_file), labels_file, args, head)
        assert len(units.group) == n and np.bincount(units.truth).tolist() == [60] * (n // 60)
    args.per_class = 12
    units = profiles.labelled(str(tracks_file), labels_file, args, head)
    assert np.bincount(units.truth).tolist() == [12]


def squares(path, side=0.014):
    features = []
    for i in range(64):
        box = shapely.box(
            *(9.99 + side * (i % 8), 49.99 + side * (i // 8)),
            *(9.99 + side * (i % 8 + 1), 49.99 + side * (i // 8 + 1)),
        )
        shape = json.loads(shapely.to_geojson(box))
        features.append(
            {"type": "Feature", "properties": {"region_id": f"r{i}"}, "geometry": shape}
        )
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    return path


@pytest.fixture
def shops(nano_run, tracks_file, tmp_path):
    """Arguments of an evaluation of regions by their shops."""
    path, labels = squares(tmp_path / "r.geojson"), tmp_path / "l.csv"
    labels.write_text(
        "region_id,shops\n" + "".join(f"r{i},{(i % 8) * 3 + i // 8}\n" for i in range(64))
    )
    arguments = [
        "regions",
        "--tracks",
        str(tracks_file),
        "--regions",
        str(path),
        "--id",
        "region_id",
    ]
    arguments += [
        "--min-users",
        "3",
        "--bundle",
        str(nano_run / "bundle"),
        "--output",
        str(tmp_path / "report"),
    ]
    return [*arguments, "--labels", str(labels), "--field", "shops"]


def test_regions_against_visitors_alone(shops, tmp_path):
    evaluate(shops)
    methods = json.loads((tmp_path / "report.json").read_text())["methods"]
    assert methods[regions.ALONE]["more_r2"] == pytest.approx([0, 0, 0]) and len(methods) == 4
    more, low, high = methods[regions.RAW]["more_r2"]
    assert low <= more <= high and more == pytest.approx(
        methods[regions.RAW]["r2"] - methods[regions.ALONE]["r2"]
    )
    with pytest.raises(InputError, match="Only 0 regions"):
        evaluate([*shops, "--min-users", "1000"])


def test_measures_are_what_they_say():
    truth = np.arange(40.0)
    alone, better = truth.mean() + np.zeros(40), truth + 1
    m = regions.measure(better, truth, alone, np.arange(40) // 2, 0)
    assert m["r2"] == pytest.approx(1 - 40 / np.square(truth - truth.mean()).sum())
    assert m["mae"] == 1 and m["rank_correlation"] == pytest.approx(1)
    assert m["more_r2"][0] == pytest.approx(m["r2"]) and m["more_r2"][1] > 0.9
