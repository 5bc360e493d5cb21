# SPDX-License-Identifier: GPL-2.0-or-later
"""Tracks: columns of fixes sorted by user, track and time. cleaning.py builds them.

Short tracks stay. One fix alone gets no answer (`Tracks.has_steps`). Of a track of three fixes
forecasts, modes and labels say in_domain or not, by the card (core/embedding/applicability.py);
people are unknown in records of few days (core/mobility/place_head.py), and a diary has its stop or
trip if that is long enough (core/mobility/stops.py, legs.py).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from .arrays import (
    Array,
    Groups,
    expand_ranges,
    group_offsets,
    group_quantile,
    renumber,
    run_starts,
    stable_order,
)
from .errors import InputError
from .geodesy import metres_between
from .skipped import LeftOut
from .times import DAY_MS, solar_ms

NO_USER = "all"  # the one user of fixes that come without a user
FIXES_AT_ONCE = 250_000  # of `Tracks.parts`


class _Times(NamedTuple):
    """The times of tracks in one column of integers."""

    first: int  # epoch ms
    last: int
    span: int  # of a track in the key
    key: Array  # (n,) int64, ascending by track and time


@dataclass(frozen=True)
class Tracks:
    """Fixes in columns, sorted by (user, track, t), times distinct within a track. There may be no
    fix.
    """

    user_ids: Array  # (n_users,) object array of str
    # (n_tracks,) object array of str; two users may have tracks with the same id
    track_ids: Array
    track_user: Array  # (n_tracks,) int32 into user_ids
    track: Array  # (n,) int32 into track_ids
    t: Array  # (n,) int64 epoch ms, UTC
    lon: Array  # (n,) float64 degrees, WGS84
    lat: Array  # (n,) float64 degrees, WGS84
    # (n,) float32 metres within which the position is known; nan: unknown
    accuracy: Array | None = None

    def __len__(self) -> int:
        return len(self.t)

    @property
    def n_users(self) -> int:
        """Number of users."""
        return len(self.user_ids)

    @property
    def n_tracks(self) -> int:
        """Number of tracks."""
        return len(self.track_ids)

    @cached_property
    def user(self) -> Array:
        """(n,) int32 into user_ids."""
        return self.track_user[self.track]

    @cached_property
    def track_offsets(self) -> Array:
        """(n_tracks + 1,) int64: track k has the fixes track_offsets[k] to track_offsets[k + 1]."""
        return group_offsets(self.track, self.n_tracks)

    @cached_property
    def user_offsets(self) -> Array:
        """(n_users + 1,) int64: the fixes of user k are user_offsets[k] to user_offsets[k + 1]."""
        return self.track_offsets[group_offsets(self.track_user, self.n_users)]

    @cached_property
    def _times(self) -> _Times:
        """The times of all tracks in one column. Raises InputError for too long a span."""
        first = int(self.t.min()) if len(self) else 0
        last = int(self.t.max()) if len(self) else 0
        span = last - first + 3
        if span * (self.n_tracks + 1) >= 2**63:  # one key of track and time would overflow
            words = "{n:,} tracks in {years} years are too many: leave out wrong times."
            raise InputError(words, n=self.n_tracks, years=span // (365 * DAY_MS))
        key = self.track.astype(np.int64)
        key *= span
        key += self.t - first + 1
        return _Times(first, last, span, key)

    @property
    def first_row(self) -> Array:
        """(n,) row of the first fix of the track of each fix."""
        return self.track_offsets[:-1][self.track]

    @property
    def last_row(self) -> Array:
        """(n,) row of the last fix of the track of each fix."""
        return self.track_offsets[1:][self.track] - 1

    def seconds(self, start: Array, end: Array) -> Array:
        """Seconds between the fixes in some rows and those in others."""
        return (self.t[end] - self.t[start]) / 1000.0

    def before(self, track: Array, t: Array) -> Array:
        """The row after the last fix of each track before each time (epoch ms). The shapes of track
        and t broadcast.
        """
        times = self._times
        earliest = times.first - 1
        latest = times.last + 1
        since = np.clip(t, earliest, latest) - earliest
        wanted = track.astype(np.int64) * times.span + since
        # a search in order stays in the processor's cache: twenty times as fast
        order = np.argsort(wanted, axis=None)
        row = np.empty(wanted.size, np.int64)
        row[order] = np.searchsorted(times.key, wanted.ravel()[order], side="left")
        return row.reshape(wanted.shape)

    @cached_property
    def span_s(self) -> Array:
        """(n_tracks,) seconds from the first to the last fix of each track; nan for a track without
        fixes.
        """
        t = np.append(self.t, 0)
        first = self.track_offsets[:-1]
        beyond = self.track_offsets[1:]
        seconds = (t[beyond - 1] - t[first]) / 1000
        return np.where(beyond > first, seconds, np.nan)

    @property
    def has_steps(self) -> Array:
        """(n_tracks,) bool: whether a track has two fixes. One alone holds no movement, and gets no
        answer.
        """
        return np.diff(self.track_offsets) >= 2

    def steps(self) -> Array:
        """(k,) rows of the fixes that are followed by another one of their track."""
        return np.flatnonzero(self.track[1:] == self.track[:-1])

    def metres_to_next(self, at: Array) -> Array:
        """The metres from the fixes in rows `at`, such as `steps`, to those of the next rows."""
        return self.metres_apart(at, at + 1)

    def ms_to_next(self, at: Array) -> Array:
        """The ms from the fixes in rows `at` to those in the rows after them."""
        return self.t[at + 1] - self.t[at]

    def metres_apart(self, one: Array, other: Array) -> Array:
        """The metres from the fixes in rows `one` to those in rows `other`."""
        return metres_between(self.lon[one], self.lat[one], self.lon[other], self.lat[other])

    def at(self, fixes: Any) -> tuple[Array, Array]:
        """Lon and lat (k,) in degrees of some fixes."""
        return self.lon[fixes], self.lat[fixes]

    def users_of(self, fixes: Any) -> Groups:
        """Some fixes in the groups of their users."""
        return Groups(self.user[fixes], self.n_users)

    @cached_property
    def solar_t(self) -> Array:
        """(n,) int64 ms of mean solar time at the median longitude of each fix's user."""
        lon = group_quantile(self.lon, self.user, self.n_users)
        return solar_ms(self.t, lon[self.user])

    def take(self, fixes: Array) -> Tracks:
        """The fixes of an (n,) mask or of ascending indices, without the tracks and users that have
        no fix left.
        """
        tracks, track = renumber(self.track[fixes], self.n_tracks)
        users, track_user = renumber(self.track_user[tracks], self.n_users)
        return Tracks(
            self.user_ids[users], self.track_ids[tracks], track_user, track, *self.rows(fixes)
        )

    def take_tracks(self, tracks: Array) -> Tracks:
        """The tracks of ascending indices, as `take` does."""
        start = self.track_offsets[tracks]
        size = np.diff(self.track_offsets)[tracks]
        return self.take(expand_ranges(start, size))

    def rows(self, fixes: Any) -> tuple[Any, ...]:
        """The columns t, lon, lat and accuracy of some fixes."""
        accuracy = None if self.accuracy is None else self.accuracy[fixes]
        return self.t[fixes], self.lon[fixes], self.lat[fixes], accuracy

    def parts(self, fixes: int = FIXES_AT_ONCE) -> Iterator[tuple[slice, Tracks]]:
        """The tracks in order, as many at a time as have so many fixes, one at least: which they
        are, and they alone.

        What is computed by parts needs memory for a part alone. Without tracks there is one empty
        part.
        """
        offsets = self.track_offsets
        done = 0
        while True:
            until = int(np.searchsorted(offsets, offsets[done] + fixes, side="right")) - 1
            which = slice(done, min(max(done + 1, until), self.n_tracks))
            rows = slice(*offsets[[which.start, which.stop]])

            users, track_user = renumber(self.track_user[which], self.n_users)
            track = self.track[rows] - np.int32(done)
            ids = self.user_ids[users]
            part = Tracks(ids, self.track_ids[which], track_user, track, *self.rows(rows))
            yield which, part
            done = which.stop
            if done >= self.n_tracks:
                return

    def by_user(self) -> Tracks:
        """One track a user: the fixes of all tracks in order of time, the first of several at the
        same time.
        """
        if self.n_tracks == self.n_users:
            return replace(self, track_ids=self.user_ids)
        order = stable_order(self.user, self.t)
        new = run_starts(self.user[order], self.t[order])
        fixes = order[new]
        one = np.arange(self.n_users, dtype=np.int32)
        user = self.user[fixes]
        return Tracks(self.user_ids, self.user_ids, one, user, *self.rows(fixes))

    @property
    def anonymous(self) -> bool:
        """Whether there are several tracks but no users."""
        return self.n_tracks > 1 and self.user_ids.tolist() == [NO_USER]

    def one_user_per_track(self) -> Tracks:
        """Anonymous tracks as one user each, as in training; other tracks as they are.

        For forecasts only: whether a region has enough visitors to be shown cannot be known from
        anonymous tracks.
        """
        if not self.anonymous:
            return self
        return replace(
            self, user_ids=self.track_ids, track_user=np.arange(self.n_tracks, dtype=np.int32)
        )

    def by_day(self) -> Tracks:
        """One track a user and day of mean solar time; track_ids are 'YYYY-MM-DD'."""
        users = self.by_user()
        day = solar_day(users)
        new = run_starts(users.user, day)
        first = np.flatnonzero(new)
        dates = day[first].astype("datetime64[D]")
        names = np.datetime_as_string(dates).astype(object)
        track = (np.cumsum(new) - 1).astype(np.int32)
        return replace(users, track_ids=names, track_user=users.user[first], track=track)


def by_unit(tracks: Tracks, unit: str) -> tuple[Tracks, LeftOut]:
    """One track a unit ('user', 'track' or 'day'), without units of a single fix: one fix holds no
    movement.
    """
    if unit == "track":
        units = tracks
    elif unit == "day":
        units = tracks.by_day()
    else:
        units = tracks.by_user()
    left_out = LeftOut()
    left_out.add("at the time of another fix of the same user", len(tracks) - len(units))
    single = ~units.has_steps
    left_out.add(f"the only fix of a {unit}", int(single.sum()))
    return (units.take(~single[units.track]) if single.any() else units), left_out


def solar_day(tracks: Tracks) -> Array:
    """(n,) int64: each fix's day since 1970-01-01 in mean solar time at the median longitude of its
    user.
    """
    return tracks.solar_t // DAY_MS
