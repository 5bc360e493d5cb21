# SPDX-License-Identifier: GPL-2.0-or-later
"""Filled gaps: where tracks were between two fixes, with the areas that hold 50 and 80 % of the
truths.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ..arrays import content_hash, expand_ranges, rank_within, take_rows
from ..bundle.contract import CALIBRATION_COLUMNS
from ..errors import InputError, Progress, no_progress
from ..features.featurizer import destination, into_frame
from ..forecasting import areas
from ..forecasting.adaptation import logit, shifted
from ..forecasting.areas import NOMINAL_LEVELS
from ..forecasting.mixture import Mixture, spatial_median
from ..geodesy import offset_m
from ..tracks import Tracks
from .ends import Ends, Gaps, ends_of
from .imputer import Imputer, describe
from .movements import Found, Movements


class Settings:
    """How gaps are filled."""

    components: int = 12  # of a mixture, from which areas are made
    gaps_at_once: int = 1024  # memory grows with these
    queries_at_once: int = 4096
    max_queries: int = 20_000_000
    max_starts: int = 60_000  # fixes at which a stretch may begin
    max_stretches: int = 1500  # of a length
    min_stretches: int = 30  # fewer change nothing
    prior: float = 50.0  # weight of the shipped calibration, in stretches
    longer: float = 1.1  # times the length that a stretch may have
    middle: float = 0.1  # of the length, within which a fix shows where its middle was


@dataclass(frozen=True)
class GapQueries:
    """Times in gaps. before: (m,) rows of the fixes before, ascending. t: (m,) epoch ms, later than
    that fix and earlier than the next one. n_open: gaps that are too long to be filled.
    """

    before: np.ndarray
    t: np.ndarray
    n_open: int = 0

    @classmethod
    def every(cls, tracks: Tracks, step_s: float, max_gap_s: float) -> GapQueries:
        """Every `step_s` seconds of all gaps that are longer than that, and no longer than
        max_gap_s.

        Raises InputError for too many.
        """
        step_ms = max(round(1000 * step_s), 1)
        took = np.where(np.diff(tracks.track) == 0, np.diff(tracks.t), 0)
        wide, short = took > step_ms, took <= 1000 * max_gap_s
        before = np.flatnonzero(wide & short)
        count = (took[before] - 1) // step_ms
        if count.sum() > Settings.max_queries:
            raise InputError(
                "{n:,} positions in gaps are too many: choose a longer step.", n=count.sum()
            )
        t = np.repeat(tracks.t[before], count) + step_ms * expand_ranges(np.ones_like(count), count)
        return cls(np.repeat(before, count), t, int(np.count_nonzero(wide & ~short)))


@dataclass(frozen=True)
class Filled:
    """Predictions for some queries, one row each. number: (m,) of the queries, ascending. lon, lat:
    (m,) degrees. radius50_m, radius80_m: (m,) metres around the point that hold 50 and 80 % of
    truths. areas: (m, 2) shapely polygons in degrees that hold 50 and 80 % in less room; None where
    they were not wanted.
    """

    number: np.ndarray
    lon: np.ndarray
    lat: np.ndarray
    radius50_m: np.ndarray
    radius80_m: np.ndarray
    areas: np.ndarray | None


def fill(
    tracks: Tracks,
    queries: GapQueries,
    progress: Progress = no_progress,
    *,
    with_areas: bool = False,
) -> Iterator[Filled]:
    """Predict queries, some at a time.

    A prediction depends on the tracks alone: on the fixes of both sides of its gap and on movements
    of the layer at other times, and not on the other queries.
    """
    if not len(queries.t):
        return
    imputer, movements = Imputer(), Movements(tracks)
    before, first, gap_of = np.unique(queries.before, return_index=True, return_inverse=True)
    every = Gaps(tracks, before, before + 1)
    calibration = calibrated(imputer, movements, every.seconds)
    offsets = np.append(first, len(queries.t))
    for part in np.array_split(np.arange(len(before)), -(-len(before) // Settings.gaps_at_once)):
        gaps = every.take(part)
        ends, found = ends_of(gaps), movements.between(gaps)
        number = np.arange(offsets[part[0]], offsets[part[-1] + 1])
        for some in np.array_split(number, -(-len(number) // Settings.queries_at_once)):
            progress(some[0] / len(queries.t))
            of, row = gap_of[some], gap_of[some] - part[0]
            own = take_rows(ends, row)
            mixture = _predict(
                imputer, movements, gaps.take(row), own, take_rows(found, row), queries.t[some]
            )
            point, narrow, rows = (
                spatial_median(mixture),
                mixture.condensed(Settings.components),
                np.arange(len(some)),
            )
            radius = np.maximum.accumulate(calibration[:2, of] * areas.radii_m(narrow, point))
            around, levels = areas.Settings.point_share * radius, calibration[2:, of]
            shapes = (
                areas.polygons(own, rows, narrow, levels, point, around) if with_areas else None
            )
            lon, lat = destination(own, rows, point)
            yield Filled(some, lon, lat, radius[0], radius[1], shapes)
    progress(1.0)


def calibrated(imputer: Imputer, movements: Movements, seconds: np.ndarray) -> np.ndarray:
    """CALIBRATION_COLUMNS (4, m) of gaps of these lengths (m,) in the layer: the imputer's, moved
    toward what stretches of the layer need that are taken for gaps (conformal).

    A stretch hides its fixes from itself, since movements at the time of a gap do not count.
    """
    tracks, shipped, half = movements.tracks, imputer.calibration, len(NOMINAL_LEVELS)
    known, at = np.log(shipped["seconds"]), np.log(seconds)
    table = np.array([shipped[name] for name in CALIBRATION_COLUMNS])
    first = max(int(np.searchsorted(known, at.min(), "right")) - 1, 0)
    last = min(int(np.searchsorted(known, at.max())), len(known) - 1)
    for number in range(first, last + 1):
        gaps, middle = stretches(tracks, float(shipped["seconds"][number]))
        n = len(middle)
        if n < Settings.min_stretches:
            continue
        ends = ends_of(gaps)
        mixture = _predict(
            imputer, movements, gaps, ends, movements.between(gaps), tracks.t[middle]
        )
        truth = into_frame(
            offset_m(tracks.lon[middle], tracks.lat[middle], ends.lon, ends.lat), ends.heading
        )
        off, level = areas.nonconformity(
            mixture.condensed(Settings.components), spatial_median(mixture), truth
        )
        row, trust = table[:, number], n / (n + Settings.prior)
        wanted = np.array(
            [np.quantile(a, share) for a, share in zip(off, NOMINAL_LEVELS, strict=True)]
        )
        row[:half] *= (np.maximum(wanted, 1e-3) / row[:half]) ** trust
        row[half:] = shifted(
            row[half:], trust * (logit(np.quantile(level, NOMINAL_LEVELS)) - logit(row[half:]))
        )
    return np.array([np.interp(at, known, column) for column in table])


def stretches(tracks: Tracks, seconds: float) -> tuple[Gaps, np.ndarray]:
    """Stretches of tracks that last about `seconds`, as many of each track as there are, and the
    row (n,) of a fix near the middle of each. What is drawn depends on the content of the fixes,
    not on ids or on the order of rows.
    """
    s, t = Settings, tracks.t
    key = content_hash(t, tracks.lon, tracks.lat)
    begin = np.flatnonzero(key % np.uint64(-(-len(t) // s.max_starts) or 1) == 0)
    end = np.minimum(tracks.before(tracks.track[begin], t[begin] + int(1000 * seconds)), len(t) - 1)
    half = (t[begin] + t[end]) // 2
    middle = tracks.before(tracks.track[begin], half)
    possible = (tracks.track[end] == tracks.track[begin]) & (
        t[end] - t[begin] <= 1000 * s.longer * seconds
    )
    possible &= (t[end] - t[begin] >= 1000 * seconds) & (middle > begin) & (middle < end)
    possible &= np.abs(t[np.minimum(middle, len(t) - 1)] - half) <= 1000 * s.middle * seconds
    chosen = np.flatnonzero(possible)
    track, drawn = tracks.track[begin[chosen]], content_hash(key[begin[chosen]], np.array(1))
    turn = rank_within(track, ~drawn)  # of a stretch, among those of its track
    chosen = np.sort(chosen[np.lexsort((drawn, turn))[: s.max_stretches]])
    return Gaps(tracks, begin[chosen], end[chosen]), middle[chosen]


def _predict(
    imputer: Imputer, movements: Movements, gaps: Gaps, ends: Ends, found: Found, t: np.ndarray
) -> Mixture:
    """The mixtures of one time (m,) of each gap."""
    share = (t - gaps.tracks.t[gaps.before]) / 1000.0 / gaps.seconds
    return imputer.mixture(describe(gaps, ends, movements, found, share), ends.unit_m)
