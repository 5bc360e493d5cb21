# SPDX-License-Identifier: GPL-2.0-or-later
"""The figures of one drawn region at once: all that does not depend on the region is computed once
per layer.

Among them when people are there, by the hour of the week: from where they stay, also while their
phones are silent.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from ..arrays import Array, Columns, expand_ranges, run_starts, sparse_counts
from ..disclosure.thresholds import is_few, withheld
from ..embedding.applicability import any_of, format_reasons, unit_stats
from ..embedding.profiles import head_columns, head_inputs
from ..errors import Progress, no_progress, require
from ..features.region_activity import FixActivity, fix_activity
from ..specs import MIN_USERS
from ..times import HOUR_MS, solar_ms
from ..tracks import Tracks
from .geometry import FixIndex, area_km2, usable_polygons
from .heads import count_users, head_answers
from .people import people_figures
from .scores import count_figures

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

    from ..bundle.runtime import Model
    from ..mobility.people import PeopleLabels

HOURS = 7 * 24
MAX_SILENCE_H = 12  # a longer one between two fixes in a region is not taken for a stay
TOO_FEW = -1  # instead of people in an hour
NO_DATA = -2


@dataclass(frozen=True)
class VisitorIndex:
    """The users of a layer with all that does not depend on a region. Made by `prepare`."""

    users: Tracks  # one track a user
    embeddings: Array  # (n_users, E) float32, nan for a user without one
    answers: dict[str, Columns]  # head of users -> its columns, (n_users,) each
    stats: Columns  # of unit_stats
    hour: Array  # (n,) of each fix: of `solar_hours`
    activity: FixActivity
    index: FixIndex
    anywhere: csr_matrix  # of `presence`: who was recorded in which hour of the week
    labels: PeopleLabels | None = None  # of the users, in their order


@dataclass(frozen=True, eq=False)
class RegionView:
    """What may be shown of a region: of a suppressed one the area alone."""

    area_km2: float
    suppressed: bool  # too few people: nothing is shown
    # the columns of `score_regions`; None or nan: withheld
    figures: dict[str, Any] = field(default_factory=dict)
    week: Array | None = None  # (7, 24) of people_by_hour
    why: str = ""  # why heads may not answer (in_domain is False)


def prepare(
    users: Tracks,
    embeddings: Array,
    model: Model,
    progress: Progress = no_progress,
    labels: PeopleLabels | None = None,
) -> VisitorIndex:
    """Compute all that does not depend on a region. users: one track a user (`by_user`)."""
    require("scipy", "shapely", "pyproj")
    hour = solar_hours(users)
    activity = fix_activity(users)
    index = FixIndex(users.lon, users.lat)
    progress(0.6)

    stats = unit_stats(users)
    inputs = head_inputs(embeddings, users, "user")
    answers = {}
    for head in model.bundle.heads("user"):
        answers[head["name"]] = head_columns(head, model, inputs, stats)
    anywhere = presence(users, np.arange(len(users)), hour)
    progress(1.0)
    return VisitorIndex(users, embeddings, answers, stats, hour, activity, index, anywhere, labels)


def summarise_region(
    index: VisitorIndex, model: Model, polygon: Any, min_users: int = MIN_USERS
) -> RegionView:
    """The figures of a polygon or multipolygon in lon/lat. Other geometries are an InputError."""
    region = usable_polygons([polygon])
    area = float(area_km2(region)[0])
    users = index.users
    inside = [index.index.inside(region[0])]
    columns = count_figures(users, inside, min_users)
    if np.isnan(columns["n_users"][0]):
        return RegionView(area, True)
    visits = count_users(users, inside)
    if index.labels is not None:
        columns |= people_figures(index.labels, visits, region, min_users)

    heads = model.bundle.heads("region")
    columns["in_domain"] = np.ones(1, bool)
    doubts: Columns = {}
    if heads and np.isnan(columns["n_points"][0]):  # heads rest on fixes
        columns["in_domain"][0] = False
    elif heads:
        known = users, region, inside, index.embeddings, index.stats, index.activity
        found, doubts = head_answers(heads, model, *known)
        columns |= found
        columns["in_domain"] = ~any_of(doubts, 1)

    figures = {name: values[0] for name, values in columns.items()}
    there = presence(users, inside[0], index.hour)
    week = people_by_hour(there, index.anywhere, min_users).reshape(7, 24)
    return RegionView(area, False, figures, week, format_reasons(doubts))


def presence(users: Tracks, inside: Array, hour: Array) -> csr_matrix:
    """Sparse (HOURS, n_users), above 0: who is in a region in which hour of the week.

    Somebody is there in all hours from one fix to the next, if both lie inside and at most
    MAX_SILENCE_H are between them. users: one track a user. inside: rows of the fixes in the
    region, ascending. hour: of `solar_hours`.
    """
    user = users.user[inside]
    next_is_outside = np.ones(len(inside), bool)
    next_is_outside[:-1] = run_starts(user)[1:] | (np.diff(inside) != 1)

    begin = hour[inside]
    after = np.minimum(inside + 1, len(hour) - 1)
    until = np.where(next_is_outside, begin, hour[after])
    is_stay = (until >= begin) & (until - begin <= MAX_SILENCE_H)
    size = np.where(is_stay, until - begin + 1, 1)

    hours = expand_ranges(begin, size) % HOURS
    return sparse_counts(hours, np.repeat(user, size), (HOURS, users.n_users))


def people_by_hour(there: csr_matrix, anywhere: csr_matrix, min_users: int) -> Array:
    """(HOURS,) int: people in a region; TOO_FEW, or NO_DATA where too few of its people were
    recorded anywhere then.

    there, anywhere: of `presence`, in the region and in the whole world.
    """
    visitors = (there.getnnz(axis=0) > 0).astype(int)
    recorded = (anywhere > 0).astype(int) @ visitors
    reason = np.where(is_few(recorded, min_users), NO_DATA, TOO_FEW)

    hidden = withheld(min_users, there.sign())
    return np.where(hidden, reason, np.diff(there.indptr))


def solar_hours(tracks: Tracks) -> Array:
    """(n,) int64: each fix's hour of mean solar time, from a Monday on."""
    monday = 3 * 24  # 1970-01-01 was a Thursday
    return solar_ms(tracks.t, tracks.lon) // HOUR_MS + monday
