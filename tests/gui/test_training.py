# SPDX-License-Identifier: GPL-2.0-or-later
"""The training page in the desktop QGIS: training.py.

A label taught and used, on a small dark screen; and a pretraining in the middle of which QGIS is quit.
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
PICTURES = HERE.parents[1] / "build" / "gui"
Drive = Callable[..., dict[str, Any]]

pytestmark = pytest.mark.skipif(find_spec("torch") is None, reason="training needs torch, which is not installed")


def end_runs(folder: Path) -> None:
    """Stop trainings of a failed test: they outlive QGIS."""
    for pid in folder.glob("*/profiles/default/raw/runs/*/pid"):
        with contextlib.suppress(OSError):
            if str(pid.parent).encode() in Path(f"/proc/{pid.read_text()}/cmdline").read_bytes():
                os.killpg(int(pid.read_text()), signal.SIGKILL)


@pytest.fixture(scope="module", autouse=True)
def ended(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    yield
    end_runs(tmp_path_factory.getbasetemp())


@pytest.fixture(scope="module")
def taught(drive: Drive, sample: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The report of the QGIS in which a label was taught."""
    labels = tmp_path_factory.mktemp("labels") / "labels.csv"
    users = (0, 4, 8, 9, 10, 12, 13, 15, 16, 24)
    labels.write_text("user_id,travels_by\n" + "".join(f"{u},{'bus' if u % 4 else 'car'}\n" for u in users))
    return drive(
        HERE / "training.py", "1366x768", "Night Mapping", RAW_PHASE="teach", RAW_LABELS=labels,
        RAW_TRACKS=sample / "aracaju_tracks.gpkg", timeout=900,
    )  # fmt: skip


@pytest.fixture(scope="module")
def begun(drive: Drive, sample: Path) -> dict[str, Any]:
    """The report of the first QGIS of a training."""
    tracks = sample / "aracaju_tracks.gpkg"
    return drive(HERE / "training.py", "1366x768", RAW_PHASE="begin", RAW_TRACKS=tracks, timeout=900)


@pytest.fixture(scope="module")
def resumed(drive: Drive, begun: dict[str, Any]) -> dict[str, Any]:
    """The report of a second QGIS in the same profile."""
    return drive(HERE / "training.py", "1366x768", RAW_PHASE="resume", again=begun["profile"], timeout=900)


def test_a_label_is_taught_from_a_table_whose_fields_are_guessed(taught: dict[str, Any]) -> None:
    assert taught["guessed"] == ["Tracks", "user_id", "travels_by"]
    assert taught["labels"] == "10 labelled users: car 6, bus 4"
    status, verdict, has_report = taught["taught"]
    assert status == "finished" and has_report and "10 labels say little" in verdict


def test_the_dock_shows_the_taught_label_beside_those_of_people(taught: dict[str, Any]) -> None:
    assert taught["model"] == "Bus or car" and {"travels_by", "commuter"} <= set(taught["fields"])
    assert [each for each in taught["card"] if each.startswith("Travels by: ")]


def test_curves_grow_while_it_runs_and_it_can_be_paused(begun: dict[str, Any]) -> None:
    words, points, unseen = begun["running"]
    assert "left" in words and points >= 2 and unseen and "Paused" in begun["paused"]


def test_a_training_outlives_qgis_and_is_found_again(begun: dict[str, Any], resumed: dict[str, Any]) -> None:
    assert resumed["found"] == begun["left"]
    status, verdict, has_report = resumed["finished"]
    assert status == "finished" and has_report and "held out" in verdict and not resumed["tracks left"]
    assert any("Aracaju nano" in words and "finished." in words for words in resumed["message"])
    assert ("Use this model all the same?" in resumed["asked"]) != verdict.startswith("<b>Use it")
    assert resumed["of the project"].endswith("Aracaju nano")


def test_nothing_is_cut_off(taught: dict[str, Any], begun: dict[str, Any], resumed: dict[str, Any]) -> None:
    assert taught["cut"] == begun["cut"] == resumed["cut"] == []
    for name in ("teach", "taught", "labelled", "form", "running", "finished"):
        assert (PICTURES / f"training_{name}.png").stat().st_size > 5_000
