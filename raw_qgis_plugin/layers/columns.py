# SPDX-License-Identifier: GPL-2.0-or-later
"""The raw columns of a layer of points, before they are tracks: what both ways of reading fill in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Columns:
    """Columns of n fixes in the layer's own CRS, unsorted and uncleaned.

    user, track: (n,) text or numbers, None in place of a NULL; or None where the layer has no such field.
    t: (n,) int64 epoch ms UTC, NO_TIME where NULL or unreadable. xy: (n, 2) float64, NaN where there is no position.
    """

    user: np.ndarray | None
    track: np.ndarray | None
    t: np.ndarray
    xy: np.ndarray


def id_text(value: Any) -> str:
    """An id as results have it: 7 and 7.0 are one, as fields of numbers do not tell them apart."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def join_ids(parts: list[np.ndarray | None]) -> np.ndarray | None:
    """Concatenate ids. Text and numbers are not mixed by NumPy, which would turn None into 'None'."""
    found = [part for part in parts if part is not None]
    if not found:
        return None
    if len({part.dtype.kind for part in found}) > 1:
        found = [part.astype(object) for part in found]
    return np.concatenate(found)
