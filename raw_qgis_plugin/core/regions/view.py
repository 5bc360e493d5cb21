# SPDX-License-Identifier: GPL-2.0-or-later
"""What a drawn region says, at once: all that does not depend on the region is worked out beforehand, a layer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from ..arrays import group_quantile
from ..embedding.profiles import UNKNOWN, head_columns, with_trips
from ..errors import Progress, no_progress, require
from ..features.region_activity import FixActivity, fix_activity, region_activity
from ..tracks import Tracks
from ..typicality import outside, unit_stats
from .scores import MIN_USERS, area_km2, region_inputs, usable_polygons
from .week import HOURS, hour_of_week, people_by

if TYPE_CHECKING:
    from ..bundle.runtime import Model

CELLS = 128  # of the index, each way


class Index:
    """Fixes by the cells of a grid, its lines closer where there are more fixes."""

    def __init__(self, lon: np.ndarray, lat: np.ndarray) -> None:
        """lon, lat: (n,) degrees."""
        self.lon, self.lat = lon, lat
        share = np.linspace(0, 1, CELLS + 1)[1:-1]
        self.x = np.unique(np.quantile(lon, share)) if len(lon) else np.zeros(0)
        self.y = np.unique(np.quantile(lat, share)) if len(lat) else np.zeros(0)
        row, column = np.searchsorted(self.y, lat, "right"), np.searchsorted(self.x, lon, "right")
        cell = row * (len(self.x) + 1) + column
        self.order = np.argsort(cell, kind="stable")
        count = np.bincount(cell, minlength=(len(self.y) + 1) * (len(self.x) + 1))
        self.start = np.concatenate([[0], np.cumsum(count)])
        self.bounds = (lon.min(), lat.min(), lon.max(), lat.max()) if len(lon) else (0.0, 0.0, 0.0, 0.0)

    def inside(self, region: Any) -> np.ndarray:
        """The fixes in a region, its edge included: indexes in no order. region: valid shapely polygon(s)."""
        import shapely

        found = []
        for turn in (0.0, 360.0, -360.0):  # a region may be drawn beyond ±180
            west, south, east, north = region.bounds if not region.is_empty else (1.0, 1.0, 0.0, 0.0)
            if west - turn <= self.bounds[2] and east - turn >= self.bounds[0] and south <= north:
                there = shapely.transform(region, lambda xy, turn=turn: xy - [turn, 0.0]) if turn else region
                found.append(self._inside(there))
        return np.concatenate([np.zeros(0, np.int64), *found])

    def _inside(self, region: Any) -> np.ndarray:
        """Cells that lie in the region whole need no look at their fixes."""
        import shapely

        shapely.prepare(region)
        west, south, east, north = region.bounds
        x = np.concatenate([[self.bounds[0]], self.x, [self.bounds[2]]])
        y = np.concatenate([[self.bounds[1]], self.y, [self.bounds[3]]])
        columns = np.arange(np.searchsorted(self.x, west, "right"), np.searchsorted(self.x, east, "right") + 1)
        rows = np.arange(np.searchsorted(self.y, south, "right"), np.searchsorted(self.y, north, "right") + 1)
        column, row = (part.ravel() for part in np.meshgrid(columns, rows))
        cell = row * (len(self.x) + 1) + column
        some = self.start[cell + 1] > self.start[cell]
        cell, column, row = cell[some], column[some], row[some]
        boxes = shapely.box(x[column], y[row], x[column + 1], y[row + 1])
        whole = shapely.contains(region, boxes)
        edge = cell[~whole & shapely.intersects(region, boxes)]
        near = self._fixes(edge)
        return np.concatenate(
            [self._fixes(cell[whole]), near[shapely.intersects_xy(region, self.lon[near], self.lat[near])]]
        )

    def _fixes(self, cells: np.ndarray) -> np.ndarray:
        start, size = self.start[cells], self.start[cells + 1] - self.start[cells]
        into = np.arange(size.sum()) - np.repeat(np.cumsum(size) - size, size)
        return self.order[np.repeat(start, size) + into]


@dataclass(frozen=True)
class City:
    """A layer's users, ready to be asked about any region. Made by `prepare`."""

    users: Tracks  # one track a user
    embeddings: np.ndarray  # (n_users, E) float32, nan where a user has none
    answers: dict[str, dict[str, np.ndarray]]  # head of users -> its columns, (n_users,) each
    stats: dict[str, np.ndarray]  # of domain.unit_stats
    hour: np.ndarray  # (n,) uint8 of each fix: of week.hour_of_week
    use: FixActivity
    index: Index


@dataclass(frozen=True)
class RegionView:
    """What a region says. Of a suppressed one all but area and visitors is None or empty."""

    area_km2: float
    suppressed: bool
    visitors: np.ndarray  # (k,) rows of the city's users; never shown
    n_users: int | None = None
    n_points: int | None = None
    columns: dict[str, Any] = field(default_factory=dict)  # NAME, NAME_low … of the heads of regions
    week: np.ndarray | None = None  # (7, 24) int, people by weekday and hour of solar time; -1: too few to show
    mix: dict[str, dict[str, int | None]] = field(default_factory=dict)  # head of users -> class -> people; None: few
    in_domain: bool = False
    reasons: list[str] = field(default_factory=list)
    character: np.ndarray | None = None  # (E,) the visitors' mean embedding; nan where none has one


def prepare(users: Tracks, embeddings: np.ndarray, model: Model, progress: Progress = no_progress) -> City:
    """Work out all that does not depend on a region. users: one track a user (`by_user`)."""
    require("scipy", "shapely", "pyproj")
    import shapely

    progress(0.0)
    hour = hour_of_week(users)
    use = fix_activity(users)
    progress(0.2)
    index = Index(users.lon, users.lat)
    progress(0.6)
    stats = unit_stats(users)
    x = with_trips(embeddings, users, "user", model)
    said = {head["name"]: head_columns(head, model, x, stats) for head in model.bundle.heads("user")}
    city = City(users, embeddings, said, stats, hour, use, index)
    # The first region takes a second, in which libraries and heads are loaded: better here than under the mouse
    if len(users):  # a small one: a box round the world's tracks would be taken for one across 180°
        look(city, model, shapely.Point(users.lon[0], users.lat[0]).buffer(1e-6), 1)
    progress(1.0)
    return city


def look(city: City, model: Model, polygon: Any, min_users: int = MIN_USERS) -> RegionView:
    """Look at one region. polygon: shapely polygon or multipolygon in lon/lat. InputError where it is none."""
    region = usable_polygons([polygon])[0]
    area = float(area_km2([region])[0])
    fixes = city.index.inside(region)
    user = city.users.user[fixes]
    per_user = np.bincount(user, minlength=city.users.n_users)
    visitors = np.flatnonzero(per_user)
    if len(visitors) < min_users:
        return RegionView(area, True, visitors)
    embeddings = city.embeddings[visitors]
    columns, in_domain, reasons = _scores(city, model, visitors, fixes, embeddings, area)
    week = people_by(user, city.hour[fixes], HOURS).reshape(7, 24)
    mix = {
        name: mix_of(said[name][visitors], min_users)
        for name, said in city.answers.items()
        if said[name].dtype == object
    }
    return RegionView(
        area, False, visitors, len(visitors), len(fixes), columns, np.where(week < min_users, -1, week), mix,
        in_domain, reasons, _character(embeddings),
    )  # fmt: skip


def _scores(
    city: City, model: Model, visitors: np.ndarray, fixes: np.ndarray, embeddings: np.ndarray, area: float
) -> tuple[dict[str, Any], bool, list[str]]:
    """What the heads of regions answer, and whether they may be asked."""
    from scipy.sparse import csr_matrix

    heads = model.bundle.heads("region")
    visits = csr_matrix(np.bincount(city.users.user[fixes])[visitors][None, :])
    use = region_activity(city.users, city.use, np.sort(fixes))[None, :] if heads else np.zeros((1, 0))
    group = np.zeros(len(visitors), np.int64)
    stats = {name: group_quantile(values[visitors], group, 1) for name, values in city.stats.items()}
    stats["n_users"] = np.array([len(visitors)], float)
    columns: dict[str, Any] = {}
    in_domain, reasons = True, []
    for head in heads:
        if "hours" in head:  # of stretches nothing is worked out beforehand: raw:scoreregions asks it
            continue
        pooling = head.get("pooling", "sum")
        x = region_inputs(embeddings, visits, np.array([area]), use, pooling)
        columns.update({name: values[0] for name, values in head_columns(head, model, x, stats).items()})
        wrong, why = outside(stats, head.get("domain", {}), np.ones(1, bool), "regions")
        in_domain &= not wrong[0]
        reasons += [words.partition(": ")[2] for words in why]
    return columns, in_domain, list(dict.fromkeys(reasons))


def _character(embeddings: np.ndarray) -> np.ndarray:
    """(E,) the visitors' mean, as raw:similarregions takes it."""
    known = embeddings[~np.isnan(embeddings).any(axis=1)]
    return known.mean(axis=0) if len(known) else np.full(embeddings.shape[1], np.nan)


def mix_of(labels: np.ndarray, min_users: int) -> dict[str, int | None]:
    """People by label, the most first; None where they are too few to show.

    What is not shown must not follow from the rest: where the hidden ones are fewer than min_users together, the
    smallest that would be shown is hidden with them.
    """
    words, count = np.unique(labels.astype(str), return_counts=True)
    order = np.lexsort((words == UNKNOWN, -count))
    words, count = words[order], count[order]
    shown = int(np.count_nonzero(count >= min_users))
    while 0 < shown < len(count) and count[shown:].sum() < min_users:
        shown -= 1
    return {str(word): int(n) if i < shown else None for i, (word, n) in enumerate(zip(words, count))}


def nearly_same(one: RegionView, other: RegionView, min_users: int = MIN_USERS) -> bool:
    """Whether the figures of two regions, subtracted, would speak of fewer than min_users people."""
    if one.suppressed or other.suppressed:
        return False
    return len(np.setxor1d(one.visitors, other.visitors, assume_unique=True)) < min_users


def rank(values: Sequence[float | None], of: int) -> tuple[int, int] | None:
    """Place of values[of] from the top, and out of how many; None where it has no value. Equal ones share a place."""
    known = np.array([value for value in values if value is not None and value == value], float)
    own = values[of]
    if own is None or own != own:
        return None
    return int(np.count_nonzero(known > own)) + 1, len(known)
