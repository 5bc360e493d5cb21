# SPDX-License-Identifier: GPL-2.0-or-later
"""The tracks of a layer in a sentence: how many, when, and how often."""

from __future__ import annotations

import numpy as np

from ..core.tracks import Tracks
from ..layers.words import count_fixes, count_users
from ..processing.words import tr


def describe(tracks: Tracks, users: Tracks, in_layer: int = 0) -> str:
    """Summarise the usable users and fixes, their dates and cadence. in_layer: all fixes, where that is known."""
    if not len(users):
        return tr("No user has two usable fixes.")
    ends = np.array([users.t.min(), users.t.max()], "datetime64[ms]")
    first, last = np.datetime_as_string(ends, unit="D")
    steps = tracks.steps()
    fixes = count_fixes(len(users))
    if in_layer > len(users):
        fixes = tr("{n:,} of {all:,} fixes").format(n=len(users), all=in_layer)
    words = f"{count_users(users.n_users)}, {fixes}, "
    words += tr("{first} to {last} UTC").format(first=first, last=last)
    if len(steps):
        words += tr(", one every {time}").format(time=duration(float(np.median(np.diff(tracks.t)[steps])) / 1000))
    return f"{words}."


def duration(seconds: float) -> str:
    """A time between fixes in words, rounded."""
    for unit, size in (("d", 86_400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.3g} s"
