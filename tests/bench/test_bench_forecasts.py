# SPDX-License-Identifier: GPL-2.0-or-later
"""Processor time of forecasts: printed beside the limit that we set ourselves, never asserted."""

import time

import numpy as np
import pytest

from raw_qgis_plugin.core.bundle.bundle import open_bundle
from raw_qgis_plugin.core.bundle.runtime import Model
from raw_qgis_plugin.core.cleaning import build_tracks
from raw_qgis_plugin.core.forecasting.predict import Queries, predict
from raw_qgis_plugin.core.tracks import Tracks

from .test_bench import tell

CASES = {"trips of 300 vehicles": (1, 300, 200, ""), "days of 150 vehicles": (15, 150, 600, ""),
         "1,000,000 fixes of 1,070 vehicles": (1, 1070, 935, "11 s")}  # fmt: skip


def layer(minutes: int, users: int, fixes: int) -> Tracks:
    """Vehicles that drive between the places of a city, with a fix every so many minutes."""
    rng = np.random.default_rng(0)
    place = rng.normal(0, 5000, (200, 2))
    at = np.arange(fixes) * minutes
    stop = rng.integers(0, 200, (users, fixes * minutes // 15 + 2))
    part, leg = (at % 15 / 15)[:, None], at // 15
    xy = (
        place[stop[:, leg]] * (1 - part)
        + place[stop[:, leg + 1]] * part
        + rng.normal(0, 10, (users, fixes, 2))
    )
    t = 1_700_000_000_000 + at * 60_000 + rng.integers(0, 20 * 86_400_000, (users, 1))
    user = np.repeat([f"u{i:05d}" for i in range(users)], fixes)
    return build_tracks(
        user, None, t.ravel(), 10 + xy[..., 0].ravel() / 71_500, 50 + xy[..., 1].ravel() / 111_200
    )[0]


@pytest.mark.parametrize("case", CASES)
def test_six_horizons_with_areas(case):
    minutes, users, fixes, limit = CASES[case]
    model, tracks = Model(open_bundle(), "cpu", threads=1), layer(minutes, users, fixes)
    horizons_s = np.arange(1, 7) * (300.0 if minutes == 1 else 1500.0)
    for some in (tracks.take(tracks.user < 4), tracks):  # the first loads what is needed
        began = time.process_time()
        predict(some, model, Queries.ahead(some, horizons_s), with_areas=True)
        seconds = time.process_time() - began
    tell(f"six horizons with areas, {case}", f"{seconds:.1f} s of processor time", limit)
