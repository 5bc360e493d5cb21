# SPDX-License-Identifier: GPL-2.0-or-later
"""Tracks to embeddings: the states of the network at two scales, and features of activity and
motion beside them.

Fine: states over up to four windows of the track as recorded. A short track is thinned so that a
window shows up to a quarter of an hour, a long one to one fix in 15 s. Coarse: states over the last
fix of each quarter of an hour, up to ten days, because commuting does not show in an hour. Of each
scale the mean and the standard deviation are kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from ..arrays import Array, expand_ranges, run_starts
from ..bundle.runtime import Model, batches, featurize_padded, pad_left
from ..errors import Progress, no_progress, part_of
from ..features.activity import ACTIVITY, activity
from ..features.motion import MOTION, motion
from ..tracks import Tracks

EMBEDDING_VERSION = 2  # one more whenever this file or core/features changes an embedding
N_TRACK_FEATURES = len(ACTIVITY) + len(MOTION)


@dataclass(frozen=True)
class Settings:
    """Windows of the two scales.

    Heads are trained with these values. Others need another EMBEDDING_VERSION.
    """

    fine_windows: int = 4  # of a track; eight did not describe a person better
    fine_fixes: int = 64  # of a window: a quarter of an hour at 15 s
    fine_s: float = 15.0  # s, a long track is thinned to one fix in this time
    coarse_s: int = 900  # s, commuting does not show in less
    coarse_fixes: int = 512  # the last ones: ten days without the silent hours
    motion_fixes: int = 512  # a track is thinned to these for its motion features


class Windows(NamedTuple):
    """Windows of tracks.

    rows: (n,) of the tracks. begin: (k,) where a window begins in `rows`. length, track: (k,).
    """

    rows: Array
    begin: Array
    length: Array
    track: Array


def embedding_width(width: int) -> int:
    """Length of an embedding for a network of this width."""
    return 4 * width + N_TRACK_FEATURES


def embed(
    tracks: Tracks, model: Model, progress: Progress = no_progress, points: int = 8192
) -> Array:
    """Embeddings of tracks: (n_tracks, e) float32, NaN for a track with fewer than two fixes.

    points: of a batch.
    """
    some = tracks.has_steps
    result = np.full((tracks.n_tracks, embedding_width(model.card["width"])), np.nan, np.float32)
    if not some.any():
        return result

    fine = fine_windows(tracks)
    coarse = coarse_windows(tracks)

    fine_fixes = fine.length.sum()
    split = float(fine_fixes / (fine_fixes + coarse.length.sum()))
    parts = [
        _pool(tracks, model, fine, points, part_of(progress, 0.0, split)),
        _pool(tracks, model, coarse, points, part_of(progress, split, 1.0)),
        track_features(tracks),
    ]
    result[some] = np.concatenate(parts, axis=1)[some]

    return result


def track_features(tracks: Tracks) -> Array:
    """(n_tracks, N_TRACK_FEATURES) float32: the features of activity and motion in an embedding."""
    thinned = tracks.take(thin_rows(tracks, Settings.motion_fixes))
    return np.concatenate([activity(tracks), motion(thinned)], axis=1)


def thin_rows(tracks: Tracks, most: int) -> Array:
    """Rows of one fix in each (span of its track / most) seconds, at most fine_s.

    The first fix of each track is kept.
    """
    even_s = np.nan_to_num(tracks.span_s) / most
    cadence_ms = np.minimum(even_s, Settings.fine_s) * 1000.0
    cadence_ms = np.maximum(cadence_ms, 1.0)

    first = tracks.track_offsets[:-1][tracks.track]
    since = tracks.t - tracks.t[first]
    bins = (since / cadence_ms[tracks.track]).astype(np.int64)

    return np.flatnonzero(run_starts(bins, tracks.track))


def fine_windows(tracks: Tracks) -> Windows:
    """Windows of the thinned track, spread evenly."""
    rows = thin_rows(tracks, Settings.fine_fixes)
    start = np.searchsorted(tracks.track[rows], np.arange(tracks.n_tracks + 1))
    size = np.diff(start)

    count = np.minimum(-(-size // Settings.fine_fixes), Settings.fine_windows)
    track = np.repeat(np.arange(tracks.n_tracks), count)

    number = expand_ranges(np.zeros_like(count), count)
    spare = np.maximum(size[track] - Settings.fine_fixes, 0)

    others = np.maximum(count[track] - 1, 1)
    begin = np.round(spare * number / others).astype(np.int64)
    length = np.minimum(size[track], Settings.fine_fixes)

    return Windows(rows, start[track] + begin, length, track)


def coarse_windows(tracks: Tracks) -> Windows:
    """One window a track: the last fix of each quarter of an hour."""
    starts = run_starts(tracks.t // (1000 * Settings.coarse_s), tracks.track)
    rows = np.flatnonzero(np.append(starts[1:], True))
    start = np.searchsorted(tracks.track[rows], np.arange(tracks.n_tracks + 1))

    size = np.minimum(np.diff(start), Settings.coarse_fixes)
    track = np.flatnonzero(size > 0)
    length = size[track]

    return Windows(rows, start[1:][track] - length, length, track)


def _pool(tracks: Tracks, model: Model, windows: Windows, points: int, progress: Progress) -> Array:
    """Mean and standard deviation of the states over the windows of each track.

    Returns (n_tracks, 2 × width) float32.
    """
    shape = (tracks.n_tracks, model.card["width"])
    total = np.zeros(shape)
    square = np.zeros(shape)

    done = 0
    every = max(int(windows.length.sum()), 1)

    for batch in batches(windows.length, points):
        progress(done / every)
        length = windows.length[batch]

        states = _states(tracks, model, windows, batch)
        track = windows.track[batch]

        np.add.at(total, track, states.sum(axis=1, dtype=np.float64))
        np.add.at(square, track, np.square(states, dtype=np.float64).sum(axis=1))
        done += int(length.sum())

    progress(1.0)
    count = np.bincount(windows.track, windows.length, tracks.n_tracks)
    count = np.maximum(count, 1.0)[:, None]

    mean = total / count
    variance = np.maximum(square / count - mean**2, 0.0)

    return np.concatenate([mean, np.sqrt(variance)], axis=1).astype(np.float32)


def _states(tracks: Tracks, model: Model, windows: Windows, batch: Array) -> Array:
    """(windows, fixes, width) the states of some windows, zero on padding."""
    rows, valid = pad_left(windows.rows, windows.begin[batch], windows.length[batch])
    _, x, clock = featurize_padded(tracks, rows, valid)
    (states,) = model.backbone(x, clock, valid, outputs=("states",))
    return np.where(valid[..., None], states, 0.0)
