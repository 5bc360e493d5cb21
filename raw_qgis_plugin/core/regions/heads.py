# SPDX-License-Identifier: GPL-2.0-or-later
"""Heads of regions that an analyst taught: from who visits a region, and how it is used, to a label
or a number.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from ..arrays import Array, Columns, flattened, group_quantile, sparse_counts
from ..embedding.applicability import outside
from ..embedding.profiles import head_columns
from ..features.region_activity import FixActivity, fix_activity, region_activity
from ..labels import CardData
from ..tracks import Tracks
from .geometry import area_km2

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

    from ..bundle.runtime import Model


def head_answers(
    heads: Sequence[CardData],
    model: Model,
    users: Tracks,
    polygons: Array,
    inside: Sequence[Array],
    embeddings: Array,
    stats: Mapping[str, Array],
    activity: FixActivity | None = None,
) -> tuple[Columns, Columns]:
    """The columns of heads for regions (n,), and for which of them heads are not made, and why: as
    of `outside`.

    users: one track a user. inside: of `fixes_inside`. embeddings: (n_users, E); nan for those who
    visit no region. stats: of `unit_stats`, (n_users,) each. activity: of `fix_activity`, if known.
    """
    n = len(inside)
    visits = count_users(users, inside)
    n_users = np.diff(visits.indptr)
    region = np.repeat(np.arange(n), n_users)

    # what visitors are like in the middle
    limits = {"n_users": n_users.astype(np.float64)}
    for name, values in stats.items():
        limits[name] = group_quantile(values[visits.indices], region, n)

    known = activity or fix_activity(users)
    use = region_activity(users, known, inside)
    inputs = region_inputs(embeddings, visits, area_km2(polygons), use)
    columns: Columns = {}
    doubts: Columns = {}
    for head in heads:
        columns |= head_columns(head, model, inputs, limits)
        doubts |= outside(limits, head.get("domain", {}), np.ones(n, bool))
    return columns, doubts


def count_users(tracks: Tracks, inside: Sequence[Array]) -> csr_matrix:
    """Sparse (n_regions, n_users) counts of fixes. inside: of `fixes_inside`."""
    region, rows = flattened(inside)
    return sparse_counts(region, tracks.user[rows], (len(inside), tracks.n_users))


def pool_users(embeddings: Array, visits: csr_matrix, pooling: str = "sum") -> Array:
    """Pool the embeddings of the users who crossed each region (sum: Zhang et al. 2023, sec. 4.7).

    embeddings: (n_users, d) float32; users with nan are left out. visits: of `count_users`.
    pooling: 'sum'; 'mean' of the users; 'share', the mean of the users weighted by their share of
    the region's fixes. Returns (n_regions, d) float32; a region that nobody crossed is all zeros.
    """
    known = ~np.isnan(embeddings).any(axis=1)
    weights = visits.astype(np.float64)[:, known]
    if pooling != "share":
        weights.data[:] = 1.0
    total = weights @ embeddings[known].astype(np.float64)
    if pooling != "sum":
        total /= np.maximum(np.asarray(weights.sum(axis=1)), 1.0)
    return total.astype(np.float32)


def region_inputs(embeddings: Array, visits: csr_matrix, area: Array, activity: Array) -> Array:
    """The input of region heads, in training and inference: (n_regions, 2 d + 3 +
    len(REGION_ACTIVITY)) float32.

    The sum of the embeddings, their mean, log(1 + users), log(1 + fixes), log(area), and activity,
    of `region_activity`. area: (n_regions,) km².
    """
    n_users = np.diff(visits.indptr)
    n_fixes = np.asarray(visits.sum(axis=1)).ravel()
    size = np.log(np.maximum(area, 1e-6))
    counts = np.stack([np.log1p(n_users), np.log1p(n_fixes), size], axis=1)
    blocks = (
        pool_users(embeddings, visits),
        pool_users(embeddings, visits, "mean"),
        counts,
        activity,
    )
    return np.concatenate(blocks, axis=1).astype(np.float32)
