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

    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
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


def test_a_finished_run_keeps_no_personal_data(show: Callable[[str], Any], tmp_path: Path) -> None:
    folder, of_people = tmp_path / "runs" / "one", ("tracks.parquet", "labels.parquet", "labels.csv", "regions.geojson")
    folder.mkdir(parents=True)
    for name in of_people:  # raw:trainhead's too, where QGIS was quit before it could hand over
        (folder / name).touch()
    page = show("pass")
    assert spin(lambda: page.status == "finished")
    assert not any((folder / name).exists() for name in of_people)
