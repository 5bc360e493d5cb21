# SPDX-License-Identifier: GPL-2.0-or-later
"""What a clicked user says: usual places, and cells on the map."""

from __future__ import annotations

import numpy as np
import pytest

from raw_qgis_plugin.core.cleaning import build_tracks
from raw_qgis_plugin.core.embedding.places import grid_cell, snap, usual_places

HOUR = 3_600_000
MONDAY = 1_599_436_800_000  # 2020-09-07 00:00 UTC


def test_usual_places_by_time_spent_and_hour() -> None:
    # at home from 0 to 8, at work from 9 to 17, at home until midnight, for three days
    hours = np.arange(72)
    at_work = (hours % 24 >= 9) & (hours % 24 < 17)
    lon = np.where(at_work, 0.05, 0.0)
    users, _ = build_tracks(np.full(72, "a"), None, MONDAY + hours * HOUR, lon, np.zeros(72))
    places = usual_places(users.by_user(), 0)
    assert len(places.share) == 2 and places.share[0] == pytest.approx(47 / 71)
    assert abs(places.lon[0]) < 0.005 and abs(places.lon[1] - 0.05) < 0.005
    assert places.day[[12, 3]] == pytest.approx(np.array([[0, 1, 0, 0], [1, 0, 0, 0]]))
    assert np.allclose(places.day.sum(axis=1), 1)
    # six hours ahead
    east, _ = build_tracks(np.full(72, "a"), None, MONDAY + hours * HOUR, lon + 90, np.zeros(72))
    assert usual_places(east.by_user(), 0).day[20].tolist() == pytest.approx([0, 1, 0, 0])


def test_a_long_silence_is_unknown_and_one_fix_has_no_place() -> None:
    t = MONDAY + np.array([0, 48]) * HOUR
    users, _ = build_tracks(np.full(2, "a"), None, t, np.zeros(2), np.zeros(2))
    day = usual_places(users, 0).day
    # known on the first of two days, for twelve hours
    assert day[5].tolist() == pytest.approx([0.5, 0, 0.5])
    assert day[15].tolist() == pytest.approx([0, 0, 1])
    single, _ = build_tracks(["a"], None, [MONDAY], [0.0], [0.0])
    assert len(usual_places(single, 0).share) == 0


def test_a_cell_on_the_map_is_that_of_the_grid() -> None:
    for lat in (-70.0, -23.5, 0.1, 39.9, 60.0):
        (x,), (y,), (cell,) = snap(np.array([116.4]), np.array([lat]))
        corners = grid_cell(x, y)[:4] - [x, y]
        inside, outside = (snap(*([x, y] + share * corners).T)[2] for share in (0.9999, 1.0001))
        assert (inside == cell).all() and (outside != cell).all()
        # alone to the side: the width is the grid's too
        east = ([x, y] + corners * [[1.0001, 0.9999]])[1:3]
        assert (snap(*east.T)[2] != cell).all()
