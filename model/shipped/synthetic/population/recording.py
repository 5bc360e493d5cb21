# SPDX-License-Identifier: GPL-2.0-or-later
"""What a person's device records: its times, its errors, its gaps, and few fixes indoors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy.spatial import cKDTree

from model.shipped.synthetic.city.layout import Sites
from model.shipped.synthetic.population.people import DAY_S, HOUR_S, MODE_CODES, Population
from model.shipped.synthetic.population.plans import Trips
from model.shipped.synthetic.population.travel import Journey
from raw_qgis_plugin.core.arrays import take_rows

BEND = 0.12  # of planned trips to the side, in their lengths, standard deviation
MOST_BEND = 0.3
ON_FOOT = 4.0  # times as long take walks to and from rides as their share of the way
UNDERGROUND = 0.25  # share of the fixes that are kept there


class Timeline(NamedTuple):
    """Where one person is at any time: on a straight line from knot to knot.

    t (k,) seconds from the first Monday, x, y (k,) metres, below (k,) bool: under ground from there
    on. begin, end (j,) of journeys. place (j + 1,): where the person stays before, between and
    after them.
    """

    t: np.ndarray
    x: np.ndarray
    y: np.ndarray
    below: np.ndarray
    begin: np.ndarray
    end: np.ndarray
    place: np.ndarray


class Fixes(NamedTuple):
    """One person's fixes: t (n,) whole seconds, ascending, x, y (n,) metres; place (n,) the true
    one, -1 on the way.
    """

    t: np.ndarray
    x: np.ndarray
    y: np.ndarray
    place: np.ndarray


def simulated(
    person: int, journeys: list[Journey], population: Population, trips: Trips
) -> Timeline:
    """The timeline of a person's simulated journeys."""
    home = population.people[person].home
    nothing = np.zeros(0)
    columns = [
        np.concatenate([nothing, *(getattr(journey, name) for journey in journeys)])
        for name in ("t", "x", "y", "underground")
    ]
    t, x, y, below = columns
    begin = np.array([journey.t[0] for journey in journeys], float)
    end = np.array([journey.t[-1] for journey in journeys], float)
    place = np.array([home, *(trips.destination[journey.trip] for journey in journeys)])
    return Timeline(t, x, y, below.astype(bool), begin, end, place)


def planned(
    person: int, population: Population, trips: Trips, rng: np.random.Generator
) -> Timeline:
    """The timeline of a person's plans."""
    own = take_rows(trips, slice(*np.searchsorted(trips.person, [person, person + 1])))
    xy = planned_ways(own, population, rng)
    legs_m = np.linalg.norm(np.diff(xy, axis=1), axis=2) + 1e-6
    rides = own.board >= 0
    legs_m[:, [0, 2]] *= np.where(rides, ON_FOOT, 1.0)[:, None]
    so_far = np.cumsum(legs_m, axis=1) / legs_m.sum(axis=1, keepdims=True)
    share = np.column_stack([np.zeros(len(own)), so_far])

    begin = own.depart
    takes_s = 60 * own.minutes * np.exp(rng.normal(0, 0.12, len(own)))
    end = begin + np.maximum(takes_s, 20)
    before_next = np.append(begin[1:] - 1, np.inf)
    end = np.minimum(end, before_next)
    t = begin[:, None] + share * (end - begin)[:, None]
    x, y = xy.reshape(-1, 2).T
    place = np.append(population.people[person].home, own.destination)
    return Timeline(t.ravel(), x, y, np.zeros(t.size, bool), begin, end, place)


def planned_ways(own: Trips, population: Population, rng: np.random.Generator) -> np.ndarray:
    """(n, 4, 2) metres of a person's n trips: each has two bends, those of a ride at its stops.
    Trips between the same places bend alike, there and back.
    """
    sites = population.sites
    at = np.column_stack([sites.x, sites.y])
    a = at[own.origin]
    b = at[own.destination]
    pairs = np.sort(np.column_stack([own.origin, own.destination]), axis=1).astype(np.int64)
    number = np.unique(pairs[:, 0] << 32 | pairs[:, 1], return_inverse=True)[1]
    side = rng.normal(0, BEND, (len(own) + 1, 2)).clip(-MOST_BEND, MOST_BEND)[number]
    back = own.origin > own.destination
    side = np.where(back[:, None], -side[:, ::-1], side)
    along = b - a
    across = np.column_stack([-along[:, 1], along[:, 0]])
    thirds = np.array([1 / 3, 2 / 3])[:, None] * along[:, None]
    via = a[:, None] + thirds + side[..., None] * across[:, None]

    ends = np.column_stack([own.board, own.alight])
    rail = own.mode == MODE_CODES.index("rail")
    bus = (own.board >= 0) & ~rail
    via[rail] = population.city.metro.stations[ends[rail]]
    via[bus] = population.city.streets.middles[ends[bus]]
    return np.concatenate([a[:, None], via, b[:, None]], axis=1)


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


def logger(rng: np.random.Generator) -> Device:
    """A device that logs every second to five minutes on the way; about 40 % of the hours are
    missing over all.
    """
    cadence_s = ((1, 5), (15, 60), (120, 300))[int(rng.choice(3, p=[0.35, 0.4, 0.25]))]
    missing = float(np.clip(rng.normal(0.4, 0.12), 0.1, 0.7))
    off_h = rng.uniform(1, 8)
    return Device(
        moving_s=max(1.0, round(_log_uniform(*cadence_s, rng))),
        staying_s=1050.0,
        odd=False,
        indoors=rng.uniform(0.35, 0.95),
        nights=0.4,
        carried=1.0,
        off_h=off_h,
        on_h=off_h * (1 - missing) / missing,
        drift_m=_log_uniform(0.7, 9, rng),
        drift_s=_log_uniform(10, 200, rng),
        white_m=rng.uniform(0.3, 3),
        inside=rng.uniform(1.2, 3),
        mast=False,
    )


def phone(rng: np.random.Generator) -> Device:
    """A phone that logs every few minutes: evenly or at odd times, on the way alone, on outings of
    some days, or by the masts of its network.
    """
    habits = ["even", "odd", "moving", "outings", "cell"]
    habit = rng.choice(habits, p=[0.28, 0.2, 0.12, 0.18, 0.22])
    every_s = rng.uniform(60, 300)
    if habit not in ("moving", "outings"):
        every_s = float(rng.choice([300, 600, 900], p=[0.25, 0.25, 0.5]))
    missing = float(np.clip(rng.normal(0.2, 0.2), 0.01, 0.7))
    off_h = rng.uniform(1, 12)
    return Device(
        moving_s=every_s,
        staying_s=1e9 if habit == "moving" else every_s,
        odd=habit != "even" and bool(rng.random() < 0.7),
        indoors=1.0 if rng.random() < 0.6 else rng.uniform(0.3, 0.9),
        nights=0.04 if rng.random() < 0.35 else 1.0,
        carried=rng.uniform(0.2, 0.9) if habit == "outings" else 1.0,
        off_h=off_h,
        on_h=off_h * (1 - missing) / missing,
        drift_m=_log_uniform(2, 9, rng),
        drift_s=3600.0,
        white_m=rng.uniform(0.3, 3),
        inside=0.0 if rng.random() < 0.12 else rng.uniform(1, 4),
        mast=habit == "cell",
    )


def _log_uniform(low: float, high: float, rng: np.random.Generator) -> float:
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))


@dataclass(frozen=True)
class Moments:
    """When a device may log, (n,) each: the second, how many journeys have begun, whether the
    person is on one, and the place of the stay before or after it.
    """

    t: np.ndarray
    number: np.ndarray
    moving: np.ndarray
    stay: np.ndarray


def record(
    line: Timeline, device: Device, sites: Sites, end: float, rng: np.random.Generator
) -> Fixes:
    """One person's fixes until `end`, the second at which the last week ends; at most one a second."""
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


def logged(line: Timeline, device: Device, end: float, rng: np.random.Generator) -> Moments:
    """When a device logs until `end`, in order."""
    on_way = _ticks(device, device.moving_s, end, rng)
    staying = _ticks(device, device.staying_s, end, rng)
    t = np.concatenate([on_way, staying])
    number = np.searchsorted(line.begin, t, side="right")
    moving = (number > 0) & (t <= np.append(-1.0, line.end)[number])
    moments = Moments(t, number, moving, line.place[number])

    keep = moving == (np.arange(len(t)) < len(on_way))
    keep &= _switched_on(device, end, t, rng)
    keep &= moving | _records_stay(line, device, moments, rng)
    if device.carried < 1:
        day = (t // DAY_S).astype(int)
        carried = rng.random(day.max(initial=0) + 1) < device.carried
        away = moving | (moments.stay != line.place[0])
        keep &= carried[day] & away
    below = moving & np.append(False, line.below)[np.searchsorted(line.t, t, side="right")]
    keep &= ~below | (rng.random(len(t)) < UNDERGROUND)
    kept = np.flatnonzero(keep)
    first_of_second = np.unique(t[kept], return_index=True)[1]
    return take_rows(moments, kept[first_of_second])


def _records_stay(
    line: Timeline, device: Device, moments: Moments, rng: np.random.Generator
) -> np.ndarray:
    """(n,) bool: whether a device logs in the stay of a moment; many are silent indoors, or at
    night.
    """
    indoors = rng.random(len(line.place)) < device.indoors
    hour = moments.t % DAY_S / HOUR_S
    by_day = (hour > 7) & (hour < 23)
    at_night = rng.random(len(hour)) < device.nights
    return indoors[moments.number] & (by_day | at_night)


def places_seen(line: Timeline, fixes: Fixes, sites: Sites, near_m: float = 200.0) -> np.ndarray:
    """(j + 1,) bool: whether a fix lies near each place of a timeline, between the middles of the
    journeys to and from there.
    """
    number = np.searchsorted((line.begin + line.end) / 2, fixes.t)
    place = line.place[number]
    near = np.hypot(fixes.x - sites.x[place], fixes.y - sites.y[place]) < near_m
    return np.bincount(number[near], minlength=len(line.place)) > 0


def _ticks(device: Device, mean_s: float, end: float, rng: np.random.Generator) -> np.ndarray:
    """Whole seconds until `end` at which a device logs: evenly, by a tenth uneven, or at odd times."""
    count = int(1.2 * end / mean_s) + 20
    if device.odd:
        gaps_s = rng.gamma(1.0, mean_s, count)
    else:
        gaps_s = mean_s * rng.uniform(0.9, 1.1, count)
    may_be_even = not device.odd and (mean_s <= 5 or mean_s >= 300)
    even = may_be_even and rng.random() < 0.7
    begin = rng.random() * mean_s
    t = np.rint(begin + (mean_s * np.arange(count) if even else np.cumsum(gaps_s)))
    return t[t < end]


def _switched_on(device: Device, end: float, t: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """(n,) bool: whether the device records at times t; spells and gaps are exponential in length."""
    both_h = device.on_h + device.off_h
    count = int(2 * end / HOUR_S / both_h) + 20
    on_h = rng.exponential(device.on_h, count)
    off_h = rng.exponential(device.off_h, count)
    edges = np.cumsum(np.column_stack([on_h, off_h]) * HOUR_S)
    edges -= rng.uniform(0, both_h) * HOUR_S
    return np.searchsorted(edges, t, side="right") % 2 == 0


def _by_mast(
    x: np.ndarray, y: np.ndarray, sites: Sites, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Positions of the masts that serve places: dense where many buildings are, the same for all;
    now and then another one serves.
    """
    of_city = np.random.default_rng(len(sites))
    count = min(len(sites), max(20, len(sites) // 25))
    chosen = of_city.choice(len(sites), count, replace=False)
    masts = np.column_stack([sites.x[chosen], sites.y[chosen]])
    masts += of_city.normal(0, 120, masts.shape)
    off = rng.normal(0, 60, (len(x), 2))
    other = rng.random(len(x)) < 0.15
    served = np.column_stack([x, y]) + off * other[:, None]
    found = masts[cKDTree(masts).query(served)[1]]
    return found[:, 0].copy(), found[:, 1].copy()
