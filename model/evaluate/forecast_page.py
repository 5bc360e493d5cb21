# SPDX-License-Identifier: GPL-2.0-or-later
"""The report page of evaluated forecasts."""

from __future__ import annotations

from model.evaluate import ratio_words
from raw_qgis_plugin.core.evaluation.metrics import MODEL, PAST, ZEROED
from raw_qgis_plugin.core.evaluation.plots import (
    case_maps,
    coverage_by_horizon,
    error_by_horizon,
    horizon_words,
    worst_cases,
)
from raw_qgis_plugin.core.evaluation.report import Page
from raw_qgis_plugin.core.evaluation.windows import Windows, errors_m, spread
from raw_qgis_plugin.core.forecasting.predict import Prediction

WORDS = {"long": "long (15-minute sequences)", "filled": "filled (round the clock)"}


def make_page(results: dict[str, dict], shown: dict[str, tuple[Windows, Prediction]], tracks: str, model: str) -> Page:
    """The page. shown: the windows and the model's answers by family, for the maps."""
    page = Page(
        f"Forecasts of {model} on {tracks}",
        "The model against every simple method, on the same windows of real fixes. A ratio below 1: the model "
        "comes nearer than the best of them.",
    )
    titles = {family: title(family) for family in results}
    page.heading("In one table")
    columns = ["family", "windows", "units", "model, mean (m)", "best simple method", "its mean (m)", "ratio [95 %]",
               "in 50, 80 % area", "in domain"]  # fmt: skip
    page.table(columns, [_row(titles[family], r) for family, r in results.items()])
    page.sentence(
        "Intervals by bootstrap: units (people or vehicles) drawn with replacement. Best simple method: the one of the "
        "lowest mean in the family. The areas of filled windows are counted where the truth is not the last fix again."
    )
    page.heading("By horizon")
    named = {titles[family]: r for family, r in results.items()}
    page.figure(error_by_horizon(named), "Mean error by horizon; the bands are 95 % intervals by unit.")
    page.figure(coverage_by_horizon(named), "Share of truths inside the areas. Dashed: what the areas claim.")
    for family, r in results.items():
        _family(page, titles[family], r)
        w, answer = shown[family]
        worst = worst_cases(w, errors_m(w, (spread(w, answer.lon), spread(w, answer.lat))))
        page.figure(case_maps(w, answer, worst), "The worst cases, at most one a unit: where the model was most wrong.")
    return page


def title(family: str) -> str:
    """A family for people to read."""
    return WORDS.get(family) or f"{family.removesuffix('s')} s"


def _percent(share: float | None) -> str | None:
    return None if share is None else f"{share:.0%}".replace("%", " %")


def _row(name: str, r: dict) -> list:
    best = r["best_simple"]
    ours, theirs = (f"{r['methods'][m]['mean_m']:,.0f}" for m in (MODEL, best))
    return [name, r["windows"], r["people"], ours, best, theirs, ratio_words(r), _areas(r), _percent(r["in_domain"])]


def _areas(r: dict) -> str | None:
    """'51, 79 %'."""
    return None if r["inside50"] is None else f"{100 * r['inside50']:.0f}, {100 * r['inside80']:.0f} %"


def _family(page: Page, name: str, r: dict) -> None:
    page.heading(f"{name}: every method")
    order = sorted(r["methods"], key=lambda m: r["methods"][m]["mean_m"])
    rows = [[m, *(f"{r['methods'][m][k]:,.1f}" for k in ("mean_m", "median_m", "p90_m"))] for m in order]
    page.table(["method", "mean (m)", "median (m)", "90 % below (m)"], rows, [order.index(MODEL)])
    if ZEROED in r["methods"]:
        past = f", '{PAST}' the layer's earlier continuations without it" if PAST in r["methods"] else ""
        page.sentence(
            f"'{ZEROED}' is the baseline that the network corrects{past}: if it were as good as the model, the "
            "network would be useless."
        )
    page.table(
        ["horizon", "cases", "model, mean (m)", "best simple method there", "its mean (m)", "ratio [95 %]",
         "in 50, 80 % area"],
        [[horizon_words(h["horizon_s"]), h["cases"], f"{h['mean_m']:,.0f}", h["best_simple"],
          f"{h['best_simple_mean_m']:,.0f}", ratio_words(h), _areas(h)]
         for h in r["horizons"]],
    )  # fmt: skip
    kinds = (("moving", "that moved"), ("unvisited", "at places not visited before"))
    rows = [[words, r[k]["cases"], f"{r[k]['mean_m']:,.0f}", f"{r[k]['best_simple_mean_m']:,.0f}", ratio_words(r[k])]
            for k, words in kinds if r[k]["cases"]]  # fmt: skip
    if rows:
        page.table(["cases", "number", "model, mean (m)", f"{r['best_simple']}, mean (m)", "ratio [95 %]"], rows)
