# SPDX-License-Identifier: GPL-2.0-or-later
"""Published laws of how people move, measured on a city's plans, with the tolerances that the city has to keep."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy.optimize import minimize_scalar

from model.synthetic.population.people import Population
from model.synthetic.population.plans import Trips

GONZALEZ = "González, Hidalgo, Barabási 2008, Nature 453, doi:10.1038/nature06958"
SONG = "Song, Koren, Wang, Barabási 2010, Nature Physics 6, doi:10.1038/nphys1760"
SURVEYS = "household travel surveys: US NHTS 2017 (3.4 trips a day), Mobilität in Deutschland 2017 (3.1)"
MARCHETTI = "Marchetti 1994, Technological Forecasting and Social Change 47; commutes of cities in travel surveys"


@dataclass(frozen=True)
class JumpLaw:
    """p(r) ∝ (r + offset)^-exponent exp(-r / cut), as published for phones whose place was asked every two hours."""

    exponent: float = 1.75
    offset_km: float = 1.5
    cut_km: float = 80.0
    low_km: float = 0.5  # lengths fitted, from and to
    high_km: float = 100.0

    def density(self, km: np.ndarray) -> np.ndarray:
        """p(r) at r km (n,), but for a factor."""
        return (km + self.offset_km) ** -self.exponent * np.exp(-km / self.cut_km)


JUMP_LAW = JumpLaw()


@dataclass(frozen=True)
class Law:
    """A law's measured value, its bounds, how it was measured, and its source."""

    name: str
    value: float
    low: float
    high: float
    unit: str
    how: str
    source: str


def own_trips(trips: Trips) -> np.ndarray:
    """Which trips are people's own, (n,) bool: not those of couriers and taxi drivers, whom surveys leave out too."""
    drivers = np.unique(trips.person[trips.purpose == "round"])
    return ~np.isin(trips.person, drivers)


def jumps_km(trips: Trips, population: Population) -> np.ndarray:
    """Kilometres as the crow flies from origin to destination, (n,), of people's own trips."""
    sites, own = population.sites, own_trips(trips)
    a, b = trips.origin[own], trips.destination[own]
    return np.hypot(sites.x[a] - sites.x[b], sites.y[a] - sites.y[b]) / 1000


def fit_jumps(km: np.ndarray, law: JumpLaw = JUMP_LAW) -> float:
    """The exponent of the law by maximum likelihood; nan for fewer than 20 lengths in its range."""
    r = km[(km >= law.low_km) & (km <= law.high_km)]
    if len(r) < 20:
        return float("nan")
    grid = np.exp(np.linspace(np.log(law.low_km), np.log(law.high_km), 2000))
    mean_log, cut = np.log(r + law.offset_km).mean(), np.exp(-grid / law.cut_km)

    def cost(exponent: float) -> float:
        total = np.trapezoid((grid + law.offset_km) ** -exponent * cut, grid)
        return float(exponent * mean_log + np.log(total))

    return float(minimize_scalar(cost, bounds=(0.0, 5.0), method="bounded").x)


def gyration_km(trips: Trips, population: Population) -> np.ndarray:
    """Radius of gyration of each person's visited places, one entry a visit, km; people without trips are left out."""
    own, sites = own_trips(trips), population.sites
    _, person = np.unique(trips.person[own], return_inverse=True)
    visited, count = trips.destination[own], np.bincount(person).astype(float)
    total = np.zeros(len(count))
    for axis in (sites.x, sites.y):
        mean = np.bincount(person, axis[visited]) / count
        total += np.bincount(person, (axis[visited] - mean[person]) ** 2) / count
    return np.sqrt(total) / 1000


def visit_shares(trips: Trips, population: Population, ranks: int = 20) -> np.ndarray:
    """(ranks,) mean share of a person's visits at the most visited place, at the next, …; sums to at most 1."""
    own, places = own_trips(trips), len(population.sites)
    visits = trips.person[own].astype(np.int64) * places + trips.destination[own]
    key, count = np.unique(visits, return_counts=True)
    person = key // places
    order = np.lexsort((-count, person))
    person, count = person[order], count[order]
    rank = np.arange(len(person)) - np.searchsorted(person, person)
    share = count / np.bincount(person, count)[person]
    first = rank < ranks
    return np.bincount(rank[first], share[first], ranks) / max(len(np.unique(person)), 1)


def fit_zipf(shares: np.ndarray) -> float:
    """ζ of share ∝ rank^-ζ over the ranks given, by maximum likelihood."""
    ranks = np.log(np.arange(1, len(shares) + 1))
    mean = (shares * ranks).sum() / shares.sum()

    def cost(zeta: float) -> float:
        return float(zeta * mean + np.log(np.exp(-zeta * ranks).sum()))

    return float(minimize_scalar(cost, bounds=(0.0, 5.0), method="bounded").x)


def commute_minutes(trips: Trips, population: Population) -> np.ndarray:
    """Planned minutes from door to door of trips from home to work."""
    chosen = (trips.purpose == "work") & (trips.origin == population.homes()[trips.person])
    return trips.minutes[chosen]


def check_laws(trips: Trips, population: Population, weeks: int) -> list[Law]:
    """Every law, measured on the plans of the whole population."""
    law, gyration, own = JUMP_LAW, gyration_km(trips, population), own_trips(trips)
    people = len(population.people) - len(np.unique(trips.person[~own]))
    return [
        Law("jump lengths, exponent", fit_jumps(jumps_km(trips, population)), law.exponent - 0.15,
            law.exponent + 0.15, "", f"(r + {law.offset_km:g} km)^-β exp(-r / {law.cut_km:g} km), offset and cut-off "
            f"as published, maximum likelihood over {law.low_km:g} to {law.high_km:g} km", GONZALEZ),
        Law("radius of gyration, median", float(np.median(gyration)), 2.0, 10.0, "km",
            "of the places visited, one entry a visit", GONZALEZ),
        Law("radius of gyration, spread", float(np.quantile(gyration, 0.9) / np.median(gyration)), 2.0, 12.0, "",
            "the 90th percentile over the median: many stay near, some roam far", GONZALEZ),
        Law("visitation frequency, Zipf exponent", fit_zipf(visit_shares(trips, population)), 0.9, 1.5, "",
            "maximum likelihood over a person's first 20 places", SONG),
        Law("trips a day", float(own.sum() / (7 * weeks * max(people, 1))), 3.0, 4.0, "",
            "mean over people but couriers and taxi drivers", SURVEYS),
        Law("commuting time, median", float(np.median(commute_minutes(trips, population))), 20.0, 40.0, "min",
            "planned, home to work, door to door", MARCHETTI),
    ]  # fmt: skip


def write_laws(path: Path, city: dict[str, Any], trips: Trips, population: Population, weeks: int) -> None:
    """laws.json: the request, every law as measured, and the curves that a report draws."""
    commute, edges = np.histogram(commute_minutes(trips, population), np.arange(0, 121, 5))
    curves = {
        "jumps_km": _density(jumps_km(trips, population)),
        "gyration_km": _density(gyration_km(trips, population)),
        "visits": visit_shares(trips, population).tolist(),
        "commute_min": {"edges": edges.tolist(), "density": (commute / max(commute.sum(), 1) / 5).tolist()},
    }
    laws = [vars(law) for law in check_laws(trips, population, weeks)]
    path.write_text(json.dumps({"city": city, "laws": laws, "curves": curves}, indent=1), encoding="utf-8")


def _density(km: np.ndarray) -> dict[str, list[float]]:
    """Density over logarithmic steps of distance."""
    edges = np.geomspace(0.1, 300, 36)
    density = np.histogram(km, edges)[0] / np.diff(edges) / max(len(km), 1)
    return {"x": np.sqrt(edges[1:] * edges[:-1]).tolist(), "density": density.tolist()}
