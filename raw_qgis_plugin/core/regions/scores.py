# SPDX-License-Identifier: GPL-2.0-or-later
"""Regions as the people who visit them: counts, visits, labels of the visitors, and heads that an
analyst taught.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from ..arrays import Array, Columns, flattened, sparse_counts
from ..disclosure.thresholds import withheld
from ..embedding.applicability import any_of, in_words, unit_stats
from ..embedding.embed import embed
from ..embedding.profiles import choose_heads
from ..errors import Progress, no_progress, part_of
from ..features.region_activity import visits_of
from ..labels import CardData
from ..specs import MIN_USERS
from ..tracks import Tracks
from .geometry import fixes_inside, usable_polygons
from .heads import count_users, head_answers
from .ids import doubtful_ids
from .people import PEOPLE_FIGURES, people_figures

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

    from ..bundle.runtime import Model
    from ..embedding.profiles import Embed
    from ..mobility.people import PeopleLabels

    Label = Callable[[Tracks, Progress], PeopleLabels]


@dataclass(frozen=True)
class RegionScores:
    """One row a region, (n_regions,) each, in the order of the output; a withheld figure is nan or
    None.
    """

    columns: Columns
    # why regions are not in_domain, with counts, and doubts about ids
    reasons: list[str] = field(default_factory=list)


def score_regions(
    tracks: Tracks,
    polygons: Sequence[Any] | Array,
    model: Model,
    tasks: Sequence[str] | None = None,
    min_users: int = MIN_USERS,
    progress: Progress = no_progress,
    cached: Embed | None = None,
    label: Label | None = None,
) -> RegionScores:
    """Score regions by the users with a fix inside.

    polygons: (n_regions,) shapely geometries in lon/lat, or None. tasks, cached: as in `profile`.
    label: labels people, such as `label_people` with a model. Columns: of `count_figures`, of
    `people_figures` if there is a label, and of heads; suppressed; in_domain, False without answers
    of heads.
    """
    heads = choose_heads(model, "region", tasks)
    users = tracks.by_user()
    regions = usable_polygons(polygons)
    inside = fixes_inside(users, regions, part_of(progress, 0.0, 0.2))
    columns = count_figures(users, inside, min_users)
    few = np.isnan(columns["n_users"])
    columns |= {"suppressed": few, "in_domain": ~few}
    reasons = doubtful_ids(users)

    if label is not None:
        shown = np.flatnonzero(~few)
        visits = visits_to(users, inside, shown)
        figures = dict.fromkeys(PEOPLE_FIGURES, np.zeros(0))
        if len(shown):
            labels = label(visits.visitors, part_of(progress, 0.2, 0.6))
            figures = people_figures(labels, visits.fixes, regions[shown], min_users)
        columns |= spread(figures, shown, len(few))

    if heads:
        shown = np.flatnonzero(~np.isnan(columns["n_points"]))  # these heads rest on fixes
        visits = visits_to(users, inside, shown)
        embed_with = cached or (lambda some, part: embed(some, model, part))
        embeddings = embed_with(visits.visitors, part_of(progress, 0.6, 0.95))
        answers, doubts = answer_heads(heads, model, visits, regions[shown], embeddings)
        columns |= spread(answers, shown, len(few))
        reasons += in_words(doubts, np.ones(len(shown)), "regions")
        columns["in_domain"] = np.zeros(len(few), bool)
        columns["in_domain"][shown] = ~any_of(doubts, len(shown))
    progress(1.0)
    return RegionScores(columns, reasons)


def answer_heads(
    heads: Sequence[CardData],
    model: Model,
    visits: Visits,
    regions: Array,
    embeddings: Array,
) -> tuple[Columns, Columns]:
    """As of `head_answers`. embeddings: of the visitors."""
    stats = unit_stats(visits.visitors)
    return head_answers(heads, model, visits.visitors, regions, visits.inside, embeddings, stats)


def spread(figures: Mapping[str, Array], rows: Array, n: int) -> Columns:
    """(n,) columns that hold figures (k,) in some rows (k,), and nan or None in the others."""
    columns = {}
    for name, values in figures.items():
        column = np.full(n, None if values.dtype == object else np.nan, values.dtype)
        column[rows] = values
        columns[name] = column
    return columns


def count_figures(users: Tracks, inside: Sequence[Array], min_users: int) -> Columns:
    """The figures of regions that need no model, (n,) each, nan where they are withheld.

    n_users; n_points, fixes; n_visits: runs of a user's fixes in the region, which a silence of
    three hours ends; dwell_min: median minutes of visits with several fixes. users: one track a
    user. inside: of `fixes_inside`.
    """
    from scipy.ndimage import median

    n = len(inside)
    fixes = count_users(users, inside)
    region, first, last = visits_of(users, *flattened(inside))
    who = users.user[first]
    visits = sparse_counts(region, who, fixes.shape)
    minutes = (users.t[last] - users.t[first]) / 60_000
    long = minutes > 0
    long_visits = sparse_counts(region[long], who[long], fixes.shape)
    dwell = np.full(n, np.nan)
    if long.any():
        dwell = median(minutes[long], region[long], np.arange(n))
    return {
        "n_users": np.where(withheld(min_users, fixes.sign()), np.nan, np.diff(fixes.indptr)),
        "n_points": np.where(withheld(min_users, fixes), np.nan, _sums(fixes)),
        "n_visits": np.where(withheld(min_users, visits), np.nan, _sums(visits)),
        "dwell_min": np.where(withheld(min_users, long_visits), np.nan, dwell),
    }


@dataclass(frozen=True)
class Visits:
    """Those who visit any of n regions. fixes: sparse (n, visitors) how many. visitors: their
    tracks. inside: n arrays of rows of these.
    """

    fixes: csr_matrix
    visitors: Tracks
    inside: list[Array]


def visits_to(users: Tracks, inside: Sequence[Array], some: Array) -> Visits:
    """The visitors of some regions. users: one track a user. inside: of `fixes_inside`. some: rows
    of regions.
    """
    of_some = [inside[row] for row in some]
    fixes = count_users(users, of_some)
    came = _sums(fixes.T) > 0
    kept = came[users.user]
    row = np.cumsum(kept) - 1
    return Visits(fixes[:, came].tocsr(), users.take(kept), [row[rows] for rows in of_some])


def _sums(counts: csr_matrix) -> Array:
    return np.asarray(counts.sum(axis=1)).ravel()
