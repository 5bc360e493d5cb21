# SPDX-License-Identifier: GPL-2.0-or-later
"""Embed more tracks than memory holds: by parts of the users, in one process or by Ray's workers.

The source is split by a hash of the user; then each part is cut into units and embedded. Split and
parts get their names when they are complete: after a kill, of a worker or of the command, only
missing ones are made.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
from collections import Counter
from pathlib import Path
from typing import Any
from uuid import uuid4

import pyarrow as pa
from pyarrow import parquet

from model.cli import units_of
from model.data.shards import MOST_FILES, count_rows, make_once, split
from raw_qgis_plugin.core.arrays import Array
from raw_qgis_plugin.core.bundle.bundle import open_bundle
from raw_qgis_plugin.core.bundle.runtime import Model
from raw_qgis_plugin.core.embedding.embed import embed
from raw_qgis_plugin.core.embedding.places import most_visited
from raw_qgis_plugin.core.errors import InputError, Progress, no_progress
from raw_qgis_plugin.core.scratch import complete
from raw_qgis_plugin.core.skipped import Skipped
from raw_qgis_plugin.core.sources.files import files_of, find_source
from raw_qgis_plugin.core.sources.readers import build
from raw_qgis_plugin.core.sources.schema import Schema
from raw_qgis_plugin.core.tracks import Tracks

PART_FIXES = 500_000
SKIPPED = "skipped.json"  # beside the parts


def open_parts(beside: Path, source: str, unit: str, schema: Schema, recipe: str) -> list[Path]:
    """The files of the source's parts in a private folder beside a path, made unless they are
    there. Its name depends on the input and all options, so that work that was broken off is
    resumed, and no other work. recipe: the key of the model and of the way in which it embeds.
    """
    path, kind = find_source(source)
    files = [
        (str(f.resolve()), f.stat().st_size, f.stat().st_mtime_ns) for f in files_of(path, kind)
    ]
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
    tracks, skipped = build([parquet.read_table(part)])
    units = units_of(tracks, unit)
    table = table_of(units, unit, embed(units, model, progress))

    with complete(embedded(part), uuid4().hex) as beside:
        parquet.write_table(table.replace_schema_metadata({"raw": json.dumps(skipped)}), beside)


def table_of(units: Tracks, unit: str, vectors: Array) -> pa.Table:
    """user_id, track_id or day, lon and lat of the most visited place (a 500 m grid), and e000,
    e001, …
    """
    columns: dict[str, Any] = {"user_id": pa.array(units.user_ids[units.track_user], pa.string())}
    if unit != "user":
        columns["day" if unit == "day" else "track_id"] = pa.array(units.track_ids, pa.string())

    columns["lon"], columns["lat"] = most_visited(units)
    columns.update({f"e{number:03d}": vectors[:, number] for number in range(vectors.shape[1])})
    return pa.table(columns)


def skipped_of(parts: list[Path]) -> Skipped:
    """The fixes that were skipped in the finished work."""
    total = Counter[str](json.loads((parts[0].parent / SKIPPED).read_text("utf-8")))
    for part in parts:
        total.update(json.loads(parquet.read_metadata(embedded(part)).metadata[b"raw"]))

    return Skipped(total)


def _embed_with(part: Path, unit: str, bundle: str | None, device: str) -> None:
    embed_part(part, unit, Model(open_bundle(bundle), device, 1))


def embed_on_ray(
    parts: list[Path], unit: str, bundle: str | None, device: str, address: str, progress: Progress
) -> None:
    """Embed parts by the workers of the Ray cluster at `address`, all of which must see the parts.

    A part whose worker dies is repeated. InputError for what fails again.
    """
    # this process sends no statistics
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    # a worker's error is raised here in one sentence
    os.environ.setdefault("RAY_BACKEND_LOG_LEVEL", "fatal")
    import ray

    try:
        ray.init(
            address=address,
            log_to_driver=False,
            logging_level=logging.ERROR,
            configure_logging=True,
        )
        task = ray.remote(_embed_with).options(max_retries=5, num_gpus=1 if device == "cuda" else 0)
        running = [task.remote(part, unit, bundle, device) for part in parts]

        while running:
            done, running = ray.wait(running)
            ray.get(done)
            progress(1 - len(running) / len(parts))
    except ConnectionError as error:
        raise InputError(
            f"There is no Ray cluster at '{address}': start one with 'ray start --head'."
        ) from error
    except ray.exceptions.RayTaskError as error:
        raise InputError(str(error.cause)) from error
    finally:
        ray.shutdown()
