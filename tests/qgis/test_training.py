# SPDX-License-Identifier: GPL-2.0-or-later
"""The training page without a desktop: a run is shown, paused, resumed, used and deleted."""

from __future__ import annotations

import signal
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from .waiting import until

STAYS = (
    'import time\nprint(\'{"stage": "training", "seconds_left": 50}\', flush=True)\ntime.sleep(60)'
)


@pytest.fixture
def show(
    staged: None,
    qgis_iface: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
) -> Callable[[str], Any]:
    """The page with a run, whose training is a stand-in given by its source."""
    from raw_qgis_plugin.gui.windows.training import TrainingDialog
    from raw_qgis_plugin.tasks import child as module
    from raw_qgis_plugin.tasks import training

    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(module, "runs_folder", lambda: tmp_path / "runs")
    monkeypatch.setattr(training, "ADAPT", "standin")  # a pretraining can be paused
    desktop = SimpleNamespace(iface=qgis_iface, opened=[])
    desktop.open_dialog = desktop.opened.append

    def begin(source: str) -> Any:
        (tmp_path / "standin.py").write_text(source)
        child = module.Child.start("standin", [], tmp_path / "runs" / "one", minutes=1)
        request.addfinalizer(lambda: child.send(signal.SIGKILL))
        page = TrainingDialog(desktop)
        request.addfinalizer(page.close)
        return page

    return begin


def test_the_page_opens_the_algorithms_and_lists_runs_as_they_come_and_go(
    show: Callable[[str], Any],
) -> None:
    page = show(STAYS)
    for name in ("pretrain", "trainhead"):
        next(
            each
            for each in page.findChildren(type(page.actions["use"]))
            if each.objectName().endswith(name)
        ).click()
    assert page.desktop.opened == ["pretrain", "trainhead"]
    until(lambda: page.last and "left, then calibrating" in page.head.text())
    assert page.runs.count() == 1 and page.bar.value() > 0 and page.actions["use"].isHidden()
    page.delete(ask=False)
    until(lambda: page.child is None and page.said == "")
    assert page.runs.count() == 0 and "No training is under way" in page.head.text()


def test_a_run_is_paused_and_resumed(show: Callable[[str], Any]) -> None:
    page = show(STAYS)
    until(lambda: page.last)
    (page.child.folder / "tracks.parquet").touch()
    page.pause()
    until(lambda: page.status == "stopped" and not page.actions["resume"].isHidden())
    page.resume()
    until(lambda: page.status == "running")
    assert "--resume" in page.child.about["arguments"] and not page.actions["pause"].isHidden()


def test_a_finished_run_keeps_no_personal_data(show: Callable[[str], Any], tmp_path: Path) -> None:
    folder, of_people = (
        tmp_path / "runs" / "one",
        ("tracks.parquet", "labels.parquet", "regions.geojson"),
    )
    folder.mkdir(parents=True)
    for name in of_people:  # raw:trainhead's too, where QGIS was quit before it could hand over
        (folder / name).touch()
    page = show('print(\'{"verdict": "Keep it: <5 m."}\')')
    until(lambda: page.status == "finished")
    assert (
        not any((folder / name).exists() for name in of_people)
        and page.head.text() == "<b>Keep it: &lt;5 m.</b>"
    )


@pytest.mark.parametrize(("end", "asks"), [('"use": true', False), ('"use": false', True)])
def test_using_a_model_that_is_not_advised_asks(
    show: Callable[[str], Any], monkeypatch: pytest.MonkeyPatch, end: str, asks: bool
) -> None:
    from qgis.PyQt.QtWidgets import QMessageBox

    verdict = "Keep the model before (average error)."
    page = show(f'print(\'{{"stage": "done", {end}, "verdict": "{verdict}"}}\')')
    asked: list[str] = []
    used: list[Any] = []
    monkeypatch.setattr(
        QMessageBox,
        "question",
        lambda *said: asked.append(said[2]) or QMessageBox.StandardButton.No,
    )
    monkeypatch.setattr("raw_qgis_plugin.core.bundle.library.add", lambda *given: Path("mine"))
    page.desktop.use_model = lambda *given, **_: used.append(given[0])
    until(lambda: page.status == "finished")
    page.use()
    if asks:
        assert verdict in asked[0] and not used
    else:
        until(lambda: "'mine'" in page.head.text())
        assert used == [Path("mine")] and not asked and page.actions["delete"].isEnabled()
