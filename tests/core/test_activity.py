# SPDX-License-Identifier: GPL-2.0-or-later
"""The activity features beside the network's states: places by rank, trips, speeds, and nothing of
where on earth.
"""

from __future__ import annotations

import numpy as np
import pytest

from raw_qgis_plugin.core.cleaning import build_tracks
from raw_qgis_plugin.core.features.activity import ACTIVITY, activity
from raw_qgis_plugin.core.features.motion import motion
from raw_qgis_plugin.core.tracks import Tracks

HOUR = 3_600_000
MONDAY = 1_699_833_600_000  # 2023-11-13 00:00 UTC, at longitude 0


def week(anchor_days=(0, 1, 2, 3, 4), lon0=0.0, lat0=0.0, east=0.03, days=14, user="a") -> Tracks:
    """A person at home but from 9 to 17 on some weekdays, who drives half an hour each way; a fix
    in ten minutes.
    """
    rng = np.random.default_rng(0)
    minutes = np.arange(0, days * 1440, 10)
    hour, day = minutes % 1440 / 60, minutes // 1440
    way = (
        np.clip((hour - 8.5) / 0.5, 0, 1)
        * np.clip((17.5 - hour) / 0.5, 0, 1)
        * np.isin(day % 7, anchor_days)
    )
    shift = rng.normal(0, 5e-5, (2, len(minutes)))
    return build_tracks(
        [user] * len(minutes),
        None,
        MONDAY + minutes * 60_000,
        lon0 + east * way + shift[0],
        lat0 + shift[1],
    )[0]


def of(tracks: Tracks, *names: str) -> list[float]:
    values = dict(zip(ACTIVITY, activity(tracks)[0], strict=True))
    return [float(values[name]) for name in names]


def test_a_week_of_work():
    home, work, nights = of(week(), "first_midday", "second_midday", "first_night")
    assert nights > 0.98 and work > 0.9 and home < 0.1
    days, hours, start, second = of(
        week(), "anchor_days", "anchor_hours", "anchor_start", "anchor_is_second"
    )
    assert days == pytest.approx(1, abs=0.05)
    assert hours == pytest.approx(1, abs=0.1) and start == pytest.approx(0.75, abs=0.1)
    assert second == 1
    assert of(week((1,)), "anchor_days")[0] == pytest.approx(0.2, abs=0.05)
    assert of(week(()), "anchor_days", "second_midday", "trips_a_day") == [0, 0, 0]


def test_trips_are_counted_a_day():
    trips, weekday, weekend = of(week(), "trips_a_day", "trips_weekday", "trips_weekend")
    assert (
        4 * weekday == pytest.approx(2, rel=0.1)
        and weekend == 0
        and 4 * trips == pytest.approx(10 / 7, rel=0.1)
    )
    far = of(week(east=0.09), "trips_0", "trips_1", "trips_2", "trips_3")
    assert far[3] > 0 and far[:3] == [0, 0, 0]


def test_silence_in_between_is_no_knowledge():
    tracks = week()
    hour = (tracks.t - MONDAY) // HOUR % 24
    kept = tracks.take((hour >= 18) | (hour < 7))  # eleven hours of silence every day
    assert of(kept, "known_midday", "first_midday") == [0, 0]
    # two hours at one place are
    assert of(tracks.take((hour >= 12) | (hour < 10)), "known_midday")[0] > 0.9


@pytest.mark.parametrize("features", [activity, motion])
def test_features_say_nothing_of_where(features):
    here, there = week(), week(lat0=45.0)  # a degree of longitude is shorter there
    stretched = week(lat0=45.0, east=0.03 / np.cos(np.radians(45)))
    # To the length of a metre and the noise, which is of degrees
    np.testing.assert_allclose(features(here), features(stretched), atol=0.06)
    assert np.abs(features(here) - features(there)).max() > 0.05 or features is motion


def test_too_short_to_say():
    tracks, _ = build_tracks(["a", "b", "b"], None, [0, 0, 1000], [0, 0, 1e-4], [0, 0, 0])
    for features in (activity, motion):
        assert np.isfinite(features(tracks)).all() and features(tracks).shape[0] == 2
        nobody = tracks.take(np.zeros(3, bool))
        assert features(nobody).shape[0] == 0
