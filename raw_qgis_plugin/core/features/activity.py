# SPDX-License-Identifier: GPL-2.0-or-later
"""Activity features of a track without coordinates: time at the user's own places by rank, trips,
rides in silence.

A track is cut into slots of ten minutes. A slot whose fixes lie close together is *still*. The
still slots of a track form its places, ranked by the time spent there. Loggers are often silent
indoors, so a silence of up to ten hours that ends where it began counts as time there; other
silences are unknown time.
"""

from __future__ import annotations

import numpy as np

from ..arrays import expand_ranges, group_quantile, run_starts
from ..geodesy import offset_m
from ..times import HOUR_MS
from ..tracks import Tracks
from .featurizer import solar_hour


class Settings:
    """Thresholds of slots, places, trips and runs of movement. Another value makes other
    embeddings.
    """

    thin_ms: int = 15_000  # one fix in this time is enough
    slot_ms: int = 600_000
    still_m: float = 150.0  # the fixes of a still slot lie within this distance
    place_m: float = 250.0  # radius of a place
    cell_m: float = 300.0  # cells in which the centre of a place is searched
    n_places: int = 4  # ranked places
    max_silent_slots: int = 60  # a longer silence at one place is unknown time
    max_trip_slots: int = 12  # between two stays; a longer absence is not one trip
    # bounds of the distance classes of trips and runs
    distances_m: tuple[float, ...] = (1000.0, 3000.0, 8000.0)
    # bounds of the classes of a run's highest speed
    speeds_m_s: tuple[float, ...] = (3.0, 7.0, 9.0, 11.0, 13.0, 16.0)
    speed_quantiles: tuple[float, ...] = (0.5, 0.9, 0.99, 1.0)
    moving_m_s: float = 0.5  # slower steps are no movement
    min_run_m: float = 200.0
    min_pause_s: float = 300.0  # a shorter pause does not end a run
    max_step_s: float = 1800.0  # a longer step is not part of a run
    min_days: float = 0.2  # rates per day divide by at least this
    slots_at_once: int = 1 << 13  # bounds memory: a slot may stand for sixty slots of silence


# Times of the week: night, then the parts of a weekday, then the days of the weekend
SLICES = ("night", "morning", "midday", "evening", "late", "weekend")
_STATES = ("first", "second", "third", "fourth", "elsewhere", "moving")

ACTIVITY = (
    *(f"{state}_{part}" for part in SLICES for state in _STATES),
    *(f"known_{part}" for part in SLICES),
    "anchor_days",
    "anchor_weekend",
    "anchor_hours",
    "anchor_start",
    "anchor_start_spread",
    "anchor_stop",
    "anchor_far",
    "anchor_time",
    "second_far",
    "third_far",
    "anchor_is_second",
    "days_seen",
    "log_places",
    "radius",
    "trips_a_day",
    "trips_weekday",
    "trips_weekend",
    *(f"trips_{i}" for i in range(4)),
    "trips_from_first",
    "trips_of_anchor",
    *(f"speed_{i}" for i in range(4)),
    "runs",
    "runs_known",
    "runs_weekday",
    "runs_weekend",
    *(f"runs_length_{i}" for i in range(4)),
    *(f"runs_speed_{i}" for i in range(7)),
    "runs_fast",
    "runs_silent",
    "runs_silent_fast",
    "span",
    "cadence",
    "known",
)


def activity(tracks: Tracks) -> np.ndarray:
    """(n_tracks, len(ACTIVITY)) float32: shares, logarithms and hours scaled to about one; 0 if
    nothing is known.
    """
    if not len(tracks):
        return np.zeros((tracks.n_tracks, len(ACTIVITY)), np.float32)
    fixes = Fixes(tracks)
    slots = Slots(fixes)
    place = _places(slots)
    columns = [
        *_time_by_place(slots, place),
        *_anchor(slots, place),
        *_trips(slots, place),
        *_rides(fixes, slots),
    ]
    return np.nan_to_num(np.clip(np.stack(columns, axis=1), -8.0, 8.0)).astype(np.float32)


class Fixes:
    """One fix of each 15 s in columns: track, t, hours, xy (metres from the track's first fix).

    Columns of the steps from one fix to the next of its track: step (row of the first fix), metres,
    seconds, speed.
    """

    def __init__(self, tracks: Tracks) -> None:
        rows = np.flatnonzero(run_starts(tracks.t // Settings.thin_ms, tracks.track))
        self.n_tracks, self.track, self.t = tracks.n_tracks, tracks.track[rows], tracks.t[rows]
        self.hours = solar_hour(self.t, tracks.lon[rows])
        self.span_h = np.nan_to_num(tracks.span_s) / 3600
        first = tracks.track_offsets[:-1][self.track]
        self.xy = offset_m(tracks.lon[rows], tracks.lat[rows], tracks.lon[first], tracks.lat[first])
        self.step = np.flatnonzero(self.track[1:] == self.track[:-1])
        self.metres = np.hypot(*(self.xy[self.step + 1] - self.xy[self.step]).T)
        self.seconds = (self.t[self.step + 1] - self.t[self.step]) / 1000.0
        self.speed = self.metres / np.maximum(self.seconds, 5.0)


def find_slots(track: np.ndarray, t: np.ndarray, xy: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """First rows (k,) of the slots of ten minutes of sorted fixes, and whether each slot is still.

    xy: (n, 2) metres.
    """
    head = np.flatnonzero(run_starts(t // Settings.slot_ms, track))
    spread = np.maximum.reduceat(xy, head) - np.minimum.reduceat(xy, head)
    return head, np.hypot(spread[:, 0], spread[:, 1]) < Settings.still_m


class Slots:
    """Tracks in slots of ten minutes, in columns: head (first row of the fixes), track, number
    (slots since 1970), hours, xy, still, and length, the slots until the next one if the track
    stayed in between, else 1.
    """

    def __init__(self, fixes: Fixes) -> None:
        slot = fixes.t // Settings.slot_ms
        head, self.still = find_slots(fixes.track, fixes.t, fixes.xy)
        self.n_tracks, self.head, self.track, self.number = (
            fixes.n_tracks,
            head,
            fixes.track[head],
            slot[head],
        )
        size = np.diff(np.append(head, len(slot)))
        self.xy = np.add.reduceat(fixes.xy, head) / size[:, None]
        self.hours = fixes.hours[head]
        ahead = np.where(
            run_starts(self.track[::-1])[::-1], np.arange(len(head)), np.arange(1, len(head) + 1)
        )
        # 0 after the last slot of a track, which is its own next one
        gap = self.number[ahead] - self.number
        step = np.hypot(*(self.xy[ahead] - self.xy).T)
        left = (gap <= 2) & (step > Settings.still_m)
        # a lone fix on the way is no stay
        self.still &= ~(left & np.append(False, left[:-1]) & (size <= 2))
        short = gap <= Settings.max_silent_slots
        stayed = self.still & self.still[ahead] & (step < Settings.place_m) & short
        self.length = np.maximum(np.where(stayed, gap, 1), 1).astype(np.float64)
        self._add_silent(fixes, np.flatnonzero((gap >= 2) & short & ~stayed), gap)

    def _add_silent(self, fixes: Fixes, before: np.ndarray, gap: np.ndarray) -> None:
        """Add stays without fixes: silences after the slots `before` whose next fix lies where the
        last one did.
        """
        a, b = fixes.xy[self.head[before + 1] - 1], fixes.xy[self.head[before + 1]]
        near = np.hypot(*(b - a).T) < Settings.still_m
        before, middle = before[near], 0.5 * (a + b)[near]
        parts = {
            "head": self.head[before + 1],
            "track": self.track[before],
            "number": self.number[before] + 1,
            "xy": middle,
            "hours": (self.hours[before] + Settings.slot_ms / HOUR_MS) % 168,
            "still": np.ones(len(before), bool),
            "length": gap[before] - 1.0,
        }
        both = {
            name: np.concatenate([getattr(self, name), values]) for name, values in parts.items()
        }
        order = np.lexsort((both["number"], both["track"]))
        vars(self).update({name: values[order] for name, values in both.items()})

    def total(self, weight: np.ndarray, mask: np.ndarray) -> np.ndarray:
        """(n_tracks,) sum of the weights of the slots in the mask."""
        return np.bincount(self.track[mask], weight[mask], self.n_tracks)

    def centre(self, mask: np.ndarray) -> np.ndarray:
        """(n_tracks, 2) mean position over the time of the slots in the mask; zeros without time."""
        weight = np.maximum(self.total(self.length, mask), 1e-9)
        return np.stack(
            [self.total(self.length * self.xy[:, c], mask) / weight for c in (0, 1)], axis=1
        )


def _places(s: Slots) -> np.ndarray:
    """(m,) rank of each slot's place, 0 for the longest visited; n_places elsewhere, n_places + 1
    on the way.
    """
    elsewhere = Settings.n_places
    place = np.where(s.still, elsewhere, elsewhere + 1)
    cell = np.floor(s.xy / Settings.cell_m).astype(np.int64)
    # 39,000 km each way
    key = (s.track.astype(np.int64) << 36) + ((cell[:, 0] + 2**17) << 18) + (cell[:, 1] + 2**17)
    _, key = np.unique(key, return_inverse=True)
    track_of = np.zeros(key.max() + 1, np.int64)
    track_of[key] = s.track
    for rank in range(Settings.n_places):
        free = place == elsewhere
        if not free.any():
            break
        time = np.bincount(key[free], s.length[free], len(track_of))
        best = np.lexsort((-time, track_of))
        best = best[run_starts(track_of[best])]
        best = best[time[best] > 0]
        inside = free & np.isin(key, best)
        near = np.hypot(*(s.xy - s.centre(inside)[s.track]).T) < Settings.place_m
        place[free & near & (s.total(s.length, inside) > 0)[s.track]] = rank
    return place


def _time_by_place(s: Slots, place: np.ndarray) -> list[np.ndarray]:
    """Shares of the known time in each slice of the week at the ranked places, elsewhere and on the
    way.
    """
    n_states = Settings.n_places + 2
    time = np.zeros((s.n_tracks, len(SLICES), n_states))
    cells = time.reshape(-1)  # a view
    for slots in np.split(
        np.arange(len(place)), np.arange(Settings.slots_at_once, len(place), Settings.slots_at_once)
    ):
        length = s.length[slots].astype(np.int64)
        row = np.repeat(slots, length)
        since = expand_ranges(np.zeros_like(length), length)
        hours = (s.hours[row] + since * Settings.slot_ms / HOUR_MS) % 168
        part = np.digitize(hours % 24, [6.0, 9.5, 16.0, 19.5, 22.0]) % 5  # the last is night again
        part = np.where((hours >= 120) & (part > 0), SLICES.index("weekend"), part)
        first = int(s.track[slots[0]])  # slots are in the order of their tracks
        count = np.bincount(((s.track[row] - first) * len(SLICES) + part) * n_states + place[row])
        cells[first * time[0].size :][: len(count)] += count
    known = time.sum(axis=2, keepdims=True)
    shares = time / np.maximum(known, 1.0)
    return [*shares.reshape(s.n_tracks, -1).T, *(np.log1p(known[:, :, 0]) / 5).T]


def _anchor(s: Slots, place: np.ndarray) -> list[np.ndarray]:
    """The anchor, the place of weekday daytime besides the first: on how many days, how long, from
    when, how far.
    """
    slots_an_hour, hour = HOUR_MS // Settings.slot_ms, s.hours % 24
    day, weekday, daytime = (
        s.number // (24 * slots_an_hour),
        s.hours < 120,
        (hour >= 7) & (hour < 19),
    )
    every, one, ranks = np.ones(len(place), bool), np.ones(len(place)), range(1, Settings.n_places)
    anchor = (
        np.stack(
            [s.total(s.length, (place == k) & weekday & daytime) for k in ranks], axis=1
        ).argmax(axis=1)
        + 1
    )
    there = place == anchor[s.track]

    def days(mask: np.ndarray) -> np.ndarray:
        track = s.track[mask]
        return np.bincount(track[run_starts(track, day[mask])], minlength=s.n_tracks).astype(
            np.float64
        )

    def distance(mask: np.ndarray) -> np.ndarray:
        """Scaled distance of the slots in the mask from the first place; 0 without such slots."""
        some = s.total(s.length, mask) > 0
        return np.log1p(np.where(some, np.hypot(*(s.centre(mask) - home).T), 0.0) / 100) / 4

    home = s.centre(place == 0)
    seen = days(weekday & daytime & s.still)
    time = s.total(s.length, there)
    begin = there & run_starts(place, s.track)
    count = np.maximum(s.total(one, begin), 1.0)
    start = s.total(hour, begin) / count
    spread = np.sqrt(np.maximum(s.total(hour**2, begin) / count - start**2, 0.0))
    stop = s.total(hour + s.length / slots_an_hour, there) / np.maximum(s.total(one, there), 1.0)
    from_middle = np.square(s.xy - s.centre(every)[s.track]).sum(axis=1)
    radius = np.sqrt(
        s.total(s.length * from_middle, every) / np.maximum(s.total(s.length, every), 1.0)
    )
    cell = np.unique(
        np.column_stack([s.track, np.floor(s.xy / Settings.cell_m).astype(np.int64)])[s.still],
        axis=0,
    )
    return [
        days(weekday & there) / np.maximum(seen, 1.0),
        days(~weekday & there) / np.maximum(days(~weekday & s.still), 1.0),
        time / slots_an_hour / np.maximum(days(there), 1.0) / 8,
        start / 12,
        spread / 4,
        stop / 12,
        distance(there),
        time / np.maximum(s.total(s.length, s.still), 1.0),
        distance(place == 1),
        distance(place == 2),
        (anchor == 1) * 1.0,
        seen / 10,
        np.log1p(np.bincount(cell[:, 0], minlength=s.n_tracks)) / 3,
        np.log1p(radius / 100) / 4,
    ]


def _trips(s: Slots, place: np.ndarray) -> list[np.ndarray]:
    """Trips from one still slot to the next, per day of known waking time: by distance, to and from
    ranked places.
    """
    still = np.flatnonzero(s.still)
    a, b = still[:-1], still[1:]
    apart = np.hypot(*(s.xy[b] - s.xy[a]).T)
    absent = s.number[b] - s.number[a] - s.length[a]
    trip = (
        (s.track[a] == s.track[b])
        & (apart > Settings.place_m)
        & (absent <= Settings.max_trip_slots)
    )
    a, b, apart = a[trip], b[trip], apart[trip]
    weekday, every, slots_a_waking_day = (
        s.hours < 120,
        np.ones(len(s.track), bool),
        17 * HOUR_MS / Settings.slot_ms,
    )
    waking, band = (
        (s.hours % 24 >= 6) & (s.hours % 24 < 23),
        np.digitize(apart, Settings.distances_m),
    )

    def rate(trips: np.ndarray, slots: np.ndarray) -> np.ndarray:
        """Trips in a mask per day of the waking time in a mask of slots."""
        days = np.maximum(s.total(s.length, waking & slots) / slots_a_waking_day, Settings.min_days)
        return np.bincount(s.track[a[trips]], minlength=s.n_tracks) / days

    return [
        rate(every[a], every) / 4,
        rate(weekday[a], weekday) / 4,
        rate(~weekday[a], ~weekday) / 4,
        *(rate(band == k, every) / 2 for k in range(len(Settings.distances_m) + 1)),
        rate(place[a] == 0, every) / 2,
        rate((place[a] == 1) | (place[b] == 1), every) / 2,
    ]


def _rides(fixes: Fixes, s: Slots) -> list[np.ndarray]:
    """Speeds, and runs of movement per day (all, known) by length and highest speed, and those
    through silence.
    """
    n, of = s.n_tracks, fixes.track[fixes.step]
    moving = fixes.speed > Settings.moving_m_s
    speeds = (
        group_quantile(fixes.speed[moving], of[moving], n, q) for q in Settings.speed_quantiles
    )
    columns = [np.log1p(np.nan_to_num(speed)) / 3 for speed in speeds]
    # Seconds between fixes while the logger records: a quarter of the steps are no longer
    cadence = np.nan_to_num(group_quantile(fixes.seconds, of, n, 0.25), nan=60.0)
    known = np.maximum(
        np.bincount(s.track, s.length, n) / (24 * HOUR_MS / Settings.slot_ms), Settings.min_days
    )
    days = np.maximum(fixes.span_h / 24, Settings.min_days)  # from the first to the last fix
    track, hours, metres, fastest, silent = _runs(fixes, cadence)

    def rate(mask: np.ndarray, days: np.ndarray) -> np.ndarray:
        return np.log1p(np.bincount(track[mask], minlength=n) / days)

    every, weekday = np.ones(len(track), bool), hours < 120
    length, speed = (
        np.digitize(metres, Settings.distances_m),
        np.digitize(fastest, Settings.speeds_m_s),
    )
    columns += [rate(every, days), rate(every, known), rate(weekday, days), rate(~weekday, days)]
    columns += [rate(length == k, days) for k in range(len(Settings.distances_m) + 1)]
    columns += [rate(speed == k, days) for k in range(len(Settings.speeds_m_s) + 1)]
    # A sparse record misses the highest speed, so the threshold of a fast run falls with the time
    # between fixes
    columns.append(rate(fastest > 12.0 - 1.6 * np.log1p(cadence[track] / 20), days))
    columns += [rate(silent > 0.4, days), rate((silent > 0.2) & (fastest > 10), days)]
    return [*columns, np.log1p(fixes.span_h) / 6, np.log1p(cadence) / 5, np.log1p(known) / 3]


def _runs(fixes: Fixes, cadence: np.ndarray) -> tuple[np.ndarray, ...]:
    """Runs of movement, (k,) each: track, hours of the week at the begin, metres, highest speed,
    share of the metres without fixes in between. Five minutes (or two and a half fixes) without a
    moving step end a run.
    """
    moving = (
        (fixes.speed > Settings.moving_m_s)
        & (fixes.metres > 5.0)
        & (fixes.seconds < Settings.max_step_s)
    )
    on = np.flatnonzero(moving)
    track, first, last = (
        fixes.track[fixes.step[on]],
        fixes.t[fixes.step[on]],
        fixes.t[fixes.step[on] + 1],
    )
    if not len(on):
        return track, *(np.zeros(0) for _ in range(4))
    pause_s = np.append(0, first[1:] - last[:-1]) / 1000.0
    head = np.flatnonzero(
        run_starts(track) | (pause_s > np.maximum(Settings.min_pause_s, 2.5 * cadence[track]))
    )
    metres = np.add.reduceat(fixes.metres[on], head)
    quiet = (fixes.seconds[on] > np.maximum(2.5 * cadence[track], 45)) * fixes.metres[on]
    silent = np.add.reduceat(quiet, head) / np.maximum(metres, 1.0)
    fastest, hours = np.maximum.reduceat(fixes.speed[on], head), fixes.hours[fixes.step[on[head]]]
    return tuple(
        column[metres > Settings.min_run_m]
        for column in (track[head], hours, metres, fastest, silent)
    )
