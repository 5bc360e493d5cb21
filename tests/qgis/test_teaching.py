# SPDX-License-Identifier: GPL-2.0-or-later
"""What raw:trainhead does to teach a label: a table, a child process, a head in a copy of the model."""

from __future__ import annotations

import shutil
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from qgis.core import QgsFeature, QgsVectorLayer


@pytest.fixture
def table(sample: Path) -> QgsVectorLayer:
    """The sample city's people and what they are."""
    layer = QgsVectorLayer(f"file://{sample / 'city_truth_users.csv'}?detectTypes=yes", "truth", "delimitedtext")
    assert layer.isValid() and layer.featureCount() == 40
    return layer


def words_table(names: list[str], rows: list[tuple[str | None, ...]]) -> QgsVectorLayer:
    """A table of text."""
    layer = QgsVectorLayer("None?" + "&".join(f"field={name}:string" for name in names), "labels", "memory")
    for row in rows:
        feature = QgsFeature(layer.fields())
        feature.setAttributes(list(row))
        layer.dataProvider().addFeature(feature)
    return layer


def learned(columns: dict[str, list[Any]], unit: str, folder: Path, told: list[str] | None = None) -> dict[str, Any]:
    """The labels as model.finetune reads them."""
    pytest.importorskip("model.data.labels", exc_type=ImportError)
    from model.data.labels import read_table, usable
    from raw_qgis_plugin.tasks.training import write_labels

    write_labels(columns, folder / "labels.parquet")
    return usable(read_table(folder / "labels.parquet"), unit, "label", warn=(told if told is not None else []).append)


def test_labels_are_read_by_id_and_told_by_kind(staged: None, table: QgsVectorLayer, tmp_path: Path) -> None:
    from raw_qgis_plugin.layers.reading import Snapshot
    from raw_qgis_plugin.tasks.training import read_labels

    columns = read_labels(Snapshot(table), {"user_id": "user_id", "label": "commuter"})
    assert len(learned(columns, "user", tmp_path)["label"]) == 40
    measured = read_labels(Snapshot(table), {"user_id": "user_id", "label": "trips_a_day"})
    assert 1.857 in measured["label"]


def test_units_with_two_labels_are_counted_and_left_out(staged: None, tmp_path: Path) -> None:
    from raw_qgis_plugin.layers.reading import Snapshot
    from raw_qgis_plugin.tasks.training import read_labels

    rows = [(f"u{n}", "yes" if n % 2 else "no") for n in range(12)] + [("u0", "yes"), ("u0", "yes"), ("u1", "yes")]
    fields = {"user_id": "user_id", "label": "commuter"}
    columns = read_labels(Snapshot(words_table(["user_id", "commuter"], rows)), fields)
    told: list[str] = []
    found = learned(columns, "user", tmp_path, told)
    assert sorted(found["user_id"]) == sorted(f"u{n}" for n in range(1, 12)) and "in two ways" in told[0]


def test_unknown_is_no_label_of_raw_s_own_table(staged: None) -> None:
    from raw_qgis_plugin.layers.reading import Snapshot
    from raw_qgis_plugin.tasks.training import read_labels

    rows, fields = [("1", "bus", "0.9"), ("2", "unknown", None)], {"track_id": "track_id", "label": "mode"}
    for third, label in (("mode_p", None), ("why", "unknown")):
        found = read_labels(Snapshot(words_table(["track_id", "mode", third], rows)), fields)
        assert found == {"track_id": ["1", "2"], "label": ["bus", label]}


@pytest.mark.skipif(find_spec("torch") is None, reason="training needs torch, which is not installed")
def test_a_label_is_taught_in_a_child_process(
    staged: None, table: QgsVectorLayer, sample: Path, tmp_path: Path
) -> None:
    from raw_qgis_plugin.core.bundle.bundle import open_bundle
    from raw_qgis_plugin.layers.reading import Snapshot
    from raw_qgis_plugin.tasks import training
    from raw_qgis_plugin.tasks.child import Child

    folder = tmp_path / "run"
    (folder / training.RESULT_FOLDER).mkdir(parents=True)
    shutil.copy(sample / "city_tracks.parquet", folder / "tracks.parquet")
    labels = training.read_labels(Snapshot(table), {"user_id": "user_id", "label": "commuter"})
    training.write_labels(labels, folder / "labels.parquet")
    arguments = training.finetuning_arguments(folder, "shipped", "user", "commuter", "goes_to_work", 1.0, "cpu")
    told: list[dict[str, Any]] = []
    child = Child.start(training.FINETUNE, arguments, folder)
    child.follow(told.append)
    shares = [share for line in told if (share := training.share_done(line, 1.0)) is not None]
    assert shares and shares == sorted(shares) and shares[-1] <= 1.0
    head = open_bundle(folder / training.RESULT_FOLDER / "bundle").head("goes_to_work")
    assert head["metrics"]["units"] <= 40 and head["verdict"] in [training.progress_text(line) for line in told]
    assert (folder / training.RESULT_FOLDER / "report.html").exists()
