# SPDX-License-Identifier: GPL-2.0-or-later
"""Ids are persons by their names. Ids that look as if they were not get a warning, no more."""

from __future__ import annotations

import unicodedata

import numpy as np

from .times import DAY_MS
from .tracks import Tracks


def doubtful_ids(users: Tracks, short_days: float = 1.0, long_days: float = 3.0) -> list[str]:
    """Why ids may not be persons, a sentence each.

    users: one track a user. short_days, long_days: ids seen for less may be those of devices that change them, where
    they are most of the ids of a layer that goes on for longer.
    """
    found = []
    if alike := users.n_users - len({_plain(str(name)) for name in users.user_ids}):
        words = "differ from others by case, blanks or invisible characters alone: if they are one person, join them"
        found.append(f"{alike:,} of {users.n_users:,} ids {words}")
    if len(users) and np.ptp(users.t) >= long_days * DAY_MS and (users.span_s < short_days * 86_400).mean() > 0.5:
        words = "if devices change their ids, one person counts several times and fewer may be behind figures"
        found.append(f"most ids are seen within a day: {words}")
    return found


def _plain(name: str) -> str:
    """An id without what does not show: case, blanks around it or doubled, the normal form, invisible characters."""
    if not name.isascii():
        name = unicodedata.normalize("NFKC", "".join(c for c in name if unicodedata.category(c) != "Cf"))
    return " ".join(name.casefold().split())
