# SPDX-License-Identifier: GPL-2.0-or-later
"""The raw columns of a layer, before they become tracks: the common result of both ways of reading."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..core.tracks import Coded, encode_ids


@dataclass(frozen=True)
class Columns:
    """Columns of n fixes in the layer's own CRS, unsorted and uncleaned.

    user, track: (n,) numbers or codes; or None where the layer has no such field.
    t: (n,) int64 epoch ms UTC, NO_TIME where NULL or unreadable. xy: (n, 2) float64, NaN without a position.
    """

    user: np.ndarray | Coded | None
    track: np.ndarray | Coded | None
    t: np.ndarray
    xy: np.ndarray


def id_text(value: Any) -> str:
    """An id as the results write it. 7 and 7.0 are the same id, because number fields do not distinguish them."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def join_ids(parts: list[np.ndarray | Coded | None]) -> np.ndarray | Coded | None:
    """Concatenate ids: numbers as they are, others as codes."""
    found = [part for part in parts if part is not None]
    if not found:
        return None
    if not any(isinstance(part, Coded) for part in found):
        return np.concatenate(found)
    coded = [part if isinstance(part, Coded) else encode_ids(part) for part in found]
    before = np.cumsum([0, *(len(part.names) for part in coded)])
    codes = [np.where(part.codes < 0, -1, part.codes + n) for part, n in zip(coded, before)]
    return Coded(np.concatenate(codes), np.concatenate([part.names for part in coded]))
