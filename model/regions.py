# SPDX-License-Identifier: GPL-2.0-or-later
"""Score polygons by who crosses them: `python -m model.regions --tracks T --regions R [--task NAME] --output P`."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import numpy as np

from model.cli import check_output, make_parser, meter, open_model, read_tracks, run, warn_of, whole, write_table
from raw_qgis_plugin.core.regions.disclosure import MIN_USERS
from raw_qgis_plugin.core.regions.scores import CROSSINGS, POOLINGS, score_regions
from raw_qgis_plugin.core.regions.week import week_of_regions
from raw_qgis_plugin.core.sources.polygons import read_polygons

EPILOG = """
P has one row a region: its id (without --id its number, and the id that is found), n_users, n_points, for each task
NAME, NAME_low and NAME_high (the 80 % interval), or NAME and NAME_p, n_visits, dwell_min (their median), home_share (of
the people whose home is known, those who have it here), suppressed, in_domain and withheld, the reason: few people, one
person, or a difference from other regions. Figures of fewer than --min-users people, or from which they could be
subtracted, are left out.

W has one row a region, weekday (1 is Monday) and part of the day (hour_from to hour_to, mean solar time): n_users,
n_visits and suppressed, with --min-users held in each of them.
"""


def main(argv: Sequence[str] | None = None) -> None:
    """Read, score, write."""
    parser = make_parser("regions", "Score polygons by the people who cross them.", EPILOG, tasks=True)
    parser.add_argument("--regions", required=True, metavar="R", help="polygons: .geojson or .gpkg (|layername=NAME)")
    parser.add_argument(
        "--id", metavar="FIELD",
        help="field with the regions' ids (default: numbers from 1, 'region', and beside them the guessed field)",
    )  # fmt: skip
    parser.add_argument("--min-users", type=int, default=MIN_USERS, metavar="N", help="fewest people (default: 10)")
    parser.add_argument("--pooling", choices=POOLINGS, default="sum", help="of the people's embeddings (default: sum)")
    parser.add_argument(
        "--by", choices=CROSSINGS, default="fixes",
        help="people cross a region by a fix in it, or by the straight way between two fixes too (default: fixes)",
    )  # fmt: skip
    parser.add_argument("--week", metavar="W", help="also write who was there by weekday and hours: .parquet or .csv")
    parser.add_argument(
        "--epsilon", type=float, default=0.0, metavar="E",
        help="noise on the counts of people and visits, and no other figures; each run spends E (default: no noise)",
    )  # fmt: skip
    args = parser.parse_args(argv)
    each = args.epsilon / 2 if args.week else args.epsilon  # of a table
    if args.week:
        check_output(args.week, args, "--week")
    regions = read_polygons(args.regions, args.id, guess=True)
    model = open_model(args)
    tracks, _ = read_tracks(args)
    scores = score_regions(
        tracks, regions.shapes, model, args.task, args.pooling, args.min_users, meter("scoring"), args.by, None, each
    )
    warn_of(scores.reasons)
    withheld = np.count_nonzero(scores.columns["suppressed"])
    print(f"{withheld:,} of {len(regions.ids):,} regions withheld: under {args.min_users} people", file=sys.stderr)
    taken = {*scores.columns, "withheld", "weekday", "hour_from", "hour_to"}
    id_name = f"{regions.id_name}_2" if regions.id_name in taken else regions.id_name
    counts = {name: whole(scores.columns[name]) for name in ("n_users", "n_points", "n_visits")}
    number = {} if args.id else {"region": np.arange(1, len(regions.ids) + 1)}
    ids = {**number, id_name: regions.ids}
    write_table(args.output, {**ids, **scores.columns, **counts, "withheld": scores.why})
    if args.week:
        shown = ~np.isnan(scores.columns["n_points"])
        week = week_of_regions(tracks, regions.shapes, args.min_users, meter("hours"), shown, each)
        of = week.pop("region")
        week |= {name: whole(week[name]) for name in ("n_users", "n_visits")}
        write_table(args.week, {name: values[of] for name, values in ids.items()} | week)


if __name__ == "__main__":
    sys.exit(run(main))
