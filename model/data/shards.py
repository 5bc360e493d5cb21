# SPDX-License-Identifier: GPL-2.0-or-later
"""Tokenised shards of a corpus: memory-mapped columns t, lon, lat, user, for as long as a command
runs.

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
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from pyarrow import parquet

from model.data.heldout import HELD_OUT_DEVICES, held_out_cab
from raw_qgis_plugin.core.errors import InputError
from raw_qgis_plugin.core.scratch import Scratch
from raw_qgis_plugin.core.sources.columns import ids_of, plain_column
from raw_qgis_plugin.core.sources.readers import build, files_of, find_source, stream
from raw_qgis_plugin.core.sources.schema import AS_GUESSED, Schema
from raw_qgis_plugin.core.tracks import Skipped, Tracks, encode_ids

SHARD_FIXES = 2_000_000
ROWS = 500_000  # held in memory
MOST_FILES = 190  # open at once: macOS lets a process open 256
COLUMNS = {"user": np.int32, "t": np.int64, "lon": np.float64, "lat": np.float64}


class Shards(NamedTuple):
    """Cleaned fixes by user, memory-mapped. user: (n,) int32, t, lon, lat: (n,). ends: where each
    shard ends. unseen: (n_users,) bool, held out for validation. typical_s: median time between
    fixes.
    """

    folder: Path
    user: np.ndarray
    t: np.ndarray
    lon: np.ndarray
    lat: np.ndarray
    ends: list[int]
    unseen: np.ndarray
    typical_s: float


@cache
def _scratch() -> Scratch:
    return Scratch("raw-shards-")


def shards_of(source: str, folder: Path | None = None) -> Path:
    """The folder of a source's shards in a folder, made unless it is there; by default in a
    temporary folder of this process. source: 'path' or 'kind:path'. InputError as of `stream`.
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
    """Let `write` make a folder's files, unless it is there. The folder gets its name when it is
    complete.
    """
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
    user, t, lon, lat = (mapped(folder / name, dtype) for name, dtype in COLUMNS.items())
    return Shards(
        folder, user, t, lon, lat, about["ends"], np.load(folder / "unseen.npy"), about["typical_s"]
    )


def mapped(file: Path, dtype: type) -> np.ndarray:
    """The values in a file, memory-mapped; an empty file cannot be mapped."""
    return (
        np.memmap(file, dtype, "r").view(np.ndarray) if file.stat().st_size else np.zeros(0, dtype)
    )


def give_back() -> None:
    """Return freed memory to the system: glibc keeps more than a gigabyte. No effect elsewhere."""
    with suppress(AttributeError, OSError, TypeError):
        ctypes.CDLL(None).malloc_trim(0)


def _make(source: str, folder: Path) -> None:
    """Write the shards of a source into an empty folder, and hold some people out for validation."""
    n = count_rows(source)
    try:
        found, skipped = split(source, folder, min(n // SHARD_FIXES + 1, MOST_FILES), by_track=True)
        _shard(source, folder, found, skipped)
    except OSError as error:
        why = error.strerror or f"{error}; the disk may be full"  # NumPy counts what it could write
        raise InputError(f"The shards cannot be written to {folder.parents[1]}: {why}.") from error


def _shard(source: str, folder: Path, found: Schema, skipped: Skipped) -> None:
    users, ends, steps = list[str](), list[int](), []
    with ExitStack() as opened:
        files = [opened.enter_context((folder / name).open("wb")) for name in COLUMNS]
        for part in sorted(folder.glob("*.parquet")):
            tracks = _cleaned(part, source, found, skipped)
            if not len(tracks):
                continue
            user = tracks.track.astype(np.int64) + len(users)
            for file, dtype, values in zip(
                files, COLUMNS.values(), (user, tracks.t, tracks.lon, tracks.lat)
            ):
                values.astype(dtype).tofile(file)
            ends.append(len(user) + (ends[-1] if ends else 0))
            steps.append(np.diff(tracks.t)[tracks.steps()][:20_000])
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
    """The tracks of a part, which is deleted, one a user: days of a person belong together, and
    silences divide trips. Without the cabs and devices that are held out for reports.
    """
    table = parquet.read_table(part, memory_map=False)
    part.unlink()
    # a track without a user has one of its own
    if "user" not in table.column_names and "track" in table.column_names:
        table = table.append_column("user", table["track"])
    tracks, dropped = build([table])
    for reason, count in dropped.items():
        skipped.add(reason, count)
    gotrack = find_source(source)[1] == "gotrack"
    apart = [
        (found.user == "cab_id" and held_out_cab(name)) or (gotrack and name in HELD_OUT_DEVICES)
        for name in tracks.user_ids
    ]
    return (
        tracks.take(~np.array(apart, bool)[tracks.user]).by_user()
        if any(apart)
        else tracks.by_user()
    )


def unseen(users: list[str]) -> np.ndarray:
    """Which users are held out for validation, (n,) bool: a fiftieth, by the hash of their names;
    of few users up to six, but at most a fifth: fewer than five users all train.
    """
    draw = np.array([zlib.crc32(b"validation" + user.encode()) for user in users], np.int64)
    chosen, most = draw % 50 == 0, len(users) // 5
    wanted = min(6, most)  # so many are needed to compare models
    if not wanted <= chosen.sum() <= most:
        chosen[:] = False
        chosen[np.argsort(draw, kind="stable")[:wanted]] = True
    return chosen


def split(
    source: str, folder: Path, n_files: int, schema: Schema = AS_GUESSED, by_track: bool = False
) -> tuple[Schema, Skipped]:
    """Write the fixes of a source to folder/000.parquet … by a hash of the user, in the columns of
    `stream`, ids as text. Without users all fixes are one user's, or where by_track is set a hash
    of the track decides.

    Returns how the source was read, and the fixes that could not be read. Raises InputError as
    `stream` does.
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
            part = _parts(
                table, "track" if by_track and "user" not in table.column_names else "user", n_files
            )
            order = np.argsort(part, kind="stable")
            ends = np.searchsorted(part[order], np.arange(n_files + 1))
            table = table.take(order)
            for n in np.flatnonzero(np.diff(ends)):
                writers[n].write_table(table.slice(ends[n], ends[n + 1] - ends[n]))

        for table in tables:
            if not writers:
                written = pa.schema(
                    {name: types.get(name, pa.float64()) for name in table.column_names}
                )
                files = [folder / f"{n:03d}.parquet" for n in range(n_files)]
                writers = [
                    opened.enter_context(parquet.ParquetWriter(f, written, compression="zstd"))
                    for f in files
                ]
            held.append(
                pa.table(
                    [plain_column(table[f.name]).cast(f.type) for f in written], schema=written
                )
            )
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
    # 0 for code -1
    return np.array([*(zlib.crc32(name.encode()) % n_files for name in names), 0], np.int64)[codes]


def count_rows(source: str) -> int:
    """The rows of a source: from Parquet's footers (InputError where broken), else estimated from
    its size.
    """
    path, kind = find_source(source)
    files = files_of(path, kind)
    if kind != "parquet":
        return sum(file.stat().st_size for file in files) // 50
    try:
        return sum(parquet.read_metadata(file).num_rows for file in files)
    except (pa.ArrowException, OSError) as error:
        raise InputError(f"{path.name} cannot be read as Parquet: {error}") from error
