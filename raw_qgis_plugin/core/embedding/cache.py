# SPDX-License-Identifier: GPL-2.0-or-later
"""A cache of embeddings on disk, so that the same tracks are not embedded twice.

One SQLite file in a private folder. A row is keyed by the fixes of a unit and by a digest of the
network and the version of the recipe, and has a checksum: a damaged one is computed again. That is
about accidents; whoever can write here could write a checksum too. Embeddings are personal data as
tracks are: the options page can delete the folder.
"""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
import warnings
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ..arrays import Array
from ..bundle.contract import WEIGHTS_FILE
from ..errors import Progress, no_progress, part_of, translated
from ..features.featurizer import FEATURE_VERSION
from ..tracks import Tracks
from .embed import EMBEDDING_VERSION, embed, embedding_width

if TYPE_CHECKING:
    from ..bundle.runtime import Model

FILE = "embeddings.sqlite"
# a page of 16 KiB holds several vectors
PREPARE = """PRAGMA page_size = 16384;
    CREATE TABLE IF NOT EXISTS units (key BLOB NOT NULL UNIQUE, vector BLOB NOT NULL);"""

Warn = Callable[[str], object]


def embed_cached(
    tracks: Tracks,
    model: Model,
    folder: Path | None,
    progress: Progress = no_progress,
    warn: Warn = warnings.warn,
    units_at_once: int = 128,
) -> Array:
    """The embeddings of `embed`, (n_tracks, e) float32 to rounding, from the cache if it has them.

    folder: of the cache, created with mode 0700; None for no cache. warn: called with a sentence if
    the cache cannot be read or written (full disk, damaged file); the embeddings are computed all
    the same. units_at_once: computed before they are stored, some ten seconds of users, which an
    interruption loses.
    """
    if folder is None:
        return embed(tracks, model, progress)

    store = _Store(Path(folder) / FILE, warn)
    result = np.full((tracks.n_tracks, embedding_width(model.card["width"])), np.nan, np.float32)

    units = np.flatnonzero(tracks.has_steps)
    keys = unit_keys(tracks, recipe_key(model))
    found = store.read([keys[unit] for unit in units], result.shape[1])
    for unit in units:
        result[unit] = found.get(keys[unit], np.nan)

    new = units[np.isnan(result[units]).all(axis=1)]

    for start in range(0, len(new), units_at_once):
        chosen = new[start : start + units_at_once]
        done = len(units) - len(new) + start

        share = part_of(progress, done / len(units), (done + len(chosen)) / len(units))
        result[chosen] = embed(tracks.take_tracks(chosen), model, share)
        store.write({keys[unit]: result[unit].tobytes() for unit in chosen})

    progress(1.0)

    return result


def unit_keys(tracks: Tracks, recipe: bytes) -> list[bytes]:
    """A digest of the fixes of each track (times, longitudes, latitudes), independent of its ids,
    and of a recipe.
    """
    columns = [np.ascontiguousarray(c).data.cast("B") for c in (tracks.t, tracks.lon, tracks.lat)]

    keys = []
    for start, stop in pairwise((8 * tracks.track_offsets).tolist()):
        digest = hashlib.blake2b(recipe, digest_size=16)
        for column in columns:
            digest.update(column[start:stop])
        keys.append(digest.digest())

    return keys


def recipe_key(model: Model) -> bytes:
    """A digest of the network, its features, and the version of the recipe."""
    digest = hashlib.blake2b(digest_size=16)
    digest.update(np.memmap(Path(model.bundle.path, WEIGHTS_FILE), mode="r").data)
    version = [
        FEATURE_VERSION,
        EMBEDDING_VERSION,
        model.card.get("config"),
        model.card.get("embedding"),
    ]
    digest.update(json.dumps(version, sort_keys=True).encode())

    return digest.digest()


class _Store:
    """The file. After a failure, which is reported once, nothing is read or written."""

    def __init__(self, file: Path, warn: Warn) -> None:
        self.file = file
        self.warn = warn
        self.usable = True

    def read(self, keys: Sequence[bytes], width: int) -> dict[bytes, Array]:
        """The stored vectors (width,) float32 by their keys, without those that are not as they
        were written.
        """
        found = {}
        with self._failures(), closing(_connect(self.file)) as database:
            for key in keys:
                row = database.execute("SELECT vector FROM units WHERE key = ?", (key,)).fetchone()
                if row and _is_whole(key, row[0], width):
                    found[key] = np.frombuffer(row[0], np.float32, width)

        return found

    def write(self, vectors: dict[bytes, bytes]) -> None:
        """Store vectors by their keys, all of them or none."""
        if self.usable:
            with self._failures(), closing(_connect(self.file)) as database, database:
                rows = [(key, _seal(key, vector)) for key, vector in vectors.items()]
                database.executemany("INSERT OR REPLACE INTO units VALUES (?, ?)", rows)

    @contextmanager
    def _failures(self) -> Iterator[None]:
        """What goes wrong with the file is a warning; a damaged one is deleted."""
        try:
            yield
        except (OSError, sqlite3.Error) as error:
            self.usable = False
            # Of operational errors only that of a table that is not ours is damage: others are
            # locks, or a full disk
            operational = isinstance(error, (OSError, sqlite3.OperationalError))
            if not operational or getattr(error, "sqlite_errorname", "") == "SQLITE_ERROR":
                with suppress(OSError):
                    self.file.unlink(missing_ok=True)
            words = "Embeddings are computed all the same, but cannot be kept in {folder}: {error}"
            self.warn(translated(words, folder=self.file.parent, error=error))


def _connect(file: Path) -> sqlite3.Connection:
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    os.close(os.open(file, os.O_CREAT | os.O_RDWR, 0o600))

    database = sqlite3.connect(file, timeout=10.0)  # seconds, while another process writes
    database.text_factory = bytes  # a damaged row may hold text that is none
    database.executescript(PREPARE)

    return database


def _is_whole(key: bytes, sealed: object, width: int) -> bool:
    """Whether this is a vector as it was written: SQLite keeps anything in a column of blobs."""
    if not isinstance(sealed, bytes) or len(sealed) != 4 * width + 4:
        return False
    return _seal(key, sealed[:-4]) == sealed


def _seal(key: bytes, vector: bytes) -> bytes:
    """A vector with its checksum behind it."""
    return vector + zlib.crc32(vector, zlib.crc32(key)).to_bytes(4, "little")
