# SPDX-License-Identifier: GPL-2.0-or-later
"""Whole days of many people from their plans alone, a fix every few minutes: cheap, as nothing is simulated."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from model.synthetic.city.layout import City
from model.synthetic.population.people import Population
from model.synthetic.population.plans import DAY, HOUR, SPEED, Trips

# How people's devices log, and the share of the people: on a grid of minutes; at odd times; while they move; on outings
# of some days, switched off at home; by the network operator's cells; by the operator's records of use, at odd times.
HABITS = {"regular": 0.28, "odd": 0.2, "moving": 0.12, "outings": 0.18, "cell": 0.12, "use": 0.1}
AT_HOME_M = 30.0
BEND = 0.22  # how far ways leave the straight line, of its length


@dataclass(frozen=True)
class Fixes:
    """Fixes by person, then by time."""

    person: np.ndarray  # (n,) int32
    t: np.ndarray  # (n,) seconds from the first Monday, local solar time, whole
    x: np.ndarray  # (n,) metres
    y: np.ndarray


def render_days(city: City, population: Population, trips: Trips, weeks: int, rng: np.random.Generator) -> Fixes:
    """Where every person's phone says they were, all weeks through."""
    count, end = len(population.people), 7 * DAY * weeks
    path = Path(city, population, trips, end, rng)
    habit = rng.choice(list(HABITS), count, p=list(HABITS.values()))
    person, t = _times(habit, end, rng)
    moving = path.moving(person, t)
    x, y = path.at(person, t)
    homes = np.array([p.home for p in population.people])[person]
    out = moving | (np.hypot(x - population.sites.x[homes], y - population.sites.y[homes]) > AT_HOME_M)
    keep = _logged(person, t, moving, out, habit, end, rng)
    person, t, moving, x, y = person[keep], t[keep], moving[keep], x[keep], y[keep]
    x, y = _seen(person, t, x, y, moving, habit, population, rng)
    return Fixes(person.astype(np.int32), t, x, y)


class Path:
    """Everybody's position at any time, as knots joined by straight lines."""

    def __init__(self, city: City, population: Population, trips: Trips, end: float, rng: np.random.Generator) -> None:
        sites, n = population.sites, len(population.people)
        self.span = end + 2 * DAY  # of the one time axis that all people share, one after the other
        base = trips.person * self.span
        start = base + trips.depart
        pace = np.exp(rng.normal(0, 0.12, len(trips)))
        arrive = start + np.maximum(60 * trips.minutes * pace, 20)
        after = np.append(start[1:], np.inf)
        same = np.append(trips.person[1:] == trips.person[:-1], False)
        arrive = np.minimum(arrive, np.where(same, after - 1, base + self.span - 2))
        self.start, self.arrive = start, np.maximum(arrive, start + 1)
        a = np.column_stack([sites.x[trips.origin], sites.y[trips.origin]])
        b = np.column_stack([sites.x[trips.goal], sites.y[trips.goal]])
        share, via = _bends(trips, a, b, population, rng)
        rides = np.flatnonzero(trips.line >= 0)
        share[rides], via[rides] = _rides(city, trips, a, b, rides)
        took = (self.arrive - self.start)[:, None]
        knots = np.column_stack([self.start, self.start[:, None] + share * took, self.arrive]).ravel()
        xy = np.stack([a, via[:, 0], via[:, 1], b], axis=1).reshape(-1, 2)
        homes = np.array([p.home for p in population.people])
        home = np.column_stack([sites.x[homes], sites.y[homes]])
        first = np.arange(n) * self.span
        knots = np.concatenate([knots, first, first + self.span - 1])
        last = home.copy()
        last[trips.person] = b  # of several trips the last one stays
        order = np.argsort(knots, kind="stable")
        xy = np.concatenate([xy, home, last])[order]
        self.knots, self.x, self.y = knots[order], xy[:, 0], xy[:, 1]

    def at(self, person: np.ndarray, t: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Metres x, y of each person at each time."""
        on = person * self.span + t
        return np.interp(on, self.knots, self.x), np.interp(on, self.knots, self.y)

    def moving(self, person: np.ndarray, t: np.ndarray) -> np.ndarray:
        """Whether a person is on the way, or was or will be within two minutes: bool."""
        on = person * self.span + t
        if not len(self.start):
            return np.zeros(len(on), bool)
        last = np.maximum(np.searchsorted(self.start, on + 120) - 1, 0)
        return (self.start[last] - 120 <= on) & (on <= self.arrive[last] + 120)


def _bends(
    trips: Trips, a: np.ndarray, b: np.ndarray, population: Population, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Where each way bends: share of its time (n, 2), metres (n, 2, 2). The same way bends alike each time."""
    low, high = np.minimum(trips.origin, trips.goal), np.maximum(trips.origin, trips.goal)
    places = len(population.sites)
    _, way = np.unique(low.astype(np.int64) * places + high, return_inverse=True)
    side = np.clip(rng.normal(0, BEND, (way.max(initial=0) + 1, 2)), -0.45, 0.45)[way]
    where = rng.uniform(0.15, 0.85, (way.max(initial=0) + 1, 2))[way]
    turned = trips.origin > trips.goal
    where = np.sort(where, axis=1)
    where[turned], side[turned] = 1 - where[turned][:, ::-1], -side[turned][:, ::-1]
    along = (b - a)[:, None]
    across = np.stack([-along[..., 1], along[..., 0]], axis=-1)
    via = a[:, None] + where[..., None] * along + side[..., None] * across * np.minimum(where, 1 - where)[..., None] * 2
    legs = np.linalg.norm(np.diff(np.concatenate([a[:, None], via, b[:, None]], axis=1), axis=1), axis=2)
    share = np.cumsum(legs, axis=1)[:, :2] / np.maximum(legs.sum(axis=1, keepdims=True), 1e-9)
    return share, via


def _rides(city: City, trips: Trips, a: np.ndarray, b: np.ndarray, rides: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Likewise for rides: they bend at the stops, between which they ride."""
    starts = np.cumsum([0, *(len(line.x) for line in city.lines)])
    stops = np.column_stack([np.concatenate([getattr(line, c) for line in city.lines]) for c in "xy"])
    on, off = (stops[starts[trips.line[rides]] + stop[rides]] for stop in (trips.board, trips.alight))
    walks = [np.linalg.norm(p - q, axis=1) / SPEED["walk"] * 1.4 for p, q in ((a[rides], on), (off, b[rides]))]
    took = np.maximum(60 * trips.minutes[rides], walks[0] + walks[1] + 60)
    wait = np.minimum(0.1 * took, 120)  # a part of the wait is smeared over the ride
    share = np.column_stack([(walks[0] + wait) / took, 1 - walks[1] / took])
    return np.sort(np.clip(share, 0.01, 0.99), axis=1), np.stack([on, off], axis=1)


def _times(habit: np.ndarray, end: float, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """When each person's phone could log: person (n,), whole seconds (n,), by person, then by time."""
    count = len(habit)
    regular = np.isin(habit, ["regular", "cell"])
    mean = np.where(regular, rng.choice([300, 600, 900], count, p=[0.25, 0.25, 0.5]), rng.uniform(300, 900, count))
    mean = np.where(np.isin(habit, ["moving", "outings"]), rng.uniform(60, 300, count), mean)
    sizes = (end / mean * np.where(regular, 1, 1.15)).astype(int) + 20
    person = np.repeat(np.arange(count), sizes)
    jitter = rng.choice([0.0, 0.0, 0.02, 0.2], count)[person]
    gap = rng.gamma(np.where(habit == "use", 0.7, 2.5)[person], 1.0) / np.where(habit == "use", 0.7, 2.5)[person]
    step = np.arange(len(person)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    even = mean[person] * (step + rng.random(count)[person] + jitter * (rng.random(len(person)) - 0.5))
    total = np.cumsum(gap * mean[person])
    odd = total - np.repeat(total[np.cumsum(sizes) - sizes], sizes)
    t = np.rint(np.where(regular[person], even, odd))
    keep = (t >= 0) & (t < end) & np.append(True, (np.diff(t) >= 20) | (np.diff(person) > 0))
    return person[keep], t[keep]


def _logged(
    person: np.ndarray, t: np.ndarray, moving: np.ndarray, out: np.ndarray, habit: np.ndarray, end: float,
    rng: np.random.Generator,
) -> np.ndarray:  # fmt: skip
    """Which of them are logged: by habit, with silent nights, silence indoors and spells switched off."""
    count, hour = len(habit), t % DAY / HOUR
    keep = moving | (habit != "moving")[person]
    carried = rng.random((count, int(end // DAY) + 1)) < rng.uniform(0.2, 0.9, (count, 1))
    keep &= (habit != "outings")[person] | (out & carried[person, (t // DAY).astype(int)])
    quiet = rng.random(count) < 0.35
    late, early = rng.normal(23, 0.8, count), rng.normal(6.5, 0.7, count)
    keep &= ~(quiet[person] & ((hour > late[person]) | (hour < early[person])) & (rng.random(len(t)) < 0.96))
    indoors = np.where(rng.random(count) < 0.35, rng.uniform(0.1, 0.6, count), 1.0)  # share of stays' fixes kept
    keep &= moving | (rng.random(len(t)) < indoors[person])
    missing = np.where(rng.random(count) < 0.3, 0.0, np.clip(rng.normal(0.3, 0.15, count), 0.02, 0.7))
    off = rng.uniform(1, 12, count) * HOUR
    spells = int(end / HOUR / 2)
    lengths = rng.exponential(1.0, (count, 2 * spells))
    lengths[:, 0::2] *= (off * (1 - missing) / np.maximum(missing, 0.01))[:, None]
    lengths[:, 1::2] *= off[:, None]
    edges = np.minimum(np.cumsum(lengths, axis=1) - rng.random(count)[:, None] * off[:, None], end)
    on = np.searchsorted((edges + 2 * end * np.arange(count)[:, None]).ravel(), person * 2 * end + t, side="right")
    return keep & (((on % (2 * spells)) % 2 == 0) | (missing == 0)[person])


def _seen(
    person: np.ndarray, t: np.ndarray, x: np.ndarray, y: np.ndarray, moving: np.ndarray, habit: np.ndarray,
    population: Population, rng: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    """Positions as recorded: satellite errors, larger indoors, or the mast that serves the place."""
    count, n = len(habit), len(t)
    spread = np.exp(rng.uniform(np.log(2), np.log(9), count))[person] * np.where(
        moving, 1.0, rng.uniform(1, 4, count)[person]
    )
    spread[rng.random(n) < 0.004] *= 15  # now and then a fix from a network far off
    exact = (rng.random(count) < 0.12)[person] & ~moving  # some phones repeat a stay's position to the digit
    spread = np.where(exact, 0.0, spread)
    # A stay's own bias lasts, so that its fixes scatter around one spot: drawn by hour of stay.
    seen = np.stack([x, y], axis=1) + rng.standard_normal((n, 2)) * spread[:, None]
    masts = _masts(population, rng)
    by_mast = np.flatnonzero(np.isin(habit, ["cell", "use"])[person] & (rng.random(count) < 0.7)[person])
    far = rng.normal(0, 60, (len(by_mast), 2)) * (rng.random(len(by_mast)) < 0.15)[:, None]  # hops between masts
    seen[by_mast] = masts[cKDTree(masts).query(np.column_stack([x, y])[by_mast] + far)[1]]
    return seen[:, 0], seen[:, 1]


def _masts(population: Population, rng: np.random.Generator) -> np.ndarray:
    """(m, 2) metres: masts of a mobile network, dense where many places are."""
    sites = population.sites
    chosen = rng.choice(len(sites), min(len(sites), max(20, len(sites) // 25)), replace=False)
    return np.column_stack([sites.x[chosen], sites.y[chosen]]) + rng.normal(0, 120, (len(chosen), 2))
