# SPDX-License-Identifier: GPL-2.0-or-later
"""Diaries of days whose truth is known, of awkward tracks, and of users in company."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from functools import partialmethod
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from raw_qgis_plugin.core.bundle.runtime import Model
from raw_qgis_plugin.core.cleaning import build_tracks
from raw_qgis_plugin.core.embedding.profiles import NOT_SURE
from raw_qgis_plugin.core.errors import no_progress
from raw_qgis_plugin.core.geojson import write_tracks
from raw_qgis_plugin.core.labels import MODES, UNKNOWN
from raw_qgis_plugin.core.mobility import diary as diaries
from raw_qgis_plugin.core.mobility.diary import find_diary, stop_columns, trip_columns
from raw_qgis_plugin.core.mobility.legs import DEFAULT, UNSEEN
from raw_qgis_plugin.core.mobility.modes import HEAD, NO_HEAD, find_modes
from raw_qgis_plugin.core.mobility.place_features import describe_places
from raw_qgis_plugin.core.mobility.place_head import judge_places
from raw_qgis_plugin.core.mobility.tables import Modes, Stops
from raw_qgis_plugin.core.paths import RESOURCES
from raw_qgis_plugin.core.sources.readers import read
from raw_qgis_plugin.core.specs import DiarySpec
from raw_qgis_plugin.core.times import DAY_MS, HOUR_MS
from raw_qgis_plugin.core.tracks import Tracks

MONDAY = 1_599_436_800_000  # 2020-09-07, 0:00 UTC
MINUTE = 60_000


def part(
    begin: float, end: float, start_m: float, stop_m: float, every_s: float = 15
) -> np.ndarray:
    """(n, 2) of ms and metres east: from one place to another between two hours of the day."""
    t = np.arange(begin * HOUR_MS, end * HOUR_MS, every_s * 1000)
    return np.column_stack([t, np.interp(t, [begin * HOUR_MS, end * HOUR_MS], [start_m, stop_m])])


def days(count: int, lon: float = 0.0) -> Tracks:
    """Home until 8:00, 24 minutes in a car to work 10 km away, home from 18:00 on 10 minutes on
    foot and in a car.
    """
    day = np.concatenate([
        part(0, 8, 0, 0), part(8, 8.4, 0, 10_000), part(8.4, 17.8, 10_000, 10_000), part(17.8, 18, 10_000, 9_100),
        part(18, 18.3, 9_100, 0), part(18.3, 24, 0, 0),
    ])  # fmt: skip
    t = np.concatenate([day[:, 0] + MONDAY + k * DAY_MS for k in range(count)])
    x = np.tile(day[:, 1], count) + np.random.default_rng(3).normal(0, 8, len(t))
    return tracks_of(t, x, lon)


def tracks_of(t: np.ndarray, x: np.ndarray, lon: float = 0.0, user: object = None) -> Tracks:
    lons = (lon + x / 111_320 + 180) % 360 - 180
    return build_tracks(user, None, t.astype(np.int64), lons, np.zeros(len(t)))[0]


def whole(tracks: Tracks, model: object = None, **options: float) -> SimpleNamespace:
    """A diary with its published columns."""
    diary = find_diary(tracks, model, DiarySpec(**options))
    return SimpleNamespace(diary=diary, stops=stop_columns(diary), trips=trip_columns(diary))


def test_a_week_of_work_is_told(tmp_path: Path) -> None:
    found = whole(days(5))
    stops, trips = found.stops, found.trips
    write_tracks(tmp_path / "trips.geojson", found.diary.leg_fixes, {"mode": trips["mode"]})
    way = json.loads((tmp_path / "trips.geojson").read_text())["features"][0]["geometry"][
        "coordinates"
    ]
    assert [way[0][3], way[-1][3]] == [trips["t_start"][0] / 1000, trips["t_end"][0] / 1000], (
        "epoch seconds"
    )
    assert stops["kind"].tolist() == ["home", "work"] * 5 + ["home"]
    assert stops["n_visits"].tolist() == [6, 5] * 5 + [6]
    assert stops["evidence"].tolist()[:2] == [
        "on 5 of 5 nights with fixes",
        "on 5 of 5 weekdays with fixes",
    ]
    assert trips["journey_id"].tolist()[:4] == ["all-j1", "all-j2", "all-j2", "all-j3"]
    assert trips["from_kind"].tolist()[:3] == ["home", "work", "work"] and trips[
        "to_place"
    ].tolist()[:3] == [2, 1, 1]
    assert stops["stop_id"].tolist()[:2] == ["all-s1", "all-s2"]
    assert np.allclose(found.diary.stops.lon[:2] * 111_320, [0, 10_000], atol=30)
    assert len(trips["t_start"]) == 15, "on foot and in the car are two trips"
    assert trips["distance_m"][:3] == pytest.approx([9_993, 794, 9_175], abs=2), (
        "as they were recorded"
    )
    assert ((trips["t_start"] - MONDAY) / 1000).tolist()[:3] == [28_800, 64_110, 64_725]
    assert ((stops["t_arrive"] - MONDAY) / 1000).tolist()[:3] == [0, 30_240, 65_880]
    assert stops["kind_p"][:2] == pytest.approx([0.933, 0.974], abs=0.003)
    for name, value in {
        "commuter_p": 0.995,
        "stayed_a_day": 23.1,
        "on_way_a_day": 0.89,
        "at_places": 0.963,
    }.items():
        people = vars(found.diary.people) | vars(found.diary.people.record)
        assert people[name] == pytest.approx([value], abs=0.01), name
    assert (
        set(trips["mode"]) == {"unknown"}
        and set(trips["why"]) == {NO_HEAD}
        and trips["observed"].all()
    )


def test_only_a_leg_of_two_fixes_or_more_has_a_mode_and_one_step_is_no_rail(
    invented_model: Callable,
) -> None:
    legs = build_tracks(
        [*"aaabcc"], None, MINUTE * np.array([0, 1, 2, 0, 0, 1]), np.arange(6) / 100, np.zeros(6)
    )[0]
    model = invented_model(
        {"name": HEAD, "unit": "track", "kind": "classes", "classes": list(MODES)}
    )
    found = find_modes(legs, model, no_progress)
    assert found.why.tolist() == ["", "fewer than two fixes", NOT_SURE]
    assert found.mode.tolist() == ["rail", UNKNOWN, UNKNOWN] and np.isnan(found.p[1]).all()
    assert found.mode_p[0] == found.p[0].max() > 0.25


@pytest.mark.parametrize(
    ("out_h", "step", "stops"), [(0.0125, 15, 1), (0.05, 15, 2), (0.0125, 30, 1), (1 / 60, 30, 2)]
)
def test_a_short_way_out_and_back_is_part_of_the_stay(
    out_h: float, step: float, stops: int
) -> None:
    out, back, far = 2 + out_h, 2 + 2 * out_h, 200 * step / 15
    ways = (0, 2, 0, 0), (2, out, 0, far), (out, back, far, 0), (back, 4, 0, 0)
    day = np.concatenate([part(*way, step) for way in ways])
    assert len(whole(tracks_of(day[:, 0] + MONDAY, day[:, 1])).stops["kind"]) == stops


def test_features_of_places_are_what_a_calendar_says() -> None:
    """Nineteen days of two people, three hours apart: work from 9 or 10 h; silent at noon and in
    most nights.
    """
    minute = np.arange(0, 19 * 1440, 10)
    day, hour = minute // 1440, minute % 1440 / 60
    working = (day % 7 < 5) & (hour >= 9 + day % 2) & (hour <= 18)
    at = np.select([working, (day == 12) & (hour >= 14) & (hour <= 14.5)], [1, 2], 0)
    seen = ((hour >= 5) | (day % 7 == 0)) & ((hour <= 12) | (hour >= 14))
    seen &= working | ~np.roll(working, -1)  # so the way to work takes twenty minutes
    t, x, at = MONDAY + minute[seen] * MINUTE, at[seen] * 5e3, at[seen]
    both = tracks_of(
        np.append(t, t - 3 * HOUR_MS),
        np.append(x, x + 45 * 111_320),
        user=np.repeat(["a", "b"], len(t)),
    )
    first = np.flatnonzero(np.diff(np.tile(at, 2) + 3 * both.user, prepend=-1))
    last = np.append(first[1:], len(both)) - 1
    place = np.tile(at, 2)[first] + 3 * both.user[first]
    columns = (
        both.user[first],
        first,
        last,
        both.t[first],
        both.t[last],
        both.lon[first],
        both.lat[first],
    )
    facts = describe_places(both, Stops(*columns, place))
    home_work_friend = {
        "of_place_weekday_0": (0.064, 0, 0), "of_place_weekday_9": (0.02, 0.18, 0),
        "of_weeks_weekday_9": (0.156, 0.767, 0), "of_weeks_weekend_12": (0.889, 0, 0.042), "weekends_rate": (1, 0, 0.5),
        "weekends_share": (1, 0, 0.25), "weekends_a_week": (1.333, 0, 1), "weekdays_rate": (1, 1, 0),
        "nights_a_week": (6.333, 0, 0), "overnight_share": (1, 0, 0), "overnight_rate": (0.947, 0, 0),
        "of_user": (0.63, 0.343, 0.001), "of_user_work": (0.039, 0.942, 0), "silent": (0.26, 0, 0),
        "weeks_share": (1, 1, 0.333), "night_to_home": (1, 0, 0), "work_to_home": (1, 24.21, 0),
    }  # fmt: skip
    logs = {
        "hours": (317.67, 128, 0.5), "hours_a_week": (78.33, 42.67, 0.5), "work_hours": (4.667, 113, 0),
        "work_hours_a_week": (1.556, 37.67, 0), "weeks": (3, 3, 1), "days": (19, 15, 1),
        "rank_hours": (0, 1, 2), "rank_work": (2, 0, 1),
    }  # fmt: skip
    of_user = {
        "nights": 18, "n_days": 19, "stayed_a_day": 19.13, "moved_a_day": 0.509, "hours": 373.17, "coverage": 0.819,
        "on_way_a_day": 0.404, "at_places": 0.979, "night": 0.789, "work": 6.316, "cadence": 6.397,
        "silent_a_day": 4.351, "places_a_day": 0.158, "work_at_home": 0.04,
    }  # fmt: skip
    for name, values in (home_work_friend | logs).items():
        found = np.expm1(facts.x[name]) if name in logs else facts.x[name]
        assert found == pytest.approx([*values, *values], abs=0.01), name
    for name, value in of_user.items():
        record = vars(facts.record)
        found = record[name] if name in record else facts.x[f"record_{name}"][::3]
        assert found == pytest.approx([value] * 2, abs=0.01), name
    little = replace(facts, record=replace(facts.record, hours=np.array([6.0, 5.9])))
    assert [why[:14] for why in judge_places(little).why] == ["", "less than 6 ho"], (
        "six hours on record are enough"
    )
    few = replace(little, record=replace(little.record, n_days=np.array([2, 3])))
    judged = judge_places(few)
    assert judged.why[0] == "fixes on fewer than 3 days" and {*judged.kind} == {None}


def phone(count: int, every_h: float = 1.0, **options: object) -> Tracks:
    """Fixes an hour apart: home, a place 275 m off for two hours, work 10 km away, home; silent
    from 22 to 7 h.
    """
    hour = np.arange(7, 22, every_h)
    x = np.select([hour < 9, hour < 11, hour < 18], [0, 275, 10_000], 0)
    t = (MONDAY + np.arange(count)[:, None] * DAY_MS + hour * HOUR_MS).ravel()
    return tracks_of(
        t, np.tile(x, count) + np.random.default_rng(3).normal(0, 8, len(t)), **options
    )


def test_fixes_an_hour_apart_keep_places_and_moves() -> None:
    found = whole(phone(10))
    stops, trips = found.stops, found.trips
    assert stops["place"].tolist()[:4] == [1, 2, 3, 1] and len(set(stops["place"])) == 3
    kind_of = dict(zip(stops["place"].tolist(), stops["kind"].tolist()))
    assert kind_of[1] == "home" and kind_of[3] == "work"
    assert found.diary.people.commuter_p == pytest.approx([0.9940], abs=0.0005)
    assert (
        len(trips["mode"]) == 30 and not trips["observed"].any() and set(trips["why"]) == {UNSEEN}
    )
    assert trips["from_place"].tolist()[:3] == [1, 2, 3] and trips["to_place"].tolist()[:3] == [
        2,
        3,
        1,
    ]
    assert (trips["t_end"] - trips["t_start"]).tolist()[:3] == [HOUR_MS] * 3


def test_nights_with_the_phone_off_are_evidence_of_home() -> None:
    """From 18:30 to 7:00 nothing is on record, longer than a stop may be silent."""
    some = phone(10, 0.5)
    stops = whole(some.take((some.t - MONDAY) % DAY_MS < 19 * HOUR_MS)).stops
    home = stops["evidence"][stops["kind_guess"] == "home"]
    assert set(stops["kind_guess"]) >= {"home", "work"} and home[0].endswith("nights with fixes")
    assert int(home[0].split()[1]) >= 5
    night = whole(tracks_of(MONDAY + HOUR_MS * np.array([20, 20.2, 32, 32.2]), np.zeros(4)))
    # 4 and 8.2 hours of two days
    assert len(night.stops["kind"]) == 1 and not night.diary.people.good_days


@pytest.mark.parametrize(
    ("since", "until", "metres", "accuracy", "nth"),
    [
        (3, 3.1, 3e3, 700, 1),
        (23.8, 24, 3e3, 700, 1),
        (3, 6, 165, 165, 1),
        (3, 6, 80, 80, 40),
        (8.01, 18.3, 0, 150, 1),
    ],
)
def test_vague_positions_are_no_evidence(
    since: float, until: float, metres: float, accuracy: float, nth: int
) -> None:
    """By a cell or Wi-Fi, fixes of a night at home lie to either side of it. Who is known vaguely
    far away is away.
    """
    week = days(3).take(np.arange(0, len(days(3)), nth))
    hour = (week.t - MONDAY) % DAY_MS / HOUR_MS
    off = (hour >= since) & (hour < until)
    x = week.lon * 111_320 + metres * off * (-1) ** np.arange(len(week))
    vague = build_tracks(
        None, None, week.t, x / 111_320, 0 * x, accuracy=np.where(off, accuracy, 10.0)
    )[0]
    found, wanted = whole(vague), whole(week)
    assert found.trips["t_start"].tolist() == wanted.trips["t_start"].tolist()
    assert found.stops["t_leave"][:-1].tolist() == wanted.stops["t_leave"][:-1].tolist()


def test_times_do_not_depend_on_where_the_antimeridian_is() -> None:
    here, there = whole(days(3, 0.0)), whole(days(3, 179.95))
    for name in ("t_arrive", "t_leave", "n_visits"):
        assert here.stops[name].tolist() == there.stops[name].tolist()
    assert (np.abs(there.diary.stops.lon) > 179.9).all()


def test_a_fix_far_away_and_long_before_changes_no_stop() -> None:
    """A phone that was set up on another continent. In metres from there a room was half a village."""
    week = days(3)
    week = build_tracks(None, None, week.t, week.lon, np.full(len(week), 60.0) + week.lon / 10)[0]
    t, lon, lat = (
        np.append(week.t, MONDAY - 30 * DAY_MS),
        np.append(week.lon, 150.0),
        np.append(week.lat, -30.0),
    )
    found, alone = whole(build_tracks(None, None, t, lon, lat)[0]), whole(week)
    stops = alone.diary.stops
    assert len(stops.user) > 4 and stops.lat == pytest.approx(60 + stops.lon / 10, abs=1e-7)
    for name in ("t_arrive", "t_leave", "kind"):
        assert found.stops[name].tolist() == alone.stops[name].tolist()


@pytest.mark.parametrize(
    ("hours", "metres", "stops", "trips"),
    [
        (2, 200, 3, 2),
        (2, 5_000, 2, 2),
        (25, 200, 2, 2),
        (1, 1_400, 3, 2),
        (1, 1_900, 2, 2),
        (0.25, 5_000, 2, 1),
    ],
    ids=[
        "silent at a place",
        "silent on the way",
        "silent too long",
        "asleep until well away",
        "too far",
        "a tunnel",
    ],
)
def test_silences(hours: float, metres: float, stops: int, trips: int) -> None:
    before, after = 1.5, 1.5 + hours
    day = np.concatenate([
        part(0, 1, 0, 0), part(1, before, 0, 9_000), part(after, after + 0.5, 9_000 + metres, 18_000),
        part(after + 0.5, after + 1.5, 18_000, 18_000),
    ])  # fmt: skip
    found = whole(tracks_of(day[:, 0] + MONDAY, day[:, 1]))
    assert len(found.stops["t_arrive"]) == stops
    assert len(found.trips["t_start"]) == trips


@pytest.mark.parametrize(
    ("least", "ends", "stops"), [(5, "halt", 3), (10, "halt", 2), (4, "walk", 2), (10, "walk", 2)]
)
def test_a_short_halt_is_a_stop_where_it_may_be_short_but_a_stroll_is_not(
    least: float, ends: str, stops: int
) -> None:
    halt = (
        (0, 1, 0, 0),
        (1, 1.2, 0, 8_000),
        (1.2, 1.3, 8_000, 8_000),
        (1.3, 1.5, 8_000, 0),
        (1.5, 2.5, 0, 0),
    )
    stroll = (0, 1, 0, 0), (1, 1.8, 0, 1_200), (1.8, 2.8, 1_200, 1_200)  # 25 m a minute
    day = np.concatenate([part(*way) for way in (halt if ends == "halt" else stroll)])
    assert (
        len(whole(tracks_of(day[:, 0] + MONDAY, day[:, 1]), min_stop_min=least).stops["kind"])
        == stops
    )


@pytest.mark.parametrize(
    ("stay_h", "on_to_m", "every_s", "nth", "stops"),
    [(0.3, 16_000, 15, 1, 2), (0.3, 0, 15, 1, 3), (0.5, 16_000, 15, 1, 3), (0.3, 16_000, 1000, 1, 3),
     (0.3, 16_000, 15, 16, 2), (0.3, 0, 15, 16, 3), (0.125, 0, 1000, 1, 2)],
    ids=["goes on: a wait", "back", "half an hour", "a silent quarter", "apart: goes on", "apart: back", "silent"],
)  # fmt: skip
def test_a_short_stay_on_the_way_is_a_wait(
    stay_h: float, on_to_m: float, every_s: float, nth: int, stops: int
) -> None:
    back = 1.2 + stay_h
    day = np.concatenate([
        part(0, 1, 0, 0), part(1, 1.2, 0, 8_000), part(1.2, back, 8_000, 8_000, every_s),
        part(back, back + 0.2, 8_000, on_to_m), part(back + 0.2, back + 1.2, on_to_m, on_to_m),
    ])[::nth]  # fmt: skip
    assert len(whole(tracks_of(day[:, 0] + MONDAY, day[:, 1])).stops["kind"]) == stops


def test_a_record_may_begin_with_a_short_stay_and_a_way_back_has_waits_too() -> None:
    hours, metres = (0, 0.3, 0.5, 1.5, 1.6, 1.9, 2, 3), (0, 0, 8_000, 8_000, 4_000, 4_000, 0, 0)
    day = np.concatenate([part(*way) for way in zip(hours, hours[1:], metres, metres[1:])])
    assert whole(tracks_of(day[:, 0] + MONDAY, day[:, 1])).stops["place"].tolist() == [1, 2, 1]


@pytest.mark.parametrize("every_s", [15, 120])
def test_legs_of_a_way_back_are_those_of_the_way(every_s: float) -> None:
    """On foot, by car and on foot; a fix that lies apart is smoothed."""
    ways = (0, 0.5, 0, 2_000), (0.5, 1, 2_000, 22_000), (1, 1.5, 22_000, 24_000)
    t, x = np.concatenate([part(*way, every_s) for way in ways]).T
    there, back = (whole(tracks_of(t, x[::k])).diary.legs for k in (1, -1))
    assert len(there.user) == 3
    assert there.begin.tolist() == (len(t) - 1 - back.end[::-1]).tolist()
    apart = whole(tracks_of(t, x + 90 * (t == t[-9]))).diary.legs
    assert every_s > 20 or apart.begin.tolist() == there.begin.tolist()


RAIL = {"name": HEAD, "unit": "track", "kind": "classes", "classes": list(MODES)}


@pytest.mark.parametrize(("longer_ms", "left"), [(0, 1), (1, 2)])
def test_the_longest_silence_within_a_leg_is_allowed(
    longer_ms: int, left: int, invented_model: Callable
) -> None:
    rest = int(1000 * DEFAULT.gap_s) + longer_ms
    rides = tracks_of(MONDAY + rest * np.arange(3.0), 5e3 * np.arange(3))
    assert len(whole(rides).trips["mode"]) == 2 - left
    t = np.append(np.arange(0, 31), np.arange(30, 61)) * 15_000 + rest * (np.arange(62) > 30)
    x = 10.0 * np.append(np.arange(0, 31), np.arange(60, 91)) * 15
    model = invented_model(RAIL)
    assert len(whole(tracks_of(MONDAY + t, x), model).trips["mode"]) == left


@pytest.mark.parametrize(("p", "left"), [(0.8, 1), (DEFAULT.min_p, 1), (0.6, 3), (np.nan, 3)])
def test_legs_of_one_mode_are_joined_where_it_is_sure(
    p: float, left: int, invented_model: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    day = np.concatenate(
        [part(0, 0.3, 0, 12_000), part(0.3, 0.6, 12_000, 13_000), part(0.6, 0.9, 13_000, 25_000)]
    )
    tracks = tracks_of(day[:, 0] + MONDAY, day[:, 1])
    assert len(whole(tracks).trips["mode"]) == 3
    found = whole(tracks, invented_model(RAIL))
    assert found.trips["mode"].tolist() == ["rail"]
    assert found.diary.legs.p.sum(axis=1) == pytest.approx([1])
    assert found.diary.legs.p[0, MODES.index("rail")] < found.trips["mode_p"][0], (
        "as rare as among people's trips"
    )
    car = np.full(3, "motor vehicle", object)
    why = np.full(3, "", object)
    modes = Modes(car, np.array([0.9, p, 0.9]), why == "", why, np.full((3, len(MODES)), 0.25))
    monkeypatch.setattr(diaries, "judge_of", lambda _: lambda legs, silent, progress: modes)
    assert len(whole(tracks).trips["mode"]) == left


@pytest.mark.parametrize("n", [0, 1, 2])
def test_hardly_any_fix(n: int) -> None:
    found = whole(tracks_of(MONDAY + np.arange(n) * 60_000.0, np.zeros(n)))
    assert len(found.stops["kind"]) == len(found.trips["mode"]) == len(found.diary.stops.user) == 0


def test_a_user_s_diary_depends_on_no_other_user(
    model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    city = read(RESOURCES / "sample" / "city_tracks.parquet")[0].by_user()
    few = city.take(city.user < 6)
    together, asked = whole(few, model), few.user_ids[0]
    alone = whole(few.take(few.user == 0), model)
    monkeypatch.setattr(Tracks, "parts", partialmethod(Tracks.parts, fixes=1500))
    in_parts = whole(few, model)
    assert len(alone.stops["kind"]) and len(set(alone.trips["mode"])) > 1
    assert ((alone.trips["mode"] == "unknown") == (alone.trips["why"] != "")).all()
    for name in ("stops", "trips"):
        for column, values in getattr(alone, name).items():
            table = getattr(together, name)
            mine = table[column][table["user_id"] == asked]
            pieces = getattr(in_parts, name)[column]
            if values.dtype.kind == "f":
                np.testing.assert_allclose(mine, values, rtol=1e-4)
                np.testing.assert_allclose(pieces, table[column], rtol=1e-4)
            else:
                assert mine.tolist() == values.tolist()
                assert pieces.tolist() == table[column].tolist()
