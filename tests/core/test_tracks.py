# SPDX-License-Identifier: GPL-2.0-or-later
"""Fixes in any order and state become clean, sorted tracks, and what is dropped is counted."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from raw_qgis_plugin.core.arrays import group_quantile, stable_order
from raw_qgis_plugin.core.cleaning import Coded, build_tracks, encode_ids, spikes
from raw_qgis_plugin.core.geodesy import metres_between
from raw_qgis_plugin.core.times import NO_TIME
from raw_qgis_plugin.core.tracks import solar_day

HOUR = 3_600_000
DEGREE_M = 111_320.0


def test_sorted_by_user_track_and_time():
    tracks, skipped = build_tracks(
        ["b", "a", "a", "b"], [2, 10, 9, 2], [4, 3, 2, 1], [0, 1, 2, 3], [0, 0, 0, 0]
    )
    assert tracks.user_ids.tolist() == ["a", "b"]
    assert tracks.track_ids.tolist() == ["9", "10", "2"]
    assert tracks.track_user.tolist() == [0, 0, 1]
    assert tracks.lon.tolist() == [2, 1, 3, 0]
    assert tracks.user.tolist() == [0, 0, 1, 1]
    assert tracks.track_offsets.tolist() == [0, 1, 2, 4] and tracks.user_offsets.tolist() == [
        0,
        2,
        4,
    ]
    assert not skipped and str(skipped) == "No fix was skipped."


def test_every_reason_is_counted_once():
    user = ["a", None, "a", "a", "a", "a", "a"]
    track = ["1", "1", None, "1", "1", "1", "1"]
    tracks, skipped = build_tracks(
        user,
        track,
        [1, 2, 3, NO_TIME, 5, 1, 7],
        [0, 0, 0, 0, np.nan, 9, 361],
        [0, 0, 0, 0, 0, 0, 0],
    )
    assert skipped == {
        "no user": 1, "no track": 1, "no time that can be read": 1, "no position": 1, "duplicate": 1,
        "position outside the world": 1,
    }  # fmt: skip
    assert skipped.total == 6 and "6 fixes skipped: 1 no user, " in str(skipped)
    _, skipped = build_tracks(None, None, [1, 1, 2], [0, 9, 0], [0, 0, 0])
    assert str(skipped) == "1 fix skipped: at the time of another fix of the same track."
    assert tracks.lon.tolist() == [0]  # of equal times the first in the input


def test_longitudes_beyond_180_are_turned_back():
    tracks, skipped = build_tracks(
        None, None, range(5), [179.5, 180.0, 180.5, 359.0, -181.0], [0] * 5
    )
    assert tracks.lon.tolist() == [179.5, 180.0, -179.5, -1.0, 179.0] and not skipped


def test_times_before_1900_and_after_2100_are_skipped():
    years = np.array(
        ["1899-12-31T23:59:59.999", "1900", "2100-12-31T23:59:59.999", "2101", "5138", "-9999"],
        "M8[ms]",
    )
    tracks, skipped = build_tracks(None, None, years.astype(np.int64), np.zeros(6), np.zeros(6))
    assert skipped == {"time before 1900 or after 2100": 4}
    assert tracks.t.astype("M8[ms]").astype(str).tolist() == [
        "1900-01-01T00:00:00.000",
        "2100-12-31T23:59:59.999",
    ]
    assert (
        "coordinate system"
        in build_tracks(None, None, np.zeros(2, np.int64), [4e5] * 2, [6e6] * 2)[1].advice
    )
    assert (
        "seconds since 1970"
        in build_tracks(None, None, years[3:].astype(np.int64), [0] * 3, [0] * 3)[1].advice
    )


def test_no_user_and_no_track():
    tracks, _ = build_tracks(None, None, [2, 1], [0, 0], [0, 0])
    assert tracks.user_ids.tolist() == tracks.track_ids.tolist() == ["all"]
    tracks, _ = build_tracks(["b", "a"], None, [2, 1], [0, 0], [0, 0])
    assert tracks.track_ids.tolist() == ["a", "b"]


def test_nothing_is_legal():
    tracks, skipped = build_tracks([], [], [], [], [])
    assert len(tracks) == tracks.n_users == tracks.n_tracks == 0 and not skipped
    assert len(tracks.by_user()) == len(tracks.by_day()) == 0
    assert tracks.track_offsets.tolist() == tracks.user_offsets.tolist() == [0]


def straight(metres_a_second: float, n: int = 20) -> np.ndarray:
    return np.arange(n) * metres_a_second / DEGREE_M


def test_a_spike_is_dropped_but_not_a_plane_or_a_tunnel():
    t = np.arange(20) * 1000
    spiky = straight(10)
    spiky[7] += 0.1
    tracks, skipped = build_tracks(None, None, t, spiky, np.zeros(20))
    assert skipped == {"impossible jump": 1} and t[7] not in tracks.t
    tunnel = straight(10) + 0.1 * (np.arange(20) > 7)
    for lon in (straight(250), tunnel):
        assert not build_tracks(None, None, t, lon, np.zeros(20))[1]


def test_a_spike_is_one_although_one_step_of_it_is_possible():
    """A walk in Helsinki: four kilometres away in 46 s, 93 m/s, and back in 11 s."""
    t = np.array([0, 10, 20, 66, 77, 87, 97]) * 1000
    lon = np.array([0, 10, 20, 4300, 40, 50, 60.0]) / DEGREE_M
    tracks, skipped = build_tracks(None, None, t, lon, np.zeros(7))
    assert skipped == {"impossible jump": 1} and 66_000 not in tracks.t


def test_whether_a_fix_is_a_spike_depends_on_the_next_fix_alone():
    rng = np.random.default_rng(3)
    lon = np.where(rng.random(400) < 0.3, 5.0, 0.0)
    tracks, _ = build_tracks(
        None, None, np.arange(400) * 1000, lon, np.zeros(400), drop_spikes=False
    )
    whole = spikes(tracks)
    for end in (50, 51, 200, 399):
        assert (spikes(tracks.take(np.arange(end)))[:-1] == whole[: end - 1]).all()


def test_by_user_merges_and_by_day_cuts_at_solar_midnight():
    t = np.array([0, 2, 1, 2, 30]) * HOUR
    tracks, _ = build_tracks(["a"] * 5, ["1", "1", "2", "2", "2"], t, [-75.0] * 5, [4.0] * 5)
    users = tracks.by_user()
    assert users.n_tracks == 1 and users.t.tolist() == [0, HOUR, 2 * HOUR, 30 * HOUR]
    days = tracks.by_day()  # -75 degrees: five hours behind UTC
    assert days.track_ids.tolist() == ["1969-12-31", "1970-01-02"]
    assert solar_day(users).tolist() == [-1, -1, -1, 1]


def test_anonymous_tracks_become_users_only_on_demand():
    fixes = [0, 1, 2, 3], [0.0, 1, 2, 3], [0.0] * 4
    nobodys, _ = build_tracks(None, ["1", "2", "2", "1"], *fixes, drop_spikes=False)
    # one visitor of any region
    assert nobodys.anonymous and nobodys.n_users == nobodys.by_user().n_tracks == 1
    apart = nobodys.one_user_per_track()
    assert (
        apart.user_ids.tolist() == ["1", "2"] == apart.by_user().track_ids.tolist()
        and not apart.anonymous
    )
    assert apart.user.tolist() == [0, 0, 1, 1] and apart.user_offsets.tolist() == [0, 2, 4]
    for user, track in ((["a"] * 4, ["1", "2", "2", "1"]), (None, None)):
        known, _ = build_tracks(user, track, *fixes, drop_spikes=False)
        assert not known.anonymous and known.one_user_per_track() is known


def test_take_forgets_what_is_gone():
    tracks, _ = build_tracks(["a", "b", "b"], ["1", "2", "3"], [1, 2, 3], [0, 1, 2], [0, 0, 0])
    kept = tracks.take(tracks.lon > 0)
    assert kept.user_ids.tolist() == ["b"] and kept.track_ids.tolist() == ["2", "3"]
    assert kept.track_user.tolist() == [0, 0] and kept.track.tolist() == [0, 1]


def test_ids_of_any_type():
    assert encode_ids([7, 7.0, "7", None, float("nan"), "", "b"]).names.tolist() == ["7", "b"]
    assert encode_ids([7, 7.0, "7", None, float("nan"), ""]).codes.tolist() == [0, 0, 0, -1, -1, -1]
    assert encode_ids(np.array([10.0, np.nan, 9.0])).names.tolist() == ["9", "10"]
    assert encode_ids(["10", "9", "x"]).names.tolist() == ["10", "9", "x"]
    lists = np.empty(2, object)
    lists[:] = [["a"], ["b"]]
    assert encode_ids(lists).names.tolist() == ["['a']", "['b']"]
    coded = encode_ids(Coded(np.array([1, 0, -1]), np.array(["b", "a"], object)))
    assert coded.names.tolist() == ["a", "b"] and coded.codes.tolist() == [0, 1, -1]


def test_distances_agree_with_the_ellipsoid():
    geod = pytest.importorskip("pyproj").Geod(ellps="WGS84")
    rng = np.random.default_rng(0)
    lon, lat = rng.uniform(-180, 180, 500), rng.uniform(-75, 75, 500)
    lon2, lat2 = lon + rng.uniform(-0.5, 0.5, 500), lat + rng.uniform(-0.5, 0.5, 500)
    truth = np.array(geod.inv(lon, lat, lon2, lat2)[2])
    assert np.abs(metres_between(lon, lat, lon2, lat2) / truth - 1).max() < 1e-3
    assert (
        metres_between(np.array([179.9]), np.array([0.0]), np.array([-179.9]), np.array([0.0]))[0]
        < 23_000
    )


@given(
    st.lists(
        st.tuples(st.integers(0, 3), st.floats(-1e6, 1e6, width=32) | st.just(float("nan"))),
        max_size=40,
    ),
    st.sampled_from([0.0, 0.5, 0.9, 1.0]),
)
def test_quantiles_of_groups(rows, share):
    group = np.array([g for g, _ in rows], np.int64)
    values = np.array([v for _, v in rows], np.float64)
    answer = group_quantile(values, group, 5, share)
    for k in range(5):
        own = np.sort(values[(group == k) & ~np.isnan(values)])
        truth = own[int(np.floor((len(own) - 1) * share))] if len(own) else np.nan
        assert answer[k] == truth or (np.isnan(answer[k]) and np.isnan(truth))


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["a", "b", None]), st.sampled_from([1, 2, None]), st.integers(0, 5) | st.just(NO_TIME),
            st.floats(-200, 200) | st.just(float("nan")), st.floats(-100, 100),
        ),
        max_size=30,
    )
)  # fmt: skip
def test_every_fix_is_kept_or_counted(rows):
    user, track, t, lon, lat = zip(*rows) if rows else ([],) * 5
    tracks, skipped = build_tracks(list(user), list(track), list(t), list(lon), list(lat))
    assert len(tracks) + skipped.total == len(rows)
    key = list(zip(tracks.track.tolist(), tracks.t.tolist()))
    assert key == sorted(set(key))
    assert (np.diff(tracks.track_offsets) > 0).all() and (np.diff(tracks.user_offsets) > 0).all()


@pytest.mark.parametrize("span", [3, 10**6, 2**40, 2**55, 2**61])
@pytest.mark.parametrize("users", [1, 50, 2**20])
def test_rows_are_sorted_stably_whatever_their_range(users, span):
    rng = np.random.default_rng(0)
    for n in (1, 2, 5000):
        first, second = rng.integers(0, users, n), rng.integers(-span, span, n)
        assert np.array_equal(stable_order(first, second), np.lexsort((second, first)))
        first, second = np.repeat(first[:1], n), np.repeat(second[:1], n)
        assert np.array_equal(stable_order(first, second), np.arange(n))


def test_parts_are_whole_tracks_and_all_of_them() -> None:
    size = [5, 1, 9, 2, 2, 30, 1]
    track = np.repeat(np.arange(len(size)), size)
    tracks, _ = build_tracks(
        track // 2, track, np.arange(len(track)) * 1000, track / 100, track / 100
    )
    parts = list(tracks.parts(6))
    assert [(which.start, which.stop) for which, _ in parts] == [
        (0, 2),
        (2, 3),
        (3, 5),
        (5, 6),
        (6, 7),
    ]
    for which, part in parts:
        assert part.track_ids.tolist() == tracks.track_ids[which].tolist()
        assert (
            part.user_ids[part.track_user].tolist()
            == tracks.user_ids[tracks.track_user[which]].tolist()
        )
        taken = tracks.take((tracks.track >= which.start) & (tracks.track < which.stop))
        for name in ("track", "track_user", "t", "lon", "lat"):
            assert getattr(part, name).tolist() == getattr(taken, name).tolist()
    ((which, nothing),) = tracks.take(np.zeros(len(tracks), bool)).parts()
    assert which == slice(0, 0) and len(nothing) == nothing.n_tracks == 0
