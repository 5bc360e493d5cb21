# SPDX-License-Identifier: GPL-2.0-or-later
"""What a drawn region and a clicked user say."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import shapely

from raw_qgis_plugin.core.embedding.profiles import snap
from raw_qgis_plugin.core.embedding.user_view import grid_cell, usual_places
from raw_qgis_plugin.core.regions.disclosure import DIFFERENCE, DOMINATED, FEW
from raw_qgis_plugin.core.regions.geometry import FixIndex, fixes_inside
from raw_qgis_plugin.core.regions.scores import count_users
from raw_qgis_plugin.core.regions.view import beside_others, look, prepare, rank
from raw_qgis_plugin.core.tracks import Tracks, build_tracks

HOUR = 3_600_000
MONDAY = 1_599_436_800_000  # 2020-09-07 00:00 UTC


class NoHeads:
    """A model of a width, without heads."""

    card = {"width": 4}
    bundle = SimpleNamespace(heads=lambda unit, every=False: [])


def people(n: int, where: tuple[float, float] = (0.0, 0.0), hours: int = 3, prefix: str = "p") -> dict[str, Any]:
    """Each is seen on Monday at 9, 10, … o'clock, at one place."""
    user = np.repeat([f"{prefix}{i:03d}" for i in range(n)], hours)
    t = MONDAY + (9 + np.tile(np.arange(hours), n)) * HOUR
    return {"user": user, "t": t, "lon": np.full(len(t), where[0]), "lat": np.full(len(t), where[1])}


def tracks_of(*groups: dict[str, Any]) -> Tracks:
    columns = {name: np.concatenate([group[name] for group in groups]) for name in groups[0]}
    return build_tracks(columns["user"], None, columns["t"], columns["lon"], columns["lat"])[0].by_user()


def city_of(*groups: dict[str, Any]) -> Any:
    users = tracks_of(*groups)
    return prepare(users, np.ones((users.n_users, 4), np.float32), NoHeads())


@pytest.mark.parametrize("seed", range(4))
def test_index_finds_what_a_look_at_every_fix_finds(seed: int) -> None:
    rng = np.random.default_rng(seed)
    lon = np.concatenate([rng.normal(10, 0.02, 3000), rng.uniform(-170, 170, 20)])  # a crowd, and some far away
    lat = np.concatenate([rng.normal(50, 0.02, 3000), rng.uniform(-80, 80, 20)])
    index = FixIndex(lon, lat)
    hulls = [shapely.convex_hull(shapely.multipoints(rng.normal([10, 50], 0.03, (6, 2)))) for _ in range(20)]
    world = shapely.box(-190, -90, 190, 90)  # holds some fixes on both its ends
    regions = np.array([*hulls, shapely.Polygon(), world, shapely.box(369, 49, 371, 51)], object)
    expected = [np.flatnonzero(shapely.intersects_xy(region, lon, lat)).tolist() for region in regions[:-1]]
    expected.append(np.flatnonzero(shapely.intersects_xy(regions[-1], lon + 360, lat)).tolist())
    for found in (map(index.inside, regions), index.inside_each(regions), index.inside_each(regions, 300)):
        assert [rows.tolist() for rows in found] == expected


def test_index_counts_the_edge_and_goes_round_the_world() -> None:
    index = FixIndex(np.array([0.0, 1.0, 179.9, -179.9]), np.zeros(4))
    assert [rows.tolist() for rows in index.inside_each(np.zeros(0, object))] == []
    assert sorted(index.inside(shapely.box(0, 0, 1, 1))) == [0, 1]
    assert sorted(index.inside(shapely.box(179, -1, 181, 1))) == [2, 3]
    assert len(index.inside(shapely.Polygon())) == 0
    assert len(FixIndex(np.zeros(0), np.zeros(0)).inside(shapely.box(0, 0, 1, 1))) == 0


def test_a_region_counts_distinct_people_and_their_hours() -> None:
    city = city_of(people(12), people(15, (1.0, 1.0), prefix="q"))
    view = look(city, NoHeads(), shapely.box(-0.1, -0.1, 0.1, 0.1))
    assert (view.n_users, view.n_points, view.suppressed) == (12, 36, False)
    assert view.week is not None and view.week.shape == (7, 24)
    assert view.week[0, 9:12].tolist() == [12, 12, 12]
    assert (np.delete(view.week.ravel(), [9, 10, 11]) == -1).all()
    visits = count_users(city.users, fixes_inside(city.users, [shapely.box(-0.1, -0.1, 0.1, 0.1)]))
    assert visits.indices.tolist() == view.visitors.tolist()


@pytest.mark.parametrize("copies", [0, 4])
def test_visits_of_a_drawn_region_are_those_of_the_table(copies: int) -> None:
    """Also where some people have a second id with the same fixes."""
    from raw_qgis_plugin.core.regions.scores import score_regions

    rng, box = np.random.default_rng(5), shapely.box(-0.1, -0.1, 0.1, 0.1)
    groups = [people(1, prefix=f"p{i}", hours=12) for i in range(14)]
    for group in groups:
        group["lon"] = rng.choice([0.0, 0.5], 12) + rng.normal(0, 1e-3, 12)
        group["t"] = group["t"] + rng.integers(0, 60_000)
    again = [{**group, "user": np.char.add(group["user"], "x")} for group in groups[:copies]]
    tracks = tracks_of(*groups, *again)
    view = look(city_of(*groups, *again), NoHeads(), box)
    table = score_regions(tracks, [box], NoHeads()).columns
    assert view.n_users == table["n_users"][0] == 14
    assert view.n_visits == table["n_visits"][0] > 14 and view.dwell_min == table["dwell_min"][0] > 0


def test_visits_of_one_person_and_stays_of_few_are_withheld() -> None:
    guest = people(1, hours=60, prefix="q")
    guest["lon"] = np.where(np.arange(60) % 2, 0.0, 0.5)  # thirty visits
    view = look(city_of(people(12, hours=1), guest), NoHeads(), shapely.box(-0.1, -0.1, 0.1, 0.1))
    assert view.n_users == 13 and view.n_visits == 42 and view.dwell_min is None  # nobody's visit lasts
    guest = people(1, hours=240, prefix="q")
    guest["lon"] = np.where(np.arange(240) % 2, 0.0, 0.5)
    guest["t"] = MONDAY + np.arange(240) * HOUR // 4
    view = look(city_of(people(12), guest), NoHeads(), shapely.box(-0.1, -0.1, 0.1, 0.1))
    assert view.suppressed and view.why == DOMINATED and view.n_visits is view.dwell_min is None  # of 132 visits


def test_people_on_both_sides_of_180_degrees_are_looked_at() -> None:
    city = city_of(people(10, (179.9, 0.0)), people(12, (-179.9, 0.0), prefix="q"))
    assert look(city, NoHeads(), shapely.box(179, -1, 181, 1)).n_users == 22
    assert look(city, NoHeads(), shapely.box(-180, -1, -179, 1)).n_users == 12


def test_a_head_of_stretches_is_left_to_the_algorithm() -> None:
    head = {"name": "trade", "unit": "region", "kind": "number", "hours": 2}
    city = city_of(people(12))
    asked = SimpleNamespace(card={"width": 4}, bundle=SimpleNamespace(heads=lambda unit, every=False: [head]))
    view = look(city, asked, shapely.box(-1, -1, 1, 1))
    assert view.columns == {} and view.in_domain and view.reasons == []


def test_few_people_give_no_figure_and_few_in_an_hour_no_cell() -> None:
    few = look(city_of(people(9)), NoHeads(), shapely.box(-1, -1, 1, 1))
    assert few.suppressed
    assert (few.n_users, few.n_points, few.week, few.mix, few.columns, few.character) == (
        None,
        None,
        None,
        {},
        {},
        None,
    )
    some = city_of(people(10, hours=2), people(3, hours=5, prefix="q"))
    week = look(some, NoHeads(), shapely.box(-1, -1, 1, 1)).week
    assert week is not None and week[0, 9:14].tolist() == [-1, 13, -1, -1, -1]  # three people are at hidden hours alone


@pytest.mark.parametrize(
    ("labels", "shown"),
    [
        ({"a": 30, "b": 20}, {"a": 30, "b": 20}),
        ({"a": 30, "b": 20, "c": 3}, {"a": 30, "b": None, "c": None}),  # else c is what is left of all
        ({"a": 30, "b": 20, "c": 6, "d": 6}, {"a": 30, "b": 20, "c": None, "d": None}),
        ({"a": 30, "b": 5, "c": 5}, {"a": 30, "b": None, "c": None}),  # ten together are enough
        ({"a": 12, "b": 3}, {"a": None, "b": None}),
        ({"a": 4, "b": 7}, {"a": None, "b": None}),
    ],
)
def test_a_mix_hides_few_people_and_what_would_give_them_away(labels: dict[str, int], shown: dict[str, Any]) -> None:
    words = np.repeat(np.array(list(labels), object), list(labels.values()))
    city = replace(city_of(people(len(words))), answers={"way": {"way": words}})
    assert look(city, NoHeads(), shapely.box(-1, -1, 1, 1)).mix == {"way": shown}


def test_numbers_of_a_label_are_not_subtracted() -> None:
    """Of eleven people in the outer part of a region one walks."""
    words = np.array([*["car", "walk"] * 12, *["car"] * 10, "walk"], object)
    city = replace(city_of(people(24), people(11, (1.0, 0.0), prefix="q")), answers={"way": {"way": words}})
    small, large = (shapely.box(-1, -1, east, 1) for east in (0.5, 1.5))
    views = [look(city, NoHeads(), region) for region in (small, large)]
    assert views[0].mix == {"way": {"car": 12, "walk": 12}} and views[1].mix == {"way": {"car": 22, "walk": 13}}
    small_mix, large_mix = (view.mix["way"] for view in beside_others(city, views, [small, large]))
    assert small_mix == {"car": None, "walk": None} and large_mix == {"car": 22, "walk": 13}


def test_visits_are_not_subtracted_to_those_of_one_person() -> None:
    guest = people(1, (1.0, 0.0), hours=200, prefix="q")
    guest["lon"] = np.where(np.arange(200) % 2, 1.0, 2.0)  # a hundred visits to the outer part
    city = city_of(people(200), people(10, (1.0, 0.0), prefix="r"), guest)
    small, large = (shapely.box(-1, -1, east, 1) for east in (0.5, 1.5))
    views = [look(city, NoHeads(), region) for region in (small, large)]
    assert [view.n_users for view in views] == [200, 211] and None not in [view.n_visits for view in views]
    assert [view.why for view in beside_others(city, views, [small, large])] == [DIFFERENCE, ""]


def test_regions_that_could_be_subtracted_are_withheld() -> None:
    crowd, some, far = people(50), people(9, (1.0, 0.0), prefix="q"), people(20, (9.0, 0.0), prefix="r")
    city = city_of(crowd, some, far)
    small, large, other = (shapely.box(west, -1, east, 1) for west, east in ((-1, 0.5), (-1, 1.5), (8, 10)))

    def shown(*regions: Any) -> list[int | None]:
        views = [look(city, NoHeads(), region) for region in regions]
        return [view.n_users for view in beside_others(city, views, regions)]

    assert shown(small, large, other) == [None, 59, 20]
    assert shown(large, small) == [59, None]  # in any order
    assert shown(small, other) == [50, 20] and shown(small, small) == [50, 50]
    city = city_of(crowd, some, far, people(1, (1.0, 0.0), prefix="s"))  # ten people make the difference
    assert shown(small, large, other) == [50, 60, 20]


def test_hours_that_could_be_subtracted_are_withheld() -> None:
    late = people(20, (1.0, 0.0), prefix="q")
    late["t"] += 6 * HOUR
    regions = [shapely.box(-1, -1, east, 1) for east in (0.5, 1.5)]
    for n, small in ((1, -1), (10, 50)):
        city = city_of(people(50), late, people(n, (1.0, 0.0), prefix="r"))
        views = beside_others(city, [look(city, NoHeads(), region) for region in regions], regions)
        assert [view.n_users for view in views] == [50, 70 + n]
        hours = [view.week[0, [9, 10, 11, 15]].tolist() for view in views if view.week is not None]
        assert hours == [[small] * 3 + [-1], [50 + n] * 3 + [20]]


def test_other_ids_of_a_person_count_once_and_one_person_does_not_count_for_all() -> None:
    nine = people(9)
    city = city_of(nine, {**people(1), "user": np.array([" P003 "] * 3, object)})
    assert look(city, NoHeads(), shapely.box(-1, -1, 1, 1)).why == FEW
    city = city_of(nine, people(1, hours=200, prefix="q"))
    assert look(city, NoHeads(), shapely.box(-1, -1, 1, 1)).why == DOMINATED


@pytest.mark.parametrize(("zone", "first"), [("", 9), ("America/Maceio", 6), ("Europe/Berlin", 11)])
def test_the_week_has_the_hours_of_a_zone(zone: str, first: int) -> None:
    users = tracks_of(people(12))
    city = prepare(users, np.ones((users.n_users, 4), np.float32), NoHeads(), zone=zone)
    view = look(city, NoHeads(), shapely.box(-1, -1, 1, 1))
    assert view.week is not None and view.zone == zone
    assert np.flatnonzero(view.week[0] > 0).tolist() == [first, first + 1, first + 2]


def test_rank_is_a_range_where_intervals_overlap() -> None:
    nan = float("nan")
    intervals = np.array([[0.0, 4.5], [0.0, 8.1], [nan, nan], [9.0, 12.0]])
    assert [rank(intervals, row) for row in range(4)] == [(2, 3, 3), (2, 3, 3), None, (1, 1, 3)]


def test_usual_places_by_time_spent_and_hour() -> None:
    # at home from 0 to 8, at work from 9 to 17, at home until midnight, for three days
    hours = np.arange(72)
    at_work = (hours % 24 >= 9) & (hours % 24 < 17)
    lon = np.where(at_work, 0.05, 0.0)
    users, _ = build_tracks(np.full(72, "a"), None, MONDAY + hours * HOUR, lon, np.zeros(72))
    places = usual_places(users.by_user(), 0)
    assert len(places.share) == 2 and places.share[0] == pytest.approx(47 / 71)
    assert abs(places.lon[0]) < 0.005 and abs(places.lon[1] - 0.05) < 0.005
    assert places.day[12].tolist() == pytest.approx([0, 1, 0, 0])
    assert places.day[3].tolist() == pytest.approx([1, 0, 0, 0])
    assert np.allclose(places.day.sum(axis=1), 1)
    later = usual_places(users.by_user(), 0, "Asia/Tokyo")  # nine hours ahead of the sun at longitude 0
    assert later.day[21].tolist() == pytest.approx([0, 1, 0, 0]) and later.share.tolist() == places.share.tolist()


def test_a_long_silence_is_unknown_and_one_fix_has_no_place() -> None:
    t = MONDAY + np.array([0, 48]) * HOUR
    users, _ = build_tracks(np.full(2, "a"), None, t, np.zeros(2), np.zeros(2))
    day = usual_places(users, 0).day
    assert day[5].tolist() == pytest.approx([0.5, 0, 0.5])  # known on the first of two days, for twelve hours
    assert day[15].tolist() == pytest.approx([0, 0, 1])
    single, _ = build_tracks(["a"], None, [MONDAY], [0.0], [0.0])
    assert len(usual_places(single, 0).share) == 0


def test_a_cell_on_the_map_is_half_a_kilometre_wide() -> None:
    ring = grid_cell(10.0, 60.0)
    assert ring.shape == (5, 2) and (ring[0] == ring[-1]).all()
    east = (ring[1, 0] - ring[0, 0]) * 111_320 * np.cos(np.radians(60))
    assert east == pytest.approx(500, rel=0.01)


def test_a_cell_on_the_map_is_that_of_the_grid() -> None:
    for lat in (-70.0, -23.5, 0.1, 39.9, 60.0):
        (x,), (y,), (cell,) = snap(np.array([116.4]), np.array([lat]))
        corners = grid_cell(x, y)[:4] - [x, y]
        inside, outside = (snap(*([x, y] + share * corners).T)[2] for share in (0.9999, 1.0001))
        assert (inside == cell).all() and (outside != cell).all()
        east = ([x, y] + corners * [[1.0001, 0.9999]])[1:3]  # alone to the side: the width is the grid's too
        assert (snap(*east.T)[2] != cell).all()
