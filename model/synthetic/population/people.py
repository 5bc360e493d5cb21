# SPDX-License-Identifier: GPL-2.0-or-later
"""Who lives in the city: what they do for a living, where, on which days, and what they like."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from model.synthetic.city.layout import City, Sites, home_weight, job_weight, near_stations, place_sites, town_sites
from model.synthetic.city.movement import KINDS, Finder

# Share of the people. Full-time: 5 days; hybrid: 2 or 3 days at work; home: works there; driver: couriers and taxi
# drivers, at work all over the city; the others are in no job.
LIVES = {
    "full": 0.42, "hybrid": 0.05, "part": 0.07, "shift": 0.05, "home": 0.06, "driver": 0.02,
    "student": 0.055, "volunteer": 0.02, "carer": 0.015, "idle": 0.24,
}  # fmt: skip
EMPLOYED = {"full", "hybrid", "part", "shift", "home", "driver"}
NO_WORKPLACE = {"home", "driver"}  # employed, and at no workplace of their own away from home
EXPLORERS = 0.12  # of the people go to new places about every other time, the others seldom
FALL = 2.75  # how likely a place is falls with this power of its distance: lengths of trips then fall with FALL - 1
COMMUTE_OUT = 0.15  # of the full-time and part-time workers work out of town
COMMUTE_CUT_M = 30e3  # which gets rarer by e beyond it
AWAY_CUT_M = 200e3  # journeys out of town get rarer by e beyond it
AWAY_WEEKDAY, AWAY_WEEKEND = 0.1, 0.32  # probability of a journey out of town, times how outgoing a person is


@dataclass
class Person:
    """A person's fixed facts. Places are indices into Population.sites."""

    life: str
    home: int
    anchor: int  # workplace, school or the place volunteered at; the home for those without
    anchor_days: tuple[int, ...]  # weekdays (0 Monday) at the anchor
    start_h: float
    stay_h: float
    car: bool
    bike: bool
    taste: dict[str, float]  # minutes by which each mode feels shorter
    kinds: dict[str, str]  # vehicle or walker kind by mode
    liked: dict[str, tuple[list[int], np.ndarray]] = field(default_factory=dict)  # category: places, shares
    friends: list[int] = field(default_factory=list)
    outgoing: float = 1.0
    novelty: float = 0.0  # probability that an errand goes to a place of no habit
    away: list[int] = field(default_factory=list)  # places out of town, the most visited first

    @property
    def employed(self) -> bool:
        """Has a job, wherever it is done."""
        return self.life in EMPLOYED

    @property
    def commuter(self) -> bool:
        """Has three or more regular days a week at a workplace away from home."""
        return self.life in EMPLOYED - NO_WORKPLACE and len(self.anchor_days) >= 3


@dataclass(frozen=True)
class Population:
    """The people and every place they go to: homes, then jobs, then the city's points of interest."""

    people: list[Person]
    sites: Sites
    category: np.ndarray  # (n_sites,) text: 'home', 'job', a point of interest's or 'town', out of town
    chooser: Chooser


def populate(city: City, count: int, rng: np.random.Generator, local: float = 1.0) -> Population:
    """Draw the people of a city.

    local: how many times nearer than usual people look for places; the more local, the seldomer they leave town.
    """
    finder = Finder(city.streets)
    homes = place_sites(city.streets, home_weight(city), count, finder, rng)
    jobs = place_sites(
        city.streets, job_weight(city.streets, city.centres) * near_stations(city), max(10, count // 10), finder, rng
    )
    parts = (homes, jobs, city.poi, town_sites(city, rng))
    edges = {mode: np.concatenate([p.edges[mode] for p in parts]) for mode in homes.edges}
    sites = Sites(np.concatenate([p.x for p in parts]), np.concatenate([p.y for p in parts]), edges)
    towns = len(parts[3])
    category = np.concatenate([["home"] * len(homes), ["job"] * len(jobs), city.category, ["town"] * towns])
    pull = np.concatenate([
        np.ones(len(homes)), np.exp(rng.normal(0, 1.0, len(jobs))), city.pull, np.exp(rng.normal(0, 1.0, towns))
    ])  # fmt: skip
    chooser = Chooser(sites, category, pull, city.streets.extent / local, local**-0.5)
    lives = rng.choice(list(LIVES), count, p=np.array(list(LIVES.values())) / sum(LIVES.values()))
    far = np.hypot(homes.x - city.centres[0][0], homes.y - city.centres[0][1]) / city.streets.extent
    people = [_person(str(life), i, far[i], chooser, rng) for i, life in enumerate(lives)]
    return Population(people, sites, category, chooser)


class Chooser:
    """Places of a category, chosen by their pull and by distance."""

    def __init__(self, sites: Sites, category: np.ndarray, pull: np.ndarray, extent: float, leaving: float) -> None:
        self.sites, self.pull, self.extent, self.leaving = sites, pull, extent, leaving
        self.inside = category != "town"
        self.of = {str(name): np.flatnonzero(category == name) for name in np.unique(category)}

    def pick(self, category: str, near: int, reach: float, rng: np.random.Generator, count: int = 1) -> list[int]:
        """Indices of `count` places; reach: metres up to which distance hardly matters."""
        places = self.of[category]
        far = np.hypot(self.sites.x[places] - self.sites.x[near], self.sites.y[places] - self.sites.y[near])
        weight = self.pull[places] * (1 + far / reach) ** -FALL
        return [int(p) for p in rng.choice(places, min(count, len(places)), replace=False, p=weight / weight.sum())]

    def pick_away(self, near: int, cut_m: float, rng: np.random.Generator, count: int = 1) -> list[int]:
        """Indices of `count` places out of town. Towns lie evenly in the logarithm of distance, so that lengths fall
        with FALL - 1; cut_m: beyond it they fall exponentially.
        """
        places = self.of["town"]
        far = np.hypot(self.sites.x[places] - self.sites.x[near], self.sites.y[places] - self.sites.y[near])
        weight = self.pull[places] * far ** (2 - FALL) * np.exp(-far / cut_m)
        return [int(p) for p in rng.choice(places, min(count, len(places)), replace=False, p=weight / weight.sum())]


# category: (places liked, reach as a share of the city's extent)
LIKED = {
    "food": (7, 0.017), "shop": (7, 0.01), "leisure": (6, 0.028), "health": (2, 0.035), "park": (3, 0.012),
    "service": (4, 0.035), "worship": (1, 0.025), "school": (1, 0.012),
}  # fmt: skip


def _person(life: str, home: int, far: float, chooser: Chooser, rng: np.random.Generator) -> Person:
    anchor, start, stay = home, 9.0, 8.0
    days: tuple[int, ...] = ()
    reach = 0.35 * chooser.extent
    if life in ("full", "hybrid", "part", "shift"):
        anchor = chooser.pick("job", home, reach, rng)[0]
        if life in ("full", "hybrid", "part") and rng.random() < COMMUTE_OUT * chooser.leaving:
            anchor = chooser.pick_away(home, COMMUTE_CUT_M, rng)[0]
        count = {"full": 5, "hybrid": int(rng.integers(2, 4)), "part": int(rng.integers(2, 5)), "shift": 4}[life]
        days = _weekdays(count, 7 if life == "shift" or rng.random() < 0.12 else 5, rng)
        start, stay = rng.normal(8.4, 0.9), rng.normal(8.4, 0.6)
        if life == "part":
            start, stay = rng.uniform(8, 15), rng.uniform(3.5, 5.5)
    elif life == "student":
        anchor = chooser.pick("school", home, 0.3 * chooser.extent, rng)[0]
        days = _weekdays(int(rng.integers(4, 6)), 5, rng)
        start, stay = rng.normal(8.3, 0.5), rng.uniform(5, 8)
    elif life == "driver":  # a courier sets out from a depot, a taxi from home
        anchor = chooser.pick("job", home, reach, rng)[0] if rng.random() < 0.5 else home
        days = _weekdays(int(rng.integers(4, 7)), 7, rng)
        start, stay = rng.choice([rng.normal(8, 1), rng.normal(15, 1.5)], p=[0.75, 0.25]), rng.uniform(5, 9)
    elif life == "volunteer":
        anchor = chooser.pick(str(rng.choice(["worship", "service", "leisure"])), home, 0.2 * chooser.extent, rng)[0]
        days = _weekdays(int(rng.integers(3, 6)), 6, rng)
        start, stay = rng.uniform(8.5, 14), rng.uniform(4, 7.5)
    elif life == "carer":
        anchor = chooser.pick("home", home, 0.2 * chooser.extent, rng)[0]
        days = _weekdays(int(rng.integers(3, 6)), 7, rng)
        start, stay = rng.uniform(8, 13), rng.uniform(3, 8)
    person = Person(
        life, home, anchor, days, float(start), float(max(stay, 2.5)),
        car=life == "driver" or bool(rng.random() < (0.55 if life in EMPLOYED else 0.35) + 0.3 * (far - 0.4)),
        bike=bool(rng.random() < 0.4),
        taste={mode: float(rng.normal(0, 6)) for mode in ("walk", "bike", "car", "bus", "rail")},
        kinds={mode: f"{mode}{rng.integers(mode == 'walk', KINDS[mode])}" for mode in ("walk", "bike", "car")},
        outgoing=float(np.exp(rng.normal(0, 0.35))),
        novelty=float(rng.uniform(0.3, 0.7) if rng.random() < EXPLORERS else rng.uniform(0.05, 0.25)),
    )  # fmt: skip
    for category, (count, share) in LIKED.items():
        base = anchor if rng.random() < 0.25 and chooser.inside[anchor] else home
        places = chooser.pick(category, base, share * chooser.extent, rng, count)
        zipf = 1.0 / np.arange(1, len(places) + 1) ** 1.1
        person.liked[category] = (places, zipf / zipf.sum())
    person.friends = chooser.pick("home", home, 0.1 * chooser.extent, rng, 4)
    person.away = chooser.pick_away(home, AWAY_CUT_M, rng, 4)
    return person


def _weekdays(count: int, of: int, rng: np.random.Generator) -> tuple[int, ...]:
    return tuple(sorted(int(d) for d in rng.choice(of, min(count, of), replace=False)))
