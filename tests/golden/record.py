# SPDX-License-Identifier: GPL-2.0-or-later
"""What RAW 0.2.0 answers, so that its code can be rebuilt without changing what it says.

    OMP_NUM_THREADS=1 PYTHONPATH=CHECKOUT .venv/bin/python tests/golden/record.py

asks the shipped model of the CHECKOUT about the shipped samples and about invented layers, and writes golden.npz beside
this file; `--forecasts` records the forecasts alone; `--compare` writes nothing and says what differs from it. Answers
other than forecasts were recorded at b64f30a (0.2.0), twice, with the same bytes; forecasts with the engine of today.
The tests import this file and ask today's code the same.

The invented fixes come from PCG64's raw numbers, which NumPy promises to leave as they are, and are rounded as records
are, so that every machine asks about the same fixes.
"""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Callable
from contextlib import closing
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

import raw_qgis_plugin

if (Path(raw_qgis_plugin.__file__).parent / "core" / "forecast.py").exists():  # 0.2.0, whose core was one room
    from raw_qgis_plugin.core.bundle import open_bundle
    from raw_qgis_plugin.core.embed import embed
    from raw_qgis_plugin.core.polygons import read_polygons
    from raw_qgis_plugin.core.profiles import profile
    from raw_qgis_plugin.core.region_view import look, prepare
    from raw_qgis_plugin.core.regions import score_regions
    from raw_qgis_plugin.core.rollout import rollout
    from raw_qgis_plugin.core.runtime import Model
    from raw_qgis_plugin.core.similarity import similar_regions, similar_users
    from raw_qgis_plugin.core.sources import read
    from raw_qgis_plugin.core.week import week_of_regions
else:
    from raw_qgis_plugin.core.bundle.bundle import open_bundle
    from raw_qgis_plugin.core.bundle.runtime import Model
    from raw_qgis_plugin.core.embedding.embed import embed
    from raw_qgis_plugin.core.embedding.profiles import profile
    from raw_qgis_plugin.core.forecasting.predict import Queries, predict
    from raw_qgis_plugin.core.forecasting.rollout import rollout
    from raw_qgis_plugin.core.regions.scores import score_regions
    from raw_qgis_plugin.core.regions.view import look, prepare
    from raw_qgis_plugin.core.regions.week import week_of_regions
    from raw_qgis_plugin.core.similarity import similar_regions, similar_users
    from raw_qgis_plugin.core.sources.polygons import read_polygons
    from raw_qgis_plugin.core.sources.readers import read
from raw_qgis_plugin.core.paths import RESOURCES
from raw_qgis_plugin.core.tracks import NO_TIME, Tracks, build_tracks

FILE = Path(__file__).with_name("golden.npz")
SAMPLE = RESOURCES / "sample"
T0 = 1_600_041_600_000  # 2020-09-14 00:00 UTC, a Monday
DAY_S = 86_400
HORIZONS_S = np.array([60.0, 600.0, 1800.0, 7200.0, 28_800.0])
# Layers of which forecasts do not learn from the past: that takes long
ALONE = ("every five minutes", "every half hour", "antimeridian by day", "city")
Answers = dict[str, np.ndarray]


# ---- invented layers ---------------------------------------------------------------------------------------------


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
    """Tracks of fixes (users, fixes) each, metres from a place on the earth, with coordinates as records have them."""
    shape = np.broadcast_shapes(second.shape, east_m.shape)
    lon = near[0] + east_m / (111_320 * np.cos(np.radians(near[1])))
    t = T0 + np.round(1000 * np.broadcast_to(second, shape)).astype(np.int64)
    lon, lat = np.round((lon + 180) % 360 - 180, 7), np.round(near[1] + north_m / 111_132, 7)
    users = np.broadcast_to(np.asarray(user)[:, None], shape).ravel()
    trips = None if track is None else np.broadcast_to(track, shape).ravel()
    return build_tracks(users, trips, t.ravel(), lon.ravel(), lat.ravel())[0]


def wander(chance: Chance, users: int, fixes: int, cadence_s: float, speed_ms: float) -> tuple[np.ndarray, ...]:
    """Seconds, metres east and metres north, (users, fixes) each, of people who turn smoothly and pause at times."""
    gap = np.round(chance.even(0.8, 1.2, users, fixes) * cadence_s, 3)
    heading = chance.even(0, 2 * np.pi, users, 1) + np.cumsum(chance.bell(0.15, users, fixes), axis=1)
    pace = speed_ms * chance.even(0.7, 1.3, users, 1) * np.clip(chance.even(-0.2, 1.8, users, fixes), 0, 1.5)
    step = gap * pace
    east, north = (np.cumsum(step * turn(heading), axis=1) for turn in (np.cos, np.sin))
    return np.cumsum(gap, axis=1), east + chance.bell(3, users, fixes), north + chance.bell(3, users, fixes)


def commuters(chance: Chance, users: int, days: int, cadence_s: int) -> tuple[np.ndarray, ...]:
    """The same, of people who sleep at home, work elsewhere on weekdays and go out at the end of the week."""
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
    """The same, every quarter of an hour, of cabs that go to and fro between a few places of a city all day."""
    second = np.arange(0, days * DAY_S, 900, dtype=float)
    ranks = chance.even(-7000, 7000, 2, 9)
    weight = np.cumsum(1.0 / np.arange(1, 10))
    rank = np.searchsorted(weight / weight[-1], chance.even(0, 1, users, len(second)))
    rank = np.where(np.arange(len(second)) % 96 < 20, np.arange(users)[:, None] % 9, rank)  # at night they stand
    xy = ranks[:, rank] + chance.bell(250, 2, users, len(second))
    return np.broadcast_to(second, rank.shape), *xy


def untidy() -> tuple[Tracks, Any]:
    """Fixes in no order, some twice, without time, place or user, off the world, and jumping; ids of all kinds."""
    chance = Chance(13)
    second, east, north = wander(chance, 3, 120, 30, 3)
    t = T0 + np.round(1000 * second).astype(np.int64)
    lon, lat = np.round(10 + east / 71_500, 7), np.round(50 + north / 111_200, 7)
    lat[0, 40] += 1.5  # a spike
    t[1, 50] = t[1, 51]
    t[2, 7], lon[2, 8], lat[2, 9], lon[2, 10] = NO_TIME, np.nan, np.nan, 190.0
    user = np.array([[7] * 120, ["7.0"] * 60 + ["b"] * 60, [None] * 2 + [7.0] * 118], object)
    order = np.argsort(chance.even(0, 1, 380), kind="stable") % 360  # twenty fixes come twice
    trip = (np.arange(360) // 90)[order]
    return build_tracks(user.ravel()[order], trip, t.ravel()[order], lon.ravel()[order], lat.ravel()[order])


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
    noise = Chance(6).bell(1, 2, 2, len(still)) * np.array([4.0, 0.0])[:, None]  # the second does not even tremble
    again = np.arange(6 * 96) // 3 * 3  # a position is held for three quarters of an hour
    cross = commuters(Chance(11), 2, 5, 900)
    return {
        "every second": layer(np.arange(3), None, *wander(Chance(1), 3, 400, 1, 1.4), beijing),
        "every ten seconds": layer(np.arange(3), trips, *wander(Chance(2), 3, 240, 10, 13), beijing),
        "every minute": layer(np.arange(3), None, *wander(Chance(3), 3, 300, 60, 8), porto),
        "every five minutes": layer(np.arange(2), None, *commuters(Chance(4), 2, 3, 300), porto),
        "every half hour": layer(np.arange(2), None, *commuters(Chance(5), 2, 12, 1800), porto),
        "stationary": layer(np.arange(2), None, still, *noise, porto),
        "taxis": layer(np.arange(6), None, *taxis(Chance(7), 6, 4), (-122.42, 37.77)),
        "commuters": layer(np.arange(4), None, *commuters(Chance(8), 4, 8, 900), beijing),
        "held": layer(np.arange(3), None, held[0], held[1][:, again], held[2][:, again], beijing),
        "antimeridian by day": layer(np.arange(2), None, *cross, (179.99, -17.0)),
        "antimeridian by trip": layer(np.arange(3), None, *wander(Chance(12), 3, 150, 15, 20), (-179.999, 66.0)),
        "high latitude": layer(np.arange(3), None, *wander(Chance(10), 3, 150, 60, 9), (15.6, 78.2)),
        "at the pole": layer(np.arange(2), None, *wander(Chance(17), 2, 100, 120, 6), (100.0, -89.9)),
        "untidy": untidy()[0],
        "gaps": with_gaps(),
        "shared": shared(),
        "short": short(),
    }


# ---- the shipped samples -----------------------------------------------------------------------------------------


@cache
def aracaju() -> Tracks:
    """The fixes of the GeoPackage, which QGIS reads elsewhere."""
    with closing(sqlite3.connect(f"{(SAMPLE / 'aracaju_tracks.gpkg').as_uri()}?immutable=1", uri=True)) as database:
        (table, shape) = database.execute("SELECT table_name, column_name FROM gpkg_geometry_columns").fetchone()
        rows = database.execute(f'SELECT user_id, track_id, t, "{shape}" FROM "{table}" ORDER BY rowid').fetchall()
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


# ---- what is asked -----------------------------------------------------------------------------------------------


@cache
def model() -> Any:
    """The shipped model on one thread, as sums in another order differ in their last digits."""
    return Model(open_bundle(), "cpu", 1)


def embeddings(said: Answers) -> dict[str, Callable[..., np.ndarray]]:
    """Embeddings of users and tracks. Returns those of users in the place of `embed`, so as to be made once."""
    known = {}
    layers = invented() | {"aracaju": aracaju(), "city": city()}
    for name, tracks in layers.items():
        found = said[f"{name}/embedding/user"] = embed(tracks.by_user(), model())
        known[name] = found
        if name in ("every ten seconds", "short", "untidy"):
            said[f"{name}/embedding/track"] = embed(tracks, model())
    said["commuters/embedding/day"] = embed(some_users(invented()["commuters"], 1).by_day(), model())
    return {name: lambda *_, found=found: found for name, found in known.items()}


def profiles(said: Answers, known: dict[str, Callable[..., np.ndarray]]) -> None:
    """All that heads of users and tracks answer, with the facts beside it. There is no head of days."""
    layers = invented() | {"aracaju": aracaju(), "city": city()}
    for name, tracks in layers.items():
        units = {"user": (tracks.by_user(), known[name]), "track": (some_users(tracks, 3), None)}
        if name in ("commuters", "gaps", "short"):
            units["day"] = tracks.by_day(), None
        for unit, (some, cached) in units.items():
            found = profile(some, model(), unit, cached=cached)
            columns = found.columns | {"lon": found.lon, "lat": found.lat, "reasons": found.reasons}
            keep(said, f"{name}/profile/{unit}", columns)


def regions(said: Answers, known: dict[str, Callable[..., np.ndarray]]) -> None:
    """Scores of regions: shown and withheld, pooled and crossed in each way, and as the dock shows them."""
    import shapely

    def ask(name: str, tracks: Tracks, shapes: Any, **options: Any) -> None:
        words = ", ".join(map(str, options.values()))
        found = score_regions(tracks, shapes, model(), **options)
        keep(said, f"{name}/regions/{words}", found.columns | {"reasons": found.reasons})

    shapes = read_polygons(SAMPLE / "aracaju_regions.gpkg").shapes
    for pooling in ("sum", "mean", "share"):
        ask("aracaju", aracaju(), shapes, pooling=pooling, min_users=3)
    ask("aracaju", aracaju(), shapes, by="segments", min_users=3)
    ask("aracaju", aracaju(), shapes)
    ask("city", city(), read_polygons(SAMPLE / "city_regions.gpkg").shapes, min_users=5)
    commuters = invented()["commuters"]
    box = shapely.box
    drawn = [
        box(116.3, 39.8, 116.5, 40), box(116.38, 39.88, 116.42, 39.92), box(116.39, 39.89, 116.41, 39.91), None,
        shapely.Polygon([(116.3, 39.8), (116.5, 40), (116.5, 39.8), (116.3, 40)]), box(0, 0, 1, 1), shapely.Polygon(),
        shapely.MultiPolygon([box(116.3, 39.8, 116.4, 39.9), box(116.4, 39.9, 116.5, 40)]),
    ]  # fmt: skip
    ask("commuters", commuters, drawn, min_users=2)
    ask("commuters", commuters, drawn, min_users=4)
    beyond = [box(179.9, -17.2, 180.1, -16.8), box(-180.1, -17.2, -180, -16.9), box(179.9, -17.2, 180, -16.8)]
    ask("antimeridian by day", invented()["antimeridian by day"], beyond, min_users=2)
    ask("antimeridian by day", invented()["antimeridian by day"], beyond, by="segments", min_users=2)

    keep(said, "commuters/week", week_of_regions(commuters, drawn[:2], 3))
    dock = prepare(commuters.by_user(), known["commuters"](), model())
    for number in (0, 2, 5):
        keep(said, f"commuters/region view/{number}", view_columns(look(dock, model(), drawn[number], 3)))


def view_columns(found: Any) -> dict[str, Any]:
    """What a drawn region says."""
    facts = {name: getattr(found, name) for name in ("area_km2", "suppressed", "n_users", "n_points", "in_domain")}
    mix = {f"{head} {word}": people for head, classes in found.mix.items() for word, people in classes.items()}
    hours = np.zeros(0) if found.week is None else found.week
    return facts | found.columns | mix | {"week": hours, "reasons": found.reasons}


def similar(said: Answers, known: dict[str, Callable[..., np.ndarray]]) -> None:
    """Who moves alike, and which regions are used alike, with the reasons."""
    found = similar_users(city().by_user(), str(city().user_ids[3]), 10, known["city"])
    keep(said, "city/similar users", vars(found))
    shapes = read_polygons(SAMPLE / "aracaju_regions.gpkg").shapes
    users = aracaju().by_user()
    target = int(np.argmax([np.nan_to_num(n) for n in said["aracaju/regions/sum, 3/n_users"]]))
    found, withheld = similar_regions(users, shapes, target, 5, lambda some, _: embed(some, model()), 3)
    keep(said, "aracaju/similar regions", vars(found) | {"withheld": withheld})


def cleaned(said: Answers) -> None:
    """What is left of fixes in disorder."""
    tracks, skipped = untidy()
    columns = {
        name: getattr(tracks, name) for name in ("user_ids", "track_ids", "track_user", "track", "t", "lon", "lat")
    }
    keep(said, "untidy/tracks", columns | {"skipped": [f"{reason}: {count}" for reason, count in skipped.items()]})


def forecasts(said: Answers) -> None:
    """Forecasts of every layer at all horizons after its last fixes, learning from the past or not, and others."""
    layers = invented() | {"aracaju": aracaju().by_user(), "city": some_users(city(), 4).by_user()}
    for name, tracks in layers.items():
        for ask_past in (True, False)[name in ALONE :]:
            found = predict(tracks, model(), Queries.ahead(tracks, HORIZONS_S), with_areas=True, adapt=ask_past)
            keep(said, f"{name}/forecast/{'past' if ask_past else 'alone'}", forecast_columns(tracks, found))
    for name in ("taxis", "every minute"):  # from the middle of tracks, and before any fix
        tracks = invented()[name]
        middle = tracks.t[(tracks.track_offsets[:-1] + tracks.track_offsets[1:]) // 2]
        track = np.repeat(np.arange(tracks.n_tracks), 3)
        t = (middle[:, None] + np.array([-(10**12), 500, 3_600_000])).ravel()
        found = predict(tracks, model(), Queries.at(tracks, track, t), with_areas=True)
        keep(said, f"{name}/forecast/at", forecast_columns(tracks, found))
    lon, lat = rollout(invented()["every minute"], model(), 60.0, 6)
    keep(said, "every minute/rollout", {"lon": lon, "lat": lat})


def forecast_columns(tracks: Tracks, found: Any) -> dict[str, Any]:
    """Columns of forecasts; of areas how large they are, m², and the box round each."""
    import shapely
    from pyproj import Geod

    geod = Geod(ellps="WGS84")
    names = ("track", "t", "horizon_s", "lon", "lat", "radius50_m", "radius80_m", "in_domain", "reasons")
    columns = {name: getattr(found, name) for name in names}
    for column, level in enumerate((50, 80)):
        shapes = [shape if shape is not None else shapely.Polygon() for shape in found.areas[:, column]]
        columns[f"area{level}_m2"] = np.array([abs(geod.geometry_area_perimeter(shape)[0]) for shape in shapes])
        columns[f"area{level}_parts"] = shapely.get_num_geometries(shapes)
        columns[f"area{level}_bounds"] = shapely.bounds(shapes)
    return columns


# ---- the file ----------------------------------------------------------------------------------------------------


def keep(said: Answers, name: str, columns: dict[str, Any]) -> None:
    """Columns as arrays of numbers or of text; what is withheld is nan or ''."""
    for column, values in columns.items():
        array = np.asarray(values)
        if array.dtype == object:
            given = array.ravel().tolist()
            words = any(isinstance(value, str) for value in given)
            array = np.array([("" if words else np.nan) if value is None else value for value in given]).reshape(
                array.shape
            )
        said[f"{name}/{column}"] = array.astype(str) if array.dtype.kind == "U" or not array.size else array


def answers() -> Answers:
    """All that is asked but forecasts."""
    said: Answers = {}
    known = embeddings(said)
    profiles(said, known)
    regions(said, known)
    similar(said, known)
    cleaned(said)
    return said


def everything() -> Answers:
    """All that is asked."""
    said = answers()
    forecasts(said)
    return said


def load() -> Answers:
    """What was recorded."""
    with np.load(FILE) as file:
        return dict(file)


def is_forecast(name: str) -> bool:
    """Whether a column is one of `forecasts`."""
    return name.split("/")[1] in ("forecast", "rollout")


def main(argv: list[str]) -> None:
    """Record, or compare with what was recorded."""
    if argv == ["--forecasts"]:
        said = load()
        forecasts(said)
        np.savez_compressed(FILE, **said)
        return
    from compare import difference  # beside this script

    said = everything()
    if argv == ["--compare"]:
        before = load()
        lines = [f"{name}: {'gone' if name in before else 'new'}" for name in sorted(before.keys() ^ said.keys())]
        for name in before.keys() & said.keys():
            if not np.array_equal(before[name], said[name], equal_nan=said[name].dtype.kind == "f"):
                lines.append(difference(name, before[name], said[name]))
        print("\n".join(lines) or "no difference")
    else:
        np.savez_compressed(FILE, **said)
        print(f"{len(said):,} columns, {FILE.stat().st_size:,} bytes in {FILE}")


if __name__ == "__main__":
    main(sys.argv[1:])
