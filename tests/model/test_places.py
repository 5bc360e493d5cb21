# SPDX-License-Identifier: GPL-2.0-or-later
"""The training of the place head: its arrays, its windows of records, people left out, and what the
card says.
"""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from model.shipped.places.sources import People, places_of, windows
from model.shipped.places.train import (
    Settings,
    figures,
    fit,
    folds_of,
    judge,
    judge_left_out,
    leave_out,
    user_weights,
)
from raw_qgis_plugin.core.cleaning import build_tracks
from raw_qgis_plugin.core.mobility.place_head import FILE, choose_kinds, judge_places, load_head
from raw_qgis_plugin.core.times import DAY_MS, HOUR_MS

MONDAY = 1_599_436_800_000  # 2020-09-07, 0:00 UTC


@pytest.fixture(scope="module")
def people() -> People:
    """People for two weeks; every second one works ten kilometres from home, the others shop there."""
    rng, (user, half) = np.random.default_rng(1), np.divmod(np.arange(160 * 14 * 48), 14 * 48)
    kept = rng.random(len(user)) < 0.7
    user, hour = user[kept], half[kept] / 2
    at_work = (hour % 24 >= 9) & (hour % 24 < 17) & (hour // 24 % 7 < 5)
    shops = (hour % 24 >= 17) & (hour % 24 < 19) & (hour // 24 % 7 == 5)
    away = np.where(user % 2, at_work, shops)
    lon = 0.09 * away + rng.normal(0, 5e-5, len(hour))
    tracks = build_tracks(
        user, None, MONDAY + (hour * HOUR_MS).astype(np.int64), lon, np.zeros(len(hour))
    )[0]
    return People(
        tracks,
        np.where(~away, 0, np.where(user % 2, 1, 2)).astype(np.int8),
        np.arange(160) % 2 == 1,
    )


def test_windows_are_the_same_people_seen_less(people: People) -> None:
    found = {name.removeprefix("x: "): some for name, some in windows("x", people, 1, (3, 7))}
    assert list(found) == ["whole", "first 3", "any 3", "first 7", "any 7", "ends of stays"]
    first = found["first 3"].tracks
    assert (first.t < MONDAY + 3 * DAY_MS).all() and len(found["any 3"].tracks) <= 3 * 48 * 160
    assert len(found["ends of stays"].tracks) < 0.6 * len(people.tracks)
    for some in found.values():
        assert len(some.kind) == len(some.tracks) and len(some.commuter) == some.tracks.n_users


def test_people_left_out_are_judged_right(people: People) -> None:
    places = places_of([("howde: made", people), ("city: made", people)])
    assert np.bincount(places.kind, minlength=3).tolist()[:2] == [320, 160]
    fold, real = folds_of(places, 1, folds=3), places.source == "howde"
    logit = leave_out(places, fold, real, 1)
    found = figures(
        {name: values[real] for name, values in judge_left_out(places, logit, fold, real).items()}
    )
    assert (
        found["commuter"] == 1.0
        and found["home"] == 1.0
        and found["work"] == 1.0
        and found["auc"] == 1.0
    )
    head = fit(places, logit, real, 1)
    assert figures(judge(places, judge_places(places.facts, head)))["commuter"] == 1.0
    wrong = judge_places(places.facts, {**head, "user_offset": head["user_offset"] - 50})
    assert figures(judge(places, wrong))["commuter"] == 0.5, "figures notice a head that is wrong"


def test_the_head_that_ships_has_a_card_of_its_features(people: People) -> None:
    card, facts = (
        json.loads(FILE.with_name("card.json").read_text("utf-8")),
        places_of([("x: y", people)]).facts,
    )
    assert card["features"] == list(facts.x)
    assert load_head()["0.columns"].tolist() == list(range(len(facts.x)))
    assert {"command", "seed", "data", "licence", "figures"} <= set(card)


def test_sources_classes_and_days_by_chance_have_their_weights(people: People) -> None:
    some = people.take(people.tracks.user % 4 > 0)  # of whom two in three work
    places = places_of(
        [("howde: made", people), windows("howde", people, 1, (3,))[2], ("city: made", some)]
    )
    unsure = np.random.default_rng(1).permutation(160) < 50  # with a label that no record shows
    places = replace(places, commuter=places.commuter ^ unsure[places.person.astype(int)])
    every = np.ones(len(places.person), bool)
    logit = leave_out(places, folds_of(places, 1, folds=2), every, 1)
    head = fit(places, logit, every, 1)
    real, count = places.source[places.facts.user] == "howde", np.bincount(places.kind)
    share = sum(
        of * np.bincount(places.kind[rows]) / rows.sum() for of, rows in ((1.0, real), (0.3, ~real))
    )
    share /= np.sqrt(count)
    assert np.abs(head["0.value"][head["0.root"]] - share / share.sum()).max() < 1e-5
    weight, p = (
        user_weights(places, np.arange(len(every))),
        choose_kinds(places.facts, logit, head).commuter_p,
    )
    of = [
        weight[places.recording == name].sum()
        for name in ("howde: made", "howde: any 3", "city: made")
    ]
    np.testing.assert_allclose(of / np.sum(of), np.array([2, 1, 0.3 * 3]) / 3.9)
    assert np.average([places.commuter, p], 1, weight) == pytest.approx(
        [Settings.working] * 2, abs=0.002
    )
