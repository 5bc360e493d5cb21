# SPDX-License-Identifier: GPL-2.0-or-later
"""GeoLife folders, CSV and Parquet files to Tracks, for the importer and for training."""

from __future__ import annotations

import codecs
import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from ..errors import InputError, Progress, no_progress, part_of, require
from ..times import UTC, find_zone
from ..tracks import Skipped, Tracks, build_tracks
from .fields import Guess, choose_fields, find_column
from .fields import guess_fields as guess_fields

if TYPE_CHECKING:
    import pyarrow as pa

# Names of the user, track and time columns, if given
Fields = tuple[str | None, str | None, str | None]

FORMATS = ("auto", "geolife", "csv", "parquet", "gotrack")
PARQUET = (".parquet", ".pq", ".geoparquet")
TEXT = (".csv", ".tsv", ".txt", ".gz")
LAYERS = (".gpx", ".geojson", ".json", ".gpkg", ".shp", ".kml", ".fgb", ".sqlite")
SEPARATORS = ",;\t| "
NULLS = ["", "NULL", "null", "NA", "N/A", "nan", "NaN", "None", "\\N"]
GOTRACK_ZONE = "America/Maceio"  # GoTrack writes the local times of Aracaju


@dataclass(frozen=True)
class ReadSettings:
    """Sizes of the parts in which files are read."""

    csv_block_bytes: int = 2 << 20  # Arrow reads 32 of them ahead
    parquet_rows: int = 1 << 20


SETTINGS = ReadSettings()


def read(
    source: str | Path,
    format: str = "auto",
    timezone: str = "UTC",
    user_field: str | None = None,
    track_field: str | None = None,
    time_field: str | None = None,
    progress: Progress = no_progress,
    drop_spikes: bool = True,
) -> tuple[Tracks, Skipped, Guess]:
    """Read and clean fixes.

    source: a file or folder, or 'kind:path' with one of FORMATS. Of a folder the tables with time and position are
    read. timezone: IANA zone of times without one (GeoLife's are UTC; GoTrack's are Aracaju's unless another zone is
    given). user_field, track_field, time_field: columns, guessed if empty. Raises InputError if the source cannot be
    read, a column is missing or no fix is left; MissingLibrary without pyarrow.
    """
    find_zone(timezone)  # a wrong zone is an error before anything is read
    require("pyarrow")
    path, kind = find_source(source, format)
    skipped = Skipped()
    fields = user_field, track_field, time_field
    guess, tables = stream(path, kind, timezone, fields, skipped, part_of(progress, 0.0, 0.8))
    tracks, cleaned = _build(list(tables), drop_spikes)
    for reason, count in cleaned.items():
        skipped.add(reason, count)
    if not len(tracks):
        raise InputError(f"There is no usable fix in {path.name}, read as {guess}. {skipped} {skipped.advice}".strip())
    progress(1.0)
    return tracks, skipped, guess


def stream(
    source: str | Path,
    format: str = "auto",
    timezone: str = "UTC",
    fields: Fields = (None, None, None),
    skipped: Skipped | None = None,
    progress: Progress = no_progress,
) -> tuple[Guess, Iterator[pa.Table]]:
    """The fixes of a source, some hundred thousand at a time and not cleaned, for sources larger than the memory.

    Arguments and errors are those of `read`. The tables have the columns of `fixes_of`; unreadable rows are counted in
    `skipped` while the tables are read.
    """
    no_zone = find_zone(timezone) is UTC  # a wrong zone is an error before anything is read
    require("pyarrow")
    path, kind = find_source(source, format)
    skipped = Skipped() if skipped is None else skipped
    if kind == "geolife":
        from .geolife import GUESS, read_geolife

        return GUESS, read_geolife(path, skipped, progress)
    zone = GOTRACK_ZONE if kind == "gotrack" and no_zone else timezone
    return (_read_parquet if kind == "parquet" else _read_csv)(path, fields, zone, skipped, progress)


def read_table(source: str | Path) -> pa.Table:
    """A Parquet or CSV file (labels, queries) as an Arrow table; the columns of a CSV file are all text.

    Raises InputError if it cannot be read; MissingLibrary without pyarrow.
    """
    require("pyarrow")
    import pyarrow as pa
    from pyarrow import parquet

    path, kind = find_source(source)
    if not path.is_file():
        raise InputError(f"'{path}' is a folder, not a table.")
    try:
        if kind == "parquet":
            return parquet.read_table(path)
        head = _head(path)
        skipped = Skipped()
        table = pa.concat_tables(_csv_tables(path, head, head.names, skipped, no_progress))
    except (pa.ArrowException, OSError, UnicodeError) as error:
        raise InputError(f"{path.name} cannot be read as a table: {error}") from error
    if skipped:
        raise InputError(f"{skipped.total:,} rows of {path.name} have not the {len(head.names)} columns of its header.")
    return table


def find_source(source: str | Path, format: str = "auto") -> tuple[Path, str]:
    """The path of a source and its kind: 'geolife', 'csv', 'parquet' or 'gotrack'."""
    match = re.fullmatch(rf"({'|'.join(FORMATS)}):(.+)", str(source))
    kind, text = match.groups() if match else (format, str(source))
    if kind not in FORMATS:
        raise InputError(f"There is no format '{kind}'. Choose one of: {', '.join(FORMATS)}.")
    path = Path(text).expanduser()
    if not path.exists():
        raise InputError(f"There is no file or folder '{path}'.")
    return path, _kind_of(path) if kind == "auto" else kind


def _kind_of(path: Path) -> str:
    if path.is_file():
        suffix = path.suffix.lower()
        if suffix in LAYERS:
            raise InputError(f"{path.name} is not a table of fixes: open it in QGIS and give the layer of its points.")
        with path.open("rb") as file:
            parquet = file.read(4) == b"PAR1"
        if parquet or suffix == ".plt":
            return "parquet" if parquet else "geolife"
        return "gotrack" if path.name.startswith("go_track_") else "csv"
    if (path / "go_track_trackspoints.csv").exists():
        return "gotrack"
    suffixes = {file.suffix.lower() for file in path.rglob("*") if _visible(file, path)}
    for kind, endings in (("geolife", (".plt",)), ("parquet", PARQUET), ("csv", TEXT)):
        if suffixes.intersection(endings):
            return kind
    raise InputError(f"The folder {path} holds no .plt, Parquet or CSV file.")


def _visible(file: Path, folder: Path) -> bool:
    """Whether neither the file nor a folder above it is hidden or a by-product (_SUCCESS, _temporary)."""
    return not any(part.startswith((".", "_")) for part in file.relative_to(folder).parts)


def _build(tables: list[pa.Table], drop_spikes: bool) -> tuple[Tracks, Skipped]:
    from .columns import ids_of, join_fixes

    if not tables:
        return build_tracks(None, None, [], [], [])
    table = join_fixes(tables)
    tables.clear()
    user, track = ids_of(table, "user"), ids_of(table, "track")
    t, lon, lat = (table[name].to_numpy() for name in ("t", "lon", "lat"))
    del table  # Arrow's copy is as large as the columns
    return build_tracks(user, track, t, lon, lat, drop_spikes)


def _files_of(path: Path, endings: tuple[str, ...]) -> list[Path]:
    """The file, or the folder's files of these endings. Raises InputError if there is none."""
    if not path.is_dir():
        return [path]
    files = sorted(file for file in path.rglob("*") if file.suffix.lower() in endings and _visible(file, path))
    if not files:
        raise InputError(f"The folder {path} holds no file that ends in {', '.join(endings)}.")
    return files


def _choose(names: list[str], fields: Fields, where: Path) -> Guess:
    """The columns to read. Raises InputError if there is no column of time or position."""
    guess = choose_fields(names, *fields)
    missing = [word for word, there in (("time", guess.time), ("position", guess.positioned)) if not there]
    if missing:
        raise InputError(
            f"No {' and no '.join(missing)} column was recognised in {where.name}. "
            f"Its columns are: {', '.join(names) or 'none'}. Call them t, lon and lat."
        )
    return guess


def _has_fixes(names: list[str], fields: Fields) -> bool:
    guess = guess_fields(names)
    return guess.positioned and (guess.time is not None or fields[2] in names)


def _read_parquet(
    path: Path, fields: Fields, timezone: str, skipped: Skipped, progress: Progress
) -> tuple[Guess, Iterator[pa.Table]]:
    """A Parquet file, or a folder of them with or without partitions (name=value folders)."""
    import pyarrow as pa
    from pyarrow import dataset, parquet

    from .columns import fixes_of

    files = _files_of(path, PARQUET)
    try:
        if len(files) > 1:
            files = [file for file in files if _has_fixes(parquet.read_schema(file).names, fields)] or files[:1]
        data = dataset.dataset([str(file) for file in files], format="parquet", partitioning="hive")
        guess = _choose(data.schema.names, fields, path)
        total = max(data.count_rows(), 1)
    except (pa.ArrowException, OSError) as error:
        raise InputError(f"{path.name} cannot be read as Parquet: {error}") from error

    def tables() -> Iterator[pa.Table]:
        done = 0
        # By default Arrow reads far ahead and holds gigabytes of a large file
        scan = dataset.ParquetFragmentScanOptions(pre_buffer=False, use_buffered_stream=True)
        few = {"batch_readahead": 2, "fragment_readahead": 1, "fragment_scan_options": scan, "use_threads": False}
        try:
            for batch in data.to_batches(columns=guess.columns(), batch_size=SETTINGS.parquet_rows, **few):
                yield fixes_of(pa.Table.from_batches([batch]), guess, timezone, skipped)
                done += len(batch)
                progress(done / total)
        except (pa.ArrowException, OSError) as error:
            raise InputError(f"{path.name} cannot be read as Parquet: {error}") from error

    return guess, tables()


def _read_csv(
    path: Path, fields: Fields, timezone: str, skipped: Skipped, progress: Progress
) -> tuple[Guess, Iterator[pa.Table]]:
    """A text table with a header, or a folder of them. In a folder without user columns each file is a user, named as
    the file, or as its path if two files have the same name.
    """
    files = _files_of(path, TEXT)
    heads = [_head(file) for file in files]
    chosen = [(file, head) for file, head in zip(files, heads) if _has_fixes(head.names, fields)] or [
        (files[0], heads[0])
    ]
    guesses = [_choose(head.names, fields, file) for file, head in chosen]
    names = [file.stem for file, _ in chosen]
    if len(set(names)) < len(names):
        names = [file.relative_to(path).with_suffix("").as_posix() for file, _ in chosen]

    def tables() -> Iterator[pa.Table]:
        for number, ((file, head), guess, name) in enumerate(zip(chosen, guesses, names)):
            part = part_of(progress, number / len(chosen), (number + 1) / len(chosen))
            yield from _csv_fixes(file, head, guess, timezone, skipped, part, name if len(chosen) > 1 else None)

    return guesses[0], tables()


def _csv_fixes(
    file: Path, head: _Head, guess: Guess, timezone: str, skipped: Skipped, progress: Progress, user: str | None
) -> Iterator[pa.Table]:
    """The fixes of a file; all of `user`, if given, unless a column names users."""
    import pyarrow as pa

    from .columns import fixes_of

    try:
        for table in _csv_tables(file, head, guess.columns(), skipped, progress):
            fixes = fixes_of(table, guess, timezone, skipped)
            if guess.user is None and user is not None:
                fixes = fixes.append_column("user", pa.repeat(user, len(fixes)).dictionary_encode())
            yield _with_devices(fixes, file)
    except (pa.ArrowException, OSError, UnicodeError) as error:
        raise InputError(f"{file.name} cannot be read as a table of text: {error}") from error


class _Head(NamedTuple):
    """The header of a text table."""

    names: list[str]
    separator: str
    encoding: str


def _head(file: Path) -> _Head:
    import pyarrow as pa

    try:
        with pa.input_stream(str(file), compression="detect") as stream:
            data = stream.read(1 << 16)
    except (pa.ArrowException, OSError) as error:  # a broken .gz
        raise InputError(f"{file.name} cannot be read as a table of text: {error}") from error
    encoding = "utf-16" if data[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE) else "utf8"
    try:
        text = codecs.getincrementaldecoder(encoding)().decode(data)
    except UnicodeDecodeError:
        text, encoding = data.decode("latin-1"), "latin-1"
    line = next(iter(text.lstrip("\ufeff").splitlines()), "")
    rows = {sign: next(csv.reader([line.replace("\0", "")], delimiter=sign), []) for sign in SEPARATORS}
    separator = max(SEPARATORS, key=lambda sign: (len(rows[sign]) > 1 and sign != " ", len(rows[sign])))
    names: list[str] = []
    for number, name in enumerate(rows[separator], 1):
        name = name.strip()
        names.append(name if name and name not in names else f"{name or 'column'} {number}")
    return _Head(names, separator, encoding)


def _csv_tables(
    file: Path, head: _Head, columns: list[str], skipped: Skipped, progress: Progress
) -> Iterator[pa.Table]:
    """The columns as text, a block of the file at a time, at least one. Rows of another length are counted."""
    import pyarrow as pa
    from pyarrow import csv as arrow_csv

    def unreadable(row: arrow_csv.InvalidRow) -> str:
        skipped.add("unreadable row", 1)
        return "skip"

    size, none = max(file.stat().st_size, 1), True
    with pa.OSFile(str(file)) as raw:
        stream = pa.CompressedInputStream(raw, "gzip") if file.suffix.lower() == ".gz" else raw
        reader = arrow_csv.open_csv(
            stream,
            arrow_csv.ReadOptions(
                column_names=head.names, skip_rows=1, block_size=SETTINGS.csv_block_bytes, encoding=head.encoding
            ),
            arrow_csv.ParseOptions(delimiter=head.separator, invalid_row_handler=unreadable),
            arrow_csv.ConvertOptions(
                include_columns=columns,
                column_types={name: pa.string() for name in columns},
                null_values=NULLS,
                strings_can_be_null=True,
                check_utf8=False,
            ),
        )
        for batch in reader:
            progress(min(raw.tell() / size, 1.0))
            yield pa.Table.from_batches([batch])
            none = False
        if none:
            yield reader.schema.empty_table()


def _with_devices(fixes: pa.Table, file: Path) -> pa.Table:
    """Fixes with users: GoTrack's points name their track, whose device is in another table of the folder."""
    beside = file.with_name("go_track_tracks.csv")
    if not file.name.startswith("go_track_") or "user" in fixes.column_names or not beside.exists():
        return fixes
    import pyarrow as pa
    import pyarrow.compute as pc

    devices = read_table(beside)
    track, device = (devices[find_column(devices.column_names, name, "track")] for name in ("id", "id_android"))
    row = pc.index_in(fixes["track"].cast(pa.string()), value_set=track.combine_chunks(), skip_nulls=True)
    return fixes.append_column("user", pc.take(device, row).dictionary_encode())
