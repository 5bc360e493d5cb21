# SPDX-License-Identifier: GPL-2.0-or-later
"""Forecasts against simple methods on the same cases: python -m model.evaluate forecast --tracks T

Windows are of the families 5s, 15s, 60s, long and filled (windows.py). Errors are metres on the sphere; ratio is the
model's mean error over the best simple method's, with a 95 % bootstrap interval by person. The pull toward the median
place is fitted by family and horizon, on one half of the people for the other half.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from model.cli import meter, positive
from model.data.heldout import held_out_cab
from model.evaluate import add_record, check_record, check_report, make_parser, ratio_words, write_report
from model.evaluate.paths import measure_paths
from model.evaluate.paths import table as paths_table
from model.evaluate.windows import FAMILIES, cut
from model.training.card import write_card
from raw_qgis_plugin.core.bundle.bundle import open_bundle
from raw_qgis_plugin.core.bundle.runtime import Model
from raw_qgis_plugin.core.errors import InputError, Progress, no_progress
from raw_qgis_plugin.core.evaluation.baselines import Forecast, cross_fitted_pull, simple_methods
from raw_qgis_plugin.core.evaluation.metrics import PAST, ZEROED, measure
from raw_qgis_plugin.core.evaluation.plots import MODEL, by_horizon, horizon_words
from raw_qgis_plugin.core.evaluation.report import Page
from raw_qgis_plugin.core.evaluation.windows import Windows, spread
from raw_qgis_plugin.core.forecasting.predict import Prediction, Queries, predict
from raw_qgis_plugin.core.sources.readers import read

STAYING = -8.0, 30.0  # log scale and logit of staying (core/forecasting/mixture.py)
DAYS = ("long", "filled")


class Zeroed(Model):
    """The baseline that the network corrects: with its output at zero and, for days, certain staying."""

    def backbone(self, *args: Any, **named: Any) -> list:
        """As Model.backbone."""
        zeros = [np.zeros_like(a) for a in super().backbone(*args, **named)]
        if named.get("candidates") is not None:  # days have them
            zeros[named["outputs"].index("parameters")][..., 2:4] = STAYING
        return zeros


def predict_windows(w: Windows, model: Model, progress: Progress = no_progress, *, adapt: bool = True) -> Prediction:
    """The model's forecasts of all windows where there is a truth, in the order of `w.known`."""
    row, t = np.nonzero(w.known)[0], w.query_t[w.known]
    tracks = w.contexts()
    return predict(tracks, model, Queries.at(tracks, row, t), progress, with_areas=True, adapt=adapt)


def simple_forecasts(w: Windows, seed: int = 0) -> dict[str, Forecast]:
    """Every simple method, the pull fitted on other people."""
    pull = cross_fitted_pull(w.t, w.lon, w.lat, w.query_t, w.true_lon, w.true_lat, w.user, seed)
    return simple_methods(w.t, w.lon, w.lat, w.query_t, pull)


def evaluate(w: Windows, model: Model, zeroed: Model, seed: int = 0, others: dict[str, Forecast] | None = None) -> dict:
    """All figures of a family (core/evaluation/metrics.py). others: more forecasts to report."""
    answer = predict_windows(w, model, meter(f"{w.family}: the model"))
    without = {ZEROED: predict_windows(w, zeroed, adapt=False)}
    if w.family not in DAYS:  # for days the past only joins the network's output
        without[PAST] = predict_windows(w, zeroed)
    more = {name: (spread(w, f.lon), spread(w, f.lat)) for name, f in without.items()} | (others or {})
    return measure(w, simple_forecasts(w, seed), answer, more, w.user, seed)


def table(results: dict[str, dict]) -> str:
    """The results as text."""
    lines = []
    for family, r in results.items():
        held = ", ".join(f"{k} % area holds {r[f'inside{k}']:.1%}" for k in (50, 80) if r[f"inside{k}"] is not None)
        lines.append(
            f"{family}: {r['windows']} windows of {r['people']} units. model / best simple ({r['best_simple']}) "
            f"= {ratio_words(r)}. {held}"
        )
        for name, e in sorted(r["methods"].items(), key=lambda item: item[1]["mean_m"]):
            lines.append(f"    {e['mean_m']:9.1f} mean {e['median_m']:9.1f} median {e['p90_m']:9.1f} p90  {name}")
    return "\n".join(lines)


def make_page(results: dict[str, dict], tracks: str, model: str) -> Page:
    """The report."""
    page = Page(
        f"Forecasts of {model} on {tracks}",
        "The model against every simple method, on the same windows of real fixes. A ratio below 1: the model "
        "comes nearer than the best of them. Intervals: units (people or vehicles) drawn with replacement.",
    )
    page.figure(by_horizon(results), "Left: mean error, with 95 % bands. Right: share of truths inside the areas.")
    columns = ["horizon", "cases", "model, mean (m)", "best simple method", "its mean (m)", "ratio [95 %]",
               "in 50, 80 % area"]  # fmt: skip
    for family, r in results.items():
        page.heading(f"{family}: {r['windows']} windows of {r['people']} units")
        page.table(columns, [_row(name, h) for name, h in [("all", r), *_by_horizon(r)]], [0])
        order = sorted(r["methods"], key=lambda m: r["methods"][m]["mean_m"])
        rows = [[m, *(f"{r['methods'][m][k]:,.1f}" for k in ("mean_m", "median_m", "p90_m"))] for m in order]
        page.table(["method", "mean (m)", "median (m)", "90 % below (m)"], rows, [order.index(MODEL)])
    return page


def _by_horizon(r: dict) -> list[tuple[str, dict]]:
    return [(horizon_words(h["horizon_s"]), h) for h in r["horizons"]]


def _row(name: str, h: dict) -> list:
    held = None if h["inside50"] is None else f"{100 * h['inside50']:.0f}, {100 * h['inside80']:.0f} %"
    means = (f"{h[k]:,.0f}" for k in ("mean_m", "best_simple_mean_m"))
    ours, theirs = means
    return [name, h["cases"], ours, h["best_simple"], theirs, ratio_words(h), held]


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command."""
    p = make_parser("forecast", __doc__)
    add_record(p)
    families = p.add_mutually_exclusive_group()
    families.add_argument("--family", nargs="+", default=FAMILIES, metavar="F", help="5s 15s 60s long filled (default)")
    families.add_argument(
        "--cadence", type=positive, nargs="+", metavar="S", help="only families of these many seconds"
    )
    p.add_argument("--held-out-cabs", action="store_true", help="only the cabs held apart from training")
    p.add_argument("--windows", type=positive, default=3000, help="at most this many a cadence (default: %(default)s)")
    p.add_argument("--per-user", type=positive, default=36, help="at most this many a person (default: %(default)s)")
    p.add_argument(
        "--raw-paper", type=Path, metavar="RUN", help="a run of the preset raw-paper, as a row of long and filled"
    )
    p.add_argument(
        "--paths", action="store_true", help="also judge the likely paths of raw:forecasttracks; of families of trips"
    )
    args = p.parse_args(argv)
    check_report(args)
    check_record(args)
    tracks, _, _ = read(args.tracks)
    bundle = open_bundle(args.bundle)
    if args.held_out_cabs:
        tracks = tracks.take(np.array([held_out_cab(u) for u in tracks.user_ids], bool)[tracks.user])
    model, zeroed, results = Model(bundle), Zeroed(bundle), {}
    for family in [f"{c}s" for c in args.cadence] if args.cadence else args.family:
        w = cut(tracks, family, limit=args.windows, per_user=args.per_user, seed=args.seed)
        if len(w):
            others = {}
            if args.raw_paper and family in DAYS:  # its sequences are those of days
                from model.training.published import forecast_windows

                others = {"raw-paper": forecast_windows(args.raw_paper, w)}
            results[w.family] = evaluate(w, model, zeroed, args.seed, others)
            print(table({w.family: results[w.family]}), flush=True)
            if args.paths and w.family not in DAYS:
                results[w.family]["paths"] = measure_paths(w, model, args.seed)
                print(paths_table(w.family, results[w.family]["paths"]), flush=True)
    if not results:
        raise InputError(f"{args.tracks} has no window of these families.")
    if args.output:
        write_report(args.output, results, make_page(results, Path(args.tracks).name, bundle.card["name"]))
    if args.record:
        card = bundle.card
        brief = {f: {k: v for k, v in r.items() if k not in ("horizons", "paths")} for f, r in results.items()}
        card |= {"forecast_figures": card.get("forecast_figures", {}) | {args.record: brief}}
        write_card(Path(args.bundle), card)
