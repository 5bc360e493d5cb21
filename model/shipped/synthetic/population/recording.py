# SPDX-License-Identifier: GPL-2.0-or-later
"""What a person's device records: its times, its errors, its gaps, and few fixes indoors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy.spatial import cKDTree

from model.shipped.synthetic.city.layout import Sites
from model.shipped.synthetic.population.people import DAY_S, HOUR_S, MODE_CODES, Population, Trips
from model.shipped.synthetic.population.travel import Journey


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
    t, x, y, below = (
        np.concatenate([np.zeros(0), *(getattr(journey, name) for journey in journeys)])
        for name in ("t", "x", "y", "underground")
    )
    begin, end = np.array([(journey.t[0], journey.t[-1]) for journey in journeys]).reshape(-1, 2).T
    places = np.array([home, *(trips.destination[journey.trip] for journey in journeys)])
    return Timeline(t, x, y, below.astype(bool), begin, end, places)


def planned(
    person: int, population: Population, trips: Trips, rng: np.random.Generator
) -> Timeline:
    """The timeline of a person's plans. A trip has two bends, those of a ride at its stops; trips
    between the same places bend alike, there and back.
    """
    own = slice(*np.searchsorted(trips.person, [person, person + 1]))
    origin, destination, board = trips.origin[own], trips.destination[own], trips.board[own]
    at = np.column_stack([population.sites.x, population.sites.y])
    a, b = at[origin], at[destination]
    pairs = np.sort(np.column_stack([origin, destination]), axis=1)
    number = np.unique(pairs[:, 0].astype(np.int64) << 32 | pairs[:, 1], return_inverse=True)[1]
    side = np.clip(rng.normal(0, 0.12, (len(a) + 1, 2)), -0.3, 0.3)[number]
    side = np.where((origin > destination)[:, None], -side[:, ::-1], side)
    along = b - a
    across = np.column_stack([-along[:, 1], along[:, 0]])
    via = (
        a[:, None]
        + np.array([1 / 3, 2 / 3])[:, None] * along[:, None]
        + side[..., None] * across[:, None]
    )
    streets, rail = population.city.streets, trips.mode[own] == MODE_CODES.index("rail")
    ends = np.column_stack([board, trips.alight[own]])
    via[rail] = population.city.metro.stations[ends[rail]]
    bus = (board >= 0) & ~rail
    via[bus] = np.stack([streets.x[ends[bus]], streets.y[ends[bus]]], axis=-1)
    xy = np.concatenate([a[:, None], via, b[:, None]], axis=1)
    legs = np.linalg.norm(np.diff(xy, axis=1), axis=2) + 1e-6
    # walks to and from rides take longer than their share
    legs[:, [0, 2]] *= np.where(board >= 0, 4.0, 1.0)[:, None]
    share = np.column_stack(
        [np.zeros(len(a)), np.cumsum(legs, axis=1) / legs.sum(axis=1, keepdims=True)]
    )
    begin = trips.depart[own]
    end = begin + np.maximum(60 * trips.minutes[own] * np.exp(rng.normal(0, 0.12, len(a))), 20)
    end = np.minimum(end, np.append(begin[1:] - 1, np.inf))
    t = begin[:, None] + share * (end - begin)[:, None]
    x, y = xy.reshape(-1, 2).T
    place = np.append(population.people[person].home, destination)
    return Timeline(t.ravel(), x, y, np.zeros(t.size, bool), begin, end, place)


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
    low_s, high_s = ((1, 5), (15, 60), (120, 300))[int(rng.choice(3, p=[0.35, 0.4, 0.25]))]
    missing, off_h = float(np.clip(rng.normal(0.4, 0.12), 0.1, 0.7)), rng.uniform(1, 8)
    return Device(
        max(1.0, round(_log_uniform(low_s, high_s, rng))),
        1050.0,
        False,
        rng.uniform(0.35, 0.95),
        0.4,
        1.0,
        off_h,
        off_h * (1 - missing) / missing,
        _log_uniform(0.7, 9, rng),
        _log_uniform(10, 200, rng),
        rng.uniform(0.3, 3),
        rng.uniform(1.2, 3),
        False,
    )


def phone(rng: np.random.Generator) -> Device:
    """A phone that logs every few minutes: evenly or at odd times, on the way alone, on outings of
    some days, or by the masts of its network.
    """
    habit = rng.choice(
        ["even", "odd", "moving", "outings", "cell"], p=[0.28, 0.2, 0.12, 0.18, 0.22]
    )
    often, out = rng.uniform(60, 300), habit in ("moving", "outings")
    every = often if out else float(rng.choice([300, 600, 900], p=[0.25, 0.25, 0.5]))
    missing, off_h = float(np.clip(rng.normal(0.2, 0.2), 0.01, 0.7)), rng.uniform(1, 12)
    return Device(
        every,
        1e9 if habit == "moving" else every,
        habit != "even" and bool(rng.random() < 0.7),
        1.0 if rng.random() < 0.6 else rng.uniform(0.3, 0.9),
        0.04 if rng.random() < 0.35 else 1.0,
        rng.uniform(0.2, 0.9) if habit == "outings" else 1.0,
        off_h,
        off_h * (1 - missing) / missing,
        _log_uniform(2, 9, rng),
        3600.0,
        rng.uniform(0.3, 3),
        0.0 if rng.random() < 0.12 else rng.uniform(1, 4),
        habit == "cell",
    )


def _log_uniform(low: float, high: float, rng: np.random.Generator) -> float:
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))


def record(
    line: Timeline, device: Device, sites: Sites, end: float, rng: np.random.Generator
) -> Fixes:
    """One person's fixes until `end`, the second at which the last week ends; at most one a second."""
    ticks = [_ticks(device, mean, end, rng) for mean in (device.moving_s, device.staying_s)]
    t, way = np.concatenate(ticks), np.repeat([True, False], [len(ticks[0]), len(ticks[1])])
    number = np.searchsorted(line.begin, t, side="right")  # of journeys begun
    moving = (number > 0) & (t <= np.append(-1.0, line.end)[number])
    stay = line.place[number]
    hour, day = t % DAY_S / HOUR_S, (t // DAY_S).astype(int)
    keep = (moving == way) & _switched_on(device, end, t, rng)
    keep &= moving | (rng.random(len(line.place)) < device.indoors)[number]
    keep &= moving | ((hour > 7) & (hour < 23)) | (rng.random(len(t)) < device.nights)
    if device.carried < 1:
        carried = rng.random(day.max(initial=0) + 1) < device.carried
        keep &= carried[day] & (moving | (stay != line.place[0]))
    below = moving & np.append(False, line.below)[np.searchsorted(line.t, t, side="right")]
    keep &= ~below | (rng.random(len(t)) < 0.25)
    kept = np.flatnonzero(keep)
    kept = kept[np.unique(t[kept], return_index=True)[1]]
    t, moving, stay = t[kept], moving[kept], stay[kept]
    x, y = sites.x[stay], sites.y[stay]
    if len(line.t):
        x, y = (
            np.where(moving, np.interp(t, line.t, way), at)
            for way, at in ((line.x, x), (line.y, y))
        )
    if device.mast:
        x, y = _by_mast(x, y, sites, rng)
    else:
        knots = np.arange(0, end + 2 * device.drift_s, device.drift_s)
        for at in (x, y):
            drift = np.interp(t, knots, rng.normal(0, device.drift_m, len(knots)))
            at += (drift + rng.normal(0, device.white_m, len(t))) * np.where(
                moving, 1.0, device.inside
            )
    return Fixes(t, x, y, np.where(moving, -1, stay))


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
    gaps = rng.gamma(1.0, mean_s, count) if device.odd else mean_s * rng.uniform(0.9, 1.1, count)
    even = not device.odd and (mean_s <= 5 or mean_s >= 300) and rng.random() < 0.7
    t = np.rint(rng.random() * mean_s + (mean_s * np.arange(count) if even else np.cumsum(gaps)))
    return t[t < end]


def _switched_on(device: Device, end: float, t: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """(n,) bool: whether the device records at times t; spells and gaps are exponential in length."""
    count = int(2 * end / HOUR_S / (device.on_h + device.off_h)) + 20
    spells = (
        np.column_stack([rng.exponential(device.on_h, count), rng.exponential(device.off_h, count)])
        * HOUR_S
    )
    edges = np.cumsum(spells.ravel()) - rng.uniform(0, device.on_h + device.off_h) * HOUR_S
    return np.searchsorted(edges, t, side="right") % 2 == 0


def _by_mast(
    x: np.ndarray, y: np.ndarray, sites: Sites, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Positions of the masts that serve places: dense where many buildings are, the same for all;
    now and then another one serves.
    """
    of_city = np.random.default_rng(len(sites))
    chosen = of_city.choice(len(sites), min(len(sites), max(20, len(sites) // 25)), replace=False)
    masts = np.column_stack([sites.x[chosen], sites.y[chosen]]) + of_city.normal(
        0, 120, (len(chosen), 2)
    )
    off = rng.normal(0, 60, (len(x), 2)) * (rng.random(len(x)) < 0.15)[:, None]
    found = masts[cKDTree(masts).query(np.column_stack([x, y]) + off)[1]]
    return found[:, 0].copy(), found[:, 1].copy()
