# SPDX-License-Identifier: GPL-2.0-or-later
"""Files of positions: which a source names, of which kind they are, and how each kind is opened."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import InputError, Progress, no_progress, require
from ..skipped import Rows, Skipped
from ..specs import FORMATS
from ..times import UTC, find_zone
from .names import GEOMETRY, plain
from .schema import AS_GUESSED, NONE, Schema

if TYPE_CHECKING:
    import pyarrow as pa

Tables = Callable[[list[str]], "Iterator[pa.Table]"]
"""Of a function that reads at least some columns of a file, a part of it at a time, once."""

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


def resolve_source(source: str | Path, format: str, schema: Schema) -> tuple[Path, str, Schema]:
    """The path and kind of a source, and its schema with the zone of its times. Errors are those of
    `readers.read`.
    """
    no_zone = find_zone(schema.zone) is UTC  # a wrong zone is an error before anything is read
    require("pyarrow")
    path, kind = find_source(source, format)
    if kind == "geolife":
        schema = replace(schema, zone="UTC")
    elif kind == "gotrack" and no_zone:
        schema = replace(schema, zone=GOTRACK_ZONE)
    elif kind == "csv":
        schema = replace(schema, geometry=NONE)  # text holds no points as WKB
    return path, kind, schema


def find_source(source: str | Path, format: str = "auto") -> tuple[Path, str]:
    """The path of a source and its kind, one of KINDS."""
    match = re.fullmatch(rf"({'|'.join(FORMATS)}):(.+)", str(source))
    kind = match[1] if match else format
    if kind not in FORMATS:
        raise InputError(
            "There is no format '{kind}'. Choose one of: {known}.",
            kind=kind,
            known=", ".join(FORMATS),
        )
    path = Path(match[2] if match else source).expanduser()
    if not path.exists():
        raise InputError("There is no file or folder '{path}'.", path=path)
    return path, _kind_of(path) if kind == "auto" else kind


def _kind_of(path: Path) -> str:
    """The kind of a file, or of most files of a folder."""
    names = [file.name.lower() for file in visible(path)]
    counts = {kind: sum(name.endswith(ends) for name in names) for kind, ends in KINDS.items()}
    for kind in ("gotrack", "geolife"):
        if counts[kind]:
            return kind
    kind = max(counts, key=lambda kind: counts[kind])
    if counts[kind]:
        return kind
    if path.is_file():
        return "csv"
    raise InputError("The folder {path} holds no .plt, Parquet, CSV, GPX or JSON file.", path=path)


def visible(path: Path) -> list[Path]:
    """The file, or those of the folder that are neither hidden nor by-products (_SUCCESS,
    _temporary, README.txt).
    """
    if not path.is_dir():
        return [path]
    found = []
    for file in sorted(path.rglob("*")):
        hidden = any(part[0] in "._" for part in file.relative_to(path).parts)
        if not hidden and not ABOUT.match(file.name) and file.is_file():
            found.append(file)
    return found


def files_of(path: Path, kind: str) -> list[Path]:
    """The file, or the folder's files of a kind. Raises InputError if there is none."""
    ends = KINDS[kind]
    files = [file for file in visible(path) if path == file or file.name.lower().endswith(ends)]
    if not files:
        words = "The folder {path} holds no file that ends in {ends}."
        raise InputError(words, path=path, ends=", ".join(ends))
    return files


def unread_files(path: Path, kind: str, read: list[Path]) -> list[str]:
    """The names of the source's other files of positions."""
    ends = () if kind in ("gotrack", "geolife") else tuple(chain(*KINDS.values()))
    others = (file for file in visible(path) if file not in read)
    return [file.name for file in others if file.name.lower().endswith(ends)]


@dataclass(frozen=True)
class OpenFile:
    """A file whose columns are known and whose rows are not read yet."""

    names: list[str]
    rows: Rows
    _tables: Tables

    def tables(self, columns: list[str]) -> Iterator[pa.Table]:
        """At least these columns, a part of the file at a time, once.

        Whatever the format, the rows that the file holds are in the tables or skipped, by reason.
        """
        return self.rows.balanced(self._tables(columns))


def open_file(
    kind: str,
    file: Path,
    schema: Schema = AS_GUESSED,
    skipped: Skipped | None = None,
    progress: Progress = no_progress,
    always_header: bool = False,
) -> OpenFile:
    """Open a file of a kind. skipped: where its rows are counted. always_header: of text."""
    from .objects import object_tables
    from .ogr import ogr_tables
    from .text import plt_tables, read_head, text_tables

    rows = Rows(Skipped() if skipped is None else skipped)
    if kind == "parquet":
        return _open_parquet(file, rows, progress)
    if kind == "csv":
        head = read_head(file, schema, always_header)
        read = lambda columns: text_tables(file, head, columns, rows, progress)  # noqa: E731
        return OpenFile(head.names, rows, read)
    if kind == "gotrack":
        return _open_whole(_gotrack_tables(file, rows), rows)
    whole = {"geolife": plt_tables, "json": object_tables}.get(kind, ogr_tables)
    return _open_whole(whole(file, rows, progress), rows)


def _open_whole(tables: Iterator[pa.Table], rows: Rows) -> OpenFile:
    """A file of a format that has the same columns always, whose first table names them."""
    first = next(tables, None)
    if first is None:
        return OpenFile([], rows, lambda _: tables)
    return OpenFile(first.column_names, rows, lambda _: chain([first], tables))


def _gotrack_tables(file: Path, rows: Rows) -> Iterator[pa.Table]:
    """GoTrack's points with users: they name their track, whose device is in another table of the
    folder.
    """
    import pyarrow.compute as pc

    points = read_table(f"csv:{file}")
    tracks = read_table(file.with_name("go_track_tracks.csv"))
    try:
        ids = tracks["id"].combine_chunks()
        row = pc.index_in(points["track_id"], value_set=ids, skip_nulls=True)
        users = pc.take(tracks["id_android"], row)
    except KeyError as error:  # a column is missing
        words = "{file} cannot be read as a table: {error}"
        raise InputError(words, file=file.name, error=error) from None
    rows.held += len(points)
    yield points.append_column("user", users)


def _open_parquet(file: Path, rows: Rows, progress: Progress) -> OpenFile:
    import pyarrow as pa
    from pyarrow import parquet

    def unreadable(error: Exception) -> InputError:
        words = "{file} cannot be read as Parquet: {error}"
        return InputError(words, file=file.name, error=error)

    def tables(columns: list[str]) -> Iterator[pa.Table]:
        done = 0
        _check_once(file, names, columns)
        rows.held += data.metadata.num_rows
        try:
            for batch in data.iter_batches(PARQUET_ROWS, columns=columns):
                yield pa.Table.from_batches([batch])
                done += len(batch)
                progress(done / data.metadata.num_rows)
        except (pa.ArrowException, OSError) as error:
            raise unreadable(error) from error
        if not done:
            yield data.schema_arrow.empty_table().select(columns)

    try:
        data = parquet.ParquetFile(file, pre_buffer=False)  # else Arrow holds the whole file
    except (pa.ArrowException, OSError) as error:
        raise unreadable(error) from error
    names = _usable_names(data.schema_arrow)
    return OpenFile(names, rows, tables)


def _usable_names(schema: pa.Schema) -> list[str]:
    """The columns of a Parquet file, without a geometry as text where x and y are the positions."""
    import pyarrow as pa

    names = schema.names
    if not {"x", "y"} <= {plain(name) for name in names}:
        return names
    wkb = (pa.binary(), pa.large_binary())
    kinds = zip(names, schema.types)
    return [name for name, kind in kinds if kind in wkb or plain(name) not in GEOMETRY]


def _check_once(file: Path, names: list[str], wanted: list[str]) -> None:
    """Raise InputError where a column to be read is there twice."""
    for name in wanted:
        if names.count(name) > 1:
            words = "{file} has several columns called '{name}'. Rename all but one."
            raise InputError(words, file=file.name, name=name)


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
    data = open_file(kind, path, skipped=skipped, always_header=True)
    table = pa.concat_tables(data.tables(data.names), promote_options="default")
    if skipped:
        words = "Rows of {file} without the {n} columns of its header: {rows:,}."
        raise InputError(words, file=path.name, n=len(data.names), rows=skipped.total)
    return table
