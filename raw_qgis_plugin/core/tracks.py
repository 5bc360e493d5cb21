# SPDX-License-Identifier: GPL-2.0-or-later
"""Tracks: columns of fixes sorted by user, track and time. Building them cleans and counts what it drops."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from .errors import InputError
from .geodesy import metres_between
from .times import DAY_MS, HOUR_MS, NO_TIME
from .times import parse_times as parse_times

SPIKE_MS = 100.0  # m/s; a fix reached and left faster than this, off a way that is slower, is no movement
MOST_M_PER_DEGREE = 111_700.0
SHORTEST_H = 0.1  # of a stretch of a track that counts as a user
NOBODY = "all"  # the one user of fixes that come without a user


UNTIMED = "no time that can be read"


class Skipped(dict[str, int]):
    """Fixes that were skipped: reason in words -> count."""

    def add(self, reason: str, count: int) -> None:
        """Count more fixes for a reason."""
        if count:
            self[reason] = self.get(reason, 0) + int(count)

    @property
    def cure(self) -> str:
        """What to do about the times, where no fix has one that can be read."""
        if set(self) != {UNTIMED}:
            return ""
        return "Write times as 2024-07-01 08:30:00, with a zone or in that of TIMEZONE, or as seconds since 1970."

    @property
    def total(self) -> int:
        """Fixes skipped for any reason."""
        return sum(self.values())

    def __str__(self) -> str:
        if not self:
            return "No fix was skipped."
        most_first = sorted(self.items(), key=lambda item: -item[1])
        reasons = ", ".join(f"{count:,} {reason}" for reason, count in most_first)
        return f"{self.total:,} fix{'es' * (self.total > 1)} skipped: {reasons}."


class Coded(NamedTuple):
    """A column of ids as codes into their names; code -1 is a missing id."""

    codes: np.ndarray  # (n,) integers
    names: np.ndarray  # (k,) object array of str


@dataclass(frozen=True)
class Tracks:
    """Fixes in columns, sorted by (user, track, t), times distinct within a track. An empty one is legal."""

    user_ids: np.ndarray  # (n_users,) object array of str
    track_ids: np.ndarray  # (n_tracks,) object array of str; two users may have a track of one id
    track_user: np.ndarray  # (n_tracks,) int32 into user_ids
    track: np.ndarray  # (n,) int32 into track_ids
    t: np.ndarray  # (n,) int64 epoch ms, UTC
    lon: np.ndarray  # (n,) float64 degrees, WGS84
    lat: np.ndarray  # (n,) float64 degrees, WGS84

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
        return _offsets(self.track, self.n_tracks)

    @cached_property
    def user_offsets(self) -> np.ndarray:
        """(n_users + 1,) int64: the fixes of user k are user_offsets[k] to user_offsets[k + 1]."""
        return self.track_offsets[_offsets(self.track_user, self.n_users)]

    @cached_property
    def time_index(self) -> TimeIndex:
        """Finds fixes by track and time."""
        return TimeIndex(self)

    def take(self, fixes: np.ndarray) -> Tracks:
        """The fixes of a (n,) mask or of ascending indices; a track or user left without a fix disappears."""
        track = self.track[fixes]
        kept, track = _used(track, self.n_tracks)
        users, track_user = _used(self.track_user[kept], self.n_users)
        columns = (column[fixes] for column in (self.t, self.lon, self.lat))
        return Tracks(self.user_ids[users], self.track_ids[kept], track_user, track, *columns)

    def by_user(self) -> Tracks:
        """One track a user: the fixes of all its tracks in order of time, of equal times the first."""
        if self.n_tracks == self.n_users:
            return replace(self, track_ids=self.user_ids)
        order = stable_order(self.user, self.t)
        user, t = self.user[order], self.t[order]
        keep = ~_repeated(user, t)
        fixes = order[keep]
        columns = user[keep], t[keep], self.lon[fixes], self.lat[fixes]
        return Tracks(self.user_ids, self.user_ids, np.arange(self.n_users, dtype=np.int32), *columns)

    @property
    def of_nobody(self) -> bool:
        """Whether there are several tracks and nothing says whose they are."""
        return self.n_tracks > 1 and self.user_ids.tolist() == [NOBODY]

    def apart(self) -> Tracks:
        """Tracks of nobody as users of their own, as training takes them; others as they are.

        For forecasts only: that a region has many visitors, and may be shown, cannot be told from tracks of nobody.
        """
        if not self.of_nobody:
            return self
        return replace(self, user_ids=self.track_ids, track_user=np.arange(self.n_tracks, dtype=np.int32))

    def by_day(self) -> Tracks:
        """One track a user and day of mean solar time; track_ids are 'YYYY-MM-DD'."""
        users = self.by_user()
        day = solar_day(users)
        new = ~_repeated(users.user, day)
        first = np.flatnonzero(new)
        names = np.datetime_as_string(day[first].astype("datetime64[D]")).astype(object)
        track = (np.cumsum(new) - 1).astype(np.int32)
        return Tracks(users.user_ids, names, users.user[first], track, users.t, users.lon, users.lat)

    def by_hours(self, hours: float) -> Tracks:
        """Each stretch of so many hours of a user, from the epoch on, as a user of its own; the fixes of `by_user`."""
        users = self.by_user()
        stretch = np.cumsum(~_repeated(users.user, users.t // int(hours * HOUR_MS))) - 1
        number = np.arange(stretch[-1] + 1 if len(stretch) else 0, dtype=np.int32)
        return Tracks(number, number, number, stretch.astype(np.int32), users.t, users.lon, users.lat)


class TimeIndex:
    """Finds fixes by track and time."""

    def __init__(self, tracks: Tracks) -> None:
        t = tracks.t
        self._from, self._to = (int(t.min()), int(t.max())) if len(t) else (0, 0)
        self._times = None
        self._span = self._to - self._from + 3
        if self._span * (tracks.n_tracks + 1) >= 2**62:  # one key of track and time would overflow: rank the times
            self._times = np.unique(t)
            self._span = len(self._times) + 1
        self._key = tracks.track.astype(np.int64) * self._span + self._rank(t)

    def before(self, track: np.ndarray, t: np.ndarray) -> np.ndarray:
        """For each track and time, epoch ms, of any shape the row after the track's last fix before that time."""
        return np.searchsorted(self._key, track.astype(np.int64) * self._span + self._rank(t), side="left")

    def _rank(self, t: np.ndarray) -> np.ndarray:
        if self._times is not None:
            return np.searchsorted(self._times, t)
        return np.clip(t, self._from - 1, self._to + 1) - (self._from - 1)


def solar_day(tracks: Tracks) -> np.ndarray:
    """(n,) int64: each fix's day since 1970-01-01 in mean solar time at its user's median lon."""
    lon = group_quantile(tracks.lon, tracks.user, tracks.n_users)
    shift = np.round(lon / 15 * HOUR_MS).astype(np.int64)
    return (tracks.t + shift[tracks.user]) // DAY_MS


def build_tracks(user: Any, track: Any, t: Any, lon: Any, lat: Any, drop_spikes: bool = True) -> tuple[Tracks, Skipped]:
    """Clean and sort fixes that come in any order.

    user, track: (n,) ids of any type, Coded, or None (no user: one user 'all'; no track: one track a user).
    t: (n,) int64 epoch ms, UTC, with NO_TIME where unreadable. lon, lat: (n,) degrees, nan where missing.
    A track is keyed by (user, track). Dropped and counted: fixes without user, track, time or position,
    positions outside the world, all but the first of a track's fixes of one time, and spikes (see `spikes`).
    InputError where the columns differ in length.
    """
    t, lon, lat = np.asarray(t, np.int64), np.asarray(lon, np.float64), np.asarray(lat, np.float64)
    users = Coded(np.zeros(len(t), np.int64), np.array([NOBODY], object)) if user is None else encode_ids(user)
    trips = users if track is None else encode_ids(track)
    lengths = {len(users.codes), len(trips.codes), len(t), len(lon), len(lat)}
    if len(lengths) > 1:
        rows = ", ".join(map(str, sorted(lengths)))
        raise InputError(f"The columns of fixes differ in length: {rows} rows.")

    skipped = Skipped()
    good = np.ones(len(t), bool)
    for reason, wrong in (
        ("no user", users.codes < 0),
        ("no track", trips.codes < 0),
        (UNTIMED, t == NO_TIME),
        ("no position", np.isnan(lon) | np.isnan(lat)),
        ("position outside the world", ~((np.abs(lon) <= 180) & (np.abs(lat) <= 90))),
    ):
        skipped.add(reason, np.count_nonzero(good & wrong))
        good &= ~wrong
    kept = np.flatnonzero(good)
    key = users.codes[kept].astype(np.int64)
    if trips is not users:
        key = key * len(trips.names) + trips.codes[kept]
    kept = kept[stable_order(key, t[kept])]
    duplicate = _repeated(users.codes[kept], trips.codes[kept], t[kept])
    skipped.add("duplicate", np.count_nonzero(duplicate))
    kept = kept[~duplicate]
    tracks = _assemble(users, trips, kept, t, lon, lat)
    if drop_spikes:
        jump = spikes(tracks)
        skipped.add("impossible jump", np.count_nonzero(jump))
        tracks = tracks.take(~jump) if jump.any() else tracks
    return tracks, skipped


def spikes(tracks: Tracks) -> np.ndarray:
    """(n,) bool: fixes that jump away and back, which is no movement.

    Reached and left faster than SPIKE_MS, while the way past it is slower: a plane is fast all along, and what comes
    out of a tunnel stays there. Of neighbours that all look so (to and fro) every other one is a spike. Whether a fix
    is one depends on no fix but its predecessors and the next.
    """
    t, lon, lat = tracks.t, tracks.lon, tracks.lat
    spike = np.zeros(len(t), bool)
    if len(t) < 3:
        return spike
    fast = _faster(SPIKE_MS, tracks.track, t, lon, lat)
    at = np.flatnonzero(fast[:-1] & fast[1:]) + 1  # candidates are few
    way = metres_between(lon[at - 1], lat[at - 1], lon[at + 1], lat[at + 1])
    at = at[way <= SPIKE_MS * (t[at + 1] - t[at - 1]) / 1000]
    if len(at):
        first = np.concatenate([[True], np.diff(at) > 1])
        start = np.flatnonzero(first)[np.cumsum(first) - 1]
        spike[at[(np.arange(len(at)) - start) % 2 == 0]] = True
    return spike


def encode_ids(values: Any) -> Coded:
    """Ids of any type -> codes in the order of the names: of numbers where all are whole, else of text.

    None, NaN, NULL and '' are missing (code -1). 7, 7.0 and '7' are one id.
    """
    if isinstance(values, Coded):
        return _rank(values.codes, values.names.tolist())
    array = np.asarray(values)
    if array.ndim != 1:
        raise InputError("The ids are not a single column.")
    if array.dtype.kind in "iuf" and len(array):
        head = np.flatnonzero(np.concatenate([[True], array[1:] != array[:-1]]))  # ids come in runs
        names, codes = np.unique(array[head], return_inverse=True)
        return _rank(np.repeat(codes, np.diff(np.append(head, len(array)))), names.tolist())
    items = array.tolist()
    try:
        code_of = {item: code for code, item in enumerate(dict.fromkeys(items))}
    except TypeError:  # lists or other unhashable things: their text is their id
        items = list(map(str, items))
        code_of = {item: code for code, item in enumerate(dict.fromkeys(items))}
    codes = np.fromiter(map(code_of.__getitem__, items), np.int64, len(items))
    return _rank(codes, list(code_of))


def group_quantile(values: np.ndarray, group: np.ndarray, n_groups: int, share: float = 0.5) -> np.ndarray:
    """(n_groups,) float64 quantile (the lower of two values) of each group, to float32's precision.

    values: (n,) without infinities; nan is ignored. group: (n,) integers below n_groups, in any order. share: 0 to 1;
    0.5 is the median. nan where a group has no value.
    """
    good = ~np.isnan(values)
    bits = values[good].astype(np.float32).view(np.int32)
    bits = np.where(bits < 0, bits ^ 0x7FFFFFFF, bits)  # now they sort as the numbers do
    # One sort of plain integers, group above value: some five times faster than np.lexsort
    key = np.sort((group[good].astype(np.int64) << 32) + (bits.astype(np.int64) + 2**31))
    counts = np.bincount(group[good], minlength=n_groups)
    at = np.cumsum(counts) - counts + np.floor((counts - 1) * share).astype(np.int64)
    bits = ((key[at[counts > 0]] & 0xFFFFFFFF) - 2**31).astype(np.int32)
    out = np.full(n_groups, np.nan)
    out[counts > 0] = np.where(bits < 0, bits ^ 0x7FFFFFFF, bits).view(np.float32)
    return out


def _offsets(group: np.ndarray, n_groups: int) -> np.ndarray:
    """Where each of n_groups begins in a sorted column, and the column's length."""
    return np.concatenate([[0], np.cumsum(np.bincount(group, minlength=n_groups))]).astype(np.int64)


def _used(codes: np.ndarray, n: int) -> tuple[np.ndarray, np.ndarray]:
    """The codes below n that occur, ascending, and the column renumbered by them (int32)."""
    used = np.bincount(codes, minlength=n) > 0
    return np.flatnonzero(used), (np.cumsum(used) - 1).astype(np.int32)[codes]


def stable_order(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Stable order of rows by two columns of integers; nothing is sorted where they are in order already."""
    later = first[1:] > first[:-1]
    if (later | ((first[1:] == first[:-1]) & (second[1:] >= second[:-1]))).all():
        return np.arange(len(first))
    least = int(second.min())
    span = int(second.max()) - least + 1
    if int(first.min()) >= 0 and (int(first.max()) + 1) * span < 2**62:  # one column sorts in a third of the time
        return np.argsort(first.astype(np.int64) * span + (second - least), kind="stable")
    return np.lexsort((second, first))


def _repeated(*columns: np.ndarray) -> np.ndarray:
    """(n,) bool: whether a row equals the one before it in all columns."""
    same = np.ones(len(columns[0]), bool)
    same[:1] = False
    for column in columns:
        same[1:] &= column[1:] == column[:-1]
    return same


def _faster(limit: float, track: np.ndarray, t: np.ndarray, lon: np.ndarray, lat: np.ndarray) -> np.ndarray:
    """(n - 1,) bool: whether the step from a fix to the next of its track is faster than the limit (m/s)."""
    reach = limit * np.diff(t) / 1000
    fast = (np.abs(np.diff(lon)) + np.abs(np.diff(lat))) * MOST_M_PER_DEGREE > reach
    at = np.flatnonzero(fast & (track[1:] == track[:-1]))  # what that rough bound lets pass is few
    fast[:] = False
    fast[at] = metres_between(lon[at], lat[at], lon[at + 1], lat[at + 1]) > reach[at]
    return fast


def _assemble(users: Coded, trips: Coded, kept: np.ndarray, t: np.ndarray, lon: np.ndarray, lat: np.ndarray) -> Tracks:
    """Tracks of the sorted, cleaned fixes `kept`."""
    track = (np.cumsum(~_repeated(users.codes[kept], trips.codes[kept])) - 1).astype(np.int32)
    first = kept[np.searchsorted(track, np.arange(track[-1] + 1))] if len(kept) else kept
    used, track_user = _used(users.codes[first], len(users.names))
    return Tracks(users.names[used], trips.names[trips.codes[first]], track_user, track, t[kept], lon[kept], lat[kept])


def _rank(codes: np.ndarray, items: Iterable[Any]) -> Coded:
    """Codes into items of any type -> codes into their sorted names."""
    texts = [_id_text(item) for item in items]
    names = sorted({text for text in texts if text is not None})
    if all(name.isdecimal() for name in names):
        names.sort(key=int)
    code_of: dict[str | None, int] = {name: code for code, name in enumerate(names)}
    new = np.array([code_of.get(text, -1) for text in texts] + [-1], np.int64)  # the last one answers code -1
    return Coded(new[codes], np.array(names, object).reshape(-1))


def _id_text(item: Any) -> str | None:
    if item is None or item != item:
        return None
    if isinstance(item, float) and item.is_integer():
        item = int(item)
    text = item.decode("utf-8", "replace") if isinstance(item, bytes) else str(item)
    return None if text.strip() in ("", "NULL", "<NA>", "nan", "NaN", "None") else text
