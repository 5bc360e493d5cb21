# SPDX-License-Identifier: GPL-2.0-or-later
"""Similar embeddings, and similar users with reasons that an analyst can check."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from ..errors import InputError, Progress, no_progress, part_of
from ..tracks import Tracks
from .explain import reasons, user_traits

Embed = Callable[[Tracks, Progress], np.ndarray]


@dataclass(frozen=True)
class Similar:
    """The most similar first. rows: (k,) of the users or regions. similarity: (k,) -1 to 1. reasons: (k,) words."""

    rows: np.ndarray
    similarity: np.ndarray
    reasons: list[str] = field(default_factory=list)


def similar(
    embeddings: np.ndarray, target_rows: np.ndarray, k: int = 10, whiten: bool = True
) -> tuple[np.ndarray, np.ndarray]:
    """The k most similar rows to each target except itself: rows (m, k) int64, and similarity (m, k), -1 to 1.

    Similarity is the cosine of `unit_vectors`. embeddings: (n, d); rows with nan are not found. With fewer than k
    other rows, the remaining rows are -1 and their similarity is nan. Raises InputError if a target has no embedding or
    k is not positive.
    """
    if k < 1:
        raise InputError("The number of similar ones must be at least 1.")
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
    """Embeddings (n, d) without nan as vectors (n, d) float32 of length 1, whose products are their similarity.

    Columns are standardised over all rows and then, with `whiten`, rotated to their principal components (`_whitened`).
    """
    x = embeddings.astype(np.float32)
    middle, spread = x.mean(axis=0, dtype=np.float64), x.std(axis=0, dtype=np.float64)
    x = ((x - middle) / np.where(spread > 1e-6, spread, 1.0)).astype(np.float32)
    x = _whitened(x) if whiten else x
    return x / np.maximum(np.linalg.norm(x, axis=1, keepdims=True), 1e-12)


def _whitened(x: np.ndarray, ridge: float = 10.0) -> np.ndarray:
    """Standardised columns (n, d) as components whose variance v becomes v / (v + ridge).

    Strong components become equal, weak ones stay weak. For regions, which are few, standardising alone is better
    (docs/evidence/similarity.md).
    """
    if len(x) < x.shape[1]:  # few users have few components, which takes no time
        _, singular, rows = np.linalg.svd(x, full_matrices=False)
        variance, components = np.square(singular) / len(x), rows.T
    else:
        variance, components = np.linalg.eigh(x.T @ x / len(x))
    return (x @ components) / np.sqrt(np.maximum(variance, 0) + ridge)


def similar_users(users: Tracks, target: str, k: int, embed: Embed, progress: Progress = no_progress) -> Similar:
    """The k users who move most like the one with the id `target`.

    users: one track a user (`Tracks.by_user()`). embed: function of tracks and a progress that returns embeddings, such
    as `embed_cached` for a model. Raises InputError if there is no such user.
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
