# SPDX-License-Identifier: GPL-2.0-or-later
"""Region activity: figures worked out by hand, and none that depends on where on earth the region
lies.
"""

import numpy as np
import pytest

from raw_qgis_plugin.core.cleaning import build_tracks
from raw_qgis_plugin.core.features.region_activity import (
    REGION_ACTIVITY,
    fix_activity,
    region_activity,
    visits_of,
)

MONDAY_6H = 1_700_460_000_000  # 2023-11-20 06:00 UTC
MINUTE = 60_000


def tracks(lon=0.0):
    """One stays 20 minutes, of which eleven silent, drives off and comes back next day for a fix;
    one walks through.
    """
    minutes = np.array([0, 5, 16, 17, 20, 25, 1440, 0, 1, 2, 3])
    north = np.array([0, 0, 0, 0, 0, 5000, 0, 0, 90, 180, 270])
    user = np.array([0] * 7 + [1] * 4)
    t = MONDAY_6H - int(lon / 15 * 60) * MINUTE + minutes * MINUTE  # the same hours by the sun
    return build_tracks(user, None, t, np.full(11, lon), 50 + north / 111_250)[0]


INSIDE = np.array([0, 1, 2, 3, 4, 6, 7, 8, 9])


def test_figures_by_hand():
    users = tracks()
    of = fix_activity(users)
    _, first, last = visits_of(users, np.zeros(9, int), INSIDE)
    assert first.tolist() == [0, 6, 7] and last.tolist() == [4, 6, 9]
    use = dict(zip(REGION_ACTIVITY, region_activity(users, of, [INSIDE])[0], strict=True))
    seconds = 25 * 60 + 3 * 60  # the fix of the second day is the user's last
    assert np.expm1([use["visits"], use["days"], use["hours"]]) == pytest.approx(
        [3, 3, seconds / 3600], rel=1e-5
    )
    assert np.exp(use["visits_each"]) == pytest.approx(1.5)
    # Four steps stand still, one drives off at 16.7 m/s, three walk.
    assert [use[k] for k in ("still", "walking", "riding", "driving", "fast")] == pytest.approx(
        np.array([1200, 180, 0, 0, 300]) / seconds
    )
    assert [use["time_4h"], use["arrivals_4h"], use["weekend"]] == [1, 1, 0]
    assert [use["longer_3"], use["longer_10"], use["longer_60"]] == pytest.approx([1 / 3, 1 / 3, 0])
    assert use["stays_10"] == pytest.approx(np.log(2))
    assert use["silences"] == pytest.approx(np.log(2))  # the eleven minutes
    assert use["silences_each"] == pytest.approx(1 / 3)


def test_halts_by_hand():
    """A minute, two and five, then twelve, are stood before riding on; who gets off and walks does
    not halt.
    """
    seconds = np.cumsum([0, 60, 60, 60, 60, 60, 60, 300, 60, 360, 360, 60, 0, 60, 60, 60])
    north = np.cumsum([0, 600, 0, 600, 0, 5, 600, 0, 600, 0, 0, 600, 0, 600, 0, 60])
    user = np.array([0] * 12 + [1] * 4)
    users, _ = build_tracks(
        user, None, MONDAY_6H + 1000 * seconds, np.zeros(16), 50 + north / 111_250
    )
    of = fix_activity(users)
    assert of.stop_s[of.stop_s < np.inf].tolist() == [60, 120, 300, 720]
    use = dict(zip(REGION_ACTIVITY, region_activity(users, of, [np.arange(16)])[0], strict=True))
    counts = [use[f"halts_{s}s"] for s in (90, 180, 600)]
    assert np.expm1(counts) == pytest.approx([1, 2, 3], rel=1e-5)
    assert [use[f"halts_{s}s_each"] for s in (90, 180, 600)] == [0.5, 1, 1.5]  # visits: one of each


def test_no_coordinates():
    here, there = (
        region_activity(users, fix_activity(users), [INSIDE])[0]
        for users in (tracks(), tracks(-120.0))
    )
    assert there == pytest.approx(here, abs=1e-3)
