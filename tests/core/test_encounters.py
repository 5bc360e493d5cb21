# SPDX-License-Identifier: GPL-2.0-or-later
"""Encounters: observed ones as they were, likely ones in gaps, and nothing where nothing is known."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest

from raw_qgis_plugin.core.cleaning import build_tracks
from raw_qgis_plugin.core.encounters.encounters import (
    SETTINGS,
    Encounters,
    Positions,
    Settings,
    find_encounters,
    near_pairs,
    positions,
    probability_within,
)
from raw_qgis_plugin.core.errors import Cancelled
from raw_qgis_plugin.core.geodesy import metres_per_degree
from raw_qgis_plugin.core.specs import EncounterSpec
from raw_qgis_plugin.core.tracks import Tracks

START, MINUTE, DAY = 1_700_000_040_000, 60_000, 86_400_000  # on a whole minute
KX, _ = metres_per_degree(np.array(50.0))


def people(lon0: float = 10.0, apart_m: float = 10.0) -> Tracks:
    """Two people who walk towards each other along a street, sit together from minute 20 to 40, and
    walk back; and one who sits there a day later. A fix every 20 s.
    """
    minute = np.arange(0, 60, 1 / 3)
    way = np.interp(minute, [0, 20, 40, 60], [1500.0, 0.0, 0.0, 1500.0])
    t = START + np.rint(minute * MINUTE).astype(int)
    return tracks_of(
        ["a", "b", "c"], [t, t, t + DAY], [-way - apart_m / 2, way + apart_m / 2, 0 * way], lon0
    )


def walkers(hidden: slice) -> Tracks:
    """Two who walk along a street together, ten metres apart, without fixes in the minutes
    `hidden`, each some seconds later; and four who walk there on other days.
    """
    minute = np.arange(0, 60, 1 / 3)
    t, x = START + np.rint(minute * MINUTE).astype(int), 80.0 * minute
    gap = (minute > hidden.start) & (minute < hidden.stop)
    times = [t[~gap], t[~np.roll(gap, 1)], *(t + day * DAY for day in range(1, 5))]
    return tracks_of(list("abcdef"), times, [x[~gap], x[~np.roll(gap, 1)] + 10, x, x, x, x])


def tracks_of(
    users: list[str], t: list[np.ndarray], x: list[np.ndarray], lon0: float = 10.0
) -> Tracks:
    """Tracks along a street to the east, in metres."""
    user, lon = np.repeat(users, list(map(len, t))), lon0 + np.concatenate(x) / KX
    return build_tracks(
        user, None, np.concatenate(t), (lon + 180) % 360 - 180, np.full(len(lon), 50.0)
    )[0]


def found(tracks: Tracks, settings: Settings = SETTINGS, **options: object) -> Encounters:
    spec = EncounterSpec(**{"min_probability": 0.2} | options)  # type: ignore[arg-type]
    return find_encounters(tracks, spec, settings=settings)


@pytest.mark.parametrize("lon0", [10.0, 180.0])
def test_an_observed_encounter_is_what_it_was(lon0: float) -> None:
    e = found(people(lon0=lon0))
    assert list(zip(e.one, e.other)) == [(0, 1)] and e.observed.all() and e.probability[0] == 1.0
    begins, ends = (e.t_start[0] - START) / MINUTE, (e.t_end[0] - START) / MINUTE
    assert 19 <= begins <= 20 and 40 <= ends <= 41, "the last 40 m take half a minute"
    assert abs((e.lon[0] - lon0 + 180) % 360 - 180) * KX < 20 and e.lat[0] == pytest.approx(50.0)


def test_an_encounter_lies_half_way_also_between_fixes() -> None:
    """Two who go north at 1 m/s, 30 m beside each other, with a fix in 40 s, one 20 s after the
    other.
    """
    t = START + np.concatenate([later + np.arange(0, 20 * MINUTE, 40_000) for later in (0, 20_000)])
    user, east = np.repeat(["a", "b"], len(t) // 2), np.repeat([0.0, 30.0], len(t) // 2)
    _, ky = metres_per_degree(np.array(50.0))
    e = found(build_tracks(user, None, t, 10 + east / KX, 50 + (t - START) / 1000 / ky)[0])
    assert (e.lon - 10) * KX == pytest.approx([15], abs=0.1) and (e.lat - 50) * ky == pytest.approx(
        [30], abs=0.1
    )
    assert (e.t_start - START).tolist() == [30_000] and (e.t_end - START).tolist() == [1_140_000]


@pytest.mark.parametrize("seconds", [60, 70, 100, 300])
def test_of_the_least_length_is_long_enough(seconds: int) -> None:
    """Two who sit together all the time that they are recorded, in which times that divide it lie."""
    tick_ms = round(1000 * seconds / max(2, -(-seconds // 30)))
    t = np.arange(0, seconds * 1000 + 1, 10_000) + START // tick_ms * tick_ms
    together = tracks_of(["a", "b"], [t, t], [0.0 * t, 0.0 * t + 10])
    assert len(found(together, min_minutes=seconds / 60).one) == 1
    assert len(found(together, min_minutes=(seconds + 10) / 60).one) == 0


@pytest.mark.parametrize(("times", "encounters"), [(1, 1), (2, 2)])
def test_one_time_apart_ends_no_encounter(times: int, encounters: int) -> None:
    k = np.arange(20)
    x = np.where((k >= 9) & (k < 9 + times), 500.0, 10.0)
    assert len(found(tracks_of(["a", "b"], [START + 30_000 * k] * 2, [0 * x, x])).one) == encounters


def test_in_a_gap_a_position_is_uncertain_by_the_distance_and_the_time() -> None:
    one = tracks_of(["a"], [START + np.array([0, 10 * MINUTE])], [np.array([0, 1000.0])])
    ((_, p),) = positions(one, MINUTE, 10 * MINUTE)  # a gap as long as one may be
    assert p.error_m[[0, 5, 10]] == pytest.approx([0, 0.05 * 1000 + 0.02 * 300, 0], rel=1e-2)


def inside_of_gap() -> Tracks:
    """Of the two walkers nothing but the fixes at the ends of their gaps."""
    tracks = walkers(slice(10, 22))
    before = tracks.track_offsets[:2] + [30, 31]
    return tracks.take(
        (tracks.user > 1) | np.isin(np.arange(len(tracks)), [*before, *(before + 1)])
    )


def test_in_a_gap_an_encounter_is_inferred_and_less_sure() -> None:
    whole, inside = found(walkers(slice(10, 19))), found(inside_of_gap())
    assert (
        list(zip(whole.one, whole.other)) == [(0, 1)]
        and whole.observed[0]
        and whole.probability[0] == 1.0
    )
    assert (whole.t_end - whole.t_start)[0] > 55 * MINUTE, "one encounter all along"
    assert not inside.observed.any() and 0.2 < inside.probability[0] < 1.0
    assert len(found(inside_of_gap(), max_gap_min=10).one) == 0, "longer gaps hide everything"


def test_who_is_too_far_or_follows_by_some_minutes_is_not_met() -> None:
    assert len(found(people(apart_m=60.0)).one) == 0
    minute = np.append(np.arange(0, 10, 1 / 3), np.arange(22, 60, 1 / 3))
    t, x = START + np.rint(minute * MINUTE).astype(int), 80.0 * minute
    followed = tracks_of(["a", "b"], [t, t + 4 * MINUTE], [x, x])
    for distance_m in range(80, 120, 2):
        assert len(found(followed, distance_m=distance_m).one) == 0


def test_small_parts_have_the_same_encounters_and_every_time_once() -> None:
    cases = people(), walkers(slice(10, 22)), inside_of_gap()
    whole = [found(tracks) for tracks in cases]
    small = Settings(positions_at_once=50, searched_at_once=7)
    shares, parts = zip(*positions(cases[0], 30_000, 3_600_000, small))
    assert 5 < len(parts) < 12 and shares == pytest.approx(np.arange(len(parts)) / len(parts))
    user, tick = (np.concatenate([getattr(p, name) for p in parts]) for name in ("user", "tick"))
    assert len(np.unique(np.stack([user, tick]), axis=1).T) == len(tick) == 3 * 2 * 60
    assert list(positions(cases[0], 30_000, 1000)) == []
    for tracks, one in zip(cases, whole, strict=True):
        other = found(tracks, settings=small)
        for field in fields(Encounters):
            np.testing.assert_array_equal(
                getattr(one, field.name), getattr(other, field.name), field.name
            )


@pytest.mark.parametrize("error_m", [0.0, 1.0, 30.0, 200.0])
@pytest.mark.parametrize("away_m", [0.0, 40.0, 50.0, 60.0, 500.0])
def test_a_probability_is_the_share_of_draws(away_m: float, error_m: float) -> None:
    draws = np.random.default_rng(0).normal(0, error_m, (100_000, 2)) + [away_m, 0.0]
    with np.errstate(divide="raise"):
        p = probability_within(np.array([away_m]), np.array([error_m]), 50.0)[0]
    assert p == pytest.approx((np.hypot(*draws.T) <= 50).mean(), abs=0.01)


def test_every_pair_that_is_likely_enough_is_looked_at() -> None:
    rng, n = np.random.default_rng(0), 80
    lon, user, error_m = 10.0 + rng.uniform(0, 600, n) / KX, np.arange(n), rng.uniform(10, 60, n)
    at = Positions(user, np.zeros(n, int), lon, np.full(n, 50.0), error_m)
    one, other = np.triu_indices(n, 1)
    away_m, both_m = np.abs(lon[one] - lon[other]) * KX, np.hypot(error_m[one], error_m[other])
    likely = probability_within(away_m, both_m, 50.0) >= 0.02
    pairs = [pair for e in near_pairs(at, 50.0, 0.02) for pair in zip(e.one, e.other)]
    assert sorted(pairs) == list(zip(one[likely], other[likely])) and 200 < len(pairs) < likely.size


def test_nobody_and_cancel() -> None:
    tracks = people()
    assert len(found(tracks.take(np.zeros(len(tracks), bool))).one) == 0
    assert len(found(tracks.take(tracks.user == 0)).one) == 0

    def cancelled(share: float) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        find_encounters(tracks, EncounterSpec(), cancelled)
