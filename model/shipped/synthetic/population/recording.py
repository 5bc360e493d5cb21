# SPDX-License-Identifier: GPL-2.0-or-later
"""What a person's device records: its times, its errors, its gaps, and few fixes indoors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.random import Generator
from scipy.spatial import cKDTree

from model.shipped.synthetic.city.layout import Sites
from model.shipped.synthetic.population.people import DAY_S, HOUR_S, MODE_CODES, Population
from model.shipped.synthetic.population.plans import Trips
from model.shipped.synthetic.population.travel import Journey
from raw_qgis_plugin.core.arrays import Array, take_rows


class Settings:
    """How people move by their plans, and what is recorded."""

    bend: float = 0.12  # of planned trips to the side, in their lengths, standard deviation
    most_bend: float = 0.3
    on_foot: float = 4.0  # times as long take walks to and from rides as their share of the way
    never_s: float = 1e9
    underground: float = 0.25  # share of the fixes that are kept there
    near_m: float = 200.0  # of a fix to a place where a stay was recorded


HABITS = {"even": 0.28, "odd": 0.2, "moving": 0.12, "outings": 0.18, "cell": 0.22}  # shares


class Timeline(NamedTuple):
    """Where one person is at any time: on a straight line from knot to knot.

    t (k,) seconds from the first Monday, x, y (k,) metres, below (k,) bool: under ground from there
    on. begin, end (j,) of journeys. place (j + 1,): where the person stays before, between and
    after them.
    """

    t: Array
    x: Array
    y: Array
    below: Array
    begin: Array
    end: Array
    place: Array


class Fixes(NamedTuple):
    """One person's fixes: t (n,) whole seconds, ascending, x, y (n,) metres; place (n,) the true
    one, -1 on the way.
    """

    t: Array
    x: Array
    y: Array
    place: Array


def simulated(
    person: int, journeys: list[Journey], population: Population, trips: Trips
) -> Timeline:
    """The timeline of a person's simulated journeys."""
    home = population.people[person].home
    nothing = np.zeros(0)
    t = np.concatenate([nothing, *(journey.t for journey in journeys)])
    x = np.concatenate([nothing, *(journey.x for journey in journeys)])
    y = np.concatenate([nothing, *(journey.y for journey in journeys)])
    below = np.concatenate([nothing > 0, *(journey.underground for journey in journeys)])
    begin = np.array([journey.t[0] for journey in journeys], float)
    end = np.array([journey.t[-1] for journey in journeys], float)
    place = np.array([home, *(trips.destination[journey.trip] for journey in journeys)])

    return Timeline(t, x, y, below, begin, end, place)


def planned(person: int, population: Population, trips: Trips, rng: Generator) -> Timeline:
    """The timeline of a person's plans."""
    first, last = np.searchsorted(trips.person, [person, person + 1])
    own = trips[first:last].view(np.recarray)
    xy = planned_ways(own, population, rng)
    share = shares_of_time(xy, own.board >= 0)

    begin = own.depart
    takes_s = 60 * own.minutes * np.exp(rng.normal(0, 0.12, len(own)))
    end = begin + np.maximum(takes_s, 20)
    before_next = np.append(begin[1:] - 1, np.inf)
    end = np.minimum(end, before_next)
    took_s = end - begin
    t = begin[:, None] + share * took_s[:, None]
    x, y = xy.reshape(-1, 2).T
    place = np.append(population.people[person].home, own.destination)

    return Timeline(t.ravel(), x, y, np.zeros(t.size, bool), begin, end, place)


def shares_of_time(xy: Array, rides: Array) -> Array:
    """(n, 4) shares of the time until each point of trips (n, 4, 2). rides: (n,) bool."""
    legs_m = np.linalg.norm(np.diff(xy, axis=1), axis=2) + 1e-6
    legs_m[:, [0, 2]] *= np.where(rides, Settings.on_foot, 1.0)[:, None]
    whole_m = legs_m.sum(axis=1, keepdims=True)
    so_far = np.cumsum(legs_m, axis=1) / whole_m

    return np.insert(so_far, 0, 0.0, axis=1)


def planned_ways(own: Trips, population: Population, rng: Generator) -> Array:
    """(n, 4, 2) metres of a person's n trips: each has two bends, those of a ride at its stops."""
    sites = population.sites
    at = np.column_stack([sites.x, sites.y])
    a = at[own.origin]
    b = at[own.destination]
    along = b - a
    across = np.column_stack([-along[:, 1], along[:, 0]])
    bends = np.array([1 / 3, 2 / 3])[:, None] * along[:, None]
    to_side = bends_of(own, rng)[..., None] * across[:, None]
    via = a[:, None] + bends + to_side

    ends = np.column_stack([own.board, own.alight])
    rail = own.mode == MODE_CODES.index("rail")
    bus = (own.board >= 0) & ~rail
    via[rail] = population.city.metro.stations[ends[rail]]
    via[bus] = population.city.streets.middles[ends[bus]]

    return np.concatenate([a[:, None], via, b[:, None]], axis=1)


def bends_of(own: Trips, rng: Generator) -> Array:
    """(n, 2) how far the bends of a person's trips are to the left, in lengths of the trip. Trips
    between the same places bend alike, there and back.
    """
    drawn = rng.normal(0, Settings.bend, (len(own) + 1, 2)).clip(
        -Settings.most_bend, Settings.most_bend
    )
    low = np.minimum(own.origin, own.destination).astype(np.int64)
    high = np.maximum(own.origin, own.destination)
    pair = np.unique(low << 32 | high, return_inverse=True)[1]
    side = drawn[pair]
    back = own.origin > own.destination
    side[back] = -side[back, ::-1]

    return side


@dataclass(frozen=True)
class Device:
    """How one person's device behaves."""

    moving_s: float  # between fixes
    staying_s: float
    odd: bool  # logs at odd times
    indoors: float  # probability that a stay leaves fixes
    nights: float  # share of the nightly fixes of stays that is kept
    carried: float  # share of the days on which it is on, then away from home alone; 1 for always
    off_h: float  # mean hours of gaps
    on_h: float  # and of spells
    drift_m: float  # spread of the slow error
    drift_s: float  # how long it lasts
    white_m: float  # error of each fix
    inside: float  # times larger are both indoors
    mast: bool  # the position is that of a mast


def logger(rng: Generator) -> Device:
    """A device that logs every second to five minutes on the way; about 40 % of the hours are
    missing over all.
    """
    cadence_s = ((1, 5), (15, 60), (120, 300))[int(rng.choice(3, p=[0.35, 0.4, 0.25]))]
    missing = float(np.clip(rng.normal(0.4, 0.12), 0.1, 0.7))
    off_h = rng.uniform(1, 8)
    moving_s = max(1.0, round(_log_uniform(*cadence_s, rng)))
    indoors = rng.uniform(0.35, 0.95)
    drift_m = _log_uniform(0.7, 9, rng)
    drift_s = _log_uniform(10, 200, rng)
    white_m = rng.uniform(0.3, 3)
    inside = rng.uniform(1.2, 3)

    return Device(
        moving_s,
        1050.0,
        False,
        indoors,
        0.4,
        1.0,
        off_h,
        off_h * (1 - missing) / missing,
        drift_m,
        drift_s,
        white_m,
        inside,
        False,
    )


def phone(rng: Generator) -> Device:
    """A phone that logs every few minutes: evenly or at odd times, on the way alone, on outings of
    some days, or by the masts of its network.
    """
    habit = rng.choice(list(HABITS), p=list(HABITS.values()))
    moving_s = rng.uniform(60, 300)

    if habit not in ("moving", "outings"):
        moving_s = float(rng.choice([300, 600, 900], p=[0.25, 0.25, 0.5]))

    staying_s = Settings.never_s if habit == "moving" else moving_s
    missing = float(np.clip(rng.normal(0.2, 0.2), 0.01, 0.7))
    off_h = rng.uniform(1, 12)
    odd = habit != "even" and rng.random() < 0.7
    indoors = 1.0 if rng.random() < 0.6 else rng.uniform(0.3, 0.9)
    nights = 0.04 if rng.random() < 0.35 else 1.0
    carried = rng.uniform(0.2, 0.9) if habit == "outings" else 1.0
    drift_m = _log_uniform(2, 9, rng)
    white_m = rng.uniform(0.3, 3)
    inside = 0.0 if rng.random() < 0.12 else rng.uniform(1, 4)

    return Device(
        moving_s,
        staying_s,
        odd,
        indoors,
        nights,
        carried,
        off_h,
        off_h * (1 - missing) / missing,
        drift_m,
        3600.0,
        white_m,
        inside,
        habit == "cell",
    )


def _log_uniform(low: float, high: float, rng: Generator) -> float:
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))


@dataclass(frozen=True)
class Moments:
    """When a device may log, (n,) each: the second, how many journeys have begun, whether the
    person is on one, and the place of the stay before or after it.
    """

    t: Array
    number: Array
    moving: Array
    stay: Array


def record(line: Timeline, device: Device, sites: Sites, end: float, rng: Generator) -> Fixes:
    """One person's fixes, at most one a second. end: the second at which the last week ends."""
    moments = logged(line, device, end, rng)
    t = moments.t
    moving = moments.moving
    x = sites.x[moments.stay]
    y = sites.y[moments.stay]

    if len(line.t):
        x = np.where(moving, np.interp(t, line.t, line.x), x)
        y = np.where(moving, np.interp(t, line.t, line.y), y)

    if device.mast:
        x, y = _by_mast(x, y, sites, rng)
    else:
        knots = np.arange(0, end + 2 * device.drift_s, device.drift_s)
        larger = np.where(moving, 1.0, device.inside)
        for at in (x, y):
            drift = np.interp(t, knots, rng.normal(0, device.drift_m, len(knots)))
            at += (drift + rng.normal(0, device.white_m, len(t))) * larger

    return Fixes(t, x, y, np.where(moving, -1, moments.stay))


def logged(line: Timeline, device: Device, end: float, rng: Generator) -> Moments:
    """When a device logs until `end`, in order."""
    on_way = _ticks(device, device.moving_s, end, rng)
    staying = _ticks(device, device.staying_s, end, rng)
    t = np.concatenate([on_way, staying])
    number = np.searchsorted(line.begin, t, side="right")
    moving = (number > 0) & (t <= np.append(-1.0, line.end)[number])
    moments = Moments(t, number, moving, line.place[number])

    for_moving = np.arange(len(t)) < len(on_way)
    keep = moving == for_moving
    keep &= _switched_on(device, end, t, rng)
    keep &= moving | _records_stay(line, device, moments, rng)

    if device.carried < 1:
        day = (t // DAY_S).astype(int)
        carried = rng.random(day.max(initial=0) + 1) < device.carried
        away = moving | (moments.stay != line.place[0])
        keep &= carried[day] & away

    knot = np.searchsorted(line.t, t, side="right")
    below = moving & np.append(False, line.below)[knot]
    keep &= ~below | (rng.random(len(t)) < Settings.underground)
    kept = np.flatnonzero(keep)
    first_of_second = np.unique(t[kept], return_index=True)[1]

    return take_rows(moments, kept[first_of_second])


def _records_stay(line: Timeline, device: Device, moments: Moments, rng: Generator) -> Array:
    """(n,) bool: whether a device logs in the stay of a moment; many are silent indoors, or at
    night.
    """
    indoors = rng.random(len(line.place)) < device.indoors
    hour = moments.t % DAY_S / HOUR_S
    by_day = (hour > 7) & (hour < 23)
    at_night = rng.random(len(hour)) < device.nights

    return indoors[moments.number] & (by_day | at_night)


def places_seen(line: Timeline, fixes: Fixes, sites: Sites) -> Array:
    """(j + 1,) bool: whether a fix lies near each place of a timeline, between the middles of the
    journeys to and from there.
    """
    number = np.searchsorted((line.begin + line.end) / 2, fixes.t)
    place = line.place[number]
    dx = fixes.x - sites.x[place]
    dy = fixes.y - sites.y[place]
    near = np.hypot(dx, dy) < Settings.near_m

    return np.bincount(number[near], minlength=len(line.place)) > 0


def _ticks(device: Device, mean_s: float, end: float, rng: Generator) -> Array:
    """Whole seconds before `end` at which a device logs: evenly, nearly so, or at odd times."""
    count = int(1.2 * end / mean_s) + 20
    if device.odd:
        gaps_s = rng.gamma(1.0, mean_s, count)
    else:
        gaps_s = mean_s * rng.uniform(0.9, 1.1, count)

    since: Array = np.cumsum(gaps_s)
    may_be_even = not device.odd and (mean_s <= 5 or mean_s >= 300)

    if may_be_even and rng.random() < 0.7:
        since = mean_s * np.arange(count)

    t = np.rint(rng.random() * mean_s + since)

    return t[t < end]


def _switched_on(device: Device, end: float, t: Array, rng: Generator) -> Array:
    """(n,) bool: whether the device is on at times t; spells and gaps are exponential in length."""
    both_h = device.on_h + device.off_h
    count = int(2 * end / HOUR_S / both_h) + 20
    on_h = rng.exponential(device.on_h, count)
    off_h = rng.exponential(device.off_h, count)
    spells_h = np.column_stack([on_h, off_h])
    edges = np.cumsum(spells_h * HOUR_S)
    edges -= rng.uniform(0, both_h) * HOUR_S

    return np.searchsorted(edges, t, side="right") % 2 == 0


def _by_mast(x: Array, y: Array, sites: Sites, rng: Generator) -> tuple[Array, Array]:
    """Positions of the masts that serve places: dense where many buildings are, the same for all;
    now and then another one serves.
    """
    of_city = np.random.default_rng(len(sites))
    count = min(len(sites), max(20, len(sites) // 25))
    chosen = of_city.choice(len(sites), count, replace=False)
    buildings = np.column_stack([sites.x, sites.y])
    masts = buildings[chosen]
    masts += of_city.normal(0, 120, masts.shape)
    off = rng.normal(0, 60, (len(x), 2))
    other = rng.random(len(x)) < 0.15
    served = np.column_stack([x, y]) + off * other[:, None]
    nearest = cKDTree(masts).query(served)[1]
    found = masts[nearest]

    return found[:, 0].copy(), found[:, 1].copy()
