# SPDX-License-Identifier: GPL-2.0-or-later
"""Why two users or regions are similar: traits that are measured without a model, and words."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..arrays import Array, group_quantile, run_ends, run_starts
from ..disclosure.thresholds import is_few
from ..errors import translated
from ..features.sequences import solar_hour
from ..features.slots import Settings as SlotSettings
from ..features.slots import find_slots
from ..geodesy import length, metres_between, way_between
from ..times import HOUR_MS
from ..tracks import Tracks, solar_day
from .places import most_visited, stay_ms

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix


@dataclass(frozen=True)
class Settings:
    """Thresholds of the traits."""

    near_m: float = 300.0  # m, of the main place
    cell_m: float = 400.0  # m, fixes so near the centre of its cell show where that place is
    max_step_ms: int = 1_800_000  # ms, after a longer silence it is unknown when somebody moved
    moving_m_s: float = 0.5  # m/s, slower is standing: noise of GPS moves so fast
    busy_share: float = 1.5 / 24  # an hour with a larger share of the movement stands out
    unusual_share: float = 0.25  # of the other units may come as near to the target, for a reason
    min_days: int = 7  # days, fewer say nothing of weekends
    max_reasons: int = 3


SETTINGS = Settings()


@dataclass(frozen=True)
class Trait:
    """What is measured of n units.

    values: (n,), or (n, 24) shares of the hours; nan if unknown. limit: of the difference up to
    which two units agree. form: words with the figure in brackets, or before the hours. ratio:
    compare logarithms.
    """

    values: Array
    limit: float
    form: str
    ratio: bool = False

    def distance(self, target: int) -> Array:
        """(n,) differences of the units from the target; nan if either is unknown."""
        values = np.log(np.maximum(self.values, 1e-9)) if self.ratio else self.values
        apart = np.abs(values - values[target])
        return apart.sum(axis=1) / 2 if apart.ndim == 2 else apart

    def words(self, value: Array, target: Array) -> str:
        """In what two units agree.

        'both: median trip 3.1 km', '3.1 against 3.4 trips a day', or hours that stand out in both.
        """
        if np.ndim(value):
            busy = (value > SETTINGS.busy_share) & (target > SETTINGS.busy_share)
            spans = hour_spans(busy)
            if not spans:
                return ""
            return translated("both {form} at {spans} h", form=self.form, spans=spans)

        before, figure, after = re.split(r"[\[\]]", self.form)
        a = figure.format(value).replace("%", " %")
        b = figure.format(target).replace("%", " %")
        if a != b:
            return before + translated("{a} against {b}", a=a, b=b) + after

        both = "both: {words}" if before else "both {words}"

        return translated(both, words=f"{before}{a}{after}")


def reasons(traits: Sequence[Trait], target: int, rows: Array) -> list[str]:
    """For each row, the traits in which it and the target agree most unusually, in words."""
    found: list[list[tuple[float, str]]] = [[] for _ in rows]
    for trait in traits:
        rarity, agree = _agreement(trait, target, rows)
        for number in np.flatnonzero(agree):
            text = trait.words(trait.values[rows[number]], trait.values[target])
            found[number].append((rarity[number], text))

    texts = []
    for pairs in found:
        pairs.sort(key=lambda pair: pair[0])
        words = [text for _, text in pairs if text][: SETTINGS.max_reasons]
        none = translated("alike as a whole; no single measured habit stands out")
        texts.append("; ".join(words) or none)

    return texts


def _agreement(trait: Trait, target: int, rows: Array) -> tuple[Array, Array]:
    """The share of all other units that come as near to the target as each row, and who agrees."""
    apart = trait.distance(target)
    known = np.sort(apart[~np.isnan(apart)])

    reach = np.maximum(apart[rows], trait.limit / 4)  # smaller differences count as equal
    nearer = np.searchsorted(known, reach, "right") - 2  # without the two themselves
    share = nearer / max(len(known) - 2, 1)

    return share, (apart[rows] <= trait.limit) & (share < SETTINGS.unusual_share)


def user_traits(users: Tracks) -> list[Trait]:
    """Traits of the users of tracks that are one user each, in hours of mean solar time."""
    n = users.n_tracks
    away_m = _away_m(users)

    stay = stay_ms(users)
    at_place = _share(stay * (away_m < SETTINGS.near_m), stay, users.track, n)
    far_km = group_quantile(away_m / 1000, users.track, n, 0.95)

    trips = _trips(users)
    trip_km = group_quantile(trips.metres / 1000, trips.track, n)
    trips_a_day = np.bincount(trips.track, minlength=n) / _days(users)

    moved = _movement(users)
    kmh = 3.6 * _share(moved.metres, moved.seconds, moved.track, n)
    by_hour = _by_hour(moved.track, moved.hours, moved.metres, n)
    weekend = _on_weekends(users, moved)

    traits = [Trait(_normal(by_hour), 0.35, translated("mostly move"))]
    words = translated("median trip [{:.1f} km]")
    traits.append(Trait(trip_km, 0.25, words, ratio=True))

    words = translated("[{:.0%}] of the time within 300 m of one place")
    traits.append(Trait(at_place, 0.08, words))
    words = translated("[{:.1f}] trips a day")
    traits.append(Trait(trips_a_day, 0.2, words, ratio=True))

    words = translated("mean speed on the way [{:.0f} km/h]")
    traits.append(Trait(kmh, 0.2, words, ratio=True))
    words = translated("rarely farther from that place than [{:.1f} km]")
    traits.append(Trait(far_km, 0.25, words, ratio=True))

    words = translated("[{:.0%}] of the way on weekends")
    traits.append(Trait(weekend, 0.08, words))
    words = translated("recorded about every [{:.0f} s]")
    traits.append(Trait(_cadence_s(users), 0.1, words, ratio=True))

    return traits


def _on_weekends(users: Tracks, moved: Movement) -> Array:
    """(n_tracks,) share of the way on weekends; nan for few days."""
    part = moved.metres * (moved.hours >= 120)
    share = _share(part, moved.metres, moved.track, users.n_tracks)
    share[_days(users) < SETTINGS.min_days] = np.nan
    return share


def _cadence_s(users: Tracks) -> Array:
    """(n_tracks,) median seconds between fixes."""
    step = users.steps()
    seconds = users.seconds(step, step + 1)
    return group_quantile(seconds, users.track[step], users.n_tracks)


def _away_m(users: Tracks) -> Array:
    """(n,) metres of each fix from the user's main place.

    That is the middle of the fixes near the centre of the cell with the most time.
    """
    n = users.n_tracks
    lon, lat = most_visited(users)
    near = np.flatnonzero(_from(users, lon, lat) < SETTINGS.cell_m)

    track = users.track[near]
    middle_lon = group_quantile(users.lon[near], track, n)
    middle_lat = group_quantile(users.lat[near], track, n)

    none = np.isnan(middle_lon)
    middle_lon[none] = lon[none]
    middle_lat[none] = lat[none]

    return _from(users, middle_lon, middle_lat)


def _from(users: Tracks, lon: Array, lat: Array) -> Array:
    """(n,) metres of each fix from a place (n_tracks,) of its track."""
    return metres_between(users.lon, users.lat, lon[users.track], lat[users.track])


def _days(users: Tracks) -> Array:
    """(n_tracks,) days with fixes, one at least."""
    new_day = run_starts(solar_day(users), users.track)
    days = np.bincount(users.track[new_day], minlength=users.n_tracks)
    return np.maximum(days, 1)


def _by_hour(group: Array, hours: Array, weight: Array, n: int) -> Array:
    """(n, 24) sums of weights by group and hour of the day."""
    cell = group * 24 + (hours % 24).astype(np.int64)
    return np.bincount(cell, weight, n * 24).reshape(n, 24)


@dataclass(frozen=True)
class Movement:
    """Steps of movement, (k,) each.

    row: of the first fix. track, hours: of it, hours since Monday. metres, seconds: of the step.
    """

    row: Array
    track: Array
    hours: Array
    metres: Array
    seconds: Array


def _movement(tracks: Tracks) -> Movement:
    row = tracks.steps()
    seconds = tracks.seconds(row, row + 1)

    metres = tracks.metres_to_next(row)
    moves = metres >= SETTINGS.moving_m_s * seconds
    moves &= 1000 * seconds <= SETTINGS.max_step_ms

    row = row[moves]
    hours = solar_hour(tracks.t[row], tracks.lon[row])

    return Movement(row, tracks.track[row], hours, metres[moves], seconds[moves])


@dataclass(frozen=True)
class Trips:
    """Moves from one still slot to another place, (k,) each: metres along the fixes, and track."""

    metres: Array
    track: Array


def _trips(tracks: Tracks) -> Trips:
    if len(tracks) < 2:
        return Trips(np.zeros(0), np.zeros(0, np.int64))

    xy = way_between(tracks, tracks.first_row, slice(None))
    head, is_still = find_slots(tracks.track, tracks.t, xy)
    still = np.flatnonzero(is_still)

    last = run_ends(head, len(xy))
    leave = last[still[:-1]]
    arrive = head[still[1:]]

    move = tracks.track[leave] == tracks.track[arrive]
    move &= length(xy[arrive] - xy[leave]) > SlotSettings.place_m
    leave = leave[move]
    arrive = arrive[move]

    steps_m = length(np.diff(xy, axis=0))
    way = np.append(0.0, np.cumsum(steps_m))

    return Trips(way[arrive] - way[leave], tracks.track[leave])


@dataclass(frozen=True)
class Presence:
    """Fixes in n regions, (m,) each: the region, the user, and for how many ms a fix stands."""

    n: int
    n_users: int
    region: Array
    user: Array
    stay: Array

    def people(self, group: Array, mask: Array, groups: int) -> Array:
        """(groups,) distinct users who spend time in a group (m,) in the fixes of the mask."""
        mask = mask & (self.stay > 0)
        pairs = group[mask] * self.n_users + self.user[mask]
        pairs = np.unique(pairs)
        return np.bincount(pairs // self.n_users, minlength=groups)

    def share(self, part: Array, min_users: int) -> Array:
        """(n,) share of the time in a part of the fixes; nan if few people are on either side."""
        inside = self.people(self.region, part, self.n)
        outside = self.people(self.region, ~part, self.n)
        enough = (inside == 0) | ~is_few(inside, min_users)
        enough &= (outside == 0) | ~is_few(outside, min_users)

        share = _share(self.stay * part, self.stay, self.region, self.n)
        share[~enough] = np.nan

        return share

    def by_hour(self, hours: Array, min_users: int) -> Array:
        """(n, 24) time by the hour of the day; 0 where few people are. hours: (m,) of the fixes."""
        slot = self.region * 24 + (hours % 24).astype(np.int64)
        people = self.people(slot, np.ones(len(slot), bool), self.n * 24)

        time = np.bincount(slot, self.stay, self.n * 24)
        time[is_few(people, min_users)] = 0
        return time.reshape(self.n, 24)

    def hours_each(self) -> Array:
        """(n,) median hours of a visitor."""
        of_pair = self.region * self.n_users + self.user
        pairs, pair = np.unique(of_pair, return_inverse=True)
        hours = np.bincount(pair, self.stay, len(pairs)) / HOUR_MS
        return group_quantile(hours, pairs // self.n_users, self.n)


def region_traits(
    users: Tracks, visits: csr_matrix, region: Array, fix: Array, min_users: int = 1
) -> list[Trait]:
    """Traits of regions, of pairs (m,) of a region and the row of a fix in it.

    visits: (n_regions, n_users) of `count_users`. One resident can make up most of a region's time.
    So hours in which fewer than min_users people spend time are left out, and a share of the time
    is nan if fewer people, but not none, are behind it or behind the rest.
    """
    stay = np.minimum(stay_ms(users)[fix], SETTINGS.max_step_ms)
    user = users.user[fix].astype(np.int64)
    present = Presence(visits.shape[0], users.n_users, region, user, stay)

    hours = solar_hour(users.t[fix], users.lon[fix])
    hour = hours % 24
    moving = present.share(np.isin(fix, _movement(users).row), min_users)
    night = present.share((hour >= 22) | (hour < 7), min_users)

    weekend = present.share(hours >= 120, min_users)
    n_users = np.diff(visits.indptr).astype(np.float64)

    by_hour = present.by_hour(hours, min_users)
    traits = [Trait(_normal(by_hour), 0.25, translated("busiest"))]

    words = translated("[{:.0%}] of the time is spent passing through")
    traits.append(Trait(moving, 0.08, words))

    words = translated("[{:.0%}] of the time is at night (22–7 h)")
    traits.append(Trait(night, 0.06, words))
    words = translated("[{:.0%}] of the time is on weekends")

    traits.append(Trait(weekend, 0.05, words))
    words = translated("median recorded time of a visitor [{:.1f} h]")

    traits.append(Trait(present.hours_each(), 0.2, words, ratio=True))
    words = translated("[{:,.0f}] visitors")
    traits.append(Trait(n_users, 0.15, words, ratio=True))

    return traits


def _share(part: Array, whole: Array, group: Array, n: int) -> Array:
    """(n,) sum of part over sum of whole in each group; nan where that is 0."""
    total = np.bincount(group, whole, n)
    share = np.bincount(group, part, n) / np.maximum(total, 1e-9)
    return np.where(total > 0, share, np.nan)


def _normal(by_hour: Array) -> Array:
    """(n, 24) shares of each row; nan where it is empty."""
    total = by_hour.sum(axis=1, keepdims=True)
    return np.where(total > 0, by_hour / np.maximum(total, 1e-9), np.nan)


def hour_spans(busy: Array) -> str:
    """'7–9 and 17–19' for a (24,) bool; over midnight '22–2'; '' for none or all."""
    if not busy.any() or busy.all():
        return ""

    start = np.flatnonzero(busy & ~np.roll(busy, 1))
    stop = np.flatnonzero(busy & ~np.roll(busy, -1)) + 1
    if stop[0] <= start[0]:
        stop = np.roll(stop, -1)

    spans = [f"{begin}–{end % 24 or 24}" for begin, end in zip(start, stop)]
    if len(spans) == 1:
        return spans[0]

    return f"{', '.join(spans[:-1])} and {spans[-1]}"
