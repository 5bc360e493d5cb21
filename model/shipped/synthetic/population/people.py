# SPDX-License-Identifier: GPL-2.0-or-later
"""The people of a city: where each lives, works and likes to go, and how each gets about."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from scipy.spatial import cKDTree

from model.shipped.synthetic.city.layout import City, Sites, place_sites
from model.shipped.synthetic.city.movement import CITY_TYPES
from model.shipped.synthetic.sumo import Range
from raw_qgis_plugin.core.arrays import Array, Columns

# Shares of the people. Hybrid people are two or three days at work; those at home work there;
# volunteers, carers and idle people have no job.
OCCUPATIONS = {
    "full": 0.43,
    "hybrid": 0.05,
    "part": 0.07,
    "shift": 0.05,
    "home": 0.06,
    "student": 0.055,
    "volunteer": 0.025,
    "carer": 0.02,
    "idle": 0.24,
}
SHARES = np.array(list(OCCUPATIONS.values()))
EMPLOYED = {"full", "hybrid", "part", "shift", "home"}
COMMUTERS = EMPLOYED - {"home"} | {"student"}
HOUR_S = 3600.0
DAY_S = 86400.0
MODE_CODES = ("walk", "bike", "car", "bus", "rail")


@dataclass(frozen=True)
class Regular:
    """Where people of an occupation regularly are, and when."""

    categories: tuple[str, ...]  # of the place
    reach: float  # extents of the city, up to which its distance hardly matters
    days: tuple[int, int]  # a week, fewest and most
    week: int  # weekdays from Monday on that may be chosen
    start_h: float  # mean hour of arrival
    spread_h: float  # its standard deviation among people
    stay_h: Range


ANCHORS = {
    "full": Regular(("job",), 0.35, (5, 5), 5, 8.4, 0.9, (7.4, 9.4)),
    "hybrid": Regular(("job",), 0.35, (2, 3), 5, 8.4, 0.9, (7.4, 9.4)),
    "part": Regular(("job",), 0.35, (2, 4), 5, 11.5, 2.0, (3.5, 5.5)),
    "shift": Regular(("job",), 0.35, (4, 4), 7, 8.4, 0.9, (7.4, 9.4)),
    "student": Regular(("school",), 0.3, (4, 5), 5, 8.3, 0.5, (5.0, 8.0)),
    "volunteer": Regular(("worship", "service", "leisure"), 0.2, (3, 5), 6, 11.0, 1.6, (4.0, 7.5)),
    "carer": Regular(("home",), 0.2, (3, 5), 7, 10.5, 1.5, (3.0, 8.0)),
}
# By category: how many places a person likes, and the distance that hardly matters, in extents of
# the city.
LIKED = {
    "food": (7, 0.017),
    "shop": (7, 0.01),
    "leisure": (6, 0.028),
    "health": (2, 0.035),
    "park": (3, 0.012),
    "service": (4, 0.035),
    "worship": (1, 0.025),
    "school": (1, 0.012),
}


@dataclass(frozen=True)
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
    # category: places, shares
    liked: dict[str, tuple[list[int], Array]]
    friends: list[int]

    @property
    def commuter(self) -> bool:
        """Whether the person works or studies away from home: all do on two days a week or more."""
        return self.occupation in COMMUTERS


@dataclass(frozen=True)
class Access:
    """The station or stop nearest to each site, (n_sites,) each."""

    metres: Array  # to get there
    number: Array  # station of the metro, or edge of the bus stop


@dataclass(frozen=True)
class Population:
    """The people and every place they go to: homes, then jobs, then points of interest."""

    city: City
    people: list[Person]
    sites: Sites
    of: Columns  # sites of each category
    pull: Array  # (n_sites,) how much each attracts
    station: Access
    stop: Access

    def pick(
        self, category: str, near: int, reach: float, rng: Generator, count: int = 1
    ) -> list[int]:
        """Places of a category, by their pull and distance; up to `reach` extents of the city it
        hardly matters.
        """
        places = self.of[category]
        far = self.sites.metres(places, near)
        nearness = (1 + far / (reach * self.city.streets.extent)) ** -2.75
        weight = self.pull[places] * nearness
        share = weight / weight.sum()

        chosen = rng.choice(places, min(count, len(places)), replace=False, p=share)

        return [int(place) for place in chosen]

    def pick_liked(self, person: Person, category: str, rng: Generator) -> int:
        """A place for an errand: mostly a familiar one."""
        if rng.random() < person.novelty:
            reach = 2 * LIKED[category][1]
            return self.pick(category, person.home, reach, rng)[0]

        places, share = person.liked[category]
        return places[int(rng.choice(len(places), p=share))]


def populate(city: City, count: int, rng: Generator) -> Population:
    """Draw the people of a city."""
    homes = place_sites(city.streets, city.homes, count, rng)
    jobs = place_sites(city.streets, city.jobs, max(10, count // 10), rng)
    sites = Sites.concatenate([homes, jobs, city.poi])
    category = np.concatenate([["home"] * count, ["job"] * len(jobs), city.category])
    of = {name: np.flatnonzero(category == name) for name in set(category.tolist())}
    pull = np.exp(rng.normal(0, 1.0, len(category)))
    pull[of["home"]] = 1.0

    station = access(sites, city.metro.stations, np.arange(len(city.metro.stations)))
    stop = access(sites, city.streets.middles[city.stops], city.stops)

    occupations = rng.choice(list(OCCUPATIONS), count, p=SHARES / SHARES.sum())
    far = city.far[homes.edges["walk"]]
    population = Population(city, [], sites, of, pull, station, stop)

    for home, occupation in enumerate(occupations.tolist()):
        person = draw_person(occupation, home, far[home], population, rng)
        population.people.append(person)

    return population


def access(sites: Sites, points: Array, number: Array) -> Access:
    """The nearest of points (k, 2) with numbers (k,) to each site."""
    at = np.column_stack([sites.x, sites.y])
    metres, row = cKDTree(points).query(at)
    return Access(metres, number[row])


def draw_person(
    occupation: str, home: int, far: float, population: Population, rng: Generator
) -> Person:
    """One person. far: the home's distance from the main centre, in extents of the city."""
    anchor, days = draw_anchor(occupation, home, population, rng)
    start_h, stay_h = draw_hours(occupation, rng)
    usual_share = 0.55 if occupation in EMPLOYED else 0.35
    car = rng.random() < usual_share + 0.3 * (far - 0.4)
    bike = rng.random() < 0.4
    taste = {mode: float(rng.normal(0, 6)) for mode in (*CITY_TYPES, "rail")}
    types = {mode: f"{mode}{rng.integers(CITY_TYPES[mode])}" for mode in ("walk", "bike", "car")}
    outgoing = float(np.exp(rng.normal(0, 0.35)))
    novelty = draw_novelty(rng)

    liked = draw_liked(home, anchor, population, rng)
    friends = population.pick("home", home, 0.1, rng, 4)

    return Person(
        occupation,
        home,
        anchor,
        days,
        start_h,
        stay_h,
        bool(car),
        bike,
        taste,
        types,
        outgoing,
        novelty,
        liked,
        friends,
    )


def draw_liked(
    home: int, anchor: int, population: Population, rng: Generator
) -> dict[str, tuple[list[int], Array]]:
    """The places that a person likes of each category, and how often it is which."""
    liked = {}
    for category, (count, reach) in LIKED.items():
        near = anchor if rng.random() < 0.25 else home
        places = population.pick(category, near, reach, rng, count)
        zipf = 1.0 / np.arange(1, len(places) + 1) ** 1.1
        liked[category] = (places, zipf / zipf.sum())

    return liked


def draw_novelty(rng: Generator) -> float:
    """The probability of going to an unfamiliar place: few people are explorers."""
    explorer = rng.random() < 0.12
    return float(rng.uniform(0.3, 0.7) if explorer else rng.uniform(0.05, 0.25))


def draw_anchor(
    occupation: str, home: int, population: Population, rng: Generator
) -> tuple[int, tuple[int, ...]]:
    """Where a person regularly is, and on which weekdays."""
    regular = ANCHORS.get(occupation)
    if regular is None:
        return home, ()

    week = regular.week

    if week == 5 and occupation in EMPLOYED and rng.random() < 0.12:
        week = 7

    least, most = regular.days
    days = rng.choice(week, int(rng.integers(least, most + 1)), replace=False)
    category = str(rng.choice(regular.categories))
    anchor = population.pick(category, home, regular.reach, rng)[0]

    return anchor, tuple(sorted(map(int, days)))


def draw_hours(occupation: str, rng: Generator) -> Range:
    """From which hour on a person is at the regular place, and for how many hours."""
    regular = ANCHORS.get(occupation)
    if regular is None:
        return 9.0, 8.0

    start_h = float(rng.normal(regular.start_h, regular.spread_h))
    stay_h = float(rng.uniform(*regular.stay_h))

    return start_h, max(stay_h, 2.5)
