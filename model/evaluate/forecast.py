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
from model.evaluate.windows import FAMILIES, cut
from model.training.card import write_card
from raw_qgis_plugin.core.bundle.bundle import open_bundle
from raw_qgis_plugin.core.bundle.runtime import Model
from raw_qgis_plugin.core.errors import InputError, Progress, no_progress
from raw_qgis_plugin.core.evaluation.baselines import simple_methods
from raw_qgis_plugin.core.evaluation.metrics import measure, summary
from raw_qgis_plugin.core.evaluation.windows import Windows, errors_m, spread
from raw_qgis_plugin.core.forecasting.predict import Prediction, Queries, predict
from raw_qgis_plugin.core.sources.readers import read

STAYING = -8.0, 30.0  # log scale and logit of staying (core/forecasting/mixture.py)
ZEROED = "RAW with its output at zero"
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
    tracks = w.contexts()
    queries = Queries.at(tracks, w.at, w.query_t[w.known])
    return predict(tracks, model, queries, progress, with_areas=True, adapt=adapt)


def evaluate(w: Windows, model: Model, zeroed: Model, seed: int = 0, raw_paper: Path | None = None) -> dict:
    """All figures of a family (core/evaluation/metrics.py). raw_paper: a run of that preset, for days."""
    answer, simple = predict_windows(w, model, meter(f"{w.family}: the model")), simple_methods(w, w.user, seed)
    figures = measure(w, simple, answer, w.user, seed)
    without = predict_windows(w, zeroed, adapt=False)
    others = {ZEROED: (spread(w, without.lon), spread(w, without.lat))}
    if raw_paper and w.family in DAYS:  # its sequences are those of days
        from model.training.published import forecast_windows

        others["raw-paper"] = forecast_windows(raw_paper, w)
    figures["methods"] |= {name: summary(errors_m(w, forecast)) for name, forecast in others.items()}
    return figures


def table(family: str, r: dict) -> str:
    """The figures of a family as text."""
    held = ", ".join(f"{k} % area holds {r[f'inside{k}']:.1%}" for k in (50, 80) if r[f"inside{k}"] is not None)
    lines = [
        f"{family}: {r['windows']} windows of {r['people']} units. model / best simple ({r['best_simple']}) "
        f"= {ratio_words(r)}. {held}"
    ]
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
            results[w.family] = evaluate(w, model, zeroed, args.seed, args.raw_paper)
            print(table(w.family, results[w.family]), flush=True)
    if not results:
        raise InputError(f"{args.tracks} has no window of these families.")
    if args.output:
        write_report(args.output, results)
    if args.record:
        card = bundle.card
        brief = {f: {k: v for k, v in r.items() if k != "horizons"} for f, r in results.items()}
        card |= {"forecast_figures": card.get("forecast_figures", {}) | {args.record: brief}}
        write_card(Path(args.bundle), card)
