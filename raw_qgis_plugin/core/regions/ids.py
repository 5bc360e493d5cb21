# SPDX-License-Identifier: GPL-2.0-or-later
"""Ids are persons by their names. Ids that look as if they were not get a warning, no more."""

from __future__ import annotations

import unicodedata

import numpy as np

from ..errors import translated
from ..tracks import Tracks


def doubtful_ids(users: Tracks, short_days: float = 1.0, long_days: float = 3.0) -> list[str]:
    """Why ids may not be persons, a sentence each.

    users: one track a user. short_days, long_days: ids seen for less may be those of devices that
    change them, where they are most of the ids of a layer that goes on for longer, or follow one
    another.
    """
    found = []
    plain = {_plain(str(name)) for name in users.user_ids}
    alike = users.n_users - len(plain)
    if alike:
        words = translated(
            "{n:,} of {total:,} ids differ from others by case, blanks, accents or invisible "
            "letters: if they are one person, join them",
            n=alike,
            total=users.n_users,
        )
        found.append(words)

    if not len(users):
        return found
    span_s = np.ptp(users.t) / 1000
    # as of one device that changes its id
    in_turns = users.n_users > 2 and users.span_s.sum() <= span_s
    is_long = span_s >= long_days * 86_400
    short = users.span_s < short_days * 86_400
    if (in_turns or is_long) and short.mean() > 0.5:
        words = translated(
            "most ids are seen within a day: if devices change their ids, one person counts "
            "several times and fewer may be behind figures"
        )
        found.append(words)
    return found


def _plain(name: str) -> str:
    """An id without what hardly shows: case, blanks around it or doubled, accents and invisible
    letters.
    """
    letters = unicodedata.normalize("NFKD", name.casefold())
    kept = [c for c in letters if unicodedata.category(c) not in ("Cf", "Mn")]
    words = "".join(kept).split()
    return " ".join(words)
