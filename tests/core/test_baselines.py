# SPDX-License-Identifier: GPL-2.0-or-later
"""The simple methods, on contexts of differing length."""

import numpy as np
import pytest

from raw_qgis_plugin.core.evaluation import baselines as b
from raw_qgis_plugin.core.evaluation.windows import Windows
from raw_qgis_plugin.core.times import DAY_MS, HOUR_MS

START = 20_000 * DAY_MS
MINUTE = 60_000
HOME, WORK, GYM = 10.0, 10.1, 10.2


def windows(t, lon, lat, *hours, true_lon=None) -> Windows:
    """Windows that ask some hours after their last fixes."""
    query_t = t[:, -1:] + (np.array(hours) * HOUR_MS).astype(np.int64)
    true_lon = np.zeros(query_t.shape) if true_lon is None else true_lon
    return Windows(
        "some",
        np.arange(len(t)),
        t,
        lon,
        lat,
        np.array(hours),
        query_t,
        true_lon,
        np.zeros(query_t.shape),
    )


def days(n: int = 5, pad: int = 0) -> tuple:
    """A fix an hour for n days and ten hours: at home until 8, at work until 17, then at the gym
    for an hour.
    """
    hour = np.arange(24 * n + 10)
    lon = np.full(len(hour), HOME)
    lon[(hour % 24 >= 8) & (hour % 24 < 17)] = WORK
    lon[hour % 24 == 17] = GYM
    t = START + hour * HOUR_MS
    t = np.concatenate([np.full(pad, t[0]), t])
    lon = np.concatenate([np.full(pad, np.nan), lon])
    lat = np.where(np.isnan(lon), np.nan, 50.0)
    return t[None], lon[None], lat[None]


@pytest.mark.parametrize("method", [b.persistence, b.constant_velocity, b.same_time_before,
                                    lambda w: b.toward_median(w, 0.4)])  # fmt: skip
def test_padding_changes_nothing(method):
    short, long = (method(windows(*days(pad=pad), 1, 8, 20)) for pad in (0, 37))
    for one, other in zip(short, long, strict=True):
        np.testing.assert_allclose(one, other)
        assert not np.isnan(one).any()


def test_velocity_goes_on_and_fades():
    t = START + np.arange(4)[None] * MINUTE
    w = windows(t, 10 + np.arange(4)[None] * 0.01, np.full((1, 4), 50.0), 1 / 60, 1)
    np.testing.assert_allclose(b.constant_velocity(w)[0], [[10.04, 10.63]])
    faded, _ = b.constant_velocity(w, fade_s=300.0)
    assert 10.038 < faded[0, 0] < 10.04 and 10.07 < faded[0, 1] < 10.081


def test_habits_are_found_and_the_latest_day_comes_first():
    t, lon, lat = days()
    w = windows(t, lon, lat, 1, 8, 12)  # ends at 9, at work; 10: work, 17: gym, 21: home
    np.testing.assert_allclose(b.same_time_before(w)[0], [[WORK, GYM, HOME]])
    lon[0, t[0] == START + (4 * 24 + 17) * HOUR_MS] = HOME  # no gym on the last evening
    assert b.same_time_before(windows(t, lon, lat, 8))[0][0, 0] == HOME


def test_the_antimeridian_changes_nothing():
    def forecasts_at(lon0):  # home lies on either side of it, work on the eastern one
        t, lon, lat = days(pad=3)
        lon = lon - HOME + 5e-4 * np.sin(np.arange(lon.shape[1])) + lon0
        return b.simple_methods(
            windows(t, np.where(lon >= 180, lon - 360, lon), lat, 1, 8, 12), np.zeros(1)
        )

    there = forecasts_at(180.0)
    for name, (here, lat) in forecasts_at(10.0).items():
        np.testing.assert_allclose(
            (there[name][0] - 180 + 180) % 360 - 180, here - 10, atol=1e-9, err_msg=name
        )
        np.testing.assert_allclose(lat, there[name][1])


def test_the_pull_is_fitted_on_the_others():
    rng, n = np.random.default_rng(0), 400
    lon = np.concatenate([np.zeros((n, 5)), rng.normal(0, 0.1, (n, 1))], axis=1)
    t = START + np.arange(6) * HOUR_MS + np.zeros((n, 1), np.int64)
    true_lon = np.stack([lon[:, -1], 0.25 * lon[:, -1]], axis=1)
    true_lon[0, 1] = np.nan
    group = np.arange(n) % 8
    pull = b.cross_fitted_pull(windows(t, lon, 0 * lon, 1, 2, true_lon=true_lon), group)
    np.testing.assert_allclose(pull, [[0.0, 0.75]] * n)
    # one person who goes back at once does not change what is used for them
    true_lon[group == 3] = 0.0
    pull = b.cross_fitted_pull(windows(t, lon, 0 * lon, 1, 2, true_lon=true_lon), group)
    assert (pull[group == 3, 0] == 0).all() and len(np.unique(pull[group == 3])) == 2
