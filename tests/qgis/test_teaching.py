# SPDX-License-Identifier: GPL-2.0-or-later
"""What the training dialog does to teach a label: a table, a child process, a head in a copy of the model."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from qgis.core import QgsFeature, QgsProject, QgsVectorLayer
from qgis.PyQt import sip

from .waiting import until


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


def test_labels_are_read_by_id_and_told_by_kind(staged: None, table: QgsVectorLayer, tmp_path: Path) -> None:
    from raw_qgis_plugin.layers.reading import Snapshot
    from raw_qgis_plugin.tasks.training import read_labels, write_labels

    named = read_labels(Snapshot(table), "user_id", "commuter")
    assert len(named.values) == 40 and set(named.values.values()) == {"true", "false"} and not named.is_number
    measured = read_labels(Snapshot(table), "user_id", "trips_a_day")
    assert measured.is_number and measured.values["u00011",] == "1.857"
    write_labels(named, "user", "commuter", tmp_path / "labels.csv")
    assert (tmp_path / "labels.csv").read_text().splitlines()[:2] == ["user_id,commuter", "u00011,false"]


def test_ids_that_are_dates_are_text(staged: None, make: Callable[..., Any], fixes: Any) -> None:
    from raw_qgis_plugin.layers.reading import Snapshot
    from raw_qgis_plugin.tasks.training import read_labels

    values = read_labels(Snapshot(make(fixes)), "t", "user_id").values
    assert ("2020-09-13 12:26:40",) in values and not any("Qt" in text for unit in values for text in unit)


def test_nulls_and_spellings_are_no_other_label(
    staged: None, make: Callable[..., Any], invented: Callable[..., Any]
) -> None:
    from raw_qgis_plugin.layers.reading import Snapshot
    from raw_qgis_plugin.tasks.training import read_labels

    fixes = invented()
    n = len(fixes.user_id)
    fixes.more["mode"] = [None, "bus", "Bus "] + ["bus"] * (n - 3)
    labels = read_labels(Snapshot(make(fixes)), "user_id", "mode")
    assert set(labels.values.values()) == {"bus"} and not labels.contradictory
    assert set(labels.values) == {(u,) for u in fixes.user_id}


def test_units_with_two_labels_are_counted_and_left_out(staged: None, tmp_path: Path) -> None:
    pytest.importorskip("model.data.labels", exc_type=ImportError)
    from model.data.labels import read_table, usable
    from raw_qgis_plugin.gui.training.pages import describe_labels
    from raw_qgis_plugin.layers.reading import Snapshot
    from raw_qgis_plugin.tasks.training import read_labels, write_labels

    rows = [(f"u{n}", "yes" if n % 2 else "no") for n in range(12)] + [("u0", "yes"), ("u0", "yes"), ("u1", "yes")]
    labels = read_labels(Snapshot(words_table(["user_id", "commuter"], rows)), "user_id", "commuter")
    words = describe_labels(labels, "users")
    assert words == "11 labelled users: <b>yes</b> 6, <b>no</b> 5 (with different labels, left out: 1)"
    write_labels(labels, "user", "commuter", tmp_path / "labels.csv")
    told: list[str] = []
    learned = usable(read_table(tmp_path / "labels.csv"), "user", "commuter", warn=told.append)
    assert sorted(learned["user_id"]) == sorted(f"u{n}" for n in range(1, 12)) and "in two ways" in told[0]


def test_unknown_is_no_label_of_raw_s_own_table(staged: None) -> None:
    from raw_qgis_plugin.layers.reading import Snapshot
    from raw_qgis_plugin.tasks.training import read_labels

    rows = [("1", "bus", "0.9"), ("2", "unknown", None)]
    own = read_labels(Snapshot(words_table(["track_id", "mode", "mode_p"], rows)), "track_id", "mode")
    assert own.values == {("1",): "bus"}
    of_people = read_labels(Snapshot(words_table(["track_id", "mode", "why"], rows)), "track_id", "mode")
    assert of_people.values == {("1",): "bus", ("2",): "unknown"}


def test_tracks_that_each_user_numbers_anew_keep_their_labels(
    staged: None, make: Callable[..., Any], invented: Callable[..., Any], tmp_path: Path
) -> None:
    pytest.importorskip("model.data.labels", exc_type=ImportError)
    from model.data.labels import label_units, read_table
    from raw_qgis_plugin.core.sources import readers as sources
    from raw_qgis_plugin.gui.training.pages import DataPage, QuestionPage
    from raw_qgis_plugin.layers.reading import read_tracks
    from raw_qgis_plugin.tasks.training import write_labels, write_tracks

    fixes = invented(users=20, fixes=100)
    fixes.more["trip_id"] = [1 + n % 100 // 20 for n in range(2000)]
    fixes.more["mode"] = [["bus", "car"][(n // 100 + n % 100 // 20) % 2] for n in range(2000)]
    layer = QgsProject.instance().addMapLayer(make(fixes))
    data = DataPage(layer, lambda: None)
    page = QuestionPage(data)
    page.unit.setCurrentIndex(page.unit.findData("track"))
    page.finetune.setChecked(True)
    until(lambda: page.labels is not None)
    assert page.note.text() == "100 labelled tracks (trips): <b>bus</b> 50, <b>car</b> 50" and page.problem() == ""
    write_tracks(read_tracks(data.reading())[0], tmp_path / "tracks.parquet")
    write_labels(page.labels, "track", "mode", tmp_path / "labels.csv")
    told: list[str] = []
    tracks = sources.read(tmp_path / "tracks.parquet")[0]
    taught, found = label_units(tracks, read_table(tmp_path / "labels.csv"), "track", "mode", warn=told.append)
    users = taught.user_ids[taught.track_user]
    right = {(u, str(t)): mode for u, t, mode in zip(fixes.user_id, fixes.more["trip_id"], fixes.more["mode"])}
    assert dict(zip(zip(users, taught.track_ids), found.value)) == right and not told
    data.fields["user"].setField("")  # they are nobody's now
    until(lambda: page.labels is not None)
    assert len(page.labels.contradictory) == 5 and not page.labels.values
    page.unit.setCurrentIndex(page.unit.findData("user"))
    until(lambda: page.labels is not None)
    assert all(len(names) == 1 for names in page.labels.values)
    QgsProject.instance().clear()


def test_the_question_can_be_changed_after_a_count_was_cancelled(
    staged: None, make: Callable[..., Any], invented: Callable[..., Any]
) -> None:
    from raw_qgis_plugin.gui.training.pages import DataPage, QuestionPage

    fixes = invented()
    fixes.more |= {"kind": ["a", "b"] * (len(fixes.t) // 2), "zone": ["c", "d"] * (len(fixes.t) // 2)}
    page = QuestionPage(DataPage(QgsProject.instance().addMapLayer(make(fixes)), lambda: None))
    page.finetune.setChecked(True)
    job = page.job
    job.cancel()  # as QGIS's list of tasks does
    until(lambda: sip.isdeleted(job))
    page.label.setField("zone")
    until(lambda: page.labels is not None)
    assert set(page.labels.values.values()) <= {"c", "d"} and page.job is None
    QgsProject.instance().clear()


def test_the_labels_that_are_learned_are_those_when_it_starts(
    session: Any, qgis_iface: Any, make: Callable[..., Any], invented: Callable[..., Any], tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """Not those that the page counted before an edit."""
    from raw_qgis_plugin.gui.training.dialog import TrainingDialog
    from raw_qgis_plugin.tasks import child

    monkeypatch.setattr(child, "runs_folder", lambda: tmp_path)
    started: list[Path] = []
    monkeypatch.setattr(TrainingDialog, "_launch", lambda *launched: started.append(launched[3]))  # the folder
    tracks = QgsProject.instance().addMapLayer(make(invented()))
    table = words_table(["user_id", "mode"], [(f"u{n:02}", "car" if n % 2 else "walk") for n in range(12)])
    QgsProject.instance().addMapLayer(table)
    desktop = SimpleNamespace(iface=qgis_iface, tracks_layer=lambda: tracks, watch_training=lambda: None)
    dialog = TrainingDialog(desktop)
    dialog.hardware.device.addItem("CPU", "CPU")
    dialog.question.finetune.setChecked(True)
    dialog.question.table.setLayer(table)
    until(lambda: dialog.question.labels is not None)
    table.startEditing()
    assert table.changeAttributeValue(next(table.getFeatures()).id(), 1, "bus") and table.commitChanges()
    dialog.start_training()
    until(lambda: started)
    assert "u00,bus" in (started[0] / "labels.csv").read_text().splitlines()
    dialog.close()
    dialog.deleteLater()


@pytest.mark.parametrize(
    "labels", [["0", "1", "2"] * 4, ["1", "2"] * 6, ["1.5", "2"] * 6, ["a", "b", "3"] * 4, ["true", "false"] * 6]
)
def test_the_answer_is_announced_as_it_will_be_learned(staged: None, labels: list[str], tmp_path: Path) -> None:
    fit = pytest.importorskip("model.head_training.fit", exc_type=ImportError)
    from model.data.labels import read_table
    from raw_qgis_plugin.tasks.training import Labels, are_numbers, write_labels

    said = Labels({(f"u{n}",): text for n, text in enumerate(labels)}, are_numbers(set(labels)))
    write_labels(said, "user", "kind", tmp_path / "labels.csv")
    task, _ = fit.encode(read_table(tmp_path / "labels.csv")["kind"])
    assert said.is_number == (task.kind == "number")


def test_few_numbers_are_numbers_too(staged: None, make: Callable[..., Any], invented: Callable[..., Any]) -> None:
    from raw_qgis_plugin.layers.reading import Snapshot
    from raw_qgis_plugin.tasks.training import read_labels

    fixes = invented()
    users = sorted(set(fixes.user_id))
    fixes.more["cars"] = [users.index(user) % 3 for user in fixes.user_id]
    assert read_labels(Snapshot(make(fixes)), "user_id", "cars").is_number


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
    labels = training.read_labels(Snapshot(table), "user_id", "commuter")
    training.write_labels(labels, "user", "commuter", folder / "labels.csv")
    arguments = training.finetuning_arguments(folder, "shipped", "user", "commuter", "goes_to_work", 1.0, "cpu")
    told: list[dict[str, Any]] = []
    child = Child.start(training.FINETUNE, arguments, folder)
    child.follow(told.append)
    shares = [share for line in told if (share := training.finetuning_share(line)) is not None]
    assert shares and shares == sorted(shares) and shares[-1] <= 1.0
    head = open_bundle(folder / training.RESULT_FOLDER / "bundle").head("goes_to_work")
    assert head["metrics"]["units"] <= len(labels.values) and head["verdict"] in [
        training.progress_text(line) for line in told
    ]
    assert (folder / training.RESULT_FOLDER / "report.html").exists()
