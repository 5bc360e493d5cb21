# SPDX-License-Identifier: GPL-2.0-or-later
"""The mode of transport of each leg, with the probability of every mode."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..arrays import group_quantile, softmax
from ..embedding.applicability import outside, unit_stats
from ..embedding.embed import embed
from ..embedding.profiles import NOT_SURE, UNKNOWN, add_reason, head_inputs
from ..errors import Progress, translated
from ..tracks import Tracks
from .tables import MODES

if TYPE_CHECKING:
    from ..bundle.runtime import Model

HEAD = "transport_mode"  # the head of tracks that names the mode of a trip
NO_HEAD = "the model has no head that names modes"
VAGUE_M = 200.0  # a position that is known to more than this is no evidence of a stop or a way
# of a batch of legs: few stay in the processor's cache, and short legs are padded less
POINTS = 1024
COUNTED = 0.7  # of the way outside gaps, for a leg whose mode is counted; gaps look like rides
# the head learned as if all modes were equally frequent, but some 5 of 100 trips are by rail
RAIL_ODDS = 0.15


@dataclass(frozen=True)
class Modes:
    """Columns of k legs: mode ('unknown' where `why` is not empty), its probability, in_domain,
    why, and p (k, MODES), the probabilities of the modes, nan where the model cannot know or much
    of the way lies in gaps.
    """

    mode: np.ndarray
    mode_p: np.ndarray
    in_domain: np.ndarray
    why: np.ndarray
    p: np.ndarray


def no_modes(n: int, why: str) -> Modes:
    """The modes of n legs that nobody can know."""
    columns = (
        np.full(n, UNKNOWN, object),
        np.full(n, np.nan),
        np.zeros(n, bool),
        np.full(n, why, object),
    )
    return Modes(*columns, np.full((n, len(MODES)), np.nan))


def as_frequent(p: np.ndarray) -> np.ndarray:
    """Probabilities (k, MODES) where rail is as rare as among people's trips, so that their sums
    count trips.
    """
    p = p * np.where(np.array(MODES) == "rail", RAIL_ODDS, 1.0)
    return p / p.sum(axis=1, keepdims=True)


def find_modes(legs: Tracks, model: Model | None, progress: Progress) -> Modes:
    """The modes of legs, one track each. Without a model, and for one without the head, every mode
    is 'unknown'.
    """
    heads = (
        []
        if model is None
        else [head for head in model.bundle.heads("track") if head["name"] == HEAD]
    )
    found = no_modes(legs.n_tracks, "" if heads else translated(NO_HEAD))
    if model is None or not heads or not legs.n_tracks:
        return found
    head, enough, stats = heads[0], legs.has_steps, unit_stats(legs)
    found.why[~enough] = translated("fewer than two fixes")
    for reason, wrong in outside(stats, head.get("domain", {}), enough).items():
        add_reason(found.why, wrong, reason)
    if legs.accuracy is not None:
        vague = group_quantile(legs.accuracy, legs.track, legs.n_tracks) > VAGUE_M
        found.why[vague & enough] = translated("positions known to more than {m:g} m", m=VAGUE_M)
    found.in_domain[:] = found.why == ""
    row = np.flatnonzero(found.in_domain)  # the network sees no other legs
    asked = legs.take_tracks(row)
    if asked.n_tracks:
        x = head_inputs(embed(asked, model, progress, POINTS), asked, "track")
        p = softmax(np.asarray(model.run_head(HEAD, x), np.float64))
        classes = np.array(head["classes"], object)
        found.mode[row], found.mode_p[row] = classes[p.argmax(axis=1)], p.max(axis=1)
        found.p[row] = np.stack([p[:, classes == mode].sum(axis=1) for mode in MODES], axis=1)
        found.p[stats["observed"] < COUNTED] = np.nan
    one_step = np.diff(legs.track_offsets) == 2  # nobody can tell a train from a car by it
    unsure = found.in_domain & (
        (found.mode_p < head.get("threshold", 0.0)) | (one_step & (found.mode == "rail"))
    )
    found.mode[unsure], found.why[unsure] = UNKNOWN, translated(NOT_SURE)
    return found
