# SPDX-License-Identifier: GPL-2.0-or-later
"""Files of lines -> one table of lines, by what each file is. What was read is kept by content."""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np

from ..errors import InputError, Progress, no_progress, part_of, require
from .tables import Lines, concat, lines_of

VERSION = 1  # of what is kept; another one is read again


def read_lines(
    paths: Sequence[str | Path],
    kind_field: str = "",
    kind: str = "",
    cache: Path | None = None,
    progress: Progress = no_progress,
) -> tuple[Lines, Counter[str]]:
    """The lines and stops of files, and what was left out, by reason.

    paths: GTFS feeds (a folder or .zip), OpenStreetMap extracts (.osm, .osm.pbf), GeoParquet, and
    layers of lines or points that GDAL reads. kind_field, kind: of layers, see
    `features.lines_of_features`. cache: a private folder where tables are kept by the files'
    content. progress: called with the share that is done; may raise to stop. InputError where a
    file is missing, broken, or holds no line.
    """
    require("shapely", "pyarrow", "osgeo")
    tables = []
    skipped = Counter[str]()
    for number, path in enumerate(map(Path, paths)):
        step = part_of(progress, number / len(paths), (number + 1) / len(paths))
        lines, left_out = _read_kept(path.expanduser(), kind_field, kind, cache, step)
        if not len(lines):
            raise InputError("{file} holds no line of a known kind.", file=path.name)
        tables.append(lines)
        skipped += left_out
    progress(1.0)
    return concat(tables), skipped


def _read_kept(
    path: Path, kind_field: str, kind: str, cache: Path | None, progress: Progress
) -> tuple[Lines, Counter[str]]:
    """One file, from the cache if it was read before."""
    if not path.exists():
        raise InputError("There is no file '{path}'.", path=path)
    if cache is None:
        return _read(path, kind_field, kind, progress)
    kept = cache / f"{_digest(path, kind_field, kind)}.parquet"
    with suppress(OSError, ValueError, KeyError, TypeError):  # absent or damaged: read again
        return _load(kept), Counter()
    lines, skipped = _read(path, kind_field, kind, progress)
    with suppress(OSError):  # a full disk costs the next reading, not this one
        _keep(lines, kept)
    return lines, skipped


def _read(path: Path, kind_field: str, kind: str, progress: Progress) -> tuple[Lines, Counter[str]]:
    from .features import read_ogr, read_parquet
    from .gtfs import read_gtfs
    from .osm import read_osm

    name = path.name.lower()
    skipped = Counter[str]()
    if path.is_dir() or name.endswith(".zip"):
        return read_gtfs(path, progress)
    if name.endswith((".osm", ".osm.pbf", ".pbf", ".osm.bz2", ".osm.gz")):
        return read_osm(path, skipped, progress), skipped
    if name.endswith((".parquet", ".geoparquet")):
        return read_parquet(path, skipped, kind_field, kind), skipped
    return read_ogr(path, skipped, kind_field, kind, progress), skipped


def _digest(path: Path, *options: str) -> str:
    """A name for the content of a file or folder and for how it is read."""
    digest = hashlib.sha256(repr((VERSION, options)).encode())
    files = sorted(path.glob("*.txt")) if path.is_dir() else [path]
    for file in files:
        digest.update(file.name.encode())
        with file.open("rb") as stream:
            while block := stream.read(1 << 20):
                digest.update(block)
    return digest.hexdigest()


def _keep(lines: Lines, file: Path) -> None:
    """Write a table beside its name, then rename it: an interruption leaves none."""
    import pyarrow as pa
    import shapely
    from pyarrow import parquet

    columns = {
        "kind": pa.array(lines.kind, pa.string()),
        "name": pa.array(lines.name, pa.string()),
        "shape": pa.array(shapely.to_wkb(lines.shape), pa.binary()),
        "opened": pa.array(lines.opened),
        "closed": pa.array(lines.closed),
    }
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    beside = file.with_suffix(f".{os.getpid()}")
    try:
        parquet.write_table(pa.table(columns), beside)
        beside.replace(file)
    finally:
        beside.unlink(missing_ok=True)


def _load(file: Path) -> Lines:
    import shapely
    from pyarrow import parquet

    table = parquet.read_table(file)
    days = {name: table[name].to_numpy().astype("datetime64[D]") for name in ("opened", "closed")}
    return lines_of(
        table["kind"].to_pylist(),
        table["name"].to_pylist(),
        np.asarray(shapely.from_wkb(table["shape"].to_pylist()), object),
        **days,
    )
