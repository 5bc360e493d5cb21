# SPDX-License-Identifier: GPL-2.0-or-later
"""The people of a city: their occupation, their home and workplace, their regular days, and the places they like."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from scipy.spatial import cKDTree

from model.synthetic.city.layout import City, Sites, place_sites
from model.synthetic.city.movement import CITY_TYPES

# Full-time: 5 days; hybrid: 2 or 3 days at work; home: works there; volunteers, carers and idle people have no job.
OCCUPATIONS = {
    "full": 0.43, "hybrid": 0.05, "part": 0.07, "shift": 0.05, "home": 0.06,
    "student": 0.055, "volunteer": 0.025, "carer": 0.02, "idle": 0.24,
}  # fmt: skip
EMPLOYED = {"full", "hybrid", "part", "shift", "home"}
# occupation: categories of the regular place, how far it is, days a week (from, to, of), hour of arrival, hours there
ANCHORS = {
    "full": (["job"], 0.35, (5, 5, 5), (8.4, 0.9), (7.4, 9.4)),
    "hybrid": (["job"], 0.35, (2, 3, 5), (8.4, 0.9), (7.4, 9.4)),
    "part": (["job"], 0.35, (2, 4, 5), (11.5, 2.0), (3.5, 5.5)),
    "shift": (["job"], 0.35, (4, 4, 7), (8.4, 0.9), (7.4, 9.4)),
    "student": (["school"], 0.3, (4, 5, 5), (8.3, 0.5), (5.0, 8.0)),
    "volunteer": (["worship", "service", "leisure"], 0.2, (3, 5, 6), (11.0, 1.6), (4.0, 7.5)),
    "carer": (["home"], 0.2, (3, 5, 7), (10.5, 1.5), (3.0, 8.0)),
}  # fmt: skip
# category: places that a person likes, and the distance that hardly matters, as a share of the city's extent
LIKED = {
    "food": (7, 0.017), "shop": (7, 0.01), "leisure": (6, 0.028), "health": (2, 0.035), "park": (3, 0.012),
    "service": (4, 0.035), "worship": (1, 0.025), "school": (1, 0.012),
}  # fmt: skip


@dataclass
class Person:
    """A person's fixed facts. Places are indices into Population.sites."""

    occupation: str
    home: int
    anchor: int  # workplace, school or the place volunteered at; the home for those without
    anchor_days: tuple[int, ...]  # weekdays (0 Monday) at the anchor
    start_h: float
    stay_h: float
    car: bool
    bike: bool
    taste: dict[str, float]  # minutes by which each mode feels shorter
    vehicle_types: dict[str, str]  # by mode
    outgoing: float  # times the usual number of errands
    novelty: float  # probability that an errand goes to an unfamiliar place
    liked: dict[str, tuple[list[int], np.ndarray]] = field(default_factory=dict)  # category: places, shares
    friends: list[int] = field(default_factory=list)

    @property
    def commuter(self) -> bool:
        """Whether the person has three or more regular days a week at a workplace away from home."""
        return self.occupation in EMPLOYED and self.occupation != "home" and len(self.anchor_days) >= 3


@dataclass(frozen=True)
class Population:
    """The people and every place they go to: homes, then jobs, then points of interest."""

    city: City
    people: list[Person]
    sites: Sites
    of: dict[str, np.ndarray]  # sites of each category
    pull: np.ndarray  # (n_sites,) how much each attracts
    station: tuple[np.ndarray, np.ndarray]  # (n_sites,) metres to the nearest station of the metro, and its number
    stop: tuple[np.ndarray, np.ndarray]  # (n_sites,) metres to the nearest bus stop, and its edge

    def homes(self) -> np.ndarray:
        """(people,) each person's home."""
        return np.array([person.home for person in self.people])

    def pick(self, category: str, near: int, reach: float, rng: np.random.Generator, count: int = 1) -> list[int]:
        """Places of a category, by their pull and distance; up to `reach` extents of the city it hardly matters."""
        x, y, places = self.sites.x, self.sites.y, self.of[category]
        far = np.hypot(x[places] - x[near], y[places] - y[near])
        weight = self.pull[places] * (1 + far / (reach * self.city.streets.extent)) ** -2.75
        return [int(p) for p in rng.choice(places, min(count, len(places)), replace=False, p=weight / weight.sum())]

    def pick_liked(self, person: Person, category: str, rng: np.random.Generator) -> int:
        """A place for an errand: mostly a familiar one."""
        if rng.random() < person.novelty:
            return self.pick(category, person.home, 2 * LIKED[category][1], rng)[0]
        places, share = person.liked[category]
        return places[int(rng.choice(len(places), p=share))]


def populate(city: City, count: int, rng: np.random.Generator) -> Population:
    """Draw the people of a city."""
    streets = city.streets
    homes = place_sites(streets, city.homes, count, rng)
    jobs = place_sites(streets, city.jobs, max(10, count // 10), rng)
    category = np.concatenate([["home"] * count, ["job"] * len(jobs), city.category])
    pull = np.exp(rng.normal(0, 1.0, len(category))) ** (category != "home")
    of = {str(name): np.flatnonzero(category == name) for name in np.unique(category)}
    sites = Sites.concatenate([homes, jobs, city.poi])
    at = np.column_stack([sites.x, sites.y])
    station = cKDTree(city.metro.stations).query(at)
    stop_m, stop = cKDTree(np.column_stack([streets.x[city.stops], streets.y[city.stops]])).query(at)
    population = Population(city, [], sites, of, pull, station, (stop_m, city.stops[stop]))
    far = city.far[homes.edges["walk"]]
    share = np.array(list(OCCUPATIONS.values()))
    for home, occupation in enumerate(rng.choice(list(OCCUPATIONS), count, p=share / share.sum())):
        population.people.append(_person(str(occupation), home, far[home], population, rng))
    return population


def _person(occupation: str, home: int, far: float, population: Population, rng: np.random.Generator) -> Person:
    """One person. far: the home's distance from the main centre, in extents of the city."""
    anchor, days, start_h, stay_h = _anchor(occupation, home, population, rng)
    car_share = (0.55 if occupation in EMPLOYED else 0.35) + 0.3 * (far - 0.4)
    person = Person(
        occupation, home, anchor, days, float(start_h), float(max(stay_h, 2.5)), car=bool(rng.random() < car_share),
        bike=bool(rng.random() < 0.4), taste={mode: float(rng.normal(0, 6)) for mode in (*CITY_TYPES, "rail")},
        vehicle_types={mode: f"{mode}{rng.integers(CITY_TYPES[mode])}" for mode in ("walk", "bike", "car")},
        outgoing=float(np.exp(rng.normal(0, 0.35))),
        novelty=float(rng.uniform(0.3, 0.7) if rng.random() < 0.12 else rng.uniform(0.05, 0.25)),  # explorers: 0.12
    )  # fmt: skip
    for category, (count, reach) in LIKED.items():
        places = population.pick(category, anchor if rng.random() < 0.25 else home, reach, rng, count)
        zipf = 1.0 / np.arange(1, len(places) + 1) ** 1.1
        person.liked[category] = (places, zipf / zipf.sum())
    person.friends = population.pick("home", home, 0.1, rng, 4)
    return person


def _anchor(
    occupation: str, home: int, population: Population, rng: np.random.Generator
) -> tuple[int, tuple[int, ...], float, float]:
    """Where a person regularly is, on which weekdays, from which hour, and for how many hours."""
    if occupation not in ANCHORS:
        return home, (), 9.0, 8.0
    categories, reach, (low, high, week), (start_h, spread_h), (least_h, most_h) = ANCHORS[occupation]
    if week == 5 and occupation in EMPLOYED and rng.random() < 0.12:
        week = 7
    days = tuple(sorted(map(int, rng.choice(week, int(rng.integers(low, high + 1)), replace=False))))
    anchor = population.pick(str(rng.choice(categories)), home, reach, rng)[0]
    return anchor, days, rng.normal(start_h, spread_h), rng.uniform(least_h, most_h)
