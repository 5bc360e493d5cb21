# SPDX-License-Identifier: GPL-2.0-or-later
"""Diaries of a million fixes, beside MovingPandas where it is installed: printed, never asserted."""

import time
import tracemalloc
import warnings
from collections.abc import Callable

import numpy as np
import pytest

from raw_qgis_plugin.core.diary.diary import find_diaries
from raw_qgis_plugin.core.tracks import Tracks, build_tracks

USERS, DAYS, CADENCE_S = 70, 5, 30  # a million fixes
DAY = [0, 8, 8.4, 12, 12.2, 12.8, 13, 17.8, 18.1, 24], [0, 0, 9, 9, 8.4, 8.4, 9, 9, 0, 0]  # hours, km east of home


def commuters() -> Tracks:
    """People who drive to work and walk to lunch."""
    rng, hours = np.random.default_rng(0), np.arange(0, 24 * DAYS, CADENCE_S / 3600)
    km = np.interp((hours + rng.uniform(-1, 1, (USERS, 1))) % 24, *DAY) + rng.normal(0, 0.008, (USERS, len(hours)))
    t = np.broadcast_to(1_599_436_800_000 + np.rint(hours * 3_600_000).astype(np.int64), km.shape)
    lat = np.repeat(np.arange(USERS) / 100, len(hours)) + rng.normal(0, 8 / 111_000, km.size)
    return build_tracks(np.repeat(np.arange(USERS), len(hours)), None, t.ravel(), km.ravel() / 111.3, lat)[0]


def seconds(work: Callable[[], object]) -> float:
    begin = time.process_time()
    work()
    return time.process_time() - begin


def peak_mb(tracks: Tracks) -> float:
    tracemalloc.start()
    for _ in find_diaries(tracks, None):
        pass
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak / 1e6


def matched(ours: np.ndarray, theirs: np.ndarray) -> int:
    """How many of theirs share at least half of the time of both with one of ours. Rows of user, begin and end."""
    user, begin, end = theirs.T[:, :, None]
    shared = np.minimum(end, ours[:, 2]) - np.maximum(begin, ours[:, 1])
    both = np.maximum(end, ours[:, 2]) - np.minimum(begin, ours[:, 1])
    return int(((user == ours[:, 0]) & (shared >= both / 2)).any(axis=1).sum())


def test_diary_of_a_million_fixes() -> None:
    tracks = commuters()
    ours = seconds(lambda: list(find_diaries(tracks, None)))
    half, whole = (peak_mb(some) for some in (tracks.take(tracks.user < USERS // 2), tracks))
    print(f"\n    stops and trips of {len(tracks):,} fixes: {ours:.2f} s", end="")
    print(f"; peak memory beside them {half:.0f} MB for half of the users, {whole:.0f} MB for all", end="")
    mpd, pandas = pytest.importorskip("movingpandas"), pytest.importorskip("pandas")
    table = pandas.DataFrame({
        "user": tracks.user, "t": pandas.to_datetime(tracks.t, unit="ms"), "lon": tracks.lon, "lat": tracks.lat
    })  # fmt: skip
    part, found = table[table.user < 3], []  # the stop detector takes minutes a user

    def stops() -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for track in mpd.TrajectoryCollection(part, "user", t="t", x="lon", y="lat", crs=4326):
                length = pandas.Timedelta(minutes=10)
                ranges = mpd.TrajectoryStopDetector(track).get_stop_time_ranges(max_diameter=160, min_duration=length)
                found.extend((track.df["user"].iloc[0], r.t_0.timestamp(), r.t_n.timestamp()) for r in ranges)

    theirs = seconds(stops) * len(table) / len(part)
    print(f"\n    MovingPandas {mpd.__version__}, stops alone, from 3 of {USERS} users: {theirs:.0f} s, "
          f"{theirs / ours:.0f} times as long", end="")  # fmt: skip
    few = next(find_diaries(tracks.take(tracks.user < 3), None)).stops
    own = np.column_stack([few["user_id"].astype(int), few["t_arrive"] / 1000, few["t_leave"] / 1000])
    other = np.array(found)
    hours = [(rows[:, 2] - rows[:, 1]).sum() / 3600 for rows in (own, other)]
    print(f"\n    stops of these 3: {len(own)} of {hours[0]:.1f} h in all beside {len(other)} of {hours[1]:.1f} h; "
          f"{matched(own, other)} share half of their time with one of ours", end="")  # fmt: skip
