# SPDX-License-Identifier: GPL-2.0-or-later
"""Embeddings kept on disk, so that the same tracks are not embedded twice.

One SQLite file in a private folder. A unit is keyed by its fixes and by what makes an embedding of them: the backbone
and the recipe. What is kept is personal data as the tracks are: the options page removes the folder.
"""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ..errors import Progress, no_progress, part_of
from ..features.featurizer import FEATURE_VERSION
from ..tracks import Tracks
from . import embed as recipe

if TYPE_CHECKING:
    from ..bundle.runtime import Model

FILE = "embeddings.sqlite"
FORMAT_VERSION = 1  # of the file, in its user_version; up to 0.2.0 there was none
LARGEST_BYTES = 4 * 2**30  # of the file; what was not used for longest goes first
UNITS_AT_ONCE = 128  # computed before they are stored: what an interruption can lose, some ten seconds of users
READ_AT_ONCE = 10_000  # vectors that are held besides the result
KEYS_AT_ONCE = 500  # in one query; SQLite takes 999
WAIT_S = 10.0  # for another process that writes
DAY_S = 86_400

SCHEMA = """
CREATE TABLE IF NOT EXISTS units (
    fixes BLOB NOT NULL, recipe BLOB NOT NULL, used INTEGER NOT NULL, vector BLOB NOT NULL,
    UNIQUE (fixes, recipe)
);
CREATE INDEX IF NOT EXISTS by_use ON units (used);
"""

Warn = Callable[[str], object]


def embed_cached(
    tracks: Tracks,
    model: Model,
    folder: Path | None,
    progress: Progress = no_progress,
    warn: Warn = warnings.warn,
    largest: int = LARGEST_BYTES,
) -> np.ndarray:
    """What `embed` gives, (n_tracks, e) float32 to rounding, from the cache where it has it.

    folder: where the cache is or will be, mode 0700; None for none. warn: called with a sentence where the cache
    cannot be used or written (full disk, damaged file); the embeddings come all the same. largest: bytes of the file.
    Safe to interrupt: what was computed before is kept, but for the last UNITS_AT_ONCE units.
    """
    if folder is None:
        return recipe.embed(tracks, model, progress)
    store = _Store(Path(folder), recipe_key(model), warn, largest)
    result = np.full((tracks.n_tracks, recipe.width_of(model)), np.nan, np.float32)
    units = np.flatnonzero(np.diff(tracks.track_offsets) >= recipe.FEWEST)
    keys = content_keys(tracks)
    new = []
    for part in np.split(units, np.arange(READ_AT_ONCE, len(units), READ_AT_ONCE)):
        found = store.read([keys[unit] for unit in part], result.shape[1])
        for unit in part:
            vector = found.get(keys[unit])
            if vector is None:
                new.append(unit)
            else:
                result[unit] = np.frombuffer(vector, np.float32)
    for start in range(0, len(new), UNITS_AT_ONCE):
        chosen = np.array(new[start : start + UNITS_AT_ONCE])
        shares = [(len(units) - len(new) + done) / len(units) for done in (start, start + len(chosen))]
        result[chosen] = recipe.embed(_units(tracks, chosen), model, part_of(progress, *shares))
        store.write([(keys[unit], result[unit].tobytes()) for unit in chosen])
    progress(1.0)
    return result


def content_keys(tracks: Tracks) -> list[bytes]:
    """A digest of each track's fixes (times, longitudes, latitudes), whatever its ids are."""
    if not len(tracks):
        return [b""] * tracks.n_tracks
    columns = [np.ascontiguousarray(c).data.cast("B") for c in (tracks.t, tracks.lon, tracks.lat)]
    keys = []
    for start, stop in pairwise((8 * tracks.track_offsets).tolist()):
        digest = hashlib.blake2b(digest_size=16)
        for column in columns:
            digest.update(column[start:stop])
        keys.append(digest.digest())
    return keys


def recipe_key(model: Model) -> bytes:
    """A digest of what makes an embedding of fixes: the backbone, its features, and the version of the recipe."""
    digest = hashlib.blake2b(digest_size=16)
    with Path(model.bundle.path, "backbone.onnx").open("rb") as graph:
        for block in iter(lambda: graph.read(1 << 20), b""):
            digest.update(block)
    version = [FEATURE_VERSION, recipe.VERSION, model.card.get("embedding")]
    digest.update(json.dumps(version, sort_keys=True).encode())
    return digest.digest()


def _units(tracks: Tracks, chosen: np.ndarray) -> Tracks:
    """The tracks of the given numbers, ascending, none of them empty."""
    first, size = tracks.track_offsets[chosen], np.diff(tracks.track_offsets)[chosen]
    start = np.repeat(first - (np.cumsum(size) - size), size)
    return tracks.take(start + np.arange(size.sum()))


class _Store:
    """The file, for one recipe. A failure is told once; from then on nothing is read or written."""

    def __init__(self, folder: Path, recipe: bytes, warn: Warn, largest: int) -> None:
        self.file, self.recipe, self.largest, self.warn = folder / FILE, recipe, largest, warn
        self.now, self.usable = int(time.time()), True
        with self._failures():
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            os.close(os.open(self.file, os.O_CREAT | os.O_RDWR, 0o600))
            try:
                self._create()
            except sqlite3.DatabaseError as error:
                if not _is_damage(error):
                    raise
                self.warn(f"The embeddings kept in {self.file} are damaged and were removed: {error}.")
                self.file.unlink()
                self._create()

    def _create(self) -> None:
        with closing(_connect(self.file)) as database:
            database.executescript(SCHEMA)
            (version,) = database.execute("PRAGMA user_version").fetchone()
            if version == FORMAT_VERSION:
                return
            if database.execute("SELECT 1 FROM units LIMIT 1").fetchone():
                self.warn(f"The embeddings kept in {self.file} are of another version of RAW: they are computed anew.")
            database.executescript(f"DELETE FROM units; PRAGMA user_version = {FORMAT_VERSION};")

    @contextmanager
    def _failures(self) -> Iterator[None]:
        try:
            yield
        except (OSError, sqlite3.Error) as error:
            self.usable = False
            if _is_damage(error):  # of pages that opening the file did not look at
                with suppress(OSError):
                    self.file.unlink(missing_ok=True)
            self.warn(
                f"Embeddings cannot be kept in {self.file.parent}: {error}. They are computed all the same; next time "
                "they will be computed again."
            )

    def read(self, keys: Sequence[bytes], width: int) -> dict[bytes, bytes]:
        """The vectors that are there, of `width` float32."""
        found: dict[bytes, bytes] = {}
        if not self.usable:
            return found
        with self._failures(), closing(_connect(self.file)) as database:
            for start in range(0, len(keys), KEYS_AT_ONCE):
                part = keys[start : start + KEYS_AT_ONCE]
                marks = ",".join("?" * len(part))
                query = f"SELECT fixes, vector FROM units WHERE recipe = ? AND fixes IN ({marks})"  # nosec B608
                found.update(database.execute(query, (self.recipe, *part)))
            old = [(self.now, self.recipe, key, self.now - DAY_S) for key in found]
            with database:
                database.executemany("UPDATE units SET used = ? WHERE recipe = ? AND fixes = ? AND used < ?", old)
        return {key: vector for key, vector in found.items() if _is_vector(vector, width)}

    def write(self, vectors: list[tuple[bytes, bytes]]) -> None:
        """Keep (key, vector) pairs, all of them or none, and stay under the largest size."""
        if not self.usable:
            return
        rows = [(key, self.recipe, self.now, vector) for key, vector in vectors]
        with self._failures(), closing(_connect(self.file)) as database:
            with database:
                database.executemany("INSERT OR REPLACE INTO units VALUES (?, ?, ?, ?)", rows)
            while (over := _size(database) - self.largest) > 0:
                some = 1 + over // max(len(rows[0][3]), 1)
                with database:
                    gone = database.execute(
                        "DELETE FROM units WHERE rowid IN (SELECT rowid FROM units ORDER BY used, rowid LIMIT ?)",
                        (some,),
                    )
                database.execute("PRAGMA incremental_vacuum").fetchall()
                if not gone.rowcount:
                    break


def _connect(file: Path) -> sqlite3.Connection:
    database = sqlite3.connect(file, timeout=WAIT_S)
    # Pages that hold several vectors; space given back to the disk; what is deleted is overwritten.
    database.executescript("PRAGMA page_size = 16384; PRAGMA auto_vacuum = INCREMENTAL; PRAGMA secure_delete = ON;")
    return database


def _is_damage(error: Exception) -> bool:
    """Whether the file is at fault; an OperationalError is one of being busy, full and the like."""
    return isinstance(error, sqlite3.DatabaseError) and not isinstance(error, sqlite3.OperationalError)


def _is_vector(stored: object, width: int) -> bool:
    """Whether what was stored can be an embedding: SQLite keeps anything in a column of blobs."""
    if not isinstance(stored, bytes) or len(stored) != 4 * width:
        return False
    return bool(np.isfinite(np.frombuffer(stored, np.float32)).all())


def _size(database: sqlite3.Connection) -> int:
    """Bytes of the file."""
    pages, size = (database.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "page_size"))
    return pages * size
