# SPDX-License-Identifier: GPL-2.0-or-later
"""Gaps between two fixes of a track, and how the track moved at their ends."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..arrays import Array
from ..features.sequences import into_frame
from ..forecasting.neighbours import displacements
from ..geodesy import length, way_between
from ..tracks import Tracks


@dataclass(frozen=True)
class Settings:
    """How movement at the ends of a gap is measured. The imputer was trained with these values."""

    lags_s: tuple[float, ...] = (20.0, 60.0, 180.0, 600.0)  # s, over which velocities are taken
    max_gap_s: float = 600.0  # s, a longer silence hides how the track moved
    fastest_ms: float = 300.0  # m/s, what seems faster is a fault of the device: it counts as this
    min_apart_m: float = 20.0  # m, nearer ends give a gap no direction
    # The unit of a gap in metres is the distance of its ends, unit_m, and a share (reach) of what
    # the track could cover in the gap.
    unit_m: float = 30.0
    reach: float = 0.3


NO_STEP_S = 3600.0  # s, where there is no fix before the first end, or after the second


@dataclass(frozen=True)
class Gaps:
    """Gaps between two fixes of a track.

    before, after: (g,) rows of these fixes. Fixes in between are not used.
    """

    tracks: Tracks
    before: Array
    after: Array

    @property
    def seconds(self) -> Array:
        """(g,) how long they are."""
        return self.tracks.seconds(self.before, self.after)

    @property
    def across_m(self) -> Array:
        """(g, 2) metres east and north from the first end to the second."""
        return way_between(self.tracks, self.before, self.after)

    def take(self, rows: Array) -> Gaps:
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

    lon: Array
    lat: Array
    heading: Array
    seconds: Array
    across: Array
    unit_m: Array
    velocity: Array
    known: Array
    step_s: Array


def ends_of(gaps: Gaps) -> Ends:
    """The ends of gaps."""
    tracks = gaps.tracks
    before, before_known = _velocities(tracks, gaps.before, -1)

    after, after_known = _velocities(tracks, gaps.after, 1)
    velocity = np.stack([before, after], axis=1)
    known = np.stack([before_known, after_known], axis=1)

    steps_s = [_step_s(tracks, gaps.before, -1)]
    steps_s.append(_step_s(tracks, gaps.after, 1))

    across = gaps.across_m
    distance = length(across)
    heading = _heading(across, distance, velocity)

    speed = length(velocity).mean(axis=(1, 2))
    covered = Settings.reach * speed * gaps.seconds

    unit_m = Settings.unit_m + distance + covered

    begin = gaps.before
    return Ends(
        tracks.lon[begin],
        tracks.lat[begin],
        heading,
        gaps.seconds,
        into_frame(across, heading),
        unit_m,
        into_frame(velocity, heading[:, None, None]),
        known,
        np.stack(steps_s, axis=1),
    )


def _heading(across: Array, distance: Array, velocity: Array) -> Array:
    """(g, 2) from end to end, or where they are one place, as the track moved; else east."""
    moved = velocity.mean(axis=2).sum(axis=1)
    apart = distance > Settings.min_apart_m
    main = np.where(apart[:, None], across, moved)

    some = np.any(main, axis=1, keepdims=True)
    main = np.where(some, main, [1.0, 0.0])

    return main / length(main)[:, None]


def _velocities(tracks: Tracks, row: Array, sign: int) -> tuple[Array, Array]:
    """(g, lags, 2) m/s east and north before (sign -1) or after fixes, and which are known."""
    s = Settings
    velocity = np.zeros((len(row), len(s.lags_s), 2))
    known = np.zeros((len(row), len(s.lags_s)), bool)

    for number, lag_s in enumerate(s.lags_s):
        span_s = np.full(len(row), sign * lag_s)
        moved, seen = displacements(tracks, row, span_s, s.max_gap_s)
        known[:, number] = seen

        speed = length(moved) / lag_s
        too_fast = np.maximum(speed / s.fastest_ms, 1.0)
        moved *= sign / lag_s
        velocity[:, number] = moved / too_fast[:, None]

    return velocity, known


def _step_s(tracks: Tracks, row: Array, sign: int) -> Array:
    """(g,) seconds to the fix before (sign -1) or after fixes of their tracks."""
    other = np.clip(row + sign, 0, len(tracks) - 1)
    step_s = np.abs(tracks.seconds(row, other))

    same = tracks.track[other] == tracks.track[row]
    step_s[~same | (other == row)] = NO_STEP_S
    return np.minimum(step_s, NO_STEP_S)
