# SPDX-License-Identifier: GPL-2.0-or-later
"""The first rows of a source, raw and as they would be read."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from ..errors import InputError, no_progress
from ..tracks import Skipped
from .fields import AS_GUESSED, Guess, Layout, choose_fields, user_candidates
from .files import PARQUET, PARSED, TEXT, files_of
from .readers import (
    batches_of,
    build,
    choose,
    find_laid_out,
    first_of,
    has_fixes,
    names_of,
    open_parquet,
    parquet_with_fixes,
    parser_of,
    unreadable,
    with_date_order,
    within,
)

if TYPE_CHECKING:
    import pyarrow as pa


OFFSET = re.compile(r":\d\d(?:[.,]\d+)? ?([+-]\d\d):?(\d\d)?$")  # at the end of a time
SAMPLE = 20_000  # rows in which columns that may name users are looked for: files may be sorted by user


class Preview(NamedTuple):
    """What reading a source would give, by its first rows."""

    kind: str  # of FORMATS
    raw: pa.Table  # the first rows
    sample: pa.Table  # these and more
    fixes: pa.Table | None  # of `fixes_of`, a row each; None where time or position is not known
    guess: Guess  # with the order of dates in the first rows, 'unknown' where they show none
    skipped: Skipped  # of the first rows
    problem: str  # why there are no fixes, or ''
    delimiter: str  # of text, or ''
    encoding: str
    total: int  # rows of the first file, estimated; 0: unknown

    @property
    def candidates(self) -> dict[str, int]:
        """Columns that may name users, with the number of different values in the sample."""
        taken = self.guess.columns()
        return user_candidates({n: self.sample[n].to_pylist() for n in self.sample.column_names if n not in taken})

    @property
    def zone(self) -> str:
        """The offset that all times in the sample carry, such as 'UTC+03:00'; '' for none, several, or that of UTC."""
        times = self.sample[self.guess.time].to_pylist() if self.guess.time in self.sample.column_names else []
        ends = (OFFSET.search(str(time)) for time in times if time not in (None, ""))
        found = {f"UTC{end[1]}:{end[2] or '00'}" if end else "" for end in ends}
        return found.pop() if len(found) == 1 and not found <= {"UTC+00:00", "UTC-00:00"} else ""


def preview(source: str | Path, format: str = "auto", layout: Layout = AS_GUESSED, rows: int = 1000) -> Preview:
    """Read the first rows of a source, of a folder those of its first file with fixes. Arguments are those of `read`.

    Raises InputError if the source cannot be read or a named column is missing; MissingLibrary without pyarrow.
    """
    path, kind, layout = find_laid_out(source, format, layout)
    import pyarrow as pa

    from .columns import fixes_of

    sample, delimiter, encoding, total, skipped = _first_rows(path, kind, layout)
    raw = sample.slice(0, rows)
    guess, problem, fixes = choose_fields(raw.column_names, layout), "", None
    try:
        guess = with_date_order(choose(raw.column_names, layout, path), [raw])
        fixes = fixes_of(raw, replace(guess, visible=None), Skipped())
        used = within(fixes_of(raw, guess, skipped), layout, skipped)
        for reason, count in build([used], True)[1].items():
            skipped.add(reason, count)
    except (InputError, pa.ArrowException, UnicodeError) as error:
        problem = str(error)
    return Preview(kind, raw, sample, fixes, guess, skipped, problem, delimiter, encoding, total)


def _first_rows(path: Path, kind: str, layout: Layout) -> tuple[pa.Table, str, str, int, Skipped]:
    """At most SAMPLE rows, the delimiter and encoding of text, the estimated number of rows, and what is unreadable."""
    import pyarrow as pa

    skipped = Skipped()
    if kind == "parquet":
        files = files_of(path, PARQUET)
        try:
            data = open_parquet([next(parquet_with_fixes(files, layout), files[0])])
            table = next(batches_of(data, data.schema.names, SAMPLE), data.schema.empty_table())
            return table, "", "", data.count_rows(), skipped
        except (pa.ArrowException, OSError) as error:
            raise unreadable(path, files, error) from error
    if kind in ("csv", "gotrack"):
        from .text import read_head, text_tables

        heads = {file: read_head(file, layout) for file in files_of(path, TEXT)}
        part = next((file for file, head in heads.items() if has_fixes(head.names, layout)), next(iter(heads)))
        head = heads[part]
        table = next(text_tables(part, head, head.names, skipped, no_progress, ahead=False))
        total = int(part.stat().st_size / head.bytes_a_row)
        return table.slice(0, SAMPLE), head.delimiter, head.encoding, total, skipped
    if kind == "geolife":
        from .formats.geolife import read_geolife

        table = first_of(read_geolife(path, skipped, no_progress), path).slice(0, SAMPLE)
        moments = pa.array(table["t"].to_numpy().astype("datetime64[ms]")).cast(pa.timestamp("ms", "UTC"))
        return table.set_column(table.column_names.index("t"), "t", moments), "", "", 0, skipped
    names = names_of(path, files_of(path, PARSED[kind]))
    parts = (part for file in names for part in parser_of(kind, skipped, names)(file, no_progress))
    return first_of(parts, path).slice(0, SAMPLE), "", "", 0, skipped
