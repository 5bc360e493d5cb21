# SPDX-License-Identifier: GPL-2.0-or-later
"""What each person does in each week: tours from home, their stops, and the mode of every trip."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.random import Generator

from model.shipped.synthetic.population.people import (
    DAY_S,
    HOUR_S,
    MODE_CODES,
    Person,
    Population,
)


class Settings:
    """How people choose a way."""

    detour: float = 1.4  # metres of network a metre as the crow flies
    bus_ms: float = 4.2
    lift_min: int = 30  # that a lift or a taxi seems longer than the own car


# minutes that a minute feels like
STRAIN = {"walk": 0.95, "bike": 1.35, "car": 1.0, "bus": 0.95, "rail": 0.75}
# m/s over the network, as planned; lines have timetables
SPEED_MS = {"walk": 1.05, "bike": 3.7, "car": 6.0}
WAIT_MIN = {"bus": 13.0, "rail": 4.0}
FIXED_MIN = {"walk": 0.0, "bike": 2.0, "car": 8.0}  # unlocking, parking
OWN_VEHICLES = ("bike", "car")  # which a person has to bring home again
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
PURPOSES = {"student": "school", "volunteer": "volunteering", "carer": "care"}  # else work
AT_HOME = ("carer", "idle", "home")
SHIFTS_H = (6.0, 14.0, 22.0)


class PlannedTrip(NamedTuple):
    """One planned trip."""

    person: int
    depart: float  # seconds from Monday 00:00 of the first week, local solar time
    origin: int  # into Population.sites
    destination: int
    mode: int  # into MODE_CODES
    minutes: float  # planned, waits included
    purpose: str
    board: int  # station of the metro or edge of a bus stop, -1 without
    alight: int


# Planned trips, sorted by person, then by time: the columns of PlannedTrip by name, (n,) each.
Trips = np.recarray
KINDS = ["i4", "f8", "i4", "i4", "i1", "f8", "U12", "i4", "i4"]  # of these columns


class Way(NamedTuple):
    """One way to make a trip."""

    mode: str
    minutes: float
    board: int = -1
    alight: int = -1


class Stop(NamedTuple):
    """One activity of a tour: its place, its purpose and how many hours it lasts."""

    place: int
    purpose: str
    hours: float


class Tour(NamedTuple):
    """From home at an hour of the day, through the stops, and home again."""

    start_h: float
    stops: list[Stop]


def plan_weeks(population: Population, weeks: int, rng: Generator) -> Trips:
    """Every person's trips in so many weeks."""
    rows: list[PlannedTrip] = []
    for number, person in enumerate(population.people):
        planner = Planner(population, number, person, rng)
        for day in range(7 * weeks):
            planner.plan_day(day)

        rows += planner.trips

    kinds = list(zip(PlannedTrip._fields, KINDS, strict=True))
    return np.array(rows, kinds).view(np.recarray)


def start_of(tour: Tour) -> float:
    """The hour at which a tour starts, which tours are sorted by."""
    return tour.start_h


class Planner:
    """The plans of one person, day by day."""

    def __init__(self, population: Population, number: int, person: Person, rng: Generator) -> None:
        self.population = population
        self.number = number
        self.person = person
        self.rng = rng
        self.clock = 0.0  # seconds from the first Monday, at which the person is home again
        self.trips: list[PlannedTrip] = []

    def plan_day(self, day: int) -> None:
        """Add the trips of a day. Day 0 is a Monday."""
        for tour in sorted(self.day_tours(day), key=start_of):
            planned = day * DAY_S + tour.start_h * HOUR_S
            self.clock = max(self.clock + 600, planned)
            too_late = (day + 1) * DAY_S - HOUR_S / 2  # still away from the tour before

            if self.clock <= too_late:
                self.travel(tour.stops)

    def day_tours(self, day: int) -> list[Tour]:
        """A day's tours, in any order."""
        person = self.person
        weekday = day % 7
        workday = weekday < 5
        tours: list[Tour] = []
        at_anchor = weekday in person.anchor_days and self.rng.random() > 0.06  # ill, on leave

        if at_anchor:
            tours.append(self.anchor_tour(day // 7, workday))

        usual = 0.6 if at_anchor else 1.35 if workday else 1.5

        for _ in range(min(3, self.rng.poisson(person.outgoing * usual))):
            tours.append(self.outing(at_anchor, workday))

        brings_child = person.occupation in AT_HOME and workday and person.outgoing > 1.35

        if brings_child:
            school = person.liked["school"][0][0]
            for hour in (7.7, 15.4):
                start_h = hour + self.rng.normal(0, 0.15)
                tours.append(Tour(start_h, [Stop(school, "escort", 0.15)]))

        return tours

    def outing(self, after_work: bool, workday: bool) -> Tour:
        """One errand, or two in a row."""
        hours = [(19.2, 1.0)] if after_work else [(10.5, 1.4), (15.5, 2.0), (19.0, 1.2)]
        start_h = self.rng.normal(*hours[int(self.rng.integers(len(hours)))])
        count = 1 + (self.rng.random() < 0.35)
        stops = [self.errand(workday) for _ in range(count)]

        return Tour(float(np.clip(start_h, 6.5, 22)), stops)

    def errand(self, workday: bool) -> Stop:
        """A stop for a purpose that people have on such a day."""
        shares = [errand[0 if workday else 1] for errand in ERRANDS.values()]
        purpose = str(self.rng.choice(list(ERRANDS), p=shares))

        if purpose == "social":
            place = int(self.rng.choice(self.person.friends))
        else:
            place = self.population.pick_liked(self.person, purpose, self.rng)

        hours = ERRANDS[purpose][2] * np.exp(self.rng.normal(0, 0.45))

        return Stop(place, purpose, float(hours))

    def anchor_tour(self, week: int, workday: bool) -> Tour:
        """To work, school or the like; perhaps lunch out, perhaps an errand on the way home."""
        person = self.person
        rng = self.rng
        start_h = person.start_h + rng.normal(0, 0.25)

        if person.occupation == "shift":
            shift_h = SHIFTS_H[(week + person.home) % 3]
            start_h = shift_h - 0.6 + rng.normal(0, 0.1)

        purpose = PURPOSES.get(person.occupation, "work")
        hours = max(1.5, person.stay_h + rng.normal(0, 0.35))
        stops = [Stop(person.anchor, purpose, hours)]

        if hours > 5 and rng.random() < 0.3:
            before = hours * rng.uniform(0.4, 0.55)
            lunch = Stop(self.population.pick_liked(person, "food", rng), "lunch", 0.6)
            after = Stop(person.anchor, "back", hours - before - 0.6)
            stops = [Stop(person.anchor, purpose, before), lunch, after]

        if rng.random() < 0.35:
            stops.append(self.errand(workday))

        return Tour(float(np.clip(start_h, 4.5, 22)), stops)

    def travel(self, stops: list[Stop]) -> None:
        """Add the trips of a tour, until the person is home again."""
        vehicle = self.vehicle_of(stops)
        here = self.person.home

        for stop in [*stops, Stop(here, "home", 0.0)]:
            if stop.place != here:
                way = self.way_to(stop, here, vehicle)
                trip = PlannedTrip(
                    self.number,
                    self.clock,
                    here,
                    stop.place,
                    MODE_CODES.index(way.mode),
                    way.minutes,
                    stop.purpose,
                    way.board,
                    way.alight,
                )
                self.trips.append(trip)
                self.clock += way.minutes * 60
                here = stop.place
            self.clock += stop.hours * HOUR_S

    def vehicle_of(self, stops: list[Stop]) -> str:
        """The vehicle that a tour begins with, chosen for its farthest stop; 'none' on foot or by
        lines.
        """
        home = self.person.home
        far = [metres(self.population, home, stop.place) for stop in stops]
        farthest = stops[int(np.argmax(far))]
        mode = self.choose(ways(self.population, home, farthest.place), None).mode

        return mode if mode in OWN_VEHICLES else "none"

    def way_to(self, stop: Stop, here: int, vehicle: str) -> Way:
        """The way to the next stop of a tour."""
        options = ways(self.population, here, stop.place)
        walk = options[0]

        if stop.purpose in ("lunch", "back") and walk.minutes < 15:
            return walk

        return self.choose(options, vehicle)

    def choose(self, options: list[Way], vehicle: str | None) -> Way:
        """The way that feels shortest to this person today. vehicle: that of the tour, None while
        it is open.
        """
        if vehicle in OWN_VEHICLES:
            return next(way for way in options if way.mode == vehicle)

        person = self.person
        best = options[0]
        shortest = np.inf

        for way in options:
            has_bike = vehicle is None and person.bike
            has_car = vehicle is None and person.car

            if way.mode == "bike" and not has_bike:
                continue

            felt = STRAIN[way.mode] * way.minutes - person.taste[way.mode]
            felt += self.rng.gumbel(0, 3.0)

            if way.mode == "car" and not has_car:
                felt += Settings.lift_min

            if way.mode == "walk":
                felt += max(0.0, way.minutes - 20)

            if felt < shortest:
                best = way
                shortest = felt

        return best


def metres(population: Population, a: int, b: int) -> float:
    """Estimated metres along the network from place to place."""
    return Settings.detour * float(population.sites.metres(a, b))


def ways(population: Population, a: int, b: int) -> list[Way]:
    """Every way from place a to place b, walking first."""
    far = metres(population, a, b)
    found = [Way(mode, FIXED_MIN[mode] + far / speed / 60) for mode, speed in SPEED_MS.items()]

    for mode, access in (("bus", population.stop), ("rail", population.station)):
        board = int(access.number[a])
        alight = int(access.number[b])
        to_m, from_m = access.metres[[a, b]]

        if board == alight or far <= 700 or max(to_m, from_m) >= 1500:
            continue

        minutes = population.city.minutes
        if mode == "bus":
            ride = far / Settings.bus_ms / 60
        else:
            ride = abs(minutes[board] - minutes[alight])
        walk = Settings.detour * (to_m + from_m) / SPEED_MS["walk"] / 60
        found.append(Way(mode, walk + WAIT_MIN[mode] + ride, board, alight))

    return found
