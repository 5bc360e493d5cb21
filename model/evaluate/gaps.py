# SPDX-License-Identifier: GPL-2.0-or-later
"""Filled gaps against simple methods: python -m model.evaluate gaps --tracks T

Gaps of 5 to 60 minutes are hidden in the tracks of each person, one track a person, and filled from all that is left.
The error is measured at the fix nearest to the middle of the gap, in metres. Ratio: the mean error over that of the
best of the straight line, the cubic Hermite spline with the velocities at both ends, and staying at the first end,
with a 95 % bootstrap interval by person. Areas: the shares of the truths that they hold, by the polygons.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from model.cli import positive
from model.data.heldout import held_out_cab
from model.evaluate import check, make_parser, ratio_words, write_report
from raw_qgis_plugin.core.arrays import run_starts
from raw_qgis_plugin.core.errors import InputError
from raw_qgis_plugin.core.evaluation.metrics import interval_by_person
from raw_qgis_plugin.core.evaluation.windows import draw
from raw_qgis_plugin.core.features.featurizer import into_frame
from raw_qgis_plugin.core.gaps.ends import Ends, Gaps, ends_of
from raw_qgis_plugin.core.gaps.fill import GapQueries, fill
from raw_qgis_plugin.core.gaps.imputer import SIMPLE, simple_places
from raw_qgis_plugin.core.geodesy import metres_between, near_lon, offset_m
from raw_qgis_plugin.core.sources.readers import read
from raw_qgis_plugin.core.tracks import Tracks

MINUTES = (5, 10, 20, 30, 60)
BASELINES = {"line": SIMPLE.index("line"), "Hermite curve": SIMPLE.index("curve"), "staying": SIMPLE.index("first end")}


@dataclass(frozen=True)
class HideSettings:
    """How gaps are hidden."""

    longer: float = 1.1  # the most of the wanted length that a gap may have
    fastest_m_s: float = 70.0  # a hidden step that seems faster is a fault of the device, or a flight
    middle: float = 0.05  # of the length, within which a fix shows where the middle was
    apart: float = 3.0  # times the length: of one user one gap begins in each such time


SETTINGS = HideSettings()


@dataclass(frozen=True)
class Hidden:
    """Gaps that were hidden in tracks, and a fix (g,) of each, with t in epoch ms and degrees."""

    gaps: Gaps
    t: np.ndarray
    lon: np.ndarray
    lat: np.ndarray

    @property
    def share(self) -> np.ndarray:
        """(g,) of the gaps' time, when the fixes were."""
        return (self.t - self.gaps.tracks.t[self.gaps.before]) / 1000.0 / self.gaps.seconds

    def truth(self, ends: Ends) -> np.ndarray:
        """(g, 2) metres in the frames of the gaps."""
        return into_frame(offset_m(self.lon, self.lat, ends.lon, ends.lat), ends.heading)


def hide(users: Tracks, seconds: float, per_user: int, limit: int, seed: int, anywhere: float = 0.0) -> Hidden:
    """Hide gaps of about `seconds` in tracks, at most `per_user` of each and `limit` in all, drawn at random.

    A gap has no step that is too fast, and a fix near its middle, the query; of the share `anywhere` any hidden fix.
    users: one track a user.
    """
    s, t, user, rng = SETTINGS, users.t, users.user, np.random.default_rng(seed)
    begin: np.ndarray = np.arange(len(users))
    end = np.minimum(users.time_index.before(user, t + int(1000 * seconds)), len(users) - 1)
    half = (t[begin] + t[end]) // 2
    middle = users.time_index.before(user, half)
    middle -= half - t[middle - 1] < t[np.minimum(middle, len(t) - 1)] - half
    step_m = metres_between(users.lon[:-1], users.lat[:-1], users.lon[1:], users.lat[1:])
    fast = np.concatenate([[0], np.cumsum(step_m > s.fastest_m_s * np.maximum(np.diff(t) / 1000.0, 0.5))])
    possible = (user[end] == user) & (t[end] - t >= 1000 * seconds) & (t[end] - t <= 1000 * s.longer * seconds)
    possible &= (fast[begin] == fast[end]) & (middle > begin) & (middle < end)
    possible &= np.abs(t[np.minimum(middle, len(t) - 1)] - half) <= 1000 * s.middle * seconds
    begin = rng.permutation(np.flatnonzero(possible))
    spell = (t[begin] / (1000 * s.apart * seconds)).astype(np.int64)
    order = np.lexsort((spell, user[begin]))
    begin = begin[order][run_starts(user[begin[order]], spell[order])]  # the first of each spell, at random
    begin = begin[np.append(True, begin[1:] >= end[begin[:-1]])[: len(begin)]]
    begin = begin[draw(user[begin], limit, per_user, seed)]
    end, query = end[begin], middle[begin]
    if len(begin):
        query = np.where(rng.random(len(begin)) < anywhere, rng.integers(begin + 1, end), query)
    edges = np.zeros(len(users) + 1, np.int64)
    np.add.at(edges, begin + 1, 1)
    np.add.at(edges, end, -1)
    shown = np.cumsum(edges[:-1]) == 0
    before = (np.cumsum(shown) - 1)[begin]
    return Hidden(Gaps(users.take(shown), before, before + 1), t[query], users.lon[query], users.lat[query])


def evaluate(hidden: Hidden, seed: int = 0) -> dict:
    """All figures of hidden gaps."""
    import shapely

    tracks, before = hidden.gaps.tracks, hidden.gaps.before
    user, ends = tracks.user[before], ends_of(hidden.gaps)
    error, inside = np.empty(len(before)), np.empty((2, len(before)), bool)
    for f in fill(tracks, GapQueries(before, hidden.t), with_areas=True):
        lon, lat = hidden.lon[f.number], hidden.lat[f.number]
        error[f.number] = metres_between(f.lon, f.lat, lon, lat)
        truth = shapely.points(near_lon(lon, tracks.lon[before[f.number]]), lat)
        inside[:, f.number] = shapely.contains(np.asarray(f.areas), truth[:, None]).T
    off = simple_places(ends, hidden.share)[:, list(BASELINES.values())] - hidden.truth(ends)[:, None]
    simple = dict(zip(BASELINES, np.hypot(off[..., 0], off[..., 1]).T))
    best = min(simple, key=lambda name: simple[name].mean())
    return {
        "gaps": len(before), "people": len(np.unique(user)), "mean_m": float(error.mean()),
        "median_m": float(np.median(error)), "simple_mean_m": {name: float(e.mean()) for name, e in simple.items()},
        "best_simple": best, "ratio": float(error.mean() / simple[best].mean()),
        "interval": interval_by_person(error[:, None], simple[best][:, None], user, seed),
        "inside50": float(inside[0].mean()), "inside80": float(inside[1].mean()),
    }  # fmt: skip


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command."""
    p = make_parser("gaps", __doc__)
    p.add_argument("--minutes", type=positive, nargs="+", default=MINUTES, metavar="M", help="5 10 20 30 60 (default)")
    p.add_argument("--held-out-cabs", action="store_true", help="only the cabs held apart from training")
    p.add_argument("--gaps", type=positive, default=3000, help="at most this many a length (default: %(default)s)")
    p.add_argument("--per-user", type=positive, default=36, help="at most this many a person (default: %(default)s)")
    args = p.parse_args(argv)
    check(args)
    tracks, _, _ = read(args.tracks)
    if args.held_out_cabs:
        tracks = tracks.take(np.array([held_out_cab(u) for u in tracks.user_ids], bool)[tracks.user])
    users, results = tracks.one_user_per_track().by_user(), {}
    for minutes in args.minutes:
        hidden = hide(users, 60.0 * minutes, args.per_user, args.gaps, args.seed)
        if len(hidden.t):
            results[str(minutes)] = r = evaluate(hidden, args.seed)
            print(
                f"{minutes} min: {r['gaps']} gaps of {r['people']} users. {r['mean_m']:.0f} m (median "
                f"{r['median_m']:.0f}). Ratio {ratio_words(r)} of {r['best_simple']}. Areas of 50 and 80 % hold "
                f"{r['inside50']:.1%}, {r['inside80']:.1%}", flush=True,
            )  # fmt: skip
    if not results:
        raise InputError(f"{args.tracks} has no fixes in which gaps of these lengths could be hidden.")
    write_report(args, results)
