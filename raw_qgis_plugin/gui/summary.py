# SPDX-License-Identifier: GPL-2.0-or-later
"""The tracks of a layer in a sentence: how many, when, and how often."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np

from ..core.times import UTC, find_zone
from ..core.tracks import Tracks
from ..layers.words import count_fixes, count_users
from ..processing.words import tr


def describe(tracks: Tracks, users: Tracks, zone: str) -> str:
    """Summarise the usable users and fixes, their dates in a time zone and their cadence."""
    if not len(users):
        return tr("No user has two usable fixes.")
    epoch = datetime.fromtimestamp(0, UTC)
    clock = find_zone(zone)
    first, last = (
        (epoch + timedelta(milliseconds=int(t))).astimezone(clock)
        for t in (users.t.min(), users.t.max())
    )
    words = f"{count_users(users.n_users)}, {count_fixes(len(users))}, "
    words += tr("{first} to {last} ({zone})").format(
        first=first.date(), last=last.date(), zone=zone
    )
    if (seconds := cadence_s(tracks)) == seconds:
        words += tr(", one every {time}").format(time=duration(seconds))
    if zone == "UTC":
        return f"{words}."
    ahead = (first.utcoffset() or timedelta()) - timedelta(hours=float(np.median(users.lon)) / 15)
    noon = (first.replace(hour=12, minute=0) - ahead).strftime("%H:%M")
    return f"{words}. " + tr(
        "Hours of people and regions are in mean solar time: 12:00 as {time}."
    ).format(time=noon)


def cadence_s(tracks: Tracks) -> float:
    """The median time between fixes of a track; nan without any."""
    steps = np.diff(tracks.t)[tracks.steps()]
    return float(np.median(steps)) / 1000 if len(steps) else np.nan


def duration(seconds: float) -> str:
    """A time between fixes in words, rounded."""
    for unit, size in (("d", 86_400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.3g} s"
