# SPDX-License-Identifier: GPL-2.0-or-later
"""Forecasts depend on nothing they should not: ids, the order of rows and queries, users elsewhere, later fixes."""

from __future__ import annotations

import numpy as np
import pytest

from raw_qgis_plugin.core.bundle.bundle import open_bundle
from raw_qgis_plugin.core.bundle.runtime import Model
from raw_qgis_plugin.core.forecasting.predict import Queries, predict
from raw_qgis_plugin.core.geodesy import metres_between
from raw_qgis_plugin.core.paths import RESOURCES
from raw_qgis_plugin.core.sources.readers import read
from raw_qgis_plugin.core.tracks import Tracks, build_tracks

HORIZONS_S = np.array([60.0, 600.0, 3600.0])


@pytest.fixture(scope="module")
def model():
    return Model(open_bundle(), "cpu", threads=1)


def taxis(users: int = 25, days: int = 4) -> Tracks:
    """Vehicles that drive between places of a city round the clock, a fix a minute with gaps."""
    rng = np.random.default_rng(7)
    place = rng.normal(0, 4000, (40, 2))
    n = days * 1440
    stop = rng.integers(0, 40, (users, n // 15 + 1))
    part = (np.arange(n) % 15 / 15)[:, None]
    leg = np.arange(n) // 15
    xy = place[stop[:, leg]] * (1 - part) + place[stop[:, leg + 1]] * part + rng.normal(0, 8, (users, n, 2))
    kept = rng.random((users, n)) < 0.9
    user = np.broadcast_to(np.arange(users)[:, None], kept.shape)[kept]
    t = 1_600_000_000_000 + np.broadcast_to(60_000 * np.arange(n), kept.shape)[kept]
    return build_tracks(user, None, t, -122.4 + xy[kept, 0] / 88_000, 37.7 + xy[kept, 1] / 111_000)[0]


def city() -> Tracks:
    tracks = read(RESOURCES / "sample" / "city_tracks.parquet")[0].by_user()
    return tracks.take(tracks.user < 10)


@pytest.fixture(scope="module", params=[taxis, city], ids=["taxis", "city"])
def layer(request, model):
    """A layer, queries in the middle of its tracks as user and times, and what is answered."""
    tracks = request.param()
    middle = tracks.t[(tracks.track_offsets[:-1] + tracks.track_offsets[1:]) // 2]
    user = np.repeat(tracks.user_ids, len(HORIZONS_S))
    t = (middle[:, None] + 1 + (1000 * HORIZONS_S).astype(np.int64)).ravel()
    now = np.repeat(middle + 1, len(HORIZONS_S))
    return tracks, user, now, t, ask(model, tracks, user, now, t)


def ask(model, tracks: Tracks, user, now, t) -> np.ndarray:
    """lon, lat and radii (4, m) of queries of users at t, from the fixes before `now`."""
    number = {name: i for i, name in enumerate(tracks.user_ids)}
    track = np.array([number[name] for name in user])
    f = predict(tracks, model, Queries(track, t, tracks.time_index.before(track, now)))
    return np.stack([f.lon, f.lat, f.radius50_m, f.radius80_m])


def columns(tracks: Tracks):
    return tracks.user_ids[tracks.user], tracks.t.copy(), tracks.lon.copy(), tracks.lat.copy()


def built(user, t, lon, lat) -> Tracks:
    return build_tracks(np.asarray(user, object), None, t, lon, lat, drop_spikes=False)[0]


def moved_m(before: np.ndarray, after: np.ndarray) -> float:
    """How far any forecast moved, and any radius changed, in metres."""
    points = metres_between(before[0], before[1], after[0], after[1])
    return float(max(points.max(), np.abs(after[2:] - before[2:]).max()))


def test_ids_and_the_order_of_rows_and_queries_change_nothing(layer, model):
    tracks, user, now, t, before = layer
    rng = np.random.default_rng(0)
    new = dict(zip(tracks.user_ids, rng.permutation([f"id{i}" for i in range(tracks.n_users)]), strict=True))
    names, times, lon, lat = columns(tracks)
    rows, order = rng.permutation(len(tracks)), rng.permutation(len(user))
    renamed = np.array([new[name] for name in names])
    other = built(renamed[rows], times[rows], lon[rows], lat[rows])
    after = ask(model, other, np.array([new[name] for name in user])[order], now[order], t[order])
    assert moved_m(before[:, order], after) < 1.0


def test_users_elsewhere_change_nothing(layer, model):
    tracks, user, now, t, before = layer
    names, times, lon, lat = columns(tracks)
    some = tracks.user < 3
    parts = [
        (
            np.char.add(names[some].astype(str), f"-{shift}"),
            times[some],
            (lon[some] + shift + 180) % 360 - 180,
            lat[some],
        )
        for shift in (3.0, 140.0)
    ]
    other = built(*(np.concatenate([a, *more]) for a, *more in zip((names, times, lon, lat), *parts, strict=True)))
    asked = user[: 3 * len(HORIZONS_S)]
    more = np.concatenate([user, *(np.char.add(asked.astype(str), f"-{shift}") for shift in (3.0, 140.0))])
    again = [np.concatenate([a, *[a[: 3 * len(HORIZONS_S)]] * 2]) for a in (now, t)]
    after = ask(model, other, more, *again)[:, : len(user)]
    assert moved_m(before, after) < 1.0


@pytest.mark.parametrize("change", ["removed", "doubled", "garbage"])
def test_later_fixes_change_nothing(layer, model, change):
    tracks, user, now, t, before = layer
    names, times, lon, lat = columns(tracks)
    first = dict(zip(user, now, strict=True))
    last = int(now.max())
    later = times >= last
    assert later.any() and (np.array([first[name] for name in tracks.user_ids]) <= last).all()
    if change == "removed":
        other = built(*(a[~later] for a in (names, times, lon, lat)))
    elif change == "doubled":
        copies = np.char.add(names[later].astype(str), "-again"), times[later] + 7000, lon[later], lat[later] + 1e-5
        other = built(*(np.concatenate(pair) for pair in zip((names, times, lon, lat), copies, strict=True)))
    else:
        rng = np.random.default_rng(1)
        lon[later] += rng.normal(0, 0.02, later.sum())
        lat[later] += rng.normal(0, 0.02, later.sum())
        other = built(names, times, lon, lat)
    assert moved_m(before, ask(model, other, user, now, t)) < 0.01
