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

from ..arrays import expand_ranges, run_starts, sparse_counts
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
TOO_FEW, NO_DATA = -1, -2  # instead of people in an hour


@dataclass(frozen=True)
class VisitorIndex:
    """The users of a layer with all that does not depend on a region. Made by `prepare`."""

    users: Tracks  # one track a user
    embeddings: np.ndarray  # (n_users, E) float32, nan for a user without one
    answers: dict[str, dict[str, np.ndarray]]  # head of users -> its columns, (n_users,) each
    stats: dict[str, np.ndarray]  # of unit_stats
    hour: np.ndarray  # (n,) of each fix: of `solar_hours`
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
    week: np.ndarray | None = None  # (7, 24) of people_by_hour
    why: str = ""  # why heads may not answer (in_domain is False)


def prepare(
    users: Tracks,
    embeddings: np.ndarray,
    model: Model,
    progress: Progress = no_progress,
    labels: PeopleLabels | None = None,
) -> VisitorIndex:
    """Compute all that does not depend on a region. users: one track a user (`by_user`)."""
    require("scipy", "shapely", "pyproj")
    hour, activity, index = solar_hours(users), fix_activity(users), FixIndex(users.lon, users.lat)
    progress(0.6)
    stats, x = unit_stats(users), head_inputs(embeddings, users, "user")
    answers = {
        head["name"]: head_columns(head, model, x, stats) for head in model.bundle.heads("user")
    }
    anywhere = presence(users, np.arange(len(users)), hour)
    progress(1.0)
    return VisitorIndex(users, embeddings, answers, stats, hour, activity, index, anywhere, labels)


def summarise_region(
    index: VisitorIndex, model: Model, polygon: Any, min_users: int = MIN_USERS, secret: bytes = b""
) -> RegionView:
    """The figures of a polygon or multipolygon in lon/lat. Raises InputError for other geometries.

    secret: as in `score_regions`.
    """
    region = usable_polygons([polygon])
    area, users = float(area_km2(region)[0]), index.users
    inside = [index.index.inside(region[0])]
    columns, few = count_figures(users, region, inside, min_users, secret)
    if few[0]:
        return RegionView(area, True)
    visits = count_users(users, inside)
    if index.labels is not None:
        columns |= people_figures(index.labels, visits, region, min_users)
    heads, columns["in_domain"], doubts = (
        model.bundle.heads("region"),
        np.ones(1, bool),
        dict[str, np.ndarray](),
    )
    if heads and np.isnan(columns["n_points"][0]):  # heads rest on fixes
        columns["in_domain"][0] = False
    elif heads:
        known = users, region, inside, index.embeddings, index.stats, index.activity
        found, doubts = head_answers(heads, model, *known)
        columns |= {**found, "in_domain": ~any_of(doubts, 1)}
    figures = {name: values[0] for name, values in columns.items()}
    week = people_by_hour(
        presence(users, inside[0], index.hour), index.anywhere, min_users
    ).reshape(7, 24)
    return RegionView(area, False, figures, week, format_reasons(doubts))


def presence(users: Tracks, inside: np.ndarray, hour: np.ndarray) -> csr_matrix:
    """Sparse (HOURS, n_users), above 0: who is in a region in which hour of the week.

    Somebody is there in all hours from one fix to the next, if both lie inside and at most
    MAX_SILENCE_H are between them. users: one track a user. inside: rows of the fixes in the
    region, ascending. hour: of `solar_hours`.
    """
    last = np.append(run_starts(users.user[inside])[1:] | (np.diff(inside) != 1), True)[
        : len(inside)
    ]
    begin = hour[inside]
    until = np.where(last, begin, hour[np.minimum(inside + 1, len(hour) - 1)])
    size = np.where((until - begin > MAX_SILENCE_H) | (until < begin), 1, until - begin + 1)
    user = np.repeat(users.user[inside], size)
    return sparse_counts(expand_ranges(begin, size) % HOURS, user, (HOURS, users.n_users))


def people_by_hour(there: csr_matrix, anywhere: csr_matrix, min_users: int) -> np.ndarray:
    """(HOURS,) int: people in a region; TOO_FEW, or NO_DATA where too few of its people were
    recorded anywhere then.

    there, anywhere: of `presence`, in the region and in the whole world.
    """
    visitors = (there.getnnz(axis=0) > 0).astype(int)
    recorded = (anywhere > 0).astype(int) @ visitors
    few = np.where(is_few(recorded, min_users), NO_DATA, TOO_FEW)
    return np.where(withheld(min_users, there.sign()), few, np.diff(there.indptr))


def solar_hours(tracks: Tracks) -> np.ndarray:
    """(n,) int64: each fix's hour of mean solar time, from a Monday on."""
    monday = 3 * 24  # 1970-01-01 was a Thursday
    return solar_ms(tracks.t, tracks.lon) // HOUR_MS + monday
