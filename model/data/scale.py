# SPDX-License-Identifier: GPL-2.0-or-later
"""Embed more tracks than memory holds: by parts of the users, in one process or by Ray's workers.

    1. split   every input file is read as a stream and written as one file, sorted by part: a hash of the user gives
               the part, so that a user's fixes in different files come together
    2. embed   every part is read from those files, cut into units and embedded

Each piece of work writes one file, which gets its name when it is complete. After a kill, of a worker or of the
command, only missing files are made.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import secrets
import zlib
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import numpy as np

from model.cli import units_of
from model.data.shards import count_rows
from raw_qgis_plugin.core.bundle.bundle import open_bundle
from raw_qgis_plugin.core.bundle.runtime import Model
from raw_qgis_plugin.core.embedding.embed import embed
from raw_qgis_plugin.core.embedding.profiles import most_visited
from raw_qgis_plugin.core.errors import InputError, Progress, part_of
from raw_qgis_plugin.core.scratch import Scratch, complete
from raw_qgis_plugin.core.sources.columns import ids_of
from raw_qgis_plugin.core.sources.files import files_of
from raw_qgis_plugin.core.sources.readers import find_source, stream
from raw_qgis_plugin.core.sources.schema import Schema
from raw_qgis_plugin.core.tracks import Skipped, Tracks, build_tracks, encode_ids

if TYPE_CHECKING:
    import pyarrow as pa

ROWS = 2_000_000  # held in memory while a file is split
PART_FIXES = 500_000
MOST_FILES = 256  # of step 1: step 2 opens them all


@dataclass(frozen=True)
class Job:
    """The work. bundle: '' for the shipped one. recipe: the key of the model and of the way in which it embeds."""

    source: str
    kind: str
    unit: str
    fields: tuple[str | None, str | None, str | None]  # user, track, time
    timezone: str
    bundle: str
    recipe: str
    folder: Path = Path()  # private
    groups: tuple[tuple[str, ...], ...] = ()  # input files, by file of step 1
    parts: int = 0

    @property
    def split_files(self) -> list[Path]:
        """The files of step 1."""
        return [self.folder / f"split-{n:05d}.parquet" for n in range(len(self.groups))]

    @property
    def part_files(self) -> list[Path]:
        """The files of step 2."""
        return [self.folder / f"part-{n:05d}.parquet" for n in range(self.parts)]


def open_job(beside: Path, source: str, unit: str, fields: tuple, timezone: str, bundle: str, recipe: str) -> Job:
    """Plan the work in a private folder beside a path. The folder's name depends on the input and all options, so that
    work that was broken off is resumed, and no other work.
    """
    path, kind = find_source(source)
    files = [path]
    if kind == "parquet" and path.is_dir():
        files = files_of(path, kind)
    names = [str(file.resolve()) for file in files]
    groups = tuple(tuple(map(str, some)) for some in np.array_split(names, min(len(names), MOST_FILES)))
    parts = int(np.clip(count_rows(path, kind) // PART_FIXES, 8, 4096))
    bundle = str(Path(bundle).resolve()) if bundle else ""
    job = Job(str(path.resolve()), kind, unit, tuple(fields), timezone, bundle, recipe, groups=groups, parts=parts)
    state = [(file.stat().st_size, file.stat().st_mtime_ns) for file in files]
    key = hashlib.sha256(repr((job, state)).encode()).hexdigest()[:8]
    folder = beside.with_name(f"{beside.name}.parts-{key}")
    folder.mkdir(mode=0o700, exist_ok=True)
    return replace(job, folder=folder)


def split(job: Job, number: int) -> None:
    """Step 1 for one group of input files."""
    import pyarrow as pa
    from pyarrow import parquet

    skipped, held = Skipped(), list[pa.Table]()
    types = {"part": pa.int32(), "user": pa.string(), "track": pa.string(), "t": pa.int64()}
    schema = pa.schema({**types, "lon": pa.float64(), "lat": pa.float64()})
    with (
        complete(job.split_files[number], uuid4().hex) as beside,
        parquet.ParquetWriter(beside, schema, compression="zstd") as writer,
    ):
        for path in job.groups[number]:
            for table in stream(path, job.kind, Schema(*job.fields, zone=job.timezone), skipped)[1]:
                held.append(_with_part(table, job).cast(schema))
                if sum(map(len, held)) >= ROWS:
                    _write_sorted(writer, pa.concat_tables(held))
                    held.clear()
        _write_sorted(writer, pa.concat_tables([*held, schema.empty_table()]))
        writer.add_key_value_metadata({"raw": json.dumps(skipped)})


def _with_part(table: pa.Table, job: Job) -> pa.Table:
    """Columns part, user and track (as text), t, lon, lat. Without users all fixes are one user's; without tracks a
    user's fixes are one track. Where the units are tracks and there are no users, a hash of the track gives the part.
    """
    import pyarrow as pa

    ids: dict[str, Any] = {}
    for role in ("user", "track"):
        found = ids_of(table, role)
        if found is None:
            ids[role] = ids.get("user", pa.repeat("all", len(table)).dictionary_encode())
            continue
        coded = encode_ids(found)
        codes = pa.array(coded.codes, pa.int32(), mask=coded.codes < 0)
        ids[role] = pa.DictionaryArray.from_arrays(codes, pa.array(coded.names, pa.string()))
    together = ids["track" if job.unit == "track" and ids_of(table, "user") is None else "user"]
    of_name = [zlib.crc32(name.encode()) % job.parts for name in together.dictionary.to_pylist()]
    codes = together.indices.fill_null(-1).to_numpy(zero_copy_only=False)
    text = {role: column.cast(pa.string()) for role, column in ids.items()}
    part = np.array([*of_name, 0], np.int32)[codes]
    return pa.table({"part": part, **text, **{name: table[name] for name in ("t", "lon", "lat")}})


def _write_sorted(writer: Any, table: pa.Table) -> None:
    """Write a table, a row group a part, so that a part is read without the others."""
    part = table["part"].to_numpy()
    order = np.argsort(part, kind="stable")
    for rows in np.split(order, np.flatnonzero(np.diff(part[order])) + 1) if len(order) else []:
        writer.write_table(table.take(rows))


def embed_part(job: Job, number: int, model: Model, progress: Progress) -> None:
    """Step 2 for one part."""
    from pyarrow import dataset, parquet

    files = list(map(str, job.split_files))
    fixes = dataset.dataset(files, format="parquet").to_table(filter=dataset.field("part") == number)
    columns = (fixes[name].to_numpy() for name in ("t", "lon", "lat"))
    tracks, skipped = build_tracks(ids_of(fixes, "user"), ids_of(fixes, "track"), *columns)
    units = units_of(tracks, job.unit)
    table = table_of(units, job.unit, embed(units, model, progress))
    with complete(job.part_files[number], uuid4().hex) as beside:
        parquet.write_table(table.replace_schema_metadata({"raw": json.dumps(skipped)}), beside)


def table_of(units: Tracks, unit: str, vectors: np.ndarray) -> pa.Table:
    """user_id, track_id or day, lon and lat of the most visited place (a 500 m grid), and e000, e001, …"""
    import pyarrow as pa

    columns: dict[str, Any] = {"user_id": pa.array(units.user_ids[units.track_user], pa.string())}
    if unit != "user":
        columns["day" if unit == "day" else "track_id"] = pa.array(units.track_ids, pa.string())
    columns["lon"], columns["lat"] = most_visited(units)
    columns.update({f"e{number:03d}": vectors[:, number] for number in range(vectors.shape[1])})
    return pa.table(columns)


def skipped_of(job: Job) -> Skipped:
    """The fixes that were skipped in all pieces of the finished work."""
    from pyarrow import parquet

    total = Counter[str]()
    for file in (*job.split_files, *job.part_files):
        total.update(json.loads(parquet.read_metadata(file).metadata[b"raw"]))
    return Skipped(total)


def work_alone(job: Job, model: Model, progress: Progress) -> None:
    """Both steps in this process."""
    for number, file in enumerate(job.split_files):
        if not file.exists():
            split(job, number)
        progress(0.2 * (number + 1) / len(job.groups))
    for number, file in enumerate(job.part_files):
        if not file.exists():
            shares = [0.2 + 0.8 * (number + done) / job.parts for done in (0, 1)]
            embed_part(job, number, model, part_of(progress, *shares))
    progress(1.0)


def _embed_with(job: Job, number: int, device: str, threads: int) -> None:
    embed_part(job, number, Model(open_bundle(job.bundle), device, threads), lambda _: None)


def work_on_ray(job: Job, device: str, workers: int, address: str | None, progress: Progress) -> None:
    """Both steps by Ray's workers, here or on the cluster at `address`. All workers must see the folder.

    A piece of work whose worker dies is repeated. What is wrong with the input is raised as InputError.
    """
    threads = max((os.cpu_count() or 1) // workers, 1) if address is None else 1
    with started(workers, address) as ray:
        embedding = ray.remote(_embed_with).options(num_gpus=1) if device == "cuda" else ray.remote(_embed_with)
        for task, files, more, shares in (
            (ray.remote(split), job.split_files, (), (0.0, 0.2)),
            (embedding, job.part_files, (device, threads), (0.2, 1.0)),
        ):
            todo = [number for number, file in enumerate(files) if not file.exists()]
            running: list[Any] = []
            for count in range(len(todo)):
                while todo and len(running) < workers:
                    running.append(task.options(max_retries=5).remote(job, todo.pop(0), *more))
                done, running = ray.wait(running)
                try:
                    ray.get(done)
                except ray.exceptions.RayTaskError as error:
                    raise InputError(str(error.cause)) from error
                part_of(progress, *shares)((count + 1) / (count + 1 + len(todo) + len(running)))


@contextmanager
def started(workers: int, address: str | None) -> Iterator[Any]:
    """Ray, joined at `address`, or started here so that no other user can reach it.

    By itself Ray listens on all interfaces, and everyone may read and write in its folder. So that one lies in a
    private folder, with a token that callers need; without clusters it listens on loopback alone.
    """
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"  # Ray sends no statistics
    os.environ.setdefault("RAY_BACKEND_LOG_LEVEL", "fatal")  # a worker's error is raised here in one sentence
    with ExitStack() as at_end:
        here: dict[str, Any] = {}
        if address is None:
            place = Path("/tmp") if os.name == "posix" else None  # nosec B108: private, and sockets' names are short
            private = Path(at_end.enter_context(Scratch("raw-ray-", place)))
            token = private / "token"
            token.touch(0o600)
            token.write_text(secrets.token_hex(32), "ascii")
            os.environ.pop("RAY_AUTH_TOKEN", None)  # would go before the file
            os.environ["RAY_AUTH_MODE"], os.environ["RAY_AUTH_TOKEN_PATH"] = "token", str(token)
            os.environ["RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"] = "0"
            here = {"_temp_dir": str(private / "ray"), "num_cpus": workers, "include_dashboard": False}
            here["object_store_memory"] = 128 * 2**20
        import ray

        if tuple(map(int, ray.__version__.split(".")[:2])) < (2, 54):
            raise InputError(f"Ray {ray.__version__} has no tokens: pip install 'ray>=2.54'.")
        if address is None:
            # Even without a dashboard a process of it starts, and requests the metadata of a cloud.
            ray._private.node.Node.start_api_server = lambda *_, **__: None  # type: ignore[method-assign]
        at_end.callback(ray.shutdown)
        ray.init(address=address, log_to_driver=False, logging_level=logging.ERROR, configure_logging=True, **here)
        yield ray
