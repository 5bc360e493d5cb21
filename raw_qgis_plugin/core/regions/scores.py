# SPDX-License-Identifier: GPL-2.0-or-later
"""Regions as the people who visit them: counts, visits, labels of the visitors, and heads that an
analyst taught.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from ..arrays import flattened, sparse_counts
from ..disclosure.noise import noise_keys, noisy_medians
from ..disclosure.publish import CAP, CAPPED, NOISE_KEY, NOISY
from ..disclosure.thresholds import withheld
from ..embedding.applicability import any_of, in_words, unit_stats
from ..embedding.embed import embed
from ..embedding.profiles import choose_heads
from ..errors import Progress, no_progress, part_of
from ..features.region_activity import visits_of
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

    columns: dict[str, np.ndarray]
    # why regions are not in_domain, with counts, and doubts about ids
    reasons: list[str] = field(default_factory=list)


def score_regions(
    tracks: Tracks,
    polygons: Sequence[Any] | np.ndarray,
    model: Model,
    tasks: Sequence[str] | None = None,
    min_users: int = MIN_USERS,
    progress: Progress = no_progress,
    cached: Embed | None = None,
    label: Label | None = None,
    secret: bytes = b"",
) -> RegionScores:
    """Score regions by the users with a fix inside.

    polygons: (n_regions,) shapely geometries in lon/lat, or None. tasks, cached: as in `profile`.
    label: labels people, such as `label_people` with a model. secret: of the profile, for
    noise_key. Columns: of `count_figures`, of `people_figures` if there is a label, and of heads;
    suppressed; in_domain, False without answers of heads.
    """
    heads = choose_heads(model, "region", tasks)
    users, regions = tracks.by_user(), usable_polygons(polygons)
    inside = fixes_inside(users, regions, part_of(progress, 0.0, 0.2))
    columns, few = count_figures(users, regions, inside, min_users, secret)
    columns |= {"suppressed": few, "in_domain": ~few}
    reasons, which = doubtful_ids(users), np.flatnonzero(~few)

    def put(rows: np.ndarray, found: Mapping[str, np.ndarray]) -> None:
        for name, values in found.items():
            columns[name] = np.full(
                len(few), None if values.dtype == object else np.nan, values.dtype
            )
            columns[name][rows] = values

    if label is not None:
        visits, visitors, _ = _visitors(users, [inside[row] for row in which])
        labels = label(visitors, part_of(progress, 0.2, 0.6)) if len(which) else None
        some = people_figures(labels, visits, regions[which], min_users) if labels else {}
        put(which, some or dict.fromkeys(PEOPLE_FIGURES, np.zeros(0)))
    if heads:
        which = np.flatnonzero(~np.isnan(columns["n_points"]))  # these heads rest on fixes
        _, visitors, rows = _visitors(users, [inside[row] for row in which])
        embed_with = cached or (lambda some, part: embed(some, model, part))
        embeddings = embed_with(visitors, part_of(progress, 0.6, 0.95))
        stats = unit_stats(visitors)
        found, doubts = head_answers(
            heads, model, visitors, regions[which], rows, embeddings, stats
        )
        put(which, found)
        reasons += in_words(doubts, np.ones(len(which)), "regions")
        columns["in_domain"] = np.zeros(len(few), bool)
        columns["in_domain"][which] = ~any_of(doubts, len(which))
    progress(1.0)
    return RegionScores(columns, reasons)


def count_figures(
    users: Tracks,
    regions: np.ndarray,
    inside: Sequence[np.ndarray],
    min_users: int,
    secret: bytes = b"",
) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """The figures of regions that need no model, (n,) each, and whether a region is of too few
    people, (n,) bool.

    n_users; n_points, fixes; n_visits: runs of a user's fixes in the region, which a silence of
    three hours ends; dwell_min: median minutes of visits with several fixes. With a secret also
    what `publish_figures` needs: capped_n_visits, noisy_dwell_min, noise_key. users: one track a
    user. inside: of `fixes_inside`.
    """
    from scipy.ndimage import median

    n = len(inside)
    fixes = count_users(users, inside)
    region, first, last = visits_of(users, *flattened(inside))
    visits = sparse_counts(region, users.user[first], fixes.shape)
    minutes = (users.t[last] - users.t[first]) / 60_000
    long, who = minutes > 0, users.user[first]
    dwell = median(minutes[long], region[long], np.arange(n)) if long.any() else np.full(n, np.nan)
    figures = {
        "n_users": (fixes.sign(), np.diff(fixes.indptr)),
        "n_points": (fixes, _sums(fixes)),
        "n_visits": (visits, _sums(visits)),
        "dwell_min": (sparse_counts(region[long], who[long], fixes.shape), dwell),
    }
    columns = {
        name: np.where(withheld(min_users, by), np.nan, value)
        for name, (by, value) in figures.items()
    }
    few = np.isnan(columns["n_users"])
    if secret:
        columns[f"{CAPPED}n_visits"] = np.where(
            few, np.nan, _sums(visits.minimum(visits.sign() * CAP))
        )
        keys = columns[NOISE_KEY] = np.full(n, None, object)
        keys[~few] = noise_keys(secret, regions[~few], fixes[~few], users.user_ids)
        columns[f"{NOISY}dwell_min"] = noisy_medians(
            secret, keys, "dwell_min", minutes[long], region[long], who[long]
        )
    return columns, few


def _sums(counts: csr_matrix) -> np.ndarray:
    return np.asarray(counts.sum(axis=1)).ravel()


def _visitors(
    users: Tracks, inside: Sequence[np.ndarray]
) -> tuple[csr_matrix, Tracks, list[np.ndarray]]:
    """Only those who visit any of the regions: sparse (n, visitors) counts of fixes, their tracks,
    and `inside`.
    """
    visits = count_users(users, inside)
    came = _sums(visits.T) > 0
    kept = came[users.user]
    row = np.cumsum(kept) - 1
    return visits[:, came].tocsr(), users.take(kept), [row[rows] for rows in inside]
