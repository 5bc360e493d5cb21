# SPDX-License-Identifier: GPL-2.0-or-later
"""When regions are visited: people by weekday and hour."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..arrays import run_starts
from ..errors import Progress, no_progress
from ..features.region_activity import visit_begins
from ..times import HOUR_MS
from ..tracks import Tracks
from .disclosure import MIN_USERS, check_min_users
from .geometry import fixes_inside

HOURS = 7 * 24


def week_of_regions(
    tracks: Tracks, polygons: Sequence[Any] | np.ndarray, min_users: int = MIN_USERS, progress: Progress = no_progress
) -> dict[str, np.ndarray]:
    """Visitors of regions by weekday and part of the day: (n_regions × 35,) each, one row a region and slice.

    Columns: region, its number from 0; weekday, 1 for Monday; hour_from and hour_to of mean solar time; n_users,
    distinct users with a fix there then; n_visits, visits (see `stays`) with a fix then; suppressed. In a slice with
    fewer than min_users users the figures are nan and suppressed is true. Raises InputError if min_users is not
    positive.
    """
    check_min_users(min_users)
    users = tracks.by_user()
    bounds = (0, 6, 10, 16, 20, 24)  # of the parts of a day, in hours of mean solar time
    n_parts = len(bounds) - 1
    hour = hour_of_week(users).astype(np.int64)
    part = hour // 24 * n_parts + np.searchsorted(bounds, hour % 24, "right") - 1
    inside = fixes_inside(users, polygons, progress)
    n_users, n_visits = np.zeros((2, len(inside), 7 * n_parts))
    for region, rows in enumerate(inside):
        n_users[region] = people_by(users.user[rows], part[rows], 7 * n_parts)
        begins = visit_begins(users, rows) | run_starts(part[rows])
        n_visits[region] = np.bincount(part[rows[begins]], minlength=7 * n_parts)
    shown = n_users.ravel() >= min_users
    return {
        "region": np.repeat(np.arange(len(inside)), 7 * n_parts),
        "weekday": np.tile(np.repeat(np.arange(1, 8), n_parts), len(inside)),
        "hour_from": np.tile(bounds[:-1], 7 * len(inside)), "hour_to": np.tile(bounds[1:], 7 * len(inside)),
        "n_users": np.where(shown, n_users.ravel(), np.nan), "n_visits": np.where(shown, n_visits.ravel(), np.nan),
        "suppressed": ~shown,
    }  # fmt: skip


def hour_of_week(tracks: Tracks) -> np.ndarray:
    """(n,) uint8: each fix's hour of the week in mean solar time; 0 is Monday 0:00."""
    thursday = 3 * 24  # 1970-01-01
    solar = tracks.t + np.round(tracks.lon / 15 * HOUR_MS).astype(np.int64)
    return ((solar // HOUR_MS + thursday) % HOURS).astype(np.uint8)


def people_by(user: np.ndarray, slot: np.ndarray, n_slots: int) -> np.ndarray:
    """(n_slots,) distinct users seen in each slot. user, slot: (m,) integers of fixes."""
    seen = np.unique(user.astype(np.int64) * n_slots + slot)
    return np.bincount(seen % n_slots, minlength=n_slots)
