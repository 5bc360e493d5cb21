# SPDX-License-Identifier: GPL-2.0-or-later
"""Continuations of the layer: known by then, near and weight, each once, anywhere on the earth."""

from __future__ import annotations

import numpy as np
import pytest

from raw_qgis_plugin.core.cleaning import build_tracks
from raw_qgis_plugin.core.forecasting.nearest import DAY_KERNEL, Kernel
from raw_qgis_plugin.core.forecasting.neighbours import COLUMNS, WEIGHT, Neighbours, in_frame
from raw_qgis_plugin.core.forecasting.predict import Queries, predict

START = 1_600_000_000_000
STEP_M, STEP_S = 100.0, 10
CORNER = 20  # steps east before all turn north
DAY, HOUR, QUARTER = 86_400_000, 3_600_000, 900_000


def round_the_corner(days, steps=40, lon0=13.0, lat0=0.0):
    """One track a day: 100 m in 10 s, east, then north from the corner on. The last one ends at the
    corner's step.
    """
    step = np.arange(steps)
    east, north = np.minimum(step, CORNER) * STEP_M, np.maximum(step - CORNER, 0) * STEP_M
    rng = np.random.default_rng(0)
    day = np.repeat(np.arange(days), steps)
    lon = lon0 + (np.tile(east, days) + rng.normal(0, 3, days * steps)) / 111_320
    lat = lat0 + (np.tile(north, days) + rng.normal(0, 3, days * steps)) / 110_574
    t = START + day * DAY + np.tile(step, days) * STEP_S * 1000
    kept = (day < days - 1) | (np.tile(step, days) <= CORNER - 1)
    return build_tracks(
        day[kept], None, t[kept], ((lon + 180) % 360 - 180)[kept], lat[kept], drop_spikes=False
    )[0]


def last_rows(tracks, track):
    last = np.array([tracks.track_offsets[track + 1] - 1])
    return last, last - 1


def of_trips(neighbours, last, before, horizon_s):
    """The displacements (m, h, 32, 2) of continuations, and their weights."""
    found = neighbours.continuations(last, before, horizon_s).columns
    return found[..., :2], found[..., WEIGHT]


def forecast(tracks, model, horizons_s, **more):
    return predict(tracks, model, Queries.ahead(tracks, horizons_s), **more)


@pytest.mark.parametrize("lon0", [13.0, 179.995])
def test_others_have_turned_here(lon0):
    tracks = round_the_corner(13, lon0=lon0)
    ways, weight = of_trips(Neighbours(tracks), *last_rows(tracks, 12), np.array([[30.0, 60.0]]))
    assert (
        ways.shape == (1, 2, Kernel.count, 2)
        and (weight.sum(axis=-1) > 5).all()
        and (weight <= 1).all()
    )
    mean = (weight[..., None] * ways).sum(axis=2) / weight.sum(axis=2)[..., None]
    np.testing.assert_allclose(mean[0], [[100, 200], [100, 500]], atol=15)


def test_a_continuation_says_where_when_and_whose_it_is():
    tracks = round_the_corner(13)
    continuations = Neighbours(tracks).continuations(*last_rows(tracks, 12), np.array([[30.0]]))
    found, (near_m, near_ms) = continuations.columns[0, 0], continuations.near[0]
    assert continuations.other_users == [[12]], "of twelve other users"
    named = dict(zip(COLUMNS, found[found[:, WEIGHT] > 0.5].T, strict=True))
    position = np.hypot(named["position_x"], named["position_y"]) / near_m
    velocity = np.hypot(named["velocity_x"], named["velocity_y"]) / near_ms
    assert position.max() < 2 and velocity.max() < 2
    np.testing.assert_allclose(
        named["weight"], np.exp(-0.5 * (position**2 + velocity**2)), rtol=1e-3
    )
    assert not named["same_user"].any() and np.abs(named["hours"]).max() < 0.1
    assert set(named["same_week_part"]) == {0.0, 1.0}


def test_only_what_had_ended_by_then_is_known():
    tracks = round_the_corner(13)
    turn = CORNER - 1  # as far as the last track came
    for track, others in ((0, 0), (5, 5)):
        row = np.array([tracks.track_offsets[track] + turn])
        ways, weight = of_trips(Neighbours(tracks), row, row - 1, np.array([[30.0]]))
        cut = tracks.take(tracks.t <= tracks.t[row])
        again, known = of_trips(Neighbours(cut), row, row - 1, np.array([[30.0]]))
        np.testing.assert_allclose(weight.sum(), known.sum())
        np.testing.assert_allclose(
            (weight[..., None] * ways).sum(axis=2), (known[..., None] * again).sum(axis=2)
        )
        assert others / 2 - 0.1 < weight.sum() < 2 * others + 0.1


def test_a_fix_in_several_tracks_counts_once():
    tracks = round_the_corner(4)
    columns = (np.tile(a, 3) for a in (tracks.t, tracks.lon, tracks.lat))
    copies = np.repeat(np.arange(3), len(tracks)) * 100 + np.tile(tracks.track, 3)
    thrice = build_tracks(copies, None, *columns, drop_spikes=False)[0]
    _, once = of_trips(Neighbours(tracks), *last_rows(tracks, 3), np.array([[30.0]]))
    last = int(np.flatnonzero(thrice.user_ids == "3")[0])
    _, again = of_trips(Neighbours(thrice), *last_rows(thrice, last), np.array([[30.0]]))
    np.testing.assert_allclose(again.sum(), once.sum())


def fleet(days, lon0=0.0):
    """Each day a vehicle of its own waits at the station till eight, roams, is back at noon, and
    then drives 5 km north to the port by half past twelve; the last one has just come back. By
    quarter hours, from six on.
    """
    rng = np.random.default_rng(1)
    place = np.zeros((days, 40, 2))
    place[:, 8:24] = rng.normal(0, 2000, (days, 16, 2))
    place[:, 26:, 1] = 5000.0
    place += rng.normal(0, 30, place.shape)
    day, slot = (a.ravel() for a in np.meshgrid(np.arange(days), np.arange(40), indexing="ij"))
    t = START // DAY * DAY + day * DAY + 6 * HOUR + slot * QUARTER
    kept = (day < days - 1) | (slot <= 24)
    lon, lat = lon0 + place[..., 0].ravel() / 111_320, place[..., 1].ravel() / 110_574
    lon = (lon + 180) % 360 - 180
    return build_tracks(day[kept], None, t[kept], lon[kept], lat[kept], drop_spikes=False)[0]


def test_a_forecast_turns_where_others_did(model):
    tracks = round_the_corner(13)
    alone = tracks.take(tracks.track == 12)
    north = {}
    for name, layer in (("with", tracks), ("alone", alone)):
        f = forecast(layer, model, [60])
        north[name] = float(f.lat[-1]) * 110_574
    assert north["with"] > north["alone"] + 150
    last = tracks.t[-1]
    same = predict(tracks, model, Queries.at(tracks, np.array([12]), np.array([last + 60_000])))
    assert abs(same.lat[0] * 110_574 - north["with"]) < 60


def test_continuations_of_days_say_where_others_were_then():
    tracks = fleet(20)
    last = np.array([len(tracks) - 1])
    horizons_s = np.array([[1800.0, 900.0]])
    found = Neighbours(tracks).continuations(last, last - 1, horizons_s, True)
    near = found.columns
    assert 5 < found.other_users[0, 0] < 20
    assert near.shape == (1, 2, DAY_KERNEL.count, len(COLUMNS)) and near.dtype == np.float32
    column = dict(zip(COLUMNS, np.moveaxis(near[0, 0], -1, 0), strict=True))
    nearest = column["weight"] > 0.5
    assert nearest.sum() > 5
    there = (column["displacement_y"] + column["position_y"])[nearest]
    np.testing.assert_allclose(np.median(there), 5000, atol=400)  # at the port
    assert (
        np.abs(column["position_x"][nearest]).max() < 3000
        and np.abs(column["hours"][nearest]).max() < 3
    )
    assert (column["age_days"][nearest] > 0.9).all() and column["known_velocity"][nearest].all()
    assert not column["same_user"][nearest].any()
    driver = build_tracks(
        np.zeros(len(tracks), int), tracks.track, tracks.t, tracks.lon, tracks.lat
    )[0]
    own = Neighbours(driver).continuations(last, last - 1, np.array([[1800.0]]), True)
    # other tracks of the same user
    assert own.columns[0, 0, :, COLUMNS.index("same_user")].all() and not own.other_users.any()
    turned = in_frame(near[0], np.array([[0.0, 1.0]] * 2))  # heading north: x is north, y is west
    np.testing.assert_allclose(turned[..., 0], near[0][..., 1], atol=1e-3)
    np.testing.assert_allclose(turned[..., 3], -near[0][..., 2], atol=1e-3)
    np.testing.assert_array_equal(turned[..., 6:], near[0][..., 6:])
