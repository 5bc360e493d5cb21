# SPDX-License-Identifier: GPL-2.0-or-later
"""Trips from zone to zone: `python -m model.flows --tracks T [--zones Z] --output DIR`."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from model.cli import (
    Argv,
    add_options,
    check_output,
    make_parser,
    meter,
    open_model,
    read_tracks,
    run,
    spec_of,
    write_table,
)
from raw_qgis_plugin.core.flows.flows import find_flows
from raw_qgis_plugin.core.flows.zones import read_zones
from raw_qgis_plugin.core.sources.polygons import read_polygons
from raw_qgis_plugin.core.specs import FlowSpec
from raw_qgis_plugin.core.tracks import by_unit

EPILOG = """
DIR gets matrix.parquet: from_zone, to_zone, slice, n_trips, n_users, expected trips by mode,
minutes and metres (medians), rank. Pairs of few people are added up in the row without zones of
each slice, which is empty where it has few people too. And zones.parquet: zone, trips out, in,
within and in all, n_users, balance, polygon (WKB, degrees).

The figures are for the desk. Figures for others are made by raw:publish in QGIS, which keeps a
ledger of them.
"""


def main(argv: Argv = None) -> None:
    """Read, find trips, add up, write."""
    import shapely

    words = "How many trips go from zone to zone, when and by which modes."
    parser = make_parser("flows", words, EPILOG, output="the folder to write into")
    shapes = "polygons: .geojson or .gpkg (default: hexagons of --size)"
    parser.add_argument("--zones", metavar="Z", help=shapes)
    names = "field with the names of the zones (default: guessed)"
    parser.add_argument("--id", metavar="FIELD", help=names)
    add_options(parser, FlowSpec)
    args = parser.parse_args(argv)
    spec = spec_of(args, FlowSpec)
    folder = Path(args.output).expanduser()
    folder.mkdir(parents=True, exist_ok=True)
    args.output = str(folder / "matrix.parquet")
    polygons = str(folder / "zones.parquet")
    check_output(polygons, args)
    given = read_polygons(args.zones, args.id, guess=True) if args.zones else None
    model = open_model(args)
    tracks, _ = by_unit(read_tracks(args)[0], "track" if spec.trips == "tracks" else "user")
    zones = None if given is None else read_zones(given.shapes, given.ids)
    found = find_flows(tracks, model, zones, spec, meter("finding trips"), args.tz)
    print(found.words, file=sys.stderr)
    write_table(args.output, found.matrix)
    geometry = np.array(shapely.to_wkb(found.shapes), object)
    write_table(polygons, {**found.of_zones, "geometry": geometry})


if __name__ == "__main__":
    sys.exit(run(main))
