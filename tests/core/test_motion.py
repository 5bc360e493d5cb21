# SPDX-License-Identifier: GPL-2.0-or-later
"""Motion features against values computed by hand, each on its scale."""

from __future__ import annotations

import numpy as np

from raw_qgis_plugin.core.cleaning import build_tracks
from raw_qgis_plugin.core.features.motion import MOTION, motion
from raw_qgis_plugin.core.geodesy import metres_per_degree

MONDAY_6H = 1_700_460_000_000  # 2023-11-20 06:00 UTC, and solar time at longitude 0


def features(seconds, east, north):
    kx, ky = metres_per_degree(np.zeros(1))
    t = MONDAY_6H + np.round(1000 * np.asarray(seconds)).astype(np.int64)
    tracks, _ = build_tracks(
        ["a"] * len(t), None, t, np.asarray(east) / kx, np.asarray(north) / ky, drop_spikes=False
    )
    return dict(zip(MOTION, motion(tracks)[0].astype(float), strict=True))


def test_every_column_of_a_small_track():
    """100 m east, 200 m north, a stop, 150 m west, and after a silence 900 m to the northwest."""
    diagonal = 900 / np.sqrt(2)
    seconds = np.array([0, 10, 20, 30, 40, 130])
    found = features(
        seconds, [0, 100, 100, 100, -50, -50 - diagonal], [0, 0, 200, 200, 200, 200 + diagonal]
    )
    speed = np.array([0, 10, 10, 15, 20])  # m/s, in order
    far = np.hypot(150 + diagonal, diagonal)  # from the stop to the end
    # over 30 s or more, in order
    smooth = np.array([np.hypot(100, 200) / 30, 250 / 30, far / 110, 10, far / 100])
    acceleration = np.array([5 / 90, 1, 1.5, 2])
    angle = 2 * np.pi * (6 + seconds / 3600) / 24
    expected = {
        **{
            f"speed_{q}": np.log1p(speed[k]) / 2
            for q, k in zip((0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 1), (0, 1, 2, 3, 3, 3, 4))
        },
        **{
            f"smooth_speed_{q}": np.log1p(smooth[k]) / 2
            for q, k in zip((0.1, 0.5, 0.75, 0.9, 1), (0, 2, 3, 3, 4))
        },
        **{
            f"acceleration_{q}": np.log1p(acceleration[k])
            for q, k in zip((0.5, 0.9, 0.95), (1, 2, 2))
        },
        # the lower of pi / 4 and pi / 2
        **{f"turn_{q}": np.pi / 4 for q in (0.25, 0.5, 0.75, 0.9)},
        "length": np.log1p(13.5) / 4,
        "duration": np.log1p(130 / 60) / 4,
        "fixes": np.log1p(6) / 6,
        "stopped": 10 / 130,
        "stops_a_km": np.log1p(1000 / 1450),
        "mean_speed": np.log1p(1350 / 130) / 2,
        "straightness": np.hypot(50 + diagonal, 200 + diagonal) / 1350,
        "interval": np.log1p(10) / 4,
        "silent": 900 / 1350,
        "hour_sin": np.sin(angle).mean(),
        "hour_cos": np.cos(angle).mean(),
    }
    assert list(found) == list(expected)
    np.testing.assert_allclose(
        list(found.values()), list(expected.values()), rtol=2e-4, atol=3e-5
    )  # the track moves west, and with it the hour of the sun
