# SPDX-License-Identifier: GPL-2.0-or-later
"""raw:pretrain in QGIS: a short training of raw-nano on a few people, cancelled, and what is
refused.

A training to its end: tests/gui/test_training.py.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from qgis.core import QgsProcessingException, QgsProcessingFeedback, QgsVectorLayer
from qgis.PyQt import sip

needs_torch = pytest.mark.skipif(
    find_spec("torch") is None, reason="training needs torch, which is not installed"
)


class Told(QgsProcessingFeedback):
    """Remembers what it is told, and cancels after `cancel_on` was said."""

    def __init__(self, cancel_on: str = "") -> None:
        super().__init__(False)
        self.said: list[str] = []
        self.cancel_on = cancel_on

    def pushInfo(self, info: str) -> None:  # noqa: N802
        self.said.append(info)
        if self.cancel_on and self.cancel_on in info:
            self.cancel()

    pushConsoleInfo = pushWarning = pushInfo


@pytest.fixture
def tracks(sample: Path) -> Iterator[QgsVectorLayer]:
    """The sample's ten phones. QGIS keeps the calls that ended in an error, and so the layer,
    longer than GDAL lives: it is deleted by hand.
    """
    layer = QgsVectorLayer(str(sample / "aracaju_tracks.gpkg"), "tracks", "ogr")
    assert layer.isValid()
    yield layer
    sip.delete(layer)


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, staged: None) -> Path:
    """Where the runs lie: not in a profile that others use."""
    from raw_qgis_plugin.tasks import child

    folder = tmp_path / "runs"
    folder.mkdir()
    monkeypatch.setattr(child, "runs_folder", lambda: folder)
    return folder


def parameters(tracks: QgsVectorLayer, out: Path, **more: Any) -> dict[str, Any]:
    return {
        "INPUT": tracks, "PRESET": "raw-nano", "INIT": "none", "MINUTES": 0.05, "DEVICE": "CPU",
        "BUNDLE": str(out / "bundle"), "REPORT": str(out / "report.html"), **more,
    }  # fmt: skip


@needs_torch
def test_a_cancel_is_quick_and_keeps_the_run_for_later(
    processing: Any, tracks: QgsVectorLayer, runs: Path, tmp_path: Path
) -> None:
    from raw_qgis_plugin.tasks.child import Child

    told = Told(cancel_on="Training")
    began = time.monotonic()
    processing.run("raw:pretrain", parameters(tracks, tmp_path, MINUTES=30), feedback=told)
    assert time.monotonic() - began < 60
    (folder,) = runs.iterdir()
    child = Child(folder)
    assert child.status == "stopped" and not child.running
    assert any(str(folder) in said for said in told.said)
    assert not (tmp_path / "bundle" / "card.json").exists()


def test_a_cancel_before_it_began_starts_nothing_and_keeps_nothing(
    processing: Any,
    tracks: QgsVectorLayer,
    runs: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from raw_qgis_plugin.tasks import child, training

    told, started, write = Told(), [], training.write_tracks
    monkeypatch.setattr(training, "write_tracks", lambda *a: (write(*a), told.cancel()))
    monkeypatch.setattr(child.Child, "start", classmethod(lambda *a, **k: started.append(a)))
    assert processing.run("raw:pretrain", parameters(tracks, tmp_path), feedback=told) == {}
    assert not started and not list(runs.iterdir())
    assert not any("Stopped" in said for said in told.said)


def test_the_bar_never_goes_back(staged: None) -> None:
    from raw_qgis_plugin.tasks.training import share_done

    lines: list[dict[str, Any]] = [
        {"seconds_left": 30.0},
        {"seconds_left": 0.0},
        {"stage": "calibrating"},
    ]
    lines += [{"stage": "comparing"}, {"stage": "report"}, {"stage": "done", "verdict": "good"}]
    shares = [share_done(line, 1.0) for line in lines]
    assert shares == sorted(shares) and shares[-1] == 1.0


def test_a_model_that_is_none_is_refused_before_anything_is_read(
    processing: Any,
    make: Callable[..., Any],
    invented: Callable[..., Any],
    runs: Path,
    tmp_path: Path,
) -> None:
    with pytest.raises(QgsProcessingException, match="There is no model at"):
        processing.run(
            "raw:pretrain", parameters(make(invented()), tmp_path, INIT=str(tmp_path / "nowhere"))
        )
    assert list(runs.iterdir()) == []


def test_a_folder_with_something_else_in_it_is_refused_before_anything_is_trained(
    processing: Any,
    make: Callable[..., Any],
    invented: Callable[..., Any],
    runs: Path,
    tmp_path: Path,
    waiting: list,
) -> None:
    (tmp_path / "bundle").mkdir()
    (tmp_path / "bundle" / "thesis.txt").touch()
    with pytest.raises(QgsProcessingException, match="is no model bundle"):
        processing.run("raw:pretrain", parameters(make(invented()), tmp_path), feedback=Told())
    assert not waiting and (tmp_path / "bundle" / "thesis.txt").exists()
