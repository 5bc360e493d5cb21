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
from model.evaluate.forecast_page import make_page
from model.evaluate.paths import measure_paths
from model.evaluate.paths import table as paths_table
from model.evaluate.windows import FAMILIES, cut
from model.training.card import write_card
from raw_qgis_plugin.core.bundle.bundle import open_bundle
from raw_qgis_plugin.core.bundle.runtime import Model
from raw_qgis_plugin.core.errors import InputError, Progress, no_progress
from raw_qgis_plugin.core.evaluation.baselines import Forecast, cross_fitted_pull, simple_methods
from raw_qgis_plugin.core.evaluation.metrics import PAST, ZEROED, measure
from raw_qgis_plugin.core.evaluation.windows import Windows, spread
from raw_qgis_plugin.core.forecasting.predict import Prediction, Queries, predict
from raw_qgis_plugin.core.sources.readers import read

PAPER = "raw-paper"
STAYING = -8.0, 30.0  # log scale and logit of staying (core/forecasting/mixture.py)
DAYS = ("long", "filled")
DETAILS = ("horizons", "moving", "unvisited", "paths")  # in reports, not in cards


class Zeroed(Model):
    """The baseline that the network corrects: with its output at zero and, for days, certain staying."""

    def backbone(self, *args: Any, **named: Any) -> list:
        """As Model.backbone."""
        zeros = [np.zeros_like(a) for a in super().backbone(*args, **named)]
        if named.get("candidates") is not None:  # days have them
            zeros[named["outputs"].index("parameters")][..., 2:4] = STAYING
        return zeros


def ask_model(w: Windows, model: Model, progress: Progress = no_progress, *, adapt: bool = True) -> Prediction:
    """The model's forecasts of all windows where there is a truth, in the order of `w.known`."""
    row, asked = np.nonzero(w.known)[0], w.query_t[w.known]
    tracks = w.contexts()
    return predict(tracks, model, Queries.at(tracks, row, asked), progress, with_areas=True, adapt=adapt)


def simple_forecasts(w: Windows, seed: int = 0) -> dict[str, Forecast]:
    """Every simple method, the pull fitted on other people."""
    pull = cross_fitted_pull(w.t, w.lon, w.lat, w.query_t, w.true_lon, w.true_lat, w.user, seed)
    return simple_methods(w.t, w.lon, w.lat, w.query_t, pull)


def evaluate(
    w: Windows, model: Model, zeroed: Model, seed: int = 0, others: dict[str, Forecast] | None = None,
) -> tuple[dict, Prediction]:  # fmt: skip
    """All figures of a family (core/evaluation/metrics.py), and the model's answers."""
    answer = ask_model(w, model, meter(f"{w.family}: the model"))
    without = {ZEROED: ask_model(w, zeroed, adapt=False)}
    if w.family not in DAYS:  # for days the past only joins the network's output
        without[PAST] = ask_model(w, zeroed)
    more = {name: (spread(w, f.lon), spread(w, f.lat)) for name, f in without.items()} | (others or {})
    return measure(w, simple_forecasts(w, seed), answer, more, w.user, seed), answer


def table(results: dict[str, dict]) -> str:
    """The results as text."""
    lines = []
    for family, r in results.items():
        held = ", ".join(f"{k} % area holds {r[f'inside{k}']:.1%}" for k in (50, 80) if r[f"inside{k}"] is not None)
        lines.append(
            f"{family}: {r['windows']} windows of {r['people']} units. model / best simple ({r['best_simple']}) "
            f"= {ratio_words(r)}. {held}"
        )
        for kind in ("moving", "unvisited"):
            if r[kind]["cases"]:
                lines.append(f"    {kind}: {r[kind]['cases']} cases, {ratio_words(r[kind])}")
        for name, e in sorted(r["methods"].items(), key=lambda item: item[1]["mean_m"]):
            lines.append(f"    {e['mean_m']:9.1f} mean {e['median_m']:9.1f} median {e['p90_m']:9.1f} p90  {name}")
    return "\n".join(lines)


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
    model, zeroed, results, shown = Model(bundle), Zeroed(bundle), {}, {}
    for family in [f"{c}s" for c in args.cadence] if args.cadence else args.family:
        w = cut(tracks, family, limit=args.windows, per_user=args.per_user, seed=args.seed)
        if len(w):
            results[w.family], answer = evaluate(w, model, zeroed, args.seed, paper(w, args.raw_paper))
            shown[w.family] = (w, answer)
            print(table({w.family: results[w.family]}), flush=True)
            if args.paths and w.family not in DAYS:
                results[w.family]["paths"] = measure_paths(w, model, args.seed)
                print(paths_table(w.family, results[w.family]["paths"]), flush=True)
    if not results:
        raise InputError(f"{args.tracks} has no window of these families.")
    if args.output:
        write_report(args.output, results, make_page(results, shown, Path(args.tracks).name, bundle.card["name"]))
    if args.record:
        card = bundle.card
        brief = {family: {k: v for k, v in r.items() if k not in DETAILS} for family, r in results.items()}
        card |= {"forecast_figures": card.get("forecast_figures", {}) | {args.record: brief}}
        write_card(Path(args.bundle), card)


def paper(w: Windows, run: Path | None) -> dict[str, Forecast]:
    """The published method's forecasts, where its sequences are those of the windows."""
    if run is None or w.family not in DAYS:
        return {}
    from model.published import forecast_windows

    return {PAPER: forecast_windows(run, w)}
