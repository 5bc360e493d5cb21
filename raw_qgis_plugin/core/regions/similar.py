# SPDX-License-Identifier: GPL-2.0-or-later
"""Similar regions, with reasons that an analyst can check."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..arrays import Array, flattened
from ..disclosure.thresholds import withheld
from ..embedding.explanations import reasons, region_traits
from ..embedding.similarity import Similar, similar
from ..errors import InputError, Progress, no_progress, part_of
from ..specs import MIN_USERS
from ..tracks import Tracks
from .geometry import fixes_inside
from .heads import count_users, pool_users

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

    from ..embedding.profiles import Embed


def similar_regions(
    users: Tracks,
    polygons: Sequence[Any] | Array,
    target: int,
    k: int,
    embed: Embed,
    min_users: int = MIN_USERS,
    progress: Progress = no_progress,
) -> tuple[Similar, Array]:
    """The k regions whose visitors move most like those of region number `target`.

    polygons: (n_regions,) shapely geometries in lon/lat. The embedding of a region is the mean over
    its visitors, weighted by the logarithm of their fixes there. Regions whose fixes `withheld`
    hides are neither compared nor found, and no reason rests on fewer than min_users persons.
    Returns also which these are, (n_regions,) bool. Raises InputError if the target is one of them.
    """
    users = users.by_user()
    inside = fixes_inside(users, polygons, part_of(progress, 0.0, 0.2))
    visits = count_users(users, inside)
    shown = ~withheld(min_users, visits)
    if not shown[target]:
        words = (
            "The target region has fewer than {n} users, or one of them has most of its fixes. "
            "Choose a larger one."
        )
        raise InputError(words, n=min_users)

    vectors = embed_visitors(users, visits[shown], embed, part_of(progress, 0.2, 0.9))
    pooled = pool_users(vectors, visits.log1p(), "share")
    pooled[~shown] = np.nan
    rows, similarity = similar(pooled, target, k, whiten=False)

    region, fix = flattened(inside)
    traits = region_traits(users, visits, region, fix, min_users)
    for trait in traits:
        trait.values[~shown] = np.nan  # nor do they count in what is unusual
    progress(1.0)
    return Similar(rows, similarity, reasons(traits, target, rows)), ~shown


def embed_visitors(users: Tracks, visits: csr_matrix, embed: Embed, progress: Progress) -> Array:
    """(n_users, E) float32 embeddings of who visits any of some regions; the others have nan."""
    times = np.asarray(visits.sum(axis=0)).ravel()
    came = times > 0
    visitors = users.take(came[users.user])
    some = embed(visitors, progress)
    vectors = np.full((users.n_users, some.shape[1]), np.nan, np.float32)
    vectors[came] = some
    return vectors
