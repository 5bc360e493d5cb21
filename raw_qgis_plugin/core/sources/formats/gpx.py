# SPDX-License-Identifier: GPL-2.0-or-later
"""The track points of GPX files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.parsers import expat  # nosec B407

import pyarrow as pa

from ...errors import InputError, Progress

COLUMNS = ("track", "time", "lon", "lat")


def gpx_tables(file: Path, progress: Progress, fixes_a_table: int = 1 << 16) -> Iterator[pa.Table]:
    """The columns of COLUMNS as text, some fixes at a time. A segment is a track, named by numbers from 1.

    Raises InputError if the file is broken.
    """
    reader = _Reader()
    size = max(file.stat().st_size, 1)
    try:
        with file.open("rb") as stream:
            while data := stream.read(1 << 20):
                reader.parser.Parse(data)
                progress(min(1.0, stream.tell() / size))
                if len(reader.rows) >= fixes_a_table:
                    yield reader.table()
            reader.parser.Parse(b"", True)
    except expat.ExpatError as error:
        raise InputError(f"{file.name} is no complete GPX file: {error}.") from error
    yield reader.table()


class _Reader:
    """Collects track points while a file is parsed."""

    def __init__(self) -> None:
        self.parser = expat.ParserCreate()
        self.parser.buffer_text = True
        self.parser.StartElementHandler, self.parser.EndElementHandler = self.begin, self.end
        self.parser.StartDoctypeDeclHandler = self.refuse  # entities need one
        self.rows: list[tuple[Any, ...]] = []
        self.track = self.segment = 0
        self.point: dict[str, str] | None = None
        self.depth = 0  # below the point
        self.words: list[str] = []  # of the element `time`

    def table(self) -> pa.Table:
        columns = list(zip(*self.rows)) or [()] * len(COLUMNS)
        self.rows = []
        return pa.table({name: pa.array(column, pa.string()) for name, column in zip(COLUMNS, columns)})

    def refuse(self, *_: Any) -> None:
        raise InputError("A GPX file with a document type of its own is not read: it could contain anything.")

    def begin(self, name: str, attributes: dict[str, str]) -> None:
        name = name.rpartition(":")[2]
        if self.point is not None:
            self.depth += 1
            if name == "time" and self.depth == 1:  # deeper ones are of extensions
                self.words = []
                self.parser.CharacterDataHandler = self.words.append
        elif name == "trk":
            self.track, self.segment = self.track + 1, 0
        elif name == "trkseg":
            self.segment += 1
        elif name == "trkpt":
            self.point, self.depth = attributes, 0

    def end(self, name: str) -> None:
        self.parser.CharacterDataHandler = None
        if self.point is None:
            return
        if self.depth == 0:
            moment = "".join(self.words).strip() or None
            segment = f"{self.track}.{self.segment}"
            self.rows.append((segment, moment, self.point.get("lon"), self.point.get("lat")))
            self.point, self.words = None, []
        self.depth -= 1
