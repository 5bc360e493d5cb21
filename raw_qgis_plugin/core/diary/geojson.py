# SPDX-License-Identifier: GPL-2.0-or-later
"""Trips as GeoJSON with times, which kepler.gl and deck.gl play."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from ..scratch import complete
from .diary import Diary

FIELDS = ("user_id", "trip_id", "mode", "distance_m", "duration_min")


def write_geojson(path: Path, diary: Diary) -> None:
    """Write trips as lines whose coordinates are longitude, latitude, height 0 and time in epoch
    seconds.

    The file is written whole or not at all. Raises OSError.
    """
    ways, rows = diary.trip_fixes, zip(*(diary.trips[name].tolist() for name in FIELDS))
    xyzt = np.column_stack(
        [ways.lon.round(6), ways.lat.round(6), np.zeros(len(ways)), ways.t / 1000]
    )
    with complete(path) as beside, beside.open("w", encoding="utf-8") as file:
        file.write('{"type": "FeatureCollection", "features": [')
        for row, a, b in zip(rows, ways.track_offsets, ways.track_offsets[1:]):
            shape = {"type": "LineString", "coordinates": xyzt[a:b].tolist()}
            feature = {"type": "Feature", "properties": dict(zip(FIELDS, row)), "geometry": shape}
            file.write(f"{',' * bool(a)}\n{json.dumps(feature)}")
        file.write("\n]}\n")
