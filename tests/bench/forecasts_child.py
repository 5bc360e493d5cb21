# SPDX-License-Identifier: GPL-2.0-or-later
"""Forecast a layer with the code on PYTHONPATH, of 0.2.0 or of today, and print the processor seconds as JSON.

python forecasts_child.py KIND USERS FIXES      KIND: trips, days
"""

import json
import sys
import time

import numpy as np

try:
    from raw_qgis_plugin.core.bundle.bundle import open_bundle
    from raw_qgis_plugin.core.bundle.runtime import Model
    from raw_qgis_plugin.core.forecasting.predict import Queries, predict
except ImportError:  # 0.2.0
    from raw_qgis_plugin.core.bundle import open_bundle
    from raw_qgis_plugin.core.forecast import forecast
    from raw_qgis_plugin.core.runtime import Model
from raw_qgis_plugin.core.tracks import build_tracks


def layer(kind: str, users: int, fixes: int):
    """Vehicles that drive between the places of a city: a fix a minute, or of days one in a quarter of an hour."""
    rng = np.random.default_rng(0)
    minutes = 1 if kind == "trips" else 15
    place = rng.normal(0, 5000, (200, 2))
    legs = fixes * minutes // 15 + 2
    stop = rng.integers(0, 200, (users, legs))
    at = np.arange(fixes) * minutes
    part, leg = (at % 15 / 15)[:, None], at // 15
    xy = place[stop[:, leg]] * (1 - part) + place[stop[:, leg + 1]] * part + rng.normal(0, 10, (users, fixes, 2))
    t = 1_700_000_000_000 + at * 60_000 + rng.integers(0, 20 * 86_400_000, (users, 1))
    user = np.repeat([f"u{i:05d}" for i in range(users)], fixes)
    return build_tracks(user, None, t.ravel(), 10 + xy[..., 0].ravel() / 71_500, 50 + xy[..., 1].ravel() / 111_200)[0]


def main() -> None:
    """Forecast six horizons with areas."""
    kind, users, fixes = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    model, tracks = Model(open_bundle(), "cpu", threads=1), layer(kind, users, fixes)
    horizons_s = np.arange(1, 7) * (300.0 if kind == "trips" else 1500.0)
    small = tracks.take(tracks.user < 4)
    for some in (small, tracks):  # the first loads what is needed
        began = time.process_time()
        if "Queries" in globals():
            predict(some, model, Queries.ahead(some, horizons_s), with_areas=True)
        else:
            forecast(some, model, horizons_s, with_areas=True)
        seconds = time.process_time() - began
    print(json.dumps({"seconds": seconds}))


if __name__ == "__main__":
    main()
