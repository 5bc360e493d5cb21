# SPDX-License-Identifier: GPL-2.0-or-later
"""Five tasks of a new user in the desktop QGIS: tour.py, a task at a time. `make tour` keeps the page in docs/tour."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
PAGE = Path(os.environ.get("RAW_TOUR") or HERE.parents[1] / "build" / "tour").resolve()
KEPT = HERE.parents[1] / "build" / "tour"  # what each task said, so that one can be done again alone
HELP = HERE.parents[1] / "resources" / "help" / "images"  # which ships some of docs/tour's pictures
LARGEST = 150_000  # bytes of a picture
TASKS = {
    "first_map": "A first map",
    "drawn_region": "A drawn region",
    "label_by_example": "A label by example",
    "forecast": "A forecast, with its backtest",
    "go_on_training": "Going on with training",
}
INTRODUCTION = """# A tour in five tasks

What a new user does with the README alone, and what QGIS answers. A script does it in the desktop QGIS with clicks and
keys (`make tour`: tests/gui/tour.py), takes the pictures on a screen of 1366×768 and writes this page: the answers are
the plugin's own words.
"""
Drive = Callable[..., dict[str, Any]]


@pytest.fixture
def done(drive: Drive, sample: Path, request: pytest.FixtureRequest) -> dict[str, Any]:
    """What happened in a task; its part of the page is written."""
    task = request.param
    for folder in (PAGE, KEPT):
        folder.mkdir(parents=True, exist_ok=True)
    found = drive(
        HERE / "tour.py", "1366x768", RAW_TASK=task, RAW_SAMPLE=sample, RAW_PICTURES=PAGE, timeout=1500
    )  # fmt: skip
    for step in found["steps"]:
        for name, _ in step["pictures"]:
            shrink(PAGE / name)
            if PAGE.parent.name == "docs" and (HELP / name).exists():
                shutil.copy(PAGE / name, HELP)
    (KEPT / f"{task}.json").write_text(json.dumps(found["steps"]))
    (PAGE / "README.md").write_text(page(), encoding="utf-8")
    return found | {"said": " ".join(words for step in found["steps"] for words in step["says"])}


def shrink(picture: Path) -> None:
    """Few colours are enough for a window: the most frequent, and those that cover the rest."""
    from PIL import Image

    image = Image.open(picture).convert("RGB")
    frequent = [colour for _, colour in sorted(image.getcolors(1 << 24), reverse=True)]
    for colours in (128, 64, 32, 16):
        rest = image.quantize(colours, Image.Quantize.MAXCOVERAGE).getpalette()[: 3 * colours]
        palette = Image.new("P", (1, 1))
        palette.putpalette([*(part for colour in frequent[:colours] for part in colour), *rest])
        image.quantize(palette=palette, dither=Image.Dither.NONE).save(picture, optimize=True)
        if picture.stat().st_size < LARGEST:
            break


def page() -> str:
    """All tasks that were done, in Markdown."""
    parts = [INTRODUCTION]
    for number, (task, title) in enumerate(TASKS.items(), 1):
        if (KEPT / f"{task}.json").exists():
            parts.append(f"## {number}. {title}\n")
            parts += [section(step) for step in json.loads((KEPT / f"{task}.json").read_text())]
    return "\n".join(parts)


def section(step: dict[str, Any]) -> str:
    """A step: what is done, what is answered, pictures."""
    answers = "".join(f"    {line}\n" for line in step["says"])
    pictures = "".join(f"\n![{caption}]({name})\n" for name, caption in step["pictures"])
    return f"{step['does']}\n" + (f"\n{answers}" if answers else "") + pictures


def in_task(name: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("done", [name], indirect=True)


def check_pictures(done: dict[str, Any]) -> None:
    names = [name for step in done["steps"] for name, _ in step["pictures"]]
    assert names and all(10_000 < (PAGE / name).stat().st_size < LARGEST for name in names)


@in_task("first_map")
def test_a_first_map(done: dict[str, Any]) -> None:
    assert "10 users, 7,005 fixes" in done["said"] and "67 labelled" in done["said"] and "User 4" in done["said"]
    check_pictures(done)


@in_task("drawn_region")
def test_a_drawn_region(done: dict[str, Any]) -> None:
    assert "40 users" in done["said"] and "hour of the week" in done["said"] and "of 4" in done["said"]
    check_pictures(done)


@pytest.mark.skipif(find_spec("torch") is None, reason="teaching needs torch, which is not installed")
@in_task("label_by_example")
def test_a_label_by_example(done: dict[str, Any]) -> None:
    assert "24 labelled" in done["said"] or "24" in done["said"]
    assert len(done["found"]) == 40 and set(done["found"]) <= {"yes", "no", "unknown", "true", "false"}
    check_pictures(done)


@in_task("forecast")
def test_a_forecast_with_its_backtest(done: dict[str, Any]) -> None:
    assert "30 min ahead" in done["said"] and "At 5 min: " in done["said"] and "Forecasts of 10 users" in done["said"]
    check_pictures(done)


@pytest.mark.skipif(find_spec("torch") is None, reason="training needs torch, which is not installed")
@in_task("go_on_training")
def test_going_on_with_training(done: dict[str, Any]) -> None:
    assert done["status"] == "finished" and "among your models" in done["said"]
    check_pictures(done)
