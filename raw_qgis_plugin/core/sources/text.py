# SPDX-License-Identifier: GPL-2.0-or-later
"""Tables of text: delimiter, encoding and header are recognised, and blocks read as columns."""

from __future__ import annotations

import codecs
import csv
import gzip
import re
import zlib
from collections.abc import Iterator
from itertools import takewhile
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv as arrow_csv

from ..errors import InputError, Progress
from ..skipped import QUOTED, UNREADABLE, Rows
from .schema import AS_GUESSED, Schema

DELIMITERS = ",;\t| "
# lines above a header: of Excel, and comments
ABOVE = re.compile(r'"?sep=."?|#[^,;\t|]*', re.IGNORECASE)
VALUE = re.compile(r"[+-]?\d[\d.,:/ TZ+-]*")  # a number or a time, as no column is called
NULLS = ["", "NULL", "null", "NA", "N/A", "nan", "NaN", "None", "\\N"]
QUOTES = re.compile('"+')
BROKEN = (pa.ArrowException, OSError, EOFError, UnicodeError, zlib.error)  # of files, also packed
HEAD_BYTES = 1 << 20
BLOCK_BYTES = 2 << 20  # Arrow reads 32 of them ahead
ROW_BYTES = 200  # of a compressed table, in the mean at most


class Head(NamedTuple):
    """The columns of a text table."""

    names: list[str]
    delimiter: str
    encoding: str
    above: int  # lines above the first row
    max_rows: int = AS_GUESSED.max_rows  # of a compressed file


class Lines:
    """The bytes of a file, unpacked, as Arrow reads them. It counts the lines.

    Raises InputError where a compressed file holds more than its limits.
    """

    closed = False

    def __init__(self, file: Path, max_rows: int) -> None:
        self.file = file
        self.packed = is_gzip(file)
        self.max_rows = max_rows if self.packed else None
        self.count = 0
        self.size = 0
        self._raw = pa.OSFile(str(file))
        self._data = pa.CompressedInputStream(self._raw, "gzip") if self.packed else self._raw
        self._last = b""

    def read(self, size: int = -1) -> bytes:
        """The next bytes."""
        return self.read_buffer(size).to_pybytes()

    def read_buffer(self, size: int = -1) -> pa.Buffer:
        """The next bytes, in memory that Arrow frees at once."""
        buffer = self._data.read_buffer(size)
        data = memoryview(buffer).tobytes()
        self.size += len(data)
        self.count += data.count(b"\n") + data.count(b"\r") - data.count(b"\r\n")
        if self._last == b"\r" and data[:1] == b"\n":
            self.count -= 1
        if not data and self._last not in (b"", b"\n", b"\r"):
            self.count += 1  # the last line has no end
        self._last = data[-1:]
        self._check()
        return buffer

    def _check(self) -> None:
        rows = self.max_rows
        if rows and (self.count > rows or self.size > rows * ROW_BYTES):
            raise InputError(
                "{file} unpacks to more than {rows:,} rows or {size:,.0f} MB. If that is right, "
                "raise MAX_ROWS, or unpack the file first.",
                file=self.file.name,
                rows=rows,
                size=rows * ROW_BYTES / 1e6,
            )

    def tell(self) -> int:
        """Bytes of the file that were read, packed as they are."""
        return self._raw.tell()

    def readable(self) -> bool:
        """For Arrow."""
        return True

    def close(self) -> None:
        """Close the file."""
        self.closed = True
        self._raw.close()


def is_gzip(file: Path) -> bool:
    """Whether a file is compressed by gzip, whatever it is called."""
    with file.open("rb") as data:
        return data.read(2) == b"\x1f\x8b"


def read_head(file: Path, schema: Schema = AS_GUESSED, always_header: bool = False) -> Head:
    """Read the names of the columns; delimiter and encoding are recognised.

    Columns of a table without a header are called 'column 1' and so on. always_header: there is
    one, whatever it looks like. Raises InputError if the file cannot be read or has another
    encoding.
    """
    data = _first_bytes(file)
    encoding, text = _decoded(file, data, schema.encoding)
    if data.startswith(b"PK\x03\x04"):
        raise InputError(
            "{file} is a ZIP archive or a spreadsheet: unpack it, or save it as CSV.",
            file=file.name,
        )
    lines = text.lstrip("\ufeff").splitlines()
    above = sum(1 for _ in takewhile(ABOVE.fullmatch, lines))
    line = next(iter(lines[above:]), "").replace("\0", "")
    delimiter, values = _split(file, line)
    is_row = len(values) > 2 and any(VALUE.fullmatch(value) for value in values)
    if is_row and not always_header:
        names = [f"column {number}" for number in range(1, len(values) + 1)]
        return Head(names, delimiter, encoding, above, schema.max_rows)
    return Head(_distinct(values), delimiter, encoding, above + 1, schema.max_rows)


def _first_bytes(file: Path) -> bytes:
    try:
        with gzip.open(file) if is_gzip(file) else file.open("rb") as stream:
            return stream.read(HEAD_BYTES)
    except BROKEN as error:
        raise _unreadable(file, error) from error


def _decoded(file: Path, data: bytes, encoding: str) -> tuple[str, str]:
    """The encoding of data, as Arrow calls it, and the text. encoding: '' to recognise it."""
    try:
        b"ab".decode(encoding or "utf8", "replace")  # LookupError for rot13, which is no text
        name = codecs.lookup(encoding).name if encoding else _encoding(data)
        name = "utf8" if name == "utf-8" else name
        return name, codecs.getincrementaldecoder(name)().decode(data)
    except (UnicodeError, LookupError) as error:
        raise _unreadable(file, error) from error


def _encoding(data: bytes) -> str:
    if data[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        return "utf-16"
    try:
        codecs.getincrementaldecoder("utf8")().decode(data)
    except UnicodeDecodeError:
        return "latin-1"
    return "utf8"


def _split(file: Path, line: str) -> tuple[str, list[str]]:
    """The delimiter of a line, which gives most values, and the values."""
    try:
        rows = {sign: next(csv.reader([line], delimiter=sign), []) for sign in DELIMITERS}
    except csv.Error as error:  # its first line has no end
        raise _unreadable(file, error) from error
    delimiter = max(rows, key=lambda sign: (len(rows[sign]) > 1 and sign != " ", len(rows[sign])))
    return delimiter, [value.strip() for value in rows[delimiter]]


def _distinct(names: list[str]) -> list[str]:
    """Names of columns, numbered where they are empty or there twice."""
    found: list[str] = []
    for number, name in enumerate(names, 1):
        found.append(name if name and name not in found else f"{name or 'column'} {number}")
    return found


def _unreadable(file: Path, error: Exception) -> InputError:
    words = "{file} cannot be read as a table of text: {error}"
    if "UTF8" in str(error):
        words = "{file} cannot be read: {error}. Choose its encoding, such as latin-1"
    return InputError(words, file=file.name, error=error)


def text_tables(
    file: Path, head: Head, columns: list[str], rows: Rows, progress: Progress
) -> Iterator[pa.Table]:
    """The columns as text, a block of the file at a time, at least one.

    Rows of another length are skipped, and those that a quote of another row swallows. Raises
    InputError if the file is no such table.
    """
    size = max(file.stat().st_size, 1)
    before = rows.held

    def unreadable(row: arrow_csv.InvalidRow) -> str:
        rows.skip(UNREADABLE, 1)
        return "skip"

    try:
        lines = Lines(file, head.max_rows)
        reader = _reader(lines, head, columns, size, unreadable)
        given = 0
        for batch in reader:
            progress(min(lines.tell() / size, 1.0))
            given += len(batch)
            rows.held += len(batch)
            yield pa.Table.from_batches([batch])
        if not given:
            yield reader.schema.empty_table()
        if lines.count - head.above != rows.held - before:  # empty lines, or quotes over several
            rows.skip(QUOTED, _swallowed(file, head))
    except BROKEN as error:
        raise _unreadable(file, error) from error


def _reader(lines: Lines, head: Head, columns: list[str], size: int, unreadable: Any) -> Any:
    """Arrow's reader of a table. unreadable: what to do with rows of another length."""
    return arrow_csv.open_csv(
        pa.PythonFile(lines, mode="r"),
        arrow_csv.ReadOptions(
            column_names=head.names,
            skip_rows=head.above,
            block_size=BLOCK_BYTES,
            encoding=head.encoding,
            use_threads=size > BLOCK_BYTES,
        ),
        arrow_csv.ParseOptions(
            delimiter=head.delimiter, newlines_in_values=True, invalid_row_handler=unreadable
        ),
        arrow_csv.ConvertOptions(
            include_columns=columns,
            column_types={name: pa.string() for name in columns},
            null_values=NULLS,
            strings_can_be_null=True,
        ),
    )


def _swallowed(file: Path, head: Head) -> int:
    """The lines with the delimiters of a row that lie in a quote which an earlier line opens."""
    unpack = gzip.open if is_gzip(file) else open
    least = len(head.names) - 1
    count = 0
    inside = False
    with unpack(file, "rt", encoding=head.encoding, errors="replace") as lines:
        for number, line in enumerate(lines):
            if number < head.above:
                continue
            if inside and line.count(head.delimiter) == least:
                count += 1
            inside = _is_open(line, inside, head.delimiter)
    return count


def _is_open(line: str, inside: bool, delimiter: str) -> bool:
    """Whether a quote is open behind a line. inside: whether one is open before it."""
    for quotes in QUOTES.finditer(line):
        odd = len(quotes.group()) % 2 == 1  # two quotes are one letter of a quoted value
        at = quotes.start()
        if inside:
            inside = not odd
        elif at == 0 or line[at - 1] == delimiter:
            inside = odd
    return inside


PLT_NAMES = ["lat", "lon", "zero", "feet", "days", "date", "time"]
PLT_ROW = re.compile(rb"\s*-?\d+(\.\d+)?,-?\d+(\.\d+)?,[^,]*,[^,]*,[^,]*,\d{4}-")
PLT_LINES = 6  # above the rows


def plt_tables(file: Path, rows: Rows, progress: Progress) -> Iterator[pa.Table]:
    """A file of GeoLife, <user>/Trajectory/<track>.plt: rows of PLT_NAMES.

    The columns lat, lon and time (UTC) as text, and user and track. No table of an empty file.
    """
    lines = file.read_bytes().split(b"\n", PLT_LINES + 1)
    above = next((n for n, line in enumerate(lines[:-1]) if PLT_ROW.match(line)), PLT_LINES)
    if not b"".join(lines[above:]).strip():
        return
    folder = file.resolve().parent
    user = folder.parent.name if folder.name.lower() == "trajectory" else folder.name
    head = Head(PLT_NAMES, ",", "latin-1", above)
    for table in text_tables(file, head, ["lat", "lon", "date", "time"], rows, progress):
        columns = {"lat": table["lat"], "lon": table["lon"]}
        columns["time"] = pc.binary_join_element_wise(table["date"], table["time"], " ")
        for name, value in (("user", user), ("track", file.stem)):
            columns[name] = pa.repeat(value, len(table)).dictionary_encode()
        yield pa.table(columns)
