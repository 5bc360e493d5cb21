# SPDX-License-Identifier: GPL-2.0-or-later
"""The first rows of a source, raw and as they would be read."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from ..errors import InputError, no_progress
from ..tracks import Skipped
from .files import KINDS, files_of, names_of
from .readers import build, choose, open_table, parser_of, resolve_source, with_date_order
from .schema import AS_GUESSED, Schema, find_columns, has_fixes, user_candidates

if TYPE_CHECKING:
    import pyarrow as pa


OFFSET = re.compile(r":\d\d(?:[.,]\d+)? ?([+-]\d\d):?(\d\d)?$")  # at the end of a time
SAMPLE = 20_000  # rows in which columns that may name users are looked for: files may be sorted by user


class Preview(NamedTuple):
    """What reading a source would give, by its first rows."""

    kind: str  # of KINDS
    raw: pa.Table  # the first rows
    sample: pa.Table  # these and more
    fixes: pa.Table | None  # of `fixes_of`, a row each; None where time or position is not known
    schema: Schema  # with the order of dates in the first rows, 'unknown' where they show none
    skipped: Skipped  # of the first rows
    problem: str  # why there are no fixes, or ''
    total: int  # rows of the first file, estimated; 0: unknown

    @property
    def candidates(self) -> dict[str, int]:
        """Columns that may name users, with the number of different values in the sample."""
        taken = self.schema.columns()
        return user_candidates({n: self.sample[n].to_pylist() for n in self.sample.column_names if n not in taken})

    @property
    def zone(self) -> str:
        """The offset that all times in the sample carry, such as 'UTC+03:00'; '' for none, several, or that of UTC."""
        times = self.sample[self.schema.time].to_pylist() if self.schema.time in self.sample.column_names else []
        ends = (OFFSET.search(str(time)) for time in times if time not in (None, ""))
        found = {f"UTC{end[1]}:{end[2] or '00'}" if end else "" for end in ends}
        return found.pop() if len(found) == 1 and not found <= {"UTC+00:00", "UTC-00:00"} else ""


def preview(source: str | Path, format: str = "auto", schema: Schema = AS_GUESSED, rows: int = 1000) -> Preview:
    """Read the first rows of a source, of a folder those of its first file with fixes. Arguments are those of `read`.

    Raises InputError if the source cannot be read or a named column is missing; MissingLibrary without pyarrow.
    """
    path, kind, wanted = resolve_source(source, format, schema)
    import pyarrow as pa

    from .columns import fixes_of

    skipped = Skipped()
    sample, total = _first_rows(path, kind, wanted, skipped)
    raw = sample.slice(0, rows)
    found, problem, fixes = find_columns(raw.column_names, wanted), "", None
    try:
        found = with_date_order(choose(raw.column_names, wanted, path), [raw])
        fixes = fixes_of(raw, replace(found, visible=None), Skipped())
        for reason, count in build([fixes_of(raw, found, skipped)])[1].items():
            skipped.add(reason, count)
    except (InputError, pa.ArrowException, UnicodeError) as error:
        problem = str(error)
    return Preview(kind, raw, sample, fixes, found, skipped, problem, total)


def _first_rows(path: Path, kind: str, wanted: Schema, skipped: Skipped) -> tuple[pa.Table, int]:
    """At most SAMPLE rows, and the estimated number of rows; what is unreadable is counted in `skipped`."""
    import pyarrow as pa

    files = files_of(path, KINDS[kind])
    if kind in ("csv", "gotrack", "parquet"):
        opened = {file: open_table(kind, file, wanted) for file in files}
        first = next((file for file, (names, _) in opened.items() if has_fixes(names, wanted)), files[0])
        names, batches = opened[first]
        table = next(batches(names, skipped, no_progress, ahead=False), None)
        table = pa.table({name: pa.array([], pa.string()) for name in names}) if table is None else table
        if kind == "parquet":
            from pyarrow import parquet

            return table.slice(0, SAMPLE), parquet.read_metadata(first).num_rows
        from .text import read_head

        return table.slice(0, SAMPLE), int(first.stat().st_size / read_head(first, wanted).bytes_a_row)
    parse = parser_of(kind, skipped, names_of(path, files))
    table = next((part for file in files for part in parse(file, no_progress)), None)
    if table is None:
        raise InputError(f"{path.name} holds no position.")
    return table.slice(0, SAMPLE), 0
