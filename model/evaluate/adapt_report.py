# SPDX-License-Identifier: GPL-2.0-or-later
"""The report of model.adapt: the training, and the forecasts of the model before and after."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from model.evaluate import ratio_words
from raw_qgis_plugin.core.evaluation.plots import OURS, new_figure
from raw_qgis_plugin.core.evaluation.report import Page

if TYPE_CHECKING:
    from matplotlib.figure import Figure

LEVELS = ("50 %: before", "50 %: after", "80 %: before", "80 %: after")


def write_report(folder: Path, before: dict, after: dict, figures: dict[str, dict], verdict: str) -> None:
    """Write folder/report.html. before, after: cards. figures: of adapt.compare."""
    training = after["training"]
    page = Page(
        f"{after['name']}: what the training did",
        f"{training['points']:,} fixes in {training['step']:,} steps and {training['seconds'] / 60:.1f} minutes on "
        f"{training['device']}.",
    )
    page.sentence(verdict, "key")
    page.heading("Forecasts before and after")
    if figures:
        _forecasts(page, figures, before["name"])
    else:
        page.sentence("Not measured: nobody was held out, or their tracks are too short.")
    lines = read_progress(folder / "progress.jsonl")
    if len(lines) > 1:
        page.heading("The training")
        page.figure(curves(lines), "Loss by step, and the error on people held out over the baseline's.")
    if before["calibration"] == after["calibration"]:
        page.sentence("The areas stay as they were: too few people could be held out to calibrate them again.")
    if names := ", ".join(head["name"] for head in before["heads"]):
        page.sentence(f"The heads of the model before ({names}) read its embeddings, and these have changed. Train "
                      "them again on labels of your own.")  # fmt: skip
    page.write(folder / "report.html")


def _forecasts(page: Page, figures: dict[str, dict], name: str) -> None:
    page.sentence(
        "Mean error in metres on the same forecasts of people held out: the next five fixes after forty, at 5, 15 and "
        "60 s; for days (long, filled) 15 to 150 minutes ahead. Below 1 the new model is better; the interval "
        "(99 %, since there are five such comparisons) is by person."
    )
    rows = []
    for cadence, r in figures.items():
        ratio = ratio_words(r) if r["people"] > 1 else f"{r['ratio']:.3f}"
        simple = f"{r['simple_m']:.1f} ({r['best_simple']})"
        rows.append([cadence, int(r["people"]), int(r["windows"]), simple, r["before_m"], r["after_m"], ratio])
    columns = ["tracks", "people", "windows", "best simple method", f"before ({name})", "after", "after / before"]
    page.table(columns, rows)
    page.sentence("Share of the true positions inside the areas; it should be near 50 and 80 %:")
    page.table(["tracks", *LEVELS], [
        [cadence, *(f"{r[f'{which}_inside{level}']:.0%}" for level in (50, 80) for which in ("before", "after"))]
        for cadence, r in figures.items()
    ])  # fmt: skip


def read_progress(path: Path) -> list[dict]:
    """The lines of the training's progress with a step and a loss; of repeated steps after a resume, the last ones."""
    lines: list[dict] = []
    for line in path.read_text("utf-8").splitlines() if path.exists() else []:
        try:
            value = json.loads(line)
        except ValueError:
            continue
        if isinstance(value, dict) and "step" in value and "loss" in value:
            while lines and lines[-1]["step"] >= value["step"]:
                lines.pop()
            lines.append(value)
    return lines


def curves(lines: list[dict]) -> Figure:
    """Loss and validation by step."""
    figure, axes = new_figure(9, 3.2, 2)
    left, right = axes[0]
    left.plot([line["step"] for line in lines], [line["loss"] for line in lines], color=OURS)
    left.set(xlabel="step", ylabel="loss")
    names = sorted({key for line in lines for key in line if key.startswith("ratio_")}, key=lambda k: (len(k), k))
    for name in names:
        points = [(line["step"], line[name]) for line in lines if name in line]
        right.plot(*zip(*points, strict=True), marker=".", label=name.removeprefix("ratio_"))
    right.axhline(1, color="#98a2b3", linewidth=1, linestyle="--")
    right.set(xlabel="step", ylabel="error / baseline's")
    if names:
        right.legend(frameon=False, fontsize=8)
    return figure
