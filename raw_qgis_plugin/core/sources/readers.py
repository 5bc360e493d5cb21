# SPDX-License-Identifier: GPL-2.0-or-later
"""Files and folders of positions to Tracks, for the importer and for training."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from ..errors import InputError, Progress, check_cancelled, no_progress, part_of, require
from ..geodesy import wrapped
from ..times import DATE_ORDERS, NO_TIME, UTC, find_date_order, find_zone
from ..tracks import Skipped, Tracks, build_tracks
from .fields import AS_GUESSED, Guess, Layout, choose_fields, column_of, find_column
from .fields import guess_fields as guess_fields
from .files import FORMATS as FORMATS
from .files import PARQUET, PARSED, TEXT, files_of, find_source, stem_of

if TYPE_CHECKING:
    import pyarrow as pa
    from pyarrow import dataset

Part = TypeVar("Part")

GOTRACK_ZONE = "America/Maceio"  # GoTrack writes the local times of Aracaju


@dataclass(frozen=True)
class ReadSettings:
    """Sizes of the parts in which files are read."""

    parquet_rows: int = 1 << 20


SETTINGS = ReadSettings()


def read(
    source: str | Path,
    format: str = "auto",
    layout: Layout = AS_GUESSED,
    progress: Progress = no_progress,
    drop_spikes: bool = True,
) -> tuple[Tracks, Skipped, Guess]:
    """Read and clean fixes.

    source: a file or folder, or 'kind:path' with one of FORMATS. Of a folder the tables with time and position are
    read. Raises InputError if the source cannot be read, a column is missing, the order of dates is unknown or no fix
    is left; MissingLibrary without pyarrow.
    """
    path, kind, layout = find_laid_out(source, format, layout)
    skipped = Skipped()
    guess, tables = stream(path, kind, layout, skipped, part_of(progress, 0.0, 0.8))
    tracks, cleaned = build(list(tables), drop_spikes)
    for reason, count in cleaned.items():
        skipped.add(reason, count)
    if not len(tracks):
        raise InputError(f"There is no usable fix in {path.name}, read as {guess}. {skipped} {skipped.advice}".strip())
    progress(1.0)
    return tracks, skipped, guess


def stream(
    source: str | Path,
    format: str = "auto",
    layout: Layout = AS_GUESSED,
    skipped: Skipped | None = None,
    progress: Progress = no_progress,
) -> tuple[Guess, Iterator[pa.Table]]:
    """The fixes of a source, some hundred thousand at a time and not cleaned, for sources larger than the memory.

    Arguments and errors are those of `read`. The tables have the columns of `fixes_of`; unreadable rows are counted in
    `skipped` while the tables are read.
    """
    path, kind, layout = find_laid_out(source, format, layout)
    skipped = Skipped() if skipped is None else skipped
    if kind == "geolife":
        from .formats.geolife import GUESS, read_geolife

        guess, tables = GUESS, read_geolife(path, skipped, progress)
    else:
        reader = _read_parquet if kind == "parquet" else partial(_read_parsed, kind) if kind in PARSED else _read_csv
        guess, tables = reader(path, layout, skipped, progress)
    return guess, (within(table, layout, skipped) for table in tables)


def find_laid_out(source: str | Path, format: str, layout: Layout) -> tuple[Path, str, Layout]:
    """The path and kind of a source, and its layout with the zone of its times. Errors are those of `read`."""
    no_zone = find_zone(layout.timezone) is UTC  # a wrong zone is an error before anything is read
    require("pyarrow")
    path, kind = find_source(source, format)
    return path, kind, replace(layout, timezone=GOTRACK_ZONE) if kind == "gotrack" and no_zone else layout


def within(table: pa.Table, layout: Layout, skipped: Skipped) -> pa.Table:
    """The fixes in the box and the period of a layout, and those without position or time. The others are counted."""
    if layout.box is None and layout.period == (None, None):
        return table
    import pyarrow as pa

    t, lon, lat = table["t"].to_numpy(), wrapped(table["lon"].to_numpy()), table["lat"].to_numpy()
    outside, early_or_late = np.zeros(len(t), bool), np.zeros(len(t), bool)
    if layout.box is not None:
        west, south, east, north = layout.box
        across = (lon < west) & (lon > east) if west > east else (lon < west) | (lon > east)
        outside = across | (lat < south) | (lat > north)
    for limit, wrong in zip(layout.period, (np.less, np.greater_equal)):
        if limit is not None:
            early_or_late |= wrong(t, limit) & (t != NO_TIME)
    skipped.add("outside the box", np.count_nonzero(outside))
    skipped.add("outside the dates", np.count_nonzero(early_or_late & ~outside))
    return table.filter(pa.array(~(outside | early_or_late)))


def read_table(source: str | Path) -> pa.Table:
    """A Parquet or CSV file (labels, queries) as an Arrow table; the columns of a CSV file are all text.

    Raises InputError if it cannot be read; MissingLibrary without pyarrow.
    """
    require("pyarrow")
    import pyarrow as pa
    from pyarrow import parquet

    from .text import read_head, text_tables

    path, kind = find_source(source)
    if not path.is_file() or kind in PARSED:
        raise InputError(f"'{path}' is a {'folder' if path.is_dir() else kind.upper() + ' file'}, not a table.")
    try:
        if kind == "parquet":
            return parquet.read_table(path)
        head = read_head(path)
        skipped = Skipped()
        table = pa.concat_tables(text_tables(path, head, head.names, skipped, no_progress))
    except (pa.ArrowException, OSError, UnicodeError) as error:
        raise InputError(f"{path.name} cannot be read as a table: {error}") from error
    if skipped:
        raise InputError(f"Rows of {path.name} without the {len(head.names)} columns of its header: {skipped.total:,}.")
    return table


def build(tables: list[pa.Table], drop_spikes: bool) -> tuple[Tracks, Skipped]:
    """Tracks of the tables of `fixes_of`, which are taken out of the list, and the fixes that cleaning skipped."""
    from .columns import ids_of, join_fixes

    if not tables:
        return build_tracks(None, None, [], [], [])
    table = join_fixes(tables)
    tables.clear()
    user, track = ids_of(table, "user"), ids_of(table, "track")
    check_cancelled()
    t, lon, lat = (table[name].to_numpy() for name in ("t", "lon", "lat"))
    del table  # Arrow's copy is as large as the columns
    check_cancelled()
    return build_tracks(user, track, t, lon, lat, drop_spikes)


def choose(names: list[str], layout: Layout, where: Path) -> Guess:
    """The columns to read. Raises InputError if there is no column of time or position."""
    guess = choose_fields(names, layout)
    missing = [word for word, there in (("time", guess.time), ("position", guess.positioned)) if not there]
    if missing:
        raise InputError(
            f"No {' and no '.join(missing)} column was recognised in {where.name}. "
            f"Its columns are: {', '.join(names) or 'none'}. Name them, or call them t, lon and lat."
        )
    return guess


def has_fixes(names: list[str], layout: Layout) -> bool:
    """Whether a table has columns of time and position, guessed or named. `choose` refuses it if others are missing."""
    guess, (lon, time) = guess_fields(names), (column_of(names, name) for name in (layout.lon, layout.time))
    return (guess.positioned or lon is not None) and (guess.time is not None or time is not None)


def with_date_order(guess: Guess, tables: Iterable[pa.Table]) -> Guess:
    """The guess with the order of dates that the columns of time and date show; 'unknown' where they show none.

    Raises InputError if times of day in the first table are too short to be read (see `time_column`).
    """
    from .columns import fixed_bytes, is_text, time_column

    order = guess.date_order
    for number, table in enumerate(tables):
        column = time_column(table, guess, refuse_short=number == 0)
        if not guess.date_order and is_text(column.type):
            order = find_date_order(fixed_bytes(column)) or order
        if order != "unknown":
            break
    return replace(guess, date_order=order)


def _in_one_order(guesses: dict[Path, Guess]) -> dict[Path, Guess]:
    """The guesses of files with the order of dates that one of them shows, if any needs one.

    Raises InputError if none shows it, or two show opposite ones.
    """
    shown = {guess.date_order: file for file, guess in guesses.items()}
    orders = [order for order in DATE_ORDERS if order in shown]
    if len(orders) > 1:
        day, month = (shown[order].name for order in DATE_ORDERS)
        raise InputError(
            f"Dates begin with the day in {day} and with the month in {month}. Read such files one by one, or choose "
            "the order of dates for all (DATE_ORDER)."
        )
    if not orders and "unknown" in shown:
        file = shown["unknown"]
        raise InputError(
            f"The dates in the column '{guesses[file].when()[-1]}' of {file.name} may begin with the day or with the "
            "month: no number in them decides. Choose the order of dates (DATE_ORDER)."
        )
    return {file: replace(guess, date_order="".join(orders)) for file, guess in guesses.items()}


def _read_parquet(path: Path, layout: Layout, skipped: Skipped, progress: Progress) -> tuple[Guess, Iterator[pa.Table]]:
    """A Parquet file, or a folder of them with or without partitions (name=value folders)."""
    import pyarrow as pa

    from .columns import fixes_of, is_text

    files = files_of(path, PARQUET)

    def tables() -> Iterator[pa.Table]:
        done = 0
        try:
            for file, name in names_of(path, files).items():
                for table in batches_of(open_parquet([file], data.schema), guess.columns(), SETTINGS.parquet_rows):
                    yield _with_user(fixes_of(table, guess, skipped), guess, name, files)
                    done += len(table)
                    progress(done / total)
        except (pa.ArrowException, OSError) as error:
            raise unreadable(path, files, error) from error

    try:
        files = list(parquet_with_fixes(files, layout)) or files[:1]
        data = open_parquet(files)
        guess = choose(data.schema.names, layout, path)
        texts = files if guess.date or is_text(data.schema.field(str(guess.time)).type) else []
        times = (batches_of(open_parquet([f], data.schema), guess.when(), SETTINGS.parquet_rows) for f in texts)
        orders = {f: with_date_order(guess, tables) for f, tables in zip(texts, times)}
        guess = next(iter(_in_one_order(orders).values()), guess)
        total = max(data.count_rows(), 1)
    except (pa.ArrowException, OSError) as error:
        raise unreadable(path, files, error) from error
    return guess, tables()


def open_parquet(files: list[Path], schema: pa.Schema | None = None) -> dataset.Dataset:
    """Parquet files as one table, with the columns that folders name (name=value). schema: by default the first's."""
    from pyarrow import dataset

    return dataset.dataset([str(file) for file in files], schema, format="parquet", partitioning="hive")


def parquet_with_fixes(files: list[Path], layout: Layout) -> Iterator[Path]:
    """The Parquet files that have columns of time and position."""
    return (file for file in files if has_fixes(open_parquet([file]).schema.names, layout))


def batches_of(data: dataset.Dataset, columns: list[str], rows: int) -> Iterator[pa.Table]:
    """Columns of Parquet files, at most so many rows at a time."""
    import pyarrow as pa
    from pyarrow import dataset

    # By default Arrow reads far ahead and holds gigabytes of a large file
    scan = dataset.ParquetFragmentScanOptions(pre_buffer=False, use_buffered_stream=True)
    few = {"batch_readahead": 2, "fragment_readahead": 1, "fragment_scan_options": scan, "use_threads": False}
    for batch in data.to_batches(columns=columns, batch_size=rows, **few):
        yield pa.Table.from_batches([batch])


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


def _read_csv(path: Path, layout: Layout, skipped: Skipped, progress: Progress) -> tuple[Guess, Iterator[pa.Table]]:
    """A text table with a header, or a folder of them."""
    from .text import read_head, text_tables

    files = files_of(path, TEXT)
    heads = {file: read_head(file, layout) for file in files}
    chosen = [file for file in files if has_fixes(heads[file].names, layout)] or files[:1]
    guesses: dict[Path, Guess] = {}
    for file in chosen:
        guess = choose(heads[file].names, layout, file)
        times = text_tables(file, heads[file], guess.when(), Skipped(), no_progress, ahead=False)
        guesses[file] = with_date_order(guess, times)
    guesses = _in_one_order(guesses)

    def raw(file: Path, part: Progress) -> Iterator[tuple[pa.Table, Guess]]:
        for table in text_tables(file, heads[file], guesses[file].columns(), skipped, part):
            yield table, guesses[file]

    return guesses[chosen[0]], _fixes_of_files(path, chosen, raw, skipped, progress)


def _read_parsed(
    kind: str, path: Path, layout: Layout, skipped: Skipped, progress: Progress
) -> tuple[Guess, Iterator[pa.Table]]:
    """A file of a kind of PARSED, or a folder of them."""
    names = names_of(path, files_of(path, PARSED[kind]))

    def raw(file: Path, part: Progress, skipped: Skipped = skipped) -> Iterator[tuple[pa.Table, Guess]]:
        for table in parser_of(kind, skipped, names)(file, part):
            yield table, choose(table.column_names, layout, file)

    first = first_of((part for file in names for part in raw(file, no_progress, Skipped())), path)
    return first[1], _fixes_of_files(path, list(names), raw, skipped, progress)


def parser_of(kind: str, skipped: Skipped, names: dict[Path, str]) -> Callable[[Path, Progress], Iterator[pa.Table]]:
    """The parser of a kind of PARSED: of a file to tables of its columns. What cannot be read is counted.

    names: those of the files, of `names_of`.
    """
    from .formats.fit import fit_tables
    from .formats.gpx import gpx_tables
    from .formats.objects import object_tables
    from .formats.realtime import feed_tables

    if kind == "json":
        return partial(object_tables, skipped=skipped)
    if kind == "fit":
        return partial(fit_tables, names=names)
    return gpx_tables if kind == "gpx" else feed_tables


def first_of(parts: Iterator[Part], path: Path) -> Part:
    """The first part of a source. Raises InputError if there is none."""
    for part in parts:
        return part
    raise InputError(f"{path.name} holds no position.")


def names_of(path: Path, files: list[Path]) -> dict[Path, str]:
    """The names of the files of a source, or their paths in its folder if two have the same name; without ends."""
    names = {file: stem_of(file) for file in files}
    if len(set(names.values())) == len(names):
        return names
    return {file: file.relative_to(path).with_name(name).as_posix() for file, name in names.items()}


def _fixes_of_files(
    path: Path, files: list[Path], raw: Callable[[Path, Progress], Iterator[tuple[pa.Table, Guess]]],
    skipped: Skipped, progress: Progress,
) -> Iterator[pa.Table]:  # fmt: skip
    """The fixes of files. Of several without user columns each is a user, of the name of `names_of`."""
    import pyarrow as pa

    from .columns import fixes_of

    for number, (file, name) in enumerate(names_of(path, files).items()):
        part = part_of(progress, number / len(files), (number + 1) / len(files))
        for table, guess in raw(file, part):
            try:
                fixes = fixes_of(table, guess, skipped)
            except (pa.ArrowException, UnicodeError) as error:  # text of another encoding
                raise InputError(f"{file.name} cannot be read as a table of text: {error}") from error
            yield _with_devices(_with_user(fixes, guess, name, files), file)


def _with_user(fixes: pa.Table, guess: Guess, name: str, files: list[Path]) -> pa.Table:
    """Fixes of one of the files, with its name as the user if no column names users and there are several files."""
    import pyarrow as pa

    if guess.user is not None or len(files) == 1:
        return fixes
    return fixes.append_column("user", pa.repeat(name, len(fixes)).dictionary_encode())


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
