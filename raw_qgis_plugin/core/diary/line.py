# SPDX-License-Identifier: GPL-2.0-or-later
"""Tracks thinned to the mean fix of each ten seconds and smoothed, in metres: what stops and legs are found in."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import median_filter

from ..arrays import run_ends
from ..features.ride import averaged
from ..tracks import Tracks

SMOOTHED = 9  # fixes of the running median of places
SMOOTHED_MS = 180_000  # a median over a longer time would cut corners: such fixes stay


@dataclass(frozen=True)
class Line:
    """Thinned tracks. m rows; a row stands for the fixes first to last of `tracks`."""

    tracks: Tracks  # the fixes that it was made from
    thin: Tracks  # (m,) mean times in ms since the track's first fix; lon and lat are metres from there
    xy: np.ndarray  # (m, 2) smoothed metres
    first: np.ndarray  # (m,)
    last: np.ndarray  # (m,)

    @property
    def t(self) -> np.ndarray:
        """(m,) ms since the track's first fix."""
        return self.thin.t

    @property
    def track(self) -> np.ndarray:
        """(m,) into the tracks."""
        return self.thin.track


def thinned(tracks: Tracks) -> Line:
    """Thin and smooth tracks."""
    thin, first = averaged(tracks)
    last = run_ends(first, len(tracks))
    xy, half = np.stack([thin.lon, thin.lat], axis=1), SMOOTHED // 2
    if len(xy) > SMOOTHED:
        begin, end = slice(None, -2 * half), slice(2 * half, None)
        inside = (thin.track[begin] == thin.track[end]) & (thin.t[end] - thin.t[begin] <= SMOOTHED_MS)
        smooth = np.stack([median_filter(column, SMOOTHED) for column in xy.T], axis=1)
        xy[half:-half][inside] = smooth[half:-half][inside]
    return Line(tracks, thin, xy, first, last)
