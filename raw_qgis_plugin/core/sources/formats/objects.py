# SPDX-License-Identifier: GPL-2.0-or-later
"""Positions in JSON: Google Timeline's exports, OwnTracks, and lists of flat objects."""

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

LIST = re.compile(r'"(?:locations|semanticSegments|data)"\s*:\s*\[')  # of Records.json, Timeline.json, OwnTracks
SEGMENT = {"timelinePath", "visit", "activity"}
POINT = r"(?P<lat>-?\d+(?:\.\d+)?)°?,\s*(?P<lon>-?\d+(?:\.\d+)?)"


def object_tables(file: Path, skipped: Skipped, progress: Progress, rows: int = 1 << 16) -> Iterator[pa.Table]:
    """The objects' columns of text and numbers, some at a time. Raises InputError if the file holds no such objects.

    Broken objects, such as one in whose middle the file ends, are counted in `skipped`.
    """
    with file.open("rb") as stream:
        if b'"FeatureCollection"' in stream.read(1000):
            yield from ogr_tables(file, progress)
            return
    objects = _objects(file, skipped, progress)
    first = list(islice(objects, 1000))
    if any("startTime" in item and SEGMENT & set(item) for item in first):
        points = chain.from_iterable(map(_points_of_segment, chain(first, objects)))
        while some := list(islice(points, rows)):
            yield _timeline(some)
        return
    names = list(dict.fromkeys(name for item in first for name, value in _flat(item).items() if _is_plain(value)))
    if not names:
        raise InputError(f"{file.name} holds no list of positions: RAW reads exports of Google Timeline and OwnTracks.")
    every = filter(None, map(_flat, chain(first, objects)))
    while items := list(islice(every, rows)):
        yield pa.table({name: _column([item.get(name) for item in items]) for name in names})


def _objects(file: Path, skipped: Skipped, progress: Progress) -> Iterator[dict[str, Any]]:
    """The objects of a list, or of lines. Behind a broken one the next one is sought."""
    decoder, size, chunk = json.JSONDecoder(), max(1, file.stat().st_size), 1 << 22
    with file.open(encoding="utf-8-sig", errors="replace") as stream:
        text, whole, done = stream.read(chunk), False, 0
        found = LIST.search(text) if text[:100].lstrip().startswith("{") else None
        at = found.end() if found else 0
        while True:
            begin = text.find("{", at)
            try:
                item, at = decoder.raw_decode(text, begin) if begin >= 0 else (None, at)
            except RecursionError:
                raise InputError(f"{file.name} is nested too deep to be a list of positions.") from None
            except ValueError as error:
                if whole:
                    skipped.add("unreadable row", 1)
                    at = max(getattr(error, "pos", 0), begin + 1)  # of a number of thousands of digits there is no pos
                    continue
            else:
                if item is not None:
                    yield item
                    continue
            if whole:
                return
            more = stream.read(max(chunk, len(text)))  # the object may only be cut where the text ends
            text, at, whole, done = text[begin:] * (begin >= 0) + more, 0, not more, done + len(more)
            progress(min(1.0, done / size))


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
        return texts(values)  # text and numbers, or numbers of other sizes


def texts(values: Iterable[Any]) -> pa.Array:
    """Values as text. Half of a letter that has two halves, which an escape of JSON can name, is a question mark."""
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
    parts, t = pc.extract_regex(texts(points), POINT), parse_times(texts(moments))
    t = np.where(t == NO_TIME, t, t + (60_000 * np.array(minutes)).astype(np.int64))
    when = pa.array(t.astype("datetime64[ms]"), mask=t == NO_TIME).cast(pa.timestamp("ms", "UTC"))
    return pa.table({"time": when, **{name: pc.struct_field(parts, name) for name in ("lon", "lat")}})
