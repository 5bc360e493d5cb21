# SPDX-License-Identifier: GPL-2.0-or-later
"""Where a track stays: slots of ten minutes, and the rank of the place of each slot.

A slot whose fixes lie close together is *still*. The still slots of a track form its places,
ranked by the time spent there. Loggers are often silent indoors, so a silence of up to ten hours
that ends where it began counts as time there; other silences are unknown time.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from ..arrays import Array, run_starts
from ..geodesy import length, way_between
from ..times import HOUR_MS
from ..tracks import Tracks
from .sequences import solar_hour


@dataclass(frozen=True)
class Settings:
    """Thresholds of slots and places.

    Heads are trained with these values. Others make other embeddings.
    """

    thin_ms: int = 15_000  # ms, one fix in this time is enough
    slot_ms: int = 600_000  # ms, a shorter slot would hold few fixes of a sparse record
    still_m: float = 150.0  # m, the fixes of a still slot lie within it: noise of GPS indoors
    place_m: float = 250.0  # m, radius of a place
    cell_m: float = 300.0  # m, side of the cells in which the centre of a place is searched
    max_silent_slots: int = 60  # slots, a longer silence at one place is unknown time


RANKED = 4  # places of a track have a rank, from 0 for the longest visited
ELSEWHERE = RANKED  # the rank of slots at other places
ON_THE_WAY = RANKED + 1  # the rank of slots that are not still


@dataclass(frozen=True)
class Thinned:
    """One fix of each 15 s of tracks, in columns, and the steps to the next fix of the track.

    track: (n,). t: (n,) epoch ms. hours: (n,) since Monday, solar. xy: (n, 2) metres from the
    track's first fix. row: (k,) of the fix where a step begins. metres, seconds, speed (m/s): (k,).
    """

    n_tracks: int
    track: Array
    t: Array
    hours: Array
    xy: Array
    row: Array
    metres: Array
    seconds: Array
    speed: Array


def thinned(tracks: Tracks) -> Thinned:
    """The thinned fixes of tracks and their steps."""
    rows = np.flatnonzero(run_starts(tracks.t // Settings.thin_ms, tracks.track))
    track = tracks.track[rows]

    t = tracks.t[rows]
    hours = solar_hour(t, tracks.lon[rows])
    xy = way_between(tracks, tracks.first_row[rows], rows)

    row = np.flatnonzero(track[1:] == track[:-1])
    metres = length(xy[row + 1] - xy[row])

    seconds = (t[row + 1] - t[row]) / 1000.0
    speed = metres / np.maximum(seconds, 5.0)

    return Thinned(tracks.n_tracks, track, t, hours, xy, row, metres, seconds, speed)


def find_slots(track: Array, t: Array, xy: Array) -> tuple[Array, Array]:
    """First rows (k,) of the slots of ten minutes of sorted fixes, and whether each slot is still.

    xy: (n, 2) metres.
    """
    head = np.flatnonzero(run_starts(t // Settings.slot_ms, track))
    spread = np.maximum.reduceat(xy, head) - np.minimum.reduceat(xy, head)
    return head, length(spread) < Settings.still_m


@dataclass(frozen=True)
class Slots:
    """Tracks in slots, in columns (m,) by track and time.

    head: row of the first fix. number: slots since 1970. hours: since Monday, solar. xy: (m, 2)
    metres. length: slots until the next one if the track stayed in between, else 1.
    """

    n_tracks: int
    head: Array
    track: Array
    number: Array
    hours: Array
    xy: Array
    still: Array
    length: Array

    @cached_property
    def hour(self) -> Array:
        """(m,) of the day."""
        return self.hours % 24

    @cached_property
    def weekday(self) -> Array:
        """(m,) bool: Monday to Friday."""
        return self.hours < 120

    def total(self, weight: Array, mask: Array | slice) -> Array:
        """(n_tracks,) sum of the weights of the slots in the mask."""
        return np.bincount(self.track[mask], weight[mask], self.n_tracks)

    def time(self, mask: Array | slice) -> Array:
        """(n_tracks,) slots of time in the mask."""
        return self.total(self.length, mask)

    def count(self, mask: Array) -> Array:
        """(n_tracks,) how many slots are in the mask, one at least."""
        return np.maximum(np.bincount(self.track[mask], minlength=self.n_tracks), 1.0)

    def centre(self, mask: Array | slice) -> Array:
        """(n_tracks, 2) mean position over the time of the slots in the mask; else zeros."""
        weight = np.maximum(self.time(mask), 1e-9)
        x = self.total(self.length * self.xy[:, 0], mask)

        y = self.total(self.length * self.xy[:, 1], mask)
        return np.stack([x / weight, y / weight], axis=1)


def slots_of(fixes: Thinned) -> Slots:
    """The slots of thinned tracks, and those of silences in which a track stayed where it was."""
    seen = _with_fixes(fixes)
    # the last slot of a track is its own next one
    is_last = run_starts(seen.track[::-1])[::-1]

    ahead = np.arange(len(is_last)) + ~is_last
    gap = seen.number[ahead] - seen.number
    step = length(seen.xy[ahead] - seen.xy)

    left = (gap <= 2) & (step > Settings.still_m)
    came = np.append(False, left[:-1])

    few = seen.length <= 2
    still = seen.still & ~(left & came & few)  # a lone fix on the way is no stay

    near = still & still[ahead] & (step < Settings.place_m)
    short = gap <= Settings.max_silent_slots

    stayed = near & short
    lasts = np.where(stayed, np.maximum(gap, 1), 1)

    seen = replace(seen, still=still, length=lasts.astype(np.float64))
    silent = (gap >= 2) & short & ~stayed

    return _with_silences(seen, fixes, np.flatnonzero(silent), gap)


def _with_fixes(fixes: Thinned) -> Slots:
    """The slots that have fixes; their length is the number of these."""
    head, still = find_slots(fixes.track, fixes.t, fixes.xy)
    size = np.diff(np.append(head, len(fixes.t)))

    xy = np.add.reduceat(fixes.xy, head) / size[:, None]
    number = fixes.t[head] // Settings.slot_ms

    return Slots(
        fixes.n_tracks, head, fixes.track[head], number, fixes.hours[head], xy, still, size
    )


def _with_silences(seen: Slots, fixes: Thinned, before: Array, gap: Array) -> Slots:
    """Slots, and one for each silence after the slots `before` that ends where it began."""
    after = seen.head[before + 1]
    leave = fixes.xy[after - 1]

    arrive = fixes.xy[after]
    near = length(arrive - leave) < Settings.still_m

    before = before[near]
    hours = seen.hours[before] + Settings.slot_ms / HOUR_MS

    silences = {"head": after[near], "track": seen.track[before]}
    silences["number"] = seen.number[before] + 1
    silences["hours"] = hours % 168

    silences["xy"] = 0.5 * (leave + arrive)[near]
    silences["still"] = np.ones(len(before), bool)
    silences["length"] = gap[before] - 1.0

    both = {}
    for name, values in silences.items():
        both[name] = np.concatenate([getattr(seen, name), values])

    order = np.lexsort((both["number"], both["track"]))

    return replace(seen, **{name: values[order] for name, values in both.items()})


def ranked_places(s: Slots) -> Array:
    """(m,) rank of each slot's place, 0 for the longest visited; ELSEWHERE or ON_THE_WAY."""
    place = np.where(s.still, ELSEWHERE, ON_THE_WAY)
    cell, track_of = _cells(s)
    for rank in range(RANKED):
        free = place == ELSEWHERE
        if not free.any():
            break
        time = np.bincount(cell[free], s.length[free], len(track_of))
        best = np.lexsort((-time, track_of))

        best = best[run_starts(track_of[best])]
        best = best[time[best] > 0]

        inside = free & np.isin(cell, best)
        centre = s.centre(inside)[s.track]

        near = length(s.xy - centre) < Settings.place_m
        some = s.time(inside) > 0
        place[free & near & some[s.track]] = rank

    return place


def _cells(s: Slots) -> tuple[Array, Array]:
    """(m,) number of the cell in which a slot of a track lies, and the track (k,) of each cell."""
    cell = np.floor(s.xy / Settings.cell_m).astype(np.int64)
    column, row = cell.T + 2**17  # 39,000 km each way

    track = s.track.astype(np.int64)
    key = (track << 36) + (column << 18) + row
    keys, cell = np.unique(key, return_inverse=True)

    return cell, keys >> 36
