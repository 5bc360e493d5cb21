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

import argparse
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from model.cli import Argv, meter, positive
from model.data.heldout import held_out_cab
from model.evaluate import check, make_parser, ratio_words, write_report
from model.training.card import write_card
from raw_qgis_plugin.core.arrays import Array, expand_ranges, group_quantile, run_starts
from raw_qgis_plugin.core.bundle.bundle import open_bundle
from raw_qgis_plugin.core.bundle.runtime import Model
from raw_qgis_plugin.core.errors import InputError, Progress, no_progress
from raw_qgis_plugin.core.evaluation.baselines import simple_methods
from raw_qgis_plugin.core.evaluation.metrics import measure
from raw_qgis_plugin.core.evaluation.windows import Windows, draw
from raw_qgis_plugin.core.forecasting.predict import Prediction, Queries, predict
from raw_qgis_plugin.core.geodesy import haversine_m
from raw_qgis_plugin.core.sources.readers import read
from raw_qgis_plugin.core.tracks import Tracks

BIN_MS = 900_000  # a quarter of an hour
CONTEXT_BINS = 960  # ten days
FAMILIES = ("5s", "15s", "60s", "long", "filled")


class Protocol:
    """The protocol's sizes: of fine families, then of long and filled."""

    context: int = 40  # fixes
    ahead: int = 5  # targets
    every: int = 15  # fixes between the starts of windows
    fastest_m_s: float = 70.0  # a window with a faster step has an error of recording
    longest_step: int = 2  # bins between two fixes of a window
    ahead_bins: tuple[int, ...] = (1, 2, 4, 6, 8, 10)  # of 15 min
    held_bins: int = 48  # of 15 min, for which a fix is held where days are filled
    city_m: float = 60_000.0  # radius
    least: int = 8  # bins of context


@dataclass(frozen=True)
class Sample:
    """How many windows are drawn."""

    limit: int = 3000  # in all
    per_user: int = 36
    seed: int = 0

    def of(self, user: Array) -> Array:
        """Rows of windows of users (n,)."""
        return draw(user, self.limit, self.per_user, self.seed)


def cut(
    tracks: Tracks, family: str, *, limit: int = 3000, per_user: int = 36, seed: int = 0
) -> Windows:
    """Windows of a family, at most `per_user` a person and `limit` in all, drawn at random.

    There may be none. A track without a user has one of its own in `user`. Raises InputError for an
    unknown family.
    """
    users = tracks.one_user_per_track().by_user()
    sample = Sample(limit, per_user, seed)
    if family in ("long", "filled"):
        return _cut_long(users, family, sample)

    cadence = re.fullmatch(r"(\d+)\s?s", family)
    if not cadence or int(cadence[1]) == 0:
        raise InputError(
            f"There is no family '{family}': name a cadence such as 15s, or long, or filled."
        )

    return _cut_fine(users, int(cadence[1]), sample)


def _cut_fine(tracks: Tracks, cadence_s: int, sample: Sample) -> Windows:
    """Windows of fine families: those that move, without gaps and without jumps."""
    bins = tracks.t // (1000 * cadence_s)
    first = np.flatnonzero(run_starts(bins, tracks.user))
    user = tracks.user[first]
    lon = tracks.lon[first]
    lat = tracks.lat[first]
    t = tracks.t[first]

    metres = haversine_m(lon[1:], lat[1:], lon[:-1], lat[:-1])
    seconds = np.maximum(np.diff(t) / 1000.0, 0.5)
    broken = run_starts(user)[1:]
    bins = bins[first]
    broken |= np.diff(bins) > Protocol.longest_step
    broken |= metres / seconds > Protocol.fastest_m_s
    breaks = np.append(0, np.cumsum(broken))
    metres[broken] = 0.0
    travelled = np.append(0.0, np.cumsum(metres))

    last = Protocol.context + Protocol.ahead - 1
    begin: Array = np.arange(0, max(len(t) - last, 0), Protocol.every)
    # without a gap or jump
    begin = begin[breaks[begin + last] == breaks[begin]]
    begin = begin[travelled[begin + last] > travelled[begin]]
    begin = begin[sample.of(user[begin]), None]
    past = begin + np.arange(Protocol.context)
    target = begin + np.arange(Protocol.context, last + 1)

    return Windows(
        family=f"{cadence_s}s",
        user=user[begin[:, 0]],
        t=t[past],
        lon=lon[past],
        lat=lat[past],
        horizon_s=cadence_s * np.arange(1.0, Protocol.ahead + 1),
        query_t=t[target],
        true_lon=lon[target],
        true_lat=lat[target],
    )


@dataclass(frozen=True)
class Bins:
    """The fix of each 15-minute bin, in the order of users and bins; (n,) columns."""

    user: Array
    number: Array  # of the bin
    t: Array  # ms
    lon: Array
    lat: Array


def _bins(tracks: Tracks, filled: bool) -> Bins:
    """The last fix in each bin in the person's city. filled: it is held in bins without a fix."""
    lon = group_quantile(tracks.lon, tracks.user, tracks.n_users)[tracks.user]
    lat = group_quantile(tracks.lat, tracks.user, tracks.n_users)[tracks.user]
    tracks = tracks.take(haversine_m(tracks.lon, tracks.lat, lon, lat) <= Protocol.city_m)
    number = tracks.t // BIN_MS
    ends = np.append(run_starts(number, tracks.track)[1:], True)[: len(tracks)]
    last = np.flatnonzero(ends)
    user = tracks.user[last].astype(np.int64)
    number = number[last]
    t = tracks.t[last]
    if filled:
        user, number, held = hold(user, number)
        last = last[held]
        t = (number + 1) * BIN_MS

    return Bins(user, number, t, tracks.lon[last], tracks.lat[last])


def _cut_long(tracks: Tracks, family: str, sample: Sample) -> Windows:
    """Windows of long and filled, with NaN before the context and for truths that are missing."""
    b = _bins(tracks, family == "filled")
    ahead = np.array(Protocol.ahead_bins)
    span = int(np.ptp(b.number)) + max(Protocol.ahead_bins) + 2 if len(b.number) else 1
    earliest = b.number.min(initial=np.iinfo(np.int64).max)
    # user and bin in one number
    key = b.user * span + b.number - earliest

    # truths: the bins ahead that have a fix
    wanted = key[:, None] + ahead
    truth = np.minimum(np.searchsorted(key, wanted), max(len(key) - 1, 0))
    known = key[truth] == wanted
    # contexts: of enough bins of the same user
    start = np.searchsorted(key, np.maximum(key - CONTEXT_BINS + 1, b.user * span))
    enough = np.arange(len(key)) - start >= Protocol.least - 1
    enough &= known.any(axis=1)
    end = np.flatnonzero(enough)
    end = end[sample.of(b.user[end])]

    known = known[end]
    truth = truth[end]
    start = start[end, None]
    longest = (end[:, None] - start).max(initial=-1) + 1
    at = end[:, None] - np.arange(longest)[::-1]
    real = at >= start
    at = np.maximum(at, start)

    ahead_t = b.t[end][:, None] + BIN_MS * ahead

    return Windows(
        family=family,
        user=b.user[end],
        t=b.t[at],
        lon=np.where(real, b.lon[at], np.nan),
        lat=np.where(real, b.lat[at], np.nan),
        horizon_s=BIN_MS / 1000.0 * ahead,
        query_t=np.where(known, b.t[truth], ahead_t),
        true_lon=np.where(known, b.lon[truth], np.nan),
        true_lat=np.where(known, b.lat[truth], np.nan),
    )


def hold(user: Array, bins: Array) -> tuple[Array, Array, Array]:
    """Fill bins without a fix by the last one for up to twelve hours.

    Returns user, bin and row of the fix of each bin.
    """
    # the last bin of each fix
    until = bins.copy()
    same = user[1:] == user[:-1]
    held = np.minimum(bins[1:] - 1, bins[:-1] + Protocol.held_bins)
    until[:-1][same] = held[same]
    times = until - bins + 1
    row = np.repeat(np.arange(len(bins)), times)

    return user[row], expand_ranges(bins, times), row


def predict_windows(w: Windows, model: Model, progress: Progress = no_progress) -> Prediction:
    """The model's forecasts of all windows where there is a truth, in the order of `w.known`."""
    tracks = w.contexts()
    queries = Queries.at(tracks, w.at, w.query_t[w.known])
    return predict(tracks, model, queries, progress, with_areas=True)


def evaluate(w: Windows, model: Model, seed: int) -> dict:
    """All figures of a family (core/evaluation/metrics.py)."""
    answer = predict_windows(w, model, meter(f"{w.family}: the model"))
    return measure(w, simple_methods(w, w.user, seed), answer, w.user, seed)


def show(family: str, r: dict) -> None:
    """Print the figures of a family."""
    held = []
    for share in (50, 80):
        inside = r[f"inside{share}"]
        if inside is not None:
            held.append(f"{share} % area holds {inside:.1%}")

    ratio = f"model / best simple ({r['best_simple']}) = {ratio_words(r)}"
    head = f"{family}: {r['windows']} windows of {r['people']} units"
    print(f"{head}. {ratio}. {', '.join(held)}", flush=True)

    for name, e in sorted(r["methods"].items(), key=lambda item: item[1]["mean_m"]):
        figures = f"{e['mean_m']:9.1f} mean {e['median_m']:9.1f} median {e['p90_m']:9.1f} p90"
        print(f"    {figures}  {name}", flush=True)


def parser() -> argparse.ArgumentParser:
    """The command's arguments."""
    p = make_parser("forecast", __doc__, record=True)
    families = "5s 15s 60s long filled (default)"
    p.add_argument("--family", nargs="+", default=FAMILIES, metavar="F", help=families)
    cabs = "only the cabs held apart from training"
    p.add_argument("--held-out-cabs", action="store_true", help=cabs)
    cadence = "at most this many a cadence (default: %(default)s)"
    p.add_argument("--windows", type=positive, default=Sample.limit, help=cadence)
    person = "at most this many a person (default: %(default)s)"
    p.add_argument("--per-user", type=positive, default=Sample.per_user, help=person)

    return p


def main(argv: Argv = None) -> None:
    """Run the command."""
    args = parser().parse_args(argv)
    check(args)
    tracks, _, _ = read(args.tracks)
    bundle = open_bundle(args.bundle)
    if args.held_out_cabs:
        chosen = np.array([held_out_cab(u) for u in tracks.user_ids], bool)
        tracks = tracks.take(chosen[tracks.user])

    model = Model(bundle)
    results = {}

    for family in args.family:
        w = cut(tracks, family, limit=args.windows, per_user=args.per_user, seed=args.seed)
        if len(w):
            results[w.family] = evaluate(w, model, args.seed)
            show(w.family, results[w.family])

    if not results:
        raise InputError(f"{args.tracks} has no window of these families.")

    write_report(args, results)
    if args.record:
        record(bundle.card, args, results)


def record(card: dict, args: argparse.Namespace, results: dict[str, dict]) -> None:
    """Write the figures, but those of single horizons, into the card of the bundle."""
    brief = {}
    for family, r in results.items():
        brief[family] = {name: value for name, value in r.items() if name != "horizons"}

    figures = card.get("forecast_figures", {}) | {args.record: brief}
    write_card(Path(args.bundle), card | {"forecast_figures": figures})
