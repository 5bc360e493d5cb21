# SPDX-License-Identifier: GPL-2.0-or-later
"""The first rows of a source, raw and as they would be read."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from ..errors import InputError, no_progress
from ..times import UTC, find_zone
from ..tracks import Skipped
from .files import files_of
from .readers import build, choose, open_file, resolve_source, with_date_order
from .schema import AS_GUESSED, Schema, find_columns, has_fixes, plain

if TYPE_CHECKING:
    import pyarrow as pa


class Preview(NamedTuple):
    """What reading a source would give, by its first rows."""

    raw: pa.Table  # the first rows
    fixes: pa.Table | None  # of `fixes_of`, a row each; None where time or position is not known
    schema: Schema  # with the order of dates in the first rows, 'unknown' where they show none
    skipped: Skipped  # of the first rows
    problem: str  # why there are no fixes, or ''
    no_zone: bool  # whether there are times without a zone, which are read as UTC for want of another


def preview(source: str | Path, format: str = "auto", schema: Schema = AS_GUESSED, rows: int = 1000) -> Preview:
    """Read the first rows of a source, of a folder those of its first file with fixes. Arguments are those of `read`.

    Raises InputError if the source cannot be read or a named column is missing; MissingLibrary without pyarrow.
    """
    path, kind, wanted = resolve_source(source, format, schema)
    import pyarrow as pa

    from .columns import fixes_of, read_times

    skipped, files = Skipped(), files_of(path, kind)
    opened = ((file, *open_file(kind, file, wanted, skipped, no_progress)) for file in files)
    found_in = next((each for each in opened if has_fixes(each[1], wanted)), None)
    file, names, tables = found_in or (files[0], *open_file(kind, files[0], wanted, skipped, no_progress))
    raw = next(tables(names), None)
    if raw is None:
        raise InputError(f"{path.name} holds no position.")
    raw, found, problem, fixes, no_zone = raw.slice(0, rows), find_columns(names, wanted), "", None, False
    try:
        found = with_date_order(choose(names, wanted, file), [raw])
        fixes = fixes_of(raw, found)
        if kind != "geolife" and "utc" not in plain(str(found.time)) and find_zone(found.zone) is UTC:
            no_zone = bool((read_times(raw, replace(found, zone="+01:00")) != fixes["t"].to_numpy()).any())
        for reason, count in build([fixes])[1].items():
            skipped.add(reason, count)
    except (InputError, pa.ArrowException, UnicodeError) as error:
        problem = str(error)
    return Preview(raw, fixes, found, skipped, problem, no_zone)
