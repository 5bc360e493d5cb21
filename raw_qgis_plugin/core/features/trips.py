# SPDX-License-Identifier: GPL-2.0-or-later
"""Trips: the runs of movement between rests, and how many of each kind a track has in a day.

How a track moves as a whole (motion.py) drowns the two rides a day that make somebody a metro user. So a head of
trips is asked of each trip, and heads of users and days are given the sums (profiles.with_trips).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..tracks import Tracks
from .activity import Fixes, Slots, cadence_of, known_days, runs, span_days


@dataclass(frozen=True)
class Trips:
    """tracks: each trip as a track. of: (n_trips,) the row of the track that it is cut from. span, known: (n,) days of
    each of those tracks, from first to last fix, and of which is known where they were spent.
    """

    tracks: Tracks
    of: np.ndarray
    span: np.ndarray
    known: np.ndarray

    def a_day(self, weight: np.ndarray) -> np.ndarray:
        """Of weights (n_trips, k), logarithms of the sums a day of `span` and a day of `known`: (n, 2 × k) float32."""
        sums = np.stack([np.bincount(self.of, w, len(self.span)) for w in weight.T], axis=1)
        return np.log1p(np.concatenate([sums / days[:, None] for days in (self.span, self.known)], axis=1), dtype="f4")


def cut_trips(tracks: Tracks) -> Trips:
    """The trips of tracks, in order: what moves, until five minutes (or two and a half fixes) of rest."""
    if not len(tracks):
        return Trips(tracks, np.zeros(0, np.int64), *np.ones((2, tracks.n_tracks)))
    fixes = Fixes(tracks)
    run = runs(fixes, cadence_of(fixes))
    begin, end = (tracks.time_index.before(run.track, t) for t in (run.begin, run.end + 1))
    size = end - begin
    rows = np.repeat(begin - np.cumsum(size) + size, size) + np.arange(size.sum())
    track = np.repeat(np.arange(len(size), dtype=np.int32), size)
    ids = np.arange(len(size)).astype(str).astype(object)
    columns = tracks.track_user[run.track], track, tracks.t[rows], tracks.lon[rows], tracks.lat[rows]
    known = known_days(Slots(fixes))
    return Trips(Tracks(tracks.user_ids, ids, *columns), run.track, span_days(fixes), known)
