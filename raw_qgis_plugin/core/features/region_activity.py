# SPDX-License-Identifier: GPL-2.0-or-later
"""Region activity: visits, stays, stops, paces and hours of the fixes in a region, without
coordinates.

Where every user passes everywhere, as taxis do, the visitors say little about a region. So these
features stand beside the embeddings of the visitors in the input of region heads.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from ..arrays import Array, Columns, flattened, run_ends, run_starts, stacked
from ..tracks import Tracks, solar_day
from .sequences import solar_hour


@dataclass(frozen=True)
class Settings:
    """Thresholds and classes.

    Heads of regions are trained with these values. Others make other inputs.
    """

    visit_gap_ms: int = 3 * 3_600_000  # ms, a longer silence ends a visit
    silent_s: float = 600.0  # s, a longer silence is a stay: loggers are silent indoors
    max_stay_s: float = 900.0  # s, a fix stands for no more time than this
    paces_m_s: tuple[float, ...] = (0.3, 2.5, 8.0, 14.0)  # m/s, bounds of PACES from still on
    n_bands: int = 6  # of the day, four hours each
    dwell_min: tuple[int, ...] = (3, 10, 60, 240)  # min, visits are longer than these
    # s, a vehicle that rides on within this time has stopped: at a sign, a light, a station
    stop_s: tuple[int, ...] = (90, 180, 600)


PACES = ("unknown", "still", "walking", "riding", "driving", "fast")
BANDS = tuple(f"{24 // Settings.n_bands * i}h" for i in range(Settings.n_bands))
STAYS = Settings.dwell_min[:3]  # min, stays are counted besides being shares of visits
REGION_ACTIVITY = (
    "visits",
    "days",
    "hours",
    "hours_each",
    "visits_each",
    *PACES[1:],
    *(f"time_{band}" for band in BANDS),
    "weekend",
    *(f"arrivals_{band}" for band in BANDS),
    *(f"longer_{m}" for m in Settings.dwell_min),
    *(f"stays_{m}" for m in STAYS),
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

    stay_s: Array
    pace: Array
    band: Array
    silent: Array
    day: Array
    stop_s: Array


def fix_activity(users: Tracks) -> FixActivity:
    """The properties of the fixes of tracks that are one user each (`by_user`)."""
    seconds = np.zeros(len(users))
    metres = np.zeros(len(users))

    step = users.steps()
    seconds[step] = users.seconds(step, step + 1)
    metres[step] = users.metres_to_next(step)

    is_step = np.zeros(len(users), bool)
    is_step[step] = True

    speed = metres / np.maximum(seconds, 1.0)
    pace = 1 + np.searchsorted(Settings.paces_m_s, speed, "right")
    pace[~is_step | (seconds > Settings.max_stay_s)] = 0
    stay_s = np.minimum(seconds, Settings.max_stay_s).astype(np.float32)

    return FixActivity(
        stay_s,
        pace.astype(np.uint8),
        _bands(users),
        seconds > Settings.silent_s,
        solar_day(users).astype(np.int32),
        _stop_s(users, pace).astype(np.float32),
    )


def _bands(users: Tracks) -> Array:
    hours = solar_hour(users.t, users.lon)
    band = (hours % 24 / (24 / Settings.n_bands)).astype(np.uint8)
    band[hours >= 120] += Settings.n_bands
    return band


def _stop_s(users: Tracks, pace: Array) -> Array:
    """(n,) seconds for which a user who rides on from a fix was slower; inf for other fixes."""
    riding = pace >= PACES.index("riding")
    slow = (pace > 0) & ~riding  # the pace of a user's last fix is unknown

    slowed = np.append(False, slow[:-1])[: len(slow)]  # on the way to this fix
    begins = np.where(slow & ~slowed, np.arange(len(slow)), 0)
    begins = np.maximum.accumulate(begins)
    seconds = (users.t - users.t[begins]) / 1000.0

    return np.where(slowed & riding, seconds, np.inf)


class Visits(NamedTuple):
    """Visits of regions, (k,) each: the region, and the rows of its first and last fix."""

    region: Array
    first: Array
    last: Array


def visits_of(tracks: Tracks, region: Array, rows: Array) -> Visits:
    """The visits of regions, from the fixes in them. region, rows: (m,) of `flattened`."""
    t = tracks.t[rows]
    left = np.diff(rows) != 1
    silent = np.diff(t) > Settings.visit_gap_ms
    gone = np.append(True, left | silent)[: len(rows)]

    begin = np.flatnonzero(gone | run_starts(tracks.user[rows], region))
    end = run_ends(begin, len(rows))

    return Visits(region[begin], rows[begin], rows[end])


def region_activity(users: Tracks, fixes: FixActivity, inside: Sequence[Array]) -> Array:
    """(n, len(REGION_ACTIVITY)) float32 of regions: logarithms and shares; zeros without a fix.

    inside: (n,) for each region the rows of the fixes in it, ascending.
    """
    region, rows = flattened(inside)
    n = len(inside)

    visits = visits_of(users, region, rows)
    n_visits = np.bincount(visits.region, minlength=n)

    columns = _times(fixes, region, rows, n) | _dwells(users, fixes, visits, n)
    columns |= _counts(users, fixes, region, rows, n_visits)
    columns |= _events(fixes, region, rows, n_visits)

    x = stacked(columns, REGION_ACTIVITY, np.inf)
    x[n_visits == 0] = 0.0

    return x


def _counts(
    users: Tracks, fixes: FixActivity, region: Array, rows: Array, n_visits: Array
) -> Columns:
    """Visits, days and hours, also for each user."""
    n = len(n_visits)
    user = users.user[rows]

    n_users = np.bincount(region, run_starts(region, user), n)
    n_users = np.maximum(n_users, 1)

    days = np.bincount(region, run_starts(region, user, fixes.day[rows]), n)
    hours = np.bincount(region, fixes.stay_s[rows], n) / 3600.0

    columns = {}
    columns["visits"] = np.log1p(n_visits)
    columns["days"] = np.log1p(days)

    columns["hours"] = np.log1p(hours)
    columns["hours_each"] = np.log(hours / n_users + 1e-3)
    columns["visits_each"] = np.log(np.maximum(n_visits, 1) / n_users)

    return columns


def _by_part(
    region: Array, part: Array, shape: tuple[int, int], weight: Array | None = None
) -> Array:
    """Sums of weights by region and part, shape (n, parts)."""
    n, parts = shape
    cells = np.bincount(region * parts + part, weight, n * parts)
    return cells.reshape(shape)


def _times(fixes: FixActivity, region: Array, rows: Array, n: int) -> Columns:
    """Shares of the time by pace, by hours of the day, and at weekends."""
    stay = fixes.stay_s[rows]
    n_bands = Settings.n_bands

    by_pace = _by_part(region, fixes.pace[rows], (n, len(PACES)), stay)
    by_pace = by_pace[:, 1:]  # without the unknown one

    by_band = _by_part(region, fixes.band[rows], (n, 2 * n_bands), stay)
    paces = by_pace / np.maximum(by_pace.sum(axis=1, keepdims=True), 1.0)

    total = np.maximum(by_band.sum(axis=1), 1.0)
    weekend = by_band[:, n_bands:]
    bands = (by_band[:, :n_bands] + weekend) / total[:, None]
    columns = dict(zip(PACES[1:], paces.T, strict=True))
    for number, band in enumerate(BANDS):
        columns[f"time_{band}"] = bands[:, number]

    columns["weekend"] = weekend.sum(axis=1) / total

    return columns


def _dwells(users: Tracks, fixes: FixActivity, visits: Visits, n: int) -> Columns:
    """When visits begin and how long they last."""
    minutes = (users.t[visits.last] - users.t[visits.first]) / 60_000
    count = np.maximum(np.bincount(visits.region, minlength=n), 1)

    band = fixes.band[visits.first] % Settings.n_bands
    arrivals = _by_part(visits.region, band, (n, Settings.n_bands))
    columns = {}
    for number, name in enumerate(BANDS):
        columns[f"arrivals_{name}"] = arrivals[:, number] / count

    for limit in Settings.dwell_min:
        longer = np.bincount(visits.region, minutes > limit, n)
        columns[f"longer_{limit}"] = longer / count
        columns[f"stays_{limit}"] = np.log1p(longer)

    return columns


def _events(fixes: FixActivity, region: Array, rows: Array, n_visits: Array) -> Columns:
    """Silences and stops of vehicles, also for each visit."""
    events = {"silences": fixes.silent[rows]}
    for limit in Settings.stop_s:
        events[f"halts_{limit}s"] = fixes.stop_s[rows] < limit

    columns = {}
    for name, mask in events.items():
        count = np.bincount(region, mask, len(n_visits))
        columns[name] = np.log1p(count)
        columns[f"{name}_each"] = count / np.maximum(n_visits, 1)

    return columns
