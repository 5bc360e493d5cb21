# SPDX-License-Identifier: GPL-2.0-or-later
"""Gaps between two fixes of a track, and how the track moved at their ends."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..features.featurizer import into_frame
from ..forecasting.neighbours import displacements
from ..geodesy import offset_m
from ..tracks import Tracks


class Settings:
    """How the movement at the ends of a gap is measured. The imputer was trained on it."""

    lags_s: tuple[float, ...] = (20.0, 60.0, 180.0, 600.0)  # over which velocities are taken
    max_gap_s: float = 600.0  # a longer silence hides how the track moved
    fastest_ms: float = 300.0  # what seems faster is a fault of the device, and counts as this fast
    min_apart_m: float = 20.0  # ends nearer to each other than this give a gap no direction
    unit_m: float = 30.0  # of the unit of a gap, beside the distance of its ends,
    reach: float = 0.3  # and this share of what the track could cover in it


NO_STEP_S = 3600.0  # where there is no fix before the first end, or after the second


@dataclass(frozen=True)
class Gaps:
    """Gaps between two fixes of a track. before, after: (g,) rows of these fixes. Fixes in between
    are not used.
    """

    tracks: Tracks
    before: np.ndarray
    after: np.ndarray

    @property
    def seconds(self) -> np.ndarray:
        """(g,) how long they are."""
        return (self.tracks.t[self.after] - self.tracks.t[self.before]) / 1000.0

    @property
    def across_m(self) -> np.ndarray:
        """(g, 2) metres east and north from the first end to the second."""
        lon, lat = self.tracks.lon, self.tracks.lat
        return offset_m(lon[self.after], lat[self.after], lon[self.before], lat[self.before])

    def take(self, rows: np.ndarray) -> Gaps:
        """Some of the gaps, or some several times."""
        return Gaps(self.tracks, self.before[rows], self.after[rows])


@dataclass(frozen=True)
class Ends:
    """What is known at the ends of g gaps, in metres in the frame from the first end to the second.

    lon, lat: (g,) degrees of the first end. heading: (g, 2) east and north, the x axis of the
    frame. across: (g, 2) from the first end to the second. unit_m: (g,). velocity: (g, 2, lags, 2)
    m/s, before the first end and after the second, zero where not known (g, 2, lags). step_s: (g,
    2) to the next fix outside of the gap.
    """

    lon: np.ndarray
    lat: np.ndarray
    heading: np.ndarray
    seconds: np.ndarray
    across: np.ndarray
    unit_m: np.ndarray
    velocity: np.ndarray
    known: np.ndarray
    step_s: np.ndarray


def ends_of(gaps: Gaps) -> Ends:
    """The ends of gaps."""
    s, tracks, first = Settings, gaps.tracks, gaps.before
    velocity, known = (
        np.zeros((len(first), 2, len(s.lags_s), 2)),
        np.zeros((len(first), 2, len(s.lags_s)), bool),
    )
    step_s = np.full((len(first), 2), NO_STEP_S)
    for end, (row, sign) in enumerate(((first, -1), (gaps.after, 1))):
        for lag, lag_s in enumerate(s.lags_s):
            moved, known[:, end, lag] = displacements(
                tracks, row, np.full(len(row), sign * lag_s), s.max_gap_s
            )
            speed = np.hypot(*moved.T) / lag_s
            velocity[:, end, lag] = (
                sign * moved / lag_s / np.maximum(speed / s.fastest_ms, 1.0)[:, None]
            )
        other = np.clip(row + sign, 0, len(tracks) - 1)
        away_s = np.abs(tracks.t[other] - tracks.t[row]) / 1000.0
        there = (tracks.track[other] == tracks.track[row]) & (other != row)
        step_s[:, end] = np.where(there, np.minimum(away_s, NO_STEP_S), NO_STEP_S)
    across, seconds = gaps.across_m, gaps.seconds
    distance = np.hypot(*across.T)
    main = np.where((distance > s.min_apart_m)[:, None], across, velocity.mean(axis=2).sum(axis=1))
    main = np.where(np.any(main, axis=1, keepdims=True), main, [1.0, 0.0])
    heading = main / np.hypot(*main.T)[:, None]
    speed = np.hypot(velocity[..., 0], velocity[..., 1]).mean(axis=(1, 2))
    return Ends(
        tracks.lon[first],
        tracks.lat[first],
        heading,
        seconds,
        into_frame(across, heading),
        s.unit_m + distance + s.reach * speed * seconds,
        into_frame(velocity, heading[:, None, None]),
        known,
        step_s,
    )
