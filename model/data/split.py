# SPDX-License-Identifier: GPL-2.0-or-later
"""A source of any size and order, split by its users into files that memory holds one by one."""

from __future__ import annotations

import zlib
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pyarrow as pa
from pyarrow import parquet

from raw_qgis_plugin.core.errors import InputError
from raw_qgis_plugin.core.sources.columns import ids_of, plain_column
from raw_qgis_plugin.core.sources.files import files_of, find_source
from raw_qgis_plugin.core.sources.readers import stream
from raw_qgis_plugin.core.sources.schema import AS_GUESSED, Schema
from raw_qgis_plugin.core.tracks import Skipped, encode_ids

ROWS = 500_000  # held in memory
MOST_FILES = 190  # open at once: macOS lets a process open 256


def split(
    source: str, folder: Path, n_files: int, schema: Schema = AS_GUESSED, by_track: bool = False
) -> tuple[Schema, Skipped]:
    """Write the fixes of a source to folder/000.parquet … by a hash of the user, in the columns of `stream`, ids as
    text. Without users all fixes are one user's, or where by_track is set a hash of the track decides.

    Returns how the source was read, and the fixes that could not be read. Raises InputError as `stream` does.
    """
    skipped = Skipped()
    found, tables = stream(source, "auto", schema, skipped)
    types = {"user": pa.string(), "track": pa.string(), "t": pa.int64(), "accuracy": pa.float32()}
    with ExitStack() as opened:
        writers: list[parquet.ParquetWriter] = []
        held: list[pa.Table] = []

        def write() -> None:
            table = pa.concat_tables(held)
            held.clear()
            part = _parts(table, "track" if by_track and "user" not in table.column_names else "user", n_files)
            order = np.argsort(part, kind="stable")
            ends = np.searchsorted(part[order], np.arange(n_files + 1))
            table = table.take(order)
            for n in np.flatnonzero(np.diff(ends)):
                writers[n].write_table(table.slice(ends[n], ends[n + 1] - ends[n]))

        for table in tables:
            if not writers:
                written = pa.schema({name: types.get(name, pa.float64()) for name in table.column_names})
                files = [folder / f"{n:03d}.parquet" for n in range(n_files)]
                writers = [opened.enter_context(parquet.ParquetWriter(f, written, compression="zstd")) for f in files]
            held.append(pa.table([plain_column(table[f.name]).cast(f.type) for f in written], schema=written))
            if sum(map(len, held)) >= ROWS:
                write()
        if held:
            write()
    return found, skipped


def _parts(table: pa.Table, key: str, n_files: int) -> np.ndarray:
    """The number of each row's file."""
    if key not in table.column_names:
        return np.zeros(len(table), np.int64)
    codes, names = encode_ids(ids_of(table[key]))
    return np.array([*(zlib.crc32(name.encode()) % n_files for name in names), 0], np.int64)[codes]  # 0 for code -1


def count_rows(source: str) -> int:
    """The rows of a source: from Parquet's footers (InputError where broken), else estimated from its size."""
    path, kind = find_source(source)
    files = files_of(path, kind)
    if kind != "parquet":
        return sum(file.stat().st_size for file in files) // 50
    try:
        return sum(parquet.read_metadata(file).num_rows for file in files)
    except (pa.ArrowException, OSError) as error:
        raise InputError(f"{path.name} cannot be read as Parquet: {error}") from error
