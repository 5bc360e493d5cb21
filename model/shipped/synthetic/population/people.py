# SPDX-License-Identifier: GPL-2.0-or-later
"""The people of a city, and what each does in each week: tours from home, their stops, and the mode
of every trip.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from scipy.spatial import cKDTree

from model.shipped.synthetic.city.layout import City, Sites, place_sites
from model.shipped.synthetic.city.movement import CITY_TYPES

# Full-time: 5 days; hybrid: 2 or 3 days at work; home: works there; volunteers, carers and idle
# people have no job.
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
EMPLOYED = {"full", "hybrid", "part", "shift", "home"}
# occupation: categories of the regular place, how far it is, days a week (from, to, of), hour of
# arrival, hours there
ANCHORS = {
    "full": (["job"], 0.35, (5, 5, 5), (8.4, 0.9), (7.4, 9.4)),
    "hybrid": (["job"], 0.35, (2, 3, 5), (8.4, 0.9), (7.4, 9.4)),
    "part": (["job"], 0.35, (2, 4, 5), (11.5, 2.0), (3.5, 5.5)),
    "shift": (["job"], 0.35, (4, 4, 7), (8.4, 0.9), (7.4, 9.4)),
    "student": (["school"], 0.3, (4, 5, 5), (8.3, 0.5), (5.0, 8.0)),
    "volunteer": (["worship", "service", "leisure"], 0.2, (3, 5, 6), (11.0, 1.6), (4.0, 7.5)),
    "carer": (["home"], 0.2, (3, 5, 7), (10.5, 1.5), (3.0, 8.0)),
}
# category: places that a person likes, and the distance that hardly matters, as a share of the
# city's extent
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
HOUR_S, DAY_S = 3600.0, 86400.0
MODE_CODES = ("walk", "bike", "car", "bus", "rail")
DETOUR = 1.4  # metres of network a metre as the crow flies
# minutes that a minute feels like
STRAIN = {"walk": 0.95, "bike": 1.35, "car": 1.0, "bus": 0.95, "rail": 0.75}
# over the network, planned; public lines have timetables
SPEED_MS = {"walk": 1.05, "bike": 3.7, "car": 6.0}
WAIT_MIN = {"bus": 13.0, "rail": 4.0}
FIXED_MIN = {"walk": 0.0, "bike": 2.0, "car": 8.0}  # unlocking, parking
# Why people go out besides work and school: share on weekdays, share at weekends, hours
ERRANDS = {
    "shop": (0.34, 0.26, 0.6),
    "food": (0.14, 0.16, 1.1),
    "service": (0.1, 0.02, 0.6),
    "health": (0.07, 0.01, 0.9),
    "park": (0.11, 0.14, 1.0),
    "leisure": (0.11, 0.18, 1.9),
    "social": (0.11, 0.17, 2.4),
    "worship": (0.02, 0.06, 1.3),
}


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
    # category: places, shares
    liked: dict[str, tuple[list[int], np.ndarray]] = field(default_factory=dict)
    friends: list[int] = field(default_factory=list)

    @property
    def commuter(self) -> bool:
        """Whether the person has three or more regular days a week at a workplace away from home."""
        return (
            self.occupation in EMPLOYED and self.occupation != "home" and len(self.anchor_days) >= 3
        )


@dataclass(frozen=True)
class Population:
    """The people and every place they go to: homes, then jobs, then points of interest."""

    city: City
    people: list[Person]
    sites: Sites
    of: dict[str, np.ndarray]  # sites of each category
    pull: np.ndarray  # (n_sites,) how much each attracts
    # (n_sites,) metres to the nearest station of the metro, and its number
    station: tuple[np.ndarray, np.ndarray]
    stop: tuple[np.ndarray, np.ndarray]  # (n_sites,) metres to the nearest bus stop, and its edge

    def pick(
        self, category: str, near: int, reach: float, rng: np.random.Generator, count: int = 1
    ) -> list[int]:
        """Places of a category, by their pull and distance; up to `reach` extents of the city it
        hardly matters.
        """
        x, y, places = self.sites.x, self.sites.y, self.of[category]
        far = np.hypot(x[places] - x[near], y[places] - y[near])
        weight = self.pull[places] * (1 + far / (reach * self.city.streets.extent)) ** -2.75
        return [
            int(p)
            for p in rng.choice(
                places, min(count, len(places)), replace=False, p=weight / weight.sum()
            )
        ]

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
    stop_m, stop = cKDTree(np.column_stack([streets.x[city.stops], streets.y[city.stops]])).query(
        at
    )
    population = Population(city, [], sites, of, pull, station, (stop_m, city.stops[stop]))
    far = city.far[homes.edges["walk"]]
    share = np.array(list(OCCUPATIONS.values()))
    for home, occupation in enumerate(rng.choice(list(OCCUPATIONS), count, p=share / share.sum())):
        population.people.append(_person(str(occupation), home, far[home], population, rng))
    return population


def _person(
    occupation: str, home: int, far: float, population: Population, rng: np.random.Generator
) -> Person:
    """One person. far: the home's distance from the main centre, in extents of the city."""
    anchor, days, start_h, stay_h = _anchor(occupation, home, population, rng)
    car_share = (0.55 if occupation in EMPLOYED else 0.35) + 0.3 * (far - 0.4)
    person = Person(
        occupation,
        home,
        anchor,
        days,
        float(start_h),
        float(max(stay_h, 2.5)),
        car=bool(rng.random() < car_share),
        bike=bool(rng.random() < 0.4),
        taste={mode: float(rng.normal(0, 6)) for mode in (*CITY_TYPES, "rail")},
        vehicle_types={
            mode: f"{mode}{rng.integers(CITY_TYPES[mode])}" for mode in ("walk", "bike", "car")
        },
        outgoing=float(np.exp(rng.normal(0, 0.35))),
        # explorers: 0.12
        novelty=float(rng.uniform(0.3, 0.7) if rng.random() < 0.12 else rng.uniform(0.05, 0.25)),
    )
    for category, (count, reach) in LIKED.items():
        places = population.pick(
            category, anchor if rng.random() < 0.25 else home, reach, rng, count
        )
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
    categories, reach, (low, high, week), (start_h, spread_h), (least_h, most_h) = ANCHORS[
        occupation
    ]
    if week == 5 and occupation in EMPLOYED and rng.random() < 0.12:
        week = 7
    days = tuple(
        sorted(map(int, rng.choice(week, int(rng.integers(low, high + 1)), replace=False)))
    )
    anchor = population.pick(str(rng.choice(categories)), home, reach, rng)[0]
    return anchor, days, rng.normal(start_h, spread_h), rng.uniform(least_h, most_h)


@dataclass(frozen=True)
class Trips:
    """Planned trips, sorted by person, then by time. One entry a trip."""

    person: np.ndarray  # (n,) int32
    depart: np.ndarray  # (n,) seconds from Monday 00:00 of the first week, local solar time
    origin: np.ndarray  # (n,) int32 into Population.sites
    destination: np.ndarray
    mode: np.ndarray  # (n,) int8 into MODE_CODES
    minutes: np.ndarray  # (n,) planned, waits included
    purpose: np.ndarray  # (n,) text
    board: np.ndarray  # (n,) int32 station of the metro or edge of a bus stop, -1 without
    alight: np.ndarray

    def __len__(self) -> int:
        return len(self.person)


class Way(NamedTuple):
    """One way to make a trip."""

    mode: str
    minutes: float
    board: int = -1
    alight: int = -1


def metres(population: Population, a: int, b: int) -> float:
    """Estimated metres along the network from place to place."""
    x, y = population.sites.x, population.sites.y
    return DETOUR * float(np.hypot(x[a] - x[b], y[a] - y[b]))


def ways(population: Population, a: int, b: int) -> list[Way]:
    """Every way from place a to place b, walking first."""
    far, city = metres(population, a, b), population.city
    found = [Way(mode, FIXED_MIN[mode] + far / speed / 60) for mode, speed in SPEED_MS.items()]
    for mode, (walk_m, stop) in (("bus", population.stop), ("rail", population.station)):
        on, off = int(stop[a]), int(stop[b])
        if on != off and far > 700 and max(walk_m[a], walk_m[b]) < 1500:
            ride = far / 4.2 / 60 if mode == "bus" else abs(city.minutes[on] - city.minutes[off])
            walk = DETOUR * (walk_m[a] + walk_m[b]) / SPEED_MS["walk"] / 60
            found.append(Way(mode, walk + WAIT_MIN[mode] + ride, on, off))
    return found


def _choose(options: list[Way], person: Person, only: str | None, rng: np.random.Generator) -> Way:
    """The way that feels shortest to this person today. only: the vehicle that the tour began with."""
    if only in ("bike", "car"):
        return next(way for way in options if way.mode == only)
    best, shortest = options[0], np.inf
    for way in options:
        if way.mode == "bike" and (only is not None or not person.bike):
            continue
        felt = STRAIN[way.mode] * way.minutes - person.taste[way.mode] + rng.gumbel(0, 3.0)
        if way.mode == "car" and (only is not None or not person.car):
            felt += 30  # a lift or a taxi
        if way.mode == "walk":
            felt += max(0.0, way.minutes - 20)
        if felt < shortest:
            best, shortest = way, felt
    return best


class Stop(NamedTuple):
    """One activity of a tour: its place, its purpose and how many hours it lasts."""

    place: int
    purpose: str
    hours: float


# from home at an hour of the day, through the stops, and home again
Tour = tuple[float, list[Stop]]


def plan_weeks(population: Population, weeks: int, rng: np.random.Generator) -> Trips:
    """Every person's trips in so many weeks."""
    rows: list[tuple] = []
    for i, person in enumerate(population.people):
        clock = 0.0
        for day in range(7 * weeks):
            for start_h, stops in sorted(
                _day_tours(person, day, population, rng), key=lambda tour: tour[0]
            ):
                clock = max(clock + 600, day * DAY_S + start_h * HOUR_S)
                # else still away from yesterday until too late
                if clock <= (day + 1) * DAY_S - HOUR_S / 2:
                    trips, clock = _travel(person, stops, clock, population, rng)
                    rows += [(i, *trip) for trip in trips]
    kinds = (np.int32, float, np.int32, np.int32, np.int8, float, str, np.int32, np.int32)
    columns = zip(*rows, strict=True) if rows else [()] * len(kinds)
    return Trips(*(np.array(column, kind) for column, kind in zip(columns, kinds, strict=True)))


def _travel(
    person: Person,
    stops: list[Stop],
    clock: float,
    population: Population,
    rng: np.random.Generator,
) -> tuple[list[tuple], float]:
    """A tour's trips, (depart, origin, …) as in Trips, and the second at which the person is home
    again.
    """
    rows: list[tuple] = []
    farthest = max(
        (stop.place for stop in stops), key=lambda place: metres(population, person.home, place)
    )
    vehicle = _choose(ways(population, person.home, farthest), person, None, rng).mode
    here, only = person.home, vehicle if vehicle in ("bike", "car") else "none"
    for stop in [*stops, Stop(person.home, "home", 0.0)]:
        if stop.place != here:
            options = ways(population, here, stop.place)
            on_foot = stop.purpose in ("lunch", "back") and options[0].minutes < 15
            way = options[0] if on_foot else _choose(options, person, only, rng)
            mode = MODE_CODES.index(way.mode)
            rows.append(
                (clock, here, stop.place, mode, way.minutes, stop.purpose, way.board, way.alight)
            )
            clock += way.minutes * 60
            here = stop.place
        clock += stop.hours * HOUR_S
    return rows, clock


def _day_tours(
    person: Person, day: int, population: Population, rng: np.random.Generator
) -> list[Tour]:
    """A day's tours. Day 0 is a Monday."""
    weekday = day % 7
    workday = weekday < 5
    tours: list[Tour] = []
    at_anchor = weekday in person.anchor_days and rng.random() > 0.06  # ill, on leave
    if at_anchor:
        tours.append(_anchor_tour(person, day // 7, workday, population, rng))
    rate = person.outgoing * (0.6 if at_anchor else 1.35 if workday else 1.5)
    for _ in range(min(3, rng.poisson(rate))):
        hours = [(19.2, 1.0)] if at_anchor else [(10.5, 1.4), (15.5, 2.0), (19.0, 1.2)]
        start_h = rng.normal(*hours[int(rng.integers(len(hours)))])
        stops = [
            _errand(person, workday, population, rng) for _ in range(1 + (rng.random() < 0.35))
        ]
        tours.append((float(np.clip(start_h, 6.5, 22)), stops))
    if person.occupation in ("carer", "idle", "home") and workday and person.outgoing > 1.35:
        school = person.liked["school"][0][0]  # walks a child to school and back
        tours += [
            (hour + rng.normal(0, 0.15), [Stop(school, "escort", 0.15)]) for hour in (7.7, 15.4)
        ]
    return tours


def _errand(
    person: Person, workday: bool, population: Population, rng: np.random.Generator
) -> Stop:
    shares = [
        on_weekdays if workday else at_weekends for on_weekdays, at_weekends, _ in ERRANDS.values()
    ]
    purpose = str(rng.choice(list(ERRANDS), p=shares))
    place = (
        int(rng.choice(person.friends))
        if purpose == "social"
        else population.pick_liked(person, purpose, rng)
    )
    return Stop(place, purpose, float(ERRANDS[purpose][2] * np.exp(rng.normal(0, 0.45))))


def _anchor_tour(
    person: Person, week: int, workday: bool, population: Population, rng: np.random.Generator
) -> Tour:
    """To work, school or the like; perhaps lunch out, perhaps an errand on the way home."""
    start_h = person.start_h + rng.normal(0, 0.25)
    if person.occupation == "shift":
        start_h = (6.0, 14.0, 22.0)[(week + person.home) % 3] - 0.6 + rng.normal(0, 0.1)
    purpose = {"student": "school", "volunteer": "volunteering", "carer": "care"}.get(
        person.occupation, "work"
    )
    hours = max(1.5, person.stay_h + rng.normal(0, 0.35))
    stops = [Stop(person.anchor, purpose, hours)]
    if hours > 5 and rng.random() < 0.3:
        half = hours * rng.uniform(0.4, 0.55)
        lunch = Stop(population.pick_liked(person, "food", rng), "lunch", 0.6)
        stops = [
            Stop(person.anchor, purpose, half),
            lunch,
            Stop(person.anchor, "back", hours - half - 0.6),
        ]
    if rng.random() < 0.35:
        stops.append(_errand(person, workday, population, rng))
    return float(np.clip(start_h, 4.5, 22)), stops
