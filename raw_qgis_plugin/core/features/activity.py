# SPDX-License-Identifier: GPL-2.0-or-later
"""What a week looks like, without coordinates: time at one's own places by their rank, trips, rides in silence.

A track is cut into slots of ten minutes. A slot whose fixes lie close together is *still*; the still slots of a track
gather into its places, ranked by the time spent there. Loggers are silent indoors, so a silence of up to ten hours
that ends where it began counts as time there; others count as not known. The columns go into the embedding
beside the network's states (core/embedding/embed.py), so they say nothing of where on earth anything is.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..geodesy import offset_m
from ..tracks import Tracks, group_quantile
from .featurizer import solar_hour

SLOT_MS = 600_000
STILL_M = 150.0  # the fixes of a still slot lie within this
PLACE_M, CELL_M, PLACES = 250.0, 300.0, 4  # a place's radius; cells by which the first is found; how many are ranked
SILENT_SLOTS = 60  # a longer silence at one place says nothing
SLOTS_AT_ONCE = 1 << 13  # whose silences are laid out in tens of minutes: half a million of these at most
# Times of the week: night, then weekday morning, midday, evening and late evening, then the weekend's days
SLICES = ("night", "morning", "midday", "evening", "late", "weekend")
BANDS_M = (1000.0, 3000.0, 8000.0)  # trips by distance
BANDS_MS = (3.0, 7.0, 9.0, 11.0, 13.0, 16.0)  # runs of movement by their highest speed
MOVING_MS, SHORTEST_M, PAUSE_S, LONGEST_STEP_S = 0.5, 200.0, 300.0, 1800.0  # what a run is
_QUANTILES = (0.5, 0.9, 0.99, 1.0)
THIN_MS = 15_000  # a fix in this time is enough
_STATES = ("first", "second", "third", "fourth", "elsewhere", "moving")

HABITS = (
    *(f"{state}_{part}" for part in SLICES for state in _STATES),
    *(f"known_{part}" for part in SLICES),
    "anchor_days", "anchor_weekend", "anchor_hours", "anchor_start", "anchor_start_spread", "anchor_stop",
    "anchor_far", "anchor_time", "second_far", "third_far", "anchor_is_second", "days_seen", "log_places", "radius",
    "trips_a_day", "trips_weekday", "trips_weekend", *(f"trips_{i}" for i in range(4)), "trips_from_first",
    "trips_of_anchor", *(f"speed_{i}" for i in range(4)), "runs", "runs_known", "runs_weekday", "runs_weekend",
    *(f"runs_length_{i}" for i in range(4)), *(f"runs_speed_{i}" for i in range(7)), "runs_fast", "runs_silent",
    "runs_silent_fast", "span", "cadence", "known",
)  # fmt: skip


def slice_of_week(hours: np.ndarray) -> np.ndarray:
    """Index into SLICES of hours since Monday 00:00 (solar time)."""
    hour = hours % 24
    part = np.digitize(hour, [6.0, 9.5, 16.0, 19.5, 22.0])  # night, morning, midday, evening, late, night
    part = np.where(part == 5, 0, part)
    return np.where((hours >= 120) & (part > 0), 5, part)


def habits(tracks: Tracks) -> np.ndarray:
    """(n_tracks, len(HABITS)) float32: shares, logarithms and hours scaled to about one; 0 where nothing is known."""
    if not len(tracks):
        return np.zeros((tracks.n_tracks, len(HABITS)), np.float32)
    fixes = Fixes(tracks)
    slots = Slots(fixes)
    place = _places(slots)
    begin, end, apart = _moves(slots)
    columns = [*_time_by_place(slots, place), *_anchor(slots, place), *_trips(slots, place, begin, end, apart)]
    columns += _rides(fixes, slots)
    out = np.stack(columns, axis=1)
    return np.nan_to_num(np.clip(out, -8.0, 8.0)).astype(np.float32)


class Fixes:
    """One fix of each 15 s in columns: track, t, hours, xy (metres from the track's first fix); and the steps from
    one to the next of its track, `step` being their first rows: metres, seconds, speed.
    """

    def __init__(self, tracks: Tracks) -> None:
        bins = tracks.t // THIN_MS
        rows = np.flatnonzero(np.append(True, (np.diff(bins) != 0) | (np.diff(tracks.track) != 0)))
        first, last = tracks.track_offsets[:-1], np.maximum(tracks.track_offsets[1:] - 1, 0)
        self.n_tracks, self.track, self.t = tracks.n_tracks, tracks.track[rows], tracks.t[rows]
        self.hours = solar_hour(self.t, tracks.lon[rows])
        self.span_h = np.zeros(tracks.n_tracks)
        some = last >= first
        self.span_h[some] = (tracks.t[last[some]] - tracks.t[first[some]]) / 3_600_000
        first = first[self.track]
        self.xy = offset_m(tracks.lon[rows], tracks.lat[rows], tracks.lon[first], tracks.lat[first])
        self.step = np.flatnonzero(self.track[1:] == self.track[:-1])
        self.metres = np.hypot(*(self.xy[self.step + 1] - self.xy[self.step]).T)
        self.seconds = (self.t[self.step + 1] - self.t[self.step]) / 1000.0
        self.speed = self.metres / np.maximum(self.seconds, 5.0)


class Slots:
    """Tracks in slots of ten minutes, in columns: head (first row of the fixes), track, number (slots since 1970),
    hours, xy, still, and length, the slots until the next one where nothing speaks against having stayed.
    """

    def __init__(self, fixes: Fixes) -> None:
        slot = fixes.t // SLOT_MS
        head = np.flatnonzero(np.append(True, (np.diff(slot) != 0) | (np.diff(fixes.track) != 0)))
        self.n_tracks, self.head, self.track, self.number = fixes.n_tracks, head, fixes.track[head], slot[head]
        spread = np.maximum.reduceat(fixes.xy, head) - np.minimum.reduceat(fixes.xy, head)
        size = np.diff(np.append(head, len(slot)))
        self.xy = np.add.reduceat(fixes.xy, head) / size[:, None]
        self.still = np.hypot(spread[:, 0], spread[:, 1]) < STILL_M
        self.hours = fixes.hours[head]
        ahead = np.minimum(np.arange(1, len(head) + 1), len(head) - 1)
        gap = np.where(self.track[ahead] == self.track, self.number[ahead] - self.number, 1)
        step = np.hypot(*(self.xy[ahead] - self.xy).T)
        left = (gap <= 2) & (step > STILL_M)
        self.still &= ~(left & np.append(False, left[:-1]) & (size <= 2))  # a lone fix on the way is no stay
        stayed = self.still & self.still[ahead] & (step < PLACE_M) & (gap <= SILENT_SLOTS)
        self.length = np.maximum(np.where(stayed, gap, 1), 1).astype(np.float64)
        self._add_silent(fixes, np.flatnonzero((gap >= 2) & (gap <= SILENT_SLOTS) & ~stayed), gap)

    def _add_silent(self, fixes: Fixes, before: np.ndarray, gap: np.ndarray) -> None:
        """Add stays that left no fix: after the slots `before` nothing for a while, and then on from where it ended."""
        a, b = fixes.xy[self.head[before + 1] - 1], fixes.xy[self.head[before + 1]]
        before = before[np.hypot(*(b - a).T) < STILL_M]
        there = 0.5 * (fixes.xy[self.head[before + 1] - 1] + fixes.xy[self.head[before + 1]])
        parts = {
            "head": self.head[before + 1], "track": self.track[before], "number": self.number[before] + 1, "xy": there,
            "hours": (self.hours[before] + SLOT_MS / 3_600_000) % 168, "still": np.ones(len(before), bool),
            "length": gap[before] - 1.0,
        }  # fmt: skip
        number = np.concatenate([self.number, parts["number"]])
        order = np.lexsort((number, np.concatenate([self.track, parts["track"]])))
        for name, values in parts.items():
            setattr(self, name, np.concatenate([getattr(self, name), values])[order])

    def total(self, weight: np.ndarray, chosen: np.ndarray) -> np.ndarray:
        """(n_tracks,) sum of the chosen slots' weights."""
        return np.bincount(self.track[chosen], weight[chosen], self.n_tracks)


def _places(s: Slots) -> np.ndarray:
    """(m,) rank of each still slot's place, 0 the longest visited; PLACES elsewhere, PLACES + 1 on the way."""
    place = np.where(s.still, PLACES, PLACES + 1)
    cell = np.floor(s.xy / CELL_M).astype(np.int64)
    key = (s.track.astype(np.int64) << 42) + ((cell[:, 0] + 2**20) << 21) + (cell[:, 1] + 2**20)
    _, key = np.unique(key, return_inverse=True)
    track_of = np.zeros(key.max() + 1, np.int64)
    track_of[key] = s.track
    for rank in range(PLACES):
        free = place == PLACES
        if not free.any():
            break
        time = np.bincount(key[free], s.length[free], len(track_of))
        best = np.lexsort((-time, track_of))
        best = best[np.append(True, np.diff(track_of[best]) != 0)]
        best = best[time[best] > 0]
        inside = np.flatnonzero(free & np.isin(key, best))
        weight = np.bincount(s.track[inside], s.length[inside], s.n_tracks)
        centre = (
            np.stack(
                [np.bincount(s.track[inside], s.length[inside] * s.xy[inside, c], s.n_tracks) for c in (0, 1)], axis=1
            )
            / np.maximum(weight, 1e-9)[:, None]
        )
        near = np.hypot(*(s.xy - centre[s.track]).T) < PLACE_M
        place[free & near & (weight > 0)[s.track]] = rank
    return place


def _time_by_place(s: Slots, place: np.ndarray) -> list[np.ndarray]:
    """Of the known time in each slice of the week, the shares at the first places, elsewhere and on the way."""
    time = np.zeros((s.n_tracks, len(SLICES), PLACES + 2))
    cells = time.reshape(-1)  # the same room
    for slots in np.split(np.arange(len(place)), np.arange(SLOTS_AT_ONCE, len(place), SLOTS_AT_ONCE)):
        length = s.length[slots].astype(np.int64)
        row = np.repeat(slots, length)
        since = np.arange(len(row)) - np.repeat(np.cumsum(length) - length, length)
        part = slice_of_week((s.hours[row] + since * SLOT_MS / 3_600_000) % 168)
        first = int(s.track[slots[0]])  # slots are in the order of their tracks
        count = np.bincount(((s.track[row] - first) * len(SLICES) + part) * (PLACES + 2) + place[row])
        cells[first * time[0].size :][: len(count)] += count
    known = time.sum(axis=2, keepdims=True)
    shares = time / np.maximum(known, 1.0)
    return [*shares.reshape(s.n_tracks, -1).T, *(np.log1p(known[:, :, 0]) / 5).T]


def _anchor(s: Slots, place: np.ndarray) -> list[np.ndarray]:
    """Where weekday daytime is spent away from the first place: on how many of the days seen, how long, from when."""
    hour, day = s.hours % 24, s.number // 144
    day = day - day.min(initial=0)  # of a clock that was reset a fix may be older than 1970
    weekday = s.hours < 120
    daytime = (hour >= 7) & (hour < 19)
    times = np.stack([s.total(s.length, (place == k) & weekday & daytime) for k in range(1, PLACES)], axis=1)
    anchor = times.argmax(axis=1) + 1
    there = place == anchor[s.track]

    def days(chosen: np.ndarray) -> np.ndarray:
        pair = np.unique(s.track[chosen].astype(np.int64) * 2**20 + day[chosen])
        return np.bincount(pair >> 20, minlength=s.n_tracks).astype(np.float64)

    seen = days(weekday & daytime & s.still)
    on = days(weekday & there)
    time = s.total(s.length, there)
    begin = there & np.append(True, (place[1:] != place[:-1]) | (np.diff(s.track) != 0))
    count = np.maximum(s.total(np.ones(len(hour)), begin), 1.0)
    start = s.total(hour, begin) / count
    spread = np.sqrt(np.maximum(s.total(hour**2, begin) / count - start**2, 0.0))
    stop = s.total(hour + s.length / 6, there) / np.maximum(s.total(np.ones(len(hour)), there), 1.0)

    def centre(chosen: np.ndarray) -> np.ndarray:
        weight = np.maximum(s.total(s.length, chosen), 1e-9)
        return np.stack([s.total(s.length * s.xy[:, c], chosen) / weight for c in (0, 1)], axis=1)

    home = centre(place == 0)

    def far(chosen: np.ndarray) -> np.ndarray:
        some = s.total(s.length, chosen) > 0
        return np.log1p(np.where(some, np.hypot(*(centre(chosen) - home).T), 0.0) / 100) / 4

    middle = centre(np.ones(len(place), bool))
    radius = np.sqrt(s.total(s.length * np.square(s.xy - middle[s.track]).sum(axis=1), s.length > 0)
                     / np.maximum(s.total(s.length, s.length > 0), 1.0))  # fmt: skip
    cell = np.unique(np.column_stack([s.track, np.floor(s.xy / CELL_M).astype(np.int64)])[s.still], axis=0)
    return [
        on / np.maximum(seen, 1.0), days(~weekday & there) / np.maximum(days(~weekday & s.still), 1.0),
        time / 6 / np.maximum(days(there), 1.0) / 8, start / 12, spread / 4, stop / 12, far(there),
        time / np.maximum(s.total(s.length, s.still), 1.0), far(place == 1), far(place == 2),
        (anchor == 1) * 1.0, seen / 10, np.log1p(np.bincount(cell[:, 0], minlength=s.n_tracks)) / 3,
        np.log1p(radius / 100) / 4,
    ]  # fmt: skip


def _moves(s: Slots) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Trips: the still slots that each leads from and to, with at most two hours between, and their distance."""
    still = np.flatnonzero(s.still)
    a, b = still[:-1], still[1:]
    apart = np.hypot(*(s.xy[b] - s.xy[a]).T)
    move = (s.track[a] == s.track[b]) & (apart > PLACE_M) & (s.number[b] - s.number[a] - s.length[a] <= 12)
    return a[move], b[move], apart[move]


def _trips(s: Slots, place: np.ndarray, a: np.ndarray, b: np.ndarray, apart: np.ndarray) -> list[np.ndarray]:
    """Trips a day of known waking time, by distance, and to and from the first places."""
    waking = (s.hours % 24 >= 6) & (s.hours % 24 < 23)
    weekday = s.hours < 120

    def known(chosen: np.ndarray) -> np.ndarray:  # days of 17 waking hours
        return np.maximum(s.total(s.length, waking & chosen) / 102, 0.2)

    def rate(chosen: np.ndarray, among: np.ndarray) -> np.ndarray:
        return np.bincount(s.track[a[chosen]], minlength=s.n_tracks) / known(among)

    every = np.ones(len(s.track), bool)
    band = np.digitize(apart, BANDS_M)
    anything = np.ones(len(a), bool)
    return [
        rate(anything, every) / 4, rate(weekday[a], weekday) / 4, rate(~weekday[a], ~weekday) / 4,
        *(rate(band == k, every) / 2 for k in range(4)),
        rate(place[a] == 0, every) / 2, rate((place[a] == 1) | (place[b] == 1), every) / 2,
    ]  # fmt: skip


def _rides(fixes: Fixes, s: Slots) -> list[np.ndarray]:
    """How fast one goes, and runs of movement: how many a day, how long, by their highest speed, and those that lead
    through silence, as under ground. Rates are of the days from first to last fix, and of the time known.
    """
    n, of = s.n_tracks, fixes.track[fixes.step]
    moving = fixes.speed > MOVING_MS
    columns = [np.log1p(np.nan_to_num(group_quantile(fixes.speed[moving], of[moving], n, q))) / 3 for q in _QUANTILES]
    cadence, known, days = cadence_of(fixes), known_days(s), span_days(fixes)
    run = runs(fixes, cadence)

    def rate(chosen: np.ndarray, among: np.ndarray) -> np.ndarray:
        return np.log1p(np.bincount(run.track[chosen], minlength=n) / among)

    every, weekday = np.ones(len(run.track), bool), run.hours < 120
    length, speed = np.digitize(run.metres, BANDS_M), np.digitize(run.fastest, BANDS_MS)
    columns += [rate(every, days), rate(every, known), rate(weekday, days), rate(~weekday, days)]
    columns += [rate(length == k, days) for k in range(len(BANDS_M) + 1)]
    columns += [rate(speed == k, days) for k in range(len(BANDS_MS) + 1)]
    # A sparse record sees no top speed: what is fast falls with the time between fixes
    columns.append(rate(run.fastest > 12.0 - 1.6 * np.log1p(cadence[run.track] / 20), days))
    columns += [rate(run.silent > 0.4, days), rate((run.silent > 0.2) & (run.fastest > 10), days)]
    return [*columns, np.log1p(fixes.span_h) / 6, np.log1p(cadence) / 5, np.log1p(known) / 3]


def cadence_of(fixes: Fixes) -> np.ndarray:
    """(n_tracks,) seconds between fixes of one that records: a quarter of the steps are no longer."""
    return np.nan_to_num(group_quantile(fixes.seconds, fixes.track[fixes.step], fixes.n_tracks, 0.25), nan=60.0)


def known_days(s: Slots) -> np.ndarray:
    """(n_tracks,) days of which is known where they were spent, at least a fifth of one."""
    return np.maximum(np.bincount(s.track, s.length, s.n_tracks) / 144, 0.2)


def span_days(fixes: Fixes) -> np.ndarray:
    """(n_tracks,) days from the first to the last fix, at least a fifth of one."""
    return np.maximum(fixes.span_h / 24, 0.2)


@dataclass(frozen=True)
class Runs:
    """Runs of movement, (k,) each. begin, end: epoch ms of its first and last fix. hours: of the week when it begins.
    silent: share of the metres without fixes in between.
    """

    track: np.ndarray
    begin: np.ndarray
    end: np.ndarray
    hours: np.ndarray
    metres: np.ndarray
    fastest: np.ndarray
    silent: np.ndarray


def runs(fixes: Fixes, cadence: np.ndarray) -> Runs:
    """Steps that move, gathered into runs that five minutes (or two and a half fixes) without such a step end."""
    on = np.flatnonzero((fixes.speed > MOVING_MS) & (fixes.metres > 5.0) & (fixes.seconds < LONGEST_STEP_S))
    track, first, last = fixes.track[fixes.step[on]], fixes.t[fixes.step[on]], fixes.t[fixes.step[on] + 1]
    if not len(on):
        return Runs(track, first, last, *(np.zeros(0) for _ in range(4)))
    pause = np.append(0, first[1:] - last[:-1]) / 1000.0
    new = np.append(True, track[1:] != track[:-1]) | (pause > np.maximum(PAUSE_S, 2.5 * cadence[track]))
    head = np.flatnonzero(new)
    end = last[np.append(head[1:], len(on)) - 1]
    metres = np.add.reduceat(fixes.metres[on], head)
    quiet = (fixes.seconds[on] > np.maximum(2.5 * cadence[track], 45)) * fixes.metres[on]
    silent = np.add.reduceat(quiet, head) / np.maximum(metres, 1.0)
    fastest, hours = np.maximum.reduceat(fixes.speed[on], head), fixes.hours[fixes.step[on[head]]]
    columns = track[head], first[head], end, hours, metres, fastest, silent
    return Runs(*(column[metres > SHORTEST_M] for column in columns))
