# SPDX-License-Identifier: GPL-2.0-or-later
"""When regions are visited: people by weekday and hour."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..errors import InputError, Progress, no_progress
from ..features.region_activity import visit_begins
from ..times import HOUR_MS
from ..tracks import Tracks
from .scores import MIN_USERS, fixes_inside

HOURS = 7 * 24
EPOCH_HOUR = 3 * 24  # 1970-01-01 was a Thursday; weeks begin on Monday
PARTS = (0, 6, 10, 16, 20, 24)  # of a day, in hours of mean solar time: where slices of the week begin and end


def week_of_regions(
    tracks: Tracks, polygons: Sequence[Any] | np.ndarray, min_users: int = MIN_USERS, progress: Progress = no_progress
) -> dict[str, np.ndarray]:
    """Who is in regions when: a row a region, weekday and part of the day (PARTS), (n_regions × 35,) each.

    Columns: region, its number from 0; weekday, 1 for Monday; hour_from and hour_to of mean solar time; n_users,
    distinct users with a fix there then; n_visits, visits (see regions.stays) with a fix then; suppressed. In a slice
    with fewer than min_users users the figures are nan and suppressed is true. InputError where min_users is not
    positive.
    """
    if min_users < 1:
        raise InputError("The fewest users of a region that is shown must be at least 1.")
    users = tracks.by_user()
    parts = len(PARTS) - 1
    hour = hour_of_week(users).astype(np.int64)
    part_of_hour = np.searchsorted(PARTS, np.arange(24), "right") - 1
    part = hour // 24 * parts + part_of_hour[hour % 24]
    inside = fixes_inside(users, polygons, progress)
    n_users, n_visits = np.zeros((2, len(inside), 7 * parts))
    for region, rows in enumerate(inside):
        n_users[region] = people_by(users.user[rows], part[rows], 7 * parts)
        begins = visit_begins(users, rows) | np.append(True, np.diff(part[rows]) != 0)[: len(rows)]
        n_visits[region] = np.bincount(part[rows[begins]], minlength=7 * parts)
    shown = n_users.ravel() >= min_users
    return {
        "region": np.repeat(np.arange(len(inside)), 7 * parts),
        "weekday": np.tile(np.repeat(np.arange(1, 8), parts), len(inside)),
        "hour_from": np.tile(PARTS[:-1], 7 * len(inside)), "hour_to": np.tile(PARTS[1:], 7 * len(inside)),
        "n_users": np.where(shown, n_users.ravel(), np.nan), "n_visits": np.where(shown, n_visits.ravel(), np.nan),
        "suppressed": ~shown,
    }  # fmt: skip


def hour_of_week(tracks: Tracks) -> np.ndarray:
    """(n,) uint8: each fix's hour of the week in mean solar time; 0 is Monday 0:00."""
    solar = tracks.t + np.round(tracks.lon / 15 * HOUR_MS).astype(np.int64)
    return ((solar // HOUR_MS + EPOCH_HOUR) % HOURS).astype(np.uint8)


def people_by(user: np.ndarray, slot: np.ndarray, n_slots: int) -> np.ndarray:
    """(n_slots,) distinct users seen in each slot. user, slot: (m,) integers of fixes."""
    seen = np.unique(user.astype(np.int64) * n_slots + slot)
    return np.bincount(seen % n_slots, minlength=n_slots)
