# SPDX-License-Identifier: GPL-2.0-or-later
"""Positions in JSON: Google Timeline's exports, OwnTracks, and lists of flat objects."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ..errors import InputError, Progress
from ..skipped import RAW_SIGNAL, UNREADABLE, Rows
from ..times import NO_TIME, parse_times
from .ogr import ogr_tables
from .schema import ONE_PERSON

LISTS = ("locations", "semanticSegments", "data")  # of Records.json, Timeline.json, OwnTracks
# the start of such a list, where the file breaks off and so is no JSON
LIST_START = re.compile(rf'\s*\{{[^{{}}\[\]]*"({"|".join(LISTS)})"\s*:\s*\[')
PLAIN = {str, int, float}  # types of values; others are left out
SEGMENT = {"timelinePath", "visit", "activity"}
POINT = r"(?P<lat>-?\d+(?:\.\d+)?)°?,\s*(?P<lon>-?\d+(?:\.\d+)?)"
DECODER = json.JSONDecoder()
FILLERS = " \t[],\x1e\r"  # between objects; \x1e begins a record of RFC 7464
Record = dict[str, Any]  # an object of a file


def object_tables(file: Path, rows: Rows, progress: Progress) -> Iterator[pa.Table]:
    """One table of the objects' columns, as text. Raises InputError if the file has no objects.

    Broken objects, such as one in whose middle the file ends, are skipped.
    """
    whole, items = _objects(file, rows)
    progress(0.5)
    if isinstance(whole, dict) and whole.get("type") == "FeatureCollection":
        yield from ogr_tables(file, rows, progress)
        return
    if isinstance(whole, dict):
        signals = whole.get("rawSignals")
        found = signals if isinstance(signals, list) else []
        rows.skip(RAW_SIGNAL, sum(isinstance(s, dict) and bool(s.get("position")) for s in found))
    if any(_is_segment(item) for item in items):
        yield from _timeline_tables(items, rows)
    else:
        yield _flat_table(file, items, rows)


def _is_segment(item: Record) -> bool:
    return "startTime" in item and bool(SEGMENT & set(item))


def _flat_table(file: Path, items: list[Record], rows: Rows) -> pa.Table:
    """The table of flat objects. Messages of OwnTracks other than positions are no rows."""
    items = [item for item in items if item.get("_type", "location") == "location"]
    for item in items:
        if "_type" in item:  # of OwnTracks: a person's files have one tid
            item["user"] = item.get("topic") or item.get("tid")
    flat = [{name: v for name, v in item.items() if type(v) in PLAIN} for item in items]
    names = dict.fromkeys(name for item in flat for name in item)
    if not names:
        words = (
            "{file} holds no list of positions: RAW reads exports of Google Timeline and OwnTracks."
        )
        raise InputError(words, file=file.name)
    rows.held += len(flat)
    # OwnTracks, Records.json
    metadata = ONE_PERSON if {"_type", "latitudeE7"} & set(names) else None
    columns = {name: texts(item.get(name) for item in flat) for name in names}
    return pa.table(columns, metadata=metadata)


def _objects(file: Path, rows: Rows) -> tuple[Any, list[Record]]:
    """The whole file as JSON, None if it is more or less than that, and the objects of its list."""
    text = file.read_text("utf-8-sig", "replace")
    try:
        whole = json.loads(text)
    except RecursionError:
        raise _too_deep(file) from None
    except ValueError:  # lines, several lists, or a list that breaks off
        return None, _scan(file, text, rows)
    found = whole
    if isinstance(whole, dict):
        lists = (whole[name] for name in LISTS if isinstance(whole.get(name), list))
        found = next(lists, [whole])
    if not isinstance(found, list):
        return whole, []
    items = [item for item in found if isinstance(item, dict)]
    if items:
        rows.skip(UNREADABLE, len(found) - len(items))
    return whole, items


def _scan(file: Path, text: str, rows: Rows) -> list[Record]:
    """The objects of a text, one after the other, whatever stands between them."""
    start = LIST_START.match(text)
    at = start.end() if start else 0
    found = []
    while (begin := text.find("{", at)) >= 0:
        rows.skip(UNREADABLE, _strange_lines(text[at:begin]))
        try:
            item, at = DECODER.raw_decode(text, begin)
            found.append(item)
        except ValueError:
            rows.skip(UNREADABLE, 1)
            at = _next_object(text, begin + 1)
        except RecursionError:
            raise _too_deep(file) from None
    rows.skip(UNREADABLE, _strange_lines(f"{text[at:]}\n"))
    return found


def _strange_lines(between: str) -> int:
    """The lines between two objects that hold something else, but for the lines of the objects."""
    return sum(bool(line.strip(FILLERS)) for line in between.split("\n")[1:-1])


def _next_object(text: str, at: int) -> int:
    """Where to go on behind a broken object: the next line, or the next object of its line."""
    found = re.compile(r"\n|[}\]]\s*,?\s*(?=\{)").search(text, at)
    return found.end() if found else len(text)


def _too_deep(file: Path) -> InputError:
    return InputError("{file} is nested too deep to be a list of positions.", file=file.name)


def texts(values: Iterable[Any]) -> pa.Array:
    """Values as text; '?' for half of a letter that has two halves, as an escape of JSON can be."""
    words = []
    for value in values:
        try:
            text = None if value is None else str(value)
        except ValueError:  # an integer of more digits than Python writes
            text = ""
        words.append(None if text is None else text.encode("utf-8", "replace").decode())
    return pa.array(words, pa.string())


class Moment(NamedTuple):
    """A position of a timeline as Google writes it. minutes: to add to the time."""

    point: str | None
    time: str | None
    minutes: float = 0.0


def _timeline_tables(items: list[Record], rows: Rows) -> Iterator[pa.Table]:
    """One table of the positions of a timeline's segments; none if it has no position."""
    segments = [item for item in items if "startTime" in item]
    rows.skip(UNREADABLE, len(items) - len(segments))  # plain positions among the segments
    moments = [moment for segment in segments for moment in _moments_of(segment)]
    rows.held += len(moments)
    if not moments:
        return
    parts = pc.extract_regex(texts(moment.point for moment in moments), POINT)
    t = parse_times(texts(moment.time for moment in moments))
    minutes = np.array([moment.minutes for moment in moments])
    t = np.where(t == NO_TIME, t, t + (60_000 * minutes).astype(np.int64))
    when = pa.array(t.astype("datetime64[ms]"), mask=t == NO_TIME).cast(pa.timestamp("ms", "UTC"))
    position = {name: pc.struct_field(parts, name) for name in ("lon", "lat")}
    yield pa.table({"time": when, **position}, metadata=ONE_PERSON)


def _moments_of(segment: Record) -> Iterator[Moment]:
    """The positions of a segment."""
    start = _text(segment, "startTime")
    end = _text(segment, "endTime")
    path = segment.get("timelinePath")
    for each in path if isinstance(path, list) else ():
        minutes = _text(each, "durationMinutesOffsetFromStartTime") or ""
        later = float(minutes[:6]) if minutes.isdecimal() else 0.0
        yield Moment(_text(each, "point"), _text(each, "time") or start, later)
    if "visit" in segment:
        place = _text(segment, "visit", "topCandidate", "placeLocation", "latLng")
        yield Moment(place, start)
        yield Moment(place, end)
    if "activity" in segment:
        yield Moment(_text(segment, "activity", "start", "latLng"), start)
        yield Moment(_text(segment, "activity", "end", "latLng"), end)


def _text(item: Any, *names: str) -> str | None:
    """The text under names, one within the other; None where there is no text.

    Older exports have the text itself where newer ones have an object that holds it.
    """
    for name in names:
        item = item.get(name) if isinstance(item, dict) else item
    return item if isinstance(item, str) else None
