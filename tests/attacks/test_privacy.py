# SPDX-License-Identifier: GPL-2.0-or-later
"""Somebody who subtracts published figures of regions guesses who was in a house.

200 people live alone in houses at the edge of a town; a coin decided who of them was ever recorded
at home. The attacker knows all else, and sees figures of areas of the town with and without a
house. Without the door, as on the desk, every guess is right.
"""

from __future__ import annotations

from itertools import product
from math import sqrt
from statistics import NormalDist
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np
import pytest
import shapely

from raw_qgis_plugin.core.cleaning import build_tracks
from raw_qgis_plugin.core.disclosure.noise import COMMON, MEDIAN, OTHERS, PERSONS, deviation, noise
from raw_qgis_plugin.core.disclosure.publish import EPSILONS, publish_figures, publish_threshold
from raw_qgis_plugin.core.regions.geometry import fixes_inside
from raw_qgis_plugin.core.regions.scores import score_regions
from raw_qgis_plugin.core.tracks import Tracks

NO_HEADS = SimpleNamespace(
    card={"width": 4}, bundle=SimpleNamespace(heads=lambda unit, every=False: [], card={})
)
HOUR, MONDAY = 3_600_000, 1_699_833_600_000
NORTH = 1 / 111_200.0  # degrees in a metre
SECRET = b"the profile's"
PEOPLE, GUESSES = 200, 2000
WALKED = 20  # fixes of everybody in the town
FIRST_H = 4 * np.random.default_rng(3).integers(0, 42, PEOPLE)  # the hour of the first one
phi = NormalDist().cdf


class Town(NamedTuple):
    tracks: Tracks
    at_home: np.ndarray  # (PEOPLE,) bool: who was recorded in the own house
    house: np.ndarray  # (PEOPLE,) their shapes


def box(x: float, y: float, wide: float, high: float | None = None) -> Any:
    """A box of metres around a point."""
    half = np.array([wide, high or wide]) / 2
    return shapely.box(*(np.concatenate([[x, y] - half, [x, y] + half]) * NORTH))


@pytest.fixture(scope="module")
def town() -> Town:
    return made_town(np.arange(12) * 4 * HOUR)


def made_town(at_home_ms: np.ndarray) -> Town:
    """Everybody walks around a place in a town of a square kilometre; half of them are recorded at
    home, beside it.
    """
    g = np.random.default_rng(0)
    at_home = g.random(PEOPLE) < 0.5
    house = np.stack([100.0 * np.arange(PEOPLE), np.full(PEOPLE, -1000.0)], axis=1)
    xy, user, t = [], [], []
    for person in range(PEOPLE):
        way = g.uniform(100, 900, 2) + g.normal(0, 60, (WALKED, 2))
        nights = at_home_ms if at_home[person] else at_home_ms[:0]
        xy.append(np.concatenate([way, np.tile(house[person], (len(nights), 1))]))
        user += [f"p{person:03d}"] * len(xy[-1])
        first = MONDAY + FIRST_H[person] * HOUR
        t += [first + 4 * HOUR * np.arange(WALKED), first + 4 * HOUR * WALKED + nights]
    lon, lat = np.concatenate(xy).T * NORTH
    tracks, _ = build_tracks(user, None, np.concatenate(t), lon, lat, drop_spikes=False)
    return Town(tracks, at_home, np.array([box(*place, 30) for place in house]))


def visitors(town: Town, shapes: np.ndarray) -> np.ndarray:
    """(n_shapes, PEOPLE) bool: who was in which shape in truth."""
    inside = fixes_inside(town.tracks, shapes)
    there = np.zeros((len(shapes), PEOPLE), bool)
    for row, fixes in enumerate(inside):
        there[row, town.tracks.user[fixes]] = True
    return there


class Questions(NamedTuple):
    """Regions, of whose figures a weighted sum tells of a person."""

    shapes: np.ndarray  # (n, k), the last one with the person's house
    weights: np.ndarray  # (k,)
    who: np.ndarray  # (n,) of people who were in none of the others


def questions(town: Town, kind: str, n: int = GUESSES) -> Questions:
    g = np.random.default_rng(1)
    place, size = g.uniform(300, 700, (n, 2)), g.uniform(200, 300, (n, 2))
    if kind == "sums":  # R1 + R2 + R3 against all three with a house
        parts = np.array([[box(x + wide * k, y, wide - 1, high) for k in (-1, 0, 1)]
                          for (x, y), (wide, high) in zip(place, size)])  # fmt: skip
        weights = np.array([-1, -1, -1, 1])
    else:  # the same area once, or twice with another border
        again = (0, 8) if kind == "nests" else (0,)
        parts = np.array(
            [[box(*xy, *(wide + more)) for more in again] for xy, wide in zip(place, size)]
        )
        weights = np.array([-0.5, -0.5, 1] if kind == "nests" else [-1, 1])
    whole = shapely.union_all(parts, axis=1)
    absent = ~visitors(town, whole)
    who = np.array([g.choice(np.flatnonzero(row)) for row in absent])
    return Questions(np.column_stack([parts, shapely.union(whole, town.house[who])]), weights, who)


def through_doors(
    town: Town, shapes: np.ndarray, epsilon: float = 1.0
) -> dict[str, dict[str, np.ndarray]]:
    """Figures of regions (n, k): on the desk, and as published."""
    desk = score_regions(town.tracks, shapes.ravel(), NO_HEADS, secret=SECRET).columns
    doors = {"desk": desk, "published": publish_figures(desk, SECRET, epsilon)}
    names = "n_users", "n_visits", "dwell_min", "suppressed"
    return {door: {name: columns[name].reshape(shapes.shape) for name in names if name in columns}
            for door, columns in doors.items()}  # fmt: skip


def right(town: Town, asked: Questions, columns: dict[str, np.ndarray], figure: str) -> float:
    """The share of right guesses by subtraction, corrected for people who, as the attacker knows,
    count twice.

    An area that is withheld alone tells too.
    """
    g, n = np.random.default_rng(2), len(asked.who)
    figures, most = columns[figure], {"n_users": 1, "n_visits": 5}[figure]
    others = visitors(town, asked.shapes.ravel()).reshape(*asked.shapes.shape, PEOPLE)
    others[np.arange(n), -1, asked.who] = False
    twice = others.sum(axis=2) @ asked.weights if figure == "n_users" else 0
    difference = figures @ asked.weights - twice
    hidden = np.isnan(figures)
    guess = np.where(hidden.any(axis=1), ~hidden[:, -1], difference >= most / 2)
    guess = np.where(hidden.all(axis=1), g.random(n) < 0.5, guess)
    return float((guess == town.at_home[asked.who]).mean())


def test_three_areas_with_a_house_each_of_one_person_against_their_sum() -> None:
    """R1 + R2 + R3 - R4 of figures as they are published, where only the first three have the
    person's houses.
    """
    there = np.random.default_rng(8).random(8000) < 0.5
    users = np.concatenate(
        [*(np.full(8000, n) + there for n in (30.0, 40.0, 50.0)), np.full(8000, 120.0)]
    )
    one, two, three, four = published(users)["n_users"].reshape(4, 8000)
    assert 0.6 < ((one + two + three - four > 1.5) == there).mean() <= 0.65


@pytest.mark.parametrize("kind", ["pairs", "nests", "sums"])
def test_who_subtracts_hardly_does_better_than_a_coin(town: Town, kind: str) -> None:
    asked = questions(town, kind)
    doors = through_doors(town, asked.shapes)
    for figure in ("n_users", "n_visits")[: 2 if kind == "pairs" else 1]:
        desk, published = (right(town, asked, columns, figure) for columns in doors.values())
        assert desk > 0.97 and 0.45 < published <= 0.65


def test_one_who_is_recorded_all_the_time_hides_and_moves_nothing(town: Town) -> None:
    """Most fixes of an area with the house are one person's, and so is the longest visit."""
    loud = made_town(np.arange(2000) * HOUR // 20)
    asked, others = questions(town, "pairs", 200), np.random.default_rng(6).random(200) < 0.5
    columns = through_doors(loud, asked.shapes)
    desk, published = columns["desk"], columns["published"]
    there = loud.at_home[asked.who]
    assert (
        np.isnan(
            score_regions(loud.tracks, asked.shapes[there][:, 1], NO_HEADS).columns["n_points"]
        ).mean()
        > 0.3
    )
    assert not published["suppressed"].any() and not desk["suppressed"].any()
    assert right(loud, asked, published, "n_users") <= 0.65
    before, after = published["dwell_min"].T
    known = ~np.isnan(before) & ~np.isnan(after)
    guess = np.where(before == after, others, after > before)
    assert known.mean() > 0.3 and (guess == there)[known].mean() <= 0.65


def row_figures(draw: Any) -> np.ndarray:
    """The noise of all figures of a row of regions (10,): draw(figure, spread)."""
    persons, others = (
        ("n_users", "residents", "workers"),
        ("n_visits", "n_labelled", "share_commuters"),
    )
    modes = [f"share_{mode}" for mode in ("walk", "bike", "motor", "rail")]
    return np.array(
        [
            *(draw(name, PERSONS) for name in persons),
            *(draw(name, OTHERS) for name in (*others, *modes)),
        ]
    )


def test_all_figures_of_a_row_at_once_tell_what_epsilon_allows() -> None:
    """Who is in all figures of two rows that differ in one house is guessed by the best test there
    is.
    """
    spread = row_figures(lambda _, spread: spread)
    covariance = np.outer(spread, spread) * ((1 - COMMON) * np.eye(10) + COMMON)
    inverse = np.linalg.inv(covariance)
    people = [
        np.array([1, resident, worker, visits, labelled, labelled * commuter, *(labelled * np.array(modes))])
        for resident, worker, labelled, commuter in product((0, 1), repeat=4) for visits in (0.2, 1)
        for modes in ((1, 0, 0, 0), (0.5, 0.5, 0, 0), (0.25, 0.25, 0.25, 0.25))
    ]  # fmt: skip
    # the exponential mechanism: Cesar and Rogers 2021
    spent = [who @ inverse @ who + MEDIAN**2 / 4 for who in people]
    assert 0.9 < max(spent) <= 1.0
    who = people[int(np.argmax(spent))]
    draws = np.array([row_figures(lambda name, spread, k=k: noise(SECRET, f"{k}", name, 1.0, spread))
                      for k in range(4000)])  # fmt: skip
    assert np.allclose(
        np.cov(draws.T) / np.outer(spread, spread), covariance / np.outer(spread, spread), atol=0.08
    )
    there = np.random.default_rng(7).random(2000) < 0.5
    difference = draws[:2000] - draws[2000:] + there[:, None] * who
    guess = difference @ inverse @ who > who @ inverse @ who / 2
    share, bound = float((guess == there).mean()), phi(sqrt(1 / 2) / 2)
    assert 0.58 < share <= 0.65 and bound < 0.65


@pytest.mark.parametrize("epsilon", [0.5, 1.0])
def test_ten_figures_tell_what_epsilon_allows(town: Town, epsilon: float) -> None:
    """The attacker knows all but one person, and ten areas overlap in the house of this person
    alone.

    With and without the person the sum of the ten differs by ten; it has the noise of ten figures,
    and nothing else tells more. Ten rows with all their figures would tell Phi(sqrt(10) epsilon /
    2).
    """
    g = np.random.default_rng(4)
    bases = questions(town, "pairs", 500).shapes[:, 0]
    there = visitors(town, bases)
    some = np.array(
        [g.choice(np.flatnonzero(~there[:, person]), 10, replace=False) for person in range(PEOPLE)]
    )
    shapes = shapely.union(bases[some], town.house[:, None])
    figures = through_doors(town, shapes, epsilon)["published"]["n_users"]
    told = np.nanmean(figures - there.sum(axis=1)[some], axis=1)
    share = float(((told > 0.5) == town.at_home).mean())
    bound, written = (phi(sqrt(10) * epsilon / spread / 2) for spread in (PERSONS, 1.0))
    assert 0.6 < share <= bound + 3 * np.sqrt(bound * (1 - bound) / PEOPLE) and bound < written


def test_the_same_question_has_the_same_answer(town: Town) -> None:
    """Of a rerun, of another order of vertices, of regions and of users, of a copy in another CRS;
    not of other people, of another shape, of another epsilon or another secret.
    """
    g = np.random.default_rng(5)
    shapes = questions(town, "pairs", 40).shapes[:, :1]
    order = g.permutation(len(shapes))
    ask = through_doors(town, shapes)["published"]["n_users"].ravel()
    of_one_part = np.array([shapely.MultiPolygon([shape]) for shape in shapes.ravel()]).reshape(
        shapes.shape
    )
    for same in (
        shapes,
        shapely.reverse(shapes),
        shapely.transform(shapes, lambda xy: xy + 1e-9),
        of_one_part,
    ):
        assert (through_doors(town, same)["published"]["n_users"].ravel() == ask).all()
    assert (through_doors(town, shapes[order])["published"]["n_users"].ravel() == ask[order]).all()
    users = town.tracks
    names = users.user_ids[users.user]
    mixed = g.permutation(len(users))
    again, _ = build_tracks(
        names[mixed], None, users.t[mixed], users.lon[mixed], users.lat[mixed], drop_spikes=False
    )
    assert (
        through_doors(town._replace(tracks=again), shapes)["published"]["n_users"].ravel() == ask
    ).all()
    desk = score_regions(town.tracks, shapes.ravel(), NO_HEADS, secret=SECRET).columns
    moved = through_doors(town, shapely.transform(shapes, lambda xy: xy + 3e-5))["published"][
        "n_users"
    ].ravel()
    one = users.take(users.user != 0)
    fewer = score_regions(one, shapes.ravel(), NO_HEADS, secret=SECRET).columns["noise_key"]
    assert (fewer != desk["noise_key"]).sum() == visitors(town, shapes.ravel())[:, 0].sum() > 0
    for other in (
        moved,
        publish_figures(desk, SECRET, 0.5)["n_users"],
        publish_figures(desk, b"other")["n_users"],
    ):
        assert 0.3 < (other != ask).mean() < 1


def test_published_figures_stay_useful(town: Town) -> None:
    """Counts of 30 persons and more within 10 % in 95 % of cases, sums over 20 tracts within 3 %."""
    many = np.tile(np.arange(30.0, 81.0), 400)
    off = np.abs(published(many)["n_users"] - many)
    assert np.mean(off <= 0.1 * many) >= 0.95 and np.mean(off <= deviation(1.0)) >= 0.95
    assert np.mean(off[many == 30] <= 3) >= 0.88
    sums = published(np.full(20_000, 30.0))["n_users"].reshape(-1, 20).sum(axis=1)
    assert np.mean(np.abs(sums / 600 - 1) <= 0.03) >= 0.95
    doors = through_doors(town, questions(town, "pairs", 500).shapes)
    true, said = (doors[door]["n_users"].ravel() for door in doors)
    # other fields were deleted
    some = {"n_users": [90], "n_labelled": [80], "share_rail": [0.3], "noise_key": ["key"]}
    assert abs(publish_figures(some, SECRET)["share_rail"][0] - 0.3) < 0.2
    assert true.min() > 30 and np.mean(np.abs(said / true - 1) <= 0.1) >= 0.95


def published(n_users: np.ndarray, epsilon: float = 1.0) -> dict[str, np.ndarray]:
    """Figures of regions of so many users, each with a key of its own."""
    keys = np.array([f"key {k}" for k in range(len(n_users))], object)
    return publish_figures({"n_users": n_users, "noise_key": keys}, SECRET, epsilon)


@pytest.mark.parametrize("epsilon", EPSILONS)
def test_that_there_is_a_figure_tells_of_nobody(epsilon: float) -> None:
    """A region of nine has no figures on the desk. One of ten is published in one of a hundred
    cases.
    """
    assert (~published(np.full(20_000, 10.0), epsilon)["suppressed"]).mean() < 0.012
    assert publish_threshold(epsilon) > 10
    assert (
        ~published(np.full(999, 10.0 + publish_threshold(epsilon)), epsilon)["suppressed"]
    ).mean() > 0.9
