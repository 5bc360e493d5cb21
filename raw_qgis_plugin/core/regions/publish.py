# SPDX-License-Identifier: GPL-2.0-or-later
"""Figures as they may leave the desk: counts with fixed noise, shares made of noisy counts, medians rounded.

Fields are published by an allow-list. All others are left out: what one person can change without a bound (fixes), what
rests on the people as a whole (heads), intervals, and any field that an earlier run may have left.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..errors import InputError
from ..specs import MIN_USERS
from .noise import deviation, noise

NOISE_KEY, CAPPED = "noise_key", "capped_"  # a field capped_X has the sum X, in which nobody counts more than CAP times
CAP = 5
EPSILONS = (0.25, 0.5, 1.0, 2.0)  # few, since each run with another one tells more
PEOPLE = ("n_users", "residents", "workers", "n_labelled")  # in each of which a person counts once
SUMS = ("n_visits", "n_trips", "trips_walk", "trips_bike", "trips_motor", "trips_rail")  # of capped fields
SHARES = ("share_commuters", "share_walk", "share_bike", "share_motor", "share_rail")  # of n_labelled
MEDIANS = ("dwell_min", "minutes", "metres")
NAMES = ("name", "from_zone", "to_zone", "slice", "region", "weekday", "hour_from", "hour_to")
ALLOWED = (*NAMES, *PEOPLE, *SUMS, *SHARES, *MEDIANS)


def publish_figures(
    columns: Mapping[str, Any], secret: bytes, epsilon: float = 1.0, min_users: int = MIN_USERS
) -> dict[str, np.ndarray]:
    """The figures of regions or flows as they may leave the desk, (n,) float64 each; nan where there is none.

    columns: figures by field, (n,) each, None or nan where withheld, with noise_key. secret: of the profile. epsilon:
    of each figure, one of EPSILONS. A row is suppressed where its noisy n_users is under `publish_threshold`; a noisy
    figure under min_users is nan. Also suppressed, and for all rows epsilon and within_95: what the noise of n_users
    stays within in 95 % of cases.
    """
    if epsilon not in EPSILONS:
        raise InputError(f"Epsilon must be one of {', '.join(f'{each:g}' for each in EPSILONS)}.")
    if NOISE_KEY not in columns or "n_users" not in columns:
        raise InputError("The layer has no fields noise_key and n_users: score the regions again, and publish that.")
    keys = np.asarray(columns[NOISE_KEY], object)
    figures = {name: np.array([np.nan if x is None else x for x in columns[name]], np.float64)
               for name in columns if name.removeprefix(CAPPED) in ALLOWED and name not in NAMES}  # fmt: skip
    rows = np.flatnonzero([bool(key) for key in keys] & ~np.isnan(figures["n_users"]))

    def noisy(name: str, total: np.ndarray, bound: int = 1) -> np.ndarray:
        drawn = np.full(len(keys), np.nan)
        drawn[rows] = [noise(secret, str(keys[row]), name, epsilon, bound) for row in rows]
        return np.floor(total + 0.5) + drawn

    found = {name: noisy(name, figures[name]) for name in PEOPLE if name in figures}
    found |= {name: noisy(name, figures[CAPPED + name], CAP) for name in SUMS if CAPPED + name in figures}
    shown = found["n_users"] >= publish_threshold(epsilon, min_users)
    found = {name: np.where(shown & (values >= min_users), values, np.nan) for name, values in found.items()}
    for name in (name for name in SHARES if name in figures):
        count = noisy(name, figures[name] * figures["n_labelled"])
        found[name] = np.round(np.clip(count / found["n_labelled"], 0, 1), 2)
    for name in (name for name in MEDIANS if name in figures):
        found[name] = np.where(shown, _coarse(figures[name]), np.nan)
    known = {"epsilon": epsilon, "within_95": float(deviation(epsilon))}
    return {**found, "suppressed": ~shown, **{name: np.full(len(keys), value) for name, value in known.items()}}


def publish_threshold(epsilon: float, min_users: int = MIN_USERS) -> int:
    """The least noisy number of users that is published.

    It is so far above min_users that a region of just so many, which with one person less has no figures on the desk
    either, is published in one of a hundred cases at most. Else it would tell of this person that there are figures.
    """
    return min_users + deviation(epsilon, share=0.98) + 1


def _coarse(values: np.ndarray) -> np.ndarray:
    """Values rounded to steps of 5, of 50 from 100 on, of 500 from 1000 on, and so on."""
    with np.errstate(divide="ignore", invalid="ignore"):
        step = 5 * 10.0 ** np.maximum(np.floor(np.log10(values)) - 1, 0)
    return np.round(values / step) * step
