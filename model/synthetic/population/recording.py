# SPDX-License-Identifier: GPL-2.0-or-later
"""What a person's device records: its cadence, its errors, its gaps, and few fixes indoors."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from model.synthetic.city.layout import Sites
from model.synthetic.population.plans import DAY_S, HOUR_S, Trips
from model.synthetic.population.travel import Journey

Columns = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]  # (n,) seconds, x, y, times the usual error


@dataclass(frozen=True)
class Device:
    """How one person's device behaves."""

    cadence_s: float
    drift_m: float  # spread of the slow error
    drift_s: float  # and how long it lasts
    white_m: float  # spread of the error that each fix has anew
    indoors: float  # probability that a stay leaves fixes at all
    off_h: float  # mean hours of a gap
    on_h: float

    @staticmethod
    def draw(rng: np.random.Generator) -> Device:
        """A device; about 40 % of the hours are missing over all of them."""
        low_s, high_s = ((1, 5), (15, 60), (120, 300))[int(rng.choice(3, p=[0.35, 0.4, 0.25]))]
        cadence_s = float(np.exp(rng.uniform(np.log(low_s), np.log(high_s))))
        missing, off = float(np.clip(rng.normal(0.4, 0.12), 0.1, 0.7)), float(rng.uniform(1, 8))
        return Device(
            cadence_s=max(1.0, round(cadence_s)),
            drift_m=float(np.exp(rng.uniform(np.log(0.7), np.log(9)))),
            drift_s=float(np.exp(rng.uniform(np.log(10), np.log(200)))),
            white_m=float(rng.uniform(0.3, 3)),
            indoors=float(rng.uniform(0.35, 0.95)),
            off_h=off,
            on_h=off * (1 - missing) / missing,
        )


def record(
    journeys: list[Journey], trips: Trips, home: int, sites: Sites, end: float, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """One person's fixes: t (seconds, local solar), x, y (metres), sorted by time, at most one a second.

    journeys: the person's, by time. end: seconds at which the last week ends.
    """
    device = Device.draw(rng)
    parts, clock, place = [], 0.0, home
    for journey in journeys:
        parts.append(_stay(device, sites, place, clock, journey.t[0], rng))
        parts.append(_trip(device, journey, rng))
        clock, place = journey.t[-1], int(trips.destination[journey.trip])
    parts.append(_stay(device, sites, place, clock, end, rng))
    t, x, y, rough = (np.concatenate([part[k] for part in parts]) for k in range(4))
    keep = _switched_on(device, end, t, rng) & (t < end)
    t, x, y, rough = t[keep], x[keep], y[keep], rough[keep]
    if not len(t):
        return t, x, y
    drift = _drift(device, t, rng)
    x = x + rough * (drift[:, 0] + rng.normal(0, device.white_m, len(t)))
    y = y + rough * (drift[:, 1] + rng.normal(0, device.white_m, len(t)))
    t, first = np.unique(np.rint(t), return_index=True)
    return t, x[first], y[first]


def _trip(device: Device, journey: Journey, rng: np.random.Generator) -> Columns:
    """Fixes at the device's cadence; most are lost under ground, and now and then some in a row elsewhere."""
    count = int(len(journey.t) / device.cadence_s) + 2
    gaps = device.cadence_s * (np.ones(count) if device.cadence_s <= 5 else rng.uniform(0.9, 1.1, count))
    at = np.cumsum(gaps) - gaps[0] * rng.random()
    at = at[at < len(journey.t) - 1].astype(int)
    keep = ~journey.underground[at] | (rng.random(len(at)) < 0.25)
    if rng.random() < 0.25 and len(at):
        lost = rng.uniform(0, len(journey.t)) + np.array([0.0, rng.exponential(150)])
        keep &= (at < lost[0]) | (at > lost[1])
    at = at[keep]
    return journey.t[at], journey.x[at], journey.y[at], np.ones(len(at))


def _stay(device: Device, sites: Sites, place: int, start: float, end: float, rng: np.random.Generator) -> Columns:
    """A few scattered fixes every 5 to 30 minutes, or none."""
    seconds, none = end - start, np.empty(0)
    if seconds < 300 or rng.random() > device.indoors:
        return none, none, none, none
    gaps = rng.uniform(300, 1800, int(seconds / 300) + 1)
    t = start + np.cumsum(gaps)
    t = t[t < end - 30]
    hour = t % DAY_S / HOUR_S
    t = t[(rng.random(len(t)) < 0.4) | ((hour > 7) & (hour < 23))]
    return t, np.full(len(t), sites.x[place]), np.full(len(t), sites.y[place]), np.full(len(t), rng.uniform(1.2, 3))


def _switched_on(device: Device, end: float, t: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """(n,) bool: whether the device records at times t; spells and gaps are exponential in length."""
    count = int(2 * end / HOUR_S / (device.on_h + device.off_h)) + 20
    spells = np.column_stack([rng.exponential(device.on_h, count), rng.exponential(device.off_h, count)]) * HOUR_S
    edges = np.cumsum(spells.ravel()) - rng.uniform(0, device.on_h + device.off_h) * HOUR_S
    return np.searchsorted(edges, t, side="right") % 2 == 0


def _drift(device: Device, t: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """(n, 2) metres: an Ornstein-Uhlenbeck walk at times t."""
    keep = np.exp(-np.diff(t, prepend=t[0]) / device.drift_s)
    fresh = rng.normal(0, device.drift_m, (len(t), 2)) * np.sqrt(1 - keep**2)[:, None]
    fresh[0] = rng.normal(0, device.drift_m, 2)
    out = np.empty((len(t), 2))
    east = north = 0.0
    for i, (k, (e, n)) in enumerate(zip(keep.tolist(), fresh.tolist(), strict=True)):
        east, north = k * east + e, k * north + n
        out[i] = east, north
    return out
