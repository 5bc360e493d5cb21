# SPDX-License-Identifier: GPL-2.0-or-later
"""What each person does in each week: tours from home, their stops, and the mode of every trip."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from model.synthetic.city.layout import City
from model.synthetic.population.people import AWAY_CUT_M, AWAY_WEEKDAY, AWAY_WEEKEND, LIKED, Person, Population

OUT = {"car": (12.0, 24.0, 1.2), "rail": (18.0, 33.0, 1.15)}  # out of town: minutes besides, m/s, detour
REGIONAL = -2  # the line of a train out of town; it calls at the metro's stations
SPEED = {"walk": 1.05, "bike": 3.7, "car": 6.0}  # m/s over the network, planned
AROUND = 1.4  # metres of network a metre as the crow flies
FIXED_MIN = {"walk": 0.0, "bike": 2.0, "car": 8.0}  # unlocking, parking
LIFT_MIN = 30.0  # what a lift or a taxi costs those without a car, in minutes
HOUR, DAY = 3600.0, 86400.0
STRAIN = {"walk": 0.95, "bike": 1.35, "car": 1.0, "bus": 0.95, "rail": 0.75}  # how long a minute feels
MODE_CODES = ("walk", "bike", "car", "bus", "rail")


@dataclass(frozen=True)
class Trips:
    """Planned trips, by person, then by time. One entry a trip."""

    person: np.ndarray  # (n,) int32
    depart: np.ndarray  # (n,) seconds from Monday 00:00 of the first week, local solar time
    origin: np.ndarray  # (n,) int32 into Population.sites
    goal: np.ndarray
    mode: np.ndarray  # (n,) int8 into MODE_CODES
    minutes: np.ndarray  # (n,) planned, waits included
    purpose: np.ndarray  # (n,) text
    line: np.ndarray  # (n,) int16 into City.lines, -1 without, REGIONAL out of town
    board: np.ndarray  # (n,) int16 stop of the line, -1 at the end out of town
    alight: np.ndarray

    def __len__(self) -> int:
        return len(self.person)


KINDS_OF_COLUMN = (np.int32, float, np.int32, np.int32, np.int8, float, str, np.int16, np.int16, np.int16)


@dataclass(frozen=True)
class Way:
    """How one could go."""

    mode: str
    minutes: float
    line: int = -1
    board: int = -1
    alight: int = -1


class Planner:
    """Ways between places; remembers what it has worked out."""

    def __init__(self, city: City, population: Population) -> None:
        self.city, self.sites, self.inside = city, population.sites, population.chooser.inside
        self.known: dict[tuple[int, int], list[Way]] = {}
        at = np.column_stack([self.sites.x, self.sites.y])
        found = [cKDTree(np.column_stack([line.x, line.y])).query(at) for line in city.lines]
        self.walk_m = np.column_stack([metres for metres, _ in found])  # (n_sites, n_lines) to the nearest stop
        self.stop = np.column_stack([stop for _, stop in found])
        self.clock = np.column_stack([line.minutes[stop] for line, (_, stop) in zip(city.lines, found, strict=True)])
        self.wait = np.array([line.headway_s / 120 for line in city.lines])
        self.both_ways = np.array([line.both_ways for line in city.lines])
        modes = np.array([line.mode for line in city.lines])
        self.lines_of = {mode: np.flatnonzero(modes == mode) for mode in ("bus", "rail")}

    def metres(self, a: int, b: int) -> float:
        """Along the network, estimated."""
        s = self.sites
        return AROUND * float(np.hypot(s.x[a] - s.x[b], s.y[a] - s.y[b]))

    def ways(self, a: int, b: int) -> list[Way]:
        """Every way from place a to place b."""
        if (a, b) in self.known:
            pass
        elif not (self.inside[a] and self.inside[b]):
            self.known[a, b] = self._out(a, b)
        else:
            metres = self.metres(a, b)
            own = [Way(mode, FIXED_MIN[mode] + metres / speed / 60) for mode, speed in SPEED.items()]
            self.known[a, b] = own + (self._rides(a, b) if metres > 700 else [])
        return self.known[a, b]

    def _out(self, a: int, b: int) -> list[Way]:
        """By road, and by a train where a station of the metro is near."""
        metres = self.metres(a, b) / AROUND
        minutes = {mode: more + detour * metres / speed / 60 for mode, (more, speed, detour) in OUT.items()}
        ways, near = [Way("car", minutes["car"])], a if self.inside[a] else b
        if self.inside[near] and self.walk_m[near, 0] < 2500:
            walk = AROUND * self.walk_m[near, 0] / SPEED["walk"] / 60
            stop = int(self.stop[near, 0])
            ends = (stop, -1) if near == a else (-1, stop)
            ways.append(Way("rail", minutes["rail"] + walk, REGIONAL, *ends))
        return ways

    def _rides(self, a: int, b: int) -> list[Way]:
        """The best bus and the best train, walks and waits included."""
        i, j, out, back = self.stop[a], self.stop[b], self.walk_m[a], self.walk_m[b]
        goes = (i != j) & ((i < j) | self.both_ways) & (np.maximum(out, back) <= 1500)
        walks = AROUND * (out + back) / SPEED["walk"] / 60
        minutes = np.where(goes, walks + self.wait + np.abs(self.clock[b] - self.clock[a]), np.inf)
        best = []
        for mode, lines in self.lines_of.items():
            if len(lines) and np.isfinite(minutes[n := lines[minutes[lines].argmin()]]):
                best.append(Way(mode, float(minutes[n]), int(n), int(i[n]), int(j[n])))
        return best


def choose_way(ways: list[Way], person: Person, only: str | None, rng: np.random.Generator) -> Way:
    """The way that feels shortest to this person today. only: the vehicle that the tour began with."""
    if only in ("bike", "car"):
        return next(way for way in ways if way.mode == only)
    best, shortest = ways[0], np.inf
    for way in ways:
        if way.mode == "bike" and (only is not None or not person.bike):
            continue
        felt = STRAIN[way.mode] * way.minutes - person.taste[way.mode] + rng.gumbel(0, 3.0)
        if way.mode == "car" and (only is not None or not person.car):
            felt += LIFT_MIN
        if way.mode == "walk":
            felt += max(0.0, way.minutes - 20)
        if felt < shortest:
            best, shortest = way, felt
    return best


@dataclass
class Stop:
    """One activity of a tour: where, why, and until when (hours) or for how long."""

    place: int
    purpose: str
    hours: float


@dataclass
class Tour:
    """From home at an hour of the day, through the stops, and home again."""

    start_h: float
    stops: list[Stop]


def plan_weeks(city: City, population: Population, weeks: int, rng: np.random.Generator) -> Trips:
    """Every person's trips in so many weeks."""
    planner = Planner(city, population)
    rows: list[tuple] = []
    for i, person in enumerate(population.people):
        clock = 0.0
        for day in range(7 * weeks):
            for tour in sorted(day_tours(person, day, population, rng), key=lambda tour: tour.start_h):
                clock = _travel(i, person, day, tour, clock, planner, rows, rng)
    columns = zip(*rows, strict=True) if rows else [()] * len(KINDS_OF_COLUMN)
    return Trips(*(np.array(column, kind) for column, kind in zip(columns, KINDS_OF_COLUMN, strict=True)))


def _travel(
    i: int, person: Person, day: int, tour: Tour, clock: float, planner: Planner, rows: list[tuple],
    rng: np.random.Generator,
) -> float:  # fmt: skip
    """Append the tour's trips; returns when the person is home again (seconds)."""
    clock = max(clock + 600, day * DAY + tour.start_h * HOUR)
    if clock > (day + 1) * DAY - HOUR / 2:  # still away from yesterday until too late
        return clock
    here, only = person.home, None
    places = [stop.place for stop in tour.stops]
    far = max(places, key=lambda place: (not planner.inside[place], planner.metres(person.home, place)))
    vehicle = "car"
    if tour.stops[0].purpose != "round":
        vehicle = choose_way(planner.ways(person.home, far), person, None, rng).mode
    only = vehicle if vehicle in ("bike", "car") else "none"
    for stop in [*tour.stops, Stop(person.home, "home", 0.0)]:
        if stop.place == here:
            clock += stop.hours * HOUR
            continue
        ways = planner.ways(here, stop.place)
        on_foot = stop.purpose in ("lunch", "back") and ways[0].minutes < 15
        way = ways[0] if on_foot else choose_way(ways, person, only, rng)
        rows.append(
            (i, clock, here, stop.place, MODE_CODES.index(way.mode), way.minutes, stop.purpose, way.line, way.board,
             way.alight)
        )  # fmt: skip
        clock += way.minutes * 60 + stop.hours * HOUR
        here = stop.place
    return clock


def _spot(person: Person, category: str, population: Population, rng: np.random.Generator) -> int:
    if rng.random() < person.novelty:
        reach = 2 * LIKED[category][1] * population.chooser.extent
        return population.chooser.pick(category, person.home, reach, rng)[0]
    places, share = person.liked[category]
    return places[int(rng.choice(len(places), p=share))]


ERRANDS = ("shop", "food", "service", "health", "park", "leisure", "social", "worship")
WEEKDAY_MIX = (0.34, 0.14, 0.1, 0.07, 0.11, 0.11, 0.11, 0.02)
WEEKEND_MIX = (0.26, 0.16, 0.02, 0.01, 0.14, 0.18, 0.17, 0.06)
STAYS_H = {
    "shop": 0.6,
    "food": 1.1,
    "service": 0.6,
    "health": 0.9,
    "park": 1.0,
    "leisure": 1.9,
    "social": 2.4,
    "worship": 1.3,
}


def _errand(person: Person, mix: tuple[float, ...], population: Population, rng: np.random.Generator) -> Stop:
    purpose = str(rng.choice(ERRANDS, p=mix))
    place = int(rng.choice(person.friends)) if purpose == "social" else _spot(person, purpose, population, rng)
    return Stop(place, purpose, float(STAYS_H[purpose] * np.exp(rng.normal(0, 0.45))))


def day_tours(person: Person, day: int, population: Population, rng: np.random.Generator) -> list[Tour]:
    """A day's tours. Weekday 0 is Monday."""
    weekday = day % 7
    mix = WEEKDAY_MIX if weekday < 5 else WEEKEND_MIX
    tours: list[Tour] = []
    away = weekday in person.anchor_days and rng.random() > 0.06  # ill, on leave
    if away:
        if person.life == "driver":
            tours.append(_round(person, population, rng))
        else:
            tours.append(_anchor_tour(person, day // 7, mix, population, rng))
    leaves = (0.25 if away else 1.0) * (AWAY_WEEKDAY if weekday < 5 else AWAY_WEEKEND) * person.outgoing
    leaves *= population.chooser.leaving
    if rng.random() < leaves * (5 / 3 if weekday < 5 and not person.anchor_days else 1):
        tours.append(_journey_out(person, weekday, away, population, rng))
    rate = person.outgoing * (0.6 if away else 1.3 if weekday < 5 else 1.2)
    for _ in range(min(3, rng.poisson(rate))):
        start = (
            rng.normal(19.2, 1.0)
            if away
            else rng.choice([rng.normal(10.5, 1.4), rng.normal(15.5, 2), rng.normal(19, 1.2)])
        )
        stops = [_errand(person, mix, population, rng) for _ in range(1 + (rng.random() < 0.35))]
        tours.append(Tour(float(np.clip(start, 6.5, 22)), stops))
    if person.life in ("carer", "idle", "home") and weekday < 5 and person.outgoing > 1.35:
        place = person.liked["school"][0][0]  # walks a child to school and back
        tours += [
            Tour(rng.normal(7.7, 0.1), [Stop(place, "escort", 0.1)]),
            Tour(rng.normal(15.4, 0.2), [Stop(place, "escort", 0.2)]),
        ]
    return tours


def _journey_out(person: Person, weekday: int, late: bool, population: Population, rng: np.random.Generator) -> Tour:
    """Out of town: to a place of habit as a rule, over night where it is far. late: after work."""
    places = person.away
    place = int(rng.choice(places, p=ZIPF[: len(places)] / ZIPF[: len(places)].sum()))
    if rng.random() < 0.25:
        place = population.chooser.pick_away(person.home, AWAY_CUT_M, rng)[0]
    sites = population.sites
    far = np.hypot(sites.x[place] - sites.x[person.home], sites.y[place] - sites.y[person.home])
    hours = rng.uniform(2, 4) if late else rng.uniform(3, 8)
    if rng.random() < far / 150e3 and not late:
        hours += 24 * (1 + (weekday == 4))
    return Tour(float(rng.normal(17.8, 0.6) if late else rng.normal(10, 1.5)), [Stop(place, "away", float(hours))])


ZIPF = 1.0 / np.arange(1, 9) ** 1.2


def _round(person: Person, population: Population, rng: np.random.Generator) -> Tour:
    """A driver's day: from the depot or from home, all over the city, a few minutes at each place."""
    courier = person.anchor != person.home
    stops = [Stop(person.anchor, "round", rng.uniform(0.2, 0.8))] if courier else []
    left, here = max(2.0, person.stay_h + rng.normal(0, 0.7)), person.anchor
    while left > 0:
        wait = rng.uniform(0.03, 0.2) if courier else rng.exponential(0.25)
        kind = "home" if rng.random() < 0.6 else str(rng.choice(["shop", "food", "service", "job"]))
        chooser = population.chooser
        here = chooser.pick(kind, here, (0.1 if courier else 0.3) * chooser.extent, rng)[0]
        stops.append(Stop(here, "round", wait))
        left -= wait + 0.3
    if courier:
        stops.append(Stop(person.anchor, "round", 0.3))
    return Tour(float(np.clip(person.start_h + rng.normal(0, 0.3), 4.5, 20)), stops)


def _anchor_tour(
    person: Person, week: int, mix: tuple[float, ...], population: Population, rng: np.random.Generator
) -> Tour:
    """To work, school or wherever one is expected; perhaps lunch out, perhaps an errand on the way home."""
    start = person.start_h + rng.normal(0, 0.25)
    if person.life == "shift":
        start = (6.0, 14.0, 22.0)[(week + person.home) % 3] - 0.6 + rng.normal(0, 0.1)
    purpose = {"student": "school", "volunteer": "volunteering", "carer": "care"}.get(person.life, "work")
    hours = max(1.5, person.stay_h + rng.normal(0, 0.35))
    stops = [Stop(person.anchor, purpose, hours)]
    if hours > 5 and population.chooser.inside[person.anchor] and rng.random() < 0.3:
        half = hours * rng.uniform(0.4, 0.55)
        lunch = Stop(_spot(person, "food", population, rng), "lunch", 0.6)
        stops = [Stop(person.anchor, purpose, half), lunch, Stop(person.anchor, "back", hours - half - 0.6)]
    if rng.random() < 0.35:
        stops.append(_errand(person, mix, population, rng))
    return Tour(float(np.clip(start, 4.5, 22)), stops)
