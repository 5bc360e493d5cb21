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
from model.windows import AHEAD, CONTEXT, Windows, cut
from raw_qgis_plugin.core.baselines import Forecast, simple_methods
from raw_qgis_plugin.core.bundle import open_bundle
from raw_qgis_plugin.core.errors import InputError
from raw_qgis_plugin.core.forecast import Forecasts, forecast_at
from raw_qgis_plugin.core.geodesy import haversine_m
from raw_qgis_plugin.core.runtime import Model
from raw_qgis_plugin.core.sources import read
from raw_qgis_plugin.core.tracks import Tracks

CADENCES_S = (5, 15, 60)


class Zeroed(Model):
    """The model with its forecast parameters at zero: what is left is the baseline that it corrects."""

    def backbone(self, *args: object, **named: object) -> list[np.ndarray]:
        """As Model.backbone, its first output all zeros."""
        outputs = super().backbone(*args, **named)  # type: ignore[arg-type]
        return [np.zeros_like(outputs[0]), *outputs[1:]]


def contexts(w: Windows) -> Tracks:
    """Each window's context as a track of its own; the truth is not in it."""
    n = len(w.t)
    ids = np.array([f"{i:07d}" for i in range(n)], dtype=object)
    track = np.repeat(np.arange(n, dtype=np.int32), CONTEXT)
    parts = (a[:, :CONTEXT].ravel() for a in (w.t, w.lon, w.lat))
    return Tracks(ids, ids.copy(), np.arange(n, dtype=np.int32), track, *parts)


def ask_model(w: Windows, model: Model) -> Forecasts:
    """The model's forecasts of all windows, AHEAD rows a window."""
    track = np.repeat(np.arange(len(w.t)), AHEAD)
    return forecast_at(contexts(w), model, track, w.t[:, CONTEXT:].ravel())


def errors_m(w: Windows, forecast: Forecast) -> np.ndarray:
    """Distance of forecasts from the truth: (w, AHEAD) metres."""
    lon, lat = (np.reshape(a, (len(w.t), AHEAD)) for a in forecast)
    return haversine_m(lon, lat, w.lon[:, CONTEXT:], w.lat[:, CONTEXT:])


def evaluate(w: Windows, model: Model, zeroed: Model, seed: int = 0) -> dict:
    """Every method's mean and median error, the ratio with its interval, and how often the areas hold the truth."""
    t, lon, lat = (a[:, :CONTEXT] for a in (w.t, w.lon, w.lat))
    errors = {k: errors_m(w, f) for k, f in simple_methods(t, lon, lat, w.t[:, CONTEXT:]).items()}
    best = min(errors, key=lambda k: errors[k].mean())
    answer = ask_model(w, model)
    ours = errors_m(w, (answer.lon, answer.lat))
    nothing = ask_model(w, zeroed)
    errors |= {"RAW": ours, "RAW with its output at zero": errors_m(w, (nothing.lon, nothing.lat))}
    shape = ours.shape
    return {
        "windows": len(w.t),
        "people": len(np.unique(w.user)),
        "best_simple": best,
        "ratio": ours.mean() / errors[best].mean(),
        "interval": interval_by_person(ours.mean(axis=1), errors[best].mean(axis=1), w.user, seed),
        "inside50": float((ours <= answer.radius50_m.reshape(shape)).mean()),
        "inside80": float((ours <= answer.radius80_m.reshape(shape)).mean()),
        "in_domain": float(answer.in_domain.mean()),
        "methods": {k: {"mean_m": e.mean(), "median_m": float(np.median(e))} for k, e in errors.items()},
    }


def interval_by_person(ours: np.ndarray, theirs: np.ndarray, user: np.ndarray, seed: int = 0) -> list[float]:
    """95 % bootstrap interval of the ratio of mean errors, people drawn with replacement."""
    _, person = np.unique(user, return_inverse=True)
    sums = np.stack([np.bincount(person, a) for a in (ours, theirs)])
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
    p.add_argument("--cadence", type=int, nargs="+", default=CADENCES_S, metavar="S", help="seconds (default: 5 15 60)")
    p.add_argument("--held-out-cabs", action="store_true", help="only the cabs held apart from training")
    p.add_argument("--windows", type=int, default=3000, help="at most this many a cadence (default: %(default)s)")
    p.add_argument("--per-user", type=int, default=60, help="at most this many a person (default: %(default)s)")
    return p


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command."""
    args = parser().parse_args(argv)
    tracks, _, _ = read(args.tracks)
    bundle = open_bundle(args.bundle)
    if args.held_out_cabs:
        tracks = tracks.take(np.array([held_out_cab(u) for u in tracks.user_ids], bool)[tracks.user])
    model, zeroed, results = Model(bundle), Zeroed(bundle), {}
    for cadence in args.cadence:
        w = cut(tracks, cadence, limit=args.windows, per_user=args.per_user, seed=args.seed)
        if len(w.t):
            results[f"{cadence} s"] = evaluate(w, model, zeroed, args.seed)
    if not results:
        raise InputError(f"{args.tracks} has no window of {CONTEXT + AHEAD} fixes at these cadences.")
    print(table(results))
    if args.record:
        card = bundle.card
        card |= {"forecast_figures": card.get("forecast_figures", {}) | {args.record: results}}
        write_card(Path(args.bundle), card)
    if args.output:
        write_report(args.output, results)
