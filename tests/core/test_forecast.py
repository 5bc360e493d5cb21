# SPDX-License-Identifier: GPL-2.0-or-later
"""Forecasts and embeddings of the shipped model through ONNX Runtime."""

import numpy as np
import pytest
import shapely

from raw_qgis_plugin.core.bundle.bundle import open_bundle
from raw_qgis_plugin.core.bundle.runtime import Model
from raw_qgis_plugin.core.cleaning import build_tracks
from raw_qgis_plugin.core.embedding.embed import embed
from raw_qgis_plugin.core.errors import Cancelled
from raw_qgis_plugin.core.forecasting import adaptation, areas
from raw_qgis_plugin.core.forecasting.context import ContextQueries, select_rows, split_by_band
from raw_qgis_plugin.core.forecasting.mixture import Mixture
from raw_qgis_plugin.core.forecasting.predict import Queries, predict
from raw_qgis_plugin.core.geodesy import EARTH_RADIUS_M, haversine_m

START = 1_700_000_000_000


def forecast(tracks, model, horizons_s, *progress, **more):
    return predict(tracks, model, Queries.ahead(tracks, horizons_s), *progress, **more)


def forecast_at(tracks, model, track, t, **more):
    return predict(tracks, model, Queries.at(tracks, track, t), **more)


def straight(n=60, cadence_s=10, speed=8.0, users=3):
    """People who go straight on at one speed, east, at 50° N."""
    k = np.tile(np.arange(n), users)
    user = np.repeat([f"u{i}" for i in range(users)], n)
    lon = 10 + 0.1 * np.repeat(np.arange(users), n) + k * cadence_s * speed / 71_695
    return build_tracks(user, None, START + k * cadence_s * 1000, lon, np.full(n * users, 50.0))[0]


def test_one_row_a_track_and_horizon_in_order(model):
    f = forecast(straight(), model, [60, 120])
    assert f.track.tolist() == [0, 0, 1, 1, 2, 2]
    np.testing.assert_allclose(f.horizon_s, [60, 120] * 3)
    assert (f.t[1::2] - f.t[::2] == 60_000).all() and f.in_domain.all() and not f.reasons


def test_who_goes_straight_on_is_forecast_straight_on(model):
    tracks = straight()
    f = forecast(tracks, model, [30])
    last = tracks.lon[tracks.user_offsets[1:] - 1]
    metres = (f.lon - last) * 71_695
    assert np.all(np.abs(metres - 240) < 80) and np.all(np.abs(f.lat - 50) * 111_200 < 60)


def winding(users, fixes=300):
    """Vehicles on one winding round, a fix a minute."""
    rng = np.random.default_rng(0)
    turn = rng.uniform(0, 2 * np.pi, (users, 1)) + np.arange(fixes) * 0.021
    lon = 10 + 0.05 * np.cos(turn) + 0.01 * np.cos(3 * turn)
    lat = 50 + 0.03 * np.sin(turn) + 0.01 * np.sin(2 * turn)
    t = START + np.arange(fixes) * 60_000 + rng.integers(0, 60_000, (users, 1))
    return build_tracks(
        np.repeat(np.arange(users), fixes), None, t.ravel(), lon.ravel(), lat.ravel()
    )[0]


class Misled(Model):
    """A network that points the wrong way, and scorers that believe it."""

    has_fleet_graph = False

    def backbone(self, *args, outputs, **more):
        answers = super().backbone(*args, outputs=outputs, **more)
        return [a if name == "states" else -a for name, a in zip(outputs, answers, strict=True)]


def test_the_layers_past_gets_more_weight_where_the_network_is_misled_about_fleets(monkeypatch):
    tracks = winding(60)
    end = np.repeat(tracks.track_offsets[1:] - 60, 2)
    truth = end + np.tile([29, 49], 60)
    queries = Queries(np.repeat(np.arange(60), 2), tracks.t[truth], end)
    error_m, shipped_gain = {}, adaptation.Settings.full_gain
    for full_gain in (np.inf, shipped_gain):
        monkeypatch.setattr(adaptation.Settings, "full_gain", full_gain)
        f = predict(tracks, Misled(open_bundle(), "cpu"), queries, n_paths=2)
        error_m[full_gain] = haversine_m(f.lon, f.lat, tracks.lon[truth], tracks.lat[truth]).mean()
        assert np.isfinite(f.path_lon[:, 0]).all()
    assert error_m[shipped_gain] < 0.9 * error_m[np.inf], error_m


@pytest.mark.parametrize(("users", "few"), [(1, False), (3, True), (40, False)])
def test_what_rests_on_the_past_of_few_others_says_so(model, users, few):
    """A forecast may show where one person goes. Alone there is nobody to show."""
    assert (forecast(winding(users), model, [120]).few_users.mean() > 0.5) == few


def test_only_fixes_before_the_time_of_the_query_count(model):
    tracks = straight(users=1)
    t = np.array([tracks.t[40] + 1, tracks.t[40], tracks.t[-1] + 60_000])
    f = forecast_at(tracks, model, np.zeros(3, int), t, adapt=False)
    np.testing.assert_allclose(f.horizon_s, [0.001, 10.0, 60.0])
    cut = forecast_at(tracks.take(np.arange(40)), model, np.zeros(1, int), t[1:2], adapt=False)
    np.testing.assert_allclose([f.lon[1], f.lat[1]], [cut.lon[0], cut.lat[0]], atol=1e-7)
    np.testing.assert_allclose(f.radius80_m[1], cut.radius80_m[0], rtol=1e-4)


def test_hours_ahead_dense_tracks_are_predicted_from_their_days(model):
    horizon = np.array([300.0, 1200, 1800, 9000, 28_000, 45_000])
    for hours, days in ((1.5, []), (5, [2, 3, 4, 5])):
        tracks = straight(n=int(hours * 360), cadence_s=10, users=1)
        asked = ContextQueries(np.array([0]), np.array([len(tracks)]), np.zeros(6, int), horizon)
        kept, by_days = split_by_band(tracks, asked)
        assert np.flatnonzero(by_days[kept.context]).tolist() == days
    assert kept.context[2] == kept.context[3] == kept.context[4] != kept.context[5]
    # a clock's quarters, not those before the last fix
    quarters = np.flatnonzero(np.diff(tracks.t // 900_000))
    rows, is_days = select_rows(tracks.t, 0, len(tracks), 9000.0, True)
    assert is_days and len(rows) in (len(quarters), len(quarters) + 1, len(quarters) + 2)
    assert np.all(np.diff(tracks.t[rows]) == 900_000)
    sparse = tracks.take(np.append(quarters, len(tracks) - 1))
    given, few = (forecast(t, model, [9000], adapt=False) for t in (tracks, sparse))
    assert haversine_m(given.lon, given.lat, few.lon, few.lat) < 0.5 * few.radius50_m


def test_a_phone_that_wakes_now_and_then_is_predicted_from_its_days(model):
    k, horizon = np.arange(30 * 5), np.array([60.0, 300.0, 900.0])
    t = START + 600_000 * (k // 5) + 6000 * (k % 5)  # five fixes every ten minutes
    bursts = build_tracks(np.zeros(len(k)), None, t, 10 + (t - START) / 6e8, np.full(len(k), 50.0))[
        0
    ]
    asked = ContextQueries(np.array([0]), np.array([len(k)]), np.zeros(3, int), horizon)
    kept, by_days = split_by_band(bursts, asked)
    assert by_days[kept.context].tolist() == [False, True, True]
    drives = straight(n=5 * 360, cadence_s=10, users=1)
    asked = ContextQueries(np.array([0]), np.array([len(drives)]), np.zeros(3, int), horizon)
    kept, by_days = split_by_band(drives, asked)
    assert not by_days.any()


def test_no_radius_is_longer_than_half_way_round_the_earth(model):
    rng, t = np.random.default_rng(0), 1_700_000_000_000 + np.arange(60) * 60_000
    user, lon, lat = (
        np.repeat(np.arange(20), 60),
        rng.uniform(-180, 180, 1200),
        rng.uniform(-80, 80, 1200),
    )
    f = forecast(
        build_tracks(user, None, np.tile(t, 20), lon, lat, drop_spikes=False)[0], model, [1800]
    )
    assert (f.radius50_m <= f.radius80_m).all() and f.radius80_m.max() == pytest.approx(
        np.pi * EARTH_RADIUS_M
    )
    assert not f.in_domain.any()


def test_a_query_before_the_first_fix_has_no_prediction(model):
    tracks = straight(users=1)
    f = forecast_at(tracks, model, [0, 0], [tracks.t[0], tracks.t[0] - 5])
    assert np.isnan(f.lon).all() and np.isnan(f.radius50_m).all() and not f.in_domain.any()


def test_one_fix_and_out_of_domain_are_said(model):
    tracks, _ = build_tracks(
        ["a", "b", "b"], None, [START, START, START + 86_400_000], [1.0, 1, 1.1], [50.0, 50, 50]
    )
    f = forecast(tracks, model, [60])
    assert (
        f.track.tolist() == [1]
        and not f.in_domain.any()
        and any("apart in time" in r for r in f.reasons)
    )


def test_cancel_stops_between_batches(model):
    def stop(share):
        raise Cancelled

    with pytest.raises(Cancelled):
        forecast(straight(), model, [60], stop)
    with pytest.raises(Cancelled):
        embed(straight(), model, stop)


def test_two_places_are_two_areas(model):
    m = Mixture(
        np.array([[[0.0, 0.0], [5000.0, 0.0]]]), np.array([[100.0, 100.0]]), np.array([[0.5, 0.5]])
    )
    (radius,) = areas.disc_radii(m, np.array([[0.8]]))
    assert (radius > 100).all() and radius.sum() < 2500  # they leave room between them
    f = forecast(straight(users=2), model, [60, 600], with_areas=True)
    assert f.areas.shape == (4, 2) and shapely.is_valid(f.areas).all()
    assert (shapely.area(f.areas[:, 1]) > shapely.area(f.areas[:, 0])).all()
    assert shapely.contains_xy(f.areas[:, 1], f.lon, f.lat).all()
