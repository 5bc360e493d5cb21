# SPDX-License-Identifier: GPL-2.0-or-later
"""The law of jump lengths, by which a city decides how far its people look for places."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize_scalar

from model.synthetic.population.people import Population
from model.synthetic.population.plans import Trips


@dataclass(frozen=True)
class JumpLaw:
    """p(r) ∝ (r + offset)^-exponent exp(-r / cut), of phones whose place was asked every two hours (González, Hidalgo,
    Barabási 2008, Nature 453, doi:10.1038/nature06958).
    """

    exponent: float = 1.75
    offset_km: float = 1.5
    cut_km: float = 80.0
    low_km: float = 0.5  # lengths fitted, from and to
    high_km: float = 100.0


JUMP_LAW = JumpLaw()


def jumps_km(trips: Trips, population: Population) -> np.ndarray:
    """Kilometres as the crow flies from origin to destination, (n,), of people's own trips."""
    sites = population.sites
    own = ~np.isin(trips.person, np.unique(trips.person[trips.purpose == "round"]))  # not of couriers and taxi drivers
    a, b = trips.origin[own], trips.destination[own]
    return np.hypot(sites.x[a] - sites.x[b], sites.y[a] - sites.y[b]) / 1000


def fit_jumps(km: np.ndarray, law: JumpLaw = JUMP_LAW) -> float:
    """The exponent of the law by maximum likelihood; nan for fewer than 20 lengths in its range."""
    r = km[(km >= law.low_km) & (km <= law.high_km)]
    if len(r) < 20:
        return float("nan")
    grid = np.exp(np.linspace(np.log(law.low_km), np.log(law.high_km), 2000))
    mean_log, cut = np.log(r + law.offset_km).mean(), np.exp(-grid / law.cut_km)

    def cost(exponent: float) -> float:
        total = np.trapezoid((grid + law.offset_km) ** -exponent * cut, grid)
        return float(exponent * mean_log + np.log(total))

    return float(minimize_scalar(cost, bounds=(0.0, 5.0), method="bounded").x)
