# SPDX-License-Identifier: GPL-2.0-or-later
"""Tracks thinned to the mean fix of each ten seconds and smoothed, in metres: what stops and legs
are found in.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..arrays import run_ends
from ..features.ride import averaged
from ..geodesy import offset_m
from ..tracks import Tracks

SMOOTHED = 9  # fixes of the running median of places
SMOOTHED_MS = 180_000  # a median over a longer time would cut corners: such fixes stay


class Line(NamedTuple):
    """Thinned tracks. m rows; a row stands for the fixes first to last of `tracks`."""

    tracks: Tracks  # the fixes that it was made from
    # (m,) mean times in ms since the track's first fix; lon and lat are metres, of `along`
    thin: Tracks
    t: np.ndarray  # (m,) times of `thin`
    track: np.ndarray  # (m,) into the tracks
    xy: np.ndarray  # (m, 2) smoothed metres
    first: np.ndarray  # (m,)
    last: np.ndarray  # (m,)


class Ranges(NamedTuple):
    """k stops or legs in order. begin, end: (k,) rows of the line, both included."""

    begin: np.ndarray
    end: np.ndarray


def thinned(tracks: Tracks) -> Line:
    """Thin and smooth tracks."""
    thin, first = averaged(tracks, along(tracks))
    last = run_ends(first, len(tracks))
    xy, half = np.stack([thin.lon, thin.lat], axis=1), SMOOTHED // 2
    if len(xy) > SMOOTHED:
        # not above: the dock of a QGIS without SciPy says what is missing
        from scipy.ndimage import median_filter

        begin, end = slice(None, -2 * half), slice(2 * half, None)
        inside = (thin.track[begin] == thin.track[end]) & (
            thin.t[end] - thin.t[begin] <= SMOOTHED_MS
        )
        smooth = np.stack([median_filter(column, SMOOTHED) for column in xy.T], axis=1)
        xy[half:-half][inside] = smooth[half:-half][inside]
    return Line(tracks, thin, thin.t, thin.track, xy, first, last)


def along(tracks: Tracks) -> np.ndarray:
    """(n, 2) metres east and north of the track's first fix, summed from fix to fix.

    So places near each other are as far apart as on the ground, however far from the first fix they
    lie.
    """
    first = tracks.track_offsets[:-1][tracks.track]
    mm = np.zeros((len(tracks), 2), np.int64)  # whole numbers: sums depend on no other track
    step = tracks.steps()
    ends = tracks.lon[step + 1], tracks.lat[step + 1], tracks.lon[step], tracks.lat[step]
    mm[step + 1] = np.rint(1000 * offset_m(*ends))
    total = np.cumsum(mm, axis=0)
    return (total - total[first]) / 1000
