# SPDX-License-Identifier: GPL-2.0-or-later
"""Files and folders of positions to Tracks, for the importer and for training, and previews of
them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from ..errors import InputError, Progress, no_progress, part_of, require, translated
from ..specs import FORMATS
from ..times import UTC, find_date_order, find_zone, is_text
from ..tracks import Skipped, Tracks, build_tracks
from .schema import AS_GUESSED, GEOMETRY, NONE, ONE_PERSON, Schema, find_columns, has_fixes, plain

if TYPE_CHECKING:
    import pyarrow as pa

GOTRACK_ZONE = "America/Maceio"  # GoTrack writes the local times of Aracaju
PARQUET_ROWS = 1 << 20  # that are read at a time
# beside files of positions
ABOUT = re.compile(r"(readme|licen[cs]e|copying|changelog)(\.|$)", re.IGNORECASE)
# FORMATS but for 'auto', and the ends of their files. Of a folder the first two are read, else the
# kind of most files
KINDS = {
    "gotrack": ("go_track_trackspoints.csv",),
    "geolife": (".plt",),
    "parquet": (".parquet", ".pq", ".geoparquet"),
    "csv": (".csv", ".tsv", ".txt", ".gz"),
    "gpx": (".gpx",),
    "json": (".json", ".jsonl", ".rec"),
    "layer": (".gpkg", ".geojson", ".shp", ".fgb", ".kml", ".sqlite"),
}


def read(
    source: str | Path,
    format: str = "auto",
    schema: Schema = AS_GUESSED,
    progress: Progress = no_progress,
    drop_spikes: bool = True,
) -> tuple[Tracks, Skipped, Schema]:
    """Read and clean fixes.

    source: a file or folder, or 'kind:path' with one of specs.FORMATS. Of a folder files with time
    and position are read. Raises InputError if the source cannot be read, a column is missing, the
    order of dates is unknown or no fix is left; MissingLibrary without pyarrow.
    """
    skipped = Skipped()
    found, tables = stream(source, format, schema, skipped, part_of(progress, 0.0, 0.8))
    tracks, cleaned = build(list(tables), drop_spikes)
    for reason, count in cleaned.items():
        skipped.add(reason, count)
    if not len(tracks):
        name = find_source(source, format)[0].name
        words = "There is no usable fix in {file}, read as {found}. {skipped} {advice}"
        raise InputError(words, file=name, found=found, skipped=skipped, advice=skipped.advice)
    progress(1.0)
    return tracks, skipped, found


def stream(
    source: str | Path,
    format: str = "auto",
    schema: Schema = AS_GUESSED,
    skipped: Skipped | None = None,
    progress: Progress = no_progress,
) -> tuple[Schema, Iterator[pa.Table]]:
    """The fixes of a source, some hundred thousand at a time and not cleaned, for sources larger
    than the memory.

    Arguments and errors are those of `read`. The tables have the columns of `fixes_of`; unreadable
    rows and files without fixes are noted in `skipped` while the tables are read.
    """
    path, kind, schema = resolve_source(source, format, schema)
    files = files_of(path, kind)  # named by their paths in the folder, without ends
    names = {
        file: (Path(file.name) if file == path else file.relative_to(path)).with_suffix("")
        for file in files
    }
    skipped = Skipped() if skipped is None else skipped
    others = () if kind in ("gotrack", "geolife") else tuple(chain(*KINDS.values()))
    skipped.files = [
        file.name
        for file in _visible(path)
        if file not in names and file.name.lower().endswith(others)
    ]
    parts = _fixes(kind, names, schema, skipped, progress)
    first = next(parts, None)
    if first is None:
        raise InputError("{file} holds no position.", file=path.name)
    return first[0], (fixes for _, fixes in chain([first], parts))


def _fixes(
    kind: str, names: dict[Path, Path], wanted: Schema, skipped: Skipped, progress: Progress
) -> Iterator[tuple[Schema, pa.Table]]:
    """The fixes of files, with their schema. Of several without user columns each is a user, of its
    name in `names`, unless NONE is wanted; so is one whose format is one person's.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    from .columns import fixes_of

    unread: dict[Path, list[str]] = {}
    for number, (file, name) in enumerate(names.items()):
        part = part_of(progress, number / len(names), (number + 1) / len(names))
        columns, tables = open_file(kind, file, wanted, skipped, part)
        if not has_fixes(columns, wanted):
            unread[file] = columns
            continue
        schema = choose(columns, wanted, file)
        parts = tables(schema.columns())
        first = next(parts)
        schema = with_date_order(schema, chain([first], _again(kind, file, wanted, schema.when())))
        if schema.date_order == "unknown":
            raise InputError(
                "The dates in the column '{column}' of {file} may begin with the day or with the "
                "month: no number in them decides. Choose the order of dates (DATE_ORDER).",
                column=schema.when()[-1],
                file=file.name,
            )
        for table in chain([first], parts):
            try:
                fixes = fixes_of(table, schema)
            except (pa.ArrowException, UnicodeError) as error:  # text of another encoding
                raise InputError(
                    "{file} cannot be read as a table: {error}", file=file.name, error=error
                ) from error
            own_file = len(names) > 1 or table.schema.metadata == ONE_PERSON
            if schema.user is None and wanted.user != NONE and own_file:
                fixes = fixes.append_column(
                    "user", pa.repeat(name.as_posix(), len(fixes)).dictionary_encode()
                )
            elif (
                kind == "gpx" and len(names) > 1 and schema.track
            ):  # which are numbered anew in each file
                track = pc.binary_join_element_wise(
                    name.as_posix(), fixes["track"].cast(pa.string()), " "
                )
                fixes = fixes.drop_columns("track").append_column(
                    "track", track.dictionary_encode()
                )
            yield schema, fixes
    skipped.files = [*skipped.files, *(file.name for file in unread)]
    if len(unread) == len(names):
        file, columns = next(iter(unread.items()))
        if columns:
            choose(columns, wanted, file)  # says which column is missing


def _again(kind: str, file: Path, wanted: Schema, columns: list[str]) -> Iterator[pa.Table]:
    """Some columns of a file that is being read; it is opened again when the first table is asked
    for.
    """
    yield from open_file(kind, file, wanted, Skipped(), no_progress)[1](columns)


def resolve_source(source: str | Path, format: str, schema: Schema) -> tuple[Path, str, Schema]:
    """The path and kind of a source, and its schema with the zone of its times. Errors are those of
    `read`.
    """
    no_zone = find_zone(schema.zone) is UTC  # a wrong zone is an error before anything is read
    require("pyarrow")
    path, kind = find_source(source, format)
    zone = {"gotrack": GOTRACK_ZONE if no_zone else schema.zone, "geolife": "UTC"}.get(
        kind, schema.zone
    )
    geometry = NONE if kind == "csv" else schema.geometry  # text holds no points as WKB
    return path, kind, replace(schema, zone=zone, geometry=geometry)


def find_source(source: str | Path, format: str = "auto") -> tuple[Path, str]:
    """The path of a source and its kind, one of KINDS."""
    match = re.fullmatch(rf"({'|'.join(FORMATS)}):(.+)", str(source))
    kind, text = match.groups() if match else (format, str(source))
    if kind not in FORMATS:
        raise InputError(
            "There is no format '{kind}'. Choose one of: {known}.",
            kind=kind,
            known=", ".join(FORMATS),
        )
    path = Path(text).expanduser()
    if not path.exists():
        raise InputError("There is no file or folder '{path}'.", path=path)
    if kind != "auto":
        return path, kind
    names = [file.name.lower() for file in _visible(path)]
    counts = {kind: sum(name.endswith(ends) for name in names) for kind, ends in KINDS.items()}
    kind = next(
        (kind for kind in ("gotrack", "geolife") if counts[kind]),
        max(counts, key=lambda kind: counts[kind]),
    )
    if counts[kind]:
        return path, kind
    if path.is_file():
        return path, "csv"
    raise InputError("The folder {path} holds no .plt, Parquet, CSV, GPX or JSON file.", path=path)


def _visible(path: Path) -> list[Path]:
    """The file, or those of the folder that are neither hidden nor by-products (_SUCCESS,
    _temporary, README.txt).
    """
    if not path.is_dir():
        return [path]
    files = (
        file for file in sorted(path.rglob("*")) if file.is_file() and not ABOUT.match(file.name)
    )
    return [
        file for file in files if not any(part[0] in "._" for part in file.relative_to(path).parts)
    ]


def files_of(path: Path, kind: str) -> list[Path]:
    """The file, or the folder's files of a kind. Raises InputError if there is none."""
    ends = KINDS[kind]
    files = [file for file in _visible(path) if path == file or file.name.lower().endswith(ends)]
    if not files:
        raise InputError(
            "The folder {path} holds no file that ends in {ends}.", path=path, ends=", ".join(ends)
        )
    return files


def read_table(source: str | Path) -> pa.Table:
    """A Parquet or CSV file (labels, queries) as an Arrow table; the columns of a CSV file are all
    text.

    Raises InputError if it cannot be read; MissingLibrary without pyarrow.
    """
    require("pyarrow")
    import pyarrow as pa

    path, kind = find_source(source)
    if not path.is_file() or kind not in ("csv", "parquet"):
        raise InputError("'{path}' is not a table, neither a CSV nor a Parquet file.", path=path)
    skipped = Skipped()
    names, tables = open_file(kind, path, AS_GUESSED, skipped, no_progress, always_header=True)
    table = pa.concat_tables(tables(names), promote_options="default")
    if skipped:
        words = "Rows of {file} without the {n} columns of its header: {rows:,}."
        raise InputError(words, file=path.name, n=len(names), rows=skipped.total)
    return table


def open_file(
    kind: str,
    file: Path,
    schema: Schema,
    skipped: Skipped,
    progress: Progress,
    always_header: bool = False,
) -> tuple[list[str], Callable[[list[str]], Iterator[pa.Table]]]:
    """The columns of a file, and a function that reads at least some of them, a part of the file at
    a time, once.

    Unreadable rows are counted in `skipped`. always_header: of text.
    """
    if kind == "parquet":
        return _open_parquet(file, progress)
    from .objects import object_tables
    from .ogr import ogr_tables
    from .text import plt_tables, read_head, text_tables

    if kind == "csv":
        head = read_head(file, schema, always_header)
        return head.names, lambda columns: text_tables(file, head, columns, skipped, progress)
    if kind == "gotrack":
        tables = iter([_gotrack(file)])
    elif kind == "geolife":
        tables = plt_tables(file, skipped, progress)
    else:
        tables = (
            object_tables(file, skipped, progress) if kind == "json" else ogr_tables(file, progress)
        )
    first = next(tables, None)
    return (
        ([], lambda _: tables)
        if first is None
        else (first.column_names, lambda _: chain([first], tables))
    )


def _gotrack(file: Path) -> pa.Table:
    """GoTrack's points with users: they name their track, whose device is in another table of the
    folder.
    """
    import pyarrow.compute as pc

    points, tracks = read_table(f"csv:{file}"), read_table(file.with_name("go_track_tracks.csv"))
    try:
        row = pc.index_in(
            points["track_id"], value_set=tracks["id"].combine_chunks(), skip_nulls=True
        )
        return points.append_column("user", pc.take(tracks["id_android"], row))
    except KeyError as error:  # a column is missing
        raise InputError(
            "{file} cannot be read as a table: {error}", file=file.name, error=error
        ) from None


def _open_parquet(
    file: Path, progress: Progress
) -> tuple[list[str], Callable[[list[str]], Iterator[pa.Table]]]:
    import pyarrow as pa
    from pyarrow import parquet

    def tables(columns: list[str]) -> Iterator[pa.Table]:
        done = 0
        try:
            for batch in data.iter_batches(PARQUET_ROWS, columns=columns):
                yield pa.Table.from_batches([batch])
                done += len(batch)
                progress(done / data.metadata.num_rows)
        except (pa.ArrowException, OSError) as error:
            raise InputError(
                "{file} cannot be read as Parquet: {error}", file=file.name, error=error
            ) from error
        if not done:
            yield data.schema_arrow.empty_table().select(columns)

    try:
        data = parquet.ParquetFile(file, pre_buffer=False)  # else Arrow holds the whole file
    except (pa.ArrowException, OSError) as error:
        raise InputError(
            "{file} cannot be read as Parquet: {error}", file=file.name, error=error
        ) from error
    names, wkb = data.schema_arrow.names, (pa.binary(), pa.large_binary())
    if {"x", "y"} <= {*map(plain, names)}:  # they are the positions where a geometry is text
        names = [
            a
            for a, kind in zip(names, data.schema_arrow.types)
            if kind in wkb or plain(a) not in GEOMETRY
        ]
    return names, tables


def choose(names: list[str], wanted: Schema, file: Path) -> Schema:
    """The columns to read. Raises InputError if there is no column of time or position."""
    schema = find_columns(names, wanted, ends=True)
    roles = (("time", schema.time), ("position", schema.positioned))
    if missing := translated(" or ").join([translated(role) for role, there in roles if not there]):
        raise InputError(
            "No column of {missing} was recognised in {file}. Its columns are: {known}. Choose them, or call them t, "
            "lon and lat.",
            missing=missing,
            file=file.name,
            known=", ".join(names) or "–",
        )
    return schema


def with_date_order(schema: Schema, tables: Iterable[pa.Table]) -> Schema:
    """The schema with the order of dates that the columns of time and date show; 'unknown' where
    they show none.
    """
    from .columns import time_column

    order = schema.date_order
    for column in () if order else (time_column(table, schema) for table in tables):
        order = (find_date_order(column) if is_text(column.type) else "") or order
        if order != "unknown":
            break
    return replace(schema, date_order=order)


def build(tables: list[pa.Table], drop_spikes: bool = True) -> tuple[Tracks, Skipped]:
    """Tracks of the tables of `fixes_of`, which are taken out of the list, and the fixes that
    cleaning skipped.
    """
    import pyarrow as pa

    from .columns import ids_of

    table = pa.concat_tables(tables, promote_options="default")
    tables.clear()
    user, track = (
        ids_of(table[role]) if role in table.column_names else None for role in ("user", "track")
    )
    t, lon, lat = (table[name].to_numpy() for name in ("t", "lon", "lat"))
    accuracy = table["accuracy"].to_numpy() if "accuracy" in table.column_names else None
    del table  # Arrow's copy is as large as the columns
    return build_tracks(user, track, t, lon, lat, drop_spikes, accuracy)


class Preview(NamedTuple):
    """What reading a source would give, by its first rows."""

    raw: pa.Table  # the first rows
    fixes: pa.Table | None  # of `fixes_of`, a row each; None where time or position is not known
    schema: Schema  # with the order of dates in the first rows, 'unknown' where they show none
    skipped: Skipped  # of the first rows
    problem: str  # why there are no fixes, or ''
    # whether there are times without a zone, which are read as UTC for want of another
    no_zone: bool


def preview(
    source: str | Path, format: str = "auto", schema: Schema = AS_GUESSED, rows: int = 1000
) -> Preview:
    """Read the first rows of a source, of a folder those of its first file with fixes. Arguments
    are those of `read`.

    Raises InputError if the source cannot be read or a named column is missing; MissingLibrary
    without pyarrow.
    """
    path, kind, wanted = resolve_source(source, format, schema)
    import pyarrow as pa

    from .columns import fixes_of, read_times

    skipped, files = Skipped(), files_of(path, kind)
    opened = ((file, *open_file(kind, file, wanted, skipped, no_progress)) for file in files)
    found_in = next((each for each in opened if has_fixes(each[1], wanted)), None)
    file, names, tables = found_in or (
        files[0],
        *open_file(kind, files[0], wanted, skipped, no_progress),
    )
    raw = next(tables(names), None)
    if raw is None:
        raise InputError("{file} holds no position.", file=path.name)
    raw, found, problem, fixes, no_zone = (
        raw.slice(0, rows),
        find_columns(names, wanted, ends=True),
        "",
        None,
        False,
    )
    try:
        found = with_date_order(choose(names, wanted, file), [raw])
        fixes = fixes_of(raw, found)
        if (
            kind != "geolife"
            and "utc" not in plain(str(found.time))
            and find_zone(found.zone) is UTC
        ):
            no_zone = bool(
                (
                    read_times(raw, replace(found, zone="+01:00"))
                    != fixes["t"].to_numpy()[: len(raw)]
                ).any()
            )
        for reason, count in build([fixes])[1].items():
            skipped.add(reason, count)
    except (InputError, pa.ArrowException, UnicodeError) as error:
        problem = str(error)
    return Preview(raw, fixes, found, skipped, problem, no_zone)
