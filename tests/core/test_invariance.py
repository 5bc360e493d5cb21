# SPDX-License-Identifier: GPL-2.0-or-later
"""Answers depend on nothing they should not.

What is said of a unit is the same alone, in company, in halves, in another order and from the
cache; figures of regions and similar users do not depend on the order of rows; forecasts depend
neither on that nor on users elsewhere and later fixes.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from raw_qgis_plugin.core.bundle.runtime import Model
from raw_qgis_plugin.core.cleaning import build_tracks
from raw_qgis_plugin.core.embedding.applicability import unit_stats
from raw_qgis_plugin.core.embedding.embed import embed, track_features
from raw_qgis_plugin.core.embedding.explanations import user_traits
from raw_qgis_plugin.core.embedding.places import most_visited, usual_places
from raw_qgis_plugin.core.embedding.profiles import head_inputs, profile
from raw_qgis_plugin.core.features.activity import activity
from raw_qgis_plugin.core.features.motion import motion
from raw_qgis_plugin.core.features.region_activity import fix_activity
from raw_qgis_plugin.core.forecasting.predict import Queries, predict
from raw_qgis_plugin.core.geodesy import metres_between
from raw_qgis_plugin.core.paths import RESOURCES
from raw_qgis_plugin.core.regions.geometry import fixes_inside
from raw_qgis_plugin.core.regions.scores import score_regions
from raw_qgis_plugin.core.sources.polygons import read_polygons
from raw_qgis_plugin.core.sources.readers import read
from raw_qgis_plugin.core.tracks import Tracks

HORIZONS_S = np.array([60.0, 600.0, 3600.0])
TOLERANCE = 1e-5


def taxis(users: int = 25, days: int = 4) -> Tracks:
    """Vehicles that drive between places of a city round the clock, a fix a minute with gaps."""
    rng = np.random.default_rng(7)
    place = rng.normal(0, 4000, (40, 2))
    n = days * 1440
    stop = rng.integers(0, 40, (users, n // 15 + 1))
    part = (np.arange(n) % 15 / 15)[:, None]
    leg = np.arange(n) // 15
    xy = (
        place[stop[:, leg]] * (1 - part)
        + place[stop[:, leg + 1]] * part
        + rng.normal(0, 8, (users, n, 2))
    )
    kept = rng.random((users, n)) < 0.9
    user = np.broadcast_to(np.arange(users)[:, None], kept.shape)[kept]
    t = 1_600_000_000_000 + np.broadcast_to(60_000 * np.arange(n), kept.shape)[kept]
    return build_tracks(user, None, t, -122.4 + xy[kept, 0] / 88_000, 37.7 + xy[kept, 1] / 111_000)[
        0
    ]


# ---- units: users, tracks and days
# --------------------------------------------------------------------------------


def company() -> Tracks:
    """People of the synthetic city, and users who could do harm to those beside them in the table."""
    rng = np.random.default_rng(3)
    names, t, lon, lat = columns(city_people(6))
    n, day = 400, 86_400_000
    first, last = -2_208_988_800_000, 4_133_980_799_999  # of all times
    odd = {
        "over the world": (
            t[0] + 900_000 * np.arange(n),
            rng.uniform(-180, 180, n),
            rng.uniform(-80, 80, n),
        ),
        "at one place": (t[0] + 60_000 * np.arange(n), np.full(n, lon[0]), np.full(n, lat[0])),
        "of one fix": (t[:1], lon[:1], lat[:1]),
        "of two fixes": (t[:2], lon[:2], lat[:2]),
        "of two centuries": (np.linspace(first, last, n).astype(np.int64), lon[:n], lat[:n]),
        "before 1970": (-4000 * day + 300_000 * np.arange(n), lon[:n], lat[:n]),
        "at the date line": (t[:n], (lon[:n] - lon[0]) % 360 - 180, lat[:n]),
        "at the pole": (t[:n], (200 * lon[:n]) % 360 - 180, 89.99 + 0.009 * rng.random(n)),
    }
    owner = np.concatenate([names, *(np.full(len(each[0]), name) for name, each in odd.items())])
    made = [
        np.concatenate([own, *(each[i] for each in odd.values())])
        for i, own in enumerate((t, lon, lat))
    ]
    # Between every two people of the city one of the others, so that each of them is somebody's
    # neighbour
    order = [*sorted(set(names)), *odd]
    rank = {
        name: 2 * i if i < len(set(names)) else 2 * (i - len(set(names))) + 1
        for i, name in enumerate(order)
    }
    ids = np.array([f"{rank[name]:02d} {name}" for name in owner])
    trip = (made[0] // (day // 2)) % 3  # also several tracks a user
    return build_tracks(ids, trip, *made, drop_spikes=False)[0]


UNITS: dict[str, Callable[[Tracks], Tracks]] = {
    "user": Tracks.by_user, "track": lambda tracks: tracks, "day": Tracks.by_day,
}  # fmt: skip


def said_of(unit: str, tracks: Tracks, model: Model) -> dict[str, np.ndarray]:
    """All that is said of units: (n_tracks, …) each."""
    some = UNITS[unit](tracks)
    vectors = embed(some, model)
    found = profile(some, model, unit, cached=lambda units, progress: vectors)
    said = {
        "embedding": vectors, "inputs": head_inputs(vectors, some, unit), "activity": activity(some),
        "motion": motion(some), "features": track_features(some), "lon": found.lon, "lat": found.lat,
        "visited": np.stack(most_visited(some), axis=1), **unit_stats(some), **found.columns,
    }  # fmt: skip
    if unit == "user":
        said |= {f"trait {number}": trait.values for number, trait in enumerate(user_traits(some))}
        places = [usual_places(some, row) for row in range(some.n_users)]
        said["places"] = np.array(
            [np.concatenate([p.lon, p.lat, p.share, p.day.ravel()]) for p in places] + [None],
            object,
        )[:-1]
        for name, values in vars(fix_activity(some)).items():
            said[f"fix {name}"] = np.array(
                [*np.split(values, some.user_offsets[1:-1]), None], object
            )[:-1]
    users = some.user_ids[some.track_user]
    return {
        f"{name} of {user}, {track}": value[row]
        for name, value in said.items()
        for row, (user, track) in enumerate(zip(users, some.track_ids, strict=True))
    }


@pytest.mark.parametrize("unit", UNITS)
def test_what_is_said_of_a_unit_depends_on_it_alone(unit, model):
    tracks = company()
    before, after = said_of(unit, tracks, model), {}
    for user in range(tracks.n_users):
        after |= said_of(unit, tracks.take(tracks.user == user), model)
    assert_same(before, after)


def assert_same(before: dict[str, np.ndarray], after: dict[str, np.ndarray]) -> None:
    """Numbers to TOLERANCE, everything else exactly."""
    assert before.keys() == after.keys()
    wrong = [key for key, value in before.items() if not same(value, after[key])]
    assert not wrong, f"{len(wrong)} of {len(before)}: " + "; ".join(
        off(k, before[k], after[k]) for k in wrong[:5]
    )


def off(key: str, a: object, b: object) -> str:
    """What differs, in a line."""
    if np.asarray(a).dtype.kind != "f" or np.shape(a) != np.shape(b):
        return f"{key}: {a} became {b}"
    far = np.abs(np.asarray(a) - b)
    return f"{key}: off by {np.nanmax(far):.3g}, {np.flatnonzero(far > TOLERANCE)[:9]}"


def same(a: object, b: object) -> bool:
    if np.asarray(a).dtype.kind == "f":
        return np.shape(a) == np.shape(b) and np.allclose(
            b, a, rtol=TOLERANCE, atol=TOLERANCE, equal_nan=True
        )
    return bool(np.array_equal(np.asarray(a, object), np.asarray(b, object)))


# ---- regions and similar users
# ------------------------------------------------------------------------------------


def elsewhere(tracks: Tracks) -> Tracks:
    """The same people under other names in the opposite order, and as many on the other side of the
    earth.
    """
    _, t, lon, lat = columns(tracks)
    ids = np.array([f"{99 - number:02d}" for number in tracks.user])
    far = np.char.add("x", ids), t, (lon + 180 + 180) % 360 - 180, -lat
    return built(*(np.concatenate(pair) for pair in zip((ids, t, lon, lat), far, strict=True)))


def test_figures_of_regions_depend_on_their_visitors_alone(model):
    tracks, shapes = (
        city_people(16),
        read_polygons(RESOURCES / "sample" / "city_regions.gpkg").shapes,
    )
    people = [len(np.unique(tracks.user[rows])) for rows in fixes_inside(tracks, shapes)]
    shapes = shapes[np.argsort(people)[:-20:-1]]  # the most people first
    before, after = (score_regions(*of, model=model, min_users=3).columns for of in
                     ((tracks, shapes), (elsewhere(tracks), shapes[::-1])))  # fmt: skip
    assert_same(before, {name: values[::-1] for name, values in after.items()})


# ---- forecasts
# ----------------------------------------------------------------------------------------------------


def city_people(count: int) -> Tracks:
    tracks = read(RESOURCES / "sample" / "city_tracks.parquet")[0].by_user()
    return tracks.take(tracks.user < count)


@pytest.fixture(scope="module")
def layer(model):
    """A layer, queries in the middle of its tracks as user and times, and what is answered."""
    tracks = taxis()
    middle = tracks.t[(tracks.track_offsets[:-1] + tracks.track_offsets[1:]) // 2]
    user = np.repeat(tracks.user_ids, len(HORIZONS_S))
    t = (middle[:, None] + 1 + (1000 * HORIZONS_S).astype(np.int64)).ravel()
    now = np.repeat(middle + 1, len(HORIZONS_S))
    return tracks, user, now, t, ask(model, tracks, user, now, t)


def ask(model, tracks: Tracks, user, now, t) -> np.ndarray:
    """lon, lat and radii (4, m) of queries of users at t, from the fixes before `now`."""
    number = {name: i for i, name in enumerate(tracks.user_ids)}
    track = np.array([number[name] for name in user])
    f = predict(tracks, model, Queries(track, t, tracks.before(track, now)))
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
    new = dict(
        zip(
            tracks.user_ids, rng.permutation([f"id{i}" for i in range(tracks.n_users)]), strict=True
        )
    )
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
    other = built(
        *(
            np.concatenate([a, *more])
            for a, *more in zip((names, times, lon, lat), *parts, strict=True)
        )
    )
    asked = user[: 3 * len(HORIZONS_S)]
    more = np.concatenate(
        [user, *(np.char.add(asked.astype(str), f"-{shift}") for shift in (3.0, 140.0))]
    )
    again = [np.concatenate([a, *[a[: 3 * len(HORIZONS_S)]] * 2]) for a in (now, t)]
    after = ask(model, other, more, *again)[:, : len(user)]
    assert moved_m(before, after) < 1.0


@pytest.mark.parametrize("change", ["removed", "doubled"])
def test_later_fixes_change_nothing(layer, model, change):
    tracks, user, now, t, before = layer
    names, times, lon, lat = columns(tracks)
    first = dict(zip(user, now, strict=True))
    last = int(now.max())
    later = times >= last
    assert later.any() and (np.array([first[name] for name in tracks.user_ids]) <= last).all()
    if change == "removed":
        other = built(*(a[~later] for a in (names, times, lon, lat)))
    else:
        copies = (
            np.char.add(names[later].astype(str), "-again"),
            times[later] + 7000,
            lon[later],
            lat[later] + 1e-5,
        )
        other = built(
            *(np.concatenate(pair) for pair in zip((names, times, lon, lat), copies, strict=True))
        )
    assert moved_m(before, ask(model, other, user, now, t)) < 0.01
