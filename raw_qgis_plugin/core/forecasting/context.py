# SPDX-License-Identifier: GPL-2.0-or-later
"""The context of a query: the past fixes that the model is given, of a trip or of the last days.

Two functions decide which: `split_by_band` by the horizon, and `select_rows` by the time between
fixes. A context never holds a fix after the `end` of its query; a track of few fixes has a short
one.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from ..arrays import Array
from ..geodesy import length, offset_m
from ..tracks import Tracks


class ContextKind(IntEnum):
    """What a context shows. Areas are calibrated, and forecasts adapted, by kind."""

    TRIP = 0  # fixes seconds to minutes apart, back to the last long gap
    ANCHORED_DAY = 1  # days at quarter hours of someone who stays at places
    ANCHORED_HELD_DAY = 2  # the same, where records repeat the last position until the next one
    FLEET_DAY = 3  # days of a mover without an anchor, such as a taxi
    FLEET_HELD_DAY = 4

    @classmethod
    def is_fleet(cls, kind: Array) -> Array:
        """Which kinds (n,) are days of a fleet."""
        return kind >= cls.FLEET_DAY

    @property
    def card_name(self) -> str:
        """The name of the kind in the calibration tables of a model's card."""
        return ("trips", "days", "held", "roaming", "roaming held")[self]


class Settings:
    """How contexts are cut. The network was trained on contexts like these."""

    trip_fixes: int = 40  # most fixes of a trip, from which features are made
    day_fixes: int = 960  # the same of days: ten days of quarter hours, which show candidate places
    network_trip_fixes: int = 22  # the last fixes of a trip, which the network itself reads
    network_day_fixes: int = 64  # the same of days
    sparse_s: float = 300.0  # fixes this far apart are days, not a trip
    trip_horizon_s: float = 1350.0  # longer horizons use days
    min_day_steps: int = 8  # quarter hours after the first one that have a fix, of days
    day_bin_s: float = 900.0  # dense tracks are thinned to one fix in this time for days
    end_of_trip: float = 6.0  # a gap of so many times the cadence ends a trip
    max_steps: int = 32  # the network was trained to look so far ahead; more thin the context
    held_share: float = 0.2  # of the steps repeat a position: the record holds the last one
    roam_m: float = 200.0  # a mover without an anchor goes farther than this in half of the steps

    # Edges (8,) in s of bands of horizons: a tenth above round ones, as fixes are seldom on time
    band_edges_s = 1.1 * max_steps * sparse_s * 4.0 ** np.arange(-4, 4)


@dataclass(frozen=True)
class ContextQueries:
    """Queries (n,) of contexts (c,)."""

    begin: Array  # (c,) the first row of the tracks that a context may use
    end: Array  # (c,) the row after the last one
    context: Array  # (n,) the context of a query
    horizon_s: Array  # (n,) seconds after the context's last fix

    @classmethod
    def of(cls, tracks: Tracks, end: Array, horizon_s: Array) -> ContextQueries:
        """Queries horizon_s (n,) after the fixes before the rows `end` (n,), with all before."""
        end, context = np.unique(end, return_inverse=True)
        begin = tracks.track_offsets[tracks.track[end - 1]]
        return cls(begin, end, context, horizon_s)


def split_by_band(tracks: Tracks, queries: ContextQueries) -> tuple[ContextQueries, Array]:
    """The same queries, with one context for each band of horizons, and which (c,) are of days.

    A far horizon thins its context; near ones keep all fixes. Queries within `max_steps` steps of
    the track's own cadence share one context, except that trips and days are apart.
    """
    s = Settings
    fixes = queries.end - queries.begin
    cadence_s, _ = recent_cadence_and_speed(tracks, queries.end - 1, fixes)
    cadence_s = np.nan_to_num(cadence_s, nan=np.inf)
    days = _of_days(tracks, queries, cadence_s)
    step_s = np.where(days, s.day_bin_s, cadence_s[queries.context])

    # How many edges lie between the reach of the steps and the horizon
    reached = np.searchsorted(s.band_edges_s, s.max_steps * step_s, side="right")
    passed = np.searchsorted(s.band_edges_s, queries.horizon_s)
    band = np.maximum(passed - reached, 0)

    # contexts are numbered by the context that they are cut from, the band, and days
    n_bands = len(s.band_edges_s) + 1
    key = 2 * (queries.context * n_bands + band) + days
    keys, context = np.unique(key, return_inverse=True)
    whole = keys // (2 * n_bands)
    parts = ContextQueries(queries.begin[whole], queries.end[whole], context, queries.horizon_s)

    return parts, keys % 2 == 1


def _of_days(tracks: Tracks, queries: ContextQueries, cadence_s: Array) -> Array:
    """(n,) bool: queries of dense tracks that days answer: far ahead, or after a short trip."""
    s = Settings
    has_days = (cadence_s < s.sparse_s) & _spans_days(tracks, queries)
    after_short_trip = _trip_is_short(tracks, queries)[queries.context]
    far = queries.horizon_s > s.trip_horizon_s
    too_far_for_it = after_short_trip & (queries.horizon_s >= s.sparse_s)

    return has_days[queries.context] & (far | too_far_for_it)


def _spans_days(tracks: Tracks, queries: ContextQueries) -> Array:
    """(c,) bool: contexts whose fixes lie in min_day_steps + 1 quarter hours or more."""
    bin_ms = int(1000 * Settings.day_bin_s)
    last = queries.end - 1
    row = queries.begin
    result = np.ones(len(row), bool)

    for _ in range(Settings.min_day_steps):
        next_bin = (tracks.t[row] // bin_ms + 1) * bin_ms
        row = tracks.before(tracks.track[last], next_bin)
        result &= row <= last
        row = np.minimum(row, last)

    return result


def _trip_is_short(tracks: Tracks, queries: ContextQueries) -> Array:
    """(c,) bool: contexts with no fix before the last minutes, or a long gap: a phone woke up."""
    last = queries.end - 1
    sparse_ms = int(1000 * Settings.sparse_s)
    recent = tracks.before(tracks.track[last], tracks.t[last] - sparse_ms + 1)
    recent = np.maximum(recent, queries.begin)
    before = np.maximum(recent - 1, 0)
    silent_before = tracks.t[recent] - tracks.t[before] >= sparse_ms

    return (recent == queries.begin) | silent_before


def select_rows(
    t: Array, begin: int, end: int, farthest_s: float, days: bool
) -> tuple[Array, bool]:
    """The rows between begin and end that make the context, and whether it shows days.

    Time is cut into bins that end at the last fix, long enough for the farthest horizon to be
    `max_steps` bins away; of each bin the last fix is kept. A trip goes back to the last long gap,
    days go back over gaps.
    """
    s = Settings
    bin_ms = max(1000.0 * farthest_s / s.max_steps, 1.0)
    recent = np.diff(t[max(begin, end - 9) : end])
    sparse = len(recent) > 0 and _median(recent) >= 1000 * s.sparse_s

    if not (days or sparse or bin_ms >= 1000 * s.sparse_s):
        rows = _last_of_bins(t, begin, end, bin_ms, s.trip_fixes)
        return _since_last_gap(t, rows, bin_ms), False

    if not sparse:
        bin_ms = max(bin_ms, 1000 * s.day_bin_s)

    return _last_of_bins(t, begin, end, bin_ms, s.day_fixes), True


def _last_of_bins(t: Array, begin: int, end: int, bin_ms: float, most: int) -> Array:
    """The last row of each of the last `most` bins that have one, ascending."""
    n_back = 4 * most
    while True:  # one round unless fixes are dense
        start = max(begin, end - n_back)
        bins = ((t[end - 1] - t[start:end]) / bin_ms).astype(np.int64)
        last = np.ones(len(bins), bool)
        last[:-1] = bins[:-1] != bins[1:]
        rows = last.nonzero()[0] + start

        if len(rows) >= most or start == begin:
            return rows[-most:]

        n_back *= 8


def _since_last_gap(t: Array, rows: Array, bin_ms: float) -> Array:
    """The rows after the last long gap between them."""
    if len(rows) < 2:
        return rows

    dt = np.diff(t[rows])
    cadence_ms = max(_median(dt[-8:]), bin_ms, 1000.0)
    gaps = np.flatnonzero(dt > Settings.end_of_trip * cadence_ms)

    if not len(gaps):
        return rows

    return rows[gaps[-1] + 1 :]


def _median(values: Array) -> float:
    """The median of a few values (n,), in a tenth of np.median's time."""
    ordered = np.sort(values)
    middle = len(ordered) // 2
    return float(ordered[middle] + ordered[-middle - 1]) / 2


def kinds_of_contexts(tracks: Tracks, rows: Array, valid: Array) -> Array:
    """The ContextKind (n,) of contexts of days (n, L)."""
    metres = length(offset_of(tracks, rows[:, 1:], rows[:, :-1]))
    known = valid[:, 1:] & valid[:, :-1]
    count = np.maximum(known.sum(axis=1), 1)

    # Steps that go far, and steps that repeat a position
    roams = known & (metres > Settings.roam_m)
    repeats = known & (metres == 0)
    roaming = roams.sum(axis=1) / count

    return kinds_from_shares(roaming, repeats.sum(axis=1) / count)


def offset_of(tracks: Tracks, row: Array, origin: Array) -> Array:
    """Metres east and north (…, 2) from the fixes `origin` (…) to the fixes `row` (…)."""
    return offset_m(tracks.lon[row], tracks.lat[row], tracks.lon[origin], tracks.lat[origin])


def kinds_from_shares(roaming: Array, repeated: Array) -> Array:
    """The ContextKind (n,) of days.

    roaming: (n,) the share of steps over `roam_m`. repeated: (n,) of steps that repeat a position.
    """
    held = repeated >= Settings.held_share
    return np.where(roaming > 0.5, int(ContextKind.FLEET_DAY), int(ContextKind.ANCHORED_DAY)) + held


def recent_cadence_and_speed(tracks: Tracks, row: Array, fixes: Array) -> tuple[Array, Array]:
    """Median of the last eight gaps in s up to `row` (n,), and the greatest of their speeds in m/s.

    fixes: (n,) fixes of the track up to `row`. NaN where there is one fix alone.
    """
    at = np.maximum(row[:, None] - np.arange(8), 0)
    before = np.maximum(at - 1, 0)
    real = np.arange(1, 9) < fixes[:, None]
    seconds = (tracks.t[at] - tracks.t[before]) / 1000.0
    dt = np.where(real, seconds, np.nan)

    # The greatest speed between two of these fixes
    metres = length(offset_of(tracks, at, before))
    speed = metres / np.maximum(dt, 0.5)

    # One fix alone has no cadence
    several = fixes > 1
    cadence_s = np.full(len(row), np.nan)
    cadence_s[several] = np.nanmedian(dt[several], axis=1)

    return cadence_s, np.fmax.reduce(speed, axis=1)
