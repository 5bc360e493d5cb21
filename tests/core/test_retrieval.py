# SPDX-License-Identifier: GPL-2.0-or-later
"""Ways that the layer's tracks went on before: known by then, alike, each once, anywhere on the earth."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from raw_qgis_plugin.core.bundle import open_bundle
from raw_qgis_plugin.core.forecast import forecast, forecast_at
from raw_qgis_plugin.core.retrieval import PACES, Retrieval
from raw_qgis_plugin.core.runtime import Model
from raw_qgis_plugin.core.tracks import build_tracks

START = 1_600_000_000_000
STEP_M, STEP_S = 100.0, 10
CORNER = 20  # steps east before all turn north
DAY = 86_400_000


def round_the_corner(days, steps=40, lon0=13.0, lat0=0.0):
    """One track a day: 100 m in 10 s, east, then north from the corner on. The last one ends at the corner's step."""
    step = np.arange(steps)
    east, north = np.minimum(step, CORNER) * STEP_M, np.maximum(step - CORNER, 0) * STEP_M
    rng = np.random.default_rng(0)
    day = np.repeat(np.arange(days), steps)
    lon = lon0 + (np.tile(east, days) + rng.normal(0, 3, days * steps)) / 111_320
    lat = lat0 + (np.tile(north, days) + rng.normal(0, 3, days * steps)) / 110_574
    t = START + day * DAY + np.tile(step, days) * STEP_S * 1000
    kept = (day < days - 1) | (np.tile(step, days) <= CORNER - 1)
    return build_tracks(day[kept], None, t[kept], ((lon + 180) % 360 - 180)[kept], lat[kept], drop_spikes=False)[0]


def last_rows(tracks, track):
    last = np.array([tracks.track_offsets[track + 1] - 1])
    return last, last - 1


@pytest.mark.parametrize("lon0", [13.0, 179.995])
def test_others_have_turned_here(lon0):
    tracks = round_the_corner(13, lon0=lon0)
    way, support, spread = Retrieval(tracks).ways(*last_rows(tracks, 12), np.array([[30.0, 60.0]]))
    np.testing.assert_allclose(way[0], [[100, 200], [100, 500]], atol=15)
    assert (support > 5).all() and (support <= 32).all() and (spread < 60).all()


def test_only_what_had_ended_by_then_is_known():
    tracks = round_the_corner(13)
    turn = CORNER - 1  # as far as the last track came
    for track, others in ((0, 0), (5, 5)):
        row = np.array([tracks.track_offsets[track] + turn])
        way, support, _ = Retrieval(tracks).ways(row, row - 1, np.array([[30.0]]))
        cut = tracks.take(tracks.t <= tracks.t[row])
        again, known, _ = Retrieval(cut).ways(row, row - 1, np.array([[30.0]]))
        np.testing.assert_allclose(support, known)
        np.testing.assert_allclose(way, again)
        assert others / 2 - 0.1 < support[0, 0] < 2 * others + 0.1


def test_who_moves_otherwise_says_nothing():
    tracks = round_the_corner(13)
    backwards = tracks.lon.copy()
    own = tracks.track == 12
    backwards[own] = backwards[own][::-1]  # the last one comes from the east and ends where the others begin
    turned = build_tracks(tracks.track, None, tracks.t, backwards, tracks.lat, drop_spikes=False)[0]
    _, support, _ = Retrieval(turned).ways(*last_rows(turned, 12), np.array([[30.0]]))
    assert support[0, 0] < 0.1


def test_a_fix_in_several_tracks_counts_once():
    tracks = round_the_corner(4)
    columns = (np.tile(a, 3) for a in (tracks.t, tracks.lon, tracks.lat))
    copies = np.repeat(np.arange(3), len(tracks)) * 100 + np.tile(tracks.track, 3)
    thrice = build_tracks(copies, None, *columns, drop_spikes=False)[0]
    _, once, _ = Retrieval(tracks).ways(*last_rows(tracks, 3), np.array([[30.0]]))
    last = int(np.flatnonzero(thrice.user_ids == "3")[0])
    _, support, _ = Retrieval(thrice).ways(*last_rows(thrice, last), np.array([[30.0]]))
    np.testing.assert_allclose(support, once)


def test_no_past_no_way():
    one = build_tracks(np.zeros(2), None, START + np.array([0, 10_000]), np.array([1.0, 1.001]), np.zeros(2))[0]
    retrieval = Retrieval(one)
    way, support, spread = retrieval.ways(np.array([1, 0]), np.array([0, 0]), np.array([[60.0], [60.0]]))
    assert not way.any() and not support.any() and not spread.any()


def test_a_forecast_turns_where_others_did():
    tracks, model = round_the_corner(13), Model(open_bundle(), "cpu")
    alone = tracks.take(tracks.track == 12)
    north = {}
    for name, layer in (("with", tracks), ("alone", alone)):
        f = forecast(layer, model, [60])
        north[name] = float(f.lat[-1]) * 110_574
    assert north["with"] > north["alone"] + 150
    last = tracks.t[-1]
    same = forecast_at(tracks, model, np.array([12]), np.array([last + 60_000]))
    assert abs(same.lat[0] * 110_574 - north["with"]) < 60


def test_the_page_says_how_near_is_near():
    fixes, page = round_the_corner(2), (Path(__file__).parents[2] / "docs/forecasting.md").read_text(encoding="utf-8")
    retrieval, near = Retrieval(fixes), {}
    for lag_s in (5.0, 60.0):
        pace = float(PACES ** round(np.log(lag_s) / np.log(PACES)))
        likeness = retrieval._likeness(pace, np.arange(2), np.zeros((2, 2)))
        metres = np.hypot((fixes.lon[1] - fixes.lon[0]) * 111_195, (fixes.lat[1] - fixes.lat[0]) * 111_195)
        near[lag_s] = metres / np.linalg.norm(np.diff(likeness, axis=0))
    assert f"{near[60.0]:.0f} m where fixes are a minute apart, {near[5.0]:.0f} m at 5 s" in page
