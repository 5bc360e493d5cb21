# SPDX-License-Identifier: GPL-2.0-or-later
"""Regions as the people who visit them: counts, visits, labels of the visitors, and heads that an analyst taught."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from ..arrays import flattened, run_ends, run_starts, sparse_counts
from ..embedding.applicability import unit_stats
from ..embedding.embed import embed
from ..embedding.profiles import choose_heads
from ..errors import Progress, no_progress, part_of
from ..features.region_activity import visit_begins
from ..specs import MIN_USERS
from ..tracks import Tracks
from .disclosure import SHOWN, doubtful_ids, withheld
from .geometry import fixes_inside, usable_polygons
from .heads import count_users, head_answers
from .noise import noise_keys
from .people import PEOPLE_FIGURES, people_figures
from .publish import CAP, CAPPED

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

    from ..bundle.runtime import Model
    from ..embedding.profiles import Embed
    from ..people.labels import PeopleLabels

    Label = Callable[[Tracks, Progress], PeopleLabels]


@dataclass(frozen=True)
class RegionScores:
    """One row a region, (n_regions,) each, in the order of the output; a withheld figure is nan or None."""

    columns: dict[str, np.ndarray]
    reasons: list[str] = field(default_factory=list)  # why regions are withheld or not in_domain, with counts


def score_regions(
    tracks: Tracks, polygons: Sequence[Any] | np.ndarray, model: Model, tasks: Sequence[str] | None = None,
    min_users: int = MIN_USERS, progress: Progress = no_progress, cached: Embed | None = None,
    label: Label | None = None, secret: bytes = b"",
) -> RegionScores:  # fmt: skip
    """Score regions by the users with a fix inside.

    polygons: (n_regions,) shapely geometries in lon/lat, or None. tasks, cached: as in `profile`. label: labels people,
    such as `label_people` with a model. secret: of the profile, for noise_key. Columns: those of `count_figures`, of
    `people_figures` if there is a label, and of heads; suppressed; in_domain, False for a region without answers of
    heads; withheld, the reason (see disclosure.py), '' for shown regions. What is withheld of a region depends on no
    other region.
    """
    heads = choose_heads(model, "region", tasks)
    users, regions = tracks.by_user(), usable_polygons(polygons)
    inside = fixes_inside(users, regions, part_of(progress, 0.0, 0.2))
    columns, why = count_figures(users, regions, inside, min_users, secret)
    reasons, which = doubtful_ids(users), np.flatnonzero(why == SHOWN)
    shown, some = regions[which], [inside[row] for row in which]
    more = {} if label is None else dict.fromkeys(PEOPLE_FIGURES, np.zeros(0))
    if label is not None and len(which):
        visits, visitors, _ = _visitors(users, some)
        more |= people_figures(label(visitors, part_of(progress, 0.2, 0.6)), visits, shown, min_users)
    embed_with, good = cached or (lambda some, part: embed(some, model, part)), np.ones(len(which), bool)
    if heads:
        _, visitors, rows = _visitors(users, some)
        embeddings = embed_with(visitors, part_of(progress, 0.6, 0.95))
        found, good, wrong = head_answers(heads, model, visitors, shown, rows, embeddings, unit_stats(visitors))
        more, reasons = more | found, [*reasons, *wrong]
    for name, values in more.items():
        columns[name] = np.full(len(why), None if values.dtype == object else np.nan, values.dtype)
        columns[name][which] = values
    columns |= {"suppressed": why != SHOWN, "in_domain": why == SHOWN, "withheld": why}
    columns["in_domain"][which] = good
    progress(1.0)
    return RegionScores(columns, list(dict.fromkeys(reasons)))


def count_figures(
    users: Tracks, regions: np.ndarray, inside: Sequence[np.ndarray], min_users: int, secret: bytes = b""
) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """The figures of regions that need no model, (n,) each, and why regions are withheld, of `withheld`.

    n_users; n_points, fixes; n_visits: runs of a user's consecutive fixes in the region, which a silence of three hours
    ends; dwell_min: median minutes from the first to the last fix of visits with several fixes. With a secret also what
    `publish_figures` needs: capped_n_visits, of nobody more than CAP, and noise_key. users: one track a user. regions:
    of `usable_polygons`. inside: of `fixes_inside`.
    """
    from scipy.ndimage import median

    n = len(inside)
    fixes = count_users(users, inside)
    region, first, last = _visits(users, inside)
    visits = sparse_counts(region, users.user[first], fixes.shape)
    minutes = (users.t[last] - users.t[first]) / 60_000
    long = minutes > 0
    dwell = np.asarray(median(minutes[long], region[long], np.arange(n)), float) if long.any() else np.full(n, np.nan)
    dwell[withheld(min_users, sparse_counts(region[long], users.user[first[long]], fixes.shape)) != SHOWN] = np.nan
    why = withheld(min_users, fixes, visits)
    n_users, n_points = np.diff(fixes.indptr), np.array(list(map(len, inside)))
    figures = {"n_users": n_users, "n_points": n_points, "n_visits": _sums(visits), "dwell_min": dwell}
    columns = {name: np.where(why == SHOWN, values, np.nan) for name, values in figures.items()}
    if secret:
        capped = visits.minimum(visits.astype(bool).astype(int) * CAP)
        columns[f"{CAPPED}n_visits"] = np.where(why == SHOWN, _sums(capped), np.nan)
        columns["noise_key"] = np.full(n, None, object)
        shown = why == SHOWN
        columns["noise_key"][shown] = noise_keys(secret, regions[shown], fixes[shown], users.user_ids)
    return columns, why


def _sums(counts: csr_matrix) -> np.ndarray:
    return np.asarray(counts.sum(axis=1)).ravel()


def _visitors(users: Tracks, inside: Sequence[np.ndarray]) -> tuple[csr_matrix, Tracks, list[np.ndarray]]:
    """Only those who visit any of the regions: sparse (n, visitors) counts of fixes, their tracks, and `inside`."""
    visits = count_users(users, inside)
    came = _sums(visits.T) > 0
    if came.all():
        return visits, users, list(inside)
    kept = came[users.user]
    row = np.cumsum(kept) - 1
    return visits[:, came].tocsr(), users.take(kept), [row[rows] for rows in inside]


def _visits(tracks: Tracks, inside: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(k,) the region of each visit, and the rows of its first and last fix."""
    region, rows = flattened(inside)
    first = np.flatnonzero(visit_begins(tracks, rows) | run_starts(region))
    last = run_ends(first, len(rows))
    return region[first], rows[first], rows[last]
