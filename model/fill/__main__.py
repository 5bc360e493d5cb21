# SPDX-License-Identifier: GPL-2.0-or-later
"""Where tracks were between two fixes: `python -m model.fill --tracks T --output P`."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import numpy as np

from model.cli import id_columns, make_parser, meter, over_zero, read_tracks, run, utc_times, warn, write_table
from model.forecast import read_queries
from raw_qgis_plugin.core.errors import Progress
from raw_qgis_plugin.core.gaps.fill import Questions, fill
from raw_qgis_plugin.core.sources.readers import read_table
from raw_qgis_plugin.core.sources.schema import Schema, find_columns
from raw_qgis_plugin.core.times import NO_TIME
from raw_qgis_plugin.core.tracks import Tracks

EPILOG = """
P has a row for each step in each gap: user_id, track_id, t (UTC), lon, lat, radius50_m and radius80_m, the radii of the
areas that hold the truth in 50 and 80 % of cases, and inferred. With --at P has a row for each row of Q, in its order:
Q has the columns track_id and t, and user_id where two users have a track of the same id. At the time of a fix that fix
is the answer, and not inferred. Outside of the track, and in gaps longer than --max-gap, there are empty figures.
Fixes on both sides of a gap are used, and movements of the other tracks at other times.
"""
FIGURES = ("lon", "lat", "radius50_m", "radius80_m")


def main(argv: Sequence[str] | None = None) -> None:
    """Read, fill, write."""
    parser = make_parser("fill", "Where tracks were between two fixes.", EPILOG, bundle=False)
    parser.add_argument("--step", type=over_zero, default=1.0, metavar="MIN", help="minutes (default: 1)")
    parser.add_argument("--at", metavar="Q", help="ask for these times instead: a Parquet or CSV table, track_id and t")
    parser.add_argument(
        "--max-gap", type=over_zero, default=60.0, metavar="MIN",
        help="longer gaps are left open (minutes, default: 60; longer ones were not measured)",
    )  # fmt: skip
    args = parser.parse_args(argv)
    tracks, guess = read_tracks(args)
    longest_s = 60.0 * args.max_gap
    if args.at:
        queries = read_table(args.at)
        query_fields = find_columns(queries.column_names, Schema(zone=args.tz))
        ids, track, t = read_queries(queries, query_fields, tracks, guess)
        write_table(args.output, {**ids, "t": utc_times(t), **fill_at(tracks, track, t, longest_s, meter("filling"))})
        return
    questions = Questions.every(tracks, 60.0 * args.step, longest_s)
    if questions.n_open:
        warn(f"{questions.n_open:,} gaps longer than {args.max_gap:g} minutes stay open.")
    figures = figures_of(tracks, questions, meter("filling"))
    track = tracks.track[questions.before]
    ids = {"user_id": tracks.user_ids[tracks.track_user[track]], "track_id": tracks.track_ids[track]}
    columns = {**id_columns(ids, args, guess), "t": utc_times(questions.t), **figures}
    write_table(args.output, {**columns, "inferred": np.ones(len(questions.t), bool)})


def figures_of(tracks: Tracks, questions: Questions, progress: Progress) -> dict[str, np.ndarray]:
    """FIGURES (m,) of questions."""
    columns = {name: np.full(len(questions.t), np.nan) for name in FIGURES}
    for filled in fill(tracks, questions, progress):
        for name, values in columns.items():
            values[filled.number] = getattr(filled, name)
    return columns


def fill_at(
    tracks: Tracks, track: np.ndarray, t: np.ndarray, longest_s: float, progress: Progress
) -> dict[str, np.ndarray]:
    """FIGURES (m,) and inferred (m,) of tracks at times (m,); nan where there is no answer.

    track: (m,) rows of tracks.track_ids, -1 for none.
    """
    before = tracks.time_index.before(np.maximum(track, 0), t + 1) - 1
    after = np.minimum(before + 1, len(tracks) - 1)
    own = (track >= 0) & (t != NO_TIME) & (before >= 0)
    own &= tracks.track[before] == track
    exact = own & (tracks.t[before] == t)
    gap = own & ~exact & (tracks.track[after] == track) & (tracks.t[after] - tracks.t[before] <= 1000 * longest_s)
    asked = np.flatnonzero(gap)
    asked = asked[np.argsort(before[asked], kind="stable")]
    found = figures_of(tracks, Questions(before[asked], t[asked], 0), progress)
    columns = {name: np.full(len(t), np.nan) for name in FIGURES}
    for name, at_fix in zip(FIGURES, (tracks.lon[before], tracks.lat[before], 0.0 * t, 0.0 * t), strict=True):
        columns[name][exact] = at_fix[exact]
        columns[name][asked] = found[name]
    if unanswered := np.count_nonzero(~exact & ~gap):
        warn(f"{unanswered:,} of {len(t):,} queries have no answer: no such track, outside of it, or in a longer gap.")
    return {**columns, "inferred": gap}


if __name__ == "__main__":
    sys.exit(run(main))
