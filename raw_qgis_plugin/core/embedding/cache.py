# SPDX-License-Identifier: GPL-2.0-or-later
"""A cache of embeddings on disk, so that the same tracks are not embedded twice.

One SQLite file in a private folder. A row is keyed by the fixes of a unit and by a digest of the backbone and the
version of the recipe, and has a checksum: a damaged one is computed again. That is about accidents; whoever can write
here could write a checksum too. Embeddings are personal data as tracks are: the options page can delete the folder.
"""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
import time
import warnings
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..arrays import expand_ranges
from ..bundle.contract import WEIGHTS_FILE
from ..errors import Progress, no_progress, part_of
from ..features.featurizer import FEATURE_VERSION
from ..tracks import Tracks
from .embed import EMBEDDING_VERSION, SETTINGS, embed, width_of

if TYPE_CHECKING:
    from ..bundle.runtime import Model

FILE = "embeddings.sqlite"
FORMAT_VERSION = 2  # of the file, in its user_version; embeddings of 0.2.0 (0) depend on the next user in the table
SCHEMA = """
CREATE TABLE IF NOT EXISTS units (
    fixes BLOB NOT NULL, recipe BLOB NOT NULL, used INTEGER NOT NULL, vector BLOB NOT NULL,
    UNIQUE (fixes, recipe)
);
CREATE INDEX IF NOT EXISTS by_use ON units (used);
SELECT fixes, recipe, used, vector FROM units LIMIT 0;
"""

Warn = Callable[[str], object]


@dataclass(frozen=True)
class CacheSettings:
    """Sizes of the cache and of its transactions."""

    max_bytes: int = 4 * 2**30  # of the file; the units that were unused for longest are deleted
    units_at_once: int = 128  # computed before they are stored: an interruption loses some ten seconds of users
    vectors_at_once: int = 10_000  # read into memory beside the result
    keys_at_once: int = 500  # in one query; SQLite takes 999
    use_resolution_s: int = 86_400  # the time of last use is rewritten no more often


def embed_cached(
    tracks: Tracks, model: Model, folder: Path | None, progress: Progress = no_progress, warn: Warn = warnings.warn,
    settings: CacheSettings = CacheSettings(),
) -> np.ndarray:  # fmt: skip
    """The embeddings of `embed`, (n_tracks, e) float32 to rounding, from the cache if it has them.

    folder: of the cache, created with mode 0700; None for no cache. warn: called with a sentence if the cache cannot be
    read or written (full disk, damaged file); the embeddings are computed all the same. An interruption loses no more
    than the last units_at_once units.
    """
    if folder is None:
        return embed(tracks, model, progress)
    store = _Store(Path(folder), recipe_key(model), warn, settings)
    result = np.full((tracks.n_tracks, width_of(model)), np.nan, np.float32)
    units = np.flatnonzero(np.diff(tracks.track_offsets) >= SETTINGS.min_fixes)
    keys = content_keys(tracks)
    new = []
    for part in np.split(units, np.arange(settings.vectors_at_once, len(units), settings.vectors_at_once)):
        found = store.read([keys[unit] for unit in part], result.shape[1])
        for unit in part:
            vector = found.get(keys[unit])
            if vector is None:
                new.append(unit)
            else:
                result[unit] = vector
    for start in range(0, len(new), settings.units_at_once):
        chosen = np.array(new[start : start + settings.units_at_once])
        shares = [(len(units) - len(new) + done) / len(units) for done in (start, start + len(chosen))]
        rows = expand_ranges(tracks.track_offsets[chosen], np.diff(tracks.track_offsets)[chosen])
        result[chosen] = embed(tracks.take(rows), model, part_of(progress, *shares))
        store.write([(keys[unit], result[unit].tobytes()) for unit in chosen])
    progress(1.0)
    return result


def content_keys(tracks: Tracks) -> list[bytes]:
    """A digest of the fixes of each track (times, longitudes, latitudes), independent of its ids."""
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
    """A digest of the backbone, its features, and the version of the recipe."""
    digest = hashlib.blake2b(digest_size=16)
    with Path(model.bundle.path, WEIGHTS_FILE).open("rb") as weights:
        for block in iter(lambda: weights.read(1 << 20), b""):
            digest.update(block)
    version = [FEATURE_VERSION, EMBEDDING_VERSION, model.card.get("embedding")]
    digest.update(json.dumps(version, sort_keys=True).encode())
    return digest.digest()


class _Store:
    """The file, for one recipe. After a failure, which is reported once, nothing is read or written."""

    def __init__(
        self, folder: Path, recipe: bytes, warn: Warn, settings: CacheSettings = CacheSettings()
    ) -> None:  # fmt: skip
        self.file, self.recipe, self.warn, self.settings = folder / FILE, recipe, warn, settings
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
            if _version(database) != FORMAT_VERSION and self._upgrade(database):
                self.warn(f"Embeddings kept in {self.file} are of another version of RAW: they are computed anew.")

    def _upgrade(self, database: sqlite3.Connection) -> int:
        """Delete the embeddings of another version. Returns how many those are."""
        with database:
            database.execute("BEGIN IMMEDIATE")
            if _version(database) == FORMAT_VERSION:
                return 0  # another process was faster, and may have stored some already
            deleted = database.execute("DELETE FROM units").rowcount
            database.execute(f"PRAGMA user_version = {FORMAT_VERSION}")
        return deleted

    @contextmanager
    def _failures(self) -> Iterator[None]:
        try:
            yield
        except (OSError, sqlite3.Error) as error:
            self.usable = False
            if _is_damage(error):  # of pages that were not read when the file was opened
                with suppress(OSError):
                    self.file.unlink(missing_ok=True)
            self.warn(
                f"Embeddings cannot be kept in {self.file.parent}: {error}. They are computed all the same; next time "
                "they will be computed again."
            )

    def read(self, keys: Sequence[bytes], width: int) -> dict[bytes, np.ndarray]:
        """The stored vectors (width,) float32 by their keys, without those that are not as they were written."""
        found: dict[bytes, Any] = {}
        if not self.usable:
            return found
        with self._failures(), closing(_connect(self.file)) as database:
            found = self._stored(database, keys)
            old = self.now - self.settings.use_resolution_s
            with database:
                database.executemany(
                    "UPDATE units SET used = ? WHERE recipe = ? AND fixes = ? AND used < ?",
                    [(self.now, self.recipe, key, old) for key in found],
                )
        opened = ((key, _open_sealed(key, self.recipe, sealed, width)) for key, sealed in found.items())
        return {key: vector for key, vector in opened if vector is not None}

    def _stored(self, database: sqlite3.Connection, keys: Sequence[bytes]) -> dict[bytes, Any]:
        """What is stored under keys."""
        found: dict[bytes, Any] = {}
        for start in range(0, len(keys), self.settings.keys_at_once):
            part = keys[start : start + self.settings.keys_at_once]
            marks = ",".join("?" * len(part))
            query = f"SELECT fixes, vector FROM units WHERE recipe = ? AND fixes IN ({marks})"  # nosec B608
            found.update(database.execute(query, (self.recipe, *part)))
        return found

    def write(self, vectors: list[tuple[bytes, bytes]]) -> None:
        """Store (key, vector) pairs, all of them or none, and keep the file under its largest size."""
        if not self.usable:
            return
        rows = [(key, self.recipe, self.now, _seal(key, self.recipe, vector)) for key, vector in vectors]
        with self._failures(), closing(_connect(self.file)) as database:
            with database:
                database.executemany("INSERT OR REPLACE INTO units VALUES (?, ?, ?, ?)", rows)
                keys = [key for key, _ in vectors]
                if self._stored(database, keys).keys() != set(keys):  # SQLite does not see every damage of its index
                    raise sqlite3.DatabaseError("what was written is not found again")
            while (over := _size_bytes(database) - self.settings.max_bytes) > 0:
                count = 1 + over // max(len(rows[0][3]), 1)
                oldest = "SELECT rowid FROM units ORDER BY used, rowid LIMIT ?"
                with database:
                    deleted = database.execute(f"DELETE FROM units WHERE rowid IN ({oldest})", (count,))  # nosec B608
                database.execute("PRAGMA incremental_vacuum").fetchall()
                if not deleted.rowcount:
                    break


def _connect(file: Path) -> sqlite3.Connection:
    database = sqlite3.connect(file, timeout=10.0)  # seconds, while another process writes
    database.text_factory = bytes  # a damaged row may hold text that is none
    # Pages that hold several vectors; free space returned to the disk; deleted vectors overwritten
    database.executescript("PRAGMA page_size = 16384; PRAGMA auto_vacuum = INCREMENTAL; PRAGMA secure_delete = ON;")
    return database


def _version(database: sqlite3.Connection) -> int:
    return database.execute("PRAGMA user_version").fetchone()[0]


def _is_damage(error: Exception) -> bool:
    """Whether the file is damaged. Most OperationalErrors have other causes, such as a lock or a full disk.

    Those that have none are other tables, and a file that is to be read only though it could be opened to write. Before
    Python 3.11 they cannot be told.
    """
    if isinstance(error, sqlite3.OperationalError):
        return getattr(error, "sqlite_errorname", "") in ("SQLITE_ERROR", "SQLITE_READONLY")
    return isinstance(error, sqlite3.DatabaseError)


def _seal(key: bytes, recipe: bytes, vector: bytes) -> bytes:
    """A vector with its checksum behind it, which is one of its keys too."""
    return vector + zlib.crc32(vector, zlib.crc32(key + recipe)).to_bytes(4, "little")


def _open_sealed(key: bytes, recipe: bytes, sealed: Any, width: int) -> np.ndarray | None:
    """The vector (width,) of a sealed one, None if it is damaged: SQLite keeps anything in a column of blobs."""
    if not isinstance(sealed, bytes) or len(sealed) != 4 * width + 4 or _seal(key, recipe, sealed[:-4]) != sealed:
        return None
    vector = np.frombuffer(sealed, np.float32, width)
    return vector if np.isfinite(vector).all() else None


def _size_bytes(database: sqlite3.Connection) -> int:
    pages, size = (database.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "page_size"))
    return pages * size
