# SPDX-License-Identifier: GPL-2.0-or-later
"""Tracks as GeoJSON with times, which kepler.gl and deck.gl play."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from .arrays import Columns
from .scratch import complete
from .tracks import Tracks


def write_tracks(path: Path, tracks: Tracks, properties: Columns) -> None:
    """Write tracks as lines whose coordinates are longitude, latitude, height 0 and epoch seconds.

    properties: a column (n_tracks,) each. The file is written whole or not at all. Raises OSError.
    """
    xyzt = np.zeros((len(tracks), 4))
    xyzt[:, 0] = tracks.lon.round(6)
    xyzt[:, 1] = tracks.lat.round(6)
    xyzt[:, 3] = tracks.t / 1000

    offsets = tracks.track_offsets.tolist()
    rows = zip(*(column.tolist() for column in properties.values()))
    with complete(path) as beside, beside.open("w", encoding="utf-8") as file:
        file.write('{"type": "FeatureCollection", "features": [')
        for row, begin, end in zip(rows, offsets, offsets[1:]):
            line = {"type": "LineString", "coordinates": xyzt[begin:end].tolist()}
            feature = {
                "type": "Feature",
                "properties": dict(zip(properties, row)),
                "geometry": line,
            }
            comma = "," if begin else ""
            file.write(comma + "\n" + json.dumps(feature))
        file.write("\n]}\n")
