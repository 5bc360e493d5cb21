# SPDX-License-Identifier: GPL-2.0-or-later
"""The simple methods, on contexts of differing length."""

import numpy as np
import pytest

from raw_qgis_plugin.core.evaluation import baselines as b
from raw_qgis_plugin.core.times import DAY_MS, HOUR_MS

START = 20_000 * DAY_MS
MINUTE = 60_000
HOME, WORK, GYM = 10.0, 10.1, 10.2


def days(n: int = 5, pad: int = 0) -> tuple:
    """A fix an hour for n days and ten hours: at home until 8, at work until 17, then at the gym for an hour."""
    hour = np.arange(24 * n + 10)
    lon = np.full(len(hour), HOME)
    lon[(hour % 24 >= 8) & (hour % 24 < 17)] = WORK
    lon[hour % 24 == 17] = GYM
    t = START + hour * HOUR_MS
    t = np.concatenate([np.full(pad, t[0]), t])
    lon = np.concatenate([np.full(pad, np.nan), lon])
    lat = np.where(np.isnan(lon), np.nan, 50.0)
    return t[None], lon[None], lat[None]


def ask(t: np.ndarray, *hours: float) -> np.ndarray:
    return t[:, -1:] + (np.array(hours) * HOUR_MS).astype(np.int64)


@pytest.mark.parametrize("method", [b.persistence, b.constant_velocity, b.same_time_before, b.usual_place,
                                    b.markov_chain, lambda *w: b.toward_median(*w, pull=0.4)])  # fmt: skip
def test_padding_changes_nothing(method):
    short, long = days(), days(pad=37)
    for one, other in zip(method(*short, ask(short[0], 1, 8, 20)), method(*long, ask(long[0], 1, 8, 20)), strict=True):
        np.testing.assert_allclose(one, other)
        assert not np.isnan(one).any()


def test_velocity_goes_on_and_fades():
    t = START + np.arange(4)[None] * MINUTE
    lon, lat = 10 + np.arange(4)[None] * 0.01, np.full((1, 4), 50.0)
    asked = t[:, -1:] + np.array([1, 60]) * MINUTE
    on, _ = b.constant_velocity(t, lon, lat, asked)
    np.testing.assert_allclose(on, [[10.04, 10.63]])
    faded, _ = b.constant_velocity(t, lon, lat, asked, fade_s=300.0)
    assert 10.038 < faded[0, 0] < 10.04 and 10.07 < faded[0, 1] < 10.081


def test_a_context_too_short_for_a_velocity_stays():
    t, lon, lat = days(pad=3)
    t, lon, lat = t[:, :5], lon[:, :5], lat[:, :5]  # two real fixes
    lon = lon + np.array([0, 0, 0, 0, 0.01])
    on, _ = b.constant_velocity(t, lon, lat, ask(t, 1), steps=3)
    np.testing.assert_allclose(on, lon[:, -1:])


def test_habits_are_found():
    window = days()  # ends at 9, at work
    asked = ask(window[0], 1, 8, 12)  # 10: work, 17: gym, 21: home
    for method in (b.same_time_before, b.usual_place):
        np.testing.assert_allclose(method(*window, asked)[0], [[WORK, GYM, HOME]], err_msg=method.__name__)
    chain = b.markov_chain(*window, asked)[0]  # knows no hours: eight hours after work it is mostly evening
    np.testing.assert_allclose(chain, [[WORK, HOME, HOME]])


def test_the_latest_day_comes_first_and_the_most_frequent_wins():
    t, lon, lat = days()
    lon[0, t[0] == START + (4 * 24 + 17) * HOUR_MS] = HOME  # no gym on the last evening
    asked = ask(t, 8)
    assert b.same_time_before(t, lon, lat, asked)[0][0, 0] == HOME
    np.testing.assert_allclose(b.usual_place(t, lon, lat, asked)[0][0, 0], GYM)


def test_a_new_place_stays():
    t, lon, lat = days()
    lon[0, -1] = 11.0
    np.testing.assert_allclose(b.markov_chain(t, lon, lat, ask(t, 2))[0], 11.0)


@pytest.mark.parametrize("name", b.simple_methods(*days(), ask(days()[0], 1), 0.5))
def test_the_antimeridian_changes_nothing(name):
    def forecast_at(lon0):  # home lies on either side of it, work on the eastern one
        t, lon, lat = days(pad=3)
        lon = lon - HOME + 5e-4 * np.sin(np.arange(lon.shape[1])) + lon0
        lon = np.where(lon >= 180, lon - 360, lon)
        return b.simple_methods(t, lon, lat, ask(t, 1, 8, 12), 0.5)[name]

    (here, lat), (there, lat_there) = forecast_at(10.0), forecast_at(180.0)
    np.testing.assert_allclose((there - 180 + 180) % 360 - 180, here - 10, atol=1e-9)
    np.testing.assert_allclose(lat, lat_there)


def test_the_pull_is_fitted_on_the_others():
    rng = np.random.default_rng(0)
    n = 400
    lon = np.concatenate([np.zeros((n, 5)), rng.normal(0, 0.1, (n, 1))], axis=1)
    lat = np.zeros_like(lon)
    t = START + np.arange(6) * HOUR_MS + np.zeros((n, 1), np.int64)
    asked = ask(t, 1, 2)
    true_lon = np.stack([lon[:, -1], 0.25 * lon[:, -1]], axis=1)
    true_lon[0, 1] = np.nan
    window = (t, lon, lat, asked)
    np.testing.assert_allclose(b.fit_pull(*window, true_lon, np.zeros((n, 2))), [0.0, 0.75])
    group = np.arange(n) % 8
    true_lon[group == 3] = 0.0  # one person who goes back at once does not change what is used for them
    pull = b.cross_fitted_pull(*window, true_lon, np.zeros((n, 2)), group)
    assert pull.shape == (n, 2) and (pull[group == 3, 0] == 0).all() and len(np.unique(pull[group == 3])) == 2
    assert "toward the median place" in b.simple_methods(*window, pull)
