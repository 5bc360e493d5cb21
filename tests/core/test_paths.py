# SPDX-License-Identifier: GPL-2.0-or-later
"""Likely paths: possible movements, their probabilities, and what they do not depend on."""

from __future__ import annotations

import numpy as np

from raw_qgis_plugin.core.bundle.runtime import Model
from raw_qgis_plugin.core.cleaning import build_tracks
from raw_qgis_plugin.core.forecasting.clusters import Movements, cluster, turns_back
from raw_qgis_plugin.core.forecasting.predict import Prediction, Queries, predict
from raw_qgis_plugin.core.geodesy import offset_m
from raw_qgis_plugin.core.tracks import Tracks

START, CADENCE_S, SPEED_MS = 1_700_000_000_000, 10, 10.0
HORIZONS_S = np.array([10.0, 20.0, 30.0, 40.0])
EAST, NORTH = np.cos(0.7), np.sin(0.7)  # the street to the junction


def junction(left: int = 14, right: int = 6) -> Tracks:
    """Vehicles that drive along a street to a junction, one after the other, and turn left or right
    there. The last one is before it. Its user id comes last.
    """
    rng = np.random.default_rng(3)
    step = CADENCE_S * SPEED_MS
    side = rng.permutation(np.repeat([1.0, -1.0], [left, right]))
    k = np.arange(40)
    along, across = np.minimum(k, 25) * step, np.maximum(k - 25, 0) * step
    x = np.tile(along, (len(side) + 1, 1)) + rng.normal(0, 2, (len(side) + 1, 40))
    y = np.append(side, 0.0)[:, None] * across + rng.normal(0, 2, x.shape)
    x, y = EAST * x - NORTH * y, NORTH * x + EAST * y
    shown = np.ones(x.shape, bool)
    shown[-1, 25:] = False
    user = np.broadcast_to([[f"u{i:02d}"] for i in range(len(x))], x.shape)
    t = START + 3_600_000 * np.arange(len(x))[:, None] + 1000 * CADENCE_S * k
    return build_tracks(
        user[shown], None, t[shown], 10 + x[shown] / 71_695, 50 + y[shown] / 111_229
    )[0]


def ahead(
    tracks: Tracks, model: Model, n_paths: int = 3, horizons_s: np.ndarray = HORIZONS_S
) -> Prediction:
    return predict(tracks, model, Queries.ahead(tracks, horizons_s), n_paths=n_paths)


def metres(tracks: Tracks, f: Prediction) -> np.ndarray:
    """Paths (tracks, k, h, 2) in metres from the last fixes, along and across the street of the
    junction.
    """
    last = tracks.track_offsets[f.track + 1][:, None] - 1
    east, north = np.moveaxis(
        offset_m(f.path_lon, f.path_lat, tracks.lon[last], tracks.lat[last]), -1, 0
    )
    xy = np.stack([EAST * east + NORTH * north, EAST * north - NORTH * east], axis=-1)
    return np.swapaxes(xy.reshape(tracks.n_tracks, -1, xy.shape[1], 2), 1, 2)


def test_paths_take_both_ways_of_a_junction(model: Model) -> None:
    tracks = junction()
    f = ahead(tracks, model)
    paths, share = metres(tracks, f)[-1], f.path_probability[-1]
    ends = paths[:, -1]
    lefts, rights = ends[:, 1] > 80, ends[:, 1] < -80
    assert lefts.any() and rights.any(), ends
    assert share[lefts].sum() > share[rights].sum(), "twice as many turned left"
    for k in np.flatnonzero(lefts | rights)[:2]:
        # of the road ahead and the one across
        near = np.minimum(np.abs(paths[k, :, 0] - 100), np.abs(paths[k, :, 1]))
        assert near.max() < 60, "along the streets, not across the corner"


def test_paths_are_no_faster_than_the_layer_and_do_not_turn_back(model: Model) -> None:
    tracks = junction()
    paths = metres(tracks, ahead(tracks, model))
    leg = np.diff(paths, axis=2, prepend=0.0)
    assert np.nanmax(np.hypot(leg[..., 0], leg[..., 1])) / CADENCE_S < 1.5 * SPEED_MS
    assert not turns_back(np.nan_to_num(paths.reshape(-1, *paths.shape[2:]))).any()


def test_points_areas_and_the_first_path_do_not_depend_on_how_many_are_wanted(model: Model) -> None:
    tracks = junction()
    none, one, three = (ahead(tracks, model, n) for n in (0, 1, 3))
    for name in ("lon", "lat", "radius50_m", "radius80_m"):
        assert np.array_equal(getattr(none, name), getattr(three, name)), name
    assert none.path_lon.shape[1] == 0 and one.path_lon.shape[1] == 1
    for name in ("path_lon", "path_lat", "path_probability"):
        assert np.array_equal(getattr(one, name)[:, 0], getattr(three, name)[:, 0]), name


def test_days_have_paths_too(model: Model) -> None:
    n = 5 * 96
    t = START + 900_000 * np.arange(n)
    at_work = (np.arange(n) % 96 >= 36) & (np.arange(n) % 96 < 68)
    rng = np.random.default_rng(0)
    lon = 10 + 0.08 * at_work + rng.normal(0, 1e-4, n)
    tracks = build_tracks(np.zeros(n), None, t, lon, 50 + rng.normal(0, 1e-4, n))[0]
    f = ahead(tracks, model, horizons_s=np.array([300.0, 900.0, 3600.0, 9000.0]))
    assert np.isfinite(f.path_lon[:, 0]).all() and np.nansum(f.path_probability[0]) > 0.9


def test_two_bundles_of_movements_are_two_paths() -> None:
    h = np.arange(1, 5, dtype=np.float32)[:, None]
    north, south = (np.stack([100 * h, side * 100 * h], axis=-1) for side in (1, -1))  # (h, 1, 2)
    spread = np.linspace(-5, 5, 5, dtype=np.float32)
    xy = np.concatenate([north + spread[:, None], north[:, :0], south + spread[:2, None]], axis=1)[
        None
    ]
    ones = np.ones_like(xy[..., 0])
    movements = Movements(xy, np.full_like(xy, np.nan), scale=ones, weight=ones)
    point = np.broadcast_to(north[None, :, 0], (1, 4, 2))
    paths, share = cluster(movements, point, h.T, 2)
    assert abs(share[0, 0] - 5 / 7) < 0.01
    np.testing.assert_allclose(paths[0, 0], north[:, 0], atol=3)
    np.testing.assert_allclose(paths[1, 0], south[:, 0], atol=10)
