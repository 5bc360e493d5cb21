# SPDX-License-Identifier: GPL-2.0-or-later
"""The table of users: labels of people, and beside them the answers of heads that the user taught."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ..arrays import object_column
from ..diary.modes import MODES
from ..embedding.profiles import Profiles, profile
from ..errors import Progress, no_progress, part_of
from ..tracks import Tracks
from .labels import NO, NUMBERS, YES, label_people

if TYPE_CHECKING:
    from ..bundle.runtime import Model
    from ..embedding.profiles import Embed

FIRST = ("user_id", "n_points", "n_days", "t_first", "t_last")
# What legends, cards and expressions need to know of the labels, as of a head
CARDS: tuple[dict[str, Any], ...] = (
    {"name": "commuter", "kind": "binary", "classes": [NO, YES], "title": "Commuter"},
    {
        "name": "main_mode",
        "kind": "classes",
        "classes": list(MODES),
        "title": "Main mode of transport",
    },
    {"name": "rail_user", "kind": "binary", "classes": [NO, YES], "title": "Rail user"},
    {"name": "trips_a_day", "kind": "number", "title": "Trips a day", "unit_of_measure": "per day"},
    {"name": "rail_trips", "kind": "number", "title": "Trips by rail", "unit_of_measure": "a week"},
    *(
        {"name": name, "kind": "number", "title": f"Share of trips: {name[6:]}"}
        for name in NUMBERS[:4]
    ),
)


def profile_people(
    users: Tracks, model: Model, progress: Progress = no_progress, cached: Embed | None = None
) -> Profiles:
    """The columns of `profile` for users, with those of `PeopleLabels` before the answers of other
    heads.
    """
    labels = dict(label_people(users, model, part_of(progress, 0.0, 0.6)).columns)
    found = profile(users, model, "user", None, part_of(progress, 0.6, 1.0), cached)
    columns = found.columns
    both = zip(labels.pop("why"), columns["why"])
    last = {
        "in_domain": columns["in_domain"] & np.isfinite(labels["commuter_p"]),
        "why": object_column(", ".join(dict.fromkeys(filter(None, words))) for words in both),
        "evidence": labels.pop("evidence"),
    }
    return replace(found, columns={name: columns[name] for name in FIRST} | labels | columns | last)
