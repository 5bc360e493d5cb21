# SPDX-License-Identifier: GPL-2.0-or-later
"""Forecasts against simple methods on the same cases: python -m model.evaluate forecast --tracks T

Families of windows: 5s, 15s, 60s or any other cadence have the first fix in each bin, 40 of
context, the next five as truths at their times. long: the last fix in each 15-minute bin, up to ten
days of context, truths 15 to 150 min ahead, in the person's city. filled: the same round the clock,
a fix held for up to twelve hours, in the truth too.

Errors are metres on the sphere; ratio is the model's mean error over the best simple method's, with
a 95 % bootstrap interval by person. The pull toward the median place is fitted on one half of the
people for the other half.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from model.cli import meter, positive
from model.data.heldout import held_out_cab
from model.evaluate import check, make_parser, ratio_words, write_report
from model.training.card import write_card
from raw_qgis_plugin.core.arrays import expand_ranges, group_quantile, run_starts
from raw_qgis_plugin.core.bundle.bundle import open_bundle
from raw_qgis_plugin.core.bundle.runtime import Model
from raw_qgis_plugin.core.errors import InputError, Progress, no_progress
from raw_qgis_plugin.core.evaluation.baselines import simple_methods
from raw_qgis_plugin.core.evaluation.metrics import measure, summary
from raw_qgis_plugin.core.evaluation.windows import Windows, draw, errors_m, spread
from raw_qgis_plugin.core.forecasting.predict import Prediction, Queries, predict
from raw_qgis_plugin.core.geodesy import haversine_m
from raw_qgis_plugin.core.sources.readers import read
from raw_qgis_plugin.core.tracks import Tracks

STAYING = -8.0, 30.0  # log scale and logit of staying (core/forecasting/mixture.py)
ZEROED = "RAW with its output at zero"
BIN_MS = 900_000  # a quarter of an hour
CONTEXT_BINS = 960  # ten days
FAMILIES = ("5s", "15s", "60s", "long", "filled")


class Protocol:
    """The protocol's sizes: of fine families, then of long and filled."""

    context: int = 40  # fixes
    ahead: int = 5  # targets
    every: int = 15  # fixes between the starts of windows
    fastest_m_s: float = 70.0
    ahead_bins: tuple[int, ...] = (1, 2, 4, 6, 8, 10)  # of 15 min
    held_bins: int = 48
    city_m: float = 60_000.0  # radius
    least: int = 8  # bins of context


def cut(
    tracks: Tracks, family: str, *, limit: int = 3000, per_user: int = 36, seed: int = 0
) -> Windows:
    """Windows of a family, at most `per_user` a person and `limit` in all, drawn at random; perhaps
    none.

    A track without a user has one of its own in `user`. Raises InputError for an unknown family.
    """
    users = tracks.one_user_per_track().by_user()
    if family in ("long", "filled"):
        return _cut_long(users, family, limit, per_user, seed)
    cadence = re.fullmatch(r"(\d+)\s?s", family)
    if not cadence or int(cadence[1]) == 0:
        raise InputError(
            f"There is no family '{family}': name a cadence such as 15s, or long, or filled."
        )
    return _cut_fine(users, int(cadence[1]), limit, per_user, seed)


def _cut_fine(tracks: Tracks, cadence_s: int, limit: int, per_user: int, seed: int) -> Windows:
    """Windows of fine families, but those that skip more than a bin, have a step above 70 m/s, or
    do not move.
    """
    bins = tracks.t // (1000 * cadence_s)
    kept = run_starts(bins, tracks.user)
    user, t, lon, lat, bins = (
        a[kept] for a in (tracks.user, tracks.t, tracks.lon, tracks.lat, bins)
    )
    size, last = Protocol.context + Protocol.ahead, Protocol.context + Protocol.ahead - 1
    metres = haversine_m(lon[1:], lat[1:], lon[:-1], lat[:-1])
    seconds = np.maximum(np.diff(t) / 1000.0, 0.5)
    broken = (
        (user[1:] != user[:-1]) | (np.diff(bins) > 2) | (metres / seconds > Protocol.fastest_m_s)
    )
    breaks = np.concatenate([[0], np.cumsum(broken)])
    travelled = np.concatenate([[0.0], np.cumsum(np.where(broken, 0.0, metres))])
    begin: np.ndarray = np.arange(0, max(len(t) - last, 0), Protocol.every)
    begin = begin[
        (breaks[begin + last] == breaks[begin]) & (travelled[begin + last] > travelled[begin])
    ]
    begin = begin[draw(user[begin], limit, per_user, seed)]
    past, target = np.split(begin[:, None] + np.arange(size), [Protocol.context], axis=1)
    horizon = cadence_s * np.arange(1.0, Protocol.ahead + 1)
    return Windows(
        f"{cadence_s}s",
        user[begin],
        t[past],
        lon[past],
        lat[past],
        horizon,
        t[target],
        lon[target],
        lat[target],
    )


def _cut_long(tracks: Tracks, family: str, limit: int, per_user: int, seed: int) -> Windows:
    middle = (
        group_quantile(a, tracks.user, tracks.n_users)[tracks.user]
        for a in (tracks.lon, tracks.lat)
    )
    tracks = tracks.take(haversine_m(tracks.lon, tracks.lat, *middle) <= Protocol.city_m)
    last = np.flatnonzero(
        np.append(run_starts(tracks.t // BIN_MS, tracks.track)[1:], True)[: len(tracks)]
    )
    ahead = np.array(Protocol.ahead_bins)
    user, bins = tracks.user[last].astype(np.int64), tracks.t[last] // BIN_MS
    t, lon, lat = tracks.t[last], tracks.lon[last], tracks.lat[last]
    if family == "filled":
        user, bins, held = hold(user, bins)
        t, lon, lat = (bins + 1) * BIN_MS, lon[held], lat[held]
    span = int(np.ptp(bins)) + max(Protocol.ahead_bins) + 2 if len(bins) else 1
    key = user * span + bins - bins.min(initial=np.iinfo(np.int64).max)
    wanted = key[:, None] + ahead
    truth = np.minimum(np.searchsorted(key, wanted), max(len(key) - 1, 0))
    known = key[truth] == wanted
    start = np.searchsorted(key, np.maximum(key - CONTEXT_BINS + 1, user * span))
    end = np.flatnonzero(known.any(axis=1) & (np.arange(len(key)) - start >= Protocol.least - 1))
    end = end[draw(user[end], limit, per_user, seed)]

    start, known, truth = start[end, None], known[end], truth[end]
    at = end[:, None] - np.arange((end[:, None] - start).max(initial=-1) + 1)[::-1]
    real, at = at >= start, np.maximum(at, start)
    query_t = np.where(known, t[truth], t[end][:, None] + BIN_MS * ahead)
    past_lon, past_lat = (np.where(real, a[at], np.nan) for a in (lon, lat))
    true_lon, true_lat = (np.where(known, a[truth], np.nan) for a in (lon, lat))
    horizon_s = BIN_MS / 1000.0 * ahead
    return Windows(
        family, user[end], t[at], past_lon, past_lat, horizon_s, query_t, true_lon, true_lat
    )


def hold(user: np.ndarray, bins: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Fill bins without a fix by the last one for up to twelve hours: user, bin and row of the fix
    of each bin.
    """
    until = np.empty_like(bins)
    until[-1:] = bins[-1:]
    until[:-1] = np.where(
        user[1:] == user[:-1], np.minimum(bins[1:] - 1, bins[:-1] + Protocol.held_bins), bins[:-1]
    )
    times = until - bins + 1
    row = np.repeat(np.arange(len(bins)), times)
    return user[row], expand_ranges(bins, times), row


class Zeroed(Model):
    """The baseline that the network corrects: with its output at zero and, for days, certain
    staying.
    """

    def backbone(self, *args: Any, **named: Any) -> list:
        """As Model.backbone."""
        zeros = [np.zeros_like(a) for a in super().backbone(*args, **named)]
        if named.get("candidates") is not None:  # days have them
            zeros[named["outputs"].index("parameters")][..., 2:4] = STAYING
        return zeros


def predict_windows(
    w: Windows, model: Model, progress: Progress = no_progress, *, adapt: bool = True
) -> Prediction:
    """The model's forecasts of all windows where there is a truth, in the order of `w.known`."""
    queries = Queries.at(tracks := w.contexts(), w.at, w.query_t[w.known])
    return predict(tracks, model, queries, progress, with_areas=True, adapt=adapt)


def evaluate(
    w: Windows, model: Model, zeroed: Model, seed: int = 0, raw_paper: Path | None = None
) -> dict:
    """All figures of a family (core/evaluation/metrics.py). raw_paper: a run of that preset, for
    days.
    """
    answer, simple = (
        predict_windows(w, model, meter(f"{w.family}: the model")),
        simple_methods(w, w.user, seed),
    )
    figures = measure(w, simple, answer, w.user, seed)
    without = predict_windows(w, zeroed, adapt=False)
    others = {ZEROED: (spread(w, without.lon), spread(w, without.lat))}
    if raw_paper and w.family in ("long", "filled"):  # its sequences are those of days
        from model.training.published import forecast_windows

        others["raw-paper"] = forecast_windows(raw_paper, w)
    figures["methods"] |= {
        name: summary(errors_m(w, forecast)) for name, forecast in others.items()
    }
    return figures


def show(family: str, r: dict) -> None:
    """Print the figures of a family."""
    held = ", ".join(
        f"{k} % area holds {r[f'inside{k}']:.1%}" for k in (50, 80) if r[f"inside{k}"] is not None
    )
    ratio = f"model / best simple ({r['best_simple']}) = {ratio_words(r)}"
    print(f"{family}: {r['windows']} windows of {r['people']} units. {ratio}. {held}", flush=True)
    for name, e in sorted(r["methods"].items(), key=lambda item: item[1]["mean_m"]):
        print(
            f"    {e['mean_m']:9.1f} mean {e['median_m']:9.1f} median {e['p90_m']:9.1f} p90  {name}",
            flush=True,
        )


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command."""
    p = make_parser("forecast", __doc__, record=True)
    p.add_argument(
        "--family",
        nargs="+",
        default=FAMILIES,
        metavar="F",
        help="5s 15s 60s long filled (default)",
    )
    p.add_argument(
        "--held-out-cabs", action="store_true", help="only the cabs held apart from training"
    )
    p.add_argument(
        "--windows",
        type=positive,
        default=3000,
        help="at most this many a cadence (default: %(default)s)",
    )
    p.add_argument(
        "--per-user",
        type=positive,
        default=36,
        help="at most this many a person (default: %(default)s)",
    )
    p.add_argument(
        "--raw-paper",
        type=Path,
        metavar="RUN",
        help="a run of that preset, as a row of long and filled",
    )
    args = p.parse_args(argv)
    check(args)
    tracks, _, _ = read(args.tracks)
    bundle = open_bundle(args.bundle)
    if args.held_out_cabs:
        tracks = tracks.take(
            np.array([held_out_cab(u) for u in tracks.user_ids], bool)[tracks.user]
        )
    model, zeroed, results = Model(bundle), Zeroed(bundle), {}
    for family in args.family:
        w = cut(tracks, family, limit=args.windows, per_user=args.per_user, seed=args.seed)
        if len(w):
            results[w.family] = evaluate(w, model, zeroed, args.seed, args.raw_paper)
            show(w.family, results[w.family])
    if not results:
        raise InputError(f"{args.tracks} has no window of these families.")
    write_report(args, results)
    if args.record:
        brief = {f: {k: v for k, v in r.items() if k != "horizons"} for f, r in results.items()}
        figures = bundle.card.get("forecast_figures", {}) | {args.record: brief}
        write_card(Path(args.bundle), bundle.card | {"forecast_figures": figures})
