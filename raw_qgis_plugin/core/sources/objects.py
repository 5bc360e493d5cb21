# SPDX-License-Identifier: GPL-2.0-or-later
"""Positions in JSON: Google Timeline's exports, OwnTracks, and lists of flat objects."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ..errors import InputError, Progress
from ..times import NO_TIME, parse_times
from ..tracks import Skipped
from .ogr import ogr_tables
from .schema import ONE_PERSON

LISTS = ("locations", "semanticSegments", "data")  # of Records.json, Timeline.json, OwnTracks
PLAIN = {str, int, float}  # types of values; others are left out
SEGMENT = {"timelinePath", "visit", "activity"}
POINT = r"(?P<lat>-?\d+(?:\.\d+)?)°?,\s*(?P<lon>-?\d+(?:\.\d+)?)"


def object_tables(file: Path, skipped: Skipped, progress: Progress) -> Iterator[pa.Table]:
    """One table of the objects' columns, as text. Raises InputError if the file holds no such
    objects.

    Broken lines of a file of lines, such as one in whose middle it ends, are counted in `skipped`.
    """
    items = _objects(file, skipped)
    progress(0.5)
    if isinstance(items, dict):
        yield from ogr_tables(file, progress)
    elif any("startTime" in item and SEGMENT & set(item) for item in items):
        if points := [point for item in items for point in _points_of_segment(item)]:
            yield _timeline(points)
    else:
        items = [item for item in items if item.get("_type", "location") == "location"]
        # of OwnTracks: a person's files have one tid
        for item in (each for each in items if "_type" in each):
            item["user"] = item.get("topic") or item.get("tid")
        names = dict.fromkeys(
            name for item in items[:1000] for name, value in item.items() if type(value) in PLAIN
        )
        if not names:
            words = "{file} holds no list of positions: RAW reads exports of Google Timeline and OwnTracks."
            raise InputError(words, file=file.name)
        rows = [
            {name: value for name, value in item.items() if type(value) in PLAIN} for item in items
        ]
        # OwnTracks, Records.json
        own = ONE_PERSON if {"_type", "latitudeE7"} & set(names) else None
        yield pa.table({name: texts(row.get(name) for row in rows) for name in names}, metadata=own)


def _objects(file: Path, skipped: Skipped) -> Any:
    """The objects of a list, or of lines, behind whose other columns they stand. GeoJSON as it is."""
    text, found = file.read_text("utf-8-sig", "replace"), []
    try:
        whole = json.loads(text)
        if isinstance(whole, dict):
            if whole.get("type") == "FeatureCollection":
                return whole
            whole = next(
                (whole[name] for name in LISTS if isinstance(whole.get(name), list)), [whole]
            )
        return [item for item in whole if isinstance(item, dict)] if isinstance(whole, list) else []
    except RecursionError:
        raise InputError(
            "{file} is nested too deep to be a list of positions.", file=file.name
        ) from None
    except ValueError:  # lines, or a list that breaks off
        lines = text.splitlines()
    for line in lines:
        try:
            # behind it a list has a comma
            item, _ = json.JSONDecoder().raw_decode(line, max(0, line.find("{")))
            found += [item] if isinstance(item, dict) else []
        except (ValueError, RecursionError):
            skipped.add("unreadable row", bool(line.strip(" \t[],")))
    return found


def texts(values: Iterable[Any]) -> pa.Array:
    """Values as text. Half of a letter that has two halves, which an escape of JSON can name, is a
    question mark.
    """
    words = (
        None if value is None else str(value).encode("utf-8", "replace").decode()
        for value in values
    )
    return pa.array(words, pa.string())


def _points_of_segment(segment: dict[str, Any]) -> Iterator[tuple[str | None, str | None, float]]:
    """The positions of a segment as Google writes them: coordinates, a time, and minutes to add to
    it.
    """

    def text(item: Any, *names: str) -> str | None:
        for name in names:
            item = item.get(name) if isinstance(item, dict) else item
        return item if isinstance(item, str) else None

    start, end = text(segment, "startTime"), text(segment, "endTime")
    path = segment.get("timelinePath")
    for each in path if isinstance(path, list) else ():
        minutes = text(each, "durationMinutesOffsetFromStartTime") or ""
        yield (
            text(each, "point"),
            text(each, "time") or start,
            float(minutes[:6]) if minutes.isdecimal() else 0.0,
        )
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
    position = {name: pc.struct_field(parts, name) for name in ("lon", "lat")}
    return pa.table({"time": when, **position}, metadata=ONE_PERSON)
