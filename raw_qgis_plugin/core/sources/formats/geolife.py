# SPDX-License-Identifier: GPL-2.0-or-later
"""GeoLife's layout: <user>/Trajectory/<track>.plt, six header lines, then lat, lon, 0, feet, days, date, time (UTC)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from ...errors import Progress
from ...tracks import Skipped
from ..text import Head, text_tables

PLT = Head(["lat", "lon", "zero", "feet", "days", "date", "time"], ",", "latin-1", 6)
READ = ["lat", "lon", "date", "time"]


def plt_tables(file: Path, skipped: Skipped, progress: Progress) -> Iterator[pa.Table]:
    """The columns lat, lon and time as text, and user and track. No table of a file that is empty."""
    rows, folder = file.read_bytes().split(b"\n", 6)[6:], file.resolve().parent
    if not rows or not rows[0].strip():
        return
    user = folder.parent.name if folder.name.lower() == "trajectory" else folder.name
    for table in text_tables(file, PLT, READ, skipped, progress):
        columns = {"lat": table["lat"], "lon": table["lon"]}
        columns["time"] = pc.binary_join_element_wise(table["date"], table["time"], " ")
        for name, value in (("user", user), ("track", file.stem)):
            columns[name] = pa.repeat(value, len(table)).dictionary_encode()
        yield pa.table(columns)
