# SPDX-License-Identifier: GPL-2.0-or-later
"""Embed more tracks than memory holds: by parts of the users, in one process or by Ray's workers.

The source is split by a hash of the user; then each part is cut into units and embedded. Split and parts get their
names when they are complete: after a kill, of a worker or of the command, only missing ones are made.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import secrets
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from model.cli import units_of
from model.data.shards import make_once
from model.data.split import MOST_FILES, count_rows, split
from raw_qgis_plugin.core.bundle.bundle import open_bundle
from raw_qgis_plugin.core.bundle.runtime import Model
from raw_qgis_plugin.core.embedding.embed import embed
from raw_qgis_plugin.core.embedding.places import most_visited
from raw_qgis_plugin.core.errors import InputError, Progress, no_progress
from raw_qgis_plugin.core.scratch import Scratch, complete
from raw_qgis_plugin.core.sources.files import files_of, find_source
from raw_qgis_plugin.core.sources.readers import build
from raw_qgis_plugin.core.sources.schema import Schema
from raw_qgis_plugin.core.tracks import Skipped, Tracks

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

PART_FIXES = 500_000
SKIPPED = "skipped.json"  # beside the parts


def open_parts(beside: Path, source: str, unit: str, schema: Schema, recipe: str) -> list[Path]:
    """The files of the source's parts in a private folder beside a path, made unless they are there. Its name depends
    on the input and all options, so that work that was broken off is resumed, and no other work. recipe: the key of the
    model and of the way in which it embeds.
    """
    path, kind = find_source(source)
    files = [(str(f.resolve()), f.stat().st_size, f.stat().st_mtime_ns) for f in files_of(path, kind)]
    key = hashlib.sha256(repr((files, kind, unit, schema, recipe)).encode()).hexdigest()[:8]
    folder = beside.with_name(f"{beside.name}.parts-{key}")
    folder.mkdir(mode=0o700, exist_ok=True)

    def write(fresh: Path) -> None:
        count = min(max(count_rows(source) // PART_FIXES, 8), MOST_FILES)
        _, skipped = split(source, fresh, count, schema, by_track=unit == "track")
        (fresh / SKIPPED).write_text(json.dumps(skipped), "utf-8")

    make_once(folder / "split", write)
    return sorted((folder / "split").glob("*.parquet"))


def embedded(part: Path) -> Path:
    """The file of a part's embeddings."""
    return part.parents[1] / f"part-{part.name}"


def embed_part(part: Path, unit: str, model: Model, progress: Progress = no_progress) -> None:
    """Embed the units of one part."""
    from pyarrow import parquet

    tracks, skipped = build([parquet.read_table(part)])
    units = units_of(tracks, unit)
    table = table_of(units, unit, embed(units, model, progress))
    with complete(embedded(part), uuid4().hex) as beside:
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


def skipped_of(parts: list[Path]) -> Skipped:
    """The fixes that were skipped in the finished work."""
    from pyarrow import parquet

    total = Counter[str](json.loads((parts[0].parent / SKIPPED).read_text("utf-8")))
    for part in parts:
        total.update(json.loads(parquet.read_metadata(embedded(part)).metadata[b"raw"]))
    return Skipped(total)


def _embed_with(part: Path, unit: str, bundle: str | None, device: str, threads: int) -> None:
    embed_part(part, unit, Model(open_bundle(bundle), device, threads))


def embed_on_ray(
    parts: list[Path], unit: str, bundle: str | None, device: str, workers: int, address: str | None, progress: Progress
) -> None:
    """Embed parts by Ray's workers, here or on the cluster at `address`. All workers must see the parts.

    A part whose worker dies is repeated. InputError for what fails again.
    """
    threads = max((os.cpu_count() or 1) // workers, 1) if address is None else 1
    with started(workers, address) as ray:
        task = ray.remote(_embed_with).options(max_retries=5, num_gpus=1 if device == "cuda" else 0)
        todo, running = list(parts), list[Any]()
        while todo or running:
            while todo and len(running) < workers:
                running.append(task.remote(todo.pop(0), unit, bundle, device, threads))
            done, running = ray.wait(running)
            try:
                ray.get(done)
            except ray.exceptions.RayTaskError as error:
                raise InputError(str(error.cause)) from error
            progress(1 - (len(todo) + len(running)) / len(parts))


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
