# SPDX-License-Identifier: GPL-2.0-or-later
"""The layers that the golden answers are about: invented ones and the shipped samples.

The invented fixes come from PCG64's raw numbers, which NumPy promises to leave as they are, and are
rounded as records are, so that every machine asks about the same fixes.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from functools import cache
from typing import Any

import numpy as np

from raw_qgis_plugin.core.cleaning import build_tracks
from raw_qgis_plugin.core.paths import RESOURCES
from raw_qgis_plugin.core.sources.readers import read
from raw_qgis_plugin.core.times import NO_TIME
from raw_qgis_plugin.core.tracks import Tracks

SAMPLE = RESOURCES / "sample"
T0 = 1_600_041_600_000  # 2020-09-14 00:00 UTC, a Monday
DAY_S = 86_400


# ---- invented layers
# ---------------------------------------------------------------------------------------------


class Chance:
    """Random numbers that no version of NumPy changes."""

    def __init__(self, seed: int) -> None:
        self.source = np.random.PCG64(seed)

    def even(self, low: float, high: float, *shape: int) -> np.ndarray:
        """Evenly spread from low to high."""
        raw = self.source.random_raw(int(np.prod(shape))) >> np.uint64(11)
        return (low + (high - low) * (raw * 2.0**-53)).reshape(shape)

    def bell(self, spread: float, *shape: int) -> np.ndarray:
        """Twelve even numbers together: near enough to a normal distribution."""
        return spread * self.even(-0.5, 0.5, 12, *shape).sum(axis=0)


def layer(
    user: np.ndarray, track: np.ndarray | None, second: np.ndarray, east_m: np.ndarray, north_m: np.ndarray,
    near: tuple[float, float],
) -> Tracks:  # fmt: skip
    """Tracks of fixes (users, fixes) each, metres from a place on the earth, with coordinates as
    records have them.
    """
    shape = np.broadcast_shapes(second.shape, east_m.shape)
    lon = near[0] + east_m / (111_320 * np.cos(np.radians(near[1])))
    t = T0 + np.round(1000 * np.broadcast_to(second, shape)).astype(np.int64)
    lon, lat = np.round((lon + 180) % 360 - 180, 7), np.round(near[1] + north_m / 111_132, 7)
    users = np.broadcast_to(np.asarray(user)[:, None], shape).ravel()
    trips = None if track is None else np.broadcast_to(track, shape).ravel()
    return build_tracks(users, trips, t.ravel(), lon.ravel(), lat.ravel())[0]


def wander(
    chance: Chance, users: int, fixes: int, cadence_s: float, speed_ms: float
) -> tuple[np.ndarray, ...]:
    """Seconds, metres east and metres north, (users, fixes) each, of people who turn smoothly and
    pause at times.
    """
    gap = np.round(chance.even(0.8, 1.2, users, fixes) * cadence_s, 3)
    heading = chance.even(0, 2 * np.pi, users, 1) + np.cumsum(
        chance.bell(0.15, users, fixes), axis=1
    )
    pace = (
        speed_ms
        * chance.even(0.7, 1.3, users, 1)
        * np.clip(chance.even(-0.2, 1.8, users, fixes), 0, 1.5)
    )
    step = gap * pace
    east, north = (np.cumsum(step * turn(heading), axis=1) for turn in (np.cos, np.sin))
    return (
        np.cumsum(gap, axis=1),
        east + chance.bell(3, users, fixes),
        north + chance.bell(3, users, fixes),
    )


def commuters(chance: Chance, users: int, days: int, cadence_s: int) -> tuple[np.ndarray, ...]:
    """The same, of people who sleep at home, work elsewhere on weekdays and go out at the end of
    the week.
    """
    second = np.arange(0, days * DAY_S, cadence_s, dtype=float)
    day, hour = np.divmod(second / 3600, 24)
    home, work, out = (chance.even(-6000, 6000, 2, users, 1) for _ in range(3))
    begin, end = chance.even(6.5, 9.5, users, 1), chance.even(16, 19, users, 1)
    late = chance.bell(0.4, users, days)[:, day.astype(int)]
    there = np.clip((hour - begin - late) / 0.6, 0, 1) * np.clip((end + late - hour) / 0.6, 0, 1)
    goal = np.where(day % 7 < 5, work, out)
    xy = home + (goal - home) * there + chance.bell(12, 2, users, len(second))
    return np.broadcast_to(second, there.shape), *xy


def taxis(chance: Chance, users: int, days: int) -> tuple[np.ndarray, ...]:
    """The same, every quarter of an hour, of cabs that go to and fro between a few places of a city
    all day.
    """
    second = np.arange(0, days * DAY_S, 900, dtype=float)
    ranks = chance.even(-7000, 7000, 2, 9)
    weight = np.cumsum(1.0 / np.arange(1, 10))
    rank = np.searchsorted(weight / weight[-1], chance.even(0, 1, users, len(second)))
    # at night they stand
    rank = np.where(np.arange(len(second)) % 96 < 20, np.arange(users)[:, None] % 9, rank)
    xy = ranks[:, rank] + chance.bell(250, 2, users, len(second))
    return np.broadcast_to(second, rank.shape), *xy


def untidy() -> tuple[Tracks, Any]:
    """Fixes in no order, some twice, without time, place or user, off the world, and jumping; ids
    of all kinds.
    """
    chance = Chance(13)
    second, east, north = wander(chance, 3, 120, 30, 3)
    t = T0 + np.round(1000 * second).astype(np.int64)
    lon, lat = np.round(10 + east / 71_500, 7), np.round(50 + north / 111_200, 7)
    lat[0, 40] += 1.5  # a spike
    t[1, 50] = t[1, 51]
    t[2, 7], lon[2, 8], lat[2, 9], lon[2, 10] = NO_TIME, np.nan, np.nan, 400.0
    user = np.array([[7] * 120, ["7.0"] * 60 + ["b"] * 60, [None] * 2 + [7.0] * 118], object)
    order = np.argsort(chance.even(0, 1, 380), kind="stable") % 360  # twenty fixes come twice
    trip = (np.arange(360) // 90)[order]
    return build_tracks(
        user.ravel()[order], trip, t.ravel()[order], lon.ravel()[order], lat.ravel()[order]
    )


def with_gaps() -> Tracks:
    """Bursts of fixes with hours and days of silence between them."""
    second, east, north = wander(Chance(14), 3, 360, 20, 4)
    silence = np.cumsum(np.where(np.arange(360) % 45 == 0, 30_000.0, 0.0))
    silence[200:] += 9 * DAY_S
    return layer(np.arange(3), None, second + silence, east, north, (-58.4, -34.6))


def shared() -> Tracks:
    """Five ids, of which four have all or half of their fixes together."""
    second, east, north = wander(Chance(15), 2, 200, 60, 2)
    of = np.array([0, 0, 0, 1, 1])
    second, east, north = second[of], east[of], north[of]
    east[2, 100:] += 700  # the third goes on elsewhere
    return layer(np.arange(5), None, second, east, north, (2.35, 48.86))


def short() -> Tracks:
    """Users with one, two, three and five fixes, and one with many tracks of one and two."""
    second, east, north = wander(Chance(16), 5, 40, 60, 5)
    trips = np.arange(40)[None, :] // 2 * (np.arange(5) == 4)[:, None]
    tracks = layer(np.arange(5), trips, second, east, north, (8, 47))
    kept = np.array([1, 2, 3, 5, 33])
    first = np.searchsorted(tracks.user, np.arange(5))
    return tracks.take(np.arange(len(tracks)) - first[tracks.user] < kept[tracks.user])


@cache
def invented() -> dict[str, Tracks]:
    """The invented layers by name."""
    beijing, porto = (116.4, 39.9), (-8.6, 41.15)
    trips = np.arange(240)[None, :] // 80
    held = commuters(Chance(9), 3, 6, 900)
    still = np.arange(0, DAY_S, 60.0)
    # the second does not even tremble
    noise = Chance(6).bell(1, 2, 2, len(still)) * np.array([4.0, 0.0])[:, None]
    again = np.arange(6 * 96) // 3 * 3  # a position is held for three quarters of an hour
    cross = commuters(Chance(11), 2, 5, 900)
    return {
        "every second": layer(np.arange(3), None, *wander(Chance(1), 3, 400, 1, 1.4), beijing),
        "every ten seconds": layer(
            np.arange(3), trips, *wander(Chance(2), 3, 240, 10, 13), beijing
        ),
        "every minute": layer(np.arange(3), None, *wander(Chance(3), 3, 300, 60, 8), porto),
        "every five minutes": layer(np.arange(2), None, *commuters(Chance(4), 2, 3, 300), porto),
        "every half hour": layer(np.arange(2), None, *commuters(Chance(5), 2, 12, 1800), porto),
        "stationary": layer(np.arange(2), None, still, *noise, porto),
        "taxis": layer(np.arange(6), None, *taxis(Chance(7), 6, 4), (-122.42, 37.77)),
        "commuters": layer(np.arange(4), None, *commuters(Chance(8), 4, 8, 900), beijing),
        "held": layer(np.arange(3), None, held[0], held[1][:, again], held[2][:, again], beijing),
        "antimeridian by day": layer(np.arange(2), None, *cross, (179.99, -17.0)),
        "antimeridian by trip": layer(
            np.arange(3), None, *wander(Chance(12), 3, 150, 15, 20), (-179.999, 66.0)
        ),
        "high latitude": layer(
            np.arange(3), None, *wander(Chance(10), 3, 150, 60, 9), (15.6, 78.2)
        ),
        "at the pole": layer(
            np.arange(2), None, *wander(Chance(17), 2, 100, 120, 6), (100.0, -89.9)
        ),
        "untidy": untidy()[0],
        "gaps": with_gaps(),
        "shared": shared(),
        "short": short(),
    }


# ---- the shipped samples
# -----------------------------------------------------------------------------------------


@cache
def aracaju() -> Tracks:
    """The fixes of the GeoPackage, which QGIS reads elsewhere."""
    with closing(
        sqlite3.connect(f"{(SAMPLE / 'aracaju_tracks.gpkg').as_uri()}?immutable=1", uri=True)
    ) as database:
        (table, shape) = database.execute(
            "SELECT table_name, column_name FROM gpkg_geometry_columns"
        ).fetchone()
        rows = database.execute(
            f'SELECT user_id, track_id, t, "{shape}" FROM "{table}" ORDER BY rowid'
        ).fetchall()
    user, track, t, points = zip(*rows, strict=True)
    xy = np.array([np.frombuffer(point[-16:], "<f8") for point in points])
    ms = np.array([text.removesuffix("Z") for text in t], "datetime64[ms]").astype(np.int64)
    return build_tracks(np.array(user), np.array(track), ms, *xy.T)[0]


@cache
def city() -> Tracks:
    """Some people of the synthetic city."""
    return some_users(read(SAMPLE / "city_tracks.parquet")[0], 16)


def some_users(tracks: Tracks, count: int) -> Tracks:
    """The first few users."""
    return tracks.take(tracks.user < count)
