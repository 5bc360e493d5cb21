# SPDX-License-Identifier: GPL-2.0-or-later
"""Tokenised shards of a corpus: memory-mapped columns t, lon, lat, user, made once and reused.

A source of any size and order is read once: its fixes go to spools by user, and each spool is cleaned, sorted and
appended as one shard, so that memory holds one shard at a time. The shards are personal data: they are kept in a folder
of mode 0700, keyed by the source's files, sizes, times of change and VERSION.
"""

from __future__ import annotations

import contextlib
import ctypes
import hashlib
import json
import os
import shutil
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from model.cli import warn
from model.data.heldout import HELD_OUT_DEVICES, held_out_cab
from model.data.persons import MOST_HASHES, hash_runs, link
from raw_qgis_plugin.core.errors import InputError
from raw_qgis_plugin.core.scratch import Scratch
from raw_qgis_plugin.core.sources.columns import ids_of
from raw_qgis_plugin.core.sources.files import KINDS
from raw_qgis_plugin.core.sources.readers import find_source, stream
from raw_qgis_plugin.core.sources.schema import Schema
from raw_qgis_plugin.core.tracks import Coded, Skipped, build_tracks, encode_ids

VERSION = 6  # of the files and of the cleaning: with a new version shards are made again
SUMS = "crc32.json"  # checksums of the other files of a folder
SHARD_FIXES = 2_000_000
MOST_SPOOLS = 190  # open at once: macOS lets a process open 256 files
ROW = np.dtype([("user", "i4"), ("track", "i8"), ("t", "i8"), ("lon", "f8"), ("lat", "f8")])
COLUMNS = {"user": np.int32, "t": np.int64, "lon": np.float64, "lat": np.float64}


class Shards(NamedTuple):
    """Cleaned fixes by user, memory-mapped. user: (n,) int32, t, lon, lat: (n,). ends: (k,) where each shard ends.
    unseen: (n_users,) bool, held out for validation. person: (n_users,) int, equal for ids of one person. typical_s:
    median time between fixes.
    """

    folder: Path
    user: np.ndarray
    t: np.ndarray
    lon: np.ndarray
    lat: np.ndarray
    ends: np.ndarray
    unseen: np.ndarray
    person: np.ndarray
    typical_s: float


def default_cache() -> Path:
    """The user's cache folder for shards."""
    base = os.environ.get("XDG_CACHE_HOME") or os.environ.get("LOCALAPPDATA") or Path.home() / ".cache"
    return Path(base) / "raw" / "shards"


def shards_of(source: str, cache: Path | None = None) -> Shards:
    """The shards of a source ('path' or 'kind:path'), made if missing or damaged. InputError as of `stream`."""
    path, kind = find_source(source)
    files = [path] if path.is_file() else sorted(f for f in path.rglob("*") if f.is_file())
    facts = [(str(f.relative_to(path)), f.stat().st_size, f.stat().st_mtime_ns) for f in files]
    place, stamp = (
        hashlib.sha256(json.dumps(x).encode()).hexdigest()[:16]
        for x in ([str(path.resolve()), kind], [VERSION, SHARD_FIXES, facts])
    )
    cache = cache or default_cache()
    folder = cache / f"{place}-{stamp}"
    make_private(cache)
    make_whole(folder, lambda fresh: _make(source, fresh, count_rows(path, kind)))
    for stale in set(cache.glob(f"{place}-*")) - {folder}:  # of an earlier state of the source
        with contextlib.suppress(OSError):
            remove(stale)
    return open_shards(folder)


def make_whole(folder: Path, write: Callable[[Path], None]) -> None:
    """Let `write` make a folder's files, unless they are there and whole by their checksums; a warning names a damaged
    one.
    """
    if folder.is_dir() and (name := damaged(folder)):
        warn(f"{folder / name} is damaged. It is made again from the tracks.")
        try:
            remove(folder)
        except OSError as error:
            raise InputError(f"{folder} cannot be removed: {error.strerror}. Delete it and start again.") from error
    if folder.is_dir():
        return
    with Scratch(".making-", folder.parent) as beside:
        fresh = Path(beside, "fresh")
        fresh.mkdir(mode=0o700)
        write(fresh)
        sums = {file.name: _crc32(file) for file in sorted(fresh.iterdir())}
        (fresh / SUMS).write_text(json.dumps(sums), "ascii")
        try:
            os.rename(fresh, folder)
        except OSError:
            if not folder.is_dir():  # another run may have been faster
                raise


def remove(folder: Path) -> None:
    """Delete a folder of shards or of a view: after a kill meanwhile no half of it has the name of a whole one."""
    with Scratch(".making-", folder.parent) as beside:
        try:
            os.rename(folder, Path(beside, "old"))
        except OSError:  # Windows, where a file of it is open
            shutil.rmtree(folder)


def damaged(folder: Path) -> str:
    """The name of the first file that is not as `make_whole` left it, '' if all are."""
    name = SUMS
    try:
        sums = json.loads((folder / SUMS).read_text("ascii"))
        for name, known in sums.items():
            if _crc32(folder / name) != known:
                return name
    except (OSError, ValueError, AttributeError):
        return name
    return ""


def _crc32(file: Path) -> int:
    """The checksum of a file. It finds accidents, not attacks: a checksum can be written too."""
    crc = 0
    with file.open("rb") as source:
        for block in iter(lambda: source.read(1 << 20), b""):
            crc = zlib.crc32(block, crc)
    return crc


def make_private(folder: Path) -> None:
    """Make a folder that no other user can read. Raises InputError where that fails."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.chmod(0o700)
    except OSError as error:
        why = f"The cache folder {folder} cannot be made: {error.strerror}. Choose one with --cache."
        raise InputError(why) from error


def open_shards(folder: Path) -> Shards:
    """The shards in a folder that `shards_of` made."""
    about = json.loads((folder / "about.json").read_text("utf-8"))
    user, t, lon, lat = (mapped(folder / f"{name}.npy") for name in COLUMNS)
    held_out, person = (np.load(folder / f"{name}.npy") for name in ("unseen", "person"))
    ends = np.array(about["ends"], np.int64)
    return Shards(folder, user, t, lon, lat, ends, held_out, person, about["typical_s"])


def mapped(path: Path) -> np.ndarray:
    """An array in a .npy file, memory-mapped; an empty one, which cannot be mapped, as a plain array."""
    try:
        return np.load(path, mmap_mode="r").view(np.ndarray)
    except ValueError:
        return np.load(path)


class Column:
    """A one-dimensional .npy file that grows. As a context it is complete at the end, and closed also by an error."""

    def __init__(self, path: Path, dtype: type) -> None:
        self.file, self.dtype, self.length = path.open("wb"), np.dtype(dtype), 0
        self._header()

    def append(self, values: np.ndarray) -> None:
        """Write more values."""
        np.ascontiguousarray(values, self.dtype).tofile(self.file)
        self.length += len(values)

    def __enter__(self) -> Column:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        with self.file:
            if kind is None:
                self.file.seek(0)
                self._header()

    def _header(self) -> None:
        about = {"descr": np.lib.format.dtype_to_descr(self.dtype), "fortran_order": False, "shape": (self.length,)}
        np.lib.format.write_array_header_1_0(self.file, about)


def _make(source: str, folder: Path, n: int) -> None:
    """Write the shards of a source of about n fixes into an empty folder."""
    pool = pa.default_memory_pool()
    try:
        pa.set_memory_pool(pa.system_memory_pool())  # Arrow's own pool keeps its largest size
        skipped = Skipped()
        spools, names = _spool(source, folder, n, skipped)
        _shard(source, folder, spools, names, skipped)
    except OSError as error:
        why = error.strerror or f"{error}; the disk may be full"  # NumPy counts what it could write
        raise InputError(f"The shards cannot be written to {folder.parents[1]}: {why}.") from error
    finally:
        pa.set_memory_pool(pool)


def _spool(source: str, folder: Path, n: int, skipped: Skipped) -> tuple[list[Path], list[str]]:
    """Write the fixes of a source to files by user. Returns the files and the users' names."""
    path, kind = find_source(source)
    guess, tables = stream(path, kind, skipped=skipped)
    shards = min(n // SHARD_FIXES + 1, MOST_SPOOLS)
    spools = [folder / f"spool{k:03d}" for k in range(shards)]
    code_of: dict[str, int] = {}
    with contextlib.ExitStack() as opened:
        files = [opened.enter_context(spool.open("wb")) for spool in spools]
        for table in tables:
            user, track = (ids_of(table, role) for role in ("user", "track"))
            user = track if user is None else user  # a track without a user has one of its own
            nobody = Coded(np.zeros(len(table), np.int64), np.array(["all"], object))
            users = nobody if user is None else encode_ids(user)
            trips = users if track is None else encode_ids(track)
            known = [_code(name, code_of, guess, kind) for name in users.names]
            rows: np.ndarray = np.empty(len(table), ROW)
            rows["user"] = np.array([*known, -1])[users.codes]  # the last one is for code -1
            rows["track"] = np.array([*map(_id_hash, trips.names), 0])[trips.codes]
            for name in ("t", "lon", "lat"):
                rows[name] = table[name].to_numpy()
            skipped.add("no user", np.count_nonzero(users.codes < 0))
            skipped.add("no track", np.count_nonzero((users.codes >= 0) & (trips.codes < 0)))
            rows = rows[(rows["user"] >= 0) & (trips.codes >= 0)]
            rows = rows[np.argsort(rows["user"] % shards, kind="stable")]
            ends = np.searchsorted(rows["user"] % shards, np.arange(shards + 1))
            for k in np.flatnonzero(np.diff(ends)):
                rows[ends[k] : ends[k + 1]].tofile(files[k])
            give_back()
    return spools, list(code_of)


def count_rows(path: Path, kind: str) -> int:
    """The rows of a source: from Parquet's footers (InputError where broken), else estimated from its size."""
    from pyarrow import parquet

    files = [path] if path.is_file() else [f for f in path.rglob("*") if f.is_file()]
    if kind != "parquet":
        return sum(file.stat().st_size for file in files) // 50
    try:
        return sum(parquet.read_metadata(file).num_rows for file in files if file.suffix.lower() in KINDS["parquet"])
    except (pa.ArrowException, OSError) as error:
        raise InputError(f"{path.name} cannot be read as Parquet: {error}") from error


def _code(name: str, code_of: dict[str, int], guess: Schema, kind: str) -> int:
    """The number of a user, -1 for one that is held out (model/data/heldout.py)."""
    if (guess.user == "cab_id" and held_out_cab(name)) or (kind == "gotrack" and name in HELD_OUT_DEVICES):
        return -1
    return code_of.setdefault(name, len(code_of))


def give_back() -> None:
    """Return freed memory to the system: glibc keeps more than a gigabyte. No effect elsewhere."""
    with contextlib.suppress(AttributeError, OSError, TypeError):
        ctypes.CDLL(None).malloc_trim(0)


def _id_hash(name: str) -> int:
    return int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest(), "little", signed=True)


def _shard(source: str, folder: Path, spools: list[Path], names: list[str], skipped: Skipped) -> None:
    """Clean each spool into a shard, and hold some people out for validation."""
    every = sum(spool.stat().st_size for spool in spools) // ROW.itemsize // MOST_HASHES + 1
    users: list[str] = []
    fixes, ends, hashed, steps = [], [], [], []
    with contextlib.ExitStack() as opened:
        columns = {name: opened.enter_context(Column(folder / f"{name}.npy", dtype)) for name, dtype in COLUMNS.items()}
        for t, lon, lat, user, ids in _cleaned(spools, names, skipped):
            user = user + len(users)
            for name, values in zip(COLUMNS, (user, t, lon, lat)):
                columns[name].append(values)
            ends.append(columns["t"].length)
            fixes.append(np.bincount(user - len(users), minlength=len(ids)))
            hashed.append(hash_runs(user, t, lon, lat, every))
            steps.append(np.diff(t)[np.diff(user) == 0][:20_000])
            users += ids
            give_back()
    if not users:
        why = f" {skipped} {skipped.advice}".rstrip() if skipped else ""
        raise InputError(f"{source} holds no tracks to train on.{why}")
    hashes, whose = (np.concatenate(a) for a in zip(*hashed))
    person = link(hashes, whose, len(users))
    np.save(folder / "person.npy", person)
    np.save(folder / "unseen.npy", unseen(users, person, np.concatenate(fixes)))
    step = np.concatenate(steps)
    about = {"ends": ends, "typical_s": float(np.median(step) / 1000) if len(step) else 0.0}
    (folder / "about.json").write_text(json.dumps(about), "utf-8")


def _cleaned(spools: list[Path], names: list[str], skipped: Skipped) -> Iterator[tuple]:
    """t, lon, lat, user (from zero) and the users' names of each spool; spools without a good fix are left out."""
    everyone = np.array(names, object)
    for spool in spools:
        rows = np.fromfile(spool, ROW)
        spool.unlink()
        used, user = np.unique(rows["user"], return_inverse=True)
        tracks, dropped = build_tracks(Coded(user, everyone[used]), rows["track"], rows["t"], rows["lon"], rows["lat"])
        for reason, count in dropped.items():
            skipped.add(reason, count)
        del rows
        tracks = tracks.by_user()  # days of a person belong together; silences divide trips
        if len(tracks):
            yield tracks.t, tracks.lon, tracks.lat, tracks.track, tracks.user_ids.tolist()


def unseen(users: list[str], person: np.ndarray, fixes: np.ndarray) -> np.ndarray:
    """Which users are held out for validation, (n,) bool: a fiftieth of the persons, with all their ids; of few persons
    up to six, but at most a fifth: fewer than five persons all train.

    users: names. person: (n,) int without gaps. fixes: (n,) of each user. The hash of a person's first name decides.
    """
    order = np.lexsort((np.array(users), person))
    first = order[np.unique(person[order], return_index=True)[1]]
    draw = np.array([zlib.crc32(b"validation" + users[k].encode()) for k in first], np.int64)
    chosen = draw % 50 == 0
    most = len(first) // 5
    wanted = min(6, most)  # so many are needed to compare models
    if not wanted <= chosen.sum() <= most:
        chosen[:] = False
        chosen[np.argsort(draw, kind="stable")[:wanted]] = True
    chain = (np.bincount(person, fixes) > 0.2 * fixes.sum()) & (np.bincount(person) > 1)
    return (chosen & ~chain)[person]  # an id chain with a fifth of all fixes is no person
