# SPDX-License-Identifier: GPL-2.0-or-later
"""Areas as wide as the layer needs: stretches of it are taken for gaps, and their fixes are the truths (conformal).

What is drawn depends on the content of the fixes, not on ids or on the order of rows. A stretch hides its fixes from
itself, since movements at the time of a gap do not count.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ..arrays import content_hash
from ..bundle.contract import CALIBRATION_COLUMNS
from ..forecasting.adaptation import logit
from ..forecasting.areas import NOMINAL_LEVELS
from ..tracks import Tracks
from .ends import Gaps
from .imputer import Table


@dataclass(frozen=True)
class LayerSettings:
    """How stretches are drawn, and how much they weigh."""

    max_starts: int = 60_000  # fixes at which one may begin
    max_stretches: int = 1500  # of a length
    min_stretches: int = 30  # fewer change nothing
    prior: float = 50.0  # weight of the shipped calibration, in stretches
    longer: float = 1.1  # times the length that a stretch may have
    middle: float = 0.1  # of the length, within which a fix shows where its middle was


SETTINGS = LayerSettings()


def calibration_of(
    shipped: Table, tracks: Tracks, seconds: np.ndarray, nonconformity: Callable[[Gaps, np.ndarray], tuple]
) -> np.ndarray:
    """CALIBRATION_COLUMNS (4, m) of gaps of lengths (m,): the shipped table, moved toward what stretches of the layer
    need. nonconformity: function of gaps and rows of fixes in them that returns their scores (areas.nonconformity).
    """
    known, at = np.log(shipped["seconds"]), np.log(seconds)
    table, half = np.array([shipped[name] for name in CALIBRATION_COLUMNS]), len(NOMINAL_LEVELS)
    first = max(int(np.searchsorted(known, at.min(), "right")) - 1, 0)
    last = min(int(np.searchsorted(known, at.max())), len(known) - 1)
    for number in range(first, last + 1):
        gaps, middle = stretches(tracks, float(shipped["seconds"][number]))
        n = len(middle)
        if n < SETTINGS.min_stretches:
            continue
        off, level = nonconformity(gaps, middle)
        row, trust = table[:, number], n / (n + SETTINGS.prior)
        wanted = np.array([np.quantile(a, share) for a, share in zip(off, NOMINAL_LEVELS, strict=True)])
        row[:half] *= (np.maximum(wanted, 1e-3) / row[:half]) ** trust
        shifted = logit(row[half:]) + trust * (logit(np.quantile(level, NOMINAL_LEVELS)) - logit(row[half:]))
        row[half:] = 1.0 / (1.0 + np.exp(-shifted))
    return np.array([np.interp(at, known, column) for column in table])


def stretches(tracks: Tracks, seconds: float) -> tuple[Gaps, np.ndarray]:
    """Stretches of tracks that last about `seconds`, as many of each track as there are, and the row (n,) of a fix near
    the middle of each.
    """
    s, t = SETTINGS, tracks.t
    key = content_hash(t, tracks.lon, tracks.lat)
    begin = np.flatnonzero(key % np.uint64(-(-len(t) // s.max_starts) or 1) == 0)
    end = np.minimum(tracks.time_index.before(tracks.track[begin], t[begin] + int(1000 * seconds)), len(t) - 1)
    half = (t[begin] + t[end]) // 2
    middle = tracks.time_index.before(tracks.track[begin], half)
    possible = (tracks.track[end] == tracks.track[begin]) & (t[end] - t[begin] <= 1000 * s.longer * seconds)
    possible &= (t[end] - t[begin] >= 1000 * seconds) & (middle > begin) & (middle < end)
    possible &= np.abs(t[np.minimum(middle, len(t) - 1)] - half) <= 1000 * s.middle * seconds
    chosen = np.flatnonzero(possible)
    track, drawn = tracks.track[begin[chosen]], content_hash(key[begin[chosen]], np.array(1))
    order = np.lexsort((drawn, track))
    turn = np.arange(len(order)) - np.searchsorted(track[order], track[order])  # of a stretch, among those of its track
    chosen = np.sort(chosen[order[np.lexsort((drawn[order], turn))][: s.max_stretches]])
    return Gaps(tracks, begin[chosen], end[chosen]), middle[chosen]
