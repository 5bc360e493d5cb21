# SPDX-License-Identifier: GPL-2.0-or-later
"""Embeddings of users, tracks or days: `python -m model.embed --tracks T [--unit U] --output P`."""

from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path

import numpy as np

from model.cli import (
    Argv,
    check_output,
    id_columns,
    make_parser,
    meter,
    open_model,
    run,
    warn,
    write_table,
)
from raw_qgis_plugin.core.bundle.runtime import Model
from raw_qgis_plugin.core.embedding.cache import recipe_key
from raw_qgis_plugin.core.embedding.profiles import UNITS
from raw_qgis_plugin.core.errors import InputError, part_of, require
from raw_qgis_plugin.core.sources.files import find_source
from raw_qgis_plugin.core.sources.readers import stream
from raw_qgis_plugin.core.sources.schema import Schema
from raw_qgis_plugin.core.times import find_zone

EPILOG = """
P has the id columns (user_id, and track_id or day), lon and lat of the most visited place (a 500 m
grid), and the embedding in e000, e001, ...; empty where there are fewer than two fixes.

The users are embedded in parts. Finished parts stay in a folder beside P until P is written: the
same command, given again, resumes after it was stopped or killed. Workers of a cluster have to see
that folder.
"""


def parse(argv: Argv) -> argparse.Namespace:
    """The command's arguments."""
    parser = make_parser("embed", "Embed users, tracks or days as vectors.", EPILOG)
    each = "one vector for each of these (default: user)"
    parser.add_argument("--unit", choices=UNITS, default="user", help=each)
    ray = "embed by the workers of a Ray cluster: 'auto' or host:port"
    parser.add_argument("--ray-address", metavar="A", help=ray)
    return parser.parse_args(argv)


def main(argv: Argv = None) -> None:
    """Split by users, embed the parts, write."""
    import pyarrow as pa
    from pyarrow import parquet

    from model.data import scale

    args = parse(argv)
    find_zone(args.tz)
    if args.ray_address:
        require("ray")
    check_output(args.output, args)
    find_source(args.tracks)
    model = open_model(args)
    schema = Schema(args.user_field, args.track_field, args.time_field, zone=args.tz)
    beside = Path(args.output).expanduser().absolute()
    recipe = recipe_key(model).hex()
    parts = scale.open_parts(beside, args.tracks, args.unit, schema, recipe)
    embed_missing(parts, model, args)
    if skipped := scale.skipped_of(parts):
        warn(str(skipped))
    table = pa.concat_tables([parquet.read_table(scale.embedded(part)) for part in parts])
    folder = parts[0].parents[1]
    if not len(table):
        shutil.rmtree(folder)
        raise InputError(f"There is no usable fix in {args.tracks}.")
    columns = {name: table[name].to_numpy() for name in table.column_names}
    guess = stream(args.tracks, "auto", schema)[0]
    write_table(args.output, {**columns, **id_columns(columns, args, guess)})
    if short := int(np.count_nonzero(np.isnan(columns["e000"]))):
        warn(f"{short:,} of {len(table):,} {args.unit}s have fewer than two fixes and no embedding")
    shutil.rmtree(folder)  # personal data


def embed_missing(parts: list[Path], model: Model, args: argparse.Namespace) -> None:
    """Embed the parts that were not finished before."""
    from model.data import scale

    progress = meter("embedding")
    missing = [part for part in parts if not scale.embedded(part).exists()]
    done = len(parts) - len(missing)
    finished = f", {done} of them finished before" if done else ""
    print(f"{len(parts)} parts in {parts[0].parents[1]}{finished}", file=sys.stderr)
    if args.ray_address and missing:
        bundle = str(Path(args.bundle).resolve()) if args.bundle else None
        scale.embed_on_ray(missing, args.unit, bundle, args.device, args.ray_address, progress)
        return
    for number, part in enumerate(missing):
        begin = number / len(missing)
        end = (number + 1) / len(missing)
        scale.embed_part(part, args.unit, model, part_of(progress, begin, end))


if __name__ == "__main__":
    sys.exit(run(main))
