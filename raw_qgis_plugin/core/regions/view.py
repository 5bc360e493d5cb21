# SPDX-License-Identifier: GPL-2.0-or-later
"""The figures of a drawn region at once: all that does not depend on the region is computed once per layer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ..applicability import outside, unit_stats
from ..arrays import flattened, sparse_counts
from ..embedding.evidence import evidence_in_words
from ..embedding.profiles import UNKNOWN, head_columns, head_inputs
from ..errors import Progress, no_progress, require
from ..features.region_activity import FixActivity, fix_activity
from ..persons import merged, persons_of
from ..tracks import Tracks
from .disclosure import DIFFERENCE, DOMINATED, FEW, MIN_USERS, dominated, publish, publish_slices
from .geometry import FixIndex, area_km2, usable_polygons
from .scores import activity_of_regions, count_visits, region_inputs, region_stats, visit_times
from .week import HOURS, hour_of_week

if TYPE_CHECKING:
    from ..bundle.runtime import Model


@dataclass(frozen=True)
class City:
    """The users of a layer with all that does not depend on a region. Made by `prepare`."""

    users: Tracks  # one track a user
    embeddings: np.ndarray  # (n_users, E) float32, nan for a user without one
    answers: dict[str, dict[str, np.ndarray]]  # head of users -> its columns, (n_users,) each
    stats: dict[str, np.ndarray]  # of unit_stats
    hour: np.ndarray  # (n,) uint8 of each fix: of week.hour_of_week
    zone: str  # of these hours: an IANA name, '' for mean solar time
    activity: FixActivity
    index: FixIndex
    person: np.ndarray  # (n,) of each fix: the row of the user who stands for the person
    evidence: np.ndarray  # (n_users,) of evidence_in_words
    people: Tracks  # one track a person: `users` where each id is a person
    people_index: FixIndex


@dataclass(frozen=True)
class RegionView:
    """The figures of a region. Of a suppressed one all but area, visitors, fixes and why are None or empty."""

    area_km2: float
    suppressed: bool
    visitors: np.ndarray  # (k,) rows of the city's users, one a person; never shown
    n_users: int | None = None
    n_points: int | None = None
    columns: dict[str, Any] = field(default_factory=dict)  # NAME, NAME_low … of the heads of regions
    week: np.ndarray | None = None  # (7, 24) int, people by weekday and hour; -1: too few to show
    zone: str = ""  # of the hours, as in City
    mix: dict[str, dict[str, int | None]] = field(default_factory=dict)  # head of users -> class -> people; None: few
    in_domain: bool = False
    reasons: list[str] = field(default_factory=list)
    character: np.ndarray | None = None  # (E,) the visitors' mean embedding; nan if none has one
    fixes: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int64))  # (m,) rows, ascending; never shown
    why: str = ""  # it is suppressed: FEW, DOMINATED or DIFFERENCE
    n_visits: int | None = None  # as in `scores.stays`
    dwell_min: float | None = None  # minutes of the median visit; None also where too few people's visits last


def prepare(
    users: Tracks, embeddings: np.ndarray, model: Model, progress: Progress = no_progress, zone: str = ""
) -> City:
    """Compute all that does not depend on a region. users: one track a user (`by_user`). zone: as in `City`."""
    require("scipy", "shapely", "pyproj")
    import shapely

    progress(0.0)
    hour, activity = hour_of_week(users, zone), fix_activity(users)
    progress(0.2)
    index = FixIndex(users.lon, users.lat)
    progress(0.6)
    heads = model.bundle.heads("user")
    stats, x = unit_stats(users), head_inputs(embeddings, users, "user")
    labels = {head["name"]: head_columns(head, model, x, stats) for head in heads}
    person, evidence = persons_of(users), evidence_in_words(x, "user", model)
    people = merged(users, person)
    people_index = index if people is users else FixIndex(people.lon, people.lat)
    city = City(
        users, embeddings, labels, stats, hour, zone, activity, index, person[users.user], evidence, people,
        people_index,
    )  # fmt: skip
    # The first region loads libraries and heads for a second, which is better now than while the user draws
    if len(users):  # a small region: a box around all tracks might cross the antimeridian
        look(city, model, shapely.Point(users.lon[0], users.lat[0]).buffer(1e-6), 1)
    progress(1.0)
    return city


def look(city: City, model: Model, polygon: Any, min_users: int = MIN_USERS) -> RegionView:
    """The figures of a polygon or multipolygon in lon/lat, alone. Raises InputError for other geometries.

    Regions that are shown together have to go through `beside_others`.
    """
    from scipy.sparse import csr_matrix

    region = usable_polygons([polygon])[0]
    area = float(area_km2([region])[0])
    fixes = city.index.inside(region)
    user = city.person[fixes]
    per_user = np.bincount(user, minlength=city.users.n_users)
    visitors = np.flatnonzero(per_user)
    few = len(visitors) < min_users
    inside = [fixes if city.people is city.users else city.people_index.inside(region)]
    times = count_visits(city.people, inside)  # with the fixes these are the figures that one person may make up
    if few or dominated(csr_matrix(per_user), min_users).any() or dominated(times, min_users).any():
        return RegionView(area, True, visitors, fixes=fixes, why=FEW if few else DOMINATED)
    embeddings = city.embeddings[visitors]
    columns, in_domain, reasons = _scores(city, model, visitors, fixes, embeddings, area)
    (week,) = _weeks(city, [fixes], min_users)
    (n_visits,), (dwell,) = visit_times(city.people, inside, min_users)
    (mix,) = _mixes(city, [fixes], min_users)
    return RegionView(
        area, False, visitors, len(visitors), len(fixes), columns, week, city.zone, mix, in_domain, reasons,
        _character(embeddings), fixes, "", int(n_visits), None if np.isnan(dwell) else float(dwell),
    )  # fmt: skip


def _weeks(city: City, fixes: Sequence[np.ndarray], min_users: int) -> np.ndarray:
    """(n_regions, 7, 24) int: the `RegionView.week` of regions that are shown together. fixes: the rows of each."""
    region, rows = flattened(fixes)
    seen = sparse_counts(region * HOURS + city.hour[rows], city.person[rows], (len(fixes) * HOURS, city.users.n_users))
    hours = publish_slices(city.person, fixes, city.hour, seen, HOURS, min_users, sums=False)
    return np.where(hours.ravel(), np.diff(seen.indptr), -1).reshape(-1, 7, 24)


def _mixes(city: City, fixes: Sequence[np.ndarray], min_users: int) -> list[dict[str, dict[str, int | None]]]:
    """The `RegionView.mix` of regions that are shown together. fixes: the rows of each."""
    region, rows = flattened(fixes)
    mixes: list[dict[str, dict[str, int | None]]] = [{} for _ in fixes]
    for name, columns in city.answers.items():
        if columns[name].dtype != object or not len(fixes):
            continue
        words, code = np.unique(columns[name].astype(str), return_inverse=True)
        label, n = code[city.person], len(words)
        seen = sparse_counts(region * n + label[rows], city.person[rows], (len(fixes) * n, city.users.n_users))
        shown = publish_slices(city.person, fixes, label, seen, n, min_users, sums=False)
        for mix, people, enough in zip(mixes, np.diff(seen.indptr).reshape(-1, n), shown):
            order = np.lexsort((words == UNKNOWN, -people))
            mix[name] = {str(words[i]): int(people[i]) if enough[i] else None for i in order if people[i]}
    return mixes


def _scores(
    city: City, model: Model, visitors: np.ndarray, fixes: np.ndarray, embeddings: np.ndarray, area: float
) -> tuple[dict[str, Any], bool, list[str]]:
    """The columns of the region heads, whether the region is in their domain, and why not."""
    from scipy.sparse import csr_matrix

    visits = csr_matrix(np.bincount(city.person[fixes])[visitors][None, :])
    activity = activity_of_regions(city.users, [fixes], city.activity)
    stats = region_stats({name: values[visitors] for name, values in city.stats.items()}, visits)
    columns: dict[str, Any] = {}
    reasons: list[str] = []
    for head in model.bundle.heads("region"):
        if "hours" in head:  # nothing is computed once for stretches of tracks; raw:scoreregions has this head
            continue
        x = region_inputs(embeddings, visits, np.array([area]), activity, head.get("pooling", "sum"))
        columns.update({name: values[0] for name, values in head_columns(head, model, x, stats).items()})
        reasons += outside(stats, head.get("domain", {}), np.ones(1, bool))
    return columns, not reasons, list(dict.fromkeys(reasons))


def _character(embeddings: np.ndarray) -> np.ndarray:
    """(E,) the mean embedding of the visitors, as in raw:similarregions."""
    known = embeddings[~np.isnan(embeddings).any(axis=1)]
    return known.mean(axis=0) if len(known) else np.full(embeddings.shape[1], np.nan)


def beside_others(
    city: City, views: Sequence[RegionView], polygons: Sequence[Any], min_users: int = MIN_USERS
) -> list[RegionView]:
    """Views of `look` as they may be shown together: some are withheld, so that no difference tells of few people."""
    fixes = [view.fixes for view in views]
    region, rows = flattened(fixes)
    visits = sparse_counts(region, city.person[rows], (len(views), city.users.n_users))
    regions = usable_polygons(polygons)
    inside = fixes if city.people is city.users else list(map(city.people_index.inside, regions))
    times = count_visits(city.people, inside)
    why = publish(city.person, fixes, visits, regions, min_users, (visits, times)).why
    safe = [
        RegionView(view.area_km2, True, view.visitors, fixes=view.fixes, why=DIFFERENCE)
        if reason == DIFFERENCE
        else view
        for view, reason in zip(views, why, strict=True)
    ]
    shown = [row for row, view in enumerate(safe) if not view.suppressed]
    together = [fixes[row] for row in shown]
    weeks, mixes = _weeks(city, together, min_users), _mixes(city, together, min_users)
    for row, week, heads in zip(shown, weeks, mixes, strict=True):
        alone = views[row].mix  # where one label must be withheld all are: it would be what is left of the users
        mix = {head: labels if labels == alone[head] else dict.fromkeys(labels) for head, labels in heads.items()}
        safe[row] = replace(safe[row], week=week, mix=mix)
    return safe


def rank(intervals: np.ndarray, of: int) -> tuple[int, int, int] | None:
    """The best and the worst rank from the top that intervals[of] allows, and the number of known intervals.

    intervals: (n, 2) lowest and highest value, nan where unknown. Values whose intervals overlap may have any order.
    Returns None if intervals[of] is unknown.
    """
    low, high = intervals[~np.isnan(intervals).any(axis=1)].T
    if np.isnan(intervals[of]).any():
        return None
    above, below = np.count_nonzero(low > intervals[of, 1]), np.count_nonzero(high < intervals[of, 0])
    return 1 + int(above), len(low) - int(below), len(low)
