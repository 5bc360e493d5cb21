# SPDX-License-Identifier: GPL-2.0-or-later
"""Shards of a corpus, while a command runs: memory-mapped columns t, lon, lat, user.

A source of any size and order is split by user; each part is cleaned, sorted and appended as one
shard, so that memory holds one shard at a time. The shards are personal data: their folder is
private, and goes with the run.
"""

from __future__ import annotations

import ctypes
import hashlib
import json
import os
import zlib
from collections.abc import Callable
from contextlib import ExitStack, suppress
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from pyarrow import parquet

from model.data.heldout import HELD_OUT_DEVICES, held_out_cab
from raw_qgis_plugin.core.arrays import Array
from raw_qgis_plugin.core.cleaning import encode_ids
from raw_qgis_plugin.core.errors import InputError
from raw_qgis_plugin.core.scratch import Scratch
from raw_qgis_plugin.core.skipped import Skipped
from raw_qgis_plugin.core.sources.columns import ids_of, plain_column
from raw_qgis_plugin.core.sources.files import files_of, find_source
from raw_qgis_plugin.core.sources.readers import build, stream
from raw_qgis_plugin.core.sources.schema import AS_GUESSED, Schema
from raw_qgis_plugin.core.tracks import Tracks

SHARD_FIXES = 2_000_000
ROWS = 500_000  # held in memory before they are written to their parts
STEPS = 20_000  # of a shard, from which the typical time between fixes is known
MOST_FILES = 190  # open at once: macOS lets a process open 256
COLUMNS = {"user": np.int32, "t": np.int64, "lon": np.float64, "lat": np.float64}


class Shards(NamedTuple):
    """Cleaned fixes by user, memory-mapped."""

    folder: Path
    user: Array  # (n,) int32
    t: Array  # (n,) epoch ms
    lon: Array  # (n,) degrees
    lat: Array
    ends: list[int]  # where each shard ends
    unseen: Array  # (n_users,) bool, held out for validation
    typical_s: float  # median time between fixes


@cache
def _scratch() -> Scratch:
    return Scratch("raw-shards-")


def shards_of(source: str, folder: Path | None = None) -> Path:
    """The folder of a source's shards in a folder, made unless it is there.

    By default that is a temporary folder of this process. source: 'path' or 'kind:path'. Raises
    InputError as `stream` does.
    """
    folder = folder or Path(_scratch().name)
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise InputError(
            f"The folder {folder} of the shards cannot be made: {error.strerror}."
        ) from error

    own = folder / hashlib.sha256(source.encode()).hexdigest()[:16]
    make_once(own, lambda fresh: _make(source, fresh))
    return own


def make_once(folder: Path, write: Callable[[Path], None]) -> None:
    """Let `write` make a folder's files, unless it is there. It gets its name when complete."""
    if folder.is_dir():
        return

    with Scratch(".making-", folder.parent) as beside:
        fresh = Path(beside, "fresh")
        fresh.mkdir(mode=0o700)
        write(fresh)

        try:
            os.rename(fresh, folder)
        except OSError:
            if not folder.is_dir():  # another process may have been faster
                raise


def open_shards(folder: Path) -> Shards:
    """The shards in a folder that `shards_of` made."""
    about = json.loads((folder / "about.json").read_text("utf-8"))
    columns: dict[str, Any] = {n: mapped(folder / n, dtype) for n, dtype in COLUMNS.items()}
    return Shards(folder=folder, unseen=np.load(folder / "unseen.npy"), **columns, **about)


def mapped(file: Path, dtype: type) -> Array:
    """The values in a file, memory-mapped; an empty file cannot be mapped."""
    if not file.stat().st_size:
        return np.zeros(0, dtype)

    return np.memmap(file, dtype, "r").view(np.ndarray)


def give_back() -> None:
    """Return freed memory to the system: glibc keeps more than a gigabyte. No effect elsewhere."""
    with suppress(AttributeError, OSError, TypeError):
        ctypes.CDLL(None).malloc_trim(0)


def _make(source: str, folder: Path) -> None:
    """Write a source's shards into an empty folder, and hold some people out for validation."""
    n_files = min(count_rows(source) // SHARD_FIXES + 1, MOST_FILES)
    try:
        found, skipped = split(source, folder, n_files, by_track=True)
        _shard(source, folder, found, skipped)
    except OSError as error:
        # NumPy counts what it could write
        why = error.strerror or f"{error}; the disk may be full"
        raise InputError(f"The shards cannot be written to {folder.parents[1]}: {why}.") from error


def _shard(source: str, folder: Path, found: Schema, skipped: Skipped) -> None:
    """Append the cleaned tracks of each part to the columns, and write what is known of them."""
    users: list[str] = []
    ends: list[int] = []
    steps = []

    with ExitStack() as opened:
        files = {name: opened.enter_context((folder / name).open("wb")) for name in COLUMNS}
        for part in sorted(folder.glob("*.parquet")):
            tracks = _cleaned(part, source, found, skipped)
            if not len(tracks):
                continue

            user = tracks.track.astype(np.int64) + len(users)
            columns = {"user": user, "t": tracks.t, "lon": tracks.lon, "lat": tracks.lat}
            for name, dtype in COLUMNS.items():
                columns[name].astype(dtype).tofile(files[name])

            ends.append(len(user) + (ends[-1] if ends else 0))
            steps.append(np.diff(tracks.t)[tracks.steps()][:STEPS])
            users += tracks.user_ids.tolist()
            give_back()

    if not users:
        why = f" {skipped} {skipped.advice}".rstrip() if skipped else ""
        raise InputError(f"{source} holds no tracks to train on.{why}")

    np.save(folder / "unseen.npy", unseen(users))
    step = np.concatenate(steps)
    about = {"ends": ends, "typical_s": float(np.median(step) / 1000) if len(step) else 0.0}
    (folder / "about.json").write_text(json.dumps(about), "utf-8")


def _cleaned(part: Path, source: str, found: Schema, skipped: Skipped) -> Tracks:
    """The tracks of a part, which is deleted, without the units that are held out for reports.

    There is one track a user: days of a person belong together, and silences divide trips. A track
    without a user has one of its own.
    """
    table = parquet.read_table(part, memory_map=False)
    part.unlink()
    if "user" not in table.column_names and "track" in table.column_names:
        table = table.append_column("user", table["track"])

    tracks, dropped = build([table])
    for reason, count in dropped.items():
        skipped.add(reason, count)

    held_out: Array = np.zeros(tracks.n_users, bool)
    if found.user == "cab_id":
        held_out = np.array([held_out_cab(name) for name in tracks.user_ids], bool)
    elif find_source(source)[1] == "gotrack":
        held_out = np.isin(tracks.user_ids, HELD_OUT_DEVICES)
    if held_out.any():
        tracks = tracks.take(~held_out[tracks.user])

    return tracks.by_user()


def unseen(users: list[str]) -> Array:
    """Which users are held out for validation, (n,) bool: a fiftieth, by the hash of their names.

    Of few users up to six are, but at most a fifth: fewer than five users all train.
    """
    draw = np.array([zlib.crc32(b"validation" + user.encode()) for user in users], np.int64)
    chosen = draw % 50 == 0
    most = len(users) // 5
    # so many are needed to compare models
    wanted = min(6, most)
    if not wanted <= chosen.sum() <= most:
        chosen[:] = False
        chosen[np.argsort(draw, kind="stable")[:wanted]] = True

    return chosen


class Parts:
    """Parquet files, folder/000.parquet …, to which tables are written by their users."""

    types = {"user": pa.string(), "track": pa.string(), "t": pa.int64(), "accuracy": pa.float32()}

    def __init__(self, folder: Path, names: list[str], key: str, n_files: int) -> None:
        """names: of the columns. key: the column whose hash chooses the file."""
        self.key = key
        self.schema = pa.schema({name: self.types.get(name, pa.float64()) for name in names})
        # tables that are not yet written
        self.held: list[pa.Table] = []
        self.opened = ExitStack()
        self.writers = []

        for n in range(n_files):
            writer = parquet.ParquetWriter(
                folder / f"{n:03d}.parquet", self.schema, compression="zstd"
            )
            self.writers.append(self.opened.enter_context(writer))

    def add(self, table: pa.Table) -> None:
        """Take a table, and write those that are held once they are many."""
        columns = [plain_column(table[field.name]).cast(field.type) for field in self.schema]
        self.held.append(pa.table(columns, schema=self.schema))
        if sum(map(len, self.held)) >= ROWS:
            self.write()

    def write(self) -> None:
        """Write the tables that are held, a part of them to each file."""
        if not self.held:
            return

        table = pa.concat_tables(self.held)
        self.held.clear()
        part = self._number_of_file(table)
        order = np.argsort(part, kind="stable")
        ends = np.searchsorted(part[order], np.arange(len(self.writers) + 1))
        table = table.take(order)

        for n in np.flatnonzero(np.diff(ends)):
            self.writers[n].write_table(table.slice(ends[n], ends[n + 1] - ends[n]))

    def _number_of_file(self, table: pa.Table) -> Array:
        """The number of each row's file; 0 for rows without an id."""
        if self.key not in table.column_names:
            return np.zeros(len(table), np.int64)

        codes, names = encode_ids(ids_of(table[self.key]))
        numbers = [zlib.crc32(name.encode()) % len(self.writers) for name in names]
        # the last one is for code -1
        return np.array([*numbers, 0], np.int64)[codes]


def split(
    source: str, folder: Path, n_files: int, schema: Schema = AS_GUESSED, by_track: bool = False
) -> tuple[Schema, Skipped]:
    """Write the fixes of a source to folder/000.parquet … by a hash of the user.

    Columns are those of `stream`, ids are text. Without users all fixes are one user's, or where
    by_track is set a hash of the track decides. Returns how the source was read, and the fixes that
    could not be read. Raises InputError as `stream` does.
    """
    skipped = Skipped()
    found, tables = stream(source, "auto", schema, skipped)

    with ExitStack() as opened:
        parts = None
        for table in tables:
            if parts is None:
                names = table.column_names
                key = "track" if by_track and "user" not in names else "user"
                parts = Parts(folder, names, key, n_files)
                opened.enter_context(parts.opened)

            parts.add(table)

        if parts:
            parts.write()

    return found, skipped


def count_rows(source: str) -> int:
    """The rows of a source: from Parquet's footers, else estimated from its size.

    Raises InputError where a footer is broken.
    """
    path, kind = find_source(source)
    files = files_of(path, kind)
    if kind != "parquet":
        return sum(file.stat().st_size for file in files) // 50

    try:
        return sum(parquet.read_metadata(file).num_rows for file in files)
    except (pa.ArrowException, OSError) as error:
        raise InputError(f"{path.name} cannot be read as Parquet: {error}") from error
