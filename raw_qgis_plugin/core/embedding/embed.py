# SPDX-License-Identifier: GPL-2.0-or-later
"""Tracks to embeddings: the states of the network at two scales, and features of activity and
motion beside them.

Fine: states over up to four windows of the track as recorded. A short track is thinned so that a
window shows up to a quarter of an hour, a long one to one fix in 15 s. Coarse: states over the last
fix of each quarter of an hour, up to ten days, because commuting does not show in an hour. Of each
scale the mean and the standard deviation are kept.
"""

from __future__ import annotations

import numpy as np

from ..arrays import expand_ranges, run_starts
from ..bundle.runtime import Model, batches, featurize_padded, pad_left
from ..errors import Progress, no_progress, part_of
from ..features.activity import ACTIVITY, activity
from ..features.motion import MOTION, motion
from ..tracks import Tracks

EMBEDDING_VERSION = 2  # one more whenever this file or core/features changes an embedding
N_TRACK_FEATURES = len(ACTIVITY) + len(MOTION)


class Settings:
    """Windows of the two scales."""

    fine_windows: int = 4  # of a track; eight did not describe a person better
    fine_fixes: int = 64  # of a window
    fine_s: float = 15.0  # a long track is thinned to one fix in this time
    coarse_s: int = 900
    coarse_fixes: int = 512  # the last ones: ten days without the silent hours
    motion_fixes: int = 512  # a track is thinned to these for its motion features


# Windows of tracks: rows of tracks, where each window begins in them, its length, and its track,
# (k,) each but the rows
Windows = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]


def embedding_width(width: int) -> int:
    """Length of an embedding for a network of this width."""
    return 4 * width + N_TRACK_FEATURES


def embed(
    tracks: Tracks, model: Model, progress: Progress = no_progress, points: int = 8192
) -> np.ndarray:
    """Embeddings of tracks: (n_tracks, e) float32, NaN for a track with fewer than two fixes.
    points: of a batch.
    """
    result = np.full((tracks.n_tracks, embedding_width(model.card["width"])), np.nan, np.float32)
    if not tracks.has_steps.any():
        return result
    fine, coarse = fine_windows(tracks), coarse_windows(tracks)
    split = float(fine[2].sum() / (fine[2].sum() + coarse[2].sum()))
    parts = [
        _pool(tracks, model, fine, points, part_of(progress, 0.0, split)),
        _pool(tracks, model, coarse, points, part_of(progress, split, 1.0)),
        track_features(tracks),
    ]
    result[tracks.has_steps] = np.concatenate(parts, axis=1)[tracks.has_steps]
    return result


def track_features(tracks: Tracks) -> np.ndarray:
    """(n_tracks, N_TRACK_FEATURES) float32: the features of activity and motion in an embedding."""
    thinned = tracks.take(thin_rows(tracks, Settings.motion_fixes))
    return np.concatenate([activity(tracks), motion(thinned)], axis=1)


def thin_rows(tracks: Tracks, most: int) -> np.ndarray:
    """Rows of one fix in each (span of its track / most) seconds, at most fine_s; the first of each
    track is kept.
    """
    cadence_ms = np.maximum(
        np.minimum(np.nan_to_num(tracks.span_s) / most, Settings.fine_s) * 1000.0, 1.0
    )
    since = tracks.t - tracks.t[tracks.track_offsets[:-1][tracks.track]]
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
    begin = start[track] + np.round(spare * number / np.maximum(count[track] - 1, 1)).astype(
        np.int64
    )
    return rows, begin, np.minimum(size[track], Settings.fine_fixes), track


def coarse_windows(tracks: Tracks) -> Windows:
    """One window a track: the last fix of each quarter of an hour."""
    rows = np.flatnonzero(
        np.append(run_starts(tracks.t // (1000 * Settings.coarse_s), tracks.track)[1:], True)
    )
    start = np.searchsorted(tracks.track[rows], np.arange(tracks.n_tracks + 1))
    size = np.minimum(np.diff(start), Settings.coarse_fixes)
    track = np.flatnonzero(size > 0)
    return rows, start[1:][track] - size[track], size[track], track


def _pool(
    tracks: Tracks, model: Model, windows: Windows, points: int, progress: Progress
) -> np.ndarray:
    """Mean and standard deviation of the states over the windows of each track: (n_tracks, 2 ×
    width) float32.
    """
    rows, begin, length, track = windows
    width = model.card["width"]
    total, square = np.zeros((tracks.n_tracks, width)), np.zeros((tracks.n_tracks, width))
    count = np.bincount(track, length, tracks.n_tracks)
    done, everything = 0, max(int(length.sum()), 1)
    for batch in batches(length, points):
        progress(done / everything)
        inside, valid = pad_left(rows, begin[batch], length[batch])
        _, x, clock = featurize_padded(tracks, inside, valid)
        (states,) = model.backbone(x, clock, valid, outputs=("states",))
        states = np.where(valid[..., None], states, 0.0)
        np.add.at(total, track[batch], states.sum(axis=1, dtype=np.float64))
        np.add.at(square, track[batch], np.square(states, dtype=np.float64).sum(axis=1))
        done += int(length[batch].sum())
    progress(1.0)
    mean = total / np.maximum(count, 1.0)[:, None]
    spread = np.sqrt(np.maximum(square / np.maximum(count, 1.0)[:, None] - mean**2, 0.0))
    return np.concatenate([mean, spread], axis=1).astype(np.float32)
