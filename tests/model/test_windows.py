# SPDX-License-Identifier: GPL-2.0-or-later
"""Forecast windows: which fixes are kept, what is asked, and that truths stay out of contexts."""

import numpy as np
import pytest

from model.evaluate.forecast import BIN_MS, CONTEXT_BINS, Protocol, cut, hold
from raw_qgis_plugin.core.cleaning import build_tracks
from raw_qgis_plugin.core.errors import InputError
from raw_qgis_plugin.core.forecasting.context import Settings as Forecast
from raw_qgis_plugin.core.tracks import Tracks

START = 1_700_000_100_000 // BIN_MS * BIN_MS
MINUTE = 60_000


def walk(minutes: np.ndarray, user: str = "a", lon: float = 10.0) -> tuple:
    """Fixes at these minutes, each a little farther east."""
    minutes = np.asarray(minutes, float)
    t = START + (minutes * MINUTE).astype(np.int64)
    return [user] * len(t), t, lon + 0.001 * np.arange(len(t)), np.full(len(t), 50.0)


def tracks_of(*walks: tuple) -> Tracks:
    user, t, lon, lat = (np.concatenate(part) for part in zip(*walks, strict=True))
    return build_tracks(user, None, t, lon, lat)[0]


def test_fine_windows_never_cross_a_gap_or_a_person():
    broken = np.concatenate([np.arange(0, 44), np.arange(60, 104)])
    assert not len(cut(tracks_of(walk(broken), walk(broken, "b")), "60s"))
    assert len(cut(tracks_of(walk(np.arange(45))), "60s")) == 1
    still = walk(np.arange(45))
    assert not len(cut(tracks_of((still[0], still[1], np.full(45, 10.0), still[3])), "60s"))


def test_long_takes_the_last_fix_of_each_quarter_of_an_hour():
    w = cut(tracks_of(walk(np.arange(0, 24 * 60, 4))), "long", per_user=1000)
    minute = (w.t - START) % BIN_MS // MINUTE
    assert (minute[~np.isnan(w.lon)] >= 11).all()
    np.testing.assert_allclose(w.horizon_s / 60, [15, 30, 60, 90, 120, 150])
    ahead = (w.query_t // BIN_MS - w.t[:, -1:] // BIN_MS)[w.known]
    assert set(ahead) == {1, 2, 4, 6, 8, 10}


def test_contexts_end_before_what_is_asked_and_look_back_ten_days():
    w = cut(tracks_of(walk(np.arange(0, 14 * 24 * 60, 15))), "long", per_user=5000)
    real = ~np.isnan(w.lon)
    assert real[:, -1].all() and real.sum(axis=1).max() == 960
    assert (np.diff(real.astype(int), axis=1) >= 0).all()  # padding is on the left
    assert (w.t[:, -1:] < w.query_t).all() and ((w.t[:, -1] - w.t[:, 0]) < 10 * 86_400_000).all()
    inside = w.contexts()
    assert inside.n_tracks == len(w) and len(inside) == real.sum()
    np.testing.assert_array_equal(inside.t[inside.track_offsets[1:] - 1], w.t[:, -1])
    # as far back as a forecast looks
    assert inside.n_users == 1 and Forecast.day_fixes == CONTEXT_BINS


def test_filled_holds_the_last_fix_for_twelve_hours_and_no_longer():
    user, bins, row = hold(np.array([0, 0, 0, 1]), np.array([0, 3, 3 + Protocol.held_bins + 10, 5]))
    assert bins[:4].tolist() == [0, 1, 2, 3] and row[:4].tolist() == [0, 0, 0, 1]
    assert bins[row == 1].tolist() == list(range(3, 3 + Protocol.held_bins + 1))
    assert (row == 2).sum() == 1 and user[row == 3].tolist() == [1]


def test_an_unknown_family_is_named():
    with pytest.raises(InputError, match="'hourly'"):
        cut(tracks_of(walk(np.arange(50))), "hourly")
    assert not len(cut(tracks_of(walk(np.arange(5))), "filled"))
