# SPDX-License-Identifier: GPL-2.0-or-later
"""Labels of people whose weeks are known, and silence about vehicles and about who is hardly on
record.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from raw_qgis_plugin.core.bundle.card import is_head_name
from raw_qgis_plugin.core.bundle.runtime import Model
from raw_qgis_plugin.core.cleaning import build_tracks
from raw_qgis_plugin.core.embedding.profiles import profile
from raw_qgis_plugin.core.labels import MODES, OF_USERS, choose_labels
from raw_qgis_plugin.core.mobility.diary import label_users
from raw_qgis_plugin.core.mobility.legs import as_frequent
from raw_qgis_plugin.core.mobility.modes import find_modes
from raw_qgis_plugin.core.mobility.people import (
    NUMBERS,
    PeopleLabels,
    add_labels,
    label_people,
)
from raw_qgis_plugin.core.times import DAY_MS, HOUR_MS
from raw_qgis_plugin.core.tracks import Tracks

MONDAY = 1_599_436_800_000  # 2020-09-07, 0:00 UTC
WORKING = [0, 8, 8.5, 17.5, 18, 24], [0, 0, 9000, 9000, 0, 0]  # hours and metres east
WEEKDAYS = [0, 1, 2, 3, 4, 7, 8, 9, 10, 11]
SHOPPING = [0, 15, 15.2, 16, 16.2, 24], [0, 0, 1500, 1500, 0, 0]


def week(
    day: tuple[list[float], list[float]], days: int, every_s: float, out: object = WEEKDAYS
) -> np.ndarray:
    """(n, 2) epoch ms and metres east of days alike, some days out and the others at home."""
    rng = np.random.default_rng(1)
    t = np.arange(0, days * DAY_MS, every_s * 1000)
    x = np.where(np.isin(t // DAY_MS, out), np.interp(t % DAY_MS / HOUR_MS, *day), 0.0)
    return np.stack([MONDAY + t, x + rng.normal(0, 8, len(t))], axis=1)


def layer(**people: np.ndarray) -> Tracks:
    user = np.repeat(list(people), [len(each) for each in people.values()])
    t, x = np.concatenate(list(people.values())).T
    return build_tracks(user, None, t.astype(np.int64), x / 111_320, np.zeros(len(t)))[0]


def everybody() -> Tracks:
    """Two people, a taxi that never rests for long, and somebody of three fixes."""
    rng = np.random.default_rng(2)
    rides = np.cumsum(rng.choice([-1, 1], 4000) * rng.uniform(300, 1500, 4000))
    t = MONDAY + np.arange(0, 7 * DAY_MS, 60_000)
    return layer(
        works=week(WORKING, 14, 300),
        stays=week(SHOPPING, 14, 300, out=9),
        taxi=np.stack([t, np.interp(np.arange(10_080) / 3, range(4000), rides)], 1),
        few=np.array([[MONDAY, 0], [MONDAY + DAY_MS, 0], [MONDAY + 2 * DAY_MS, 9000]]),
    )  # fmt: skip


@pytest.fixture(scope="module")
def labels(model: Model) -> PeopleLabels:
    return label_users(everybody(), model)


def test_who_commutes_and_from_where_to_where(labels: PeopleLabels) -> None:
    of = dict(zip(["few", "stays", "taxi", "works"], zip(*labels.columns.values())))
    works, stays = (dict(zip(labels.columns, of[name])) for name in ("works", "stays"))
    assert works["commuter"] == "yes" and works["commuter_p"] > 0.8 and works["why"] == ""
    assert (
        works["evidence"] == "at work on 10 of 10 weekdays with fixes" and works["work_days"] == 10
    )
    assert works["n_days_seen"] == 14 and works["coverage"] > 0.99
    assert works["trips_a_day_low"] < 20 / 14 < works["trips_a_day_high"]
    assert stays["commuter_p"] < 0.5 and stays["work_days"] == 0, "one hour at a shop is no work"
    assert np.isnan(stays["share_walk"]) and stays["why"].endswith(
        "fewer than 5 trips of a known mode"
    )
    places = zip(*(getattr(labels.diary.places, name) for name in ("user", "kind", "lon")))
    found = {
        (int(user), kind): lon * 111_320 for user, kind, lon in places if kind in ("home", "work")
    }
    assert (
        abs(found[3, "home"]) < 20
        and abs(found[3, "work"] - 9000) < 20
        and abs(found[1, "home"]) < 20
    )
    assert {user for user, _ in found} == {1, 3}, (
        "neither of the taxi nor of who is hardly on record"
    )


def test_silence_has_its_reason(labels: PeopleLabels) -> None:
    taxi = "on the way for most of the time on record, as vehicles are"
    for row, reason in ((0, "less than 6 hours on record"), (2, taxi)):
        assert labels.columns["why"][row] == reason and np.isnan(labels.columns["commuter_p"][row])
        assert {labels.columns[name][row] for name in ("commuter", "main_mode", "rail_user")} == {
            "unknown"
        }
        assert all(np.isnan(labels.columns[name][row]) for name in NUMBERS)
    nobody = label_users(layer(a=np.zeros((0, 2))), None)
    assert all(len(values) == 0 for values in nobody.columns.values()) and not len(
        nobody.diary.places.user
    )


def test_shares_are_sums_of_probabilities(labels: PeopleLabels) -> None:
    trips = labels.diary.legs.user == 3
    mean = np.nanmean(labels.diary.legs.p[trips], axis=0)
    shares = [labels.columns[f"share_{name}"][3] for name in ("walk", "bike", "motor", "rail")]
    np.testing.assert_allclose(shares, mean, rtol=1e-6)
    assert labels.columns["main_mode"][3] == MODES[int(mean.argmax())]
    low, rail, high = (labels.columns[f"rail_trips{end}"][3] for end in ("_low", "", "_high"))
    assert low <= rail <= high
    assert labels.columns["rail_p"][3] == pytest.approx(
        1 - np.nanprod(1 - labels.diary.legs.p[trips, 3])
    )


def test_no_pair_of_fields_disagrees(labels: PeopleLabels) -> None:
    """Of people whose probabilities are drawn by chance."""
    rng, diary = np.random.default_rng(5), labels.diary
    for _ in range(100):
        legs = replace(diary.legs, p=rng.dirichlet(rng.uniform(0.05, 2, 4), len(diary.legs.user)))
        drawn = np.where(diary.people.why == "", rng.random(4), np.nan)
        people = replace(diary.people, commuter_p=drawn)
        for values in zip(*label_people(replace(diary, legs=legs, people=people)).columns.values()):
            row = dict(zip(labels.columns, values))
            for name, p in (("commuter", row["commuter_p"]), ("rail_user", row["rail_p"])):
                assert row[name] != "yes" or p >= 0.68, name
                assert row[name] != "no" or p <= 0.32, name
            assert row["commuter"] != "unknown" or row["why"]
            shares = [row[f"share_{mode}"] for mode in ("walk", "bike", "motor", "rail")]
            known = not np.isnan(shares).any()
            assert row["main_mode"] == (MODES[int(np.argmax(shares))] if known else "unknown")
            assert known or (row["rail_user"] == "unknown" and np.isnan(row["rail_p"]))
            assert row["rail_user"] != "yes" or row["share_rail"] > 0.01


@pytest.mark.parametrize(("name", "free"), [
    ("commuter_p", False), ("trips_a_day_low", False), ("residents_high", False), ("rail", False),
    ("night_worker", True),
])  # fmt: skip
def test_no_head_answers_in_a_column_of_a_label(name: str, free: bool) -> None:
    assert is_head_name(name) == free


def test_rail_counts_as_rare_and_gaps_not_at_all(model: Model) -> None:
    assert as_frequent(np.full((1, 4), 0.25)).round(4).tolist() == [
        [0.3175, 0.3175, 0.3175, 0.0476]
    ]
    # a silence of a quarter of an hour
    t = np.cumsum(np.append(0, np.where(np.arange(60) == 30, 900, 10)))
    for silent_m, counted in ((100, True), (4000, False)):
        x = np.cumsum(np.append(0, np.where(np.arange(60) == 30, silent_m, 150)))
        ride = build_tracks(None, None, MONDAY + 1000 * t, x / 111_320, np.zeros(61))[0]
        found = find_modes(ride, model, lambda share: None)
        assert found.in_domain.all() and np.isfinite(found.p).all() == counted


def test_profiles_hold_labels_where_cards_look_for_them(model: Model) -> None:
    users = everybody().by_user()
    found = add_labels(profile(users, model), label_users(users, model).columns)
    assert [label.name for label in OF_USERS if label.name not in found.columns] == []
    assert list(found.columns)[:6] == [
        "user_id",
        "n_points",
        "n_days",
        "t_first",
        "t_last",
        "commuter",
    ]
    assert found.columns["in_domain"].tolist() == [False, True, False, True]


def test_one_label_comes_with_its_own_columns_alone(model: Model) -> None:
    users = everybody().by_user()
    tasks = ["commuter"]
    labels = label_users(users, model).columns
    found = add_labels(
        profile(users, model, "user", tasks), labels, choose_labels("user", [], tasks)
    )
    said = set(found.columns)
    assert {"commuter", "commuter_p", "work_days", "why"} <= said
    assert not said & {"main_mode", "share_rail", "rail_trips_low", "trips_a_day"}
