# SPDX-License-Identifier: GPL-2.0-or-later
"""Rolling the model forward: each forecast becomes the next fix, and the past's keys and values are kept."""

from __future__ import annotations

import numpy as np

from ..bundle.runtime import Model, batches, featurize_padded, pad_left
from ..errors import InputError, Progress, no_progress
from ..features import featurizer as feat
from ..tracks import Tracks


def rollout(
    tracks: Tracks, model: Model, step_s: float, steps: int, progress: Progress = no_progress, *, keep_past: bool = True
) -> tuple[np.ndarray, np.ndarray]:
    """Roll every track forward from its last fix, `steps` times by `step_s` seconds.

    The context is a track's last 512 fixes at most. keep_past=False computes every step anew from
    the whole context; it gives the same and shows what keys and values save. Returns lon, lat (n_tracks, steps)
    degrees, NaN where a track has no fix.
    """
    if step_s <= 0 or steps < 1:
        raise InputError("A rollout needs a step of more than 0 seconds and one step at least.")
    size = np.diff(tracks.track_offsets)
    length = np.minimum(size, 512)
    lon, lat = np.full((2, tracks.n_tracks, steps), np.nan)
    some = np.flatnonzero(length)
    for batch in batches(length[some] + steps):
        chosen = some[batch]
        rows, valid = pad_left(
            np.arange(len(tracks)), tracks.track_offsets[1:][chosen] - length[chosen], length[chosen]
        )
        lon[chosen], lat[chosen] = _roll(tracks, model, rows, valid, step_s, steps, keep_past)
        progress(float(np.isfinite(lon[:, 0]).sum() / max(len(some), 1)))
    return lon, lat


def _roll(
    tracks: Tracks, model: Model, rows: np.ndarray, valid: np.ndarray, step_s: float, steps: int, keep_past: bool
) -> tuple[np.ndarray, np.ndarray]:
    """One batch of contexts, padded on the left: rows and valid (B, L)."""
    b, context = valid.shape
    f, x, clock = featurize_padded(tracks, rows, valid)
    real = np.concatenate([valid, np.ones((b, steps), bool)], axis=1)
    track = np.broadcast_to(np.arange(b)[:, None], real.shape)
    t, lon, lat = (
        np.concatenate([a[rows], np.zeros((b, steps), a.dtype)], axis=1) for a in (tracks.t, tracks.lon, tracks.lat)
    )
    x, clock = (np.concatenate([a, np.zeros((b, steps, *a.shape[2:]), np.float32)], axis=1) for a in (x, clock))
    last = np.cumsum(valid.sum(axis=1)) - 1
    past, new = None, slice(0, context)
    for now in range(context, context + steps):
        q = feat.ask(f, last, np.full(b, step_s))
        outputs = model.backbone(
            x[:, new], clock[:, new], real[:, :now], q.x[:, None], past if keep_past else None,
            ("parameters", "present_keys", "present_values") if keep_past else ("parameters",),
        )  # fmt: skip
        past = (outputs[1], outputs[2]) if keep_past else None
        move = q.base + outputs[0][:, 0, :2] * q.scale[:, None]
        lon[:, now], lat[:, now] = feat.destination(f, last, move)
        t[:, now] = t[:, now - 1] + round(1000 * step_s)
        inside = np.s_[:, : now + 1]
        flat = real[inside]
        last = np.cumsum(flat.sum(axis=1)) - 1
        f = feat.featurize(track[inside][flat], t[inside][flat], lon[inside][flat], lat[inside][flat], only=last)
        x[:, now], clock[:, now] = f.x[last], f.clock[last]
        new = slice(now, now + 1) if keep_past else slice(0, now + 1)
    return lon[:, context:], lat[:, context:]
