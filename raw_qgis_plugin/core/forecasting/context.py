# SPDX-License-Identifier: GPL-2.0-or-later
"""What the model looks back on when it is asked: the last fixes of a trip, or quarter hours of days."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..geodesy import offset_m
from ..tracks import Tracks

CONTEXT = {"fine": 64, "coarse": 960}  # fixes that the model looks back on, by cadence; ten days of quarter hours,
ATTENDED = 512  # of which the network itself is given the last ones; one's own places are told from all
COARSE_S = 300.0  # from this cadence on a context is a user's days, not a trip
TRIP_S = 1350.0  # a farther horizon asks for days; as EDGES_S between the round ones, since truths are seldom on time
LEAST_DAYS = 8  # quarter hours and more of a track make days of it
DAYS_S = 900.0  # the cadence to which denser tracks are thinned for days
HELD = 0.2  # of the steps repeat a position exactly: the last one is held until the next
ROAMS_M = 200.0  # half of the steps between quarter hours are longer
SILENCE = 6  # times the cadence: a longer gap ends a trip, as in training
FARTHEST = 32  # the model was trained to look this many fixes ahead: for a longer horizon the context is thinned
EDGES_S = 1.1 * FARTHEST * COARSE_S * 4.0 ** np.arange(-4, 4)  # of bands of horizons: each has a context of its own


class Asked(NamedTuple):
    """Questions `horizon` (m,) s asked of `context` (m,), each the rows begin … end of the tracks."""

    begin: np.ndarray
    end: np.ndarray
    context: np.ndarray
    horizon: np.ndarray


def by_band(tracks: Tracks, asked: Asked) -> tuple[Asked, np.ndarray]:
    """The same questions, asked of a context for each band of its horizons, between EDGES_S: the nearer ones keep
    the fixes that the farther ones thin out. Up to FARTHEST steps ahead, at its own pace, no context is divided, but
    for what is asked of a trip and what of days. Also which contexts (n,) are to be days.
    """
    pace, _ = recent_cadence_and_speed(tracks, asked.end - 1, asked.end - asked.begin)
    pace = np.nan_to_num(pace, nan=np.inf)
    quarter = tracks.t // int(1000 * DAYS_S)
    new = np.cumsum(np.diff(quarter, prepend=quarter[:1]) != 0)
    able = (pace < COARSE_S) & (new[asked.end - 1] - new[asked.begin] >= LEAST_DAYS)
    begins = np.flatnonzero(np.diff(tracks.t, prepend=tracks.t[:1] - 1) >= 1000 * COARSE_S)  # of bursts and trips
    begins = np.append(0, begins)[np.searchsorted(begins, asked.end - 1, side="right")]
    burst = tracks.t[asked.end - 1] - tracks.t[np.maximum(begins, asked.begin)] < 1000 * COARSE_S
    band = _bands(asked.horizon, pace[asked.context], able[asked.context], burst[asked.context])
    bands = 2 * (len(EDGES_S) + 1)
    parts, part = np.unique(asked.context * bands + band, return_inverse=True)
    whole = parts // bands
    return Asked(asked.begin[whole], asked.end[whole], part, asked.horizon), parts % 2 == 1


def _bands(horizon_s: np.ndarray, pace_s: np.ndarray, able: np.ndarray, burst: np.ndarray) -> np.ndarray:
    """The bands (m,) of horizons, odd where days are asked, of contexts that are able to be days, or not. burst: (m,)
    bool, there is no trip yet: a phone that wakes now and then for a few fixes is asked for days too.
    """
    days = able & ((horizon_s > TRIP_S) | (burst & (horizon_s >= COARSE_S)))
    reach = FARTHEST * np.where(days, DAYS_S, pace_s)[:, None]
    return 2 * ((reach < EDGES_S) & (horizon_s[:, None] > EDGES_S)).sum(axis=1) + days


def bins_s(horizons_s: np.ndarray) -> np.ndarray:
    """How far apart fixes of dense tracks are kept, in seconds, where horizons_s (h,), ascending, are asked: a figure
    for each of their bands.
    """
    none, all_of_them = np.zeros(len(horizons_s), bool), np.ones(len(horizons_s), bool)
    band = _bands(horizons_s, np.zeros(len(horizons_s)), all_of_them, none)
    farthest = horizons_s[np.diff(band, append=-1) != 0]
    return np.maximum(farthest / FARTHEST, np.where(farthest > TRIP_S, DAYS_S, 0.0))


def context_rows(
    tracks: Tracks, begin: np.ndarray, end: np.ndarray, farthest_s: np.ndarray, days: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The rows that each context keeps, padded on the left, and which are real: (n, L) each; and whether it is days."""
    contexts = zip(begin, end, farthest_s, days, strict=True)  # a context, not a fix, at a time
    kept, days = zip(*(look_back(tracks.t, *c) for c in contexts), strict=True)
    length = np.array([len(k) for k in kept])
    valid = np.arange(length.max())[None, :] >= (length.max() - length)[:, None]
    rows = np.zeros(valid.shape, np.int64)
    rows[valid] = np.concatenate(kept)
    return rows, valid, np.array(days)


def look_back(t: np.ndarray, begin: int, end: int, farthest_s: float, days: bool) -> tuple[np.ndarray, bool]:
    """The rows of t in begin … end that the model looks back on, and whether they are days rather than a trip.

    The last fix, and going back the last fix of each bin, the bins so long that the farthest horizon is no more than
    FARTHEST of them. Seconds to minutes apart they go back to the last silence: a trip. Farther apart they are days,
    and so they are if they are to be.
    """
    bin_ms = max(1000.0 * farthest_s / FARTHEST, 1.0)
    recent = np.diff(t[max(begin, end - 9) : end])
    sparse = len(recent) > 0 and np.median(recent) >= 1000 * COARSE_S
    days = bool(days or sparse or bin_ms >= 1000 * COARSE_S)
    if days and not sparse:
        bin_ms = max(bin_ms, 1000 * DAYS_S)
    most = CONTEXT["coarse" if days else "fine"]
    looked = 4 * most
    while True:  # mostly once: back to the start only where fixes are dense
        start = max(begin, end - looked)
        back = ((t[end - 1] - t[start:end]) / bin_ms).astype(np.int64)
        rows = np.flatnonzero(np.append(back[:-1] != back[1:], True)) + start
        if len(rows) >= most or start == begin:
            break
        looked *= 8
    rows = rows[-most:]
    if not days and len(rows) > 1:
        dt = np.diff(t[rows])
        silences = np.flatnonzero(dt > SILENCE * max(np.median(dt[-8:]), bin_ms, 1000.0))
        if len(silences):
            rows = rows[silences[-1] + 1 :]
    return rows, days


def kinds_of_days(tracks: Tracks, rows: np.ndarray, valid: np.ndarray) -> np.ndarray:
    """`kind_of_days` of contexts (n, L)."""
    way = offset_m(tracks.lon[rows[:, 1:]], tracks.lat[rows[:, 1:]], tracks.lon[rows[:, :-1]], tracks.lat[rows[:, :-1]])
    metres = np.hypot(way[..., 0], way[..., 1])
    steps = valid[:, 1:] & valid[:, :-1]
    count = np.maximum(steps.sum(axis=1), 1)
    return kind_of_days(((metres > ROAMS_M) & steps).sum(axis=1) / count, ((metres == 0) & steps).sum(axis=1) / count)


def kind_of_days(roaming: np.ndarray, repeated: np.ndarray) -> np.ndarray:
    """The kind of days whose calibration holds, by the shares (n,) of steps over ROAMS_M and of steps that repeat a
    position: 'days' of someone who stays at places, or 'roaming' as a taxi does; of either 'held' where records hold
    the last position.
    """
    roams, held = roaming > 0.5, repeated >= HELD
    return np.select([roams & held, roams, held], ["roaming held", "roaming", "held"], "days")


def recent_cadence_and_speed(tracks: Tracks, row: np.ndarray, fixes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Median time in s between the last eight fixes up to `row`, and the greatest of their speeds in m/s."""
    back = np.arange(8)[None, :]
    at = np.maximum(row[:, None] - back, 0)
    real = back + 1 < fixes[:, None]
    before = np.maximum(at - 1, 0)
    dt = np.where(real, (tracks.t[at] - tracks.t[before]) / 1000.0, np.nan)
    step = offset_m(tracks.lon[at], tracks.lat[at], tracks.lon[before], tracks.lat[before])
    speed = np.where(real, np.hypot(step[..., 0], step[..., 1]) / np.maximum(dt, 0.5), np.nan)
    some = real.any(axis=1)
    cadence, fastest = np.full(len(row), np.nan), np.full(len(row), np.nan)
    cadence[some], fastest[some] = np.nanmedian(dt[some], axis=1), np.nanmax(speed[some], axis=1)
    return cadence, fastest
