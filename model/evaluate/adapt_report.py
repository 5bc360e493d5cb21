# SPDX-License-Identifier: GPL-2.0-or-later
"""The report of model.adapt: the forecasts of the model before and after."""

from __future__ import annotations

from pathlib import Path

from model.evaluate import ratio_words
from raw_qgis_plugin.core.evaluation.report import Page

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
