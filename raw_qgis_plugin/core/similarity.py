# SPDX-License-Identifier: GPL-2.0-or-later
"""Who moves like this one, and which places are used like this one, with reasons that an analyst can check."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from .embedding.explain import reasons, region_traits, user_traits
from .errors import InputError, Progress, no_progress, part_of, require
from .regions.scores import MIN_USERS, pool_users, usable_polygons
from .regions.view import Index
from .tracks import Tracks

if TYPE_CHECKING:
    from .embedding.profiles import Embed


# In variances of a standardised column. In a synthetic city of 600 users the nearest neighbour shares the label
# 'commuter' in 59 % of cases by the plain cosine, 67 % standardised, 70 % so whitened, 60 % whitened whole (by chance:
# 51 %); 'owns a car' in 65, 67, 74 and 64 %. Of regions, of which there are few, standardised alone is better.
RIDGE = 10.0
FITTED = 5000  # rows that the components are fitted to


@dataclass(frozen=True)
class Similar:
    """The most similar first. rows: (k,) of the users or regions. similarity: (k,) -1 to 1. reasons: (k,) words."""

    rows: np.ndarray
    similarity: np.ndarray
    reasons: list[str] = field(default_factory=list)


def similar(
    embeddings: np.ndarray, target_rows: np.ndarray, k: int = 10, whiten: bool = True
) -> tuple[np.ndarray, np.ndarray]:
    """The k nearest to each target among all but itself: rows (m, k) int64, and similarity (m, k), -1 to 1.

    Similarity is the cosine of embeddings whose columns are standardised over all rows and then, with `whiten`, turned
    to their principal components, the strong ones made equal, the weak ones left weak (see RIDGE). embeddings: (n, d),
    nan in rows that have none: those are not found. rows is -1 and similarity nan where there are fewer than k others.
    InputError where a target has no embedding or k is not positive.
    """
    if k < 1:
        raise InputError("The number of similar ones that are asked for must be at least 1.")
    target_rows = np.atleast_1d(np.asarray(target_rows, np.int64))
    known = ~np.isnan(embeddings).any(axis=1)
    if not known[target_rows].all():
        raise InputError("A target has too few fixes, so that there is no embedding to compare.")
    x = unit_vectors(embeddings[known], whiten)
    number = np.flatnonzero(known)
    targets = np.searchsorted(number, target_rows)
    cosine = x[targets] @ x.T
    cosine[np.arange(len(targets)), targets] = -np.inf  # not itself
    best = np.argsort(-cosine, axis=1, kind="stable")[:, :k]
    value = np.take_along_axis(cosine, best, axis=1).astype(np.float64)
    rows = np.where(value == -np.inf, -1, number[best])
    value[rows < 0] = np.nan
    short = ((0, 0), (0, k - best.shape[1]))
    return np.pad(rows, short, constant_values=-1), np.pad(value, short, constant_values=np.nan)


def unit_vectors(embeddings: np.ndarray, whiten: bool = True) -> np.ndarray:
    """Embeddings (n, d) without nan as vectors (n, d) float32 of length 1, whose products are their similarity."""
    x = embeddings.astype(np.float32)
    middle, spread = x.mean(axis=0, dtype=np.float64), x.std(axis=0, dtype=np.float64)
    x = ((x - middle) / np.where(spread > 1e-6, spread, 1.0)).astype(np.float32)
    x = _whitened(x) if whiten else x
    return x / np.maximum(np.linalg.norm(x, axis=1, keepdims=True), 1e-12)


def _whitened(x: np.ndarray) -> np.ndarray:
    """Standardised columns (n, d) in components whose variance v is brought to v / (v + RIDGE)."""
    fitted = x[:: max(len(x) // FITTED, 1)]
    _, singular, components = np.linalg.svd(fitted, full_matrices=False)
    variance = np.square(singular) / len(fitted)
    return (x @ components.T) / np.sqrt(variance + RIDGE)


def similar_users(
    users: Tracks, target: str, k: int, embed: Embed, progress: Progress = no_progress
) -> Similar:  # fmt: skip
    """The users who move like the one of the id `target`.

    users: one track a user (`Tracks.by_user()`). embed: tracks and a progress -> embeddings, such as `embed_cached`
    for a model. InputError where there is no such user.
    """
    found = np.flatnonzero(users.user_ids == target)
    if not len(found):
        some = ", ".join(users.user_ids[:5]) + (", …" if users.n_users > 5 else "")
        raise InputError(f"There is no user '{target}' with two usable fixes. The ids are: {some or 'none'}.")
    rows, similarity = similar(embed(users, part_of(progress, 0.0, 0.9)), found, k)
    rows, similarity = rows[0][rows[0] >= 0], similarity[0][rows[0] >= 0]
    why = reasons(user_traits(users), int(found[0]), rows)
    progress(1.0)
    return Similar(rows, similarity, why)


def similar_regions(
    users: Tracks,
    polygons: Sequence[Any] | np.ndarray,
    target: int,
    k: int,
    embed: Embed,
    min_users: int = MIN_USERS,
    progress: Progress = no_progress,
) -> tuple[Similar, np.ndarray]:
    """The regions that are used as the region number `target` is: by people who move alike.

    polygons: (n_regions,) shapely geometries in lon/lat. A region's embedding is the mean of its visitors', each by the
    logarithm of their fixes there (nearer in POI density and visits than the plain mean, the sum or the share). Regions
    with fewer than min_users distinct users are neither compared nor found, and no reason rests on fewer. Returns also
    which those are, (n_regions,) bool. InputError where the target is one of them.
    """
    require("scipy", "shapely")
    from scipy.sparse import csr_matrix

    if min_users < 1:
        raise InputError("The fewest users of a region that is shown must be at least 1.")
    region, fix = _inside(users, polygons, part_of(progress, 0.0, 0.2))
    shape = (len(polygons), users.n_users)
    visits = csr_matrix((np.ones(len(fix), np.int64), (region, users.user[fix])), shape)  # counts of fixes
    shown = np.diff(visits.indptr) >= min_users
    if not shown[target]:
        raise InputError(
            f"The target region has fewer than {min_users} users, so nothing is told about it: it would tell about "
            "them. Choose another one, or a larger one."
        )
    came = np.flatnonzero(np.asarray(visits[shown].sum(axis=0)).ravel())  # the others need no embedding
    some = embed(users.take(np.isin(users.user, came)), part_of(progress, 0.2, 0.9))
    vectors = np.full((users.n_users, some.shape[1]), np.nan, np.float32)
    vectors[came] = some
    pooled = pool_users(vectors, visits.log1p(), "share")
    pooled[~shown] = np.nan
    rows, similarity = similar(pooled, np.array([target]), k, whiten=False)
    rows, similarity = rows[0][rows[0] >= 0], similarity[0][rows[0] >= 0]
    facts = region_traits(users, visits, region, fix, min_users)
    for fact in facts:
        fact.values[~shown] = np.nan  # nor do they tell what is unusual
    why = reasons(facts, target, rows)
    progress(1.0)
    return Similar(rows, similarity, why), ~shown


def _inside(users: Tracks, polygons: Sequence[Any] | np.ndarray, progress: Progress) -> tuple[np.ndarray, np.ndarray]:
    """Pairs of a region and a fix in it: (m,) numbers of regions, ascending, and rows of users."""
    index, rows = Index(users.lon, users.lat), [np.zeros(0, np.int64)]
    regions = usable_polygons(polygons)
    for number, region in enumerate(regions):
        rows.append(index.inside(region))
        progress((number + 1) / len(regions))
    return np.repeat(np.arange(len(regions)), [len(found) for found in rows[1:]]), np.concatenate(rows)
