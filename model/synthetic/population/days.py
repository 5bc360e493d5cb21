# SPDX-License-Identifier: GPL-2.0-or-later
"""Whole days of many people from their plans alone, a fix every few minutes; nothing is simulated."""

from __future__ import annotations

import numpy as np
from scipy.spatial import cKDTree

from model.synthetic.city.layout import City
from model.synthetic.population.people import Population
from model.synthetic.population.plans import COSTS, DAY_S, HOUR_S, Trips

Pair = tuple[np.ndarray, np.ndarray]


def render_days(
    population: Population, trips: Trips, weeks: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """The fixes of every person's phone, all weeks through, sorted by person, then by time: person (n,) int32, whole
    seconds from the first Monday (local solar time), x and y in metres.
    """
    # How people's devices log, and the share of the people: on a grid of minutes; at odd times; while they move; on
    # outings of some days, switched off at home; by the network operator's cells; by its records of use, at odd times.
    share = {"regular": 0.28, "odd": 0.2, "moving": 0.12, "outings": 0.18, "cell": 0.12, "use": 0.1}
    end = 7 * DAY_S * weeks
    positions = Positions(population, trips, end, rng)
    habit = rng.choice(list(share), len(population.people), p=list(share.values()))
    person, t = _times(habit, end, rng)
    moving = positions.moving(person, t)
    x, y = positions.at(person, t)
    homes = population.homes()[person]
    out = moving | (np.hypot(x - population.sites.x[homes], y - population.sites.y[homes]) > 30)
    keep = _logged(person, t, moving, out, habit, end, rng)
    person, t, moving, x, y = person[keep], t[keep], moving[keep], x[keep], y[keep]
    x, y = _recorded(person, x, y, moving, habit, population, rng)
    return person.astype(np.int32), t, x, y


class Positions:
    """Everybody's position at any time, as knots joined by straight lines. All people share one time axis, one after
    the other.
    """

    def __init__(self, population: Population, trips: Trips, end: float, rng: np.random.Generator) -> None:
        sites, n = population.sites, len(population.people)
        self.span = end + 2 * DAY_S  # of one person
        base = trips.person * self.span
        start = base + trips.depart
        pace = np.exp(rng.normal(0, 0.12, len(trips)))
        arrive = start + np.maximum(60 * trips.minutes * pace, 20)
        after = np.append(start[1:], np.inf)
        same = np.append(trips.person[1:] == trips.person[:-1], False)
        arrive = np.minimum(arrive, np.where(same, after - 1, base + self.span - 2))
        self.start, self.arrive = start, np.maximum(arrive, start + 1)
        a = np.column_stack([sites.x[trips.origin], sites.y[trips.origin]])
        b = np.column_stack([sites.x[trips.destination], sites.y[trips.destination]])
        share, via = _bends(trips, a, b, rng)
        rides = np.flatnonzero(trips.line >= 0)
        share[rides], via[rides] = _rides(population.city, trips, a, b, rides)
        took = (self.arrive - self.start)[:, None]
        knots = np.column_stack([self.start, self.start[:, None] + share * took, self.arrive]).ravel()
        xy = np.stack([a, via[:, 0], via[:, 1], b], axis=1).reshape(-1, 2)
        homes = population.homes()
        home = np.column_stack([sites.x[homes], sites.y[homes]])
        first = np.arange(n) * self.span
        knots = np.concatenate([knots, first, first + self.span - 1])
        last = home.copy()
        last[trips.person] = b  # of several trips the last one stays
        order = np.argsort(knots, kind="stable")
        xy = np.concatenate([xy, home, last])[order]
        self.knots, self.x, self.y = knots[order], xy[:, 0], xy[:, 1]

    def at(self, person: np.ndarray, t: np.ndarray) -> Pair:
        """Metres x, y of each person at each time."""
        on = person * self.span + t
        return np.interp(on, self.knots, self.x), np.interp(on, self.knots, self.y)

    def moving(self, person: np.ndarray, t: np.ndarray) -> np.ndarray:
        """Whether a person travels within two minutes of a time: bool."""
        on = person * self.span + t
        if not len(self.start):
            return np.zeros(len(on), bool)
        last = np.maximum(np.searchsorted(self.start, on + 120) - 1, 0)
        return (self.start[last] - 120 <= on) & (on <= self.arrive[last] + 120)


def _bends(trips: Trips, a: np.ndarray, b: np.ndarray, rng: np.random.Generator) -> Pair:
    """The two bends of each trip from a to b (n, 2): share of its time (n, 2), metres (n, 2, 2).

    Trips between the same places bend alike, there and back.
    """
    low, high = np.minimum(trips.origin, trips.destination), np.maximum(trips.origin, trips.destination)
    _, pair = np.unique(low.astype(np.int64) << 32 | high, return_inverse=True)
    count = pair.max(initial=0) + 1
    side = np.clip(rng.normal(0, 0.22, (count, 2)), -0.45, 0.45)[pair]  # distance from the straight line, of its length
    where = np.sort(rng.uniform(0.15, 0.85, (count, 2))[pair], axis=1)
    back = trips.origin > trips.destination
    where[back], side[back] = 1 - where[back][:, ::-1], -side[back][:, ::-1]
    along = (b - a)[:, None]
    across = np.stack([-along[..., 1], along[..., 0]], axis=-1)
    via = a[:, None] + where[..., None] * along + side[..., None] * across * np.minimum(where, 1 - where)[..., None] * 2
    legs = np.linalg.norm(np.diff(np.concatenate([a[:, None], via, b[:, None]], axis=1), axis=1), axis=2)
    share = np.cumsum(legs, axis=1)[:, :2] / np.maximum(legs.sum(axis=1, keepdims=True), 1e-9)
    return share, via


def _rides(city: City, trips: Trips, a: np.ndarray, b: np.ndarray, rides: np.ndarray) -> Pair:
    """The bends of the rides (r,) among the trips: the two stops, between which people ride."""
    starts = np.cumsum([0, *(len(line.x) for line in city.lines)])
    stops = np.column_stack([np.concatenate([getattr(line, c) for line in city.lines]) for c in "xy"])
    on, off = (stops[starts[trips.line[rides]] + stop[rides]] for stop in (trips.board, trips.alight))
    ends = ((a[rides], on), (off, b[rides]))
    walks = [np.linalg.norm(p - q, axis=1) / COSTS["walk"].speed_ms * 1.4 for p, q in ends]
    took = np.maximum(60 * trips.minutes[rides], walks[0] + walks[1] + 60)
    wait = np.minimum(0.1 * took, 120)  # a part of the wait is spread over the ride
    share = np.column_stack([(walks[0] + wait) / took, 1 - walks[1] / took])
    return np.sort(np.clip(share, 0.01, 0.99), axis=1), np.stack([on, off], axis=1)


def _times(habit: np.ndarray, end: float, rng: np.random.Generator) -> Pair:
    """When each person's phone could log: person (n,), whole seconds (n,), sorted by person, then by time."""
    count = len(habit)
    regular = np.isin(habit, ["regular", "cell"])
    mean = np.where(regular, rng.choice([300, 600, 900], count, p=[0.25, 0.25, 0.5]), rng.uniform(300, 900, count))
    mean = np.where(np.isin(habit, ["moving", "outings"]), rng.uniform(60, 300, count), mean)
    sizes = (end / mean * np.where(regular, 1, 1.15)).astype(int) + 20
    person = np.repeat(np.arange(count), sizes)
    starts = np.repeat(np.cumsum(sizes) - sizes, sizes)
    jitter = rng.choice([0.0, 0.0, 0.02, 0.2], count)[person]
    shape = np.where(habit == "use", 0.7, 2.5)[person]
    gap = rng.gamma(shape, 1.0) / shape
    step = np.arange(len(person)) - starts
    even = mean[person] * (step + rng.random(count)[person] + jitter * (rng.random(len(person)) - 0.5))
    total = np.cumsum(gap * mean[person])
    t = np.rint(np.where(regular[person], even, total - total[starts]))
    keep = (t >= 0) & (t < end) & np.append(True, (np.diff(t) >= 20) | (np.diff(person) > 0))
    return person[keep], t[keep]


def _logged(
    person: np.ndarray, t: np.ndarray, moving: np.ndarray, out: np.ndarray, habit: np.ndarray, end: float,
    rng: np.random.Generator,
) -> np.ndarray:  # fmt: skip
    """Which of them are logged, (n,) bool: by habit, without silent nights, silence indoors and spells switched off."""
    count, hour = len(habit), t % DAY_S / HOUR_S
    keep = moving | (habit != "moving")[person]
    carried = rng.random((count, int(end // DAY_S) + 1)) < rng.uniform(0.2, 0.9, (count, 1))
    keep &= (habit != "outings")[person] | (out & carried[person, (t // DAY_S).astype(int)])
    quiet = rng.random(count) < 0.35
    late, early = rng.normal(23, 0.8, count), rng.normal(6.5, 0.7, count)
    keep &= ~(quiet[person] & ((hour > late[person]) | (hour < early[person])) & (rng.random(len(t)) < 0.96))
    indoors = np.where(rng.random(count) < 0.35, rng.uniform(0.1, 0.6, count), 1.0)  # share of stays' fixes kept
    keep &= moving | (rng.random(len(t)) < indoors[person])
    missing = np.where(rng.random(count) < 0.3, 0.0, np.clip(rng.normal(0.3, 0.15, count), 0.02, 0.7))
    off = rng.uniform(1, 12, count) * HOUR_S
    spells = int(end / HOUR_S / 2)
    lengths = rng.exponential(1.0, (count, 2 * spells))
    lengths[:, 0::2] *= (off * (1 - missing) / np.maximum(missing, 0.01))[:, None]
    lengths[:, 1::2] *= off[:, None]
    edges = np.minimum(np.cumsum(lengths, axis=1) - rng.random(count)[:, None] * off[:, None], end)
    on = np.searchsorted((edges + 2 * end * np.arange(count)[:, None]).ravel(), person * 2 * end + t, side="right")
    return keep & (((on % (2 * spells)) % 2 == 0) | (missing == 0)[person])


def _recorded(
    person: np.ndarray, x: np.ndarray, y: np.ndarray, moving: np.ndarray, habit: np.ndarray, population: Population,
    rng: np.random.Generator,
) -> Pair:  # fmt: skip
    """Positions with satellite errors, larger indoors, or those of the mast that serves the place."""
    count, n = len(habit), len(x)
    spread = np.exp(rng.uniform(np.log(2), np.log(9), count))[person]
    spread = spread * np.where(moving, 1.0, rng.uniform(1, 4, count)[person])
    spread[rng.random(n) < 0.004] *= 15  # now and then a fix from a network far off
    exact = (rng.random(count) < 0.12)[person] & ~moving  # some phones repeat a stay's position to the digit
    at = np.column_stack([x, y])
    recorded = at + rng.standard_normal((n, 2)) * np.where(exact, 0.0, spread)[:, None]
    sites = population.sites  # masts of a mobile network, dense where many places are
    chosen = rng.choice(len(sites), min(len(sites), max(20, len(sites) // 25)), replace=False)
    masts = np.column_stack([sites.x[chosen], sites.y[chosen]]) + rng.normal(0, 120, (len(chosen), 2))
    by_mast = np.flatnonzero(np.isin(habit, ["cell", "use"])[person] & (rng.random(count) < 0.7)[person])
    far = rng.normal(0, 60, (len(by_mast), 2)) * (rng.random(len(by_mast)) < 0.15)[:, None]  # hops between masts
    recorded[by_mast] = masts[cKDTree(masts).query(at[by_mast] + far)[1]]
    return recorded[:, 0], recorded[:, 1]
