# SPDX-License-Identifier: GPL-2.0-or-later
"""Tables of text with a header: delimiter and encoding are recognised, and blocks read as columns of text."""

from __future__ import annotations

import codecs
import csv
import gzip
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
from pyarrow import csv as arrow_csv

from ..errors import InputError, Progress
from ..tracks import Skipped
from .fields import AS_GUESSED, Layout

DELIMITERS = ",;\t| "
NEVER_WRITTEN = [chr(code) for code in range(1, 32) if chr(code) not in "\t\n\v\f\r\x1a\x1c\x1d\x1e\x1f"]
ABOVE = re.compile(r'"?sep=(.)"?|#[^,;\t|]*', re.IGNORECASE)  # lines above a header: of Excel, and comments
NULLS = ["", "NULL", "null", "NA", "N/A", "nan", "NaN", "None", "\\N"]


@dataclass(frozen=True)
class TextSettings:
    """Sizes of the parts in which files are read."""

    head_bytes: int = 1 << 16
    most_unwritten: float = 0.02  # of the letters that no text has, in text
    block_bytes: int = 2 << 20  # Arrow reads 32 of them ahead


SETTINGS = TextSettings()


class Head(NamedTuple):
    """The header of a text table."""

    names: list[str]
    delimiter: str
    encoding: str
    bytes_a_row: float  # of the file, packed where it is, about
    above: int = 0  # lines above it


def read_head(file: Path, layout: Layout = AS_GUESSED) -> Head:
    """Read the names of the columns; delimiter and encoding are recognised where the layout leaves them open.

    Raises InputError if the file cannot be read or has another encoding.
    """
    try:
        with pa.input_stream(str(file), compression="detect") as stream:
            data = stream.read(SETTINGS.head_bytes)
        encoding = codecs.lookup(layout.encoding).name if layout.encoding else _encoding(data)
        encoding = "utf8" if encoding == "utf-8" else encoding  # as Arrow calls what it reads itself
        text = codecs.getincrementaldecoder(encoding)().decode(data)
    except (pa.ArrowException, OSError, UnicodeError, LookupError) as error:  # a broken .gz, another encoding
        raise InputError(f"{file.name} cannot be read as a table of text: {error}") from error
    if data.startswith(b"PK\x03\x04"):
        raise InputError(f"{file.name} is a ZIP archive or a spreadsheet: unpack it, or save its table as CSV.")
    if sum(map(text.count, NEVER_WRITTEN)) > SETTINGS.most_unwritten * len(text):
        raise InputError(f"{file.name} cannot be read as a table of text: it is of another kind, such as a picture")
    lines = text.lstrip("\ufeff").splitlines()
    above = sum(1 for _ in takewhile(ABOVE.fullmatch, lines))
    said = next((match[1] for line in lines[:above] if (match := ABOVE.fullmatch(line)) and match[1]), "")
    line = next(iter(lines[above:]), "").replace("\0", "")
    rows = {sign: next(csv.reader([line], delimiter=sign), []) for sign in layout.delimiter or said or DELIMITERS}
    delimiter = max(rows, key=lambda sign: (len(rows[sign]) > 1 and sign != " ", len(rows[sign])))
    names: list[str] = []
    for number, name in enumerate(rows[delimiter], 1):
        name = name.strip()
        names.append(name if name and name not in names else f"{name or 'column'} {number}")
    size = len(gzip.compress(data) if file.suffix.lower() == ".gz" else data)
    return Head(names, delimiter, encoding, size / max(1, len(lines)), above)


def _encoding(data: bytes) -> str:
    if data[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        return "utf-16"
    try:
        codecs.getincrementaldecoder("utf8")().decode(data)
    except UnicodeDecodeError:
        return "latin-1"
    return "utf8"


def text_tables(
    file: Path, head: Head, columns: list[str], skipped: Skipped, progress: Progress, ahead: bool = True
) -> Iterator[pa.Table]:
    """The columns as text, a block of the file at a time, at least one. Rows of another length are counted.

    ahead: read the next blocks meanwhile, in other threads; not for who wants the first ones alone.
    Raises InputError if the file is no such table.
    """

    def unreadable(row: arrow_csv.InvalidRow) -> str:
        skipped.add("unreadable row", 1)
        return "skip"

    size, none = max(file.stat().st_size, 1), True
    try:
        with pa.OSFile(str(file)) as raw:
            stream = pa.CompressedInputStream(raw, "gzip") if file.suffix.lower() == ".gz" else raw
            reader = arrow_csv.open_csv(
                stream,
                arrow_csv.ReadOptions(
                    column_names=head.names,
                    skip_rows=1 + head.above,
                    block_size=SETTINGS.block_bytes,
                    encoding=head.encoding,
                    use_threads=ahead,
                ),
                arrow_csv.ParseOptions(
                    delimiter=head.delimiter, newlines_in_values=True, invalid_row_handler=unreadable
                ),
                arrow_csv.ConvertOptions(
                    include_columns=columns,
                    column_types={name: pa.string() for name in columns},
                    null_values=NULLS,
                    strings_can_be_null=True,
                    check_utf8=False,
                ),
            )
            for batch in reader:
                progress(min(raw.tell() / size, 1.0))
                yield pa.Table.from_arrays([_decoded(column) for column in batch.columns], schema=batch.schema)
                none = False
            if none:
                yield reader.schema.empty_table()
    except (pa.ArrowException, OSError, UnicodeError) as error:
        raise InputError(f"{file.name} cannot be read as a table of text: {error}") from error


def _decoded(column: pa.StringArray) -> pa.StringArray:
    """A column of text. Words that are not UTF-8 are Latin-1: the head, by which it is guessed, may have been ASCII."""
    try:
        column.validate(full=True)
    except pa.ArrowInvalid:
        coded = column.cast(pa.binary()).dictionary_encode()
        return pa.array(map(_word, coded.dictionary.to_pylist()), pa.string()).take(coded.indices)
    return column


def _word(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data.decode("latin-1")
