# SPDX-License-Identifier: GPL-2.0-or-later
"""Embeddings of users, tracks or days: `python -m model.embed --tracks T [--unit U] --output P`."""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from model.cli import (
    check_output,
    count,
    make_parser,
    meter,
    open_model,
    own_ids,
    positive,
    read_tracks,
    run,
    schema_of,
    units_of,
    warn,
    write_table,
)
from raw_qgis_plugin.core.embedding.cache import embed_cached, recipe_key
from raw_qgis_plugin.core.embedding.profiles import UNITS
from raw_qgis_plugin.core.errors import InputError, part_of, require
from raw_qgis_plugin.core.scratch import complete
from raw_qgis_plugin.core.sources.readers import stream
from raw_qgis_plugin.core.times import find_zone

if TYPE_CHECKING:
    import pyarrow as pa

LARGE_ROWS = 8_000_000  # an input of so many is embedded in parts
ID_COLUMNS = ("user_id", "track_id", "day")
EPILOG = """
P has the id columns (user_id, and track_id or day), as .parquet the most visited place as a point (a 500 m grid;
GeoParquet 1.1), and the embedding in e000, e001, ...; empty where there are fewer than two fixes.

Inputs of 8 million rows or more, and all with --workers, are embedded in parts of the users. Finished parts stay in a
folder beside P until P is written: the same command, given again, resumes after it was stopped or killed. Workers of a
cluster have to see that folder.
"""


def main(argv: Sequence[str] | None = None) -> None:
    """Read, embed, write: at once, or in parts."""
    from model.data.split import count_rows

    parser = make_parser("embed", "Embed users, tracks or days as vectors.", EPILOG)
    add = parser.add_argument
    add("--unit", choices=UNITS, default="user", help="one vector for each of these (default: user)")
    add("--workers", type=positive, metavar="N", help="embed in parts with N of Ray's workers")
    add("--ray-address", metavar="A", help="a Ray cluster: 'auto' or host:port (default: start one here)")
    add("--cache", metavar="DIR", help="keep embeddings here, and use what is here (not in parts)")
    args = parser.parse_args(argv)
    if args.ray_address and not args.workers:
        parser.error("argument --ray-address: give the number of --workers too")
    if args.cache and args.workers:
        parser.error("argument --cache: it is for one process, without --workers")
    find_zone(args.tz)
    if args.workers:
        require("ray")
    check_output(args.output, args)
    if args.workers or count_rows(args.tracks) >= LARGE_ROWS:
        embed_in_parts(args)
    else:
        embed_at_once(args)


def embed_at_once(args: argparse.Namespace) -> None:
    """Embed all tracks in this process's memory."""
    from model.data.scale import table_of

    model = open_model(args)
    tracks, _ = read_tracks(args)
    units = units_of(tracks, args.unit)
    vectors = embed_cached(units, model, Path(args.cache) if args.cache else None, meter("embedding"), warn)
    table = table_of(units, args.unit, vectors)
    save(args, table, iter([table]))


def embed_in_parts(args: argparse.Namespace) -> None:
    """Embed by parts of the users, with Ray's workers where --workers is given."""
    from pyarrow import dataset, parquet

    from model.data import scale

    if args.cache:
        raise InputError("--cache works for tracks embedded at once; these are embedded in parts.")
    model, schema, progress = open_model(args), schema_of(args), meter("embedding")
    beside, recipe = Path(args.output).expanduser().absolute(), recipe_key(model).hex()
    folder = scale.open_folder(beside, args.tracks, args.unit, schema, recipe)
    parts = scale.split_once(folder, args.tracks, args.unit, schema)
    missing = [part for part in parts if not scale.embedded(part).exists()]
    done = len(parts) - len(missing)
    finished = f", {done} of them finished before" if done else ""
    print(f"{len(parts)} parts in {folder}{finished}", file=sys.stderr)
    if args.workers and missing:
        bundle = str(Path(args.bundle).resolve()) if args.bundle else None
        scale.embed_on_ray(missing, args.unit, bundle, args.device, args.workers, args.ray_address, progress)
    else:
        for number, part in enumerate(missing):
            shares = number / len(missing), (number + 1) / len(missing)
            scale.embed_part(part, args.unit, model, part_of(progress, *shares))
    if skipped := scale.skipped_of(folder):
        warn(str(skipped))
    files = [scale.embedded(part) for part in parts]
    ids = dataset.dataset(list(map(str, files)), format="parquet")
    names = [name for name in ids.schema.names if name in ID_COLUMNS]
    save(args, ids.to_table(names), map(parquet.read_table, files))
    shutil.rmtree(folder)  # personal data


def save(args: argparse.Namespace, ids: pa.Table, tables: Iterator[pa.Table]) -> None:
    """Write tables of ids, lon, lat and figures to --output. ids: the id columns of all of them."""
    import pyarrow as pa

    if not len(ids):
        raise InputError(f"There is no usable fix in {args.tracks}.")
    guess = stream(args.tracks, "auto", schema_of(args))[0]
    column_of = {"user_id": guess.user, "track_id": guess.track or guess.user}
    numbers = [  # whole numbers where the source's column holds such
        name for name in column_of.keys() & {*ids.column_names}
        if own_ids(ids[name].unique().to_numpy(zero_copy_only=False), args.tracks, column_of[name]).dtype.kind == "i"
    ]  # fmt: skip
    short = 0

    def finished() -> Iterator[pa.Table]:
        nonlocal short
        for table in tables:
            short += int(np.count_nonzero(np.isnan(table["e000"])))
            for name in numbers:
                table = table.set_column(table.column_names.index(name), name, table[name].cast(pa.int64()))
            yield table.replace_schema_metadata(None)

    if Path(args.output).suffix.lower() == ".csv":
        table = pa.concat_tables(finished()).drop_columns(["lon", "lat"])
        write_table(args.output, {name: table[name].combine_chunks() for name in table.column_names})
    else:
        rows = save_parquet(Path(args.output).expanduser(), finished())
        print(f"{count(rows, 'row')} in {args.output}", file=sys.stderr)
    if short:
        warn(f"{short:,} of {len(ids):,} {args.unit}s have fewer than two fixes and no embedding")


def save_parquet(path: Path, tables: Iterator[pa.Table]) -> int:
    """Write tables with lon and lat as GeoParquet 1.1: points as WKB in `geometry`. Returns the number of rows.

    The complete file gets its name.
    """
    require("shapely")
    import pyarrow as pa
    import shapely
    from pyarrow import parquet

    # Without a CRS GeoParquet means longitude and latitude. pyarrow reads the metadata of the schema alone.
    column = {"encoding": "WKB", "geometry_types": ["Point"]}
    geo = {"version": "1.1.0", "primary_column": "geometry", "columns": {"geometry": column}}
    writer, rows = None, 0
    with complete(path) as beside, ExitStack() as opened:  # closed before it gets its name, as Windows demands
        for table in tables:
            place = table.column_names.index("lon")
            points = shapely.to_wkb(shapely.points(table["lon"].to_numpy(), table["lat"].to_numpy()))
            table = table.drop_columns(["lon", "lat"]).add_column(place, "geometry", pa.array(points, pa.binary()))
            table = table.replace_schema_metadata({"geo": json.dumps(geo)})
            writer = writer or opened.enter_context(parquet.ParquetWriter(beside, table.schema))
            writer.write_table(table)
            rows += len(table)
    return rows


if __name__ == "__main__":
    sys.exit(run(main))
