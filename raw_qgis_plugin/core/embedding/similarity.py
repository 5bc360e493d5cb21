# SPDX-License-Identifier: GPL-2.0-or-later
"""Similar embeddings, with reasons that an analyst can check (explanations.py)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from ..arrays import Array
from ..errors import InputError, Progress, no_progress, part_of
from ..tracks import Tracks
from .explanations import reasons, user_traits

if TYPE_CHECKING:
    from .profiles import Embed

RIDGE = 10.0  # variance, weaker principal components of embeddings are noise and stay weak


@dataclass(frozen=True)
class Similar:
    """The most similar first.

    rows: (k,) of the users or regions. similarity: (k,) -1 to 1. reasons: (k,) words.
    """

    rows: Array
    similarity: Array
    reasons: list[str] = field(default_factory=list)


def similar(
    embeddings: Array, target: int, k: int = 10, whiten: bool = True
) -> tuple[Array, Array]:
    """The rows (k,) most similar to a target row except itself, and their similarity, -1 to 1.

    Similarity is the cosine of embeddings whose columns are standardised over all rows and then,
    with `whiten`, rotated to their principal components (`_whitened`). embeddings: (n, d); rows
    with nan are not found. Few rows have fewer than k. Raises InputError if the target has no
    embedding.
    """
    known = ~np.isnan(embeddings).any(axis=1)
    if not known[target]:
        raise InputError("A target has too few fixes, so that there is no embedding to compare.")

    x = _standardised(embeddings[known].astype(np.float32))
    if whiten:
        x = _whitened(x)

    x /= np.maximum(np.linalg.norm(x, axis=1, keepdims=True), 1e-12)
    rows = np.flatnonzero(known)

    cosine = x[rows == target][0] @ x.T
    best = np.argsort(-cosine, kind="stable")
    best = best[rows[best] != target][:k]

    return rows[best], cosine[best].astype(np.float64)


def _standardised(x: Array) -> Array:
    """Columns (n, d) float32 of mean 0 and deviation 1; constant ones are 0."""
    spread = x.std(axis=0, dtype=np.float64)
    spread[spread <= 1e-6] = 1.0
    return ((x - x.mean(axis=0, dtype=np.float64)) / spread).astype(np.float32)


def _whitened(x: Array) -> Array:
    """Standardised columns (n, d) as components whose variance v becomes v / (v + RIDGE).

    Strong components become equal, weak ones stay weak. For regions, which are few, standardising
    alone is better (docs/evidence/similarity.md).
    """
    if len(x) < x.shape[1]:  # few users have few components, which takes no time
        _, singular, rows = np.linalg.svd(x, full_matrices=False)
        variance = np.square(singular) / len(x)
        components = rows.T
    else:
        variance, components = np.linalg.eigh(x.T @ x / len(x))

    return (x @ components) / np.sqrt(np.maximum(variance, 0) + RIDGE)


def similar_users(
    users: Tracks, target: str, k: int, embed: Embed, progress: Progress = no_progress
) -> Similar:
    """The k users who move most like the one with the id `target`.

    users: one track a user (`Tracks.by_user()`). embed: function of tracks and a progress that
    returns embeddings, such as `embed_cached` for a model. Raises InputError if there is no such
    user.
    """
    found = np.flatnonzero(users.user_ids == target)
    if not len(found):
        some = ", ".join(users.user_ids[:5]) + (", …" if users.n_users > 5 else "")
        raise InputError(
            "There is no user '{name}' with two usable fixes. The ids are: {known}.",
            name=target,
            known=some or "–",
        )

    row = int(found[0])
    rows, similarity = similar(embed(users, part_of(progress, 0.0, 0.9)), row, k)
    why = reasons(user_traits(users), row, rows)
    progress(1.0)

    return Similar(rows, similarity, why)
