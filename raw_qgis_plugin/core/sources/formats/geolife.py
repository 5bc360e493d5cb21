# SPDX-License-Identifier: GPL-2.0-or-later
"""GeoLife's layout: <user>/Trajectory/<track>.plt, six header lines, then lat, lon, 0, feet, days, date, time."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from ...errors import InputError, Progress
from ...tracks import Skipped
from ..columns import fixes_of
from ..files import KINDS, files_of
from ..schema import Schema

READABLE = bytes(byte if byte < 128 else ord("?") for byte in range(256))
COLUMNS = ["file", "lat", "lon", "zero", "feet", "days", "date", "time"]
GEOLIFE = Schema("user", "track", "time", "lon", "lat", date="date")


def read_geolife(path: Path, skipped: Skipped, progress: Progress) -> Iterator[pa.Table]:
    """Tables of `fixes_of`, some hundred thousand fixes at a time. Times are UTC.

    path: a .plt file, or a GeoLife folder (the root, Data/, users' folders or one user's). Raises InputError if it
    holds no .plt file.
    """
    files = files_of(path, KINDS["geolife"])
    users = [_user(file) for file in files]
    tracks = [file.stem for file in files]
    lines: list[bytes] = []
    size = 0
    for number, file in enumerate(files):
        body = file.read_bytes().translate(READABLE, b"\r").split(b"\n", 6)[6:]  # without the header
        if not body or not body[0].strip():
            continue
        tag = b"%d," % number  # every line begins with the number of its file, so that one parse reads many files
        lines.append(tag + body[0].strip().replace(b"\n", b"\n" + tag))
        size += len(body[0])
        if size > 32 << 20:
            yield _parse(lines, users, tracks, skipped)
            lines, size = [], 0
            progress((number + 1) / len(files))
    if lines:
        yield _parse(lines, users, tracks, skipped)


def _user(file: Path) -> str:
    folder = file.resolve().parent
    return folder.parent.name if folder.name.lower() == "trajectory" else folder.name


def _parse(lines: list[bytes], users: list[str], tracks: list[str], skipped: Skipped) -> pa.Table:
    def unreadable(row: csv.InvalidRow) -> str:
        skipped.add("unreadable row", 1)
        return "skip"

    try:
        table = csv.read_csv(
            pa.BufferReader(b"\n".join(lines)),
            csv.ReadOptions(column_names=COLUMNS),
            csv.ParseOptions(quote_char=False, invalid_row_handler=unreadable),
            csv.ConvertOptions(
                column_types={name: pa.int64() if name == "file" else pa.string() for name in COLUMNS},
                include_columns=["file", "lat", "lon", "date", "time"],
            ),
        )
    except pa.ArrowException as error:  # such as a line of a megabyte
        raise InputError(f"The .plt files cannot be read: {error}") from error
    ids = {role: pc.take(pa.array(names), table["file"]) for role, names in (("user", users), ("track", tracks))}
    for role, column in ids.items():
        table = table.append_column(role, column.dictionary_encode())
    return fixes_of(table, GEOLIFE, skipped)
