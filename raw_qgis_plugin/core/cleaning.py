# SPDX-License-Identifier: GPL-2.0-or-later
"""Fixes in any order become Tracks: they are sorted and cleaned, and dropped fixes are counted."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from .arrays import (
    Array,
    Columns,
    group_quantile,
    object_column,
    renumber,
    run_starts,
    stable_order,
)
from .errors import InputError, check_cancelled
from .geodesy import near_lon
from .skipped import NO_READABLE_TIME, OUTSIDE, UNLIKELY_TIME, VAGUE, Skipped
from .times import NO_TIME
from .tracks import NO_USER, Tracks

MAX_ID_LETTERS = 1000
MAX_SPEED_M_S = 100.0  # of anything but aircraft
MAX_M_PER_DEGREE = 111_700.0  # of longitude or latitude, anywhere
# the begin of 1900 and the end of 2100: keys of time rely on them
YEARS_MS = -2_208_988_800_000, 4_133_980_800_000


class Coded(NamedTuple):
    """A column of ids as codes into their names; code -1 is a missing id."""

    codes: Array  # (n,) integers
    names: Array  # (k,) object array of str


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
    t = np.asarray(t, np.int64)
    lon = np.asarray(lon, np.float64)
    lat = np.asarray(lat, np.float64)
    if user is None:
        user = Coded(np.zeros(len(t), np.int64), np.array([NO_USER], object))
    users = encode_ids(user)
    trips = users if track is None else encode_ids(track)
    accuracy = None if accuracy is None else _known(accuracy)
    skipped = Skipped()
    good = _without(
        {
            "no user": users.codes < 0,
            "no track": trips.codes < 0,
            NO_READABLE_TIME: t == NO_TIME,
            UNLIKELY_TIME: (t < YEARS_MS[0]) | (t >= YEARS_MS[1]),
            "no position": np.isnan(lon) | np.isnan(lat),
            OUTSIDE: ~((np.abs(lon) <= 360) & (np.abs(lat) <= 90)),
            VAGUE: np.zeros(1, bool) if accuracy is None else _vague(accuracy, users),
        },
        skipped,
    )
    kept, first_of_track = _in_order(users, trips, t, good, skipped)
    first = kept[first_of_track]
    used, track_user = renumber(users.codes[first], len(users.names))
    tracks = Tracks(
        users.names[used],
        trips.names[trips.codes[first]],
        track_user,
        np.cumsum(first_of_track, dtype=np.int32) - np.int32(1),
        t[kept],
        near_lon(lon[kept], 0.0),
        lat[kept],
        None if accuracy is None else accuracy[kept],
    )
    check_cancelled()
    return (without_spikes(tracks, skipped) if drop_spikes else tracks), skipped


def _known(accuracy: Any) -> Array:
    """(n,) float32 metres, nan where they are unknown or cannot be."""
    metres = np.asarray(accuracy, np.float32)
    return np.where((metres >= 0) & (metres < 1e9), metres, np.float32(np.nan))


def _without(reasons: Columns, skipped: Skipped) -> Array:
    """(n,) bool: fixes for which no reason (n,) holds. The others count for their first one."""
    good = np.ones_like(reasons["no user"])
    for reason, wrong in reasons.items():
        skipped.add(reason, np.count_nonzero(good & wrong))
        good &= ~wrong
    return good


def _in_order(
    users: Coded, trips: Coded, t: Array, good: Array, skipped: Skipped
) -> tuple[Array, Array]:
    """(k,) rows of good fixes by user, track and time, and whether each is the first of its track.

    Fixes of a track at the same time but the first are counted.
    """
    rows: Any = slice(None) if good.all() else np.flatnonzero(good)
    key = users.codes[rows].astype(np.int64)
    if trips is not users:
        key = key * len(trips.names) + trips.codes[rows]
    when = t[rows]
    order = stable_order(key, when)
    check_cancelled()
    key = key[order]
    when = when[order]
    kept = order if isinstance(rows, slice) else rows[order]
    del order  # ten million fixes take 80 MB a column
    new = run_starts(key, when)
    del when
    skipped.add("duplicate", np.count_nonzero(~new))
    if not new.all():
        kept = kept[new]
        key = key[new]
    return kept, run_starts(key)


def _vague(
    accuracy: Array, users: Coded, min_m: float = 1000.0, times_median: float = 5.0
) -> Array:
    """(n,) bool: positions known to over a kilometre only, and to over five times as much as the
    user's median.

    So a phone's fixes by distant cells go, and a user whose fixes are all by cells keeps them.
    """
    n_users = len(users.names) + 1  # one without a name
    median = group_quantile(accuracy, users.codes % n_users, n_users)
    limit_m = np.maximum(min_m, times_median * np.nan_to_num(median))
    with np.errstate(invalid="ignore"):
        return accuracy > limit_m[users.codes]


def without_spikes(tracks: Tracks, skipped: Skipped) -> Tracks:
    """The tracks without `spikes`, which are counted."""
    spike = spikes(tracks)
    skipped.add("impossible jump", np.count_nonzero(spike))
    return tracks.take(~spike) if spike.any() else tracks


def spikes(tracks: Tracks) -> Array:
    """(n,) bool: fixes that jump away and back, which is no movement.

    The way over a spike is faster than the highest speed and twice as long as the direct way past
    it, which is slower. A plane is fast all along, and a track that leaves a tunnel does not jump
    back. Of consecutive candidates every other one is a spike. The answer for a fix depends only on
    the fixes before it and the next one.
    """
    spike = np.zeros(len(tracks), bool)
    if len(tracks) < 3:
        return spike
    at = _suspects(tracks)  # few are left to measure
    over_m = tracks.metres_to_next(at - 1) + tracks.metres_to_next(at)
    before = at - 1
    after = at + 1
    past_m = tracks.metres_apart(before, after)
    elapsed_ms = tracks.t[after] - tracks.t[before]
    reach_m = MAX_SPEED_M_S * elapsed_ms / 1000
    too_fast = over_m > reach_m
    comes_back = past_m <= np.minimum(reach_m, over_m / 2)
    at = at[too_fast & comes_back]
    if len(at):
        first = np.concatenate([[True], np.diff(at) > 1])
        start = np.flatnonzero(first)[np.cumsum(first) - 1]
        place_in_run = np.arange(len(at)) - start
        spike[at[place_in_run % 2 == 0]] = True
    return spike


def _suspects(tracks: Tracks) -> Any:
    """(k,) rows between two others of their track, one step to which is too long by degrees."""
    way = np.abs(np.diff(tracks.lon))
    way += np.abs(np.diff(tracks.lat))
    way *= MAX_M_PER_DEGREE
    far = way > MAX_SPEED_M_S * np.diff(tracks.t) / 1000
    del way
    either = far[:-1] | far[1:]
    same_track = tracks.track[2:] == tracks.track[:-2]
    return np.flatnonzero(either & same_track) + 1


def without_outliers(tracks: Tracks, skipped: Skipped) -> Tracks:
    """Tracks without positions at 0, 0, and without first and last fixes that only a jump reaches;
    both are counted.

    `spikes` finds jumps away and back, from the fixes before alone, as forecasts need it.
    """
    nowhere = (tracks.lon == 0) & (tracks.lat == 0)
    skipped.add("position 0, 0, which devices write without a signal", np.count_nonzero(nowhere))
    if nowhere.any():
        tracks = tracks.take(~nowhere)

    def is_fast(at: Array) -> Array:
        return tracks.metres_to_next(at) * 1000 > MAX_SPEED_M_S * tracks.ms_to_next(at)

    offsets = tracks.track_offsets
    size = np.diff(offsets)
    long = size > 2
    start = offsets[:-1][long]
    last = offsets[1:][long] - 1
    only_first = is_fast(start) & ~is_fast(start + 1)
    only_last = is_fast(last - 1) & ~is_fast(last - 2)
    jump = np.zeros(len(tracks), bool)
    jump[start[only_first]] = True
    jump[last[only_last]] = True
    skipped.add("impossible jump", np.count_nonzero(jump))
    return tracks.take(~jump) if jump.any() else tracks


def encode_ids(values: Any) -> Coded:
    """Ids of any type as codes, in the order of their names: as numbers if all are whole numbers,
    else as text.

    None, NaN, NULL and '' are missing (code -1). 7, 7.0 and '7' are the same id.
    """
    if isinstance(values, Coded):
        codes = values.codes
        items = values.names
    else:
        is_list = isinstance(values, (list, tuple))
        array = object_column(values) if is_list else np.asarray(values)
        codes, items = _runs_of(array)
    texts = [_id_text(item) for item in items.tolist()]
    known = {text for text in texts if text is not None}
    names = sorted(known)
    if all(name.isdecimal() for name in names):
        names.sort(key=int)
    code_of: dict[str | None, int] = {name: code for code, name in enumerate(names)}
    new_codes = [code_of.get(text, -1) for text in texts]
    new_codes.append(-1)  # of code -1
    new = np.array(new_codes, np.int32)
    return Coded(new[codes], np.array(names, object).reshape(-1))


def _runs_of(array: Array) -> tuple[Array, Array]:
    """The number (n,) of the run of equal ids, and the id (k,) of each run: ids come in runs."""
    starts = run_starts(array)
    return np.cumsum(starts) - 1, array[starts]


def _id_text(item: Any) -> str | None:
    if item is None or item != item:
        return None
    if isinstance(item, bytes):
        text = item.decode("utf-8", "replace")
    elif isinstance(item, bool):
        text = str(item).lower()  # as Arrow writes it
    elif isinstance(item, float) and item.is_integer():
        text = str(int(item))
    else:
        text = str(item)
    if len(text) > MAX_ID_LETTERS:
        words = "An id has {n:,} letters: '{start}…'. Choose another column of users or tracks."
        raise InputError(words, n=len(text), start=text[:50])
    is_missing = text.strip() in ("", "NULL", "<NA>", "nan", "NaN", "None")
    return None if is_missing else text
