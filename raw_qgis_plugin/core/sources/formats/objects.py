# SPDX-License-Identifier: GPL-2.0-or-later
"""Positions in JSON: Google Timeline's exports, OwnTracks, GTFS-realtime, and lists of flat objects."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from itertools import chain, islice
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ...errors import InputError, Progress
from ...times import NO_TIME, parse_times
from ...tracks import Skipped
from .ogr import ogr_tables
from .realtime import VERSION, feed_tables

LIST = re.compile(
    r'"(?:locations|semanticSegments|data)"\s*:\s*\['
)  # Records.json, Timeline.json, OwnTracks's recorder
SEGMENT = {"timelinePath", "visit", "activity"}
POINT = r"(?P<lat>-?\d+(?:\.\d+)?)°?,\s*(?P<lon>-?\d+(?:\.\d+)?)"
MOST_LETTERS = 1 << 26  # of one object
LONGEST_WORD = 16  # letters of a number, a name or an escape that may be cut where the text ends


def object_tables(file: Path, progress: Progress, skipped: Skipped, rows_a_table: int = 1 << 16) -> Iterator[pa.Table]:
    """The objects' columns of text and numbers, some at a time. Raises InputError if the file holds no such objects.

    Broken objects, such as one in whose middle the file ends, are counted in `skipped`.
    """
    with file.open("rb") as stream:
        head = stream.read(1000)
    if VERSION.search(head) or b'"FeatureCollection"' in head:
        yield from (feed_tables if VERSION.search(head) else ogr_tables)(file, progress)
        return
    objects = _objects(file, progress, skipped)
    first = list(islice(objects, 1000))
    if any("startTime" in item and SEGMENT & set(item) for item in first):
        points = chain.from_iterable(map(_points_of_segment, chain(first, objects)))
        while rows := list(islice(points, rows_a_table)):
            yield _timeline(rows)
        return
    names = list(dict.fromkeys(name for item in first for name, value in _flat(item).items() if _is_plain(value)))
    if not names:
        raise InputError(f"{file.name} holds no list of positions: RAW reads exports of Google Timeline and OwnTracks.")
    every = filter(None, map(_flat, chain(first, objects)))
    while items := list(islice(every, rows_a_table)):
        yield pa.table({name: _column([item.get(name) for item in items]) for name in names})


def _objects(file: Path, progress: Progress, skipped: Skipped) -> Iterator[dict[str, Any]]:
    """The objects of a list, or of lines, one at a time. Behind a broken one the next one is sought."""
    decoder, size = json.JSONDecoder(), max(file.stat().st_size, 1)
    with file.open(encoding="utf-8-sig", errors="replace") as stream:
        text = stream.read(1 << 20)
        found = LIST.search(text) if text.lstrip().startswith("{") else None
        at, read, whole = found.end() if found else 0, len(text), False
        while True:
            at, broken = text.find("{", at), -1
            if at >= 0:
                try:
                    item, at = decoder.raw_decode(text, at)
                except RecursionError:
                    raise InputError(f"{file.name} is nested too deep to be a list of positions.") from None
                except ValueError as error:
                    broken = _broken_at(error, at, len(text), whole)
                else:
                    yield item
                    continue
            if broken >= 0:
                skipped.add("unreadable row", 1)
                at = broken
                continue
            if whole:
                return
            text, at = text[at:] if at >= 0 else "", 0  # the object is not complete yet
            if len(text) > MOST_LETTERS:
                raise InputError(f"{file.name} has an object of over 64 MB, which is no position.")
            more = stream.read(max(1 << 20, len(text)))
            text, read, whole = text + more, read + len(more), not more
            progress(min(1.0, read / size))


def _broken_at(error: ValueError, at: int, end: int, whole: bool) -> int:
    """Where the object that begins at `at` is broken, or -1 if more than the text up to `end` may complete it.

    whole: there is no more text.
    """
    place = max(getattr(error, "pos", 0), at + 1)
    cut = str(error).startswith("Unterminated string") or place > end - LONGEST_WORD
    return -1 if cut and not whole else place


def _is_plain(value: Any) -> bool:
    return isinstance(value, (str, int, float)) and not isinstance(value, bool)


def _flat(item: dict[str, Any]) -> dict[str, Any]:
    """An object as a row. OwnTracks's messages of other types than positions are empty."""
    if "_type" not in item:
        return item
    if item["_type"] != "location":
        return {}
    user = item.get("topic") or item.get("tid")
    return {"user": user, **{name: item.get(name) for name in ("tst", "lon", "lat", "acc")}}


def _column(values: list[Any]) -> pa.Array:
    values = [value if _is_plain(value) else None for value in values]
    try:
        return pa.array(values)
    except (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError, UnicodeError):
        return _texts(values)  # text and numbers, or numbers of other sizes


def _texts(values: Iterable[Any]) -> pa.Array:
    """A column of text. An escape of JSON can name half of a letter that has two halves: it becomes a question mark."""
    words = (None if value is None else str(value).encode("utf-8", "replace").decode() for value in values)
    return pa.array(words, pa.string())


def _points_of_segment(segment: dict[str, Any]) -> Iterator[tuple[str | None, str | None, float]]:
    """The positions of a segment as Google writes them: coordinates, a time, and minutes to add to it."""

    def text(item: Any, *names: str) -> str | None:
        for name in names:
            item = item.get(name) if isinstance(item, dict) else item
        return item if isinstance(item, str) else None

    start, end = text(segment, "startTime"), text(segment, "endTime")
    path = segment.get("timelinePath")
    for each in path if isinstance(path, list) else ():
        minutes = text(each, "durationMinutesOffsetFromStartTime") or ""
        yield text(each, "point"), text(each, "time") or start, float(minutes[:6]) if minutes.isdecimal() else 0.0
    if "visit" in segment:
        place = text(segment, "visit", "topCandidate", "placeLocation", "latLng")
        yield from ((place, moment, 0.0) for moment in (start, end))
    if "activity" in segment:
        for name, moment in (("start", start), ("end", end)):
            yield text(segment, "activity", name, "latLng"), moment, 0.0


def _timeline(rows: list[tuple[str | None, str | None, float]]) -> pa.Table:
    points, moments, minutes = zip(*rows)
    parts, t = pc.extract_regex(_texts(points), POINT), parse_times(_texts(moments))
    t = np.where(t == NO_TIME, t, t + (60_000 * np.array(minutes)).astype(np.int64))
    when = pa.array(t.astype("datetime64[ms]"), mask=t == NO_TIME).cast(pa.timestamp("ms", "UTC"))
    return pa.table({"time": when, **{name: pc.struct_field(parts, name) for name in ("lon", "lat")}})
