# SPDX-License-Identifier: GPL-2.0-or-later
"""What each person does in each week: tours from home, their stops, and the mode of every trip."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from model.synthetic.population.people import LIKED, Chooser, Person, Population

HOUR_S, DAY_S = 3600.0, 86400.0
MODE_CODES = ("walk", "bike", "car", "bus", "rail")
REGIONAL = -2  # the line of a train out of town; it calls at the metro's stations


@dataclass(frozen=True)
class ModeCost:
    """What travelling by a mode costs."""

    strain: float  # minutes that one minute feels like
    speed_ms: float = 0.0  # over the network, planned; public lines have timetables instead
    fixed_min: float = 0.0  # unlocking, parking


COSTS = {
    "walk": ModeCost(0.95, 1.05), "bike": ModeCost(1.35, 3.7, 2.0), "car": ModeCost(1.0, 6.0, 8.0),
    "bus": ModeCost(0.95), "rail": ModeCost(0.75),
}  # fmt: skip


# why people go out besides work and school: share on weekdays, share at weekends, hours
ERRANDS = {
    "shop": (0.34, 0.26, 0.6), "food": (0.14, 0.16, 1.1), "service": (0.1, 0.02, 0.6), "health": (0.07, 0.01, 0.9),
    "park": (0.11, 0.14, 1.0), "leisure": (0.11, 0.18, 1.9), "social": (0.11, 0.17, 2.4), "worship": (0.02, 0.06, 1.3),
}  # fmt: skip


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
    line: np.ndarray  # (n,) int16 into City.lines, -1 without, REGIONAL out of town
    board: np.ndarray  # (n,) int16 stop of the line, -1 at the end out of town
    alight: np.ndarray

    def __len__(self) -> int:
        return len(self.person)


@dataclass(frozen=True)
class Option:
    """One way to make a trip."""

    mode: str
    minutes: float
    line: int = -1
    board: int = -1
    alight: int = -1


class Planner:
    """The options between places, each pair computed once."""

    detour = 1.4  # metres of network a metre as the crow flies

    def __init__(self, population: Population) -> None:
        self.sites, self.inside, lines = population.sites, population.chooser.inside, population.city.lines
        self.known: dict[tuple[int, int], list[Option]] = {}
        at = np.column_stack([self.sites.x, self.sites.y])
        found = [cKDTree(np.column_stack([line.x, line.y])).query(at) for line in lines]
        self.walk_m = np.column_stack([metres for metres, _ in found])  # (n_sites, n_lines) to the nearest stop
        self.stop = np.column_stack([stop for _, stop in found])
        self.clock = np.column_stack([line.minutes[stop] for line, (_, stop) in zip(lines, found, strict=True)])
        self.wait = np.array([line.headway_s / 120 for line in lines])
        modes = np.array([line.mode for line in lines])
        self.both_ways = modes == "rail"
        self.lines_of = {mode: np.flatnonzero(modes == mode) for mode in ("bus", "rail")}

    def metres(self, a: int, b: int) -> float:
        """Estimated metres along the network."""
        s = self.sites
        return self.detour * float(np.hypot(s.x[a] - s.x[b], s.y[a] - s.y[b]))

    def options(self, a: int, b: int) -> list[Option]:
        """Every option from place a to place b; in the city walking comes first."""
        if (a, b) not in self.known:
            self.known[a, b] = self._in_town(a, b) if self.inside[a] and self.inside[b] else self._out_of_town(a, b)
        return self.known[a, b]

    def _in_town(self, a: int, b: int) -> list[Option]:
        metres = self.metres(a, b)
        costs = [(mode, COSTS[mode]) for mode in ("walk", "bike", "car")]
        own = [Option(mode, cost.fixed_min + metres / cost.speed_ms / 60) for mode, cost in costs]
        return own + (self._rides(a, b) if metres > 700 else [])

    def _out_of_town(self, a: int, b: int) -> list[Option]:
        """By road, and by a train where a station of the metro is near."""
        metres = self.metres(a, b) / self.detour
        options, near = [Option("car", 12.0 + 1.2 * metres / 24.0 / 60)], a if self.inside[a] else b
        if self.inside[near] and self.walk_m[near, 0] < 2500:
            walk = self.detour * self.walk_m[near, 0] / COSTS["walk"].speed_ms / 60
            stop = int(self.stop[near, 0])
            ends = (stop, -1) if near == a else (-1, stop)
            options.append(Option("rail", 18.0 + 1.15 * metres / 33.0 / 60 + walk, REGIONAL, *ends))
        return options

    def _rides(self, a: int, b: int) -> list[Option]:
        """The best bus and the best train, walks and waits included."""
        i, j, out, back = self.stop[a], self.stop[b], self.walk_m[a], self.walk_m[b]
        goes = (i != j) & ((i < j) | self.both_ways) & (np.maximum(out, back) <= 1500)
        walks = self.detour * (out + back) / COSTS["walk"].speed_ms / 60
        minutes = np.where(goes, walks + self.wait + np.abs(self.clock[b] - self.clock[a]), np.inf)
        best = []
        for mode, lines in self.lines_of.items():
            if len(lines) and np.isfinite(minutes[n := lines[minutes[lines].argmin()]]):
                best.append(Option(mode, float(minutes[n]), int(n), int(i[n]), int(j[n])))
        return best


def _choose(options: list[Option], person: Person, only: str | None, rng: np.random.Generator) -> Option:
    """The option that feels shortest to this person today. only: the vehicle that the tour began with."""
    if only in ("bike", "car"):
        return next(option for option in options if option.mode == only)
    best, shortest = options[0], np.inf
    for option in options:
        if option.mode == "bike" and (only is not None or not person.bike):
            continue
        felt = COSTS[option.mode].strain * option.minutes - person.taste[option.mode] + rng.gumbel(0, 3.0)
        if option.mode == "car" and (only is not None or not person.car):
            felt += 30  # a lift or a taxi
        if option.mode == "walk":
            felt += max(0.0, option.minutes - 20)
        if felt < shortest:
            best, shortest = option, felt
    return best


@dataclass(frozen=True)
class Stop:
    """One activity of a tour: its place, its purpose and how many hours it lasts."""

    place: int
    purpose: str
    hours: float


@dataclass(frozen=True)
class Tour:
    """From home at an hour of the day, through the stops, and home again."""

    start_h: float
    stops: list[Stop]


def plan_weeks(population: Population, weeks: int, rng: np.random.Generator) -> Trips:
    """Every person's trips in so many weeks."""
    planner = Planner(population)
    rows: list[tuple] = []
    for i, person in enumerate(population.people):
        clock = 0.0
        for day in range(7 * weeks):
            for tour in sorted(_day_tours(person, day, population, rng), key=lambda tour: tour.start_h):
                clock = max(clock + 600, day * DAY_S + tour.start_h * HOUR_S)
                if clock <= (day + 1) * DAY_S - HOUR_S / 2:  # else still away from yesterday until too late
                    trips, clock = _travel(person, tour, clock, planner, rng)
                    rows += [(i, *trip) for trip in trips]
    kinds = (np.int32, float, np.int32, np.int32, np.int8, float, str, np.int16, np.int16, np.int16)
    columns = zip(*rows, strict=True) if rows else [()] * len(kinds)
    return Trips(*(np.array(column, kind) for column, kind in zip(columns, kinds, strict=True)))


def _travel(
    person: Person, tour: Tour, clock: float, planner: Planner, rng: np.random.Generator
) -> tuple[list[tuple], float]:
    """The tour's trips, (depart, origin, …) as in Trips, and the second at which the person is home again."""
    rows: list[tuple] = []
    farthest = max(
        (stop.place for stop in tour.stops),
        key=lambda place: (not planner.inside[place], planner.metres(person.home, place)),
    )
    vehicle = "car"
    if tour.stops[0].purpose != "round":
        vehicle = _choose(planner.options(person.home, farthest), person, None, rng).mode
    here, only = person.home, vehicle if vehicle in ("bike", "car") else "none"
    for stop in [*tour.stops, Stop(person.home, "home", 0.0)]:
        travel_s = 0.0
        if stop.place != here:
            options = planner.options(here, stop.place)
            on_foot = stop.purpose in ("lunch", "back") and options[0].minutes < 15
            way = options[0] if on_foot else _choose(options, person, only, rng)
            mode = MODE_CODES.index(way.mode)
            rows.append((clock, here, stop.place, mode, way.minutes, stop.purpose, way.line, way.board, way.alight))
            travel_s, here = way.minutes * 60, stop.place
        clock += travel_s + stop.hours * HOUR_S
    return rows, clock


def _day_tours(person: Person, day: int, population: Population, rng: np.random.Generator) -> list[Tour]:
    """A day's tours. Day 0 is a Monday."""
    weekday, chooser = day % 7, population.chooser
    workday = weekday < 5
    tours: list[Tour] = []
    at_anchor = weekday in person.anchor_days and rng.random() > 0.06  # ill, on leave
    if at_anchor and person.occupation == "driver":
        tours.append(_round(person, chooser, rng))
    elif at_anchor:
        tours.append(_anchor_tour(person, day // 7, workday, chooser, rng))
    leaves = (0.25 if at_anchor else 1.0) * (0.1 if workday else 0.32) * person.outgoing * chooser.leaving
    if rng.random() < leaves * (5 / 3 if workday and not person.anchor_days else 1):
        tours.append(_journey_out(person, weekday, at_anchor, chooser, rng))
    rate = person.outgoing * (0.6 if at_anchor else 1.3 if workday else 1.2)
    for _ in range(min(3, rng.poisson(rate))):
        if at_anchor:
            start_h = rng.normal(19.2, 1.0)
        else:
            start_h = rng.choice([rng.normal(10.5, 1.4), rng.normal(15.5, 2), rng.normal(19, 1.2)])
        stops = [_errand(person, workday, chooser, rng) for _ in range(1 + (rng.random() < 0.35))]
        tours.append(Tour(float(np.clip(start_h, 6.5, 22)), stops))
    if person.occupation in ("carer", "idle", "home") and workday and person.outgoing > 1.35:
        school = person.liked["school"][0][0]  # walks a child to school and back
        tours.append(Tour(rng.normal(7.7, 0.1), [Stop(school, "escort", 0.1)]))
        tours.append(Tour(rng.normal(15.4, 0.2), [Stop(school, "escort", 0.2)]))
    return tours


def _errand(person: Person, workday: bool, chooser: Chooser, rng: np.random.Generator) -> Stop:
    shares = [on_weekdays if workday else at_weekends for on_weekdays, at_weekends, _ in ERRANDS.values()]
    purpose = str(rng.choice(list(ERRANDS), p=shares))
    place = int(rng.choice(person.friends)) if purpose == "social" else _liked_place(person, purpose, chooser, rng)
    return Stop(place, purpose, float(ERRANDS[purpose][2] * np.exp(rng.normal(0, 0.45))))


def _liked_place(person: Person, category: str, chooser: Chooser, rng: np.random.Generator) -> int:
    if rng.random() < person.novelty:
        return chooser.pick(category, person.home, 2 * LIKED[category][1], rng)[0]
    places, share = person.liked[category]
    return places[int(rng.choice(len(places), p=share))]


def _journey_out(person: Person, weekday: int, late: bool, chooser: Chooser, rng: np.random.Generator) -> Tour:
    """Out of town, usually to a familiar place, over night where it is far. late: after work."""
    zipf = 1.0 / np.arange(1, len(person.away) + 1) ** 1.2
    place = int(rng.choice(person.away, p=zipf / zipf.sum()))
    if rng.random() < 0.25:
        place = chooser.pick_away(person.home, chooser.away_cut_m, rng)[0]
    x, y = chooser.sites.x, chooser.sites.y
    far = np.hypot(x[place] - x[person.home], y[place] - y[person.home])
    hours = rng.uniform(2, 4) if late else rng.uniform(3, 8)
    if rng.random() < far / 150e3 and not late:
        hours += 24 * (1 + (weekday == 4))
    return Tour(float(rng.normal(17.8, 0.6) if late else rng.normal(10, 1.5)), [Stop(place, "away", float(hours))])


def _round(person: Person, chooser: Chooser, rng: np.random.Generator) -> Tour:
    """A driver's day: from the depot or from home, all over the city, a few minutes at each place."""
    courier = person.anchor != person.home
    stops = [Stop(person.anchor, "round", rng.uniform(0.2, 0.8))] if courier else []
    left_h, here = max(2.0, person.stay_h + rng.normal(0, 0.7)), person.anchor
    while left_h > 0:
        wait_h = rng.uniform(0.03, 0.2) if courier else rng.exponential(0.25)
        category = "home" if rng.random() < 0.6 else str(rng.choice(["shop", "food", "service", "job"]))
        here = chooser.pick(category, here, 0.1 if courier else 0.3, rng)[0]
        stops.append(Stop(here, "round", wait_h))
        left_h -= wait_h + 0.3
    if courier:
        stops.append(Stop(person.anchor, "round", 0.3))
    return Tour(float(np.clip(person.start_h + rng.normal(0, 0.3), 4.5, 20)), stops)


def _anchor_tour(person: Person, week: int, workday: bool, chooser: Chooser, rng: np.random.Generator) -> Tour:
    """To work, school or the like; perhaps lunch out, perhaps an errand on the way home."""
    start_h = person.start_h + rng.normal(0, 0.25)
    if person.occupation == "shift":
        start_h = (6.0, 14.0, 22.0)[(week + person.home) % 3] - 0.6 + rng.normal(0, 0.1)
    purpose = {"student": "school", "volunteer": "volunteering", "carer": "care"}.get(person.occupation, "work")
    hours = max(1.5, person.stay_h + rng.normal(0, 0.35))
    stops = [Stop(person.anchor, purpose, hours)]
    if hours > 5 and chooser.inside[person.anchor] and rng.random() < 0.3:
        half = hours * rng.uniform(0.4, 0.55)
        lunch = Stop(_liked_place(person, "food", chooser, rng), "lunch", 0.6)
        stops = [Stop(person.anchor, purpose, half), lunch, Stop(person.anchor, "back", hours - half - 0.6)]
    if rng.random() < 0.35:
        stops.append(_errand(person, workday, chooser, rng))
    return Tour(float(np.clip(start_h, 4.5, 22)), stops)
