# SPDX-License-Identifier: GPL-2.0-or-later
"""How regions are used, in a few figures of the fixes in them: visits, stays, halts, pace, hours; no coordinates.

Who walks a region tells little where everybody crosses everything, as taxis do. So these figures stand beside the
visitors' embeddings in what heads of regions are given (core/regions/scores.py), on scales that a linear head can use.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..geodesy import metres_between
from ..tracks import Tracks, solar_day
from .featurizer import solar_hour

VISIT_MS = 3 * 3_600_000  # a longer silence ends a visit
SILENT_S = 600.0  # loggers are silent indoors: so long without a fix is a stay
LONGEST_STAY_S = 900.0  # a fix stands for no more time than this
_PACE_MS = (0.3, 2.5, 8.0, 14.0)
_PACES = ("unknown", "still", "walking", "riding", "driving", "fast")
_BANDS = 6  # of four hours
_DWELL_MIN = (3, 10, 60, 240)
_HALT_S = (90, 180, 600)  # who goes on riding sooner has halted, as for passengers, parcels or a red light

USE = (
    "visits", "days", "hours", "hours_each", "visits_each", *_PACES[1:], *(f"time_{4 * i}h" for i in range(_BANDS)),
    "weekend", *(f"arrivals_{4 * i}h" for i in range(_BANDS)), *(f"longer_{m}" for m in _DWELL_MIN),
    *(f"stays_{m}" for m in _DWELL_MIN[:3]), "silences", "silences_each",
    *(f"halts_{s}s" for s in _HALT_S), *(f"halts_{s}s_each" for s in _HALT_S),
)  # fmt: skip


@dataclass(frozen=True)
class FixUse:
    """What each fix says of the place that it lies in, (n,) each. stay_s: until the user's next fix, LONGEST_STAY_S at
    most. pace: index into the speeds to it. band: four hours of the day, and six more at weekends. silent: nothing
    follows for SILENT_S. day: solar. halt_s: how long the user was slower than riding who rides on from here, else inf.
    """

    stay_s: np.ndarray
    pace: np.ndarray
    band: np.ndarray
    silent: np.ndarray
    day: np.ndarray
    halt_s: np.ndarray


def fix_use(users: Tracks) -> FixUse:
    """Of tracks of which each is one user (`by_user`)."""
    seconds, metres = np.zeros((2, len(users)))
    same = np.append(users.user[1:] == users.user[:-1], False)[: len(users)]
    seconds[:-1], metres[:-1] = (
        np.diff(users.t) / 1000.0,
        metres_between(users.lon[:-1], users.lat[:-1], users.lon[1:], users.lat[1:]),
    )
    seconds[~same] = 0.0
    pace = 1 + np.searchsorted(_PACE_MS, metres / np.maximum(seconds, 1.0), "right")
    pace[~same | (seconds > LONGEST_STAY_S)] = 0
    hours = solar_hour(users.t, users.lon)
    band = (hours % 24 / (24 / _BANDS)).astype(np.uint8) + _BANDS * (hours >= 120).astype(np.uint8)
    return FixUse(
        np.minimum(seconds, LONGEST_STAY_S).astype(np.float32), pace.astype(np.uint8), band, seconds > SILENT_S,
        solar_day(users).astype(np.int32), _halts(users.t, pace),
    )  # fmt: skip


def _halts(t: np.ndarray, pace: np.ndarray) -> np.ndarray:
    """(n,) float32 of FixUse; the pace of a user's last fix is unknown."""
    riding = _PACES.index("riding")
    slow = (pace > 0) & (pace < riding)
    slowed = np.append(False, slow[:-1])[: len(slow)]  # on the way to this fix
    begins = np.maximum.accumulate(np.where(slow & ~slowed, np.arange(len(slow)), 0))
    rides_on = slowed & (pace >= riding)
    return np.where(rides_on, (t - t[begins]) / 1000.0, np.inf).astype(np.float32)


def visit_begins(tracks: Tracks, rows: np.ndarray) -> np.ndarray:
    """(m,) bool: which of the fixes in a region, (m,) rows ascending, begin a visit."""
    t, user = tracks.t[rows], tracks.user[rows]
    return np.append(True, (np.diff(rows) != 1) | (user[1:] != user[:-1]) | (np.diff(t) > VISIT_MS))[: len(rows)]


def use_of_region(users: Tracks, of: FixUse, rows: np.ndarray) -> np.ndarray:
    """(len(USE),) float32 of one region: logarithms and shares; zeros where it has no fix.

    rows: (m,) of the fixes in it, ascending.
    """
    if not len(rows):
        return np.zeros(len(USE), np.float32)
    stay, user = of.stay_s[rows], users.user[rows]
    first = np.flatnonzero(visit_begins(users, rows))
    last = np.append(first[1:], len(rows)) - 1
    minutes = (users.t[rows[last]] - users.t[rows[first]]) / 60_000
    n_users = 1 + np.count_nonzero(np.diff(user))
    days = 1 + np.count_nonzero((np.diff(user) != 0) | (np.diff(of.day[rows]) != 0))
    by_pace = np.bincount(of.pace[rows], stay, len(_PACES))[1:]
    by_band = np.bincount(of.band[rows], stay, 2 * _BANDS)
    arrivals = np.bincount(of.band[rows[first]] % _BANDS, minlength=_BANDS)
    hours, silences = stay.sum() / 3600.0, np.count_nonzero(of.silent[rows])
    longer = np.array([np.count_nonzero(minutes > m) for m in _DWELL_MIN])
    halts = np.array([np.count_nonzero(of.halt_s[rows] < s) for s in _HALT_S])
    total = max(by_band.sum(), 1.0)
    return np.concatenate([
        np.log1p([len(first), days, hours]), np.log([hours / n_users + 1e-3, len(first) / n_users]),
        by_pace / max(by_pace.sum(), 1.0), by_band.reshape(2, _BANDS).sum(axis=0) / total,
        [by_band[_BANDS:].sum() / total], arrivals / len(first), longer / len(first), np.log1p(longer[:3]),
        [np.log1p(silences), silences / len(first)], np.log1p(halts), halts / len(first),
    ]).astype(np.float32)  # fmt: skip
