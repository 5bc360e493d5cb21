# SPDX-License-Identifier: GPL-2.0-or-later
"""The cache of embeddings in the user's folder."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from .form import Run
from .words import tr

if TYPE_CHECKING:
    from ..core.bundle.runtime import Model
    from ..core.embedding.profiles import Embed


def cached(model: Model, run: Run) -> Embed:
    """The model's embedding of tracks, with the cache in the user's folder. Problems with the cache are warnings."""
    from ..core.embedding.cache import embed_cached

    folder = cache_folder(run.warn)
    return lambda tracks, progress: embed_cached(tracks, model, folder, progress, run.warn)


def cache_folder(warn: Callable[[str], object]) -> Path | None:
    """The folder of the embedding cache; None, with a warning, where it cannot be made, as in a read-only profile."""
    from ..environment import folders

    try:
        return folders.cache_folder()
    except OSError as error:
        warn(tr("There is no folder to keep embeddings in: {error}").format(error=error))
        return None
