# SPDX-License-Identifier: GPL-2.0-or-later
"""Figures as they may leave the desk: counts with fixed noise, shares made of noisy counts, medians
chosen with noise.

Fields are published by an allow-list. All others are left out: what one person can change without a
bound (fixes), what rests on the people as a whole (heads), intervals, and any field that an earlier
run may have left.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..errors import InputError
from ..specs import MIN_USERS
from .noise import OTHERS, PERSONS, deviation, noise

NOISE_KEY = "noise_key"
# a field capped_X has the sum X, in which nobody counts more than CAP times
CAPPED, CAP = "capped_", 5
# a field noisy_X has the median X of `noisy_medians`, published of so many users
NOISY, MEDIAN_OF = "noisy_", 30
EPSILONS = (0.25, 0.5, 1.0, 2.0)  # few, since each run with another one tells more
PEOPLE = ("n_users", "residents", "workers")  # in each of which a person counts once
# of capped fields
SUMS = ("n_visits", "n_trips", "trips_walk", "trips_bike", "trips_motor", "trips_rail")
# of n_labelled
SHARES = ("share_commuters", "share_walk", "share_bike", "share_motor", "share_rail")
MEDIANS = ("dwell_min", "minutes", "metres")
NAMES = ("name", "zone", "from_zone", "to_zone", "slice")


def publish_figures(
    columns: Mapping[str, Any], secret: bytes, epsilon: float = 1.0, min_users: int = MIN_USERS
) -> dict[str, np.ndarray]:
    """The figures of regions or flows as they may leave the desk, (n,) float64 each; nan where
    there is none.

    columns: figures by field, (n,) each, None or nan where withheld, with noise_key. secret: of the
    profile. epsilon: of each row, one of EPSILONS; under 1 there are no medians. Figures under
    their `publish_threshold` are nan, and a row of fewer n_users is suppressed. Also, for all rows,
    epsilon and within_95: what the noise of n_users stays within in 95 % of cases.
    """
    if epsilon not in EPSILONS:
        raise InputError(
            "Epsilon must be one of {known}.", known=", ".join(f"{each:g}" for each in EPSILONS)
        )
    if NOISE_KEY not in columns or "n_users" not in columns:
        raise InputError(
            "The layer has no fields noise_key and n_users: score the regions again, and publish that."
        )
    keys = np.asarray(columns[NOISE_KEY], object)

    def read(name: str) -> np.ndarray:
        try:  # a table that was saved as CSV has texts, empty where withheld
            return np.array([np.nan if x in (None, "") else x for x in columns[name]], np.float64)
        except (TypeError, ValueError) as error:
            raise InputError(
                "The field {name} does not hold numbers: score or add up again.", name=name
            ) from error

    def noisy(name: str, total: np.ndarray, spread: float, least: float) -> np.ndarray:
        drawn = [noise(secret, str(key), name, epsilon, spread) if key else np.nan for key in keys]
        counts = np.floor(total + np.array(drawn, float) + 0.5)
        return np.where(counts >= least, counts, np.nan)

    threshold = publish_threshold(epsilon, min_users)
    found = {
        name: noisy(name, read(name), PERSONS, threshold) for name in PEOPLE if name in columns
    }
    found |= {
        name: noisy(name, read(CAPPED + name), CAP * OTHERS, min_users)
        for name in SUMS
        if CAPPED + name in columns
    }
    if "n_labelled" in columns:
        n_labelled = read("n_labelled")
        people = noisy(
            "n_labelled", n_labelled, OTHERS, publish_threshold(epsilon, min_users, OTHERS)
        )
        for name in (name for name in SHARES if name in columns):
            share = noisy(name, read(name) * n_labelled, OTHERS, -np.inf) / people
            found[name] = np.round(np.clip(share, 0, 1), 2)
    if epsilon >= 1:
        many = found["n_users"] >= MEDIAN_OF
        found |= {
            name: np.where(many, read(NOISY + name), np.nan)
            for name in MEDIANS
            if NOISY + name in columns
        }
    shown = ~np.isnan(found["n_users"])
    found = {name: np.where(shown, values, np.nan) for name, values in found.items()}
    known = {"epsilon": epsilon, "within_95": float(deviation(epsilon))}
    return {
        **found,
        "suppressed": ~shown,
        **{name: np.full(len(keys), value) for name, value in known.items()},
    }


def publish_threshold(epsilon: float, min_users: int = MIN_USERS, spread: float = PERSONS) -> int:
    """The least noisy figure that is published.

    It is so far above min_users that a figure of just so many persons, which with one less is not
    on the desk either, is published in one of a hundred cases at most. Else it would tell of this
    person that there is a figure.
    """
    return min_users + deviation(epsilon, spread, 0.98) + 1
