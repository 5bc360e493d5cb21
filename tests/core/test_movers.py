# SPDX-License-Identifier: GPL-2.0-or-later
"""Ships, boats, birds and aircraft get no labels of people and no modes; who moves on land does."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from raw_qgis_plugin.core.bundle.runtime import Model
from raw_qgis_plugin.core.cleaning import build_tracks
from raw_qgis_plugin.core.features.movers import FAST, ROAMS, STEADY
from raw_qgis_plugin.core.labels import UNKNOWN
from raw_qgis_plugin.core.mobility.diary import label_users
from raw_qgis_plugin.core.mobility.people import NUMBERS, PeopleLabels
from raw_qgis_plugin.core.times import HOUR_MS
from raw_qgis_plugin.core.tracks import Tracks

MONDAY = 1_599_436_800_000  # 2020-09-07, 0:00 UTC
VEHICLE = "on the way for most of the time on record, as vehicles are"


@dataclass(frozen=True)
class Mover:
    """Rests at one spot, goes out and comes back by the same way, again and again."""

    every_s: float  # between fixes
    rest_h: float
    out_h: float
    acts: tuple[tuple[float, float, float], ...]  # by chance: hours, m/s, radians of turning
    days: int = 6


TRAWLING = (1, 4.5, 0.3), (3, 2.2, 1.5)
SHIP = Mover(60, 10, 24, ((2, 8, 0.2),))
FERRY = Mover(120, 0.4, 0.9, ((0.3, 9, 0.1),), days=3)
TRAWLER = Mover(180, 10, 12, TRAWLING)
TRAWLER_SELDOM_SEEN = Mover(3600, 10, 12, TRAWLING)
GULL = Mover(300, 14, 8, ((0.7, 10, 0.8), (0.5, 1.5, 2)))
SEABIRD = Mover(1800, 30, 48, ((1, 11, 0.6), (0.7, 0.3, 3)), days=12)
AIRLINER = Mover(30, 2, 3, ((0.5, 210, 0.1),), days=4)
LIGHT_PLANE = Mover(60, 3, 3, ((0.3, 55, 0.2),), days=4)

BUS = Mover(30, 8, 16, ((0.03, 8, 1.6), (0.01, 0, 0)), days=4)
LORRY = Mover(60, 11, 8, ((0.5, 23, 0.2), (0.05, 6, 1.5)))
TRAIN = Mover(60, 20, 4, ((0.2, 30, 0.1), (0.05, 0, 0)))
CYCLIST = Mover(30, 20, 4, ((0.06, 5, 0.7), (0.02, 2.5, 1.5)))


def fixes_of(mover: Mover, users: int = 4) -> Tracks:
    fixes = [_record(mover, np.random.default_rng(k)) for k in range(users)]
    user = np.repeat(np.arange(users), [len(each) for each in fixes])
    t, x, y = np.concatenate(fixes).T
    ms = MONDAY + (HOUR_MS * t).astype(np.int64)
    return build_tracks(user, None, ms, x / 111_320, y / 111_320)[0]


def _record(mover: Mover, rng: np.random.Generator) -> np.ndarray:
    """(n, 3) hours and metres east and north of fixes."""
    rests = int(24 * mover.days / (mover.rest_h + mover.out_h))
    steps = np.concatenate([_trip(mover, rng) for _ in range(rests)])
    knots = np.cumsum(steps, axis=0)
    t = np.arange(0, knots[-1, 0], mover.every_s / 3600)
    at = [np.interp(t, knots[:, 0], column) for column in knots[:, 1:].T]
    return np.column_stack([t, *at]) + rng.normal(0, [0, 8, 8], (len(t), 3))


def _trip(mover: Mover, rng: np.random.Generator) -> np.ndarray:
    """(k, 3) hours and metres east and north of a rest and the steps out and back."""
    angle = rng.uniform(0, 2 * np.pi)
    steps = []
    left_h = mover.out_h / 2 * rng.uniform(0.8, 1.2)
    while left_h > 0:
        hours, m_s, turn = mover.acts[rng.integers(len(mover.acts))]
        hours *= rng.uniform(0.7, 1.3)
        angle += rng.normal(0, turn)
        metres = 3600 * hours * m_s * rng.uniform(0.9, 1.1)
        steps.append((hours, metres * np.cos(angle), metres * np.sin(angle)))
        left_h -= hours
    back = np.array(steps[::-1]) * [1, -1, -1]
    rest = mover.rest_h * rng.uniform(0.7, 1.3)
    return np.concatenate([[(rest, 0, 0)], steps, back])


def says_nothing(labels: PeopleLabels) -> None:
    for name in ("commuter", "main_mode", "rail_user"):
        assert set(labels.columns[name]) == {UNKNOWN}, name
    assert np.isnan(labels.columns["commuter_p"]).all()
    assert all(np.isnan(labels.columns[name]).all() for name in NUMBERS)
    places = labels.diary.places
    assert set(places.kind) <= {None}, "no homes and no places of work"


@pytest.mark.parametrize(
    ("mover", "reason"),
    [
        (SHIP, STEADY),
        (FERRY, STEADY),
        (TRAWLER, STEADY),
        (TRAWLER_SELDOM_SEEN, ROAMS),
        (GULL, STEADY),
        (SEABIRD, ROAMS),
        (AIRLINER, FAST),
        (LIGHT_PLANE, FAST),
    ],
)
def test_no_labels_and_modes_on_water_and_in_the_air(
    mover: Mover, reason: str, model: Model
) -> None:
    labels = label_users(fixes_of(mover), model)
    says_nothing(labels)
    assert set(labels.columns["why"]) == {reason}
    legs = labels.diary.legs
    assert len(legs.user) and set(legs.mode) == {UNKNOWN} and not legs.in_domain.any()
    assert set(legs.why[legs.observed]) <= {reason} and np.isnan(legs.p).all()
    assert len(labels.diary.stops.user) > 4, "stops and trips stay"


def test_a_vehicle_has_modes_but_no_labels(model: Model) -> None:
    labels = label_users(fixes_of(BUS), model)
    says_nothing(labels)
    assert set(labels.columns["why"]) == {VEHICLE}
    assert labels.diary.legs.in_domain.mean() > 0.9


@pytest.mark.parametrize("mover", [LORRY, TRAIN, CYCLIST])
def test_roads_and_rails_are_not_taken_for_water(mover: Mover) -> None:
    why = label_users(fixes_of(mover), None).diary.people.why
    assert not {FAST, STEADY, ROAMS} & set(why)


def test_a_day_on_the_way_with_rare_fixes_is_no_sign() -> None:
    journey = Mover(1800, 4, 14, ((1, 11, 0.6),), days=1)
    assert ROAMS not in label_users(fixes_of(journey), None).diary.people.why
