# SPDX-License-Identifier: GPL-2.0-or-later
"""The context of a query: the past fixes that the model is given, either of the current trip or of
the last days.

Two functions decide which: `split_by_band` by the horizon, and `select_rows` by the time between
fixes. A context never holds a fix after the `end` of its query; a track of few fixes has a short
one.
"""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple

import numpy as np

from ..geodesy import metres_between
from ..tracks import Tracks


class ContextKind(IntEnum):
    """What a context shows. Areas are calibrated, and forecasts adapted, by kind."""

    TRIP = 0  # fixes seconds to minutes apart, back to the last long gap
    ANCHORED_DAY = 1  # days at quarter hours of someone who stays at places
    ANCHORED_HELD_DAY = 2  # the same, where records repeat the last position until the next one
    FLEET_DAY = 3  # days of a mover without an anchor, such as a taxi
    FLEET_HELD_DAY = 4

    @classmethod
    def is_fleet(cls, kind: np.ndarray) -> np.ndarray:
        """Which kinds (n,) are days of a fleet."""
        return kind >= cls.FLEET_DAY

    @property
    def card_name(self) -> str:
        """The name of the kind in the calibration tables of a model's card."""
        return ("trips", "days", "held", "roaming", "roaming held")[self]


class Settings:
    """How contexts are cut. The network was trained on contexts like these."""

    trip_fixes: int = 40  # most fixes of a trip, from which features are made
    # most fixes of days: ten days of quarter hours, from which candidate places are found
    day_fixes: int = 960
    network_trip_fixes: int = 22  # the last fixes of a trip, which the network itself reads
    network_day_fixes: int = 64  # the same of days
    sparse_s: float = 300.0  # fixes this far apart are days, not a trip
    trip_horizon_s: float = 1350.0  # longer horizons use days
    # changes of the quarter hour that make days: nine quarter hours with a fix
    min_day_steps: int = 8
    day_bin_s: float = 900.0  # dense tracks are thinned to one fix in this time for days
    end_of_trip: float = 6.0  # a gap of so many times the cadence ends a trip
    # the network was trained to look so many steps ahead; longer horizons thin the context
    max_steps: int = 32
    held_share: float = 0.2  # of the steps repeat a position: the record holds the last one
    roam_m: float = 200.0  # a mover without an anchor goes farther than this in half of the steps

    # Edges (8,) in s of bands of horizons, a tenth above round ones, since true fixes are seldom on
    # time
    band_edges_s = 1.1 * max_steps * sparse_s * 4.0 ** np.arange(-4, 4)


class ContextQueries(NamedTuple):
    """Queries of contexts. begin, end: (n,) rows of the tracks that a context may use. context:
    (m,) an index into begin and end. horizon_s: (m,) seconds after the context's last fix.
    """

    begin: np.ndarray
    end: np.ndarray
    context: np.ndarray
    horizon_s: np.ndarray


def split_by_band(tracks: Tracks, queries: ContextQueries) -> tuple[ContextQueries, np.ndarray]:
    """The same queries, with one context for each band of horizons, and which contexts (n,) are
    wanted as days.

    A far horizon thins its context; near ones keep all fixes. Queries within `max_steps` steps of
    the track's own cadence share one context, except that trips and days are apart.
    """
    s, (begin, end, context, horizon_s) = Settings, queries
    last, bin_ms, sparse_ms = end - 1, int(1000 * s.day_bin_s), int(1000 * s.sparse_s)
    cadence, _ = recent_cadence_and_speed(tracks, last, end - begin)
    cadence = np.nan_to_num(cadence, nan=np.inf)
    row, has_days = begin, cadence < s.sparse_s
    for _ in range(s.min_day_steps):  # to the first fix of the next quarter of an hour
        row = tracks.before(tracks.track[last], (tracks.t[row] // bin_ms + 1) * bin_ms)
        has_days, row = has_days & (row <= last), np.minimum(row, last)
    recent = np.maximum(tracks.before(tracks.track[last], tracks.t[last] - sparse_ms + 1), begin)
    silent_before = tracks.t[recent] - tracks.t[np.maximum(recent - 1, 0)] >= sparse_ms
    short_trip = (recent == begin) | silent_before  # nothing before the last minutes, or a long gap
    # Bands (m,) of horizons, odd for days, which come earlier where the trip is short: a phone woke
    # up
    days = has_days[context] & (
        (horizon_s > s.trip_horizon_s) | (short_trip[context] & (horizon_s >= s.sparse_s))
    )
    reach_s = s.max_steps * np.where(days, s.day_bin_s, cadence[context])[:, None]
    band = (
        2 * ((reach_s < s.band_edges_s) & (horizon_s[:, None] > s.band_edges_s)).sum(axis=1) + days
    )
    n_bands = 2 * (len(s.band_edges_s) + 1)
    parts, part = np.unique(context * n_bands + band, return_inverse=True)
    whole = parts // n_bands
    return ContextQueries(begin[whole], end[whole], part, horizon_s), parts % 2 == 1


def select_rows(
    t: np.ndarray, begin: int, end: int, farthest_s: float, days: bool
) -> tuple[np.ndarray, bool]:
    """The rows between begin and end that make the context, and whether it shows days.

    Time is cut into bins that end at the last fix, long enough for the farthest horizon to be
    `max_steps` bins away; of each bin the last fix is kept. A trip goes back to the last long gap,
    days go back over gaps.
    """
    s = Settings
    bin_ms = max(1000.0 * farthest_s / s.max_steps, 1.0)
    recent = np.diff(t[max(begin, end - 9) : end])
    sparse = len(recent) > 0 and _median(recent) >= 1000 * s.sparse_s
    days = bool(days or sparse or bin_ms >= 1000 * s.sparse_s)
    if days and not sparse:
        bin_ms = max(bin_ms, 1000 * s.day_bin_s)
    most = s.day_fixes if days else s.trip_fixes
    n_back = 4 * most
    while True:  # one round unless fixes are dense
        start = max(begin, end - n_back)
        bins = ((t[end - 1] - t[start:end]) / bin_ms).astype(np.int64)
        last = np.ones(len(bins), bool)
        last[:-1] = bins[:-1] != bins[1:]
        rows = last.nonzero()[0] + start
        if len(rows) >= most or start == begin:
            break
        n_back *= 8
    rows = rows[-most:]
    if not days and len(rows) > 1:
        dt = np.diff(t[rows])
        gaps = np.flatnonzero(dt > s.end_of_trip * max(_median(dt[-8:]), bin_ms, 1000.0))
        if len(gaps):
            rows = rows[gaps[-1] + 1 :]
    return rows, days


def _median(values: np.ndarray) -> float:
    """The median of a few values (n,), in a tenth of np.median's time."""
    ordered = np.sort(values)
    return float(ordered[(len(ordered) - 1) // 2] + ordered[len(ordered) // 2]) / 2


def kinds_of_contexts(tracks: Tracks, rows: np.ndarray, valid: np.ndarray) -> np.ndarray:
    """The ContextKind (n,) of contexts of days (n, L)."""
    lon, lat = tracks.lon[rows], tracks.lat[rows]
    metres = metres_between(lon[:, :-1], lat[:, :-1], lon[:, 1:], lat[:, 1:])
    known = valid[:, 1:] & valid[:, :-1]
    count = np.maximum(known.sum(axis=1), 1)
    roaming, repeated = (
        (chosen & known).sum(axis=1) / count for chosen in (metres > Settings.roam_m, metres == 0)
    )
    return kinds_from_shares(roaming, repeated)


def kinds_from_shares(roaming: np.ndarray, repeated: np.ndarray) -> np.ndarray:
    """The ContextKind (n,) of days, by the shares (n,) of steps over `roam_m` and of steps that
    repeat a position.
    """
    held = repeated >= Settings.held_share
    return np.where(roaming > 0.5, int(ContextKind.FLEET_DAY), int(ContextKind.ANCHORED_DAY)) + held


def recent_cadence_and_speed(
    tracks: Tracks, row: np.ndarray, fixes: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Median of the last eight gaps in s up to `row` (n,), and the greatest of their speeds in m/s.

    fixes: (n,) fixes of the track up to `row`. NaN where there is one fix alone.
    """
    at = np.maximum(row[:, None] - np.arange(8), 0)
    before = np.maximum(at - 1, 0)
    real = np.arange(1, 9) < fixes[:, None]
    dt = np.where(real, (tracks.t[at] - tracks.t[before]) / 1000.0, np.nan)
    metres = metres_between(tracks.lon[before], tracks.lat[before], tracks.lon[at], tracks.lat[at])
    speed = np.where(real, metres / np.maximum(dt, 0.5), np.nan)
    several = real.any(axis=1)
    cadence_s, fastest_ms = np.full(len(row), np.nan), np.full(len(row), np.nan)
    cadence_s[several], fastest_ms[several] = (
        np.nanmedian(dt[several], axis=1),
        np.nanmax(speed[several], axis=1),
    )
    return cadence_s, fastest_ms
