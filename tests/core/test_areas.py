# SPDX-License-Identifier: GPL-2.0-or-later
"""Points, radii and areas of mixtures."""

from types import SimpleNamespace

import numpy as np
import pytest
import shapely

from raw_qgis_plugin.core.arrays import take_rows
from raw_qgis_plugin.core.features.featurizer import destination
from raw_qgis_plugin.core.forecasting import areas
from raw_qgis_plugin.core.forecasting.mixture import Mixture, network_mixture, spatial_median


def draw(m, question, count, rng):
    """Positions drawn from one question's mixture."""
    k = rng.choice(m.weight.shape[1], count, p=m.weight[question])
    tail = rng.normal(size=(count, 2)) / np.sqrt(rng.chisquare(3, count) / 3)[:, None]
    return m.centre[question, k] + m.scale[question, k, None] * tail


def some_mixtures(rng):
    p = rng.normal(0, 0.5, (4, 24))
    place, known = rng.normal(0, 900, (4, 5, 2)), rng.random((4, 5)) < 0.8
    options = rng.normal(0, 1, (4, 5, 2)), place, known
    return network_mixture(p, rng.normal(0, 300, (4, 2)), rng.uniform(50, 500, 4), options)


LEVELS = np.repeat([[0.5], [0.8]], 4, axis=1)


def test_the_radius_holds_its_share_of_the_mixture():
    rng = np.random.default_rng(0)
    m = some_mixtures(rng)
    point = spatial_median(m)
    for question, radius in enumerate(areas.radii_m(m, point, LEVELS).T):
        distance = np.linalg.norm(draw(m, question, 200_000, rng) - point[question], axis=1)
        assert (distance < radius[0]).mean() == pytest.approx(0.5, abs=0.04)
        assert (distance < radius[1]).mean() == pytest.approx(0.8, abs=0.04)


def test_discs_hold_their_share_of_the_mixture():
    rng = np.random.default_rng(2)
    m = some_mixtures(rng)
    for level, radius in zip((0.5, 0.8), areas.disc_radii(m, LEVELS), strict=True):
        for question in range(4):
            drawn = draw(m, question, 20_000, rng)
            inside = (
                np.linalg.norm(drawn[:, None] - m.centre[question], axis=2) < radius[question]
            ).any(axis=1)
            assert inside.mean() == pytest.approx(level, abs=0.05)
            deep = areas.hpd_level(take_rows(m, np.full(400, question)), drawn[:400])
            assert (deep < level).mean() == pytest.approx(level, abs=0.09)


def test_an_area_is_for_those_who_move():
    m = Mixture(
        np.array([[[0.0, 0.0], [500.0, 0.0]]]), np.array([[0.1, 50.0]]), np.array([[0.9, 0.1]])
    )
    np.testing.assert_allclose(spatial_median(m), 0.0, atol=0.1)  # most stay exactly where they are
    assert areas.radii_m(m.moving(), np.zeros((1, 2)), LEVELS[:, :1])[0, 0] == pytest.approx(
        500, abs=60
    )
    only = Mixture(m.centre, m.scale, np.array([[1.0, 0.0]]))
    assert areas.radii_m(only.moving(), np.zeros((1, 2)), LEVELS[:, :1])[1, 0] < 1.0


def test_an_area_reaches_around_a_point_beside_it():
    """A point just outside the one disc, whose own disc is almost inside it."""
    m = Mixture(np.zeros((1, 1, 2)), np.array([[100.0]]), np.ones((1, 1)))
    ((radius,),) = areas.disc_radii(m, LEVELS[:1, :1])[0]
    frame = SimpleNamespace(lon=np.zeros(1), lat=np.zeros(1), heading=np.array([[1.0, 0.0]]))
    for apart in (0.5, 0.98, 1.05, 1.5):
        point = np.array([[apart * radius, 0.0]])
        (found,) = areas.polygons(
            frame, np.zeros(1, int), m, LEVELS[:1, :1], point, np.full((1, 1), radius / 10)
        )[0]
        assert shapely.contains_xy(
            found, *(value[0] for value in destination(frame, np.zeros(1, int), point))
        )
