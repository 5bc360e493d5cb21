# SPDX-License-Identifier: GPL-2.0-or-later
"""Facts of users and of regions that can be measured without a model, and said in words: why two are alike.

A fact is a figure for every unit (or one for every hour of the day), how near two of them have to be to agree, and
words for a pair that does.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ..arrays import group_quantile
from ..features.featurizer import solar_hour
from ..geodesy import metres_between, offset_m
from ..tracks import Tracks, solar_day
from .profiles import most_visited, stay_ms

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

SLOT_MS = 600_000
STILL_M, APART_M = 150.0, 250.0  # the fixes of a still slot lie within; two stays are apart
LONGEST_STEP_MS = 1_800_000  # a longer silence does not say when the way was made
NEAR_M = 300.0
WALKING_MS = 0.5
BUSY = 1.5 / 24  # of the movement in one hour: that hour stands out


@dataclass(frozen=True)
class Fact:
    """values: (n,), or (n, 24) shares of the hours; nan where not known. nearness: of two units, smaller is nearer.
    agree: up to which they agree. words: of (the answer's value, the target's).
    """

    values: np.ndarray
    agree: float
    words: Callable[..., str]
    ratio: bool = False  # nearness is that of the logarithms

    def distance(self, target: int) -> np.ndarray:
        """(n,) how far each unit is from the target; nan where either is not known."""
        values = np.log(np.maximum(self.values, 1e-9)) if self.ratio else self.values
        apart = np.abs(values - values[target])
        return apart.sum(axis=1) / 2 if apart.ndim == 2 else apart


def reasons(facts: Sequence[Fact], target: int, rows: np.ndarray, most: int = 3) -> list[str]:
    """For each row, why it is like the target: the facts in which they agree most unusually against all units.

    A fact counts where the two agree and fewer than a quarter of the other units come as near to the target.
    """
    found: list[list[tuple[float, str]]] = [[] for _ in rows]
    for fact in facts:
        apart = fact.distance(target)
        known = np.sort(apart[~np.isnan(apart)])
        for number, row in enumerate(rows):
            if not apart[row] <= fact.agree:
                continue
            reach = max(apart[row], fact.agree / 4)  # nearer than this is as good as equal
            nearer = (np.searchsorted(known, reach, "right") - 2) / max(len(known) - 2, 1)  # but the two themselves
            text = fact.words(fact.values[row], fact.values[target])
            if nearer < 0.25 and text:
                found[number].append((nearer, text))
    texts = ["; ".join(text for _, text in sorted(one, key=lambda pair: pair[0])[:most]) for one in found]
    return [text or "alike as a whole; no single measured habit stands out" for text in texts]


# --- users ---------------------------------------------------------------------------------------------------------


def user_facts(users: Tracks) -> list[Fact]:
    """What users do when and how far, of tracks of which each is one user, in hours of mean solar time."""
    n = users.n_tracks
    lon, lat = _main_place(users)
    stay = stay_ms(users)
    away = metres_between(users.lon, users.lat, lon[users.track], lat[users.track])
    at_place = _share(stay * (away < NEAR_M), stay, users.track, n)
    length, of = _trips(users)
    days = np.maximum(_days(users), 1)
    moves = _movement(users)
    hours = solar_hour(users.t[moves.row], users.lon[moves.row])
    track = users.track[moves.row]
    by_hour = np.bincount(track * 24 + (hours % 24).astype(np.int64), moves.metres, n * 24).reshape(n, 24)
    weekend = _share(moves.metres * (hours >= 120), moves.metres, track, n)
    weekend[days < 7] = np.nan
    speed = 3.6 * _share(moves.metres, moves.seconds, track, n)
    step = users.track[1:] == users.track[:-1]
    cadence = group_quantile(np.diff(users.t)[step] / 1000, users.track[:-1][step], n)
    return [
        Fact(_normal(by_hour), 0.35, _hours("mostly move")),
        Fact(group_quantile(length / 1000, of, n), 0.25, _pair("median trip", "{:.1f} km"), ratio=True),
        Fact(at_place, 0.08, _pair("of the time within 300 m of one place", "{:.0f} %", 100, behind=True)),
        Fact(np.bincount(of, minlength=n) / days, 0.2, _pair("trips a day", "{:.1f}", behind=True), ratio=True),
        Fact(speed, 0.2, _pair("mean speed on the way", "{:.0f} km/h"), ratio=True),
        Fact(group_quantile(away / 1000, users.track, n, 0.95), 0.25, _pair("rarely farther from that place than",
             "{:.1f} km"), ratio=True),
        Fact(weekend, 0.08, _pair("of the way on weekends", "{:.0f} %", 100, behind=True)),
        Fact(cadence, 0.1, _pair("recorded about every", "{:.0f} s"), ratio=True),
    ]  # fmt: skip


def _main_place(users: Tracks) -> tuple[np.ndarray, np.ndarray]:
    """(n_tracks,) lon and lat: the median of the fixes near the cell where most time is spent."""
    lon, lat = most_visited(users)
    near = np.flatnonzero(metres_between(users.lon, users.lat, lon[users.track], lat[users.track]) < 400)
    middle = (group_quantile(column[near], users.track[near], users.n_tracks) for column in (users.lon, users.lat))
    lon, lat = (np.where(np.isnan(new), old, new) for old, new in zip((lon, lat), middle))
    return lon, lat


class _Moves(NamedTuple):
    """Steps from a fix to the next that are movement: row of the first fix, metres and seconds."""

    row: np.ndarray
    metres: np.ndarray
    seconds: np.ndarray


def _movement(tracks: Tracks) -> _Moves:
    ms = np.diff(tracks.t)
    row = np.flatnonzero((tracks.track[1:] == tracks.track[:-1]) & (ms <= LONGEST_STEP_MS))
    metres = metres_between(tracks.lon[row], tracks.lat[row], tracks.lon[row + 1], tracks.lat[row + 1])
    seconds = ms[row] / 1000
    moved = metres >= WALKING_MS * seconds
    return _Moves(row[moved], metres[moved], seconds[moved])


def _trips(tracks: Tracks) -> tuple[np.ndarray, np.ndarray]:
    """Moves from one stay to another: metres along the fixes, and the track of each.

    A stay is a slot of ten minutes whose fixes lie within 150 m.
    """
    if len(tracks) < 2:
        return np.zeros(0), np.zeros(0, np.int64)
    slot = tracks.t // SLOT_MS
    head = np.flatnonzero(np.append(True, (np.diff(slot) != 0) | (np.diff(tracks.track) != 0)))
    first = tracks.track_offsets[:-1][tracks.track]
    xy = offset_m(tracks.lon, tracks.lat, tracks.lon[first], tracks.lat[first])
    spread = np.maximum.reduceat(xy, head) - np.minimum.reduceat(xy, head)
    still = np.flatnonzero(np.hypot(spread[:, 0], spread[:, 1]) < STILL_M)
    last = np.append(head[1:], len(slot)) - 1
    a, b = last[still[:-1]], head[still[1:]]
    move = (tracks.track[a] == tracks.track[b]) & (np.hypot(*(xy[b] - xy[a]).T) > APART_M)
    way = np.append(0.0, np.cumsum(np.hypot(*np.diff(xy, axis=0).T)))
    return (way[b] - way[a])[move], tracks.track[a[move]]


def _days(tracks: Tracks) -> np.ndarray:
    """(n_tracks,) days with a fix."""
    day = solar_day(tracks)
    new = np.append(True, (day[1:] != day[:-1]) | (tracks.track[1:] != tracks.track[:-1]))[: len(day)]
    return np.bincount(tracks.track[new], minlength=tracks.n_tracks)


# --- regions -------------------------------------------------------------------------------------------------------


def region_facts(
    users: Tracks, visits: csr_matrix, region: np.ndarray, fix: np.ndarray, min_users: int = 1
) -> list[Fact]:
    """How regions are used, of the fixes in each: region and fix are (m,) pairs of a region and a row of users.

    visits: (n_regions, n_users) of `regions.count_users`. One resident can have most of a region's time, so hours in
    which fewer than min_users people spend some are left out, and a share of the time is nan where fewer, but not none,
    are behind it or behind the rest.
    """
    n = visits.shape[0]
    stay = np.minimum(stay_ms(users)[fix], LONGEST_STEP_MS)
    hours = solar_hour(users.t[fix], users.lon[fix])
    hour = (hours % 24).astype(np.int64)
    who = users.user[fix].astype(np.int64)

    def people(group: np.ndarray, counted: np.ndarray, groups: int = n) -> np.ndarray:
        """(groups,) distinct users who spend time in a group in the fixes that are counted."""
        counted = counted & (stay > 0)
        pairs = np.unique(group[counted] * users.n_users + who[counted])
        return np.bincount(pairs // users.n_users, minlength=groups)

    def share(part: np.ndarray) -> np.ndarray:
        sides = np.stack([people(region, part), people(region, ~part)])
        told = ((sides == 0) | (sides >= min_users)).all(axis=0)
        return np.where(told, _share(stay * part, stay, region, n), np.nan)

    slot = region * 24 + hour
    by_hour = np.bincount(slot, stay, n * 24)
    by_hour[people(slot, np.ones(len(fix), bool), n * 24) < min_users] = 0
    moving = np.isin(fix, _movement(users).row)
    night = (hour >= 22) | (hour < 7)
    weekend = hours >= 120
    n_users = np.diff(visits.indptr).astype(np.float64)
    pairs, pair = np.unique(region * users.n_users + who, return_inverse=True)
    hours_each = group_quantile(np.bincount(pair, stay, len(pairs)) / 3_600_000, pairs // users.n_users, n)
    return [
        Fact(_normal(by_hour.reshape(n, 24)), 0.25, _hours("busiest")),
        Fact(share(moving), 0.08, _pair("of the time is spent passing through", "{:.0f} %",
             100, behind=True)),
        Fact(share(night), 0.06, _pair("of the time is at night (22–7 h)", "{:.0f} %", 100,
             behind=True)),
        Fact(share(weekend), 0.05, _pair("of the time is on weekends", "{:.0f} %", 100,
             behind=True)),
        Fact(hours_each, 0.2, _pair("median recorded time of a visitor", "{:.1f} h"), ratio=True),
        Fact(n_users, 0.15, _pair("visitors", "{:,.0f}", behind=True), ratio=True),
    ]  # fmt: skip


# --- figures and words ---------------------------------------------------------------------------------------------


def _share(part: np.ndarray, whole: np.ndarray, group: np.ndarray, n: int) -> np.ndarray:
    """(n,) sum of part over sum of whole in each group; nan where that is 0."""
    total = np.bincount(group, whole, n)
    return np.where(total > 0, np.bincount(group, part, n) / np.maximum(total, 1e-9), np.nan)


def _normal(by_hour: np.ndarray) -> np.ndarray:
    """(n, 24) shares of each row; nan where it is empty."""
    total = by_hour.sum(axis=1, keepdims=True)
    return np.where(total > 0, by_hour / np.maximum(total, 1e-9), np.nan)


def _pair(what: str, form: str, times: float = 1.0, behind: bool = False) -> Callable[[float, float], str]:
    """Words for two figures: 'both WHAT 3.1 km', or 'WHAT 3.1 km against 3.4 km'; the figure first where `behind`."""

    def words(value: float, target: float) -> str:
        a, b = (form.format(times * number) for number in (value, target))
        figures = a if a == b else f"{a} against {b}"
        return f"{'both ' * (a == b)}{figures} {what}" if behind else f"{'both: ' * (a == b)}{what} {figures}"

    return words


def _hours(what: str) -> Callable[[np.ndarray, np.ndarray], str]:
    """Words for the hours that stand out in both."""

    def words(value: np.ndarray, target: np.ndarray) -> str:
        spans = hour_spans((value > BUSY) & (target > BUSY))
        return f"both {what} at {spans} h" if spans else ""

    return words


def hour_spans(busy: np.ndarray) -> str:
    """'7–9 and 17–19' for a (24,) bool; over midnight '22–2'; '' for none or all."""
    if not busy.any() or busy.all():
        return ""
    start = np.flatnonzero(busy & ~np.roll(busy, 1))
    stop = np.flatnonzero(busy & ~np.roll(busy, -1)) + 1
    stop = np.roll(stop, -1) if stop[0] <= start[0] else stop
    spans = [f"{a}–{b % 24 or 24}" for a, b in zip(start, stop)]
    return " and ".join([", ".join(spans[:-1]), spans[-1]] if len(spans) > 1 else spans)
