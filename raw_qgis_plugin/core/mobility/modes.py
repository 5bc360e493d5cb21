# SPDX-License-Identifier: GPL-2.0-or-later
"""The mode of transport of each leg, with the probability of every mode."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..arrays import Groups, softmax
from ..embedding.applicability import outside, unit_stats
from ..embedding.embed import embed
from ..embedding.profiles import NOT_SURE, add_reason, head_inputs
from ..errors import Progress, translated
from ..labels import MODES, UNKNOWN, CardData
from ..tracks import Tracks
from .tables import Column, JudgeModes, Modes, no_modes

if TYPE_CHECKING:
    from ..bundle.runtime import Model

HEAD = "transport_mode"  # the head of tracks that names the mode of a leg
NO_HEAD = "the model has no head that names modes"


@dataclass(frozen=True)
class ModeSettings:
    """When a mode is named and counted."""

    # A leg whose positions are known to more metres (median) has no mode
    vague_m: float = 200.0
    # A leg counts in sums with such a share of its way outside gaps, since gaps look like rides
    counted: float = 0.7
    # Fixes of a batch of legs: few stay in the processor's cache, and short legs are padded less
    batch_fixes: int = 1024


DEFAULT = ModeSettings()


def judge_of(model: Model | None, s: ModeSettings = DEFAULT) -> JudgeModes:
    """What `find_modes` says, for who knows no model."""
    return lambda legs, silent, progress: find_modes(legs, model, progress, silent, s)


def find_modes(
    legs: Tracks,
    model: Model | None,
    progress: Progress,
    silent: Column | str = "",
    s: ModeSettings = DEFAULT,
) -> Modes:
    """The modes of legs, one track each. Without a model, and for one without the head, every mode
    is 'unknown'. silent: (k,) why nothing is said of a leg, or ''.
    """
    head = _head_of(model)
    if model is None or head is None:
        return no_modes(legs.n_tracks, translated(NO_HEAD))

    stats = unit_stats(legs)
    why = np.where(silent == "", _reasons_for_silence(legs, head, stats, s), silent)
    in_domain = why == ""

    # The model's answer
    classes = np.array(head["classes"], object)
    answer = np.full((legs.n_tracks, len(classes)), np.nan)
    if in_domain.any():  # the network sees no other legs
        some = legs.take_tracks(np.flatnonzero(in_domain))
        answer[in_domain] = _ask(some, model, progress, s)

    mode = np.where(in_domain, classes[answer.argmax(axis=1)], UNKNOWN)
    mode_p = answer.max(axis=1)
    one_step = np.diff(legs.track_offsets) == 2  # nobody can tell a train from a car by it
    unsure = (mode_p < head.get("threshold", 0.0)) | (one_step & (mode == "rail"))
    unsure &= in_domain

    # Probabilities for sums
    p = np.empty((legs.n_tracks, len(MODES)))
    for k, each in enumerate(MODES):
        p[:, k] = answer[:, classes == each].sum(axis=1)
    p[~in_domain | (stats["observed"] < s.counted)] = np.nan

    mode[unsure] = UNKNOWN
    why[unsure] = translated(NOT_SURE)
    return Modes(mode, mode_p, in_domain, why, p)


def _head_of(model: Model | None) -> CardData | None:
    """The card of the head of modes of a model, if it has one."""
    heads = [] if model is None else model.bundle.heads("track")
    return next((head for head in heads if head["name"] == HEAD), None)


def _reasons_for_silence(
    legs: Tracks, head: CardData, stats: dict[str, Column], s: ModeSettings
) -> Column:
    """(k,) why the model may not answer about a leg, or ''. stats: of `unit_stats`."""
    enough = legs.has_steps
    why = np.full(legs.n_tracks, "", object)
    why[~enough] = translated("fewer than two fixes")
    for reason, wrong in outside(stats, head.get("domain", {}), enough).items():
        add_reason(why, wrong, reason)

    if legs.accuracy is not None:
        leg = Groups(legs.track, legs.n_tracks)
        vague = leg.median(legs.accuracy) > s.vague_m
        why[vague & enough] = translated("positions known to more than {m:g} m", m=s.vague_m)
    return why


def _ask(legs: Tracks, model: Model, progress: Progress, s: ModeSettings) -> Column:
    """(k, classes) probabilities of the head."""
    x = head_inputs(embed(legs, model, progress, s.batch_fixes), legs, "track")
    return softmax(np.asarray(model.run_head(HEAD, x), np.float64))
