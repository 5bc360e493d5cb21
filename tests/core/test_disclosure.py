# SPDX-License-Identifier: GPL-2.0-or-later
"""Hours of regions that would tell of few people beside other figures: withheld."""

from __future__ import annotations

import numpy as np
import pytest

shapely = pytest.importorskip("shapely")
pytest.importorskip("scipy")

from raw_qgis_plugin.core.regions.geometry import fixes_inside  # noqa: E402
from raw_qgis_plugin.core.regions.scores import count_users, stays  # noqa: E402
from raw_qgis_plugin.core.regions.week import week_of_regions  # noqa: E402
from raw_qgis_plugin.core.tracks import build_tracks  # noqa: E402

HOUR, DAY, MONDAY = 3_600_000, 86_400_000, 1_699_833_600_000
BLOCK = shapely.box(0, 0, 0.01, 0.01)
AT_NOON = 2  # of the five parts of a day, 10 to 16


def visits(name, day, weeks, lon=0.005):
    """Rows of user, t and lon: at noon of a weekday, 0 for Monday, for so many weeks."""
    return [(name, MONDAY + (day + 7 * week) * DAY + 12 * HOUR, lon) for week in range(weeks)]


def shown_by_day(rows, regions, min_users=10):
    """(n_regions, 7) n_users at noon from Monday to Sunday, 0 where withheld."""
    user, t, lon = zip(*rows, strict=True)
    tracks, _ = build_tracks(user, None, np.array(t), list(lon), [0.005] * len(rows))
    week = week_of_regions(tracks, regions, min_users)
    return np.nan_to_num(week["n_users"]).reshape(len(regions), 7, 5)[:, :, AT_NOON].astype(int).tolist()


def test_the_visits_of_one_person_are_not_what_is_left_of_the_total():
    """One person makes up most of Monday. If Tuesday and Wednesday were shown, the total would tell of Monday."""
    rows = [row for k in range(12) for row in visits(f"p{k}", 1, 3) + visits(f"p{k}", 2, 3)]
    rows += [row for k in range(11) for row in visits(f"p{k}", 0, 1)] + visits("extra", 2, 1)
    assert shown_by_day(rows + visits("p11", 0, 100), [BLOCK]) == [[0, 0, 13, 0, 0, 0, 0]]
    assert shown_by_day(rows + visits("p11", 0, 5), [BLOCK]) == [[12, 12, 13, 0, 0, 0, 0]]


@pytest.mark.parametrize(("beside", "on_wednesday", "district", "tract"), [
    (1, 30, [31, 12, 30], [0, 0, 30]),
    (1, 27, [31, 12, 27], [0, 0, 0]),  # else the tract's total less Wednesday would be the three of Monday alone
    (10, 30, [40, 12, 30], [30, 0, 30]),
])  # fmt: skip
def test_hours_of_a_district_less_those_of_a_tract_are_not_those_of_few(beside, on_wednesday, district, tract):
    """On Monday few people are in the district and not in the tract, though in the week many are."""
    rows = [row for k in range(30) for row in visits(f"p{k}", 0, 1)]
    rows += [row for k in range(on_wednesday) for row in visits(f"p{k}", 2, 1)]
    rows += [row for k in range(beside) for row in visits(f"beside{k}", 0, 1, 0.015)]
    rows += [row for k in range(12) for row in visits(f"tuesday{k}", 1, 1, 0.015)]
    found = shown_by_day(rows, [shapely.box(0, 0, 0.02, 0.01), BLOCK])
    assert [days[:3] for days in found] == [district, tract]


def test_residents_are_not_subtracted():
    """Of the eleven people whom a larger region has more, one lives there."""
    nights = [MONDAY + DAY * day + HOUR * hour for day in range(4) for hour in (1, 2, 3)]
    people = [(12, 0.005, 0.5), (12, 0.5, 0.005), (10, 0.5, 0.015), (1, 0.015, 0.5)]  # at night, and once at noon
    rows = [(f"{home} {noon} {k}", t, home if t != MONDAY + 12 * HOUR else noon)
            for n, home, noon in people for k in range(n) for t in [*nights, MONDAY + 12 * HOUR]]  # fmt: skip
    user, t, lon = zip(*rows, strict=True)
    tracks, _ = build_tracks(user, None, np.array(t), list(lon), [0.005] * len(lon))
    regions = [BLOCK, shapely.box(0, 0, 0.02, 0.01)]
    inside = fixes_inside(tracks, regions)
    told = stays(tracks, regions, inside, count_users(tracks, inside), 10)["home_share"]
    np.testing.assert_array_equal(told, [np.nan, 13 / 35])
