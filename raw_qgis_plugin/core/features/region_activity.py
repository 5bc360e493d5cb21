# SPDX-License-Identifier: GPL-2.0-or-later
"""Region activity: visits, stays, stops, paces and hours of the fixes in a region, without
coordinates.

Where every user passes everywhere, as taxis do, the visitors say little about a region. So these
features stand beside the embeddings of the visitors in the input of region heads.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..arrays import flattened, run_ends, run_starts
from ..geodesy import metres_between
from ..tracks import Tracks, solar_day
from .featurizer import solar_hour


class Settings:
    """Thresholds and classes. Another value makes other inputs of region heads."""

    visit_gap_ms: int = 3 * 3_600_000  # a longer silence ends a visit
    silent_s: float = 600.0  # loggers are silent indoors: a longer silence is a stay
    max_stay_s: float = 900.0  # a fix stands for no more time than this
    paces_m_s: tuple[float, ...] = (0.3, 2.5, 8.0, 14.0)  # bounds of PACES from still on
    n_bands: int = 6  # of the day, four hours each
    dwell_min: tuple[int, ...] = (3, 10, 60, 240)
    stop_s: tuple[int, ...] = (90, 180, 600)  # a vehicle that rides on within this time has stopped


PACES = ("unknown", "still", "walking", "riding", "driving", "fast")
_BANDS = [f"{24 // Settings.n_bands * i}h" for i in range(Settings.n_bands)]
REGION_ACTIVITY = (
    "visits",
    "days",
    "hours",
    "hours_each",
    "visits_each",
    *PACES[1:],
    *(f"time_{band}" for band in _BANDS),
    "weekend",
    *(f"arrivals_{band}" for band in _BANDS),
    *(f"longer_{m}" for m in Settings.dwell_min),
    *(f"stays_{m}" for m in Settings.dwell_min[:3]),
    "silences",
    "silences_each",
    *(f"halts_{s}s" for s in Settings.stop_s),
    *(f"halts_{s}s_each" for s in Settings.stop_s),
)


@dataclass(frozen=True)
class FixActivity:
    """Properties of fixes that region activity sums, (n,) each.

    stay_s: seconds until the user's next fix, at most max_stay_s. pace: index into PACES of the
    speed to the next fix. band: four hours of the day, and six more classes at weekends. silent: no
    fix follows for silent_s. day: solar. stop_s: seconds for which a user who rides on from this
    fix was slower than riding; inf for other fixes.
    """

    stay_s: np.ndarray
    pace: np.ndarray
    band: np.ndarray
    silent: np.ndarray
    day: np.ndarray
    stop_s: np.ndarray


def fix_activity(users: Tracks) -> FixActivity:
    """The properties of the fixes of tracks that are one user each (`by_user`)."""
    seconds, metres = np.zeros((2, len(users)))
    seconds[:-1] = np.diff(users.t) / 1000.0
    metres[:-1] = metres_between(users.lon[:-1], users.lat[:-1], users.lon[1:], users.lat[1:])
    same = np.append(users.user[1:] == users.user[:-1], False)[: len(users)]
    seconds[~same] = 0.0
    pace = 1 + np.searchsorted(Settings.paces_m_s, metres / np.maximum(seconds, 1.0), "right")
    pace[~same | (seconds > Settings.max_stay_s)] = 0
    hours = solar_hour(users.t, users.lon)
    band = (hours % 24 / (24 / Settings.n_bands)).astype(np.uint8) + Settings.n_bands * (
        hours >= 120
    ).astype(np.uint8)
    stay_s = np.minimum(seconds, Settings.max_stay_s).astype(np.float32)
    silent, day = seconds > Settings.silent_s, solar_day(users).astype(np.int32)
    slow = (pace > 0) & (pace < PACES.index("riding"))  # the pace of a user's last fix is unknown
    slowed = np.append(False, slow[:-1])[: len(slow)]  # on the way to this fix
    begins = np.maximum.accumulate(np.where(slow & ~slowed, np.arange(len(slow)), 0))
    rides_on = slowed & (pace >= PACES.index("riding"))
    stop_s = np.where(rides_on, (users.t - users.t[begins]) / 1000.0, np.inf).astype(np.float32)
    return FixActivity(stay_s, pace.astype(np.uint8), band, silent, day, stop_s)


def visits_of(
    tracks: Tracks, region: np.ndarray, rows: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(k,) the region of each visit, and the rows of its first and last fix. region, rows: (m,) of
    `flattened`.
    """
    gone = np.append(
        True, (np.diff(rows) != 1) | (np.diff(tracks.t[rows]) > Settings.visit_gap_ms)
    )[: len(rows)]
    first = np.flatnonzero(gone | run_starts(tracks.user[rows], region))
    return region[first], rows[first], rows[run_ends(first, len(rows))]


def region_activity(users: Tracks, fixes: FixActivity, inside: Sequence[np.ndarray]) -> np.ndarray:
    """(n, len(REGION_ACTIVITY)) float32 of regions: logarithms and shares; zeros where there is no
    fix.

    inside: (n,) for each region the rows of the fixes in it, ascending.
    """
    n, n_bands = len(inside), Settings.n_bands
    region, rows = flattened(inside)
    stay, user = fixes.stay_s[rows], users.user[rows]
    visited, first, last = visits_of(users, region, rows)
    minutes = (users.t[last] - users.t[first]) / 60_000

    def total(weight: np.ndarray, of: np.ndarray = region) -> np.ndarray:
        return np.bincount(of, weight, n)

    def by(
        part: np.ndarray, parts: int, weight: np.ndarray | None = None, of: np.ndarray = region
    ) -> np.ndarray:
        return np.bincount(of * parts + part, weight, n * parts).reshape(n, parts)

    n_users, n_visits = total(run_starts(region, user)), total(np.ones(len(first)), visited)
    days = total(run_starts(region, user, fixes.day[rows]))
    by_pace = by(fixes.pace[rows], len(PACES), stay)[:, 1:]
    by_band = by(fixes.band[rows], 2 * n_bands, stay)
    arrivals = by(fixes.band[first] % n_bands, n_bands, of=visited)
    hours, silences = total(stay) / 3600.0, total(fixes.silent[rows])
    longer = np.stack([total(minutes > m, visited) for m in Settings.dwell_min], axis=1)
    stops = np.stack([total(fixes.stop_s[rows] < s) for s in Settings.stop_s], axis=1)
    seen, n_users, visits = n_visits > 0, np.maximum(n_users, 1), np.maximum(n_visits, 1)
    paced, stayed = (
        np.maximum(values.sum(axis=1, keepdims=True), 1.0) for values in (by_pace, by_band)
    )
    columns = (
        np.log1p(n_visits),
        np.log1p(days),
        np.log1p(hours),
        np.log(hours / n_users + 1e-3),
        np.log(visits / n_users),
        by_pace / paced,
        by_band.reshape(n, 2, n_bands).sum(axis=1) / stayed,
        by_band[:, n_bands:].sum(axis=1, keepdims=True) / stayed,
        arrivals / visits[:, None],
        longer / visits[:, None],
        np.log1p(longer[:, :3]),
        np.log1p(silences),
        silences / visits,
        np.log1p(stops),
        stops / visits[:, None],
    )
    return np.where(seen[:, None], np.column_stack(columns), 0.0).astype(np.float32)
