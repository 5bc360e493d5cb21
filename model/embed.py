# SPDX-License-Identifier: GPL-2.0-or-later
"""Embeddings of users, tracks or days: `python -m model.embed --tracks T [--unit U] --output P`."""

from __future__ import annotations

import argparse
import shutil
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from model.cli import (
    Parser,
    check_output,
    count,
    id_columns,
    layout_of,
    make_parser,
    meter,
    open_model,
    own_ids,
    positive,
    read_tracks,
    run,
    units_of,
    warn,
    write_table,
)
from model.scale import files
from raw_qgis_plugin.core.embedding.cache import embed_cached, recipe_key
from raw_qgis_plugin.core.embedding.profiles import UNITS
from raw_qgis_plugin.core.errors import InputError, require
from raw_qgis_plugin.core.sources.readers import find_source, stream
from raw_qgis_plugin.core.times import find_zone

if TYPE_CHECKING:
    import pyarrow as pa

    from raw_qgis_plugin.core.bundle.runtime import Model

LARGE_ROWS = 8_000_000  # an input of so many is embedded in parts
EPILOG = """
P has the id columns (user_id, and track_id or day), as .parquet the most visited place as a point (a 500 m grid;
GeoParquet 1.1), and the embedding in e000, e001, ...; empty where there are fewer than two fixes. P may be a database,
postgresql://user@host/database, with PostGIS: there the embedding is an array in one column.

Inputs of 8 million rows or more, and all with --workers, are embedded in parts of the users. Finished parts stay in
--work until the output is written: the same command, given again, resumes after it was stopped or killed.
"""


def main(argv: Sequence[str] | None = None) -> None:
    """Read, embed, write: at once, or in parts."""
    from model.data.shards import count_rows

    parser = make_parser("embed", "Embed users, tracks or days as vectors.", EPILOG)
    parser.add_argument("--unit", choices=UNITS, default="user", help="one vector for each of these (default: user)")
    parser.add_argument("--workers", type=positive, metavar="N", help="embed in parts with N of Ray's workers")
    parser.add_argument(
        "--ray-address", metavar="A", help="a Ray cluster: 'auto' or host:port (default: start one here)"
    )
    parser.add_argument("--work", metavar="DIR", help="folder of the parts, on a drive that all workers see "
                        "(default: P.parts, or raw-embed.parts beside you for a database)")  # fmt: skip
    parser.add_argument("--table", default="raw_embeddings", metavar="NAME", help="table in the database, or "
                        "schema.table (default: raw_embeddings)")  # fmt: skip
    parser.add_argument("--cache", metavar="DIR", help="keep embeddings here, and use what is here (not in parts)")
    args = parser.parse_args(argv)
    check(args, parser)
    args.database = files.connect(args.output) if files.is_database(args.output) else None
    if args.database:
        files.check_table(args.database, args.table)
    if args.workers or count_rows(*find_source(args.tracks)) >= LARGE_ROWS:
        embed_in_parts(args)
    else:
        embed_at_once(args)


def check(args: argparse.Namespace, parser: Parser) -> None:
    """Refuse what is wrong before anything is read."""
    if args.ray_address and not args.workers:
        parser.error("argument --ray-address: give the number of --workers too")
    if args.cache and args.workers:
        parser.error("argument --cache: it is for one process, without --workers")
    find_zone(args.tz)
    if args.workers:
        require("ray")
    if not files.is_database(args.output):
        check_output(args.output, args)


def embed_at_once(args: argparse.Namespace) -> None:
    """Embed all tracks in this process's memory."""
    import pyarrow as pa

    from model.scale.workers import table_of

    model = open_model(args)
    tracks, guess = read_tracks(args)
    units = units_of(tracks, args.unit)
    vectors = embed_cached(units, model, Path(args.cache) if args.cache else None, meter("embedding"), warn)
    say_short(int(np.count_nonzero(np.isnan(vectors).any(axis=1))), units.n_tracks, args.unit)
    table = table_of(units, args.unit, vectors)
    columns = {name: table[name].to_numpy(zero_copy_only=False) for name in ("user_id", "track_id", "day")
               if name in table.column_names}  # fmt: skip
    for name, ids in id_columns(columns, args, guess).items():
        table = table.set_column(table.column_names.index(name), name, pa.array(ids))
    save(args, iter([table]), model)


def embed_in_parts(args: argparse.Namespace) -> None:
    """Embed by parts of the users, with Ray's workers where --workers is given."""
    from model.scale import workers as scale

    if args.cache:
        raise InputError("--cache works for tracks embedded at once; these are embedded in parts, kept in --work.")
    model = open_model(args)
    fields = [args.user_field, args.track_field, args.time_field]
    plan = scale.make_plan(
        args.tracks, args.unit, fields, args.tz, args.bundle or "", args.device, recipe_key(model).hex(),
        pieces=4 * (args.workers or 1),
    )  # fmt: skip
    work = Path(args.work or ("raw-embed.parts" if args.database else f"{args.output}.parts")).expanduser()
    plan = scale.open_work(work, plan)
    done = sum(file.exists() for file in scale.part_files(work, plan))
    where = f"{plan.parts} parts in {work}" + (f", {done} of them finished before" if done else "")
    print(f"{count(len(plan.files), 'file')}, {where}", file=sys.stderr)
    if args.workers:
        scale.work_on_ray(work, plan, args.workers, args.ray_address, meter("embedding"))
    else:
        scale.work_alone(work, plan, model, meter("embedding"))
    skipped, fixes, units, short, whole = scale.reports(work, plan)
    print(f"{count(fixes, 'fix', 'es')}, {count(units, args.unit)}", file=sys.stderr)
    if skipped:
        warn(str(skipped))
    say_short(short, units, args.unit)
    if not units:
        raise InputError(f"There is no usable fix in {args.tracks}. {skipped}")
    save(args, _own_types(scale.part_files(work, plan), whole, args), model)
    shutil.rmtree(work)  # personal data


def _own_types(parts: list[Path], whole: dict[str, bool], args: argparse.Namespace) -> Iterator[pa.Table]:
    """The parts, their ids in the source's own types (see cli.own_ids)."""
    import pyarrow as pa
    from pyarrow import parquet

    # The columns that the source is read by
    guess = stream(args.tracks, "auto", layout_of(args))[0]
    column_of = {"user_id": guess.user, "track_id": guess.track or guess.user}
    for part in parts:
        table = parquet.read_table(part).replace_schema_metadata(None)
        for name, column in column_of.items():
            if name in table.column_names and whole[name] and own_ids(np.array(["1"]), args.tracks, column)[0] == 1:
                place = table.column_names.index(name)
                table = table.set_column(place, name, table[name].cast(pa.int64()))
        if len(table):
            yield table


def say_short(short: int, units: int, unit: str) -> None:
    """Warn of units without an embedding."""
    if short:
        warn(f"{short:,} of {units:,} {unit}s have fewer than two fixes and no embedding")


def save(args: argparse.Namespace, tables: Iterator[pa.Table], model: Model) -> None:
    """Write tables of ids, lon, lat and figures to --output."""
    if args.database:
        about = f"one row a {args.unit}, by the model {model.card['name']}"
        with args.database as database:
            rows = files.save_postgis(database, args.table, tables, about)
        print(f"{count(rows, 'row')} in the table {args.table}", file=sys.stderr)
    elif Path(args.output).suffix.lower() == ".csv":
        import pyarrow as pa

        table = pa.concat_tables(tables).drop_columns(["lon", "lat"])
        write_table(args.output, {name: table[name].combine_chunks() for name in table.column_names})
    else:
        rows = files.save_parquet(Path(args.output).expanduser(), tables)
        print(f"{count(rows, 'row')} in {args.output}", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(run(main))
