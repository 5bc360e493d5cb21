# SPDX-License-Identifier: GPL-2.0-or-later
"""An attacker who sees every published figure of regions looks for homes: households whose homes are known."""

from __future__ import annotations

import csv
from collections.abc import Callable
from itertools import combinations
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np
import pytest
import shapely

from raw_qgis_plugin.core.errors import InputError
from raw_qgis_plugin.core.geodesy import metres_between
from raw_qgis_plugin.core.persons import by_person, persons_of
from raw_qgis_plugin.core.regions.noise import SETTINGS as NOISE
from raw_qgis_plugin.core.regions.noise import bounded, noisy_totals
from raw_qgis_plugin.core.regions.scores import score_regions
from raw_qgis_plugin.core.regions.week import hour_of_week, week_of_regions
from raw_qgis_plugin.core.tracks import Tracks, build_tracks

K = 10
HOUR, DAY, MONDAY = 3_600_000, 86_400_000, 1_699_833_600_000
NORTH = 1 / 111_200.0  # degrees in a metre
NO_HEADS = SimpleNamespace(card={"width": 4}, bundle=SimpleNamespace(heads=lambda unit, every=False: [], card={}))
PARTS = np.array([0, 6, 10, 16, 20, 24])


class Town(NamedTuple):
    """Households of one to four people in a town of three kilometres at the equator."""

    tracks: Tracks  # as a layer has them, ids and all
    person: np.ndarray  # (n_users,) the true person of each id
    home: np.ndarray  # (n_people, 2) metres


def make_town(seed: int, n_homes: int = 120, days: int = 6) -> Town:
    """Everybody is at home at night and at one of thirty places of work by day, and goes out on some evenings."""
    g = np.random.default_rng(seed)
    homes, places = g.uniform(0, 3000, (n_homes, 2)), g.uniform(0, 3000, (30, 2))
    home = homes[np.repeat(np.arange(n_homes), g.integers(1, 5, n_homes))]
    n = len(home)
    work = places[g.integers(0, len(places), n)]
    hour = np.arange(0, days * 24, 0.5)
    away = (hour % 24 >= 8) & (hour % 24 < 17) & (hour // 24 % 7 < 5)
    out = (hour % 24 >= 18) & (hour % 24 < 21) & (g.random((n, days))[:, (hour // 24).astype(int)] < 0.3)
    evening = places[g.integers(0, 5, n)]
    where = np.where(away[None, :, None], work[:, None], np.where(out[..., None], evening[:, None], home[:, None]))
    xy = (where + g.normal(0, 8, where.shape)).reshape(-1, 2)
    user = np.repeat(np.arange(n), len(hour))
    t = (MONDAY + np.tile(hour * HOUR, n)).astype(np.int64) + g.integers(0, 1500, n)[user] * 1000
    names = np.array([f"Person {k:03d}" for k in range(n)], object)
    some = g.permutation(n)[:40]  # have a second id
    ids, who, when, at = [names[user]], [user], [t], [xy]
    for person, change in zip(some, np.arange(40) % 4):
        rows = user == person
        other = (f"{names[person].upper()} ", f"a{person}", f"b{person}", f"c{person}")[change]
        ids.append(np.array([other] * rows.sum(), object))
        who.append(user[rows])
        when.append(t[rows] + (change == 1))  # a millisecond later
        at.append(xy[rows] + (change == 2))  # a metre beside
    ids, when, at = np.concatenate(ids), np.concatenate(when), np.concatenate(at)
    tracks = build_tracks(ids, None, when, *(at * NORTH).T)[0].by_user()
    person_of = dict(zip(ids, np.concatenate(who)))
    return Town(tracks, np.array([person_of[name] for name in tracks.user_ids]), home)


def box(x: float, y: float, wide: float, high: float | None = None) -> Any:
    """A box of metres around a point."""
    high = wide if high is None else high
    return shapely.box(*(np.array([x - wide / 2, y - high / 2, x + wide / 2, y + high / 2]) * NORTH))


def layers_of(town: Town, g: np.random.Generator) -> dict[str, list[Any]]:
    """Layers as an attacker would have them scored, who wants to know about some homes."""
    victims = town.home[g.integers(0, len(town.home), 12)]
    grid = [box(x, y, 300) for x in range(150, 3000, 300) for y in range(150, 3000, 300)]
    districts = [box(x, y, 900) for x in (450, 1350, 2250) for y in (450, 1350, 2250)]
    around = [box(*victim, size) for victim in victims for size in (300, 500, 800)]
    but = [box(*victim, 1200).difference(box(*victim, 150)) for victim in victims]
    whole = [box(*victim, 1200) for victim in victims]
    drawn = [box(*g.uniform(0, 3000, 2), *g.uniform(200, 1500, 2)) for _ in range(40)]
    strips = [box(1500, y, 3000, 400) for y in range(200, 3000, 400)] + [box(1500, 1500, 3000)]
    return {
        "a grid": grid, "a grid and its districts": grid + districts, "boxes in boxes": around,
        "a hole around a home": whole + but, "drawn at random": drawn, "strips and the town": strips,
    }  # fmt: skip


class Sight(NamedTuple):
    """What is behind published rows in truth: the attacker does not see it."""

    inside: np.ndarray  # (n_regions, n_fixes) bool
    person: np.ndarray  # (n_fixes,) true persons


def sight(town: Town, regions: list[Any]) -> Sight:
    points = shapely.points(town.tracks.lon, town.tracks.lat)
    inside = np.array([shapely.intersects(region, points) for region in regions])
    return Sight(inside, town.person[town.tracks.user])


def few(person: np.ndarray) -> bool:
    return 0 < len(np.unique(person)) < K


def attack(seen: Sight, n_users: np.ndarray, counts_fixes: np.ndarray) -> int:
    """How many groups of fewer than ten people the published numbers of users and fixes of regions tell of.

    n_users: (n_regions,), nan where withheld. counts_fixes: bool, whether the number of fixes is published too.
    """
    shown = np.flatnonzero(~np.isnan(n_users))
    found = sum(few(seen.person[seen.inside[i]]) for i in shown)
    # Every part of the town that is known from equations of fixes, by the attacker's own algebra
    known = seen.inside[np.flatnonzero(counts_fixes)]
    pattern, part = np.unique(known, axis=1, return_inverse=True)
    part = part.ravel()
    for k in np.flatnonzero(pattern.any(axis=0)):
        if few(seen.person[part == k]):
            unit = np.eye(pattern.shape[1])[k]
            solution = np.linalg.lstsq(pattern.T.astype(float), unit, rcond=None)[0]
            found += bool(np.allclose(solution @ pattern, unit, atol=1e-7))
    # Regions that lie in another one: the users who are not in the inner one, and the fixes outside one or two of them
    for whole in shown:
        inner = [i for i in shown if i != whole and not (seen.inside[i] & ~seen.inside[whole]).any()]
        found += sum(0 < n_users[whole] - n_users[i] < K for i in inner)
        if counts_fixes[whole]:
            parts = [seen.inside[i] for i in inner if counts_fixes[i]]
            parts += [one | other for one, other in combinations(parts, 2) if not (one & other).any()]
            found += sum(few(seen.person[seen.inside[whole] & ~part]) for part in parts)
    return found


def attack_week(town: Town, seen: Sight, totals: np.ndarray, shown: np.ndarray) -> int:
    """How many groups of few people the week tells of. totals: (n_regions,), nan where withheld. shown: (n, 35)."""
    hour = hour_of_week(town.tracks).astype(int)
    slot = hour // 24 * 5 + np.searchsorted(PARTS, hour % 24, "right") - 1
    found = 0
    for region, rows in enumerate(seen.inside):
        slices = shown[region]
        there = np.isin(slot, np.flatnonzero(slices)) & rows
        found += sum(few(seen.person[rows & (slot == k)]) for k in np.flatnonzero(slices))
        if not np.isnan(totals[region]) and slices.any():
            found += few(seen.person[rows & ~there])  # the totals less what is shown
    return found


def test_a_second_id_makes_no_second_person(rounds: Callable[[int, int], int]) -> None:
    caught = ids = wrong = 0
    for seed in range(rounds(2, 20)):
        town = make_town(seed)
        person = persons_of(town.tracks)
        ids += town.tracks.n_users - len(town.home)
        caught += town.tracks.n_users - len(np.unique(person))
        pairs = np.stack([person, town.person])
        wrong += len(np.unique(pairs, axis=1).T) - len(np.unique(person))  # strangers taken for one person
    assert caught == ids and not wrong


@pytest.mark.parametrize("every_h", [1, 24])
def test_an_id_that_changes_is_one_person(every_h: int) -> None:
    """A device gets a new id every hour or day, and goes on where it was."""
    g = np.random.default_rng(0)
    t = MONDAY + np.arange(10 * every_h * 12) * 300_000
    xy = np.cumsum(g.normal(0, 20, (len(t), 2)), axis=0) * NORTH
    ids = [f"id{k:02d}" for k in np.arange(len(t)) * 5 // 60 // every_h]
    others = [(f"far{k}", MONDAY, 1.0 + k) for k in range(3)]
    tracks, _ = build_tracks(
        [*ids, *(name for name, _, _ in others)], None, np.append(t, [m for _, m, _ in others]),
        np.append(xy[:, 0], [x for _, _, x in others]), np.append(xy[:, 1], np.zeros(3)),
    )  # fmt: skip
    assert tracks.n_users == 13 and by_person(tracks).n_users == 4


def test_ids_of_a_day_are_warned_of() -> None:
    """A device that rests overnight under a new id cannot be told from two people."""
    town = make_town(0, 20)
    day = (town.tracks.t - MONDAY) // DAY
    awake = (town.tracks.t - MONDAY) % DAY > 9 * HOUR
    ids = np.array([f"{user}-{number}" for user, number in zip(town.tracks.user, day, strict=True)], object)
    columns = town.tracks.t, town.tracks.lon, town.tracks.lat
    for names, warned in ((ids, True), (town.tracks.user, False)):
        tracks, _ = build_tracks(names[awake], None, *(column[awake] for column in columns))
        reasons = score_regions(tracks, [box(1500, 1500, 3000)], NO_HEADS).reasons
        assert any("most ids are seen within a day" in reason for reason in reasons) == warned


def test_people_who_come_one_after_the_other_stay_several() -> None:
    rows = [(f"p{k}", MONDAY + (5 * k + m) * 60_000, m * 1e-5) for k in range(12) for m in range(6)]
    user, t, lon = zip(*rows, strict=True)
    tracks, _ = build_tracks(user, None, np.array(t), list(lon), [0.0] * len(lon))
    assert by_person(tracks).n_users == 12


def test_no_figure_of_regions_names_a_home(rounds: Callable[[int, int], int]) -> None:
    now = before = figures = kept = 0
    for seed in range(rounds(1, 6)):
        town, g = make_town(seed), np.random.default_rng(seed)
        ids = town.tracks.user
        for regions in layers_of(town, g).values():
            seen = sight(town, regions)
            scores = score_regions(town.tracks, regions, NO_HEADS).columns
            now += attack(seen, scores["n_users"], ~np.isnan(scores["n_points"]))
            by_ids = np.array([len(np.unique(ids[rows])) for rows in seen.inside], float)  # as 0.2.0 had it
            by_ids[by_ids < K] = np.nan
            before += attack(seen, by_ids, ~np.isnan(by_ids))
            figures += np.count_nonzero(~np.isnan(by_ids))
            kept += np.count_nonzero(~scores["suppressed"])
    assert now == 0 and before > 50 and kept > 0.5 * figures


def test_no_hours_of_a_region_name_a_home(rounds: Callable[[int, int], int]) -> None:
    now = before = figures = kept = 0
    for seed in range(rounds(1, 6)):
        town = make_town(seed)
        regions = layers_of(town, np.random.default_rng(seed))["a grid and its districts"]
        seen = sight(town, regions)
        scores = score_regions(town.tracks, regions, NO_HEADS).columns
        week = week_of_regions(town.tracks, regions)
        now += attack_week(town, seen, scores["n_visits"], ~week["suppressed"].reshape(-1, 35))
        hour = hour_of_week(town.tracks).astype(int)
        slot = hour // 24 * 5 + np.searchsorted(PARTS, hour % 24, "right") - 1
        pairs = [np.unique(np.stack([slot[rows], town.tracks.user[rows]]), axis=1)[0] for rows in seen.inside]
        by_ids = np.array([np.bincount(slots, minlength=35) for slots in pairs]) >= K
        totals = np.where(by_ids.any(axis=1), 1.0, np.nan)
        before += attack_week(town, seen, totals, by_ids)
        figures, kept = figures + by_ids.sum(), kept + np.count_nonzero(~week["suppressed"])
    assert now == 0 and before > 10 and kept > 0.5 * figures


def test_one_person_does_not_make_a_figure() -> None:
    rows = [(f"u{k}", MONDAY + k * 60_000 + m * HOUR) for k in range(9) for m in (0, 1)]
    rows += [("boss", MONDAY + m * 30_000) for m in range(5000)]
    user, t = zip(*rows, strict=True)
    tracks, _ = build_tracks(user, None, np.array(t), np.zeros(len(t)), np.zeros(len(t)))
    scores = score_regions(tracks, [box(0, 0, 100)], NO_HEADS)
    assert scores.columns["n_users"][0] == 10 and scores.why[0] == "one person"
    assert np.isnan([scores.columns[name][0] for name in ("n_points", "n_visits", "dwell_min")]).all()
    assert week_of_regions(tracks, [box(0, 0, 100)])["suppressed"].all()


def test_a_person_changes_no_more_counts_with_noise_than_claimed() -> None:
    """Two ids follow on each other in one place, and count as one person unless a third person is there then too."""
    regions = [box(1000 * k, 0, 100) for k in range(1, 13)]

    def walk(name: str, start: int, places: list[int]) -> list[tuple[str, int, float]]:
        """Rows of user, t and metres to the east: at place k for a while in the k-th region, at 0 in none."""
        return [(name, start + 6 * HOUR * i, 1000.0 * place) for i, place in enumerate(places)]

    one, other = walk("one", MONDAY, [1, 2, 3, 4, 0]), walk("other", MONDAY + 24 * HOUR + 60_000, [0, 5, 6, 7, 8])
    third = walk("third", MONDAY + 24 * HOUR + 120_000, [0, 9, 10, 11, 12])
    found = []
    for rows in (one + other, one + other + third):
        user, t, x = zip(*rows, strict=True)
        tracks, _ = build_tracks(user, None, np.array(t), np.array(x) * NORTH, np.zeros(len(t)), drop_spikes=False)
        without_noise = {"min_users": 1, "epsilon": 1e6}
        scores = score_regions(tracks, regions, NO_HEADS, **without_noise).columns
        week = week_of_regions(tracks, regions, **without_noise)["n_users"]
        found.append([np.nan_to_num(counts) for counts in (scores["n_users"], scores["n_visits"], week)])
    changes = [np.abs(more - fewer).sum() for fewer, more in zip(*found, strict=True)]
    assert changes == [NOISE.regions, NOISE.regions, 4]  # a visit to each of four regions


def test_noise_hides_whether_a_person_is_there(rounds: Callable[[int, int], int]) -> None:
    """Nobody adds more than the bounds, and the odds of every answer change by exp(epsilon) at most."""
    from scipy.sparse import csr_matrix, identity

    g, epsilon, n = np.random.default_rng(0), 1.0, rounds(200_000, 3_000_000)
    given = csr_matrix(g.integers(0, 9, (30, 200)) * (g.random((30, 200)) < 0.5))
    assert bounded(given, NOISE.regions, NOISE.visits).sum(axis=0).max() <= NOISE.regions * NOISE.visits
    assert np.diff(bounded(given, 4, 1).tocsc().indptr).max() == 4
    one, none = identity(n, int, "csr"), csr_matrix((n, n), dtype=int)  # each row is another answer, of another user
    answers = [np.bincount(np.clip(noisy_totals(each, 1, 1, epsilon) + 8, 0, 17), minlength=18) for each in (one, none)]
    odds = np.abs(np.log(answers[0][6:12] / answers[1][6:12])).max()
    assert 0.9 < odds < 1.1 * epsilon
    again = noisy_totals(none, 1, 1, epsilon), noisy_totals(none, 1, 1, epsilon)
    assert (again[0] != again[1]).any()  # asking again is another answer, which spends another epsilon


def test_towns_have_homes_to_find() -> None:
    town = make_town(0)
    assert len(town.home) > 200 and len(np.unique(town.home, axis=0)) == 120
    night = (town.tracks.t - MONDAY) % DAY < 6 * HOUR
    home = town.home[town.person[town.tracks.user]] * NORTH
    assert metres_between(town.tracks.lon, town.tracks.lat, *home.T)[night].max() < 60


def test_the_command_withholds_as_the_plugin_does(sample: Path, tmp_path: Path) -> None:
    from model import regions

    def ask(*options: str) -> tuple[list[dict[str, str]], list[dict[str, str]]]:
        table, week = tmp_path / "table.csv", tmp_path / "week.csv"
        files = ["--tracks", str(sample / "city_tracks.parquet"), "--regions", str(sample / "city_regions.gpkg")]
        regions.main([*files, "--task", "boardings", "--week", str(week), "--output", str(table), *options])
        return tuple(list(csv.DictReader(path.open(encoding="utf-8"))) for path in (table, week))

    figures = ("n_users", "n_points", "n_visits", "dwell_min", "home_share", "boardings")
    table, _ = ask("--min-users", "5")
    assert {row["withheld"] for row in table} >= {"", "few people"}
    assert all(not row[name] for row in table if row["suppressed"] == "true" for name in figures)
    (table, week), (again, _) = ask("--min-users", "5", "--epsilon", "2"), ask("--min-users", "5", "--epsilon", "2")
    assert "boardings" not in table[0] and not any(row["n_points"] or row["home_share"] for row in table)
    assert [row["n_users"] for row in table] != [row["n_users"] for row in again]
    assert any(row["n_users"] for row in week) and not any(row["n_visits"] for row in week)
    with pytest.raises(InputError, match="Epsilon must be"):
        ask("--epsilon", "-1")
