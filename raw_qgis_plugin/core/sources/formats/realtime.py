# SPDX-License-Identifier: GPL-2.0-or-later
"""The vehicle positions of GTFS-realtime feeds: snapshots of a fleet, a message a file, binary or JSON."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa

from ...errors import InputError, Progress, require
from ..files import read_bytes

NO_TRIP = "no trip"  # of vehicles on the way to one
VERSION = re.compile(rb'"gtfs_?realtime_?version"', re.IGNORECASE)  # stands in the header, as JSON


def feed_tables(file: Path, progress: Progress) -> Iterator[pa.Table]:
    """The columns vehicle, trip, timestamp (epoch seconds), lon and lat of a message; no table without vehicles.

    Raises InputError if the file is broken; MissingLibrary without gtfs-realtime-bindings.
    """
    require("google.transit")
    from google.protobuf import json_format, message
    from google.transit.gtfs_realtime_pb2 import FeedMessage

    data, feed = read_bytes(file), FeedMessage()
    try:
        if data.lstrip().startswith(b"{"):
            json_format.Parse(data, feed, ignore_unknown_fields=True)
        else:
            feed.ParseFromString(data)
        if not feed.IsInitialized():
            raise ValueError("its header is missing")
        table = _table(feed)
    except (message.Error, json_format.Error, UnicodeError, ValueError, RecursionError) as error:
        reason = str(error).rstrip(".")
        raise InputError(
            f"{file.name} is no complete GTFS-realtime message: {reason}. Fetch it again, or take it out of the folder."
        ) from error
    progress(1.0)
    if len(table):
        yield table


def _table(feed: Any) -> pa.Table:
    vehicles = [entity.vehicle for entity in feed.entity if entity.HasField("vehicle")]
    places = [each.position if each.HasField("position") else None for each in vehicles]
    columns = {
        "vehicle": [each.vehicle.id or each.vehicle.label or each.trip.trip_id or None for each in vehicles],
        "trip": [f"{each.trip.trip_id or NO_TRIP} {each.trip.start_date}".strip() for each in vehicles],
        "timestamp": [each.timestamp or feed.header.timestamp or None for each in vehicles],
        "lon": [place.longitude if place else None for place in places],
        "lat": [place.latitude if place else None for place in places],
    }
    text, number = pa.string(), pa.float64()
    return pa.table(columns, pa.schema(zip(columns, (text, text, pa.uint64(), number, number))))
