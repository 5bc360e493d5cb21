# SPDX-License-Identifier: GPL-2.0-or-later
"""Score polygons by their visitors: `python -m model.regions --tracks T --regions R --output P`."""

from __future__ import annotations

import argparse
import sys

import numpy as np

from model.cli import (
    Argv,
    add_options,
    make_parser,
    meter,
    open_model,
    read_tracks,
    run,
    spec_of,
    warn_of,
    write_table,
)
from raw_qgis_plugin.core.mobility.diary import label_users
from raw_qgis_plugin.core.regions.scores import score_regions
from raw_qgis_plugin.core.sources.polygons import read_polygons
from raw_qgis_plugin.core.specs import RegionSpec

EPILOG = """
P has one row a region: its id (without --id its number, and the id that is found), n_users,
n_points, n_visits, dwell_min (median minutes of a visit); of the visitors residents, workers,
n_labelled, share_commuters, share_walk, share_bike, share_motor and share_rail with _low and _high
(80 % intervals); for each task of the model NAME, NAME_low and NAME_high, or NAME, NAME_p and
NAME_guess; suppressed and in_domain. Figures of fewer than --min-users people, or of which one
makes up more than 85 %, are empty.

The figures are for the desk: those of regions that overlap can be subtracted from each other.
Figures for others are made by raw:publish in QGIS.
"""


def parse(argv: Argv) -> argparse.Namespace:
    """The command's arguments."""
    parser = make_parser(
        "regions", "Score polygons by the people who visit them.", EPILOG, tasks=True
    )
    shapes = "polygons: .geojson or .gpkg (|layername=NAME)"
    parser.add_argument("--regions", required=True, metavar="R", help=shapes)
    ids = "field with the regions' ids (default: numbers from 1, 'region', "
    ids += "and beside them the guessed field)"
    parser.add_argument("--id", metavar="FIELD", help=ids)
    add_options(parser, RegionSpec)
    return parser.parse_args(argv)


def main(argv: Argv = None) -> None:
    """Read, score, write."""
    import pyarrow as pa

    args = parse(argv)
    spec = spec_of(args, RegionSpec)
    regions = read_polygons(args.regions, args.id, guess=True)
    model = open_model(args)
    tracks, _ = read_tracks(args)
    label = (lambda users, progress: label_users(users, model, progress)) if spec.labels else None
    scores = score_regions(
        tracks, regions.shapes, model, args.task, spec.min_users, meter("scoring"), label=label
    )
    warn_of(scores.reasons)
    suppressed = np.count_nonzero(scores.columns["suppressed"])
    print(
        f"{suppressed:,} of {len(regions.ids):,} regions withheld: under {spec.min_users} people",
        file=sys.stderr,
    )
    id_name = f"{regions.id_name}_2" if regions.id_name in scores.columns else regions.id_name
    number = {} if args.id else {"region": np.arange(1, len(regions.ids) + 1)}
    columns = {**number, id_name: regions.ids, **scores.columns}
    for name, values in scores.columns.items():
        if name.startswith("n_"):  # whole numbers, or nothing
            columns[name] = pa.array(values, from_pandas=True).cast(pa.int64())
    write_table(args.output, columns)


if __name__ == "__main__":
    sys.exit(run(main))
