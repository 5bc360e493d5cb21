# SPDX-License-Identifier: GPL-2.0-or-later
"""Filled gaps: where tracks were between two fixes, with the areas that hold 50 and 80 % of the truths."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ..arrays import expand_ranges, take_rows
from ..errors import InputError, Progress, no_progress
from ..features.featurizer import destination, into_frame
from ..forecasting import areas
from ..forecasting.mixture import Mixture, spatial_median
from ..geodesy import offset_m
from ..tracks import Tracks
from .adaptation import LayerTable
from .bridge import Bridge, describe
from .ends import Ends, Gaps, ends_of
from .movements import Found, Movements


@dataclass(frozen=True)
class FillSettings:
    """How gaps are filled."""

    components: int = 12  # of a mixture, from which areas are made
    gaps_at_once: int = 1024  # the most; memory goes by these
    questions_at_once: int = 4096
    most: int = 20_000_000  # questions


SETTINGS = FillSettings()


@dataclass(frozen=True)
class Questions:
    """When tracks are asked in gaps. before: (m,) rows of the fixes before, ascending. t: (m,) epoch ms, later than
    that fix and earlier than the next one. n_open: gaps that are too long to be filled, and so left open.
    """

    before: np.ndarray
    t: np.ndarray
    n_open: int

    @classmethod
    def every(cls, tracks: Tracks, step_s: float, longest_s: float) -> Questions:
        """Every `step_s` seconds of all gaps that are longer than that, and no longer than `longest_s`.

        Raises InputError for too many.
        """
        step_ms = max(round(1000 * step_s), 1)
        took = np.where(np.diff(tracks.track) == 0, np.diff(tracks.t), 0)
        wide, short = took > step_ms, took <= 1000 * longest_s
        before = np.flatnonzero(wide & short)
        count = (took[before] - 1) // step_ms
        if count.sum() > SETTINGS.most:
            raise InputError(f"{count.sum():,} positions in gaps are too many: choose a longer step.")
        number = expand_ranges(np.ones_like(count), count)
        t = np.repeat(tracks.t[before], count) + step_ms * number
        return cls(np.repeat(before, count), t, int(np.count_nonzero(wide & ~short)))


@dataclass(frozen=True)
class Filled:
    """Answers to some questions, one row each. number: (m,) of the questions, ascending. lon, lat: (m,) degrees.
    radius50_m, radius80_m: (m,) metres around the point that hold 50 and 80 % of truths. areas: (m, 2) shapely polygons
    in degrees that hold 50 and 80 % in less room; None where they were not wanted. mixture: in metres in the frames of
    ends.
    """

    number: np.ndarray
    lon: np.ndarray
    lat: np.ndarray
    radius50_m: np.ndarray
    radius80_m: np.ndarray
    areas: np.ndarray | None
    mixture: Mixture
    ends: Ends


class Filler:
    """Answers questions about the gaps of tracks."""

    def __init__(self, tracks: Tracks) -> None:
        """tracks: of one fix or more."""
        self.tracks, self._movements, self._bridge = tracks, Movements(tracks), Bridge()
        self._table = LayerTable(self._bridge.calibration, tracks, self._backtest)

    def _mixture(self, gaps: Gaps, ends: Ends, found: Found, t: np.ndarray) -> Mixture:
        """The mixtures of one time (m,) of each gap."""
        share = (t - gaps.tracks.t[gaps.before]) / 1000.0 / gaps.seconds
        return self._bridge.mixture(describe(gaps, ends, self._movements, found, share), ends.unit_m)

    def _backtest(self, gaps: Gaps, middle: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The fixes `middle` (m,) in gaps: how far from the points they are, over the radii (2, m), and the levels (m,)
        of the smallest areas that hold them.
        """
        tracks, ends = gaps.tracks, ends_of(gaps)
        mixture = self._mixture(gaps, ends, self._movements.between(gaps), tracks.t[middle])
        truth = into_frame(offset_m(tracks.lon[middle], tracks.lat[middle], ends.lon, ends.lat), ends.heading)
        return areas.nonconformity(for_areas(mixture), spatial_median(mixture), truth)

    def fill(
        self, questions: Questions, progress: Progress = no_progress, *, with_areas: bool = False
    ) -> Iterator[Filled]:
        """Answer questions, some at a time.

        An answer depends on the tracks alone: on the fixes of both sides of its gap and on movements of the layer at
        other times, and not on what else is asked.
        """
        tracks = self.tracks
        rows, first = np.unique(questions.before, return_index=True)
        offsets = np.append(first, len(questions.t))
        for part in np.array_split(np.arange(len(rows)), -(-len(rows) // SETTINGS.gaps_at_once) or 1):
            if not len(part):
                continue
            gaps = Gaps(tracks, rows[part], rows[part] + 1)
            ends, found = ends_of(gaps), self._movements.between(gaps)
            number = np.arange(offsets[part[0]], offsets[part[-1] + 1])
            of = np.searchsorted(offsets, number, side="right") - 1 - part[0]
            for some in np.array_split(np.arange(len(number)), -(-len(number) // SETTINGS.questions_at_once)):
                progress(number[some[0]] / len(questions.t))
                own, its_ends = gaps.take(of[some]), take_rows(ends, of[some])
                mixture = self._mixture(own, its_ends, take_rows(found, of[some]), questions.t[number[some]])
                yield _answer(number[some], mixture, its_ends, self._table, with_areas)
        progress(1.0)


def fill(
    tracks: Tracks, questions: Questions, progress: Progress = no_progress, *, with_areas: bool = False
) -> Iterator[Filled]:
    """As Filler.fill, of any tracks."""
    if len(questions.t):
        yield from Filler(tracks).fill(questions, progress, with_areas=with_areas)


def _answer(number: np.ndarray, mixture: Mixture, ends: Ends, table: LayerTable, with_areas: bool) -> Filled:
    point, narrow = spatial_median(mixture), for_areas(mixture)
    calibrated = table.at(ends.seconds)
    radius = calibrated[:2] * areas.radii_m(narrow, point, areas.nominal(len(point)))
    radius[1] = np.maximum(radius[1], radius[0])
    rows = np.arange(len(point))
    around = areas.SETTINGS.point_share * radius
    found = areas.polygons(ends, rows, narrow, calibrated[2:], point, around) if with_areas else None
    lon, lat = destination(ends, rows, point)
    return Filled(number, lon, lat, radius[0], radius[1], found, mixture, ends)


def for_areas(mixture: Mixture) -> Mixture:
    """The mixtures from which areas are made."""
    return mixture.condensed(SETTINGS.components)
