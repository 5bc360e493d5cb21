# SPDX-License-Identifier: GPL-2.0-or-later
"""Continued pretraining: its verdict, its steps, and its report."""

from __future__ import annotations

import shutil
from argparse import Namespace
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from model import adapt
from raw_qgis_plugin.core.bundle.bundle import open_bundle


def figure(ratio: float, low: float, high: float, people: int = 8) -> dict[str, Any]:
    return {
        "people": people, "windows": 300, "best_simple": "staying", "simple_m": 120.0, "before_m": 100.0,
        "after_m": 100.0 * ratio, "ratio": ratio, "interval": [low, high],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("figures", "use", "words"),
    [
        ({}, None, "can't be said"),
        ({"15 s": figure(0.9, 0.85, 0.95)}, True, "Use it: "),
        ({"15 s": figure(1.1, 1.05, 1.2)}, False, "Don't use it: "),
        ({"15 s": figure(0.9, 0.8, 1.05)}, None, "No difference"),
        ({"15 s": figure(0.9, 0.85, 0.95, people=5)}, None, "6 people held out, so 30 or more"),
        (
            {"5 s": figure(0.9, 0.8, 0.95), "60 s": figure(1.2, 1.1, 1.3)},
            None,
            "5 s; worse with fixes every 60 s",
        ),
        ({"5 s": figure(0.9, 0.8, 0.95), "60 s": figure(1.01, 0.9, 1.1)}, True, "Use it: "),
    ],
)
def test_the_verdict_claims_no_more_than_the_interval(
    figures: dict, use: bool | None, words: str
) -> None:
    found = adapt.judge(figures)
    answer, advice, errors = found.use, found.advice, found.errors
    assert answer is use and words in advice and "0 m" not in advice and errors.endswith(".")


def test_the_errors_before_and_now_are_a_sentence_of_their_own() -> None:
    families = {"5 s": figure(0.9, 0.8, 0.95), "long": figure(1.1, 1.05, 1.2)}
    assert adapt.judge(families).errors == (
        "Mean error, before → now, for people held out from training (8): 100 → 90 m with fixes every 5 s, 100 → 110 m "
        "15 to 150 min ahead."
    )


@pytest.fixture
def adapted(
    tmp_path: Path, tracks_file: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., None]:
    """A run in tmp_path with nothing trained and compared: the new model is the shipped one."""

    def train(options: Namespace) -> None:
        assert options.init == "shipped" and options.corpus == [str(tracks_file)]
        shutil.copytree(open_bundle().path, options.output / "bundle")
        (options.output / "state.safetensors").touch()

    monkeypatch.setattr(adapt, "pretrain", train)
    monkeypatch.setattr(adapt, "compare", lambda *_: {})
    return lambda *more: adapt.main(
        ["--tracks", str(tracks_file), "--output", str(tmp_path), *more]
    )


def test_the_new_model_is_named_judged_and_reported(
    tmp_path: Path, adapted: Callable[..., None], lines: Callable[[], list[dict]]
) -> None:
    adapted("--keep", "0.2*more.parquet", "--minutes", "2")
    end = lines()[-1]
    assert (
        end["verdict"].startswith(end["advice"] + " Nobody could be held out")
        and end["use"] is None
    )
    assert open_bundle(tmp_path / "bundle").card["name"].endswith(", own")
    assert "Nobody could be held out" in (tmp_path / "report.html").read_text("utf-8")


def test_a_full_disk_leaves_a_run_that_resumes(
    tmp_path: Path, adapted: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    copytree = shutil.copytree

    def fill_up(source: Path, target: Path, *how: Any, **more: Any) -> Path:
        if Path(source) != tmp_path / "trained" / "bundle":
            return copytree(source, target, *how, **more)
        Path(target).mkdir(exist_ok=True)
        (Path(target) / "weights.safetensors").write_text("some of")
        raise OSError("No space left on device")

    with monkeypatch.context() as patch, pytest.raises(OSError, match="No space"):
        patch.setattr(shutil, "copytree", fill_up)
        adapted()
    adapted("--resume")
    assert open_bundle(tmp_path / "bundle").card["name"].endswith(", own")


def test_the_report_shows_figures(tmp_path: Path) -> None:
    card = open_bundle().card
    adapt.write_report(
        tmp_path / "report.html",
        card,
        card,
        {"15 s": figure(0.9, 0.85, 0.95)},
        "Use it: so and so.",
    )
    page = (tmp_path / "report.html").read_text("utf-8")
    for words in ("Use it: so and so.", "0.900 [0.850, 0.950]", "areas stay as they were"):
        assert words in page
