# SPDX-License-Identifier: GPL-2.0-or-later
"""What RAW answers, so that its code can be rebuilt without changing what it says.

    OMP_NUM_THREADS=1 PYTHONPATH=CHECKOUT:tests .venv/bin/python -m golden.record [answers]
    [forecasts] [later]

asks the shipped model of the CHECKOUT about the shipped samples and about invented layers, and
writes the parts named (all, if none is) to golden.npz beside this file; `--compare` writes nothing
and says what differs. The tests import this file and ask today's code the same.

Answers were recorded at b64f30a, and anew: 88 of 833 columns when embeddings ceased to depend on
the next user in the table; those of transport_mode when it learned from real tracks, and when it
was taught again; the words of profiles when the simulated heads went. Forecasts are those of the
engine as it was last changed on purpose, what is later (diaries, people, gaps, encounters, paths)
of 2026-11-29 and 30.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from golden.compare import LATER, Answers, difference
from golden.layers import SAMPLE, aracaju, city, invented, some_users, untidy

from raw_qgis_plugin.core.bundle.bundle import open_bundle
from raw_qgis_plugin.core.bundle.runtime import Model
from raw_qgis_plugin.core.embedding.embed import embed
from raw_qgis_plugin.core.embedding.profiles import profile
from raw_qgis_plugin.core.embedding.similarity import similar_users
from raw_qgis_plugin.core.encounters.encounters import find_encounters
from raw_qgis_plugin.core.forecasting.predict import Queries, predict
from raw_qgis_plugin.core.gaps.fill import GapQueries, fill
from raw_qgis_plugin.core.mobility.diary import find_diary, label_users, stop_columns, trip_columns
from raw_qgis_plugin.core.regions.scores import score_regions
from raw_qgis_plugin.core.regions.similar import similar_regions
from raw_qgis_plugin.core.regions.view import prepare, summarise_region
from raw_qgis_plugin.core.sources.polygons import read_polygons
from raw_qgis_plugin.core.specs import DiarySpec, EncounterSpec
from raw_qgis_plugin.core.tracks import Tracks

FILE = Path(__file__).with_name("golden.npz")
HORIZONS_S = np.array([60.0, 600.0, 1800.0, 7200.0, 28_800.0])
# Layers of which forecasts do not learn from the past: that takes long
ALONE = ("every five minutes", "every half hour", "antimeridian by day", "city")


# ---- what is asked
# -----------------------------------------------------------------------------------------------


@cache
def model() -> Any:
    """The shipped model on one thread, as sums in another order differ in their last digits.

    Its heads answer everybody: outside their domain they are silent today.
    """
    bundle = open_bundle()
    heads = [{**head, "domain": {}} for head in bundle.card["heads"]]
    return Model(replace(bundle, card={**bundle.card, "heads": heads}), "cpu", 1)


def embeddings(said: Answers) -> dict[str, Callable[..., np.ndarray]]:
    """Embeddings of users and tracks. Returns those of users in the place of `embed`, so as to be
    made once.
    """
    known = {}
    layers = invented() | {"aracaju": aracaju(), "city": city()}
    for name, tracks in layers.items():
        found = said[f"{name}/embedding/user"] = embed(tracks.by_user(), model())
        known[name] = found
        if name in ("every ten seconds", "short", "untidy"):
            said[f"{name}/embedding/track"] = embed(tracks, model())
    said["commuters/embedding/day"] = embed(
        some_users(invented()["commuters"], 1).by_day(), model()
    )
    return {name: lambda *_, found=found: found for name, found in known.items()}


def profiles(said: Answers, known: dict[str, Callable[..., np.ndarray]]) -> None:
    """All that heads of users and tracks answer, with the facts beside it. There is no head of
    days.
    """
    layers = invented() | {"aracaju": aracaju(), "city": city()}
    for name, tracks in layers.items():
        units = {"user": (tracks.by_user(), known[name]), "track": (some_users(tracks, 3), None)}
        if name in ("commuters", "gaps", "short"):
            units["day"] = tracks.by_day(), None
        for unit, (some, cached) in units.items():
            found = profile(some, model(), unit, cached=cached)
            columns = found.columns | {"lon": found.lon, "lat": found.lat, "reasons": found.reasons}
            columns.pop("evidence", None)  # new since
            keep(said, f"{name}/profile/{unit}", columns)


def regions(said: Answers, known: dict[str, Callable[..., np.ndarray]]) -> None:
    """Scores of regions: shown and withheld, and as the dock shows them."""
    import shapely

    def ask(name: str, tracks: Tracks, shapes: Any, **options: Any) -> None:
        words = ", ".join(map(str, options.values()))
        found = score_regions(tracks, shapes, model(), **options)
        keep(said, f"{name}/regions/{words}", found.columns | {"reasons": found.reasons})

    shapes = read_polygons(SAMPLE / "aracaju_regions.gpkg").shapes
    ask("aracaju", aracaju(), shapes, min_users=3)
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
    beyond = [
        box(179.9, -17.2, 180.1, -16.8),
        box(-180.1, -17.2, -180, -16.9),
        box(179.9, -17.2, 180, -16.8),
    ]
    ask("antimeridian by day", invented()["antimeridian by day"], beyond, min_users=2)

    dock = prepare(commuters.by_user(), known["commuters"](), model())
    for number in (0, 2, 5):
        keep(
            said,
            f"commuters/region view/{number}",
            view_columns(summarise_region(dock, model(), drawn[number], 3)),
        )


def view_columns(found: Any) -> dict[str, Any]:
    """What a drawn region says."""
    facts = {"area_km2": found.area_km2, "suppressed": found.suppressed}
    hours = np.zeros(0) if found.week is None else found.week
    return facts | found.figures | {"week": hours}


def similar(said: Answers, known: dict[str, Callable[..., np.ndarray]]) -> None:
    """Who moves alike, and which regions are used alike, with the reasons."""
    found = similar_users(city().by_user(), str(city().user_ids[3]), 10, known["city"])
    keep(said, "city/similar users", vars(found))
    shapes = read_polygons(SAMPLE / "aracaju_regions.gpkg").shapes
    users = aracaju().by_user()
    target = int(np.argmax([np.nan_to_num(n) for n in said["aracaju/regions/3/n_users"]]))
    found, withheld = similar_regions(
        users, shapes, target, 5, lambda some, _: embed(some, model()), 3
    )
    keep(said, "aracaju/similar regions", vars(found) | {"withheld": withheld})


def cleaned(said: Answers) -> None:
    """What is left of fixes in disorder."""
    tracks, skipped = untidy()
    columns = {
        name: getattr(tracks, name)
        for name in ("user_ids", "track_ids", "track_user", "track", "t", "lon", "lat")
    }
    keep(
        said,
        "untidy/tracks",
        columns | {"skipped": [f"{reason}: {count}" for reason, count in skipped.items()]},
    )


def forecasts() -> Answers:
    """Forecasts of every layer at all horizons after its last fixes, learning from the past or not,
    and others.
    """
    said: Answers = {}
    layers = invented() | {"aracaju": aracaju().by_user(), "city": some_users(city(), 4).by_user()}
    for name, tracks in layers.items():
        for ask_past in (True, False)[name in ALONE :]:
            found = predict(
                tracks, model(), Queries.ahead(tracks, HORIZONS_S), with_areas=True, adapt=ask_past
            )
            keep(
                said,
                f"{name}/forecast/{'past' if ask_past else 'alone'}",
                forecast_columns(tracks, found),
            )
    for name in ("taxis", "every minute"):  # from the middle of tracks, and before any fix
        tracks = invented()[name]
        middle = tracks.t[(tracks.track_offsets[:-1] + tracks.track_offsets[1:]) // 2]
        track = np.repeat(np.arange(tracks.n_tracks), 3)
        t = (middle[:, None] + np.array([-(10**12), 500, 3_600_000])).ravel()
        found = predict(tracks, model(), Queries.at(tracks, track, t), with_areas=True)
        keep(said, f"{name}/forecast/at", forecast_columns(tracks, found))
    return said


def forecast_columns(tracks: Tracks, found: Any) -> dict[str, Any]:
    """Columns of forecasts; of areas how large they are, m², and the box round each."""
    import shapely
    from pyproj import Geod

    geod = Geod(ellps="WGS84")
    names = (
        "track",
        "t",
        "horizon_s",
        "lon",
        "lat",
        "radius50_m",
        "radius80_m",
        "in_domain",
        "reasons",
    )
    columns = {name: getattr(found, name) for name in names}
    for column, level in enumerate((50, 80)):
        shapes = [
            shape if shape is not None else shapely.Polygon() for shape in found.areas[:, column]
        ]
        columns[f"area{level}_m2"] = np.array(
            [abs(geod.geometry_area_perimeter(shape)[0]) for shape in shapes]
        )
        columns[f"area{level}_parts"] = shapely.get_num_geometries(shapes)
        columns[f"area{level}_bounds"] = shapely.bounds(shapes)
    return columns


def later() -> Answers:
    """Diaries, labels of people, filled gaps, encounters, and likely paths."""
    said: Answers = {}
    layers = invented() | {"aracaju": aracaju(), "city": some_users(city(), 12)}
    for name in ("commuters", "taxis", "city"):
        keep(said, f"{name}/people", label_users(layers[name], model()).columns)
    for name in (
        "commuters",
        "gaps",
        "taxis",
        "every minute",
        "shared",
        "untidy",
        "aracaju",
        "city",
    ):
        for least_min in (5.0, 10.0):
            found = find_diary(layers[name], model(), DiarySpec(min_stop_min=least_min))
            where = f"{name}/diary/{least_min:g}, 0"
            at = {"lon": found.stops.lon, "lat": found.stops.lat}
            ways = {"ways": found.leg_fixes.track_offsets}
            keep(said, f"{where}/stops", stop_columns(found) | at)
            keep(said, f"{where}/trips", trip_columns(found) | ways)
    for name, step_s in (("every half hour", 1200.0), ("taxis", 700.0), ("high latitude", 60.0), ("aracaju", 60.0),
                         ("antimeridian by trip", 11.0), ("city", 1200.0)):  # fmt: skip
        tracks = some_users(layers[name], 4)
        keep(
            said, f"{name}/gaps", fill_columns(tracks, GapQueries.every(tracks, step_s, 4 * 3600.0))
        )
    for name, distance_m in (
        ("commuters", 2_000.0),
        ("shared", 300.0),
        ("taxis", 1_500.0),
        ("city", 400.0),
    ):
        spec = EncounterSpec(
            distance_m=distance_m, min_minutes=5.0, max_gap_min=180.0, min_probability=0.2
        )
        keep(said, f"{name}/encounters", vars(find_encounters(layers[name].by_user(), spec)))
    for name in ("every minute", "taxis", "commuters", "antimeridian by trip", "aracaju"):
        found = predict(layers[name], model(), Queries.ahead(layers[name], HORIZONS_S), n_paths=3)
        columns = {
            column: getattr(found, column)
            for column in ("path_lon", "path_lat", "path_probability")
        }
        keep(said, f"{name}/paths", columns)
    return said


def fill_columns(tracks: Tracks, questions: Any) -> dict[str, Any]:
    """Answers in gaps; of areas how large they are, degrees²."""
    import shapely

    parts = [
        {name: getattr(part, name) for name in ("number", "lon", "lat", "radius50_m", "radius80_m")}
        | {"areas": shapely.area(part.areas)} for part in fill(tracks, questions, with_areas=True)
    ]  # fmt: skip
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]} | {
        "n_open": questions.n_open
    }


# ---- the file
# ----------------------------------------------------------------------------------------------------


def keep(said: Answers, name: str, columns: dict[str, Any]) -> None:
    """Columns as arrays of numbers or of text; what is withheld is nan or ''."""
    for column, values in columns.items():
        array = np.asarray(values)
        if array.dtype == object:
            given = array.ravel().tolist()
            words = any(isinstance(value, str) for value in given)
            array = np.array(
                [("" if words else np.nan) if value is None else value for value in given]
            ).reshape(array.shape)
        said[f"{name}/{column}"] = (
            array.astype(str) if array.dtype.kind == "U" or not array.size else array
        )


def answers() -> Answers:
    """Embeddings, profiles, regions, similar users, and tracks."""
    said: Answers = {}
    known = embeddings(said)
    profiles(said, known)
    regions(said, known)
    similar(said, known)
    cleaned(said)
    return said


PARTS: dict[str, Callable[[], Answers]] = {
    "answers": answers,
    "forecasts": forecasts,
    "later": later,
}


def part_of(name: str) -> str:
    """The part that a column is of."""
    kind = name.split("/")[1]
    return "forecasts" if kind == "forecast" else "later" if kind in LATER else "answers"


def load() -> Answers:
    """What was recorded."""
    with np.load(FILE) as file:
        return dict(file)


def main(argv: list[str]) -> None:
    """Record, or compare with what was recorded."""
    parts = [part for part in PARTS if part in argv] or [*PARTS]
    said = {name: values for part in parts for name, values in PARTS[part]().items()}
    before = load()
    if "--compare" not in argv:
        kept = {name: values for name, values in before.items() if part_of(name) not in parts}
        np.savez_compressed(FILE, **kept, **said)
        return
    before = {name: values for name, values in before.items() if part_of(name) in parts}
    lines = [
        f"{name}: {'gone' if name in before else 'new'}"
        for name in sorted(before.keys() ^ said.keys())
    ]
    for name in before.keys() & said.keys():
        if not np.array_equal(before[name], said[name], equal_nan=said[name].dtype.kind == "f"):
            lines.append(difference(name, before[name], said[name]))
    print("\n".join(lines) or "no difference")


if __name__ == "__main__":
    main(sys.argv[1:])
