# SPDX-License-Identifier: GPL-2.0-or-later
"""Tracks to embeddings: what the model makes of a track, at two scales, and a few plain facts beside it.

Fine: the network's states over up to four windows of the track as recorded (thinned so that a window shows up to a
quarter of an hour of a short track and no more than one fix in 15 s of a long one). Coarse: the states over the last
fix of each quarter of an hour, up to ten days: commuting does not show in an hour. Of each, mean and standard
deviation. The facts say what makes a person without saying where: how time is spent at one's own places by their
rank (activity.py), and how fast and how steadily one moves (motion.py). A bundle's card says by its width
whether its heads were taught with the facts.
"""

from __future__ import annotations

import numpy as np

from ..bundle.runtime import Model, batches, featurize_padded, pad_left
from ..errors import Progress, no_progress
from ..features.activity import ACTIVITY, activity
from ..features.motion import MOTION, motion
from ..tracks import Tracks

WINDOWS, WINDOW = 4, 64  # fine: windows a track, fixes a window (eight of them told no more of a person)
FIXES = 512  # that motion is told from
FINE_S = 15.0  # a long track is thinned to one fix in this time
COARSE_S, COARSE = 900, 512  # coarse: seconds a bin, most bins (ten days without the silent hours)
FEWEST = 2  # fixes: less has no embedding
FACTS = len(ACTIVITY) + len(MOTION)
VERSION = 1  # of what is computed here and in core/features: one more whenever an embedding changes


def embedding_width(width: int) -> int:
    """Length of an embedding for a network of this width."""
    return 4 * width + FACTS


def width_of(model: Model) -> int:
    """Length of the embeddings of this model, whose heads may have been taught without the facts."""
    width = model.card["width"]
    return int(model.card.get("embedding", {}).get("width", embedding_width(width)))


def embed(tracks: Tracks, model: Model, progress: Progress = no_progress) -> np.ndarray:
    """Embeddings of tracks: (n_tracks, width_of(model)) float32, NaN where a track has fewer than two fixes."""
    result = np.full((tracks.n_tracks, width_of(model)), np.nan, np.float32)
    embedded = np.diff(tracks.track_offsets) >= FEWEST
    if not embedded.any():
        return result
    fine, coarse = _fine_windows(tracks), _coarse_windows(tracks)
    points = [int(w[2].sum()) for w in (fine, coarse)]
    split = points[0] / max(sum(points), 1)
    parts = [
        _pool(tracks, model, fine, lambda share: progress(share * split)),
        _pool(tracks, model, coarse, lambda share: progress(split + share * (1 - split))),
    ]
    if result.shape[1] > 4 * model.card["width"]:
        parts += [activity(tracks), motion(tracks.take(thin_rows(tracks, FIXES)))]
    result[embedded] = np.concatenate(parts, axis=1)[embedded]
    return result


def thin_rows(tracks: Tracks, most: int) -> np.ndarray:
    """Rows of one fix in each (span of its track / most) seconds, at most FINE_S; the first of each track is kept."""
    first = tracks.track_offsets[:-1]
    span = np.zeros(tracks.n_tracks)
    some = np.diff(tracks.track_offsets) > 0
    last = tracks.track_offsets[1:] - 1
    span[some] = (tracks.t[last[some]] - tracks.t[first[some]]) / 1000.0
    cadence_ms = np.maximum(np.minimum(span / most, FINE_S) * 1000.0, 1.0)
    since = tracks.t - tracks.t[np.minimum(first, max(len(tracks) - 1, 0))][tracks.track]
    bins = (since / cadence_ms[tracks.track]).astype(np.int64)
    return np.flatnonzero(np.append(True, (np.diff(bins) != 0) | (np.diff(tracks.track) != 0)))


def _fine_windows(tracks: Tracks) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Rows kept, and windows in them: first row, length, track."""
    rows = thin_rows(tracks, WINDOW)
    start = np.searchsorted(tracks.track[rows], np.arange(tracks.n_tracks + 1))
    size = np.diff(start)
    count = np.minimum(-(-size // WINDOW), WINDOWS)
    track = np.repeat(np.arange(tracks.n_tracks), count)
    number = np.arange(len(track)) - np.repeat(np.cumsum(count) - count, count)
    room = np.maximum(size[track] - WINDOW, 0)
    begin = start[track] + np.round(room * number / np.maximum(count[track] - 1, 1)).astype(np.int64)
    return rows, begin, np.minimum(size[track], WINDOW), track


def _coarse_windows(tracks: Tracks) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """The same for the quarter-hour scale: the last fix of each bin, one window a track."""
    bins = tracks.t // (1000 * COARSE_S)
    rows = np.flatnonzero(np.append((np.diff(bins) != 0) | (np.diff(tracks.track) != 0), True))
    start = np.searchsorted(tracks.track[rows], np.arange(tracks.n_tracks + 1))
    size = np.minimum(np.diff(start), COARSE)
    track = np.flatnonzero(size > 0)
    return rows, start[1:][track] - size[track], size[track], track


def _pool(tracks: Tracks, model: Model, windows: tuple, progress: Progress) -> np.ndarray:
    """Mean and standard deviation of the states over each track's windows: (n_tracks, 2 × width) float32."""
    rows, begin, length, track = windows
    width = model.card["width"]
    total, square = np.zeros((tracks.n_tracks, width)), np.zeros((tracks.n_tracks, width))
    count = np.bincount(track, length, tracks.n_tracks)
    done, everything = 0, max(int(length.sum()), 1)
    for chosen in batches(length):
        progress(done / everything)
        inside, valid = pad_left(rows, begin[chosen], length[chosen])
        _, x, clock = featurize_padded(tracks, inside, valid)
        (states,) = model.backbone(x, clock, valid, outputs=("states",))
        states = np.where(valid[..., None], states, 0.0)
        np.add.at(total, track[chosen], states.sum(axis=1))
        np.add.at(square, track[chosen], np.square(states).sum(axis=1))
        done += int(length[chosen].sum())
    progress(1.0)
    mean = total / np.maximum(count, 1.0)[:, None]
    spread = np.sqrt(np.maximum(square / np.maximum(count, 1.0)[:, None] - mean**2, 0.0))
    return np.concatenate([mean, spread], axis=1).astype(np.float32)
