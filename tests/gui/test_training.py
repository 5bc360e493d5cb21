# SPDX-License-Identifier: GPL-2.0-or-later
"""The training window and the models window in the desktop QGIS: training.py.

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
        HERE / "training.py", "1366x768", "Night Mapping", RAW_PHASE="teach", RAW_SUFFIX="_dark", RAW_LABELS=labels,
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
    assert taught["data"][0] == "Tracks" and taught["data"][1].startswith("Features: ")
    assert taught["guessed"] == ["user_id", "travels_by", "travels_by"]
    assert taught["labels"].startswith("10 labelled users") and "<b>car</b> 6, <b>bus</b> 4" in taught["labels"]
    status, verdict, has_report = taught["taught"]
    assert status == "finished" and has_report, taught["log"]
    assert "10 labels say little" in verdict


def test_the_dock_shows_the_taught_label_and_no_experimental_one(taught: dict[str, Any]) -> None:
    assert taught["model in the dock"] == "Bus or car"
    name, legend = taught["profiles"]
    assert name == "Profiles: Travels by" and {"Bus", "Car"} <= set(legend)
    assert len(taught["answers"]) == 10 and set(taught["answers"]) <= {"bus", "car", "unknown"}
    assert "raw_travels_by" in taught["joined"] and "raw_commuter" not in taught["joined"]  # not switched on
    assert [words for words in taught["card"] if words.startswith("Travels by: ")]
    assert not [words for words in taught["card"] if words.startswith("Commuter: ")]


def test_nothing_is_cut_off_on_a_small_dark_screen(taught: dict[str, Any]) -> None:
    assert taught["cut"] == []
    for name in ("data", "question", "model", "hardware", "teaching", "taught"):
        assert (PICTURES / f"training_{name}_dark.png").stat().st_size > 5_000
    assert (PICTURES / "dock_taught_dark.png").stat().st_size > 10_000


def test_the_pages_guess_and_measure(begun: dict[str, Any]) -> None:
    assert begun["data"][0] == "Tracks" and begun["data"][1].startswith("Features: ")
    assert any("CPU" in device for device in begun["devices"])
    assert "raw-nano sees about" in begun["estimate"] and "each of your 9,262 fixes" in begun["estimate"]


def test_curves_grow_while_it_runs_and_it_can_be_paused(begun: dict[str, Any]) -> None:
    words, points, unseen = begun["running"]
    assert "fixes a second" in words and "left" in words
    assert begun["first point"] == 1 and points >= 2 and unseen
    assert "Paused" in begun["paused"]


def test_a_training_outlives_qgis_and_is_found_again(begun: dict[str, Any], resumed: dict[str, Any]) -> None:
    assert resumed["page"] == 4 and resumed["found"] == begun["left"]
    status, verdict, has_report = resumed["finished"]
    assert status == "finished" and has_report, resumed["log"]
    assert "held out" in verdict
    assert not resumed["tracks left"]


def test_a_training_closed_and_ended_is_opened_on_its_report(resumed: dict[str, Any]) -> None:
    assert resumed["reopened"] == [4, resumed["found"], True, True]
    assert any("Aracaju nano" in words and "finished." in words for words in resumed["message"])
    assert ("Use this model all the same?" in resumed["asked"]) != resumed["finished"][1].startswith("<b>Use it")


def test_the_model_is_kept_compared_exported_and_removed(resumed: dict[str, Any]) -> None:
    assert (
        resumed["of the project"].endswith("Aracaju nano")
        and resumed["default"] == ""
        and resumed["default again"] == ""
    )
    assert resumed["models"][1] == "Aracaju nano"
    assert "Size, parameters" in resumed["compared"] and "raw-nano" in resumed["compared"]
    assert "no model bundle" in resumed["refusal"]


def test_nothing_is_cut_off(begun: dict[str, Any], resumed: dict[str, Any]) -> None:
    assert begun["cut"] == [] and resumed["cut"] == []
    print("waits of the desktop over 0.2 s in lines of ours:", begun["blocks"] + resumed["blocks"] or "none")


def test_pictures_were_taken(begun: dict[str, Any], resumed: dict[str, Any]) -> None:
    for name in ("training_data", "training_running", "training_finished", "training_message", "models_compare"):
        assert (PICTURES / f"{name}.png").stat().st_size > 5_000
