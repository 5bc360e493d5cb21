# SPDX-License-Identifier: GPL-2.0-or-later
"""When regions are visited: people by weekday and hour."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..arrays import flattened, run_starts, sparse_counts
from ..errors import Progress, no_progress
from ..features.region_activity import visit_begins
from ..persons import by_person
from ..times import HOUR_MS, find_zone, wall_clock
from ..tracks import Tracks
from .disclosure import MIN_USERS, check_min_users, publish_slices
from .geometry import fixes_inside
from .noise import SETTINGS as NOISE
from .noise import check_epsilon, noisy_totals
from .scores import publish_regions

HOURS = 7 * 24


def week_of_regions(
    tracks: Tracks, polygons: Sequence[Any] | np.ndarray, min_users: int = MIN_USERS, progress: Progress = no_progress,
    shown: np.ndarray | None = None, epsilon: float = 0.0,
) -> dict[str, np.ndarray]:  # fmt: skip
    """Visitors of regions by weekday and part of the day: (n_regions × 35,) each, one row a region and slice.

    Columns: region, its number from 0; weekday, 1 for Monday; hour_from and hour_to of mean solar time; n_users,
    distinct users with a fix there then; n_visits, visits (see `stays`) with a fix then; suppressed. The figures are
    nan and suppressed is true in a slice with fewer than min_users users or one who makes up most, in slices that would
    tell of these beside the region's totals or the same slice of other regions (`publish_slices`), and in regions of
    which `score_regions` withholds figures from fixes. shown: (n_regions,) bool, those where it shows them, if known.
    Raises InputError if min_users is not positive. With an epsilon there is only n_users, with noise (`noisy_totals`),
    and ids are one person by their names alone.
    """
    check_min_users(min_users)
    check_epsilon(epsilon)
    users = by_person(tracks, by_fixes=not epsilon)
    bounds = (0, 6, 10, 16, 20, 24)  # of the parts of a day, in hours of mean solar time
    n_parts = len(bounds) - 1
    hour = hour_of_week(users).astype(np.int64)
    part = hour // 24 * n_parts + np.searchsorted(bounds, hour % 24, "right") - 1
    inside = fixes_inside(users, polygons, progress)
    n_slices = 7 * n_parts
    n_users, n_visits = np.zeros((2, len(inside), n_slices))
    slices = np.zeros((len(inside), n_slices), bool)
    if epsilon:
        region, rows = flattened(inside)
        seen = sparse_counts(region * n_slices + part[rows], users.user[rows], (n_users.size, users.n_users))
        n_users[:] = noisy_totals(seen, NOISE.slices, 1, epsilon).reshape(n_users.shape)
        n_visits[:], slices[:] = np.nan, n_users >= min_users
        shown = np.zeros(0, bool)
    elif shown is None:
        shown = publish_regions(users, polygons, inside, min_users).from_fixes
    which = np.flatnonzero(shown)
    some = [inside[region] for region in which]
    region, rows = flattened(some)
    number = region * n_slices + part[rows]
    begins = visit_begins(users, rows) | run_starts(number)
    times = sparse_counts(number[begins], users.user[rows[begins]], (len(which) * n_slices, users.n_users))
    if len(which):
        n_users[which] = np.diff(times.indptr).reshape(-1, n_slices)
        n_visits[which] = np.asarray(times.sum(axis=1)).reshape(-1, n_slices)
        slices[which] = publish_slices(users.user, some, part, times, n_slices, min_users, sums=True)
    return {
        "region": np.repeat(np.arange(len(inside)), 7 * n_parts),
        "weekday": np.tile(np.repeat(np.arange(1, 8), n_parts), len(inside)),
        "hour_from": np.tile(bounds[:-1], 7 * len(inside)), "hour_to": np.tile(bounds[1:], 7 * len(inside)),
        "n_users": np.where(slices, n_users, np.nan).ravel(), "n_visits": np.where(slices, n_visits, np.nan).ravel(),
        "suppressed": ~slices.ravel(),
    }  # fmt: skip


def hour_of_week(tracks: Tracks, zone: str = "") -> np.ndarray:
    """(n,) uint8: each fix's hour of the week; 0 is Monday 0:00. zone: an IANA name, '' for mean solar time."""
    thursday = 3 * 24  # 1970-01-01
    solar = tracks.t + np.round(tracks.lon / 15 * HOUR_MS).astype(np.int64)
    local = wall_clock(tracks.t, find_zone(zone)) if zone else solar
    return ((local // HOUR_MS + thursday) % HOURS).astype(np.uint8)
