# SPDX-License-Identifier: GPL-2.0-or-later
"""The figures of one drawn region at once: all that does not depend on the region is computed once per layer."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from ..embedding.applicability import format_reasons, unit_stats
from ..embedding.profiles import head_columns, head_inputs
from ..errors import Progress, no_progress, require
from ..features.region_activity import FixActivity, fix_activity
from ..specs import MIN_USERS
from ..tracks import Tracks
from .geometry import FixIndex, area_km2, usable_polygons
from .heads import count_users, head_answers
from .people import people_figures
from .scores import count_figures
from .week import people_by_hour, presence, solar_hours

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

    from ..bundle.runtime import Model
    from ..people.labels import PeopleLabels


@dataclass(frozen=True)
class VisitorIndex:
    """The users of a layer with all that does not depend on a region. Made by `prepare`."""

    users: Tracks  # one track a user
    embeddings: np.ndarray  # (n_users, E) float32, nan for a user without one
    answers: dict[str, dict[str, np.ndarray]]  # head of users -> its columns, (n_users,) each
    stats: dict[str, np.ndarray]  # of unit_stats
    hour: np.ndarray  # (n,) of each fix: of week.solar_hours
    activity: FixActivity
    index: FixIndex
    anywhere: csr_matrix  # of week.presence: who was recorded in which hour of the week
    labels: PeopleLabels | None = None  # of the users, in their order


@dataclass(frozen=True, eq=False)
class RegionView:
    """What may be shown of a region: of a suppressed one the area alone."""

    area_km2: float
    suppressed: bool  # too few people: nothing is shown
    figures: dict[str, Any] = field(default_factory=dict)  # the columns of `score_regions`; None or nan: withheld
    week: np.ndarray | None = None  # (7, 24) of people_by_hour
    why: str = ""  # why heads may not answer (in_domain is False)


def prepare(
    users: Tracks, embeddings: np.ndarray, model: Model, progress: Progress = no_progress,
    labels: PeopleLabels | None = None,
) -> VisitorIndex:  # fmt: skip
    """Compute all that does not depend on a region. users: one track a user (`by_user`)."""
    require("scipy", "shapely", "pyproj")
    import shapely

    hour, activity, index = solar_hours(users), fix_activity(users), FixIndex(users.lon, users.lat)
    progress(0.6)
    stats, x = unit_stats(users), head_inputs(embeddings, users, "user")
    answers = {head["name"]: head_columns(head, model, x, stats) for head in model.bundle.heads("user")}
    anywhere = presence(users, np.arange(len(users)), hour)
    made = VisitorIndex(users, embeddings, answers, stats, hour, activity, index, anywhere, labels)
    if len(users):  # the first region loads libraries for a second, better now than while the user draws
        summarise_region(made, model, shapely.Point(users.lon[0], users.lat[0]).buffer(1e-6), 1)
    progress(1.0)
    return made


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
    heads = model.bundle.heads("region")
    hidden = bool(heads and np.isnan(columns["n_points"][0]))  # heads rest on fixes
    heads = [] if hidden else heads
    found, good, reasons = head_answers(
        heads, model, users, region, inside, index.embeddings, index.stats, index.activity
    )
    in_domain = bool(good[0]) and not hidden
    figures = {name: values[0] for name, values in (columns | found).items()} | {"in_domain": in_domain}
    week = people_by_hour(presence(users, inside[0], index.hour), index.anywhere, min_users).reshape(7, 24)
    return RegionView(area, False, figures, week, format_reasons(each.partition(": ")[2] for each in reasons))
