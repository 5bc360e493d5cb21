# SPDX-License-Identifier: GPL-2.0-or-later
"""Forecast windows of real fixes, a context and its targets, in the families of the protocol.

'5s', '15s', '60s' or any other cadence: the first fix in each bin, 40 of context, the next five as targets at their
true times. 'long': the last fix in each 15-minute bin, up to ten days of context, targets 15 to 150 min ahead where
there is a fix; in the person's city only. 'filled': the same round the clock: a quarter of an hour without a fix holds
the last one for up to twelve hours, as in records of phone operators; targets too.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from raw_qgis_plugin.core.arrays import expand_ranges, group_quantile, run_starts
from raw_qgis_plugin.core.errors import InputError
from raw_qgis_plugin.core.evaluation.windows import Windows, draw
from raw_qgis_plugin.core.geodesy import haversine_m
from raw_qgis_plugin.core.tracks import Tracks

BIN_MS = 900_000  # a quarter of an hour
CONTEXT_BINS = 960  # ten days
FAMILIES = ("5s", "15s", "60s", "long", "filled")


@dataclass(frozen=True)
class Protocol:
    """The protocol's sizes. Fine families: fixes of context and of targets, fixes between the starts of windows, and
    the fastest step. long and filled: horizons and longest hold in bins of 15 min, radius of the city, least context.
    """

    context: int = 40
    ahead: int = 5
    every: int = 15
    fastest_m_s: float = 70.0
    ahead_bins: tuple[int, ...] = (1, 2, 4, 6, 8, 10)
    held_bins: int = 48
    city_m: float = 60_000.0
    least: int = 8


PROTOCOL = Protocol()


def cut(tracks: Tracks, family: str, *, limit: int = 3000, per_user: int = 36, seed: int = 0) -> Windows:
    """Windows of a family, at most `per_user` a person and `limit` in all, drawn at random; perhaps none.

    A track without a user has one of its own in `user`. Raises InputError for an unknown family.
    """
    users = tracks.one_user_per_track().by_user()
    if family in ("long", "filled"):
        return _cut_long(users, family, limit, per_user, seed)
    cadence = re.fullmatch(r"(\d+)\s?s", family)
    if not cadence or int(cadence[1]) == 0:
        raise InputError(f"There is no family '{family}': name a cadence such as 15s, or long, or filled.")
    return _cut_fine(users, int(cadence[1]), limit, per_user, seed)


def _cut_fine(tracks: Tracks, cadence_s: int, limit: int, per_user: int, seed: int) -> Windows:
    """Windows of fine families, but those that skip more than a bin, have a step above 70 m/s, or do not move."""
    bins = tracks.t // (1000 * cadence_s)
    kept = run_starts(bins, tracks.user)
    user, t, lon, lat, bins = (a[kept] for a in (tracks.user, tracks.t, tracks.lon, tracks.lat, bins))
    size, last = PROTOCOL.context + PROTOCOL.ahead, PROTOCOL.context + PROTOCOL.ahead - 1
    metres = haversine_m(lon[1:], lat[1:], lon[:-1], lat[:-1])
    seconds = np.maximum(np.diff(t) / 1000.0, 0.5)
    broken = (user[1:] != user[:-1]) | (np.diff(bins) > 2) | (metres / seconds > PROTOCOL.fastest_m_s)
    breaks = np.concatenate([[0], np.cumsum(broken)])
    travelled = np.concatenate([[0.0], np.cumsum(np.where(broken, 0.0, metres))])
    begin: np.ndarray = np.arange(0, max(len(t) - last, 0), PROTOCOL.every)
    begin = begin[(breaks[begin + last] == breaks[begin]) & (travelled[begin + last] > travelled[begin])]
    begin = begin[draw(user[begin], limit, per_user, seed)]
    past, target = np.split(begin[:, None] + np.arange(size), [PROTOCOL.context], axis=1)
    horizon = cadence_s * np.arange(1.0, PROTOCOL.ahead + 1)
    return Windows(
        f"{cadence_s}s", user[begin], t[past], lon[past], lat[past], horizon, t[target], lon[target], lat[target]
    )


def _cut_long(tracks: Tracks, family: str, limit: int, per_user: int, seed: int) -> Windows:
    middle = (group_quantile(a, tracks.user, tracks.n_users)[tracks.user] for a in (tracks.lon, tracks.lat))
    tracks = tracks.take(haversine_m(tracks.lon, tracks.lat, *middle) <= PROTOCOL.city_m)
    last = np.flatnonzero(np.append(run_starts(tracks.t // BIN_MS, tracks.track)[1:], True)[: len(tracks)])
    ahead = np.array(PROTOCOL.ahead_bins)
    user, bins = tracks.user[last].astype(np.int64), tracks.t[last] // BIN_MS
    t, lon, lat = tracks.t[last], tracks.lon[last], tracks.lat[last]
    if family == "filled":
        user, bins, held = hold(user, bins)
        t, lon, lat = (bins + 1) * BIN_MS, lon[held], lat[held]
    span = int(np.ptp(bins)) + max(PROTOCOL.ahead_bins) + 2 if len(bins) else 1
    key = user * span + bins - bins.min(initial=np.iinfo(np.int64).max)
    wanted = key[:, None] + ahead
    truth = np.minimum(np.searchsorted(key, wanted), max(len(key) - 1, 0))
    known = key[truth] == wanted
    start = np.searchsorted(key, np.maximum(key - CONTEXT_BINS + 1, user * span))
    end = np.flatnonzero(known.any(axis=1) & (np.arange(len(key)) - start >= PROTOCOL.least - 1))
    end = end[draw(user[end], limit, per_user, seed)]

    start, known, truth = start[end, None], known[end], truth[end]
    at = end[:, None] - np.arange((end[:, None] - start).max(initial=-1) + 1)[::-1]
    real, at = at >= start, np.maximum(at, start)
    query_t = np.where(known, t[truth], t[end][:, None] + BIN_MS * ahead)
    past_lon, past_lat = (np.where(real, a[at], np.nan) for a in (lon, lat))
    true_lon, true_lat = (np.where(known, a[truth], np.nan) for a in (lon, lat))
    horizon_s = BIN_MS / 1000.0 * ahead
    return Windows(family, user[end], t[at], past_lon, past_lat, horizon_s, query_t, true_lon, true_lat)


def hold(user: np.ndarray, bins: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Fill bins without a fix by the last one for up to twelve hours: user, bin and row of the fix of each bin."""
    until = np.empty_like(bins)
    until[-1:] = bins[-1:]
    until[:-1] = np.where(user[1:] == user[:-1], np.minimum(bins[1:] - 1, bins[:-1] + PROTOCOL.held_bins), bins[:-1])
    times = until - bins + 1
    row = np.repeat(np.arange(len(bins)), times)
    return user[row], expand_ranges(bins, times), row
