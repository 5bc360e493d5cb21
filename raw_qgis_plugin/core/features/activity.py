# SPDX-License-Identifier: GPL-2.0-or-later
"""Activity features of a track without coordinates: time at the user's own places by rank, trips,
rides in silence. slots.py finds the places.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..arrays import Array, Columns, expand_ranges, group_quantile, run_starts, stacked, take_rows
from ..geodesy import length
from ..times import HOUR_MS
from ..tracks import Tracks
from .slots import RANKED, Slots, Thinned, ranked_places, slots_of, thinned
from .slots import Settings as SlotSettings

SLOTS_AN_HOUR = HOUR_MS // SlotSettings.slot_ms
SLOTS_A_DAY = 24 * SLOTS_AN_HOUR
SLOTS_A_WAKING_DAY = 17 * SLOTS_AN_HOUR  # from 6 to 23


@dataclass(frozen=True)
class Settings:
    """Thresholds of trips and runs of movement.

    Heads are trained with these values. Others make other embeddings.
    """

    max_trip_slots: int = 12  # slots, between two stays; a longer absence is not one trip
    distances_m: tuple[float, ...] = (1000.0, 3000.0, 8000.0)  # m, bounds of classes of length
    # m/s, bounds of the classes of a run's highest speed: walk, run, bike, town, road, motorway
    speeds_m_s: tuple[float, ...] = (3.0, 7.0, 9.0, 11.0, 13.0, 16.0)
    speed_quantiles: tuple[float, ...] = (0.5, 0.9, 0.99, 1.0)
    moving_m_s: float = 0.5  # m/s, slower steps are no movement
    min_step_m: float = 5.0  # m, a shorter step is no part of a run: it is noise
    min_run_m: float = 200.0  # m, a shorter run is a way within a place
    min_pause_s: float = 300.0  # s, a shorter pause does not end a run
    max_step_s: float = 1800.0  # s, a longer step is not part of a run
    min_days: float = 0.2  # days, rates per day divide by at least this
    slots_at_once: int = 1 << 13  # bounds memory: a slot may stand for sixty slots of silence


# Times of the week: night, then the parts of a weekday, then the days of the weekend
SLICES = ("night", "morning", "midday", "evening", "late", "weekend")
STATES = ("first", "second", "third", "fourth", "elsewhere", "moving")

ACTIVITY = (
    *(f"{state}_{part}" for part in SLICES for state in STATES),
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


def activity(tracks: Tracks) -> Array:
    """(n_tracks, len(ACTIVITY)) float32: shares, logarithms, hours; about one, 0 if unknown."""
    if not len(tracks):
        return np.zeros((tracks.n_tracks, len(ACTIVITY)), np.float32)

    fixes = thinned(tracks)
    slots = slots_of(fixes)

    place = ranked_places(slots)
    columns = _time_by_place(slots, place)
    columns |= _anchor(slots, place)

    columns |= _range(slots)
    columns |= _trips(slots, place)
    columns |= _rides(tracks, fixes, slots)

    return np.nan_to_num(stacked(columns, ACTIVITY))


def _time_by_place(s: Slots, place: Array) -> Columns:
    """Shares of the known time in each slice of the week by place, and that time."""
    n = len(place)
    time = np.zeros((s.n_tracks, len(SLICES), len(STATES)))
    for begin in range(0, n, Settings.slots_at_once):
        slots = np.arange(begin, min(begin + Settings.slots_at_once, n))
        _add_time(time, s, slots, place)

    known = time.sum(axis=2)
    shares = time / np.maximum(known, 1.0)[..., None]

    columns = {}
    for number, part in enumerate(SLICES):
        columns[f"known_{part}"] = np.log1p(known[:, number]) / 5
        for rank, state in enumerate(STATES):
            columns[f"{state}_{part}"] = shares[:, number, rank]

    return columns


def _add_time(time: Array, s: Slots, slots: Array, place: Array) -> None:
    """Add the ten minutes of some slots to their track, slice of the week and place."""
    row, part = _hours_of(s, slots)
    first = int(s.track[slots[0]])  # slots are in the order of their tracks
    track = s.track[row] - first
    cell = (track * len(SLICES) + part) * len(STATES) + place[row]

    count = np.bincount(cell)
    cells = time[first:].reshape(-1)  # a view
    cells[: len(count)] += count


def _hours_of(s: Slots, slots: Array) -> tuple[Array, Array]:
    """Each ten minutes of some slots: the row of the slot, and the index into SLICES."""
    size = s.length[slots].astype(np.int64)
    row = np.repeat(slots, size)
    since = expand_ranges(np.zeros_like(size), size)
    hours = (s.hours[row] + since / SLOTS_AN_HOUR) % 168

    part = np.digitize(hours % 24, [6.0, 9.5, 16.0, 19.5, 22.0])
    part %= 5  # the last is night again
    weekend = (hours >= 120) & (part > 0)
    part[weekend] = SLICES.index("weekend")

    return row, part


def _anchor(s: Slots, place: Array) -> Columns:
    """The anchor, the place of weekday daytime besides the first: how often, how long, how far."""
    daytime = s.weekday & (s.hour >= 7) & (s.hour < 19)
    ranks = range(1, RANKED)
    times = np.stack([s.time((place == rank) & daytime) for rank in ranks], axis=1)
    anchor = 1 + times.argmax(axis=1)

    there = place == anchor[s.track]
    columns = _anchor_days(s, there, daytime & s.still)
    columns |= _anchor_hours(s, there, there & run_starts(place, s.track))
    columns["anchor_is_second"] = anchor == 1

    home = s.centre(place == 0)
    columns["anchor_far"] = _far(s, there, home)
    columns["second_far"] = _far(s, place == 1, home)
    columns["third_far"] = _far(s, place == 2, home)

    return columns


def _anchor_days(s: Slots, there: Array, working: Array) -> Columns:
    """On how many days, and for how much of the time, somebody is at the anchor.

    working: (m,) still slots of weekday daytime.
    """
    seen = _days(s, working)
    on_weekdays = _days(s, s.weekday & there)
    on_weekends = _days(s, ~s.weekday & there)

    weekends = _days(s, ~s.weekday & s.still)
    time = s.time(there)
    hours_a_day = time / SLOTS_AN_HOUR / np.maximum(_days(s, there), 1.0)

    columns = {}
    columns["days_seen"] = seen / 10
    columns["anchor_days"] = on_weekdays / np.maximum(seen, 1.0)

    columns["anchor_weekend"] = on_weekends / np.maximum(weekends, 1.0)
    columns["anchor_hours"] = hours_a_day / 8
    columns["anchor_time"] = time / np.maximum(s.time(s.still), 1.0)

    return columns


def _anchor_hours(s: Slots, there: Array, begin: Array) -> Columns:
    """From when until when somebody is at the anchor. begin: (m,) slots that begin a stay."""
    begins = s.count(begin)
    start = s.total(s.hour, begin) / begins
    square = s.total(s.hour**2, begin) / begins
    spread = np.sqrt(np.maximum(square - start**2, 0.0))

    until = s.hour + s.length / SLOTS_AN_HOUR
    stop = s.total(until, there) / s.count(there)

    return {
        "anchor_start": start / 12,
        "anchor_start_spread": spread / 4,
        "anchor_stop": stop / 12,
    }


def _days(s: Slots, mask: Array) -> Array:
    """(n_tracks,) on how many days there are slots in the mask."""
    track = s.track[mask]
    day = s.number[mask] // SLOTS_A_DAY
    return np.bincount(track[run_starts(track, day)], minlength=s.n_tracks)


def _far(s: Slots, mask: Array, home: Array) -> Array:
    """(n_tracks,) distance of the slots in the mask from the first place; 0 without such slots."""
    metres = length(s.centre(mask) - home)
    metres[s.time(mask) == 0] = 0.0
    return np.log1p(metres / 100) / 4


def _range(s: Slots) -> Columns:
    """How many places a track has, and how far it goes from their middle."""
    every = slice(None)
    away = s.xy - s.centre(every)[s.track]

    square = np.square(away).sum(axis=1)
    variance = s.total(s.length * square, every) / np.maximum(s.time(every), 1.0)
    radius = np.sqrt(variance)

    cell = np.floor(s.xy / SlotSettings.cell_m).astype(np.int64)
    cell = np.column_stack([s.track, cell])
    cells = np.unique(cell[s.still], axis=0)
    places = np.bincount(cells[:, 0], minlength=s.n_tracks)

    return {"log_places": np.log1p(places) / 3, "radius": np.log1p(radius / 100) / 4}


def _trips(s: Slots, place: Array) -> Columns:
    """Trips from one still slot to the next, per day of known waking time."""
    begin, end, metres = _trip_ends(s)
    awake = (s.hour >= 6) & (s.hour < 23)

    def rate(trips: Array | slice, slots: Array) -> Array:
        """Trips in a mask per day of the time in a mask of slots."""
        days = s.time(slots) / SLOTS_A_WAKING_DAY
        count = np.bincount(s.track[begin[trips]], minlength=s.n_tracks)
        return count / np.maximum(days, Settings.min_days)

    weekday = s.weekday[begin]
    columns = {}

    columns["trips_a_day"] = rate(slice(None), awake) / 4
    columns["trips_weekday"] = rate(weekday, awake & s.weekday) / 4
    columns["trips_weekend"] = rate(~weekday, awake & ~s.weekday) / 4
    columns["trips_from_first"] = rate(place[begin] == 0, awake) / 2

    of_second = (place[begin] == 1) | (place[end] == 1)
    columns["trips_of_anchor"] = rate(of_second, awake) / 2
    distance = np.digitize(metres, Settings.distances_m)
    for number in range(len(Settings.distances_m) + 1):
        columns[f"trips_{number}"] = rate(distance == number, awake) / 2

    return columns


def _trip_ends(s: Slots) -> tuple[Array, Array, Array]:
    """The slots (k,) from which and to which trips lead, and metres between them."""
    still = np.flatnonzero(s.still)
    begin = still[:-1]
    end = still[1:]

    metres = length(s.xy[end] - s.xy[begin])
    left = s.number[begin] + s.length[begin]
    absent = s.number[end] - left

    same = s.track[begin] == s.track[end]
    moved = metres > SlotSettings.place_m
    trip = same & moved & (absent <= Settings.max_trip_slots)

    return begin[trip], end[trip], metres[trip]


def _rides(tracks: Tracks, fixes: Thinned, s: Slots) -> Columns:
    """Speeds, and runs of movement per day by length, highest speed and silence."""
    n = tracks.n_tracks
    of = fixes.track[fixes.row]
    # seconds between fixes while the logger records: a quarter of the steps are no longer
    cadence = group_quantile(fixes.seconds, of, n, 0.25)
    cadence = np.nan_to_num(cadence, nan=60.0)

    known = s.time(slice(None)) / SLOTS_A_DAY
    known = np.maximum(known, Settings.min_days)
    span_h = np.nan_to_num(tracks.span_s) / 3600
    days = np.maximum(span_h / 24, Settings.min_days)  # from the first to the last fix

    runs = _runs(fixes, cadence)
    columns = _runs_a_day(runs, days, cadence)
    columns["runs_known"] = _rate(runs, slice(None), known)

    columns["span"] = np.log1p(span_h) / 6
    columns["cadence"] = np.log1p(cadence) / 5
    columns["known"] = np.log1p(known) / 3

    moving = fixes.speed > Settings.moving_m_s

    for number, share in enumerate(Settings.speed_quantiles):
        speed = group_quantile(fixes.speed[moving], of[moving], n, share)
        columns[f"speed_{number}"] = np.log1p(np.nan_to_num(speed)) / 3

    return columns


@dataclass(frozen=True)
class Runs:
    """Runs of movement, (k,) each.

    track. hours: of the week at the begin. metres. fastest: m/s. silent: share of the metres
    without fixes in between.
    """

    track: Array
    hours: Array
    metres: Array
    fastest: Array
    silent: Array


def _runs_a_day(runs: Runs, days: Array, cadence: Array) -> Columns:
    """Runs per day of all kinds. days, cadence: (n_tracks,)."""
    # A sparse record misses the highest speed, so the threshold falls with the time between fixes.
    fast_m_s = 12.0 - 1.6 * np.log1p(cadence / 20)
    masks: Columns = {"runs": np.ones(len(runs.track), bool)}

    masks["runs_weekday"] = runs.hours < 120
    masks["runs_weekend"] = runs.hours >= 120

    masks["runs_fast"] = runs.fastest > fast_m_s[runs.track]
    masks["runs_silent"] = runs.silent > 0.4
    masks["runs_silent_fast"] = (runs.silent > 0.2) & (runs.fastest > 10)

    distance = np.digitize(runs.metres, Settings.distances_m)
    for number in range(len(Settings.distances_m) + 1):
        masks[f"runs_length_{number}"] = distance == number

    speed = np.digitize(runs.fastest, Settings.speeds_m_s)
    for number in range(len(Settings.speeds_m_s) + 1):
        masks[f"runs_speed_{number}"] = speed == number

    return {name: _rate(runs, mask, days) for name, mask in masks.items()}


def _rate(runs: Runs, mask: Array | slice, days: Array) -> Array:
    """(n_tracks,) logarithm of the runs in a mask per day. days: (n_tracks,)."""
    count = np.bincount(runs.track[mask], minlength=len(days))
    return np.log1p(count / days)


def _runs(fixes: Thinned, cadence: Array) -> Runs:
    """Runs of movement. Five minutes or two and a half fixes without a moving step end a run."""
    moving = fixes.speed > Settings.moving_m_s
    moving &= fixes.metres > Settings.min_step_m
    moving &= fixes.seconds < Settings.max_step_s

    on = np.flatnonzero(moving)
    first = fixes.row[on]
    track = fixes.track[first]
    if not len(on):
        return Runs(track, *np.zeros((4, 0)))

    usual_s = 2.5 * cadence[track]
    ended = _pause_s(fixes, first) > np.maximum(Settings.min_pause_s, usual_s)
    head = np.flatnonzero(run_starts(track) | ended)

    step_m = fixes.metres[on]
    metres = np.add.reduceat(step_m, head)
    quiet = fixes.seconds[on] > np.maximum(usual_s, 45)
    silent_m = np.add.reduceat(quiet * step_m, head)

    silent = silent_m / np.maximum(metres, 1.0)
    fastest = np.maximum.reduceat(fixes.speed[on], head)
    hours = fixes.hours[first[head]]
    runs = Runs(track[head], hours, metres, fastest, silent)

    return take_rows(runs, metres > Settings.min_run_m)


def _pause_s(fixes: Thinned, first: Array) -> Array:
    """(k,) seconds from the end of the step before to steps that begin at rows `first`."""
    begin = fixes.t[first]
    end = fixes.t[first + 1]
    return np.append(0, begin[1:] - end[:-1]) / 1000.0
