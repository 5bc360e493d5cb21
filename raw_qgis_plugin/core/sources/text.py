# SPDX-License-Identifier: GPL-2.0-or-later
"""Tables of text: delimiter, encoding and header are recognised, and blocks read as columns of
text.
"""

from __future__ import annotations

import codecs
import csv
import re
from collections.abc import Iterator
from itertools import takewhile
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv as arrow_csv

from ..errors import InputError, Progress
from ..tracks import Skipped
from .schema import AS_GUESSED, Schema

DELIMITERS = ",;\t| "
# lines above a header: of Excel, and comments
ABOVE = re.compile(r'"?sep=."?|#[^,;\t|]*', re.IGNORECASE)
VALUE = re.compile(r"[+-]?\d[\d.,:/ TZ+-]*")  # a number or a time, as no column is called
NULLS = ["", "NULL", "null", "NA", "N/A", "nan", "NaN", "None", "\\N"]
HEAD_BYTES = 1 << 20
BLOCK_BYTES = 2 << 20  # Arrow reads 32 of them ahead


class Head(NamedTuple):
    """The columns of a text table."""

    names: list[str]
    delimiter: str
    encoding: str
    above: int  # lines above the first row


def read_head(file: Path, schema: Schema = AS_GUESSED, always_header: bool = False) -> Head:
    """Read the names of the columns; the delimiter is recognised, and so is the encoding where the
    schema has none.

    Columns of a table without a header are called 'column 1' and so on. always_header: there is
    one, whatever it looks like. Raises InputError if the file cannot be read or has another
    encoding.
    """
    try:
        with pa.input_stream(str(file), compression="detect") as stream:
            data = stream.read(HEAD_BYTES)
        encoding = codecs.lookup(schema.encoding).name if schema.encoding else _encoding(data)
        # as Arrow calls what it reads itself
        encoding = "utf8" if encoding == "utf-8" else encoding
        text = codecs.getincrementaldecoder(encoding)().decode(data)
    except (
        pa.ArrowException,
        OSError,
        UnicodeError,
        LookupError,
    ) as error:  # a broken .gz, another encoding
        raise InputError(
            "{file} cannot be read as a table of text: {error}", file=file.name, error=error
        ) from error
    if data.startswith(b"PK\x03\x04"):
        raise InputError(
            "{file} is a ZIP archive or a spreadsheet: unpack it, or save it as CSV.",
            file=file.name,
        )
    lines = text.lstrip("\ufeff").splitlines()
    above = sum(1 for _ in takewhile(ABOVE.fullmatch, lines))
    line = next(iter(lines[above:]), "").replace("\0", "")
    try:
        rows = {sign: next(csv.reader([line], delimiter=sign), []) for sign in DELIMITERS}
    except csv.Error as error:  # its first line has no end
        raise InputError(
            "{file} cannot be read as a table of text: {error}", file=file.name, error=error
        ) from error
    delimiter = max(rows, key=lambda sign: (len(rows[sign]) > 1 and sign != " ", len(rows[sign])))
    first, names = [name.strip() for name in rows[delimiter]], list[str]()
    # a row, and no header
    if not always_header and len(first) > 2 and any(VALUE.fullmatch(name) for name in first):
        return Head(
            [f"column {number}" for number in range(1, len(first) + 1)], delimiter, encoding, above
        )
    for number, name in enumerate(first, 1):
        names.append(name if name and name not in names else f"{name or 'column'} {number}")
    return Head(names, delimiter, encoding, above + 1)


def _encoding(data: bytes) -> str:
    if data[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        return "utf-16"
    try:
        codecs.getincrementaldecoder("utf8")().decode(data)
    except UnicodeDecodeError:
        return "latin-1"
    return "utf8"


def text_tables(
    file: Path, head: Head, columns: list[str], skipped: Skipped, progress: Progress
) -> Iterator[pa.Table]:
    """The columns as text, a block of the file at a time, at least one. Rows of another length are
    counted.

    Raises InputError if the file is no such table.
    """

    def unreadable(row: arrow_csv.InvalidRow) -> str:
        skipped.add("unreadable row", 1)
        return "skip"

    size, none = max(file.stat().st_size, 1), True
    how = {"block_size": BLOCK_BYTES, "encoding": head.encoding, "use_threads": size > BLOCK_BYTES}
    try:
        with pa.OSFile(str(file)) as raw:
            reader = arrow_csv.open_csv(
                pa.CompressedInputStream(raw, "gzip") if file.suffix.lower() == ".gz" else raw,
                arrow_csv.ReadOptions(column_names=head.names, skip_rows=head.above, **how),
                arrow_csv.ParseOptions(
                    delimiter=head.delimiter,
                    newlines_in_values=True,
                    invalid_row_handler=unreadable,
                ),
                arrow_csv.ConvertOptions(
                    include_columns=columns,
                    column_types={name: pa.string() for name in columns},
                    null_values=NULLS,
                    strings_can_be_null=True,
                ),
            )
            for batch in reader:
                progress(min(raw.tell() / size, 1.0))
                yield pa.Table.from_batches([batch])
                none = False
            if none:
                yield reader.schema.empty_table()
    except (pa.ArrowException, OSError, UnicodeError) as error:
        words = "{file} cannot be read as a table of text: {error}"
        if "UTF8" in str(error):
            words = "{file} cannot be read: {error}. Choose its encoding, such as latin-1"
        raise InputError(words, file=file.name, error=error) from error


def plt_tables(file: Path, skipped: Skipped, progress: Progress) -> Iterator[pa.Table]:
    """A file of GeoLife, <user>/Trajectory/<track>.plt: six lines, then lat, lon, 0, feet, days,
    date, time (UTC).

    The columns lat, lon and time as text, and user and track. No table of a file that is empty.
    """
    rows, folder = file.read_bytes().split(b"\n", 6)[6:], file.resolve().parent
    if not rows or not rows[0].strip():
        return
    user = folder.parent.name if folder.name.lower() == "trajectory" else folder.name
    head = Head(["lat", "lon", "zero", "feet", "days", "date", "time"], ",", "latin-1", 6)
    for table in text_tables(file, head, ["lat", "lon", "date", "time"], skipped, progress):
        columns = {"lat": table["lat"], "lon": table["lon"]}
        columns["time"] = pc.binary_join_element_wise(table["date"], table["time"], " ")
        for name, value in (("user", user), ("track", file.stem)):
            columns[name] = pa.repeat(value, len(table)).dictionary_encode()
        yield pa.table(columns)
