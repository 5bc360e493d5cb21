# SPDX-License-Identifier: GPL-2.0-or-later
"""The raw columns of a layer, before they become tracks: the common result of both ways of reading."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..core.tracks import Coded


@dataclass(frozen=True)
class Columns:
    """Columns of n fixes in the layer's own CRS, unsorted and uncleaned.

    user, track: codes of n ids; or None where the layer has no such field.
    t: (n,) int64 epoch ms UTC, NO_TIME where NULL or unreadable. xy: (n, 2) float64, NaN without a position.
    """

    user: Coded | None
    track: Coded | None
    t: np.ndarray
    xy: np.ndarray


def id_text(value: Any) -> str:
    """An id as the results write it. 7 and 7.0 are the same id, because number fields do not distinguish them."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
