# SPDX-License-Identifier: GPL-2.0-or-later
"""The people of a city: their occupation, their home and workplace, their regular days, and the places they like."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from model.synthetic.city.layout import City, Sites, home_weight, job_weight, near_stations, place_sites, town_sites
from model.synthetic.city.movement import ROAD_MODES

EMPLOYED = {"full", "hybrid", "part", "shift", "home", "driver"}
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
    liked: dict[str, tuple[list[int], np.ndarray]] = field(default_factory=dict)  # category: places, shares
    friends: list[int] = field(default_factory=list)
    outgoing: float = 1.0  # times the usual number of errands and journeys
    novelty: float = 0.0  # probability that an errand goes to an unfamiliar place
    away: list[int] = field(default_factory=list)  # places out of town, the most visited first

    @property
    def commuter(self) -> bool:
        """Whether the person has three or more regular days a week at a workplace away from home."""
        return self.occupation in EMPLOYED and self.occupation not in ("home", "driver") and len(self.anchor_days) >= 3


@dataclass(frozen=True)
class Population:
    """The people and every place they go to: homes, then jobs, points of interest and buildings out of town."""

    city: City
    people: list[Person]
    sites: Sites
    chooser: Chooser

    def homes(self) -> np.ndarray:
        """(people,) each person's home."""
        return np.array([person.home for person in self.people])


def populate(city: City, count: int, rng: np.random.Generator, local: float = 1.0) -> Population:
    """Draw the people of a city.

    local: how many times nearer than usual people look for places; the more local, the more rarely they leave town.
    """
    # Full-time: 5 days; hybrid: 2 or 3 days at work; home: works there; driver: couriers and taxi drivers, at work all
    # over the city; volunteers, carers and idle people have no job.
    share = {
        "full": 0.42, "hybrid": 0.05, "part": 0.07, "shift": 0.05, "home": 0.06, "driver": 0.02,
        "student": 0.055, "volunteer": 0.02, "carer": 0.015, "idle": 0.24,
    }  # fmt: skip
    streets = city.streets
    homes = place_sites(streets, home_weight(city), count, rng)
    jobs = place_sites(streets, job_weight(streets, city.centres) * near_stations(city), max(10, count // 10), rng)
    parts = [homes, jobs, city.poi, town_sites(city, rng)]
    category = np.concatenate([["home"] * count, ["job"] * len(jobs), city.category, ["town"] * len(parts[3])])
    job_pull, town_pull = (np.exp(rng.normal(0, 1.0, len(part))) for part in (jobs, parts[3]))
    pull = np.concatenate([np.ones(count), job_pull, city.pull, town_pull])
    sites = Sites.concatenate(parts)
    chooser = Chooser(sites, category, pull, streets.extent / local, local**-0.5)
    occupations = rng.choice(list(share), count, p=np.array(list(share.values())) / sum(share.values()))
    far = np.hypot(homes.x - city.centres[0][0], homes.y - city.centres[0][1]) / streets.extent
    people = [_person(str(occupation), i, far[i], chooser, rng) for i, occupation in enumerate(occupations)]
    return Population(city, people, sites, chooser)


class Chooser:
    """A choice of places by their pull and by distance. leaving: times the usual probability of leaving town."""

    distance_exponent = 2.75  # of the fall with distance; the lengths of trips then fall with this exponent less 1
    away_cut_m = 200e3  # journeys out of town become rarer by a factor e with each such distance

    def __init__(self, sites: Sites, category: np.ndarray, pull: np.ndarray, extent_m: float, leaving: float) -> None:
        self.sites, self.pull, self.extent_m, self.leaving = sites, pull, extent_m, leaving
        self.inside = category != "town"  # (n_sites,) bool: in the city
        self.of = {str(name): np.flatnonzero(category == name) for name in np.unique(category)}

    def pick(self, category: str, near: int, reach: float, rng: np.random.Generator, count: int = 1) -> list[int]:
        """Indices of `count` places; up to `reach` extents of the city the distance hardly matters."""
        places, far = self.of[category], self._metres(category, near)
        weight = self.pull[places] * (1 + far / (reach * self.extent_m)) ** -self.distance_exponent
        return [int(p) for p in rng.choice(places, min(count, len(places)), replace=False, p=weight / weight.sum())]

    def pick_away(self, near: int, cut_m: float, rng: np.random.Generator, count: int = 1) -> list[int]:
        """Indices of `count` places out of town; beyond cut_m the probability falls exponentially.

        Towns lie evenly in the logarithm of distance; with this weight lengths of trips fall as those in the city.
        """
        places, far = self.of["town"], self._metres("town", near)
        weight = self.pull[places] * far ** (2 - self.distance_exponent) * np.exp(-far / cut_m)
        return [int(p) for p in rng.choice(places, min(count, len(places)), replace=False, p=weight / weight.sum())]

    def _metres(self, category: str, near: int) -> np.ndarray:
        """Distances from a place to those of a category."""
        x, y, places = self.sites.x, self.sites.y, self.of[category]
        return np.hypot(x[places] - x[near], y[places] - y[near])


def _person(occupation: str, home: int, far: float, chooser: Chooser, rng: np.random.Generator) -> Person:
    """One person. far: the home's distance from the main centre, in extents of the city."""
    anchor, days, start_h, stay_h = _anchor(occupation, home, chooser, rng)
    car_share = (0.55 if occupation in EMPLOYED else 0.35) + 0.3 * (far - 0.4)
    person = Person(
        occupation, home, anchor, days, float(start_h), float(max(stay_h, 2.5)),
        car=occupation == "driver" or bool(rng.random() < car_share),
        bike=bool(rng.random() < 0.4),
        taste={mode: float(rng.normal(0, 6)) for mode in ("walk", "bike", "car", "bus", "rail")},
        vehicle_types={
            mode: f"{mode}{rng.integers(mode == 'walk', ROAD_MODES[mode].types)}" for mode in ("walk", "bike", "car")
        },
        outgoing=float(np.exp(rng.normal(0, 0.35))),
        novelty=float(rng.uniform(0.3, 0.7) if rng.random() < 0.12 else rng.uniform(0.05, 0.25)),  # explorers: 0.12
    )  # fmt: skip
    for category, (count, reach) in LIKED.items():
        base = anchor if rng.random() < 0.25 and chooser.inside[anchor] else home
        places = chooser.pick(category, base, reach, rng, count)
        zipf = 1.0 / np.arange(1, len(places) + 1) ** 1.1
        person.liked[category] = (places, zipf / zipf.sum())
    person.friends = chooser.pick("home", home, 0.1, rng, 4)
    person.away = chooser.pick_away(home, chooser.away_cut_m, rng, 4)
    return person


def _anchor(
    occupation: str, home: int, chooser: Chooser, rng: np.random.Generator
) -> tuple[int, tuple[int, ...], float, float]:
    """Where a person regularly is, on which weekdays, from which hour, and for how many hours."""

    def pick(category: str, reach: float) -> int:
        return chooser.pick(category, home, reach, rng)[0]

    def weekdays(count: int, of: int) -> tuple[int, ...]:
        return tuple(sorted(int(day) for day in rng.choice(of, count, replace=False)))

    if occupation in ("full", "hybrid", "part", "shift"):
        anchor = pick("job", 0.35)
        if occupation != "shift" and rng.random() < 0.15 * chooser.leaving:  # works out of town
            anchor = chooser.pick_away(home, 30e3, rng)[0]
        hybrid, part = int(rng.integers(2, 4)), int(rng.integers(2, 5))
        count = {"full": 5, "hybrid": hybrid, "part": part, "shift": 4}[occupation]
        days = weekdays(count, 7 if occupation == "shift" or rng.random() < 0.12 else 5)
        start_h, stay_h = rng.normal(8.4, 0.9), rng.normal(8.4, 0.6)
        if occupation == "part":
            start_h, stay_h = rng.uniform(8, 15), rng.uniform(3.5, 5.5)
        return anchor, days, start_h, stay_h
    if occupation == "student":
        return pick("school", 0.3), weekdays(int(rng.integers(4, 6)), 5), rng.normal(8.3, 0.5), rng.uniform(5, 8)
    if occupation == "driver":  # a courier sets out from a depot, a taxi from home
        anchor = pick("job", 0.35) if rng.random() < 0.5 else home
        days = weekdays(int(rng.integers(4, 7)), 7)
        start_h = rng.choice([rng.normal(8, 1), rng.normal(15, 1.5)], p=[0.75, 0.25])
        return anchor, days, start_h, rng.uniform(5, 9)
    if occupation == "volunteer":
        anchor = pick(str(rng.choice(["worship", "service", "leisure"])), 0.2)
        return anchor, weekdays(int(rng.integers(3, 6)), 6), rng.uniform(8.5, 14), rng.uniform(4, 7.5)
    if occupation == "carer":
        return pick("home", 0.2), weekdays(int(rng.integers(3, 6)), 7), rng.uniform(8, 13), rng.uniform(3, 8)
    return home, (), 9.0, 8.0
