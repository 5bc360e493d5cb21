# SPDX-License-Identifier: GPL-2.0-or-later
"""People of whom a coin decided who is in the data, and how often guesses about them are right."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from math import sqrt
from typing import Any

import numpy as np
import shapely

from raw_qgis_plugin.core.cleaning import build_tracks
from raw_qgis_plugin.core.disclosure.accounting import guess_bound
from raw_qgis_plugin.core.disclosure.contributions import Contributions
from raw_qgis_plugin.core.disclosure.publish import CAP, PEOPLE, Table, prices, publish
from raw_qgis_plugin.core.disclosure.spec import PublishSpec
from raw_qgis_plugin.core.mobility.tables import Journeys
from raw_qgis_plugin.core.regions.geometry import rounded
from raw_qgis_plugin.core.regions.publishing import VISITS, regions_to_publish

TRIALS = 2000 if os.environ.get("RAW_FUZZ") else 800
# Standard deviations of a share of right guesses: further off it is once in a million tests
CHANCE = 4.9
ROWS = 8  # that a person counts in at most, here
SPEC = PublishSpec(rows=ROWS, min_users=10)
HOUR, MONDAY = 3_600_000, 1_699_833_600_000


@dataclass(frozen=True)
class Guesses:
    """right: (n,) bool. rho: of all publications that were seen."""

    right: np.ndarray
    rho: float


def check(found: Guesses) -> None:
    """No better than the bound, and no worse than a coin, but for chance: who is always wrong would
    be right the other way round.
    """
    n, share, bound = len(found.right), float(np.mean(found.right)), guess_bound(found.rho)
    chance = CHANCE * sqrt(bound * (1 - bound) / n)
    assert 1 - bound - chance <= share <= bound + chance, f"{share:.1%}, at most {bound:.1%}"


def learned(features: np.ndarray, there: np.ndarray, rho: float) -> Guesses:
    """What a machine guesses that saw the figures of half of the persons, and knows who of them was
    there. features: (n, k), whatever was published around a person.
    """
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    half = len(there) // 2
    right = np.zeros(half, bool)
    best = -1.0
    linear = make_pipeline(StandardScaler(), LogisticRegression(C=0.1))
    for machine in (linear, HistGradientBoostingClassifier(max_depth=3)):
        quarter = half // 2
        machine.fit(features[:quarter], there[:quarter])
        score = machine.score(features[quarter:half], there[quarter:half])
        if score > best:
            best = score
            machine.fit(features[:half], there[:half])
            right = machine.predict(features[half:]) == there[half:]
    return Guesses(right, rho)


# ---- people who are published side by side


@dataclass(frozen=True)
class Trials:
    """n persons, of whom a coin decided who is in the data, each in `rows` rows of their own.

    others: how many others are in each row.
    """

    there: np.ndarray
    rows: int
    others: int

    def table(self, known: bool = True, visits: float = CAP, without: bool = False) -> Table:
        """What is published. without: nobody of them is in the data any more."""
        n = len(self.there)
        every = np.arange(n * self.rows)
        row = np.repeat(every, self.others)
        person = n + np.arange(len(row))  # who are in one row each
        mine = np.repeat(self.there & (not without), self.rows)
        row = np.append(row, every[mine])
        person = np.append(person, (every // self.rows)[mine])
        values = {"n_users": np.ones(len(row)), "n_visits": np.full(len(row), float(visits))}
        given = Contributions(row, person, values)
        names = {"name": every.astype(str).astype(object)}
        shapes = np.full(len(every), None)
        return Table(names, shapes, given, (PEOPLE, VISITS), known)

    def seen(self, spec: PublishSpec, **more: Any) -> dict[str, np.ndarray]:
        """(n, rows) figures of a publication."""
        columns = publish(self.table(**more), spec).columns
        return {
            name: columns[name].reshape(len(self.there), self.rows)
            for name in ("n_users", "n_visits", "suppressed")
        }


def trials(rows: int = ROWS, others: int = 40, seed: int = 0) -> Trials:
    return Trials(np.random.default_rng(seed).random(TRIALS) < 0.5, rows, others)


def evidence(town: Trials, seen: dict[str, np.ndarray], spec: PublishSpec) -> np.ndarray:
    """(n,) the logarithm of how much likelier the figures are with the person: the best test."""
    of_price = {figure.names[0]: rho for figure, rho in prices(town.table(), spec)}
    told = np.zeros(len(town.there))
    for name, cap in (("n_users", 1), ("n_visits", CAP)):
        variance = cap**2 / (2 * of_price[name])
        off = np.nan_to_num(
            seen[name] - town.others * cap, nan=cap / 2
        )  # what is empty tells little
        told += (cap * (off - cap / 2) / variance).sum(axis=1)
    return told


# ---- people of towns, and their journeys


def houses(shapes_of: Callable[[Any], list[Any]], n: int = TRIALS // 2) -> tuple[np.ndarray, ...]:
    """(n, k) users of k published regions of each of n towns, and who was in the house of each.

    In each town are 40 people. The person is in the data in any case, and perhaps in the house.
    """
    there = np.random.default_rng(5).random(n) < 0.5
    g, rows, shapes = np.random.default_rng(6), [], []
    for town in range(n):
        x = 0.1 * town - 9
        for each in range(40):
            lon, lat = x + g.uniform(-4e-4, 4e-4), 50 + g.uniform(-4e-4, 4e-4)
            rows += [
                (f"{town}-{each}", MONDAY + (k * 60 + each) * 60_000, lon, lat) for k in (0, 1)
            ]
        rows += [(f"victim {town}", MONDAY + k * HOUR, x, 50.04) for k in (0, 1)]
        if there[town]:
            where = x + 2.05e-3, 50.00205
            rows += [(f"victim {town}", MONDAY + 90 * HOUR + k * 60_000, *where) for k in (0, 1)]
        shapes += shapes_of(x)
    user, t, lon, lat = zip(*rows)
    tracks = build_tracks(np.array(user, object), None, np.array(t), np.array(lon), np.array(lat),
                          drop_spikes=False)[0]  # fmt: skip
    regions = rounded(np.array(shapes))
    names = {"name": np.arange(len(regions)).astype(str)}
    columns = publish(regions_to_publish(tracks, regions, names), SPEC).columns
    return columns["n_users"].reshape(n, -1), there


def town_box(x: float) -> Any:
    return shapely.box(x - 5e-4, 49.9995, x + 5e-4, 50.0005)


def house_box(x: float) -> Any:
    return shapely.box(x + 2e-3, 50.002, x + 2.1e-3, 50.0021)


def journeys(of: np.ndarray, begin: np.ndarray, end: np.ndarray) -> Journeys:
    n = len(of)
    t = MONDAY + HOUR * np.arange(n)
    ids = np.arange(of.max() + 1).astype(str).astype(object)
    complete, modes = np.ones(n, bool), np.tile([1.0, 0, 0, 0], (n, 1))
    return Journeys(ids, of, t, t + HOUR, begin, end, np.ones(n), modes, complete)
