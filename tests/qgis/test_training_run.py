# SPDX-License-Identifier: GPL-2.0-or-later
"""The last page of the training window without a desktop: its buttons and its process."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from qgis.PyQt.QtWidgets import QApplication

STAYS = 'import time\nprint(\'{"stage": "training"}\')\ntime.sleep(60)'


@pytest.fixture
def show(
    staged: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> Callable[[str], Any]:
    """The page with a run on it, whose training is a stand-in given by its source."""
    from raw_qgis_plugin.gui.training import run as training_run
    from raw_qgis_plugin.tasks import child as module
    from raw_qgis_plugin.tasks import training

    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(module, "runs_folder", lambda: tmp_path / "runs")
    monkeypatch.setattr(training, "ADAPT", "standin")  # a pretraining can be paused

    def begin(source: str) -> Any:
        (tmp_path / "standin.py").write_text(source)
        child = module.Child.start("standin", [], tmp_path / "runs" / "one", needs=(), minutes=1)
        request.addfinalizer(lambda: child.cancel(0))
        page = training_run.RunPage(None)
        request.addfinalizer(page.timer.stop)
        page.attach(child)
        return page

    return begin


def spin(until: Callable[[], bool], seconds: float = 20.0) -> bool:
    """Let Qt run until a condition holds. Returns whether it holds."""
    end = time.monotonic() + seconds
    while not until() and time.monotonic() < end:
        QApplication.processEvents()
        time.sleep(0.02)
    return until()


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


def test_a_pause_waits_for_the_checkpoint(show: Callable[[str], Any], monkeypatch: pytest.MonkeyPatch) -> None:
    from raw_qgis_plugin.tasks.child import Child

    from .test_child import SAVES

    monkeypatch.setattr(Child, "patience_s", 0.5)
    page = show(SAVES)
    assert spin(lambda: "begun" in page.log.toPlainText())
    page.pause()
    assert spin(lambda: page.status == "stopped")
    assert (page.child.folder / "result/run/state.safetensors").stat().st_size == 15_000


def test_a_finished_run_keeps_no_personal_data(show: Callable[[str], Any], tmp_path: Path) -> None:
    folder, of_people = tmp_path / "runs" / "one", ("tracks.parquet", "labels.parquet", "labels.csv", "regions.geojson")
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
time.sleep(60)
"""


def test_curves_begin_with_the_first_step(show: Callable[[str], Any]) -> None:
    page = show(STEPS)
    assert spin(lambda: len(page.loss.lines.get("loss", [])) == 2)
    assert page.loss.lines["loss"] == [(1, 2.0), (2, 1.0)] and page.bar.value() > 0
    assert "left, then calibrating and testing" in page.head.text() and "step 1: loss 2.000" in page.log.toPlainText()


@pytest.mark.parametrize(
    ("end", "asks"), [('"use": true', False), ('"use": null', True), ('"use": false', True), ('"old": 1', True)]
)
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
    from types import SimpleNamespace

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


def test_the_advice_is_bold_and_the_figures_are_below(show: Callable[[str], Any]) -> None:
    """Of model.finetune the advice ends at the colon."""
    from raw_qgis_plugin.gui.training.watch import advice_of

    page = show('print(\'{"verdict": "Keep it. Mean error: <5 m.", "advice": "Keep it."}\')')
    assert spin(lambda: page.status == "finished")
    assert page.head.text() == "<b>Keep it.</b><br>Mean error: &lt;5 m."
    head = advice_of({"verdict": "Worth using: right in 80% of 9 cases. 9 labels say little: label more."})
    assert head == ("Worth using.", "Right in 80% of 9 cases. 9 labels say little: label more.")
    end = {"verdict": "Worth using: right in 80% of 9 cases.", "advice": "Worth using"}
    assert advice_of(end) == ("Worth using.", "Right in 80% of 9 cases.")
    assert advice_of({"verdict": "good"}) == ("good.", "")
