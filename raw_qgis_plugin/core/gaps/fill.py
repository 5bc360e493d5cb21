# SPDX-License-Identifier: GPL-2.0-or-later
"""Filled gaps: where tracks were between two fixes, with the areas that hold 50 and 80 % of the
truths.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ..arrays import Array, content_hash, expand_ranges, rank_within, take_rows
from ..bundle.contract import CALIBRATION_COLUMNS
from ..errors import InputError, Progress, no_progress
from ..features.featurizer import destination
from ..features.sequences import into_frame
from ..forecasting import areas
from ..forecasting.adaptation import logit, shifted
from ..forecasting.areas import NOMINAL_LEVELS
from ..forecasting.mixture import Mixture, spatial_median
from ..geodesy import offset_m
from ..tracks import Tracks
from .ends import Ends, Gaps, ends_of
from .imputer import Imputer, describe
from .movements import Found, Movements


@dataclass(frozen=True)
class Settings:
    """How gaps are filled."""

    components: int = 12  # of a mixture, from which areas are made
    gaps_at_once: int = 1024  # memory grows with these
    queries_at_once: int = 4096  # and with these
    max_queries: int = 20_000_000  # more would fill the memory
    # The calibration is moved by stretches of the layer that are taken for gaps.
    max_starts: int = 60_000  # fixes at which a stretch may begin
    max_stretches: int = 1500  # stretches of a length, which bounds the time
    min_stretches: int = 30  # stretches, fewer change nothing
    prior: float = 50.0  # stretches, weight of the shipped calibration
    longer: float = 1.1  # times the length that a stretch may have
    middle: float = 0.1  # of the length, within which a fix shows where its middle was


SETTINGS = Settings()


@dataclass(frozen=True)
class GapQueries:
    """Times in gaps. before: (m,) rows of the fixes before, ascending. t: (m,) epoch ms, later than
    that fix and earlier than the next one. n_open: gaps that are too long to be filled.
    """

    before: Array
    t: Array
    n_open: int = 0

    @classmethod
    def every(cls, tracks: Tracks, step_s: float, max_gap_s: float) -> GapQueries:
        """Every `step_s` seconds of all gaps that are longer than that, and no longer than
        max_gap_s.

        Raises InputError for too many.
        """
        step_ms = max(round(1000 * step_s), 1)
        same = np.diff(tracks.track) == 0
        took = np.where(same, np.diff(tracks.t), 0)

        wide = took > step_ms
        short = took <= 1000 * max_gap_s
        before = np.flatnonzero(wide & short)
        count = (took[before] - 1) // step_ms

        if count.sum() > SETTINGS.max_queries:
            raise InputError(
                "{n:,} positions in gaps are too many: choose a longer step.", n=count.sum()
            )

        since_ms = step_ms * expand_ranges(np.ones_like(count), count)
        row = np.repeat(before, count)
        n_open = np.count_nonzero(wide & ~short)

        return cls(row, tracks.t[row] + since_ms, int(n_open))


@dataclass(frozen=True)
class Filled:
    """Predictions for some queries, one row each. number: (m,) of the queries, ascending. lon, lat:
    (m,) degrees. radius50_m, radius80_m: (m,) metres around the point that hold 50 and 80 % of
    truths. areas: (m, 2) shapely polygons in degrees that hold 50 and 80 % in less room; None where
    they were not wanted.
    """

    number: Array
    lon: Array
    lat: Array
    radius50_m: Array
    radius80_m: Array
    areas: Array | None


def fill(
    tracks: Tracks,
    queries: GapQueries,
    progress: Progress = no_progress,
    *,
    with_areas: bool = False,
    settings: Settings = SETTINGS,
) -> Iterator[Filled]:
    """Predict queries, some at a time.

    A prediction depends on the tracks alone: on the fixes of both sides of its gap and on movements
    of the layer at other times, and not on the other queries.
    """
    n = len(queries.t)
    if not n:
        return

    imputer = Imputer()
    movements = Movements(tracks)

    before, gap_of = np.unique(queries.before, return_inverse=True)
    gaps = Gaps(tracks, before, before + 1)
    calibration = calibrated(imputer, movements, gaps.seconds, settings)

    for part in _parts(np.arange(len(before)), settings.gaps_at_once):
        prepared = _prepared(movements, gaps.take(part))
        begin, end = np.searchsorted(gap_of, [part[0], part[-1] + 1])
        for some in _parts(np.arange(begin, end), settings.queries_at_once):
            progress(some[0] / n)
            gap = gap_of[some]

            own = prepared.take(gap - part[0])
            mixture = own.predict(imputer, movements, queries.t[some])
            yield _filled(some, own.ends, mixture, calibration[:, gap], with_areas, settings)

    progress(1.0)


def _parts(rows: Array, size: int) -> list[Array]:
    """Rows in even parts of at most `size`."""
    return np.array_split(rows, -(-len(rows) // size))


@dataclass(frozen=True)
class Prepared:
    """Gaps with what is known of them before a time is asked."""

    gaps: Gaps
    ends: Ends
    found: Found

    def take(self, rows: Array) -> Prepared:
        """Some of the gaps, or some several times."""
        ends = take_rows(self.ends, rows)
        return Prepared(self.gaps.take(rows), ends, take_rows(self.found, rows))

    def predict(self, imputer: Imputer, movements: Movements, t: Array) -> Mixture:
        """The mixtures of one time (m,) of each gap."""
        gaps = self.gaps
        begin = gaps.tracks.t[gaps.before]

        share = (t - begin) / 1000.0 / gaps.seconds
        inputs = describe(gaps, self.ends, movements, self.found, share)
        return imputer.mixture(inputs, self.ends.unit_m)


def _prepared(movements: Movements, gaps: Gaps) -> Prepared:
    return Prepared(gaps, ends_of(gaps), movements.between(gaps))


def _filled(
    number: Array,
    ends: Ends,
    mixture: Mixture,
    calibration: Array,
    with_areas: bool,
    settings: Settings,
) -> Filled:
    """Points, radii and areas of mixtures (m,). calibration: CALIBRATION_COLUMNS (4, m)."""
    rows = np.arange(len(number))
    point = spatial_median(mixture)

    narrow = mixture.condensed(settings.components)
    half = len(NOMINAL_LEVELS)

    radius = calibration[:half] * areas.radii_m(narrow, point)
    radius = np.maximum.accumulate(radius)
    shapes = None

    if with_areas:
        around = areas.Settings.point_share * radius
        shapes = areas.polygons(ends, rows, narrow, calibration[half:], point, around)

    lon, lat = destination(ends, rows, point)

    return Filled(number, lon, lat, radius[0], radius[1], shapes)


def calibrated(
    imputer: Imputer, movements: Movements, seconds: Array, settings: Settings = SETTINGS
) -> Array:
    """CALIBRATION_COLUMNS (4, m) of gaps of these lengths (m,) in the layer.

    The imputer's are moved toward what stretches of the layer need that are taken for gaps
    (conformal). A stretch hides its fixes from itself, since movements at the time of a gap do not
    count.
    """
    shipped = imputer.calibration
    known = np.log(shipped["seconds"])

    wanted = np.log(seconds)
    table = np.array([shipped[name] for name in CALIBRATION_COLUMNS])
    first = np.searchsorted(known, wanted.min(), "right") - 1
    last = np.searchsorted(known, wanted.max())

    for number in range(max(first, 0), min(last + 1, len(known))):
        length_s = float(shipped["seconds"][number])
        gaps, middle = stretches(movements.tracks, length_s, settings)
        if len(middle) >= settings.min_stretches:
            off, level = _errors(imputer, movements, gaps, middle, settings)
            table[:, number] = _moved_toward(table[:, number], off, level, settings)

    return np.array([np.interp(wanted, known, column) for column in table])


def _errors(
    imputer: Imputer, movements: Movements, gaps: Gaps, middle: Array, settings: Settings
) -> tuple[Array, Array]:
    """How far predictions are from the fixes `middle`, in their widths, and at which levels."""
    tracks = gaps.tracks
    prepared = _prepared(movements, gaps)

    mixture = prepared.predict(imputer, movements, tracks.t[middle])
    ends = prepared.ends

    truth = offset_m(tracks.lon[middle], tracks.lat[middle], ends.lon, ends.lat)
    truth = into_frame(truth, ends.heading)
    narrow = mixture.condensed(settings.components)

    return areas.nonconformity(narrow, spatial_median(mixture), truth)


def _moved_toward(shipped: Array, off: Array, level: Array, settings: Settings) -> Array:
    """A calibration (4,) moved toward the errors of stretches, the more the more there are."""
    half = len(NOMINAL_LEVELS)
    trust = len(level) / (len(level) + settings.prior)

    pairs = zip(off, NOMINAL_LEVELS, strict=True)
    needed = [np.quantile(each, share) for each, share in pairs]
    ratio = np.maximum(needed, 1e-3) / shipped[:half]

    needed_level = np.quantile(level, NOMINAL_LEVELS)
    apart = logit(needed_level) - logit(shipped[half:])
    levels = shifted(shipped[half:], trust * apart)

    return np.concatenate([shipped[:half] * ratio**trust, levels])


def stretches(tracks: Tracks, seconds: float, settings: Settings = SETTINGS) -> tuple[Gaps, Array]:
    """Stretches of tracks that last about `seconds`, and the row (n,) of a fix near their middles.

    They are as many of each track as there are. What is drawn depends on the content of the fixes,
    not on ids or on the order of rows.
    """
    key = content_hash(tracks.t, tracks.lon, tracks.lat)
    one_of = max(-(-len(key) // settings.max_starts), 1)

    begin = np.flatnonzero(key % np.uint64(one_of) == 0)
    track = tracks.track[begin]

    until = tracks.t[begin] + int(1000 * seconds)
    end = tracks.before(track, until)
    end = np.minimum(end, len(key) - 1)

    middle, is_middle = _middles(tracks, begin, end, settings.middle * seconds)
    took_s = tracks.seconds(begin, end)
    possible = is_middle & (tracks.track[end] == track)
    possible &= (took_s >= seconds) & (took_s <= settings.longer * seconds)

    begin = begin[possible]
    drawn = content_hash(key[begin], np.array(1))

    turn = rank_within(tracks.track[begin], ~drawn)  # of a stretch, among those of its track
    chosen = np.lexsort((drawn, turn))[: settings.max_stretches]
    chosen = np.sort(chosen)

    end = end[possible]
    middle = middle[possible]

    return Gaps(tracks, begin[chosen], end[chosen]), middle[chosen]


def _middles(tracks: Tracks, begin: Array, end: Array, near_s: float) -> tuple[Array, Array]:
    """The fixes after the middles of stretches (n,), and whether they are near them in time."""
    half = (tracks.t[begin] + tracks.t[end]) // 2
    middle = tracks.before(tracks.track[begin], half)

    inside = (middle > begin) & (middle < end)
    middle = np.minimum(middle, len(tracks) - 1)
    off_ms = np.abs(tracks.t[middle] - half)

    return middle, inside & (off_ms <= 1000 * near_s)
