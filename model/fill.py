# SPDX-License-Identifier: GPL-2.0-or-later
"""Where tracks were between two fixes: `python -m model.fill --tracks T --output P`."""

from __future__ import annotations

import sys

import numpy as np

from model import cli
from model.forecast import read_queries
from raw_qgis_plugin.core.arrays import Array, Columns
from raw_qgis_plugin.core.gaps.fill import GapQueries, fill
from raw_qgis_plugin.core.specs import FillSpec
from raw_qgis_plugin.core.times import NO_TIME
from raw_qgis_plugin.core.tracks import Tracks

EPILOG = """
P has a row for each step in each gap: user_id, track_id, t (UTC), lon, lat, radius50_m and
radius80_m, the radii of the areas that hold the truth in 50 and 80 % of cases, and inferred. With
--at P has a row for each row of Q, in its order: Q has the columns track_id and t, and user_id
where two users have a track of the same id. At the time of a fix that fix is the answer, and not
inferred. Outside of the track, and in gaps longer than --max-gap, there are empty figures.
Fixes on both sides of a gap are used, and movements of the other tracks at other times.
"""
FIGURES = ("lon", "lat", "radius50_m", "radius80_m")


def main(argv: cli.Argv = None) -> None:
    """Read, fill, write."""
    parser = cli.make_parser("fill", "Where tracks were between two fixes.", EPILOG, bundle=False)
    cli.add_options(parser, FillSpec)
    parser.add_argument(
        "--at",
        metavar="Q",
        help="ask for these times instead: a Parquet or CSV table, track_id and t",
    )
    args = parser.parse_args(argv)
    tracks, guess = cli.read_tracks(args)
    spec = cli.spec_of(args, FillSpec)
    if args.at:
        columns, track, t = read_queries(args.at, args.tz, tracks, guess)
        cli.write_table(args.output, columns | fill_at(tracks, track, t, 60.0 * spec.max_gap_min))
        return
    queries = GapQueries.every(tracks, 60.0 * spec.step_min, 60.0 * spec.max_gap_min)
    if queries.n_open:
        cli.warn(f"{queries.n_open:,} gaps longer than {spec.max_gap_min:g} minutes stay open.")
    track = tracks.track[queries.before]
    ids = {
        "user_id": tracks.user_ids[tracks.track_user[track]],
        "track_id": tracks.track_ids[track],
    }
    columns = {
        **cli.id_columns(ids, args, guess),
        "t": cli.utc_times(queries.t),
        **figures_of(tracks, queries),
    }
    cli.write_table(args.output, {**columns, "inferred": np.ones(len(queries.t), bool)})


def figures_of(tracks: Tracks, queries: GapQueries) -> Columns:
    """FIGURES (m,) of queries."""
    columns = {name: np.full(len(queries.t), np.nan) for name in FIGURES}
    for filled in fill(tracks, queries, cli.meter("filling")):
        for name, values in columns.items():
            values[filled.number] = getattr(filled, name)
    return columns


def fill_at(tracks: Tracks, track: Array, t: Array, max_gap_s: float) -> Columns:
    """FIGURES (m,) and inferred (m,) of tracks at times (m,); nan where there is no answer.

    track: (m,) rows of tracks.track_ids, -1 for none.
    """
    before = tracks.before(np.maximum(track, 0), t + 1) - 1
    after = np.minimum(before + 1, len(tracks) - 1)
    known = (track >= 0) & (t != NO_TIME) & (before >= 0)
    on_track = known & (tracks.track[before] == track)
    exact = on_track & (tracks.t[before] == t)
    goes_on = tracks.track[after] == track
    short = tracks.t[after] - tracks.t[before] <= 1000 * max_gap_s
    gap = on_track & ~exact & goes_on & short
    if unanswered := np.count_nonzero(~exact & ~gap):
        cli.warn(
            f"{unanswered:,} of {len(t):,} queries have no answer: no such track, outside of it, "
            "or in a longer gap."
        )

    rows = np.flatnonzero(gap)
    rows = rows[np.argsort(before[rows], kind="stable")]
    filled = figures_of(tracks, GapQueries(before[rows], t[rows]))
    at_fix = {"lon": tracks.lon[before], "lat": tracks.lat[before]}
    columns = {name: np.where(exact, at_fix.get(name, 0.0), np.nan) for name in FIGURES}
    for name, values in columns.items():
        values[rows] = filled[name]
    return {**columns, "inferred": gap}


if __name__ == "__main__":
    sys.exit(cli.run(main))
