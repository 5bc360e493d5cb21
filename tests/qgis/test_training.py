# SPDX-License-Identifier: GPL-2.0-or-later
"""The training page without a desktop: what is chosen reaches the process, and the process is shown."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from pyarrow import parquet
from qgis.core import QgsFeature, QgsProject, QgsVectorLayer
from qgis.PyQt.QtWidgets import QApplication

from .waiting import until

STAYS = 'import time\nprint(\'{"stage": "training"}\')\ntime.sleep(60)'


@pytest.fixture
def show(
    staged: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> Callable[[str], Any]:
    """The panel of a run, whose training is a stand-in given by its source."""
    from raw_qgis_plugin.gui.training import run as training_run
    from raw_qgis_plugin.tasks import child as module
    from raw_qgis_plugin.tasks import training

    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(module, "runs_folder", lambda: tmp_path / "runs")
    monkeypatch.setattr(training, "ADAPT", "standin")  # a pretraining can be paused

    def begin(source: str) -> Any:
        (tmp_path / "standin.py").write_text(source)
        child = module.Child.start("standin", [], tmp_path / "runs" / "one", minutes=1)
        request.addfinalizer(child.kill)
        page = training_run.RunPanel(None)
        request.addfinalizer(page.timer.stop)
        page.attach(child)
        return page

    return begin


def spin(done: Callable[[], bool], seconds: float = 20.0) -> bool:
    """Let Qt run until a condition holds. Returns whether it holds."""
    end = time.monotonic() + seconds
    while not done() and time.monotonic() < end:
        QApplication.processEvents()
        time.sleep(0.02)
    return done()


def test_a_resumed_run_is_not_killed_by_the_pause(show: Callable[[str], Any], monkeypatch: pytest.MonkeyPatch) -> None:
    from raw_qgis_plugin.tasks.child import Child

    monkeypatch.setattr(Child, "patience_s", 3.0)
    page = show(STAYS)
    assert spin(lambda: bool(page.last))
    paused = time.monotonic()
    page.pause()
    assert spin(lambda: page.status == "stopped", 2.5)
    page.resume()
    assert time.monotonic() - paused < 3.0
    spin(lambda: page.status != "running", 4.0)
    assert page.status == "running"


def test_a_finished_run_keeps_no_personal_data(show: Callable[[str], Any], tmp_path: Path) -> None:
    folder, of_people = tmp_path / "runs" / "one", ("tracks.parquet", "labels.parquet", "regions.geojson")
    folder.mkdir(parents=True)
    for name in of_people:  # raw:trainhead's too, where QGIS was quit before it could hand over
        (folder / name).touch()
    page = show("pass")
    assert spin(lambda: page.status == "finished")
    assert not any((folder / name).exists() for name in of_people)


STEPS = """
import json, time
for step in (1, 2):
    print(json.dumps({"step": step, "step_loss": 3.0 - step, "seconds_left": 50}), flush=True)
print(json.dumps({"step": 3, "loss": 0.5, "ratio_900s": 0.8}), flush=True)
time.sleep(60)
"""


def test_curves_begin_with_the_first_step(show: Callable[[str], Any]) -> None:
    page = show(STEPS)
    assert spin(lambda: len(page.loss.lines.get("loss", [])) == 3)
    assert page.loss.lines["loss"] == [(1, 2.0), (2, 1.0), (3, 0.5)] and page.bar.value() > 0
    assert page.unseen.lines == {"900 s": [(3, 0.8)]}
    assert "left, then calibrating and testing" in page.head.text() and "step 1: loss 2.000" in page.log.toPlainText()


@pytest.mark.parametrize(("end", "asks"), [('"use": true', False), ('"use": null', True), ('"use": false', True)])
def test_using_a_model_that_is_not_advised_asks(
    show: Callable[[str], Any], monkeypatch: pytest.MonkeyPatch, end: str, asks: bool
) -> None:
    from qgis.PyQt.QtWidgets import QMessageBox

    verdict = "Keep the model before (average error)."
    page = show(f'print(\'{{"stage": "done", {end}, "verdict": "{verdict}"}}\')')
    asked: list[str] = []
    monkeypatch.setattr(QMessageBox, "question", lambda *said: asked.append(said[2]) or QMessageBox.StandardButton.No)
    kept: list[Any] = []
    monkeypatch.setattr("raw_qgis_plugin.core.bundle.library.add", lambda *given: kept.append(given))
    monkeypatch.setattr(page, "_used", lambda path: None)
    assert spin(lambda: page.status == "finished")
    page.use()
    assert bool(asked) == asks and all(verdict in words for words in asked)
    assert spin(lambda: bool(kept), 3.0 if not asks else 0.3) != asks


def test_a_message_says_when_a_training_ends(
    show: Callable[[str], Any], tmp_path: Path, qgis_iface: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also while its window is closed. A paused run gives none."""
    from raw_qgis_plugin.gui.training.watch import TrainingWatch

    end = '{"verdict": "Use it: it is better. Mean error: 5 m.", "advice": "Use it: it is better."}'
    page = show(f"import pathlib, time\nwhile not pathlib.Path('end').exists(): time.sleep(0.05)\nprint('{end}')")
    page.timer.stop()
    opened, bar = [], qgis_iface.messageBar()
    said: list[str] = []
    monkeypatch.setattr(bar, "pushWidget", lambda item, level: said.append(item.text()), raising=False)
    watch = TrainingWatch(SimpleNamespace(iface=SimpleNamespace(messageBar=lambda: bar), open_window=opened.append))
    watch.start()
    assert watch.timer.isActive() and len(watch.running) == 1
    watch.look()
    assert not said
    (tmp_path / "runs" / "one" / "end").touch()
    assert spin(lambda: bool(said))
    assert said == ["Training: finished. Use it: it is better."] and not watch.timer.isActive()


def test_the_verdict_is_bold_and_its_figures_are_below(show: Callable[[str], Any]) -> None:
    page = show('print(\'{"verdict": "Keep it. Mean error: <5 m.", "advice": "Keep it."}\')')
    assert spin(lambda: page.status == "finished")
    assert page.head.text() == "<b>Keep it.</b><br>Mean error: &lt;5 m."


# ---- the form -------------------------------------------------------------------------------------------------------


@pytest.fixture
def dialog(
    session: Any, qgis_iface: Any, make: Callable[..., Any], fixes: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[Any]:
    """The page with a layer of tracks and a table of labels. What it starts is in `started`."""
    from raw_qgis_plugin.core.errors import RawError
    from raw_qgis_plugin.gui.training import dialog as module
    from raw_qgis_plugin.tasks import child

    started: list[tuple[str, list[str], Path, dict[str, Any]]] = []

    def start(_class: Any, module: str, arguments: list[str], folder: Path, **about: Any) -> Any:
        started.append((module, arguments, folder, about))
        raise RawError("not here")

    monkeypatch.setattr(child, "runs_folder", lambda: tmp_path)
    monkeypatch.setattr(child.Child, "start", classmethod(start))
    monkeypatch.setattr(module, "rmtree", lambda *_, **__: None)
    tracks = QgsProject.instance().addMapLayer(make(fixes))
    rows = [(f"u{n:02}", "car" if n % 2 else "walk") for n in range(12)]
    table = QgsVectorLayer("None?field=Kennung:string&field=travels_by:string", "labels", "memory")
    for row in rows:
        feature = QgsFeature(table.fields())
        feature.setAttributes(list(row))
        table.dataProvider().addFeature(feature)
    QgsProject.instance().addMapLayer(table)
    desktop = SimpleNamespace(
        iface=qgis_iface, tracks_layer=lambda: tracks, watch_training=lambda: None, opened=lambda name: None
    )
    made = module.TrainingDialog(desktop)
    made.table, made.started_with = table, started
    yield made
    made.close()
    made.deleteLater()


def test_what_is_chosen_reaches_the_training(dialog: Any) -> None:
    assert dialog.track_fields.boxes["user"].currentField() == "user_id" and dialog.alone.isHidden()
    assert not dialog.preset.isEnabled() and dialog.preset.currentData() == "raw-small"
    dialog.init.setCurrentIndex(dialog.init.findData("none"))
    dialog.preset.setCurrentIndex(dialog.preset.findData("raw-nano"))
    dialog.minutes.setValue(2)
    dialog.device.setCurrentIndex(dialog.device.findData("CPU"))
    assert dialog.start.isEnabled()
    dialog.start.click()
    until(lambda: dialog.started_with)
    module, arguments, folder, about = dialog.started_with[0]
    assert module == "model.adapt" and about["minutes"] == 2 and (folder / "tracks.parquet").stat().st_size > 1000
    for flag, value in (("--init", "none"), ("--preset", "raw-nano"), ("--minutes", "2"), ("--device", "cpu")):
        assert arguments[arguments.index(flag) + 1] == value
    assert "not here" in dialog.hint.text()


def test_a_label_is_learned_as_it_is_when_the_training_starts(dialog: Any) -> None:
    """Not as it was counted before an edit. The id field is told by its values."""
    dialog.teach.setChecked(True)
    until(lambda: dialog.labels.labels is not None)
    assert dialog.labels.table.currentLayer() is dialog.table, "the only table is proposed"
    assert (dialog.labels.key.currentField(), dialog.labels.label.currentField()) == ("Kennung", "travels_by")
    assert dialog.labels.note.text() == "12 labelled users: walk 6, car 6" and dialog.start.isEnabled()
    dialog.table.startEditing()
    assert dialog.table.changeAttributeValue(next(dialog.table.getFeatures()).id(), 1, "bus")
    assert dialog.table.commitChanges()
    dialog.start.click()
    until(lambda: dialog.started_with)
    module, arguments, folder, _ = dialog.started_with[0]
    assert module == "model.finetune" and "travels_by" in arguments
    rows = parquet.read_table(folder / "labels.parquet").to_pylist()
    assert {"user_id": "u00", "label": "bus"} in rows and len(rows) == 12


def test_what_is_missing_is_said(dialog: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from raw_qgis_plugin.core import errors

    dialog.track_fields.boxes["user"].setField("")
    assert not dialog.alone.isHidden() and "one person's" in dialog.alone.text()
    dialog.name.setText(" ")
    assert dialog.hint.text() == "Give the new model a name." and not dialog.start.isEnabled()
    dialog.name.setText("mine")
    dialog.teach.setChecked(True)
    until(lambda: dialog.labels.labels is not None)
    for name, words in (("Owns car", "small letters"), ("evidence", "the name of a field that is there")):
        dialog.labels.name.setText(name)
        assert words in dialog.hint.text()
    (tmp_path / "no table.csv").mkdir()
    dialog.labels.load(str(tmp_path / "no table.csv"))
    assert "no table.csv cannot be opened" in dialog.labels.note.text()
    find = errors.find_spec
    monkeypatch.setattr(errors, "find_spec", lambda name: None if name == "torch" else find(name))
    dialog.check_packages()
    assert "torch" in dialog.hint.text() and "MB to download" in dialog.hint.text() and not dialog.install.isHidden()
