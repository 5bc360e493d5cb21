# SPDX-License-Identifier: GPL-2.0-or-later
"""Forecasts against simple methods on the same cases: python -m model.evaluate forecast --tracks T

Windows of 40 real fixes, the first in each bin of 5, 15 and 60 s, and the next five asked for at their true times
(model/windows.py). Errors are metres on the sphere; ratio is the model's mean error over the best simple method's, with
a 95 % bootstrap interval by person.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from model.card import write_card
from model.evaluate import make_parser, write_report
from model.heldout import held_out_cab
from model.windows import FAMILIES, Windows, cut
from raw_qgis_plugin.core.baselines import Forecast, simple_methods
from raw_qgis_plugin.core.bundle import open_bundle
from raw_qgis_plugin.core.errors import InputError
from raw_qgis_plugin.core.forecast import Forecasts, forecast_at
from raw_qgis_plugin.core.geodesy import haversine_m
from raw_qgis_plugin.core.runtime import Model
from raw_qgis_plugin.core.sources import read


class Zeroed(Model):
    """The model with its forecast parameters at zero: what is left is the baseline that it corrects."""

    def backbone(self, *args: object, **named: object) -> list[np.ndarray]:
        """As Model.backbone, its first output all zeros."""
        outputs = super().backbone(*args, **named)  # type: ignore[arg-type]
        return [np.zeros_like(outputs[0]), *outputs[1:]]


def ask_model(w: Windows, model: Model) -> Forecasts:
    """The model's forecasts of all windows where there is a truth, in the order of `w.known`."""
    return forecast_at(w.contexts(), model, np.nonzero(w.known)[0], w.asked[w.known])


def errors_m(w: Windows, forecast: Forecast) -> np.ndarray:
    """Distance of forecasts (w, h) from the truth in metres, nan where there is none."""
    return haversine_m(*forecast, w.true_lon, w.true_lat)


def spread(w: Windows, values: np.ndarray) -> np.ndarray:
    """Values in the order of `w.known` as (w, h), nan elsewhere."""
    result = np.full(w.known.shape, np.nan)
    result[w.known] = values
    return result


def evaluate(w: Windows, model: Model, zeroed: Model, seed: int = 0) -> dict:
    """Every method's mean and median error, the ratio with its interval, and how often the areas hold the truth."""
    errors = {k: errors_m(w, f) for k, f in simple_methods(w.t, w.lon, w.lat, w.asked).items()}
    best = min(errors, key=lambda k: np.nanmean(errors[k]))
    answer = ask_model(w, model)
    ours = errors_m(w, (spread(w, answer.lon), spread(w, answer.lat)))
    nothing = ask_model(w, zeroed)
    errors |= {
        "RAW": ours,
        "RAW with its output at zero": errors_m(w, (spread(w, nothing.lon), spread(w, nothing.lat))),
    }
    return {
        "windows": len(w),
        "people": len(np.unique(w.user)),
        "best_simple": best,
        "ratio": np.nanmean(ours) / np.nanmean(errors[best]),
        "interval": interval_by_person(ours, errors[best], w.user, seed),
        "inside50": float((ours[w.known] <= answer.radius50_m).mean()),
        "inside80": float((ours[w.known] <= answer.radius80_m).mean()),
        "in_domain": float(answer.in_domain.mean()),
        "methods": {k: {"mean_m": np.nanmean(e), "median_m": float(np.nanmedian(e))} for k, e in errors.items()},
    }


def interval_by_person(ours: np.ndarray, theirs: np.ndarray, user: np.ndarray, seed: int = 0) -> list[float]:
    """95 % bootstrap interval of the ratio of mean errors (w, h), people drawn with replacement."""
    _, person = np.unique(user, return_inverse=True)
    sums = np.stack([np.bincount(person, np.nansum(a, axis=1)) for a in (ours, theirs)])
    drawn = np.random.default_rng(seed).integers(0, sums.shape[1], (2000, sums.shape[1]))
    ratios = sums[0][drawn].sum(axis=1) / np.maximum(sums[1][drawn].sum(axis=1), 1e-9)
    return [float(q) for q in np.percentile(ratios, [2.5, 97.5])]


def table(results: dict[str, dict]) -> str:
    """The results for people to read."""
    lines = []
    for family, r in results.items():
        low, high = r["interval"]
        lines.append(
            f"{family}: {r['windows']} windows of {r['people']} units. model / best simple ({r['best_simple']}) "
            f"= {r['ratio']:.3f} [{low:.3f}, {high:.3f}]. 50 % area holds {r['inside50']:.1%}, 80 % {r['inside80']:.1%}"
        )
        for name, e in sorted(r["methods"].items(), key=lambda item: item[1]["mean_m"]):
            lines.append(f"    {e['mean_m']:9.1f} mean {e['median_m']:9.1f} median  {name}")
    return "\n".join(lines)


def parser() -> argparse.ArgumentParser:
    """The command's arguments."""
    p = make_parser("forecast", __doc__)
    families = p.add_mutually_exclusive_group()
    families.add_argument("--family", nargs="+", default=FAMILIES, metavar="F", help="5s 15s 60s long filled (default)")
    families.add_argument("--cadence", type=int, nargs="+", metavar="S", help="only families of these many seconds")
    p.add_argument("--held-out-cabs", action="store_true", help="only the cabs held apart from training")
    p.add_argument("--windows", type=int, default=3000, help="at most this many a cadence (default: %(default)s)")
    p.add_argument("--per-user", type=int, default=36, help="at most this many a person (default: %(default)s)")
    return p


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command."""
    args = parser().parse_args(argv)
    tracks, _, _ = read(args.tracks)
    bundle = open_bundle(args.bundle)
    if args.held_out_cabs:
        tracks = tracks.take(np.array([held_out_cab(u) for u in tracks.user_ids], bool)[tracks.user])
    model, zeroed, results = Model(bundle), Zeroed(bundle), {}
    for family in [f"{c} s" for c in args.cadence] if args.cadence else args.family:
        w = cut(tracks, family, limit=args.windows, per_user=args.per_user, seed=args.seed)
        if len(w):
            results[w.family] = evaluate(w, model, zeroed, args.seed)
    if not results:
        raise InputError(f"{args.tracks} has no window of these families.")
    print(table(results))
    if args.record:
        card = bundle.card
        card |= {"forecast_figures": card.get("forecast_figures", {}) | {args.record: results}}
        write_card(Path(args.bundle), card)
    if args.output:
        write_report(args.output, results)
