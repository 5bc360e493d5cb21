# SPDX-License-Identifier: GPL-2.0-or-later
"""What reading a source would give, by its first rows."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import InputError, require
from ..skipped import Skipped
from ..times import UTC, find_zone
from .files import OpenFile, files_of, open_file, resolve_source
from .names import likely_users, plain
from .readers import build, choose, with_user
from .schema import AS_GUESSED, Schema, find_columns, has_fixes

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True)
class Preview:
    """What reading a source would give, by its first rows."""

    raw: pa.Table  # the first rows
    fixes: pa.Table | None  # of `fixes_of`, a row each; None where time or position is not known
    schema: Schema  # with the order of dates in the first rows, 'unknown' where they show none
    skipped: Skipped  # of the first rows
    problem: str = ""  # why there are no fixes, or ''
    # whether there are times without a zone, which are read as UTC for want of another
    no_zone: bool = False


def preview(
    source: str | Path, format: str = "auto", schema: Schema = AS_GUESSED, rows: int = 1000
) -> Preview:
    """Read the first rows of a source, of a folder those of its first file with fixes. Arguments
    are those of `readers.read`.

    Raises InputError if the source cannot be read or a named column is missing; MissingLibrary
    without pyarrow.
    """
    require("pyarrow")
    import pyarrow as pa

    path, kind, wanted = resolve_source(source, format, schema)
    skipped = Skipped()
    files = files_of(path, kind)
    file, data = _first_with_fixes(files, kind, wanted, skipped)
    raw = next(data.tables(data.names), None)
    if raw is None:
        raise InputError("{file} holds no position.", file=path.name)
    raw = raw.slice(0, rows)
    found = find_columns(data.names, wanted, ends=True)
    try:
        found = choose(data.names, wanted, file)
        if found.user is None and wanted.user is None and len(files) == 1:
            found = with_user(found, raw, likely_users(data.names))
        return _with_fixes(Preview(raw, None, found, skipped), kind)
    except (InputError, pa.ArrowException, UnicodeError) as error:
        return Preview(raw, None, found, skipped, str(error))


def _first_with_fixes(
    files: list[Path], kind: str, wanted: Schema, skipped: Skipped
) -> tuple[Path, OpenFile]:
    """The first file with columns of time and position, else the first one."""
    for file in files:
        data = open_file(kind, file, wanted, skipped)
        if has_fixes(data.names, wanted):
            return file, data
    return files[0], open_file(kind, files[0], wanted, skipped)


def _with_fixes(found: Preview, kind: str) -> Preview:
    """The preview with the fixes of its first rows, and what cleaning skips of them."""
    import pyarrow as pa

    from .columns import fixes_of, with_date_order, with_days

    schema = with_date_order(with_days(found.schema, found.raw), [found.raw])
    fixes = None
    no_zone = False
    problem = ""
    try:
        fixes = fixes_of(found.raw, schema)
        no_zone = kind != "geolife" and _may_be_local(found.raw, fixes, schema)
        for reason, count in build([fixes])[1].items():
            found.skipped.add(reason, count)
    except (InputError, pa.ArrowException, UnicodeError) as error:
        problem = str(error)
    return Preview(found.raw, fixes, schema, found.skipped, problem, no_zone)


def _may_be_local(raw: pa.Table, fixes: pa.Table, schema: Schema) -> bool:
    """Whether times change with the zone in which they are read, and nobody says that it is UTC."""
    from .columns import read_times

    if "utc" in plain(str(schema.time)) or find_zone(schema.zone) is not UTC:
        return False
    elsewhere = read_times(raw, replace(schema, zone="+01:00"))
    return bool((elsewhere != fixes["t"].to_numpy()[: len(raw)]).any())
