# SPDX-License-Identifier: GPL-2.0-or-later
"""Somebody who sees publications and knows all about everybody else guesses whether a person is in
them.

A coin decided who is in the data. Each way of guessing is tried many times, by people of their own
who are published side by side. Whatever the way, guesses are right no more often than the price
allows, of one publication, two, or ten with their sum; the best test is right as often as that.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from math import sqrt
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import shapely

from raw_qgis_plugin.core.cleaning import build_tracks
from raw_qgis_plugin.core.disclosure.accounting import guess_bound
from raw_qgis_plugin.core.disclosure.publish import CAP, PEOPLE, Table, publish
from raw_qgis_plugin.core.flows.publishing import flows_to_publish, zones_to_publish
from raw_qgis_plugin.core.flows.zones import read_zones
from raw_qgis_plugin.core.regions.publishing import LABELS, PLACES, VISITS
from raw_qgis_plugin.core.regions.scores import score_regions
from raw_qgis_plugin.core.specs import TripSpec

from .guessing import (
    CHANCE,
    HOUR,
    MONDAY,
    ROWS,
    SPEC,
    TRIALS,
    Guesses,
    Trials,
    check,
    evidence,
    house_box,
    houses,
    journeys,
    learned,
    town_box,
    trials,
)


def best_test(publications: int, others: int) -> Callable[[], Guesses]:
    def way() -> Guesses:
        town = trials(others=others)
        told = sum(evidence(town, town.seen(SPEC), SPEC) for _ in range(publications))
        return Guesses((told > 0) == town.there, publications * SPEC.rho)

    return way


def one_number() -> Guesses:
    town = trials(rows=1)
    seen = town.seen(SPEC)["n_users"][:, 0]
    guess = np.where(np.isnan(seen), False, seen > town.others + 0.5)
    return Guesses(guess == town.there, SPEC.rho)


def what_is_empty(others: int, min_users: int) -> Callable[[], Guesses]:
    """Rows of about as many people as the minimum."""

    def way() -> Guesses:
        town = trials(others=others)
        shown = ~town.seen(replace(SPEC, min_users=min_users))["suppressed"]
        return Guesses((shown.mean(axis=1) > shown.mean()) == town.there, SPEC.rho)

    return way


def all_minimums() -> Guesses:
    """Ten publications with minimums of 6 to 15: the true number of 9 or 10?"""
    town = trials(rows=1, others=9)
    shown = np.zeros(TRIALS)
    for least in range(6, 16):
        shown += ~town.seen(replace(SPEC, min_users=least))["suppressed"][:, 0]
    return Guesses((shown > np.median(shown)) == town.there, 10 * SPEC.rho)


def rows_that_stay_equal() -> Guesses:
    """The person is deleted, and all is published again: which rows changed?"""
    town = trials()
    one, other = town.seen(SPEC), town.seen(SPEC, without=True)
    same = (one["n_users"] == other["n_users"]).sum(axis=1)
    return Guesses((same < 1) == town.there, 2 * SPEC.rho)


def difference_of_two() -> Guesses:
    """The person is deleted, and all is published again: the sum of the differences."""
    town = trials()
    one, other = town.seen(SPEC), town.seen(SPEC, without=True)
    told = np.nansum(one["n_users"] - other["n_users"], axis=1)
    return Guesses((told > ROWS / 2) == town.there, 2 * SPEC.rho)


def other_options() -> Guesses:
    """The same at other prices, and with other numbers of rows: the sum of all evidence."""
    town, told, rho = trials(), np.zeros(TRIALS), 0.0
    for price, rows in ((0.25, 8), (0.5, 8), (1.0, 20), (0.25, 40)):
        spec = replace(SPEC, rho=price, rows=rows)
        told += evidence(town, town.seen(spec), spec)
        rho += price
    return Guesses((told > 0) == town.there, rho)


def fewer_rows_than_a_person_has() -> Guesses:
    """Everybody has 30 rows, of which 8 count: the mean of all."""
    town = trials(rows=30)
    told = np.nanmean(town.seen(SPEC)["n_users"], axis=1) - town.others
    return Guesses((told > ROWS / 30 / 2) == town.there, SPEC.rho)


def rows_of_one_person() -> Guesses:
    """Rows that exist only where somebody was, as pairs of hexagons do."""
    town = trials(others=0)
    names = publish(town.table(known=False), SPEC).columns["name"]
    shown = np.isin(np.arange(TRIALS), [int(name) // ROWS for name in names])
    return Guesses(shown == town.there, SPEC.rho)


def how_many_are_beyond() -> Guesses:
    """The number of people who are in more rows than count."""
    right = []
    for there in np.random.default_rng(3).random(TRIALS // 4) < 0.5:
        town = Trials(np.array([there]), 12, 10)
        right.append((publish(town.table(), SPEC).beyond > 0) == there)
    return Guesses(np.array(right), SPEC.rho)


def one_who_is_there_all_the_time() -> Guesses:
    """The person has a thousand visits a row, the others one."""
    town = trials()
    table = town.table(visits=1)
    visits = np.where(table.contributions.person < TRIALS, 1000.0, 1.0)
    values = {**table.contributions.values, "n_visits": visits}
    given = replace(table.contributions, values=values)
    spec = replace(SPEC, rho=2.0)
    columns = publish(replace(table, contributions=given), spec).columns
    said = columns["n_visits"].reshape(TRIALS, ROWS)
    told = np.nan_to_num(said - town.others, nan=CAP / 2).sum(axis=1)
    return Guesses((told > ROWS * CAP / 2) == town.there, spec.rho)


def maximum_of_a_row() -> Guesses:
    town = trials()
    told = np.nan_to_num(town.seen(SPEC)["n_users"], nan=0).max(axis=1)
    return Guesses((told > np.median(told)) == town.there, SPEC.rho)


def parity() -> Guesses:
    """Noise of whole numbers has no pattern that a person shifts."""
    town = trials(rows=1)
    odd = np.nan_to_num(town.seen(SPEC)["n_users"][:, 0]) % 2 == 1
    return Guesses(odd == town.there, SPEC.rho)


def order_and_number_of_rows() -> Guesses:
    """Pairs of zones that everybody else is in too: how many are shown, and which stand where?"""
    n, right = 20, []
    spec = replace(SPEC, rho=2.0)
    for there in np.random.default_rng(12).random(TRIALS // 4) < 0.5:
        town = Trials(np.array([there]), n, 20)
        names = publish(town.table(known=False), spec).columns["name"].astype(int)
        ordered = bool((np.diff(names.astype(str).argsort(kind="stable")) == 1).all())
        right.append((len(names) > n / 2 or not ordered) == there)
    return Guesses(np.array(right), spec.rho)


def everything_small_that_is_said() -> Guesses:
    """Ranks, shares of visits, what is withheld and its neighbours, told apart by a sum of ranks."""
    town = trials(others=14)
    seen = town.seen(replace(SPEC, min_users=14))
    visits = np.nan_to_num(seen["n_visits"])
    users = np.nan_to_num(seen["n_users"], nan=12)
    told = users.argsort(axis=None).argsort().reshape(users.shape).sum(axis=1)
    told = told + visits.sum(axis=1) - seen["suppressed"].sum(axis=1)
    return Guesses((told > np.median(told)) == town.there, SPEC.rho)


# ---- regions and flows that somebody draws


def with_and_without_the_house() -> Guesses:
    seen, there = houses(lambda x: [town_box(x), shapely.union(town_box(x), house_box(x))])
    return Guesses((seen[:, 1] - seen[:, 0] > 0.5) == there, SPEC.rho)


def a_comb() -> Guesses:
    """Teeth over the house that round to the same shape, thin and fat."""

    def teeth(x: float, wide: float) -> Any:
        y = 50.002 + 2e-5 * np.arange(5)
        return shapely.union_all(
            [town_box(x), *shapely.box(x + 2e-3, y - wide, x + 2.1e-3, y + 1e-5 + wide)]
        )

    seen, there = houses(lambda x: [teeth(x, 0.49e-6), teeth(x, -0.49e-6)])
    return Guesses((seen[:, 0] != seen[:, 1]) == there, SPEC.rho)


def an_edge_that_moves_a_centimetre() -> Guesses:
    def wide(x: float, more: float) -> Any:
        return shapely.box(x - 5e-4, 49.9995, x + 2.05e-3 + more, 50.0021)

    seen, there = houses(lambda x: [wide(x, 1e-7), wide(x, -1e-7)])
    return Guesses((seen[:, 0] != seen[:, 1]) == there, SPEC.rho)


def a_vertex_more() -> Guesses:
    """The same area with the house eight times, each with another vertex on its edge."""

    def again(x: float) -> list[Any]:
        whole = shapely.box(x - 5e-4, 49.9995, x + 2.1e-3, 50.0021)
        corners = shapely.get_coordinates(whole)[:-1]
        return [shapely.Polygon([*corners, (x + 1e-3 - 1e-5 * k, 49.9995)]) for k in range(8)]

    seen, there = houses(again)
    return Guesses((np.nanmean(seen, axis=1) > 40.5) == there, SPEC.rho)


def parts_against_their_sum() -> Guesses:
    """Six parts of the town against the town with the house."""

    def parts(x: float) -> list[Any]:
        side = np.linspace(x - 5e-4, x + 5e-4, 7)
        strips = list(shapely.box(side[:-1], 49.9995, side[1:], 50.0005))
        return [*strips, shapely.union(town_box(x), house_box(x))]

    seen, there = houses(parts)
    told = seen[:, 6] - np.nan_to_num(seen[:, :6], nan=5).sum(axis=1)
    return Guesses((told > 0.5) == there, SPEC.rho)


def hexagons_that_are_there(make: Callable[..., Table]) -> Callable[[], Guesses]:
    """One trip of one person somewhere: which hexagons, or pairs of them, are published?"""

    def way() -> Guesses:
        g, right = np.random.default_rng(8), []
        for there in g.random(TRIALS // 4) < 0.5:
            of = np.repeat(np.arange(40), 4)
            ends = [
                np.column_stack([c + g.normal(0, 2e-3, 160), 50 + g.normal(0, 2e-3, 160)])
                for c in (10.0, 10.03)
            ]
            if there:
                of = np.append(of, 40)
                ends = [np.append(end, [[10.2 + k, 50.2]], axis=0) for k, end in enumerate(ends)]
            spec = replace(SPEC, rho=0.5)
            found = publish(make(journeys(of, *ends), None, TripSpec()), spec)
            lon = shapely.get_coordinates(found.shapes)[:, 0]
            right.append(bool((lon > 10.1).any()) == there)
        return Guesses(np.array(right), 0.5)

    return way


def a_pair_of_zones() -> Guesses:
    """Trips between two zones, of 60 people and perhaps of one more, who makes a hundred."""
    g, right = np.random.default_rng(9), []
    zones = read_zones([shapely.box(9, 49, 10, 51), shapely.box(10, 49, 11, 51)], ["a", "b"])
    for there in g.random(TRIALS // 4) < 0.5:
        of = np.append(np.arange(60), np.full(100 * there, 60))
        ends = (np.full((len(of), 2), (lon, 50.0)) for lon in (9.5, 10.5))
        columns = publish(flows_to_publish(journeys(of, *ends), zones, TripSpec()), SPEC).columns
        users = columns["n_users"][0] if len(columns["n_users"]) else 0
        right.append((users > 60.5) == there)
    return Guesses(np.array(right), SPEC.rho)


def a_machine_that_learned_all_figures() -> Guesses:
    """Whoever is there lives, works, commutes and goes by rail in all of their rows; of 60 others
    nobody does. The machine sees every figure, also those that are empty.
    """
    town = trials(others=60)
    table = town.table()
    mine = table.contributions.person < TRIALS
    more = dict.fromkeys(("residents", "workers", "share_commuters", "share_rail"), mine * 1.0)
    every = dict.fromkeys(LABELS.names, np.zeros(len(mine)))
    values = {**table.contributions.values, **every, **more, "n_labelled": np.ones(len(mine))}
    given = replace(table.contributions, values=values)
    figures = (PEOPLE, VISITS, PLACES, LABELS)
    # dear, so that shares are shown
    spec = replace(SPEC, rho=10.0)
    columns = publish(replace(table, contributions=given, figures=figures), spec).columns
    shown = [columns[name] for figure in figures for name in figure.names if name in columns]
    features = np.stack(shown).reshape(len(shown), TRIALS, ROWS).transpose(1, 0, 2)
    known = ~np.isnan(features)
    features = np.nan_to_num(features).reshape(TRIALS, -1)
    return learned(np.hstack([features, known.reshape(TRIALS, -1)]), town.there, spec.rho)


def a_machine_that_learned_which_rows_are_there() -> Guesses:
    """Of rows that exist only where somebody was, those that are shown, twice, with their numbers:
    as many people are in them as are needed, less one.
    """
    least = publish(trials().table(known=False), SPEC).least
    town = trials(others=least - 1)
    features = np.zeros((2, 2, TRIALS * ROWS))
    for shown, number in features:
        columns = publish(town.table(known=False), SPEC).columns
        rows = columns["name"].astype(int)
        shown[rows] = 1
        number[rows] = columns["n_users"] - least
    spread = features.reshape(4, TRIALS, ROWS).transpose(1, 0, 2)
    sums = spread.sum(axis=2)
    return learned(np.hstack([sums, spread.reshape(TRIALS, -1)]), town.there, 2 * SPEC.rho)


WAYS: dict[str, Callable[[], Guesses]] = {
    "the best test of all figures": best_test(1, 200),
    "the best test of two publications": best_test(2, 200),
    "the best test of ten publications": best_test(10, 60),
    "where visits are empty": best_test(1, 40),
    "one number": one_number,
    "what is empty at the minimum": what_is_empty(10, 10),
    "what is empty below the minimum": what_is_empty(9, 12),
    "what is empty with a high minimum": what_is_empty(40, 40),
    "ten minimums": all_minimums,
    "rows that stay equal when a person is deleted": rows_that_stay_equal,
    "differences when a person is deleted": difference_of_two,
    "other prices and rows": other_options,
    "fewer rows than a person has": fewer_rows_than_a_person_has,
    "rows of one person": rows_of_one_person,
    "how many are in more rows": how_many_are_beyond,
    "one who is there all the time": one_who_is_there_all_the_time,
    "the largest number": maximum_of_a_row,
    "odd or even": parity,
    "order and number of rows": order_and_number_of_rows,
    "everything small that is said": everything_small_that_is_said,
    "an area with and without the house": with_and_without_the_house,
    "a comb over the house": a_comb,
    "an edge that moves a centimetre": an_edge_that_moves_a_centimetre,
    "a vertex more": a_vertex_more,
    "parts against their sum": parts_against_their_sum,
    "hexagons of a trip": hexagons_that_are_there(zones_to_publish),
    "pairs of hexagons of a trip": hexagons_that_are_there(flows_to_publish),
    "a pair of zones": a_pair_of_zones,
    "a machine that learned all figures": a_machine_that_learned_all_figures,
    "a machine that learned which rows are there": a_machine_that_learned_which_rows_are_there,
}


@pytest.mark.parametrize("way", WAYS)
def test_presence_is_guessed_no_better_than_the_price_allows(way: str) -> None:
    check(WAYS[way]())


@pytest.mark.parametrize("publications", [1, 2])
def test_the_bound_is_what_the_best_test_reaches(publications: int) -> None:
    """Else the test would try nothing, or the noise would be larger than it has to be."""
    found = best_test(publications, 200)()
    bound = guess_bound(found.rho)
    # noise of whole numbers is a little more than its price says
    least = bound - CHANCE * sqrt(bound * (1 - bound) / len(found.right)) - 0.02
    assert least <= np.mean(found.right)


def test_a_bound_that_is_too_low_is_noticed() -> None:
    found = best_test(2, 200)()
    with pytest.raises(AssertionError, match="at most"):
        check(replace(found, rho=0.05))


def test_on_the_desk_who_subtracts_is_right() -> None:
    """What is published is not for the sake of it."""
    no_heads = SimpleNamespace(heads=lambda unit, every=False: [], card={})
    model: Any = SimpleNamespace(card={"width": 4}, bundle=no_heads)
    rows = [(f"p{each}", MONDAY + k * HOUR, 0.0, 0.0) for each in range(40) for k in (0, 1)]
    rows += [("victim", MONDAY + k * HOUR, 2.05e-3, 2.05e-3) for k in (0, 1)]
    user, t, lon, lat = zip(*rows)
    tracks = build_tracks(np.array(user, object), None, np.array(t), np.array(lon), np.array(lat),
                          drop_spikes=False)[0]  # fmt: skip
    town = shapely.box(-1e-3, -1e-3, 1e-3, 1e-3)
    both = shapely.union(town, shapely.box(2e-3, 2e-3, 2.1e-3, 2.1e-3))
    assert np.diff(score_regions(tracks, [town, both], model).columns["n_users"]) == 1
