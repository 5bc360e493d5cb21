# SPDX-License-Identifier: GPL-2.0-or-later
"""The training page in the desktop QGIS: training.py. A training is paused; another QGIS resumes it
to its end.
"""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
Drive = Callable[..., dict[str, Any]]

pytestmark = pytest.mark.skipif(
    find_spec("torch") is None, reason="training needs torch, which is not installed"
)


@pytest.fixture(scope="module", autouse=True)
def ended(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Stop trainings of a failed test: they outlive QGIS."""
    yield
    for pid in tmp_path_factory.getbasetemp().glob("*/profiles/default/raw/runs/*/pid"):
        with contextlib.suppress(OSError):
            if str(pid.parent).encode() in Path(f"/proc/{pid.read_text()}/cmdline").read_bytes():
                os.killpg(int(pid.read_text()), signal.SIGKILL)


@pytest.fixture(scope="module")
def begun(drive: Drive, sample: Path) -> dict[str, Any]:
    """The report of the first QGIS."""
    tracks = sample / "aracaju_tracks.gpkg"
    return drive(
        HERE / "training.py", "1366x768", RAW_PHASE="begin", RAW_TRACKS=tracks, timeout=900
    )


@pytest.fixture(scope="module")
def resumed(drive: Drive, begun: dict[str, Any]) -> dict[str, Any]:
    """The report of a second QGIS in the same profile."""
    return drive(
        HERE / "training.py", "1366x768", RAW_PHASE="resume", again=begun["profile"], timeout=900
    )


def test_a_training_of_the_toolbox_is_seen_and_paused_on_the_page(begun: dict[str, Any]) -> None:
    words, log, share = begun["running"]
    assert (
        "of training left" in words and "step" in log and share >= 0 and "Paused" in begun["paused"]
    )
    assert begun["bundle"].endswith("raw/models/my model"), "among the user's models"


def test_another_qgis_finds_it_and_resumes_it_to_its_end(
    begun: dict[str, Any], resumed: dict[str, Any]
) -> None:
    assert resumed["found"] == begun["left"]
    status, verdict, has_report = resumed["finished"]
    assert (
        status == "finished" and has_report and "held out" in verdict and not resumed["tracks left"]
    )
    assert ("Use this model all the same?" in resumed["asked"]) != verdict.startswith("<b>Use it")
    assert resumed["of the project"].endswith("my model")
    assert begun["cut"] == resumed["cut"] == []
