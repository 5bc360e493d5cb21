# SPDX-License-Identifier: GPL-2.0-or-later
"""Trips: runs of movement between rests, and how many of each class a track has per day.

The motion features of a whole track (motion.py) hide two metro rides among everything else. So a head of trips
classifies each trip, and heads of users and days get the sums over trips (with_trips in core/embedding/profiles.py).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..arrays import expand_ranges
from ..tracks import Tracks
from .activity import Fixes, Slots, cadence_s, find_runs, known_days, span_days


@dataclass(frozen=True)
class Trips:
    """Trips cut from n tracks.

    tracks: each trip as a track. source: (n_trips,) row of the track that it is cut from. span, known: (n,) days from
    the first to the last fix of each of those tracks, and days of known time.
    """

    tracks: Tracks
    source: np.ndarray
    span: np.ndarray
    known: np.ndarray

    def rates(self, weight: np.ndarray) -> np.ndarray:
        """Logarithms (n, 2 × k) float32 of the sums of weights (n_trips, k) per day of `span` and of `known`."""
        sums = np.stack([np.bincount(self.source, w, len(self.span)) for w in weight.T], axis=1)
        return np.log1p(np.concatenate([sums / days[:, None] for days in (self.span, self.known)], axis=1), dtype="f4")


def cut_trips(tracks: Tracks) -> Trips:
    """The trips of tracks, in order. Five minutes (or two and a half fixes) of rest end a trip."""
    if not len(tracks):
        return Trips(tracks, np.zeros(0, np.int64), *np.ones((2, tracks.n_tracks)))
    fixes = Fixes(tracks)
    run = find_runs(fixes, cadence_s(fixes))
    begin, end = (tracks.time_index.before(run.track, t) for t in (run.begin, run.end + 1))
    rows = expand_ranges(begin, end - begin)
    number = np.arange(len(begin), dtype=np.int32)
    track, ids = np.repeat(number, end - begin), number.astype(str).astype(object)
    columns = tracks.track_user[run.track], track, tracks.t[rows], tracks.lon[rows], tracks.lat[rows]
    return Trips(Tracks(tracks.user_ids, ids, *columns), run.track, span_days(fixes), known_days(Slots(fixes)))
