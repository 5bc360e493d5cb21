# SPDX-License-Identifier: GPL-2.0-or-later
"""Trips: cut where somebody rests, counted by kind and day."""

from __future__ import annotations

import numpy as np

from raw_qgis_plugin.core.features.trips import cut_trips
from raw_qgis_plugin.core.tracks import Tracks, build_tracks

MINUTE, KM = 60_000, 1 / 111.2
OUT_AND_BACK = [0, 480, 490, 1020, 1030, 1440], [0, 0, 5, 5, 0, 0]  # minutes of a day, km north of home


def people(days: dict[str, int]) -> Tracks:
    """Who rides five kilometres at eight and back at five in the afternoon, so many days; a fix a minute."""
    parts = [(user, np.arange(1440 * n)) for user, n in days.items()]
    user = np.concatenate([np.full(len(minute), name, object) for name, minute in parts])
    minute = np.concatenate([minute for _, minute in parts])
    north = np.interp(minute % 1440, *OUT_AND_BACK) * KM
    return build_tracks(user, None, minute * MINUTE, np.full(len(minute), 10.0), 50 + north)[0]


def test_a_trip_is_what_moves_between_rests():
    tracks = people({"a": 2, "b": 1})
    trips = cut_trips(tracks)
    assert trips.source.tolist() == [0] * 4 + [1] * 2 == trips.tracks.track_user.tolist()
    first, last = trips.tracks.track_offsets[:-1], trips.tracks.track_offsets[1:] - 1
    assert (trips.tracks.t[first] // MINUTE % 1440).tolist() == [480, 1020] * 3
    assert (trips.tracks.t[last] // MINUTE % 1440).tolist() == [490, 1030] * 3
    assert np.abs(trips.tracks.lat[last] - trips.tracks.lat[first]).min() > 4.9 * KM


def test_kinds_are_summed_by_day():
    trips = cut_trips(people({"a": 4, "b": 1, "still": 0}))
    out = trips.tracks.lat[trips.tracks.track_offsets[:-1]] < 50 + KM
    rates = np.expm1(trips.rates(np.column_stack([out, np.full(len(out), 0.5)])))
    np.testing.assert_allclose(rates, 1.0, rtol=0.05)  # one a day out, and half of two, by span and by what is known
    assert rates.shape == (2, 4)


def test_who_never_moves_has_no_trip():
    still = build_tracks(["a"] * 5, None, np.arange(5) * MINUTE, np.full(5, 10.0), np.full(5, 50.0))[0]
    for tracks in (still, still.take(np.zeros(5, bool))):
        trips = cut_trips(tracks)
        assert len(trips.source) == 0 and len(trips.tracks) == 0
        assert trips.rates(np.zeros((0, 3))).tolist() == [[0.0] * 6] * tracks.n_tracks
