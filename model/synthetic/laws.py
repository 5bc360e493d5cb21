# SPDX-License-Identifier: GPL-2.0-or-later
"""What is known of how people move, measured on a city's plans, with the tolerances that the city has to keep."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy.optimize import minimize_scalar

from model.synthetic.population.people import Population
from model.synthetic.population.plans import Trips

JUMP_RANGE_KM = (0.5, 100.0)  # of the jump lengths fitted
JUMP_OFFSET_KM, JUMP_CUT_KM = 1.5, 80.0  # as published for the phones whose place was asked every two hours
JUMP_EXPONENT = 1.75
RANKS = 20  # places of a person that the visitation law is fitted to
GONZALEZ = "González, Hidalgo, Barabási 2008, Nature 453, doi:10.1038/nature06958"
SONG = "Song, Koren, Wang, Barabási 2010, Nature Physics 6, doi:10.1038/nphys1760"
SURVEYS = "household travel surveys: US NHTS 2017 (3.4 trips a day), Mobilität in Deutschland 2017 (3.1)"
MARCHETTI = "Marchetti 1994, Technological Forecasting and Social Change 47; commutes of cities in travel surveys"


@dataclass(frozen=True)
class Law:
    """One law: what was measured, within which bounds it has to lie, how it was measured, whose it is."""

    name: str
    value: float
    low: float
    high: float
    unit: str
    how: str
    source: str

    @property
    def holds(self) -> bool:
        """Whether the measured value lies within the bounds."""
        return bool(self.low <= self.value <= self.high)


def private(trips: Trips) -> np.ndarray:
    """Which trips are people's own, (n,) bool: not the rounds of couriers and taxis, which surveys leave out too."""
    working = np.zeros(int(trips.person.max(initial=0)) + 1, bool)
    working[trips.person[trips.purpose == "round"]] = True
    return ~working[trips.person]


def jumps_km(trips: Trips, population: Population) -> np.ndarray:
    """Kilometres as the crow flies between where a trip starts and where it ends, (n,), people's own trips."""
    sites, own = population.sites, private(trips)
    a, b = trips.origin[own], trips.goal[own]
    return np.hypot(sites.x[a] - sites.x[b], sites.y[a] - sites.y[b]) / 1000


def fit_jumps(km: np.ndarray) -> float:
    """Maximum likelihood of p(r) ∝ (r + 1.5 km)^-β exp(-r / 80 km) over JUMP_RANGE_KM. Returns β."""
    low, high = JUMP_RANGE_KM
    r = km[(km >= low) & (km <= high)]
    if len(r) < 20:
        return float("nan")
    grid = np.exp(np.linspace(np.log(low), np.log(high), 2000))
    mean_log, cut = np.log(r + JUMP_OFFSET_KM).mean(), np.exp(-grid / JUMP_CUT_KM)

    def cost(beta: float) -> float:
        return float(beta * mean_log + np.log(np.trapezoid((grid + JUMP_OFFSET_KM) ** -beta * cut, grid)))

    return float(minimize_scalar(cost, bounds=(0.0, 5.0), method="bounded").x)


def gyration_km(trips: Trips, population: Population, weeks: float | None = None) -> np.ndarray:
    """Radius of gyration of each person's visited places, one entry a visit, (people,) km; nan without trips.

    weeks: of the first so many weeks alone.
    """
    chosen = private(trips) & (trips.depart < (np.inf if weeks is None else weeks * 7 * 86400))
    person, goal, sites = trips.person[chosen], trips.goal[chosen], population.sites
    n = len(population.people)
    count = np.bincount(person, minlength=n).astype(float)
    count[count == 0] = np.nan
    total = np.zeros(n)
    for axis in (sites.x, sites.y):
        mean = np.bincount(person, axis[goal], n) / count
        total += np.bincount(person, (axis[goal] - mean[person]) ** 2, n) / count
    return np.sqrt(total) / 1000


def visit_shares(trips: Trips, population: Population) -> np.ndarray:
    """(RANKS,) mean share of a person's visits at the most visited place, at the next, …; sums to at most 1."""
    own = private(trips)
    places = len(population.sites)
    key, count = np.unique(trips.person[own].astype(np.int64) * places + trips.goal[own], return_counts=True)
    person = key // places
    order = np.lexsort((-count, person))
    person, count = person[order], count[order]
    start = np.searchsorted(person, person)
    rank = np.arange(len(person)) - start
    total = np.bincount(person, count)[person]
    people = len(np.unique(person))
    first = rank < RANKS
    return np.bincount(rank[first], (count / total)[first], RANKS) / max(people, 1)


def fit_zipf(shares: np.ndarray) -> float:
    """Maximum likelihood of share ∝ rank^-ζ over the ranks given. Returns ζ."""
    ranks = np.log(np.arange(1, len(shares) + 1))
    mean = (shares * ranks).sum() / shares.sum()

    def cost(zeta: float) -> float:
        return float(zeta * mean + np.log(np.exp(-zeta * ranks).sum()))

    return float(minimize_scalar(cost, bounds=(0.0, 5.0), method="bounded").x)


def trips_a_day(trips: Trips, population: Population, weeks: int) -> float:
    """Mean over people, those of couriers and taxi drivers left out."""
    own = private(trips)
    drivers = len(np.unique(trips.person[~own]))
    return float(own.sum() / (7 * weeks * max(len(population.people) - drivers, 1)))


def commute_minutes(trips: Trips, population: Population) -> np.ndarray:
    """Planned minutes from door to door of trips from home to work."""
    homes = np.array([person.home for person in population.people])
    chosen = (trips.purpose == "work") & (trips.origin == homes[trips.person])
    return trips.minutes[chosen]


def check_laws(trips: Trips, population: Population, weeks: int) -> list[Law]:
    """Every law, measured on the plans of the whole population."""
    beta = fit_jumps(jumps_km(trips, population))
    gyration = gyration_km(trips, population)
    gyration = gyration[np.isfinite(gyration)]
    low, high = JUMP_RANGE_KM
    return [
        Law("jump lengths, exponent", beta, JUMP_EXPONENT - 0.15, JUMP_EXPONENT + 0.15, "",
            f"(r + {JUMP_OFFSET_KM:g} km)^-β exp(-r / {JUMP_CUT_KM:g} km), offset and cut-off as published, maximum "
            f"likelihood over {low:g} to {high:g} km", GONZALEZ),
        Law("radius of gyration, median", float(np.median(gyration)), 2.0, 10.0, "km",
            "of the places visited, one entry a visit", GONZALEZ),
        Law("radius of gyration, spread", float(np.quantile(gyration, 0.9) / np.median(gyration)), 2.0, 12.0, "",
            "the 90th percentile over the median: many stay near, some roam far", GONZALEZ),
        Law("visitation frequency, Zipf exponent", fit_zipf(visit_shares(trips, population)), 0.9, 1.5, "",
            f"maximum likelihood over a person's first {RANKS} places", SONG),
        Law("trips a day", trips_a_day(trips, population, weeks), 3.0, 4.0, "",
            "mean over people but couriers and taxi drivers", SURVEYS),
        Law("commuting time, median", float(np.median(commute_minutes(trips, population))), 20.0, 40.0, "min",
            "planned, home to work, door to door", MARCHETTI),
    ]  # fmt: skip


def curves(trips: Trips, population: Population) -> dict[str, Any]:
    """What a report draws: densities of jumps and radii on logarithmic steps, shares of visits, minutes to work."""
    gyration = gyration_km(trips, population)
    commute, edges = np.histogram(commute_minutes(trips, population), np.arange(0, 121, 5), density=False)
    return {
        "jumps_km": _density(jumps_km(trips, population)),
        "gyration_km": _density(gyration[np.isfinite(gyration)]),
        "visits": visit_shares(trips, population).tolist(),
        "commute_min": {"edges": edges.tolist(), "density": (commute / max(commute.sum(), 1) / 5).tolist()},
    }


def _density(km: np.ndarray) -> dict[str, list[float]]:
    edges = np.geomspace(0.1, 300, 36)
    count, _ = np.histogram(km, edges)
    return {
        "x": np.sqrt(edges[1:] * edges[:-1]).tolist(),
        "density": (count / np.diff(edges) / max(len(km), 1)).tolist(),
    }


def write_laws(path: Path, city: dict[str, Any], trips: Trips, population: Population, weeks: int) -> None:
    """laws.json: the request, every law as measured, and the curves."""
    found = {
        "city": city,
        "laws": [vars(law) for law in check_laws(trips, population, weeks)],
        "curves": curves(trips, population),
    }
    path.write_text(json.dumps(found, indent=1), encoding="utf-8")
