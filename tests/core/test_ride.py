# SPDX-License-Identifier: GPL-2.0-or-later
"""Ride features against rides whose bends, stops and speeds are known."""

from __future__ import annotations

import numpy as np
import pytest

from raw_qgis_plugin.core.cleaning import build_tracks
from raw_qgis_plugin.core.features.ride import RIDE, ride
from raw_qgis_plugin.core.geodesy import metres_per_degree

START = 1_700_460_000_000


def a_ride(speed, heading=0.0, every_s=1, lon0=10.0, lat0=0.0):
    """Columns t, lon, lat of a track with a fix a second at these speeds (n,) and headings,
    thinned.
    """
    heading = np.broadcast_to(heading, len(speed))
    xy = np.cumsum(np.stack([speed * np.cos(heading), speed * np.sin(heading)], axis=1), axis=0)[
        ::every_s
    ]
    kx, ky = metres_per_degree(np.array([lat0]))
    lon = (lon0 + xy[:, 0] / kx + 180) % 360 - 180
    return START + 1000 * every_s * np.arange(len(xy)), lon, lat0 + xy[:, 1] / ky


def features(*rides):
    names = np.repeat([f"r{i}" for i in range(len(rides))], [len(t) for t, _, _ in rides])
    columns = (np.concatenate(parts) for parts in zip(*rides, strict=True))
    tracks, _ = build_tracks(names, names, *columns, drop_spikes=False)
    return [dict(zip(RIDE, row, strict=True)) for row in ride(tracks).astype(float)]


def stop_and_go(metres_a_second=15.0, ride_s=60, stop_s=30, times=8):
    return np.tile(np.repeat([metres_a_second, 0.0], [ride_s, stop_s]), times)


def test_stops_and_the_ways_between_them():
    (found,) = features(a_ride(stop_and_go()))
    assert np.expm1(2 * found["dwell_0.5"]) * 10 == pytest.approx(30, abs=10)
    assert np.expm1(2 * found["spacing_0.5"]) * 100 == pytest.approx(900, rel=0.1)
    assert np.expm1(2 * found["peak_0.5"]) == pytest.approx(15, rel=0.02)
    # the last one ends the track
    assert np.expm1(found["stops_a_km"]) == pytest.approx(1000 * 7 / 7300, rel=0.05)
    assert found["long_stops"] == 0 and found["stopped"] == pytest.approx(1 / 3, abs=0.12)
    (longer,) = features(a_ride(stop_and_go(stop_s=60)))
    assert longer["long_stops"] == 1


def test_bends_at_every_scale():
    # corners every 600 m
    straight, block = np.full(1200, 10.0), np.repeat(np.arange(20) % 2 * np.pi / 2, 60)
    rail, road = features(a_ride(straight), a_ride(straight, block))
    for metres in (100, 300):
        assert (
            rail[f"bend_{metres}m_0.9"] == pytest.approx(0, abs=1e-5)
            and rail[f"corners_{metres}m"] == 0
        )
        assert road[f"corners_{metres}m"] > 0.1 and road[f"detour_{metres}m_0.9"] > 0.05
    assert rail["cruising"] == pytest.approx(1, abs=0.02) and rail["stops_an_hour"] == 0
    assert rail["dwell_0.5"] == -1  # there is no stop


def test_the_cadence_matters_little():
    fine, coarse = features(*(a_ride(stop_and_go(), every_s=s) for s in (1, 10)))
    for name in (
        "speed_60s_0.5",
        "speed_180s_0.9",
        "spacing_0.5",
        "peak_0.5",
        "stops_a_km",
        "moving_speed",
    ):
        assert fine[name] == pytest.approx(coarse[name], abs=0.08), name


@pytest.mark.parametrize("times", [[], [0], [0, 2], [0, 0, 5], [0, 3600, 7200]])
def test_short_tracks_have_numbers_too(times):
    t = START + 1000 * np.array(times, np.int64)
    tracks, _ = build_tracks(
        ["a"] * len(t), None, t, np.linspace(1, 1.001, len(t)), np.zeros(len(t))
    )
    found = ride(tracks)
    assert found.shape == (tracks.n_tracks, len(RIDE)) and np.isfinite(found).all()
