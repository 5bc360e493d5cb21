# SPDX-License-Identifier: GPL-2.0-or-later
"""Tracks: columns of fixes sorted by user, track and time. Building them cleans the fixes and
counts dropped ones.

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
    Groups,
    expand_ranges,
    group_offsets,
    group_quantile,
    object_column,
    renumber,
    run_starts,
    stable_order,
)
from .errors import InputError, check_cancelled
from .geodesy import metres_between, near_lon
from .skipped import NO_READABLE_TIME, OUTSIDE, UNLIKELY_TIME, VAGUE, LeftOut, Skipped
from .times import DAY_MS, NO_TIME, solar_ms

MAX_ID_LETTERS = 1000
NO_USER = "all"  # the one user of fixes that come without a user
FIXES_AT_ONCE = 250_000  # of `Tracks.parts`
# the begin of 1900 and the end of 2100: keys of time rely on them
YEARS_MS = -2_208_988_800_000, 4_133_980_800_000


class Coded(NamedTuple):
    """A column of ids as codes into their names; code -1 is a missing id."""

    codes: np.ndarray  # (n,) integers
    names: np.ndarray  # (k,) object array of str


@dataclass(frozen=True)
class Tracks:
    """Fixes in columns, sorted by (user, track, t), times distinct within a track. There may be no
    fix.
    """

    user_ids: np.ndarray  # (n_users,) object array of str
    # (n_tracks,) object array of str; two users may have tracks with the same id
    track_ids: np.ndarray
    track_user: np.ndarray  # (n_tracks,) int32 into user_ids
    track: np.ndarray  # (n,) int32 into track_ids
    t: np.ndarray  # (n,) int64 epoch ms, UTC
    lon: np.ndarray  # (n,) float64 degrees, WGS84
    lat: np.ndarray  # (n,) float64 degrees, WGS84
    # (n,) float32 metres within which the position is known; nan: unknown
    accuracy: np.ndarray | None = None

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
    def user(self) -> np.ndarray:
        """(n,) int32 into user_ids."""
        return self.track_user[self.track]

    @cached_property
    def track_offsets(self) -> np.ndarray:
        """(n_tracks + 1,) int64: the fixes of track k are track_offsets[k] to track_offsets[k + 1]."""
        return group_offsets(self.track, self.n_tracks)

    @cached_property
    def user_offsets(self) -> np.ndarray:
        """(n_users + 1,) int64: the fixes of user k are user_offsets[k] to user_offsets[k + 1]."""
        return self.track_offsets[group_offsets(self.track_user, self.n_users)]

    @cached_property
    def _times(self) -> tuple[int, int, int, np.ndarray]:
        """The first and last time, the span of a track in the key, and the key (n,), ascending by
        track and time.
        """
        first, last = (int(self.t.min()), int(self.t.max())) if len(self) else (0, 0)
        span = last - first + 3
        if span * (self.n_tracks + 1) >= 2**63:  # one key of track and time would overflow
            years = span // (365 * DAY_MS)
            n = self.n_tracks
            raise InputError(
                "{n:,} tracks in {years} years are too many: leave out wrong times.",
                n=n,
                years=years,
            )
        return first, last, span, self.track.astype(np.int64) * span + (self.t - first + 1)

    @property
    def first_row(self) -> np.ndarray:
        """(n,) row of the first fix of the track of each fix."""
        return self.track_offsets[:-1][self.track]

    @property
    def last_row(self) -> np.ndarray:
        """(n,) row of the last fix of the track of each fix."""
        return self.track_offsets[1:][self.track] - 1

    def seconds(self, start: np.ndarray, end: np.ndarray) -> np.ndarray:
        """Seconds between the fixes in some rows and those in others."""
        return (self.t[end] - self.t[start]) / 1000.0

    def before(self, track: np.ndarray, t: np.ndarray) -> np.ndarray:
        """The row after the last fix of each track before each time (epoch ms). The shapes of track
        and t broadcast.
        """
        first, last, span, key = self._times
        wanted = track.astype(np.int64) * span + (np.clip(t, first - 1, last + 1) - (first - 1))
        # a search in order stays in the processor's cache: twenty times as fast
        order = np.argsort(wanted, axis=None)
        row = np.empty(wanted.size, np.int64)
        row[order] = np.searchsorted(key, wanted.ravel()[order], side="left")
        return row.reshape(wanted.shape)

    @cached_property
    def span_s(self) -> np.ndarray:
        """(n_tracks,) seconds from the first to the last fix of each track; nan for a track without
        fixes.
        """
        t, first, beyond = np.append(self.t, 0), self.track_offsets[:-1], self.track_offsets[1:]
        return np.where(beyond > first, (t[beyond - 1] - t[first]) / 1000, np.nan)

    @property
    def has_steps(self) -> np.ndarray:
        """(n_tracks,) bool: whether a track has two fixes. One alone holds no movement, and gets no
        answer.
        """
        return np.diff(self.track_offsets) >= 2

    def steps(self) -> np.ndarray:
        """(k,) rows of the fixes that are followed by another one of their track."""
        return np.flatnonzero(self.track[1:] == self.track[:-1])

    def metres_to_next(self, at: np.ndarray) -> np.ndarray:
        """The metres from the fixes in rows `at`, such as `steps`, to those in the rows after them."""
        return self.metres_apart(at, at + 1)

    def ms_to_next(self, at: np.ndarray) -> np.ndarray:
        """The ms from the fixes in rows `at` to those in the rows after them."""
        return self.t[at + 1] - self.t[at]

    def metres_apart(self, one: np.ndarray, other: np.ndarray) -> np.ndarray:
        """The metres from the fixes in rows `one` to those in rows `other`."""
        return metres_between(self.lon[one], self.lat[one], self.lon[other], self.lat[other])

    def at(self, fixes: Any) -> tuple[np.ndarray, np.ndarray]:
        """Lon and lat (k,) in degrees of some fixes."""
        return self.lon[fixes], self.lat[fixes]

    def users_of(self, fixes: Any) -> Groups:
        """Some fixes in the groups of their users."""
        return Groups(self.user[fixes], self.n_users)

    @cached_property
    def solar_t(self) -> np.ndarray:
        """(n,) int64 ms of mean solar time at the median longitude of each fix's user."""
        lon = group_quantile(self.lon, self.user, self.n_users)
        return solar_ms(self.t, lon[self.user])

    def take(self, fixes: np.ndarray) -> Tracks:
        """The fixes of an (n,) mask or of ascending indices, without the tracks and users that have
        no fix left.
        """
        tracks, track = renumber(self.track[fixes], self.n_tracks)
        users, track_user = renumber(self.track_user[tracks], self.n_users)
        return Tracks(
            self.user_ids[users], self.track_ids[tracks], track_user, track, *self.rows(fixes)
        )

    def take_tracks(self, tracks: np.ndarray) -> Tracks:
        """The tracks of ascending indices, as `take` does."""
        return self.take(
            expand_ranges(self.track_offsets[tracks], np.diff(self.track_offsets)[tracks])
        )

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
        offsets, done = self.track_offsets, 0
        while True:
            until = int(np.searchsorted(offsets, offsets[done] + fixes, side="right")) - 1
            which = slice(done, min(max(done + 1, until), self.n_tracks))
            rows = slice(*offsets[[which.start, which.stop]])
            users, track_user = renumber(self.track_user[which], self.n_users)
            track = self.track[rows] - np.int32(done)
            yield (
                which,
                Tracks(
                    self.user_ids[users], self.track_ids[which], track_user, track, *self.rows(rows)
                ),
            )
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
        fixes = order[run_starts(self.user[order], self.t[order])]
        one = np.arange(self.n_users, dtype=np.int32)
        return Tracks(self.user_ids, self.user_ids, one, self.user[fixes], *self.rows(fixes))

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
        names = np.datetime_as_string(day[first].astype("datetime64[D]")).astype(object)
        track = (np.cumsum(new) - 1).astype(np.int32)
        return replace(users, track_ids=names, track_user=users.user[first], track=track)


def by_unit(tracks: Tracks, unit: str) -> tuple[Tracks, LeftOut]:
    """One track a unit ('user', 'track' or 'day'), without units of a single fix: one fix holds no
    movement.
    """
    units = tracks if unit == "track" else tracks.by_day() if unit == "day" else tracks.by_user()
    left_out = LeftOut()
    left_out.add("at the time of another fix of the same user", len(tracks) - len(units))
    single = ~units.has_steps
    left_out.add(f"the only fix of a {unit}", int(single.sum()))
    return (units.take(~single[units.track]) if single.any() else units), left_out


def solar_day(tracks: Tracks) -> np.ndarray:
    """(n,) int64: each fix's day since 1970-01-01 in mean solar time at the median longitude of its
    user.
    """
    return tracks.solar_t // DAY_MS


def build_tracks(
    user: Any,
    track: Any,
    t: Any,
    lon: Any,
    lat: Any,
    drop_spikes: bool = True,
    accuracy: Any = None,
) -> tuple[Tracks, Skipped]:
    """Clean and sort fixes that come in any order.

    user, track: (n,) ids of any type, Coded, or None (no user: one user 'all'; no track: one track
    a user). t: (n,) int64 epoch ms, UTC, with NO_TIME where unreadable. lon, lat: (n,) degrees, nan
    where missing; longitudes may be from 0 to 360, or go on beyond ±180 by up to half a turn, and
    are turned back. accuracy: (n,) metres within which the positions are known, nan or negative
    where that is unknown; None for no such column. A track is keyed by (user, track). Dropped and
    counted: fixes without user, track, time or position, times before 1900 or after 2100, positions
    outside the world, vague positions (see `_vague`), fixes of a track at the same time except the
    first, and spikes (see `spikes`).
    """
    t, lon, lat = np.asarray(t, np.int64), np.asarray(lon, np.float64), np.asarray(lat, np.float64)
    users = (
        Coded(np.zeros(len(t), np.int64), np.array([NO_USER], object))
        if user is None
        else encode_ids(user)
    )
    trips = users if track is None else encode_ids(track)
    if accuracy is not None:
        accuracy = np.asarray(accuracy, np.float32)
        accuracy = np.where((accuracy >= 0) & (accuracy < 1e9), accuracy, np.float32(np.nan))
    skipped, good = Skipped(), np.ones(len(t), bool)
    for reason, wrong in (
        ("no user", users.codes < 0),
        ("no track", trips.codes < 0),
        (NO_READABLE_TIME, t == NO_TIME),
        (UNLIKELY_TIME, (t < YEARS_MS[0]) | (t >= YEARS_MS[1])),
        ("no position", np.isnan(lon) | np.isnan(lat)),
        (OUTSIDE, ~((np.abs(lon) <= 360) & (np.abs(lat) <= 90))),
        (VAGUE, np.zeros(1, bool) if accuracy is None else _vague(accuracy, users)),
    ):
        skipped.add(reason, np.count_nonzero(good & wrong))
        good &= ~wrong
    rows = slice(None) if good.all() else np.flatnonzero(good)
    key = users.codes[rows].astype(np.int64)
    if trips is not users:
        key = key * len(trips.names) + trips.codes[rows]
    t = t[rows]
    order = stable_order(key, t)
    check_cancelled()
    kept = order if isinstance(rows, slice) else rows[order]
    key, t = key[order], t[order]
    del order
    new = run_starts(key, t)
    skipped.add("duplicate", np.count_nonzero(~new))
    if not new.all():
        kept, key, t = kept[new], key[new], t[new]
    new = run_starts(key)
    del key  # ten million fixes take 80 MB a column
    first, number = kept[new], np.cumsum(new, dtype=np.int32) - 1
    used, track_user = renumber(users.codes[first], len(users.names))
    columns = t, near_lon(lon[kept], 0.0), lat[kept], None if accuracy is None else accuracy[kept]
    tracks = Tracks(
        users.names[used], trips.names[trips.codes[first]], track_user, number, *columns
    )
    check_cancelled()
    if drop_spikes:
        spike = spikes(tracks)
        skipped.add("impossible jump", np.count_nonzero(spike))
        tracks = tracks.take(~spike) if spike.any() else tracks
    return tracks, skipped


def _vague(
    accuracy: np.ndarray, users: Coded, min_m: float = 1000.0, times_median: float = 5.0
) -> np.ndarray:
    """(n,) bool: positions known to over a kilometre only, and to over five times as much as the
    user's median.

    So a phone's fixes by distant cells go, and a user whose fixes are all by cells keeps them.
    """
    n_users = len(users.names) + 1  # one without a name
    median = group_quantile(accuracy, users.codes % n_users, n_users)
    with np.errstate(invalid="ignore"):
        return accuracy > np.maximum(min_m, times_median * np.nan_to_num(median))[users.codes]


def spikes(tracks: Tracks, max_speed_m_s: float = 100.0) -> np.ndarray:
    """(n,) bool: fixes that jump away and back, which is no movement.

    The way over a spike is faster than the highest speed and twice as long as the direct way past
    it, which is slower. A plane is fast all along, and a track that leaves a tunnel does not jump
    back. Of consecutive candidates every other one is a spike. The answer for a fix depends only on
    the fixes before it and the next one.
    """
    t, lon, lat = tracks.t, tracks.lon, tracks.lat
    spike = np.zeros(len(t), bool)
    if len(t) < 3:
        return spike
    most_m_per_degree = 111_700.0
    far = (
        np.abs(np.diff(lon)) + np.abs(np.diff(lat))
    ) * most_m_per_degree > max_speed_m_s * np.diff(t) / 1000
    # few are left to measure
    at = np.flatnonzero((far[:-1] | far[1:]) & (tracks.track[2:] == tracks.track[:-2])) + 1
    to, onward, past = (
        metres_between(lon[at + a], lat[at + a], lon[at + b], lat[at + b])
        for a, b in ((-1, 0), (0, 1), (-1, 1))
    )
    reach_m = max_speed_m_s * (t[at + 1] - t[at - 1]) / 1000
    at = at[(to + onward > reach_m) & (past <= np.minimum(reach_m, (to + onward) / 2))]
    if len(at):
        first = np.concatenate([[True], np.diff(at) > 1])
        start = np.flatnonzero(first)[np.cumsum(first) - 1]
        spike[at[(np.arange(len(at)) - start) % 2 == 0]] = True
    return spike


def without_outliers(tracks: Tracks, skipped: Skipped, max_speed_m_s: float = 100.0) -> Tracks:
    """Tracks without positions at 0, 0, and without first and last fixes that only a jump reaches;
    both are counted.

    `spikes` finds jumps away and back, from the fixes before alone, as forecasts need it.
    """
    nowhere = (tracks.lon == 0) & (tracks.lat == 0)
    skipped.add("position 0, 0, which devices write without a signal", np.count_nonzero(nowhere))
    tracks = tracks.take(~nowhere) if nowhere.any() else tracks
    start, stop = tracks.track_offsets[:-1], tracks.track_offsets[1:]
    start, last = start[stop - start > 2], stop[stop - start > 2] - 1
    jump = np.zeros(len(tracks), bool)
    for end, step, next_step in ((start, start, start + 1), (last, last - 1, last - 2)):
        fast, next_fast = (
            tracks.metres_to_next(at) * 1000 > max_speed_m_s * (tracks.t[at + 1] - tracks.t[at])
            for at in (step, next_step)
        )
        jump[end[fast & ~next_fast]] = True
    skipped.add("impossible jump", np.count_nonzero(jump))
    return tracks.take(~jump) if jump.any() else tracks


def encode_ids(values: Any) -> Coded:
    """Ids of any type as codes, in the order of their names: as numbers if all are whole numbers,
    else as text.

    None, NaN, NULL and '' are missing (code -1). 7, 7.0 and '7' are the same id.
    """
    if isinstance(values, Coded):
        codes, texts = values.codes, [_id_text(item) for item in values.names.tolist()]
    else:
        array = object_column(values) if isinstance(values, (list, tuple)) else np.asarray(values)
        head = np.flatnonzero(run_starts(array))  # ids come in runs
        codes = np.repeat(np.arange(len(head)), np.diff(np.append(head, len(array))))
        texts = [_id_text(item) for item in array[head].tolist()]
    names = sorted({text for text in texts if text is not None})
    if all(name.isdecimal() for name in names):
        names.sort(key=int)
    code_of: dict[str | None, int] = {name: code for code, name in enumerate(names)}
    # the last one is for code -1
    new = np.array([code_of.get(text, -1) for text in texts] + [-1], np.int32)
    return Coded(new[codes], np.array(names, object).reshape(-1))


def _id_text(item: Any) -> str | None:
    if item is None or item != item:
        return None
    if isinstance(item, float) and item.is_integer():
        item = int(item)
    elif isinstance(item, bool):
        item = str(item).lower()  # as Arrow writes it
    text = item.decode("utf-8", "replace") if isinstance(item, bytes) else str(item)
    if len(text) > MAX_ID_LETTERS:
        words = "An id has {n:,} letters: '{start}…'. Choose another column of users or tracks."
        raise InputError(words, n=len(text), start=text[:50])
    return None if text.strip() in ("", "NULL", "<NA>", "nan", "NaN", "None") else text
