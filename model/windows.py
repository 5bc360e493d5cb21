# SPDX-License-Identifier: GPL-2.0-or-later
"""Forecast windows: real fixes, the first in each bin of a cadence, a context and the next fixes to be asked for."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from raw_qgis_plugin.core.geodesy import haversine_m
from raw_qgis_plugin.core.tracks import Tracks

CONTEXT, AHEAD = 40, 5
FASTEST_MS = 70.0


@dataclass(frozen=True)
class Windows:
    """t, lon, lat: (w, CONTEXT + AHEAD), oldest first; the last AHEAD columns are the truth. user: (w,) int."""

    user: np.ndarray
    t: np.ndarray
    lon: np.ndarray
    lat: np.ndarray


def cut(tracks: Tracks, cadence_s: int, *, limit: int = 3000, per_user: int = 60, seed: int = 0) -> Windows:
    """Windows at `cadence_s`, at most `per_user` a person and `limit` in all, drawn at random.

    Left out: windows whose bins skip more than one, that hold a step above 70 m/s, or that do not move.
    """
    user, t, lon, lat = tracks.user, tracks.t, tracks.lon, tracks.lat
    order = np.lexsort((t, user))
    user, t, lon, lat = user[order], t[order], lon[order], lat[order]
    bins = t // (1000 * cadence_s)
    kept = np.ones(len(t), bool)
    kept[1:] = (bins[1:] != bins[:-1]) | (user[1:] != user[:-1])
    user, t, lon, lat, bins = user[kept], t[kept], lon[kept], lat[kept], bins[kept]

    size = CONTEXT + AHEAD
    if len(t) < size:
        return Windows(user[:0], *(np.empty((0, size), a.dtype) for a in (t, lon, lat)))
    metres = haversine_m(lon[1:], lat[1:], lon[:-1], lat[:-1])
    seconds = np.maximum((t[1:] - t[:-1]) / 1000.0, 0.5)
    broken = (user[1:] != user[:-1]) | (np.diff(bins) > 2) | (metres / seconds > FASTEST_MS)
    breaks = np.concatenate([[0], np.cumsum(broken)])
    travelled = np.concatenate([[0.0], np.cumsum(np.where(broken, 0.0, metres))])
    begin: np.ndarray = np.arange(0, len(t) - size + 1, 15)
    whole = breaks[begin + size - 1] == breaks[begin]
    moved = travelled[begin + size - 1] - travelled[begin] > 0
    begin = begin[whole & moved]

    rng = np.random.default_rng(seed)
    begin = rng.permutation(begin)
    begin = begin[np.argsort(user[begin], kind="stable")]
    rank = np.arange(len(begin)) - np.searchsorted(user[begin], user[begin])
    begin = np.sort(rng.permutation(begin[rank < per_user])[:limit])
    at = begin[:, None] + np.arange(size)
    return Windows(user[begin], t[at], lon[at], lat[at])
