# SPDX-License-Identifier: GPL-2.0-or-later
"""Filled gaps against simple methods: python -m model.evaluate gaps --tracks T

Gaps of 5 to 60 minutes are hidden in the tracks of each person, one track a person, and filled from all that is left.
The error is measured at the fix nearest to the middle of the gap, in metres. Ratio: the mean error over that of the
best of the straight line, the cubic Hermite spline with the velocities at both ends, and staying at the first end,
with a 95 % bootstrap interval by person. Areas: the shares of the truths that they hold, by the polygons.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from model.cli import positive
from model.data.heldout import held_out_cab
from model.evaluate import check, make_parser, ratio_words, write_report
from model.fill.examples import BASELINES, Hidden, hide
from raw_qgis_plugin.core.errors import InputError
from raw_qgis_plugin.core.evaluation.metrics import interval_by_person
from raw_qgis_plugin.core.gaps.ends import ends_of
from raw_qgis_plugin.core.gaps.fill import GapQueries, fill
from raw_qgis_plugin.core.gaps.imputer import simple_places
from raw_qgis_plugin.core.geodesy import metres_between, near_lon
from raw_qgis_plugin.core.sources.readers import read

MINUTES = (5, 10, 20, 30, 60)


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
