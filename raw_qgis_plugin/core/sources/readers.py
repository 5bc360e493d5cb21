# SPDX-License-Identifier: GPL-2.0-or-later
"""Files and folders of positions to Tracks, for the importer and for training."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import InputError, Progress, check_cancelled, no_progress, part_of, require
from ..times import UTC, find_date_order, find_zone
from ..tracks import Skipped, Tracks, build_tracks
from .files import KINDS, files_of, find_source, names_of
from .schema import AS_GUESSED, Schema, find_column, find_columns, has_fixes

if TYPE_CHECKING:
    import pyarrow as pa
    from pyarrow import dataset

GOTRACK_ZONE = "America/Maceio"  # GoTrack writes the local times of Aracaju
PARQUET_ROWS = 1 << 20  # that are read at a time


def read(
    source: str | Path,
    format: str = "auto",
    schema: Schema = AS_GUESSED,
    progress: Progress = no_progress,
    drop_spikes: bool = True,
) -> tuple[Tracks, Skipped, Schema]:
    """Read and clean fixes.

    source: a file or folder, or 'kind:path' with one of specs.FORMATS. Of a folder tables with time and position are
    read. Raises InputError if the source cannot be read, a column is missing, the order of dates is unknown or no fix
    is left; MissingLibrary without pyarrow.
    """
    path, kind, schema = resolve_source(source, format, schema)
    skipped = Skipped()
    found, tables = stream(path, kind, schema, skipped, part_of(progress, 0.0, 0.8))
    tracks, cleaned = build(list(tables), drop_spikes)
    for reason, count in cleaned.items():
        skipped.add(reason, count)
    if not len(tracks):
        raise InputError(f"There is no usable fix in {path.name}, read as {found}. {skipped} {skipped.advice}".strip())
    progress(1.0)
    return tracks, skipped, found


def stream(
    source: str | Path,
    format: str = "auto",
    schema: Schema = AS_GUESSED,
    skipped: Skipped | None = None,
    progress: Progress = no_progress,
) -> tuple[Schema, Iterator[pa.Table]]:
    """The fixes of a source, some hundred thousand at a time and not cleaned, for sources larger than the memory.

    Arguments and errors are those of `read`. The tables have the columns of `fixes_of`; unreadable rows and files
    without fixes are noted in `skipped` while the tables are read.
    """
    path, kind, schema = resolve_source(source, format, schema)
    skipped = Skipped() if skipped is None else skipped
    names = names_of(path, files_of(path, KINDS[kind]))
    if kind in ("csv", "gotrack", "parquet"):
        schemas, tables = _open_tables(path, kind, list(names), schema, skipped)
        return next(iter(schemas.values())), _fixes(path, names, list(schemas), tables, skipped, progress)

    def parsed(file: Path, part: Progress, skipped: Skipped = skipped) -> Iterator[tuple[pa.Table, Schema]]:
        for table in parser_of(kind, skipped, names)(file, part):
            yield table, choose(table.column_names, schema, file)

    first = next((part for file in names for part in parsed(file, no_progress, Skipped())), None)
    if first is None:
        raise InputError(f"{path.name} holds no position.")
    return first[1], _fixes(path, names, list(names), parsed, skipped, progress)


def resolve_source(source: str | Path, format: str, schema: Schema) -> tuple[Path, str, Schema]:
    """The path and kind of a source, and its schema with the zone of its times. Errors are those of `read`."""
    no_zone = find_zone(schema.zone) is UTC  # a wrong zone is an error before anything is read
    require("pyarrow")
    path, kind = find_source(source, format)
    zone = {"gotrack": GOTRACK_ZONE if no_zone else schema.zone, "geolife": "UTC"}.get(kind, schema.zone)
    return path, kind, replace(schema, zone=zone)


def read_table(source: str | Path) -> pa.Table:
    """A Parquet or CSV file (labels, queries) as an Arrow table; the columns of a CSV file are all text.

    Raises InputError if it cannot be read; MissingLibrary without pyarrow.
    """
    require("pyarrow")
    import pyarrow as pa

    path, kind = find_source(source)
    if not path.is_file() or kind not in ("csv", "gotrack", "parquet"):
        raise InputError(f"'{path}' is a {'folder' if path.is_dir() else kind.upper() + ' file'}, not a table.")
    skipped = Skipped()
    names, batches = open_table(kind, path, AS_GUESSED, always_header=True)
    table = pa.concat_tables(batches(names, skipped, no_progress), promote_options="default")
    if skipped:
        raise InputError(f"Rows of {path.name} without the {len(names)} columns of its header: {skipped.total:,}.")
    return table


Batches = Callable[..., "Iterator[pa.Table]"]
"""Of columns, Skipped and Progress to tables of these columns; `ahead` as in `text_tables`."""


def open_table(kind: str, file: Path, schema: Schema, always_header: bool = False) -> tuple[list[str], Batches]:
    """The columns of a text or Parquet table, and a function that reads some of them. always_header: of text."""
    if kind != "parquet":
        from .text import read_head, text_tables

        head = read_head(file, schema, always_header)
        return head.names, partial(text_tables, file, head)
    import pyarrow as pa
    from pyarrow import dataset

    try:
        data = dataset.dataset([str(file)], format="parquet", partitioning="hive")  # and columns of folders name=value
    except (pa.ArrowException, OSError) as error:
        raise unreadable(file, [file], error) from error
    return data.schema.names, partial(_parquet_tables, file, data)


def _parquet_tables(
    file: Path, data: dataset.Dataset, columns: list[str], skipped: Skipped, progress: Progress, ahead: bool = False
) -> Iterator[pa.Table]:
    """Columns of a Parquet file, at most so many rows at a time; at least one table."""
    import pyarrow as pa
    from pyarrow import dataset

    # By default Arrow reads far ahead and holds gigabytes of a large file
    scan = dataset.ParquetFragmentScanOptions(pre_buffer=False, use_buffered_stream=True)
    few = {"batch_readahead": 2, "fragment_readahead": 1, "fragment_scan_options": scan, "use_threads": False}
    done = 0
    try:
        total = max(1, data.count_rows())
        for batch in data.to_batches(columns=columns, batch_size=PARQUET_ROWS, **few):
            yield pa.Table.from_batches([batch])
            done += len(batch)
            progress(done / total)
    except (pa.ArrowException, OSError) as error:
        raise unreadable(file, [file], error) from error


def unreadable(path: Path, files: Iterable[Path], error: Exception) -> InputError:
    """What cannot be read as Parquet: the first of the files whose footer is damaged, or else the whole path."""
    import pyarrow as pa
    from pyarrow import parquet

    for file in files:
        try:
            parquet.read_metadata(file)
        except (pa.ArrowException, OSError):
            return InputError(f"{file.name} cannot be read as Parquet: {error}")
    return InputError(f"{path.name} cannot be read as Parquet: {error}")


def _open_tables(
    path: Path, kind: str, files: list[Path], wanted: Schema, skipped: Skipped
) -> tuple[dict[Path, Schema], Callable[[Path, Progress], Iterator[tuple[pa.Table, Schema]]]]:
    """The schemas of the files that have fixes, and a function that reads one of them."""
    opened = {file: open_table(kind, file, wanted) for file in files}
    chosen = [file for file in files if has_fixes(opened[file][0], wanted)] or files[:1]
    skipped.files = [file.name for file in files if file not in chosen]
    schemas: dict[Path, Schema] = {}
    for file in chosen:
        names, batches = opened[file]
        schema = choose(names, wanted, file)
        schema = with_date_order(schema, batches(schema.when(), Skipped(), no_progress, ahead=False))
        if schema.date_order == "unknown":
            raise InputError(
                f"The dates in the column '{schema.when()[-1]}' of {file.name} may begin with the day or with the "
                "month: no number in them decides. Choose the order of dates (DATE_ORDER)."
            )
        schemas[file] = schema

    def tables(file: Path, progress: Progress) -> Iterator[tuple[pa.Table, Schema]]:
        for table in opened[file][1](schemas[file].columns(), skipped, progress):
            yield table, schemas[file]

    return schemas, tables


def choose(names: list[str], wanted: Schema, file: Path) -> Schema:
    """The columns to read. Raises InputError if there is no column of time or position."""
    schema = find_columns(names, wanted)
    missing = [word for word, there in (("time", schema.time), ("position", schema.positioned)) if not there]
    if missing:
        raise InputError(
            f"No {' and no '.join(missing)} column was recognised in {file.name}. "
            f"Its columns are: {', '.join(names) or 'none'}. Name them, or call them t, lon and lat."
        )
    return schema


def with_date_order(schema: Schema, tables: Iterable[pa.Table]) -> Schema:
    """The schema with the order of dates that the columns of time and date show; 'unknown' where they show none.

    Raises InputError for times of day that are too short to be read (see `check_clock`).
    """
    from .columns import check_clock, is_text, time_column

    order = schema.date_order
    for number, table in enumerate(tables):
        if number == 0:
            check_clock(table, schema)
        column = time_column(table, schema)
        if not schema.date_order and is_text(column.type):
            order = find_date_order(column) or order
        if schema.date_order or not is_text(column.type) or order != "unknown":
            break
    return replace(schema, date_order=order)


def parser_of(kind: str, skipped: Skipped, names: dict[Path, str]) -> Callable[[Path, Progress], Iterator[pa.Table]]:
    """The parser of a kind of file that is no table: of a file to tables of its columns. Broken rows are counted.

    names: those of the files, of `names_of`.
    """
    from .formats.fit import fit_tables
    from .formats.geolife import plt_tables
    from .formats.objects import object_tables
    from .formats.ogr import ogr_tables
    from .formats.realtime import feed_tables

    if kind in ("json", "geolife"):
        return partial(object_tables if kind == "json" else plt_tables, skipped=skipped)
    if kind == "fit":
        return partial(fit_tables, names=names)
    return feed_tables if kind == "gtfs-realtime" else ogr_tables


def _fixes(
    path: Path, names: dict[Path, str], files: list[Path],
    tables: Callable[[Path, Progress], Iterator[tuple[pa.Table, Schema]]], skipped: Skipped, progress: Progress,
) -> Iterator[pa.Table]:  # fmt: skip
    """The fixes of files. Of several without user columns each is a user, of its name in `names`."""
    import pyarrow as pa

    from .columns import fixes_of

    for number, file in enumerate(files):
        part = part_of(progress, number / len(files), (number + 1) / len(files))
        for table, schema in tables(file, part):
            try:
                fixes = fixes_of(table, schema, skipped)
            except (pa.ArrowException, UnicodeError) as error:  # text of another encoding
                raise InputError(f"{file.name} cannot be read as a table: {error}") from error
            if file.name.startswith("go_track_") and "user" not in fixes.column_names:
                fixes = _with_devices(fixes, file.with_name("go_track_tracks.csv"))
            elif schema.user is None and len(files) > 1:
                fixes = fixes.append_column("user", pa.repeat(names[file], len(fixes)).dictionary_encode())
            yield fixes


def _with_devices(fixes: pa.Table, tracks: Path) -> pa.Table:
    """Fixes with users: GoTrack's points name their track, whose device is in another table of the folder."""
    if not tracks.exists():
        return fixes
    import pyarrow as pa
    import pyarrow.compute as pc

    devices = read_table(tracks)
    track, device = (devices[find_column(devices.column_names, name, "track")] for name in ("id", "id_android"))
    row = pc.index_in(fixes["track"].cast(pa.string()), value_set=track.combine_chunks(), skip_nulls=True)
    return fixes.append_column("user", pc.take(device, row).dictionary_encode())


def build(tables: list[pa.Table], drop_spikes: bool = True) -> tuple[Tracks, Skipped]:
    """Tracks of the tables of `fixes_of`, which are taken out of the list, and the fixes that cleaning skipped."""
    from .columns import ids_of, join_fixes

    if not tables:
        return build_tracks(None, None, [], [], [])
    table = join_fixes(tables)
    tables.clear()
    user, track = ids_of(table, "user"), ids_of(table, "track")
    check_cancelled()
    t, lon, lat = (table[name].to_numpy() for name in ("t", "lon", "lat"))
    accuracy = table["accuracy"].to_numpy() if "accuracy" in table.column_names else None
    del table  # Arrow's copy is as large as the columns
    check_cancelled()
    return build_tracks(user, track, t, lon, lat, drop_spikes, accuracy)
