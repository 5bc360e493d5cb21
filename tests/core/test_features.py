# SPDX-License-Identifier: GPL-2.0-or-later
"""The featurizer: place-free, causal, and the same however sequences are put together."""

import numpy as np
import pytest

from raw_qgis_plugin.core.features import featurizer as feat
from raw_qgis_plugin.core.geodesy import metres_per_degree
from raw_qgis_plugin.core.times import DAY_MS


def walk(n=80, seed=0, lon=10.0, lat=50.0, step_s=20, t0=1_700_000_000_000):
    """A track that turns: t, lon, lat."""
    rng = np.random.default_rng(seed)
    heading = np.cumsum(rng.normal(0, 0.4, n))
    metres = rng.uniform(5, 60, n)
    kx, ky = metres_per_degree(np.array(lat))
    t = t0 + np.cumsum(rng.integers(step_s // 2, step_s * 2, n)) * 1000
    return (
        t,
        lon + np.cumsum(metres * np.cos(heading)) / kx,
        lat + np.cumsum(metres * np.sin(heading)) / ky,
    )


def featurize(t, lon, lat):
    return feat.featurize(np.zeros(len(t), int), t, lon, lat)


def test_a_row_depends_on_no_later_fix():
    t, lon, lat = walk()
    whole, part = featurize(t, lon, lat), featurize(t[:50], lon[:50], lat[:50])
    np.testing.assert_array_equal(whole.x[:50], part.x)
    np.testing.assert_array_equal(
        feat.ask(whole, np.array([49]), [90.0]).x, feat.ask(part, np.array([49]), [90.0]).x
    )


def test_turning_the_track_changes_nothing():
    t, lon, lat = walk()
    kx, ky = metres_per_degree(np.array(50.0))
    x, y = (lon - 10) * kx, (lat - 50) * ky
    turned = featurize(t, 10 - y / kx, 50 + x / ky)  # a quarter turn
    f = featurize(t, lon, lat)
    clocks = np.abs(turned.x - f.x).max(axis=0)
    # the clock follows the longitude; the metres follow the latitude by a hair
    assert clocks.max() < 0.02


def test_mirroring_flips_the_lateral_columns_alone():
    t, lon, lat = walk()
    f, m = featurize(t, lon, lat), featurize(t, lon, 100.0 - lat)
    sign = np.ones(feat.N_FEATURES)
    sign[feat.LATERAL_FEATURES] = -1
    np.testing.assert_allclose(m.x * sign, f.x, atol=0.02)
    rows = np.arange(80)
    sign = np.ones(feat.N_QUERY)
    sign[feat.LATERAL_QUERY] = -1
    a, b = (feat.ask(x, rows, np.full(80, 45.0)).x for x in (f, m))
    np.testing.assert_allclose(b * sign, a, atol=0.02)


def test_displacement_and_destination_are_inverse():
    t, lon, lat = walk()
    f = featurize(t, lon, lat)
    row = np.arange(79)
    got = feat.destination(f, row, feat.displacement(f, row, lon[1:], lat[1:]))
    np.testing.assert_allclose(got, (lon[1:], lat[1:]), atol=1e-9)


def test_the_baseline_leads_on_with_the_last_velocity():
    t = np.arange(5) * 10_000
    f = featurize(
        t, np.full(5, 10.0), 50 + np.arange(5) * 100 / metres_per_degree(np.array(50.0))[1]
    )
    q = feat.ask(f, np.array([4]), [5.0])
    # 10 m/s for 5 s, straight ahead
    assert q.base[0] == pytest.approx([50.0, 0.0], rel=0.01, abs=1e-6)


def test_the_same_time_yesterday_is_found():
    t, lon, lat = walk(40)
    later, lon2, lat2 = walk(40, seed=3, lon=10.05)
    f = featurize(
        np.concatenate([t, later + DAY_MS]),
        np.concatenate([lon, lon2]),
        np.concatenate([lat, lat2]),
    )
    known = feat.N_FEATURES - 1
    assert not f.x[:40, known].any() and f.x[41:, known].all()


def test_across_the_antimeridian_is_a_short_way():
    t, lon, lat = walk(lon=179.99)
    wrapped = (lon + 180) % 360 - 180
    np.testing.assert_allclose(
        featurize(t, wrapped, lat).x[:, :50], featurize(t, lon, lat).x[:, :50], atol=1e-4
    )
